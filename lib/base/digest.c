#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED /* the streaming calls below need no provider set-up */
#include <openssl/sha.h>

static void to_hex(const unsigned char in[DIGEST_LEN], char out[DIGEST_HEX_MAX])
{
	static const char hex[] = "0123456789abcdef";

	for (int i = 0; i < DIGEST_LEN; i++) {
		out[2 * i] = hex[in[i] >> 4];
		out[2 * i + 1] = hex[in[i] & 15];
	}
	out[2 * DIGEST_LEN] = '\0';
}

void digest_bytes(const void *data, size_t len, unsigned char out[DIGEST_LEN])
{
	SHA256_CTX c;

	SHA256_Init(&c);
	SHA256_Update(&c, data, len);
	SHA256_Final(out, &c);
}

void digest_hex(const void *data, size_t len, char out[DIGEST_HEX_MAX])
{
	unsigned char d[DIGEST_LEN];

	digest_bytes(data, len, d);
	to_hex(d, out);
}

int digest_file_hex(const char *path, char out[DIGEST_HEX_MAX], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char chunk[65536], d[DIGEST_LEN];
	SHA256_CTX c;
	ssize_t n;

	if (fd < 0)
		return err_set(e, errno == ENOENT ? ERR_NO_INPUT : ERR_IO,
			"cannot read '%s': %s", path, strerror(errno));
	SHA256_Init(&c);
	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		SHA256_Update(&c, chunk, (size_t)n);
	close(fd);
	if (n < 0)
		return err_set(e, ERR_IO, "cannot read '%s': %s", path, strerror(errno));
	SHA256_Final(d, &c);
	to_hex(d, out);
	return 0;
}
