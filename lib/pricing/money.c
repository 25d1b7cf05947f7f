/* Exact decimals: quantities and amounts. */
#include "pricing.h"

#include "catalog/prices.h"

#include <math.h>

#define QUANTITY_MAX 1e15
#define SCALE_MAX    20 /* decimals of a quantity; what is finer is rounded */

static pico_usd ten_to(int n)
{
	pico_usd p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* a / b, half to even; b > 0. */
static pico_usd divide_round(pico_usd a, pico_usd b)
{
	pico_usd q = a / b, r = a % b;

	if (r < 0)
		r = -r;
	if (r > b - r || (r == b - r && q % 2 != 0))
		q += a < 0 ? -1 : 1;
	return q;
}

/* ---- quantities ---- */

/* "1.5e-7" as RFC 8785 spells numbers: digits, point, exponent. */
static void read_decimal(const char *s, struct quantity *q)
{
	int point = 0;

	*q = (struct quantity)QUANTITY_ZERO;
	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		q->units = q->units * 10 + (*s - '0');
		q->scale += point;
	}
	if (*s == 'e')
		q->scale -= (int)strtol(s + 1, NULL, 10);
}

int quantity_from(double d, struct quantity *out, struct err *e)
{
	struct buf text = BUF_INIT(64);

	if (!isfinite(d) || d < 0)
		return err_set(e, ERR_INPUT, "quantity is %s",
			d < 0 ? "negative" : "not a number");
	if (d > QUANTITY_MAX)
		return err_set(e, ERR_INPUT, "quantity is above 10^15");
	if (d < 1e-40)
		d = 0;
	if (json_print_number(d, &text) < 0 || buf_ok(&text, e) < 0) {
		buf_release(&text);
		return err_set(e, ERR_INPUT, "quantity is not a number");
	}
	read_decimal(text.ptr, out);
	buf_release(&text);
	if (out->scale < 0) {
		out->units *= ten_to(-out->scale);
		out->scale = 0;
	}
	if (out->scale > SCALE_MAX) {
		int drop = out->scale - SCALE_MAX;

		out->units = drop > 30 ? 0 : divide_round(out->units, ten_to(drop));
		out->scale = SCALE_MAX;
	}
	return 0;
}

/* Gives q the scale `to`, which is not smaller than its own. */
static int rescale(struct quantity *q, int to, struct err *e)
{
	if (q->scale < to &&
		__builtin_mul_overflow(q->units, ten_to(to - q->scale), &q->units))
		return err_set(e, ERR_INPUT, "quantity has too many digits");
	q->scale = to > q->scale ? to : q->scale;
	return 0;
}

static int align(struct quantity *a, struct quantity *b, struct err *e)
{
	int to = a->scale > b->scale ? a->scale : b->scale;

	return rescale(a, to, e) < 0 || rescale(b, to, e) < 0 ? -1 : 0;
}

int quantity_add(struct quantity *sum, const struct quantity *q, struct err *e)
{
	struct quantity b = *q;

	if (align(sum, &b, e) < 0)
		return -1;
	if (__builtin_add_overflow(sum->units, b.units, &sum->units))
		return err_set(e, ERR_INPUT, "quantity is too large");
	return 0;
}

int quantity_subtract(struct quantity *sum, const struct quantity *q, struct err *e)
{
	struct quantity b = *q;

	if (align(sum, &b, e) < 0)
		return -1;
	sum->units = b.units > sum->units ? 0 : sum->units - b.units;
	return 0;
}

int quantity_compare(const struct quantity *a, const struct quantity *b)
{
	struct quantity x = *a, y = *b;
	struct err e = { 0 };

	if (align(&x, &y, &e) < 0)
		return x.scale < y.scale ? 1
					 : -1; /* the one that overflowed is the larger */
	return x.units < y.units ? -1 : x.units > y.units;
}

double quantity_number(const struct quantity *q)
{
	return (double)((long double)q->units / powl(10.0L, q->scale));
}

/* ---- amounts ---- */

int64_t pico_round(pico_usd amount, int64_t step)
{
	return (int64_t)divide_round(amount, step);
}

double pico_number(pico_usd amount)
{
	return (double)amount / 1e12;
}

/* "12.5" with `decimals` digits after the point at most, zeroes cut. */
static void print_scaled(pico_usd v, int decimals, char out[64])
{
	char digits[48];
	int n = 0, neg = v < 0, at = 0;

	for (pico_usd u = neg ? -v : v; u > 0 || n <= decimals; u /= 10)
		digits[n++] = (char)('0' + (int)(u % 10));
	if (neg)
		out[at++] = '-';
	for (int i = n - 1; i >= 0; i--) {
		out[at++] = digits[i];
		if (i == decimals && i > 0)
			out[at++] = '.';
	}
	if (decimals > 0) {
		while (out[at - 1] == '0')
			at--;
		if (out[at - 1] == '.')
			at--;
	}
	out[at] = '\0';
}

int pico_set_usd(cJSON *obj, const char *key, pico_usd amount, struct err *e)
{
	pico_usd cents = divide_round(amount, 10000000000);
	char text[64];

	print_scaled(cents, 2, text);
	return json_set_num(obj, key, strtod(text, NULL), e);
}

int pico_set_exact(cJSON *obj, const char *key, pico_usd amount, struct err *e)
{
	char text[64];

	print_scaled(amount, 12, text);
	return json_set_str(obj, key, text, e);
}

int pico_parse(const char *s, pico_usd *out)
{
	pico_usd v = 0;
	int neg = *s == '-', decimals = -1, digits = 0;

	for (s += neg; *s != '\0'; s++) {
		if (*s == '.' && decimals < 0) {
			decimals = 0;
			continue;
		}
		if (*s < '0' || *s > '9' || ++digits > 36 || decimals == 12)
			return -1;
		v = v * 10 + (*s - '0');
		decimals += decimals >= 0;
	}
	if (digits == 0 || decimals == 0)
		return -1;
	decimals = decimals < 0 ? 0 : decimals;
	if (__builtin_mul_overflow(v, ten_to(12 - decimals), &v))
		return -1;
	*out = neg ? -v : v;
	return 0;
}

int pico_from_number(double usd, pico_usd *out, struct err *e)
{
	int64_t pico;

	if (price_to_pico(usd < 0 ? -usd : usd, &pico, e) < 0)
		return -1;
	*out = usd < 0 ? -(pico_usd)pico : pico;
	return 0;
}
