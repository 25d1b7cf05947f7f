/*
 * diff.h - the twelfth node: what changed since the previous version, in the
 * state, in the files and in money; the zip and the commit.
 */
#ifndef MLOPS_DIFF_H
#define MLOPS_DIFF_H

#include "state/state.h"

extern const struct program diff_program;

/*
 * What differs between two states, one entry a value, as diff_summary.state_changes
 * has it: {pointer, label, change, before, after}. Items of arrays are paired by what
 * names them (slot, id, sku, path, ...), else by position. Clock times, ids and
 * measurements are no part of it. The caller owns the array.
 */
cJSON *diff_states(const cJSON *before, const cJSON *after, struct err *e);

/* The same for two values that stand at a pointer; NULL is nothing. */
cJSON *diff_values(
	const char *at, const cJSON *before, const cJSON *after, struct err *e);

/* Top-level keys that differ, in the order of `after`; the caller owns it. A NULL
 * `before` is a version that had none. */
cJSON *diff_keys(const cJSON *before, const cJSON *after, struct err *e);

/* Files that differ between two manifests, in path order: {path, change}. Tool
 * results and reports/diff.md itself do not count. The caller owns it. */
cJSON *diff_files(const cJSON *before, const cJSON *after, struct err *e);

/* Appends changes for people, "- POINTER: before" and "+ POINTER: after", at most
 * `max` of them. */
void diff_print_changes(const cJSON *changes, size_t max, struct buf *out);

/* Sets summary.prompt_packs, [{node, pack, from, to, from_sha256, to_sha256}], when packs
 * of model calls differ (from or to null: no model was asked); nothing otherwise. */
int diff_packs(const cJSON *before, const cJSON *after, cJSON *summary, struct err *e);
/* A line for each of them: "Prompt pack planner v1->v2". */
void diff_print_packs(const cJSON *summary, const char *before_line, struct buf *out);

#define DIFF_REPORT_PATH "reports/diff.md"

struct diff_patch {
	char *path, *text;
	size_t added, removed, len;
};

/* Everything that reports/diff.md is made of. */
struct diff_report {
	const cJSON *before; /* NULL: there was no version */
	const cJSON *after;
	const cJSON *summary; /* diff_summary without git_commit */
	const struct diff_patch *patches;
	size_t n_patches;
};

/* Appends the Markdown of reports/diff.md. */
void diff_report(const struct diff_report *r, struct buf *out);

/* One line without an end: what changed in files and money. */
void diff_headline(
	const cJSON *before, const cJSON *after, const cJSON *summary, struct buf *out);

/* The Change Summary in a few lines of plain text, for a terminal. */
void diff_text(
	const cJSON *before, const cJSON *after, const cJSON *summary, struct buf *out);

#endif
