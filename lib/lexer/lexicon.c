/*
 * lexicon.c - phrases in an Aho-Corasick automaton: a trie over 56 symbols with
 * failure links; dense at the root, sibling lists below it.
 */
#include <stdlib.h>
#include <string.h>

#include "lexer/internal.h"

#define SYMBOLS   56
#define SYM_SPACE 1

struct node {                    /* while phrases are added */
	uint32_t child, sibling; /* 0: none; the root is never either */
	uint32_t out;            /* phrase + 1 that ends here, or 0 */
	uint8_t sym;
};

struct state { /* of the compiled automaton; its children are states [first, first + n) */
	uint32_t first, n;
	uint32_t fail;
	uint32_t out;
	uint32_t dict; /* nearest state on the failure path that has an out, or 0 */
};

struct phrase {
	struct sense *senses;
	uint32_t text; /* offset in pool */
	uint8_t len, flags;
	uint8_t letter_first, letter_last;
};

#define SENSES 512

struct senses { /* a block of them; they all die with the lexicon */
	struct senses *next;
	size_t used;
	struct sense at[SENSES];
};

struct lexicon {
	struct senses *senses;
	struct node *nodes; /* NULL once compiled */
	struct state *states;
	uint8_t *syms; /* of each state */
	size_t n_nodes, cap_nodes;
	struct phrase *phrases;
	size_t n_phrases, cap_phrases;
	char *pool;
	size_t pool_len, pool_cap;
	uint32_t root[SYMBOLS]; /* child of the root per symbol */
	uint8_t symbol[256];
	uint32_t *by_len[16]; /* single words of 5 to 15 letters, for lexicon_near */
	uint32_t n_by_len[16];
};

static void symbols_init(uint8_t symbol[256])
{
	static const char signs[] = "'./+&#%$<>=:~@";
	uint8_t next = SYM_SPACE + 1;

	memset(symbol, 0, 256);
	symbol[' '] = symbol['-'] = symbol['_'] = symbol['\n'] = SYM_SPACE;
	symbol[(unsigned char)NORM_INDENT] = SYM_SPACE;
	for (unsigned c = 'a'; c <= 'z'; c++)
		symbol[c] = next++;
	for (unsigned c = '0'; c <= '9'; c++)
		symbol[c] = next++;
	for (const char *s = signs; *s != '\0'; s++)
		symbol[(unsigned char)*s] = next++;
	for (unsigned c = (unsigned char)NORM_EURO; c <= (unsigned char)NORM_RUPEE; c++)
		symbol[c] = next++;
}

struct lexicon *lexicon_new(void)
{
	struct lexicon *lx = calloc(1, sizeof(*lx));

	if (lx == NULL)
		return NULL;
	lx->cap_nodes = 16384;
	lx->nodes = malloc(lx->cap_nodes * sizeof(*lx->nodes));
	if (lx->nodes == NULL) {
		free(lx);
		return NULL;
	}
	memset(&lx->nodes[0], 0, sizeof(lx->nodes[0]));
	lx->n_nodes = 1;
	symbols_init(lx->symbol);
	return lx;
}

void lexicon_free(struct lexicon *lx)
{
	if (lx == NULL)
		return;
	for (struct senses *b = lx->senses, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	for (size_t i = 0; i < 16; i++)
		free(lx->by_len[i]);
	free(lx->phrases);
	free(lx->nodes);
	free(lx->states);
	free(lx->syms);
	free(lx->pool);
	free(lx);
}

size_t lexicon_phrases(const struct lexicon *lx)
{
	return lx->n_phrases;
}

const struct sense *lexicon_senses(const struct lexicon *lx, uint32_t phrase)
{
	return lx->phrases[phrase].senses;
}

static uint32_t child_of(const struct lexicon *lx, uint32_t node, uint8_t sym)
{
	uint32_t c;

	if (node == 0)
		return lx->root[sym];
	for (c = lx->nodes[node].child; c != 0 && lx->nodes[c].sym != sym;
		c = lx->nodes[c].sibling)
		;
	return c;
}

static uint32_t node_add(struct lexicon *lx, uint32_t parent, uint8_t sym, struct err *e)
{
	struct node *n;

	if (lx->n_nodes == lx->cap_nodes) {
		size_t cap = lx->cap_nodes * 2;
		struct node *grown = realloc(lx->nodes, cap * sizeof(*grown));

		if (grown == NULL) {
			err_no_memory(e);
			return 0;
		}
		lx->nodes = grown;
		lx->cap_nodes = cap;
	}
	n = &lx->nodes[lx->n_nodes];
	memset(n, 0, sizeof(*n));
	n->sym = sym;
	if (parent == 0) {
		lx->root[sym] = (uint32_t)lx->n_nodes;
	} else {
		n->sibling = lx->nodes[parent].child;
		lx->nodes[parent].child = (uint32_t)lx->n_nodes;
	}
	return (uint32_t)lx->n_nodes++;
}

static int is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static int phrase_new(struct lexicon *lx, const char *text, size_t len, struct err *e)
{
	struct phrase *p;

	if (lx->n_phrases == lx->cap_phrases) {
		size_t cap = lx->cap_phrases == 0 ? 2048 : lx->cap_phrases * 2;
		struct phrase *grown = realloc(lx->phrases, cap * sizeof(*grown));

		if (grown == NULL)
			return err_no_memory(e);
		lx->phrases = grown;
		lx->cap_phrases = cap;
	}
	if (lx->pool_len + len > lx->pool_cap) {
		size_t cap = lx->pool_cap == 0 ? 65536 : lx->pool_cap * 2;
		char *grown = realloc(lx->pool, cap);

		if (grown == NULL)
			return err_no_memory(e);
		lx->pool = grown;
		lx->pool_cap = cap;
	}
	p = &lx->phrases[lx->n_phrases++];
	memset(p, 0, sizeof(*p));
	p->text = (uint32_t)lx->pool_len;
	p->len = (uint8_t)len;
	p->letter_first = (uint8_t)is_letter(text[0]);
	p->letter_last = (uint8_t)is_letter(text[len - 1]);
	memcpy(lx->pool + lx->pool_len, text, len);
	lx->pool_len += len;
	return 0;
}

static struct sense *sense_new(struct lexicon *lx)
{
	struct senses *b = lx->senses;

	if (b == NULL || b->used == SENSES) {
		b = malloc(sizeof(*b));
		if (b == NULL)
			return NULL;
		b->used = 0;
		b->next = lx->senses;
		lx->senses = b;
	}
	return &b->at[b->used++];
}

/* Most phrases are level already. */
static size_t level_phrase(const char *text, char level[LEXER_PHRASE_MAX + 1])
{
	size_t n = 0;

	for (; n < LEXER_PHRASE_MAX && text[n] != '\0'; n++) {
		if (!is_letter(text[n]) &&
			(text[n] != ' ' || n == 0 || text[n - 1] == ' '))
			return lexer_level(
				text, strlen(text), level, LEXER_PHRASE_MAX + 1);
		level[n] = text[n];
	}
	if (n == 0 || text[n] != '\0' || text[n - 1] == ' ')
		return lexer_level(text, strlen(text), level, LEXER_PHRASE_MAX + 1);
	level[n] = '\0';
	return n;
}

static int add_one(struct lexicon *lx, const char *text, unsigned cls, const char *value,
	unsigned flags, struct err *e)
{
	char level[LEXER_PHRASE_MAX + 1];
	size_t len = level_phrase(text, level);
	uint32_t node = 0;
	struct phrase *p;
	struct sense *s, **last;

	if (len == 0)
		return err_set(e, ERR_CONFIG,
			"phrase '%s' is empty or longer than %d bytes", text,
			LEXER_PHRASE_MAX);
	for (size_t i = 0; i < len; i++) {
		uint8_t sym = lx->symbol[(unsigned char)level[i]];
		uint32_t next;

		if (sym == 0)
			return err_set(e, ERR_CONFIG,
				"phrase '%s' has a character that no text matches", text);
		next = child_of(lx, node, sym);
		if (next == 0) {
			next = node_add(lx, node, sym, e);
			if (next == 0)
				return -1;
		}
		node = next;
	}
	if (lx->nodes[node].out == 0) {
		if (phrase_new(lx, level, len, e) < 0)
			return -1;
		lx->nodes[node].out = (uint32_t)lx->n_phrases;
	}
	p = &lx->phrases[lx->nodes[node].out - 1];
	p->flags |= (uint8_t)flags;
	for (last = &p->senses; *last != NULL; last = &(*last)->next)
		if ((*last)->cls == cls)
			return 0; /* the first one of a class stands */
	s = sense_new(lx);
	if (s == NULL)
		return err_no_memory(e);
	s->cls = (uint16_t)cls;
	s->value = value;
	s->next = NULL;
	*last = s;
	return 0;
}

/* Expands the first group of `tail` onto head, then the rest. */
static int expand(struct lexicon *lx, char *head, size_t head_len, const char *tail,
	unsigned cls, const char *value, unsigned flags, struct err *e)
{
	const char *open = strchr(tail, '('), *close, *p;
	size_t n = open == NULL ? strlen(tail) : (size_t)(open - tail);

	if (head_len + n >= 160)
		return err_set(e, ERR_CONFIG, "phrase '%.40s...' is too long", head);
	memcpy(head + head_len, tail, n);
	head_len += n;
	head[head_len] = '\0';
	if (open == NULL)
		return add_one(lx, head, cls, value, flags, e);
	close = strchr(open, ')');
	if (close == NULL)
		return err_set(e, ERR_CONFIG, "phrase '%s': ')' is missing", tail);
	for (p = open + 1; p <= close;) {
		size_t alt = strcspn(p, "|)");

		if (head_len + alt >= 160)
			return err_set(
				e, ERR_CONFIG, "phrase '%.40s...' is too long", head);
		memcpy(head + head_len, p, alt);
		if (expand(lx, head, head_len + alt, close + 1, cls, value, flags, e) < 0)
			return -1;
		p += alt + 1;
	}
	return 0;
}

int lexicon_add(struct lexicon *lx, const char *phrase, unsigned cls, const char *value,
	unsigned flags, struct err *e)
{
	char head[256];

	return expand(lx, head, 0, phrase, cls, value, flags, e);
}

static int words_by_length(struct lexicon *lx, struct err *e)
{
	for (int pass = 0; pass < 2; pass++) {
		if (pass == 1)
			for (size_t i = 0; i < 16; i++) {
				lx->by_len[i] =
					malloc((lx->n_by_len[i] + 1) * sizeof(uint32_t));
				if (lx->by_len[i] == NULL)
					return err_no_memory(e);
				lx->n_by_len[i] = 0;
			}
		for (size_t i = 0; i < lx->n_phrases; i++) {
			const struct phrase *p = &lx->phrases[i];
			const char *t = lx->pool + p->text;
			size_t k = 0;

			while (k < p->len && is_letter(t[k]))
				k++;
			if (k < p->len || k < 5 || k > 15)
				continue;
			if (pass == 1)
				lx->by_len[k][lx->n_by_len[k]] = (uint32_t)i;
			lx->n_by_len[k]++;
		}
	}
	return 0;
}

/* Phrases begin where words do, so a path never falls back to the middle of a word. */
static int starts_word(const struct lexicon *lx, uint8_t before, uint8_t sym)
{
	int letter = before >= lx->symbol['a'] && before <= lx->symbol['z'];
	int digit = before >= lx->symbol['0'] && before <= lx->symbol['9'];

	if (sym < lx->symbol['a'] || sym > lx->symbol['9'])
		return 1;
	return !letter && !(digit && sym >= lx->symbol['0']);
}

/* Lays the trie out breadth first: a state's children lie side by side. */
static int lay_out(struct lexicon *lx, struct err *e)
{
	uint32_t *queue = malloc((lx->n_nodes + 1) * sizeof(*queue));
	size_t head = 0, tail = 0;

	lx->states = calloc(lx->n_nodes + 1, sizeof(*lx->states));
	lx->syms = calloc(lx->n_nodes + 1, 1);
	if (queue == NULL || lx->states == NULL || lx->syms == NULL) {
		free(queue);
		return err_no_memory(e);
	}
	for (size_t s = 0; s < SYMBOLS; s++)
		if (lx->root[s] != 0) {
			queue[tail++] = lx->root[s];
			lx->root[s] = (uint32_t)tail;
		}
	while (head < tail) {
		const struct node *n = &lx->nodes[queue[head++]];
		struct state *s = &lx->states[head];

		s->out = n->out;
		lx->syms[head] = n->sym;
		s->first = (uint32_t)tail + 1;
		for (uint32_t c = n->child; c != 0; c = lx->nodes[c].sibling) {
			queue[tail++] = c;
			s->n++;
		}
	}
	free(queue);
	free(lx->nodes);
	lx->nodes = NULL;
	return 0;
}

static uint32_t step(const struct lexicon *lx, uint32_t state, uint8_t sym)
{
	const struct state *s = &lx->states[state];
	const uint8_t *at = lx->syms + s->first;

	for (uint32_t k = 0; k < s->n; k++)
		if (at[k] == sym)
			return s->first + k;
	return 0;
}

int lexicon_compile(struct lexicon *lx, struct err *e)
{
	size_t n_states = lx->n_nodes;

	if (lay_out(lx, e) < 0)
		return -1;
	for (size_t at = 1; at < n_states; at++) {
		struct state *s = &lx->states[at];

		s->dict =
			lx->states[s->fail].out != 0 ? s->fail : lx->states[s->fail].dict;
		for (uint32_t c = s->first; c < s->first + s->n; c++) {
			uint32_t f = s->fail, to = 0;

			while (f != 0 && (to = step(lx, f, lx->syms[c])) == 0)
				f = lx->states[f].fail;
			if (f == 0)
				to = starts_word(lx, lx->syms[at], lx->syms[c])
					? lx->root[lx->syms[c]]
					: 0;
			lx->states[c].fail = to;
		}
	}
	return words_by_length(lx, e);
}

/* ---- searching ---- */

static int is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == NORM_LETTER;
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* May the phrase stand at norm[from, to)? A plural "'s" may follow. */
static int boundary(
	const struct phrase *p, const char *norm, size_t len, size_t from, size_t to)
{
	char before = from > 0 ? norm[from - 1] : ' ', after = to < len ? norm[to] : ' ';
	char first = norm[from], last = norm[to - 1];

	if (is_alnum(first) && is_alnum(before) &&
		!(is_digit(before) && p->letter_first && (p->flags & PHRASE_AFTER_DIGIT)))
		return 0;
	if (is_digit(first) && (before == '.' || before == ',') && from > 1 &&
		is_digit(norm[from - 2]))
		return 0;
	if (is_alnum(last) && is_alnum(after) &&
		!(is_digit(after) && p->letter_last && (p->flags & PHRASE_BEFORE_DIGIT)))
		return 0;
	if (is_digit(last) && (after == '.' || after == ',') && to + 1 < len &&
		is_digit(norm[to + 1]))
		return 0;
	return 1;
}

static int match_push(struct matches *m, uint32_t from, uint32_t to, uint32_t phrase)
{
	if (m->n == m->cap) {
		size_t cap = m->cap == 0 ? 256 : m->cap * 2;
		struct match *grown = realloc(m->at, cap * sizeof(*grown));

		if (grown == NULL)
			return -1;
		m->at = grown;
		m->cap = cap;
	}
	m->at[m->n++] = (struct match){ from, to, phrase };
	return 0;
}

int lexicon_find(
	const struct lexicon *lx, const char *norm, size_t len, struct matches *out)
{
	uint32_t ring[LEXER_PHRASE_MAX +
		1]; /* places of the last symbols; runs of spaces count once */
	uint32_t node = 0;
	size_t k = 0;
	uint8_t prev = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t sym = lx->symbol[(unsigned char)norm[i]];
		uint32_t to = 0;
		uint8_t before = prev;

		if (sym == 0 || (norm[i] == '\n' && i > 0 && norm[i - 1] == '\n')) {
			node = 0; /* a blank line ends every phrase */
			prev = 0;
			continue;
		}
		if (sym == SYM_SPACE && prev == SYM_SPACE)
			continue;
		prev = sym;
		ring[k & LEXER_PHRASE_MAX] = (uint32_t)i;
		k++;
		while (node != 0 && (to = step(lx, node, sym)) == 0)
			node = lx->states[node].fail;
		if (node == 0)
			to = starts_word(lx, before, sym) ? lx->root[sym] : 0;
		node = to;
		for (uint32_t d = lx->states[node].out != 0 ? node
							    : lx->states[node].dict;
			d != 0; d = lx->states[d].dict) {
			const struct phrase *p = &lx->phrases[lx->states[d].out - 1];
			uint32_t from = ring[(k - p->len) & LEXER_PHRASE_MAX];

			if (boundary(p, norm, len, from, i + 1) &&
				match_push(out, from, (uint32_t)i + 1,
					lx->states[d].out - 1) < 0)
				return -1;
		}
	}
	return 0;
}

/* 1 when a and b differ by one edit: insertion, deletion, substitution, swap. */
static int one_edit(const char *a, size_t n, const char *b, size_t m)
{
	size_t i = 0, j;

	if (n > m) {
		const char *t = a;
		size_t tn = n;

		a = b;
		n = m;
		b = t;
		m = tn;
	}
	if (m - n > 1)
		return 0;
	while (i < n && a[i] == b[i])
		i++;
	if (m > n)
		return memcmp(a + i, b + i + 1, n - i) == 0;
	for (j = n; j > i && a[j - 1] == b[j - 1]; j--)
		;
	if (j - i == 1)
		return 1;
	return j - i == 2 && a[i] == b[i + 1] && a[i + 1] == b[i];
}

static int in_classes(const struct sense *s, unsigned lo, unsigned hi)
{
	while (s != NULL && (s->cls < lo || s->cls > hi))
		s = s->next;
	return s != NULL;
}

const struct sense *lexicon_near(
	const struct lexicon *lx, const char *word, size_t len, unsigned lo, unsigned hi)
{
	const struct sense *found = NULL;

	for (size_t l = len > 6 ? len - 1 : 6; l <= len + 1 && l <= 15; l++)
		for (size_t i = 0; i < lx->n_by_len[l]; i++) {
			const struct phrase *p = &lx->phrases[lx->by_len[l][i]];
			const char *t = lx->pool + p->text;
			size_t same = 0;

			if (t[0] != word[0] || !in_classes(p->senses, lo, hi) ||
				!one_edit(word, len, t, p->len))
				continue;
			while (same < len && same < p->len && word[same] == t[same])
				same++;
			/* "looked" is no "looker": an ending is another form, not a slip */
			if ((same + 1 >= len || same + 1 >= p->len) &&
				!(len == (size_t)p->len + 1 &&
					word[len - 1] == word[len - 2]))
				continue;
			if (found != NULL && found->value != p->senses->value)
				return NULL;
			found = p->senses;
		}
	return found;
}
