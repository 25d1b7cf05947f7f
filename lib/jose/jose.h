/*
 * jose.h - who signed this, and may it be believed: JSON Web Signatures in compact
 * form (RFC 7515, 7518, 8037), key sets (RFC 7517) and the claims of tokens (RFC
 * 7519). Verifying only; no encryption, no "none", no key that the token brings.
 *
 * Signature mathematics is libcrypto's. A key serves the algorithms of its type and,
 * when it says so, of its "alg", "use" and "key_ops" and no others, so that a public
 * key never serves as a secret. Proven by C2SP Wycheproof, the RFC 7520 cookbook and
 * own cases: build/tests/conformance jose.
 * Thread safety: a key set is read-only once made; any number of threads may verify.
 */
#ifndef MLOPS_JOSE_H
#define MLOPS_JOSE_H

#include "json/json.h"

#define JOSE_TOKEN_MAX ((size_t)16 << 10) /* bytes; a longer token is refused unread */

/* Algorithms as bits, so that a caller states the ones that it takes. */
enum jose_alg {
#define JOSE(name, bit, type, digest, curve) JOSE_##name = 1 << (bit),
#include "jose.def"
#undef JOSE
};

/* What a service takes from an identity provider. */
#define JOSE_PUBLIC (JOSE_RS256 | JOSE_ES256 | JOSE_EdDSA)

unsigned jose_alg_bit(const char *name); /* "RS256" and so on; 0 when unknown */

struct jose_keys;

/* Reads a JWK Set, or a single JWK as a set of one. Keys of unknown types and keys
 * that are not for verifying are left out (RFC 7517 section 5). Refused, with
 * ERR_INPUT: a set without "keys", two keys of one id, secrets beside public keys, a
 * point off its curve, RSA under 2048 bits, a secret shorter than its digest.
 * NULL with *e. The caller frees. */
struct jose_keys *jose_keys_new(const cJSON *jwks, struct err *e);
void jose_keys_free(struct jose_keys *keys);
size_t jose_keys_count(const struct jose_keys *keys);

/* 1 when a token of this text names a key id that the set lacks: time to fetch the
 * set again. Reads nothing but the header and believes none of it. */
int jose_names_unknown_key(const struct jose_keys *keys, const char *token, size_t len);

/* Checks the signature; `algs` are the algorithms that the caller takes. Appends the
 * payload's bytes. -1 with ERR_INPUT and why; nothing is appended then. */
int jose_verify(const struct jose_keys *keys, unsigned algs, const char *token,
	size_t len, struct buf *payload, struct err *e);

struct jose_expect {
	const char *issuer, *audience; /* NULL: not checked */
	int64_t now_s;                 /* Unix time */
	int64_t leeway_s;              /* clocks differ by so much at the most */
};

/* jose_verify, then the claims: "exp" must be there, "nbf", "iss" and "aud" must fit;
 * a header "typ", when there, must be JWT or at+jwt (RFC 9068). Returns the claims,
 * which the caller frees; NULL with ERR_INPUT and why. */
cJSON *jose_token(const struct jose_keys *keys, unsigned algs, const char *token,
	size_t len, const struct jose_expect *expect, struct err *e);

#endif
