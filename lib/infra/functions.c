/* Terraform's functions that need nothing but their arguments. */
#include "internal.h"

#include <ctype.h>
#include <math.h>

typedef cJSON *function(const cJSON *args, struct err *e);

static const cJSON *arg(const cJSON *args, size_t i)
{
	return json_item(args, i);
}

static int is_list(const cJSON *v)
{
	return json_is(v, JSON_ARRAY);
}

/* ---- numbers ---- */

static cJSON *f_ceil(const cJSON *a, struct err *e)
{
	return json_is(arg(a, 0), JSON_NUMBER)
		? json_new_num(ceil(json_number(arg(a, 0), 0)), e)
		: NULL;
}

static cJSON *f_floor(const cJSON *a, struct err *e)
{
	return json_is(arg(a, 0), JSON_NUMBER)
		? json_new_num(floor(json_number(arg(a, 0), 0)), e)
		: NULL;
}

static cJSON *f_abs(const cJSON *a, struct err *e)
{
	return json_is(arg(a, 0), JSON_NUMBER)
		? json_new_num(fabs(json_number(arg(a, 0), 0)), e)
		: NULL;
}

static cJSON *extreme(const cJSON *a, int sign, struct err *e)
{
	double best = NAN;

	JSON_EACH (it, a) {
		double d = json_number(it, NAN);

		if (isnan(d))
			return NULL;
		if (isnan(best) || (sign > 0 ? d > best : d < best))
			best = d;
	}
	return isnan(best) ? NULL : json_new_num(best, e);
}

static cJSON *f_max(const cJSON *a, struct err *e)
{
	return extreme(a, 1, e);
}

static cJSON *f_min(const cJSON *a, struct err *e)
{
	return extreme(a, -1, e);
}

static cJSON *f_sum(const cJSON *a, struct err *e)
{
	double sum = 0;

	if (!is_list(arg(a, 0)))
		return NULL;
	JSON_EACH (it, arg(a, 0))
		sum += json_number(it, NAN);
	return isnan(sum) ? NULL : json_new_num(sum, e);
}

/* ---- lists and maps ---- */

static cJSON *f_length(const cJSON *a, struct err *e)
{
	const cJSON *v = arg(a, 0);

	if (json_text(v) != NULL)
		return json_new_num((double)strlen(json_text(v)), e);
	return is_list(v) || json_is(v, JSON_OBJECT)
		? json_new_num((double)json_len(v), e)
		: NULL;
}

static int append(cJSON *out, const cJSON *list, int once, struct err *e)
{
	JSON_EACH (it, list) {
		int there = 0;

		JSON_EACH (have, once ? out : NULL)
			there |= json_equal(have, it);
		if (!there && json_push_copy(out, it, e) < 0)
			return -1;
	}
	return 0;
}

static cJSON *lists(const cJSON *a, int once, struct err *e)
{
	cJSON *out = json_new_array(e);

	JSON_EACH (list, a)
		if (out != NULL && (!is_list(list) || append(out, list, once, e) < 0)) {
			json_free(out);
			return NULL;
		}
	return out;
}

static cJSON *f_concat(const cJSON *a, struct err *e)
{
	return lists(a, 0, e);
}

static cJSON *f_distinct(const cJSON *a, struct err *e)
{
	return lists(a, 1, e);
}

static int flatten(cJSON *out, const cJSON *list, struct err *e)
{
	JSON_EACH (it, list)
		if (is_list(it) ? flatten(out, it, e) < 0
				: json_push_copy(out, it, e) < 0)
			return -1;
	return 0;
}

static cJSON *f_flatten(const cJSON *a, struct err *e)
{
	cJSON *out = is_list(arg(a, 0)) ? json_new_array(e) : NULL;

	if (out != NULL && flatten(out, arg(a, 0), e) < 0) {
		json_free(out);
		return NULL;
	}
	return out;
}

static cJSON *f_compact(const cJSON *a, struct err *e)
{
	cJSON *out = is_list(arg(a, 0)) ? json_new_array(e) : NULL;

	JSON_EACH (it, arg(a, 0))
		if (out != NULL && json_text(it) != NULL && *json_text(it) != '\0' &&
			json_push_copy(out, it, e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

static cJSON *f_merge(const cJSON *a, struct err *e)
{
	cJSON *out = json_new_object(e);

	JSON_EACH (map, a) {
		if (out == NULL || json_is(map, JSON_NULL))
			continue;
		if (!json_is(map, JSON_OBJECT)) {
			json_free(out);
			return NULL;
		}
		JSON_EACH (m, map)
			if (out != NULL && json_set_copy(out, json_key(m), m, e) < 0) {
				json_free(out);
				return NULL;
			}
	}
	return out;
}

static cJSON *f_keys(const cJSON *a, struct err *e)
{
	cJSON *out = json_is(arg(a, 0), JSON_OBJECT) ? json_new_array(e) : NULL;

	JSON_EACH (m, arg(a, 0))
		if (out != NULL && json_push_str(out, json_key(m), e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

static cJSON *f_values(const cJSON *a, struct err *e)
{
	cJSON *out = json_is(arg(a, 0), JSON_OBJECT) ? json_new_array(e) : NULL;

	JSON_EACH (m, arg(a, 0))
		if (out != NULL && json_push_copy(out, m, e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

static cJSON *f_contains(const cJSON *a, struct err *e)
{
	if (!is_list(arg(a, 0)) || arg(a, 1) == NULL)
		return NULL;
	JSON_EACH (it, arg(a, 0))
		if (json_equal(it, arg(a, 1)))
			return json_new_bool(1, e);
	return json_new_bool(0, e);
}

static cJSON *f_lookup(const cJSON *a, struct err *e)
{
	const char *key = json_text(arg(a, 1));
	const cJSON *v = key == NULL ? NULL : json_get(arg(a, 0), key);

	v = v != NULL ? v : arg(a, 2);
	return v == NULL ? NULL : json_copy(v, e);
}

static cJSON *f_element(const cJSON *a, struct err *e)
{
	double i = json_number(arg(a, 1), -1);
	size_t n = json_len(arg(a, 0));

	return !is_list(arg(a, 0)) || i < 0 || n == 0
		? NULL
		: json_copy(json_item(arg(a, 0), (size_t)i % n), e);
}

static cJSON *f_slice(const cJSON *a, struct err *e)
{
	double from = json_number(arg(a, 1), -1), to = json_number(arg(a, 2), -1), i = 0;
	cJSON *out;

	if (!is_list(arg(a, 0)) || from < 0 || to < from)
		return NULL;
	out = json_new_array(e);
	JSON_EACH (it, arg(a, 0)) {
		if (out != NULL && i >= from && i < to &&
			json_push_copy(out, it, e) < 0) {
			json_free(out);
			return NULL;
		}
		i++;
	}
	return out;
}

static cJSON *f_range(const cJSON *a, struct err *e)
{
	double from = json_len(a) > 1 ? json_number(arg(a, 0), NAN) : 0;
	double to = json_number(arg(a, json_len(a) > 1 ? 1 : 0), NAN);
	cJSON *out;

	if (isnan(from) || isnan(to) || json_len(a) > 2 || to - from > 10000)
		return NULL;
	out = json_new_array(e);
	for (double d = from; out != NULL && d < to; d++)
		if (json_push_num(out, d, e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

/* coalesce: the first that is neither null nor ""; one: the only item. */
static cJSON *f_coalesce(const cJSON *a, struct err *e)
{
	JSON_EACH (it, a)
		if (!json_is(it, JSON_NULL) &&
			!(json_text(it) != NULL && *json_text(it) == '\0'))
			return json_copy(it, e);
	return NULL;
}

static cJSON *f_one(const cJSON *a, struct err *e)
{
	size_t n = json_len(arg(a, 0));

	if (!is_list(arg(a, 0)) || n > 1)
		return NULL;
	return n == 0 ? json_new_null(e) : json_copy(json_first(arg(a, 0)), e);
}

/* ---- text ---- */

static cJSON *joined(const struct buf *b, struct err *e)
{
	return b->failed ? NULL : json_new_str(b->ptr, e);
}

static cJSON *f_tostring(const cJSON *a, struct err *e)
{
	const cJSON *v = arg(a, 0);
	struct buf b = BUF_INIT(64);
	cJSON *out = NULL;

	if (json_text(v) != NULL || json_is(v, JSON_NULL))
		return json_copy(v, e);
	if (json_is(v, JSON_BOOL))
		return json_new_str(json_true(v) ? "true" : "false", e);
	if (json_is(v, JSON_NUMBER)) {
		json_print_number(json_number(v, 0), &b);
		out = joined(&b, e);
	}
	buf_release(&b);
	return out;
}

static cJSON *f_tonumber(const cJSON *a, struct err *e)
{
	const char *t = json_text(arg(a, 0));
	char *end;
	double d;

	if (json_is(arg(a, 0), JSON_NUMBER))
		return json_copy(arg(a, 0), e);
	if (t == NULL || *t == '\0')
		return NULL;
	d = strtod(t, &end);
	return *end == '\0' && isfinite(d) ? json_new_num(d, e) : NULL;
}

static cJSON *f_join(const cJSON *a, struct err *e)
{
	const char *by = json_text(arg(a, 0));
	struct buf b = BUF_INIT((size_t)1 << 20);
	cJSON *out = NULL;
	int good = by != NULL && is_list(arg(a, 1));

	JSON_EACH (it, arg(a, 1)) {
		good = good && json_text(it) != NULL;
		if (!good)
			break;
		if (it != json_first(arg(a, 1)))
			buf_add_str(&b, by);
		buf_add_str(&b, json_text(it));
	}
	if (good)
		out = joined(&b, e);
	buf_release(&b);
	return out;
}

static cJSON *f_split(const cJSON *a, struct err *e)
{
	const char *by = json_text(arg(a, 0)), *t = json_text(arg(a, 1));
	cJSON *out;

	if (by == NULL || t == NULL || *by == '\0')
		return NULL;
	out = json_new_array(e);
	while (out != NULL) {
		const char *end = strstr(t, by);
		size_t n = end == NULL ? strlen(t) : (size_t)(end - t);

		if (json_push_strf(out, e, "%.*s", (int)n, t) < 0) {
			json_free(out);
			return NULL;
		}
		if (end == NULL)
			break;
		t = end + strlen(by);
	}
	return out;
}

static cJSON *f_replace(const cJSON *a, struct err *e)
{
	const char *t = json_text(arg(a, 0)), *from = json_text(arg(a, 1)),
		   *to = json_text(arg(a, 2));
	struct buf b = BUF_INIT((size_t)1 << 20);
	cJSON *out;

	/* "/.../" is a regular expression. */
	if (t == NULL || from == NULL || to == NULL || *from == '\0' || *from == '/')
		return NULL;
	for (const char *at; (at = strstr(t, from)) != NULL; t = at + strlen(from)) {
		buf_add(&b, t, (size_t)(at - t));
		buf_add_str(&b, to);
	}
	buf_add_str(&b, t);
	out = joined(&b, e);
	buf_release(&b);
	return out;
}

static cJSON *cased(const cJSON *a, int (*f)(int), struct err *e)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	cJSON *out = NULL;

	if (json_text(arg(a, 0)) != NULL) {
		for (const char *p = json_text(arg(a, 0)); *p != '\0'; p++)
			buf_add_char(&b, (char)f((unsigned char)*p));
		out = joined(&b, e);
	}
	buf_release(&b);
	return out;
}

static cJSON *f_upper(const cJSON *a, struct err *e)
{
	return cased(a, toupper, e);
}

static cJSON *f_lower(const cJSON *a, struct err *e)
{
	return cased(a, tolower, e);
}

static cJSON *f_startswith(const cJSON *a, struct err *e)
{
	const char *t = json_text(arg(a, 0)), *p = json_text(arg(a, 1));

	return t == NULL || p == NULL ? NULL
				      : json_new_bool(strncmp(t, p, strlen(p)) == 0, e);
}

/* jsonencode keeps the structure, so that its members can be looked at; toset and
 * the like are what they get. */
static cJSON *f_same(const cJSON *a, struct err *e)
{
	return arg(a, 0) == NULL ? NULL : json_copy(arg(a, 0), e);
}

static const struct {
	const char *name;
	function *run;
} functions[] = {
	{ "abs", f_abs },
	{ "ceil", f_ceil },
	{ "coalesce", f_coalesce },
	{ "compact", f_compact },
	{ "concat", f_concat },
	{ "contains", f_contains },
	{ "distinct", f_distinct },
	{ "element", f_element },
	{ "flatten", f_flatten },
	{ "floor", f_floor },
	{ "join", f_join },
	{ "jsonencode", f_same },
	{ "keys", f_keys },
	{ "length", f_length },
	{ "lookup", f_lookup },
	{ "lower", f_lower },
	{ "max", f_max },
	{ "merge", f_merge },
	{ "min", f_min },
	{ "nonsensitive", f_same },
	{ "one", f_one },
	{ "range", f_range },
	{ "replace", f_replace },
	{ "sensitive", f_same },
	{ "slice", f_slice },
	{ "split", f_split },
	{ "startswith", f_startswith },
	{ "sum", f_sum },
	{ "tolist", f_same },
	{ "tomap", f_same },
	{ "tonumber", f_tonumber },
	{ "toset", f_distinct },
	{ "tostring", f_tostring },
	{ "try", f_same },
	{ "upper", f_upper },
	{ "values", f_values },
};

cJSON *function_call(const char *name, const cJSON *args, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].run(args, e);
	return NULL;
}
