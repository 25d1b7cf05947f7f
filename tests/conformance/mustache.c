/* mustache/spec; lambdas are program code and not in the files. */
#include "suite.h"

#include "template/template.h"

#include <string.h>

static const char *find(void *arg, const char *name, size_t *len)
{
	const char *text = json_text(json_get(arg, name));

	if (text != NULL)
		*len = strlen(text);
	return text;
}

static void run_case(struct tally *t, const cJSON *c)
{
	const char *name = json_str_or(c, "name", "?"),
		   *tpl = json_str_or(c, "template", "");
	const char *expected = json_str_or(c, "expected", "");
	struct template_partials partials = { .find = find,
		.arg = (void *)(uintptr_t)json_get(c, "partials") };
	struct buf out = BUF_INIT((size_t)16 << 20);
	struct err e = { 0 };

	if (template_render(tpl, strlen(tpl), name, json_get(c, "data"), TEMPLATE_HTML,
		    &partials, &out, &e) < 0)
		fail(t, name, "%s", e.msg);
	else if (strcmp(out.ptr, expected) != 0)
		fail(t, name, "gives \"%s\", expected \"%s\"", out.ptr, expected);
	else
		pass(t);
	buf_release(&out);
}

int run_mustache(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *file = read_json(text, len, e);
	const cJSON *tests = json_is(file, JSON_ARRAY) ? file : json_get(file, "tests");

	if (file == NULL)
		return -1;
	JSON_EACH (c, tests)
		run_case(t, c);
	json_free(file);
	return 0;
}
