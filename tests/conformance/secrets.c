/* Secrets: gitleaks' and detect-secrets' rule tests, and synthetic ones. */
#include "suite.h"

#include "redact/redact.h"

#include <string.h>

#define RULES "share/redact/secrets.json"

static void run_case(struct tally *t, struct redact *r, const cJSON *c, size_t i)
{
	int expect = json_true(json_get(c, "expect"));
	struct buf name = BUF_INIT(4096), text = BUF_INIT((size_t)16 << 20);
	struct redact_hit *hits = NULL;
	struct err e = { 0 };
	size_t n = 0;

	buf_addf(&name, "case %zu %s", i, json_str_or(c, "rule", "?"));
	if (base64_member(c, "text_b64", &text, &e) < 0 ||
		redact_scan(r, REDACT_SECRETS, text.ptr, text.len, &hits, &n, &e) < 0)
		fail(t, name.ptr, "%s", e.msg);
	else if (expect && n == 0)
		fail(t, name.ptr, "missed in: %.200s", text.ptr);
	else if (!expect && n > 0)
		fail(t, name.ptr, "false alarm of %s in: %.200s", hits[0].rule, text.ptr);
	else
		pass(t);
	free(hits);
	buf_release(&text);
	buf_release(&name);
}

int run_secrets(struct tally *t, const char *text, size_t len, struct err *e)
{
	const char *share = getenv("MLOPS_SHARE");
	struct buf path = BUF_INIT(4096);
	cJSON *cases = read_json(text, len, e), *rules = NULL;
	struct redact *r = NULL;
	size_t i = 0;

	if (share != NULL)
		buf_addf(&path, "%s/redact/secrets.json", share);
	else
		buf_add_str(&path, RULES);
	if (cases != NULL)
		rules = json_parse_file(path.ptr, (size_t)4 << 20, e);
	if (rules != NULL)
		r = redact_new(rules, e);
	if (r != NULL)
		JSON_EACH (c, cases)
			run_case(t, r, c, i++);
	redact_free(r);
	json_free(rules);
	json_free(cases);
	buf_release(&path);
	return r == NULL ? -1 : 0;
}
