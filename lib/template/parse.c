/* Text to tree: tags, delimiters, lines that hold nothing but tags. */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct tag {
	char sigil; /* one of # ^ / > < $ & { ! =, or 0 for a variable */
	struct span name;
	int dynamic;
	const char *begin, *end; /* the whole tag in the text */
};

struct open {
	size_t node, last; /* last child so far */
	int line;
};

struct parser {
	struct tree *t;
	const char *text, *end, *at; /* at: how far text has been turned into nodes */
	const char *name;
	struct span otag, ctag;
	struct open stack[DEPTH_MAX];
	int depth; /* stack[0] is the top level */
	struct err *e;
};

static int line_of(const struct parser *p, const char *at)
{
	int line = 1;

	for (const char *q = p->text; q < at; q++)
		line += *q == '\n';
	return line;
}

static int fail(const struct parser *p, const char *at, const char *what, struct span s)
{
	return err_set(p->e, ERR_INPUT, "%s:%d: %s '%.*s'", p->name, line_of(p, at), what,
		(int)(s.len > 60 ? 60 : s.len), s.at);
}

static int blank(const char *a, const char *b)
{
	for (; a < b; a++)
		if (*a != ' ' && *a != '\t')
			return 0;
	return 1;
}

static struct span trim(const char *a, const char *b)
{
	while (a < b && memchr(" \t\r\n", *a, 4) != NULL)
		a++;
	while (b > a && memchr(" \t\r\n", b[-1], 4) != NULL)
		b--;
	return (struct span){ a, (size_t)(b - a) };
}

static const char *line_start(const struct parser *p, const char *at)
{
	while (at > p->text && at[-1] != '\n')
		at--;
	return at;
}

/* One past the line's end, line break included. */
static const char *line_end(const struct parser *p, const char *at)
{
	const char *nl = memchr(at, '\n', (size_t)(p->end - at));

	return nl == NULL ? p->end : nl + 1;
}

/* Only white space up to and including the line break, or the text's end. */
static int rest_is_blank(const struct parser *p, const char *at)
{
	while (at < p->end && (*at == ' ' || *at == '\t'))
		at++;
	return at == p->end || *at == '\n' ||
		(*at == '\r' && at + 1 < p->end && at[1] == '\n');
}

static size_t add(struct parser *p, struct node n)
{
	struct tree *t = p->t;
	struct open *o = &p->stack[p->depth];

	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 64;
		struct node *nodes = realloc(t->nodes, cap * sizeof(*nodes));

		if (nodes == NULL) {
			err_no_memory(p->e);
			return NONE;
		}
		t->nodes = nodes;
		t->cap = cap;
	}
	n.child = n.next = NONE;
	t->nodes[t->n] = n;
	if (o->last != NONE)
		t->nodes[o->last].next = t->n;
	else if (o->node != NONE)
		t->nodes[o->node].child = t->n;
	else
		t->first = t->n;
	o->last = t->n;
	return t->n++;
}

static int add_text(struct parser *p, const char *to)
{
	struct node n = { .kind = NODE_TEXT, .text = { p->at, (size_t)(to - p->at) } };

	if (to <= p->at)
		return 0;
	n.bol = p->at == p->text || p->at[-1] == '\n';
	return add(p, n) == NONE ? -1 : 0;
}

static int starts(const struct parser *p, const char *at, struct span s)
{
	return (size_t)(p->end - at) >= s.len && memcmp(at, s.at, s.len) == 0;
}

static const char *find(
	const struct parser *p, const char *from, const char *what, size_t len)
{
	return memmem(from, (size_t)(p->end - from), what, len);
}

/* The tag at `at`; -1 when it never ends. */
static int read_tag(const struct parser *p, const char *at, struct tag *tag)
{
	const char *in = at + p->otag.len, *close;
	char triple[40];
	size_t n = 0;

	*tag = (struct tag){ .begin = at };
	if (in < p->end && memchr("#^/><$&{!=", *in, 10) != NULL)
		tag->sigil = *in++;
	if (tag->sigil == '{')
		triple[n++] = '}';
	if (tag->sigil == '=')
		triple[n++] = '=';
	memcpy(triple + n, p->ctag.at, p->ctag.len);
	n += p->ctag.len;
	close = find(p, in, triple, n);
	if (close == NULL)
		return fail(p, at, "a tag is not closed:", trim(at, line_end(p, at)));
	tag->end = close + n;
	tag->name = trim(in, close);
	if ((tag->sigil == '>' || tag->sigil == '<') && tag->name.len > 0 &&
		*tag->name.at == '*') {
		tag->dynamic = 1;
		tag->name = trim(tag->name.at + 1, tag->name.at + tag->name.len);
	}
	if (tag->name.len == 0 && tag->sigil != '!')
		return fail(p, at, "a tag has no name:",
			(struct span){ at, (size_t)(tag->end - at) });
	return 0;
}

static int set_delimiters(struct parser *p, const struct tag *tag)
{
	const char *a = tag->name.at, *end = a + tag->name.len, *b = a;
	struct span close;

	while (b < end && memchr(" \t\r\n", *b, 4) == NULL)
		b++;
	close = trim(b, end);
	if (b == a || close.len == 0 || close.len > 16 || b - a > 16 ||
		memchr(close.at, ' ', close.len) != NULL)
		return fail(p, tag->begin, "delimiters must be two words:", tag->name);
	p->otag = (struct span){ a, (size_t)(b - a) };
	p->ctag = close;
	return 0;
}

/* What stands on a line of nothing but tags. */
struct line_tags {
	int n;          /* tags up to the line's end; 0 when text stands there, too */
	int keep_break; /* the last one closes a block that this line opened */
};

static int is_value(const struct tag *tag)
{
	return tag->sigil == 0 || tag->sigil == '&' || tag->sigil == '{';
}

/* Looks along the line from its first tag. */
static struct line_tags look_along(const struct parser *p, const struct tag *first)
{
	static const struct line_tags mixed = { 0, 0 };
	struct line_tags l = { 0, 0 };
	struct parser copy = *p; /* positions only; nothing is added */
	struct tag tag = *first;
	struct err ignored;
	int opened[DEPTH_MAX], n_opened = 0;

	copy.e = &ignored;
	for (;;) {
		if (is_value(&tag))
			return mixed;
		l.n++;
		l.keep_break =
			tag.sigil == '/' && n_opened > 0 && opened[--n_opened] == '$';
		if (memchr("#^<$", tag.sigil, 4) != NULL && n_opened < DEPTH_MAX)
			opened[n_opened++] = tag.sigil;
		if (rest_is_blank(p, tag.end))
			return l;
		if (line_end(p, tag.begin) < tag.end || !starts(p, tag.end, p->otag) ||
			read_tag(&copy, tag.end, &tag) < 0)
			return mixed;
	}
}

/* Does this tag's line hold nothing but tags? *strip_break: so that the whole line
 * vanishes from the output. */
static int line_is_tags(const struct parser *p, const struct tag *tag, int *strip_break)
{
	struct line_tags l;

	*strip_break = 0;
	if (!blank(line_start(p, tag->begin), tag->begin))
		return 0;
	l = look_along(p, tag);
	*strip_break = l.n > 0 && !l.keep_break;
	return l.n > 0;
}

static int close_section(struct parser *p, const struct tag *tag)
{
	const struct node *n;

	if (p->depth == 0)
		return fail(p, tag->begin, "nothing is open to be closed by", tag->name);
	n = &p->t->nodes[p->stack[p->depth].node];
	if (n->text.len != tag->name.len ||
		memcmp(n->text.at, tag->name.at, tag->name.len) != 0)
		return fail(p, tag->begin,
			"this closes something else than what is open:", tag->name);
	p->depth--;
	return 0;
}

static int open_section(struct parser *p, struct node n, const char *begin)
{
	size_t i;

	if (p->depth + 1 >= DEPTH_MAX)
		return fail(p, begin, "sections are nested too deeply at", n.text);
	i = add(p, n);
	if (i == NONE)
		return -1;
	p->depth++;
	p->stack[p->depth] = (struct open){ i, NONE, n.line };
	return 0;
}

static struct span leading_space(const struct parser *p, const char *at)
{
	const char *q = at;

	while (q < p->end && (*q == ' ' || *q == '\t'))
		q++;
	return (struct span){ at, (size_t)(q - at) };
}

static int add_tag(
	struct parser *p, const struct tag *tag, int standalone, const char *line)
{
	static const struct {
		char sigil;
		enum node_kind kind;
	} kinds[] = { { 0, NODE_ESCAPED }, { '&', NODE_RAW }, { '{', NODE_RAW },
		{ '#', NODE_SECTION }, { '^', NODE_INVERTED }, { '>', NODE_PARTIAL },
		{ '<', NODE_PARENT }, { '$', NODE_BLOCK } };
	struct node n = {
		.text = tag->name, .dynamic = tag->dynamic, .standalone = standalone
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].sigil == tag->sigil)
			n.kind = kinds[i].kind;
	n.line = line_of(p, tag->begin);
	n.bol = !standalone && (tag->begin == p->text || tag->begin[-1] == '\n');
	if (blank(line, tag->begin))
		n.indent = (struct span){ line, (size_t)(tag->begin - line) };
	if (n.kind == NODE_BLOCK && standalone && rest_is_blank(p, tag->end))
		n.intrinsic = leading_space(p, line_end(p, tag->end));
	if (n.kind == NODE_SECTION || n.kind == NODE_INVERTED || n.kind == NODE_PARENT ||
		n.kind == NODE_BLOCK)
		return open_section(p, n, tag->begin);
	return add(p, n) == NONE ? -1 : 0;
}

/* Text before the tag, then the tag; p->at moves behind both. `tags_only` tells
 * whether the tag's line holds tags alone, carried along that line. */
static int take_tag(
	struct parser *p, const struct tag *tag, const char **tags_line, int *strip)
{
	const char *line = line_start(p, tag->begin);
	int on_tags_line = *tags_line == line, first = 0;

	if (!on_tags_line && p->at <= tag->begin && line_is_tags(p, tag, strip)) {
		*tags_line = line;
		on_tags_line = first = 1;
	}
	if (add_text(p, first && *strip && line >= p->at ? line : tag->begin) < 0)
		return -1;
	p->at = tag->end;
	if (tag->sigil == '='               ? set_delimiters(p, tag) < 0
			: tag->sigil == '/' ? close_section(p, tag) < 0
			: tag->sigil != '!'
			? add_tag(p, tag, on_tags_line && *strip, line) < 0
			: 0)
		return -1;
	if (on_tags_line && *strip && rest_is_blank(p, tag->end))
		p->at = line_end(p, tag->end);
	return 0;
}

int template_tree_read(
	struct tree *t, const char *text, size_t len, const char *name, struct err *e)
{
	struct parser p = { .t = t,
		.text = text,
		.end = text + len,
		.at = text,
		.name = name,
		.otag = { "{{", 2 },
		.ctag = { "}}", 2 },
		.e = e };
	const char *tags_line = NULL, *found;
	struct tag tag;
	int strip = 0;

	*t = (struct tree){ .first = NONE };
	p.stack[0] = (struct open){ NONE, NONE, 0 };
	while ((found = find(&p, p.at, p.otag.at, p.otag.len)) != NULL)
		if (read_tag(&p, found, &tag) < 0 ||
			take_tag(&p, &tag, &tags_line, &strip) < 0)
			return -1;
	if (p.depth > 0)
		return err_set(e, ERR_INPUT, "%s:%d: section '%.*s' is not closed", name,
			p.stack[p.depth].line,
			(int)t->nodes[p.stack[p.depth].node].text.len,
			t->nodes[p.stack[p.depth].node].text.at);
	return add_text(&p, p.end);
}

void template_tree_release(struct tree *t)
{
	free(t->nodes);
	*t = (struct tree){ .first = NONE };
}
