/* Prices of the limits: the multipliers of the Lagrangian bound. */
#include "internal.h"

#include <math.h>
#include <string.h>

double usage(const struct search *s, size_t i, const struct solver_leg *legs)
{
	const struct solver_leg *leg = &legs[s->prices[i].path];

	return s->prices[i].is_loss ? leg->loss
				    : leg->p50_ms + leg->spread2 * s->prices[i].slope;
}

/* Money compares in cents: half a cent more passes. */
static double budget_limit(const struct search *s)
{
	return (double)s->p->budget_micro_usd + MICRO_PER_CENT / 2;
}

static int has_budget(const struct search *s)
{
	return s->p->budget_micro_usd != INT64_MAX && s->p->budget_micro_usd > 0;
}

double budget_share(const struct search *s)
{
	return has_budget(s) ? (s->money - 1) * budget_limit(s) : 0;
}

void price_items(struct search *s)
{
	for (size_t d = 0; d < s->p->n_slots; d++)
		for (size_t i = 0; i < s->n_all[d]; i++) {
			struct item *it = &s->all[d][i];

			it->priced = (double)it->o->penalty * s->weight +
				(double)it->o->micro_usd * s->money;
			for (size_t k = 0; k < s->n_prices; k++)
				it->priced +=
					s->prices[k].price * usage(s, k, it->o->leg);
		}
}

double least_p50(const struct search *s, size_t path)
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

static void add_price(
	struct search *s, size_t path, size_t kind, double limit, double slope)
{
	size_t k = s->n_prices++;

	s->prices[k].path = path;
	s->prices[k].kind = kind;
	s->prices[k].is_loss = kind == 2;
	s->prices[k].limit = limit;
	s->prices[k].slope = slope;
	s->prices[k].price = s->known_prices[path * KINDS + kind];
}

static void list_prices(struct search *s)
{
	s->n_prices = 0;
	for (size_t i = 0; i < s->p->n_paths; i++) {
		const struct solver_path *path = &s->p->path[i];
		double limit = path->latency_max_ms + 0.06; /* rounding lets 0.05 pass */
		double from = fmax(s->p50_from[i], least_p50(s, i));

		if (isfinite(limit) && limit > from)
			add_price(s, i, 0, limit, 1 / (limit - from));
		if (isfinite(s->p50_to[i]))
			add_price(s, i, 1, s->p50_to[i], 0);
		if (isfinite(path->loss_max))
			add_price(s, i, 2, path->loss_max * (1 + 1e-8) + 1e-14, 0);
	}
}

/* How far a plan is over each limit, as a share of it; the last is the budget. */
struct excess {
	double of[PRICES_MAX + 1];
	double norm;
};

/* The cheapest options at the present prices: the bound, what they use of each limit,
 * and the plan itself if it happens to be feasible. */
static double cheapest_plan(struct search *s, struct excess *x)
{
	struct solver_plan plan = { 0 };
	uint64_t a, b;
	double bound = component_bound(s, 0, 0, &a, &b);

	memset(x, 0, sizeof(*x));
	for (size_t d = 0; d < s->p->n_slots; d++) {
		const struct item *best = &s->all[d][0];

		for (size_t i = 1; i < s->n_all[d]; i++)
			if (s->all[d][i].priced < best->priced)
				best = &s->all[d][i];
		plan.choice[d] = best->index;
		for (size_t k = 0; k < s->n_prices; k++)
			x->of[k] += usage(s, k, best->o->leg);
	}
	if (solver_evaluate(s->p, &plan))
		keep(s, &plan);
	for (size_t k = 0; k < s->n_prices; k++)
		x->of[k] = x->of[k] / s->prices[k].limit - 1;
	if (has_budget(s))
		x->of[s->n_prices] = (double)plan.micro_usd / budget_limit(s) - 1;
	/* a limit that is kept and costs nothing pulls nowhere */
	for (size_t k = 0; k <= s->n_prices; k++) {
		double price = k < s->n_prices ? s->prices[k].price : s->money - 1;

		if (price > 0 || x->of[k] > 0)
			x->norm += x->of[k] * x->of[k];
	}
	return bound;
}

/* One step against the excess, as long as the gap to the target asks for. */
static void step_prices(struct search *s, const struct excess *x, double length)
{
	for (size_t k = 0; k < s->n_prices; k++)
		s->prices[k].price = fmax(0,
			s->prices[k].price +
				length * x->of[k] / x->norm / s->prices[k].limit);
	if (has_budget(s))
		s->money = fmax(1,
			s->money +
				length * x->of[s->n_prices] / x->norm / budget_limit(s));
	price_items(s);
}

static void remember_prices(struct search *s, double *prices, double *money)
{
	for (size_t k = 0; k < s->n_prices; k++)
		prices[k] = s->prices[k].price;
	*money = s->money;
}

static void set_prices(struct search *s, const double *prices, double money)
{
	for (size_t k = 0; k < s->n_prices; k++) {
		s->prices[k].price = prices[k];
		s->known_prices[s->prices[k].path * KINDS + s->prices[k].kind] =
			prices[k];
	}
	s->money = money;
	price_items(s);
}

#define FIRST_STEPS 80
#define LATER_STEPS 80

void find_prices(struct search *s)
{
	double prices[PRICES_MAX] = { 0 }, money = 1, best = -INFINITY, scale = 1;
	int steps = s->n_cases++ == 0 ? FIRST_STEPS : LATER_STEPS;

	list_prices(s);
	price_items(s);
	for (int step = 0; step < steps; step++) {
		struct excess x;
		double bound = cheapest_plan(s, &x), target;

		if (bound > best) {
			best = bound;
			remember_prices(s, prices, &money);
		} else {
			scale *= 0.93;
		}
		if (x.norm < 1e-12 || above(best, threshold(s)))
			break;
		target = fmin(threshold(s), fabs(bound) * 1.1 + 1e6);
		if (s->out->n == s->l->k)
			target = threshold(s);
		step_prices(s, &x, scale * fmax(target - bound, 1));
	}
	set_prices(s, prices, money);
}
