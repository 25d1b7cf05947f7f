#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"

#define LINE_MAX_BYTES 65536

int log_wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && isatty(fd) && term != NULL &&
		strcmp(term, "dumb") != 0;
}

void log_init(struct log *l, const char *program, int verbosity)
{
	l->program = program;
	l->verbosity = verbosity;
	l->colour = log_wants_colour(STDERR_FILENO);
}

static void line(const struct log *l, const char *kind, const char *colour,
	const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES), text = BUF_INIT(LINE_MAX_BYTES);
	struct err e;

	buf_vaddf(&text, fmt, ap);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\t')
			text.ptr[i] = ' ';
	buf_addf(&b, "%s: ", l->program);
	if (*kind != '\0')
		buf_addf(&b, "%s%s%s: ", l->colour ? colour : "", kind,
			l->colour ? "\033[0m" : "");
	buf_add(&b, text.ptr, text.len);
	buf_add_char(&b, '\n');
	(void)file_write_fd(STDERR_FILENO, "stderr", b.ptr, b.len, &e);
	buf_release(&b);
	buf_release(&text);
}

#define LOGGER(name, least, kind, colour)                          \
	void log_##name(const struct log *l, const char *fmt, ...) \
	{                                                          \
		va_list ap;                                        \
                                                                   \
		if (l->verbosity < (least))                        \
			return;                                    \
		va_start(ap, fmt);                                 \
		line(l, kind, colour, fmt, ap);                    \
		va_end(ap);                                        \
	}

LOGGER(error, -1, "", "\033[31m")
LOGGER(warn, 0, "warning", "\033[33m")
LOGGER(info, 0, "", "")
LOGGER(detail, 1, "", "")
