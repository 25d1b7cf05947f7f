#include "worker.h"

#include <stdatomic.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "blob/blob.h"
#include "graph/graph.h"
#include "history.h"
#include "store/requests.h"

#define SLOTS_MAX 64
#define SECOND_NS INT64_C(1000000000)
#define AGAIN_MS  INT64_C(200) /* somebody else changed the decision set meanwhile */

struct slot {
	struct worker *worker;
	pthread_t thread;
	int started, busy;
	atomic_int stop; /* the driver looks at it */
	struct queue_job job;
};

struct worker {
	struct worker_options o;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_t thread;
	int bell, started, draining, stopping;
	int64_t drain_ns; /* when the draining began */
	size_t n_slots;
	int queue_empty; /* as of the last claim */
	struct slot slots[SLOTS_MAX];
	struct worker_counts counts;
};

/* ---- one job ---- */

static int is_final(enum err_code code)
{
	return code == ERR_USAGE || code == ERR_INPUT || code == ERR_NO_INPUT;
}

static void count(struct worker *w, uint64_t *counter)
{
	pthread_mutex_lock(&w->lock);
	++*counter;
	pthread_mutex_unlock(&w->lock);
}

/* A failure of the run: another try later, or the end of it, in one transaction. */
static int tell_failure(
	struct slot *s, struct store *store, const struct err *why, struct err *e)
{
	struct worker *w = s->worker;
	struct queue_hold hold = { s->job.id, s->job.attempt };
	enum queue_verdict verdict = QUEUE_LOST;
	int64_t after =
		why->code == ERR_CONFLICT ? AGAIN_MS : queue_backoff_ms(s->job.retries);
	int ret;

	if (store_begin(store, e) < 0)
		return -1;
	ret = queue_fail(store, &hold, why->msg, after, is_final(why->code), &verdict, e);
	if (ret == 0 && verdict == QUEUE_DEAD)
		ret = store_give_up(store, s->job.project_id, s->job.set_id, why->msg, e);
	if (store_end(store, ret == 0, e) < 0 || ret < 0)
		return -1;
	count(w,
		verdict == QUEUE_LOST           ? &w->counts.lost
			: verdict == QUEUE_DEAD ? &w->counts.dead
						: &w->counts.failed);
	return 0;
}

static void settle(struct slot *s, struct store *store, int ret, const struct err *why)
{
	struct worker *w = s->worker;
	struct queue_hold hold = { s->job.id, s->job.attempt };
	struct err e = { 0 };
	int64_t done;

	if (ret == 0) {
		/* Mostly gone with its last step already. */
		ret = queue_finish(store, &hold, 1, &done, &e);
		count(w, &w->counts.done);
	} else if (s->stop) {
		ret = queue_release(store, &hold, &e);
		count(w, &w->counts.released);
	} else {
		log_info(w->o.log, "job %lld (decision set %s, try %lld): %s",
			(long long)s->job.id, s->job.set_id, (long long)s->job.attempt,
			why->msg);
		ret = tell_failure(s, store, why, &e);
	}
	if (ret < 0) /* the lease runs out and somebody claims it again */
		log_warn(w->o.log, "job %lld: %s", (long long)s->job.id, e.msg);
	hub_ring(w->o.hub);
}

/* What a log line of a node needs beside the step itself. */
struct stepping {
	struct slot *slot;
	const cJSON *payload;
};

static void on_step(void *arg, const struct graph_step *step)
{
	const struct stepping *g = arg;
	const struct slot *s = g->slot;
	struct buf b = BUF_INIT(8192);

	buf_addf(&b, "\"request_id\":\"%s\",\"run_id\":\"%s\",\"thread_id\":\"%s\",",
		json_str_or(g->payload, "request_id", ""), step->run_id, step->set_id);
	buf_addf(&b, "\"project_id\":\"%s\",\"node_name\":\"%s\",\"model\":",
		s->job.project_id, step->node);
	buf_addf(&b, step->model != NULL ? "\"%s\"" : "null", step->model);
	buf_addf(&b, ",\"tokens\":%lld,\"latency_ms\":%.1f,\"answer\":%d,\"user_id\":\"",
		(long long)step->tokens, step->latency_ms, step->answer);
	log_escape(&b, json_str_or(g->payload, "user", ""));
	buf_addf(&b, "\",\"traceparent\":\"%s\"",
		json_str_or(g->payload, "traceparent", ""));
	log_event(s->worker->o.log, "node", b.ptr);
	buf_release(&b);
}

/* How long people waited for the zip, and what became dearer; or that a budget stopped it. */
static void tell_end(struct slot *s, struct store *store, const struct graph_result *r)
{
	struct buf b = BUF_INIT(1024);
	struct err ignored = { 0 };
	cJSON *set = NULL;
	int64_t created_ns = 0;

	buf_addf(&b, "\"project_id\":\"%s\",\"thread_id\":\"%s\"", s->job.project_id,
		s->job.set_id);
	if (r->paused[0] != '\0') {
		log_event(s->worker->o.log, "budget_crossed", b.ptr);
	} else if (store_set_head(store, s->job.set_id, &set, &ignored) == 0 &&
		strcmp(json_str_or(set, "status", ""), "complete") == 0 &&
		clock_parse(json_str_or(set, "created_at", ""), &created_ns) == 0) {
		buf_addf(&b, ",\"time_to_artifact_s\":%.1f,\"cost_delta_usd\":%.2f",
			(double)(clock_wall_ns() - created_ns) / 1e9,
			json_number(
				json_at(r->state, "/diff_summary/cost_delta_usd"), 0));
		log_event(s->worker->o.log, "run_complete", b.ptr);
	}
	json_free(set);
	buf_release(&b);
}

/* The zip's name in the artifact store. */
int zip_name(struct store *store, const char *project_id, const char *set_id,
	const char *hex, struct buf *out, struct err *e)
{
	cJSON *set = NULL;
	int ret = store_set_head(store, set_id, &set, e);

	if (ret == 0)
		ret = blob_artifact_name(project_id,
			(int64_t)json_num_or(set, "version", 0), hex, "repository.zip",
			out, e);
	json_free(set);
	return ret;
}

struct keeping {
	struct slot *slot;
	struct store *store;
};

static int keep(void *arg, const char *hex, const void *zip, size_t len, struct err *e)
{
	const struct keeping *k = arg;
	const struct queue_job *job = &k->slot->job;
	struct blob_store *blobs = blob_open(k->slot->worker->o.config->artifacts, e);
	struct buf name = BUF_INIT(1024);
	int ret = -1;

	if (blobs != NULL &&
		zip_name(k->store, job->project_id, job->set_id, hex, &name, e) == 0)
		ret = blob_write(blobs, name.ptr, "zip", zip, len, e);
	blob_close(blobs);
	buf_release(&name);
	return ret;
}

static int run_job(
	struct slot *s, struct store *store, struct graph_memory *memory, struct err *e)
{
	const struct config *c = s->worker->o.config;
	cJSON *payload =
		json_parse(s->job.payload, strlen(s->job.payload), JSON_STRICT, e);
	cJSON *passed = json_new_object(e);
	struct stepping stepping = { s, payload };
	struct keeping keeping = { s, store };
	struct graph_job job = { .store = store,
		.project_id = s->job.project_id,
		.set_id = s->job.set_id,
		.fence = { s->job.id, s->job.attempt },
		.blobs = s->worker->o.artifacts,
		.keep = keeps_in_s3(c) ? keep : NULL,
		.keep_arg = &keeping,
		.decision = json_text(json_get(payload, "decision")),
		.decisions = (int64_t)json_num_or(payload, "decisions", 0),
		.comment = json_text(json_get(payload, "comment")),
		.memory = memory };
	struct graph_options o = { .job = &job,
		.share = c->share,
		.provider = c->provider,
		.actor = json_str_or(payload, "actor", "worker"),
		.passed = passed,
		.quiet = 1,
		.traceparent = json_text(json_get(payload, "traceparent")),
		.stop = &s->stop,
		.stepped = on_step,
		.stepped_arg = &stepping };
	struct graph_result r = { 0 };
	int ret = payload == NULL || passed == NULL ? -1 : 0;

	if (ret == 0 && *c->validators != '\0')
		ret = json_set_str(passed, "tools", c->validators, e);
	store_set_origin(store, json_text(json_get(payload, "request_id")),
		json_text(json_get(payload, "traceparent")),
		json_text(json_get(payload, "user")));
	if (ret == 0) {
		history_restore(c, s->worker->o.log, store, s->job.project_id);
		ret = graph_run(&o, &r, e);
	}
	if (ret == 0)
		tell_end(s, store, &r);
	if (ret == 0 && r.answer == 0)
		history_keep(c, s->worker->o.log, store, s->job.project_id);
	store_set_origin(store, NULL, NULL, NULL);
	json_free(r.state);
	json_free(passed);
	json_free(payload);
	return ret;
}

static int wait_for_job(struct slot *s)
{
	struct worker *w = s->worker;
	int busy;

	pthread_mutex_lock(&w->lock);
	while (!s->busy && !w->stopping)
		pthread_cond_wait(&w->work, &w->lock);
	busy = s->busy;
	pthread_mutex_unlock(&w->lock);
	return busy;
}

static void bell_rings(struct worker *w)
{
	uint64_t one = 1;

	(void)!write(w->bell, &one, sizeof(one));
}

static void free_slot(struct slot *s)
{
	struct worker *w = s->worker;

	pthread_mutex_lock(&w->lock);
	queue_job_release(&s->job);
	s->busy = 0;
	s->stop = 0;
	pthread_mutex_unlock(&w->lock);
	bell_rings(w);
}

/* News of each step go out as soon as it is committed. */
static void on_commit(void *arg)
{
	hub_ring(arg);
}

static void *run_slot(void *arg)
{
	struct slot *s = arg;
	struct worker *w = s->worker;
	struct store *store = NULL;
	struct err e = { 0 };
	struct graph_memory *memory = graph_memory_new(&e);

	while (wait_for_job(s)) {
		int ret = 0;

		e = (struct err){ 0 };
		if (store == NULL)
			ret = store_open_as_is(&store, w->o.config->db, &e);
		if (ret == 0) {
			store_on_commit(store, on_commit, w->o.hub);
			ret = run_job(s, store, memory, &e);
			settle(s, store, ret, &e);
		} else {
			log_warn(w->o.log, "job %lld: %s", (long long)s->job.id, e.msg);
		}
		free_slot(s);
	}
	graph_memory_free(memory);
	store_close(store);
	return NULL;
}

/* ---- the one who claims ---- */

static size_t count_busy(struct worker *w)
{
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->n_slots; i++)
		n += w->slots[i].busy != 0;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void hand_out(struct worker *w, struct queue_job *jobs, size_t n)
{
	size_t k = 0;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->n_slots && k < n; i++) {
		if (w->slots[i].busy)
			continue;
		w->slots[i].job = jobs[k++];
		w->slots[i].stop = 0;
		w->slots[i].busy = 1;
	}
	w->counts.claimed += n;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
}

static int is_draining(struct worker *w)
{
	int yes;

	pthread_mutex_lock(&w->lock);
	yes = w->draining;
	pthread_mutex_unlock(&w->lock);
	return yes;
}

/* As many as there are slots; with a limit for each project one by one. */
static int claim_jobs(struct worker *w, struct store *store, size_t wanted,
	struct queue_job *jobs, size_t *n, struct err *e)
{
	int64_t lease_ms = w->o.config->lease_s * 1000, limit = w->o.config->running_max;
	size_t one = 1;

	*n = 0;
	if (limit == 0)
		return queue_claim(store, w->o.process_id, wanted, lease_ms, jobs, n, e);
	while (*n < wanted && one == 1) {
		if (queue_claim_within(store, w->o.process_id, limit, lease_ms, jobs + *n,
			    &one, e) < 0)
			return *n > 0 ? 0 : -1;
		*n += one;
	}
	return 0;
}

static int claim(struct worker *w, struct store *store, struct err *e)
{
	struct queue_job jobs[SLOTS_MAX];
	size_t wanted = w->n_slots - count_busy(w), n = 0;

	if (wanted == 0 || is_draining(w))
		return 0;
	if (claim_jobs(w, store, wanted, jobs, &n, e) < 0)
		return -1;
	hand_out(w, jobs, n);
	pthread_mutex_lock(&w->lock);
	w->queue_empty = n < wanted;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static size_t list_holds(struct worker *w, struct queue_hold *holds, size_t *which)
{
	size_t n = 0;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i].busy) {
			holds[n] = (struct queue_hold){ w->slots[i].job.id,
				w->slots[i].job.attempt };
			which[n++] = i;
		}
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void stop_lost(struct worker *w, const struct queue_hold *hold, size_t i)
{
	pthread_mutex_lock(&w->lock);
	if (w->slots[i].busy && w->slots[i].job.id == hold->id &&
		w->slots[i].job.attempt == hold->attempt)
		w->slots[i].stop = 1;
	pthread_mutex_unlock(&w->lock);
}

static int renew(struct worker *w, struct store *store, struct err *e)
{
	struct queue_hold holds[SLOTS_MAX];
	size_t which[SLOTS_MAX], n = list_holds(w, holds, which);
	int lost[SLOTS_MAX];

	if (n == 0)
		return 0;
	if (queue_renew(store, holds, n, w->o.config->lease_s * 1000, lost, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (lost[i])
			stop_lost(w, &holds[i], which[i]);
	return 0;
}

static int tend(struct worker *w, struct store *store, struct err *e)
{
	cJSON *dead = NULL;
	int64_t moved = 0;
	int ret = queue_tend(store, &moved, &dead, e);

	JSON_EACH (d, dead) {
		struct err ignored;

		count(w, &w->counts.dead);
		(void)store_give_up(store, json_str_or(d, "project_id", ""),
			json_str_or(d, "decision_set_id", ""),
			json_str_or(d, "last_error", "its workers died"), &ignored);
	}
	json_free(dead);
	if (ret == 0)
		ret = store_keys_expire(store, clock_wall_ns() / 1000000, e);
	return ret;
}

/* Jobs that had their while are stopped and go back. */
static void press(struct worker *w)
{
	int64_t now = clock_monotonic_ns();

	pthread_mutex_lock(&w->lock);
	if (w->draining && now - w->drain_ns > w->o.config->drain_s * SECOND_NS)
		for (size_t i = 0; i < w->n_slots; i++)
			w->slots[i].stop = 1;
	pthread_mutex_unlock(&w->lock);
}

static void wait_for_bell(struct worker *w, int64_t ms)
{
	struct pollfd p = { .fd = w->bell, .events = POLLIN };
	uint64_t rings;

	(void)poll(&p, 1, (int)ms);
	(void)!read(w->bell, &rings, sizeof(rings));
}

struct rounds {
	int64_t renewed_ns, tended_ns, tend_every_ns;
};

static int round_of(
	struct worker *w, struct store *store, struct rounds *r, struct err *e)
{
	int64_t now = clock_monotonic_ns();
	int64_t renew_ns = w->o.config->lease_s * SECOND_NS / 12;

	if (now - r->renewed_ns >= renew_ns || now - r->renewed_ns >= SECOND_NS) {
		r->renewed_ns = now;
		if (renew(w, store, e) < 0)
			return -1;
	}
	if (now - r->tended_ns >= r->tend_every_ns) {
		r->tended_ns = now;
		/* not all workers at once */
		r->tend_every_ns = SECOND_NS / 2 + queue_backoff_ms(0) * 500000;
		if (tend(w, store, e) < 0)
			return -1;
	}
	return claim(w, store, e);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct store *store = NULL;
	struct rounds r = { 0 };
	int said = 0;

	while (!is_draining(w) || count_busy(w) > 0) {
		struct err e = { 0 };
		int ret = 0;

		press(w);
		if (store == NULL)
			ret = store_open_as_is(&store, w->o.config->db, &e);
		if (ret == 0)
			ret = round_of(w, store, &r, &e);
		if (ret < 0 && !said)
			log_warn(w->o.log, "worker: %s", e.msg);
		said = ret < 0;
		wait_for_bell(w, ret < 0 ? 500 : w->o.config->poll_ms);
	}
	store_close(store);
	return NULL;
}

/* ---- life ---- */

static int start_thread(
	pthread_t *t, void *(*f)(void *), void *arg, int *started, struct err *e)
{
	int why = pthread_create(t, NULL, f, arg);

	if (why != 0)
		return err_set(
			e, ERR_INTERNAL, "cannot start a thread: %s", strerror(why));
	*started = 1;
	return 0;
}

int worker_start(struct worker **out, const struct worker_options *o, struct err *e)
{
	struct worker *w = calloc(1, sizeof(*w));
	int ret = 0;

	if (w == NULL)
		return err_no_memory(e);
	w->o = *o;
	w->n_slots = o->config->slots > SLOTS_MAX ? SLOTS_MAX : (size_t)o->config->slots;
	w->counts.slots = w->n_slots;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->work, NULL);
	w->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (size_t i = 0; ret == 0 && i < w->n_slots; i++) {
		w->slots[i].worker = w;
		ret = start_thread(&w->slots[i].thread, run_slot, &w->slots[i],
			&w->slots[i].started, e);
	}
	if (ret == 0)
		ret = start_thread(&w->thread, run, w, &w->started, e);
	if (ret < 0) {
		worker_stop(w);
		return -1;
	}
	*out = w;
	return 0;
}

void worker_ring(struct worker *w)
{
	bell_rings(w);
}

int worker_wait_idle(struct worker *w, int64_t ms)
{
	int64_t until = clock_monotonic_ns() + ms * 1000000;
	int idle = 0;

	pthread_mutex_lock(&w->lock);
	w->queue_empty = 0;
	pthread_mutex_unlock(&w->lock);
	bell_rings(w);
	while (!idle && clock_monotonic_ns() < until) {
		usleep(20000);
		pthread_mutex_lock(&w->lock);
		idle = w->queue_empty;
		for (size_t i = 0; i < w->n_slots; i++)
			idle &= !w->slots[i].busy;
		pthread_mutex_unlock(&w->lock);
	}
	return idle;
}

void worker_drain(struct worker *w)
{
	pthread_mutex_lock(&w->lock);
	if (!w->draining)
		w->drain_ns = clock_monotonic_ns();
	w->draining = 1;
	pthread_mutex_unlock(&w->lock);
	bell_rings(w);
}

void worker_stop(struct worker *w)
{
	if (w == NULL)
		return;
	worker_drain(w);
	if (w->started)
		pthread_join(w->thread, NULL);
	pthread_mutex_lock(&w->lock);
	w->stopping = 1;
	pthread_cond_broadcast(&w->work);
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->n_slots; i++)
		if (w->slots[i].started)
			pthread_join(w->slots[i].thread, NULL);
	if (w->bell >= 0)
		close(w->bell);
	pthread_cond_destroy(&w->work);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void worker_count(struct worker *w, struct worker_counts *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->counts;
	out->busy = 0;
	for (size_t i = 0; i < w->n_slots; i++)
		out->busy += w->slots[i].busy != 0;
	pthread_mutex_unlock(&w->lock);
}
