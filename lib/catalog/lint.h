/*
 * lint.h - looking at the catalogue: list, show, and say what is wrong with it.
 *
 * Lint goes beyond what the planner needs to read a pattern: ports, bases,
 * services and prices that exist, formulas that give sizes for no load, for a
 * small and for a large one, templates that can be rendered. A finding names file,
 * JSON Pointer and reason.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_CATALOG_LINT_H
#define MLOPS_CATALOG_LINT_H

#include "state/state.h"

/*
 * `mlops catalog ...`: argv[0] is "list", "show", "manual" or "lint".
 *   list [CLOUD]           ids and titles
 *   show ID                one pattern, for people (--json: as it is)
 *   manual                 mlops-patterns(7), as mdoc
 *   lint [CLOUD] [ID ...]  findings on stdout; all patterns without an ID
 * Answers an exit status: 0, 12 with findings, 66 for an unknown ID; -1 with *e.
 */
int catalog_command(struct node_env *env, int argc, char **argv, struct err *e);

/* Findings of one cloud's patterns (all, or those in ids) as lines appended to out:
 * "share/patterns/...: /bom/3/sku: ...". */
int catalog_lint(struct node_env *env, const char *cloud, char **ids, size_t n_ids,
	struct buf *out, size_t *n_findings, struct err *e);

/* mlops-patterns(7) appended to out. */
int catalog_manual(struct node_env *env, struct buf *out, struct err *e);

#endif
