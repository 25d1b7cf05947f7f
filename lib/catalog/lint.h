/*
 * lint.h - looking at the catalogue: list, show, the manual, and what is wrong.
 *
 * Lint goes beyond what the planner needs to read a pattern: ports, bases,
 * services, Regions and prices that exist, requirements that can be met, names and
 * values of formulas over a grid of loads, templates that can be rendered. A finding
 * names file, JSON Pointer and reason.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_CATALOG_LINT_H
#define MLOPS_CATALOG_LINT_H

#include "state/state.h"

int catalog_is_cloud(const char *word);

/* Ids, capabilities and titles of one cloud (NULL: of all), appended to out; as_json:
 * an array with version, path and whether a repository can be generated, too. */
int catalog_list(struct node_env *env, const char *cloud, int as_json, struct buf *out,
	struct err *e);

/* One pattern for people, or as it is. ERR_NO_INPUT for an id that no pattern has. */
int catalog_show(struct node_env *env, const char *id, int as_json, struct buf *out,
	struct err *e);

/* Findings of one cloud's patterns (all, or those in ids, which must exist) as lines
 * appended to out: "share/patterns/.../pattern.json: /bom/3/sku: ...". */
int catalog_lint(struct node_env *env, const char *cloud, char **ids, size_t n_ids,
	struct buf *out, size_t *n_findings, struct err *e);

/* mlops-patterns(7) appended to out. */
int catalog_manual(struct node_env *env, struct buf *out, struct err *e);

#endif
