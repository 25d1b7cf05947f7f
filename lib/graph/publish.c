/* The results, where the user asked for them. */
#include "run.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob/blob.h"

char *run_path(struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT(8192);
	va_list ap;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	if (buf_ok(&b, e) < 0) {
		buf_release(&b);
		return NULL;
	}
	return buf_take(&b);
}

int run_publish_state(struct run *r, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	char *path = run_path(e, "%s/state.json", r->out);
	int ret = -1;

	json_print(r->state, JSON_PRETTY, &text);
	buf_add_char(&text, '\n');
	if (path != NULL && buf_ok(&text, e) == 0)
		ret = file_write_atomic(path, text.ptr, text.len, 0644, 0, e);
	free(path);
	buf_release(&text);
	return ret;
}

/* The tree that the version before this one left in the output directory, with the
 * edits that went into this one; NULL if there is none. */
static int old_tree(struct run *r, cJSON **tree, struct err *e)
{
	cJSON *state = NULL, *files = NULL;

	*tree = NULL;
	if (r->parent_id[0] == '\0')
		return 0;
	if (store_state(r->store, r->parent_id, node_rows[NODE_DIFF_AND_PERSIST].name,
		    &state, &files, e) < 0)
		return -1;
	*tree = json_detach(files, "tree");
	json_free(state);
	json_free(files);
	return run_edits_into(r->edits, *tree, e);
}

static int publish_zip(struct run *r, struct err *e)
{
	const char *hex = json_text(json_get(r->files, "zip"));
	struct buf zip = BUF_INIT(BUF_NO_LIMIT);
	char *path = run_path(e, "%s/repo.zip", r->out), now[DIGEST_HEX_MAX];
	struct err unreadable;
	int ret = path == NULL ? -1 : 0;

	assert(hex != NULL);
	snprintf(r->result->zip_sha256, DIGEST_HEX_MAX, "%s", hex);
	if (ret == 0 &&
		(digest_file_hex(path, now, &unreadable) < 0 || strcmp(now, hex) != 0)) {
		ret = blob_get(r->blobs, hex, &zip, e);
		if (ret == 0)
			ret = file_write_atomic(path, zip.ptr, zip.len, 0644, 0, e);
	}
	free(path);
	buf_release(&zip);
	return ret;
}

/* 1 if the working copy is exactly the tree and became the output directory, which
 * was not there; 0 if it has to be copied. */
static int move_into_place(struct run *r, const char *dir)
{
	const cJSON *tree = json_get(r->files, "tree"), *f = json_first(tree);
	char **names = NULL;
	size_t n = 0;
	struct err ignored;
	int same = r->work_ready && access(dir, F_OK) != 0 &&
		file_walk(r->repo, &names, &n, &ignored) == 0 && n == json_len(tree);

	for (size_t i = 0; same && i < n; i++) {
		same = strcmp(names[i], json_str_or(f, "path", "")) == 0;
		f = json_next(f);
	}
	file_list_free(names, n);
	return same && rename(r->repo, dir) == 0;
}

int run_publish(struct run *r, struct err *e)
{
	const char *dir = r->published;
	struct stat st;
	cJSON *old = NULL;
	int ret = -1;

	if (lstat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		err_fill(e, ERR_CANT_CREATE,
			"'%s' is in the way: it is not a directory%s", dir,
			S_ISLNK(st.st_mode) ? " but a symbolic link" : "");
	else if (old_tree(r, &old, e) == 0 &&
		(move_into_place(r, dir) ||
			tree_publish(json_get(r->files, "tree"), old, dir, r->blobs,
				r->o->force, e) == 0) &&
		publish_zip(r, e) == 0)
		ret = run_publish_state(r, e);
	json_free(old);
	return ret;
}
