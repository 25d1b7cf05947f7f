/*
 * The tables (specification sections 7 and 23), as a list of steps that is only ever
 * added to. PRAGMA user_version, or the table schema_version, counts the steps that a
 * database has taken.
 *
 * Each row says which project it belongs to (23.1). decision_sets and events carry
 * the version of the state schema and of the tool that wrote them (23.3).
 * lock_version is the optimistic lock; `version` is the decision set's own number.
 */
#include "db.h"

static const char *const first[] = {
	"CREATE TABLE projects ("
	" id TEXT PRIMARY KEY,"
	" name TEXT NOT NULL,"
	" root TEXT NOT NULL UNIQUE," /* the output directory, or a name */
	" owner_id TEXT,"
	" created_at TEXT NOT NULL,"
	" updated_at TEXT NOT NULL);",

	"CREATE TABLE decision_sets ("
	" id TEXT PRIMARY KEY,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" parent_id TEXT REFERENCES decision_sets(id),"
	" version $INT NOT NULL,"
	" status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'rejected', "
	"'failed',"
	"  'infeasible', 'blocked', 'complete', 'superseded')),"
	" run_id TEXT,"
	" input_sha256 TEXT,"
	" options_jsonb TEXT,"
	" constraints_jsonb TEXT,"
	" plan_jsonb TEXT,"
	" summary_md TEXT,"
	" checkpoint_id $INT," /* the latest one */
	" content_digest TEXT,"
	" git_commit TEXT,"
	" stream_abandoned $INT NOT NULL DEFAULT 0,"
	" lock_version $INT NOT NULL DEFAULT 0,"
	" state_version $INT NOT NULL,"
	" tool_version TEXT NOT NULL,"
	" created_at TEXT NOT NULL,"
	" updated_at TEXT NOT NULL);",
	"CREATE INDEX decision_sets_project ON decision_sets(project_id, created_at);",
	"CREATE UNIQUE INDEX decision_sets_version ON decision_sets(project_id, version)"
	" WHERE status <> 'superseded';",

	"CREATE TABLE checkpoints ("
	" id $ID,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" node_name TEXT NOT NULL,"
	" state_jsonb TEXT NOT NULL,"
	" files_jsonb TEXT," /* the generated files at this point, by content */
	" created_at TEXT NOT NULL);",
	"CREATE INDEX checkpoints_set ON checkpoints(decision_set_id, id);",

	"CREATE TABLE agent_runs ("
	" id TEXT PRIMARY KEY,"
	" seq $SEQ," /* the order in which they were written */
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" run_id TEXT,"
	" node_name TEXT NOT NULL,"
	" node_version TEXT,"
	" agent TEXT NOT NULL,"
	" provider TEXT,"
	" model TEXT,"
	" prompt_pack_hash TEXT,"
	" base_key TEXT,"   /* what is known before the node runs */
	" idem_key TEXT,"   /* with what it read: section 21.3 */
	" read_jsonb TEXT," /* options, files and executable, by digest */
	" input_jsonb TEXT,"
	" output_jsonb TEXT,"
	" files_jsonb TEXT,"
	" tokens_in $INT NOT NULL DEFAULT 0,"
	" tokens_out $INT NOT NULL DEFAULT 0,"
	" tokens_total $INT NOT NULL DEFAULT 0,"
	" latency_ms $REAL NOT NULL,"
	" answer $INT,"
	" ok $INT NOT NULL,"
	" error TEXT,"
	" created_at TEXT NOT NULL);",
	"CREATE INDEX agent_runs_base ON agent_runs(decision_set_id, node_name, "
	"base_key);",
	"CREATE INDEX agent_runs_idem ON agent_runs(idem_key);",

	"CREATE TABLE artifacts ("
	" id TEXT PRIMARY KEY,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" path TEXT NOT NULL,"
	" sha256 TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" size_bytes $INT NOT NULL,"
	" mode TEXT,"
	" origin TEXT,"
	" created_at TEXT NOT NULL,"
	" UNIQUE (decision_set_id, path));",

	"CREATE TABLE approvals ("
	" id TEXT PRIMARY KEY,"
	" seq $SEQ,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" gate TEXT NOT NULL,"
	" actor TEXT,"
	" status TEXT NOT NULL,"
	" comment TEXT,"
	" comments_jsonb TEXT,"
	" expires_at TEXT,"
	" created_at TEXT NOT NULL);",
	"CREATE INDEX approvals_set ON approvals(decision_set_id, seq);",

	"CREATE TABLE cost_estimates ("
	" id TEXT PRIMARY KEY,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" monthly_usd NUMERIC,"
	" breakdown_jsonb TEXT NOT NULL,"
	" method TEXT NOT NULL,"
	" delta_vs_prev_usd NUMERIC,"
	" delta_vs_prev_pct NUMERIC,"
	" created_at TEXT NOT NULL);",
	"CREATE INDEX cost_estimates_set ON cost_estimates(decision_set_id, created_at);",

	"CREATE TABLE events ("
	" id $ID,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT REFERENCES decision_sets(id),"
	" run_id TEXT,"
	" node_name TEXT,"
	" type TEXT NOT NULL,"
	" payload_jsonb TEXT NOT NULL,"
	" prompt_pack_hash TEXT,"
	" state_version $INT NOT NULL,"
	" tool_version TEXT NOT NULL,"
	" created_at TEXT NOT NULL);",
	"CREATE INDEX events_set ON events(decision_set_id, id);",
	"CREATE INDEX events_project ON events(project_id, id);",

	"CREATE TABLE jobs ("
	" id TEXT PRIMARY KEY,"
	" project_id TEXT REFERENCES projects(id),"
	" type TEXT NOT NULL,"
	" payload_jsonb TEXT NOT NULL,"
	" status TEXT NOT NULL,"
	" priority $INT NOT NULL DEFAULT 0,"
	" retries $INT NOT NULL DEFAULT 0,"
	" next_run_at TEXT NOT NULL,"
	" worker_id TEXT,"
	" lease_expires_at TEXT,"
	" fence $INT NOT NULL DEFAULT 0," /* grows with each claim */
	" created_at TEXT NOT NULL,"
	" updated_at TEXT NOT NULL);",
	"CREATE INDEX jobs_queue ON jobs(status, next_run_at, priority);", NULL
};

/*
 * The service: what a decision set was asked (`input_jsonb`: brief, answers, where it
 * starts), the latest value of each key of its state, keys that make a request
 * idempotent, streams that are open, backfills, and the queue.
 *
 * SQLite cannot change a CHECK: the table is made anew.
 */
#define SET_STATUS                                                              \
	"('queued', 'running', 'waiting', 'rejected', 'failed', 'infeasible', " \
	"'blocked',"                                                            \
	" 'cancelled', 'complete', 'superseded', 'stale')"

static const char *const second[] = { "sqlite:CREATE TABLE decision_sets_2 ("
				      " id TEXT PRIMARY KEY,"
				      " project_id TEXT NOT NULL REFERENCES projects(id),"
				      " parent_id TEXT REFERENCES decision_sets(id),"
				      " version INTEGER NOT NULL,"
				      " status TEXT NOT NULL CHECK (status IN " SET_STATUS
				      "),"
				      " run_id TEXT,"
				      " input_sha256 TEXT,"
				      " options_jsonb TEXT,"
				      " constraints_jsonb TEXT,"
				      " plan_jsonb TEXT,"
				      " summary_md TEXT,"
				      " checkpoint_id INTEGER REFERENCES checkpoints(id),"
				      " content_digest TEXT,"
				      " git_commit TEXT,"
				      " stream_abandoned INTEGER NOT NULL DEFAULT 0,"
				      " lock_version INTEGER NOT NULL DEFAULT 0,"
				      " state_version INTEGER NOT NULL,"
				      " tool_version TEXT NOT NULL,"
				      " created_at TEXT NOT NULL,"
				      " updated_at TEXT NOT NULL,"
				      " input_jsonb TEXT);",
	"sqlite:INSERT INTO decision_sets_2 SELECT id, project_id, parent_id, version,"
	" status, run_id, input_sha256, options_jsonb, constraints_jsonb, plan_jsonb,"
	" summary_md, checkpoint_id, content_digest, git_commit, stream_abandoned,"
	" lock_version, state_version, tool_version, created_at, updated_at, NULL"
	" FROM decision_sets",
	"sqlite:DROP TABLE decision_sets",
	"sqlite:ALTER TABLE decision_sets_2 RENAME TO decision_sets",
	"sqlite:CREATE INDEX decision_sets_project ON decision_sets(project_id, "
	"created_at);",
	"sqlite:CREATE UNIQUE INDEX decision_sets_version ON decision_sets(project_id,"
	" version) WHERE status <> 'superseded';",
	"postgres:ALTER TABLE decision_sets DROP CONSTRAINT decision_sets_status_check,"
	" ADD CONSTRAINT decision_sets_status_check CHECK (status IN " SET_STATUS "),"
	" ADD COLUMN input_jsonb TEXT,"
	" ADD FOREIGN KEY (checkpoint_id) REFERENCES checkpoints(id)",

	"CREATE TABLE documents ("
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" name TEXT NOT NULL," /* a key of the state */
	" body_jsonb TEXT NOT NULL,"
	" PRIMARY KEY (decision_set_id, name));",

	"CREATE TABLE idempotency_keys ("
	" principal TEXT NOT NULL,"
	" route TEXT NOT NULL,"
	" key TEXT NOT NULL,"
	" body_sha256 TEXT NOT NULL,"
	" status $INT," /* of the answer; NULL while the request is at work */
	" answer TEXT,"
	" location TEXT,"
	" expires_at $INT NOT NULL," /* ms since 1970 */
	" PRIMARY KEY (principal, route, key));",
	"CREATE INDEX idempotency_keys_expiry ON idempotency_keys(expires_at);",

	"CREATE TABLE open_streams ("
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" decision_set_id TEXT NOT NULL REFERENCES decision_sets(id),"
	" process_id TEXT NOT NULL,"
	" streams $INT NOT NULL,"
	" expires_at $INT NOT NULL,"
	" PRIMARY KEY (decision_set_id, process_id));",

	"CREATE TABLE backfills ("
	" name TEXT PRIMARY KEY,"
	" position TEXT NOT NULL," /* the last key that is done */
	" rows_done $INT NOT NULL DEFAULT 0,"
	" finished $INT NOT NULL DEFAULT 0,"
	" updated_at TEXT NOT NULL);",

	"DROP TABLE jobs",
	"CREATE TABLE jobs ("
	" id $KEY," /* with `attempt` it fences: never used again */
	" project_id TEXT REFERENCES projects(id),"
	" decision_set_id TEXT,"
	" type TEXT NOT NULL,"
	" payload_jsonb TEXT NOT NULL,"
	" status TEXT NOT NULL CHECK (status IN ('queued', 'delayed', 'running', "
	"'dead')),"
	" priority $INT NOT NULL DEFAULT 0,"
	" turn $INT NOT NULL DEFAULT 0," /* fairness: see queue.h */
	" retries $INT NOT NULL DEFAULT 0,"
	" max_retries $INT NOT NULL,"
	" attempt $INT NOT NULL DEFAULT 0," /* grows with each claim: the fencing token */
	" next_run_at $INT NOT NULL,"       /* ms since 1970, by the database's clock */
	" worker_id TEXT,"
	" lease_expires_at $INT," /* the same */
	" last_error TEXT,"
	" created_at $INT NOT NULL,"
	" updated_at $INT NOT NULL);",
	"CREATE INDEX jobs_ready ON jobs(priority DESC, turn, id) WHERE status = "
	"'queued'",
	"CREATE INDEX jobs_turn ON jobs(project_id, turn) WHERE status = 'queued'",
	"CREATE INDEX jobs_delayed ON jobs(next_run_at) WHERE status = 'delayed'",
	"CREATE INDEX jobs_lease ON jobs(lease_expires_at) WHERE status = 'running'",
	"CREATE INDEX jobs_set ON jobs(decision_set_id)",
	"postgres:ALTER TABLE jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor ="
	" 0.01, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0)",
	NULL };

/* What models cost, and what a project may spend on them. */
static const char *const third[] = {
	"ALTER TABLE agent_runs ADD COLUMN cost_micro_usd $INT NOT NULL DEFAULT 0",
	"ALTER TABLE projects ADD COLUMN quota_tokens $INT",
	"ALTER TABLE projects ADD COLUMN quota_micro_usd $INT", NULL
};

/* Who wants to be told, and the outbox of what is to be delivered (hooks.h). */
static const char *const fourth[] = {
	"CREATE TABLE webhooks ("
	" id TEXT PRIMARY KEY,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" url TEXT NOT NULL,"
	" secret TEXT NOT NULL,"
	" next_secret TEXT," /* while keys rotate: both sign */
	" types_jsonb TEXT NOT NULL,"
	" enabled $INT NOT NULL,"
	" created_by TEXT,"
	" created_at TEXT NOT NULL);",
	"CREATE INDEX webhooks_project ON webhooks(project_id);",
	"CREATE TABLE deliveries ("
	" id $ID,"
	" project_id TEXT NOT NULL REFERENCES projects(id),"
	" webhook_id TEXT NOT NULL REFERENCES webhooks(id),"
	" decision_set_id TEXT,"
	" type TEXT NOT NULL,"
	" body_jsonb TEXT NOT NULL,"
	" message_id TEXT NOT NULL UNIQUE,"
	" status TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'given_up')),"
	" attempt $INT NOT NULL," /* also the fencing token */
	" next_at $INT NOT NULL," /* ms since 1970 */
	" answer TEXT,"           /* what the last attempt came to */
	" created_at TEXT NOT NULL);",
	"CREATE INDEX deliveries_due ON deliveries(next_at) WHERE status = 'waiting'",
	"CREATE INDEX deliveries_webhook ON deliveries(webhook_id, id)",
	"CREATE INDEX jobs_running ON jobs(project_id) WHERE status = 'running'", NULL
};

/* Who asked for what: each event with the request behind it, for audits. Large columns
 * compressed by LZ4 where the server was built with it: pglz took a third of its time. */
#define LZ4(table, column)                                              \
	"postgres:DO 'BEGIN ALTER TABLE " table " ALTER COLUMN " column \
	" SET COMPRESSION lz4; EXCEPTION WHEN feature_not_supported THEN NULL; END'"

static const char *const fifth[] = { "ALTER TABLE events ADD COLUMN user_id TEXT",
	"ALTER TABLE events ADD COLUMN request_id TEXT",
	"CREATE INDEX events_user ON events(user_id, id) WHERE user_id IS NOT NULL",
	"CREATE INDEX events_request ON events(request_id, id) WHERE request_id IS NOT "
	"NULL",
	"CREATE INDEX events_run ON events(run_id, id) WHERE run_id IS NOT NULL",
	LZ4("checkpoints", "state_jsonb"), LZ4("checkpoints", "files_jsonb"),
	LZ4("documents", "body_jsonb"), LZ4("events", "payload_jsonb"),
	LZ4("agent_runs", "input_jsonb"), LZ4("agent_runs", "output_jsonb"),
	LZ4("agent_runs", "read_jsonb"), LZ4("decision_sets", "plan_jsonb"), NULL };

const char *const *const db_migrations[DB_SCHEMA_VERSION] = { first, second, third,
	fourth, fifth };
