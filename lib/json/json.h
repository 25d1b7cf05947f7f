/*
 * json.h - everything the project does to JSON values, over cJSON's tree.
 *
 * Only this room reads cJSON's fields, parses and prints: cJSON ignores case in
 * names and text after the value, cuts strings at \u0000 and numbers at 63
 * characters, and prints 15 digits. Outside, a `const cJSON *` is opaque.
 *
 * Getters take NULL for "not there" and answer as for a missing member, so
 * look-ups chain. A getter that takes `struct err *` reports ERR_INPUT with the
 * member's name; the caller adds where with err_where.
 * Ownership: values returned as const are borrowed from the tree; json_set and
 * json_push take over what they are given, also when they fail.
 * Thread safety: reentrant; a tree belongs to one thread at a time.
 */
#ifndef MLOPS_JSON_H
#define MLOPS_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

#define JSON_DEPTH_MAX 512

enum json_rules {
	JSON_STRICT, /* I-JSON (RFC 7493): valid UTF-8, no duplicate names, no \u0000, no lone
	              * surrogates, no integer past 2^53-1, no number beyond a double */
	JSON_PLAIN, /* RFC 8259 for foreign documents: the last duplicate counts, long
	              * integers round to a double, \u0000 is kept as the bytes C0 80 (and
	              * printed as \u0000 again); still no invalid UTF-8 */
};

/* Exactly one value with optional white space around it. NULL with "byte N: ..."
 * (ERR_INPUT) in *e. The caller frees with json_free. */
cJSON *json_parse(const char *text, size_t len, enum json_rules rules, struct err *e);

/* Reads a strict JSON file of at most max bytes; messages start with the path. */
cJSON *json_parse_file(const char *path, size_t max, struct err *e);

void json_free(cJSON *value); /* NULL is fine */

enum json_layout { JSON_COMPACT, JSON_PRETTY };

/* Appends the value, members in their order, numbers as in RFC 8785. Pretty is
 * two spaces a level. No trailing newline. Ask buf_ok. */
void json_print(const cJSON *value, enum json_layout layout, struct buf *out);

/* RFC 8785 canonical form: members sorted by UTF-16 code units. */
int json_canonical(const cJSON *value, struct buf *out, struct err *e);

/* Appends the shortest text that reads back as the same double (ECMAScript
 * Number::toString); NaN and infinities have none and are refused: -1. */
int json_print_number(double d, struct buf *out);

/* Appends a JSON string: quoted, with the escapes of RFC 8785. */
void json_print_string(const char *s, struct buf *out);

/* SHA-256 of the canonical form, lower-case hex. */
int json_digest(const cJSON *value, char out[DIGEST_HEX_MAX], struct err *e);

/* ---- looking ---- */

enum json_type {
	JSON_NONE,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

enum json_type json_type(const cJSON *v);     /* JSON_NONE for NULL */
const char *json_type_name(enum json_type t); /* "an object", "nothing", ... */
int json_is(const cJSON *v, enum json_type t);

const cJSON *json_get(
	const cJSON *obj, const char *key); /* exact case; NULL if not there */
const cJSON *json_at(
	const cJSON *root, const char *pointer); /* RFC 6901; NULL if not there */
int json_has(const cJSON *obj, const char *key);

size_t json_len(const cJSON *v); /* members or items; 0 for anything else */
const cJSON *json_item(const cJSON *arr, size_t i); /* linear in i; prefer JSON_EACH */
const char *json_key(
	const cJSON *member);            /* the member's name; NULL for an array's item */
const cJSON *json_first(const cJSON *v); /* first member or item, or NULL */
const cJSON *json_last(const cJSON *container); /* NULL when empty */
const cJSON *json_next(const cJSON *v);
#define JSON_EACH(it, container) \
	for (const cJSON *it = json_first(container); it != NULL; it = json_next(it))

const char *json_text(const cJSON *v); /* a string's text, else NULL */
double json_number(const cJSON *v, double otherwise);
int json_true(const cJSON *v); /* 1 only for true */

/* Members with a fallback when absent or of another type. */
const char *json_str_or(const cJSON *obj, const char *key, const char *otherwise);
double json_num_or(const cJSON *obj, const char *key, double otherwise);
int json_bool_or(const cJSON *obj, const char *key, int otherwise);

/* Members that must be there: 0, or -1 with "'region' is missing" / "is not a string". */
int json_str(const cJSON *obj, const char *key, const char **out, struct err *e);
int json_num(const cJSON *obj, const char *key, double *out, struct err *e);
int json_int(const cJSON *obj, const char *key, int64_t *out, struct err *e);
int json_arr(const cJSON *obj, const char *key, const cJSON **out, struct err *e);
int json_obj(const cJSON *obj, const char *key, const cJSON **out, struct err *e);

int json_equal(const cJSON *a,
	const cJSON *b); /* member order does not count; NULL equals NULL */
int json_has_text(const cJSON *arr, const char *text); /* 1 if an item is this string */

/* ---- building: NULL or -1 is out of memory ---- */

cJSON *json_new_object(struct err *e);
cJSON *json_new_array(struct err *e);
cJSON *json_new_str(const char *s, struct err *e);
cJSON *json_new_num(double d, struct err *e);
cJSON *json_new_bool(int b, struct err *e);
cJSON *json_new_null(struct err *e);
cJSON *json_copy(const cJSON *v, struct err *e);

/* Adds or replaces (in place) a member; takes `value` over, also on failure. A
 * NULL value is taken as an earlier failure: -1. */
int json_set(cJSON *obj, const char *key, cJSON *value, struct err *e);
int json_set_str(
	cJSON *obj, const char *key, const char *s, struct err *e); /* NULL: null */
int json_set_num(cJSON *obj, const char *key, double d, struct err *e);
int json_set_int(cJSON *obj, const char *key, int64_t i, struct err *e);
int json_set_bool(cJSON *obj, const char *key, int b, struct err *e);
int json_set_null(cJSON *obj, const char *key, struct err *e);
int json_set_copy(cJSON *obj, const char *key, const cJSON *v, struct err *e);
/* A member that shares v's content: v must outlive obj and stay unchanged. */
int json_set_view(cJSON *obj, const char *key, const cJSON *v, struct err *e);
int json_setf(cJSON *obj, const char *key, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
cJSON *json_add_object(
	cJSON *obj, const char *key, struct err *e); /* borrowed; replaces */
cJSON *json_add_array(cJSON *obj, const char *key, struct err *e);
cJSON *json_own(cJSON *obj, const char *key,
	struct err *e); /* the member, made {} if not there */

int json_push(cJSON *arr, cJSON *value, struct err *e);
int json_push_str(cJSON *arr, const char *s, struct err *e);
int json_push_strf(cJSON *arr, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int json_push_num(cJSON *arr, double d, struct err *e);
int json_push_copy(cJSON *arr, const cJSON *v, struct err *e);
/* An item that shares v's content: v must outlive arr and stay unchanged. */
int json_push_view(cJSON *arr, const cJSON *v, struct err *e);
/* 1 for a node that a view made: it owns nothing and ends with what it shows. */
int json_is_view(const cJSON *v);
cJSON *json_push_object(cJSON *arr, struct err *e); /* borrowed */

cJSON *json_take_first(cJSON *container);     /* the caller owns it; NULL when empty */
int json_remove(cJSON *obj, const char *key); /* 1 if it was there */
cJSON *json_detach(
	cJSON *obj, const char *key); /* the caller owns it; NULL if not there */
cJSON *json_edit(cJSON *root, const char *pointer); /* json_at for a tree one owns */

/* Appends an escaped reference token to a JSON Pointer: "~" -> "~0", "/" -> "~1". */
void json_pointer_add(struct buf *pointer, const char *token);

/* ---- money: integers of 10^-6 USD in the code, decimal numbers in JSON ---- */

int json_usd(const cJSON *obj, const char *key, int64_t *micro_usd, struct err *e);
int json_set_usd(cJSON *obj, const char *key, int64_t micro_usd, struct err *e);

#include "patch.h"
#include "schema.h"
#include "logic.h"

#endif
