#include "advice.h"

#include <string.h>

#define PLANNER  "planner"
#define PINS_MAX 6

struct advice {
	struct node_env *env;
	const cJSON *constraints;
	const struct compose_options *options;
	cJSON *plan, *candidates;
	const char *pins[64]; /* of the options, then what was taken */
	size_t n;
};

/* ---- the question ---- */

static int add_others(
	cJSON *row, const cJSON *candidates, const char *slot, struct err *e)
{
	cJSON *others = json_add_array(row, "others", e);

	JSON_EACH (w, json_get(candidates, "why_not")) {
		const char *pattern = json_text(json_get(w, "pattern"));

		if (others == NULL)
			return -1;
		if (pattern != NULL && strcmp(json_str_or(w, "slot", ""), slot) == 0 &&
			!json_has_text(others, pattern) &&
			json_push_str(others, pattern, e) < 0)
			return -1;
	}
	return others == NULL ? -1 : 0;
}

static cJSON *question(const struct advice *a, struct err *e)
{
	cJSON *in = json_new_object(e), *slots = NULL;

	if (in != NULL && json_set_copy(in, "constraints", a->constraints, e) == 0 &&
		json_set_copy(in, "estimates", json_get(a->plan, "estimates"), e) == 0)
		slots = json_add_array(in, "slots", e);
	JSON_EACH (s, json_get(a->plan, "slots")) {
		const char *slot = json_str_or(s, "slot", "");
		cJSON *row = slots == NULL ? NULL : json_push_object(slots, e);

		if (row == NULL || json_set_str(row, "slot", slot, e) < 0 ||
			json_set_str(row, "pattern", json_str_or(s, "pattern", ""), e) <
				0 ||
			json_set_str(row, "why", json_str_or(s, "why", ""), e) < 0 ||
			add_others(row, a->candidates, slot, e) < 0) {
			json_free(in);
			return NULL;
		}
	}
	if (slots == NULL) {
		json_free(in);
		return NULL;
	}
	return in;
}

/* ---- a pin ---- */

/* No part of the objective grows; its order is that of the solver. */
static int no_worse(const cJSON *now, const cJSON *before)
{
	static const char *const parts[] = { "hard_violations", "soft_penalty",
		"monthly_usd", "burden" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (json_num_or(now, parts[i], 0) >
			json_num_or(before, parts[i], 0) + 1e-9)
			return 0;
	return 1;
}

static int replace(cJSON *to, cJSON *from, struct err *e)
{
	cJSON *old;

	while ((old = json_take_first(to)) != NULL)
		json_free(old);
	JSON_EACH (m, from)
		if (json_set_copy(to, json_key(m), m, e) < 0)
			return -1;
	return 0;
}

static int is_offered(const cJSON *question, const char *slot, const char *pattern)
{
	JSON_EACH (s, json_get(question, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return json_has_text(json_get(s, "others"), pattern);
	return 0;
}

/* Solves with the pins so far; *answer is compose_plan's, -1 with *why when it fails. */
static int solve(struct advice *a, cJSON *plan, cJSON *candidates, struct err *why)
{
	struct compose_options o = *a->options;

	o.pins = (struct opt_list){ a->pins, a->n };
	return compose_plan(a->env, a->constraints, &o, plan, candidates, why);
}

static int try_pin(struct advice *a, const char *pin, struct err *e)
{
	cJSON *plan = json_new_object(e), *candidates = json_new_object(e);
	const cJSON *before = json_get(a->plan, "objective");
	struct err why = { 0 };
	int ret = -1, answer;

	if (plan == NULL || candidates == NULL)
		goto out;
	a->pins[a->n++] = pin;
	answer = solve(a, plan, candidates, &why);
	if (answer == 0 && no_worse(json_get(plan, "objective"), before)) {
		ret = replace(a->plan, plan, e) < 0 ||
				replace(a->candidates, candidates, e) < 0
			? -1
			: model_accept(a->env, PLANNER, e,
				  "the pin %s, which the solver finds as good", pin);
		goto out;
	}
	a->n--;
	if (answer == 0)
		ret = model_refuse(a->env, PLANNER, e,
			"the pin %s: the solver's own plan is better ($%.2f a month "
			"against "
			"$%.2f)",
			pin, json_num_or(before, "monthly_usd", 0),
			json_num_or(json_get(plan, "objective"), "monthly_usd", 0));
	else
		ret = model_refuse(a->env, PLANNER, e, "the pin %s: %s", pin,
			answer == 14 ? json_str_or(plan, "why", "no plan holds with it")
				     : why.msg);
out:
	json_free(plan);
	json_free(candidates);
	return ret;
}

/* Texts of the pins that were taken live as long as the advice. */
static int take_pins(struct advice *a, const cJSON *question, const cJSON *answer,
	char texts[PINS_MAX][256], struct err *e)
{
	size_t n = 0;

	JSON_EACH (p, json_get(answer, "pins")) {
		const char *slot = json_str_or(p, "slot", ""),
			   *pattern = json_str_or(p, "pattern", "");
		int ret;

		if (n == PINS_MAX || a->n == ARRAY_LEN(a->pins))
			break;
		snprintf(texts[n], sizeof(texts[n]), "%.100s=%.150s", slot, pattern);
		if (is_offered(question, slot, pattern))
			ret = try_pin(a, texts[n++], e);
		else
			ret = model_refuse(a->env, PLANNER, e,
				"the pin %s: no such pattern was offered for the slot",
				texts[n]);
		if (ret < 0)
			return -1;
	}
	return 0;
}

/* ---- the rationale ---- */

static int take_rationale(struct advice *a, const cJSON *answer, struct err *e)
{
	const char *text = json_str_or(answer, "rationale", "");
	cJSON *known = json_new_array(e);
	struct numbers *n = NULL;
	char bad[64];
	int ret = -1;

	if (known != NULL && json_push_view(known, a->constraints, e) == 0 &&
		json_push_view(known, a->plan, e) == 0)
		n = numbers_new(known, e);
	if (n != NULL && *text == '\0')
		ret = 0;
	else if (n != NULL && numbers_known(n, text, bad, sizeof(bad)))
		ret = model_accept(a->env, PLANNER, e, "%s", text);
	else if (n != NULL)
		ret = model_refuse(a->env, PLANNER, e,
			"the rationale: the number %s stands neither in constraints nor "
			"in "
			"plan",
			bad);
	numbers_free(n);
	json_free(known);
	return ret;
}

int plan_advice(struct node_env *env, const cJSON *constraints,
	const struct compose_options *options, cJSON *plan, cJSON *candidates,
	struct err *e)
{
	struct advice a = { .env = env,
		.constraints = constraints,
		.options = options,
		.plan = plan,
		.candidates = candidates };
	char texts[PINS_MAX][256];
	cJSON *in, *answer = NULL;
	int ret;

	if (!model_wanted(env))
		return 0;
	for (size_t i = 0; i < options->pins.n && a.n < ARRAY_LEN(a.pins); i++)
		a.pins[a.n++] = options->pins.at[i];
	in = question(&a, e);
	ret = in == NULL ? -1 : model_ask(env, PLANNER, in, NULL, &answer, e);
	if (ret > 0)
		ret = take_pins(&a, in, answer, texts, e) < 0
			? -1
			: take_rationale(&a, answer, e);
	json_free(in);
	json_free(answer);
	return ret < 0 ? -1 : 0;
}
