/* JSONLogic: walking rules, looking into the data, operators that choose what
 * is evaluated. */
#include "logic_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  300
#define STEPS_MAX  1000000L
#define ARGS_SMALL 6

/* ---- values ---- */

const cJSON *val_at(const struct val *v)
{
	return v->own != NULL ? v->own : v->ref != NULL ? v->ref : &v->here;
}

void val_release(struct val *v)
{
	json_free(v->own);
	v->own = NULL;
	val_null(v);
}

static void val_here(struct val *v, int type, double d)
{
	v->ref = NULL;
	v->own = NULL;
	/* What a number, boolean or null is read by; the rest is never looked at. */
	v->here.next = v->here.child = NULL;
	v->here.string = v->here.valuestring = NULL;
	v->here.type = type;
	v->here.valuedouble = d;
}

void val_num(struct val *v, double d)
{
	val_here(v, cJSON_Number, d);
}

void val_bool(struct val *v, int b)
{
	val_here(v, b ? cJSON_True : cJSON_False, 0);
}

void val_null(struct val *v)
{
	val_here(v, cJSON_NULL, 0);
}

void val_ref(struct val *v, const cJSON *ref)
{
	v->ref = ref;
	v->own = NULL;
	if (ref == NULL)
		val_null(v);
}

int val_own(struct val *v, cJSON *own)
{
	val_null(v);
	v->own = own;
	return own == NULL ? -1 : 0;
}

static cJSON *number_node(const cJSON *v, struct err *e)
{
	switch (json_type(v)) {
	case JSON_NUMBER:
		return json_new_num(json_number(v, 0), e);
	case JSON_BOOL:
		return json_new_bool(json_true(v), e);
	default:
		return json_new_null(e);
	}
}

cJSON *val_take(struct val *v, struct err *e)
{
	cJSON *own = v->own;

	if (own == NULL && v->ref != NULL)
		own = json_copy(v->ref, e);
	else if (own == NULL)
		own = number_node(&v->here, e);
	v->own = NULL;
	val_null(v);
	return own;
}

/* 1 when a tree shows parts of another one. */
static int has_view(const cJSON *v)
{
	if (json_is_view(v))
		return 1;
	JSON_EACH (it, v)
		if (has_view(it))
			return 1;
	return 0;
}

/* What a borrowed value refers to, or an owned one shows, is about to end. */
static int val_keep(struct val *v, struct err *e)
{
	cJSON *old = v->own;
	int ret;

	if (v->ref != NULL)
		return val_own(v, json_copy(v->ref, e));
	if (old == NULL || !has_view(old))
		return 0;
	ret = val_own(v, json_copy(old, e));
	json_free(old);
	return ret;
}

/* 1 when what a value shows outlives it: data, or a list of views of data. */
static int val_lasts(const struct val *v)
{
	if (v->own == NULL)
		return 1;
	if (!json_is(v->own, JSON_ARRAY))
		return 0;
	JSON_EACH (it, v->own)
		if (!json_is_view(it) &&
			(json_is(it, JSON_STRING) || json_first(it) != NULL))
			return 0;
	return 1;
}

int logic_truthy(const cJSON *v)
{
	switch (json_type(v)) {
	case JSON_NUMBER:
		return json_number(v, 0) != 0;
	case JSON_STRING:
		return json_text(v)[0] != '\0';
	case JSON_ARRAY:
		return json_len(v) > 0;
	case JSON_BOOL:
		return json_true(v);
	case JSON_OBJECT:
		return 1;
	default:
		return 0;
	}
}

/* ---- failing ---- */

int logic_fail(struct eval *ev, const char *type, const char *fmt, ...)
{
	char detail[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	json_free(ev->thrown);
	ev->thrown = json_new_object(ev->e);
	if (ev->thrown == NULL || json_set_str(ev->thrown, "type", type, ev->e) < 0)
		ev->no_memory = 1;
	else
		err_fill(ev->e, ERR_INPUT, "%s: %s", type, detail);
	return -1;
}

int logic_fail_arity(struct eval *ev, const struct op *op)
{
	return logic_fail(
		ev, "Invalid Arguments", "'%s' cannot take these operands", op->name);
}

/* No `try` catches these. */
static int fail_limit(struct eval *ev, const char *what)
{
	json_free(ev->thrown);
	ev->thrown = NULL;
	return err_set(ev->e, ERR_INPUT, "Exceeded Allowed Depth: the rule %s", what);
}

/* ---- var, val, missing: looking into the data ---- */

static const cJSON *child(const cJSON *v, const char *key)
{
	size_t n = strlen(key);

	if (json_is(v, JSON_OBJECT))
		return json_get(v, key);
	if (!json_is(v, JSON_ARRAY) || n == 0 || n > 9 ||
		strspn(key, "0123456789") != n || (key[0] == '0' && n > 1))
		return NULL;
	return json_item(v, (size_t)strtoul(key, NULL, 10));
}

/* A member of what the scope shows; inside reduce that is no tree. */
static const cJSON *scope_child(const struct scope *s, const char *key)
{
	if (s->current == NULL)
		return child(s->data, key);
	if (strcmp(key, "current") == 0)
		return s->current;
	return strcmp(key, "accumulator") == 0 ? s->accumulator : NULL;
}

static int scope_whole(struct eval *ev, const struct scope *s, struct val *out)
{
	cJSON *both;

	if (s->current == NULL) {
		if (s->data != NULL)
			val_ref(out, s->data);
		else
			val_null(out);
		return 0;
	}
	both = json_new_object(ev->e);
	if (both != NULL &&
		json_set_copy(both, "accumulator", s->accumulator, ev->e) == 0 &&
		json_set_copy(both, "current", s->current, ev->e) == 0)
		return val_own(out, both);
	json_free(both);
	return -1;
}

/* The member of a name that is `n` bytes of text. */
static const cJSON *child_n(const cJSON *v, const char *key, size_t n)
{
	if (!json_is(v, JSON_OBJECT))
		return NULL;
	JSON_EACH (m, v)
		if (json_key(m)[0] == key[0] && strncmp(json_key(m), key, n) == 0 &&
			json_key(m)[n] == '\0')
			return m;
	return NULL;
}

/* The next part of "a.b.c"; a backslash takes the next character literally. */
static const char *path_part(const char *p, struct buf *part)
{
	buf_reset(part);
	for (; *p != '\0' && *p != '.'; p++) {
		if (*p == '\\' && (p[1] == '.' || p[1] == '\\'))
			p++;
		buf_add_char(part, *p);
	}
	return *p == '.' ? p + 1 : NULL;
}

static const cJSON *look_up(struct eval *ev, const struct scope *s, const char *path)
{
	size_t n = strcspn(path, ".\\");
	const char *rest = path;
	struct buf part;
	const cJSON *v = NULL;
	int first = 1;

	/* Names of members, which need no copy; what is left takes the long way. */
	if (s->current == NULL && path[n] != '\\') {
		v = child_n(s->data, path, n);
		first = v == NULL;
		rest = first ? path : path[n] == '.' ? path + n + 1 : NULL;
	}
	while (!first && rest != NULL && json_is(v, JSON_OBJECT) &&
		rest[n = strcspn(rest, ".\\")] != '\\') {
		v = child_n(v, rest, n);
		if (v == NULL)
			return NULL;
		rest = rest[n] == '.' ? rest + n + 1 : NULL;
	}
	if (rest == NULL)
		return v;
	part = (struct buf)BUF_INIT(BUF_NO_LIMIT);
	while (rest != NULL && (first || v != NULL)) {
		rest = path_part(rest, &part);
		v = first ? scope_child(s, part.ptr) : child(v, part.ptr);
		first = 0;
		ev->no_memory |= part.failed;
	}
	buf_release(&part);
	return v;
}

/* The text of a path operand, without a copy where it is text already. */
static const char *path_text(struct eval *ev, const cJSON *key, struct buf *path)
{
	if (json_text(key) != NULL)
		return json_text(key);
	logic_text(key, path);
	ev->no_memory |= path->failed;
	return path->ptr;
}

static int run_var(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	struct buf path = BUF_INIT(BUF_NO_LIMIT);
	struct val args;
	const cJSON *key, *otherwise = NULL, *found;
	const char *text;
	int ret = 0;

	(void)op;
	if (logic_eval(ev, raw, s, &args) < 0)
		return -1;
	key = val_at(&args);
	if (json_is(key, JSON_ARRAY)) {
		otherwise = json_item(key, 1);
		key = json_first(key);
	}
	text = path_text(ev, key, &path);
	if (key == NULL || json_is(key, JSON_NULL) || *text == '\0') {
		ret = scope_whole(ev, s, out);
	} else {
		found = look_up(ev, s, text);
		if (found != NULL)
			val_ref(out, found);
		else if (otherwise != NULL)
			ret = val_own(out, json_copy(otherwise, ev->e));
		else
			val_null(out);
	}
	buf_release(&path);
	val_release(&args);
	return ret;
}

/*
 * [[n], path...] climbs n steps: odd ones stand beside an iteration and show its
 * index, even ones are the data around it.
 */
static const cJSON *climb(
	const struct scope **s, double steps, struct val *beside, int *index)
{
	long n = (long)(steps < 0 ? -steps : steps);

	*index = 0;
	for (; n >= 2 && *s != NULL; n -= 2)
		*s = (*s)->up;
	if (n == 1 && *s != NULL && (*s)->up != NULL) {
		*index = 1;
		val_num(beside, (double)(*s)->index);
	}
	return *s == NULL ? NULL : (*s)->data;
}

/* Walks `path` (an item and what follows it). 1 found, 0 not there, -1 failed. */
static int walk(
	struct eval *ev, const struct scope *s, const cJSON *path, struct val *out)
{
	struct buf key = BUF_INIT(BUF_NO_LIMIT);
	const cJSON *v = NULL;
	int first = 1;

	if (path == NULL)
		return scope_whole(ev, s, out) < 0 ? -1 : 1;
	for (; path != NULL && (first || v != NULL); path = json_next(path), first = 0) {
		buf_reset(&key);
		logic_text(path, &key);
		v = first ? scope_child(s, key.ptr) : child(v, key.ptr);
		ev->no_memory |= key.failed;
	}
	buf_release(&key);
	if (v == NULL) {
		val_null(out);
		return 0;
	}
	val_ref(out, v);
	return 1;
}

static int find_climbing(
	struct eval *ev, const cJSON *path, const struct scope *s, struct val *out)
{
	struct val beside;
	int index;

	climb(&s, json_number(json_first(path), 0), &beside, &index);
	path = json_next(path);
	val_null(out);
	if (s == NULL)
		return 0;
	if (!index)
		return walk(ev, s, path, out);
	if (path == NULL || json_text(path) == NULL)
		return 0;
	if (strcmp(json_text(path), "index") == 0) {
		*out = beside;
		return 1;
	}
	if (strcmp(json_text(path), "iterator") == 0 && s->iterated != NULL)
		val_ref(out, s->iterated);
	return s->iterated != NULL;
}

/* The operand of val and exists: a key, or an array of keys. 1, 0 or -1. */
static int find(struct eval *ev, const cJSON *raw, const struct scope *s, struct val *out)
{
	struct val args;
	const cJSON *path;
	int ret;

	if (logic_eval(ev, raw, s, &args) < 0)
		return -1;
	path = val_at(&args);
	if (json_is(path, JSON_ARRAY)) {
		const cJSON *first = json_first(path);

		if (json_is(first, JSON_ARRAY) && json_len(first) == 1)
			ret = find_climbing(ev, first, s, out);
		else
			ret = walk(ev, s, first, out);
	} else {
		cJSON one = *path;

		one.next = NULL;
		ret = walk(ev, s, &one, out);
	}
	val_release(&args);
	return ret;
}

static int run_val(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	(void)op;
	return find(ev, raw, s, out) < 0 ? -1 : 0;
}

static int run_exists(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	int found = find(ev, raw, s, out);

	(void)op;
	if (found < 0)
		return -1;
	val_release(out);
	val_bool(out, found);
	return 0;
}

/* By jsonlogic.com null and "" count as missing, too. */
static int is_missing(struct eval *ev, const struct scope *s, const cJSON *key)
{
	struct buf path = BUF_INIT(BUF_NO_LIMIT);
	const cJSON *v;

	logic_text(key, &path);
	ev->no_memory |= path.failed;
	v = path.len == 0 ? s->data : look_up(ev, s, path.ptr);
	buf_release(&path);
	return v == NULL || json_is(v, JSON_NULL) ||
		(json_is(v, JSON_STRING) && json_text(v)[0] == '\0');
}

static cJSON *missing_of(struct eval *ev, const cJSON *keys, const struct scope *s)
{
	cJSON *list = json_new_array(ev->e);

	if (list == NULL)
		return NULL;
	JSON_EACH (key, keys)
		if (is_missing(ev, s, key) && json_push_copy(list, key, ev->e) < 0) {
			json_free(list);
			return NULL;
		}
	return list;
}

static int run_missing(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	struct val args;
	const cJSON *keys;
	cJSON *one = NULL;
	int ret = -1;

	(void)op;
	if (logic_eval(ev, raw, s, &args) < 0)
		return -1;
	keys = val_at(&args);
	if (json_is(keys, JSON_ARRAY) && json_is(json_first(keys), JSON_ARRAY)) {
		keys = json_first(keys);
	} else if (!json_is(keys, JSON_ARRAY)) {
		one = json_new_array(ev->e);
		if (one == NULL || json_push_copy(one, keys, ev->e) < 0)
			goto out;
		keys = one;
	}
	ret = val_own(out, missing_of(ev, keys, s));
out:
	json_free(one);
	val_release(&args);
	return ret;
}

static int run_missing_some(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	struct val args;
	const cJSON *need, *keys;
	int ret = -1;

	if (logic_eval(ev, raw, s, &args) < 0)
		return -1;
	need = json_first(val_at(&args));
	keys = json_item(val_at(&args), 1);
	if (!json_is(need, JSON_NUMBER) || !json_is(keys, JSON_ARRAY)) {
		logic_fail_arity(ev, op);
	} else {
		ret = val_own(out, missing_of(ev, keys, s));
		if (ret == 0 &&
			(double)json_len(keys) - (double)json_len(val_at(out)) >=
				json_number(need, 0)) {
			val_release(out);
			ret = val_own(out, json_new_array(ev->e));
		}
	}
	val_release(&args);
	return ret;
}

/* ---- choosing ---- */

static int run_if(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	const cJSON *at = json_first(raw);

	if (!json_is(raw, JSON_ARRAY))
		return logic_fail_arity(ev, op);
	while (at != NULL && json_next(at) != NULL) {
		int t;

		if (logic_eval(ev, at, s, out) < 0)
			return -1;
		t = logic_truthy(val_at(out));
		val_release(out);
		if (t)
			return logic_eval(ev, json_next(at), s, out);
		at = json_next(json_next(at));
	}
	if (at != NULL)
		return logic_eval(ev, at, s, out);
	val_null(out);
	return 0;
}

/* and, or, ??: the first value that decides, else the last one. */
static int run_first(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	int is_coalesce = op->name[0] == '?';

	val_null(out);
	if (!json_is(raw, JSON_ARRAY)) {
		if (!is_coalesce)
			return logic_fail_arity(ev, op);
		return logic_eval(ev, raw, s, out);
	}
	JSON_EACH (it, raw) {
		int stop;

		val_release(out);
		if (logic_eval(ev, it, s, out) < 0)
			return -1;
		stop = is_coalesce ? !json_is(val_at(out), JSON_NULL)
				   : logic_truthy(val_at(out)) == (op->name[0] == 'o');
		if (stop)
			break;
	}
	return 0;
}

static int holds(
	struct eval *ev, const struct op *op, const cJSON *a, const cJSON *b, int *yes)
{
	const char *n = op->name;
	int order;

	if (strlen(n) == 3) {
		*yes = logic_same(a, b) == (n[0] == '=');
		return 0;
	}
	if (logic_compare(ev, op, a, b, &order) < 0)
		return -1;
	if (n[0] == '=' || n[0] == '!')
		*yes = (order == 0) == (n[0] == '=');
	else
		*yes = (order == 0 && n[1] == '=') || order == (n[0] == '<' ? -1 : 1);
	return 0;
}

/* Comparisons hold between each operand and the next, and stop at the first that does not. */
static int run_compare(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	const cJSON *at = json_first(raw);
	struct val left, right;
	int yes = 1;

	if (!json_is(raw, JSON_ARRAY) || json_len(raw) < 2)
		return logic_fail_arity(ev, op);
	if (logic_eval(ev, at, s, &left) < 0)
		return -1;
	for (at = json_next(at); at != NULL && yes; at = json_next(at)) {
		int bad = logic_eval(ev, at, s, &right) < 0;

		if (!bad) {
			bad = holds(ev, op, val_at(&left), val_at(&right), &yes) < 0;
			val_release(&left);
			left = right;
		}
		if (bad) {
			val_release(&left);
			return -1;
		}
	}
	val_release(&left);
	val_bool(out, yes);
	return 0;
}

static int run_preserve(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	(void)ev;
	(void)op;
	(void)s;
	val_ref(out, raw);
	return 0;
}

/* Each later operand sees {"type": ...} of the failure before it. */
static int run_try(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	const cJSON *at = json_is(raw, JSON_ARRAY) ? json_first(raw) : raw;
	struct scope inner = { .up = s };
	cJSON *caught = NULL;
	int ret = -1;

	if (at == NULL)
		return logic_fail_arity(ev, op);
	for (; at != NULL; at = at == raw ? NULL : json_next(at)) {
		inner.data = caught;
		ret = logic_eval(ev, at, caught == NULL ? s : &inner, out);
		if (ret == 0 && caught != NULL)
			ret = val_keep(out, ev->e);
		if (ret == 0 || ev->thrown == NULL || at == raw || json_next(at) == NULL)
			break;
		json_free(caught);
		caught = ev->thrown;
		ev->thrown = NULL;
	}
	json_free(caught);
	return ret;
}

/* ---- iterating ---- */

/* The array to walk, NULL for "none". Only a written null is an error for map,
 * filter and reduce; for all, some and none so is a value that is no array. */
static int list_of(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *list)
{
	const cJSON *first = json_first(raw);
	int is_test = op->name[0] == 'a' || op->name[0] == 's' || op->name[0] == 'n';

	if (!json_is(raw, JSON_ARRAY) || json_len(raw) < (size_t)op->min ||
		json_len(raw) > (size_t)op->max || json_is(first, JSON_NULL))
		return logic_fail_arity(ev, op);
	if (!is_test && json_is(json_next(first), JSON_NULL))
		return logic_fail_arity(ev, op);
	if (logic_eval(ev, first, s, list) < 0)
		return -1;
	if (json_is(val_at(list), JSON_ARRAY) ||
		(!is_test && json_is(val_at(list), JSON_NULL)))
		return 0;
	val_release(list);
	return logic_fail_arity(ev, op);
}

static int run_map(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	int keep = op->name[0] == 'f', ret = 0;
	struct val list, each;
	struct scope inner = { .up = s };
	cJSON *made = NULL;

	if (list_of(ev, op, raw, s, &list) < 0)
		return -1;
	made = json_new_array(ev->e);
	inner.iterated = val_at(&list);
	ret = made == NULL ? -1 : 0;
	for (const cJSON *it = json_first(val_at(&list)); it != NULL && ret == 0;
		it = json_next(it), inner.index++) {
		inner.data = it;
		ret = logic_eval(ev, json_item(raw, 1), &inner, &each);
		if (ret < 0)
			break;
		if (!keep)
			ret = (list.own != NULL && val_keep(&each, ev->e) < 0)
				? -1
				: json_push(made, val_take(&each, ev->e), ev->e);
		else if (logic_truthy(val_at(&each)))
			ret = list.own == NULL || json_is_view(it)
				? json_push_view(made, it, ev->e)
				: json_push_copy(made, it, ev->e);
		val_release(&each);
	}
	val_release(&list);
	if (ret < 0) {
		json_free(made);
		return -1;
	}
	return val_own(out, made);
}

static int run_all(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	int is_all = op->name[0] == 'a', any = 0, decided = 0;
	struct val list, each;
	struct scope inner = { .up = s };

	if (list_of(ev, op, raw, s, &list) < 0)
		return -1;
	inner.iterated = val_at(&list);
	for (const cJSON *it = json_first(val_at(&list)); it != NULL && !decided;
		it = json_next(it), inner.index++) {
		any = 1;
		inner.data = it;
		if (logic_eval(ev, json_item(raw, 1), &inner, &each) < 0) {
			val_release(&list);
			return -1;
		}
		decided = logic_truthy(val_at(&each)) != is_all;
		val_release(&each);
	}
	val_release(&list);
	val_bool(out, is_all ? any && !decided : (op->name[0] == 'n') != decided);
	return 0;
}

/* Without a third operand the first item starts. */
static int run_reduce(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	const cJSON *start = json_item(raw, 2), *item;
	struct scope inner = { .up = s };
	struct val list, next;
	int ret = 0;

	if (list_of(ev, op, raw, s, &list) < 0)
		return -1;
	val_null(out);
	if (start != NULL && logic_eval(ev, start, s, out) < 0) {
		val_release(&list);
		return -1;
	}
	inner.iterated = val_at(&list);
	item = json_first(val_at(&list));
	if (start == NULL && item != NULL) {
		ret = val_own(out, json_copy(item, ev->e));
		item = json_next(item);
		inner.index = 1;
	}
	for (const cJSON *it = item; it != NULL && ret == 0;
		it = json_next(it), inner.index++) {
		inner.accumulator = val_at(out);
		inner.current = it;
		ret = logic_eval(ev, json_item(raw, 1), &inner, &next);
		if (ret == 0)
			ret = val_keep(&next, ev->e);
		if (ret == 0) {
			val_release(out);
			*out = next;
		}
	}
	val_release(&list);
	if (ret < 0)
		val_release(out);
	return ret;
}

/*
 * The operators, with logic_ops.c's: this table and that one are the stated scope.
 * CLASSIC is jsonlogic.com; PROPOSED is what json-logic/compat-tables adds; OURS is
 * arithmetic for patterns. Anything else is refused as "Unknown Operator".
 */
static const struct op lazy_ops[] = {
	{ "var", 0, LOGIC_MANY, CLASSIC, run_var, NULL, 0 },
	{ "missing", 0, LOGIC_MANY, CLASSIC, run_missing, NULL, 0 },
	{ "missing_some", 2, 2, CLASSIC, run_missing_some, NULL, 0 },
	{ "if", 0, LOGIC_MANY, CLASSIC, run_if, NULL, 0 },
	{ "?:", 0, LOGIC_MANY, CLASSIC, run_if, NULL, 0 },
	{ "and", 0, LOGIC_MANY, CLASSIC, run_first, NULL, 0 },
	{ "or", 0, LOGIC_MANY, CLASSIC, run_first, NULL, 0 },
	{ "==", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "!=", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "===", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "!==", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "<", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "<=", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ ">", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ ">=", 2, LOGIC_MANY, CLASSIC, run_compare, NULL, 0 },
	{ "map", 2, 2, CLASSIC, run_map, NULL, 0 },
	{ "filter", 2, 2, CLASSIC, run_map, NULL, 0 },
	{ "reduce", 2, 3, CLASSIC, run_reduce, NULL, 0 },
	{ "all", 2, 2, CLASSIC, run_all, NULL, 0 },
	{ "some", 2, 2, CLASSIC, run_all, NULL, 0 },
	{ "none", 2, 2, CLASSIC, run_all, NULL, 0 },
	{ "val", 0, LOGIC_MANY, PROPOSED, run_val, NULL, 0 },
	{ "exists", 0, LOGIC_MANY, PROPOSED, run_exists, NULL, 0 },
	{ "??", 0, LOGIC_MANY, PROPOSED, run_first, NULL, 0 },
	{ "try", 1, LOGIC_MANY, PROPOSED, run_try, NULL, 0 },
	{ "preserve", 0, LOGIC_MANY, PROPOSED, run_preserve, NULL, 0 },
};

static int named(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}

static const struct op *find_op(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(lazy_ops); i++)
		if (named(lazy_ops[i].name, name))
			return &lazy_ops[i];
	for (size_t i = 0; i < logic_n_eager_ops; i++)
		if (named(logic_eager_ops[i].name, name))
			return &logic_eager_ops[i];
	return NULL;
}

static const struct logic_op *find_own_op(const struct logic *l, const char *name)
{
	if (l == NULL || l->ops == NULL)
		return NULL;
	for (const struct logic_op *o = l->ops; o->name != NULL; o++)
		if (named(o->name, name))
			return o;
	return NULL;
}

/* ---- evaluated arguments ---- */

struct args {
	struct val small[ARGS_SMALL], *at;
	struct val spread; /* holds the array that the arguments were spread from */
	size_t n;
};

static void args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		val_release(&a->at[i]);
	val_release(&a->spread);
	if (a->at != a->small)
		free(a->at);
}

static int args_last(const struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!val_lasts(&a->at[i]))
			return 0;
	return a->spread.own == NULL;
}

static int args_room(struct eval *ev, struct args *a, size_t n)
{
	a->at = n <= ARGS_SMALL ? a->small : calloc(n, sizeof(*a->at));
	if (a->at != NULL)
		return 0;
	a->at = a->small;
	return err_no_memory(ev->e);
}

static int args_eval(struct eval *ev, const cJSON *raw, const struct scope *s, int whole,
	struct args *a)
{
	a->n = 0;
	a->at = a->small;
	val_null(&a->spread);
	if (json_is(raw, JSON_ARRAY)) {
		if (args_room(ev, a, json_len(raw)) < 0)
			return -1;
		JSON_EACH (it, raw) {
			if (logic_eval(ev, it, s, &a->at[a->n]) < 0)
				return -1;
			a->n++;
		}
		return 0;
	}
	if (logic_eval(ev, raw, s, &a->spread) < 0)
		return -1;
	if (whole || !json_is(val_at(&a->spread), JSON_ARRAY)) {
		a->at[0] = a->spread;
		val_null(&a->spread);
		a->n = 1;
		return 0;
	}
	if (args_room(ev, a, json_len(val_at(&a->spread))) < 0)
		return -1;
	JSON_EACH (it, val_at(&a->spread))
		val_ref(&a->at[a->n++], it);
	return 0;
}

/* Views: operators of the caller's see their arguments where they lie. */
static cJSON *args_list(const struct args *a, struct err *e)
{
	cJSON *list = json_new_array(e);

	for (size_t i = 0; list != NULL && i < a->n; i++) {
		const struct val *v = &a->at[i];
		int bad = v->own == NULL && v->ref == NULL
			? json_push(list, number_node(&v->here, e), e) < 0
			: json_push_view(list, val_at(v), e) < 0;

		if (bad) {
			json_free(list);
			list = NULL;
		}
	}
	return list;
}

static int run_eager(struct eval *ev, const struct op *op, const struct logic_op *own,
	const cJSON *raw, const struct scope *s, struct val *out)
{
	struct args a;
	cJSON *list = NULL;
	int traced = ev->l != NULL && ev->l->trace != NULL, ret = -1;

	if (args_eval(ev, raw, s, op != NULL && op->whole, &a) < 0)
		goto out;
	if (own != NULL || traced) {
		list = args_list(&a, ev->e);
		if (list == NULL)
			goto out;
	}
	if (own != NULL) {
		ret = val_own(out, own->run(list, ev->l->arg, ev->e));
		if (ret == 0 && !args_last(&a))
			ret = val_keep(out, ev->e);
	} else if (a.n < (size_t)op->min || a.n > (size_t)op->max)
		ret = logic_fail_arity(ev, op);
	else
		ret = op->eager(ev, op, a.at, a.n, out);
	if (ret == 0 && traced)
		ev->l->trace(ev->l->trace_arg, own != NULL ? own->name : op->name, list,
			val_at(out));
out:
	json_free(list);
	args_release(&a);
	return ret;
}

/* What a comparison compared, for whoever watches; NULL when that cannot be told. */
static cJSON *compared(struct eval *ev, const cJSON *raw, const struct scope *s)
{
	struct logic quiet = *ev->l;
	struct err ignored = { 0 };
	struct eval again = { .l = &quiet, .e = &ignored, .depth = ev->depth };
	cJSON *list = json_new_array(&ignored);
	struct val v;

	quiet.trace = NULL;
	JSON_EACH (it, raw)
		if (list != NULL &&
			(logic_eval(&again, it, s, &v) < 0 ||
				json_push(list, val_take(&v, &ignored), &ignored) < 0)) {
			json_free(list);
			list = NULL;
		}
	json_free(again.thrown);
	return list;
}

static int run_lazy(struct eval *ev, const struct op *op, const cJSON *raw,
	const struct scope *s, struct val *out)
{
	if (op->lazy(ev, op, raw, s, out) < 0)
		return -1;
	if (ev->l != NULL && ev->l->trace != NULL) {
		cJSON *values = op->lazy == run_compare ? compared(ev, raw, s) : NULL;

		ev->l->trace(ev->l->trace_arg, op->name, values != NULL ? values : raw,
			val_at(out));
		json_free(values);
	}
	return 0;
}

/* Inside an iteration the same names come again and again. */
static const struct found_op *lookup_op(struct eval *ev, const char *name)
{
	struct found_op *f = &ev->found[((uintptr_t)name >> 4) % FOUND_OPS];

	if (f->name != name) {
		f->name = name;
		f->own = find_own_op(ev->l, name);
		f->op = f->own != NULL ? NULL : find_op(name);
	}
	return f;
}

static int eval_object(
	struct eval *ev, const cJSON *rule, const struct scope *s, struct val *out)
{
	const cJSON *member = json_first(rule);
	const struct found_op *found;
	const struct logic_op *own;
	const struct op *op;

	if (member == NULL) {
		val_ref(out, rule);
		return 0;
	}
	found = lookup_op(ev, json_key(member));
	own = found->own;
	op = found->op;
	if (json_next(member) != NULL || (own == NULL && op == NULL))
		return logic_fail(ev, "Unknown Operator", "'%.60s'%s", json_key(member),
			json_next(member) != NULL ? " has other members beside it" : "");
	if (op != NULL && op->lazy != NULL)
		return run_lazy(ev, op, member, s, out);
	return run_eager(ev, op, own, member, s, out);
}

static int is_plain(const cJSON *rule)
{
	JSON_EACH (it, rule)
		if (json_is(it, JSON_ARRAY) || json_is(it, JSON_OBJECT))
			return 0;
	return 1;
}

static int eval_array(
	struct eval *ev, const cJSON *rule, const struct scope *s, struct val *out)
{
	cJSON *made;
	struct val each;

	if (is_plain(rule)) {
		val_ref(out, rule);
		return 0;
	}
	made = json_new_array(ev->e);
	if (made == NULL)
		return -1;
	JSON_EACH (it, rule) {
		if (logic_eval(ev, it, s, &each) < 0 ||
			json_push(made, val_take(&each, ev->e), ev->e) < 0) {
			json_free(made);
			return -1;
		}
	}
	return val_own(out, made);
}

int logic_eval(struct eval *ev, const cJSON *rule, const struct scope *s, struct val *out)
{
	int ret;

	val_null(out);
	if (!json_is(rule, JSON_OBJECT) && !json_is(rule, JSON_ARRAY)) {
		val_ref(out, rule);
		return 0;
	}
	if (++ev->depth > DEPTH_MAX) {
		ev->depth--;
		return fail_limit(ev, "is nested too deeply");
	}
	if (++ev->steps > STEPS_MAX)
		ret = fail_limit(ev, "takes too many steps");
	else if (json_is(rule, JSON_OBJECT))
		ret = eval_object(ev, rule, s, out);
	else
		ret = eval_array(ev, rule, s, out);
	ev->depth--;
	if (ret == 0 && ev->no_memory) {
		val_release(out);
		ret = -1;
	}
	if (ev->no_memory) {
		json_free(ev->thrown);
		ev->thrown = NULL;
		err_no_memory(ev->e);
	}
	if (ret < 0)
		val_null(out);
	return ret;
}

/* ---- the contract ---- */

cJSON *logic_apply(
	const struct logic *l, const cJSON *rule, const cJSON *data, struct err *e)
{
	struct err mine = { 0 };
	struct eval ev = { .l = l, .e = &mine };
	struct scope top = { .data = data };
	struct val v;
	cJSON *result = NULL;

	if (logic_eval(&ev, rule, &top, &v) == 0 && val_keep(&v, &mine) == 0)
		result = val_take(&v, &mine);
	json_free(ev.thrown);
	if (result == NULL)
		*e = mine;
	return result;
}

int logic_number(const struct logic *l, const cJSON *rule, const cJSON *data, double *out,
	struct err *e)
{
	cJSON *v;
	int ret = 0;

	if (json_is(rule, JSON_NUMBER)) {
		*out = json_number(rule, 0);
		return 0;
	}
	v = logic_apply(l, rule, data, e);
	if (v == NULL)
		return -1;
	if (json_is(v, JSON_NUMBER))
		*out = json_number(v, 0);
	else
		ret = err_set(e, ERR_INPUT, "the rule gives %s, not a number",
			json_type_name(json_type(v)));
	json_free(v);
	return ret;
}

/* ---- lint ---- */

static int check(const struct logic *l, const cJSON *rule, struct buf *at, int depth,
	struct err *e);

static int check_items(const struct logic *l, const cJSON *rule, struct buf *at,
	int depth, struct err *e)
{
	size_t len = at->len, i = 0;

	JSON_EACH (it, rule) {
		buf_addf(at, "/%zu", i++);
		if (check(l, it, at, depth, e) < 0)
			return -1;
		buf_cut(at, len);
	}
	return 0;
}

/* One operand that is no array literal may evaluate to any number of arguments. */
static int check_count(
	const struct op *op, const cJSON *raw, const struct buf *at, struct err *e)
{
	size_t n = json_is(raw, JSON_ARRAY) ? json_len(raw) : 1;
	int open = json_is(raw, JSON_OBJECT) && op->lazy == NULL && !op->whole;

	if (op->lazy == run_preserve || op->lazy == run_try || open ||
		(n >= (size_t)op->min && n <= (size_t)op->max))
		return 0;
	return err_set(e, ERR_INPUT, "%s: '%s' cannot take %zu operand%s", at->ptr,
		op->name, n, n == 1 ? "" : "s");
}

static int check_own_count(
	const struct logic_op *op, const cJSON *raw, const struct buf *at, struct err *e)
{
	size_t n = json_is(raw, JSON_ARRAY) ? json_len(raw) : 1;

	if (op->operands == 0 || json_is(raw, JSON_OBJECT) || n == (size_t)op->operands)
		return 0;
	return err_set(e, ERR_INPUT, "%s: '%s' takes %d operand%s, not %zu", at->ptr,
		op->name, op->operands, op->operands == 1 ? "" : "s", n);
}

/* 1 when a part's value may differ from state to state, or it fails on purpose. */
static int needs_data(const cJSON *rule)
{
	static const char *const ops[] = { "var", "val", "exists", "missing",
		"missing_some", "throw", "try", "preserve" };

	JSON_EACH (it, rule) {
		for (size_t i = 0; json_is(rule, JSON_OBJECT) && i < ARRAY_LEN(ops); i++)
			if (named(ops[i], json_key(it)))
				return 1;
		if (needs_data(it))
			return 1;
	}
	return 0;
}

/* What holds literals only can be tried at once. */
static int check_literals(
	const struct logic *l, const cJSON *rule, const struct buf *at, struct err *e)
{
	struct err why = { 0 };
	cJSON *v;

	if (needs_data(rule))
		return 0;
	v = logic_apply(l, rule, NULL, &why);
	json_free(v);
	return v != NULL ? 0 : err_set(e, ERR_INPUT, "%s: %.150s", at->ptr, why.msg);
}

static int check_object(const struct logic *l, const cJSON *rule, struct buf *at,
	int depth, struct err *e)
{
	const cJSON *member = json_first(rule);
	size_t len = at->len;
	const struct logic_op *own;
	const struct op *op;

	if (member == NULL)
		return 0;
	json_pointer_add(at, json_key(member));
	own = find_own_op(l, json_key(member));
	op = own != NULL ? NULL : find_op(json_key(member));
	if (own == NULL && op == NULL)
		return err_set(e, ERR_INPUT, "%s: unknown operator", at->ptr);
	if (json_next(member) != NULL)
		return err_set(e, ERR_INPUT, "%s: an operator stands alone in its object",
			at->ptr);
	if (op != NULL && op->lazy == run_preserve)
		return 0;
	if (op != NULL ? check_count(op, member, at, e) < 0
		       : check_own_count(own, member, at, e) < 0)
		return -1;
	if (check(l, member, at, depth, e) < 0 || check_literals(l, rule, at, e) < 0)
		return -1;
	buf_cut(at, len);
	return 0;
}

static int check(const struct logic *l, const cJSON *rule, struct buf *at, int depth,
	struct err *e)
{
	if (depth > DEPTH_MAX)
		return err_set(
			e, ERR_INPUT, "%s: the rule is nested too deeply", at->ptr);
	if (json_is(rule, JSON_ARRAY))
		return check_items(l, rule, at, depth + 1, e);
	return json_is(rule, JSON_OBJECT) ? check_object(l, rule, at, depth + 1, e) : 0;
}

int logic_check(const struct logic *l, const cJSON *rule, struct err *e)
{
	struct buf at = BUF_INIT(BUF_NO_LIMIT);
	int ret = check(l, rule, &at, 0, e);

	buf_release(&at);
	return ret;
}
