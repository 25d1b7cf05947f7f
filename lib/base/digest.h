/*
 * digest.h - SHA-256 (FIPS 180-4, by libmd, which loads in microseconds where
 * libcrypto takes milliseconds). Thread safety: reentrant.
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
