/*
 * checks.h - inside the room: the repository in memory, and what a check is.
 *
 * A check's result is a JSON object of share/schemas/reports.schema.json's shape;
 * it belongs to one thread while the check runs, and to the node afterwards.
 */
#ifndef MLOPS_VALIDATE_CHECKS_H
#define MLOPS_VALIDATE_CHECKS_H

#include "state/state.h"

#define FILE_MAX       ((size_t)32 << 20) /* a generated file */
#define FINDINGS_SHOWN 200                /* of one check; all are counted */

/* ---- the repository, as the manifest says it is ---- */

struct vfile {
	const char *path; /* borrowed from the manifest */
	const char *sha;  /* likewise */
	struct buf bytes;
	unsigned mode;
};

struct vtree {
	const char *root;
	struct vfile *at;
	size_t n;
};

/* Reads the files of the manifest, but for reports/, below root; what is missing or
 * differs from its digest becomes a finding of `check`. Release with tree_release. */
int tree_load(struct vtree *t, const char *root, const cJSON *artifacts, cJSON *check,
	struct err *e);
void tree_release(struct vtree *t);
const struct vfile *tree_find(const struct vtree *t, const char *path);

/* Writes all files below dir, which is made. */
int tree_copy(const struct vtree *t, const char *dir, struct err *e);

/* 1 when a path matches: '*' within a component, "**" across (also none), '?'. */
int glob_match(const char *pattern, const char *path);
/* 1 when path matches one of a JSON array of globs. */
int glob_any(const cJSON *globs, const char *path);

/* ---- results ---- */

/* A new result, `pass` until told otherwise. tool NULL: built in. */
cJSON *check_new(const char *id, const char *title, const char *tool, struct err *e);
int check_set(cJSON *check, const char *status, struct err *e, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));
int check_detail(cJSON *check, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *check_status(const cJSON *check);
int check_is(const cJSON *check, const char *status);

/* file may be NULL, line and column 0 for unknown. The message is made one line of
 * printable UTF-8 without the scratch directory's name. Past FINDINGS_SHOWN it is
 * only counted. */
int check_finding(cJSON *check, const char *rule, const char *level, const char *file,
	size_t line, size_t column, const char *message, struct err *e);
/* Sorts by file, line, column, rule, message and drops doubles; cuts to
 * FINDINGS_SHOWN. */
int check_settle(cJSON *check, struct err *e);

/* ---- accepted findings ---- */

/* Puts a copy of a finding under check.waived with its reason. */
int check_waived(cJSON *check, const cJSON *finding, const char *why, struct err *e);
/* `accepted` is the member of that name in share/skeleton/accepted.json: each row has a
 * rule and a reason, or ERR_CONFIG. */
int waivers_check(const cJSON *accepted, struct err *e);
/* Moves what is accepted of a row's findings to check.waived; a check that failed by
 * nothing else passes. */
int waivers_apply(const cJSON *accepted, const cJSON *row, cJSON *check, struct err *e);

/* Appends text with control characters as spaces, runs of white space single, bytes
 * that are not UTF-8 as '?', and `drop` (a directory name; may be NULL) left out. */
void clean_text(struct buf *out, const char *text, size_t len, const char *drop);

/* ---- checks that are built in ---- */

int check_secrets(cJSON *check, struct node_env *env, const struct vtree *t,
	cJSON *report, struct err *e);
int check_claims(cJSON *check, struct node_env *env, const struct vtree *t,
	const cJSON *plan, cJSON *report, struct err *e);
/* What the Terraform files declare is what plan.bom bills (pricing/declared.h). */
int check_bom(cJSON *check, struct node_env *env, const struct vtree *t,
	const cJSON *plan, cJSON *report, struct err *e);
int check_leftovers(
	cJSON *check, struct node_env *env, const struct vtree *t, struct err *e);
/* A CycloneDX 1.6 document of what the repository depends on. */
cJSON *sbom_make(const struct vtree *t, const char *name, struct err *e);
size_t sbom_components(const cJSON *bom);
int check_sbom(cJSON *check, const cJSON *bom, struct err *e);

/* ---- tools ---- */

struct tools_args {
	const char *only;  /* comma list of check or tool ids; NULL: all */
	unsigned jobs;     /* at least 1 */
	double timeout_s;  /* over each row's own; 0: the row's */
	int strict;        /* a missing tool fails */
	int network;       /* tools that need the network run */
	const char *cache; /* directory; NULL: none */
};

/* Runs the rows of share/validators.json over copies of the tree and pushes their
 * results to `checks` in the rows' order. */
int tools_run(struct node_env *env, const struct tools_args *args, const struct vtree *t,
	cJSON *checks, struct err *e);

/* ---- reports ---- */

int report_validation(
	const cJSON *checks, const char *status, struct buf *out, struct err *e);
int report_sarif(const cJSON *checks, struct buf *out, struct err *e);
int report_markdown(
	const cJSON *checks, const char *status, struct buf *out, struct err *e);
int report_junit(const cJSON *checks, struct buf *out, struct err *e);

#endif
