#include "view.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *const frames[] = { "|", "/", "-", "\\" };

static void put(const char *text, size_t len)
{
	struct err ignored;

	(void)file_write_fd(STDERR_FILENO, "stderr", text, len, &ignored);
}

void view_init(struct view *v, int quiet)
{
	*v = (struct view){ .quiet = quiet, .node = -1 };
	v->colour = log_wants_colour(STDERR_FILENO);
	v->live = isatty(STDERR_FILENO) && v->colour;
	v->width = log_width(STDERR_FILENO);
}

static void clear_line(struct view *v, struct buf *b)
{
	if (v->live && v->node >= 0)
		buf_add_str(b, "\r\033[K");
}

void view_start(struct view *v, enum node_id node)
{
	v->node = (int)node;
	v->started_ns = clock_monotonic_ns();
	v->frame = 0;
}

void view_tick(void *arg)
{
	struct view *v = arg;
	double s = (double)(clock_monotonic_ns() - v->started_ns) / 1e9;
	struct buf b = BUF_INIT(1024);

	if (!v->live || v->quiet || v->node < 0 || s < 0.1)
		return;
	buf_addf(&b, "\r\033[K %s [%2d/%d] %-18s %.1f s",
		frames[v->frame++ % ARRAY_LEN(frames)], v->node + 1, NODE_COUNT,
		node_rows[v->node].name, s);
	put(b.ptr, b.len);
	buf_release(&b);
}

static const char *colour_of(const char *how)
{
	switch (how[0]) {
	case 'd':
		return "\033[32m";
	case 'r':
		return "\033[36m";
	case 'f':
		return "\033[31m";
	default:
		return "\033[33m";
	}
}

void view_end(
	struct view *v, enum node_id node, const char *how, double ms, const char *note)
{
	struct buf b = BUF_INIT(4096);

	if (ms <= 0)
		ms = (double)(clock_monotonic_ns() - v->started_ns) / 1e6;
	if (!v->quiet) {
		clear_line(v, &b);
		buf_addf(&b, "%s[%2d/%d] %-18s ", v->live ? "   " : "", (int)node + 1,
			NODE_COUNT, node_rows[node].name);
		buf_addf(&b, "%s%-7s%s ", v->colour ? colour_of(how) : "", how,
			v->colour ? "\033[0m" : "");
		if (strcmp(how, "reused") == 0)
			buf_add_str(&b, "          ");
		else if (ms < 10000)
			buf_addf(&b, "%6.0f ms ", ms);
		else
			buf_addf(&b, "%7.1f s ", ms / 1000);
		buf_addf(&b, " %s\n", note);
		put(b.ptr, b.len);
	}
	v->node = -1;
	buf_release(&b);
}

void view_say(struct view *v, const char *fmt, ...)
{
	struct buf b = BUF_INIT(1 << 16);
	va_list ap;

	if (v->quiet)
		return;
	clear_line(v, &b);
	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	buf_add_char(&b, '\n');
	put(b.ptr, b.len);
	buf_release(&b);
}

void view_text(struct view *v, const char *text)
{
	if (!v->quiet && *text != '\0')
		put(text, strlen(text));
}
