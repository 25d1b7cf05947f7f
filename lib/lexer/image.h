/*
 * image.h - the compiled lexicon: one block of memory without pointers, so that it can
 * be written to a file and used where it lies. Inside the lexer room only.
 *
 * A trie whose single-file paths are folded into labels. A branch's children lie side
 * by side in the order of their symbols; a bit for each symbol says which there are,
 * and counting the bits below one finds its child.
 */
#ifndef MLOPS_LEXER_IMAGE_H
#define MLOPS_LEXER_IMAGE_H

#include <string.h>

#include "lexer/builder.h"

#define IMAGE_MAGIC "mlopslx6"
#define NEAR_MAX    15 /* letters of the longest word that lexicon_near knows */

struct branch {
	uint64_t children; /* bit per symbol */
	uint32_t first;    /* the first child */
	uint32_t phrase;   /* + 1: the one that ends here; 0: none */
	uint32_t label;    /* symbols that lead here, behind the one that chose it */
	uint32_t n_label;
};

struct phrase {
	uint32_t senses; /* the first one of them */
	uint32_t text;   /* in the pool */
	uint8_t len, flags;
	uint8_t letter_first, letter_last;
};

/*
 * Where the first word of some phrases leads: found by the word, not letter by letter.
 * Most words in a text begin no phrase, or are one that does not go on: the slot and
 * the image's pairs tell.
 */
struct first_word {
	uint64_t key[2]; /* its bytes, padded with NULs */
	uint32_t at; /* branch * IN_LABEL_MAX + symbols of its label; 0: slot is free */
	uint32_t
		senses : 24; /* + 1: the first one of the word alone; 0: it is no phrase */
	uint32_t next : 8;   /* next_bit of what may follow; one not set is sure */
};
#define IN_LABEL_MAX 64 /* more than any label has symbols */

struct image {
	char magic[8];
	uint32_t size; /* bytes of all of it */
	uint32_t n_branches, n_phrases, n_senses;
	/* where each part begins, in bytes from the start of the image */
	uint32_t branches, labels, firsts, pairs, phrases, senses, words, pool;
	uint32_t first_mask;    /* slots of `firsts` less one */
	uint32_t pair_mask;     /* bits of `pairs` less one */
	uint32_t root[SYMBOLS]; /* branch per symbol, or 0 */
	uint64_t root_next
		[SYMBOLS]; /* bit per symbol that may follow; bit 0: it may end */
	uint8_t symbol[256];
	/* single words by length and first letter, [begin, end) in `words` */
	uint32_t near[NEAR_MAX + 1][27];
};

static inline unsigned next_bit(uint8_t sym)
{
	return 1u << sym % 8;
}

struct lexicon {
	struct builder *builder;   /* NULL once compiled */
	const struct image *image; /* NULL until then */
	int owned;
};

static inline const struct branch *image_branches(const struct image *m)
{
	return (const struct branch *)((const char *)m + m->branches);
}
static inline const uint8_t *image_labels(const struct image *m)
{
	return (const uint8_t *)m + m->labels;
}
static inline const struct first_word *image_firsts(const struct image *m)
{
	return (const struct first_word *)((const char *)m + m->firsts);
}
static inline const struct phrase *image_phrases(const struct image *m)
{
	return (const struct phrase *)((const char *)m + m->phrases);
}
static inline const struct sense *image_senses(const struct image *m)
{
	return (const struct sense *)((const char *)m + m->senses);
}
static inline const struct sense *phrase_senses(const struct image *m, uint32_t phrase)
{
	return image_senses(m) + image_phrases(m)[phrase].senses;
}
static inline const uint32_t *image_words(const struct image *m)
{
	return (const uint32_t *)((const char *)m + m->words);
}
static inline const char *image_pool(const struct image *m)
{
	return (const char *)m + m->pool;
}

/* Two words that a phrase begins with: a bit for each pair of hashes. One that is not set
 * is sure. */
static inline uint64_t *image_pairs(const struct image *m)
{
	return (uint64_t *)((char *)(uintptr_t)m + m->pairs);
}
static inline uint32_t pair_bit(const struct image *m, uint32_t first, uint32_t second)
{
	return (first + second * 0x9e3779b1u) >> 8 & m->pair_mask;
}

/* Bits set in x: not every machine that this runs on has an instruction for it. */
static inline uint32_t bits_in(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* The child of a branch for a symbol, or 0. */
static inline uint32_t image_child(const struct branch *b, uint8_t sym)
{
	uint64_t bit = UINT64_C(1) << sym, below;

	if ((b->children & bit) == 0)
		return 0;
	below = b->children & (bit - 1);
	return below == 0 ? b->first : b->first + bits_in(below);
}

#endif
