/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_CRITIC_INTERNAL_H
#define MLOPS_CRITIC_INTERNAL_H

#include "critic.h"
#include "pricing/bill.h"

struct critic_args {
	int tech, cost; /* named as operands; neither: both */
	const char *previous, *book, *usage, *format;
	int free_tier, no_estimates;
};

int tech_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e);
int cost_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e);

/* ---- cost ---- */

/* Sets the delta members of `cost`: null without a previous state. */
int delta_set(cJSON *cost, const struct bill *now, const char *previous_path,
	struct price_books *books, const struct bill_options *opts, struct err *e);

/* A state in a file, for --previous and --book. */
int read_state_file(const char *path, cJSON **out, struct err *e);

/* Sets what sums and shares say: by_service, by_capability, budget, per 1,000 requests. */
int shares_set(cJSON *cost, const struct bill *b, const cJSON *in, struct err *e);

/* 0..1: how far the prices behind a bill can be trusted. */
double bill_confidence(const struct bill *b);

/* The table and bars of --format text. */
int cost_text(const cJSON *state, struct buf *out, struct err *e);
int tech_text(const cJSON *state, struct buf *out, struct err *e);

#endif
