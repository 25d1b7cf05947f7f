/* For every pattern that was not chosen one reason, with a number. */
#include "internal.h"

#include <math.h>
#include <string.h>

static int push_why(cJSON *to, const char *pattern, const char *slot, const char *kind,
	const char *why, const char *constraint, cJSON **entry, struct err *e)
{
	cJSON *w = json_push_object(to, e);

	if (w == NULL || json_set_str(w, "pattern", pattern, e) < 0 ||
		json_set_str(w, "slot", slot, e) < 0 ||
		json_set_str(w, "kind", kind, e) < 0 ||
		json_set_str(w, "why", why, e) < 0)
		return -1;
	if (constraint != NULL && constraint[0] != '\0' &&
		json_set_str(w, "constraint", constraint, e) < 0)
		return -1;
	*entry = w;
	return 0;
}

/* The slots besides `slot` that a forced plan fills otherwise than the best one. */
static void describe_forced(const struct scenario *sc, const struct solver_plan *best,
	const struct solver_plan *forced, size_t slot, struct buf *out)
{
	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct slot *s = &sc->slots[i];
		const struct pattern *was = s->options[best->choice[i]].pattern;
		const struct pattern *is = s->options[forced->choice[i]].pattern;

		if (i != slot && was != is)
			buf_addf(out, "%s %s", out->len == 0 ? "; forces" : ",", is->id);
	}
}

/* What a relaxed problem says about a pattern that fits in no plan. */
static void why_infeasible(
	struct scenario *sc, const struct solver_limits *limits, struct buf *out)
{
	struct solver_problem relaxed = sc->problem;
	struct solver_result r;

	for (size_t i = 0; i < sc->n_paths; i++) {
		relaxed = sc->problem;
		relaxed.path[i].latency_max_ms = INFINITY;
		if (isfinite(sc->problem.path[i].latency_max_ms) &&
			solver_solve(&relaxed, limits, &r) == 0 && r.n > 0) {
			buf_addf(out,
				"violates /sla_latency_ms: p%g %.1f ms on the %s, %.1f "
				"allowed",
				sc->percentile, r.plans[0].latency_ms[i],
				json_str_or(sc->paths[i].def, "title", "path"),
				sc->problem.path[i].latency_max_ms);
			return;
		}
		relaxed = sc->problem;
		relaxed.path[i].loss_max = INFINITY;
		if (isfinite(sc->problem.path[i].loss_max) &&
			solver_solve(&relaxed, limits, &r) == 0 && r.n > 0) {
			buf_addf(out,
				"violates /availability_target: %.4g %% on the %s%s, "
				"%.6g needed",
				availability_redundant(
					100 * exp(-r.plans[0].loss[i]), sc->copies),
				json_str_or(sc->paths[i].def, "title", "path"),
				(r.plans[0].unknown >> i & 1) != 0
					? " at most, as a service publishes no SLA"
					: "",
				json_num_or(sc->c, "availability_target", 0));
			return;
		}
	}
	relaxed = sc->problem;
	relaxed.budget_micro_usd = INT64_MAX;
	if (solver_solve(&relaxed, limits, &r) == 0 && r.n > 0) {
		buf_addf(out,
			"violates /budget_band/max_usd: $%.2f a month at least, $%.2f "
			"allowed",
			(double)r.plans[0].cents / 100,
			(double)sc->problem.budget_micro_usd / 1e6);
		return;
	}
	relaxed = sc->problem;
	relaxed.given = ~(uint64_t)0;
	if (solver_solve(&relaxed, limits, &r) == 0 && r.n > 0) {
		buf_add_str(out, "needs a port that no other part of the plan provides");
		return;
	}
	buf_add_str(out, "violates more than one hard constraint at once");
}

static int explain_pinned(struct scenario *sc, const struct solver_plan *best,
	size_t slot, size_t pattern, cJSON *to, struct err *e)
{
	const struct slot *s = &sc->slots[slot];
	int groups[SOLVER_SLOTS_MAX];
	struct solver_limits limits = { .k = 1, .nodes = 50000, .groups = groups };
	struct solver_result r;
	struct buf why = BUF_INIT(2048);
	const char *kind = "dearer";
	double delta = 0;
	cJSON *w;
	int ret = -1;

	for (size_t i = 0; i < sc->n_slots; i++)
		groups[i] = i == slot ? (int)pattern : -1;
	if (solver_solve(&sc->problem, &limits, &r) < 0)
		return err_set(
			e, ERR_INTERNAL, "the problem is too large for the solver");
	if (r.n == 0) {
		kind = "infeasible";
		why_infeasible(sc, &limits, &why);
	} else {
		const struct solver_plan *p = &r.plans[0];

		delta = (double)(p->cents - best->cents) / 100;
		if (p->penalty > best->penalty) {
			kind = "preference";
			buf_addf(&why,
				"compatible, but meets preferences less (penalty %lld "
				"against %lld), %s $%.2f a month",
				(long long)p->penalty, (long long)best->penalty,
				delta < 0 ? "cheaper by" : "dearer by", fabs(delta));
		} else if (delta > 0) {
			buf_addf(&why, "compatible, but $%.2f a month dearer", delta);
		} else {
			kind = "tie";
			buf_addf(&why,
				"as cheap and as good; burden %lld against %lld, then "
				"the name decides",
				(long long)p->burden, (long long)best->burden);
		}
		describe_forced(sc, best, p, slot, &why);
	}
	if (buf_ok(&why, e) == 0 &&
		push_why(to, s->patterns[pattern]->id, s->name, kind, why.ptr, NULL, &w,
			e) == 0 &&
		(r.n == 0 || json_set_num(w, "delta_usd", delta, e) == 0) &&
		(r.n == 0 ||
			json_set_num(w, "latency_ms", r.plans[0].latency_ms[0], e) == 0))
		ret = 0;
	buf_release(&why);
	return ret;
}

static int has_options(const struct slot *s, size_t pattern)
{
	for (size_t i = 0; i < s->n_options; i++)
		if (s->options[i].pattern_index == pattern)
			return 1;
	return 0;
}

/* Patterns whose capability has no slot here, by the names of their folders. */
static int explain_unopened(struct scenario *sc, cJSON *to, struct err *e)
{
	static const char *const all[] = { "ingest", "transform", "store", "feature",
		"train", "serve", "observe", "govern" };

	for (size_t c = 0; c < ARRAY_LEN(all); c++) {
		char **names;
		size_t n;
		int open = 0, ret = 0;

		for (size_t i = 0; i < sc->n_slots; i++)
			open |= strcmp(sc->slots[i].capability, all[c]) == 0;
		if (open)
			continue;
		if (patterns_names(sc->k->env, sc->k->cloud, all[c], &names, &n, e) < 0)
			return -1;
		for (size_t i = 0; i < n && ret == 0; i++) {
			char id[256];
			cJSON *w;

			snprintf(id, sizeof(id), "%s.%s.%s", sc->k->cloud, all[c],
				names[i]);
			ret = push_why(to, id, NULL, "no-slot",
				"0 slots of this capability: nothing in the brief asks "
				"for one",
				NULL, &w, e);
		}
		file_list_free(names, n);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* Patterns of an open capability that fit none of its open slots. */
static int explain_unfit(struct scenario *sc, cJSON *to, struct err *e)
{
	for (size_t i = 0; i < sc->k->patterns.n; i++) {
		const struct pattern *p = &sc->k->patterns.at[i];
		int open = 0, listed = 0;
		cJSON *w;

		for (size_t j = 0; j < sc->n_slots; j++) {
			open |= strcmp(sc->slots[j].capability, p->capability) == 0;
			for (size_t m = 0; m < sc->slots[j].n_patterns; m++)
				listed |= sc->slots[j].patterns[m] == p;
		}
		if (open && !listed &&
			push_why(to, p->id, NULL, "no-slot",
				"0 slots that it fits: nothing in the brief asks for one",
				NULL, &w, e) < 0)
			return -1;
	}
	return 0;
}

int explain_why_not(
	struct scenario *sc, const struct solver_result *best, cJSON *to, struct err *e)
{
	cJSON *list = json_add_array(to, "why_not", e);

	if (list == NULL)
		return -1;
	for (size_t i = 0; i < sc->n_slots; i++) {
		struct slot *s = &sc->slots[i];

		for (size_t j = 0; j < s->n_patterns; j++) {
			cJSON *w;

			if (!has_options(s, j)) {
				const struct reason *r = &s->out[j];

				if (push_why(list, s->patterns[j]->id, s->name, r->kind,
					    r->text, r->constraint, &w, e) < 0)
					return -1;
				continue;
			}
			if (best == NULL ||
				s->options[best->plans[0].choice[i]].pattern_index == j)
				continue;
			if (explain_pinned(sc, &best->plans[0], i, j, list, e) < 0)
				return -1;
		}
	}
	if (explain_unfit(sc, list, e) < 0)
		return -1;
	return explain_unopened(sc, list, e);
}
