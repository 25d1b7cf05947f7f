/*
 * OpenAI Responses (POST /v1/responses): strict JSON Schema by text.format, output
 * items read by their type. Nothing is stored on the other side.
 */
#include <string.h>

#include "failure.h"
#include "wire.h"

static int add_format(cJSON *body, const struct llm_call *c, struct err *e)
{
	cJSON *text = json_add_object(body, "text", e);
	cJSON *format = text == NULL ? NULL : json_add_object(text, "format", e);

	return format == NULL || json_set_str(format, "type", "json_schema", e) < 0
		? -1
		: wire_strict(format, c, e);
}

static cJSON *make_prompt(
	const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	cJSON *body = json_new_object(e);

	if (body == NULL || json_set_str(body, "model", t->model, e) < 0 ||
		json_set_str(body, "instructions", c->system, e) < 0 ||
		wire_turns(json_add_array(body, "input", e), c, e) < 0 ||
		(llm_takes(t, "json_schema") && add_format(body, c, e) < 0)) {
		json_free(body);
		return NULL;
	}
	return body;
}

static cJSON *make_body(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct err *e)
{
	cJSON *body = make_prompt(t, c, e);

	if (body == NULL ||
		json_set_int(body, "max_output_tokens", c->max_output_tokens, e) < 0 ||
		json_set_bool(body, "store", 0, e) < 0 ||
		(s->delta != NULL && json_set_bool(body, "stream", 1, e) < 0) ||
		wire_tuning(body, t, c, e) < 0 ||
		(c->effort != NULL && llm_takes(t, "effort") &&
			json_set_str(json_add_object(body, "reasoning", e), "effort",
				c->effort, e) < 0)) {
		json_free(body);
		return NULL;
	}
	return body;
}

static void read_item(const struct llm_target *t, const cJSON *item, struct buf *text,
	struct llm_reply *r)
{
	if (strcmp(json_str_or(item, "type", ""), "message") != 0)
		return; /* reasoning, calls of tools that were never offered */
	JSON_EACH (part, json_get(item, "content")) {
		const char *type = json_str_or(part, "type", "");

		if (strcmp(type, "output_text") == 0)
			buf_add_str(text, json_str_or(part, "text", ""));
		else if (strcmp(type, "refusal") == 0)
			llm_reply_fault(r, t, LLM_REFUSAL, "the model refused");
	}
}

static void read_whole(const struct llm_target *t, const struct llm_call *c,
	const cJSON *doc, struct llm_reply *r)
{
	const char *status = json_str_or(doc, "status", "");
	const char *why = json_str_or(json_get(doc, "incomplete_details"), "reason", "");

	(void)c;
	wire_model(r, doc);
	wire_usage(json_get(doc, "usage"), "input", "output", &r->usage);
	buf_reset(&r->text);
	JSON_EACH (item, json_get(doc, "output"))
		read_item(t, item, &r->text, r);
	if (r->fault != LLM_OK)
		return;
	if (strcmp(status, "incomplete") == 0)
		llm_reply_fault(r, t,
			strcmp(why, "content_filter") == 0 ? LLM_REFUSAL : LLM_CUT,
			"the answer is incomplete: %s", why);
	else if (strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0)
		read_broken_stream(t, json_get(doc, "error"), r);
	else if (!json_is(json_get(doc, "output"), JSON_ARRAY))
		llm_reply_fault(r, t, LLM_GARBLED, "the reply has no output");
}

static void event(struct wire_stream *w, const char *type, const cJSON *doc)
{
	/* servers that speak this dialect may leave the event's name out */
	type = json_str_or(doc, "type", type);
	if (strcmp(type, "response.output_text.delta") == 0) {
		wire_delta(w, json_str_or(doc, "delta", ""));
	} else if (strcmp(type, "response.completed") == 0 ||
		strcmp(type, "response.incomplete") == 0 ||
		strcmp(type, "response.failed") == 0) {
		w->done = 1;
		read_whole(w->t, w->c, json_get(doc, "response"), w->r);
	} else if (strcmp(type, "error") == 0) {
		read_broken_stream(w->t,
			json_has(doc, "error") ? json_get(doc, "error") : doc, w->r);
	}
}

const struct wire wire_responses = {
	.path = "/responses",
	.auth = "authorization",
	.before_key = "Bearer ",
	.read = read_whole,
	.event = event,
};

static int call(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r, struct err *e)
{
	return wire_call(s, t, c, &wire_responses, make_body(s, t, c, e), r, e);
}

static int count(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, int64_t *tokens, struct err *e)
{
	return wire_number(s, t, &wire_responses, "/responses/input_tokens",
		make_prompt(t, c, e), "input_tokens", tokens, e);
}

const struct llm_provider provider_responses = { "openai-responses", call, count };
