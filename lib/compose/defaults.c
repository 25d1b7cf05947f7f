/* Constraints with nothing left out, each default an assumption; the load. */
#include "internal.h"

#include <math.h>
#include <string.h>

double rounded(double v)
{
	double scale = fabs(v) >= 1 ? 1e6 : 1e9;

	return round(v * scale) / scale;
}

static const char *const list_fields[] = { "regions", "data_residency", "workload_types",
	"use_cases", "storage_prefs", "observability_prefs", "existing_stack",
	"compliance", "exclusions" };
static const char *const number_fields[] = { "sla_latency_ms", "availability_target" };
static const char *const throughput_fields[] = { "requests_per_second",
	"events_per_second", "gb_per_day", "storage_gb", "documents", "users" };

int fill_absent(cJSON *c, struct err *e)
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

int assume(struct scenario *sc, const char *id, const char *field, const cJSON *value,
	const cJSON *def, struct err *e)
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

int apply_defaults(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	JSON_EACH (def, json_get(sc->k->slots, "defaults")) {
		const char *field = json_str_or(def, "field", "/");
		int limit = !json_has(def, "value"); /* none is kept */
		char id[80];
		cJSON *v;

		if (is_given(constraints, field) || !when_true(sc, def, "when", 1))
			continue;
		v = limit ? json_new_str("none", e)
			  : logic_apply(NULL, json_get(def, "value"), sc->ctx, e);
		if (v == NULL) {
			err_where(e, "share/patterns/slots.json: default of %s", field);
			return -1;
		}
		snprintf(id, sizeof(id), "default.%s", field + 1);
		if (assume(sc, id, field, v, def, e) < 0) {
			json_free(v);
			return -1;
		}
		if (limit)
			json_free(v);
		else if (json_set(json_edit(sc->ctx, "/c"), field + 1, v, e) < 0)
			return -1;
	}
	return 0;
}

int when_true(const struct scenario *sc, const cJSON *def, const char *member, int absent)
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

/* Formulas look at what is stated of a volume, too. */
static int state_varied(struct scenario *sc, struct err *e)
{
	static const char at[] = "/throughput/";
	cJSON *stated = json_edit(sc->ctx, "/c/throughput");

	JSON_EACH (def, json_get(sc->k->slots, "load")) {
		const char *field = json_str_or(def, "field", "");

		if (strcmp(json_str_or(def, "id", ""), sc->k->varied) == 0 &&
			strncmp(field, at, sizeof(at) - 1) == 0)
			return json_set_num(
				stated, field + sizeof(at) - 1, sc->k->varied_to, e);
	}
	return 0;
}

int build_load(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	cJSON *load = json_edit(sc->ctx, "/load");

	if (sc->k->varied != NULL && state_varied(sc, e) < 0)
		return -1;
	JSON_EACH (def, json_get(sc->k->slots, "load")) {
		const char *id = json_str_or(def, "id", "?");
		const char *field = json_text(json_get(def, "field"));
		const cJSON *given = field == NULL ? NULL : json_at(constraints, field);
		char name[80], pointer[96];
		double v;

		if (sc->k->varied != NULL && strcmp(sc->k->varied, id) == 0) {
			if (json_set_num(load, id, sc->k->varied_to, e) < 0)
				return -1;
			continue;
		}
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
