/* The reports that lie in the repository: no durations, no paths, no times. */
#include "checks.h"

#include <string.h>

static int print(cJSON *doc, struct buf *out, struct err *e)
{
	json_print(doc, JSON_PRETTY, out);
	buf_add_char(out, '\n');
	return buf_ok(out, e);
}

static int copy_check(cJSON *to, const cJSON *c, struct err *e)
{
	static const char *const kept[] = { "id", "title", "tool", "version", "status",
		"reason", "detail", "findings_total", "findings", "waived" };
	cJSON *o = json_push_object(to, e);

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (o == NULL ||
			(json_get(c, kept[i]) != NULL &&
				json_set_copy(o, kept[i], json_get(c, kept[i]), e) < 0))
			return -1;
	return 0;
}

int report_validation(
	const cJSON *checks, const char *status, struct buf *out, struct err *e)
{
	static const char *const statuses[] = { "pass", "fail", "error", "skipped" };
	cJSON *doc = json_new_object(e), *sum, *list;
	int ret = -1;

	if (doc == NULL || json_set_str(doc, "status", status, e) < 0)
		goto out;
	sum = json_add_object(doc, "summary", e);
	for (size_t i = 0; sum != NULL && i < ARRAY_LEN(statuses); i++) {
		int64_t n = 0;

		JSON_EACH (c, checks)
			n += check_is(c, statuses[i]);
		if (json_set_int(sum, statuses[i], n, e) < 0)
			goto out;
	}
	list = sum == NULL ? NULL : json_add_array(doc, "checks", e);
	if (list == NULL)
		goto out;
	JSON_EACH (c, checks)
		if (copy_check(list, c, e) < 0)
			goto out;
	ret = print(doc, out, e);
out:
	json_free(doc);
	return ret;
}

/* ---- Markdown ---- */

static void md(struct buf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (strchr("\\`*_[]<>|#&~!", *p) != NULL)
			buf_add_char(out, '\\');
		buf_add_char(out, *p);
	}
}

static void md_findings(struct buf *out, const cJSON *c)
{
	double total = json_num_or(c, "findings_total", 0);
	size_t shown = json_len(json_get(c, "findings"));

	buf_addf(out, "\n## %s: %s\n\n", json_str_or(c, "id", ""), check_status(c));
	JSON_EACH (f, json_get(c, "findings")) {
		const char *file = json_text(json_get(f, "file"));

		buf_add_str(out, "- ");
		if (file != NULL)
			md(out, file);
		if (json_num_or(f, "line", 0) > 0)
			buf_addf(out, ":%.0f", json_num_or(f, "line", 0));
		buf_add_str(out, file != NULL ? ": " : "");
		md(out, json_str_or(f, "message", ""));
		buf_add_str(out, " (");
		md(out, json_str_or(f, "rule", ""));
		buf_add_str(out, ")\n");
	}
	if (total > (double)shown)
		buf_addf(out, "- and %.0f more\n", total - (double)shown);
}

/* One line a rule and reason, with how often it was met. */
static void md_waived(struct buf *out, const cJSON *c)
{
	const cJSON *all = json_get(c, "waived");

	buf_addf(out, "\n## %s: accepted\n\n", json_str_or(c, "id", ""));
	JSON_EACH (w, all) {
		const char *rule = json_str_or(w, "rule", ""),
			   *why = json_str_or(w, "why", "");
		size_t before = 0, n = 0;

		JSON_EACH (o, all) {
			if (strcmp(json_str_or(o, "rule", ""), rule) != 0 ||
				strcmp(json_str_or(o, "why", ""), why) != 0)
				continue;
			before += n == 0 && o != w;
			n++;
		}
		if (before > 0)
			continue;
		buf_add_str(out, "- ");
		md(out, rule);
		buf_addf(out, " (%zu): ", n);
		md(out, why);
		buf_add_str(out, "\n");
	}
}

int report_markdown(
	const cJSON *checks, const char *status, struct buf *out, struct err *e)
{
	buf_addf(out,
		"# Checks: %s\n\n| Check | Result | Tool | Detail |\n| --- | --- | --- | "
		"--- |\n",
		status);
	JSON_EACH (c, checks) {
		const char *version = json_text(json_get(c, "version"));

		buf_add_str(out, "| ");
		md(out, json_str_or(c, "title", ""));
		buf_addf(out, " | %s | %s%s%s | ", check_status(c),
			json_str_or(c, "tool", "built in"), version != NULL ? " " : "",
			version != NULL ? version : "");
		md(out, json_str_or(c, "reason", json_str_or(c, "detail", "")));
		buf_add_str(out, " |\n");
	}
	JSON_EACH (c, checks)
		if (json_len(json_get(c, "findings")) > 0)
			md_findings(out, c);
	JSON_EACH (c, checks)
		if (json_len(json_get(c, "waived")) > 0)
			md_waived(out, c);
	return buf_ok(out, e);
}

/* ---- SARIF 2.1.0 ---- */

static int sarif_text(cJSON *to, const char *key, const char *text, struct err *e)
{
	cJSON *o = json_add_object(to, key, e);

	return o == NULL ? -1 : json_set_str(o, "text", text, e);
}

/* RFC 3986: what a path may not hold as it is in a URI reference. */
static int sarif_uri(cJSON *to, const char *path, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	int ret;

	for (const char *p = path; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (c > 0x20 && c < 0x7F && strchr("\"<>\\^`{|}%#?[]:", c) == NULL)
			buf_add_char(&b, (char)c);
		else
			buf_addf(&b, "%%%02X", c);
	}
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(to, "uri", b.ptr, e);
	buf_release(&b);
	return ret;
}

static int sarif_location(cJSON *result, const cJSON *f, struct err *e)
{
	const char *file = json_text(json_get(f, "file"));
	double line = json_num_or(f, "line", 0), column = json_num_or(f, "column", 0);
	cJSON *places, *place, *at, *region;

	places = json_add_array(result, "locations", e);
	if (places == NULL || file == NULL)
		return places == NULL ? -1 : 0;
	place = json_push_object(places, e);
	place = place == NULL ? NULL : json_add_object(place, "physicalLocation", e);
	at = place == NULL ? NULL : json_add_object(place, "artifactLocation", e);
	if (at == NULL || sarif_uri(at, file, e) < 0)
		return -1;
	if (line < 1)
		return 0;
	region = json_add_object(place, "region", e);
	if (region == NULL || json_set_num(region, "startLine", line, e) < 0)
		return -1;
	return column < 1 ? 0 : json_set_num(region, "startColumn", column, e);
}

static int sarif_rule(cJSON *rules, const char *id, struct err *e)
{
	cJSON *r;

	JSON_EACH (have, rules)
		if (strcmp(json_str_or(have, "id", ""), id) == 0)
			return 0;
	r = json_push_object(rules, e);
	return r == NULL ? -1 : json_set_str(r, "id", id, e);
}

/* 3.27.23 and 3.35: an accepted finding is a result with its suppression. */
static int sarif_result(cJSON *results, cJSON *rules, const cJSON *f, struct err *e)
{
	cJSON *r = json_push_object(results, e), *s;
	const char *rule = json_str_or(f, "rule", ""), *why = json_str_or(f, "why", NULL);

	if (r == NULL || json_set_str(r, "ruleId", rule, e) < 0 ||
		json_set_str(r, "level", json_str_or(f, "level", "error"), e) < 0 ||
		sarif_text(r, "message", json_str_or(f, "message", ""), e) < 0 ||
		sarif_location(r, f, e) < 0 || sarif_rule(rules, rule, e) < 0)
		return -1;
	if (why == NULL)
		return 0;
	s = json_add_array(r, "suppressions", e);
	s = s == NULL ? NULL : json_push_object(s, e);
	return s == NULL || json_set_str(s, "kind", "external", e) < 0 ||
			json_set_str(s, "justification", why, e) < 0
		? -1
		: 0;
}

static int sarif_run(cJSON *runs, const cJSON *c, struct err *e)
{
	cJSON *run = json_push_object(runs, e), *driver, *rules, *results, *list, *inv,
	      *kept;
	const char *tool = json_text(json_get(c, "tool")),
		   *version = json_text(json_get(c, "version"));
	const char *reason = json_text(json_get(c, "reason"));

	driver = run == NULL ? NULL : json_add_object(run, "tool", e);
	driver = driver == NULL ? NULL : json_add_object(driver, "driver", e);
	if (driver == NULL ||
		json_set_str(driver, "name", tool != NULL ? tool : "mlops-validate", e) <
			0 ||
		(version != NULL && json_set_str(driver, "version", version, e) < 0))
		return -1;
	rules = json_add_array(driver, "rules", e);
	list = rules == NULL ? NULL : json_add_array(run, "invocations", e);
	inv = list == NULL ? NULL : json_push_object(list, e);
	if (inv == NULL ||
		json_set_bool(inv, "executionSuccessful",
			check_is(c, "pass") || check_is(c, "fail"), e) < 0)
		return -1;
	if (reason != NULL) {
		list = json_add_array(inv, "toolExecutionNotifications", e);
		list = list == NULL ? NULL : json_push_object(list, e);
		if (list == NULL || sarif_text(list, "message", reason, e) < 0 ||
			json_set_str(list, "level",
				check_is(c, "error") ? "error" : "note", e) < 0)
			return -1;
	}
	kept = json_add_object(run, "automationDetails", e);
	if (kept == NULL || json_set_str(kept, "id", json_str_or(c, "id", ""), e) < 0)
		return -1;
	results = json_add_array(run, "results", e);
	if (results == NULL)
		return -1;
	JSON_EACH (f, json_get(c, "findings"))
		if (sarif_result(results, rules, f, e) < 0)
			return -1;
	JSON_EACH (f, json_get(c, "waived"))
		if (sarif_result(results, rules, f, e) < 0)
			return -1;
	return 0;
}

int report_sarif(const cJSON *checks, struct buf *out, struct err *e)
{
	cJSON *doc = json_new_object(e), *runs;
	int ret = -1;

	if (doc == NULL ||
		json_set_str(doc, "$schema",
			"https://json.schemastore.org/sarif-2.1.0.json", e) < 0 ||
		json_set_str(doc, "version", "2.1.0", e) < 0)
		goto out;
	runs = json_add_array(doc, "runs", e);
	if (runs == NULL)
		goto out;
	JSON_EACH (c, checks)
		if (sarif_run(runs, c, e) < 0)
			goto out;
	ret = print(doc, out, e);
out:
	json_free(doc);
	return ret;
}

/* ---- JUnit ---- */

static void xml(struct buf *out, const char *text)
{
	for (const char *p = text != NULL ? text : ""; *p != '\0'; p++)
		switch (*p) {
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		case '"':
			buf_add_str(out, "&quot;");
			break;
		default:
			buf_add_char(out, (unsigned char)*p < 0x20 ? ' ' : *p);
		}
}

static void junit_case(struct buf *out, const cJSON *c, const char *name)
{
	buf_add_str(out, "    <testcase classname=\"");
	xml(out, json_str_or(c, "id", ""));
	buf_add_str(out, "\" name=\"");
	xml(out, name);
	buf_add_str(out, "\"");
}

static void junit_findings(struct buf *out, const cJSON *c)
{
	JSON_EACH (f, json_get(c, "findings")) {
		struct buf name = BUF_INIT(2048);
		const char *file = json_text(json_get(f, "file"));

		buf_addf(&name, "%s%s%s", json_str_or(f, "rule", ""), file ? " " : "",
			file ? file : "");
		if (json_num_or(f, "line", 0) > 0)
			buf_addf(&name, ":%.0f", json_num_or(f, "line", 0));
		junit_case(out, c, name.ptr);
		buf_add_str(out, ">\n      <failure type=\"");
		xml(out, json_str_or(f, "level", ""));
		buf_add_str(out, "\" message=\"");
		xml(out, json_str_or(f, "message", ""));
		buf_add_str(out, "\"/>\n    </testcase>\n");
		buf_release(&name);
	}
}

int report_junit(const cJSON *checks, struct buf *out, struct err *e)
{
	buf_add_str(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
		"name=\"mlops-validate\">\n");
	JSON_EACH (c, checks) {
		size_t n = check_is(c, "fail") ? json_len(json_get(c, "findings")) : 0;
		const char *reason = json_text(json_get(c, "reason"));

		buf_add_str(out, "  <testsuite name=\"");
		xml(out, json_str_or(c, "id", ""));
		buf_addf(out,
			"\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" "
			"skipped=\"%d\">\n",
			n > 0 ? n : 1, check_is(c, "fail") ? (n > 0 ? n : 1) : 0,
			check_is(c, "error"), check_is(c, "skipped"));
		if (n > 0) {
			junit_findings(out, c);
		} else {
			junit_case(out, c, json_str_or(c, "title", ""));
			if (check_is(c, "pass")) {
				buf_add_str(out, "/>\n");
			} else {
				buf_addf(out, ">\n      <%s message=\"",
					check_is(c, "fail") ? "failure"
							    : check_status(c));
				xml(out, reason);
				buf_add_str(out, "\"/>\n    </testcase>\n");
			}
		}
		buf_add_str(out, "  </testsuite>\n");
	}
	buf_add_str(out, "</testsuites>\n");
	return buf_ok(out, e);
}
