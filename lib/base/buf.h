/*
 * buf.h - a bounded, growing byte buffer.
 *
 * ptr is never NULL and ptr[len] is always '\0'. Every buffer has a maximum;
 * an append that would pass it, or that finds no memory, sets `failed` and
 * changes nothing, so that a writer appends freely and asks once (buf_ok).
 * Thread safety: a buffer belongs to one thread.
 */
#ifndef MLOPS_BUF_H
#define MLOPS_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

struct buf {
	char *ptr;
	size_t len, cap, max;
	int failed;
};

extern char buf_empty[1]; /* what ptr shows before the first append; never written */

#define BUF_INIT(maximum)                                                           \
	{                                                                           \
		.ptr = buf_empty, .len = 0, .cap = 0, .max = (maximum), .failed = 0 \
	}
#define BUF_NO_LIMIT ((size_t)1 << 40)

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* back to the empty value; may be used again */
void buf_reset(struct buf *b);   /* empties, keeps the memory, forgets a failure */

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vaddf(struct buf *b, const char *fmt, va_list ap);
/* Text from elsewhere for a terminal: what could move the cursor, hide or turn round
 * what follows (C0 and C1 controls, line ends too, DEL, invisible and bidirectional
 * format characters) comes out as '?'. */
void buf_add_shown(struct buf *b, const char *s);
/* The bytes of such a character at s; 0 for any other. */
size_t buf_unshown(const char *s);
void buf_cut(struct buf *b, size_t len); /* shortens to len bytes */

/* 0, or -1 with "out of memory" or "longer than N bytes" in *e. */
int buf_ok(const struct buf *b, struct err *e);

/* The text as a string of its own, freed by the caller with free(); the buffer
 * is empty afterwards. NULL when out of memory. */
char *buf_take(struct buf *b);

#endif
