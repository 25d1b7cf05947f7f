/* The screen that an approval is decided on. */
#include "test.h"

#include <string.h>

#include "gate/review.h"

#define STATE                                                                    \
	"{'constraints':{'sla_latency_ms':400,'budget_band':{'max_usd':900}},"   \
	"'plan':{'cloud':'aws','regions':['eu-west-1'],'estimates':"             \
	"{'p95_latency_ms':120.4,'availability_pct':99.9},'slots':["             \
	"{'slot':'store@lake','pattern':'aws.store.s3-lake','monthly_usd':9.3}," \
	"{'slot':'transform@documents','pattern':'x\\u001b[31m'}],"              \
	"'open_questions':['one two three four five six seven eight nine ten "   \
	"eleven twelve averyveryverylongwordthatfitsnowhereatall thirteen']},"   \
	"'cost':{'monthly_usd':12},'policy':{'overall':'warn','rules':["         \
	"{'id':'r1','status':'warn','detail':'d1'},"                             \
	"{'id':'r2','status':'pass','detail':'d2'}]}}"

static char *review(const char *json, size_t width, const char *person)
{
	cJSON *state = J(json), *list = person != NULL ? J(person) : NULL;
	struct gate_review how = { .person = list, .width = width };
	struct buf out = BUF_INIT(1 << 20);

	gate_review(state, &how, &out);
	json_free(state);
	json_free(list);
	return buf_take(&out);
}

static void test_lines_end_between_words(void **unused)
{
	char *text = review(STATE, 40, NULL);

	(void)unused;
	assert_non_null(
		strstr(text, "\n  one two three four five six seven\n    eight nine"));
	assert_non_null(strstr(
		text, "\n    averyveryverylongwordthatfitsnowhereatall\n    thirteen\n"));
	free(text);
	text = review(STATE, 0, NULL);
	assert_non_null(strstr(text, "nowhereatall thirteen\n"));
	free(text);
}

static void test_figures_stand_beside_what_was_asked(void **unused)
{
	char *text = review(STATE, 80, NULL);

	(void)unused;
	assert_non_null(strstr(text,
		"PLAN  aws eu-west-1, p95 120 ms (target 400), availability 99.90 %\n"));
	assert_non_null(strstr(text, "COST  12.00 USD a month, budget 900.00\n"));
	free(text);
}

static void test_no_control_character_passes(void **unused)
{
	char *text = review(STATE, 80, NULL);

	(void)unused;
	assert_null(strchr(text, '\x1b'));
	free(text);
}

static void test_a_rule_is_told_once(void **unused)
{
	char *text = review(STATE, 80, NULL);

	(void)unused;
	assert_non_null(strstr(text, "warn    r1: d1\n"));
	assert_null(strstr(text, "r2"));
	free(text);
	text = review(STATE, 80, "['policy rule r1 warns: d1']");
	assert_null(strstr(text, "warn    r1: d1\n"));
	assert_non_null(
		strstr(text, "FOR A PERSON TO DECIDE\n  policy rule r1 warns: d1\n"));
	free(text);
}

static void test_an_empty_state_has_a_screen(void **unused)
{
	char *text = review("{}", 80, NULL);

	(void)unused;
	assert_string_equal(
		text, "PLAN  no cloud\nCOST  unknown\nPOLICY  not evaluated\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_end_between_words),
		cmocka_unit_test(test_figures_stand_beside_what_was_asked),
		cmocka_unit_test(test_no_control_character_passes),
		cmocka_unit_test(test_a_rule_is_told_once),
		cmocka_unit_test(test_an_empty_state_has_a_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
