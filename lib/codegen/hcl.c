/* Literals of the HashiCorp Configuration Language. */
#include "parts.h"

#include <string.h>

void hcl_string(const char *text, struct buf *out)
{
	buf_add_char(out, '"');
	template_escape(text, TEMPLATE_HCL, out);
	buf_add_char(out, '"');
}

void hcl_value(const cJSON *v, struct buf *out)
{
	int first = 1;

	switch (json_type(v)) {
	case JSON_STRING:
		hcl_string(json_text(v), out);
		return;
	case JSON_ARRAY:
		buf_add_char(out, '[');
		JSON_EACH (item, v) {
			buf_add_str(out, first ? "" : ", ");
			hcl_value(item, out);
			first = 0;
		}
		buf_add_char(out, ']');
		return;
	case JSON_OBJECT:
		buf_add_str(out, "{");
		JSON_EACH (m, v) {
			buf_add_str(out, first ? " " : ", ");
			hcl_string(json_key(m), out);
			buf_add_str(out, " = ");
			hcl_value(m, out);
			first = 0;
		}
		buf_add_str(out, first ? "}" : " }");
		return;
	case JSON_NUMBER:
	case JSON_BOOL:
		json_print(v, JSON_COMPACT, out);
		return;
	default:
		buf_add_str(out, "null");
	}
}

const char *hcl_type(const cJSON *v)
{
	switch (json_type(v)) {
	case JSON_NUMBER:
		return "number";
	case JSON_BOOL:
		return "bool";
	case JSON_ARRAY:
		return json_is(json_first(v), JSON_NUMBER) ? "list(number)"
							   : "list(string)";
	case JSON_OBJECT:
		return "map(string)";
	default:
		return "string";
	}
}

/* ---- alignment, as terraform fmt has it ---- */

/* Where the `=` of an assignment stands in a line whose brackets are balanced after
 * it; 0 when the line is no such assignment. */
static size_t assignment(const char *line, size_t len)
{
	size_t eq = 0;
	int quoted = 0, net = 0;

	for (size_t i = 0; i < len; i++) {
		char c = line[i];

		if (quoted && c == '\\') {
			i++;
			continue;
		}
		if (c == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (c == '#' || (c == '/' && i + 1 < len && line[i + 1] == '/'))
			break;
		if (eq == 0 && (c == '(' || c == '[' || c == '{'))
			return 0;
		if (eq == 0 && c == '=' && i > 0 && i + 1 < len && line[i + 1] == ' ' &&
			line[i - 1] == ' ')
			eq = i;
		net += (c == '(' || c == '[' || c == '{') -
			(c == ')' || c == ']' || c == '}');
	}
	return net == 0 ? eq : 0;
}

/* The end of what stands before the `=`, without the spaces. */
static size_t name_end(const char *line, size_t eq)
{
	while (eq > 0 && line[eq - 1] == ' ')
		eq--;
	return eq;
}

/* The lines from `at` on that are assignments one after the other, and the widest. */
static const char *chain_end(const char *at, const char *end, size_t *width)
{
	*width = 0;
	while (at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t len = nl == NULL ? (size_t)(end - at) : (size_t)(nl - at);
		size_t eq = assignment(at, len);

		if (eq == 0)
			break;
		if (name_end(at, eq) > *width)
			*width = name_end(at, eq);
		at += len + (nl != NULL);
	}
	return at;
}

void hcl_align(const char *text, size_t len, struct buf *out)
{
	const char *at = text, *end = text + len;

	while (at < end) {
		size_t width;
		const char *stop = chain_end(at, end, &width);

		while (at < stop) {
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			size_t n =
				nl == NULL ? (size_t)(end - at) : (size_t)(nl - at) + 1;
			size_t eq = assignment(at, nl == NULL ? n : n - 1),
			       name = name_end(at, eq);

			buf_add(out, at, name);
			buf_addf(out, "%*s", (int)(width - name + 1), "");
			buf_add(out, at + eq, n - eq);
			at += n;
		}
		if (at < end) { /* a line that is no assignment */
			const char *nl = memchr(at, '\n', (size_t)(end - at));
			size_t n =
				nl == NULL ? (size_t)(end - at) : (size_t)(nl - at) + 1;

			buf_add(out, at, n);
			at += n;
		}
	}
}
