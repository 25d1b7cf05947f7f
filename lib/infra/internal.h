/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_INFRA_INTERNAL_H
#define MLOPS_INFRA_INTERNAL_H

#include "hcl/hcl.h"
#include "infra.h"

/* A name that an expression may use beside what the module has: a loop's variable. */
struct local_name {
	const char *name;
	size_t len;
	const cJSON *value;
	const struct local_name *next;
};

/*
 * What references mean. `resolve` gets the parts of "module.a.b.c" (n of them), answers
 * the value of the first *used and owns nothing afterwards; the caller frees the value.
 */
struct expr_env {
	cJSON *(*resolve)(void *arg, const char *const *parts, size_t n, size_t *used,
		struct err *e);
	void *arg;
	const struct local_name *names;
	long *steps; /* counts down; at 0 everything is unknown */
};

/* A new value, unknown where it cannot be told; NULL is out of memory only. */
cJSON *expr_value(const struct expr_env *env, const struct hcl_value *v, struct err *e);
cJSON *expr_text(const struct expr_env *env, const char *text, struct err *e);
cJSON *expr_unknown(const char *text, size_t len, struct err *e);

/* A pure function of evaluated arguments (an array): a new value, or NULL without *e
 * filled for a function that is not known or whose arguments do not fit. */
cJSON *function_call(const char *name, const cJSON *args, struct err *e);

#endif
