/* The formats of JSON Schema 2020-12 (section 7.3), each after its own standard. */
#include "schema_internal.h"

#include <string.h>

#include "idna.h"

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_hex(char c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

static int is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Bytes of characters past ASCII; the text is known to be UTF-8. */
static int is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

/* ---- dates and times (RFC 3339, appendix A for durations) ---- */

static int is_date_time(const char *s)
{
	int64_t seconds, rest;

	return clock_parse_parts(s, &seconds, &rest) == 0;
}

static int is_date(const char *s)
{
	char whole[40];

	if (strlen(s) != 10)
		return 0;
	snprintf(whole, sizeof(whole), "%sT00:00:00Z", s);
	return is_date_time(whole);
}

/* A leap second is right on any day whose time it could be, so take a month's last. */
static int is_time(const char *s)
{
	static const char *const days[] = { "2016-12-31T", "2017-01-01T", "2016-12-30T" };
	char whole[80];

	for (size_t i = 0; i < ARRAY_LEN(days) && strlen(s) < 60; i++) {
		snprintf(whole, sizeof(whole), "%s%s", days[i], s);
		if (is_date_time(whole))
			return 1;
	}
	return 0;
}

/* Digits and a letter of `units`, in their order and each once. Moves *s. */
static int duration_parts(const char **s, const char *units)
{
	int any = 0;

	while (is_digit(**s)) {
		const char *unit;

		while (is_digit(**s))
			(*s)++;
		unit = **s == '\0' ? NULL : strchr(units, **s);
		if (unit == NULL)
			return -1;
		/* RFC 3339: no unit in the middle may be left out. */
		if (any && unit != units)
			return -1;
		units = unit + 1;
		any = 1;
		(*s)++;
	}
	return any;
}

static int is_duration(const char *s)
{
	int date, time;

	if (*s++ != 'P')
		return 0;
	if (s[0] != '\0' && s[strlen(s) - 1] == 'W')
		return strspn(s, "0123456789") == strlen(s) - 1 && strlen(s) > 1;
	date = duration_parts(&s, "YMD");
	if (date < 0)
		return 0;
	if (*s == '\0')
		return date;
	if (*s++ != 'T')
		return 0;
	time = duration_parts(&s, "HMS");
	return time > 0 && *s == '\0';
}

/* ---- addresses ---- */

static int is_ipv4_span(const char *s, size_t len)
{
	int parts = 0;

	for (size_t i = 0; i < len; parts++) {
		int value = 0, digits = 0;

		while (i < len && is_digit(s[i]) && digits < 4) {
			value = value * 10 + (s[i++] - '0');
			digits++;
		}
		if (digits == 0 || digits > 3 || value > 255 ||
			(digits > 1 && s[i - (size_t)digits] == '0'))
			return 0;
		if (i < len && (s[i++] != '.' || i == len))
			return 0;
	}
	return parts == 4;
}

static int is_ipv4(const char *s)
{
	return is_ipv4_span(s, strlen(s));
}

static int is_ipv6_span(const char *s, size_t len)
{
	int groups = 0, gap = 0;
	size_t i = 0;

	if (len >= 2 && s[0] == ':' && s[1] == ':') {
		gap = 1;
		i = 2;
	}
	while (i < len) {
		size_t n = 0;

		while (i + n < len && n < 5 && is_hex(s[i + n]))
			n++;
		if (i + n < len && s[i + n] == '.') {
			groups += 2;
			return is_ipv4_span(s + i, len - i) &&
				(gap ? groups < 8 : groups == 8);
		}
		if (n == 0 || n > 4)
			return 0;
		groups++;
		i += n;
		if (i == len)
			break;
		if (s[i++] != ':' || i == len)
			return 0;
		if (s[i] == ':') {
			if (gap++)
				return 0;
			i++;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

static int is_ipv6(const char *s)
{
	return is_ipv6_span(s, strlen(s));
}

static int is_hostname(const char *s)
{
	return idna_check(s, 0);
}

static int is_idn_hostname(const char *s)
{
	return idna_check(s, 1);
}

/* ---- mail (RFC 5321 section 4.1.2, RFC 6531) ---- */

static size_t quoted_local(const char *s, int wide)
{
	size_t i = 1;

	for (; s[i] != '\0' && s[i] != '"'; i++) {
		if (s[i] == '\\' && s[i + 1] >= 32 && s[i + 1] < 127)
			i++;
		else if (is_high(s[i]) ? !wide : s[i] < 32 || s[i] == 127)
			return 0;
	}
	return s[i] == '"' ? i + 1 : 0;
}

static size_t dotted_local(const char *s, int wide)
{
	size_t i = 0;

	for (;; i++) {
		size_t from = i;

		while (is_letter(s[i]) || is_digit(s[i]) ||
			is_one_of(s[i], "!#$%&'*+-/=?^_`{|}~") || (wide && is_high(s[i])))
			i++;
		if (i == from)
			return 0;
		if (s[i] != '.')
			return i;
	}
}

static int is_mail_domain(const char *s, int wide)
{
	size_t n = strlen(s);

	if (n > 2 && s[0] == '[' && s[n - 1] == ']')
		return strncasecmp(s, "[IPv6:", 6) == 0 ? is_ipv6_span(s + 6, n - 7)
							: is_ipv4_span(s + 1, n - 2);
	return wide ? idna_check_loose(s) : idna_check(s, 0);
}

static int is_mail(const char *s, int wide)
{
	size_t n = s[0] == '"' ? quoted_local(s, wide) : dotted_local(s, wide);

	return n > 0 && n <= 64 && s[n] == '@' && is_mail_domain(s + n + 1, wide);
}

static int is_email(const char *s)
{
	return is_mail(s, 0);
}

static int is_idn_email(const char *s)
{
	return is_mail(s, 1);
}

/* ---- URIs (RFC 3986) and IRIs (RFC 3987) ---- */

/* Characters of `allowed`, unreserved ones, sub-delims and %XX. */
static int are_uri_chars(struct uri_part p, const char *allowed, int wide)
{
	for (size_t i = 0; i < p.len; i++) {
		char c = p.at[i];

		if (c == '%') {
			if (i + 2 >= p.len || !is_hex(p.at[i + 1]) ||
				!is_hex(p.at[i + 2]))
				return 0;
			i += 2;
		} else if (!(is_letter(c) || is_digit(c) ||
				   is_one_of(c, "-._~!$&'()*+,;=") ||
				   is_one_of(c, allowed) || (wide && is_high(c)))) {
			return 0;
		}
	}
	return 1;
}

static int is_ip_future(const char *s, size_t len)
{
	size_t i = 1;

	if (len < 4 || (s[0] | 32) != 'v')
		return 0;
	while (i < len && is_hex(s[i]))
		i++;
	if (i == 1 || i + 1 >= len || s[i] != '.')
		return 0;
	for (i++; i < len; i++)
		if (!(is_letter(s[i]) || is_digit(s[i]) ||
			    is_one_of(s[i], "-._~!$&'()*+,;=:")))
			return 0;
	return 1;
}

static const char *last_at(struct uri_part p)
{
	for (size_t i = p.len; i-- > 0;)
		if (p.at[i] == '@')
			return p.at + i;
	return NULL;
}

static int is_authority(struct uri_part p, int wide)
{
	const char *at = last_at(p), *end = p.at + p.len,
		   *host = at != NULL ? at + 1 : p.at;
	const char *colon;

	if (at != NULL &&
		!are_uri_chars((struct uri_part){ p.at, (size_t)(at - p.at) }, ":", wide))
		return 0;
	if (host < end && *host == '[') {
		const char *close = memchr(host, ']', (size_t)(end - host));

		if (close == NULL ||
			(!is_ipv6_span(host + 1, (size_t)(close - host - 1)) &&
				!is_ip_future(host + 1, (size_t)(close - host - 1))))
			return 0;
		host = close + 1;
		colon = host;
		if (host < end && *host != ':')
			return 0;
	} else {
		colon = memchr(host, ':', (size_t)(end - host));
		if (colon == NULL)
			colon = end;
		if (!are_uri_chars(
			    (struct uri_part){ host, (size_t)(colon - host) }, "", wide))
			return 0;
	}
	for (colon += colon < end; colon < end; colon++)
		if (!is_digit(*colon))
			return 0;
	return 1;
}

static int is_scheme(struct uri_part p)
{
	for (size_t i = 0; i < p.len; i++)
		if (!is_letter(p.at[i]) &&
			(i == 0 || !(is_digit(p.at[i]) || is_one_of(p.at[i], "+-."))))
			return 0;
	return p.len > 0;
}

/* Private-use characters stand in an IRI's query only. */
static int has_private_use(struct uri_part p)
{
	for (size_t i = 0; i + 2 < p.len; i++) {
		unsigned char a = (unsigned char)p.at[i], b = (unsigned char)p.at[i + 1];

		if ((a == 0xEE) || (a == 0xEF && b >= 0x80 && b <= 0xA3) ||
			(a == 0xF3 && b >= 0xB0) || a == 0xF4)
			return 1;
	}
	return 0;
}

static int is_reference(const char *s, int wide, int needs_scheme)
{
	struct uri u;
	struct uri_part first;

	uri_split(s, &u);
	if (u.scheme.at == NULL ? needs_scheme : !is_scheme(u.scheme))
		return 0;
	if (u.authority.at != NULL && !is_authority(u.authority, wide))
		return 0;
	if (u.authority.at != NULL && u.path.len > 0 && u.path.at[0] != '/')
		return 0;
	first = u.path; /* without a scheme the first segment has no colon */
	if (u.scheme.at == NULL && u.authority.at == NULL) {
		first.len = strcspn(first.at, "/?#");
		if (memchr(first.at, ':', first.len) != NULL)
			return 0;
	}
	if (wide &&
		(has_private_use(u.path) ||
			(u.fragment.at != NULL && has_private_use(u.fragment))))
		return 0;
	return are_uri_chars(u.path, ":@/", wide) &&
		(u.query.at == NULL || are_uri_chars(u.query, ":@/?", wide)) &&
		(u.fragment.at == NULL || are_uri_chars(u.fragment, ":@/?", wide));
}

static int is_uri(const char *s)
{
	return is_reference(s, 0, 1);
}

static int is_uri_reference(const char *s)
{
	return is_reference(s, 0, 0);
}

static int is_iri(const char *s)
{
	return is_reference(s, 1, 1);
}

static int is_iri_reference(const char *s)
{
	return is_reference(s, 1, 0);
}

/* ---- URI templates (RFC 6570) ---- */

/* A variable name with its modifier; the length, or 0. */
static size_t template_variable(const char *s)
{
	size_t i = 0;

	for (;; i++) {
		size_t from = i;

		while (is_letter(s[i]) || is_digit(s[i]) || s[i] == '_' ||
			(s[i] == '%' && is_hex(s[i + 1]) && is_hex(s[i + 2])))
			i += s[i] == '%' ? 3 : 1;
		if (i == from)
			return 0;
		if (s[i] != '.')
			break;
	}
	if (s[i] == '*')
		return i + 1;
	if (s[i] == ':') {
		size_t n = strspn(s + i + 1, "0123456789");

		return n < 1 || n > 4 || s[i + 1] == '0' ? 0 : i + 1 + n;
	}
	return i;
}

static size_t template_expression(const char *s)
{
	size_t i = 1 + (size_t)is_one_of(s[1], "+#./;?&");

	for (;; i++) {
		size_t n = template_variable(s + i);

		if (n == 0)
			return 0;
		i += n;
		if (s[i] == '}')
			return i + 1;
		if (s[i] != ',')
			return 0;
	}
}

static int is_uri_template(const char *s)
{
	while (*s != '\0') {
		size_t n = 1;

		if (*s == '{')
			n = template_expression(s);
		else if (*s == '%')
			n = is_hex(s[1]) && is_hex(s[2]) ? 3 : 0;
		else if (!is_high(*s) &&
			(*s <= ' ' || *s == 127 || is_one_of(*s, "\"<>\\^`{|}")))
			n = 0;
		if (n == 0)
			return 0;
		s += n;
	}
	return 1;
}

/* ---- the rest ---- */

static int is_pointer(const char *s)
{
	struct err e = { 0 };

	return json_pointer_check(s, &e) == 0;
}

static int is_relative_pointer(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || (n > 1 && s[0] == '0'))
		return 0;
	s += n;
	return strcmp(s, "#") == 0 || is_pointer(s);
}

static int is_regex(const char *s)
{
	struct err e = { 0 };
	struct regex *r = regex_new(s, 1, &e);

	regex_free(r);
	return r != NULL;
}

static const struct {
	const char *name;
	int (*is)(const char *s);
} formats[] = {
	{ "date", is_date },
	{ "date-time", is_date_time },
	{ "duration", is_duration },
	{ "email", is_email },
	{ "hostname", is_hostname },
	{ "idn-email", is_idn_email },
	{ "idn-hostname", is_idn_hostname },
	{ "ipv4", is_ipv4 },
	{ "ipv6", is_ipv6 },
	{ "iri", is_iri },
	{ "iri-reference", is_iri_reference },
	{ "json-pointer", is_pointer },
	{ "regex", is_regex },
	{ "relative-json-pointer", is_relative_pointer },
	{ "time", is_time },
	{ "uri", is_uri },
	{ "uri-reference", is_uri_reference },
	{ "uri-template", is_uri_template },
	{ "uuid", id_is_valid },
};

int schema_format(const char *format, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].is(text) != 0;
	return -1;
}
