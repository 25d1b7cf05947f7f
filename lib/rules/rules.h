/*
 * rules.h - policy rules as data: packs of JSONLogic rules, and their verdicts.
 *
 * A pack is share/policies/PACK.json (format: mlops-policy(5), schema
 * policy-rule.schema.json). A rule sees {constraints, plan, critique, cost, facts};
 * facts are what share/ knows about the plan's parts (facts_build).
 * Thread safety: a loaded set is read-only; evaluation is reentrant.
 */
#ifndef MLOPS_RULES_H
#define MLOPS_RULES_H

#include "catalog/regions.h"
#include "state/state.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_WARN,
	VERDICT_FAIL,
	VERDICT_NOT_APPLICABLE,
	VERDICT_UNKNOWN,
};

#define VERDICTS 5

const char *verdict_name(enum verdict v); /* "pass", ..., "not_applicable", "unknown" */
int verdict_by_name(const char *name);    /* -1 if it is none */

struct rule {
	const char *id, *title, *pack, *remediation;
	enum verdict severity; /* of an assertion that does not hold: FAIL or WARN */
	const cJSON *rule;     /* the whole rule, borrowed from the set */
	const cJSON *pack_applies;
};

struct rule_set;

int rule_set_new(struct rule_set **out, struct err *e);
void rule_set_free(struct rule_set *s); /* NULL is fine */
/* Adds a pack; takes `tree` over, also on failure. ERR_INPUT with `name` and JSON
 * Pointer: an unknown operator or member, wrong arity, an id that is there already. */
int rule_set_add(struct rule_set *s, cJSON *tree, const char *name, struct err *e);
size_t rule_set_count(const struct rule_set *s);
const struct rule *rule_set_at(
	const struct rule_set *s, size_t i); /* in order of adding */
const struct rule *rule_set_find(const struct rule_set *s, const char *id);
/* SHA-256 of what the rules decide: no wording, no tests, no order. */
int rule_set_digest(const struct rule_set *s, char out[DIGEST_HEX_MAX], struct err *e);

/* What one evaluation needs beside the rule. */
struct rule_eval {
	const cJSON *data;
	const struct region_book *regions; /* for "within"; may be NULL */
	/* For explanations; may be NULL: each operator with its operands and result. */
	void (*trace)(void *arg, const char *op, const cJSON *args, const cJSON *result);
	void *trace_arg;
};

struct verdict_result {
	enum verdict verdict;
	int erred;      /* the rule itself broke: verdict is FAIL and detail says why */
	cJSON *missing; /* array of names of facts that are not there, or NULL */
	struct buf detail;
};

/* Fills *out; release it with verdict_release. -1: out of memory only. */
int rule_evaluate(const struct rule *r, const struct rule_eval *ev,
	struct verdict_result *out, struct err *e);
void verdict_release(struct verdict_result *v);

#include "approval.h"
#include "facts.h"

#endif
