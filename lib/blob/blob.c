#include "blob.h"

#include <string.h>

int blob_path(const char *dir, const char *hex, struct buf *out, struct err *e)
{
	if (strlen(hex) != DIGEST_HEX_MAX - 1 ||
		strspn(hex, "0123456789abcdef") != strlen(hex))
		return err_set(e, ERR_INPUT, "'%s' is not a SHA-256", hex);
	buf_addf(out, "%s/%.1s/%s", dir, hex, hex + 1);
	return buf_ok(out, e);
}

int blob_has(const char *dir, const char *hex)
{
	struct buf path = BUF_INIT(8192);
	struct err ignored;
	int there =
		blob_path(dir, hex, &path, &ignored) == 0 && file_is_regular(path.ptr);

	buf_release(&path);
	return there;
}

int blob_put(const char *dir, const void *data, size_t len, char hex[DIGEST_HEX_MAX],
	struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = -1;

	digest_hex(data, len, hex);
	if (blob_path(dir, hex, &path, e) < 0)
		goto out;
	if (file_is_regular(path.ptr)) {
		ret = 0;
		goto out;
	}
	path.ptr[path.len - (DIGEST_HEX_MAX - 2) - 1] = '\0';
	if (!file_is_dir(path.ptr) && file_mkdirs(path.ptr, e) < 0)
		goto out;
	path.ptr[path.len - (DIGEST_HEX_MAX - 2) - 1] = '/';
	ret = file_write_atomic(path.ptr, data, len, 0444, 0, e);
out:
	buf_release(&path);
	return ret;
}

int blob_get(const char *dir, const char *hex, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	char found[DIGEST_HEX_MAX];
	size_t start = out->len;
	int ret = -1;

	if (blob_path(dir, hex, &path, e) < 0 || file_read(path.ptr, out, e) < 0)
		goto out;
	digest_hex(out->ptr + start, out->len - start, found);
	if (strcmp(found, hex) != 0)
		err_fill(
			e, ERR_IO, "'%s' is damaged: its SHA-256 is %s", path.ptr, found);
	else
		ret = 0;
out:
	buf_release(&path);
	return ret;
}
