/*
 * hub.h - server-sent events: one reader of the event log feeds every stream of this
 * process (specification 22.3, 23.6).
 *
 * The log is the truth: a stream that comes back with Last-Event-ID is given the rest
 * from it. What all streams of a decision set have still to get is kept once, up to a
 * bound; a stream that falls behind it reads pages of the log for itself, and one that
 * takes nothing for half a minute is cut and may come back. A ping every few seconds
 * finds those that have left. run-complete is the last thing on a stream.
 * Thread safety: every function may be called from any thread.
 */
#ifndef MLOPS_SERVICE_HUB_H
#define MLOPS_SERVICE_HUB_H

#include <microhttpd.h>

#include "pool.h"

struct hub;

struct hub_options {
	struct pool *pool;
	const char *db, *listen_db; /* listen_db "": db itself */
	const char *process_id;
	int64_t stream_s, ping_s, poll_ms;
	void (*tick)(
		void *arg); /* about once a second, on the hub's thread; may be NULL */
	void (*job)(void *arg); /* somebody says that there is a job; may be NULL */
	void *arg;
	const struct log *log;
};

int hub_start(struct hub **out, const struct hub_options *o, struct err *e);

/* Ends every stream; hub_free may follow when the server has stopped. */
void hub_end_streams(struct hub *h);
void hub_stop(struct hub *h);
void hub_free(struct hub *h); /* NULL is fine */

/* There may be something new: look now rather than at the next poll. */
void hub_ring(struct hub *h);
/* The same for a job, told to every process where the database can. */
void hub_ring_job(struct hub *h);

/* A response that streams the events after `after`. NULL with *e. */
struct MHD_Response *hub_stream(struct hub *h, struct MHD_Connection *c,
	const char *project_id, const char *set_id, int64_t after, struct err *e);

struct hub_counts {
	size_t streams;
	uint64_t opened, ended_early, events, pings;
};
void hub_count(struct hub *h, struct hub_counts *out);

#endif
