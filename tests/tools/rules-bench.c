/*
 * rules-bench STATE - how long the shipped rules take over a judged state that is
 * blown up to 30 parts and 200 bill lines, and how long one region's prices take to
 * load. Best of 20, in process, one core; run from the repository root.
 */
#include <stdio.h>

#include "pricing/pricing.h"
#include "rules/rules.h"

#define RUNS  20
#define PARTS 30
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

static int64_t judge(
	const struct rule_set *set, const struct rule_eval *ev, struct err *e)
{
	int64_t best = INT64_MAX;

	for (int run = 0; run < RUNS; run++) {
		int64_t start = clock_monotonic_ns(), took;

		for (size_t i = 0; i < rule_set_count(set); i++) {
			struct verdict_result v;

			if (rule_evaluate(rule_set_at(set, i), ev, &v, e) < 0)
				return -1;
			verdict_release(&v);
		}
		took = clock_monotonic_ns() - start;
		best = took < best ? took : best;
	}
	return best;
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

static int measure(const char *path, struct err *e)
{
	struct node_env env = { .share = "share" };
	struct rule_set *set = NULL;
	struct region_book *regions = region_book_load(&env, e);
	cJSON *state = json_parse_file(path, STATE_TEXT_MAX, e), *facts = NULL;
	struct rule_eval ev = { .data = state, .regions = regions };
	int64_t rules = -1, prices = -1;

	if (state != NULL && regions != NULL && rule_set_new(&set, e) == 0 &&
		load(set, &env, e) == 0)
		facts = facts_build(&env, json_get(state, "plan"), regions, NULL, e);
	if (facts != NULL && blow_up(json_edit(facts, "/parts"), PARTS, e) == 0 &&
		blow_up(json_edit(state, "/plan/bom"), LINES, e) == 0 &&
		json_set(state, "facts", facts, e) == 0) {
		rules = judge(set, &ev, e);
		prices = load_prices(&env, e);
	}
	if (rules > 0 && prices > 0)
		printf("%zu rules, %d parts, %d lines: %.3f ms (%.0f rules/s)\n"
		       "prices of us-east-1: %.3f ms\n",
			rule_set_count(set), PARTS, LINES, (double)rules / 1e6,
			(double)rule_set_count(set) * 1e9 / (double)rules,
			(double)prices / 1e6);
	rule_set_free(set);
	region_book_free(regions);
	json_free(state);
	return rules > 0 && prices > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: rules-bench STATE\n");
		return 2;
	}
	if (measure(argv[1], &e) == 0)
		return 0;
	fprintf(stderr, "rules-bench: %s\n", e.msg);
	return 1;
}
