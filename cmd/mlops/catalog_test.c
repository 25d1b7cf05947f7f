/* mlops catalog test: the cases of patterns, each planned by mlops-plan. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "catalog/patterns.h"

static const char *const clouds[] = { "aws", "gcp", "azure" };
static const char *const capabilities[] = { "base", "ingest", "transform", "store",
	"feature", "train", "serve", "observe", "govern" };

struct tester {
	struct node_env *env;
	struct buf planner; /* path of mlops-plan */
	struct buf *out;
	const struct pattern *at;
	const char *name; /* of the case in hand */
	size_t passed, failed;
	int case_failed;
};

static void wrong(struct tester *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void wrong(struct tester *t, const char *fmt, ...)
{
	va_list ap;

	buf_addf(t->out, "%s: %s: ", t->at->id, t->name);
	va_start(ap, fmt);
	buf_vaddf(t->out, fmt, ap);
	va_end(ap);
	buf_add_char(t->out, '\n');
	t->case_failed = 1;
}

/* The state with a plan; NULL, with a line for the reader, when there is none. */
static cJSON *plan_of(struct tester *t, const cJSON *constraints, struct err *e)
{
	const char *argv[] = { t->planner.ptr, "--compact", "-q", "--share",
		t->env->share, "--patterns", t->env->patterns, NULL };
	struct buf in = BUF_INIT(1 << 20), out = BUF_INIT(STATE_TEXT_MAX),
		   noise = BUF_INIT(1 << 16);
	struct proc_spec spec = { .argv = argv,
		.out = &out,
		.err = &noise,
		.timeout_ns = INT64_C(60000000000) };
	struct proc_result r = { 0 };
	cJSON *state = NULL;

	buf_add_str(&in, "{\"schema_version\":2,\"constraints\":");
	json_print(constraints, JSON_COMPACT, &in);
	buf_add_str(&in, "}\n");
	spec.in = in.ptr;
	spec.in_len = in.len;
	if (buf_ok(&in, e) == 0 && proc_run(&spec, &r, e) == 0) {
		if (r.signal == 0 && (r.status == 0 || r.status == 14))
			state = json_parse(out.ptr, out.len, JSON_STRICT, e);
		else
			err_fill(e, ERR_INTERNAL, "mlops-plan ended with %d: %.180s",
				r.signal != 0 ? r.signal : r.status, noise.ptr);
	}
	if (state == NULL)
		wrong(t, "%s", e->msg);
	buf_release(&in);
	buf_release(&out);
	buf_release(&noise);
	return state;
}

static const cJSON *slot_named(const cJSON *plan, const char *name)
{
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), name) == 0)
			return s;
	return NULL;
}

static void check_params(struct tester *t, const cJSON *slot, const cJSON *wanted)
{
	JSON_EACH (it, wanted) {
		const cJSON *got = json_get(json_get(slot, "params"), json_key(it));
		struct buf a = BUF_INIT(4096), b = BUF_INIT(4096);

		json_print(it, JSON_COMPACT, &a);
		if (got != NULL)
			json_print(got, JSON_COMPACT, &b);
		if (strcmp(a.ptr, b.ptr) != 0)
			wrong(t, "%s is %s, not %s", json_key(it),
				b.len > 0 ? b.ptr : "absent", a.ptr);
		buf_release(&a);
		buf_release(&b);
	}
}

static void check_number(
	struct tester *t, const cJSON *plan, const cJSON *one, const char *name)
{
	double want = json_num_or(one, name, 0),
	       got = json_num_or(json_get(plan, "estimates"), name, NAN);

	if (json_has(one, name) && !(fabs(got - want) <= 0.01 * fmax(1, want)))
		wrong(t, "%s is %g, not %g", name, got, want);
}

static void check_won(struct tester *t, const cJSON *plan, const cJSON *one)
{
	const char *wins = json_str_or(one, "wins", "");
	const cJSON *slot = slot_named(plan, wins), *range = json_get(one, "monthly_usd");
	double usd = json_num_or(json_get(plan, "estimates"), "monthly_usd", NAN);

	if (!json_true(json_get(plan, "feasible")))
		wrong(t, "nothing is feasible");
	else if (!json_true(json_get(plan, "optimal")))
		wrong(t, "the plan is not proven optimal");
	else if (slot == NULL)
		wrong(t, "there is no slot %s", wins);
	else if (strcmp(json_str_or(slot, "pattern", ""), t->at->id) != 0)
		wrong(t, "%s is %s", wins, json_str_or(slot, "pattern", "?"));
	if (t->case_failed)
		return;
	check_params(t, slot, json_get(one, "params"));
	check_number(t, plan, one, "p95_latency_ms");
	check_number(t, plan, one, "availability_pct");
	if (range != NULL &&
		!(usd >= json_number(json_item(range, 0), 0) &&
			usd <= json_number(json_item(range, 1), 0)))
		wrong(t, "the plan costs $%.2f a month", usd);
}

static void check_out(struct tester *t, const cJSON *candidates, const cJSON *out)
{
	const char *kind = json_str_or(out, "kind", ""),
		   *why = json_str_or(out, "why", "");

	JSON_EACH (it, json_get(candidates, "why_not")) {
		if (strcmp(json_str_or(it, "pattern", ""), t->at->id) != 0 ||
			strcmp(json_str_or(it, "slot", ""),
				json_str_or(out, "slot", "")) != 0)
			continue;
		if (strcmp(json_str_or(it, "kind", ""), kind) != 0 ||
			strstr(json_str_or(it, "why", ""), why) == NULL)
			wrong(t, "out for '%s': %s", json_str_or(it, "kind", ""),
				json_str_or(it, "why", ""));
		return;
	}
	wrong(t, "it is not out");
}

static void run_case(struct tester *t, const cJSON *one)
{
	struct err e = { 0 };
	cJSON *state;

	t->name = json_str_or(one, "name", "?");
	t->case_failed = 0;
	state = plan_of(t, json_get(one, "constraints"), &e);
	if (state != NULL && json_has(one, "wins"))
		check_won(t, json_get(state, "plan"), one);
	if (state != NULL && json_has(one, "out"))
		check_out(t, json_get(state, "candidates"), json_get(one, "out"));
	json_free(state);
	t->passed += !t->case_failed;
	t->failed += (size_t)t->case_failed;
}

/* 1 when the pattern has cases, 0 when not, -1. */
static int run_pattern(struct tester *t, const char *cloud, struct err *e)
{
	struct buf relative = BUF_INIT(1024), found = BUF_INIT(8192);
	cJSON *cases = NULL;
	int ret = -1;

	buf_addf(&relative, "patterns/%s/%s/%s/tests/cases.json", cloud,
		t->at->capability,
		t->at->id + strlen(cloud) + strlen(t->at->capability) + 2);
	if (env_find(t->env, relative.ptr, &found, e) < 0)
		goto out;
	if (!file_is_regular(found.ptr)) {
		ret = 0;
		goto out;
	}
	cases = env_read_json(t->env, relative.ptr, e);
	if (cases == NULL)
		goto out;
	JSON_EACH (one, json_get(cases, "cases"))
		run_case(t, one);
	ret = 1;
out:
	json_free(cases);
	buf_release(&relative);
	buf_release(&found);
	return ret;
}

static int is_wanted(const struct catalog_args *a, const char *id)
{
	for (size_t i = 1; i < a->n; i++)
		if (strcmp(a->words[i], id) == 0)
			return 1;
	return a->n == 1;
}

static int run_cloud(struct tester *t, const struct catalog_args *a, const char *cloud,
	size_t *seen, struct err *e)
{
	struct patterns p = { 0 };
	int ret = patterns_init(&p, cloud, e);

	for (size_t i = 0; i < ARRAY_LEN(capabilities) && ret == 0; i++)
		ret = patterns_load(&p, t->env, capabilities[i], e);
	for (size_t i = 0; i < p.n && ret >= 0; i++) {
		if (!is_wanted(a, p.at[i].id))
			continue;
		(*seen)++;
		t->at = &p.at[i];
		ret = run_pattern(t, cloud, e);
		if (ret == 0 && a->n > 1)
			buf_addf(t->out, "%s: no tests/cases.json\n", p.at[i].id);
	}
	t->at = NULL;
	patterns_release(&p);
	return ret < 0 ? -1 : 0;
}

int catalog_test(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	struct tester t = { .env = env, .planner = BUF_INIT(8192), .out = out };
	const char *given = getenv("MLOPS_EXEC_PATH");
	size_t seen = 0;
	int ret = -1;

	if (given != NULL && *given != '\0')
		buf_add_str(&t.planner, given);
	else if (proc_self_dir(&t.planner, e) < 0)
		goto out;
	buf_add_str(&t.planner, "/mlops-plan");
	if (buf_ok(&t.planner, e) < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
		if (run_cloud(&t, a, clouds[i], &seen, e) < 0)
			goto out;
	if (a->n > 1 && seen + 1 != a->n) {
		err_fill(e, ERR_NO_INPUT,
			"an id that no pattern has (mlops catalog list)");
		goto out;
	}
	buf_addf(out, "%zu cases passed, %zu failed\n", t.passed, t.failed);
	ret = t.failed > 0 ? 12 : 0;
out:
	buf_release(&t.planner);
	return ret;
}
