/*
 * schema.h - JSON Schema 2020-12 validation (json-schema.org/draft/2020-12), and
 * draft 2019-09 and 07 for the published schemas that are written in them.
 *
 * The keyword table in schema_internal.h is the scope. A dialect or a required
 * vocabulary outside it, and a keyword whose argument has the wrong shape, are
 * refused when a schema is read; our own files (schema_load) may not even hold a
 * keyword that nobody knows, but for names that start with "x-". Formats are
 * annotations unless `assert_formats` is set.
 * Subschemas are prepared when a value first reaches them, so that opening a large
 * schema is quick. Thread safety: a schema belongs to one thread at a time.
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
struct schema *schema_new(
	const cJSON *document, const struct schema_options *opts, struct err *e);
void schema_free(struct schema *s); /* NULL is fine */

/* 0 when valid; -1 with ERR_INPUT and "/plan/bom/3/qty: is not a number" (the
 * deepest first failing place) in *e. `where` is put before the pointer. */
int schema_check(
	const struct schema *s, const cJSON *value, const char *where, struct err *e);

/* A schema from a file of share/schemas/, with $ref to sibling files resolved;
 * owns everything it loaded. */
struct schema *schema_load(const char *path, struct err *e);

#endif
