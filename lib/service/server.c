#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define POOL_BYTES ((size_t)16 << 10) /* a connection's: request line and headers, too */
#define BACKLOG    1024u
#define FIRST_S    15 /* a new connection's first request: its headers */

/* A connection, and since when it waits for what. */
struct peer {
	struct peer *next, *prev;
	int fd;
	int64_t since_ns;
	enum { PEER_NEW, PEER_READING, PEER_ANSWERED, PEER_IDLE } doing;
};

struct server {
	const struct server_options *o;
	struct MHD_Daemon *daemon;
	int fd, port;
	pthread_mutex_t lock;
	struct peer *peers;
	size_t n_peers;
};

/* What a request has become, from its first byte to its end. */
struct exchange {
	struct request q;
	struct reply a;
	int refused; /* the status; 0: not */
	const char *why;
	int answered;
	char *path;
};

const char *request_header(const struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- connections ---- */

static void mark(struct server *s, struct peer *p, int doing)
{
	pthread_mutex_lock(&s->lock);
	p->doing = (unsigned)doing;
	p->since_ns = clock_monotonic_ns();
	pthread_mutex_unlock(&s->lock);
}

static struct peer *peer_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static void add_peer(struct server *s, struct MHD_Connection *c, void **context)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct peer *p = calloc(1, sizeof(*p));

	*context = p;
	if (p == NULL || info == NULL)
		return;
	p->fd = info->connect_fd;
	p->since_ns = clock_monotonic_ns();
	pthread_mutex_lock(&s->lock);
	p->next = s->peers;
	if (p->next != NULL)
		p->next->prev = p;
	s->peers = p;
	s->n_peers++;
	pthread_mutex_unlock(&s->lock);
}

/* The socket is still open here: who holds the lock may shut it. */
static void drop_peer(struct server *s, struct peer *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	if (p->next != NULL)
		p->next->prev = p->prev;
	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		s->peers = p->next;
	s->n_peers--;
	pthread_mutex_unlock(&s->lock);
	free(p);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		add_peer(cls, c, context);
	else
		drop_peer(cls, *context);
}

void server_sweep(struct server *s)
{
	int64_t now = clock_monotonic_ns();
	int64_t first_s = s->o->request_s < FIRST_S ? s->o->request_s : FIRST_S;

	pthread_mutex_lock(&s->lock);
	for (struct peer *p = s->peers; p != NULL; p = p->next) {
		int64_t limit_s = p->doing == PEER_NEW ? first_s
			: p->doing == PEER_READING     ? s->o->request_s
			: p->doing == PEER_IDLE        ? s->o->idle_s + FIRST_S
						       : 0;

		if (limit_s > 0 && now - p->since_ns > limit_s * INT64_C(1000000000))
			shutdown(p->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&s->lock);
}

size_t server_connections(struct server *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->n_peers;
	pthread_mutex_unlock(&s->lock);
	return n;
}

/* ---- shapes that are refused ---- */

struct seen {
	int host, length, encoding;
	const char *why;
};

static int is_token(const char *name)
{
	size_t n = strspn(name,
		"!#$%&'*+-.^_`|~0123456789"
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n > 0 && name[n] == '\0';
}

static int is_plain(const char *value)
{
	for (; *value != '\0'; value++)
		if (((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7F)
			return 0;
	return 1;
}

static enum MHD_Result look_at(
	void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct seen *s = cls;

	(void)kind;
	value = value == NULL ? "" : value;
	if (!is_token(name))
		s->why = "a header's name is no token";
	else if (!is_plain(value))
		s->why = "a header's value holds control characters";
	s->host += strcasecmp(name, "Host") == 0;
	if (strcasecmp(name, "Content-Length") == 0) {
		s->length++;
		if (*value == '\0' || value[strspn(value, "0123456789")] != '\0')
			s->why = "Content-Length is no number";
	}
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		s->encoding++;
		if (strcasecmp(value, "chunked") != 0)
			s->why = "the only Transfer-Encoding is chunked";
	}
	return MHD_YES;
}

/* NULL when every proxy reads this request as we do. */
static const char *odd_shape(struct MHD_Connection *c, const char *version)
{
	struct seen s = { 0 };

	MHD_get_connection_values(c, MHD_HEADER_KIND, look_at, &s);
	if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 &&
		strcmp(version, MHD_HTTP_VERSION_1_0) != 0)
		return "HTTP/1.1 is spoken here";
	if (s.why != NULL)
		return s.why;
	if (s.host != 1 && (s.host > 1 || strcmp(version, MHD_HTTP_VERSION_1_1) == 0))
		return "there must be one Host";
	if (s.length + s.encoding > 1)
		return "Content-Length and Transfer-Encoding: one of them, once";
	if (s.encoding > 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
		return "HTTP/1.0 has no Transfer-Encoding";
	return NULL;
}

static void refuse(struct exchange *x, int status, const char *why)
{
	x->refused = status;
	x->why = why;
}

static int too_long(const struct request *q, size_t max)
{
	const char *length = request_header(q, "Content-Length");

	return length != NULL &&
		(strlen(length) > 18 || strtoull(length, NULL, 10) > max);
}

/* ---- answering ---- */

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		(void)MHD_add_response_header(r, name, value);
}

static void add_headers(
	struct server *s, struct exchange *x, struct MHD_Response *r, int close)
{
	char seconds[24];

	add_header(r, "X-Request-Id", x->q.id);
	add_header(r, "X-Content-Type-Options", "nosniff");
	add_header(r, "ETag", x->a.etag);
	add_header(r, "Location", x->a.location);
	add_header(r, "Content-Range", x->a.range);
	if (x->a.stream == NULL)
		add_header(r, "Content-Type",
			x->a.type != NULL ? x->a.type : "application/json");
	if (x->a.no_store)
		add_header(r, "Cache-Control", "no-store");
	if (x->a.retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%lld", (long long)x->a.retry_after_s);
		add_header(r, "Retry-After", seconds);
	}
	if (x->a.status == 401)
		add_header(r, "WWW-Authenticate", "Bearer");
	if (close)
		add_header(r, "Connection", "close");
	if (*s->o->cors_origin != '\0') {
		add_header(r, "Access-Control-Allow-Origin", s->o->cors_origin);
		add_header(r, "Access-Control-Expose-Headers",
			"ETag, Location, Retry-After, X-Request-Id");
		add_header(r, "Vary", "Origin");
	}
	if (*s->o->cors_origin != '\0' && strcmp(x->q.method, "OPTIONS") == 0) {
		add_header(r, "Access-Control-Allow-Methods", "GET, HEAD, POST");
		add_header(r, "Access-Control-Allow-Headers",
			"Authorization, Content-Type, Idempotency-Key, If-Match,"
			" If-None-Match, Last-Event-ID");
	}
}

static enum MHD_Result queue(struct server *s, struct exchange *x)
{
	struct MHD_Response *r = x->a.stream;
	enum MHD_Result ret;
	size_t len = x->a.body.len;

	x->answered = 1;
	if (peer_of(x->q.connection) != NULL)
		mark(s, peer_of(x->q.connection), PEER_ANSWERED);
	if (r == NULL && len == 0) {
		r = MHD_create_response_from_buffer(0, buf_empty, MHD_RESPMEM_PERSISTENT);
	} else if (r == NULL) {
		char *text = buf_take(&x->a.body);

		if (text != NULL)
			r = MHD_create_response_from_buffer_with_free_callback(
				len, text, free);
	}
	if (r == NULL)
		return MHD_NO;
	add_headers(s, x, r, x->refused != 0);
	ret = MHD_queue_response(
		x->q.connection, (unsigned)(x->a.status != 0 ? x->a.status : 200), r);
	MHD_destroy_response(r);
	x->a.stream = NULL;
	return ret;
}

static enum MHD_Result begin(struct server *s, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, void **state)
{
	struct exchange *x = calloc(1, sizeof(*x));
	struct err e = { 0 };
	const char *odd;

	if (x == NULL)
		return MHD_NO;
	*state = x;
	x->path = strdup(url);
	x->q = (struct request){ .method = method,
		.path = x->path,
		.start_ns = clock_monotonic_ns(),
		.connection = c };
	buf_init(&x->q.body, s->o->body_bytes);
	buf_init(&x->a.body, BUF_NO_LIMIT);
	if (x->path == NULL || id_random(x->q.id, &e) < 0)
		return MHD_NO;
	if (peer_of(c) != NULL)
		mark(s, peer_of(c), PEER_READING);
	odd = odd_shape(c, version);
	if (odd != NULL)
		refuse(x, 400, odd);
	else if (too_long(&x->q, s->o->body_bytes))
		refuse(x, 413, "the body is too long");
	if (x->refused == 0)
		return MHD_YES;
	/* Before the body: the connection is closed and nothing of it is read. */
	s->o->refuse(s->o->arg, &x->q, x->refused, x->why, &x->a);
	return queue(s, x);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *data, size_t *data_len,
	void **state)
{
	struct server *s = cls;
	struct exchange *x = *state;

	if (x == NULL)
		return begin(s, c, url, method, version, state);
	if (*data_len > 0) {
		buf_add(&x->q.body, data, *data_len);
		*data_len = 0;
		if (x->q.body.failed && x->refused == 0)
			refuse(x, 413, "the body is too long");
		return MHD_YES;
	}
	if (x->answered)
		return MHD_YES;
	if (x->refused != 0)
		s->o->refuse(s->o->arg, &x->q, x->refused, x->why, &x->a);
	else
		s->o->answer(s->o->arg, &x->q, &x->a);
	return queue(s, x);
}

static void on_end(void *cls, struct MHD_Connection *c, void **state,
	enum MHD_RequestTerminationCode code)
{
	struct server *s = cls;
	struct exchange *x = *state;

	(void)code;
	if (x == NULL)
		return;
	if (x->answered)
		s->o->done(s->o->arg, &x->q, &x->a);
	if (peer_of(c) != NULL)
		mark(s, peer_of(c), PEER_IDLE);
	buf_release(&x->q.body);
	buf_release(&x->a.body);
	free(x->path);
	free(x);
	*state = NULL;
}

/* ---- starting and stopping ---- */

static int split(
	const char *listen, char *host, size_t size, const char **port, struct err *e)
{
	const char *colon = strrchr(listen, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - listen);

	if (colon == NULL || colon[1] == '\0' || n >= size)
		return err_set(e, ERR_CONFIG, "listen: '%s' is not HOST:PORT", listen);
	if (n >= 2 && listen[0] == '[' && listen[n - 1] == ']')
		snprintf(host, size, "%.*s", (int)(n - 2), listen + 1);
	else
		snprintf(host, size, "%.*s", (int)n, listen);
	*port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *at, struct err *e, const char *listen_at)
{
	int on = 1;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, ERR_CANT_CREATE, "no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, (int)BACKLOG) < 0) {
		err_fill(e, ERR_CANT_CREATE, "cannot listen at %s: %s", listen_at,
			strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int open_socket(struct server *s, struct err *e)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *at = NULL;
	struct sockaddr_storage got;
	socklen_t len = sizeof(got);
	char host[256];
	const char *port;
	int why;

	if (split(s->o->listen, host, sizeof(host), &port, e) < 0)
		return -1;
	why = getaddrinfo(*host == '\0' ? NULL : host, port, &want, &at);
	if (why != 0)
		return err_set(e, ERR_CONFIG, "listen: '%s': %s", s->o->listen,
			gai_strerror(why));
	s->fd = bind_to(at, e, s->o->listen);
	freeaddrinfo(at);
	if (s->fd < 0 || getsockname(s->fd, (struct sockaddr *)&got, &len) < 0)
		return -1;
	s->port = got.ss_family == AF_INET6
		? ntohs(((const struct sockaddr_in6 *)(const void *)&got)->sin6_port)
		: ntohs(((const struct sockaddr_in *)(const void *)&got)->sin_port);
	return 0;
}

/* A stream is a descriptor: as many as the system lets us have. */
static void raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

int server_start(struct server **out, const struct server_options *o, struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_no_memory(e);
	s->o = o;
	s->fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	raise_limit();
	if (open_socket(s, e) < 0)
		goto fail;
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, s, MHD_OPTION_LISTEN_SOCKET, s->fd,
		MHD_OPTION_THREAD_POOL_SIZE, (unsigned)(o->threads > 1 ? o->threads : 2),
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)o->idle_s,
		/* 1 answers a missing Host twice; odd_shape() looks for it. */
		MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_NOTIFY_COMPLETED, on_end, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
	if (s->daemon == NULL) {
		err_fill(e, ERR_INTERNAL, "cannot start the HTTP server: %s",
			strerror(errno));
		goto fail;
	}
	*out = s;
	return 0;
fail:
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	return -1;
}

void server_close_door(struct server *s)
{
	int fd = s == NULL ? -1 : MHD_quiesce_daemon(s->daemon);

	if (fd >= 0)
		close(fd);
}

void server_stop(struct server *s)
{
	if (s == NULL)
		return;
	MHD_stop_daemon(s->daemon);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int server_port(const struct server *s)
{
	return s->port;
}
