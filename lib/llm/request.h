/*
 * request.h - what a node asks for, checked, redacted, and known by its hash.
 * Thread safety: one thread.
 */
#ifndef MLOPS_LLM_REQUEST_H
#define MLOPS_LLM_REQUEST_H

#include "pack.h"
#include "session.h"

struct llm_request {
	cJSON *doc; /* as it came, secrets and personal data masked; owned */
	struct llm_pack pack;
	struct schema *check; /* of the output */
	const char *purpose, *role;
	const cJSON *inputs, *schema, *files; /* borrowed from doc or pack */
	int64_t max_output_tokens;
	int64_t budget_tokens, budget_micro_usd; /* what is left; -1: no limit */
	char hash[DIGEST_HEX_MAX];
	size_t masked; /* how many secrets and personal data were masked */
};

/* Reads and checks the text of a request (share/schemas/llm-request.schema.json).
 * What stands in its inputs can set none of the rest: pack, schema, limits and files
 * are members of their own, and the provider is none at all. */
int request_read(struct llm_session *s, const struct buf *text, struct llm_request *out,
	struct err *e);
void request_release(struct llm_request *q);

/* Masks secrets and personal data in every string of a tree. */
int request_mask(struct llm_session *s, cJSON *tree, size_t *masked, struct err *e);

#endif
