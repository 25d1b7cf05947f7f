/*
 * manifest.h - `artifacts`: which files a generated repository has.
 *
 * The one home of its order and of content_digest, for every node that adds a
 * file: codegen starts it, rationale and diff add theirs.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_MANIFEST_H
#define MLOPS_MANIFEST_H

#include "json/json.h"

#define MANIFEST_ORIGIN_TOOL "tool" /* results of tools: not in content_digest */

/* A new, empty manifest; the caller owns it. */
cJSON *manifest_new(struct err *e);

/* Adds or replaces a file by its path, in path order (byte values), with digest
 * and size of the given contents. mode: "0644" or "0755". content_digest is stale
 * until manifest_seal. */
int manifest_put(cJSON *artifacts, const char *path, const void *data, size_t len,
	const char *kind, const char *mode, const char *origin, struct err *e);

/* The same where the digest is known already. */
int manifest_put_known(cJSON *artifacts, const char *path, const char *sha256, size_t len,
	const char *kind, const char *mode, const char *origin, struct err *e);

/* The entry of a path, borrowed; NULL if there is none. */
const cJSON *manifest_find(const cJSON *artifacts, const char *path);

/* Writes content_digest: SHA-256 of the lines "MODE SHA256 PATH\n" of all files
 * but those of tools, in path order. */
int manifest_seal(cJSON *artifacts, struct err *e);

/* The same figure without writing it. */
int manifest_digest(const cJSON *artifacts, char out[DIGEST_HEX_MAX], struct err *e);

#endif
