/*
 * requests.h - what people ask of the service, each one transaction with its event
 * and, where there is work to do, its job.
 *
 * Every question names the project beside the row, so that no answer crosses projects.
 * Lists are appended as JSON text, columns of JSON as they are stored: an answer of
 * half a megabyte is never taken apart.
 * Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_REQUESTS_H
#define MLOPS_STORE_REQUESTS_H

#include "queue.h"

/* Which request the events and jobs that are made from now on belong to, for audits and
 * logs; NULL: none. */
void store_set_origin(struct store *s, const char *request_id, const char *traceparent,
	const char *user);

/* ---- doing ---- */

/* `owner` is the tenant that it belongs to, `actor` who asked. */
int store_project_create(struct store *s, const char *name, const char *owner,
	const char *actor, char id[ID_TEXT_MAX], struct err *e);

/* Appends whose it is ("": nobody's); ERR_NO_INPUT when there is no such project. */
int store_project_owner(
	struct store *s, const char *project_id, struct buf *owner, struct err *e);

struct store_ask {
	const char *project_id;
	const char *actor;
	const cJSON *input;   /* {brief, answers, waivers, first} */
	const cJSON *options; /* of passed.def; may be NULL */
	int64_t priority, max_retries;
	/* A fork: the state and files from which the node input.first starts. */
	const char *parent_id; /* NULL: the newest complete version */
	const cJSON *state, *files;
};

/* A new version and its job. */
int store_ask(struct store *s, const struct store_ask *ask, char set_id[ID_TEXT_MAX],
	int64_t *version, struct err *e);

/* Somebody's answer at the gate: ERR_CONFLICT unless the decision set waits there, and
 * when it waits for its budget: nothing has been planned that could be approved. */
struct store_decide {
	const char *project_id, *set_id, *actor;
	const char *status; /* "approved" or "rejected" */
	const char *comment;
	const cJSON *waivers; /* NULL: none new */
	int64_t max_retries;
};
int store_decide(struct store *s, const struct store_decide *d, struct err *e);

/* What a project may spend on models from now on (as store_quota_set takes it), with an
 * event; its decision sets that wait for their budget go on. */
int store_budget(struct store *s, const char *project_id, const char *actor,
	int64_t tokens, int64_t micro_usd, int64_t max_retries, struct err *e);

/* Replies to questions: the decision set is run again with them. ERR_CONFLICT while it
 * is at work or when it is over. */
int store_answer(struct store *s, const char *project_id, const char *set_id,
	const char *actor, const cJSON *answers, int64_t max_retries, struct err *e);

/* No more work on it. ERR_CONFLICT when it is over. */
int store_cancel(struct store *s, const char *project_id, const char *set_id,
	const char *actor, struct err *e);

/* Its job died: the run has failed for good. */
int store_give_up(struct store *s, const char *project_id, const char *set_id,
	const char *why, struct err *e);

/* The last stream of an unfinished run has ended, or one is there again. */
int store_stream(struct store *s, const char *project_id, const char *set_id,
	const char *process, int64_t streams, struct err *e);

/* ---- a request that is sent twice ---- */

enum store_key {
	STORE_KEY_NEW,     /* go ahead, then store_key_done */
	STORE_KEY_DONE,    /* status and answer of the first time */
	STORE_KEY_BUSY,    /* the first one is at work */
	STORE_KEY_ANOTHER, /* the key was used with another body */
};

struct store_keyed {
	const char *principal, *route, *key, *body_sha256;
	int64_t now_ms;
	int64_t status;     /* out */
	char location[128]; /* out */
};

int store_key_begin(struct store *s, struct store_keyed *k, enum store_key *what,
	struct buf *answer, struct err *e);
/* Best in the transaction of what was asked for. */
int store_key_done(struct store *s, const struct store_keyed *k, int status,
	const char *answer, const char *location, struct err *e);
/* Nothing was done: the key is free again. */
int store_key_drop(struct store *s, const struct store_keyed *k, struct err *e);
int store_keys_expire(struct store *s, int64_t now_ms, struct err *e);

/* ---- reading ---- */

/* The project that a decision set belongs to and its head: {id, project_id, version,
 * status, lock_version, ...}; *out is NULL when there is none. The caller owns it. */
int store_set_head(struct store *s, const char *set_id, cJSON **out, struct err *e);

struct store_page {
	const char *project_id, *set_id;
	const char *owner;                /* of projects; NULL: everybody's */
	const char *type;                 /* of events: one type, or NULL */
	const char *user, *run, *request; /* of events: whose, of which; NULL: all */
	const char *after_time,
		*after_id; /* the last item of the page before; NULL: none */
	int64_t after;     /* of events and artifacts */
	int64_t limit;
	/* out: of the last row printed */
	char last_time[CLOCK_TEXT_MAX], last_id[512];
	int64_t last;
};

/* Each appends "{...},{...}", counts the rows in *n and says which was the last. */
int store_print_projects(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_sets(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_events(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
/* Events of every project with the request and the person behind them. */
int store_print_audit(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
/* set_id NULL: of the whole project, which is its Decision Ledger. */
int store_print_cards(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_artifacts(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_approvals(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_project(struct store *s, const char *project_id, struct buf *out,
	size_t *n, struct err *e);

/* The whole decision set as one object: its columns and the documents of its state.
 * 1, or 0 when there is none; *lock_version is its ETag. */
int store_print_set(struct store *s, const char *project_id, const char *set_id,
	struct buf *out, int64_t *lock_version, struct err *e);

/* Files of the latest checkpoint: {tree, zip}; NULL when there are none. */
int store_files(struct store *s, const char *set_id, cJSON **files, struct err *e);

/* Events of many decision sets at once. `watched` is a JSON array of [id, after]; the
 * callback gets each event in order within its set. */
struct store_event_row {
	int64_t id;
	const char *set_id, *type, *payload;
};
int store_events_of(struct store *s, const char *watched,
	int (*row)(void *arg, const struct store_event_row *ev), void *arg,
	struct err *e);
/* The same for one, a page of it. */
int store_events_after(struct store *s, const char *set_id, int64_t after, int64_t limit,
	int (*row)(void *arg, const struct store_event_row *ev), void *arg,
	struct err *e);

#endif
