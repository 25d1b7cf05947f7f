/* A mail over SMTP by libcurl: plain text, RFC 5322 headers. */
#include "notify.h"

#include <ctype.h>
#include <curl/curl.h>
#include <time.h>

#include "base/base64.h"

#define MAIL_MAX ((size_t)1 << 20)

static int is_plain_line(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return 0;
	return 1;
}

/* An address as it goes between < and >: no blank, no angle, an @ within. */
static int is_address(const char *text)
{
	const char *at = strchr(text, '@');

	return is_plain_line(text) && at != NULL && at != text && at[1] != '\0' &&
		strpbrk(text, " <>,;") == NULL && strlen(text) < 255;
}

static int is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return 0;
	return 1;
}

/* RFC 2047 words of whole characters, each within 75 characters of header. */
static void add_encoded(const char *text, struct buf *out)
{
	size_t len = strlen(text), at = 0;

	while (at < len) {
		size_t n = len - at < 42 ? len - at : 42;

		while (at + n < len && n > 1 &&
			((unsigned char)text[at + n] & 0xc0) == 0x80)
			n--;
		buf_addf(out, "%s=?UTF-8?B?", at == 0 ? "" : "\r\n ");
		base64_encode(text + at, n, out);
		buf_add_str(out, "?=");
		at += n;
	}
}

/* Lines end in CR LF; libcurl does what SMTP wants of leading dots. */
static void add_text(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_add_char(out, '\r');
		if (*text != '\r')
			buf_add_char(out, *text);
	}
	buf_add_str(out, "\r\n");
}

static void compose(const struct notify_mail *m, int64_t now_s, struct buf *out)
{
	time_t t = (time_t)now_s;
	char date[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_addf(out, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\n", date, m->from, m->to);
	buf_addf(
		out, "Message-ID: <%s@%s>\r\nSubject: ", m->id, strchr(m->from, '@') + 1);
	if (is_ascii(m->subject))
		buf_add_str(out, m->subject);
	else
		add_encoded(m->subject, out);
	buf_add_str(out,
		"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: "
		"auto-generated\r\n\r\n");
	add_text(m->text, out);
}

struct reading {
	const struct buf *text;
	size_t at;
};

static size_t give(char *to, size_t size, size_t n, void *arg)
{
	struct reading *r = arg;
	size_t len = r->text->len - r->at < size * n ? r->text->len - r->at : size * n;

	memcpy(to, r->text->ptr + r->at, len);
	r->at += len;
	return len;
}

static void set_up(
	CURL *c, const struct notify_mail *m, struct curl_slist *to, struct reading *r)
{
	curl_easy_setopt(c, CURLOPT_URL, m->server);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_USE_SSL, m->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL);
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(c, CURLOPT_READDATA, r);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	if (m->user != NULL) {
		curl_easy_setopt(c, CURLOPT_USERNAME, m->user);
		curl_easy_setopt(c, CURLOPT_PASSWORD, m->password);
	}
	if (m->ca_file != NULL)
		curl_easy_setopt(c, CURLOPT_CAINFO, m->ca_file);
}

static int deliver(const struct notify_mail *m, const struct buf *text, struct err *e)
{
	struct reading reading = { .text = text };
	struct curl_slist *to = curl_slist_append(NULL, m->to);
	CURL *c = curl_easy_init();
	long status = 0;
	int ret = -1;

	if (c == NULL || to == NULL) {
		err_no_memory(e);
	} else {
		CURLcode code;

		set_up(c, m, to, &reading);
		code = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
		ret = 0;
		if (code != CURLE_OK)
			ret = err_set(e, ERR_PROVIDER,
				"the mail server did not take the mail: %s (SMTP answer "
				"%ld)",
				curl_easy_strerror(code), status);
	}
	curl_slist_free_all(to);
	curl_easy_cleanup(c);
	return ret;
}

int notify_mail(const struct notify_mail *m, int64_t now_s, struct err *e)
{
	struct buf text = BUF_INIT(MAIL_MAX);
	int ret = -1;

	if (!is_address(m->from) || !is_address(m->to))
		return err_set(e, ERR_INPUT, "'%s' is no mail address",
			is_address(m->from) ? m->to : m->from);
	if (!is_plain_line(m->subject) || !is_plain_line(m->id))
		return err_set(e, ERR_INPUT, "a mail's subject is one line");
	compose(m, now_s, &text);
	if (buf_ok(&text, e) == 0)
		ret = deliver(m, &text, e);
	buf_release(&text);
	return ret;
}
