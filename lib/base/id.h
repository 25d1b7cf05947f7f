/*
 * id.h - UUIDs (RFC 9562). Thread safety: reentrant.
 */
#ifndef MLOPS_ID_H
#define MLOPS_ID_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define ID_TEXT_MAX 37

int id_random(char out[ID_TEXT_MAX], struct err *e); /* version 4, getrandom(2) */

/* Version 8: the first 122 free bits of the SHA-256 of `data`. */
void id_from_content(const void *data, size_t len, char out[ID_TEXT_MAX]);

/* 1 if text is the 8-4-4-4-12 form in either case. */
int id_is_valid(const char *text);

enum id_variant { ID_NCS, ID_RFC9562, ID_MICROSOFT, ID_FUTURE };

struct id {
	unsigned char bytes[16];
	enum id_variant variant;
	int version;     /* 0 for variants that have none */
	int64_t unix_ms; /* version 7, else -1 */
};

int id_parse(const char *text, struct id *out); /* 0, or -1 when it is none */
void id_format(const unsigned char bytes[16], char out[ID_TEXT_MAX]); /* lower case */

/* Version 3 (MD5) or 5 (SHA-1) of a name in a namespace, which is a UUID. -1 when
 * the namespace is none or the version is another one. */
int id_from_name(int version, const char *space, const void *name, size_t len,
	char out[ID_TEXT_MAX]);

#endif
