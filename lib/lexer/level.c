/*
 * level.c - text to its plain form: case, width, accents, typographic signs, HTML
 * and Markdown, with every byte's place in the source kept.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lexer/internal.h"

/* Letters with a plain form, sorted by code point; 0-terminated pairs. */
static const struct {
	uint16_t cp;
	const char *plain;
} letters[] = {
	{ 0xaa, "a" },
	{ 0xb2, "2" },
	{ 0xb3, "3" },
	{ 0xb5, "u" },
	{ 0xb9, "1" },
	{ 0xba, "o" },
	{ 0xc0, "a" },
	{ 0xc1, "a" },
	{ 0xc2, "a" },
	{ 0xc3, "a" },
	{ 0xc4, "a" },
	{ 0xc5, "a" },
	{ 0xc6, "ae" },
	{ 0xc7, "c" },
	{ 0xc8, "e" },
	{ 0xc9, "e" },
	{ 0xca, "e" },
	{ 0xcb, "e" },
	{ 0xcc, "i" },
	{ 0xcd, "i" },
	{ 0xce, "i" },
	{ 0xcf, "i" },
	{ 0xd0, "d" },
	{ 0xd1, "n" },
	{ 0xd2, "o" },
	{ 0xd3, "o" },
	{ 0xd4, "o" },
	{ 0xd5, "o" },
	{ 0xd6, "o" },
	{ 0xd8, "o" },
	{ 0xd9, "u" },
	{ 0xda, "u" },
	{ 0xdb, "u" },
	{ 0xdc, "u" },
	{ 0xdd, "y" },
	{ 0xdf, "ss" },
	{ 0xe0, "a" },
	{ 0xe1, "a" },
	{ 0xe2, "a" },
	{ 0xe3, "a" },
	{ 0xe4, "a" },
	{ 0xe5, "a" },
	{ 0xe6, "ae" },
	{ 0xe7, "c" },
	{ 0xe8, "e" },
	{ 0xe9, "e" },
	{ 0xea, "e" },
	{ 0xeb, "e" },
	{ 0xec, "i" },
	{ 0xed, "i" },
	{ 0xee, "i" },
	{ 0xef, "i" },
	{ 0xf1, "n" },
	{ 0xf2, "o" },
	{ 0xf3, "o" },
	{ 0xf4, "o" },
	{ 0xf5, "o" },
	{ 0xf6, "o" },
	{ 0xf8, "o" },
	{ 0xf9, "u" },
	{ 0xfa, "u" },
	{ 0xfb, "u" },
	{ 0xfc, "u" },
	{ 0xfd, "y" },
	{ 0xff, "y" },
	{ 0x101, "a" },
	{ 0x103, "a" },
	{ 0x105, "a" },
	{ 0x106, "c" },
	{ 0x107, "c" },
	{ 0x10c, "c" },
	{ 0x10d, "c" },
	{ 0x10f, "d" },
	{ 0x111, "d" },
	{ 0x113, "e" },
	{ 0x117, "e" },
	{ 0x118, "e" },
	{ 0x119, "e" },
	{ 0x11b, "e" },
	{ 0x11f, "g" },
	{ 0x12b, "i" },
	{ 0x130, "i" },
	{ 0x131, "i" },
	{ 0x141, "l" },
	{ 0x142, "l" },
	{ 0x143, "n" },
	{ 0x144, "n" },
	{ 0x148, "n" },
	{ 0x14d, "o" },
	{ 0x150, "o" },
	{ 0x151, "o" },
	{ 0x152, "oe" },
	{ 0x153, "oe" },
	{ 0x159, "r" },
	{ 0x15a, "s" },
	{ 0x15b, "s" },
	{ 0x15e, "s" },
	{ 0x15f, "s" },
	{ 0x160, "s" },
	{ 0x161, "s" },
	{ 0x163, "t" },
	{ 0x165, "t" },
	{ 0x16b, "u" },
	{ 0x16f, "u" },
	{ 0x171, "u" },
	{ 0x17a, "z" },
	{ 0x17b, "z" },
	{ 0x17c, "z" },
	{ 0x17d, "z" },
	{ 0x17e, "z" },
	{ 0x219, "s" },
	{ 0x21b, "t" },
	/* look-alikes of other scripts */
	{ 0x391, "a" },
	{ 0x392, "b" },
	{ 0x395, "e" },
	{ 0x396, "z" },
	{ 0x397, "h" },
	{ 0x399, "i" },
	{ 0x39a, "k" },
	{ 0x39c, "m" },
	{ 0x39d, "n" },
	{ 0x39f, "o" },
	{ 0x3a1, "p" },
	{ 0x3a4, "t" },
	{ 0x3a5, "y" },
	{ 0x3a7, "x" },
	{ 0x3b1, "a" },
	{ 0x3b9, "i" },
	{ 0x3bc, "u" },
	{ 0x3bd, "v" },
	{ 0x3bf, "o" },
	{ 0x3c1, "p" },
	{ 0x405, "s" },
	{ 0x406, "i" },
	{ 0x408, "j" },
	{ 0x410, "a" },
	{ 0x412, "b" },
	{ 0x415, "e" },
	{ 0x41a, "k" },
	{ 0x41c, "m" },
	{ 0x41d, "h" },
	{ 0x41e, "o" },
	{ 0x420, "p" },
	{ 0x421, "c" },
	{ 0x422, "t" },
	{ 0x423, "y" },
	{ 0x425, "x" },
	{ 0x430, "a" },
	{ 0x435, "e" },
	{ 0x43a, "k" },
	{ 0x43c, "m" },
	{ 0x43e, "o" },
	{ 0x440, "p" },
	{ 0x441, "c" },
	{ 0x442, "t" },
	{ 0x443, "y" },
	{ 0x445, "x" },
	{ 0x455, "s" },
	{ 0x456, "i" },
	{ 0x458, "j" },
	{ 0x501, "d" },
	{ 0x51b, "q" },
	{ 0x51d, "w" },
};

static const char *plain_letter(uint32_t cp)
{
	size_t lo = 0, hi = sizeof(letters) / sizeof(letters[0]);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (letters[mid].cp == cp)
			return letters[mid].plain;
		if (letters[mid].cp < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* The code point at p; its length in *n. Text is valid UTF-8; a cut tail reads as one byte. */
static uint32_t decode(const unsigned char *p, const unsigned char *end, size_t *n)
{
	uint32_t c = *p;
	size_t need = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (need == 1 || c < 0xc0 || (size_t)(end - p) < need) {
		*n = 1;
		return c;
	}
	*n = need;
	c &= 0xffu >> (need + 1);
	for (size_t i = 1; i < need; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Signs with a plain form, in the order of their code points. */
static const struct sign {
	uint32_t cp;
	char text[4];
} signs[] = {
	{ 0x85, "\n" },
	{ 0xa3, { NORM_POUND } },
	{ 0xa5, { NORM_YEN } },
	{ 0xab, "\"" },
	{ 0xb4, "'" },
	{ 0xb7, { NORM_MARK } },
	{ 0xbb, "\"" },
	{ 0xbd, "1/2" },
	{ 0xd7, "x" },
	{ 0x2bc, "'" },
	{ 0x2010, "-" },
	{ 0x2011, "-" },
	{ 0x2012, "-" },
	{ 0x2013, "-" },
	{ 0x2014, " - " },
	{ 0x2015, " - " },
	{ 0x2018, "'" },
	{ 0x2019, "'" },
	{ 0x201a, "'" },
	{ 0x201c, "\"" },
	{ 0x201d, "\"" },
	{ 0x201e, "\"" },
	{ 0x2022, { NORM_MARK } },
	{ 0x2023, { NORM_MARK } },
	{ 0x2026, ". " },
	{ 0x2028, "\n" },
	{ 0x2029, "\n" },
	{ 0x2032, "'" },
	{ 0x2043, { NORM_MARK } },
	{ 0x20ac, { NORM_EURO } },
	{ 0x20b9, { NORM_RUPEE } },
	{ 0x2212, "-" },
	{ 0x223c, "~" },
	{ 0x2243, "~" },
	{ 0x2248, "~" },
	{ 0x2264, "<=" },
	{ 0x2265, ">=" },
	{ 0x25aa, { NORM_MARK } },
	{ 0x25ba, { NORM_MARK } },
	{ 0x25cf, { NORM_MARK } },
	{ 0x25e6, { NORM_MARK } },
	{ 0x2713, { NORM_MARK } },
	{ 0x2714, { NORM_MARK } },
	{ 0x2a7d, "<=" },
	{ 0x2a7e, ">=" },
	{ 0xfe63, "-" },
};

static int by_code_point(const void *key, const void *row)
{
	uint32_t cp = *(const uint32_t *)key, at = ((const struct sign *)row)->cp;

	return cp < at ? -1 : cp > at;
}

/* Marks that nobody sees: direction, zero width, accents that stand alone. */
static int is_unseen(uint32_t cp, unsigned *odd)
{
	if ((cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
		cp == 0x200e || cp == 0x200f || cp == 0x61c)
		*odd |= SCAN_BIDI;
	else if (cp == 0x200b || cp == 0x200c || cp == 0x2060 || cp == 0xfeff)
		*odd |= SCAN_INVISIBLE;
	else
		return cp == 0x200d || cp == 0xad || (cp >= 0xfe00 && cp <= 0xfe0f) ||
			(cp >= 0x300 && cp <= 0x36f);
	return 1;
}

/* Arrows, dingbats, pictures; what is below the letters. */
static int is_mark(uint32_t cp)
{
	return (cp >= 0x2190 && cp < 0x2c00) || (cp >= 0x1f000 && cp <= 0x1faff) ||
		cp < 0xc0;
}

/* The plain form of a code point past ASCII: NULL to leave it out. */
static const char *plain_of(uint32_t cp, unsigned *odd, char one[2])
{
	const struct sign *sign;
	const char *s;

	one[1] = '\0';
	if (cp >= 0xff01 && cp <= 0xff5e) { /* full width */
		one[0] = (char)(cp - 0xff01 + 0x21);
		if (one[0] >= 'A' && one[0] <= 'Z')
			one[0] = (char)(one[0] + 32);
		return one;
	}
	if (is_unseen(cp, odd))
		return NULL;
	if (cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f ||
		cp == 0x205f || cp == 0x3000 || cp == 0x1680)
		return " ";
	sign = bsearch(&cp, signs, ARRAY_LEN(signs), sizeof(*signs), by_code_point);
	if (sign != NULL)
		return sign->text;
	s = plain_letter(cp);
	if (s != NULL) {
		if (cp >= 0x391)
			*odd |= SCAN_HOMOGLYPH;
		return s;
	}
	one[0] = is_mark(cp) ? NORM_MARK : NORM_LETTER;
	return one;
}

/* ---- HTML ---- */

enum tag_effect {
	TAG_NONE,
	TAG_INLINE,
	TAG_BLOCK,
	TAG_ITEM,
	TAG_CELL,
	TAG_ROW,
	TAG_STRIKE,
	TAG_RAW,
	TAG_QUOTE,
	TAG_HEAD
};

static const struct {
	const char *name;
	uint8_t effect;
} tags[] = {
	{ "a", TAG_INLINE },
	{ "b", TAG_INLINE },
	{ "i", TAG_INLINE },
	{ "u", TAG_INLINE },
	{ "em", TAG_INLINE },
	{ "strong", TAG_INLINE },
	{ "span", TAG_INLINE },
	{ "font", TAG_INLINE },
	{ "code", TAG_INLINE },
	{ "mark", TAG_INLINE },
	{ "small", TAG_INLINE },
	{ "sub", TAG_INLINE },
	{ "sup", TAG_INLINE },
	{ "ins", TAG_INLINE },
	{ "abbr", TAG_INLINE },
	{ "kbd", TAG_INLINE },
	{ "img", TAG_INLINE },
	{ "label", TAG_INLINE },
	{ "input", TAG_INLINE },
	{ "q", TAG_INLINE },
	{ "o:p", TAG_INLINE },
	{ "tt", TAG_INLINE },
	{ "big", TAG_INLINE },
	{ "time", TAG_INLINE },
	{ "p", TAG_BLOCK },
	{ "div", TAG_BLOCK },
	{ "br", TAG_BLOCK },
	{ "hr", TAG_BLOCK },
	{ "ul", TAG_BLOCK },
	{ "ol", TAG_BLOCK },
	{ "dl", TAG_BLOCK },
	{ "dd", TAG_CELL },
	{ "table", TAG_BLOCK },
	{ "thead", TAG_BLOCK },
	{ "tbody", TAG_BLOCK },
	{ "tfoot", TAG_BLOCK },
	{ "html", TAG_BLOCK },
	{ "body", TAG_BLOCK },
	{ "head", TAG_BLOCK },
	{ "section", TAG_BLOCK },
	{ "article", TAG_BLOCK },
	{ "header", TAG_BLOCK },
	{ "footer", TAG_BLOCK },
	{ "pre", TAG_BLOCK },
	{ "meta", TAG_INLINE },
	{ "link", TAG_INLINE },
	{ "main", TAG_BLOCK },
	{ "nav", TAG_BLOCK },
	{ "li", TAG_ITEM },
	{ "dt", TAG_ITEM },
	{ "td", TAG_CELL },
	{ "th", TAG_CELL },
	{ "tr", TAG_ROW },
	{ "h1", TAG_HEAD },
	{ "h2", TAG_HEAD },
	{ "h3", TAG_HEAD },
	{ "h4", TAG_HEAD },
	{ "h5", TAG_HEAD },
	{ "h6", TAG_HEAD },
	{ "title", TAG_HEAD },
	{ "del", TAG_STRIKE },
	{ "s", TAG_STRIKE },
	{ "strike", TAG_STRIKE },
	{ "script", TAG_RAW },
	{ "style", TAG_RAW },
	{ "template", TAG_RAW },
	{ "blockquote", TAG_QUOTE },
	{ "details", TAG_BLOCK },
	{ "summary", TAG_BLOCK },
};

#define TAG_LEN_MAX 2048 /* a "<" with no ">" within this is text */

struct level {
	const unsigned char *p, *start, *end;
	struct level_out *o;
	int strike; /* ~~ or <del> open */
	int line_start;
	uint32_t next_src; /* what the next byte of norm stands for, unless noted */
	uint8_t html_quote;
	int no_comment_end, no_script_end;
	size_t no_close
		[2]; /* where a look for "](...)" was last given up; keeps that linear */
};

static int level_grow(struct level_out *o)
{
	size_t cap = o->cap + o->cap / 2 + 64;
	char *norm;

	if (o->fixed) {
		o->failed = 1;
		return -1;
	}
	norm = realloc(o->norm, cap);
	if (norm == NULL) {
		o->failed = 1;
		return -1;
	}
	o->norm = norm;
	o->cap = cap;
	return 0;
}

static void place_add(struct level_out *o, uint32_t src)
{
	if (o->n_places == o->cap_places) {
		size_t cap = o->cap_places == 0 ? 256 : o->cap_places * 2;
		struct place *grown = realloc(o->places, cap * sizeof(*grown));

		if (grown == NULL) {
			o->failed = 1;
			return;
		}
		o->places = grown;
		o->cap_places = cap;
	}
	o->places[o->n_places++] = (struct place){ (uint32_t)o->len, src };
}

/* The next byte of norm stands for the one at src. */
static void place_note(struct level *v, const unsigned char *src)
{
	struct level_out *o = v->o;
	uint32_t at = (uint32_t)(src - v->start);

	if (v->next_src != at && !o->fixed)
		place_add(o, at);
	v->next_src = at + 1;
}

static void put(struct level *v, char c, const unsigned char *src)
{
	struct level_out *o = v->o;

	if (o->len + 1 >= o->cap && level_grow(o) < 0)
		return;
	place_note(v, src);
	o->norm[o->len++] = c;
}

static int same_name(const unsigned char *p, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = p[i];

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if (name[i] == '\0' || c != (unsigned char)name[i])
			return 0;
	}
	return name[len] == '\0';
}

static enum tag_effect tag_named(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (same_name(p, len, tags[i].name))
			return (enum tag_effect)tags[i].effect;
	return TAG_NONE;
}

/* Past the end tag of a <script> or <style>, or NULL when there is none. */
static const unsigned char *raw_end(const struct level *v, const unsigned char *p,
	const unsigned char *name, size_t len)
{
	for (; p + len + 3 <= v->end; p++) {
		if (p[0] != '<' || p[1] != '/' ||
			strncasecmp((const char *)p + 2, (const char *)name, len) != 0)
			continue;
		for (p += 2 + len; p < v->end && *p != '>';)
			p++;
		return p < v->end ? p + 1 : p;
	}
	return NULL;
}

/* Past a comment at v->p; 0 when it never ends, which is text. */
static int html_comment(struct level *v)
{
	const unsigned char *end;

	if (v->no_comment_end)
		return 0;
	end = memmem(v->p + 4, (size_t)(v->end - v->p - 4), "-->", 3);
	if (end == NULL) {
		v->no_comment_end = 1;
		return 0;
	}
	v->p = end + 3;
	return 1;
}

/* The end of a tag's name: letters, h1 to h6, and the o:p of word processors. */
static const unsigned char *name_end(const struct level *v, const unsigned char *name)
{
	const unsigned char *q = name;

	while (q < v->end && q - name < 12 && ((*q | 32) >= 'a' && (*q | 32) <= 'z'))
		q++;
	if (q < v->end && q > name && *q >= '1' && *q <= '6')
		q++;
	if (q + 1 < v->end && *q == ':' && q[1] == 'p')
		q += 2;
	return q;
}

static void skip_raw(struct level *v, const unsigned char *name, size_t len)
{
	const unsigned char *end = v->no_script_end ? NULL : raw_end(v, v->p, name, len);

	if (end == NULL)
		v->no_script_end = 1;
	else
		v->p = end;
}

/* A new line at p. */
static void html_break(struct level *v, const unsigned char *p)
{
	put(v, '\n', p);
	v->line_start = 1;
}

static void html_heading(
	struct level *v, const unsigned char *p, const unsigned char *name, size_t len)
{
	char level = name[len - 1] <= '6' ? (char)(name[len - 1] - '0') : 1;

	put(v, NORM_HEADING, p);
	put(v, (char)(NORM_LEVEL + level), p);
	v->line_start = 0;
}

/* What the tag at p means for the text; v->p is behind it already. */
static void html_apply(struct level *v, enum tag_effect effect, const unsigned char *p,
	const unsigned char *name, size_t len, int closing)
{
	switch (effect) {
	case TAG_RAW:
		if (!closing)
			skip_raw(v, name, len);
		break;
	case TAG_STRIKE:
		put(v, closing ? NORM_STRIKE_OFF : NORM_STRIKE_ON, p);
		break;
	case TAG_CELL:
		if (!closing)
			put(v, NORM_CELL, p);
		break;
	case TAG_ITEM:
		html_break(v, p);
		if (!closing)
			put(v, NORM_BULLET, p);
		break;
	case TAG_HEAD:
		html_break(v, p);
		if (!closing)
			html_heading(v, p, name, len);
		break;
	case TAG_ROW:
		put(v, '\n', p);
		if (!closing)
			put(v, NORM_TABLE, p);
		break;
	case TAG_QUOTE:
		if (!closing && v->html_quote < 9)
			v->html_quote++;
		if (closing && v->html_quote > 0)
			v->html_quote--;
		html_break(v, p);
		break;
	case TAG_BLOCK:
		html_break(v, p);
		if (same_name(name, len, "p") || same_name(name, len, "div") ||
			same_name(name, len, "table"))
			put(v, '\n', p);
		break;
	default:
		break;
	}
}

/* A comment or tag at p ("<"): consumes it and says so, or 0 when it is text. */
static int html_at(struct level *v)
{
	const unsigned char *p = v->p, *name = p + 1, *q, *gt;
	int closing = name < v->end && *name == '/';
	enum tag_effect effect;
	size_t len, left;

	if (v->end - p >= 4 && memcmp(p, "<!--", 4) == 0)
		return html_comment(v);
	name += closing;
	q = name_end(v, name);
	len = (size_t)(q - name);
	if (len == 0 || q >= v->end ||
		(*q != '>' && *q != ' ' && *q != '/' && *q != '\n' && *q != '\t'))
		return 0;
	effect = tag_named(name, len);
	if (effect == TAG_NONE)
		return 0;
	left = (size_t)(v->end - q);
	gt = memchr(q, '>', left < TAG_LEN_MAX ? left : TAG_LEN_MAX);
	if (gt == NULL)
		return 0;
	v->p = gt + 1;
	html_apply(v, effect, p, name, len, closing);
	return 1;
}

static const struct {
	const char *name;
	uint32_t cp;
} entities[] = {
	{ "amp", '&' },
	{ "lt", '<' },
	{ "gt", '>' },
	{ "quot", '"' },
	{ "apos", '\'' },
	{ "nbsp", ' ' },
	{ "euro", 0x20ac },
	{ "pound", 0xa3 },
	{ "yen", 0xa5 },
	{ "ndash", 0x2013 },
	{ "mdash", 0x2014 },
	{ "hellip", 0x2026 },
	{ "le", 0x2264 },
	{ "ge", 0x2265 },
	{ "asymp", 0x2248 },
	{ "rsquo", '\'' },
	{ "lsquo", '\'' },
	{ "ldquo", '"' },
	{ "rdquo", '"' },
	{ "auml", 'a' },
	{ "ouml", 'o' },
	{ "uuml", 'u' },
	{ "szlig", 0xdf },
	{ "eacute", 'e' },
	{ "egrave", 'e' },
	{ "bull", 0x2022 },
	{ "middot", 0xb7 },
	{ "rarr", 0x2192 },
	{ "times", 'x' },
	{ "thinsp", ' ' },
	{ "ensp", ' ' },
	{ "emsp", ' ' },
	{ "shy", 0xad },
	{ "sol", '/' },
	{ "plus", '+' },
	{ "percnt", '%' },
	{ "dollar", '$' },
	{ "num", '#' },
	{ "colon", ':' },
	{ "comma", ',' },
	{ "period", '.' },
};

/* The code point of an entity at p ("&") and its length, or 0. */
static uint32_t entity_at(const struct level *v, const unsigned char *p, size_t *len)
{
	const unsigned char *q = p + 1;
	uint32_t cp = 0;

	if (q < v->end && *q == '#') {
		int hex = ++q < v->end && (*q | 32) == 'x';

		for (q += hex; q < v->end && q - p < 10; q++) {
			int d = *q >= '0' && *q <= '9' ? *q - '0'
				: hex && (*q | 32) >= 'a' && (*q | 32) <= 'f'
				? (*q | 32) - 'a' + 10
				: -1;
			if (d < 0)
				break;
			cp = cp * (hex ? 16 : 10) + (uint32_t)d;
		}
		if (q >= v->end || *q != ';' || cp < 32 || cp > 0x10ffff)
			return 0;
		*len = (size_t)(q - p) + 1;
		return cp;
	}
	while (q < v->end && q - p < 10 && (*q | 32) >= 'a' && (*q | 32) <= 'z')
		q++;
	if (q >= v->end || *q != ';')
		return 0;
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (same_name(p + 1, (size_t)(q - p - 1), entities[i].name)) {
			*len = (size_t)(q - p) + 1;
			return entities[i].cp;
		}
	return 0;
}

static void put_cp(struct level *v, uint32_t cp, const unsigned char *src)
{
	char one[2];
	const char *s;

	if (cp < 0x80) {
		put(v, cp >= 'A' && cp <= 'Z' ? (char)(cp + 32) : (char)cp, src);
		return;
	}
	for (s = plain_of(cp, &v->o->odd, one); s != NULL && *s != '\0'; s++)
		put(v, *s, src);
}

/* ---- line starts ---- */

static const unsigned char *skip_blanks(
	const struct level *v, const unsigned char *p, unsigned *indent)
{
	for (; p < v->end && (*p == ' ' || *p == '\t'); p++)
		*indent += *p == '\t' ? 4 : 1;
	return p;
}

/* Length of a list marker at p ("- ", "1. ", "3.2 ", "(a) ", "[x] "), or 0. */
static size_t marker_len(const struct level *v, const unsigned char *p)
{
	const unsigned char *q = p;
	int points = 0;

	if (p + 1 >= v->end)
		return 0;
	if (strchr("-*+", *p) != NULL && *p != '\0')
		return p[1] == ' ' || p[1] == '\t' ? 2 : 0;
	if (*p == '[' && p + 2 < v->end && p[2] == ']')
		return 3;
	if (*p == '(')
		q++;
	if (q < v->end && (*q | 32) >= 'a' && (*q | 32) <= 'z' && q + 2 < v->end &&
		(q[1] == ')' || (q[1] == '.' && (*q | 32) != 'i')) && q[2] == ' ')
		return (size_t)(q + 2 - p);
	while (q < v->end && q - p < 9 &&
		((*q >= '0' && *q <= '9') || (*q == '.' && q > p))) {
		points += *q == '.';
		q++;
	}
	if (q == p || q >= v->end || (*p == '(' && q == p + 1))
		return 0;
	if (*q == ')' && q + 1 < v->end && q[1] == ' ')
		return (size_t)(q + 1 - p);
	if (*q == ' ' && q[-1] == '.')
		return (size_t)(q - p);
	/* "3.2 The Contractor": a section number, not an amount */
	if (*q == ' ' && points > 0 && q + 1 < v->end && q[1] >= 'A' && q[1] <= 'Z' &&
		q + 2 < v->end && q[2] >= 'a' && q[2] <= 'z')
		return (size_t)(q - p);
	return 0;
}

/* A line of nothing but - = _ * | : and blanks, at least three of them. */
static const unsigned char *rule_line(const struct level *v, const unsigned char *p)
{
	const unsigned char *q = p;
	size_t n = 0;

	for (; q < v->end && *q != '\n' && *q != '\r'; q++) {
		if (strchr("-=_*|:+ \t", *q) == NULL || *q == '\0')
			return NULL;
		n += *q != ' ' && *q != '\t' && *q != '|';
	}
	return n >= 3 ? q : NULL;
}

static void start_line(struct level *v)
{
	const unsigned char *p = v->p, *q;
	unsigned indent = 0, quote = v->html_quote, heading = 0;
	size_t n;

	p = skip_blanks(v, p, &indent);
	while (p < v->end && *p == '>' && quote < 9) {
		quote++;
		p = skip_blanks(v, p + 1, &indent);
	}
	if (quote > 0) {
		put(v, NORM_QUOTE, p);
		put(v, (char)(NORM_LEVEL + quote), p);
	}
	q = rule_line(v, p);
	if (q != NULL) {
		v->p = q;
		return;
	}
	/* Jira and Confluence: "h2. Title" */
	if (v->end - p > 3 && *p == 'h' && p[1] >= '1' && p[1] <= '6' && p[2] == '.' &&
		p[3] == ' ') {
		put(v, NORM_HEADING, p);
		put(v, (char)(NORM_LEVEL + p[1] - '0'), p);
		v->p = p + 3;
		return;
	}
	while (p < v->end && *p == '#' && heading < 6) {
		heading++;
		p++;
	}
	if (heading > 0 && (p >= v->end || (*p != ' ' && *p != '\t'))) {
		p -= heading; /* "#ml-infra" is a word */
		heading = 0;
	}
	if (heading > 0) {
		put(v, NORM_HEADING, p);
		put(v, (char)(NORM_LEVEL + heading), p);
	} else if (p < v->end && *p == '|') {
		put(v, NORM_TABLE, p);
		p++;
	} else {
		int bullet = 0;

		while ((n = marker_len(v, p)) > 0 && bullet < 4) {
			bullet++;
			p = skip_blanks(v, p + n, &indent);
		}
		if (bullet > 0) {
			put(v, NORM_BULLET, p);
		} else if (indent >= 2) {
			put(v, NORM_INDENT, p);
		}
	}
	v->p = p;
}

/* The ")" of "](target)" at p (the "]"), or NULL. */
static const unsigned char *link_end(const struct level *v, const unsigned char *p)
{
	size_t room = (size_t)(v->end - p);
	const unsigned char *q, *nl;

	if (room < 3 || p[1] != '(')
		return NULL;
	room = room > 1024 ? 1024 : room;
	q = memchr(p, ')', room);
	nl = memchr(p, '\n', room);
	return q != NULL && (nl == NULL || q < nl) ? q : NULL;
}

/* Bytes that are copied as they are, capitals as small letters; 0: see step. */
static const char plain[256] = {
	[' '] = ' ',
	['!'] = '!',
	['"'] = '"',
	['#'] = '#',
	['$'] = '$',
	['%'] = '%',
	['\''] = '\'',
	['('] = '(',
	[')'] = ')',
	['+'] = '+',
	[','] = ',',
	['-'] = '-',
	['.'] = '.',
	['/'] = '/',
	['0'] = '0',
	['1'] = '1',
	['2'] = '2',
	['3'] = '3',
	['4'] = '4',
	['5'] = '5',
	['6'] = '6',
	['7'] = '7',
	['8'] = '8',
	['9'] = '9',
	[':'] = ':',
	[';'] = ';',
	['='] = '=',
	['>'] = '>',
	['?'] = '?',
	['@'] = '@',
	['A'] = 'a',
	['B'] = 'b',
	['C'] = 'c',
	['D'] = 'd',
	['E'] = 'e',
	['F'] = 'f',
	['G'] = 'g',
	['H'] = 'h',
	['I'] = 'i',
	['J'] = 'j',
	['K'] = 'k',
	['L'] = 'l',
	['M'] = 'm',
	['N'] = 'n',
	['O'] = 'o',
	['P'] = 'p',
	['Q'] = 'q',
	['R'] = 'r',
	['S'] = 's',
	['T'] = 't',
	['U'] = 'u',
	['V'] = 'v',
	['W'] = 'w',
	['X'] = 'x',
	['Y'] = 'y',
	['Z'] = 'z',
	['['] = '[',
	['^'] = '^',
	['a'] = 'a',
	['b'] = 'b',
	['c'] = 'c',
	['d'] = 'd',
	['e'] = 'e',
	['f'] = 'f',
	['g'] = 'g',
	['h'] = 'h',
	['i'] = 'i',
	['j'] = 'j',
	['k'] = 'k',
	['l'] = 'l',
	['m'] = 'm',
	['n'] = 'n',
	['o'] = 'o',
	['p'] = 'p',
	['q'] = 'q',
	['r'] = 'r',
	['s'] = 's',
	['t'] = 't',
	['u'] = 'u',
	['v'] = 'v',
	['w'] = 'w',
	['x'] = 'x',
	['y'] = 'y',
	['z'] = 'z',
	['{'] = '{',
	['}'] = '}',
};

/* Copies from v->p while bytes are plain, at most to stop. */
static void copy_plain(struct level *v, const unsigned char *stop)
{
	struct level_out *o = v->o;
	char *to = o->norm + o->len, c;
	const unsigned char *p = v->p;

	while (p < stop && (c = plain[*p]) != 0) {
		*to++ = c;
		p++;
	}
	if (p == v->p)
		return;
	place_note(v, v->p);
	v->next_src += (uint32_t)(p - v->p) - 1;
	o->len += (size_t)(p - v->p);
	v->p = p;
}

static void step(struct level *v)
{
	const unsigned char *p = v->p;
	unsigned char c = *p;
	size_t n;
	uint32_t cp;

	v->p = p + 1;
	switch (c) {
	case '\r':
		if (v->p < v->end && *v->p == '\n')
			return;
		/* fall through */
	case '\n':
		put(v, '\n', p);
		v->line_start = 1;
		return;
	case '\t':
		put(v, ' ', p);
		return;
	case '<':
		v->p = p;
		if (html_at(v))
			return;
		v->p = p + 1;
		put(v, '<', p);
		return;
	case '&':
		cp = entity_at(v, p, &n);
		if (cp != 0) {
			put_cp(v, cp, p);
			v->p = p + n;
			return;
		}
		put(v, '&', p);
		return;
	case '~':
		if (v->p < v->end && *v->p == '~') {
			v->strike = !v->strike;
			put(v, v->strike ? NORM_STRIKE_ON : NORM_STRIKE_OFF, p);
			v->p = p + 2;
			return;
		}
		put(v, '~', p);
		return;
	case '*':
		if (p > v->start && p[-1] == ' ' && v->p < v->end && *v->p == ' ')
			put(v, NORM_MARK, p);
		return;
	case '`':
		return;
	case '_':
		if (p > v->start && v->p < v->end && (p[-1] | 32) >= 'a' &&
			(p[-1] | 32) <= 'z' &&
			((*v->p | 32) >= 'a' && (*v->p | 32) <= 'z'))
			put(v, '_', p);
		return;
	case '\\':
		return;
	case ']':
		p = link_end(v, p);
		if (p != NULL) {
			v->p = p + 1;
			return;
		}
		put(v, ']', v->p - 1);
		return;
	case '|':
		put(v, NORM_CELL, p);
		return;
	default:
		break;
	}
	if (c < 0x80) {
		if (c < 32)
			c = ' ';
		put(v, c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c, p);
		return;
	}
	cp = decode(p, v->end, &n);
	put_cp(v, cp, p);
	v->p = p + n;
}

void level_text(struct level_out *out, const char *text, size_t len)
{
	struct level v = { .p = (const unsigned char *)text,
		.start = (const unsigned char *)text,
		.end = (const unsigned char *)text + len,
		.o = out,
		.next_src = UINT32_MAX,
		.line_start = !out->fixed };

	out->len = 0;
	out->odd = 0;
	while (v.p < v.end && !out->failed) {
		const unsigned char *stop;

		if (v.line_start) {
			v.line_start = 0;
			start_line(&v);
			continue;
		}
		if (out->len + 64 >= out->cap && level_grow(out) < 0)
			break;
		stop = (size_t)(v.end - v.p) < out->cap - out->len - 2
			? v.end
			: v.p + (out->cap - out->len - 2);
		copy_plain(&v, stop);
		if (v.p < v.end)
			step(&v);
	}
	out->norm[out->len] = '\0';
}

size_t lexer_level(const char *text, size_t len, char *out, size_t max)
{
	char norm[512];
	struct level_out o = { .norm = norm, .cap = sizeof(norm), .fixed = 1 };
	size_t n = 0;

	level_text(&o, text, len);
	if (o.failed)
		return 0;
	for (size_t i = 0; i < o.len; i++) {
		unsigned char c = (unsigned char)norm[i];

		if (c < 32 && c != '\n' && (c < NORM_EURO || c > NORM_RUPEE))
			continue;
		if (c == '-' || c == '_' || c == '\n')
			c = ' ';
		if (c == ' ' && (n == 0 || out[n - 1] == ' '))
			continue;
		if (n + 1 >= max)
			return 0;
		out[n++] = (char)c;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return n;
}
