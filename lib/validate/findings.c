/* Reading what tools print: JSON by pointers, lines by patterns; both are data. */
#include "run.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* ---- patterns ---- */

pcre2_code *pattern_compile(const char *pattern, struct err *e)
{
	int number;
	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		PCRE2_MULTILINE, &number, &at, NULL);

	if (re == NULL) {
		PCRE2_UCHAR text[128];

		pcre2_get_error_message(number, text, sizeof(text));
		err_fill(e, ERR_CONFIG, "pattern '%s': byte %zu: %s", pattern, (size_t)at,
			(const char *)text);
	}
	return re;
}

static pcre2_match_context *limits(void)
{
	pcre2_match_context *c = pcre2_match_context_create(NULL);

	if (c != NULL) {
		pcre2_set_match_limit(c, 1000000);
		pcre2_set_depth_limit(c, 10000);
	}
	return c;
}

int pattern_first(
	const char *pattern, const char *text, size_t len, struct buf *to, struct err *e)
{
	pcre2_code *re = pattern_compile(pattern, e);
	pcre2_match_data *md =
		re == NULL ? NULL : pcre2_match_data_create_from_pattern(re, NULL);
	pcre2_match_context *mc = limits();
	int ret = -1, n;

	if (re == NULL)
		goto out;
	if (md == NULL || mc == NULL) {
		(void)err_no_memory(e);
		goto out;
	}
	n = pcre2_match(re, (PCRE2_SPTR)text, len, 0, 0, md, mc);
	ret = 0;
	if (n > 0) {
		const PCRE2_SIZE *o = pcre2_get_ovector_pointer(md);
		size_t g = n > 1 && o[2] != PCRE2_UNSET ? 1 : 0;

		buf_add(to, text + o[2 * g], o[2 * g + 1] - o[2 * g]);
		ret = buf_ok(to, e) < 0 ? -1 : 1;
	}
out:
	pcre2_match_context_free(mc);
	pcre2_match_data_free(md);
	pcre2_code_free(re);
	return ret;
}

/* ---- one finding, however it was read ---- */

struct raw {
	const cJSON *how;
	const char *work, *prefix;
	cJSON *check;
};

static const char *level_of(const struct raw *r, const char *said)
{
	const char *mapped =
		said == NULL ? NULL : json_str_or(json_get(r->how, "levels"), said, NULL);

	if (mapped == NULL)
		mapped = json_str_or(r->how, "level_is", "error");
	return strcmp(mapped, "error") == 0 || strcmp(mapped, "warning") == 0 ? mapped
									      : "note";
}

/* A finding that the repository itself suppresses, with the reason it gives. One
 * without a reason is a finding. */
static int settle_suppressed(const struct raw *r, const char *why, const char *rule,
	const char *file, size_t line, size_t column, const char *message, struct err *e)
{
	struct buf clean = BUF_INIT(1 << 16);
	cJSON *one = NULL;
	int ret = -1;

	clean_text(
		&clean, why != NULL ? why : "", why != NULL ? strlen(why) : 0, r->work);
	if (buf_ok(&clean, e) < 0)
		goto out;
	if (clean.len == 0) {
		ret = check_finding(r->check, rule, "error", file, line, column,
			"suppressed without a reason", e);
		goto out;
	}
	one = check_new("", "", NULL, e);
	if (one != NULL &&
		check_finding(one, rule, "note", file, line, column, message, e) == 0)
		ret = check_waived(
			r->check, json_item(json_get(one, "findings"), 0), clean.ptr, e);
out:
	json_free(one);
	buf_release(&clean);
	return ret;
}

static int add(const struct raw *r, const char *rule, const char *level, const char *file,
	size_t line, size_t column, const char *message, const char *why, struct err *e)
{
	struct buf name = BUF_INIT(8192), text = BUF_INIT(1 << 20);
	int ret = -1;

	if (message == NULL)
		message = json_str_or(r->how, "message_is", "no message");
	clean_text(&text, message, strlen(message), r->work);
	if (file != NULL && *file != '\0') {
		size_t work = strlen(r->work);
		int inside = strncmp(file, r->work, work) == 0;

		if (file[0] == '/' && !inside)
			goto plain; /* not a file of the repository */
		if (!inside && *r->prefix != '\0')
			buf_addf(&name, "%s/", r->prefix);
		if (!inside && strncmp(file, "./", 2) == 0)
			file += 2;
		clean_text(&name, file, strlen(file), r->work);
	}
plain:
	if (rule == NULL || *rule == '\0')
		rule = json_str_or(r->how, "rule_is", "finding");
	if (buf_ok(&name, e) < 0 || buf_ok(&text, e) < 0)
		goto out;
	file = name.len > 0 ? name.ptr : NULL;
	ret = json_get(r->how, "why") != NULL
		? settle_suppressed(r, why, rule, file, line, column, text.ptr, e)
		: check_finding(r->check, rule, level_of(r, level), file, line, column,
			  text.ptr, e);
out:
	buf_release(&name);
	buf_release(&text);
	return ret;
}

/* ---- JSON ---- */

#define NEST_MAX 6

struct spot {
	const cJSON *at[NEST_MAX]; /* the items on the way, outermost first */
	size_t n;
};

/* The value of a field: a pointer into the innermost item; each leading ".." goes one
 * item out. */
static const cJSON *field(const struct raw *r, const struct spot *s, const char *name)
{
	const char *p = json_str_or(r->how, name, NULL);
	size_t i = s->n;

	if (p == NULL || i == 0)
		return NULL;
	for (; strncmp(p, "..", 2) == 0 && i > 1; p += 2)
		i--;
	return json_at(s->at[i - 1], p);
}

static size_t as_count(const cJSON *v)
{
	double d = json_number(v, 0);

	if (json_text(v) != NULL)
		d = strtod(json_text(v), NULL);
	return d >= 1 && d < 1e9 ? (size_t)d : 0;
}

static int add_item(const struct raw *r, const struct spot *s, struct err *e)
{
	const cJSON *rule = field(r, s, "rule"), *level = field(r, s, "level");
	char number[32], grade[32];
	const char *rule_text = json_text(rule), *level_text = json_text(level);

	if (rule_text == NULL && json_is(rule, JSON_NUMBER)) {
		snprintf(number, sizeof(number), "%s%.0f",
			json_str_or(r->how, "rule_prefix", ""), json_number(rule, 0));
		rule_text = number;
	}
	if (level_text == NULL && json_is(level, JSON_NUMBER)) {
		snprintf(grade, sizeof(grade), "%.0f", json_number(level, 0));
		level_text = grade;
	}
	return add(r, rule_text, level_text, json_text(field(r, s, "file")),
		as_count(field(r, s, "line")), as_count(field(r, s, "column")),
		json_text(field(r, s, "message")), json_text(field(r, s, "why")), e);
}

/* Descends along a path of pointers with stars between: a star is every item of the
 * array or object that the pointer before it leads to. */
static int descend(const struct raw *r, struct spot *s, const char *path, struct err *e)
{
	size_t n = strcspn(path, "*");
	char pointer[256];
	const cJSON *list;

	if (s->n == NEST_MAX || n >= sizeof(pointer))
		return err_set(e, ERR_CONFIG, "findings: 'items' has too many steps");
	if (n == 0 && *path == '\0')
		return add_item(r, s, e);
	memcpy(pointer, path, n);
	pointer[n > 0 && pointer[n - 1] == '/' ? n - 1 : n] = '\0';
	list = json_at(s->at[s->n - 1], pointer);
	if (path[n] == '\0') {
		int ret = 0;

		s->at[s->n++] = list;
		if (list != NULL)
			ret = add_item(r, s, e);
		s->n--;
		return ret;
	}
	JSON_EACH (item, list) {
		int ret;

		s->at[s->n++] = item;
		ret = descend(r, s, path + n + 1, e);
		s->n--;
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int read_items(const struct raw *r, struct spot *s, struct err *e)
{
	JSON_EACH (p, json_get(r->how, "items"))
		if (descend(r, s, json_text(p) ? json_text(p) : "", e) < 0)
			return -1;
	return 0;
}

static int read_json(
	const struct raw *r, const char *text, size_t len, struct buf *why, struct err *e)
{
	struct spot s = { .n = 1 };
	struct raw suppressed = *r;
	struct err bad = { 0 };
	cJSON *doc;
	int ret = 0;

	while (len > 0 && memchr(" \t\r\n", text[0], 4) != NULL)
		text++, len--;
	if (len == 0 && json_bool_or(r->how, "may_be_empty", 0))
		return 0;
	doc = json_parse(text, len, JSON_PLAIN, &bad);
	if (doc == NULL) {
		buf_addf(why, "its output is not the JSON expected: %s", bad.msg);
		return 1;
	}
	s.at[0] = doc;
	ret = read_items(r, &s, e);
	suppressed.how = json_get(r->how, "suppressed");
	if (ret == 0)
		ret = read_items(&suppressed, &s, e);
	json_free(doc);
	return ret;
}

/* ---- lines ---- */

static char *group(pcre2_match_data *md, const char *name)
{
	PCRE2_UCHAR *s = NULL;
	PCRE2_SIZE n;
	char *copy;

	if (pcre2_substring_get_byname(md, (PCRE2_SPTR)name, &s, &n) != 0)
		return NULL;
	copy = strndup((const char *)s, n);
	pcre2_substring_free(s);
	return copy;
}

static int add_match(const struct raw *r, pcre2_match_data *md, struct err *e)
{
	static const char *const names[] = { "rule", "level", "file", "line", "column",
		"message" };
	char *g[6];
	int ret;

	for (size_t i = 0; i < 6; i++)
		g[i] = group(md, names[i]);
	ret = add(r, g[0], g[1], g[2], g[3] ? (size_t)strtoul(g[3], NULL, 10) : 0,
		g[4] ? (size_t)strtoul(g[4], NULL, 10) : 0, g[5], NULL, e);
	for (size_t i = 0; i < 6; i++)
		free(g[i]);
	return ret;
}

static int read_lines(const struct raw *r, const char *text, size_t len, struct err *e)
{
	const char *pattern = json_str_or(r->how, "pattern", "");
	pcre2_code *re = pattern_compile(pattern, e);
	pcre2_match_data *md =
		re == NULL ? NULL : pcre2_match_data_create_from_pattern(re, NULL);
	pcre2_match_context *mc = limits();
	size_t at = 0, seen = 0;
	int ret = -1;

	if (re == NULL)
		goto out;
	if (md == NULL || mc == NULL) {
		(void)err_no_memory(e);
		goto out;
	}
	ret = 0;
	while (ret == 0 && at <= len && seen++ < 100000 &&
		pcre2_match(re, (PCRE2_SPTR)text, len, at, 0, md, mc) > 0) {
		const PCRE2_SIZE *o = pcre2_get_ovector_pointer(md);

		at = o[1] > o[0] ? o[1] : o[1] + 1;
		ret = add_match(r, md, e);
	}
out:
	pcre2_match_context_free(mc);
	pcre2_match_data_free(md);
	pcre2_code_free(re);
	return ret;
}

int findings_read(const cJSON *how, const char *out, size_t out_len, const char *err_text,
	size_t err_len, const char *work, const char *prefix, cJSON *check,
	struct buf *why, struct err *e)
{
	struct raw r = { how, work, prefix, check };
	int from_err = strcmp(json_str_or(how, "from", "stdout"), "stderr") == 0;
	const char *text = from_err ? err_text : out;
	size_t len = from_err ? err_len : out_len;
	const char *kind = json_str_or(how, "kind", "lines");

	if (strcmp(kind, "json") == 0)
		return read_json(&r, text, len, why, e);
	if (strcmp(kind, "lines") == 0)
		return read_lines(&r, text, len, e);
	return err_set(
		e, ERR_CONFIG, "findings: kind '%s' is neither json nor lines", kind);
}
