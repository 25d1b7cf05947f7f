/*
 * gate.h - node gate_hitl (mlops-gate): nothing is generated that nobody approved.
 */
#ifndef MLOPS_GATE_H
#define MLOPS_GATE_H

#include "state/state.h"

extern const struct program gate_program;

#endif
