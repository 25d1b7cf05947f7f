/* doc.c - lexemes to sentences, clauses and segments, and what of them counts. */
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

/* Is the word, of len bytes, one of a list with | between? */
static int is_among(const char *list, const char *word, size_t len)
{
	for (const char *p = list; *p != '\0'; p += *p == '|') {
		size_t n = 0;

		while (n < len && p[n] == word[n])
			n++;
		if (n == len && (p[n] == '|' || p[n] == '\0'))
			return 1;
		for (p += n; *p != '|' && *p != '\0'; p++)
			;
	}
	return 0;
}

int word_is(const struct doc *d, size_t i, const char *norm)
{
	const struct lexeme *l;

	if (i >= d->s.n)
		return 0;
	l = &d->s.lex[i];
	if (l->kind == LEX_SIGN || l->kind == LEX_BREAK || l->kind == LEX_CELL)
		return 0;
	return is_among(norm, d->s.norm + l->from, l->to - l->from);
}

size_t find(const struct doc *d, size_t first, size_t last, unsigned cls)
{
	for (size_t i = first; i < last && i < d->s.n; i++)
		if (d->at[i].dead == 0 && lexeme_is(&d->s.lex[i], cls) != NULL)
			return i;
	return NOT_FOUND;
}

size_t find_back(const struct doc *d, size_t first, size_t last, unsigned cls)
{
	for (size_t i = last; i > first; i--)
		if (d->at[i - 1].dead == 0 && lexeme_is(&d->s.lex[i - 1], cls) != NULL)
			return i - 1;
	return NOT_FOUND;
}

struct range sentence_of(const struct doc *d, size_t i)
{
	const struct sentence *s = &d->sent[d->at[i].sentence];

	return (struct range){ s->first, s->last };
}

struct range clause_of(const struct doc *d, size_t i)
{
	return d->clause[d->at[i].clause];
}

struct range segment_of(const struct doc *d, size_t i)
{
	return d->segment[d->at[i].segment];
}

size_t find_in_header(const struct doc *d, size_t i, unsigned cls)
{
	int32_t h = d->sent[d->at[i].sentence].header;

	for (int depth = 0; h >= 0 && depth < 3; depth++, h = d->sent[h].header)
		/* a question that this sentence answers is dead itself, and yet its header */
		for (size_t k = d->sent[h].first; k < d->sent[h].last; k++)
			if ((d->at[k].dead & ~(unsigned)DEAD_QUESTION) == 0 &&
				lexeme_is(&d->s.lex[k], cls) != NULL)
				return k;
	return NOT_FOUND;
}

size_t find_in_sentence(const struct doc *d, size_t i, unsigned cls)
{
	struct range r = sentence_of(d, i);
	size_t k = find(d, r.first, r.last, cls);

	return k != NOT_FOUND ? k : find_in_header(d, i, cls);
}

int is_word(const struct doc *d, size_t i)
{
	return i < d->s.n &&
		(d->s.lex[i].kind == LEX_WORD ||
			(d->s.lex[i].kind == LEX_PHRASE && !d->at[i].entity));
}

int is_negative(const struct doc *d, size_t i)
{
	size_t k = i;

	if (k > 0 && is(d, k - 1, LC_CUR) != NULL && (d->s.lex[k].flags & LEX_GLUED))
		k--;
	return k > 0 && sign_is(d, k - 1, '-') && (d->s.lex[k].flags & LEX_GLUED) &&
		!(d->s.lex[k - 1].flags & LEX_GLUED);
}

size_t key_unit(const struct doc *d, size_t i, size_t next, unsigned cls)
{
	struct range s = sentence_of(d, i);
	size_t k = i, sep;

	if (next < s.last && d->s.lex[next].kind != LEX_CELL && !sign_is(d, next, '.') &&
		!sign_is(d, next, ','))
		return NOT_FOUND;
	while (k > s.first &&
		(is(d, k - 1, LC_SOFT) != NULL || is(d, k - 1, LC_HARD) != NULL ||
			sign_is(d, k - 1, '<') || sign_is(d, k - 1, '>') ||
			sign_is(d, k - 1, '=') || is(d, k - 1, LC_LATCUE) != NULL))
		k--;
	if (k == s.first)
		return find_in_header(d, i, cls);
	sep = k - 1;
	if (d->s.lex[sep].kind != LEX_CELL && !sign_is(d, sep, ':'))
		return NOT_FOUND;
	return find(d, s.first, sep, cls);
}

/* ---- sentences ---- */

#define MEND_MAX 4000 /* unknown words looked up; spelling in books is not mended */
#define SENTENCE_MAX \
	400 /* lexemes; a longer run is cut, so that no look-around is longer */

static int is_emptyish(const struct line *l)
{
	return l->blank;
}

/* "09:12" after one or two names at a line's start, or "name:" in a chat. */
static int speaker_line(const struct doc *d, const struct line *l)
{
	size_t i = l->first, n = l->last;

	for (size_t k = i; k + 2 < n && k < i + 6; k++)
		if (d->s.lex[k].kind == LEX_NUMBER && sign_is(d, k + 1, ':') &&
			d->s.lex[k + 2].kind == LEX_NUMBER && d->s.lex[k].num < 24 &&
			d->s.lex[k + 2].num < 60 &&
			d->s.lex[k + 2].to - d->s.lex[k + 2].from == 2 &&
			(k > i || sign_is(d, k - 1, '[')))
			return k > i;
	return 0;
}

/* Does the line begin with "Key:" (up to five words, none of them a verb's subject)? */
static int key_line(const struct doc *d, const struct line *l)
{
	for (size_t i = l->first; i < l->last && i < (size_t)l->first + 6; i++) {
		if (sign_is(d, i, ':'))
			return i > l->first &&
				(i + 1 >= l->last ||
					!(d->s.lex[i + 1].flags & LEX_GLUED));
		if (d->s.lex[i].kind != LEX_WORD && d->s.lex[i].kind != LEX_PHRASE &&
			d->s.lex[i].kind != LEX_NUMBER && !sign_is(d, i, '/') &&
			!sign_is(d, i, '(') && !sign_is(d, i, ')') &&
			!sign_is(d, i, '&') && !sign_is(d, i, '-'))
			return 0;
	}
	return 0;
}

/* Is the line break after line k only a wrap in running text? */
static int soft_break(const struct doc *d, size_t k, uint32_t widest)
{
	const struct line *a = &d->s.lines[k], *b;
	const struct lexeme *end;
	uint32_t word;

	if (k + 1 >= d->s.n_lines)
		return 0;
	b = a + 1;
	if (is_emptyish(a) || is_emptyish(b) || b->bullet || b->table || a->table ||
		b->heading || a->heading || a->quote != b->quote ||
		(b->indent && !a->bullet && !a->indent))
		return 0;
	end = &d->s.lex[a->last - 1];
	if (end->kind == LEX_SIGN && strchr(":;|?!", end->sign) != NULL)
		return 0;
	if (end->kind == LEX_SIGN && end->sign == ',')
		return 1;
	if (speaker_line(d, b) || speaker_line(d, a) || key_line(d, b))
		return 0;
	if (end->kind == LEX_SIGN && end->sign == '.')
		return 1; /* the full stop decides */
	if (!d->any_capital && widest < 72)
		return 0; /* short notes without capitals: each line is one */
	word = d->s.lex[b->first].to - d->s.lex[b->first].from;
	if ((a->width + word + 1 > widest && widest >= 30) ||
		(widest >= 60 && a->width * 4 >= widest * 3))
		return 1;
	return d->s.text[d->s.lex[b->first].src] >= 'a' &&
		d->s.text[d->s.lex[b->first].src] <= 'z' && widest >= 40 &&
		a->width >= 20;
}

static uint32_t widest_line(const struct doc *d, size_t k)
{
	uint32_t w = 0;
	size_t from = k, i;

	while (from > 0 && !is_emptyish(&d->s.lines[from - 1]) && k - from < 200)
		from--;
	for (i = from; i < d->s.n_lines && !is_emptyish(&d->s.lines[i]) && i < from + 400;
		i++)
		if (d->s.lines[i].width > w)
			w = d->s.lines[i].width;
	return w;
}

/* Does the full stop at i end a sentence? */
static int full_stop(const struct doc *d, size_t i)
{
	const struct lexeme *next = &d->s.lex[i + 1], *prev = &d->s.lex[i - 1];

	if (i + 1 >= d->s.n || next->kind == LEX_BREAK || next->kind == LEX_CELL)
		return 1;
	if (next->flags & LEX_GLUED)
		return next->kind == LEX_SIGN && strchr(")\"'", next->sign) != NULL;
	if (prev->kind == LEX_WORD && prev->to - prev->from == 1 &&
		(prev->flags & LEX_GLUED) && sign_is(d, i - 2, '.'))
		return 0; /* "e.g.", "p.a." */
	if ((is(d, i - 1, LC_TIME) != NULL || is(d, i - 1, LC_PERIOD) != NULL) &&
		prev->to - prev->from <= 4 && d->s.text[next->src] >= 'a' &&
		d->s.text[next->src] <= 'z')
		return 0; /* "900/mo. and that is it" */
	if (next->kind == LEX_NUMBER &&
		word_is(d, i - 1, "max|min|no|approx|ca|abt|est|nr|incl|avg|appr"))
		return 0;
	if (word_is(d, i - 1,
		    "approx|incl|excl|resp|etc|dept|vs|mr|mrs|dr|bzw|e.g|i.e|eg|ie|inc|"
		    "ltd|st") &&
		d->s.text[next->src] >= 'a' && d->s.text[next->src] <= 'z')
		return 0;
	return 1;
}

/* "12 seconds max. The rest ...": the point of the abbreviation ends the sentence, too. */
static int trailing_abbreviation(const struct doc *d, size_t first, size_t i)
{
	const struct lexeme *l = &d->s.lex[i], *next = l + 1;

	if (l->kind != LEX_PHRASE || d->s.norm[l->to - 1] != '.' || i == first ||
		i + 1 >= d->s.n || next->kind == LEX_BREAK || next->flags & LEX_GLUED ||
		d->s.text[next->src] < 'A' || d->s.text[next->src] > 'Z')
		return 0;
	return d->s.lex[i - 1].kind == LEX_NUMBER || is(d, i - 1, LC_TIME) != NULL ||
		is(d, i - 1, LC_CUR) != NULL || is(d, i - 1, LC_SCALE) != NULL ||
		is(d, i - 1, LC_BYTES) != NULL || is(d, i - 1, LC_PERIOD) != NULL;
}

static int first_of_paragraph(const struct doc *d, size_t line)
{
	return line == 0 || is_emptyish(&d->s.lines[line - 1]);
}

static int sentence_push(struct doc *d, size_t *cap, size_t first, size_t last,
	const struct line *l, uint32_t para, struct err *e)
{
	struct sentence *s;

	if (first >= last)
		return 0;
	if (d->n_sent == *cap) {
		size_t bigger = *cap == 0 ? 64 : *cap * 2;
		struct sentence *grown = realloc(d->sent, bigger * sizeof(*grown));

		if (grown == NULL)
			return err_no_memory(e);
		d->sent = grown;
		*cap = bigger;
	}
	s = &d->sent[d->n_sent++];
	memset(s, 0, sizeof(*s));
	s->first = (uint32_t)first;
	s->last = (uint32_t)last;
	s->header = -1;
	s->quote = l->quote;
	s->fragment = l->bullet || l->table || l->heading;
	s->is_header = l->heading != 0;
	s->para = para;
	return 0;
}

/* Takes the breaks out that only wrap running text. */
static void join_wraps(struct doc *d)
{
	uint32_t widest = 0;
	size_t out = 0, line = 0;

	for (size_t k = 0; k < d->s.n_lines; k++) {
		if (first_of_paragraph(d, k))
			widest = widest_line(d, k);
		d->s.lines[k].soft = (uint8_t)soft_break(d, k, widest);
	}
	for (size_t i = 0; i < d->s.n; i++) {
		struct lexeme *l = &d->s.lex[i];

		for (; line < d->s.n_lines && d->s.lines[line].first <= i &&
			line <= l->line;
			line++)
			d->s.lines[line].first = (uint32_t)out;
		if (l->kind == LEX_BREAK && d->s.lines[l->line].soft)
			continue;
		d->s.lex[out++] = *l;
	}
	for (; line < d->s.n_lines; line++)
		d->s.lines[line].first = (uint32_t)out;
	d->s.n = out;
}

#define COLUMN_NAMES  1
#define COLUMN_VALUES 2

/* How many cells of a row name a field ("Region", "Budget / month"), of how many. */
static size_t field_cells(const struct doc *d, const struct line *l, size_t *cells)
{
	static const unsigned names[] = { LC_BUDCUE, LC_LATCUE, LC_AVAILCUE, LC_HOSTING,
		LC_REQNOUN, LC_RATE, LC_USERNOUN, LC_PCTL, LC_BYTES, LC_CUR };
	size_t n = 0;
	int named = 0;

	*cells = 1;
	for (size_t i = l->first; i <= l->last; i++) {
		if (i == l->last || d->s.lex[i].kind == LEX_CELL) {
			n += named != 0;
			*cells += i + 1 < l->last;
			named = 0;
			continue;
		}
		if (d->s.lex[i].kind == LEX_NUMBER && !(d->s.lex[i].flags & LEX_INWORD))
			return 0;
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			named |= is(d, i, names[k]) != NULL;
		named |= word_is(d, i, "cloud|provider|use case|p|workload|data class");
	}
	return n;
}

/* Tables whose first row names the fields: each later row has a value under each name. */
static void find_columns(struct doc *d)
{
	int inside = 0;

	for (size_t k = 0; k < d->s.n_lines; k++) {
		struct line *l = &d->s.lines[k];
		size_t cells;

		if (l->blank)
			continue; /* the rule below the names */
		if (!l->table) {
			inside = 0;
		} else if (inside) {
			l->columns = inside == COLUMN_VALUES ? COLUMN_VALUES : 0;
		} else {
			inside = COLUMN_NAMES;
			if (field_cells(d, l, &cells) >= 2 && cells >= 3) {
				l->columns = COLUMN_NAMES;
				inside = COLUMN_VALUES;
			}
		}
	}
}

static int cut_sentences(struct doc *d, struct err *e)
{
	size_t cap = 0, first = 0, line = 0;
	uint32_t para = 0;
	uint16_t speaker = 0;

	for (size_t k = 0; k < d->s.n_lines; k++)
		d->chat += speaker_line(d, &d->s.lines[k]);
	d->chat = d->chat >= 2;
	for (size_t i = 0; i < d->s.n; i++) {
		const struct lexeme *l = &d->s.lex[i];
		const struct line *ln = &d->s.lines[l->line];
		int ends = 0;

		if (l->line != line || i == 0) {
			line = l->line;
			if (ln->blank || first_of_paragraph(d, line))
				para++;
			if (d->chat && speaker_line(d, ln))
				speaker++;
		}
		if (l->kind == LEX_BREAK || (l->kind == LEX_CELL && ln->columns)) {
			ends = 1;
		} else if (l->kind == LEX_SIGN && (l->sign == '!' || l->sign == '?')) {
			ends = 1;
		} else if (l->kind == LEX_SIGN && l->sign == '.' && i > first) {
			ends = full_stop(d, i);
		}
		ends |= trailing_abbreviation(d, first, i);
		if (i - first >= SENTENCE_MAX)
			ends = 1;
		if (!ends)
			continue;
		if (sentence_push(d, &cap, first,
			    l->kind == LEX_BREAK || l->kind == LEX_CELL ? i : i + 1,
			    &d->s.lines[d->s.lex[first].line], para, e) < 0)
			return -1;
		if (d->n_sent > 0 && d->sent[d->n_sent - 1].first == first && first < i) {
			struct sentence *s = &d->sent[d->n_sent - 1];

			s->question = l->kind == LEX_SIGN && l->sign == '?';
			s->speaker = speaker;
		}
		first = i + 1;
	}
	return 0;
}

/* ---- headers ---- */

/* A short line without a full stop, right above a list. */
static int lead_in(const struct doc *d, size_t k)
{
	const struct sentence *s = &d->sent[k], *next = s + 1;

	if (k + 1 >= d->n_sent || s->fragment || !next->fragment ||
		next->para != s->para || s->last - s->first > 9 || s->question)
		return 0;
	if (d->s.lex[s->last - 1].kind == LEX_SIGN ||
		(k > 0 && d->s.lex[s[-1].first].line == d->s.lex[s->first].line))
		return 0;
	for (size_t i = s->first; i < s->last; i++)
		if (d->s.lex[i].kind == LEX_NUMBER || d->at[i].entity)
			return 0;
	return d->s.lines[d->s.lex[next->first].line].bullet;
}

static size_t column_of(const struct doc *d, const struct sentence *s)
{
	const struct line *l = &d->s.lines[d->s.lex[s->first].line];
	size_t n = 0;

	for (size_t i = l->first; i < s->first; i++)
		n += d->s.lex[i].kind == LEX_CELL;
	return n;
}

/* The sentence that names the column of sentence k, or -1. */
static int32_t column_name(const struct doc *d, size_t k)
{
	size_t column = column_of(d, &d->sent[k]);

	for (size_t j = k; j > 0 && k - j < SENTENCE_MAX; j--) {
		const struct sentence *s = &d->sent[j - 1];
		const struct line *l = &d->s.lines[d->s.lex[s->first].line];

		if (!l->columns)
			return -1;
		if (l->columns == COLUMN_NAMES && column_of(d, s) == column)
			return (int32_t)(j - 1);
	}
	return -1;
}

/* "Not in scope:", a heading, a bold line of its own: what follows stands under it. */
static void find_headers(struct doc *d)
{
	int32_t heading[7] = { -1, -1, -1, -1, -1, -1, -1 };
	int32_t lead = -1;
	int lead_items = 0;
	uint32_t lead_para = 0;
	int32_t commented = -1;

	for (size_t k = 0; k < d->n_sent; k++) {
		struct sentence *s = &d->sent[k];
		const struct line *l = &d->s.lines[d->s.lex[s->first].line];
		int32_t h = -1;

		if (l->columns) {
			s->is_header = l->columns == COLUMN_NAMES;
			s->header = s->is_header ? -1 : column_name(d, k);
			continue;
		}
		if (l->heading > 0) {
			for (int i = l->heading - 1; i > 0 && h < 0; i--)
				h = heading[i];
			s->header = h;
			s->is_header = 1;
			heading[l->heading] = (int32_t)k;
			for (int i = l->heading + 1; i < 7; i++)
				heading[i] = -1;
			lead = -1;
			continue;
		}
		for (int i = 6; i > 0 && h < 0; i--)
			h = heading[i];
		if (!l->table &&
			(sign_is(d, s->last - 1, ':') ? s->last - s->first <= 16
						      : lead_in(d, k))) {
			s->header = h;
			s->is_header = 1;
			lead = (int32_t)k;
			lead_items = 0;
			lead_para = s->para;
			continue;
		}
		if (lead >= 0) {
			/* items until the list ends: a plain paragraph after items, or key lines of its own */
			if (s->fragment)
				lead_items = 1;
			else if ((lead_items && s->para != d->sent[k - 1].para) ||
				(!lead_items && s->para > lead_para + 2))
				lead = -1;
			else if (s->para == lead_para || !lead_items)
				lead_items |= s->para != lead_para;
		}
		if (lead >= 0 && !s->fragment && s->para != lead_para && lead_items == 0)
			lead = -1;
		s->header = lead >= 0 ? lead : h;
		if (k > 0 && s[-1].quote > s->quote)
			commented = (int32_t)(k - 1);
		else if (commented >= 0 &&
			(s->quote > d->sent[commented].quote ||
				s->para > d->sent[k - 1].para))
			commented = -1;
		/* a remark on the quoted line above: what it is about stands there */
		if (commented >= 0 && s->header < 0)
			s->header = commented;
	}
}

/* ---- clauses and segments ---- */

static int push_range(
	struct range **at, size_t *n, size_t *cap, size_t first, size_t last)
{
	if (*n == *cap) {
		size_t bigger = *cap == 0 ? 128 : *cap * 2;
		struct range *grown = realloc(*at, bigger * sizeof(*grown));

		if (grown == NULL)
			return -1;
		*at = grown;
		*cap = bigger;
	}
	(*at)[(*n)++] = (struct range){ (uint32_t)first, (uint32_t)last };
	return 0;
}

/* A dash with spaces around it, not between numbers. */
static int dash(const struct doc *d, size_t i)
{
	return sign_is(d, i, '-') && !(d->s.lex[i].flags & LEX_GLUED) && i + 1 < d->s.n &&
		!(d->s.lex[i + 1].flags & LEX_GLUED) &&
		!(i > 0 && d->s.lex[i - 1].kind == LEX_NUMBER &&
			d->s.lex[i + 1].kind == LEX_NUMBER);
}

static int clause_break(const struct doc *d, size_t i)
{
	if (sign_is(d, i, ';') || dash(d, i) || d->s.lex[i].kind == LEX_CELL)
		return 1;
	if (d->s.lex[i].kind == LEX_SIGN && d->s.lex[i].sign == 0x0f)
		return 1; /* an arrow or emoji */
	if (word_is(d, i, "and") &&
		word_is(d, i + 1,
			"are|is|now|currently|have|we|they|i|it|nothing|now on|are on|is "
			"on|are now on|is now on"))
		return 1;
	if (is(d, i, LC_CONTRAST) != NULL && !word_is(d, i, "yet|still,"))
		return 1;
	return is(d, i, LC_BECAUSE) != NULL && i > 0 &&
		(sign_is(d, i - 1, ',') ||
			word_is(d, i, "because|since|so|so that|although|given that"));
}

static int segment_break(const struct doc *d, size_t i)
{
	if (sign_is(d, i, ','))
		return 1;
	return sign_is(d, i, '(') || sign_is(d, i, ')');
}

static int cut_clauses(struct doc *d, struct err *e)
{
	size_t cap_c = 0, cap_s = 0;

	for (size_t k = 0; k < d->n_sent; k++) {
		size_t c = d->sent[k].first, s = c, last = d->sent[k].last;

		for (size_t i = c; i <= last; i++) {
			int cb = i == last || (i > c && clause_break(d, i));
			int sb = cb || segment_break(d, i);

			if (sb && i > s) {
				for (size_t j = s; j < i; j++)
					d->at[j].segment = (uint32_t)d->n_segment;
				if (push_range(&d->segment, &d->n_segment, &cap_s, s, i) <
					0)
					return err_no_memory(e);
				s = i;
			}
			if (cb && i > c) {
				for (size_t j = c; j < i; j++)
					d->at[j].clause = (uint32_t)d->n_clause;
				if (push_range(&d->clause, &d->n_clause, &cap_c, c, i) <
					0)
					return err_no_memory(e);
				c = i;
			}
		}
		for (size_t i = d->sent[k].first; i < last; i++)
			d->at[i].sentence = (uint32_t)k;
	}
	return 0;
}

/* ---- what does not count ---- */

static void kill_range(struct doc *d, size_t first, size_t last, unsigned why)
{
	for (size_t i = first; i < last; i++)
		d->at[i].dead |= (uint8_t)why;
}

static size_t any_in(const struct doc *d, size_t first, size_t last, unsigned cls)
{
	for (size_t i = first; i < last; i++)
		if (is(d, i, cls) != NULL)
			return i;
	return NOT_FOUND;
}

/* "SYSTEM: ...", "[ASSISTANT] ...", "AI: ..." at a sentence's start. */
static int machine_key(const struct doc *d, const struct sentence *s)
{
	size_t i = s->first;

	while (i < s->last && d->s.lex[i].kind == LEX_SIGN)
		i++;
	if (is(d, i, LC_INJECTKEY) == NULL)
		return 0;
	if (sign_is(d, i + 1, ']') || sign_is(d, i + 1, '>'))
		return 1;
	if (!sign_is(d, i + 1, ':'))
		return 0;
	if (word_is(d, i,
		    "system override|system prompt|system note|system instruction|admin "
		    "override|override|developer message|system message"))
		return 1;
	return word_is(d, i,
		       "system|ai|llm|parser|extractor|ai assistant|ai "
		       "agent|instruction") &&
		(lexeme_all_caps(&d->s, &d->s.lex[i]) ||
			!word_is(d, i, "system|instruction")) &&
		(word_is(d, i,
			 "ai|llm|parser|extractor|ai assistant|ai agent|instruction") ||
			lexeme_all_caps(&d->s, &d->s.lex[i]) ||
			word_is(d, i + 2,
				"set|ignore|you|override|the|change|use|respond|do|"
				"always|never"));
}

/* "ignore all previous instructions" in its many forms */
static int orders(const struct doc *d, const struct sentence *s)
{
	for (size_t i = s->first; i < s->last; i++) {
		if (is(d, i, LC_ORDERS) == NULL)
			continue;
		for (size_t k = i; k > s->first && i - k < 5; k--)
			if (word_is(d, k - 1,
				    "ignore|disregard|forget|override|bypass|discard|"
				    "drop|skip|overwrite"))
				return 1;
	}
	return 0;
}

/* Orders to a machine go on in the sentences beside the one that shows them up. */
static void kill_injections(struct doc *d)
{
	for (size_t k = 0; k < d->n_sent; k++) {
		struct sentence *s = &d->sent[k];

		if (any_in(d, s->first, s->last, LC_INJECT) == NOT_FOUND &&
			!machine_key(d, s) && !orders(d, s))
			continue;
		kill_range(d, s->first, s->last, DEAD_INJECT);
		while (k + 1 < d->n_sent &&
			d->s.lex[d->sent[k + 1].first].line ==
				d->s.lex[s->last - 1].line) {
			const struct sentence *n = &d->sent[k + 1];

			if (any_in(d, n->first, n->last, LC_INJECT) == NOT_FOUND &&
				!word_is(d, n->first,
					"you|set|output|respond|reply|mark|report|treat|"
					"return|print|"
					"write|classify|say|always|never|also|then|do|"
					"act|use|assume"))
				break;
			kill_range(d, n->first, n->last, DEAD_INJECT);
			s = &d->sent[++k];
		}
	}
}

/* "do we need Kafka for that": asked without a question mark */
static int asks(const struct doc *d, size_t i)
{
	return word_is(d, i,
		       "do we|does it|should we|should it|shall we|can we|could we|do "
		       "you|"
		       "do they|is it|any chance|has anyone|are there|is there|how "
		       "about") &&
		is(d, i, LC_ASKYOU) == NULL;
}

/* The first word of a sentence that is not its speaker, number or "Q:". */
static size_t opening(const struct doc *d, const struct sentence *s)
{
	size_t i = s->first;

	while (i < s->last && !is_word(d, i) && !d->at[i].entity)
		i++;
	while (word_is(d, i, "q|a|question|answer|re|ans|frage|antwort") &&
		(sign_is(d, i + 1, ':') || sign_is(d, i + 1, '.') ||
			sign_is(d, i + 1, ')') || d->s.lex[i + 1].kind == LEX_NUMBER)) {
		i += d->s.lex[i + 1].kind == LEX_NUMBER ? 2 : 1;
		while (i < s->last && !is_word(d, i) && !d->at[i].entity &&
			d->s.lex[i].kind != LEX_NUMBER)
			i++;
	}
	return i;
}

/* The sentence that answers question k, or NULL: the next one that says anything. */
static struct sentence *answer_to(struct doc *d, size_t k)
{
	for (size_t j = k + 1; j < d->n_sent && j < k + 4; j++) {
		struct sentence *s = &d->sent[j];

		if (s->question || s->is_header || s->para > d->sent[k].para + 2)
			return NULL;
		if (opening(d, s) < s->last)
			return s;
	}
	return NULL;
}

/*
 * "Which cloud? AWS." - the question is what the answer stands under. "Is X an option?
 * No." rules X out; "Is it personal data? Yes." says so.
 */
static int settle_question(struct doc *d, size_t k)
{
	const struct sentence *s = &d->sent[k];
	struct sentence *a = answer_to(d, k);
	size_t at;

	if (a == NULL)
		return 0;
	at = opening(d, a);
	if (word_is(d, at,
		    "yes|yep|yeah|sure|correct|right|exactly|definitely|ja|indeed|"
		    "absolutely|of course"))
		return 1;
	if (word_is(d, at, "no|nope|nein|never|unfortunately not|not") ||
		is(d, at, LC_EXCL) != NULL) {
		for (size_t i = s->first; i < s->last; i++)
			if (word_is(d, i,
				    "option|allowed|acceptable|permitted|possible|okay|"
				    "ok|fine|welcome|use|an option")) {
				a->refuses = 1;
				d->sent[k].refused = 1;
				return 1;
			}
		return 0;
	}
	if (a->header < 0)
		a->header = (int32_t)k;
	return 0;
}

/* A question about an option; "can you design ...?" and "..., right?" are none. */
static void kill_questions(struct doc *d)
{
	for (size_t k = 0; k < d->n_sent; k++) {
		struct sentence *s = &d->sent[k];
		size_t i = opening(d, s);

		if (!s->question) {
			if (asks(d, i) && !s->is_header)
				kill_range(d, s->first, s->last, DEAD_QUESTION);
			continue;
		}
		if (is(d, i, LC_ASKYOU) == NULL && settle_question(d, k))
			continue;
		while (word_is(d, i,
			"and|also|but|so|or|then|ok|okay|hm|hmm|well|question|open"))
			i += sign_is(d, i + 1, ':') || sign_is(d, i + 1, ',') ? 2 : 1;
		if (is(d, i, LC_ASKYOU) != NULL)
			continue;
		if (is(d, i, LC_QWORD) != NULL) {
			kill_range(d, s->first, s->last, DEAD_QUESTION);
			continue;
		}
		/* a question after a comma: "AWS, or should we ...?" */
		for (; i < s->last; i++)
			if (is(d, i, LC_QWORD) != NULL && i > s->first &&
				(sign_is(d, i - 1, ',') || sign_is(d, i - 1, '-') ||
					sign_is(d, i - 1, ':') ||
					word_is(d, i - 1, "and|or|but")) &&
				(sign_is(d, i - 1, ':') ||
					!word_is(d, i,
						"is|are|has|which|who|where|when|did|"
						"should|would|does|was|were")) &&
				s->last - i > 3) {
				kill_range(d, i, s->last, DEAD_QUESTION);
				break;
			}
		if (i == s->last && s->last - s->first <= 4 &&
			find(d, s->first, s->last, LC_CUR) == NOT_FOUND)
			kill_range(d, s->first, s->last, DEAD_QUESTION); /* "Kafka?" */
	}
}

/* "to check whether we can use X": X is in question. */
static void kill_whether(struct doc *d)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct range c;
		int clouds = 0;

		if (!word_is(d, i, "whether"))
			continue;
		c = clause_of(d, i);
		/* "whether AWS or Azure" is an open choice */
		for (size_t k = i; k < c.last; k++)
			clouds += is(d, k, LC_CLOUD) != NULL;
		for (size_t k = i; k < c.last && clouds < 2; k++)
			if (d->at[k].entity)
				d->at[k].dead |= DEAD_QUESTION;
	}
}

/* Where history ends in [i, last): "we left X two years ago and are on Y now". */
static size_t until_now(const struct doc *d, size_t i, size_t last)
{
	for (size_t k = i + 1; k + 1 < last && k < i + 10; k++) {
		if (!word_is(d, k, "and|but|so"))
			continue;
		for (size_t j = k + 1; j < last && j < k + 10; j++)
			if (word_is(d, j,
				    "now|today|currently|nowadays|now on|now use|now run|"
				    "now with|are now on|is now on|we now|these days"))
				return k;
	}
	return last;
}

static void kill_scope(struct doc *d, unsigned cls, unsigned why)
{
	for (size_t k = 0; k < d->n_sent; k++) {
		struct sentence *s = &d->sent[k];
		int32_t h = s->header;
		int depth = 0;

		for (; h >= 0 && depth < 3 && !(d->at[s->first].dead & why);
			h = d->sent[h].header, depth++)
			if (cls == LC_OOS &&
				any_in(d, d->sent[h].first, d->sent[h].last, cls) !=
					NOT_FOUND &&
				any_in(d, d->sent[h].first, d->sent[h].last, LC_NOT) ==
					NOT_FOUND)
				kill_range(d, s->first, s->last, why);
		for (size_t i = s->first; i < s->last; i++) {
			struct range r;

			if (is(d, i, cls) == NULL ||
				(word_is(d, i, "later") &&
					is(d, i - 1, LC_TIME) != NULL) ||
				(word_is(d, i, "the other") &&
					word_is(d, i + 1,
						"one|two|half|person|guy|three")))
				continue; /* "20 seconds later", "the other one" */
			r = segment_of(d, i);
			/* "Later: ...", "In phase 2 we add a, b": from the start it holds for the sentence */
			if (i < r.first + 4 && r.first <= s->first + 1) {
				struct range c = clause_of(d, i);
				int key = 0;

				for (size_t j = i; j < s->last && j < i + 5; j++)
					key |= sign_is(d, j, ':');
				if (cls == LC_HIST && !key)
					c.last = (uint32_t)until_now(d, i, c.last);
				kill_range(d, c.first, key ? s->last : c.last, why);
			} else {
				size_t from = r.first;

				/* a list that the cue closes: "x, y and z come later" */
				while (from > clause_of(d, i).first && cls == LC_OOS &&
					sign_is(d, from, ',') && from > 0 &&
					d->at[from - 1].entity && from + 2 < s->last &&
					d->at[from + 1].entity)
					from = d->segment[d->at[from - 1].segment].first;
				if (cls == LC_HIST)
					r.last = (uint32_t)until_now(d, i, r.last);
				kill_range(d, from, r.last, why);
			}
		}
	}
}

/* "Owner: growth analytics", "From: x@y": who wrote it, not what is wanted. */
static void kill_writers(struct doc *d)
{
	for (size_t k = 0; k < d->n_sent; k++) {
		const struct sentence *s = &d->sent[k];
		size_t i = s->first;

		while (i < s->last && d->s.lex[i].kind == LEX_CELL)
			i++;
		if (word_is(d, i,
			    "owner|author|reporter|assignee|requester|requestor|sponsor|"
			    "contact|prepared by|written "
			    "by|reviewer|reviewers|approver") &&
			(sign_is(d, i + 1, ':') || d->s.lex[i + 1].kind == LEX_CELL))
			kill_range(d, s->first, s->last, DEAD_OTHER);
	}
}

static void kill_rows(struct doc *d)
{
	for (size_t k = 0; k < d->n_sent; k++) {
		const struct sentence *s = &d->sent[k];
		size_t cell = s->first;

		if (!d->s.lines[d->s.lex[s->first].line].table)
			continue;
		for (size_t i = s->first; i <= s->last; i++) {
			if (i < s->last && d->s.lex[i].kind != LEX_CELL)
				continue;
			if (cell > s->first && i == cell + 1 &&
				word_is(d, cell,
					"no|n|nein|none|false|optional: no|not "
					"required|not needed"))
				kill_range(d, s->first, s->last, DEAD_ROW);
			cell = i + 1;
		}
	}
}

/* A column of the present ("Today", "As is") beside one of the target. */
static void kill_columns(struct doc *d)
{
	size_t col_dead = 0, cols = 0;
	int in_table = 0;

	for (size_t k = 0; k < d->n_sent; k++) {
		const struct sentence *s = &d->sent[k];
		size_t col = 0;

		if (!d->s.lines[d->s.lex[s->first].line].table) {
			in_table = 0;
			continue;
		}
		if (!in_table) {
			in_table = 1;
			col_dead = cols = 0;
			for (size_t i = s->first; i < s->last; i++) {
				col += d->s.lex[i].kind == LEX_CELL;
				if (col > 0 &&
					word_is(d, i,
						"today|current|currently|now|present|as "
						"is|as-is|existing"))
					col_dead = col;
				if (word_is(d, i,
					    "target|new|goal|required|requirement|future|"
					    "to be|wanted|needed"))
					cols = 1;
			}
			if (!cols)
				col_dead = 0;
			continue;
		}
		for (size_t i = s->first; i < s->last && col_dead > 0; i++) {
			col += d->s.lex[i].kind == LEX_CELL;
			if (col == col_dead && !d->at[i].entity)
				d->at[i].dead |= DEAD_PAST;
		}
	}
}

static void mark_entities(struct doc *d)
{
	static const unsigned classes[] = { LC_TECH, LC_CLOUD, LC_REGION, LC_PLACE,
		LC_COUNTRY, LC_LANG, LC_DEPLOY };

	for (size_t i = 0; i < d->s.n; i++) {
		struct lexeme *l = &d->s.lex[i];

		if (l->flags & LEX_STRUCK)
			d->at[i].dead |= DEAD_STRUCK;
		if (l->kind == LEX_WORD && lexeme_capital(&d->s, l))
			d->any_capital = 1;
		for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++)
			if (lexeme_is(l, classes[c]) != NULL) {
				d->at[i].entity = 1;
				if (lexeme_capital(&d->s, l))
					d->any_capital = 1;
			}
	}
}

/* Words that are also something else count with a capital letter, or among their like. */
static void weigh_weak(struct doc *d)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct lexeme *l = &d->s.lex[i];
		int near = 0, starts;

		if (!d->at[i].entity || lexeme_is(l, LC_WEAK) == NULL)
			continue;
		for (int dir = -1; dir <= 1; dir += 2)
			for (size_t k = 1; k <= 3; k++) {
				size_t j = dir < 0 ? i - k : i + k;

				if ((dir < 0 && k > i) || j >= d->s.n ||
					d->s.lex[j].kind == LEX_BREAK)
					break;
				if (d->at[j].entity &&
					(lexeme_is(&d->s.lex[j], LC_TECH) != NULL ||
						lexeme_is(&d->s.lex[j], LC_LANG) !=
							NULL) &&
					(lexeme_is(&d->s.lex[j], LC_WEAK) == NULL ||
						(lexeme_capital(&d->s, &d->s.lex[j]) &&
							lexeme_capital(&d->s, l))))
					near = 1;
				if (!sign_is(d, j, ',') && !sign_is(d, j, '/') &&
					!sign_is(d, j, '+') && !sign_is(d, j, '&') &&
					!sign_is(d, j, '(') &&
					!word_is(d, j, "and|or|on|in|with"))
					break;
			}
		if (word_is(d, i, "x-ray")) { /* mostly a picture */
			struct range sr = sentence_of(d, i);

			for (size_t k = sr.first; k < sr.last; k++)
				near |= word_is(
					d, k, "tracing|traces|trace|cloudwatch|spans");
			for (int32_t h = d->sent[d->at[i].sentence].header;
				h >= 0 && !near; h = -1)
				for (size_t k = d->sent[h].first; k < d->sent[h].last;
					k++)
					near |= word_is(d, k,
						"tracing|traces|observability|"
						"monitoring");
			d->at[i].entity = near != 0;
			continue;
		}
		starts = i == d->sent[d->at[i].sentence].first ||
			sign_is(d, i - 1, ':') || sign_is(d, i - 1, '"');
		if (!near && lexeme_capital(&d->s, l) && !starts)
			near = 1;
		if (!near && lexeme_capital(&d->s, l) && starts && l->to - l->from > 3 &&
			(i + 1 >= d->s.n || !is_word(d, i + 1) ||
				is(d, i + 1, LC_INUSEPOST) != NULL ||
				word_is(d, i + 1,
					"is|for|as|on|with|stays|must|and|was|would")))
			near = 1;
		if (!near && lexeme_capital(&d->s, l) && starts) {
			/* an item of its own: "- EMR", "Language: Go" */
			struct range seg = segment_of(d, i);

			near = i + 2 >= seg.last &&
				(seg.last - seg.first <= 3 || sign_is(d, i - 1, ':'));
		}
		if (!near && !d->any_capital && l->to - l->from > 2 && i > 0 &&
			word_is(d, i - 1,
				"in|on|with|use|using|no|avoid|via|from|to|our|without|"
				"run|uses|off|not|than"))
			near = 1;
		if (!near)
			d->at[i].entity = 0;
	}
}

/* Is the company at i named as a cloud: "Cloud: Google", "Google, Zurich", "AWS or Google"? */
static int is_provider(const struct doc *d, size_t i)
{
	struct range s = sentence_of(d, i);

	if (i > s.first + 1 && i < s.first + 6 &&
		(sign_is(d, i - 1, ':') || sign_is(d, i - 1, '=') ||
			d->s.lex[i - 1].kind == LEX_CELL || word_is(d, i - 1, "is|=")) &&
		(word_is(d, i - 2,
			 "cloud|provider|hyperscaler|vendor|hosting|platform|csp") ||
			is(d, i - 2, LC_HOSTING) != NULL))
		return 1;
	for (size_t k = i + 1; k < i + 3 && k < s.last; k++)
		if (is(d, k, LC_REGION) != NULL ||
			(is(d, k, LC_PLACE) != NULL &&
				(sign_is(d, k - 1, ',') || sign_is(d, k - 1, '('))))
			return 1;
	for (size_t k = i > s.first + 2 ? i - 2 : s.first; k < i + 3 && k < s.last; k++)
		if (k != i && is(d, k, LC_CLOUD) != NULL &&
			lexeme_is(&d->s.lex[k], LC_WEAK) == NULL &&
			(k + 1 == i || k == i + 1 ||
				word_is(d, k < i ? k + 1 : i + 1, "or|and|vs|versus") ||
				sign_is(d, k < i ? k + 1 : i + 1, '/') ||
				sign_is(d, k < i ? k + 1 : i + 1, ',')))
			return 1;
	return 0;
}

/* "an outsourcing firm" is not "27 grand, firm" */
static int is_business(const struct doc *d, size_t i)
{
	return i > 0 && word_is(d, i, "firm") && is_word(d, i - 1) &&
		!word_is(d, i - 1, "is|are|be|it's|stays|remains|and|but");
}

/* What only names a company is a word like others. */
static void weigh_companies(struct doc *d)
{
	for (size_t i = 0; i < d->s.n; i++) {
		struct lexeme *l = &d->s.lex[i];
		int weak =
			lexeme_is(l, LC_CLOUD) != NULL && lexeme_is(l, LC_WEAK) != NULL;

		if (weak)
			d->at[i].entity = (uint8_t)is_provider(d, i);
		if (is_business(d, i) || (weak && !d->at[i].entity)) {
			l->kind = LEX_WORD;
			l->senses = NULL;
		}
	}
}

/* Words that nobody knows and that are one slip away from one that matters. */
static void mend_spelling(struct doc *d)
{
	size_t looks = 0;

	for (size_t i = 0; i < d->s.n && looks < MEND_MAX; i++) {
		struct lexeme *l = &d->s.lex[i];
		size_t len = l->to - l->from;
		const struct sense *near;

		if (l->kind != LEX_WORD || len < 6 || len > 15)
			continue;
		looks++;
		near = lexicon_near(
			d->v->lexicon, d->s.norm + l->from, len, LC_TYPO, LC_PLACE);
		for (const struct sense *s = near; s != NULL; s = sense_next(s))
			if (s->cls == LC_WEAK)
				near = NULL;
		if (near == NULL)
			continue;
		l->senses = near;
		l->kind = LEX_PHRASE;
	}
}

/* Commas that nothing but a file of values has: no space behind, none at numbers. */
static size_t value_commas(const struct doc *d, const struct line *l)
{
	size_t n = 0;

	for (size_t i = l->first; i < l->last; i++)
		if (sign_is(d, i, ',')) {
			if (i + 1 < l->last && !(d->s.lex[i + 1].flags & LEX_GLUED))
				return 0;
			n++;
		} else if (sign_is(d, i, '.') || sign_is(d, i, ';')) {
			return 0;
		}
	return n;
}

/* "key": value */
static int is_member(const struct doc *d, const struct line *l)
{
	if (!sign_is(d, l->first, '"'))
		return 0;
	for (size_t i = l->first + 1; i + 1 < l->last && i < (size_t)l->first + 6; i++)
		if (sign_is(d, i, '"'))
			return sign_is(d, i + 1, ':');
	return 0;
}

/*
 * Lines of comma-separated values are rows of a table. A comma between a number and
 * its unit is dropped, so that "350,ms" reads as 350 ms.
 */
static void read_commas(struct doc *d)
{
	size_t out = 0;
	int member = 0; /* the line is a member of an object: "key": value, */

	for (size_t k = 0; k < d->s.n_lines; k++) {
		struct line *l = &d->s.lines[k];
		size_t n = l->values ? value_commas(d, l) : 0;
		int beside = (k > 0 && l[-1].values && l[-1].table) ||
			(k + 1 < d->s.n_lines &&
				value_commas(d, &d->s.lines[k + 1]) == n);

		l->values = n > 0 && beside;
		l->table |= l->values;
	}
	for (size_t i = 0; i < d->s.n; i++) {
		struct lexeme *l = &d->s.lex[i];

		if (i == d->s.lines[l->line].first)
			member = is_member(d, &d->s.lines[l->line]);
		if (member &&
			(sign_is(d, i, '"') ||
				(sign_is(d, i, ',') &&
					d->s.lex[i + 1].kind == LEX_BREAK)))
			continue;
		if (l->kind == LEX_SIGN && l->sign == ',' && d->s.lines[l->line].values) {
			if (i > 0 && d->s.lex[i - 1].kind == LEX_NUMBER &&
				(is(d, i + 1, LC_TIME) != NULL ||
					is(d, i + 1, LC_PCT) != NULL ||
					is(d, i + 1, LC_CUR) != NULL ||
					is(d, i + 1, LC_RATE) != NULL ||
					is(d, i + 1, LC_BYTES) != NULL ||
					is(d, i + 1, LC_REQNOUN) != NULL ||
					is(d, i + 1, LC_EVNOUN) != NULL))
				continue;
			l->kind = LEX_CELL;
		}
		d->s.lex[out++] = *l;
	}
	if (out < d->s.n) {
		d->s.n = out;
		scan_recount(&d->s);
	}
}

/* "cost ....... 300 EUR": a row of dots leads from a key to its value, as a colon does. */
static void read_leaders(struct doc *d)
{
	size_t out = 0;

	for (size_t i = 0; i < d->s.n; i++) {
		size_t end = i;

		while (end < d->s.n && sign_is(d, end, '.') &&
			(end == i || (d->s.lex[end].flags & LEX_GLUED)))
			end++;
		d->s.lex[out] = d->s.lex[i];
		if (end - i >= 4 && end < d->s.n && d->s.lex[end].kind != LEX_BREAK) {
			d->s.lex[out].sign = ':';
			i = end - 1;
		}
		out++;
	}
	if (out < d->s.n) {
		d->s.n = out;
		scan_recount(&d->s);
	}
}

int doc_read(struct doc *d, const struct vocabulary *v, const char *text, size_t len,
	struct err *e)
{
	memset(d, 0, sizeof(*d));
	d->v = v;
	d->words = (struct lexer_words){ LC_NUMBER, LC_SCALE, LC_RANGE, LC_BETWEEN };
	if (scan_text(&d->s, v->lexicon, text, len, e) < 0)
		return -1;
	d->at = calloc(d->s.n + 1, sizeof(*d->at));
	if (d->at == NULL)
		return err_no_memory(e);
	mend_spelling(d);
	read_commas(d);
	read_leaders(d);
	mark_entities(d);
	join_wraps(d);
	memset(d->at, 0, d->s.n * sizeof(*d->at));
	mark_entities(d);
	find_columns(d);
	if (cut_sentences(d, e) < 0)
		return -1;
	find_headers(d);
	if (cut_clauses(d, e) < 0)
		return -1;
	weigh_companies(d);
	weigh_weak(d);
	kill_injections(d);
	kill_questions(d);
	kill_whether(d);
	kill_scope(d, LC_OOS, DEAD_SCOPE);
	kill_scope(d, LC_OTHER, DEAD_OTHER);
	kill_scope(d, LC_HIST, DEAD_PAST);
	kill_writers(d);
	kill_rows(d);
	kill_columns(d);
	return 0;
}

void doc_release(struct doc *d)
{
	scan_release(&d->s);
	free(d->at);
	free(d->sent);
	free(d->clause);
	free(d->segment);
	memset(d, 0, sizeof(*d));
}

/* Later turns of a chat count more, quoted text less, and a word of revision most. */
int rank_of(const struct doc *d, size_t i)
{
	const struct sentence *s = &d->sent[d->at[i].sentence];

	return 1000 - 100 * (int)s->quote + (int)s->speaker;
}
