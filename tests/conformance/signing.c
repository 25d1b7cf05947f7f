/* AWS Signature Version 4 by the vectors of AWS, botocore and own ones; webhooks by
 * those of Standard Webhooks and of the GitHub and Stripe styles. */
#include "suite.h"

#include "signing/signing.h"

#include <string.h>

#define HEADERS_MAX 32
#define TEXT_MAX    ((size_t)1 << 20)

/* A request as text, taken apart. */
struct request {
	struct buf method, path, query, body;
	struct buf names[HEADERS_MAX], values[HEADERS_MAX];
	struct signing_header headers[HEADERS_MAX];
	size_t n;
};

static void request_init(struct request *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->method, TEXT_MAX);
	buf_init(&r->path, TEXT_MAX);
	buf_init(&r->query, TEXT_MAX);
	buf_init(&r->body, TEXT_MAX);
	for (size_t i = 0; i < HEADERS_MAX; i++) {
		buf_init(&r->names[i], TEXT_MAX);
		buf_init(&r->values[i], TEXT_MAX);
	}
}

static void request_release(struct request *r)
{
	buf_release(&r->method);
	buf_release(&r->path);
	buf_release(&r->query);
	buf_release(&r->body);
	for (size_t i = 0; i < HEADERS_MAX; i++) {
		buf_release(&r->names[i]);
		buf_release(&r->values[i]);
	}
}

static void add_header(struct request *r, const char *name, size_t name_len,
	const char *value, size_t value_len)
{
	if (r->n == HEADERS_MAX)
		return;
	buf_add(&r->names[r->n], name, name_len);
	buf_add(&r->values[r->n], value, value_len);
	r->headers[r->n].name = r->names[r->n].ptr;
	r->headers[r->n].value = r->values[r->n].ptr;
	r->n++;
}

/* "GET /a b?c=d HTTP/1.1", header lines, an empty line, the body. The header named
 * `leave_out` is one that signing adds. */
static void request_parse(struct request *r, const char *text, const char *leave_out)
{
	const char *eol = strchr(text, '\n'), *space = strchr(text, ' ');
	const char *end = eol - strlen(" HTTP/1.1"),
		   *mark = memchr(space, '?', (size_t)(end - space));

	buf_add(&r->method, text, (size_t)(space - text));
	buf_add(&r->path, space + 1, (size_t)((mark != NULL ? mark : end) - space - 1));
	if (mark != NULL)
		buf_add(&r->query, mark + 1, (size_t)(end - mark - 1));
	for (text = eol + 1; *text != '\0' && *text != '\n';) {
		size_t len = strcspn(text, "\n"), name = strcspn(text, ":");

		if (leave_out == NULL || strncasecmp(text, leave_out, name) != 0)
			add_header(r, text, name, text + name + 1, len - name - 1);
		text += len + (text[len] == '\n');
	}
	if (*text == '\n')
		buf_add_str(&r->body, text + 1);
}

static int same(struct tally *t, const char *name, const char *what, const char *got,
	const char *want)
{
	if (strcmp(got, want) == 0)
		return 1;
	fail(t, name, "the %s is\n%s\nexpected\n%s", what, got, want);
	return 0;
}

/* ---- what the signed request looks like on the wire ---- */

static void wire_headers(const char *request, struct buf *out)
{
	const char *headers = strchr(request, '\n') + 1, *end = strstr(headers, "\n\n");

	buf_add(out, headers,
		end != NULL ? (size_t)(end + 1 - headers) : strlen(headers));
	if (out->len > 0 && out->ptr[out->len - 1] != '\n')
		buf_add_char(out, '\n');
}

static void wire_header(const struct sigv4_signer *s, const struct sigv4_request *q,
	const struct sigv4_signed *signed_, const char *request, const struct request *r,
	struct buf *out)
{
	buf_add(out, request, (size_t)(strchr(request, '\n') + 1 - request));
	wire_headers(request, out);
	if (s->session_token != NULL)
		buf_addf(out, "X-Amz-Security-Token:%s\n", s->session_token);
	buf_addf(out, "X-Amz-Date:%s\n", q->time);
	if (q->add_content_sha256)
		buf_addf(out, "x-amz-content-sha256:%s\n", q->payload_hash);
	buf_addf(out, "Authorization:%s\n\n%s", signed_->authorization.ptr, r->body.ptr);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A copy of the request in which the parameters of the query are sorted and spelt as
 * in canonical form, since their order is free. */
static void sort_query(const char *request, struct buf *out)
{
	const char *eol = strchr(request, '\n'), *mark = strchr(request, '?');
	size_t len = (size_t)(eol - mark - 1) - strlen(" HTTP/1.1"), n = 0;
	char *copy = strndup(mark + 1, len), *save = NULL, *items[64];

	for (char *p = strtok_r(copy, "&", &save); p != NULL && n < 64;
		p = strtok_r(NULL, "&", &save))
		items[n++] = p;
	qsort(items, n, sizeof(items[0]), by_text);
	buf_add(out, request, (size_t)(mark + 1 - request));
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : "&", items[i]);
	buf_add_str(out, eol - strlen(" HTTP/1.1"));
	free(copy);
}

static void wire_query(const struct sigv4_signed *signed_, const struct request *r,
	const char *request, struct buf *out)
{
	const char *own = r->query.ptr,
		   *added = strstr(signed_->query.ptr, "X-Amz-Algorithm");

	buf_addf(out, "%s %s?%s%s", r->method.ptr, r->path.ptr, own,
		*own != '\0' ? "&" : "");
	buf_addf(out, "%s HTTP/1.1\n", added);
	wire_headers(request, out);
	buf_addf(out, "\n%s", r->body.ptr);
}

/* ---- aws-c-auth ---- */

static void aws_c_form(
	struct tally *t, const char *name, const cJSON *c, const char *form)
{
	const cJSON *context = json_get(c, "context"), *want = json_get(c, form);
	const char *text = json_str_or(c, "request", "");
	int presign = strcmp(form, "query") == 0,
	    sign_body = json_bool_or(context, "sign_body", 0);
	struct sigv4_signer s = {
		.access_key_id =
			json_text(json_at(context, "/credentials/access_key_id")),
		.secret_access_key =
			json_text(json_at(context, "/credentials/secret_access_key")),
		.session_token = json_text(json_at(context, "/credentials/token")),
		.region = json_str_or(context, "region", ""),
		.service = json_str_or(context, "service", ""),
	};
	struct buf wire = BUF_INIT(TEXT_MAX), sorted = BUF_INIT(TEXT_MAX),
		   wanted = BUF_INIT(TEXT_MAX);
	struct request r;
	struct sigv4_request q = { .normalize = json_bool_or(context, "normalize", 0) };
	struct sigv4_signed out;
	char time[SIGV4_TIME_MAX], digest[DIGEST_HEX_MAX];
	int64_t seconds = 0, ns = 0;
	struct err e = { 0 };

	request_init(&r);
	request_parse(&r, text, NULL);
	clock_parse_parts(json_str_or(context, "timestamp", ""), &seconds, &ns);
	sigv4_time(seconds, time);
	digest_hex(r.body.ptr, r.body.len, digest);
	q.method = r.method.ptr;
	q.path = r.path.ptr;
	q.query = r.query.ptr;
	q.headers = r.headers;
	q.n_headers = r.n;
	q.payload_hash = digest;
	q.add_content_sha256 = sign_body && !presign;
	q.time = time;
	q.expires_s =
		presign ? (int64_t)json_num_or(context, "expiration_in_seconds", 0) : 0;
	sigv4_signed_init(&out);
	if (sigv4_sign(&s, &q, &out, &e) < 0) {
		fail(t, name, "%s: %s", form, e.msg);
		goto out;
	}
	if (presign) {
		wire_query(&out, &r, text, &wire);
		sort_query(wire.ptr, &sorted);
		sort_query(json_str_or(want, "signed_request", ""), &wanted);
	} else {
		wire_header(&s, &q, &out, text, &r, &sorted);
		buf_add_str(&wanted, json_str_or(want, "signed_request", ""));
	}
	if (same(t, name, "canonical request", out.canonical.ptr,
		    json_str_or(want, "canonical_request", "")) &&
		same(t, name, "string to sign", out.to_sign.ptr,
			json_str_or(want, "string_to_sign", "")) &&
		same(t, name, "signature", out.signature,
			json_str_or(want, "signature", "")) &&
		same(t, name, "signed request", sorted.ptr, wanted.ptr))
		pass(t);
out:
	sigv4_signed_release(&out);
	request_release(&r);
	buf_release(&wire);
	buf_release(&sorted);
	buf_release(&wanted);
}

/* ---- botocore ---- */

static void botocore_case(struct tally *t, const char *name, const cJSON *c)
{
	struct sigv4_signer s = {
		.access_key_id = "AKIDEXAMPLE",
		.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1",
		.service = "service",
	};
	struct sigv4_request q = { .normalize = 1, .time = "20150830T123600Z" };
	struct sigv4_signed out;
	struct request r;
	char digest[DIGEST_HEX_MAX];
	struct err e = { 0 };

	request_init(&r);
	request_parse(&r, json_str_or(c, "request", ""), "X-Amz-Date");
	digest_hex(r.body.ptr, r.body.len, digest);
	q.method = r.method.ptr;
	q.path = r.path.ptr;
	q.query = r.query.ptr;
	q.headers = r.headers;
	q.n_headers = r.n;
	q.payload_hash = digest;
	sigv4_signed_init(&out);
	if (sigv4_sign(&s, &q, &out, &e) < 0)
		fail(t, name, "%s", e.msg);
	else if (same(t, name, "canonical request", out.canonical.ptr,
			 json_str_or(c, "canonical_request", "")) &&
		same(t, name, "string to sign", out.to_sign.ptr,
			json_str_or(c, "string_to_sign", "")) &&
		same(t, name, "authorization", out.authorization.ptr,
			json_str_or(c, "authorization", "")))
		pass(t);
	sigv4_signed_release(&out);
	request_release(&r);
}

/* ---- own, and the examples of the AWS documentation ---- */

static void own_case(struct tally *t, const char *name, const cJSON *c)
{
	struct sigv4_signer s = {
		.access_key_id = json_str_or(c, "access_key_id", ""),
		.secret_access_key = json_str_or(c, "secret_access_key", ""),
		.session_token = json_text(json_get(c, "session_token")),
		.region = json_str_or(c, "region", ""),
		.service = json_str_or(c, "service", ""),
	};
	struct signing_header headers[HEADERS_MAX];
	struct sigv4_request q = {
		.method = json_str_or(c, "method", ""),
		.path = json_str_or(c, "path", ""),
		.query = json_str_or(c, "query", ""),
		.normalize = json_bool_or(c, "normalize_path", 0),
		.headers = headers,
		.payload_hash = json_str_or(c, "payload_hash", ""),
		.add_content_sha256 = json_bool_or(c, "sign_content_sha256_header", 0),
		.time = json_str_or(c, "timestamp", ""),
		.expires_s = (int64_t)json_num_or(c, "expires", 0),
	};
	struct sigv4_signed out;
	struct err e = { 0 };

	JSON_EACH (h, json_get(c, "headers")) {
		if (q.n_headers == HEADERS_MAX)
			break;
		headers[q.n_headers].name = json_text(json_item(h, 0));
		headers[q.n_headers++].value = json_text(json_item(h, 1));
	}
	sigv4_signed_init(&out);
	if (sigv4_sign(&s, &q, &out, &e) < 0)
		fail(t, name, "%s", e.msg);
	else if (same(t, name, "canonical request", out.canonical.ptr,
			 json_str_or(c, "canonical_request", "")) &&
		same(t, name, "string to sign", out.to_sign.ptr,
			json_str_or(c, "string_to_sign", "")) &&
		same(t, name, "signature", out.signature,
			json_str_or(c, "signature", "")))
		pass(t);
	sigv4_signed_release(&out);
}

int run_sigv4(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases) {
		const char *name = json_str_or(c, "name", "?");

		if (json_has(c, "context")) {
			aws_c_form(t, name, c, "header");
			aws_c_form(t, name, c, "query");
		} else if (json_has(c, "request")) {
			botocore_case(t, name, c);
		} else {
			own_case(t, name, c);
		}
	}
	json_free(cases);
	return 0;
}

/* ---- webhooks ---- */

static int standard(
	const cJSON *c, const struct buf *secret, const struct buf *body, struct err *e)
{
	struct signing_header headers[HEADERS_MAX];
	size_t n = 0;

	JSON_EACH (h, json_get(c, "headers")) {
		if (n == HEADERS_MAX)
			break;
		headers[n].name = json_text(json_item(h, 0));
		headers[n++].value = json_text(json_item(h, 1));
	}
	return webhook_verify(secret->ptr, headers, n, body->ptr, body->len,
		(int64_t)json_num_or(c, "now", 0),
		(int64_t)json_num_or(c, "tolerance_s", 0), e);
}

/* Of the two styles' "header" is a pair of name and value. */
static int styled(const cJSON *c, const char *style, const struct buf *secret,
	const struct buf *body, struct err *e)
{
	return webhook_verify_style(
		strcmp(style, "github") == 0 ? WEBHOOK_GITHUB : WEBHOOK_STRIPE,
		secret->ptr, secret->len, json_text(json_item(json_get(c, "header"), 1)),
		body->ptr, body->len, (int64_t)json_num_or(c, "now", 0),
		(int64_t)json_num_or(c, "tolerance_s", 0), e);
}

static void webhook_case(struct tally *t, const cJSON *c)
{
	const char *name = json_str_or(c, "name", "?"),
		   *style = json_text(json_get(c, "style"));
	int expected = strcmp(json_str_or(c, "expect", ""), "accept") == 0, accepted;
	struct buf secret = BUF_INIT(4096), body = BUF_INIT(TEXT_MAX);
	struct err e = { 0 };

	if (base64_member(c, "secret_b64", &secret, &e) < 0 ||
		base64_member(c, "body_b64", &body, &e) < 0) {
		fail(t, name, "%s", e.msg);
	} else {
		accepted = (style != NULL ? styled(c, style, &secret, &body, &e)
					  : standard(c, &secret, &body, &e)) == 0;
		if (accepted == expected)
			pass(t);
		else
			fail(t, name, "%s: %s", accepted ? "accepted" : "refused", e.msg);
	}
	buf_release(&secret);
	buf_release(&body);
}

int run_webhooks(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases)
		webhook_case(t, c);
	json_free(cases);
	return 0;
}
