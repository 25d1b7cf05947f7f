/* Discovery, the key set and the memory of verified tokens. */
#include "oidc.h"

#include <ctype.h>
#include <pthread.h>
#include <strings.h>

#include "http/http.h"

#define DOCUMENT_MAX ((size_t)1 << 20)
#define KEEP_MIN_S   60
#define KEEP_USUAL_S 600
#define KEEP_MAX_S   86400 /* also how long old keys serve when the provider is away */
#define COOLDOWN_S   10
#define REMEMBER_S   300
#define REMEMBERED   1024 /* slots; a token has one, and the newer one takes it */

/* A key set and how many hold it: the configuration, and checks under way. */
struct held {
	struct jose_keys *keys;
	int holders;
};

struct remembered {
	unsigned char digest[DIGEST_LEN];
	int64_t until_s;
	cJSON *claims; /* NULL: free */
};

struct oidc {
	char *issuer, *audience, *ca_file;
	int64_t leeway_s;
	pthread_mutex_t lock; /* what follows */
	pthread_mutex_t
		fetch;     /* held by the one thread that fetches; taken before lock */
	struct held *keys; /* NULL: none yet */
	int64_t fetched_s, fresh_until_s, tried_s;
	struct remembered memory[REMEMBERED];
	struct oidc_counts counts;
};

/* ---- configuration ---- */

static int is_loopback(const char *url)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost",
		"http://[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		size_t n = strlen(hosts[i]);

		if (strncasecmp(url, hosts[i], n) == 0 &&
			(url[n] == '\0' || url[n] == ':' || url[n] == '/'))
			return 1;
	}
	return 0;
}

static int check_url(const char *url, const char *what, struct err *e)
{
	if (strncasecmp(url, "https://", 8) == 0 || is_loopback(url))
		return 0;
	return err_set(e, ERR_CONFIG,
		"%s '%s' is not https:// (http:// is for loopback only)", what, url);
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

struct oidc *oidc_new(const struct oidc_config *config, struct err *e)
{
	struct oidc *o;

	if (config->issuer == NULL || config->audience == NULL ||
		*config->audience == '\0') {
		err_fill(e, ERR_CONFIG, "OIDC needs an issuer and an audience");
		return NULL;
	}
	if (check_url(config->issuer, "the OIDC issuer", e) < 0)
		return NULL;
	o = calloc(1, sizeof(*o));
	if (o == NULL) {
		err_no_memory(e);
		return NULL;
	}
	pthread_mutex_init(&o->lock, NULL);
	pthread_mutex_init(&o->fetch, NULL);
	o->issuer = copy(config->issuer);
	o->audience = copy(config->audience);
	o->ca_file = copy(config->ca_file);
	o->leeway_s = config->leeway_s;
	o->tried_s = INT64_MIN;
	if (o->issuer == NULL || o->audience == NULL ||
		(config->ca_file != NULL && o->ca_file == NULL)) {
		err_no_memory(e);
		oidc_free(o);
		return NULL;
	}
	return o;
}

/* Under the lock. */
static void let_go(struct held *h)
{
	if (h == NULL || --h->holders > 0)
		return;
	jose_keys_free(h->keys);
	free(h);
}

void oidc_free(struct oidc *o)
{
	if (o == NULL)
		return;
	let_go(o->keys);
	for (size_t i = 0; i < REMEMBERED; i++)
		json_free(o->memory[i].claims);
	pthread_mutex_destroy(&o->lock);
	pthread_mutex_destroy(&o->fetch);
	free(o->issuer);
	free(o->audience);
	free(o->ca_file);
	free(o);
}

/* ---- fetching ---- */

/* max-age of Cache-Control within our bounds (RFC 9111 section 5.2.2.1). */
static int64_t keep_s(const struct http_response *r)
{
	struct buf text = BUF_INIT(4096);
	int64_t s = KEEP_USUAL_S;

	if (http_header_get(r, "Cache-Control", &text)) {
		const char *age;

		for (size_t i = 0; i < text.len; i++)
			text.ptr[i] = (char)tolower((unsigned char)text.ptr[i]);
		age = strstr(text.ptr, "max-age=");
		if (strstr(text.ptr, "no-store") != NULL ||
			strstr(text.ptr, "no-cache") != NULL)
			s = KEEP_MIN_S;
		else if (age != NULL)
			s = strtoll(age + strlen("max-age="), NULL, 10);
	}
	buf_release(&text);
	return s < KEEP_MIN_S ? KEEP_MIN_S : s > KEEP_MAX_S ? KEEP_MAX_S : s;
}

static cJSON *get(const struct oidc *o, struct http *client, const char *url,
	int64_t *keep, struct err *e)
{
	struct http_header accept = { "Accept", "application/json" };
	struct http_request q = {
		.method = "GET",
		.url = url,
		.headers = &accept,
		.n_headers = 1,
		.max_body = DOCUMENT_MAX,
		.total_timeout_ns = INT64_C(10000000000),
		.ca_file = o->ca_file,
	};
	struct http_response r;
	cJSON *doc = NULL;

	http_response_init(&r);
	if (http_do(client, &q, &r, e) == 0) {
		*keep = keep_s(&r);
		if (r.status == 200)
			doc = json_parse(r.body.ptr, r.body.len, JSON_PLAIN, e);
		else
			err_fill(e, ERR_PROVIDER, "answered %d", r.status);
	}
	http_response_release(&r);
	return doc;
}

static struct held *hold(const cJSON *set, struct err *e)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		err_no_memory(e);
		return NULL;
	}
	h->keys = jose_keys_new(set, e);
	h->holders = 1;
	if (h->keys != NULL)
		return h;
	free(h);
	return NULL;
}

/* The key set of the issuer; NULL with *e. */
static struct held *fetch_keys(const struct oidc *o, int64_t *keep, struct err *e)
{
	struct http *client = http_new(e);
	struct buf url = BUF_INIT(8192);
	struct held *keys = NULL;
	cJSON *discovery = NULL, *set = NULL;
	const char *issuer, *jwks;
	size_t len = strlen(o->issuer);

	if (client == NULL)
		return NULL;
	buf_addf(&url, "%.*s/.well-known/openid-configuration",
		(int)(len > 0 && o->issuer[len - 1] == '/' ? len - 1 : len), o->issuer);
	discovery = get(o, client, url.ptr, keep, e);
	if (discovery == NULL || json_str(discovery, "issuer", &issuer, e) < 0 ||
		json_str(discovery, "jwks_uri", &jwks, e) < 0 ||
		check_url(jwks, "jwks_uri", e) < 0)
		goto out;
	if (strcmp(issuer, o->issuer) != 0) {
		err_fill(e, ERR_PROVIDER, "its discovery document is of another issuer");
		goto out;
	}
	set = get(o, client, jwks, keep, e);
	if (set != NULL)
		keys = hold(set, e);
out:
	json_free(discovery);
	json_free(set);
	buf_release(&url);
	http_free(client);
	return keys;
}

static int renew(struct oidc *o, int64_t now_s, struct err *e)
{
	struct err why = { 0 };
	struct held *keys;
	int64_t keep = KEEP_USUAL_S;

	pthread_mutex_lock(&o->lock);
	o->tried_s = now_s; /* before the fetch, so that failures count, too */
	o->counts.fetches++;
	pthread_mutex_unlock(&o->lock);
	keys = fetch_keys(o, &keep, &why);
	pthread_mutex_lock(&o->lock);
	if (keys == NULL) {
		o->counts.failures++;
	} else {
		let_go(o->keys);
		o->keys = keys;
		o->fetched_s = now_s;
		o->fresh_until_s = now_s + keep;
	}
	pthread_mutex_unlock(&o->lock);
	if (keys != NULL)
		return 0;
	return err_set(e, ERR_PROVIDER, "the identity provider's keys: %s", why.msg);
}

/* ---- memory of verified tokens ---- */

static struct remembered *slot_of(struct oidc *o, const unsigned char digest[DIGEST_LEN])
{
	size_t i = ((size_t)digest[0] << 8 | digest[1]) % REMEMBERED;

	return &o->memory[i];
}

static cJSON *recall(
	struct oidc *o, const unsigned char digest[DIGEST_LEN], int64_t now_s)
{
	struct err ignored = { 0 };
	struct remembered *m = slot_of(o, digest);
	cJSON *claims = NULL;

	pthread_mutex_lock(&o->lock);
	if (m->claims != NULL && m->until_s > now_s &&
		memcmp(m->digest, digest, DIGEST_LEN) == 0) {
		claims = json_copy(m->claims, &ignored);
		o->counts.remembered += claims != NULL;
	}
	pthread_mutex_unlock(&o->lock);
	return claims;
}

static void remember(struct oidc *o, const unsigned char digest[DIGEST_LEN],
	const cJSON *claims, int64_t now_s)
{
	struct err ignored = { 0 };
	double exp = json_num_or(claims, "exp", 0);
	cJSON *kept = json_copy(claims, &ignored);
	struct remembered *m = slot_of(o, digest);

	if (kept == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	json_free(m->claims);
	memcpy(m->digest, digest, DIGEST_LEN);
	m->claims = kept;
	m->until_s =
		now_s + REMEMBER_S < (int64_t)exp ? now_s + REMEMBER_S : (int64_t)exp;
	pthread_mutex_unlock(&o->lock);
}

/* ---- checking ---- */

/* Whether to fetch the keys for this token now: there are none, they are old, or the
 * token names one that they lack. */
static int wants_fetch(const struct oidc *o, const char *token, size_t len, int64_t now_s)
{
	if (o->tried_s > now_s - COOLDOWN_S)
		return 0;
	return o->keys == NULL || now_s >= o->fresh_until_s ||
		jose_names_unknown_key(o->keys->keys, token, len);
}

/* Fetches when this token calls for it and nobody else does so already. */
static int maybe_renew(
	struct oidc *o, const char *token, size_t len, int64_t now_s, struct err *e)
{
	int wanted, none, ret = 0;

	pthread_mutex_lock(&o->lock);
	wanted = wants_fetch(o, token, len, now_s);
	none = o->keys == NULL;
	pthread_mutex_unlock(&o->lock);
	if (!wanted && !none)
		return 0;
	if (none)
		pthread_mutex_lock(&o->fetch); /* nothing to do without: wait */
	else if (pthread_mutex_trylock(&o->fetch) != 0)
		return 0;
	pthread_mutex_lock(&o->lock);
	wanted = wants_fetch(o, token, len, now_s);
	pthread_mutex_unlock(&o->lock);
	if (wanted)
		ret = renew(o, now_s, e);
	pthread_mutex_unlock(&o->fetch);
	return ret;
}

static cJSON *verify(
	struct oidc *o, const char *token, size_t len, int64_t now_s, struct err *e)
{
	struct jose_expect expect = {
		.issuer = o->issuer,
		.audience = o->audience,
		.now_s = now_s,
		.leeway_s = o->leeway_s,
	};
	struct held *keys = NULL;
	cJSON *claims = NULL;

	pthread_mutex_lock(&o->lock);
	if (o->keys != NULL && now_s - o->fetched_s < KEEP_MAX_S + KEEP_USUAL_S) {
		keys = o->keys;
		keys->holders++;
	}
	pthread_mutex_unlock(&o->lock);
	if (keys == NULL) {
		err_fill(e, ERR_PROVIDER,
			"the identity provider's keys cannot be had now");
		return NULL;
	}
	claims = jose_token(keys->keys, JOSE_PUBLIC, token, len, &expect, e);
	pthread_mutex_lock(&o->lock);
	let_go(keys);
	if (claims != NULL)
		o->counts.verified++;
	else
		o->counts.refused++;
	pthread_mutex_unlock(&o->lock);
	return claims;
}

cJSON *oidc_check(
	struct oidc *o, const char *token, size_t len, int64_t now_s, struct err *e)
{
	unsigned char digest[DIGEST_LEN];
	struct err why = { 0 };
	cJSON *claims;

	if (len == 0 || len > JOSE_TOKEN_MAX) {
		err_fill(e, ERR_INPUT, "a token of %zu bytes is not taken", len);
		return NULL;
	}
	digest_bytes(token, len, digest);
	claims = recall(o, digest, now_s);
	if (claims != NULL)
		return claims;
	maybe_renew(o, token, len, now_s, &why);
	claims = verify(o, token, len, now_s, e);
	if (claims != NULL)
		remember(o, digest, claims, now_s);
	else if (e->code == ERR_PROVIDER && why.code != ERR_NONE)
		*e = why;
	return claims;
}

void oidc_counts(struct oidc *o, struct oidc_counts *out)
{
	pthread_mutex_lock(&o->lock);
	*out = o->counts;
	pthread_mutex_unlock(&o->lock);
}
