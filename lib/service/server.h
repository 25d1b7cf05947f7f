/*
 * server.h - HTTP/1.1 over libmicrohttpd, thin enough to be replaced.
 *
 * A request is whole and within its bounds before anybody sees it. Shapes that
 * proxies read differently (Content-Length beside Transfer-Encoding, several of one,
 * no Host or two, names with spaces) are answered 400 and the connection is closed.
 * Connections that do not get a request together in time are shut.
 * Thread safety: `answer` is called from several threads at once, each with a request
 * of its own.
 */
#ifndef MLOPS_SERVICE_SERVER_H
#define MLOPS_SERVICE_SERVER_H

#include <microhttpd.h>

#include "base/base.h"

struct request {
	const char *method, *path; /* the path is decoded and holds no query */
	struct buf body;
	char id[ID_TEXT_MAX];
	char user[128],
		trace[TRACE_MAX]; /* who asked, and the trace: filled by `answer` */
	int64_t start_ns;
	struct MHD_Connection *connection;
};

/* NULL when there is none. Names in any case. */
const char *request_header(const struct request *q, const char *name);
const char *request_query(const struct request *q, const char *name);

struct reply {
	int status; /* 0: 200 */
	struct buf body;
	const char *type; /* NULL: application/json */
	char etag[96], location[128], range[96];
	int64_t retry_after_s;       /* 0: none */
	int no_store;                /* Cache-Control */
	struct MHD_Response *stream; /* in place of a body */
};

struct server_options {
	const char *listen; /* HOST:PORT; port 0 takes a free one */
	size_t threads, connections, body_bytes;
	int64_t request_s, idle_s;
	const char *cors_origin; /* "" for none */
	/* Fills the reply for a whole request. */
	void (*answer)(void *arg, struct request *q, struct reply *a);
	/* Fills the reply for one that is refused before that. */
	void (*refuse)(void *arg, const struct request *q, int status, const char *why,
		struct reply *a);
	void (*done)(void *arg, const struct request *q, const struct reply *a);
	void *arg;
};

struct server;

/* `o` is borrowed until server_stop. */
int server_start(struct server **out, const struct server_options *o, struct err *e);

/* No new connections; those that are open go on. */
void server_close_door(struct server *s);
void server_stop(struct server *s); /* NULL is fine; streams must have ended */

int server_port(const struct server *s);
size_t server_connections(struct server *s);

/* Shuts what takes too long; to be called about once a second. */
void server_sweep(struct server *s);

#endif
