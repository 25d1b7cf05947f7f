/*
 * http.h - one HTTP request after another, over libcurl: what webhooks, S3 and
 * identity providers are reached through.
 *
 * No redirect is followed: where a request may go is the caller's decision. TLS is
 * verified always. Messages name scheme and host, never path, query, header or body,
 * since those may hold secrets.
 * Thread safety: a client belongs to one thread at a time; it keeps connections open.
 */
#ifndef MLOPS_HTTP_H
#define MLOPS_HTTP_H

#include <stdatomic.h>

#include "base/base.h"

struct http; /* a client */

struct http *http_new(struct err *e);
void http_free(struct http *client);

struct http_header {
	const char *name, *value;
};

enum http_fault {
	HTTP_NONE,        /* an answer came, whatever its status */
	HTTP_BAD_URL,     /* not an http or https address */
	HTTP_FORBIDDEN,   /* the host's address is one that `public_only` refuses */
	HTTP_UNREACHABLE, /* no address, no connection */
	HTTP_TLS,         /* the certificate or the handshake */
	HTTP_TIMED_OUT,
	HTTP_BROKEN,    /* the connection ended in the middle, or the answer is no HTTP */
	HTTP_TOO_LARGE, /* longer than max_body */
	HTTP_STOPPED,   /* *stop became non-zero, or `piece` said so */
};

struct http_request {
	const char *method; /* "GET", ... */
	const char *url;
	const struct http_header *headers;
	size_t n_headers;
	const void *body; /* NULL: none */
	size_t body_len;
	size_t max_body;            /* bytes of the answer; 0: 16 MiB */
	int64_t connect_timeout_ns; /* 0: 5 s */
	int64_t idle_timeout_ns;    /* no byte for so long; 0: 30 s; whole seconds */
	int64_t total_timeout_ns;   /* 0: 60 s */
	int public_only; /* 1: refuse loopback, private, link-local, shared, multicast and
	                  * reserved addresses (RFC 6890), looked at when the connection is
	                  * made, so that a name cannot change in between; no proxy */
	const char *ca_file;    /* NULL: the system's certificates */
	const atomic_int *stop; /* may be NULL */
	/* Called with the body as it comes; non-zero ends the request. NULL: gathered. */
	int (*piece)(void *arg, const char *data, size_t len);
	void *arg;
};

struct http_response {
	int status; /* 0 when no answer came */
	enum http_fault fault;
	struct buf headers; /* lines "Name: value\n" of the final answer */
	struct buf body;
	int64_t first_byte_ns, wall_ns; /* since the request began */
};

void http_response_init(struct http_response *r);
void http_response_release(struct http_response *r);

/* 0 when an answer came; -1 with r->fault and *e: ERR_INPUT for HTTP_BAD_URL and
 * HTTP_FORBIDDEN, ERR_LATER for HTTP_STOPPED, else ERR_PROVIDER. `r` is filled anew. */
int http_do(struct http *client, const struct http_request *q, struct http_response *r,
	struct err *e);

/* Appends a header's value (the last one, the name in any case); 0 when there is none. */
int http_header_get(const struct http_response *r, const char *name, struct buf *out);

/* Seconds to wait that Retry-After tells, as a number or a date; -1 when it does not. */
int64_t http_retry_after_s(const struct http_response *r, int64_t now_s);

struct sockaddr;

/* 1 when an address is one that anybody may be sent to. */
int http_address_is_public(const struct sockaddr *address);

#endif
