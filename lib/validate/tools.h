/*
 * tools.h - inside the room: the tools of share/validators.json at work, each in a
 * copy of the repository of its own.
 *
 * A task is a row for one mirror. It belongs to the worker that runs it; what it
 * reads of the pool stays as it is while workers run, but for stages and the first
 * failure, which the pool's lock guards.
 */
#ifndef MLOPS_VALIDATE_TOOLS_H
#define MLOPS_VALIDATE_TOOLS_H

#include <stdatomic.h>
#include <pthread.h>

#include "run.h"

/* What a program says of itself; asked once. */
struct tool {
	char *name, *path, *version;
	pthread_mutex_t lock;
	int asked;
};

enum stage { WAITING, RUNNING, DONE };

struct task {
	char *name; /* the row's id, with the mirror's label where there are several */
	const cJSON *row;
	const struct mirror *mirror; /* NULL: none */
	struct task *after;          /* same place; runs when that one has passed */
	struct tool *tool;
	struct place place;
	pthread_mutex_t lock;
	int prepared; /* place.work is there, and what others come after has run in it */
	struct texts files; /* what the row's globs match */
	cJSON *check;
	enum stage stage;
	int64_t started_ns;
};

struct pool {
	struct node_env *env;
	const struct tools_args *args;
	const struct vtree *tree;
	const cJSON *accepted; /* findings, with reasons: accepted.json */
	struct mirrors mirrors;
	struct texts python_names;
	char *scratch;
	char tree_digest[DIGEST_HEX_MAX];
	struct task *tasks;
	size_t n, done;
	struct tool *tools;
	size_t n_tools;
	const atomic_int *stop; /* non-zero: end the tools */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct err err; /* the first failure of ours */
	int failed;
};

/* ---- command.c ---- */

struct command {
	struct texts argv;
	struct buf out, err;
	struct proc_result r;
};

void command_release(struct command *c);
/* The deadline of a row's commands, by option or row. */
int64_t command_deadline_ns(const struct pool *p, const cJSON *row);
/* Runs c->argv; 1 when it could not be started, with the reason in *why. */
int command_run(const struct pool *p, const struct task *t, struct command *c,
	const char *dir, struct buf *why, struct err *e);

/* ---- tool.c ---- */

/* 1 when the tool can run; else 0 with the check's status set. */
int tool_ready(const struct pool *p, struct task *t, struct err *e);

/* ---- row.c ---- */

/* Runs the row's command in every directory that it names and puts what it found
 * into t->check. python: the interpreter for {python}. */
int row_run(const struct pool *p, struct task *t, const char *python, struct err *e);

/* ---- kept.c ---- */

/* Where the verdict is kept: a name made of all that it depends on. */
int kept_path(const struct pool *p, const struct task *t, const char *python,
	struct buf *out, struct err *e);
/* 1 when a kept verdict has become the check's. One that cannot be read is none. */
int kept_get(struct task *t, const char *path, struct err *e);
/* Keeps a verdict; errors and skips may pass with time. Losing one is no failure. */
void kept_put(const struct pool *p, const struct task *t, const char *path);

/* ---- task.c ---- */

/* Runs the row from its needs to its verdict. -1: a failure of ours. */
int task_run(const struct pool *p, struct task *t, struct err *e);

/* ---- progress.c ---- */

/* Says how a task ended: a line on a terminal, else with -v. p->lock is held. */
void progress_done(const struct pool *p, const struct task *t);
/* On a terminal: a line of what runs, and for how long, until all are done. */
void progress_watch(struct pool *p);

/* ---- table.c ---- */

/* p->tasks and p->tools from the rows that are wanted. */
int table_plan(struct pool *p, const cJSON *table, struct err *e);

#endif
