#include "ask.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>

#include "breaker.h"
#include "fit.h"
#include "keep.h"
#include "key.h"
#include "money.h"
#include "slots.h"

#define SAID_MAX ((size_t)64 << 10) /* of a refused answer that goes back for repair */

struct work {
	struct llm_session *s;
	const struct llm_request *q;
	struct buf system, user;
	cJSON *subsets, *attempts;
	struct llm_usage usage; /* of all attempts */
	int64_t micro_usd;
	int unpriced;
	int calls;
	cJSON *output, *files;
	char provider[64], model[128]; /* who gave the output, or was asked last */
};

/* ---- the chain ---- */

static int add_link(struct llm_session *s, const char *role, const char *word, size_t len,
	struct llm_link *l, struct err *e)
{
	const char *slash = memchr(word, '/', len);
	size_t n = slash == NULL ? len : (size_t)(slash - word);
	const char *model;

	snprintf(l->provider, sizeof(l->provider), "%.*s", (int)(n < 60 ? n : 60), word);
	model = json_str_or(
		json_get(json_get(s->config, "models"), l->provider), role, "");
	if (s->o->model != NULL)
		model = s->o->model;
	if (slash != NULL)
		snprintf(l->model, sizeof(l->model), "%.*s", (int)(len - n - 1),
			slash + 1);
	else
		snprintf(l->model, sizeof(l->model), "%s", model);
	if (session_entry(s, l->provider, e) == NULL)
		return -1;
	if (l->model[0] == '\0')
		return err_set(e, ERR_CONFIG,
			"no model is named for %s (--model, or /models/%s/%s in the "
			"settings)",
			l->provider, l->provider, role);
	return 0;
}

static int add_words(struct llm_session *s, const char *role, const char *words,
	struct llm_link chain[CHAIN_MAX], size_t *n, struct err *e)
{
	for (const char *w = words; *w != '\0'; w += strspn(w, ",")) {
		size_t len = strcspn(w, ",");

		if (*n == CHAIN_MAX)
			return err_set(e, ERR_USAGE, "at most %d providers in a chain",
				CHAIN_MAX);
		if (add_link(s, role, w, len, &chain[(*n)++], e) < 0)
			return -1;
		w += len;
	}
	return 0;
}

int ask_chain(struct llm_session *s, const struct llm_request *q,
	struct llm_link chain[CHAIN_MAX], size_t *n, struct err *e)
{
	const cJSON *role = json_get(json_get(s->config, "roles"), q->role);

	*n = 0;
	if (strcmp(s->env.provider, "auto") == 0) {
		JSON_EACH (it, json_get(role, "chain"))
			if (add_words(s, q->role, json_text(it) ? json_text(it) : "",
				    chain, n, e) < 0)
				return -1;
	} else if (add_words(s, q->role, s->env.provider, chain, n, e) < 0) {
		return -1;
	}
	if (*n == 0)
		return err_set(e, ERR_CONFIG,
			"there is no provider for the role '%s' (/roles in the settings)",
			q->role);
	if (!json_bool_or(role, "fallback", strcmp(q->role, "codegen") != 0))
		*n = 1;
	return 0;
}

/* ---- a target ---- */

static const char *find_url(struct llm_session *s, const cJSON *entry)
{
	const char *name = json_str_or(entry, "base_url_env", NULL);
	const char *env = name == NULL ? NULL : getenv(name);

	if (s->o->base_url != NULL)
		return s->o->base_url;
	return env != NULL && *env != '\0' ? env : json_str_or(entry, "base_url", NULL);
}

static const cJSON *find_facts(const cJSON *entry, const char *model)
{
	JSON_EACH (m, json_get(entry, "models")) {
		const char *id = json_str_or(m, "id", "");
		size_t n = strlen(id);

		/* a dated snapshot is the same model: gpt-4.1-2025-04-14 */
		if (strncmp(model, id, n) == 0 &&
			(model[n] == '\0' || (model[n] == '-' && model[n + 1] == '2')))
			return m;
	}
	return NULL;
}

/* `url` keeps the address without slashes at its end. */
static int fill_target(struct llm_session *s, const struct llm_link *l,
	struct llm_target *t, struct buf *url, struct err *e)
{
	const cJSON *entry = session_entry(s, l->provider, e);
	const char *u = entry == NULL ? NULL : find_url(s, entry);

	if (entry == NULL)
		return -1;
	if (u == NULL)
		return err_set(e, ERR_CONFIG,
			"no address is known for %s (--base-url or %s)", l->provider,
			json_str_or(entry, "base_url_env", "the settings"));
	buf_add_str(url, u);
	while (url->len > 0 && url->ptr[url->len - 1] == '/')
		buf_cut(url, url->len - 1);
	*t = (struct llm_target){ .provider = l->provider,
		.model = l->model,
		.base_url = url->ptr,
		.entry = entry,
		.facts = find_facts(entry, l->model) };
	return buf_ok(url, e);
}

/* ---- notes of what was done ---- */

static int64_t total(const struct llm_usage *u)
{
	return u->input + u->cache_read + u->cache_write + u->output;
}

static int note_attempt(struct work *w, const struct llm_target *t,
	const struct llm_reply *r, double ms, struct err *e)
{
	cJSON *a = json_push_object(w->attempts, e);

	return a == NULL || json_set_str(a, "provider", t->provider, e) < 0 ||
			json_set_str(a, "model", t->model, e) < 0 ||
			json_set_str(a, "code", llm_faults[r->fault].code, e) < 0 ||
			json_set_str(a, "why", r->why[0] ? r->why : NULL, e) < 0 ||
			json_set_int(a, "http_status", r->status, e) < 0 ||
			json_set_str(a, "request_id",
				r->request_id[0] ? r->request_id : NULL, e) < 0 ||
			json_set_int(a, "tokens", total(&r->usage), e) < 0
		? -1
		: json_set_num(a, "latency_ms", round(ms * 10) / 10, e);
}

static void add_usage(
	struct work *w, const struct llm_target *t, const struct llm_reply *r)
{
	int priced;

	w->usage.input += r->usage.input;
	w->usage.output += r->usage.output;
	w->usage.cache_read += r->usage.cache_read;
	w->usage.cache_write += r->usage.cache_write;
	w->micro_usd += money_cost(t, &r->usage, &priced);
	w->unpriced |= !priced && total(&r->usage) > 0;
	snprintf(w->provider, sizeof(w->provider), "%s", t->provider);
	snprintf(w->model, sizeof(w->model), "%s", r->model[0] ? r->model : t->model);
}

/* ---- one call with its guards ---- */

static int guarded(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, const struct llm_call *c, struct llm_reply *r,
	struct err *e)
{
	int64_t start = clock_monotonic_ns(), wait = 0;
	struct breaker b = { .path = BUF_INIT(0) };
	struct err none = { 0 };
	int slot = slot_enter(w->s, t->provider, &none), entered, ret = 0;

	if (slot < 0 && none.code != ERR_NONE) {
		*e = none;
		return -1;
	}
	if (slot < 0) {
		llm_reply_fault(r, t, *w->s->stop ? LLM_STOPPED : LLM_NO_SLOT,
			"%d calls to %s are at work already", w->s->concurrency,
			t->provider);
		return note_attempt(w, t, r, 0, e);
	}
	entered = breaker_enter(w->s, t, &b, &wait, e);
	if (entered == 0) {
		r->retry_after_ms = wait;
		llm_reply_fault(r, t, LLM_OPEN,
			"%s failed too often lately; its breaker opens again in %.1f s",
			t->provider, (double)wait / 1000);
		buf_release(&b.path);
	} else if (entered > 0) {
		ret = p->call(w->s, t, c, r, e);
		if (ret < 0)
			r->fault = LLM_STOPPED; /* ours, not the provider's */
		if (breaker_leave(w->s, &b, r, ret < 0 ? &none : e) < 0)
			ret = -1;
	}
	slot_leave(slot);
	if (entered < 0 || ret < 0)
		return -1;
	add_usage(w, t, r);
	if (w->s->debug_dir != NULL &&
		debug_write(w->s, w->q, t, c, r, ++w->calls, e) < 0)
		return -1;
	return note_attempt(w, t, r, (double)(clock_monotonic_ns() - start) / 1e6, e);
}

/* Full jitter downwards, as the providers' own clients do: 0.75 to 1 of the step. */
static int64_t backoff_ms(const struct llm_session *s, int attempt)
{
	int64_t ms = s->first_backoff_ms << (attempt < 16 ? attempt : 16);
	unsigned char random = 0;

	if (ms > s->most_backoff_ms)
		ms = s->most_backoff_ms;
	(void)!getrandom(&random, 1, 0);
	return ms - ms * random / 1024;
}

static int worth_retry(
	const struct llm_session *s, const struct llm_reply *r, int attempt)
{
	if (attempt >= s->retries || r->retry_after_ms > s->wait_ms)
		return 0;
	if (r->fault == LLM_NO_CREDIT || r->fault == LLM_STOPPED)
		return 0;
	return r->should_retry >= 0 && r->fault != LLM_OK ? r->should_retry
							  : llm_faults[r->fault].retry;
}

static int with_retries(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, const struct llm_call *c, struct llm_reply *r,
	struct err *e)
{
	for (int attempt = 0;; attempt++) {
		int64_t wait;

		llm_reply_init(r, w->s->answer_max);
		if (guarded(w, p, t, c, r, e) < 0)
			return -1;
		if (!worth_retry(w->s, r, attempt))
			return 0;
		wait = r->retry_after_ms > 0 ? r->retry_after_ms
					     : backoff_ms(w->s, attempt);
		if (w->s->delta != NULL && r->text.len > 0)
			w->s->delta(w->s->delta_arg, NULL, 0);
		if (session_sleep(w->s, wait) < 0) {
			if (*w->s->stop)
				llm_reply_fault(r, t, LLM_STOPPED, "interrupted");
			return 0;
		}
		llm_reply_release(r);
	}
}

/* ---- the budget ---- */

static int64_t estimate(const struct work *w, const struct llm_call *c)
{
	struct buf schema = BUF_INIT((size_t)16 << 20);
	size_t bytes;

	json_print(c->schema, JSON_COMPACT, &schema);
	bytes = strlen(c->system) + strlen(c->user) + schema.len +
		(c->said != NULL ? strlen(c->said) + strlen(c->complaint) : 0);
	JSON_EACH (f, c->files)
		bytes += strlen(json_str_or(f, "text", ""));
	buf_release(&schema);
	return money_tokens(bytes, session_limit(w->s, "bytes_per_token", 3)) + 16;
}

/* The provider's own count where there is a budget to keep and an endpoint for it. */
static int64_t count_input(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, const struct llm_call *c, const char **by)
{
	struct err ignored = { 0 };
	int64_t n = -1;

	*by = "provider";
	if (p->count != NULL && json_bool_or(t->entry, "counts_tokens", 0) &&
		p->count(w->s, t, c, &n, &ignored) == 0 && n >= 0)
		return n;
	*by = "estimate";
	return estimate(w, c);
}

static void check_budget(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, const struct llm_call *c, struct llm_reply *r)
{
	int64_t tokens = w->q->budget_tokens, usd = w->q->budget_micro_usd, in, cost;
	int priced;
	const char *by;

	if (tokens < 0 && usd < 0)
		return;
	in = count_input(w, p, t, c, &by);
	cost = money_cost(t,
		&(struct llm_usage){ .input = in, .output = c->max_output_tokens },
		&priced);
	if (tokens >= 0 && in + c->max_output_tokens + total(&w->usage) > tokens)
		llm_reply_fault(r, t, LLM_BUDGET,
			"%lld tokens may be needed (%lld in by %s, %lld out) and %lld "
			"are "
			"left",
			(long long)(in + c->max_output_tokens), (long long)in, by,
			(long long)c->max_output_tokens,
			(long long)(tokens - total(&w->usage)));
	else if (usd >= 0 && cost + w->micro_usd > usd)
		llm_reply_fault(r, t, LLM_BUDGET, "$%.4f may be needed and $%.4f is left",
			(double)cost / 1e6, (double)(usd - w->micro_usd) / 1e6);
}

static void check_size(struct work *w, const struct llm_target *t,
	const struct llm_call *c, struct llm_reply *r)
{
	int64_t most = money_context(t), in = estimate(w, c);

	if (most > 0 && in > most)
		llm_reply_fault(r, t, LLM_TOO_LARGE,
			"about %lld tokens are more than %s takes (%lld)", (long long)in,
			t->model, (long long)most);
}

/* ---- the answer ---- */

/* Models without structured output wrap JSON in words or a fence: then what lies
 * between the first brace and the last one counts. */
static cJSON *parse_answer(const struct buf *text, struct err *e)
{
	cJSON *v = json_parse(text->ptr, text->len, JSON_STRICT, e);
	const char *first = strchr(text->ptr, '{'), *last = strrchr(text->ptr, '}');
	struct err ignored;

	if (v == NULL && first != NULL && last != NULL && last > first)
		v = json_parse(first, (size_t)(last - first) + 1, JSON_STRICT, &ignored);
	return v;
}

/* 0 with w->output set, or -1 with what is wrong in *e. */
static int take_output(struct work *w, const struct llm_reply *r, struct err *e)
{
	cJSON *v = parse_answer(&r->text, e);

	if (v == NULL) {
		err_where(e, "the answer");
		return -1;
	}
	unfit_value(w->q->schema, v);
	if (schema_check(w->q->check, v, "", e) < 0) {
		json_free(v);
		return -1;
	}
	w->output = v;
	return 0;
}

static void complain(const struct err *bad, struct buf *out)
{
	buf_addf(out,
		"That answer was refused: %s. Give the whole answer again, corrected, as "
		"one "
		"JSON value of the schema and nothing else.",
		bad->msg);
}

/* Asks once more with what was wrong. *r is the reply of this round. */
static int repair(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, struct llm_call *c, struct llm_reply *r,
	const struct err *bad, struct err *e)
{
	struct buf said = BUF_INIT(SAID_MAX + 1), complaint = BUF_INIT(4096);
	int ret = -1;

	buf_add(&said, r->text.ptr, r->text.len < SAID_MAX ? r->text.len : SAID_MAX);
	complain(bad, &complaint);
	llm_reply_release(r);
	llm_reply_init(r, w->s->answer_max);
	c->said = said.len > 0 ? said.ptr : "(nothing)";
	c->complaint = complaint.ptr;
	if (buf_ok(&said, e) < 0 || buf_ok(&complaint, e) < 0)
		goto out;
	if (w->s->delta != NULL)
		w->s->delta(w->s->delta_arg, NULL, 0);
	check_budget(w, p, t, c, r);
	ret = r->fault != LLM_OK ? 0 : with_retries(w, p, t, c, r, e);
out:
	c->said = c->complaint = NULL;
	buf_release(&said);
	buf_release(&complaint);
	return ret;
}

static int schema_rounds(struct work *w, const struct llm_provider *p,
	const struct llm_target *t, struct llm_call *c, struct llm_reply *r,
	struct err *e)
{
	struct err bad = { 0 };

	for (int round = 0; r->fault == LLM_OK; round++) {
		if (take_output(w, r, &bad) == 0) {
			w->files = r->files;
			r->files = NULL;
			return quarantine_note(w->s, w->q, t, NULL, NULL, e);
		}
		if (round == 1) {
			llm_reply_fault(
				r, t, LLM_SCHEMA, "after one repair: %s", bad.msg);
			return quarantine_note(w->s, w->q, t, &r->text, bad.msg, e) < 0
				? -1
				: 0;
		}
		if (repair(w, p, t, c, r, &bad, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- one link ---- */

static int call_target(struct work *w, const struct llm_provider *p, struct llm_target *t,
	struct llm_reply *r, struct err *e)
{
	const cJSON *subset =
		json_get(w->subsets, json_str_or(t->entry, "schema_subset", "openai"));
	cJSON *schema = fit_schema(w->q->schema, subset, e);
	double most = json_num_or(t->facts, "max_output_tokens", 1e9);
	struct llm_call c = { .system = w->system.ptr,
		.user = w->user.ptr,
		.schema = schema,
		.name = "answer",
		.cache_key = w->q->pack.hash,
		.effort = json_str_or(w->q->pack.doc, "effort", NULL),
		.max_output_tokens = w->q->max_output_tokens < (int64_t)most
			? w->q->max_output_tokens
			: (int64_t)most,
		.files = w->q->files };
	int ret = schema == NULL ? -1 : 0;

	if (ret == 0)
		check_size(w, t, &c, r);
	if (ret == 0 && r->fault == LLM_OK)
		check_budget(w, p, t, &c, r);
	if (ret == 0 && r->fault == LLM_OK)
		ret = with_retries(w, p, t, &c, r, e);
	if (ret == 0)
		ret = schema_rounds(w, p, t, &c, r, e);
	json_free(schema);
	return ret;
}

/* What is wrong with the settings of one link is that link's fault, not the end. */
static int ask_link(
	struct work *w, const struct llm_link *l, struct llm_reply *r, struct err *e)
{
	struct llm_target t = { .provider = l->provider, .model = l->model };
	struct buf url = BUF_INIT(8192), key = BUF_INIT(8192);
	const struct llm_provider *p = NULL;
	int ret = fill_target(w->s, l, &t, &url, e);

	if (ret == 0)
		ret = key_find(w->s, l->provider, t.entry, &key, e);
	if (ret == 0) {
		p = llm_provider_of(json_str_or(t.entry, "dialect", ""));
		if (p == NULL)
			ret = err_set(e, ERR_CONFIG, "%s: unknown dialect", l->provider);
	}
	if (ret == 0 && key.len == 0 && json_bool_or(t.entry, "needs_key", 0)) {
		llm_reply_fault(r, &t, LLM_NO_KEY,
			"there is no key for %s (%s, --key-file, or /keys in the "
			"settings)",
			l->provider, json_str_or(t.entry, "key_env", "its variable"));
		ret = note_attempt(w, &t, r, 0, e);
	} else if (ret == 0) {
		t.key = key.len > 0 ? key.ptr : NULL;
		ret = call_target(w, p, &t, r, e);
	}
	key_forget(&key);
	buf_release(&url);
	return ret;
}

static void tell(struct llm_outcome *out, const struct llm_reply *r)
{
	out->fault = r->fault;
	out->retry_after_ms = r->retry_after_ms;
	snprintf(out->why, sizeof(out->why), "%s", r->why);
}

/* ---- the answer document ---- */

static int set_usage(cJSON *answer, const struct llm_usage *u, struct err *e)
{
	cJSON *o = json_add_object(answer, "usage", e);

	return o == NULL || json_set_int(o, "input_tokens", u->input, e) < 0 ||
			json_set_int(o, "cache_read_tokens", u->cache_read, e) < 0 ||
			json_set_int(o, "cache_write_tokens", u->cache_write, e) < 0 ||
			json_set_int(o, "output_tokens", u->output, e) < 0
		? -1
		: json_set_int(o, "total_tokens", total(u), e);
}

static int set_refused(cJSON *answer, const struct llm_outcome *out, struct err *e)
{
	cJSON *o;

	if (out->fault == LLM_OK)
		return json_set_null(answer, "refused", e);
	o = json_add_object(answer, "refused", e);
	return o == NULL || json_set_str(o, "code", llm_faults[out->fault].code, e) < 0
		? -1
		: json_set_str(o, "why", out->why, e);
}

static int set_pack(cJSON *answer, const struct llm_pack *p, struct err *e)
{
	cJSON *o = json_add_object(answer, "prompt_pack", e);

	return o == NULL || json_set_str(o, "id", p->id, e) < 0 ||
			json_set_int(o, "version", p->version, e) < 0
		? -1
		: json_set_str(o, "sha256", p->hash, e);
}

static int fill_answer(struct work *w, cJSON *answer, const struct llm_outcome *out,
	double ms, struct err *e)
{
	cJSON *output = w->output != NULL ? w->output : json_new_null(e);

	w->output = NULL;
	if (json_set(answer, "output", output, e) < 0 ||
		set_refused(answer, out, e) < 0 ||
		json_set_str(answer, "purpose", w->q->purpose, e) < 0 ||
		json_set_str(answer, "role", w->q->role, e) < 0 ||
		json_set_str(answer, "provider", w->provider[0] ? w->provider : NULL, e) <
			0 ||
		json_set_str(answer, "model", w->model[0] ? w->model : NULL, e) < 0 ||
		set_pack(answer, &w->q->pack, e) < 0 ||
		json_set_str(answer, "request_sha256", w->q->hash, e) < 0 ||
		set_usage(answer, &w->usage, e) < 0 ||
		json_set_usd(answer, "cost_usd", w->micro_usd, e) < 0 ||
		json_set_bool(answer, "unpriced", w->unpriced, e) < 0 ||
		json_set_num(answer, "latency_ms", round(ms * 10) / 10, e) < 0 ||
		json_set_int(answer, "masked", (int64_t)w->q->masked, e) < 0)
		return -1;
	if (w->files != NULL) {
		cJSON *files = w->files;

		w->files = NULL;
		if (json_set(answer, "files", files, e) < 0)
			return -1;
	}
	output = w->attempts;
	w->attempts = NULL;
	return json_set(answer, "attempts", output, e);
}

static int prepare(
	struct work *w, struct llm_session *s, const struct llm_request *q, struct err *e)
{
	*w = (struct work){ .s = s, .q = q };
	buf_init(&w->system, (size_t)16 << 20);
	buf_init(&w->user, (size_t)256 << 20);
	w->attempts = json_new_array(e);
	w->subsets = env_read_json(&s->env, "models/schema-subsets.json", e);
	return w->attempts == NULL || w->subsets == NULL ||
			pack_system(&q->pack, &w->system, e) < 0
		? -1
		: pack_user(&q->pack, q->inputs, &w->user, e);
}

static void release(struct work *w)
{
	buf_release(&w->system);
	buf_release(&w->user);
	json_free(w->subsets);
	json_free(w->attempts);
	json_free(w->output);
	json_free(w->files);
}

int ask(struct llm_session *s, const struct llm_request *q, cJSON *answer,
	struct llm_outcome *out, struct err *e)
{
	int64_t start = clock_monotonic_ns();
	struct llm_link chain[CHAIN_MAX];
	struct llm_reply r;
	struct work w;
	size_t n = 0;
	int ret = prepare(&w, s, q, e);

	session_drop_rules(s);
	if (ret == 0)
		ret = ask_chain(s, q, chain, &n, e);
	for (size_t i = 0; ret == 0 && i < n; i++) {
		llm_reply_init(&r, s->answer_max);
		ret = ask_link(&w, &chain[i], &r, e);
		if (ret == 0)
			tell(out, &r);
		llm_reply_release(&r);
		if (ret < 0 || !llm_faults[out->fault].falls)
			break;
	}
	if (ret == 0)
		ret = fill_answer(
			&w, answer, out, (double)(clock_monotonic_ns() - start) / 1e6, e);
	release(&w);
	return ret;
}

/* ---- without a call ---- */

static enum llm_fault fault_by_code(const char *code)
{
	for (int f = 0; f < LLM_FAULTS; f++)
		if (strcmp(llm_faults[f].code, code) == 0)
			return (enum llm_fault)f;
	return LLM_GARBLED;
}

int ask_replay(struct llm_session *s, const struct llm_request *q, cJSON **answer,
	struct llm_outcome *out, struct err *e)
{
	const cJSON *refused;

	*answer = cassette_read(s, q, e);
	if (*answer == NULL)
		return -1;
	refused = json_get(*answer, "refused");
	*out = (struct llm_outcome){ .retry_after_ms = -1 };
	if (json_is(refused, JSON_OBJECT)) {
		out->fault = fault_by_code(json_str_or(refused, "code", ""));
		snprintf(out->why, sizeof(out->why), "%s",
			json_str_or(refused, "why", ""));
		return 0;
	}
	if (schema_check(q->check, json_get(*answer, "output"), "cassette: output", e) ==
		0)
		return 0;
	json_free(*answer);
	*answer = NULL;
	return -1;
}

int ask_estimate(
	struct llm_session *s, const struct llm_request *q, cJSON *out, struct err *e)
{
	struct llm_link chain[CHAIN_MAX];
	struct llm_target t = { 0 };
	struct buf url = BUF_INIT(8192);
	struct work w;
	cJSON *schema = NULL;
	struct llm_call c = { .name = "answer" };
	int64_t in, usd;
	size_t n = 0;
	int priced, ret = prepare(&w, s, q, e);

	if (ret == 0)
		ret = ask_chain(s, q, chain, &n, e);
	if (ret == 0)
		ret = fill_target(s, &chain[0], &t, &url, e);
	if (ret < 0)
		goto out;
	ret = -1;
	schema = fit_schema(q->schema,
		json_get(w.subsets, json_str_or(t.entry, "schema_subset", "openai")), e);
	if (schema == NULL)
		goto out;
	c.system = w.system.ptr;
	c.user = w.user.ptr;
	c.schema = schema;
	c.files = q->files;
	in = estimate(&w, &c);
	usd = money_cost(&t,
		&(struct llm_usage){ .input = in, .output = q->max_output_tokens },
		&priced);
	if (json_set_str(out, "provider", t.provider, e) < 0 ||
		json_set_str(out, "model", t.model, e) < 0 ||
		json_set_int(out, "input_tokens", in, e) < 0 ||
		json_set_int(out, "max_output_tokens", q->max_output_tokens, e) < 0 ||
		json_set_usd(out, "usd", usd, e) < 0 ||
		json_set_bool(out, "unpriced", !priced, e) < 0)
		goto out;
	ret = 0;
out:
	json_free(schema);
	buf_release(&url);
	release(&w);
	return ret;
}
