#include "model.h"

#include "filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)64 << 20)
#define TIMEOUT_NS INT64_C(900000000000) /* mlops-llm ends itself much earlier */

int model_wanted(const struct node_env *env)
{
	return strcmp(env->provider, "none") != 0;
}

/* ---- cards ---- */

static int card(struct node_env *env, const char *purpose, const char *choice,
	const char *why, struct err *e)
{
	cJSON *c = card_add(env->cards, purpose, e);
	const char *model = json_str_or(env->model, "model", "model");

	return c == NULL ||
			card_candidate(c, "deterministic", "the result without a model",
				NULL, e) < 0 ||
			card_candidate(c, "model", model, NULL, e) < 0 ||
			card_choice(c, choice, e, "%s", why) < 0
		? -1
		: 0;
}

static int card_of(struct node_env *env, const char *purpose, const char *choice,
	const char *before, const char *fmt, va_list ap, struct err *e)
{
	struct buf why = BUF_INIT(8192);
	int ret;

	buf_add_str(&why, before);
	buf_vaddf(&why, fmt, ap);
	ret = buf_ok(&why, e) < 0 ? -1 : card(env, purpose, choice, why.ptr, e);
	buf_release(&why);
	return ret;
}

int model_refuse(
	struct node_env *env, const char *purpose, struct err *e, const char *why, ...)
{
	va_list ap;
	int ret;

	va_start(ap, why);
	ret = card_of(env, purpose, "deterministic",
		"refused of the model's answer, so the result without it stands: ", why,
		ap, e);
	va_end(ap);
	return ret;
}

int model_accept(
	struct node_env *env, const char *purpose, struct err *e, const char *what, ...)
{
	va_list ap;
	int ret;

	va_start(ap, what);
	ret = card_of(
		env, purpose, "model", "taken from the model's answer: ", what, ap, e);
	va_end(ap);
	return ret;
}

/* ---- what is left of the budget ---- */

/* The driver tells what is left when the node starts; the node's own calls go off it. */
static int set_left(cJSON *limits, const char *member, const char *variable, double used,
	struct err *e)
{
	const char *text = getenv(variable);
	char *end;
	double left;

	if (text == NULL || *text == '\0')
		return 0;
	left = strtod(text, &end);
	if (end == text || *end != '\0')
		return err_set(e, ERR_CONFIG, "%s is not a number: '%s'", variable, text);
	return json_set_num(limits, member, left > used ? left - used : 0, e);
}

static int set_limits(const struct node_env *env, cJSON *request, struct err *e)
{
	cJSON *limits = json_add_object(request, "limits", e);

	return limits == NULL ||
			set_left(limits, "budget_tokens", "MLOPS_LLM_LEFT_TOKENS",
				json_num_or(env->model, "tokens_in", 0) +
					json_num_or(env->model, "tokens_out", 0),
				e) < 0
		? -1
		: set_left(limits, "budget_usd", "MLOPS_LLM_LEFT_USD",
			  json_num_or(env->model, "cost_usd", 0), e);
}

/* ---- what was used ---- */

/* The pack is read here, too: its hash stands in cards of a call that failed, and its
 * digest among the files that the node's result depends on. */
static int note_pack(struct node_env *env, const char *purpose, struct err *e)
{
	char path[128];
	cJSON *pack, *routes;
	int ret = -1;

	snprintf(path, sizeof(path), "packs/%.60s.json", purpose);
	pack = env_read_json(env, path, e);
	routes = pack == NULL ? NULL : env_read_json(env, "models/routes.json", e);
	if (env->model == NULL)
		env->model = json_new_object(e);
	if (routes != NULL && env->model != NULL &&
		json_digest(pack, env->prompt_pack, e) == 0 &&
		json_set_str(env->model, "pack", json_str_or(pack, "id", purpose), e) ==
			0)
		ret = json_set_num(
			env->model, "pack_version", json_num_or(pack, "version", 0), e);
	json_free(pack);
	json_free(routes);
	return ret;
}

static int add(cJSON *to, const char *member, double value, struct err *e)
{
	return json_set_num(to, member, json_num_or(to, member, 0) + value, e);
}

/* Money adds up in whole micro-USD. */
static int add_usd(cJSON *to, const cJSON *answer, struct err *e)
{
	double usd = json_num_or(answer, "cost_usd", 0) + json_num_or(to, "cost_usd", 0);

	return json_set_usd(to, "cost_usd", llround(usd * 1e6), e);
}

static int note_use(struct node_env *env, const cJSON *answer, struct err *e)
{
	const cJSON *u = json_get(answer, "usage");
	cJSON *m = env->model;

	if (add(m, "calls", 1, e) < 0 ||
		add(m, "attempts", (double)json_len(json_get(answer, "attempts")), e) <
			0 ||
		add(m, "tokens_in",
			json_num_or(u, "total_tokens", 0) -
				json_num_or(u, "output_tokens", 0),
			e) < 0 ||
		add(m, "tokens_out", json_num_or(u, "output_tokens", 0), e) < 0 ||
		add_usd(m, answer, e) < 0 ||
		add(m, "latency_ms",
			clock_is_fixed() ? 0 : json_num_or(answer, "latency_ms", 0),
			e) < 0)
		return -1;
	if (json_text(json_get(answer, "model")) == NULL)
		return 0;
	return json_set_copy(m, "model", json_get(answer, "model"), e) < 0
		? -1
		: json_set_copy(m, "provider", json_get(answer, "provider"), e);
}

int model_note(const struct node_env *env, cJSON *meta, struct err *e)
{
	cJSON *tokens;

	if (env->model == NULL)
		return 0;
	tokens = json_add_object(meta, "tokens", e);
	return tokens == NULL ||
			json_set_str(meta, "prompt_pack", env->prompt_pack, e) < 0 ||
			json_set_num(tokens, "in",
				json_num_or(env->model, "tokens_in", 0), e) < 0 ||
			json_set_num(tokens, "out",
				json_num_or(env->model, "tokens_out", 0), e) < 0
		? -1
		: json_set_copy(meta, "model", env->model, e);
}

/* ---- the process ---- */

/* The error object on the last line of stderr; NULL when there is none. */
static cJSON *read_error(const struct buf *noise)
{
	const char *end = noise->ptr + noise->len, *line;
	struct err ignored;
	cJSON *doc;

	while (end > noise->ptr && end[-1] == '\n')
		end--;
	for (line = end; line > noise->ptr && line[-1] != '\n';)
		line--;
	doc = json_parse(line, (size_t)(end - line), JSON_STRICT, &ignored);
	if (json_is(json_get(doc, "error"), JSON_OBJECT))
		return doc;
	json_free(doc);
	return NULL;
}

static int tell_failure(struct node_env *env, const char *purpose,
	const struct proc_result *p, const struct buf *noise, struct err *e)
{
	cJSON *doc = read_error(noise);
	const cJSON *error = json_get(doc, "error"), *answer = json_get(error, "answer");
	int ret = json_is(answer, JSON_OBJECT) ? note_use(env, answer, e) : 0;

	if (ret == 0)
		ret = model_refuse(env, purpose, e, "%s (mlops-llm ended with status %d)",
			json_str_or(error, "message", "it gave no reason"), p->status);
	json_free(doc);
	return ret;
}

static int take_answer(struct node_env *env, const char *purpose, const struct buf *text,
	cJSON **output, struct err *e)
{
	struct err bad = { 0 };
	cJSON *answer = json_parse(text->ptr, text->len, JSON_STRICT, &bad);
	const cJSON *refused = json_get(answer, "refused");
	int ret = -1;

	if (!json_is(answer, JSON_OBJECT)) {
		ret = model_refuse(
			env, purpose, e, "mlops-llm printed no answer: %s", bad.msg);
	} else if (note_use(env, answer, e) == 0) {
		if (json_is(refused, JSON_OBJECT)) {
			ret = model_refuse(env, purpose, e, "%s: %s",
				json_str_or(refused, "code", ""),
				json_str_or(refused, "why", ""));
		} else {
			*output = json_detach(answer, "output");
			ret = *output != NULL;
		}
	}
	json_free(answer);
	return ret;
}

static int spawn(struct node_env *env, const char *purpose, const struct buf *request,
	cJSON **output, struct err *e)
{
	struct buf exe = BUF_INIT(8192), text = BUF_INIT(ANSWER_MAX),
		   noise = BUF_INIT(1 << 20);
	const char *argv[] = { NULL, "--compact", "--errors", "json", "-q", "--share",
		env->share, "--provider", env->provider, NULL };
	struct proc_spec spec = { .argv = argv,
		.in = request->ptr,
		.in_len = request->len,
		.out = &text,
		.err = &noise,
		.timeout_ns = TIMEOUT_NS };
	struct proc_result p = { 0 };
	struct err gone = { 0 };
	int ret = env_sibling("mlops-llm", &exe, e);

	argv[0] = exe.ptr;
	if (ret < 0)
		goto out;
	if (proc_run(&spec, &p, &gone) < 0)
		ret = model_refuse(env, purpose, e, "%s", gone.msg);
	else if (p.signal == 0 && !p.overflowed &&
		(p.status == 0 || p.status == 10 || p.status == 12))
		ret = take_answer(env, purpose, &text, output, e);
	else
		ret = tell_failure(env, purpose, &p, &noise, e);
out:
	buf_release(&exe);
	buf_release(&text);
	buf_release(&noise);
	return ret;
}

int model_ask(struct node_env *env, const char *purpose, const cJSON *inputs,
	const cJSON *files, cJSON **output, struct err *e)
{
	struct buf text = BUF_INIT(ANSWER_MAX);
	cJSON *request;
	int ret = -1;

	*output = NULL;
	if (!model_wanted(env))
		return 0;
	request = json_new_object(e);
	if (request == NULL || note_pack(env, purpose, e) < 0 ||
		json_set_str(request, "purpose", purpose, e) < 0 ||
		json_setf(request, "prompt_pack", e, "sha256:%s", env->prompt_pack) < 0 ||
		json_set_view(request, "inputs", inputs, e) < 0 ||
		(files != NULL && json_set_view(request, "files", files, e) < 0) ||
		set_limits(env, request, e) < 0)
		goto out;
	json_print(request, JSON_COMPACT, &text);
	if (buf_ok(&text, e) == 0)
		ret = spawn(env, purpose, &text, output, e);
out:
	json_free(request);
	buf_release(&text);
	return ret;
}
