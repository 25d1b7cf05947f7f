/*
 * history.h - a project's git repository beside its zips in S3, as a bundle: a machine
 * that never had it, or lost it, goes on from there. It is a projection: what fails here
 * is logged and fails no run.
 * Thread safety: a store belongs to one thread.
 */
#ifndef MLOPS_SERVICE_HISTORY_H
#define MLOPS_SERVICE_HISTORY_H

#include "config.h"
#include "store/store.h"

/* Makes the repository from the bundle of the newest complete version, where this
 * machine has none. Does nothing unless artifacts are kept in S3. */
void history_restore(const struct config *c, const struct log *log, struct store *store,
	const char *project_id);

/* Keeps the bundle as projects/{project}/git/{commit}.bundle after a version is complete;
 * the one of the version before goes. Does nothing unless artifacts are kept in S3. */
void history_keep(const struct config *c, const struct log *log, struct store *store,
	const char *project_id);

#endif
