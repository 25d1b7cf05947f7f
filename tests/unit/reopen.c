/*
 * A plan opened again: one change costs what planning with it says, and the rest of the
 * plan stays as it is.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compose/compose.h"
#include "compose/reopen.h"

static const char *const briefs[] = {
	"{'cloud':'aws','regions':['us-east-1'],'use_cases':['inference'],"
	"'workload_types':['online']}",
	"{'cloud':'aws','regions':['eu-west-1'],'use_cases':['fraud'],"
	"'workload_types':['streaming','online'],'data_classification':'pci',"
	"'compliance':['PCI-DSS'],'throughput':{'events_per_second':400}}",
	"{'cloud':'aws','regions':['us-west-2'],'use_cases':['training','forecasting'],"
	"'workload_types':['batch'],'throughput':{'gb_per_day':60}}",
	"{'cloud':'aws','regions':['eu-central-1'],'use_cases':['rag'],"
	"'workload_types':['online'],'throughput':{'documents':20000}}",
};

struct opened {
	struct node_env env;
	cJSON *constraints, *plan, *candidates;
	struct reopened *r;
	struct err e;
};

static void open_brief(struct opened *o, const char *constraints)
{
	struct common_args common = { .share = "share", .quiet = 1 };
	struct compose_options options = { 0 };

	memset(o, 0, sizeof(*o));
	assert_int_equal(env_init(&o->env, "test", &common, &o->e), 0);
	o->constraints = J(constraints);
	o->plan = json_new_object(&o->e);
	o->candidates = json_new_object(&o->e);
	assert_int_equal(compose_plan(&o->env, o->constraints, &options, o->plan,
				 o->candidates, &o->e),
		0);
	o->r = plan_reopen(&o->env, o->constraints, o->plan, &o->e);
}

static void close_brief(struct opened *o)
{
	reopened_free(o->r);
	json_free(o->constraints);
	json_free(o->plan);
	json_free(o->candidates);
	env_release(&o->env);
}

static void another_pattern_costs_what_planning_with_it_does(void **unused)
{
	size_t compared = 0, equal = 0;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(briefs); i++) {
		struct opened o;

		open_brief(&o, briefs[i]);
		assert_non_null(o.r);
		JSON_EACH (w, json_get(o.candidates, "why_not")) {
			struct change c = { .slot = json_text(json_get(w, "slot")),
				.pattern = json_str_or(w, "pattern", "") };
			struct change_answer a;

			if (!json_has(w, "delta_usd") ||
				strstr(json_str_or(w, "why", ""), "forces") != NULL)
				continue;
			assert_int_equal(reopened_try(o.r, &c, &a, &o.e), 0);
			if (!a.feasible)
				fail_msg("%s: %s does not fit %s", briefs[i], c.pattern,
					c.slot);
			assert_string_equal(a.pattern, c.pattern);
			/* planning anew may choose other sizes elsewhere as well */
			if (a.delta_usd < json_num_or(w, "delta_usd", 0) - 0.0101)
				fail_msg("%s: %s costs %.2f, planned %.2f", briefs[i],
					c.pattern, a.delta_usd,
					json_num_or(w, "delta_usd", 0));
			equal += fabs(a.delta_usd - json_num_or(w, "delta_usd", 0)) <
				0.0101;
			change_answer_release(&a);
			compared++;
		}
		close_brief(&o);
	}
	assert_true(compared >= 6 && equal >= compared / 2);
}

static void nothing_changed_costs_nothing(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(briefs); i++) {
		struct change nothing = { 0 };
		struct change_answer a;
		struct opened o;

		open_brief(&o, briefs[i]);
		assert_int_equal(reopened_try(o.r, &nothing, &a, &o.e), 0);
		assert_true(a.feasible && a.within_limits && a.delta_usd == 0);
		change_answer_release(&a);
		close_brief(&o);
	}
}

static void a_parameter_can_be_fixed(void **unused)
{
	struct opened o;
	struct change_answer a;
	cJSON *warm = J("{'provisioned':3}");
	struct change c = { .slot = "serve@online", .params = warm };

	(void)unused;
	open_brief(&o, briefs[0]);
	assert_int_equal(reopened_try(o.r, &c, &a, &o.e), 0);
	assert_true(a.feasible && a.delta_usd > 0);
	assert_true(json_num_or(a.params, "provisioned", 0) == 3);
	change_answer_release(&a);
	json_free(warm);
	close_brief(&o);
}

static void a_second_region_costs_and_helps(void **unused)
{
	struct opened o;
	struct change_answer a;
	struct change c = { .copies = 2 };

	(void)unused;
	open_brief(&o, briefs[0]);
	assert_int_equal(reopened_try(o.r, &c, &a, &o.e), 0);
	assert_true(a.feasible && a.delta_usd > 0);
	assert_string_equal(a.regions, "us-east-1 + us-west-2");
	assert_true(a.availability_pct >
		json_number(json_at(o.plan, "/estimates/availability_pct"), 100));
	change_answer_release(&a);
	close_brief(&o);
}

static void impossible_changes_are_an_answer(void **unused)
{
	static const struct change changes[] = {
		{ .slot = "serve@online", .pattern = "aws.serve.no-such" },
		{ .slot = "serve@online", .without_service = "kms", .control = "none" },
	};
	struct opened o;

	(void)unused;
	open_brief(&o, briefs[0]);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct change_answer a;

		assert_int_equal(reopened_try(o.r, &changes[i], &a, &o.e), 0);
		assert_false(a.feasible);
		change_answer_release(&a);
	}
	close_brief(&o);
}

/* What this catalogue could not have made stays closed, without an error. */
static void a_foreign_plan_stays_closed(void **unused)
{
	static const char *const plans[] = {
		"{}",
		"{'feasible':false}",
		"{'feasible':true,'cloud':'aws','regions':['us-east-1'],'slots':[{'slot':"
		"'serve@online','pattern':'aws.serve.moon','params':{}}]}",
		"{'feasible':true,'cloud':'aws','regions':['moon-1'],'slots':[{'slot':"
		"'serve@online','pattern':'aws.serve.lambda-api','params':{}}]}",
	};
	struct common_args common = { .share = "share", .quiet = 1 };
	struct node_env env;
	struct err e = { 0 };
	cJSON *constraints = J("{}");

	(void)unused;
	assert_int_equal(env_init(&env, "test", &common, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		cJSON *plan = J(plans[i]);

		assert_null(plan_reopen(&env, constraints, plan, &e));
		assert_int_equal(e.code, 0);
		json_free(plan);
	}
	json_free(constraints);
	env_release(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_pattern_costs_what_planning_with_it_does),
		cmocka_unit_test(nothing_changed_costs_nothing),
		cmocka_unit_test(a_parameter_can_be_fixed),
		cmocka_unit_test(a_second_region_costs_and_helps),
		cmocka_unit_test(impossible_changes_are_an_answer),
		cmocka_unit_test(a_foreign_plan_stays_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
