#include "base64.h"

#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t len, struct buf *out)
{
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

static int digit(char c, enum base64_alphabet alphabet)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (alphabet == BASE64_URL ? '-' : '+'))
		return 62;
	return c == (alphabet == BASE64_URL ? '_' : '/') ? 63 : -1;
}

int base64_decode(
	const char *text, size_t len, enum base64_alphabet alphabet, struct buf *out)
{
	size_t start = out->len, end = len;
	unsigned bits = 0, held = 0;

	while (alphabet == BASE64_STANDARD && end > 0 && len - end < 2 &&
		text[end - 1] == '=')
		end--;
	for (size_t i = 0; i < end; i++) {
		int d = digit(text[i], alphabet);

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
	if (bits < 6 && held == 0 && (alphabet == BASE64_URL || len % 4 == 0))
		return 0;
bad:
	buf_cut(out, start);
	return -1;
}
