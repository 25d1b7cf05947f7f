/* One node as a process: its arguments, its stdin, what it answered. */
#include "run.h"

#include "budget.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct passed_row passed_rows[] = {
#define PASS(kind, field, name, value, nodes, quiet, help) \
	{ PASSED_##kind, name, "--" name, value, nodes, quiet, help },
#include "passed.def"
#undef PASS
	{ PASSED_FLAG, NULL, NULL, NULL, NULL, 0, NULL },
};

struct args {
	const char *at[ARGS_MAX + 1];
	size_t n;
};

static void add(struct args *a, const char *s)
{
	if (a->n < ARGS_MAX)
		a->at[a->n++] = s;
	a->at[a->n] = NULL;
}

static void add2(struct args *a, const char *name, const char *value)
{
	add(a, name);
	add(a, value);
}

/* 1 if the node is one of the words. */
static int meant_for(const struct passed_row *p, const char *node)
{
	size_t n = strlen(node);

	for (const char *w = p->nodes; *w != '\0'; w += strspn(w, " ")) {
		size_t len = strcspn(w, " ");

		if (len == n && memcmp(w, node, n) == 0)
			return 1;
		w += len;
	}
	return 0;
}

static int note_path(cJSON *into, const char *name, const char *path, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	if (key_path_digest(path, hex, e) < 0) {
		err_where(e, "--%s", name);
		return -1;
	}
	return json_setf(into, name, e, "sha256:%s", hex);
}

static int note_paths(cJSON *into, const char *name, const cJSON *paths, struct err *e)
{
	cJSON *list = json_add_array(into, name, e);

	JSON_EACH (p, paths) {
		char hex[DIGEST_HEX_MAX];

		if (list == NULL || key_path_digest(json_text(p), hex, e) < 0 ||
			json_push_strf(list, e, "sha256:%s", hex) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

/* What decides which answers a model gives, beside its provider's name. */
static int note_model(struct run *r, cJSON *options, struct err *e)
{
	const char *config = getenv("MLOPS_LLM_CONFIG");

	if (config != NULL && *config != '\0' &&
		note_path(options, "llm-config", config, e) < 0)
		return -1;
	if (strcmp(r->env.provider, "replay") != 0 || r->o->cassettes == NULL)
		return 0;
	return note_path(options, "cassettes", r->o->cassettes, e);
}

cJSON *run_node_options(struct run *r, enum node_id node, struct err *e)
{
	cJSON *o = json_new_object(e);
	int ret = o == NULL ? -1 : 0;

	for (const struct passed_row *p = passed_rows; ret == 0 && p->name != NULL; p++) {
		const cJSON *v = json_get(r->passed, p->name);

		if (v == NULL || p->quiet || !meant_for(p, node_rows[node].name))
			continue;
		if (p->kind == PASSED_FILE)
			ret = note_path(o, p->name, json_text(v), e);
		else if (p->kind == PASSED_PATHS)
			ret = note_paths(o, p->name, v, e);
		else
			ret = json_set_copy(o, p->name, v, e);
	}
	if (ret == 0 && node == NODE_INTAKE_EXTRACT)
		ret = json_set_str(o, "stdin", r->input_sha256, e);
	if (ret == 0 && node == NODE_INTAKE_EXTRACT && r->answers_path != NULL)
		ret = note_path(o, "replies", r->answers_path, e);
	if (ret == 0 && r->previous_path != NULL &&
		(node == NODE_CRITIC_COST || node == NODE_DIFF_AND_PERSIST))
		ret = json_set_str(o, "previous", r->previous_sha256, e);
	if (ret == 0 && strcmp(r->env.provider, "none") != 0)
		ret = note_model(r, o, e);
	if (ret == 0 && node == NODE_CODEGEN && r->edits != NULL)
		ret = json_set_copy(o, "edits", r->edits, e);
	if (ret == 0)
		return o;
	json_free(o);
	return NULL;
}

static void add_passed(struct run *r, enum node_id node, struct args *a)
{
	for (const struct passed_row *p = passed_rows; p->name != NULL; p++) {
		const cJSON *v = json_get(r->passed, p->name);

		if (v == NULL || !meant_for(p, node_rows[node].name))
			continue;
		if (strcmp(p->name, "answers") == 0 && r->answers_path != NULL)
			continue; /* they are in that file, too */
		if (p->kind == PASSED_FLAG)
			add(a, p->flag);
		else if (p->kind == PASSED_LIST || p->kind == PASSED_PATHS)
			JSON_EACH (item, v)
				add2(a, p->flag, json_text(item));
		else
			add2(a, p->flag, json_text(v));
	}
}

static const char *actor(const struct run *r)
{
	const struct passwd *pw;

	if (r->o->actor != NULL)
		return r->o->actor;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_name : "unknown";
}

static void add_gate(struct run *r, struct args *a)
{
	if (r->decision == DECIDE_NOTHING)
		return;
	add(a, r->decision == DECIDE_APPROVE ? "--approve" : "--reject");
	add2(a, "--actor", actor(r));
	if (r->comment != NULL)
		add2(a, "--comment", r->comment);
}

/* A dry run looks at the files where they stand; a run makes them elsewhere. */
static void add_codegen(struct run *r, struct args *a)
{
	add2(a, "-o", r->o->dry_run ? r->published : r->repo);
	if (r->o->dry_run)
		add(a, "--dry-run");
	else if (r->edits != NULL)
		add2(a, "--edits", r->published);
	if (r->o->dry_run || r->edits != NULL)
		add2(a, "--base", r->blobs);
}

/* Arguments that only this node takes. */
static void add_own(struct run *r, enum node_id node, struct args *a)
{
	switch (node) {
	case NODE_INTAKE_EXTRACT:
		add2(a, "--only", "extract");
		if (r->answers_path != NULL)
			add2(a, "--answers", r->answers_path);
		break;
	case NODE_COVERAGE_CHECK:
		add(a, "--state");
		add2(a, "--only", "coverage");
		break;
	case NODE_ADAPTIVE_QUESTIONS:
		add(a, "--state");
		add2(a, "--only", "questions");
		break;
	case NODE_CRITIC_TECH:
		add(a, "tech");
		break;
	case NODE_CRITIC_COST:
		add(a, "cost");
		if (r->previous_path != NULL)
			add2(a, "--previous", r->previous_path);
		break;
	case NODE_GATE_HITL:
		add_gate(r, a);
		break;
	case NODE_CODEGEN:
		add_codegen(r, a);
		break;
	case NODE_VALIDATORS:
	case NODE_RATIONALE_COMPILE:
		add2(a, "-C", r->repo);
		break;
	case NODE_DIFF_AND_PERSIST:
		add2(a, "-C", r->repo);
		add2(a, "--zip", r->zip);
		add2(a, "--git", r->git);
		if (r->previous_path != NULL)
			add2(a, "--previous", r->previous_path);
		break;
	default:
		break;
	}
}

/* ---- what came back ---- */

static enum err_code code_of(int status)
{
	for (enum err_code c = ERR_NONE + 1; c <= ERR_CONFIG; c++)
		if (err_exit_status(c) == status)
			return c;
	return ERR_INTERNAL;
}

/* The error object on the last line of stderr, if there is one. */
static int read_error(const struct buf *noise, size_t *start, struct err *e)
{
	const char *end = noise->ptr + noise->len, *line;
	cJSON *o;
	const char *msg;
	struct err ignored;

	while (end > noise->ptr && end[-1] == '\n')
		end--;
	line = end;
	while (line > noise->ptr && line[-1] != '\n')
		line--;
	if (end - line < 9 || memcmp(line, "{\"error\"", 8) != 0)
		return 0;
	o = json_parse(line, (size_t)(end - line), JSON_STRICT, &ignored);
	msg = json_text(json_at(o, "/error/message"));
	if (msg != NULL) {
		err_fill(e, e->code, "%s", msg);
		*start = (size_t)(line - noise->ptr);
	}
	json_free(o);
	return msg != NULL;
}

static int failed(struct run *r, enum node_id node, const struct proc_result *p,
	struct buf *noise, struct err *e)
{
	const char *name = node_rows[node].name;
	size_t start = noise->len;

	e->code = p->signal != 0 ? ERR_INTERNAL : code_of(p->status);
	if (p->stopped)
		return err_set(e, ERR_LATER,
			"interrupted at node %s; go on with --resume", name);
	if (p->signal != 0)
		err_fill(e, ERR_INTERNAL, "%s was ended by signal %d",
			node_rows[node].exe, p->signal);
	else if (!read_error(noise, &start, e))
		err_fill(e, e->code, "%s ended with status %d", node_rows[node].exe,
			p->status);
	buf_cut(noise, start);
	view_text(&r->view, noise->ptr);
	err_where(e, "node %s", name);
	return -1;
}

/* A node may change what it declares, add cards, and nothing else. */
static int check_keys(
	enum node_id node, const cJSON *before, const cJSON *after, struct err *e)
{
	const struct node_row *row = &node_rows[node];

	JSON_EACH (m, after) {
		const char *key = json_key(m);

		if (strcmp(key, "reason_cards") == 0 || strcmp(key, "run_meta") == 0 ||
			strcmp(key, "schema_version") == 0 || node_writes(row, key))
			continue;
		if (!json_equal(m, json_get(before, key)) && node != NODE_INTAKE_EXTRACT)
			return err_set(e, ERR_INTERNAL,
				"node %s changed the key '%s', which it does not declare",
				row->name, key);
	}
	JSON_EACH (m, before)
		if (!json_has(after, json_key(m)))
			return err_set(e, ERR_INTERNAL, "node %s lost the key '%s'",
				row->name, json_key(m));
	return 0;
}

static int take_answer(struct run *r, enum node_id node, const struct proc_result *p,
	const struct buf *text, struct spawned *out, struct err *e)
{
	out->answer = p->status;
	out->ms = (double)p->wall_ns / 1e6;
	out->state = state_read(text->ptr, text->len, e);
	if (out->state == NULL) {
		err_where(e, "what %s printed", node_rows[node].exe);
		e->code = ERR_INTERNAL;
		return -1;
	}
	if (check_keys(node, r->state, out->state, e) < 0) {
		json_free(out->state);
		out->state = NULL;
		return -1;
	}
	return 0;
}

static int is_answer(const struct proc_result *p)
{
	return p->signal == 0 && !p->timed_out && !p->stopped && !p->overflowed &&
		(p->status == 0 || (p->status >= 10 && p->status <= 14));
}

/* ---- stdin ---- */

/* The brief as it was given goes in as text, like in a pipe; everything later, and a
 * brief with comments on it, as a state. */
static const char *input_text(
	struct run *r, enum node_id node, struct buf *text, size_t *len)
{
	if (node == NODE_INTAKE_EXTRACT && r->have_brief &&
		!json_has(r->state, "feedback")) {
		*len = r->brief.len;
		return r->brief.ptr;
	}
	json_print(r->state, JSON_COMPACT, text);
	*len = text->len;
	return text->ptr;
}

/* "NAME=value" strings for a node's environment. */
struct environment {
	char run_id[64];
	struct budget_left left;
	char trace[TRACE_MAX];
	struct buf texts[4];
	const char *at[9];
};

static void environment_release(struct environment *v)
{
	for (size_t i = 0; i < ARRAY_LEN(v->texts); i++)
		buf_release(&v->texts[i]);
}

static int environment_fill(struct run *r, struct environment *v, struct err *e)
{
	const struct {
		const char *name, *value;
	} rows[] = { { "MLOPS_LLM_RECORD", r->o->record },
		{ "MLOPS_LLM_CASSETTES", r->o->cassettes },
		{ "MLOPS_PROJECT", r->o->job != NULL ? r->project_id : r->o->project },
		{ "TRACEPARENT", trace_is_valid(r->o->traceparent) ? v->trace : NULL } };
	size_t n = 0;

	if (trace_next(r->o->traceparent, v->trace, e) < 0)
		return -1;

	snprintf(v->run_id, sizeof(v->run_id), "MLOPS_RUN_ID=%s", r->run_id);
	v->at[n++] = v->run_id;
	if (budget_left(r, &v->left, e) < 0)
		return -1;
	if (v->left.tokens[0] != '\0')
		v->at[n++] = v->left.tokens;
	if (v->left.usd[0] != '\0')
		v->at[n++] = v->left.usd;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&v->texts[i], 8192);
		if (rows[i].value == NULL)
			continue;
		buf_addf(&v->texts[i], "%s=%s", rows[i].name, rows[i].value);
		v->at[n++] = v->texts[i].ptr;
		if (buf_ok(&v->texts[i], e) < 0)
			return -1;
	}
	v->at[n] = NULL;
	return 0;
}

/* What every node gets; `exe` holds its path for as long as the arguments live. */
static void common_args(struct run *r, enum node_id node, struct buf *exe, struct args *a)
{
	buf_addf(exe, "%s/%s", r->exec_dir, node_rows[node].exe);
	add(a, exe->ptr);
	add(a, "--compact");
	add2(a, "--errors", "json");
	add2(a, "--share", r->env.share);
	if (r->env.patterns[0] != '\0')
		add2(a, "--patterns", r->env.patterns);
}

int run_guided(struct run *r, const char *replies, struct err *e)
{
	const enum node_id node = NODE_INTAKE_EXTRACT;
	const char *threshold = json_text(json_get(r->passed, "threshold"));
	struct buf exe = BUF_INIT(8192), in = BUF_INIT(BUF_NO_LIMIT);
	struct buf text = BUF_INIT(STATE_TEXT_MAX), noise = BUF_INIT(1 << 20);
	struct args a = { .n = 0 };
	struct proc_spec spec = { .argv = a.at,
		.out = &text,
		.err = &noise,
		.foreground = 1,
		.stop = r->o->stop };
	struct proc_result p;
	int ret = -1;

	common_args(r, node, &exe, &a);
	if (threshold != NULL)
		add2(&a, "--threshold", threshold);
	add2(&a, "--only", "extract");
	add2(&a, "--answers", replies);
	add(&a, "--guided");
	add(&a, "-q");
	json_print(r->state, JSON_COMPACT, &in);
	spec.in = in.ptr;
	spec.in_len = in.len;
	if (buf_ok(&exe, e) < 0 || buf_ok(&in, e) < 0 || proc_run(&spec, &p, e) < 0)
		goto out;
	if (p.signal != 0 || p.stopped)
		ret = err_set(e, ERR_LATER,
			"interrupted at the questions; go on with --resume");
	else
		ret = p.status == 0 ? 0 : failed(r, node, &p, &noise, e);
out:
	buf_release(&exe);
	buf_release(&in);
	buf_release(&text);
	buf_release(&noise);
	return ret;
}

int run_spawn(struct run *r, enum node_id node, struct spawned *out, struct err *e)
{
	struct buf exe = BUF_INIT(8192), in = BUF_INIT(BUF_NO_LIMIT);
	struct buf text = BUF_INIT(STATE_TEXT_MAX), noise = BUF_INIT(1 << 20);
	struct environment env = { .at = { NULL } };
	struct args a = { .n = 0 };
	struct proc_spec spec = { .argv = a.at,
		.env = env.at,
		.out = &text,
		.err = &noise,
		.stop = r->o->stop,
		.tick = view_tick,
		.tick_arg = &r->view };
	struct proc_result p;
	int ret = -1;

	if (environment_fill(r, &env, e) < 0)
		goto out;
	common_args(r, node, &exe, &a);
	if (strcmp(r->env.provider, "none") != 0)
		add2(&a, "--provider", r->env.provider);
	if (!r->o->dry_run || node != NODE_CODEGEN)
		add(&a, r->o->verbose ? "-v" : "-q");
	add_own(r, node, &a);
	add_passed(r, node, &a);
	spec.in = input_text(r, node, &in, &spec.in_len);
	if (a.n >= ARGS_MAX) {
		err_fill(e, ERR_USAGE, "too many options for node %s",
			node_rows[node].name);
		goto out;
	}
	if (buf_ok(&exe, e) < 0 || buf_ok(&in, e) < 0 || proc_run(&spec, &p, e) < 0)
		goto out;
	if (!is_answer(&p)) {
		ret = failed(r, node, &p, &noise, e);
		goto out;
	}
	view_text(&r->view, noise.ptr);
	ret = take_answer(r, node, &p, &text, out, e);
out:
	environment_release(&env);
	buf_release(&exe);
	buf_release(&in);
	buf_release(&text);
	buf_release(&noise);
	return ret;
}
