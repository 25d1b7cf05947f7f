/*
 * graph.h - the driver: the twelve nodes in order, each its own process, with a
 * checkpoint after each, reuse of what still holds, and a stop at the gate.
 *
 * It alone writes rows and events. A run that is killed at any moment goes on
 * after its last checkpoint; what was finished is not done again.
 * Thread safety: runs may be side by side in a process when they are quiet; one at a
 * time for an output directory (flock).
 */
#ifndef MLOPS_GRAPH_H
#define MLOPS_GRAPH_H

#include <stdatomic.h>

#include "state/state.h"
#include "store/store.h"

enum passed_kind { PASSED_FLAG, PASSED_STR, PASSED_FILE, PASSED_LIST, PASSED_PATHS };

struct passed_row {
	enum passed_kind kind;
	const char *name, *flag, *value, *nodes; /* flag: "--name" */
	int quiet;
	const char *help;
};

extern const struct passed_row passed_rows[]; /* passed.def; ends with a NULL name */

/*
 * A decision set that is in the store already, for a worker: its input comes from the
 * store (`input`: {brief, answers, waivers, first}) and nothing is written outside the
 * store's directory and the blobs. The job's row goes with the step that ends it, so
 * that it is done exactly once.
 */
struct graph_job {
	struct store *store; /* borrowed, as all here */
	const char *project_id, *set_id;
	struct store_fence fence;
	const char *blobs;    /* NULL: in the store's directory */
	const char *decision; /* "approved", "rejected"; NULL: none */
	int64_t decisions;    /* how many the decision set had when it was made */
	const char *comment;
	struct graph_memory *memory; /* NULL: none */
	/* Takes the zip to where it lasts, before the run is complete; NULL: nowhere else. */
	int (*keep)(
		void *arg, const char *hex, const void *zip, size_t len, struct err *e);
	void *keep_arg;
};

/* Digests of programs and data files that one thread's runs share; they do not change
 * while a daemon runs. */
struct graph_memory;
struct graph_memory *graph_memory_new(struct err *e);
void graph_memory_free(struct graph_memory *m); /* NULL is fine */

/* A node that has just been run and recorded, for logs. */
struct graph_step {
	const char *node, *run_id, *set_id, *provider;
	const char *model; /* NULL: none was asked */
	int64_t tokens;
	double latency_ms;
	int answer;
};

struct graph_options {
	const struct graph_job *job; /* NULL: an output directory and its project */
	const char *brief; /* a file, "-" for stdin; NULL with resume: the one before */
	const char *out;   /* the output directory */
	const char *db;    /* NULL: the default */
	const char *share, *patterns, *provider;
	const char *record, *cassettes; /* of model answers, for mlops-llm; NULL: none */
	double budget_tokens; /* the project's new quota; 0: as it is, below: none */
	double budget_usd;
	const char *project; /* NULL: the output directory is the project */
	const char *actor;   /* who approves; NULL: the user's name */
	const cJSON *passed; /* option name -> value, list or true; see passed.def */
	int yes, resume, force, ask, quiet, verbose;
	int dry_run;             /* say what would become of the files, make no version */
	const char *traceparent; /* of the request behind it; NULL: none (base/trace.h) */
	const atomic_int *stop;  /* becomes non-zero on an interrupt */
	void (*stepped)(void *arg, const struct graph_step *step); /* may be NULL */
	void *stepped_arg;
};

struct graph_result {
	int answer; /* of contracts.md section 2 */
	char set_id[ID_TEXT_MAX];
	int64_t version;
	int executed, reused; /* nodes */
	int stale;            /* waiting because the decision at the gate had expired */
	char node[32];        /* the last one that was begun */
	char paused[256];     /* why, at the gate `budget`; "": not there */
	char missing[256];    /* what a rule needs, at the gate `intake`; "": not there */
	char zip_sha256[DIGEST_HEX_MAX]; /* "" when there is no zip */
	cJSON *state;                    /* the caller frees */
};

/* 0 when the run came to an answer, also a waiting gate or an infeasible plan; -1
 * when it failed, with the checkpoint of the last good node kept. */
int graph_run(const struct graph_options *o, struct graph_result *r, struct err *e);

/* One line for people on what a node left in the state; may be empty. */
void graph_note(enum node_id node, const cJSON *state, struct buf *out);

#endif
