/* What the documents have in common: the headline and state.rationale. */
#include <string.h>

#include "compile.h"

static void put_list(struct buf *out, const cJSON *list, const char *otherwise)
{
	if (json_len(list) > 0)
		put_value(out, list);
	else
		buf_add_str(out, otherwise);
}

int headline(const cJSON *view, struct buf *out)
{
	const cJSON *plan = json_get(view, "plan"), *est = json_get(plan, "estimates");
	double usd = json_num_or(json_get(view, "cost"), "monthly_usd",
		json_num_or(est, "monthly_usd", -1));
	double p95 = json_num_or(est, "p95_latency_ms", -1);
	double up = json_num_or(est, "availability_pct", -1);
	const char *verdict = json_str_or(json_get(view, "policy"), "overall", NULL);

	if (plan == NULL ||
		!json_bool_or(plan, "feasible", json_len(json_get(plan, "slots")) > 0)) {
		buf_add_str(out, plan == NULL ? "No plan yet" : "No feasible plan");
		return 0;
	}
	buf_addf(out, "%zu components", json_len(json_get(plan, "slots")));
	buf_add_str(out, " on ");
	buf_add_str(out, json_str_or(plan, "cloud", "a cloud"));
	buf_add_str(out, " in ");
	put_list(out, json_get(plan, "regions"), "no named region");
	if (usd >= 0) {
		buf_add_str(out, ": ");
		put_usd(out, usd);
		buf_add_str(out, " a month");
	}
	if (p95 >= 0) {
		buf_add_str(out, ", 95th percentile latency ");
		put_num(out, p95);
		buf_add_str(out, " ms");
	}
	if (up >= 0) {
		buf_add_str(out,
			json_bool_or(est, "availability_at_most", 0)
				? ", availability at most "
				: ", availability ");
		put_num(out, up);
		buf_add_str(out, " %");
	}
	if (verdict != NULL)
		buf_addf(out, "; policy verdict: %s", verdict);
	return 0;
}

int rejected_for(const cJSON *view, const char *slot, const cJSON **at, size_t max)
{
	size_t n = 0;

	JSON_EACH (w, json_at(view, "/candidates/why_not"))
		if (n < max && strcmp(json_str_or(w, "slot", ""), slot) == 0)
			at[n++] = w;
	return (int)n;
}

static int add_decisions(cJSON *out, const cJSON *cards, struct err *e)
{
	cJSON *list = json_add_array(out, "decisions", e);

	JSON_EACH (c, cards) {
		cJSON *d = list == NULL ? NULL : json_push_object(list, e);
		const char *node = json_str_or(c, "node_name", "");

		if (d == NULL ||
			json_set_str(d, "id", json_str_or(c, "decision_id", ""), e) < 0 ||
			json_set_str(d, "node", node, e) < 0 ||
			json_set_str(d, "title", json_str_or(c, "agent", node), e) < 0 ||
			json_set_str(d, "choice", json_text(json_at(c, "/choice/id")),
				e) < 0 ||
			json_set_str(d, "why",
				json_text(json_at(c, "/choice/justification")), e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

static int add_constraints(cJSON *out, const cJSON *view, struct err *e)
{
	cJSON *list = json_add_array(out, "constraints", e);

	JSON_EACH (p, json_get(view, "provenance")) {
		const cJSON *value = json_at(view, json_key(p));
		struct buf text = BUF_INIT(BUF_NO_LIMIT);
		cJSON *o =
			list == NULL || value == NULL ? NULL : json_push_object(list, e);
		int ret;

		if (value == NULL)
			continue;
		put_value(&text, value);
		ret = o == NULL || buf_ok(&text, e) < 0 ||
				json_set_str(o, "pointer", json_key(p), e) < 0 ||
				json_set_str(o, "value", text.ptr, e) < 0 ||
				json_set_str(o, "source",
					json_str_or(p, "source", "unknown"), e) < 0 ||
				json_set_str(o, "quote", json_text(json_get(p, "quote")),
					e) < 0
			? -1
			: json_is(json_get(p, "confidence"), JSON_NUMBER)
			? json_set_num(
				  o, "confidence", json_num_or(p, "confidence", 0), e)
			: json_set_null(o, "confidence", e);
		buf_release(&text);
		if (ret < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

static const char *probe_of(const cJSON *card, const char *risk)
{
	JSON_EACH (p, json_get(card, "probes"))
		if (strcmp(json_str_or(p, "risk", ""), risk) == 0)
			return json_text(json_get(p, "probe"));
	return NULL;
}

static int add_risks(cJSON *out, const cJSON *cards, struct err *e)
{
	cJSON *list = json_add_array(out, "risks", e);

	JSON_EACH (c, cards)
		JSON_EACH (r, json_get(c, "risks")) {
			const char *risk = json_text(r);
			cJSON *o = list == NULL || risk == NULL
				? NULL
				: json_push_object(list, e);

			if (risk == NULL)
				continue;
			if (o == NULL || json_set_str(o, "risk", risk, e) < 0 ||
				json_set_str(o, "node", json_str_or(c, "node_name", ""),
					e) < 0 ||
				json_set_str(o, "probe", probe_of(c, risk), e) < 0)
				return -1;
		}
	return list == NULL ? -1 : 0;
}

int rationale_fill(cJSON *out, const cJSON *view, const cJSON *cards, struct err *e)
{
	struct buf line = BUF_INIT(BUF_NO_LIMIT);
	const cJSON *assumed = json_at(view, "/plan/assumptions");
	int ret;

	(void)headline(view, &line);
	ret = buf_ok(&line, e) < 0 || json_set_str(out, "headline", line.ptr, e) < 0 ||
			add_decisions(out, cards, e) < 0 ||
			add_constraints(out, view, e) < 0
		? -1
		: 0;
	buf_release(&line);
	if (ret < 0)
		return -1;
	if (assumed != NULL ? json_set_copy(out, "assumptions", assumed, e) < 0
			    : json_add_array(out, "assumptions", e) == NULL)
		return -1;
	return add_risks(out, cards, e);
}
