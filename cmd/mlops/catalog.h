/* catalog.h - what the parts of `mlops catalog` share. */
#ifndef MLOPS_CMD_CATALOG_H
#define MLOPS_CMD_CATALOG_H

#include "state/state.h"

struct catalog_args {
	const char **words; /* the command and what follows it; borrowed from argv */
	size_t n;
	const char *like, *dir;
	int json;
};

/* Both append to out and answer an exit status, or -1 with *e. */

/* Plans each case of tests/cases.json with mlops-plan and compares: 0, or 12 with a
 * line for each case that came out otherwise. */
int catalog_test(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e);
/* Copies a pattern as the start of an own one. */
int catalog_new(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e);

#endif
