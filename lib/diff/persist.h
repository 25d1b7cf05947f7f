/* persist.h - mlops-diff --db: a bare pipe's result in the store; inside the room. */
#ifndef MLOPS_DIFF_PERSIST_H
#define MLOPS_DIFF_PERSIST_H

#include "state/state.h"

/* Where a pipe's results are kept: the project of a directory or a name. */
struct persist {
	const char *url;     /* NULL: nothing is kept */
	const char *project; /* NULL: the directory */
	const char *dir;
};

/* The state of the project's newest complete version, or with `before` of the one
 * before it; *state is NULL if there is none. `git`, which may be NULL, gets the path
 * of its repository. The caller owns both. */
int persist_previous(
	const struct persist *p, int before, cJSON **state, char **git, struct err *e);

/* Keeps a finished state as a new version: runs, events, cost, approval, artifacts. */
int persist_state(const struct persist *p, const cJSON *state, struct err *e);

#endif
