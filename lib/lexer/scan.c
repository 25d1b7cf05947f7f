/* scan.c - levelled text to lexemes and lines. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lexer/internal.h"

#define LETTER 1u
#define DIGIT  2u
#define JOINT  4u /* in e-mail addresses, beside the other two */
#define TAIL   8u /* behind letters: the word may be longer than they, or an address */

/* Of the bytes of levelled text, which are all ASCII. */
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
	[NORM_LETTER] = LETTER | TAIL,
	['0'] = DIGIT | TAIL,
	['1'] = DIGIT | TAIL,
	['2'] = DIGIT | TAIL,
	['3'] = DIGIT | TAIL,
	['4'] = DIGIT | TAIL,
	['5'] = DIGIT | TAIL,
	['6'] = DIGIT | TAIL,
	['7'] = DIGIT | TAIL,
	['8'] = DIGIT | TAIL,
	['9'] = DIGIT | TAIL,
	['.'] = JOINT | TAIL,
	['_'] = JOINT | TAIL,
	['+'] = JOINT,
	['-'] = JOINT | TAIL,
	['@'] = JOINT | TAIL,
	[':'] = TAIL,
	['\''] = TAIL,
};

#define WAITING_MAX 128 /* lexemes cut before the first of them are joined */
#define EMAIL_MAX   128

struct scanner {
	struct scan *s;
	const struct lexicon *lx;
	size_t at;              /* norm is cut into lexemes up to here */
	struct lexeme *waiting; /* cut, but not yet joined to phrases */
	size_t n_waiting, cap_waiting;
	size_t cap_lex, cap_lines;
	uint32_t line;   /* that is being cut */
	int line_begun;  /* it has a lexeme */
	int commas;      /* it has some */
	unsigned struck; /* LEX_STRUCK or 0 */
	unsigned glued;  /* LEX_GLUED or 0 */
	struct line_look look;
	size_t at_sign;      /* the first @ from `at` on, where it was last looked for */
	size_t joined_line;  /* the line of the last lexeme that was joined */
	size_t joined_first; /* its first lexeme */
};

static inline int is_digit(char c)
{
	return (kinds[(unsigned char)c] & DIGIT) != 0;
}

static inline int is_letter(char c)
{
	return (kinds[(unsigned char)c] & LETTER) != 0;
}

/* ---- memory ---- */

#define HUGE_FROM ((size_t)4 << 20)

/* Asks for large pages: the first touch of each small one costs more than the scan of
 * the text that fills it. */
static void prefer_large_pages(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)p + page - 1) / page * page;

	if (bytes >= HUGE_FROM)
		(void)madvise((void *)from, (uintptr_t)p + bytes - from, MADV_HUGEPAGE);
#else
	(void)p;
	(void)bytes;
#endif
}

static void *grow(void *p, size_t n, size_t size, struct err *e)
{
	void *grown = realloc(p, n * size);

	if (grown == NULL)
		err_no_memory(e);
	else
		prefer_large_pages(grown, n * size);
	return grown;
}

/* Room for one lexeme more. */
static int more_lexemes(struct scanner *c, struct err *e)
{
	size_t cap =
		c->cap_lex == 0 ? c->s->norm_len / 4 + 64 : c->cap_lex + c->cap_lex / 2;
	struct lexeme *grown = grow(c->s->lex, cap, sizeof(*grown), e);

	if (grown == NULL)
		return -1;
	c->s->lex = grown;
	c->cap_lex = cap;
	return 0;
}

static int more_waiting(struct scanner *c, struct err *e)
{
	size_t cap = c->cap_waiting == 0 ? WAITING_MAX : c->cap_waiting * 2;
	struct lexeme *grown = grow(c->waiting, cap, sizeof(*grown), e);

	if (grown == NULL)
		return -1;
	c->waiting = grown;
	c->cap_waiting = cap;
	return 0;
}

static int new_line(struct scanner *c, struct err *e)
{
	struct scan *s = c->s;

	if (s->n_lines == c->cap_lines) {
		size_t cap = c->cap_lines == 0 ? s->norm_len / 64 + 64
					       : c->cap_lines + c->cap_lines / 2;
		struct line *grown = grow(s->lines, cap, sizeof(*grown), e);

		if (grown == NULL)
			return -1;
		s->lines = grown;
		c->cap_lines = cap;
	}
	s->lines[s->n_lines] = (struct line){ .blank = 1 };
	c->line = (uint32_t)s->n_lines++;
	return 0;
}

/* ---- levelled text to lexemes ---- */

/* Room for it was made by cut. */
static inline struct lexeme *push(
	struct scanner *c, uint8_t kind, size_t from, size_t to, unsigned flags)
{
	struct lexeme *l = &c->waiting[c->n_waiting++];

	*l = (struct lexeme){
		.from = (uint32_t)from,
		.to = (uint32_t)to,
		.line = c->line,
		.kind = kind,
		.flags = (uint16_t)(flags | c->struck | c->glued),
	};
	c->glued = LEX_GLUED;
	c->line_begun = 1;
	c->at = to;
	return l;
}

/* A word's hash lies where its place in the source will, while it waits. */
static inline void push_word(struct scanner *c, size_t n)
{
	size_t from = c->at;
	struct lexeme *l = push(c, LEX_WORD, from, from + n, 0);
	uint64_t key[2];

	if (n > WORD_KEY_MAX)
		return;
	word_key(c->s->norm + from, n, key);
	l->src = word_hash(key);
	lexicon_prefetch(c->lx, l->src);
}

/* Length of a URL whose scheme is the n letters at p, or 0. */
static size_t url(const char *p, size_t n)
{
	if (n < 2 || n > 12 || p[n] != ':' || p[n + 1] != '/' || p[n + 2] != '/')
		return 0;
	for (n += 3;
		(unsigned char)p[n] > ' ' && strchr("\"')>]}", p[n]) == NULL && n < 2048;)
		n++;
	while (strchr(".,;:", p[n - 1]) != NULL)
		n--;
	return n;
}

/* Is there an @ within reach? */
static int near_at_sign(struct scanner *c)
{
	const struct scan *s = c->s;
	const char *found;

	if (c->at_sign < c->at || c->at_sign == 0) {
		found = memchr(s->norm + c->at, '@', s->norm_len - c->at);
		c->at_sign = found != NULL ? (size_t)(found - s->norm) : SIZE_MAX;
	}
	return c->at_sign - c->at < EMAIL_MAX;
}

/* Length of the e-mail address at p, or 0. */
static size_t email(const char *p)
{
	size_t n = 0, at = 0, dot = 0;

	for (; n < EMAIL_MAX &&
		(kinds[(unsigned char)p[n]] & (LETTER | DIGIT | JOINT)) != 0;
		n++) {
		if (p[n] == '@' && at == 0)
			at = n;
		if (p[n] == '.' && at > 0 && is_letter(p[n + 1]))
			dot = n;
	}
	return at > 0 && dot > at + 1 ? n : 0;
}

/* A word that is longer than its first n letters, or an address. */
static void long_word(struct scanner *c, size_t n)
{
	const char *p = c->s->norm + c->at;
	size_t len;

	while (is_letter(p[n]))
		n++;
	len = url(p, n);
	while (is_letter(p[n]) || (p[n] == '\'' && is_letter(p[n + 1])))
		n++;
	if (len == 0 && (kinds[(unsigned char)p[n]] & TAIL) && p[n] != '\'' &&
		near_at_sign(c))
		len = email(p);
	if (len > 0)
		push(c, LEX_URL, c->at, c->at + len, 0);
	else
		push_word(c, n);
}

static inline void word(struct scanner *c)
{
	const char *p = c->s->norm + c->at;
	size_t n = letters_at(p);

	if (n == WORD_KEY_MAX || (kinds[(unsigned char)p[n]] & TAIL))
		long_word(c, n);
	else
		push_word(c, n);
}

static void number(struct scanner *c)
{
	size_t i = c->at;
	int inword = i > 0 && is_letter(c->s->norm[i - 1]);
	unsigned flags;
	double num;
	size_t n = number_at(c->s->norm + i, inword, &c->look, &num, &flags);

	push(c, LEX_NUMBER, i, i + n, flags | (inword ? LEX_INWORD : 0))->num = num;
}

static int end_line(struct scanner *c, struct err *e)
{
	size_t i = c->at;

	if (c->commas)
		c->s->lines[c->line].values = (uint8_t)line_of_values(&c->look);
	c->commas = 0;
	c->glued = 0;
	push(c, LEX_BREAK, i, i, 0);
	c->at = i + 1;
	c->glued = 0;
	c->line_begun = 0;
	c->look = (struct line_look){ c->s->norm + c->at, -1 };
	return new_line(c, e);
}

/* Structure bytes of the levelled text; 1 when it was one. */
static int structure(struct scanner *c)
{
	struct line *l = &c->s->lines[c->line];
	const char *p = c->s->norm;

	switch (p[c->at]) {
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
		l->heading = (uint8_t)(p[++c->at] - NORM_LEVEL);
		break;
	case NORM_QUOTE:
		l->quote = (uint8_t)(p[++c->at] - NORM_LEVEL);
		break;
	default:
		return 0;
	}
	c->at++;
	return 1;
}

/* "[redacted:...]", which stands for a secret; 1 when it was one. */
static int redacted(struct scanner *c)
{
	const char *p = c->s->norm + c->at, *end;
	size_t left = c->s->norm_len - c->at;

	if (strncmp(p, "[redacted:", 10) != 0)
		return 0;
	end = memchr(p, ']', left < 80 ? left : 80);
	if (end == NULL)
		return 0;
	push(c, LEX_URL, c->at, c->at + (size_t)(end - p) + 1, 0);
	return 1;
}

static void cell(struct scanner *c)
{
	c->s->lines[c->line].table = 1;
	c->glued = 0;
	push(c, LEX_CELL, c->at, c->at + 1, 0);
}

static void sign(struct scanner *c)
{
	char p = c->s->norm[c->at];

	c->commas |= p == ',';
	if (p == NORM_MARK && !c->line_begun)
		c->s->lines[c->line].bullet = 1;
	push(c, LEX_SIGN, c->at, c->at + 1, 0)->sign = (uint8_t)p;
}

/* Cuts the levelled text on to lexemes until as many wait as there is room for. */
static int cut(struct scanner *c, struct err *e)
{
	const struct scan *s = c->s;

	while (c->at < s->norm_len && c->n_waiting < c->cap_waiting) {
		char p = s->norm[c->at];

		if (is_letter(p)) {
			word(c);
		} else if (p == ' ') {
			c->glued = 0;
			c->at++;
		} else if (is_digit(p)) {
			number(c);
		} else if (p == '\n') {
			if (end_line(c, e) < 0)
				return -1;
		} else if (p == NORM_CELL) {
			cell(c);
		} else if (!structure(c) && (p != '[' || !redacted(c))) {
			sign(c);
		}
	}
	return 0;
}

/* ---- lexemes to phrases ---- */

/* Walks the places of a levelled text from front to back. */
struct source {
	const struct scan *s;
	const struct place *at, *end; /* the place in force, the end of all */
	uint32_t upto;                /* where the next place begins */
	uint32_t shift;               /* from norm to the source, modulo 2^32 */
};

static void take_place(struct source *w, const struct place *at)
{
	w->at = at;
	w->upto = at + 1 < w->end ? at[1].norm : UINT32_MAX;
	w->shift = at->src - at->norm;
}

static inline uint32_t source_of(struct source *w, uint32_t norm)
{
	while (norm >= w->upto)
		take_place(w, w->at + 1);
	return norm + w->shift;
}

/* Past the character at src that norm byte c stands for. */
static uint32_t source_past(const struct scan *s, uint32_t at, char norm)
{
	unsigned char c = (unsigned char)s->text[at];
	size_t left = s->len - at;

	if (c < 0x80 && c != '&')
		return at + 1;
	if (c == '&' && norm != '&') {
		const char *semi = memchr(s->text + at, ';', left < 12 ? left : 12);

		return semi != NULL ? (uint32_t)(semi - s->text) + 1 : at + 1;
	}
	at += c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return at > s->len ? (uint32_t)s->len : at;
}

static inline void locate(struct source *w, struct lexeme *l)
{
	const struct scan *s = w->s;

	l->src = l->from < s->norm_len ? source_of(w, l->from) : (uint32_t)s->len;
	l->end = l->src;
	if (l->to > l->from)
		l->end = source_past(s, source_of(w, l->to - 1), s->norm[l->to - 1]);
}

/* The lexemes from l on that a phrase up to `to` covers; 0 when it ends inside one. */
static size_t covers(const struct lexeme *l, size_t n, uint32_t to)
{
	size_t k = 0;

	while (k < n && l[k].from < to && l[k].to <= to && l[k].kind != LEX_CELL)
		k++;
	return k > 0 && l[k - 1].to == to ? k : 0;
}

static size_t phrases_at(
	const struct scanner *c, const struct lexeme *l, struct match m[MATCHES_MAX])
{
	const struct scan *s = c->s;

	switch (l->kind) {
	case LEX_WORD:
		if (l->to - l->from <= WORD_KEY_MAX)
			return lexicon_at_word(
				c->lx, s->norm, s->norm_len, l->from, l->to, l->src, m);
		/* fall through */
	case LEX_NUMBER:
	case LEX_SIGN:
		return lexicon_at(c->lx, s->norm, s->norm_len, l->from, m);
	default:
		return 0;
	}
}

/*
 * The longest phrase at l, the first of n lexemes, makes one of those that it covers:
 * how many, at least 1, or 0 when the text must first be cut further.
 */
static size_t join_one(
	const struct scanner *c, const struct lexeme *l, size_t n, struct lexeme *out)
{
	struct match m[MATCHES_MAX];
	size_t found = phrases_at(c, l, m);

	*out = *l;
	if (found > 0 && m[found - 1].to > c->at)
		return 0;
	while (found-- > 0) {
		size_t covered = m[found].to == l->to ? 1 : covers(l, n, m[found].to);

		if (covered == 0)
			continue;
		out->kind = LEX_PHRASE;
		out->to = m[found].to;
		out->senses = m[found].senses;
		return covered;
	}
	return 1;
}

/* Its lexemes are [first, last), where the last one may be its end. */
static void bound_line(struct scan *s, size_t line, size_t first, size_t last)
{
	struct line *l = &s->lines[line];

	if (last > first && s->lex[last - 1].kind == LEX_BREAK)
		last--;
	l->first = (uint32_t)first;
	l->last = (uint32_t)last;
	l->blank = first == last;
	if (!l->blank) {
		l->src = s->lex[first].src;
		l->width = s->lex[last - 1].to - s->lex[first].from;
	}
}

/* Lexeme i is the first one of `line`: bounds the one before and those that have none. */
static void bound_lines(struct scan *s, size_t *at, size_t *first, size_t i, size_t line)
{
	bound_line(s, *at, *first, i);
	while (++*at < line)
		bound_line(s, *at, i, i);
	*first = i;
}

void scan_recount(struct scan *s)
{
	size_t at = 0, first = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->lex[i].line != at)
			bound_lines(s, &at, &first, i, s->lex[i].line);
	bound_line(s, at, first, s->n);
	while (++at < s->n_lines)
		bound_line(s, at, 0, 0);
}

/* Joins what waits, as far as the text is cut; the rest goes on waiting. */
static int join(struct scanner *c, struct source *w, struct err *e)
{
	struct scan *s = c->s;
	size_t i = 0, n;

	for (; i < c->n_waiting; i += n) {
		struct lexeme *l;

		if (s->n == c->cap_lex && more_lexemes(c, e) < 0)
			return -1;
		l = &s->lex[s->n];
		n = join_one(c, c->waiting + i, c->n_waiting - i, l);
		if (n == 0)
			break;
		locate(w, l);
		if (l->line != c->joined_line)
			bound_lines(s, &c->joined_line, &c->joined_first, s->n, l->line);
		s->n++;
	}
	c->n_waiting -= i;
	if (c->n_waiting > 0)
		memmove(c->waiting, c->waiting + i, c->n_waiting * sizeof(*c->waiting));
	return 0;
}

/* Cuts and joins by turns, so that a lexeme is still at hand when it is joined. */
static int scan_norm(struct scanner *c, const struct level_out *lo, struct err *e)
{
	struct scan *s = c->s;
	struct source w = { .s = s };

	if (new_line(c, e) < 0)
		return -1;
	if (lo->n_places > 0) {
		w.end = lo->places + lo->n_places;
		take_place(&w, lo->places);
	}
	while (c->at < s->norm_len) {
		if (c->n_waiting == c->cap_waiting && more_waiting(c, e) < 0)
			return -1;
		if (cut(c, e) < 0 || (c->at < s->norm_len && join(c, &w, e) < 0))
			return -1;
	}
	if (c->n_waiting == c->cap_waiting && more_waiting(c, e) < 0)
		return -1;
	c->at = s->norm_len;
	if (end_line(c, e) < 0 || join(c, &w, e) < 0)
		return -1;
	bound_line(s, c->joined_line, c->joined_first, s->n);
	return 0;
}

/* The levelled text, with WORD_KEY_MAX readable bytes from each of its bytes on. */
static int level(struct scan *s, struct level_out *lo, struct err *e)
{
	lo->norm = malloc(lo->cap);
	if (lo->norm == NULL)
		return err_no_memory(e);
	prefer_large_pages(lo->norm, lo->cap);
	level_text(lo, s->text, s->len);
	if (!lo->failed && lo->cap - lo->len < WORD_KEY_MAX) {
		char *room = realloc(lo->norm, lo->len + WORD_KEY_MAX);

		if (room == NULL)
			lo->failed = 1;
		else
			lo->norm = room;
	}
	s->norm = lo->norm;
	s->norm_len = lo->len;
	s->odd = lo->odd;
	if (!lo->failed)
		memset(lo->norm + lo->len, 0, WORD_KEY_MAX);
	return lo->failed ? err_no_memory(e) : 0;
}

int scan_text(struct scan *out, const struct lexicon *lx, const char *text, size_t len,
	struct err *e)
{
	struct scanner c = { .s = out, .lx = lx, .look = { NULL, -1 } };
	struct level_out lo = { .cap = len + len / 8 + 128 };
	int ret;

	memset(out, 0, sizeof(*out));
	if (len >= UINT32_MAX / 4)
		return err_set(
			e, ERR_INPUT, "text of %zu bytes is too long to scan", len);
	out->text = text;
	out->len = len;
	ret = level(out, &lo, e);
	if (ret == 0) {
		c.look.start = out->norm;
		ret = scan_norm(&c, &lo, e);
	}
	free(c.waiting);
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
