/*
 * digest.h - SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, linked statically: its
 * two objects use the processor's SHA instructions and add 20 kB, where the
 * shared library adds a millisecond to every start. Thread safety: reentrant.
 */
#ifndef MLOPS_DIGEST_H
#define MLOPS_DIGEST_H

#include <stddef.h>

#include "err.h"

#define DIGEST_LEN     32
#define DIGEST_HEX_MAX 65

void digest_bytes(const void *data, size_t len, unsigned char out[DIGEST_LEN]);
void digest_hex(const void *data, size_t len, char out[DIGEST_HEX_MAX]); /* lower case */
int digest_file_hex(const char *path, char out[DIGEST_HEX_MAX], struct err *e);

#endif
