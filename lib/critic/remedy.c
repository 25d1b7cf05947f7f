/* What a remedy costs: the plan solved again with the change made. */
#include "tech.h"

#include <math.h>

/* The plan is opened when the first remedy asks; a plan that this catalogue could not
 * have made stays closed, and its remedies without a price. */
static int open_plan(struct tech *t, struct err *e)
{
	if (t->opened)
		return 0;
	t->opened = 1;
	t->reopened = plan_reopen(t->env, t->constraints, t->plan, e);
	return t->reopened == NULL && e->code != 0 ? -1 : 0;
}

/* Parameters that differ from the plan's: all of them for another pattern. */
static int set_params(
	cJSON *change, const cJSON *was, const cJSON *is, int all, struct err *e)
{
	cJSON *params = json_add_object(change, "params", e);

	if (params == NULL)
		return -1;
	JSON_EACH (it, is)
		if ((all || !json_equal(it, json_get(was, json_key(it)))) &&
			json_set_copy(params, json_key(it), it, e) < 0)
			return -1;
	return 0;
}

static int set_change(struct tech *t, cJSON *remedy, const struct change *c,
	const struct change_answer *a, struct err *e)
{
	const cJSON *slot = c->slot == NULL ? NULL : slot_by_name(t, c->slot);
	cJSON *change = json_add_object(remedy, "change", e);
	int other = a != NULL && a->pattern[0] != '\0' &&
		strcmp(a->pattern, json_str_or(slot, "pattern", "")) != 0;

	if (change == NULL)
		return -1;
	if (c->slot != NULL &&
		json_set_str(change, slot != NULL ? "slot" : "base", c->slot, e) < 0)
		return -1;
	if (c->copies > 0 &&
		json_set_str(change, "regions",
			a != NULL && a->feasible ? a->regions : "one more", e) < 0)
		return -1;
	if (other && json_set_str(change, "pattern", a->pattern, e) < 0)
		return -1;
	if (a != NULL && a->params != NULL)
		return set_params(change, json_get(slot, "params"), a->params, other, e);
	return c->params == NULL ? 0 : json_set_copy(change, "params", c->params, e);
}

static int set_gives(cJSON *remedy, const struct change_answer *a, struct err *e)
{
	cJSON *gives = json_add_object(remedy, "gives", e);

	if (gives == NULL ||
		json_set_bool(gives, "within_limits", a->within_limits, e) < 0)
		return -1;
	if (isfinite(a->latency_ms) &&
		json_set_num(gives, "latency_ms", a->latency_ms, e) < 0)
		return -1;
	return !isfinite(a->availability_pct)
		? 0
		: json_set_num(gives, "availability_pct",
			  nearbyint(a->availability_pct * 1e5) / 1e5, e);
}

/* "...; $12.30 a month dearer" */
static int say_cost(
	cJSON *f, const struct change *c, const struct change_answer *a, struct err *e)
{
	const char *action = json_text(json_at(f, "/remedy/action"));
	double usd = a->delta_usd;

	if (usd == 0)
		return finding_remedy(f, e, "%.300s; costs nothing more%s%s", action,
			c->params == NULL && a->pattern[0] != '\0' ? ": " : "",
			c->params == NULL ? a->pattern : "");
	return finding_remedy(f, e, "%.300s; $%.2f a month %s%s%s", action, fabs(usd),
		usd > 0 ? "dearer" : "cheaper",
		c->params == NULL && a->pattern[0] != '\0' ? ": " : "",
		c->params == NULL ? a->pattern : "");
}

int remedy_by_change(struct tech *t, cJSON *f, const struct change *c, struct err *e)
{
	cJSON *remedy = json_edit(f, "/remedy");
	struct change_answer a = { 0 };
	int ret = -1;

	if (open_plan(t, e) < 0)
		return -1;
	if (t->reopened == NULL)
		return set_change(t, remedy, c, NULL, e);
	if (reopened_try(t->reopened, c, &a, e) < 0)
		return -1;
	if (!a.feasible)
		ret = set_change(t, remedy, c, NULL, e) < 0
			? -1
			: json_set_str(remedy, "unsolved",
				  "no plan of this catalogue has it", e);
	else if (set_change(t, remedy, c, &a, e) == 0 &&
		json_set_num(remedy, "monthly_usd", a.delta_usd, e) == 0 &&
		set_gives(remedy, &a, e) == 0)
		ret = say_cost(f, c, &a, e);
	change_answer_release(&a);
	return ret;
}

int remedy_by_work(cJSON *f, const char *what, struct err *e)
{
	cJSON *remedy = json_edit(f, "/remedy"),
	      *change = json_add_object(remedy, "change", e);

	return change == NULL || json_set_str(change, "work", what, e) < 0
		? -1
		: json_set_num(remedy, "monthly_usd", 0, e);
}

int remedy_by_param(struct tech *t, cJSON *f, const char *slot, const char *name,
	cJSON *value, struct err *e)
{
	cJSON *params = json_new_object(e);
	struct change c = { .slot = slot, .params = params };
	int ret = -1;

	if (params == NULL)
		json_free(value);
	else if (json_set(params, name, value, e) == 0)
		ret = remedy_by_change(t, f, &c, e);
	json_free(params);
	return ret;
}
