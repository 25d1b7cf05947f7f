/* advice.h - a model's proposals for a plan, tried by the solver. Inside the room. */
#ifndef MLOPS_PLAN_ADVICE_H
#define MLOPS_PLAN_ADVICE_H

#include "compose/compose.h"
#include "plan.h"

/*
 * Asks for pins and a rationale. Each pin is solved for; it becomes part of the plan
 * only when the plan with it is no worse in any part of the objective, else the card
 * tells what it would have cost. The rationale goes into a card when all its numbers
 * stand in constraints and plan. `plan` and `candidates` may be replaced in place.
 * Nothing with --provider none.
 */
int plan_advice(struct node_env *env, const cJSON *constraints,
	const struct compose_options *options, cJSON *plan, cJSON *candidates,
	struct err *e);

#endif
