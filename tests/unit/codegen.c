/* Literals, alignment and names that end up in generated files. */
#include "test.h"

#include "codegen/parts.h"

static void literals_of_hcl(void **unused)
{
	static const struct {
		const char *json, *hcl;
	} cases[] = {
		{ "1", "1" },
		{ "0.5", "0.5" },
		{ "true", "true" },
		{ "null", "null" },
		{ "'a'", "\"a\"" },
		{ "'${x} %{y}'", "\"$${x} %%{y}\"" },
		{ "'line\\nbreak \\\\ \\u0022'", "\"line\\nbreak \\\\ \\\"\"" },
		{ "['a',1]", "[\"a\", 1]" },
		{ "[]", "[]" },
		{ "{'k':'v','n':2}", "{ \"k\" = \"v\", \"n\" = 2 }" },
		{ "{}", "{}" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);
		cJSON *v = J(cases[i].json);

		hcl_value(v, &out);
		assert_string_equal(out.ptr, cases[i].hcl);
		json_free(v);
		buf_release(&out);
	}
}

static void types_of_hcl(void **unused)
{
	static const struct {
		const char *json, *type;
	} cases[] = {
		{ "1", "number" },
		{ "false", "bool" },
		{ "'x'", "string" },
		{ "['x']", "list(string)" },
		{ "[1]", "list(number)" },
		{ "[]", "list(string)" },
		{ "{'a':'b'}", "map(string)" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *v = J(cases[i].json);

		assert_string_equal(hcl_type(v), cases[i].type);
		json_free(v);
	}
}

static void assignments_align_as_terraform_fmt_has_it(void **unused)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a = 1\nlong = 2\n", "a    = 1\nlong = 2\n" },
		{ "a = 1\n\nlong = 2\n", "a = 1\n\nlong = 2\n" },
		{ "a   = 1\n", "a = 1\n" },
		{ "a = {\n  b = 1\n}\nlong = 2\n", "a = {\n  b = 1\n}\nlong = 2\n" },
		{ "a = f([1, 2])\nlong = \"x = y\"\n",
			"a    = f([1, 2])\nlong = \"x = y\"\n" },
		{ "\"k\" = 1\n\"longer\" = 2\n", "\"k\"      = 1\n\"longer\" = 2\n" },
		{ "if a == b\n", "if a == b\n" },
		{ "x(a = 1)\nlonger = 2\n", "x(a = 1)\nlonger = 2\n" },
		{ "# a = 1\nlonger = 2\n", "# a = 1\nlonger = 2\n" },
		{ "a = 1\nno_newline = 2", "a          = 1\nno_newline = 2" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);

		hcl_align(cases[i].in, strlen(cases[i].in), &out);
		assert_string_equal(out.ptr, cases[i].out);
		buf_release(&out);
	}
}

static void names_are_safe(void **unused)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "serve@online", "serve-online" },
		{ "PCI-DSS", "pci-dss" },
		{ "--a  b--", "a-b" },
		{ "../../x", "x" },
		{ "\xc3\xbcn\xc3\xaf", "n" },
		{ "", "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);

		view_name(cases[i].text, '-', &out);
		assert_string_equal(out.ptr, cases[i].name);
		buf_release(&out);
	}
}

static struct gen_file file_of(const char *path, const char *text)
{
	struct gen_file f = { .path = strdup(path),
		.origin = strdup("plan"),
		.kind = "docs",
		.mode = "0644" };

	buf_init(&f.text, 4096);
	buf_add_str(&f.text, text);
	return f;
}

/* Two entries with the same bytes are one file; with other bytes they are a fault. */
static void one_path_has_one_content(void **unused)
{
	struct gen_files files = { 0 };
	struct gen g = { .files = &files };
	struct err e = { 0 };
	struct buf a = BUF_INIT(64), same = BUF_INIT(64), other = BUF_INIT(64);

	(void)unused;
	buf_add_str(&a, "x");
	buf_add_str(&same, "x");
	buf_add_str(&other, "y");
	assert_int_equal(gen_put(&g, "p", "skeleton", "docs", "0644", &a, &e), 0);
	assert_int_equal(gen_put(&g, "p", "plan", "docs", "0644", &same, &e), 0);
	assert_int_equal(files.n, 1);
	assert_int_equal(gen_put(&g, "p", "plan", "docs", "0644", &other, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "skeleton and plan both make 'p'"));
	buf_release(&a);
	buf_release(&same);
	buf_release(&other);
	gen_files_release(&files);
}

static void placing_counts_what_it_does(void **unused)
{
	char dir[] = "/tmp/codegen-unit-XXXXXX";
	struct gen_file list[] = { file_of("a/b", "1"), file_of("c", "2") };
	struct gen_files files = { list, ARRAY_LEN(list), 0, 0 };
	struct node_env env = { .log = { .program = "unit", .verbosity = -1 } };
	struct placement done;
	struct err e = { 0 };

	(void)unused;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(place_files(&env, &files, dir, 0, 1, &done, &e), 0);
	assert_int_equal(done.added, 2);
	assert_int_equal(place_files(&env, &files, dir, 0, 0, &done, &e), 0);
	assert_int_equal(done.added, 2);
	assert_int_equal(place_files(&env, &files, dir, 0, 0, &done, &e), 0);
	assert_int_equal(done.added, 0);
	assert_int_equal(done.same, 2);
	buf_add_str(&list[1].text,
		"other"); /* no lock there: whose file this is, is unknown */
	assert_int_equal(place_files(&env, &files, dir, 0, 0, &done, &e), -1);
	assert_int_equal(e.code, ERR_CANT_CREATE);
	assert_int_equal(file_remove_tree(dir, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		free(list[i].path);
		free(list[i].origin);
		buf_release(&list[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_of_hcl),
		cmocka_unit_test(types_of_hcl),
		cmocka_unit_test(assignments_align_as_terraform_fmt_has_it),
		cmocka_unit_test(names_are_safe),
		cmocka_unit_test(one_path_has_one_content),
		cmocka_unit_test(placing_counts_what_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
