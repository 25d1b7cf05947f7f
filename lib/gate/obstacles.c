/* What stands against an approval. */
#include "internal.h"

static int add_rule(struct obstacles *o, const cJSON *r, struct err *e)
{
	const char *status = json_str_or(r, "status", "");
	const char *id = json_str_or(r, "id", "?"),
		   *detail = json_str_or(r, "detail", "");
	const cJSON *waiver = json_get(r, "waiver");

	if (strcmp(status, "fail") == 0 && !json_is(waiver, JSON_OBJECT))
		return json_push_strf(o->blocking, e,
			"policy rule %s fails and is not waived: %s", id, detail);
	if (strcmp(status, "fail") == 0)
		return json_push_strf(o->person, e,
			"policy rule %s fails; waived by %s until %s: %s", id,
			json_str_or(waiver, "owner", "?"),
			json_str_or(waiver, "expires", "?"),
			json_str_or(waiver, "reason", "?"));
	if (strcmp(status, "warn") == 0)
		return json_push_strf(
			o->person, e, "policy rule %s warns: %s", id, detail);
	if (strcmp(status, "unknown") == 0)
		return json_push_strf(o->person, e, "policy rule %s: %s", id, detail);
	return 0;
}

/* A verdict on another plan is none. */
static int check_judged(struct obstacles *o, const cJSON *in, struct err *e)
{
	const cJSON *judged = json_at(in, "/policy/judged");
	static const char *const parts[] = { "constraints", "plan", "cost", "findings" };
	int ret = 0;

	if (judged == NULL)
		return 0;
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(parts); i++)
		if (!json_equal(
			    json_get(judged, parts[i]), json_get(o->digest, parts[i])))
			ret = json_push_strf(o->blocking, e,
				"the policy verdict is stale: %s changed "
				"after it (run mlops-policy again)",
				parts[i]);
	return ret;
}

static int check_policy(struct obstacles *o, const cJSON *in, struct err *e)
{
	const cJSON *policy = json_get(in, "policy");
	size_t before = json_len(o->blocking);

	if (!json_is(policy, JSON_OBJECT))
		return json_push_str(o->blocking,
			"there is no policy verdict (run mlops-policy first)", e);
	JSON_EACH (r, json_get(policy, "rules"))
		if (add_rule(o, r, e) < 0)
			return -1;
	if (strcmp(json_str_or(policy, "overall", ""), "fail") == 0 &&
		json_len(o->blocking) == before)
		return json_push_str(o->blocking, "the policy fails", e);
	return check_judged(o, in, e);
}

static int check_cost(
	struct obstacles *o, const cJSON *cost, const struct gate_args *a, struct err *e)
{
	double usd = json_num_or(cost, "delta_vs_prev_usd", 0);
	double pct = json_num_or(cost, "delta_vs_prev_pct", 0);

	if (!json_is(json_get(cost, "monthly_usd"), JSON_NUMBER))
		return json_push_str(o->person,
			"there is no cost estimate (run mlops-critic cost)", e);
	if (json_bool_or(cost, "lower_bound", 0) &&
		json_push_str(o->person,
			"the cost is a lower bound: some lines have no price", e) < 0)
		return -1;
	if (usd > a->max_delta_usd &&
		json_push_strf(o->person, e,
			"the cost grows by %.2f USD a month, more than %.2f", usd,
			a->max_delta_usd) < 0)
		return -1;
	if (pct > a->max_delta_pct)
		return json_push_strf(o->person, e,
			"the cost grows by %.1f %%, more than %.1f %%", pct,
			a->max_delta_pct);
	return 0;
}

int obstacles_find(
	struct obstacles *o, const cJSON *in, const struct gate_args *a, struct err *e)
{
	o->blocking = json_new_array(e);
	o->person = json_new_array(e);
	o->digest = json_new_object(e);
	if (o->blocking == NULL || o->person == NULL || o->digest == NULL ||
		approval_digest(in, o->digest, e) < 0)
		return -1;
	if (!json_bool_or(json_get(in, "plan"), "feasible", 1) &&
		json_push_str(o->blocking, "the plan is not feasible", e) < 0)
		return -1;
	return check_policy(o, in, e) < 0 ? -1
					  : check_cost(o, json_get(in, "cost"), a, e);
}

void obstacles_release(struct obstacles *o)
{
	json_free(o->blocking);
	json_free(o->person);
	json_free(o->digest);
	*o = (struct obstacles){ NULL, NULL, NULL };
}
