#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/http.h"
#include "internal.h"
#include "store/backfill.h"

#define STOP_MS 5000 /* streams and answers get so long to end */

static int operand(void *args, const char *text, struct err *e)
{
	struct config_args *a = args;

	if (a->role == NULL)
		a->role = text;
	else if (a->operand == NULL && strcmp(a->role, "backfill") == 0)
		a->operand = text;
	else
		return err_set(e, ERR_USAGE, "'%s' is one operand too many", text);
	return 0;
}

static const struct program program = {
	.name = "mlopsd",
	.summary = "Serves the pipeline: an API, a live stream, approvals, history.",
	.operands = "all|api|worker|migrate|backfill NAME|ping",
	.examples =
		"  mlopsd all                        everything, on this machine, in "
		"a file\n"
		"  mlopsd migrate --db postgres://mlops@db/mlops\n"
		"  mlopsd api --db postgres://mlops@db/mlops --listen 0.0.0.0:8080\n"
		"  mlopsd worker --db postgres://mlops@db/mlops --slots 4\n"
		"  mlopsd ping                       is the one on this machine well?\n"
		"  mlopsd all --check                what it would do with this "
		"configuration\n",
	.opts = config_opts,
	.args_size = sizeof(struct config_args),
	.operand = operand,
};

/* ---- signals: a thread of its own waits for them ---- */

static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* ---- life ---- */

static void on_job(void *arg)
{
	struct service *s = arg;

	if (s->worker != NULL)
		worker_ring(s->worker);
}

static void on_tick(void *arg)
{
	struct service *s = arg;

	if (s->server == NULL)
		return;
	server_sweep(s->server);
	metrics_log(s);
}

/* The home must be known to every store that is opened, the driver's too; the settings
 * of models to mlops-llm, which alone reads the keys that they name. */
static int settle_home(struct service *s, struct err *e)
{
	if ((*s->config->home != '\0' && setenv("MLOPS_HOME", s->config->home, 1) != 0) ||
		(*s->config->llm_config != '\0' &&
			setenv("MLOPS_LLM_CONFIG", s->config->llm_config, 1) != 0))
		return err_no_memory(e);
	if (*s->config->artifacts == '\0' || keeps_in_s3(s->config))
		return 0;
	if (file_mkdirs(s->config->artifacts, e) < 0)
		return -1;
	s->artifacts = realpath(s->config->artifacts, NULL);
	return s->artifacts != NULL ? 0
				    : err_set(e, ERR_CANT_CREATE, "artifacts: '%s': %s",
					      s->config->artifacts, strerror(errno));
}

static int start_hub(struct service *s, struct err *e)
{
	const struct config *c = s->config;

	return hub_start(&s->hub,
		&(struct hub_options){ .pool = s->pool,
			.db = c->db,
			.listen_db = c->listen_db,
			.process_id = s->process_id,
			.stream_s = c->stream_s,
			.ping_s = c->ping_s,
			.poll_ms = c->poll_ms,
			.tick = on_tick,
			.job = on_job,
			.arg = s,
			.log = &s->env.log },
		e);
}

static int start_worker(struct service *s, struct err *e)
{
	return worker_start(&s->worker,
		&(struct worker_options){ .config = s->config,
			.artifacts = s->artifacts,
			.process_id = s->process_id,
			.hub = s->hub,
			.log = &s->env.log },
		e);
}

static int init(struct service *s, const struct config *c,
	const struct common_args *common, struct err *e)
{
	pthread_mutex_init(&s->lock, NULL);
	rate_init(&s->rate, c->rate);
	s->config = (struct config *)(uintptr_t)c;
	if (env_init(&s->env, "mlopsd", common, e) < 0)
		return -1;
	s->env.log.json = strcmp(c->log_form, "json") == 0;
	return id_random(s->process_id, e) < 0 || settle_home(s, e) < 0 ||
			auth_init(&s->auth, c, e) < 0 || openapi_load(s, e) < 0 ||
			(s->pool = pool_new(c->db, (size_t)c->pool, e)) == NULL
		? -1
		: 0;
}

/* For people who start it by hand; with a token of their own nothing is printed. */
static void greet(const struct service *s)
{
	if (*s->config->token != '\0' || s->auth.oidc != NULL || !s->api) {
		log_info(&s->env.log, "listening at port %d", server_port(s->server));
		return;
	}
	printf("mlopsd: http://127.0.0.1:%d\n"
	       "token: %s\n"
	       "try: curl -H 'Authorization: Bearer %s' http://127.0.0.1:%d/projects\n",
		server_port(s->server), s->auth.token, s->auth.token,
		server_port(s->server));
	fflush(stdout);
}

/* First nothing new, then what is under way, then the connections. */
static void end(struct service *s)
{
	s->draining = 1;
	if (s->worker != NULL)
		worker_drain(s->worker);
	server_close_door(s->server);
	worker_stop(s->worker);
	s->worker = NULL;
	notifier_stop(s->notifier);
	s->notifier = NULL;
	if (s->hub != NULL)
		hub_end_streams(s->hub);
	for (int i = 0; s->server != NULL && i < STOP_MS / 50; i++) {
		struct hub_counts n;

		hub_count(s->hub, &n);
		if (n.streams == 0)
			break;
		usleep(50000);
	}
	if (s->hub != NULL)
		hub_stop(s->hub);
	server_stop(s->server);
	hub_free(s->hub);
	pool_free(s->pool);
}

static void release(struct service *s)
{
	openapi_release(s);
	auth_release(&s->auth);
	rate_release(&s->rate);
	free(s->artifacts);
	env_release(&s->env);
	pthread_mutex_destroy(&s->lock);
}

static int listen_for(struct service *s, const struct server_options *o, struct err *e)
{
	struct server *server = NULL;
	int ret = server_start(&server, o, e);

	s->server = server;
	return ret;
}

static int serve(const struct config *c, const struct common_args *common, int api,
	int worker, struct err *e)
{
	struct service s = { .api = api };
	struct server_options o = { .listen = c->listen,
		.threads = (size_t)c->threads,
		.connections = (size_t)c->connections,
		.body_bytes = (size_t)c->body_bytes,
		.request_s = c->request_s,
		.idle_s = c->idle_s,
		.cors_origin = c->cors_origin,
		.answer = dispatch,
		.refuse = dispatch_refused,
		.done = dispatch_done,
		.arg = &s };
	sigset_t signals;
	int ret = -1, signal_number;

	block_signals(&signals);
	if (init(&s, c, common, e) == 0 && start_hub(&s, e) == 0 &&
		(!worker ||
			(start_worker(&s, e) == 0 &&
				notifier_start(&s.notifier, c, &s.env.log, e) == 0)) &&
		listen_for(&s, &o, e) == 0) {
		greet(&s);
		sigwait(&signals, &signal_number);
		log_info(&s.env.log, "ending");
		ret = 0;
	}
	end(&s);
	release(&s);
	return ret;
}

/* ---- the roles ---- */

static int migrate(const struct config *c, int only_look, struct err *e)
{
	int64_t before = 0, after = 0;

	if (store_migrate(c->db, !only_look, &before, &after, e) < 0)
		return -1;
	printf("schema version %lld%s\n", (long long)after,
		before == after ? ": up to date" : "");
	return 0;
}

static int check(const struct config_args *a, const struct config *c, struct err *e)
{
	struct buf out = BUF_INIT(1 << 20);
	int ret = config_print(a, c, &out, e);

	if (ret == 0)
		ret = buf_ok(&out, e) < 0
			? -1
			: file_write_fd(STDOUT_FILENO, "stdout", out.ptr, out.len, e);
	buf_release(&out);
	return ret;
}

static int backfill(const struct config *c, const char *name, struct err *e)
{
	int64_t done = 0;

	if (name == NULL)
		return err_set(e, ERR_USAGE, "which one? %s", backfill_names());
	if (backfill_run(c->db, name, &done, e) < 0)
		return -1;
	printf("%s: %lld rows\n", name, (long long)done);
	return 0;
}

/* For health checks of a container, which has no other client: status 0 when the mlopsd
 * on this machine answers. */
static int ping(const struct config *c, struct err *e)
{
	const char *port = strrchr(c->listen, ':');
	struct http *client = http_new(e);
	struct buf url = BUF_INIT(256);
	struct http_request q = { .method = "GET",
		.total_timeout_ns = INT64_C(3000000000) };
	struct http_response r;
	int ret = -1;

	if (client == NULL)
		return -1;
	http_response_init(&r);
	buf_addf(&url, "http://127.0.0.1%s/healthz", port != NULL ? port : "");
	q.url = url.ptr;
	if (http_do(client, &q, &r, e) == 0)
		ret = r.status == 200
			? 0
			: err_set(e, ERR_DOWN, "mlopsd answered %d", r.status);
	http_response_release(&r);
	buf_release(&url);
	http_free(client);
	return ret;
}

/* A file on this machine is brought up to date by whoever comes; a server's schema only
 * by `mlopsd migrate`, because other processes may run an older program. */
static int ready_schema(const struct config *c, struct err *e)
{
	int64_t before, after;

	return strncmp(c->db, "sqlite:", 7) != 0
		? 0
		: store_migrate(c->db, 1, &before, &after, e);
}

static int run(const struct config_args *a, const struct config *c,
	const struct common_args *common, struct err *e)
{
	int api = strcmp(a->role, "all") == 0 || strcmp(a->role, "api") == 0;
	int worker = strcmp(a->role, "all") == 0 || strcmp(a->role, "worker") == 0;

	if (a->check && strcmp(a->role, "migrate") != 0)
		return check(a, c, e);
	if (api || worker)
		return ready_schema(c, e) < 0 ? -1 : serve(c, common, api, worker, e);
	if (strcmp(a->role, "migrate") == 0)
		return migrate(c, a->check, e);
	if (strcmp(a->role, "backfill") == 0)
		return backfill(c, a->operand, e);
	if (strcmp(a->role, "ping") == 0)
		return ping(c, e);
	return err_set(e, ERR_USAGE,
		"'%s' is none of all, api, worker, migrate, backfill, ping", a->role);
}

int service_main(int argc, char **argv)
{
	struct config_args a = { 0 };
	struct common_args common = { 0 };
	struct config c = { 0 };
	struct err e = { 0 };
	int ret;

	if (settle_descriptors(&e) < 0)
		return report_error("mlopsd", &common, NULL, NULL, &e);
	ret = options_parse(&program, argc, argv, &a, &common, &e);
	if (ret > 0)
		return 0;
	if (ret == 0 && a.role == NULL)
		ret = err_set(&e, ERR_USAGE, "what is to run? (see mlopsd --help)");
	if (ret == 0 && (ret = config_load(&c, &a, &common, &e)) == 0)
		ret = run(&a, &c, &common, &e);
	config_release(&c);
	return ret < 0 ? report_error("mlopsd", &common, NULL, NULL, &e) : 0;
}
