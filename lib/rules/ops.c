/* Operators for rules: sets, regions in jurisdictions, money, parts and claims. */
#include "internal.h"

#include <math.h>

#include "pricing/pricing.h"

static const cJSON *arg_at(const cJSON *args, size_t i)
{
	return json_item(args, i);
}

static int arity(const cJSON *args, size_t n, const char *op, struct err *e)
{
	if (json_len(args) == n)
		return 0;
	return err_set(
		e, ERR_INPUT, "'%s' takes %zu operands, not %zu", op, n, json_len(args));
}

/* An array, or NULL for null (which counts as empty); anything else is an error. */
static int list_arg(
	const cJSON *args, size_t i, const char *op, const cJSON **out, struct err *e)
{
	const cJSON *v = arg_at(args, i);

	*out = json_is(v, JSON_ARRAY) ? v : NULL;
	if (*out != NULL || json_is(v, JSON_NULL))
		return 0;
	return err_set(e, ERR_INPUT, "operand %zu of '%s' is %s, not an array", i + 1, op,
		json_type_name(json_type(v)));
}

static int has(const cJSON *list, const cJSON *v)
{
	JSON_EACH (it, list)
		if (json_equal(it, v))
			return 1;
	return 0;
}

static int two_lists(const cJSON *args, const char *op, const cJSON **a, const cJSON **b,
	struct err *e)
{
	if (arity(args, 2, op, e) < 0 || list_arg(args, 0, op, a, e) < 0)
		return -1;
	return list_arg(args, 1, op, b, e);
}

static cJSON *op_subset(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *a, *b;

	(void)arg;
	if (two_lists(args, "subset", &a, &b, e) < 0)
		return NULL;
	JSON_EACH (it, a)
		if (!has(b, it))
			return json_new_bool(0, e);
	return json_new_bool(1, e);
}

static cJSON *pick(const cJSON *a, const cJSON *b, int wanted, struct err *e)
{
	cJSON *out = json_new_array(e);

	JSON_EACH (it, a) {
		if (out == NULL || has(b, it) != wanted)
			continue;
		if (json_push_view(out, it, e) < 0) {
			json_free(out);
			return NULL;
		}
	}
	return out;
}

static cJSON *op_common(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *a, *b;

	(void)arg;
	return two_lists(args, "common", &a, &b, e) < 0 ? NULL : pick(a, b, 1, e);
}

static cJSON *op_without(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *a, *b;

	(void)arg;
	return two_lists(args, "without", &a, &b, e) < 0 ? NULL : pick(a, b, 0, e);
}

static cJSON *op_count(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *a;

	(void)arg;
	if (arity(args, 1, "count", e) < 0 || list_arg(args, 0, "count", &a, e) < 0)
		return NULL;
	return json_new_num((double)json_len(a), e);
}

/* [region code, [jurisdiction, ...]]: does the region lie in one of them? An unknown
 * region or jurisdiction lies nowhere. */
static cJSON *op_within(const cJSON *args, const void *arg, struct err *e)
{
	const struct region_book *book = arg;
	const struct region *r;
	const cJSON *list;
	const char *code;

	if (arity(args, 2, "within", e) < 0 || list_arg(args, 1, "within", &list, e) < 0)
		return NULL;
	code = json_text(arg_at(args, 0));
	r = book == NULL || code == NULL ? NULL : region_by_code(book, code);
	JSON_EACH (j, list)
		if (r != NULL && json_text(j) != NULL &&
			region_within(book, r, json_text(j)))
			return json_new_bool(1, e);
	return json_new_bool(0, e);
}

static int amount(const cJSON *v, const char *op, pico_usd *out, struct err *e)
{
	double d = json_number(v, NAN);

	if (!isfinite(d) || fabs(d) > 1e15)
		return err_set(e, ERR_INPUT, "'%s' compares amounts of money, not %s", op,
			json_type_name(json_type(v)));
	*out = (pico_usd)llround(d * 100);
	return 0;
}

/* [a, b]: a <= b after rounding both to cents. */
static cJSON *op_usd_le(const cJSON *args, const void *arg, struct err *e)
{
	pico_usd a, b;

	(void)arg;
	if (arity(args, 2, "usd_le", e) < 0 ||
		amount(arg_at(args, 0), "usd_le", &a, e) < 0 ||
		amount(arg_at(args, 1), "usd_le", &b, e) < 0)
		return NULL;
	return json_new_bool(a <= b, e);
}

/* [objects, "member", [values]]: those whose member is one of the values. */
static cJSON *op_where(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *objects, *values;
	const char *member = json_text(arg_at(args, 1));
	cJSON *out;

	(void)arg;
	if (arity(args, 3, "where", e) < 0 ||
		list_arg(args, 0, "where", &objects, e) < 0 ||
		list_arg(args, 2, "where", &values, e) < 0)
		return NULL;
	if (member == NULL) {
		err_fill(
			e, ERR_INPUT, "operand 2 of 'where' is not the name of a member");
		return NULL;
	}
	out = json_new_array(e);
	JSON_EACH (o, objects)
		if (out != NULL && json_get(o, member) != NULL &&
			has(values, json_get(o, member)) &&
			json_push_view(out, o, e) < 0) {
			json_free(out);
			return NULL;
		}
	return out;
}

static int claims_one(const cJSON *claims, const cJSON *controls)
{
	if (json_text(controls) != NULL)
		return json_has_text(claims, json_text(controls));
	JSON_EACH (c, controls)
		if (json_text(c) != NULL && json_has_text(claims, json_text(c)))
			return 1;
	return 0;
}

/* [control or [controls], parts]: modules of parts that state claims, and none of the
 * controls among them. */
static cJSON *op_lacking(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *controls = arg_at(args, 0), *parts;
	cJSON *out;

	(void)arg;
	if (arity(args, 2, "lacking", e) < 0 ||
		list_arg(args, 1, "lacking", &parts, e) < 0)
		return NULL;
	if (json_text(controls) == NULL && !json_is(controls, JSON_ARRAY)) {
		err_fill(e, ERR_INPUT, "operand 1 of 'lacking' names no control");
		return NULL;
	}
	out = json_new_array(e);
	JSON_EACH (p, parts) {
		const cJSON *claims = json_get(p, "claims");

		if (out == NULL || !json_is(claims, JSON_ARRAY) ||
			claims_one(claims, controls))
			continue;
		if (json_push_str(out, json_str_or(p, "module", "?"), e) < 0) {
			json_free(out);
			return NULL;
		}
	}
	return out;
}

/* [parts]: "claims of PATTERN" for each part whose pattern states none. */
static cJSON *op_unclaimed(const cJSON *args, const void *arg, struct err *e)
{
	const cJSON *parts;
	cJSON *out;

	(void)arg;
	if (arity(args, 1, "unclaimed", e) < 0 ||
		list_arg(args, 0, "unclaimed", &parts, e) < 0)
		return NULL;
	out = json_new_array(e);
	JSON_EACH (p, parts) {
		if (out == NULL || json_is(json_get(p, "claims"), JSON_ARRAY))
			continue;
		if (json_push_strf(
			    out, e, "claims of %s", json_str_or(p, "pattern", "?")) < 0) {
			json_free(out);
			return NULL;
		}
	}
	return out;
}

const struct logic_op rule_ops[] = {
	{ "subset", 2, op_subset },
	{ "common", 2, op_common },
	{ "without", 2, op_without },
	{ "count", 1, op_count },
	{ "within", 2, op_within },
	{ "usd_le", 2, op_usd_le },
	{ "where", 3, op_where },
	{ "lacking", 2, op_lacking },
	{ "unclaimed", 1, op_unclaimed },
	{ NULL, 0, NULL },
};
