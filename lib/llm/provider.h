/*
 * provider.h - what a model provider is to the rest of this room: one call out, one
 * reply back. An implementation knows a wire format and nothing of retries, breakers,
 * budgets or schemas.
 *
 * A provider that answers badly is no error: the reply says how it ended (faults.def).
 * -1 with *e is for bugs and for what the machine refuses (no memory, no process).
 * Thread safety: a session and all that hangs on it belong to one thread.
 */
#ifndef MLOPS_LLM_PROVIDER_H
#define MLOPS_LLM_PROVIDER_H

#include <stdint.h>

#include "json/json.h"

enum llm_fault {
#define FAULT(name, code, retry, trips, falls, err) LLM_##name,
#include "faults.def"
#undef FAULT
	LLM_FAULTS
};

struct llm_fault_row {
	const char *code;
	int retry, trips, falls;
	enum err_code err;
};
extern const struct llm_fault_row llm_faults[LLM_FAULTS];

/* A model at an address. Strings and trees are borrowed from the session's data. */
struct llm_target {
	const char *provider, *model;
	const char *base_url; /* no slash at the end */
	const cJSON *entry;   /* the provider's entry of share/models */
	const cJSON *facts;   /* the model's, or NULL: nothing is known of it */
	const char *key;      /* NULL: none is sent */
};

struct llm_call {
	const char *system, *user;
	/* The repair round: what the model said before, and what is wrong with it. */
	const char *said, *complaint; /* NULL in the first round */
	const cJSON *schema;          /* fitted to what the model takes (fit.h) */
	const char *name;             /* of the schema: [a-z_]+ */
	const char *cache_key;        /* groups calls with the same beginning */
	const char *effort;           /* "low", "medium", ...; NULL: the model's own */
	int64_t max_output_tokens;
	const cJSON
		*files; /* [{path, text, writable}] for an agent's scratch directory */
};

struct llm_usage {
	/* input counts what was neither read from nor written to the prompt cache */
	int64_t input, cache_read, cache_write, output;
};

struct llm_reply {
	enum llm_fault fault;
	char why[256];          /* one line, without keys; "" when all is well */
	struct buf text;        /* the model's answer as it came: meant to be JSON */
	cJSON *files;           /* what an agent left in its writable files; NULL */
	struct llm_usage usage; /* also of a reply that is no use */
	int status;             /* HTTP, 0: none */
	int64_t retry_after_ms; /* -1: the provider names none */
	int should_retry;       /* 1, 0, or -1: the provider does not say */
	char model[128];        /* who answered, as told */
	char request_id[128];
};

struct llm_session;

struct llm_provider {
	const char *dialect;
	/* *r is empty (llm_reply_init); 0 with *r filled. */
	int (*call)(struct llm_session *s, const struct llm_target *t,
		const struct llm_call *c, struct llm_reply *r, struct err *e);
	/* Input tokens by the provider's own count; -1 in *tokens when it does not say.
	 * NULL: there is no such endpoint. */
	int (*count)(struct llm_session *s, const struct llm_target *t,
		const struct llm_call *c, int64_t *tokens, struct err *e);
};

extern const struct llm_provider provider_anthropic, provider_responses, provider_chat,
	provider_claude_code;
const struct llm_provider *llm_provider_of(const char *dialect); /* NULL if unknown */

void llm_reply_init(struct llm_reply *r, size_t max_text);
void llm_reply_release(struct llm_reply *r);
/* Sets fault and reason, which loses keys and control characters on its way. */
void llm_reply_fault(struct llm_reply *r, const struct llm_target *t,
	enum llm_fault fault, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* 1 if the model is known to take the parameter ("temperature", "seed", ...). */
int llm_takes(const struct llm_target *t, const char *parameter);

#endif
