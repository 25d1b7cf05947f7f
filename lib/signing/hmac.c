/* HMAC-SHA256 by libcrypto. */
#include "signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void signing_hmac(const void *key, size_t key_len, const void *data, size_t len,
	unsigned char mac[SIGNING_MAC_LEN])
{
	unsigned int n = 0;

	if (HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &n) == NULL)
		abort(); /* out of memory within libcrypto: there is no lesser answer */
}
