/*
 * key.h - what a node's result depends on, and whether a recorded one still holds
 * (specification 21.3, contracts.md section 1).
 *
 * Before a node runs, its input, its options and its provider are known: the base
 * key finds candidates. What it read (files of share/ by digest, the names beside
 * them, its own version) is known afterwards, is recorded with the result and is
 * held against the present before the result counts. The idempotency key covers
 * both.
 * Thread safety: a struct keyring belongs to one thread.
 */
#ifndef MLOPS_GRAPH_KEY_H
#define MLOPS_GRAPH_KEY_H

#include "state/state.h"

struct keyring {
	const char *share, *exec_dir;              /* borrowed */
	cJSON *files, *listings, *exes, *versions; /* what was looked up already */
};

int keyring_init(
	struct keyring *k, const char *share, const char *exec_dir, struct err *e);
void keyring_release(struct keyring *k);

/* The declared keys that the state has; the runner's own do not count. The caller
 * owns the object, whose values are views of the state. */
cJSON *key_input(const struct node_row *node, const cJSON *state, struct err *e);

/* sha256(thread | node | canonical({input, options, provider})). `options` are those
 * that the driver passes, files by digest. */
int key_base(const char *thread, const struct node_row *node, const cJSON *input,
	const cJSON *options, const char *provider, char out[DIGEST_HEX_MAX],
	struct err *e);

/* What a node that has just run read, from its run_meta entry: {version, provider,
 * prompt_pack, options, files, listings, exe}. The caller owns it. */
cJSON *key_read(
	struct keyring *k, const struct node_row *node, const cJSON *meta, struct err *e);

/* sha256(thread | node | canonical({input, what was read but for the executable})). */
int key_full(const char *thread, const struct node_row *node, const cJSON *input,
	const cJSON *read, char out[DIGEST_HEX_MAX], struct err *e);

/* 1 if everything that was read is still the same, 0 if not, -1 with *e. `why`
 * gets what differs; may be NULL. */
int key_holds(struct keyring *k, const struct node_row *node, const cJSON *read,
	struct buf *why, struct err *e);

/* SHA-256 over names and contents of a file or a whole directory. */
int key_path_digest(const char *path, char out[DIGEST_HEX_MAX], struct err *e);

#endif
