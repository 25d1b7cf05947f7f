/*
 * words.h - finds many words in one pass over a text, ignoring ASCII case
 * (Aho and Corasick 1975). For this room.
 * Thread safety: read-only once built.
 */
#ifndef MLOPS_REDACT_WORDS_H
#define MLOPS_REDACT_WORDS_H

#include "base/base.h"

struct words;

struct words *words_new(struct err *e);
void words_free(struct words *w);

/* `id` is what a hit tells; the same word may be added with several ids. */
int words_add(struct words *w, const char *word, unsigned id, struct err *e);
int words_build(struct words *w, struct err *e); /* once, after the last add */

/* Calls `hit` with the id and the end (exclusive) of every occurrence, in order of
 * their ends; stops at the first non-zero answer and returns it. */
int words_scan(const struct words *w, const char *text, size_t len,
	int (*hit)(void *arg, unsigned id, size_t end), void *arg);

#endif
