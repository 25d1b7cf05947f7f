/* json-logic/compat-tables, json-logic-engine and jsonlogic.com's tests.json. */
#include "suite.h"

#include <string.h>

/* The evaluator's messages are "TYPE: detail". */
static int is_type(const char *msg, const char *type)
{
	size_t n = strlen(type);

	return strncmp(msg, type, n) == 0 && msg[n] == ':';
}

static void expect_error(struct tally *t, const char *name, const cJSON *got,
	const struct err *e, const cJSON *error)
{
	const char *type = json_str_or(error, "type", "");

	if (got != NULL)
		fail(t, name, "got %s, expected the error %s", shown(got, 0), type);
	else if (!is_type(e->msg, type))
		fail(t, name, "failed with '%s', expected the error %s", e->msg, type);
	else
		pass(t);
}

static void run_case(struct tally *t, const char *name, const cJSON *rule,
	const cJSON *data, const cJSON *result, const cJSON *error)
{
	struct err e = { 0 };
	cJSON *got = logic_apply(NULL, rule, data, &e);

	if (error != NULL)
		expect_error(t, name, got, &e, error);
	else if (got == NULL)
		fail(t, name, "%s failed: %s", shown(rule, 0), e.msg);
	else if (!json_equal(got, result))
		fail(t, name, "got %s, expected %s", shown(got, 0), shown(result, 1));
	else
		pass(t);
	json_free(got);
}

int run_jsonlogic(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases) {
		if (json_is(c, JSON_ARRAY))
			run_case(t, shown(json_item(c, 0), 2), json_item(c, 0),
				json_item(c, 1), json_item(c, 2), NULL);
		else if (json_is(c, JSON_OBJECT))
			run_case(t, json_str_or(c, "description", "?"),
				json_get(c, "rule"), json_get(c, "data"),
				json_get(c, "result"), json_get(c, "error"));
	}
	json_free(cases);
	return 0;
}
