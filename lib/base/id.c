#include "id.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "digest.h"

static void format(unsigned char b[16], unsigned version, char out[ID_TEXT_MAX])
{
	size_t o = 0;

	b[6] = (unsigned char)((b[6] & 0x0F) | (version << 4));
	b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[o++] = '-';
		snprintf(out + o, 3, "%02x", (unsigned)b[i]);
		o += 2;
	}
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
