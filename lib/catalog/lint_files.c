/* What a repository is made from: templates, partials, claims; and the cases. */
#include <string.h>

#include "lint_internal.h"
#include "template/template.h"

#define TEMPLATE_MAX ((size_t)1 << 22)
#define DEPTH_MAX    16 /* partials within partials */

/* ---- templates ---- */

struct scan {
	struct lint *l;
	const char *pointer, *from;
	int depth;
};

static void scan_template(
	struct scan *s, const char *shown, const char *text, size_t len);

static void say_raw(void *arg, int line)
{
	struct scan *s = arg;

	lint_say(s->l, s->pointer, "%s:%d: unescaped text ('{{{', '{{&') is refused",
		s->from, line);
}

static void follow_partial(void *arg, const char *name, int line)
{
	struct scan *s = arg;
	struct scan inner = *s;
	struct buf path = BUF_INIT(8192), text = BUF_INIT(TEMPLATE_MAX);
	struct err e = { 0 };

	buf_addf(&path, "skeleton/partials/%s.mustache", name);
	if (s->depth > DEPTH_MAX)
		lint_say(s->l, s->pointer, "%s:%d: partial '%s' stands on itself",
			s->from, line, name);
	else if (env_read_text(s->l->env, path.ptr, &text, &e) < 0)
		lint_say(s->l, s->pointer, "%s:%d: no partial '%s' (share/%s)", s->from,
			line, name, path.ptr);
	else {
		inner.from = path.ptr;
		inner.depth++;
		scan_template(&inner, path.ptr, text.ptr, text.len);
	}
	buf_release(&path);
	buf_release(&text);
}

static void scan_template(struct scan *s, const char *shown, const char *text, size_t len)
{
	struct template_visitor v = { follow_partial, say_raw, s };
	struct err e = { 0 };

	if (template_scan(text, len, shown, &v, &e) < 0)
		lint_say(s->l, s->pointer, "%s", e.msg);
}

static int is_rendered(const char *from)
{
	size_t n = strlen(from);

	return n > 9 && strcmp(from + n - 9, ".mustache") == 0;
}

/* "patterns/aws/serve/lambda-api/tests/cases.json" for "tests/cases.json". */
static void pattern_path(const struct lint *l, const char *piece, struct buf *path)
{
	const char *id = l->at->id;
	const char *dot = strchr(id, '.'),
		   *last = dot == NULL ? NULL : strchr(dot + 1, '.');

	if (last != NULL)
		buf_addf(path, "patterns/%.*s/%.*s/%s/%s", (int)(dot - id), id,
			(int)(last - dot - 1), dot + 1, last + 1, piece);
}

static void template_path(const struct lint *l, const char *from, struct buf *path)
{
	struct buf piece = BUF_INIT(4096);

	buf_addf(&piece, "templates/%s", from);
	if (from[0] == '/')
		buf_addf(path, "patterns/shared%s", from);
	else
		pattern_path(l, piece.ptr, path);
	buf_release(&piece);
}

static void check_template(struct lint *l, const char *from, const char *pointer)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(TEMPLATE_MAX);
	struct scan s = { .l = l, .pointer = pointer, .from = from };
	struct err e = { 0 };

	template_path(l, from, &path);
	if (file_check_relative(from + (from[0] == '/'), &e) < 0)
		lint_say(l, pointer, "%s", e.msg);
	else if (env_read_text(l->env, path.ptr, &text, &e) < 0)
		lint_say(l, pointer, "cannot read %s%s",
			from[0] == '/' ? "share/patterns/shared" : "templates/", from);
	else if (is_rendered(from))
		scan_template(&s, from, text.ptr, text.len);
	buf_release(&path);
	buf_release(&text);
}

/* ---- claims ---- */

/* "serve_fargate_alb" for "aws.serve.fargate-alb". */
static void module_name(const char *id, struct buf *out)
{
	const char *dot = strchr(id, '.');

	for (const char *s = dot == NULL ? id : dot + 1; *s != '\0'; s++)
		buf_add_char(out, *s == '.' || *s == '-' ? '_' : *s);
}

static int makes_file(const struct lint *l, const char *file)
{
	static const char tag[] = "{{pattern.module}}";
	struct buf module = BUF_INIT(256), to = BUF_INIT(1024);
	int found = 0;

	module_name(l->at->id, &module);
	JSON_EACH (it, json_get(l->at->json, "files")) {
		const char *path = json_str_or(it, "to", ""), *at = strstr(path, tag);

		buf_reset(&to);
		if (at == NULL)
			buf_add_str(&to, path);
		else
			buf_addf(&to, "%.*s%s%s", (int)(at - path), path, module.ptr,
				at + strlen(tag));
		/* what depends on the slot or an item can be any file */
		found |= strcmp(to.ptr, file) == 0 || strstr(to.ptr, "{{") != NULL;
	}
	buf_release(&module);
	buf_release(&to);
	return found;
}

static void check_claims(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "claims")) {
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/claims/%zu/file", i++);
		if (!makes_file(l, json_str_or(it, "file", "")))
			lint_say(l, pointer, "no entry of 'files' makes '%s'",
				json_str_or(it, "file", ""));
	}
}

/* ---- cases ---- */

static int is_slot(const struct lint *l, const char *slot)
{
	JSON_EACH (s, json_get(l->slots, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return 1;
	return 0;
}

static void check_cases(struct lint *l)
{
	struct buf path = BUF_INIT(8192), found = BUF_INIT(8192);
	struct err e = { 0 };
	cJSON *cases = NULL;
	size_t i = 0;

	pattern_path(l, "tests/cases.json", &path);
	if (env_find(l->env, path.ptr, &found, &e) < 0 || !file_is_regular(found.ptr))
		goto out;
	cases = env_read_json(l->env, path.ptr, &e);
	if (cases == NULL || schema_check(l->cases, cases, "", &e) < 0) {
		lint_say_of(l, path.ptr, "", "%s", e.msg);
		goto out;
	}
	JSON_EACH (it, json_get(cases, "cases")) {
		const char *slot = json_str_or(it, "wins", "");
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/cases/%zu/wins", i++);
		if (slot[0] != '\0' && !is_slot(l, slot))
			lint_say_of(l, path.ptr, pointer,
				"no slot '%s' in share/patterns/slots.json", slot);
	}
out:
	json_free(cases);
	buf_release(&path);
	buf_release(&found);
}

void lint_files(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "files")) {
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/files/%zu/from", i++);
		check_template(l, json_str_or(it, "from", ""), pointer);
	}
	check_claims(l);
	check_cases(l);
}
