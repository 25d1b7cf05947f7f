/* Constraints to slots: what is open, on which paths, with which options. */
#include "internal.h"

#include <string.h>

int list_has(const struct opt_list *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i], text) == 0)
			return 1;
	return 0;
}

int build_plan_facts(struct scenario *sc, struct err *e)
{
	cJSON *plan = json_edit(sc->ctx, "/plan");

	if (json_set_str(plan, "region", sc->region[0], e) < 0 ||
		json_set_num(plan, "copies", sc->copies, e) < 0 ||
		json_set_num(plan, "regimes",
			(double)json_len(json_get(sc->c, "compliance")), e) < 0)
		return -1;
	JSON_EACH (def, json_get(sc->k->slots, "plan")) {
		double v;

		if (logic_number(NULL, json_get(def, "value"), sc->ctx, &v, e) < 0 ||
			json_set_num(plan, json_str_or(def, "id", "?"), v, e) < 0) {
			err_where(e, "share/patterns/slots.json: plan.%s",
				json_str_or(def, "id", "?"));
			return -1;
		}
	}
	return 0;
}

/* ---- slots and paths ---- */

static int open_slots(struct scenario *sc, struct err *e)
{
	JSON_EACH (def, json_get(sc->k->slots, "slots")) {
		struct slot *s = &sc->slots[sc->n_slots];

		if (!when_true(sc, def, "when", 1))
			continue;
		if (sc->n_slots == SOLVER_SLOTS_MAX)
			return err_set(e, ERR_CONFIG,
				"share/patterns/slots.json: too many slots");
		s->def = def;
		s->name = json_str_or(def, "slot", "?");
		s->capability = json_str_or(def, "capability", "?");
		s->workload = json_str_or(def, "workload", "?");
		/* where each jurisdiction keeps its own data, all of it is there twice */
		s->copies = sc->redundant == 1 ? sc->copies : 1;
		snprintf(s->module, sizeof(s->module), "%s", s->name);
		for (char *p = s->module; *p != '\0'; p++)
			if (*p == '@' || *p == '-' || *p == '.')
				*p = '_';
		sc->n_slots++;
	}
	return json_set_num(json_edit(sc->ctx, "/plan"), "slots", (double)sc->n_slots, e);
}

static void open_paths(struct scenario *sc)
{
	JSON_EACH (def, json_get(sc->k->slots, "paths")) {
		size_t i = sc->n_paths;

		if (!when_true(sc, def, "when", 1) || i == SOLVER_PATHS_MAX)
			continue;
		sc->paths[i].def = def;
		sc->paths[i].id = json_str_or(def, "id", "?");
		sc->paths[i].limits_latency = when_true(sc, def, "latency", 1);
		sc->paths[i].limits_availability = when_true(sc, def, "availability", 1);
		for (size_t j = 0; j < sc->n_slots; j++)
			if (json_has_text(json_get(def, "slots"), sc->slots[j].name)) {
				sc->slots[j].paths |= 1u << i;
				sc->slots[j].copies = sc->copies;
			}
		sc->n_paths++;
	}
}

/* ---- the whole ---- */

/* What formulas see: constraints with defaults; load and plan are still empty. */
static int fill_context(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	cJSON *c;

	sc->ctx = json_new_object(e);
	sc->assumptions = json_new_array(e);
	if (sc->ctx == NULL || sc->assumptions == NULL)
		return -1;
	c = constraints == NULL ? json_new_object(e) : json_copy(constraints, e);
	if (json_set(sc->ctx, "c", c, e) < 0 ||
		json_add_object(sc->ctx, "load", e) == NULL ||
		json_add_object(sc->ctx, "plan", e) == NULL ||
		json_add_object(sc->ctx, "p", e) == NULL)
		return -1;
	sc->c = json_edit(sc->ctx, "/c");
	return fill_absent(sc->c, e) < 0 ? -1 : apply_defaults(sc, constraints, e);
}

int scenario_init(struct scenario *sc, struct knowledge *k, const cJSON *constraints,
	const struct site *site, int per_jurisdiction, const struct scenario *like,
	struct err *e)
{
	int same = 0;

	memset(sc, 0, sizeof(*sc));
	sc->k = k;
	sc->copies = sc->redundant = 1;
	if (site != NULL) {
		memcpy(sc->region, site->region, sizeof(sc->region));
		sc->copies = site->copies;
		sc->redundant = per_jurisdiction ? 1 : site->copies;
	}
	if (like != NULL && k->varied == NULL)
		same = reuse_context(sc, like, e);
	if (same < 0 || (!same && fill_context(sc, constraints, e) < 0))
		return -1;
	sc->percentile = json_num_or(sc->c, "sla_latency_percentile", 95);
	if (site == NULL)
		return 0;
	if (!same &&
		(build_plan_facts(sc, e) < 0 || build_load(sc, constraints, e) < 0 ||
			build_plan_facts(sc, e) < 0))
		return -1;
	if (open_slots(sc, e) < 0)
		return -1;
	if (like != NULL && k->varied != NULL && reuse_load(sc, like, e) < 0)
		return -1;
	open_paths(sc);
	for (size_t i = 0; i < sc->n_slots; i++)
		if (knowledge_patterns(k, sc->slots[i].capability, e) < 0)
			return -1;
	for (size_t i = 0; i < sc->n_slots; i++)
		if (slot_options(sc, &sc->slots[i], e) < 0)
			return -1;
	for (size_t i = 0; i < sc->n_slots; i++)
		if (sc->slots[i].n_options == 0 && sc->impossible.kind[0] == '\0')
			reason_set(&sc->impossible, "slot", "",
				(double)sc->slots[i].n_patterns,
				"none of %zu patterns can fill %s",
				sc->slots[i].n_patterns, sc->slots[i].name);
	sc->alone = sc->like == NULL;
	sc->like = NULL;
	return build_problem(sc, e);
}

void scenario_release(struct scenario *sc)
{
	for (size_t i = 0; i < sc->n_slots; i++) {
		for (size_t j = 0; j < sc->slots[i].n_options; j++)
			option_release(&sc->slots[i].options[j]);
		free(sc->slots[i].options);
		free(sc->slots[i].patterns);
		free(sc->slots[i].out);
		free(sc->slots[i].lacks);
	}
	for (size_t i = 0; i < sc->n_components; i++) {
		json_free(sc->components[i].params);
		json_free(sc->components[i].services);
		lines_release(&sc->components[i].lines);
	}
	json_free(sc->ctx);
	json_free(sc->assumptions);
	free(sc->differs);
	free(sc->s_slots);
	free(sc->s_options);
	memset(sc, 0, sizeof(*sc));
}
