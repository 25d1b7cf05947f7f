/*
 * archive.h - a zip whose bytes depend on its files and nothing else.
 *
 * Entries are stored (not compressed: another zlib may compress otherwise), in
 * path order, owned by nobody, with one fixed time and modes 0644 or 0755.
 * Thread safety: archive_zip fixes TZ for its duration, because the format
 * holds local time; no other thread may read the time zone meanwhile.
 */
#ifndef MLOPS_ARCHIVE_H
#define MLOPS_ARCHIVE_H

#include "json/json.h"

/*
 * Writes zip_path atomically with the files of a manifest (`artifacts.files`, any
 * order), read from below root and held against their recorded digests: a file
 * that is missing or differs is ERR_INPUT. time_ns is clamped to what a zip can
 * hold (1980 to 2107). `digest` gets the zip's SHA-256; may be NULL.
 */
int archive_zip(const char *zip_path, const char *root, const cJSON *files,
	int64_t time_ns, char digest[DIGEST_HEX_MAX], struct err *e);

/* Appends one file of a zip that lies in memory; ERR_NO_INPUT when it is not in it. */
int archive_file(
	const void *zip, size_t len, const char *path, struct buf *out, struct err *e);

#endif
