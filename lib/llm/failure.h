/*
 * failure.h - what went wrong at the other end of an HTTP call, as a fault of ours.
 * Inside the room only. Thread safety: reentrant.
 */
#ifndef MLOPS_LLM_FAILURE_H
#define MLOPS_LLM_FAILURE_H

#include "http/http.h"
#include "provider.h"

/* Fills fault and reason, Retry-After and the request's id. 1 when the reply is a good
 * one (2xx), 0 when it failed. `body` is the reply's; `how` what http_do said. */
int read_failure(const struct llm_target *t, const struct http_response *r,
	const struct buf *body, const char *how, struct llm_reply *reply);

/* A stream's own error event: `error` is its object or text. */
void read_broken_stream(
	const struct llm_target *t, const cJSON *error, struct llm_reply *reply);

#endif
