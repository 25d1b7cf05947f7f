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

#include "solver/relax.h"
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
		struct solver_limits l = { .k = K, .split = (int)(seed % 6) };
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

static double loss_of(const struct solver_plan *a)
{
	return (a->unknown & 1) != 0 ? (double)INFINITY : round(a->loss[0] * 1e9);
}

static int beats(const struct solver_plan *a, const struct solver_plan *b)
{
	return a->cents <= b->cents && a->latency_ms[0] <= b->latency_ms[0] &&
		loss_of(a) <= loss_of(b);
}

/* Of b->all, sorted by objective: those that nothing beats, one of equal ones. */
static size_t brute_front(const struct brute *b, struct solver_plan *front, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		size_t kept = 0;
		int beaten = 0;

		for (size_t j = 0; j < n && !beaten; j++)
			beaten = beats(&front[j], &b->all[i]);
		if (beaten)
			continue;
		for (size_t j = 0; j < n; j++)
			if (!beats(&b->all[i], &front[j]))
				front[kept++] = front[j];
		n = kept;
		assert_true(n < max);
		front[n++] = b->all[i];
	}
	return n;
}

#define FRONT_MAX 400

static void front_has_all_that_nothing_beats(void **unused)
{
	struct brute b = brute_new();
	struct instance *in = malloc(sizeof(*in));
	struct solver_plan *front = malloc(FRONT_MAX * sizeof(*front)),
			   *expected = malloc(FRONT_MAX * sizeof(*expected));

	(void)unused;
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
		size_t n, n_expected;
		int complete;

		make(in, seed);
		enumerate(&in->p, &b);
		n_expected = brute_front(&b, expected, FRONT_MAX);
		assert_int_equal(
			solver_pareto(&in->p, 0, FRONT_MAX, front, &n, &complete), 0);
		assert_true(complete);
		assert_int_equal(n, n_expected);
		for (size_t i = 0; i < n_expected; i++) {
			int found = 0;

			for (size_t j = 0; j < n && !found; j++)
				found = solver_compare(&front[j], &expected[i],
						in->p.n_slots) == 0;
			if (!found)
				fail_msg("instance %llu: a plan is missing",
					(unsigned long long)seed);
		}
	}
	free(front);
	free(expected);
	free(in);
	free(b.all);
}

/* ---- what to give up ---- */

/* The limits of a random problem, each a demand; `exact` asks brute force, so that the
 * answers are checked by other code than gave them. */
#define DEMANDS 6

struct limits {
	struct instance *in;
	struct solver_problem full;
	struct brute *brute;
	size_t knob; /* of nearest: 0 budget in cents, 1 latency of path 0 in 0.1 ms */
	int exact;
};

static void keep_limits(struct limits *l, const unsigned char *kept)
{
	struct solver_problem *p = &l->in->p;

	*p = l->full;
	if (!kept[0])
		p->budget_micro_usd = INT64_MAX;
	if (!kept[1])
		p->path[0].latency_max_ms = INFINITY;
	if (!kept[2])
		p->path[0].loss_max = INFINITY;
	if (!kept[3])
		p->path[1].latency_max_ms = INFINITY;
	if (!kept[4])
		p->path[1].loss_max = INFINITY;
	if (!kept[5])
		p->given = ~(uint64_t)0;
}

static int has_plan(struct limits *l)
{
	struct solver_limits one = { .k = 1 };
	struct solver_result r;

	if (l->exact) {
		enumerate(&l->in->p, l->brute);
		return l->brute->n > 0;
	}
	return solver_solve(&l->in->p, &one, &r) < 0 ? -1 : r.n > 0;
}

static int holds_with(void *ctx, const unsigned char *kept)
{
	keep_limits(ctx, kept);
	return has_plan(ctx);
}

static int holds_at(void *ctx, double steps)
{
	struct limits *l = ctx;

	l->in->p = l->full;
	if (l->knob == 0)
		l->in->p.budget_micro_usd = (int64_t)steps * 10000;
	else
		l->in->p.path[0].latency_max_ms = solver_round_ms(steps / 10);
	return has_plan(l);
}

static void check_nearest(struct limits *l, size_t knob, double stated, size_t *found)
{
	double steps;
	int yes;

	l->knob = knob;
	l->exact = 0;
	yes = relax_nearest(holds_at, l, stated, 1e6, &steps);
	l->exact = 1;
	assert_true(yes >= 0);
	assert_int_equal(holds_at(l, 1e6), yes);
	if (!yes)
		return;
	assert_int_equal(holds_at(l, steps), 1);
	assert_int_equal(holds_at(l, steps - 1), 0);
	(*found)++;
}

static void check_conflict(struct limits *l, size_t *found)
{
	unsigned char kept[DEMANDS] = { 0 };
	int yes;

	l->exact = 0;
	yes = relax_minimal(holds_with, l, DEMANDS, kept);
	l->exact = 1;
	if (yes == 0) {
		assert_int_equal(holds_with(l, kept), 0);
		return;
	}
	assert_int_equal(yes, 1);
	(*found)++;
	assert_int_equal(holds_with(l, kept), 0);
	for (size_t i = 0; i < DEMANDS; i++) {
		if (!kept[i])
			continue;
		kept[i] = 0;
		assert_int_equal(holds_with(l, kept), 1);
		kept[i] = 1;
	}
}

/* On every infeasible one of the instances. */
static void conflicts_are_minimal_and_nearest_values_exact(void **unused)
{
	struct brute b = brute_new();
	struct instance *in = malloc(sizeof(*in));
	size_t infeasible = 0, conflicts = 0, nearest = 0;

	(void)unused;
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
		struct limits l = { .in = in, .brute = &b };

		make(in, seed);
		l.full = in->p;
		if (has_plan(&l) > 0)
			continue;
		infeasible++;
		check_conflict(&l, &conflicts);
		if (l.full.budget_micro_usd != INT64_MAX)
			check_nearest(&l, 0, (double)(l.full.budget_micro_usd / 10000),
				&nearest);
		if (l.full.n_paths > 0 && isfinite(l.full.path[0].latency_max_ms))
			check_nearest(
				&l, 1, l.full.path[0].latency_max_ms * 10, &nearest);
	}
	print_message("%zu infeasible, %zu conflicts, %zu nearest values\n", infeasible,
		conflicts, nearest);
	assert_true(infeasible > 2000 && conflicts > 1000 && nearest > 500);
	free(in);
	free(b.all);
}

/* What a failing oracle says is passed on. */
static int always_fails(void *ctx, const unsigned char *kept)
{
	(void)ctx;
	(void)kept;
	return -1;
}

static void a_failing_oracle_is_passed_on(void **unused)
{
	unsigned char kept[3];

	(void)unused;
	assert_int_equal(relax_minimal(always_fails, NULL, 3, kept), -1);
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
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
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
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
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

/* The options of each slot in reverse, as other ids would sort them. */
static void order_of_options_does_not_matter(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
		struct solver_limits l = { .k = 1 };
		struct solver_result a, b;

		make(in, seed);
		assert_int_equal(solver_solve(&in->p, &l, &a), 0);
		for (size_t i = 0; i < in->p.n_slots; i++)
			for (size_t j = 0; j < in->slots[i].n / 2; j++) {
				size_t other = in->slots[i].n - 1 - j;
				struct solver_option o = in->options[i][j];

				in->options[i][j] = in->options[i][other];
				in->options[i][other] = o;
			}
		assert_int_equal(solver_solve(&in->p, &l, &b), 0);
		assert_int_equal(a.n, b.n);
		assert_true(better_or_equal(&a, &b) && better_or_equal(&b, &a));
	}
	free(in);
}

static void a_dominated_option_changes_nothing(void **unused)
{
	struct instance *in = malloc(sizeof(*in));

	(void)unused;
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
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
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
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
	for (uint64_t seed = 1; seed <= INSTANCES; seed++) {
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
		cmocka_unit_test(conflicts_are_minimal_and_nearest_values_exact),
		cmocka_unit_test(a_failing_oracle_is_passed_on),
		cmocka_unit_test(loosening_never_makes_it_worse),
		cmocka_unit_test(order_of_slots_does_not_matter),
		cmocka_unit_test(order_of_options_does_not_matter),
		cmocka_unit_test(a_dominated_option_changes_nothing),
		cmocka_unit_test(unknown_never_helps),
		cmocka_unit_test(a_node_limit_leaves_a_sound_bound),
		cmocka_unit_test(too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
