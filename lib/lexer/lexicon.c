/*
 * lexicon.c - phrases into a trie over 56 symbols; image.c lays it out for searching.
 */
#include <stdlib.h>
#include <string.h>

#include "lexer/builder.h"

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

struct builder *builder_new(void)
{
	struct builder *lx = calloc(1, sizeof(*lx));

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

void builder_free(struct builder *lx)
{
	if (lx == NULL)
		return;
	for (struct meanings *b = lx->meanings, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(lx->phrases);
	free(lx->nodes);
	free(lx->pool);
	free(lx);
}

static uint32_t child_of(const struct builder *lx, uint32_t node, uint8_t sym)
{
	uint32_t c;

	if (node == 0)
		return lx->root[sym];
	for (c = lx->nodes[node].child; c != 0 && lx->nodes[c].sym != sym;
		c = lx->nodes[c].sibling)
		;
	return c;
}

static uint32_t node_add(struct builder *lx, uint32_t parent, uint8_t sym, struct err *e)
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

static int phrase_new(struct builder *lx, const char *text, size_t len, struct err *e)
{
	struct word *p;

	if (lx->n_phrases == lx->cap_phrases) {
		size_t cap = lx->cap_phrases == 0 ? 2048 : lx->cap_phrases * 2;
		struct word *grown = realloc(lx->phrases, cap * sizeof(*grown));

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

static struct meaning *meaning_new(struct builder *lx)
{
	struct meanings *b = lx->meanings;

	if (b == NULL || b->used == MEANINGS) {
		b = malloc(sizeof(*b));
		if (b == NULL)
			return NULL;
		b->used = 0;
		b->next = lx->meanings;
		lx->meanings = b;
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

static int add_one(struct builder *lx, const char *text, unsigned cls, const char *value,
	unsigned flags, struct err *e)
{
	char level[LEXER_PHRASE_MAX + 1];
	size_t len = level_phrase(text, level);
	uint32_t node = 0;
	struct word *p;
	struct meaning *s, **last;

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
	for (last = &p->meanings; *last != NULL; last = &(*last)->next)
		if ((*last)->cls == cls)
			return 0; /* the first one of a class stands */
	s = meaning_new(lx);
	if (s == NULL)
		return err_no_memory(e);
	s->cls = (uint16_t)cls;
	s->value = value;
	s->next = NULL;
	*last = s;
	return 0;
}

/* Expands the first group of `tail` onto head, then the rest. */
static int expand(struct builder *lx, char *head, size_t head_len, const char *tail,
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

int builder_add(struct builder *lx, const char *phrase, unsigned cls, const char *value,
	unsigned flags, struct err *e)
{
	char head[256];

	return expand(lx, head, 0, phrase, cls, value, flags, e);
}
