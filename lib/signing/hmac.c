/* HMAC-SHA256 by libcrypto, base64 both ways. */
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

void signing_base64(const void *data, size_t len, struct buf *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		unsigned v = (unsigned)p[i] << 16 |
			(left > 1 ? (unsigned)p[i + 1] << 8 : 0) |
			(left > 2 ? (unsigned)p[i + 2] : 0);

		buf_add_char(out, digits[v >> 18]);
		buf_add_char(out, digits[v >> 12 & 63]);
		buf_add_char(out, left > 1 ? digits[v >> 6 & 63] : '=');
		buf_add_char(out, left > 2 ? digits[v & 63] : '=');
	}
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int signing_unbase64(const char *text, size_t len, struct buf *out)
{
	size_t start = out->len, end = len;
	unsigned bits = 0, held = 0;

	while (end > 0 && len - end < 2 && text[end - 1] == '=')
		end--;
	for (size_t i = 0; i < end; i++) {
		int d = digit(text[i]);

		if (d < 0)
			goto bad;
		held = held << 6 | (unsigned)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_add_char(out, (char)(held >> bits & 0xff));
		}
		held &= (1U << bits) - 1;
	}
	if (len % 4 == 0 && bits < 6 && held == 0)
		return 0;
bad:
	buf_cut(out, start);
	return -1;
}
