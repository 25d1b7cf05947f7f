/* The front of cost, latency and availability. */
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct front {
	struct search s;
	struct solver_plan *out;
	size_t n, max;
	uint64_t nodes, limit;
	int complete;
};

/* What the front compares. Loss counts in steps of 1e-9, so that the order of additions
 * does not matter; with a part that publishes nothing it is as bad as can be. */
struct triple {
	int64_t cents;
	double ms, loss;
};

static struct triple triple_of(const struct solver_plan *plan)
{
	return (struct triple){ plan->cents, plan->latency_ms[0],
		(plan->unknown & 1) != 0 ? (double)INFINITY
					 : round(plan->loss[0] * 1e9) };
}

/* a is at least as good as b in all three. */
static int covers(const struct triple *a, const struct triple *b)
{
	return a->cents <= b->cents && a->ms <= b->ms && a->loss <= b->loss;
}

static void front_add(struct front *f, const struct solver_plan *plan)
{
	struct triple new = triple_of(plan);
	size_t slots = f->s.p->n_slots, kept = 0, at;

	for (size_t i = 0; i < f->n; i++) {
		struct triple old = triple_of(&f->out[i]);
		int covered = covers(&old, &new), covering = covers(&new, &old);

		if (covered &&
			(!covering || solver_compare(&f->out[i], plan, slots) <= 0))
			return;
		if (!covering)
			f->out[kept++] = f->out[i];
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

/* 1 when the front has something better than all that can follow. What follows is
 * taken for a hair better than its bound, so that ties reach front_add. */
static int front_beats(const struct front *f, const struct node *n,
	const struct suffix *rest, const struct bound *b)
{
	struct solver_leg leg = n->leg[0];
	struct triple best;

	leg_add(&leg, &rest->leg[0]);
	best = (struct triple){ b->cents - 1, solver_round_ms(leg_latency(&leg)) - 0.05,
		(n->unknown & 1) != 0 ? (double)INFINITY : round(leg.loss * 1e9) - 10 };
	for (size_t i = 0; i < f->n; i++) {
		struct triple old = triple_of(&f->out[i]);

		if (covers(&old, &best))
			return 1;
	}
	return 0;
}

static void front_descend(struct front *f, const struct node *n, size_t depth)
{
	struct search *s = &f->s;
	struct bound b;

	if (hopeless(s, n, depth, 0, &b) || front_beats(f, n, &s->rest[depth], &b))
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
	if (f == NULL || p->n_slots > SOLVER_SLOTS_MAX || p->n_paths > SOLVER_PATHS_MAX ||
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
