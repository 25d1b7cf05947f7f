#include "trace.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define TRACE_AT 3
#define SPAN_AT  36
#define FLAGS_AT 53

/* Lower-case hex, not all zero unless that is allowed. */
static int is_hex(const char *text, size_t n, int zero_too)
{
	int any = 0;

	for (size_t i = 0; i < n; i++) {
		if (strchr("0123456789abcdef", text[i]) == NULL || text[i] == '\0')
			return 0;
		any |= text[i] != '0';
	}
	return any || zero_too;
}

int trace_is_valid(const char *text)
{
	return text != NULL && strlen(text) == TRACE_MAX - 1 &&
		strncmp(text, "00-", 3) == 0 && is_hex(text + TRACE_AT, 32, 0) &&
		text[SPAN_AT - 1] == '-' && is_hex(text + SPAN_AT, 16, 0) &&
		text[FLAGS_AT - 1] == '-' && is_hex(text + FLAGS_AT, 2, 1);
}

static void put_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
}

int trace_next(const char *from, char out[TRACE_MAX], struct err *e)
{
	unsigned char random[24];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(e, ERR_INTERNAL, "the system gives no random bytes");
	random[0] |= 1; /* neither part may be all zero */
	random[16] |= 1;
	if (trace_is_valid(from)) {
		memcpy(out, from, TRACE_MAX);
	} else {
		memcpy(out, "00-................................-................-00",
			TRACE_MAX);
		put_hex(random, 16, out + TRACE_AT);
	}
	put_hex(random + 16, 8, out + SPAN_AT);
	return 0;
}
