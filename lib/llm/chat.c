/*
 * OpenAI Chat Completions (POST /v1/chat/completions), as OpenAI, llama.cpp, vLLM and
 * Ollama speak it: strict JSON Schema by response_format.
 */
#include <string.h>

#include "wire.h"

static int add_format(cJSON *body, const struct llm_call *c, struct err *e)
{
	cJSON *format = json_add_object(body, "response_format", e), *s;

	if (format == NULL || json_set_str(format, "type", "json_schema", e) < 0)
		return -1;
	s = json_add_object(format, "json_schema", e);
	return s == NULL || json_set_str(s, "name", c->name, e) < 0 ||
			json_set_bool(s, "strict", 1, e) < 0
		? -1
		: json_set_copy(s, "schema", c->schema, e);
}

static int add_stream(cJSON *body, struct err *e)
{
	cJSON *o;

	if (json_set_bool(body, "stream", 1, e) < 0)
		return -1;
	o = json_add_object(body, "stream_options", e);
	return o == NULL ? -1 : json_set_bool(o, "include_usage", 1, e);
}

static cJSON *make_body(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct err *e)
{
	const char *most =
		json_str_or(t->entry, "max_tokens_name", "max_completion_tokens");
	cJSON *body = json_new_object(e), *list;

	list = body == NULL || json_set_str(body, "model", t->model, e) < 0
		? NULL
		: json_add_array(body, "messages", e);
	if (list == NULL || wire_turn(list, "system", c->system, e) < 0 ||
		wire_turns(list, c, e) < 0 ||
		json_set_int(body, most, c->max_output_tokens, e) < 0 ||
		(llm_takes(t, "json_schema") && add_format(body, c, e) < 0) ||
		(s->delta != NULL && add_stream(body, e) < 0) ||
		(llm_takes(t, "prompt_cache_key") &&
			json_set_str(body, "prompt_cache_key", c->cache_key, e) < 0) ||
		(llm_takes(t, "temperature") &&
			json_set_num(body, "temperature", 0, e) < 0) ||
		(llm_takes(t, "top_p") && json_set_num(body, "top_p", 1, e) < 0) ||
		(llm_takes(t, "seed") && json_set_num(body, "seed", 7, e) < 0) ||
		(c->effort != NULL && llm_takes(t, "effort") &&
			json_set_str(body, "reasoning_effort", c->effort, e) < 0)) {
		json_free(body);
		return NULL;
	}
	return body;
}

static void read_usage(const cJSON *u, struct llm_usage *out)
{
	const cJSON *in = json_get(u, "prompt_tokens_details");
	int64_t all = wire_count(u, "prompt_tokens");

	out->cache_read = wire_count(in, "cached_tokens");
	out->cache_write = wire_count(in, "cache_write_tokens");
	out->input = all - out->cache_read - out->cache_write;
	if (out->input < 0)
		out->input = 0;
	out->output = wire_count(u, "completion_tokens");
}

static void read_finish(
	const struct llm_target *t, const cJSON *choice, struct llm_reply *r)
{
	const char *why = json_str_or(choice, "finish_reason", "");

	if (strcmp(why, "length") == 0)
		llm_reply_fault(r, t, LLM_CUT, "the answer was cut: length");
	else if (strcmp(why, "content_filter") == 0)
		llm_reply_fault(r, t, LLM_REFUSAL, "the model refused: content filter");
}

static void read_whole(const struct llm_target *t, const struct llm_call *c,
	const cJSON *doc, struct llm_reply *r)
{
	const cJSON *choice = json_item(json_get(doc, "choices"), 0);
	const cJSON *message = json_get(choice, "message");

	(void)c;
	snprintf(r->model, sizeof(r->model), "%s", json_str_or(doc, "model", ""));
	read_usage(json_get(doc, "usage"), &r->usage);
	if (!json_is(message, JSON_OBJECT)) {
		llm_reply_fault(r, t, LLM_GARBLED, "the reply has no message");
		return;
	}
	buf_add_str(&r->text, json_str_or(message, "content", ""));
	if (json_str_or(message, "refusal", NULL) != NULL)
		llm_reply_fault(r, t, LLM_REFUSAL, "the model refused");
	else
		read_finish(t, choice, r);
}

static void event(struct wire_stream *w, const char *type, const cJSON *doc)
{
	const cJSON *choice = json_item(json_get(doc, "choices"), 0);
	const cJSON *error = json_get(doc, "error");

	(void)type;
	if (doc == NULL) {
		w->done = 1; /* [DONE] */
		return;
	}
	if (error != NULL) {
		const char *code = json_str_or(error, "code", "");

		llm_reply_fault(w->r, w->t,
			strcmp(code, "rate_limit_exceeded") == 0 ? LLM_BUSY : LLM_DOWN,
			"%s broke off: %.180s", w->t->provider,
			json_text(error) != NULL ? json_text(error)
						 : json_str_or(error, "message", ""));
		return;
	}
	if (w->r->model[0] == '\0')
		snprintf(w->r->model, sizeof(w->r->model), "%s",
			json_str_or(doc, "model", ""));
	if (json_is(json_get(doc, "usage"), JSON_OBJECT))
		read_usage(json_get(doc, "usage"), &w->r->usage);
	wire_delta(w, json_str_or(json_get(choice, "delta"), "content", ""));
	if (json_str_or(json_get(choice, "delta"), "refusal", NULL) != NULL)
		llm_reply_fault(w->r, w->t, LLM_REFUSAL, "the model refused");
	else
		read_finish(w->t, choice, w->r);
}

static const struct wire wire = {
	.path = "/chat/completions",
	.auth = "authorization",
	.before_key = "Bearer ",
	.read = read_whole,
	.event = event,
};

static int call(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r, struct err *e)
{
	return wire_call(s, t, c, &wire, make_body(s, t, c, e), r, e);
}

const struct llm_provider provider_chat = { "openai-chat", call, NULL };
