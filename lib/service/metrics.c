/* Prometheus' text exposition format, 0.0.4. */
#include <string.h>

#include "internal.h"
#include "store/stats.h"

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_addf(out, "# HELP mlops_%s %s\n# TYPE mlops_%s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help,
	double value)
{
	head(out, name, type, help);
	buf_addf(out, "mlops_%s ", name);
	json_print_number(value, out);
	buf_add_char(out, '\n');
}

static void print_http(struct service *s, struct buf *out)
{
	head(out, "http_requests_total", "counter", "Requests answered, by status.");
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < STATUS_MAX; i++)
		if (s->answers[i] > 0)
			buf_addf(out, "mlops_http_requests_total{status=\"%d\"} %llu\n",
				i, (unsigned long long)s->answers[i]);
	one(out, "http_request_seconds_total", "counter", "Time spent on requests.",
		s->seconds);
	pthread_mutex_unlock(&s->lock);
	one(out, "http_connections", "gauge", "Open connections.",
		(double)server_connections(s->server));
	one(out, "database_connections_in_use", "gauge",
		"Database connections that requests hold.", (double)pool_in_use(s->pool));
}

static void print_streams(struct service *s, struct buf *out)
{
	struct hub_counts h;

	hub_count(s->hub, &h);
	one(out, "streams", "gauge", "Open event streams.", (double)h.streams);
	one(out, "streams_opened_total", "counter", "Event streams opened.",
		(double)h.opened);
	one(out, "streams_ended_early_total", "counter",
		"Event streams that the client left before their end.",
		(double)h.ended_early);
}

static void print_worker(struct service *s, struct buf *out)
{
	struct worker_counts w;

	if (s->worker == NULL)
		return;
	worker_count(s->worker, &w);
	one(out, "worker_slots", "gauge", "Jobs that may run at once.", (double)w.slots);
	one(out, "worker_busy", "gauge", "Jobs that run.", (double)w.busy);
	one(out, "jobs_claimed_total", "counter", "Jobs claimed.", (double)w.claimed);
	one(out, "jobs_done_total", "counter", "Jobs that came to their end.",
		(double)w.done);
	one(out, "jobs_failed_total", "counter", "Tries that failed.", (double)w.failed);
	one(out, "jobs_dead_total", "counter", "Jobs given up.", (double)w.dead);
	one(out, "jobs_lost_total", "counter", "Jobs whose lease was lost.",
		(double)w.lost);
}

static int print_queue(struct store *store, struct buf *out, struct err *e)
{
	struct queue_depth d;

	if (queue_depth(store, NULL, &d, e) < 0)
		return -1;
	head(out, "queue_jobs", "gauge", "Jobs in the queue, by status.");
	buf_addf(out,
		"mlops_queue_jobs{status=\"queued\"} %lld\n"
		"mlops_queue_jobs{status=\"delayed\"} %lld\n"
		"mlops_queue_jobs{status=\"running\"} %lld\n"
		"mlops_queue_jobs{status=\"dead\"} %lld\n",
		(long long)d.queued, (long long)d.delayed, (long long)d.running,
		(long long)d.dead);
	one(out, "queue_oldest_seconds", "gauge", "How long the oldest job has waited.",
		(double)d.oldest_ms / 1e3);
	return 0;
}

/* Members of stats.h as gauges: they come from the store, which all processes share. */
static int print_stats(struct store *store, struct buf *out, struct err *e)
{
	cJSON *stats = NULL;

	if (store_stats(store, NULL, &stats, e) < 0)
		return -1;
	JSON_EACH (m, stats) {
		if (json_is(m, JSON_NUMBER))
			one(out, json_key(m), "gauge",
				"Of all projects; see mlops stats.", json_number(m, 0));
		JSON_EACH (q, json_is(m, JSON_OBJECT) ? m : NULL) {
			char name[96];

			if (!json_is(q, JSON_NUMBER))
				continue;
			snprintf(name, sizeof(name), "%s_%s", json_key(m), json_key(q));
			one(out, name, "gauge", "Of all projects; see mlops stats.",
				json_number(q, 0));
		}
	}
	json_free(stats);
	return 0;
}

int metrics_print(struct service *s, struct store *store, struct buf *out, struct err *e)
{
	print_http(s, out);
	print_streams(s, out);
	print_worker(s, out);
	return print_queue(store, out, e) < 0 ? -1 : print_stats(store, out, e);
}

/* ---- the line for log pipelines ---- */

#define STATS_NS INT64_C(60000000000)

/* What only grows is told as the growth since the line before. */
struct figure {
	const char *name;
	double now;
	int grows;
};

static int read_figures(
	struct service *s, struct store *store, struct figure *f, struct err *e)
{
	struct queue_depth d;
	struct hub_counts h;
	struct worker_counts w = { 0 };
	cJSON *stats = NULL;

	if (queue_depth(store, NULL, &d, e) < 0 ||
		store_stats(store, NULL, &stats, e) < 0)
		return -1;
	hub_count(s->hub, &h);
	if (s->worker != NULL)
		worker_count(s->worker, &w);
	f[0] = (struct figure){ "queue_depth", (double)d.queued, 0 };
	f[1] = (struct figure){ "jobs_dead", (double)d.dead, 0 };
	f[2] = (struct figure){ "jobs_retried", (double)w.failed, 1 };
	f[3] = (struct figure){ "streams_opened", (double)h.opened, 1 };
	f[4] = (struct figure){ "streams_ended_early", (double)h.ended_early, 1 };
	f[5] = (struct figure){ "policy_failed", json_num_or(stats, "policy_fails", 0),
		1 };
	f[6] = (struct figure){ "model_errors", json_num_or(stats, "model_errors", 0),
		1 };
	f[7] = (struct figure){ "run_errors", json_num_or(stats, "run_errors", 0), 1 };
	json_free(stats);
	return 0;
}

void metrics_log(struct service *s)
{
	int64_t now_ns = clock_monotonic_ns();
	int first = s->logged_ns == 0;
	struct figure f[ARRAY_LEN(s->logged)];
	struct buf line = BUF_INIT(4096);
	struct store *store = NULL;
	struct err e = { 0 };
	int ret;

	if (!s->env.log.json || (!first && now_ns - s->logged_ns < STATS_NS))
		return;
	s->logged_ns = now_ns;
	if (pool_get(s->pool, &store, &e) < 0)
		return;
	ret = read_figures(s, store, f, &e);
	pool_put(s->pool, store);
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(f); i++) {
		double told =
			f[i].grows ? (first ? 0 : f[i].now - s->logged[i]) : f[i].now;

		buf_addf(&line, "%s\"%s\":%.0f", i > 0 ? "," : "", f[i].name, told);
		s->logged[i] = f[i].now;
	}
	if (ret == 0)
		log_event(&s->env.log, "stats", line.ptr);
	buf_release(&line);
}
