/*
 * golden.h - frozen briefs: what they gave once, they must give again
 * (specification 21.9 and 23.7).
 *
 * A folder holds briefs NAME.md (and NAME.options.json, options of mlops run, where
 * needed). Recording writes NAME/state.json, the state but for clock times and tool
 * results, NAME/files.txt, every file's mode and digest, and NAME/golden.json: the
 * answer, the repository's digest, the capabilities.
 * Thread safety: sets SOURCE_DATE_EPOCH for the process; one call at a time.
 */
#ifndef MLOPS_GOLDEN_H
#define MLOPS_GOLDEN_H

#include <stdatomic.h>

#include "state/state.h"

struct golden_options {
	const char *dir, *share;
	const char *junit; /* NULL: no report */
	int quiet;
	const atomic_int *stop;
};

/* Freezes every brief of the folder. A brief that policy fails is refused. 0 or -1. */
int golden_record(const struct golden_options *o, struct buf *out, struct err *e);

/* Runs every brief again; what differs is told in `out`, key by key. *failures counts
 * the checks that failed. 0, or -1 when it could not be found out. */
int golden_verify(
	const struct golden_options *o, struct buf *out, size_t *failures, struct err *e);

#endif
