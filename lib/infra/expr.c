/* Terraform's expression language, read and evaluated in one pass over the text. */
#include "internal.h"

#include <ctype.h>
#include <math.h>

#define DEPTH_MAX 100
#define PARTS_MAX 12

struct reader {
	const char *s; /* what is left */
	const struct expr_env *env;
	const struct local_name *names;
	struct err *e;
	int depth, bad; /* bad: not understood, or no memory */
};

static cJSON *read_expr(struct reader *r);

/* ---- unknown ---- */

cJSON *expr_unknown(const char *text, size_t len, struct err *e)
{
	cJSON *v = json_new_object(e);
	struct buf b = BUF_INIT(BUF_NO_LIMIT);

	buf_add(&b, text, len);
	if (v != NULL &&
		(buf_ok(&b, e) < 0 || json_set_str(v, "$unknown", b.ptr, e) < 0)) {
		json_free(v);
		v = NULL;
	}
	buf_release(&b);
	return v;
}

const char *infra_unknown_text(const cJSON *v)
{
	return json_text(json_get(v, "$unknown"));
}

int infra_is_unknown(const cJSON *v)
{
	return infra_unknown_text(v) != NULL;
}

/* ---- reading ---- */

static cJSON *give_up(struct reader *r)
{
	r->bad = 1;
	return NULL;
}

static void skip(struct reader *r)
{
	while (isspace((unsigned char)*r->s))
		r->s++;
}

static int take(struct reader *r, const char *token)
{
	size_t n = strlen(token);

	skip(r);
	if (strncmp(r->s, token, n) != 0)
		return 0;
	r->s += n;
	return 1;
}

static size_t ident(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-')
		n++;
	return n;
}

static int word(struct reader *r, const char *w)
{
	skip(r);
	if (ident(r->s) != strlen(w) || strncmp(r->s, w, strlen(w)) != 0)
		return 0;
	r->s += strlen(w);
	return 1;
}

/* ---- operators ---- */

static int as_number(const cJSON *v, double *out)
{
	const char *t = json_text(v);
	char *end;

	if (json_is(v, JSON_NUMBER)) {
		*out = json_number(v, 0);
		return 1;
	}
	if (t == NULL || *t == '\0')
		return 0;
	*out = strtod(t, &end);
	return *end == '\0' && isfinite(*out);
}

static cJSON *arithmetic(struct reader *r, const char *op, double a, double b)
{
	switch (*op) {
	case '+':
		return json_new_num(a + b, r->e);
	case '-':
		return json_new_num(a - b, r->e);
	case '*':
		return json_new_num(a * b, r->e);
	case '/':
		return b == 0 ? NULL : json_new_num(a / b, r->e);
	case '%':
		return b == 0 ? NULL : json_new_num(fmod(a, b), r->e);
	case '<':
		return json_new_bool(op[1] == '=' ? a <= b : a < b, r->e);
	default:
		return json_new_bool(op[1] == '=' ? a >= b : a > b, r->e);
	}
}

/* Takes both over. */
static cJSON *apply(struct reader *r, const char *op, cJSON *a, cJSON *b)
{
	int and = *op == '&', unknown = infra_is_unknown(a) || infra_is_unknown(b);
	cJSON *out = NULL;
	double x, y;

	if (*op == '&' || *op == '|') {
		/* One side may decide alone. */
		if ((json_is(a, JSON_BOOL) && json_true(a) != and) ||
			(json_is(b, JSON_BOOL) && json_true(b) != and))
			out = json_new_bool(!and, r->e);
		else if (!unknown)
			out = json_new_bool(and, r->e);
	} else if (!unknown && (*op == '=' || *op == '!')) {
		out = json_new_bool(json_equal(a, b) == (*op == '='), r->e);
	} else if (!unknown && as_number(a, &x) && as_number(b, &y)) {
		out = arithmetic(r, op, x, y);
	}
	if (out == NULL) {
		const cJSON *why = infra_is_unknown(a) ? a
			: infra_is_unknown(b)          ? b
						       : NULL;

		out = why != NULL ? json_copy(why, r->e)
				  : expr_unknown(op, strlen(op), r->e);
	}
	json_free(a);
	json_free(b);
	return out;
}

static const struct {
	const char *op;
	int level;
} operators[] = { { "||", 1 }, { "&&", 2 }, { "==", 3 }, { "!=", 3 }, { "<=", 4 },
	{ ">=", 4 }, { "<", 4 }, { ">", 4 }, { "+", 5 }, { "-", 5 }, { "*", 6 },
	{ "/", 6 }, { "%", 6 } };

static const char *operator_at(const char *s, int *level)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (strncmp(s, operators[i].op, strlen(operators[i].op)) == 0) {
			*level = operators[i].level;
			return operators[i].op;
		}
	return NULL;
}

/* ---- strings ---- */

static void add_value(struct buf *out, const cJSON *v)
{
	if (json_text(v) != NULL)
		buf_add_str(out, json_text(v));
	else if (json_is(v, JSON_BOOL))
		buf_add_str(out, json_true(v) ? "true" : "false");
	else
		json_print(v, JSON_COMPACT, out);
}

static char unescaped(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
}

/* "text ${a} text": the opening quote is at r->s. A template of one part is that part. */
static cJSON *read_template(struct reader *r)
{
	const char *start = r->s++;
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	cJSON *part = NULL, *out = NULL;
	int parts = 0, unknown = 0;

	while (*r->s != '"') {
		if (*r->s == '\0' || (r->s[0] == '%' && r->s[1] == '{'))
			goto bad;
		if (r->s[0] == '$' && r->s[1] == '$' && r->s[2] == '{') {
			buf_add_str(&b, "${");
			r->s += 3;
		} else if (r->s[0] == '$' && r->s[1] == '{') {
			r->s += 2;
			(void)take(r, "~");
			json_free(part);
			part = read_expr(r);
			if (part == NULL || (take(r, "~"), !take(r, "}")))
				goto bad;
			unknown |= infra_is_unknown(part);
			parts++;
			if (!(parts == 1 && b.len == 0 && *r->s == '"'))
				add_value(&b, part);
			else
				out = json_copy(part, r->e);
		} else if (*r->s == '\\' && r->s[1] != '\0') {
			buf_add_char(&b, unescaped(r->s[1]));
			r->s += 2;
		} else {
			buf_add_char(&b, *r->s++);
		}
	}
	r->s++;
	if (out == NULL)
		out = unknown ? expr_unknown(start, (size_t)(r->s - start), r->e)
			      : json_new_str(b.failed ? "" : b.ptr, r->e);
	if (buf_ok(&b, r->e) < 0)
		goto bad;
	json_free(part);
	buf_release(&b);
	return out;
bad:
	json_free(part);
	json_free(out);
	buf_release(&b);
	return give_up(r);
}

/* ---- for ---- */

struct loop {
	struct local_name first, second; /* key and value, or value alone in `first` */
	int two;
};

static int read_loop(struct reader *r, struct loop *l, cJSON **over)
{
	*l = (struct loop){ .two = 0 };
	skip(r);
	l->first.name = r->s;
	l->first.len = ident(r->s);
	r->s += l->first.len;
	if (take(r, ",")) {
		skip(r);
		l->two = 1;
		l->second.name = r->s;
		l->second.len = ident(r->s);
		r->s += l->second.len;
	}
	if (l->first.len == 0 || (l->two && l->second.len == 0) || !word(r, "in"))
		return -1;
	*over = read_expr(r);
	return *over == NULL || !take(r, ":") ? -1 : 0;
}

/* One turn of the body; what it makes goes into `out`, an array or an object. */
static int turn(struct reader *r, cJSON *out, int *unknown)
{
	int object = json_is(out, JSON_OBJECT), keep = 1, grouped = 0;
	cJSON *key = object ? read_expr(r) : NULL, *value = NULL, *cond = NULL;
	int ret = -1;

	if (object && (key == NULL || !take(r, "=>")))
		goto out;
	value = read_expr(r);
	if (value == NULL)
		goto out;
	grouped = take(r, "...");
	if (word(r, "if")) {
		cond = read_expr(r);
		if (cond == NULL)
			goto out;
		keep = json_true(cond);
		*unknown |= !json_is(cond, JSON_BOOL);
	}
	*unknown |= grouped || (object && json_text(key) == NULL);
	ret = 0;
	if (!keep || *unknown)
		goto out;
	ret = object ? json_set(out, json_text(key), value, r->e)
		     : json_push(out, value, r->e);
	value = NULL;
out:
	json_free(key);
	json_free(value);
	json_free(cond);
	return ret;
}

static int turns(
	struct reader *r, struct loop *l, const cJSON *over, cJSON *out, int *unknown)
{
	const char *body = r->s, *end = NULL;
	const struct local_name *outer = r->names;
	struct local_name *last = l->two ? &l->second : &l->first;
	double i = 0;
	int ret = 0;

	last->next = outer;
	l->first.next = l->two ? &l->second : outer;
	r->names = &l->first;
	JSON_EACH (it, over) {
		cJSON *key = json_key(it) != NULL ? json_new_str(json_key(it), r->e)
						  : json_new_num(i++, r->e);

		r->s = body;
		l->first.value = l->two ? key : it;
		l->second.value = it;
		ret = key == NULL ? -1 : turn(r, out, unknown);
		json_free(key);
		if (ret < 0)
			break;
		end = r->s;
	}
	if (end == NULL && ret == 0) {
		/* Nothing to walk: once, to find the end. */
		cJSON *none = expr_unknown("each", 4, r->e), *scrap = NULL;
		int ignored = 0;

		l->first.value = l->second.value = none;
		scrap = json_is(out, JSON_OBJECT) ? json_new_object(r->e)
						  : json_new_array(r->e);
		ret = none == NULL || scrap == NULL ? -1 : turn(r, scrap, &ignored);
		json_free(none);
		json_free(scrap);
	}
	r->names = outer;
	return ret;
}

/* After "[for" or "{for". */
static cJSON *read_for(struct reader *r, const char *start, int object)
{
	struct loop l;
	cJSON *over = NULL, *out = NULL;
	int unknown = 0;

	if (read_loop(r, &l, &over) < 0)
		goto bad;
	out = object ? json_new_object(r->e) : json_new_array(r->e);
	unknown = infra_is_unknown(over) ||
		!(json_is(over, JSON_ARRAY) || json_is(over, JSON_OBJECT));
	if (out == NULL ||
		turns(r, &l, infra_is_unknown(over) ? NULL : over, out, &unknown) < 0 ||
		!take(r, object ? "}" : "]"))
		goto bad;
	json_free(over);
	if (!unknown)
		return out;
	json_free(out);
	return expr_unknown(start, (size_t)(r->s - start), r->e);
bad:
	json_free(over);
	json_free(out);
	return give_up(r);
}

/* ---- lists, objects, calls ---- */

static cJSON *read_list(struct reader *r, const char *start)
{
	cJSON *list;

	if (word(r, "for"))
		return read_for(r, start, 0);
	list = json_new_array(r->e);
	while (list != NULL && !take(r, "]")) {
		if (json_push(list, read_expr(r), r->e) < 0 ||
			(!take(r, ",") && (skip(r), *r->s != ']'))) {
			json_free(list);
			return give_up(r);
		}
	}
	return list;
}

static char *read_key(struct reader *r)
{
	size_t n;
	cJSON *v = NULL;
	char *key = NULL;

	skip(r);
	n = ident(r->s);
	if (n > 0) {
		key = strndup(r->s, n);
		r->s += n;
		return key;
	}
	if (take(r, "(")) {
		v = read_expr(r);
		if (v == NULL || !take(r, ")"))
			r->bad = 1;
	} else if (*r->s == '"') {
		v = read_template(r);
	}
	if (json_text(v) != NULL && !r->bad)
		key = strdup(json_text(v));
	json_free(v);
	return key;
}

static cJSON *read_object(struct reader *r, const char *start)
{
	cJSON *object;

	if (word(r, "for"))
		return read_for(r, start, 1);
	object = json_new_object(r->e);
	while (object != NULL && !take(r, "}")) {
		char *key = read_key(r);
		int bad = key == NULL || (!take(r, "=") && !take(r, ":")) ||
			json_set(object, key, read_expr(r), r->e) < 0;

		free(key);
		(void)take(r, ",");
		if (bad) {
			json_free(object);
			return give_up(r);
		}
	}
	return object;
}

static int push_argument(struct reader *r, cJSON *args, int *unknown)
{
	cJSON *v = read_expr(r);
	int ret = 0;

	if (v == NULL)
		return -1;
	if (!take(r, "...")) {
		*unknown |= infra_is_unknown(v);
		return json_push(args, v, r->e);
	}
	*unknown |= !json_is(v, JSON_ARRAY);
	JSON_EACH (it, v) {
		*unknown |= infra_is_unknown(it);
		if (ret == 0)
			ret = json_push_copy(args, it, r->e);
	}
	json_free(v);
	return ret;
}

/* After "name(". try() and coalesce() answer the first argument that is known. */
static cJSON *read_call(struct reader *r, const char *start, const char *name)
{
	cJSON *args = json_new_array(r->e), *out = NULL;
	int unknown = 0, first;

	while (args != NULL && !take(r, ")"))
		if (push_argument(r, args, &unknown) < 0 ||
			(!take(r, ",") && (skip(r), *r->s != ')'))) {
			json_free(args);
			return give_up(r);
		}
	if (args == NULL)
		return give_up(r);
	first = strcmp(name, "jsonencode") == 0 || strcmp(name, "length") == 0;
	if (!unknown || (first && !infra_is_unknown(json_first(args))))
		out = function_call(name, args, r->e);
	json_free(args);
	return out != NULL ? out : expr_unknown(start, (size_t)(r->s - start), r->e);
}

/* ---- references ---- */

static const cJSON *local_value(const struct reader *r, const char *name, size_t n)
{
	for (const struct local_name *l = r->names; l != NULL; l = l->next)
		if (l->len == n && strncmp(l->name, name, n) == 0)
			return l->value;
	return NULL;
}

/* The parts of "a.b.c" from the first name on; how many, 0 when there are too many. */
static size_t read_parts(struct reader *r, char **parts)
{
	size_t n = 0, len;

	do {
		len = ident(r->s);
		if (n == PARTS_MAX || (parts[n] = strndup(r->s, len)) == NULL)
			return n;
		n++;
		r->s += len;
	} while (*r->s == '.' && ident(r->s + 1) > 0 && (r->s++, 1));
	return n;
}

/* The member of a value, owned; takes the value over. */
static cJSON *member(struct reader *r, cJSON *v, const char *key)
{
	const cJSON *m = infra_is_unknown(v) ? NULL : json_get(v, key);
	cJSON *out;

	if (infra_is_unknown(v)) {
		struct buf b = BUF_INIT(1 << 16);

		buf_addf(&b, "%s.%s", infra_unknown_text(v), key);
		if (json_set_str(v, "$unknown", b.failed ? key : b.ptr, r->e) < 0)
			r->bad = 1;
		buf_release(&b);
		return v;
	}
	if (m == NULL && json_has(v, "$resource")) {
		/* What a provider computes. */
		out = expr_unknown("", 0, r->e);
		if (out == NULL ||
			json_setf(out, "$unknown", r->e, "%s.%s",
				json_str_or(v, "$resource", ""), key) < 0 ||
			json_set_copy(out, "$module", json_get(v, "$module"), r->e) < 0)
			r->bad = 1;
		json_free(v);
		return out;
	}
	/* Optional attributes of an object that was not given them are null. */
	out = m != NULL                   ? json_copy(m, r->e)
		: json_is(v, JSON_OBJECT) ? json_new_null(r->e)
					  : expr_unknown(key, strlen(key), r->e);
	json_free(v);
	return out;
}

static cJSON *read_reference(struct reader *r)
{
	char *parts[PARTS_MAX] = { NULL };
	const char *start = r->s;
	const cJSON *local = local_value(r, r->s, ident(r->s));
	size_t n = read_parts(r, parts), used = 1;
	cJSON *v = NULL;

	if (n == 0)
		give_up(r);
	else if (local != NULL)
		v = json_copy(local, r->e);
	else
		v = r->env->resolve(
			r->env->arg, (const char *const *)parts, n, &used, r->e);
	if (v == NULL && n > 0)
		v = expr_unknown(start, (size_t)(r->s - start), r->e);
	for (size_t i = used; v != NULL && i < n; i++)
		v = member(r, v, parts[i]);
	for (size_t i = 0; i < n; i++)
		free(parts[i]);
	return v;
}

/* ---- what stands between operators ---- */

static cJSON *read_number(struct reader *r)
{
	char *end;
	double d = strtod(r->s, &end);

	if (end == r->s || !isfinite(d))
		return give_up(r);
	r->s = end;
	return json_new_num(d, r->e);
}

static cJSON *read_name(struct reader *r)
{
	const char *start = r->s;
	size_t n = ident(r->s);
	char name[64];

	if (n < sizeof(name) && r->s[n] == '(') {
		memcpy(name, r->s, n);
		name[n] = '\0';
		r->s += n + 1;
		return read_call(r, start, name);
	}
	if (word(r, "true"))
		return json_new_bool(1, r->e);
	if (word(r, "false"))
		return json_new_bool(0, r->e);
	if (word(r, "null"))
		return json_new_null(r->e);
	return read_reference(r);
}

static cJSON *read_primary(struct reader *r)
{
	const char *start;
	cJSON *v;

	skip(r);
	start = r->s;
	if (take(r, "(")) {
		v = read_expr(r);
		if (v != NULL && !take(r, ")")) {
			json_free(v);
			return give_up(r);
		}
		return v;
	}
	if (take(r, "["))
		return read_list(r, start);
	if (take(r, "{"))
		return read_object(r, start);
	if (*r->s == '"')
		return read_template(r);
	if (isdigit((unsigned char)*r->s))
		return read_number(r);
	return ident(r->s) > 0 ? read_name(r) : give_up(r);
}

/* v[i] or v["key"]; takes both over. */
static cJSON *index_of(struct reader *r, cJSON *v, cJSON *i)
{
	const cJSON *m = NULL;
	cJSON *out;

	if (infra_is_unknown(v)) {
		json_free(i);
		return v;
	}
	if (json_is(v, JSON_ARRAY) && json_is(i, JSON_NUMBER) && json_number(i, 0) >= 0)
		m = json_item(v, (size_t)json_number(i, 0));
	else if (json_text(i) != NULL)
		m = json_get(v, json_text(i));
	out = m != NULL ? json_copy(m, r->e) : expr_unknown("[]", 2, r->e);
	json_free(v);
	json_free(i);
	return out;
}

/* v[*].a.b: the rest of the path applied to each item; takes v over. */
static cJSON *splat(struct reader *r, cJSON *v)
{
	cJSON *out = infra_is_unknown(v) ? NULL : json_new_array(r->e);
	char *parts[PARTS_MAX];
	size_t n = 0;

	if (*r->s == '.' && ident(r->s + 1) > 0) {
		r->s++;
		n = read_parts(r, parts);
	}
	JSON_EACH (it, out == NULL ? NULL : v) {
		cJSON *item = json_copy(it, r->e);

		for (size_t i = 0; item != NULL && i < n; i++)
			item = member(r, item, parts[i]);
		if (json_push(out, item, r->e) < 0)
			break;
	}
	for (size_t i = 0; i < n; i++)
		free(parts[i]);
	if (out == NULL)
		return v;
	json_free(v);
	return out;
}

static cJSON *read_postfix(struct reader *r)
{
	cJSON *v = read_primary(r);

	while (v != NULL && (*r->s == '[' || *r->s == '.')) {
		if (strncmp(r->s, "[*]", 3) == 0) {
			r->s += 3;
			v = splat(r, v);
		} else if (strncmp(r->s, ".*", 2) == 0) {
			r->s += 2;
			v = splat(r, v);
		} else if (*r->s == '[') {
			cJSON *i;

			r->s++;
			i = read_expr(r);
			if (i == NULL || !take(r, "]")) {
				json_free(i);
				json_free(v);
				return give_up(r);
			}
			v = index_of(r, v, i);
		} else if (ident(r->s + 1) > 0) {
			char *parts[PARTS_MAX];
			size_t n;

			r->s++;
			n = read_parts(r, parts);
			for (size_t i = 0; i < n; i++) {
				v = v == NULL ? NULL : member(r, v, parts[i]);
				free(parts[i]);
			}
		} else {
			break; /* "..." after an argument */
		}
	}
	return v;
}

static cJSON *read_unary(struct reader *r)
{
	cJSON *v, *out;
	double d;

	skip(r);
	if (*r->s != '-' && (*r->s != '!' || r->s[1] == '='))
		return read_postfix(r);
	if (r->depth > DEPTH_MAX)
		return give_up(r);
	if (*r->s++ == '-') {
		r->depth++;
		v = read_unary(r);
		r->depth--;
		if (v == NULL || !as_number(v, &d))
			return v;
		out = json_new_num(-d, r->e);
	} else {
		r->depth++;
		v = read_unary(r);
		r->depth--;
		if (!json_is(v, JSON_BOOL))
			return v;
		out = json_new_bool(!json_true(v), r->e);
	}
	json_free(v);
	return out;
}

static cJSON *read_binary(struct reader *r, int level)
{
	cJSON *a = read_unary(r), *b;
	const char *op;
	int at;

	while (a != NULL && (skip(r), (op = operator_at(r->s, &at)) != NULL) &&
		at >= level) {
		r->s += strlen(op);
		b = read_binary(r, at + 1);
		if (b == NULL) {
			json_free(a);
			return NULL;
		}
		a = apply(r, op, a, b);
	}
	return a;
}

static cJSON *choose(struct reader *r, cJSON *cond)
{
	cJSON *yes = read_expr(r), *no = NULL, *out;

	if (yes == NULL || !take(r, ":") || (no = read_expr(r)) == NULL) {
		json_free(yes);
		json_free(cond);
		return give_up(r);
	}
	if (json_is(cond, JSON_BOOL) || json_equal(yes, no)) {
		int first = json_true(cond) || !json_is(cond, JSON_BOOL);

		out = first ? yes : no;
		json_free(first ? no : yes);
		json_free(cond);
		return out;
	}
	json_free(yes);
	json_free(no);
	if (infra_is_unknown(cond))
		return cond;
	json_free(cond);
	return expr_unknown("?", 1, r->e);
}

static cJSON *read_expr(struct reader *r)
{
	cJSON *v;

	if (r->bad || ++r->depth > DEPTH_MAX || --*r->env->steps < 0)
		return give_up(r);
	v = read_binary(r, 1);
	if (v != NULL && take(r, "?"))
		v = choose(r, v);
	r->depth--;
	return v;
}

/* ---- the contract ---- */

cJSON *expr_text(const struct expr_env *env, const char *text, struct err *e)
{
	struct reader r = { .s = text, .env = env, .names = env->names, .e = e };
	cJSON *v = read_expr(&r);

	skip(&r);
	if (v != NULL && !r.bad && *r.s == '\0')
		return v;
	json_free(v);
	return expr_unknown(text, strlen(text), e);
}

static cJSON *list_value(
	const struct expr_env *env, const struct hcl_value *v, struct err *e)
{
	cJSON *list = json_new_array(e);

	for (size_t i = 0; list != NULL && i < v->n; i++)
		if (json_push(list, expr_value(env, &v->items[i], e), e) < 0) {
			json_free(list);
			return NULL;
		}
	return list;
}

/* "list..." as the last argument: its items are the arguments. 1 when it is one. */
static int spread_argument(
	const struct expr_env *env, const struct hcl_value *v, cJSON *args, struct err *e)
{
	size_t n = v->kind == HCL_EXPR ? strlen(v->text) : 0;
	cJSON *list;
	char *text;
	int ret = 1;

	if (n < 4 || strcmp(v->text + n - 3, "...") != 0)
		return 0;
	text = strndup(v->text, n - 3);
	list = text == NULL ? NULL : expr_text(env, text, e);
	free(text);
	if (list == NULL)
		return -1;
	if (!json_is(list, JSON_ARRAY))
		return json_push(args, list, e) < 0 ? -1 : 1;
	JSON_EACH (it, list)
		if (ret > 0 && json_push_copy(args, it, e) < 0)
			ret = -1;
	json_free(list);
	return ret;
}

static cJSON *call_value(
	const struct expr_env *env, const struct hcl_value *v, struct err *e)
{
	cJSON *args = json_new_array(e), *out = NULL;
	int unknown = 0, spread = 0;
	/* These two are of the shape of what they get, known or not. */
	int shape = strcmp(v->text, "jsonencode") == 0 || strcmp(v->text, "length") == 0;

	for (size_t i = 0; args != NULL && i < v->n; i++) {
		spread = spread_argument(env, &v->items[i], args, e);
		if (spread < 0 ||
			(spread == 0 &&
				json_push(args, expr_value(env, &v->items[i], e), e) <
					0)) {
			json_free(args);
			args = NULL;
		}
	}
	if (args == NULL)
		return NULL;
	JSON_EACH (it, args)
		unknown |= infra_is_unknown(it);
	if (!unknown || (shape && !infra_is_unknown(json_first(args))))
		out = function_call(v->text, args, e);
	json_free(args);
	return out != NULL ? out : expr_unknown(v->text, strlen(v->text), e);
}

static cJSON *object_value(
	const struct expr_env *env, const struct hcl_value *v, struct err *e)
{
	cJSON *object = json_new_object(e);

	for (size_t i = 0; object != NULL && i < v->n; i++) {
		cJSON *name = v->keys[i][0] == '"' ? expr_text(env, v->keys[i], e) : NULL;
		const char *key = json_text(name) != NULL ? json_text(name) : v->keys[i];
		int bad = json_set(object, key, expr_value(env, &v->items[i], e), e) < 0;

		json_free(name);
		if (bad) {
			json_free(object);
			return NULL;
		}
	}
	return object;
}

cJSON *expr_value(const struct expr_env *env, const struct hcl_value *v, struct err *e)
{
	switch (v->kind) {
	case HCL_NULL:
		return json_new_null(e);
	case HCL_BOOL:
		return json_new_bool(v->boolean, e);
	case HCL_NUMBER:
		return json_new_num(v->number, e);
	case HCL_STRING:
		return json_new_str(v->text, e);
	case HCL_LIST:
		return list_value(env, v, e);
	case HCL_OBJECT:
		return object_value(env, v, e);
	case HCL_CALL:
		return call_value(env, v, e);
	default:
		return expr_text(env, v->text, e);
	}
}
