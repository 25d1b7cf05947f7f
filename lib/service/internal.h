/* internal.h - what the parts of the service share; inside the room only. */
#ifndef MLOPS_SERVICE_INTERNAL_H
#define MLOPS_SERVICE_INTERNAL_H

#include <stdatomic.h>
#include <pthread.h>

#include "auth.h"
#include "config.h"
#include "hub.h"
#include "notifier.h"
#include "pool.h"
#include "rate.h"
#include "server.h"
#include "store/requests.h"
#include "worker.h"

#define STATUS_MAX 600

struct service {
	struct config *config;
	struct node_env env; /* share directory and log */
	struct auth auth;
	struct rate rate;
	struct pool *pool;
	struct hub *hub;
	struct worker *worker;         /* NULL in `api` */
	struct notifier *notifier;     /* the same */
	struct server *_Atomic server; /* NULL before it listens; the hub asks early */
	int api;                       /* 0: health, metrics and wake only */
	char process_id[ID_TEXT_MAX], *artifacts;
	atomic_int draining;

	cJSON *openapi; /* with share/schemas in it */
	struct buf openapi_text;
	pthread_mutex_t lock; /* of what follows */
	cJSON *wrappers;      /* operation -> document that its schema was made of */
	struct schema *schemas[64];
	uint64_t answers[STATUS_MAX], errors;
	double seconds;
	int64_t logged_ns; /* the last stats line; only the hub's thread looks */
	double logged[8];
};

enum {
	ROUTE_OPEN = 1,    /* no principal is asked for */
	ROUTE_CHANGES = 2, /* a transaction; Idempotency-Key counts */
	ROUTE_WORKER = 4,  /* also in a worker that serves nothing else */
	ROUTE_NO_STORE = 8,
};

/* One request on its way through. */
struct call {
	struct service *service;
	const struct request *q;
	struct reply *a;
	const struct route *route;
	struct principal who;
	char id[ID_TEXT_MAX]; /* from the path, or "" */
	cJSON *body;
	struct store *store;
	cJSON *set; /* of a route below /decision-sets or /webhooks: its row */
	int asked;  /* a job was made: ring for it after the transaction */
};

struct route {
	const char *method, *path, *operation; /* {id} stands for one segment */
	int (*handle)(struct call *c, struct err *e);
	enum permission permission;
	unsigned flags;
};

extern const struct route routes[]; /* ends with a NULL method */

/* The server's callbacks. */
void dispatch(void *arg, struct request *q, struct reply *a);
void dispatch_refused(
	void *arg, const struct request *q, int status, const char *why, struct reply *a);
void dispatch_done(void *arg, const struct request *q, const struct reply *a);

/* The error model of section 22.4. code NULL: what fits the status. */
void reply_error(struct reply *a, const struct request *q, int status, const char *code,
	const char *message, int64_t retry_after_s);

/* share/openapi.json with share/schemas in it. */
int openapi_load(struct service *s, struct err *e);
void openapi_release(struct service *s);
/* The body against its operation's schema. */
int openapi_check_body(
	struct service *s, const char *operation, const cJSON *body, struct err *e);

/* A "stats" line for log pipelines, once a minute; deploy/terraform/metrics.json reads
 * its members. */
void metrics_log(struct service *s);

/* Prometheus' text. */
int metrics_print(struct service *s, struct store *store, struct buf *out, struct err *e);

/* -1 with *e where the call answered an error by itself already: *e says nothing then. */
#define ANSWERED (-2)

/* Whether the principal may do this in the project (NULL: outside of projects): ERR_NO_INPUT
 * for one that they must not know of, ERR_FORBIDDEN for what is not theirs to do. */
int check_may(
	struct call *c, const char *project_id, enum permission what, struct err *e);

/* ---- handlers ---- */

/* clang-format off */
#define HANDLERS(X) \
	X(get_health) X(get_readiness) X(get_metrics) X(get_openapi) X(get_stats) \
	X(list_audit) X(wake) X(list_projects) X(create_project) X(erase_project) X(get_project) \
	X(get_budget) X(set_budget) X(post_constraints) X(list_sets) X(list_project_events) X(list_ledger) \
	X(get_set) X(list_events) X(get_state) X(list_cards) X(get_coverage) \
	X(list_questions) X(get_changes) X(list_approvals) X(get_diff) \
	X(list_artifacts) X(get_file) X(get_zip) X(get_zip_url) X(post_answers) \
	X(approve) X(generate) X(rerun) X(cancel) X(get_stream) X(list_hooks) \
	X(create_hook) X(rotate_hook) X(delete_hook) X(list_deliveries)
/* clang-format on */
#define X(name) int api_##name(struct call *c, struct err *e);
HANDLERS(X)
#undef X

#endif
