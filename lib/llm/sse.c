#include "sse.h"

#include <string.h>

void sse_init(struct sse *s, size_t max)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->line, max);
	buf_init(&s->type, 4096);
	buf_init(&s->data, max);
	buf_init(&s->last_id, 4096);
	s->retry_ms = -1;
}

void sse_release(struct sse *s)
{
	buf_release(&s->line);
	buf_release(&s->type);
	buf_release(&s->data);
	buf_release(&s->last_id);
}

static int dispatch(struct sse *s,
	int (*got)(void *arg, const char *type, const struct buf *data, struct err *e),
	void *arg, struct err *e)
{
	int ret = 0;

	if (s->data.len > 0) {
		buf_cut(&s->data, s->data.len - 1); /* the last line's end */
		ret = buf_ok(&s->data, e);
		if (ret == 0)
			ret = got(arg, s->type.len > 0 ? s->type.ptr : "message",
				&s->data, e);
	}
	buf_reset(&s->type);
	buf_reset(&s->data);
	return ret;
}

static void set_retry(struct sse *s, const char *value, size_t n)
{
	int64_t ms = 0;

	if (n == 0 || n > 12)
		return;
	for (size_t i = 0; i < n; i++) {
		if (value[i] < '0' || value[i] > '9')
			return;
		ms = ms * 10 + (value[i] - '0');
	}
	s->retry_ms = ms;
}

static int is_field(const struct sse *s, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(s->line.ptr, name, n) == 0;
}

static int end_line(struct sse *s,
	int (*got)(void *arg, const char *type, const struct buf *data, struct err *e),
	void *arg, struct err *e)
{
	const char *colon, *value;
	size_t name, n;

	if (!s->began && s->line.len >= 3 &&
		memcmp(s->line.ptr, "\xef\xbb\xbf", 3) == 0) {
		memmove(s->line.ptr, s->line.ptr + 3, s->line.len - 3);
		buf_cut(&s->line, s->line.len - 3);
	}
	s->began = 1;
	if (buf_ok(&s->line, e) < 0)
		return -1;
	if (s->line.len == 0)
		return dispatch(s, got, arg, e);
	colon = memchr(s->line.ptr, ':', s->line.len);
	name = colon == NULL ? s->line.len : (size_t)(colon - s->line.ptr);
	value = s->line.ptr + name + (colon != NULL);
	if (colon != NULL && *value == ' ')
		value++;
	n = s->line.len - (size_t)(value - s->line.ptr);
	if (colon != NULL && name == 0) {
		s->comments++;
	} else if (is_field(s, name, "data")) {
		buf_add(&s->data, value, n);
		buf_add_char(&s->data, '\n');
	} else if (is_field(s, name, "event")) {
		buf_reset(&s->type);
		buf_add(&s->type, value, n);
	} else if (is_field(s, name, "id") && memchr(value, '\0', n) == NULL) {
		buf_reset(&s->last_id);
		buf_add(&s->last_id, value, n);
	} else if (is_field(s, name, "retry")) {
		set_retry(s, value, n);
	}
	buf_reset(&s->line);
	return 0;
}

int sse_feed(struct sse *s, const char *bytes, size_t n,
	int (*got)(void *arg, const char *type, const struct buf *data, struct err *e),
	void *arg, struct err *e)
{
	for (size_t i = 0; i < n;) {
		size_t run = i;
		int ret;

		if (s->skip_lf && bytes[i] == '\n') {
			s->skip_lf = 0;
			i++;
			continue;
		}
		s->skip_lf = 0;
		while (run < n && bytes[run] != '\r' && bytes[run] != '\n')
			run++;
		buf_add(&s->line, bytes + i, run - i);
		if (run == n)
			return buf_ok(&s->line, e);
		s->skip_lf = bytes[run] == '\r';
		i = run + 1;
		ret = end_line(s, got, arg, e);
		if (ret != 0)
			return ret;
	}
	return 0;
}
