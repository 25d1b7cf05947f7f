#include "key.h"

#include <string.h>

int keyring_init(
	struct keyring *k, const char *share, const char *exec_dir, struct err *e)
{
	*k = (struct keyring){ .share = share, .exec_dir = exec_dir };
	k->files = json_new_object(e);
	k->listings = json_new_object(e);
	k->exes = json_new_object(e);
	k->versions = json_new_object(e);
	return k->files && k->listings && k->exes && k->versions ? 0 : -1;
}

void keyring_release(struct keyring *k)
{
	json_free(k->files);
	json_free(k->listings);
	json_free(k->exes);
	json_free(k->versions);
	*k = (struct keyring){ 0 };
}

/* ---- keys ---- */

cJSON *key_input(const struct node_row *node, const cJSON *state, struct err *e)
{
	cJSON *in = json_new_object(e);

	JSON_EACH (m, state) {
		const char *key = json_key(m);

		if (in == NULL || strcmp(key, "run_meta") == 0 ||
			strcmp(key, "schema_version") == 0 || !node_reads(node, key))
			continue;
		if (json_set_view(in, key, m, e) < 0) {
			json_free(in);
			return NULL;
		}
	}
	return in;
}

static int hash(const char *thread, const struct node_row *node, const cJSON *what,
	char out[DIGEST_HEX_MAX], struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	buf_addf(&b, "%s|%s|", thread, node->name);
	ret = json_canonical(what, &b, e);
	if (ret == 0)
		ret = buf_ok(&b, e);
	if (ret == 0)
		digest_hex(b.ptr, b.len, out);
	buf_release(&b);
	return ret;
}

int key_base(const char *thread, const struct node_row *node, const cJSON *input,
	const cJSON *options, const char *provider, char out[DIGEST_HEX_MAX],
	struct err *e)
{
	cJSON *all = json_new_object(e);
	int ret = -1;

	if (all != NULL && json_set_view(all, "input", input, e) == 0 &&
		json_set_view(all, "options", options, e) == 0 &&
		json_set_str(all, "provider", provider, e) == 0)
		ret = hash(thread, node, all, out, e);
	json_free(all);
	return ret;
}

int key_full(const char *thread, const struct node_row *node, const cJSON *input,
	const cJSON *read, char out[DIGEST_HEX_MAX], struct err *e)
{
	cJSON *all = json_new_object(e);
	int ret = all == NULL ? -1 : json_set_view(all, "input", input, e);

	JSON_EACH (m, read)
		if (ret == 0 && strcmp(json_key(m), "exe") != 0)
			ret = json_set_view(all, json_key(m), m, e);
	if (ret == 0)
		ret = hash(thread, node, all, out, e);
	json_free(all);
	return ret;
}

/* ---- digests, each looked up once ---- */

static int full_path(
	const struct keyring *k, const char *name, struct buf *out, struct err *e)
{
	if (strncmp(name, "share/", 6) == 0)
		buf_addf(out, "%s/%s", k->share, name + 6);
	else
		buf_add_str(out, name);
	return buf_ok(out, e);
}

/* A file's digest; "" when it cannot be read. Borrowed until the keyring's end. */
static const char *file_digest(struct keyring *k, const char *name, struct err *e)
{
	const char *known = json_str_or(k->files, name, NULL);
	struct buf path = BUF_INIT(8192);
	char hex[DIGEST_HEX_MAX] = "";
	struct err unreadable;

	if (known != NULL)
		return known;
	if (full_path(k, name, &path, e) == 0) {
		int folder = name[0] != '\0' && name[strlen(name) - 1] == '/';

		if ((folder ? env_names_digest(path.ptr, hex, &unreadable)
			    : digest_file_hex(path.ptr, hex, &unreadable)) < 0)
			hex[0] = '\0';
		if (json_set_str(k->files, name, hex, e) == 0)
			known = json_str_or(k->files, name, NULL);
	}
	buf_release(&path);
	return known;
}

static int add_names(const char *dir, struct buf *out, struct err *e)
{
	char **names;
	size_t n;

	if (file_walk(dir, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s\n", names[i]);
	file_list_free(names, n);
	return buf_ok(out, e);
}

/* The digest of the names below share/TOP: a file that appears beside those that
 * were read may change what a node does. */
static const char *listing_digest(struct keyring *k, const char *top, struct err *e)
{
	const char *known = json_str_or(k->listings, top, NULL);
	struct buf dir = BUF_INIT(8192), names = BUF_INIT(BUF_NO_LIMIT);
	char hex[DIGEST_HEX_MAX];

	if (known != NULL)
		return known;
	buf_addf(&dir, "%s/%s", k->share, top);
	if (buf_ok(&dir, e) == 0 && add_names(dir.ptr, &names, e) == 0) {
		digest_hex(names.ptr, names.len, hex);
		if (json_set_str(k->listings, top, hex, e) == 0)
			known = json_str_or(k->listings, top, NULL);
	}
	buf_release(&dir);
	buf_release(&names);
	return known;
}

static const char *exe_digest(struct keyring *k, const char *exe, struct err *e)
{
	const char *known = json_str_or(k->exes, exe, NULL);
	struct buf path = BUF_INIT(8192);
	char hex[DIGEST_HEX_MAX];

	if (known != NULL)
		return known;
	buf_addf(&path, "%s/%s", k->exec_dir, exe);
	if (buf_ok(&path, e) == 0 && digest_file_hex(path.ptr, hex, e) == 0 &&
		json_set_str(k->exes, exe, hex, e) == 0)
		known = json_str_or(k->exes, exe, NULL);
	buf_release(&path);
	return known;
}

/* The node's version as its executable tells it (--schema, x-nodes). */
static const char *node_version(
	struct keyring *k, const struct node_row *node, struct err *e)
{
	struct buf path = BUF_INIT(8192), out = BUF_INIT((size_t)16 << 20),
		   noise = BUF_INIT(1 << 16);
	const char *argv[] = { NULL, "--schema", "--compact", "--share", k->share, NULL };
	struct proc_spec spec = { .argv = argv,
		.out = &out,
		.err = &noise,
		.timeout_ns = INT64_C(20000000000) };
	struct proc_result r;
	cJSON *schema = NULL;

	if (json_has(k->versions, node->name))
		return json_str_or(k->versions, node->name, "");
	buf_addf(&path, "%s/%s", k->exec_dir, node->exe);
	argv[0] = path.ptr;
	if (buf_ok(&path, e) == 0 && proc_run(&spec, &r, e) == 0 && r.status == 0 &&
		r.signal == 0)
		schema = json_parse(out.ptr, out.len, JSON_STRICT, e);
	if (json_set_str(k->versions, node->name,
		    json_str_or(json_get(schema, "x-nodes"), node->name, ""), e) < 0)
		json_remove(k->versions, node->name);
	json_free(schema);
	buf_release(&path);
	buf_release(&out);
	buf_release(&noise);
	return json_str_or(k->versions, node->name, NULL);
}

int key_path_digest(const char *path, char out[DIGEST_HEX_MAX], struct err *e)
{
	struct buf all = BUF_INIT(BUF_NO_LIMIT), full = BUF_INIT(8192);
	char **names = NULL;
	size_t n = 0;
	int ret = -1;

	if (!file_is_dir(path))
		return digest_file_hex(path, out, e);
	if (file_walk(path, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char hex[DIGEST_HEX_MAX];

		buf_reset(&full);
		buf_addf(&full, "%s/%s", path, names[i]);
		if (buf_ok(&full, e) < 0 || digest_file_hex(full.ptr, hex, e) < 0)
			goto out;
		buf_addf(&all, "%s %s\n", hex, names[i]);
	}
	ret = buf_ok(&all, e);
	if (ret == 0)
		digest_hex(all.ptr, all.len, out);
out:
	file_list_free(names, n);
	buf_release(&all);
	buf_release(&full);
	return ret;
}

/* ---- what was read ---- */

/* "patterns" of "share/patterns/aws/...": 0 if the name has no such part. */
static int top_of(const char *name, char *top, size_t size)
{
	const char *p = name + 6, *slash;

	if (strncmp(name, "share/", 6) != 0 || (slash = strchr(p, '/')) == NULL)
		return 0;
	return snprintf(top, size, "%.*s", (int)(slash - p), p) < (int)size;
}

static int add_listings(struct keyring *k, cJSON *read, const cJSON *files, struct err *e)
{
	cJSON *listings = json_add_object(read, "listings", e);
	char top[256];

	JSON_EACH (f, files) {
		const char *digest;

		if (listings == NULL)
			return -1;
		if (!top_of(json_key(f), top, sizeof(top)) || json_has(listings, top))
			continue;
		digest = listing_digest(k, top, e);
		if (digest == NULL || json_set_str(listings, top, digest, e) < 0)
			return -1;
	}
	return listings == NULL ? -1 : 0;
}

cJSON *key_read(
	struct keyring *k, const struct node_row *node, const cJSON *meta, struct err *e)
{
	static const char *const members[] = { "version", "provider", "prompt_pack",
		"options", "files" };
	cJSON *read = json_new_object(e);
	const char *exe = exe_digest(k, node->exe, e);

	if (read == NULL || exe == NULL)
		goto fail;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_has(meta, members[i]) &&
			json_set_copy(read, members[i], json_get(meta, members[i]), e) <
				0)
			goto fail;
	if (add_listings(k, read, json_get(meta, "files"), e) < 0 ||
		json_set_str(read, "exe", exe, e) < 0)
		goto fail;
	return read;
fail:
	json_free(read);
	return NULL;
}

static int differs(struct buf *why, const char *what)
{
	if (why != NULL)
		buf_addf(why, "%s has changed", what);
	return 0;
}

int key_holds(struct keyring *k, const struct node_row *node, const cJSON *read,
	struct buf *why, struct err *e)
{
	const char *now;

	JSON_EACH (f, json_get(read, "files")) {
		now = file_digest(k, json_key(f), e);
		if (now == NULL)
			return -1;
		if (strcmp(now, json_text(f) != NULL ? json_text(f) : "") != 0)
			return differs(why, json_key(f));
	}
	JSON_EACH (l, json_get(read, "listings")) {
		now = listing_digest(k, json_key(l), e);
		if (now == NULL ||
			strcmp(now, json_text(l) != NULL ? json_text(l) : "") != 0)
			return differs(why, json_key(l));
	}
	now = exe_digest(k, node->exe, e);
	if (now == NULL)
		return -1;
	if (strcmp(now, json_str_or(read, "exe", "")) == 0)
		return 1;
	now = node_version(k, node, e);
	if (now == NULL)
		return -1;
	return strcmp(now, json_str_or(read, "version", "")) == 0
		? 1
		: differs(why, node->exe);
}
