#include "cards.h"

#include <stdarg.h>

cJSON *card_add(cJSON *cards, const char *agent, struct err *e)
{
	static const char *const order[] = { "decision_id", "run_id", "agent",
		"node_name", "node_version", "trigger" };
	cJSON *c = json_push_object(cards, e), *in, *impacts;
	int bad = c == NULL;

	for (size_t i = 0; !bad && i < ARRAY_LEN(order); i++)
		bad = json_set_null(c, order[i], e) < 0;
	if (bad || json_set_str(c, "agent", agent, e) < 0)
		return NULL;
	in = json_add_object(c, "inputs", e);
	bad = in == NULL || json_add_array(in, "constraints_keys", e) == NULL ||
		json_add_array(in, "artifacts", e) == NULL ||
		json_add_array(in, "prior_decisions", e) == NULL ||
		json_add_array(c, "candidates", e) == NULL ||
		json_set_null(c, "choice", e) < 0 ||
		json_add_object(c, "policy_results", e) == NULL;
	impacts = bad ? NULL : json_add_object(c, "impacts", e);
	bad = impacts == NULL || json_set_null(impacts, "monthly_usd", e) < 0 ||
		json_set_null(impacts, "p95_latency_ms", e) < 0 ||
		json_set_null(impacts, "availability_pct", e) < 0 ||
		json_set_num(c, "confidence", 1, e) < 0 ||
		json_add_array(c, "risks", e) == NULL ||
		json_add_array(c, "probes", e) == NULL ||
		json_add_object(c, "links", e) == NULL ||
		json_set_null(c, "prompt_pack_hash", e) < 0 ||
		json_set_null(c, "ts", e) < 0;
	return bad ? NULL : c;
}

int card_input_key(cJSON *card, const char *key, struct err *e)
{
	return json_push_str(json_edit(card, "/inputs/constraints_keys"), key, e);
}

int card_input_artifact(cJSON *card, const char *artifact, struct err *e)
{
	return json_push_str(json_edit(card, "/inputs/artifacts"), artifact, e);
}

int card_candidate(
	cJSON *card, const char *id, const char *summary, cJSON *tradeoffs, struct err *e)
{
	cJSON *c = json_push_object(json_edit(card, "/candidates"), e);

	if (tradeoffs == NULL)
		tradeoffs = json_new_array(e);
	if (c == NULL || json_set_str(c, "id", id, e) < 0 ||
		json_set_str(c, "summary", summary, e) < 0) {
		json_free(tradeoffs);
		return -1;
	}
	return json_set(c, "tradeoffs", tradeoffs, e);
}

int card_choice(cJSON *card, const char *id, struct err *e, const char *why, ...)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	cJSON *c = json_add_object(card, "choice", e);
	va_list ap;
	int ret = -1;

	va_start(ap, why);
	buf_vaddf(&text, why, ap);
	va_end(ap);
	if (c != NULL && buf_ok(&text, e) == 0 && json_set_str(c, "id", id, e) == 0)
		ret = json_set_str(c, "justification", text.ptr, e);
	buf_release(&text);
	return ret;
}

int card_policy(cJSON *card, const char *rule, const char *status, struct err *e)
{
	return json_set_str(json_edit(card, "/policy_results"), rule, status, e);
}

int card_risk(cJSON *card, const char *risk, const char *probe, struct err *e)
{
	cJSON *p;

	if (json_push_str(json_edit(card, "/risks"), risk, e) < 0)
		return -1;
	if (probe == NULL)
		return 0;
	p = json_push_object(json_edit(card, "/probes"), e);
	if (p == NULL || json_set_str(p, "risk", risk, e) < 0)
		return -1;
	return json_set_str(p, "probe", probe, e);
}

int card_link(cJSON *card, const char *name, const char *path, struct err *e)
{
	return json_set_str(json_edit(card, "/links"), name, path, e);
}

int card_impact(cJSON *card, const char *name, double value, struct err *e)
{
	return json_set_num(json_edit(card, "/impacts"), name, value, e);
}

int card_confidence(cJSON *card, double confidence, struct err *e)
{
	return json_set_num(card, "confidence", confidence, e);
}
