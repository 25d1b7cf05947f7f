#include "hcl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct reader {
	const char *s;
	size_t len, i, line;
	unsigned depth;
	struct err *e;
};

static int parse_body(struct reader *r, struct hcl_body *body, int nested);
static int parse_value(struct reader *r, struct hcl_value *v, int in_brackets);

static int bad(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "line %zu: %s", r->line, what);
}

static int peek(const struct reader *r, size_t ahead)
{
	return r->i + ahead < r->len ? (unsigned char)r->s[r->i + ahead] : -1;
}

static void advance(struct reader *r, size_t n)
{
	while (n-- > 0 && r->i < r->len)
		if (r->s[r->i++] == '\n')
			r->line++;
}

/* White space and comments; line ends only when they mean nothing here. */
static int skip(struct reader *r, int over_lines)
{
	for (;;) {
		int c = peek(r, 0);

		if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && over_lines)) {
			advance(r, 1);
		} else if (c == '#' || (c == '/' && peek(r, 1) == '/')) {
			while (r->i < r->len && r->s[r->i] != '\n')
				r->i++;
		} else if (c == '/' && peek(r, 1) == '*') {
			const char *end = memmem(r->s + r->i, r->len - r->i, "*/", 2);

			if (end == NULL)
				return bad(r, "a comment is not closed");
			advance(r, (size_t)(end - (r->s + r->i)) + 2);
		} else {
			return 0;
		}
	}
}

static size_t ident_len(const struct reader *r)
{
	size_t n = 0;
	int c = peek(r, 0);

	if (c < 0 || !(isalpha(c) || c == '_' || c >= 0x80))
		return 0;
	for (; (c = peek(r, n)) >= 0 &&
		(isalnum(c) || c == '_' || c == '-' || c >= 0x80);)
		n++;
	return n;
}

static char *take_text(struct reader *r, size_t from, size_t to)
{
	char *t = strndup(r->s + from, to - from);

	if (t == NULL)
		(void)err_no_memory(r->e);
	return t;
}

static void *grow(void *at, size_t n, size_t size, struct err *e)
{
	void *p;

	if (n > 0 && (n & (n - 1)) != 0)
		return at; /* room is made at each power of two */
	p = realloc(at, (n == 0 ? 1 : n * 2) * size);
	if (p == NULL)
		(void)err_no_memory(e);
	return p;
}

/* ---- strings ---- */

/* Past "${ ... }" or "%{ ... }", strings inside included. */
static int skip_template(struct reader *r)
{
	size_t depth = 1;

	advance(r, 2);
	while (depth > 0) {
		int c = peek(r, 0);

		if (c < 0)
			return bad(r, "an interpolation is not closed");
		if (c == '"') {
			struct hcl_value inner = { 0 };
			int ret;

			if (++r->depth > HCL_DEPTH_MAX)
				return bad(r, "nested too deeply");
			ret = parse_value(r, &inner, 2);
			r->depth--;
			free(inner.text);
			if (ret < 0)
				return -1;
			continue;
		}
		depth += c == '{';
		depth -= c == '}';
		advance(r, 1);
	}
	return 0;
}

static int read_escape(struct reader *r, struct buf *b)
{
	int c = peek(r, 1), digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
	unsigned long cp = 0;

	if (digits == 0) {
		static const char from[] = "nrt\"\\", to[] = "\n\r\t\"\\";
		const char *at = c > 0 ? strchr(from, c) : NULL;

		if (at == NULL)
			return bad(r, "an escape that HCL does not know");
		buf_add_char(b, to[at - from]);
		advance(r, 2);
		return 0;
	}
	for (int k = 0; k < digits; k++) {
		int d = peek(r, 2 + (size_t)k);

		if (d < 0 || !isxdigit(d))
			return bad(r, "a \\u escape needs hexadecimal digits");
		cp = cp * 16 +
			(unsigned long)(isdigit(d) ? d - '0' : tolower(d) - 'a' + 10);
	}
	if (cp == 0 || cp > 0x10FFFF)
		return bad(r, "an escape beyond Unicode");
	if (cp < 0x80) {
		buf_add_char(b, (char)cp);
	} else if (cp < 0x800) {
		buf_add_char(b, (char)(0xC0 | (cp >> 6)));
		buf_add_char(b, (char)(0x80 | (cp & 0x3F)));
	} else {
		if (cp < 0x10000) {
			buf_add_char(b, (char)(0xE0 | (cp >> 12)));
		} else {
			buf_add_char(b, (char)(0xF0 | (cp >> 18)));
			buf_add_char(b, (char)(0x80 | ((cp >> 12) & 0x3F)));
		}
		buf_add_char(b, (char)(0x80 | ((cp >> 6) & 0x3F)));
		buf_add_char(b, (char)(0x80 | (cp & 0x3F)));
	}
	advance(r, 2 + (size_t)digits);
	return 0;
}

/* A quoted string: its value, or with interpolation its source (*plain = 0). */
static int read_string(struct reader *r, char **out, int *plain)
{
	size_t start = r->i;
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret = -1, c;

	*plain = 1;
	advance(r, 1);
	while ((c = peek(r, 0)) != '"') {
		if (c < 0 || c == '\n') {
			bad(r, "a string is not closed");
			goto out;
		}
		if ((c == '$' || c == '%') && peek(r, 1) == c && peek(r, 2) == '{') {
			buf_add_char(&b, (char)c); /* $${ is a literal ${ */
			buf_add_char(&b, '{');
			advance(r, 3);
		} else if ((c == '$' || c == '%') && peek(r, 1) == '{') {
			*plain = 0;
			if (skip_template(r) < 0)
				goto out;
		} else if (c == '\\') {
			if (read_escape(r, &b) < 0)
				goto out;
		} else {
			buf_add_char(&b, (char)c);
			advance(r, 1);
		}
	}
	advance(r, 1);
	if (buf_ok(&b, r->e) < 0)
		goto out;
	*out = *plain ? buf_take(&b) : take_text(r, start, r->i);
	if (*out == NULL)
		(void)err_no_memory(r->e);
	ret = *out == NULL ? -1 : 0;
out:
	buf_release(&b);
	return ret;
}

/* <<EOT ... EOT and <<-EOT; the text as it stands, without the marker lines. */
static int read_heredoc(struct reader *r, struct hcl_value *v)
{
	size_t n, mark, start, end;

	advance(r, peek(r, 2) == '-' ? 3 : 2);
	n = ident_len(r);
	mark = r->i;
	if (n == 0)
		return bad(r, "a heredoc needs a marker");
	advance(r, n);
	if (skip(r, 0) < 0 || peek(r, 0) != '\n')
		return bad(r, "a heredoc's marker must end its line");
	advance(r, 1);
	start = r->i;
	for (;;) {
		size_t line = r->i, k = 0;

		if (r->i >= r->len)
			return bad(r, "a heredoc is not closed");
		while (peek(r, k) == ' ' || peek(r, k) == '\t')
			k++;
		if (r->i + k + n <= r->len &&
			memcmp(r->s + r->i + k, r->s + mark, n) == 0) {
			int c = peek(r, k + n);

			if (c == '\n' || c == '\r' || c < 0) {
				end = line;
				advance(r, k + n);
				break;
			}
		}
		while (peek(r, 0) != '\n' && peek(r, 0) >= 0)
			r->i++;
		advance(r, 1);
	}
	v->text = take_text(r, start, end);
	if (v->text == NULL)
		return -1;
	v->kind = strstr(v->text, "${") || strstr(v->text, "%{") ? HCL_EXPR : HCL_STRING;
	return 0;
}

/* ---- expressions ---- */

static void value_release(struct hcl_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		value_release(&v->items[i]);
		if (v->keys != NULL)
			free(v->keys[i]);
	}
	free(v->items);
	free(v->keys);
	free(v->text);
	*v = (struct hcl_value){ .line = v->line };
}

/* 1 when the expression that was just read is a whole one. */
static int at_end(struct reader *r, int in_brackets)
{
	int c;

	if (skip(r, in_brackets) < 0)
		return 0;
	c = peek(r, 0);
	return c < 0 || c == '\n' || c == '}' || c == ',' ||
		(in_brackets && (c == ']' || c == ')'));
}

/* Any expression, as its text: up to the line's end, a comma or the closing
 * bracket that is not its own. */
static int read_raw(struct reader *r, struct hcl_value *v, int in_brackets)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	size_t depth = 0;
	int ret = -1, space = 0;

	for (;;) {
		int c = peek(r, 0);
		size_t from = r->i;

		if (c < 0 ||
			(depth == 0 && (c == ',' || c == ')' || c == ']' || c == '}')) ||
			(c == '\n' && depth == 0 && !in_brackets))
			break;
		if (c == '\n' && depth == 0 && in_brackets == 3)
			break;
		if (c == '"') {
			char *t = NULL;
			int plain;

			if (read_string(r, &t, &plain) < 0)
				goto out;
			free(t);
		} else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '#' ||
			(c == '/' && (peek(r, 1) == '/' || peek(r, 1) == '*'))) {
			if (skip(r, depth > 0 || (in_brackets && in_brackets != 3)) < 0)
				goto out;
			space = 1;
			if (r->i == from)
				break;
			continue;
		} else {
			depth += c == '(' || c == '[' || c == '{';
			depth -= c == ')' || c == ']' || c == '}';
			advance(r, 1);
		}
		if (space && b.len > 0)
			buf_add_char(&b, ' ');
		space = 0;
		buf_add(&b, r->s + from, r->i - from);
	}
	if (depth > 0) {
		bad(r, "a bracket is not closed");
		goto out;
	}
	if (b.len == 0) {
		bad(r, "an expression is missing");
		goto out;
	}
	v->kind = HCL_EXPR;
	v->text = buf_ok(&b, r->e) < 0 ? NULL : buf_take(&b);
	ret = v->text == NULL ? -1 : 0;
out:
	buf_release(&b);
	return ret;
}

static struct hcl_value *push_item(struct reader *r, struct hcl_value *v)
{
	struct hcl_value *items = grow(v->items, v->n, sizeof(*items), r->e);

	if (items == NULL)
		return NULL;
	v->items = items;
	items[v->n] = (struct hcl_value){ .line = r->line };
	return &items[v->n];
}

/* "[a, b]" or the arguments of a call; the opening bracket is at r->i. 1: not a
 * plain list (a `for`, a splat): read it as text. */
static int read_items(struct reader *r, struct hcl_value *v, char closing)
{
	advance(r, 1);
	for (;;) {
		struct hcl_value *item;

		if (skip(r, 1) < 0)
			return -1;
		if (peek(r, 0) == closing) {
			advance(r, 1);
			return 0;
		}
		if (ident_len(r) == 3 && memcmp(r->s + r->i, "for", 3) == 0)
			return 1;
		item = push_item(r, v);
		if (item == NULL)
			return -1;
		v->n++;
		if (parse_value(r, item, 1) < 0 || skip(r, 1) < 0)
			return -1;
		if (peek(r, 0) == ',')
			advance(r, 1);
		else if (peek(r, 0) != closing)
			return 1;
	}
}

static char *read_key(struct reader *r)
{
	size_t n = ident_len(r), from = r->i;
	struct hcl_value raw = { 0 };
	char *text = NULL;
	int plain;

	if (n > 0) {
		advance(r, n);
		if (skip(r, 0) == 0 && (peek(r, 0) == '=' || peek(r, 0) == ':'))
			return take_text(r, from, from + n);
		bad(r, "an object's key needs '='");
		return NULL;
	}
	if (peek(r, 0) == '"')
		return read_string(r, &text, &plain) < 0 ? NULL : text;
	if (peek(r, 0) == '(') {
		advance(r, 1);
		if (read_raw(r, &raw, 1) < 0)
			return NULL;
		advance(r, 1);
		return raw.text;
	}
	if (isdigit(peek(r, 0))) {
		while (isdigit(peek(r, 0)))
			advance(r, 1);
		return take_text(r, from, r->i);
	}
	bad(r, "an object's key is missing");
	return NULL;
}

static int read_object(struct reader *r, struct hcl_value *v)
{
	advance(r, 1);
	for (;;) {
		struct hcl_value *item;
		char **keys, *key;

		if (skip(r, 1) < 0)
			return -1;
		if (peek(r, 0) == '}') {
			advance(r, 1);
			return 0;
		}
		if (ident_len(r) == 3 && memcmp(r->s + r->i, "for", 3) == 0 &&
			peek(r, 3) == ' ')
			return 1;
		item = push_item(r, v);
		keys = item == NULL ? NULL : grow(v->keys, v->n, sizeof(*keys), r->e);
		if (keys == NULL)
			return -1;
		v->keys = keys;
		key = read_key(r);
		if (key == NULL)
			return -1;
		keys[v->n++] = key;
		if (skip(r, 0) < 0)
			return -1;
		if (peek(r, 0) != '=' && peek(r, 0) != ':')
			return bad(r, "an object's key needs '='");
		advance(r, 1);
		if (parse_value(r, item, 3) < 0 || skip(r, 1) < 0)
			return -1;
		if (peek(r, 0) == ',')
			advance(r, 1);
	}
}

static int read_number(struct reader *r, struct hcl_value *v)
{
	char digits[64], *end;
	size_t n = 0;
	int c = peek(r, 0);

	while (n + 1 < sizeof(digits) &&
		(isdigit(c) || (c > 0 && strchr(".eE", c) != NULL) ||
			((c == '-' || c == '+') &&
				(n == 0 || tolower(digits[n - 1]) == 'e')))) {
		digits[n++] = (char)c;
		c = peek(r, n);
	}
	digits[n] = '\0';
	v->number = strtod(digits, &end);
	if (n == 0 || *end != '\0')
		return 1;
	v->kind = HCL_NUMBER;
	advance(r, n);
	return 0;
}

/* true, false, null, a call; 1 for anything else. */
static int read_word(struct reader *r, struct hcl_value *v)
{
	size_t n = ident_len(r), from = r->i;

	if (peek(r, n) == '(') {
		advance(r, n);
		v->kind = HCL_CALL;
		v->text = take_text(r, from, from + n);
		return v->text == NULL ? -1 : read_items(r, v, ')');
	}
	if ((n == 4 && memcmp(r->s + from, "true", 4) == 0) ||
		(n == 5 && memcmp(r->s + from, "false", 5) == 0)) {
		v->kind = HCL_BOOL;
		v->boolean = n == 4;
	} else if (n == 4 && memcmp(r->s + from, "null", 4) == 0) {
		v->kind = HCL_NULL;
	} else {
		return 1;
	}
	advance(r, n);
	return 0;
}

static int read_plain(struct reader *r, struct hcl_value *v)
{
	int c = peek(r, 0), plain = 1, ret;

	switch (c) {
	case '"':
		ret = read_string(r, &v->text, &plain);
		v->kind = plain ? HCL_STRING : HCL_EXPR;
		return ret;
	case '[':
		v->kind = HCL_LIST;
		return read_items(r, v, ']');
	case '{':
		v->kind = HCL_OBJECT;
		return read_object(r, v);
	case '<':
		return peek(r, 1) == '<' ? read_heredoc(r, v) : 1;
	default:
		if (c >= 0 && (isdigit(c) || c == '-'))
			return read_number(r, v);
		return ident_len(r) > 0 ? read_word(r, v) : 1;
	}
}

/*
 * in_brackets: 0 an argument, which ends with its line; 1 in a list or call; 2 a
 * string alone (inside an interpolation); 3 a member of an object, which ends with
 * its line, too.
 */
static int parse_value(struct reader *r, struct hcl_value *v, int in_brackets)
{
	struct reader start;
	int ret;

	if (in_brackets != 2 && skip(r, in_brackets == 1) < 0)
		return -1;
	v->line = r->line;
	start = *r;
	if (++r->depth > HCL_DEPTH_MAX)
		return bad(r, "nested too deeply");
	ret = read_plain(r, v);
	r->depth = start.depth;
	if (ret < 0 || in_brackets == 2)
		return ret;
	if (ret == 0 && at_end(r, in_brackets == 1))
		return 0;
	value_release(v);
	*r = start;
	return read_raw(r, v, in_brackets);
}

/* ---- bodies ---- */

static int add_attr(struct reader *r, struct hcl_body *body, char *name)
{
	struct hcl_attr *attrs = grow(body->attrs, body->n_attrs, sizeof(*attrs), r->e);

	if (attrs == NULL) {
		free(name);
		return -1;
	}
	body->attrs = attrs;
	attrs[body->n_attrs] = (struct hcl_attr){ .name = name };
	return parse_value(r, &attrs[body->n_attrs++].value, 0);
}

static int read_labels(struct reader *r, struct hcl_block *b)
{
	while (peek(r, 0) != '{') {
		size_t n = ident_len(r), from = r->i;
		char **labels = grow(b->labels, b->n_labels, sizeof(*labels), r->e),
		     *text = NULL;
		int plain;

		if (labels == NULL)
			return -1;
		b->labels = labels;
		if (n > 0) {
			advance(r, n);
			text = take_text(r, from, r->i);
		} else if (peek(r, 0) == '"') {
			if (read_string(r, &text, &plain) < 0)
				return -1;
		} else {
			return bad(r, "expected '=', a label or '{'");
		}
		if (text == NULL)
			return -1;
		labels[b->n_labels++] = text;
		if (skip(r, 0) < 0)
			return -1;
	}
	advance(r, 1);
	return 0;
}

static int add_block(struct reader *r, struct hcl_body *body, char *type, size_t line)
{
	struct hcl_block *blocks = grow(
				 body->blocks, body->n_blocks, sizeof(*blocks), r->e),
			 *b;
	int ret;

	if (blocks == NULL) {
		free(type);
		return -1;
	}
	body->blocks = blocks;
	b = &blocks[body->n_blocks++];
	*b = (struct hcl_block){ .type = type, .line = line };
	if (read_labels(r, b) < 0)
		return -1;
	if (++r->depth > HCL_DEPTH_MAX)
		return bad(r, "nested too deeply");
	ret = parse_body(r, &b->body, 1);
	r->depth--;
	return ret;
}

static int parse_body(struct reader *r, struct hcl_body *body, int nested)
{
	for (;;) {
		size_t n, from, line;
		char *name;

		if (skip(r, 1) < 0)
			return -1;
		if (peek(r, 0) < 0)
			return nested ? bad(r, "a block is not closed") : 0;
		if (peek(r, 0) == '}' && nested) {
			advance(r, 1);
			return 0;
		}
		n = ident_len(r);
		from = r->i;
		line = r->line;
		if (n == 0)
			return bad(r, "expected the name of an argument or block");
		advance(r, n);
		name = take_text(r, from, from + n);
		if (name == NULL)
			return -1;
		if (skip(r, 0) < 0) {
			free(name);
			return -1;
		}
		if (peek(r, 0) == '=' && peek(r, 1) != '=') {
			advance(r, 1);
			if (add_attr(r, body, name) < 0)
				return -1;
		} else if (add_block(r, body, name, line) < 0) {
			return -1;
		}
	}
}

int hcl_parse(const char *text, size_t len, struct hcl_body *body, struct err *e)
{
	struct reader r = { .s = text, .len = len, .line = 1, .e = e };

	*body = (struct hcl_body){ 0 };
	if (memchr(text, '\0', len) != NULL)
		return err_set(e, ERR_INPUT, "line 1: the file has a NUL byte");
	if (parse_body(&r, body, 0) < 0) {
		hcl_release(body);
		return -1;
	}
	return 0;
}

void hcl_release(struct hcl_body *body)
{
	for (size_t i = 0; i < body->n_attrs; i++) {
		free(body->attrs[i].name);
		value_release(&body->attrs[i].value);
	}
	for (size_t i = 0; i < body->n_blocks; i++) {
		struct hcl_block *b = &body->blocks[i];

		for (size_t k = 0; k < b->n_labels; k++)
			free(b->labels[k]);
		free(b->labels);
		free(b->type);
		hcl_release(&b->body);
	}
	free(body->attrs);
	free(body->blocks);
	*body = (struct hcl_body){ 0 };
}
