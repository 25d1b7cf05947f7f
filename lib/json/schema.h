/*
 * schema.h - JSON Schema 2020-12 validation (json-schema.org/draft/2020-12).
 *
 * Keywords outside the stated scope are refused when the schema is compiled,
 * never ignored. Formats are annotations unless `assert_formats` is set.
 * Thread safety: a compiled schema is read-only and may be shared.
 */
#ifndef MLOPS_JSON_SCHEMA_H
#define MLOPS_JSON_SCHEMA_H

#include <cjson/cJSON.h>

#include "base/err.h"

struct schema;

struct schema_options {
	int assert_formats;
	/* Answers a document for an absolute URI, or NULL; borrowed, must live as long as
	 * the schema. May be NULL: then only references inside the document resolve. */
	const cJSON *(*find)(void *arg, const char *uri);
	void *arg;
};

/* `document` is borrowed and must outlive the schema. NULL with *e filled. */
struct schema *schema_new(const cJSON *document, const struct schema_options *opts,
	struct err *e);
void schema_free(struct schema *s); /* NULL is fine */

/* 0 when valid; -1 with ERR_INPUT and "/plan/bom/3/qty: is not a number" (the
 * deepest first failing place) in *e. `where` is put before the pointer. */
int schema_check(const struct schema *s, const cJSON *value, const char *where, struct err *e);

/* A schema from a file of share/schemas/, with $ref to sibling files resolved;
 * owns everything it loaded. */
struct schema *schema_load(const char *path, struct err *e);

#endif
