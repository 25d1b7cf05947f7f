#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob/blob.h"

#define FILE_BYTES_MAX ((size_t)256 << 20)

/* ---- taking ---- */

static int add_name(char ***names, size_t *n, const char *name, struct err *e)
{
	char **more = realloc(*names, (*n + 1) * sizeof(*more));

	if (more == NULL)
		return err_no_memory(e);
	*names = more;
	more[*n] = strdup(name);
	if (more[*n] == NULL)
		return err_no_memory(e);
	++*n;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the manifest and of reports/, sorted; some may come twice. */
static int list_paths(
	const char *dir, const cJSON *artifacts, char ***names, size_t *n, struct err *e)
{
	struct buf reports = BUF_INIT(8192), path = BUF_INIT(8192);
	char **found = NULL;
	size_t n_found = 0;
	int ret = 0;

	JSON_EACH (f, json_get(artifacts, "files"))
		if (ret == 0)
			ret = add_name(names, n, json_str_or(f, "path", ""), e);
	buf_addf(&reports, "%s/reports", dir);
	if (ret == 0 && file_is_dir(reports.ptr))
		ret = file_walk(reports.ptr, &found, &n_found, e);
	for (size_t i = 0; ret == 0 && i < n_found; i++) {
		buf_reset(&path);
		buf_addf(&path, "reports/%s", found[i]);
		ret = add_name(names, n, path.ptr, e);
	}
	file_list_free(found, n_found);
	buf_release(&reports);
	buf_release(&path);
	if (*n > 1)
		qsort(*names, *n, sizeof(**names), by_bytes);
	return ret;
}

static int full_path(const char *dir, const char *name, struct buf *out, struct err *e)
{
	buf_reset(out);
	buf_addf(out, "%s/%s", dir, name);
	return buf_ok(out, e);
}

static int take_file(
	cJSON *tree, const char *dir, const char *name, const char *blobs, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(FILE_BYTES_MAX);
	char hex[DIGEST_HEX_MAX];
	struct stat st;
	cJSON *o;
	int ret = -1;

	if (file_check_relative(name, e) < 0 || full_path(dir, name, &path, e) < 0 ||
		file_read(path.ptr, &text, e) < 0 ||
		blob_put(blobs, text.ptr, text.len, hex, e) < 0)
		goto out;
	o = json_push_object(tree, e);
	if (o == NULL || json_set_str(o, "path", name, e) < 0 ||
		json_set_str(o, "sha256", hex, e) < 0)
		goto out;
	ret = json_set_str(o, "mode",
		stat(path.ptr, &st) == 0 && (st.st_mode & 0100) ? "0755" : "0644", e);
out:
	buf_release(&path);
	buf_release(&text);
	return ret;
}

cJSON *tree_take(
	const char *dir, const cJSON *artifacts, const char *blobs, struct err *e)
{
	cJSON *tree = json_new_array(e);
	char **names = NULL;
	size_t n = 0;
	int ret = tree == NULL ? -1 : list_paths(dir, artifacts, &names, &n, e);

	for (size_t i = 0; ret == 0 && i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			ret = take_file(tree, dir, names[i], blobs, e);
	file_list_free(names, n);
	if (ret == 0)
		return tree;
	json_free(tree);
	return NULL;
}

/* ---- bringing back ---- */

int tree_complete(const cJSON *tree, const char *blobs)
{
	JSON_EACH (f, tree)
		if (!blob_has(blobs, json_str_or(f, "sha256", "")))
			return 0;
	return 1;
}

int tree_look(const char *dir, const char *name, char hex[DIGEST_HEX_MAX])
{
	struct buf path = BUF_INIT(8192);
	struct err ignored;
	struct stat st;
	int ret = -1;

	hex[0] = '\0';
	if (full_path(dir, name, &path, &ignored) == 0) {
		if (lstat(path.ptr, &st) < 0)
			ret = errno == ENOENT || errno == ENOTDIR ? 0 : -1;
		else if (S_ISREG(st.st_mode) &&
			digest_file_hex(path.ptr, hex, &ignored) == 0)
			ret = 1;
	}
	buf_release(&path);
	return ret;
}

static int write_file(
	struct file_writer *w, const cJSON *file, const char *blobs, struct err *e)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX);
	unsigned mode =
		strcmp(json_str_or(file, "mode", "0644"), "0755") == 0 ? 0755 : 0644;
	int ret = blob_get(blobs, json_str_or(file, "sha256", ""), &text, e);

	if (ret == 0)
		ret = file_writer_put(
			w, json_str_or(file, "path", ""), text.ptr, text.len, mode, e);
	buf_release(&text);
	return ret;
}

/* The lock, which says that the files beside it are whole, comes last. */
static int write_all(const cJSON *tree, const char *dir, const char *blobs, struct err *e)
{
	struct file_writer w = FILE_WRITER(dir);
	const cJSON *lock = NULL;
	char hex[DIGEST_HEX_MAX];
	int ret = 0;

	JSON_EACH (f, tree) {
		const char *path = json_str_or(f, "path", "");

		if (ret < 0)
			break;
		if (tree_look(dir, path, hex) == 1 &&
			strcmp(hex, json_str_or(f, "sha256", "")) == 0)
			continue;
		if (strcmp(path, "mlops.lock.json") == 0)
			lock = f;
		else
			ret = write_file(&w, f, blobs, e);
	}
	if (ret == 0 && lock != NULL)
		ret = write_file(&w, lock, blobs, e);
	file_writer_close(&w);
	return ret;
}

int tree_restore(const cJSON *tree, const char *dir, const char *blobs, struct err *e)
{
	if (file_remove_tree(dir, e) < 0 || file_mkdirs(dir, e) < 0)
		return -1;
	return write_all(tree, dir, blobs, e);
}

static const cJSON *find(const cJSON *tree, const char *path)
{
	JSON_EACH (f, tree)
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			return f;
	return NULL;
}

int tree_in_the_way(const char *dir, const char *path, struct err *e)
{
	return err_set(e, ERR_CANT_CREATE,
		"'%s/%s' is not as it was written: move your change elsewhere, or "
		"overwrite it"
		" with --force",
		dir, path);
}

int tree_check_unchanged(const cJSON *old, const char *dir, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	JSON_EACH (f, old) {
		int there = tree_look(dir, json_str_or(f, "path", ""), hex);

		if (there != 0 && strcmp(hex, json_str_or(f, "sha256", "")) != 0)
			return tree_in_the_way(dir, json_str_or(f, "path", ""), e);
	}
	return 0;
}

/* A file of the new tree may replace what is not there, what is the same, and what
 * the old tree put there. */
static int check_room(const cJSON *tree, const cJSON *old, const char *dir, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	JSON_EACH (f, tree) {
		const char *path = json_str_or(f, "path", "");
		const cJSON *was = find(old, path);
		int there = tree_look(dir, path, hex);

		if (there != 0 && strcmp(hex, json_str_or(f, "sha256", "")) != 0 &&
			strcmp(hex, json_str_or(was, "sha256", "none")) != 0)
			return tree_in_the_way(dir, path, e);
	}
	return 0;
}

/* Removes a file and the directories that become empty with it. */
static void remove_file(const char *dir, const char *path)
{
	struct buf full = BUF_INIT(8192);
	struct err ignored;
	char *slash;

	if (full_path(dir, path, &full, &ignored) == 0 && unlink(full.ptr) == 0)
		while ((slash = strrchr(full.ptr, '/')) != NULL &&
			(size_t)(slash - full.ptr) > strlen(dir)) {
			*slash = '\0';
			if (rmdir(full.ptr) < 0)
				break;
		}
	buf_release(&full);
}

static void remove_gone(const cJSON *tree, const cJSON *old, const char *dir)
{
	char hex[DIGEST_HEX_MAX];

	JSON_EACH (f, old) {
		const char *path = json_str_or(f, "path", "");

		if (find(tree, path) == NULL && tree_look(dir, path, hex) == 1 &&
			strcmp(hex, json_str_or(f, "sha256", "")) == 0)
			remove_file(dir, path);
	}
}

int tree_publish(const cJSON *tree, const cJSON *old, const char *dir, const char *blobs,
	int force, struct err *e)
{
	if (!force && check_room(tree, old, dir, e) < 0)
		return -1;
	if (file_mkdirs(dir, e) < 0)
		return -1;
	remove_gone(tree, old, dir);
	return write_all(tree, dir, blobs, e);
}
