/*
 * hcl.h - a reader for the HCL (Terraform) that we generate.
 *
 * Reads the whole native syntax as structure: blocks, labels, arguments. Of the
 * expressions it understands literals, lists, objects and calls; anything else
 * is kept as its source text with white space made single (HCL_EXPR), so that
 * `var.kms_key_arn` can be compared, followed, or left alone. Nothing is
 * evaluated. Depth is bounded; errors say line and reason.
 * Thread safety: reentrant; a file is read-only once parsed.
 */
#ifndef MLOPS_HCL_H
#define MLOPS_HCL_H

#include <stddef.h>

#include "base/err.h"

#define HCL_DEPTH_MAX 64

enum hcl_kind {
	HCL_NULL,
	HCL_BOOL,
	HCL_NUMBER,
	HCL_STRING, /* a template without ${} or %{}: its value, escapes read */
	HCL_LIST,
	HCL_OBJECT,
	HCL_CALL, /* jsonencode(...): text is the function's name, items its arguments */
	HCL_EXPR, /* source text */
};

struct hcl_value {
	enum hcl_kind kind;
	char *text; /* STRING, CALL, EXPR; else NULL */
	double number;
	int boolean;
	struct hcl_value *items; /* LIST, OBJECT, CALL */
	char **keys;             /* OBJECT: one per item */
	size_t n;
	size_t line; /* where it starts: 1, 2, ... */
};

struct hcl_attr {
	char *name;
	struct hcl_value value;
};

struct hcl_block;

struct hcl_body {
	struct hcl_attr *attrs;
	size_t n_attrs;
	struct hcl_block *blocks;
	size_t n_blocks;
};

struct hcl_block {
	char *type;
	char **labels;
	size_t n_labels;
	struct hcl_body body;
	size_t line;
};

/* Fills *body, which the caller releases. -1 with ERR_INPUT "line 7: ...". */
int hcl_parse(const char *text, size_t len, struct hcl_body *body, struct err *e);
void hcl_release(struct hcl_body *body); /* the zero value is fine */

/* The argument of that name, or NULL. Borrowed. */
const struct hcl_value *hcl_attr(const struct hcl_body *body, const char *name);

/* The block of a type whose first labels are these (NULL: any), or NULL. */
const struct hcl_block *hcl_block(const struct hcl_body *body, const char *type,
	const char *label1, const char *label2);

/*
 * Follows a dotted path through nested blocks and objects ("rule.apply.sse"): a
 * block counts as a member by its type, the first one of it; a number counts into
 * a list or into the blocks of the member before. A `dynamic "x"` block counts as
 * the `content` of x. NULL when there is no such argument; *is_block (may be NULL)
 * becomes 1 when the path ends at a block, which has no value.
 */
const struct hcl_value *hcl_path(
	const struct hcl_body *body, const char *path, int *is_block);

const struct hcl_value *hcl_member(const struct hcl_value *object, const char *key);

#endif
