/* number.c - numbers written in digits, as English, German, Swiss and French writers
 * group them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

#define GROUPS_MAX 6
#define PLAIN_MAX  15 /* digits that a double holds exactly, and nobody means more */

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || c == NORM_LETTER;
}

static size_t digits(const char *p)
{
	size_t n = 0;

	while (is_digit(p[n]))
		n++;
	return n;
}

/* Comma-separated values: commas with no space behind, most beside a letter. */
static int looks_like_values(const char *p)
{
	size_t commas = 0, words = 0;

	for (size_t i = 0; p[i] != '\0' && p[i] != '\n'; i++) {
		if ((p[i] == ',' || p[i] == '.') && p[i + 1] == ' ')
			return 0; /* running text */
		if (p[i] != ',' || p[i + 1] == '\n' || p[i + 1] == '\0')
			continue;
		commas++;
		words += (i > 0 && is_letter(p[i - 1])) || is_letter(p[i + 1]);
	}
	return commas >= 2 && words >= 1 && words * 2 >= commas;
}

int line_of_values(struct line_look *line)
{
	if (line->values < 0)
		line->values = looks_like_values(line->start);
	return line->values;
}

/* ---- a number and its groups while it is read ---- */

struct figure {
	const char *p; /* its first digit */
	size_t first;  /* digits before the first separator */
	size_t len;    /* bytes read so far */
	int inword;
	char sep[GROUPS_MAX];
	size_t n_sep, thousands; /* separators; those with three digits behind */
	char text[32];           /* its digits, and a point before each decimal part */
	size_t n_text;
	unsigned flags;
};

/* What the text says, as strtod reads it: at once where a double holds all digits. */
static double value_of(const char *text)
{
	static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
		1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	uint64_t whole = 0;
	size_t n = 0, decimals = 0;
	int point = 0;

	for (const char *p = text; *p != '\0' && !(point && *p == '.'); p++) {
		if (*p == '.') {
			point = 1;
			continue;
		}
		if (++n > PLAIN_MAX)
			return strtod(text, NULL);
		whole = whole * 10 + (uint64_t)(*p - '0');
		decimals += (size_t)point;
	}
	return (double)whole / tens[decimals];
}

/* "2e3" */
static size_t with_exponent(const char *p, size_t first, double *num)
{
	size_t e, all;
	char text[16];

	if (first >= 4 || p[first] != 'e' || !is_digit(p[first + 1]))
		return 0;
	e = digits(p + first + 1);
	all = first + 1 + e;
	if (e >= 4 || is_letter(p[all]))
		return 0;
	memcpy(text, p, all);
	text[all] = '\0';
	*num = strtod(text, NULL);
	return all;
}

static void add_digits(struct figure *f, const char *p, size_t n, size_t room)
{
	for (size_t k = 0; k < n && f->n_text < room; k++)
		f->text[f->n_text++] = p[k];
}

/* May the n digits behind the space or apostrophe at q be a group of thousands? */
static int spaced_group(const struct figure *f, const char *q, size_t n)
{
	char behind;

	if (f->inword || n != 3 || f->first > 3 ||
		(f->n_sep > 0 && f->sep[f->n_sep - 1] != *q))
		return 0;
	behind = q[4];
	if (is_letter(behind) || (behind == '.' && is_digit(q[5])) || behind == '%')
		return 0;
	return *q == '\'' ||
		!(behind == '-' || (behind == '/' && !is_letter(q[5])) || f->p[0] == '0');
}

/* May the separator at q, with n digits behind it, stand inside the number? */
static int separates(
	const struct figure *f, const char *q, size_t n, struct line_look *line)
{
	if (*q == ' ' || *q == '\'')
		return spaced_group(f, q, n);
	return *q == '.' || (*q == ',' && !f->inword && !line_of_values(line));
}

/* Takes the separator behind what was read and its digits; 0 when that ends it. */
static int take_group(struct figure *f, struct line_look *line)
{
	const char *q = f->p + f->len;
	size_t n = *q == '\0' ? 0 : digits(q + 1);

	if (f->n_sep == GROUPS_MAX || n == 0 || !separates(f, q, n, line))
		return 0;
	f->sep[f->n_sep++] = *q;
	f->thousands += n == 3;
	if (n == 3 && f->first <= 3) {
		add_digits(f, q + 1, 3, 24);
	} else {
		add_digits(f, ".", 1, 30);
		add_digits(f, q + 1, n, 30);
	}
	f->len += 1 + n;
	if (n != 3 && f->n_sep > 1 && *q == f->sep[0])
		f->flags |= LEX_VERSION;
	return n == 3; /* a decimal part ends it */
}

/* Mixed separators: the last one starts the decimals, "1.500,500". */
static void split_decimals(struct figure *f)
{
	char last = f->n_sep > 0 ? f->sep[f->n_sep - 1] : 0;

	if (f->n_sep < 2 || last == f->sep[0] || f->thousands != f->n_sep ||
		last == '\'' || f->n_text <= 3)
		return;
	memmove(f->text + f->n_text - 2, f->text + f->n_text - 3, 3);
	f->text[f->n_text - 3] = '.';
	f->n_text++;
}

/* Two points of another shape than thousands' are a version: takes the rest of it. */
static void take_version(struct figure *f)
{
	const char *q = f->p + f->len;

	if (*q != '.' || !is_digit(q[1]) || f->n_sep == 0 ||
		f->sep[f->n_sep - 1] != '.' || (f->flags & LEX_VERSION))
		return;
	f->flags |= LEX_VERSION;
	for (; *q == '.' && is_digit(q[1]); q = f->p + f->len)
		f->len += 1 + digits(q + 1);
}

static double evaluate(struct figure *f)
{
	double num;

	f->text[f->n_text] = '\0';
	num = value_of(f->text);
	if (f->n_sep == 1 && f->thousands == 1 &&
		(f->sep[0] == '.' || f->sep[0] == ',')) {
		if (f->p[0] == '0')
			num /= 1000; /* 0.125 */
		else
			f->flags |= LEX_GROUPED;
	}
	if (memchr(f->text, '.', f->n_text) != NULL)
		f->flags |= LEX_DECIMAL;
	return f->first > PLAIN_MAX ? HUGE_VAL : num;
}

size_t number_at(
	const char *p, int inword, struct line_look *line, double *num, unsigned *flags)
{
	struct figure f = { .p = p, .inword = inword };
	size_t n;

	*flags = 0;
	f.len = f.first = digits(p);
	n = inword ? 0 : with_exponent(p, f.first, num);
	if (n > 0)
		return n;
	add_digits(&f, p, f.first, 24);
	while (take_group(&f, line))
		;
	split_decimals(&f);
	take_version(&f);
	*num = evaluate(&f);
	*flags = f.flags;
	return f.len;
}
