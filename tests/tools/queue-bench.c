/*
 * queue-bench: figures of the job queue for tests/bench/queue.sh.
 *
 *   queue-bench throughput URL JOBS WORKERS BATCH   jobs a second that do nothing
 *   queue-bench latency URL JOBS                    enqueue to claim, with notifications
 *   queue-bench bloat URL JOBS BATCH                size of the table as jobs go through
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"
#include "store/queue.h"

#define BATCH_MAX 1000
#define LEASE_MS  60000

struct bench {
	const char *url;
	size_t batch;
	int64_t left;
	pthread_mutex_t lock;
};

static void must(int ret, const struct err *e)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "queue-bench: %s\n", e->msg);
	exit(1);
}

static void put(struct store *s, int64_t n)
{
	struct queue_new job = { .type = "noop", .max_retries = 1 };
	struct err e = { 0 };

	must(store_begin(s, &e), &e);
	for (int64_t i = 0; i < n; i++)
		must(queue_add(s, &job, &e), &e);
	must(store_end(s, 1, &e), &e);
}

/* Claims and finishes; *claimed_ns, where wanted, is when the claim was committed. */
static int64_t take(struct store *s, size_t batch, int64_t *claimed_ns)
{
	struct queue_job jobs[BATCH_MAX];
	struct queue_hold holds[BATCH_MAX];
	struct err e = { 0 };
	int64_t done = 0;
	size_t n;

	must(queue_claim(s, "bench", batch, LEASE_MS, jobs, &n, &e), &e);
	if (claimed_ns != NULL)
		*claimed_ns = clock_monotonic_ns();
	for (size_t i = 0; i < n; i++) {
		holds[i] = (struct queue_hold){ jobs[i].id, jobs[i].attempt };
		queue_job_release(&jobs[i]);
	}
	if (n > 0)
		must(queue_finish(s, holds, n, &done, &e), &e);
	return done;
}

static void *work(void *arg)
{
	struct bench *b = arg;
	struct store *s = NULL;
	struct err e = { 0 };
	int64_t left = 1;

	must(store_open(&s, b->url, &e), &e);
	while (left > 0) {
		int64_t done = take(s, b->batch, NULL);

		pthread_mutex_lock(&b->lock);
		left = b->left -= done;
		pthread_mutex_unlock(&b->lock);
	}
	store_close(s);
	return NULL;
}

static void throughput(const char *url, int64_t jobs, int workers, size_t batch)
{
	struct bench b = { url, batch, jobs, PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[64];
	struct store *s = NULL;
	struct err e = { 0 };
	int64_t t0, t1;

	must(store_open(&s, url, &e), &e);
	put(s, jobs);
	t0 = clock_monotonic_ns();
	for (int i = 0; i < workers; i++)
		pthread_create(&threads[i], NULL, work, &b);
	for (int i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	t1 = clock_monotonic_ns();
	printf("%.0f\n", (double)jobs * 1e9 / (double)(t1 - t0));
	store_close(s);
}

/* ---- latency: one thread adds, another hears, claims and says when ---- */

struct hearer {
	const char *url;
	int64_t *claimed_ns;
	int64_t n, expected;
	volatile int ready;
};

static void *hear(void *arg)
{
	struct hearer *h = arg;
	struct store *s = NULL;
	struct ear *ear = NULL;
	struct err e = { 0 };
	char what[64];
	int works;

	must(store_open(&s, h->url, &e), &e);
	must(ear_open(&ear, h->url, s, &works, &e), &e);
	h->ready = 1;
	while (h->n < h->expected) {
		struct pollfd p = { .fd = ear_fd(ear), .events = POLLIN };
		int64_t done, at = 0;

		(void)poll(&p, 1, 1000);
		while (ear_next(ear, what, sizeof(what), &e) == 1)
			;
		done = take(s, 100, &at);
		if (done > 0)
			h->claimed_ns[h->n] = at;
		h->n += done;
	}
	ear_close(ear);
	store_close(s);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void latency(const char *url, int64_t jobs)
{
	int64_t *claimed = calloc((size_t)jobs + 1, sizeof(*claimed));
	double *ms = calloc((size_t)jobs + 1, sizeof(*ms));
	struct hearer h = { url, claimed, 0, jobs, 0 };
	struct store *s = NULL;
	struct err e = { 0 };
	pthread_t thread;

	must(store_open(&s, url, &e), &e);
	pthread_create(&thread, NULL, hear, &h);
	while (!h.ready)
		usleep(1000);
	for (int64_t i = 0; i < jobs; i++) {
		int64_t t0 = clock_monotonic_ns();

		put(s, 1);
		must(queue_tell(s, "jobs", &e), &e);
		while (*(volatile int64_t *)&claimed[i] == 0)
			usleep(20);
		ms[i] = (double)(claimed[i] - t0) / 1e6;
		usleep(2000);
	}
	pthread_join(thread, NULL);
	qsort(ms, (size_t)jobs, sizeof(*ms), by_value);
	printf("p50 %.2f ms, p99 %.2f ms\n", ms[jobs / 2], ms[jobs * 99 / 100]);
	store_close(s);
	free(claimed);
	free(ms);
}

/* ---- bloat ---- */

static int read_size(void *arg, const struct db_row *r, struct err *e)
{
	(void)e;
	*(int64_t *)arg = db_int(r, 0);
	return 0;
}

static void bloat(const char *url, int64_t jobs, size_t batch)
{
	struct store *s = NULL;
	struct db *db = NULL;
	struct err e = { 0 };

	must(store_open(&s, url, &e), &e);
	must(db_open(&db, url, &e), &e);
	for (int64_t gone = 0; gone < jobs;) {
		int64_t size = 0;

		for (int i = 0; i < 10; i++) {
			put(s, jobs / 100);
			while (take(s, batch, NULL) > 0)
				;
		}
		gone += jobs / 10;
		must(db_query(db, "SELECT pg_total_relation_size('jobs')", NULL, 0,
			     read_size, &size, &e),
			&e);
		printf("%lld jobs through: %.1f MiB\n", (long long)gone,
			(double)size / (1 << 20));
	}
	db_close(db);
	store_close(s);
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "throughput") == 0)
		throughput(argv[2], strtoll(argv[3], NULL, 10),
			(int)strtol(argv[4], NULL, 10), strtoul(argv[5], NULL, 10));
	else if (argc == 4 && strcmp(argv[1], "latency") == 0)
		latency(argv[2], strtoll(argv[3], NULL, 10));
	else if (argc == 5 && strcmp(argv[1], "bloat") == 0)
		bloat(argv[2], strtoll(argv[3], NULL, 10), strtoul(argv[4], NULL, 10));
	else
		return 2;
	return 0;
}
