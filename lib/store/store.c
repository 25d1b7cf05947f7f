/* The store over db.h: SQL that SQLite and PostgreSQL share. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "events.h"

struct store {
	struct db *db;
	char *home;
};

/* clang-format off */
#define INSERT_RUN                                                                     \
	"INSERT INTO agent_runs (id, seq, project_id, decision_set_id, run_id, node_name," \
	" node_version, agent, provider, prompt_pack_hash, base_key, idem_key, read_jsonb," \
	" input_jsonb, output_jsonb, files_jsonb, tokens_in, tokens_out, tokens_total,"    \
	" latency_ms, answer, ok, error, created_at)"                                      \
	" VALUES ($1, (SELECT coalesce(max(seq), 0) + 1 FROM agent_runs), $2, $3, $4, $5," \
	" $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22," \
	" $23)"
#define INSERT_APPROVAL                                                                \
	"INSERT INTO approvals (id, seq, project_id, decision_set_id, gate, actor, status," \
	" comment, comments_jsonb, expires_at, created_at)"                                \
	" VALUES ($1, (SELECT coalesce(max(seq), 0) + 1 FROM approvals), $2, $3, $4, $5,"  \
	" $6, $7, $8, $9, $10)"
/* clang-format on */

/* Columns of a decision set without its documents. */
#define SET_COLUMNS                                                             \
	"id, project_id, parent_id, version, status, run_id, input_sha256, "    \
	"options_jsonb, summary_md, content_digest, git_commit, lock_version, " \
	"state_version, tool_version, created_at, updated_at"

/* ---- opening ---- */

static char *home_of(const char *url, struct err *e)
{
	const char *path = strchr(url, ':') + 1, *slash = strrchr(path, '/');
	char *home = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path));

	if (home == NULL)
		err_no_memory(e);
	return home;
}

static const char *settle_url(const char *url)
{
	const char *set = getenv("MLOPS_DB");

	if (url != NULL)
		return url;
	return set != NULL && *set != '\0' ? set : STORE_URL_DEFAULT;
}

int store_open_existing(struct store **out, const char *url, struct err *e)
{
	url = settle_url(url);
	if (strncmp(url, "sqlite:", 7) == 0 && !file_is_regular(url + 7))
		return err_set(e, ERR_NO_INPUT,
			"no database '%s' (mlops run makes one; --db)", url + 7);
	return store_open(out, url, e);
}

int store_open(struct store **out, const char *url, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_no_memory(e);
	url = settle_url(url);
	if (db_open(&s->db, url, e) < 0 || (s->home = home_of(url, e)) == NULL) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	db_close(s->db);
	free(s->home);
	free(s);
}

const char *store_home(const struct store *s)
{
	return s->home;
}

/* ---- rows as JSON ---- */

static int add_column(cJSON *o, const struct db_row *r, size_t i, struct err *e)
{
	const char *name = db_name(r, i), *text;
	size_t n = strlen(name);
	char plain[64];

	switch (db_type(r, i)) {
	case DB_TYPE_INT:
		return json_set_int(o, name, db_int(r, i), e);
	case DB_TYPE_REAL:
		return json_set_num(o, name, db_real(r, i), e);
	case DB_TYPE_TEXT:
		break;
	default:
		if (n <= 6 || strcmp(name + n - 6, "_jsonb") != 0)
			return json_set_null(o, name, e);
	}
	text = db_text(r, i);
	if (n <= 6 || strcmp(name + n - 6, "_jsonb") != 0)
		return json_set_str(o, name, text, e);
	snprintf(plain, sizeof(plain), "%.*s", (int)(n - 6), name);
	if (text == NULL)
		return json_set_null(o, plain, e);
	return json_set(o, plain, json_parse(text, strlen(text), JSON_STRICT, e), e);
}

static int push_row(void *arg, const struct db_row *r, struct err *e)
{
	cJSON *o = json_push_object(arg, e);

	for (size_t i = 0; o != NULL && i < db_columns(r); i++)
		if (add_column(o, r, i, e) < 0)
			return -1;
	return o == NULL ? -1 : 0;
}

static int rows(struct store *s, const char *sql, const struct db_value *v, size_t n,
	cJSON **out, struct err *e)
{
	cJSON *all = json_new_array(e);

	*out = NULL;
	if (all == NULL || db_query(s->db, sql, v, n, push_row, all, e) < 0) {
		json_free(all);
		return -1;
	}
	*out = all;
	return 0;
}

/* The first row, or NULL. */
static int one(struct store *s, const char *sql, const struct db_value *v, size_t n,
	cJSON **out, struct err *e)
{
	cJSON *all;

	if (rows(s, sql, v, n, &all, e) < 0)
		return -1;
	*out = json_take_first(all);
	json_free(all);
	return 0;
}

static int run(struct store *s, const char *sql, const struct db_value *v, size_t n,
	struct err *e)
{
	return db_run(s->db, sql, v, n, NULL, e);
}

static void now(char ts[CLOCK_TEXT_MAX])
{
	clock_format(clock_now_ns(), ts);
}

/* Random; from `content` when the clock is fixed, so that a run can be repeated. */
static int new_id(const char *content, char id[ID_TEXT_MAX], struct err *e)
{
	if (!clock_is_fixed())
		return id_random(id, e);
	id_from_content(content, strlen(content), id);
	return 0;
}

/* ---- projects ---- */

int store_project(struct store *s, const char *root, const char *name,
	char id[ID_TEXT_MAX], struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	cJSON *found = NULL;
	int ret = -1;

	now(ts);
	if (new_id(root, id, e) < 0 ||
		run(s,
			"INSERT INTO projects (id, name, root, created_at, updated_at)"
			" VALUES ($1, $2, $3, $4, $4) ON CONFLICT (root) DO NOTHING",
			(struct db_value[]){
				DB_TEXT(id), DB_TEXT(name), DB_TEXT(root), DB_TEXT(ts) },
			4, e) < 0 ||
		one(s, "SELECT id FROM projects WHERE root = $1",
			(struct db_value[]){ DB_TEXT(root) }, 1, &found, e) < 0)
		return -1;
	if (found == NULL)
		err_fill(e, ERR_INTERNAL, "the project of '%s' is gone", root);
	else
		ret = 0;
	snprintf(id, ID_TEXT_MAX, "%s", json_str_or(found, "id", ""));
	json_free(found);
	return ret;
}

int store_project_find(struct store *s, const char *what, cJSON **out, struct err *e)
{
	return one(s,
		"SELECT * FROM projects WHERE $1 IS NULL OR id = $1 OR root = $1 OR name "
		"= $1"
		" ORDER BY (SELECT max(id) FROM events WHERE project_id = projects.id) "
		"DESC"
		" NULLS LAST, updated_at DESC, id LIMIT 1",
		(struct db_value[]){ DB_TEXT(what) }, 1, out, e);
}

int store_projects(struct store *s, cJSON **out, struct err *e)
{
	return rows(s,
		"SELECT p.*, (SELECT max(version) FROM decision_sets d WHERE "
		"d.project_id = p.id"
		" AND d.status = 'complete') AS version"
		" FROM projects p ORDER BY p.updated_at DESC, p.id",
		NULL, 0, out, e);
}

/* ---- decision sets ---- */

static int count_sets(struct store *s, const char *project_id, int64_t *n, struct err *e)
{
	cJSON *row;

	if (one(s, "SELECT count(*) AS n FROM decision_sets WHERE project_id = $1",
		    (struct db_value[]){ DB_TEXT(project_id) }, 1, &row, e) < 0)
		return -1;
	*n = (int64_t)json_num_or(row, "n", 0);
	json_free(row);
	return 0;
}

static int insert_set(
	struct store *s, const struct store_set *set, const char *id, struct err *e)
{
	struct buf options = BUF_INIT(BUF_NO_LIMIT);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	now(ts);
	if (set->options != NULL)
		json_print(set->options, JSON_COMPACT, &options);
	if (buf_ok(&options, e) == 0 &&
		run(s,
			"UPDATE decision_sets SET status = 'superseded', updated_at = $2"
			" WHERE project_id = $1 AND status NOT IN ('complete', "
			"'superseded')",
			(struct db_value[]){ DB_TEXT(set->project_id), DB_TEXT(ts) }, 2,
			e) == 0 &&
		run(s,
			"INSERT INTO decision_sets (id, project_id, parent_id, version, "
			"status,"
			" run_id, input_sha256, options_jsonb, state_version, "
			"tool_version,"
			" created_at, updated_at)"
			" VALUES ($1, $2, $3, $4, 'running', $5, $6, $7, $8, $9, $10, "
			"$10)",
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(set->project_id),
				DB_TEXT(set->parent_id), DB_INT(set->version),
				DB_TEXT(set->run_id), DB_TEXT(set->input_sha256),
				DB_TEXT(set->options == NULL ? NULL : options.ptr),
				DB_INT(STATE_SCHEMA_VERSION), DB_TEXT(MLOPS_VERSION),
				DB_TEXT(ts) },
			10, e) == 0 &&
		run(s, "UPDATE projects SET updated_at = $2 WHERE id = $1",
			(struct db_value[]){ DB_TEXT(set->project_id), DB_TEXT(ts) }, 2,
			e) == 0)
		ret = 0;
	buf_release(&options);
	return ret;
}

int store_set_new(
	struct store *s, const struct store_set *set, char id[ID_TEXT_MAX], struct err *e)
{
	char content[128];
	int64_t n;

	if (db_begin(s->db, e) < 0)
		return -1;
	if (count_sets(s, set->project_id, &n, e) == 0) {
		snprintf(content, sizeof(content), "%s/%lld", set->project_id,
			(long long)n);
		if (new_id(content, id, e) == 0 && insert_set(s, set, id, e) == 0)
			return db_commit(s->db, e);
	}
	db_rollback(s->db);
	return -1;
}

int store_set_latest(struct store *s, const char *project_id, const char *status,
	cJSON **out, struct err *e)
{
	return one(s,
		"SELECT " SET_COLUMNS " FROM decision_sets WHERE project_id = $1 AND"
		" ($2 IS NULL AND status <> 'superseded' OR status = $2)"
		" ORDER BY version DESC LIMIT 1",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(status) }, 2, out, e);
}

/* By id when it is long enough to be one, else by version. */
int store_set_find(struct store *s, const char *project_id, const char *what, cJSON **out,
	struct err *e)
{
	char *end, like[64];
	long version;

	if (what == NULL)
		return store_set_latest(s, project_id, NULL, out, e);
	version = strtol(*what == 'v' ? what + 1 : what, &end, 10);
	if (*end == '\0' && version > 0 && strlen(what) < 8)
		return one(s,
			"SELECT " SET_COLUMNS " FROM decision_sets WHERE project_id = $1"
			" AND version = $2 AND status <> 'superseded'",
			(struct db_value[]){ DB_TEXT(project_id), DB_INT(version) }, 2,
			out, e);
	if (strspn(what, "0123456789abcdef-") != strlen(what) ||
		strlen(what) >= sizeof(like) - 1)
		return err_set(e, ERR_USAGE, "'%s' is neither a version nor an id", what);
	snprintf(like, sizeof(like), "%s%%", what);
	return one(s,
		"SELECT " SET_COLUMNS
		" FROM decision_sets WHERE project_id = $1 AND id LIKE $2"
		" ORDER BY created_at DESC LIMIT 1",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(like) }, 2, out, e);
}

int store_sets(struct store *s, const char *project_id, cJSON **out, struct err *e)
{
	return rows(s,
		"SELECT " SET_COLUMNS " FROM decision_sets WHERE project_id = $1"
		" ORDER BY version, created_at",
		(struct db_value[]){ DB_TEXT(project_id) }, 1, out, e);
}

int store_state(struct store *s, const char *set_id, const char *node, cJSON **state,
	cJSON **files, struct err *e)
{
	cJSON *row;

	if (files != NULL)
		*files = NULL;
	*state = NULL;
	if (one(s,
		    "SELECT state_jsonb, files_jsonb FROM checkpoints WHERE "
		    "decision_set_id = $1"
		    " AND ($2 IS NULL OR node_name = $2) ORDER BY id DESC LIMIT 1",
		    (struct db_value[]){ DB_TEXT(set_id), DB_TEXT(node) }, 2, &row,
		    e) < 0)
		return -1;
	if (row == NULL)
		return 0;
	*state = json_detach(row, "state");
	if (files != NULL)
		*files = json_detach(row, "files");
	json_free(row);
	return *state == NULL
		? err_set(e, ERR_INPUT, "a checkpoint of %s is empty", set_id)
		: state_upgrade(*state, e);
}

/* ---- reading back ---- */

int store_runs(struct store *s, const char *set_id, const char *node,
	const char *base_key, cJSON **out, struct err *e)
{
	return rows(s,
		"SELECT id, node_version, provider, prompt_pack_hash, idem_key, "
		"read_jsonb,"
		" output_jsonb, files_jsonb, answer FROM agent_runs WHERE "
		"decision_set_id = $1"
		" AND node_name = $2 AND base_key = $3 AND ok = 1"
		" ORDER BY seq DESC",
		(struct db_value[]){ DB_TEXT(set_id), DB_TEXT(node), DB_TEXT(base_key) },
		3, out, e);
}

int store_events(struct store *s, const char *project_id, const char *set_id,
	int64_t after, cJSON **out, struct err *e)
{
	return rows(s,
		"SELECT * FROM events WHERE project_id = $1"
		" AND ($2 IS NULL OR decision_set_id = $2) AND id > $3 ORDER BY id",
		(struct db_value[]){
			DB_TEXT(project_id), DB_TEXT(set_id), DB_INT(after) },
		3, out, e);
}

int store_approvals(struct store *s, const char *set_id, cJSON **out, struct err *e)
{
	return rows(s, "SELECT * FROM approvals WHERE decision_set_id = $1 ORDER BY seq",
		(struct db_value[]){ DB_TEXT(set_id) }, 1, out, e);
}

int store_run_list(struct store *s, const char *project_id, const char *set_id,
	cJSON **out, struct err *e)
{
	return rows(s,
		"SELECT id, decision_set_id, run_id, node_name, node_version, agent, "
		"provider,"
		" model, prompt_pack_hash, idem_key, tokens_in, tokens_out, tokens_total,"
		" latency_ms, answer, ok, error, created_at FROM agent_runs"
		" WHERE project_id = $1 AND ($2 IS NULL OR decision_set_id = $2)"
		" ORDER BY seq",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(set_id) }, 2, out, e);
}

/* ---- one step ---- */

/* JSON as text, or NULL for no value. The buffers live until the transaction ends. */
struct texts {
	struct buf at[8];
	size_t n;
	int failed;
};

static const char *text_of(struct texts *t, const cJSON *v)
{
	struct buf *b = &t->at[t->n];

	if (v == NULL)
		return NULL;
	t->n++;
	buf_init(b, BUF_NO_LIMIT);
	json_print(v, JSON_COMPACT, b);
	t->failed |= b->failed;
	return b->ptr;
}

static void texts_release(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_release(&t->at[i]);
	t->n = 0;
}

static int insert_run(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	const struct store_run *r = st->run;
	struct texts t = { 0 };
	char id[ID_TEXT_MAX];
	int ret = -1;
	const char *read = text_of(&t, r->read), *input = text_of(&t, r->input);
	const char *output = text_of(&t, r->output), *files = text_of(&t, st->files);

	if (t.failed)
		err_no_memory(e);
	else if (id_random(id, e) == 0)
		ret = run(s, INSERT_RUN,
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(st->project_id),
				DB_TEXT(st->set_id), DB_TEXT(st->run_id),
				DB_TEXT(st->node->name), DB_TEXT(r->node_version),
				DB_TEXT(st->node->agent), DB_TEXT(r->provider),
				DB_TEXT(r->prompt_pack), DB_TEXT(r->base_key),
				DB_TEXT(r->idem_key), DB_TEXT(read), DB_TEXT(input),
				DB_TEXT(output), DB_TEXT(files), DB_INT(r->tokens_in),
				DB_INT(r->tokens_out),
				DB_INT(r->tokens_in + r->tokens_out),
				DB_REAL(r->latency_ms), DB_INT(r->answer), DB_INT(r->ok),
				DB_TEXT(r->error), DB_TEXT(ts) },
			23, e);
	texts_release(&t);
	return ret;
}

static int insert_checkpoint(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	struct texts t = { 0 };
	const char *state = text_of(&t, st->state), *files = text_of(&t, st->files);
	int ret = -1;

	if (t.failed)
		err_no_memory(e);
	else
		ret = run(s,
			"INSERT INTO checkpoints (project_id, decision_set_id, node_name,"
			" state_jsonb, files_jsonb, created_at) VALUES ($1, $2, $3, $4, "
			"$5, $6)",
			(struct db_value[]){ DB_TEXT(st->project_id), DB_TEXT(st->set_id),
				DB_TEXT(st->node != NULL ? st->node->name : "start"),
				DB_TEXT(state), DB_TEXT(files), DB_TEXT(ts) },
			6, e);
	texts_release(&t);
	return ret;
}

static struct db_value number(const cJSON *v)
{
	return json_is(v, JSON_NUMBER) ? DB_REAL(json_number(v, 0)) : DB_NULL;
}

static int insert_cost(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	const cJSON *c = json_get(st->state, "cost");
	struct texts t = { 0 };
	char id[ID_TEXT_MAX];
	const char *breakdown = text_of(&t, json_get(c, "breakdown"));
	int ret = c == NULL ? 0 : -1;

	if (c != NULL && t.failed)
		err_no_memory(e);
	else if (c != NULL && id_random(id, e) == 0)
		ret = run(s,
			"INSERT INTO cost_estimates (id, project_id, decision_set_id, "
			"monthly_usd,"
			" breakdown_jsonb, method, delta_vs_prev_usd, delta_vs_prev_pct,"
			" created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(st->project_id),
				DB_TEXT(st->set_id), number(json_get(c, "monthly_usd")),
				DB_TEXT(breakdown != NULL ? breakdown : "[]"),
				DB_TEXT(json_str_or(c, "method", "")),
				number(json_get(c, "delta_vs_prev_usd")),
				number(json_get(c, "delta_vs_prev_pct")), DB_TEXT(ts) },
			9, e);
	texts_release(&t);
	return ret;
}

static int insert_approval(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	const cJSON *h = json_get(st->state, "hitl");
	struct texts t = { 0 };
	char id[ID_TEXT_MAX];
	const char *comments = text_of(&t, json_get(h, "comments"));
	int ret = h == NULL ? 0 : -1;

	if (h != NULL && t.failed)
		err_no_memory(e);
	else if (h != NULL && id_random(id, e) == 0)
		ret = run(s, INSERT_APPROVAL,
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(st->project_id),
				DB_TEXT(st->set_id),
				DB_TEXT(json_str_or(h, "gate", "pre-codegen")),
				DB_TEXT(json_text(json_get(h, "actor"))),
				DB_TEXT(json_str_or(h, "status", "waiting")),
				DB_TEXT(json_text(json_get(h, "comment"))),
				DB_TEXT(comments),
				DB_TEXT(json_text(json_get(h, "expires_at"))),
				DB_TEXT(ts) },
			10, e);
	texts_release(&t);
	return ret;
}

static int replace_artifacts(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	if (run(s, "DELETE FROM artifacts WHERE decision_set_id = $1",
		    (struct db_value[]){ DB_TEXT(st->set_id) }, 1, e) < 0)
		return -1;
	JSON_EACH (f, json_at(st->state, "/artifacts/files")) {
		char id[ID_TEXT_MAX];

		if (id_random(id, e) < 0 ||
			run(s,
				"INSERT INTO artifacts (id, project_id, decision_set_id, "
				"path, sha256,"
				" kind, size_bytes, mode, origin, created_at)"
				" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
				(struct db_value[]){ DB_TEXT(id), DB_TEXT(st->project_id),
					DB_TEXT(st->set_id),
					DB_TEXT(json_str_or(f, "path", "")),
					DB_TEXT(json_str_or(f, "sha256", "")),
					DB_TEXT(json_str_or(f, "kind", "")),
					DB_INT((int64_t)json_num_or(f, "size_bytes", 0)),
					DB_TEXT(json_text(json_get(f, "mode"))),
					DB_TEXT(json_text(json_get(f, "origin"))),
					DB_TEXT(ts) },
				10, e) < 0)
			return -1;
	}
	return 0;
}

/* The rows that a node's keys stand for. */
static int derive(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	if (st->state == NULL || st->node == NULL || st->run == NULL)
		return 0;
	if (st->whole)
		return insert_cost(s, st, ts, e) < 0 || insert_approval(s, st, ts, e) < 0
			? -1
			: replace_artifacts(s, st, ts, e);
	switch (st->node - node_rows) {
	case NODE_CRITIC_COST:
		return insert_cost(s, st, ts, e);
	case NODE_GATE_HITL:
		return insert_approval(s, st, ts, e);
	case NODE_DIFF_AND_PERSIST: /* the manifest is final */
		return replace_artifacts(s, st, ts, e);
	default:
		return 0;
	}
}

static int insert_events(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	JSON_EACH (ev, st->events) {
		const cJSON *payload = json_get(ev, "payload");
		struct texts t = { 0 };
		const char *text = text_of(&t, payload);
		int ret = t.failed ? err_no_memory(e) : 0;

		assert_event_type(json_str_or(ev, "type", ""));
		if (ret == 0)
			ret = run(s,
				"INSERT INTO events (project_id, decision_set_id, "
				"run_id, node_name,"
				" type, payload_jsonb, prompt_pack_hash, state_version,"
				" tool_version, created_at)"
				" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
				(struct db_value[]){ DB_TEXT(st->project_id),
					DB_TEXT(st->set_id), DB_TEXT(st->run_id),
					DB_TEXT(st->node != NULL ? st->node->name : NULL),
					DB_TEXT(json_str_or(ev, "type", "")),
					DB_TEXT(text != NULL ? text : "{}"),
					DB_TEXT(json_text(
						json_get(payload, "prompt_pack_hash"))),
					DB_INT(STATE_SCHEMA_VERSION),
					DB_TEXT(MLOPS_VERSION), DB_TEXT(ts) },
				10, e);
		texts_release(&t);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int update_set(struct store *s, const struct store_step *st, int64_t checkpoint,
	const char *ts, struct err *e)
{
	struct texts t = { 0 };
	int64_t changed = 0;
	const char *constraints = text_of(&t, json_get(st->state, "constraints"));
	const char *plan = text_of(&t, json_get(st->state, "plan"));
	int ret = t.failed ? err_no_memory(e) : 0;

	if (ret == 0)
		ret = db_run(s->db,
			"UPDATE decision_sets SET lock_version = lock_version + 1,"
			" updated_at = $3, status = coalesce($4, status),"
			" checkpoint_id = coalesce($5, checkpoint_id),"
			" constraints_jsonb = coalesce($6, constraints_jsonb),"
			" plan_jsonb = coalesce($7, plan_jsonb),"
			" summary_md = coalesce($8, summary_md),"
			" content_digest = coalesce($9, content_digest),"
			" git_commit = coalesce($10, git_commit), run_id = coalesce($11, "
			"run_id)"
			" WHERE id = $1 AND lock_version = $2",
			(struct db_value[]){ DB_TEXT(st->set_id),
				DB_INT(*st->lock_version), DB_TEXT(ts),
				DB_TEXT(st->status),
				checkpoint > 0 ? DB_INT(checkpoint) : DB_NULL,
				DB_TEXT(constraints), DB_TEXT(plan),
				DB_TEXT(st->summary_md),
				DB_TEXT(json_text(
					json_at(st->state, "/artifacts/content_digest"))),
				DB_TEXT(json_text(
					json_at(st->state, "/diff_summary/git_commit"))),
				DB_TEXT(st->run_id) },
			11, &changed, e);
	texts_release(&t);
	if (ret == 0 && changed != 1)
		ret = err_set(e, ERR_CONFLICT,
			"decision set %s was changed by another process meanwhile",
			st->set_id);
	return ret;
}

int store_commit(struct store *s, const struct store_step *st, struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	int64_t checkpoint = 0;

	now(ts);
	if (db_begin(s->db, e) < 0)
		return -1;
	if (st->node != NULL && st->run != NULL && insert_run(s, st, ts, e) < 0)
		goto fail;
	if (st->state != NULL) {
		if (insert_checkpoint(s, st, ts, e) < 0)
			goto fail;
		checkpoint = db_last_id(s->db);
	}
	if (derive(s, st, ts, e) < 0 || insert_events(s, st, ts, e) < 0 ||
		update_set(s, st, checkpoint, ts, e) < 0)
		goto fail;
	if (db_commit(s->db, e) < 0)
		return -1;
	++*st->lock_version;
	return 0;
fail:
	db_rollback(s->db);
	return -1;
}
