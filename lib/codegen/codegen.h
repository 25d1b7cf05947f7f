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

/* What became of a file that somebody had edited. */
enum gen_edit {
	GEN_UNEDITED,
	GEN_KEPT,     /* this version does not change the file: the edited text stays */
	GEN_MERGED,   /* it does, elsewhere than the edit: both are there */
	GEN_CONFLICT, /* in the same lines: both stand there between marks, as asked */
	GEN_ORPHAN,   /* this version has no use for the file: it stays */
	GEN_REMOVED,  /* somebody removed it: it is not made again */
};

/* One file of the repository that is being made. */
struct gen_file {
	char *path;
	char *origin; /* "skeleton", "plan", "pattern:aws.base.kms@1.0.0", "edit" */
	const char *kind, *mode;
	struct buf text;
	char made[DIGEST_HEX_MAX]; /* SHA-256 as it was generated, before any edit */
	enum gen_edit edit;
};

/* All of them; sorted by path after codegen_make. */
struct gen_files {
	struct gen_file *at;
	size_t n, cap;
	size_t conflicts; /* files that could not take this version (dry run only) */
};

enum gen_on_conflict { GEN_CONFLICT_STOP, GEN_CONFLICT_KEEP, GEN_CONFLICT_MARK };

/* Where an earlier version lies that people may have edited. */
struct gen_edits {
	const char *dir;  /* with the mlops.lock.json of that version, if it is one */
	const char *base; /* contents by SHA-256 (blob.h), the generated texts among them,
			   * and where those of edited files are kept; NULL: none */
	enum gen_on_conflict on_conflict;
	int dry_run; /* conflicts are told and counted, nothing is kept in base */
};

/*
 * Makes every file of the repository in memory, with the edits of an earlier version
 * merged in (NULL: there is none). `in` has the keys that the node reads; whether the
 * plan is approved is not asked here. ERR_CANT_CREATE when edits are in the way.
 */
int codegen_make(struct node_env *env, const cJSON *in, const struct gen_edits *edits,
	struct gen_files *out, struct err *e);
const char *gen_edit_name(enum gen_edit edit); /* "kept"; NULL for GEN_UNEDITED */
void gen_files_release(struct gen_files *f);

#endif
