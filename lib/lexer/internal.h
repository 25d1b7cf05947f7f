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

/* From norm byte `norm` on, each byte stands for the one behind it in the source, from
 * `src` on, up to the next place. */
struct place {
	uint32_t norm, src;
};

struct level_out {
	char *norm; /* cap bytes, grown as needed, unless fixed */
	size_t len, cap;
	struct place *places; /* none where fixed */
	size_t n_places, cap_places;
	unsigned odd;
	int fixed, failed; /* failed: out of memory, or fixed and too small */
};

void level_text(struct level_out *out, const char *text, size_t len);

#define MATCHES_MAX 8

struct match { /* a phrase, up to norm byte `to` */
	uint32_t to;
	const struct sense *senses;
};

/* The phrases that begin at norm[from] and end at a word's boundary, shortest first,
 * at most the MATCHES_MAX longest: how many. Looks at no more than LEXER_PHRASE_MAX
 * symbols; a run of spaces is one. */
size_t lexicon_at(const struct lexicon *lx, const char *norm, size_t len, size_t from,
	struct match out[MATCHES_MAX]);
/* The same for norm[from, to), a word of the scanner's; WORD_KEY_MAX bytes from `from`
 * on must be readable. */
#define WORD_KEY_MAX 16
size_t lexicon_at_word(const struct lexicon *lx, const char *norm, size_t len,
	size_t from, size_t to, struct match out[MATCHES_MAX]);

#endif
