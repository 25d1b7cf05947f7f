#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define LINE_MAX_BYTES 65536

int log_wants_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (no == NULL || *no == '\0') && isatty(fd) && term != NULL &&
		strcmp(term, "dumb") != 0;
}

size_t log_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col > 20 ? size.ws_col : 80; /* a serial line says 0 */
}

void log_init(struct log *l, const char *program, int verbosity)
{
	l->program = program;
	l->verbosity = verbosity;
	l->colour = log_wants_colour(STDERR_FILENO);
	l->json = 0;
}

void log_escape(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_addf(out, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			buf_addf(out, "\\u%04x", (unsigned char)*text);
		else
			buf_add_char(out, *text);
	}
}

static void write_out(struct buf *b)
{
	struct err e;

	buf_add_char(b, '\n');
	(void)file_write_fd(STDERR_FILENO, "stderr", b->ptr, b->len, &e);
}

static void json_head(
	const struct log *l, const char *level, const char *event, struct buf *b)
{
	char ts[CLOCK_TEXT_MAX];

	clock_format(clock_wall_ns(), ts);
	buf_addf(b, "{\"ts\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\"",
		ts, level, l->program, event);
}

static void json_line(const struct log *l, const char *level, const char *text)
{
	struct buf b = BUF_INIT(2 * LINE_MAX_BYTES);

	json_head(l, level, "message", &b);
	buf_add_str(&b, ",\"message\":\"");
	log_escape(&b, text);
	buf_add_str(&b, "\"}");
	write_out(&b);
	buf_release(&b);
}

void log_event(const struct log *l, const char *event, const char *members)
{
	struct buf b = BUF_INIT(2 * LINE_MAX_BYTES);

	if (l->json) {
		json_head(l, "info", event, &b);
		buf_addf(&b, "%s%s}", *members != '\0' ? "," : "", members);
		write_out(&b);
	} else {
		log_detail(l, "%s {%s}", event, members);
	}
	buf_release(&b);
}

static void line(const struct log *l, const char *kind, const char *level,
	const char *colour, const char *fmt, va_list ap)
{
	struct buf b = BUF_INIT(LINE_MAX_BYTES), text = BUF_INIT(LINE_MAX_BYTES);

	buf_vaddf(&text, fmt, ap);
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 && text.ptr[i] != '\t')
			text.ptr[i] = ' ';
	if (l->json) {
		json_line(l, level, text.ptr);
		goto out;
	}
	buf_addf(&b, "%s: ", l->program);
	if (*kind != '\0')
		buf_addf(&b, "%s%s%s: ", l->colour ? colour : "", kind,
			l->colour ? "\033[0m" : "");
	buf_add(&b, text.ptr, text.len);
	write_out(&b);
out:
	buf_release(&b);
	buf_release(&text);
}

#define LOGGER(name, least, kind, level, colour)                   \
	void log_##name(const struct log *l, const char *fmt, ...) \
	{                                                          \
		va_list ap;                                        \
                                                                   \
		if (l->verbosity < (least))                        \
			return;                                    \
		va_start(ap, fmt);                                 \
		line(l, kind, level, colour, fmt, ap);             \
		va_end(ap);                                        \
	}

LOGGER(error, -1, "", "error", "\033[31m")
LOGGER(warn, 0, "warning", "warning", "\033[33m")
LOGGER(info, 0, "", "info", "")
LOGGER(detail, 1, "", "debug", "")
