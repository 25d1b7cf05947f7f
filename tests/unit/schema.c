/* JSON Schema: messages, refusals, files. The public suite covers the keywords. */
#include "test.h"

#include <unistd.h>

static const struct {
	const char *schema, *value;
	const char *msg; /* NULL: valid */
} checks[] = {
	{ "{'type':'object','required':['a']}", "{}", "state: 'a' is missing" },
	{ "{'properties':{'plan':{'properties':{'bom':{'items':{'properties':{'qty':{'"
	  "type':"
	  "'number'}}}}}}}}",
		"{'plan':{'bom':[{'qty':1},{'qty':'x'}]}}",
		"state/plan/bom/1/qty: must be a number, not a string" },
	{ "{'type':['string','null']}", "3",
		"state: must be string or null, not a number" },
	{ "{'type':'integer'}", "3.0", NULL },
	{ "{'enum':['a','b']}", "'c'", "state: must be one of [\"a\",\"b\"]" },
	{ "{'minimum':1}", "0", "state: must be at least 1" },
	{ "{'exclusiveMaximum':1}", "1", "state: must be less than 1" },
	{ "{'multipleOf':0.01}", "19.99", NULL },
	{ "{'multipleOf':0.01}", "19.995", "state: must be a multiple of 0.01" },
	{ "{'minLength':3}", "'\xC3\xA9\xC3\xA9'",
		"state: has 2 characters; it must have at least 3" },
	{ "{'pattern':'^[a-z]+$'}", "'a1'",
		"state: does not match the pattern ^[a-z]+$" },
	{ "{'additionalProperties':false,'properties':{'a':{}}}", "{'a':1,'b/c':2}",
		"state/b~1c: is not a member known here" },
	{ "{'uniqueItems':true}", "[1,{'a':1},{'a':1}]", "state: holds an item twice" },
	{ "{'anyOf':[{'type':'string'},{'type':'object','properties':{'x':{'type':'null'}"
	  "}}]}",
		"{'x':1}", "state/x: must be null, not a number" },
	{ "{'oneOf':[{'type':'string'},{'minLength':1}]}", "'a'",
		"state: matches several forms of which only one is allowed" },
	{ "{'not':{'type':'string'}}", "'a'",
		"state: is of a form that is not allowed here" },
	{ "{'if':{'required':['a']},'then':{'required':['b']}}", "{'a':1}",
		"state: 'b' is missing" },
	{ "{'$ref':'#/$defs/n','$defs':{'n':{'type':'number'}}}", "true",
		"state: must be a number, not a boolean" },
	{ "{'propertyNames':{'maxLength':2}}", "{'abc':1}",
		"state: has a member with the name 'abc', which is not allowed" },
	{ "{'unevaluatedProperties':false,'allOf':[{'properties':{'a':true}}]}",
		"{'a':1,'b':1}", "state/b: is not a member known here" },
	{ "{'$ref':'#'}", "1", "the schema refers to itself without end" },
	{ "{'$ref':'other.json'}", "1",
		"$ref 'other.json': the schema 'other.json' cannot be found" },
	{ "{'pattern':'('}", "'a'",
		"pattern '(': the pattern is no regular expression: "
		"missing closing parenthesis" },
	{ "{'pattern':'^(a+)+$'}", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'",
		"a pattern takes too long on this text" },
};

static void names_the_deepest_place_and_why(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct err e = { 0 };
		cJSON *doc = J(checks[i].schema), *value = J(checks[i].value);
		struct schema *s = schema_new(doc, NULL, &e);
		int ret;

		if (s == NULL)
			fail_msg("%s: %s", checks[i].schema, e.msg);
		ret = schema_check(s, value, "state", &e);
		if (ret != (checks[i].msg == NULL ? 0 : -1) ||
			(ret < 0 && strcmp(e.msg, checks[i].msg) != 0))
			fail_msg("%s: '%s'", checks[i].schema, e.msg);
		schema_free(s);
		json_free(doc);
		json_free(value);
	}
}

static const struct {
	const char *schema, *msg;
} refusals[] = {
	{ "3", "a schema must be an object or a boolean" },
	{ "{'type':'text'}", "/type: must name JSON types" },
	{ "{'properties':{'a':{'minLength':-1}}}",
		"/properties/a/minLength: must be a whole number of at least 0" },
	{ "{'items':[{}]}", "/items: must be a schema" },
	{ "{'$schema':'https://example.com/own'}",
		"the dialect 'https://example.com/own' is not known" },
};

static void refuses_what_it_cannot_mean(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct err e = { 0 };
		cJSON *doc = J(refusals[i].schema);

		assert_null(schema_new(doc, NULL, &e));
		if (strstr(e.msg, refusals[i].msg) == NULL)
			fail_msg("%s: '%s'", refusals[i].schema, e.msg);
		json_free(doc);
	}
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[200];
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644, 0, &e), 0);
}

static void reads_sibling_files_and_refuses_unknown_keywords(void **unused)
{
	char dir[] = "/tmp/mlops-schema-XXXXXX", path[200];
	struct err e = { 0 };
	struct schema *s;
	cJSON *value = J("{'a':'x'}");

	(void)unused;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "a.schema.json",
		"{\"x-note\":1,\"properties\":{\"a\":{\"$ref\":\"b.schema.json#/$defs/"
		"n\"}}}");
	write_file(dir, "b.schema.json", "{\"$defs\":{\"n\":{\"type\":\"number\"}}}");
	write_file(dir, "c.schema.json", "{\"propertees\":{}}");
	snprintf(path, sizeof(path), "%s/a.schema.json", dir);
	s = schema_load(path, &e);
	assert_non_null(s);
	assert_int_equal(schema_check(s, value, "", &e), -1);
	assert_string_equal(e.msg, "/a: must be a number, not a string");
	schema_free(s);
	snprintf(path, sizeof(path), "%s/c.schema.json", dir);
	assert_null(schema_load(path, &e));
	assert_non_null(strstr(e.msg, "/propertees: is not a keyword of JSON Schema"));
	snprintf(path, sizeof(path), "%s/d.schema.json", dir);
	assert_null(schema_load(path, &e));
	json_free(value);
	assert_int_equal(file_remove_tree(dir, &e), 0);
}

/* Every schema that we ship opens by the strict rules. */
static void our_own_schemas_are_sound(void **unused)
{
	struct err e = { 0 };
	char **names;
	size_t n;

	(void)unused;
	assert_int_equal(file_list("share/schemas", &names, &n, &e), 0);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		char path[300];
		struct schema *s;

		snprintf(path, sizeof(path), "share/schemas/%s", names[i]);
		s = schema_load(path, &e);
		if (s == NULL)
			fail_msg("%s", e.msg);
		schema_free(s);
	}
	file_list_free(names, n);
}

static const struct {
	const char *doc, *patch;
	const char *result; /* NULL: refused */
	const char *msg;
} patches[] = {
	{ "{'a':[1,3]}", "[{'op':'add','path':'/a/1','value':2}]", "{'a':[1,2,3]}",
		NULL },
	{ "{'a':1}", "[{'op':'move','from':'/a','path':'/b'}]", "{'b':1}", NULL },
	{ "{'a':{}}", "[{'op':'move','from':'/a','path':'/a/b'}]", NULL,
		"operation 0: a value cannot move into itself" },
	{ "{'a':1}", "[{'op':'test','path':'/a','value':1},{'op':'remove','path':'/b'}]",
		NULL, "operation 1: there is no '/b'" },
	{ "{'a':1}", "[{'op':'replace','path':'','value':[]}]", "[]", NULL },
	{ "[1]", "[{'op':'add','path':'/2','value':0}]", NULL,
		"operation 0: '/2' is no index of the array there" },
	{ "[1]", "[{'op':'add','path':'/-','value':0}]", "[1,0]", NULL },
	{ "{}", "[{'op':'add','path':'/a'}]", NULL, "operation 0: 'value' is missing" },
	{ "{}", "[{'op':'grow','path':''}]", NULL,
		"operation 0: 'grow' is no operation" },
	{ "{}", "{}", NULL, "a patch must be an array of operations" },
};

static void patches_whole_or_not_at_all(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
		struct err e = { 0 };
		cJSON *doc = J(patches[i].doc), *patch = J(patches[i].patch);
		cJSON *before = json_copy(doc, &e), *got = json_patch(doc, patch, &e);
		cJSON *want = patches[i].result == NULL ? NULL : J(patches[i].result);

		if ((got == NULL) != (want == NULL) || !json_equal(got, want))
			fail_msg("%s: '%s'", patches[i].patch, e.msg);
		if (want == NULL)
			assert_string_equal(e.msg, patches[i].msg);
		assert_true(json_equal(before, doc));
		json_free(doc);
		json_free(patch);
		json_free(before);
		json_free(got);
		json_free(want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_the_deepest_place_and_why),
		cmocka_unit_test(refuses_what_it_cannot_mean),
		cmocka_unit_test(reads_sibling_files_and_refuses_unknown_keywords),
		cmocka_unit_test(our_own_schemas_are_sound),
		cmocka_unit_test(patches_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
