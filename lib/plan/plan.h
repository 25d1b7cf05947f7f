/*
 * plan.h - mlops-plan: constraints in, the provably best plan out.
 */
#ifndef MLOPS_PLAN_H
#define MLOPS_PLAN_H

#include "state/state.h"

extern const struct program plan_program;

#endif
