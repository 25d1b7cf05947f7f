/*
 * infra.h - what a tree of Terraform files declares, as far as the files tell.
 *
 * Modules are followed from the root with their arguments, and expressions are
 * evaluated: literals, templates, operators, conditionals, `for`, splats, common pure
 * functions, variables with their defaults, locals and the outputs of modules. What
 * only a provider knows (data sources, computed attributes) stays unknown, and so
 * does all that depends on it; nothing is guessed. No file system, no provider, no
 * network: the caller hands over the texts.
 *
 * An unknown value is {"$unknown": "aws_kms_key.this.arn", "$module": "base_kms"}: the
 * expression that could not be told, and the module it stands in.
 * Depth and steps are bounded. Thread safety: reentrant.
 */
#ifndef MLOPS_INFRA_H
#define MLOPS_INFRA_H

#include "json/json.h"

struct infra_file {
	const char *path; /* "infra/modules/base_kms/main.tf" */
	const char *text;
	size_t len;
};

/*
 * What the module in directory `root` and all that it calls declare:
 *   resources: [{"type","name","module","address","file","line","args"}]; `module` is ""
 *     in the root and the call's name below it ("a.b" further down). A resource with
 *     `count` or `for_each` is there once an instance; when how many cannot be told it
 *     is there once, with "instances_unknown": true. Nested blocks are members of
 *     `args`: an object, or an array of objects where there are several.
 *   modules: by that name, the arguments that each call passes.
 * `variables` (may be NULL): values of the root's variables by name, before their
 * defaults. The caller frees; NULL with *e: ERR_INPUT "infra/main.tf: line 7: ..." for a
 * file that cannot be read.
 */
cJSON *infra_read(const struct infra_file *files, size_t n, const char *root,
	const cJSON *variables, struct err *e);

/* Arguments of a .tfvars text as an object; the caller frees. */
cJSON *infra_variables(const char *text, size_t len, struct err *e);

int infra_is_unknown(const cJSON *v);
/* The expression of an unknown value, or NULL. */
const char *infra_unknown_text(const cJSON *v);

#endif
