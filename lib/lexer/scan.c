/* scan.c - levelled text to lexemes and lines. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

#define LETTER 1u
#define DIGIT  2u
#define JOINT  4u /* in e-mail addresses, beside the other two */

/* Of the bytes of levelled text. */
static const uint8_t kinds[256] = {
	['a'] = LETTER,
	['b'] = LETTER,
	['c'] = LETTER,
	['d'] = LETTER,
	['e'] = LETTER,
	['f'] = LETTER,
	['g'] = LETTER,
	['h'] = LETTER,
	['i'] = LETTER,
	['j'] = LETTER,
	['k'] = LETTER,
	['l'] = LETTER,
	['m'] = LETTER,
	['n'] = LETTER,
	['o'] = LETTER,
	['p'] = LETTER,
	['q'] = LETTER,
	['r'] = LETTER,
	['s'] = LETTER,
	['t'] = LETTER,
	['u'] = LETTER,
	['v'] = LETTER,
	['w'] = LETTER,
	['x'] = LETTER,
	['y'] = LETTER,
	['z'] = LETTER,
	[NORM_LETTER] = LETTER,
	['0'] = DIGIT,
	['1'] = DIGIT,
	['2'] = DIGIT,
	['3'] = DIGIT,
	['4'] = DIGIT,
	['5'] = DIGIT,
	['6'] = DIGIT,
	['7'] = DIGIT,
	['8'] = DIGIT,
	['9'] = DIGIT,
	['.'] = JOINT,
	['_'] = JOINT,
	['+'] = JOINT,
	['-'] = JOINT,
	['@'] = JOINT,
};

struct scanner {
	struct scan *s;
	size_t cap_lex, cap_lines;
	uint32_t line;
	size_t line_from; /* where the line begins in norm */
	int commas;       /* the line has some */
	int values;       /* -1: not known yet; else what line.values will be */
	unsigned struck;
	int glued;
};

static int more_lexemes(struct scanner *c, struct err *e)
{
	size_t cap =
		c->cap_lex == 0 ? c->s->norm_len / 6 + 64 : c->cap_lex + c->cap_lex / 2;
	struct lexeme *grown = realloc(c->s->lex, cap * sizeof(*grown));

	if (grown == NULL)
		return err_no_memory(e);
	c->s->lex = grown;
	c->cap_lex = cap;
	return 0;
}

static inline int push(struct scanner *c, uint8_t kind, size_t from, size_t to,
	unsigned flags, struct err *e)
{
	struct scan *s = c->s;

	if (s->n == c->cap_lex && more_lexemes(c, e) < 0)
		return -1;
	s->lex[s->n++] = (struct lexeme){
		.from = (uint32_t)from,
		.to = (uint32_t)to,
		.line = c->line,
		.kind = kind,
		.sign = kind == LEX_SIGN ? (uint8_t)s->norm[from] : 0,
		.flags = (uint16_t)(flags | c->struck | (c->glued ? LEX_GLUED : 0)),
	};
	c->glued = 1;
	return 0;
}

static inline int is_digit(char c)
{
	return (kinds[(unsigned char)c] & DIGIT) != 0;
}

static inline int is_letter(char c)
{
	return (kinds[(unsigned char)c] & LETTER) != 0;
}

static size_t digits(const char *p)
{
	size_t n = 0;

	while (is_digit(p[n]))
		n++;
	return n;
}

/* Comma-separated values: commas with no space behind, most beside a letter. */
static int values_line(const char *p)
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

/* Is the line that is being read one of values? Looked up once, where it matters. */
static int in_values(struct scanner *c)
{
	if (c->values < 0)
		c->values = values_line(c->s->norm + c->line_from);
	return c->values;
}

/*
 * A number at norm[i]: digits, then groups of three or a decimal part, as English,
 * German, Swiss and French writers set them. Two points of another shape are a version.
 */
static size_t number(
	struct scanner *scanner, size_t i, int inword, double *num, unsigned *flags)
{
	const char *p = scanner->s->norm;
	char grouped[32], sep[8];
	size_t at = i, first = digits(p + i), g = 0, n_sep = 0, groups3 = 0;

	*flags = 0;
	/* "2e3" */
	if (!inword && first < 4 && p[i + first] == 'e' && is_digit(p[i + first + 1])) {
		size_t e = digits(p + i + first + 1), all = first + 1 + e;

		if (e < 4 && !is_letter(p[i + all])) {
			char text[16];

			memcpy(text, p + i, all);
			text[all] = '\0';
			*num = strtod(text, NULL);
			return all;
		}
	}
	if (first < 10 && p[at + first] != ',' && p[at + first] != '.' &&
		p[at + first] != ' ' && p[at + first] != '\'') {
		double plain_value = 0;

		for (size_t k = 0; k < first; k++)
			plain_value = plain_value * 10 + (p[i + k] - '0');
		*num = plain_value;
		return first;
	}
	for (size_t k = 0; k < first && k < 24; k++)
		grouped[g++] = p[i + k];
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
		} else if ((c != ',' || inword || in_values(scanner)) && c != '.') {
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
	grouped[g] = '\0';
	*num = strtod(grouped, NULL);
	if (n_sep == 1 && groups3 == 1 && (sep[0] == '.' || sep[0] == ',')) {
		if (p[i] == '0')
			*num /= 1000; /* 0.125 */
		else
			*flags |= LEX_GROUPED;
	}
	if (memchr(grouped, '.', g) != NULL)
		*flags |= LEX_DECIMAL;
	if (first > 15)
		*num = HUGE_VAL; /* a number nobody means */
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
	for (n = 0; n < 128 && kinds[(unsigned char)p[n]] != 0; n++) {
		if (p[n] == '@' && at == 0)
			at = n;
		if (p[n] == '.' && at > 0 && is_letter(p[n + 1]))
			dot = n;
	}
	return at > 0 && dot > at + 1 ? n : 0;
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

	if (c->commas)
		l->values = (uint8_t)in_values(c);
	c->commas = 0;
	c->values = -1;
	c->line_from = i + 1;
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
	double num;

	if (p[i] == ' ') {
		c->glued = 0;
		*at = i + 1;
		return 0;
	}
	if (p[i] == '\n') {
		*at = i + 1;
		return end_line(c, i, e);
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

		n = number(c, i, inword, &num, &flags);
		*at = i + n;
		if (push(c, LEX_NUMBER, i, i + n, flags | (inword ? LEX_INWORD : 0), e) <
			0)
			return -1;
		s->lex[s->n - 1].num = num;
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
	c->commas |= p[i] == ',';
	if (p[i] == NORM_MARK && s->n == s->lines[c->line].first)
		s->lines[c->line].bullet = 1;
	*at = i + 1;
	return push(c, LEX_SIGN, i, i + 1, 0, e);
}

/* Walks the places of a levelled text from front to back. */
struct source {
	const struct scan *s;
	const struct place *at, *end; /* the place in force, the end of all */
};

static uint32_t source_of(struct source *w, uint32_t norm)
{
	while (w->at + 1 < w->end && w->at[1].norm <= norm)
		w->at++;
	return w->at->src + (norm - w->at->norm);
}

/* Where the character ends in the text that the byte of norm before `to` stands for. */
static uint32_t source_end(struct source *w, uint32_t to)
{
	const struct scan *s = w->s;
	uint32_t at = source_of(w, to - 1);
	unsigned char c = (unsigned char)s->text[at];

	if (c < 0x80 && c != '&')
		return at + 1;
	if (c == '&' && s->norm[to - 1] != '&') {
		const char *semi =
			memchr(s->text + at, ';', s->len - at < 12 ? s->len - at : 12);

		return semi != NULL ? (uint32_t)(semi - s->text) + 1 : at + 1;
	}
	at += c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return at > s->len ? (uint32_t)s->len : at;
}

static void locate(struct source *w, struct lexeme *l)
{
	l->src = l->from < w->s->norm_len ? source_of(w, l->from) : (uint32_t)w->s->len;
	l->end = l->to > l->from ? source_end(w, l->to) : l->src;
}

/* The lexeme behind those that a phrase from lexeme i on covers, or 0 when it ends
 * inside one. */
static size_t covers(const struct scan *s, size_t i, uint32_t to)
{
	size_t first = i;

	while (i < s->n && s->lex[i].from < to && s->lex[i].to <= to &&
		s->lex[i].kind != LEX_CELL)
		i++;
	return i > first && s->lex[i - 1].to == to ? i : 0;
}

/* The longest phrase at each lexeme makes one of those that it covers. */
static void join(struct scan *s, const struct lexicon *lx, const struct level_out *lo)
{
	struct source w = { s, lo->places,
		lo->n_places > 0 ? lo->places + lo->n_places : NULL };
	size_t out = 0, next;

	for (size_t i = 0; i < s->n; i = next, out++) {
		struct lexeme *l = &s->lex[out];
		struct match m[MATCHES_MAX];
		size_t n = 0;

		next = i + 1;
		if (s->lex[i].kind != LEX_BREAK && s->lex[i].kind != LEX_CELL &&
			s->lex[i].kind != LEX_URL)
			n = s->lex[i].kind == LEX_WORD
				? lexicon_at_word(lx, s->norm, s->norm_len,
					  s->lex[i].from, s->lex[i].to, m)
				: lexicon_at(lx, s->norm, s->norm_len, s->lex[i].from, m);
		for (; n > 0; n--) {
			size_t behind = covers(s, i, m[n - 1].to);

			if (behind == 0)
				continue;
			next = behind;
			break;
		}
		if (out != i)
			*l = s->lex[i];
		if (n > 0) {
			l->kind = LEX_PHRASE;
			l->to = m[n - 1].to;
			l->senses = m[n - 1].senses;
		}
		locate(&w, l);
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
	struct scanner c = { .s = out, .values = -1 };
	struct level_out lo = { .cap = len + len / 8 + 128 };
	size_t i = 0;
	int ret = -1;

	memset(out, 0, sizeof(*out));
	if (len >= UINT32_MAX / 4)
		return err_set(
			e, ERR_INPUT, "text of %zu bytes is too long to scan", len);
	out->text = text;
	out->len = len;
	lo.norm = malloc(lo.cap);
	if (lo.norm != NULL)
		level_text(&lo, text, len);
	if (lo.norm != NULL && lo.cap - lo.len < WORD_KEY_MAX) {
		char *room = realloc(lo.norm, lo.len + WORD_KEY_MAX);

		if (room == NULL)
			lo.failed = 1;
		else
			lo.norm = room;
	}
	out->norm = lo.norm;
	out->norm_len = lo.len;
	out->odd = lo.odd;
	if (lo.norm == NULL || lo.failed) {
		err_no_memory(e);
		goto out;
	}
	if (new_line(&c, e) < 0)
		goto out;
	while (i < out->norm_len)
		if (one(&c, &i, e) < 0)
			goto out;
	if (end_line(&c, out->norm_len, e) < 0)
		goto out;
	join(out, lx, &lo);
	scan_recount(out);
	ret = 0;
out:
	free(lo.places);
	return ret;
}

void scan_release(struct scan *s)
{
	free(s->norm);
	free(s->lex);
	free(s->lines);
	memset(s, 0, sizeof(*s));
}

const char *lexeme_is(const struct lexeme *l, unsigned cls)
{
	for (const struct sense *s = lexeme_senses(l); s != NULL; s = sense_next(s))
		if (s->cls == cls)
			return s->value != 0 ? sense_value(s) : "";
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
