/*
 * keep.h - what is written down: cassettes, payloads in quarantine, raw prompts.
 *
 * A cassette is DIR/HASH.json: {request_sha256, purpose, answer}, written with secrets
 * and personal data masked. The quarantine gets what failed its schema N times in a
 * row, masked and cut. Raw prompts and answers are written only to a directory that
 * was named on the command line for it (--debug-dir); every file has mode 0600.
 * Thread safety: processes may share the directories.
 */
#ifndef MLOPS_LLM_KEEP_H
#define MLOPS_LLM_KEEP_H

#include "request.h"

/* The recorded answer; the caller owns it. NULL with ERR_NO_INPUT when this request was
 * never recorded, ERR_INPUT for a cassette that is broken or of another request. */
cJSON *cassette_read(struct llm_session *s, const struct llm_request *q, struct err *e);
int cassette_write(struct llm_session *s, const struct llm_request *q,
	const cJSON *answer, struct err *e);

/* Counts consecutive schema failures of a purpose at a model, and puts the payload away
 * once there are enough. 1 when it was, 0, or -1. `payload` NULL: it went well, the
 * count starts anew. */
int quarantine_note(struct llm_session *s, const struct llm_request *q,
	const struct llm_target *t, const struct buf *payload, const char *why,
	struct err *e);

int debug_write(struct llm_session *s, const struct llm_request *q,
	const struct llm_target *t, const struct llm_call *c, const struct llm_reply *r,
	int number, struct err *e);

#endif
