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
		JSON_EACH(item, v) {
			buf_add_str(out, first ? "" : ", ");
			hcl_value(item, out);
			first = 0;
		}
		buf_add_char(out, ']');
		return;
	case JSON_OBJECT:
		buf_add_str(out, "{");
		JSON_EACH(m, v) {
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
		return json_is(json_first(v), JSON_NUMBER) ? "list(number)" : "list(string)";
	case JSON_OBJECT:
		return "map(string)";
	default:
		return "string";
	}
}
