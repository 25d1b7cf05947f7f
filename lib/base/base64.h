/*
 * base64.h - base64 and base64url (RFC 4648, sections 4 and 5).
 *
 * Decoding is strict: no other characters, unused bits zero; padding exactly where the
 * alphabet has it (standard) or not at all (url).
 * Thread safety: everything here.
 */
#ifndef MLOPS_BASE64_H
#define MLOPS_BASE64_H

#include "buf.h"

enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

/* Appends standard base64 with padding. */
void base64_encode(const void *data, size_t len, struct buf *out);

/* Appends what the text decodes to; -1 and nothing appended when it is not base64. */
int base64_decode(
	const char *text, size_t len, enum base64_alphabet alphabet, struct buf *out);

#endif
