#include "backfill.h"

#include <math.h>
#include <string.h>

#include "internal.h"

#define BATCH 50

/* Decision sets from before there were documents: from their latest state. */
static int fill_documents(struct store *s, const cJSON *set, struct err *e)
{
	const char *id = json_str_or(set, "id", "");
	cJSON *state = NULL;
	int ret = store_state(s, id, NULL, &state, NULL, e);

	if (ret == 0 && state != NULL)
		ret = store_put_documents(
			s, json_str_or(set, "project_id", ""), id, state, e);
	json_free(state);
	return ret;
}

static struct db_value number_or_null(double d)
{
	return isnan(d) ? DB_NULL : DB_REAL(d);
}

/* The latest estimate of a decision set. */
static int estimate(struct store *s, const char *set_id, cJSON **row, struct err *e)
{
	return store_one(s,
		"SELECT id, monthly_usd FROM cost_estimates WHERE decision_set_id = $1"
		" ORDER BY created_at DESC, id DESC LIMIT 1",
		(struct db_value[]){ DB_TEXT(set_id) }, 1, row, e);
}

/* What a version costs more than its parent. */
static int fill_cost_delta(struct store *s, const cJSON *set, struct err *e)
{
	cJSON *own = NULL, *old = NULL;
	double now, was, delta;
	int ret = estimate(s, json_str_or(set, "id", ""), &own, e);

	if (ret == 0)
		ret = estimate(s, json_str_or(set, "parent_id", ""), &old, e);
	now = json_num_or(own, "monthly_usd", NAN);
	was = json_num_or(old, "monthly_usd", NAN);
	delta = round((now - was) * 100) / 100;
	if (ret == 0 && own != NULL)
		ret = store_run_sql(s,
			"UPDATE cost_estimates SET delta_vs_prev_usd = $2,"
			" delta_vs_prev_pct = $3 WHERE id = $1",
			(struct db_value[]){ DB_TEXT(json_str_or(own, "id", "")),
				number_or_null(delta),
				number_or_null(
					was > 0 ? round(delta / was * 1000) / 10 : NAN) },
			3, e);
	json_free(own);
	json_free(old);
	return ret;
}

static const struct kind {
	const char *name;
	int (*fill)(struct store *s, const cJSON *set, struct err *e);
} kinds[] = {
	{ "documents", fill_documents },
	{ "cost-deltas", fill_cost_delta },
};

const char *backfill_names(void)
{
	return "documents, cost-deltas";
}

/* The place where it stands; made when it is new. */
static int read_position(struct store *s, const char *name, cJSON **row, struct err *e)
{
	char ts[CLOCK_TEXT_MAX];

	store_now(ts);
	if (store_run_sql(s,
		    "INSERT INTO backfills (name, position, updated_at) VALUES ($1, '',"
		    " $2) ON CONFLICT (name) DO NOTHING",
		    (struct db_value[]){ DB_TEXT(name), DB_TEXT(ts) }, 2, e) < 0)
		return -1;
	return store_one(s, "SELECT position, rows_done FROM backfills WHERE name = $1",
		(struct db_value[]){ DB_TEXT(name) }, 1, row, e);
}

static int write_position(struct store *s, const char *name, const char *position,
	size_t rows, struct err *e)
{
	char ts[CLOCK_TEXT_MAX];

	store_now(ts);
	return store_run_sql(s,
		"UPDATE backfills SET position = $2, rows_done = rows_done + $3,"
		" finished = CASE WHEN $3 = 0 THEN 1 ELSE 0 END, updated_at = $4"
		" WHERE name = $1",
		(struct db_value[]){ DB_TEXT(name), DB_TEXT(position),
			DB_INT((int64_t)rows), DB_TEXT(ts) },
		4, e);
}

/* One batch in one transaction; *n rows, 0 at the end. */
static int batch(
	struct store *s, const struct kind *k, size_t *n, int64_t *done, struct err *e)
{
	cJSON *at = NULL, *sets = NULL;
	const char *position;
	int ret = -1;

	*n = 0;
	if (read_position(s, k->name, &at, e) < 0)
		return -1;
	position = json_str_or(at, "position", "");
	if (store_rows(s,
		    "SELECT id, project_id, parent_id FROM decision_sets WHERE id > $1"
		    " ORDER BY id LIMIT $2",
		    (struct db_value[]){ DB_TEXT(position), DB_INT(BATCH) }, 2, &sets,
		    e) < 0)
		goto out;
	ret = 0;
	JSON_EACH (set, sets) {
		if (ret == 0)
			ret = k->fill(s, set, e);
		position = json_str_or(set, "id", "");
		++*n;
	}
	/* At the end the next start begins anew. */
	if (ret == 0)
		ret = write_position(s, k->name, *n == 0 ? "" : position, *n, e);
	*done = (int64_t)json_num_or(at, "rows_done", 0) + (int64_t)*n;
out:
	json_free(at);
	json_free(sets);
	return ret;
}

int backfill_run(const char *url, const char *name, int64_t *done, struct err *e)
{
	const struct kind *k = NULL;
	struct store *s = NULL;
	size_t n = 1;
	int ret;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			k = &kinds[i];
	if (k == NULL)
		return err_set(e, ERR_USAGE, "there is no backfill '%s': %s", name,
			backfill_names());
	ret = store_open_as_is(&s, url, e);
	while (ret == 0 && n > 0) {
		if (store_begin(s, e) < 0) {
			ret = -1;
			break;
		}
		ret = batch(s, k, &n, done, e);
		if (store_end(s, ret == 0, e) < 0)
			ret = -1;
	}
	store_close(s);
	return ret;
}
