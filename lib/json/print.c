/* The writer: trees to text, numbers as ECMAScript prints them. */
#include "json.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* n significant digits and the decimal exponent of the first one. */
static int digits_of(double d, int n, char digits[24])
{
	char text[40];
	int exponent, o = 0;

	snprintf(text, sizeof(text), "%.*e", n - 1, d);
	for (const char *p = text; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			digits[o++] = *p;
	digits[o] = '\0';
	exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	return exponent;
}

static int reads_back(double d, const char *digits, int exponent)
{
	char text[48];

	snprintf(text, sizeof(text), "%c.%se%d", digits[0], digits + 1, exponent);
	return strtod(text, NULL) == d;
}

/* Adds one unit in the last place; 0 when it would carry out of the first digit. */
static int next_up(char *digits)
{
	for (size_t i = strlen(digits); i-- > 0;) {
		if (digits[i] != '9') {
			digits[i]++;
			return 1;
		}
		digits[i] = '0';
	}
	return 0;
}

static void drop_trailing_zeros(char *digits)
{
	size_t n = strlen(digits);

	while (n > 1 && digits[n - 1] == '0')
		digits[--n] = '\0';
}

/*
 * The shortest digits that read back. Every decimal of up to 15 digits survives
 * the way through a double, so if one reads back it is what 15 digits show. Past
 * that, rounding to n digits gives the nearest n-digit number; where a double's
 * lower neighbour is half as far as the upper one (powers of two) that one may
 * not read back while the next one up does.
 */
static int shortest(double d, char digits[24])
{
	int exponent = 0;

	for (int n = 1; d < DBL_MIN && n < 15; n++) { /* subnormals have fewer digits */
		exponent = digits_of(d, n, digits);
		if (reads_back(d, digits, exponent))
			return exponent;
	}
	exponent = digits_of(d, 15, digits);
	if (reads_back(d, digits, exponent)) {
		drop_trailing_zeros(digits);
		return exponent;
	}
	exponent = digits_of(d, 16, digits);
	if (reads_back(d, digits, exponent) ||
		(next_up(digits) && reads_back(d, digits, exponent)))
		return exponent;
	return digits_of(d, 17, digits);
}

/* A whole number below 10^15, without the detour through printf. */
static void print_integer(double d, struct buf *out)
{
	uint64_t v = (uint64_t)fabs(d);
	char text[24], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	if (d < 0)
		*--p = '-';
	buf_add(out, p, (size_t)(text + sizeof(text) - p));
}

/*
 * A number of few decimals, as most are: whole / 10^k gives it back. Division rounds as
 * strtod does, and a decimal of at most 15 digits that reads back is the shortest one.
 * 0 when it is none.
 */
static int print_decimal(double d, struct buf *out)
{
	static const double power[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };
	char text[32], *p = text + sizeof(text);

	for (size_t k = 1; k < ARRAY_LEN(power) && d * power[k] < 1e15; k++) {
		double whole = nearbyint(d * power[k]);
		uint64_t v = (uint64_t)whole;

		if (whole / power[k] != d)
			continue;
		for (size_t i = 0; i < k; i++, v /= 10)
			*--p = (char)('0' + v % 10);
		*--p = '.';
		do
			*--p = (char)('0' + v % 10);
		while ((v /= 10) > 0);
		buf_add(out, p, (size_t)(text + sizeof(text) - p));
		return 1;
	}
	return 0;
}

int json_print_number(double d, struct buf *out)
{
	char digits[24];
	int n, e;

	if (!isfinite(d))
		return -1;
	if (d == 0) {
		buf_add_char(out, '0');
		return 0;
	}
	if (d == floor(d) && fabs(d) < 1e15) {
		print_integer(d, out);
		return 0;
	}
	if (d < 0) {
		buf_add_char(out, '-');
		d = -d;
	}
	if (d >= 1e-6 && print_decimal(d, out))
		return 0;
	e = shortest(d, digits) + 1; /* the value is 0.DIGITS x 10^e */
	n = (int)strlen(digits);
	if (n <= e && e <= 21) {
		buf_addf(out, "%s%.*s", digits, e - n, "000000000000000000000");
	} else if (0 < e && e <= 21) {
		buf_addf(out, "%.*s.%s", e, digits, digits + e);
	} else if (-6 < e && e <= 0) {
		buf_addf(out, "0.%.*s%s", -e, "000000", digits);
	} else {
		buf_addf(out, "%c%s%se%c%d", digits[0], n > 1 ? "." : "", digits + 1,
			e > 0 ? '+' : '-', abs(e - 1));
	}
	return 0;
}

void json_print_string(const char *s, struct buf *out)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *run = s, *found;

	buf_add_char(out, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;
		int is_nul =
			c == 0xC0 && (unsigned char)s[1] == 0x80; /* as json.h keeps it */

		if (c >= 0x20 && c != '"' && c != '\\' && !is_nul)
			continue;
		if (is_nul) {
			buf_add(out, run, (size_t)(s - run));
			buf_add_str(out, "\\u0000");
			run = ++s + 1;
			continue;
		}
		buf_add(out, run, (size_t)(s - run));
		run = s + 1;
		found = memchr(from, c, sizeof(from) - 1);
		if (found != NULL)
			buf_add(out, (const char[]){ '\\', to[found - from] }, 2);
		else
			buf_addf(out, "\\u%04x", c);
	}
	buf_add(out, run, (size_t)(s - run));
	buf_add_char(out, '"');
}

/* indent < 0: compact */
static void break_line(int indent, struct buf *out)
{
	static const char spaces[] = "                                ";

	if (indent < 0)
		return;
	buf_add_char(out, '\n');
	for (size_t n = (size_t)indent * 2; n > 0;) {
		size_t some = n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1;

		buf_add(out, spaces, some);
		n -= some;
	}
}

static void print(const cJSON *v, int indent, struct buf *out);

static void print_container(
	const cJSON *v, int indent, char open, char close, struct buf *out)
{
	int inner = indent < 0 ? -1 : indent + 1;

	buf_add_char(out, open);
	for (const cJSON *m = v->child; m != NULL; m = m->next) {
		if (m != v->child)
			buf_add_char(out, ',');
		break_line(inner, out);
		if (open == '{') {
			json_print_string(m->string, out);
			buf_add_str(out, indent < 0 ? ":" : ": ");
		}
		print(m, inner, out);
	}
	if (v->child != NULL)
		break_line(indent, out);
	buf_add_char(out, close);
}

static void print(const cJSON *v, int indent, struct buf *out)
{
	switch (json_type(v)) {
	case JSON_BOOL:
		buf_add_str(out, json_true(v) ? "true" : "false");
		break;
	case JSON_NUMBER:
		if (json_print_number(v->valuedouble, out) < 0)
			buf_add_str(
				out, "null"); /* cannot happen: json_new_num refuses */
		break;
	case JSON_STRING:
		json_print_string(v->valuestring, out);
		break;
	case JSON_ARRAY:
		print_container(v, indent, '[', ']', out);
		break;
	case JSON_OBJECT:
		print_container(v, indent, '{', '}', out);
		break;
	default:
		buf_add_str(out, "null");
	}
}

void json_print(const cJSON *value, enum json_layout layout, struct buf *out)
{
	print(value, layout == JSON_PRETTY ? 0 : -1, out);
}

/* Compares by UTF-16 code units (RFC 8785 section 3.2.3): the same as bytes but
 * where one has a character past U+FFFF and the other one from U+E000. */
static int by_utf16(const void *pa, const void *pb)
{
	const unsigned char *a =
		(const unsigned char *)(*(const cJSON *const *)pa)->string;
	const unsigned char *b =
		(const unsigned char *)(*(const cJSON *const *)pb)->string;

	while (*a != '\0' && *a == *b)
		a++, b++;
	if (*a == 0xC0 || *b == 0xC0) /* U+0000 is below all but the end */
		return *a == 0xC0 ? (*b == '\0' ? 1 : -1) : (*a == '\0' ? -1 : 1);
	if (*a >= 0xEE && *b >= 0xEE && (*a >= 0xF0) != (*b >= 0xF0))
		return *a >= 0xF0 ? -1 : 1;
	return (int)*a - (int)*b;
}

static int canonical(const cJSON *v, struct buf *out, struct err *e);

static int canonical_object(const cJSON *v, struct buf *out, struct err *e)
{
	size_t n = json_len(v), i = 0;
	const cJSON **m = n == 0 ? NULL : malloc(n * sizeof(*m));
	int ret = 0;

	if (n > 0 && m == NULL)
		return err_no_memory(e);
	for (const cJSON *c = v->child; c != NULL; c = c->next)
		m[i++] = c;
	if (n > 0)
		qsort(m, n, sizeof(*m), by_utf16);
	buf_add_char(out, '{');
	for (i = 0; i < n && ret == 0; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		json_print_string(m[i]->string, out);
		buf_add_char(out, ':');
		ret = canonical(m[i], out, e);
	}
	buf_add_char(out, '}');
	free(m);
	return ret;
}

static int canonical(const cJSON *v, struct buf *out, struct err *e)
{
	int ret = 0;

	if (json_is(v, JSON_OBJECT))
		return canonical_object(v, out, e);
	if (!json_is(v, JSON_ARRAY)) {
		print(v, -1, out);
		return 0;
	}
	buf_add_char(out, '[');
	for (const cJSON *m = v->child; m != NULL && ret == 0; m = m->next) {
		if (m != v->child)
			buf_add_char(out, ',');
		ret = canonical(m, out, e);
	}
	buf_add_char(out, ']');
	return ret;
}

int json_canonical(const cJSON *value, struct buf *out, struct err *e)
{
	return canonical(value, out, e) < 0 ? -1 : buf_ok(out, e);
}

int json_digest(const cJSON *value, char out[DIGEST_HEX_MAX], struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret = json_canonical(value, &b, e);

	if (ret == 0)
		digest_hex(b.ptr, b.len, out);
	buf_release(&b);
	return ret;
}
