/*
 * blob.h - contents by their SHA-256: writing one twice changes nothing.
 *
 * A store is a directory: DIR/a/bcdef... holds the bytes whose digest starts
 * with "abcdef"; sixteen directories, because making one costs as much as a file.
 * Thread safety: reentrant; any number of processes may share one.
 */
#ifndef MLOPS_BLOB_H
#define MLOPS_BLOB_H

#include "base/base.h"

/* Keeps the bytes; `hex` gets their digest. */
int blob_put(const char *dir, const void *data, size_t len, char hex[DIGEST_HEX_MAX],
	struct err *e);

/* Appends the contents. ERR_NO_INPUT when they are not there, ERR_IO when what is
 * there has another digest. */
int blob_get(const char *dir, const char *hex, struct buf *out, struct err *e);

int blob_has(const char *dir, const char *hex);

/* Appends the path of the contents, there or not; ERR_INPUT for what is no digest. */
int blob_path(const char *dir, const char *hex, struct buf *out, struct err *e);

#endif
