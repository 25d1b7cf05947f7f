/*
 * plan-bench SHARE STATE [RUNS]: what the planner costs in process, without starting
 * a program: the whole composition (reading share/, plan, candidates, why not).
 * Prints the median in milliseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "compose/compose.h"

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int compose_once(const char *share, const cJSON *constraints, struct err *e)
{
	struct common_args common = { .share = share, .quiet = 1 };
	struct compose_options options = { 0 };
	struct node_env env;
	cJSON *plan = json_new_object(e), *candidates = json_new_object(e);
	int ret = -1;

	if (plan != NULL && candidates != NULL &&
		env_init(&env, "plan-bench", &common, e) == 0) {
		ret = compose_plan(&env, constraints, &options, plan, candidates, e);
		env_release(&env);
	}
	json_free(plan);
	json_free(candidates);
	return ret;
}

int main(int argc, char **argv)
{
	struct buf text = BUF_INIT((size_t)1 << 20);
	struct err e = { 0 };
	int runs = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 15;
	double took[1000];
	cJSON *state;

	if (argc < 3 || runs < 1 || runs > 1000 || file_read(argv[2], &text, &e) < 0)
		return 2;
	state = json_parse(text.ptr, text.len, JSON_STRICT, &e);
	for (int i = 0; i < runs; i++) {
		double from = now_ms();

		if (compose_once(argv[1], json_get(state, "constraints"), &e) < 0) {
			fprintf(stderr, "plan-bench: %s\n", e.msg);
			return 1;
		}
		took[i] = now_ms() - from;
	}
	qsort(took, (size_t)runs, sizeof(*took), by_size);
	printf("%.2f\n", took[runs / 2]);
	json_free(state);
	buf_release(&text);
	return 0;
}
