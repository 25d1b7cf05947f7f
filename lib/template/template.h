/*
 * template.h - mustache (github.com/mustache/spec, with the optional modules
 * inheritance and dynamic names; no lambdas: a view is data) with an escaper for
 * each language that a generated file may be written in.
 *
 * {{x}} writes x so that it stays one piece of text inside a quoted string (or
 * running text) of the target language: a value can never end the literal it
 * stands in. {{{x}}} and {{&x}} write it as it is. Numbers are written as in
 * RFC 8785. A template beginning with the line {{=<% %>=}} keeps {{ for the file.
 * Rendering is bounded in depth (64 partials or blocks) and by out->max.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_TEMPLATE_H
#define MLOPS_TEMPLATE_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * What {{x}} escapes for. The place in the template is inside a quoted string:
 * "..." in HCL, Python, JSON, YAML, TOML and C-like files. In shell it is inside
 * double quotes. Markdown, HTML and text are running text. Dockerfile is inside
 * double quotes of an instruction. Control characters come out as the language's
 * escapes, or as a space where it has none.
 */
enum template_language {
	TEMPLATE_HTML, /* & < > " ' as in the mustache specification */
	TEMPLATE_TEXT, /* nothing is escaped; line breaks stay */
	TEMPLATE_HCL,  /* also "${" and "%{" */
	TEMPLATE_YAML, /* inside double quotes */
	TEMPLATE_PYTHON,
	TEMPLATE_JSON,
	TEMPLATE_MARKDOWN,
	TEMPLATE_SHELL,
	TEMPLATE_TOML,
	TEMPLATE_DOCKERFILE,
	TEMPLATE_SQL,  /* inside single quotes: ' doubled */
	TEMPLATE_MAKE, /* inside double quotes of a recipe: the shell's rules, $ doubled */
};

/* From the name a file will have ("infra/main.tf" -> HCL; a trailing .mustache is
 * ignored): .tf .hcl .tfvars · .yml .yaml · .py .pyi · .json .ipynb · .md · .sh ·
 * Makefile and .mk · .toml .cfg .ini · Dockerfile · .html .xml .svg · .sql; else TEXT. */
enum template_language template_language_of(const char *target_path);
const char *template_language_name(enum template_language lang);

/* Where {{>name}} and {{<name}} come from; and how missing names count. */
struct template_partials {
	/* The partial's text (borrowed until rendering ends) and its length, or NULL for
	 * "no such partial". May be NULL: there are none. */
	const char *(*find)(void *arg, const char *name, size_t *len);
	void *arg;
	/* 1: a {{name}} or a partial that is not there is ERR_INPUT with template and line,
	 * and so is an unescaped {{{name}}}; a section may always be absent. 0: both are
	 * empty, as in the specification. */
	int strict;
};

/*
 * Appends the rendered template. Messages start with `name` and the line:
 * "pipeline.py.mustache:12: section 'slots' is not closed". `partials` may be NULL.
 */
int template_render(const char *tpl, size_t len, const char *name, const cJSON *view,
	enum template_language lang, const struct template_partials *partials,
	struct buf *out, struct err *e);

/* Only reads the template, as lint does: 0, or -1 as above. */
int template_check(const char *tpl, size_t len, const char *name, struct err *e);

/* Told of what template_scan meets; either may be NULL. `name` lives for the call. */
struct template_visitor {
	void (*partial)(void *arg, const char *name, int line); /* {{>name}} {{<name}} */
	void (*raw)(void *arg, int line);                       /* {{{name}}} {{&name}} */
	void *arg;
};

/* Reads a template and visits, in order, each partial it names and each value that
 * it would write unescaped. 0, or -1 when it cannot be read. */
int template_scan(const char *tpl, size_t len, const char *name,
	const struct template_visitor *v, struct err *e);

/* Appends one text escaped for a language, as {{x}} would. */
void template_escape(const char *text, enum template_language lang, struct buf *out);

#endif
