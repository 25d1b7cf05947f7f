/*
 * numbers.h - whether every number of a text stands in a document already: what a
 * model writes may say things better, and may not bring figures of its own.
 * Thread safety: read-only once made.
 */
#ifndef MLOPS_STATE_NUMBERS_H
#define MLOPS_STATE_NUMBERS_H

#include "json/json.h"

struct numbers;

/* The numbers of a tree: its numbers, and those within its strings. */
struct numbers *numbers_new(const cJSON *tree, struct err *e);
void numbers_free(struct numbers *n); /* NULL is fine */

/* 1 if all numbers of the text are known, as they are or rounded to the decimals that
 * the text shows; 0 with the first other one in bad. Digits within a name (p95, s3) are
 * no numbers. */
int numbers_known(const struct numbers *n, const char *text, char *bad, size_t max);

#endif
