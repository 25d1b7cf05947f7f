#include "test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/db.h"
#include "store/events.h"
#include "store/hooks.h"
#include "store/store.h"

/* The same tests run on SQLite and, with MLOPS_TEST_DB, on a server (the suite
 * integration/store starts one); each in a project of its own. */
struct fixture {
	char dir[64], url[256];
	struct store *s;
	char project[ID_TEXT_MAX], set[ID_TEXT_MAX];
	int64_t lock;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	struct store_set set = { .version = 1, .run_id = "r", .input_sha256 = "abc" };
	const char *server = getenv("MLOPS_TEST_DB");
	char root[ID_TEXT_MAX];

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/mlops-store-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	if (server != NULL)
		snprintf(f->url, sizeof(f->url), "%s", server);
	else
		snprintf(f->url, sizeof(f->url), "sqlite:%s/sub/x.db", f->dir);
	assert_int_equal(setenv("MLOPS_HOME", f->dir, 1), 0);
	assert_int_equal(store_open(&f->s, f->url, &e), 0);
	assert_int_equal(id_random(root, &e), 0);
	assert_int_equal(store_project(f->s, root, "where", f->project, &e), 0);
	set.project_id = f->project;
	assert_int_equal(store_set_new(f->s, &set, f->set, &e), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	store_close(f->s);
	assert_int_equal(file_remove_tree(f->dir, &e), 0);
	free(f);
	return 0;
}

static int commit(struct fixture *f, enum node_id node, const char *base,
	const cJSON *state, const cJSON *events, const char *status, struct err *e)
{
	struct store_run run = {
		.base_key = base, .idem_key = "full", .latency_ms = 1, .ok = 1
	};
	struct store_step step = { .project_id = f->project,
		.set_id = f->set,
		.run_id = "r",
		.lock_version = &f->lock,
		.node = &node_rows[node],
		.run = &run,
		.state = state,
		.events = events,
		.status = status };

	return store_commit(f->s, &step, e);
}

static void a_step_is_read_back(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	cJSON *s = J("{'schema_version':2,'constraints':{'cloud':'aws'},'cost':{'monthly_"
		     "usd':12.5,"
		     "'breakdown':[],'method':'bom_v1','delta_vs_prev_usd':null}}");
	cJSON *events = J("[{'type':'cost_estimated','payload':{'decision_id':'x'}}]");
	cJSON *back = NULL, *rows = NULL, *set = NULL;

	assert_int_equal(
		commit(f, NODE_CRITIC_COST, "base", s, events, "running", &e), 0);
	assert_int_equal(f->lock, 1);
	assert_int_equal(store_state(f->s, f->set, NULL, &back, NULL, &e), 0);
	assert_true(json_equal(back, s));
	assert_int_equal(store_runs(f->s, f->set, "critic_cost", "base", &rows, &e), 0);
	assert_int_equal(json_len(rows), 1);
	assert_string_equal(json_str_or(json_first(rows), "idem_key", ""), "full");
	json_free(rows);
	assert_int_equal(store_runs(f->s, f->set, "critic_cost", "other", &rows, &e), 0);
	assert_int_equal(json_len(rows), 0);
	json_free(rows);
	assert_int_equal(store_events(f->s, f->project, f->set, 0, &rows, &e), 0);
	assert_int_equal(json_len(rows), 1);
	assert_string_equal(json_str_or(json_first(rows), "type", ""), "cost_estimated");
	assert_int_equal(store_set_find(f->s, f->project, "1", &set, &e), 0);
	assert_string_equal(json_str_or(set, "id", ""), f->set);
	json_free(rows);
	json_free(set);
	json_free(back);
	json_free(events);
	json_free(s);
}

static void who_is_late_gets_a_conflict_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	cJSON *s = J("{'schema_version':2}"), *rows = NULL;

	assert_int_equal(commit(f, NODE_PLANNER, "a", s, NULL, NULL, &e), 0);
	f->lock = 0; /* as somebody who has read the row before that */
	assert_int_equal(commit(f, NODE_PLANNER, "b", s, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_int_equal(store_runs(f->s, f->set, "planner", "b", &rows, &e), 0);
	assert_int_equal(json_len(rows), 0);
	json_free(rows);
	json_free(s);
}

/* Only the newest word at the gate counts, and each decision set is told of once. */
static void a_gate_that_nobody_answers_in_time_is_stale(void **state)
{
	static const struct {
		const char *hitl, *after;
	} steps[] = {
		{ "{'schema_version':2,'hitl':{'status':'waiting'}}", "waiting" },
		{ "{'schema_version':2,'hitl':{'status':'waiting',"
		  "'expires_at':'2020-01-01T00:00:00.000Z'}}",
			"stale" },
		{ "{'schema_version':2,'hitl':{'status':'approved',"
		  "'expires_at':'2020-01-01T00:00:00.000Z'}}",
			"waiting" },
		{ "{'schema_version':2,'hitl':{'status':'waiting',"
		  "'expires_at':'2999-01-01T00:00:00.000Z'}}",
			"waiting" },
	};
	struct fixture *f = *state;
	int64_t now_ms = clock_wall_ns() / 1000000, n;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct err e = { 0 };
		cJSON *s = J(steps[i].hitl), *row = NULL, *rows = NULL;

		assert_int_equal(
			commit(f, NODE_GATE_HITL, "a", s, NULL, "waiting", &e), 0);
		assert_int_equal(store_gate_expiries(f->s, now_ms, &n, &e), 0);
		assert_int_equal(store_gate_expiries(f->s, now_ms, &n, &e), 0);
		assert_int_equal(store_set_find(f->s, f->project, f->set, &row, &e), 0);
		assert_string_equal(json_str_or(row, "status", ""), steps[i].after);
		f->lock = (int64_t)json_num_or(row, "lock_version", 0);
		assert_int_equal(store_events(f->s, f->project, f->set, 0, &rows, &e), 0);
		assert_int_equal(json_len(rows), i >= 1);
		json_free(rows);
		json_free(row);
		json_free(s);
	}
}

static void an_unfinished_version_is_superseded(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct store_set set = { .project_id = f->project,
		.version = 1,
		.run_id = "r",
		.input_sha256 = "def" };
	char second[ID_TEXT_MAX];
	cJSON *row = NULL, *rows = NULL;

	assert_int_equal(store_set_new(f->s, &set, second, &e), 0);
	assert_int_equal(store_set_latest(f->s, f->project, NULL, &row, &e), 0);
	assert_string_equal(json_str_or(row, "id", ""), second);
	json_free(row);
	assert_int_equal(store_sets(f->s, f->project, &rows, &e), 0);
	assert_int_equal(json_len(rows), 2);
	json_free(rows);
	assert_int_equal(store_set_latest(f->s, f->project, "complete", &row, &e), 0);
	assert_null(row);
	/* A complete one keeps its number. */
	f->lock = 0;
	memcpy(f->set, second, sizeof(second));
	assert_int_equal(commit(f, NODE_PLANNER, "a", NULL, NULL, "complete", &e), 0);
	assert_int_equal(store_set_new(f->s, &set, second, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
}

static void what_is_no_database_is_refused(void **unused)
{
	static const struct {
		const char *url;
		enum err_code code;
	} cases[] = { { "mysql://x", ERR_USAGE }, { "sqlite:", ERR_USAGE },
		{ "sqlite:/proc/none/x.db", ERR_CANT_CREATE },
		{ "sqlite:/dev/null/x.db", ERR_CANT_CREATE },
		{ "sqlite:/tmp", ERR_CANT_CREATE } };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct store *s = NULL;
		struct err e = { 0 };

		assert_int_equal(store_open(&s, cases[i].url, &e), -1);
		assert_int_equal(e.code, cases[i].code);
		assert_true(e.msg[0] != '\0');
	}
}

static void a_newer_database_is_refused_and_an_empty_one_filled(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	sqlite3 *h = NULL;

	store_close(f->s);
	f->s = NULL;
	assert_int_equal(sqlite3_open(f->url + 7, &h), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(h, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
	assert_int_equal(store_open(&f->s, f->url, &e), -1);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "upgrade mlops"));
	unlink(f->url + 7);
	assert_int_equal(sqlite3_open(f->url + 7, &h), SQLITE_OK);
	sqlite3_exec(h, "VACUUM", NULL, NULL, NULL);
	sqlite3_close(h);
	assert_int_equal(store_open(&f->s, f->url, &e), 0);
}

static void every_table_of_the_specification_is_there(void **state)
{
	static const char *const tables[] = { "decision_sets", "artifacts", "agent_runs",
		"approvals", "cost_estimates", "events", "jobs", "checkpoints",
		"documents", "open_streams" };
	struct fixture *f = *state;
	struct err e = { 0 };
	struct db *db = NULL;

	assert_int_equal(db_open(&db, f->url, &e), 0);
	assert_int_equal(db_run(db, "SELECT id FROM projects", NULL, 0, NULL, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		char sql[64];

		snprintf(
			sql, sizeof(sql), "SELECT project_id FROM %s LIMIT 1", tables[i]);
		assert_int_equal(db_run(db, sql, NULL, 0, NULL, &e), 0);
	}
	db_close(db);
}

static void events_say_where_they_belong_and_keys_become_documents(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	cJSON *s = J("{'schema_version':2,'policy':{'overall':'pass'},'plan':{}}");
	cJSON *events = J("[{'type':'policy_update','payload':{'overall':'pass'}}]");
	cJSON *rows = NULL;
	const cJSON *payload;
	struct buf text = BUF_INIT(1 << 16);

	assert_int_equal(commit(f, NODE_POLICY_EVAL, "b", s, events, NULL, &e), 0);
	assert_int_equal(store_events(f->s, f->project, f->set, 0, &rows, &e), 0);
	payload = json_get(json_first(rows), "payload");
	assert_string_equal(json_str_or(payload, "project_id", ""), f->project);
	assert_string_equal(json_str_or(payload, "decision_set_id", ""), f->set);
	assert_string_equal(json_str_or(payload, "node_name", ""), "policy_eval");
	assert_string_equal(json_str_or(payload, "run_id", ""), "r");
	assert_true(json_has(payload, "ts"));
	assert_int_equal(
		store_print_document(f->s, f->project, f->set, "policy", &text, &e), 1);
	assert_string_equal(text.ptr, "{\"overall\":\"pass\"}");
	/* The plan is not this node's to write. */
	assert_int_equal(
		store_print_document(f->s, f->project, f->set, "plan", &text, &e), 0);
	buf_release(&text);
	json_free(rows);
	json_free(events);
	json_free(s);
}

static void what_is_given_up_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	cJSON *s = J("{'schema_version':2}"), *rows = NULL;

	assert_int_equal(store_begin(f->s, &e), 0);
	assert_int_equal(commit(f, NODE_PLANNER, "a", s, NULL, NULL, &e), 0);
	assert_int_equal(store_end(f->s, 0, &e), 0);
	assert_int_equal(store_runs(f->s, f->set, "planner", "a", &rows, &e), 0);
	assert_int_equal(json_len(rows), 0);
	json_free(rows);
	f->lock = 0;
	assert_int_equal(commit(f, NODE_PLANNER, "a", s, NULL, NULL, &e), 0);
	json_free(s);
}

static void event_types_are_a_table(void **unused)
{
	(void)unused;
	assert_string_equal(event_by_type("gate_waiting")->sse, "gate-waiting");
	assert_string_equal(event_by_type("plan_proposed")->sse, "reason-card");
	assert_null(event_by_type("no_such"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_step_is_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			who_is_late_gets_a_conflict_and_changes_nothing, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			an_unfinished_version_is_superseded, set_up, tear_down),
		cmocka_unit_test(what_is_no_database_is_refused),
		cmocka_unit_test_setup_teardown(
			events_say_where_they_belong_and_keys_become_documents, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_given_up_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			every_table_of_the_specification_is_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_gate_that_nobody_answers_in_time_is_stale, set_up, tear_down),
		cmocka_unit_test(event_types_are_a_table),
	};

	const struct CMUnitTest file_tests[] = {
		cmocka_unit_test_setup_teardown(
			a_newer_database_is_refused_and_an_empty_one_filled, set_up,
			tear_down),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (getenv("MLOPS_TEST_DB") == NULL)
		failed += cmocka_run_group_tests(file_tests, NULL, NULL);
	return failed;
}
