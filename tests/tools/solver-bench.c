/*
 * solver-bench - how long proving takes on random problems of the given size:
 *   solver-bench [SLOTS OPTIONS COMPONENTS INSTANCES [brute]]   (12 50 10 21)
 * Six hard limits: latency and availability on two paths, a budget, ports. Prints
 * one line: median and largest time, nodes, and how many were feasible. With `brute`
 * every plan is tried as well, and must not be better.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "solver/solver.h"

static uint64_t state = 88172645463325252u;

static int below(int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (int)(state % (uint64_t)n);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fill(struct solver_problem *p, struct solver_slot *slots,
	struct solver_option *pool, struct solver_component *components, int n_slots,
	int n_options, int n_components)
{
	memset(p, 0, sizeof(*p));
	memset(pool, 0, sizeof(*pool) * (size_t)(n_slots * n_options));
	memset(components, 0, sizeof(*components) * SOLVER_COMPONENTS_MAX);
	for (int i = 0; i < n_components; i++)
		components[i].micro_usd = (10 + below(80)) * 1000000ll;
	for (int i = 0; i < n_slots; i++) {
		slots[i].options = pool + i * n_options;
		slots[i].n = (size_t)n_options;
		for (int j = 0; j < n_options; j++) {
			struct solver_option *o = &pool[i * n_options + j];

			o->group = j;
			o->micro_usd = (5 + below(400)) * 1000000ll + below(1000000);
			o->penalty = below(5) == 0 ? 20 : 0;
			o->burden = 1 + below(5);
			for (int k = 0; k < 2; k++)
				o->components |= (uint64_t)1 << below(n_components);
			o->provides = (uint64_t)1 << below(12);
			o->requires = below(4) == 0 ? (uint64_t)1 << below(12) : 0;
			/* the cheap are slow and break more often */
			for (int k = 0; k < 2; k++)
				if (i % 2 == k) {
					o->leg[k].p50_ms = 2 +
						2000.0 /
							(double)(o->micro_usd / 1000000 +
								20) +
						below(10);
					o->leg[k].spread2 =
						pow(o->leg[k].p50_ms * 1.5, 2);
					o->leg[k].loss = 0.0001 +
						0.02 /
							(double)(o->micro_usd / 1000000 +
								20);
				}
		}
	}
	*p = (struct solver_problem){ .slots = slots,
		.n_slots = (size_t)n_slots,
		.components = components,
		.n_components = (size_t)n_components,
		.n_paths = 2,
		.budget_micro_usd = 4000000000ll,
		.soft_budget_micro_usd = INT64_MAX };
	for (int k = 0; k < 2; k++) {
		p->path[k].latency_max_ms = 18.0 * n_slots / 2;
		p->path[k].loss_max = 0.00028 * n_slots / 2;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The best of all plans, one by one. */
static int brute_force(const struct solver_problem *p, struct solver_plan *best)
{
	struct solver_plan plan = { 0 };
	int found = 0;

	for (;;) {
		struct solver_plan copy = plan;
		size_t i;

		if (solver_evaluate(p, &copy) &&
			(!found || solver_compare(&copy, best, p->n_slots) < 0)) {
			*best = copy;
			found = 1;
		}
		for (i = 0; i < p->n_slots; i++) {
			if (++plan.choice[i] < p->slots[i].n)
				break;
			plan.choice[i] = 0;
		}
		if (i == p->n_slots)
			return found;
	}
}

int main(int argc, char **argv)
{
	int n_slots = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 12;
	int n_options = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 50;
	int n_components = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 10;
	int n = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 21;
	struct solver_option *pool;
	struct solver_slot slots[SOLVER_SLOTS_MAX];
	struct solver_component components[SOLVER_COMPONENTS_MAX];
	double ms[1000], brute_ms = 0;
	int brute = argc > 5 && strcmp(argv[5], "brute") == 0;
	uint64_t nodes = 0;
	int feasible = 0, proven = 0;

	if (n_slots < 1 || n_slots > SOLVER_SLOTS_MAX || n_options < 1 ||
		n_options > 10000 || n_components < 1 ||
		n_components > SOLVER_COMPONENTS_MAX || n < 1 || n > 1000) {
		fprintf(stderr,
			"usage: solver-bench [SLOTS OPTIONS COMPONENTS INSTANCES]\n");
		return 2;
	}
	pool = calloc((size_t)n_slots * (size_t)n_options, sizeof(*pool));
	if (pool == NULL)
		return 70;
	for (int i = 0; i < n; i++) {
		struct solver_limits l = { .k = 1, .nodes = 20000000 };
		struct solver_problem p;
		struct solver_result r;
		double start;

		fill(&p, slots, pool, components, n_slots, n_options, n_components);
		start = now_ms();
		if (solver_solve(&p, &l, &r) < 0)
			return 70;
		ms[i] = now_ms() - start;
		nodes += r.nodes;
		feasible += r.n > 0;
		proven += r.optimal;
		if (brute) {
			struct solver_plan best;
			int found;

			start = now_ms();
			found = brute_force(&p, &best);
			brute_ms += now_ms() - start;
			if (found != (r.n > 0) ||
				(found &&
					solver_compare(&best, &r.plans[0], p.n_slots) !=
						0)) {
				fprintf(stderr,
					"solver-bench: instance %d: brute force "
					"disagrees\n",
					i);
				return 1;
			}
		}
	}
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	printf("%d slots x %d options, %d components: median %.2f ms, largest %.2f ms, "
	       "%.0f nodes each, %d of %d feasible, %d proven\n",
		n_slots, n_options, n_components, ms[n / 2], ms[n - 1], (double)nodes / n,
		feasible, n, proven);
	if (brute)
		printf("  brute force: %.2f ms each, same plans\n", brute_ms / n);
	free(pool);
	return 0;
}
