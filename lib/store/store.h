/*
 * store.h - what the driver and the service keep: projects, decision sets with
 * their checkpoints, the runs of nodes, events, approvals, costs, artifacts.
 *
 * Everything that one node changes is one transaction, and a decision set is
 * changed only by who has read its latest lock_version. Rows come back as JSON
 * objects by column name; columns of JSON lose their "_jsonb". Nothing here says
 * which database is behind it.
 * Thread safety: a struct store belongs to one thread; processes may share a
 * database.
 */
#ifndef MLOPS_STORE_H
#define MLOPS_STORE_H

#include "state/state.h"

struct store;

#define STORE_URL_DEFAULT "sqlite:.mlops/mlops.db"

/* `url` NULL: $MLOPS_DB, else STORE_URL_DEFAULT; else sqlite:PATH or postgres://.
 * Made and brought up to date when needed. ERR_USAGE for a kind that this build
 * cannot open, ERR_CANT_CREATE, ERR_INPUT for a file that is no database, ERR_CONFIG
 * for a newer one, ERR_DOWN for a server that cannot be reached. */
int store_open(struct store **out, const char *url, struct err *e);

/* Without touching the schema: ERR_CONFIG unless it is exactly ours. */
int store_open_as_is(struct store **out, const char *url, struct err *e);

/* The schema's version before and after; `migrate` 0 only looks. */
int store_migrate(
	const char *url, int migrate, int64_t *before, int64_t *after, struct err *e);

/* The same for reading back: ERR_NO_INPUT when there is no database yet. */
int store_open_existing(struct store **out, const char *url, struct err *e);
void store_close(struct store *s); /* NULL is fine */

/* The directory for blobs and repositories: beside an SQLite database; for a server
 * $MLOPS_HOME, else .mlops in the working directory. */
const char *store_home(const struct store *s);

/* What belongs together: all of it or nothing. May be nested in one another and around
 * the functions below that change something; the outermost counts. `ok` 0 gives all of
 * it up and is no failure by itself. */
int store_begin(struct store *s, struct err *e);
int store_end(struct store *s, int ok, struct err *e);

int store_is_postgres(const struct store *s);

/* Called after each transaction that was committed: others may want to look. */
void store_on_commit(struct store *s, void (*call)(void *arg), void *arg);

/* ---- projects ---- */

/* The project of a root (an output directory's full path, or a name), made when
 * there is none. */
int store_project(struct store *s, const char *root, const char *name,
	char id[ID_TEXT_MAX], struct err *e);

/* By id, root or name; NULL: the one that changed last. *out is NULL if none is
 * there; the caller owns it. */
int store_project_find(struct store *s, const char *what, cJSON **out, struct err *e);
int store_projects(struct store *s, cJSON **out, struct err *e);

/* ---- what a project may spend on models ---- */

struct store_quota {
	int64_t tokens, micro_usd;           /* -1: no limit */
	int64_t used_tokens, used_micro_usd; /* of all its runs but replayed ones */
};
int store_quota(
	struct store *s, const char *project_id, struct store_quota *out, struct err *e);

#define STORE_QUOTA_KEEP ((int64_t)-2) /* leave it as it is */
int store_quota_set(struct store *s, const char *project_id, int64_t tokens,
	int64_t micro_usd, struct err *e);

/* ---- decision sets ---- */

struct store_set {
	const char *project_id, *parent_id; /* parent_id NULL: the first version */
	int64_t version;
	const char *run_id, *input_sha256;
	const cJSON *options;
	const cJSON *input; /* what was asked for; NULL: nothing is kept */
	const char *status; /* NULL: running */
};

/* A new decision set; older unfinished ones of the project become superseded, each
 * with an event, and their jobs are taken back. */
int store_set_new(struct store *s, const struct store_set *set, char id[ID_TEXT_MAX],
	struct err *e);

/* The newest decision set that is not superseded, or the newest with `status`.
 * *out is NULL if none is there; the caller owns it. */
int store_set_latest(struct store *s, const char *project_id, const char *status,
	cJSON **out, struct err *e);

/* By version, id or the start of an id; NULL: the newest. */
int store_set_find(struct store *s, const char *project_id, const char *what, cJSON **out,
	struct err *e);
int store_sets(struct store *s, const char *project_id, cJSON **out, struct err *e);

/* What was asked for; *out is NULL if nothing was kept. The caller owns it. */
int store_set_input(struct store *s, const char *project_id, const char *set_id,
	cJSON **out, struct err *e);

/* Keeps what was asked for with a run that was started without it: {"brief": ...} with
 * its secrets masked. */
int store_set_keep(
	struct store *s, const char *set_id, const cJSON *input, struct err *e);

/* How often somebody approved or rejected this decision set. */
int store_decisions(struct store *s, const char *set_id, int64_t *n, struct err *e);

/* The state after a node (NULL: the latest checkpoint); *state is NULL if there is
 * none. `files` may be NULL. The caller owns both. */
int store_state(struct store *s, const char *set_id, const char *node, cJSON **state,
	cJSON **files, struct err *e);

/* ---- runs of nodes ---- */

/* Runs of this node in this decision set that went well with this base key, the
 * newest first. */
int store_runs(struct store *s, const char *set_id, const char *node,
	const char *base_key, cJSON **out, struct err *e);

struct store_run {
	const char *node_version, *provider, *prompt_pack;
	const char *model;      /* that was asked; NULL: none */
	int64_t cost_micro_usd; /* of its calls */
	const char *base_key, *idem_key;
	const cJSON *read, *input, *output; /* NULL: nothing is kept */
	int64_t tokens_in, tokens_out;
	double latency_ms;
	int answer, ok;
	const char *error; /* NULL: none */
};

/* A job that somebody holds: nothing is written once somebody else has claimed it. */
struct store_fence {
	int64_t job_id, attempt;
};

struct store_step {
	const char *project_id, *set_id, *run_id;
	const struct store_fence *fence; /* NULL: no job */
	int ends_job;                    /* its row goes in the same transaction */
	int64_t *lock_version;           /* as read; the new one afterwards */
	const char *status;              /* of the decision set; NULL: as it is */
	const struct node_row *node;     /* NULL: no node ran */
	const struct store_run *run;     /* NULL: reused or none */
	const cJSON *state;              /* after the node: the checkpoint; NULL: none */
	const cJSON *files;              /* generated files by content; NULL: none */
	const char *summary_md;          /* NULL: as it is */
	const cJSON *events;             /* [{type, payload}]; NULL: none */
	int whole; /* the state holds a whole run: rows of every node */
};

/* All of it or nothing. ERR_CONFLICT when somebody else has changed the decision
 * set, or holds its job now. From the state come, by node: constraints, plan, cost
 * estimate, approval, artifacts, and the document of each key that the node writes.
 * Each event's payload gets project_id, decision_set_id, run_id, node_name and ts
 * where it lacks them (specification 21.6). */
int store_commit(struct store *s, const struct store_step *step, struct err *e);

/* ---- reading back ---- */

/* Events of a decision set (or, with set_id NULL, of a project), the oldest first,
 * after the event `after`. */
int store_events(struct store *s, const char *project_id, const char *set_id,
	int64_t after, cJSON **out, struct err *e);

/* Appends one key of the state as it was last written, as JSON text: 1, or 0 when
 * there is none. */
int store_print_document(struct store *s, const char *project_id, const char *set_id,
	const char *name, struct buf *out, struct err *e);

int store_approvals(struct store *s, const char *set_id, cJSON **out, struct err *e);
/* The comments of its rejections, in the order of their making. */
int store_feedback(struct store *s, const char *set_id, cJSON **out, struct err *e);
/* Runs without their documents, the oldest first; set_id NULL: of the project. */
int store_run_list(struct store *s, const char *project_id, const char *set_id,
	cJSON **out, struct err *e);

#endif
