/* The second stage: with the components decided, the slots one by one. */
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
void keep(struct search *s, const struct solver_plan *plan)
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

/* Everything above this cannot be among the k best. */
double threshold(const struct search *s)
{
	const struct solver_plan *worst;

	if (s->out->n < s->l->k)
		return s->ceiling;
	worst = &s->out->plans[s->out->n - 1];
	return (double)worst->penalty * s->weight +
		(double)worst->cents * MICRO_PER_CENT + MICRO_PER_CENT / 2;
}

int above(double bound, double limit)
{
	return bound - fabs(bound) * 1e-11 - 1 > limit;
}

/* 1 if nothing below this node can be among the k best; else its bound in *b. */
int hopeless(const struct search *s, const struct node *n, size_t depth, double priced,
	struct bound *b)
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

void note_open(struct search *s, const struct bound *b)
{
	struct solver_result *r = s->out;

	if (b->penalty < r->bound_penalty ||
		(b->penalty == r->bound_penalty && b->cents < r->bound_cents)) {
		r->bound_penalty = b->penalty;
		r->bound_cents = b->cents;
	}
}

int go_on(struct search *s)
{
	s->out->nodes++;
	if (s->l->nodes != 0 && s->out->nodes > s->l->nodes)
		s->stopped = 1;
	if (s->cap != 0 && s->out->nodes > s->cap)
		s->capped = 1;
	return !s->stopped && !s->capped;
}

void take_leaf(struct search *s)
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
		if (hopeless(s, &child, depth + 1, priced + it->priced, &b))
			continue;
		if (go_on(s))
			descend(s, &child, depth + 1, priced + it->priced);
		else if (s->stopped)
			note_open(s, &b);
		else
			break;
	}
	s->choice[slot] = UINT16_MAX;
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

void suffix_bounds(struct search *s)
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
void search_slots(struct search *s, uint64_t open)
{
	struct node root = { 0 };
	struct item *next = s->work;
	double least[SOLVER_SLOTS_MAX], sum = 0;

	add_components(s->p, &root, open);
	s->constant = (double)root.micro_usd * s->money - budget_share(s);
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
