#include "archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZIP_FIRST_S    INT64_C(315532800) /* 1980-01-01T00:00:00Z: nothing earlier fits */
#define ZIP_LAST_S     INT64_C(4354819198) /* 2107-12-31T23:59:58Z */
#define FILE_BYTES_MAX ((size_t)256 << 20)

struct zip {
	struct archive *a;
	const char *root;
	time_t time_s;
	struct buf bytes; /* the zip so far */
};

static int by_path(const void *a, const void *b)
{
	return strcmp(json_str_or(*(cJSON *const *)a, "path", ""),
		json_str_or(*(cJSON *const *)b, "path", ""));
}

/* The entries in path order, as an array of borrowed pointers. */
static const cJSON **sorted(const cJSON *files, size_t *n, struct err *e)
{
	const cJSON **at = calloc(json_len(files) + 1, sizeof(*at));

	*n = 0;
	if (at == NULL) {
		err_no_memory(e);
		return NULL;
	}
	JSON_EACH (f, files)
		at[(*n)++] = f;
	if (*n > 0)
		qsort(at, *n, sizeof(*at), by_path);
	return at;
}

static int fault(struct zip *z, const char *path, struct err *e)
{
	return err_set(e, ERR_IO, "cannot write the zip entry '%s': %s", path,
		archive_error_string(z->a));
}

static int read_checked(
	const struct zip *z, const cJSON *file, struct buf *text, struct err *e)
{
	const char *path, *sha256;
	struct buf full = BUF_INIT(8192);
	char hex[DIGEST_HEX_MAX];
	int ret = -1;

	if (json_str(file, "path", &path, e) < 0 ||
		json_str(file, "sha256", &sha256, e) < 0 ||
		file_check_relative(path, e) < 0)
		return -1;
	buf_addf(&full, "%s/%s", z->root, path);
	if (buf_ok(&full, e) < 0 || file_read(full.ptr, text, e) < 0)
		goto out;
	digest_hex(text->ptr, text->len, hex);
	if (strcmp(hex, sha256) != 0)
		err_fill(e, ERR_INPUT,
			"'%s' is not the file of the manifest: its SHA-256 is %s",
			full.ptr, hex);
	else
		ret = 0;
out:
	buf_release(&full);
	return ret;
}

static int add(struct zip *z, const cJSON *file, struct err *e)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX);
	struct archive_entry *entry = archive_entry_new();
	const char *path = json_str_or(file, "path", "");
	int x = strcmp(json_str_or(file, "mode", "0644"), "0755") == 0, ret = -1;

	if (entry == NULL) {
		err_no_memory(e);
		goto out;
	}
	if (read_checked(z, file, &text, e) < 0)
		goto out;
	archive_entry_set_pathname_utf8(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, x ? 0755 : 0644);
	archive_entry_set_size(entry, (la_int64_t)text.len);
	archive_entry_set_mtime(entry, z->time_s, 0);
	archive_entry_set_uid(entry, 0);
	archive_entry_set_gid(entry, 0);
	if (archive_write_header(z->a, entry) != ARCHIVE_OK ||
		(text.len > 0 &&
			archive_write_data(z->a, text.ptr, text.len) !=
				(la_ssize_t)text.len) ||
		archive_write_finish_entry(z->a) != ARCHIVE_OK) {
		fault(z, path, e);
		goto out;
	}
	ret = 0;
out:
	archive_entry_free(entry);
	buf_release(&text);
	return ret;
}

static la_ssize_t on_bytes(struct archive *a, void *arg, const void *data, size_t len)
{
	struct zip *z = arg;

	buf_add(&z->bytes, data, len);
	if (!z->bytes.failed)
		return (la_ssize_t)len;
	archive_set_error(a, 12, "out of memory");
	return -1;
}

static int fill(struct zip *z, const cJSON *files, struct err *e)
{
	size_t n;
	const cJSON **at = sorted(files, &n, e);
	int ret = at == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = add(z, at[i], e);
	free(at);
	return ret;
}

static int make(struct zip *z, const cJSON *files, struct err *e)
{
	z->a = archive_write_new();
	if (z->a == NULL)
		return err_no_memory(e);
	if (archive_write_set_format_zip(z->a) != ARCHIVE_OK ||
		archive_write_set_options(z->a, "zip:compression=store") != ARCHIVE_OK ||
		archive_write_set_bytes_per_block(z->a, 0) != ARCHIVE_OK ||
		archive_write_open(z->a, z, NULL, on_bytes, NULL) != ARCHIVE_OK)
		return fault(z, "", e);
	if (fill(z, files, e) < 0)
		return -1;
	return archive_write_close(z->a) == ARCHIVE_OK ? 0 : fault(z, "", e);
}

int archive_zip(const char *zip_path, const char *root, const cJSON *files,
	int64_t time_ns, char digest[DIGEST_HEX_MAX], struct err *e)
{
	int64_t s = time_ns / 1000000000;
	struct zip z = { .root = root, .bytes = BUF_INIT(BUF_NO_LIMIT) };
	char *tz = getenv("TZ") == NULL ? NULL : strdup(getenv("TZ"));
	int ret;

	z.time_s = (time_t)(s < ZIP_FIRST_S ? ZIP_FIRST_S
			: s > ZIP_LAST_S    ? ZIP_LAST_S
					    : s);
	setenv("TZ", "UTC0", 1);
	tzset();
	ret = make(&z, files, e);
	archive_write_free(z.a);
	if (tz != NULL)
		setenv("TZ", tz, 1);
	else
		unsetenv("TZ");
	tzset();
	free(tz);
	if (ret == 0)
		ret = buf_ok(&z.bytes, e);
	if (ret == 0 && digest != NULL)
		digest_hex(z.bytes.ptr, z.bytes.len, digest);
	if (ret == 0)
		ret = file_write_atomic(zip_path, z.bytes.ptr, z.bytes.len, 0644, 0, e);
	buf_release(&z.bytes);
	return ret;
}

int archive_file(
	const void *zip, size_t len, const char *path, struct buf *out, struct err *e)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	char chunk[65536];
	la_ssize_t n = -1;

	if (a == NULL)
		return err_no_memory(e);
	archive_read_support_format_zip(a);
	if (archive_read_open_memory(a, zip, len) != ARCHIVE_OK)
		err_fill(e, ERR_IO, "not a zip: %s", archive_error_string(a));
	else
		err_fill(e, ERR_NO_INPUT, "there is no '%s' in the zip", path);
	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		if (strcmp(archive_entry_pathname(entry), path) != 0)
			continue;
		while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0)
			buf_add(out, chunk, (size_t)n);
		if (n < 0)
			err_fill(e, ERR_IO, "the zip is damaged: %s",
				archive_error_string(a));
		break;
	}
	archive_read_free(a);
	return n == 0 ? buf_ok(out, e) : -1;
}
