/* Constraints to slots: defaults, load, regions, what is open, paths, limits. */
#include "internal.h"

#include <math.h>
#include <string.h>

int list_has(const struct opt_list *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i], text) == 0)
			return 1;
	return 0;
}

double rounded(double v)
{
	double scale = fabs(v) >= 1 ? 1e6 : 1e9;

	return round(v * scale) / scale;
}

/* ---- constraints with nothing left out ---- */

static const char *const list_fields[] = { "regions", "data_residency", "workload_types",
	"use_cases", "storage_prefs", "observability_prefs", "existing_stack",
	"compliance", "exclusions" };
static const char *const number_fields[] = { "sla_latency_ms", "availability_target" };
static const char *const throughput_fields[] = { "requests_per_second",
	"events_per_second", "gb_per_day", "storage_gb", "documents", "users" };

static int fill_absent(cJSON *c, struct err *e)
{
	cJSON *throughput, *team;

	for (size_t i = 0; i < ARRAY_LEN(list_fields); i++)
		if (!json_is(json_get(c, list_fields[i]), JSON_ARRAY) &&
			json_add_array(c, list_fields[i], e) == NULL)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(number_fields); i++)
		if (!json_is(json_get(c, number_fields[i]), JSON_NUMBER) &&
			json_set_num(c, number_fields[i], 0, e) < 0)
			return -1;
	throughput = json_own(c, "throughput", e);
	team = json_own(c, "team_constraints", e);
	if (throughput == NULL || team == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(throughput_fields); i++)
		if (!json_has(throughput, throughput_fields[i]) &&
			json_set_num(throughput, throughput_fields[i], 0, e) < 0)
			return -1;
	for (size_t i = 0; i < 2; i++) {
		const char *name = i == 0 ? "languages" : "skills";

		if (!json_has(team, name) && json_add_array(team, name, e) == NULL)
			return -1;
	}
	return 0;
}

static int assume(struct scenario *sc, const char *id, const char *field,
	const cJSON *value, const cJSON *def, struct err *e)
{
	cJSON *a = json_push_object(sc->assumptions, e);

	if (a == NULL || json_set_str(a, "id", id, e) < 0 ||
		json_set_str(a, "field", field, e) < 0 ||
		json_set_copy(a, "value", value, e) < 0 ||
		json_set_str(a, "why", json_str_or(def, "why", ""), e) < 0 ||
		json_set_str(a, "effect", json_str_or(def, "effect", ""), e) < 0)
		return -1;
	return 0;
}

static int is_given(const cJSON *constraints, const char *field)
{
	const cJSON *v = json_at(constraints, field);

	return v != NULL && !json_is(v, JSON_NULL) &&
		!(json_is(v, JSON_ARRAY) && json_len(v) == 0);
}

static int apply_defaults(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	JSON_EACH (def, json_get(sc->k->slots, "defaults")) {
		const char *field = json_str_or(def, "field", "/");
		char id[80];
		cJSON *v;

		if (is_given(constraints, field))
			continue;
		v = logic_apply(NULL, json_get(def, "value"), sc->ctx, e);
		if (v == NULL) {
			err_where(e, "share/patterns/slots.json: default of %s", field);
			return -1;
		}
		snprintf(id, sizeof(id), "default.%s", field + 1);
		if (assume(sc, id, field, v, def, e) < 0) {
			json_free(v);
			return -1;
		}
		if (json_set(json_edit(sc->ctx, "/c"), field + 1, v, e) < 0)
			return -1;
	}
	return 0;
}

static int when_true(
	const struct scenario *sc, const cJSON *def, const char *member, int absent)
{
	struct err ignored = { 0 };
	const cJSON *rule = json_get(def, member);
	cJSON *v;
	int yes;

	if (rule == NULL)
		return absent;
	v = logic_apply(NULL, rule, sc->ctx, &ignored);
	yes = v != NULL && logic_truthy(v);
	json_free(v);
	return yes;
}

static int build_load(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	cJSON *load = json_edit(sc->ctx, "/load");

	JSON_EACH (def, json_get(sc->k->slots, "load")) {
		const char *id = json_str_or(def, "id", "?");
		const char *field = json_text(json_get(def, "field"));
		const cJSON *given = field == NULL ? NULL : json_at(constraints, field);
		char name[80], pointer[96];
		double v;

		if (json_is(given, JSON_NUMBER)) {
			if (json_set_num(load, id, json_number(given, 0), e) < 0)
				return -1;
			continue;
		}
		if (logic_number(NULL, json_get(def, "value"), sc->ctx, &v, e) < 0) {
			err_where(e, "share/patterns/slots.json: load.%s", id);
			return -1;
		}
		v = rounded(v);
		if (json_set_num(load, id, v, e) < 0)
			return -1;
		if (!json_has(def, "why") || v == 0 || !when_true(sc, def, "when", 1))
			continue;
		snprintf(name, sizeof(name), "load.%s", id);
		snprintf(pointer, sizeof(pointer), "/load/%s", id);
		if (assume(sc, name, field != NULL ? field : pointer, json_get(load, id),
			    def, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- regions ---- */

static void impossible(struct scenario *sc, const char *kind, const char *pointer,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void impossible(
	struct scenario *sc, const char *kind, const char *pointer, const char *fmt, ...)
{
	va_list ap;

	if (sc->impossible.kind[0] != '\0')
		return;
	snprintf(sc->impossible.kind, sizeof(sc->impossible.kind), "%s", kind);
	snprintf(sc->impossible.constraint, sizeof(sc->impossible.constraint), "%s",
		pointer);
	va_start(ap, fmt);
	vsnprintf(sc->impossible.text, sizeof(sc->impossible.text), fmt, ap);
	va_end(ap);
}

/* 1 if the region may hold the data; else 0, with what forbids it. */
static int region_allowed(
	const struct scenario *sc, const char *region, const char **pointer)
{
	const struct region_book *book = sc->k->regions;
	const struct region *place = region_by_code(book, region);
	const cJSON *residency = json_get(sc->c, "data_residency");
	int inside = json_len(residency) == 0;

	JSON_EACH (it, residency) {
		if (json_text(it) != NULL && region_within(book, place, json_text(it)))
			inside = 1;
	}
	*pointer = "/data_residency";
	if (!inside)
		return 0;
	*pointer = "/exclusions";
	JSON_EACH (it, json_get(sc->c, "exclusions")) {
		const char *x = json_text(it);

		if (x == NULL)
			continue;
		if (strcmp(x, region) == 0)
			return 0;
		if (strlen(x) == 2 && x[0] >= 'A' && x[0] <= 'Z' &&
			region_within(book, place, x))
			return 0;
	}
	*pointer = "/compliance";
	if (json_has_text(json_get(sc->c, "compliance"), "FedRAMP") &&
		!region_within(book, place, "US"))
		return 0;
	return 1;
}

static int choose_regions(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	const cJSON *named = json_get(constraints, "regions");
	int given = json_len(named) > 0;
	const cJSON *from =
		given ? named : json_get(json_get(sc->k->slots, "regions"), sc->k->cloud);
	const char *pointer = "/data_residency", *culprit = "";
	const struct region *place;
	size_t n = 0;

	JSON_EACH (it, from) {
		const char *region = json_text(it);

		if (region == NULL || n == (size_t)sc->copies)
			continue;
		place = region_by_code(sc->k->regions, region);
		if (place == NULL || strcmp(place->cloud, sc->k->cloud) != 0) {
			impossible(sc, "region", "/regions", "%s has no region '%s'",
				sc->k->cloud, region);
			return 0;
		}
		if (!region_allowed(sc, region, &pointer)) {
			culprit = region;
			continue;
		}
		snprintf(sc->region[n++], sizeof(sc->region[0]), "%s", region);
	}
	if (n == 0) {
		impossible(sc, "residency", pointer,
			given ? "'%s' lies outside what %s allows"
			      : "no known region%.0s is inside what %s allows",
			culprit, pointer);
		return 0;
	}
	if (n < (size_t)sc->copies) {
		impossible(sc, "availability", "/availability_target",
			"only %zu region is allowed, and the target needs a second", n);
		return 0;
	}
	if (!given) {
		cJSON *list = json_new_array(e), *def = json_new_object(e);
		int ret = -1;

		for (size_t i = 0; list != NULL && i < n; i++)
			if (json_push_str(list, sc->region[i], e) < 0)
				goto out;
		if (list == NULL || def == NULL ||
			json_set_str(def, "why",
				json_len(json_get(sc->c, "data_residency")) > 0
					? "no region was named: the first in order of "
					  "price inside the residency"
					: "no region was named: the first in order of "
					  "price",
				e) < 0 ||
			json_set_str(def, "effect",
				"prices, latency to users and jurisdiction", e) < 0 ||
			assume(sc, "default.regions", "/regions", list, def, e) < 0)
			goto out;
		ret = 0;
	out:
		json_free(list);
		json_free(def);
		return ret;
	}
	return 0;
}

static int build_plan_facts(struct scenario *sc, struct err *e)
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
		s->copies = 1;
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

/* ---- the solver's problem ---- */

static int64_t micro(pico_usd p)
{
	return pico_to_micro(p);
}

static void fill_legs(const struct scenario *sc, const struct slot *s,
	const struct option *o, struct solver_option *to)
{
	for (size_t i = 0; i < sc->n_paths; i++) {
		if ((s->paths >> i & 1) == 0)
			continue;
		for (size_t h = 0; h < o->n_hops; h++) {
			double d = hop_percentile_ms(&o->hops[h], sc->percentile) -
				o->hops[h].p50_ms;

			to->leg[i].p50_ms += o->hops[h].p50_ms;
			to->leg[i].spread2 += d * d;
		}
		to->leg[i].loss = -log(o->availability_pct / 100);
		if (o->unpublished[0] != '\0')
			to->unknown |= 1u << i;
	}
}

static int build_problem(struct scenario *sc, struct err *e)
{
	struct solver_problem *p = &sc->problem;
	const cJSON *budget = json_get(sc->c, "budget_band");
	double latency = json_num_or(sc->c, "sla_latency_ms", 0);
	double target = json_num_or(sc->c, "availability_target", 0);
	double max_usd = json_num_or(budget, "max_usd", -1); /* 0 is a budget, too */
	size_t total = 0;

	for (size_t i = 0; i < sc->n_slots; i++)
		total += sc->slots[i].n_options;
	sc->s_slots = calloc(sc->n_slots + 1, sizeof(*sc->s_slots));
	sc->s_options = calloc(total + 1, sizeof(*sc->s_options));
	if (sc->s_slots == NULL || sc->s_options == NULL)
		return err_no_memory(e);
	total = 0;
	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct slot *s = &sc->slots[i];

		sc->s_slots[i] =
			(struct solver_slot){ sc->s_options + total, s->n_options };
		for (size_t j = 0; j < s->n_options; j++) {
			const struct option *o = &s->options[j];
			struct solver_option *to = &sc->s_options[total++];

			to->group = (int)o->pattern_index;
			to->micro_usd = micro(o->cost);
			to->penalty = o->penalty;
			to->burden = (int32_t)json_num_or(o->pattern->json, "burden", 3);
			to->requires = o->requires;
			to->provides = o->provides;
			to->components = o->components;
			fill_legs(sc, s, o, to);
		}
	}
	for (size_t i = 0; i < sc->n_components; i++) {
		const struct component *from = &sc->components[i];

		sc->s_components[i] = (struct solver_component){
			.micro_usd = micro(from->cost),
			.burden = from->endpoint != NULL
				? 0
				: (int32_t)json_num_or(from->pattern->json, "burden", 1),
			.requires = from->requires,
			.provides = from->provides,
		};
	}
	*p = (struct solver_problem){
		.slots = sc->s_slots,
		.n_slots = sc->n_slots,
		.components = sc->s_components,
		.n_components = sc->n_components,
		.n_paths = sc->n_paths,
		.budget_micro_usd = INT64_MAX,
		.soft_budget_micro_usd = INT64_MAX,
	};
	for (size_t i = 0; i < sc->n_paths; i++) {
		int limited = sc->paths[i].limits_latency && latency > 0;

		p->path[i].latency_max_ms = limited ? latency : INFINITY;
		limited = sc->paths[i].limits_availability && target > 0;
		p->path[i].loss_max = limited
			? -log(availability_needed(target, sc->copies) / 100)
			: INFINITY;
	}
	if (max_usd >= 0 && json_bool_or(budget, "hard", 0)) {
		p->budget_micro_usd = (int64_t)llround(max_usd * 1e6);
	} else if (max_usd >= 0) {
		p->soft_budget_micro_usd = (int64_t)llround(max_usd * 1e6);
		p->soft_budget_penalty = (int32_t)json_number(
			json_at(sc->k->slots, "/weights/budget"), 1000);
	}
	return 0;
}

int scenario_init(struct scenario *sc, struct knowledge *k, const cJSON *constraints,
	int copies, struct err *e)
{
	cJSON *c;

	memset(sc, 0, sizeof(*sc));
	sc->k = k;
	sc->copies = copies;
	sc->ctx = json_new_object(e);
	sc->assumptions = json_new_array(e);
	sc->questions = json_new_array(e);
	if (sc->ctx == NULL || sc->assumptions == NULL || sc->questions == NULL)
		return -1;
	c = constraints == NULL ? json_new_object(e) : json_copy(constraints, e);
	if (json_set(sc->ctx, "c", c, e) < 0 ||
		json_add_object(sc->ctx, "load", e) == NULL ||
		json_add_object(sc->ctx, "plan", e) == NULL ||
		json_add_object(sc->ctx, "p", e) == NULL)
		return -1;
	sc->c = json_edit(sc->ctx, "/c");
	sc->percentile = json_num_or(sc->c, "sla_latency_percentile", 95);
	if (fill_absent(sc->c, e) < 0 || apply_defaults(sc, constraints, e) < 0 ||
		choose_regions(sc, constraints, e) < 0)
		return -1;
	if (sc->impossible.kind[0] != '\0')
		return 0;
	if (build_plan_facts(sc, e) < 0 || build_load(sc, constraints, e) < 0 ||
		build_plan_facts(sc, e) < 0 || open_slots(sc, e) < 0)
		return -1;
	open_paths(sc);
	for (size_t i = 0; i < sc->n_slots; i++) {
		if (patterns_load(&k->patterns, k->env, sc->slots[i].capability, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < sc->n_slots; i++)
		if (slot_options(sc, &sc->slots[i], e) < 0)
			return -1;
	for (size_t i = 0; i < sc->n_slots; i++)
		if (sc->slots[i].n_options == 0)
			impossible(sc, "slot", "", "no pattern can fill %s",
				sc->slots[i].name);
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
	}
	for (size_t i = 0; i < sc->n_components; i++) {
		json_free(sc->components[i].params);
		json_free(sc->components[i].services);
		lines_release(&sc->components[i].lines);
	}
	json_free(sc->ctx);
	json_free(sc->assumptions);
	json_free(sc->questions);
	free(sc->s_slots);
	free(sc->s_options);
	memset(sc, 0, sizeof(*sc));
}
