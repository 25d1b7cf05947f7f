/* Node policy_eval. */
#include "internal.h"

static const struct opt opts[] = {
	OPT_LIST(0, "policy-dir", "DIR", struct policy_args, dirs,
		"add a directory of rule packs"),
	OPT_FILE(0, "waivers", struct policy_args, waivers,
		"rules that someone answers for, each with owner, reason and expiry"),
	OPT_STR(0, "fail-on", "warn|fail", struct policy_args, fail_on,
		"exit 11 when the policy fails; with warn, 13 when it warns"),
	OPT_FLAG(
		0, "test", struct policy_args, test, "run the rules' own cases and stop"),
	OPT_FLAG(0, "explain", struct policy_args, explain,
		"tell on stderr how each verdict came about, operand by operand"),
	OPT_STR(0, "format", "json|text|sarif", struct policy_args, format,
		"the state (json), a list for people (text), or SARIF 2.1.0 for code "
		"scanning"),
	OPT_END,
};

static const struct policy_args defaults = { .format = "json" };

/* ---- results ---- */

struct tally {
	size_t n[VERDICTS];
	size_t waived, errors;
};

static int set_claims(cJSON *o, const struct rule *r, const cJSON *claims, struct err *e)
{
	const cJSON *wanted = json_get(r->rule, "claims");
	cJSON *list;

	if (wanted == NULL)
		return 0;
	list = json_add_array(o, "claims", e);
	JSON_EACH (c, claims)
		if (list != NULL &&
			json_has_text(wanted, json_str_or(c, "control", "")) &&
			json_push_copy(list, c, e) < 0)
			return -1;
	return list == NULL ? -1 : 0;
}

static int set_waiver(cJSON *o, const cJSON *waiver, struct tally *t, struct err *e)
{
	if (waiver == NULL)
		return 0;
	t->waived++;
	return json_set_copy(o, "waiver", waiver, e);
}

static int add_result(cJSON *rules, const struct rule *r, const struct verdict_result *v,
	const cJSON *claims, const cJSON *waiver, struct tally *t, struct err *e)
{
	cJSON *o = json_push_object(rules, e);

	if (o == NULL || json_set_str(o, "id", r->id, e) < 0 ||
		json_set_str(o, "status", verdict_name(v->verdict), e) < 0 ||
		json_set_str(o, "detail", v->detail.ptr, e) < 0 ||
		json_set_str(o, "title", r->title, e) < 0 ||
		json_set_str(o, "pack", r->pack, e) < 0 ||
		json_set_str(o, "severity", verdict_name(r->severity), e) < 0)
		return -1;
	t->n[v->verdict]++;
	t->errors += (size_t)v->erred;
	if (v->erred && json_set_bool(o, "rule_error", 1, e) < 0)
		return -1;
	if (v->verdict == VERDICT_PASS || v->verdict == VERDICT_NOT_APPLICABLE)
		return set_claims(o, r, claims, e);
	if (json_set_str(o, "remediation", r->remediation, e) < 0 ||
		(json_has(r->rule, "references") &&
			json_set_copy(o, "references", json_get(r->rule, "references"),
				e) < 0) ||
		(v->missing != NULL && json_set_copy(o, "missing", v->missing, e) < 0) ||
		set_claims(o, r, claims, e) < 0)
		return -1;
	return v->verdict == VERDICT_FAIL || v->verdict == VERDICT_WARN
		? set_waiver(o, waiver, t, e)
		: 0;
}

/* An unwaived fail fails; a waived one, a warning or something unknown warns. */
static const char *overall(const cJSON *rules)
{
	const char *worst = "pass";

	JSON_EACH (r, rules) {
		const char *s = json_str_or(r, "status", "");

		if (strcmp(s, "fail") == 0 && !json_has(r, "waiver"))
			return "fail";
		if (strcmp(s, "fail") == 0 || strcmp(s, "warn") == 0 ||
			strcmp(s, "unknown") == 0)
			worst = "warn";
	}
	return worst;
}

static int set_counts(cJSON *policy, const struct tally *t, struct err *e)
{
	cJSON *counts = json_add_object(policy, "counts", e);

	for (int i = 0; counts != NULL && i < VERDICTS; i++)
		if (json_set_num(counts, verdict_name((enum verdict)i), (double)t->n[i],
			    e) < 0)
			return -1;
	if (counts == NULL || json_set_num(counts, "waived", (double)t->waived, e) < 0)
		return -1;
	return json_set_num(counts, "rule_errors", (double)t->errors, e);
}

/* Every waiver of the file and whether it counts, so that a report shows them all. */
static int set_waivers(cJSON *policy, const cJSON *waivers, const struct rule_set *set,
	int64_t now_ns, struct err *e)
{
	cJSON *list = json_add_array(policy, "waivers", e);

	JSON_EACH (w, json_get(waivers, "waivers")) {
		cJSON *o = json_copy(w, e);
		const char *state = waiver_expired(w, now_ns) ? "expired" : "counts";

		if (rule_set_find(set, json_str_or(w, "rule", "")) == NULL)
			state = "no such rule";
		if (o == NULL || json_set_str(o, "state", state, e) < 0) {
			json_free(o);
			return -1;
		}
		if (json_push(list, o, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

/* ---- the Reason Card ---- */

static int make_card(struct node_env *env, const cJSON *policy, struct err *e)
{
	cJSON *card = card_add(env->cards, "policy", e);
	const char *all = json_str_or(policy, "overall", "");
	const cJSON *counts = json_get(policy, "counts");
	static const char *const reads[] = { "budget_band", "regions",
		"data_classification", "sla_latency_ms", "availability_target",
		"compliance" };

	if (card == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(reads); i++)
		if (card_input_key(card, reads[i], e) < 0)
			return -1;
	JSON_EACH (r, json_get(policy, "rules")) {
		const char *status = json_str_or(r, "status", "");
		char text[400];

		if (card_policy(card, json_str_or(r, "id", ""), status, e) < 0)
			return -1;
		if (strcmp(status, "fail") != 0 && strcmp(status, "warn") != 0)
			continue;
		snprintf(text, sizeof(text), "%s: %s", json_str_or(r, "id", ""),
			json_str_or(r, "detail", ""));
		if (card_risk(card, text, json_str_or(r, "remediation", NULL), e) < 0)
			return -1;
	}
	if (card_link(card, "policy", "/reports/policy.json", e) < 0 ||
		card_confidence(
			card, json_num_or(counts, "unknown", 0) > 0 ? 0.8 : 0.95, e) < 0)
		return -1;
	return card_choice(card, all, e,
		"%.0f passed, %.0f warned, %.0f failed (%.0f waived), %.0f "
		"not applicable, %.0f unknown",
		json_num_or(counts, "pass", 0), json_num_or(counts, "warn", 0),
		json_num_or(counts, "fail", 0), json_num_or(counts, "waived", 0),
		json_num_or(counts, "not_applicable", 0),
		json_num_or(counts, "unknown", 0));
}

/* ---- the node ---- */

struct work {
	struct node_env *env;
	const struct policy_args *a;
	struct rule_set *set;
	struct region_book *regions;
	cJSON *data, *claims, *waivers;
};

/* What rules see: views of the state's parts and the facts behind them. */
static int build_data(struct work *w, const cJSON *in, struct err *e)
{
	static const char *const keys[] = { "constraints", "plan", "critique", "cost" };
	cJSON *facts;

	w->data = json_new_object(e);
	w->claims = json_new_array(e);
	w->regions = region_book_load(w->env, e);
	if (w->data == NULL || w->claims == NULL || w->regions == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (json_has(in, keys[i]) &&
			json_set_view(w->data, keys[i], json_get(in, keys[i]), e) < 0)
			return -1;
	facts = facts_build(w->env, json_get(in, "plan"), w->regions, w->claims, e);
	return facts == NULL ? -1 : json_set(w->data, "facts", facts, e);
}

/* What was judged, so that the gate knows a verdict on another plan. */
static int set_judged(cJSON *policy, const cJSON *data, struct err *e)
{
	cJSON *judged = json_add_object(policy, "judged", e);

	if (judged == NULL || approval_digest(data, judged, e) < 0)
		return -1;
	json_remove(judged, "policy");
	return 0;
}

static int judge(struct work *w, cJSON *policy, struct err *e)
{
	struct rule_eval ev = { .data = w->data, .regions = w->regions };
	cJSON *rules = json_add_array(policy, "rules", e);
	struct tally t = { 0 };
	char hex[DIGEST_HEX_MAX];

	for (size_t i = 0; rules != NULL && i < rule_set_count(w->set); i++) {
		const struct rule *r = rule_set_at(w->set, i);
		const cJSON *waiver = waiver_for(w->waivers, r->id, w->env->now_ns);
		struct verdict_result v;
		int bad = rule_evaluate(r, &ev, &v, e) < 0 ||
			add_result(rules, r, &v, w->claims, waiver, &t, e) < 0;

		verdict_release(&v);
		if (bad || (w->a->explain && policy_explain(r, &ev, e) < 0))
			return -1;
	}
	if (rules == NULL || json_set_str(policy, "overall", overall(rules), e) < 0 ||
		set_counts(policy, &t, e) < 0 || rule_set_digest(w->set, hex, e) < 0 ||
		json_set_str(policy, "policy_set", hex, e) < 0)
		return -1;
	if (set_judged(policy, w->data, e) < 0)
		return -1;
	return set_waivers(policy, w->waivers, w->set, w->env->now_ns, e);
}

static void work_release(struct work *w)
{
	rule_set_free(w->set);
	region_book_free(w->regions);
	json_free(w->data);
	json_free(w->claims);
	json_free(w->waivers);
}

static int answer(const struct policy_args *a, const cJSON *policy)
{
	const char *all = json_str_or(policy, "overall", "");

	if (a->fail_on == NULL)
		return 0;
	if (strcmp(all, "fail") == 0)
		return 11;
	return strcmp(all, "warn") == 0 && strcmp(a->fail_on, "warn") == 0 ? 13 : 0;
}

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct policy_args *a = args;
	struct work w = { .env = env, .a = a };
	cJSON *policy = json_add_object(out, "policy", e);
	int ret = -1;

	if (policy == NULL)
		return -1;
	if (!json_is(json_get(in, "plan"), JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/plan: is missing (run mlops-plan first)");
	if (a->waivers != NULL && (w.waivers = waivers_load(a->waivers, e)) == NULL)
		return -1;
	if (packs_load(&w.set, env, &a->dirs, e) == 0 && build_data(&w, in, e) == 0 &&
		judge(&w, policy, e) == 0 && make_card(env, policy, e) == 0)
		ret = answer(a, policy);
	work_release(&w);
	return ret;
}

/* ---- the program ---- */

static int instead(struct node_env *env, void *args, struct err *e)
{
	struct policy_args *a = args;
	struct rule_set *set = NULL;
	int ret;

	if (a->fail_on != NULL && strcmp(a->fail_on, "warn") != 0 &&
		strcmp(a->fail_on, "fail") != 0) {
		err_fill(e, ERR_USAGE, "--fail-on is warn or fail, not '%s'", a->fail_on);
		return -2;
	}
	if (strcmp(a->format, "json") != 0 && strcmp(a->format, "text") != 0 &&
		strcmp(a->format, "sarif") != 0) {
		err_fill(e, ERR_USAGE, "--format is json, text or sarif, not '%s'",
			a->format);
		return -2;
	}
	if (!a->test)
		return -1;
	if (packs_load(&set, env, &a->dirs, e) < 0)
		return -2;
	ret = policy_test(env, set, e);
	rule_set_free(set);
	return ret;
}

static int print(struct node_env *env, const void *args, const cJSON *state,
	struct buf *out, struct err *e)
{
	const struct policy_args *a = args;

	(void)env;
	if (strcmp(a->format, "json") == 0)
		return 0;
	if (strcmp(a->format, "sarif") == 0)
		return policy_sarif(state, out, e) < 0 ? -1 : 1;
	return policy_text(state, out, e) < 0 ? -1 : 1;
}

static const struct filter policy_eval = {
	.node = NODE_POLICY_EVAL,
	.version = "1",
	.summary = "apply policy rules to plan, findings and cost",
	.run = run,
};

static const struct filter *const filters[] = { &policy_eval };

const struct program policy_program = {
	.name = "mlops-policy",
	.summary = "apply policy rules to a plan, its findings and its cost",
	.examples = "  mlops-critic < state.json | mlops-policy --fail-on fail > "
		    "judged.json\n"
		    "  mlops-policy --policy-dir our-rules --waivers waivers.json < "
		    "state.json\n"
		    "  mlops-policy --test --policy-dir our-rules\n",
	.opts = opts,
	.args_size = sizeof(struct policy_args),
	.defaults = &defaults,
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.instead = instead,
	.print = print,
};
