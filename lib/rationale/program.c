/* Node 11: the documents, their files, the manifest. */
#include <string.h>

#include "compile.h"
#include "rationale.h"

struct args {
	const char *dir, *format;
};

static const struct opt opts[] = {
	OPT_DIR_OUT('C', "directory", struct args, dir, "the repository (default: .)"),
	{ OPT_KIND_STR, 0, "format", "json|md|html", offsetof(struct args, format),
		"print the rationale itself in place of the state", OPT_NO_KEY },
	OPT_END,
};

static const char *dir_of(const struct args *a)
{
	return a->dir != NULL ? a->dir : ".";
}

/* ---- this node's own card ---- */

static int own_card(struct node_env *env, const cJSON *view, struct err *e)
{
	cJSON *c = card_add(env->cards, "rationale", e);
	struct buf line = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	(void)headline(view, &line);
	ret = c == NULL || buf_ok(&line, e) < 0 ||
			card_input_artifact(c, "reports/rationale.json", e) < 0 ||
			card_choice(c, "compiled", e, "%zu decisions: %s",
				json_len(json_get(view, "reason_cards")), line.ptr) < 0 ||
			card_link(c, "rationale", "/docs/rationale.md", e) < 0 ||
			card_link(c, "report", "/reports/index.html", e) < 0
		? -1
		: 0;
	buf_release(&line);
	return ret;
}

/* ---- files ---- */

static int put_file(const struct args *a, cJSON *artifacts, cJSON *files,
	const char *path, const char *kind, const char *origin, const struct buf *text,
	struct err *e)
{
	if (file_write_below(dir_of(a), path, text->ptr, text->len, 0644, e) < 0 ||
		manifest_put(artifacts, path, text->ptr, text->len, kind, "0644", origin,
			e) < 0)
		return -1;
	return json_push_str(files, path, e);
}

static int put_json(const struct args *a, cJSON *artifacts, cJSON *files,
	const char *path, const char *origin, const cJSON *doc, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	json_print(doc, JSON_PRETTY, &b);
	buf_add_char(&b, '\n');
	ret = buf_ok(&b, e) < 0
		? -1
		: put_file(a, artifacts, files, path, "report", origin, &b, e);
	buf_release(&b);
	return ret;
}

/* The files of node 10 enter the manifest here: it may not write it itself. */
static int adopt_reports(
	const struct args *a, cJSON *artifacts, const cJSON *reports, struct err *e)
{
	JSON_EACH (f, json_get(reports, "files")) {
		const char *path = json_str_or(f, "path", ""),
			   *sha = json_str_or(f, "sha256", "");
		struct buf full = BUF_INIT(8192), text = BUF_INIT((size_t)64 << 20);
		char hex[DIGEST_HEX_MAX];
		int ret = -1;

		buf_addf(&full, "%s/%s", dir_of(a), path);
		if (file_check_relative(path, e) == 0 && buf_ok(&full, e) == 0 &&
			file_read(full.ptr, &text, e) == 0) {
			digest_hex(text.ptr, text.len, hex);
			ret = strcmp(hex, sha) != 0
				? err_set(e, ERR_INPUT,
					  "'%s' is not the file that validation wrote",
					  full.ptr)
				: manifest_put(artifacts, path, text.ptr, text.len,
					  "report", "0644", MANIFEST_ORIGIN_TOOL, e);
		}
		buf_release(&full);
		buf_release(&text);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static cJSON *bundle(
	const cJSON *view, const cJSON *rationale, const cJSON *cards, struct err *e)
{
	cJSON *doc = json_new_object(e);

	if (doc == NULL ||
		json_set_copy(doc, "brief_sha256", json_get(view, "brief_sha256"), e) <
			0 ||
		json_set_copy(doc, "headline", json_get(rationale, "headline"), e) < 0 ||
		json_set_copy(doc, "cards", cards, e) < 0 ||
		json_set_copy(doc, "constraints", json_get(rationale, "constraints"), e) <
			0 ||
		json_set_copy(doc, "assumptions", json_get(rationale, "assumptions"), e) <
			0 ||
		json_set_copy(doc, "risks", json_get(rationale, "risks"), e) < 0) {
		json_free(doc);
		return NULL;
	}
	return doc;
}

/* What a later node's own schema wants and an earlier failure left out is {} here. */
static int put_key(const struct args *a, cJSON *artifacts, cJSON *files, const char *path,
	const cJSON *view, const char *key, struct err *e)
{
	const cJSON *v = json_get(view, key);

	return v == NULL ? 0
			 : put_json(a, artifacts, files, path, "rationale_compile", v, e);
}

static int write_files(const struct args *a, const cJSON *view, const cJSON *cards,
	cJSON *rationale, cJSON *artifacts, struct err *e)
{
	struct buf md = BUF_INIT(BUF_NO_LIMIT), html = BUF_INIT(BUF_NO_LIMIT);
	cJSON *files = json_edit(rationale, "/files"),
	      *all = bundle(view, rationale, cards, e);
	int ret = -1;

	/* rationale.json and index.html tell the results of tools, too. */
	if (all == NULL ||
		adopt_reports(a, artifacts, json_get(view, "reports"), e) < 0 ||
		write_markdown(view, cards, &md, e) < 0 ||
		write_html(view, cards, &html, e) < 0 ||
		put_file(a, artifacts, files, "docs/rationale.md", "docs",
			"rationale_compile", &md, e) < 0 ||
		put_key(a, artifacts, files, "reports/cost.json", view, "cost", e) < 0 ||
		put_file(a, artifacts, files, "reports/index.html", "report",
			MANIFEST_ORIGIN_TOOL, &html, e) < 0 ||
		put_key(a, artifacts, files, "reports/policy.json", view, "policy", e) <
			0 ||
		put_json(a, artifacts, files, "reports/rationale.json",
			MANIFEST_ORIGIN_TOOL, all, e) < 0)
		goto out;
	ret = manifest_seal(artifacts, e);
out:
	buf_release(&md);
	buf_release(&html);
	json_free(all);
	return ret;
}

/* ---- the node ---- */

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *view = view_make(env, in, e), *cards = NULL, *rationale, *artifacts;
	char id[ID_TEXT_MAX];
	int ret = -1;

	if (view == NULL || own_card(env, view, e) < 0)
		goto out;
	cards = cards_fix(json_get(view, "reason_cards"), json_get(view, "artifacts"),
		json_get(view, "reports"), id, e);
	rationale = cards == NULL || polish(env, view, cards, e) < 0
		? NULL
		: json_add_object(out, "rationale", e);
	if (rationale == NULL || rationale_fill(rationale, view, cards, e) < 0 ||
		json_add_array(rationale, "files", e) == NULL)
		goto out;
	if (json_get(in, "artifacts") == NULL) {
		log_warn(&env->log, "no file is written: the state has no artifacts");
		ret = 0;
		goto out;
	}
	if (!file_is_dir(dir_of(a))) {
		err_fill(e, ERR_NO_INPUT, "no directory '%s'", dir_of(a));
		goto out;
	}
	artifacts = json_copy(json_get(in, "artifacts"), e);
	if (artifacts == NULL || json_set(out, "artifacts", artifacts, e) < 0 ||
		write_files(a, view, cards, rationale, artifacts, e) < 0)
		goto out;
	ret = 0;
out:
	json_free(view);
	json_free(cards);
	return ret;
}

static int print(struct node_env *env, const void *args, const cJSON *state,
	struct buf *out, struct err *e)
{
	const struct args *a = args;
	cJSON *view, *cards;
	char id[ID_TEXT_MAX];
	int ret = -1;

	if (a->format == NULL)
		return 0;
	if (strcmp(a->format, "json") == 0) {
		json_print(json_get(state, "rationale"), JSON_PRETTY, out);
		buf_add_char(out, '\n');
		return buf_ok(out, e) < 0 ? -1 : 1;
	}
	if (strcmp(a->format, "md") != 0 && strcmp(a->format, "html") != 0)
		return err_set(e, ERR_USAGE, "--format is json, md or html, not '%s'",
			a->format);
	view = view_make(env, state, e);
	cards = view == NULL
		? NULL
		: cards_fix(json_get(view, "reason_cards"), json_get(view, "artifacts"),
			  json_get(view, "reports"), id, e);
	if (cards != NULL)
		ret = a->format[0] == 'm' ? write_markdown(view, cards, out, e)
					  : write_html(view, cards, out, e);
	json_free(view);
	json_free(cards);
	return ret < 0 ? -1 : 1;
}

static const struct filter rationale_compile = {
	.node = NODE_RATIONALE_COMPILE,
	.version = "1",
	.summary = "write the Design Rationale and the reports on policy and cost",
	.run = run,
};

static const struct filter *const filters[] = { &rationale_compile };

const struct program rationale_program = {
	.name = "mlops-rationale",
	.summary = "tell why a plan is as it is, in files of its repository",
	.examples = "  mlops-rationale -C out < validated.json > state.json\n"
		    "  mlops-rationale -C out --format md < validated.json | less\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.print = print,
};
