/*
 * ask.h - one request through the chain: estimate, slot, breaker, call, retries,
 * schema, one repair round, fallback. The one place where these meet.
 * Thread safety: one thread.
 */
#ifndef MLOPS_LLM_ASK_H
#define MLOPS_LLM_ASK_H

#include "request.h"

#define CHAIN_MAX 8

struct llm_outcome {
	enum llm_fault fault;
	char why[512];
	int64_t retry_after_ms; /* -1: none is known */
};

/* The models to ask, first to last, by the command line, the request's role and the
 * settings. A codegen chain has no second link unless the settings say so. */
struct llm_link {
	char provider[64], model[128];
};
int ask_chain(struct llm_session *s, const struct llm_request *q,
	struct llm_link chain[CHAIN_MAX], size_t *n, struct err *e);

/* Fills *answer (share/schemas/llm-answer.schema.json, an empty object before) and
 * *out, also when there is no output. -1 with *e when the machine failed. */
int ask(struct llm_session *s, const struct llm_request *q, cJSON *answer,
	struct llm_outcome *out, struct err *e);

/* The answer of a cassette, held to the schema once more; sets *out like ask(). */
int ask_replay(struct llm_session *s, const struct llm_request *q, cJSON **answer,
	struct llm_outcome *out, struct err *e);

/* What the first link of the chain would cost at most, without a call:
 * {provider, model, input_tokens, max_output_tokens, usd, counted_by}. */
int ask_estimate(
	struct llm_session *s, const struct llm_request *q, cJSON *out, struct err *e);

#endif
