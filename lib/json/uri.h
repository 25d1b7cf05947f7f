/*
 * uri.h - URI references (RFC 3986) as JSON Schema needs them. For this room.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_JSON_URI_H
#define MLOPS_JSON_URI_H

#include "base/base.h"

struct uri_part {
	const char *at; /* NULL: not there */
	size_t len;
};

struct uri {
	struct uri_part scheme, authority, path, query, fragment;
};

/* Splits without checking characters (RFC 3986 appendix B). */
void uri_split(const char *text, struct uri *out);

/* Appends `ref` resolved against `base` (section 5.2), without its fragment. */
void uri_resolve(const char *base, const char *ref, struct buf *out);

/* Appends text with %XX decoded. */
void uri_decode(const char *text, struct buf *out);

#endif
