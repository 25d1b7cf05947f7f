/* From a request to its route and back: who asks, what may be asked, what was asked
 * before, and what went wrong. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "internal.h"
#include "store/hooks.h"

#define TRIES        5
#define RETRY_S      5  /* of a database that is away */
#define DISK_RETRY_S 30 /* of a disk that is full */
#define KEY_MAX      255

/* ---- errors ---- */

static const char *code_of_status(int status)
{
	static const struct {
		int status;
		const char *code;
	} known[] = { { 401, "unauthorized" }, { 403, "forbidden" }, { 404, "not_found" },
		{ 409, "conflict" }, { 412, "conflict" }, { 429, "rate_limited" },
		{ 500, "internal" }, { 503, "unavailable" } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status)
			return known[i].code;
	return "validation_failed";
}

static int put_error(cJSON *all, const struct request *q, const char *code,
	const char *message, int64_t retry_after_s, struct err *e)
{
	cJSON *o = json_add_object(all, "error", e);

	return o == NULL || json_set_str(o, "code", code, e) < 0 ||
			json_set_str(o, "message", message, e) < 0 ||
			(retry_after_s > 0 ? json_set_int(
						     o, "retry_after_s", retry_after_s, e)
					   : json_set_null(o, "retry_after_s", e)) < 0 ||
			json_set_null(o, "run_id", e) < 0 ||
			json_set_null(o, "node_name", e) < 0 ||
			json_set_str(o, "request_id", q->id, e) < 0
		? -1
		: 0;
}

void reply_error(struct reply *a, const struct request *q, int status, const char *code,
	const char *message, int64_t retry_after_s)
{
	struct err e = { 0 };
	cJSON *all = json_new_object(&e);

	buf_reset(&a->body);
	a->status = status;
	a->type = NULL;
	a->etag[0] = a->location[0] = a->range[0] = '\0';
	a->retry_after_s = retry_after_s;
	if (all != NULL &&
		put_error(all, q, code != NULL ? code : code_of_status(status), message,
			retry_after_s, &e) == 0)
		json_print(all, JSON_COMPACT, &a->body);
	json_free(all);
}

static void reply_failure(struct call *c, const struct err *e)
{
	int status = err_http_status(e->code);
	int64_t retry = e->code == ERR_DOWN || e->code == ERR_LATER ? RETRY_S
		: status == 503                                     ? DISK_RETRY_S
								    : 0;

	reply_error(c->a, c->q, status, err_public_code(e->code),
		status == 500 ? "something went wrong here; the log has it under this "
				"request's id"
			      : e->msg,
		retry);
	if (status >= 500)
		log_warn(&c->service->env.log, "request %s: %s %s: %s", c->q->id,
			c->q->method, c->q->path, e->msg);
}

void dispatch_refused(
	void *arg, const struct request *q, int status, const char *why, struct reply *a)
{
	(void)arg;
	reply_error(a, q, status, NULL, why, 0);
}

void dispatch_done(void *arg, const struct request *q, const struct reply *a)
{
	struct service *s = arg;
	int status = a->status != 0 ? a->status : 200;
	double ms = (double)(clock_monotonic_ns() - q->start_ns) / 1e6;
	struct buf line = BUF_INIT(16384);

	pthread_mutex_lock(&s->lock);
	if (status < STATUS_MAX)
		s->answers[status]++;
	s->seconds += ms / 1e3;
	pthread_mutex_unlock(&s->lock);
	buf_addf(&line,
		"\"request_id\":\"%s\",\"method\":\"%s\",\"status\":%d,\"latency_ms\":%."
		"1f,"
		"\"user_id\":\"",
		q->id, q->method, status, ms);
	log_escape(&line, q->user);
	buf_add_str(&line, "\",\"path\":\"");
	log_escape(&line, q->path);
	buf_addf(&line, "\",\"traceparent\":\"%s\"", q->trace);
	log_event(&s->env.log, "request", line.ptr);
	buf_release(&line);
}

/* ---- which route ---- */

/* 1 when the path fits; the segment that {id} stands for goes into `id`. */
static int fits(const char *pattern, const char *path, char id[ID_TEXT_MAX])
{
	while (*pattern != '\0') {
		if (strncmp(pattern, "{id}", 4) == 0) {
			size_t n = strcspn(path, "/");

			if (n != ID_TEXT_MAX - 1)
				return 0;
			snprintf(id, ID_TEXT_MAX, "%s", path);
			path += n;
			pattern += 4;
		} else if (*pattern++ != *path++) {
			return 0;
		}
	}
	return *path == '\0';
}

/* HEAD is GET without its body. */
static int is_method(const struct route *r, const char *method)
{
	return strcmp(r->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

static int find_route(struct call *c)
{
	int there = 0;

	for (const struct route *r = routes; r->method != NULL; r++) {
		if ((!c->service->api && !(r->flags & ROUTE_WORKER)) ||
			!fits(r->path, c->q->path, c->id))
			continue;
		there = 1;
		if (is_method(r, c->q->method)) {
			c->route = r;
			return 0;
		}
	}
	if (there)
		reply_error(c->a, c->q, 405, NULL, "not with this method", 0);
	else
		reply_error(c->a, c->q, 404, NULL, "there is nothing at this path", 0);
	return ANSWERED;
}

/* ---- who asks, and what ---- */

static int find_principal(struct call *c, struct err *e)
{
	return c->route->flags & ROUTE_OPEN
		? 0
		: auth_principal(&c->service->auth, request_header(c->q, "Authorization"),
			  clock_wall_ns() / 1000000000, &c->who, e);
}

static int is_json_type(const char *type)
{
	return type == NULL ||
		(strncasecmp(type, "application/json", 16) == 0 &&
			strchr("; \t", type[16]) != NULL);
}

static int read_body(struct call *c, struct err *e)
{
	if (strcmp(c->route->method, "POST") != 0 ||
		(c->q->body.len == 0 && !(c->route->flags & ROUTE_CHANGES)))
		return 0;
	if (!is_json_type(request_header(c->q, "Content-Type"))) {
		reply_error(
			c->a, c->q, 415, NULL, "the body must be application/json", 0);
		return ANSWERED;
	}
	c->body = json_parse(c->q->body.ptr, c->q->body.len, JSON_STRICT, e);
	if (c->body == NULL) {
		err_where(e, "body");
		reply_error(c->a, c->q, 400, NULL, e->msg, 0);
		return ANSWERED;
	}
	return openapi_check_body(c->service, c->route->operation, c->body, e);
}

int check_may(struct call *c, const char *project_id, enum permission what, struct err *e)
{
	struct buf owner = BUF_INIT(PRINCIPAL_MAX);
	int ret = 0;

	if (project_id != NULL)
		ret = store_project_owner(c->store, project_id, &owner, e);
	if (ret == 0 && !auth_sees(&c->who, project_id != NULL ? owner.ptr : NULL))
		ret = project_id != NULL
			? err_set(e, ERR_NO_INPUT, "there is no project %s", project_id)
			: err_set(e, ERR_FORBIDDEN, "this token has no role here");
	else if (ret == 0 && what == MAY_ADMIN && !c->who.admin)
		ret = err_set(e, ERR_FORBIDDEN, "this needs the role '%s'",
			c->service->config->admin_role);
	buf_release(&owner);
	return ret;
}

/* What belongs to a project that is not theirs is not there. */
static int check_set(struct call *c, struct err *e)
{
	int hook = strncmp(c->route->path, "/webhooks/", 10) == 0;

	if (hook ? store_hook_find(c->store, c->id, &c->set, e) < 0
		 : store_set_head(c->store, c->id, &c->set, e) < 0)
		return -1;
	if (c->set != NULL &&
		check_may(c, json_str_or(c->set, "project_id", ""), c->route->permission,
			e) == 0)
		return 0;
	if (c->set == NULL || e->code == ERR_NO_INPUT)
		err_fill(e, ERR_NO_INPUT, "there is no %s %s",
			hook ? "webhook" : "decision set", c->id);
	return -1;
}

static const char *project_of(const struct call *c)
{
	if (c->set != NULL)
		return json_text(json_get(c->set, "project_id"));
	return strncmp(c->route->path, "/projects/{id}", 14) == 0 ? c->id : NULL;
}

/* ANSWERED with 429 when the project (or, outside of projects, the tenant) asks too often. */
static int check_rate(struct call *c)
{
	const char *project = project_of(c);
	int64_t wait_s = rate_take(&c->service->rate,
		project != NULL ? project : c->who.tenant, clock_monotonic_ns());

	if (wait_s == 0)
		return 0;
	reply_error(c->a, c->q, 429, NULL, "too many requests for this project", wait_s);
	return ANSWERED;
}

/* The project of what is asked for, whether the principal may, and whether it is time. */
static int check_permission(struct call *c, struct err *e)
{
	int ret;

	if (c->route->flags & ROUTE_OPEN)
		return 0;
	if (strncmp(c->route->path, "/projects/{id}", 14) == 0)
		ret = check_may(c, c->id, c->route->permission, e);
	else
		ret = c->id[0] != '\0' ? check_set(c, e)
				       : check_may(c, NULL, c->route->permission, e);
	return ret < 0 ? ret : check_rate(c);
}

/* ---- changing something ---- */

static int handle_once(struct call *c, const struct store_keyed *key, struct err *e)
{
	int ret;

	if (store_begin(c->store, e) < 0)
		return -1;
	buf_reset(&c->a->body);
	ret = check_permission(c, e);
	if (ret == 0)
		ret = c->route->handle(c, e);
	if (ret == 0 && key != NULL)
		ret = store_key_done(
			c->store, key, c->a->status, c->a->body.ptr, c->a->location, e);
	return store_end(c->store, ret == 0, e) < 0 ? -1 : ret;
}

/* Two who change the same thing at once: the one that was late tries again. */
static int handle_change(struct call *c, const struct store_keyed *key, struct err *e)
{
	int ret = -1;

	for (int i = 0; i < TRIES; i++) {
		if (i > 0)
			usleep((useconds_t)(queue_backoff_ms(0) * (1 << i) * 5));
		json_free(c->set);
		c->set = NULL;
		ret = handle_once(c, key, e);
		if (ret != -1 || e->code != ERR_CONFLICT)
			break;
	}
	if (ret == 0 && c->asked) {
		hub_ring_job(c->service->hub);
		if (c->service->worker != NULL)
			worker_ring(c->service->worker);
	}
	return ret;
}

/* Bare or as a quoted string; 0 when there is none, -1 when it is no key. */
static int read_key(struct call *c, char key[KEY_MAX + 1])
{
	const char *text = request_header(c->q, "Idempotency-Key");
	size_t n = text == NULL ? 0 : strlen(text);

	if (text == NULL)
		return 0;
	if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
		text++;
		n -= 2;
	}
	if (n == 0 || n > KEY_MAX) {
		reply_error(c->a, c->q, 400, NULL,
			"Idempotency-Key: between 1 and 255 characters", 0);
		return ANSWERED;
	}
	snprintf(key, KEY_MAX + 1, "%.*s", (int)n, text);
	return 1;
}

static int replay(struct call *c, const struct store_keyed *k, enum store_key what)
{
	switch (what) {
	case STORE_KEY_DONE:
		c->a->status = (int)k->status;
		snprintf(c->a->location, sizeof(c->a->location), "%s", k->location);
		return 0;
	case STORE_KEY_ANOTHER:
		reply_error(c->a, c->q, 422, NULL,
			"this Idempotency-Key was used with another body", 0);
		return ANSWERED;
	default:
		reply_error(c->a, c->q, 409, NULL,
			"the first request with this Idempotency-Key is at work", 1);
		return ANSWERED;
	}
}

static int handle_keyed(struct call *c, const char *key, struct err *e)
{
	char hex[DIGEST_HEX_MAX];
	struct store_keyed k = { .principal = c->who.id,
		.route = c->q->path,
		.key = key,
		.body_sha256 = hex,
		.now_ms = clock_wall_ns() / 1000000 };
	enum store_key what;
	struct err ignored;
	int ret;

	digest_hex(c->q->body.ptr, c->q->body.len, hex);
	if (store_key_begin(c->store, &k, &what, &c->a->body, e) < 0)
		return -1;
	if (what != STORE_KEY_NEW)
		return replay(c, &k, what);
	ret = handle_change(c, &k, e);
	if (ret < 0)
		(void)store_key_drop(c->store, &k, &ignored);
	return ret;
}

static int handle(struct call *c, struct err *e)
{
	char key[KEY_MAX + 1];
	int ret;

	if (!(c->route->flags & ROUTE_CHANGES)) {
		ret = check_permission(c, e);
		return ret < 0 ? ret : c->route->handle(c, e);
	}
	ret = read_key(c, key);
	return ret < 0    ? ret
		: ret > 0 ? handle_keyed(c, key, e)
			  : handle_change(c, NULL, e);
}

/* ---- the whole ---- */

static int with_store(struct call *c, struct err *e)
{
	int ret;

	if (c->route->flags & ROUTE_NO_STORE) {
		ret = check_permission(c, e);
		return ret < 0 ? ret : c->route->handle(c, e);
	}
	if (pool_get(c->service->pool, &c->store, e) < 0)
		return -1;
	store_set_origin(c->store, c->q->id, c->q->trace, c->who.id);
	ret = handle(c, e);
	store_set_origin(c->store, NULL, NULL, NULL);
	pool_put(c->service->pool, c->store);
	c->store = NULL;
	return ret;
}

void dispatch(void *arg, struct request *q, struct reply *a)
{
	struct call c = { .service = arg, .q = q, .a = a };
	struct err e = { 0 };
	int ret;

	if (strcmp(q->method, "OPTIONS") == 0 &&
		*c.service->config->cors_origin != '\0') {
		a->status = 204;
		return;
	}
	if (trace_next(request_header(q, "traceparent"), q->trace, &e) < 0)
		e = (struct err){ 0 };
	ret = find_route(&c);
	if (ret == 0)
		ret = find_principal(&c, &e);
	if (ret == 0)
		ret = read_body(&c, &e);
	if (ret == 0)
		ret = with_store(&c, &e);
	if (ret == -1)
		reply_failure(&c, &e);
	else if (ret == 0 && a->body.failed)
		reply_error(a, q, 500, NULL, "out of memory", 0);
	snprintf(q->user, sizeof(q->user), "%s", c.who.id);
	json_free(c.body);
	json_free(c.set);
}
