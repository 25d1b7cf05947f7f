#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* One figure each; $1 is the project or null. */
#define OF_PROJECT "($1 IS NULL OR project_id = $1)"
#define SETS_WITH(type)                                                               \
	"SELECT count(DISTINCT decision_set_id) AS n FROM events WHERE type = '" type \
	"' AND " OF_PROJECT
#define EVENTS_OF(type) \
	"SELECT count(*) AS n FROM events WHERE type = '" type "' AND " OF_PROJECT

static const struct {
	const char *name, *sql;
} figures[] = {
	{ "versions", "SELECT count(*) AS n FROM decision_sets WHERE " OF_PROJECT },
	{ "proposed", SETS_WITH("gate_waiting") },
	{ "decided",
		"SELECT count(DISTINCT decision_set_id) AS n FROM events WHERE type IN"
		" ('approved', 'rejected') AND " OF_PROJECT },
	{ "reworked", SETS_WITH("rejected") },
	{ "complete", SETS_WITH("run_complete") },
	{ "infeasible", SETS_WITH("run_infeasible") },
	{ "cancelled", SETS_WITH("cancelled") },
	{ "failed", SETS_WITH("run_failed") },
	{ "run_errors", EVENTS_OF("run_error") },
	{ "answers", EVENTS_OF("answers_received") },
	{ "streams_abandoned", EVENTS_OF("stream_abandoned") },
	{ "model_calls",
		"SELECT count(*) AS n FROM agent_runs WHERE provider IS NOT NULL AND"
		" provider <> 'none' AND " OF_PROJECT },
	{ "model_errors",
		"SELECT count(*) AS n FROM agent_runs WHERE provider IS NOT NULL AND"
		" provider <> 'none' AND error IS NOT NULL AND " OF_PROJECT },
	{ "tokens",
		"SELECT coalesce(sum(tokens_total), 0) AS n FROM agent_runs "
		"WHERE " OF_PROJECT },
};

static double figure(const cJSON *out, const char *name)
{
	return json_num_or(out, name, 0);
}

static int put_figures(
	struct store *s, const struct db_value *v, cJSON *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		cJSON *row = NULL;
		int ret = store_one(s, figures[i].sql, v, 1, &row, e);

		if (ret == 0)
			ret = json_set_num(
				out, figures[i].name, json_num_or(row, "n", 0), e);
		json_free(row);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int put_ratio(cJSON *out, const char *name, double part, double all, struct err *e)
{
	return all > 0 ? json_set_num(out, name, part / all, e)
		       : json_set_null(out, name, e);
}

/* The mean length of a list in a document. */
static int put_mean(struct store *s, const struct db_value *v, cJSON *out,
	const char *name, const char *const sql[], struct err *e)
{
	cJSON *row = NULL;
	int ret = store_one(s, sql[db_kind(s->db)], v, 1, &row, e);

	if (ret == 0)
		ret = json_is(json_get(row, "mean"), JSON_NUMBER)
			? json_set_num(out, name, json_num_or(row, "mean", 0), e)
			: json_set_null(out, name, e);
	json_free(row);
	return ret;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int put_quantiles(
	cJSON *out, const char *name, double *at, size_t n, struct err *e)
{
	static const struct {
		const char *name;
		double q;
	} qs[] = { { "p50", 0.5 }, { "p95", 0.95 } };
	cJSON *o = json_add_object(out, name, e);

	qsort(at, n, sizeof(*at), by_value);
	if (o == NULL || json_set_num(o, "n", (double)n, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(qs); i++) {
		size_t k = n == 0 ? 0 : (size_t)ceil(qs[i].q * (double)n) - 1;

		if ((n == 0 ? json_set_null(o, qs[i].name, e)
			    : json_set_num(o, qs[i].name, at[k], e)) < 0)
			return -1;
	}
	return 0;
}

/* Seconds from when a version was asked for until its first event of a type. */
static int put_times(struct store *s, const struct db_value *v, const char *type,
	cJSON *out, const char *name, struct err *e)
{
	struct db_value two[] = { v[0], DB_TEXT(type) };
	cJSON *rows = NULL;
	double *at = NULL;
	size_t n = 0;
	int ret = store_rows(s,
		"SELECT d.created_at AS asked, min(ev.created_at) AS done FROM"
		" decision_sets d JOIN events ev ON ev.decision_set_id = d.id AND"
		" ev.type = $2 WHERE ($1 IS NULL OR d.project_id = $1)"
		" GROUP BY d.id, d.created_at",
		two, 2, &rows, e);

	if (ret == 0 && (at = calloc(json_len(rows) + 1, sizeof(*at))) == NULL)
		ret = err_no_memory(e);
	JSON_EACH (row, ret == 0 ? rows : NULL) {
		int64_t asked, done;

		if (clock_parse(json_str_or(row, "asked", ""), &asked) == 0 &&
			clock_parse(json_str_or(row, "done", ""), &done) == 0)
			at[n++] = (double)(done - asked) / 1e9;
	}
	if (ret == 0)
		ret = put_quantiles(out, name, at, n, e);
	free(at);
	json_free(rows);
	return ret;
}

int store_stats(struct store *s, const char *project_id, cJSON **out, struct err *e)
{
	static const char *const questions[] = {
		[DB_SQLITE] = "SELECT avg(json_array_length(body_jsonb)) AS mean FROM"
			      " documents WHERE name = 'questions' AND " OF_PROJECT,
		[DB_POSTGRES] =
			"SELECT avg(json_array_length(body_jsonb::json)) AS mean"
			" FROM documents WHERE name = 'questions' AND " OF_PROJECT,
	};
	static const char *const unresolved[] = {
		[DB_SQLITE] =
			"SELECT avg(json_array_length(body_jsonb, '$.missing')) AS"
			" mean FROM documents WHERE name = 'coverage' AND " OF_PROJECT,
		[DB_POSTGRES] =
			"SELECT avg(json_array_length(body_jsonb::json->'missing'))"
			" AS mean FROM documents WHERE name = 'coverage' AND " OF_PROJECT,
	};
	struct db_value v[] = { DB_TEXT(project_id) };
	cJSON *o = *out = json_new_object(e);

	if (o != NULL && put_figures(s, v, o, e) == 0 &&
		put_ratio(o, "acceptance_rate",
			figure(o, "decided") - figure(o, "reworked"),
			figure(o, "decided"), e) == 0 &&
		put_ratio(o, "rework_rate", figure(o, "reworked"), figure(o, "decided"),
			e) == 0 &&
		put_ratio(o, "model_error_rate", figure(o, "model_errors"),
			figure(o, "model_calls"), e) == 0 &&
		put_mean(s, v, o, "questions_per_run", questions, e) == 0 &&
		put_mean(s, v, o, "unresolved_per_run", unresolved, e) == 0 &&
		put_times(s, v, "gate_waiting", o, "time_to_plan_s", e) == 0 &&
		put_times(s, v, "run_complete", o, "time_to_artifact_s", e) == 0)
		return 0;
	json_free(o);
	*out = NULL;
	return -1;
}
