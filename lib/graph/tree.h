/*
 * tree.h - the generated files at one point of a run, by content: taken from a
 * directory into blobs, brought back from blobs into a directory.
 *
 * A tree is a JSON array of {path, sha256, mode}, in path order. Thread safety:
 * reentrant; one directory is one caller's.
 */
#ifndef MLOPS_GRAPH_TREE_H
#define MLOPS_GRAPH_TREE_H

#include "json/json.h"

/* The files of the manifest and everything below reports/, contents into blobs. The
 * caller owns it. */
cJSON *tree_take(
	const char *dir, const cJSON *artifacts, const char *blobs, struct err *e);

/* 1 if the blobs have every file. */
int tree_complete(const cJSON *tree, const char *blobs);

/* Makes dir hold exactly the tree. */
int tree_restore(const cJSON *tree, const char *dir, const char *blobs, struct err *e);

/*
 * Makes dir hold the tree, given that it held `old` (NULL: nothing of ours). Files
 * of neither stay. A file that is not as `old` says was changed by somebody: it is
 * replaced only with `force`, else the first one is named (ERR_CANT_CREATE) and
 * nothing is written.
 */
int tree_publish(const cJSON *tree, const cJSON *old, const char *dir, const char *blobs,
	int force, struct err *e);

/* What stands at dir/name: 1 a regular file whose digest goes to hex, 0 nothing, -1
 * something else (hex is empty unless 1). */
int tree_look(const char *dir, const char *name, char hex[DIGEST_HEX_MAX]);

/* ERR_CANT_CREATE: the file is not as it was written. */
int tree_in_the_way(const char *dir, const char *path, struct err *e);

/* 0, or -1 naming the first file of `old` that is there and has another content. */
int tree_check_unchanged(const cJSON *old, const char *dir, struct err *e);

#endif
