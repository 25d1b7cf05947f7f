/* An artifact store in a directory: one file per object, written whole and synced. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir_store {
	struct blob_store store;
	char *root;
};

static int path_of(
	const struct blob_store *s, const char *name, struct buf *out, struct err *e)
{
	buf_addf(out, "%s/%s", ((const struct dir_store *)s)->root, name);
	return buf_ok(out, e);
}

static void dir_close(struct blob_store *s)
{
	struct dir_store *d = (struct dir_store *)s;

	free(d->root);
	free(d);
}

static int dir_write(struct blob_store *s, const char *name, const char *class,
	const void *data, size_t len, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	char *slash;
	int ret = -1;

	(void)class; /* a directory has no rules about lifetimes */
	if (path_of(s, name, &path, e) < 0)
		goto out;
	if (file_is_regular(path.ptr)) {
		ret = 0;
		goto out;
	}
	slash = strrchr(path.ptr, '/');
	*slash = '\0';
	if (file_mkdirs(path.ptr, e) < 0)
		goto out;
	*slash = '/';
	ret = file_write_atomic(path.ptr, data, len, 0444, 1, e);
out:
	buf_release(&path);
	return ret;
}

/* An open object and its size; -1 with *e. */
static int open_object(
	const struct blob_store *s, const char *name, int64_t *size, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	struct stat st;
	int fd = -1;

	if (path_of(s, name, &path, e) == 0) {
		fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			err_fill(e,
				errno == ENOENT || errno == ENOTDIR ? ERR_NO_INPUT
								    : ERR_IO,
				"cannot read '%s': %s", path.ptr, strerror(errno));
	}
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		err_fill(e, ERR_NO_INPUT, "'%s' is no object", path.ptr);
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		*size = st.st_size;
	buf_release(&path);
	return fd;
}

static int read_at(int fd, const char *name, int64_t first, int64_t len, struct buf *out,
	struct err *e)
{
	char chunk[65536];

	while (len > 0) {
		size_t want = len < (int64_t)sizeof(chunk) ? (size_t)len : sizeof(chunk);
		ssize_t n = pread(fd, chunk, want, first);

		if (n < 0)
			return err_set(
				e, ERR_IO, "cannot read '%s': %s", name, strerror(errno));
		if (n == 0)
			break;
		buf_add(out, chunk, (size_t)n);
		first += n;
		len -= n;
	}
	return buf_ok(out, e);
}

static int dir_read(struct blob_store *s, const char *name, int64_t first, int64_t len,
	struct buf *out, struct err *e)
{
	int64_t size = 0;
	int fd = open_object(s, name, &size, e), ret;

	if (fd < 0)
		return -1;
	ret = first < 0 ? read_at(fd, name, 0, size, out, e)
			: read_at(fd, name, first, len, out, e);
	close(fd);
	return ret;
}

static int dir_size(struct blob_store *s, const char *name, int64_t *size, struct err *e)
{
	int fd = open_object(s, name, size, e);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int dir_remove(struct blob_store *s, const char *name, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = path_of(s, name, &path, e);

	if (ret == 0 && unlink(path.ptr) < 0 && errno != ENOENT && errno != ENOTDIR)
		ret = err_set(
			e, ERR_IO, "cannot remove '%s': %s", path.ptr, strerror(errno));
	buf_release(&path);
	return ret;
}

static int dir_list(struct blob_store *s, const char *prefix,
	int (*each)(void *arg, const char *name, struct err *), void *arg, struct err *e)
{
	struct buf path = BUF_INIT(8192), name = BUF_INIT(8192);
	char **paths = NULL;
	size_t n = 0;
	int ret = path_of(s, prefix, &path, e);

	if (ret == 0 && file_is_dir(path.ptr))
		ret = file_walk(path.ptr, &paths, &n, e);
	for (size_t i = 0; ret == 0 && i < n; i++) {
		buf_reset(&name);
		buf_addf(&name, "%s%s", prefix, paths[i]);
		ret = buf_ok(&name, e) < 0 ? -1 : each(arg, name.ptr, e);
	}
	file_list_free(paths, n);
	buf_release(&path);
	buf_release(&name);
	return ret;
}

static const struct blob_kind dir_kind = {
	.close = dir_close,
	.write = dir_write,
	.read = dir_read,
	.size = dir_size,
	.remove = dir_remove,
	.list = dir_list,
};

struct blob_store *blob_open_dir(const char *path, struct err *e)
{
	struct dir_store *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->root = strdup(path);
	if (d == NULL || d->root == NULL) {
		free(d);
		err_no_memory(e);
		return NULL;
	}
	if (*path == '\0') {
		err_fill(e, ERR_CONFIG, "the artifact store's directory has no name");
		dir_close(&d->store);
		return NULL;
	}
	d->store.kind = &dir_kind;
	return &d->store;
}
