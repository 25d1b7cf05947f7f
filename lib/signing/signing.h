/*
 * signing.h - messages that prove who sent them: AWS Signature Version 4 for requests
 * and presigned URLs, Standard Webhooks for what we deliver, and the GitHub and Stripe
 * styles for what others may send.
 *
 * HMAC-SHA256 is libcrypto's. Proven by the vectors of AWS, Standard Webhooks and own
 * ones: build/tests/conformance sigv4|webhooks.
 * Thread safety: reentrant; a struct sigv4_signer belongs to one thread at a time.
 */
#ifndef MLOPS_SIGNING_H
#define MLOPS_SIGNING_H

#include "base/base.h"

#define SIGNING_MAC_LEN 32

void signing_hmac(const void *key, size_t key_len, const void *data, size_t len,
	unsigned char mac[SIGNING_MAC_LEN]);

struct signing_header {
	const char *name, *value;
};

/* ---- AWS Signature Version 4 (docs.aws.amazon.com/IAM, "create a signed request") ---- */

#define SIGV4_EXPIRES_MAX 604800 /* seconds a presigned URL may live at the most */
#define SIGV4_TIME_MAX    17     /* "20150830T123600Z" */
#define SIGV4_UNSIGNED    "UNSIGNED-PAYLOAD"

struct sigv4_signer {
	const char *access_key_id, *secret_access_key;
	const char *session_token; /* NULL: long-lived credentials */
	const char *region, *service;
	/* The key of one day, kept because deriving it is half the work. */
	char day[9];
	unsigned char key[SIGNING_MAC_LEN];
};

struct sigv4_request {
	const char *method;
	const char *path; /* as the service understands it, not percent-encoded */
	int normalize; /* 1: "." and ".." and doubled slashes go (every service but S3) */
	const char *query; /* as it is on the wire, without "?"; "" for none */
	const struct signing_header
		*headers; /* all are signed; "Host" must be among them */
	size_t n_headers;
	const char
		*payload_hash; /* lower-case hex SHA-256 of the body, or SIGV4_UNSIGNED */
	int add_content_sha256; /* 1: sign x-amz-content-sha256, too (S3 wants it) */
	const char *time;       /* "20150830T123600Z" */
	int64_t expires_s;      /* 0: sign a request; else presign a URL for so long */
};

struct sigv4_signed {
	struct buf canonical, to_sign; /* what was signed */
	struct buf path;               /* percent-encoded, for the request line */
	struct buf authorization; /* value of the Authorization header; empty for a URL */
	struct buf query;         /* the whole query of a presigned URL */
	char signature[2 * SIGNING_MAC_LEN + 1];
};

void sigv4_signed_init(struct sigv4_signed *s);
void sigv4_signed_release(struct sigv4_signed *s);

/* Signs. `out` is filled anew. A signed request carries, beside its own headers,
 * x-amz-date (the time), x-amz-security-token (when there is one), x-amz-content-sha256
 * (when asked for) and Authorization. -1 with ERR_INPUT: no Host, a bad time or expiry. */
int sigv4_sign(struct sigv4_signer *signer, const struct sigv4_request *request,
	struct sigv4_signed *out, struct err *e);

void sigv4_time(int64_t unix_s, char out[SIGV4_TIME_MAX]);

/* Appends percent-encoded text: all but unreserved characters (RFC 3986 section 2.3),
 * and '/' when keep_slash. */
void sigv4_encode(const char *text, size_t len, int keep_slash, struct buf *out);

/* ---- webhooks ---- */

/* Standard Webhooks 1.0: appends "v1,<base64>" over "id.timestamp.body". The secret is
 * "whsec_" and base64 of 24 to 64 bytes (the prefix may be missing). -1 with ERR_CONFIG
 * when it is not; the message never holds the secret. */
int webhook_sign(const char *secret, const char *id, int64_t timestamp_s,
	const void *body, size_t len, struct buf *out, struct err *e);

/* Checks a received message; header names in any case. Any one of several signatures
 * will do (keys rotate). -1 with ERR_INPUT and why. */
int webhook_verify(const char *secret, const struct signing_header *headers, size_t n,
	const void *body, size_t len, int64_t now_s, int64_t tolerance_s, struct err *e);

enum webhook_style { WEBHOOK_GITHUB, WEBHOOK_STRIPE };

/* Checks the one header of the other styles: GitHub "sha256=<hex>" over the body,
 * Stripe "t=<unix>,v1=<hex>" over "t.body" within the tolerance. */
int webhook_verify_style(enum webhook_style style, const void *secret, size_t secret_len,
	const char *header, const void *body, size_t len, int64_t now_s,
	int64_t tolerance_s, struct err *e);

#endif
