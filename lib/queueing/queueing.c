/* Erlang C, percentiles along a path, availability in series and in parallel. */
#include "queueing.h"

#include <math.h>

double queue_utilisation(const struct queue *q)
{
	if (q->rate_rps <= 0 || q->service_ms <= 0)
		return 0;
	return q->rate_rps * q->service_ms / 1000 / q->servers;
}

/* Erlang B by its recurrence, which neither overflows nor cancels; C from B. */
double queue_wait_probability(const struct queue *q)
{
	double rho = queue_utilisation(q), load = rho * q->servers, b = 1;

	if (rho <= 0)
		return 0;
	if (rho >= 1)
		return 1;
	for (double n = 1; n <= q->servers; n++)
		b = load * b / (n + load * b);
	return b / (1 - rho * (1 - b));
}

/* 1/ms: how fast the queue drains beyond the arrivals. */
static double drain_rate(const struct queue *q)
{
	return q->servers / q->service_ms - q->rate_rps / 1000;
}

double queue_wait_mean_ms(const struct queue *q)
{
	double rho = queue_utilisation(q);

	if (rho <= 0)
		return 0;
	return rho >= 1 ? INFINITY : queue_wait_probability(q) / drain_rate(q);
}

double queue_wait_ms(const struct queue *q, double pct)
{
	double rho = queue_utilisation(q), tail = 1 - pct / 100, waits;

	if (rho <= 0)
		return 0;
	if (rho >= 1)
		return INFINITY;
	waits = queue_wait_probability(q);
	return waits <= tail ? 0 : log(waits / tail) / drain_rate(q);
}

/* P(response > t): service alone for those who need not wait, else the sum of two
 * exponentials (wait and service). */
static double response_tail(const struct queue *q, double t)
{
	double mu = 1 / q->service_ms, theta = drain_rate(q),
	       c = queue_wait_probability(q);
	double both;

	if (fabs(theta - mu) < 1e-12 * mu)
		both = (1 + mu * t) * exp(-mu * t);
	else
		both = (theta * exp(-mu * t) - mu * exp(-theta * t)) / (theta - mu);
	return (1 - c) * exp(-mu * t) + c * both;
}

double queue_response_ms(const struct queue *q, double pct)
{
	double tail = 1 - pct / 100, lo = 0, hi;

	if (q->service_ms <= 0)
		return 0;
	if (queue_utilisation(q) >= 1)
		return INFINITY;
	if (queue_utilisation(q) <= 0)
		return -q->service_ms * log(tail);
	for (hi = q->service_ms; response_tail(q, hi) > tail; hi *= 2)
		continue;
	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2;

		if (response_tail(q, mid) > tail)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

/* Acklam's approximation with one step of Halley's method. */
double normal_quantile(double p)
{
	static const double a[] = { -3.969683028665376e+01, 2.209460984245205e+02,
		-2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01,
		2.506628277459239e+00 };
	static const double b[] = { -5.447609879822406e+01, 1.615858368580409e+02,
		-1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01 };
	static const double c[] = { -7.784894002430293e-03, -3.223964580411365e-01,
		-2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00,
		2.938163982698783e+00 };
	static const double d[] = { 7.784695709041462e-03, 3.224671290700398e-01,
		2.445134137142996e+00, 3.754408661907416e+00 };
	double q, r, x, err;

	if (p < 0.02425 || p > 1 - 0.02425) {
		q = sqrt(-2 * log(p < 0.5 ? p : 1 - p));
		x = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q +
			    c[5]) /
			((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
		x = p < 0.5 ? x : -x;
	} else {
		q = p - 0.5;
		r = q * q;
		x = (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r +
			    a[5]) *
			q /
			(((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r +
				1);
	}
	err = (0.5 * erfc(-x / sqrt(2)) - p) * sqrt(2 * acos(-1)) * exp(x * x / 2);
	return x - err / (1 + x * err / 2);
}

#define Z95 1.6448536269514722
#define Z99 2.3263478740408408

double hop_percentile_ms(const struct hop *h, double pct)
{
	double z, d95 = h->p95_ms - h->p50_ms, d99 = h->p99_ms - h->p50_ms, v;

	if (pct == 50)
		return h->p50_ms;
	if (pct == 95)
		return h->p95_ms;
	if (pct == 99)
		return h->p99_ms;
	z = normal_quantile(pct / 100);
	if (z <= Z95)
		v = h->p50_ms + d95 * z / Z95;
	else
		v = h->p50_ms + d95 + (d99 - d95) * (z - Z95) / (Z99 - Z95);
	return v > 0 ? v : 0;
}

double path_percentile_ms(const struct hop *hops, size_t n, double pct)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		double d = hop_percentile_ms(&hops[i], pct) - hops[i].p50_ms;

		sum += hops[i].p50_ms;
		squares += d * d;
	}
	return pct >= 50 ? sum + sqrt(squares) : fmax(0, sum - sqrt(squares));
}

double path_upper_ms(const struct hop *hops, size_t n, double pct)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += hop_percentile_ms(&hops[i], pct);
	return sum;
}

double availability_series(const double *pct, size_t n)
{
	double a = 1;

	for (size_t i = 0; i < n; i++)
		a *= pct[i] / 100;
	return 100 * a;
}

double availability_redundant(double pct, int copies)
{
	return 100 * (1 - pow(1 - pct / 100, copies));
}

double availability_needed(double pct, int copies)
{
	return 100 * (1 - pow(1 - pct / 100, 1.0 / copies));
}
