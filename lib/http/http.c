/* One request by libcurl's easy interface. */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX    ((size_t)16 << 20)
#define HEADERS_MAX ((size_t)64 << 10)
#define SECOND_NS   INT64_C(1000000000)

struct http {
	CURL *curl;
};

/* One request under way. */
struct run {
	const struct http_request *q;
	struct http_response *r;
	int64_t start_ns;
	size_t max_body;
	int forbidden, too_large;
	char host[128]; /* "https://example.com", for messages */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_new(struct err *e)
{
	struct http *client = calloc(1, sizeof(*client));

	pthread_once(&curl_once, curl_init);
	if (client != NULL)
		client->curl = curl_easy_init();
	if (client == NULL || client->curl == NULL) {
		free(client);
		err_no_memory(e);
		return NULL;
	}
	return client;
}

void http_free(struct http *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	free(client);
}

void http_response_init(struct http_response *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->headers, HEADERS_MAX);
	buf_init(&r->body, BODY_MAX);
}

void http_response_release(struct http_response *r)
{
	buf_release(&r->headers);
	buf_release(&r->body);
}

/* ---- what libcurl calls ---- */

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct run *run = arg;
	size_t len = size * n, keep = len;

	if (len >= 5 &&
		memcmp(data, "HTTP/", 5) == 0) { /* a later answer replaces "100" */
		buf_reset(&run->r->headers);
		return len;
	}
	while (keep > 0 && (data[keep - 1] == '\n' || data[keep - 1] == '\r'))
		keep--;
	if (keep > 0) {
		buf_add(&run->r->headers, data, keep);
		buf_add_char(&run->r->headers, '\n');
	}
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct run *run = arg;
	size_t len = size * n;

	if (run->r->first_byte_ns == 0)
		run->r->first_byte_ns = clock_monotonic_ns() - run->start_ns;
	if (run->q->piece != NULL)
		return run->q->piece(run->q->arg, data, len) == 0 ? len : 0;
	if (run->r->body.len + len > run->max_body) {
		run->too_large = 1;
		return 0;
	}
	buf_add(&run->r->body, data, len);
	return run->r->body.failed ? 0 : len;
}

static int on_progress(
	void *arg, curl_off_t dl, curl_off_t dn, curl_off_t ul, curl_off_t un)
{
	const struct run *run = arg;

	(void)dl, (void)dn, (void)ul, (void)un;
	return run->q->stop != NULL && *run->q->stop != 0;
}

/* Called with the very address that is about to be connected to. */
static curl_socket_t on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct run *run = arg;

	(void)purpose;
	if (!http_address_is_public(&to->addr)) {
		run->forbidden = 1;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- setting up ---- */

static long to_ms(int64_t ns, int64_t otherwise_ns)
{
	return (long)((ns > 0 ? ns : otherwise_ns) / 1000000);
}

/* Scheme and host of an address, without the user and password that some hold. */
static void host_of(const char *url, char *out, size_t max)
{
	const char *host = strstr(url, "://"), *end, *at;
	size_t scheme;

	if (host == NULL) {
		snprintf(out, max, "an address without a scheme");
		return;
	}
	scheme = (size_t)(host - url);
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memchr(host, '@', (size_t)(end - host));
	if (at != NULL)
		host = at + 1;
	snprintf(out, max, "%.*s://%.*s", (int)(scheme > 16 ? 16 : scheme), url,
		(int)(end - host), host);
}

static int url_is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
		strncasecmp(url, "https://", 8) == 0;
}

/* Header lines may hold a key: they are overwritten before they go. */
static void forget_headers(struct curl_slist *list)
{
	for (struct curl_slist *h = list; h != NULL; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(list);
}

static struct curl_slist *header_list(const struct http_request *q, struct err *e)
{
	/* No "Expect: 100-continue", which costs a round trip or a second. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:"), *more;
	struct buf line = BUF_INIT(HEADERS_MAX);

	for (size_t i = 0; list != NULL && i < q->n_headers; i++) {
		buf_reset(&line);
		buf_addf(&line, "%s:%s%s", q->headers[i].name,
			q->headers[i].value[0] != '\0' ? " " : "", q->headers[i].value);
		if (q->headers[i].value[0] == '\0' && line.len > 0)
			line.ptr[line.len - 1] =
				';'; /* how libcurl is told of an empty value */
		more = line.failed ? NULL : curl_slist_append(list, line.ptr);
		if (more == NULL) {
			forget_headers(list);
			list = NULL;
			break;
		}
		list = more;
	}
	if (line.cap > 0)
		explicit_bzero(line.ptr, line.len);
	buf_release(&line);
	if (list == NULL)
		err_fill(e, ERR_INTERNAL, "out of memory");
	return list;
}

static void set_limits(CURL *c, const struct http_request *q)
{
	long idle_s =
		(long)((q->idle_timeout_ns > 0 ? q->idle_timeout_ns : 30 * SECOND_NS) /
			SECOND_NS);

	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
		to_ms(q->connect_timeout_ns, 5 * SECOND_NS));
	curl_easy_setopt(
		c, CURLOPT_TIMEOUT_MS, to_ms(q->total_timeout_ns, 60 * SECOND_NS));
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, idle_s > 0 ? idle_s : 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
}

static void set_body(CURL *c, const struct http_request *q)
{
	if (strcmp(q->method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (q->body != NULL) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body);
	} else if (strcmp(q->method, "POST") == 0 || strcmp(q->method, "PUT") == 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, "");
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
}

static void set_up(CURL *c, struct run *run, struct curl_slist *headers)
{
	const struct http_request *q = run->q;

	curl_easy_reset(c);
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	set_limits(c, q);
	set_body(c, q);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, run);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, run);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, run);
	if (q->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, q->ca_file);
	if (q->public_only) {
		curl_easy_setopt(c, CURLOPT_PROXY, "");
		curl_easy_setopt(
			c, CURLOPT_FRESH_CONNECT, 1L); /* no connection unlooked at */
		curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, run);
	}
}

/* ---- telling what went wrong ---- */

static enum http_fault fault_of(const struct run *run, CURLcode code)
{
	if (run->forbidden)
		return HTTP_FORBIDDEN;
	if (run->too_large)
		return HTTP_TOO_LARGE;
	switch (code) {
	case CURLE_OK:
		return HTTP_NONE;
	case CURLE_URL_MALFORMAT:
		return HTTP_BAD_URL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
		return HTTP_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return HTTP_TLS;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTP_TIMED_OUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return HTTP_STOPPED;
	case CURLE_WRITE_ERROR:
		return run->q->piece != NULL ? HTTP_STOPPED : HTTP_TOO_LARGE;
	default:
		return HTTP_BROKEN;
	}
}

static int tell(const struct run *run, struct err *e)
{
	static const struct {
		enum err_code code;
		const char *what;
	} rows[] = {
		[HTTP_BAD_URL] = { ERR_INPUT, "is not an http or https address" },
		[HTTP_FORBIDDEN] = { ERR_INPUT,
			"leads to a private or reserved address, which is not "
			"contacted" },
		[HTTP_UNREACHABLE] = { ERR_PROVIDER, "cannot be reached" },
		[HTTP_TLS] = { ERR_PROVIDER, "did not prove who it is (TLS)" },
		[HTTP_TIMED_OUT] = { ERR_PROVIDER, "did not answer in time" },
		[HTTP_BROKEN] = { ERR_PROVIDER, "broke off or did not answer in HTTP" },
		[HTTP_TOO_LARGE] = { ERR_PROVIDER, "answered more than is taken" },
		[HTTP_STOPPED] = { ERR_LATER, "was not waited for: stopped" },
	};

	return err_set(e, rows[run->r->fault].code, "%s %s", run->host,
		rows[run->r->fault].what);
}

int http_do(struct http *client, const struct http_request *q, struct http_response *r,
	struct err *e)
{
	struct run run = { .q = q, .r = r, .start_ns = clock_monotonic_ns() };
	struct curl_slist *headers;
	long status = 0;
	CURLcode code;

	buf_reset(&r->headers);
	buf_reset(&r->body);
	r->status = 0;
	r->fault = HTTP_NONE;
	r->first_byte_ns = 0;
	run.max_body = q->max_body > 0 ? q->max_body : BODY_MAX;
	r->body.max = run.max_body;
	host_of(q->url, run.host, sizeof(run.host));
	if (!url_is_http(q->url)) {
		r->fault = HTTP_BAD_URL;
		return tell(&run, e);
	}
	headers = header_list(q, e);
	if (headers == NULL)
		return -1;
	set_up(client->curl, &run, headers);
	code = curl_easy_perform(client->curl);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	forget_headers(headers);
	r->status = (int)status;
	r->wall_ns = clock_monotonic_ns() - run.start_ns;
	r->fault = fault_of(&run, code);
	return r->fault == HTTP_NONE ? 0 : tell(&run, e);
}

int http_header_get(const struct http_response *r, const char *name, struct buf *out)
{
	size_t name_len = strlen(name);
	const char *found = NULL;

	for (const char *line = r->headers.ptr; *line != '\0';) {
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':')
			found = line + name_len + 1;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (found == NULL)
		return 0;
	found += strspn(found, " \t");
	buf_add(out, found, strcspn(found, "\n"));
	return 1;
}

int64_t http_retry_after_s(const struct http_response *r, int64_t now_s)
{
	struct buf text = BUF_INIT(HEADERS_MAX);
	int64_t s = -1;

	if (http_header_get(r, "Retry-After", &text)) {
		time_t date = curl_getdate(text.ptr, NULL);

		if (text.len > 0 && text.len < 10 &&
			strspn(text.ptr, "0123456789") == text.len)
			s = strtoll(text.ptr, NULL, 10);
		else if (date >= 0)
			s = (int64_t)date > now_s ? (int64_t)date - now_s : 0;
	}
	buf_release(&text);
	return s;
}
