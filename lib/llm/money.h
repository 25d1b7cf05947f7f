/*
 * money.h - tokens before a call, USD after it. Prices are USD for a million tokens
 * (share/models), summed as pico-USD and rounded once, half to even.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_LLM_MONEY_H
#define MLOPS_LLM_MONEY_H

#include "provider.h"

/* Tokens of a text by its bytes, rounded up: an estimate that is meant to be high. */
int64_t money_tokens(size_t bytes, int64_t bytes_per_token);

/* Micro-USD of what was used; 0 with *priced 0 where the model has no price. */
int64_t money_cost(const struct llm_target *t, const struct llm_usage *u, int *priced);

/* 0, or the largest whole input that the model takes at a known price. */
int64_t money_context(const struct llm_target *t);

#endif
