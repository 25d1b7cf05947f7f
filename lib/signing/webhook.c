/* Standard Webhooks (standardwebhooks.com, specification 1.0), and how GitHub and
 * Stripe sign theirs. */
#include "signing.h"
#include "base/base64.h"

#include <openssl/crypto.h>
#include <strings.h>

#define SECRET_MIN 24
#define SECRET_MAX 64
#define PREFIX     "whsec_"

static int read_secret(const char *secret, struct buf *key, struct err *e)
{
	if (strncmp(secret, PREFIX, strlen(PREFIX)) == 0)
		secret += strlen(PREFIX);
	if (base64_decode(secret, strlen(secret), BASE64_STANDARD, key) < 0 ||
		key->len < SECRET_MIN || key->len > SECRET_MAX)
		return err_set(e, ERR_CONFIG,
			"a webhook secret is 'whsec_' and base64 of %d to %d bytes",
			SECRET_MIN, SECRET_MAX);
	return buf_ok(key, e);
}

static int mac_of(const struct buf *key, const char *id, const char *timestamp,
	const void *body, size_t len, unsigned char mac[SIGNING_MAC_LEN], struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	buf_addf(&text, "%s.%s.", id, timestamp);
	buf_add(&text, body, len);
	ret = buf_ok(&text, e);
	if (ret == 0)
		signing_hmac(key->ptr, key->len, text.ptr, text.len, mac);
	buf_release(&text);
	return ret;
}

int webhook_sign(const char *secret, const char *id, int64_t timestamp_s,
	const void *body, size_t len, struct buf *out, struct err *e)
{
	struct buf key = BUF_INIT(256);
	unsigned char mac[SIGNING_MAC_LEN];
	char timestamp[24];
	int ret = -1;

	snprintf(timestamp, sizeof(timestamp), "%lld", (long long)timestamp_s);
	if (read_secret(secret, &key, e) == 0 &&
		mac_of(&key, id, timestamp, body, len, mac, e) == 0) {
		buf_add_str(out, "v1,");
		base64_encode(mac, sizeof(mac), out);
		ret = buf_ok(out, e);
	}
	explicit_bzero(key.ptr, key.len);
	buf_release(&key);
	return ret;
}

static const char *header(
	const struct signing_header *headers, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(headers[i].name, name) == 0)
			return headers[i].value;
	return NULL;
}

/* A time in digits, not too far from now. */
static int in_time(const char *text, int64_t now_s, int64_t tolerance_s)
{
	int64_t t = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 15 || text[n] != '\0')
		return 0;
	for (size_t i = 0; i < n; i++)
		t = t * 10 + (text[i] - '0');
	return t - now_s <= tolerance_s && now_s - t <= tolerance_s;
}

/* One "v1,<base64>" among those that blanks separate. */
static int any_matches(const char *list, const unsigned char mac[SIGNING_MAC_LEN])
{
	int found = 0;

	while (*list != '\0') {
		size_t len = strcspn(list, " ");
		struct buf got = BUF_INIT(256);

		if (len > 3 && strncmp(list, "v1,", 3) == 0 &&
			base64_decode(list + 3, len - 3, BASE64_STANDARD, &got) == 0 &&
			got.len == SIGNING_MAC_LEN &&
			CRYPTO_memcmp(got.ptr, mac, SIGNING_MAC_LEN) == 0)
			found = 1;
		buf_release(&got);
		list += len;
		list += strspn(list, " ");
	}
	return found;
}

int webhook_verify(const char *secret, const struct signing_header *headers, size_t n,
	const void *body, size_t len, int64_t now_s, int64_t tolerance_s, struct err *e)
{
	const char *id = header(headers, n, "webhook-id");
	const char *timestamp = header(headers, n, "webhook-timestamp");
	const char *signatures = header(headers, n, "webhook-signature");
	struct buf key = BUF_INIT(256);
	unsigned char mac[SIGNING_MAC_LEN];
	int ret = -1;

	if (id == NULL || timestamp == NULL || signatures == NULL)
		return err_set(e, ERR_INPUT,
			"webhook-id, webhook-timestamp or webhook-signature is missing");
	if (!in_time(timestamp, now_s, tolerance_s))
		return err_set(e, ERR_INPUT, "webhook-timestamp is no time near now");
	if (read_secret(secret, &key, e) == 0 &&
		mac_of(&key, id, timestamp, body, len, mac, e) == 0)
		ret = any_matches(signatures, mac)
			? 0
			: err_set(e, ERR_INPUT, "no signature of the webhook matches");
	explicit_bzero(key.ptr, key.len);
	buf_release(&key);
	return ret;
}

static int hex_matches(
	const char *hex, size_t len, const unsigned char mac[SIGNING_MAC_LEN])
{
	struct buf want = BUF_INIT(2 * SIGNING_MAC_LEN + 1);
	int same;

	for (size_t i = 0; i < SIGNING_MAC_LEN; i++)
		buf_addf(&want, "%02x", mac[i]);
	same = len == want.len && CRYPTO_memcmp(hex, want.ptr, len) == 0;
	buf_release(&want);
	return same;
}

static int verify_github(const void *secret, size_t secret_len, const char *header_value,
	const void *body, size_t len)
{
	unsigned char mac[SIGNING_MAC_LEN];

	signing_hmac(secret, secret_len, body, len, mac);
	return strncmp(header_value, "sha256=", 7) == 0 &&
		hex_matches(header_value + 7, strlen(header_value + 7), mac);
}

static int verify_stripe(const void *secret, size_t secret_len, const char *header_value,
	const void *body, size_t len, int64_t now_s, int64_t tolerance_s)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT), time = BUF_INIT(64);
	unsigned char mac[SIGNING_MAC_LEN];
	int found = 0;

	for (int pass = 0; pass < 2; pass++) { /* "t" may stand behind "v1" */
		for (const char *p = header_value; *p != '\0';) {
			size_t n = strcspn(p, ",");

			if (pass == 0 && n > 2 && strncmp(p, "t=", 2) == 0 &&
				time.len == 0)
				buf_add(&time, p + 2, n - 2);
			if (pass == 1 && n > 3 && strncmp(p, "v1=", 3) == 0)
				found |= hex_matches(p + 3, n - 3, mac);
			p += n + (p[n] == ',');
		}
		if (pass == 0) {
			buf_addf(&text, "%s.", time.ptr);
			buf_add(&text, body, len);
			signing_hmac(secret, secret_len, text.ptr, text.len, mac);
		}
	}
	found = found && in_time(time.ptr, now_s, tolerance_s) && !text.failed;
	buf_release(&text);
	buf_release(&time);
	return found;
}

int webhook_verify_style(enum webhook_style style, const void *secret, size_t secret_len,
	const char *header_value, const void *body, size_t len, int64_t now_s,
	int64_t tolerance_s, struct err *e)
{
	int good = style == WEBHOOK_GITHUB
		? verify_github(secret, secret_len, header_value, body, len)
		: verify_stripe(secret, secret_len, header_value, body, len, now_s,
			  tolerance_s);

	return good ? 0 : err_set(e, ERR_INPUT, "the webhook's signature does not match");
}
