/* From the `files` members of patterns and skeleton to files in memory. */
#include "parts.h"

#include <string.h>

#define PATH_MAX_BYTES 240
#define SHARED_FOLDER  "patterns/shared"

/* The text of a template below share/, read once a run. NULL with *e. */
static const char *text_of(struct gen *g, const char *path, size_t *len, struct err *e)
{
	const char *text = json_text(json_get(g->texts, path));

	if (text == NULL) {
		struct buf b = BUF_INIT(GEN_FILE_MAX);

		if (env_read_text(g->env, path, &b, e) < 0 ||
			json_set_str(g->texts, path, b.ptr, e) < 0) {
			buf_release(&b);
			return NULL;
		}
		buf_release(&b);
		text = json_text(json_get(g->texts, path));
	}
	*len = strlen(text);
	return text;
}

/* Partials are share/skeleton/partials/NAME.mustache. */
struct partial_source {
	struct gen *g;
	struct err *e;
};

static const char *find_partial(void *arg, const char *name, size_t *len)
{
	struct partial_source *s = arg;
	struct buf path = BUF_INIT(512);
	struct err ignored = { 0 };
	const char *text = NULL;

	buf_addf(&path, "skeleton/partials/%s.mustache", name);
	if (buf_ok(&path, &ignored) == 0 && file_check_relative(path.ptr, &ignored) == 0)
		text = text_of(s->g, path.ptr, len, &ignored);
	buf_release(&path);
	return text;
}

int render_text(const char *tpl, const char *name, const cJSON *view, struct buf *out,
	struct err *e)
{
	const struct template_partials strict = { .strict = 1 };

	return template_render(
		tpl, strlen(tpl), name, view, TEMPLATE_TEXT, &strict, out, e);
}

/* Only what needs no quoting anywhere may stand in a path. */
static int check_path(const char *path, struct err *e)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789._/-";

	if (strlen(path) > PATH_MAX_BYTES || path[strspn(path, fine)] != '\0')
		return err_set(
			e, ERR_CONFIG, "'%s' is no path for a generated file", path);
	if (file_check_relative(path, e) < 0) {
		e->code = ERR_CONFIG;
		return -1;
	}
	return 0;
}

static int starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

const char *gen_kind(const char *path)
{
	static const struct {
		const char *prefix, *suffix, *kind;
	} rules[] = {
		{ ".github/workflows/", "", "workflow" },
		{ "tests/", ".py", "test" },
		{ "infra/tests/", "", "test" },
		{ "", ".tf", "terraform" },
		{ "", ".tfvars", "terraform" },
		{ "", ".hcl", "terraform" },
		{ "", ".py", "python" },
		{ "data/", "", "data" },
		{ "", ".md", "docs" },
		{ "docs/", "", "docs" },
		{ "", "Dockerfile", "docker" },
		{ "", "compose.yaml", "docker" },
		{ "", ".dockerignore", "docker" },
		{ "", ".sh", "script" },
		{ "", "Makefile", "script" },
		{ "", "", "config" },
	};
	size_t i = 0;

	while (!starts(path, rules[i].prefix) || !ends(path, rules[i].suffix))
		i++;
	return rules[i].kind;
}

/* The constants of the manifest's schema, so that nothing is borrowed from data. */
static const char *known_kind(const char *kind)
{
	static const char *const kinds[] = { "terraform", "python", "test", "docs",
		"workflow", "docker", "config", "data", "script", "report" };

	for (size_t i = 0; kind != NULL && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

static int render_body(struct gen *g, const char *from, const char *to, const cJSON *view,
	struct buf *out, struct err *e)
{
	struct partial_source source = { g, e };
	const struct template_partials partials = { find_partial, &source, 1 };
	size_t len = 0;
	const char *tpl = text_of(g, from, &len, e);

	if (tpl == NULL)
		return -1;
	if (!ends(from, ".mustache")) {
		buf_add(out, tpl, len);
		return buf_ok(out, e);
	}
	if (template_language_of(to) == TEMPLATE_HCL) {
		struct buf raw = BUF_INIT(GEN_FILE_MAX);
		int ret = template_render(
			tpl, len, from, view, TEMPLATE_HCL, &partials, &raw, e);

		if (ret == 0) {
			hcl_align(raw.ptr, raw.len, out);
			ret = buf_ok(out, e);
		}
		buf_release(&raw);
		return ret;
	}
	return template_render(
		tpl, len, from, view, template_language_of(to), &partials, out, e);
}

/* One entry for one view. */
static int render_one(struct gen *g, const cJSON *entry, const char *folder,
	const char *origin, const cJSON *view, struct err *e)
{
	const char *from = json_str_or(entry, "from", ""),
		   *to = json_str_or(entry, "to", "");
	const char *kind = known_kind(json_str_or(entry, "kind", NULL));
	int executable = strcmp(json_str_or(entry, "mode", "0644"), "0755") == 0;
	struct buf path = BUF_INIT(4096), source = BUF_INIT(4096),
		   text = BUF_INIT(GEN_FILE_MAX);
	int ret = -1;

	if (file_check_relative(from + (from[0] == '/'), e) < 0)
		return -1;
	if (from[0] == '/') /* several patterns bring this file */
		folder = SHARED_FOLDER;
	buf_addf(&source, "%s/%s", folder, from + (from[0] == '/'));
	if (buf_ok(&source, e) < 0 || render_text(to, source.ptr, view, &path, e) < 0 ||
		check_path(path.ptr, e) < 0)
		goto out;
	if (render_body(g, source.ptr, path.ptr, view, &text, e) < 0)
		goto out;
	ret = gen_put(g, path.ptr, origin, kind != NULL ? kind : gen_kind(path.ptr),
		executable ? "0755" : "0644", &text, e);
out:
	buf_release(&path);
	buf_release(&source);
	buf_release(&text);
	return ret;
}

/* 1 when the entry is wanted, 0 when not, -1 with *e. */
static int wanted(const cJSON *entry, const cJSON *view, struct err *e)
{
	const cJSON *when = json_get(entry, "when");
	cJSON *answer;
	int yes;

	if (when == NULL)
		return 1;
	answer = logic_apply(NULL, when, view, e);
	if (answer == NULL)
		return -1;
	yes = logic_truthy(answer);
	json_free(answer);
	return yes;
}

static int render_each(struct gen *g, const cJSON *entry, const char *folder,
	const char *origin, cJSON *view, struct err *e)
{
	const char *each = json_str_or(entry, "each", NULL);
	int want;

	if (each == NULL) {
		want = wanted(entry, view, e);
		return want <= 0 ? want : render_one(g, entry, folder, origin, view, e);
	}
	JSON_EACH (item, json_at(view, each)) {
		cJSON *copy = json_copy(item, e);

		if (json_set(view, "item", copy, e) < 0)
			return -1;
		want = wanted(entry, view, e);
		if (want < 0 ||
			(want && render_one(g, entry, folder, origin, view, e) < 0))
			return -1;
	}
	json_remove(view, "item");
	return 0;
}

static int render_files(struct gen *g, const cJSON *files, const char *folder,
	const char *origin, cJSON *view, struct err *e)
{
	size_t i = 0;

	JSON_EACH (entry, files) {
		if (render_each(g, entry, folder, origin, view, e) < 0) {
			err_where(e, "%s: /files/%zu", origin, i);
			return -1;
		}
		i++;
	}
	return 0;
}

int render_skeleton(struct gen *g, struct err *e)
{
	return render_files(g, json_get(g->skeleton, "files"), "skeleton/templates",
		"skeleton", g->view, e);
}

int render_unit(struct gen *g, const cJSON *unit, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));
	struct buf folder = BUF_INIT(512), origin = BUF_INIT(512);
	cJSON *view = NULL;
	int ret = -1;

	buf_addf(&folder, "patterns/%s/templates", json_str_or(unit, "folder", ""));
	buf_addf(&origin, "pattern:%s@%s", json_str_or(unit, "pattern", ""),
		json_str_or(unit, "version", ""));
	if (buf_ok(&folder, e) < 0 || buf_ok(&origin, e) < 0)
		goto out;
	if (json_len(json_get(pattern, "files")) == 0) {
		err_fill(e, ERR_INPUT,
			"pattern '%s' can be planned but not generated: it has no "
			"templates",
			json_str_or(unit, "pattern", ""));
		goto out;
	}
	view = view_enter(g, unit, e);
	if (view != NULL) {
		ret = render_files(
			g, json_get(pattern, "files"), folder.ptr, origin.ptr, view, e);
		view_leave(g);
	}
out:
	buf_release(&folder);
	buf_release(&origin);
	return ret;
}
