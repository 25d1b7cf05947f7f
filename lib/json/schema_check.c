/* JSON Schema: validating a value. */
#include "schema_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX       1500
#define UNIQUE_BY_PAIRS 24

/* The way to the value at hand, outermost last. */
struct place {
	const struct place *up;
	const char *name; /* a member's; NULL: an item */
	size_t index;
	int depth;
};

/* The resources entered on the way to a schema, for dynamic references. */
struct scope {
	const struct scope *up;
	const struct resource *in;
};

/* Which members or items some keyword has looked at; bit i is the i-th one. */
struct seen {
	size_t n;
	unsigned char *bit; /* one byte each: n is small */
};

struct run {
	struct store *store;
	struct err *fault; /* a fault of the schema or a limit: ends everything */
	int failed;        /* *fault is filled */
	int quiet;         /* inside not, if and contains nothing is noted */
	int depth;
	int best;         /* depth of the noted failure; -1: none */
	struct buf *note; /* "/plan/x: is not a number" */
};

static int check(struct run *r, struct node *n, const cJSON *v, struct seen *seen,
	const struct scope *scope, const struct place *at);

/* ---- noting failures ---- */

static void add_place(struct buf *b, const struct place *at)
{
	if (at->up == NULL)
		return;
	add_place(b, at->up);
	if (at->name != NULL)
		json_pointer_add(b, at->name);
	else
		buf_addf(b, "/%zu", at->index);
}

/* Notes the deepest first failing place; 0 for `return no(...)`. */
__attribute__((format(printf, 3, 4))) static int no(
	struct run *r, const struct place *at, const char *fmt, ...)
{
	va_list ap;

	if (r->quiet > 0 || at->depth <= r->best)
		return 0;
	r->best = at->depth;
	buf_reset(r->note);
	add_place(r->note, at);
	buf_add_str(r->note, r->note->len > 0 ? ": " : "");
	va_start(ap, fmt);
	buf_vaddf(r->note, fmt, ap);
	va_end(ap);
	return 0;
}

static int fault(struct run *r)
{
	r->failed = 1;
	return 0;
}

/* ---- seen ---- */

static int seen_init(struct run *r, struct seen *s, const cJSON *v)
{
	s->n = json_len(v);
	s->bit = s->n == 0 ? NULL : calloc(s->n, 1);
	if (s->n > 0 && s->bit == NULL) {
		err_no_memory(r->fault);
		fault(r);
		return -1;
	}
	return 0;
}

static void seen_add(struct seen *into, const struct seen *from)
{
	for (size_t i = 0; into != NULL && i < from->n; i++)
		into->bit[i] |= from->bit[i];
}

static void see(struct seen *s, size_t i)
{
	if (s != NULL)
		s->bit[i] = 1;
}

/* An in-place subschema that may fail without failing the whole. */
static int check_apart(struct run *r, struct node *n, const cJSON *v, struct seen *seen,
	const struct scope *scope, const struct place *at)
{
	struct seen own = { 0 };
	int ok;

	if (seen == NULL)
		return check(r, n, v, NULL, scope, at);
	if (seen_init(r, &own, v) < 0)
		return 0;
	ok = check(r, n, v, &own, scope, at);
	if (ok)
		seen_add(seen, &own);
	free(own.bit);
	return ok;
}

/* ---- subschemas ---- */

struct call { /* what every keyword gets */
	struct run *r;
	struct node *n;
	struct part *p;
	const cJSON *v;
	struct seen *seen;
	const struct scope *scope;
	const struct place *at;
};

static struct node *sub(const struct call *c, const cJSON *schema)
{
	struct node *n = schema_node(c->r->store, schema, c->n->in, c->r->fault);

	if (n == NULL)
		fault(c->r);
	return n;
}

static struct node *only_sub(const struct call *c)
{
	if (c->p->target == NULL)
		c->p->target = sub(c, c->p->arg);
	return c->p->target;
}

static int in_place(const struct call *c, const cJSON *schema)
{
	struct node *n = sub(c, schema);

	return n != NULL && check(c->r, n, c->v, c->seen, c->scope, c->at);
}

static int on_item(const struct call *c, struct node *n, const cJSON *item, size_t i)
{
	struct place at = { c->at, NULL, i, c->at->depth + 1 };

	see(c->seen, i);
	return n != NULL && check(c->r, n, item, NULL, c->scope, &at);
}

static int on_member(const struct call *c, struct node *n, const cJSON *member, size_t i)
{
	struct place at = { c->at, json_key(member), 0, c->at->depth + 1 };

	see(c->seen, i);
	return n != NULL && check(c->r, n, member, NULL, c->scope, &at);
}

static const cJSON *beside(const struct call *c, enum keyword k)
{
	for (size_t i = 0; i < c->n->n; i++)
		if (c->n->parts[i].keyword == k)
			return c->n->parts[i].arg;
	return NULL;
}

/* ---- references ---- */

static int run_ref(const struct call *c)
{
	if (c->p->target == NULL)
		c->p->target = schema_refer(
			c->r->store, c->n->in, json_text(c->p->arg), c->r->fault);
	if (c->p->target == NULL)
		return fault(c->r);
	return check(c->r, c->p->target, c->v, c->seen, c->scope, c->at);
}

/* The outermost resource of the dynamic scope that has the dynamic anchor. */
static const struct anchor *outermost(const struct call *c, const char *name)
{
	const struct anchor *found = NULL;

	for (const struct scope *s = c->scope; s != NULL; s = s->up) {
		const struct anchor *a = schema_anchor(c->r->store, s->in, name);

		if (a != NULL && a->dynamic)
			found = a;
	}
	return found;
}

static int run_dynamic_ref(const struct call *c)
{
	const char *ref = json_text(c->p->arg), *hash = strchr(ref, '#');
	const struct anchor *first, *last;
	struct node *n;

	if (c->p->target == NULL)
		c->p->target = schema_refer(c->r->store, c->n->in, ref, c->r->fault);
	n = c->p->target;
	if (n == NULL)
		return fault(c->r);
	first = hash == NULL || hash[1] == '\0' || hash[1] == '/'
		? NULL
		: schema_anchor(c->r->store, n->in, hash + 1);
	if (first != NULL && first->dynamic) {
		last = outermost(c, hash + 1);
		if (last != NULL)
			n = schema_node(c->r->store, last->at, last->in, c->r->fault);
		if (n == NULL)
			return fault(c->r);
	}
	return check(c->r, n, c->v, c->seen, c->scope, c->at);
}

/* 2019-09: the outermost resource whose root says $recursiveAnchor: true. */
static int run_recursive_ref(const struct call *c)
{
	const struct resource *in = c->n->in;
	struct node *n;

	if (json_true(json_get(in->root, "$recursiveAnchor")))
		for (const struct scope *s = c->scope; s != NULL; s = s->up)
			if (json_true(json_get(s->in->root, "$recursiveAnchor")))
				in = s->in;
	n = schema_node(c->r->store, in->root, in, c->r->fault);
	if (n == NULL)
		return fault(c->r);
	return check(c->r, n, c->v, c->seen, c->scope, c->at);
}

/* ---- any value ---- */

static int is_type(const cJSON *v, const char *name)
{
	switch (name[0]) {
	case 'n':
		return json_is(v, name[2] == 'l' ? JSON_NULL : JSON_NUMBER);
	case 'b':
		return json_is(v, JSON_BOOL);
	case 'o':
		return json_is(v, JSON_OBJECT);
	case 'a':
		return json_is(v, JSON_ARRAY);
	case 's':
		return json_is(v, JSON_STRING);
	default: /* integer */
		return json_is(v, JSON_NUMBER) &&
			json_number(v, 0.5) == floor(json_number(v, 0));
	}
}

static int run_type(const struct call *c)
{
	struct buf names = BUF_INIT(BUF_NO_LIMIT);

	if (json_is(c->p->arg, JSON_STRING)) {
		const char *name = json_text(c->p->arg);

		if (is_type(c->v, name))
			return 1;
		return no(c->r, c->at, "must be %s%s, not %s",
			strcmp(name, "null") == 0                ? ""
				: strchr("aio", name[0]) != NULL ? "an "
								 : "a ",
			name, json_type_name(json_type(c->v)));
	}
	JSON_EACH (it, c->p->arg) {
		if (is_type(c->v, json_text(it))) {
			buf_release(&names);
			return 1;
		}
		buf_addf(&names, "%s%s", names.len > 0 ? " or " : "", json_text(it));
	}
	no(c->r, c->at, "must be %s, not %s", names.ptr, json_type_name(json_type(c->v)));
	buf_release(&names);
	return 0;
}

static int not_one_of(const struct call *c, const char *word, const cJSON *what)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);

	json_print(what, JSON_COMPACT, &b);
	no(c->r, c->at, "must be %s%.200s", word, b.ptr);
	buf_release(&b);
	return 0;
}

static int run_const(const struct call *c)
{
	return json_equal(c->v, c->p->arg) || not_one_of(c, "", c->p->arg);
}

static int run_enum(const struct call *c)
{
	JSON_EACH (it, c->p->arg)
		if (json_equal(c->v, it))
			return 1;
	return not_one_of(c, "one of ", c->p->arg);
}

/* ---- numbers ---- */

/* The digits and power of ten that a double prints as. */
static void decimal_of(double d, long long *digits, int *power)
{
	char text[40];
	struct buf b = BUF_INIT(64);
	const char *p;

	json_print_number(fabs(d), &b);
	snprintf(text, sizeof(text), "%s", b.ptr);
	buf_release(&b);
	*digits = 0;
	*power = 0;
	for (p = text; *p != '\0' && *p != 'e'; p++) {
		if (*p == '.') {
			*power = -(int)strspn(p + 1, "0123456789");
		} else if (*digits < 100000000000000000LL) {
			*digits = *digits * 10 + (*p - '0');
		} else if (*power >= 0) {
			*power +=
				1; /* digits past the 18th of a long integer are zeroes */
		}
	}
	if (*p == 'e')
		*power += (int)strtol(p + 1, NULL, 10);
	while (*digits != 0 && *digits % 10 == 0) {
		*digits /= 10;
		*power += 1;
	}
}

/* Exact in decimal: 0.0075 is a multiple of 0.0001, whatever doubles say. */
static int is_multiple(double value, double of)
{
	long long a, b;
	int pa, pb;
	__extension__ typedef __int128 wide; /* below 10^36 throughout */
	wide rest;

	if (value == 0)
		return 1;
	if (of == 0)
		return 0;
	decimal_of(value, &a, &pa);
	decimal_of(of, &b, &pb);
	if (pa >= pb) { /* a * 10^(pa - pb) mod b */
		rest = (wide)a % (wide)b;
		for (int i = pa - pb; i > 0 && rest != 0; i--)
			rest = rest * 10 % (wide)b;
		return rest == 0;
	}
	rest = (wide)b; /* a mod b * 10^(pb - pa); a has no factor ten left */
	for (int i = pb - pa; i > 0; i--) {
		rest *= 10;
		if (rest > (wide)a)
			return 0;
	}
	return (wide)a % rest == 0;
}

static int run_bound(const struct call *c)
{
	double d = json_number(c->v, 0), bound = json_number(c->p->arg, 0);
	const char *what;
	struct buf b = BUF_INIT(64);
	int ok;

	if (!json_is(c->v, JSON_NUMBER))
		return 1;
	switch (c->p->keyword) {
	case KW_MAXIMUM:
		ok = d <= bound;
		what = "must be at most";
		break;
	case KW_EXCLUSIVE_MAXIMUM:
		ok = d < bound;
		what = "must be less than";
		break;
	case KW_MINIMUM:
		ok = d >= bound;
		what = "must be at least";
		break;
	case KW_EXCLUSIVE_MINIMUM:
		ok = d > bound;
		what = "must be more than";
		break;
	default:
		ok = is_multiple(d, bound);
		what = "must be a multiple of";
	}
	if (!ok) {
		json_print_number(bound, &b);
		no(c->r, c->at, "%s %s", what, b.ptr);
		buf_release(&b);
	}
	return ok;
}

/* ---- sizes ---- */

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

static const struct {
	enum keyword keyword;
	enum json_type type;
	int is_max;
	const char *what;
} sizes[] = {
	{ KW_MAX_LENGTH, JSON_STRING, 1, "characters" },
	{ KW_MIN_LENGTH, JSON_STRING, 0, "characters" },
	{ KW_MAX_ITEMS, JSON_ARRAY, 1, "items" },
	{ KW_MIN_ITEMS, JSON_ARRAY, 0, "items" },
	{ KW_MAX_PROPERTIES, JSON_OBJECT, 1, "members" },
	{ KW_MIN_PROPERTIES, JSON_OBJECT, 0, "members" },
};

static int run_size(const struct call *c)
{
	size_t i = 0;
	double n, bound = json_number(c->p->arg, 0);

	while (sizes[i].keyword != c->p->keyword)
		i++;
	if (!json_is(c->v, sizes[i].type))
		return 1;
	n = (double)(sizes[i].type == JSON_STRING ? characters(json_text(c->v))
						  : json_len(c->v));
	if (sizes[i].is_max ? n <= bound : n >= bound)
		return 1;
	return no(c->r, c->at, "has %.0f %s; it must have at %s %.0f", n, sizes[i].what,
		sizes[i].is_max ? "most" : "least", bound);
}

/* ---- strings ---- */

static int run_pattern(const struct call *c)
{
	const char *text = json_text(c->v), *pattern = json_text(c->p->arg);
	const struct regex *x;
	int found;

	if (text == NULL)
		return 1;
	x = schema_pattern(c->r->store, pattern, c->r->fault);
	if (x == NULL)
		return fault(c->r);
	found = regex_search(x, text, c->r->fault);
	if (found < 0)
		return fault(c->r);
	return found || no(c->r, c->at, "does not match the pattern %.150s", pattern);
}

static int run_format(const struct call *c)
{
	const char *text = json_text(c->v), *format = json_text(c->p->arg);
	int asserted = c->r->store->options.assert_formats ||
		(c->n->in->vocabulary & VOCAB_FORMAT) != 0;

	if (text == NULL || !asserted || schema_format(format, text) != 0)
		return 1;
	return no(c->r, c->at, "is not of the format '%.60s'", format);
}

/* ---- arrays ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Equal values have equal canonical forms; sorting those finds them in n log n. */
static int unique_by_text(const struct call *c, size_t n)
{
	char **text = calloc(n, sizeof(*text));
	size_t i = 0;
	int ok = text != NULL;

	JSON_EACH (it, c->v) {
		struct buf b = BUF_INIT(BUF_NO_LIMIT);

		if (!ok || json_canonical(it, &b, c->r->fault) < 0)
			ok = 0;
		else if ((text[i++] = buf_take(&b)) == NULL)
			ok = 0;
		buf_release(&b);
	}
	if (!ok) {
		err_no_memory(c->r->fault);
		fault(c->r);
	} else {
		qsort(text, n, sizeof(*text), by_text);
		for (i = 1; i < n && ok; i++)
			ok = strcmp(text[i - 1], text[i]) != 0;
	}
	for (i = 0; text != NULL && i < n; i++)
		free(text[i]);
	free(text);
	return ok;
}

static int run_unique(const struct call *c)
{
	size_t n = json_len(c->v);
	int ok = 1;

	if (!json_is(c->v, JSON_ARRAY) || !json_true(c->p->arg) || n < 2)
		return 1;
	if (n > UNIQUE_BY_PAIRS) {
		ok = unique_by_text(c, n);
	} else {
		for (const cJSON *a = json_first(c->v); a != NULL && ok; a = json_next(a))
			for (const cJSON *b = json_next(a); b != NULL && ok;
				b = json_next(b))
				ok = !json_equal(a, b);
	}
	return ok || no(c->r, c->at, "holds an item twice");
}

/* prefixItems, and items as an array before 2020-12. */
static int run_prefix(const struct call *c)
{
	const cJSON *item = json_first(c->v);
	size_t i = 0;
	int ok = 1;

	if (!json_is(c->v, JSON_ARRAY))
		return 1;
	for (const cJSON *s = json_first(c->p->arg); s != NULL && item != NULL && ok;
		s = json_next(s), item = json_next(item))
		ok = on_item(c, sub(c, s), item, i++);
	return ok;
}

/* The items from the from-th on. */
static int run_rest(const struct call *c, size_t from)
{
	struct node *n = only_sub(c);
	size_t i = 0;
	int ok = n != NULL;

	if (!json_is(c->v, JSON_ARRAY))
		return ok;
	for (const cJSON *it = json_first(c->v); it != NULL && ok;
		it = json_next(it), i++)
		if (i >= from)
			ok = on_item(c, n, it, i);
	return ok;
}

static int run_items(const struct call *c)
{
	if (json_is(c->p->arg, JSON_ARRAY))
		return run_prefix(c);
	return run_rest(c, json_len(beside(c, KW_PREFIX_ITEMS)));
}

static int run_additional_items(const struct call *c)
{
	const cJSON *items = beside(c, KW_ITEMS);

	return !json_is(items, JSON_ARRAY) || run_rest(c, json_len(items));
}

static int run_contains(const struct call *c)
{
	struct node *n = only_sub(c);
	double min = json_number(beside(c, KW_MIN_CONTAINS), 1);
	double max = json_number(beside(c, KW_MAX_CONTAINS), INFINITY), found = 0;
	struct call alone = *c;
	size_t i = 0;

	if (!json_is(c->v, JSON_ARRAY) || n == NULL)
		return n != NULL;
	alone.seen = NULL;
	c->r->quiet++;
	JSON_EACH (it, c->v) {
		if (on_item(&alone, n, it, i)) {
			found++;
			if (c->n->in->dialect == DRAFT_2020)
				see(c->seen, i);
		}
		i++;
	}
	c->r->quiet--;
	if (found < min)
		return no(c->r, c->at, "must contain at least %.0f matching item%s", min,
			min == 1 ? "" : "s");
	if (found > max)
		return no(c->r, c->at, "must contain at most %.0f matching items", max);
	return 1;
}

static int run_unevaluated_items(const struct call *c)
{
	struct node *n = only_sub(c);
	size_t i = 0;
	int ok = n != NULL;

	if (!json_is(c->v, JSON_ARRAY))
		return ok;
	for (const cJSON *it = json_first(c->v); it != NULL && ok;
		it = json_next(it), i++)
		if (!c->seen->bit[i])
			ok = on_item(c, n, it, i);
	return ok;
}

/* ---- objects ---- */

static int run_required(const struct call *c)
{
	if (!json_is(c->v, JSON_OBJECT))
		return 1;
	JSON_EACH (name, c->p->arg)
		if (!json_has(c->v, json_text(name)))
			return no(c->r, c->at, "'%.100s' is missing", json_text(name));
	return 1;
}

static int need_all(const struct call *c, const cJSON *because, const cJSON *names)
{
	JSON_EACH (name, names)
		if (json_text(name) != NULL && !json_has(c->v, json_text(name)))
			return no(c->r, c->at,
				"'%.100s' is missing (needed with '%.100s')",
				json_text(name), json_key(because));
	return 1;
}

static int run_dependent_required(const struct call *c)
{
	JSON_EACH (d, c->p->arg)
		if (json_has(c->v, json_key(d)) && !need_all(c, d, d))
			return 0;
	return 1;
}

static int run_dependent_schemas(const struct call *c)
{
	JSON_EACH (d, c->p->arg) {
		if (!json_has(c->v, json_key(d)))
			continue;
		if (json_is(d, JSON_ARRAY) ? !need_all(c, d, d) : !in_place(c, d))
			return 0;
	}
	return 1;
}

static int run_properties(const struct call *c)
{
	size_t i = 0;

	if (!json_is(c->v, JSON_OBJECT))
		return 1;
	JSON_EACH (m, c->v) {
		const cJSON *s = json_get(c->p->arg, json_key(m));

		if (s != NULL && !on_member(c, sub(c, s), m, i))
			return 0;
		i++;
	}
	return 1;
}

/* 1 match, 0 none, -1 fault. */
static int name_matches(const struct call *c, const char *pattern, const char *name)
{
	const struct regex *x = schema_pattern(c->r->store, pattern, c->r->fault);
	int found = x == NULL ? -1 : regex_search(x, name, c->r->fault);

	if (found < 0)
		fault(c->r);
	return found;
}

static int run_pattern_properties(const struct call *c)
{
	size_t i = 0;

	if (!json_is(c->v, JSON_OBJECT))
		return 1;
	JSON_EACH (m, c->v) {
		JSON_EACH (s, c->p->arg) {
			int found = name_matches(c, json_key(s), json_key(m));

			if (found < 0 || (found && !on_member(c, sub(c, s), m, i)))
				return 0;
		}
		i++;
	}
	return 1;
}

static int is_additional(const struct call *c, const cJSON *properties,
	const cJSON *patterns, const char *name)
{
	if (json_has(properties, name))
		return 0;
	JSON_EACH (s, patterns)
		if (name_matches(c, json_key(s), name) != 0)
			return 0;
	return 1;
}

static int refuse_member(const struct call *c, const cJSON *m)
{
	struct place at = { c->at, json_key(m), 0, c->at->depth + 1 };

	return no(c->r, &at, "is not a member known here");
}

static int run_additional_properties(const struct call *c)
{
	const cJSON *properties = beside(c, KW_PROPERTIES);
	const cJSON *patterns = beside(c, KW_PATTERN_PROPERTIES);
	struct node *n = only_sub(c);
	size_t i = 0;

	if (!json_is(c->v, JSON_OBJECT) || n == NULL)
		return n != NULL;
	JSON_EACH (m, c->v) {
		if (is_additional(c, properties, patterns, json_key(m))) {
			if (c->r->failed || n->always == 0)
				return refuse_member(c, m);
			if (!on_member(c, n, m, i))
				return 0;
		}
		i++;
	}
	return !c->r->failed;
}

static int run_unevaluated_properties(const struct call *c)
{
	struct node *n = only_sub(c);
	size_t i = 0;

	if (!json_is(c->v, JSON_OBJECT) || n == NULL)
		return n != NULL;
	JSON_EACH (m, c->v) {
		if (!c->seen->bit[i]) {
			if (n->always == 0)
				return refuse_member(c, m);
			if (!on_member(c, n, m, i))
				return 0;
		}
		i++;
	}
	return 1;
}

static int run_property_names(const struct call *c)
{
	struct node *n = only_sub(c);
	int ok = n != NULL;

	if (!json_is(c->v, JSON_OBJECT))
		return ok;
	for (const cJSON *m = json_first(c->v); m != NULL && ok; m = json_next(m)) {
		cJSON *name = json_new_str(json_key(m), c->r->fault);

		if (name == NULL)
			return fault(c->r);
		c->r->quiet++;
		ok = check(c->r, n, name, NULL, c->scope, c->at);
		c->r->quiet--;
		json_free(name);
		if (!ok)
			no(c->r, c->at,
				"has a member with the name '%.100s', which is not "
				"allowed",
				json_key(m));
	}
	return ok;
}

/* ---- combining ---- */

static int run_all_of(const struct call *c)
{
	JSON_EACH (s, c->p->arg)
		if (!in_place(c, s))
			return 0;
	return 1;
}

/* anyOf and oneOf; what failing branches noted counts only when the whole fails. */
static int run_any_of(const struct call *c)
{
	int one = c->p->keyword == KW_ONE_OF, matches = 0, best = c->r->best;
	struct buf note = BUF_INIT(BUF_NO_LIMIT);

	buf_add_str(&note, c->r->note->ptr);
	JSON_EACH (s, c->p->arg) {
		struct node *n = sub(c, s);

		matches +=
			n != NULL && check_apart(c->r, n, c->v, c->seen, c->scope, c->at);
		/* Annotations of every matching branch count, so only these can stop. */
		if (c->r->failed || (one && matches > 1) ||
			(!one && matches && c->seen == NULL))
			break;
	}
	if (matches > 0) {
		c->r->best = best;
		buf_reset(c->r->note);
		buf_add_str(c->r->note, note.ptr);
	}
	buf_release(&note);
	if (matches == 0 || c->r->failed)
		return no(c->r, c->at, "matches none of the forms that are allowed here");
	return !one || matches == 1 ||
		no(c->r, c->at, "matches several forms of which only one is allowed");
}

static int run_not(const struct call *c)
{
	struct node *n = only_sub(c);
	int ok;

	if (n == NULL)
		return 0;
	c->r->quiet++;
	ok = !check(c->r, n, c->v, NULL, c->scope, c->at);
	c->r->quiet--;
	return ok || no(c->r, c->at, "is of a form that is not allowed here");
}

static int run_if(const struct call *c)
{
	struct node *n = only_sub(c);
	const cJSON *next;
	int holds;

	if (n == NULL)
		return 0;
	c->r->quiet++;
	holds = check_apart(c->r, n, c->v, c->seen, c->scope, c->at);
	c->r->quiet--;
	if (c->r->failed)
		return 0;
	next = beside(c, holds ? KW_THEN : KW_ELSE);
	return next == NULL || in_place(c, next);
}

/* ---- one schema ---- */

static int (*const runs[KW_COUNT])(const struct call *) = {
	[KW_REF] = run_ref,
	[KW_DYNAMIC_REF] = run_dynamic_ref,
	[KW_RECURSIVE_REF] = run_recursive_ref,
	[KW_TYPE] = run_type,
	[KW_CONST] = run_const,
	[KW_ENUM] = run_enum,
	[KW_MULTIPLE_OF] = run_bound,
	[KW_MAXIMUM] = run_bound,
	[KW_EXCLUSIVE_MAXIMUM] = run_bound,
	[KW_MINIMUM] = run_bound,
	[KW_EXCLUSIVE_MINIMUM] = run_bound,
	[KW_MAX_LENGTH] = run_size,
	[KW_MIN_LENGTH] = run_size,
	[KW_PATTERN] = run_pattern,
	[KW_MAX_ITEMS] = run_size,
	[KW_MIN_ITEMS] = run_size,
	[KW_UNIQUE_ITEMS] = run_unique,
	[KW_MAX_PROPERTIES] = run_size,
	[KW_MIN_PROPERTIES] = run_size,
	[KW_REQUIRED] = run_required,
	[KW_DEPENDENT_REQUIRED] = run_dependent_required,
	[KW_FORMAT] = run_format,
	[KW_ALL_OF] = run_all_of,
	[KW_ANY_OF] = run_any_of,
	[KW_ONE_OF] = run_any_of,
	[KW_NOT] = run_not,
	[KW_IF] = run_if,
	[KW_DEPENDENT_SCHEMAS] = run_dependent_schemas,
	[KW_DEPENDENCIES] = run_dependent_schemas,
	[KW_PREFIX_ITEMS] = run_prefix,
	[KW_ITEMS] = run_items,
	[KW_ADDITIONAL_ITEMS] = run_additional_items,
	[KW_CONTAINS] = run_contains,
	[KW_PROPERTIES] = run_properties,
	[KW_PATTERN_PROPERTIES] = run_pattern_properties,
	[KW_ADDITIONAL_PROPERTIES] = run_additional_properties,
	[KW_PROPERTY_NAMES] = run_property_names,
	[KW_UNEVALUATED_ITEMS] = run_unevaluated_items,
	[KW_UNEVALUATED_PROPERTIES] = run_unevaluated_properties,
};

static int check_parts(struct run *r, struct node *n, const cJSON *v, struct seen *seen,
	const struct scope *scope, const struct place *at)
{
	for (size_t i = 0; i < n->n; i++) {
		struct call c = { r, n, &n->parts[i], v, seen, scope, at };

		if (runs[c.p->keyword] != NULL && !runs[c.p->keyword](&c))
			return 0;
		if (r->failed)
			return 0;
	}
	return 1;
}

static int check(struct run *r, struct node *n, const cJSON *v, struct seen *seen,
	const struct scope *scope, const struct place *at)
{
	struct scope here = { scope, n->in };
	struct seen own = { 0 };
	int ok;

	if (n->always >= 0)
		return n->always || no(r, at, "is not allowed here");
	if (r->depth >= DEPTH_MAX) {
		err_fill(r->fault, ERR_INPUT, "the schema refers to itself without end");
		return fault(r);
	}
	r->depth++;
	if (scope != NULL && scope->in == n->in)
		here.up = scope->up;
	if (!n->tracks) {
		ok = check_parts(r, n, v, seen, &here, at);
	} else {
		/* Only what this schema's own keywords saw counts for its unevaluated*. */
		ok = seen_init(r, &own, v) == 0 && check_parts(r, n, v, &own, &here, at);
		if (ok)
			seen_add(seen, &own);
		free(own.bit);
	}
	r->depth--;
	return ok;
}

int schema_check(
	const struct schema *s, const cJSON *value, const char *where, struct err *e)
{
	struct buf note = BUF_INIT(BUF_NO_LIMIT);
	struct place top = { 0 };
	struct err fault_of = { 0 };
	struct run r = {
		.store = s->store, .fault = &fault_of, .best = -1, .note = &note
	};
	int ok = check(&r, s->root, value, NULL, NULL, &top);

	if (r.failed) {
		*e = fault_of;
		ok = 0;
	} else if (!ok) {
		err_fill(e, ERR_INPUT, "%s%s%s", where != NULL ? where : "",
			where != NULL && where[0] != '\0' && note.ptr[0] != '/' ? ": "
										: "",
			note.ptr);
	}
	buf_release(&note);
	return ok ? 0 : -1;
}
