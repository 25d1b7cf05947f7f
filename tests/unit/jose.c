/* Key sets and tokens: what the public vectors do not show. */
#include "test.h"

#include "jose/jose.h"
#include "base/base64.h"

#define ED_KEY \
	"'kty':'OKP','crv':'Ed25519','x':'11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'"
#define EC_KEY                                                                        \
	"'kty':'EC','crv':'P-256','x':'04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY'," \
	"'y':'UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw'"
#define SECRET "'kty':'oct','k':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'"

static const struct {
	const char *set;
	int count; /* -1: refused */
	const char *msg;
} sets[] = {
	{ "{'keys':[]}", 0, "" },
	{ "{'keys':[{" EC_KEY "}]}", 1, "" },
	{ "{" EC_KEY "}", 1, "" },
	{ "{'keys':[{" EC_KEY ",'kid':'a'},{" ED_KEY ",'kid':'b'}]}", 2, "" },
	{ "{'keys':[{'kty':'LATTICE','kid':'new'},{" EC_KEY "}]}", 1, "" },
	{ "{'keys':[{" EC_KEY ",'use':'enc'}]}", 0, "" },
	{ "{'keys':[{" EC_KEY ",'alg':'RS256'}]}", 0, "" },
	{ "{'keys':[{" EC_KEY ",'key_ops':['sign']}]}", 0, "" },
	{ "{'keys':[{" EC_KEY ",'kid':'a'},{" ED_KEY ",'kid':'a'}]}", -1,
		"two keys of a set have the id 'a'" },
	{ "{'keys':[{" EC_KEY "},{" SECRET "}]}", -1, "secrets and public keys" },
	{ "{'keys':[{'kty':'oct','k':'AAAA'}]}", -1, "a secret shorter than its digest" },
	{ "{'keys':[{'kty':'EC','crv':'P-256','x':'AA','y':'AA'}]}", -1,
		"length of P-256" },
	{ "{'keys':[{'kty':'OKP','crv':'Ed25519','x':'AA'}]}", -1,
		"no Ed25519 public key" },
	{ "{'keys':[{'kty':'RSA','n':'AQAB','e':'AQAB'}]}", -1, "an RSA key of 17 bits" },
	{ "{'keys':[{'kty':'RSA','n':'A Q','e':'AQAB'}]}", -1, "'n' is not base64url" },
	{ "{'keys':[{'kty':'RSA','e':'AQAB'}]}", -1, "'n' is missing" },
	{ "{'keys':[7]}", -1, "a key is not an object" },
	{ "{'keys':{}}", -1, "no array 'keys'" },
	{ "[]", -1, "no array 'keys'" },
};

static void a_key_set_is_read_whole_or_refused_with_why(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		struct err e = { 0 };
		cJSON *set = J(sets[i].set);
		struct jose_keys *keys = jose_keys_new(set, &e);

		if ((keys != NULL) != (sets[i].count >= 0) ||
			strstr(e.msg, sets[i].msg) == NULL)
			fail_msg("%s: %s", sets[i].set, e.msg);
		if (keys != NULL)
			assert_int_equal(jose_keys_count(keys), sets[i].count);
		jose_keys_free(keys);
		json_free(set);
	}
}

static void only_a_named_key_that_is_missing_calls_for_a_new_set(void **unused)
{
	static const struct {
		const char *token;
		int unknown;
	} cases[] = {
		{ "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AA", 0 }, /* kid a */
		{ "eyJhbGciOiJFUzI1NiIsImtpZCI6ImIifQ.e30.AA", 1 }, /* kid b */
		{ "eyJhbGciOiJFUzI1NiJ9.e30.AA", 0 },               /* no kid */
		{ "no token", 0 },
		{ "", 0 },
		{ "!!!.e30.AA", 0 },
	};
	struct err e = { 0 };
	cJSON *set = J("{'keys':[{" EC_KEY ",'kid':'a'}]}");
	struct jose_keys *keys = jose_keys_new(set, &e);

	(void)unused;
	assert_non_null(keys);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(jose_names_unknown_key(
					 keys, cases[i].token, strlen(cases[i].token)),
			cases[i].unknown);
	jose_keys_free(keys);
	json_free(set);
}

static void base64url_is_strict_and_adds_nothing_when_it_fails(void **unused)
{
	static const struct {
		const char *text, *bytes; /* NULL: refused */
	} cases[] = {
		{ "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" },
		{ "Zg==", NULL },                    /* padding */
		{ "Zh", NULL },                      /* unused bits */
		{ "Z", NULL },                       /* six bits are no byte */
		{ "Zm 9v", NULL }, { "Zm9+", NULL }, /* the other alphabet */
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(64);
		int ret = base64_decode(
			cases[i].text, strlen(cases[i].text), BASE64_URL, &out);

		assert_int_equal(ret, cases[i].bytes == NULL ? -1 : 0);
		assert_string_equal(
			out.ptr, cases[i].bytes == NULL ? "" : cases[i].bytes);
		buf_release(&out);
	}
}

static void a_token_too_long_is_refused_unread(void **unused)
{
	struct buf token = BUF_INIT(BUF_NO_LIMIT), payload = BUF_INIT(JOSE_TOKEN_MAX);
	struct err e = { 0 };
	cJSON *set = J("{" EC_KEY "}");
	struct jose_keys *keys = jose_keys_new(set, &e);

	(void)unused;
	buf_add_str(&token, "eyJhbGciOiJFUzI1NiJ9.");
	while (token.len <= JOSE_TOKEN_MAX)
		buf_add_char(&token, 'A');
	buf_add_str(&token, ".AA");
	assert_int_equal(
		jose_verify(keys, JOSE_PUBLIC, token.ptr, token.len, &payload, &e), -1);
	assert_non_null(strstr(e.msg, "16384 are taken"));
	assert_int_equal(payload.len, 0);
	buf_release(&token);
	jose_keys_free(keys);
	json_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_set_is_read_whole_or_refused_with_why),
		cmocka_unit_test(only_a_named_key_that_is_missing_calls_for_a_new_set),
		cmocka_unit_test(base64url_is_strict_and_adds_nothing_when_it_fails),
		cmocka_unit_test(a_token_too_long_is_refused_unread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
