/* mlops-llm: options, stdin, stdout, exit status. */
#include <stdatomic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "keep.h"
#include "key.h"
#include "llm.h"

#define REQUEST_MAX ((size_t)64 << 20)

static const struct llm_options defaults = {
	.retries = -1, .max_tokens = -1, .max_usd = -1
};

static const struct opt opts[] = {
	OPT_STR(0, "model", "NAME", struct llm_options, model,
		"ask this model (default: by role, share/models/routes.json)"),
	OPT_STR(0, "base-url", "URL", struct llm_options, base_url,
		"the provider's address"),
	OPT_STR(0, "key-file", "FILE", struct llm_options, key_file,
		"the provider's key, in a file that only you can read"),
	OPT_STR(0, "config", "FILE", struct llm_options, config,
		"settings that go over share/models/routes.json"),
	OPT_STR(0, "project", "NAME", struct llm_options, project,
		"use this project's part of the settings"),
	OPT_STR(0, "record", "DIR", struct llm_options, record,
		"keep each answer as a cassette"),
	OPT_STR(0, "cassettes", "DIR", struct llm_options, cassettes,
		"where --provider replay finds its answers"),
	OPT_STR(0, "state-dir", "DIR", struct llm_options, state_dir,
		"breakers and slots that processes share"),
	OPT_STR(0, "quarantine", "DIR|URL", struct llm_options, quarantine,
		"where answers go that keep failing their schema"),
	OPT_STR(0, "debug-dir", "DIR", struct llm_options, debug_dir,
		"write raw prompts and answers there (they hold the brief's words)"),
	OPT_NUM(0, "timeout", "S", struct llm_options, timeout,
		"seconds for the whole request (600)"),
	OPT_NUM(0, "connect-timeout", "S", struct llm_options, connect_timeout,
		"seconds for a connection (5)"),
	OPT_NUM(0, "idle-timeout", "S", struct llm_options, idle_timeout,
		"seconds without a byte (120)"),
	OPT_NUM(0, "retries", "N", struct llm_options, retries,
		"further tries at one model (2)"),
	OPT_NUM(0, "concurrency", "N", struct llm_options, concurrency,
		"calls at a time to one provider, over all processes (8)"),
	OPT_NUM(0, "max-tokens", "N", struct llm_options, max_tokens,
		"refuse a call that may need more tokens"),
	OPT_NUM(0, "max-usd", "USD", struct llm_options, max_usd,
		"refuse a call that may cost more"),
	OPT_FLAG(0, "stream", struct llm_options, stream,
		"print the answer's text as it comes, one JSON line a piece"),
	OPT_FLAG(0, "estimate", struct llm_options, estimate,
		"print tokens and cost of the request at most; call nobody"),
	OPT_FLAG(0, "packs", struct llm_options, packs,
		"print the prompt packs by their hash"),
	OPT_END,
};

static const struct program program = {
	.name = "mlops-llm",
	.summary = "ask a model: one request document in, one schema-checked answer out",
	.examples =
		"  mlops-llm --provider anthropic < request.json > answer.json\n"
		"  mlops-llm --provider anthropic,openai --max-usd 0.05 < request.json\n"
		"  mlops-llm --provider openai-compatible --base-url "
		"http://127.0.0.1:8080/v1 \\\n"
		"    --model qwen3 < request.json\n"
		"  mlops-llm --provider anthropic --record tapes < request.json\n"
		"  mlops-llm --provider replay --cassettes tapes < request.json\n"
		"  mlops-llm --provider anthropic --estimate < request.json\n",
	.opts = opts,
	.args_size = sizeof(struct llm_options),
	.defaults = &defaults,
};

static atomic_int stop_wanted; /* set by a signal; the only writer is the handler */

static void on_signal(int signal)
{
	(void)signal;
	stop_wanted = 1;
}

static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
}

/* ---- printing ---- */

static int print_line(const cJSON *doc, enum json_layout layout, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	json_print(doc, layout, &b);
	buf_add_char(&b, '\n');
	ret = buf_ok(&b, e) < 0 ? -1
				: file_write_fd(STDOUT_FILENO, "stdout", b.ptr, b.len, e);
	buf_release(&b);
	return ret;
}

static enum json_layout layout_of(const struct common_args *c)
{
	return c->pretty || (!c->compact && isatty(STDOUT_FILENO)) ? JSON_PRETTY
								   : JSON_COMPACT;
}

/* {"delta": "..."} as it comes; {"restart": true} when what came is void. */
static void on_delta(void *arg, const char *text, size_t len)
{
	struct err ignored;
	cJSON *o = json_new_object(&ignored);

	(void)arg;
	(void)len;
	if (o != NULL &&
		(text == NULL ? json_set_bool(o, "restart", 1, &ignored)
			      : json_set_str(o, "delta", text, &ignored)) == 0)
		(void)print_line(o, JSON_COMPACT, &ignored);
	json_free(o);
}

static int print_schemas(
	const struct node_env *env, enum json_layout layout, struct err *e)
{
	static const char *const names[] = { "request", "answer" };
	cJSON *doc = json_new_object(e);
	int ret = doc == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(names); i++) {
		struct buf path = BUF_INIT(8192);

		buf_addf(&path, "%s/schemas/llm-%s.schema.json", env->share, names[i]);
		ret = json_set(doc, names[i], json_parse_file(path.ptr, 1 << 20, e), e);
		buf_release(&path);
	}
	if (ret == 0)
		ret = print_line(doc, layout, e);
	json_free(doc);
	return ret;
}

/* ---- the end ---- */

static int is_answer(enum llm_fault f)
{
	return llm_faults[f].err == ERR_NONE;
}

/* 0; 12: the model's answer was refused; 10: it would pass the budget. */
static int answer_status(enum llm_fault f)
{
	return f == LLM_OK ? 0 : f == LLM_BUDGET ? 10 : 12;
}

/* The error object of spec 22.4 with what the calls have cost. */
static int report_failure(const struct common_args *common, const struct llm_outcome *out,
	cJSON *answer, struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	struct err ignored;
	cJSON *doc = json_new_object(&ignored), *o;
	struct log l;

	err_fill(e, llm_faults[out->fault].err, "%s", out->why);
	o = doc == NULL ? NULL : json_add_object(doc, "error", &ignored);
	if (common->errors != NULL && strcmp(common->errors, "json") == 0 && o != NULL &&
		json_set_str(o, "code", err_public_code(e->code), &ignored) == 0 &&
		json_set_str(o, "message", e->msg, &ignored) == 0 &&
		(out->retry_after_ms >= 0
				? json_set_num(o, "retry_after_s",
					  (double)out->retry_after_ms / 1000, &ignored)
				: json_set_null(o, "retry_after_s", &ignored)) == 0 &&
		json_set_str(o, "run_id", getenv("MLOPS_RUN_ID"), &ignored) == 0 &&
		json_set_null(o, "node_name", &ignored) == 0 &&
		json_set_view(o, "answer", answer, &ignored) == 0) {
		json_print(doc, JSON_COMPACT, &b);
		buf_add_char(&b, '\n');
		(void)file_write_fd(STDERR_FILENO, "stderr", b.ptr, b.len, &ignored);
	} else {
		log_init(&l, program.name, -1);
		log_error(&l, "%s", e->msg);
	}
	json_free(doc);
	buf_release(&b);
	return err_exit_status(e->code);
}

static int finish(struct llm_session *s, const struct common_args *common,
	const struct llm_outcome *out, cJSON *answer, struct err *e)
{
	if (!is_answer(out->fault))
		return report_failure(common, out, answer, e);
	if (out->fault != LLM_OK)
		log_warn(&s->env.log, "no answer: %s", out->why);
	if (print_line(answer, s->o->stream ? JSON_COMPACT : layout_of(common), e) < 0)
		return -1;
	if (close(STDOUT_FILENO) < 0)
		return err_set(e, ERR_IO, "cannot write stdout");
	return answer_status(out->fault);
}

/* ---- the modes ---- */

static int call(struct llm_session *s, const struct llm_request *q,
	const struct common_args *common, struct err *e)
{
	struct llm_outcome out = { .retry_after_ms = -1 };
	int replays = strcmp(s->env.provider, "replay") == 0, ret;
	cJSON *answer = NULL;

	if (replays) {
		ret = ask_replay(s, q, &answer, &out, e);
	} else {
		answer = json_new_object(e);
		ret = answer == NULL ? -1 : ask(s, q, answer, &out, e);
		if (ret == 0 && s->record != NULL && out.fault != LLM_STOPPED)
			ret = cassette_write(s, q, answer, e);
	}
	if (ret == 0)
		ret = finish(s, common, &out, answer, e);
	json_free(answer);
	return ret;
}

static int estimate(struct llm_session *s, const struct llm_request *q,
	const struct common_args *common, struct err *e)
{
	cJSON *out = json_new_object(e);
	int ret = out == NULL ? -1 : ask_estimate(s, q, out, e);

	if (ret == 0)
		ret = print_line(out, layout_of(common), e);
	json_free(out);
	return ret;
}

static int print_packs(
	struct llm_session *s, const struct common_args *common, struct err *e)
{
	cJSON *index = pack_index(&s->env, e);
	int ret = index == NULL ? -1 : print_line(index, layout_of(common), e);

	json_free(index);
	return ret;
}

static int work(struct llm_session *s, const struct common_args *common, struct err *e)
{
	struct buf text = BUF_INIT(REQUEST_MAX);
	struct llm_request q = { 0 };
	int ret = -1;

	if (s->o->packs)
		return print_packs(s, common, e);
	if (strcmp(s->env.provider, "none") == 0)
		return err_set(e, ERR_USAGE,
			"name a provider with --provider (none asks nobody)");
	if (file_read_fd(STDIN_FILENO, "stdin", &text, e) == 0 &&
		request_read(s, &text, &q, e) == 0)
		ret = s->o->estimate ? estimate(s, &q, common, e)
				     : call(s, &q, common, e);
	request_release(&q);
	buf_release(&text);
	return ret;
}

static int run(int argc, char **argv, struct common_args *common, struct err *e)
{
	struct llm_options o = defaults;
	struct llm_session s = { .o = &o, .stop = &stop_wanted };
	const char *provider = getenv("MLOPS_LLM_PROVIDER");
	int status;

	key_shield();
	if (settle_descriptors(e) < 0)
		return -1;
	status = options_parse(&program, argc, argv, &o, common, e);
	if (status != 0)
		return status < 0 ? -1 : 0;
	if (common->provider == NULL && provider != NULL && *provider != '\0')
		common->provider = provider;
	catch_signals();
	if (o.stream)
		s.delta = on_delta;
	status = session_open(&s, common, e);
	if (status == 0)
		status = common->schema ? print_schemas(&s.env, layout_of(common), e)
					: work(&s, common, e);
	session_close(&s);
	return status;
}

int llm_main(int argc, char **argv)
{
	struct common_args common = { 0 };
	struct err e = { 0 };
	int status = run(argc, argv, &common, &e);

	return status < 0
		? report_error(program.name, &common, getenv("MLOPS_RUN_ID"), NULL, &e)
		: status;
}
