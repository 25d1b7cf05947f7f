#include "sse.h"

#include <string.h>

void sse_init(struct sse *s, size_t max)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->line, max);
	buf_init(&s->type, 4096);
	buf_init(&s->data, max);
	buf_init(&s->next_id, 4096);
	buf_init(&s->last_id, 4096);
	s->retry_ms = -1;
}

void sse_release(struct sse *s)
{
	buf_release(&s->line);
	buf_release(&s->type);
	buf_release(&s->data);
	buf_release(&s->next_id);
	buf_release(&s->last_id);
}

static int dispatch(struct sse *s,
	int (*got)(void *arg, const char *type, const struct buf *data, struct err *e),
	void *arg, struct err *e)
{
	int ret = 0;

	buf_reset(&s->last_id);
	buf_add(&s->last_id, s->next_id.ptr, s->next_id.len);
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

/* How many bytes of a valid character stand at p; 0 when none does, and *bad is then how
 * many are replaced by one U+FFFD (the longest start of a character, Unicode 3.9). */
static size_t character(const unsigned char *p, size_t n, size_t *bad)
{
	size_t len = p[0] < 0x80               ? 1
		: p[0] >= 0xc2 && p[0] <= 0xdf ? 2
		: (p[0] & 0xf0) == 0xe0        ? 3
		: p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
					       : 0;
	unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;

	*bad = 1;
	for (size_t i = 1; i < len; i++) {
		if (i >= n || p[i] < low || p[i] > high)
			return 0;
		*bad = i + 1;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

static void replace_invalid(struct buf *line)
{
	const unsigned char *p = (const unsigned char *)line->ptr;
	struct buf clean = BUF_INIT(line->max);
	size_t bad, n;

	for (size_t i = 0; i<line->len; i += n> 0 ? n : bad) {
		n = character(p + i, line->len - i, &bad);
		buf_add(&clean, n > 0 ? line->ptr + i : "\xef\xbf\xbd", n > 0 ? n : 3);
	}
	buf_reset(line);
	buf_add(line, clean.ptr, clean.len);
	line->failed |= clean.failed;
	buf_release(&clean);
}

static int is_ascii(const struct buf *line)
{
	for (size_t i = 0; i < line->len; i++)
		if ((unsigned char)line->ptr[i] >= 0x80)
			return 0;
	return 1;
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
	if (!is_ascii(&s->line))
		replace_invalid(&s->line);
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
		buf_reset(&s->next_id);
		buf_add(&s->next_id, value, n);
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
