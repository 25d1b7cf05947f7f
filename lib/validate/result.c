/* What a check found, in the shape of reports.schema.json. */
#include "checks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

cJSON *check_new(const char *id, const char *title, const char *tool, struct err *e)
{
	cJSON *c = json_new_object(e);

	if (c == NULL || json_set_str(c, "id", id, e) < 0 ||
		json_set_str(c, "title", title, e) < 0 ||
		json_set_str(c, "tool", tool, e) < 0 ||
		json_set_str(c, "status", "pass", e) < 0 ||
		json_set_null(c, "reason", e) < 0 || json_set_null(c, "detail", e) < 0 ||
		json_set_null(c, "version", e) < 0 ||
		json_set_null(c, "duration_ms", e) < 0 ||
		json_set_bool(c, "cached", 0, e) < 0 ||
		json_add_array(c, "findings", e) == NULL ||
		json_set_int(c, "findings_total", 0, e) < 0) {
		json_free(c);
		return NULL;
	}
	return c;
}

static int set_clean(
	cJSON *check, const char *key, const char *fmt, va_list ap, struct err *e)
{
	struct buf raw = BUF_INIT(1 << 16), clean = BUF_INIT(1 << 16);
	int ret;

	buf_vaddf(&raw, fmt, ap);
	clean_text(&clean, raw.ptr, raw.len, NULL);
	ret = buf_ok(&clean, e) < 0 ? -1 : json_set_str(check, key, clean.ptr, e);
	buf_release(&raw);
	buf_release(&clean);
	return ret;
}

int check_set(cJSON *check, const char *status, struct err *e, const char *reason, ...)
{
	va_list ap;
	int ret;

	va_start(ap, reason);
	ret = set_clean(check, "reason", reason, ap, e);
	va_end(ap);
	return ret < 0 ? -1 : json_set_str(check, "status", status, e);
}

int check_detail(cJSON *check, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = set_clean(check, "detail", fmt, ap, e);
	va_end(ap);
	return ret;
}

const char *check_status(const cJSON *check)
{
	return json_str_or(check, "status", "error");
}

int check_is(const cJSON *check, const char *status)
{
	return strcmp(check_status(check), status) == 0;
}

/* Bytes of the UTF-8 character at s, 0 when there is no valid one. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80                ? 1
		: s[0] >= 0xC2 && s[0] < 0xE0 ? 2
		: s[0] >= 0xE0 && s[0] < 0xF0 ? 3
		: s[0] >= 0xF0 && s[0] < 0xF5 ? 4
					      : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
		(s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
		return 0;
	return n;
}

/* Past an escape sequence (ECMA-48 CSI or OSC) at s, or 0. */
static size_t escape_len(const char *s, size_t left)
{
	size_t i = 2;

	if (left < 2 || s[0] != 0x1B)
		return 0;
	if (s[1] == '[') {
		while (i < left && (unsigned char)s[i] >= 0x20 &&
			(unsigned char)s[i] < 0x40)
			i++;
		return i < left ? i + 1 : i;
	}
	if (s[1] == ']') {
		while (i < left && s[i] != 0x07 && s[i] != 0x1B)
			i++;
		return i < left ? i + 1 : i;
	}
	return 1;
}

void clean_text(struct buf *out, const char *text, size_t len, const char *drop)
{
	size_t dropped = drop == NULL ? 0 : strlen(drop), start = out->len;
	int space = 0;

	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)text[i];
		size_t n;

		if (drop != NULL && dropped > 0 && len - i >= dropped &&
			memcmp(text + i, drop, dropped) == 0) {
			i += dropped;
			if (i < len && text[i] == '/')
				i++;
			continue;
		}
		n = escape_len(text + i, len - i);
		if (n > 0) {
			i += n;
			continue;
		}
		if (c <= 0x20 || c == 0x7F) {
			space = 1;
			i++;
			continue;
		}
		if (space && out->len > start)
			buf_add_char(out, ' ');
		space = 0;
		n = utf8_len((const unsigned char *)text + i, len - i);
		if (n == 0 || (n == 2 && c == 0xC2 && (unsigned char)text[i + 1] < 0xA0))
			buf_add_char(out, '?');
		else
			buf_add(out, text + i, n);
		i += n == 0 ? 1 : n;
	}
}

#define MESSAGE_MAX 600

int check_finding(cJSON *check, const char *rule, const char *level, const char *file,
	size_t line, size_t column, const char *message, struct err *e)
{
	struct buf text = BUF_INIT(1 << 20);
	cJSON *all = json_edit(check, "/findings"), *f;
	size_t total = (size_t)json_num_or(check, "findings_total", 0), cut;
	int ret = -1;

	if (json_set_int(check, "findings_total", (int64_t)total + 1, e) < 0)
		return -1;
	if (total >= 10 * FINDINGS_SHOWN)
		return 0;
	clean_text(&text, message, strlen(message), NULL);
	if (text.len > MESSAGE_MAX) {
		for (cut = MESSAGE_MAX; (text.ptr[cut] & 0xC0) == 0x80;)
			cut--;
		buf_cut(&text, cut);
		buf_add_str(&text, " ...");
	}
	f = buf_ok(&text, e) < 0 ? NULL : json_push_object(all, e);
	if (f != NULL && json_set_str(f, "rule", rule, e) == 0 &&
		json_set_str(f, "level", level, e) == 0 &&
		json_set_str(f, "message", text.ptr, e) == 0 &&
		json_set_str(f, "file", file, e) == 0)
		ret = (line > 0 ? json_set_int(f, "line", (int64_t)line, e)
				: json_set_null(f, "line", e)) < 0 ||
				(column > 0 ? json_set_int(
						      f, "column", (int64_t)column, e)
					    : json_set_null(f, "column", e)) < 0
			? -1
			: 0;
	buf_release(&text);
	return ret;
}

static int compare(const cJSON *a, const cJSON *b)
{
	static const char *const keys[] = { "rule", "message", "level" };
	int c = strcmp(json_str_or(a, "file", ""), json_str_or(b, "file", ""));
	double la = json_num_or(a, "line", 0), lb = json_num_or(b, "line", 0);

	if (c == 0)
		c = (la > lb) - (la < lb);
	la = json_num_or(a, "column", 0);
	lb = json_num_or(b, "column", 0);
	if (c == 0)
		c = (la > lb) - (la < lb);
	for (size_t i = 0; c == 0 && i < ARRAY_LEN(keys); i++)
		c = strcmp(json_str_or(a, keys[i], ""), json_str_or(b, keys[i], ""));
	return c;
}

static int by_place(const void *a, const void *b)
{
	return compare(*(const cJSON *const *)a, *(const cJSON *const *)b);
}

int check_settle(cJSON *check, struct err *e)
{
	const cJSON *found = json_get(check, "findings");
	size_t n = json_len(found),
	       total = (size_t)json_num_or(check, "findings_total", 0);
	const cJSON **at;
	cJSON *sorted;
	size_t i = 0, shown = 0;
	int ret = 0;

	if (n == 0)
		return 0;
	at = calloc(n, sizeof(const cJSON *));
	sorted = json_new_array(e);
	if (at == NULL || sorted == NULL) {
		free(at);
		json_free(sorted);
		return err_no_memory(e);
	}
	JSON_EACH (f, found)
		at[i++] = f;
	qsort(at, n, sizeof(const cJSON *), by_place);
	for (i = 0; ret == 0 && i < n; i++) {
		if (i > 0 && compare(at[i - 1], at[i]) == 0)
			total--;
		else if (shown++ < FINDINGS_SHOWN)
			ret = json_push_copy(sorted, at[i], e);
	}
	free(at);
	if (json_set(check, "findings", sorted, e) < 0 || ret < 0)
		return -1;
	return json_set_int(check, "findings_total", (int64_t)total, e);
}
