/* What a kind of artifact store does; inside this room only. */
#ifndef MLOPS_BLOB_STORE_H
#define MLOPS_BLOB_STORE_H

#include "blob.h"

struct blob_kind {
	int presigns;
	void (*close)(struct blob_store *);
	int (*write)(struct blob_store *, const char *name, const char *class,
		const void *data, size_t len, struct err *);
	/* first < 0: the whole object */
	int (*read)(struct blob_store *, const char *name, int64_t first, int64_t len,
		struct buf *out, struct err *);
	int (*size)(struct blob_store *, const char *name, int64_t *size, struct err *);
	int (*remove)(struct blob_store *, const char *name, struct err *);
	/* Calls `each` with every name below the prefix. */
	int (*list)(struct blob_store *, const char *prefix,
		int (*each)(void *arg, const char *name, struct err *), void *arg,
		struct err *);
	int (*presign)(struct blob_store *, const char *name, int64_t expires_s,
		int64_t now_s, struct buf *out, struct err *);
};

struct blob_store {
	const struct blob_kind *kind;
	/* the kind's own members follow */
};

struct blob_store *blob_open_dir(const char *path, struct err *e);
struct blob_store *blob_open_s3(const char *url, struct err *e);

#endif
