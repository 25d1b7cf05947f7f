/* share/openapi.json, filled with the schemas of share/schemas; what a body must be. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define DOCUMENT_MAX ((size_t)8 << 20)
#define WHERE        "#/components/schemas/"

/* "#/$defs/x" of a schema that stands alone is inside a component now. */
static int point_inside(cJSON *schema, const char *name, struct err *e)
{
	const char *ref = json_text(json_get(schema, "$ref"));

	json_remove(schema, "$id");
	json_remove(schema, "$schema");
	if (ref != NULL && ref[0] == '#' &&
		json_setf(schema, "$ref", e, WHERE "%s%s", name, ref + 1) < 0)
		return -1;
	JSON_EACH (m, schema)
		if ((json_is(m, JSON_OBJECT) || json_is(m, JSON_ARRAY)) &&
			point_inside((cJSON *)(uintptr_t)m, name, e) < 0)
			return -1;
	return 0;
}

static cJSON *read_share(struct service *s, const char *name, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	cJSON *doc = NULL;

	buf_addf(&path, "%s/%s", s->env.share, name);
	if (buf_ok(&path, e) == 0)
		doc = json_parse_file(path.ptr, DOCUMENT_MAX, e);
	if (doc == NULL)
		e->code = ERR_CONFIG;
	buf_release(&path);
	return doc;
}

/* {"x-file": NAME} becomes the schema of that file. */
static int fill(struct service *s, cJSON *schemas, const char *name, const char *file,
	struct err *e)
{
	char path[256];
	cJSON *schema;

	snprintf(path, sizeof(path), "schemas/%s", file);
	schema = read_share(s, path, e);
	if (schema == NULL)
		return -1;
	if (point_inside(schema, name, e) < 0) {
		json_free(schema);
		return -1;
	}
	return json_set(schemas, name, schema, e);
}

static int fill_all(struct service *s, struct err *e)
{
	cJSON *schemas = json_edit(s->openapi, "/components/schemas");
	cJSON *info = json_edit(s->openapi, "/info"), *names = json_new_object(e);
	int ret = schemas == NULL || info == NULL || names == NULL ? -1 : 0;

	JSON_EACH (m, schemas)
		if (ret == 0 && json_text(json_get(m, "x-file")) != NULL)
			ret = json_set_str(
				names, json_key(m), json_text(json_get(m, "x-file")), e);
	JSON_EACH (n, names)
		if (ret == 0)
			ret = fill(s, schemas, json_key(n), json_text(n), e);
	if (ret == 0)
		ret = json_set_str(info, "version", MLOPS_VERSION, e);
	json_free(names);
	return ret;
}

/* The name of the schema that a body of this operation must fit, or NULL. */
static const char *body_schema(const struct service *s, const char *operation)
{
	JSON_EACH (path, json_get(s->openapi, "paths"))
		JSON_EACH (op, path) {
			const char *ref = json_text(json_at(op,
				"/requestBody/content/application~1json/schema/$ref"));

			if (ref != NULL &&
				strcmp(json_str_or(op, "operationId", ""), operation) ==
					0)
				return ref;
		}
	return NULL;
}

/* A schema that is a reference into the whole document's components. */
static int make_schema(struct service *s, size_t i, struct err *e)
{
	const char *ref = body_schema(s, routes[i].operation);
	cJSON *wrapper;

	if (ref == NULL)
		return 0;
	wrapper = json_add_object(s->wrappers, routes[i].operation, e);
	if (wrapper == NULL || json_set_str(wrapper, "$ref", ref, e) < 0 ||
		json_set_view(
			wrapper, "components", json_get(s->openapi, "components"), e) < 0)
		return -1;
	s->schemas[i] = schema_new(wrapper, NULL, e);
	return s->schemas[i] == NULL ? -1 : 0;
}

int openapi_load(struct service *s, struct err *e)
{
	buf_init(&s->openapi_text, DOCUMENT_MAX);
	s->openapi = read_share(s, "openapi.json", e);
	s->wrappers = json_new_object(e);
	if (s->openapi == NULL || s->wrappers == NULL || fill_all(s, e) < 0)
		return -1;
	for (size_t i = 0; routes[i].method != NULL; i++)
		if (i >= ARRAY_LEN(s->schemas) || make_schema(s, i, e) < 0)
			return -1;
	json_print(s->openapi, JSON_COMPACT, &s->openapi_text);
	return buf_ok(&s->openapi_text, e);
}

void openapi_release(struct service *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->schemas); i++)
		schema_free(s->schemas[i]);
	json_free(s->wrappers);
	json_free(s->openapi);
	buf_release(&s->openapi_text);
}

int openapi_check_body(
	struct service *s, const char *operation, const cJSON *body, struct err *e)
{
	int ret = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; routes[i].method != NULL; i++)
		if (s->schemas[i] != NULL && strcmp(routes[i].operation, operation) == 0)
			ret = schema_check(s->schemas[i], body, "body", e);
	pthread_mutex_unlock(&s->lock);
	return ret;
}
