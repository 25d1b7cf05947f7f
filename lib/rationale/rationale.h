/*
 * rationale.h - node 11, rationale_compile: from what every node noted to the
 * Design Rationale, the reports on policy and cost, and one page that shows all.
 * Thread safety: one program a process.
 */
#ifndef MLOPS_RATIONALE_H
#define MLOPS_RATIONALE_H

#include "state/state.h"

extern const struct program rationale_program;

#endif
