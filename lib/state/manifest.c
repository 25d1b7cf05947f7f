#include "manifest.h"

#include <string.h>

#include "base/base.h"

cJSON *manifest_new(struct err *e)
{
	cJSON *m = json_new_object(e);

	if (m == NULL || json_set_null(m, "content_digest", e) < 0 ||
		json_add_array(m, "files", e) == NULL || manifest_seal(m, e) < 0) {
		json_free(m);
		return NULL;
	}
	return m;
}

static cJSON *entry(const char *path, const char *hex, size_t len, const char *kind,
	const char *mode, const char *origin, struct err *e)
{
	cJSON *f = json_new_object(e);

	if (f == NULL || json_set_str(f, "path", path, e) < 0 ||
		json_set_str(f, "sha256", hex, e) < 0 ||
		json_set_int(f, "size_bytes", (int64_t)len, e) < 0 ||
		json_set_str(f, "kind", kind, e) < 0 ||
		json_set_str(f, "mode", mode, e) < 0 ||
		json_set_str(f, "origin", origin, e) < 0) {
		json_free(f);
		return NULL;
	}
	return f;
}

/* Where the files stop being smaller than `path`: a new array with the entry in
 * its place takes the old one's. */
static int insert(cJSON *artifacts, const char *path, cJSON *mine, struct err *e)
{
	cJSON *old = json_detach(artifacts, "files"), *files = json_new_array(e), *f;
	int ret = files == NULL || mine == NULL ? -1 : 0;

	while (ret == 0 && (f = json_take_first(old)) != NULL) {
		int order = strcmp(json_str_or(f, "path", ""), path);

		if (order >= 0 && mine != NULL) {
			ret = json_push(files, mine, e);
			mine = NULL;
		}
		if (order == 0)
			json_free(f);
		else if (ret == 0)
			ret = json_push(files, f, e);
	}
	if (ret == 0 && mine != NULL) {
		ret = json_push(files, mine, e);
		mine = NULL;
	}
	json_free(mine);
	json_free(old);
	if (json_set(artifacts, "files", files, e) < 0)
		ret = -1;
	return ret;
}

int manifest_put_known(cJSON *artifacts, const char *path, const char *sha256, size_t len,
	const char *kind, const char *mode, const char *origin, struct err *e)
{
	cJSON *mine = entry(path, sha256, len, kind, mode, origin, e);
	const cJSON *last = json_last(json_get(artifacts, "files"));

	if (mine != NULL &&
		(last == NULL || strcmp(json_str_or(last, "path", ""), path) < 0))
		return json_push(json_edit(artifacts, "/files"), mine, e);
	return insert(artifacts, path, mine, e);
}

int manifest_put(cJSON *artifacts, const char *path, const void *data, size_t len,
	const char *kind, const char *mode, const char *origin, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	digest_hex(data, len, hex);
	return manifest_put_known(artifacts, path, hex, len, kind, mode, origin, e);
}

const cJSON *manifest_find(const cJSON *artifacts, const char *path)
{
	JSON_EACH (f, json_get(artifacts, "files"))
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			return f;
	return NULL;
}

int manifest_digest(const cJSON *artifacts, char out[DIGEST_HEX_MAX], struct err *e)
{
	struct buf lines = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	JSON_EACH (f, json_get(artifacts, "files"))
		if (strcmp(json_str_or(f, "origin", ""), MANIFEST_ORIGIN_TOOL) != 0)
			buf_addf(&lines, "%s %s %s\n", json_str_or(f, "mode", ""),
				json_str_or(f, "sha256", ""), json_str_or(f, "path", ""));
	ret = buf_ok(&lines, e);
	if (ret == 0)
		digest_hex(lines.ptr, lines.len, out);
	buf_release(&lines);
	return ret;
}

int manifest_seal(cJSON *artifacts, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	if (manifest_digest(artifacts, hex, e) < 0)
		return -1;
	return json_set_str(artifacts, "content_digest", hex, e);
}
