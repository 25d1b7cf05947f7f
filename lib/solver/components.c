/* The first stage: shared components, each open (paid) or closed. */
#include "internal.h"

#include <math.h>

/* Prices of undecided components are shared out among the slots that could use them.
 * Answers the bound; `used` gets the components of the cheapest options, `any` all
 * that some allowed option has. INFINITY when a slot has no option left. */
double component_bound(const struct search *s, uint64_t open, uint64_t closed,
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
		double price = (double)s->p->components[c].micro_usd * s->money;

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
	return sum - budget_share(s);
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

void branch_components(struct search *s, uint64_t open, uint64_t closed)
{
	uint64_t used, any, undecided, bit;
	double bound = component_bound(s, open, closed, &used, &any);
	int first;

	if (!isfinite(bound) || above(bound, threshold(s)))
		return;
	if (!go_on(s) && !s->stopped)
		return;
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

/* What every option of some slot needs, and what costs nothing, is open from the start. */
uint64_t settled_components(const struct search *s)
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
