/* What operators ask: health, figures, a wake-up call. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "store/stats.h"

#define WAKE_DEFAULT_S 25
#define WAKE_MAX_S     100

static int put_health(struct call *c, const char *status, struct err *e)
{
	cJSON *o = json_new_object(e);
	int ret = o == NULL || json_set_str(o, "status", status, e) < 0 ||
			json_set_str(o, "version", MLOPS_VERSION, e) < 0
		? -1
		: 0;

	if (ret == 0)
		answer_json(c, o);
	json_free(o);
	c->a->no_store = 1;
	return ret;
}

int api_get_health(struct call *c, struct err *e)
{
	return put_health(c, "ok", e);
}

int api_get_readiness(struct call *c, struct err *e)
{
	struct queue_depth d;

	if (c->service->draining)
		return err_set(e, ERR_DOWN, "this process is about to end");
	return queue_depth(c->store, NULL, &d, e) < 0 ? -1 : put_health(c, "ok", e);
}

int api_get_openapi(struct call *c, struct err *e)
{
	(void)e;
	buf_add(&c->a->body, c->service->openapi_text.ptr, c->service->openapi_text.len);
	return 0;
}

int api_get_metrics(struct call *c, struct err *e)
{
	c->a->type = "text/plain; version=0.0.4";
	c->a->no_store = 1;
	return metrics_print(c->service, c->store, &c->a->body, e);
}

int api_get_stats(struct call *c, struct err *e)
{
	const char *project = request_query(c->q, "project_id");
	cJSON *stats = NULL;

	if (project != NULL && !id_is_valid(project))
		return err_set(e, ERR_USAGE, "project_id: the id of a project");
	/* Figures of all projects are for those who may see all of them. */
	if (check_may(c, project, project != NULL ? MAY_READ : MAY_ADMIN, e) < 0 ||
		store_stats(c->store, project, &stats, e) < 0)
		return -1;
	answer_json(c, stats);
	json_free(stats);
	return 0;
}

/* A platform that throttles an idle process keeps it going while a request waits. */
int api_wake(struct call *c, struct err *e)
{
	const char *text = request_query(c->q, "seconds");
	int64_t seconds = WAKE_DEFAULT_S;
	int idle = 1;
	char *end;

	if (text != NULL) {
		seconds = strtoll(text, &end, 10);
		if (*text == '\0' || *end != '\0' || seconds < 0 || seconds > WAKE_MAX_S)
			return err_set(e, ERR_USAGE, "seconds: from 0 to %d", WAKE_MAX_S);
	}
	if (c->service->worker != NULL)
		idle = worker_wait_idle(c->service->worker, seconds * 1000);
	buf_addf(&c->a->body, "{\"idle\":%s}", idle ? "true" : "false");
	return 0;
}

/* Who did what: for whoever must answer for it, across projects. */
int api_list_audit(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = request_query(c->q, "project_id"),
		.user = request_query(c->q, "user"),
		.run = request_query(c->q, "run_id"),
		.request = request_query(c->q, "request_id"),
		.type = request_query(c->q, "type") };

	return page_print(c, &p, PAGE_BY_NUMBER, store_print_audit, e);
}
