/* What a node gets to see of the world: the data directory, the clock, the log. */
#include "filter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARE_FILE_MAX ((size_t)64 << 20)

/* The installed place first (bin/../share/mlops), then the source tree's
 * (build/bin/../../share). The caller frees; NULL with ERR_CONFIG. */
static char *find_share(const char *given, struct err *e)
{
	static const char *const places[] = { "/../share/mlops", "/../../share" };
	struct buf b = BUF_INIT(8192), probe = BUF_INIT(8192);
	char *found = NULL;

	if (given == NULL)
		given = getenv("MLOPS_SHARE");
	if (given != NULL && *given != '\0') {
		if (file_is_dir(given))
			found = strdup(given);
		else
			err_fill(e, ERR_CONFIG,
				"no data directory '%s' (--share, MLOPS_SHARE)", given);
		return found;
	}
	for (size_t i = 0; i < ARRAY_LEN(places) && found == NULL; i++) {
		buf_reset(&b);
		buf_reset(&probe);
		if (proc_self_dir(&b, e) < 0)
			break;
		buf_add_str(&b, places[i]);
		buf_addf(&probe, "%s/schemas", b.ptr);
		if (file_is_dir(probe.ptr))
			found = realpath(b.ptr, NULL);
	}
	if (found == NULL)
		err_fill(e, ERR_CONFIG,
			"no data directory beside the program: name it with --share or "
			"MLOPS_SHARE");
	buf_release(&b);
	buf_release(&probe);
	return found;
}

/* The folders of own patterns as absolute paths; NULL with ERR_CONFIG. */
static char *find_patterns(const char *given, struct err *e)
{
	struct buf out = BUF_INIT(1 << 16), one = BUF_INIT(8192);
	char *ret = NULL;

	if (given == NULL)
		given = getenv("MLOPS_PATTERNS");
	for (const char *s = given != NULL ? given : ""; *s != '\0';) {
		size_t len = strcspn(s, ":");
		char *full;

		buf_reset(&one);
		buf_add(&one, s, len);
		full = len == 0 || buf_ok(&one, e) < 0 ? NULL : realpath(one.ptr, NULL);
		if (len > 0 && (full == NULL || !file_is_dir(full))) {
			free(full);
			err_fill(e, ERR_CONFIG,
				"no folder of patterns '%s' (--patterns, MLOPS_PATTERNS)",
				one.ptr);
			goto out;
		}
		if (full != NULL)
			buf_addf(&out, "%s%s", out.len > 0 ? ":" : "", full);
		free(full);
		s += len + (s[len] == ':');
	}
	if (buf_ok(&out, e) == 0) {
		ret = strdup(out.ptr);
		if (ret == NULL)
			err_no_memory(e);
	}
out:
	buf_release(&out);
	buf_release(&one);
	return ret;
}

int env_init(struct node_env *env, const char *program, const struct common_args *common,
	struct err *e)
{
	memset(env, 0, sizeof(*env));
	env->program = program;
	env->provider = common->provider != NULL ? common->provider : "none";
	log_init(&env->log, program, common->quiet ? -1 : common->verbose ? 1 : 0);
	env->now_ns = clock_now_ns();
	env->share = find_share(common->share, e);
	env->patterns = env->share == NULL ? NULL : find_patterns(common->patterns, e);
	if (env->patterns == NULL)
		env_release(env);
	return env->share == NULL ? -1 : 0;
}

void env_release(struct node_env *env)
{
	free((char *)(uintptr_t)env->share);
	free((char *)(uintptr_t)env->patterns);
	env->share = env->patterns = NULL;
}

/* ---- own patterns, laid beside those of share/ ---- */

#define PATTERNS "patterns/"

/* The next folder of env->patterns into dir, with RELATIVE's part in it; 0 at the end. */
static int next_own(const char **at, const char *relative, struct buf *dir)
{
	size_t len = *at == NULL ? 0 : strcspn(*at, ":");

	if (len == 0 || strncmp(relative, PATTERNS, strlen(PATTERNS)) != 0)
		return 0;
	buf_reset(dir);
	buf_addf(dir, "%.*s/%s", (int)len, *at, relative + strlen(PATTERNS));
	*at += len + ((*at)[len] == ':');
	return 1;
}

/* 1 if the file is there, or a pattern.json is missing where its folder is. */
static int has_place(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buf dir = BUF_INIT(8192);
	int ret = file_is_regular(path);

	if (!ret && slash != NULL && strcmp(slash, "/pattern.json") == 0) {
		buf_add(&dir, path, (size_t)(slash - path));
		ret = file_is_dir(dir.ptr);
	}
	buf_release(&dir);
	return ret;
}

int env_find(
	const struct node_env *env, const char *relative, struct buf *path, struct err *e)
{
	struct buf own = BUF_INIT(8192), first = BUF_INIT(8192);
	const char *at = env->patterns;

	if (relative[0] == '/')
		buf_add_str(&first, relative);
	else
		buf_addf(&first, "%s/%s", env->share, relative);
	if (relative[0] != '/' && at != NULL && *at != '\0' && !has_place(first.ptr))
		while (next_own(&at, relative, &own))
			if (has_place(own.ptr)) {
				buf_reset(&first);
				buf_add_str(&first, own.ptr);
				break;
			}
	buf_add_str(path, first.ptr);
	buf_release(&own);
	buf_release(&first);
	return buf_ok(path, e);
}

int env_shadowed(const struct node_env *env, const char *relative, struct buf *path)
{
	struct buf own = BUF_INIT(8192), share = BUF_INIT(8192);
	const char *at = env->patterns;
	int found;

	if (at == NULL || *at == '\0')
		return 0;
	buf_addf(&share, "%s/%s", env->share, relative);
	found = file_is_regular(share.ptr);
	while (next_own(&at, relative, &own))
		if (file_is_regular(own.ptr) && ++found == 2)
			buf_add_str(path, own.ptr);
	buf_release(&own);
	buf_release(&share);
	return found > 1;
}

static int is_folder(const char *dir, const char *name)
{
	struct buf path = BUF_INIT(8192);
	int ret;

	buf_addf(&path, "%s/%s", dir, name);
	ret = file_is_dir(path.ptr);
	buf_release(&path);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends the names of a folder's folders and drops what is there twice. */
static int add_names(const char *dir, char ***names, size_t *n, struct err *e)
{
	char **more, **grown;
	size_t m, kept = 0;

	if (!file_is_dir(dir))
		return 0;
	if (file_list(dir, &more, &m, e) < 0)
		return -1;
	grown = realloc(*names, (*n + m + 1) * sizeof(*grown));
	if (grown == NULL) {
		file_list_free(more, m);
		return err_no_memory(e);
	}
	for (size_t i = 0; i < m; i++)
		if (is_folder(dir, more[i]))
			grown[(*n)++] = more[i];
		else
			free(more[i]);
	free(more);
	*names = grown;
	qsort(grown, *n, sizeof(*grown), by_name);
	for (size_t i = 0; i < *n; i++)
		if (kept > 0 && strcmp(grown[kept - 1], grown[i]) == 0)
			free(grown[i]);
		else
			grown[kept++] = grown[i];
	*n = kept;
	return 0;
}

/* Notes the digest under "share/RELATIVE", or under the path itself, so that
 * keys do not depend on where the program is installed. */
static int note_digest(
	struct node_env *env, const char *relative, const struct buf *text, struct err *e)
{
	char hex[DIGEST_HEX_MAX];
	struct buf name = BUF_INIT(8192);
	int ret;

	if (env->files_read == NULL)
		return 0;
	digest_hex(text->ptr, text->len, hex);
	buf_addf(&name, "%s%s", relative[0] == '/' ? "" : "share/", relative);
	ret = buf_ok(&name, e) < 0 ? -1 : json_set_str(env->files_read, name.ptr, hex, e);
	buf_release(&name);
	return ret;
}

/* A file's trouble is the installation's, not the user's input: 78. */
static int as_config(struct err *e)
{
	if (e->code == ERR_INPUT || e->code == ERR_NO_INPUT)
		e->code = ERR_CONFIG;
	return -1;
}

int env_names_digest(const char *dir, char hex[DIGEST_HEX_MAX], struct err *e)
{
	struct buf all = BUF_INIT(BUF_NO_LIMIT);
	char **names = NULL;
	size_t n = 0;
	int ret = add_names(dir, &names, &n, e);

	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%s\n", names[i]);
	if (ret == 0 && (ret = buf_ok(&all, e)) == 0)
		digest_hex(all.ptr, all.len, hex);
	file_list_free(names, n);
	buf_release(&all);
	return ret;
}

/* Notes which folders an own folder has, as "DIR/": one more changes the answer. */
static int note_names(struct node_env *env, const char *dir, struct err *e)
{
	struct buf name = BUF_INIT(8192);
	char hex[DIGEST_HEX_MAX];
	int ret = env->files_read == NULL ? 0 : env_names_digest(dir, hex, e);

	buf_addf(&name, "%s/", dir);
	if (ret == 0 && env->files_read != NULL)
		ret = buf_ok(&name, e) < 0
			? -1
			: json_set_str(env->files_read, name.ptr, hex, e);
	buf_release(&name);
	return ret;
}

int env_list(struct node_env *env, const char *relative, char ***names, size_t *n,
	struct err *e)
{
	struct buf dir = BUF_INIT(8192);
	const char *at = env->patterns;
	int ret;

	*names = NULL;
	*n = 0;
	buf_addf(&dir, "%s/%s", env->share, relative);
	ret = buf_ok(&dir, e) < 0 ? -1 : add_names(dir.ptr, names, n, e);
	while (ret == 0 && next_own(&at, relative, &dir)) {
		ret = buf_ok(&dir, e) < 0 ? -1 : add_names(dir.ptr, names, n, e);
		if (ret == 0)
			ret = note_names(env, dir.ptr, e);
	}
	if (ret < 0) {
		file_list_free(*names, *n);
		*names = NULL;
		*n = 0;
	}
	buf_release(&dir);
	return ret;
}

int env_read_text(
	struct node_env *env, const char *relative, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(SHARE_FILE_MAX);
	size_t share = strlen(env->share);
	int ret = -1;

	if (env_find(env, relative, &path, e) < 0)
		goto out;
	if (file_read(path.ptr, &text, e) < 0) {
		as_config(e);
		goto out;
	}
	if (strncmp(path.ptr, env->share, share) != 0 || path.ptr[share] != '/')
		relative = path.ptr; /* an own pattern's file has its own name */
	if (note_digest(env, relative, &text, e) < 0)
		goto out;
	buf_add(out, text.ptr, text.len);
	ret = buf_ok(out, e);
out:
	buf_release(&path);
	buf_release(&text);
	return ret;
}

cJSON *env_read_json_text(
	struct node_env *env, const char *relative, struct buf *text, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	cJSON *v = NULL;

	if (env_read_text(env, relative, text, e) == 0) {
		v = json_parse(text->ptr, text->len, JSON_STRICT, e);
		if (v == NULL) {
			if (env_find(env, relative, &path, e) == 0)
				err_where(e, "%s", path.ptr);
			as_config(e);
		}
	}
	buf_release(&path);
	return v;
}

cJSON *env_read_json(struct node_env *env, const char *relative, struct err *e)
{
	struct buf text = BUF_INIT(SHARE_FILE_MAX);
	cJSON *v = env_read_json_text(env, relative, &text, e);

	buf_release(&text);
	return v;
}

int env_sibling(const char *program, struct buf *path, struct err *e)
{
	const char *given = getenv("MLOPS_EXEC_PATH");

	if (given != NULL && *given != '\0')
		buf_add_str(path, given);
	else if (proc_self_dir(path, e) < 0)
		return -1;
	buf_addf(path, "/%s", program);
	return buf_ok(path, e);
}
