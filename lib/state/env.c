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

int env_init(struct node_env *env, const char *program, const struct common_args *common,
	struct err *e)
{
	memset(env, 0, sizeof(*env));
	env->program = program;
	env->provider = common->provider != NULL ? common->provider : "none";
	log_init(&env->log, program, common->quiet ? -1 : common->verbose ? 1 : 0);
	env->now_ns = clock_now_ns();
	env->share = find_share(common->share, e);
	return env->share == NULL ? -1 : 0;
}

void env_release(struct node_env *env)
{
	free((char *)(uintptr_t)env->share);
	env->share = NULL;
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

int env_read_text(
	struct node_env *env, const char *relative, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(SHARE_FILE_MAX);
	int ret = -1;

	if (relative[0] == '/')
		buf_add_str(&path, relative);
	else
		buf_addf(&path, "%s/%s", env->share, relative);
	if (buf_ok(&path, e) < 0)
		goto out;
	if (file_read(path.ptr, &text, e) < 0) {
		as_config(e);
		goto out;
	}
	if (note_digest(env, relative, &text, e) < 0)
		goto out;
	buf_add(out, text.ptr, text.len);
	ret = buf_ok(out, e);
out:
	buf_release(&path);
	buf_release(&text);
	return ret;
}

cJSON *env_read_json(struct node_env *env, const char *relative, struct err *e)
{
	struct buf text = BUF_INIT(SHARE_FILE_MAX);
	cJSON *v = NULL;

	if (env_read_text(env, relative, &text, e) == 0) {
		v = json_parse(text.ptr, text.len, JSON_STRICT, e);
		if (v == NULL) {
			err_where(e, "%s%s%s", relative[0] == '/' ? "" : env->share,
				relative[0] == '/' ? "" : "/", relative);
			as_config(e);
		}
	}
	buf_release(&text);
	return v;
}
