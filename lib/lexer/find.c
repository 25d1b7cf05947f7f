/* find.c - searching a compiled lexicon: the phrases at a place, and near misses. */
#include "lexer/image.h"

#include <stdlib.h>
#include <string.h>

static inline int is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == NORM_LETTER;
}

static inline int is_digit(char c)
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

/* The last byte of a run of spaces at p, which counts as one; a blank line ends every
 * phrase: a byte that no symbol stands for is then found there. */
static const char *skip_spaces(const uint8_t *symbol, const char *p, const char *end)
{
	while (p + 1 < end && symbol[(unsigned char)p[1]] == SYM_SPACE &&
		!(p[0] == '\n' && p[1] == '\n'))
		p++;
	return p;
}

/* From symbol k of the label of branch `at`, and byte p, on. */
static size_t walk(const struct lexicon *lx, const char *norm, size_t len, size_t from,
	const char *p, uint32_t at, uint32_t k, struct match out[MATCHES_MAX])
{
	const struct image *m = lx->image;
	const struct branch *branches = image_branches(m), *b;
	const uint8_t *labels = image_labels(m), *symbol = m->symbol;
	const char *end = norm + len;
	size_t n = 0;

	for (;; p++, k = 0) {
		b = &branches[at];
		for (; k < b->n_label; k++, p++) {
			uint8_t sym = p < end ? symbol[(unsigned char)*p] : 0;

			if (sym != labels[b->label + k])
				return n;
			if (sym == SYM_SPACE)
				p = skip_spaces(symbol, p, end);
		}
		if (b->phrase != 0 &&
			boundary(&image_phrases(m)[b->phrase - 1], norm, len, from,
				(size_t)(p - norm))) {
			if (n == MATCHES_MAX)
				memmove(out, out + 1, (--n) * sizeof(*out));
			out[n++] = (struct match){ (uint32_t)(p - norm),
				phrase_senses(m, b->phrase - 1) };
		}
		if (p >= end)
			return n;
		at = image_child(b, symbol[(unsigned char)*p]);
		if (at == 0)
			return n;
		if (symbol[(unsigned char)*p] == SYM_SPACE)
			p = skip_spaces(symbol, p, end);
	}
}

size_t lexicon_at(const struct lexicon *lx, const char *norm, size_t len, size_t from,
	struct match out[MATCHES_MAX])
{
	const struct image *m = lx->image;
	uint8_t sym = m->symbol[(unsigned char)norm[from]];
	uint64_t next = m->root_next[sym];

	if ((next & (1 | UINT64_C(1) << m->symbol[(unsigned char)norm[from + 1]])) == 0)
		return 0;
	return walk(lx, norm, len, from, norm + from + 1, m->root[sym], 0, out);
}

/* May a phrase go on behind the word that ends at p? Where a space or hyphen and letters
 * follow, these letters are looked at. */
static inline int may_go_on(
	const struct image *m, const struct first_word *f, const char *p, uint32_t hash)
{
	uint8_t sym = m->symbol[(unsigned char)p[0]];
	uint64_t key[2];
	uint32_t bit;
	size_t n;

	if ((f->next & next_bit(sym)) == 0)
		return 0;
	if (sym != SYM_SPACE)
		return 1;
	n = letters_at(p + 1);
	if (n == 0 || n == WORD_KEY_MAX)
		return 1;
	word_key(p + 1, n, key);
	bit = pair_bit(m, hash, word_hash(key));
	return image_pairs(m)[bit / 64] >> bit % 64 & 1;
}

void lexicon_prefetch(const struct lexicon *lx, uint32_t hash)
{
	const struct image *m = lx->image;

	__builtin_prefetch(&image_firsts(m)[hash & m->first_mask]);
}

size_t lexicon_at_word(const struct lexicon *lx, const char *norm, size_t len,
	size_t from, size_t to, uint32_t hash, struct match out[MATCHES_MAX])
{
	const struct image *m = lx->image;
	const struct first_word *firsts = image_firsts(m), *f;
	uint64_t key[2];

	word_key(norm + from, to - from, key);
	for (uint32_t slot = hash;; slot++) {
		f = &firsts[slot & m->first_mask];
		if (f->at == 0)
			return 0;
		if (f->key[0] == key[0] && f->key[1] == key[1])
			break;
	}
	/* beside a digit not every phrase may stand */
	if (may_go_on(m, f, norm + to, hash) || is_digit(norm[to]) ||
		(from > 0 && is_digit(norm[from - 1])))
		return walk(lx, norm, len, from, norm + to, f->at / IN_LABEL_MAX,
			f->at % IN_LABEL_MAX, out);
	if (f->senses == 0)
		return 0;
	out[0] = (struct match){ (uint32_t)to, image_senses(m) + f->senses - 1 };
	return 1;
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
		s = sense_next(s);
	return s != NULL;
}

static int same_value(const struct sense *a, const struct sense *b)
{
	const char *x = sense_value(a), *y = sense_value(b);

	return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

const struct sense *lexicon_near(
	const struct lexicon *lx, const char *word, size_t len, unsigned lo, unsigned hi)
{
	const struct image *m = lx->image;
	const struct sense *found = NULL;
	size_t c = (size_t)(word[0] - 'a');

	if (c >= 26)
		return NULL;
	for (size_t l = len > 6 ? len - 1 : 6; l <= len + 1 && l <= NEAR_MAX; l++)
		for (uint32_t i = m->near[l][c]; i < m->near[l][c + 1]; i++) {
			uint32_t at = image_words(m)[i];
			const struct phrase *p = &image_phrases(m)[at];
			const char *t = image_pool(m) + p->text;
			const struct sense *senses = phrase_senses(m, at);
			size_t same = 0;

			if (!one_edit(word, len, t, p->len) ||
				!in_classes(senses, lo, hi))
				continue;
			while (same < len && same < p->len && word[same] == t[same])
				same++;
			/* "looked" is no "looker": an ending is another form, not a slip */
			if ((same + 1 >= len || same + 1 >= p->len) &&
				!(len == (size_t)p->len + 1 &&
					word[len - 1] == word[len - 2]))
				continue;
			if (found != NULL && !same_value(found, senses))
				return NULL;
			found = senses;
		}
	return found;
}
