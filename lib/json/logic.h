/*
 * logic.h - JSONLogic (jsonlogic.com, json-logic/compat-tables) with the
 * arithmetic that patterns need (ceil, floor, round, pow, sqrt, min, max, abs, log2).
 *
 * Evaluation is pure, bounded in depth and in steps, and never touches the
 * rule or the data. An unknown operator, a wrong arity, NaN and a division by
 * zero are errors (ERR_INPUT) whose `type` is that of the public suites.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_JSON_LOGIC_H
#define MLOPS_JSON_LOGIC_H

#include <cjson/cJSON.h>

#include "base/err.h"

/* An operator of the caller's: gets its evaluated arguments, answers a new value
 * or NULL with *e filled. The value may hold views of the arguments (json_push_view);
 * the evaluator copies what they show before the arguments end. */
struct logic_op {
	const char *name;
	int operands; /* how many it takes; 0: any number */
	cJSON *(*run)(const cJSON *args, const void *arg, struct err *e);
};

struct logic {
	const struct logic_op *ops; /* ends with a NULL name; may be NULL */
	const void *arg;
	/* Sees each operator's name, its evaluated arguments and its result, inner ones
	 * first; for explanations. May be NULL. */
	void (*trace)(
		void *trace_arg, const char *op, const cJSON *args, const cJSON *result);
	void *trace_arg;
};

/* A new value, freed by the caller, or NULL with *e filled. `l` may be NULL. */
cJSON *logic_apply(
	const struct logic *l, const cJSON *rule, const cJSON *data, struct err *e);

int logic_truthy(const cJSON *v); /* JSONLogic's truth: "", 0, null, [], false are not */

/* 0 when every operator in the rule is known, every arity possible, and no part that
 * needs no data fails (a type error among literals); -1 with the JSON Pointer of the
 * first that is not. For lint, before any data. */
int logic_check(const struct logic *l, const cJSON *rule, struct err *e);

/* Convenience: evaluates to a finite number. */
int logic_number(const struct logic *l, const cJSON *rule, const cJSON *data, double *out,
	struct err *e);

#endif
