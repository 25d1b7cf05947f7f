/* AWS Signature Version 4: canonical request, string to sign, signature. */
#include "signing.h"

#include <ctype.h>
#include <time.h>

#define PARTS_MAX 128 /* headers, or parameters of a query */
#define TEXT_MAX  ((size_t)1 << 20)

static const char upper_hex[] = "0123456789ABCDEF";

static int unreserved(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void sigv4_encode(const char *text, size_t len, int keep_slash, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (unreserved(text[i]) || (keep_slash && c == '/')) {
			buf_add_char(out, text[i]);
		} else {
			buf_add_char(out, '%');
			buf_add_char(out, upper_hex[c >> 4]);
			buf_add_char(out, upper_hex[c & 15]);
		}
	}
}

void sigv4_time(int64_t unix_s, char out[SIGV4_TIME_MAX])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, SIGV4_TIME_MAX, "%Y%m%dT%H%M%SZ", &tm);
}

static void add_hex(const unsigned char *bytes, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		buf_addf(out, "%02x", bytes[i]);
}

/* ---- path ---- */

/* One segment of a path that is being normalized: "." and empty ones go, ".." takes
 * the one before with it (RFC 3986 section 5.2.4). */
static void add_segment(struct buf *out, const char *segment, size_t len)
{
	if (len == 0 || (len == 1 && segment[0] == '.'))
		return;
	if (len == 2 && segment[0] == '.' && segment[1] == '.') {
		while (out->len > 0 && out->ptr[out->len - 1] != '/')
			buf_cut(out, out->len - 1);
		if (out->len > 0)
			buf_cut(out, out->len - 1);
		return;
	}
	buf_add_char(out, '/');
	sigv4_encode(segment, len, 0, out);
}

static void encode_path(const struct sigv4_request *r, struct buf *out)
{
	const char *p = r->path;
	size_t len = strlen(p);

	if (!r->normalize) {
		sigv4_encode(p, len, 1, out);
	} else {
		while (*p != '\0') {
			size_t n = strcspn(p, "/");

			add_segment(out, p, n);
			p += n + (p[n] == '/');
		}
		if (len > 0 && r->path[len - 1] == '/')
			buf_add_char(out, '/');
	}
	if (out->len == 0)
		buf_add_char(out, '/');
}

/* ---- lists that are sorted by name ---- */

struct part {
	struct buf name, value;
	size_t order; /* equal names keep their order */
};

struct parts {
	struct part items[PARTS_MAX];
	size_t n;
};

static struct part *part_new(struct parts *parts, struct err *e)
{
	struct part *p = &parts->items[parts->n];

	if (parts->n == PARTS_MAX) {
		err_fill(e, ERR_INPUT, "more than %d headers or query parameters to sign",
			PARTS_MAX);
		return NULL;
	}
	buf_init(&p->name, TEXT_MAX);
	buf_init(&p->value, TEXT_MAX);
	p->order = parts->n++;
	return p;
}

static void parts_release(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		buf_release(&parts->items[i].name);
		buf_release(&parts->items[i].value);
	}
}

static int by_name_then_order(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int c = strcmp(x->name.ptr, y->name.ptr);

	return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_name_then_value(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int c = strcmp(x->name.ptr, y->name.ptr);

	return c != 0 ? c : strcmp(x->value.ptr, y->value.ptr);
}

/* ---- query ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Text of the wire in canonical spelling: decoded, then encoded again. */
static void respell(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '%' && i + 2 < len && hex_digit(text[i + 1]) >= 0 &&
			hex_digit(text[i + 2]) >= 0) {
			c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
			i += 2;
		}
		sigv4_encode(&c, 1, 0, out);
	}
}

static int read_query(struct parts *parts, const char *query, struct err *e)
{
	for (const char *p = query; *p != '\0';) {
		size_t len = strcspn(p, "&"), name_len = 0;
		struct part *part;

		if (len > 0) {
			part = part_new(parts, e);
			if (part == NULL)
				return -1;
			while (name_len < len && p[name_len] != '=')
				name_len++;
			respell(p, name_len, &part->name);
			if (name_len < len)
				respell(p + name_len + 1, len - name_len - 1,
					&part->value);
		}
		p += len + (p[len] == '&');
	}
	return 0;
}

static int add_parameter(
	struct parts *parts, const char *name, const char *value, struct err *e)
{
	struct part *part = part_new(parts, e);

	if (part == NULL)
		return -1;
	buf_add_str(&part->name, name);
	sigv4_encode(value, strlen(value), 0, &part->value);
	return 0;
}

static void join_query(const struct parts *parts, struct buf *out)
{
	for (size_t i = 0; i < parts->n; i++)
		buf_addf(out, "%s%s=%s", i == 0 ? "" : "&", parts->items[i].name.ptr,
			parts->items[i].value.ptr);
}

/* ---- headers ---- */

/* A value without blanks around it and with single ones within. */
static void add_trimmed(const char *value, struct buf *out)
{
	int blank = 0, any = 0;

	for (; *value != '\0'; value++) {
		if (*value == ' ' || *value == '\t') {
			blank = any;
			continue;
		}
		if (blank)
			buf_add_char(out, ' ');
		buf_add_char(out, *value);
		blank = 0;
		any = 1;
	}
}

static int add_header(
	struct parts *parts, const char *name, const char *value, struct err *e)
{
	struct part *part = part_new(parts, e);

	if (part == NULL)
		return -1;
	for (; *name != '\0'; name++)
		buf_add_char(&part->name, (char)tolower((unsigned char)*name));
	add_trimmed(value, &part->value);
	return 0;
}

static int read_headers(const struct sigv4_signer *s, const struct sigv4_request *r,
	struct parts *parts, struct err *e)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (add_header(parts, r->headers[i].name, r->headers[i].value, e) < 0)
			return -1;
	if (r->expires_s > 0)
		return 0;
	if (add_header(parts, "x-amz-date", r->time, e) < 0 ||
		(s->session_token != NULL &&
			add_header(parts, "x-amz-security-token", s->session_token, e) <
				0) ||
		(r->add_content_sha256 &&
			add_header(parts, "x-amz-content-sha256", r->payload_hash, e) <
				0))
		return -1;
	return 0;
}

/* "host:...\n" lines and "host;..." of sorted headers; values of one name join. */
static int join_headers(
	const struct parts *parts, struct buf *lines, struct buf *names, struct err *e)
{
	int host = 0;

	for (size_t i = 0; i < parts->n; i++) {
		const struct part *p = &parts->items[i];

		if (i > 0 && strcmp(p->name.ptr, parts->items[i - 1].name.ptr) == 0) {
			buf_cut(lines, lines->len - 1);
			buf_addf(lines, ",%s\n", p->value.ptr);
			continue;
		}
		host |= strcmp(p->name.ptr, "host") == 0;
		buf_addf(lines, "%s:%s\n", p->name.ptr, p->value.ptr);
		buf_addf(names, "%s%s", i == 0 ? "" : ";", p->name.ptr);
	}
	return host ? 0 : err_set(e, ERR_INPUT, "a request to sign has no Host header");
}

/* ---- signing ---- */

static void day_key(struct sigv4_signer *s, const char *time)
{
	struct buf first = BUF_INIT(TEXT_MAX);
	unsigned char k[SIGNING_MAC_LEN];

	if (strncmp(s->day, time, 8) == 0)
		return;
	memcpy(s->day, time, 8);
	s->day[8] = '\0';
	buf_addf(&first, "AWS4%s", s->secret_access_key);
	signing_hmac(first.ptr, first.len, s->day, 8, k);
	signing_hmac(k, sizeof(k), s->region, strlen(s->region), k);
	signing_hmac(k, sizeof(k), s->service, strlen(s->service), k);
	signing_hmac(k, sizeof(k), "aws4_request", 12, s->key);
	explicit_bzero(first.ptr, first.len);
	buf_release(&first);
}

static int time_is_valid(const char *time)
{
	static const char form[] = "dddddddd'T'dddddd'Z'";
	size_t i = 0;

	for (const char *f = form; *f != '\0'; f++) {
		if (*f == '\'')
			continue;
		if (*f == 'd' ? !isdigit((unsigned char)time[i]) : time[i] != *f)
			return 0;
		i++;
	}
	return time[i] == '\0';
}

static void scope_of(const struct sigv4_signer *s, struct buf *out)
{
	buf_addf(out, "%s/%s/%s/aws4_request", s->day, s->region, s->service);
}

static int presign_parameters(const struct sigv4_signer *s, const struct sigv4_request *r,
	const char *names, struct parts *query, struct err *e)
{
	struct buf credential = BUF_INIT(TEXT_MAX);
	char expires[24];
	int ret;

	buf_addf(&credential, "%s/", s->access_key_id);
	scope_of(s, &credential);
	snprintf(expires, sizeof(expires), "%lld", (long long)r->expires_s);
	ret = add_parameter(query, "X-Amz-Algorithm", "AWS4-HMAC-SHA256", e) < 0 ||
			add_parameter(query, "X-Amz-Credential", credential.ptr, e) < 0 ||
			add_parameter(query, "X-Amz-Date", r->time, e) < 0 ||
			add_parameter(query, "X-Amz-Expires", expires, e) < 0 ||
			(s->session_token != NULL &&
				add_parameter(query, "X-Amz-Security-Token",
					s->session_token, e) < 0) ||
			add_parameter(query, "X-Amz-SignedHeaders", names, e) < 0
		? -1
		: 0;
	buf_release(&credential);
	return ret;
}

static void string_to_sign(const struct sigv4_signer *s, const char *time,
	const struct buf *canonical, struct buf *out)
{
	char digest[DIGEST_HEX_MAX];

	digest_hex(canonical->ptr, canonical->len, digest);
	buf_addf(out, "AWS4-HMAC-SHA256\n%s\n", time);
	scope_of(s, out);
	buf_addf(out, "\n%s", digest);
}

static void finish(const struct sigv4_signer *s, const struct sigv4_request *r,
	const char *names, const struct parts *query, struct sigv4_signed *out)
{
	unsigned char mac[SIGNING_MAC_LEN];
	struct buf hex = BUF_INIT(2 * SIGNING_MAC_LEN + 1);

	signing_hmac(s->key, sizeof(s->key), out->to_sign.ptr, out->to_sign.len, mac);
	add_hex(mac, sizeof(mac), &hex);
	memcpy(out->signature, hex.ptr, sizeof(out->signature));
	buf_release(&hex);
	if (r->expires_s > 0) {
		join_query(query, &out->query);
		buf_addf(&out->query, "&X-Amz-Signature=%s", out->signature);
		return;
	}
	buf_addf(
		&out->authorization, "AWS4-HMAC-SHA256 Credential=%s/", s->access_key_id);
	scope_of(s, &out->authorization);
	buf_addf(&out->authorization, ", SignedHeaders=%s, Signature=%s", names,
		out->signature);
}

void sigv4_signed_init(struct sigv4_signed *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->canonical, TEXT_MAX);
	buf_init(&s->to_sign, TEXT_MAX);
	buf_init(&s->path, TEXT_MAX);
	buf_init(&s->authorization, TEXT_MAX);
	buf_init(&s->query, TEXT_MAX);
}

void sigv4_signed_release(struct sigv4_signed *s)
{
	buf_release(&s->canonical);
	buf_release(&s->to_sign);
	buf_release(&s->path);
	buf_release(&s->authorization);
	buf_release(&s->query);
}

static int all_ok(const struct sigv4_signed *out, struct err *e)
{
	return buf_ok(&out->canonical, e) < 0 || buf_ok(&out->to_sign, e) < 0 ||
			buf_ok(&out->path, e) < 0 || buf_ok(&out->authorization, e) < 0 ||
			buf_ok(&out->query, e) < 0
		? -1
		: 0;
}

int sigv4_sign(struct sigv4_signer *signer, const struct sigv4_request *r,
	struct sigv4_signed *out, struct err *e)
{
	struct parts query = { .n = 0 }, headers = { .n = 0 };
	struct buf lines = BUF_INIT(TEXT_MAX), names = BUF_INIT(TEXT_MAX);
	int ret = -1;

	sigv4_signed_release(out);
	if (!time_is_valid(r->time))
		return err_set(e, ERR_INPUT, "'%.32s' is no time to sign with", r->time);
	if (r->expires_s < 0 || r->expires_s > SIGV4_EXPIRES_MAX)
		return err_set(e, ERR_INPUT, "a presigned URL lives from 1 to %d seconds",
			SIGV4_EXPIRES_MAX);
	day_key(signer, r->time);
	if (read_query(&query, r->query, e) < 0 ||
		read_headers(signer, r, &headers, e) < 0)
		goto out;
	qsort(headers.items, headers.n, sizeof(headers.items[0]), by_name_then_order);
	if (join_headers(&headers, &lines, &names, e) < 0 ||
		(r->expires_s > 0 &&
			presign_parameters(signer, r, names.ptr, &query, e) < 0))
		goto out;
	qsort(query.items, query.n, sizeof(query.items[0]), by_name_then_value);
	encode_path(r, &out->path);
	buf_addf(&out->canonical, "%s\n%s\n", r->method, out->path.ptr);
	join_query(&query, &out->canonical);
	buf_addf(&out->canonical, "\n%s\n%s\n%s", lines.ptr, names.ptr, r->payload_hash);
	string_to_sign(signer, r->time, &out->canonical, &out->to_sign);
	finish(signer, r, names.ptr, &query, out);
	ret = all_ok(out, e) < 0 || buf_ok(&lines, e) < 0 || buf_ok(&names, e) < 0 ? -1
										   : 0;
out:
	parts_release(&query);
	parts_release(&headers);
	buf_release(&lines);
	buf_release(&names);
	return ret;
}
