/* The one entry: compile, solve, tell. */
#include "internal.h"

#include <math.h>
#include <string.h>

static int ask_of_brief(const cJSON *constraints, cJSON *q, struct err *e)
{
	if (!json_has(constraints, "cloud") &&
		json_push_str(q, "Which cloud? AWS was assumed.", e) < 0)
		return -1;
	return json_len(json_get(constraints, "use_cases")) == 0
		? json_push_str(q,
			  "What is the system to do? The plan rests on an assumed use "
			  "case.",
			  e)
		: 0;
}

/* Laws that no per-service facts are known of, eligibility that was accepted. */
static int ask_of_compliance(const struct scenario *sc, cJSON *q, struct err *e)
{
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
	return 0;
}

/* Patterns that were left out, and what slots.json has to ask. */
static int ask_of_catalogue(const struct scenario *sc, cJSON *q, struct err *e)
{
	for (size_t i = 0; i < sc->k->patterns.n_refused; i++)
		if (json_push_strf(q, e,
			    "%s is broken and was left out: would it have been chosen? "
			    "(%.120s)",
			    sc->k->patterns.refused[i].id,
			    sc->k->patterns.refused[i].why) < 0)
			return -1;
	JSON_EACH (it, json_get(sc->k->slots, "questions"))
		if (truth_of(sc, json_get(it, "when"), 0) &&
			json_push_str(q, json_str_or(it, "text", ""), e) < 0)
			return -1;
	return 0;
}

static int ask_of_places(const struct scenario *sc, const cJSON *constraints,
	const cJSON *plan, cJSON *q, struct err *e)
{
	if (sc->redundant == sc->copies &&
		json_len(json_get(constraints, "data_residency")) > 1 &&
		json_push_str(q,
			"Several jurisdictions were named: may the data of each lie in "
			"any of "
			"them? One was chosen for all.",
			e) < 0)
		return -1;
	for (int i = 0; i < sc->copies; i++)
		if (sc->region[i][0] != '\0' &&
			!services_know_region(sc->k->services, sc->region[i]) &&
			json_push_strf(q, e,
				"Which services does %s offer? The facts do not cover "
				"this "
				"region; nothing was ruled out for it.",
				sc->region[i]) < 0)
			return -1;
	JSON_EACH (it, json_at(plan, "/preflight/residency"))
		if (!json_true(json_get(it, "inside")) &&
			json_push_strf(q, e,
				"May %s reach %s? The residency asked for does not hold "
				"it (%s).",
				json_str_or(it, "what", "data"),
				json_str_or(it, "reaches", "elsewhere"),
				json_str_or(it, "basis", "")) < 0)
			return -1;
	return 0;
}

static int add_questions(
	struct scenario *sc, const cJSON *constraints, cJSON *plan, struct err *e)
{
	cJSON *q = json_add_array(plan, "open_questions", e);

	if (q == NULL || ask_of_brief(constraints, q, e) < 0 ||
		ask_of_compliance(sc, q, e) < 0 || ask_of_catalogue(sc, q, e) < 0 ||
		ask_of_places(sc, constraints, plan, q, e) < 0)
		return -1;
	return strcmp(sc->k->cloud, "aws") == 0
		? 0
		: json_push_strf(q, e,
			  "Patterns of %s are planned but not generated yet: is AWS an "
			  "option?",
			  sc->k->cloud);
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

static int add_note(struct scenario *sc, const char *id, const char *field, cJSON *value,
	const char *effect, const char *why, struct err *e)
{
	cJSON *a = json_push_object(sc->assumptions, e);

	if (a == NULL || json_set_str(a, "id", id, e) < 0 ||
		json_set_str(a, "field", field, e) < 0) {
		json_free(value);
		return -1;
	}
	return json_set(a, "value", value, e) < 0 || json_set_str(a, "why", why, e) < 0 ||
			json_set_str(a, "effect", effect, e) < 0
		? -1
		: 0;
}

static void site_name(const struct site *s, char *out, size_t max)
{
	size_t used = 0;

	out[0] = '\0';
	for (int i = 0; i < s->copies && used < max; i++)
		used += (size_t)snprintf(
			out + used, max - used, "%s%s", i > 0 ? " + " : "", s->region[i]);
}

/* The best of the sites that were not chosen; NULL without any. */
static const struct weighed *next_best(const struct solution *s)
{
	const struct weighed *best = NULL;

	for (size_t i = 0; i < s->n_weighed; i++) {
		const struct weighed *w = &s->weighed[i];

		if (!w->feasible ||
			memcmp(w->site.region, s->sc->region, sizeof(w->site.region)) ==
				0)
			continue;
		if (best == NULL || w->penalty < best->penalty ||
			(w->penalty == best->penalty && w->cents < best->cents))
			best = w;
	}
	return best;
}

/* Which regions were weighed, and what the next best would cost. */
static int note_chosen(const struct solution *s, struct err *e)
{
	const struct weighed *next = next_best(s);
	struct scenario *sc = s->sc;
	char why[256], name[200];
	cJSON *list = json_new_array(e);

	for (int i = 0; list != NULL && i < sc->copies; i++)
		if (json_push_str(list, sc->region[i], e) < 0) {
			json_free(list);
			return -1;
		}
	if (list == NULL)
		return -1;
	if (next == NULL) {
		snprintf(why, sizeof(why),
			"no region was named: the only feasible of %zu weighed",
			s->n_weighed);
	} else {
		site_name(&next->site, name, sizeof(name));
		snprintf(why, sizeof(why),
			"no region was named: the best of %zu weighed; next is %s, "
			"$%.2f a month dearer",
			s->n_weighed, name,
			(double)(next->cents - s->r.plans[0].cents) / 100);
	}
	return add_note(sc, "default.regions", "/regions", list,
		"prices, latency to users and jurisdiction", why, e);
}

static int add_regions_note(
	const struct solution *s, const cJSON *constraints, struct err *e)
{
	struct scenario *sc = s->sc;
	cJSON *value;

	if (s->chosen && note_chosen(s, e) < 0)
		return -1;
	if (sc->copies > 1) {
		value = json_new_num(sc->copies, e);
		return sc->redundant > 1
			? add_note(sc, "regions.copies", "/availability_target", value,
				  "the request path runs active-active in two regions",
				  "no single region reaches the target with published "
				  "SLAs",
				  e)
			: add_note(sc, "regions.jurisdictions", "/data_residency", value,
				  "everything that holds data is there in each region; "
				  "nothing is replicated between them; the load is split "
				  "evenly",
				  "each jurisdiction keeps its own data", e);
	}
	if (json_len(json_get(constraints, "regions")) < 2)
		return 0;
	value = json_new_str(sc->region[0], e);
	return value == NULL ? -1
			     : add_note(sc, "regions.first", "/regions", value,
				       "nothing is replicated to the others",
				       "several regions were named, and one meets every "
				       "target",
				       e);
}

/* Every site that was weighed, with what its best plan would cost. */
static int add_sites(const struct solution *s, cJSON *candidates, struct err *e)
{
	cJSON *list = json_add_array(candidates, "regions", e);

	for (size_t i = 0; list != NULL && i < s->n_weighed; i++) {
		const struct weighed *w = &s->weighed[i];
		cJSON *to = json_push_object(list, e), *names;

		names = to == NULL ? NULL : json_add_array(to, "regions", e);
		for (int j = 0; names != NULL && j < w->site.copies; j++)
			if (json_push_str(names, w->site.region[j], e) < 0)
				return -1;
		if (names == NULL || json_set_bool(to, "feasible", w->feasible, e) < 0)
			return -1;
		if (w->feasible &&
			(json_set_num(to, "ranked_usd", (double)w->cents / 100, e) < 0 ||
				json_set_num(to, "soft_penalty", (double)w->penalty, e) <
					0))
			return -1;
	}
	return list == NULL ? -1 : 0;
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
				round(availability_redundant(100 * exp(-best[i].loss[0]),
					      sc->redundant) *
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

static int add_proof(const struct solution *s, cJSON *plan, struct err *e)
{
	cJSON *proof = json_add_object(plan, "proof", e);
	const struct solver_plan *best = &s->r.plans[0];

	if (proof == NULL || json_set_num(proof, "nodes", (double)s->nodes, e) < 0 ||
		json_set_bool(proof, "complete", s->optimal, e) < 0)
		return -1;
	if (s->optimal)
		return 0;
	return json_set_num(proof, "gap_penalty",
		       fmax(0, (double)(best->penalty - s->bound_penalty)), e) < 0
		? -1
		: json_set_num(proof, "gap_usd",
			  fmax(0, (double)(best->cents - s->bound_cents) / 100), e);
}

static int finish_plan(struct solution *s, const cJSON *constraints, cJSON *plan,
	cJSON *candidates, struct err *e)
{
	struct scenario *sc = s->sc;

	if (add_accepted(sc, e) < 0 || add_regions_note(s, constraints, e) < 0 ||
		emit_plan(sc, &s->r.plans[0], 1, plan, e) < 0 ||
		json_set_bool(plan, "optimal", s->optimal, e) < 0 ||
		add_proof(s, plan, e) < 0 ||
		add_questions(sc, constraints, plan, e) < 0 ||
		add_candidates(sc, &s->r, candidates, e) < 0 ||
		add_sites(s, candidates, e) < 0)
		return -1;
	return explain_why_not(sc, &s->r, candidates, e);
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
	struct solution s = { 0 };
	size_t best = options->candidates == 0 ? 3 : options->candidates;
	int ret = -1;

	if (best > COMPOSE_CANDIDATES_MAX)
		return err_set(
			e, ERR_USAGE, "at most %d candidates", COMPOSE_CANDIDATES_MAX);
	if (knowledge_load(&k, env, constraints, options, e) < 0)
		goto out;
	if (solve_constraints(&k, constraints, best, 0, &s, e) < 0)
		goto out;
	if (s.r.n > 0)
		ret = finish_plan(&s, constraints, plan, candidates, e);
	else
		ret = no_plan(&k, s.sc, constraints, plan, candidates, e);
	solution_release(&s);
out:
	knowledge_release(&k);
	return ret;
}
