#include "failure.h"

#include <stdlib.h>
#include <string.h>

/* ---- headers ---- */

static int header(const struct http_response *r, const char *name, char *out, size_t max)
{
	struct buf v = BUF_INIT(4096);
	int there = http_header_get(r, name, &v);

	snprintf(out, max, "%s", there ? v.ptr : "");
	buf_release(&v);
	return there;
}

/* retry-after-ms, else Retry-After in seconds (fractions, too) or as a date. */
static int64_t retry_after_ms(const struct http_response *r)
{
	char text[64], *end;
	double d;

	if (header(r, "retry-after-ms", text, sizeof(text))) {
		d = strtod(text, &end);
		if (end != text && *end == '\0' && d >= 0 && d < 1e12)
			return (int64_t)d;
	}
	if (!header(r, "retry-after", text, sizeof(text)))
		return -1;
	d = strtod(text, &end);
	if (end != text && *end == '\0' && d >= 0 && d < 1e9)
		return (int64_t)(d * 1000);
	d = (double)http_retry_after_s(r, clock_wall_ns() / 1000000000);
	return d < 0 ? -1 : (int64_t)(d * 1000);
}

static void read_headers(const struct http_response *r, struct llm_reply *reply)
{
	char text[16];

	reply->status = r->status;
	reply->retry_after_ms = retry_after_ms(r);
	if (header(r, "x-should-retry", text, sizeof(text)))
		reply->should_retry = strcmp(text, "true") == 0 ? 1
			: strcmp(text, "false") == 0            ? 0
								: -1;
	if (!header(r, "request-id", reply->request_id, sizeof(reply->request_id)))
		(void)header(
			r, "x-request-id", reply->request_id, sizeof(reply->request_id));
}

/* ---- the body of an error ---- */

struct told {
	char type[64], code[64], message[192];
};

/* {"type","code","message"} of both, or the text of Ollama. */
static void fill_told(const cJSON *error, struct told *out)
{
	snprintf(out->type, sizeof(out->type), "%s", json_str_or(error, "type", ""));
	snprintf(out->code, sizeof(out->code), "%s", json_str_or(error, "code", ""));
	snprintf(out->message, sizeof(out->message), "%.180s",
		json_text(error) != NULL ? json_text(error)
					 : json_str_or(error, "message", ""));
}

static void read_body(const struct buf *body, struct told *out)
{
	struct err ignored;
	cJSON *doc = json_parse(body->ptr, body->len, JSON_PLAIN, &ignored);

	fill_told(json_get(doc, "error"), out);
	json_free(doc);
}

static int is(const struct told *t, const char *word)
{
	return strcmp(t->type, word) == 0 || strcmp(t->code, word) == 0;
}

/* What a word of theirs means, whatever status it comes with (a spent quota is told as
 * 429, too, and no waiting helps). `otherwise` for words that say nothing more. */
static enum llm_fault by_word(const struct told *t, enum llm_fault otherwise)
{
	static const struct {
		const char *word;
		enum llm_fault fault;
	} words[] = {
		{ "insufficient_quota", LLM_NO_CREDIT },
		{ "credit_balance_exhausted", LLM_NO_CREDIT },
		{ "billing_error", LLM_NO_CREDIT },
		{ "overloaded_error", LLM_OVERLOADED },
		{ "server_is_overloaded", LLM_OVERLOADED },
		{ "slow_down", LLM_OVERLOADED },
		{ "rate_limit_error", LLM_BUSY },
		{ "rate_limit_exceeded", LLM_BUSY },
		{ "timeout_error", LLM_TIMEOUT },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (is(t, words[i].word))
			return words[i].fault;
	return otherwise;
}

static enum llm_fault by_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return LLM_DENIED;
	case 402:
		return LLM_NO_CREDIT;
	case 404:
		return LLM_NO_MODEL;
	case 408:
	case 504:
		return LLM_TIMEOUT;
	case 409:
		return LLM_DOWN;
	case 413:
		return LLM_TOO_LARGE;
	case 429:
		return LLM_BUSY;
	case 529:
		return LLM_OVERLOADED;
	default:
		return status >= 500                    ? LLM_DOWN
			: status >= 300 && status < 400 ? LLM_REDIRECTED
							: LLM_BAD_REQUEST;
	}
}

static enum llm_fault by_answer(const struct told *t, const struct llm_reply *r)
{
	/* the tier's spend cap: a rate limit names its end */
	if (r->status == 429 && is(t, "rate_limit_error") && r->retry_after_ms < 0)
		return LLM_NO_CREDIT;
	return by_word(t, by_status(r->status));
}

void read_broken_stream(
	const struct llm_target *t, const cJSON *error, struct llm_reply *reply)
{
	struct told told;
	const char *word;

	fill_told(error, &told);
	word = told.code[0] ? told.code : told.type;
	llm_reply_fault(reply, t, by_word(&told, LLM_DOWN), "%s broke off%s%s: %s",
		t->provider, *word ? " with " : "", word, told.message);
}

/* ---- the transfer ---- */

static enum llm_fault by_transfer(enum http_fault f)
{
	switch (f) {
	case HTTP_TIMED_OUT:
		return LLM_TIMEOUT;
	case HTTP_BROKEN:
		return LLM_GARBLED;
	case HTTP_TOO_LARGE:
		return LLM_TOO_LONG;
	case HTTP_STOPPED:
		return LLM_STOPPED;
	default:
		return LLM_UNREACHABLE;
	}
}

int read_failure(const struct llm_target *t, const struct http_response *r,
	const struct buf *body, const char *how, struct llm_reply *reply)
{
	struct told told;

	read_headers(r, reply);
	if (r->fault != HTTP_NONE) {
		llm_reply_fault(
			reply, t, by_transfer(r->fault), "%s: %s", t->provider, how);
		return 0;
	}
	if (r->status >= 200 && r->status < 300)
		return 1;
	read_body(body, &told);
	llm_reply_fault(reply, t, by_answer(&told, reply), "%s answered %d%s%s%s%s",
		t->provider, r->status, told.type[0] ? " " : "", told.type,
		told.message[0] ? ": " : "", told.message);
	return 0;
}
