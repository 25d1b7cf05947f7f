/* What a node did, kept; what was kept, used again. */
#include "run.h"

#include <string.h>

#include "blob/blob.h"

/* ---- the output of a node, apart from the state ---- */

/* {keys, cards, meta}: what turns the state before into the state after. */
static cJSON *output_of(const struct node_row *node, const cJSON *before,
	const cJSON *after, struct err *e)
{
	cJSON *out = json_new_object(e), *keys, *cards;
	size_t old = json_len(json_get(before, "reason_cards")), i = 0;
	char pointer[64];

	keys = out == NULL ? NULL : json_add_object(out, "keys", e);
	cards = keys == NULL ? NULL : json_add_array(out, "cards", e);
	if (cards == NULL)
		goto fail;
	JSON_EACH (m, after) {
		const char *key = json_key(m);

		if (strcmp(key, "reason_cards") == 0 || strcmp(key, "run_meta") == 0 ||
			strcmp(key, "schema_version") == 0 ||
			json_equal(m, json_get(before, key)))
			continue;
		if (json_set_view(keys, key, m, e) < 0)
			goto fail;
	}
	JSON_EACH (c, json_get(after, "reason_cards"))
		if (i++ >= old && json_push_copy(cards, c, e) < 0)
			goto fail;
	snprintf(pointer, sizeof(pointer), "/run_meta/nodes/%s", node->name);
	if (json_at(after, pointer) != NULL &&
		json_set_view(out, "meta", json_at(after, pointer), e) < 0)
		goto fail;
	return out;
fail:
	json_free(out);
	return NULL;
}

static int apply_cards(cJSON *state, const cJSON *cards, struct err *e)
{
	cJSON *all;

	if (!json_has(state, "reason_cards") &&
		json_add_array(state, "reason_cards", e) == NULL)
		return -1;
	all = json_own(state, "reason_cards", e);
	JSON_EACH (c, cards)
		if (all == NULL || json_push_copy(all, c, e) < 0)
			return -1;
	return all == NULL ? -1 : 0;
}

/* The reverse of output_of. */
static int apply_output(
	struct run *r, const struct node_row *node, const cJSON *out, struct err *e)
{
	cJSON *meta = json_own(r->state, "run_meta", e), *nodes;

	if (meta == NULL || json_set_str(meta, "run_id", r->run_id, e) < 0 ||
		json_set_str(meta, "tool_version", MLOPS_VERSION, e) < 0)
		return -1;
	nodes = json_own(meta, "nodes", e);
	if (nodes == NULL)
		return -1;
	JSON_EACH (k, json_get(out, "keys"))
		if (json_set_copy(r->state, json_key(k), k, e) < 0)
			return -1;
	if (apply_cards(r->state, json_get(out, "cards"), e) < 0)
		return -1;
	if (!json_has(out, "meta"))
		return 0;
	return json_set_copy(nodes, node->name, json_get(out, "meta"), e);
}

/* ---- reuse ---- */

static int approval_has_expired(struct run *r, const cJSON *out)
{
	const char *until = json_text(json_at(out, "/keys/hitl/expires_at"));
	int64_t ns;

	if (r->frozen || until == NULL || clock_parse(until, &ns) < 0 ||
		ns >= r->env.now_ns)
		return 0;
	snprintf(r->expired, sizeof(r->expired), "%s", until);
	return 1;
}

/* The files count only if their contents can be had. */
static int files_are_there(struct run *r, const cJSON *files)
{
	const char *zip = json_text(json_get(files, "zip"));

	return tree_complete(json_get(files, "tree"), r->blobs) &&
		(zip == NULL || blob_has(r->blobs, zip));
}

/* A gate that waits is asked again; whether it waited in time is for the newest row to
 * say. */
static int is_answer(struct run *r, enum node_id node, const cJSON *row, int newest)
{
	int ok = json_num_or(row, "ok", 1) != 0;

	if (!ok && newest && node == NODE_GATE_HITL)
		(void)approval_has_expired(r, json_get(row, "output"));
	return ok;
}

static int holds(struct run *r, enum node_id node, const cJSON *row, const cJSON *input,
	struct err *e)
{
	const cJSON *read = json_get(row, "read"), *files = json_get(row, "files");
	char full[DIGEST_HEX_MAX];
	struct buf why = BUF_INIT(1024);
	int ret;

	if (node == NODE_GATE_HITL && approval_has_expired(r, json_get(row, "output")))
		return 0;
	if (node >= NODE_CODEGEN && !files_are_there(r, files))
		return 0;
	ret = key_holds(&r->keys, &node_rows[node], read, &why, e);
	if (ret == 0 && r->o->verbose)
		view_say(&r->view, "node %s: %s", node_rows[node].name, why.ptr);
	buf_release(&why);
	if (ret <= 0)
		return ret;
	if (key_full(r->set_id, &node_rows[node], input, read, full, e) < 0)
		return -1;
	return strcmp(full, json_str_or(row, "idem_key", "")) == 0;
}

int run_reuse(struct run *r, enum node_id node, const char *base, const cJSON *input,
	int *answer, struct err *e)
{
	cJSON *rows = NULL;
	int ret = 0;

	if (store_runs(r->store, r->set_id, node_rows[node].name, base, &rows, e) < 0)
		return -1;
	JSON_EACH (row, rows) {
		if (!is_answer(r, node, row, row == json_first(rows)))
			continue;
		ret = holds(r, node, row, input, e);
		if (ret < 0)
			break;
		if (ret == 0)
			continue;
		*answer = (int)json_num_or(row, "answer", 0);
		if (apply_output(r, &node_rows[node], json_get(row, "output"), e) < 0)
			ret = -1;
		if (ret == 1 && node >= NODE_CODEGEN) {
			json_free(r->files);
			r->files = json_copy(json_get(row, "files"), e);
			r->work_ready = 0;
			ret = r->files == NULL ? -1 : 1;
		}
		break;
	}
	json_free(rows);
	return ret;
}

/* ---- recording ---- */

static int add_event(cJSON *events, const char *type, const cJSON *payload, struct err *e)
{
	cJSON *ev = json_push_object(events, e);

	if (ev == NULL || json_set_str(ev, "type", type, e) < 0)
		return -1;
	return payload == NULL ? json_add_object(ev, "payload", e) == NULL ? -1 : 0
			       : json_set_copy(ev, "payload", payload, e);
}

/* {decision_set_id, ...} with what the type needs beside it. */
static int add_own_event(struct run *r, cJSON *events, const char *type,
	const char *member, const char *value, struct err *e)
{
	cJSON *p = json_new_object(e);
	char ts[CLOCK_TEXT_MAX];
	int ret = -1;

	clock_format(clock_now_ns(), ts);
	if (p != NULL && json_set_str(p, "decision_set_id", r->set_id, e) == 0 &&
		(member == NULL || json_set_str(p, member, value, e) == 0) &&
		json_set_int(p, "version", r->version, e) == 0 &&
		json_set_str(p, "ts", ts, e) == 0)
		ret = add_event(events, type, p, e);
	json_free(p);
	return ret;
}

static int node_events(struct run *r, enum node_id node, const struct spawned *s,
	cJSON *events, struct err *e)
{
	const char *status = json_str_or(json_get(s->state, "hitl"), "status", "");

	switch (node) {
	case NODE_PLANNER:
		return s->answer != 14 ? 0
				       : add_own_event(r, events, "run_infeasible",
						 "status", "infeasible", e);
	case NODE_CRITIC_COST:
		return add_event(events, "cost_update", json_get(s->state, "cost"), e);
	case NODE_POLICY_EVAL:
		if (add_event(events, "policy_update", json_get(s->state, "policy"), e) <
			0)
			return -1;
		return s->answer != 11 && s->answer != 13
			? 0
			: add_own_event(r, events, "run_blocked", "status", "blocked", e);
	case NODE_GATE_HITL:
		if (*r->expired != '\0' &&
			add_own_event(r, events, "stale", "expired_at", r->expired, e) <
				0)
			return -1;
		if (strcmp(status, "approved") == 0 || strcmp(status, "rejected") == 0)
			return add_event(events, status, json_get(s->state, "hitl"), e);
		return add_own_event(r, events, "gate_waiting", "gate", "pre-codegen", e);
	case NODE_DIFF_AND_PERSIST:
		if (add_event(events, "diff_update", json_get(s->state, "diff_summary"),
			    e) < 0 ||
			add_own_event(r, events, "decision_set_summary", "content_digest",
				json_text(json_at(s->state, "/artifacts/content_digest")),
				e) < 0)
			return -1;
		return add_own_event(r, events, "run_complete", "status", "complete", e);
	default:
		return 0;
	}
}

static cJSON *events_of(struct run *r, enum node_id node, const struct spawned *s,
	const cJSON *cards, struct err *e)
{
	cJSON *events = json_new_array(e);
	int ret = events == NULL ? -1 : 0;

	JSON_EACH (c, cards)
		if (ret == 0)
			ret = add_event(events, node_rows[node].event, c, e);
	if (ret == 0 && node_events(r, node, s, events, e) == 0)
		return events;
	json_free(events);
	return NULL;
}

/* The zip's digest, contents kept; "" without one. */
static int take_zip(struct run *r, char hex[DIGEST_HEX_MAX], struct err *e)
{
	struct buf zip = BUF_INIT(BUF_NO_LIMIT);
	int ret = file_read(r->zip, &zip, e);

	if (ret == 0)
		ret = blob_put(r->blobs, zip.ptr, zip.len, hex, e);
	if (ret == 0 && r->o->job != NULL && r->o->job->keep != NULL)
		ret = r->o->job->keep(r->o->job->keep_arg, hex, zip.ptr, zip.len, e);
	buf_release(&zip);
	return ret;
}

static int take_files(struct run *r, enum node_id node, const cJSON *state, struct err *e)
{
	cJSON *files, *tree;
	char zip[DIGEST_HEX_MAX];

	if (node < NODE_CODEGEN)
		return 0;
	files = json_new_object(e);
	tree = files == NULL
		? NULL
		: tree_take(r->repo, json_get(state, "artifacts"), r->blobs, e);
	if (tree == NULL || json_set(files, "tree", tree, e) < 0 ||
		(r->edits != NULL && json_set_copy(files, "edits", r->edits, e) < 0) ||
		(node == NODE_DIFF_AND_PERSIST && take_zip(r, zip, e) < 0) ||
		json_set_str(files, "zip", node == NODE_DIFF_AND_PERSIST ? zip : NULL,
			e) < 0) {
		json_free(files);
		return -1;
	}
	json_free(r->files);
	r->files = files;
	return 0;
}

static const char *status_after(
	const struct run *r, enum node_id node, const struct spawned *s)
{
	const char *hitl = json_str_or(json_get(s->state, "hitl"), "status", "");

	if (node == NODE_PLANNER && s->answer == 14)
		return "infeasible";
	if (node == NODE_POLICY_EVAL && (s->answer == 11 || s->answer == 13))
		return "blocked";
	if (node == NODE_GATE_HITL && s->answer == 10)
		return strcmp(hitl, "rejected") == 0 ? "rejected"
			: *r->expired != '\0'        ? "stale"
						     : "waiting";
	return node == NODE_DIFF_AND_PERSIST ? "complete" : "running";
}

static int read_summary(struct run *r, enum node_id node, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = 0;

	buf_addf(&path, "%s/reports/diff.md", r->repo);
	if (node == NODE_DIFF_AND_PERSIST && file_is_regular(path.ptr))
		ret = file_read(path.ptr, out, e);
	buf_release(&path);
	return ret;
}

static double tokens(const cJSON *meta, const char *member)
{
	return json_num_or(json_get(meta, "tokens"), member, 0);
}

int run_record(struct run *r, enum node_id node, const char *base, const cJSON *input,
	struct spawned *s, struct err *e)
{
	const struct node_row *row = &node_rows[node];
	cJSON *output = output_of(row, r->state, s->state, e), *read = NULL,
	      *events = NULL;
	const cJSON *meta = json_get(output, "meta");
	struct buf summary = BUF_INIT(BUF_NO_LIMIT);
	char full[DIGEST_HEX_MAX];
	struct store_run run = { .base_key = base,
		.idem_key = full,
		.latency_ms = s->ms,
		.answer = s->answer,
		.ok = s->answer != 10,
		.input = input };
	struct store_step step = { .project_id = r->project_id,
		.set_id = r->set_id,
		.run_id = r->run_id,
		.fence = r->o->job != NULL ? &r->o->job->fence : NULL,
		.lock_version = &r->lock_version,
		.node = row,
		.run = &run,
		.state = s->state };
	int ret = -1;

	if (output == NULL || (read = key_read(&r->keys, row, meta, e)) == NULL ||
		key_full(r->set_id, row, input, read, full, e) < 0 ||
		take_files(r, node, s->state, e) < 0 ||
		(events = events_of(r, node, s, json_get(output, "cards"), e)) == NULL ||
		read_summary(r, node, &summary, e) < 0)
		goto out;
	run.node_version = json_text(json_get(meta, "version"));
	run.provider = json_text(json_get(meta, "provider"));
	run.prompt_pack = json_text(json_get(meta, "prompt_pack"));
	run.model = json_text(json_at(meta, "/model/model"));
	run.cost_micro_usd =
		(int64_t)(json_num_or(json_get(meta, "model"), "cost_usd", 0) * 1e6 +
			0.5);
	run.tokens_in = (int64_t)tokens(meta, "in");
	run.tokens_out = (int64_t)tokens(meta, "out");
	run.read = read;
	run.output = output;
	step.files = r->files;
	step.events = events;
	step.status = status_after(r, node, s);
	step.ends_job = run_ends_job(r, step.status);
	step.summary_md = node == NODE_DIFF_AND_PERSIST ? summary.ptr : NULL;
	ret = store_commit(r->store, &step, e);
	if (ret == 0 && r->o->stepped != NULL)
		r->o->stepped(r->o->stepped_arg,
			&(struct graph_step){ .node = row->name,
				.run_id = r->run_id,
				.set_id = r->set_id,
				.provider = run.provider,
				.model = run.model,
				.tokens = run.tokens_in + run.tokens_out,
				.latency_ms = s->ms,
				.answer = s->answer });
	if (ret == 0) {
		json_free(r->state);
		r->state = s->state;
		s->state = NULL;
	}
out:
	json_free(output);
	json_free(read);
	json_free(events);
	buf_release(&summary);
	return ret;
}

void run_record_failure(
	struct run *r, enum node_id node, const char *base, const struct err *why)
{
	struct err ignored;
	cJSON *events = json_new_array(&ignored);
	struct store_run run = {
		.base_key = base, .answer = err_exit_status(why->code), .error = why->msg
	};
	struct store_step step = { .project_id = r->project_id,
		.set_id = r->set_id,
		.run_id = r->run_id,
		.fence = r->o->job != NULL ? &r->o->job->fence : NULL,
		.lock_version = &r->lock_version,
		.node = &node_rows[node],
		.run = &run,
		.status = "failed",
		.events = events };

	if (events != NULL &&
		add_own_event(r, events, "run_error", "message", why->msg, &ignored) == 0)
		(void)store_commit(r->store, &step, &ignored);
	json_free(events);
}

/* ---- without a node ---- */

static int commit_events(struct run *r, const char *status, cJSON *events, struct err *e)
{
	struct store_step step = { .project_id = r->project_id,
		.set_id = r->set_id,
		.run_id = r->run_id,
		.fence = r->o->job != NULL ? &r->o->job->fence : NULL,
		.lock_version = &r->lock_version,
		.status = status,
		.events = events };

	step.ends_job = status != NULL && run_ends_job(r, status);
	return store_commit(r->store, &step, e);
}

int run_record_pause(struct run *r, const char *gate, const char *why, struct err *e)
{
	cJSON *events = json_new_array(e), *payload;
	int ret = events == NULL
		? -1
		: add_own_event(r, events, "gate_waiting", "gate", gate, e);

	payload = ret < 0 ? NULL : json_edit(events, "/0/payload");
	if (payload != NULL && json_set_str(payload, "why", why, e) == 0)
		ret = commit_events(r, "waiting", events, e);
	json_free(events);
	return payload == NULL ? -1 : ret;
}

int run_record_warning(struct run *r, const char *type, double share, struct err *e)
{
	cJSON *events = json_new_array(e), *payload;
	int ret = events == NULL ? -1 : add_own_event(r, events, type, NULL, NULL, e);

	payload = ret < 0 ? NULL : json_edit(events, "/0/payload");
	if (payload != NULL && json_set_num(payload, "share", share, e) == 0)
		ret = commit_events(r, NULL, events, e);
	json_free(events);
	return payload == NULL ? -1 : ret;
}
