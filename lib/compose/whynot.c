/* For every pattern that was not chosen one reason, with a number. */
#include "internal.h"

#include <math.h>
#include <stdarg.h>
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
	int first = 1;

	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct slot *s = &sc->slots[i];
		const struct pattern *was = s->options[best->choice[i]].pattern;
		const struct pattern *is = s->options[forced->choice[i]].pattern;

		if (i == slot || was == is)
			continue;
		buf_addf(out, "%s %s for %s", first ? "; forces" : ",", is->id, s->name);
		first = 0;
	}
}

/* ---- what rules a pattern out of every plan ---- */

static void add_violation(struct buf *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void add_violation(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	buf_add_str(out, out->len == 0 ? "violates " : "; and ");
	va_start(ap, fmt);
	buf_vaddf(out, fmt, ap);
	va_end(ap);
}

static double availability_pct(const struct scenario *sc, double loss)
{
	return availability_redundant(100 * exp(-loss), sc->redundant);
}

/* What one plan breaks on one path, with by how much. */
static void say_path(
	const struct scenario *sc, const struct solver_plan *p, size_t i, struct buf *out)
{
	const struct solver_path *limit = &sc->problem.path[i];
	const char *title = json_str_or(sc->paths[i].def, "title", "path");
	double target = json_num_or(sc->c, "availability_target", 0);
	double got = availability_pct(sc, p->loss[i]);

	if (p->latency_ms[i] > limit->latency_max_ms)
		add_violation(out,
			"/sla_latency_ms by %.1f ms: p%g %.1f ms on the %s, %.1f allowed",
			p->latency_ms[i] - limit->latency_max_ms, sc->percentile,
			p->latency_ms[i], title, limit->latency_max_ms);
	if (!isfinite(limit->loss_max))
		return;
	if ((p->unknown >> i & 1) != 0)
		add_violation(out,
			"/availability_target: %.6g %% on the %s at most, as a service "
			"publishes no SLA, %.6g needed",
			got, title, target);
	else if (got < target)
		add_violation(out,
			"/availability_target by %.4g: %.6g %% on the %s, %.6g needed",
			target - got, got, title, target);
}

static void say_ports(
	const struct scenario *sc, const struct solver_plan *p, struct buf *out)
{
	uint64_t needs = 0, gives = sc->problem.given, missing;
	size_t i = 0;

	for (size_t d = 0; d < sc->n_slots; d++) {
		needs |= sc->slots[d].options[p->choice[d]].requires;
		gives |= sc->slots[d].options[p->choice[d]].provides;
	}
	for (size_t c = 0; c < sc->n_components; c++)
		if ((p->components >> c & 1) != 0) {
			needs |= sc->components[c].requires;
			gives |= sc->components[c].provides;
		}
	missing = needs & ~gives;
	if (missing == 0)
		return;
	add_violation(out, "the ports: %d that nothing else provides:",
		__builtin_popcountll(missing));
	JSON_EACH (it, json_get(sc->k->slots, "ports"))
		if ((missing >> i++ & 1) != 0)
			buf_addf(out, " %s", json_text(it));
}

static void say_limits(
	const struct scenario *sc, const struct solver_plan *p, struct buf *out)
{
	double budget = (double)sc->problem.budget_micro_usd / 1e6;

	for (size_t i = 0; i < sc->n_paths; i++)
		say_path(sc, p, i, out);
	if (p->cents > sc->problem.budget_micro_usd / 10000)
		add_violation(out,
			"/budget_band/max_usd by $%.2f: $%.2f a month at least, $%.2f "
			"allowed",
			(double)p->cents / 100 - budget, (double)p->cents / 100, budget);
	say_ports(sc, p, out);
}

/* Gives up one limit after the other: 1, with how far it is missed, when one alone
 * rules the pattern out. */
static int one_to_blame(
	const struct scenario *sc, const struct solver_limits *limits, struct buf *out)
{
	struct solver_result r;

	for (size_t i = 0; i < 2 * sc->n_paths + 2 && out->len == 0; i++) {
		struct solver_problem p = sc->problem;

		if (i < sc->n_paths)
			p.path[i].latency_max_ms = INFINITY;
		else if (i < 2 * sc->n_paths)
			p.path[i - sc->n_paths].loss_max = INFINITY;
		else if (i == 2 * sc->n_paths)
			p.budget_micro_usd = INT64_MAX;
		else
			p.given = ~(uint64_t)0;
		if (solver_solve(&p, limits, &r) == 0 && r.n > 0)
			say_limits(sc, &r.plans[0], out);
	}
	return out->len > 0;
}

/* The best plan with the pattern when no limit holds, and which limits it breaks. */
static int why_infeasible(struct scenario *sc, const struct solver_limits *limits,
	struct buf *out, struct err *e)
{
	struct solver_problem open = sc->problem;
	struct solver_result r;

	for (size_t i = 0; i < sc->n_paths; i++)
		open.path[i] = (struct solver_path){ INFINITY, INFINITY };
	open.budget_micro_usd = INT64_MAX;
	open.given = ~(uint64_t)0;
	/* one limit at a time is clearer, where one alone is to blame */
	if (one_to_blame(sc, limits, out))
		return 0;
	if (solver_solve(&open, limits, &r) < 0)
		return err_no_memory(e);
	if (r.n == 0) {
		buf_add_str(out,
			"0 plans even without limits: another slot has no "
			"pattern left");
		return 0;
	}
	say_limits(sc, &r.plans[0], out);
	if (out->len == 0)
		buf_addf(out, "violates several limits: none of its %llu plans keeps all",
			(unsigned long long)r.nodes);
	return 0;
}

/* ---- what a pattern would cost instead of the chosen one ---- */

/* Compatible: how it compares. Answers the kind. */
static const char *compare_forced(
	const struct solver_plan *p, const struct solver_plan *best, struct buf *why)
{
	double delta = (double)(p->cents - best->cents) / 100;

	if (p->penalty > best->penalty) {
		buf_addf(why,
			"compatible, but meets preferences less (penalty %lld against "
			"%lld), %s $%.2f a month",
			(long long)p->penalty, (long long)best->penalty,
			delta < 0 ? "cheaper by" : "dearer by", fabs(delta));
		return "preference";
	}
	if (delta > 0) {
		buf_addf(why, "compatible, but $%.2f a month dearer", delta);
		return "dearer";
	}
	buf_addf(why,
		"as cheap and as good; burden %lld against %lld, then the name decides",
		(long long)p->burden, (long long)best->burden);
	return "tie";
}

/* `best` NULL: nothing is feasible, with this pattern or another. */
static int explain_pinned(struct scenario *sc, const struct solver_plan *best,
	size_t slot, size_t pattern, cJSON *to, struct err *e)
{
	const struct slot *s = &sc->slots[slot];
	int groups[SOLVER_SLOTS_MAX];
	struct solver_limits limits = { .k = 1, .nodes = 50000, .groups = groups };
	struct solver_result r;
	struct buf why = BUF_INIT(2048);
	const char *kind = "infeasible";
	cJSON *w;
	int ret = -1;

	for (size_t i = 0; i < sc->n_slots; i++)
		groups[i] = i == slot ? (int)pattern : -1;
	if (solver_solve(&sc->problem, &limits, &r) < 0)
		return err_set(
			e, ERR_INTERNAL, "the problem is too large for the solver");
	if (r.n > 0 && best != NULL) {
		kind = compare_forced(&r.plans[0], best, &why);
		describe_forced(sc, best, &r.plans[0], slot, &why);
	} else if (why_infeasible(sc, &limits, &why, e) < 0) {
		goto out;
	}
	if (buf_ok(&why, e) < 0 ||
		push_why(to, s->patterns[pattern]->id, s->name, kind, why.ptr, NULL, &w,
			e) < 0)
		goto out;
	if (r.n > 0 && best != NULL &&
		(json_set_num(w, "delta_usd",
			 (double)(r.plans[0].cents - best->cents) / 100, e) < 0 ||
			json_set_num(w, "latency_ms", r.plans[0].latency_ms[0], e) < 0))
		goto out;
	ret = 0;
out:
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
			ret = sc->n_slots == 0
				? push_why(to, id, NULL, sc->impossible.kind,
					  sc->impossible.text, sc->impossible.constraint,
					  &w, e)
				: push_why(to, id, NULL, "no-slot",
					  "0 slots of this capability: nothing in the "
					  "brief asks for one",
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

/* Patterns whose files could not be read, of open capabilities. */
static int explain_refused(struct scenario *sc, cJSON *to, struct err *e)
{
	const struct patterns *all = &sc->k->patterns;

	for (size_t i = 0; i < all->n_refused; i++) {
		char why[300];
		cJSON *w;

		if (patterns_find(all, all->refused[i].id) != NULL)
			continue; /* it was read, and its slot tells of it */
		snprintf(why, sizeof(why), "1 defect: %s", all->refused[i].why);
		if (push_why(to, all->refused[i].id, NULL, "broken", why, NULL, &w, e) <
			0)
			return -1;
	}
	return 0;
}

/* Every pattern of one slot but the chosen one. */
static int explain_slot(struct scenario *sc, const struct solver_plan *best, size_t slot,
	cJSON *list, struct err *e)
{
	const struct slot *s = &sc->slots[slot];

	for (size_t j = 0; j < s->n_patterns; j++) {
		const struct reason *r = &s->out[j];
		cJSON *w;

		if (!has_options(s, j)) {
			if (push_why(list, s->patterns[j]->id, s->name, r->kind, r->text,
				    r->constraint, &w, e) < 0)
				return -1;
			continue;
		}
		if (best != NULL && s->options[best->choice[slot]].pattern_index == j)
			continue;
		if (explain_pinned(sc, best, slot, j, list, e) < 0)
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
	for (size_t i = 0; i < sc->n_slots; i++)
		if (explain_slot(sc, best != NULL ? &best->plans[0] : NULL, i, list, e) <
			0)
			return -1;
	if (explain_refused(sc, list, e) < 0 || explain_unfit(sc, list, e) < 0)
		return -1;
	return explain_unopened(sc, list, e);
}
