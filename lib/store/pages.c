/* requests.h over the store's database: what is read back, as JSON text. */
#include <string.h>

#include "events.h"
#include "internal.h"
#include "requests.h"

struct print {
	struct buf *out;
	size_t *count;
	struct store_page *page;
};

/* Where the next page goes on. */
static void note_last(struct store_page *page, const struct db_row *r)
{
	for (size_t i = 0; i < db_columns(r); i++) {
		const char *name = db_name(r, i), *text = db_text(r, i);

		if (text == NULL)
			continue;
		if (strcmp(name, "created_at") == 0)
			snprintf(page->last_time, sizeof(page->last_time), "%s", text);
		else if (strcmp(name, "path") == 0 || strcmp(name, "id") == 0)
			snprintf(page->last_id, sizeof(page->last_id), "%s", text);
		if (strcmp(name, "seq") == 0 ||
			(strcmp(name, "id") == 0 && db_type(r, i) == DB_TYPE_INT))
			page->last = db_int(r, i);
	}
}

static int print_one(void *arg, const struct db_row *r, struct err *e)
{
	struct print *p = arg;

	if ((*p->count)++ > 0)
		buf_add_char(p->out, ',');
	if (p->page != NULL)
		note_last(p->page, r);
	return store_print_row(p->out, r, e);
}

int store_print_rows(struct store *s, const char *sql, const struct db_value *v, size_t n,
	struct buf *out, size_t *count, struct store_page *page, struct err *e)
{
	struct print p = { out, count, page };

	return db_query(s->db, sql, v, n, print_one, &p, e);
}

#define SET_HEAD                                                                    \
	"id, project_id, parent_id, version, status, run_id, summary_md, "          \
	"content_digest,"                                                           \
	" git_commit, stream_abandoned, lock_version, state_version, tool_version," \
	" created_at, updated_at"

int store_set_head(struct store *s, const char *set_id, cJSON **out, struct err *e)
{
	return store_one(s, "SELECT " SET_HEAD " FROM decision_sets WHERE id = $1",
		(struct db_value[]){ DB_TEXT(set_id) }, 1, out, e);
}

#define PROJECT_COLUMNS                                                                \
	"id, name, owner_id, created_at, updated_at, (SELECT max(version) FROM"        \
	" decision_sets d WHERE d.project_id = projects.id AND d.status = 'complete')" \
	" AS version"

int store_print_projects(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT " PROJECT_COLUMNS " FROM projects"
		" WHERE ($1 IS NULL OR owner_id = $1)"
		" AND ($2 IS NULL OR (created_at, id) > ($2, $3))"
		" ORDER BY created_at, id LIMIT $4",
		(struct db_value[]){ DB_TEXT(p->owner), DB_TEXT(p->after_time),
			DB_TEXT(p->after_id), DB_INT(p->limit) },
		4, out, n, p, e);
}

int store_print_project(struct store *s, const char *project_id, struct buf *out,
	size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT " PROJECT_COLUMNS " FROM projects WHERE id = $1",
		(struct db_value[]){ DB_TEXT(project_id) }, 1, out, n, NULL, e);
}

int store_print_sets(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT " SET_HEAD ", (SELECT body_jsonb FROM documents WHERE"
		" decision_set_id = decision_sets.id AND name = 'diff_summary') AS"
		" diff_summary_jsonb FROM decision_sets WHERE project_id = $1"
		" AND ($2 IS NULL OR status = $2)"
		" AND ($3 IS NULL OR (created_at, id) > ($3, $4))"
		" ORDER BY created_at, id LIMIT $5",
		(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->type),
			DB_TEXT(p->after_time), DB_TEXT(p->after_id), DB_INT(p->limit) },
		5, out, n, p, e);
}

int store_print_events(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT id, type, node_name, run_id, user_id, request_id, payload_jsonb,"
		" prompt_pack_hash, state_version, tool_version, created_at FROM events"
		" WHERE project_id = $1 AND ($2 IS NULL OR decision_set_id = $2)"
		" AND ($3 IS NULL OR type = $3) AND id > $4 ORDER BY id LIMIT $5",
		(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->set_id),
			DB_TEXT(p->type), DB_INT(p->after), DB_INT(p->limit) },
		5, out, n, p, e);
}

/* Only what is asked for stands in the statement, so that its index is used. */
int store_print_audit(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	const struct {
		const char *column, *value;
	} asked[] = { { "project_id", p->project_id }, { "user_id", p->user },
		{ "run_id", p->run }, { "request_id", p->request }, { "type", p->type } };
	struct db_value v[ARRAY_LEN(asked) + 2] = { DB_INT(p->after), DB_INT(p->limit) };
	struct buf sql = BUF_INIT(2048);
	size_t k = 2;
	int ret;

	buf_add_str(&sql,
		"SELECT id, project_id, decision_set_id, run_id, request_id, user_id,"
		" type, node_name, payload_jsonb, created_at FROM events WHERE id > $1");
	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (asked[i].value != NULL) {
			v[k++] = DB_TEXT(asked[i].value);
			buf_addf(&sql, " AND %s = $%zu", asked[i].column, k);
		}
	buf_add_str(&sql, " ORDER BY id LIMIT $2");
	ret = buf_ok(&sql, e) < 0 ? -1 : store_print_rows(s, sql.ptr, v, k, out, n, p, e);
	buf_release(&sql);
	return ret;
}

/* The types of cards, for an IN list; they are the nodes' own. */
#define NODE(id, name, exe, agent, reads, writes, event) ", '" event "'"
static const char card_types[] = "'none'"
#include "state/nodes.def"
	;
#undef NODE

int store_print_cards(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	struct buf sql = BUF_INIT(2048);
	int ret;

	buf_addf(&sql,
		"SELECT id, type, payload_jsonb AS card_jsonb, created_at FROM events"
		" WHERE project_id = $1 AND ($2 IS NULL OR decision_set_id = $2) AND"
		" type IN (%s)"
		" AND id > $3 ORDER BY id LIMIT $4",
		card_types);
	ret = buf_ok(&sql, e);
	if (ret == 0)
		ret = store_print_rows(s, sql.ptr,
			(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->set_id),
				DB_INT(p->after), DB_INT(p->limit) },
			4, out, n, p, e);
	buf_release(&sql);
	return ret;
}

int store_print_artifacts(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT path, sha256, kind, size_bytes, mode, origin, created_at FROM"
		" artifacts WHERE project_id = $1 AND decision_set_id = $2"
		" AND ($3 IS NULL OR path > $3) ORDER BY path LIMIT $4",
		(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->set_id),
			DB_TEXT(p->after_id), DB_INT(p->limit) },
		4, out, n, p, e);
}

int store_print_approvals(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e)
{
	return store_print_rows(s,
		"SELECT id, seq, gate, actor, status, comment, comments_jsonb, "
		"expires_at,"
		" created_at FROM approvals WHERE project_id = $1 AND decision_set_id ="
		" $2 AND seq > $3 ORDER BY seq LIMIT $4",
		(struct db_value[]){ DB_TEXT(p->project_id), DB_TEXT(p->set_id),
			DB_INT(p->after), DB_INT(p->limit) },
		4, out, n, p, e);
}

/* ---- a decision set, whole ---- */

struct whole {
	struct buf *out;
	int64_t *lock_version;
};

static int print_head(void *arg, const struct db_row *r, struct err *e)
{
	struct whole *w = arg;

	for (size_t i = 0; i < db_columns(r); i++)
		if (strcmp(db_name(r, i), "lock_version") == 0)
			*w->lock_version = db_int(r, i);
	if (store_print_row(w->out, r, e) < 0)
		return -1;
	buf_cut(w->out, w->out->len - 1); /* the documents go on before the brace */
	return 1;
}

static int print_document(void *arg, const struct db_row *r, struct err *e)
{
	struct buf *out = arg;

	buf_addf(out, ",\"%s\":", db_text(r, 0));
	buf_add_str(out, db_text(r, 1));
	return buf_ok(out, e);
}

int store_print_set(struct store *s, const char *project_id, const char *set_id,
	struct buf *out, int64_t *lock_version, struct err *e)
{
	struct whole w = { out, lock_version };
	struct db_value v[] = { DB_TEXT(set_id), DB_TEXT(project_id) };
	int ret = db_query(s->db,
		"SELECT " SET_HEAD
		" FROM decision_sets WHERE id = $1 AND project_id = $2",
		v, 2, print_head, &w, e);

	if (ret <= 0)
		return ret;
	if (db_query(s->db,
		    "SELECT name, body_jsonb FROM documents WHERE decision_set_id = $1"
		    " AND project_id = $2 ORDER BY name",
		    v, 2, print_document, out, e) < 0)
		return -1;
	buf_add_char(out, '}');
	return buf_ok(out, e) < 0 ? -1 : 1;
}

int store_files(struct store *s, const char *set_id, cJSON **files, struct err *e)
{
	cJSON *row;

	*files = NULL;
	if (store_one(s,
		    "SELECT files_jsonb FROM checkpoints WHERE decision_set_id = $1 AND"
		    " files_jsonb IS NOT NULL ORDER BY id DESC LIMIT 1",
		    (struct db_value[]){ DB_TEXT(set_id) }, 1, &row, e) < 0)
		return -1;
	*files = json_detach(row, "files");
	json_free(row);
	return 0;
}

/* ---- events for streams ---- */

struct give {
	int (*row)(void *arg, const struct store_event_row *ev);
	void *arg;
};

static int give_event(void *arg, const struct db_row *r, struct err *e)
{
	struct give *g = arg;
	struct store_event_row ev = { .id = db_int(r, 0),
		.set_id = db_text(r, 1),
		.type = db_text(r, 2),
		.payload = db_text(r, 3) };

	return g->row(g->arg, &ev) < 0 ? err_no_memory(e) : 0;
}

int store_events_of(struct store *s, const char *watched,
	int (*row)(void *arg, const struct store_event_row *ev), void *arg, struct err *e)
{
	static const char *const sql[] = {
		[DB_SQLITE] =
			"SELECT e.id, e.decision_set_id, e.type, e.payload_jsonb FROM"
			" json_each($1) w JOIN events e ON e.decision_set_id ="
			" json_extract(w.value, '$[0]') AND e.id > json_extract(w.value,"
			" '$[1]') ORDER BY e.id",
		[DB_POSTGRES] =
			"SELECT e.id, e.decision_set_id, e.type, e.payload_jsonb FROM"
			" json_array_elements($1::json) w JOIN events e ON"
			" e.decision_set_id = w->>0 AND e.id > (w->>1)::bigint ORDER BY"
			" e.id",
	};
	struct give g = { row, arg };

	return db_query(s->db, sql[db_kind(s->db)],
		(struct db_value[]){ DB_TEXT(watched) }, 1, give_event, &g, e);
}

int store_events_after(struct store *s, const char *set_id, int64_t after, int64_t limit,
	int (*row)(void *arg, const struct store_event_row *ev), void *arg, struct err *e)
{
	struct give g = { row, arg };

	return db_query(s->db,
		"SELECT id, decision_set_id, type, payload_jsonb FROM events WHERE"
		" decision_set_id = $1 AND id > $2 ORDER BY id LIMIT $3",
		(struct db_value[]){ DB_TEXT(set_id), DB_INT(after), DB_INT(limit) }, 3,
		give_event, &g, e);
}
