/*
 * notify.h - telling people and programs that something waits: one delivery of a
 * webhook (Standard Webhooks 1.0) or of a mail, and when to try again.
 *
 * Nothing is kept here: the caller stores what is to be delivered and what came of it.
 * Thread safety: reentrant; a client (struct http) belongs to one thread at a time.
 */
#ifndef MLOPS_NOTIFY_H
#define MLOPS_NOTIFY_H

#include "http/http.h"

/* ---- webhooks ---- */

struct notify_webhook {
	const char *url, *secret; /* "whsec_..." */
	const char *next_secret;  /* while keys rotate: a second signature; NULL: none */
	const char *id; /* the same at every attempt, so that a receiver can tell */
	const void *body;
	size_t len;
	int allow_private; /* 1: the operator runs the receiver on a private address */
	const char *ca_file;
	const char *traceparent; /* NULL: none */
};

enum notify_outcome {
	NOTIFY_DELIVERED, /* 2xx */
	NOTIFY_RETRY,     /* no answer, 3xx, 4xx, 5xx: again later */
	NOTIFY_GONE,      /* 410: the receiver wants no more; switch the endpoint off */
	NOTIFY_REFUSED, /* never: the address is private, the URL or the secret is bad */
};

struct notify_result {
	enum notify_outcome outcome;
	int status;            /* of HTTP; 0: no answer */
	int64_t retry_after_s; /* what the receiver asked for; -1: nothing */
	char why[160]; /* one line for the record; no secret, no path of the URL */
};

/* Delivers once; a redirect is a failure. Never fails otherwise than by its result. */
void notify_webhook(struct http *client, const struct notify_webhook *w, int64_t now_s,
	struct notify_result *result);

/* Checks what an endpoint is registered with: https (http where allow_private), no user
 * in the URL, a good secret. 0, or -1 with ERR_INPUT. */
int notify_webhook_check(
	const char *url, const char *secret, int allow_private, struct err *e);

/* Appends a new secret, "whsec_" and 32 random bytes. */
int notify_secret_new(struct buf *out, struct err *e);

/* Seconds to wait before attempt n (the first is 0), by the schedule of Standard
 * Webhooks: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, each up to a tenth
 * longer (`noise` picks how much); -1 when all have been made. A longer wait that the
 * receiver asked for wins, to a day. */
int64_t notify_wait_s(int attempt, uint64_t noise, int64_t retry_after_s);

/* ---- mail ---- */

struct notify_mail {
	const char *server; /* "smtp://HOST[:PORT]" or "smtps://..." */
	const char *user;   /* NULL: no login */
	const char *password;
	const char *from, *to; /* bare addresses */
	const char *subject;   /* one line; other characters than ASCII are encoded */
	const char *text;
	const char *id; /* becomes the Message-ID, so that a doubled mail can be told */
	const char *ca_file;
	int plain; /* 1: without TLS (a sink on loopback); else STARTTLS is demanded */
};

/* 0 when the server took the mail; ERR_INPUT for an address or subject with control
 * characters, ERR_PROVIDER when the server did not take it. */
int notify_mail(const struct notify_mail *m, int64_t now_s, struct err *e);

#endif
