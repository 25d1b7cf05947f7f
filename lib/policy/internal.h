/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_POLICY_INTERNAL_H
#define MLOPS_POLICY_INTERNAL_H

#include "policy.h"
#include "rules/rules.h"

struct policy_args {
	struct opt_list dirs;
	const char *waivers, *fail_on, *format;
	int test, explain;
};

/* All packs of share/policies and of the given directories, by name within each. */
int packs_load(struct rule_set **out, struct node_env *env, const struct opt_list *dirs,
	struct err *e);

/* ---- waivers ---- */

/*
 * A waivers file: {"schema_version":1,"waivers":[{"rule","owner","reason","expires"}]},
 * all of them required; a second waiver for a rule, one without expiry or with an
 * unknown member is refused with file and JSON Pointer. The caller frees.
 */
cJSON *waivers_load(const char *path, struct err *e);
/* The same from a tree, which is taken over also on failure; `name` stands in messages. */
cJSON *waivers_from_json(cJSON *tree, const char *name, struct err *e);
/* The waiver for a rule that still counts at now_ns, or NULL. */
const cJSON *waiver_for(const cJSON *waivers, const char *rule, int64_t now_ns);
int waiver_expired(const cJSON *waiver, int64_t now_ns);

/* ---- modes ---- */

/* Runs every rule's own cases; prints failures, coverage and a last line of counts.
 * 0 when all passed, 12 when one did not, -2 with *e. */
int policy_test(struct node_env *env, const struct rule_set *set, struct err *e);

/* Evaluates one rule again, telling stderr every operator with its operands. */
int policy_explain(const struct rule *r, const struct rule_eval *ev, struct err *e);

/* SARIF 2.1.0 of state.policy, for code scanning. */
int policy_sarif(const cJSON *state, struct buf *out, struct err *e);
int policy_text(const cJSON *state, struct buf *out, struct err *e);

#endif
