/* What the nodes left in the state, for people. */
#include "graph.h"

#include <math.h>
#include <string.h>

static size_t count_status(const cJSON *list, const char *member, const char *status)
{
	size_t n = 0;

	JSON_EACH (item, list)
		n += strcmp(json_str_or(item, member, ""), status) == 0;
	return n;
}

static void note_plan(const cJSON *s, struct buf *out)
{
	const cJSON *usd = json_at(s, "/plan/estimates/monthly_usd");

	if (!json_bool_or(json_get(s, "plan"), "feasible", 0)) {
		buf_add_str(out, "no feasible plan");
		return;
	}
	buf_addf(out, "%zu slots, %zu candidates", json_len(json_at(s, "/plan/slots")),
		json_len(json_at(s, "/candidates/plans")));
	if (json_is(usd, JSON_NUMBER))
		buf_addf(out, ", about %.0f USD a month", json_number(usd, 0));
}

static void note_cost(const cJSON *s, struct buf *out)
{
	const cJSON *usd = json_at(s, "/cost/monthly_usd");
	double delta = json_number(json_at(s, "/cost/delta_vs_prev_usd"), NAN);

	if (!json_is(usd, JSON_NUMBER))
		return;
	buf_addf(out, "%.2f USD a month, %zu lines", json_number(usd, 0),
		json_len(json_at(s, "/cost/breakdown")));
	if (!isnan(delta))
		buf_addf(out, " (%+.2f)", delta);
}

static void note_policy(const cJSON *s, struct buf *out)
{
	const cJSON *rules = json_at(s, "/policy/rules");

	buf_addf(out, "%s: %zu rules, %zu warn, %zu fail",
		json_str_or(json_get(s, "policy"), "overall", "?"), json_len(rules),
		count_status(rules, "status", "warn"),
		count_status(rules, "status", "fail"));
}

static void note_reports(const cJSON *s, struct buf *out)
{
	const cJSON *checks = json_at(s, "/reports/checks");

	buf_addf(out, "%s",
		json_str_or(json_get(s, "reports"), "overall",
			json_str_or(json_get(s, "reports"), "status", "")));
	if (json_len(checks) > 0)
		buf_addf(out, ": %zu checks, %zu pass, %zu fail, %zu skipped",
			json_len(checks), count_status(checks, "status", "pass"),
			count_status(checks, "status", "fail"),
			count_status(checks, "status", "skipped"));
}

static void note_diff(const cJSON *s, struct buf *out)
{
	const cJSON *d = json_get(s, "diff_summary");
	const char *commit = json_text(json_get(d, "git_commit"));

	buf_addf(out, "%.0f added, %.0f modified, %.0f removed",
		json_num_or(d, "files_added", 0), json_num_or(d, "files_modified", 0),
		json_num_or(d, "files_removed", 0));
	if (commit != NULL)
		buf_addf(out, ", commit %.7s", commit);
}

/* "211 files, 2 edits kept, 1 merged" */
static void note_files(const cJSON *files, struct buf *out)
{
	size_t merged = 0, kept = 0, conflicts = 0;

	JSON_EACH (f, files) {
		const char *edit = json_str_or(f, "edit", "");

		merged += strcmp(edit, "merged") == 0;
		kept += strcmp(edit, "kept") == 0 || strcmp(edit, "orphan") == 0;
		conflicts += strcmp(edit, "conflict") == 0;
	}
	buf_addf(out, "%zu files", json_len(files));
	if (kept > 0)
		buf_addf(out, ", %zu edited file%s kept", kept, kept == 1 ? "" : "s");
	if (merged > 0)
		buf_addf(out, ", %zu merged", merged);
	if (conflicts > 0)
		buf_addf(out, ", %zu with conflict marks", conflicts);
}

void graph_note(enum node_id node, const cJSON *s, struct buf *out)
{
	switch (node) {
	case NODE_INTAKE_EXTRACT:
		buf_addf(out, "%zu fields", json_len(json_get(s, "constraints")));
		break;
	case NODE_COVERAGE_CHECK:
		buf_addf(out, "%.2f of %.2f needed",
			json_number(json_at(s, "/coverage/score"), 0),
			json_number(json_at(s, "/coverage/threshold"), 0));
		break;
	case NODE_ADAPTIVE_QUESTIONS:
		buf_addf(out, "%zu questions", json_len(json_get(s, "questions")));
		break;
	case NODE_PLANNER:
		note_plan(s, out);
		break;
	case NODE_CRITIC_TECH:
		buf_addf(out, "%zu findings, %zu high",
			json_len(json_at(s, "/critique/findings")),
			count_status(
				json_at(s, "/critique/findings"), "severity", "high"));
		break;
	case NODE_CRITIC_COST:
		note_cost(s, out);
		break;
	case NODE_POLICY_EVAL:
		note_policy(s, out);
		break;
	case NODE_GATE_HITL:
		buf_add_str(out, json_str_or(json_get(s, "hitl"), "status", ""));
		break;
	case NODE_CODEGEN:
		note_files(json_at(s, "/artifacts/files"), out);
		break;
	case NODE_VALIDATORS:
		note_reports(s, out);
		break;
	case NODE_RATIONALE_COMPILE:
		buf_addf(out, "%zu cards", json_len(json_get(s, "reason_cards")));
		break;
	case NODE_DIFF_AND_PERSIST:
		note_diff(s, out);
		break;
	default:
		break;
	}
}

static void review_slots(const cJSON *s, struct buf *out)
{
	buf_add_str(out, "Plan (");
	buf_add_shown(out, json_str_or(json_get(s, "plan"), "cloud", "?"));
	buf_add_str(out, json_len(json_at(s, "/plan/regions")) > 0 ? ", " : "");
	JSON_EACH (r, json_at(s, "/plan/regions")) {
		buf_add_shown(out, json_text(r) != NULL ? json_text(r) : "?");
		buf_add_str(out, json_next(r) != NULL ? ", " : "");
	}
	buf_add_str(out, "):\n");
	JSON_EACH (slot, json_at(s, "/plan/slots")) {
		size_t start = out->len;

		buf_add_str(out, "  ");
		buf_add_shown(out, json_str_or(slot, "slot", ""));
		do
			buf_add_char(out, ' ');
		while (out->len < start + 21 && !out->failed);
		buf_add_shown(out, json_str_or(slot, "pattern", ""));
		buf_add_char(out, '\n');
	}
}

static void review_figures(const cJSON *s, struct buf *out)
{
	const cJSON *est = json_at(s, "/plan/estimates");
	const cJSON *max = json_at(s, "/constraints/budget_band/max_usd");
	const cJSON *p95 = json_get(est, "p95_latency_ms");
	const cJSON *avail = json_get(est, "availability_pct");

	buf_add_str(out, "Cost:         ");
	note_cost(s, out);
	if (json_is(max, JSON_NUMBER))
		buf_addf(out, "; budget %.2f", json_number(max, 0));
	if (json_is(json_at(s, "/cost/delta_vs_prev_usd"), JSON_NUMBER))
		buf_addf(out, "; %+.2f against the version before",
			json_number(json_at(s, "/cost/delta_vs_prev_usd"), 0));
	buf_add_str(out, "\n");
	if (json_is(p95, JSON_NUMBER))
		buf_addf(out, "Latency p95:  %.0f ms\n", json_number(p95, 0));
	if (json_is(avail, JSON_NUMBER))
		buf_addf(out, "Availability: %.3f %%\n", json_number(avail, 0));
	buf_add_str(out, "Policy:       ");
	note_policy(s, out);
	buf_add_str(out, "\n");
}

/* "  fail  budget_band: ...", with nothing in it that a terminal would obey. */
static void review_line(
	struct buf *out, const char *kind, const char *of, const char *text)
{
	buf_addf(out, "  %-5s ", kind);
	if (of != NULL) {
		buf_add_shown(out, of);
		buf_add_str(out, ": ");
	}
	buf_add_shown(out, text);
	buf_add_char(out, '\n');
}

#define SHOWN 8 /* assumptions on the screen */

/* What the plan takes for granted; where there is more than a screen holds, how much. */
static void review_assumptions(const cJSON *list, struct buf *out)
{
	size_t n = 0;

	JSON_EACH (a, list)
		if (n++ < SHOWN)
			review_line(out, "takes",
				json_str_or(a, "field", json_str_or(a, "id", "?")),
				json_str_or(a, "why", json_str_or(a, "effect", "")));
	if (n > SHOWN)
		buf_addf(out, "  ...   and %zu more assumptions\n", n - SHOWN);
}

void graph_review(const cJSON *s, struct buf *out)
{
	review_slots(s, out);
	review_figures(s, out);
	JSON_EACH (r, json_at(s, "/policy/rules")) {
		const char *status = json_str_or(r, "status", "");

		if (strcmp(status, "warn") == 0 || strcmp(status, "fail") == 0)
			review_line(out, status, json_str_or(r, "id", ""),
				json_str_or(r, "detail", ""));
	}
	JSON_EACH (f, json_at(s, "/critique/findings"))
		if (strcmp(json_str_or(f, "severity", ""), "high") == 0 ||
			strcmp(json_str_or(f, "severity", ""), "medium") == 0)
			review_line(out,
				*json_str_or(f, "severity", "") == 'h' ? "high" : "risk",
				json_str_or(f, "component", ""),
				json_str_or(f, "title", ""));
	review_assumptions(json_at(s, "/plan/assumptions"), out);
	JSON_EACH (q, json_at(s, "/plan/open_questions"))
		if (json_text(q) != NULL)
			review_line(out, "open", NULL, json_text(q));
	JSON_EACH (r, json_at(s, "/hitl/reasons"))
		if (json_text(r) != NULL)
			review_line(out, "gate", NULL, json_text(r));
}
