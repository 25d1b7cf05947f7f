/* Looking into trees and building them. */
#include "json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum json_type json_type(const cJSON *v)
{
	if (v == NULL)
		return JSON_NONE;
	switch (v->type & 0xFF) {
	case cJSON_False:
	case cJSON_True:
		return JSON_BOOL;
	case cJSON_Number:
		return JSON_NUMBER;
	case cJSON_String:
		return JSON_STRING;
	case cJSON_Array:
		return JSON_ARRAY;
	case cJSON_Object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

const char *json_type_name(enum json_type t)
{
	static const char *const names[] = { "nothing", "null", "a boolean", "a number",
		"a string", "an array", "an object" };

	return names[t];
}

int json_is(const cJSON *v, enum json_type t)
{
	return json_type(v) == t;
}

const cJSON *json_get(const cJSON *obj, const char *key)
{
	if (!json_is(obj, JSON_OBJECT))
		return NULL;
	for (const cJSON *m = obj->child; m != NULL; m = m->next)
		if (m->string[0] == key[0] && strcmp(m->string, key) == 0)
			return m;
	return NULL;
}

int json_has(const cJSON *obj, const char *key)
{
	return json_get(obj, key) != NULL;
}

/* One reference token, unescaped; -1 for a bad escape or no memory. */
static int token(const char **p, struct buf *out)
{
	buf_reset(out);
	for (; **p != '\0' && **p != '/'; (*p)++) {
		if (**p != '~') {
			buf_add_char(out, **p);
			continue;
		}
		(*p)++;
		if (**p != '0' && **p != '1')
			return -1;
		buf_add_char(out, **p == '0' ? '~' : '/');
	}
	return out->failed ? -1 : 0;
}

static const cJSON *step(const cJSON *v, const char *tok)
{
	size_t n = strlen(tok);

	if (json_is(v, JSON_OBJECT))
		return json_get(v, tok);
	if (!json_is(v, JSON_ARRAY) || n == 0 || n > 9 ||
		strspn(tok, "0123456789") != n || (tok[0] == '0' && n > 1))
		return NULL;
	return json_item(v, (size_t)strtoul(tok, NULL, 10));
}

const cJSON *json_at(const cJSON *root, const char *pointer)
{
	struct buf tok = BUF_INIT(BUF_NO_LIMIT);
	const char *p = pointer;

	while (root != NULL && *p != '\0') {
		if (*p++ != '/' || token(&p, &tok) < 0)
			root = NULL;
		else
			root = step(root, tok.ptr);
	}
	buf_release(&tok);
	return root;
}

cJSON *json_edit(cJSON *root, const char *pointer)
{
	return (cJSON *)(uintptr_t)json_at(root, pointer);
}

void json_pointer_add(struct buf *pointer, const char *tok)
{
	buf_add_char(pointer, '/');
	for (; *tok != '\0'; tok++) {
		if (*tok == '~')
			buf_add_str(pointer, "~0");
		else if (*tok == '/')
			buf_add_str(pointer, "~1");
		else
			buf_add_char(pointer, *tok);
	}
}

const cJSON *json_last(const cJSON *container)
{
	/* cJSON keeps the last child behind the first one. */
	return container == NULL || container->child == NULL ? NULL
							     : container->child->prev;
}

const cJSON *json_first(const cJSON *v)
{
	return json_is(v, JSON_ARRAY) || json_is(v, JSON_OBJECT) ? v->child : NULL;
}

const cJSON *json_next(const cJSON *v)
{
	return v->next;
}

size_t json_len(const cJSON *v)
{
	size_t n = 0;

	JSON_EACH (it, v)
		n++;
	return n;
}

const cJSON *json_item(const cJSON *arr, size_t i)
{
	JSON_EACH (it, arr)
		if (i-- == 0)
			return it;
	return NULL;
}

const char *json_key(const cJSON *member)
{
	return member == NULL ? NULL : member->string;
}

const char *json_text(const cJSON *v)
{
	return json_is(v, JSON_STRING) ? v->valuestring : NULL;
}

double json_number(const cJSON *v, double otherwise)
{
	return json_is(v, JSON_NUMBER) ? v->valuedouble : otherwise;
}

int json_true(const cJSON *v)
{
	return v != NULL && (v->type & 0xFF) == cJSON_True;
}

const char *json_str_or(const cJSON *obj, const char *key, const char *otherwise)
{
	const char *s = json_text(json_get(obj, key));

	return s != NULL ? s : otherwise;
}

double json_num_or(const cJSON *obj, const char *key, double otherwise)
{
	return json_number(json_get(obj, key), otherwise);
}

int json_bool_or(const cJSON *obj, const char *key, int otherwise)
{
	const cJSON *v = json_get(obj, key);

	return json_is(v, JSON_BOOL) ? json_true(v) : otherwise;
}

/* The member, of the wanted type, or NULL with *e filled. */
static const cJSON *need(
	const cJSON *obj, const char *key, enum json_type t, struct err *e)
{
	const cJSON *v = json_get(obj, key);

	if (json_is(v, t))
		return v;
	if (v == NULL)
		err_fill(e, ERR_INPUT, "'%s' is missing", key);
	else
		err_fill(e, ERR_INPUT, "'%s' is not %s", key, json_type_name(t));
	return NULL;
}

int json_str(const cJSON *obj, const char *key, const char **out, struct err *e)
{
	const cJSON *v = need(obj, key, JSON_STRING, e);

	if (v == NULL)
		return -1;
	*out = v->valuestring;
	return 0;
}

int json_num(const cJSON *obj, const char *key, double *out, struct err *e)
{
	const cJSON *v = need(obj, key, JSON_NUMBER, e);

	if (v == NULL)
		return -1;
	*out = v->valuedouble;
	return 0;
}

int json_int(const cJSON *obj, const char *key, int64_t *out, struct err *e)
{
	double d;

	if (json_num(obj, key, &d, e) < 0)
		return -1;
	if (d != floor(d) || fabs(d) > 9007199254740991.0)
		return err_set(e, ERR_INPUT, "'%s' is not a whole number", key);
	*out = (int64_t)d;
	return 0;
}

int json_arr(const cJSON *obj, const char *key, const cJSON **out, struct err *e)
{
	*out = need(obj, key, JSON_ARRAY, e);
	return *out == NULL ? -1 : 0;
}

int json_obj(const cJSON *obj, const char *key, const cJSON **out, struct err *e)
{
	*out = need(obj, key, JSON_OBJECT, e);
	return *out == NULL ? -1 : 0;
}

static int equal_objects(const cJSON *a, const cJSON *b)
{
	if (json_len(a) != json_len(b))
		return 0;
	JSON_EACH (m, a) {
		const cJSON *other = json_get(b, m->string);

		if (other == NULL || !json_equal(m, other))
			return 0;
	}
	return 1;
}

static int equal_arrays(const cJSON *a, const cJSON *b)
{
	const cJSON *x = json_first(a), *y = json_first(b);

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (!json_equal(x, y))
			return 0;
	return x == NULL && y == NULL;
}

int json_equal(const cJSON *a, const cJSON *b)
{
	enum json_type t = json_type(a);

	if (t != json_type(b))
		return 0;
	switch (t) {
	case JSON_BOOL:
		return json_true(a) == json_true(b);
	case JSON_NUMBER:
		return a->valuedouble == b->valuedouble;
	case JSON_STRING:
		return strcmp(a->valuestring, b->valuestring) == 0;
	case JSON_ARRAY:
		return equal_arrays(a, b);
	case JSON_OBJECT:
		return equal_objects(a, b);
	default:
		return 1;
	}
}

int json_has_text(const cJSON *arr, const char *text)
{
	JSON_EACH (it, arr) {
		const char *s = json_text(it);

		if (s != NULL && strcmp(s, text) == 0)
			return 1;
	}
	return 0;
}

/* ---- building ---- */

static cJSON *made(cJSON *v, struct err *e)
{
	if (v == NULL)
		err_no_memory(e);
	return v;
}

cJSON *json_new_object(struct err *e)
{
	return made(cJSON_CreateObject(), e);
}

cJSON *json_new_array(struct err *e)
{
	return made(cJSON_CreateArray(), e);
}

cJSON *json_new_str(const char *s, struct err *e)
{
	return made(cJSON_CreateString(s), e);
}

cJSON *json_new_num(double d, struct err *e)
{
	if (!isfinite(d)) {
		err_fill(e, ERR_INTERNAL, "a computed number is not finite");
		return NULL;
	}
	return made(cJSON_CreateNumber(d), e);
}

cJSON *json_new_bool(int b, struct err *e)
{
	return made(cJSON_CreateBool(b != 0), e);
}

cJSON *json_new_null(struct err *e)
{
	return made(cJSON_CreateNull(), e);
}

cJSON *json_copy(const cJSON *v, struct err *e)
{
	return made(cJSON_Duplicate(v, 1), e);
}

int json_set(cJSON *obj, const char *key, cJSON *value, struct err *e)
{
	const cJSON *old;
	char *name;

	if (value == NULL)
		return -1;
	old = json_get(obj, key);
	if (old == NULL) {
		if (cJSON_AddItemToObject(obj, key, value))
			return 0;
		json_free(value);
		return err_no_memory(e);
	}
	name = strdup(key);
	if (name == NULL) {
		json_free(value);
		return err_no_memory(e);
	}
	free(value->string);
	value->string = name;
	cJSON_ReplaceItemViaPointer(obj, (cJSON *)(uintptr_t)old, value);
	return 0;
}

int json_set_str(cJSON *obj, const char *key, const char *s, struct err *e)
{
	return json_set(obj, key, s == NULL ? json_new_null(e) : json_new_str(s, e), e);
}

int json_set_num(cJSON *obj, const char *key, double d, struct err *e)
{
	return json_set(obj, key, json_new_num(d, e), e);
}

int json_set_int(cJSON *obj, const char *key, int64_t i, struct err *e)
{
	return json_set(obj, key, json_new_num((double)i, e), e);
}

int json_set_bool(cJSON *obj, const char *key, int b, struct err *e)
{
	return json_set(obj, key, json_new_bool(b, e), e);
}

int json_set_null(cJSON *obj, const char *key, struct err *e)
{
	return json_set(obj, key, json_new_null(e), e);
}

int json_set_copy(cJSON *obj, const char *key, const cJSON *v, struct err *e)
{
	return json_set(obj, key, json_copy(v, e), e);
}

int json_set_view(cJSON *obj, const char *key, const cJSON *v, struct err *e)
{
	if (!cJSON_AddItemReferenceToObject(obj, key, (cJSON *)(uintptr_t)v))
		return err_no_memory(e);
	return 0;
}

int json_push_view(cJSON *arr, const cJSON *v, struct err *e)
{
	if (arr == NULL || !cJSON_AddItemReferenceToArray(arr, (cJSON *)(uintptr_t)v))
		return err_no_memory(e);
	return 0;
}

int json_is_view(const cJSON *v)
{
	return v != NULL && (v->type & cJSON_IsReference) != 0;
}

static cJSON *new_vstrf(struct err *e, const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	cJSON *v = NULL;

	buf_vaddf(&b, fmt, ap);
	if (buf_ok(&b, e) == 0)
		v = json_new_str(b.ptr, e);
	buf_release(&b);
	return v;
}

int json_setf(cJSON *obj, const char *key, struct err *e, const char *fmt, ...)
{
	va_list ap;
	cJSON *v;

	va_start(ap, fmt);
	v = new_vstrf(e, fmt, ap);
	va_end(ap);
	return json_set(obj, key, v, e);
}

cJSON *json_add_object(cJSON *obj, const char *key, struct err *e)
{
	cJSON *v = json_new_object(e);

	return json_set(obj, key, v, e) < 0 ? NULL : v;
}

cJSON *json_add_array(cJSON *obj, const char *key, struct err *e)
{
	cJSON *v = json_new_array(e);

	return json_set(obj, key, v, e) < 0 ? NULL : v;
}

cJSON *json_own(cJSON *obj, const char *key, struct err *e)
{
	cJSON *v = (cJSON *)(uintptr_t)json_get(obj, key);

	return v != NULL ? v : json_add_object(obj, key, e);
}

int json_push(cJSON *arr, cJSON *value, struct err *e)
{
	if (value == NULL)
		return -1;
	if (cJSON_AddItemToArray(arr, value))
		return 0;
	json_free(value);
	return err_no_memory(e);
}

int json_push_str(cJSON *arr, const char *s, struct err *e)
{
	return json_push(arr, json_new_str(s, e), e);
}

int json_push_strf(cJSON *arr, struct err *e, const char *fmt, ...)
{
	va_list ap;
	cJSON *v;

	va_start(ap, fmt);
	v = new_vstrf(e, fmt, ap);
	va_end(ap);
	return json_push(arr, v, e);
}

int json_push_num(cJSON *arr, double d, struct err *e)
{
	return json_push(arr, json_new_num(d, e), e);
}

int json_push_copy(cJSON *arr, const cJSON *v, struct err *e)
{
	return json_push(arr, json_copy(v, e), e);
}

cJSON *json_push_object(cJSON *arr, struct err *e)
{
	cJSON *v = json_new_object(e);

	return json_push(arr, v, e) < 0 ? NULL : v;
}

cJSON *json_detach(cJSON *obj, const char *key)
{
	const cJSON *v = json_get(obj, key);

	return v == NULL ? NULL : cJSON_DetachItemViaPointer(obj, (cJSON *)(uintptr_t)v);
}

cJSON *json_take_first(cJSON *container)
{
	cJSON *v = (cJSON *)(uintptr_t)json_first(container);

	return v == NULL ? NULL : cJSON_DetachItemViaPointer(container, v);
}

int json_remove(cJSON *obj, const char *key)
{
	cJSON *v = json_detach(obj, key);

	json_free(v);
	return v != NULL;
}

int json_usd(const cJSON *obj, const char *key, int64_t *micro_usd, struct err *e)
{
	double d;

	if (json_num(obj, key, &d, e) < 0)
		return -1;
	if (fabs(d) > 9e12)
		return err_set(e, ERR_INPUT, "'%s' is too large an amount of money", key);
	*micro_usd = (int64_t)llround(d * 1e6);
	return 0;
}

int json_set_usd(cJSON *obj, const char *key, int64_t micro_usd, struct err *e)
{
	return json_set_num(obj, key, (double)micro_usd / 1e6, e);
}
