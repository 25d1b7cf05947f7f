/*
 * oidc.h - bearer tokens of an OpenID Connect provider: discovery, its key set kept
 * and renewed, claims checked.
 *
 * Keys come from the jwks_uri that the configured issuer's discovery document names
 * (OpenID Connect Discovery 1.0 section 4), and from nowhere else. They are kept as
 * long as Cache-Control says, between a minute and a day (10 minutes without it); a
 * token that names an unknown key has them fetched again, at most once in 10 s however
 * many such tokens come; when the provider is away the old ones serve for a day.
 * Verified tokens are remembered by their SHA-256 for 5 minutes at the most.
 * Thread safety: any number of threads may check tokens; one of them fetches, and
 * those that can do without do not wait for it.
 */
#ifndef MLOPS_OIDC_H
#define MLOPS_OIDC_H

#include "jose/jose.h"

struct oidc_config {
	const char *issuer;   /* "https://..."; "http://" on loopback only */
	const char *audience; /* what "aud" must hold */
	const char *ca_file;  /* NULL: the system's certificates */
	int64_t leeway_s;     /* clock skew; 60 is usual */
};

struct oidc;

/* Copies the configuration; contacts nobody. NULL with ERR_CONFIG and why. */
struct oidc *oidc_new(const struct oidc_config *config, struct err *e);
void oidc_free(struct oidc *o);

/* The token's claims, which the caller frees. NULL: ERR_INPUT when the token is not to
 * be believed, ERR_PROVIDER when the provider's keys cannot be had. */
cJSON *oidc_check(
	struct oidc *o, const char *token, size_t len, int64_t now_s, struct err *e);

struct oidc_counts {
	uint64_t fetches, failures; /* of the key set */
	uint64_t verified, remembered, refused;
};

void oidc_counts(struct oidc *o, struct oidc_counts *out);

#endif
