#include "buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char buf_empty[1] = "";

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void buf_release(struct buf *b)
{
	if (b->cap > 0)
		free(b->ptr);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->cap > 0)
		b->ptr[0] = '\0';
}

/* Makes room for `more` bytes and the terminator; -1 and failed when it cannot. */
static int reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap > 0 ? b->cap : 64;
	char *p;

	if (b->failed || more > b->max || b->len > b->max - more) {
		b->failed = 1;
		return -1;
	}
	if (b->cap > 0 && b->len + more < b->cap)
		return 0;
	while (cap <= b->len + more)
		cap *= 2;
	p = b->cap > 0 ? realloc(b->ptr, cap) : malloc(cap);
	if (p == NULL) {
		b->failed = 1;
		return -1;
	}
	if (b->cap == 0)
		p[0] = '\0';
	b->ptr = p;
	b->cap = cap;
	return 0;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0 || reserve(b, len) < 0)
		return;
	memcpy(b->ptr + b->len, data, len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_vaddf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	if (n == 0 || reserve(b, (size_t)n) < 0)
		return;
	vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(b, fmt, ap);
	va_end(ap);
}

size_t buf_unshown(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned long cp;

	if (p[0] < 0x20 || p[0] == 0x7F)
		return p[0] != '\0';
	if (p[0] == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
		return 2; /* C1 */
	if (p[0] == 0xD8 && p[1] == 0x9C)
		return 2; /* Arabic letter mark */
	if (p[0] < 0xE2 || p[0] > 0xEF || p[1] == '\0' || p[2] == '\0')
		return 0;
	cp = ((p[0] & 0x0FUL) << 12) | ((p[1] & 0x3FUL) << 6) | (p[2] & 0x3FUL);
	return (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) ||
			(cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF ||
			(cp >= 0xFFF9 && cp <= 0xFFFB)
		? 3
		: 0;
}

void buf_add_shown(struct buf *b, const char *s)
{
	while (*s != '\0') {
		size_t n = buf_unshown(s);

		buf_add_char(b, n > 0 ? '?' : *s);
		s += n > 0 ? n : 1;
	}
}

void buf_cut(struct buf *b, size_t len)
{
	assert(len <= b->len);
	b->len = len;
	if (b->cap > 0)
		b->ptr[len] = '\0';
}

int buf_ok(const struct buf *b, struct err *e)
{
	if (!b->failed)
		return 0;
	if (b->len + 1 >= b->max / 2)
		return err_set(e, ERR_INPUT, "text is longer than %zu bytes", b->max);
	return err_no_memory(e);
}

char *buf_take(struct buf *b)
{
	char *s = b->cap > 0 ? b->ptr : calloc(1, 1);

	if (s != NULL)
		buf_init(b, b->max);
	return s;
}
