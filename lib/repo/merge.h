/*
 * merge.h - three versions of one text into one: what was generated before, what
 * somebody made of it, and what would be generated now.
 * Thread safety: reentrant; libgit2 is started and stopped inside.
 */
#ifndef MLOPS_MERGE_H
#define MLOPS_MERGE_H

#include "base/base.h"

struct merge_side {
	const void *data;
	size_t len;
};

/* What stands where both sides changed the same lines. */
enum merge_conflicts {
	MERGE_MARK, /* both, between <<<<<<< edited, =======, >>>>>>> generated */
	MERGE_KEEP, /* the edited lines */
};

#define MERGE_MARK_EDITED    "<<<<<<< edited"
#define MERGE_MARK_BETWEEN   "======="
#define MERGE_MARK_GENERATED ">>>>>>> generated"

/*
 * Appends the merged text. 0 when it is whole, 1 when it has conflicts that were
 * marked, -1 with *e. Texts with a NUL byte are not merged line by line: ERR_INPUT.
 */
int merge_text(const struct merge_side *base, const struct merge_side *edited,
	const struct merge_side *generated, enum merge_conflicts how, struct buf *out,
	struct err *e);

#endif
