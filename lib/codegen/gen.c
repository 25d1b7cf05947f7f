/* One run: load, render, wire, sort. */
#include "parts.h"
#include "regions.h"

#include <string.h>

struct gen_file *gen_add(
	struct gen_files *f, const char *path, const char *origin, struct err *e)
{
	struct gen_file *one;

	if (f->n == f->cap) {
		size_t cap = f->cap == 0 ? 128 : 2 * f->cap;
		struct gen_file *more = realloc(f->at, cap * sizeof(*more));

		if (more == NULL) {
			err_no_memory(e);
			return NULL;
		}
		f->at = more;
		f->cap = cap;
	}
	one = &f->at[f->n];
	*one = (struct gen_file){ .path = strdup(path), .origin = strdup(origin) };
	buf_init(&one->text, GEN_FILE_MAX);
	if (one->path == NULL || one->origin == NULL) {
		free(one->path);
		free(one->origin);
		err_no_memory(e);
		return NULL;
	}
	f->n++;
	return one;
}

int gen_put(struct gen *g, const char *path, const char *origin, const char *kind,
	const char *mode, struct buf *text, struct err *e)
{
	struct gen_file *one;

	if (buf_ok(text, e) < 0) {
		err_where(e, "%s", path);
		return -1;
	}
	for (size_t i = 0; i < g->files->n; i++) {
		const struct gen_file *f = &g->files->at[i];

		if (strcmp(f->path, path) != 0)
			continue;
		if (f->text.len == text->len &&
			memcmp(f->text.ptr, text->ptr, text->len) == 0)
			return 0;
		return err_set(e, ERR_CONFIG, "%s and %s both make '%s', and differently",
			f->origin, origin, path);
	}
	one = gen_add(g->files, path, origin, e);
	if (one == NULL)
		return -1;
	one->kind = kind;
	one->mode = mode;
	one->text = *text;
	buf_init(text, text->max);
	return 0;
}

void gen_files_release(struct gen_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->at[i].path);
		free(f->at[i].origin);
		buf_release(&f->at[i].text);
	}
	free(f->at);
	*f = (struct gen_files){ 0 };
}

struct gen_file *gen_find(const struct gen_files *files, size_t n, const char *path)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(files->at[mid].path, path);

		if (order == 0)
			return &files->at[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

const char *gen_edit_name(enum gen_edit edit)
{
	static const char *const names[] = { NULL, "kept", "merged", "conflict", "orphan",
		"removed" };

	return names[edit];
}

static int by_path(const void *a, const void *b)
{
	return strcmp(
		((const struct gen_file *)a)->path, ((const struct gen_file *)b)->path);
}

/* mlops.lock.json: from what the repository was made, and every file as it was
 * generated, so that a later run can tell an edit from an old version and find the
 * text that both started from. */
static int add_lock(struct gen *g, struct err *e)
{
	cJSON *lock = json_new_object(e), *made = NULL, *patterns = NULL, *files = NULL;
	struct buf text = BUF_INIT(GEN_FILE_MAX);
	char hex[DIGEST_HEX_MAX];
	int ret = -1;

	if (lock == NULL || json_set_int(lock, "lock_version", 1, e) < 0)
		goto out;
	made = json_add_object(lock, "made_from", e);
	if (made == NULL || json_digest(g->constraints, hex, e) < 0 ||
		json_set_str(made, "constraints_sha256", hex, e) < 0 ||
		json_digest(g->plan, hex, e) < 0 ||
		json_set_str(made, "plan_sha256", hex, e) < 0 ||
		json_set_str(made, "mlops_version", MLOPS_VERSION, e) < 0)
		goto out;
	patterns = json_add_object(lock, "patterns", e);
	JSON_EACH (u, g->units)
		if (patterns == NULL ||
			json_set_str(patterns, json_str_or(u, "pattern", ""),
				json_str_or(u, "version", ""), e) < 0)
			goto out;
	files = json_add_object(lock, "files", e);
	for (size_t i = 0; i < g->files->n; i++) {
		const struct gen_file *f = &g->files->at[i];

		if (files == NULL || json_set_str(files, f->path, f->made, e) < 0)
			goto out;
	}
	json_print(lock, JSON_PRETTY, &text);
	buf_add_char(&text, '\n');
	ret = gen_put(g, GEN_LOCK, "plan", "config", "0644", &text, e);
out:
	buf_release(&text);
	json_free(lock);
	return ret;
}

static void sort(struct gen_files *f)
{
	qsort(f->at, f->n, sizeof(*f->at), by_path);
}

/* Every file's digest as it was generated, then the edits, then the lock. */
static int finish(struct gen *g, const struct gen_edits *edits, struct err *e)
{
	sort(g->files);
	if (regions_fill(g, e) < 0)
		return -1;
	for (size_t i = 0; i < g->files->n; i++) {
		struct gen_file *f = &g->files->at[i];

		digest_hex(f->text.ptr, f->text.len, f->made);
	}
	if (edits != NULL && edits_apply(g->env, g->files, edits, e) < 0)
		return -1;
	sort(g->files);
	if (add_lock(g, e) < 0)
		return -1;
	sort(g->files);
	return 0;
}

static int make_all(struct gen *g, const struct gen_edits *edits, struct err *e)
{
	if (view_load(g, e) < 0)
		return -1;
	JSON_EACH (u, g->units)
		if (render_unit(g, u, e) < 0)
			return -1;
	if (wire_modules(g, e) < 0 || view_programs(g, e) < 0 ||
		render_skeleton(g, e) < 0)
		return -1;
	return finish(g, edits, e);
}

int codegen_make(struct node_env *env, const cJSON *in, const struct gen_edits *edits,
	struct gen_files *out, struct err *e)
{
	struct gen g = { .env = env, .in = in, .files = out };
	int ret = make_all(&g, edits, e);

	json_free(g.skeleton);
	json_free(g.ports);
	json_free(g.python);
	json_free(g.patterns);
	json_free(g.units);
	json_free(g.view);
	json_free(g.texts);
	return ret;
}
