/*
 * sse.h - reads a text/event-stream (WHATWG HTML 9.2.6) from pieces of any size; bytes
 * that are not UTF-8 become U+FFFD. Proven by build/tests/conformance sse.
 * Thread safety: a struct sse belongs to one thread.
 */
#ifndef MLOPS_LLM_SSE_H
#define MLOPS_LLM_SSE_H

#include <stdint.h>

#include "base/base.h"

struct sse {
	struct buf line, type, data;
	struct buf next_id; /* what "id" said; counts from the next blank line on */
	struct buf last_id; /* the last event id as it stands */
	int64_t retry_ms;   /* the last valid one, -1: none */
	size_t comments;
	int began;   /* the first line was seen: a byte order mark is behind us */
	int skip_lf; /* the last byte was a CR */
};

/* One event may hold at most `max` bytes. */
void sse_init(struct sse *s, size_t max);
void sse_release(struct sse *s);

/* Calls `got` for each event, `type` "message" unless the stream says otherwise. A
 * non-zero answer of `got` ends it and is the result. -1 with *e: an event is too long. */
int sse_feed(struct sse *s, const char *bytes, size_t n,
	int (*got)(void *arg, const char *type, const struct buf *data, struct err *e),
	void *arg, struct err *e);

#endif
