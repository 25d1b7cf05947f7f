/*
 * One rule against one state: does it apply, are its facts there, does its
 * assertion hold. A rule that breaks fails, with the reason; it never passes.
 */
#include "internal.h"

#include <math.h>

struct work {
	const struct rule *r;
	const struct rule_eval *ev;
	struct logic logic;
	struct verdict_result *out;
};

/* ---- messages: "{name}" is the value of that name ---- */

static void add_number(struct buf *out, double d)
{
	char text[64];
	char *end;

	if (d == floor(d) || fabs(d) < 0.01) {
		json_print_number(d, out);
		return;
	}
	snprintf(text, sizeof(text), "%.2f", d);
	for (end = text + strlen(text); end[-1] == '0'; end--)
		end[-1] = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
	buf_add_str(out, text);
}

static void add_value(struct buf *out, const cJSON *v)
{
	switch (json_type(v)) {
	case JSON_STRING:
		buf_add_str(out, json_text(v));
		break;
	case JSON_NUMBER:
		add_number(out, json_number(v, 0));
		break;
	case JSON_ARRAY:
		if (json_len(v) == 0)
			buf_add_str(out, "none");
		JSON_EACH (it, v) {
			if (it != json_first(v))
				buf_add_str(out, ", ");
			add_value(out, it);
		}
		break;
	case JSON_NULL:
	case JSON_NONE:
		buf_add_str(out, "unknown");
		break;
	default:
		json_print(v, JSON_COMPACT, out);
	}
}

static void add_named(struct work *w, const char *name, size_t len)
{
	const cJSON *values = json_get(w->r->rule, "values");
	struct err ignored;

	JSON_EACH (v, values) {
		struct logic quiet = { .ops = rule_ops, .arg = w->ev->regions };
		cJSON *value;

		if (strlen(json_key(v)) != len || memcmp(json_key(v), name, len) != 0)
			continue;
		value = logic_apply(&quiet, v, w->ev->data, &ignored);
		add_value(&w->out->detail, value);
		json_free(value);
		return;
	}
	buf_addf(&w->out->detail, "{%.*s}", (int)len, name);
}

static void add_message(struct work *w, const char *key)
{
	const char *m = json_str_or(json_get(w->r->rule, "message"), key, NULL);

	if (m == NULL)
		m = json_str_or(json_get(w->r->rule, "message"), "fail", "");
	while (*m != '\0') {
		const char *open = strchr(m, '{'),
			   *close = open == NULL ? NULL : strchr(open, '}');

		if (close == NULL) {
			buf_add_str(&w->out->detail, m);
			return;
		}
		buf_add(&w->out->detail, m, (size_t)(open - m));
		add_named(w, open + 1, (size_t)(close - open - 1));
		m = close + 1;
	}
}

/* ---- the steps ---- */

static void broke(struct work *w, const char *member, const struct err *why)
{
	w->out->verdict = VERDICT_FAIL;
	w->out->erred = 1;
	buf_reset(&w->out->detail);
	buf_addf(&w->out->detail, "the rule's '%s' cannot be evaluated: %s", member,
		why->msg);
}

/* 1 true, 0 false, -1 the rule broke. */
static int truth(struct work *w, const cJSON *logic, const char *member)
{
	struct err why = { 0 };
	cJSON *v = logic_apply(&w->logic, logic, w->ev->data, &why);
	int yes;

	if (v == NULL) {
		broke(w, member, &why);
		return -1;
	}
	yes = logic_truthy(v);
	json_free(v);
	return yes;
}

static int add_missing(struct work *w, const char *name, struct err *e)
{
	if (w->out->missing == NULL && (w->out->missing = json_new_array(e)) == NULL)
		return -1;
	return json_has_text(w->out->missing, name)
		? 0
		: json_push_str(w->out->missing, name, e);
}

static int check_needs(struct work *w, struct err *e)
{
	JSON_EACH (p, json_get(w->r->rule, "needs")) {
		const cJSON *v = json_at(w->ev->data, json_text(p));

		if ((v == NULL || json_is(v, JSON_NULL)) &&
			add_missing(w, json_text(p), e) < 0)
			return -1;
	}
	return 0;
}

/* The expression `unknown` answers the names of the facts that are missing. */
static int check_unknown(struct work *w, struct err *e)
{
	const cJSON *logic = json_get(w->r->rule, "unknown");
	struct err why = { 0 };
	cJSON *names;
	int ret = 0;

	if (logic == NULL)
		return 0;
	names = logic_apply(&w->logic, logic, w->ev->data, &why);
	if (names == NULL) {
		broke(w, "unknown", &why);
		return 0;
	}
	JSON_EACH (n, names)
		if (ret == 0 && json_text(n) != NULL)
			ret = add_missing(w, json_text(n), e);
	json_free(names);
	return ret;
}

/* An unknown fact never passes: it warns where the rule could fail. */
static void set_unknown(struct work *w)
{
	w->out->verdict = w->r->severity == VERDICT_FAIL ? VERDICT_WARN : VERDICT_UNKNOWN;
	buf_add_str(&w->out->detail, "cannot be told: ");
	add_value(&w->out->detail, w->out->missing);
	buf_add_str(&w->out->detail,
		json_len(w->out->missing) == 1 ? " is missing" : " are missing");
}

static void decide(struct work *w, int holds)
{
	const cJSON *warn = json_get(w->r->rule, "warn");
	int warns = holds && warn != NULL ? truth(w, warn, "warn") : 0;

	if (warns < 0)
		return;
	w->out->verdict = !holds ? w->r->severity : warns ? VERDICT_WARN : VERDICT_PASS;
	add_message(w, !holds ? "fail" : warns ? "warn" : "pass");
}

static int applies(struct work *w, const cJSON *logic, const char *member)
{
	return logic == NULL ? 1 : truth(w, logic, member);
}

static int evaluate(struct work *w, struct err *e)
{
	int yes = applies(w, w->r->pack_applies, "applies of the pack");

	if (yes > 0)
		yes = applies(w, json_get(w->r->rule, "applies"), "applies");
	if (yes < 0)
		return 0;
	if (yes == 0) {
		w->out->verdict = VERDICT_NOT_APPLICABLE;
		buf_add_str(&w->out->detail, "does not apply to this state");
		return 0;
	}
	if (check_needs(w, e) < 0)
		return -1;
	if (w->out->missing != NULL) {
		set_unknown(w);
		return 0;
	}
	yes = truth(w, json_get(w->r->rule, "assert"), "assert");
	if (yes < 0 || (yes > 0 && check_unknown(w, e) < 0))
		return yes < 0 ? 0 : -1;
	if (w->out->erred)
		return 0;
	if (yes > 0 && w->out->missing != NULL)
		set_unknown(w);
	else
		decide(w, yes);
	return 0;
}

int rule_evaluate(const struct rule *r, const struct rule_eval *ev,
	struct verdict_result *out, struct err *e)
{
	struct work w = { r, ev, { rule_ops, ev->regions, ev->trace, ev->trace_arg },
		out };

	*out = (struct verdict_result){ .detail = BUF_INIT((size_t)1 << 20) };
	return evaluate(&w, e) < 0 ? -1 : buf_ok(&out->detail, e);
}

void verdict_release(struct verdict_result *v)
{
	json_free(v->missing);
	v->missing = NULL;
	buf_release(&v->detail);
}
