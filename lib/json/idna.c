#include "idna.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>
#include <string.h>

#include "base/base.h"

#define LABEL_MAX 63
#define HOST_MAX  253

static int is_alnum(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_ascii(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return 0;
	return 1;
}

/* ---- Punycode (RFC 3492) ---- */

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128 };

static uint32_t adapt(uint32_t delta, uint32_t n, int first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / n;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	return (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' : -1;
}

/* One generalised variable-length integer, added to *i. The bytes read, or 0. */
static size_t read_delta(const char *s, size_t len, uint32_t bias, uint32_t *i)
{
	uint32_t w = 1;
	size_t at = 0;

	for (uint32_t k = BASE;; k += BASE) {
		int d = at < len ? digit_of(s[at++]) : -1;
		uint32_t t = threshold(k, bias);

		if (d < 0 || (uint32_t)d > (UINT32_MAX - *i) / w)
			return 0;
		*i += (uint32_t)d * w;
		if ((uint32_t)d < t)
			return at;
		if (w > UINT32_MAX / (BASE - t))
			return 0;
		w *= BASE - t;
	}
}

/* The number of code points, or 0 when it is no Punycode. */
static size_t puny_decode(const char *s, size_t len, uint32_t out[LABEL_MAX])
{
	uint32_t n = FIRST, i = 0, bias = BIAS;
	size_t count = 0, at = 0;

	for (size_t b = len; b-- > 0;)
		if (s[b] == '-') {
			for (; count < b; count++)
				out[count] =
					(unsigned char)(s[count] >= 'A' && s[count] <= 'Z'
							? s[count] + 32
							: s[count]);
			at = b + 1;
			break;
		}
	if (at == len)
		return 0;
	while (at < len) {
		uint32_t before = i;
		size_t used = read_delta(s + at, len - at, bias, &i);

		if (used == 0 || count == LABEL_MAX)
			return 0;
		at += used;
		count++;
		bias = adapt(i - before, (uint32_t)count, before == 0);
		n += i / (uint32_t)count;
		i %= (uint32_t)count;
		if (n > 0x10FFFF || (n >= 0xD800 && n <= 0xDFFF))
			return 0;
		memmove(out + i + 1, out + i, (count - 1 - i) * sizeof(*out));
		out[i++] = n;
	}
	return count;
}

/* How long the encoded label is, without its xn--. */
static size_t puny_length(const uint32_t *in, size_t count)
{
	uint32_t n = FIRST, delta = 0, bias = BIAS;
	size_t basic = 0, done, len;

	for (size_t i = 0; i < count; i++)
		basic += in[i] < FIRST;
	done = basic;
	len = basic + (basic > 0);
	while (done < count) {
		uint32_t m = UINT32_MAX;

		for (size_t i = 0; i < count; i++)
			if (in[i] >= n && in[i] < m)
				m = in[i];
		delta += (m - n) * (uint32_t)(done + 1);
		n = m;
		for (size_t i = 0; i < count; i++) {
			uint32_t q = delta;

			delta += in[i] < n;
			if (in[i] != n)
				continue;
			q = delta;
			for (uint32_t k = BASE;; k += BASE, len++) {
				uint32_t t = threshold(k, bias);

				if (q < t)
					break;
				q = (q - t) / (BASE - t);
			}
			len++;
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		n++;
	}
	return len;
}

/* ---- U-labels (RFC 5892) ---- */

/* Letters, digits and marks that stay the same under normalisation and case folding,
 * with the exceptions of section 2.6 and the characters that need a context. */
#define ALLOWED                                                                        \
	"[a-z0-9\\-\\p{Ll}\\p{Lo}\\p{Lm}\\p{Nd}\\p{Mn}\\p{Mc}\\x{6FD}\\x{6FE}\\x{F0B}" \
	"\\x{3007}\\x{B7}\\x{375}\\x{5F3}\\x{5F4}\\x{30FB}\\x{200C}\\x{200D}]"
/* Exceptions that are disallowed, old Hangul, ignorable and compatibility characters. */
#define REFUSED                                                                          \
	"[\\x{AA}\\x{BA}\\x{132}-\\x{133}\\x{13F}-\\x{140}\\x{149}\\x{17F}\\x{1C4}-\\x{" \
	"1CC}"                                                                           \
	"\\x{1F1}-\\x{1F3}\\x{2B0}-\\x{2B8}\\x{2E0}-\\x{2E4}\\x{340}-\\x{341}\\x{343}-"  \
	"\\x{345}\\x{34F}\\x{37A}\\x{3D0}-\\x{3D6}\\x{3F0}-\\x{3F2}\\x{3F5}\\x{587}\\x{" \
	"640}"                                                                           \
	"\\x{675}-\\x{678}\\x{7FA}\\x{E33}\\x{EB3}\\x{EDC}-\\x{EDD}\\x{F0C}\\x{1100}-"   \
	"\\x{11FF}\\x{115F}-\\x{1160}\\x{17B4}-\\x{17B5}\\x{180B}-\\x{180F}\\x{1D2C}-"   \
	"\\x{1D2E}\\x{1D30}-\\x{1D3A}\\x{1D3C}-\\x{1D4D}\\x{1D4F}-\\x{1D6A}\\x{1D78}"    \
	"\\x{1D9B}-\\x{1DBF}\\x{1E9A}\\x{1E9B}\\x{2071}\\x{207F}\\x{2090}-\\x{209C}\\x{" \
	"20D0}-"                                                                         \
	"\\x{20FF}\\x{2100}-\\x{214F}\\x{2C7C}-\\x{2C7D}\\x{302E}\\x{302F}\\x{3031}-"    \
	"\\x{3035}"                                                                      \
	"\\x{303B}\\x{309F}\\x{30FF}\\x{3131}-\\x{318E}\\x{A960}-\\x{A97F}\\x{D7B0}-"    \
	"\\x{D7FF}"                                                                      \
	"\\x{F900}-\\x{FA0D}\\x{FA10}\\x{FA12}\\x{FA15}-\\x{FA1E}\\x{FA20}\\x{FA22}\\x{" \
	"FA25}"                                                                          \
	"\\x{FA26}\\x{FA2A}-\\x{FAFF}\\x{FB00}-\\x{FB1D}\\x{FB1F}-\\x{FDFF}\\x{FE00}-"   \
	"\\x{FE0F}\\x{FE70}-\\x{FEFF}\\x{FF00}-\\x{FFEF}\\x{1D100}-\\x{1D24F}\\x{1D400}" \
	"-"                                                                              \
	"\\x{1D7FF}\\x{1EE00}-\\x{1EEFF}\\x{2F800}-\\x{2FA1F}\\x{E0000}-\\x{E0FFF}]"
/* Canonical combining class 9. */
#define VIRAMA                                                                          \
	"[\\x{94D}\\x{9CD}\\x{A4D}\\x{ACD}\\x{B4D}\\x{BCD}\\x{C4D}\\x{CCD}\\x{D3B}\\x{" \
	"D3C}"                                                                          \
	"\\x{D4D}\\x{DCA}\\x{E3A}\\x{EBA}\\x{F84}\\x{1039}\\x{103A}\\x{1714}\\x{1734}"  \
	"\\x{17D2}\\x{1A60}\\x{1B44}\\x{1BAA}\\x{1BAB}\\x{1BF2}\\x{1BF3}\\x{2D7F}\\x{"  \
	"A806}"                                                                         \
	"\\x{A8C4}\\x{A953}\\x{A9C0}\\x{AAF6}\\x{ABED}\\x{10A3F}\\x{11046}\\x{1107F}"   \
	"\\x{110B9}\\x{11133}\\x{11134}\\x{111C0}\\x{11235}\\x{112EA}\\x{1134D}\\x{"    \
	"11442}]"
/* Joining types: what joins to the right only, and what not at all. */
#define RIGHT_ONLY                                                                       \
	"\\x{622}-\\x{625}\\x{627}\\x{629}\\x{62F}-\\x{632}\\x{648}\\x{671}-\\x{673}"    \
	"\\x{675}-"                                                                      \
	"\\x{677}\\x{688}-\\x{699}\\x{6C0}\\x{6C3}-\\x{6CB}\\x{6CD}\\x{6CF}\\x{6D2}\\x{" \
	"6D3}"                                                                           \
	"\\x{6D5}\\x{6EE}\\x{6EF}\\x{710}\\x{715}-\\x{719}\\x{71E}\\x{728}\\x{72A}\\x{"  \
	"72C}"
#define JOINING "\\p{Arabic}\\p{Syriac}\\p{Nko}\\p{Mongolian}\\p{Mandaic}\\p{Phags_Pa}"

/* Each says what must not be found in a label. */
static const char *const faults[] = {
	"^\\p{M}",
	"^-|-$|^..--",
	"[^-a-z0-9](?<!" ALLOWED ")",
	REFUSED,
	"(?<!l)\\x{B7}|\\x{B7}(?!l)",
	"\\x{375}(?!\\p{sc:Greek})",
	"(?<!\\p{sc:Hebrew})[\\x{5F3}\\x{5F4}]",
	"^(?!.*[\\p{sc:Hiragana}\\p{sc:Katakana}\\p{sc:Han}]).*\\x{30FB}",
	"^(?=.*[\\x{660}-\\x{669}]).*[\\x{6F0}-\\x{6F9}]",
	"(?<!" VIRAMA ")\\x{200D}",
	"(?<!" VIRAMA ")(?<!(?![" RIGHT_ONLY "\\x{621}])[" JOINING "])\\x{200C}",
	"(?<!" VIRAMA ")\\x{200C}(?!\\p{Mn}*(?![\\x{621}])[" JOINING "])",
};

static int has(const char *pattern, const char *s, size_t len)
{
	int code, n;
	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY, &code, &at,
		NULL);
	pcre2_match_data *m = re == NULL ? NULL : pcre2_match_data_create(1, NULL);

	n = m == NULL ? 0 : pcre2_match(re, (PCRE2_SPTR)s, len, 0, 0, m, NULL);
	pcre2_match_data_free(m);
	pcre2_code_free(re);
	return n >= 0; /* out of memory refuses, too: better than letting pass */
}

static int is_u_label(const char *s, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (has(faults[i], s, len))
			return 0;
	return 1;
}

static size_t put_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

static uint32_t get_utf8(const char *s, size_t *n)
{
	const unsigned char *p = (const unsigned char *)s;

	*n = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	switch (*n) {
	case 1:
		return p[0];
	case 2:
		return (uint32_t)(p[0] & 31) << 6 | (p[1] & 63);
	case 3:
		return (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 |
			(p[2] & 63);
	default:
		return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 |
			(uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
	}
}

/* xn--... without the xn--: Punycode of a U-label with something past ASCII. */
static int is_a_label(const char *s, size_t len)
{
	uint32_t points[LABEL_MAX];
	char text[LABEL_MAX * 4];
	size_t n = puny_decode(s, len, points), at = 0;

	for (size_t i = 0; i < n; i++)
		at += put_utf8(points[i], text + at);
	return n > 0 && !is_ascii(text, at) && is_u_label(text, at);
}

static int is_ascii_label(const char *s, size_t len)
{
	if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum((unsigned char)s[i]) && s[i] != '-')
			return 0;
	if (len >= 4 && s[2] == '-' && s[3] == '-')
		return (s[0] | 32) == 'x' && (s[1] | 32) == 'n' &&
			is_a_label(s + 4, len - 4);
	return 1;
}

static int is_wide_label(const char *s, size_t len)
{
	uint32_t points[LABEL_MAX];
	size_t count = 0, n;

	for (size_t i = 0; i < len; i += n) {
		if (count == LABEL_MAX)
			return 0;
		points[count++] = get_utf8(s + i, &n);
	}
	return puny_length(points, count) + 4 <= LABEL_MAX && is_u_label(s, len);
}

/* The length of a full stop at s (U+3002, U+FF0E, U+FF61 when wide), or 0. */
static size_t stop_len(const char *s, int wide)
{
	static const char *const stops[] = { "\xE3\x80\x82", "\xEF\xBC\x8E",
		"\xEF\xBD\xA1" };

	if (*s == '.')
		return 1;
	for (size_t i = 0; wide && i < ARRAY_LEN(stops); i++)
		if (strncmp(s, stops[i], 3) == 0)
			return 3;
	return 0;
}

int idna_check(const char *host, int wide)
{
	if (host[0] == '\0' || (!wide && strlen(host) > HOST_MAX))
		return 0;
	for (;;) {
		size_t len = 0, stop;

		while (host[len] != '\0' && stop_len(host + len, wide) == 0)
			len++;
		if (is_ascii(host, len) ? !is_ascii_label(host, len)
					: !wide || !is_wide_label(host, len))
			return 0;
		stop = stop_len(host + len, wide);
		if (stop == 0)
			return 1;
		host += len + stop;
	}
}

int idna_check_loose(const char *host)
{
	size_t len = 0;

	for (;; host++) {
		unsigned char c = (unsigned char)*host;

		if (c == '.' || c == '\0') {
			if (len == 0 || host[-1] == '-')
				return 0;
			if (c == '\0')
				return 1;
			len = 0;
		} else if (is_alnum(c) || c >= 0x80 || (c == '-' && len > 0)) {
			len++;
		} else {
			return 0;
		}
	}
}
