/*
 * logic_internal.h - what the two halves of the JSONLogic evaluator share:
 * logic.c walks rules and holds the operators that decide what is evaluated,
 * logic_ops.c holds those that get evaluated arguments. Not for other rooms.
 */
#ifndef MLOPS_JSON_LOGIC_INTERNAL_H
#define MLOPS_JSON_LOGIC_INTERNAL_H

#include "json.h"

/* A value on its way: borrowed from the rule or the data (ref), owned (own), or
 * a number, boolean or null held in place (neither). */
struct val {
	const cJSON *ref;
	cJSON *own;
	cJSON here;
};

/* What `var` and `val` see: the data, and the scope around an iteration. */
struct scope {
	const cJSON *data;
	const cJSON *accumulator, *current; /* inside reduce these two are the data */
	const cJSON *iterated;              /* the array being walked, and how far */
	size_t index;
	const struct scope *up;
};

/* An operator that was looked up, by the address of its name in the rule. */
struct found_op {
	const char *name;
	const struct op *op;
	const struct logic_op *own;
};

#define FOUND_OPS 32

struct eval {
	const struct logic *l;
	struct err *e;
	cJSON *thrown; /* {"type": ...} of a failure that `try` may catch; owned */
	int depth;
	long steps;
	struct found_op found[FOUND_OPS];
	int no_memory; /* found out where nothing could be returned; ends everything */
};

enum { LOGIC_MANY = 1000000 };

struct op {
	const char *name;
	int min, max; /* arguments; LOGIC_MANY is no limit */
	enum { CLASSIC, PROPOSED, OURS } origin;
	/* Exactly one of the two: raw operands, or evaluated arguments. */
	int (*lazy)(struct eval *, const struct op *, const cJSON *, const struct scope *,
		struct val *);
	int (*eager)(struct eval *, const struct op *, const struct val *, size_t,
		struct val *);
	/* Calls of `name` with one operand that is no array literal take an array that it
	 * evaluates to as one argument, not as the list of arguments. */
	int whole;
};

/* logic.c */
const cJSON *val_at(const struct val *v);
void val_release(struct val *v);
void val_num(struct val *v, double d);
void val_bool(struct val *v, int b);
void val_null(struct val *v);
void val_ref(struct val *v, const cJSON *ref);
int val_own(
	struct val *v, cJSON *own); /* -1 when own is NULL (an error reported before) */
cJSON *val_take(
	struct val *v, struct err *e); /* a tree of the caller's; v is empty then */

/* Fails with a type that `try` can catch; the message is "TYPE: detail". -1. */
int logic_fail(struct eval *ev, const char *type, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int logic_eval(
	struct eval *ev, const cJSON *rule, const struct scope *s, struct val *out);
int logic_fail_arity(struct eval *ev, const struct op *op);

/* logic_ops.c */
extern const struct op logic_eager_ops[];
extern const size_t logic_n_eager_ops;
/* -1, 0, 1, or 2 for "neither"; fails with NaN where the values have no order. */
int logic_compare(
	struct eval *ev, const struct op *op, const cJSON *a, const cJSON *b, int *order);
int logic_same(const cJSON *a, const cJSON *b); /* === */
/* Appends the text that JavaScript's String() gives. */
void logic_text(const cJSON *v, struct buf *out);

#endif
