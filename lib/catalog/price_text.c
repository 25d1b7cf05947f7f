/* Lines of a price book, in place. */
#include "price_text.h"

#include <stdint.h>
#include <string.h>

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The decimal exponent at p, which must be there after an 'e'; NULL if it is not. */
static char *exponent(char *p, int *out)
{
	int negative = *p == '-', n = 0;

	p += *p == '-' || *p == '+';
	if (!is_digit(*p))
		return NULL;
	for (; is_digit(*p) && n < 100; p++)
		n = n * 10 + (*p - '0');
	*out += negative ? -n : n;
	return p;
}

/* A number from 0 on, as JSON spells it, of at most 15 digits that count: what follows,
 * or NULL. Up to 10^22 powers of ten are doubles as the digits are, so that one
 * multiplication or division rounds correctly. */
static char *number(char *p, double *out)
{
	double scale = 1;
	int64_t digits = 0;
	int power = 0;

	if (!is_digit(*p) || (*p == '0' && is_digit(p[1])))
		return NULL;
	for (; is_digit(*p) && digits < 100000000000000; p++)
		digits = digits * 10 + (*p - '0');
	if (*p == '.' && !is_digit(*++p))
		return NULL;
	for (; is_digit(*p) && digits < 100000000000000; p++) {
		digits = digits * 10 + (*p - '0');
		power--;
	}
	if (*p == 'e' || *p == 'E')
		p = exponent(p + 1, &power);
	if (p == NULL || is_digit(*p) || power < -22 || power > 22)
		return NULL;
	for (int i = power < 0 ? -power : power; i > 0; i--)
		scale *= 10;
	*out = power < 0 ? (double)digits / scale : (double)digits * scale;
	return p;
}

/* Takes the '\' before quotes away: where the text's closing quote stands, or NULL. */
static char *unescape(char *p)
{
	char *to = p;

	while (*p != '\0' && *p != '"') {
		if (*p == '\\' && *++p != '"' && *p != '\\')
			return NULL;
		*to++ = *p++;
	}
	*to = '\0';
	return *p == '"' ? p : NULL;
}

/* A text in quotes on one line, ended by a NUL: what follows, or NULL. */
static char *text(char *p, const char **out)
{
	char *end;

	if (*p++ != '"')
		return NULL;
	*out = p;
	end = strchr(p, '"');
	if (end != NULL && memchr(p, '\\', (size_t)(end - p)) != NULL)
		end = unescape(p);
	if (end == NULL || memchr(p, '\n', (size_t)(end - p)) != NULL)
		return NULL;
	*end = '\0';
	return end + 1;
}

/* "name": */
static char *name(char *p, const char **out)
{
	p = text(p, out);
	return p == NULL || *p != ':' ? NULL : p + 1;
}

static int is_plain(char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\n';
}

int price_text_plain(const char *text, size_t len)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	size_t i = 0;

	while (i < len) {
		uint64_t w;

		/* eight at once; a word with anything below 0x20 or from 0x7f on, or what
		 * looks like it, is read by the byte */
		if (len - i >= sizeof(w)) {
			memcpy(&w, text + i, sizeof(w));
			if (((w | (w + ones) | ((w - 0x20 * ones) & ~w)) & high) == 0) {
				i += sizeof(w);
				continue;
			}
		}
		for (size_t end = i + sizeof(w); i < end && i < len; i++)
			if (!is_plain(text[i]))
				return 0;
	}
	return 1;
}

int price_text_line(char **at, const char *line)
{
	size_t n = strlen(line);

	if (strncmp(*at, line, n) != 0 || (*at)[n] != '\n')
		return -1;
	*at += n + 1;
	return 0;
}

/* *next: the field that follows the last one read, where this one is looked for first. */
static char *member(
	char *p, const struct price_field *fields, size_t n, unsigned *seen, size_t *next)
{
	const char *key;
	size_t i = *next, tries = 0;

	p = name(p, &key);
	if (p == NULL)
		return NULL;
	for (; tries < n && strcmp(fields[i % n].name, key) != 0; tries++)
		i++;
	i %= n;
	if (tries == n || (*seen >> i & 1) != 0)
		return NULL;
	*seen |= 1u << i;
	*next = i + 1;
	if (fields[i].text != NULL && strncmp(p, "null", 4) == 0)
		return p + 4;
	return fields[i].text != NULL ? text(p, fields[i].text)
				      : number(p, fields[i].number);
}

int price_text_object(char **at, const struct price_field *fields, size_t n)
{
	unsigned seen = 0;
	size_t next = 0;
	char *p = *at;

	if (*p++ != '{')
		return -1;
	for (;; p++) {
		p = member(p, fields, n, &seen, &next);
		if (p == NULL || (*p != ',' && *p != '}'))
			return -1;
		if (*p == '}')
			break;
	}
	p++;
	if (strncmp(p, ",\n", 2) == 0) {
		*at = p + 2;
		return 1;
	}
	*at = p + 1;
	return strncmp(p, "\n],\n", 4) == 0 && price_text_line(at, "],") == 0 ? 0 : -1;
}

static char *row(char *p, struct price_row *r)
{
	p = name(p, &r->sku);
	if (p == NULL || *p++ != '[' || (p = number(p, &r->usd)) == NULL || *p++ != ',' ||
		(p = number(p, &r->group)) == NULL)
		return NULL;
	r->tiered = *p == ',';
	r->open = 0;
	if (r->tiered) {
		p = number(p + 1, &r->from);
		if (p == NULL || *p++ != ',')
			return NULL;
		r->open = strncmp(p, "null", 4) == 0;
		p = r->open ? p + 4 : number(p, &r->to);
	}
	return p == NULL || *p != ']' ? NULL : p + 1;
}

int price_text_row(char **at, struct price_row *out)
{
	char *p = row(*at, out);

	if (p == NULL)
		return -1;
	if (strncmp(p, ",\n", 2) == 0) {
		*at = p + 2;
		return 1;
	}
	if (strncmp(p, "\n}}", 3) != 0)
		return -1;
	*at = p + 3 + (p[3] == '\n');
	return 0;
}
