/* Tables and drawings of a plan. */
#include "faces.h"

#include <string.h>

#include "base/proc.h"

/* ---- text ---- */

static void text_slots(const cJSON *plan, struct buf *out)
{
	buf_addf(out, "%-20s %-34s %12s  %s\n", "slot", "pattern", "USD a month", "");
	JSON_EACH (s, json_get(plan, "slots"))
		buf_addf(out, "%-20s %-34s %12.2f  %s%s\n", json_str_or(s, "slot", "?"),
			json_str_or(s, "pattern", "?"), json_num_or(s, "monthly_usd", 0),
			json_has(s, "shared_instance") ? "with " : "",
			json_str_or(s, "shared_instance", ""));
	JSON_EACH (b, json_get(plan, "bases"))
		buf_addf(out, "%-20s %-34s %12s  %zu slots\n",
			json_str_or(b, "module", "?"), json_str_or(b, "pattern", "?"),
			"shared by", json_len(json_get(b, "shared_by")));
}

static void text_path(const cJSON *path, struct buf *out)
{
	buf_addf(out, "%-20s", json_str_or(path, "title", "path"));
	if (json_is(json_get(path, "p95_latency_ms"), JSON_NUMBER))
		buf_addf(out, " p50 %.1f, p95 %.1f, p99 %.1f ms,",
			json_num_or(path, "p50_latency_ms", 0),
			json_num_or(path, "p95_latency_ms", 0),
			json_num_or(path, "p99_latency_ms", 0));
	buf_addf(out, " %.5g %% available%s\n", json_num_or(path, "availability_pct", 0),
		json_true(json_get(path, "availability_at_most")) ? " at most" : "");
}

static void text_sums(const cJSON *plan, struct buf *out)
{
	const cJSON *est = json_get(plan, "estimates");

	buf_addf(out, "\n%-20s $%.2f a month, between $%.2f and $%.2f (%s)\n", "in sum",
		json_num_or(est, "monthly_usd", 0), json_num_or(est, "low_usd", 0),
		json_num_or(est, "high_usd", 0), json_str_or(est, "prices", ""));
	buf_addf(out, "%-20s", "in");
	JSON_EACH (r, json_get(plan, "regions"))
		buf_addf(out, " %s", json_text(r) != NULL ? json_text(r) : "?");
	buf_add_char(out, '\n');
	JSON_EACH (path, json_get(plan, "paths"))
		text_path(path, out);
	buf_addf(out, "%-20s %s, %.0f nodes searched\n", "proof",
		json_true(json_get(plan, "optimal")) ? "no plan is better"
						     : "the node limit cut it short",
		json_number(json_at(plan, "/proof/nodes"), 0));
}

static void text_rest(const cJSON *plan, const cJSON *candidates, struct buf *out)
{
	buf_add_str(out, "\nwhy not\n");
	JSON_EACH (w, json_get(candidates, "why_not"))
		if (json_text(json_get(w, "slot")) != NULL)
			buf_addf(out, "  %-34s %s\n", json_str_or(w, "pattern", "?"),
				json_str_or(w, "why", ""));
	buf_add_str(out, "\nto check before building\n");
	JSON_EACH (q, json_get(plan, "quotas"))
		if (json_text(json_get(q, "check")) != NULL)
			buf_addf(out, "  %s of %s: needs %.6g %s\n    %s\n",
				json_str_or(q, "quota", "?"),
				json_str_or(q, "service", "?"), json_num_or(q, "need", 0),
				json_str_or(q, "unit", ""), json_str_or(q, "check", ""));
	JSON_EACH (c, json_at(plan, "/preflight/classes"))
		if (strcmp(json_str_or(c, "available", ""), "yes") != 0)
			buf_addf(out, "  %s in %s\n    %s\n",
				json_str_or(c, "class", "?"),
				json_str_or(c, "region", "?"),
				json_str_or(c, "check", ""));
	if (json_len(json_get(plan, "open_questions")) > 0)
		buf_add_str(out, "\nopen questions\n");
	JSON_EACH (q, json_get(plan, "open_questions"))
		buf_addf(out, "  %s\n", json_text(q) != NULL ? json_text(q) : "");
}

static void text_conflicts(const cJSON *plan, const cJSON *candidates, struct buf *out)
{
	buf_addf(out, "nothing fits: %s\n", json_str_or(plan, "why", ""));
	JSON_EACH (set, json_get(candidates, "conflicts")) {
		int first = 1;

		buf_add_str(out, "  these cannot all hold:");
		JSON_EACH (it, set) {
			buf_addf(out, "%s %s", first ? "" : ",",
				json_text(it) != NULL ? json_text(it) : "?");
			first = 0;
		}
		buf_add_char(out, '\n');
	}
	JSON_EACH (n, json_get(candidates, "nearest"))
		buf_addf(out, "  %s: %.10g would do, $%.2f a month (stated: %.10g)\n",
			json_str_or(n, "constraint", "?"), json_num_or(n, "value", 0),
			json_number(json_at(n, "/gives/monthly_usd"), 0),
			json_num_or(n, "stated", 0));
}

int plan_text(const cJSON *state, struct buf *out, struct err *e)
{
	const cJSON *plan = json_get(state, "plan");
	const cJSON *candidates = json_get(state, "candidates");

	if (json_true(json_get(plan, "feasible"))) {
		text_slots(plan, out);
		text_sums(plan, out);
		text_rest(plan, candidates, out);
	} else {
		text_conflicts(plan, candidates, out);
	}
	return buf_ok(out, e);
}

/* ---- drawings ---- */

int plan_mermaid(const cJSON *state, struct buf *out, struct err *e)
{
	buf_add_str(out,
		json_str_or(
			json_get(state, "plan"), "diagram_mermaid", "flowchart LR\n"));
	return buf_ok(out, e);
}

static void quoted(struct buf *out, const char *text)
{
	buf_add_char(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
	buf_add_char(out, '"');
}

static void dot_part(
	struct buf *out, const char *name, const char *title, const char *shape)
{
	buf_add_str(out, "  ");
	quoted(out, name);
	buf_addf(out, " [shape=%s, label=", shape);
	buf_add_char(out, '"');
	for (const char *t[] = { name, "\\n", title }, **p = t; p < t + 3; p++)
		for (const char *c = *p; *c != '\0'; c++) {
			if (*c == '"' || (*c == '\\' && p != t + 1))
				buf_add_char(out, '\\');
			buf_add_char(out, *c);
		}
	buf_add_str(out, "\"];\n");
}

/* Keys and logs reach everything: their lines would hide the others. */
static int is_everywhere(const char *port)
{
	return strncmp(port, "sec.", 4) == 0 || strcmp(port, "obs.logs") == 0;
}

int plan_dot(const cJSON *state, struct buf *out, struct err *e)
{
	const cJSON *plan = json_get(state, "plan");

	buf_add_str(out,
		"digraph plan {\n  rankdir=LR;\n  node [fontname=\"Helvetica\"];\n"
		"  edge [fontname=\"Helvetica\", fontsize=10];\n");
	JSON_EACH (s, json_get(plan, "slots"))
		if (!json_has(s, "shared_instance"))
			dot_part(out, json_str_or(s, "slot", "?"),
				json_str_or(s, "title", ""), "box");
	JSON_EACH (b, json_get(plan, "bases"))
		dot_part(out, json_str_or(b, "module", "?"), json_str_or(b, "title", ""),
			"cylinder");
	JSON_EACH (ed, json_get(plan, "edges")) {
		const char *port = json_str_or(ed, "port", "");
		int writes = json_true(json_get(ed, "writes"));

		if (is_everywhere(port))
			continue;
		buf_add_str(out, "  ");
		quoted(out, json_str_or(ed, writes ? "to" : "from", "?"));
		buf_add_str(out, " -> ");
		quoted(out, json_str_or(ed, writes ? "from" : "to", "?"));
		buf_add_str(out, " [label=");
		quoted(out, port);
		buf_add_str(out, "];\n");
	}
	buf_add_str(out, "}\n");
	return buf_ok(out, e);
}

#define DOT_NS ((int64_t)20 * 1000000000)

int plan_svg(const cJSON *state, struct buf *out, struct err *e)
{
	static const char *const argv[] = { "dot", "-Tsvg", NULL };
	struct buf dot = BUF_INIT((size_t)4 << 20), said = BUF_INIT(4096);
	struct proc_spec spec = {
		.argv = argv, .out = out, .err = &said, .timeout_ns = DOT_NS
	};
	struct proc_result r = { 0 };
	int ret = -1;

	if (!proc_find("dot", NULL, &said)) {
		err_fill(e, ERR_CONFIG,
			"dot is not installed: Graphviz draws the SVG (--format dot and "
			"mermaid need nothing)");
		goto done;
	}
	buf_reset(&said);
	if (plan_dot(state, &dot, e) < 0)
		goto done;
	spec.in = dot.ptr;
	spec.in_len = dot.len;
	if (proc_run(&spec, &r, e) < 0)
		goto done;
	if (r.status != 0 || r.signal != 0 || r.timed_out)
		err_fill(e, ERR_INTERNAL, "dot did not draw the plan: %.200s", said.ptr);
	else
		ret = buf_ok(out, e);
done:
	buf_release(&dot);
	buf_release(&said);
	return ret;
}
