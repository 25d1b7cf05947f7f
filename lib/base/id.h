/*
 * id.h - UUIDs (RFC 9562). Thread safety: reentrant.
 */
#ifndef MLOPS_ID_H
#define MLOPS_ID_H

#include <stddef.h>

#include "err.h"

#define ID_TEXT_MAX 37

int id_random(char out[ID_TEXT_MAX], struct err *e); /* version 4, getrandom(2) */

/* Version 8: the first 122 free bits of the SHA-256 of `data`. */
void id_from_content(const void *data, size_t len, char out[ID_TEXT_MAX]);

/* 1 if text is the 8-4-4-4-12 form in either case. */
int id_is_valid(const char *text);

#endif
