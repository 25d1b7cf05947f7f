/*
 * Anthropic Messages (POST /v1/messages). Structured output goes by
 * output_config.format where the model takes it, else by a tool whose use is forced
 * where that is allowed. Blocks are read by their type, never by their place.
 */
#include <string.h>

#include "failure.h"
#include "wire.h"

enum { OTHER, TEXT, TOOL };

static int add_system(
	cJSON *body, const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	cJSON *list, *block, *mark;

	if (!llm_takes(t, "cache_control"))
		return json_set_str(body, "system", c->system, e);
	list = json_add_array(body, "system", e);
	block = list == NULL ? NULL : json_push_object(list, e);
	if (block == NULL || json_set_str(block, "type", "text", e) < 0 ||
		json_set_str(block, "text", c->system, e) < 0)
		return -1;
	mark = json_add_object(block, "cache_control", e);
	return mark == NULL ? -1 : json_set_str(mark, "type", "ephemeral", e);
}

static int add_format(
	cJSON *body, const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	cJSON *config = json_own(body, "output_config", e);
	cJSON *format = config == NULL ? NULL : json_add_object(config, "format", e);

	(void)t;
	return format == NULL || json_set_str(format, "type", "json_schema", e) < 0
		? -1
		: json_set_copy(format, "schema", c->schema, e);
}

static int add_tool(
	cJSON *body, const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	cJSON *list = json_add_array(body, "tools", e), *tool, *choice;

	tool = list == NULL ? NULL : json_push_object(list, e);
	if (tool == NULL || json_set_str(tool, "name", c->name, e) < 0 ||
		json_set_str(tool, "description", "Gives the answer. Call it once.", e) <
			0 ||
		json_set_copy(tool, "input_schema", c->schema, e) < 0)
		return -1;
	choice = json_add_object(body, "tool_choice", e);
	if (choice == NULL)
		return -1;
	if (!llm_takes(t, "forced_tool"))
		return json_set_str(choice, "type", "auto", e);
	return json_set_str(choice, "type", "tool", e) < 0
		? -1
		: json_set_str(choice, "name", c->name, e);
}

/* What the count endpoint takes as well. */
static cJSON *make_prompt(
	const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	cJSON *body = json_new_object(e);

	if (body == NULL || json_set_str(body, "model", t->model, e) < 0 ||
		add_system(body, t, c, e) < 0 ||
		wire_turns(json_add_array(body, "messages", e), c, e) < 0 ||
		(llm_takes(t, "json_schema") ? add_format(body, t, c, e)
					     : add_tool(body, t, c, e)) < 0) {
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
		json_set_int(body, "max_tokens", c->max_output_tokens, e) < 0 ||
		(s->delta != NULL && json_set_bool(body, "stream", 1, e) < 0) ||
		wire_tuning(body, t, c, e) < 0 ||
		(c->effort != NULL && llm_takes(t, "effort") &&
			json_set_str(json_own(body, "output_config", e), "effort",
				c->effort, e) < 0)) {
		json_free(body);
		return NULL;
	}
	return body;
}

static void read_usage(const cJSON *u, struct llm_usage *out)
{
	int64_t in = wire_count(u, "input_tokens"),
		write = wire_count(u, "cache_creation_input_tokens"),
		hit = wire_count(u, "cache_read_input_tokens"),
		made = wire_count(u, "output_tokens");

	/* figures of a stream are cumulative, and a later event may leave some out */
	out->input = in > 0 ? in : out->input;
	out->cache_write = write > 0 ? write : out->cache_write;
	out->cache_read = hit > 0 ? hit : out->cache_read;
	out->output = made > 0 ? made : out->output;
}

static void read_stop(
	const struct llm_target *t, const cJSON *holder, struct llm_reply *r)
{
	const char *stop = json_str_or(holder, "stop_reason", "");
	const char *category =
		json_str_or(json_get(holder, "stop_details"), "category", "");

	if (strcmp(stop, "max_tokens") == 0 ||
		strcmp(stop, "model_context_window_exceeded") == 0)
		llm_reply_fault(r, t, LLM_CUT, "the answer was cut: %s", stop);
	else if (strcmp(stop, "refusal") == 0)
		llm_reply_fault(r, t, LLM_REFUSAL, "the model refused%s%s",
			*category ? ": " : "", category);
	else if (strcmp(stop, "pause_turn") == 0)
		llm_reply_fault(r, t, LLM_GARBLED, "the model paused its turn");
}

static int is_answer_tool(const struct llm_call *c, const cJSON *block)
{
	return strcmp(json_str_or(block, "name", ""), c->name) == 0;
}

static void read_whole(const struct llm_target *t, const struct llm_call *c,
	const cJSON *doc, struct llm_reply *r)
{
	const cJSON *tool = NULL;

	wire_model(r, doc);
	read_usage(json_get(doc, "usage"), &r->usage);
	JSON_EACH (block, json_get(doc, "content")) {
		const char *type = json_str_or(block, "type", "");

		if (strcmp(type, "text") == 0)
			buf_add_str(&r->text, json_str_or(block, "text", ""));
		else if (strcmp(type, "tool_use") == 0 && is_answer_tool(c, block))
			tool = json_get(block, "input");
	}
	if (tool != NULL) {
		buf_reset(&r->text);
		json_print(tool, JSON_COMPACT, &r->text);
	}
	if (!json_is(json_get(doc, "content"), JSON_ARRAY))
		llm_reply_fault(r, t, LLM_GARBLED, "the reply has no content");
	else
		read_stop(t, doc, r);
}

static void begin_block(struct wire_stream *w, const cJSON *block)
{
	const char *type = json_str_or(block, "type", "");

	w->block = OTHER;
	if (strcmp(type, "text") == 0 && !w->in_tool)
		w->block = TEXT;
	if (strcmp(type, "tool_use") == 0 && is_answer_tool(w->c, block)) {
		w->block = TOOL;
		w->in_tool = 1;
		buf_reset(&w->r->text);
	}
	if (w->block == TEXT)
		wire_delta(w, json_str_or(block, "text", ""));
}

static void add_delta(struct wire_stream *w, const cJSON *delta)
{
	const char *type = json_str_or(delta, "type", "");

	if (w->block == TEXT && strcmp(type, "text_delta") == 0)
		wire_delta(w, json_str_or(delta, "text", ""));
	else if (w->block == TOOL && strcmp(type, "input_json_delta") == 0)
		wire_delta(w, json_str_or(delta, "partial_json", ""));
}

static void event(struct wire_stream *w, const char *type, const cJSON *doc)
{
	const cJSON *message = json_get(doc, "message");

	if (strcmp(type, "message_start") == 0) {
		wire_model(w->r, message);
		read_usage(json_get(message, "usage"), &w->r->usage);
	} else if (strcmp(type, "content_block_start") == 0) {
		begin_block(w, json_get(doc, "content_block"));
	} else if (strcmp(type, "content_block_delta") == 0) {
		add_delta(w, json_get(doc, "delta"));
	} else if (strcmp(type, "message_delta") == 0) {
		read_usage(json_get(doc, "usage"), &w->r->usage);
		read_stop(w->t, json_get(doc, "delta"), w->r);
	} else if (strcmp(type, "message_stop") == 0) {
		w->done = 1;
	} else if (strcmp(type, "error") == 0) {
		read_broken_stream(w->t, json_get(doc, "error"), w->r);
	}
}

const struct wire wire_anthropic = {
	.path = "/v1/messages",
	.auth = "x-api-key",
	.before_key = "",
	.header = "anthropic-version",
	.read = read_whole,
	.event = event,
};

static int call(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r, struct err *e)
{
	return wire_call(s, t, c, &wire_anthropic, make_body(s, t, c, e), r, e);
}

static int count(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, int64_t *tokens, struct err *e)
{
	return wire_number(s, t, &wire_anthropic, "/v1/messages/count_tokens",
		make_prompt(t, c, e), "input_tokens", tokens, e);
}

const struct llm_provider provider_anthropic = { "anthropic", call, count };
