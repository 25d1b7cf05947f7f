#include "erase.h"

#include "internal.h"

#define DAY_MS INT64_C(86400000)

/* In this order no row points to one that is gone. */
static const char *const erasing[] = {
	"DELETE FROM deliveries WHERE project_id = $1",
	"DELETE FROM webhooks WHERE project_id = $1",
	"DELETE FROM jobs WHERE project_id = $1",
	"DELETE FROM documents WHERE project_id = $1",
	"DELETE FROM open_streams WHERE project_id = $1",
	"DELETE FROM approvals WHERE project_id = $1",
	"DELETE FROM cost_estimates WHERE project_id = $1",
	"DELETE FROM artifacts WHERE project_id = $1",
	"DELETE FROM events WHERE project_id = $1",
	"UPDATE decision_sets SET checkpoint_id = NULL WHERE project_id = $1",
	"UPDATE decision_sets SET parent_id = NULL WHERE project_id = $1",
	"DELETE FROM checkpoints WHERE project_id = $1",
	"DELETE FROM agent_runs WHERE project_id = $1",
	"DELETE FROM decision_sets WHERE project_id = $1",
	"DELETE FROM projects WHERE id = $1",
};

/* Files by their rows; zips, which have none, by the checkpoints that name them. */
static const char *const collecting[] = {
	"SELECT DISTINCT sha256 FROM artifacts a WHERE project_id = $1 AND NOT EXISTS"
	" (SELECT 1 FROM artifacts b WHERE b.sha256 = a.sha256 AND b.project_id <> $1)",
	"SELECT files_jsonb FROM checkpoints WHERE project_id = $1 AND files_jsonb LIKE"
	" '%\"zip\":\"%'",
};

static int others_have(
	struct store *s, const char *project_id, const char *hex, struct err *e)
{
	struct buf like = BUF_INIT(128);
	cJSON *row = NULL;
	int ret;

	buf_addf(&like, "%%\"zip\":\"%s\"%%", hex);
	ret = store_one(s,
		"SELECT id FROM checkpoints WHERE project_id <> $1 AND files_jsonb LIKE "
		"$2 LIMIT 1",
		(struct db_value[]){ DB_TEXT(project_id), DB_TEXT(like.ptr) }, 2, &row,
		e);
	ret = ret < 0 ? -1 : row != NULL;
	json_free(row);
	buf_release(&like);
	return ret;
}

static int collect(
	struct store *s, const char *project_id, cJSON **contents, struct err *e)
{
	struct db_value id = DB_TEXT(project_id);
	cJSON *files = NULL, *zips = NULL;
	int ret = (*contents = json_new_array(e)) == NULL ||
			store_rows(s, collecting[0], &id, 1, &files, e) < 0 ||
			store_rows(s, collecting[1], &id, 1, &zips, e) < 0
		? -1
		: 0;

	JSON_EACH (row, files)
		if (ret == 0)
			ret = json_push_str(*contents, json_str_or(row, "sha256", ""), e);
	JSON_EACH (row, zips) {
		const char *hex = json_text(json_at(row, "/files/zip"));

		if (ret < 0 || hex == NULL || json_has_text(*contents, hex))
			continue;
		ret = others_have(s, project_id, hex, e);
		if (ret == 0)
			ret = json_push_str(*contents, hex, e);
		else if (ret > 0)
			ret = 0;
	}
	json_free(files);
	json_free(zips);
	return ret;
}

int store_project_erase(
	struct store *s, const char *project_id, cJSON **contents, struct err *e)
{
	struct db_value id = DB_TEXT(project_id);
	cJSON *there = NULL;
	int ret;

	*contents = NULL;
	if (store_begin(s, e) < 0)
		return -1;
	ret = store_one(s, "SELECT id FROM projects WHERE id = $1", &id, 1, &there, e);
	if (ret == 0 && there == NULL)
		ret = err_set(e, ERR_NO_INPUT, "there is no project %s", project_id);
	if (ret == 0)
		ret = collect(s, project_id, contents, e);
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(erasing); i++)
		ret = store_run_sql(s, erasing[i], &id, 1, e);
	json_free(there);
	ret = store_end(s, ret == 0, e) < 0 ? -1 : ret;
	if (ret < 0) {
		json_free(*contents);
		*contents = NULL;
	}
	return ret;
}

/* ---- time ---- */

#define OVER                                                                        \
	"decision_set_id IN (SELECT id FROM decision_sets d WHERE d.status NOT IN " \
	"('queued',"                                                                \
	" 'running', 'waiting') AND d.created_at < $1 AND EXISTS (SELECT 1 FROM "   \
	"decision_sets"                                                             \
	" n WHERE n.project_id = d.project_id AND n.created_at > d.created_at))"

static const struct {
	size_t days; /* where in struct store_keep */
	const char *sql;
} expiring[] = {
	{ offsetof(struct store_keep, briefs_days),
		"UPDATE decision_sets SET input_jsonb = NULL WHERE input_jsonb IS NOT "
		"NULL AND id IN"
		" (SELECT id FROM decision_sets d WHERE d.status NOT IN ('queued', "
		"'running',"
		" 'waiting') AND d.created_at < $1 AND EXISTS (SELECT 1 FROM "
		"decision_sets n WHERE"
		" n.project_id = d.project_id AND n.created_at > d.created_at))" },
	{ offsetof(struct store_keep, payloads_days),
		"UPDATE agent_runs SET input_jsonb = NULL, output_jsonb = NULL WHERE "
		"(input_jsonb"
		" IS NOT NULL OR output_jsonb IS NOT NULL) AND " OVER },
	{ offsetof(struct store_keep, payloads_days),
		"DELETE FROM checkpoints WHERE id NOT IN (SELECT checkpoint_id FROM "
		"decision_sets"
		" WHERE checkpoint_id IS NOT NULL) AND " OVER },
	{ offsetof(struct store_keep, events_days), "DELETE FROM events WHERE " OVER },
};

int store_expire(struct store *s, const struct store_keep *keep, int64_t now_ms,
	int64_t *n, struct err *e)
{
	*n = 0;
	for (size_t i = 0; i < ARRAY_LEN(expiring); i++) {
		int64_t days = *(const int64_t *)(const void *)((const char *)keep +
			expiring[i].days);
		char before[CLOCK_TEXT_MAX];
		int64_t changed = 0;

		if (days == 0)
			continue;
		clock_format((now_ms - days * DAY_MS) * 1000000, before);
		if (db_run(s->db, expiring[i].sql, (struct db_value[]){ DB_TEXT(before) },
			    1, &changed, e) < 0)
			return -1;
		*n += changed;
	}
	return 0;
}

/* A checkpoint of at least `since` that names the zip. */
static int made_since(struct store *s, const char *hex, const char *since, struct err *e)
{
	struct buf like = BUF_INIT(128);
	cJSON *row = NULL;
	int ret;

	buf_addf(&like, "%%\"zip\":\"%s\"%%", hex);
	ret = store_one(s,
		"SELECT id FROM checkpoints WHERE created_at >= $1 AND files_jsonb LIKE "
		"$2 LIMIT 1",
		(struct db_value[]){ DB_TEXT(since), DB_TEXT(like.ptr) }, 2, &row, e);
	ret = ret < 0 ? -1 : row != NULL;
	json_free(row);
	buf_release(&like);
	return ret;
}

int store_zips_between(struct store *s, int64_t after_ms, int64_t before_ms,
	cJSON **hexes, struct err *e)
{
	char after[CLOCK_TEXT_MAX], before[CLOCK_TEXT_MAX];
	cJSON *rows = NULL;
	int ret;

	clock_format(after_ms * 1000000, after);
	clock_format(before_ms * 1000000, before);
	*hexes = json_new_array(e);
	ret = *hexes == NULL ||
			store_rows(s,
				"SELECT files_jsonb FROM checkpoints WHERE created_at >= "
				"$1 AND created_at < $2 AND files_jsonb LIKE "
				"'%\"zip\":\"%'",
				(struct db_value[]){ DB_TEXT(after), DB_TEXT(before) }, 2,
				&rows, e) < 0
		? -1
		: 0;
	JSON_EACH (row, rows) {
		const char *hex = json_text(json_at(row, "/files/zip"));

		if (ret < 0 || hex == NULL || json_has_text(*hexes, hex))
			continue;
		ret = made_since(s, hex, before, e);
		if (ret == 0)
			ret = json_push_str(*hexes, hex, e);
		else if (ret > 0)
			ret = 0;
	}
	json_free(rows);
	if (ret < 0) {
		json_free(*hexes);
		*hexes = NULL;
	}
	return ret;
}
