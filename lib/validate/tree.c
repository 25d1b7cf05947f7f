/* The repository in memory, and copies of it for tools to write in. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

static int read_one(struct vtree *t, const cJSON *f, cJSON *check, struct err *e)
{
	struct vfile *v = &t->at[t->n];
	const char *path, *sha;
	char hex[DIGEST_HEX_MAX];
	struct buf full = BUF_INIT(8192);
	struct err why = { 0 };
	int ret = -1;

	if (json_str(f, "path", &path, e) < 0 || json_str(f, "sha256", &sha, e) < 0 ||
		file_check_relative(path, e) < 0)
		return -1;
	if (strlen(sha) != DIGEST_HEX_MAX - 1)
		return err_set(e, ERR_INPUT, "'sha256' of '%s' is no SHA-256", path);
	if (strncmp(path, "reports/", 8) == 0)
		return 0;
	buf_addf(&full, "%s/%s", t->root, path);
	if (buf_ok(&full, e) < 0)
		goto out;
	buf_init(&v->bytes, FILE_MAX);
	v->path = path;
	v->sha = sha;
	v->mode = strcmp(json_str_or(f, "mode", "0644"), "0755") == 0 ? 0755 : 0644;
	t->n++;
	if (file_read(full.ptr, &v->bytes, &why) < 0) {
		t->n--;
		buf_release(&v->bytes);
		ret = check_finding(check, "missing", "error", path, 0, 0,
			why.code == ERR_NO_INPUT ? "the file is not there"
						 : "cannot be read",
			e);
		goto out;
	}
	digest_hex(v->bytes.ptr, v->bytes.len, hex);
	ret = strcmp(hex, sha) == 0
		? 0
		: check_finding(check, "altered", "error", path, 0, 0,
			  "the file differs from its digest in the manifest", e);
out:
	buf_release(&full);
	return ret;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct vfile *)a)->path, ((const struct vfile *)b)->path);
}

int tree_load(struct vtree *t, const char *root, const cJSON *artifacts, cJSON *check,
	struct err *e)
{
	const cJSON *files;
	size_t n;

	*t = (struct vtree){ .root = root };
	if (json_arr(artifacts, "files", &files, e) < 0)
		return -1;
	n = json_len(files);
	t->at = calloc(n + 1, sizeof(*t->at));
	if (t->at == NULL)
		return err_no_memory(e);
	JSON_EACH (f, files) {
		if (read_one(t, f, check, e) < 0) {
			err_where(e, "/artifacts/files");
			return -1;
		}
	}
	qsort(t->at, t->n, sizeof(*t->at), by_path);
	for (size_t i = 1; i < t->n; i++)
		if (strcmp(t->at[i - 1].path, t->at[i].path) == 0)
			return err_set(e, ERR_INPUT,
				"/artifacts/files: '%s' is there twice", t->at[i].path);
	return 0;
}

void tree_release(struct vtree *t)
{
	for (size_t i = 0; i < t->n; i++)
		buf_release(&t->at[i].bytes);
	free(t->at);
	*t = (struct vtree){ 0 };
}

const struct vfile *tree_find(const struct vtree *t, const char *path)
{
	struct vfile key = { .path = path };

	return t->n == 0 ? NULL : bsearch(&key, t->at, t->n, sizeof(key), by_path);
}

int tree_copy(const struct vtree *t, const char *dir, struct err *e)
{
	if (file_mkdirs(dir, e) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (file_write_below(dir, t->at[i].path, t->at[i].bytes.ptr,
			    t->at[i].bytes.len, t->at[i].mode, e) < 0)
			return -1;
	return 0;
}

int glob_match(const char *p, const char *s)
{
	for (; *p != '\0'; p++, s++) {
		if (p[0] == '*' && p[1] == '*') {
			p += p[2] == '/' ? 3 : 2;
			for (const char *at = s;; at++) {
				if ((at == s || at[-1] == '/' || *p == '\0') &&
					glob_match(p, at))
					return 1;
				if (*at == '\0')
					return 0;
			}
		}
		if (*p == '*') {
			for (p++;; s++) {
				if (glob_match(p, s))
					return 1;
				if (*s == '\0' || *s == '/')
					return 0;
			}
		}
		if (*s == '\0' || (*p == '?' ? *s == '/' : *p != *s))
			return 0;
	}
	return *s == '\0';
}

int glob_any(const cJSON *globs, const char *path)
{
	JSON_EACH (g, globs)
		if (json_text(g) != NULL && glob_match(json_text(g), path))
			return 1;
	return 0;
}
