/* Credentials from the environment, else from the container's endpoint (AWS SDKs and
 * Tools Reference Guide, "Container credential provider"). */
#include "credentials.h"

#include "json/json.h"

#define CONTAINER_HOST "http://169.254.170.2"
#define EARLY_S        300
#define SECRET_MAX     ((size_t)16 << 10)

void credentials_init(struct credentials *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->access_key_id, SECRET_MAX);
	buf_init(&c->secret_access_key, SECRET_MAX);
	buf_init(&c->session_token, SECRET_MAX);
}

static void wipe(struct buf *b)
{
	if (b->len > 0)
		explicit_bzero(b->ptr, b->len);
	buf_release(b);
}

void credentials_release(struct credentials *c)
{
	wipe(&c->access_key_id);
	wipe(&c->secret_access_key);
	wipe(&c->session_token);
}

static void set(struct credentials *c, const char *id, const char *secret,
	const char *token, int64_t expires_s)
{
	credentials_release(c);
	buf_add_str(&c->access_key_id, id);
	buf_add_str(&c->secret_access_key, secret);
	buf_add_str(&c->session_token, token != NULL ? token : "");
	c->expires_s = expires_s;
}

static int from_environment(struct credentials *c)
{
	const char *id = getenv("AWS_ACCESS_KEY_ID"),
		   *secret = getenv("AWS_SECRET_ACCESS_KEY");

	if (id == NULL || secret == NULL || *id == '\0' || *secret == '\0')
		return 0;
	set(c, id, secret, getenv("AWS_SESSION_TOKEN"), INT64_MAX);
	return 1;
}

/* The endpoint's address; 0 when the environment names none. */
static int container_url(struct buf *url)
{
	const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");

	if (relative != NULL && *relative == '/')
		buf_addf(url, "%s%s", CONTAINER_HOST, relative);
	else if (full != NULL && *full != '\0')
		buf_add_str(url, full);
	return url->len > 0;
}

static int read_answer(
	struct credentials *c, const struct http_response *r, struct err *e)
{
	cJSON *doc = json_parse(r->body.ptr, r->body.len, JSON_PLAIN, e);
	const char *id, *secret, *expiration;
	int64_t ns = 0;
	int ret = -1;

	if (doc != NULL && json_str(doc, "AccessKeyId", &id, e) == 0 &&
		json_str(doc, "SecretAccessKey", &secret, e) == 0 &&
		json_str(doc, "Expiration", &expiration, e) == 0) {
		if (clock_parse(expiration, &ns) < 0)
			err_fill(e, ERR_PROVIDER, "'Expiration' is no RFC 3339 time");
		else
			ret = 0;
	}
	if (ret == 0)
		set(c, id, secret, json_text(json_get(doc, "Token")), ns / 1000000000);
	else
		err_where(e, "the container's credentials");
	json_free(doc);
	return ret;
}

static int from_container(
	struct credentials *c, struct http *http, const char *url, struct err *e)
{
	const char *token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct http_header header = { "Authorization", token };
	struct http_request q = {
		.method = "GET",
		.url = url,
		.headers = &header,
		.n_headers = token != NULL,
		.max_body = SECRET_MAX,
		.total_timeout_ns = INT64_C(5000000000),
	};
	struct http_response r;
	int ret = -1;

	http_response_init(&r);
	if (http_do(http, &q, &r, e) < 0)
		err_where(e, "the container's credentials");
	else if (r.status != 200)
		err_fill(e, ERR_PROVIDER,
			"the container's credentials: the endpoint answered %d",
			r.status);
	else
		ret = read_answer(c, &r, e);
	wipe(&r.body);
	http_response_release(&r);
	return ret;
}

int credentials_ensure(struct credentials *c, struct http *http, int64_t now_s, int force,
	int *changed, struct err *e)
{
	struct buf url = BUF_INIT(8192);
	struct err why = { 0 };
	int ret = 0;

	*changed = 0;
	if (c->access_key_id.len > 0 && !force && c->expires_s - EARLY_S > now_s)
		return 0;
	if (c->access_key_id.len > 0 && !c->from_container)
		return 0; /* the environment's do not change */
	if (from_environment(c)) {
		*changed = 1;
	} else if (!container_url(&url)) {
		ret = err_set(e, ERR_CONFIG,
			"no credentials for S3: set AWS_ACCESS_KEY_ID and "
			"AWS_SECRET_ACCESS_KEY");
	} else if (from_container(c, http, url.ptr, &why) == 0) {
		c->from_container = 1;
		*changed = 1;
	} else if (force || c->access_key_id.len == 0 || c->expires_s <= now_s) {
		*e = why;
		ret = -1;
	} /* else the old ones last until the next try */
	buf_release(&url);
	return ret;
}
