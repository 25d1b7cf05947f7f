/* internal.h - what the files of the lexer room share. */
#ifndef MLOPS_LEXER_INTERNAL_H
#define MLOPS_LEXER_INTERNAL_H

#include <string.h>

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

/* Eight bytes of text as a number, the first one lowest on every machine. */
static inline uint64_t load_bytes(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

/* What is known of a line where a comma's meaning depends on all of it. */
struct line_look {
	const char *start; /* ends with \n or NUL */
	int values;        /* of comma-separated values; -1: not looked at yet */
};

/* Is it a line of comma-separated values? Looked at once, where it matters. */
int line_of_values(struct line_look *line);

/* Reads the number that begins at digit p, `inword` when a letter stands before it, in
 * a text that ends with a NUL: its bytes. Takes in groups of three and one decimal part;
 * flags are those of a LEX_NUMBER. HUGE_VAL for a number nobody means. */
size_t number_at(
	const char *p, int inword, struct line_look *line, double *num, unsigned *flags);

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

#define WORD_KEY_MAX 16

/* The key of a word of 1 to WORD_KEY_MAX bytes; so many from p on must be readable. */
static inline void word_key(const char *p, size_t n, uint64_t key[2])
{
	uint64_t a = load_bytes(p), b = load_bytes(p + 8);

	key[0] = n < 8 ? a & (((uint64_t)1 << (8 * n)) - 1) : a;
	key[1] = n > 8 ? b & (~(uint64_t)0 >> (8 * (WORD_KEY_MAX - n))) : 0;
}

#define EACH_BYTE(x) (UINT64_C(0x0101010101010101) * (x))

/* The high bit of each byte that is no small letter; all bytes are below 0x80. */
static inline uint64_t no_letters(uint64_t bytes)
{
	uint64_t from_a = bytes + EACH_BYTE(0x80 - 'a');
	uint64_t past_z = bytes + EACH_BYTE(0x7f - 'z');

	return (~from_a | past_z) & EACH_BYTE(0x80);
}

/* Small letters at p, as many of WORD_KEY_MAX bytes as there are before another one. */
static inline size_t letters_at(const char *p)
{
	uint64_t low = no_letters(load_bytes(p)), high = no_letters(load_bytes(p + 8));

	if (low != 0)
		return (size_t)__builtin_ctzll(low) / 8;
	return high != 0 ? 8 + (size_t)__builtin_ctzll(high) / 8 : WORD_KEY_MAX;
}

static inline uint32_t word_hash(const uint64_t key[2])
{
	uint64_t h = (key[0] ^ key[1] * UINT64_C(0x9e3779b97f4a7c15)) *
		UINT64_C(0xd6e8feb86659fd93);

	return (uint32_t)(h >> 32 ^ h >> 44);
}

/* Told a word's hash some time before the word is looked up, has its slot at hand then. */
void lexicon_prefetch(const struct lexicon *lx, uint32_t hash);
/* The same for norm[from, to), a word of the scanner's of at most WORD_KEY_MAX bytes,
 * whose hash is known. */
size_t lexicon_at_word(const struct lexicon *lx, const char *norm, size_t len,
	size_t from, size_t to, uint32_t hash, struct match out[MATCHES_MAX]);

#endif
