/*
 * codegen.h - an approved plan in, a repository out.
 *
 * The node reads constraints, plan, cost and the gate's decision, renders the
 * skeleton and the templates of every pattern in the plan, wires the Terraform
 * modules by their ports and writes the result below one directory. Nothing that
 * it writes depends on clock, host, directory or anything but state and share/.
 */
#ifndef MLOPS_CODEGEN_H
#define MLOPS_CODEGEN_H

#include "state/manifest.h"
#include "state/state.h"

extern const struct program codegen_program;

/* One file of the repository that is being made. */
struct gen_file {
	char *path;
	char *origin; /* "skeleton", "plan", "pattern:aws.base.kms@1.0.0" */
	const char *kind, *mode;
	struct buf text;
};

/* All of them; sorted by path after codegen_make. */
struct gen_files {
	struct gen_file *at;
	size_t n, cap;
};

/*
 * Makes every file of the repository in memory. `in` has the keys that the node
 * reads; whether the plan is approved is not asked here.
 */
int codegen_make(
	struct node_env *env, const cJSON *in, struct gen_files *out, struct err *e);
void gen_files_release(struct gen_files *f);

#endif
