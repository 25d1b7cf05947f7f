/*
 * solver-bench - how long proving takes on random problems of the given size:
 *   solver-bench [SLOTS OPTIONS COMPONENTS INSTANCES [brute | dump FILE]]   (12 50 10 21)
 * Six hard limits: latency and availability on two paths, a budget, ports. Prints
 * one line: median and largest time, nodes, how many were feasible, peak memory. With
 * `brute` every plan is tried as well, and must not be better. With `dump` the problems
 * and their optima go to FILE, in whole numbers, for another solver.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* Whole microseconds and billionths, so that other solvers see the same problem. */
static void set_leg(struct solver_leg *leg, int64_t usd)
{
	double p50_us = round(2000 + 2000000.0 / (double)usd) + 1000 * below(10);
	double sigma_us = round(p50_us * 1.5);

	leg->p50_ms = p50_us / 1000;
	leg->spread2 = sigma_us * sigma_us / 1e6;
	leg->loss = round(1e5 + 2e7 / (double)usd) / 1e9;
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
			o->micro_usd =
				(5 + below(400)) * 1000000ll + below(100) * 10000ll;
			o->penalty = below(5) == 0 ? 20 : 0;
			o->burden = 1 + below(5);
			for (int k = 0; k < 2; k++)
				o->components |= (uint64_t)1 << below(n_components);
			o->provides = (uint64_t)1 << below(12);
			o->requires = below(4) == 0 ? (uint64_t)1 << below(12) : 0;
			/* the cheap are slow and break more often */
			for (int k = 0; k < 2; k++)
				if (i % 2 == k) {
					set_leg(&o->leg[k], o->micro_usd / 1000000 + 20);
				}
		}
	}
	*p = (struct solver_problem){ .slots = slots,
		.n_slots = (size_t)n_slots,
		.components = components,
		.n_components = (size_t)n_components,
		.n_paths = 2,
		.budget_micro_usd = 333000000ll * n_slots,
		.soft_budget_micro_usd = INT64_MAX };
	for (int k = 0; k < 2; k++) {
		p->path[k].latency_max_ms = 18.0 * n_slots / 2;
		p->path[k].loss_max = 0.00028 * n_slots / 2;
	}
}

static void dump_option(FILE *to, const struct solver_option *o)
{
	fprintf(to,
		"{\"cents\":%lld,\"penalty\":%d,\"burden\":%d,\"components\":%llu,"
		"\"requires\":%llu,\"provides\":%llu,\"p50_us\":[%.0f,%.0f],\"sigma_us\":"
		"[%.0f,%.0f],\"loss\":[%.0f,%.0f]}",
		(long long)(o->micro_usd / 10000), o->penalty, o->burden,
		(unsigned long long)o->components, (unsigned long long)o->requires,
		(unsigned long long)o->provides, o->leg[0].p50_ms * 1000,
		o->leg[1].p50_ms * 1000, sqrt(o->leg[0].spread2) * 1000,
		sqrt(o->leg[1].spread2) * 1000, o->leg[0].loss * 1e9,
		o->leg[1].loss * 1e9);
}

/* One line: the problem and its optimum. Latencies compare after rounding to 0.1 ms,
 * so a limit lets 49 microseconds more pass. */
static void dump(FILE *to, const struct solver_problem *p, const struct solver_result *r)
{
	fprintf(to, "{\"slots\":[");
	for (size_t i = 0; i < p->n_slots; i++) {
		fprintf(to, "%s[", i > 0 ? "," : "");
		for (size_t j = 0; j < p->slots[i].n; j++) {
			fprintf(to, "%s", j > 0 ? "," : "");
			dump_option(to, &p->slots[i].options[j]);
		}
		fprintf(to, "]");
	}
	fprintf(to, "],\"components\":[");
	for (size_t i = 0; i < p->n_components; i++)
		fprintf(to, "%s%lld", i > 0 ? "," : "",
			(long long)(p->components[i].micro_usd / 10000));
	fprintf(to, "],\"budget_cents\":%lld,\"paths\":[",
		(long long)(p->budget_micro_usd / 10000));
	for (size_t i = 0; i < p->n_paths; i++)
		fprintf(to, "%s{\"latency_max_us\":%.0f,\"loss_max\":%.0f}",
			i > 0 ? "," : "", p->path[i].latency_max_ms * 1000 + 49,
			p->path[i].loss_max * 1e9);
	if (r->n == 0)
		fprintf(to, "],\"best\":null}\n");
	else
		fprintf(to,
			"],\"best\":{\"penalty\":%lld,\"cents\":%lld,\"burden\":%lld}}\n",
			(long long)r->plans[0].penalty, (long long)r->plans[0].cents,
			(long long)r->plans[0].burden);
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
	FILE *to = argc > 6 && strcmp(argv[5], "dump") == 0 ? fopen(argv[6], "w") : NULL;
	struct rusage used;
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
		if (to != NULL)
			dump(to, &p, &r);
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
	if (to != NULL && fclose(to) != 0)
		return 74;
	getrusage(RUSAGE_SELF, &used);
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
	printf("%d slots x %d options, %d components: median %.2f ms, largest %.2f ms, "
	       "%.0f nodes each, %d of %d feasible, %d proven, %.1f MiB\n",
		n_slots, n_options, n_components, ms[n / 2], ms[n - 1], (double)nodes / n,
		feasible, n, proven, (double)used.ru_maxrss / 1024);
	if (brute)
		printf("  brute force: %.2f ms each, same plans\n", brute_ms / n);
	free(pool);
	return 0;
}
