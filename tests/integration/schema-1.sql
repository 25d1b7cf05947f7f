-- Schema version 1 as it was first released, with one finished version in it.
CREATE TABLE projects ( id TEXT PRIMARY KEY, name TEXT NOT NULL, root TEXT NOT NULL UNIQUE, owner_id TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE decision_sets ( id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), parent_id TEXT REFERENCES decision_sets(id), version INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('running', 'waiting', 'rejected', 'failed',  'infeasible', 'blocked', 'complete', 'superseded')), run_id TEXT, input_sha256 TEXT, options_jsonb TEXT, constraints_jsonb TEXT, plan_jsonb TEXT, summary_md TEXT, checkpoint_id INTEGER REFERENCES checkpoints(id), content_digest TEXT, git_commit TEXT, stream_abandoned INTEGER NOT NULL DEFAULT 0, lock_version INTEGER NOT NULL DEFAULT 0, state_version INTEGER NOT NULL, tool_version TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX decision_sets_project ON decision_sets(project_id, created_at);
CREATE UNIQUE INDEX decision_sets_version ON decision_sets(project_id, version) WHERE status <> 'superseded';
CREATE TABLE checkpoints ( id INTEGER PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT NOT NULL REFERENCES decision_sets(id), node_name TEXT NOT NULL, state_jsonb TEXT NOT NULL, files_jsonb TEXT, created_at TEXT NOT NULL);
CREATE INDEX checkpoints_set ON checkpoints(decision_set_id, id);
CREATE TABLE agent_runs ( id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT NOT NULL REFERENCES decision_sets(id), run_id TEXT, node_name TEXT NOT NULL, node_version TEXT, agent TEXT NOT NULL, provider TEXT, model TEXT, prompt_pack_hash TEXT, base_key TEXT, idem_key TEXT, read_jsonb TEXT, input_jsonb TEXT, output_jsonb TEXT, files_jsonb TEXT, tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, tokens_total INTEGER NOT NULL DEFAULT 0, latency_ms REAL NOT NULL, answer INTEGER, ok INTEGER NOT NULL, error TEXT, created_at TEXT NOT NULL);
CREATE INDEX agent_runs_base ON agent_runs(decision_set_id, node_name, base_key);
CREATE INDEX agent_runs_idem ON agent_runs(idem_key);
CREATE TABLE artifacts ( id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT NOT NULL REFERENCES decision_sets(id), path TEXT NOT NULL, sha256 TEXT NOT NULL, kind TEXT NOT NULL, size_bytes INTEGER NOT NULL, mode TEXT, origin TEXT, created_at TEXT NOT NULL, UNIQUE (decision_set_id, path));
CREATE TABLE approvals ( id TEXT PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT NOT NULL REFERENCES decision_sets(id), gate TEXT NOT NULL, actor TEXT, status TEXT NOT NULL, comment TEXT, comments_jsonb TEXT, expires_at TEXT, created_at TEXT NOT NULL);
CREATE INDEX approvals_set ON approvals(decision_set_id, seq);
CREATE TABLE cost_estimates ( id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT NOT NULL REFERENCES decision_sets(id), monthly_usd NUMERIC, breakdown_jsonb TEXT NOT NULL, method TEXT NOT NULL, delta_vs_prev_usd NUMERIC, delta_vs_prev_pct NUMERIC, created_at TEXT NOT NULL);
CREATE INDEX cost_estimates_set ON cost_estimates(decision_set_id, created_at);
CREATE TABLE events ( id INTEGER PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects(id), decision_set_id TEXT REFERENCES decision_sets(id), run_id TEXT, node_name TEXT, type TEXT NOT NULL, payload_jsonb TEXT NOT NULL, prompt_pack_hash TEXT, state_version INTEGER NOT NULL, tool_version TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX events_set ON events(decision_set_id, id);
CREATE INDEX events_project ON events(project_id, id);
CREATE TABLE jobs ( id TEXT PRIMARY KEY, project_id TEXT REFERENCES projects(id), type TEXT NOT NULL, payload_jsonb TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0, retries INTEGER NOT NULL DEFAULT 0, next_run_at TEXT NOT NULL, worker_id TEXT, lease_expires_at TEXT, fence INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX jobs_queue ON jobs(status, next_run_at, priority);
INSERT INTO projects VALUES ('p1', 'old', '/old', NULL, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
INSERT INTO decision_sets (id, project_id, version, status, state_version, tool_version, created_at, updated_at)
 VALUES ('d1', 'p1', 1, 'complete', 2, '0.1.0', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
INSERT INTO checkpoints VALUES (1, 'p1', 'd1', 'diff_and_persist', '{"schema_version":2,"constraints":{"cloud":"aws"}}', NULL, '2026-01-01T00:00:00Z');
UPDATE decision_sets SET checkpoint_id = 1;
PRAGMA user_version = 1;
