#include "fit.h"

#include <string.h>

struct fitting {
	const cJSON *subset;
	int require_all;
};

static cJSON *fit(const struct fitting *f, const cJSON *schema, struct err *e);

static int is_required(const cJSON *schema, const char *name)
{
	return json_has_text(json_get(schema, "required"), name);
}

/* {"anyOf": [schema, {"type": "null"}]}; takes `s` over. */
static cJSON *or_null(cJSON *s, struct err *e)
{
	cJSON *out = json_new_object(e);
	cJSON *list = out == NULL ? NULL : json_add_array(out, "anyOf", e), *null;

	if (list == NULL || json_push(list, s, e) < 0) {
		if (list == NULL)
			json_free(s);
		json_free(out);
		return NULL;
	}
	null = json_push_object(list, e);
	if (null == NULL || json_set_str(null, "type", "null", e) < 0) {
		json_free(out);
		return NULL;
	}
	return out;
}

static int fit_properties(
	const struct fitting *f, const cJSON *schema, cJSON *out, struct err *e)
{
	cJSON *props = json_add_object(out, "properties", e);
	cJSON *required = props == NULL ? NULL : json_add_array(out, "required", e);

	if (required == NULL)
		return -1;
	JSON_EACH (m, json_get(schema, "properties")) {
		int needed = is_required(schema, json_key(m));
		cJSON *s = fit(f, m, e);

		if (s != NULL && !needed && f->require_all)
			s = or_null(s, e);
		if (s == NULL || json_set(props, json_key(m), s, e) < 0)
			return -1;
		if ((needed || f->require_all) &&
			json_push_str(required, json_key(m), e) < 0)
			return -1;
	}
	return json_set_bool(out, "additionalProperties", 0, e);
}

static int fit_list(const struct fitting *f, const cJSON *list, cJSON *out,
	const char *key, struct err *e)
{
	cJSON *to = json_add_array(out, key, e);

	JSON_EACH (it, list)
		if (to == NULL || json_push(to, fit(f, it, e), e) < 0)
			return -1;
	return to == NULL ? -1 : 0;
}

static int fit_map(const struct fitting *f, const cJSON *map, cJSON *out, const char *key,
	struct err *e)
{
	cJSON *to = json_add_object(out, key, e);

	JSON_EACH (m, map)
		if (to == NULL || json_set(to, json_key(m), fit(f, m, e), e) < 0)
			return -1;
	return to == NULL ? -1 : 0;
}

static int fit_member(const struct fitting *f, const cJSON *schema, const cJSON *m,
	cJSON *out, struct err *e)
{
	const char *key = json_key(m);

	if (strcmp(key, "properties") == 0)
		return fit_properties(f, schema, out, e);
	if (strcmp(key, "required") == 0 || strcmp(key, "additionalProperties") == 0)
		return 0; /* with the properties */
	if (!json_has_text(json_get(f->subset, "keeps"), key))
		return 0;
	if (strcmp(key, "format") == 0 &&
		!json_has_text(json_get(f->subset, "formats"), json_text(m)))
		return 0;
	if (strcmp(key, "items") == 0)
		return json_set(out, key, fit(f, m, e), e);
	if (strcmp(key, "anyOf") == 0 || strcmp(key, "allOf") == 0)
		return fit_list(f, m, out, key, e);
	if (strcmp(key, "$defs") == 0)
		return fit_map(f, m, out, key, e);
	return json_set_copy(out, key, m, e);
}

static cJSON *fit(const struct fitting *f, const cJSON *schema, struct err *e)
{
	cJSON *out = json_new_object(e);

	JSON_EACH (m, schema)
		if (out == NULL || fit_member(f, schema, m, out, e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

cJSON *fit_schema(const cJSON *schema, const cJSON *subset, struct err *e)
{
	struct fitting f = { subset, json_bool_or(subset, "require_all", 0) };

	return fit(&f, schema, e);
}

/* ---- back ---- */

static const cJSON *follow(const cJSON *root, const cJSON *schema)
{
	for (int i = 0; i < 16; i++) {
		const char *ref = json_str_or(schema, "$ref", NULL);

		if (ref == NULL || ref[0] != '#')
			break;
		schema = json_at(root, ref + 1);
	}
	return schema;
}

static int takes_null(const cJSON *root, const cJSON *schema)
{
	const cJSON *type = json_get(schema, "type");

	if (json_has_text(type, "null") ||
		(json_text(type) != NULL && strcmp(json_text(type), "null") == 0))
		return 1;
	JSON_EACH (it, json_get(schema, "enum"))
		if (json_is(it, JSON_NULL))
			return 1;
	JSON_EACH (it, json_get(schema, "anyOf"))
		if (takes_null(root, follow(root, it)))
			return 1;
	return 0;
}

static void unfit(const cJSON *root, const cJSON *schema, cJSON *value, int depth)
{
	const cJSON *next;

	schema = follow(root, schema);
	if (depth > JSON_DEPTH_MAX || schema == NULL)
		return;
	for (const cJSON *m = json_first(value); m != NULL; m = next) {
		const char *key = json_key(m);
		const cJSON *sub = json_is(value, JSON_OBJECT)
			? json_get(json_get(schema, "properties"), key)
			: json_get(schema, "items");

		next = json_next(m);
		if (sub == NULL)
			continue;
		if (json_is(value, JSON_OBJECT) && json_is(m, JSON_NULL) &&
			!is_required(schema, key) && !takes_null(root, follow(root, sub)))
			json_remove(value, key);
		else
			unfit(root, sub, (cJSON *)(uintptr_t)m, depth + 1);
	}
}

void unfit_value(const cJSON *schema, cJSON *value)
{
	unfit(schema, schema, value, 0);
}
