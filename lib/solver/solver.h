/*
 * solver.h - the exact choice of one option for every slot.
 *
 * Options cost money, carry a penalty (weighted soft violations) and a burden,
 * need and offer ports, and use components that are paid once however many
 * options use them. Hard limits: latency and availability along paths, ports, a
 * budget. Objective, in order: penalty, cost in cents, burden, least option
 * numbers. Branch and bound with an admissible bound; `optimal` only when proven.
 *
 * Knows neither JSON nor files: numbers in, numbers out. Thread safety: reentrant.
 */
#ifndef MLOPS_SOLVER_H
#define MLOPS_SOLVER_H

#include <stddef.h>
#include <stdint.h>

#define SOLVER_PATHS_MAX      4
#define SOLVER_COMPONENTS_MAX 64
#define SOLVER_SLOTS_MAX      64
#define SOLVER_K_MAX          16

/* What an option or a component adds along one path. */
struct solver_leg {
	double p50_ms;
	double spread2; /* sum over hops of (percentile - p50)^2 */
	double loss;    /* -ln(availability): adds in series */
};

struct solver_option {
	int group; /* options of one pattern; plans are distinct by their groups */
	int64_t micro_usd;
	int32_t penalty;
	int32_t burden;
	uint64_t requires, provides; /* ports */
	uint64_t components;
	unsigned unknown; /* bit per path: part of it publishes no availability */
	struct solver_leg leg[SOLVER_PATHS_MAX];
};

struct solver_component {
	int64_t micro_usd;
	int32_t burden;
	uint64_t requires, provides;
	unsigned unknown;
	struct solver_leg leg[SOLVER_PATHS_MAX];
};

struct solver_slot {
	const struct solver_option *options;
	size_t n;
};

struct solver_path {
	double latency_max_ms; /* INFINITY: no limit; compared after rounding to 0.1 ms */
	double loss_max;       /* INFINITY: no limit; an unknown part then fails it */
};

struct solver_problem {
	const struct solver_slot *slots;
	size_t n_slots;
	const struct solver_component *components;
	size_t n_components;
	struct solver_path path[SOLVER_PATHS_MAX];
	size_t n_paths;
	int64_t budget_micro_usd; /* INT64_MAX: none; compared in cents */
	int64_t soft_budget_micro_usd; /* above it soft_budget_penalty is added; INT64_MAX: none */
	int32_t soft_budget_penalty;
	uint64_t given; /* ports that are there from outside */
};

struct solver_limits {
	size_t k;       /* how many distinct plans; at most SOLVER_K_MAX */
	uint64_t nodes; /* 0: no limit */
	int split; /* how often the latency limits are halved at once, to prove more with
		    * less; 0: as the size of the problem suggests */
	const int *
		groups; /* one a slot: only this group is allowed; -1: any. May be NULL */
};

struct solver_plan {
	uint16_t choice[SOLVER_SLOTS_MAX]; /* option index of each slot */
	int64_t penalty;
	int64_t micro_usd; /* exact; the objective compares cents */
	int64_t cents;
	int64_t burden;
	uint64_t components;
	double latency_ms[SOLVER_PATHS_MAX];
	double loss[SOLVER_PATHS_MAX];
	unsigned unknown;
};

struct solver_result {
	struct solver_plan plans[SOLVER_K_MAX]; /* best first */
	size_t n;
	int optimal; /* the whole tree was searched: plans are the best, or there is none */
	uint64_t nodes;
	/* When not optimal: no plan that is missing here is better than this. */
	int64_t bound_penalty, bound_cents;
};

/* 0, or -1 when the problem is larger than the limits above or memory is short. */
int solver_solve(const struct solver_problem *p, const struct solver_limits *l,
	struct solver_result *out);

/* Fills a plan's totals from its choice; 1 if it meets every hard limit, else 0. */
int solver_evaluate(const struct solver_problem *p, struct solver_plan *plan);

/* Penalty, cents, burden, choice: < 0 when a is better. */
int solver_compare(
	const struct solver_plan *a, const struct solver_plan *b, size_t n_slots);

/*
 * Plans that no other beats in cost (cents), latency of path 0 (0.1 ms) and
 * availability of path 0 at once, cheapest first; of equal ones the first by
 * solver_compare. An availability that is not published is worse than any that is.
 * At most `max`; `complete` is 0 when the node limit cut it short.
 */
int solver_pareto(const struct solver_problem *p, uint64_t node_limit, size_t max,
	struct solver_plan *out, size_t *n, int *complete);

double solver_round_ms(double ms); /* to 0.1 */

#endif
