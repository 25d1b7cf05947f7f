/* Semantic digests of a state's parts. */
#include "approval.h"

struct texts {
	char **at;
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The listed members of an object; what is not there is left out. */
static int take(cJSON *to, const cJSON *from, const char *const *keys, struct err *e)
{
	for (; *keys != NULL; keys++) {
		const cJSON *v = json_get(from, *keys);

		if (v != NULL && json_set_copy(to, *keys, v, e) < 0)
			return -1;
	}
	return 0;
}

static char *reduced(const cJSON *item, const char *const *keys, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	cJSON *part = json_new_object(e);
	char *out = NULL;

	if (part != NULL && take(part, item, keys, e) == 0 &&
		json_canonical(part, &text, e) == 0)
		out = buf_take(&text);
	json_free(part);
	buf_release(&text);
	return out;
}

/* Adds the items of a list, each reduced to `keys`, in an order of their own. */
static int add_set(cJSON *to, const char *name, const cJSON *list,
	const char *const *keys, struct err *e)
{
	struct texts t = { .at = calloc(json_len(list) + 1, sizeof(*t.at)) };
	cJSON *out = json_add_array(to, name, e);
	int ret = -1;

	if (t.at == NULL || out == NULL) {
		err_no_memory(e);
		goto out;
	}
	JSON_EACH (item, list) {
		t.at[t.n] = reduced(item, keys, e);
		if (t.at[t.n] == NULL)
			goto out;
		t.n++;
	}
	qsort(t.at, t.n, sizeof(*t.at), by_text);
	for (size_t i = 0; i < t.n; i++)
		if (json_push_str(out, t.at[i], e) < 0)
			goto out;
	ret = 0;
out:
	for (size_t i = 0; i < t.n; i++)
		free(t.at[i]);
	free(t.at);
	return ret;
}

static int of_plan(cJSON *to, const cJSON *plan, struct err *e)
{
	static const char *const top[] = { "feasible", "cloud", "regions", NULL };
	static const char *const slot[] = { "slot", "pattern", "version", "params",
		"module", NULL };
	static const char *const edge[] = { "from", "to", "port", NULL };
	static const char *const bom[] = { "component", "sku", "region", "qty", "kind",
		"slot", "base", NULL };
	static const char *const assumed[] = { "field", "value", NULL };

	if (take(to, plan, top, e) < 0 ||
		add_set(to, "slots", json_get(plan, "slots"), slot, e) < 0)
		return -1;
	if (add_set(to, "bases", json_get(plan, "bases"), slot, e) < 0 ||
		add_set(to, "edges", json_get(plan, "edges"), edge, e) < 0 ||
		add_set(to, "bom", json_get(plan, "bom"), bom, e) < 0)
		return -1;
	return add_set(to, "assumptions", json_get(plan, "assumptions"), assumed, e);
}

static int of_cost(cJSON *to, const cJSON *cost, struct err *e)
{
	static const char *const top[] = { "monthly_usd", "one_off_usd", "lower_bound",
		"currency", NULL };
	static const char *const line[] = { "component", "sku", "region", "quantity",
		"unit_price_usd", "usd", "status", NULL };

	return take(to, cost, top, e) < 0
		? -1
		: add_set(to, "lines", json_get(cost, "breakdown"), line, e);
}

static int of_findings(cJSON *to, const cJSON *critique, struct err *e)
{
	static const char *const top[] = { "feasible", NULL };
	static const char *const finding[] = { "id", "kind", "severity", "component",
		"numbers", NULL };

	return take(to, critique, top, e) < 0
		? -1
		: add_set(to, "findings", json_get(critique, "findings"), finding, e);
}

static int of_policy(cJSON *to, const cJSON *policy, struct err *e)
{
	static const char *const top[] = { "overall", "policy_set", NULL };
	static const char *const rule[] = { "id", "status", "severity", "waiver", NULL };

	return take(to, policy, top, e) < 0
		? -1
		: add_set(to, "rules", json_get(policy, "rules"), rule, e);
}

static const struct part {
	const char *name, *key; /* in the digest, in the state */
	int (*reduce)(cJSON *to, const cJSON *value, struct err *e);
} parts[] = { { "plan", "plan", of_plan }, { "cost", "cost", of_cost },
	{ "findings", "critique", of_findings }, { "policy", "policy", of_policy } };

static int digest_part(
	const struct part *p, const cJSON *value, char hex[DIGEST_HEX_MAX], struct err *e)
{
	cJSON *meaning = json_new_object(e);
	int ret = meaning == NULL || p->reduce(meaning, value, e) < 0
		? -1
		: json_digest(meaning, hex, e);

	json_free(meaning);
	return ret;
}

int approval_digest(const cJSON *state, cJSON *out, struct err *e)
{
	char all[DIGEST_HEX_MAX], hex[DIGEST_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const cJSON *value = json_get(state, parts[i].key);

		if (value != NULL && digest_part(&parts[i], value, hex, e) < 0)
			return -1;
		if (json_set_str(out, parts[i].name, value == NULL ? NULL : hex, e) < 0)
			return -1;
	}
	json_remove(out, "all");
	if (json_digest(out, all, e) < 0)
		return -1;
	return json_set_str(out, "all", all, e);
}

static int why_not(char why[APPROVAL_WHY_MAX], const char *text)
{
	snprintf(why, APPROVAL_WHY_MAX, "%s", text);
	return 0;
}

int approval_check(
	const cJSON *state, int64_t now_ns, char why[APPROVAL_WHY_MAX], struct err *e)
{
	const cJSON *hitl = json_get(state, "hitl"), *bound = json_get(hitl, "digest");
	const char *expires = json_str_or(hitl, "expires_at", NULL);
	char hex[DIGEST_HEX_MAX];
	int64_t end;

	why[0] = '\0';
	if (strcmp(json_str_or(hitl, "status", ""), "approved") != 0)
		return why_not(why,
			"the plan is not approved (mlops-gate --approve --actor NAME)");
	if (expires != NULL && (clock_parse(expires, &end) < 0 || now_ns >= end))
		return why_not(why, "the approval has expired");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const cJSON *value = json_get(state, parts[i].key);
		const char *approved = json_text(json_get(bound, parts[i].name));

		if (value == NULL)
			continue;
		if (digest_part(&parts[i], value, hex, e) < 0)
			return -1;
		if (approved != NULL && strcmp(approved, hex) == 0)
			continue;
		snprintf(why, APPROVAL_WHY_MAX,
			"the approval is void: %s changed after it", parts[i].name);
		return 0;
	}
	return 0;
}
