/* Mustache: messages, limits, strict rendering, languages. The public suites and
 * tests/property/escapers.sh cover the rest. */
#include "test.h"

#include <string.h>

#include "template/template.h"

static const char *find(void *arg, const char *name, size_t *len)
{
	static const char again[] = "{{>self}}", known[] = "[{{a}}]";

	(void)arg;
	if (strcmp(name, "self") == 0) {
		*len = sizeof(again) - 1;
		return again;
	}
	if (strcmp(name, "known") == 0) {
		*len = sizeof(known) - 1;
		return known;
	}
	return NULL;
}

static const struct {
	const char *tpl;
	int strict;
	const char *out; /* NULL: fails */
	const char *msg;
} cases[] = {
	{ "{{a}} {{n}} {{t}}", 1, "x\\\"y 0.1 true", NULL },
	{ "{{#l}}{{.}}{{/l}}", 1, "12", NULL },
	{ "{{^none}}-{{/none}}", 1, "-", NULL },
	{ "{{none}}", 0, "", NULL },
	{ "{{>known}}", 1, "[x\\\"y]", NULL },
	{ "{{=<% %>=}}${{ <%n%> }}", 1, "${{ 0.1 }}", NULL },
	{ "line\n{{none}}", 1, NULL, "t:2: " },
	{ "{{>none}}", 1, NULL, "t:1: " },
	{ "{{{a}}}", 1, NULL, "t:1: " },
	{ "{{&a}}", 1, NULL, "t:1: " },
	{ "{{{a}}}", 0, "x\"y", NULL },
	{ "a\n\n{{#l}}", 0, NULL, "t:3: " },
	{ "{{/l}}", 0, NULL, "t:1: " },
	{ "{{#a}}{{/b}}", 0, NULL, "t:1: " },
	{ "{{a", 0, NULL, "t:1: " },
	{ "{{=<%=}}", 0, NULL, "t:1: " },
	{ "{{>self}}", 0, NULL, "self" },
};

static void renders_or_names_template_and_line(void **unused)
{
	cJSON *view = J("{'n':0.1,'t':true,'l':[1,2]}");
	struct err e = { 0 };

	(void)unused;
	json_set_str(view, "a", "x\"y", &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template_partials partials = { find, NULL, cases[i].strict };
		struct buf out = BUF_INIT((size_t)1 << 16);
		int ret = template_render(cases[i].tpl, strlen(cases[i].tpl), "t", view,
			TEMPLATE_JSON, &partials, &out, &e);

		if ((ret == 0) != (cases[i].out != NULL))
			fail_msg("%s: %d '%s'", cases[i].tpl, ret,
				ret < 0 ? e.msg : out.ptr);
		if (ret == 0)
			assert_string_equal(out.ptr, cases[i].out);
		else if (strstr(e.msg, cases[i].msg) == NULL)
			fail_msg("%s: '%s'", cases[i].tpl, e.msg);
		buf_release(&out);
	}
	json_free(view);
}

static void stops_at_the_buffers_bound(void **unused)
{
	cJSON *view = J("{'l':[1,2,3,4,5,6,7,8,9]}");
	struct buf out = BUF_INIT(20);
	struct err e = { 0 };
	static const char tpl[] = "{{#l}}{{#l}}{{.}}{{/l}}{{/l}}";

	(void)unused;
	assert_int_equal(template_render(tpl, sizeof(tpl) - 1, "t", view, TEMPLATE_TEXT,
				 NULL, &out, &e),
		-1);
	assert_true(out.len <= 20);
	buf_release(&out);
	json_free(view);
}

static const struct {
	const char *path;
	enum template_language lang;
} paths[] = {
	{ "infra/main.tf.mustache", TEMPLATE_HCL },
	{ "Dockerfile", TEMPLATE_DOCKERFILE },
	{ "services/api/Dockerfile.mustache", TEMPLATE_DOCKERFILE },
	{ "Makefile", TEMPLATE_MAKE },
	{ "a/Makefile.mustache", TEMPLATE_MAKE },
	{ ".github/workflows/ci.yml", TEMPLATE_YAML },
	{ "pyproject.toml", TEMPLATE_TOML },
	{ "docs/plan.md", TEMPLATE_MARKDOWN },
	{ "src/x.py", TEMPLATE_PYTHON },
	{ "schema.sql", TEMPLATE_SQL },
	{ "NOTICE", TEMPLATE_TEXT },
	{ "notatf", TEMPLATE_TEXT },
};

static void tells_the_language_from_the_name(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (template_language_of(paths[i].path) != paths[i].lang)
			fail_msg("%s: %s", paths[i].path,
				template_language_name(
					template_language_of(paths[i].path)));
}

static const struct {
	enum template_language lang;
	const char *text, *escaped;
} escapes[] = {
	{ TEMPLATE_HCL, "a${b}%{c}$d", "a$${b}%%{c}$d" },
	{ TEMPLATE_HTML, "<a href='x'>&\"", "&lt;a href=&#39;x&#39;&gt;&amp;&quot;" },
	{ TEMPLATE_MARKDOWN, "*a* [b](c) <d> `e`\n# f | g",
		"\\*a\\* \\[b\\](c) &lt;d> \\`e\\` \\# f \\| g" },
	{ TEMPLATE_MARKDOWN, "a_b _c_ d__e _ f_", "a_b \\_c\\_ d\\_\\_e \\_ f\\_" },
	{ TEMPLATE_MARKDOWN, "{{x}}", "\\{\\{x\\}\\}" },
	{ TEMPLATE_SHELL, "$(id) `id` \"\\", "\\$(id) \\`id\\` \\\"\\\\" },
	{ TEMPLATE_MAKE, "$x", "\\$$x" },
	{ TEMPLATE_DOCKERFILE, "a\nUSER root", "a USER root" },
	{ TEMPLATE_SQL, "it's", "it''s" },
	{ TEMPLATE_YAML,
		"a\xE2\x80\xA8"
		"b\xC2\x85",
		"a\\u2028b\\u0085" },
	{ TEMPLATE_TEXT, "<\n$", "<\n$" },
};

static void escapes_for_each_language(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		struct buf out = BUF_INIT(4096);

		template_escape(escapes[i].text, escapes[i].lang, &out);
		assert_string_equal(out.ptr, escapes[i].escaped);
		buf_release(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders_or_names_template_and_line),
		cmocka_unit_test(stops_at_the_buffers_bound),
		cmocka_unit_test(tells_the_language_from_the_name),
		cmocka_unit_test(escapes_for_each_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
