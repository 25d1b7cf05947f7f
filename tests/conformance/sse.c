/* Event streams by WHATWG HTML 9.2.6, whole and in pieces. */
#include "suite.h"

#include "llm/sse.h"

#include <string.h>

#define STREAM_MAX ((size_t)16 << 20)

struct collecting {
	struct sse *s;
	cJSON *events;
};

static int take(void *arg, const char *type, const struct buf *data, struct err *e)
{
	struct collecting *c = arg;
	cJSON *event = json_push_object(c->events, e);
	struct buf text = BUF_INIT(STREAM_MAX); /* NUL as the JSON of the cases has it */
	int ret;

	for (size_t i = 0; i < data->len; i++)
		buf_add(&text, data->ptr[i] == '\0' ? "\xc0\x80" : data->ptr + i,
			data->ptr[i] == '\0' ? 2 : 1);
	ret = event == NULL || json_set_str(event, "type", type, e) < 0 ||
			json_set_str(event, "data", text.ptr, e) < 0 ||
			json_set_str(event, "lastEventId", c->s->last_id.ptr, e) < 0
		? -1
		: 0;
	buf_release(&text);
	return ret;
}

/* Feeds the stream in pieces of `size`; appends what is wrong. */
static void feed(const cJSON *c, const struct buf *stream, size_t size, struct buf *wrong)
{
	struct err e = { 0 };
	struct sse s;
	struct collecting collecting = { .s = &s, .events = json_new_array(&e) };
	const cJSON *retry = json_get(c, "retry");
	int64_t want_retry =
		json_is(retry, JSON_NUMBER) ? (int64_t)json_number(retry, 0) : -1;
	int ret = 0;

	sse_init(&s, STREAM_MAX);
	for (size_t at = 0; ret == 0 && at < stream->len; at += size)
		ret = sse_feed(&s, stream->ptr + at,
			stream->len - at < size ? stream->len - at : size, take,
			&collecting, &e);
	if (ret == 0 && s.skip_lf == 0 && stream->len > 0 &&
		stream->ptr[stream->len - 1] == '\r')
		ret = sse_feed(&s, "", 0, take, &collecting, &e);
	if (ret < 0)
		buf_addf(wrong, "in pieces of %zu: %s", size, e.msg);
	else if (!json_equal(collecting.events, json_get(c, "events")))
		buf_addf(wrong, "in pieces of %zu: events %s", size,
			shown(collecting.events, 0));
	else if (s.retry_ms != want_retry)
		buf_addf(wrong, "in pieces of %zu: retry %lld", size,
			(long long)s.retry_ms);
	else if (strcmp(s.last_id.ptr, json_str_or(c, "last_event_id", "")) != 0)
		buf_addf(wrong, "in pieces of %zu: last event id '%s'", size,
			s.last_id.ptr);
	else if (s.comments != json_len(json_get(c, "comments")))
		buf_addf(wrong, "in pieces of %zu: %zu comments", size, s.comments);
	sse_release(&s);
	json_free(collecting.events);
}

int run_sse(struct tally *t, const char *text, size_t len, struct err *e)
{
	static const size_t sizes[] = { STREAM_MAX, 1, 2, 3, 7 };
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases) {
		const char *name = json_str_or(c, "name", "?");
		struct buf stream = BUF_INIT(STREAM_MAX), wrong = BUF_INIT(65536);
		struct err why = { 0 };

		if (base64_member(c, "stream_b64", &stream, &why) < 0)
			buf_add_str(&wrong, why.msg);
		for (size_t i = 0; i < ARRAY_LEN(sizes) && wrong.len == 0; i++)
			feed(c, &stream, sizes[i], &wrong);
		if (wrong.len == 0)
			pass(t);
		else
			fail(t, name, "%s", wrong.ptr);
		buf_release(&stream);
		buf_release(&wrong);
	}
	json_free(cases);
	return 0;
}
