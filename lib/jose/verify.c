/* One signature by one key: libcrypto's part of RFC 7518 section 3 and RFC 8037. */
#include "jose_internal.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

static int check_mac(const struct jose_row *row, const struct jose_key *key,
	const char *input, size_t input_len, const unsigned char *sig, size_t sig_len)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	if (HMAC(EVP_get_digestbyname(row->digest), key->secret.ptr, (int)key->secret.len,
		    (const unsigned char *)input, input_len, mac, &len) == NULL)
		return -1;
	return len == sig_len && CRYPTO_memcmp(mac, sig, len) == 0 ? 0 : -1;
}

/* r || s of the curve's width (RFC 7518 section 3.4) as the DER that libcrypto takes. */
static int to_der(const EVP_PKEY *pkey, const unsigned char *sig, size_t sig_len,
	unsigned char **der)
{
	size_t half = ((size_t)EVP_PKEY_get_bits(pkey) + 7) / 8;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = NULL, *s = NULL;
	int len = -1;

	if (pair != NULL && sig_len == 2 * half) {
		r = BN_bin2bn(sig, (int)half, NULL);
		s = BN_bin2bn(sig + half, (int)half, NULL);
		if (r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) > 0)
			len = i2d_ECDSA_SIG(pair, der);
		else {
			BN_free(r);
			BN_free(s);
		}
	}
	ECDSA_SIG_free(pair);
	return len;
}

static int use_pss(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
}

static int check_public(const struct jose_row *row, const struct jose_key *key,
	const char *input, size_t input_len, const unsigned char *sig, size_t sig_len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL; /* belongs to md */
	unsigned char *der = NULL;
	int ok = md != NULL &&
		EVP_DigestVerifyInit_ex(
			md, &ctx, row->digest, NULL, NULL, key->pkey, NULL) > 0;

	if (ok && row->name[0] == 'P')
		ok = use_pss(ctx);
	if (ok && strcmp(row->type, "EC") == 0) {
		int len = to_der(key->pkey, sig, sig_len, &der);

		ok = len > 0;
		sig = der;
		sig_len = ok ? (size_t)len : 0;
	}
	ok = ok &&
		EVP_DigestVerify(
			md, sig, sig_len, (const unsigned char *)input, input_len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(md);
	return ok ? 0 : -1;
}

int jose_check(const struct jose_row *row, const struct jose_key *key, const char *input,
	size_t input_len, const unsigned char *sig, size_t sig_len)
{
	if (key->pkey == NULL)
		return check_mac(row, key, input, input_len, sig, sig_len);
	return check_public(row, key, input, input_len, sig, sig_len);
}
