/*
 * The solver against brute force: thousands of random instances with shared
 * components, ports, two paths, hard and soft budgets.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "solver/solver.h"

#define SLOTS      6
#define OPTIONS    6
#define COMPONENTS 6
#define K          4
#define BRUTE_MAX  50000

/* xorshift64*: the same instances everywhere. */
static uint64_t next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717u;
}

static int below(uint64_t *s, int n)
{
	return (int)(next(s) % (uint64_t)n);
}

struct instance {
	struct solver_option options[SLOTS][OPTIONS];
	struct solver_slot slots[SLOTS];
	struct solver_component components[COMPONENTS];
	struct solver_problem p;
};

static void random_leg(uint64_t *s, struct solver_leg *leg)
{
	leg->p50_ms = below(s, 40) * 0.5;
	leg->spread2 = below(s, 400) * 1.0;
	leg->loss = below(s, 6) * 0.0002;
}

static void random_option(uint64_t *s, const struct instance *in, struct solver_option *o)
{
	memset(o, 0, sizeof(*o));
	o->group = below(s, 3);
	/* few distinct values, so that ties are common; some fractions of a cent */
	o->micro_usd = below(s, 8) * 1000000 + below(s, 3) * 3000;
	o->penalty = below(s, 4) == 0 ? 10 * below(s, 3) : 0;
	o->burden = 1 + below(s, 3);
	o->components = below(s, 2) == 0 ? next(s) & ((1u << in->p.n_components) - 1) : 0;
	o->requires = below(s, 3) == 0 ? 1u << below(s, 4) : 0;
	o->provides = below(s, 2) == 0 ? 1u << below(s, 4) : 0;
	o->unknown = below(s, 12) == 0 ? 1u << below(s, 2) : 0;
	for (size_t i = 0; i < in->p.n_paths; i++)
		if (below(s, 2) == 0)
			random_leg(s, &o->leg[i]);
}

static void make(struct instance *in, uint64_t seed)
{
	uint64_t s = seed * 0x9e3779b97f4a7c15u + 1;

	memset(in, 0, sizeof(*in));
	in->p.slots = in->slots;
	in->p.components = in->components;
	in->p.n_slots = 1 + (size_t)below(&s, SLOTS);
	in->p.n_components = (size_t)below(&s, COMPONENTS + 1);
	in->p.n_paths = (size_t)below(&s, 3);
	in->p.budget_micro_usd = below(&s, 4) == 0 ? below(&s, 30) * 1000000 : INT64_MAX;
	in->p.soft_budget_micro_usd =
		below(&s, 4) == 0 ? below(&s, 30) * 1000000 : INT64_MAX;
	in->p.soft_budget_penalty = 15;
	in->p.given = below(&s, 2) == 0 ? 0xf : (uint64_t)below(&s, 16);
	for (size_t i = 0; i < in->p.n_paths; i++) {
		in->p.path[i].latency_max_ms =
			below(&s, 2) == 0 ? (double)INFINITY : 20.0 + below(&s, 80);
		in->p.path[i].loss_max =
			below(&s, 2) == 0 ? INFINITY : below(&s, 30) * 0.0001;
	}
	for (size_t i = 0; i < in->p.n_components; i++) {
		in->components[i].micro_usd = below(&s, 6) * 700000;
		in->components[i].burden = below(&s, 2);
		in->components[i].provides = below(&s, 3) == 0 ? 1u << below(&s, 4) : 0;
		in->components[i].requires = below(&s, 6) == 0 ? 1u << below(&s, 4) : 0;
		for (size_t j = 0; j < in->p.n_paths; j++)
			if (below(&s, 4) == 0)
				random_leg(&s, &in->components[i].leg[j]);
	}
	for (size_t i = 0; i < in->p.n_slots; i++) {
		in->slots[i].options = in->options[i];
		in->slots[i].n = 1 + (size_t)below(&s, OPTIONS);
		for (size_t j = 0; j < in->slots[i].n; j++)
			random_option(&s, in, &in->options[i][j]);
	}
}

/* ---- brute force ---- */

struct brute {
	struct solver_plan *all;
	size_t n;
};

static size_t n_slots_compared;

static int by_objective(const void *a, const void *b)
{
	return solver_compare(a, b, n_slots_compared);
}

static int groups_equal(const struct solver_problem *p, const struct solver_plan *a,
	const struct solver_plan *b)
{
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].options[a->choice[i]].group !=
			p->slots[i].options[b->choice[i]].group)
			return 0;
	return 1;
}

/* Every feasible plan, best first. */
static void enumerate(const struct solver_problem *p, struct brute *out)
{
	struct solver_plan plan = { 0 };

	out->n = 0;
	for (;;) {
		struct solver_plan copy = plan;
		size_t i;

		if (solver_evaluate(p, &copy)) {
			assert_true(out->n < BRUTE_MAX);
			out->all[out->n++] = copy;
		}
		for (i = 0; i < p->n_slots; i++) {
			if (++plan.choice[i] < p->slots[i].n)
				break;
			plan.choice[i] = 0;
		}
		if (i == p->n_slots)
			break;
	}
	n_slots_compared = p->n_slots;
	qsort(out->all, out->n, sizeof(*out->all), by_objective);
}

/* The first k of distinct groups. */
static size_t best_distinct(const struct solver_problem *p, struct brute *b, size_t k)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n && n < k; i++) {
		int seen = 0;

		for (size_t j = 0; j < n; j++)
			seen |= groups_equal(p, &b->all[j], &b->all[i]);
		if (!seen)
			b->all[n++] = b->all[i];
	}
	return n;
}

static struct brute brute_new(void)
{
	struct brute b = { malloc(BRUTE_MAX * sizeof(struct solver_plan)), 0 };

	assert_non_null(b.all);
	return b;
}

/* ---- properties ---- */

#define INSTANCES 20000

static void same_plans_as_brute_force(void **unused)
{
	struct brute b = brute_new();
	struct instance *in = malloc(sizeof(*in));
	size_t feasible = 0;

	(void)unused;
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
		struct solver_limits l = { .k = K };
		struct solver_result r;
		size_t n;

		make(in, seed);
		enumerate(&in->p, &b);
		n = best_distinct(&in->p, &b, K);
		assert_int_equal(solver_solve(&in->p, &l, &r), 0);
		assert_true(r.optimal);
		assert_int_equal(r.n, n);
		feasible += n > 0;
		for (size_t i = 0; i < n; i++)
			if (solver_compare(&r.plans[i], &b.all[i], in->p.n_slots) != 0)
				fail_msg("instance %llu: plan %zu differs",
					(unsigned long long)seed, i);
	}
	assert_true(feasible > INSTANCES / 4 && feasible < INSTANCES);
	free(in);
	free(b.all);
}

static int beats(const struct solver_plan *a, const struct solver_plan *b)
{
	return a->cents <= b->cents && a->latency_ms[0] <= b->latency_ms[0] &&
		round(a->loss[0] * 1e9) <= round(b->loss[0] * 1e9);
}

static void front_has_all_that_nothing_beats(void **unused)
{
	struct brute b = brute_new();
	struct instance *in = malloc(sizeof(*in));
	struct solver_plan *front = malloc(200 * sizeof(*front));

	(void)unused;
	for (uint64_t seed = 1; seed <= 2000; seed++) {
		size_t n, expected = 0;
		int complete;

		make(in, seed);
		if (in->p.n_paths == 0)
			continue;
		enumerate(&in->p, &b);
		assert_int_equal(solver_pareto(&in->p, 0, 200, front, &n, &complete), 0);
		assert_true(complete);
		for (size_t i = 0; i < b.n; i++) {
			int beaten = 0, on_front = 0;

			for (size_t j = 0; j < b.n && !beaten; j++)
				beaten = j != i && beats(&b.all[j], &b.all[i]) &&
					(!beats(&b.all[i], &b.all[j]) || j < i);
			for (size_t j = 0; j < n; j++)
				on_front |= beats(&front[j], &b.all[i]) &&
					beats(&b.all[i], &front[j]);
			expected += !beaten;
			if (!beaten && !on_front)
				fail_msg("instance %llu: a plan is missing",
					(unsigned long long)seed);
		}
		assert_int_equal(n, expected);
	}
	free(front);
	free(in);
	free(b.all);
}

static int better_or_equal(const struct solver_result *a, const struct solver_result *b)
{
	if (b->n == 0)
		return 1;
	if (a->n == 0)
		return 0;
	if (a->plans[0].penalty != b->plans[0].penalty)
		return a->plans[0].penalty < b->plans[0].penalty;
	if (a->plans[0].cents != b->plans[0].cents)
		return a->plans[0].cents < b->plans[0].cents;
	return a->plans[0].burden <= b->plans[0].burden;
}

static void loosening_never_makes_it_worse(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct solver_limits l = { .k = 1 };
		struct solver_result tight, loose;

		make(in, seed);
		assert_int_equal(solver_solve(&in->p, &l, &tight), 0);
		switch (seed % 4) {
		case 0:
			in->p.budget_micro_usd = INT64_MAX;
			break;
		case 1:
			in->p.path[0].latency_max_ms *= 1.5;
			break;
		case 2:
			in->p.path[0].loss_max = INFINITY;
			break;
		default:
			in->p.given = ~(uint64_t)0;
		}
		assert_int_equal(solver_solve(&in->p, &l, &loose), 0);
		assert_true(better_or_equal(&loose, &tight));
	}
	free(in);
}

/* Swapping two slots renames things and changes no figure. */
static void order_of_slots_does_not_matter(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct solver_limits l = { .k = 1 };
		struct solver_result a, b;
		struct solver_slot t;

		make(in, seed);
		assert_int_equal(solver_solve(&in->p, &l, &a), 0);
		t = in->slots[0];
		in->slots[0] = in->slots[in->p.n_slots - 1];
		in->slots[in->p.n_slots - 1] = t;
		assert_int_equal(solver_solve(&in->p, &l, &b), 0);
		assert_int_equal(a.n, b.n);
		if (a.n > 0) {
			assert_int_equal(a.plans[0].penalty, b.plans[0].penalty);
			assert_int_equal(a.plans[0].cents, b.plans[0].cents);
			assert_int_equal(a.plans[0].burden, b.plans[0].burden);
		}
	}
	free(in);
}

static void a_dominated_option_changes_nothing(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct solver_limits l = { .k = 1 };
		struct solver_result a, b;
		struct solver_option *o;

		make(in, seed);
		if (in->slots[0].n == OPTIONS)
			continue;
		assert_int_equal(solver_solve(&in->p, &l, &a), 0);
		o = &in->options[0][in->slots[0].n++];
		*o = in->options[0][0];
		o->micro_usd += 2000000;
		o->burden++;
		assert_int_equal(solver_solve(&in->p, &l, &b), 0);
		assert_int_equal(a.n, b.n);
		if (a.n > 0)
			assert_memory_equal(a.plans[0].choice, b.plans[0].choice,
				sizeof(a.plans[0].choice));
	}
	free(in);
}

/* A fact that nobody knows never makes a plan look better. */
static void unknown_never_helps(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct solver_limits l = { .k = 1 };
		struct solver_result known, blank;

		make(in, seed);
		assert_int_equal(solver_solve(&in->p, &l, &known), 0);
		in->options[0][seed % in->slots[0].n].unknown = 3;
		assert_int_equal(solver_solve(&in->p, &l, &blank), 0);
		assert_true(better_or_equal(&known, &blank));
	}
	free(in);
}

static void a_node_limit_leaves_a_sound_bound(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= 4000; seed++) {
		struct solver_limits l = { .k = 1 }, few = { .k = 1, .nodes = 3 };
		struct solver_result all, cut;

		make(in, seed);
		assert_int_equal(solver_solve(&in->p, &l, &all), 0);
		assert_int_equal(solver_solve(&in->p, &few, &cut), 0);
		if (cut.optimal || all.n == 0)
			continue;
		if (cut.n > 0 && cut.plans[0].penalty == all.plans[0].penalty &&
			cut.plans[0].cents == all.plans[0].cents)
			continue;
		assert_true(cut.bound_penalty < all.plans[0].penalty ||
			(cut.bound_penalty == all.plans[0].penalty &&
				cut.bound_cents <= all.plans[0].cents));
	}
	free(in);
}

static void too_large_is_refused(void **unused)
{
	struct solver_problem p = { .n_slots = SOLVER_SLOTS_MAX + 1 };
	struct solver_limits l = { .k = 1 };
	struct solver_result r;

	(void)unused;
	assert_int_equal(solver_solve(&p, &l, &r), -1);
	p.n_slots = 0;
	l.k = SOLVER_K_MAX + 1;
	assert_int_equal(solver_solve(&p, &l, &r), -1);
	l.k = 1;
	p.budget_micro_usd = p.soft_budget_micro_usd = INT64_MAX;
	assert_int_equal(solver_solve(&p, &l, &r), 0);
	assert_int_equal(r.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_plans_as_brute_force),
		cmocka_unit_test(front_has_all_that_nothing_beats),
		cmocka_unit_test(loosening_never_makes_it_worse),
		cmocka_unit_test(order_of_slots_does_not_matter),
		cmocka_unit_test(a_dominated_option_changes_nothing),
		cmocka_unit_test(unknown_never_helps),
		cmocka_unit_test(a_node_limit_leaves_a_sound_bound),
		cmocka_unit_test(too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
