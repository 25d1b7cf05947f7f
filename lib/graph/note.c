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
