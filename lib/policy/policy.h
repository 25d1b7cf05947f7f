/*
 * policy.h - node policy_eval (mlops-policy): rules over plan, findings and cost,
 * with waivers, explanations and the rules' own tests.
 */
#ifndef MLOPS_POLICY_H
#define MLOPS_POLICY_H

#include "state/state.h"

extern const struct program policy_program;

#endif
