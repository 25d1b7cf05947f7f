/*
 * queueing.h - waiting, tail latency along a path, composed availability.
 *
 * One room for planner and critic, so that an optimal plan cannot fail its own
 * critic. Rates are per second, times in milliseconds, availabilities percent.
 * Pure arithmetic; thread safety: reentrant.
 */
#ifndef MLOPS_QUEUEING_H
#define MLOPS_QUEUEING_H

#include <stddef.h>

/* M/M/c: Poisson arrivals, exponential service, c servers, one queue. */
struct queue {
	double rate_rps;
	double service_ms;
	double servers; /* whole; at least 1 */
};

/* rate * service / servers; 0 for an empty queue. */
double queue_utilisation(const struct queue *q);

/* Erlang C: the probability that an arrival waits; 1 at or above saturation. */
double queue_wait_probability(const struct queue *q);

/* Mean wait (without service); INFINITY at or above saturation. */
double queue_wait_mean_ms(const struct queue *q);

/* The percentile (0 < pct < 100) of the wait: 0 while fewer than pct percent wait,
 * INFINITY at or above saturation. */
double queue_wait_ms(const struct queue *q, double pct);

/* The percentile of wait plus service. */
double queue_response_ms(const struct queue *q, double pct);

/* One step of a request path. */
struct hop {
	double p50_ms, p95_ms, p99_ms;
};

/* A percentile of one hop: given ones exactly, others between and beyond them on
 * the scale of a normal distribution. Never below p50 for pct >= 50. */
double hop_percentile_ms(const struct hop *h, double pct);

/* Along a path: p50 adds; above, sum of p50 + sqrt(sum (p - p50)^2), hops
 * independent. */
double path_percentile_ms(const struct hop *hops, size_t n, double pct);

/* The plain sum of a percentile: the upper bound, however hops depend. */
double path_upper_ms(const struct hop *hops, size_t n, double pct);

/* Percent in series: the product. n == 0 is 100. */
double availability_series(const double *pct, size_t n);

/* Percent of `copies` independent alternatives: 100 * (1 - (1 - a)^copies). */
double availability_redundant(double pct, int copies);

/* What one of `copies` alternatives must reach so that together they reach pct. */
double availability_needed(double pct, int copies);

/* Quantile of the standard normal distribution, 0 < p < 1 (to 1e-9). */
double normal_quantile(double p);

#endif
