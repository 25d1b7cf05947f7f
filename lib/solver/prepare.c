/* What the search starts from: options that no other makes pointless. */
#include "internal.h"

#include <math.h>
#include <stdlib.h>

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

int by_price(const void *x, const void *y)
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

/* Above every feasible plan: all that penalties and cost can be, within the budget. */
static double ceiling(const struct search *s)
{
	double penalty = 0, usd = s->weight;

	for (size_t d = 0; d < s->p->n_slots; d++) {
		int32_t most = 0;

		for (size_t i = 0; i < s->n_all[d]; i++)
			most = s->all[d][i].o->penalty > most ? s->all[d][i].o->penalty
							      : most;
		penalty += most;
	}
	if (s->p->budget_micro_usd != INT64_MAX)
		usd = fmin(usd, (double)s->p->budget_micro_usd + MICRO_PER_CENT);
	return penalty * s->weight + usd;
}

int prepare(struct search *s)
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
	s->ceiling = ceiling(s);
	s->money = 1;
	return 0;
}
