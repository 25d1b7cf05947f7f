/*
 * Branch and bound in two stages. First over shared components: each is open (paid)
 * or closed (its options are out), undecided ones count at their price divided by
 * the number of slots that could use them, which never charges a set of choices
 * more than it will cost. With all decided the slots are independent but for the
 * limits along paths and ports, and the second stage goes over them.
 *
 * Both stages bound by a Lagrangian: the limits of paths and the budget are priced with
 * multipliers found by subgradient steps. The latency limit P + sqrt(S) <= T is taken in the
 * weaker linear form P + S / (T - Pmin) <= T, which holds as sqrt(S) <= T - Pmin.
 * Penalty and cost become one number by a weight above any cost. A bound is used
 * with a margin for rounding; leaves are evaluated exactly.
 */
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * sqrt(S) <= T - P is the sharper the more is known of P. A problem is solved whole
 * first; when that takes more than so many nodes, the range of P along the path where
 * it is widest is halved and each half solved alike. Together the halves cover
 * everything; one whose bound is beaten costs only its prices.
 */
#define CAP           20000 /* nodes */
#define DEPTH_MAX     24
#define LARGE         200 /* options: not worth trying whole */
#define SPLIT_AT_ONCE 6

/* The limited path whose range is the widest share of what the limit leaves. */
static size_t widest(const struct search *s)
{
	size_t best = s->p->n_paths;
	double most = 0.02; /* below this a half is hardly sharper */

	for (size_t i = 0; i < s->p->n_paths; i++) {
		double limit = s->p->path[i].latency_max_ms;
		double from = fmax(s->p50_from[i], least_p50(s, i));
		double share =
			(fmin(s->p50_to[i], limit) - from) / fmax(limit - from, 1e-9);

		if (isfinite(limit) && limit > from && share > most) {
			most = share;
			best = i;
		}
	}
	return best;
}

static void solve_case(struct search *s, int depth)
{
	size_t path = depth < DEPTH_MAX ? widest(s) : s->p->n_paths;
	double from, to, middle;

	if (depth >= s->split_at_once || path == s->p->n_paths) {
		find_prices(s);
		s->capped = 0;
		s->cap = path == s->p->n_paths ? 0 : s->out->nodes + CAP;
		branch_components(s, settled_components(s), 0);
		s->cap = 0;
		if (!s->capped || s->stopped)
			return;
	}
	from = s->p50_from[path];
	to = s->p50_to[path];
	middle = (fmax(from, least_p50(s, path)) +
			 fmin(to, s->p->path[path].latency_max_ms)) /
		2;
	/* the upper half first: good plans use what the limit leaves */
	s->p50_from[path] = middle * (1 - 1e-9);
	solve_case(s, depth + 1);
	s->p50_from[path] = from;
	s->p50_to[path] = middle * (1 + 1e-9);
	solve_case(s, depth + 1);
	s->p50_to[path] = to;
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
	for (size_t i = 0; i < p->n_paths; i++)
		s->p50_to[i] = INFINITY;
	s->split_at_once = l->split > 0     ? l->split
		: count_options(s) >= LARGE ? SPLIT_AT_ONCE
					    : 0;
	if (ready == 0 && p->n_slots > 0)
		solve_case(s, 0);
	else if (ready == 0)
		take_leaf(s);
	out->optimal = !s->stopped;
	free(s->pool);
	free(s);
	return ready < 0 ? -1 : 0;
}
