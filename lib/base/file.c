#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read_fd(int fd, const char *name, struct buf *out, struct err *e)
{
	char chunk[65536];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
				e, ERR_IO, "cannot read %s: %s", name, strerror(errno));
		if (n == 0)
			return 0;
		if (out->len + (size_t)n > out->max)
			return err_set(e, ERR_INPUT,
				"%s is longer than the limit of %zu bytes", name,
				out->max);
		buf_add(out, chunk, (size_t)n);
		if (out->failed)
			return err_no_memory(e);
	}
}

int file_read(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	struct stat st;

	if (fd < 0)
		return err_set(e,
			errno == ENOENT || errno == ENOTDIR ? ERR_NO_INPUT : ERR_IO,
			"cannot read '%s': %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(
			e, ERR_NO_INPUT, "cannot read '%s': it is a directory", path);
	}
	ret = file_read_fd(fd, path, out, e);
	close(fd);
	return ret;
}

int file_write_fd(int fd, const char *name, const void *data, size_t len, struct err *e)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
				e, ERR_IO, "cannot write %s: %s", name, strerror(errno));
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir =
		slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	int fd = dir == NULL ? -1 : open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(dir);
}

/* Fills the open temporary file and closes it; its name is the caller's. */
static int fill(int fd, const char *path, const void *data, size_t len, unsigned mode,
	int sync, struct err *e)
{
	int ret = file_write_fd(fd, path, data, len, e);

	if (ret == 0 && fchmod(fd, (mode_t)mode) < 0)
		ret = err_set(
			e, ERR_IO, "cannot set mode of '%s': %s", path, strerror(errno));
	if (ret == 0 && sync && fsync(fd) < 0)
		ret = err_set(e, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
	if (close(fd) < 0 && ret == 0)
		ret = err_set(e, ERR_IO, "cannot write '%s': %s", path, strerror(errno));
	return ret;
}

int file_write_atomic(const char *path, const void *data, size_t len, unsigned mode,
	int sync, struct err *e)
{
	struct buf tmp = BUF_INIT(8192);
	int fd, ret = -1;

	buf_addf(&tmp, "%s.tmp-XXXXXX", path);
	if (buf_ok(&tmp, e) < 0)
		goto out;
	fd = mkostemp(tmp.ptr, O_CLOEXEC);
	if (fd < 0) {
		ret = err_set(e, ERR_CANT_CREATE, "cannot create '%s': %s", path,
			strerror(errno));
		goto out;
	}
	if (fill(fd, path, data, len, mode, sync, e) < 0) {
		unlink(tmp.ptr);
		goto out;
	}
	if (rename(tmp.ptr, path) < 0) {
		ret = err_set(e, ERR_CANT_CREATE, "cannot create '%s': %s", path,
			strerror(errno));
		unlink(tmp.ptr);
		goto out;
	}
	if (sync)
		sync_parent(path);
	ret = 0;
out:
	buf_release(&tmp);
	return ret;
}

int file_mkdirs(const char *path, struct err *e)
{
	char *copy = strdup(path), *p;
	int ret = 0;

	if (copy == NULL)
		return err_no_memory(e);
	for (p = copy + 1; ret == 0; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) < 0 && !(errno == EEXIST && file_is_dir(copy)))
			ret = err_set(e, ERR_CANT_CREATE,
				"cannot create directory '%s': %s", copy,
				strerror(errno));
		*p = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return ret;
}

static int remove_at(int dirfd, const char *name, const char *shown, struct err *e)
{
	int fd, ret = 0;
	DIR *dir;
	struct dirent *d;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_set(
			e, ERR_IO, "cannot remove '%s': %s", shown, strerror(errno));
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return err_set(
			e, ERR_IO, "cannot remove '%s': %s", shown, strerror(errno));
	}
	while (ret == 0 && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			ret = remove_at(fd, d->d_name, shown, e);
	closedir(dir);
	if (ret == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
		ret = err_set(
			e, ERR_IO, "cannot remove '%s': %s", shown, strerror(errno));
	return ret;
}

int file_remove_tree(const char *path, struct err *e)
{
	return remove_at(AT_FDCWD, path, path, e);
}

int file_is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int component_ok(const char *s, size_t n)
{
	if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
		return 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F || s[i] == '\\')
			return 0;
	return 1;
}

int file_check_relative(const char *path, struct err *e)
{
	const char *p = path;

	for (;;) {
		size_t n = strcspn(p, "/");

		if (!component_ok(p, n))
			return err_set(e, ERR_INPUT,
				"path '%s' is refused: it must be relative, without '..'",
				path);
		if (p[n] == '\0')
			return 0;
		p += n + 1;
	}
}

/* ---- files below one directory ---- */

static void close_below(struct file_writer *w, int depth)
{
	while (w->depth > depth)
		close(w->at[--w->depth].fd);
}

void file_writer_close(struct file_writer *w)
{
	close_below(w, 0);
}

static int open_root(struct file_writer *w, struct err *e)
{
	if (w->depth > 0)
		return 0;
	w->at[0].fd = open(w->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w->at[0].fd < 0)
		return err_set(e, ERR_CANT_CREATE, "cannot open directory '%s': %s",
			w->root, strerror(errno));
	w->at[0].name[0] = '\0';
	w->depth = 1;
	return 0;
}

/* Opens a directory of the last one, making it when it is not there. */
static int enter(struct file_writer *w, const char *name, size_t n, struct err *e)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int parent = w->at[w->depth - 1].fd, fd;
	char *own = w->at[w->depth].name;

	memcpy(own, name, n);
	own[n] = '\0';
	fd = openat(parent, own, flags);
	if (fd < 0 && errno == ENOENT) {
		(void)mkdirat(parent, own, 0777);
		fd = openat(parent, own, flags);
	}
	if (fd < 0) {
		int err = errno == ENOTDIR ? ELOOP : errno;

		return err_set(e, ERR_CANT_CREATE, "cannot enter '%s' below '%s': %s%s",
			own, w->root, strerror(err),
			err == ELOOP ? " (symbolic links are refused)" : "");
	}
	w->at[w->depth++].fd = fd;
	return 0;
}

/* Opens the directory that holds the last component, from the last file's on. */
static int open_parent(
	struct file_writer *w, const char *relative, const char **last, struct err *e)
{
	const char *p = relative;
	int depth = 1;

	if (open_root(w, e) < 0)
		return -1;
	for (;; depth++) {
		size_t n = strcspn(p, "/");

		if (n > 240)
			return err_set(e, ERR_INPUT,
				"path '%s' has a component that is too long", relative);
		if (p[n] == '\0')
			break;
		if (depth == FILE_DEPTH_MAX)
			return err_set(e, ERR_INPUT, "path '%s' is too deep", relative);
		if (depth < w->depth &&
			(strlen(w->at[depth].name) != n ||
				memcmp(w->at[depth].name, p, n) != 0))
			close_below(w, depth);
		if (depth == w->depth && enter(w, p, n, e) < 0)
			return -1;
		p += n + 1;
	}
	close_below(w, depth);
	*last = p;
	return w->at[depth - 1].fd;
}

/* A temporary name of a file is always the same: what a killed writer left is
 * replaced by the next one. */
static int open_temporary(int dir, const char *tmp)
{
	static const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, tmp, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dir, tmp, 0) == 0)
		fd = openat(dir, tmp, flags, 0600);
	return fd;
}

int file_writer_put(struct file_writer *w, const char *relative, const void *data,
	size_t len, unsigned mode, struct err *e)
{
	const char *last;
	char tmp[300];
	int dir, fd, ret;

	if (file_check_relative(relative, e) < 0 ||
		(dir = open_parent(w, relative, &last, e)) < 0)
		return -1;
	snprintf(tmp, sizeof(tmp), ".%s.tmp", last);
	fd = open_temporary(dir, tmp);
	if (fd < 0)
		ret = err_set(e, ERR_CANT_CREATE, "cannot create '%s/%s': %s", w->root,
			relative, strerror(errno));
	else
		ret = fill(fd, relative, data, len, mode, 0, e);
	if (ret == 0 && renameat(dir, tmp, dir, last) < 0)
		ret = err_set(e, ERR_CANT_CREATE, "cannot create '%s/%s': %s", w->root,
			relative, strerror(errno));
	if (ret < 0 && fd >= 0)
		(void)unlinkat(dir, tmp, 0);
	return ret;
}

int file_write_below(const char *root, const char *relative, const void *data, size_t len,
	unsigned mode, struct err *e)
{
	struct file_writer w = FILE_WRITER(root);
	int ret = file_writer_put(&w, relative, data, len, mode, e);

	file_writer_close(&w);
	return ret;
}

struct names {
	char **at;
	size_t n, cap;
};

static int names_add(struct names *l, const char *prefix, const char *name, struct err *e)
{
	size_t need = strlen(prefix) + strlen(name) + 2;
	char *s;

	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 32;
		char **at = realloc(l->at, cap * sizeof(*at));

		if (at == NULL)
			return err_no_memory(e);
		l->at = at;
		l->cap = cap;
	}
	s = malloc(need);
	if (s == NULL)
		return err_no_memory(e);
	snprintf(s, need, "%s%s%s", prefix, prefix[0] ? "/" : "", name);
	l->at[l->n++] = s;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int finish(struct names *l, int ret, char ***out, size_t *n)
{
	if (ret < 0) {
		file_list_free(l->at, l->n);
		return -1;
	}
	if (l->n > 0)
		qsort(l->at, l->n, sizeof(*l->at), by_bytes);
	*out = l->at;
	*n = l->n;
	return 0;
}

static DIR *open_dir(const char *path, struct err *e)
{
	DIR *dir = opendir(path);

	if (dir == NULL)
		err_fill(e, errno == ENOENT ? ERR_NO_INPUT : ERR_IO,
			"cannot read directory '%s': %s", path, strerror(errno));
	return dir;
}

int file_list(const char *path, char ***out, size_t *n, struct err *e)
{
	struct names l = { 0 };
	DIR *dir = open_dir(path, e);
	struct dirent *d;
	int ret = 0;

	if (dir == NULL)
		return -1;
	while (ret == 0 && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			ret = names_add(&l, "", d->d_name, e);
	closedir(dir);
	return finish(&l, ret, out, n);
}

void file_list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int walk(const char *root, const char *rel, struct names *l, struct err *e)
{
	struct buf path = BUF_INIT(8192), sub = BUF_INIT(8192);
	DIR *dir;
	struct dirent *d;
	struct stat st;
	int ret = 0;

	buf_addf(&path, "%s%s%s", root, rel[0] ? "/" : "", rel);
	dir = buf_ok(&path, e) < 0 ? NULL : open_dir(path.ptr, e);
	if (dir == NULL) {
		buf_release(&path);
		return -1;
	}
	while (ret == 0 && (d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			ret = err_set(e, ERR_IO, "cannot read '%s/%s': %s", path.ptr,
				d->d_name, strerror(errno));
		} else if (S_ISDIR(st.st_mode)) {
			buf_reset(&sub);
			buf_addf(&sub, "%s%s%s", rel, rel[0] ? "/" : "", d->d_name);
			ret = buf_ok(&sub, e) < 0 ? -1 : walk(root, sub.ptr, l, e);
		} else if (S_ISREG(st.st_mode)) {
			ret = names_add(l, rel, d->d_name, e);
		} else {
			ret = err_set(e, ERR_INPUT,
				"'%s/%s' is neither a file nor a directory (links are "
				"refused)",
				path.ptr, d->d_name);
		}
	}
	closedir(dir);
	buf_release(&path);
	buf_release(&sub);
	return ret;
}

int file_walk(const char *root, char ***paths, size_t *n, struct err *e)
{
	struct names l = { 0 };

	return finish(&l, walk(root, "", &l, e), paths, n);
}
