/* quantity.c - numbers as people write them: digits, words, factors, ranges. */
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

static double value_of(const char *text)
{
	return strtod(text, NULL);
}

/* Lexemes of the longest number that is written out, "nine hundred and ninety-nine million
 * ...": what goes on for longer is none, and each of its words would be read to its end. */
#define WORDS_MAX 32

/* "two hundred and fifty", "one point five", "a dozen": lexemes [i, *next). */
static int words_at(const struct scan *s, const struct lexer_words *w, size_t i,
	double *out, size_t *next)
{
	double total = 0, part = 0;
	int any = 0;
	size_t k = i, end = s->n - i < WORDS_MAX ? s->n : i + WORDS_MAX;

	for (; k < end; k++) {
		const struct lexeme *l = &s->lex[k];
		const char *v = lexeme_is(l, w->number_word);

		if (v == NULL) {
			/* "two thousand five hundred": a factor inside the words */
			const char *f = lexeme_is(l, w->scale);

			if (any && f != NULL && l->to - l->from > 2 && k + 1 < s->n &&
				lexeme_is(&s->lex[k + 1], w->number_word) != NULL &&
				value_of(lexeme_is(&s->lex[k + 1], w->number_word)) <
					value_of(f)) {
				total += (part == 0 ? 1 : part) * value_of(f);
				part = 0;
				continue;
			}
			if (l->kind == LEX_SIGN && l->sign == '-' && any &&
				k + 1 < s->n &&
				lexeme_is(&s->lex[k + 1], w->number_word) != NULL)
				continue; /* "forty-five" */
			if (any && lexeme_equals(s, l, "and") && k + 1 < s->n &&
				part >= 100 &&
				(v = lexeme_is(&s->lex[k + 1], w->number_word)) != NULL &&
				value_of(v) < 100)
				continue;
			if (any && lexeme_equals(s, l, "point") && k + 1 < s->n &&
				(v = lexeme_is(&s->lex[k + 1], w->number_word)) != NULL &&
				value_of(v) < 10) {
				double scale = 0.1;

				for (k++; k < end &&
					(v = lexeme_is(&s->lex[k], w->number_word)) !=
						NULL &&
					value_of(v) < 10;
					k++, scale /= 10)
					part += value_of(v) * scale;
			}
			break;
		}
		if (value_of(v) >= 100) {
			if (!any && value_of(v) > 100 && value_of(v) < 1000)
				break;
			part = (any ? (part == 0 ? 1 : part) : 1) * value_of(v);
			if (value_of(v) >= 1000) {
				total += part;
				part = 0;
			}
		} else {
			if (any && part > 0 &&
				((part < 20 && value_of(v) >= 10) || (part < 10)))
				break; /* "five ten": two numbers */
			part += value_of(v);
		}
		any = 1;
	}
	if (!any)
		return 0;
	*out = total + part;
	*next = k;
	return 1;
}

/* "two and a half thousand": the lexemes that add the half, or 0. */
static size_t and_a_half(const struct scan *s, size_t i, struct numeral *q)
{
	if (i + 2 >= s->n || !lexeme_equals(s, &s->lex[i], "and") ||
		!lexeme_equals(s, &s->lex[i + 1], "a") ||
		!lexeme_equals(s, &s->lex[i + 2], "half") || q->hi >= 100)
		return 0;
	q->hi += 0.5;
	q->alt = q->hi;
	return 3;
}

/* One number with its factor. */
static int single_at(const struct scan *s, const struct lexer_words *w, size_t i,
	unsigned skip, struct numeral *q)
{
	const struct lexeme *l = &s->lex[i];
	size_t next = i + 1;
	const char *v;

	memset(q, 0, sizeof(*q));
	if (l->kind == LEX_NUMBER) {
		if (l->flags & LEX_VERSION)
			return 0;
		q->hi = l->num;
		q->alt = lexeme_alt(l);
		q->grouped = (l->flags & LEX_GROUPED) != 0;
	} else if (!words_at(s, w, i, &q->hi, &next)) {
		return 0;
	} else {
		q->alt = q->hi;
	}
	next += and_a_half(s, next, q);
	if (next < s->n && (v = lexeme_is(&s->lex[next], w->scale)) != NULL) {
		double factor = value_of(v);

		if (q->grouped)
			q->hi = q->alt; /* "1.250k" */
		q->hi *= factor;
		q->alt = q->hi;
		q->grouped = 0;
		q->scaled = 1;
		next++;
	} else if (next + 1 < s->n && lexeme_is(&s->lex[next], skip) != NULL &&
		(s->lex[next + 1].flags & LEX_GLUED) &&
		lexeme_is(&s->lex[next + 1], w->scale) != NULL) {
		q->hi *= value_of(lexeme_is(&s->lex[next + 1], w->scale));
		q->alt = q->hi;
		q->grouped = 0;
		q->scaled = 1;
		next += 2;
	}
	/* contracts say it twice: "ten (10)" */
	if (l->kind != LEX_NUMBER && next + 2 < s->n && s->lex[next].kind == LEX_SIGN &&
		s->lex[next].sign == '(' && s->lex[next + 1].kind == LEX_NUMBER &&
		s->lex[next + 1].num == q->hi && s->lex[next + 2].kind == LEX_SIGN &&
		s->lex[next + 2].sign == ')')
		next += 3;
	q->lo = q->hi;
	q->first = (uint32_t)i;
	q->next = (uint32_t)next;
	return 1;
}

/* "between" up to three lexemes before i: "between about $4". */
static int after_between(const struct scan *s, const struct lexer_words *w, size_t i)
{
	for (size_t k = 1; k <= 3 && k <= i; k++)
		if (lexeme_is(&s->lex[i - k], w->between) != NULL)
			return 1;
	return 0;
}

int quantity_at(const struct scan *s, const struct lexer_words *w, size_t i,
	unsigned skip, struct numeral *q)
{
	struct numeral hi;
	size_t k;
	const char *v;
	int word = 0, sign = 0;

	if (!single_at(s, w, i, skip, q))
		return 0;
	k = q->next;
	if (k < s->n && lexeme_is(&s->lex[k], skip) != NULL &&
		s->lex[k].kind == LEX_PHRASE && k + 1 < s->n &&
		s->lex[k + 1].kind == LEX_SIGN && s->lex[k + 1].sign == '-')
		k++; /* "3000 USD - 5000 USD" */
	if (k < s->n && s->lex[k].kind == LEX_SIGN && s->lex[k].sign == '-') {
		sign = 1;
		k++;
	} else if (k + 1 < s->n && s->lex[k].kind == LEX_SIGN && s->lex[k].sign == '.' &&
		s->lex[k + 1].sign == '.') {
		sign = 1;
		k += 2;
	} else if (k < s->n && (v = lexeme_is(&s->lex[k], w->range_word)) != NULL &&
		(strcmp(v, "and") != 0 || after_between(s, w, i))) {
		word = 1;
		k++;
	}
	if (!word && !sign)
		return 1;
	while (k < s->n && (lexeme_is(&s->lex[k], skip) != NULL))
		k++;
	if (k >= s->n || !single_at(s, w, k, skip, &hi))
		return 1;
	if (s->lex[i].flags & LEX_INWORD)
		return 1;
	q->hi = hi.hi;
	q->alt = hi.alt;
	q->grouped = hi.grouped;
	/* "2-4k", "4 to 6 thousand": the factor covers both */
	if (hi.scaled && !q->scaled && q->lo < hi.hi &&
		q->lo * (hi.hi >= 1e6 ? 1e6 : 1e3) <= hi.hi)
		q->lo *= hi.hi >= 1e6 ? 1e6 : 1e3;
	q->scaled |= hi.scaled;
	q->range = 1;
	q->next = hi.next;
	if (q->lo > q->hi) {
		/* "5 - 3" is no range */
		return single_at(s, w, i, skip, q);
	}
	return 1;
}
