/* The hand-computed costs of tests/golden/cost/cases.txt, to the cent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pricing/bill.h"

#define FIELDS 6

/* Cuts a line at " | " in place; the number of fields. */
static size_t split(char *line, char *field[FIELDS])
{
	size_t n = 0;

	while (n < FIELDS) {
		char *end = strstr(line, "|");

		line += strspn(line, " ");
		field[n++] = line;
		if (end == NULL)
			break;
		line = end + 1;
		while (end > field[n - 1] && end[-1] == ' ')
			end--;
		*end = '\0';
	}
	return n;
}

static cJSON *plan_of(const char *region, char *lines)
{
	struct err e = { 0 };
	cJSON *plan = json_new_object(&e), *bom = json_add_array(plan, "bom", &e);
	char *save = NULL;

	json_push_str(json_add_array(plan, "regions", &e), region, &e);
	for (char *l = strtok_r(lines, " ", &save); l != NULL;
		l = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(l, '=');
		cJSON *o = json_push_object(bom, &e);

		assert_non_null(equals);
		*equals = '\0';
		json_set_str(o, "sku", l, &e);
		json_set_num(o, "qty", strtod(equals + 1, NULL), &e);
	}
	return plan;
}

static int check(char *field[FIELDS])
{
	struct node_env env = { .share = "share" };
	struct err e = { 0 };
	struct price_books *books = NULL;
	struct bill_options o = { .free_tier = strstr(field[2], "free") != NULL,
		.range = BILL_EXPECTED };
	struct bill b = { 0 };
	cJSON *plan = plan_of(field[1], field[3]);
	char got[64];
	int64_t cents;
	int ok;

	if (price_books_new(&books, &env, "aws", 0, &e) < 0 ||
		bill_make(&b, books, plan, &o, &e) < 0)
		fail_msg("%s: %s", field[0], e.msg);
	cents = pico_to_cents(b.monthly);
	snprintf(got, sizeof(got), "%lld.%02lld", (long long)(cents / 100),
		(long long)(cents % 100));
	ok = strcmp(got, field[5]) == 0 &&
		(b.unpriced > 0) == (strstr(field[2], "bound") != NULL);
	if (!ok)
		print_error("%s: %s, not %s = %s (%zu lines unpriced)\n", field[0], got,
			field[4], field[5], b.unpriced);
	bill_release(&b);
	price_books_free(books);
	json_free(plan);
	return ok;
}

static void every_case_is_exact_to_the_cent(void **unused)
{
	struct buf text = BUF_INIT((size_t)1 << 20);
	struct err e = { 0 };
	size_t n = 0, bad = 0;
	char *save = NULL;

	(void)unused;
	assert_int_equal(file_read("tests/golden/cost/cases.txt", &text, &e), 0);
	for (char *l = strtok_r(text.ptr, "\n", &save); l != NULL;
		l = strtok_r(NULL, "\n", &save)) {
		char *field[FIELDS];

		if (*l == '#')
			continue;
		assert_int_equal(split(l, field), FIELDS);
		bad += !check(field);
		n++;
	}
	buf_release(&text);
	assert_int_equal(bad, 0);
	assert_true(n >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		every_case_is_exact_to_the_cent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
