#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int exit_status, http_status;
	const char *public_code;
} codes[] = {
	{ 0, 200, "ok" },
#define ERR(name, exit_status, http_status, public_code) \
	{ exit_status, http_status, public_code },
#include "err.def"
#undef ERR
};

/* Cuts a text that vsnprintf shortened back to whole UTF-8 characters. */
static void trim_to_character(char *s)
{
	size_t n = strlen(s), back = 0;

	while (back < n && back < 4 && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back < n && ((unsigned char)s[n - 1 - back] & 0x80) != 0) {
		unsigned char lead = (unsigned char)s[n - 1 - back];
		size_t need = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;

		if (back < need)
			s[n - 1 - back] = '\0';
	}
}

static void neutralise(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			*s = '?';
}

void err_fill(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(e->msg))
		trim_to_character(e->msg);
	neutralise(e->msg);
	e->code = code;
}

void err_where(struct err *e, const char *fmt, ...)
{
	char old[ERR_MSG_MAX], where[ERR_MSG_MAX];
	va_list ap;
	int n;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(where, sizeof(where), fmt, ap);
	va_end(ap);
	n = snprintf(e->msg, sizeof(e->msg), "%s: %s", where, old);
	if (n >= (int)sizeof(e->msg))
		trim_to_character(e->msg);
	neutralise(e->msg);
}

int err_exit_status(enum err_code code)
{
	return codes[code].exit_status;
}

int err_http_status(enum err_code code)
{
	return codes[code].http_status;
}

const char *err_public_code(enum err_code code)
{
	return codes[code].public_code;
}
