/* builder.h - a lexicon while phrases are added: inside the lexer room only. */
#ifndef MLOPS_LEXER_BUILDER_H
#define MLOPS_LEXER_BUILDER_H

#include "lexer/internal.h"

#define SYMBOLS   56
#define SYM_SPACE 1

struct node {
	uint32_t child, sibling; /* 0: none; the root is never either */
	uint32_t out;            /* phrase + 1 that ends here, or 0 */
	uint8_t sym;
};

struct meaning {
	uint16_t cls;
	const char *value; /* borrowed until the image is made; may be NULL */
	struct meaning *next;
};

struct word {
	struct meaning *meanings;
	uint32_t text; /* offset in pool */
	uint8_t len, flags;
	uint8_t letter_first, letter_last;
};

#define MEANINGS 512

struct meanings { /* a block of them; they all die with the builder */
	struct meanings *next;
	size_t used;
	struct meaning at[MEANINGS];
};

struct builder {
	struct meanings *meanings;
	struct node *nodes;
	size_t n_nodes, cap_nodes;
	struct word *phrases;
	size_t n_phrases, cap_phrases;
	char *pool;
	size_t pool_len, pool_cap;
	uint32_t root[SYMBOLS]; /* child of the root per symbol */
	uint8_t symbol[256];
};

struct builder *builder_new(void);
void builder_free(struct builder *b);
int builder_add(struct builder *b, const char *phrase, unsigned cls, const char *value,
	unsigned flags, struct err *e);

#endif
