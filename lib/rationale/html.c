/*
 * reports/index.html: one page that needs nothing else, no script either; light and
 * dark by the reader's system; every picture has a text that says the same.
 */
#include <string.h>

#include "compile.h"

static const char style[] =
	":root{--bg:#f6f7f9;--card:#fff;--ink:#1b1f24;--soft:#57606a;--line:#d8dee4;--"
	"accent:#2457c5;"
	"--good:#1a7f37;--warn:#8a5a00;--bad:#b42318;--goodbg:#dcf5e3;--warnbg:#fdf0cf;--"
	"badbg:#fde3e0;"
	"--softbg:#eef1f4;--edge:#8b97a5}\n"
	"@media "
	"(prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#171c23;--ink:#e6eaef;--"
	"soft:#9aa5b1;"
	"--line:#2b333d;--accent:#86aefc;--good:#5dd386;--warn:#eab94a;--bad:#ff8f82;--"
	"goodbg:#12331f;"
	"--warnbg:#3a2c0a;--badbg:#431a16;--softbg:#212831;--edge:#667382}}\n"
	"*{box-sizing:border-box}html{color-scheme:light dark}\n"
	"body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 "
	"system-ui,-apple-system,"
	"\"Segoe UI\",Roboto,\"Helvetica Neue\",sans-serif}\n"
	"main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}\n"
	"h1{font-size:28px;line-height:1.25;margin:0 0 6px}h2{font-size:19px;margin:0 0 "
	"14px}"
	"h3{font-size:15px;margin:0}\n"
	".lead{color:var(--soft);margin:0 0 22px;max-width:75ch}\n"
	"nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 22px;font-size:14px}"
	"a{color:var(--accent)}a:focus-visible,summary:focus-visible{outline:2px solid "
	"var(--accent);outline-offset:2px}\n"
	"section{background:var(--card);border:1px solid "
	"var(--line);border-radius:12px;padding:22px 24px;margin:0 0 20px}\n"
	".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));"
	"gap:14px;margin:0 0 20px}\n"
	".tile{background:var(--card);border:1px solid "
	"var(--line);border-radius:12px;padding:16px 18px}"
	".tile .k{color:var(--soft);font-size:13px}.tile "
	".v{font-size:23px;font-weight:650;line-height:1.3}"
	".tile .n{color:var(--soft);font-size:13px}\n"
	".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:"
	"14px}"
	"th{text-align:left;color:var(--soft);font-weight:600;font-size:13px;white-space:"
	"nowrap}"
	"th,td{padding:8px 14px 8px 0;border-bottom:1px solid "
	"var(--line);vertical-align:top;overflow-wrap:anywhere}"
	"@media(min-width:900px){#assumptions td{overflow-wrap:normal}}"
	"tr:last-child "
	"td{border-bottom:0}td.num{text-align:right;white-space:nowrap;font-variant-"
	"numeric:tabular-nums}\n"
	"td.nb{white-space:nowrap}q{color:var(--soft)}code{font:13px "
	"ui-monospace,SFMono-Regular,Menlo,monospace}\n"
	".pill{display:inline-block;border-radius:99px;padding:1px "
	"10px;font-size:13px;font-weight:600;"
	"white-space:nowrap;background:var(--softbg);color:var(--soft)}"
	".pill.good{background:var(--goodbg);color:var(--good)}.pill.warn{background:var("
	"--warnbg);color:var(--warn)}"
	".pill.bad{background:var(--badbg);color:var(--bad)}\n"
	"details{border-top:1px solid var(--line);padding:10px "
	"0}details:first-of-type{border-top:0}"
	"summary{cursor:pointer;display:grid;grid-template-columns:12px "
	"minmax(0,220px) 1fr;gap:2px 12px;align-items:baseline;list-style:none}"
	"summary::-webkit-details-marker{display:none}summary::before{content:\"\\25B8\";"
	"color:var(--soft)}details[open]>summary::before{content:\"\\25BE\"}"
	"summary .what{font-weight:600}summary code{grid-column:2;overflow-wrap:anywhere}"
	"summary .why{color:var(--soft);grid-column:3;grid-row:1/span 2}"
	"@media(max-width:640px){summary{grid-template-columns:12px 1fr}summary .why{"
	"grid-column:2;grid-row:auto}}"
	"details>div{padding:10px 0 4px 4px}details "
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:0}"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}ul{margin:0;padding-"
	"left:18px}\n"
	"svg{max-width:100%;height:auto;display:block}svg text{fill:var(--ink);font:14px "
	"system-ui,sans-serif}"
	".plan rect{fill:var(--softbg);stroke:var(--line)}.plan "
	".cap{font-weight:650;font-size:14px}"
	".plan .pat{fill:var(--soft);font-size:13px}.plan .edge "
	"path{fill:none;stroke:var(--edge);stroke-width:1.6}"
	".plan marker path{fill:var(--edge)}.plan "
	".port{font-size:11px;fill:var(--soft);text-anchor:middle;"
	"paint-order:stroke;stroke:var(--card);stroke-width:4px}.plan "
	".band{font-size:13px;fill:var(--soft)}"
	".plan .base text{font-size:13px}.plan .node "
	"rect{stroke-width:1.4;stroke:var(--accent)}"
	".plan .c-observe rect,.plan .c-govern rect{stroke:var(--edge)}\n"
	".cost rect{fill:var(--accent)}.cost .name{text-anchor:end}.cost "
	"text{font-size:13px}\n"
	"footer{color:var(--soft);font-size:13px}"
	"@media "
	"print{body{background:#fff}section,.tile{break-inside:avoid}details>div{display:"
	"block}}\n";

static const char *tone(const char *status)
{
	static const char *const good[] = { "pass", "proven", "approved" };
	static const char *const warn[] = { "warn", "medium", "low", "waived", "waiting",
		"unknown", "unproven" };
	static const char *const bad[] = { "fail", "failed", "error", "high", "rejected",
		"refused" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (strcmp(status, good[i]) == 0)
			return " good";
	for (size_t i = 0; i < ARRAY_LEN(warn); i++)
		if (strcmp(status, warn[i]) == 0)
			return " warn";
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strcmp(status, bad[i]) == 0)
			return " bad";
	return "";
}

static void pill(struct buf *out, const char *status)
{
	buf_addf(out, "<span class=\"pill%s\">", tone(status));
	put_html(out, strcmp(status, "not_applicable") == 0 ? "not applicable" : status);
	buf_add_str(out, "</span>");
}

static void html_value(struct buf *out, const cJSON *v)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);

	put_value(&b, v);
	put_html(out, b.ptr);
	buf_release(&b);
}

static void td(struct buf *out, const char *text)
{
	buf_add_str(out, "<td>");
	put_html(out, text);
	buf_add_str(out, "</td>");
}

static void td_status(struct buf *out, const char *status)
{
	buf_add_str(out, "<td class=\"nb\">");
	pill(out, status);
	buf_add_str(out, "</td>");
}

static void td_code(struct buf *out, const char *text)
{
	buf_add_str(out, "<td><code>");
	put_html(out, text);
	buf_add_str(out, "</code></td>");
}

static void td_usd(struct buf *out, const cJSON *v)
{
	buf_add_str(out, "<td class=\"num\">");
	if (json_is(v, JSON_NUMBER))
		put_usd(out, json_number(v, 0));
	else
		buf_add_str(out, "no price");
	buf_add_str(out, "</td>");
}

static void td_value(struct buf *out, const cJSON *v)
{
	buf_add_str(out, "<td>");
	html_value(out, v);
	buf_add_str(out, "</td>");
}

static void open_section(struct buf *out, const char *id, const char *title)
{
	buf_addf(out,
		"<section id=\"%s\" aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">%s</h2>\n",
		id, id, id, title);
}

/* columns: separated by '|'. */
static void open_table(struct buf *out, const char *columns)
{
	buf_add_str(out, "<div class=\"scroll\"><table><thead><tr>");
	while (*columns != '\0') {
		size_t n = strcspn(columns, "|");

		buf_addf(out, "<th scope=\"col\">%.*s</th>", (int)n, columns);
		columns += n + (columns[n] == '|');
	}
	buf_add_str(out, "</tr></thead><tbody>\n");
}

static void close_table(struct buf *out)
{
	buf_add_str(out, "</tbody></table></div>\n");
}

/* ---- the parts ---- */

static void tile(
	struct buf *out, const char *key, const struct buf *value, const char *note)
{
	buf_addf(out,
		"<div class=\"tile\"><div class=\"k\">%s</div><div "
		"class=\"v\">%s</div><div class=\"n\">",
		key, value->len > 0 ? value->ptr : "none");
	put_html(out, note);
	buf_add_str(out, "</div></div>\n");
}

static void tile_number(struct buf *out, const char *key, const cJSON *v,
	const char *unit, const char *note)
{
	struct buf b = BUF_INIT(256);

	if (json_is(v, JSON_NUMBER)) {
		put_num(&b, json_number(v, 0));
		buf_add_str(&b, unit);
	}
	tile(out, key, &b, note);
	buf_release(&b);
}

static void add_budget(struct buf *note, const cJSON *band)
{
	if (!json_is(json_get(band, "max_usd"), JSON_NUMBER))
		return;
	buf_add_str(note, note->len > 0 ? "; budget " : "budget ");
	put_usd(note, json_num_or(band, "max_usd", 0));
}

static void tiles(struct buf *out, const cJSON *view)
{
	const cJSON *est = json_at(view, "/plan/estimates"),
		    *cost = json_get(view, "cost");
	const cJSON *reports = json_get(view, "reports");
	const char *policy = json_str_or(json_get(view, "policy"), "overall", NULL);
	struct buf b = BUF_INIT(512), note = BUF_INIT(512), target = BUF_INIT(128);
	double usd =
		json_num_or(cost, "monthly_usd", json_num_or(est, "monthly_usd", -1));

	buf_add_str(out, "<div class=\"tiles\">\n");
	if (usd >= 0)
		put_usd(&b, usd);
	if (json_is(json_get(cost, "low_usd"), JSON_NUMBER)) {
		put_usd(&note, json_num_or(cost, "low_usd", 0));
		buf_add_str(&note, " to ");
		put_usd(&note, json_num_or(cost, "high_usd", 0));
	}
	add_budget(&note, json_at(view, "/constraints/budget_band"));
	tile(out, "Cost per month", &b, note.ptr);
	if (json_is(json_at(view, "/constraints/sla_latency_ms"), JSON_NUMBER)) {
		buf_add_str(&target, "target ");
		put_num(&target,
			json_number(json_at(view, "/constraints/sla_latency_ms"), 0));
		buf_add_str(&target, " ms");
	}
	tile_number(out, "Latency, 95th percentile", json_get(est, "p95_latency_ms"),
		" ms", target.len > 0 ? target.ptr : "no target given");
	tile_number(out, "Availability", json_get(est, "availability_pct"), " %",
		json_str_or(est, "availability_basis", ""));
	buf_reset(&b);
	if (policy != NULL)
		pill(&b, policy);
	tile(out, "Policy", &b, "all rules together");
	buf_reset(&b);
	buf_reset(&note);
	pill(&b, json_str_or(reports, "status", "not run"));
	if (reports != NULL)
		buf_addf(&note, "%.0f passed, %.0f failed, %.0f skipped",
			json_number(json_at(reports, "/summary/pass"), 0),
			json_number(json_at(reports, "/summary/fail"), 0) +
				json_number(json_at(reports, "/summary/error"), 0),
			json_number(json_at(reports, "/summary/skipped"), 0));
	tile(out, "Checks", &b, note.ptr);
	buf_add_str(out, "</div>\n");
	buf_release(&b);
	buf_release(&note);
	buf_release(&target);
}

static void constraints(struct buf *out, const cJSON *view)
{
	const cJSON *prov = json_get(view, "provenance");

	if (json_len(prov) == 0)
		return;
	open_section(out, "constraints", "What was asked for, in whose words");
	open_table(out, "Constraint|Value|From|Evidence|Confidence");
	JSON_EACH (p, prov) {
		const cJSON *value = json_at(view, json_key(p));
		const char *key = json_key(p);

		if (value == NULL)
			continue;
		buf_add_str(out, "<tr>");
		td_code(out, strncmp(key, "/constraints/", 13) == 0 ? key + 13 : key);
		td_value(out, value);
		td(out, json_str_or(p, "source", ""));
		buf_add_str(out, "<td>");
		if (json_str_or(p, "quote", NULL) != NULL) {
			buf_add_str(out, "<q>");
			put_html(out, json_str_or(p, "quote", ""));
			buf_add_str(out, "</q>");
		}
		buf_add_str(out, "</td>");
		td_value(out, json_get(p, "confidence"));
		buf_add_str(out, "</tr>\n");
	}
	close_table(out);
	buf_add_str(out, "</section>\n");
}

#define REJECTED_MAX 40

static void slot(struct buf *out, const cJSON *view, const cJSON *s)
{
	const char *name = json_str_or(s, "slot", "");
	const cJSON *no[REJECTED_MAX];
	int n = rejected_for(view, name, no, REJECTED_MAX);

	buf_add_str(out, "<details><summary><span class=\"what\">");
	put_html(out, name);
	buf_add_str(out, "</span><code>");
	put_html(out, json_str_or(s, "pattern", ""));
	buf_add_str(out, "</code><span class=\"why\">");
	put_html(out, json_str_or(s, "why", ""));
	buf_add_str(out, "</span></summary><div><dl>");
	if (json_is(json_get(s, "monthly_usd"), JSON_NUMBER)) {
		buf_add_str(out, "<dt>Per month</dt><dd>");
		put_usd(out, json_num_or(s, "monthly_usd", 0));
		buf_add_str(out, "</dd>");
	}
	buf_add_str(out, "<dt>Sized</dt><dd>");
	html_value(out, json_get(s, "params"));
	buf_add_str(out, "</dd>");
	if (n > 0)
		buf_add_str(out, "<dt>Not chosen</dt><dd><ul>");
	for (int i = 0; i < n; i++) {
		buf_add_str(out, "<li><code>");
		put_html(out, json_str_or(no[i], "pattern", ""));
		buf_add_str(out, "</code>: ");
		put_html(out, json_str_or(no[i], "why", ""));
		buf_add_str(out, "</li>");
	}
	buf_add_str(out,
		n > 0 ? "</ul></dd></dl></div></details>\n" : "</dl></div></details>\n");
}

static void plan(struct buf *out, const cJSON *view)
{
	const cJSON *p = json_get(view, "plan"),
		    *plans = json_at(view, "/candidates/plans");
	size_t rank = 1;

	if (json_len(json_get(p, "slots")) == 0)
		return;
	open_section(out, "plan", "The plan");
	buf_add_str(out, "<div class=\"scroll\">");
	draw_plan(p, out);
	buf_add_str(out, "</div></section>\n");
	open_section(out, "decisions", "Decisions, and what they were preferred to");
	JSON_EACH (s, json_get(p, "slots"))
		slot(out, view, s);
	buf_add_str(out, "</section>\n");
	if (json_len(plans) < 2)
		return;
	open_section(out, "candidates", "Whole plans compared");
	open_table(
		out, "Rank|Per month|95th percentile ms|Availability %|Burden|Differs");
	JSON_EACH (c, plans) {
		const cJSON *est = json_get(c, "estimates");
		struct buf b = BUF_INIT(BUF_NO_LIMIT);

		buf_addf(out, "<tr><td>%zu</td>", rank++);
		td_usd(out, json_get(est, "monthly_usd"));
		td_value(out, json_get(est, "p95_latency_ms"));
		td_value(out, json_get(est, "availability_pct"));
		td_value(out, json_at(c, "/objective/burden"));
		put_difference(&b, json_first(plans), c);
		td(out, b.ptr);
		buf_add_str(out, "</tr>\n");
		buf_release(&b);
	}
	close_table(out);
	buf_add_str(out, "</section>\n");
}

static void cost(struct buf *out, const cJSON *view)
{
	const cJSON *c = json_get(view, "cost");

	if (json_len(json_get(c, "breakdown")) == 0)
		return;
	open_section(out, "cost", "Cost");
	buf_add_str(out, "<div class=\"scroll\">");
	draw_cost(c, out);
	buf_add_str(out,
		"</div><details><summary><span class=\"what\">Every line</span><span "
		"class=\"why\">"
		"quantity, price, where the price comes from</span></summary><div>");
	open_table(out, "Component|Item|Quantity|Per month|Price from");
	JSON_EACH (l, json_get(c, "breakdown")) {
		buf_add_str(out, "<tr>");
		td(out, json_str_or(l, "component", json_str_or(l, "service", "")));
		td_code(out, json_str_or(l, "sku", ""));
		td_value(out, json_get(l, "qty"));
		td_usd(out, json_get(l, "usd"));
		buf_add_str(out, "<td>");
		put_html(out, json_str_or(l, "source", json_str_or(l, "status", "")));
		if (json_str_or(l, "date", NULL) != NULL) {
			buf_add_str(out, ", ");
			put_html(out, json_str_or(l, "date", ""));
		}
		buf_add_str(out, "</td></tr>\n");
	}
	close_table(out);
	buf_add_str(out, "</div></details></section>\n");
}

/* Verdicts by weight: what needs eyes first, what does not apply last. */
static int rank_of(const cJSON *rule)
{
	static const char *const order[] = { "fail", "unknown", "warn", "pass" };

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (strcmp(json_str_or(rule, "status", ""), order[i]) == 0)
			return (int)i;
	return (int)ARRAY_LEN(order);
}

static void small(struct buf *out, const char *text)
{
	buf_add_str(out, "<br><span class=\"why\">");
	put_html(out, text);
	buf_add_str(out, "</span>");
}

/* What a rule found, what to do about it, and who answers for it if nobody does. */
static void rule_detail(struct buf *out, const cJSON *r)
{
	const cJSON *w = json_get(r, "waiver");
	struct buf by = BUF_INIT(8192);

	buf_add_str(out, "<td>");
	put_html(out, json_str_or(r, "detail", ""));
	if (json_str_or(r, "remediation", NULL) != NULL)
		small(out, json_str_or(r, "remediation", ""));
	if (json_is(w, JSON_OBJECT)) {
		buf_addf(&by, "waived by %s until %s: %s", json_str_or(w, "owner", "?"),
			json_str_or(w, "expires", "?"), json_str_or(w, "reason", "?"));
		small(out, by.failed ? "waived" : by.ptr);
	}
	buf_release(&by);
	buf_add_str(out, "</td>");
}

/* Every waiver of the file, those that do not count, too. */
static void waivers(struct buf *out, const cJSON *list)
{
	if (json_len(list) == 0)
		return;
	buf_add_str(out, "<h3>Waivers</h3>\n");
	open_table(out, "Rule|Owner|Reason|Until|State");
	JSON_EACH (w, list) {
		buf_add_str(out, "<tr>");
		td_code(out, json_str_or(w, "rule", ""));
		td(out, json_str_or(w, "owner", ""));
		td(out, json_str_or(w, "reason", ""));
		td(out, json_str_or(w, "expires", ""));
		td(out, json_str_or(w, "state", ""));
		buf_add_str(out, "</tr>\n");
	}
	close_table(out);
}

static void rules_of(struct buf *out, const cJSON *rules, int rank)
{
	JSON_EACH (r, rules) {
		if (rank_of(r) != rank)
			continue;
		buf_add_str(out, "<tr>");
		td(out, json_str_or(r, "title", json_str_or(r, "id", "")));
		td_status(out, json_str_or(r, "status", ""));
		rule_detail(out, r);
		buf_add_str(out, "</tr>\n");
	}
}

static void policy(struct buf *out, const cJSON *view)
{
	const cJSON *rules = json_at(view, "/policy/rules");
	size_t aside = 0;

	if (json_len(rules) == 0)
		return;
	JSON_EACH (r, rules)
		aside += rank_of(r) == 4;
	open_section(out, "policy", "Policy");
	open_table(out, "Rule|Verdict|Detail");
	for (int rank = 0; rank < 4; rank++)
		rules_of(out, rules, rank);
	close_table(out);
	if (aside > 0) {
		buf_addf(out,
			"<details><summary><span class=\"what\">%zu more</span><span "
			"class=\"why\">"
			"rules that do not apply here</span></summary><div>",
			aside);
		open_table(out, "Rule|Verdict|Detail");
		rules_of(out, rules, 4);
		close_table(out);
		buf_add_str(out, "</div></details>");
	}
	waivers(out, json_at(view, "/policy/waivers"));
	buf_add_str(out, "</section>\n");
}

static void findings(struct buf *out, const cJSON *view)
{
	const cJSON *found = json_at(view, "/critique/findings");

	if (json_len(found) == 0)
		return;
	open_section(out, "findings", "Technical findings");
	open_table(out, "Severity|Finding|Detail|Remedy");
	JSON_EACH (f, found) {
		buf_add_str(out, "<tr>");
		td_status(out, json_str_or(f, "severity", ""));
		td(out, json_str_or(f, "title", ""));
		td(out, json_str_or(f, "detail", ""));
		td(out, json_str_or(json_get(f, "remedy"), "action", ""));
		buf_add_str(out, "</tr>\n");
	}
	close_table(out);
	buf_add_str(out, "</section>\n");
}

static void check_findings(struct buf *out, const cJSON *c)
{
	double total = json_num_or(c, "findings_total", 0);

	if (total < 1)
		return;
	buf_addf(out, "<details><summary>%.0f finding%s</summary><div><ul>", total,
		total == 1 ? "" : "s");
	JSON_EACH (f, json_get(c, "findings")) {
		buf_add_str(out, "<li><code>");
		put_html(out, json_str_or(f, "file", ""));
		if (json_num_or(f, "line", 0) > 0)
			buf_addf(out, ":%.0f", json_num_or(f, "line", 0));
		buf_add_str(out, "</code> ");
		put_html(out, json_str_or(f, "message", ""));
		buf_add_str(out, " (");
		put_html(out, json_str_or(f, "rule", ""));
		buf_add_str(out, ")</li>");
	}
	buf_add_str(out, "</ul></div></details>");
}

/* What is accepted stands beside what is found, each with its reason. */
static void check_accepted(struct buf *out, const cJSON *c)
{
	const cJSON *list = json_get(c, "waived");

	if (json_len(list) == 0)
		return;
	buf_addf(
		out, "<details><summary>%zu accepted</summary><div><ul>", json_len(list));
	JSON_EACH (f, list) {
		buf_add_str(out, "<li><code>");
		put_html(out, json_str_or(f, "rule", ""));
		buf_add_str(out, "</code> ");
		put_html(out, json_str_or(f, "file", ""));
		buf_add_str(out, ": ");
		put_html(out, json_str_or(f, "why", ""));
		buf_add_str(out, "</li>");
	}
	buf_add_str(out, "</ul></div></details>");
}

static void checks(struct buf *out, const cJSON *view)
{
	const cJSON *list = json_at(view, "/reports/checks");

	if (json_len(list) == 0)
		return;
	open_section(out, "checks", "Checks of this repository");
	open_table(out, "Check|Result|Tool|Detail");
	JSON_EACH (c, list) {
		buf_add_str(out, "<tr>");
		td(out, json_str_or(c, "title", ""));
		td_status(out, json_str_or(c, "status", ""));
		buf_add_str(out, "<td class=\"nb\">");
		put_html(out, json_str_or(c, "tool", "built in"));
		buf_add_str(out, " ");
		put_html(out, json_str_or(c, "version", ""));
		buf_add_str(out, "</td><td>");
		put_html(out, json_str_or(c, "reason", json_str_or(c, "detail", "")));
		check_findings(out, c);
		check_accepted(out, c);
		buf_add_str(out, "</td></tr>\n");
	}
	close_table(out);
	buf_add_str(out,
		"<p>Machine-readable: <a href=\"validation.json\">validation.json</a>, "
		"<a href=\"validation.sarif\">validation.sarif</a>, <a "
		"href=\"junit.xml\">junit.xml</a>, "
		"<a href=\"sbom.cdx.json\">sbom.cdx.json</a>, <a "
		"href=\"secrets.json\">secrets.json</a>, "
		"<a href=\"claims.json\">claims.json</a>, <a "
		"href=\"bom.json\">bom.json</a>.</p></section>\n");
}

static void card_list(struct buf *out, const char *name, const cJSON *list)
{
	if (json_len(list) == 0)
		return;
	buf_addf(out, "<dt>%s</dt><dd><ul>", name);
	JSON_EACH (i, list) {
		buf_add_str(out, "<li>");
		if (json_is(i, JSON_OBJECT)) {
			buf_add_str(out, "<code>");
			put_html(out, json_str_or(i, "id", ""));
			buf_add_str(out, "</code> ");
			put_html(out, json_str_or(i, "summary", ""));
			if (json_len(json_get(i, "tradeoffs")) > 0) {
				buf_add_str(out, " <q>");
				html_value(out, json_get(i, "tradeoffs"));
				buf_add_str(out, "</q>");
			}
		} else {
			html_value(out, i);
		}
		buf_add_str(out, "</li>");
	}
	buf_add_str(out, "</ul></dd>");
}

static void card(struct buf *out, const cJSON *c)
{
	buf_add_str(out, "<details><summary><span class=\"what\">");
	put_html(out, json_str_or(c, "node_name", json_str_or(c, "agent", "")));
	buf_add_str(out, "</span><code>");
	put_html(out, json_str_or(json_get(c, "choice"), "id", "no choice"));
	buf_add_str(out, "</code><span class=\"why\">");
	put_html(out, json_str_or(json_get(c, "choice"), "justification", ""));
	buf_add_str(out, "</span></summary><div><dl>");
	card_list(out, "Considered", json_get(c, "candidates"));
	if (json_len(json_at(c, "/inputs/constraints_keys")) > 0) {
		buf_add_str(out, "<dt>From constraints</dt><dd>");
		html_value(out, json_at(c, "/inputs/constraints_keys"));
		buf_add_str(out, "</dd>");
	}
	if (json_len(json_get(c, "policy_results")) > 0) {
		buf_add_str(out, "<dt>Policy</dt><dd>");
		html_value(out, json_get(c, "policy_results"));
		buf_add_str(out, "</dd>");
	}
	card_list(out, "Risks", json_get(c, "risks"));
	buf_add_str(out, "<dt>Confidence</dt><dd>");
	html_value(out, json_get(c, "confidence"));
	buf_add_str(out, "</dd><dt>Decision</dt><dd><code>");
	put_html(out, json_str_or(c, "decision_id", ""));
	buf_add_str(out, "</code></dd></dl></div></details>\n");
}

static void assumptions(struct buf *out, const cJSON *view)
{
	const cJSON *list = json_at(view, "/plan/assumptions"),
		    *open = json_at(view, "/plan/open_questions");

	if (json_len(list) > 0) {
		open_section(out, "assumptions", "Assumptions");
		open_table(out, "Of|Value|Why|Effect|If wrong");
		JSON_EACH (a, list) {
			const char *field = json_str_or(a, "field", ""),
				   *cost = state_assumption_cost(view, field);

			buf_add_str(out, "<tr>");
			td_code(out, json_str_or(a, "field", json_str_or(a, "id", "")));
			td_value(out, json_get(a, "value"));
			td(out, json_str_or(a, "why", ""));
			td(out, json_str_or(a, "effect", ""));
			td(out, cost != NULL ? cost : "");
			buf_add_str(out, "</tr>\n");
		}
		close_table(out);
		buf_add_str(out, "</section>\n");
	}
	if (json_len(open) == 0)
		return;
	open_section(out, "questions", "Open questions");
	buf_add_str(out, "<ul>");
	JSON_EACH (q, open) {
		buf_add_str(out, "<li>");
		put_html(out, json_text(q) ? json_text(q) : json_str_or(q, "text", ""));
		buf_add_str(out, "</li>");
	}
	buf_add_str(out, "</ul></section>\n");
}

static void nav(struct buf *out)
{
	static const struct {
		const char *id, *title;
	} at[] = { { "plan", "Plan" }, { "decisions", "Decisions" },
		{ "candidates", "Alternatives" }, { "cost", "Cost" },
		{ "constraints", "Constraints" }, { "policy", "Policy" },
		{ "findings", "Findings" }, { "checks", "Checks" },
		{ "assumptions", "Assumptions" }, { "questions", "Open questions" },
		{ "cards", "Reason Cards" } };
	struct buf links = BUF_INIT(1 << 16);
	char anchor[64];

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		snprintf(anchor, sizeof(anchor), "<section id=\"%s\"", at[i].id);
		if (strstr(out->ptr, anchor) != NULL)
			buf_addf(&links, "<a href=\"#%s\">%s</a>\n", at[i].id,
				at[i].title);
	}
	buf_add(out, links.ptr, links.len);
	buf_release(&links);
}

int write_html(const cJSON *view, const cJSON *cards, struct buf *out, struct err *e)
{
	struct buf line = BUF_INIT(BUF_NO_LIMIT), body = BUF_INIT(BUF_NO_LIMIT),
		   links = BUF_INIT(1 << 16);
	size_t before;

	(void)headline(view, &line);
	tiles(&body, view);
	plan(&body, view);
	cost(&body, view);
	constraints(&body, view);
	policy(&body, view);
	findings(&body, view);
	checks(&body, view);
	assumptions(&body, view);
	if (json_len(cards) > 0) {
		open_section(&body, "cards", "Reason Cards: who decided what, and why");
		JSON_EACH (c, cards)
			card(&body, c);
		buf_add_str(&body, "</section>\n");
	}
	before = body.len;
	nav(&body);
	buf_add(&links, body.ptr + before, body.len - before);
	buf_cut(&body, before);
	buf_add_str(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, "
		"initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
		"'none'; style-src 'unsafe-inline'\">\n"
		"<title>Design rationale</title>\n<style>\n");
	buf_add_str(out, style);
	buf_add_str(out,
		"</style>\n</head>\n<body>\n<main>\n<h1>Design rationale</h1>\n<p "
		"class=\"lead\">");
	put_html(out, line.ptr);
	buf_add_str(out, ".</p>\n<nav aria-label=\"Sections\">\n");
	buf_add(out, links.ptr, links.len);
	buf_add_str(out, "</nav>\n");
	buf_add(out, body.ptr, body.len);
	buf_add_str(out,
		"<footer>As data: <a href=\"rationale.json\">rationale.json</a>, <a "
		"href=\"policy.json\">policy.json</a>, "
		"<a href=\"cost.json\">cost.json</a>. In words: <a "
		"href=\"../docs/rationale.md\">docs/rationale.md</a>.</footer>\n"
		"</main>\n</body>\n</html>\n");
	if (line.failed || body.failed || links.failed)
		out->failed = 1;
	buf_release(&line);
	buf_release(&body);
	buf_release(&links);
	return buf_ok(out, e);
}
