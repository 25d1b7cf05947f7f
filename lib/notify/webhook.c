/* One delivery of a webhook, and its schedule. */
#include "notify.h"

#include <strings.h>
#include <sys/random.h>

#include "signing/signing.h"
#include "base/base64.h"

#define SECRET_BYTES 32
#define DAY_S        86400

static const int64_t schedule_s[] = { 0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000,
	86400 };

int64_t notify_wait_s(int attempt, uint64_t noise, int64_t retry_after_s)
{
	int64_t s;

	if (attempt < 0 || attempt >= (int)ARRAY_LEN(schedule_s))
		return -1;
	s = schedule_s[attempt];
	s += (int64_t)(noise % (uint64_t)(s / 10 + 1));
	if (retry_after_s > s)
		s = retry_after_s < DAY_S ? retry_after_s : DAY_S;
	return s;
}

int notify_secret_new(struct buf *out, struct err *e)
{
	unsigned char bytes[SECRET_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(e, ERR_INTERNAL, "the system gives no random bytes");
	buf_add_str(out, "whsec_");
	base64_encode(bytes, sizeof(bytes), out);
	explicit_bzero(bytes, sizeof(bytes));
	return buf_ok(out, e);
}

int notify_webhook_check(
	const char *url, const char *secret, int allow_private, struct err *e)
{
	struct buf ignored = BUF_INIT(256);
	const char *host = strstr(url, "://");
	struct err why = { 0 };
	int ret = -1;

	if (strncasecmp(url, "https://", 8) != 0 &&
		!(allow_private && strncasecmp(url, "http://", 7) == 0))
		err_fill(e, ERR_INPUT, "a webhook's URL starts with https://");
	else if (memchr(host + 3, '@', strcspn(host + 3, "/?#")) != NULL)
		err_fill(e, ERR_INPUT, "a webhook's URL holds no user or password");
	else if (webhook_sign(secret, "id", 0, "", 0, &ignored, &why) < 0)
		err_fill(e, ERR_INPUT, "%s", why.msg);
	else
		ret = 0;
	buf_release(&ignored);
	return ret;
}

/* "v1,..." by each secret; the older one first. */
static int sign(
	const struct notify_webhook *w, int64_t now_s, struct buf *out, struct err *e)
{
	if (webhook_sign(w->secret, w->id, now_s, w->body, w->len, out, e) < 0)
		return -1;
	if (w->next_secret == NULL)
		return 0;
	buf_add_char(out, ' ');
	return webhook_sign(w->next_secret, w->id, now_s, w->body, w->len, out, e);
}

static void judge(const struct http_response *r, struct notify_result *result)
{
	if (r->status / 100 == 2)
		result->outcome = NOTIFY_DELIVERED;
	else if (r->status == 410)
		result->outcome = NOTIFY_GONE;
	else
		result->outcome = NOTIFY_RETRY;
	snprintf(result->why, sizeof(result->why), "answered %d%s", r->status,
		r->status / 100 == 3 ? ", a redirect, which is not followed" : "");
}

static void say(struct notify_result *result, const struct err *e)
{
	snprintf(result->why, sizeof(result->why), "%.150s", e->msg);
}

void notify_webhook(struct http *client, const struct notify_webhook *w, int64_t now_s,
	struct notify_result *result)
{
	struct buf signatures = BUF_INIT(1024);
	char timestamp[24];
	struct http_header headers[] = {
		{ "Content-Type", "application/json" },
		{ "User-Agent", "mlopsd/" MLOPS_VERSION },
		{ "webhook-id", w->id },
		{ "webhook-timestamp", timestamp },
		{ "webhook-signature", NULL },
		{ "traceparent", w->traceparent },
	};
	struct http_request q = {
		.method = "POST",
		.url = w->url,
		.headers = headers,
		.n_headers = w->traceparent != NULL ? 6 : 5,
		.body = w->body,
		.body_len = w->len,
		.max_body = (size_t)64 << 10,
		.total_timeout_ns = INT64_C(20000000000),
		.public_only = !w->allow_private,
		.ca_file = w->ca_file,
	};
	struct http_response r;
	struct err e = { 0 };

	*result =
		(struct notify_result){ .outcome = NOTIFY_REFUSED, .retry_after_s = -1 };
	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)now_s);
	http_response_init(&r);
	if (sign(w, now_s, &signatures, &e) < 0) {
		say(result, &e);
		goto out;
	}
	headers[4].value = signatures.ptr;
	if (http_do(client, &q, &r, &e) == 0 || r.fault == HTTP_TOO_LARGE) {
		judge(&r, result);
		result->retry_after_s = http_retry_after_s(&r, now_s);
	} else {
		if (r.fault != HTTP_BAD_URL && r.fault != HTTP_FORBIDDEN)
			result->outcome = NOTIFY_RETRY;
		say(result, &e);
	}
	result->status = r.status;
out:
	http_response_release(&r);
	buf_release(&signatures);
}
