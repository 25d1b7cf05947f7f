/* queue.h over the store's database. */
#include "queue.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

#define CHANNEL        "mlops"
#define TEND_MAX       "1000" /* jobs at a time */
#define BACKOFF_MS     INT64_C(1000)
#define BACKOFF_MAX_MS INT64_C(300000)

/* What the two databases spell differently. The ids of a batch come as a JSON array of
 * [id, attempt]. */
#define LITE_NOW    "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
#define PG_NOW      "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
#define LITE_PICK   "IN (SELECT id FROM jobs WHERE "
#define LITE_PICKED ")"
#define PG_PICK     "= ANY(ARRAY(SELECT id FROM jobs WHERE "
#define PG_PICKED   " FOR UPDATE SKIP LOCKED))"
#define LITE_HOLDS                                                               \
	"(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM " \
	"json_each($1))"
#define PG_HOLDS \
	"(SELECT (v->>0)::bigint, (v->>1)::bigint FROM json_array_elements($1::json) v)"

#define BOTH(name, text)                                                                 \
	static const char *const name[] = {                                              \
		[DB_SQLITE] = text(LITE_NOW, "max", LITE_PICK, LITE_PICKED, LITE_HOLDS), \
		[DB_POSTGRES] = text(PG_NOW, "greatest", PG_PICK, PG_PICKED, PG_HOLDS),  \
	}

/* clang-format off */
#define ADD(now, max, pick, picked, holds)                                              \
	"INSERT INTO jobs (project_id, decision_set_id, type, payload_jsonb, priority,"  \
	" max_retries, status, next_run_at, created_at, updated_at, turn)"               \
	" SELECT $1, $2, $3, $4, $5, $6, CASE WHEN $7 > 0 THEN 'delayed' ELSE 'queued'"  \
	" END, " now " + $7, " now ", " now ","                                          \
	" " max "(coalesce((SELECT max(turn) + 1 FROM jobs WHERE status = 'queued' AND"  \
	" project_id = $1), 0), coalesce((SELECT turn FROM jobs WHERE status = 'queued'" \
	" AND priority = $5 ORDER BY priority DESC, turn, id LIMIT 1), 0))"
BOTH(add_sql, ADD);

#define CLAIM(now, max, pick, picked, holds)                                            \
	"UPDATE jobs SET status = 'running', worker_id = $1, attempt = attempt + 1,"     \
	" lease_expires_at = " now " + $3, updated_at = " now                            \
	" WHERE id " pick "status = 'queued' ORDER BY priority DESC, turn, id LIMIT $2"  \
	picked                                                                           \
	" RETURNING id, attempt, retries, max_retries, project_id, decision_set_id,"     \
	" type, payload_jsonb, updated_at - next_run_at"
BOTH(claim_sql, CLAIM);

#define CLAIM_WITHIN(now, max, pick, picked, holds)                                     \
	"UPDATE jobs SET status = 'running', worker_id = $1, attempt = attempt + 1,"     \
	" lease_expires_at = " now " + $3, updated_at = " now                            \
	" WHERE id " pick "status = 'queued' AND (SELECT count(*) FROM jobs r WHERE"     \
	" r.status = 'running' AND r.project_id = jobs.project_id) < $2"                 \
	" ORDER BY priority DESC, turn, id LIMIT 1" picked                               \
	" RETURNING id, attempt, retries, max_retries, project_id, decision_set_id,"     \
	" type, payload_jsonb, updated_at - next_run_at"
BOTH(claim_within_sql, CLAIM_WITHIN);

#define RENEW(now, max, pick, picked, holds)                                            \
	"UPDATE jobs SET lease_expires_at = " now " + $2 WHERE status = 'running'"       \
	" AND (id, attempt) IN " holds " RETURNING id"
BOTH(renew_sql, RENEW);

#define FINISH(now, max, pick, picked, holds)                                           \
	"DELETE FROM jobs WHERE status = 'running' AND (id, attempt) IN " holds
BOTH(finish_sql, FINISH);

#define FAIL(now, max, pick, picked, holds)                                             \
	"UPDATE jobs SET status = CASE WHEN $5 = 1 OR retries >= max_retries THEN 'dead'" \
	" ELSE 'delayed' END, retries = retries + 1, last_error = $3, worker_id = NULL," \
	" lease_expires_at = NULL, next_run_at = " now " + $4, updated_at = " now        \
	" WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING status"
BOTH(fail_sql, FAIL);

#define RELEASE(now, max, pick, picked, holds)                                          \
	"UPDATE jobs SET status = 'queued', worker_id = NULL, lease_expires_at = NULL,"  \
	" updated_at = " now                                                             \
	" WHERE id = $1 AND attempt = $2 AND status = 'running'"
BOTH(release_sql, RELEASE);

#define EXPIRE(now, max, pick, picked, holds)                                           \
	"UPDATE jobs SET status = CASE WHEN attempt >= $1 THEN 'dead' ELSE 'queued' END," \
	" worker_id = NULL, lease_expires_at = NULL, updated_at = " now ","              \
	" last_error = CASE WHEN attempt >= $1 THEN 'every worker that took it died'"    \
	" ELSE last_error END"                                                           \
	" WHERE id " pick "status = 'running' AND lease_expires_at <= " now              \
	" LIMIT " TEND_MAX picked                                                        \
	" RETURNING status, project_id, decision_set_id, last_error"
BOTH(expire_sql, EXPIRE);

#define DUE(now, max, pick, picked, holds)                                              \
	"UPDATE jobs SET status = 'queued', updated_at = " now                           \
	" WHERE id " pick "status = 'delayed' AND next_run_at <= " now " LIMIT " TEND_MAX \
	picked
BOTH(due_sql, DUE);

#define DEPTH(now, max, pick, picked, holds)                                            \
	"SELECT status, count(*), max(" now " - next_run_at) FROM jobs"                  \
	" WHERE $1 IS NULL OR project_id = $1 GROUP BY status"
BOTH(depth_sql, DEPTH);
/* clang-format on */

static const char *own(const struct store *s, const char *const sql[])
{
	return sql[db_kind(s->db)];
}

int queue_add(struct store *s, const struct queue_new *j, struct err *e)
{
	struct buf payload = BUF_INIT(STATE_TEXT_MAX);
	int ret;

	if (j->payload != NULL)
		json_print(j->payload, JSON_COMPACT, &payload);
	else
		buf_add_str(&payload, "{}");
	ret = buf_ok(&payload, e);
	if (ret == 0)
		ret = store_run_sql(s, own(s, add_sql),
			(struct db_value[]){ DB_TEXT(j->project_id), DB_TEXT(j->set_id),
				DB_TEXT(j->type), DB_TEXT(payload.ptr),
				DB_INT(j->priority), DB_INT(j->max_retries),
				DB_INT(j->delay_ms) },
			7, e);
	buf_release(&payload);
	return ret;
}

/* ---- claiming ---- */

struct claimed {
	struct queue_job *at;
	size_t n, max;
};

static int take(void *arg, const struct db_row *r, struct err *e)
{
	struct claimed *c = arg;
	struct queue_job *j = &c->at[c->n];

	if (c->n == c->max)
		return err_set(e, ERR_INTERNAL, "more jobs were claimed than asked for");
	*j = (struct queue_job){ .id = db_int(r, 0),
		.attempt = db_int(r, 1),
		.retries = db_int(r, 2),
		.max_retries = db_int(r, 3),
		.waited_ms = db_int(r, 8) };
	snprintf(j->project_id, sizeof(j->project_id), "%s",
		db_text(r, 4) != NULL ? db_text(r, 4) : "");
	snprintf(j->set_id, sizeof(j->set_id), "%s",
		db_text(r, 5) != NULL ? db_text(r, 5) : "");
	snprintf(j->type, sizeof(j->type), "%s", db_text(r, 6));
	j->payload = strdup(db_text(r, 7));
	if (j->payload == NULL)
		return err_no_memory(e);
	c->n++;
	return 0;
}

void queue_job_release(struct queue_job *job)
{
	free(job->payload);
	job->payload = NULL;
}

static int claim(struct store *s, const char *sql, const char *worker, int64_t limit,
	int64_t lease_ms, struct claimed *c, size_t *n, struct err *e)
{
	int ret = db_query(s->db, sql,
		(struct db_value[]){ DB_TEXT(worker), DB_INT(limit), DB_INT(lease_ms) },
		3, take, c, e);

	for (size_t i = 0; ret < 0 && i < c->n; i++)
		queue_job_release(&c->at[i]);
	*n = ret < 0 ? 0 : c->n;
	return ret;
}

int queue_claim(struct store *s, const char *worker, size_t max, int64_t lease_ms,
	struct queue_job *out, size_t *n, struct err *e)
{
	struct claimed c = { out, 0, max };

	return claim(s, own(s, claim_sql), worker, (int64_t)max, lease_ms, &c, n, e);
}

int queue_claim_within(struct store *s, const char *worker, int64_t per_project,
	int64_t lease_ms, struct queue_job *out, size_t *n, struct err *e)
{
	struct claimed c = { out, 0, 1 };

	return claim(
		s, own(s, claim_within_sql), worker, per_project, lease_ms, &c, n, e);
}

/* ---- holding and finishing ---- */

static void print_holds(struct buf *b, const struct queue_hold *holds, size_t n)
{
	buf_add_char(b, '[');
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s[%lld,%lld]", i > 0 ? "," : "", (long long)holds[i].id,
			(long long)holds[i].attempt);
	buf_add_char(b, ']');
}

struct renewed {
	const struct queue_hold *holds;
	size_t n;
	int *lost;
};

static int keep(void *arg, const struct db_row *r, struct err *e)
{
	struct renewed *w = arg;

	(void)e;
	for (size_t i = 0; i < w->n; i++)
		if (w->holds[i].id == db_int(r, 0))
			w->lost[i] = 0;
	return 0;
}

int queue_renew(struct store *s, const struct queue_hold *holds, size_t n,
	int64_t lease_ms, int *lost, struct err *e)
{
	struct renewed w = { holds, n, lost };
	struct buf b = BUF_INIT(1 << 20);
	int ret;

	for (size_t i = 0; i < n; i++)
		lost[i] = 1;
	print_holds(&b, holds, n);
	ret = buf_ok(&b, e);
	if (ret == 0)
		ret = db_query(s->db, own(s, renew_sql),
			(struct db_value[]){ DB_TEXT(b.ptr), DB_INT(lease_ms) }, 2, keep,
			&w, e);
	buf_release(&b);
	return ret;
}

int queue_finish(struct store *s, const struct queue_hold *holds, size_t n, int64_t *done,
	struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	int ret;

	print_holds(&b, holds, n);
	ret = buf_ok(&b, e);
	if (ret == 0)
		ret = db_run(s->db, own(s, finish_sql),
			(struct db_value[]){ DB_TEXT(b.ptr) }, 1, done, e);
	buf_release(&b);
	return ret;
}

int64_t queue_backoff_ms(int64_t retries)
{
	int64_t ms = BACKOFF_MS;
	uint32_t dice = 0;

	for (int64_t i = 0; i < retries && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	if (getrandom(&dice, sizeof(dice), GRND_NONBLOCK) != (ssize_t)sizeof(dice))
		dice = (uint32_t)clock_monotonic_ns();
	return ms / 2 + (int64_t)(dice % (uint64_t)(ms / 2 + 1));
}

int queue_fail(struct store *s, const struct queue_hold *hold, const char *why,
	int64_t after_ms, int final, enum queue_verdict *verdict, struct err *e)
{
	cJSON *row;

	if (store_one(s, own(s, fail_sql),
		    (struct db_value[]){ DB_INT(hold->id), DB_INT(hold->attempt),
			    DB_TEXT(why), DB_INT(after_ms), DB_INT(final) },
		    5, &row, e) < 0)
		return -1;
	if (row == NULL)
		*verdict = QUEUE_LOST;
	else
		*verdict = strcmp(json_str_or(row, "status", ""), "dead") == 0
			? QUEUE_DEAD
			: QUEUE_RETRY;
	json_free(row);
	return 0;
}

int queue_release(struct store *s, const struct queue_hold *hold, struct err *e)
{
	return store_run_sql(s, own(s, release_sql),
		(struct db_value[]){ DB_INT(hold->id), DB_INT(hold->attempt) }, 2, e);
}

/* ---- time ---- */

int queue_tend(struct store *s, int64_t *moved, cJSON **dead, struct err *e)
{
	cJSON *rows = NULL, *row;
	int ret;

	*moved = 0;
	*dead = json_new_array(e);
	if (*dead == NULL ||
		store_rows(s, own(s, expire_sql),
			(struct db_value[]){ DB_INT(QUEUE_ATTEMPT_MAX) }, 1, &rows,
			e) < 0)
		goto fail;
	for (ret = 0; ret == 0 && (row = json_take_first(rows)) != NULL;) {
		if (strcmp(json_str_or(row, "status", ""), "dead") == 0) {
			ret = json_push(*dead, row, e);
		} else {
			++*moved;
			json_free(row);
		}
	}
	json_free(rows);
	if (ret == 0) {
		int64_t due = 0;

		ret = db_run(s->db, own(s, due_sql), NULL, 0, &due, e);
		*moved += due;
	}
	if (ret == 0)
		return 0;
fail:
	json_free(*dead);
	*dead = NULL;
	return -1;
}

int queue_cancel(struct store *s, const char *set_id, int64_t *taken, struct err *e)
{
	return db_run(s->db, "DELETE FROM jobs WHERE decision_set_id = $1",
		(struct db_value[]){ DB_TEXT(set_id) }, 1, taken, e);
}

static int add_depth(void *arg, const struct db_row *r, struct err *e)
{
	struct queue_depth *d = arg;
	const char *status = db_text(r, 0);

	(void)e;
	if (strcmp(status, "queued") == 0) {
		d->queued = db_int(r, 1);
		d->oldest_ms = db_int(r, 2);
	} else if (strcmp(status, "delayed") == 0) {
		d->delayed = db_int(r, 1);
	} else if (strcmp(status, "running") == 0) {
		d->running = db_int(r, 1);
	} else {
		d->dead = db_int(r, 1);
	}
	return 0;
}

int queue_depth(
	struct store *s, const char *project_id, struct queue_depth *out, struct err *e)
{
	*out = (struct queue_depth){ 0 };
	return db_query(s->db, own(s, depth_sql),
		(struct db_value[]){ DB_TEXT(project_id) }, 1, add_depth, out, e);
}

/* ---- notifications ---- */

int queue_tell(struct store *s, const char *what, struct err *e)
{
	if (db_kind(s->db) == DB_SQLITE)
		return 0;
	return db_query(s->db, "SELECT pg_notify('" CHANNEL "', $1)",
		(struct db_value[]){ DB_TEXT(what) }, 1, NULL, NULL, e);
}

struct ear {
	struct db *db;
	int listening;
};

static int listen_now(struct ear *ear, struct err *e)
{
	if (db_script(ear->db, "LISTEN " CHANNEL, e) < 0)
		return -1;
	ear->listening = 1;
	return 0;
}

/* A pooler takes LISTEN and never answers: whether one comes back is tried out. */
static int try_out(struct ear *ear, struct store *through, int *works, struct err *e)
{
	int64_t until = clock_monotonic_ns() + INT64_C(1000000000);
	char id[ID_TEXT_MAX], what[64];
	struct err lost;

	*works = 0;
	if (id_random(id, e) < 0 || queue_tell(through, id, e) < 0)
		return -1;
	while (!*works && clock_monotonic_ns() < until && ear_fd(ear) >= 0) {
		struct pollfd p = { .fd = ear_fd(ear), .events = POLLIN };

		(void)poll(&p, 1, 50);
		while (ear_next(ear, what, sizeof(what), &lost) == 1)
			*works |= strcmp(what, id) == 0;
	}
	return 0;
}

int ear_open(struct ear **out, const char *url, struct store *through, int *works,
	struct err *e)
{
	struct ear *ear;

	if (strncmp(url, "postgres", 8) != 0)
		return err_set(e, ERR_USAGE, "only PostgreSQL notifies");
	ear = calloc(1, sizeof(*ear));
	if (ear == NULL)
		return err_no_memory(e);
	if (db_open(&ear->db, url, e) < 0 || listen_now(ear, e) < 0 ||
		try_out(ear, through, works, e) < 0) {
		ear_close(ear);
		return -1;
	}
	*out = ear;
	return 0;
}

void ear_close(struct ear *ear)
{
	if (ear == NULL)
		return;
	db_close(ear->db);
	free(ear);
}

int ear_fd(struct ear *ear)
{
	return ear->listening ? db_fd(ear->db) : -1;
}

int ear_next(struct ear *ear, char *what, size_t size, struct err *e)
{
	char channel[64];
	int ret;

	if (!ear->listening && listen_now(ear, e) < 0)
		return -1;
	ret = db_notification(ear->db, channel, sizeof(channel), what, size, e);
	if (ret < 0)
		ear->listening = 0;
	return ret;
}
