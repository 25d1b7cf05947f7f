/* One escaper for each language that a generated file may be written in. */
#include "template.h"

#include <ctype.h>
#include <string.h>

#include "base/base.h"

static const struct {
	const char *ending; /* of the file's name; a whole name begins with '/' */
	enum template_language lang;
} endings[] = {
	{ ".tf", TEMPLATE_HCL },
	{ ".hcl", TEMPLATE_HCL },
	{ ".tfvars", TEMPLATE_HCL },
	{ ".yml", TEMPLATE_YAML },
	{ ".yaml", TEMPLATE_YAML },
	{ ".py", TEMPLATE_PYTHON },
	{ ".pyi", TEMPLATE_PYTHON },
	{ ".json", TEMPLATE_JSON },
	{ ".ipynb", TEMPLATE_JSON },
	{ ".md", TEMPLATE_MARKDOWN },
	{ ".sh", TEMPLATE_SHELL },
	{ "/Makefile", TEMPLATE_MAKE },
	{ ".mk", TEMPLATE_MAKE },
	{ ".toml", TEMPLATE_TOML },
	{ ".cfg", TEMPLATE_TOML },
	{ ".ini", TEMPLATE_TOML },
	{ "/Dockerfile", TEMPLATE_DOCKERFILE },
	{ ".Dockerfile", TEMPLATE_DOCKERFILE },
	{ ".html", TEMPLATE_HTML },
	{ ".xml", TEMPLATE_HTML },
	{ ".svg", TEMPLATE_HTML },
	{ ".sql", TEMPLATE_SQL },
};

static const char *const names[] = { "html", "text", "hcl", "yaml", "python", "json",
	"markdown", "shell", "toml", "dockerfile", "sql", "make" };

const char *template_language_name(enum template_language lang)
{
	return names[lang];
}

enum template_language template_language_of(const char *path)
{
	static const char suffix[] = ".mustache";
	size_t len = strlen(path);

	if (len > sizeof(suffix) - 1 &&
		strcmp(path + len - (sizeof(suffix) - 1), suffix) == 0)
		len -= sizeof(suffix) - 1;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		const char *end = endings[i].ending;
		size_t n = strlen(end);

		if (len >= n && memcmp(path + len - n, end, n) == 0)
			return endings[i].lang;
		if (*end == '/' && len == n - 1 && memcmp(path, end + 1, len) == 0)
			return endings[i].lang;
	}
	return TEMPLATE_TEXT;
}

/* \" \\ \n ...: what HCL, YAML, Python, JSON and TOML have in common. */
static void backslash(unsigned char c, enum template_language lang, struct buf *out)
{
	static const char from[] = "\"\\\n\r\t", to[] = "\"\\nrt";
	const char *found = memchr(from, c, sizeof(from) - 1);

	if (found != NULL)
		buf_addf(out, "\\%c", to[found - from]);
	else if (c < 0x20 || c == 0x7F)
		buf_addf(out, lang == TEMPLATE_PYTHON ? "\\x%02x" : "\\u%04x", c);
	else
		buf_add_char(out, (char)c);
}

static void html(unsigned char c, struct buf *out)
{
	switch (c) {
	case '&':
		buf_add_str(out, "&amp;");
		break;
	case '<':
		buf_add_str(out, "&lt;");
		break;
	case '>':
		buf_add_str(out, "&gt;");
		break;
	case '"':
		buf_add_str(out, "&quot;");
		break;
	case '\'':
		buf_add_str(out, "&#39;");
		break;
	default:
		buf_add_char(out, (char)c);
	}
}

/* CommonMark section 2.4; a line break would end a heading or a table's row. Braces are
 * for those that read Markdown through a template engine of their own. */
static void markdown(unsigned char c, struct buf *out)
{
	if (c < 0x20 || c == 0x7F)
		buf_add_char(out, ' ');
	else if (c == '<' || c == '&')
		html(c, out);
	else if (memchr("\\`*_[]|$#~{}", c, 12) != NULL)
		buf_addf(out, "\\%c", c);
	else
		buf_add_char(out, (char)c);
}

/*
 * YAML 1.2 section 5.1 and 5.4: C1 controls, the byte order mark and the two last
 * places of the first plane are not printable, and U+0085, U+2028 and U+2029 were
 * line breaks in YAML 1.1. All stand escaped. The bytes taken, or 0.
 */
static size_t yaml_escape(const char *p, struct buf *out)
{
	const unsigned char *u = (const unsigned char *)p;
	unsigned c = 0;

	if (u[0] == 0xC2 && u[1] >= 0x80 && u[1] < 0xA0) {
		buf_addf(out, "\\u%04x", u[1]);
		return 2;
	}
	if ((u[0] == 0xE2 && u[1] == 0x80 && (u[2] == 0xA8 || u[2] == 0xA9)) ||
		(u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF) ||
		(u[0] == 0xEF && u[1] == 0xBF && u[2] >= 0xBE))
		c = (u[0] & 15u) << 12 | (u[1] & 63u) << 6 | (u[2] & 63u);
	if (c == 0)
		return 0;
	buf_addf(out, "\\u%04x", c);
	return 3;
}

/* Between double quotes of sh, of make's recipes, or of a Dockerfile. */
static void shell(unsigned char c, enum template_language lang, struct buf *out)
{
	if (c < 0x20 || c == 0x7F)
		buf_add_char(out, ' ');
	else if (memchr("\"\\$`", c, 4) != NULL &&
		!(c == '`' && lang == TEMPLATE_DOCKERFILE))
		buf_addf(out, c == '$' && lang == TEMPLATE_MAKE ? "\\%c$" : "\\%c", c);
	else
		buf_add_char(out, (char)c);
}

/* An underscore inside a word never marks emphasis (CommonMark section 6.2), so that
 * names of modules stay as they are, also in code and in links. */
static int in_word(const char *text, const char *p)
{
	return *p == '_' && p > text && isalnum((unsigned char)p[-1]) &&
		isalnum((unsigned char)p[1]);
}

/* Length of the run of characters that mean nothing in any of the languages. */
static size_t plain(const char *p)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0"
				   "123456789 .,:;/()+-=";

	return strspn(p, fine);
}

void template_escape(const char *text, enum template_language lang, struct buf *out)
{
	for (const char *p = text; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		size_t taken = plain(p);

		if (taken > 0) {
			buf_add(out, p, taken);
			p += taken - 1;
			continue;
		}
		taken = lang == TEMPLATE_YAML ? yaml_escape(p, out) : 0;
		if (taken > 0) {
			p += taken - 1;
			continue;
		}
		switch (lang) {
		case TEMPLATE_HTML:
			html(c, out);
			break;
		case TEMPLATE_MARKDOWN:
			if (in_word(text, p))
				buf_add_char(out, '_');
			else
				markdown(c, out);
			break;
		case TEMPLATE_SHELL:
		case TEMPLATE_MAKE:
		case TEMPLATE_DOCKERFILE:
			shell(c, lang, out);
			break;
		case TEMPLATE_SQL:
			buf_add_str(out, c == '\'' ? "''" : (char[]){ (char)c, '\0' });
			break;
		case TEMPLATE_HCL:
			if ((c == '$' || c == '%') && p[1] == '{')
				buf_add_char(out, (char)c);
			/* fall through */
		case TEMPLATE_YAML:
		case TEMPLATE_PYTHON:
		case TEMPLATE_JSON:
		case TEMPLATE_TOML:
			backslash(c, lang, out);
			break;
		default:
			buf_add_char(out, (char)c);
		}
	}
}
