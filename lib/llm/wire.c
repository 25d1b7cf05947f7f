#include "wire.h"

#include <string.h>
#include <strings.h>

#include "failure.h"
#include "http/http.h"
#include "sse.h"

struct reading {
	struct wire_stream w;
	const struct wire *wire;
	struct http_response *http;
	struct sse sse;
	struct buf body; /* of a reply that is no stream */
	struct err e;    /* of an event too long */
	int streamed;    /* -1: not known yet */
	int failed;
};

int wire_turn(cJSON *list, const char *role, const char *text, struct err *e)
{
	cJSON *o = list == NULL ? NULL : json_push_object(list, e);

	return o == NULL || json_set_str(o, "role", role, e) < 0
		? -1
		: json_set_str(o, "content", text, e);
}

int wire_turns(cJSON *list, const struct llm_call *c, struct err *e)
{
	if (wire_turn(list, "user", c->user, e) < 0)
		return -1;
	if (c->said == NULL)
		return 0;
	return wire_turn(list, "assistant", c->said, e) < 0
		? -1
		: wire_turn(list, "user", c->complaint, e);
}

int64_t wire_count(const cJSON *usage, const char *member)
{
	double d = json_num_or(usage, member, 0);

	return d > 0 && d < 1e12 ? (int64_t)d : 0;
}

int wire_strict(cJSON *format, const struct llm_call *c, struct err *e)
{
	return format == NULL || json_set_str(format, "name", c->name, e) < 0 ||
			json_set_bool(format, "strict", 1, e) < 0
		? -1
		: json_set_copy(format, "schema", c->schema, e);
}

int wire_tuning(
	cJSON *body, const struct llm_target *t, const struct llm_call *c, struct err *e)
{
	if (llm_takes(t, "prompt_cache_key") &&
		json_set_str(body, "prompt_cache_key", c->cache_key, e) < 0)
		return -1;
	if (llm_takes(t, "temperature") && json_set_num(body, "temperature", 0, e) < 0)
		return -1;
	return llm_takes(t, "top_p") ? json_set_num(body, "top_p", 1, e) : 0;
}

void wire_model(struct llm_reply *r, const cJSON *doc)
{
	snprintf(r->model, sizeof(r->model), "%s", json_str_or(doc, "model", ""));
}

void wire_usage(
	const cJSON *usage, const char *in, const char *out, struct llm_usage *into)
{
	char all[32], details[32], made[32];

	snprintf(all, sizeof(all), "%s_tokens", in);
	snprintf(details, sizeof(details), "%s_tokens_details", in);
	snprintf(made, sizeof(made), "%s_tokens", out);
	into->cache_read = wire_count(json_get(usage, details), "cached_tokens");
	into->cache_write = wire_count(json_get(usage, details), "cache_write_tokens");
	into->input = wire_count(usage, all) - into->cache_read - into->cache_write;
	if (into->input < 0)
		into->input = 0;
	into->output = wire_count(usage, made);
}

void wire_delta(struct wire_stream *w, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	buf_add_str(&w->r->text, text);
	if (w->s->delta != NULL)
		w->s->delta(w->s->delta_arg, text, strlen(text));
}

static int on_event(void *arg, const char *type, const struct buf *data, struct err *e)
{
	struct reading *in = arg;
	struct err bad;
	int end = strcmp(data->ptr, "[DONE]") == 0;
	cJSON *doc;

	(void)e;
	if (in->w.done)
		return 0; /* whatever follows the end is not read */
	doc = end ? NULL : json_parse(data->ptr, data->len, JSON_PLAIN, &bad);
	if (doc != NULL || end)
		in->wire->event(&in->w, type, doc);
	else
		llm_reply_fault(in->w.r, in->w.t, LLM_GARBLED,
			"%s sent an event that is no JSON: %s", in->w.t->provider,
			bad.msg);
	json_free(doc);
	/* after a cut or refused answer the count of its tokens is still to come */
	return in->w.r->fault != LLM_OK && in->w.r->fault != LLM_CUT &&
		in->w.r->fault != LLM_REFUSAL;
}

static int is_event_stream(const struct http_response *h)
{
	struct buf type = BUF_INIT(4096);
	int yes = http_header_get(h, "content-type", &type) &&
		strncasecmp(type.ptr, "text/event-stream", 17) == 0;

	buf_release(&type);
	return yes;
}

/* A stream is read as it comes; any other body is kept whole. */
static int on_piece(void *arg, const char *bytes, size_t n)
{
	struct reading *in = arg;

	if (in->streamed < 0)
		in->streamed = is_event_stream(in->http);
	if (!in->streamed) {
		buf_add(&in->body, bytes, n);
		return in->body.failed;
	}
	if (in->w.done)
		return 0;
	in->failed = sse_feed(&in->sse, bytes, n, on_event, in, &in->e);
	return in->failed || in->w.r->text.failed;
}

static void read_whole(struct reading *in, struct llm_reply *r)
{
	struct err e = { 0 };
	cJSON *doc = json_parse(in->body.ptr, in->body.len, JSON_PLAIN, &e);

	if (json_is(doc, JSON_OBJECT)) {
		in->wire->read(in->w.t, in->w.c, doc, r);
		if (in->w.s->delta != NULL && r->fault == LLM_OK)
			in->w.s->delta(in->w.s->delta_arg, r->text.ptr, r->text.len);
	} else {
		llm_reply_fault(r, in->w.t, LLM_GARBLED,
			"%s answered what is no JSON: %s", in->w.t->provider,
			doc == NULL ? e.msg : "not an object");
	}
	json_free(doc);
}

static void read_reply(
	struct reading *in, struct http_response *h, const char *how, struct llm_reply *r)
{
	if (r->fault != LLM_OK)
		return; /* told by an event */
	if (in->failed < 0 || r->text.failed || in->body.failed) {
		llm_reply_fault(r, in->w.t, LLM_TOO_LONG,
			"%s answered more than is taken", in->w.t->provider);
		return;
	}
	if (in->w.done && h->fault == HTTP_BROKEN)
		h->fault = HTTP_NONE;
	if (!read_failure(in->w.t, h, &in->body, how, r))
		return;
	if (in->streamed <= 0)
		read_whole(in, r);
	else if (!in->w.done)
		llm_reply_fault(r, in->w.t, LLM_GARBLED,
			"%s ended the stream before its end", in->w.t->provider);
}

/* ---- sending ---- */

static int is_loopback(const char *host, size_t n)
{
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
		(n > 4 && memcmp(host, "127.", 4) == 0 &&
			strspn(host, "0123456789.") >= n) ||
		(n == 5 && memcmp(host, "[::1]", 5) == 0);
}

/* A key leaves this machine under TLS only. */
static int check_url(const char *url, int has_key, struct err *e)
{
	int tls = strncmp(url, "https://", 8) == 0;
	const char *host = url + (tls ? 8 : 7);
	size_t n;

	if (!tls && strncmp(url, "http://", 7) != 0)
		return err_set(e, ERR_CONFIG,
			"base URL '%.100s': expected http:// or https://", url);
	if (strcspn(host, "/") > strcspn(host, "@"))
		return err_set(e, ERR_CONFIG,
			"a base URL holds no user name and no password: give the key by "
			"environment or key file");
	n = host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/?#");
	if (!tls && has_key && !is_loopback(host, n))
		return err_set(e, ERR_CONFIG,
			"a key is not sent over plain http to '%.*s': use https", (int)n,
			host);
	return 0;
}

static int send(struct llm_session *s, const struct http_request *q,
	struct http_response *h, struct err *how, struct err *e)
{
	if (s->http == NULL && (s->http = http_new(e)) == NULL)
		return -1;
	if (http_do(s->http, q, h, how) == 0 || h->fault != HTTP_NONE)
		return 0;
	*e = *how;
	return -1;
}

/* `how` gets what http_do says of a transfer that failed: no failure of ours. */
static int post(
	struct reading *in, const char *path, cJSON *body, struct err *how, struct err *e)
{
	struct llm_session *s = in->w.s;
	const struct llm_target *t = in->w.t;
	struct buf url = BUF_INIT(8192), auth = BUF_INIT(8192),
		   text = BUF_INIT(256 << 20);
	struct http_header headers[4] = { { "content-type", "application/json" } };
	char trace[TRACE_MAX];
	struct http_request q = { .method = "POST",
		.headers = headers,
		.n_headers = 1,
		.connect_timeout_ns = s->connect_ms * 1000000,
		.idle_timeout_ns = s->idle_ms * 1000000,
		.total_timeout_ns = session_left_ms(s, s->total_ms) * 1000000 + 1000000,
		.stop = s->stop,
		.piece = on_piece,
		.arg = in };
	int ret = -1;

	if (body == NULL)
		goto out;
	json_print(body, JSON_COMPACT, &text);
	buf_addf(&url, "%s%s", t->base_url, path);
	buf_addf(&auth, "%s%s", in->wire->before_key, t->key != NULL ? t->key : "");
	if (in->wire->header != NULL)
		headers[q.n_headers++] = (struct http_header){ in->wire->header,
			json_str_or(t->entry, "api_version", "") };
	if (t->key != NULL)
		headers[q.n_headers++] = (struct http_header){ in->wire->auth, auth.ptr };
	if (trace_is_valid(getenv("TRACEPARENT"))) {
		if (trace_next(getenv("TRACEPARENT"), trace, e) < 0)
			goto out;
		headers[q.n_headers++] = (struct http_header){ "traceparent", trace };
	}
	q.url = url.ptr;
	q.body = text.ptr;
	q.body_len = text.len;
	if (buf_ok(&text, e) == 0 && buf_ok(&url, e) == 0 && buf_ok(&auth, e) == 0 &&
		check_url(url.ptr, t->key != NULL, e) == 0)
		ret = send(s, &q, in->http, how, e);
out:
	if (auth.cap > 0)
		explicit_bzero(auth.ptr, auth.len);
	json_free(body);
	buf_release(&url);
	buf_release(&auth);
	buf_release(&text);
	return ret;
}

static void begin(struct reading *in, struct http_response *h)
{
	in->http = h;
	in->streamed = -1;
	http_response_init(h);
	sse_init(&in->sse, in->w.s->answer_max);
	buf_init(&in->body, in->w.s->answer_max);
}

static void end(struct reading *in)
{
	sse_release(&in->sse);
	buf_release(&in->body);
	http_response_release(in->http);
}

int wire_call(struct llm_session *s, const struct llm_target *t, const struct llm_call *c,
	const struct wire *w, cJSON *body, struct llm_reply *r, struct err *e)
{
	struct reading in = { .w = { .s = s, .t = t, .c = c, .r = r }, .wire = w };
	struct http_response h;
	struct err how = { 0 };
	int ret;

	begin(&in, &h);
	ret = post(&in, w->path, body, &how, e);
	if (ret == 0)
		read_reply(&in, &h, how.msg, r);
	end(&in);
	return ret;
}

void wire_read(struct llm_session *s, const struct llm_target *t,
	const struct llm_call *c, const struct wire *w, int streamed, const char *bytes,
	size_t n, size_t piece, struct llm_reply *r)
{
	struct reading in = { .w = { .s = s, .t = t, .c = c, .r = r }, .wire = w };
	struct http_response h;

	begin(&in, &h);
	in.streamed = streamed;
	h.status = 200;
	for (size_t at = 0; at < n; at += piece)
		if (on_piece(&in, bytes + at, n - at < piece ? n - at : piece) != 0)
			break;
	read_reply(&in, &h, "", r);
	end(&in);
}

int wire_number(struct llm_session *s, const struct llm_target *t, const struct wire *w,
	const char *path, cJSON *body, const char *member, int64_t *n, struct err *e)
{
	struct reading in = { .w = { .s = s, .t = t }, .wire = w };
	struct http_response h;
	struct err how = { 0 }, ignored;
	cJSON *doc = NULL;
	int ret;

	begin(&in, &h);
	in.streamed = 0;
	ret = post(&in, path, body, &how, e);
	*n = -1;
	if (ret == 0 && h.fault == HTTP_NONE && h.status == 200)
		doc = json_parse(in.body.ptr, in.body.len, JSON_PLAIN, &ignored);
	if (json_is(json_get(doc, member), JSON_NUMBER))
		*n = wire_count(doc, member);
	json_free(doc);
	end(&in);
	return ret;
}
