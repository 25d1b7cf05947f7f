/* JSON Web Keys (RFC 7517, 7518 section 6, RFC 8037) as libcrypto's keys. */
#include "jose_internal.h"
#include "base/base64.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define RSA_BITS_MIN   2048
#define RSA_BITS_MAX   8192 /* verifying is quadratic in the length */
#define KEYS_MAX       64
#define KEY_MEMBER_MAX 2048

/* How a curve is called here, by libcrypto, and its coordinate's length. */
static const struct curve {
	const char *name, *group;
	size_t len;
} curves[] = {
	{ "P-256", "prime256v1", 32 },
	{ "P-384", "secp384r1", 48 },
	{ "P-521", "secp521r1", 66 },
};

static int member(const cJSON *jwk, const char *name, struct buf *out, struct err *e)
{
	const char *text;

	if (json_str(jwk, name, &text, e) < 0)
		return -1;
	if (base64_decode(text, strlen(text), BASE64_URL, out) < 0)
		return err_set(e, ERR_INPUT, "'%s' is not base64url", name);
	return buf_ok(out, e);
}

static int make(EVP_PKEY **out, const char *type, OSSL_PARAM_BLD *bld, struct err *e)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	int ok = params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) > 0 &&
		EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) > 0;

	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return ok ? 0 : err_set(e, ERR_INPUT, "not a valid %s public key", type);
}

static int rsa_exponent_is_fine(const BIGNUM *exponent)
{
	return BN_is_odd(exponent) && !BN_is_one(exponent) && BN_num_bits(exponent) <= 64;
}

static int rsa_key(const cJSON *jwk, struct jose_key *key, struct err *e)
{
	struct buf n = BUF_INIT(KEY_MEMBER_MAX), x = BUF_INIT(KEY_MEMBER_MAX);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = NULL, *exponent = NULL;
	int ret = -1;

	if (member(jwk, "n", &n, e) < 0 || member(jwk, "e", &x, e) < 0)
		goto out;
	modulus = BN_bin2bn((const unsigned char *)n.ptr, (int)n.len, NULL);
	exponent = BN_bin2bn((const unsigned char *)x.ptr, (int)x.len, NULL);
	if (bld == NULL || modulus == NULL || exponent == NULL) {
		err_no_memory(e);
		goto out;
	}
	if (BN_num_bits(modulus) < RSA_BITS_MIN || BN_num_bits(modulus) > RSA_BITS_MAX) {
		err_fill(e, ERR_INPUT, "an RSA key of %d bits; %d to %d are taken",
			BN_num_bits(modulus), RSA_BITS_MIN, RSA_BITS_MAX);
		goto out;
	}
	if (!rsa_exponent_is_fine(exponent)) {
		err_fill(e, ERR_INPUT, "'e' is no usable RSA exponent");
		goto out;
	}
	if (OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, modulus) > 0 &&
		OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent) > 0)
		ret = make(&key->pkey, "RSA", bld, e);
	else
		err_no_memory(e);
out:
	BN_free(modulus);
	BN_free(exponent);
	OSSL_PARAM_BLD_free(bld);
	buf_release(&n);
	buf_release(&x);
	return ret;
}

static const struct curve *curve_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(curves); i++)
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	return NULL;
}

static int ec_key(const cJSON *jwk, struct jose_key *key, struct err *e)
{
	const struct curve *curve = curve_named(json_str_or(jwk, "crv", ""));
	struct buf point = BUF_INIT(256);
	OSSL_PARAM_BLD *bld = NULL;
	int ret = -1;

	if (curve == NULL)
		return err_set(e, ERR_INPUT, "'crv' names no curve that is taken here");
	buf_add_char(&point, '\x04'); /* uncompressed (SEC 1, 2.3.3) */
	if (member(jwk, "x", &point, e) < 0 || member(jwk, "y", &point, e) < 0)
		goto out;
	bld = OSSL_PARAM_BLD_new();
	if (point.len != 1 + 2 * curve->len)
		err_fill(e, ERR_INPUT, "'x' and 'y' do not have the length of %s",
			curve->name);
	else if (bld == NULL ||
		OSSL_PARAM_BLD_push_utf8_string(
			bld, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) <= 0 ||
		OSSL_PARAM_BLD_push_octet_string(
			bld, OSSL_PKEY_PARAM_PUB_KEY, point.ptr, point.len) <= 0)
		err_no_memory(e);
	else
		ret = make(&key->pkey, "EC", bld, e);
out:
	OSSL_PARAM_BLD_free(bld);
	buf_release(&point);
	return ret;
}

static int okp_key(const cJSON *jwk, struct jose_key *key, struct err *e)
{
	struct buf x = BUF_INIT(256);
	int ret = -1;

	if (member(jwk, "x", &x, e) < 0)
		goto out;
	key->pkey = EVP_PKEY_new_raw_public_key_ex(
		NULL, "ED25519", NULL, (const unsigned char *)x.ptr, x.len);
	if (key->pkey == NULL)
		err_fill(e, ERR_INPUT, "'x' is no Ed25519 public key");
	else
		ret = 0;
out:
	buf_release(&x);
	return ret;
}

static int oct_key(const cJSON *jwk, struct jose_key *key, struct err *e)
{
	if (member(jwk, "k", &key->secret, e) < 0)
		return -1;
	for (size_t i = 0; i < jose_n_rows; i++) { /* RFC 7518 section 3.2 */
		const EVP_MD *md = jose_rows[i].digest != NULL
			? EVP_get_digestbyname(jose_rows[i].digest)
			: NULL;

		if ((key->algs & jose_rows[i].bit) != 0 && md != NULL &&
			key->secret.len < (size_t)EVP_MD_get_size(md))
			key->algs &= ~jose_rows[i].bit;
	}
	return key->algs != 0 ? 0
			      : err_set(e, ERR_INPUT, "a secret shorter than its digest");
}

static int curve_fits(const struct jose_row *row, const cJSON *jwk)
{
	return row->curve == NULL || strcmp(row->curve, json_str_or(jwk, "crv", "")) == 0;
}

/* The algorithms that a key may verify: those of its type and curve, narrowed by
 * what it says of itself. */
static unsigned algs_of(const cJSON *jwk)
{
	const char *type = json_str_or(jwk, "kty", "");
	const char *alg = json_text(json_get(jwk, "alg"));
	const cJSON *ops = json_get(jwk, "key_ops");
	unsigned algs = 0;

	if (strcmp(json_str_or(jwk, "use", "sig"), "sig") != 0)
		return 0;
	if (ops != NULL && !json_has_text(ops, "verify"))
		return 0;
	for (size_t i = 0; i < jose_n_rows; i++)
		if (strcmp(jose_rows[i].type, type) == 0 &&
			curve_fits(&jose_rows[i], jwk) &&
			(alg == NULL || strcmp(jose_rows[i].name, alg) == 0))
			algs |= jose_rows[i].bit;
	return algs;
}

static void key_release(struct jose_key *key)
{
	EVP_PKEY_free(key->pkey);
	if (key->secret.len > 0)
		OPENSSL_cleanse(key->secret.ptr, key->secret.len);
	buf_release(&key->secret);
	free(key->kid);
	memset(key, 0, sizeof(*key));
}

static int key_from_json(const cJSON *jwk, struct jose_key *key, struct err *e)
{
	static const struct {
		const char *type;
		int (*read)(const cJSON *, struct jose_key *, struct err *);
	} types[] = {
		{ "RSA", rsa_key },
		{ "EC", ec_key },
		{ "OKP", okp_key },
		{ "oct", oct_key },
	};
	const char *type = json_str_or(jwk, "kty", ""),
		   *kid = json_text(json_get(jwk, "kid"));

	key->algs = algs_of(jwk);
	if (kid != NULL) {
		key->kid = strdup(kid);
		if (key->kid == NULL)
			return err_no_memory(e);
	}
	for (size_t i = 0; i < ARRAY_LEN(types) && key->algs != 0; i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].read(jwk, key, e);
	return 0;
}

/* A set with two keys of one name, or with secrets beside public keys, leaves open
 * which key was meant. */
static int set_is_unambiguous(const struct jose_keys *keys, struct err *e)
{
	for (size_t i = 0; i < keys->n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct jose_key *a = &keys->items[i], *b = &keys->items[j];

			if ((a->pkey == NULL) != (b->pkey == NULL))
				return err_set(e, ERR_INPUT,
					"secrets and public keys in one key set");
			if (a->kid != NULL && b->kid != NULL &&
				strcmp(a->kid, b->kid) == 0)
				return err_set(e, ERR_INPUT,
					"two keys of a set have the id '%.64s'", a->kid);
		}
	return 0;
}

static int add(struct jose_keys *keys, const cJSON *jwk, struct err *e)
{
	struct jose_key *key = &keys->items[keys->n];

	buf_init(&key->secret, KEY_MEMBER_MAX);
	if (!json_is(jwk, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "a key is not an object");
	if (key_from_json(jwk, key, e) < 0) {
		key_release(key);
		return -1;
	}
	if (key->algs == 0) /* of an unknown type, or not for verifying */
		key_release(key);
	else
		keys->n++;
	return 0;
}

struct jose_keys *jose_keys_new(const cJSON *jwks, struct err *e)
{
	const cJSON *list = json_get(jwks, "keys");
	struct jose_keys *keys = NULL;
	size_t n = json_has(jwks, "kty") ? 1 : json_len(list);

	if (!json_has(jwks, "kty") && !json_is(list, JSON_ARRAY)) {
		err_fill(e, ERR_INPUT, "not a key set: no array 'keys'");
		return NULL;
	}
	if (n > KEYS_MAX) {
		err_fill(
			e, ERR_INPUT, "a key set of %zu keys; %d are taken", n, KEYS_MAX);
		return NULL;
	}
	keys = calloc(1, sizeof(*keys));
	if (keys != NULL)
		keys->items = calloc(n + 1, sizeof(*keys->items));
	if (keys == NULL || keys->items == NULL) {
		err_no_memory(e);
		goto fail;
	}
	if (json_has(jwks, "kty")) {
		if (add(keys, jwks, e) < 0)
			goto fail;
	} else {
		JSON_EACH (jwk, list)
			if (add(keys, jwk, e) < 0)
				goto fail;
	}
	if (set_is_unambiguous(keys, e) == 0)
		return keys;
fail:
	jose_keys_free(keys);
	return NULL;
}

void jose_keys_free(struct jose_keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->n; i++)
		key_release(&keys->items[i]);
	free(keys->items);
	free(keys);
}

size_t jose_keys_count(const struct jose_keys *keys)
{
	return keys->n;
}
