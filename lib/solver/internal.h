/* internal.h - what the files of the solver share. */
#ifndef MLOPS_SOLVER_INTERNAL_H
#define MLOPS_SOLVER_INTERNAL_H

#include "solver.h"

#define MICRO_PER_CENT 10000

#define KINDS      3 /* of limits along a path: latency, p50 of the case, loss */
#define PRICES_MAX (KINDS * SOLVER_PATHS_MAX)

struct item {
	const struct solver_option *o;
	uint16_t index;
	double priced; /* penalty, cost and priced use of the paths, without components */
};

/* What can follow below a depth: bounds on every sum, over the options left. */
struct suffix {
	int64_t penalty, micro_usd, burden;
	double priced;
	struct solver_leg leg[SOLVER_PATHS_MAX];
	uint64_t provides;
};

struct search {
	const struct solver_problem *p;
	const struct solver_limits *l;
	struct solver_result *out;
	struct item *all[SOLVER_SLOTS_MAX]; /* by slot: what preparation left */
	size_t n_all[SOLVER_SLOTS_MAX];
	/* of the second stage, by depth */
	size_t order[SOLVER_SLOTS_MAX];
	struct item *items[SOLVER_SLOTS_MAX];
	size_t n_items[SOLVER_SLOTS_MAX];
	struct suffix rest[SOLVER_SLOTS_MAX + 1];
	double constant; /* of the open components and the limits, priced */
	/* limits as linear ones: usage <= limit, one price each */
	size_t n_prices;
	struct {
		size_t path, kind;
		int is_loss;
		double slope; /* of spread2 */
		double limit, price;
	} prices[PRICES_MAX];
	double known_prices[PRICES_MAX]; /* by path and kind, from the case before */
	int n_cases;
	/* The case in hand: p50 along each path lies between these (see cases). */
	double p50_from[SOLVER_PATHS_MAX], p50_to[SOLVER_PATHS_MAX];
	double weight;  /* of one penalty, in micro-USD */
	double ceiling; /* no plan that meets the budget is above this */
	double money;   /* what a micro-USD counts: 1, and the price of the budget */
	uint64_t cap;   /* nodes after which the case in hand is better split; 0: none */
	int capped;
	int split_at_once; /* depth above which cases are split without being tried */
	uint16_t choice[SOLVER_SLOTS_MAX];
	int stopped;
	struct item *pool, *work;
};

/* What has been decided so far. */
struct node {
	int64_t penalty, micro_usd, burden;
	uint64_t components, requires, provides;
	unsigned unknown;
	struct solver_leg leg[SOLVER_PATHS_MAX];
};

/* What can follow, in the objective's terms. */
struct bound {
	int64_t penalty, cents, burden;
};

/* ---- evaluate.c ---- */
int64_t to_cents(int64_t micro);
/* Money compares after rounding to cents. */
int over(int64_t micro, int64_t limit);
double leg_latency(const struct solver_leg *leg);
void leg_add(struct solver_leg *to, const struct solver_leg *leg);
int leg_fails(const struct solver_leg *leg, const struct solver_path *path);
void add_components(const struct solver_problem *p, struct node *n, uint64_t set);
void add_option(
	const struct solver_problem *p, struct node *n, const struct solver_option *o);
/* 1 if a part without a published availability lies on a path that needs one. */
int unknown_fails(const struct solver_problem *p, unsigned unknown);

/* ---- prepare.c ---- */
/* 0; 1 when a slot has no option left; -1 without memory. */
int prepare(struct search *s);
int by_price(const void *x, const void *y);

/* ---- prices.c ---- */
/* What the legs use of limit i, in its linear form. */
double usage(const struct search *s, size_t i, const struct solver_leg *legs);
void price_items(struct search *s);
/* What the price of the budget takes off every bound. */
double budget_share(const struct search *s);
double least_p50(const struct search *s, size_t path);
/* Raises the price of what is overused and lowers that of the rest; keeps the prices
 * with the best bound. Begins with those of the case before. */
void find_prices(struct search *s);

/* ---- components.c ---- */
/* The bound with these components open and those closed; INFINITY when a slot has no
 * option left. `used` gets the components of the cheapest options, `any` all that some
 * allowed option has. */
double component_bound(const struct search *s, uint64_t open, uint64_t closed,
	uint64_t *used, uint64_t *any);
void branch_components(struct search *s, uint64_t open, uint64_t closed);
/* What every option of some slot needs is open from the start. */
uint64_t settled_components(const struct search *s);

/* ---- search.c ---- */
/* Keeps the best k plans, one for each combination of groups. */
void keep(struct search *s, const struct solver_plan *plan);
/* Everything above this cannot be among the k best. */
double threshold(const struct search *s);
/* With a margin for rounding. */
int above(double bound, double limit);
/* 1 if nothing below this node can be among the k best; else its bound in *b. */
int hopeless(const struct search *s, const struct node *n, size_t depth, double priced,
	struct bound *b);
/* Counts a node; 0 when the search is to stop, or the case to be split. */
int go_on(struct search *s);
/* Of what a node limit leaves unsearched. */
void note_open(struct search *s, const struct bound *b);
void suffix_bounds(struct search *s);
/* Keeps the plan that the choices make, if it meets every limit. */
void take_leaf(struct search *s);
/* The second stage for one set of open components. */
void search_slots(struct search *s, uint64_t open);

#endif
