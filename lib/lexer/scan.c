/* scan.c - levelled text to lexemes and lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

struct scanner {
	struct scan *s;
	size_t cap_lex, cap_lines;
	uint32_t line;
	unsigned struck;
	int glued;
};

static int push(struct scanner *c, uint8_t kind, size_t from, size_t to, unsigned flags,
	struct err *e)
{
	struct scan *s = c->s;
	struct lexeme *l;

	if (s->n == c->cap_lex) {
		size_t cap = c->cap_lex == 0 ? 256 : c->cap_lex + c->cap_lex / 2;
		struct lexeme *grown = realloc(s->lex, cap * sizeof(*grown));

		if (grown == NULL)
			return err_no_memory(e);
		s->lex = grown;
		c->cap_lex = cap;
	}
	l = &s->lex[s->n++];
	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->from = (uint32_t)from;
	l->to = (uint32_t)to;
	l->sign = kind == LEX_SIGN ? (uint8_t)s->norm[from] : 0;
	l->line = c->line;
	l->flags = (uint16_t)(flags | c->struck | (c->glued ? LEX_GLUED : 0));
	c->glued = 1;
	return 0;
}

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

/*
 * A number at norm[i]: digits, then groups of three or a decimal part, as English,
 * German, Swiss and French writers set them. Two points of another shape are a version.
 */
static size_t number(const struct scan *s, size_t i, int inword, int values, double *num,
	double *alt, unsigned *flags)
{
	const char *p = s->norm;
	char grouped[32], plain[32], sep[8];
	size_t at = i, first = digits(p + i), g = 0, d = 0, n_sep = 0, groups3 = 0;

	*flags = 0;
	for (size_t k = 0; k < first && k < 24; k++) {
		grouped[g++] = p[i + k];
		plain[d++] = p[i + k];
	}
	at += first;
	while (n_sep < 6) {
		char c = p[at];
		size_t n = c == '\0' ? 0 : digits(p + at + 1);

		if (c == ' ' || c == '\'') {
			/* groups of exactly three after one to three digits */
			if (inword || n != 3 || first > 3 ||
				(n_sep > 0 && sep[n_sep - 1] != c) ||
				is_letter(p[at + 4]) ||
				(p[at + 4] == '.' && is_digit(p[at + 5])) ||
				p[at + 4] == '%' ||
				(c == ' ' &&
					(p[at + 4] == '-' ||
						(p[at + 4] == '/' &&
							!is_letter(p[at + 5])) ||
						p[i] == '0')))
				break;
		} else if ((c != ',' || inword || values) && c != '.') {
			break;
		}
		if (n == 0)
			break;
		sep[n_sep++] = c;
		groups3 += n == 3;
		if (n == 3 && first <= 3) {
			for (size_t k = 0; k < 3 && g < 24; k++)
				grouped[g++] = p[at + 1 + k];
		} else {
			if (g < 30)
				grouped[g++] = '.';
			for (size_t k = 0; k < n && g < 30; k++)
				grouped[g++] = p[at + 1 + k];
		}
		if (d < 30 && n_sep == 1)
			plain[d++] = '.';
		for (size_t k = 0; k < n && d < 30; k++)
			plain[d++] = p[at + 1 + k];
		at += 1 + n;
		if (n != 3 && n_sep > 1 && sep[n_sep - 1] == sep[0]) {
			*flags |= LEX_VERSION;
			break;
		}
		if (n != 3)
			break; /* a decimal part ends it */
	}
	/* mixed separators: the last one starts the decimals, "1.500,500" */
	if (n_sep > 1 && sep[n_sep - 1] != sep[0] && groups3 == n_sep &&
		sep[n_sep - 1] != '\'' && g > 3) {
		memmove(grouped + g - 2, grouped + g - 3, 3);
		grouped[g - 3] = '.';
		g++;
	}
	if (p[at] == '.' && is_digit(p[at + 1]) && n_sep > 0 && sep[n_sep - 1] == '.' &&
		!(*flags & LEX_VERSION)) {
		*flags |= LEX_VERSION;
		while (p[at] == '.' && is_digit(p[at + 1]))
			at += 1 + digits(p + at + 1);
	}
	grouped[g] = plain[d] = '\0';
	*num = strtod(grouped, NULL);
	*alt = strtod(plain, NULL);
	if (n_sep == 1 && groups3 == 1 && (sep[0] == '.' || sep[0] == ',')) {
		if (p[i] == '0')
			*num = *alt; /* 0.125 */
		else
			*flags |= LEX_GROUPED;
	}
	if (memchr(grouped, '.', g) != NULL)
		*flags |= LEX_DECIMAL;
	if (first > 15)
		*num = *alt = HUGE_VAL; /* a number nobody means */
	return at - i;
}

/* Length of a URL or e-mail address at a word's start, or 0. */
static size_t address(const struct scan *s, size_t i)
{
	const char *p = s->norm + i;
	size_t n = 0, at = 0, dot = 0;

	while (n < 12 && is_letter(p[n]))
		n++;
	if (n > 1 && p[n] == ':' && p[n + 1] == '/' && p[n + 2] == '/') {
		for (n += 3; (unsigned char)p[n] > ' ' &&
			strchr("\"')>]}", p[n]) == NULL && n < 2048;)
			n++;
		while (strchr(".,;:", p[n - 1]) != NULL)
			n--;
		return n;
	}
	for (n = 0; n < 128 &&
		(is_letter(p[n]) || is_digit(p[n]) ||
			(p[n] != '\0' && strchr("._+-@", p[n]) != NULL));
		n++) {
		if (p[n] == '@' && at == 0)
			at = n;
		if (p[n] == '.' && at > 0 && is_letter(p[n + 1]))
			dot = n;
	}
	return at > 0 && dot > at + 1 ? n : 0;
}

/* Comma-separated values: commas with no space behind, most beside a letter. */
static int values_line(const char *p)
{
	size_t commas = 0, words = 0;

	for (size_t i = 0; p[i] != '\0' && p[i] != '\n'; i++) {
		if (p[i] != ',')
			continue;
		if (p[i + 1] == ' ')
			return 0;
		commas++;
		words += (i > 0 && is_letter(p[i - 1])) || is_letter(p[i + 1]);
	}
	return commas >= 2 && words >= 1 && words * 2 >= commas;
}

static int new_line(struct scanner *c, struct err *e)
{
	struct scan *s = c->s;

	if (s->n_lines == c->cap_lines) {
		size_t cap = c->cap_lines == 0 ? 64 : c->cap_lines + c->cap_lines / 2;
		struct line *grown = realloc(s->lines, cap * sizeof(*grown));

		if (grown == NULL)
			return err_no_memory(e);
		s->lines = grown;
		c->cap_lines = cap;
	}
	memset(&s->lines[s->n_lines], 0, sizeof(struct line));
	s->lines[s->n_lines].first = (uint32_t)s->n;
	c->line = (uint32_t)s->n_lines++;
	return 0;
}

static int end_line(struct scanner *c, size_t i, struct err *e)
{
	struct line *l = &c->s->lines[c->line];

	l->last = (uint32_t)c->s->n;
	l->blank = l->first == l->last;
	c->glued = 0;
	if (push(c, LEX_BREAK, i, i, 0, e) < 0 || new_line(c, e) < 0)
		return -1;
	c->glued = 0;
	return 0;
}

/* Structure bytes of the levelled text; 1 when it was one. */
static int structure(struct scanner *c, size_t *i)
{
	struct line *l = &c->s->lines[c->line];
	const char *p = c->s->norm;

	switch (p[*i]) {
	case NORM_STRIKE_ON:
		c->struck = LEX_STRUCK;
		break;
	case NORM_STRIKE_OFF:
		c->struck = 0;
		break;
	case NORM_BULLET:
		l->bullet = 1;
		break;
	case NORM_INDENT:
		l->indent = 1;
		break;
	case NORM_TABLE:
		l->table = 1;
		break;
	case NORM_HEADING:
		l->heading = (uint8_t)(p[++*i] - NORM_LEVEL);
		break;
	case NORM_QUOTE:
		l->quote = (uint8_t)(p[++*i] - NORM_LEVEL);
		break;
	default:
		return 0;
	}
	++*i;
	return 1;
}

static int one(struct scanner *c, size_t *at, struct err *e)
{
	struct scan *s = c->s;
	const char *p = s->norm;
	size_t i = *at, n;
	unsigned flags;
	double num, alt;

	if (p[i] == ' ') {
		c->glued = 0;
		*at = i + 1;
		return 0;
	}
	if (p[i] == '\n') {
		*at = i + 1;
		if (end_line(c, i, e) < 0)
			return -1;
		s->lines[c->line].values = (uint8_t)values_line(p + *at);
		return 0;
	}
	if (structure(c, at))
		return 0;
	if (p[i] == NORM_CELL) {
		*at = i + 1;
		s->lines[c->line].table = 1;
		c->glued = 0;
		return push(c, LEX_CELL, i, i + 1, 0, e);
	}
	if (is_digit(p[i])) {
		int inword = i > 0 && is_letter(p[i - 1]);

		n = number(s, i, inword, s->lines[c->line].values, &num, &alt, &flags);
		*at = i + n;
		if (push(c, LEX_NUMBER, i, i + n, flags | (inword ? LEX_INWORD : 0), e) <
			0)
			return -1;
		s->lex[s->n - 1].num = num;
		s->lex[s->n - 1].alt = alt;
		return 0;
	}
	if (is_letter(p[i])) {
		n = 1;
		while (is_letter(p[i + n]) ||
			(p[i + n] == '\'' && is_letter(p[i + n + 1])))
			n++;
		if (p[i + n] == '@' || p[i + n] == ':' || p[i + n] == '.' ||
			p[i + n] == '_' || p[i + n] == '-' || is_digit(p[i + n])) {
			size_t len = address(s, i);

			if (len > 0) {
				*at = i + len;
				return push(c, LEX_URL, i, i + len, 0, e);
			}
		}
		*at = i + n;
		return push(c, LEX_WORD, i, i + n, 0, e);
	}
	if (p[i] == '[' && strncmp(p + i, "[redacted:", 10) == 0) {
		const char *end =
			memchr(p + i, ']', 80 < s->norm_len - i ? 80 : s->norm_len - i);

		if (end != NULL) {
			*at = (size_t)(end - p) + 1;
			return push(c, LEX_URL, i, *at, 0, e);
		}
	}
	if (p[i] == NORM_MARK && s->n == s->lines[c->line].first)
		s->lines[c->line].bullet = 1;
	*at = i + 1;
	return push(c, LEX_SIGN, i, i + 1, 0, e);
}

static uint32_t source_end(const struct scan *s, uint32_t to)
{
	uint32_t at = s->map[to - 1];
	unsigned char c = (unsigned char)s->text[at];

	if (c == '&' && s->norm[to - 1] != '&') {
		const char *semi =
			memchr(s->text + at, ';', s->len - at < 12 ? s->len - at : 12);

		return semi != NULL ? (uint32_t)(semi - s->text) + 1 : at + 1;
	}
	at += c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return at > s->len ? (uint32_t)s->len : at;
}

/* Of the matches, the longest from the left; those kept are moved to the front. */
static void leftmost_longest(struct matches *m)
{
	size_t kept = 0, i = 0;

	/* matches come in order of their ends: insertion keeps the order by start cheap */
	for (size_t k = 1; k < m->n; k++) {
		struct match x = m->at[k];
		size_t j = k;

		while (j > 0 &&
			(m->at[j - 1].from > x.from ||
				(m->at[j - 1].from == x.from &&
					m->at[j - 1].to < x.to))) {
			m->at[j] = m->at[j - 1];
			j--;
		}
		m->at[j] = x;
	}
	for (i = 0; i < m->n; i++)
		if (kept == 0 || m->at[i].from >= m->at[kept - 1].to)
			m->at[kept++] = m->at[i];
	m->n = kept;
}

/* Joins the lexemes under each match into one phrase. Struck text stays apart. */
static void join(struct scan *s, const struct lexicon *lx, const struct matches *m)
{
	size_t out = 0, k = 0;

	for (size_t i = 0; i < s->n; out++) {
		struct lexeme *l = &s->lex[out];

		*l = s->lex[i++];
		while (k < m->n && m->at[k].to <= l->from)
			k++;
		if (k >= m->n || l->kind == LEX_BREAK || l->kind == LEX_CELL ||
			l->kind == LEX_URL || m->at[k].from != l->from ||
			m->at[k].to < l->to)
			continue;
		while (i < s->n && s->lex[i].from < m->at[k].to &&
			s->lex[i].to <= m->at[k].to && s->lex[i].kind != LEX_CELL)
			i++;
		if (s->lex[i - 1].to != m->at[k].to) {
			/* the phrase ends inside a lexeme: leave the words as they are */
			while (i > 0 && s->lex[i - 1].from > l->from)
				i--;
			continue;
		}
		l->kind = LEX_PHRASE;
		l->to = m->at[k].to;
		l->senses = lexicon_senses(lx, m->at[k].phrase);
	}
	s->n = out;
}

void scan_recount(struct scan *s)
{
	for (size_t k = 0; k < s->n_lines; k++)
		s->lines[k].first = s->lines[k].last = 0;
	for (size_t i = 0, line = 0, first = 0; i <= s->n; i++) {
		if (i == s->n || s->lex[i].line != line) {
			s->lines[line].first = (uint32_t)first;
			s->lines[line].last = (uint32_t)i;
			if (i == s->n)
				break;
			for (line++; line < s->lex[i].line; line++)
				s->lines[line].first = s->lines[line].last = (uint32_t)i;
			first = i;
		}
	}
	for (size_t k = 0; k < s->n_lines; k++) {
		struct line *l = &s->lines[k];

		if (l->last > l->first && s->lex[l->last - 1].kind == LEX_BREAK)
			l->last--;
		if (l->last > l->first) {
			l->src = s->lex[l->first].src;
			l->width = s->lex[l->last - 1].to - s->lex[l->first].from;
		}
		l->blank = l->first == l->last;
	}
}

int scan_text(struct scan *out, const struct lexicon *lx, const char *text, size_t len,
	struct err *e)
{
	struct scanner c = { .s = out };
	struct level_out lo = { .cap = len + len / 8 + 128 };
	struct matches m = { NULL, 0, 0 };
	size_t i = 0;
	int ret = -1;

	memset(out, 0, sizeof(*out));
	if (len >= UINT32_MAX / 4)
		return err_set(
			e, ERR_INPUT, "text of %zu bytes is too long to scan", len);
	out->text = text;
	out->len = len;
	lo.norm = malloc(lo.cap);
	lo.map = malloc(lo.cap * sizeof(*lo.map));
	if (lo.norm != NULL && lo.map != NULL)
		level_text(&lo, text, len);
	out->norm = lo.norm;
	out->map = lo.map;
	out->norm_len = lo.len;
	out->odd = lo.odd;
	if (lo.norm == NULL || lo.map == NULL || lo.failed) {
		err_no_memory(e);
		goto out;
	}
	if (new_line(&c, e) < 0)
		goto out;
	out->lines[0].values = (uint8_t)values_line(out->norm);
	while (i < out->norm_len)
		if (one(&c, &i, e) < 0)
			goto out;
	if (end_line(&c, out->norm_len, e) < 0)
		goto out;
	for (i = 0; i < out->n; i++)
		out->lex[i].src = out->map[out->lex[i].from];
	if (lexicon_find(lx, out->norm, out->norm_len, &m) < 0) {
		err_no_memory(e);
		goto out;
	}
	leftmost_longest(&m);
	join(out, lx, &m);
	for (i = 0; i < out->n; i++)
		out->lex[i].end = out->lex[i].to > out->lex[i].from
			? source_end(out, out->lex[i].to)
			: out->lex[i].src;
	scan_recount(out);
	ret = 0;
out:
	free(m.at);
	return ret;
}

void scan_release(struct scan *s)
{
	free(s->norm);
	free(s->map);
	free(s->lex);
	free(s->lines);
	memset(s, 0, sizeof(*s));
}

const char *lexeme_is(const struct lexeme *l, unsigned cls)
{
	for (const struct sense *s = l->senses; s != NULL; s = s->next)
		if (s->cls == cls)
			return s->value != NULL ? s->value : "";
	return NULL;
}

int lexeme_capital(const struct scan *s, const struct lexeme *l)
{
	unsigned char c = (unsigned char)s->text[l->src];

	return (c >= 'A' && c <= 'Z') || c >= 0x80;
}

int lexeme_all_caps(const struct scan *s, const struct lexeme *l)
{
	for (uint32_t i = l->src; i < l->end; i++)
		if (s->text[i] >= 'a' && s->text[i] <= 'z')
			return 0;
	return 1;
}

int lexeme_equals(const struct scan *s, const struct lexeme *l, const char *norm)
{
	size_t n = strlen(norm);

	return l->to - l->from == n && memcmp(s->norm + l->from, norm, n) == 0;
}
