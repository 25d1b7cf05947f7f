/*
 * Composing plans from the shipped catalogue: what each pattern is best for, what
 * clashes, what is near enough, and that unknown facts never help.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compose/compose.h"
#include "compose/internal.h"

struct outcome {
	int answer;
	cJSON *plan, *candidates;
	struct err e;
};

static struct outcome compose(
	const char *constraints, const char *pin, const char *exclude, const char *accept)
{
	struct outcome o = { 0 };
	struct common_args common = { .share = "share", .quiet = 1 };
	struct node_env env;
	struct compose_options options = { 0 };
	cJSON *c = J(constraints);

	if (pin != NULL)
		options.pins = (struct opt_list){ &pin, 1 };
	if (exclude != NULL)
		options.excludes = (struct opt_list){ &exclude, 1 };
	if (accept != NULL)
		options.accept_unknown = (struct opt_list){ &accept, 1 };
	assert_int_equal(env_init(&env, "test", &common, &o.e), 0);
	o.plan = json_new_object(&o.e);
	o.candidates = json_new_object(&o.e);
	o.answer = compose_plan(&env, c, &options, o.plan, o.candidates, &o.e);
	env_release(&env);
	json_free(c);
	return o;
}

static void outcome_release(struct outcome *o)
{
	json_free(o->plan);
	json_free(o->candidates);
}

static const char *pattern_in(const cJSON *plan, const char *slot)
{
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return json_str_or(s, "pattern", "");
	return "";
}

static int uses(const cJSON *plan, const char *pattern)
{
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "pattern", ""), pattern) == 0)
			return 1;
	return 0;
}

/* ---- every pattern is the proven optimum of something ---- */

static const struct {
	const char *pattern, *constraints;
} best_for[] = {
	{ "aws.ingest.batch-landing",
		"{'workload_types':['batch'],'use_cases':['training']}" },
	{ "aws.ingest.kinesis",
		"{'workload_types':['streaming'],'use_cases':['fraud'],'throughput':{'"
		"events_per_second':2000}}" },
	{ "aws.ingest.event-queue",
		"{'use_cases':['rag'],'throughput':{'documents':5000}}" },
	{ "aws.ingest.firehose-lake",
		"{'workload_types':['streaming'],'use_cases':['analytics'],'throughput':{"
		"'events_per_second':20}}" },
	{ "aws.transform.glue-etl",
		"{'workload_types':['batch'],'use_cases':['vision'],'throughput':{'gb_"
		"per_day':900}}" },
	{ "aws.transform.athena-sql",
		"{'workload_types':['batch'],'use_cases':['analytics'],'throughput':{'gb_"
		"per_day':1}}" },
	{ "aws.transform.lambda-documents",
		"{'use_cases':['rag'],'deployment_pref':'serverless'}" },
	{ "aws.transform.fargate-batch",
		"{'workload_types':['batch'],'use_cases':['training'],'throughput':{'gb_"
		"per_day':50}}" },
	{ "aws.store.s3-lake", "{}" },
	{ "aws.store.rds-postgres",
		"{'use_cases':['rag'],'storage_prefs':['postgres'],"
		"'throughput':{'documents':100000}}" },
	{ "aws.store.aurora-postgres",
		"{'use_cases':['rag'],'storage_prefs':['aurora']}" },
	{ "aws.transform.knowledge-base",
		"{'use_cases':['rag'],'storage_prefs':['aurora'],"
		"'deployment_pref':'serverless'}" },
	{ "aws.feature.stream-windows",
		"{'use_cases':['fraud'],'workload_types':['streaming','online'],"
		"'throughput':{'events_per_second':300,'requests_per_second':5,"
		"'users':500}}" },
	{ "aws.observe.drift-lambda", "{'use_cases':['inference']}" },
	{ "aws.store.dynamodb", "{'use_cases':['rag']}" },
	{ "aws.store.opensearch-serverless",
		"{'use_cases':['rag'],'storage_prefs':['opensearch']}" },
	{ "aws.feature.s3-offline",
		"{'workload_types':['batch'],'use_cases':['forecasting']}" },
	{ "aws.feature.dynamodb-online",
		"{'workload_types':['online'],'use_cases':['fraud'],'storage_prefs':['"
		"dynamodb']}" },
	{ "aws.feature.elasticache-online",
		"{'workload_types':['online'],'use_cases':['recommendation'],'throughput'"
		":{'requests_per_second':300},'storage_prefs':['redis']}" },
	{ "aws.feature.postgres-features",
		"{'workload_types':['online'],'use_cases':['fraud'],'storage_prefs':['"
		"postgres']}" },
	{ "aws.train.sagemaker-training",
		"{'workload_types':['batch'],'use_cases':['training'],'existing_stack':['"
		"sagemaker']}" },
	{ "aws.train.batch-spot",
		"{'workload_types':['batch'],'use_cases':['training'],'throughput':{'"
		"storage_gb':20000}}" },
	{ "aws.train.fargate-train",
		"{'workload_types':['batch'],'use_cases':['training'],'team_constraints':"
		"{'size':2},'deployment_pref':'containers'}" },
	{ "aws.train.bedrock-finetune",
		"{'workload_types':['batch'],'use_cases':['finetuning'],'existing_stack':"
		"['bedrock']}" },
	{ "aws.serve.fargate-alb",
		"{'workload_types':['online'],'use_cases':['inference'],'deployment_pref'"
		":'containers'}" },
	{ "aws.serve.lambda-api",
		"{'workload_types':['online'],'use_cases':['inference'],'throughput':{'"
		"requests_per_second':1}}" },
	{ "aws.serve.sagemaker-endpoint",
		"{'workload_types':['online'],'use_cases':['inference'],'existing_stack':"
		"['sagemaker']}" },
	{ "aws.serve.batch-score",
		"{'workload_types':['batch'],'use_cases':['inference']}" },
	{ "aws.serve.apprunner",
		"{'workload_types':['online'],'use_cases':['inference'],'existing_stack':"
		"['app-runner']}" },
	{ "aws.observe.cloudwatch", "{'observability_prefs':['cloudwatch']}" },
	{ "aws.observe.prometheus-grafana", "{'observability_prefs':['grafana']}" },
	{ "aws.observe.drift-monitor",
		"{'use_cases':['inference'],'workload_types':['online','batch'],"
		"'throughput':{'gb_per_day':50}}" },
	{ "aws.govern.s3-registry",
		"{'use_cases':['inference'],'data_classification':'pii'}" },
	{ "aws.govern.sagemaker-registry",
		"{'use_cases':['inference'],'existing_stack':['sagemaker']}" },
	{ "aws.govern.cloudtrail-audit", "{}" },
	{ "aws.govern.lakeformation-access",
		"{'workload_types':['batch'],'use_cases':['analytics'],'data_"
		"classification':'pii'}" },
	{ "gcp.serve.cloud-run",
		"{'cloud':'gcp','workload_types':['online'],'use_cases':['inference'],'"
		"existing_stack':['cloud-run']}" },
	{ "gcp.serve.gke",
		"{'cloud':'gcp','workload_types':['online'],'use_cases':['inference'],'"
		"existing_stack':['gke']}" },
	{ "azure.serve.functions",
		"{'cloud':'azure','workload_types':['online'],'use_cases':['inference'],'"
		"deployment_pref':'serverless'}" },
	{ "azure.store.ai-search",
		"{'cloud':'azure','use_cases':['rag'],'storage_prefs':['azure-ai-search']"
		"}" },
};

static void each_pattern_is_best_for_something(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(best_for); i++) {
		struct outcome o = compose(best_for[i].constraints, NULL, NULL, NULL);

		if (o.answer != 0 || !json_true(json_get(o.plan, "optimal")) ||
			!uses(o.plan, best_for[i].pattern))
			fail_msg("%s is not in the best plan for %s (%s)",
				best_for[i].pattern, best_for[i].constraints, o.e.msg);
		outcome_release(&o);
	}
}

/* ---- what a whole plan holds ---- */

static void bases_and_ports_are_complete(void **unused)
{
	struct outcome o =
		compose("{'workload_types':['online'],'use_cases':['recommendation'],"
			"'deployment_pref':'containers','compliance':['SOC2']}",
			NULL, NULL, NULL);

	(void)unused;
	assert_int_equal(o.answer, 0);
	assert_true(json_len(json_get(o.plan, "bases")) >= 5);
	JSON_EACH (edge, json_get(o.plan, "edges")) {
		const char *from = json_str_or(edge, "from", "");
		int known = strncmp(from, "base_", 5) == 0 ||
			*pattern_in(o.plan, from) != '\0';

		assert_true(known);
	}
	JSON_EACH (line, json_get(o.plan, "bom")) {
		assert_true(json_num_or(line, "qty", 0) > 0);
		assert_true(json_has(line, "slot") || json_has(line, "base"));
	}
	assert_non_null(
		strstr(json_str_or(o.plan, "diagram_mermaid", ""), "flowchart LR"));
	outcome_release(&o);
}

/* Arrows go where data goes: into a store from who writes, out of it to who reads. */
static void arrows_follow_the_data(void **unused)
{
	static const char *const arrows[] = {
		"ingest_batch -->|obj.raw| store_lake",
		"store_lake -->|obj.raw| transform_batch",
		"transform_batch -->|obj.curated| store_lake",
		"store_lake -->|obj.curated| train_batch",
		"train_batch -->|model.registry| govern_registry",
		"govern_registry -->|model.registry| serve_batch",
	};
	struct outcome o = compose("{'cloud':'aws','regions':['eu-west-1'],"
				   "'use_cases':['training','inference'],"
				   "'workload_types':['batch']}",
		NULL, NULL, NULL);
	const char *drawn = json_str_or(o.plan, "diagram_mermaid", "");

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(arrows); i++)
		if (strstr(drawn, arrows[i]) == NULL)
			fail_msg("no '%s' in\n%s", arrows[i], drawn);
	outcome_release(&o);
}

static void same_question_same_answer(void **unused)
{
	const char *c = "{'use_cases':['rag','recommendation'],'workload_types':['online'"
			",'batch']}";
	struct outcome a = compose(c, NULL, NULL, NULL), b = compose(c, NULL, NULL, NULL);

	(void)unused;
	assert_true(json_equal(a.plan, b.plan));
	assert_true(json_equal(a.candidates, b.candidates));
	outcome_release(&a);
	outcome_release(&b);
}

static void order_of_lists_does_not_matter(void **unused)
{
	struct outcome a = compose(
		"{'use_cases':['rag','fraud'],'workload_types':['online','batch'],"
		"'storage_prefs':['postgres','s3']}",
		NULL, NULL, NULL);
	struct outcome b = compose(
		"{'workload_types':['batch','online'],'storage_prefs':['s3','postgres'],"
		"'use_cases':['fraud','rag']}",
		NULL, NULL, NULL);

	(void)unused;
	assert_true(json_equal(json_get(a.plan, "slots"), json_get(b.plan, "slots")));
	assert_true(json_equal(json_get(a.plan, "bom"), json_get(b.plan, "bom")));
	outcome_release(&a);
	outcome_release(&b);
}

static void pins_and_exclusions_hold(void **unused)
{
	const char *c = "{'workload_types':['online'],'use_cases':['inference']}";
	struct outcome o = compose(c, "serve@online=aws.serve.fargate-alb", NULL, NULL);

	(void)unused;
	assert_string_equal(pattern_in(o.plan, "serve@online"), "aws.serve.fargate-alb");
	outcome_release(&o);
	o = compose(c, NULL, "aws.serve.lambda-api", NULL);
	assert_int_equal(o.answer, 0);
	assert_false(uses(o.plan, "aws.serve.lambda-api"));
	outcome_release(&o);
	o = compose(c, "serve@online=aws.serve.nothing", NULL, NULL);
	assert_int_equal(o.answer, -1);
	assert_int_equal(o.e.code, ERR_USAGE);
	outcome_release(&o);
}

/* ---- rules ---- */

static void a_closed_service_needs_to_be_in_use(void **unused)
{
	struct outcome o =
		compose("{'workload_types':['online'],'use_cases':['inference']}", NULL,
			NULL, NULL);
	int told = 0;

	(void)unused;
	assert_false(uses(o.plan, "aws.serve.apprunner"));
	JSON_EACH (w, json_get(o.candidates, "why_not"))
		told |= strcmp(json_str_or(w, "pattern", ""), "aws.serve.apprunner") ==
				0 &&
			strstr(json_str_or(w, "why", ""),
				"closed to new customers since 2026-04-30") != NULL;
	assert_true(told);
	outcome_release(&o);
}

static void unknown_compliance_excludes_until_accepted(void **unused)
{
	const char *c = "{'use_cases':['rag'],'workload_types':['online'],'compliance':['"
			"HIPAA'],'regions':['us-east-1']}";
	struct outcome o = compose(c, NULL, NULL, NULL), accepted;
	int assumed = 0;

	(void)unused;
	/* Bedrock's eligibility is unknown: only a model of one's own is left */
	assert_int_equal(o.answer, 0);
	assert_string_equal(
		pattern_in(o.plan, "serve@online"), "aws.serve.sagemaker-endpoint");
	accepted = compose(c, NULL, NULL, "bedrock");
	assert_int_equal(accepted.answer, 0);
	assert_true(json_number(json_at(accepted.plan, "/objective/monthly_usd"), 0) <
		json_number(json_at(o.plan, "/objective/monthly_usd"), 0));
	JSON_EACH (a, json_get(accepted.plan, "assumptions"))
		assumed |= strcmp(json_str_or(a, "id", ""), "accepted.bedrock") == 0;
	assert_true(assumed);
	outcome_release(&o);
	outcome_release(&accepted);
}

static void residency_goes_by_jurisdiction(void **unused)
{
	struct outcome o = compose(
		"{'use_cases':['inference'],'data_residency':['EU']}", NULL, NULL, NULL);
	const char *region = json_text(json_at(o.plan, "/regions/0"));

	(void)unused;
	assert_int_equal(o.answer, 0);
	assert_true(region != NULL && strncmp(region, "eu-", 3) == 0 &&
		strcmp(region, "eu-west-2") != 0);
	outcome_release(&o);
	/* London starts with eu-, and lies outside the Union */
	o = compose("{'use_cases':['inference'],'data_residency':['EU'],'regions':['eu-"
		    "west-2']}",
		NULL, NULL, NULL);
	assert_int_equal(o.answer, 14);
	outcome_release(&o);
}

static void availability_takes_a_second_region(void **unused)
{
	struct outcome o =
		compose("{'workload_types':['online'],'use_cases':['inference'],"
			"'availability_target':99.99,'data_residency':['EU']}",
			NULL, NULL, NULL);

	(void)unused;
	assert_int_equal(o.answer, 0);
	assert_int_equal(json_len(json_get(o.plan, "regions")), 2);
	assert_true(
		json_number(json_at(o.plan, "/estimates/availability_pct"), 0) >= 99.99);
	outcome_release(&o);
}

/* ---- infeasible ---- */

static const char *const impossible[] = {
	"{'workload_types':['online'],'use_cases':['rag'],'sla_latency_ms':100,'regions':"
	"['us-east-1']}",
	"{'workload_types':['batch'],'use_cases':['training'],'throughput':{'storage_gb':"
	"40000},"
	"'budget_band':{'max_usd':500,'hard':true}}",
	"{'workload_types':['online'],'use_cases':['rag'],'availability_target':99.95,'"
	"regions':['us-east-1']}",
	"{'workload_types':['online'],'use_cases':['inference'],'regions':['us-east-1'],'"
	"data_residency':['EU']}",
	"{'cloud':'aws','workload_types':['online'],'use_cases':['inference'],'regions':["
	"'europe-west3']}",
	"{'workload_types':['online'],'use_cases':['inference'],'exclusions':['s3']}",
	"{'use_cases':['inference'],'budget_band':{'max_usd':0,'hard':true}}",
	"{'workload_types':['online'],'use_cases':['fraud'],'sla_latency_ms':5,'sla_"
	"latency_percentile':99}",
};

/* Takes what the pointer names out of the constraints. */
static cJSON *without(const cJSON *c, const char *pointer)
{
	struct err e = { 0 };
	cJSON *copy = json_copy(c, &e), *list;
	char field[96];
	size_t at = 0, skip;
	const char *slash = strchr(pointer + 1, '/');

	snprintf(field, sizeof(field), "%.*s",
		(int)(slash == NULL ? strlen(pointer + 1)
				    : (size_t)(slash - pointer - 1)),
		pointer + 1);
	if (slash == NULL) {
		json_remove(copy, field);
		return copy;
	}
	skip = strtoul(slash + 1, NULL, 10);
	list = json_new_array(&e);
	JSON_EACH (it, json_get(c, field))
		if (at++ != skip)
			json_push_copy(list, it, &e);
	json_set(copy, field, list, &e);
	return copy;
}

static int answer_for(const cJSON *c)
{
	struct buf text = BUF_INIT(65536);
	struct outcome o;
	int answer;

	json_print(c, JSON_COMPACT, &text);
	o = compose(text.ptr, NULL, NULL, NULL);
	answer = o.answer;
	outcome_release(&o);
	buf_release(&text);
	return answer;
}

static void conflicts_are_minimal(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(impossible); i++) {
		struct outcome o = compose(impossible[i], NULL, NULL, NULL);
		cJSON *c = J(impossible[i]);
		const cJSON *set = json_item(json_get(o.candidates, "conflicts"), 0);

		assert_int_equal(o.answer, 14);
		assert_false(json_true(json_get(o.plan, "feasible")));
		assert_true(json_len(set) > 0);
		JSON_EACH (pointer, set) {
			cJSON *less = without(c, json_text(pointer));

			if (answer_for(less) != 0)
				fail_msg("%s: infeasible without %s, too", impossible[i],
					json_text(pointer));
			json_free(less);
		}
		json_free(c);
		outcome_release(&o);
	}
}

static int with_value(const char *constraints, const char *pointer, double v)
{
	struct err e = { 0 };
	cJSON *c = J(constraints), *parent = c;
	const char *last = strrchr(pointer, '/');
	char head[96];
	int answer;

	snprintf(head, sizeof(head), "%.*s", (int)(last - pointer), pointer);
	if (head[0] != '\0')
		parent = json_edit(c, head);
	json_set_num(parent, last + 1, v, &e);
	answer = answer_for(c);
	json_free(c);
	return answer;
}

static void nearest_values_hold_and_the_next_step_does_not(void **unused)
{
	size_t seen = 0;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(impossible); i++) {
		struct outcome o = compose(impossible[i], NULL, NULL, NULL);

		JSON_EACH (n, json_get(o.candidates, "nearest")) {
			const char *pointer = json_str_or(n, "constraint", "");
			double value = json_num_or(n, "value", 0),
			       step = json_num_or(n, "step", 0);
			int up = value > json_num_or(n, "stated", 0);

			assert_int_equal(with_value(impossible[i], pointer, value), 0);
			assert_int_equal(with_value(impossible[i], pointer,
						 up ? value - step : value + step),
				14);
			seen++;
		}
		outcome_release(&o);
	}
	assert_true(seen >= 4);
}

static void loosening_never_costs_more(void **unused)
{
	static const char *const pairs[][2] = {
		{ "{'use_cases':['fraud'],'workload_types':['online'],'sla_latency_ms':"
		  "60}",
			"{'use_cases':['fraud'],'workload_types':['online'],'sla_latency_"
			"ms':61}" },
		{ "{'use_cases':['inference'],'availability_target':99.97}",
			"{'use_cases':['inference'],'availability_target':99.5}" },
		{ "{'use_cases':['inference'],'exclusions':['lambda']}",
			"{'use_cases':['inference']}" },
		{ "{'use_cases':['rag'],'compliance':['HIPAA'],'data_classification':'"
		  "phi'}",
			"{'use_cases':['rag'],'compliance':['SOC2'],'data_classification'"
			":'phi'}" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct outcome tight = compose(pairs[i][0], NULL, NULL, NULL);
		struct outcome loose = compose(pairs[i][1], NULL, NULL, NULL);
		double a = json_number(
			json_at(tight.plan, "/objective/monthly_usd"), INFINITY);
		double b = json_number(
			json_at(loose.plan, "/objective/monthly_usd"), INFINITY);

		assert_int_equal(loose.answer, 0);
		if (i != 0 && i != 3)
			assert_true(b <= a);
		else
			assert_true(tight.answer == 14 ||
				b <= a * 1.02); /* the model's budget moves with the target */
		outcome_release(&tight);
		outcome_release(&loose);
	}
}

/* Feasible, infeasible by a limit, by a place, by a slot; each pattern once a slot. */
static const char *const told[] = {
	"{'use_cases':['rag'],'workload_types':['online']}",
	"{'use_cases':['fraud'],'workload_types':['streaming'],'compliance':['HIPAA'],"
	"'exclusions':['kinesis'],'regions':['eu-central-1']}",
	"{'cloud':'aws','use_cases':['inference'],'sla_latency_ms':2}",
	"{'cloud':'aws','use_cases':['inference'],'budget_band':{'max_usd':1,'hard':true}"
	","
	"'availability_target':99.99}",
	"{'cloud':'aws','regions':['us-east-1'],'data_residency':['EU']}",
	"{'cloud':'aws','exclusions':['s3'],'workload_types':['batch']}",
	"{'cloud':'gcp','use_cases':['recommendation']}",
};

static void every_other_pattern_has_a_reason_with_a_number(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct outcome o = compose(told[i], NULL, NULL, NULL);

		assert_true(o.answer == 0 || o.answer == 14);
		assert_true(json_len(json_get(o.candidates, "why_not")) >= 12);
		JSON_EACH (w, json_get(o.candidates, "why_not")) {
			const char *why = json_str_or(w, "why", "");

			if (strpbrk(why, "0123456789") == NULL)
				fail_msg("%s: %s: '%s' has no number", told[i],
					json_str_or(w, "pattern", "?"), why);
		}
		assert_int_equal(
			json_len(json_get(o.candidates, "plans")), o.answer == 0 ? 3 : 0);
		outcome_release(&o);
	}
}

/* Without a region the solver chooses one, and says what the next would cost. */
static void regions_are_a_choice(void **unused)
{
	struct outcome all = compose("{'cloud':'aws','use_cases':['inference']}", NULL,
			       NULL, NULL),
		       eu = compose("{'cloud':'aws','use_cases':['inference'],"
				    "'data_residency':['EU']}",
			       NULL, NULL, NULL);
	double least = INFINITY;

	(void)unused;
	assert_int_equal(all.answer, 0);
	assert_true(json_len(json_get(all.candidates, "regions")) >= 8);
	JSON_EACH (r, json_get(all.candidates, "regions")) {
		char constraints[256];
		struct outcome one;

		snprintf(constraints, sizeof(constraints),
			"{'cloud':'aws','use_cases':['inference'],'regions':['%s']}",
			json_text(json_first(json_get(r, "regions"))));
		one = compose(constraints, NULL, NULL, NULL);
		assert_int_equal(one.answer, 0);
		assert_true(json_number(json_at(one.plan, "/objective/monthly_usd"), 0) ==
			json_num_or(r, "ranked_usd", -1));
		least = fmin(least, json_num_or(r, "ranked_usd", 0));
		outcome_release(&one);
	}
	assert_true(json_number(json_at(all.plan, "/objective/monthly_usd"), 0) == least);
	assert_int_equal(eu.answer, 0);
	JSON_EACH (r, json_get(eu.candidates, "regions"))
		assert_true(strncmp(json_text(json_first(json_get(r, "regions"))), "eu-",
				    3) == 0);
	outcome_release(&all);
	outcome_release(&eu);
}

/* Regions named in two jurisdictions: both are planned, and neither stands in for the
 * other. Without regions one place does for all that were named. */
static void each_jurisdiction_has_its_region(void **unused)
{
	struct outcome one = compose("{'cloud':'aws','use_cases':['inference'],"
				     "'data_residency':['EU'],"
				     "'availability_target':99.9}",
			       NULL, NULL, NULL),
		       two = compose("{'cloud':'aws','use_cases':['inference'],"
				     "'data_residency':['EU','US'],"
				     "'regions':['us-east-1','eu-west-1'],"
				     "'availability_target':99.9}",
			       NULL, NULL, NULL),
		       any = compose("{'cloud':'aws','use_cases':['inference'],"
				     "'data_residency':['EU','US']}",
			       NULL, NULL, NULL);

	(void)unused;
	assert_int_equal(two.answer, 0);
	assert_int_equal(json_len(json_get(two.plan, "regions")), 2);
	assert_int_equal(json_len(json_get(any.plan, "regions")), 1);
	assert_true(json_number(json_at(two.plan, "/estimates/availability_pct"), 0) <=
		json_number(json_at(one.plan, "/estimates/availability_pct"), 0) + 1e-9);
	assert_true(json_number(json_at(two.plan, "/estimates/monthly_usd"), 0) >
		json_number(json_at(one.plan, "/estimates/monthly_usd"), 0));
	outcome_release(&one);
	outcome_release(&two);
	outcome_release(&any);
}

/* A place without a price book is planned with marked estimates. */
static void a_jurisdiction_without_prices_is_planned(void **unused)
{
	struct outcome o = compose("{'cloud':'aws','use_cases':['inference'],"
				   "'data_residency':['SE']}",
		NULL, NULL, NULL);

	(void)unused;
	assert_int_equal(o.answer, 0);
	assert_string_equal(
		json_text(json_first(json_get(o.plan, "regions"))), "eu-north-1");
	assert_true(json_number(json_at(o.plan, "/estimates/unpriced_lines"), 0) > 0);
	outcome_release(&o);
}

/* ---- preflight ---- */

static const char *const checked[] = {
	"{'cloud':'aws','regions':['eu-central-1'],'data_residency':['EU'],'use_cases':"
	"['rag'],'workload_types':['online']}",
	"{'cloud':'aws','regions':['eu-west-1'],'use_cases':['fraud'],'workload_types':"
	"['streaming','online'],'throughput':{'events_per_second':2000}}",
	"{'cloud':'aws','regions':['us-east-1'],'use_cases':['training'],'workload_types'"
	":"
	"['batch'],'throughput':{'storage_gb':20000}}",
	"{'cloud':'gcp','use_cases':['inference']}",
	"{'cloud':'azure','use_cases':['rag']}",
};

static void a_plan_says_what_to_check_first(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(checked); i++) {
		struct outcome o = compose(checked[i], NULL, NULL, NULL);
		const cJSON *p = json_get(o.plan, "preflight");

		assert_int_equal(o.answer, 0);
		assert_true(json_len(json_get(p, "services")) > 3);
		assert_true(json_len(json_get(p, "residency")) >= 5);
		JSON_EACH (s, json_get(p, "services"))
			assert_string_equal(json_str_or(s, "available", ""), "yes");
		JSON_EACH (r, json_get(p, "residency"))
			assert_true(json_true(json_get(r, "inside")));
		JSON_EACH (c, json_get(p, "classes"))
			assert_non_null(strstr(json_str_or(c, "check", ""),
				json_str_or(c, "class", "?")));
		JSON_EACH (q, json_get(o.plan, "quotas")) {
			assert_true(json_num_or(q, "need", 0) > 0);
			assert_true(json_has(q, "instead") !=
				(json_text(json_get(q, "check")) != NULL));
			assert_true(json_has(q, "instead") !=
				(json_text(json_get(q, "raise")) != NULL));
		}
		outcome_release(&o);
	}
}

/* Model routing is part of residency: by geography, never by the region's name. */
static void routing_of_models_is_in_the_residency_table(void **unused)
{
	struct outcome o = compose("{'cloud':'aws','regions':['eu-central-1'],"
				   "'use_cases':['rag'],'workload_types':['online']}",
		"serve@online=aws.serve.lambda-api", NULL, NULL);
	size_t routed = 0;

	(void)unused;
	assert_int_equal(o.answer, 0);
	JSON_EACH (r, json_at(o.plan, "/preflight/residency"))
		routed += strcmp(json_str_or(r, "what", ""),
				  "model requests and answers") == 0 &&
			strcmp(json_str_or(r, "reaches", ""), "EU") == 0;
	assert_int_equal(routed, 1);
	outcome_release(&o);
}

/* Another load over the base, of which most is taken over, gives what solving it alone
 * gives. */
static int another_load(struct knowledge *k, const cJSON *c, const struct solution *base,
	const char *item, double value)
{
	struct solution part, whole;
	struct err e = { 0 };
	int differ;

	assert_int_equal(solve_with_load(base, c, item, value, &part, &e), 0);
	k->varied = item;
	k->varied_to = value;
	assert_int_equal(solve_constraints(k, c, 1, 1, &whole, &e), 0);
	k->varied = NULL;
	differ = part.r.n != whole.r.n || part.sc->n_slots != whole.sc->n_slots ||
		(part.r.n > 0 &&
			(part.r.plans[0].cents != whole.r.plans[0].cents ||
				part.r.plans[0].penalty != whole.r.plans[0].penalty));
	for (size_t i = 0; !differ && part.r.n > 0 && i < part.sc->n_slots; i++) {
		const struct option
			*a = &part.sc->slots[i].options[part.r.plans[0].choice[i]],
			*b = &whole.sc->slots[i].options[whole.r.plans[0].choice[i]];

		differ |= a->pattern != b->pattern || !json_equal(a->params, b->params);
	}
	solution_release(&part);
	solution_release(&whole);
	return differ;
}

static void another_load_is_solved_as_if_alone(void **unused)
{
	size_t compared = 0, differ = 0;

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(best_for); i += 3) {
		struct common_args common = { .share = "share", .quiet = 1 };
		struct compose_options options = { 0 };
		struct knowledge k = { 0 };
		struct solution base;
		struct node_env env;
		struct err e = { 0 };
		cJSON *c = J(best_for[i].constraints);

		assert_int_equal(env_init(&env, "test", &common, &e), 0);
		assert_int_equal(knowledge_load(&k, &env, c, &options, &e), 0);
		assert_int_equal(solve_constraints(&k, c, 1, 1, &base, &e), 0);
		if (!json_has(c, "regions")) { /* so that both lie at the same place */
			cJSON *list = json_add_array(c, "regions", &e);

			assert_int_equal(json_push_str(list, base.sc->region[0], &e), 0);
		}
		JSON_EACH (a, base.r.n > 0 ? base.sc->assumptions : NULL) {
			const char *id = json_str_or(a, "id", "");
			double value = json_num_or(a, "value", 0);

			if (strncmp(id, "load.", 5) != 0 || value <= 0)
				continue;
			compared += 2;
			differ += (size_t)another_load(&k, c, &base, id + 5, 2 * value);
			differ += (size_t)another_load(&k, c, &base, id + 5, value / 7);
		}
		solution_release(&base);
		knowledge_release(&k);
		env_release(&env);
		json_free(c);
	}
	assert_true(compared > 150);
	assert_int_equal(differ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pattern_is_best_for_something),
		cmocka_unit_test(bases_and_ports_are_complete),
		cmocka_unit_test(arrows_follow_the_data),
		cmocka_unit_test(same_question_same_answer),
		cmocka_unit_test(order_of_lists_does_not_matter),
		cmocka_unit_test(pins_and_exclusions_hold),
		cmocka_unit_test(a_closed_service_needs_to_be_in_use),
		cmocka_unit_test(unknown_compliance_excludes_until_accepted),
		cmocka_unit_test(residency_goes_by_jurisdiction),
		cmocka_unit_test(availability_takes_a_second_region),
		cmocka_unit_test(conflicts_are_minimal),
		cmocka_unit_test(nearest_values_hold_and_the_next_step_does_not),
		cmocka_unit_test(loosening_never_costs_more),
		cmocka_unit_test(every_other_pattern_has_a_reason_with_a_number),
		cmocka_unit_test(regions_are_a_choice),
		cmocka_unit_test(a_plan_says_what_to_check_first),
		cmocka_unit_test(routing_of_models_is_in_the_residency_table),
		cmocka_unit_test(each_jurisdiction_has_its_region),
		cmocka_unit_test(a_jurisdiction_without_prices_is_planned),
		cmocka_unit_test(another_load_is_solved_as_if_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
