/* The reader: text to tree in one pass, with positions in its messages. */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INTEGER_MAX 9007199254740991.0 /* 2^53 - 1, RFC 7493 section 2.2 */
#define NAMES_SMALL 16

struct reader {
	const char *text;
	size_t len, at;
	int depth;
	enum json_rules rules;
	struct buf scratch; /* the string being read */
	struct err *e;
};

static int fail(struct reader *r, size_t at, const char *what)
{
	return err_set(r->e, ERR_INPUT, "byte %zu: %s", at, what);
}

static int peek(const struct reader *r)
{
	return r->at < r->len ? (unsigned char)r->text[r->at] : -1;
}

static void skip_space(struct reader *r)
{
	while (r->at < r->len) {
		char c = r->text[r->at];

		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			return;
		r->at++;
	}
}

/* The length of the UTF-8 sequence at p (RFC 3629: no overlong forms, no
 * surrogates, nothing past U+10FFFF), or 0. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		n = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		n = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		n = 4;
	else
		return 0;
	if (p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xF4)
		high = 0x8F;
	if (left < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

static int hex4(struct reader *r, unsigned *out)
{
	unsigned v = 0;

	if (r->len - r->at < 4)
		return fail(r, r->at, "a \\u escape needs four hexadecimal digits");
	for (int i = 0; i < 4; i++) {
		char c = r->text[r->at + (size_t)i];
		unsigned d = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			: c >= 'a' && c <= 'f'    ? (unsigned)(c - 'a') + 10
			: c >= 'A' && c <= 'F'    ? (unsigned)(c - 'A') + 10
						  : 16;

		if (d == 16)
			return fail(
				r, r->at, "a \\u escape needs four hexadecimal digits");
		v = v * 16 + d;
	}
	r->at += 4;
	*out = v;
	return 0;
}

static void add_utf8(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_add_char(b, (char)c);
	} else if (c < 0x800) {
		buf_add_char(b, (char)(0xC0 | (c >> 6)));
		buf_add_char(b, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_add_char(b, (char)(0xE0 | (c >> 12)));
		buf_add_char(b, (char)(0x80 | ((c >> 6) & 63)));
		buf_add_char(b, (char)(0x80 | (c & 63)));
	} else {
		buf_add_char(b, (char)(0xF0 | (c >> 18)));
		buf_add_char(b, (char)(0x80 | ((c >> 12) & 63)));
		buf_add_char(b, (char)(0x80 | ((c >> 6) & 63)));
		buf_add_char(b, (char)(0x80 | (c & 63)));
	}
}

/* After "\u": one character, joining a surrogate pair. A lone surrogate is
 * refused, or U+FFFD by the plain rules. */
static int unicode_escape(struct reader *r, size_t start)
{
	unsigned c, d;

	if (hex4(r, &c) < 0)
		return -1;
	if (c == 0) {
		if (r->rules == JSON_STRICT)
			return fail(
				r, start, "\\u0000 is refused: no text here may hold it");
		buf_add(&r->scratch, "\xC0\x80",
			2); /* no valid UTF-8 has these two bytes */
		return 0;
	}
	if (c >= 0xD800 && c <= 0xDBFF && r->len - r->at >= 6 && r->text[r->at] == '\\' &&
		r->text[r->at + 1] == 'u') {
		size_t back = r->at;

		r->at += 2;
		if (hex4(r, &d) < 0)
			return -1;
		if (d >= 0xDC00 && d <= 0xDFFF)
			c = 0x10000 + ((c - 0xD800) << 10) + (d - 0xDC00);
		else
			r->at = back;
	}
	if (c >= 0xD800 && c <= 0xDFFF) {
		if (r->rules == JSON_STRICT)
			return fail(r, start, "a lone surrogate is not a character");
		c = 0xFFFD;
	}
	add_utf8(&r->scratch, c);
	return 0;
}

static int escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t start = r->at++;
	int c = peek(r);
	const char *found;

	if (c < 0)
		return fail(r, start, "the text ends inside a string");
	r->at++;
	if (c == 'u')
		return unicode_escape(r, start);
	found = memchr(from, c, sizeof(from) - 1);
	if (found == NULL)
		return fail(r, start, "an unknown escape in a string");
	buf_add_char(&r->scratch, to[found - from]);
	return 0;
}

/* A string (at its opening quote) of printable ASCII without escapes, as most are: a
 * copy. NULL, with nothing read, for any other. */
static char *plain_string(struct reader *r)
{
	const char *from = r->text + r->at + 1, *end = r->text + r->len, *p = from;
	char *copy;

	while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	if (p == end || *p != '"')
		return NULL;
	copy = malloc((size_t)(p - from) + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, from, (size_t)(p - from));
	copy[p - from] = '\0';
	r->at = (size_t)(p - r->text) + 1;
	return copy;
}

/* Reads a string (at its opening quote) into scratch. */
static int read_string(struct reader *r)
{
	size_t start = r->at++, run;

	buf_reset(&r->scratch);
	for (;;) {
		run = r->at;
		while (r->at < r->len) {
			unsigned char c = (unsigned char)r->text[r->at];
			size_t n = 1;

			if (c == '"' || c == '\\' || c < 0x20)
				break;
			if (c >= 0x80)
				n = utf8_len((const unsigned char *)r->text + r->at,
					r->len - r->at);
			if (n == 0)
				return fail(r, r->at, "the text is not valid UTF-8");
			r->at += n;
		}
		buf_add(&r->scratch, r->text + run, r->at - run);
		if (r->scratch.failed)
			return err_no_memory(r->e);
		switch (peek(r)) {
		case '"':
			r->at++;
			return 0;
		case '\\':
			if (escape(r) < 0)
				return -1;
			break;
		case -1:
			return fail(r, start, "the text ends inside a string");
		default:
			return fail(r, r->at,
				"a control character in a string must be escaped");
		}
	}
}

/* The string at hand, for the caller to free; NULL with the error told. */
static char *take_string(struct reader *r)
{
	char *text = plain_string(r);

	if (text != NULL)
		return text;
	if (read_string(r) < 0)
		return NULL;
	text = strdup(r->scratch.ptr);
	if (text == NULL)
		err_no_memory(r->e);
	return text;
}

static size_t skip_digits(struct reader *r)
{
	size_t from = r->at;

	while (r->at < r->len && r->text[r->at] >= '0' && r->text[r->at] <= '9')
		r->at++;
	return r->at - from;
}

static int number_shape(struct reader *r, int *integer)
{
	size_t start = r->at;

	*integer = 1;
	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (skip_digits(r) == 0)
		return fail(r, start, "a number needs a digit");
	if (peek(r) == '.') {
		*integer = 0;
		r->at++;
		if (skip_digits(r) == 0)
			return fail(r, start, "a number needs a digit after its point");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		*integer = 0;
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (skip_digits(r) == 0)
			return fail(r, start, "a number needs a digit in its exponent");
	}
	return 0;
}

/* The number of the token [from, to) when it has at most 15 digits and no exponent:
 * then digits and power of ten are doubles, and one division rounds as strtod does.
 * 1, or 0 for any other. */
static int short_number(const char *from, const char *to, double *out)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	int64_t digits = 0;
	size_t decimals = 0;
	int negative = *from == '-', after = 0;

	if (to - from > 15 + negative)
		return 0;
	for (const char *p = from + negative; p < to; p++) {
		if (*p == '.') {
			after = 1;
			continue;
		}
		if (*p < '0' || *p > '9')
			return 0;
		digits = digits * 10 + (*p - '0');
		decimals += (size_t)after;
	}
	*out = (double)digits / tens[decimals];
	if (negative)
		*out = -*out;
	return 1;
}

static cJSON *read_number(struct reader *r)
{
	size_t start = r->at;
	int integer;
	double d;
	cJSON *v;

	if (number_shape(r, &integer) < 0)
		return NULL;
	if (short_number(r->text + start, r->text + r->at, &d)) {
		v = cJSON_CreateNumber(d);
		if (v == NULL)
			err_no_memory(r->e);
		return v;
	}
	buf_reset(&r->scratch);
	buf_add(&r->scratch, r->text + start, r->at - start);
	if (r->scratch.failed) {
		err_no_memory(r->e);
		return NULL;
	}
	d = strtod(r->scratch.ptr, NULL); /* the C locale: nothing here calls setlocale */
	if (!isfinite(d)) {
		fail(r, start, "a number is too large for a double");
		return NULL;
	}
	/* However it is spelt: up to 10^21 it would be printed as an integer. */
	if (fabs(d) > INTEGER_MAX && (integer || fabs(d) < 1e21) &&
		r->rules == JSON_STRICT) {
		fail(r, start, "an integer is past 2^53-1: write it as a string");
		return NULL;
	}
	v = cJSON_CreateNumber(d);
	if (v == NULL)
		err_no_memory(r->e);
	return v;
}

static cJSON *read_word(struct reader *r)
{
	static const struct {
		const char *text;
		size_t len;
		int type;
	} words[] = { { "true", 4, cJSON_True }, { "false", 5, cJSON_False },
		{ "null", 4, cJSON_NULL } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		cJSON *v;

		if (r->len - r->at < words[i].len ||
			memcmp(r->text + r->at, words[i].text, words[i].len) != 0)
			continue;
		r->at += words[i].len;
		v = words[i].type == cJSON_NULL
			? cJSON_CreateNull()
			: cJSON_CreateBool(words[i].type == cJSON_True);
		if (v == NULL)
			err_no_memory(r->e);
		return v;
	}
	fail(r, r->at,
		r->at == r->len ? "the text ends where a value should be"
				: "this is not the start of a JSON value");
	return NULL;
}

static cJSON *read_value(struct reader *r);

/* cJSON keeps the last child in first->prev; appending is constant time. */
static void append(cJSON *parent, cJSON *item)
{
	if (parent->child == NULL) {
		parent->child = item;
		item->prev = item;
	} else {
		cJSON *last = parent->child->prev;

		last->next = item;
		item->prev = last;
		parent->child->prev = item;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* 1 when each name is greater than the one before: sorted files need no sort. */
static int names_ascend(const cJSON *obj)
{
	for (const cJSON *m = obj->child; m != NULL && m->next != NULL; m = m->next)
		if (strcmp(m->string, m->next->string) >= 0)
			return 0;
	return 1;
}

/* The name that stands twice among few: each is held against each. */
static const char *duplicate_of_few(const cJSON *obj)
{
	for (const cJSON *m = obj->child; m != NULL; m = m->next)
		for (const cJSON *o = m->next; o != NULL; o = o->next)
			if (m->string[0] == o->string[0] &&
				strcmp(m->string, o->string) == 0)
				return o->string;
	return NULL;
}

/* The name that stands twice in an object, or NULL; *no_memory tells the rest. */
static const char *duplicate(const cJSON *obj, size_t n, int *no_memory)
{
	const cJSON **all;
	const char *found = NULL;
	size_t i = 0;

	*no_memory = 0;
	if (names_ascend(obj))
		return NULL;
	if (n <= NAMES_SMALL)
		return duplicate_of_few(obj);
	all = malloc(n * sizeof(*all));
	if (all == NULL) {
		*no_memory = 1;
		return NULL;
	}
	for (const cJSON *m = obj->child; m != NULL; m = m->next)
		all[i++] = m;
	qsort(all, n, sizeof(*all), by_name);
	for (i = 1; i < n && found == NULL; i++)
		if (strcmp(all[i - 1]->string, all[i]->string) == 0)
			found = all[i]->string;
	free(all);
	return found;
}

/* By the plain rules the last of several equal names counts. */
static void keep_last(cJSON *obj)
{
	for (cJSON *m = obj->child, *next; m != NULL; m = next) {
		next = m->next;
		for (const cJSON *later = next; later != NULL; later = later->next)
			if (strcmp(m->string, later->string) == 0) {
				cJSON_Delete(cJSON_DetachItemViaPointer(obj, m));
				break;
			}
	}
}

static int check_names(struct reader *r, cJSON *obj, size_t n, size_t start)
{
	int no_memory;
	const char *twice = n < 2 ? NULL : duplicate(obj, n, &no_memory);

	if (n >= 2 && no_memory)
		return err_no_memory(r->e);
	if (twice == NULL)
		return 0;
	if (r->rules == JSON_STRICT)
		return err_set(r->e, ERR_INPUT,
			"byte %zu: the object has the name '%.60s' twice", start, twice);
	keep_last(obj);
	return 0;
}

static cJSON *read_member(struct reader *r)
{
	char *name;
	cJSON *v;

	skip_space(r);
	if (peek(r) != '"') {
		fail(r, r->at, "a member needs a name in double quotes");
		return NULL;
	}
	name = take_string(r);
	if (name == NULL)
		return NULL;
	skip_space(r);
	if (peek(r) != ':') {
		fail(r, r->at, "a ':' must follow a member's name");
		free(name);
		return NULL;
	}
	r->at++;
	v = read_value(r);
	if (v == NULL)
		free(name);
	else
		v->string = name;
	return v;
}

static cJSON *read_container(struct reader *r, int is_object)
{
	cJSON *c = is_object ? cJSON_CreateObject() : cJSON_CreateArray();
	int close = is_object ? '}' : ']';
	size_t n = 0, start = r->at++;

	if (c == NULL) {
		err_no_memory(r->e);
		return NULL;
	}
	if (++r->depth > JSON_DEPTH_MAX) {
		fail(r, start, "the value is nested too deeply (512 levels at most)");
		goto bad;
	}
	skip_space(r);
	if (peek(r) == close)
		goto done;
	for (;;) {
		cJSON *item = is_object ? read_member(r) : read_value(r);

		if (item == NULL)
			goto bad;
		append(c, item);
		n++;
		skip_space(r);
		if (peek(r) == close)
			break;
		if (peek(r) != ',') {
			fail(r, r->at,
				r->at == r->len     ? "the text ends inside a value"
					: is_object ? "',' or '}' must follow a member"
						    : "',' or ']' must follow an item");
			goto bad;
		}
		r->at++;
	}
	if (is_object && check_names(r, c, n, start) < 0)
		goto bad;
done:
	r->at++;
	r->depth--;
	return c;
bad:
	cJSON_Delete(c);
	return NULL;
}

static cJSON *string_value(struct reader *r)
{
	char *text = take_string(r);
	cJSON *v = text == NULL ? NULL : cJSON_CreateNull();

	if (v != NULL) {
		v->type = cJSON_String;
		v->valuestring = text;
	} else if (text != NULL) {
		free(text);
		err_no_memory(r->e);
	}
	return v;
}

static cJSON *read_value(struct reader *r)
{
	skip_space(r);
	switch (peek(r)) {
	case '{':
		return read_container(r, 1);
	case '[':
		return read_container(r, 0);
	case '"':
		return string_value(r);
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		return read_number(r);
	default:
		return read_word(r);
	}
}

cJSON *json_parse(const char *text, size_t len, enum json_rules rules, struct err *e)
{
	struct reader r = { .text = text,
		.len = len,
		.rules = rules,
		.scratch = BUF_INIT(BUF_NO_LIMIT),
		.e = e };
	cJSON *v = read_value(&r);

	if (v != NULL) {
		skip_space(&r);
		if (r.at < len) {
			fail(&r, r.at, "something follows the JSON value");
			json_free(v);
			v = NULL;
		}
	}
	buf_release(&r.scratch);
	return v;
}

cJSON *json_parse_file(const char *path, size_t max, struct err *e)
{
	struct buf text = BUF_INIT(max);
	cJSON *v = NULL;

	if (file_read(path, &text, e) == 0) {
		v = json_parse(text.ptr, text.len, JSON_STRICT, e);
		if (v == NULL)
			err_where(e, "%s", path);
	}
	buf_release(&text);
	return v;
}

void json_free(cJSON *value)
{
	cJSON_Delete(value);
}
