/*
 * compose.h - from constraints and catalogue to the best plan, and back to reasons.
 *
 * What opens a slot, what the formulas see and what is assumed is data
 * (share/patterns/slots.json); the choice itself is the solver's. Everything in
 * the outcome is a function of constraints, options and share/.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_COMPOSE_H
#define MLOPS_COMPOSE_H

#include "state/state.h"

#define COMPOSE_CANDIDATES_MAX 10

struct compose_options {
	size_t candidates;        /* how many plans to return; 0: 3 */
	struct opt_list pins;     /* "serve@online=aws.serve.fargate-alb" */
	struct opt_list excludes; /* pattern ids */
	struct opt_list
		accept_unknown; /* service ids whose unknown compliance is accepted */
	uint64_t node_limit;    /* 0: the default, COMPOSE_NODES */
};

#define COMPOSE_NODES 2000000

/*
 * Fills the objects `plan` and `candidates` (contracts.md section 4). 0 with a
 * plan; 14 when nothing is feasible: plan.feasible is false then, and candidates
 * has minimal conflicts and nearest values. -1 with *e: ERR_CONFIG for broken
 * share files, ERR_USAGE for a pin that names no slot or pattern.
 */
int compose_plan(struct node_env *env, const cJSON *constraints,
	const struct compose_options *options, cJSON *plan, cJSON *candidates,
	struct err *e);

#endif
