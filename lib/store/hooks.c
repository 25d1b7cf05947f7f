#include "hooks.h"

#include <string.h>

#include "internal.h"

#define BODY_MAX 20000

const char *const hook_types[] = { "plan.ready", "gate.waiting", "run.complete",
	"run.error", NULL };

/* Which events are told, and as what. */
static const struct {
	const char *event, *type;
} told[] = {
	{ "plan_proposed", "plan.ready" },
	{ "gate_waiting", "gate.waiting" },
	{ "gate_reminder", "gate.waiting" },
	{ "run_complete", "run.complete" },
	{ "run_infeasible", "run.complete" },
	{ "run_failed", "run.error" },
	{ "run_blocked", "run.error" },
};

/* ---- endpoints ---- */

int store_hook_add(struct store *s, const char *project_id, const char *url,
	const char *secret, const cJSON *types, const char *actor, char id[ID_TEXT_MAX],
	struct err *e)
{
	struct buf text = BUF_INIT(4096);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	store_now(ts);
	json_print(types, JSON_COMPACT, &text);
	if (buf_ok(&text, e) == 0 && id_random(id, e) == 0)
		ret = store_run_sql(s,
			"INSERT INTO webhooks (id, project_id, url, secret, types_jsonb, "
			"enabled,"
			" created_by, created_at) VALUES ($1, $2, $3, $4, $5, 1, $6, $7)",
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(project_id),
				DB_TEXT(url), DB_TEXT(secret), DB_TEXT(text.ptr),
				DB_TEXT(actor), DB_TEXT(ts) },
			7, e);
	buf_release(&text);
	return ret;
}

#define HOOK_COLUMNS "id, project_id, url, types_jsonb, enabled, created_by, created_at"

int store_hook_find(struct store *s, const char *hook_id, cJSON **out, struct err *e)
{
	return store_one(s, "SELECT " HOOK_COLUMNS " FROM webhooks WHERE id = $1",
		(struct db_value[]){ DB_TEXT(hook_id) }, 1, out, e);
}

int store_print_hooks(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT " HOOK_COLUMNS " FROM webhooks WHERE project_id = $1"
		" AND ($2 IS NULL OR (created_at, id) > ($2, $3))"
		" ORDER BY created_at, id LIMIT $4",
		(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->after_time),
			DB_TEXT(p->after_id), DB_INT(p->limit) },
		4, out, n, p, e);
}

int store_print_deliveries(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT id, message_id, type, decision_set_id, status, attempt, answer,"
		" created_at FROM deliveries WHERE webhook_id = $1 AND project_id = $2"
		" AND id > $3 ORDER BY id LIMIT $4",
		(struct db_value[]){ DB_TEXT(p->set_id), DB_TEXT(p->project_id),
			DB_INT(p->after), DB_INT(p->limit) },
		4, out, n, p, e);
}

int store_hook_remove(struct store *s, const char *hook_id, struct err *e)
{
	struct db_value id = DB_TEXT(hook_id);
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = store_run_sql(s, "DELETE FROM deliveries WHERE webhook_id = $1", &id, 1, e);
	if (ret == 0)
		ret = store_run_sql(s, "DELETE FROM webhooks WHERE id = $1", &id, 1, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

int store_hook_rotate(
	struct store *s, const char *hook_id, const char *secret, struct err *e)
{
	return store_run_sql(s,
		"UPDATE webhooks SET secret = coalesce(next_secret, secret), next_secret "
		"= $2"
		" WHERE id = $1",
		(struct db_value[]){ DB_TEXT(hook_id), DB_TEXT(secret) }, 2, e);
}

/* ---- the outbox ---- */

static const char *type_of(const char *event)
{
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		if (strcmp(told[i].event, event) == 0)
			return told[i].type;
	return NULL;
}

/* Thin, as Standard Webhooks advises: who wants more asks the API. */
static int print_body(const char *type, const char *event, const char *project_id,
	const char *set_id, const char *run_id, const char *ts, struct buf *out,
	struct err *e)
{
	cJSON *body = json_new_object(e);
	cJSON *data = body == NULL ? NULL : json_own(body, "data", e);
	int ret = data == NULL || json_set_str(body, "type", type, e) < 0 ||
			json_set_str(body, "timestamp", ts, e) < 0 ||
			json_set_str(data, "event", event, e) < 0 ||
			json_set_str(data, "project_id", project_id, e) < 0 ||
			json_set_str(data, "decision_set_id", set_id, e) < 0 ||
			json_set_str(data, "run_id", run_id, e) < 0 ||
			(set_id != NULL &&
				json_setf(data, "path", e, "/decision-sets/%s", set_id) <
					0)
		? -1
		: 0;

	if (ret == 0)
		json_print(body, JSON_COMPACT, out);
	json_free(body);
	return ret < 0 ? -1 : buf_ok(out, e);
}

int store_hook_event(struct store *s, const char *project_id, const char *set_id,
	const char *run_id, const char *event_type, const char *ts, struct err *e)
{
	const char *type = type_of(event_type);
	struct buf body = BUF_INIT(BODY_MAX), like = BUF_INIT(64);
	char id[ID_TEXT_MAX];
	int64_t now_ms = clock_wall_ns() / 1000000;
	int ret = -1;

	if (type == NULL || project_id == NULL)
		return 0;
	buf_addf(&like, "%%\"%s\"%%", type);
	if (id_random(id, e) == 0 &&
		print_body(type, event_type, project_id, set_id, run_id, ts, &body, e) ==
			0)
		ret = store_run_sql(s,
			"INSERT INTO deliveries (project_id, webhook_id, "
			"decision_set_id, type,"
			" body_jsonb, message_id, status, attempt, next_at, created_at)"
			" SELECT $1, id, $2, $3, $4, 'msg_' || $5 || '_' || substr(id, "
			"1, 8),"
			" 'waiting', 0, $6, $7 FROM webhooks"
			" WHERE project_id = $1 AND enabled = 1 AND types_jsonb LIKE $8",
			(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(set_id),
				DB_TEXT(type), DB_TEXT(body.ptr), DB_TEXT(id),
				DB_INT(now_ms), DB_TEXT(ts), DB_TEXT(like.ptr) },
			8, e);
	buf_release(&body);
	buf_release(&like);
	return ret;
}

/* ---- delivering ---- */

/* The lease is the time of the next try: whoever dies is followed by itself. */
#define CLAIM(skip)                                                                   \
	"UPDATE deliveries SET attempt = attempt + 1, next_at = $1 + $2 WHERE id IN " \
	"(SELECT"                                                                     \
	" id FROM deliveries WHERE status = 'waiting' AND next_at <= $1 ORDER BY "    \
	"next_at, id"                                                                 \
	" LIMIT $3" skip                                                              \
	") RETURNING id, attempt, webhook_id, message_id, type, body_jsonb,"          \
	" (SELECT url FROM webhooks w WHERE w.id = webhook_id) AS url,"               \
	" (SELECT secret FROM webhooks w WHERE w.id = webhook_id) AS secret,"         \
	" (SELECT next_secret FROM webhooks w WHERE w.id = webhook_id) AS next_secret"

int store_deliveries_claim(struct store *s, int64_t now_ms, int64_t lease_ms, int64_t max,
	cJSON **out, struct err *e)
{
	static const char *const claim[] = {
		[DB_SQLITE] = CLAIM(""),
		[DB_POSTGRES] = CLAIM(" FOR UPDATE SKIP LOCKED"),
	};

	return store_rows(s, claim[db_kind(s->db)],
		(struct db_value[]){ DB_INT(now_ms), DB_INT(lease_ms), DB_INT(max) }, 3,
		out, e);
}

int store_delivery_done(struct store *s, const struct store_delivered *d, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = store_run_sql(s,
		"UPDATE deliveries SET status = $3, next_at = $4, answer = $5"
		" WHERE id = $1 AND attempt = $2 AND status = 'waiting'",
		(struct db_value[]){ DB_INT(d->id), DB_INT(d->attempt),
			DB_TEXT(d->status), DB_INT(d->next_ms), DB_TEXT(d->why) },
		5, e);
	if (ret == 0 && d->disable != NULL)
		ret = store_run_sql(s, "UPDATE webhooks SET enabled = 0 WHERE id = $1",
			(struct db_value[]){ DB_TEXT(d->disable) }, 1, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* ---- reminders ---- */

#define OVERDUE                                                                       \
	" FROM decision_sets d WHERE d.status = 'waiting' AND d.updated_at < $1 AND " \
	"NOT EXISTS"                                                                  \
	" (SELECT 1 FROM events x WHERE x.decision_set_id = d.id AND x.type = "       \
	"'gate_reminder'"                                                             \
	" AND x.created_at >= $1)"

/* The row is locked and looked at again, so that two processes remind once. */
static int remind(
	struct store *s, const cJSON *set, const char *before, int64_t *n, struct err *e)
{
	struct store_step st = { .project_id = json_str_or(set, "project_id", NULL),
		.set_id = json_str_or(set, "id", ""),
		.run_id = json_text(json_get(set, "run_id")) };
	cJSON *still = NULL, *payload = json_new_object(e);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	store_now(ts);
	if (payload == NULL || store_begin(s, e) < 0) {
		json_free(payload);
		return -1;
	}
	if (store_run_sql(s, "UPDATE decision_sets SET status = status WHERE id = $1",
		    (struct db_value[]){ DB_TEXT(st.set_id) }, 1, e) == 0)
		ret = store_one(s, "SELECT d.id" OVERDUE " AND d.id = $2",
			(struct db_value[]){ DB_TEXT(before), DB_TEXT(st.set_id) }, 2,
			&still, e);
	if (ret == 0 && still != NULL) {
		ret = store_event(s, &st, "gate_reminder", payload, ts, e);
		*n += ret == 0;
	}
	json_free(still);
	json_free(payload);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

int store_gate_reminders(
	struct store *s, int64_t now_ms, int64_t remind_ms, int64_t *n, struct err *e)
{
	char before[CLOCK_TEXT_MAX];
	cJSON *sets = NULL;
	int ret;

	*n = 0;
	clock_format((now_ms - remind_ms) * 1000000, before);
	ret = store_rows(s, "SELECT d.id, d.project_id, d.run_id" OVERDUE " LIMIT 100",
		(struct db_value[]){ DB_TEXT(before) }, 1, &sets, e);
	JSON_EACH (set, sets)
		if (ret == 0)
			ret = remind(s, set, before, n, e);
	json_free(sets);
	return ret;
}

/* ---- gates that nobody answered in time ---- */

/* The newest row of the gate is a question, and its time is over. */
#define TOO_LATE                                                                         \
	" FROM decision_sets d JOIN approvals a ON a.decision_set_id = d.id"             \
	" WHERE d.status = 'waiting' AND a.status = 'waiting' AND a.expires_at < $1 AND" \
	" NOT EXISTS (SELECT 1 FROM approvals b WHERE b.decision_set_id = d.id AND"      \
	" b.seq > a.seq)"

/* Whoever moves the row tells of it, so that two processes tell once. */
static int expire(
	struct store *s, const cJSON *set, const char *ts, int64_t *n, struct err *e)
{
	struct store_step st = { .project_id = json_str_or(set, "project_id", NULL),
		.set_id = json_str_or(set, "id", ""),
		.run_id = json_text(json_get(set, "run_id")) };
	cJSON *moved = NULL, *payload = json_new_object(e);
	int ret = -1;

	if (payload == NULL ||
		json_set_str(payload, "expired_at", json_str_or(set, "expires_at", ""),
			e) < 0 ||
		store_begin(s, e) < 0) {
		json_free(payload);
		return -1;
	}
	ret = store_one(s,
		"UPDATE decision_sets SET status = 'stale', updated_at = $2,"
		" lock_version = lock_version + 1 WHERE id = $1 AND status = 'waiting'"
		" AND lock_version = $3 RETURNING id",
		(struct db_value[]){ DB_TEXT(st.set_id), DB_TEXT(ts),
			DB_INT((int64_t)json_num_or(set, "lock_version", 0)) },
		3, &moved, e);
	if (ret == 0 && moved != NULL) {
		ret = store_event(s, &st, "stale", payload, ts, e);
		*n += ret == 0;
	}
	json_free(moved);
	json_free(payload);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

int store_gate_expiries(struct store *s, int64_t now_ms, int64_t *n, struct err *e)
{
	char now[CLOCK_TEXT_MAX];
	cJSON *sets = NULL;
	int ret;

	*n = 0;
	clock_format(now_ms * 1000000, now);
	ret = store_rows(s,
		"SELECT d.id, d.project_id, d.run_id, d.lock_version,"
		" a.expires_at" TOO_LATE " LIMIT 100",
		(struct db_value[]){ DB_TEXT(now) }, 1, &sets, e);
	JSON_EACH (set, sets)
		if (ret == 0)
			ret = expire(s, set, now, n, e);
	json_free(sets);
	return ret;
}
