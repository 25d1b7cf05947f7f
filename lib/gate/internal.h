/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_GATE_INTERNAL_H
#define MLOPS_GATE_INTERNAL_H

#include "gate.h"
#include "review.h"
#include "rules/approval.h"

struct gate_args {
	int ask, approve, reject;
	struct opt_list comments;
	const char *actor, *expires, *mode;
	double max_delta_usd, max_delta_pct;
};

/* What stands against an approval, as texts for `hitl.reasons`. */
struct obstacles {
	cJSON *blocking; /* no one can approve until these are gone */
	cJSON *person;   /* a person must decide, auto does not */
	cJSON *digest;   /* of what is decided on (approval_digest) */
};

int obstacles_find(
	struct obstacles *o, const cJSON *in, const struct gate_args *a, struct err *e);
void obstacles_release(struct obstacles *o);

/* What is asked, and the review, as wide as the terminal that fd is, if it is one. */
int gate_screen(const cJSON *in, const struct obstacles *o, int fd, struct buf *out,
	struct err *e);

enum gate_choice { GATE_WAIT, GATE_APPROVE, GATE_REJECT };

/* Asks on the terminal; comment and actor go into the given buffers. */
int gate_ask(const cJSON *in, const struct obstacles *o, enum gate_choice *choice,
	struct buf *actor, struct buf *comment, struct err *e);

#endif
