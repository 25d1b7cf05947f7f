#include "notifier.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "notify/notify.h"
#include "blob/blob.h"
#include "store/erase.h"
#include "store/hooks.h"

#define LEASE_MS  120000 /* longer than an attempt can take */
#define BATCH     16
#define GATES_TRY 60000 /* ms between looks at gates that wait */
#define HOUR_MS   INT64_C(3600000)

struct notifier {
	const struct config *config;
	const struct log *log;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t bell;
	int rung, stopping;
	int64_t gates_ms, expired_ms;
	int64_t zips_ms; /* zips that were made before this are gone */
	struct http *client;
};

static int64_t now_ms(void)
{
	return clock_wall_ns() / 1000000;
}

static int is_mail(const char *url)
{
	return strncmp(url, "mailto:", 7) == 0;
}

/* ---- one delivery ---- */

static void send_webhook(struct notifier *n, const cJSON *d, struct notify_result *r)
{
	struct buf body = BUF_INIT(1 << 20);
	struct notify_webhook w = {
		.url = json_str_or(d, "url", ""),
		.secret = json_str_or(d, "secret", ""),
		.next_secret = json_text(json_get(d, "next_secret")),
		.id = json_str_or(d, "message_id", ""),
		.allow_private = n->config->hooks_private != 0,
		.ca_file = *n->config->ca_file != '\0' ? n->config->ca_file : NULL,
	};

	json_print(
		json_get(d, "body"), JSON_COMPACT, &body); /* the same at every attempt */
	w.body = body.ptr;
	w.len = body.len;
	notify_webhook(n->client, &w, now_ms() / 1000, r);
	buf_release(&body);
}

/* What a person reads. */
static void print_mail(const struct config *c, const cJSON *d, const cJSON *body,
	struct buf *subject, struct buf *text)
{
	const char *type = json_str_or(d, "type", ""),
		   *path = json_str_or(json_get(body, "data"), "path", "");
	int waits = strcmp(type, "gate.waiting") == 0;

	buf_addf(subject, "mlops: %s",
		waits ? "a plan waits for your decision"
			: strcmp(type, "run.error") == 0  ? "a run has failed"
			: strcmp(type, "plan.ready") == 0 ? "a plan is ready"
							  : "a run is complete");
	buf_addf(text, "%s\n\n%s%s\n\n", subject->ptr + strlen("mlops: "), c->public_url,
		path);
	if (strcmp(json_str_or(json_get(body, "data"), "event", ""), "gate_reminder") ==
		0)
		buf_add_str(
			text, "This is a reminder: it has been waiting for a while.\n");
	if (waits)
		buf_addf(text, "Approve or reject it with POST %s/approve.\n", path);
}

static void send_mail(struct notifier *n, const cJSON *d, struct notify_result *r)
{
	const struct config *c = n->config;
	struct buf subject = BUF_INIT(256), letter = BUF_INIT(4096);
	struct err e = { 0 };
	struct notify_mail m = {
		.server = c->smtp,
		.user = *c->smtp_user != '\0' ? c->smtp_user : NULL,
		.password = c->smtp_password,
		.from = c->smtp_from,
		.to = json_str_or(d, "url", "mailto:") + strlen("mailto:"),
		.id = json_str_or(d, "message_id", ""),
		.ca_file = *c->ca_file != '\0' ? c->ca_file : NULL,
		.plain = c->smtp_plain != 0,
	};

	*r = (struct notify_result){ .outcome = NOTIFY_RETRY, .retry_after_s = -1 };
	print_mail(c, d, json_get(d, "body"), &subject, &letter);
	m.subject = subject.ptr;
	m.text = letter.ptr;
	if (*c->smtp == '\0')
		err_fill(&e, ERR_CONFIG, "no mail server is configured (smtp)");
	if (*c->smtp != '\0' && notify_mail(&m, now_ms() / 1000, &e) == 0)
		r->outcome = NOTIFY_DELIVERED;
	else if (e.code == ERR_INPUT)
		r->outcome = NOTIFY_REFUSED;
	snprintf(r->why, sizeof(r->why), "%.150s",
		r->outcome == NOTIFY_DELIVERED ? "the mail server took it" : e.msg);
	buf_release(&subject);
	buf_release(&letter);
}

static void settle(struct notifier *n, struct store *store, const cJSON *d,
	const struct notify_result *r)
{
	int64_t attempt = (int64_t)json_num_or(d, "attempt", 0);
	int64_t wait_s = notify_wait_s(
		(int)attempt, (uint64_t)clock_monotonic_ns(), r->retry_after_s);
	struct store_delivered done = {
		.id = (int64_t)json_num_or(d, "id", 0),
		.attempt = attempt,
		.now_ms = now_ms(),
		.why = r->why,
		.disable = r->outcome == NOTIFY_GONE ? json_str_or(d, "webhook_id", "")
						     : NULL,
	};
	struct err e = { 0 };

	done.next_ms = done.now_ms + (wait_s > 0 ? wait_s * 1000 : 0);
	done.status = r->outcome == NOTIFY_DELIVERED        ? "delivered"
		: r->outcome == NOTIFY_RETRY && wait_s >= 0 ? "waiting"
							    : "given_up";
	if (store_delivery_done(store, &done, &e) < 0) /* the lease brings it back */
		log_warn(n->log, "delivery %lld: %s", (long long)done.id, e.msg);
	log_detail(n->log, "delivery %s of %s: %s: %s", json_str_or(d, "message_id", ""),
		json_str_or(d, "type", ""), done.status, r->why);
}

static int is_stopping(struct notifier *n)
{
	int stopping;

	pthread_mutex_lock(&n->lock);
	stopping = n->stopping;
	pthread_mutex_unlock(&n->lock);
	return stopping;
}

/* 1 when there may be more. */
static int deliver(struct notifier *n, struct store *store, struct err *e)
{
	cJSON *batch = NULL;
	size_t len;

	if (store_deliveries_claim(store, now_ms(), LEASE_MS, BATCH, &batch, e) < 0)
		return -1;
	len = json_len(batch);
	JSON_EACH (d, batch) {
		struct notify_result r;

		if (is_stopping(n))
			break;
		if (is_mail(json_str_or(d, "url", "")))
			send_mail(n, d, &r);
		else
			send_webhook(n, d, &r);
		settle(n, store, d, &r);
	}
	json_free(batch);
	return len == BATCH;
}

/* Gates that wait: too long ones are over, others are reminded of. */
static int look_at_gates(struct notifier *n, struct store *store, struct err *e)
{
	int64_t now = now_ms(), count = 0;

	if (now - n->gates_ms < GATES_TRY)
		return 0;
	n->gates_ms = now;
	if (store_gate_expiries(store, now, &count, e) < 0)
		return -1;
	if (n->config->remind_h == 0)
		return 0;
	return store_gate_reminders(store, now, n->config->remind_h * HOUR_MS, &count, e);
}

/* Zips of the directory that have outlived their days; with S3 it is a cache. */
static int expire_zips(
	struct notifier *n, struct store *store, int64_t now, struct err *e)
{
	const struct config *c = n->config;
	int64_t before = now - c->zips_days * 24 * HOUR_MS;
	struct buf dir = BUF_INIT(8192), path = BUF_INIT(8192);
	cJSON *hexes = NULL;
	int ret;

	if (c->zips_days == 0)
		return 0;
	if (*c->artifacts != '\0' && !keeps_in_s3(c))
		buf_add_str(&dir, c->artifacts);
	else
		buf_addf(&dir, "%s/blobs", store_home(store));
	ret = buf_ok(&dir, e) < 0
		? -1
		: store_zips_between(store, n->zips_ms, before, &hexes, e);
	JSON_EACH (hex, hexes) {
		buf_reset(&path);
		if (ret == 0 &&
			(blob_path(dir.ptr, json_text(hex), &path, e) < 0 ||
				file_remove_tree(path.ptr, e) < 0))
			ret = -1;
	}
	if (ret == 0)
		n->zips_ms = before;
	json_free(hexes);
	buf_release(&dir);
	buf_release(&path);
	return ret;
}

/* What has outlived its time goes, once an hour. */
static int expire(struct notifier *n, struct store *store, struct err *e)
{
	struct store_keep keep = { n->config->briefs_days, n->config->payloads_days,
		n->config->events_days };
	int64_t now = now_ms(), count = 0;

	if (now - n->expired_ms < HOUR_MS)
		return 0;
	n->expired_ms = now;
	return store_expire(store, &keep, now, &count, e) < 0
		? -1
		: expire_zips(n, store, now, e);
}

/* ---- the thread ---- */

static void wait_for_bell(struct notifier *n)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 1;
	pthread_mutex_lock(&n->lock);
	while (!n->rung && !n->stopping &&
		pthread_cond_timedwait(&n->bell, &n->lock, &until) == 0)
		;
	n->rung = 0;
	pthread_mutex_unlock(&n->lock);
}

static void *run(void *arg)
{
	struct notifier *n = arg;
	struct store *store = NULL;

	while (!is_stopping(n)) {
		struct err e = { 0 };
		int more = 1;

		if (store == NULL && store_open_as_is(&store, n->config->db, &e) < 0)
			more = -1;
		if (more > 0 &&
			(look_at_gates(n, store, &e) < 0 || expire(n, store, &e) < 0))
			more = -1;
		while (more > 0 && !is_stopping(n))
			more = deliver(n, store, &e);
		if (more < 0) {
			log_detail(n->log, "notifications: %s", e.msg);
			store_close(store);
			store = NULL;
		}
		wait_for_bell(n);
	}
	store_close(store);
	return NULL;
}

int notifier_start(struct notifier **out, const struct config *config,
	const struct log *log, struct err *e)
{
	struct notifier *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_no_memory(e);
	n->config = config;
	n->log = log;
	n->client = http_new(e);
	if (n->client == NULL) {
		free(n);
		return -1;
	}
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->bell, NULL);
	if (pthread_create(&n->thread, NULL, run, n) != 0) {
		http_free(n->client);
		free(n);
		return err_set(e, ERR_INTERNAL, "cannot start a thread");
	}
	*out = n;
	return 0;
}

void notifier_ring(struct notifier *n)
{
	if (n == NULL)
		return;
	pthread_mutex_lock(&n->lock);
	n->rung = 1;
	pthread_cond_signal(&n->bell);
	pthread_mutex_unlock(&n->lock);
}

void notifier_stop(struct notifier *n)
{
	if (n == NULL)
		return;
	pthread_mutex_lock(&n->lock);
	n->stopping = 1;
	pthread_cond_signal(&n->bell);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->bell);
	http_free(n->client);
	free(n);
}
