/* JSONLogic: values, errors, limits, own operators, lint. The public suites cover
 * the classic operators case by case. */
#include "test.h"

#include <string.h>

static const struct {
	const char *rule, *data;
	const char *result; /* NULL: fails */
	const char *msg;    /* how the message starts */
} cases[] = {
	{ "{'ceil':{'/':[{'var':'load.rps'},{'var':'p.per_task'}]}}",
		"{'load':{'rps':101},'p':{'per_task':50}}", "3", NULL },
	{ "{'floor':2.7}", "null", "2", NULL },
	{ "{'round':-2.5}", "null", "-3", NULL },
	{ "{'pow':[2,10]}", "null", "1024", NULL },
	{ "{'sqrt':[2.25]}", "null", "1.5", NULL },
	{ "{'abs':-4}", "null", "4", NULL },
	{ "{'log2':8}", "null", "3", NULL },
	{ "{'sqrt':-1}", "null", NULL,
		"NaN: the result of 'sqrt' is not a finite number" },
	{ "{'log2':0}", "null", NULL, "NaN: " },
	{ "{'pow':[10,400]}", "null", NULL, "NaN: " },
	{ "{'pow':[2]}", "null", NULL,
		"Invalid Arguments: 'pow' cannot take these operands" },
	{ "{'/':[1,0]}", "null", NULL, "NaN: '/' by zero" },
	{ "{'+':[1,'x']}", "null", NULL, "NaN: '+' got a string" },
	{ "{'nonsense':1}", "null", NULL, "Unknown Operator: 'nonsense'" },
	{ "{'var':'a','val':'b'}", "null", NULL,
		"Unknown Operator: 'var' has other members" },
	{ "{'try':[{'/':[1,0]},{'cat':['caught ',{'val':'type'}]}]}", "null",
		"'caught NaN'", NULL },
	{ "{'exists':['a','b']}", "{'a':{'b':null}}", "true", NULL },
	{ "{'exists':'c'}", "{'a':1}", "false", NULL },
	{ "{'length':{'var':'l'}}", "{'l':[1,2,3]}", "3", NULL },
	{ "{'length':'a\xF0\x9F\x98\x80'}", "null", "3", NULL },
	{ "{'length':[null]}", "null", NULL, "Invalid Arguments: " },
	{ "{'substr':['a\xF0\x9F\x98\x80z',3]}", "null", "'z'", NULL },
	{ "{'map':[{'var':'l'},{'+':[{'var':''},{'val':[[1],'index']}]}]}",
		"{'l':[10,20]}", "[10,21]", NULL },
	{ "{'reduce':[[1,2,3],{'merge':[{'var':'accumulator'},{'var':'current'}]},[]]}",
		"null", "[1,2,3]", NULL },
	{ "{'reduce':[[1,2],{'val':[]},0]}", "null",
		"{'accumulator':{'accumulator':0,'current':1},'current':2}", NULL },
	{ "{'reduce':[[2,3,4],{'*':[{'var':'accumulator'},{'var':'current'}]}]}", "null",
		"24", NULL },
	{ "{'reduce':[[],{'*':[{'var':'accumulator'},{'var':'current'}]}]}", "null",
		"null", NULL },
	{ "{'in':['an',{'var':'s'}]}", "{'s':'banana'}", "true", NULL },
	{ "{'var':['a\\\\.b',7]}", "{'a.b':1}", "1", NULL },
	{ "{'and':[1,[],{'throw':'never'}]}", "null", "[]", NULL },
	{ "{'<':[1,2,{'throw':'reached'}]}", "null", NULL,
		"reached: thrown by the rule" },
};

static void gives_a_value_or_a_typed_error(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		cJSON *rule = J(cases[i].rule), *data = J(cases[i].data);
		cJSON *before = json_copy(rule, &e);
		cJSON *got = logic_apply(NULL, rule, data, &e);
		cJSON *want = cases[i].result == NULL ? NULL : J(cases[i].result);

		if ((got == NULL) != (want == NULL) || !json_equal(got, want))
			fail_msg("%s: '%s'", cases[i].rule, e.msg);
		if (want == NULL &&
			strncmp(e.msg, cases[i].msg, strlen(cases[i].msg)) != 0)
			fail_msg("%s: '%s'", cases[i].rule, e.msg);
		if (want != NULL)
			assert_int_equal(e.code, ERR_NONE);
		assert_true(json_equal(before, rule));
		json_free(rule);
		json_free(data);
		json_free(before);
		json_free(got);
		json_free(want);
	}
}

static void stops_at_depth_and_steps(void **unused)
{
	struct err e = { 0 };
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	cJSON *rule, *data = J("null");

	(void)unused;
	for (int i = 0; i < 400; i++)
		buf_add_str(&b, "{\"!\":");
	buf_add_char(&b, '1');
	for (int i = 0; i < 400; i++)
		buf_add_char(&b, '}');
	rule = json_parse(b.ptr, b.len, JSON_STRICT, &e);
	assert_non_null(rule);
	assert_null(logic_apply(NULL, rule, data, &e));
	assert_non_null(strstr(e.msg, "nested too deeply"));
	json_free(rule);
	/* No try catches a limit: a loop of loops must end. */
	rule = J("{'try':[{'map':[{'var':'l'},{'map':[{'val':[[2],'l']},{'map':[{'val':[["
		 "4],'l']},"
		 "{'map':[{'val':[[6],'l']},{'+':[1,1]}]}]}]}]},1]}");
	json_free(data);
	buf_reset(&b);
	buf_add_str(&b, "{\"l\":[0");
	for (int i = 0; i < 99; i++)
		buf_add_str(&b, ",0");
	buf_add_str(&b, "]}");
	data = json_parse(b.ptr, b.len, JSON_STRICT, &e);
	assert_null(logic_apply(NULL, rule, data, &e));
	assert_non_null(strstr(e.msg, "too many steps"));
	json_free(rule);
	json_free(data);
	buf_release(&b);
}

static cJSON *sum(const cJSON *args, const void *arg, struct err *e)
{
	double d = *(const double *)arg;

	JSON_EACH (it, args)
		d += json_number(it, 0);
	if (d > 100) {
		err_fill(e, ERR_INPUT, "too much");
		return NULL;
	}
	return json_new_num(d, e);
}

static void note(void *arg, const char *op, const cJSON *args, const cJSON *result)
{
	struct buf *b = arg;

	buf_addf(b, "%s", op);
	json_print(args, JSON_COMPACT, b);
	json_print(result, JSON_COMPACT, b);
	buf_add_char(b, ' ');
}

static void calls_own_operators_and_tells_each_step(void **unused)
{
	static const double start = 0.5;
	static const struct logic_op ops[] = { { "sum", 0, sum }, { NULL, 0, NULL } };
	struct buf b = BUF_INIT(4096);
	struct logic l = { .ops = ops, .arg = &start, .trace = note, .trace_arg = &b };
	struct err e = { 0 };
	cJSON *rule = J("{'sum':[{'+':[1,2]},{'max':[4,5]}]}"), *data = J("{}");
	double d;

	(void)unused;
	assert_int_equal(logic_number(&l, rule, data, &d, &e), 0);
	assert_true(d == 8.5);
	assert_string_equal(b.ptr, "+[1,2]3 max[4,5]5 sum[3,5]8.5 ");
	json_free(rule);
	rule = J("{'sum':[101]}");
	assert_int_equal(logic_number(&l, rule, data, &d, &e), -1);
	assert_string_equal(e.msg, "too much");
	json_free(rule);
	rule = J("{'cat':['a']}");
	assert_int_equal(logic_number(&l, rule, data, &d, &e), -1);
	assert_string_equal(e.msg, "the rule gives a string, not a number");
	json_free(rule);
	json_free(data);
	buf_release(&b);
}

static const struct {
	const char *rule, *msg; /* NULL: fine */
} lints[] = {
	{ "{'if':[{'>':[{'var':'a'},1]},[{'+':[1]}],{'preserve':{'nonsense':1}}]}",
		NULL },
	{ "{'and':[true,{'nonsense':1}]}", "/and/1/nonsense: unknown operator" },
	{ "{'and':[{'pow':[1]}]}", "/and/0/pow: 'pow' cannot take 1 operand" },
	{ "{'missing_some':[1]}", "/missing_some: 'missing_some' cannot take 1 operand" },
	{ "{'a':1,'b':2}", "/a: unknown operator" },
	{ "{'max':1,'b':2}", "/max: an operator stands alone in its object" },
	{ "{'pow':{'var':'both'}}", NULL },
};

static void lints_a_rule_before_any_data(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(lints); i++) {
		struct err e = { 0 };
		cJSON *rule = J(lints[i].rule);
		int ret = logic_check(NULL, rule, &e);

		if (ret != (lints[i].msg == NULL ? 0 : -1) ||
			(ret < 0 && strcmp(e.msg, lints[i].msg) != 0))
			fail_msg("%s: '%s'", lints[i].rule, e.msg);
		json_free(rule);
	}
}

/* Lists that filter makes are views; whatever they show may be gone by now. */
static const struct {
	const char *rule, *result;
} kept[] = {
	{ "{'filter':[{'var':'l'},true]}", "[{'a':'x'},{'a':'y'}]" },
	{ "{'filter':[{'filter':[{'var':'l'},true]},{'==':[{'var':'a'},'y']}]}",
		"[{'a':'y'}]" },
	{ "{'filter':[{'merge':[{'var':'l'},['z']]},true]}",
		"[{'a':'x'},{'a':'y'},'z']" },
	{ "{'map':[{'merge':[{'var':'m'},{'var':'m'}]},"
	  "{'filter':[{'var':'s'},true]}]}",
		"[[{'t':'q'}],[{'t':'q'}]]" },
	{ "{'reduce':[{'var':'l'},{'filter':[{'merge':[{'var':'accumulator'},"
	  "{'filter':[[{'var':'current'}],true]}]},true]},[]]}",
		"[{'a':'x'},{'a':'y'}]" },
	{ "{'reduce':[{'var':'l'},{'filter':[{'var':'accumulator'},true]},"
	  "{'merge':[{'var':'l'}]}]}",
		"[{'a':'x'},{'a':'y'}]" },
	{ "{'try':[{'throw':'oops'},{'filter':[[{'val':'type'}],true]}]}", "['oops']" },
	{ "{'if':[true,{'filter':[{'var':'l'},{'var':'a'}]}]}", "[{'a':'x'},{'a':'y'}]" },
	{ "[{'filter':[{'var':'l'},true]},'s']", "[[{'a':'x'},{'a':'y'}],'s']" },
};

static void a_result_outlives_rule_and_data(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct err e = { 0 };
		cJSON *rule = J(kept[i].rule), *want = J(kept[i].result);
		cJSON *data = J("{'l':[{'a':'x'},{'a':'y'}],'m':[{'s':[{'t':'q'}]}]}");
		cJSON *got = logic_apply(NULL, rule, data, &e);

		json_free(rule);
		json_free(data);
		if (got == NULL || !json_equal(got, want))
			fail_msg("%s: %s", kept[i].rule,
				got == NULL ? e.msg : "another result");
		json_free(got);
		json_free(want);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_a_value_or_a_typed_error),
		cmocka_unit_test(stops_at_depth_and_steps),
		cmocka_unit_test(calls_own_operators_and_tells_each_step),
		cmocka_unit_test(lints_a_rule_before_any_data),
		cmocka_unit_test(a_result_outlives_rule_and_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
