/* requests.h over the store's database: what changes something. */
#include "requests.h"

#include <string.h>

#include "internal.h"

#define KEY_BUSY_MS INT64_C(15000)    /* a request that is not done by then has died */
#define KEY_KEEP_MS INT64_C(86400000) /* how long an answer is kept */
#define STREAM_MS   INT64_C(60000) /* a process that has not spoken for so long is gone */

/* ---- events of requests ---- */

struct note {
	const char *project_id, *set_id, *run_id;
	const char *name, *value;   /* one more member; NULL: none */
	const char *name2, *value2; /* and another */
	int64_t version;            /* 0: none */
};

static int note(struct store *s, const char *type, const struct note *n, struct err *e)
{
	struct store_step st = {
		.project_id = n->project_id, .set_id = n->set_id, .run_id = n->run_id
	};
	cJSON *payload = json_new_object(e);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	store_now(ts);
	if (payload != NULL &&
		(n->version == 0 ||
			json_set_int(payload, "version", n->version, e) == 0) &&
		(n->name == NULL || json_set_str(payload, n->name, n->value, e) == 0) &&
		(n->name2 == NULL || json_set_str(payload, n->name2, n->value2, e) == 0))
		ret = store_event(s, &st, type, payload, ts, e);
	json_free(payload);
	return ret;
}

int store_project_create(struct store *s, const char *name, const char *owner,
	const char *actor, char id[ID_TEXT_MAX], struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	store_now(ts);
	if (store_begin(s, e) < 0)
		return -1;
	if (id_random(id, e) == 0 &&
		store_run_sql(s,
			"INSERT INTO projects (id, name, root, owner_id, created_at,"
			" updated_at) VALUES ($1, $2, $1, $3, $4, $4)",
			(struct db_value[]){
				DB_TEXT(id), DB_TEXT(name), DB_TEXT(owner), DB_TEXT(ts) },
			4, e) == 0 &&
		note(s, "project_created",
			&(struct note){ .project_id = id,
				.name = "name",
				.value = name,
				.name2 = "actor",
				.value2 = actor },
			e) == 0)
		ret = 0;
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

int store_project_owner(
	struct store *s, const char *project_id, struct buf *owner, struct err *e)
{
	cJSON *row = NULL;

	if (store_one(s, "SELECT owner_id FROM projects WHERE id = $1",
		    (struct db_value[]){ DB_TEXT(project_id) }, 1, &row, e) < 0)
		return -1;
	if (row == NULL)
		return err_set(e, ERR_NO_INPUT, "there is no project %s", project_id);
	buf_add_str(owner, json_str_or(row, "owner_id", ""));
	json_free(row);
	return buf_ok(owner, e);
}

/* ---- jobs ---- */

void store_set_origin(struct store *s, const char *request_id, const char *traceparent,
	const char *user)
{
	snprintf(s->request_id, sizeof(s->request_id), "%s",
		request_id != NULL ? request_id : "");
	snprintf(
		s->trace, sizeof(s->trace), "%s", traceparent != NULL ? traceparent : "");
	snprintf(s->user, sizeof(s->user), "%s", user != NULL ? user : "");
}

static int put_origin(const struct store *s, cJSON *payload, struct err *e)
{
	if (s->request_id[0] == '\0')
		return 0;
	return json_set_str(payload, "request_id", s->request_id, e) < 0 ||
			json_set_str(payload, "traceparent", s->trace, e) < 0 ||
			json_set_str(payload, "user", s->user, e) < 0
		? -1
		: 0;
}

static int add_job(struct store *s, const char *project_id, const char *set_id,
	const cJSON *payload, int64_t priority, int64_t max_retries, struct err *e)
{
	cJSON *all = payload != NULL ? json_copy(payload, e) : json_new_object(e);
	struct queue_new job = { .project_id = project_id,
		.set_id = set_id,
		.type = "run",
		.payload = all,
		.priority = priority,
		.max_retries = max_retries };
	int ret = all == NULL || put_origin(s, all, e) < 0 ? -1 : queue_add(s, &job, e);

	json_free(all);
	return ret;
}

/* ---- a new version ---- */

static int digest_of(const cJSON *input, char hex[DIGEST_HEX_MAX], struct err *e)
{
	return json_digest(input, hex, e);
}

/* Who asks for the same project at once waits here. */
static int lock_project(struct store *s, const char *project_id, struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	int64_t there = 0;

	store_now(ts);
	if (db_run(s->db, "UPDATE projects SET updated_at = $2 WHERE id = $1",
		    (struct db_value[]){ DB_TEXT(project_id), DB_TEXT(ts) }, 2, &there,
		    e) < 0)
		return -1;
	return there == 1
		? 0
		: err_set(e, ERR_NO_INPUT, "there is no project %s", project_id);
}

/* What a fork starts with; people see cost and policy before the gate there, too. */
static int start_fork(struct store *s, const struct store_ask *a, const char *set_id,
	const char *run_id, struct err *e)
{
	static const struct {
		const char *key, *type;
		enum node_id node;
	} shown[] = { { "cost", "cost_update", NODE_CRITIC_COST },
		{ "policy", "policy_update", NODE_POLICY_EVAL } };
	const struct node_row *first = node_by_name(json_str_or(a->input, "first", ""));
	cJSON *events = json_new_array(e);
	int64_t lock = 0;
	int ret = events == NULL || first == NULL ? -1 : 0;
	struct store_step st = { .project_id = a->project_id,
		.set_id = set_id,
		.run_id = run_id,
		.lock_version = &lock,
		.state = a->state,
		.files = a->files,
		.events = events };

	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(shown); i++) {
		cJSON *ev;

		if (first - node_rows <= (ptrdiff_t)shown[i].node ||
			!json_has(a->state, shown[i].key))
			continue;
		ev = json_push_object(events, e);
		if (ev == NULL || json_set_str(ev, "type", shown[i].type, e) < 0 ||
			json_set_copy(
				ev, "payload", json_get(a->state, shown[i].key), e) < 0)
			ret = -1;
	}
	if (ret == 0)
		ret = store_commit(s, &st, e);
	if (ret == 0)
		ret = store_put_documents(s, a->project_id, set_id, a->state, e);
	json_free(events);
	return ret;
}

static int make_version(struct store *s, const struct store_ask *a, char *set_id,
	int64_t *version, struct err *e)
{
	char run_id[ID_TEXT_MAX], hex[DIGEST_HEX_MAX];
	cJSON *parent = NULL;
	struct store_set set = { .project_id = a->project_id,
		.run_id = run_id,
		.input_sha256 = hex,
		.options = a->options,
		.input = a->input,
		.status = "queued" };
	int ret = -1;

	if (lock_project(s, a->project_id, e) < 0 || id_random(run_id, e) < 0 ||
		digest_of(a->input, hex, e) < 0 ||
		store_set_latest(s, a->project_id, "complete", &parent, e) < 0)
		return -1;
	set.parent_id =
		a->parent_id != NULL ? a->parent_id : json_text(json_get(parent, "id"));
	*version = set.version = (int64_t)json_num_or(parent, "version", 0) + 1;
	if (store_set_new(s, &set, set_id, e) == 0 &&
		(a->state == NULL || start_fork(s, a, set_id, run_id, e) == 0) &&
		add_job(s, a->project_id, set_id, NULL, a->priority, a->max_retries, e) ==
			0)
		ret = note(s, "run_queued",
			&(struct note){ .project_id = a->project_id,
				.set_id = set_id,
				.run_id = run_id,
				.name = "actor",
				.value = a->actor,
				.version = *version },
			e);
	json_free(parent);
	return ret;
}

int store_ask(struct store *s, const struct store_ask *ask, char set_id[ID_TEXT_MAX],
	int64_t *version, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = make_version(s, ask, set_id, version, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* ---- changing a version ---- */

/* Moves the decision set from one of `from` (a list in SQL) to `to`. The row, with its
 * input, comes back; the caller owns it. */
static int move(struct store *s, const char *project_id, const char *set_id,
	const char *from, const char *to, cJSON **row, struct err *e)
{
	struct buf sql = BUF_INIT(1024);
	char ts[CLOCK_TEXT_MAX];
	cJSON *head = NULL;
	int ret;

	store_now(ts);
	buf_addf(&sql,
		"UPDATE decision_sets SET status = $3, updated_at = $4,"
		" lock_version = lock_version + 1 WHERE id = $1 AND project_id = $2"
		" AND status IN (%s) RETURNING id, version, run_id, input_jsonb",
		from);
	ret = store_one(s, sql.ptr,
		(struct db_value[]){
			DB_TEXT(set_id), DB_TEXT(project_id), DB_TEXT(to), DB_TEXT(ts) },
		4, row, e);
	buf_release(&sql);
	if (ret < 0 || *row != NULL)
		return ret;
	if (store_set_head(s, set_id, &head, e) < 0)
		return -1;
	if (head == NULL)
		err_fill(e, ERR_NO_INPUT, "there is no decision set %s", set_id);
	else
		err_fill(e, ERR_CONFLICT, "decision set %s is %s", set_id,
			json_str_or(head, "status", "?"));
	json_free(head);
	return -1;
}

static int put_input(
	struct store *s, const char *set_id, const cJSON *input, struct err *e)
{
	struct buf text = BUF_INIT(STATE_TEXT_MAX);
	char hex[DIGEST_HEX_MAX];
	int ret = -1;

	json_print(input, JSON_COMPACT, &text);
	if (buf_ok(&text, e) == 0 && digest_of(input, hex, e) == 0)
		ret = store_run_sql(s,
			"UPDATE decision_sets SET input_jsonb = $2, input_sha256 = $3"
			" WHERE id = $1",
			(struct db_value[]){
				DB_TEXT(set_id), DB_TEXT(text.ptr), DB_TEXT(hex) },
			3, e);
	buf_release(&text);
	return ret;
}

/* The items are added to the list input[name]. */
static int add_input(struct store *s, const char *set_id, cJSON *row, const char *name,
	const cJSON *items, struct err *e)
{
	cJSON *input =
		json_has(row, "input") && json_is(json_get(row, "input"), JSON_OBJECT)
		? json_own(row, "input", e)
		: json_add_object(row, "input", e);
	cJSON *list;

	if (input == NULL ||
		(!json_has(input, name) && json_add_array(input, name, e) == NULL))
		return -1;
	list = json_own(input, name, e);
	JSON_EACH (item, items)
		if (list == NULL || json_push_copy(list, item, e) < 0)
			return -1;
	return put_input(s, set_id, input, e);
}

/* The gate that a decision set waited at last is its budget (lib/graph/budget.h). */
#define AT_BUDGET                                                              \
	"(SELECT v.payload_jsonb FROM events v WHERE v.decision_set_id = d.id" \
	" AND v.type = 'gate_waiting' ORDER BY v.id DESC LIMIT 1)"             \
	" LIKE '%\"gate\":\"budget\"%'"

static int check_not_at_budget(struct store *s, const char *set_id, struct err *e)
{
	cJSON *row = NULL;
	int paused;

	if (store_one(s,
		    "SELECT d.id AS id FROM decision_sets d WHERE d.id = $1 AND"
		    " d.status = 'waiting' AND " AT_BUDGET,
		    (struct db_value[]){ DB_TEXT(set_id) }, 1, &row, e) < 0)
		return -1;
	paused = row != NULL;
	json_free(row);
	return !paused ? 0
		       : err_set(e, ERR_CONFLICT,
				 "decision set %s waits for its model budget, not for a "
				 "decision: raise the project's budget",
				 set_id);
}

static int decide(struct store *s, const struct store_decide *d, struct err *e)
{
	cJSON *row = NULL, *payload = json_new_object(e);
	int64_t before = 0;
	int ret = -1;

	if (payload == NULL || check_not_at_budget(s, d->set_id, e) < 0 ||
		move(s, d->project_id, d->set_id, "'waiting'", "queued", &row, e) < 0 ||
		(d->waivers != NULL &&
			add_input(s, d->set_id, row, "waivers", d->waivers, e) < 0) ||
		store_decisions(s, d->set_id, &before, e) < 0)
		goto out;
	if (json_set_str(payload, "decision", d->status, e) == 0 &&
		json_set_str(payload, "comment", d->comment, e) == 0 &&
		json_set_str(payload, "actor", d->actor, e) == 0 &&
		json_set_int(payload, "decisions", before, e) == 0 &&
		add_job(s, d->project_id, d->set_id, payload, 1, d->max_retries, e) == 0)
		ret = note(s, "decision_received",
			&(struct note){ .project_id = d->project_id,
				.set_id = d->set_id,
				.run_id = json_text(json_get(row, "run_id")),
				.name = "status",
				.value = d->status,
				.name2 = "actor",
				.value2 = d->actor },
			e);
out:
	json_free(row);
	json_free(payload);
	return ret;
}

int store_decide(struct store *s, const struct store_decide *d, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = decide(s, d, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

static int note_budget(struct store *s, const char *project_id, const char *actor,
	int64_t tokens, int64_t micro_usd, struct err *e)
{
	struct store_step st = { .project_id = project_id };
	cJSON *payload = json_new_object(e);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	store_now(ts);
	if (payload != NULL && json_set_str(payload, "actor", actor, e) == 0 &&
		(tokens == STORE_QUOTA_KEEP ||
			(tokens < 0 ? json_set_null(payload, "tokens", e)
				    : json_set_int(payload, "tokens", tokens, e)) == 0) &&
		(micro_usd == STORE_QUOTA_KEEP ||
			(micro_usd < 0 ? json_set_null(payload, "usd", e)
				       : json_set_usd(payload, "usd", micro_usd, e)) ==
				0))
		ret = store_event(s, &st, "budget_set", payload, ts, e);
	json_free(payload);
	return ret;
}

/* Each looks at the budget again before its next node, and waits once more if need be. */
static int go_on(
	struct store *s, const char *project_id, int64_t max_retries, struct err *e)
{
	cJSON *sets = NULL;
	int ret = store_rows(s,
		"SELECT d.id AS id FROM decision_sets d WHERE d.project_id = $1 AND"
		" d.status = 'waiting' AND " AT_BUDGET,
		(struct db_value[]){ DB_TEXT(project_id) }, 1, &sets, e);

	JSON_EACH (set, sets) {
		const char *id = json_str_or(set, "id", "");
		cJSON *row = NULL;

		if (ret == 0)
			ret = move(s, project_id, id, "'waiting'", "queued", &row, e);
		if (ret == 0)
			ret = add_job(s, project_id, id, NULL, 1, max_retries, e);
		json_free(row);
	}
	json_free(sets);
	return ret;
}

int store_budget(struct store *s, const char *project_id, const char *actor,
	int64_t tokens, int64_t micro_usd, int64_t max_retries, struct err *e)
{
	int ok;

	if (store_begin(s, e) < 0)
		return -1;
	ok = store_quota_set(s, project_id, tokens, micro_usd, e) == 0 &&
		note_budget(s, project_id, actor, tokens, micro_usd, e) == 0 &&
		go_on(s, project_id, max_retries, e) == 0;
	return store_end(s, ok, e) < 0 || !ok ? -1 : 0;
}

/* A copy that notes in each answer the comments that it comes after, so that intake
 * reads both in the order of their making. */
static cJSON *after_comments(
	struct store *s, const char *set_id, const cJSON *answers, struct err *e)
{
	cJSON *feedback = NULL, *out = NULL;

	if (store_feedback(s, set_id, &feedback, e) == 0)
		out = json_new_array(e);
	JSON_EACH (a, answers) {
		cJSON *copy = out == NULL ? NULL : json_copy(a, e);

		if (copy != NULL &&
			json_set_num(copy, "comments", (double)json_len(feedback), e) ==
				0 &&
			json_push(out, copy, e) == 0)
			continue;
		json_free(out);
		out = NULL;
	}
	json_free(feedback);
	return out;
}

static int answer(struct store *s, const char *project_id, const char *set_id,
	const char *actor, const cJSON *given, int64_t max_retries, struct err *e)
{
	cJSON *row = NULL, *answers = after_comments(s, set_id, given, e);
	int ret = -1;

	if (answers != NULL &&
		move(s, project_id, set_id, "'waiting'", "queued", &row, e) == 0 &&
		add_input(s, set_id, row, "answers", answers, e) == 0 &&
		add_job(s, project_id, set_id, NULL, 1, max_retries, e) == 0)
		ret = note(s, "answers_received",
			&(struct note){ .project_id = project_id,
				.set_id = set_id,
				.run_id = json_text(json_get(row, "run_id")),
				.name = "actor",
				.value = actor },
			e);
	json_free(answers);
	json_free(row);
	return ret;
}

int store_answer(struct store *s, const char *project_id, const char *set_id,
	const char *actor, const cJSON *answers, int64_t max_retries, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = answer(s, project_id, set_id, actor, answers, max_retries, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* The end of a run that is not its own. */
static int finish_set(struct store *s, const char *project_id, const char *set_id,
	const char *status, const char *type, const char *name, const char *value,
	struct err *e)
{
	cJSON *row = NULL;
	int64_t taken;
	int ret = -1;

	if (move(s, project_id, set_id,
		    "'queued', 'running', 'waiting', 'rejected',"
		    " 'failed'",
		    status, &row, e) == 0 &&
		queue_cancel(s, set_id, &taken, e) == 0)
		ret = note(s, type,
			&(struct note){ .project_id = project_id,
				.set_id = set_id,
				.run_id = json_text(json_get(row, "run_id")),
				.name = "status",
				.value = status,
				.name2 = name,
				.value2 = value,
				.version = (int64_t)json_num_or(row, "version", 0) },
			e);
	json_free(row);
	return ret;
}

int store_cancel(struct store *s, const char *project_id, const char *set_id,
	const char *actor, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = finish_set(
		s, project_id, set_id, "cancelled", "cancelled", "actor", actor, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* The job stays in the queue as a dead letter. */
static int give_up(struct store *s, const char *project_id, const char *set_id,
	const char *why, struct err *e)
{
	cJSON *row = NULL;
	int ret = move(s, project_id, set_id, "'queued', 'running', 'rejected', 'failed'",
		"failed", &row, e);

	if (ret == 0)
		ret = note(s, "run_failed",
			&(struct note){ .project_id = project_id,
				.set_id = set_id,
				.run_id = json_text(json_get(row, "run_id")),
				.name = "status",
				.value = "failed",
				.name2 = "message",
				.value2 = why,
				.version = (int64_t)json_num_or(row, "version", 0) },
			e);
	json_free(row);
	return ret;
}

int store_give_up(struct store *s, const char *project_id, const char *set_id,
	const char *why, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = give_up(s, project_id, set_id, why, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* ---- streams ---- */

static int set_abandoned(struct store *s, const char *project_id, const char *set_id,
	int abandoned, struct err *e)
{
	int64_t changed = 0;

	if (db_run(s->db,
		    "UPDATE decision_sets SET stream_abandoned = $3 WHERE id = $1 AND"
		    " project_id = $2 AND stream_abandoned <> $3 AND ($3 = 0 OR status"
		    " IN ('queued', 'running', 'waiting', 'rejected'))",
		    (struct db_value[]){
			    DB_TEXT(set_id), DB_TEXT(project_id), DB_INT(abandoned) },
		    3, &changed, e) < 0)
		return -1;
	return changed == 0
		? 0
		: note(s, abandoned ? "stream_abandoned" : "stream_returned",
			  &(struct note){ .project_id = project_id, .set_id = set_id },
			  e);
}

static int count_streams(struct store *s, const char *project_id, const char *set_id,
	const char *process, int64_t streams, struct err *e)
{
	int64_t now_ms = clock_wall_ns() / 1000000;
	cJSON *row = NULL;
	int ret;

	if (streams > 0)
		ret = store_run_sql(s,
			"INSERT INTO open_streams (project_id, decision_set_id,"
			" process_id, streams, expires_at) VALUES ($1, $2, $3, $4, $5)"
			" ON CONFLICT (decision_set_id, process_id) DO UPDATE SET"
			" streams = excluded.streams, expires_at = excluded.expires_at",
			(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(set_id),
				DB_TEXT(process), DB_INT(streams),
				DB_INT(now_ms + STREAM_MS) },
			5, e);
	else
		ret = store_run_sql(s,
			"DELETE FROM open_streams WHERE decision_set_id = $1 AND"
			" (process_id = $2 OR expires_at < $3)",
			(struct db_value[]){
				DB_TEXT(set_id), DB_TEXT(process), DB_INT(now_ms) },
			3, e);
	if (ret == 0)
		ret = store_one(s,
			"SELECT count(*) AS n FROM open_streams WHERE decision_set_id ="
			" $1",
			(struct db_value[]){ DB_TEXT(set_id) }, 1, &row, e);
	if (ret == 0)
		ret = set_abandoned(
			s, project_id, set_id, json_num_or(row, "n", 0) == 0, e);
	json_free(row);
	return ret;
}

int store_stream(struct store *s, const char *project_id, const char *set_id,
	const char *process, int64_t streams, struct err *e)
{
	int ret;

	if (store_begin(s, e) < 0)
		return -1;
	ret = count_streams(s, project_id, set_id, process, streams, e);
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

/* ---- a request that is sent twice ---- */

#define KEY_VALUES(k)                                                    \
	DB_TEXT((k)->principal), DB_TEXT((k)->route), DB_TEXT((k)->key), \
		DB_TEXT((k)->body_sha256)

static void read_key(
	struct store_keyed *k, const cJSON *row, enum store_key *what, struct buf *answer)
{
	if (strcmp(json_str_or(row, "body_sha256", ""), k->body_sha256) != 0) {
		*what = STORE_KEY_ANOTHER;
	} else if (json_is(json_get(row, "status"), JSON_NUMBER)) {
		*what = STORE_KEY_DONE;
		k->status = (int64_t)json_num_or(row, "status", 200);
		snprintf(k->location, sizeof(k->location), "%s",
			json_str_or(row, "location", ""));
		buf_add_str(answer, json_str_or(row, "answer", ""));
	} else {
		*what = STORE_KEY_BUSY;
	}
}

int store_key_begin(struct store *s, struct store_keyed *k, enum store_key *what,
	struct buf *answer, struct err *e)
{
	struct db_value v[] = { KEY_VALUES(k), DB_INT(k->now_ms),
		DB_INT(k->now_ms + KEY_BUSY_MS) };
	int64_t ours = 0;
	cJSON *row = NULL;

	/* Free, or left behind by a request that died, or too old to count. */
	if (db_run(s->db,
		    "INSERT INTO idempotency_keys (principal, route, key, body_sha256,"
		    " expires_at) VALUES ($1, $2, $3, $4, $6)"
		    " ON CONFLICT (principal, route, key) DO UPDATE SET"
		    " body_sha256 = excluded.body_sha256, status = NULL, answer = NULL,"
		    " location = NULL, expires_at = excluded.expires_at"
		    " WHERE idempotency_keys.expires_at < $5",
		    v, 6, &ours, e) < 0)
		return -1;
	if (ours == 1) {
		*what = STORE_KEY_NEW;
		return 0;
	}
	if (store_one(s,
		    "SELECT body_sha256, status, answer, location FROM"
		    " idempotency_keys WHERE principal = $1 AND route = $2 AND key = $3",
		    v, 3, &row, e) < 0)
		return -1;
	*what = STORE_KEY_BUSY; /* when it has just gone */
	if (row != NULL)
		read_key(k, row, what, answer);
	json_free(row);
	return buf_ok(answer, e);
}

int store_key_done(struct store *s, const struct store_keyed *k, int status,
	const char *text, const char *location, struct err *e)
{
	return store_run_sql(s,
		"UPDATE idempotency_keys SET status = $5, answer = $6, location = $7,"
		" expires_at = $8 WHERE principal = $1 AND route = $2 AND key = $3 AND"
		" body_sha256 = $4",
		(struct db_value[]){ KEY_VALUES(k), DB_INT(status), DB_TEXT(text),
			DB_TEXT(location), DB_INT(k->now_ms + KEY_KEEP_MS) },
		8, e);
}

int store_key_drop(struct store *s, const struct store_keyed *k, struct err *e)
{
	return store_run_sql(s,
		"DELETE FROM idempotency_keys WHERE principal = $1 AND route = $2 AND"
		" key = $3 AND body_sha256 = $4 AND status IS NULL",
		(struct db_value[]){ KEY_VALUES(k) }, 4, e);
}

int store_keys_expire(struct store *s, int64_t now_ms, struct err *e)
{
	return store_run_sql(s, "DELETE FROM idempotency_keys WHERE expires_at < $1",
		(struct db_value[]){ DB_INT(now_ms) }, 1, e);
}
