/*
 * backfill.h - derived columns and rows made again for what is older than they are
 * (specification 23.3): in small transactions, each noting how far it came, so that
 * one that is interrupted goes on where it was. Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_BACKFILL_H
#define MLOPS_STORE_BACKFILL_H

#include "store.h"

const char *backfill_names(void); /* "documents, cost-deltas" */

/* ERR_USAGE for a name that is none. *done counts the rows of all its starts. */
int backfill_run(const char *url, const char *name, int64_t *done, struct err *e);

#endif
