/*
 * run.h - inside the room: one row of share/validators.json at work.
 */
#ifndef MLOPS_VALIDATE_RUN_H
#define MLOPS_VALIDATE_RUN_H

#include "checks.h"

#define OUTPUT_MAX ((size_t)8 << 20) /* of one tool, each stream */

/* A list of strings that it owns. */
struct texts {
	char **at;
	size_t n;
};

int texts_add(struct texts *l, const char *s, size_t len, struct err *e);
int texts_add_once(struct texts *l, const char *s, size_t len, struct err *e);
void texts_release(struct texts *l);

/* ---- where a tool works ---- */

struct place {
	char *work; /* the copy of the repository */
	char *home; /* HOME and TMPDIR: empty at the start */
};

/* The environment of every tool: a clean one, NULL-terminated. */
int tool_env(struct texts *env, const char *home, const cJSON *extra, int network,
	struct err *e);

/* ---- reading what tools print (findings.c) ---- */

/* Turns output into findings of `check` by the row's "findings" member. 1 when it could
 * not be read as such (rubbish), with *why; 0 or -1. `prefix` is put before file
 * names; `work` is the directory whose name is left out. */
int findings_read(const cJSON *how, const char *out, size_t out_len, const char *err_text,
	size_t err_len, const char *work, const char *prefix, cJSON *check,
	struct buf *why, struct err *e);

/* A pattern of the table, by lines; NULL with ERR_CONFIG. Freed by pcre2_code_free. */
struct pcre2_real_code_8 *pattern_compile(const char *pattern, struct err *e);

/* The first group of a pattern's first match, appended to `to`; 1 when there is one. */
int pattern_first(
	const char *pattern, const char *text, size_t len, struct buf *to, struct err *e);

/* ---- interpreters and mirrors (python.c, mirror.c) ---- */

/* Distribution names of all requirements files, normalised and sorted. */
int python_requirements(const struct vtree *t, struct texts *names, struct err *e);

/* A Python that has all of `names`; its path in out. 1 found; 0 with *why. */
int python_find(const struct texts *names, const cJSON *also, struct buf *out,
	struct buf *why, struct err *e);

struct mirror {
	char *path;
	char *label; /* "aws-5.100.0" */
};

struct mirrors {
	struct mirror *at;
	size_t n;
	struct buf why; /* why there is none */
};

/* The local mirrors that hold every provider the tree's Terraform files require. */
int mirrors_find(struct mirrors *m, const struct vtree *t, struct err *e);
void mirrors_release(struct mirrors *m);

#endif
