/*
 * breaker.h - one circuit breaker for a provider and model at one address, shared by
 * all processes of a user: a small JSON file below the state directory, changed under
 * flock(2).
 *
 * closed: calls pass; N failures in a row open it. open: nothing passes until the
 * cool-down is over. half_open: exactly one process probes, the others are still turned
 * away; a probe that goes well closes it, one that fails opens it for twice as long. A
 * probe that dies loses its turn when its lease ends. Each change of state raises
 * `generation`; the outcome of a call that began in an older one does not count, so
 * late failures of many processes open it once.
 * Thread safety: processes may share the directory; a struct breaker is one thread's.
 */
#ifndef MLOPS_LLM_BREAKER_H
#define MLOPS_LLM_BREAKER_H

#include "session.h"

struct breaker {
	struct buf path;
	int64_t generation; /* when the call began */
	int probe;          /* this call is the probe */
};

/* 1: go on; 0: turned away, *wait_ms until there is hope; -1 with *e. */
int breaker_enter(struct llm_session *s, const struct llm_target *t, struct breaker *b,
	int64_t *wait_ms, struct err *e);

/* How the call ended; a Retry-After lengthens the cool-down. Each breaker that was
 * entered (1) is left exactly once. */
int breaker_leave(struct llm_session *s, struct breaker *b, const struct llm_reply *r,
	struct err *e);

#endif
