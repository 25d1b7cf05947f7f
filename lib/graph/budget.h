/*
 * budget.h - tokens and money that a project may spend on models (specification 23.5).
 *
 * Before a node that asks a model runs, the prediction of the rest of the run is held
 * against what is left of the project's quota: above it, or with nothing left, the run
 * pauses at the gate `budget` (exit 10) and goes on with --resume once the quota is
 * larger. Within the node every call is held against what is left again, by mlops-llm.
 * At 80 % of a quota there is a warning, once. Replayed answers spend nothing.
 * Inside the room.
 */
#ifndef MLOPS_GRAPH_BUDGET_H
#define MLOPS_GRAPH_BUDGET_H

#include "run.h"

/* Takes the quotas of the options over into the project. */
int budget_set(struct run *r, struct err *e);

/* 1: go on; 0: the run pauses, which is recorded; -1 with *e. */
int budget_allows(struct run *r, enum node_id node, struct err *e);

/* After a node: tells once that 80 % are spent. */
int budget_warn(struct run *r, struct err *e);

/* "NAME=value" of what is left, "" where there is no quota. */
struct budget_left {
	char tokens[64], usd[64];
};
int budget_left(struct run *r, struct budget_left *out, struct err *e);

#endif
