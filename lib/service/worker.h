/*
 * worker.h - claims jobs and runs them, each in a thread that spawns the filters.
 *
 * One thread claims for all slots, renews every lease in one statement and tends the
 * queue. A job that is not ours any more is stopped. At the end no new job is claimed;
 * those at work get a while to finish, then they go back into the queue.
 * Thread safety: every function may be called from any thread.
 */
#ifndef MLOPS_SERVICE_WORKER_H
#define MLOPS_SERVICE_WORKER_H

#include "config.h"
#include "hub.h"

struct worker;

struct worker_options {
	const struct config *config;
	const char *artifacts; /* NULL: in the store's directory */
	const char *process_id;
	struct hub *hub; /* is told of news */
	const struct log *log;
};

int worker_start(struct worker **out, const struct worker_options *o, struct err *e);

/* There may be a job. */
void worker_ring(struct worker *w);

/* Waits until nothing is ready and nothing at work, at most `ms`. 1 when idle. */
int worker_wait_idle(struct worker *w, int64_t ms);

void worker_drain(struct worker *w); /* no new jobs; returns at once */
void worker_stop(struct worker *w);  /* waits for the end; frees it. NULL is fine */

struct worker_counts {
	size_t slots, busy;
	uint64_t claimed, done, failed, dead, lost, released;
};
void worker_count(struct worker *w, struct worker_counts *out);

/* Appends the name that a decision set's zip has in the artifact store. */
int zip_name(struct store *store, const char *project_id, const char *set_id,
	const char *hex, struct buf *out, struct err *e);

#endif
