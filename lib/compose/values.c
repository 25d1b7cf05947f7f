/* Formulas and constants of patterns, evaluated for one scenario. */
#include "internal.h"

#include <string.h>

/* A new value of a formula or constant. */
cJSON *value_of(const struct scenario *sc, const cJSON *rule, struct err *e)
{
	if (json_type(rule) == JSON_OBJECT)
		return logic_apply(NULL, rule, sc->ctx, e);
	return json_copy(rule, e);
}

int number_of(const struct scenario *sc, const cJSON *rule, double *out, struct err *e)
{
	if (json_type(rule) == JSON_NUMBER) {
		*out = json_number(rule, 0);
		return 0;
	}
	return logic_number(NULL, rule, sc->ctx, out, e);
}

int text_of(const struct scenario *sc, const cJSON *rule, char *out, size_t max,
	struct err *e)
{
	cJSON *v = value_of(sc, rule, e);
	int ret = 0;

	if (v == NULL)
		return -1;
	if (json_text(v) == NULL)
		ret = err_set(e, ERR_CONFIG, "not a text");
	else
		snprintf(out, max, "%s", json_text(v));
	json_free(v);
	return ret;
}

int truth_of(const struct scenario *sc, const cJSON *rule, int absent)
{
	struct err ignored = { 0 };
	cJSON *v;
	int yes;

	if (rule == NULL)
		return absent;
	v = value_of(sc, rule, &ignored);
	yes = v != NULL && logic_truthy(v);
	json_free(v);
	return yes;
}

/* The name in a list item that is "x", {"id":"x","when":…} or a formula; 0 if the
 * item does not apply. */
int named_item(const struct scenario *sc, const cJSON *item, char *out, size_t max)
{
	struct err ignored = { 0 };

	if (json_text(item) != NULL) {
		snprintf(out, max, "%s", json_text(item));
		return 1;
	}
	if (json_has(item, "id")) {
		snprintf(out, max, "%s", json_str_or(item, "id", ""));
		return truth_of(sc, json_get(item, "when"), 1);
	}
	return text_of(sc, item, out, max, &ignored) == 0;
}

/* The services of a pattern that apply with the parameters in hand: a new array. */
cJSON *services_that_apply(
	const struct scenario *sc, const struct pattern *p, struct err *e)
{
	cJSON *list = json_new_array(e);

	JSON_EACH (it, json_get(p->json, "services")) {
		char id[96];

		if (list != NULL && named_item(sc, it, id, sizeof(id)) &&
			json_push_str(list, id, e) < 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}
