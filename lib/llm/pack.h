/*
 * pack.h - prompt packs: share/packs/NAME.json, known by the hash of their content.
 *
 * A pack holds a purpose's role, its system prompt, examples, the JSON Schema of the
 * answer and the most tokens it may take. Its hash is the SHA-256 of its canonical
 * form; share/packs/index.json gives each hash that ever was its version, so that a
 * change without a new version is found (tests) and a hash can be told as "vN".
 * Thread safety: reentrant.
 */
#ifndef MLOPS_LLM_PACK_H
#define MLOPS_LLM_PACK_H

#include "state/state.h"

struct llm_pack {
	cJSON *doc; /* owned */
	char hash[DIGEST_HEX_MAX];
	const char *id, *role, *system; /* borrowed from doc */
	int64_t version, max_output_tokens;
	const cJSON *schema, *examples;
};

/* `what` is an id ("planner") or "sha256:HEX" of a pack in share/packs. ERR_INPUT when
 * there is none such, ERR_CONFIG for a broken one. */
int pack_load(
	struct node_env *env, const char *what, struct llm_pack *out, struct err *e);
void pack_release(struct llm_pack *p);

/* The system prompt with its rules and examples, as a model gets it. */
int pack_system(const struct llm_pack *p, struct buf *out, struct err *e);

/* The inputs as the user's turn: data, fenced and named as such. */
int pack_user(
	const struct llm_pack *p, const cJSON *inputs, struct buf *out, struct err *e);

/* {hash: {id, version}} of all packs there are, for share/packs/index.json. */
cJSON *pack_index(struct node_env *env, struct err *e);

#endif
