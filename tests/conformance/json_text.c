/* Reading JSON (nst/JSONTestSuite) and its canonical form (RFC 8785). */
#include "suite.h"

#include <string.h>

/* ---- json-parsing ---- */

static void parse_case(struct tally *t, const cJSON *c)
{
	const char *name = json_str_or(c, "name", "?"),
		   *expect = json_str_or(c, "expect", NULL);
	struct buf input = BUF_INIT((size_t)16 << 20);
	struct err e = { 0 };
	cJSON *got = NULL;

	if (base64_member(c, "input_b64", &input, &e) < 0) {
		fail(t, name, "%s", e.msg);
		goto out;
	}
	got = json_parse(input.ptr, input.len, JSON_PLAIN, &e);
	if (expect == NULL) /* test_transform: any answer is allowed, so it is told */
		skip(t, name, "no verdict; %s %s", got != NULL ? "read as" : "refused:",
			got != NULL ? shown(got, 0) : e.msg);
	else if (strcmp(expect, "accept") == 0 && got == NULL)
		fail(t, name, "is refused: %s", e.msg);
	else if (strcmp(expect, "reject") == 0 && got != NULL)
		fail(t, name, "is read as %s", shown(got, 0));
	else
		pass(t);
out:
	json_free(got);
	buf_release(&input);
}

int run_json_parsing(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases)
		parse_case(t, c);
	json_free(cases);
	return 0;
}

/* ---- jcs ---- */

static void canonical_case(struct tally *t, const cJSON *c)
{
	const char *name = json_str_or(c, "name", "?");
	struct buf input = BUF_INIT((size_t)16 << 20), want = BUF_INIT((size_t)16 << 20);
	struct buf got = BUF_INIT((size_t)16 << 20);
	int is_error = json_true(json_get(c, "error"));
	struct err e = { 0 };
	cJSON *v = NULL;
	int ok = 0;

	if (base64_member(c, "input_b64", &input, &e) < 0 ||
		(!is_error && base64_member(c, "output_b64", &want, &e) < 0)) {
		fail(t, name, "%s", e.msg);
		goto out;
	}
	v = json_parse(input.ptr, input.len, JSON_STRICT, &e);
	if (v == NULL && !is_error) /* integers past 2^53 and U+0000 are canonical, too */
		v = json_parse(input.ptr, input.len, JSON_PLAIN, &e);
	ok = v != NULL && json_canonical(v, &got, &e) == 0;
	if (is_error && ok)
		fail(t, name, "gives %s, expected it to be refused", got.ptr);
	else if (!is_error && !ok)
		fail(t, name, "is refused: %s", e.msg);
	else if (!is_error &&
		(got.len != want.len || memcmp(got.ptr, want.ptr, got.len) != 0))
		fail(t, name, "gives %s, expected %s", got.ptr, want.ptr);
	else
		pass(t);
out:
	json_free(v);
	buf_release(&input);
	buf_release(&want);
	buf_release(&got);
}

/* "hex,expected" lines. */
static void number_line(struct tally *t, const char *line)
{
	char *end;
	unsigned long long bits = strtoull(line, &end, 16);
	struct buf got = BUF_INIT(64);
	double d;

	memcpy(&d, &bits, sizeof(d));
	if (*end != ',' || json_print_number(d, &got) < 0)
		fail(t, line, "is no line of numbers");
	else if (strcmp(got.ptr, end + 1) != 0)
		fail(t, line, "prints as %s", got.ptr);
	else
		pass(t);
	buf_release(&got);
}

static int run_numbers(struct tally *t, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\r\n");
		char *line = strndup(text, n);

		if (line != NULL && n > 0)
			number_line(t, line);
		free(line);
		text += n;
		text += strspn(text, "\r\n");
	}
	return 0;
}

int run_jcs(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *cases;

	if (len > 0 && text[0] != '[' && text[0] != '{')
		return run_numbers(t, text);
	cases = read_json(text, len, e);
	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases)
		canonical_case(t, c);
	json_free(cases);
	return 0;
}
