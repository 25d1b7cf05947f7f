/*
 * Branch and bound over slots. The bound of a node adds, for every slot without an
 * option, the least penalty, cost, burden, latency and loss that any of its
 * options has. A component that is not paid yet counts in an option at its price
 * divided by the number of open slots that could use it, so that no set of
 * choices is charged more than it will cost: the bound stays admissible.
 */
#include "solver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MICRO_PER_CENT 10000

struct item {
	const struct solver_option *o;
	uint16_t index;
};

struct search {
	const struct solver_problem *p;
	const struct solver_limits *l;
	struct solver_result *out;
	size_t order[SOLVER_SLOTS_MAX];              /* depth -> slot */
	struct item *items[SOLVER_SLOTS_MAX];        /* by depth */
	size_t n_items[SOLVER_SLOTS_MAX];
	/* From this depth on: sums of the least that each slot adds. */
	int64_t min_penalty[SOLVER_SLOTS_MAX + 1], min_burden[SOLVER_SLOTS_MAX + 1];
	struct solver_leg min_leg[SOLVER_SLOTS_MAX + 1][SOLVER_PATHS_MAX];
	uint64_t may_provide[SOLVER_SLOTS_MAX + 1];
	int32_t slot_penalty[SOLVER_SLOTS_MAX];      /* by depth: its least penalty */
	int64_t share[SOLVER_SLOTS_MAX + 1][SOLVER_COMPONENTS_MAX]; /* price / open users */
	uint16_t choice[SOLVER_SLOTS_MAX];
	int stopped;
	struct item *pool;
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

static void add_option(const struct solver_problem *p, struct node *n,
	const struct solver_option *o)
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
	plan->penalty = n.penalty + (n.micro_usd > p->soft_budget_micro_usd ? p->soft_budget_penalty : 0);
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
	if (unknown_fails(p, n.unknown) || n.micro_usd > p->budget_micro_usd ||
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

int solver_compare(const struct solver_plan *a, const struct solver_plan *b, size_t n_slots)
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
		if (p->slots[i].options[a->choice[i]].group != p->slots[i].options[b->choice[i]].group)
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

/* The least that the open slots add to cost when `slack` more penalty than the
 * least is affordable. */
static int64_t open_cost(const struct search *s, size_t depth, uint64_t paid, int64_t slack)
{
	int64_t sum = 0;

	for (size_t d = depth; d < s->p->n_slots; d++) {
		int64_t least = INT64_MAX;

		for (size_t i = 0; i < s->n_items[d]; i++) {
			const struct solver_option *o = s->items[d][i].o;
			int64_t cost = o->micro_usd;

			if (o->penalty - s->slot_penalty[d] > slack || cost >= least)
				continue;
			for (uint64_t c = o->components & ~paid; c != 0; c &= c - 1)
				cost += s->share[depth][__builtin_ctzll(c)];
			if (cost < least)
				least = cost;
		}
		sum += least;
	}
	return sum;
}

struct bound {
	int64_t penalty, cents, burden;
};

/* 1 if nothing below this node can be among the k best; else its bound in *b. */
static int hopeless(const struct search *s, const struct node *n, size_t depth, struct bound *b)
{
	const struct solver_problem *p = s->p;
	const struct solver_plan *worst =
		s->out->n == s->l->k ? &s->out->plans[s->out->n - 1] : NULL;
	int64_t slack = INT64_MAX, micro;

	for (size_t i = 0; i < p->n_paths; i++) {
		struct solver_leg leg = n->leg[i];

		leg_add(&leg, &s->min_leg[depth][i]);
		/* a hair below, as min_leg was summed in another order */
		leg.p50_ms *= 1 - 1e-12;
		leg.spread2 *= 1 - 1e-12;
		leg.loss *= 1 - 1e-12;
		if (leg_fails(&leg, &p->path[i]))
			return 1;
	}
	if (unknown_fails(p, n->unknown) ||
	    (n->requires & ~(n->provides | s->may_provide[depth] | p->given)) != 0)
		return 1;
	b->penalty = n->penalty + s->min_penalty[depth];
	if (worst != NULL) {
		if (b->penalty > worst->penalty)
			return 1;
		slack = worst->penalty - b->penalty;
	}
	micro = n->micro_usd + open_cost(s, depth, n->components, slack);
	if (micro > p->budget_micro_usd)
		return 1;
	if (micro > p->soft_budget_micro_usd)
		b->penalty += p->soft_budget_penalty;
	b->cents = to_cents(micro);
	b->burden = n->burden + s->min_burden[depth];
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

static void descend(struct search *s, const struct node *n, size_t depth)
{
	size_t slot;

	if (depth == s->p->n_slots) {
		struct solver_plan plan = { 0 };

		memcpy(plan.choice, s->choice, s->p->n_slots * sizeof(*s->choice));
		if (solver_evaluate(s->p, &plan))
			keep(s, &plan);
		return;
	}
	slot = s->order[depth];
	for (size_t i = 0; i < s->n_items[depth]; i++) {
		struct node child = *n;
		struct bound b;

		add_option(s->p, &child, s->items[depth][i].o);
		s->choice[slot] = s->items[depth][i].index;
		if (!hopeless(s, &child, depth + 1, &b)) {
			s->out->nodes++;
			if (s->l->nodes != 0 && s->out->nodes > s->l->nodes)
				s->stopped = 1;
			if (s->stopped)
				note_open(s, &b);
			else
				descend(s, &child, depth + 1);
		}
	}
	s->choice[slot] = UINT16_MAX;
}

/* a is at least as good as b in everything, of the same group, and wins the tie:
 * sums compare in cents, so a smaller difference leaves it to the numbers. */
static int dominates(const struct solver_problem *p, const struct item *a, const struct item *b)
{
	const struct solver_option *x = a->o, *y = b->o;

	if (x->group != y->group || x->penalty > y->penalty || x->micro_usd > y->micro_usd ||
	    x->burden > y->burden || (x->requires & ~y->requires) != 0 ||
	    (y->provides & ~x->provides) != 0 || (x->components & ~y->components) != 0 ||
	    (x->unknown & ~y->unknown) != 0)
		return 0;
	for (size_t i = 0; i < p->n_paths; i++)
		if (x->leg[i].p50_ms > y->leg[i].p50_ms || x->leg[i].spread2 > y->leg[i].spread2 ||
		    x->leg[i].loss > y->leg[i].loss)
			return 0;
	for (uint64_t c = y->components & ~x->components; c != 0; c &= c - 1)
		if (p->components[__builtin_ctzll(c)].provides != 0)
			return 0;
	return x->penalty < y->penalty || x->burden < y->burden ||
	       y->micro_usd - x->micro_usd >= MICRO_PER_CENT || a->index < b->index;
}

static int by_promise(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	if (a->o->penalty != b->o->penalty)
		return a->o->penalty < b->o->penalty ? -1 : 1;
	if (a->o->micro_usd != b->o->micro_usd)
		return a->o->micro_usd < b->o->micro_usd ? -1 : 1;
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
			to[n++] = (struct item){ &from->options[i], (uint16_t)i };
	for (size_t i = 0; i < n; i++) {
		int out = 0;

		for (size_t j = 0; j < n && !out; j++)
			out = j != i && to[j].o != NULL && dominates(s->p, &to[j], &to[i]);
		if (out)
			to[i].o = NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (to[i].o != NULL)
			to[kept++] = to[i];
	qsort(to, kept, sizeof(*to), by_promise);
	return kept;
}

/* Slots with the widest spread of cost first: a wrong choice there is cut early. */
static void sort_slots(struct search *s, struct item **items, const size_t *n)
{
	int64_t spread[SOLVER_SLOTS_MAX];

	for (size_t i = 0; i < s->p->n_slots; i++) {
		int64_t lo = INT64_MAX, hi = 0;

		for (size_t j = 0; j < n[i]; j++) {
			lo = items[i][j].o->micro_usd < lo ? items[i][j].o->micro_usd : lo;
			hi = items[i][j].o->micro_usd > hi ? items[i][j].o->micro_usd : hi;
		}
		spread[i] = n[i] <= 1 ? INT64_MAX : hi - lo;
		s->order[i] = i;
	}
	for (size_t i = 1; i < s->p->n_slots; i++)
		for (size_t j = i; j > 0 && spread[s->order[j]] > spread[s->order[j - 1]]; j--) {
			size_t t = s->order[j];

			s->order[j] = s->order[j - 1];
			s->order[j - 1] = t;
		}
}

static void suffix_bounds(struct search *s)
{
	size_t users[SOLVER_COMPONENTS_MAX] = { 0 };

	for (size_t d = s->p->n_slots; d-- > 0;) {
		struct solver_leg least[SOLVER_PATHS_MAX];
		int32_t penalty = INT32_MAX, burden = INT32_MAX;
		uint64_t any = 0, offered = 0;

		for (size_t j = 0; j < s->p->n_paths; j++)
			least[j] = (struct solver_leg){ INFINITY, INFINITY, INFINITY };
		for (size_t i = 0; i < s->n_items[d]; i++) {
			const struct solver_option *o = s->items[d][i].o;

			penalty = o->penalty < penalty ? o->penalty : penalty;
			burden = o->burden < burden ? o->burden : burden;
			any |= o->components;
			offered |= o->provides;
			for (size_t j = 0; j < s->p->n_paths; j++) {
				least[j].p50_ms = fmin(least[j].p50_ms, o->leg[j].p50_ms);
				least[j].spread2 = fmin(least[j].spread2, o->leg[j].spread2);
				least[j].loss = fmin(least[j].loss, o->leg[j].loss);
			}
		}
		for (uint64_t c = any; c != 0; c &= c - 1) {
			users[__builtin_ctzll(c)]++;
			offered |= s->p->components[__builtin_ctzll(c)].provides;
		}
		for (size_t c = 0; c < s->p->n_components; c++)
			s->share[d][c] = users[c] == 0 ? 0 : s->p->components[c].micro_usd / (int64_t)users[c];
		s->slot_penalty[d] = penalty;
		s->min_penalty[d] = s->min_penalty[d + 1] + penalty;
		s->min_burden[d] = s->min_burden[d + 1] + burden;
		s->may_provide[d] = s->may_provide[d + 1] | offered;
		for (size_t j = 0; j < s->p->n_paths; j++) {
			s->min_leg[d][j] = s->min_leg[d + 1][j];
			leg_add(&s->min_leg[d][j], &least[j]);
		}
	}
}

/* 0; 1 when a slot has no option left; -1 without memory. */
static int prepare(struct search *s)
{
	struct item *items[SOLVER_SLOTS_MAX];
	size_t n[SOLVER_SLOTS_MAX], total = 0, empty = 0;

	for (size_t i = 0; i < s->p->n_slots; i++)
		total += s->p->slots[i].n;
	s->pool = malloc((total + 1) * sizeof(*s->pool));
	if (s->pool == NULL)
		return -1;
	total = 0;
	for (size_t i = 0; i < s->p->n_slots; i++) {
		items[i] = s->pool + total;
		n[i] = collect(s, i, items[i]);
		total += s->p->slots[i].n;
		empty += n[i] == 0;
	}
	if (empty > 0)
		return 1;
	sort_slots(s, items, n);
	for (size_t d = 0; d < s->p->n_slots; d++) {
		s->items[d] = items[s->order[d]];
		s->n_items[d] = n[s->order[d]];
		s->choice[d] = UINT16_MAX;
	}
	suffix_bounds(s);
	return 0;
}

int solver_solve(const struct solver_problem *p, const struct solver_limits *l,
	struct solver_result *out)
{
	struct search *s;
	struct node root = { 0 };
	struct bound b;
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
	if (ready == 0 && !hopeless(s, &root, 0, &b))
		descend(s, &root, 0);
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
		int covered = q->cents <= plan->cents && q->latency_ms[0] <= plan->latency_ms[0] &&
			      loss_step(q->loss[0]) <= loss_step(plan->loss[0]);
		int covers = q->cents >= plan->cents && q->latency_ms[0] >= plan->latency_ms[0] &&
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

	if (hopeless(s, n, depth, &b))
		return;
	leg_add(&leg, &s->min_leg[depth][0]);
	/* strictly below what the bound says, so that ties reach front_add */
	if (front_covers(f, b.cents - 1, solver_round_ms(leg_latency(&leg)) - 0.05, leg.loss - 1e-8))
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
	    p->n_paths > SOLVER_PATHS_MAX || p->n_components > SOLVER_COMPONENTS_MAX) {
		free(f);
		return -1;
	}
	f->s = (struct search){ .p = p, .l = &limits, .out = &none };
	f->out = out;
	f->max = max;
	f->limit = node_limit;
	f->complete = 1;
	ready = prepare(&f->s);
	if (ready == 0)
		front_descend(f, &root, 0);
	*n = f->n;
	*complete = f->complete;
	free(f->s.pool);
	free(f);
	return ready < 0 ? -1 : 0;
}
