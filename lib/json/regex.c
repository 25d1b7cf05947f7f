#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_LIMIT    500000
#define DEPTH_LIMIT    2000
#define HEAP_LIMIT_KIB 20000

struct regex {
	pcre2_code *code;
};

/* ECMA-262 WhiteSpace and LineTerminator, as the inside of a class. */
static const char space_class[] = "\\x{9}-\\x{d}\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{"
				  "200a}\\x{2028}\\x{2029}\\x{202f}"
				  "\\x{205f}\\x{3000}\\x{feff}";

/* Long names of general categories; PCRE2 knows the short ones. */
static const struct {
	const char *name, *is;
} categories[] = {
	{ "Letter", "L" },
	{ "Cased_Letter", "L&" },
	{ "Uppercase_Letter", "Lu" },
	{ "Lowercase_Letter", "Ll" },
	{ "Titlecase_Letter", "Lt" },
	{ "Modifier_Letter", "Lm" },
	{ "Other_Letter", "Lo" },
	{ "Mark", "M" },
	{ "Combining_Mark", "M" },
	{ "Nonspacing_Mark", "Mn" },
	{ "Spacing_Mark", "Mc" },
	{ "Enclosing_Mark", "Me" },
	{ "Number", "N" },
	{ "Decimal_Number", "Nd" },
	{ "digit", "Nd" },
	{ "Letter_Number", "Nl" },
	{ "Other_Number", "No" },
	{ "Punctuation", "P" },
	{ "punct", "P" },
	{ "Connector_Punctuation", "Pc" },
	{ "Dash_Punctuation", "Pd" },
	{ "Open_Punctuation", "Ps" },
	{ "Close_Punctuation", "Pe" },
	{ "Initial_Punctuation", "Pi" },
	{ "Final_Punctuation", "Pf" },
	{ "Other_Punctuation", "Po" },
	{ "Symbol", "S" },
	{ "Math_Symbol", "Sm" },
	{ "Currency_Symbol", "Sc" },
	{ "Modifier_Symbol", "Sk" },
	{ "Other_Symbol", "So" },
	{ "Separator", "Z" },
	{ "Space_Separator", "Zs" },
	{ "Line_Separator", "Zl" },
	{ "Paragraph_Separator", "Zp" },
	{ "Other", "C" },
	{ "Control", "Cc" },
	{ "cntrl", "Cc" },
	{ "Format", "Cf" },
	{ "Surrogate", "Cs" },
	{ "Private_Use", "Co" },
	{ "Unassigned", "Cn" },
};

struct translation {
	const char *p; /* what is still to read */
	int in_class, strict;
	struct buf *out;
	struct err *e;
};

static int refuse(struct translation *t, const char *why)
{
	return err_set(t->e, ERR_INPUT, "the pattern %s", why);
}

static int read_hex(const char *p, int digits, unsigned *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++) {
		unsigned d = p[i] >= '0' && p[i] <= '9' ? (unsigned)(p[i] - '0')
			: (p[i] | 32) >= 'a' && (p[i] | 32) <= 'f'
			? (unsigned)((p[i] | 32) - 'a') + 10
			: 16;

		if (d == 16)
			return -1;
		*out = *out * 16 + d;
	}
	return 0;
}

/* After "\u": XXXX, a pair of them, or {X...}. */
static int unicode_escape(struct translation *t)
{
	unsigned c, low;

	if (t->p[0] == '{') {
		size_t n = strspn(t->p + 1, "0123456789abcdefABCDEF");

		if (n == 0 || n > 8 || t->p[1 + n] != '}')
			return refuse(t, "has a bad \\u{...} escape");
		buf_addf(t->out, "\\x{%.*s}", (int)n, t->p + 1);
		t->p += n + 2;
		return 0;
	}
	if (read_hex(t->p, 4, &c) < 0) {
		if (t->strict)
			return refuse(t, "has a bad \\u escape");
		buf_add_char(t->out, 'u');
		return 0;
	}
	t->p += 4;
	if (c >= 0xD800 && c <= 0xDBFF && t->p[0] == '\\' && t->p[1] == 'u' &&
		read_hex(t->p + 2, 4, &low) == 0 && low >= 0xDC00 && low <= 0xDFFF) {
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
		t->p += 6;
	}
	if (c >= 0xD800 && c <= 0xDFFF)
		c = 0xFFFD;
	buf_addf(t->out, "\\x{%x}", c);
	return 0;
}

/* After "\p" or "\P": {Name} or {Property=Name}. */
static int property_escape(struct translation *t, char kind)
{
	size_t n = t->p[0] == '{' ? strcspn(t->p + 1, "}") : 0;
	const char *name = t->p + 1, *eq;

	if (n == 0 || t->p[1 + n] != '}')
		return refuse(t, "has a bad \\p{...} escape");
	t->p += n + 2;
	eq = memchr(name, '=', n);
	if (eq != NULL) {
		n -= (size_t)(eq + 1 - name);
		name = eq + 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		if (strlen(categories[i].name) == n &&
			strncmp(categories[i].name, name, n) == 0) {
			buf_addf(t->out, "\\%c{%s}", kind, categories[i].is);
			return 0;
		}
	buf_addf(t->out, "\\%c{%.*s}", kind, (int)n, name);
	return 0;
}

static int escape(struct translation *t)
{
	char c = *t->p++;

	switch (c) {
	case '\0':
		return refuse(t, "ends in a backslash");
	case 'u':
		return unicode_escape(t);
	case 'p':
	case 'P':
		return property_escape(t, c);
	case 's':
		buf_addf(t->out, t->in_class ? "%s" : "[%s]", space_class);
		return 0;
	case 'S':
		buf_addf(t->out, t->in_class ? "\\S" : "[^%s]", space_class);
		return 0;
	case '/':
	case '-':
		buf_addf(t->out, "\\%c", c);
		return 0;
	case 'v':
		buf_add_str(t->out, "\\x0b");
		return 0;
	case 'b':
		buf_add_str(t->out, t->in_class ? "\\x08" : "\\b");
		return 0;
	case 'c':
		if ((*t->p | 32) < 'a' || (*t->p | 32) > 'z')
			return refuse(t, "has a bad \\c escape");
		buf_addf(t->out, "\\x%02x", *t->p++ & 31);
		return 0;
	case '0':
		buf_add_str(t->out, "\\x00");
		return 0;
	default:
		break;
	}
	if (strchr("dDwWBfnrtkx123456789", c) != NULL ||
		(c > 0 && strchr("^$\\.*+?()[]{}|", c) != NULL)) {
		buf_addf(t->out, "\\%c", c);
		return 0;
	}
	if (t->strict || ((c | 32) >= 'a' && (c | 32) <= 'z'))
		return refuse(t, "has an escape that ECMA-262 does not know");
	buf_addf(t->out, (unsigned char)c < 0x80 ? "\\%c" : "%c", c);
	return 0;
}

/* A class that ECMA-262 allows and PCRE2 reads otherwise: [] and [^]. */
static int open_class(struct translation *t)
{
	if (t->p[0] == ']') {
		t->p++;
		buf_add_str(t->out, "(?!)");
	} else if (t->p[0] == '^' && t->p[1] == ']') {
		t->p += 2;
		buf_add_str(t->out, "(?s:.)");
	} else {
		t->in_class = 1;
		buf_add_char(t->out, '[');
		if (t->p[0] == '^')
			buf_add_char(t->out, *t->p++);
	}
	return 0;
}

/* "(?" of ECMA-262: (?: (?= (?! (?<= (?<! (?<name> and nothing else. */
static int check_group(struct translation *t)
{
	const char *p = t->p;

	if (p[0] == '*')
		return refuse(t, "has a group that ECMA-262 does not know");
	if (p[0] != '?' || p[1] == ':' || p[1] == '=' || p[1] == '!')
		return 0;
	if (p[1] == '<' && p[2] != '\0' && p[2] != '>')
		return 0;
	return refuse(t, "has a group that ECMA-262 does not know");
}

static int translate(struct translation *t)
{
	while (*t->p != '\0') {
		char c = *t->p++;
		int bad = 0;

		if (c == '\\') {
			bad = escape(t) < 0;
		} else if (t->in_class) {
			t->in_class = c != ']';
			buf_addf(t->out, c == '[' ? "\\%c" : "%c", c);
		} else if (c == '[') {
			bad = open_class(t) < 0;
		} else if (c == '(') {
			bad = check_group(t) < 0;
			buf_add_char(t->out, c);
		} else if (c == '.') {
			buf_add_str(t->out, "[^\\n\\r\\x{2028}\\x{2029}]");
		} else {
			buf_add_char(t->out, c);
		}
		if (bad)
			return -1;
	}
	return buf_ok(t->out, t->e);
}

/* PCRE2 has no lookbehind of unbounded length: such an expression is a valid one
 * that cannot be run here. */
static int is_only_unsupported(int code)
{
	return code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH;
}

struct regex *regex_new(const char *pattern, int strict, struct err *e)
{
	struct buf text = BUF_INIT((size_t)1 << 20);
	struct translation t = { .p = pattern, .strict = strict, .out = &text, .e = e };
	struct regex *r = NULL;
	PCRE2_SIZE at;
	int code;

	if (translate(&t) < 0)
		goto out;
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		err_no_memory(e);
		goto out;
	}
	r->code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len,
		PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY |
			PCRE2_MATCH_UNSET_BACKREF,
		&code, &at, NULL);
	if (r->code == NULL && !(strict && is_only_unsupported(code))) {
		unsigned char why[120];

		pcre2_get_error_message(code, why, sizeof(why));
		err_fill(e, ERR_INPUT, "the pattern is no regular expression: %s",
			(char *)why);
		free(r);
		r = NULL;
	}
out:
	buf_release(&text);
	return r;
}

void regex_free(struct regex *r)
{
	if (r == NULL)
		return;
	pcre2_code_free(r->code);
	free(r);
}

/* json.h keeps U+0000 as two bytes that are no UTF-8; here lengths are explicit. */
static void with_nul(const char *text, struct buf *out)
{
	for (const char *at; (at = strstr(text, "\xC0\x80")) != NULL; text = at + 2) {
		buf_add(out, text, (size_t)(at - text));
		buf_add_char(out, '\0');
	}
	buf_add_str(out, text);
}

static int search(const struct regex *r, const char *text, size_t len, struct err *e)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int n = PCRE2_ERROR_NOMEMORY;

	if (context != NULL && data != NULL && r->code != NULL) {
		pcre2_set_match_limit(context, MATCH_LIMIT);
		pcre2_set_depth_limit(context, DEPTH_LIMIT);
		pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
		n = pcre2_match(r->code, (PCRE2_SPTR)text, len, 0, 0, data, context);
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (n >= 0)
		return 1;
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	return err_set(e, ERR_INPUT, "a pattern takes too long on this text");
}

int regex_search(const struct regex *r, const char *text, struct err *e)
{
	struct buf plain = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	if (strchr(text, '\xC0') == NULL)
		return search(r, text, strlen(text), e);
	with_nul(text, &plain);
	ret = buf_ok(&plain, e) < 0 ? -1 : search(r, plain.ptr, plain.len, e);
	buf_release(&plain);
	return ret;
}
