/* Queueing against textbook values and a seeded simulation; paths; availability. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "queueing/queueing.h"

static void near(double got, double want, double tolerance)
{
	if (fabs(got - want) > tolerance)
		fail_msg("%.10g is not within %.3g of %.10g", got, tolerance, want);
}

static void erlang_c_has_the_textbook_values(void **unused)
{
	/* one server: P(wait) = rho, mean wait = rho / (mu - lambda) */
	struct queue one = { 80, 10, 1 };
	/* two servers at rho 0.75: P(wait) = 2 rho^2 / (1 + rho) */
	struct queue two = { 150, 10, 2 };

	(void)unused;
	near(queue_utilisation(&one), 0.8, 1e-12);
	near(queue_wait_probability(&one), 0.8, 1e-12);
	near(queue_wait_mean_ms(&one), 40, 1e-9);
	near(queue_wait_probability(&two), 2 * 0.75 * 0.75 / 1.75, 1e-12);
	/* P(wait > t) = 0.8 e^(-t/50): the 95th percentile */
	near(queue_wait_ms(&one, 95), 50 * log(0.8 / 0.05), 1e-9);
	/* response of M/M/1 is exponential with mean 1 / (mu - lambda) */
	near(queue_response_ms(&one, 95), 50 * -log(0.05), 1e-6);
}

static void edges_of_a_queue(void **unused)
{
	struct queue empty = { 0, 10, 4 }, full = { 400, 10, 4 }, light = { 1, 10, 50 };

	(void)unused;
	near(queue_wait_ms(&empty, 99), 0, 0);
	near(queue_wait_mean_ms(&empty), 0, 0);
	assert_true(isinf(queue_wait_ms(&full, 50)));
	assert_true(isinf(queue_response_ms(&full, 50)));
	near(queue_wait_ms(&light, 99), 0, 0);
	near(queue_response_ms(&light, 95), -10 * log(0.05), 1e-6);
}

/* ---- simulation ---- */

static double uniform(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return (double)((*s * 2685821657736338717u) >> 11) / 9007199254740992.0 + 1e-17;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define ARRIVALS 400000

/* First come, first served by c servers; sorted response times in ms. */
static double *simulate(const struct queue *q, uint64_t seed, double *waits)
{
	double *response = malloc(ARRIVALS * sizeof(*response)), now = 0, *free_at;
	size_t c = (size_t)q->servers;

	free_at = calloc(c, sizeof(*free_at));
	assert_non_null(response);
	assert_non_null(free_at);
	for (size_t i = 0; i < ARRIVALS; i++) {
		double start, service = -log(uniform(&seed)) * q->service_ms;
		size_t first = 0;

		now += -log(uniform(&seed)) * 1000 / q->rate_rps;
		for (size_t j = 1; j < c; j++)
			if (free_at[j] < free_at[first])
				first = j;
		start = now > free_at[first] ? now : free_at[first];
		free_at[first] = start + service;
		waits[i] = start - now;
		response[i] = start - now + service;
	}
	free(free_at);
	qsort(response, ARRIVALS, sizeof(*response), by_value);
	qsort(waits, ARRIVALS, sizeof(*waits), by_value);
	return response;
}

static void agrees_with_a_simulation(void **unused)
{
	static const struct queue queues[] = { { 60, 10, 1 }, { 140, 10, 2 },
		{ 500, 12, 8 }, { 900, 20, 24 } };
	double *waits = malloc(ARRIVALS * sizeof(*waits));

	(void)unused;
	assert_non_null(waits);
	for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++) {
		double *response = simulate(&queues[i], 7 + i, waits);

		for (double pct = 90; pct < 99.5; pct += 4.5) {
			size_t at = (size_t)(ARRIVALS * pct / 100);
			double want = queue_response_ms(&queues[i], pct);

			near(response[at], want, want * 0.04);
			want = queue_wait_ms(&queues[i], pct);
			near(waits[at], want, want * 0.05 + 0.5);
		}
		free(response);
	}
	free(waits);
}

/* ---- along a path ---- */

#define REQUESTS 200000

/* Standard normal, by Box and Muller. */
static double normal(uint64_t *s)
{
	return sqrt(-2 * log(uniform(s))) * cos(2 * acos(-1) * uniform(s));
}

/* One request through log-normal hops of these medians and tails, and one queue. */
static double walk(const struct hop *hops, size_t n, const struct queue *q, uint64_t *s)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += hops[i].p50_ms *
			exp(normal(s) * log(hops[i].p95_ms / hops[i].p50_ms) / 1.6448536);
	if (uniform(s) < queue_wait_probability(q))
		sum += -log(uniform(s)) * 1000 /
			(q->servers * 1000 / q->service_ms - q->rate_rps);
	return sum;
}

/* The tail of a path of independent hops and a queue lies near what the formula says,
 * and below the plain sum of the tails. */
static void a_path_agrees_with_a_simulation(void **unused)
{
	static const struct {
		struct hop hops[5];
		size_t n;
		struct queue queue;
	} paths[] = {
		{ { { 1, 5, 12 }, { 4, 15, 30 }, { 30, 48, 66 } }, 3, { 60, 10, 1 } },
		{ { { 8, 25, 60 }, { 20, 45, 80 }, { 5, 25, 60 }, { 60, 110, 180 } }, 4,
			{ 500, 12, 8 } },
		{ { { 500, 1500, 2800 }, { 60, 110, 180 }, { 5, 25, 60 } }, 3,
			{ 140, 10, 2 } },
	};
	double *took = malloc(REQUESTS * sizeof(*took));
	uint64_t seed = 20261127;

	(void)unused;
	assert_non_null(took);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct queue *q = &paths[i].queue;
		struct hop hops[6];
		size_t n = paths[i].n;

		for (size_t j = 0; j < n; j++)
			hops[j] = paths[i].hops[j];
		hops[n] = (struct hop){ queue_wait_ms(q, 50), queue_wait_ms(q, 95),
			queue_wait_ms(q, 99) };
		for (size_t j = 0; j < REQUESTS; j++)
			took[j] = walk(paths[i].hops, n, q, &seed);
		qsort(took, REQUESTS, sizeof(*took), by_value);
		near(path_percentile_ms(hops, n + 1, 95), took[REQUESTS * 95 / 100],
			took[REQUESTS * 95 / 100] * 0.1);
		assert_true(took[REQUESTS * 95 / 100] <= path_upper_ms(hops, n + 1, 95));
	}
	free(took);
}

static void paths_add_up(void **unused)
{
	struct hop hops[] = { { 10, 40, 60 }, { 20, 60, 100 }, { 5, 5, 5 } };

	(void)unused;
	near(path_percentile_ms(hops, 3, 50), 35, 1e-12);
	near(path_percentile_ms(hops, 3, 95), 35 + sqrt(30 * 30 + 40 * 40), 1e-12);
	near(path_upper_ms(hops, 3, 95), 105, 1e-12);
	near(path_percentile_ms(hops, 3, 99), 35 + sqrt(50 * 50 + 80 * 80), 1e-12);
	assert_true(path_percentile_ms(hops, 3, 90) < path_percentile_ms(hops, 3, 95));
	assert_true(path_percentile_ms(hops, 3, 97) > path_percentile_ms(hops, 3, 95));
	assert_true(path_percentile_ms(hops, 3, 97) < path_percentile_ms(hops, 3, 99));
	assert_true(path_percentile_ms(hops, 3, 99.9) > path_percentile_ms(hops, 3, 99));
	near(path_percentile_ms(hops, 0, 95), 0, 0);
}

static void availability_composes(void **unused)
{
	double parts[] = { 99.9, 99.95, 99.99 };

	(void)unused;
	near(availability_series(parts, 3), 99.84007, 1e-5);
	near(availability_series(parts, 0), 100, 0);
	near(availability_redundant(99.9, 2), 99.9999, 1e-9);
	near(availability_needed(99.9999, 2), 99.9, 1e-6);
	near(availability_needed(99.9, 1), 99.9, 1e-9);
}

static void quantiles_of_the_normal_distribution(void **unused)
{
	(void)unused;
	near(normal_quantile(0.5), 0, 1e-9);
	near(normal_quantile(0.95), 1.6448536269514722, 1e-9);
	near(normal_quantile(0.999), 3.090232306167813, 1e-8);
	near(normal_quantile(0.01), -2.3263478740408408, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(erlang_c_has_the_textbook_values),
		cmocka_unit_test(edges_of_a_queue),
		cmocka_unit_test(agrees_with_a_simulation),
		cmocka_unit_test(a_path_agrees_with_a_simulation),
		cmocka_unit_test(paths_add_up),
		cmocka_unit_test(availability_composes),
		cmocka_unit_test(quantiles_of_the_normal_distribution),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
