/* Sums of a plan: money, legs, ports; whether they keep the limits; which is better. */
#include "internal.h"

#include <math.h>

double solver_round_ms(double ms)
{
	return isfinite(ms) ? round(ms * 10) / 10 : ms;
}

int64_t to_cents(int64_t micro)
{
	return (micro + MICRO_PER_CENT / 2) / MICRO_PER_CENT;
}

/* Money compares after rounding to cents. */
int over(int64_t micro, int64_t limit)
{
	return limit != INT64_MAX && to_cents(micro) * MICRO_PER_CENT > limit;
}

double leg_latency(const struct solver_leg *leg)
{
	return leg->p50_ms + sqrt(leg->spread2);
}

void leg_add(struct solver_leg *to, const struct solver_leg *leg)
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

int leg_fails(const struct solver_leg *leg, const struct solver_path *path)
{
	return solver_round_ms(leg_latency(leg)) > path->latency_max_ms ||
		loss_exceeds(leg->loss, path->loss_max);
}

void add_components(const struct solver_problem *p, struct node *n, uint64_t set)
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

void add_option(
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

int unknown_fails(const struct solver_problem *p, unsigned unknown)
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
