/*
 * OpenAI Chat Completions (POST /v1/chat/completions), as OpenAI, llama.cpp, vLLM and
 * Ollama speak it: strict JSON Schema by response_format.
 */
#include <string.h>

#include "failure.h"
#include "wire.h"

static int add_format(cJSON *body, const struct llm_call *c, struct err *e)
{
	cJSON *format = json_add_object(body, "response_format", e);

	return format == NULL || json_set_str(format, "type", "json_schema", e) < 0
		? -1
		: wire_strict(json_add_object(format, "json_schema", e), c, e);
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
		wire_tuning(body, t, c, e) < 0 ||
		(llm_takes(t, "seed") && json_set_num(body, "seed", 7, e) < 0) ||
		(c->effort != NULL && llm_takes(t, "effort") &&
			json_set_str(body, "reasoning_effort", c->effort, e) < 0)) {
		json_free(body);
		return NULL;
	}
	return body;
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
	wire_model(r, doc);
	wire_usage(json_get(doc, "usage"), "prompt", "completion", &r->usage);
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
		read_broken_stream(w->t, error, w->r);
		return;
	}
	if (w->r->model[0] == '\0')
		wire_model(w->r, doc);
	if (json_is(json_get(doc, "usage"), JSON_OBJECT))
		wire_usage(json_get(doc, "usage"), "prompt", "completion", &w->r->usage);
	wire_delta(w, json_str_or(json_get(choice, "delta"), "content", ""));
	if (json_str_or(json_get(choice, "delta"), "refusal", NULL) != NULL)
		llm_reply_fault(w->r, w->t, LLM_REFUSAL, "the model refused");
	else
		read_finish(w->t, choice, w->r);
}

const struct wire wire_chat = {
	.path = "/chat/completions",
	.auth = "authorization",
	.before_key = "Bearer ",
	.read = read_whole,
	.event = event,
};

static int call(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r, struct err *e)
{
	return wire_call(s, t, c, &wire_chat, make_body(s, t, c, e), r, e);
}

const struct llm_provider provider_chat = { "openai-chat", call, NULL };
