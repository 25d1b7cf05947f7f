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
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
