/*
 * wire.h - what the HTTP dialects share: one POST, the reply read whole or as a stream.
 * Inside the room only.
 */
#ifndef MLOPS_LLM_WIRE_H
#define MLOPS_LLM_WIRE_H

#include "session.h"

struct wire_stream {
	struct llm_session *s;
	const struct llm_target *t;
	const struct llm_call *c;
	struct llm_reply *r;
	int done;    /* the stream said that it is complete */
	int in_tool; /* the answer comes as a tool's input: text around it is no answer */
	int block;   /* what the current block is; the dialect's own numbers */
};

struct wire {
	const char *path;              /* "/v1/messages" */
	const char *auth, *before_key; /* "authorization", "Bearer " */
	const char *header;            /* gets the entry's api_version; NULL: none such */
	/* A whole reply. */
	void (*read)(const struct llm_target *t, const struct llm_call *c,
		const cJSON *doc, struct llm_reply *r);
	/* One event of a stream; `doc` is NULL for data that is no JSON ("[DONE]"). */
	void (*event)(struct wire_stream *w, const char *type, const cJSON *doc);
};

/* Sends `body` (taken over; NULL is an earlier failure) and reads what comes. */
int wire_call(struct llm_session *s, const struct llm_target *t, const struct llm_call *c,
	const struct wire *w, cJSON *body, struct llm_reply *r, struct err *e);

/* Reads a reply whose `n` bytes have come, `piece` at a time, as wire_call does. */
void wire_read(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, const struct wire *w, int streamed, const char *bytes,
	size_t n, size_t piece, struct llm_reply *r);

/* Posts `body` (taken over) to another path and answers the number of a member of the
 * reply; -1 in *n when there is none. */
int wire_number(struct llm_session *s, const struct llm_target *t, const struct wire *w,
	const char *path, cJSON *body, const char *member, int64_t *n, struct err *e);

/* A piece of the answer: kept, and passed on at once when the session streams. */
void wire_delta(struct wire_stream *w, const char *text);

/* {"role": ..., "content": ...} at the end of a list. */
int wire_turn(cJSON *list, const char *role, const char *text, struct err *e);
/* The turns of the call: the user's, and in a repair round two more. */
int wire_turns(cJSON *list, const struct llm_call *c, struct err *e);

/* What a format of OpenAI's says of the schema: its name, that it is strict, itself. */
int wire_strict(cJSON *format, const struct llm_call *c, struct err *e);
/* Sampling fixed and the cache's key told, each where the model takes it. */
int wire_tuning(
	cJSON *body, const struct llm_target *t, const struct llm_call *c, struct err *e);

/* The model that a reply says it is of. */
void wire_model(struct llm_reply *r, const cJSON *doc);
int64_t wire_count(const cJSON *usage, const char *member);
/* OpenAI's count: "IN_tokens" holds what "IN_tokens_details" tells apart. */
void wire_usage(
	const cJSON *usage, const char *in, const char *out, struct llm_usage *into);

extern const struct wire wire_anthropic, wire_responses, wire_chat;

#endif
