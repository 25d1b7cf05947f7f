/* The state's keys, made fit for the repository. */
#include <string.h>

#include "compile.h"
#include "redact/redact.h"

struct masker {
	struct redact *rules;
	struct buf text, once;
};

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Length of an RFC 3339 date-time at s, 0 if there is none. Dates alone stay: they
 * say how old a price or a fact is. */
static size_t moment(const char *s)
{
	static const char shape[] = "dddd-dd-ddTdd:dd";
	size_t n;

	for (n = 0; shape[n] != '\0'; n++)
		if (shape[n] == 'd' ? !is_digit(s[n]) : s[n] != shape[n])
			return 0;
	while (is_digit(s[n]) || s[n] == ':' || s[n] == '.')
		n++;
	if (s[n] == 'Z')
		return n + 1;
	if ((s[n] == '+' || s[n] == '-') && is_digit(s[n + 1]) && is_digit(s[n + 2]) &&
		s[n + 3] == ':')
		return n + 6;
	return n;
}

/* A digest or an id: nothing in it is personal, much in it looks so. */
static int is_hex_name(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef-");

	return n >= 32 && s[n] == '\0';
}

static int mask(struct masker *m, const char *s, struct err *e)
{
	size_t len = strlen(s);

	buf_reset(&m->text);
	buf_reset(&m->once);
	if (is_hex_name(s)) {
		buf_add(&m->text, s, len);
		return buf_ok(&m->text, e);
	}
	if (redact_mask(m->rules, REDACT_ALL, s, len, &m->once, NULL, e) < 0)
		return -1;
	for (const char *p = m->once.ptr; *p != '\0'; p++) {
		size_t n = moment(p);

		if (n > 0) {
			buf_add_str(&m->text, "[time]");
			p += n - 1;
		} else if (((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7F) {
			buf_add_char(&m->text, ' ');
		} else if ((unsigned char)p[0] == 0xC2 && (unsigned char)p[1] >= 0x80 &&
			(unsigned char)p[1] < 0xA0) {
			buf_add_char(&m->text, ' '); /* C1 controls */
			p++;
		} else {
			buf_add_char(&m->text, *p);
		}
	}
	return buf_ok(&m->text, e);
}

static cJSON *copy(struct masker *m, const cJSON *v, struct err *e)
{
	cJSON *out;

	if (json_is(v, JSON_STRING))
		return mask(m, json_text(v), e) < 0 ? NULL : json_new_str(m->text.ptr, e);
	if (!json_is(v, JSON_ARRAY) && !json_is(v, JSON_OBJECT))
		return json_copy(v, e);
	out = json_is(v, JSON_ARRAY) ? json_new_array(e) : json_new_object(e);
	JSON_EACH (c, v) {
		cJSON *child = out == NULL ? NULL : copy(m, c, e);

		if (child == NULL ||
			(json_is(v, JSON_ARRAY)
					? json_push(out, child, e)
					: json_set(out, json_key(c), child, e)) < 0) {
			json_free(out);
			return NULL;
		}
	}
	return out;
}

/* Of the brief as it was kept, secrets redacted: mlops.lock.json, which code generation
 * writes without seeing the brief, has the digest of the constraints. */
static int set_brief_digest(cJSON *view, const cJSON *state, struct err *e)
{
	const char *brief = json_text(json_get(state, "brief"));
	char hex[DIGEST_HEX_MAX];

	if (brief == NULL)
		return json_set_null(view, "brief_sha256", e);
	digest_hex(brief, strlen(brief), hex);
	return json_set_str(view, "brief_sha256", hex, e);
}

cJSON *view_make(struct node_env *env, const cJSON *state, struct err *e)
{
	static const char *const keys[] = { "constraints", "provenance", "coverage",
		"questions", "plan", "candidates", "critique", "cost", "policy", "hitl",
		"reports", "artifacts", "reason_cards" };
	cJSON *secrets = env_read_json(env, "redact/secrets.json", e);
	cJSON *personal =
		secrets == NULL ? NULL : env_read_json(env, "redact/personal.json", e);
	struct masker m = { .text = BUF_INIT(BUF_NO_LIMIT),
		.once = BUF_INIT(BUF_NO_LIMIT) };
	cJSON *view = NULL;

	m.rules = personal == NULL ? NULL : redact_new(secrets, e);
	if (m.rules == NULL || redact_add(m.rules, personal, e) < 0)
		goto out;
	view = json_new_object(e);
	for (size_t i = 0; view != NULL && i < ARRAY_LEN(keys); i++) {
		const cJSON *v = json_get(state, keys[i]);

		if (v != NULL && json_set(view, keys[i], copy(&m, v, e), e) < 0) {
			json_free(view);
			view = NULL;
		}
	}
	if (view != NULL && set_brief_digest(view, state, e) < 0) {
		json_free(view);
		view = NULL;
	}
out:
	redact_free(m.rules);
	buf_release(&m.text);
	buf_release(&m.once);
	json_free(secrets);
	json_free(personal);
	return view;
}
