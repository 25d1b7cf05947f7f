/* internal.h - what the files of the lexer room share. */
#ifndef MLOPS_LEXER_INTERNAL_H
#define MLOPS_LEXER_INTERNAL_H

#include "lexer/lexer.h"

/* Bytes of levelled text that stand for something else. */
#define NORM_STRIKE_ON  '\x02'
#define NORM_STRIKE_OFF '\x03'
#define NORM_BULLET     '\x04'
#define NORM_HEADING    '\x05' /* then NORM_LEVEL plus the level */
#define NORM_QUOTE      '\x06' /* then NORM_LEVEL plus the depth */
#define NORM_CELL       '\x07'
#define NORM_TABLE      '\x08'
#define NORM_INDENT     '\x0e'
#define NORM_MARK       '\x0f' /* emoji, arrow, dingbat */
#define NORM_LETTER     '\x10' /* a letter without a plain form */
#define NORM_EURO       '\x11'
#define NORM_POUND      '\x12'
#define NORM_YEN        '\x13'
#define NORM_RUPEE      '\x14'
#define NORM_LEVEL      0x15

struct level_out {
	char *norm; /* cap bytes, cap map entries: grown as needed, unless fixed */
	uint32_t *map;
	size_t len, cap;
	unsigned odd;
	int fixed, failed; /* failed: out of memory, or fixed and too small */
};

void level_text(struct level_out *out, const char *text, size_t len);

/* One end of a phrase found: called in order of `end`. */
struct match {
	uint32_t from, to;
	uint32_t phrase;
};

struct matches {
	struct match *at;
	size_t n, cap;
};

/* Appends every phrase at a word's boundaries; -1 when out of memory. */
int lexicon_find(
	const struct lexicon *lx, const char *norm, size_t len, struct matches *out);
const struct sense *lexicon_senses(const struct lexicon *lx, uint32_t phrase);

#endif
