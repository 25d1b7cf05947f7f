/*
 * cards.h - Reason Cards (spec sections 19 and 22.2): what a node decided, why,
 * and what else it considered.
 *
 * A card has every field of the contract from the start, null or empty where
 * there is nothing; a node fills what it knows with the helpers below or with
 * json_set. The runner stamps decision_id, run_id, node_name, node_version,
 * trigger, prompt_pack_hash and ts when the node is done.
 */
#ifndef MLOPS_CARDS_H
#define MLOPS_CARDS_H

#include "json/json.h"

/* A new card at the end of `cards` (borrowed), or NULL: out of memory. */
cJSON *card_add(cJSON *cards, const char *agent, struct err *e);

int card_input_key(cJSON *card, const char *constraint_key, struct err *e);
int card_input_artifact(cJSON *card, const char *artifact, struct err *e);
/* tradeoffs: an array that is taken over, or NULL for none. */
int card_candidate(cJSON *card, const char *id, const char *summary, cJSON *tradeoffs,
	struct err *e);
int card_choice(cJSON *card, const char *id, struct err *e, const char *why, ...)
	__attribute__((format(printf, 4, 5)));
int card_policy(cJSON *card, const char *rule, const char *status, struct err *e);
/* `probe`: what would settle the risk; may be NULL. */
int card_risk(cJSON *card, const char *risk, const char *probe, struct err *e);
int card_link(cJSON *card, const char *name, const char *artifact_path, struct err *e);
/* Members: monthly_usd, p95_latency_ms, availability_pct; null until set. */
int card_impact(cJSON *card, const char *name, double value, struct err *e);
int card_confidence(cJSON *card, double confidence, struct err *e); /* 0..1 */

#endif
