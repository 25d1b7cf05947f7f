#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     500
#define BUSY_RETRY_S  10

/* ---- pages ---- */

static int bad_query(struct call *c, const char *what)
{
	reply_error(c->a, c->q, 400, NULL, what, 0);
	return ANSWERED;
}

int page_read(struct call *c, struct store_page *p)
{
	const char *limit = request_query(c->q, "limit");
	char *end;

	p->limit = LIMIT_DEFAULT;
	if (limit == NULL)
		return 0;
	p->limit = strtoll(limit, &end, 10);
	if (*limit == '\0' || *end != '\0' || p->limit < 1 || p->limit > LIMIT_MAX)
		return bad_query(c, "limit: a whole number from 1 to 500");
	return 0;
}

/* A cursor is what page_print gave; anything else is refused. */
static int read_cursor(
	struct call *c, struct store_page *p, enum page_kind kind, char *time)
{
	const char *cursor = request_query(c->q, "cursor"), *bar;
	char *end;

	if (cursor == NULL)
		return 0;
	if (kind == PAGE_BY_NAME) {
		p->after_id = cursor;
	} else if (kind == PAGE_BY_NUMBER) {
		p->after = strtoll(cursor, &end, 10);
		if (*cursor == '\0' || *end != '\0' || p->after < 0)
			return bad_query(c, "cursor: next_cursor of the page before");
	} else {
		bar = strchr(cursor, '|');
		if (bar == NULL || bar - cursor >= CLOCK_TEXT_MAX ||
			!id_is_valid(bar + 1))
			return bad_query(c, "cursor: next_cursor of the page before");
		snprintf(time, CLOCK_TEXT_MAX, "%.*s", (int)(bar - cursor), cursor);
		p->after_time = time;
		p->after_id = bar + 1;
	}
	return 0;
}

static void print_cursor(const struct store_page *p, enum page_kind kind, struct buf *out)
{
	struct err ignored;
	struct buf text = BUF_INIT(1024);
	cJSON *v;

	if (kind == PAGE_BY_NUMBER)
		buf_addf(&text, "%lld", (long long)p->last);
	else if (kind == PAGE_BY_NAME)
		buf_add_str(&text, p->last_id);
	else
		buf_addf(&text, "%s|%s", p->last_time, p->last_id);
	v = json_new_str(text.ptr, &ignored);
	json_print(v, JSON_COMPACT, out);
	json_free(v);
	buf_release(&text);
}

int page_print(struct call *c, struct store_page *p, enum page_kind kind,
	int (*print)(struct store *, struct store_page *, struct buf *, size_t *,
		struct err *),
	struct err *e)
{
	char time[CLOCK_TEXT_MAX];
	size_t n = 0;

	if (page_read(c, p) < 0 || read_cursor(c, p, kind, time) < 0)
		return ANSWERED;
	buf_add_str(&c->a->body, "{\"items\":[");
	if (print(c->store, p, &c->a->body, &n, e) < 0)
		return -1;
	buf_add_str(&c->a->body, "],\"next_cursor\":");
	if ((int64_t)n == p->limit)
		print_cursor(p, kind, &c->a->body);
	else
		buf_add_str(&c->a->body, "null");
	buf_add_char(&c->a->body, '}');
	return 0;
}

/* ---- bodies ---- */

void answer_json(struct call *c, const cJSON *value)
{
	json_print(value, JSON_COMPACT, &c->a->body);
}

int accepted(struct call *c, const char *project_id, const char *set_id,
	const char *status, int64_t version, struct err *e)
{
	cJSON *o = json_new_object(e);
	int ret = -1;

	if (o != NULL && json_set_str(o, "decision_set_id", set_id, e) == 0 &&
		json_set_str(o, "project_id", project_id, e) == 0 &&
		json_set_str(o, "status", status, e) == 0 &&
		json_set_int(o, "version", version, e) == 0 &&
		json_setf(o, "stream_url", e, "/streams/%s", set_id) == 0) {
		answer_json(c, o);
		snprintf(c->a->location, sizeof(c->a->location), "/decision-sets/%s",
			set_id);
		c->a->status = 202;
		ret = 0;
	}
	json_free(o);
	return ret;
}

int check_room(struct call *c, const char *project_id, struct err *e)
{
	const struct config *config = c->service->config;
	struct queue_depth all, own;

	if (queue_depth(c->store, NULL, &all, e) < 0 ||
		queue_depth(c->store, project_id, &own, e) < 0)
		return -1;
	if (own.queued + own.delayed + own.running >= config->project_max) {
		reply_error(c->a, c->q, 429, NULL,
			"this project has as many jobs waiting as it may have",
			BUSY_RETRY_S);
		return ANSWERED;
	}
	if (all.queued + all.delayed >= config->queue_max) {
		reply_error(c->a, c->q, 503, NULL, "the queue is full", BUSY_RETRY_S);
		return ANSWERED;
	}
	return 0;
}

/* ---- conditions ---- */

static int etag_is_in(const char *list, const char *etag)
{
	size_t n = strlen(etag);

	if (strcmp(list, "*") == 0)
		return 1;
	for (const char *p = list; (p = strstr(p, etag)) != NULL; p += n)
		if (p[n] == '\0' || p[n] == ',' || p[n] == ' ')
			return 1;
	return 0;
}

int check_if_match(struct call *c)
{
	const char *wanted = request_header(c->q, "If-Match");
	char etag[64];

	snprintf(etag, sizeof(etag), "\"%.0f\"", json_num_or(c->set, "lock_version", 0));
	if (wanted == NULL || etag_is_in(wanted, etag))
		return 0;
	reply_error(c->a, c->q, 412, NULL,
		"the decision set has changed since it was read: read it again", 0);
	return ANSWERED;
}

int is_unchanged(struct call *c)
{
	const char *known = request_header(c->q, "If-None-Match");

	if (known == NULL || !etag_is_in(known, c->a->etag))
		return 0;
	buf_reset(&c->a->body);
	c->a->status = 304;
	return 1;
}

/* One range "bytes=A-B", "bytes=A-" or "bytes=-N"; anything else is all of it. */
static int read_range(const char *text, size_t len, size_t *from, size_t *to)
{
	char *end;
	unsigned long long a, b;

	if (strncmp(text, "bytes=", 6) != 0 || strchr(text, ',') != NULL)
		return 0;
	text += 6;
	if (*text == '-') {
		a = strtoull(text + 1, &end, 10);
		if (text[1] < '0' || text[1] > '9' || *end != '\0')
			return 0;
		*from = a < len ? len - (size_t)a : 0;
		*to = len;
		return a == 0 || len == 0 ? -1 : 1;
	}
	if (*text < '0' || *text > '9')
		return 0;
	a = strtoull(text, &end, 10);
	if (*end != '-')
		return 0;
	text = end + 1;
	b = *text == '\0' ? len - 1 : strtoull(text, &end, 10);
	if (*text != '\0' && (*text < '0' || *text > '9' || *end != '\0' || b < a))
		return 0;
	if (a >= len)
		return -1;
	*from = (size_t)a;
	*to = b >= len ? len : (size_t)b + 1;
	return 1;
}

void answer_range(struct call *c)
{
	const char *range = request_header(c->q, "Range");
	const char *same = request_header(c->q, "If-Range");
	size_t len = c->a->body.len, from = 0, to = len;
	int ret;

	if (range == NULL || (same != NULL && strcmp(same, c->a->etag) != 0))
		return;
	ret = read_range(range, len, &from, &to);
	if (ret < 0) {
		reply_error(c->a, c->q, 416, NULL, "the range lies outside", 0);
		snprintf(c->a->range, sizeof(c->a->range), "bytes */%zu", len);
	} else if (ret > 0) {
		memmove(c->a->body.ptr, c->a->body.ptr + from, to - from);
		buf_cut(&c->a->body, to - from);
		c->a->status = 206;
		snprintf(c->a->range, sizeof(c->a->range), "bytes %zu-%zu/%zu", from,
			to - 1, len);
	}
}

struct masks {
	cJSON *doc;
	struct redact *rules;
};

static int masks_load(struct masks *m, const struct call *c, struct err *e)
{
	struct buf path = BUF_INIT(8192);

	*m = (struct masks){ NULL, NULL };
	buf_addf(&path, "%s/redact/secrets.json", c->service->env.share);
	if (buf_ok(&path, e) == 0)
		m->doc = json_parse_file(path.ptr, (size_t)4 << 20, e);
	buf_release(&path);
	m->rules = m->doc == NULL ? NULL : redact_new(m->doc, e);
	return m->rules == NULL ? -1 : 0;
}

static void masks_release(struct masks *m)
{
	redact_free(m->rules);
	json_free(m->doc);
}

int mask_secrets(struct call *c, const char *text, struct buf *out, struct err *e)
{
	struct masks m;
	int ret = masks_load(&m, c, e);

	if (ret == 0)
		ret = redact_secrets(m.rules, text, strlen(text), out, NULL, e);
	masks_release(&m);
	return ret;
}

cJSON *mask_tree(struct call *c, const cJSON *tree, struct err *e)
{
	struct masks m;
	cJSON *out = masks_load(&m, c, e) < 0 ? NULL : redact_tree(m.rules, tree, e);

	masks_release(&m);
	return out;
}
