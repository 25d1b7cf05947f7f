/*
 * parts.h - what the files of this room share; no other room includes it.
 */
#ifndef MLOPS_CODEGEN_PARTS_H
#define MLOPS_CODEGEN_PARTS_H

#include "codegen.h"
#include "template/template.h"

#define GEN_FILE_MAX ((size_t)8 << 20)

/* What is read from share/ once, and the view that grows from it. */
struct gen {
	struct node_env *env;
	const cJSON *in;
	const cJSON *constraints, *plan;
	cJSON *skeleton; /* share/skeleton/skeleton.json */
	cJSON *ports;    /* share/patterns/ports.json */
	cJSON *python;   /* share/skeleton/python.json */
	cJSON *patterns; /* id -> pattern.json */
	cJSON *units; /* [{name, module, dir, pattern, ...}]: bases, then slots; see view.c */
	cJSON *view;                  /* what all templates see */
	cJSON *common_v, *common_has; /* set aside while the view is a unit's */
	cJSON *texts;                 /* template path -> text, read once */
	struct gen_files *files;
};

/* gen.c: files */
struct gen_file *gen_add(
	struct gen_files *f, const char *path, const char *origin, struct err *e);
/* Adds rendered text; the same path with the same bytes counts once, with other
 * bytes it is ERR_CONFIG. `text` is taken over. */
int gen_put(struct gen *g, const char *path, const char *origin, const char *kind,
	const char *mode, struct buf *text, struct err *e);

/* The file of a path among the first n, which are sorted; NULL if there is none. */
struct gen_file *gen_find(const struct gen_files *f, size_t n, const char *path);

/* edits.c: the texts of `files` become what they are with the edits; appends files
 * that only their editor wants. */
int edits_apply(struct node_env *env, struct gen_files *files, const struct gen_edits *o,
	struct err *e);

/* view.c */
int view_load(struct gen *g, struct err *e);
/* Puts slot, pattern, p, port, and the unit's v and has on top of the common view,
 * which it answers (borrowed), until view_leave. NULL with *e: nothing changed. */
cJSON *view_enter(struct gen *g, const cJSON *unit, struct err *e);
void view_leave(struct gen *g);
/* After the units are rendered: view.programs [{name, dockerfile}], view.steps
 * [{module}], has.pipelines, has.monitoring, has.docker. */
int view_programs(struct gen *g, struct err *e);
void view_name(
	const char *text, char separator, struct buf *out); /* [a-z0-9] and separator */

/* render.c: the `files` members */
int render_skeleton(struct gen *g, struct err *e);
int render_unit(struct gen *g, const cJSON *unit, struct err *e);
const char *gen_kind(const char *path); /* of the manifest, by the file's name */
/* One short text, such as a path. */
int render_text(const char *tpl, const char *name, const cJSON *view, struct buf *out,
	struct err *e);

/* wiring.c: module calls, variables and versions */
int wire_modules(struct gen *g, struct err *e);

/* hcl.c: literals */
void hcl_string(const char *text, struct buf *out); /* with its quotes */
void hcl_value(const cJSON *v, struct buf *out);
const char *hcl_type(const cJSON *v); /* "number", "list(string)" */
/* Appends the text with the `=` of neighbouring assignments aligned, as terraform
 * fmt has it; nothing else changes. */
void hcl_align(const char *text, size_t len, struct buf *out);

/* python.c: requirement lists for the view */
int python_lists(struct gen *g, cJSON *out, struct err *e);

/* place.c: what is on disk */
#define GEN_LOCK "mlops.lock.json"

struct placement {
	size_t added, changed, same, removed;
};

/* SHA-256 of dir/path: 1 with hex, 0 if there is no such file, -1 with *e when
 * something else stands there. */
int place_digest(
	const char *dir, const char *path, char hex[DIGEST_HEX_MAX], struct err *e);

/* The lock of an earlier run in `dir`; *lock is NULL when there is none. */
int place_lock(const char *dir, cJSON **lock, struct err *e);

/* Writes what differs and removes what the lock in `dir` has and this version has not,
 * the new lock last of all. `judged`: edits in `dir` are in the texts already; else a
 * file that differs is in the way (ERR_CANT_CREATE, nothing written). */
int place_files(struct node_env *env, const struct gen_files *files, const char *dir,
	int judged, int dry_run, struct placement *done, struct err *e);

#endif
