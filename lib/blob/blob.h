/*
 * blob.h - contents that are kept: by their SHA-256 in a directory beside a run, and
 * by name in the artifact store of a service, which is a directory or S3.
 */
#ifndef MLOPS_BLOB_H
#define MLOPS_BLOB_H

#include "base/base.h"

/*
 * ---- contents by their SHA-256: writing one twice changes nothing ----
 *
 * A store is a directory: DIR/a/bcdef... holds the bytes whose digest starts
 * with "abcdef"; sixteen directories, because making one costs as much as a file.
 * Thread safety: reentrant; any number of processes may share one.
 */

/* Keeps the bytes; `hex` gets their digest. */
int blob_put(const char *dir, const void *data, size_t len, char hex[DIGEST_HEX_MAX],
	struct err *e);

/* Appends the contents. ERR_NO_INPUT when they are not there, ERR_IO when what is
 * there has another digest. */
int blob_get(const char *dir, const char *hex, struct buf *out, struct err *e);

int blob_has(const char *dir, const char *hex);

/* Appends the path of the contents, there or not; ERR_INPUT for what is no digest. */
int blob_path(const char *dir, const char *hex, struct buf *out, struct err *e);

/*
 * ---- the artifact store: objects by name ----
 *
 * Names are relative paths (file_check_relative); artifacts lie under
 * projects/{project}/ds_{version}/{sha256}-{filename}, so that writing one twice
 * changes nothing and a project can be erased as a whole.
 * Thread safety: a store belongs to one thread at a time; open one per thread. Any
 * number of processes may work on one place.
 */
struct blob_store;

/*
 * url is "dir:PATH" (or a plain path), or
 *   s3://BUCKET[/PREFIX][?region=R&endpoint=URL&sse=aws:kms&kms_key=ID&ca_file=PATH]
 * endpoint names an S3-compatible server (path style). Credentials come from the
 * environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), else from
 * the container's (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, with
 * AWS_CONTAINER_AUTHORIZATION_TOKEN), which rotate and are fetched again in time.
 * Objects are encrypted by the server: AES256 unless sse says another. NULL with *e
 * (ERR_CONFIG); nothing is contacted yet. The caller closes.
 */
struct blob_store *blob_open(const char *url, struct err *e);
void blob_close(struct blob_store *store);

/* 1 when the store gives out URLs of its own (S3). */
int blob_can_presign(const struct blob_store *store);

/* Appends the name of an artifact. Characters of `filename` that are not letters,
 * digits, '.', '_' or '-' become '_'. ERR_INPUT when `hex` is no SHA-256. */
int blob_artifact_name(const char *project, int64_t version, const char *hex,
	const char *filename, struct buf *out, struct err *e);

/* Writes an object that never changes: one that is there already is left as it is.
 * Large ones go in parts. Whole or not at all. `class` ("zip", "report", ...) is what its
 * lifetime hangs on: in S3 the tag "class", which lifecycle rules read; NULL: none. */
int blob_write(struct blob_store *store, const char *name, const char *class,
	const void *data, size_t len, struct err *e);

/* Appends an object of at most out->max bytes. When hex is not NULL the contents are
 * checked against it: ERR_IO "... is damaged" and nothing appended when they differ.
 * ERR_NO_INPUT when there is none of this name. */
int blob_read(struct blob_store *store, const char *name, const char *hex,
	struct buf *out, struct err *e);

/* Appends bytes first..first+len-1 (fewer at the end of the object). Unchecked. */
int blob_read_range(struct blob_store *store, const char *name, int64_t first,
	int64_t len, struct buf *out, struct err *e);

/* *size in bytes, or ERR_NO_INPUT. */
int blob_size(struct blob_store *store, const char *name, int64_t *size, struct err *e);

int blob_delete(
	struct blob_store *store, const char *name, struct err *e); /* absent: 0 */

/* Deletes every object whose name starts with the prefix, which must end in '/'; *n
 * counts them. Goes on after a failure and tells the first one. */
int blob_delete_all(
	struct blob_store *store, const char *prefix, size_t *n, struct err *e);

/* Appends a URL that anybody may read the object by for so long, 1 to 604800 s (and no
 * longer than temporary credentials last). ERR_CONFIG for a directory. */
int blob_presign(struct blob_store *store, const char *name, int64_t expires_s,
	int64_t now_s, struct buf *out, struct err *e);

#endif
