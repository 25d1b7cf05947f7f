/* emit.h - what the files that write a plan share; nobody else includes it. */
#ifndef MLOPS_COMPOSE_EMIT_H
#define MLOPS_COMPOSE_EMIT_H

#include "internal.h"

/* One part of the plan: a slot with its option, or a base. */
struct part {
	const char *name; /* slot name, or the base's module */
	char module[80];
	const struct pattern *pattern;
	const struct option *option; /* NULL: a base */
	const struct component *base;
	const struct part
		*host; /* another slot's instance fills this one, too; or NULL */
	const struct lines *lines; /* NULL: the host has them */
	pico_usd cost;
	const char *capability;
	size_t slot; /* index, for slots */
};

struct parts {
	struct part at[SOLVER_SLOTS_MAX + BASES_MAX];
	size_t n;
};

struct money {
	pico_usd priced, ranked, baseline, usage;
	size_t unpriced, estimated;
};

int set_ms(cJSON *to, const char *key, double ms, struct err *e);

/* ---- estimates.c ---- */
int emit_estimates(const struct scenario *sc, const struct solver_plan *sp,
	const struct money *m, cJSON *plan, struct err *e);
int emit_paths(const struct scenario *sc, const struct solver_plan *sp, cJSON *plan,
	struct err *e);

/* ---- diagram.c ---- */
int emit_diagram(const struct parts *all, const cJSON *edges, cJSON *plan, struct err *e);

/* ---- preflight.c ---- */
/* plan.preflight and plan.quotas. */
int emit_preflight(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, cJSON *plan, struct err *e);

#endif
