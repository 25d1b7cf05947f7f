/* The planner node: options, the composition, its Reason Card. */
#include "plan.h"

#include <string.h>

#include "compose/compose.h"

struct args {
	double candidates;
	struct opt_list pins, excludes, accept;
	int explain;
};

static const struct opt opts[] = {
	OPT_NUM(0, "candidates", "N", struct args, candidates,
		"how many plans to return (3)"),
	OPT_LIST(0, "pin", "SLOT=PATTERN", struct args, pins,
		"fill a slot with this pattern"),
	OPT_LIST(0, "exclude", "PATTERN", struct args, excludes, "do without a pattern"),
	OPT_LIST(0, "accept-unknown", "SERVICE", struct args, accept,
		"accept a service whose compliance eligibility is unknown"),
	{ OPT_KIND_FLAG, 0, "explain", NULL, offsetof(struct args, explain),
		"say why not the others, on stderr", OPT_NO_KEY },
	OPT_END,
};

static void explain(
	const struct node_env *env, const cJSON *plan, const cJSON *candidates)
{
	JSON_EACH (s, json_get(plan, "slots"))
		log_info(&env->log, "%s: %s: %s", json_str_or(s, "slot", "?"),
			json_str_or(s, "pattern", "?"), json_str_or(s, "why", ""));
	JSON_EACH (w, json_get(candidates, "why_not"))
		log_info(&env->log, "not %s%s%s: %s", json_str_or(w, "pattern", "?"),
			json_has(w, "slot") && json_text(json_get(w, "slot")) != NULL
				? " for "
				: "",
			json_str_or(w, "slot", ""), json_str_or(w, "why", ""));
	JSON_EACH (set, json_get(candidates, "conflicts")) {
		struct buf b = BUF_INIT(4096);

		JSON_EACH (it, set)
			buf_addf(&b, "%s%s", b.len > 0 ? ", " : "", json_text(it));
		log_info(&env->log, "these cannot all hold: %s", b.ptr);
		buf_release(&b);
	}
	JSON_EACH (n, json_get(candidates, "nearest"))
		log_info(&env->log, "%s: %.10g would do (stated: %.10g)",
			json_str_or(n, "constraint", "?"), json_num_or(n, "value", 0),
			json_num_or(n, "stated", 0));
}

/* ---- the Reason Card ---- */

static int card_plans(cJSON *card, const cJSON *candidates, struct err *e)
{
	JSON_EACH (p, json_get(candidates, "plans")) {
		struct buf b = BUF_INIT(8192);
		cJSON *trade = json_new_array(e);
		int ret = -1;

		JSON_EACH (s, json_get(p, "slots"))
			buf_addf(&b, "%s%s", b.len > 0 ? ", " : "",
				json_str_or(s, "pattern", "?"));
		if (trade != NULL && buf_ok(&b, e) == 0 &&
			json_push_strf(trade, e, "$%.2f a month",
				json_number(json_at(p, "/objective/monthly_usd"), 0)) ==
				0 &&
			json_push_strf(trade, e, "penalty %g, burden %g",
				json_number(json_at(p, "/objective/soft_penalty"), 0),
				json_number(json_at(p, "/objective/burden"), 0)) == 0) {
			ret = card_candidate(
				card, json_str_or(p, "id", "?"), b.ptr, trade, e);
			trade = NULL;
		}
		json_free(trade);
		buf_release(&b);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int card_risks(cJSON *card, const cJSON *plan, struct err *e)
{
	JSON_EACH (q, json_get(plan, "open_questions"))
		if (card_risk(card, json_text(q), "ask the people who wrote the brief",
			    e) < 0)
			return -1;
	JSON_EACH (set, json_get(plan, "conflicts"))
		JSON_EACH (it, set)
			if (card_risk(card, json_text(it),
				    "relax it, or one that it clashes with", e) < 0)
				return -1;
	return 0;
}

static int write_card(struct node_env *env, const cJSON *constraints, const cJSON *plan,
	const cJSON *candidates, struct err *e)
{
	cJSON *card = card_add(env->cards, "planner", e);
	const cJSON *est = json_get(plan, "estimates");
	int feasible = json_true(json_get(plan, "feasible"));
	int optimal = json_true(json_get(plan, "optimal"));

	if (card == NULL)
		return -1;
	JSON_EACH (it, constraints)
		if (card_input_key(card, json_key(it), e) < 0)
			return -1;
	if (card_plans(card, candidates, e) < 0 || card_risks(card, plan, e) < 0)
		return -1;
	if (!feasible)
		return card_choice(card, "none", e, "%s",
			       json_str_or(plan, "why", "nothing fits")) < 0 ||
				card_confidence(card, 1, e) < 0
			? -1
			: 0;
	if (card_choice(card, "plan-1", e,
		    "%s plan that meets every hard constraint, out of %zu patterns "
		    "weighed; $%.2f a month",
		    optimal ? "the provably best" : "the best found",
		    json_len(json_get(candidates, "why_not")),
		    json_num_or(est, "monthly_usd", 0)) < 0 ||
		card_impact(card, "monthly_usd", json_num_or(est, "monthly_usd", 0), e) <
			0 ||
		card_confidence(card,
			json_num_or(est, "unpriced_lines", 0) > 0 ? 0.6
				: optimal                         ? 0.9
								  : 0.7,
			e) < 0)
		return -1;
	if (json_is(json_get(est, "p95_latency_ms"), JSON_NUMBER) &&
		card_impact(card, "p95_latency_ms", json_num_or(est, "p95_latency_ms", 0),
			e) < 0)
		return -1;
	if (json_is(json_get(est, "availability_pct"), JSON_NUMBER) &&
		card_impact(card, "availability_pct",
			json_num_or(est, "availability_pct", 0), e) < 0)
		return -1;
	return card_link(card, "plan", "plan.json", e);
}

static int run(
	struct node_env *env, const void *arg, const cJSON *in, cJSON *out, struct err *e)
{
	const struct args *a = arg;
	struct compose_options o = {
		.candidates = a->candidates > 0 ? (size_t)a->candidates : 0,
		.pins = a->pins,
		.excludes = a->excludes,
		.accept_unknown = a->accept,
	};
	cJSON *plan = json_add_object(out, "plan", e),
	      *candidates = json_add_object(out, "candidates", e);
	const cJSON *constraints = json_get(in, "constraints");
	int answer;

	if (plan == NULL || candidates == NULL)
		return -1;
	if (constraints == NULL)
		return err_set(e, ERR_INPUT,
			"'constraints' is missing (run mlops-intake first)");
	answer = compose_plan(
		env, constraints, json_get(in, "feedback"), &o, plan, candidates, e);
	if (answer < 0 || write_card(env, constraints, plan, candidates, e) < 0)
		return -1;
	if (a->explain)
		explain(env, plan, candidates);
	return answer;
}

static const struct filter planner = {
	.node = NODE_PLANNER,
	.version = "1",
	.summary =
		"choose the cheapest patterns that meet every constraint, and prove it",
	.run = run,
};
static const struct filter *const filters[] = { &planner };

const struct program plan_program = {
	.name = "mlops-plan",
	.summary = "compose the provably best plan from capability patterns",
	.examples = "  mlops-intake < brief.md | mlops-plan --explain > state.json\n"
		    "  mlops-plan --pin serve@online=aws.serve.lambda-api < state.json\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = filters,
	.n_filters = 1,
};
