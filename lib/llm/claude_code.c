/*
 * Claude Code, headless: one process in a scratch directory that holds the request's
 * files and nothing else. The prompt goes in on stdin, the schema by --json-schema; the
 * tools allowed are reading, and editing of the files marked writable. What comes back
 * is looked at, not believed: an API failure says "success" and exits 0.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider.h"
#include "session.h"

#define ARGS_MAX  64
#define FILE_MAX_ ((size_t)1 << 20)

struct agent {
	struct llm_session *s;
	const struct llm_target *t;
	const struct llm_call *c;
	struct buf dir, schema, prompt, allowed;
	struct buf env[8];
	const char *environment[9];
};

/* ---- the scratch directory ---- */

static int make_scratch(struct agent *a, struct err *e)
{
	const char *tmp = getenv("TMPDIR");

	buf_addf(&a->dir, "%s/mlops-llm-XXXXXX",
		tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (buf_ok(&a->dir, e) < 0)
		return -1;
	if (mkdtemp(a->dir.ptr) == NULL) {
		err_fill(e, ERR_CANT_CREATE, "cannot make a scratch directory: %s",
			strerror(errno));
		buf_reset(&a->dir);
		return -1;
	}
	return 0;
}

static int write_files(struct agent *a, struct err *e)
{
	JSON_EACH (f, a->c->files) {
		const char *path, *text;

		if (json_str(f, "path", &path, e) < 0 ||
			json_str(f, "text", &text, e) < 0 ||
			file_check_relative(path, e) < 0 ||
			file_write_below(a->dir.ptr, path, text, strlen(text), 0600, e) <
				0)
			return -1;
	}
	return 0;
}

static const cJSON *allowed_file(const cJSON *files, const char *path)
{
	JSON_EACH (f, files)
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			return f;
	return NULL;
}

/* The contents of a file as text that an answer can hold: no NUL, valid UTF-8. 1 with
 * *why when it has none, is too large or cannot be read. */
static int read_text(struct agent *a, const char *path, struct buf *text, struct err *why)
{
	struct buf full = BUF_INIT(8192), json = BUF_INIT(8 * FILE_MAX_);
	cJSON *again = NULL;
	int bad;

	buf_addf(&full, "%s/%s", a->dir.ptr, path);
	if (buf_ok(&full, why) == 0 && file_read(full.ptr, text, why) == 0) {
		json_print_string(text->ptr, &json);
		again = json_parse(json.ptr, json.len, JSON_STRICT, why);
		if (again == NULL || strlen(text->ptr) != text->len) {
			err_fill(why, ERR_INPUT, "it is no UTF-8 text");
			json_free(again);
			again = NULL;
		}
	}
	bad = again == NULL;
	json_free(again);
	buf_release(&full);
	buf_release(&json);
	return bad;
}

/* Takes what lies in the scratch directory now. A file that was not given, that may not
 * be changed and was, or that is no text makes the whole answer worthless. 0, 1 with the
 * fault, or -1 with *e. */
static int take_file(
	struct agent *a, const char *path, cJSON *out, struct llm_reply *r, struct err *e)
{
	const cJSON *f = allowed_file(a->c->files, path);
	struct buf text = BUF_INIT(FILE_MAX_);
	struct err why = { 0 };
	cJSON *o;
	int ret = 1;

	if (f == NULL) {
		llm_reply_fault(r, a->t, LLM_SCHEMA,
			"the agent made '%s', which is not on its list", path);
	} else if (read_text(a, path, &text, &why)) {
		llm_reply_fault(
			r, a->t, LLM_SCHEMA, "the agent left '%s': %s", path, why.msg);
	} else if (strcmp(text.ptr, json_str_or(f, "text", "")) == 0) {
		ret = 0;
	} else if (!json_bool_or(f, "writable", 0)) {
		llm_reply_fault(r, a->t, LLM_SCHEMA,
			"the agent changed '%s', which it may only read", path);
	} else {
		o = json_push_object(out, e);
		ret = o == NULL || json_set_str(o, "path", path, e) < 0
			? -1
			: json_set_str(o, "text", text.ptr, e);
	}
	buf_release(&text);
	return ret;
}

static int take_files(struct agent *a, struct llm_reply *r, struct err *e)
{
	char **paths = NULL;
	struct err odd = { 0 };
	size_t n = 0;
	int ret = 0;

	r->files = json_new_array(e);
	if (r->files == NULL)
		return -1;
	if (file_walk(a->dir.ptr, &paths, &n, &odd) < 0) {
		llm_reply_fault(r, a->t, LLM_SCHEMA, "the agent left %s", odd.msg);
		return 0;
	}
	for (size_t i = 0; ret == 0 && i < n; i++)
		if (strncmp(paths[i], ".claude/", 8) != 0) /* its own notes */
			ret = take_file(a, paths[i], r->files, r, e);
	file_list_free(paths, n);
	return ret < 0 ? -1 : 0;
}

/* ---- the process ---- */

/* Only what the program needs of our environment, and the one key. */
static void fill_env(struct agent *a)
{
	static const char *const names[] = { "PATH", "HOME", "LANG", "TMPDIR",
		"ANTHROPIC_BASE_URL" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *v = getenv(names[i]);

		if (v == NULL)
			continue;
		buf_addf(&a->env[n], "%s=%s", names[i], v);
		n++;
	}
	if (a->t->key != NULL)
		buf_addf(&a->env[n++], "ANTHROPIC_API_KEY=%s", a->t->key);
	buf_add_str(&a->env[n++], "DISABLE_TELEMETRY=1");
	for (size_t i = 0; i < n; i++)
		a->environment[i] = a->env[i].ptr;
	a->environment[n] = NULL;
}

static void fill_texts(struct agent *a)
{
	json_print(a->c->schema, JSON_COMPACT, &a->schema);
	buf_addf(&a->prompt, "%s\n\n%s", a->c->system, a->c->user);
	if (a->c->said != NULL)
		buf_addf(&a->prompt, "\n\nYou answered:\n%s\n\n%s", a->c->said,
			a->c->complaint);
	buf_add_str(&a->allowed, "Read");
	JSON_EACH (f, a->c->files)
		if (json_bool_or(f, "writable", 0))
			buf_addf(&a->allowed, ",Edit(./%s)", json_str_or(f, "path", ""));
}

static int run(struct agent *a, struct buf *out, struct proc_result *p, struct err *e)
{
	const char *command = json_str_or(a->t->entry, "command", "claude");
	const char *argv[] = { command, "-p", "--output-format", "json", "--model",
		a->t->model, "--max-turns", json_len(a->c->files) > 0 ? "24" : "2",
		"--permission-mode", "dontAsk", "--allowedTools", a->allowed.ptr,
		"--disallowedTools", "Bash,WebFetch,WebSearch,Task", "--json-schema",
		a->schema.ptr, NULL };
	struct buf noise = BUF_INIT(1 << 16);
	struct proc_spec spec = { .argv = argv,
		.env = a->environment,
		.only_env = 1,
		.dir = a->dir.ptr,
		.in = a->prompt.ptr,
		.in_len = a->prompt.len,
		.out = out,
		.err = &noise,
		.timeout_ns = session_left_ms(a->s, a->s->total_ms) * 1000000 + 1,
		.end_on_overflow = 1,
		.stop = a->s->stop };
	int ret = proc_run(&spec, p, e);

	buf_release(&noise);
	return ret;
}

/* ---- the result ---- */

static void read_usage(const cJSON *doc, struct llm_usage *out)
{
	const cJSON *u = json_get(doc, "usage");

	out->input = (int64_t)json_num_or(u, "input_tokens", 0);
	out->cache_write = (int64_t)json_num_or(u, "cache_creation_input_tokens", 0);
	out->cache_read = (int64_t)json_num_or(u, "cache_read_input_tokens", 0);
	out->output = (int64_t)json_num_or(u, "output_tokens", 0);
}

static enum llm_fault fault_of(int status, const char *subtype)
{
	if (status == 401 || status == 403)
		return LLM_DENIED;
	if (status == 402)
		return LLM_NO_CREDIT;
	if (status == 404)
		return LLM_NO_MODEL;
	if (status == 429)
		return LLM_BUSY;
	if (status == 529)
		return LLM_OVERLOADED;
	if (status == 400 || status == 413)
		return LLM_BAD_REQUEST;
	if (status == 0 && strncmp(subtype, "error_max", 9) == 0)
		return LLM_CUT;
	return LLM_DOWN;
}

static void read_result(struct agent *a, const struct buf *out,
	const struct proc_result *p, struct llm_reply *r)
{
	struct err bad = { 0 };
	cJSON *doc = json_parse(out->ptr, out->len, JSON_PLAIN, &bad);
	const cJSON *answer = json_get(doc, "structured_output");
	const char *model = json_key(json_first(json_get(doc, "modelUsage")));

	if (!json_is(doc, JSON_OBJECT) ||
		strcmp(json_str_or(doc, "type", ""), "result") != 0) {
		llm_reply_fault(r, a->t, LLM_GARBLED,
			"claude ended with status %d and no result object", p->status);
		json_free(doc);
		return;
	}
	read_usage(doc, &r->usage);
	snprintf(r->model, sizeof(r->model), "%s", model != NULL ? model : a->t->model);
	snprintf(r->request_id, sizeof(r->request_id), "%s",
		json_str_or(doc, "session_id", ""));
	r->status = (int)json_num_or(doc, "api_error_status", 0);
	if (json_bool_or(doc, "is_error", 0) || r->status >= 400)
		llm_reply_fault(r, a->t,
			fault_of(r->status, json_str_or(doc, "subtype", "")),
			"claude failed%s: %.180s", r->status ? " at its provider" : "",
			json_str_or(doc, "result", json_str_or(doc, "subtype", "")));
	else if (json_is(answer, JSON_OBJECT))
		json_print(answer, JSON_COMPACT, &r->text);
	else
		buf_add_str(&r->text, json_str_or(doc, "result", ""));
	if (a->s->delta != NULL && r->fault == LLM_OK)
		a->s->delta(a->s->delta_arg, r->text.ptr, r->text.len);
	json_free(doc);
}

static void judge(struct agent *a, const struct buf *out, const struct proc_result *p,
	struct llm_reply *r)
{
	if (p->stopped)
		llm_reply_fault(r, a->t, LLM_STOPPED, "claude was interrupted");
	else if (p->timed_out)
		llm_reply_fault(r, a->t, LLM_TIMEOUT, "claude took too long");
	else if (p->overflowed)
		llm_reply_fault(r, a->t, LLM_TOO_LONG, "claude printed too much");
	else if (p->signal != 0)
		llm_reply_fault(
			r, a->t, LLM_DOWN, "claude was ended by signal %d", p->signal);
	else
		read_result(a, out, p, r);
}

static int ask(struct agent *a, struct llm_reply *r, struct err *e)
{
	struct buf out = BUF_INIT(a->s->answer_max);
	struct proc_result p;
	struct err gone = { 0 };
	int ret = -1;

	if (run(a, &out, &p, &gone) < 0) {
		llm_reply_fault(r, a->t,
			gone.code == ERR_NO_INPUT ? LLM_NO_MODEL : LLM_DOWN, "%s",
			gone.msg);
		ret = 0;
		goto out;
	}
	judge(a, &out, &p, r);
	ret = r->fault == LLM_OK && json_len(a->c->files) > 0 ? take_files(a, r, e) : 0;
out:
	buf_release(&out);
	return ret;
}

static int call(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r, struct err *e)
{
	struct agent a = { .s = s, .t = t, .c = c };
	struct err ignored;
	int ret = -1;

	buf_init(&a.dir, 4096);
	buf_init(&a.schema, 120000); /* one argument: the kernel takes 128 KiB */
	buf_init(&a.prompt, 64 << 20);
	buf_init(&a.allowed, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(a.env); i++)
		buf_init(&a.env[i], 1 << 16);
	fill_env(&a);
	fill_texts(&a);
	if (buf_ok(&a.schema, e) == 0 && buf_ok(&a.prompt, e) == 0 &&
		buf_ok(&a.allowed, e) == 0 && make_scratch(&a, e) == 0 &&
		write_files(&a, e) == 0)
		ret = ask(&a, r, e);
	if (a.dir.len > 0)
		(void)file_remove_tree(a.dir.ptr, &ignored);
	for (size_t i = 0; i < ARRAY_LEN(a.env); i++) {
		if (a.env[i].cap > 0)
			explicit_bzero(a.env[i].ptr, a.env[i].len);
		buf_release(&a.env[i]);
	}
	buf_release(&a.dir);
	buf_release(&a.schema);
	buf_release(&a.prompt);
	buf_release(&a.allowed);
	return ret;
}

const struct llm_provider provider_claude_code = { "claude-code", call, NULL };
