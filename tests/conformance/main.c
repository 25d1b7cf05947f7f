/* conformance SUITE FILE... - runs files of a public suite's format. */
#include "suite.h"

#include "base/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define FILE_MAX ((size_t)64 << 20)

static const struct suite suites[] = {
	{ "cyclonedx", run_cyclonedx },
	{ "github-workflow", run_github_workflow },
	{ "jcs", run_jcs },
	{ "jose", run_jose },
	{ "json-parsing", run_json_parsing },
	{ "json-patch", run_json_patch },
	{ "json-pointer", run_json_pointer },
	{ "json-schema", run_json_schema },
	{ "jsonlogic", run_jsonlogic },
	{ "merge-patch", run_merge_patch },
	{ "mustache", run_mustache },
	{ "rfc3339", run_rfc3339 },
	{ "sarif", run_sarif },
	{ "secrets", run_secrets },
	{ "sigv4", run_sigv4 },
	{ "sse", run_sse },
	{ "uuid", run_uuid },
	{ "webhooks", run_webhooks },
};

static void report(const struct tally *t, const char *word, const char *name,
	const char *fmt, va_list ap)
{
	printf("%s %s: %s: ", word, t->path, name);
	vprintf(fmt, ap);
	putchar('\n');
}

void pass(struct tally *t)
{
	t->passed++;
}

void fail(struct tally *t, const char *name, const char *fmt, ...)
{
	va_list ap;

	t->failed++;
	va_start(ap, fmt);
	report(t, "FAIL", name, fmt, ap);
	va_end(ap);
}

void skip(struct tally *t, const char *name, const char *fmt, ...)
{
	va_list ap;

	t->skipped++;
	va_start(ap, fmt);
	report(t, "SKIP", name, fmt, ap);
	va_end(ap);
}

cJSON *read_json(const char *text, size_t len, struct err *e)
{
	return json_parse(text, len, JSON_PLAIN, e);
}

int base64_member(const cJSON *obj, const char *key, struct buf *out, struct err *e)
{
	const char *s;

	if (json_str(obj, key, &s, e) < 0)
		return -1;
	if (base64_decode(s, strlen(s), BASE64_STANDARD, out) < 0)
		return err_set(e, ERR_INPUT, "'%s' is not base64", key);
	return buf_ok(out, e);
}

const char *shown(const cJSON *v, int slot)
{
	static char text[3][240];
	struct buf b = BUF_INIT(BUF_NO_LIMIT);

	if (v == NULL)
		buf_add_str(&b, "nothing");
	else
		json_print(v, JSON_COMPACT, &b);
	snprintf(text[slot], sizeof(text[slot]), "%s", b.ptr);
	buf_release(&b);
	return text[slot];
}

/* gzread passes plain files through unchanged. */
static int read_file(const char *path, struct buf *out, struct err *e)
{
	char piece[65536];
	gzFile f = gzopen(path, "rb");
	int n = -1;

	if (f == NULL)
		return err_set(e, ERR_NO_INPUT, "%s: cannot be opened", path);
	while ((n = gzread(f, piece, sizeof(piece))) > 0)
		buf_add(out, piece, (size_t)n);
	gzclose(f);
	if (n < 0)
		return err_set(e, ERR_IO, "%s: cannot be read", path);
	return buf_ok(out, e);
}

static int run_file(
	const struct suite *s, struct tally *t, const char *path, struct err *e)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int ret = read_file(path, &text, e);

	t->path = path;
	if (ret == 0) {
		ret = s->run(t, text.ptr, text.len, e);
		if (ret < 0)
			err_where(e, "%s", path);
	}
	buf_release(&text);
	return ret;
}

static int usage(void)
{
	fputs("usage: conformance SUITE FILE...\nsuites:", stderr);
	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		fprintf(stderr, " %s", suites[i].name);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const struct suite *s = NULL;
	struct tally t = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; argc > 2 && i < ARRAY_LEN(suites); i++)
		if (strcmp(suites[i].name, argv[1]) == 0)
			s = &suites[i];
	if (s == NULL)
		return usage();
	for (int i = 2; i < argc; i++)
		if (run_file(s, &t, argv[i], &e) < 0)
			fail(&t, "(file)", "%s", e.msg);
	printf("%zu passed, %zu failed, %zu skipped\n", t.passed, t.failed, t.skipped);
	return t.failed > 0;
}
