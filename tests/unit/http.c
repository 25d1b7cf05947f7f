/* The HTTP client against a peer that says what each case makes it say. */
#include "test.h"

#include "http/http.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* A peer that takes one connection, reads a request's head, answers `answer` and
 * closes, or holds on for `hold_ms` first. */
struct peer {
	int fd;
	int port;
	const char *answer;
	int hold_ms;
	struct buf request;
	pthread_t thread;
};

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	int c = accept(p->fd, NULL, NULL);
	char chunk[4096];
	ssize_t n;

	while (c >= 0 && strstr(p->request.ptr, "\r\n\r\n") == NULL &&
		(n = read(c, chunk, sizeof(chunk))) > 0)
		buf_add(&p->request, chunk, (size_t)n);
	if (c >= 0) {
		if (write(c, p->answer, strlen(p->answer)) < 0)
			buf_add_str(&p->request, "could not answer");
		usleep((unsigned)p->hold_ms * 1000);
		close(c);
	}
	return NULL;
}

static void peer_start(struct peer *p, const char *answer, int hold_ms)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	memset(p, 0, sizeof(*p));
	buf_init(&p->request, (size_t)1 << 20);
	p->answer = answer;
	p->hold_ms = hold_ms;
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(p->fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(p->fd, 1), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&a, &len), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, peer_main, p), 0);
}

static void peer_stop(struct peer *p)
{
	shutdown(p->fd, SHUT_RDWR);
	pthread_join(p->thread, NULL);
	close(p->fd);
	buf_release(&p->request);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *answer;
	int hold_ms, status;
	enum http_fault fault;
	const char *body, *msg;
} answers[] = {
	{ OK_HEAD "Content-Length: 2\r\n\r\nhi", 0, 200, HTTP_NONE, "hi", "" },
	{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 0, 200,
		HTTP_NONE, "hi", "" },
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 0, 204,
		HTTP_NONE, "", "" },
	{ "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: "
	  "0\r\n\r\n",
		0, 302, HTTP_NONE, "", "" },
	{ "HTTP/1.1 429 Slow Down\r\nContent-Length: 0\r\n\r\n", 0, 429, HTTP_NONE, "",
		"" },
	{ OK_HEAD "Content-Length: 10\r\n\r\nhi", 0, 200, HTTP_BROKEN, NULL,
		"broke off" },
	{ OK_HEAD "Content-Length: 10\r\n\r\nhi", 1500, 200, HTTP_TIMED_OUT, NULL,
		"in time" },
	{ OK_HEAD "Content-Length: 2000\r\n\r\n", 1500, 200, HTTP_TIMED_OUT, NULL,
		"in time" },
	{ "", 0, 0, HTTP_BROKEN, NULL, "broke off" },
	{ "SMTP ready\r\n", 0, 0, HTTP_BROKEN, NULL, "broke off" },
};

static void an_answer_or_a_named_fault(void **unused)
{
	struct err none = { 0 };
	struct http *client = http_new(&none);

	(void)unused;
	assert_non_null(client);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct http_header headers[] = { { "X-Empty", "" }, { "X-Key", "a: b" } };
		struct http_request q = {
			.method = "POST",
			.headers = headers,
			.n_headers = 2,
			.body = "{}",
			.body_len = 2,
			.total_timeout_ns = INT64_C(1000000000),
		};
		struct http_response r;
		struct peer peer;
		struct err e = { 0 };
		char url[64];
		int ret;

		peer_start(&peer, answers[i].answer, answers[i].hold_ms);
		snprintf(url, sizeof(url), "http://u:p@127.0.0.1:%d/secret?key=1",
			peer.port);
		q.url = url;
		http_response_init(&r);
		ret = http_do(client, &q, &r, &e);
		if (r.fault != answers[i].fault || r.status != answers[i].status)
			fail_msg("case %zu: fault %d, status %d: %s", i, (int)r.fault,
				r.status, e.msg);
		assert_int_equal(ret, answers[i].fault == HTTP_NONE ? 0 : -1);
		assert_non_null(strstr(e.msg, answers[i].msg));
		assert_null(strstr(e.msg, "secret"));
		assert_null(strstr(e.msg, "u:p"));
		if (answers[i].body != NULL)
			assert_string_equal(r.body.ptr, answers[i].body);
		assert_non_null(strstr(peer.request.ptr, "X-Key: a: b\r\n"));
		assert_non_null(strstr(peer.request.ptr, "X-Empty:\r\n"));
		http_response_release(&r);
		peer_stop(&peer);
	}
	http_free(client);
}

static void an_answer_too_long_is_dropped(void **unused)
{
	struct err e = { 0 };
	struct http *client = http_new(&e);
	struct http_response r;
	struct peer peer;
	char url[64];
	struct http_request q = { .method = "GET", .url = url, .max_body = 4 };

	(void)unused;
	peer_start(&peer, OK_HEAD "Content-Length: 5\r\n\r\nhello", 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", peer.port);
	http_response_init(&r);
	assert_int_equal(http_do(client, &q, &r, &e), -1);
	assert_int_equal(r.fault, HTTP_TOO_LARGE);
	http_response_release(&r);
	peer_stop(&peer);
	http_free(client);
}

static void private_addresses_are_not_contacted_when_only_public_ones_may_be(
	void **unused)
{
	static const char *const urls[] = { "http://127.0.0.1:9/", "http://localhost:9/",
		"http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/",
		"http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/", "http://2130706433:9/",
		"http://0x7f.1:9/" };
	struct err none = { 0 };
	struct http *client = http_new(&none);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct http_request q = { .method = "GET",
			.url = urls[i],
			.public_only = 1,
			.total_timeout_ns = INT64_C(2000000000) };
		struct http_response r;
		struct err e = { 0 };

		http_response_init(&r);
		assert_int_equal(http_do(client, &q, &r, &e), -1);
		if (r.fault != HTTP_FORBIDDEN)
			fail_msg("%s: %s", urls[i], e.msg);
		http_response_release(&r);
	}
	http_free(client);
}

/* ---- a name whose answer changes ----
 *
 * libcurl resolves and connects through these two instead of libc's. A name that ends in
 * ".test" is answered by the next of `dns.answers`, and what is connected to is noted:
 * a public address is noted only, so that no packet leaves the machine.
 */
static struct {
	const char *answers[4][2]; /* of each question, in turn; the last one stays */
	size_t asked;
	int private_seen, public_seen; /* connections */
} dns;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **out)
{
	__typeof__(getaddrinfo) *real;
	size_t turn = dns.asked;
	struct addrinfo *rest = NULL;
	int ret;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (node == NULL || strstr(node, ".test") == NULL)
		return real(node, service, hints, out);
	while (turn > 0 && (turn >= ARRAY_LEN(dns.answers) || !dns.answers[turn][0]))
		turn--;
	dns.asked++;
	ret = real(dns.answers[turn][0], service, hints, out);
	if (ret != 0 || dns.answers[turn][1] == NULL)
		return ret;
	ret = real(dns.answers[turn][1], service, hints, &rest);
	if (ret != 0)
		return ret;
	for (struct addrinfo *a = *out; a != NULL; a = a->ai_next)
		if (a->ai_next == NULL) {
			a->ai_next = rest;
			break;
		}
	return 0;
}

/* glibc declares the address as a union of pointers. */
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	const struct sockaddr *to = address.__sockaddr__;
	__typeof__(connect) *real;

	*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (to->sa_family != AF_INET && to->sa_family != AF_INET6)
		return real(fd, address, len);
	if (http_address_is_public(to)) {
		dns.public_seen++;
		errno = ENETUNREACH;
		return -1;
	}
	dns.private_seen++;
	return real(fd, address, len);
}

static const struct {
	const char *answers[4][2];
	enum http_fault faults[3]; /* of each request in turn */
	int public;                /* connections that were tried */
} rebindings[] = {
	{ { { "127.0.0.1" } }, { HTTP_FORBIDDEN, HTTP_FORBIDDEN, HTTP_FORBIDDEN }, 0 },
	/* public when it is looked at, then the machine itself or the cloud's metadata */
	{ { { "93.184.216.34" }, { "127.0.0.1" }, { "169.254.169.254" } },
		{ HTTP_UNREACHABLE, HTTP_FORBIDDEN, HTTP_FORBIDDEN }, 1 },
	{ { { "2606:4700::1111" }, { "::1" }, { "fd00:ec2::254" } },
		{ HTTP_UNREACHABLE, HTTP_FORBIDDEN, HTTP_FORBIDDEN }, 1 },
	/* one answer with both: the public one does not open the way to the other */
	{ { { "93.184.216.34", "127.0.0.1" }, { "127.0.0.1", "93.184.216.34" },
		  { "10.0.0.1", "::1" } },
		{ HTTP_FORBIDDEN, HTTP_FORBIDDEN, HTTP_FORBIDDEN }, -1 },
};

static void a_name_that_changes_its_mind_leads_nowhere_private(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(rebindings); i++) {
		memset(&dns, 0, sizeof(dns));
		memcpy(dns.answers, rebindings[i].answers, sizeof(dns.answers));
		for (size_t n = 0; n < ARRAY_LEN(rebindings[i].faults); n++) {
			struct http_request q = { .method = "POST",
				.url = "http://rebind.test:9/",
				.public_only = 1,
				.total_timeout_ns = INT64_C(5000000000) };
			struct err e = { 0 };
			/* a new one each time: it remembers no name */
			struct http *client = http_new(&e);
			struct http_response r;

			http_response_init(&r);
			assert_int_equal(http_do(client, &q, &r, &e), -1);
			if (r.fault != rebindings[i].faults[n])
				fail_msg("case %zu, request %zu: %s", i, n, e.msg);
			http_response_release(&r);
			http_free(client);
		}
		assert_int_equal(dns.asked, ARRAY_LEN(rebindings[i].faults));
		assert_int_equal(dns.private_seen, 0);
		if (rebindings[i].public >= 0)
			assert_int_equal(dns.public_seen, rebindings[i].public);
	}
}

/* That the two above are really what libcurl calls. */
static void the_same_name_is_reached_where_private_ones_may_be(void **unused)
{
	struct err e = { 0 };
	struct http *client = http_new(&e);
	struct http_response r;
	struct peer peer;
	char url[64];
	struct http_request q = { .method = "GET", .url = url };

	(void)unused;
	memset(&dns, 0, sizeof(dns));
	dns.answers[0][0] = "127.0.0.1";
	peer_start(&peer, OK_HEAD "Content-Length: 2\r\n\r\nhi", 0);
	snprintf(url, sizeof(url), "http://rebind.test:%d/", peer.port);
	http_response_init(&r);
	if (http_do(client, &q, &r, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(dns.asked, 1);
	assert_int_equal(dns.private_seen, 1);
	http_response_release(&r);
	peer_stop(&peer);
	http_free(client);
}

static const struct {
	const char *address;
	int public;
} addresses[] = {
	{ "8.8.8.8", 1 },
	{ "172.15.255.255", 1 },
	{ "172.32.0.1", 1 },
	{ "100.63.255.255", 1 },
	{ "2606:4700::1111", 1 },
	{ "64:ff9b::808:808", 1 },
	{ "0.0.0.0", 0 },
	{ "10.1.2.3", 0 },
	{ "100.64.0.1", 0 },
	{ "127.1.2.3", 0 },
	{ "169.254.169.254", 0 },
	{ "169.254.170.2", 0 },
	{ "172.16.0.1", 0 },
	{ "172.31.255.255", 0 },
	{ "192.168.1.1", 0 },
	{ "198.18.0.1", 0 },
	{ "224.0.0.1", 0 },
	{ "255.255.255.255", 0 },
	{ "::", 0 },
	{ "::1", 0 },
	{ "::ffff:10.0.0.1", 0 },
	{ "64:ff9b::a00:1", 0 },
	{ "2002:7f00:1::", 0 },
	{ "2001::1", 0 },
	{ "2001:db8::1", 0 },
	{ "fc00::1", 0 },
	{ "fd00:ec2::254", 0 },
	{ "fe80::1", 0 },
	{ "ff02::1", 0 },
};

static void special_addresses_are_told_from_public_ones(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct sockaddr_in a4 = { .sin_family = AF_INET };
		struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
		const struct sockaddr *a = (struct sockaddr *)&a4;

		if (inet_pton(AF_INET, addresses[i].address, &a4.sin_addr) != 1) {
			assert_int_equal(
				inet_pton(AF_INET6, addresses[i].address, &a6.sin6_addr),
				1);
			a = (struct sockaddr *)&a6;
		}
		if (http_address_is_public(a) != addresses[i].public)
			fail_msg("%s", addresses[i].address);
	}
}

static void other_schemes_are_refused(void **unused)
{
	static const char *const urls[] = { "file:///etc/passwd", "ftp://x/", "x", "",
		"gopher://127.0.0.1/" };
	struct err none = { 0 };
	struct http *client = http_new(&none);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct http_request q = { .method = "GET", .url = urls[i] };
		struct http_response r;
		struct err e = { 0 };

		http_response_init(&r);
		assert_int_equal(http_do(client, &q, &r, &e), -1);
		assert_int_equal(r.fault, HTTP_BAD_URL);
		assert_int_equal(e.code, ERR_INPUT);
		http_response_release(&r);
	}
	http_free(client);
}

static void retry_after_is_a_number_or_a_date(void **unused)
{
	static const struct {
		const char *headers;
		int64_t s;
	} cases[] = {
		{ "Retry-After: 7\n", 7 },
		{ "retry-after:120\n", 120 },
		{ "Retry-After: Wed, 30 Aug 2015 12:36:10 GMT\n", 10 },
		{ "Retry-After: Wed, 30 Aug 2015 12:35:00 GMT\n", 0 },
		{ "Retry-After: soon\n", -1 },
		{ "Retry-After: -1\n", -1 },
		{ "Retry-After:\n", -1 },
		{ "X: 1\n", -1 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_response r;

		http_response_init(&r);
		buf_add_str(&r.headers, cases[i].headers);
		if (http_retry_after_s(&r, 1440938160) != cases[i].s)
			fail_msg("%s", cases[i].headers);
		http_response_release(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_or_a_named_fault),
		cmocka_unit_test(an_answer_too_long_is_dropped),
		cmocka_unit_test(
			private_addresses_are_not_contacted_when_only_public_ones_may_be),
		cmocka_unit_test(a_name_that_changes_its_mind_leads_nowhere_private),
		cmocka_unit_test(the_same_name_is_reached_where_private_ones_may_be),
		cmocka_unit_test(special_addresses_are_told_from_public_ones),
		cmocka_unit_test(other_schemes_are_refused),
		cmocka_unit_test(retry_after_is_a_number_or_a_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
