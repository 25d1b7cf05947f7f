/*
 * The room of model calls: what each provider is sent and how its answers are read, over
 * real HTTP from a peer in this process; money, breaker files, request hashes, masking;
 * and what an agent may leave in its scratch directory.
 */
#include "test.h"

#include "llm/breaker.h"
#include "llm/keep.h"
#include "llm/money.h"
#include "llm/request.h"

#include <stdatomic.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/mlops-test-llm-XXXXXX";
static atomic_int stop;

static int make_dir(void **unused)
{
	(void)unused;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **unused)
{
	struct err e;

	(void)unused;
	return file_remove_tree(dir, &e);
}

static const char *in_dir(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % ARRAY_LEN(path)];

	snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

/* ---- a session ---- */

struct fixture {
	struct llm_options o;
	struct common_args common;
	struct llm_session s;
};

static void begin(struct fixture *f)
{
	struct err e = { 0 };

	*f = (struct fixture){ .o = { .retries = -1, .max_tokens = -1, .max_usd = -1 } };
	f->o.state_dir = in_dir("state");
	f->common = (struct common_args){ .share = "share" };
	f->s = (struct llm_session){ .o = &f->o, .stop = &stop };
	if (session_open(&f->s, &f->common, &e) < 0)
		fail_msg("%s", e.msg);
	f->s.total_ms = 5000;
}

static void end(struct fixture *f)
{
	session_close(&f->s);
}

/* ---- a peer ---- */

/* Takes one connection, reads a request whole, answers and closes. */
struct peer {
	int fd;
	char url[64];
	const char *answer;
	struct buf request;
	pthread_t thread;
};

static size_t wanted(const struct buf *request)
{
	const char *head = strstr(request->ptr, "\r\n\r\n");
	const char *length = strcasestr(request->ptr, "content-length:");

	if (head == NULL || length == NULL)
		return SIZE_MAX;
	return (size_t)(head + 4 - request->ptr) + strtoul(length + 15, NULL, 10);
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	int c = accept(p->fd, NULL, NULL);
	char chunk[4096];
	ssize_t n;

	while (c >= 0 && p->request.len < wanted(&p->request) &&
		(n = read(c, chunk, sizeof(chunk))) > 0)
		buf_add(&p->request, chunk, (size_t)n);
	if (c >= 0) {
		if (write(c, p->answer, strlen(p->answer)) < 0)
			buf_add_str(&p->request, "could not answer");
		close(c);
	}
	return NULL;
}

static void peer_start(struct peer *p, const char *answer)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	memset(p, 0, sizeof(*p));
	buf_init(&p->request, (size_t)1 << 20);
	p->answer = answer;
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(p->fd, 1), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &len), 0);
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d", ntohs(a.sin_port));
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
}

/* The body that it was sent; the caller frees it. */
static cJSON *peer_stop(struct peer *p)
{
	struct err e = { 0 };
	const char *head;
	cJSON *body;

	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->fd);
	head = strstr(p->request.ptr, "\r\n\r\n");
	body = head == NULL ? NULL
			    : json_parse(head + 4, strlen(head + 4), JSON_STRICT, &e);
	buf_release(&p->request);
	return body;
}

/* One call of a dialect to a peer that answers so. */
static cJSON *call(struct fixture *f, const char *dialect, const cJSON *entry,
	const cJSON *facts, const struct llm_call *c, const char *answer,
	struct llm_reply *r)
{
	struct llm_target t = {
		.provider = "p", .model = "m", .key = "sk-test-key-0001"
	};
	struct peer p;
	struct err e = { 0 };

	peer_start(&p, answer);
	t.base_url = p.url;
	t.entry = entry;
	t.facts = facts;
	llm_reply_init(r, (size_t)1 << 20);
	if (llm_provider_of(dialect)->call(&f->s, &t, c, r, &e) < 0)
		fail_msg("%s: %s", dialect, e.msg);
	return peer_stop(&p);
}

static void drop_delta(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
}

/* ---- requests ---- */

#define GONE "(absent)"

static void a_model_is_sent_what_it_takes_and_nothing_else(void **unused)
{
	static const struct {
		const char *dialect, *takes;
		int stream;
		const char *pointer, *want;
	} cases[] = {
		{ "anthropic", "['json_schema']", 0, "/output_config/format/type",
			"'json_schema'" },
		{ "anthropic", "['json_schema']", 0, "/output_config/format/schema/type",
			"'object'" },
		{ "anthropic", "['json_schema']", 0, "/tools", GONE },
		{ "anthropic", "['json_schema']", 0, "/output_config/effort", GONE },
		{ "anthropic", "['json_schema','effort']", 0, "/output_config/effort",
			"'low'" },
		{ "anthropic", "[]", 0, "/output_config", GONE },
		{ "anthropic", "[]", 0, "/tool_choice", "{'type':'auto'}" },
		{ "anthropic", "['forced_tool']", 0, "/tool_choice",
			"{'type':'tool','name':'answer'}" },
		{ "anthropic", "['forced_tool']", 0, "/tools/0/input_schema/type",
			"'object'" },
		{ "anthropic", "[]", 0, "/system", "'be brief'" },
		{ "anthropic", "['cache_control']", 0, "/system/0/cache_control",
			"{'type':'ephemeral'}" },
		{ "anthropic", "[]", 0, "/temperature", GONE },
		{ "anthropic", "['temperature']", 0, "/temperature", "0" },
		{ "anthropic", "[]", 0, "/stream", GONE },
		{ "anthropic", "[]", 1, "/stream", "true" },
		{ "anthropic", "[]", 0, "/max_tokens", "77" },
		{ "openai-responses", "['json_schema']", 0, "/text/format/strict",
			"true" },
		{ "openai-responses", "['json_schema']", 0, "/text/format/name",
			"'answer'" },
		{ "openai-responses", "[]", 0, "/text", GONE },
		{ "openai-responses", "[]", 0, "/store", "false" },
		{ "openai-responses", "[]", 0, "/instructions", "'be brief'" },
		{ "openai-responses", "[]", 0, "/temperature", GONE },
		{ "openai-responses", "['temperature','top_p']", 0, "/top_p", "1" },
		{ "openai-responses", "['seed']", 0, "/seed", GONE },
		{ "openai-responses", "['effort']", 0, "/reasoning", "{'effort':'low'}" },
		{ "openai-responses", "['prompt_cache_key']", 0, "/prompt_cache_key",
			"'k'" },
		{ "openai-responses", "[]", 0, "/max_output_tokens", "77" },
		{ "openai-responses", "[]", 1, "/stream", "true" },
		{ "openai-chat", "['json_schema']", 0,
			"/response_format/json_schema/strict", "true" },
		{ "openai-chat", "['json_schema']", 0,
			"/response_format/json_schema/name", "'answer'" },
		{ "openai-chat", "[]", 0, "/response_format", GONE },
		{ "openai-chat", "['seed','temperature','top_p']", 0, "/seed", "7" },
		{ "openai-chat", "['seed','temperature','top_p']", 0, "/temperature",
			"0" },
		{ "openai-chat", "[]", 0, "/seed", GONE },
		{ "openai-chat", "[]", 0, "/messages/0",
			"{'role':'system','content':'be brief'}" },
		{ "openai-chat", "['effort']", 0, "/reasoning_effort", "'low'" },
		{ "openai-chat", "[]", 0, "/max_completion_tokens", "77" },
		{ "openai-chat", "[]", 1, "/stream_options", "{'include_usage':true}" },
	};
	struct fixture f;
	cJSON *schema = J("{'type':'object'}"), *entry = J("{}");

	(void)unused;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct llm_call c = { .system = "be brief",
			.user = "go",
			.schema = schema,
			.name = "answer",
			.cache_key = "k",
			.effort = "low",
			.max_output_tokens = 77 };
		cJSON *facts = J("{}"), *want, *body;
		struct llm_reply r;
		struct err e;

		json_set(facts, "takes", J(cases[i].takes), &e);
		f.s.delta = cases[i].stream ? drop_delta : NULL;
		body = call(&f, cases[i].dialect, entry, facts, &c,
			"HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n", &r);
		want = strcmp(cases[i].want, GONE) == 0 ? NULL : J(cases[i].want);
		if (want == NULL ? json_at(body, cases[i].pointer) != NULL
				 : !json_equal(json_at(body, cases[i].pointer), want))
			fail_msg("%s %s: %s is not %s", cases[i].dialect, cases[i].takes,
				cases[i].pointer, cases[i].want);
		llm_reply_release(&r);
		json_free(facts);
		json_free(want);
		json_free(body);
	}
	json_free(schema);
	json_free(entry);
	end(&f);
}

static void a_repair_round_shows_what_was_said(void **unused)
{
	static const char *const dialects[] = { "anthropic", "openai-responses",
		"openai-chat" };
	static const char *const turns[] = { "/messages", "/input", "/messages" };
	struct fixture f;
	cJSON *schema = J("{'type':'object'}"), *none = J("{}");

	(void)unused;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		struct llm_call c = { .system = "s",
			.user = "u",
			.said = "{}",
			.complaint = "no 'a'",
			.schema = schema,
			.name = "answer" };
		struct llm_reply r;
		cJSON *body = call(&f, dialects[i], none, none, &c,
			"HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n", &r);
		const cJSON *list = json_at(body, turns[i]);
		size_t first = json_len(list) - 3;

		assert_string_equal(
			json_str_or(json_item(list, first), "content", ""), "u");
		assert_string_equal(
			json_str_or(json_item(list, first + 1), "role", ""), "assistant");
		assert_string_equal(
			json_str_or(json_item(list, first + 2), "content", ""), "no 'a'");
		llm_reply_release(&r);
		json_free(body);
	}
	json_free(schema);
	json_free(none);
	end(&f);
}

/* ---- answers ---- */

static void answers_are_read_by_block_type(void **unused)
{
	static const struct {
		const char *dialect,
			*body; /* "data:" begins a stream; ' is " and ~ a line's end */
		enum llm_fault fault;
		const char *text;
		int64_t input, cached, output;
	} cases[] = {
		{ "anthropic",
			"{'content':[{'type':'thinking','thinking':'hm'},{'type':'text','"
			"text':'{}'}],'stop_reason':'end_turn','usage':{'input_tokens':5,"
			"'cache_read_input_tokens':3,'output_tokens':2}}",
			LLM_OK, "{}", 5, 3, 2 },
		{ "anthropic",
			"{'content':[{'type':'text','text':'so:'},{'type':'tool_use','"
			"name':'answer','input':{'a':1}},{'type':'tool_use','name':'"
			"other','input':{'b':1}}]}",
			LLM_OK, "{\"a\":1}", 0, 0, 0 },
		{ "anthropic", "{'content':[{'type':'new_kind','text':'x'}]}", LLM_OK, "",
			0, 0, 0 },
		{ "anthropic", "{'content':'text'}", LLM_GARBLED, "", 0, 0, 0 },
		{ "anthropic",
			"{'content':[{'type':'text','text':'{'}],'stop_reason':'max_"
			"tokens'}",
			LLM_CUT, "{", 0, 0, 0 },
		{ "anthropic",
			"{'content':[],'stop_reason':'refusal','stop_details':{'category'"
			":'cyber'}}",
			LLM_REFUSAL, "", 0, 0, 0 },
		{ "anthropic",
			"{'content':[],'usage':{'input_tokens':-4,'output_tokens':1e300}"
			"}",
			LLM_OK, "", 0, 0, 0 },
		{ "anthropic", "[]", LLM_GARBLED, "", 0, 0, 0 },
		{ "openai-responses",
			"{'status':'completed','output':[{'type':'reasoning','content':[{"
			"'type':'output_text','text':'no'}]},{'type':'message','content':"
			"[{'type':'output_text','text':'{}'}]}],'usage':{'input_tokens':"
			"9,'input_tokens_details':{'cached_tokens':4},'output_tokens':2}"
			"}",
			LLM_OK, "{}", 5, 4, 2 },
		{ "openai-responses",
			"{'status':'completed','output':[{'type':'message','content':[{'"
			"type':'refusal','refusal':'no'}]}]}",
			LLM_REFUSAL, "", 0, 0, 0 },
		{ "openai-responses",
			"{'status':'incomplete','incomplete_details':{'reason':'max_"
			"output_tokens'},'output':[]}",
			LLM_CUT, "", 0, 0, 0 },
		{ "openai-responses",
			"{'status':'incomplete','incomplete_details':{'reason':'content_"
			"filter'},'output':[]}",
			LLM_REFUSAL, "", 0, 0, 0 },
		{ "openai-responses",
			"{'status':'failed','error':{'code':'server_is_overloaded'},'"
			"output':[]}",
			LLM_OVERLOADED, "", 0, 0, 0 },
		{ "openai-responses", "{'status':'completed'}", LLM_GARBLED, "", 0, 0,
			0 },
		{ "openai-chat",
			"{'choices':[{'message':{'content':'{}'},'finish_reason':'stop'}]"
			",'usage':{'prompt_tokens':3,'prompt_tokens_details':{'cached_"
			"tokens':8},'completion_tokens':1}}",
			LLM_OK, "{}", 0, 8, 1 },
		{ "openai-chat",
			"{'choices':[{'message':{'content':'{'},'finish_reason':'length'}"
			"]}",
			LLM_CUT, "{", 0, 0, 0 },
		{ "openai-chat",
			"{'choices':[{'message':{'content':null,'refusal':'no'}}]}",
			LLM_REFUSAL, "", 0, 0, 0 },
		{ "openai-chat", "{'choices':[]}", LLM_GARBLED, "", 0, 0, 0 },
		{ "anthropic", "data: {'type':'message_start'}~~", LLM_GARBLED, "", 0, 0,
			0 },
		{ "anthropic",
			"event: error~data: {'error':{'type':'overloaded_error'}}~~",
			LLM_OVERLOADED, "", 0, 0, 0 },
		{ "openai-chat",
			"data: {'choices':[{'delta':{'content':'{}'}}]}~~data: [DONE]~~",
			LLM_OK, "{}", 0, 0, 0 },
		{ "openai-chat",
			"data: {'choices':[{'delta':{'content':'{}'}}]}~~data: [DONE]~~"
			"data: {'error':'too late'}~~",
			LLM_OK, "{}", 0, 0, 0 },
		{ "openai-chat", "data: {'error':'model stopped'}~~", LLM_DOWN, "", 0, 0,
			0 },
		{ "openai-chat", "data: {'error':{'code':'rate_limit_exceeded'}}~~",
			LLM_BUSY, "", 0, 0, 0 },
		{ "openai-chat", "data: {~~", LLM_GARBLED, "", 0, 0, 0 },
		{ "openai-responses",
			"data: "
			"{'type':'error','code':'insufficient_quota','message':'x'}~~",
			LLM_NO_CREDIT, "", 0, 0, 0 },
		{ "openai-responses",
			"data: {'type':'response.output_text.delta','delta':'{'}~~",
			LLM_GARBLED, "{", 0, 0, 0 },
	};
	struct fixture f;
	cJSON *schema = J("{'type':'object'}"), *none = J("{}");

	(void)unused;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct llm_call c = {
			.system = "s", .user = "u", .schema = schema, .name = "answer"
		};
		struct buf answer = BUF_INIT(1 << 16);
		int stream = cases[i].body[0] != '{' && cases[i].body[0] != '[';
		struct llm_reply r;

		buf_addf(&answer,
			"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: "
			"%zu\r\n\r\n",
			stream ? "text/event-stream" : "application/json",
			strlen(cases[i].body));
		for (const char *p = cases[i].body; *p != '\0'; p++)
			buf_add_char(&answer, *p == '\'' ? '"' : *p == '~' ? '\n' : *p);
		f.s.delta = stream ? drop_delta : NULL;
		json_free(call(&f, cases[i].dialect, none, none, &c, answer.ptr, &r));
		if (r.fault != cases[i].fault || strcmp(r.text.ptr, cases[i].text) != 0 ||
			r.usage.input != cases[i].input ||
			r.usage.cache_read != cases[i].cached ||
			r.usage.output != cases[i].output)
			fail_msg("%s: %s: %s (%s), '%s', %lld %lld %lld",
				cases[i].dialect, cases[i].body, llm_faults[r.fault].code,
				r.why, r.text.ptr, (long long)r.usage.input,
				(long long)r.usage.cache_read, (long long)r.usage.output);
		llm_reply_release(&r);
		buf_release(&answer);
	}
	json_free(schema);
	json_free(none);
	end(&f);
}

static void errors_are_known_by_status_and_word(void **unused)
{
	static const struct {
		const char *status, *headers, *body;
		enum llm_fault fault;
		int64_t wait_ms;
	} cases[] = {
		{ "400 x", "", "{}", LLM_BAD_REQUEST, -1 },
		{ "401 x", "", "{'error':{'message':'bad key sk-test-key-0001'}}",
			LLM_DENIED, -1 },
		{ "402 x", "", "", LLM_NO_CREDIT, -1 },
		{ "404 x", "", "not json", LLM_NO_MODEL, -1 },
		{ "408 x", "", "", LLM_TIMEOUT, -1 },
		{ "413 x", "", "", LLM_TOO_LARGE, -1 },
		{ "429 x", "retry-after: 2\r\n", "{'error':{'type':'rate_limit_error'}}",
			LLM_BUSY, 2000 },
		{ "429 x", "", "{'error':{'type':'rate_limit_error'}}", LLM_NO_CREDIT,
			-1 },
		{ "429 x", "retry-after-ms: 30\r\nretry-after: 9\r\n", "{}", LLM_BUSY,
			30 },
		{ "429 x", "retry-after: 0.5\r\n", "{}", LLM_BUSY, 500 },
		{ "429 x", "retry-after: soon\r\n", "{}", LLM_BUSY, -1 },
		{ "429 x", "retry-after: -3\r\n", "{}", LLM_BUSY, -1 },
		{ "429 x", "retry-after: 1e300\r\n", "{}", LLM_BUSY, -1 },
		{ "429 x", "", "{'error':{'code':'insufficient_quota'}}", LLM_NO_CREDIT,
			-1 },
		{ "500 x", "", "{'error':'a text'}", LLM_DOWN, -1 },
		{ "503 x", "", "{'error':{'code':'slow_down'}}", LLM_OVERLOADED, -1 },
		{ "504 x", "", "", LLM_TIMEOUT, -1 },
		{ "529 x", "", "", LLM_OVERLOADED, -1 },
		{ "302 x", "location: http://127.0.0.1:1/\r\n", "", LLM_REDIRECTED, -1 },
		{ "418 x", "", "", LLM_BAD_REQUEST, -1 },
	};
	struct fixture f;
	cJSON *schema = J("{'type':'object'}"), *none = J("{}");

	(void)unused;
	begin(&f);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct llm_call c = {
			.system = "s", .user = "u", .schema = schema, .name = "answer"
		};
		struct buf answer = BUF_INIT(1 << 16);
		struct llm_reply r;

		buf_addf(&answer, "HTTP/1.1 %s\r\n%scontent-length: %zu\r\n\r\n",
			cases[i].status, cases[i].headers, strlen(cases[i].body));
		for (const char *p = cases[i].body; *p != '\0'; p++)
			buf_add_char(&answer, *p == '\'' ? '"' : *p);
		json_free(call(&f, "anthropic", none, none, &c, answer.ptr, &r));
		if (r.fault != cases[i].fault || r.retry_after_ms != cases[i].wait_ms)
			fail_msg("%s %s%s: %s, %lld ms", cases[i].status,
				cases[i].headers, cases[i].body, llm_faults[r.fault].code,
				(long long)r.retry_after_ms);
		assert_null(strstr(r.why, "sk-test"));
		llm_reply_release(&r);
		buf_release(&answer);
	}
	json_free(schema);
	json_free(none);
	end(&f);
}

/* ---- money ---- */

static void money_is_summed_exactly_and_rounded_once(void **unused)
{
	static const struct {
		const char *facts;
		struct llm_usage used;
		int64_t micro_usd;
		int priced;
	} cases[] = {
		{ "{'usd_per_mtok':{'input':3,'output':15}}",
			{ .input = 1000, .output = 100 }, 4500, 1 },
		{ "{'usd_per_mtok':{'input':0.5}}", { .input = 1 }, 0,
			1 }, /* half to even */
		{ "{'usd_per_mtok':{'input':0.5}}", { .input = 3 }, 2, 1 },
		{ "{'usd_per_mtok':{'input':2,'cache_read':0.2,'cache_write':2.5,'output'"
		  ":10}}",
			{ 10, 100, 4, 1 }, 60, 1 },
		{ "{'usd_per_mtok':{'input':1,'above':{'input_tokens':100,'input':2}}}",
			{ .input = 100 }, 100, 1 },
		{ "{'usd_per_mtok':{'input':1,'above':{'input_tokens':100,'input':2}}}",
			{ .input = 60, .cache_read = 41 }, 120, 1 },
		{ "{}", { .input = 1000 }, 0, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *facts = J(cases[i].facts);
		struct llm_target t = { .facts = facts };
		int priced;

		assert_int_equal(
			money_cost(&t, &cases[i].used, &priced), cases[i].micro_usd);
		assert_int_equal(priced, cases[i].priced);
		json_free(facts);
	}
	assert_int_equal(money_tokens(0, 3), 0);
	assert_int_equal(money_tokens(1, 3), 1);
	assert_int_equal(money_tokens(7, 3), 3);
	assert_int_equal(money_tokens(7, 0), 3);
}

/* ---- the breaker's file ---- */

static const struct llm_target at_home = {
	.provider = "p", .model = "m", .base_url = "http://127.0.0.1:1"
};

static void breaker_file(const char *text)
{
	char hex[DIGEST_HEX_MAX], path[512];
	struct err e = { 0 };
	const char what[] = "p http://127.0.0.1:1 m";

	digest_hex(what, strlen(what), hex);
	snprintf(path, sizeof(path), "%s/state/breaker-%.16s.json", dir, hex);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0600, 0, &e), 0);
}

static int enter(struct fixture *f, struct breaker *b, int64_t *wait)
{
	struct err e = { 0 };
	int ret = breaker_enter(&f->s, &at_home, b, wait, &e);

	if (ret < 0)
		fail_msg("%s", e.msg);
	return ret;
}

static void leave(struct fixture *f, struct breaker *b, enum llm_fault fault)
{
	struct llm_reply r = { .fault = fault, .retry_after_ms = -1 };
	struct err e = { 0 };

	if (breaker_leave(&f->s, b, &r, &e) < 0)
		fail_msg("%s", e.msg);
}

/* Whatever stands in the file, a call goes on or waits a bounded time, and after it the
 * file is one that works. */
static void a_breaker_survives_any_file(void **unused)
{
	static const struct {
		const char *text;
		int goes;
	} cases[] = {
		{ "", 1 },
		{ "{", 1 },
		{ "[]", 1 },
		{ "null", 1 },
		{ "\x00\xff", 1 },
		{ "{\"state\": \"op", 1 },
		{ "{\"state\": \"unheard of\"}", 1 },
		{ "{\"state\": 7}", 1 },
		{ "{\"state\": \"open\"}", 1 }, /* of an older version: no end told */
		{ "{\"state\": \"open\", \"until_ms\": 1e300}", 1 },
		{ "{\"state\": \"open\", \"until_ms\": -1e300}", 1 },
		{ "{\"state\": \"open\", \"until_ms\": \"soon\"}", 1 },
		{ "{\"state\": \"half_open\", \"probe_until_ms\": 9e14}", 0 },
		{ "{\"state\": \"closed\", \"failures\": 1e300, \"generation\": -1e300}",
			1 },
		{ "{\"state\": \"closed\", \"failures\": -5, \"generation\": 0.5}", 1 },
		{ "{\"generation\": 9007199254740991, \"failures\": 9007199254740991}",
			1 },
	};
	struct fixture f;
	struct breaker b;
	int64_t wait;

	(void)unused;
	begin(&f);
	assert_int_equal(enter(&f, &b, &wait), 1); /* makes the directory */
	leave(&f, &b, LLM_OK);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		breaker_file(cases[i].text);
		if (enter(&f, &b, &wait) != cases[i].goes)
			fail_msg("%s: goes on is not %d", cases[i].text, cases[i].goes);
		assert_in_range(wait, 0, f.s.most_cooldown_ms);
		if (!cases[i].goes) {
			buf_release(&b.path);
			continue;
		}
		leave(&f, &b, LLM_DOWN);
		breaker_file("{}");
		for (int k = 0; k < f.s.breaker_failures; k++) {
			assert_int_equal(enter(&f, &b, &wait), 1);
			leave(&f, &b, LLM_DOWN);
		}
		assert_int_equal(enter(&f, &b, &wait), 0);
		buf_release(&b.path);
	}
	end(&f);
}

static void a_breaker_opens_probes_and_closes(void **unused)
{
	struct fixture f;
	struct breaker b, late, second;
	int64_t wait, longer;

	(void)unused;
	begin(&f);
	f.s.cooldown_ms = 40;
	f.s.breaker_failures = 2;
	breaker_file("{}");
	assert_int_equal(enter(&f, &late, &wait), 1);
	assert_int_equal(enter(&f, &b, &wait), 1);
	leave(&f, &b, LLM_CUT); /* no fault of the provider */
	for (int k = 0; k < 2; k++) {
		assert_int_equal(enter(&f, &b, &wait), 1);
		leave(&f, &b, LLM_DOWN);
	}
	assert_int_equal(enter(&f, &b, &wait), 0);
	assert_in_range(wait, 1, 40);
	buf_release(&b.path);
	leave(&f, &late, LLM_OK); /* began before it opened: does not close it */
	assert_int_equal(enter(&f, &b, &wait), 0);
	buf_release(&b.path);
	usleep((useconds_t)(wait + 5) * 1000);
	assert_int_equal(enter(&f, &b, &wait), 1);
	assert_true(b.probe);
	assert_int_equal(enter(&f, &second, &wait), 0); /* one probe at a time */
	buf_release(&second.path);
	leave(&f, &b, LLM_TIMEOUT);
	assert_int_equal(enter(&f, &b, &longer), 0);
	assert_in_range(longer, 41, 80); /* twice as long */
	buf_release(&b.path);
	usleep((useconds_t)(longer + 5) * 1000);
	assert_int_equal(enter(&f, &b, &wait), 1);
	leave(&f, &b, LLM_OK);
	assert_int_equal(enter(&f, &b, &wait), 1);
	assert_false(b.probe);
	leave(&f, &b, LLM_OK);
	end(&f);
}

/* ---- requests: hash, masking, cassettes ---- */

static void request(struct fixture *f, const char *text, struct llm_request *q)
{
	struct buf b = BUF_INIT(1 << 16);
	struct err e = { 0 };

	for (const char *p = text; *p != '\0'; p++)
		buf_add_char(&b, *p == '\'' ? '"' : *p);
	if (request_read(&f->s, &b, q, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	buf_release(&b);
}

static void a_cassette_is_keyed_by_what_is_asked_and_nothing_else(void **unused)
{
	static const char one[] = "{'purpose':'planner','inputs':{'a':1,'b':[1,2]}}";
	static const struct {
		const char *text;
		int same;
	} cases[] = {
		{ one, 1 },
		{ "{ 'inputs': {'b':[1,2],'a':1.0}, 'purpose': 'planner' }", 1 },
		{ "{'purpose':'planner','inputs':{'a':1,'b':[1,2]},'limits':{'budget_"
		  "tokens':5,'budget_usd':1,'timeout_ms':900}}",
			1 },
		{ "{'purpose':'planner','prompt_pack':'planner','inputs':{'a':1,'b':[1,2]"
		  "}}",
			1 },
		{ "{'purpose':'planner','inputs':{'a':1,'b':[2,1]}}", 0 },
		{ "{'purpose':'planner','inputs':{'a':2,'b':[1,2]}}", 0 },
		{ "{'purpose':'rationale','inputs':{'a':1,'b':[1,2]}}", 0 },
		{ "{'purpose':'planner','prompt_pack':'rationale','inputs':{'a':1,'b':[1,"
		  "2]}}",
			0 },
		{ "{'purpose':'planner','inputs':{'a':1,'b':[1,2]},'limits':{'max_output_"
		  "tokens':9}}",
			0 },
		{ "{'purpose':'planner','inputs':{'a':1,'b':[1,2]},'output_schema':{'"
		  "type':'object'}}",
			0 },
		{ "{'purpose':'planner','inputs':{'a':1,'b':[1,2]},'files':[{'path':'a."
		  "py','text':'x','writable':true}]}",
			0 },
	};
	struct fixture f;
	struct llm_request first, q;

	(void)unused;
	begin(&f);
	request(&f, one, &first);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		request(&f, cases[i].text, &q);
		if ((strcmp(q.hash, first.hash) == 0) != cases[i].same)
			fail_msg("%s", cases[i].text);
		request_release(&q);
	}
	request_release(&first);
	end(&f);
}

static void secrets_are_masked_wherever_they_stand(void **unused)
{
	struct fixture f;
	struct llm_request q;
	struct buf text = BUF_INIT(1 << 16);

	(void)unused;
	begin(&f);
	request(&f,
		"{'purpose':'planner','inputs':{'a':'key AKIAZ7QH3NXW2VTR5KLM',"
		"'deep':[[{'b':'mail bob.smith@fabrikam-industries.com'}]]},"
		"'files':[{'path':'a.py','text':'AKIAZ7QH3NXW2VTR5KLM','writable':true}]"
		"}",
		&q);
	json_print(q.doc, JSON_COMPACT, &text);
	assert_null(strstr(text.ptr, "AKIAZ7"));
	assert_null(strstr(text.ptr, "bob.smith"));
	assert_int_equal(q.masked, 3);
	request_release(&q);
	buf_release(&text);
	end(&f);
}

static void a_cassette_that_is_broken_is_named(void **unused)
{
	static const char *const texts[] = { "", "{", "[]", "{}",
		"{\"request_sha256\":\"00\",\"answer\":{}}" };
	struct fixture f;
	struct llm_request q;
	struct buf path = BUF_INIT(8192);
	struct err e = { 0 };

	(void)unused;
	begin(&f);
	request(&f, "{'purpose':'planner','inputs':{}}", &q);
	f.s.cassettes = strdup(in_dir("tapes"));
	assert_null(cassette_read(&f.s, &q, &e));
	assert_int_equal(e.code, ERR_NO_INPUT);
	buf_addf(&path, "%s/%s.json", f.s.cassettes, q.hash);
	assert_int_equal(file_mkdirs(f.s.cassettes, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		e = (struct err){ 0 };
		assert_int_equal(file_write_atomic(path.ptr, texts[i], strlen(texts[i]),
					 0600, 0, &e),
			0);
		assert_null(cassette_read(&f.s, &q, &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_non_null(strstr(e.msg, q.hash));
	}
	buf_release(&path);
	request_release(&q);
	end(&f);
}

/* ---- an agent's scratch directory ---- */

#define SAYS "echo '{\"type\":\"result\",\"structured_output\":{\"ok\":true}}'"

static void program(const char *script)
{
	struct buf text = BUF_INIT(1 << 16);
	struct err e = { 0 };

	buf_addf(&text, "#!/bin/sh\npwd >'%s'\ncat >/dev/null\n%s\n", in_dir("where"),
		script);
	assert_int_equal(
		file_write_atomic(in_dir("agent"), text.ptr, text.len, 0700, 0, &e), 0);
	buf_release(&text);
}

static int scratch_is_gone(void)
{
	struct buf where = BUF_INIT(8192);
	struct stat st;
	struct err e = { 0 };
	int gone;

	assert_int_equal(file_read(in_dir("where"), &where, &e), 0);
	buf_cut(&where, where.len - 1);
	assert_non_null(strstr(where.ptr, "/mlops-llm-"));
	gone = lstat(where.ptr, &st) < 0 && errno == ENOENT;
	buf_release(&where);
	return gone;
}

static void an_agent_may_change_its_files_and_nothing_else(void **unused)
{
	static const struct {
		const char *script;
		enum llm_fault fault;
		const char *files; /* what is taken */
	} cases[] = {
		{ SAYS, LLM_OK, "[]" },
		{ "echo new >src/mine.py; " SAYS, LLM_OK,
			"[{'path':'src/mine.py','text':'new\\n'}]" },
		{ "cat src/theirs.py >/dev/null; " SAYS, LLM_OK, "[]" },
		{ "rm src/mine.py; " SAYS, LLM_OK, "[]" },
		{ "mkdir -p .claude/x; echo notes >.claude/x/log; " SAYS, LLM_OK, "[]" },
		{ "echo new >src/theirs.py; " SAYS, LLM_SCHEMA, NULL },
		{ "printf 'old\\n\\0more' >src/theirs.py; " SAYS, LLM_SCHEMA, NULL },
		{ "printf 'new\\0' >src/mine.py; " SAYS, LLM_SCHEMA, NULL },
		{ "printf '\\377\\376' >src/mine.py; " SAYS, LLM_SCHEMA, NULL },
		{ "echo x >extra.txt; " SAYS, LLM_SCHEMA, NULL },
		{ "echo x >src/mine.py.orig; " SAYS, LLM_SCHEMA, NULL },
		{ "ln -s /etc/passwd leak; " SAYS, LLM_SCHEMA, NULL },
		{ "rm src/mine.py; ln -s /etc/passwd src/mine.py; " SAYS, LLM_SCHEMA,
			NULL },
		{ "rm -r src; ln -s /etc src; " SAYS, LLM_SCHEMA, NULL },
		{ "rm src/mine.py; ln /bin/true src/mine.py 2>/dev/null || cp /bin/true "
		  "src/mine.py; " SAYS,
			LLM_SCHEMA, NULL },
		{ "mkfifo pipe; " SAYS, LLM_SCHEMA, NULL },
		{ "rm src/mine.py; mkdir src/mine.py; echo x >src/mine.py/x; " SAYS,
			LLM_SCHEMA, NULL },
		{ "head -c 3000000 /dev/zero | tr '\\0' x >src/mine.py; " SAYS,
			LLM_SCHEMA, NULL },
		{ "i=0; while [ $i -lt 3000 ]; do : >f$i; i=$((i+1)); done; " SAYS,
			LLM_SCHEMA, NULL },
		{ "chmod 0 src/mine.py; " SAYS, LLM_OK,
			NULL }, /* root reads it all the same */
		{ "echo nonsense", LLM_GARBLED, NULL },
		{ "kill -9 $$", LLM_DOWN, NULL },
	};
	struct fixture f;
	cJSON *files = J("[{'path':'src/mine.py','text':'old\\n','writable':true},"
			 "{'path':'src/theirs.py','text':'old\\n','writable':false}]");
	cJSON *schema = J("{'type':'object'}"), *entry = J("{}");
	struct err e = { 0 };

	(void)unused;
	begin(&f);
	json_set_str(entry, "command", in_dir("agent"), &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct llm_target t = { .provider = "claude-code",
			.model = "m",
			.base_url = "",
			.entry = entry };
		struct llm_call c = { .system = "s",
			.user = "u",
			.schema = schema,
			.name = "answer",
			.files = files };
		struct llm_reply r;

		if (strstr(cases[i].script, "chmod") != NULL && geteuid() != 0)
			continue; /* who is not root must not read it */
		program(cases[i].script);
		llm_reply_init(&r, (size_t)1 << 20);
		if (provider_claude_code.call(&f.s, &t, &c, &r, &e) < 0)
			fail_msg("%s: the machine failed: %s", cases[i].script, e.msg);
		if (r.fault != cases[i].fault)
			fail_msg("%s: %s, %s", cases[i].script, llm_faults[r.fault].code,
				r.why);
		if (cases[i].files != NULL) {
			cJSON *want = J(cases[i].files);

			assert_true(json_equal(r.files, want));
			json_free(want);
		}
		if (!scratch_is_gone())
			fail_msg("%s: its directory is still there", cases[i].script);
		llm_reply_release(&r);
	}
	json_free(files);
	json_free(schema);
	json_free(entry);
	end(&f);
}

/* A process that has ended may stay in the table until somebody waits for it. */
static int runs(long pid)
{
	char path[64];
	struct buf text = BUF_INIT(8192);
	struct err e;
	const char *name;
	int yes;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	yes = file_read(path, &text, &e) == 0 &&
		(name = strrchr(text.ptr, ')')) != NULL && name[2] != 'Z';
	buf_release(&text);
	return yes;
}

/* What an agent leaves running ends with it, be it done, late or too loud. */
static void an_agents_children_end_with_it(void **unused)
{
	static const struct {
		const char *after;
		enum llm_fault fault;
	} cases[] = {
		{ SAYS, LLM_OK },
		{ "sleep 300", LLM_TIMEOUT },
		{ "yes", LLM_TOO_LONG },
	};
	struct fixture f;
	cJSON *schema = J("{'type':'object'}"), *entry = J("{}");
	struct err e = { 0 };

	(void)unused;
	begin(&f);
	f.s.answer_max = 1 << 16;
	json_set_str(entry, "command", in_dir("agent"), &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct llm_target t = { .provider = "claude-code",
			.model = "m",
			.base_url = "",
			.entry = entry };
		struct llm_call c = {
			.system = "s", .user = "u", .schema = schema, .name = "answer"
		};
		struct buf script = BUF_INIT(8192), pid = BUF_INIT(64);
		struct llm_reply r;
		int tries = 0;

		buf_addf(&script,
			"sh -c 'trap \"\" TERM; while :; do sleep 1; done' "
			"</dev/null >/dev/null 2>&1 &\necho $! >'%s'\n%s",
			in_dir("child"), cases[i].after);
		program(script.ptr);
		f.s.deadline_ns = clock_monotonic_ns() + INT64_C(1000000000);
		llm_reply_init(&r, (size_t)1 << 20);
		assert_int_equal(provider_claude_code.call(&f.s, &t, &c, &r, &e), 0);
		if (r.fault != cases[i].fault)
			fail_msg("%s: %s, %s", cases[i].after, llm_faults[r.fault].code,
				r.why);
		assert_int_equal(file_read(in_dir("child"), &pid, &e), 0);
		while (runs(strtol(pid.ptr, NULL, 10)) && tries++ < 200)
			usleep(10000); /* SIGKILL is on its way */
		assert_true(tries < 200);
		assert_true(scratch_is_gone());
		llm_reply_release(&r);
		buf_release(&script);
		buf_release(&pid);
	}
	json_free(schema);
	json_free(entry);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_is_sent_what_it_takes_and_nothing_else),
		cmocka_unit_test(a_repair_round_shows_what_was_said),
		cmocka_unit_test(answers_are_read_by_block_type),
		cmocka_unit_test(errors_are_known_by_status_and_word),
		cmocka_unit_test(money_is_summed_exactly_and_rounded_once),
		cmocka_unit_test(a_breaker_survives_any_file),
		cmocka_unit_test(a_breaker_opens_probes_and_closes),
		cmocka_unit_test(a_cassette_is_keyed_by_what_is_asked_and_nothing_else),
		cmocka_unit_test(secrets_are_masked_wherever_they_stand),
		cmocka_unit_test(a_cassette_that_is_broken_is_named),
		cmocka_unit_test(an_agent_may_change_its_files_and_nothing_else),
		cmocka_unit_test(an_agents_children_end_with_it),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
