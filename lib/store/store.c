/* The store over db.h: SQL that SQLite and PostgreSQL share. */
#include "store.h"

#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "hooks.h"
#include "internal.h"

#define HOME_DEFAULT ".mlops"

/* The next number of a column that counts: SQLite has none beside its key. */
#define NEXT(table) "(SELECT coalesce(max(seq), 0) + 1 FROM " table ")"

/* clang-format off */
#define INSERT_RUN(seq)                                                                \
	"INSERT INTO agent_runs (id, seq, project_id, decision_set_id, run_id, node_name," \
	" node_version, agent, provider, prompt_pack_hash, base_key, idem_key, read_jsonb," \
	" input_jsonb, output_jsonb, files_jsonb, tokens_in, tokens_out, tokens_total,"    \
	" latency_ms, answer, ok, error, created_at, model, cost_micro_usd)"               \
	" VALUES ($1, " seq ", $2, $3, $4, $5,"                                            \
	" $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22," \
	" $23, $24, $25)"
#define INSERT_APPROVAL(seq)                                                           \
	"INSERT INTO approvals (id, seq, project_id, decision_set_id, gate, actor, status," \
	" comment, comments_jsonb, expires_at, created_at)"                                \
	" VALUES ($1, " seq ", $2, $3, $4, $5, $6, $7, $8, $9, $10)"
/* clang-format on */

static const char *const insert_run_sql[] = {
	[DB_SQLITE] = INSERT_RUN(NEXT("agent_runs")),
	[DB_POSTGRES] = INSERT_RUN("DEFAULT"),
};
static const char *const insert_approval_sql[] = {
	[DB_SQLITE] = INSERT_APPROVAL(NEXT("approvals")),
	[DB_POSTGRES] = INSERT_APPROVAL("DEFAULT"),
};

/* Columns of a decision set without its documents. */
#define SET_COLUMNS                                                             \
	"id, project_id, parent_id, version, status, run_id, input_sha256, "    \
	"options_jsonb, summary_md, content_digest, git_commit, lock_version, " \
	"state_version, tool_version, created_at, updated_at"

/* ---- opening ---- */

static char *home_of(const char *url, struct err *e)
{
	const char *set = getenv("MLOPS_HOME"), *path, *slash;
	char *home;

	if (strncmp(url, "sqlite:", 7) != 0) {
		home = strdup(set != NULL && *set != '\0' ? set : HOME_DEFAULT);
		if (home != NULL && file_mkdirs(home, e) < 0) {
			free(home);
			return NULL;
		}
	} else {
		path = url + 7;
		slash = strrchr(path, '/');
		home = slash == NULL ? strdup(".")
				     : strndup(path, (size_t)(slash - path));
	}
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

static int check_version(struct db *db, struct err *e)
{
	int64_t have;

	if (db_version(db, &have, e) < 0)
		return -1;
	return have == DB_SCHEMA_VERSION
		? 0
		: err_set(e, ERR_CONFIG,
			  "the database's schema has version %d, this program needs %d: "
			  "%s",
			  (int)have, DB_SCHEMA_VERSION,
			  have < DB_SCHEMA_VERSION ? "run mlopsd migrate"
						   : "upgrade mlops");
}

static int open_with(struct store **out, const char *url,
	int (*settle)(struct db *, struct err *), struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_no_memory(e);
	url = settle_url(url);
	if (db_open(&s->db, url, e) < 0 || settle(s->db, e) < 0 ||
		(s->home = home_of(url, e)) == NULL) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

int store_open(struct store **out, const char *url, struct err *e)
{
	return open_with(out, url, db_migrate, e);
}

int store_open_as_is(struct store **out, const char *url, struct err *e)
{
	return open_with(out, url, check_version, e);
}

int store_migrate(
	const char *url, int migrate, int64_t *before, int64_t *after, struct err *e)
{
	struct db *db = NULL;
	int ret;

	url = settle_url(url);
	ret = db_open(&db, url, e) < 0 || db_version(db, before, e) < 0 ? -1 : 0;
	if (ret == 0 && migrate)
		ret = db_migrate(db, e);
	if (ret == 0)
		ret = db_version(db, after, e);
	db_close(db);
	return ret;
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

int store_is_postgres(const struct store *s)
{
	return db_kind(s->db) == DB_POSTGRES;
}

/* ---- transactions ---- */

int store_begin(struct store *s, struct err *e)
{
	if (s->depth == 0 && db_begin(s->db, e) < 0)
		return -1;
	if (s->depth++ == 0)
		s->given_up = 0;
	return 0;
}

int store_end(struct store *s, int ok, struct err *e)
{
	s->given_up |= !ok;
	if (--s->depth > 0)
		return 0;
	if (s->given_up) {
		db_rollback(s->db);
		return 0;
	}
	if (db_commit(s->db, e) < 0)
		return -1;
	if (s->committed != NULL)
		s->committed(s->committed_arg);
	return 0;
}

void store_on_commit(struct store *s, void (*call)(void *arg), void *arg)
{
	s->committed = call;
	s->committed_arg = arg;
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

static void print_text(struct buf *out, const char *text)
{
	struct err ignored;
	cJSON *v = json_new_str(text, &ignored);

	json_print(v, JSON_COMPACT, out);
	json_free(v);
}

static void print_value(struct buf *out, const struct db_row *r, size_t i, int is_json)
{
	switch (db_type(r, i)) {
	case DB_TYPE_INT:
		buf_addf(out, "%lld", (long long)db_int(r, i));
		break;
	case DB_TYPE_REAL:
		json_print_number(db_real(r, i), out);
		break;
	case DB_TYPE_TEXT:
		if (is_json)
			buf_add_str(out, db_text(r, i));
		else
			print_text(out, db_text(r, i));
		break;
	default:
		buf_add_str(out, "null");
	}
}

int store_print_row(struct buf *out, const struct db_row *r, struct err *e)
{
	buf_add_char(out, '{');
	for (size_t i = 0; i < db_columns(r); i++) {
		const char *name = db_name(r, i);
		size_t n = strlen(name);
		int is_json = n > 6 && strcmp(name + n - 6, "_jsonb") == 0;

		buf_addf(out, "%s\"%.*s\":", i > 0 ? "," : "", (int)(is_json ? n - 6 : n),
			name);
		print_value(out, r, i, is_json);
	}
	buf_add_char(out, '}');
	return buf_ok(out, e);
}

int store_rows(struct store *s, const char *sql, const struct db_value *v, size_t n,
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
int store_one(struct store *s, const char *sql, const struct db_value *v, size_t n,
	cJSON **out, struct err *e)
{
	cJSON *all;

	if (store_rows(s, sql, v, n, &all, e) < 0)
		return -1;
	*out = json_take_first(all);
	json_free(all);
	return 0;
}

int store_run_sql(struct store *s, const char *sql, const struct db_value *v, size_t n,
	struct err *e)
{
	return db_run(s->db, sql, v, n, NULL, e);
}

void store_now(char ts[CLOCK_TEXT_MAX])
{
	clock_format(clock_now_ns(), ts);
}

int store_new_id(const char *content, char id[ID_TEXT_MAX], struct err *e)
{
	if (!clock_is_fixed())
		return id_random(id, e);
	id_from_content(content, strlen(content), id);
	return 0;
}

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

/* ---- projects ---- */

int store_project(struct store *s, const char *root, const char *name,
	char id[ID_TEXT_MAX], struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	cJSON *found = NULL;
	int ret = -1;

	store_now(ts);
	if (store_new_id(root, id, e) < 0 ||
		store_run_sql(s,
			"INSERT INTO projects (id, name, root, created_at, updated_at)"
			" VALUES ($1, $2, $3, $4, $4) ON CONFLICT (root) DO NOTHING",
			(struct db_value[]){
				DB_TEXT(id), DB_TEXT(name), DB_TEXT(root), DB_TEXT(ts) },
			4, e) < 0 ||
		store_one(s, "SELECT id FROM projects WHERE root = $1",
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
	return store_one(s,
		"SELECT * FROM projects WHERE $1 IS NULL OR id = $1 OR root = $1 OR name "
		"= $1"
		" ORDER BY (SELECT max(id) FROM events WHERE project_id = projects.id) "
		"DESC"
		" NULLS LAST, updated_at DESC, id LIMIT 1",
		(struct db_value[]){ DB_TEXT(what) }, 1, out, e);
}

int store_quota(
	struct store *s, const char *project_id, struct store_quota *out, struct err *e)
{
	cJSON *row = NULL;

	if (store_one(s,
		    "SELECT coalesce(p.quota_tokens, -1) AS tokens,"
		    " coalesce(p.quota_micro_usd, -1) AS micro_usd,"
		    " coalesce(sum(a.tokens_total), 0) AS used_tokens,"
		    " coalesce(sum(a.cost_micro_usd), 0) AS used_micro_usd"
		    " FROM projects p LEFT JOIN agent_runs a ON a.project_id = p.id"
		    " AND a.tokens_total > 0 AND a.provider <> 'replay'"
		    " WHERE p.id = $1 GROUP BY p.id, p.quota_tokens, p.quota_micro_usd",
		    (struct db_value[]){ DB_TEXT(project_id) }, 1, &row, e) < 0)
		return -1;
	out->tokens = (int64_t)json_num_or(row, "tokens", -1);
	out->micro_usd = (int64_t)json_num_or(row, "micro_usd", -1);
	out->used_tokens = (int64_t)json_num_or(row, "used_tokens", 0);
	out->used_micro_usd = (int64_t)json_num_or(row, "used_micro_usd", 0);
	json_free(row);
	return 0;
}

int store_quota_set(struct store *s, const char *project_id, int64_t tokens,
	int64_t micro_usd, struct err *e)
{
	static const char *const sql[] = {
		"UPDATE projects SET quota_tokens = $1 WHERE id = $2",
		"UPDATE projects SET quota_micro_usd = $1 WHERE id = $2",
	};
	const int64_t values[] = { tokens, micro_usd };

	for (size_t i = 0; i < ARRAY_LEN(sql); i++)
		if (values[i] != STORE_QUOTA_KEEP &&
			store_run_sql(s, sql[i],
				(struct db_value[]){
					values[i] < 0 ? DB_NULL : DB_INT(values[i]),
					DB_TEXT(project_id) },
				2, e) < 0)
			return -1;
	return 0;
}

int store_projects(struct store *s, cJSON **out, struct err *e)
{
	return store_rows(s,
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

	if (store_one(s, "SELECT count(*) AS n FROM decision_sets WHERE project_id = $1",
		    (struct db_value[]){ DB_TEXT(project_id) }, 1, &row, e) < 0)
		return -1;
	*n = (int64_t)json_num_or(row, "n", 0);
	json_free(row);
	return 0;
}

/* Versions that will not be finished any more; each is told who streams it. */
static int supersede(
	struct store *s, const char *project_id, const char *ts, struct err *e)
{
	struct db_value v[] = { DB_TEXT(project_id), DB_TEXT(ts) };
	cJSON *old = NULL, *payload;
	int ret = store_rows(s,
		"UPDATE decision_sets SET status = 'superseded', updated_at = $2,"
		" lock_version = lock_version + 1"
		" WHERE project_id = $1 AND status NOT IN ('complete', 'superseded')"
		" RETURNING id, run_id, version",
		v, 2, &old, e);

	JSON_EACH (set, old) {
		struct store_step st = { .project_id = project_id,
			.set_id = json_str_or(set, "id", ""),
			.run_id = json_text(json_get(set, "run_id")) };

		payload = ret == 0 ? json_new_object(e) : NULL;
		if (payload == NULL ||
			json_set_copy(payload, "version", json_get(set, "version"), e) <
				0 ||
			json_set_str(payload, "status", "superseded", e) < 0 ||
			store_event(s, &st, "superseded", payload, ts, e) < 0 ||
			store_run_sql(s, "DELETE FROM jobs WHERE decision_set_id = $1",
				(struct db_value[]){ DB_TEXT(st.set_id) }, 1, e) < 0)
			ret = -1;
		json_free(payload);
	}
	json_free(old);
	return ret;
}

static int insert_set(
	struct store *s, const struct store_set *set, const char *id, struct err *e)
{
	struct texts t = { 0 };
	char ts[CLOCK_TEXT_MAX];
	const char *options = text_of(&t, set->options), *input = text_of(&t, set->input);
	int ret = -1;

	store_now(ts);
	if (t.failed)
		err_no_memory(e);
	else if (supersede(s, set->project_id, ts, e) == 0 &&
		store_run_sql(s,
			"INSERT INTO decision_sets (id, project_id, parent_id, version, "
			"status,"
			" run_id, input_sha256, options_jsonb, state_version, "
			"tool_version,"
			" created_at, updated_at, input_jsonb)"
			" VALUES ($1, $2, $3, $4, $11, $5, $6, $7, $8, $9, $10, "
			"$10, $12)",
			(struct db_value[]){ DB_TEXT(id), DB_TEXT(set->project_id),
				DB_TEXT(set->parent_id), DB_INT(set->version),
				DB_TEXT(set->run_id), DB_TEXT(set->input_sha256),
				DB_TEXT(options), DB_INT(STATE_SCHEMA_VERSION),
				DB_TEXT(MLOPS_VERSION), DB_TEXT(ts),
				DB_TEXT(set->status != NULL ? set->status : "running"),
				DB_TEXT(input) },
			12, e) == 0 &&
		store_run_sql(s, "UPDATE projects SET updated_at = $2 WHERE id = $1",
			(struct db_value[]){ DB_TEXT(set->project_id), DB_TEXT(ts) }, 2,
			e) == 0)
		ret = 0;
	texts_release(&t);
	return ret;
}

int store_set_new(
	struct store *s, const struct store_set *set, char id[ID_TEXT_MAX], struct err *e)
{
	char content[128];
	int64_t n;
	int ret = -1;

	if (store_begin(s, e) < 0)
		return -1;
	if (count_sets(s, set->project_id, &n, e) == 0) {
		snprintf(content, sizeof(content), "%s/%lld", set->project_id,
			(long long)n);
		if (store_new_id(content, id, e) == 0)
			ret = insert_set(s, set, id, e);
	}
	return store_end(s, ret == 0, e) < 0 ? -1 : ret;
}

int store_set_latest(struct store *s, const char *project_id, const char *status,
	cJSON **out, struct err *e)
{
	return store_one(s,
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
		return store_one(s,
			"SELECT " SET_COLUMNS " FROM decision_sets WHERE project_id = $1"
			" AND version = $2 AND status <> 'superseded'",
			(struct db_value[]){ DB_TEXT(project_id), DB_INT(version) }, 2,
			out, e);
	if (strspn(what, "0123456789abcdef-") != strlen(what) ||
		strlen(what) >= sizeof(like) - 1)
		return err_set(e, ERR_USAGE, "'%s' is neither a version nor an id", what);
	snprintf(like, sizeof(like), "%s%%", what);
	return store_one(s,
		"SELECT " SET_COLUMNS
		" FROM decision_sets WHERE project_id = $1 AND id LIKE $2"
		" ORDER BY created_at DESC LIMIT 1",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(like) }, 2, out, e);
}

int store_sets(struct store *s, const char *project_id, cJSON **out, struct err *e)
{
	return store_rows(s,
		"SELECT " SET_COLUMNS " FROM decision_sets WHERE project_id = $1"
		" ORDER BY version, created_at",
		(struct db_value[]){ DB_TEXT(project_id) }, 1, out, e);
}

int store_set_input(struct store *s, const char *project_id, const char *set_id,
	cJSON **out, struct err *e)
{
	cJSON *row;

	*out = NULL;
	if (store_one(s,
		    "SELECT input_jsonb FROM decision_sets WHERE id = $1 AND "
		    "project_id = $2",
		    (struct db_value[]){ DB_TEXT(set_id), DB_TEXT(project_id) }, 2, &row,
		    e) < 0)
		return -1;
	*out = row == NULL || json_is(json_get(row, "input"), JSON_NULL)
		? NULL
		: json_detach(row, "input");
	json_free(row);
	return 0;
}

int store_set_keep(struct store *s, const char *set_id, const cJSON *input, struct err *e)
{
	struct buf text = BUF_INIT(STATE_TEXT_MAX);
	int ret;

	json_print(input, JSON_COMPACT, &text);
	ret = buf_ok(&text, e) < 0
		? -1
		: store_run_sql(s,
			  "UPDATE decision_sets SET input_jsonb = $2 WHERE id = $1",
			  (struct db_value[]){ DB_TEXT(set_id), DB_TEXT(text.ptr) }, 2,
			  e);
	buf_release(&text);
	return ret;
}

int store_decisions(struct store *s, const char *set_id, int64_t *n, struct err *e)
{
	cJSON *row;

	if (store_one(s,
		    "SELECT count(*) AS n FROM approvals WHERE decision_set_id = $1 AND"
		    " status IN ('approved', 'rejected')",
		    (struct db_value[]){ DB_TEXT(set_id) }, 1, &row, e) < 0)
		return -1;
	*n = (int64_t)json_num_or(row, "n", 0);
	json_free(row);
	return 0;
}

int store_state(struct store *s, const char *set_id, const char *node, cJSON **state,
	cJSON **files, struct err *e)
{
	cJSON *row;

	if (files != NULL)
		*files = NULL;
	*state = NULL;
	if (store_one(s,
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
	return store_rows(s,
		"SELECT id, node_version, provider, prompt_pack_hash, idem_key, "
		"read_jsonb,"
		" output_jsonb, files_jsonb, answer, ok FROM agent_runs WHERE "
		"decision_set_id = $1"
		" AND node_name = $2 AND base_key = $3 AND (ok = 1 OR answer = 10)"
		" ORDER BY seq DESC",
		(struct db_value[]){ DB_TEXT(set_id), DB_TEXT(node), DB_TEXT(base_key) },
		3, out, e);
}

int store_events(struct store *s, const char *project_id, const char *set_id,
	int64_t after, cJSON **out, struct err *e)
{
	return store_rows(s,
		"SELECT * FROM events WHERE project_id = $1"
		" AND ($2 IS NULL OR decision_set_id = $2) AND id > $3 ORDER BY id",
		(struct db_value[]){
			DB_TEXT(project_id), DB_TEXT(set_id), DB_INT(after) },
		3, out, e);
}

static int print_first(void *arg, const struct db_row *r, struct err *e)
{
	struct buf *out = arg;

	buf_add_str(out, db_text(r, 0));
	return buf_ok(out, e) < 0 ? -1 : 1;
}

int store_print_document(struct store *s, const char *project_id, const char *set_id,
	const char *name, struct buf *out, struct err *e)
{
	return db_query(s->db,
		"SELECT body_jsonb FROM documents WHERE decision_set_id = $1 AND"
		" project_id = $2 AND name = $3",
		(struct db_value[]){
			DB_TEXT(set_id), DB_TEXT(project_id), DB_TEXT(name) },
		3, print_first, out, e);
}

int store_approvals(struct store *s, const char *set_id, cJSON **out, struct err *e)
{
	return store_rows(s,
		"SELECT * FROM approvals WHERE decision_set_id = $1 ORDER BY seq",
		(struct db_value[]){ DB_TEXT(set_id) }, 1, out, e);
}

static int add_comments(cJSON *out, const cJSON *approval, struct err *e)
{
	const cJSON *list = json_get(approval, "comments");
	const char *text = json_text(json_get(approval, "comment"));
	cJSON *o;

	JSON_EACH (c, list)
		if (json_push_copy(out, c, e) < 0)
			return -1;
	if (json_len(list) > 0 || text == NULL)
		return 0;
	o = json_push_object(out, e);
	if (o == NULL || json_set_null(o, "pointer", e) < 0 ||
		json_set_str(o, "text", text, e) < 0 ||
		json_set_str(o, "actor", json_text(json_get(approval, "actor")), e) < 0)
		return -1;
	return json_set_str(o, "ts", json_text(json_get(approval, "created_at")), e);
}

int store_feedback(struct store *s, const char *set_id, cJSON **out, struct err *e)
{
	cJSON *approvals = NULL;
	int ret = store_approvals(s, set_id, &approvals, e);

	*out = ret < 0 ? NULL : json_new_array(e);
	ret = *out == NULL ? -1 : 0;
	JSON_EACH (a, approvals)
		if (ret == 0 && strcmp(json_str_or(a, "status", ""), "rejected") == 0)
			ret = add_comments(*out, a, e);
	json_free(approvals);
	if (ret < 0) {
		json_free(*out);
		*out = NULL;
	}
	return ret;
}

int store_run_list(struct store *s, const char *project_id, const char *set_id,
	cJSON **out, struct err *e)
{
	return store_rows(s,
		"SELECT id, decision_set_id, run_id, node_name, node_version, agent, "
		"provider,"
		" model, prompt_pack_hash, idem_key, tokens_in, tokens_out, tokens_total,"
		" cost_micro_usd, latency_ms, answer, ok, error, created_at FROM "
		"agent_runs"
		" WHERE project_id = $1 AND ($2 IS NULL OR decision_set_id = $2)"
		" ORDER BY seq",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(set_id) }, 2, out, e);
}

/* ---- one step ---- */

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
		ret = store_run_sql(s, insert_run_sql[db_kind(s->db)],
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
				DB_TEXT(r->error), DB_TEXT(ts), DB_TEXT(r->model),
				DB_INT(r->cost_micro_usd) },
			25, e);
	texts_release(&t);
	return ret;
}

static int insert_checkpoint(struct store *s, const struct store_step *st, const char *ts,
	int64_t *id, struct err *e)
{
	struct texts t = { 0 };
	const char *state = text_of(&t, st->state), *files = text_of(&t, st->files);
	cJSON *row = NULL;
	int ret = -1;

	if (t.failed)
		err_no_memory(e);
	else
		ret = store_one(s,
			"INSERT INTO checkpoints (project_id, decision_set_id, node_name,"
			" state_jsonb, files_jsonb, created_at) VALUES ($1, $2, $3, $4, "
			"$5, $6) RETURNING id",
			(struct db_value[]){ DB_TEXT(st->project_id), DB_TEXT(st->set_id),
				DB_TEXT(st->node != NULL ? st->node->name : "start"),
				DB_TEXT(state), DB_TEXT(files), DB_TEXT(ts) },
			6, &row, e);
	*id = (int64_t)json_num_or(row, "id", 0);
	json_free(row);
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
		ret = store_run_sql(s,
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
		ret = store_run_sql(s, insert_approval_sql[db_kind(s->db)],
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
	if (store_run_sql(s, "DELETE FROM artifacts WHERE decision_set_id = $1",
		    (struct db_value[]){ DB_TEXT(st->set_id) }, 1, e) < 0)
		return -1;
	JSON_EACH (f, json_at(st->state, "/artifacts/files")) {
		char id[ID_TEXT_MAX];

		if (id_random(id, e) < 0 ||
			store_run_sql(s,
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

/* A copy of the payload that says where it belongs. */
static cJSON *complete_payload(
	const struct store_step *st, const cJSON *payload, const char *ts, struct err *e)
{
	const struct {
		const char *name, *value;
	} own[] = { { "project_id", st->project_id }, { "decision_set_id", st->set_id },
		{ "run_id", st->run_id },
		{ "node_name", st->node != NULL ? st->node->name : NULL }, { "ts", ts } };
	cJSON *all = json_new_object(e);

	JSON_EACH (m, payload)
		if (all != NULL && json_set_view(all, json_key(m), m, e) < 0)
			goto fail;
	for (size_t i = 0; all != NULL && i < ARRAY_LEN(own); i++)
		if (!json_has(all, own[i].name) &&
			json_set_str(all, own[i].name, own[i].value, e) < 0)
			goto fail;
	return all;
fail:
	json_free(all);
	return NULL;
}

int store_event(struct store *s, const struct store_step *st, const char *type,
	const cJSON *payload, const char *ts, struct err *e)
{
	cJSON *all = complete_payload(st, payload, ts, e);
	struct texts t = { 0 };
	const char *text = text_of(&t, all);
	/* a card names its own pack; what else a node's step says is of that node's */
	const char *pack = json_str_or(payload, "prompt_pack_hash",
		st->run != NULL ? st->run->prompt_pack : NULL);
	int ret = all == NULL ? -1 : t.failed ? err_no_memory(e) : 0;

	assert_event_type(type);
	if (ret == 0)
		ret = store_run_sql(s,
			"INSERT INTO events (project_id, decision_set_id, run_id,"
			" node_name, type, payload_jsonb, prompt_pack_hash,"
			" state_version, tool_version, created_at, user_id,"
			" request_id)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
			(struct db_value[]){ DB_TEXT(st->project_id), DB_TEXT(st->set_id),
				DB_TEXT(st->run_id),
				DB_TEXT(st->node != NULL ? st->node->name : NULL),
				DB_TEXT(type), DB_TEXT(text), DB_TEXT(pack),
				DB_INT(STATE_SCHEMA_VERSION), DB_TEXT(MLOPS_VERSION),
				DB_TEXT(ts), DB_TEXT(s->user[0] != '\0' ? s->user : NULL),
				DB_TEXT(s->request_id[0] != '\0' ? s->request_id
								 : NULL) },
			12, e);
	if (ret == 0)
		ret = store_hook_event(
			s, st->project_id, st->set_id, st->run_id, type, ts, e);
	texts_release(&t);
	json_free(all);
	return ret;
}

static int insert_events(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	JSON_EACH (ev, st->events)
		if (store_event(s, st, json_str_or(ev, "type", ""),
			    json_get(ev, "payload"), ts, e) < 0)
			return -1;
	return 0;
}

/* The latest value of a key, so that it is read without the whole state. */
static int put_document(struct store *s, const char *project_id, const char *set_id,
	const cJSON *m, struct err *e)
{
	struct texts t = { 0 };
	const char *text = text_of(&t, m);
	int ret = t.failed
		? err_no_memory(e)
		: store_run_sql(s,
			  "INSERT INTO documents (project_id, decision_set_id,"
			  " name, body_jsonb) VALUES ($1, $2, $3, $4)"
			  " ON CONFLICT (decision_set_id, name) DO UPDATE SET"
			  " body_jsonb = excluded.body_jsonb",
			  (struct db_value[]){ DB_TEXT(project_id), DB_TEXT(set_id),
				  DB_TEXT(json_key(m)), DB_TEXT(text) },
			  4, e);

	texts_release(&t);
	return ret;
}

/* What everybody writes is read from events and runs. */
static int is_document(const char *key)
{
	return strcmp(key, "reason_cards") != 0 && strcmp(key, "run_meta") != 0 &&
		strcmp(key, "schema_version") != 0;
}

int store_put_documents(struct store *s, const char *project_id, const char *set_id,
	const cJSON *state, struct err *e)
{
	JSON_EACH (m, state)
		if (is_document(json_key(m)) &&
			put_document(s, project_id, set_id, m, e) < 0)
			return -1;
	return 0;
}

static int put_documents(struct store *s, const struct store_step *st, struct err *e)
{
	if (st->node == NULL || st->run == NULL)
		return 0;
	if (st->whole)
		return store_put_documents(s, st->project_id, st->set_id, st->state, e);
	JSON_EACH (m, st->state)
		if (node_writes(st->node, json_key(m)) &&
			put_document(s, st->project_id, st->set_id, m, e) < 0)
			return -1;
	return 0;
}

/* Who holds the job keeps it until this transaction ends, or it ends with it. */
static int check_fence(struct store *s, const struct store_step *st, struct err *e)
{
	int64_t held = 0;

	if (st->fence == NULL)
		return 0;
	if (db_run(s->db,
		    st->ends_job ? "DELETE FROM jobs WHERE id = $1 AND attempt = $2 AND"
				   " status = 'running'"
				 : "UPDATE jobs SET updated_at = updated_at WHERE id = $1"
				   " AND attempt = $2 AND status = 'running'",
		    (struct db_value[]){
			    DB_INT(st->fence->job_id), DB_INT(st->fence->attempt) },
		    2, &held, e) < 0)
		return -1;
	return held == 1 ? 0
			 : err_set(e, ERR_CONFLICT,
				   "job %lld was taken back or given to another worker",
				   (long long)st->fence->job_id);
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

/* The decision set is locked before the events get their numbers, so that within one
 * they are committed in the order of their numbers. */
static int write_step(
	struct store *s, const struct store_step *st, const char *ts, struct err *e)
{
	int64_t checkpoint = 0;

	if (check_fence(s, st, e) < 0)
		return -1;
	if (st->node != NULL && st->run != NULL && insert_run(s, st, ts, e) < 0)
		return -1;
	if (st->state != NULL && insert_checkpoint(s, st, ts, &checkpoint, e) < 0)
		return -1;
	return update_set(s, st, checkpoint, ts, e) < 0 || derive(s, st, ts, e) < 0 ||
			put_documents(s, st, e) < 0 || insert_events(s, st, ts, e) < 0
		? -1
		: 0;
}

int store_commit(struct store *s, const struct store_step *st, struct err *e)
{
	char ts[CLOCK_TEXT_MAX];
	int ret;

	store_now(ts);
	if (store_begin(s, e) < 0)
		return -1;
	ret = write_step(s, st, ts, e);
	if (store_end(s, ret == 0, e) < 0)
		ret = -1;
	if (ret == 0)
		++*st->lock_version;
	return ret;
}
