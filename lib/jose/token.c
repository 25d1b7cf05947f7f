/* The compact form of RFC 7515 and the claims of RFC 7519. */
#include "jose_internal.h"

#include <strings.h>

#include "base/base64.h"

const struct jose_row jose_rows[] = {
#define JOSE(name, bit, type, digest, curve) { #name, type, digest, curve, JOSE_##name },
#include "jose.def"
#undef JOSE
};
const size_t jose_n_rows = ARRAY_LEN(jose_rows);

const struct jose_row *jose_row_named(const char *name)
{
	for (size_t i = 0; i < jose_n_rows; i++)
		if (strcmp(jose_rows[i].name, name) == 0)
			return &jose_rows[i];
	return NULL;
}

unsigned jose_alg_bit(const char *name)
{
	const struct jose_row *row = jose_row_named(name);

	return row == NULL ? 0 : row->bit;
}

/* header.payload.signature */
struct parts {
	cJSON *header;
	const char *payload;
	size_t signed_len, payload_len;
	struct buf sig;
};

static void parts_release(struct parts *p)
{
	json_free(p->header);
	buf_release(&p->sig);
}

static cJSON *header_of(const char *token, size_t len, struct err *e)
{
	struct buf text = BUF_INIT(JOSE_TOKEN_MAX);
	cJSON *header = NULL;

	if (base64_decode(token, len, BASE64_URL, &text) < 0)
		err_fill(e, ERR_INPUT, "the token's header is not base64url");
	else if ((header = json_parse(text.ptr, text.len, JSON_STRICT, e)) == NULL)
		err_where(e, "the token's header");
	if (header != NULL && !json_is(header, JSON_OBJECT)) {
		err_fill(e, ERR_INPUT, "the token's header is not an object");
		json_free(header);
		header = NULL;
	}
	buf_release(&text);
	return header;
}

static int split(const char *token, size_t len, struct parts *p, struct err *e)
{
	const char *dot = memchr(token, '.', len);
	const char *second = dot == NULL
		? NULL
		: memchr(dot + 1, '.', len - (size_t)(dot + 1 - token));

	if (len > JOSE_TOKEN_MAX)
		return err_set(e, ERR_INPUT, "a token of %zu bytes; %zu are taken", len,
			JOSE_TOKEN_MAX);
	if (second == NULL || memchr(second + 1, '.', len - (size_t)(second + 1 - token)))
		return err_set(
			e, ERR_INPUT, "not a signed token: it has not three parts");
	p->payload = dot + 1;
	p->payload_len = (size_t)(second - dot - 1);
	p->signed_len = (size_t)(second - token);
	p->header = header_of(token, (size_t)(dot - token), e);
	if (p->header == NULL)
		return -1;
	if (base64_decode(second + 1, len - (size_t)(second + 1 - token), BASE64_URL,
		    &p->sig) < 0)
		return err_set(e, ERR_INPUT, "the token's signature is not base64url");
	return buf_ok(&p->sig, e);
}

/* Header parameters that bring a key along or must be understood (RFC 7515 4.1.11). */
static int header_is_plain(const cJSON *header, struct err *e)
{
	static const char *const refused[] = { "crit", "jwk", "jku", "x5u" };

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (json_has(header, refused[i]))
			return err_set(e, ERR_INPUT,
				"the token's header has '%s', which is not taken",
				refused[i]);
	return 0;
}

/* A key fits when it has the token's key id, or the token names none. A named key
 * must be there: trying others would let a retired key's token pass. */
static int fits(const struct jose_key *key, const struct jose_row *row, const char *kid)
{
	if ((key->algs & row->bit) == 0)
		return 0;
	return kid == NULL || (key->kid != NULL && strcmp(key->kid, kid) == 0);
}

static int check_with_keys(const struct jose_keys *keys, const struct jose_row *row,
	const char *token, const struct parts *p, struct err *e)
{
	const char *kid = json_text(json_get(p->header, "kid"));
	size_t tried = 0;

	for (size_t i = 0; i < keys->n; i++) {
		if (!fits(&keys->items[i], row, kid))
			continue;
		tried++;
		if (jose_check(row, &keys->items[i], token, p->signed_len,
			    (const unsigned char *)p->sig.ptr, p->sig.len) == 0)
			return 0;
	}
	if (tried == 0)
		return err_set(e, ERR_INPUT,
			"no key of the set fits the token's algorithm %s%s", row->name,
			kid != NULL ? " and key id" : "");
	return err_set(e, ERR_INPUT, "the token's signature does not match");
}

static int verify(const struct jose_keys *keys, unsigned algs, const char *token,
	size_t len, struct parts *p, struct buf *payload, struct err *e)
{
	const struct jose_row *row;
	const char *alg;

	if (split(token, len, p, e) < 0 || header_is_plain(p->header, e) < 0)
		return -1;
	if (json_str(p->header, "alg", &alg, e) < 0) {
		err_where(e, "the token's header");
		return -1;
	}
	row = jose_row_named(alg);
	if (row == NULL || (row->bit & algs) == 0)
		return err_set(
			e, ERR_INPUT, "the token's algorithm '%.32s' is not taken", alg);
	if (json_has(p->header, "kid") && json_text(json_get(p->header, "kid")) == NULL)
		return err_set(e, ERR_INPUT, "the token's key id is not a string");
	if (check_with_keys(keys, row, token, p, e) < 0)
		return -1;
	if (base64_decode(p->payload, p->payload_len, BASE64_URL, payload) < 0)
		return err_set(e, ERR_INPUT, "the token's payload is not base64url");
	return buf_ok(payload, e);
}

int jose_verify(const struct jose_keys *keys, unsigned algs, const char *token,
	size_t len, struct buf *payload, struct err *e)
{
	struct parts p = { .sig = BUF_INIT(JOSE_TOKEN_MAX) };
	int ret = verify(keys, algs, token, len, &p, payload, e);

	parts_release(&p);
	return ret;
}

int jose_names_unknown_key(const struct jose_keys *keys, const char *token, size_t len)
{
	const char *dot = memchr(token, '.', len), *kid;
	struct err ignored = { 0 };
	cJSON *header = NULL;
	int unknown;

	if (dot != NULL && len <= JOSE_TOKEN_MAX)
		header = header_of(token, (size_t)(dot - token), &ignored);
	kid = json_text(json_get(header, "kid"));
	unknown = kid != NULL;
	for (size_t i = 0; unknown && i < keys->n; i++)
		unknown = keys->items[i].kid == NULL ||
			strcmp(keys->items[i].kid, kid) != 0;
	json_free(header);
	return unknown;
}

static int audience_fits(const cJSON *aud, const char *audience)
{
	if (json_text(aud) != NULL)
		return strcmp(json_text(aud), audience) == 0;
	return json_is(aud, JSON_ARRAY) && json_has_text(aud, audience);
}

static int typ_fits(const cJSON *header)
{
	static const char *const types[] = { "JWT", "at+jwt", "application/at+jwt" };
	const char *typ = json_text(json_get(header, "typ"));

	for (size_t i = 0; typ != NULL && i < ARRAY_LEN(types); i++)
		if (strcasecmp(typ, types[i]) == 0)
			return 1;
	return !json_has(header, "typ");
}

static int claims_fit(const cJSON *claims, const struct jose_expect *x, struct err *e)
{
	double exp, nbf, now = (double)x->now_s, leeway = (double)x->leeway_s;

	if (json_num(claims, "exp", &exp, e) < 0)
		return -1;
	if (now >= exp + leeway)
		return err_set(e, ERR_INPUT, "the token has expired");
	if (json_has(claims, "nbf")) {
		if (json_num(claims, "nbf", &nbf, e) < 0)
			return -1;
		if (now < nbf - leeway)
			return err_set(e, ERR_INPUT, "the token is not valid yet");
	}
	if (x->issuer != NULL && strcmp(json_str_or(claims, "iss", ""), x->issuer) != 0)
		return err_set(e, ERR_INPUT, "the token is from another issuer");
	if (x->audience != NULL && !audience_fits(json_get(claims, "aud"), x->audience))
		return err_set(e, ERR_INPUT, "the token is for another audience");
	return 0;
}

cJSON *jose_token(const struct jose_keys *keys, unsigned algs, const char *token,
	size_t len, const struct jose_expect *expect, struct err *e)
{
	struct parts p = { .sig = BUF_INIT(JOSE_TOKEN_MAX) };
	struct buf payload = BUF_INIT(JOSE_TOKEN_MAX);
	cJSON *claims = NULL;
	int good = 0;

	if (verify(keys, algs, token, len, &p, &payload, e) < 0)
		goto out;
	if (!typ_fits(p.header)) {
		err_fill(e, ERR_INPUT, "the token's header has another 'typ' than JWT");
		goto out;
	}
	claims = json_parse(payload.ptr, payload.len, JSON_STRICT, e);
	if (claims == NULL)
		err_where(e, "the token's claims");
	else if (!json_is(claims, JSON_OBJECT))
		err_fill(e, ERR_INPUT, "the token's claims are not an object");
	else
		good = claims_fit(claims, expect, e) == 0;
	if (!good) {
		json_free(claims);
		claims = NULL;
	}
out:
	parts_release(&p);
	buf_release(&payload);
	return claims;
}
