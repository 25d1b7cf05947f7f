/*
 * lexer.h - text to lexemes in linear time: markup and spelling levelled, words,
 * numbers and signs cut out, and every phrase of a lexicon found in one
 * Aho-Corasick pass.
 *
 * Nothing here knows what a class means, reads a file or parses JSON. Text is
 * valid UTF-8 without NULs. No step looks at a byte more than a bounded number
 * of times, whatever the text.
 * Thread safety: a compiled lexicon may be shared for reading; a scan belongs to
 * one thread.
 */
#ifndef MLOPS_LEXER_H
#define MLOPS_LEXER_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* ---- a lexicon: phrases, each with one or more senses ---- */

#define LEXER_PHRASE_MAX 63 /* bytes of a phrase after levelling */

struct sense {
	int32_t value; /* bytes from here to its text, or 0: see sense_value */
	uint16_t cls;  /* the caller's class number */
	uint16_t more; /* another sense of the phrase lies behind */
};

/* NULL when the sense has no value. Lives as long as the lexicon. */
static inline const char *sense_value(const struct sense *s)
{
	return s->value == 0 ? NULL : (const char *)s + s->value;
}
static inline const struct sense *sense_next(const struct sense *s)
{
	return s->more ? s + 1 : NULL;
}

/* How a phrase may touch what stands beside it. */
#define PHRASE_AFTER_DIGIT  1u /* "200ms", "5k" */
#define PHRASE_BEFORE_DIGIT 2u /* "usd500", "p95" */

struct lexicon;
struct lexicon *lexicon_new(void); /* NULL: out of memory */
void lexicon_free(struct lexicon *lx);
/* Adds a phrase with a sense. "pric(e|es|ing)" stands for its expansions, one level
 * deep, several groups allowed. ERR_CONFIG when longer than LEXER_PHRASE_MAX. `value`
 * is borrowed until lexicon_compile, and a value given for one phrase after the other
 * is kept once. */
int lexicon_add(struct lexicon *lx, const char *phrase, unsigned cls, const char *value,
	unsigned flags, struct err *e);
/* Makes it ready for scan_text; nothing may be added afterwards. */
int lexicon_compile(struct lexicon *lx, struct err *e);
/* The compiled lexicon as one block of memory without pointers, borrowed from it, and a
 * lexicon over such a block, which must lie at a multiple of 8 and outlive it. NULL
 * when the block is no image of this version. */
const void *lexicon_image(const struct lexicon *lx, size_t *len);
struct lexicon *lexicon_of_image(const void *image, size_t len);
size_t lexicon_phrases(const struct lexicon *lx);
/* The senses of the one single word of 6 to 15 letters that differs from `word` (levelled,
 * len bytes) by a letter left out, added, changed or swapped, not at its end, among those
 * with a sense in classes [lo, hi]; NULL when there is none or more than one. */
const struct sense *lexicon_near(
	const struct lexicon *lx, const char *word, size_t len, unsigned lo, unsigned hi);

/* ---- a scan ---- */

enum lexeme_kind {
	LEX_WORD,   /* letters */
	LEX_NUMBER, /* digits with separators */
	LEX_SIGN,   /* one other character: norm byte in `sign` */
	LEX_PHRASE, /* found in the lexicon; may cover several of the above */
	LEX_URL,    /* also an e-mail address */
	LEX_BREAK,  /* end of a line */
	LEX_CELL,   /* table cell boundary */
};

#define LEX_GROUPED 1u  /* number: three digits after one separator, "20.000" */
#define LEX_VERSION 2u  /* number with two points: 4.2.1 */
#define LEX_STRUCK  4u  /* inside ~~ ~~ or <del> */
#define LEX_GLUED   8u  /* no space before it */
#define LEX_INWORD  16u /* number that is glued to letters before it: p95, h100 */
#define LEX_DECIMAL 32u /* number written with a decimal part */

struct lexeme {
	uint32_t from, to; /* in scan.norm */
	uint32_t src, end; /* in the text scanned, end exclusive */
	uint32_t line;     /* in scan.lines */
	uint8_t kind;
	uint8_t sign;
	uint16_t flags;
	union {
		double num; /* NUMBER: its value; thousands groups read as such */
		const struct sense *senses; /* PHRASE; see lexeme_senses */
	};
};

/* A number's value with a decimal point in place of a GROUPED one's separator. */
static inline double lexeme_alt(const struct lexeme *l)
{
	return l->flags & LEX_GROUPED ? l->num / 1000 : l->num;
}
static inline const struct sense *lexeme_senses(const struct lexeme *l)
{
	return l->kind == LEX_PHRASE ? l->senses : NULL;
}

struct line {
	uint32_t first, last; /* lexemes [first, last), the BREAK excluded */
	uint32_t src, width;  /* where it starts; characters of text in it */
	uint8_t quote;        /* depth of ">" */
	uint8_t heading;      /* 1 to 6 for # headings */
	uint8_t bullet;       /* list item, numbered line, or starts with an emoji */
	uint8_t table;        /* a row of a table */
	uint8_t blank;
	uint8_t soft;   /* for the reader's use: its end is no end */
	uint8_t values; /* looks like a row of comma-separated values */
	uint8_t columns; /* for the reader's use: of a table whose first row names the fields */
	uint8_t indent;
};

struct scan {
	const char *text; /* borrowed */
	size_t len;
	char *norm; /* lower case, ASCII where there is a plain form */
	size_t norm_len;
	struct lexeme *lex;
	size_t n;
	struct line *lines;
	size_t n_lines;
	unsigned odd; /* SCAN_... : things a person would not see */
};

#define SCAN_BIDI      1u /* bidirectional controls, left out */
#define SCAN_HOMOGLYPH 2u /* letters of another script read as the Latin ones */
#define SCAN_INVISIBLE 4u /* zero-width characters, left out */

/* ERR_INPUT for text of 4 GiB or more. scan_release also after a failure. */
int scan_text(struct scan *out, const struct lexicon *lx, const char *text, size_t len,
	struct err *e);
void scan_release(struct scan *s);
/* Counts the lines' bounds anew, after lexemes were taken out. */
void scan_recount(struct scan *s);

/* The value of the lexeme's sense in class cls ("" where it has none), or NULL. */
const char *lexeme_is(const struct lexeme *l, unsigned cls);
/* Written with a capital first letter; all letters capital. */
int lexeme_capital(const struct scan *s, const struct lexeme *l);
int lexeme_all_caps(const struct scan *s, const struct lexeme *l);
int lexeme_equals(const struct scan *s, const struct lexeme *l, const char *norm);

/* Levels one phrase as the scanner levels text: into out, at most max bytes with
 * the NUL; the length, or 0 when it does not fit. */
size_t lexer_level(const char *text, size_t len, char *out, size_t max);

/* ---- quantities ---- */

struct lexer_words {          /* classes that the number grammar needs */
	unsigned number_word; /* value: the number as text */
	unsigned scale;       /* value: the factor as text ("1000") */
	unsigned
		range_word; /* "to", "bis" between two numbers; value "and": only after `between` */
	unsigned between;
};

struct numeral {
	double lo, hi; /* equal unless a range */
	int range;
	int grouped; /* hi had LEX_GROUPED; alt is the other reading */
	double alt;
	int scaled;           /* a factor word followed */
	uint32_t first, next; /* lexemes [first, next) */
};

/* Reads a number, written in digits or words, with a factor and as a range, at
 * lexeme i. 1 when there is one. `skip` is a class that may stand between the parts
 * of a range (a repeated currency sign). */
int quantity_at(const struct scan *s, const struct lexer_words *w, size_t i,
	unsigned skip, struct numeral *q);

#endif
