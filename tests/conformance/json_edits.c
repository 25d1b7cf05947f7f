/* JSON Patch, Merge Patch and JSON Pointer. */
#include "suite.h"

#include <string.h>

typedef void case_fn(struct tally *t, const char *name, const cJSON *c);

/* Cases have no names of their own everywhere: their place is one. */
static int each_case(
	struct tally *t, const char *text, size_t len, case_fn *run, struct err *e)
{
	cJSON *cases = read_json(text, len, e);
	size_t i = 0;

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases) {
		struct buf name = BUF_INIT(4096);

		buf_addf(&name, "case %zu %s", i++, json_str_or(c, "comment", ""));
		run(t, name.ptr, c);
		buf_release(&name);
	}
	json_free(cases);
	return 0;
}

static void compare(struct tally *t, const char *name, const cJSON *got,
	const cJSON *expected, const struct err *e)
{
	if (got == NULL)
		fail(t, name, "is refused: %s", e->msg);
	else if (expected != NULL && !json_equal(got, expected))
		fail(t, name, "gives %s, expected %s", shown(got, 0), shown(expected, 1));
	else
		pass(t);
}

static void patch_case(struct tally *t, const char *name, const cJSON *c)
{
	const cJSON *doc = json_get(c, "doc");
	struct err e = { 0 };
	cJSON *before, *got;

	if (json_true(json_get(c, "disabled"))) {
		skip(t, name, "the suite has it disabled");
		return;
	}
	before = json_copy(doc, &e);
	got = json_patch(doc, json_get(c, "patch"), &e);
	if (!json_equal(before, doc))
		fail(t, name, "the document itself was changed");
	else if (!json_has(c, "error"))
		compare(t, name, got, json_get(c, "expected"), &e);
	else if (got != NULL)
		fail(t, name, "gives %s, expected it to be refused", shown(got, 0));
	else
		pass(t);
	json_free(before);
	json_free(got);
}

static void merge_case(struct tally *t, const char *name, const cJSON *c)
{
	struct err e = { 0 };
	cJSON *got = json_merge_patch(json_get(c, "doc"), json_get(c, "patch"), &e);

	compare(t, name, got, json_get(c, "expected"), &e);
	json_free(got);
}

static void percent_decode(const char *s, struct buf *out)
{
	for (; *s != '\0'; s++) {
		unsigned c;

		if (*s == '%' && sscanf(s + 1, "%2x", &c) == 1) {
			buf_add_char(out, (char)c);
			s += 2;
		} else {
			buf_add_char(out, *s);
		}
	}
}

/* {fragment, pointer}: a URI fragment and the pointer that it carries. */
static void fragment_case(struct tally *t, const char *name, const cJSON *c)
{
	const char *fragment = json_str_or(c, "fragment", "#");
	struct buf b = BUF_INIT(4096);

	percent_decode(fragment + (fragment[0] == '#'), &b);
	if (strcmp(b.ptr, json_str_or(c, "pointer", "?")) == 0)
		pass(t);
	else
		fail(t, name, "'%s' gives '%s'", fragment, b.ptr);
	buf_release(&b);
}

static void pointer_case(struct tally *t, const char *name, const cJSON *c)
{
	const char *error = json_str_or(c, "error", NULL);
	struct err e = { 0 };
	const cJSON *got;
	int syntax;

	if (json_has(c, "fragment")) {
		fragment_case(t, name, c);
		return;
	}
	got = json_pointer_find(json_get(c, "doc"), json_str_or(c, "pointer", ""), &e);
	if (error == NULL) {
		compare(t, name, got, json_get(c, "expected"), &e);
		return;
	}
	syntax = strstr(error, "syntax") != NULL;
	if (got != NULL)
		fail(t, name, "gives %s, expected the error '%s'", shown(got, 0), error);
	else if (syntax != (e.code == ERR_INPUT))
		fail(t, name, "fails with '%s', expected the error '%s'", e.msg, error);
	else
		pass(t);
}

int run_json_patch(struct tally *t, const char *text, size_t len, struct err *e)
{
	return each_case(t, text, len, patch_case, e);
}

int run_merge_patch(struct tally *t, const char *text, size_t len, struct err *e)
{
	return each_case(t, text, len, merge_case, e);
}

int run_json_pointer(struct tally *t, const char *text, size_t len, struct err *e)
{
	return each_case(t, text, len, pointer_case, e);
}
