#include "uri.h"

#include <string.h>

static struct uri_part part(const char *at, size_t len)
{
	return (struct uri_part){ at, len };
}

void uri_split(const char *text, struct uri *out)
{
	size_t n = strcspn(text, ":/?#");

	memset(out, 0, sizeof(*out));
	if (n > 0 && text[n] == ':') {
		out->scheme = part(text, n);
		text += n + 1;
	}
	if (text[0] == '/' && text[1] == '/') {
		n = strcspn(text + 2, "/?#");
		out->authority = part(text + 2, n);
		text += 2 + n;
	}
	n = strcspn(text, "?#");
	out->path = part(text, n);
	text += n;
	if (*text == '?') {
		n = strcspn(text + 1, "#");
		out->query = part(text + 1, n);
		text += 1 + n;
	}
	if (*text == '#')
		out->fragment = part(text + 1, strlen(text + 1));
}

static int starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Drops the last segment of what stands in `out` after `from`. */
static void drop_segment(struct buf *out, size_t from)
{
	size_t len = out->len;

	while (len > from && out->ptr[len - 1] != '/')
		len--;
	buf_cut(out, len > from ? len - 1 : from);
}

/* RFC 3986 section 5.2.4. */
static void add_without_dots(const char *p, struct buf *out)
{
	size_t from = out->len, n;

	while (*p != '\0') {
		if (starts(p, "../")) {
			p += 3;
		} else if (starts(p, "./")) {
			p += 2;
		} else if (starts(p, "/./")) {
			p += 2;
		} else if (strcmp(p, "/.") == 0) {
			p = "/";
		} else if (starts(p, "/../") || strcmp(p, "/..") == 0) {
			p = p[3] == '\0' ? "/" : p + 3;
			drop_segment(out, from);
		} else if (strcmp(p, ".") == 0 || strcmp(p, "..") == 0) {
			break;
		} else {
			n = 1 + strcspn(p + 1, "/");
			buf_add(out, p, n);
			p += n;
		}
	}
}

static void merged_path(const struct uri *base, const struct uri *ref, struct buf *out)
{
	struct buf joined = BUF_INIT(BUF_NO_LIMIT);
	size_t n = base->path.len;

	if (base->authority.at != NULL && n == 0) {
		buf_add_char(&joined, '/');
	} else {
		while (n > 0 && base->path.at[n - 1] != '/')
			n--;
		buf_add(&joined, base->path.at, n);
	}
	buf_add(&joined, ref->path.at, ref->path.len);
	add_without_dots(joined.ptr, out);
	out->failed |= joined.failed;
	buf_release(&joined);
}

static void own_path(const struct uri *u, struct buf *out)
{
	struct buf copy = BUF_INIT(BUF_NO_LIMIT);

	buf_add(&copy, u->path.at, u->path.len);
	if (u->path.len > 0 && u->path.at[0] == '/')
		add_without_dots(copy.ptr, out);
	else
		buf_add(out, copy.ptr, copy.len);
	out->failed |= copy.failed;
	buf_release(&copy);
}

static void add_part(
	struct buf *out, const char *before, struct uri_part p, const char *after)
{
	if (p.at == NULL)
		return;
	buf_add_str(out, before);
	buf_add(out, p.at, p.len);
	buf_add_str(out, after);
}

void uri_resolve(const char *base, const char *ref, struct buf *out)
{
	struct uri b, r;
	struct uri_part query;

	uri_split(base, &b);
	uri_split(ref, &r);
	query = r.query;
	add_part(out, "", r.scheme.at != NULL ? r.scheme : b.scheme, ":");
	if (r.scheme.at != NULL || r.authority.at != NULL) {
		add_part(out, "//", r.authority, "");
		own_path(&r, out);
	} else {
		add_part(out, "//", b.authority, "");
		if (r.path.len == 0) {
			buf_add(out, b.path.at, b.path.len);
			if (query.at == NULL)
				query = b.query;
		} else if (r.path.at[0] == '/') {
			own_path(&r, out);
		} else {
			merged_path(&b, &r, out);
		}
	}
	add_part(out, "?", query, "");
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at =
		c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return at == NULL ? -1 : (int)(at - digits);
}

void uri_decode(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		int high = *text == '%' ? hex_digit(text[1]) : -1;
		int low = high >= 0 ? hex_digit(text[2]) : -1;

		if (low >= 0) {
			buf_add_char(out, (char)(high * 16 + low));
			text += 2;
		} else {
			buf_add_char(out, *text);
		}
	}
}
