/*
 * probe.h - the optimum alone, for many constraint sets that differ a little: what
 * would another answer to a question change?
 *
 * Where no region is named, the first feasible one is the common ground on which
 * answers are compared; the planner itself weighs them all.
 * Thread safety: a probe belongs to one thread.
 */
#ifndef MLOPS_COMPOSE_PROBE_H
#define MLOPS_COMPOSE_PROBE_H

#include "compose/compose.h"

struct probe;

struct probe_answer {
	int feasible;
	double monthly_usd;  /* 0 when not feasible */
	char patterns[2048]; /* "slot=pattern slot=pattern ...", in the plan's order */
};

/* Reads the catalogue once, for the cloud that the constraints mean. `env` must
 * outlive the probe. NULL with *e filled. */
struct probe *probe_new(struct node_env *env, const cJSON *constraints, struct err *e);
void probe_free(struct probe *p); /* NULL is fine */

/* 1 with the best plan's outline; 0 when the constraints mean another cloud than
 * the one that was read; -1 with *e. */
int probe_solve(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	struct err *e);
/* The same, with the plan in *plan for the caller to free (NULL when there is none). */
int probe_plan(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	cJSON **plan, struct err *e);

/* As probe_solve; what was solved is kept, for probe_load. */
int probe_base(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	struct err *e);
/* The base, which is feasible, solved again where it lies with one item of the load
 * (slots.json) at another value: only what looks at it is compiled anew. 0 or -1. */
int probe_load(struct probe *p, const char *item, double value, struct probe_answer *out,
	struct err *e);

#endif
