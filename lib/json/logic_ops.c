/* JSONLogic operators that get evaluated arguments: arithmetic, text, arrays. */
#include "logic_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- coercions, as ECMAScript does them ---- */

static double hex_number(const char *s)
{
	double d = 0;

	if (*s == '\0')
		return NAN;
	for (; *s != '\0'; s++) {
		const char *digits = "0123456789abcdef", *at = strchr(digits, *s | 0x20);

		if (*s < '0' || at == NULL)
			return NAN;
		d = d * 16 + (double)(at - digits);
	}
	return d;
}

/* StringToNumber: blank is 0; only decimal and 0x literals are numbers. */
static double text_number(const char *s)
{
	static const char space[] = " \t\n\r\f\v";
	size_t n;
	char *end;
	double d;

	s += strspn(s, space);
	n = strlen(s);
	while (n > 0 && strchr(space, s[n - 1]) != NULL)
		n--;
	if (n == 0)
		return 0;
	if (s[0] == '0' && (s[1] | 0x20) == 'x')
		return strlen(s) == n ? hex_number(s + 2) : NAN;
	if (strspn(s, "0123456789+-.eE") < n)
		return NAN;
	d = strtod(s, &end);
	return end == s + n ? d : NAN;
}

/* NaN for what is no number: text, arrays, objects. */
static double number_of(const cJSON *v)
{
	switch (json_type(v)) {
	case JSON_NUMBER:
		return json_number(v, 0);
	case JSON_BOOL:
		return json_true(v);
	case JSON_STRING:
		return text_number(json_text(v));
	case JSON_NULL:
		return 0;
	default:
		return NAN;
	}
}

void logic_text(const cJSON *v, struct buf *out)
{
	switch (json_type(v)) {
	case JSON_STRING:
		buf_add_str(out, json_text(v));
		break;
	case JSON_ARRAY:
		JSON_EACH (it, v) {
			if (it != json_first(v))
				buf_add_char(out, ',');
			if (!json_is(it, JSON_NULL))
				logic_text(it, out);
		}
		break;
	case JSON_OBJECT:
		buf_add_str(out, "[object Object]");
		break;
	default:
		json_print(v, JSON_COMPACT, out);
	}
}

/* ---- comparing ---- */

static int is_textual(const cJSON *v)
{
	return json_is(v, JSON_STRING) || json_is(v, JSON_NULL);
}

/* Order of UTF-16 code units, like canonical JSON's names. */
static int text_order(const char *a, const char *b)
{
	const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;

	while (*x != '\0' && *x == *y)
		x++, y++;
	if (*x >= 0xEE && *y >= 0xEE && (*x >= 0xF0) != (*y >= 0xF0))
		return *x >= 0xF0 ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

int logic_compare(
	struct eval *ev, const struct op *op, const cJSON *a, const cJSON *b, int *order)
{
	int equality = op->name[0] == '=' || op->name[0] == '!';
	double x, y;

	if (json_is(a, JSON_STRING) && json_is(b, JSON_STRING)) {
		*order = text_order(json_text(a), json_text(b));
		return 0;
	}
	if (equality && is_textual(a) && is_textual(b)) {
		*order = json_is(a, JSON_NULL) && json_is(b, JSON_NULL) ? 0 : 2;
		return 0;
	}
	x = number_of(a);
	y = number_of(b);
	if (isnan(x) || isnan(y)) {
		*order = 2;
		if (is_textual(a) && is_textual(b))
			return 0;
		return logic_fail(ev, "NaN", "'%s' cannot compare %s with %s", op->name,
			json_type_name(json_type(a)), json_type_name(json_type(b)));
	}
	*order = x < y ? -1 : x > y;
	return 0;
}

int logic_same(const cJSON *a, const cJSON *b)
{
	return json_equal(a, b);
}

/* ---- arithmetic ---- */

static int not_a_number(struct eval *ev, const struct op *op, const cJSON *v)
{
	return logic_fail(ev, "NaN", "'%s' got %s, which is no number", op->name,
		json_type_name(json_type(v)));
}

static int number_arg(
	struct eval *ev, const struct op *op, const struct val *v, double *out)
{
	*out = number_of(val_at(v));
	return isnan(*out) ? not_a_number(ev, op, val_at(v)) : 0;
}

static int number_result(struct eval *ev, const struct op *op, double d, struct val *out)
{
	if (!isfinite(d))
		return logic_fail(
			ev, "NaN", "the result of '%s' is not a finite number", op->name);
	val_num(out, d);
	return 0;
}

static double fold(char op, double a, double b)
{
	switch (op) {
	case '+':
		return a + b;
	case '-':
		return a - b;
	case '*':
		return a * b;
	case '/':
		return a / b;
	default:
		return fmod(a, b);
	}
}

static int arithmetic(struct eval *ev, const struct op *op, const struct val *args,
	size_t n, struct val *out)
{
	char kind = op->name[0];
	double sum = kind == '*' || kind == '/' ? 1 : 0, d;
	size_t i = 0;

	/* The first operand stands alone, but for 1/x, 0-x and empty sums. */
	if (n > 1 || (n == 1 && (kind == '+' || kind == '*'))) {
		if (number_arg(ev, op, &args[0], &sum) < 0)
			return -1;
		i = 1;
	}
	for (; i < n; i++) {
		if (number_arg(ev, op, &args[i], &d) < 0)
			return -1;
		if (d == 0 && (kind == '/' || kind == '%'))
			return logic_fail(ev, "NaN", "'%s' by zero", op->name);
		sum = fold(kind, sum, d);
	}
	return number_result(ev, op, sum == 0 ? 0 : sum, out);
}

static int extreme(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	int want_max = op->name[1] == 'a';
	double best = 0;

	for (size_t i = 0; i < n; i++) {
		const cJSON *v = val_at(&args[i]);
		double d = json_number(v, 0);

		if (!json_is(v, JSON_NUMBER))
			return logic_fail(ev, "Invalid Arguments",
				"'%s' got %s, which is no number", op->name,
				json_type_name(json_type(v)));
		if (i == 0 || (want_max ? d > best : d < best))
			best = d;
	}
	val_num(out, best);
	return 0;
}

static const struct {
	const char *name;
	double (*f)(double);
} functions[] = {
	{ "abs", fabs },
	{ "ceil", ceil },
	{ "floor", floor },
	{ "log2", log2 },
	{ "round", round }, /* halves away from zero */
	{ "sqrt", sqrt },
};

static int function(struct eval *ev, const struct op *op, const struct val *args,
	size_t n, struct val *out)
{
	double d;

	(void)n;
	if (number_arg(ev, op, &args[0], &d) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (strcmp(functions[i].name, op->name) == 0)
			return number_result(ev, op, functions[i].f(d), out);
	return logic_fail_arity(ev, op);
}

static int power(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	double a, b;

	(void)n;
	if (number_arg(ev, op, &args[0], &a) < 0 || number_arg(ev, op, &args[1], &b) < 0)
		return -1;
	return number_result(ev, op, pow(a, b), out);
}

/* ---- truth ---- */

static int truth(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	int t = n > 0 && logic_truthy(val_at(&args[0]));

	(void)ev;
	val_bool(out, op->name[1] == '!' ? t : !t);
	return 0;
}

/* ---- text ---- */

static int text_result(struct eval *ev, struct buf *b, struct val *out)
{
	int ret = buf_ok(b, ev->e) < 0 ? -1 : val_own(out, json_new_str(b->ptr, ev->e));

	buf_release(b);
	return ret;
}

static int cat(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	struct buf b = BUF_INIT((size_t)64 << 20);

	(void)op;
	for (size_t i = 0; i < n; i++)
		if (!json_is(val_at(&args[i]), JSON_NULL))
			logic_text(val_at(&args[i]), &b);
	return text_result(ev, &b, out);
}

/* Text is measured in UTF-16 code units, as in the language JSONLogic comes from. */
static size_t units_of(unsigned char lead)
{
	return lead >= 0xF0 ? 2 : 1;
}

static size_t bytes_of(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static size_t text_units(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s += bytes_of((unsigned char)*s))
		n += units_of((unsigned char)*s);
	return n;
}

/* Code units [from, to); half a character comes out as U+FFFD. */
static void add_units(const char *s, size_t from, size_t to, struct buf *out)
{
	for (size_t at = 0; *s != '\0' && at < to; s += bytes_of((unsigned char)*s)) {
		size_t n = units_of((unsigned char)*s);
		size_t low = at > from ? at : from, high = at + n < to ? at + n : to;

		if (low < high && high - low == n)
			buf_add(out, s, bytes_of((unsigned char)*s));
		else if (low < high)
			buf_add_str(out, "\xEF\xBF\xBD");
		at += n;
	}
}

static int substr(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	struct buf text = BUF_INIT((size_t)64 << 20), b = BUF_INIT((size_t)64 << 20);
	double units, from, count;

	(void)op;
	logic_text(val_at(&args[0]), &text);
	if (buf_ok(&text, ev->e) < 0) {
		buf_release(&text);
		return -1;
	}
	units = (double)text_units(text.ptr);
	from = n > 1 ? trunc(number_of(val_at(&args[1]))) : 0;
	count = n > 2 ? trunc(number_of(val_at(&args[2]))) : units;
	if (isnan(from))
		from = 0;
	if (isnan(count))
		count = 0;
	if (from < 0)
		from = units + from < 0 ? 0 : units + from;
	if (from > units)
		from = units;
	if (count < 0)
		count = units - from + count;
	if (count > units - from)
		count = units - from;
	if (count > 0)
		add_units(text.ptr, (size_t)from, (size_t)(from + count), &b);
	buf_release(&text);
	return text_result(ev, &b, out);
}

static int length(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	const cJSON *v = val_at(&args[0]);

	(void)n;
	if (json_is(v, JSON_STRING))
		val_num(out, (double)text_units(json_text(v)));
	else if (json_is(v, JSON_ARRAY) || json_is(v, JSON_OBJECT))
		val_num(out, (double)json_len(v));
	else
		return logic_fail_arity(ev, op);
	return 0;
}

/* ---- arrays ---- */

static int in(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	const cJSON *needle = val_at(&args[0]), *hay = n > 1 ? val_at(&args[1]) : NULL;
	int found = 0;

	(void)op;
	if (json_is(hay, JSON_STRING)) {
		struct buf b = BUF_INIT((size_t)64 << 20);

		logic_text(needle, &b);
		found = strstr(json_text(hay), b.ptr) != NULL;
		if (buf_ok(&b, ev->e) < 0)
			return -1;
		buf_release(&b);
	} else if (json_is(hay, JSON_ARRAY)) {
		JSON_EACH (it, hay)
			found |= logic_same(needle, it);
	}
	val_bool(out, found);
	return 0;
}

static int merge(struct eval *ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	cJSON *all = json_new_array(ev->e);
	int ret = all == NULL ? -1 : 0;

	(void)op;
	for (size_t i = 0; i < n && ret == 0; i++) {
		const cJSON *v = val_at(&args[i]);

		if (!json_is(v, JSON_ARRAY)) {
			ret = json_push_copy(all, v, ev->e);
			continue;
		}
		for (const cJSON *it = json_first(v); it != NULL && ret == 0;
			it = json_next(it))
			ret = json_push_copy(all, it, ev->e);
	}
	if (ret < 0) {
		json_free(all);
		return -1;
	}
	return val_own(out, all);
}

/* ---- failing on purpose ---- */

static int throw(struct eval * ev, const struct op *op, const struct val *args, size_t n,
	struct val *out)
{
	const cJSON *v = val_at(&args[0]);
	struct buf type = BUF_INIT(ERR_MSG_MAX);

	(void)op;
	(void)n;
	(void)out;
	logic_text(json_is(v, JSON_OBJECT) ? json_get(v, "type") : v, &type);
	ev->no_memory |= type.failed;
	logic_fail(ev, type.ptr, "thrown by the rule");
	buf_release(&type);
	return -1;
}

static int same_back(struct eval *ev, const struct op *op, const struct val *args,
	size_t n, struct val *out)
{
	cJSON *copy = json_copy(val_at(&args[0]), ev->e);

	(void)op;
	(void)n;
	return val_own(out, copy);
}

const struct op logic_eager_ops[] = {
	{ "+", 0, LOGIC_MANY, CLASSIC, NULL, arithmetic, 0 },
	{ "-", 1, LOGIC_MANY, CLASSIC, NULL, arithmetic, 0 },
	{ "*", 0, LOGIC_MANY, CLASSIC, NULL, arithmetic, 0 },
	{ "/", 1, LOGIC_MANY, CLASSIC, NULL, arithmetic, 0 },
	{ "%", 2, LOGIC_MANY, CLASSIC, NULL, arithmetic, 0 },
	{ "max", 1, LOGIC_MANY, CLASSIC, NULL, extreme, 0 },
	{ "min", 1, LOGIC_MANY, CLASSIC, NULL, extreme, 0 },
	{ "!", 0, LOGIC_MANY, CLASSIC, NULL, truth, 1 },
	{ "!!", 0, LOGIC_MANY, CLASSIC, NULL, truth, 1 },
	{ "cat", 0, LOGIC_MANY, CLASSIC, NULL, cat, 0 },
	{ "substr", 1, LOGIC_MANY, CLASSIC, NULL, substr, 0 },
	{ "in", 1, LOGIC_MANY, CLASSIC, NULL, in, 0 },
	{ "merge", 0, LOGIC_MANY, CLASSIC, NULL, merge, 0 },
	{ "log", 1, 1, CLASSIC, NULL, same_back, 1 },
	{ "length", 1, LOGIC_MANY, PROPOSED, NULL, length, 1 },
	{ "throw", 1, LOGIC_MANY, PROPOSED, NULL, throw, 1 },
	{ "abs", 1, 1, OURS, NULL, function, 1 },
	{ "ceil", 1, 1, OURS, NULL, function, 1 },
	{ "floor", 1, 1, OURS, NULL, function, 1 },
	{ "log2", 1, 1, OURS, NULL, function, 1 },
	{ "pow", 2, 2, OURS, NULL, power, 0 },
	{ "round", 1, 1, OURS, NULL, function, 1 },
	{ "sqrt", 1, 1, OURS, NULL, function, 1 },
};
const size_t logic_n_eager_ops = ARRAY_LEN(logic_eager_ops);
