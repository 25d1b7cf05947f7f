/* The artifact store: which kind a URL means, and what all kinds have in common. */
#include "store.h"

#include <ctype.h>

struct blob_store *blob_open(const char *url, struct err *e)
{
	if (strncmp(url, "s3://", 5) == 0)
		return blob_open_s3(url, e);
	if (strncmp(url, "dir:", 4) == 0)
		return blob_open_dir(url + 4, e);
	if (strstr(url, "://") != NULL) {
		err_fill(e, ERR_CONFIG,
			"an artifact store is 's3://BUCKET/PREFIX' or 'dir:PATH', not "
			"'%.*s://...'",
			(int)strcspn(url, ":"), url);
		return NULL;
	}
	return blob_open_dir(url, e);
}

void blob_close(struct blob_store *store)
{
	if (store != NULL)
		store->kind->close(store);
}

int blob_can_presign(const struct blob_store *store)
{
	return store->kind->presigns;
}

int blob_artifact_name(const char *project, int64_t version, const char *hex,
	const char *filename, struct buf *out, struct err *e)
{
	if (strlen(hex) != DIGEST_HEX_MAX - 1 ||
		strspn(hex, "0123456789abcdef") != strlen(hex))
		return err_set(e, ERR_INPUT, "'%.80s' is not a SHA-256", hex);
	buf_addf(out, "projects/%s/ds_%lld/%s-", project, (long long)version, hex);
	for (const char *p = filename; *p != '\0'; p++)
		buf_add_char(
			out, isalnum((unsigned char)*p) || strchr("._-", *p) ? *p : '_');
	return buf_ok(out, e);
}

int blob_write(struct blob_store *store, const char *name, const char *class,
	const void *data, size_t len, struct err *e)
{
	if (file_check_relative(name, e) < 0)
		return -1;
	return store->kind->write(store, name, class, data, len, e);
}

int blob_read(struct blob_store *store, const char *name, const char *hex,
	struct buf *out, struct err *e)
{
	size_t start = out->len;
	char found[DIGEST_HEX_MAX];

	if (file_check_relative(name, e) < 0 ||
		store->kind->read(store, name, -1, 0, out, e) < 0)
		return -1;
	if (hex == NULL)
		return 0;
	digest_hex(out->ptr + start, out->len - start, found);
	if (strcmp(found, hex) == 0)
		return 0;
	buf_cut(out, start);
	return err_set(e, ERR_IO, "the stored '%s' is damaged: its SHA-256 is %s, not %s",
		name, found, hex);
}

int blob_read_range(struct blob_store *store, const char *name, int64_t first,
	int64_t len, struct buf *out, struct err *e)
{
	if (file_check_relative(name, e) < 0)
		return -1;
	if (first < 0 || len < 0)
		return err_set(e, ERR_INPUT, "a range starts at 0 or later");
	return len == 0 ? 0 : store->kind->read(store, name, first, len, out, e);
}

int blob_size(struct blob_store *store, const char *name, int64_t *size, struct err *e)
{
	if (file_check_relative(name, e) < 0)
		return -1;
	return store->kind->size(store, name, size, e);
}

int blob_delete(struct blob_store *store, const char *name, struct err *e)
{
	if (file_check_relative(name, e) < 0)
		return -1;
	return store->kind->remove(store, name, e);
}

struct erasing {
	struct blob_store *store;
	size_t n;
	struct err first;
};

static int erase_one(void *arg, const char *name, struct err *e)
{
	struct erasing *erasing = arg;

	if (erasing->store->kind->remove(erasing->store, name, e) == 0)
		erasing->n++;
	else if (erasing->first.code == ERR_NONE)
		erasing->first = *e;
	return 0;
}

int blob_delete_all(
	struct blob_store *store, const char *prefix, size_t *n, struct err *e)
{
	struct erasing erasing = { .store = store };
	struct err failed = { 0 };
	size_t len = strlen(prefix);
	int ret;

	*n = 0;
	if (len < 2 || prefix[len - 1] != '/')
		return err_set(e, ERR_INPUT,
			"'%s' does not end in '/': it would take others along", prefix);
	ret = store->kind->list(store, prefix, erase_one, &erasing, &failed);
	*n = erasing.n;
	if (ret == 0 && erasing.first.code == ERR_NONE)
		return 0;
	*e = ret < 0 ? failed : erasing.first;
	return -1;
}

int blob_presign(struct blob_store *store, const char *name, int64_t expires_s,
	int64_t now_s, struct buf *out, struct err *e)
{
	if (store->kind->presign == NULL)
		return err_set(
			e, ERR_CONFIG, "a directory has no URLs to give out; use s3://");
	if (file_check_relative(name, e) < 0)
		return -1;
	return store->kind->presign(store, name, expires_s, now_s, out, e);
}
