/* Values as words, and words as HTML or Markdown. */
#include "compile.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "template/template.h"

void put_html(struct buf *out, const char *text)
{
	if (text != NULL)
		template_escape(text, TEMPLATE_HTML, out);
}

void put_md(struct buf *out, const char *text)
{
	if (text != NULL)
		template_escape(text, TEMPLATE_MARKDOWN, out);
}

void put_num(struct buf *out, double n)
{
	double rounded = round(n * 1000) / 1000;

	if (json_print_number(rounded, out) < 0)
		buf_add_str(out, "-");
}

void put_usd(struct buf *out, double usd)
{
	char digits[48];
	size_t whole;

	snprintf(digits, sizeof(digits), "%.2f", fabs(usd));
	whole = strcspn(digits, ".");
	buf_add_str(out, usd < 0 ? "-$" : "$");
	for (size_t i = 0; i < whole; i++) {
		buf_add_char(out, digits[i]);
		if ((whole - i) % 3 == 1 && i + 1 < whole)
			buf_add_char(out, ',');
	}
	buf_add_str(out, digits + whole);
}

static void put_key(struct buf *out, const char *key)
{
	for (; *key != '\0'; key++)
		buf_add_char(out, *key == '_' ? ' ' : *key);
}

void put_value(struct buf *out, const cJSON *v)
{
	int first = 1;

	switch (json_type(v)) {
	case JSON_STRING:
		buf_add_str(out, json_text(v));
		break;
	case JSON_NUMBER:
		put_num(out, json_number(v, 0));
		break;
	case JSON_BOOL:
		buf_add_str(out, json_true(v) ? "yes" : "no");
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		JSON_EACH (m, v) {
			buf_add_str(out, first ? "" : ", ");
			first = 0;
			if (json_is(v, JSON_OBJECT)) {
				put_key(out, json_key(m));
				buf_add_char(out, ' ');
			}
			put_value(out, m);
		}
		if (first)
			buf_add_str(out, "none");
		break;
	default:
		buf_add_str(out, "-");
	}
}

static int is_initials(const char *word, size_t n)
{
	static const char *const known[] = { "alb", "api", "ecr", "ecs", "etl", "kms",
		"rds", "s3", "sql" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i]) == n && memcmp(known[i], word, n) == 0)
			return 1;
	return 0;
}

const char *title_of(const char *pattern, struct buf *out)
{
	const char *p = strrchr(pattern, '.');

	buf_reset(out);
	for (p = p == NULL ? pattern : p + 1; *p != '\0'; p += strspn(p, "-")) {
		size_t n = strcspn(p, "-");
		int capitals = is_initials(p, n);

		if (out->len > 0)
			buf_add_char(out, ' ');
		for (size_t i = 0; i < n; i++)
			buf_add_char(out,
				(char)(capitals || out->len == 0
						? toupper((unsigned char)p[i])
						: p[i]));
		p += n;
	}
	return out->ptr;
}

static int in_plan(const cJSON *plan, const char *pattern)
{
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_text(s) ? json_text(s) : json_str_or(s, "pattern", ""),
			    pattern) == 0)
			return 1;
	return 0;
}

void put_difference(struct buf *out, const cJSON *best, const cJSON *other)
{
	size_t n = 0;

	if (best == other) {
		buf_add_str(out, "the chosen plan");
		return;
	}
	JSON_EACH (s, json_get(other, "slots")) {
		const char *pattern =
			json_text(s) ? json_text(s) : json_str_or(s, "pattern", "");

		if (!in_plan(best, pattern))
			buf_addf(out, "%s%s", n++ > 0 ? ", " : "with ", pattern);
	}
	if (n == 0)
		buf_add_str(out, "the same patterns in other sizes or regions");
}
