/*
 * state.h - the one document in which nodes meet, and what all filters share.
 *
 * State: a JSON object with `schema_version`. Nodes, keys and who may touch
 * them: nodes.def. The filter runner (filter.h) is the only code that reads a
 * state from outside and the only one that writes run_meta and schema_version.
 * Thread safety: reentrant; a state belongs to one thread.
 */
#ifndef MLOPS_STATE_H
#define MLOPS_STATE_H

#include "json/json.h"

#define STATE_SCHEMA_VERSION 2
#define STATE_TEXT_MAX       ((size_t)64 << 20) /* contracts.md section 2 */
#define BRIEF_TEXT_MAX       ((size_t)8 << 20)

enum node_id {
#define NODE(id, name, exe, agent, reads, writes, event) NODE_##id,
#include "nodes.def"
#undef NODE
	NODE_COUNT
};

struct node_row {
	const char *name, *exe, *agent;
	const char *reads,
		*writes;   /* key names separated by single spaces; "*" is every key */
	const char *event; /* ledger event type of its card */
};

extern const struct node_row node_rows[NODE_COUNT];

const struct node_row *node_by_name(const char *name); /* NULL if unknown */
int node_reads(const struct node_row *n, const char *key);
int node_writes(const struct node_row *n, const char *key);

/* A new, empty state: {"schema_version":2}. */
cJSON *state_new(struct err *e);

/* Reads a state text: strict JSON, an object, a schema_version that is known;
 * older versions are upgraded. ERR_INPUT for anything else. */
cJSON *state_read(const char *text, size_t len, struct err *e);

/* 1 if the text is meant as a state: a JSON object that claims schema_version,
 * well-formed or not. Text that is not is a freeform brief. */
int state_claims(const char *text, size_t len);

/* Brings an older document up to STATE_SCHEMA_VERSION in place. Version 1 had
 * `budget` in place of `constraints.budget_band` and `policy_results` in place of
 * `policy`. -1 for a version that is newer or no number. */
int state_upgrade(cJSON *state, struct err *e);

/* What the technical critic found being wrong in an assumption costs: the text, for the
 * field of an entry of plan.assumptions; NULL when it was not priced. Borrowed. */
const char *state_assumption_cost(const cJSON *state, const char *field);
/* The most that it costs, in USD a month, more or less; INFINITY where nothing is feasible
 * then; -1 when it was not priced. */
double state_assumption_weight(const cJSON *state, const char *field);

#include "cards.h"
#include "filter.h"
#include "manifest.h"
#include "model.h"
#include "numbers.h"

#endif
