/*
 * reopen.h - a finished plan opened again: what would one change of it cost?
 *
 * Everything stays as planned but the slot or base that the change names; that one is
 * solved again with the change made, the rest of the plan around it. Costs are those
 * that plans are ranked by.
 * Thread safety: a reopened plan belongs to one thread.
 */
#ifndef MLOPS_COMPOSE_REOPEN_H
#define MLOPS_COMPOSE_REOPEN_H

#include "compose/compose.h"

struct reopened;

/* What to change; members that are NULL or 0 leave things as they are. */
struct change {
	const char *slot;    /* or the module of a base; NULL: only `copies` changes */
	const cJSON *params; /* fix these parameters of it to these values */
	const char *pattern; /* fill it with this pattern ... */
	const char *without_service; /* ... or one that does not use this service ... */
	const char *control;         /* ... or one that claims this control ... */
	int published;        /* ... or one whose services all publish an availability */
	int other;            /* with any pattern but the one in the plan */
	double latency_share; /* keep the latency limits, times this */
	int availability;     /* keep the availability limits */
	int copies;           /* in this many regions */
};

/* What came of it; release with change_answer_release. */
struct change_answer {
	int feasible;     /* 0: the catalogue has no such plan; the rest is unset */
	double delta_usd; /* a month, to the cent */
	double latency_ms,
		availability_pct; /* of the path that the constraints speak of */
	int within_limits;        /* all hard limits hold with the change */
	char pattern[128];        /* that fills the slot */
	cJSON *params;            /* of it, or NULL for a base */
	char regions[200];        /* "a + b" */
};

/* NULL without *e when the plan is none that this catalogue could have made (an unknown
 * pattern, another version of share/); NULL with *e when something failed. `env`,
 * `constraints` and `plan` must outlive it. */
struct reopened *plan_reopen(
	struct node_env *env, const cJSON *constraints, const cJSON *plan, struct err *e);
void reopened_free(struct reopened *r); /* NULL is fine */

/* 0, or -1 with *e. */
int reopened_try(struct reopened *r, const struct change *change,
	struct change_answer *out, struct err *e);
void change_answer_release(struct change_answer *a);

#endif
