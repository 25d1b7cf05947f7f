/* Terraform read as data: expressions, modules, instances; and what stays unknown. */
#include "test.h"

#include <string.h>

#include "infra/infra.h"

static const char header[] =
	"variable \"n\" {\n  default = 3\n}\n"
	"variable \"text\" {\n  default = \"a\"\n}\n"
	"variable \"given\" {}\n"
	"variable \"list\" {\n  default = [1, 2, 3]\n}\n"
	"variable \"map\" {\n  default = { x = 1, y = 2 }\n}\n"
	"locals {\n  up = upper(var.text)\n  loop = local.loop2\n  loop2 = "
	"local.loop\n}\n"
	"resource \"t\" \"counted\" {\n  count = 2\n  name = \"c${count.index}\"\n}\n"
	"resource \"t\" \"plain\" {\n  name = \"p\"\n}\n"
	"data \"d\" \"x\" {}\n";

static const struct {
	const char *expression, *value; /* value NULL: unknown */
} cases[] = {
	{ "1 + 2 * 3", "7" },
	{ "(1 + 2) * 3 - -1", "10" },
	{ "7 % 4 / 2", "1.5" },
	{ "1 / 0", NULL },
	{ "!true || 2 > 1 && 1 >= 1", "true" },
	{ "var.n == 3 ? \"yes\" : \"no\"", "'yes'" },
	{ "data.d.x.v ? 1 : 1", "1" },
	{ "data.d.x.v ? 1 : 2", NULL },
	{ "false && data.d.x.v", "false" },
	{ "true && data.d.x.v", NULL },
	{ "\"${var.text}-${var.n}\"", "'a-3'" },
	{ "\"${var.n}\"", "3" },
	{ "\"$${x} \\\"q\\\"\"", "'${x} \\\"q\\\"'" },
	{ "\"%{ if true }x%{ endif }\"", NULL },
	{ "\"a ${data.d.x.v}\"", NULL },
	{ "[for v in var.list : v * 2 if v > 1]", "[4,6]" },
	{ "[for i, v in var.list : i]", "[0,1,2]" },
	{ "{ for k, v in var.map : upper(k) => v + 1 }", "{'X':2,'Y':3}" },
	{ "[for v in [] : v.a.b]", "[]" },
	{ "[for v in data.d.x.list : v]", NULL },
	{ "length([data.d.x.a, data.d.x.b])", "2" },
	{ "concat(var.list, [4])...", NULL },
	{ "merge([{ a = 1 }, { b = 2 }]...)", "{'a':1,'b':2}" },
	{ "var.map[\"y\"]", "2" },
	{ "var.list[1]", "2" },
	{ "var.list[9]", NULL },
	{ "var.given", "'given'" },
	{ "var.nothing", NULL },
	{ "local.up", "'A'" },
	{ "local.loop", NULL },
	{ "t.counted[*].name", "['c0','c1']" },
	{ "t.counted[1].name", "'c1'" },
	{ "length(t.counted)", "2" },
	{ "t.plain.name", "'p'" },
	{ "t.plain.arn", NULL },
	{ "slice(var.list, 0, min(2, length(var.list)))", "[1,2]" },
	{ "tostring(ceil(1.2) * 1024)", "'2048'" },
	{ "join(\",\", split(\"-\", \"a-b\"))", "'a,b'" },
	{ "contains(keys(var.map), \"x\")", "true" },
	{ "coalesce(null, \"\", \"z\")", "'z'" },
	{ "toset([\"b\", \"b\"])", "['b']" },
	{ "nosuch(1)", NULL },
	{ "jsonencode({ a = [data.d.x.v, 1] }).a[1]", "1" },
	{ "module.none.out", NULL },
	{ "each.key", NULL },
};

static cJSON *read_one(const char *main, const char *module, struct err *e)
{
	struct infra_file files[] = { { "infra/main.tf", main, strlen(main) },
		{ "infra/modules/m/main.tf", module, strlen(module) } };
	cJSON *variables = J("{'given':'given'}");
	cJSON *all = infra_read(files, 2, "infra", variables, e);

	json_free(variables);
	return all;
}

static void expressions_have_values_or_stay_unknown(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		char text[4096];
		cJSON *all, *want;
		const cJSON *got;

		snprintf(text, sizeof(text), "%sresource \"r\" \"x\" {\n  v = %s\n}\n",
			header, cases[i].expression);
		all = read_one(text, "", &e);
		if (all == NULL)
			fail_msg("%s: %s", cases[i].expression, e.msg);
		got = json_at(all, "/resources/3/args/v");
		want = cases[i].value == NULL ? NULL : J(cases[i].value);
		if (want == NULL ? !infra_is_unknown(got) : !json_equal(got, want)) {
			struct buf b = BUF_INIT(4096);

			json_print(got, JSON_COMPACT, &b);
			fail_msg("%s: %s", cases[i].expression, b.ptr);
		}
		json_free(want);
		json_free(all);
	}
}

static void modules_are_followed_with_their_arguments(void **unused)
{
	struct err e = { 0 };
	cJSON *all = read_one(
		"module \"a\" {\n  source = \"./modules/m\"\n  size = 2\n}\n"
		"module \"b\" {\n  source = \"./modules/m\"\n  size = module.a.twice\n}\n"
		"resource \"r\" \"each\" {\n  for_each = { x = 1, y = module.b.twice }\n"
		"  v = each.value\n  k = each.key\n}\n",
		"variable \"size\" {}\n"
		"output \"twice\" {\n  value = var.size * 2\n}\n"
		"resource \"r\" \"many\" {\n  count = var.size\n  i = count.index\n"
		"  block {\n    a = var.size\n  }\n  block {\n    a = 1\n  }\n}\n"
		"resource \"r\" \"unknown\" {\n  count = r.many[0].id\n}\n",
		&e);
	cJSON *want = J("['module.a.r.many','module.a.r.many','module.a.r.unknown',"
			"'module.b.r.many','module.b.r.many','module.b.r.many',"
			"'module.b.r.many','module.b.r.unknown','r.each','r.each']");
	size_t i = 0;

	(void)unused;
	if (all == NULL)
		fail_msg("%s", e.msg);
	JSON_EACH (r, json_get(all, "resources"))
		assert_string_equal(
			json_str_or(r, "address", ""), json_text(json_item(want, i++)));
	assert_int_equal(i, json_len(want));
	assert_int_equal(json_number(json_at(all, "/resources/6/args/i"), -1), 3);
	assert_int_equal(json_number(json_at(all, "/resources/6/args/block/0/a"), -1), 4);
	assert_true(json_true(json_at(all, "/resources/7/instances_unknown")));
	assert_int_equal(json_number(json_at(all, "/resources/9/args/v"), -1), 8);
	assert_int_equal(json_number(json_at(all, "/modules/b/size"), -1), 4);
	json_free(want);
	json_free(all);
}

/* What somebody could write to make a reader hang, crash or run out of memory. */
static void hostile_files_end(void **unused)
{
	static const char *const texts[] = {
		"resource \"a\" \"a\" {\n  v = a.b.v\n}\nresource \"a\" \"b\" {\n  v = "
		"a.a.v\n}\n",
		"resource \"a\" \"a\" {\n  count = 1\n  v = a.a[0].v\n}\n",
		"module \"m\" {\n  source = \"./modules/m\"\n  x = module.m.x\n}\n",
		"locals {\n  a = [for x in local.a : x]\n}\nresource \"r\" \"r\" {\n  v "
		"= local.a\n}\n",
		"resource \"r\" \"r\" {\n  count = 1e9\n}\n",
		"resource \"r\" \"r\" {\n  v = ((((((((((1\n}\n",
		"resource \"r\" \"r\" {\n  v = \"${\"${\"${1}\"}\"}\"\n}\n",
		"resource \"r\" \"r\" {\n  v = [for\n}\n",
		"resource \"r\" \"r\" {\n  v = -\n}\n",
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct err e = { 0 };

		json_free(read_one(texts[i],
			"module \"m\" {\n  source = \"./\"\n}\nvariable \"x\" {}\n"
			"output \"x\" {\n  value = var.x\n}\n",
			&e));
	}
	{
		struct err e = { 0 };
		struct buf b = BUF_INIT(1 << 20);

		buf_add_str(&b, "resource \"r\" \"r\" {\n  v = ");
		for (int i = 0; i < 5000; i++)
			buf_add_char(&b, '-');
		buf_add_str(&b, "1\n}\n");
		json_free(read_one(b.ptr, "", &e));
		buf_release(&b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_have_values_or_stay_unknown),
		cmocka_unit_test(modules_are_followed_with_their_arguments),
		cmocka_unit_test(hostile_files_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
