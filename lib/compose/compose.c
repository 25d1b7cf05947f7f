/* The one entry: compile, solve, tell. */
#include "internal.h"

#include <math.h>
#include <string.h>

static uint64_t node_limit(const struct knowledge *k)
{
	return k->opts->node_limit != 0 ? k->opts->node_limit : COMPOSE_NODES;
}

static int solve_compiled(
	struct scenario *sc, size_t k, struct solver_result *r, struct err *e)
{
	struct solver_limits limits = { .k = k, .nodes = node_limit(sc->k) };

	memset(r, 0, sizeof(*r));
	r->optimal = 1;
	if (sc->impossible.kind[0] != '\0')
		return 0;
	if (solver_solve(&sc->problem, &limits, r) < 0)
		return err_set(
			e, ERR_INTERNAL, "the problem is too large for the solver");
	return 0;
}

int solve_constraints(struct knowledge *k, const cJSON *constraints, size_t n_best,
	struct scenario *sc, struct solver_result *r, struct err *e)
{
	for (int copies = 1;; copies++) {
		if (scenario_init(sc, k, constraints, copies, e) < 0 ||
			solve_compiled(sc, n_best, r, e) < 0) {
			scenario_release(sc);
			return -1;
		}
		if (r->n > 0 || json_num_or(constraints, "availability_target", 0) <= 0)
			return 0;
		scenario_release(sc);
		if (copies == REGIONS_MAX)
			break;
	}
	/* no number of copies helps: tell it of one */
	if (scenario_init(sc, k, constraints, 1, e) == 0 &&
		solve_compiled(sc, n_best, r, e) == 0)
		return 0;
	scenario_release(sc);
	return -1;
}

static int add_questions(
	struct scenario *sc, const cJSON *constraints, cJSON *plan, struct err *e)
{
	cJSON *q = json_add_array(plan, "open_questions", e);

	if (q == NULL)
		return -1;
	if (!json_has(constraints, "cloud") &&
		json_push_str(q, "Which cloud? AWS was assumed.", e) < 0)
		return -1;
	if (json_len(json_get(constraints, "use_cases")) == 0 &&
		json_push_str(q,
			"What is the system to do? The plan rests on an assumed use "
			"case.",
			e) < 0)
		return -1;
	JSON_EACH (it, json_get(sc->c, "compliance")) {
		const char *law = json_text(it);

		if (law == NULL || json_has(json_get(sc->k->slots, "compliance"), law) ||
			strcmp(law, "GDPR") == 0 || strcmp(law, "CCPA") == 0)
			continue;
		if (json_push_strf(q, e,
			    "Which services does %s allow? No per-service facts about it "
			    "are known; nothing was ruled out for it.",
			    law) < 0)
			return -1;
	}
	for (size_t i = 0; i < sc->k->opts->accept_unknown.n; i++)
		if (json_push_strf(q, e,
			    "Is the eligibility of %s confirmed on the provider's page? "
			    "It was accepted as unknown.",
			    sc->k->opts->accept_unknown.at[i]) < 0)
			return -1;
	JSON_EACH (it, json_get(sc->k->slots, "questions")) {
		struct err ignored = { 0 };
		cJSON *asked = logic_apply(NULL, json_get(it, "when"), sc->ctx, &ignored);
		int yes = asked != NULL && logic_truthy(asked);

		json_free(asked);
		if (yes && json_push_str(q, json_str_or(it, "text", ""), e) < 0)
			return -1;
	}
	JSON_EACH (it, sc->questions)
		if (json_push_copy(q, it, e) < 0)
			return -1;
	if (strcmp(sc->k->cloud, "aws") != 0 &&
		json_push_strf(q, e,
			"Patterns of %s are planned but not generated yet: is AWS an "
			"option?",
			sc->k->cloud) < 0)
		return -1;
	return 0;
}

static int add_accepted(struct scenario *sc, struct err *e)
{
	for (size_t i = 0; i < sc->k->opts->accept_unknown.n; i++) {
		cJSON *a = json_push_object(sc->assumptions, e);

		if (a == NULL ||
			json_setf(a, "id", e, "accepted.%s",
				sc->k->opts->accept_unknown.at[i]) < 0 ||
			json_set_str(a, "field", "/compliance", e) < 0 ||
			json_set_str(a, "value", sc->k->opts->accept_unknown.at[i], e) <
				0 ||
			json_set_str(a, "why",
				"--accept-unknown: its compliance eligibility is not "
				"known and was accepted",
				e) < 0 ||
			json_set_str(a, "effect",
				"the service may lie on the path of regulated data",
				e) < 0)
			return -1;
	}
	return 0;
}

static int add_regions_note(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	size_t named = json_len(json_get(constraints, "regions"));
	cJSON *a;

	if (sc->copies > 1) {
		a = json_push_object(sc->assumptions, e);
		if (a == NULL || json_set_str(a, "id", "regions.copies", e) < 0 ||
			json_set_str(a, "field", "/availability_target", e) < 0 ||
			json_set_num(a, "value", sc->copies, e) < 0 ||
			json_set_str(a, "why",
				"no single region reaches the target with published SLAs",
				e) < 0 ||
			json_set_str(a, "effect",
				"the request path runs active-active in two regions",
				e) < 0)
			return -1;
	} else if (named > 1) {
		a = json_push_object(sc->assumptions, e);
		if (a == NULL || json_set_str(a, "id", "regions.first", e) < 0 ||
			json_set_str(a, "field", "/regions", e) < 0 ||
			json_set_str(a, "value", sc->region[0], e) < 0 ||
			json_set_str(a, "why",
				"several regions were named, and one meets every target",
				e) < 0 ||
			json_set_str(a, "effect", "nothing is replicated to the others",
				e) < 0)
			return -1;
	}
	return 0;
}

/* Runner-ups, each a small plan, and the front over cost, latency, availability. */
static int add_candidates(struct scenario *sc, const struct solver_result *r,
	cJSON *candidates, struct err *e)
{
	cJSON *plans = json_add_array(candidates, "plans", e), *front;
	struct solver_plan *best = NULL;
	size_t n = 0;
	int complete = 1, ret = -1;

	for (size_t i = 0; plans != NULL && i < r->n; i++) {
		cJSON *p = json_push_object(plans, e);

		if (p == NULL || json_setf(p, "id", e, "plan-%zu", i + 1) < 0 ||
			emit_plan(sc, &r->plans[i], 0, p, e) < 0)
			return -1;
	}
	front = json_add_array(candidates, "pareto", e);
	if (plans == NULL || front == NULL)
		return -1;
	if (sc->n_paths > 0) {
		best = calloc(32, sizeof(*best));
		if (best == NULL)
			return err_no_memory(e);
		if (solver_pareto(&sc->problem, 20000, 32, best, &n, &complete) < 0) {
			err_no_memory(e);
			goto out;
		}
	}
	for (size_t i = 0; i < n; i++) {
		cJSON *p = json_push_object(front, e), *slots;

		if (p == NULL ||
			json_set_num(p, "ranked_usd", (double)best[i].cents / 100, e) <
				0 ||
			json_set_num(p, "latency_ms", best[i].latency_ms[0], e) < 0 ||
			json_set_num(p, "availability_pct",
				round(availability_redundant(
					      100 * exp(-best[i].loss[0]), sc->copies) *
					1e5) /
					1e5,
				e) < 0)
			goto out;
		slots = json_add_object(p, "slots", e);
		for (size_t j = 0; slots != NULL && j < sc->n_slots; j++)
			if (json_set_str(slots, sc->slots[j].name,
				    sc->slots[j].options[best[i].choice[j]].pattern->id,
				    e) < 0)
				goto out;
		if (slots == NULL)
			goto out;
	}
	ret = json_set_bool(candidates, "pareto_complete", complete, e);
out:
	free(best);
	return ret;
}

static int finish_plan(struct scenario *sc, const struct solver_result *r,
	const cJSON *constraints, cJSON *plan, cJSON *candidates, struct err *e)
{
	cJSON *proof;

	if (add_accepted(sc, e) < 0 || add_regions_note(sc, constraints, e) < 0 ||
		emit_plan(sc, &r->plans[0], 1, plan, e) < 0 ||
		json_set_bool(plan, "optimal", r->optimal, e) < 0)
		return -1;
	proof = json_add_object(plan, "proof", e);
	if (proof == NULL || json_set_num(proof, "nodes", (double)r->nodes, e) < 0 ||
		json_set_bool(proof, "complete", r->optimal, e) < 0)
		return -1;
	if (!r->optimal &&
		json_set_num(proof, "gap_usd",
			fmax(0, (double)(r->plans[0].cents - r->bound_cents) / 100),
			e) < 0)
		return -1;
	if (add_questions(sc, constraints, plan, e) < 0 ||
		add_candidates(sc, r, candidates, e) < 0)
		return -1;
	return explain_why_not(sc, r, candidates, e);
}

static int no_plan(struct knowledge *k, struct scenario *sc, const cJSON *constraints,
	cJSON *plan, cJSON *candidates, struct err *e)
{
	if (json_set_bool(plan, "feasible", 0, e) < 0 ||
		json_set_str(plan, "cloud", k->cloud, e) < 0 ||
		json_add_array(plan, "regions", e) == NULL ||
		json_add_array(plan, "slots", e) == NULL ||
		json_add_array(plan, "bases", e) == NULL ||
		json_add_array(plan, "edges", e) == NULL ||
		json_add_array(plan, "bom", e) == NULL ||
		json_set_bool(plan, "optimal", 1, e) < 0 ||
		json_set_str(plan, "why",
			sc->impossible.kind[0] != '\0'
				? sc->impossible.text
				: "no choice of patterns meets every hard constraint",
			e) < 0 ||
		json_set_copy(plan, "assumptions", sc->assumptions, e) < 0 ||
		add_questions(sc, constraints, plan, e) < 0 ||
		json_add_array(candidates, "plans", e) == NULL)
		return -1;
	if (explain_why_not(sc, NULL, candidates, e) < 0 ||
		explain_conflicts(k, constraints, candidates, plan, e) < 0)
		return -1;
	return 14;
}

int compose_plan(struct node_env *env, const cJSON *constraints,
	const struct compose_options *options, cJSON *plan, cJSON *candidates,
	struct err *e)
{
	struct knowledge k = { 0 };
	struct scenario sc;
	struct solver_result r;
	size_t best = options->candidates == 0 ? 3 : options->candidates;
	int ret = -1;

	if (best > COMPOSE_CANDIDATES_MAX)
		return err_set(
			e, ERR_USAGE, "at most %d candidates", COMPOSE_CANDIDATES_MAX);
	if (knowledge_load(&k, env, constraints, options, e) < 0)
		goto out;
	if (solve_constraints(&k, constraints, best, &sc, &r, e) < 0)
		goto out;
	if (r.n > 0)
		ret = finish_plan(&sc, &r, constraints, plan, candidates, e);
	else
		ret = no_plan(&k, &sc, constraints, plan, candidates, e);
	scenario_release(&sc);
out:
	knowledge_release(&k);
	return ret;
}
