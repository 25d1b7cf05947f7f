/* Reading, printing, looking and building. */
#include "test.h"

#include <float.h>
#include <math.h>

/* ---- reading ---- */

static const struct {
	const char *text;
	const char *strict, *plain; /* what it prints as; NULL: refused */
	const char *msg;            /* of the strict refusal */
} reads[] = {
	{ "{\"a\":[1,2.50,-0,1e3,\"\\u00e9\\n\"],\"b\":null}",
		"{\"a\":[1,2.5,0,1000,\"é\\n\"],\"b\":null}",
		"{\"a\":[1,2.5,0,1000,\"é\\n\"],\"b\":null}", NULL },
	{ " [ ] ", "[]", "[]", NULL },
	{ "", NULL, NULL, "the text ends where a value should be" },
	{ "{", NULL, NULL, "a member needs a name" },
	{ "[1,]", NULL, NULL, "this is not the start" },
	{ "[1 2]", NULL, NULL, "',' or ']' must follow" },
	{ "{\"a\"}", NULL, NULL, "a ':' must follow" },
	{ "{\"a\":1,}", NULL, NULL, "a member needs a name" },
	{ "1 1", NULL, NULL, "something follows" },
	{ "{\"a\":1,\"a\":2}", NULL, "{\"a\":2}", "has the name 'a' twice" },
	{ "9007199254740991", "9007199254740991", "9007199254740991", NULL },
	{ "9007199254740993", NULL, "9007199254740992", "past 2^53-1" },
	{ "1e20", NULL, "100000000000000000000", "past 2^53-1" },
	{ "9007199254740993.5", NULL, "9007199254740994", "past 2^53-1" },
	{ "1e21", "1e+21", "1e+21", NULL },
	{ "1e400", NULL, NULL, "too large for a double" },
	{ "\"\\u0000\"", NULL, "\"\\u0000\"", "\\u0000 is refused" },
	{ "{\"a\\u0000b\":1}", NULL, "{\"a\\u0000b\":1}", "\\u0000 is refused" },
	{ "\"\\ud800\"", NULL, "\"\xEF\xBF\xBD\"", "a lone surrogate" },
	{ "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"", "\"\xF0\x9F\x98\x80\"", NULL },
	{ "\"\xC3\"", NULL, NULL, "not valid UTF-8" },
	{ "\"\xC0\x80\"", NULL, NULL, "not valid UTF-8" },
	{ "\"\xED\xA0\x80\"", NULL, NULL, "not valid UTF-8" },
	{ "\"a\tb\"", NULL, NULL, "must be escaped" },
	{ "\"\\x\"", NULL, NULL, "an unknown escape" },
	{ "\"abc", NULL, NULL, "ends inside a string" },
	{ "01", NULL, NULL, "something follows" },
	{ "-", NULL, NULL, "needs a digit" },
	{ "1.", NULL, NULL, "after its point" },
	{ "1e", NULL, NULL, "in its exponent" },
	{ "nul", NULL, NULL, "not the start" },
	{ "NaN", NULL, NULL, "not the start" },
	{ "\xEF\xBB\xBF{}", NULL, NULL, "not the start" },
};

static void read_as(
	const char *text, enum json_rules rules, const char *want, const char *msg)
{
	struct err e = { 0 };
	struct buf out = BUF_INIT(4096);
	cJSON *v = json_parse(text, strlen(text), rules, &e);

	if (v != NULL)
		json_print(v, JSON_COMPACT, &out);
	if ((v != NULL) != (want != NULL))
		fail_msg("%s: %s", text, v != NULL ? out.ptr : e.msg);
	if (want != NULL)
		assert_string_equal(out.ptr, want);
	else if (msg != NULL &&
		(strstr(e.msg, msg) == NULL || strncmp(e.msg, "byte ", 5) != 0))
		fail_msg("%s: '%s'", text, e.msg);
	json_free(v);
	buf_release(&out);
}

static void reads_by_two_rules(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
		read_as(reads[i].text, JSON_STRICT, reads[i].strict, reads[i].msg);
		read_as(reads[i].text, JSON_PLAIN, reads[i].plain, NULL);
	}
}

static void refuses_deep_nesting_and_keeps_what_is_just_allowed(void **unused)
{
	(void)unused;
	for (size_t n = JSON_DEPTH_MAX; n <= JSON_DEPTH_MAX + 1; n++) {
		struct buf b = BUF_INIT(BUF_NO_LIMIT);
		struct err e = { 0 };
		cJSON *v;

		for (size_t i = 0; i < n; i++)
			buf_add_char(&b, '[');
		for (size_t i = 0; i < n; i++)
			buf_add_char(&b, ']');
		v = json_parse(b.ptr, b.len, JSON_STRICT, &e);
		assert_int_equal(v != NULL, n == JSON_DEPTH_MAX);
		json_free(v);
		buf_release(&b);
	}
}

static void stops_at_the_length_it_is_given(void **unused)
{
	struct err e = { 0 };
	cJSON *v = json_parse("[1]]]]", 3, JSON_STRICT, &e);

	(void)unused;
	assert_non_null(v);
	json_free(v);
	assert_null(json_parse("[1]\0x", 5, JSON_STRICT, &e));
	assert_null(json_parse("\"a\0b\"", 5, JSON_STRICT, &e));
}

/* ---- printing ---- */

static const struct {
	double d;
	const char *text;
} numbers[] = {
	{ 0, "0" },
	{ -0.0, "0" },
	{ 1, "1" },
	{ -1.5, "-1.5" },
	{ 0.1, "0.1" },
	{ 1e21, "1e+21" },
	{ 1e20, "100000000000000000000" },
	{ 1e-7, "1e-7" },
	{ 1e-6, "0.000001" },
	{ DBL_MAX, "1.7976931348623157e+308" },
	{ DBL_MIN, "2.2250738585072014e-308" },
	{ 4.9406564584124654e-324, "5e-324" },
	{ 9007199254740993.0, "9007199254740992" },
	{ 123456789.125, "123456789.125" },
	{ 1.0 / 3, "0.3333333333333333" },
	{ 2e-44, "2e-44" },
	{ 9.5367431640625e-07, "9.5367431640625e-7" },
};

static void prints_the_shortest_number_that_reads_back(void **unused)
{
	struct buf b = BUF_INIT(64);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		buf_reset(&b);
		assert_int_equal(json_print_number(numbers[i].d, &b), 0);
		assert_string_equal(b.ptr, numbers[i].text);
	}
	assert_int_equal(json_print_number(NAN, &b), -1);
	assert_int_equal(json_print_number(-INFINITY, &b), -1);
	buf_release(&b);
}

static void sorts_canonical_names_by_utf16(void **unused)
{
	struct err e = { 0 };
	struct buf b = BUF_INIT(4096);
	cJSON *v =
		J("{'b':1,'\xF0\x9F\x98\x80':2,'\xEF\xAC\x81':3,'a':{'z':1,'y':2},'':0}");

	(void)unused;
	assert_int_equal(json_canonical(v, &b, &e), 0);
	assert_string_equal(b.ptr,
		"{\"\":0,\"a\":{\"y\":2,\"z\":1},\"b\":1,"
		"\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\x81\":3}");
	buf_release(&b);
	json_free(v);
}

static void prints_pretty_with_two_spaces(void **unused)
{
	struct buf b = BUF_INIT(4096);
	cJSON *v = J("{'a':[1,{}],'b':[]}");

	(void)unused;
	json_print(v, JSON_PRETTY, &b);
	assert_string_equal(b.ptr, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
	buf_release(&b);
	json_free(v);
}

/* ---- looking ---- */

static void looks_by_exact_name_and_pointer(void **unused)
{
	cJSON *v = J("{'A':1,'a':{'x/y':[10,{'~':true}],'':5}}");

	(void)unused;
	assert_true(json_number(json_get(v, "A"), 0) == 1);
	assert_null(json_get(v, "B"));
	assert_null(json_get(NULL, "A"));
	assert_true(json_true(json_at(v, "/a/x~1y/1/~0")));
	assert_true(json_number(json_at(v, "/a/"), 0) == 5);
	assert_null(json_at(v, "/a/x~1y/01"));
	assert_null(json_at(v, "/a/x~1y/-"));
	assert_null(json_at(v, "a"));
	assert_ptr_equal(json_at(v, ""), v);
	json_free(v);
}

static const struct {
	const char *doc;
	const char *msg; /* NULL: fine */
} needs[] = {
	{ "{'n':3}", NULL },
	{ "{'n':3.5}", "'n' is not a whole number" },
	{ "{'n':'3'}", "'n' is not a number" },
	{ "{}", "'n' is missing" },
	{ "[]", "'n' is missing" },
};

static void names_what_is_missing_or_of_another_type(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		struct err e = { 0 };
		int64_t n = 0;
		cJSON *v = J(needs[i].doc);
		int ret = json_int(v, "n", &n, &e);

		assert_int_equal(ret, needs[i].msg == NULL ? 0 : -1);
		if (needs[i].msg != NULL)
			assert_string_equal(e.msg, needs[i].msg);
		json_free(v);
	}
}

static void compares_without_regard_to_member_order(void **unused)
{
	static const struct {
		const char *a, *b;
		int equal;
	} pairs[] = {
		{ "{'a':1,'b':[1,2]}", "{'b':[1,2],'a':1.0}", 1 },
		{ "{'a':1}", "{'a':1,'b':null}", 0 },
		{ "[1,2]", "[2,1]", 0 },
		{ "false", "0", 0 },
		{ "null", "null", 1 },
		{ "'a'", "'A'", 0 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		cJSON *a = J(pairs[i].a), *b = J(pairs[i].b);

		assert_int_equal(json_equal(a, b), pairs[i].equal);
		json_free(a);
		json_free(b);
	}
	assert_true(json_equal(NULL, NULL));
}

/* ---- building ---- */

static void builds_replaces_and_removes(void **unused)
{
	struct err e = { 0 };
	struct buf b = BUF_INIT(4096);
	cJSON *v = json_new_object(&e), *list;

	(void)unused;
	assert_int_equal(json_set_str(v, "a", "x", &e) || json_set_num(v, "b", 1, &e) ||
			json_set_bool(v, "a", 1, &e) ||
			json_setf(v, "c", &e, "%d-%s", 7, "y"),
		0);
	list = json_add_array(v, "d", &e);
	assert_int_equal(json_push_str(list, "p", &e) || json_push_num(list, 2.5, &e), 0);
	assert_int_equal(json_remove(v, "b"), 1);
	assert_int_equal(json_remove(v, "b"), 0);
	json_print(v, JSON_COMPACT, &b);
	assert_string_equal(b.ptr, "{\"a\":true,\"c\":\"7-y\",\"d\":[\"p\",2.5]}");
	assert_null(json_new_num(NAN, &e));
	assert_int_equal(json_set(v, "e", NULL, &e), -1);
	buf_release(&b);
	json_free(v);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_by_two_rules),
		cmocka_unit_test(refuses_deep_nesting_and_keeps_what_is_just_allowed),
		cmocka_unit_test(stops_at_the_length_it_is_given),
		cmocka_unit_test(prints_the_shortest_number_that_reads_back),
		cmocka_unit_test(sorts_canonical_names_by_utf16),
		cmocka_unit_test(prints_pretty_with_two_spaces),
		cmocka_unit_test(looks_by_exact_name_and_pointer),
		cmocka_unit_test(names_what_is_missing_or_of_another_type),
		cmocka_unit_test(compares_without_regard_to_member_order),
		cmocka_unit_test(builds_replaces_and_removes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
