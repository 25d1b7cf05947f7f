/*
 * queue.h - jobs that survive everything: claimed under a lease, finished once.
 *
 * A job is `queued`, `delayed` (its next try is not due), `running` (somebody holds
 * its lease) or `dead` (tried too often, kept for people). One that is done is
 * gone: what it did is in events and runs. Each claim raises `attempt`, the fencing
 * token: whoever holds an older one cannot finish, renew, fail or commit anything
 * (store_fence). A worker that dies leaves a lease that runs out, and the job is
 * claimed again; running it twice has its effects once, because each node is keyed by
 * its input (specification 21.3).
 *
 * Order: priority, then turns. A project's jobs take turns one after the other, and
 * its first one the turn that is up: projects alternate however many jobs one has.
 *
 * Times are milliseconds since 1970 by the database's clock, so that on PostgreSQL no
 * worker's clock counts.
 *
 * Correct without notifications; one only shortens the wait until the next look.
 *
 * The step to SQS: queue_add becomes SendMessage to a FIFO queue (group: project,
 * deduplication id: decision set and payload digest) by a relay that reads the jobs
 * table, which stays as the outbox, so that job and event are still one transaction;
 * queue_claim becomes ReceiveMessage (at most 10), the lease its visibility timeout,
 * queue_renew ChangeMessageVisibility, queue_finish DeleteMessageBatch, the dead
 * letters a redrive policy. The fencing token must stay in the table: SQS delivers at
 * least once and has none. Nothing above this header changes.
 *
 * Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_QUEUE_H
#define MLOPS_STORE_QUEUE_H

#include "store.h"

#define QUEUE_TYPE_MAX   32
#define QUEUE_WORKER_MAX 96
/* A job that was claimed so often kills its workers. Well above what restarts and
 * deployments do to a job that gets on, checkpoint by checkpoint. */
#define QUEUE_ATTEMPT_MAX 200

struct queue_new {
	const char *project_id, *set_id; /* may be NULL */
	const char *type;
	const cJSON *payload; /* NULL: {} */
	int64_t priority;     /* higher goes first */
	int64_t delay_ms;
	int64_t max_retries;
};

/* Part of the caller's transaction, if there is one. */
int queue_add(struct store *s, const struct queue_new *job, struct err *e);

struct queue_job {
	int64_t id, attempt, retries, max_retries, waited_ms;
	char project_id[ID_TEXT_MAX], set_id[ID_TEXT_MAX], type[QUEUE_TYPE_MAX];
	char *payload; /* JSON text; queue_job_release frees it */
};

void queue_job_release(struct queue_job *job);

/* Claims up to `max` jobs in one statement; `out` has room for them. */
int queue_claim(struct store *s, const char *worker, size_t max, int64_t lease_ms,
	struct queue_job *out, size_t *n, struct err *e);

/* The same for one job, of a project that has fewer than `per_project` running. Two
 * workers that claim at the same moment may pass the limit by one. */
int queue_claim_within(struct store *s, const char *worker, int64_t per_project,
	int64_t lease_ms, struct queue_job *out, size_t *n, struct err *e);

/* Which jobs: {id, attempt} pairs. */
struct queue_hold {
	int64_t id, attempt;
};

/* Makes the leases last `lease_ms` from now; lost[i] is 1 where the job is not ours
 * any more. */
int queue_renew(struct store *s, const struct queue_hold *holds, size_t n,
	int64_t lease_ms, int *lost, struct err *e);

/* They are done; *done is how many were still ours. */
int queue_finish(struct store *s, const struct queue_hold *holds, size_t n, int64_t *done,
	struct err *e);

enum queue_verdict {
	QUEUE_LOST,  /* was not ours any more */
	QUEUE_RETRY, /* waits for its next try */
	QUEUE_DEAD,  /* tried often enough */
};

/* It failed. after_ms is the wait before the next try, 0: queue_backoff_ms. `final`:
 * no further try is of use. */
int queue_fail(struct store *s, const struct queue_hold *hold, const char *why,
	int64_t after_ms, int final, enum queue_verdict *verdict, struct err *e);

/* Back into the queue as it was, when a worker stops. */
int queue_release(struct store *s, const struct queue_hold *hold, struct err *e);

/* 1 s, doubled for each retry up to five minutes, times a random 0.5 to 1. */
int64_t queue_backoff_ms(int64_t retries);

/* What time brings: leases that ran out go back into the queue (or die), delayed jobs
 * become due. `dead` gets {project_id, decision_set_id, last_error} of those that
 * died; the caller owns it. *moved is how many became ready. */
int queue_tend(struct store *s, int64_t *moved, cJSON **dead, struct err *e);

/* Takes a decision set's jobs back, running ones included. */
int queue_cancel(struct store *s, const char *set_id, int64_t *taken, struct err *e);

struct queue_depth {
	int64_t queued, delayed, running, dead;
	int64_t oldest_ms; /* how long the oldest has been ready */
};

/* project_id NULL: of all. */
int queue_depth(
	struct store *s, const char *project_id, struct queue_depth *out, struct err *e);

/* ---- notifications ---- */

/* Tells every ear; nothing on SQLite. Best outside a transaction: at commit it takes a
 * lock that the whole server shares. */
int queue_tell(struct store *s, const char *what, struct err *e);

struct ear;

/* A connection that listens; `url` must lead to the server itself, not to a pooler in
 * transaction mode. `through` is an ordinary store on which a first notification is
 * sent: *works is 0 when it does not come back within a second. ERR_USAGE on SQLite. */
int ear_open(struct ear **out, const char *url, struct store *through, int *works,
	struct err *e);
void ear_close(struct ear *ear); /* NULL is fine */
int ear_fd(struct ear *ear);     /* -1 while the connection is lost */

/* Takes one notification: 1 with its text, 0 when there is none, -1 when the
 * connection was lost; it is made again by the next call. */
int ear_next(struct ear *ear, char *what, size_t size, struct err *e);

#endif
