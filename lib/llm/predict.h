/*
 * predict.h - what the model calls of a run's nodes will take, before they are made
 * (specification 23.5). Each prompt pack says what a call of it usually takes
 * (`expect`), share/models what the model of its role costs.
 * Thread safety: one thread a node_env.
 */
#ifndef MLOPS_LLM_PREDICT_H
#define MLOPS_LLM_PREDICT_H

#include "state/state.h"

/* 1 if the node asks a model when a provider is given: it has a prompt pack. */
int predict_asks(const struct node_env *env, enum node_id node);

/* {tokens, usd, unpriced, by_node} of the nodes from `first` on with env->provider, for
 * the caller to free; zeroes for none and replay, which spend nothing. */
cJSON *predict_from(struct node_env *env, enum node_id first, struct err *e);

#endif
