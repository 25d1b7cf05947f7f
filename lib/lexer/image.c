/* image.c - a trie of phrases laid out for searching. */
#include "lexer/image.h"

#include <stdlib.h>
#include <string.h>

struct lexicon *lexicon_new(void)
{
	struct lexicon *lx = calloc(1, sizeof(*lx));

	if (lx == NULL)
		return NULL;
	lx->builder = builder_new();
	if (lx->builder == NULL) {
		free(lx);
		return NULL;
	}
	return lx;
}

void lexicon_free(struct lexicon *lx)
{
	if (lx == NULL)
		return;
	builder_free(lx->builder);
	if (lx->owned)
		free((void *)(uintptr_t)lx->image);
	free(lx);
}

int lexicon_add(struct lexicon *lx, const char *phrase, unsigned cls, const char *value,
	unsigned flags, struct err *e)
{
	return builder_add(lx->builder, phrase, cls, value, flags, e);
}

size_t lexicon_phrases(const struct lexicon *lx)
{
	return lx->image != NULL ? lx->image->n_phrases : lx->builder->n_phrases;
}

/* ---- sizes ---- */

static uint32_t aligned(size_t n)
{
	return (uint32_t)((n + 7) & ~(size_t)7);
}

/* A word that lexicon_near may find: 5 to 15 letters and nothing else. */
static size_t near_len(const struct builder *b, const struct word *p)
{
	const char *t = b->pool + p->text;
	size_t k = 0;

	while (k < p->len && t[k] >= 'a' && t[k] <= 'z')
		k++;
	return k == p->len && k >= 5 && k <= NEAR_MAX ? k : 0;
}

struct sizes {
	size_t senses, values, near;
};

/* A value belongs to a list of phrases that come one after the other. */
static struct sizes count(const struct builder *b)
{
	struct sizes n = { 0 };
	const char *value = NULL;

	for (size_t i = 0; i < b->n_phrases; i++) {
		n.near += near_len(b, &b->phrases[i]) > 0;
		for (const struct meaning *s = b->phrases[i].meanings; s != NULL;
			s = s->next) {
			n.senses++;
			if (s->value != NULL && s->value != value)
				n.values += strlen(s->value) + 1;
			value = s->value != NULL ? s->value : value;
		}
	}
	return n;
}

/* ---- parts ---- */

/* Children in the order of their symbols: their bits count them. */
static size_t sorted_children(
	const uint32_t by_symbol[SYMBOLS], uint32_t at[SYMBOLS], uint64_t *bits)
{
	size_t n = 0;

	*bits = 0;
	for (size_t s = 0; s < SYMBOLS; s++)
		if (by_symbol[s] != 0) {
			*bits |= UINT64_C(1) << s;
			at[n++] = by_symbol[s];
		}
	return n;
}

static void children_of(
	const struct builder *b, uint32_t node, uint32_t by_symbol[SYMBOLS])
{
	memset(by_symbol, 0, SYMBOLS * sizeof(*by_symbol));
	for (uint32_t c = b->nodes[node].child; c != 0; c = b->nodes[c].sibling)
		by_symbol[b->nodes[c].sym] = c;
}

/* Folds a path of single children, none of them an end, into the branch's label. */
static uint32_t fold(
	const struct builder *b, uint32_t node, uint8_t *labels, uint32_t *used)
{
	while (b->nodes[node].out == 0 && b->nodes[node].child != 0 &&
		b->nodes[b->nodes[node].child].sibling == 0) {
		node = b->nodes[node].child;
		labels[(*used)++] = b->nodes[node].sym;
	}
	return node;
}

/* Breadth first, so that a branch's children lie side by side. */
static int lay_branches(const struct builder *b, struct image *m, struct err *e)
{
	struct branch *branches = (struct branch *)((char *)m + m->branches);
	uint8_t *labels = (uint8_t *)m + m->labels;
	uint32_t *queue = malloc((b->n_nodes + 1) * sizeof(*queue));
	uint32_t by_symbol[SYMBOLS], used = 0;
	size_t head = 0, tail = 0;

	if (queue == NULL)
		return err_no_memory(e);
	for (size_t s = 0; s < SYMBOLS; s++)
		if (b->root[s] != 0) {
			queue[tail++] = b->root[s];
			m->root[s] = (uint32_t)tail;
		}
	while (head < tail) {
		struct branch *at = &branches[head + 1];
		uint32_t node;

		at->label = used;
		node = fold(b, queue[head++], labels, &used);
		at->n_label = used - at->label;
		at->phrase = b->nodes[node].out;
		at->first = (uint32_t)tail + 1;
		children_of(b, node, by_symbol);
		tail += sorted_children(by_symbol, queue + tail, &at->children);
	}
	m->n_branches = (uint32_t)tail + 1;
	free(queue);
	return 0;
}

static uint32_t put_value(char *pool, uint32_t *used, const char *value)
{
	size_t n = strlen(value) + 1;
	uint32_t at = *used;

	memcpy(pool + at, value, n);
	*used += (uint32_t)n;
	return at;
}

static void lay_phrases(const struct builder *b, struct image *m)
{
	struct phrase *phrases = (struct phrase *)((char *)m + m->phrases);
	struct sense *senses = (struct sense *)((char *)m + m->senses);
	char *pool = (char *)m + m->pool;
	uint32_t n = 0, used = (uint32_t)b->pool_len, value_at = 0;
	const char *value = NULL;

	memcpy(pool, b->pool, b->pool_len);
	for (size_t i = 0; i < b->n_phrases; i++) {
		const struct word *p = &b->phrases[i];

		phrases[i] = (struct phrase){ n, p->text, p->len, p->flags,
			p->letter_first, p->letter_last };
		for (const struct meaning *s = p->meanings; s != NULL; s = s->next) {
			struct sense *out = &senses[n++];

			out->cls = s->cls;
			out->more = s->next != NULL;
			if (s->value == NULL)
				continue;
			if (s->value != value) {
				value = s->value;
				value_at = put_value(pool, &used, value);
			}
			out->value = (int32_t)((pool + value_at) - (char *)out);
		}
	}
}

static void lay_near(const struct builder *b, struct image *m)
{
	uint32_t *words = (uint32_t *)((char *)m + m->words);
	uint32_t n[NEAR_MAX + 1][26] = { { 0 } }, at = 0;

	for (size_t i = 0; i < b->n_phrases; i++)
		if (near_len(b, &b->phrases[i]) > 0)
			n[b->phrases[i].len][b->pool[b->phrases[i].text] - 'a']++;
	for (size_t len = 5; len <= NEAR_MAX; len++)
		for (size_t c = 0; c < 26; c++) {
			uint32_t here = n[len][c];

			m->near[len][c] = n[len][c] = at;
			m->near[len][c + 1] = at += here;
		}
	for (size_t i = 0; i < b->n_phrases; i++)
		if (near_len(b, &b->phrases[i]) > 0)
			words[n[b->phrases[i].len][b->pool[b->phrases[i].text] - 'a']++] =
				(uint32_t)i;
}

/* Ends of single-file paths, forks and ends of phrases: each is a branch. */
static size_t count_branches(const struct builder *b)
{
	size_t n = 1;

	for (size_t i = 1; i < b->n_nodes; i++)
		n += b->nodes[i].out != 0 || b->nodes[i].child == 0 ||
			b->nodes[b->nodes[i].child].sibling != 0;
	return n;
}

/* The word that a phrase begins with, as the scanner cuts words: its length, or 0. */
static size_t first_word_len(const char *t, size_t len)
{
	size_t n = 0;

	while (n < len &&
		((t[n] >= 'a' && t[n] <= 'z') ||
			(n > 0 && t[n] == '\'' && n + 1 < len && t[n + 1] >= 'a' &&
				t[n + 1] <= 'z')))
		n++;
	return n;
}

/* A place in the trie: behind so many symbols of a branch's label. */
struct spot {
	uint32_t branch, in_label;
};

static struct spot follow(const struct image *m, struct spot at, uint8_t sym)
{
	const struct branch *b = &image_branches(m)[at.branch];

	if (at.in_label < b->n_label)
		return (struct spot){ at.branch, at.in_label + 1 };
	return (struct spot){ image_child(b, sym), 0 };
}

/* The symbols that lead on from there, a bit each. */
static uint64_t leads_on(const struct image *m, struct spot at)
{
	const struct branch *b = &image_branches(m)[at.branch];

	if (at.in_label < b->n_label)
		return UINT64_C(1) << image_labels(m)[b->label + at.in_label];
	return b->children;
}

static int may_end(const struct image *m, struct spot at)
{
	const struct branch *b = &image_branches(m)[at.branch];

	return at.in_label == b->n_label && b->phrase != 0;
}

static uint32_t senses_of(const struct image *m, struct spot at)
{
	return image_phrases(m)[image_branches(m)[at.branch].phrase - 1].senses;
}

/* Describes the word of n letters at t, with which a phrase begins. */
static void first_word_set(
	const struct image *m, const char *t, size_t n, struct first_word *f)
{
	struct spot at = { m->root[m->symbol[(unsigned char)t[0]]], 0 };
	uint64_t next;
	unsigned bits = 0;

	for (size_t i = 1; i < n; i++)
		at = follow(m, at, m->symbol[(unsigned char)t[i]]);
	next = leads_on(m, at);
	for (uint8_t sym = 0; sym < SYMBOLS; sym++)
		bits |= next >> sym & 1 ? next_bit(sym) : 0;
	f->at = at.branch * IN_LABEL_MAX + at.in_label;
	if (may_end(m, at))
		f->senses = (senses_of(m, at) + 1) & 0xffffffu;
	f->next = bits & 0xffu;
}

/* The slot of the word, or the free one that it shall have. */
static struct first_word *first_word_slot(const struct image *m, const uint64_t key[2])
{
	struct first_word *firsts =
		(struct first_word *)((char *)(uintptr_t)m + m->firsts);
	uint32_t slot = word_hash(key);

	for (;; slot++) {
		struct first_word *f = &firsts[slot & m->first_mask];

		if (f->at == 0 || (f->key[0] == key[0] && f->key[1] == key[1]))
			return f;
	}
}

/* Notes the word that follows the first one, of n bytes, if a space and letters do. */
static void note_pair(
	const struct image *m, const char *t, size_t len, size_t n, uint32_t first)
{
	char word[WORD_KEY_MAX] = { 0 };
	size_t k = 0;
	uint64_t key[2];
	uint32_t bit;

	if (n == len || t[n] != ' ')
		return;
	for (t += n + 1, len -= n + 1; k < len && t[k] >= 'a' && t[k] <= 'z'; k++)
		if (k < WORD_KEY_MAX)
			word[k] = t[k];
	if (k == 0 || k > WORD_KEY_MAX)
		return;
	word_key(word, k, key);
	bit = pair_bit(m, first, word_hash(key));
	image_pairs(m)[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void lay_firsts(const struct builder *b, const struct image *m)
{
	for (size_t i = 0; i < b->n_phrases; i++) {
		const char *t = b->pool + b->phrases[i].text;
		size_t len = b->phrases[i].len, n = first_word_len(t, len);
		char word[WORD_KEY_MAX] = { 0 };
		struct first_word *f;
		uint64_t key[2];

		if (n == 0 || n > WORD_KEY_MAX)
			continue;
		memcpy(word, t, n);
		word_key(word, n, key);
		note_pair(m, t, len, n, word_hash(key));
		f = first_word_slot(m, key);
		if (f->at != 0)
			continue;
		memcpy(f->key, key, sizeof(f->key));
		first_word_set(m, t, n, f);
	}
}

static void lay_root(struct image *m)
{
	for (size_t sym = 0; sym < SYMBOLS; sym++) {
		struct spot at = { m->root[sym], 0 };

		if (at.branch != 0)
			m->root_next[sym] = leads_on(m, at) | (uint64_t)may_end(m, at);
	}
}

#define PAIR_BITS 8 /* for each phrase: few enough to stay in the fastest cache */

int lexicon_compile(struct lexicon *lx, struct err *e)
{
	const struct builder *b = lx->builder;
	struct sizes n = count(b);
	size_t branches = aligned(sizeof(struct image));
	size_t labels =
		branches + aligned((count_branches(b) + 1) * sizeof(struct branch));
	size_t firsts = labels + aligned(b->n_nodes), slots = 64;
	size_t pairs, phrases, senses, words, pool, size;
	struct image *m;

	while (slots < b->n_phrases) /* few phrases begin with a word of their own */
		slots *= 2;
	pairs = firsts + aligned(slots * sizeof(struct first_word));
	phrases = pairs + slots * PAIR_BITS / 8;
	senses = phrases + aligned(b->n_phrases * sizeof(struct phrase));
	words = senses + aligned(n.senses * sizeof(struct sense));
	pool = words + aligned(n.near * sizeof(uint32_t));
	size = aligned(pool + b->pool_len + n.values + 1);
	m = calloc(1, size);

	if (m == NULL)
		return err_no_memory(e);
	memcpy(m->magic, IMAGE_MAGIC, sizeof(m->magic));
	m->size = (uint32_t)size;
	m->n_phrases = (uint32_t)b->n_phrases;
	m->n_senses = (uint32_t)n.senses;
	m->branches = (uint32_t)branches;
	m->labels = (uint32_t)labels;
	m->firsts = (uint32_t)firsts;
	m->first_mask = (uint32_t)slots - 1;
	m->pairs = (uint32_t)pairs;
	m->pair_mask = (uint32_t)(slots * PAIR_BITS) - 1;
	m->phrases = (uint32_t)phrases;
	m->senses = (uint32_t)senses;
	m->words = (uint32_t)words;
	m->pool = (uint32_t)pool;
	memcpy(m->symbol, b->symbol, sizeof(m->symbol));
	lay_phrases(b, m);
	lay_near(b, m);
	if (lay_branches(b, m, e) < 0) {
		free(m);
		return -1;
	}
	lay_root(m);
	lay_firsts(b, m);
	builder_free(lx->builder);
	lx->builder = NULL;
	lx->image = m;
	lx->owned = 1;
	return 0;
}

const void *lexicon_image(const struct lexicon *lx, size_t *len)
{
	*len = lx->image->size;
	return lx->image;
}

struct lexicon *lexicon_of_image(const void *image, size_t len)
{
	const struct image *m = image;
	struct lexicon *lx;

	if (len < sizeof(*m) || (uintptr_t)image % 8 != 0 ||
		memcmp(m->magic, IMAGE_MAGIC, sizeof(m->magic)) != 0 || m->size != len)
		return NULL;
	lx = calloc(1, sizeof(*lx));
	if (lx != NULL)
		lx->image = m;
	return lx;
}
