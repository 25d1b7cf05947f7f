#include "id.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "digest.h"

void id_format(const unsigned char b[16], char out[ID_TEXT_MAX])
{
	size_t o = 0;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[o++] = '-';
		snprintf(out + o, 3, "%02x", (unsigned)b[i]);
		o += 2;
	}
}

static void format(unsigned char b[16], unsigned version, char out[ID_TEXT_MAX])
{
	b[6] = (unsigned char)((b[6] & 0x0F) | (version << 4));
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
	id_format(b, out);
}

int id_random(char out[ID_TEXT_MAX], struct err *e)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return err_set(
			e, ERR_INTERNAL, "cannot get random bytes: %s", strerror(errno));
	format(b, 4, out);
	return 0;
}

void id_from_content(const void *data, size_t len, char out[ID_TEXT_MAX])
{
	unsigned char d[DIGEST_LEN];

	digest_bytes(data, len, d);
	format(d, 8, out);
}

int id_is_valid(const char *s)
{
	for (int i = 0; i < 36; i++) {
		int dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
			return 0;
	}
	return s[36] == '\0';
}

static unsigned char hex(char c)
{
	return (unsigned char)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

static enum id_variant variant_of(unsigned char b)
{
	return b < 0x80    ? ID_NCS
		: b < 0xC0 ? ID_RFC9562
		: b < 0xE0 ? ID_MICROSOFT
			   : ID_FUTURE;
}

int id_parse(const char *text, struct id *out)
{
	size_t n = 0;

	if (!id_is_valid(text))
		return -1;
	for (const char *p = text; *p != '\0'; p += *p == '-' ? 1 : 2)
		if (*p != '-')
			out->bytes[n++] = (unsigned char)(hex(p[0]) << 4 | hex(p[1]));
	out->variant = variant_of(out->bytes[8]);
	out->version = out->variant == ID_RFC9562 ? out->bytes[6] >> 4 : 0;
	out->unix_ms = -1;
	if (out->version == 7) {
		out->unix_ms = 0;
		for (size_t i = 0; i < 6; i++)
			out->unix_ms = out->unix_ms << 8 | out->bytes[i];
	}
	return 0;
}

int id_from_name(int version, const char *space, const void *name, size_t len,
	char out[ID_TEXT_MAX])
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	struct id in;
	MD5_CTX md5;
	SHA_CTX sha1;

	if (id_parse(space, &in) < 0)
		return -1;
	if (version == 3) {
		MD5_Init(&md5);
		MD5_Update(&md5, in.bytes, sizeof(in.bytes));
		MD5_Update(&md5, name, len);
		MD5_Final(digest, &md5);
	} else if (version == 5) {
		SHA1_Init(&sha1);
		SHA1_Update(&sha1, in.bytes, sizeof(in.bytes));
		SHA1_Update(&sha1, name, len);
		SHA1_Final(digest, &sha1);
	} else {
		return -1;
	}
	format(digest, (unsigned)version, out);
	return 0;
}
