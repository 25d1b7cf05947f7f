/*
 * erase.h - forgetting: a whole project at once, and what has outlived its time.
 * Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_ERASE_H
#define MLOPS_STORE_ERASE_H

#include "store.h"

/* Deletes every row of a project in one transaction; its jobs are taken back. `contents`
 * gets the SHA-256 of files that no other project has (an array of strings, which the
 * caller owns), so that their bytes can go, too. ERR_NO_INPUT when there is no such
 * project. */
int store_project_erase(
	struct store *s, const char *project_id, cJSON **contents, struct err *e);

/* What is kept for so many days; 0: for ever. */
struct store_keep {
	int64_t briefs_days; /* what was asked for, in words */
	int64_t payloads_days; /* inputs and outputs of nodes and checkpoints but the latest */
	int64_t events_days; /* of decision sets that are over */
};

/* Deletes what is older, of decision sets that are over and not the newest of their
 * project. *n counts rows. */
int store_expire(struct store *s, const struct store_keep *keep, int64_t now_ms,
	int64_t *n, struct err *e);

/*
 * The SHA-256 of zips that were last made in [after_ms, before_ms), an array of strings
 * that the caller owns. Zips have no rows of their own: checkpoints name them.
 */
int store_zips_between(struct store *s, int64_t after_ms, int64_t before_ms,
	cJSON **hexes, struct err *e);

#endif
