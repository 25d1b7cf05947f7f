#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/queue.h"

/* Runs on SQLite and, with MLOPS_TEST_DB, on a server; the queue is emptied first. */
struct fixture {
	char dir[64], url[256], project[ID_TEXT_MAX], other[ID_TEXT_MAX];
	struct store *s;
};

#define LEASE_MS 60000

static void drain(struct store *s)
{
	struct queue_job jobs[64];
	struct queue_hold hold;
	struct err e = { 0 };
	int64_t done;
	size_t n;

	do {
		assert_int_equal(queue_claim(s, "drain", 64, LEASE_MS, jobs, &n, &e), 0);
		for (size_t i = 0; i < n; i++) {
			hold = (struct queue_hold){ jobs[i].id, jobs[i].attempt };
			assert_int_equal(queue_finish(s, &hold, 1, &done, &e), 0);
			queue_job_release(&jobs[i]);
		}
	} while (n > 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *server = getenv("MLOPS_TEST_DB");
	char root[ID_TEXT_MAX];
	struct err e = { 0 };

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/mlops-queue-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	if (server != NULL)
		snprintf(f->url, sizeof(f->url), "%s", server);
	else
		snprintf(f->url, sizeof(f->url), "sqlite:%s/x.db", f->dir);
	assert_int_equal(setenv("MLOPS_HOME", f->dir, 1), 0);
	assert_int_equal(store_open(&f->s, f->url, &e), 0);
	id_random(root, &e);
	assert_int_equal(store_project(f->s, root, "one", f->project, &e), 0);
	id_random(root, &e);
	assert_int_equal(store_project(f->s, root, "two", f->other, &e), 0);
	drain(f->s);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	drain(f->s);
	store_close(f->s);
	assert_int_equal(file_remove_tree(f->dir, &e), 0);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *project, const char *set, int priority,
	int64_t delay_ms)
{
	struct queue_new job = { .project_id = project,
		.set_id = set,
		.type = "run",
		.priority = priority,
		.delay_ms = delay_ms,
		.max_retries = 2 };
	struct err e = { 0 };

	assert_int_equal(queue_add(f->s, &job, &e), 0);
}

/* Claims up to `max` and writes their sets' first letters. */
static size_t claim(struct fixture *f, size_t max, int64_t lease_ms, char *letters,
	struct queue_hold *holds)
{
	struct queue_job jobs[64];
	struct err e = { 0 };
	size_t n = 0;

	assert_int_equal(queue_claim(f->s, "w", max, lease_ms, jobs, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		letters[i] = jobs[i].set_id[0];
		holds[i] = (struct queue_hold){ jobs[i].id, jobs[i].attempt };
		queue_job_release(&jobs[i]);
	}
	letters[n] = '\0';
	return n;
}

static size_t claim_one_by_one(struct fixture *f, char *letters)
{
	struct queue_hold hold;
	size_t n = 0;

	while (claim(f, 1, LEASE_MS, letters + n, &hold) == 1)
		n++;
	return n;
}

static void projects_take_turns_and_priority_goes_first(void **state)
{
	struct fixture *f = *state;
	char letters[65];

	for (int i = 0; i < 6; i++)
		put(f, f->project, "a", 0, 0);
	put(f, f->other, "b", 0, 0);
	put(f, f->other, "b", 0, 0);
	put(f, f->project, "x", 5, 0);
	assert_int_equal(claim_one_by_one(f, letters), 9);
	assert_string_equal(letters, "xababaaaa");
}

static void a_project_runs_so_many_jobs_at_once_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct queue_job job;
	struct err e = { 0 };
	char letters[8];
	int64_t done = 0;
	size_t n = 1, claimed = 0;

	for (int i = 0; i < 4; i++)
		put(f, f->project, "a", 0, 0);
	put(f, f->other, "b", 0, 0);
	while (claimed < 7) {
		assert_int_equal(
			queue_claim_within(f->s, "w", 2, LEASE_MS, &job, &n, &e), 0);
		if (n == 0)
			break;
		letters[claimed++] = job.set_id[0];
		if (claimed < 3)
			queue_job_release(&job);
	}
	letters[claimed] = '\0';
	assert_string_equal(letters, "aba"); /* two of a, though four wait */
	assert_int_equal(queue_finish(f->s, &(struct queue_hold){ job.id, job.attempt },
				 1, &done, &e),
		0);
	queue_job_release(&job);
	assert_int_equal(queue_claim_within(f->s, "w", 2, LEASE_MS, &job, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(job.set_id[0], 'a');
	queue_job_release(&job);
}

static void who_comes_late_does_not_wait_for_a_backlog(void **state)
{
	struct fixture *f = *state;
	struct queue_hold hold;
	char letters[65];

	for (int i = 0; i < 30; i++)
		put(f, f->project, "a", 0, 0);
	for (int i = 0; i < 20; i++)
		claim(f, 1, LEASE_MS, letters, &hold);
	put(f, f->other, "b", 0, 0);
	claim(f, 1, LEASE_MS, letters, &hold);
	claim(f, 1, LEASE_MS, letters + 1, &hold);
	assert_non_null(strchr(letters, 'b'));
}

static void an_older_attempt_can_do_nothing(void **state)
{
	struct fixture *f = *state;
	struct queue_hold old, now;
	enum queue_verdict verdict;
	char letters[65];
	struct err e = { 0 };
	cJSON *dead = NULL;
	int64_t done = -1, moved = 0;
	int lost = 0;

	put(f, f->project, "a", 0, 0);
	assert_int_equal(claim(f, 8, -1, letters, &old), 1); /* has run out already */
	assert_int_equal(queue_tend(f->s, &moved, &dead, &e), 0);
	assert_int_equal(moved, 1);
	assert_int_equal(json_len(dead), 0);
	json_free(dead);
	assert_int_equal(claim(f, 8, LEASE_MS, letters, &now), 1);
	assert_int_equal(now.id, old.id);
	assert_int_equal(now.attempt, old.attempt + 1);
	assert_int_equal(queue_finish(f->s, &old, 1, &done, &e), 0);
	assert_int_equal(done, 0);
	assert_int_equal(queue_renew(f->s, &old, 1, LEASE_MS, &lost, &e), 0);
	assert_int_equal(lost, 1);
	assert_int_equal(queue_fail(f->s, &old, "why", 0, 0, &verdict, &e), 0);
	assert_int_equal(verdict, QUEUE_LOST);
	assert_int_equal(queue_release(f->s, &old, &e), 0);
	assert_int_equal(queue_renew(f->s, &now, 1, LEASE_MS, &lost, &e), 0);
	assert_int_equal(lost, 0);
	assert_int_equal(queue_finish(f->s, &now, 1, &done, &e), 0);
	assert_int_equal(done, 1);
}

static void an_id_is_never_used_again(void **state)
{
	struct fixture *f = *state;
	struct queue_hold first, second;
	char letters[65];
	int64_t done;
	struct err e = { 0 };

	put(f, f->project, "a", 0, 0);
	assert_int_equal(claim(f, 1, LEASE_MS, letters, &first), 1);
	assert_int_equal(queue_finish(f->s, &first, 1, &done, &e), 0);
	put(f, f->project, "a", 0, 0);
	assert_int_equal(claim(f, 1, LEASE_MS, letters, &second), 1);
	assert_true(second.id > first.id);
}

static void a_commit_is_fenced_by_the_attempt(void **state)
{
	struct fixture *f = *state;
	struct store_set set = { .project_id = f->project, .version = 1, .run_id = "r" };
	struct queue_hold hold;
	struct store_fence fence;
	char id[ID_TEXT_MAX], letters[65];
	int64_t lock = 0, taken = 0;
	struct err e = { 0 };
	struct store_step step = { .project_id = f->project,
		.set_id = id,
		.run_id = "r",
		.fence = &fence,
		.lock_version = &lock };

	assert_int_equal(store_set_new(f->s, &set, id, &e), 0);
	put(f, f->project, id, 0, 0);
	assert_int_equal(claim(f, 1, LEASE_MS, letters, &hold), 1);
	fence = (struct store_fence){ hold.id, hold.attempt };
	assert_int_equal(store_commit(f->s, &step, &e), 0);
	fence.attempt--;
	assert_int_equal(store_commit(f->s, &step, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	fence.attempt++;
	assert_int_equal(queue_cancel(f->s, id, &taken, &e), 0);
	assert_int_equal(taken, 1);
	assert_int_equal(store_commit(f->s, &step, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void failures_wait_longer_and_then_die(void **state)
{
	struct fixture *f = *state;
	struct queue_hold hold;
	struct queue_depth before, after;
	enum queue_verdict verdict;
	char letters[65];
	struct err e = { 0 };
	cJSON *dead = NULL;
	int64_t moved;

	assert_int_equal(queue_depth(f->s, f->project, &before, &e), 0);
	put(f, f->project, "a", 0, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(claim(f, 1, LEASE_MS, letters, &hold), 1);
		assert_int_equal(queue_fail(f->s, &hold, "no", -1, 0, &verdict, &e), 0);
		assert_int_equal(verdict, i < 2 ? QUEUE_RETRY : QUEUE_DEAD);
		assert_int_equal(claim(f, 1, LEASE_MS, letters, &hold), 0);
		assert_int_equal(queue_tend(f->s, &moved, &dead, &e), 0);
		json_free(dead);
		assert_int_equal(moved, i < 2 ? 1 : 0);
	}
	assert_int_equal(queue_depth(f->s, f->project, &after, &e), 0);
	assert_int_equal(after.dead, before.dead + 1);
	for (int64_t r = 0; r < 40; r++) {
		int64_t ms = queue_backoff_ms(r),
			top = r < 9 ? INT64_C(1000) << r : 300000;

		assert_true(ms >= (top > 300000 ? 150000 : top / 2));
		assert_true(ms <= (top > 300000 ? 300000 : top));
	}
}

static void what_is_not_due_is_not_claimed(void **state)
{
	struct fixture *f = *state;
	struct queue_hold hold;
	struct queue_depth d;
	char letters[65];
	struct err e = { 0 };
	cJSON *dead = NULL;
	int64_t moved;

	put(f, f->project, "later", 0, 600);
	assert_int_equal(claim(f, 1, LEASE_MS, letters, &hold), 0);
	assert_int_equal(queue_tend(f->s, &moved, &dead, &e), 0);
	json_free(dead);
	assert_int_equal(moved, 0);
	assert_int_equal(queue_depth(f->s, f->project, &d, &e), 0);
	assert_int_equal(d.delayed, 1);
	usleep(650000);
	assert_int_equal(queue_tend(f->s, &moved, &dead, &e), 0);
	json_free(dead);
	assert_int_equal(moved, 1);
	assert_int_equal(claim(f, 1, LEASE_MS, letters, &hold), 1);
}

/* ---- many at once ---- */

#define JOBS    400
#define WORKERS 4

struct crowd {
	const char *url;
	pthread_mutex_t lock;
	int seen[JOBS];
};

static void *work(void *arg)
{
	struct crowd *c = arg;
	struct store *s = NULL;
	struct queue_job jobs[16];
	struct queue_hold holds[16];
	struct err e = { 0 };
	int64_t done;
	size_t n = 1;

	if (store_open(&s, c->url, &e) < 0)
		return NULL;
	while (n > 0 && queue_claim(s, "w", 16, LEASE_MS, jobs, &n, &e) == 0) {
		for (size_t i = 0; i < n; i++) {
			long k = strtol(jobs[i].set_id, NULL, 10);

			pthread_mutex_lock(&c->lock);
			c->seen[k]++;
			pthread_mutex_unlock(&c->lock);
			holds[i] = (struct queue_hold){ jobs[i].id, jobs[i].attempt };
			queue_job_release(&jobs[i]);
		}
		if (n > 0 &&
			(queue_finish(s, holds, n, &done, &e) < 0 || done != (int64_t)n))
			break;
	}
	store_close(s);
	return NULL;
}

static void a_job_is_claimed_by_one_worker_alone(void **state)
{
	struct fixture *f = *state;
	struct crowd c = { .url = f->url, .lock = PTHREAD_MUTEX_INITIALIZER };
	pthread_t threads[WORKERS];

	for (int i = 0; i < JOBS; i++) {
		char set[16];

		snprintf(set, sizeof(set), "%d", i);
		put(f, i % 3 ? f->project : f->other, set, 0, 0);
	}
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &c), 0);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(c.seen[i], 1);
}

static void an_ear_hears_or_says_that_it_cannot(void **state)
{
	struct fixture *f = *state;
	struct ear *ear = NULL;
	struct err e = { 0 };
	int works = -1;

	if (!store_is_postgres(f->s)) {
		assert_int_equal(ear_open(&ear, f->url, f->s, &works, &e), -1);
		assert_int_equal(e.code, ERR_USAGE);
		return;
	}
	assert_int_equal(ear_open(&ear, f->url, f->s, &works, &e), 0);
	/* A pooler in transaction mode swallows it, and that is noticed. */
	assert_int_equal(works, getenv("MLOPS_TEST_POOLED") == NULL);
	ear_close(ear);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(projects_take_turns_and_priority_goes_first),
		TEST(a_project_runs_so_many_jobs_at_once_and_no_more),
		TEST(who_comes_late_does_not_wait_for_a_backlog),
		TEST(an_older_attempt_can_do_nothing),
		TEST(an_id_is_never_used_again),
		TEST(a_commit_is_fenced_by_the_attempt),
		TEST(failures_wait_longer_and_then_die),
		TEST(what_is_not_due_is_not_claimed),
		TEST(a_job_is_claimed_by_one_worker_alone),
		TEST(an_ear_hears_or_says_that_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
