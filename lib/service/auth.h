/*
 * auth.h - who is asking. Every request has a principal, and every question to the
 * store names a project that this principal may see.
 *
 * Here: one bearer token, whose holder may do everything. Tokens of an identity
 * provider and roles take the same places.
 * Thread safety: read-only once made.
 */
#ifndef MLOPS_SERVICE_AUTH_H
#define MLOPS_SERVICE_AUTH_H

#include "base/base.h"

#define PRINCIPAL_MAX 128

struct principal {
	char id[PRINCIPAL_MAX]; /* stands in rows and events as the actor */
	int admin;
};

enum permission {
	MAY_READ,
	MAY_WRITE,   /* ask, answer, cancel */
	MAY_APPROVE, /* decide at the gate */
	MAY_ADMIN,   /* force a regeneration, see metrics */
};

struct auth {
	char token[96];
	unsigned char digest[DIGEST_LEN];
};

/* `token` "" makes a new one. */
int auth_init(struct auth *a, const char *token, struct err *e);

/* `authorization` is the header's value or NULL. 0, or -1 when it proves nothing. */
int auth_principal(
	const struct auth *a, const char *authorization, struct principal *out);

/* 1 when the principal may do this in the project (NULL: outside of projects). */
int auth_may(const struct principal *p, const char *project_id, enum permission what);

#endif
