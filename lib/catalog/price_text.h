/*
 * price_text.h - a price book in the one form that its tools write (make-price-book,
 * `mlops prices import`), read where it lies: a line an origin, a group or a row, plain
 * ASCII, no escapes but \" and \\. Any other spelling is left to the JSON reader, which
 * also tells what is wrong.
 *
 * Texts are borrowed from the buffer, in which NULs are set. Each function steps *at on.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_CATALOG_PRICE_TEXT_H
#define MLOPS_CATALOG_PRICE_TEXT_H

#include <stddef.h>

/* One member of a line's object; exactly one of text and number is set. */
struct price_field {
	const char *name;
	const char **text;
	double *number;
};

/* "sku":[usd,group] or "sku":[usd,group,from,to] */
struct price_row {
	const char *sku;
	double usd, group, from, to;
	int tiered, open; /* there are limits; `to` is null */
};

/* 1 if the text has nothing but printable ASCII and line ends; asked before all else. */
int price_text_plain(const char *text, size_t len);

/* Steps past the line `line`; -1 where another stands. */
int price_text_line(char **at, const char *line);

/* A line's object, whose members must be among the n fields (at most 8), each once; those
 * that are absent or null are left as they are. 1: another follows in the array; 0: that was the last; -1:
 * another form. */
int price_text_object(char **at, const struct price_field *fields, size_t n);

/* 1: another row follows; 0: that was the last, and *at is where the file should end;
 * -1: another form. */
int price_text_row(char **at, struct price_row *out);

#endif
