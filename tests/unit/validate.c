/* Globs, text made clean, and the readers of what tools print. */
#include "test.h"

#include "validate/run.h"

static void globs_match_paths(void **unused)
{
	static const struct {
		const char *glob, *path;
		int yes;
	} cases[] = {
		{ "**/*.py", "a.py", 1 },
		{ "**/*.py", "a/b/c.py", 1 },
		{ "**/*.py", "a/b.pyi", 0 },
		{ "*.py", "a/b.py", 0 },
		{ "infra/*.tf", "infra/a.tf", 1 },
		{ "infra/*.tf", "infra/x/a.tf", 0 },
		{ "infra/**/*.tf", "infra/a.tf", 1 },
		{ "infra/**", "infra/x/a.tf", 1 },
		{ "infra/**", "infrared", 0 },
		{ "**/Dockerfile", "Dockerfile", 1 },
		{ "**/Dockerfile", "a/NotDockerfile", 0 },
		{ "**/requirements*.txt", "x/requirements-dev.txt", 1 },
		{ "a?c", "abc", 1 },
		{ "a?c", "a/c", 0 },
		{ "**/test_*.py", "tests/test_a.py", 1 },
		{ "", "", 1 },
		{ "*", "", 1 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (glob_match(cases[i].glob, cases[i].path) != cases[i].yes)
			fail_msg("%s on %s", cases[i].glob, cases[i].path);
}

static void text_becomes_one_clean_line(void **unused)
{
	static const struct {
		const char *text, *drop, *clean;
	} cases[] = {
		{ "  a \n\t b  ", NULL, "a b" },
		{ "\033[31mred\033[0m", NULL, "red" },
		{ "\033]0;title\007x", NULL, "x" },
		{ "bad \xFF\xC3 utf", NULL, "bad ?? utf" },
		{ "\xC2\x9B"
		  "31m caf\xC3\xA9",
			NULL, "?31m caf\xC3\xA9" },
		{ "/tmp/s/repo/a.py: x", "/tmp/s/repo", "a.py: x" },
		{ "in /tmp/s/repo/a.py", "/tmp/s/repo", "in a.py" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1024);

		clean_text(&out, cases[i].text, strlen(cases[i].text), cases[i].drop);
		assert_string_equal(out.ptr, cases[i].clean);
		buf_release(&out);
	}
}

/* "file:line:column level rule message" of each finding, one a line. */
static void shown(const cJSON *check, struct buf *out)
{
	JSON_EACH (f, json_get(check, "findings"))
		buf_addf(out, "%s:%.0f:%.0f %s %s %s\n", json_str_or(f, "file", "-"),
			json_num_or(f, "line", 0), json_num_or(f, "column", 0),
			json_str_or(f, "level", ""), json_str_or(f, "rule", ""),
			json_str_or(f, "message", ""));
}

static void outputs_become_findings(void **unused)
{
	static const struct {
		const char *how, *out;
		int ret;
		const char *found;
	} cases[] = {
		{ "{'kind':'json','items':['*'],'rule':'/c','message':'/m','file':'/"
		  "f','line':'/l/0'}",
			"[{\"c\":\"E1\",\"m\":\"x\",\"f\":\"/w/a.py\",\"l\":[7]}]", 0,
			"a.py:7:0 error E1 x\n" },
		{ "{'kind':'json','items':['/d/*/v/*'],'rule':'/id','message':'../name'}",
			"{\"d\":[{\"name\":\"n\",\"v\":[{\"id\":\"V1\"},{\"id\":\"V2\"}]}"
			",{\"v\":[]}]}",
			0, "-:0:0 error V1 n\n-:0:0 error V2 n\n" },
		{ "{'kind':'json','items':['/c/*'],'rule':'/"
		  "n','rule_prefix':'SC','message':'/m',"
		  "'level':'/l','levels':{'info':'note'}}",
			"{\"c\":[{\"n\":2086,\"m\":\"quote\",\"l\":\"info\"}]}", 0,
			"-:0:0 note SC2086 quote\n" },
		{ "{'kind':'json','items':['*']}", "not json", 1, "" },
		{ "{'kind':'json','items':['*'],'may_be_empty':true}", "\n", 0, "" },
		{ "{'kind':'json','items':['*']}", "", 1, "" },
		{ "{'kind':'lines','pattern':'^(?<file>[^:\\n]+):(?<line>[0-9]+): "
		  "(?<message>.*)$',"
		  "'rule_is':'r'}",
			"noise\na.py:3: one\nb.py:4: two\n", 0,
			"p/a.py:3:0 error r one\np/b.py:4:0 error r two\n" },
		{ "{'kind':'lines','pattern':'^(?<file>.+)$','message_is':'m','level_is':"
		  "'warning'}",
			"./x.tf\n/etc/passwd\n", 0,
			"-:0:0 warning finding m\np/x.tf:0:0 warning finding m\n" },
		{ "{'kind':'lines','pattern':'('}", "x", -1, "" },
		{ "{'kind':'xml'}", "x", -1, "" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		struct buf why = BUF_INIT(1024), text = BUF_INIT(4096);
		cJSON *how = J(cases[i].how), *check = check_new("c", "t", "tool", &e);
		int ret = findings_read(how, cases[i].out, strlen(cases[i].out), "", 0,
			"/w", "p", check, &why, &e);

		if (ret != cases[i].ret)
			fail_msg("case %zu: %d, %s%s", i, ret, why.ptr, e.msg);
		assert_int_equal(check_settle(check, &e), 0);
		shown(check, &text);
		assert_string_equal(text.ptr, cases[i].found);
		assert_int_equal(ret == 1, why.len > 0);
		json_free(how);
		json_free(check);
		buf_release(&why);
		buf_release(&text);
	}
}

static void findings_are_sorted_counted_and_cut(void **unused)
{
	struct err e = { 0 };
	cJSON *check = check_new("c", "t", NULL, &e);

	(void)unused;
	for (size_t i = 5000; i > 0; i--)
		assert_int_equal(
			check_finding(check, "r", "error", "f", i, 0, "m", &e), 0);
	assert_int_equal(check_finding(check, "r", "error", "f", 5000, 0, "m", &e), 0);
	assert_int_equal(check_settle(check, &e), 0);
	assert_int_equal(json_len(json_get(check, "findings")), FINDINGS_SHOWN);
	assert_true(json_num_or(check, "findings_total", 0) >= 5000);
	json_free(check);
}

/* Every row of the table that we ship can be read: patterns compile, rows that come
 * after others find them. */
static void our_table_is_sound(void **unused)
{
	struct err e = { 0 };
	cJSON *table = json_parse_file("share/validators.json", 1 << 20, &e);
	cJSON *seen = json_new_array(&e);

	(void)unused;
	assert_non_null(table);
	JSON_EACH (row, json_get(table, "checks")) {
		static const char *const patterns[] = { "/findings/pattern",
			"/version/pattern", "/detail" };
		const char *after = json_str_or(row, "after", NULL);

		for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
			const char *p = json_text(json_at(row, patterns[i]));
			struct buf first = BUF_INIT(64);

			if (p != NULL && pattern_first(p, "", 0, &first, &e) < 0)
				fail_msg("%s: %s", json_str_or(row, "id", ""), e.msg);
			buf_release(&first);
		}
		assert_true(json_len(json_get(row, "argv")) > 0);
		assert_true(json_len(json_get(row, "files")) > 0);
		if (after != NULL)
			assert_true(json_has_text(seen, after));
		assert_int_equal(json_push_str(seen, json_str_or(row, "id", ""), &e), 0);
	}
	json_free(seen);
	json_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_paths),
		cmocka_unit_test(text_becomes_one_clean_line),
		cmocka_unit_test(outputs_become_findings),
		cmocka_unit_test(findings_are_sorted_counted_and_cut),
		cmocka_unit_test(our_table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
