/* What the files of the technical critic share; nobody else includes it. */
#ifndef MLOPS_CRITIC_TECH_H
#define MLOPS_CRITIC_TECH_H

#include "catalog/services.h"
#include "compose/reopen.h"
#include "internal.h"
#include "queueing/queueing.h"

/* Everything a check may look at, and where findings go. */
struct tech {
	struct node_env *env;
	const cJSON *constraints, *plan, *load;
	const cJSON *slots;
	cJSON *facts;              /* facts_build: the plan's parts, from share/ */
	struct services *services; /* NULL: the cloud has no service facts */
	cJSON *critique, *findings;
	struct reopened
		*reopened; /* when the first remedy asked; NULL: cannot be priced */
	int opened;
	int infeasible; /* a stage is saturated or a path is too slow */
};

enum severity { SEV_HIGH, SEV_MEDIUM, SEV_LOW, SEV_INFO };

/*
 * Adds a finding "KIND.COMPONENT"; `title` and `action` are printed with the
 * arguments of their own helpers below. NULL when out of memory; the numbers and
 * the remedy are filled in by the caller.
 */
cJSON *finding(struct tech *t, const char *kind, enum severity sev, const char *component,
	struct err *e);
int finding_title(cJSON *f, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int finding_detail(cJSON *f, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int finding_remedy(cJSON *f, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int finding_number(cJSON *f, const char *name, double value, struct err *e);

/*
 * What a finding's remedy costs, found by solving the plan again with the change made:
 * sets remedy.change, .monthly_usd and .gives, and says the cost in its action, which
 * the caller has set. Without such a plan, .unsolved says so. 0 or -1.
 */
int remedy_by_change(struct tech *t, cJSON *f, const struct change *c, struct err *e);
/* One parameter of a slot, or of a base by its module; takes `value` over. */
int remedy_by_param(struct tech *t, cJSON *f, const char *slot, const char *name,
	cJSON *value, struct err *e);
/* A remedy that changes no resource: work, and no money. */
int remedy_by_work(cJSON *f, const char *what, struct err *e);

const cJSON *slot_by_name(const struct tech *t, const char *name);
/* 1 if the slot lies on a path whose latency or availability has a target. */
int on_request_path(const struct tech *t, const char *slot);

/* The checks; each answers 0 or -1 with *e. */
int check_capacity(struct tech *t, struct err *e);
int check_paths(struct tech *t, struct err *e);
int check_availability(struct tech *t, struct err *e);
int check_single_points(struct tech *t, struct err *e);
int check_coupling(struct tech *t, struct err *e);
int check_egress(struct tech *t, struct err *e);
int check_quotas(struct tech *t, struct err *e);
int check_services(struct tech *t, struct err *e);
int check_cold_starts(struct tech *t, struct err *e);
int check_durability(struct tech *t, struct err *e);
int check_assumptions(struct tech *t, struct err *e);

/* Risks that a model names (advice.c); nothing with --provider none. */
int advise(struct tech *t, struct err *e);

#endif
