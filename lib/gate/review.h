/*
 * review.h - one screen of what an approval decides on: plan, cost, verdicts, risks,
 * assumptions, open questions. mlops-gate asks with it, mlops run and show print it.
 */
#ifndef MLOPS_GATE_REVIEW_H
#define MLOPS_GATE_REVIEW_H

#include "state/state.h"

/* What stands against an approval, as arrays of texts; NULL: none. */
struct gate_review {
	const cJSON *blocking; /* no one can approve until these are gone */
	const cJSON *person;   /* a person must decide */
	size_t width;          /* columns that a line may take; 0: as long as it is */
};

/*
 * Appends the screen for `state`, whose parts may be missing. No control character of
 * the state reaches it. Thread safe.
 */
void gate_review(const cJSON *state, const struct gate_review *how, struct buf *out);

#endif
