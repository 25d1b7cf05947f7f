#include "breaker.h"

#include <string.h>

#include "locked.h"

static int64_t now_ms(void)
{
	return clock_wall_ns() / 1000000;
}

/* Whatever a file says: a whole number that can still be counted up. */
static int64_t get(const cJSON *doc, const char *name)
{
	double d = json_num_or(doc, name, 0);

	return d > 0 && d < 1e15 ? (int64_t)d : 0;
}

static const char *state_of(const cJSON *doc)
{
	return json_str_or(doc, "state", "closed");
}

static int is(const cJSON *doc, const char *state)
{
	return strcmp(state_of(doc), state) == 0;
}

static int go(cJSON *doc, const char *state, struct err *e)
{
	return json_set_str(doc, "state", state, e) < 0
		? -1
		: json_set_int(doc, "generation", get(doc, "generation") + 1, e);
}

static int count(cJSON *doc, const char *name, struct err *e)
{
	return json_set_int(doc, name, get(doc, name) + 1, e);
}

/* Milliseconds until a moment of the document, at most `most` (the clock was set back)
 * and never less than none. */
static int64_t left(const cJSON *doc, const char *until, int64_t most)
{
	int64_t ms = get(doc, until) - now_ms();

	return ms > most ? most : ms < 0 ? 0 : ms;
}

int breaker_enter(struct llm_session *s, const struct llm_target *t, struct breaker *b,
	int64_t *wait_ms, struct err *e)
{
	struct locked l;
	int write = 0, ret = 1;

	*b = (struct breaker){ .path = BUF_INIT(8192) };
	buf_addf(&b->path, "%s %s %s", t->provider, t->base_url, t->model);
	*wait_ms = 0;
	if (locked_open(s, "breaker", b->path.ptr, &l, e) < 0)
		return -1;
	if (is(l.doc, "open"))
		*wait_ms = left(l.doc, "until_ms", s->most_cooldown_ms);
	else if (is(l.doc, "half_open"))
		*wait_ms = left(l.doc, "probe_until_ms", s->total_ms);
	if (*wait_ms > 0) {
		ret = 0;
	} else if (!is(l.doc, "closed")) {
		/* the lease outlasts the longest call */
		int64_t lease = now_ms() + session_left_ms(s, s->total_ms) + 1000;

		b->probe = write = 1;
		if (go(l.doc, "half_open", e) < 0 || count(l.doc, "probes", e) < 0 ||
			json_set_int(l.doc, "probe_until_ms", lease, e) < 0)
			ret = -1;
	}
	b->generation = get(l.doc, "generation");
	if (locked_close(&l, write && ret >= 0, e) < 0)
		ret = -1;
	return ret;
}

static int open_it(struct llm_session *s, cJSON *doc, const struct breaker *b,
	const struct llm_reply *r, struct err *e)
{
	int64_t ms = b->probe ? get(doc, "cooldown_ms") * 2 : s->cooldown_ms;

	if (ms < s->cooldown_ms)
		ms = s->cooldown_ms;
	if (r->retry_after_ms > ms)
		ms = r->retry_after_ms;
	if (ms > s->most_cooldown_ms)
		ms = s->most_cooldown_ms;
	return go(doc, "open", e) < 0 || count(doc, "opened", e) < 0 ||
			json_set_int(doc, "cooldown_ms", ms, e) < 0 ||
			json_set_int(doc, "until_ms", now_ms() + ms, e) < 0 ||
			json_set_str(doc, "last_fault", llm_faults[r->fault].code, e) < 0
		? -1
		: json_set_int(doc, "failures", 0, e);
}

static int close_it(cJSON *doc, const struct breaker *b, struct err *e)
{
	if (b->probe && (go(doc, "closed", e) < 0 || count(doc, "closed", e) < 0))
		return -1;
	return json_set_int(doc, "failures", 0, e);
}

/* A probe that was stopped says nothing: the next process may probe at once. */
static int forget_probe(cJSON *doc, const struct breaker *b, struct err *e)
{
	return b->probe ? json_set_int(doc, "probe_until_ms", 0, e) : 0;
}

int breaker_leave(struct llm_session *s, struct breaker *b, const struct llm_reply *r,
	struct err *e)
{
	const struct llm_fault_row *fault = &llm_faults[r->fault];
	struct locked l;
	int ret = 0, write = 0;

	if (b->path.len == 0)
		return 0;
	if (locked_open(s, "breaker", b->path.ptr, &l, e) < 0) {
		buf_release(&b->path);
		return -1;
	}
	if (get(l.doc, "generation") == b->generation) {
		write = 1;
		if (r->fault == LLM_STOPPED) {
			ret = forget_probe(l.doc, b, e);
		} else if (!fault->trips) {
			write = b->probe || get(l.doc, "failures") > 0;
			ret = close_it(l.doc, b, e);
		} else {
			ret = count(l.doc, "failures", e);
			if (ret == 0 &&
				(b->probe ||
					get(l.doc, "failures") >= s->breaker_failures))
				ret = open_it(s, l.doc, b, r, e);
		}
	}
	if (locked_close(&l, write && ret == 0, e) < 0)
		ret = -1;
	buf_release(&b->path);
	return ret;
}
