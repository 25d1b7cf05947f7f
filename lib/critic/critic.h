/*
 * critic.h - nodes critic_tech and critic_cost (mlops-critic): what a plan cannot
 * carry, where it breaks, and what it costs.
 */
#ifndef MLOPS_CRITIC_H
#define MLOPS_CRITIC_H

#include "state/state.h"

extern const struct program critic_program;

#endif
