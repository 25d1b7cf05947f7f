/*
 * An artifact store in S3 or a server that speaks it. Requests are signed by hand
 * (room signing) because libcurl 7.88 cannot sign S3 keys and queries in general.
 * Writes are conditional: an object that is there already is the same one.
 */
#include "store.h"

#include <errno.h>
#include <time.h>

#include "credentials.h"
#include "http/http.h"
#include "signing/signing.h"
#include "base/base64.h"

#define PART_MIN     ((size_t)16 << 20)
#define SINGLE_MAX   ((size_t)64 << 20) /* larger objects go in parts */
#define PARTS_MAX    10000
#define ATTEMPTS     6
#define ANSWER_MAX   ((size_t)8 << 20) /* of lists and errors */
#define OBJECT_MAX   ((size_t)5 << 40)
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEADERS_MAX  12

struct s3_store {
	struct blob_store store;
	struct http *http;
	struct credentials credentials;
	struct sigv4_signer signer;
	struct buf scheme, host,
		base;      /* base: path before the object's name, "/bucket/prefix/" */
	struct buf prefix; /* of names within the bucket, "" or "prefix/" */
	struct buf region, sse, kms_key, ca_file;
};

/* One request to the store. */
struct call {
	const char *method, *name; /* name NULL: the bucket itself */
	const char *query;
	const void *body;
	size_t body_len, max_answer; /* 0: ANSWER_MAX */
	const struct signing_header *extra;
	size_t n_extra;
};

/* ---- one attempt ---- */

static void path_of(const struct s3_store *s, const char *name, struct buf *out)
{
	buf_add_str(out, s->base.ptr);
	if (name != NULL) {
		buf_add_str(out, s->prefix.ptr);
		buf_add_str(out, name);
	} else if (out->len > 1) {
		buf_cut(out, out->len - 1); /* "/bucket", no object */
	}
}

static void use_credentials(struct s3_store *s)
{
	s->signer.access_key_id = s->credentials.access_key_id.ptr;
	s->signer.secret_access_key = s->credentials.secret_access_key.ptr;
	s->signer.session_token = s->credentials.session_token.len > 0
		? s->credentials.session_token.ptr
		: NULL;
	s->signer.day[0] = '\0'; /* the day's key was another secret's */
}

static int ensure_credentials(struct s3_store *s, int64_t now_s, int force, struct err *e)
{
	int changed = 0;

	if (credentials_ensure(&s->credentials, s->http, now_s, force, &changed, e) < 0)
		return -1;
	if (changed)
		use_credentials(s);
	return 0;
}

static int send(struct s3_store *s, const struct call *c,
	const struct sigv4_signed *signed_, const char *time, const char *hash,
	struct http_response *r, struct err *e)
{
	struct http_header headers[HEADERS_MAX + 4];
	struct buf url = BUF_INIT((size_t)1 << 16);
	struct http_request q = {
		.method = c->method,
		.headers = headers,
		.body = c->body,
		.body_len = c->body_len,
		.max_body = c->max_answer > 0 ? c->max_answer : ANSWER_MAX,
		.total_timeout_ns = INT64_C(300000000000),
		.ca_file = s->ca_file.len > 0 ? s->ca_file.ptr : NULL,
	};
	int ret;

	buf_addf(&url, "%s://%s%s%s%s", s->scheme.ptr, s->host.ptr, signed_->path.ptr,
		*c->query != '\0' ? "?" : "", c->query);
	headers[q.n_headers++] = (struct http_header){ "x-amz-date", time };
	headers[q.n_headers++] = (struct http_header){ "x-amz-content-sha256", hash };
	headers[q.n_headers++] =
		(struct http_header){ "Authorization", signed_->authorization.ptr };
	if (s->signer.session_token != NULL)
		headers[q.n_headers++] = (struct http_header){ "x-amz-security-token",
			s->signer.session_token };
	for (size_t i = 0; i < c->n_extra && q.n_headers < ARRAY_LEN(headers); i++)
		headers[q.n_headers++] =
			(struct http_header){ c->extra[i].name, c->extra[i].value };
	q.url = url.ptr;
	ret = buf_ok(&url, e) < 0 ? -1 : http_do(s->http, &q, r, e);
	buf_release(&url);
	return ret;
}

static int attempt(
	struct s3_store *s, const struct call *c, struct http_response *r, struct err *e)
{
	struct signing_header headers[HEADERS_MAX + 1] = { { "Host", s->host.ptr } };
	struct buf path = BUF_INIT((size_t)1 << 16);
	char time[SIGV4_TIME_MAX], hash[DIGEST_HEX_MAX] = EMPTY_SHA256;
	struct sigv4_request q = {
		.method = c->method,
		.query = c->query,
		.headers = headers,
		.n_headers = 1 + c->n_extra,
		.payload_hash = hash,
		.add_content_sha256 = 1,
		.time = time,
	};
	struct sigv4_signed signed_;
	int ret = -1;

	for (size_t i = 0; i < c->n_extra; i++)
		headers[1 + i] = c->extra[i];
	if (c->body != NULL)
		digest_hex(c->body, c->body_len, hash);
	sigv4_time(clock_wall_ns() / 1000000000, time);
	path_of(s, c->name, &path);
	q.path = path.ptr;
	sigv4_signed_init(&signed_);
	if (buf_ok(&path, e) == 0 && sigv4_sign(&s->signer, &q, &signed_, e) == 0)
		ret = send(s, c, &signed_, time, hash, r, e);
	sigv4_signed_release(&signed_);
	buf_release(&path);
	return ret;
}

/* ---- answers ---- */

/* The text of an element of an answer's XML; 0 when there is none. */
static int element(const char *xml, const char *name, struct buf *out)
{
	struct buf open = BUF_INIT(128), close = BUF_INIT(128);
	const char *start, *end;
	int found = 0;

	buf_addf(&open, "<%s>", name);
	buf_addf(&close, "</%s>", name);
	start = strstr(xml, open.ptr);
	end = start != NULL ? strstr(start, close.ptr) : NULL;
	if (end != NULL) {
		start += open.len;
		buf_add(out, start, (size_t)(end - start));
		found = 1;
	}
	buf_release(&open);
	buf_release(&close);
	return found;
}

/* The answer says that the credentials have expired: fetch others. */
static int credentials_expired(const struct http_response *r)
{
	return (r->status == 400 || r->status == 403) &&
		(strstr(r->body.ptr, "ExpiredToken") != NULL ||
			strstr(r->body.ptr, "InvalidToken") != NULL);
}

/* 503 SlowDown, 500, a lost connection, a race of conditional writes: try again. */
static int passing(const struct http_response *r)
{
	return r->fault == HTTP_BROKEN || r->fault == HTTP_UNREACHABLE ||
		r->status == 409 || r->status == 429 || r->status == 500 ||
		r->status == 502 || r->status == 503 || r->status == 504;
}

static void wait_before(int n)
{
	struct timespec t = { .tv_sec = 0, .tv_nsec = 50000000L << (n > 4 ? 4 : n) };
	int64_t jitter = clock_monotonic_ns() % (t.tv_nsec / 2 + 1);

	t.tv_nsec = t.tv_nsec / 2 + (long)jitter;
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int refused(const struct call *c, const struct http_response *r, struct err *e)
{
	struct buf code = BUF_INIT(256);
	enum err_code kind = r->status == 404                              ? ERR_NO_INPUT
		: r->status == 403 || r->status == 401 || r->status == 400 ? ERR_CONFIG
									   : ERR_PROVIDER;

	if (!element(r->body.ptr, "Code", &code))
		buf_add_str(&code, "no code");
	err_fill(e, kind, "S3 answered %d (%.60s) to %s '%s'", r->status, code.ptr,
		c->method, c->name != NULL ? c->name : "the bucket");
	buf_release(&code);
	return -1;
}

/* Sends until an answer comes that will not change by waiting. 0 with 2xx, 404 or 412
 * in r->status; -1 with *e. */
static int call(
	struct s3_store *s, const struct call *c, struct http_response *r, struct err *e)
{
	int renewed = 0;

	if (ensure_credentials(s, clock_wall_ns() / 1000000000, 0, e) < 0)
		return -1;
	for (int n = 0;; n++) {
		struct err why = { 0 };
		int ret = attempt(s, c, r, &why);

		if (ret == 0 &&
			(r->status / 100 == 2 || r->status == 404 || r->status == 412))
			return 0;
		if (ret == 0 && credentials_expired(r) && !renewed) {
			renewed = 1;
			if (ensure_credentials(s, clock_wall_ns() / 1000000000, 1, e) < 0)
				return -1;
			continue;
		}
		if (!passing(r) || n + 1 == ATTEMPTS) {
			if (ret == 0)
				return refused(c, r, e);
			*e = why;
			return -1;
		}
		wait_before(n);
	}
}

/* ---- writing ---- */

static size_t write_headers(
	const struct s3_store *s, const struct buf *tag, struct signing_header *h)
{
	size_t n = 0;

	h[n++] = (struct signing_header){ "x-amz-server-side-encryption", s->sse.ptr };
	if (s->kms_key.len > 0)
		h[n++] = (struct signing_header){
			"x-amz-server-side-encryption-aws-kms-key-id", s->kms_key.ptr
		};
	if (tag->len > 0)
		h[n++] = (struct signing_header){ "x-amz-tagging", tag->ptr };
	return n;
}

static int write_single(struct s3_store *s, const char *name, const struct buf *tag,
	const void *data, size_t len, struct err *e)
{
	unsigned char digest[DIGEST_LEN];
	struct buf checksum = BUF_INIT(128);
	struct signing_header headers[HEADERS_MAX];
	struct call c = { .method = "PUT",
		.name = name,
		.query = "",
		.body = data,
		.body_len = len,
		.extra = headers };
	struct http_response r;
	int ret;

	digest_bytes(data, len, digest);
	base64_encode(digest, sizeof(digest), &checksum);
	c.n_extra = write_headers(s, tag, headers);
	headers[c.n_extra++] = (struct signing_header){ "If-None-Match", "*" };
	headers[c.n_extra++] =
		(struct signing_header){ "x-amz-checksum-sha256", checksum.ptr };
	http_response_init(&r);
	ret = call(s, &c, &r, e);
	if (ret == 0 && r.status == 404) /* no such bucket */
		ret = refused(&c, &r, e);
	http_response_release(&r);
	buf_release(&checksum);
	return ret; /* 412: it is there already, and the same */
}

static int start_parts(struct s3_store *s, const char *name, const struct buf *tag,
	struct buf *upload, struct err *e)
{
	struct signing_header headers[HEADERS_MAX];
	struct call c = {
		.method = "POST", .name = name, .query = "uploads", .extra = headers
	};
	struct http_response r;
	int ret;

	c.n_extra = write_headers(s, tag, headers);
	http_response_init(&r);
	ret = call(s, &c, &r, e);
	if (ret == 0 && r.status / 100 != 2)
		ret = refused(&c, &r, e);
	else if (ret == 0 && !element(r.body.ptr, "UploadId", upload))
		ret = err_set(
			e, ERR_PROVIDER, "S3 started an upload without an UploadId");
	http_response_release(&r);
	return ret;
}

static int write_part(struct s3_store *s, const char *name, const char *upload,
	size_t number, const char *data, size_t len, struct buf *list, struct err *e)
{
	struct buf query = BUF_INIT(8192);
	struct call c = { .method = "PUT", .name = name, .body = data, .body_len = len };
	struct http_response r;
	int ret;

	buf_addf(&query, "partNumber=%zu&uploadId=", number);
	sigv4_encode(upload, strlen(upload), 0, &query);
	c.query = query.ptr;
	http_response_init(&r);
	ret = call(s, &c, &r, e);
	if (ret == 0 && r.status / 100 != 2)
		ret = refused(&c, &r, e);
	if (ret == 0) {
		buf_addf(list, "<Part><PartNumber>%zu</PartNumber><ETag>", number);
		if (!http_header_get(&r, "ETag", list))
			ret = err_set(e, ERR_PROVIDER, "S3 took a part without an ETag");
		buf_add_str(list, "</ETag></Part>");
	}
	http_response_release(&r);
	buf_release(&query);
	return ret;
}

/* Ends an upload: the list of parts makes the object, no list gives the parts up. */
static int end_parts(struct s3_store *s, const char *name, const char *upload,
	const struct buf *list, struct err *e)
{
	struct signing_header only_new = { "If-None-Match", "*" };
	struct buf query = BUF_INIT(8192);
	struct call c = { .method = list != NULL ? "POST" : "DELETE", .name = name };
	struct http_response r;
	int ret;

	buf_add_str(&query, "uploadId=");
	sigv4_encode(upload, strlen(upload), 0, &query);
	c.query = query.ptr;
	if (list != NULL) {
		c.body = list->ptr;
		c.body_len = list->len;
		c.extra = &only_new;
		c.n_extra = 1;
	}
	http_response_init(&r);
	ret = call(s, &c, &r, e);
	if (ret == 0 && list != NULL && r.status == 200 &&
		strstr(r.body.ptr, "<Error>") != NULL)
		ret = refused(&c, &r, e); /* the answer starts before the work is done */
	else if (ret == 0 && list != NULL && r.status == 404)
		ret = refused(&c, &r, e);
	http_response_release(&r);
	buf_release(&query);
	return ret;
}

static int write_parts(struct s3_store *s, const char *name, const struct buf *tag,
	const char *data, size_t len, struct err *e)
{
	struct buf upload = BUF_INIT(4096), list = BUF_INIT((size_t)4 << 20);
	size_t size = len / PARTS_MAX + 1 > PART_MIN ? len / PARTS_MAX + 1 : PART_MIN;
	struct err ignored = { 0 };
	int ret = start_parts(s, name, tag, &upload, e);

	if (ret < 0)
		goto out;
	buf_add_str(&list, "<CompleteMultipartUpload>");
	for (size_t at = 0, number = 1; ret == 0 && at < len; at += size, number++)
		ret = write_part(s, name, upload.ptr, number, data + at,
			len - at < size ? len - at : size, &list, e);
	buf_add_str(&list, "</CompleteMultipartUpload>");
	if (ret == 0)
		ret = buf_ok(&list, e);
	if (ret == 0)
		ret = end_parts(s, name, upload.ptr, &list, e);
	if (ret < 0)
		end_parts(s, name, upload.ptr, NULL, &ignored);
out:
	buf_release(&upload);
	buf_release(&list);
	return ret;
}

static int write_tagged(struct s3_store *s, const char *name, const struct buf *tag,
	const void *data, size_t len, struct err *e)
{
	int64_t size = 0;
	struct err ignored = { 0 };

	if (len <= SINGLE_MAX)
		return write_single(s, name, tag, data, len, e);
	if (len > OBJECT_MAX)
		return err_set(
			e, ERR_INPUT, "'%s' is larger than an S3 object may be", name);
	if (blob_size(&s->store, name, &size, &ignored) == 0 && size == (int64_t)len)
		return 0;
	return write_parts(s, name, tag, data, len, e);
}

static int s3_write(struct blob_store *store, const char *name, const char *class,
	const void *data, size_t len, struct err *e)
{
	struct buf tag = BUF_INIT(256);
	int ret;

	if (class != NULL) {
		buf_add_str(&tag, "class=");
		sigv4_encode(class, strlen(class), 0, &tag);
	}
	ret = write_tagged((struct s3_store *)store, name, &tag, data, len, e);
	buf_release(&tag);
	return ret;
}

/* ---- reading ---- */

static int s3_read(struct blob_store *store, const char *name, int64_t first, int64_t len,
	struct buf *out, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct buf range = BUF_INIT(64);
	struct signing_header header = { "Range", NULL };
	struct call c = { .method = "GET",
		.name = name,
		.query = "",
		.max_answer = out->max - out->len };
	struct http_response r;
	int ret;

	if (first >= 0) {
		buf_addf(&range, "bytes=%lld-%lld", (long long)first,
			(long long)(first + len - 1));
		header.value = range.ptr;
		c.extra = &header;
		c.n_extra = 1;
	}
	http_response_init(&r);
	ret = call(s, &c, &r, e);
	if (ret == 0 && r.status / 100 != 2)
		ret = refused(&c, &r, e);
	else if (ret < 0 && r.status == 416)
		ret = 0; /* behind the object's end: nothing there */
	else if (ret == 0)
		buf_add(out, r.body.ptr, r.body.len);
	if (ret == 0)
		ret = buf_ok(out, e);
	http_response_release(&r);
	buf_release(&range);
	return ret;
}

static int s3_size(
	struct blob_store *store, const char *name, int64_t *size, struct err *e)
{
	struct call c = { .method = "HEAD", .name = name, .query = "" };
	struct buf text = BUF_INIT(64);
	struct http_response r;
	int ret;

	http_response_init(&r);
	ret = call((struct s3_store *)store, &c, &r, e);
	if (ret == 0 && r.status / 100 != 2)
		ret = refused(&c, &r, e);
	else if (ret == 0 && !http_header_get(&r, "Content-Length", &text))
		ret = err_set(e, ERR_PROVIDER, "S3 did not say how long '%s' is", name);
	if (ret == 0)
		*size = strtoll(text.ptr, NULL, 10);
	http_response_release(&r);
	buf_release(&text);
	return ret;
}

static int s3_remove(struct blob_store *store, const char *name, struct err *e)
{
	struct call c = { .method = "DELETE", .name = name, .query = "" };
	struct http_response r;
	int ret;

	http_response_init(&r);
	ret = call((struct s3_store *)store, &c, &r, e);
	http_response_release(&r);
	return ret;
}

/* A name as the list spells it (encoding-type=url), decoded. */
static void unescape(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char hex[3] = { 0 };

		if (text[i] == '%' && i + 2 < len) {
			memcpy(hex, text + i + 1, 2);
			buf_add_char(out, (char)strtol(hex, NULL, 16));
			i += 2;
		} else {
			buf_add_char(out, text[i] == '+' ? ' ' : text[i]);
		}
	}
}

/* The same by a server that does not know encoding-type: XML's entities. */
static void unentity(const char *text, size_t len, struct buf *out)
{
	static const struct {
		const char *name;
		char is;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&#34;", '"' },
		{ "&#39;", '\'' } };

	for (size_t i = 0; i < len;) {
		size_t k = 0;

		while (k < ARRAY_LEN(entities) &&
			strncmp(text + i, entities[k].name, strlen(entities[k].name)) !=
				0)
			k++;
		if (k < ARRAY_LEN(entities)) {
			buf_add_char(out, entities[k].is);
			i += strlen(entities[k].name);
		} else {
			buf_add_char(out, text[i++]);
		}
	}
}

static int each_key(const struct s3_store *s, const char *xml,
	int (*each)(void *arg, const char *name, struct err *), void *arg, struct err *e)
{
	int by_url = strstr(xml, "<EncodingType>url</EncodingType>") != NULL, ret = 0;
	struct buf name = BUF_INIT(8192);

	for (const char *p = strstr(xml, "<Key>"); ret == 0 && p != NULL;
		p = strstr(p, "<Key>")) {
		const char *end = strstr(p, "</Key>");

		p += strlen("<Key>");
		if (end == NULL)
			break;
		buf_reset(&name);
		if (by_url)
			unescape(p, (size_t)(end - p), &name);
		else
			unentity(p, (size_t)(end - p), &name);
		ret = buf_ok(&name, e);
		if (ret == 0 && name.len > s->prefix.len)
			ret = each(arg, name.ptr + s->prefix.len, e);
	}
	buf_release(&name);
	return ret;
}

static int s3_list(struct blob_store *store, const char *prefix,
	int (*each)(void *arg, const char *name, struct err *), void *arg, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct buf query = BUF_INIT((size_t)1 << 16), token = BUF_INIT(8192);
	struct call c = { .method = "GET" };
	struct http_response r;
	int ret;

	http_response_init(&r);
	do {
		buf_reset(&query);
		if (token.len > 0) {
			buf_add_str(&query, "continuation-token=");
			sigv4_encode(token.ptr, token.len, 0, &query);
			buf_add_char(&query, '&');
		}
		buf_add_str(&query, "encoding-type=url&list-type=2&prefix=");
		sigv4_encode(s->prefix.ptr, s->prefix.len, 0, &query);
		sigv4_encode(prefix, strlen(prefix), 0, &query);
		c.query = query.ptr;
		buf_reset(&token);
		ret = call(s, &c, &r, e);
		if (ret == 0 && r.status / 100 != 2)
			ret = refused(&c, &r, e);
		if (ret == 0)
			ret = each_key(s, r.body.ptr, each, arg, e);
		if (ret == 0)
			element(r.body.ptr, "NextContinuationToken", &token);
	} while (ret == 0 && token.len > 0);
	http_response_release(&r);
	buf_release(&query);
	buf_release(&token);
	return ret;
}

static int s3_presign(struct blob_store *store, const char *name, int64_t expires_s,
	int64_t now_s, struct buf *out, struct err *e)
{
	struct s3_store *s = (struct s3_store *)store;
	struct signing_header host = { "Host", s->host.ptr };
	struct buf path = BUF_INIT((size_t)1 << 16);
	char time[SIGV4_TIME_MAX];
	struct sigv4_request q = {
		.method = "GET",
		.query = "",
		.headers = &host,
		.n_headers = 1,
		.payload_hash = SIGV4_UNSIGNED,
		.time = time,
	};
	struct sigv4_signed signed_;
	int ret = -1;

	if (ensure_credentials(s, now_s, 0, e) < 0)
		return -1;
	if (expires_s < 1)
		return err_set(
			e, ERR_INPUT, "a presigned URL lives for a second at least");
	q.expires_s = expires_s;
	if (s->credentials.expires_s - now_s < q.expires_s)
		q.expires_s = s->credentials.expires_s > now_s
			? s->credentials.expires_s - now_s
			: 1;
	sigv4_time(now_s, time);
	path_of(s, name, &path);
	q.path = path.ptr;
	sigv4_signed_init(&signed_);
	if (buf_ok(&path, e) == 0 && sigv4_sign(&s->signer, &q, &signed_, e) == 0) {
		buf_addf(out, "%s://%s%s?%s", s->scheme.ptr, s->host.ptr,
			signed_.path.ptr, signed_.query.ptr);
		ret = buf_ok(out, e);
	}
	sigv4_signed_release(&signed_);
	buf_release(&path);
	return ret;
}

/* ---- opening ---- */

static void s3_close(struct blob_store *store)
{
	struct s3_store *s = (struct s3_store *)store;

	http_free(s->http);
	credentials_release(&s->credentials);
	explicit_bzero(s->signer.key, sizeof(s->signer.key));
	buf_release(&s->scheme);
	buf_release(&s->host);
	buf_release(&s->base);
	buf_release(&s->prefix);
	buf_release(&s->region);
	buf_release(&s->sse);
	buf_release(&s->kms_key);
	buf_release(&s->ca_file);
	free(s);
}

static const struct blob_kind s3_kind = {
	.presigns = 1,
	.close = s3_close,
	.write = s3_write,
	.read = s3_read,
	.size = s3_size,
	.remove = s3_remove,
	.list = s3_list,
	.presign = s3_presign,
};

/* "name=value&..." of the URL into the store's settings. */
static int read_settings(
	struct s3_store *s, const char *query, struct buf *endpoint, struct err *e)
{
	const struct {
		const char *name;
		struct buf *into;
	} known[] = {
		{ "region", &s->region },
		{ "endpoint", endpoint },
		{ "sse", &s->sse },
		{ "kms_key", &s->kms_key },
		{ "ca_file", &s->ca_file },
	};

	while (*query != '\0') {
		size_t len = strcspn(query, "&"), name = strcspn(query, "=&"), i = 0;

		while (i < ARRAY_LEN(known) &&
			(strlen(known[i].name) != name ||
				strncmp(known[i].name, query, name) != 0))
			i++;
		if (i == ARRAY_LEN(known) || name == len)
			return err_set(e, ERR_CONFIG,
				"s3 URL: '%.*s' is no setting; known: region, endpoint, "
				"sse, "
				"kms_key, ca_file",
				(int)len, query);
		buf_reset(known[i].into);
		unescape(query + name + 1, len - name - 1, known[i].into);
		query += len + (query[len] == '&');
	}
	return 0;
}

static int set_place(struct s3_store *s, const char *bucket, size_t len,
	const char *endpoint, struct err *e)
{
	const char *host = strstr(endpoint, "://");

	if (*endpoint == '\0') {
		buf_add_str(&s->scheme, "https");
		buf_addf(&s->host, "%.*s.s3.%s.amazonaws.com", (int)len, bucket,
			s->region.ptr);
		buf_add_char(&s->base, '/');
		return 0;
	}
	if (host == NULL ||
		(strncmp(endpoint, "http://", 7) != 0 &&
			strncmp(endpoint, "https://", 8) != 0))
		return err_set(e, ERR_CONFIG,
			"s3 URL: endpoint '%s' is not http:// or https://", endpoint);
	buf_add(&s->scheme, endpoint, (size_t)(host - endpoint));
	buf_add(&s->host, host + 3, strcspn(host + 3, "/"));
	buf_addf(&s->base, "/%.*s/", (int)len, bucket);
	return 0;
}

static int check_bucket(const char *bucket, size_t len, struct err *e)
{
	if (len < 3 || len > 63 ||
		strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") < len)
		return err_set(e, ERR_CONFIG, "s3 URL: '%.*s' is no bucket name",
			(int)len, bucket);
	return 0;
}

static int check_sse(const struct s3_store *s, struct err *e)
{
	if (strcmp(s->sse.ptr, "AES256") != 0 && strcmp(s->sse.ptr, "aws:kms") != 0)
		return err_set(e, ERR_CONFIG,
			"s3 URL: sse is AES256 or aws:kms, not '%s'", s->sse.ptr);
	if (s->kms_key.len > 0 && strcmp(s->sse.ptr, "aws:kms") != 0)
		return err_set(e, ERR_CONFIG, "s3 URL: kms_key goes with sse=aws:kms");
	return 0;
}

static int configure(struct s3_store *s, const char *url, struct err *e)
{
	const char *bucket = url + strlen("s3://");
	size_t len = strcspn(bucket, "/?");
	const char *rest = bucket + len, *query = strchr(rest, '?');
	const char *region = getenv("AWS_REGION");
	struct buf endpoint = BUF_INIT(4096);
	size_t prefix_len;
	int ret = -1;

	if (region == NULL)
		region = getenv("AWS_DEFAULT_REGION");
	buf_add_str(&s->region, region != NULL && *region != '\0' ? region : "us-east-1");
	buf_add_str(&s->sse, "AES256");
	if (check_bucket(bucket, len, e) < 0 ||
		(query != NULL && read_settings(s, query + 1, &endpoint, e) < 0) ||
		check_sse(s, e) < 0 || set_place(s, bucket, len, endpoint.ptr, e) < 0)
		goto out;
	if (*rest == '/')
		rest++;
	prefix_len = query != NULL ? (size_t)(query - rest) : strlen(rest);
	if (prefix_len > 0 && query != rest) {
		buf_add(&s->prefix, rest, prefix_len);
		if (s->prefix.ptr[s->prefix.len - 1] != '/')
			buf_add_char(&s->prefix, '/');
	}
	s->signer.region = s->region.ptr;
	s->signer.service = "s3";
	ret = buf_ok(&s->host, e) < 0 || buf_ok(&s->prefix, e) < 0 ? -1 : 0;
out:
	buf_release(&endpoint);
	return ret;
}

static void init_bufs(struct s3_store *s)
{
	struct buf *const bufs[] = { &s->scheme, &s->host, &s->base, &s->prefix,
		&s->region, &s->sse, &s->kms_key, &s->ca_file };

	for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
		buf_init(bufs[i], 4096);
}

struct blob_store *blob_open_s3(const char *url, struct err *e)
{
	struct s3_store *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		err_no_memory(e);
		return NULL;
	}
	init_bufs(s);
	credentials_init(&s->credentials);
	s->store.kind = &s3_kind;
	s->http = http_new(e);
	if (s->http == NULL || configure(s, url, e) < 0) {
		s3_close(&s->store);
		return NULL;
	}
	return &s->store;
}
