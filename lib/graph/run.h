/* run.h - what the parts of the driver share; inside the room only. */
#ifndef MLOPS_GRAPH_RUN_H
#define MLOPS_GRAPH_RUN_H

#include "graph.h"
#include "key.h"
#include "store/store.h"
#include "tree.h"
#include "view.h"

#define ARGS_MAX 192

enum decision { DECIDE_NOTHING, DECIDE_APPROVE, DECIDE_REJECT };

struct run {
	const struct graph_options *o;
	struct graph_result *result;
	struct store *store;
	struct view view;
	struct keyring keys;
	struct node_env env; /* share directory and clock */
	/* Full paths: the output, the store's directory and what lies in it. */
	char *out, *home, *blobs, *git, *work, *repo, *zip, *previous_path, *exec_dir;
	char *published;    /* where the repository of the version before lies */
	char *answers_path; /* replies given on the terminal; NULL: none */
	int lock_fd;
	struct buf brief;
	int have_brief;
	char input_sha256[DIGEST_HEX_MAX], previous_sha256[DIGEST_HEX_MAX];
	cJSON *passed; /* options for the nodes: given now, else as before */
	cJSON *input;  /* of a job's decision set; NULL without one */

	/* the decision set */
	char project_id[ID_TEXT_MAX], set_id[ID_TEXT_MAX], parent_id[ID_TEXT_MAX];
	char run_id[ID_TEXT_MAX];
	int64_t version, lock_version;
	int frozen; /* complete: may be read, never changed */
	int asked;  /* all questions were put on the terminal */

	/* where the walk stands */
	enum node_id first; /* where it begins: a fork may begin later */
	cJSON *state;
	cJSON *files; /* {tree, zip} after the last node that wrote files; NULL before */
	cJSON *edits; /* what people changed in the version before; NULL: nothing */
	int work_ready; /* the work directory holds `files` */
	int warned;     /* that most of the model budget is spent */
	int answer;     /* 12 once validation failed */
	enum decision decision;
	char expired[CLOCK_TEXT_MAX]; /* when the gate's last decision ended; "" */
	int decided;                  /* a job's decision has been taken */
	char *comment;                /* of a decision */
};

/* ---- a worker's run (job.c) ---- */

/* What set_up and find_programs do for an output directory. */
int run_set_up_job(struct run *r, struct err *e);
void run_release_job(struct run *r);

/* The state before the first node, and r->first. */
int run_job_state(struct run *r, struct err *e);

/* 1 when this status of the decision set ends a job. */
int run_ends_job(const struct run *r, const char *status);

/* ---- one node as a process (spawn.c) ---- */

struct spawned {
	cJSON *state; /* NULL unless the node answered */
	int answer;
	double ms;
};

/* What counts of the options that this node gets; the caller owns it. */
cJSON *run_node_options(struct run *r, enum node_id node, struct err *e);

/* mlops-intake in guided mode on the terminal and r->state; each reply is kept in the file
 * as it is given. ERR_LATER when it is interrupted. */
int run_guided(struct run *r, const char *replies, struct err *e);

/* Runs a node on r->state. -1 with *e when it failed; the caller frees out->state. */
int run_spawn(struct run *r, enum node_id node, struct spawned *out, struct err *e);

/* ---- records (record.c) ---- */

/* Looks for a result that still holds and puts it into the state. 1 when it did, 0
 * when there is none, -1 with *e. */
int run_reuse(struct run *r, enum node_id node, const char *base, const cJSON *input,
	int *answer, struct err *e);

/* Keeps what a node did: rows, checkpoint, events; r->state becomes its state. */
int run_record(struct run *r, enum node_id node, const char *base, const cJSON *input,
	struct spawned *s, struct err *e);

/* Keeps that a node failed. */
void run_record_failure(
	struct run *r, enum node_id node, const char *base, const struct err *why);

/* Keeps that the run waits at a gate that no node is, and why. */
int run_record_pause(struct run *r, const char *gate, const char *why, struct err *e);
int run_record_warning(struct run *r, const char *type, double share, struct err *e);

/* ---- people (ask.c) ---- */

/* Asks at the gate. 0 with r->decision set, -1 with *e. */
int run_ask_gate(struct run *r, struct err *e);

/* Has mlops-intake ask the questions; 1 when there were replies, 0 when none. They are
 * kept as they are given: what an interruption leaves is there on the next start. */
int run_ask_questions(struct run *r, struct err *e);
/* The replies of an earlier start (r->answers_path), and whether it asked all (r->asked). */
int run_find_replies(struct run *r, struct err *e);

/* ---- edits of the version before (edits.c) ---- */

/* Finds them: r->edits is {path: {base, edited}}, digests as generated and as it is
 * now (null: removed), or NULL. ERR_CANT_CREATE for a change that no merge can keep,
 * as in a report. */
int run_find_edits(struct run *r, struct err *e);

/* Gives the files of a tree the digests that edits have given them. */
int run_edits_into(const cJSON *edits, cJSON *tree, struct err *e);

/* ---- dry runs (dry.c) ---- */

/* The walk of a dry run, from the initial state; r->answer as for a run. */
int run_dry(struct run *r, struct err *e);

/* ---- results (publish.c) ---- */

/* Puts the repository, the zip and the state where the user asked for them. */
int run_publish(struct run *r, struct err *e);

/* Only the state, for a run that stopped early. */
int run_publish_state(struct run *r, struct err *e);

/* Parts of run.c that job.c needs. */
void run_adopt(struct run *r, const cJSON *row);
int run_take_old_options(struct run *r, const cJSON *row, struct err *e);
int run_prepare_work(struct run *r, struct err *e);
int run_find_programs(struct run *r, struct err *e);

char *run_path(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
