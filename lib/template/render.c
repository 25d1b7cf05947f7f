/* Tree and view to text: context stack, partials, block overrides, indentation. */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "tree.h"

#define DEPTH_MAX 64

/* Values that names are looked up in, innermost first. */
struct scope {
	const cJSON *value;
	const struct scope *outer;
};

/* The blocks that a {{<parent}} tag overrides; the outermost one wins. */
struct frame {
	const struct tree *tree;
	size_t first; /* first node inside the parent tag */
	const struct frame *outer;
};

/* Where in the output's layout a piece of template stands. */
struct place {
	const char *indent; /* put before each line */
	size_t indent_len;
	size_t dedent; /* white space taken from the start of each source line */
	int begin;     /* the first node counts as beginning a line */
};

struct renderer {
	const char *name;
	enum template_language lang;
	const struct template_partials *partials;
	struct buf *out;
	int depth;
	struct err *e;
};

static int render(struct renderer *r, const struct tree *t, size_t first,
	const struct scope *s, const struct frame *frames, struct place at);

static int fail(const struct renderer *r, const struct node *n, const char *what)
{
	return err_set(r->e, ERR_INPUT, "%s:%d: %s '%.*s'", r->name, n->line, what,
		(int)(n->text.len > 80 ? 80 : n->text.len), n->text.at);
}

/* ---- values ---- */

static const cJSON *member(const cJSON *v, const char *name, size_t len)
{
	char key[128];

	if (len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return json_get(v, key);
}

/* "a.b.c": a by the scopes, the rest inside what was found. "." is the value itself. */
static const cJSON *lookup(const struct scope *s, struct span name)
{
	const char *p = name.at, *end = name.at + name.len;
	const char *dot = memchr(p, '.', name.len);
	const cJSON *v = NULL;

	if (name.len == 1 && *p == '.')
		return s->value;
	for (; s != NULL && v == NULL; s = s->outer)
		v = member(s->value, p, dot == NULL ? name.len : (size_t)(dot - p));
	while (v != NULL && dot != NULL) {
		p = dot + 1;
		dot = memchr(p, '.', (size_t)(end - p));
		v = member(v, p, (size_t)((dot == NULL ? end : dot) - p));
	}
	return v;
}

static int truthy(const cJSON *v)
{
	switch (json_type(v)) {
	case JSON_BOOL:
		return json_true(v);
	case JSON_NUMBER:
		return json_number(v, 0) != 0;
	case JSON_STRING:
		return json_text(v)[0] != '\0';
	case JSON_ARRAY:
		return json_first(v) != NULL;
	case JSON_OBJECT:
		return 1;
	default:
		return 0;
	}
}

static int variable(struct renderer *r, const struct node *n, const struct scope *s)
{
	int strict = r->partials != NULL && r->partials->strict;
	const cJSON *v = lookup(s, n->text);
	struct buf text = BUF_INIT(r->out->max);

	if (v == NULL)
		return strict ? fail(r, n, "the view has no") : 0;
	if (strict && n->kind == NODE_RAW)
		return fail(r, n, "unescaped is refused:");
	switch (json_type(v)) {
	case JSON_STRING:
		buf_add_str(&text, json_text(v));
		break;
	case JSON_NULL:
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		if (strict)
			return fail(r, n, "a list or an object has no text:");
		/* fall through */
	default:
		json_print(v, JSON_COMPACT, &text);
	}
	if (n->kind == NODE_RAW)
		buf_add(r->out, text.ptr, text.len);
	else
		template_escape(text.ptr, r->lang, r->out);
	r->out->failed |= text.failed;
	buf_release(&text);
	return 0;
}

/* ---- lines ---- */

static int at_line_start(const struct renderer *r)
{
	return r->out->len == 0 || r->out->ptr[r->out->len - 1] == '\n';
}

static void indent(struct renderer *r, const struct place *at)
{
	if (at->indent_len > 0 && at_line_start(r))
		buf_add(r->out, at->indent, at->indent_len);
}

static void text(struct renderer *r, const struct node *n, const struct place *at)
{
	const char *p = n->text.at, *end = p + n->text.len;
	int bol = n->bol, begin = at->begin;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl == NULL ? end : nl + 1;

		for (size_t i = 0;
			bol && i < at->dedent && p < stop && (*p == ' ' || *p == '\t');
			i++)
			p++;
		if ((bol || begin) && p < stop && *p != '\n' && *p != '\r')
			indent(r, at);
		buf_add(r->out, p, (size_t)(stop - p));
		p = stop;
		bol = 1;
	}
}

/* The place of what a tag brings in: the tag's own indentation below ours. The
 * text is kept in `room`, released by the caller. */
static struct place inner_place(
	const struct place *at, struct span own, size_t dedent, struct buf *room)
{
	size_t cut = own.len < at->dedent ? own.len : at->dedent;

	buf_add(room, at->indent, at->indent_len);
	buf_add(room, own.at + cut, own.len - cut);
	return (struct place){ room->ptr, room->len, dedent, 1 };
}

/* ---- tags ---- */

static int section(struct renderer *r, const struct tree *t, const struct node *n,
	const struct scope *s, const struct frame *frames, struct place at)
{
	const cJSON *v = lookup(s, n->text);
	struct scope inner = { v, s };

	if (n->kind == NODE_INVERTED)
		return truthy(v) ? 0 : render(r, t, n->child, s, frames, at);
	if (!truthy(v))
		return 0;
	if (!json_is(v, JSON_ARRAY))
		return render(r, t, n->child, &inner, frames, at);
	JSON_EACH (item, v) {
		inner.value = item;
		if (render(r, t, n->child, &inner, frames, at) < 0)
			return -1;
	}
	return 0;
}

/* {{>x}} and {{<x}}: another template, read and rendered here. */
static int include(struct renderer *r, const struct tree *t, const struct node *n,
	const struct scope *s, const struct frame *frames, struct place at)
{
	struct frame mine = { t, n->child, frames };
	struct buf name = BUF_INIT(1024), room = BUF_INIT(4096);
	struct tree inner = { .first = NONE };
	const char *outer_name = r->name, *tpl = NULL;
	const cJSON *v = n->dynamic ? lookup(s, n->text) : NULL;
	struct place place = { "", 0, 0, 0 };
	size_t len = 0;
	int ret = 0;

	if (n->dynamic)
		buf_add_str(&name, json_text(v) != NULL ? json_text(v) : "");
	else
		buf_add(&name, n->text.at, n->text.len);
	if (r->partials != NULL && r->partials->find != NULL && name.len > 0)
		tpl = r->partials->find(r->partials->arg, name.ptr, &len);
	if (tpl == NULL) {
		if (r->partials != NULL && r->partials->strict)
			ret = fail(r, n, "no such partial:");
		goto out;
	}
	if (n->standalone)
		place = inner_place(&at, n->indent, 0, &room);
	ret = template_tree_read(&inner, tpl, len, name.ptr, r->e);
	r->name = name.ptr;
	if (ret == 0)
		ret = render(r, &inner, inner.first, s,
			n->kind == NODE_PARENT ? &mine : frames, place);
	r->name = outer_name;
	template_tree_release(&inner);
out:
	r->out->failed |= name.failed | room.failed;
	buf_release(&name);
	buf_release(&room);
	return ret;
}

static const struct node *override_in(const struct frame *f, struct span name)
{
	for (size_t i = f->first; i != NONE; i = f->tree->nodes[i].next) {
		const struct node *n = &f->tree->nodes[i];

		if (n->kind == NODE_BLOCK && n->text.len == name.len &&
			memcmp(n->text.at, name.at, name.len) == 0)
			return n;
	}
	return NULL;
}

/* The outermost frame that overrides the block, or NULL. */
static const struct frame *overrider(const struct frame *f, struct span name)
{
	const struct frame *found = NULL;

	for (; f != NULL; f = f->outer)
		if (override_in(f, name) != NULL)
			found = f;
	return found;
}

/* {{$x}}: what the outermost override holds, in place of what stands here; its
 * own indentation goes, that of the content here (else of the tag) comes. */
static int block(struct renderer *r, const struct tree *t, const struct node *n,
	const struct scope *s, const struct frame *frames, struct place at)
{
	const struct frame *f = overrider(frames, n->text);
	const struct node *by = f == NULL ? NULL : override_in(f, n->text);
	struct buf room = BUF_INIT(4096);
	struct place place;
	int ret;

	if (by == NULL)
		return render(r, t, n->child, s, frames, at);
	place = inner_place(&at,
		n->standalone && n->intrinsic.len > 0 ? n->intrinsic : n->indent,
		by->intrinsic.len, &room);
	ret = render(r, f->tree, by->child, s, f->outer, place);
	r->out->failed |= room.failed;
	buf_release(&room);
	return ret;
}

static int one(struct renderer *r, const struct tree *t, const struct node *n,
	const struct scope *s, const struct frame *frames, struct place at)
{
	if (n->kind == NODE_TEXT) {
		text(r, n, &at);
		return 0;
	}
	if (!n->standalone && (n->bol || at.begin))
		indent(r, &at);
	switch (n->kind) {
	case NODE_ESCAPED:
	case NODE_RAW:
		return variable(r, n, s);
	case NODE_SECTION:
	case NODE_INVERTED:
		return section(r, t, n, s, frames, at);
	case NODE_BLOCK:
		return block(r, t, n, s, frames, at);
	default:
		return include(r, t, n, s, frames, at);
	}
}

static int render(struct renderer *r, const struct tree *t, size_t first,
	const struct scope *s, const struct frame *frames, struct place at)
{
	int ret = 0;

	if (r->depth >= DEPTH_MAX)
		return err_set(r->e, ERR_INPUT,
			"%s: partials or sections go deeper than %d levels", r->name,
			DEPTH_MAX);
	r->depth++;
	for (size_t i = first; i != NONE && ret == 0; i = t->nodes[i].next) {
		ret = one(r, t, &t->nodes[i], s, frames, at);
		at.begin = 0;
	}
	r->depth--;
	return ret;
}

int template_render(const char *tpl, size_t len, const char *name, const cJSON *view,
	enum template_language lang, const struct template_partials *partials,
	struct buf *out, struct err *e)
{
	struct renderer r = { name, lang, partials, out, 0, e };
	struct scope s = { view, NULL };
	struct tree t;
	struct place at = { "", 0, 0, 0 };
	int ret = template_tree_read(&t, tpl, len, name, e);

	if (ret == 0)
		ret = render(&r, &t, t.first, &s, NULL, at);
	template_tree_release(&t);
	return ret < 0 ? -1 : buf_ok(out, e);
}

int template_check(const char *tpl, size_t len, const char *name, struct err *e)
{
	struct tree t;
	int ret = template_tree_read(&t, tpl, len, name, e);

	template_tree_release(&t);
	return ret;
}
