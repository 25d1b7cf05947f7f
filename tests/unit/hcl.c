/* The HCL reader: values, paths, errors by line; and every module that we ship. */
#include "test.h"

#include "hcl/hcl.h"

static void show(const struct hcl_value *v, struct buf *out)
{
	static const char *const names[] = { "null", "bool", "number", "string", "list",
		"object", "call", "expr" };

	if (v == NULL) {
		buf_add_str(out, "nothing");
		return;
	}
	buf_addf(out, "%s", names[v->kind]);
	if (v->text != NULL)
		buf_addf(out, " %s", v->text);
	if (v->kind == HCL_BOOL)
		buf_addf(out, " %d", v->boolean);
	if (v->kind == HCL_NUMBER)
		buf_addf(out, " %g", v->number);
	for (size_t i = 0; i < v->n; i++) {
		buf_addf(out, "%s%s", i == 0 ? "(" : "; ", v->keys ? v->keys[i] : "");
		buf_add_str(out, v->keys ? "=" : "");
		show(&v->items[i], out);
	}
	if (v->n > 0)
		buf_add_char(out, ')');
}

static void values_are_read_as_they_are_written(void **unused)
{
	static const struct {
		const char *text, *path, *shown;
	} cases[] = {
		{ "a = \"x\\n\\u00e9$${y}\"", "a", "string x\n\xC3\xA9${y}" },
		{ "a = \"x-${var.y[\"k\"]}-z\"", "a", "expr \"x-${var.y[\"k\"]}-z\"" },
		{ "a = -1.5e3", "a", "number -1500" },
		{ "a = true # why\nb = null", "b", "null" },
		{ "a = [1, \"b\", var.c,]", "a", "list(number 1; string b; expr var.c)" },
		{ "a = { b = 1, \"c-d\" : [], (var.k) = null }", "a",
			"object(b=number 1; c-d=list; var.k=null)" },
		{ "a = {\n  b = 1\n  c = 2\n}", "a.c", "number 2" },
		{ "a = jsonencode({ V = [{ E = \"Deny\" }] })", "a.V.0.E",
			"string Deny" },
		{ "a = var.x == null ? 0 : 1", "a", "expr var.x == null ? 0 : 1" },
		{ "a = [for k in x : k]", "a", "expr [for k in x : k]" },
		{ "a = (1 +\n  2)", "a", "expr (1 + 2)" },
		{ "a = merge(local.t, { b = \"c\" })", "a",
			"call merge(expr local.t; object(b=string c))" },
		{ "a = f(x)[0].y", "a", "expr f(x)[0].y" },
		{ "a = <<-EOT\n  one\n  two\n  EOT\nb = 1", "b", "number 1" },
		{ "a = <<EOT\none ${x}\nEOT\n", "a", "expr one ${x}\n" },
		{ "rule {\n apply {\n  sse = \"kms\"\n }\n}", "rule.apply.sse",
			"string kms" },
		{ "r {\n a = 1\n}\nr {\n a = 2\n}", "r.1.a", "number 2" },
		{ "dynamic \"r\" {\n for_each = x\n content {\n  a = 3\n }\n}", "r.a",
			"number 3" },
		{ "// c\n/* d\n */ a = 1", "a", "number 1" },
		{ "a = 1", "b.c", "nothing" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hcl_body body;
		struct err e = { 0 };
		struct buf shown = BUF_INIT(4096);

		if (hcl_parse(cases[i].text, strlen(cases[i].text), &body, &e) < 0)
			fail_msg("%s: %s", cases[i].text, e.msg);
		show(hcl_path(&body, cases[i].path, NULL), &shown);
		assert_string_equal(shown.ptr, cases[i].shown);
		buf_release(&shown);
		hcl_release(&body);
	}
}

static void blocks_have_types_and_labels(void **unused)
{
	static const char text[] =
		"resource \"aws_s3_bucket\" \"this\" {\n}\n"
		"resource \"aws_s3_bucket\" \"other\" {\n  x {\n  }\n}\n";
	struct hcl_body body;
	struct err e = { 0 };
	int is_block;

	(void)unused;
	assert_int_equal(hcl_parse(text, sizeof(text) - 1, &body, &e), 0);
	assert_int_equal(body.n_blocks, 2);
	assert_int_equal(hcl_block(&body, "resource", NULL, "other")->line, 3);
	assert_null(hcl_block(&body, "resource", "aws_kms_key", NULL));
	assert_null(hcl_path(&body.blocks[1].body, "x", &is_block));
	assert_int_equal(is_block, 1);
	hcl_release(&body);
}

static void broken_files_are_named_by_line(void **unused)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
		{ "a = 1\nb = \"x", "line 2: a string is not closed" },
		{ "a {\n  b = 1\n", "line 3: a block is not closed" },
		{ "a = [1, 2\n", "not closed" },
		{ "a = \n", "line 1: an expression is missing" },
		{ "a = <<E\nx\n", "a heredoc is not closed" },
		{ "/* x", "line 1: a comment is not closed" },
		{ "}", "line 1: expected the name" },
		{ "a = \"${b\"", "not closed" },
		{ "a = \"\\q\"", "line 1: an escape that HCL does not know" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct hcl_body body;
		struct err e = { 0 };

		assert_int_equal(
			hcl_parse(cases[i].text, strlen(cases[i].text), &body, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.msg, cases[i].msg) == NULL)
			fail_msg("%s: got '%s'", cases[i].text, e.msg);
	}
}

/* Depth is bounded, and no cut of a real file does harm. */
static void hostile_files_do_no_harm(void **unused)
{
	static const char text[] = "a \"b\" {\n c = [{ d = \"${f(\"x\")}\" }, "
				   "<<E\ny\nE\n]\n e = g(1, [2])\n}\n";
	struct hcl_body body;
	struct err e = { 0 };
	char deep[4000];

	(void)unused;
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "a = ", 4);
	assert_int_equal(hcl_parse(deep, sizeof(deep), &body, &e), -1);
	for (size_t i = 0; i + 2 < sizeof(deep); i += 2)
		memcpy(deep + i, "b{", 2);
	assert_int_equal(hcl_parse(deep, sizeof(deep) - 2, &body, &e), -1);
	for (size_t n = 0; n < sizeof(text); n++) {
		char *cut = malloc(n + 1);

		assert_non_null(cut);
		memcpy(cut, text, n);
		cut[n] = '\0';
		(void)hcl_parse(cut, n, &body, &e);
		hcl_release(&body);
		free(cut);
	}
}

static void our_own_modules_are_read(void **unused)
{
	char **paths = NULL;
	size_t n = 0, seen = 0;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(file_walk("share/patterns", &paths, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		struct buf path = BUF_INIT(4096), text = BUF_INIT(1 << 20);
		size_t len = strlen(paths[i]);
		struct hcl_body body = { 0 };

		if (len < 3 || strcmp(paths[i] + len - 3, ".tf") != 0)
			continue;
		buf_addf(&path, "share/patterns/%s", paths[i]);
		assert_int_equal(file_read(path.ptr, &text, &e), 0);
		if (hcl_parse(text.ptr, text.len, &body, &e) < 0)
			fail_msg("%s: %s", path.ptr, e.msg);
		hcl_release(&body);
		buf_release(&path);
		buf_release(&text);
		seen++;
	}
	file_list_free(paths, n);
	assert_true(seen > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_as_they_are_written),
		cmocka_unit_test(blocks_have_types_and_labels),
		cmocka_unit_test(broken_files_are_named_by_line),
		cmocka_unit_test(hostile_files_do_no_harm),
		cmocka_unit_test(our_own_modules_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
