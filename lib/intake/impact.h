/*
 * impact.h - what an answer would change: the best plan, its cost and what policy says
 * of it, under each plausible reply to a question.
 */
#ifndef MLOPS_INTAKE_IMPACT_H
#define MLOPS_INTAKE_IMPACT_H

#include "json/json.h"
#include "state/filter.h"

/* How much the answers differ, least to most. */
enum effect {
	EFFECT_NONE,
	EFFECT_COST,     /* by more than $25 and a quarter a month */
	EFFECT_PATTERNS, /* another pattern at some slot */
	EFFECT_POLICY,   /* a rule passes with one, warns or fails with another */
	EFFECT_FEASIBLE, /* no plan at all with one of them */
	EFFECT_UNKNOWN,  /* nothing could be solved: ask */
};

struct impact {
	enum effect effect;
	double spread;     /* USD a month between the dearest and the cheapest answer */
	char decides[400]; /* "at serve@online: a ('serverless') or b ('containers')" */
};

struct weigher;

/* NULL with *e when there is no catalogue to solve with. `constraints` is borrowed;
 * `usual` is the region to weigh at when none is known, where it may be used. */
struct weigher *weigher_new(
	struct node_env *env, const cJSON *constraints, const char *usual, struct err *e);
void weigher_free(struct weigher *w); /* NULL is fine */

/* Compares the plans under each of `answers` (values of the field). */
int weigh_answers(struct weigher *w, const char *field, const cJSON *answers,
	struct impact *out, struct err *e);

#endif
