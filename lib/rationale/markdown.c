/*
 * docs/rationale.md: each decision, the constraints with the words they rest on,
 * what was rejected and by which numbers, assumptions, risks. Nothing of it depends
 * on which tools were installed.
 */
#include <string.h>

#include "compile.h"

struct md {
	struct buf *out;
	const cJSON *view, *cards;
};

static void cell(struct md *m, const char *text)
{
	put_md(m->out, text);
	buf_add_str(m->out, " | ");
}

static void cell_value(struct md *m, const cJSON *v)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);

	put_value(&b, v);
	cell(m, b.ptr);
	buf_release(&b);
}

static void cell_usd(struct md *m, const cJSON *v)
{
	struct buf b = BUF_INIT(64);

	if (json_is(v, JSON_NUMBER))
		put_usd(&b, json_number(v, 0));
	else
		buf_add_str(&b, "unknown");
	cell(m, b.ptr);
	buf_release(&b);
}

static void row(struct md *m)
{
	buf_add_str(m->out, "| ");
}

static void end(struct md *m)
{
	buf_cut(m->out, m->out->len - 1);
	buf_add_char(m->out, '\n');
}

static void head(struct md *m, const char *title, const char *columns)
{
	size_t n = 1;

	buf_addf(m->out, "\n## %s\n\n", title);
	if (columns == NULL)
		return;
	buf_addf(m->out, "| %s |\n|", columns);
	for (const char *p = columns; *p != '\0'; p++)
		n += *p == '|';
	while (n-- > 0)
		buf_add_str(m->out, " --- |");
	buf_add_char(m->out, '\n');
}

/* "/constraints/budget_band/max_usd" -> "budget band, max usd". */
static void put_pointer(struct buf *out, const char *pointer)
{
	const char *p =
		strncmp(pointer, "/constraints/", 13) == 0 ? pointer + 13 : pointer;

	for (; *p != '\0'; p++) {
		if (*p == '/')
			buf_add_str(out, ", ");
		else
			buf_add_char(out, *p == '_' ? ' ' : *p);
	}
}

static void constraints(struct md *m)
{
	const cJSON *prov = json_get(m->view, "provenance");

	head(m, "Constraints, and the words they rest on",
		"Constraint | Value | From | Evidence");
	JSON_EACH (p, prov) {
		const cJSON *value = json_at(m->view, json_key(p));
		struct buf name = BUF_INIT(4096);

		if (value == NULL)
			continue;
		put_pointer(&name, json_key(p));
		row(m);
		cell(m, name.ptr);
		cell_value(m, value);
		cell(m, json_str_or(p, "source", "-"));
		cell(m, json_str_or(p, "quote", json_str_or(p, "rule", "-")));
		end(m);
		buf_release(&name);
	}
	JSON_EACH (c, json_get(m->view, "constraints")) {
		struct buf pointer = BUF_INIT(4096);
		int told = 0;

		buf_add_str(&pointer, "/constraints");
		json_pointer_add(&pointer, json_key(c));
		JSON_EACH (p, prov)
			told |= strncmp(json_key(p), pointer.ptr, pointer.len) == 0;
		if (!told) {
			struct buf name = BUF_INIT(4096);

			put_pointer(&name, pointer.ptr);
			row(m);
			cell(m, name.ptr);
			cell_value(m, c);
			cell(m, "-");
			cell(m, "-");
			end(m);
			buf_release(&name);
		}
		buf_release(&pointer);
	}
}

#define REJECTED_MAX 12

static void slot(struct md *m, const cJSON *s)
{
	const char *name = json_str_or(s, "slot", json_str_or(s, "module", ""));
	const cJSON *no[REJECTED_MAX];
	int n = rejected_for(m->view, name, no, REJECTED_MAX);

	buf_add_str(m->out, "\n### ");
	put_md(m->out, name);
	buf_add_str(m->out, ": ");
	put_md(m->out, json_str_or(s, "title", json_str_or(s, "pattern", "")));
	buf_add_str(m->out, "\n\n");
	put_md(m->out,
		json_str_or(s, "why", "The only pattern that meets the constraints."));
	buf_add_str(m->out, "\n\n- Pattern: `");
	buf_addf(m->out, "%s` %s\n", json_str_or(s, "pattern", ""),
		json_str_or(s, "version", ""));
	if (json_is(json_get(s, "monthly_usd"), JSON_NUMBER)) {
		buf_add_str(m->out, "- Cost: ");
		put_usd(m->out, json_num_or(s, "monthly_usd", 0));
		buf_add_str(m->out, " a month\n");
	}
	if (json_len(json_get(s, "params")) > 0) {
		struct buf b = BUF_INIT(BUF_NO_LIMIT);

		put_value(&b, json_get(s, "params"));
		buf_add_str(m->out, "- Sized: ");
		put_md(m->out, b.ptr);
		buf_add_char(m->out, '\n');
		buf_release(&b);
	}
	for (int i = 0; i < n; i++) {
		buf_add_str(m->out, i == 0 ? "\nNot chosen:\n\n- `" : "- `");
		buf_addf(m->out, "%s`: ", json_str_or(no[i], "pattern", ""));
		put_md(m->out, json_str_or(no[i], "why", ""));
		buf_add_char(m->out, '\n');
	}
}

static void decisions(struct md *m)
{
	const cJSON *plan = json_get(m->view, "plan");

	if (json_len(json_get(plan, "slots")) == 0)
		return;
	head(m, "Decisions", NULL);
	buf_add_str(m->out,
		json_bool_or(plan, "optimal", 0)
			? "The plan is the best of all that the patterns allow, under "
			  "known prices: the search was exhaustive.\n"
			: "The plan is the best that was found; the search was not "
			  "exhaustive.\n");
	JSON_EACH (s, json_get(plan, "slots"))
		slot(m, s);
	if (json_len(json_get(plan, "bases")) == 0)
		return;
	buf_add_str(m->out, "\n### Shared foundations\n\n");
	JSON_EACH (b, json_get(plan, "bases")) {
		struct buf by = BUF_INIT(BUF_NO_LIMIT);

		put_value(&by, json_get(b, "shared_by"));
		buf_addf(m->out, "- `%s` for ", json_str_or(b, "pattern", ""));
		put_md(m->out, by.ptr);
		buf_add_char(m->out, '\n');
		buf_release(&by);
	}
}

static void candidates(struct md *m)
{
	const cJSON *plans = json_at(m->view, "/candidates/plans");
	size_t rank = 1;

	if (json_len(plans) < 2)
		return;
	head(m, "Whole plans compared",
		"Rank | Per month | 95th percentile ms | Availability % | Burden | "
		"Differs");
	JSON_EACH (p, plans) {
		struct buf b = BUF_INIT(BUF_NO_LIMIT);
		const cJSON *est = json_get(p, "estimates");
		char number[24];

		snprintf(number, sizeof(number), "%zu", rank++);
		put_difference(&b, json_first(plans), p);
		row(m);
		cell(m, number);
		cell_usd(m, json_get(est, "monthly_usd"));
		cell_value(m, json_get(est, "p95_latency_ms"));
		cell_value(m, json_get(est, "availability_pct"));
		cell_value(m, json_at(p, "/objective/burden"));
		cell(m, b.ptr);
		end(m);
		buf_release(&b);
	}
}

static void cost(struct md *m)
{
	const cJSON *c = json_get(m->view, "cost");
	const cJSON *by = json_get(c, "by_service");

	if (c == NULL)
		return;
	head(m, "Cost", NULL);
	put_md(m->out, "Per month: ");
	put_usd(m->out, json_num_or(c, "monthly_usd", 0));
	if (json_is(json_get(c, "low_usd"), JSON_NUMBER)) {
		buf_add_str(m->out, " (from ");
		put_usd(m->out, json_num_or(c, "low_usd", 0));
		buf_add_str(m->out, " to ");
		put_usd(m->out, json_num_or(c, "high_usd", 0));
		buf_add_str(m->out, " over the range of the load)");
	}
	buf_add_str(m->out,
		json_bool_or(c, "lower_bound", 0)
			? ", a lower bound: some lines have no price. Every line with "
			  "its source is in "
			: ". Every line with its source is in ");
	buf_add_str(m->out, "[reports/cost.json](../reports/cost.json).\n");
	if (json_len(by) == 0)
		return;
	buf_add_str(m->out, "\n| Service | Per month |\n| --- | --- |\n");
	JSON_EACH (s, by) {
		row(m);
		cell(m, json_str_or(s, "service", json_str_or(s, "name", "-")));
		cell_usd(m, json_get(s, "usd"));
		end(m);
	}
}

static void policy(struct md *m)
{
	const cJSON *rules = json_at(m->view, "/policy/rules");

	if (json_len(rules) == 0)
		return;
	head(m, "Policy", "Rule | Verdict | Detail");
	JSON_EACH (r, rules) {
		row(m);
		cell(m, json_str_or(r, "title", json_str_or(r, "id", "")));
		cell(m, json_has(r, "waiver") ? "waived" : json_str_or(r, "status", ""));
		cell(m, json_str_or(r, "detail", ""));
		end(m);
	}
	if (json_len(json_at(m->view, "/policy/waivers")) == 0)
		return;
	head(m, "Waivers", "Rule | Owner | Reason | Until | State");
	JSON_EACH (w, json_at(m->view, "/policy/waivers")) {
		row(m);
		cell(m, json_str_or(w, "rule", ""));
		cell(m, json_str_or(w, "owner", ""));
		cell(m, json_str_or(w, "reason", ""));
		cell(m, json_str_or(w, "expires", ""));
		cell(m, json_str_or(w, "state", ""));
		end(m);
	}
}

static void findings(struct md *m)
{
	const cJSON *found = json_at(m->view, "/critique/findings");

	if (json_len(found) == 0)
		return;
	head(m, "Technical findings", "Severity | Finding | Detail | Remedy");
	JSON_EACH (f, found) {
		row(m);
		cell(m, json_str_or(f, "severity", ""));
		cell(m, json_str_or(f, "title", json_str_or(f, "id", "")));
		cell(m, json_str_or(f, "detail", ""));
		cell(m, json_str_or(json_get(f, "remedy"), "action", "-"));
		end(m);
	}
}

static void assumptions(struct md *m)
{
	const cJSON *a = json_at(m->view, "/plan/assumptions");

	if (json_len(a) == 0)
		return;
	head(m, "Assumptions", "Of | Value | Why | Effect | If wrong");
	JSON_EACH (x, a) {
		const char *cost =
			state_assumption_cost(m->view, json_str_or(x, "field", ""));

		row(m);
		cell(m, json_str_or(x, "field", json_str_or(x, "id", "")));
		cell_value(m, json_get(x, "value"));
		cell(m, json_str_or(x, "why", ""));
		cell(m, json_str_or(x, "effect", ""));
		cell(m, cost != NULL ? cost : "-");
		end(m);
	}
}

/* Risks of the nodes before the checks; what the checks found is in reports/. */
static void risks(struct md *m)
{
	int any = 0;

	JSON_EACH (c, m->cards) {
		if (strcmp(json_str_or(c, "node_name", ""), "validators") == 0)
			continue;
		JSON_EACH (r, json_get(c, "risks")) {
			const char *text = json_text(r), *probe = NULL;

			if (text == NULL)
				continue;
			if (!any)
				head(m, "Risks, and what would settle them",
					"Risk | Seen by | Probe");
			any = 1;
			JSON_EACH (p, json_get(c, "probes"))
				if (strcmp(json_str_or(p, "risk", ""), text) == 0)
					probe = json_str_or(p, "probe", NULL);
			row(m);
			cell(m, text);
			cell(m, json_str_or(c, "node_name", ""));
			cell(m, probe != NULL ? probe : "-");
			end(m);
		}
	}
}

static void questions(struct md *m)
{
	const cJSON *q = json_at(m->view, "/plan/open_questions");

	if (json_len(q) == 0)
		return;
	head(m, "Open questions", NULL);
	JSON_EACH (x, q) {
		buf_add_str(m->out, "- ");
		put_md(m->out, json_text(x) ? json_text(x) : json_str_or(x, "text", ""));
		buf_add_char(m->out, '\n');
	}
}

static void approval(struct md *m)
{
	const cJSON *h = json_get(m->view, "hitl");

	if (h == NULL)
		return;
	head(m, "Approval", NULL);
	buf_add_str(m->out, "Status: ");
	put_md(m->out, json_str_or(h, "status", "unknown"));
	buf_add_char(m->out, '\n');
	JSON_EACH (w, json_get(h, "waived")) {
		buf_add_str(m->out, "- Waived: ");
		put_md(m->out,
			json_text(w) ? json_text(w)
				     : json_str_or(w, "rule", json_str_or(w, "id", "")));
		if (json_str_or(w, "reason", NULL) != NULL) {
			buf_add_str(m->out, ": ");
			put_md(m->out, json_str_or(w, "reason", ""));
		}
		buf_add_char(m->out, '\n');
	}
}

int write_markdown(const cJSON *view, const cJSON *cards, struct buf *out, struct err *e)
{
	struct md m = { out, view, cards };
	struct buf line = BUF_INIT(BUF_NO_LIMIT);

	(void)headline(view, &line);
	buf_add_str(out, "# Design Rationale\n\n");
	put_md(out, line.ptr);
	buf_add_str(out,
		".\n\nThe same with diagram and check results: "
		"[reports/index.html](../reports/index.html). "
		"Every Reason Card: "
		"[reports/rationale.json](../reports/rationale.json).\n");
	buf_release(&line);
	constraints(&m);
	decisions(&m);
	candidates(&m);
	cost(&m);
	policy(&m);
	findings(&m);
	assumptions(&m);
	risks(&m);
	questions(&m);
	approval(&m);
	return buf_ok(out, e);
}
