/* Other faces of state.policy: a list for people, SARIF for code scanning. */
#include "internal.h"

int policy_text(const cJSON *state, struct buf *out, struct err *e)
{
	const cJSON *policy = json_get(state, "policy"),
		    *counts = json_get(policy, "counts");

	JSON_EACH (r, json_get(policy, "rules")) {
		buf_addf(out, "%-15s", json_str_or(r, "status", ""));
		buf_addf(out, "%-34s ", json_str_or(r, "id", ""));
		buf_add_shown(out, json_str_or(r, "detail", ""));
		buf_add_char(out, '\n');
		if (json_has(r, "waiver")) {
			const cJSON *w = json_get(r, "waiver");

			buf_add_str(out, "               waived by ");
			buf_add_shown(out, json_str_or(w, "owner", "?"));
			buf_add_str(out, " until ");
			buf_add_shown(out, json_str_or(w, "expires", "?"));
			buf_add_str(out, ": ");
			buf_add_shown(out, json_str_or(w, "reason", "?"));
			buf_add_char(out, '\n');
		}
		if (json_has(r, "remediation")) {
			buf_add_str(out, "               ");
			buf_add_shown(out, json_str_or(r, "remediation", ""));
			buf_add_char(out, '\n');
		}
	}
	buf_addf(out,
		"\n%s: %.0f passed, %.0f warned, %.0f failed, %.0f waived, %.0f not "
		"applicable, "
		"%.0f unknown\n",
		json_str_or(policy, "overall", ""), json_num_or(counts, "pass", 0),
		json_num_or(counts, "warn", 0), json_num_or(counts, "fail", 0),
		json_num_or(counts, "waived", 0),
		json_num_or(counts, "not_applicable", 0),
		json_num_or(counts, "unknown", 0));
	return buf_ok(out, e);
}

/* ---- SARIF ---- */

static int text_member(cJSON *to, const char *key, const char *text, struct err *e)
{
	cJSON *o = json_add_object(to, key, e);

	return o == NULL ? -1 : json_set_str(o, "text", text, e);
}

static int add_rule(cJSON *rules, const cJSON *r, struct err *e)
{
	cJSON *o = json_push_object(rules, e);

	if (o == NULL || json_set_str(o, "id", json_str_or(r, "id", ""), e) < 0 ||
		text_member(o, "shortDescription", json_str_or(r, "title", ""), e) < 0)
		return -1;
	return !json_has(r, "remediation")
		? 0
		: text_member(o, "help", json_str_or(r, "remediation", ""), e);
}

static int add_location(cJSON *result, struct err *e)
{
	cJSON *list = json_add_array(result, "locations", e);
	cJSON *o = list == NULL ? NULL : json_push_object(list, e);
	cJSON *p = o == NULL ? NULL : json_add_object(o, "physicalLocation", e);
	cJSON *a = p == NULL ? NULL : json_add_object(p, "artifactLocation", e);

	return a == NULL ? -1 : json_set_str(a, "uri", "reports/policy.json", e);
}

static int add_suppression(cJSON *result, const cJSON *waiver, struct err *e)
{
	cJSON *list = json_add_array(result, "suppressions", e);
	cJSON *o = list == NULL ? NULL : json_push_object(list, e);

	if (o == NULL || json_set_str(o, "kind", "external", e) < 0 ||
		json_set_str(o, "status", "accepted", e) < 0)
		return -1;
	return json_setf(o, "justification", e, "%s (%s, until %s)",
		json_str_or(waiver, "reason", ""), json_str_or(waiver, "owner", ""),
		json_str_or(waiver, "expires", ""));
}

static int add_finding(cJSON *results, const cJSON *r, size_t index, struct err *e)
{
	const char *status = json_str_or(r, "status", "");
	const char *level = strcmp(status, "fail") == 0 ? "error"
		: strcmp(status, "warn") == 0           ? "warning"
							: "note";
	cJSON *o;

	if (strcmp(status, "pass") == 0 || strcmp(status, "not_applicable") == 0)
		return 0;
	o = json_push_object(results, e);
	if (o == NULL || json_set_str(o, "ruleId", json_str_or(r, "id", ""), e) < 0 ||
		json_set_num(o, "ruleIndex", (double)index, e) < 0 ||
		json_set_str(o, "level", level, e) < 0 ||
		text_member(o, "message", json_str_or(r, "detail", ""), e) < 0 ||
		add_location(o, e) < 0)
		return -1;
	return json_has(r, "waiver") ? add_suppression(o, json_get(r, "waiver"), e) : 0;
}

static int fill(cJSON *doc, const cJSON *policy, struct err *e)
{
	cJSON *runs, *sarif_run, *tool, *driver, *rules, *results;
	size_t i = 0;

	if (json_set_str(doc, "$schema", "https://json.schemastore.org/sarif-2.1.0.json",
		    e) < 0 ||
		json_set_str(doc, "version", "2.1.0", e) < 0)
		return -1;
	runs = json_add_array(doc, "runs", e);
	sarif_run = runs == NULL ? NULL : json_push_object(runs, e);
	tool = sarif_run == NULL ? NULL : json_add_object(sarif_run, "tool", e);
	driver = tool == NULL ? NULL : json_add_object(tool, "driver", e);
	if (driver == NULL || json_set_str(driver, "name", "mlops-policy", e) < 0 ||
		json_set_str(driver, "version", MLOPS_VERSION, e) < 0)
		return -1;
	rules = json_add_array(driver, "rules", e);
	results = json_add_array(sarif_run, "results", e);
	if (rules == NULL || results == NULL)
		return -1;
	JSON_EACH (r, json_get(policy, "rules"))
		if (add_rule(rules, r, e) < 0 || add_finding(results, r, i++, e) < 0)
			return -1;
	return 0;
}

int policy_sarif(const cJSON *state, struct buf *out, struct err *e)
{
	cJSON *doc = json_new_object(e);
	int ret = doc == NULL ? -1 : fill(doc, json_get(state, "policy"), e);

	if (ret == 0) {
		json_print(doc, JSON_PRETTY, out);
		buf_add_char(out, '\n');
		ret = buf_ok(out, e);
	}
	json_free(doc);
	return ret;
}
