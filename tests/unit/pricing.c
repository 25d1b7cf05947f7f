/* Money: exact decimals, tiers, and the books' own checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "catalog/prices.h"
#include "pricing/pricing.h"

static cJSON *parse(const char *text)
{
	struct err e = { 0 };
	char *s = strdup(text);
	cJSON *v;

	for (char *p = s; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(s, strlen(s), JSON_STRICT, &e);
	if (v == NULL)
		fail_msg("%s", e.msg);
	free(s);
	return v;
}

static void exact(pico_usd v, char out[80])
{
	struct err e;
	cJSON *o = json_new_object(&e);

	assert_int_equal(pico_set_exact(o, "v", v, &e), 0);
	snprintf(out, 80, "%s", json_text(json_get(o, "v")));
	json_free(o);
}

static struct price_book *book(const char *region)
{
	static struct node_env env = { .share = "share" };
	struct price_book *b = NULL;
	struct err e = { 0 };

	if (price_book_load(&b, &env, "aws", region, &e) < 0)
		fail_msg("%s", e.msg);
	return b;
}

/*
 * Each amount is worked out by hand from the published unit price:
 *   S3 standard, Ireland: 0.023 / 0.022 / 0.021 for 51,200 GB / 460,800 GB / the rest
 *   600,000 GB: 51200*0.023 = 1177.6; 460800*0.022 = 10137.6; 88000*0.021 = 1848 -> 13163.2
 */
static const struct {
	const char *region, *sku;
	double qty;
	enum price_status status;
	size_t parts;
	const char *amount;
} lines[] = {
	{ "eu-west-1", "s3.standard.gb_month", 0, PRICE_KNOWN, 1, "0" },
	{ "eu-west-1", "s3.standard.gb_month", 500, PRICE_KNOWN, 1, "11.5" },
	{ "eu-west-1", "s3.standard.gb_month", 51200, PRICE_KNOWN, 1, "1177.6" },
	{ "eu-west-1", "s3.standard.gb_month", 51201, PRICE_KNOWN, 2, "1177.622" },
	{ "eu-west-1", "s3.standard.gb_month", 600000, PRICE_KNOWN, 3, "13163.2" },
	{ "eu-west-1", "s3.standard.gb_month.tier2", 10, PRICE_KNOWN, 1, "0.22" },
	/* 0.2 USD for a million requests; 0.1234567 million -> 0.02469134 */
	{ "us-east-1", "lambda.requests.x86", 0.1234567, PRICE_KNOWN, 1, "0.02469134" },
	/* 0.0000166667 a GB-second */
	{ "us-east-1", "lambda.duration.x86", 1, PRICE_KNOWN, 1, "0.0000166667" },
	{ "us-east-1", "lambda.duration.x86", 400000, PRICE_KNOWN, 1, "6.66668" },
	/* 10240*0.09 + 40960*0.085 + 102400*0.07; above 150 TB Virginia has no price */
	{ "us-east-1", "data_transfer.internet_out_gb", 153601, PRICE_PARTIAL, 3,
		"11571.2" },
	{ "us-east-1", "no.such.thing", 5, PRICE_UNPRICED, 0, "0" },
	{ "xx-nowhere-1", "s3.standard.gb_month", 5, PRICE_UNPRICED, 0, "0" },
	{ "eu-west-1", "cloudwatch.dashboard.month", 2, PRICE_KNOWN, 1, "6" },
	{ "eu-central-1", "opensearch.serverless.ocu_hour", 1, PRICE_ESTIMATED, 1,
		"0.28749" },
};

static void a_line_costs_what_the_tiers_say(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct price_book *b = book(lines[i].region);
		struct price p;
		struct err e = { 0 };
		char text[80];

		if (price_line(b, lines[i].sku, lines[i].qty, &p, &e) < 0)
			fail_msg("%s: %s", lines[i].sku, e.msg);
		exact(p.amount, text);
		if (strcmp(text, lines[i].amount) != 0)
			fail_msg("%s x %g: %s, not %s", lines[i].sku, lines[i].qty, text,
				lines[i].amount);
		assert_int_equal(p.status, lines[i].status);
		assert_int_equal(p.n_parts, lines[i].parts);
		price_book_free(b);
	}
}

static void a_second_line_goes_on_where_the_first_ended(void **unused)
{
	struct price_book *b = book("eu-west-1");
	struct quantity before, qty;
	struct price p;
	struct err e = { 0 };
	char text[80];

	(void)unused;
	assert_int_equal(quantity_from(40960, &before, &e), 0);
	assert_int_equal(quantity_from(40960, &qty, &e), 0);
	assert_int_equal(
		price_line_after(b, "s3.standard.gb_month", &before, &qty, &p, &e), 0);
	exact(p.amount, text); /* 10240*0.023 + 30720*0.022 = 235.52 + 675.84 */
	assert_string_equal(text, "911.36");
	price_book_free(b);
}

static void estimates_can_be_switched_off(void **unused)
{
	struct price_book *b = book("eu-central-1");
	struct price p;
	struct err e = { 0 };

	(void)unused;
	price_book_estimates(b, 0);
	assert_int_equal(price_line(b, "opensearch.serverless.ocu_hour", 1, &p, &e), 0);
	assert_int_equal(p.status, PRICE_UNPRICED);
	assert_true(price_book_has_region(b));
	price_book_free(b);
}

static void quantities_are_the_decimals_that_numbers_spell(void **unused)
{
	static const struct {
		double d;
		int ret;
		long long units;
		int scale;
	} cases[] = { { 0, 0, 0, 0 }, { 730, 0, 730, 0 }, { 0.1, 0, 1, 1 },
		{ 0.30000000000000004, 0, 30000000000000004, 17 }, { 1e-7, 0, 1, 7 },
		{ 1.5e-7, 0, 15, 8 }, { 1e15, 0, 1000000000000000, 0 },
		{ 1e16, -1, 0, 0 }, { -1, -1, 0, 0 }, { 1e-300, 0, 0, 0 },
		{ 0.0 / 0.0, -1, 0, 0 }, { 5e-21, 0, 0, 20 }, { 1.5e-20, 0, 2, 20 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct quantity q = QUANTITY_ZERO;
		struct err e = { 0 };

		assert_int_equal(quantity_from(cases[i].d, &q, &e), cases[i].ret);
		if (cases[i].ret < 0)
			continue;
		assert_int_equal((long long)q.units, cases[i].units);
		assert_int_equal(q.scale, cases[i].scale);
	}
}

static void rounding_is_half_to_even(void **unused)
{
	static const struct {
		long long pico;
		long long cents;
	} cases[] = { { 0, 0 }, { 4999999999, 0 }, { 5000000000, 0 }, { 5000000001, 1 },
		{ 15000000000, 2 }, { 25000000000, 2 }, { 25000000001, 3 },
		{ -15000000000, -2 }, { -25000000000, -2 }, { -5000000001, -1 } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(pico_to_cents(cases[i].pico), cases[i].cents);
}

static void exact_text_reads_back(void **unused)
{
	static const char *const good[] = { "0", "0.000000000001", "12.5", "-3.07",
		"123456789012.1" };
	static const char *const bad[] = { "", ".", "1.", "1e3", "1.0000000000001", "--1",
		"1.2.3" };
	pico_usd v;
	char text[80];

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(pico_parse(good[i], &v), 0);
		exact(v, text);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(pico_parse(bad[i], &v), -1);
}

#define HEAD       "{'schema_version':1,'region':'r','as_of':'2026','currency':'USD',"
#define ORIGINS    "'origins':[{'source':'x','date':null,'confidence':'y'}],"
#define G          "{'service':'S','unit':'GB','origin':0}"
#define BOOK(rows) HEAD ORIGINS "'groups':[" G "],'prices':{" rows "}}"

static const struct {
	const char *json, *msg; /* msg NULL: loads */
} books[] = {
	{ BOOK("'a':[1,0]"), NULL },
	{ BOOK("'b':[1,0],'a':[0.5,0]"), NULL },
	{ BOOK("'a.tier1':[1,0,0,10],'a.tier2':[0.5,0,10,null]"), NULL },
	{ BOOK("'a':[-1,0]"), "t: /prices/a: price is negative" },
	{ BOOK("'a':[1,1]"), "/prices/a: names no group" },
	{ BOOK("'a':['1',0]"), "/prices/a: is not [usd, group]" },
	{ BOOK("'a':[0.0000000000001,0]"), "more than 12 decimals" },
	{ BOOK("'a':[1e300,0]"), "price is above" },
	{ BOOK("'a.tier1':[1,0]"), "has limits from and to" },
	{ BOOK("'a':[1,0,0,10]"), "has limits from and to" },
	{ BOOK("'a.tier1':[1,0,0,10],'a.tier2':[1,0,9,null]"),
		"/prices/a.tier2: overlaps tier 1" },
	{ BOOK("'a.tier1':[1,0,0,10],'a.tier2':[1,0,11,null]"),
		"leaves a gap after tier 1" },
	{ BOOK("'a.tier1':[1,0,0,null],'a.tier2':[1,0,10,null]"), "overlaps tier 1" },
	{ BOOK("'a.tier1':[1,0,5,10]"), "the first tier starts at 0" },
	{ BOOK("'a.tier2':[1,0,5,10]"), "there is no tier 1" },
	{ BOOK("'a.tier1':[1,0,10,5]"), "ends before it begins" },
	{ BOOK("'a.tier1':[1,0,0,5],'a':[1,0]"), "with and without tiers" },
	{ BOOK("'a.tierx':[1,0,0,5]"), "not followed by a number" },
	{ HEAD ORIGINS "'groups':[{'service':'S','unit':'GB','origin':1}],'prices':{}}",
		"/groups/0: 'origin' names no origin" },
	{ HEAD "'origins':[{'source':'','confidence':'y'}],"
	       "'groups':[{'service':'S','unit':'GB','origin':0}],'prices':{}}",
		"/groups/0: a price without a source" },
	{ HEAD ORIGINS "'groups':[],'prices':[]}", "'prices' is not an object" },
	{ "{'schema_version':1,'region':'r','as_of':'2026','currency':'EUR','origins':[],"
	  "'groups':[],'prices':{}}",
		"/currency: prices are in USD, not EUR" },
	{ "{'schema_version':2,'region':'r','as_of':'2026','currency':'USD','groups':[],'"
	  "prices':{}}",
		"/schema_version" },
	{ "[]", "'schema_version' is missing" },
};

static void a_broken_book_is_refused_with_its_place(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(books); i++) {
		struct prices *p = NULL;
		struct err e = { 0 };
		int ret = prices_from_json(&p, parse(books[i].json), "t", &e);

		assert_int_equal(ret, books[i].msg == NULL ? 0 : -1);
		if (books[i].msg != NULL && strstr(e.msg, books[i].msg) == NULL)
			fail_msg("'%s' is not in '%s'", books[i].msg, e.msg);
		prices_free(p);
	}
}

static void same_prices(const struct prices *a, const struct prices *b)
{
	assert_int_equal(prices_count(a), prices_count(b));
	assert_string_equal(prices_region(a), prices_region(b));
	for (size_t i = 0; i < prices_count(a); i++) {
		const struct price_entry *x = prices_entry(a, i), *y = prices_entry(b, i);

		assert_string_equal(x->sku, y->sku);
		assert_int_equal(x->pico_usd, y->pico_usd);
		assert_int_equal(x->tier, y->tier);
		assert_int_equal(x->from, y->from);
		assert_int_equal(x->to, y->to);
		assert_int_equal(x->group->per, y->group->per);
		assert_string_equal(x->group->service, y->group->service);
		assert_string_equal(x->group->unit, y->group->unit);
		assert_string_equal(x->group->source, y->group->source);
		assert_string_equal(x->group->confidence, y->group->confidence);
		assert_string_equal(x->group->date == NULL ? "" : x->group->date,
			y->group->date == NULL ? "" : y->group->date);
		assert_string_equal(x->group->note == NULL ? "" : x->group->note,
			y->group->note == NULL ? "" : y->group->note);
	}
}

static void every_shipped_book_loads(void **unused)
{
	struct node_env env = { .share = "share" };
	char **names;
	size_t n, seen = 0;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(file_walk("share/prices", &names, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		char path[512];
		struct prices *p = NULL, *again = NULL;
		cJSON *tree;

		snprintf(path, sizeof(path), "prices/%s", names[i]);
		if (strstr(path, "free-tier") != NULL || strstr(path, "import") != NULL ||
			strstr(path, "resources") != NULL)
			continue;
		if (prices_load(&p, &env, path, &e) < 0)
			fail_msg("%s", e.msg);
		seen += prices_estimated(p) ? 0 : prices_count(p);
		tree = env_read_json(&env, path, &e);
		assert_int_equal(prices_from_json(&again, tree, path, &e), 0);
		same_prices(p, again);
		prices_free(again);
		prices_free(p);
	}
	assert_true(seen >= 6607);
	file_list_free(names, n);
}

/* Both readers, the one of lines and the one of JSON, say the same of this text. */
static void agree(struct node_env *env, const char *path, const char *text, size_t len)
{
	struct prices *rows = NULL, *tree = NULL;
	struct err e = { 0 }, e2 = { 0 };
	cJSON *v = json_parse(text, len, JSON_STRICT, &e2);
	int ret = v == NULL ? -1 : prices_from_json(&tree, v, "t", &e2);

	assert_int_equal(file_write_atomic(path, text, len, 0644, 0, &e), 0);
	if (prices_load(&rows, env, path, &e) != ret)
		fail_msg("%s|%s: %s", e.msg, e2.msg, text);
	if (ret == 0)
		same_prices(rows, tree);
	prices_free(rows);
	prices_free(tree);
}

static const char plain[] =
	"{\"schema_version\":1,\"region\":\"r\",\"currency\":\"USD\","
	"\"as_of\":\"2026\",\n\"origins\":[\n"
	"{\"source\":\"a \\\"b\\\"\",\"date\":null,\"confidence\":\"c\"},\n"
	"{\"source\":\"d\",\"confidence\":\"e\",\"note\":\"f\"}\n],\n"
	"\"groups\":[\n"
	"{\"service\":\"S\",\"unit\":\"GB\",\"origin\":0,\"key\":\"#k\"},\n"
	"{\"service\":\"T\",\"unit\":\"10\",\"origin\":1,\"per\":10}\n],\n"
	"\"prices\":{\n"
	"\"a\":[0.1,1],\n\"b.tier1\":[1e-7,0,0,20],\n"
	"\"b.tier2\":[12.50,0,20,null],\n\"c\":[0,1]\n}}\n";

/* One byte of a sound book changed, at every place. */
static void lines_are_read_as_json_is(void **unused)
{
	static const char others[] = "\"\\,:[]{}019.-eE \nbx\0\xc3";
	struct node_env env = { .share = "share" };
	char dir[] = "/tmp/pricing-XXXXXX", path[64], text[sizeof(plain)];

	(void)unused;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/book.json", dir);
	agree(&env, path, plain, sizeof(plain) - 1);
	for (size_t i = 0; i + 1 < sizeof(plain); i++)
		for (size_t j = i % 3; j + 1 < sizeof(others); j += 3) {
			memcpy(text, plain, sizeof(plain));
			text[i] = others[j];
			agree(&env, path, text, sizeof(plain) - 1);
		}
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_costs_what_the_tiers_say),
		cmocka_unit_test(a_second_line_goes_on_where_the_first_ended),
		cmocka_unit_test(estimates_can_be_switched_off),
		cmocka_unit_test(quantities_are_the_decimals_that_numbers_spell),
		cmocka_unit_test(rounding_is_half_to_even),
		cmocka_unit_test(exact_text_reads_back),
		cmocka_unit_test(a_broken_book_is_refused_with_its_place),
		cmocka_unit_test(every_shipped_book_loads),
		cmocka_unit_test(lines_are_read_as_json_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
