/* JOSE: Wycheproof's signatures and keys, the RFC 7520 cookbook, own tokens. */
#include "suite.h"

#include "jose/jose.h"

#include <string.h>

#define EVERY_ALG (~0U)

static void judge(struct tally *t, const char *name, int accepted, int expected,
	const struct err *why)
{
	if (accepted == expected)
		pass(t);
	else
		fail(t, name, "%s, expected %s%s%s", accepted ? "accepted" : "refused",
			expected ? "accepted" : "refused", accepted ? "" : ": ",
			why->msg);
}

/* 1 when the token verifies with the key or set. */
static int verifies(const cJSON *jwk, unsigned algs, const char *token,
	struct buf *payload, struct err *e)
{
	struct jose_keys *keys = jose_keys_new(jwk, e);
	int ok = keys != NULL &&
		jose_verify(keys, algs, token, strlen(token), payload, e) == 0;

	jose_keys_free(keys);
	return ok;
}

/* ---- C2SP Wycheproof ---- */

/* Why a group's key or a case lies outside the scope; NULL when it does not. */
static const char *outside(const cJSON *key, const cJSON *test)
{
	if (json_has(test, "jwe"))
		return "encryption (JWE) is out of scope";
	if (json_text(json_get(test, "jws")) == NULL)
		return "the JSON serialization is out of scope";
	if (strcmp(json_str_or(key, "alg", ""), "ES521") == 0)
		return "the key names 'ES521', which RFC 7518 does not register";
	if (json_num_or(test, "tcId", 0) == 373 &&
		strchr(json_str_or(test, "jws", ""), '?'))
		return "the case calls an invalid character valid, and its MAC is over "
		       "another text";
	return NULL;
}

static void wycheproof_case(
	struct tally *t, const cJSON *group, const cJSON *key, const cJSON *test)
{
	int expected = strcmp(json_str_or(test, "result", ""), "valid") == 0;
	const char *why = outside(key, test);
	struct buf name = BUF_INIT(4096), payload = BUF_INIT(JOSE_TOKEN_MAX);
	struct err e = { 0 };

	buf_addf(&name, "%s %g %s", json_str_or(group, "comment", "?"),
		json_num_or(test, "tcId", 0), json_str_or(test, "comment", ""));
	if (why != NULL)
		skip(t, name.ptr, "%s", why);
	else
		judge(t, name.ptr,
			verifies(key, EVERY_ALG, json_str_or(test, "jws", ""), &payload,
				&e),
			expected, &e);
	buf_release(&payload);
	buf_release(&name);
}

static void wycheproof(struct tally *t, const cJSON *doc)
{
	JSON_EACH (group, json_get(doc, "testGroups")) {
		const cJSON *key = json_get(group, "public");

		if (key == NULL)
			key = json_get(group, "private");
		JSON_EACH (test, json_get(group, "tests"))
			wycheproof_case(t, group, key, test);
	}
}

/* ---- RFC 7520 ---- */

/* The key of an example: one, or the first of several signers'. */
static const cJSON *cookbook_key(const cJSON *doc)
{
	const cJSON *key = json_at(doc, "/input/key");

	return json_is(key, JSON_ARRAY) ? json_item(key, 0) : key;
}

static void cookbook(struct tally *t, const cJSON *doc)
{
	const char *name = json_str_or(doc, "title", "?");
	const char *token = json_text(json_at(doc, "/output/compact"));
	const char *text = json_text(json_at(doc, "/input/payload"));
	struct buf payload = BUF_INIT(JOSE_TOKEN_MAX);
	struct err e = { 0 };

	if (json_has(doc, "encrypting_content") || json_has(doc, "encrypting_key"))
		skip(t, name, "encryption (JWE) is out of scope");
	else if (token == NULL || strstr(token, "..") != NULL)
		skip(t, name,
			"detached content and the JSON serialization are out of scope");
	else if (!verifies(cookbook_key(doc), EVERY_ALG, token, &payload, &e))
		fail(t, name, "%s", e.msg);
	else if (text != NULL && strcmp(text, payload.ptr) != 0)
		fail(t, name, "the payload is '%.60s'", payload.ptr);
	else
		pass(t);
	buf_release(&payload);
}

/* A key of RFC 7520 section 3, read as a set of one. */
static void cookbook_jwk(struct tally *t, const cJSON *jwk)
{
	const char *name = json_str_or(jwk, "kid", json_str_or(jwk, "kty", "a key"));
	int for_signing = strcmp(json_str_or(jwk, "use", "sig"), "sig") == 0;
	struct err e = { 0 };
	struct jose_keys *keys = jose_keys_new(jwk, &e);

	if (keys == NULL)
		fail(t, name, "%s", e.msg);
	else if (jose_keys_count(keys) != (size_t)for_signing)
		fail(t, name, "%zu keys, expected %d", jose_keys_count(keys),
			for_signing);
	else
		pass(t);
	jose_keys_free(keys);
}

/* ---- own tokens ---- */

static void own_case(struct tally *t, const cJSON *c)
{
	struct jose_expect expect = {
		.issuer = json_text(json_get(c, "issuer")),
		.audience = json_text(json_get(c, "audience")),
		.now_s = (int64_t)json_num_or(c, "now", 0),
		.leeway_s = (int64_t)json_num_or(c, "leeway_s", 0),
	};
	int expected = strcmp(json_str_or(c, "expect", ""), "accept") == 0;
	const char *token = json_str_or(c, "token", "");
	struct err e = { 0 };
	struct jose_keys *keys = jose_keys_new(json_get(c, "jwks"), &e);
	cJSON *claims = NULL;
	unsigned algs = 0;

	JSON_EACH (alg, json_get(c, "algorithms"))
		algs |= jose_alg_bit(json_text(alg));
	if (keys != NULL)
		claims = jose_token(keys, algs, token, strlen(token), &expect, &e);
	judge(t, json_str_or(c, "name", "?"), claims != NULL, expected, &e);
	json_free(claims);
	jose_keys_free(keys);
}

int run_jose(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *doc = read_json(text, len, e);

	if (doc == NULL)
		return -1;
	if (json_is(doc, JSON_ARRAY)) {
		JSON_EACH (c, doc)
			own_case(t, c);
	} else if (json_has(doc, "testGroups")) {
		wycheproof(t, doc);
	} else if (json_has(doc, "kty")) {
		cookbook_jwk(t, doc);
	} else {
		cookbook(t, doc);
	}
	json_free(doc);
	return 0;
}
