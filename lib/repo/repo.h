/*
 * repo.h - a project's git repository: bare, one commit a version.
 *
 * A projection of the record, not the record: commits have a fixed author and
 * time, so the same files on the same parent give the same commit on every
 * machine, and doing it twice changes nothing.
 * Thread safety: a struct repo belongs to one thread. libgit2 is started by
 * repo_open and stopped by repo_close.
 */
#ifndef MLOPS_REPO_H
#define MLOPS_REPO_H

#include "json/json.h"

#define REPO_ID_MAX 41 /* 40 hex digits */

struct repo;

/* Opens the bare repository, made when there is none. ERR_CANT_CREATE when it
 * cannot be made, ERR_IO when it is broken. */
int repo_open(struct repo **out, const char *dir, struct err *e);
void repo_close(struct repo *r); /* NULL is fine */

/* Writes the files of a manifest, read from below root, and answers their tree. */
int repo_tree(struct repo *r, const char *root, const cJSON *files,
	char tree[REPO_ID_MAX], struct err *e);

/* 1 if the repository has this commit. */
int repo_has(struct repo *r, const char *commit);

/* A commit of `tree` on `parent` (NULL: a first one); refs/heads/main points to it
 * afterwards, wherever it was. */
int repo_commit(struct repo *r, const char *tree, const char *parent, const char *message,
	int64_t time_ns, char commit[REPO_ID_MAX], struct err *e);

struct repo_change {
	const char *path;
	char change;           /* 'A' added, 'D' removed, 'M' modified */
	size_t added, removed; /* lines */
	const char *patch;     /* unified diff; NULL for binary files */
	size_t patch_len;
};

/* Calls `each` for every file that differs between the commit (NULL: nothing) and
 * the tree, in path order; what it is given lives for the call. A value other
 * than 0 ends the walk and is the result. */
int repo_diff(struct repo *r, const char *commit, const char *tree,
	int (*each)(void *arg, const struct repo_change *c, struct err *e), void *arg,
	struct err *e);

/* Appends the whole history as a git bundle (gitformat-bundle, version 2), which
 * `git clone` takes. ERR_NO_INPUT while there is no commit. */
int repo_bundle(struct repo *r, struct buf *out, struct err *e);

/* Takes the history of a bundle into an empty repository. ERR_INPUT for what is none. */
int repo_unbundle(struct repo *r, const void *bundle, size_t len, struct err *e);

#endif
