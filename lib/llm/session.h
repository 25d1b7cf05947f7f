/*
 * session.h - what one run of mlops-llm knows: settings, data, limits, and where the
 * answer's text goes while it streams. Inside the room only.
 * Thread safety: one thread.
 */
#ifndef MLOPS_LLM_SESSION_H
#define MLOPS_LLM_SESSION_H

#include <stdatomic.h>

#include "provider.h"
#include "redact/redact.h"
#include "state/state.h"

struct llm_options { /* from the command line; NULL and 0: not given */
	const char *provider, *model, *base_url, *key_file, *config, *project;
	const char *record, *cassettes, *state_dir, *quarantine, *debug_dir;
	double timeout, connect_timeout, idle_timeout, retries, concurrency, max_tokens,
		max_usd;
	int stream, estimate, packs;
};

struct llm_session {
	struct node_env env;
	const struct llm_options *o;
	cJSON *config;  /* share/models/routes.json with the user's file merged over it */
	cJSON *entries; /* provider -> entry of share/models, as they are needed */
	cJSON *secrets, *personal;
	struct redact *rules;
	char *state_dir, *record, *cassettes, *quarantine, *debug_dir; /* owned; NULL */
	int64_t connect_ms, idle_ms, total_ms, first_backoff_ms, most_backoff_ms;
	int64_t wait_ms; /* the longest Retry-After that is waited for */
	int64_t slot_ms;
	int retries, concurrency, breaker_failures, quarantine_after;
	int64_t cooldown_ms, most_cooldown_ms;
	size_t answer_max;   /* bytes of a provider's reply */
	int64_t deadline_ns; /* of the whole request, monotonic; 0: none */
	const atomic_int *stop;
	void (*delta)(void *arg, const char *text, size_t len); /* NULL: no streaming */
	void *delta_arg;
	struct http *http; /* made with the first request */
};

int session_open(struct llm_session *s, const struct common_args *common, struct err *e);
void session_close(struct llm_session *s);

/* The provider's entry of share/models/PROVIDER.json with the user's settings over
 * it; borrowed. NULL with ERR_USAGE for a name that nobody knows. */
const cJSON *session_entry(struct llm_session *s, const char *provider, struct err *e);

/* The rules of redaction, read when they are needed; NULL with *e. They take a megabyte,
 * so a process that waits for a provider gives them back (session_drop_rules). */
struct redact *session_rules(struct llm_session *s, struct err *e);
void session_drop_rules(struct llm_session *s);

/* A number of the settings: /limits/NAME, unless the option says otherwise. */
int64_t session_limit(const struct llm_session *s, const char *name, int64_t otherwise);

/* Milliseconds until the deadline, at most `most`; never negative. */
int64_t session_left_ms(const struct llm_session *s, int64_t most);

/* Waits, but not past the deadline nor on after a stop. 0 when it waited it all. */
int session_sleep(const struct llm_session *s, int64_t ms);

/* A directory of ours below the state directory, made with mode 0700 and refused when
 * others could write to it. */
int private_dir(const char *path, struct err *e);

#endif
