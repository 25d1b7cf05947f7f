/*
 * pool.h - a bounded number of database connections that threads take turns with.
 *
 * Thread safety: every function may be called from any thread.
 */
#ifndef MLOPS_SERVICE_POOL_H
#define MLOPS_SERVICE_POOL_H

#include "store/store.h"

struct pool;

struct pool *pool_new(const char *url, size_t max, struct err *e);
void pool_free(struct pool *p); /* NULL is fine; all stores must be back */

/* Waits up to two seconds for one. ERR_DOWN when none is free by then, or when the
 * database could not be reached a moment ago. */
int pool_get(struct pool *p, struct store **out, struct err *e);
void pool_put(struct pool *p, struct store *s);

size_t pool_in_use(struct pool *p);

#endif
