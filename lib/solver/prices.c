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

void price_items(struct search *s)
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
void find_prices(struct search *s)
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
