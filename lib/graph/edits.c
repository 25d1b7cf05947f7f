/*
 * What people changed in the files of the version before: the generator gets it to
 * merge, the idempotency key covers it, and publishing knows that it may replace what
 * was merged. Which text a file was generated with stands in the version's lock.
 */
#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "blob/blob.h"

#define LOCK_NAME     "mlops.lock.json"
#define LOCK_TEXT_MAX ((size_t)8 << 20)

static const char *digest_of(const cJSON *tree, const char *path)
{
	JSON_EACH (f, tree)
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			return json_str_or(f, "sha256", NULL);
	return NULL;
}

/* The lock of a tree as it was written; *lock is NULL for a tree without one. */
static int read_lock(struct run *r, const cJSON *tree, cJSON **lock, struct err *e)
{
	const char *hex = digest_of(tree, LOCK_NAME);
	struct buf text = BUF_INIT(LOCK_TEXT_MAX);
	int ret = 0;

	*lock = NULL;
	if (hex != NULL && blob_get(r->blobs, hex, &text, e) < 0)
		ret = -1;
	else if (hex != NULL)
		ret = (*lock = json_parse(text.ptr, text.len, JSON_STRICT, e)) == NULL
			? -1
			: 0;
	buf_release(&text);
	return ret;
}

/* A file of a later node, such as a report: it is made again, and never over a
 * change. */
static int check_made_later(const cJSON *tree, const cJSON *locked, const char *dir,
	int *changed, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	JSON_EACH (f, tree) {
		const char *path = json_str_or(f, "path", "");
		int there;

		if (json_has(locked, path) || strcmp(path, LOCK_NAME) == 0)
			continue;
		there = tree_look(dir, path, hex);
		if (there != 0 && strcmp(hex, json_str_or(f, "sha256", "")) != 0)
			return tree_in_the_way(dir, path, e);
		*changed |= there == 0;
	}
	return 0;
}

/* edits: {path: {base, edited}} of the files that are not as they were generated;
 * edited is null for one that was removed. */
static int compare(const cJSON *tree, const cJSON *locked, const char *dir, cJSON *edits,
	int *changed, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	JSON_EACH (l, locked) {
		const char *path = json_key(l), *was = digest_of(tree, path);
		int there = tree_look(dir, path, hex);
		cJSON *row;

		if (there < 0)
			return tree_in_the_way(dir, path, e);
		if ((was == NULL) != (there == 0) ||
			(there && strcmp(hex, was == NULL ? "" : was) != 0))
			*changed = 1;
		if (there && strcmp(hex, json_text(l)) == 0)
			continue;
		row = json_add_object(edits, path, e);
		if (row == NULL || json_set_str(row, "base", json_text(l), e) < 0 ||
			json_set_str(row, "edited", there ? hex : NULL, e) < 0)
			return -1;
	}
	return check_made_later(tree, locked, dir, changed, e);
}

static int find_in(struct run *r, const cJSON *files, const char *dir, struct err *e)
{
	const cJSON *tree = json_get(files, "tree");
	const char *lock_hex = digest_of(tree, LOCK_NAME);
	cJSON *lock = NULL, *edits = json_new_object(e);
	char hex[DIGEST_HEX_MAX];
	int changed = 0, ret = -1;

	if (edits == NULL || read_lock(r, tree, &lock, e) < 0)
		goto out;
	if (lock == NULL) {
		ret = r->frozen ? 0 : tree_check_unchanged(tree, dir, e);
		goto out;
	}
	if (tree_look(dir, LOCK_NAME, hex) != 1 || strcmp(hex, lock_hex) != 0) {
		/* Publishing writes it last: without it the files are none of ours yet. */
		ret = r->frozen || hex[0] == '\0' ? 0
						  : tree_in_the_way(dir, LOCK_NAME, e);
		goto out;
	}
	ret = compare(tree, json_get(lock, "files"), dir, edits, &changed, e);
	if (ret == 0 && (changed || !r->frozen)) {
		json_free(r->edits);
		r->edits = json_len(edits) > 0 ? edits : NULL;
		edits = r->edits == NULL ? edits : NULL;
	}
out:
	json_free(lock);
	json_free(edits);
	return ret;
}

int run_find_edits(struct run *r, struct err *e)
{
	const char *set = r->frozen ? r->set_id : r->parent_id;
	cJSON *state = NULL, *files = NULL;
	int ret = -1;

	json_free(r->edits);
	r->edits = NULL;
	if (r->o->force || set[0] == '\0')
		return 0;
	if (store_state(r->store, set, node_rows[NODE_DIFF_AND_PERSIST].name, &state,
		    &files, e) == 0) {
		r->edits = r->frozen ? json_detach(files, "edits") : NULL;
		ret = find_in(r, files, r->published, e);
	}
	json_free(state);
	json_free(files);
	return ret;
}

int run_edits_into(const cJSON *edits, cJSON *tree, struct err *e)
{
	JSON_EACH (f, tree) {
		const cJSON *edit = json_get(edits, json_str_or(f, "path", ""));
		const char *hex = json_str_or(edit, "edited", NULL);

		if (hex != NULL &&
			json_set_str((cJSON *)(uintptr_t)f, "sha256", hex, e) < 0)
			return -1;
	}
	return 0;
}
