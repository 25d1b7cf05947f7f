/*
 * rules-bench STATE [INPUTS] - how long 100 rules take over a judged state that is
 * blown up to 200 components and 200 bill lines, and how long one region's prices
 * take to load. Best of 20, in process, one core; run from the repository root. With
 * INPUTS, the same rules and data are written there for other implementations.
 */
#include <stdio.h>

#include "pricing/pricing.h"
#include "rules/internal.h"

#define RUNS  20
#define RULES 100
#define PARTS 200
#define LINES 200

static int load(struct rule_set *set, struct node_env *env, struct err *e)
{
	char **names, path[512];
	size_t n;
	int ret = 0;

	if (file_list("share/policies", &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < n; i++) {
		cJSON *tree;

		snprintf(path, sizeof(path), "policies/%s", names[i]);
		tree = env_read_json(env, path, e);
		ret = tree == NULL ? -1 : rule_set_add(set, tree, path, e);
	}
	file_list_free(names, n);
	return ret;
}

/* Repeats the items of a list until there are n. */
static int blow_up(cJSON *list, size_t n, struct err *e)
{
	size_t have = json_len(list);

	if (have == 0)
		return err_set(e, ERR_INPUT, "the state has no plan to judge");
	for (size_t i = have; i < n; i++)
		if (json_push_copy(list, json_item(list, i % have), e) < 0)
			return -1;
	return 0;
}

/* The nth of RULES rules: the shipped ones, again from the first when there are fewer. */
static const struct rule *nth(const struct rule_set *set, size_t i)
{
	return rule_set_at(set, i % rule_set_count(set));
}

/* 1 when the assertion keeps to what the reference implementation has, too: not `val`. */
static int classic(const struct rule *r)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	int yes;

	json_print(json_get(r->rule, "assert"), JSON_COMPACT, &text);
	yes = !text.failed && strstr(text.ptr, "\"val\"") == NULL;
	buf_release(&text);
	return yes;
}

/* The nth assertion that others can evaluate. */
static const cJSON *nth_assert(const struct rule_set *set, size_t i)
{
	size_t at = 0;

	for (;; at++)
		if (classic(nth(set, at)) && i-- == 0)
			return json_get(nth(set, at)->rule, "assert");
}

/* Whole rules: whether they apply, missing facts, assertion, message. */
static int64_t judge(
	const struct rule_set *set, const struct rule_eval *ev, struct err *e)
{
	int64_t best = INT64_MAX;

	for (int run = 0; run < RUNS; run++) {
		int64_t start = clock_monotonic_ns(), took;

		for (size_t i = 0; i < RULES; i++) {
			struct verdict_result v;

			if (rule_evaluate(nth(set, i), ev, &v, e) < 0)
				return -1;
			verdict_release(&v);
		}
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	return best;
}

/* The assertions alone, which is what other implementations of JSONLogic can do, too.
 * `verdicts` gets one character a rule. */
static int64_t assert_only(const struct rule_set *set, const struct rule_eval *ev,
	char verdicts[RULES + 1], struct err *e)
{
	struct logic l = { .ops = rule_ops, .arg = ev->regions };
	const cJSON *assertion[RULES];
	int64_t best = INT64_MAX;

	for (size_t i = 0; i < RULES; i++)
		assertion[i] = nth_assert(set, i);

	verdicts[RULES] = '\0';
	for (int run = 0; run < RUNS; run++) {
		int64_t start = clock_monotonic_ns(), took;

		for (size_t i = 0; i < RULES; i++) {
			cJSON *v = logic_apply(&l, assertion[i], ev->data, e);

			if (v == NULL)
				return -1;
			verdicts[i] = logic_truthy(v) ? '1' : '0';
			json_free(v);
		}
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	return best;
}

/* {"rules":[...],"data":{...},"within":{REGION:[JURISDICTION, ...]}} */
static int write_inputs(const char *path, const struct rule_set *set, const cJSON *data,
	const struct region_book *regions, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	cJSON *doc = json_new_object(e), *rules, *within;
	int ret = -1;

	rules = json_add_array(doc, "rules", e);
	within = json_add_object(doc, "within", e);
	if (rules == NULL || within == NULL || json_set_copy(doc, "data", data, e) < 0)
		goto out;
	for (size_t i = 0; i < RULES; i++)
		if (json_push_copy(rules, nth_assert(set, i), e) < 0)
			goto out;
	JSON_EACH (code, json_at(data, "/plan/regions")) {
		const struct region *r = region_by_code(regions, json_text(code));
		cJSON *list = json_add_array(within, json_text(code), e);

		JSON_EACH (j, regions->jurisdictions)
			if (r != NULL && region_within(regions, r, json_key(j)) &&
				json_push_str(list, json_key(j), e) < 0)
				goto out;
	}
	json_print(doc, JSON_COMPACT, &text);
	ret = buf_ok(&text, e) < 0
		? -1
		: file_write_atomic(path, text.ptr, text.len, 0644, 0, e);
out:
	json_free(doc);
	buf_release(&text);
	return ret;
}

static int64_t load_prices(struct node_env *env, struct err *e)
{
	int64_t best = INT64_MAX;

	for (int run = 0; run < RUNS; run++) {
		int64_t start = clock_monotonic_ns(), took;
		struct price_book *b;

		if (price_book_load(&b, env, "aws", "us-east-1", e) < 0)
			return -1;
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
		price_book_free(b);
	}
	return best;
}

/* Facts, then components and lines until there are as many as we want. */
static int enlarge(cJSON *state, struct node_env *env, const struct region_book *regions,
	struct err *e)
{
	cJSON *facts = facts_build(env, json_get(state, "plan"), regions, NULL, e);

	return facts == NULL || json_set(state, "facts", facts, e) < 0 ||
			blow_up(json_edit(state, "/facts/parts"), PARTS, e) < 0 ||
			blow_up(json_edit(state, "/plan/slots"), PARTS, e) < 0 ||
			blow_up(json_edit(state, "/plan/bom"), LINES, e) < 0
		? -1
		: blow_up(json_edit(state, "/cost/breakdown"), LINES, e);
}

static int report(struct node_env *env, const struct rule_set *set,
	const struct rule_eval *ev, struct err *e)
{
	char verdicts[RULES + 1];
	int64_t whole = judge(set, ev, e);
	int64_t asserted = whole < 0 ? -1 : assert_only(set, ev, verdicts, e);
	int64_t prices = asserted < 0 ? -1 : load_prices(env, e);

	if (prices < 0)
		return -1;
	printf("%d rules, %d components, %d lines: %.3f ms (%.0f rules/s)\n", RULES,
		PARTS, LINES, (double)whole / 1e6, RULES * 1e9 / (double)whole);
	printf("assertions alone: %.3f %.0f %s\n", (double)asserted / 1e6,
		RULES * 1e9 / (double)asserted, verdicts);
	printf("prices of us-east-1: %.3f ms\n", (double)prices / 1e6);
	return 0;
}

static int measure(const char *path, const char *inputs, struct err *e)
{
	struct node_env env = { .share = "share" };
	struct rule_set *set = NULL;
	struct region_book *regions = region_book_load(&env, e);
	cJSON *state = json_parse_file(path, STATE_TEXT_MAX, e);
	struct rule_eval ev = { .data = state, .regions = regions };
	int ret = -1;

	if (state != NULL && regions != NULL && rule_set_new(&set, e) == 0 &&
		load(set, &env, e) == 0 && enlarge(state, &env, regions, e) == 0 &&
		(inputs == NULL || write_inputs(inputs, set, state, regions, e) == 0))
		ret = report(&env, set, &ev, e);
	rule_set_free(set);
	region_book_free(regions);
	json_free(state);
	return ret;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: rules-bench STATE [INPUTS]\n");
		return 2;
	}
	if (measure(argv[1], argv[2], &e) == 0)
		return 0;
	fprintf(stderr, "rules-bench: %s\n", e.msg);
	return 1;
}
