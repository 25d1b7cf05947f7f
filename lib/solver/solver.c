/*
 * Branch and bound in two stages. First over shared components: each is open (paid)
 * or closed (its options are out), undecided ones count at their price divided by
 * the number of slots that could use them, which never charges a set of choices
 * more than it will cost. With all decided the slots are independent but for the
 * limits along paths and ports, and the second stage goes over them.
 *
 * Both stages bound by a Lagrangian: the limits of paths are priced with multipliers
 * found once by subgradient steps. The latency limit P + sqrt(S) <= T is taken in the
 * weaker linear form P + S / (T - Pmin) <= T, which holds as sqrt(S) <= T - Pmin.
 * Penalty and cost become one number by a weight above any cost. A bound is used
 * with a margin for rounding; leaves are evaluated exactly.
 */
#include "solver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MICRO_PER_CENT 10000

#define PRICES_MAX (3 * SOLVER_PATHS_MAX)

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
		size_t path;
		int is_loss;
		double slope; /* of spread2 */
		double limit, price;
	} prices[PRICES_MAX];
	/* The case in hand: p50 along each path lies between these (see cases). */
	double p50_from[SOLVER_PATHS_MAX], p50_to[SOLVER_PATHS_MAX];
	double weight; /* of one penalty, in micro-USD */
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

double solver_round_ms(double ms)
{
	return isfinite(ms) ? round(ms * 10) / 10 : ms;
}

static int64_t to_cents(int64_t micro)
{
	return (micro + MICRO_PER_CENT / 2) / MICRO_PER_CENT;
}

/* Money compares after rounding to cents. */
static int over(int64_t micro, int64_t limit)
{
	return limit != INT64_MAX && to_cents(micro) * MICRO_PER_CENT > limit;
}

static double leg_latency(const struct solver_leg *leg)
{
	return leg->p50_ms + sqrt(leg->spread2);
}

static void leg_add(struct solver_leg *to, const struct solver_leg *leg)
{
	to->p50_ms += leg->p50_ms;
	to->spread2 += leg->spread2;
	to->loss += leg->loss;
}

/* Sums of many small losses differ in the last digits with their order. */
static int loss_exceeds(double loss, double max)
{
	return loss > max * (1 + 1e-9) + 1e-15;
}

static int leg_fails(const struct solver_leg *leg, const struct solver_path *path)
{
	return solver_round_ms(leg_latency(leg)) > path->latency_max_ms ||
		loss_exceeds(leg->loss, path->loss_max);
}

static void add_components(const struct solver_problem *p, struct node *n, uint64_t set)
{
	for (uint64_t fresh = set & ~n->components; fresh != 0; fresh &= fresh - 1) {
		const struct solver_component *c = &p->components[__builtin_ctzll(fresh)];

		n->micro_usd += c->micro_usd;
		n->burden += c->burden;
		n->requires |= c->requires;
		n->provides |= c->provides;
		n->unknown |= c->unknown;
		for (size_t i = 0; i < p->n_paths; i++)
			leg_add(&n->leg[i], &c->leg[i]);
	}
	n->components |= set;
}

static void add_option(
	const struct solver_problem *p, struct node *n, const struct solver_option *o)
{
	n->penalty += o->penalty;
	n->micro_usd += o->micro_usd;
	n->burden += o->burden;
	n->requires |= o->requires;
	n->provides |= o->provides;
	n->unknown |= o->unknown;
	for (size_t i = 0; i < p->n_paths; i++)
		leg_add(&n->leg[i], &o->leg[i]);
	add_components(p, n, o->components);
}

static int unknown_fails(const struct solver_problem *p, unsigned unknown)
{
	for (size_t i = 0; i < p->n_paths; i++)
		if ((unknown >> i & 1) != 0 && isfinite(p->path[i].loss_max))
			return 1;
	return 0;
}

int solver_evaluate(const struct solver_problem *p, struct solver_plan *plan)
{
	struct node n = { 0 };
	int ok = 1;

	for (size_t i = 0; i < p->n_slots; i++)
		add_option(p, &n, &p->slots[i].options[plan->choice[i]]);
	plan->penalty = n.penalty +
		(over(n.micro_usd, p->soft_budget_micro_usd) ? p->soft_budget_penalty
							     : 0);
	plan->micro_usd = n.micro_usd;
	plan->cents = to_cents(n.micro_usd);
	plan->burden = n.burden;
	plan->components = n.components;
	plan->unknown = n.unknown;
	for (size_t i = 0; i < p->n_paths; i++) {
		plan->latency_ms[i] = solver_round_ms(leg_latency(&n.leg[i]));
		plan->loss[i] = n.leg[i].loss;
		if (leg_fails(&n.leg[i], &p->path[i]))
			ok = 0;
	}
	if (unknown_fails(p, n.unknown) || over(n.micro_usd, p->budget_micro_usd) ||
		(n.requires & ~(n.provides | p->given)) != 0)
		ok = 0;
	return ok;
}

static int compare_choice(const uint16_t *a, const uint16_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

int solver_compare(
	const struct solver_plan *a, const struct solver_plan *b, size_t n_slots)
{
	if (a->penalty != b->penalty)
		return a->penalty < b->penalty ? -1 : 1;
	if (a->cents != b->cents)
		return a->cents < b->cents ? -1 : 1;
	if (a->burden != b->burden)
		return a->burden < b->burden ? -1 : 1;
	return compare_choice(a->choice, b->choice, n_slots);
}

static int same_groups(const struct solver_problem *p, const struct solver_plan *a,
	const struct solver_plan *b)
{
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].options[a->choice[i]].group !=
			p->slots[i].options[b->choice[i]].group)
			return 0;
	return 1;
}

/* Keeps the best k plans, one for each combination of groups. */
static void keep(struct search *s, const struct solver_plan *plan)
{
	struct solver_result *r = s->out;
	size_t n = s->p->n_slots, at;

	for (size_t i = 0; i < r->n; i++) {
		if (!same_groups(s->p, &r->plans[i], plan))
			continue;
		if (solver_compare(&r->plans[i], plan, n) <= 0)
			return;
		memmove(&r->plans[i], &r->plans[i + 1], (r->n - i - 1) * sizeof(*plan));
		r->n--;
		break;
	}
	for (at = r->n; at > 0 && solver_compare(plan, &r->plans[at - 1], n) < 0; at--)
		continue;
	if (at >= s->l->k)
		return;
	if (r->n == s->l->k)
		r->n--;
	memmove(&r->plans[at + 1], &r->plans[at], (r->n - at) * sizeof(*plan));
	r->plans[at] = *plan;
	r->n++;
}

/* ---- bounds ---- */

/* Everything above this cannot be among the k best. */
static double threshold(const struct search *s)
{
	const struct solver_plan *worst;

	if (s->out->n < s->l->k)
		return INFINITY;
	worst = &s->out->plans[s->out->n - 1];
	return (double)worst->penalty * s->weight +
		(double)worst->cents * MICRO_PER_CENT + MICRO_PER_CENT / 2;
}

static int above(double bound, double limit)
{
	return bound - fabs(bound) * 1e-11 - 1 > limit;
}

static double usage(const struct search *s, size_t i, const struct solver_leg *legs)
{
	const struct solver_leg *leg = &legs[s->prices[i].path];

	return s->prices[i].is_loss ? leg->loss
				    : leg->p50_ms + leg->spread2 * s->prices[i].slope;
}

static void price_items(struct search *s)
{
	for (size_t d = 0; d < s->p->n_slots; d++)
		for (size_t i = 0; i < s->n_all[d]; i++) {
			struct item *it = &s->all[d][i];

			it->priced = (double)it->o->penalty * s->weight +
				(double)it->o->micro_usd;
			for (size_t k = 0; k < s->n_prices; k++)
				it->priced +=
					s->prices[k].price * usage(s, k, it->o->leg);
		}
}

struct bound {
	int64_t penalty, cents, burden;
};

/* 1 if nothing below this node can be among the k best; else its bound in *b. */
static int hopeless(const struct search *s, const struct node *n, size_t depth,
	double priced, struct bound *b)
{
	const struct solver_problem *p = s->p;
	const struct suffix *rest = &s->rest[depth];
	const struct solver_plan *worst =
		s->out->n == s->l->k ? &s->out->plans[s->out->n - 1] : NULL;
	int64_t micro = n->micro_usd + rest->micro_usd;

	if (above(priced + rest->priced + s->constant, threshold(s)))
		return 1;
	for (size_t i = 0; i < p->n_paths; i++) {
		struct solver_leg leg = n->leg[i];

		leg_add(&leg, &rest->leg[i]);
		/* a hair below, as the rest was summed in another order */
		leg.p50_ms *= 1 - 1e-12;
		leg.spread2 *= 1 - 1e-12;
		leg.loss *= 1 - 1e-12;
		if (leg_fails(&leg, &p->path[i]) || leg.p50_ms > s->p50_to[i])
			return 1;
	}
	if (unknown_fails(p, n->unknown) ||
		(n->requires & ~(n->provides | rest->provides | p->given)) != 0)
		return 1;
	b->penalty = n->penalty + rest->penalty;
	if (over(micro, p->budget_micro_usd))
		return 1;
	if (over(micro, p->soft_budget_micro_usd))
		b->penalty += p->soft_budget_penalty;
	b->cents = to_cents(micro);
	b->burden = n->burden + rest->burden;
	if (worst == NULL)
		return 0;
	if (b->penalty != worst->penalty)
		return b->penalty > worst->penalty;
	if (b->cents != worst->cents)
		return b->cents > worst->cents;
	if (b->burden != worst->burden)
		return b->burden > worst->burden;
	/* equal so far: only smaller option numbers could win */
	for (size_t i = 0; i < p->n_slots; i++) {
		uint16_t least = s->choice[i] == UINT16_MAX ? 0 : s->choice[i];

		if (least != worst->choice[i])
			return least > worst->choice[i];
	}
	return 1;
}

static void note_open(struct search *s, const struct bound *b)
{
	struct solver_result *r = s->out;

	if (b->penalty < r->bound_penalty ||
		(b->penalty == r->bound_penalty && b->cents < r->bound_cents)) {
		r->bound_penalty = b->penalty;
		r->bound_cents = b->cents;
	}
}

static void take_leaf(struct search *s)
{
	struct solver_plan plan = { 0 };

	memcpy(plan.choice, s->choice, s->p->n_slots * sizeof(*s->choice));
	if (solver_evaluate(s->p, &plan))
		keep(s, &plan);
}

static void descend(struct search *s, const struct node *n, size_t depth, double priced)
{
	size_t slot;

	if (depth == s->p->n_slots) {
		take_leaf(s);
		return;
	}
	slot = s->order[depth];
	for (size_t i = 0; i < s->n_items[depth]; i++) {
		const struct item *it = &s->items[depth][i];
		struct node child = *n;
		struct bound b;

		/* sorted by `priced`: no later one can do better */
		if (above(priced + it->priced + s->rest[depth + 1].priced + s->constant,
			    threshold(s)))
			break;
		add_option(s->p, &child, it->o);
		s->choice[slot] = it->index;
		if (!hopeless(s, &child, depth + 1, priced + it->priced, &b)) {
			s->out->nodes++;
			if (s->l->nodes != 0 && s->out->nodes > s->l->nodes)
				s->stopped = 1;
			if (s->stopped)
				note_open(s, &b);
			else
				descend(s, &child, depth + 1, priced + it->priced);
		}
	}
	s->choice[slot] = UINT16_MAX;
}

/* ---- preparation ---- */

/* a is at least as good as b in everything, of the same group, and wins the tie:
 * sums compare in cents, so a smaller difference leaves it to the numbers. */
static int dominates(
	const struct solver_problem *p, const struct item *a, const struct item *b)
{
	const struct solver_option *x = a->o, *y = b->o;

	if (x->group != y->group || x->penalty > y->penalty ||
		x->micro_usd > y->micro_usd || x->burden > y->burden ||
		(x->requires & ~y->requires) != 0 || (y->provides & ~x->provides) != 0 ||
		(x->components & ~y->components) != 0 || (x->unknown & ~y->unknown) != 0)
		return 0;
	for (size_t i = 0; i < p->n_paths; i++)
		if (x->leg[i].p50_ms > y->leg[i].p50_ms ||
			x->leg[i].spread2 > y->leg[i].spread2 ||
			x->leg[i].loss > y->leg[i].loss)
			return 0;
	for (uint64_t c = y->components & ~x->components; c != 0; c &= c - 1)
		if (p->components[__builtin_ctzll(c)].provides != 0)
			return 0;
	return x->penalty < y->penalty || x->burden < y->burden ||
		y->micro_usd - x->micro_usd >= MICRO_PER_CENT || a->index < b->index;
}

static int by_price(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	if (a->priced != b->priced)
		return a->priced < b->priced ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static size_t collect(const struct search *s, size_t slot, struct item *to)
{
	const struct solver_slot *from = &s->p->slots[slot];
	int group = s->l->groups == NULL ? -1 : s->l->groups[slot];
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < from->n; i++)
		if ((group < 0 || from->options[i].group == group) &&
			!unknown_fails(s->p, from->options[i].unknown))
			to[n++] = (struct item){ .o = &from->options[i],
				.index = (uint16_t)i };
	for (size_t i = 0; i < n; i++) {
		int out = 0;

		for (size_t j = 0; j < n && !out; j++)
			out = j != i && to[j].o != NULL &&
				dominates(s->p, &to[j], &to[i]);
		if (out)
			to[i].o = NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (to[i].o != NULL)
			to[kept++] = to[i];
	return kept;
}

static void least_of(
	const struct search *s, const struct item *items, size_t n, struct suffix *out)
{
	out->penalty = out->micro_usd = out->burden = INT64_MAX;
	out->priced = INFINITY;
	out->provides = 0;
	for (size_t j = 0; j < s->p->n_paths; j++)
		out->leg[j] = (struct solver_leg){ INFINITY, INFINITY, INFINITY };
	for (size_t i = 0; i < n; i++) {
		const struct solver_option *o = items[i].o;

		out->penalty = o->penalty < out->penalty ? o->penalty : out->penalty;
		out->micro_usd =
			o->micro_usd < out->micro_usd ? o->micro_usd : out->micro_usd;
		out->burden = o->burden < out->burden ? o->burden : out->burden;
		out->priced = fmin(out->priced, items[i].priced);
		out->provides |= o->provides;
		for (size_t j = 0; j < s->p->n_paths; j++) {
			out->leg[j].p50_ms = fmin(out->leg[j].p50_ms, o->leg[j].p50_ms);
			out->leg[j].spread2 =
				fmin(out->leg[j].spread2, o->leg[j].spread2);
			out->leg[j].loss = fmin(out->leg[j].loss, o->leg[j].loss);
		}
	}
}

static void suffix_bounds(struct search *s)
{
	memset(&s->rest[s->p->n_slots], 0, sizeof(s->rest[0]));
	for (size_t d = s->p->n_slots; d-- > 0;) {
		const struct suffix *next = &s->rest[d + 1];
		struct suffix *r = &s->rest[d];

		least_of(s, s->items[d], s->n_items[d], r);
		r->penalty += next->penalty;
		r->micro_usd += next->micro_usd;
		r->burden += next->burden;
		r->priced += next->priced;
		r->provides |= next->provides;
		for (size_t j = 0; j < s->p->n_paths; j++)
			leg_add(&r->leg[j], &next->leg[j]);
	}
}

/* The second stage for one set of open components: only options whose components are
 * all open, and, by reduced cost, only those that the threshold leaves. */
static void search_slots(struct search *s, uint64_t open)
{
	struct node root = { 0 };
	struct item *next = s->work;
	double least[SOLVER_SLOTS_MAX], sum = 0;

	add_components(s->p, &root, open);
	s->constant = (double)root.micro_usd;
	for (size_t k = 0; k < s->n_prices; k++)
		s->constant +=
			s->prices[k].price * (usage(s, k, root.leg) - s->prices[k].limit);
	for (size_t d = 0; d < s->p->n_slots; d++) {
		least[d] = INFINITY;
		for (size_t i = 0; i < s->n_all[d]; i++)
			if ((s->all[d][i].o->components & ~open) == 0)
				least[d] = fmin(least[d], s->all[d][i].priced);
		sum += least[d];
	}
	if (!isfinite(sum))
		return;
	for (size_t d = 0; d < s->p->n_slots; d++) {
		s->order[d] = d;
		s->items[d] = next;
		s->n_items[d] = 0;
		for (size_t i = 0; i < s->n_all[d]; i++) {
			const struct item *it = &s->all[d][i];

			if ((it->o->components & ~open) == 0 &&
				!above(sum - least[d] + it->priced + s->constant,
					threshold(s)))
				s->items[d][s->n_items[d]++] = *it;
		}
		if (s->n_items[d] == 0)
			return;
		qsort(s->items[d], s->n_items[d], sizeof(*next), by_price);
		next += s->n_items[d];
	}
	/* fewest options first: the tree stays narrow at the top */
	for (size_t i = 1; i < s->p->n_slots; i++)
		for (size_t j = i; j > 0 && s->n_items[j] < s->n_items[j - 1]; j--) {
			struct item *items = s->items[j];
			size_t n = s->n_items[j], slot = s->order[j];

			s->items[j] = s->items[j - 1];
			s->n_items[j] = s->n_items[j - 1];
			s->order[j] = s->order[j - 1];
			s->items[j - 1] = items;
			s->n_items[j - 1] = n;
			s->order[j - 1] = slot;
		}
	suffix_bounds(s);
	descend(s, &root, 0, 0);
}

/* ---- the first stage: components ---- */

/* Prices of undecided components are shared out among the slots that could use them.
 * Answers the bound; `used` gets the components of the cheapest options, `any` all
 * that some allowed option has. INFINITY when a slot has no option left. */
static double component_bound(const struct search *s, uint64_t open, uint64_t closed,
	uint64_t *used, uint64_t *any)
{
	int64_t users[SOLVER_COMPONENTS_MAX] = { 0 };
	double share[SOLVER_COMPONENTS_MAX], sum = 0;

	*used = *any = 0;
	for (size_t d = 0; d < s->p->n_slots; d++) {
		uint64_t has = 0;

		for (size_t i = 0; i < s->n_all[d]; i++)
			if ((s->all[d][i].o->components & closed) == 0)
				has |= s->all[d][i].o->components;
		*any |= has;
		for (uint64_t c = has; c != 0; c &= c - 1)
			users[__builtin_ctzll(c)]++;
	}
	for (size_t c = 0; c < s->p->n_components; c++) {
		double price = (double)s->p->components[c].micro_usd;

		share[c] = (open >> c & 1) != 0 || users[c] == 0
			? 0
			: price / (double)users[c];
		if ((open >> c & 1) != 0)
			sum += price;
	}
	for (size_t d = 0; d < s->p->n_slots; d++) {
		double least = INFINITY;
		uint64_t of = 0;

		for (size_t i = 0; i < s->n_all[d]; i++) {
			const struct item *it = &s->all[d][i];
			double cost = it->priced;

			if ((it->o->components & closed) != 0 || cost >= least)
				continue;
			for (uint64_t c = it->o->components & ~open; c != 0; c &= c - 1)
				cost += share[__builtin_ctzll(c)];
			if (cost < least) {
				least = cost;
				of = it->o->components;
			}
		}
		sum += least;
		*used |= of;
	}
	for (size_t k = 0; k < s->n_prices; k++)
		sum -= s->prices[k].price * s->prices[k].limit;
	return sum;
}

static size_t dearest(const struct solver_problem *p, uint64_t set)
{
	size_t best = (size_t)__builtin_ctzll(set);

	for (uint64_t c = set; c != 0; c &= c - 1) {
		size_t i = (size_t)__builtin_ctzll(c);

		if (p->components[i].micro_usd > p->components[best].micro_usd)
			best = i;
	}
	return best;
}

static void branch_components(struct search *s, uint64_t open, uint64_t closed)
{
	uint64_t used, any, undecided, bit;
	double bound = component_bound(s, open, closed, &used, &any);
	int first;

	if (!isfinite(bound) || above(bound, threshold(s)))
		return;
	s->out->nodes++;
	if (s->l->nodes != 0 && s->out->nodes > s->l->nodes)
		s->stopped = 1;
	if (s->stopped) {
		struct bound b = { (int64_t)floor(fmax(0, bound) / s->weight), 0, 0 };

		b.cents =
			to_cents((int64_t)fmax(0, bound - (double)b.penalty * s->weight));
		note_open(s, &b);
		return;
	}
	undecided = any & ~open & ~closed;
	if (undecided == 0) {
		search_slots(s, open & any);
		return;
	}
	bit = (uint64_t)1 << dearest(
		      s->p, (undecided & used) != 0 ? undecided & used : undecided);
	first = (bit & used) != 0; /* what the bound would choose comes first */
	branch_components(s, first ? open | bit : open, first ? closed : closed | bit);
	branch_components(s, first ? open : open | bit, first ? closed | bit : closed);
}

/* ---- prices of the limits ---- */

static double least_p50(const struct search *s, size_t path)
{
	double sum = 0;

	for (size_t d = 0; d < s->p->n_slots; d++) {
		double p50 = INFINITY;

		for (size_t j = 0; j < s->n_all[d]; j++)
			p50 = fmin(p50, s->all[d][j].o->leg[path].p50_ms);
		sum += p50;
	}
	return sum;
}

static void list_prices(struct search *s)
{
	s->n_prices = 0;
	for (size_t i = 0; i < s->p->n_paths; i++) {
		const struct solver_path *path = &s->p->path[i];
		double limit = path->latency_max_ms + 0.06; /* rounding lets 0.05 pass */
		double from = fmax(s->p50_from[i], least_p50(s, i));

		if (isfinite(limit) && limit > from) {
			s->prices[s->n_prices].path = i;
			s->prices[s->n_prices].is_loss = 0;
			s->prices[s->n_prices].limit = limit;
			s->prices[s->n_prices].slope = 1 / (limit - from);
			s->prices[s->n_prices++].price = 0;
		}
		if (isfinite(s->p50_to[i])) {
			s->prices[s->n_prices].path = i;
			s->prices[s->n_prices].is_loss = 0;
			s->prices[s->n_prices].limit = s->p50_to[i];
			s->prices[s->n_prices].slope = 0;
			s->prices[s->n_prices++].price = 0;
		}
		if (isfinite(path->loss_max)) {
			s->prices[s->n_prices].path = i;
			s->prices[s->n_prices].is_loss = 1;
			s->prices[s->n_prices].limit =
				path->loss_max * (1 + 1e-8) + 1e-14;
			s->prices[s->n_prices++].price = 0;
		}
	}
}

/* The cheapest options at the present prices; what they use of each limit, and the
 * plan itself if it happens to be feasible. */
static double cheapest_plan(struct search *s, double *used)
{
	struct solver_plan plan = { 0 };
	double bound;
	uint64_t a, b;

	memset(used, 0, PRICES_MAX * sizeof(*used));
	bound = component_bound(s, 0, 0, &a, &b);
	for (size_t d = 0; d < s->p->n_slots; d++) {
		const struct item *best = &s->all[d][0];

		for (size_t i = 1; i < s->n_all[d]; i++)
			if (s->all[d][i].priced < best->priced)
				best = &s->all[d][i];
		plan.choice[d] = best->index;
		for (size_t k = 0; k < s->n_prices; k++)
			used[k] += usage(s, k, best->o->leg);
	}
	if (solver_evaluate(s->p, &plan))
		keep(s, &plan);
	return bound;
}

#define SUBGRADIENT_STEPS 80

/* Raises the price of what is overused and lowers that of the rest; keeps the prices
 * with the best bound. */
static void find_prices(struct search *s)
{
	double best_price[PRICES_MAX] = { 0 }, used[PRICES_MAX], best = -INFINITY,
	       scale = 1;

	list_prices(s);
	price_items(s);
	for (int step = 0; step < SUBGRADIENT_STEPS; step++) {
		double bound = cheapest_plan(s, used), norm = 0, target;

		if (bound > best) {
			best = bound;
			for (size_t k = 0; k < s->n_prices; k++)
				best_price[k] = s->prices[k].price;
		} else {
			scale *= 0.93;
		}
		if (s->n_prices == 0)
			break;
		for (size_t k = 0; k < s->n_prices; k++) {
			double over = used[k] / s->prices[k].limit - 1;

			norm += over * over;
		}
		if (norm < 1e-12)
			break;
		target = isfinite(threshold(s)) ? threshold(s) : fabs(bound) * 1.1 + 1e6;
		for (size_t k = 0; k < s->n_prices; k++) {
			double over = used[k] / s->prices[k].limit - 1;
			double by = scale * fmax(target - bound, 1) * over / norm /
				s->prices[k].limit;

			s->prices[k].price = fmax(0, s->prices[k].price + by);
		}
		price_items(s);
	}
	for (size_t k = 0; k < s->n_prices; k++)
		s->prices[k].price = best_price[k];
	price_items(s);
}

/* A penalty weighs more than any difference in cost. */
static double penalty_weight(const struct search *s)
{
	double sum = 1;

	for (size_t d = 0; d < s->p->n_slots; d++) {
		int64_t most = 0;

		for (size_t i = 0; i < s->n_all[d]; i++)
			most = s->all[d][i].o->micro_usd > most
				? s->all[d][i].o->micro_usd
				: most;
		sum += (double)most;
	}
	for (size_t c = 0; c < s->p->n_components; c++)
		sum += (double)s->p->components[c].micro_usd;
	return sum + 2 * MICRO_PER_CENT;
}

static uint64_t settled_components(const struct search *s);

/* sqrt(S) <= T - P is the sharper the more is known of P: large problems are solved
 * in cases of P along each limited path. Together the cases cover everything; a case
 * whose bound is beaten costs only its prices. */
#define CASES      6
#define CASES_FROM 200 /* options */

static void cases(struct search *s, size_t path, int split)
{
	double limit, least, step;

	if (path == s->p->n_paths) {
		find_prices(s);
		branch_components(s, settled_components(s), 0);
		return;
	}
	limit = s->p->path[path].latency_max_ms;
	s->p50_from[path] = 0;
	s->p50_to[path] = INFINITY;
	least = least_p50(s, path);
	if (!split || !isfinite(limit) || limit <= least) {
		cases(s, path + 1, split);
		return;
	}
	step = (limit - least) / CASES;
	/* the tight middle first: good plans use what the limit leaves */
	for (int i = CASES; i-- > 0;) {
		s->p50_from[path] = i == 0 ? 0 : (least + step * i) * (1 - 1e-9);
		s->p50_to[path] =
			i == CASES - 1 ? INFINITY : (least + step * (i + 1)) * (1 + 1e-9);
		cases(s, path + 1, split);
	}
}

/* 0; 1 when a slot has no option left; -1 without memory. */
static int prepare(struct search *s)
{
	size_t total = 0, empty = 0;

	for (size_t i = 0; i < s->p->n_slots; i++)
		total += s->p->slots[i].n;
	s->pool = malloc(2 * (total + 1) * sizeof(*s->pool));
	if (s->pool == NULL)
		return -1;
	s->work = s->pool + total + 1;
	total = 0;
	for (size_t i = 0; i < s->p->n_slots; i++) {
		s->all[i] = s->pool + total;
		s->n_all[i] = collect(s, i, s->all[i]);
		total += s->p->slots[i].n;
		empty += s->n_all[i] == 0;
		s->choice[i] = UINT16_MAX;
	}
	if (empty > 0)
		return 1;
	s->weight = penalty_weight(s);
	return 0;
}

/* What every option of some slot needs, and what costs nothing, is open from the start. */
static uint64_t settled_components(const struct search *s)
{
	uint64_t open = 0;

	for (size_t d = 0; d < s->p->n_slots; d++) {
		uint64_t in_all = ~(uint64_t)0;

		for (size_t i = 0; i < s->n_all[d]; i++)
			in_all &= s->all[d][i].o->components;
		open |= in_all;
	}
	return open;
}

static size_t count_options(const struct search *s)
{
	size_t n = 0;

	for (size_t d = 0; d < s->p->n_slots; d++)
		n += s->n_all[d];
	return n;
}

int solver_solve(const struct solver_problem *p, const struct solver_limits *l,
	struct solver_result *out)
{
	struct search *s;
	int ready;

	memset(out, 0, sizeof(*out));
	if (p->n_slots > SOLVER_SLOTS_MAX || p->n_components > SOLVER_COMPONENTS_MAX ||
		p->n_paths > SOLVER_PATHS_MAX || l->k == 0 || l->k > SOLVER_K_MAX)
		return -1;
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].n >= UINT16_MAX)
			return -1;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return -1;
	s->p = p;
	s->l = l;
	s->out = out;
	out->bound_penalty = out->bound_cents = INT64_MAX;
	ready = prepare(s);
	if (ready == 0 && p->n_slots > 0) {
		cases(s, 0, count_options(s) >= CASES_FROM);
	} else if (ready == 0) {
		take_leaf(s);
	}
	out->optimal = !s->stopped;
	free(s->pool);
	free(s);
	return ready < 0 ? -1 : 0;
}

/* ---- the front of cost, latency and availability ---- */

struct front {
	struct search s;
	struct solver_plan *out;
	size_t n, max;
	uint64_t nodes, limit;
	int complete;
};

/* Loss compares in steps of 1e-9, so that the order of additions does not matter. */
static double loss_step(double loss)
{
	return round(loss * 1e9);
}

static int front_covers(const struct front *f, int64_t cents, double ms, double loss)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->out[i].cents <= cents && f->out[i].latency_ms[0] <= ms &&
			loss_step(f->out[i].loss[0]) <= loss_step(loss))
			return 1;
	return 0;
}

static void front_add(struct front *f, const struct solver_plan *plan)
{
	size_t kept = 0, at;
	size_t slots = f->s.p->n_slots;

	for (size_t i = 0; i < f->n; i++) {
		const struct solver_plan *q = &f->out[i];
		int covered = q->cents <= plan->cents &&
			q->latency_ms[0] <= plan->latency_ms[0] &&
			loss_step(q->loss[0]) <= loss_step(plan->loss[0]);
		int covers = q->cents >= plan->cents &&
			q->latency_ms[0] >= plan->latency_ms[0] &&
			loss_step(q->loss[0]) >= loss_step(plan->loss[0]);

		if (covered && (!covers || solver_compare(q, plan, slots) <= 0))
			return;
		if (!covers)
			f->out[kept++] = *q;
	}
	f->n = kept;
	for (at = f->n; at > 0 && f->out[at - 1].cents > plan->cents; at--)
		continue;
	if (f->n == f->max) {
		f->complete = 0;
		return;
	}
	memmove(&f->out[at + 1], &f->out[at], (f->n - at) * sizeof(*plan));
	f->out[at] = *plan;
	f->n++;
}

static void front_descend(struct front *f, const struct node *n, size_t depth)
{
	struct search *s = &f->s;
	struct solver_leg leg = n->leg[0];
	struct bound b;

	if (hopeless(s, n, depth, 0, &b))
		return;
	leg_add(&leg, &s->rest[depth].leg[0]);
	/* strictly below what the bound says, so that ties reach front_add */
	if (front_covers(f, b.cents - 1, solver_round_ms(leg_latency(&leg)) - 0.05,
		    leg.loss - 1e-8))
		return;
	if (++f->nodes > f->limit && f->limit != 0) {
		f->complete = 0;
		return;
	}
	if (depth == s->p->n_slots) {
		struct solver_plan plan = { 0 };

		memcpy(plan.choice, s->choice, s->p->n_slots * sizeof(*s->choice));
		if (solver_evaluate(s->p, &plan))
			front_add(f, &plan);
		return;
	}
	for (size_t i = 0; i < s->n_items[depth]; i++) {
		struct node child = *n;

		add_option(s->p, &child, s->items[depth][i].o);
		s->choice[s->order[depth]] = s->items[depth][i].index;
		front_descend(f, &child, depth + 1);
	}
	s->choice[s->order[depth]] = UINT16_MAX;
}

/* All options of each slot, cheapest first. */
static void front_items(struct search *s)
{
	for (size_t i = 0; i < s->p->n_paths; i++)
		s->p50_to[i] = INFINITY;
	price_items(s);
	for (size_t d = 0; d < s->p->n_slots; d++) {
		s->order[d] = d;
		s->items[d] = s->all[d];
		s->n_items[d] = s->n_all[d];
		qsort(s->items[d], s->n_items[d], sizeof(*s->items[d]), by_price);
	}
	suffix_bounds(s);
	/* components may offer any port: they are not decided beforehand here */
	for (size_t c = 0; c < s->p->n_components; c++)
		for (size_t d = 0; d < s->p->n_slots; d++)
			s->rest[d].provides |= s->p->components[c].provides;
}

int solver_pareto(const struct solver_problem *p, uint64_t node_limit, size_t max,
	struct solver_plan *out, size_t *n, int *complete)
{
	struct solver_result none = { 0 };
	struct solver_limits limits = { .k = SOLVER_K_MAX };
	struct front *f = calloc(1, sizeof(*f));
	struct node root = { 0 };
	int ready;

	*n = 0;
	*complete = 0;
	if (f == NULL || p->n_slots > SOLVER_SLOTS_MAX || p->n_paths == 0 ||
		p->n_paths > SOLVER_PATHS_MAX ||
		p->n_components > SOLVER_COMPONENTS_MAX) {
		free(f);
		return -1;
	}
	f->s = (struct search){ .p = p, .l = &limits, .out = &none };
	f->out = out;
	f->max = max;
	f->limit = node_limit;
	f->complete = 1;
	ready = prepare(&f->s);
	if (ready == 0) {
		front_items(&f->s);
		front_descend(f, &root, 0);
	}
	*n = f->n;
	*complete = f->complete;
	free(f->s.pool);
	free(f);
	return ready < 0 ? -1 : 0;
}
