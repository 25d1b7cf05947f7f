/*
 * locked.h - small JSON documents below the state directory that processes share.
 * Thread safety: processes may share them; an open one belongs to one thread.
 */
#ifndef MLOPS_LLM_LOCKED_H
#define MLOPS_LLM_LOCKED_H

#include "session.h"

struct locked {
	int fd; /* of the lock file */
	char *path;
	cJSON *doc; /* an object, empty when there was none or it was broken */
};

/* Waits for the lock; the document is DIR/KIND-HASH.json. The directory is made. */
int locked_open(struct llm_session *s, const char *kind, const char *what,
	struct locked *l, struct err *e);

/* With `write` the document goes back, atomically; the lock is given free. */
int locked_close(struct locked *l, int write, struct err *e);

#endif
