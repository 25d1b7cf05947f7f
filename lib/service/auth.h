/*
 * auth.h - who is asking, and what they may do.
 *
 * Every request has a principal: the holder of a token of the configured OpenID
 * provider, or of the one local token, whose holder may do everything. A project
 * belongs to a tenant, which is a claim of the token ("sub" unless told otherwise, so
 * that everybody sees their own; "team" or "org_id" shares with colleagues). A member
 * sees and changes what belongs to their tenant; an admin everything; who has no role
 * gets nothing.
 * Thread safety: any number of threads once made.
 */
#ifndef MLOPS_SERVICE_AUTH_H
#define MLOPS_SERVICE_AUTH_H

#include "config.h"
#include "oidc/oidc.h"

#define PRINCIPAL_MAX 128

struct principal {
	char id[PRINCIPAL_MAX];     /* stands in rows, events and logs as the actor */
	char tenant[PRINCIPAL_MAX]; /* owns the projects that they make */
	int admin, member;
};

enum permission {
	MAY_READ,
	MAY_WRITE,   /* ask, answer, cancel */
	MAY_APPROVE, /* decide at the gate */
	MAY_ADMIN,   /* force a regeneration, see metrics */
};

struct auth {
	const struct config *config;
	struct oidc *oidc; /* NULL: only the local token */
	char token[96];    /* "": none is taken */
	unsigned char digest[DIGEST_LEN];
};

/* The local token is `config->token`, else a new one where this machine alone can ask
 * and no provider is configured. `config` is borrowed. */
int auth_init(struct auth *a, const struct config *config, struct err *e);
void auth_release(struct auth *a);

/* `authorization` is the header's value or NULL. -1 with *e: ERR_UNAUTHORIZED when it
 * proves nothing, ERR_PROVIDER when the provider's keys cannot be had. */
int auth_principal(const struct auth *a, const char *authorization, int64_t now_s,
	struct principal *out, struct err *e);

/* 1 when the principal may do this to what belongs to `owner` (NULL: to nobody, such as
 * a list of their own projects). */
int auth_may(const struct principal *p, const char *owner, enum permission what);

/* 1 when they may know that it exists. */
int auth_sees(const struct principal *p, const char *owner);

#endif
