/*
 * redact.h - finds secrets and personal data in text, and masks them.
 *
 * Rules are data (share/redact/secrets.json, share/redact/personal.json, read by
 * the caller: inside a node through env_read_json). One pass over the text looks
 * for the rules' keywords; a rule's pattern is tried only in a bounded window
 * around one, so time is linear in the text. Patterns compile when first needed.
 * Thread safety: a struct redact belongs to one thread at a time.
 */
#ifndef MLOPS_REDACT_H
#define MLOPS_REDACT_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/buf.h"

struct redact;

enum redact_what {
	REDACT_SECRETS = 1, /* class "secret" */
	REDACT_PERSONAL =
		2, /* classes "pii:email", "pii:phone", "pii:iban", "pii:card", ... */
	REDACT_ALL = 3,
};

struct redact_hit {
	const char *rule;  /* "aws-access-key-id"; borrowed from the rules */
	const char *class; /* "secret" or "pii:..."; borrowed from the rules */
	const char *title; /* for people: "AWS access key id" */
	size_t start, end; /* bytes of the text; end is exclusive */
	size_t line;       /* 1, 2, ... */
};

/* `doc` is a parsed rules file, borrowed: it must outlive the rules. Messages name
 * the JSON Pointer of what is wrong. NULL with *e filled. */
struct redact *redact_new(const cJSON *doc, struct err *e);
int redact_add(
	struct redact *r, const cJSON *doc, struct err *e); /* a second rules file */
void redact_free(struct redact *r);                         /* NULL is fine */

/* All hits in order of their place; what overlaps is one hit, a secret before
 * personal data. The caller frees *hits with free(); it is
 * NULL when *n is 0. Any bytes will do for text; it need not be UTF-8. */
int redact_scan(struct redact *r, enum redact_what what, const char *text, size_t len,
	struct redact_hit **hits, size_t *n, struct err *e);

/* Appends the text with each hit replaced by "[redacted:RULE]"; *n (may be NULL)
 * gets the number of hits. */
int redact_mask(struct redact *r, enum redact_what what, const char *text, size_t len,
	struct buf *out, size_t *n, struct err *e);

/* redact_mask of secrets alone, as intake does to a brief before it is stored. */
int redact_secrets(struct redact *r, const char *text, size_t len, struct buf *out,
	size_t *n, struct err *e);
/* A copy without secrets in any string or member name, for the caller to free. */
cJSON *redact_tree(struct redact *r, const cJSON *tree, struct err *e);

#endif
