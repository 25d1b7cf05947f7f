/*
 * model.h - how a node asks a model, and what becomes of a refused answer.
 *
 * The node spawns mlops-llm, which alone holds keys and opens sockets, and gets an
 * answer that has passed its pack's schema. With --provider none nothing is spawned
 * and nothing changes. An answer that fails (schema, provider, budget, or the node's
 * own checks) leaves the node's deterministic result as it is and a Reason Card that
 * says what was refused and why: a model can improve a node and cannot break one.
 * What the calls used stands in run_meta; the pack's hash in every card of the node.
 * Thread safety: one thread a node.
 */
#ifndef MLOPS_STATE_MODEL_H
#define MLOPS_STATE_MODEL_H

#include "json/json.h"

struct node_env; /* filter.h */

/* 1 when a provider may be asked at all. */
int model_wanted(const struct node_env *env);

/* Asks with the pack `purpose` (which is the node's agent, too); `files` for an agent
 * that edits, or NULL. 1 with *output, which the caller owns; 0 without an answer, told
 * by a card when a provider was asked for; -1 with *e when the machine failed. */
int model_ask(struct node_env *env, const char *purpose, const cJSON *inputs,
	const cJSON *files, cJSON **output, struct err *e);

/* A card: the answer, or a part of it, did not pass the node's own checks. */
int model_refuse(struct node_env *env, const char *purpose, struct err *e,
	const char *why, ...) __attribute__((format(printf, 4, 5)));

/* A card: what of the answer counts. */
int model_accept(struct node_env *env, const char *purpose, struct err *e,
	const char *what, ...) __attribute__((format(printf, 4, 5)));

/* Writes prompt_pack, tokens, cost and model of this node's calls into its run_meta
 * entry; nothing when it made none. For the runner. */
int model_note(const struct node_env *env, cJSON *meta, struct err *e);

#endif
