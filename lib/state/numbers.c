#include "numbers.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct numbers {
	double *at;
	size_t n, cap;
};

struct token {
	double value;
	int decimals;
	const char *start;
	size_t len;
};

static int is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

/* Digits with groups of thousands and decimals; the next one at or after *p. */
static int next_token(const char *text, const char **p, struct token *out)
{
	const char *s = *p;

	for (; *s != '\0'; s++) {
		char digits[64];
		size_t n = 0, i = 0, decimals = 0;
		int point = 0;

		if (!isdigit((unsigned char)*s) || (s > text && is_word(s[-1])))
			continue;
		while (n + 1 < sizeof(digits) &&
			(isdigit((unsigned char)s[i]) ||
				((s[i] == ',' || (s[i] == '.' && !point)) &&
					isdigit((unsigned char)s[i + 1])))) {
			if (s[i] == '.')
				point = 1;
			else if (point && s[i] != ',')
				decimals++;
			if (s[i] != ',')
				digits[n++] = s[i];
			i++;
		}
		digits[n] = '\0';
		*out = (struct token){ strtod(digits, NULL), (int)decimals, s, i };
		*p = s + i;
		return 1;
	}
	return 0;
}

static int keep(struct numbers *n, double value, struct err *e)
{
	if (n->n == n->cap) {
		size_t cap = n->cap == 0 ? 256 : n->cap * 2;
		double *more = realloc(n->at, cap * sizeof(*more));

		if (more == NULL)
			return err_no_memory(e);
		n->at = more;
		n->cap = cap;
	}
	n->at[n->n++] = fabs(value);
	return 0;
}

static int keep_tree(struct numbers *n, const cJSON *v, struct err *e)
{
	const char *text = json_text(v), *p = text;
	struct token t;

	if (json_is(v, JSON_NUMBER))
		return keep(n, json_number(v, 0), e);
	while (text != NULL && next_token(text, &p, &t))
		if (keep(n, t.value, e) < 0)
			return -1;
	JSON_EACH (m, v)
		if (keep_tree(n, m, e) < 0)
			return -1;
	/* "three components" said as 3 */
	return json_len(v) > 0 ? keep(n, (double)json_len(v), e) : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct numbers *numbers_new(const cJSON *tree, struct err *e)
{
	struct numbers *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		err_no_memory(e);
		return NULL;
	}
	if (keep_tree(n, tree, e) < 0) {
		numbers_free(n);
		return NULL;
	}
	qsort(n->at, n->n, sizeof(*n->at), by_value);
	return n;
}

void numbers_free(struct numbers *n)
{
	if (n != NULL)
		free(n->at);
	free(n);
}

/* A known number within half a unit of the last decimal shown. */
static int is_known(const struct numbers *n, const struct token *t)
{
	double unit = pow(10, -t->decimals), slack = 0.5 * unit + 1e-9 * fabs(t->value);
	size_t lo = 0, hi = n->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (n->at[mid] < t->value - slack)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n->n && n->at[lo] <= t->value + slack;
}

int numbers_known(const struct numbers *n, const char *text, char *bad, size_t max)
{
	const char *p = text;
	struct token t;

	while (next_token(text, &p, &t))
		if (!is_known(n, &t)) {
			snprintf(bad, max, "%.*s", (int)t.len, t.start);
			return 0;
		}
	return 1;
}
