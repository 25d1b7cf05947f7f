/*
 * regex.h - ECMA-262 regular expressions on libpcre2, with limits. For this room.
 * Thread safety: a compiled expression is read-only.
 */
#ifndef MLOPS_JSON_REGEX_H
#define MLOPS_JSON_REGEX_H

#include "base/base.h"

struct regex;

/* NULL with *e for a bad pattern. `strict` refuses what ECMA-262's Unicode mode
 * does (for "format": "regex"); otherwise web schemas' extra escapes are taken. */
struct regex *regex_new(const char *pattern, int strict, struct err *e);
void regex_free(struct regex *r);

/* 1 when the text has a match, 0 when not, -1 with *e when a limit is hit. */
int regex_search(const struct regex *r, const char *text, struct err *e);

#endif
