/* mlops catalog new: a pattern that works, as the start of an own one. */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "catalog/lint.h"
#include "catalog/patterns.h"

struct name {
	char cloud[16], capability[32], own[64];
};

/* "aws.serve.mine" in its parts. */
static int split(const char *id, struct name *n, struct err *e)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	if (sscanf(id, "%15[a-z].%31[a-z].%63s", n->cloud, n->capability, n->own) != 3 ||
		!catalog_is_cloud(n->cloud) || n->own[strspn(n->own, fine)] != '\0')
		return err_set(e, ERR_USAGE,
			"'%s' is no id: CLOUD.CAPABILITY.NAME, as aws.serve.mine", id);
	return 0;
}

/* serve_fargate_alb of aws.serve.fargate-alb. */
static void module_of(const struct name *n, struct buf *out)
{
	buf_addf(out, "%s_%s", n->capability, n->own);
	for (size_t i = 0; i < out->len; i++)
		if (out->ptr[i] == '-')
			out->ptr[i] = '_';
}

static void replace_all(
	const char *text, const char *old, const char *with, struct buf *out)
{
	const char *at;

	for (; (at = strstr(text, old)) != NULL; text = at + strlen(old))
		buf_addf(out, "%.*s%s", (int)(at - text), text, with);
	buf_add_str(out, text);
}

/* The text of pattern.json with its id, module, version and schema made the new one's. */
static int renamed(struct node_env *env, const char *text, const char *old_id,
	const char *new_id, struct buf *out, struct err *e)
{
	struct buf step = BUF_INIT(1 << 22), module = BUF_INIT(256), old = BUF_INIT(256),
		   schema = BUF_INIT(8192);
	struct name from, to;
	int ret = -1;

	if (split(old_id, &from, e) < 0 || split(new_id, &to, e) < 0)
		goto out;
	module_of(&from, &old);
	module_of(&to, &module);
	buf_addf(&schema, "%s/schemas/pattern.schema.json", env->share);
	replace_all(text, old_id, new_id, &step);
	replace_all(step.ptr, old.ptr, module.ptr, out);
	buf_reset(&step);
	replace_all(
		out->ptr, "../../../../schemas/pattern.schema.json", schema.ptr, &step);
	buf_reset(out);
	buf_add_str(out, step.ptr);
	ret = buf_ok(out, e);
out:
	buf_release(&step);
	buf_release(&module);
	buf_release(&old);
	buf_release(&schema);
	return ret;
}

/* The first pattern of the capability, in a folder of its own. */
static int first_like(
	struct node_env *env, const struct name *n, struct buf *id, struct err *e)
{
	char **names;
	size_t count;

	if (patterns_names(env, n->cloud, n->capability, &names, &count, e) < 0)
		return -1;
	if (count > 0)
		buf_addf(id, "%s.%s.%s", n->cloud, n->capability, names[0]);
	file_list_free(names, count);
	if (id->len == 0)
		return err_set(e, ERR_USAGE,
			"there is no capability '%s' of %s (mlops catalog list)",
			n->capability, n->cloud);
	return buf_ok(id, e);
}

/* Every file of the old folder but its cases, which are about the old pattern. */
static int copy_folder(struct node_env *env, const char *old_id, const char *new_id,
	const char *from, const char *to, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	int ret = file_walk(from, &names, &n, e);

	for (size_t i = 0; i < n && ret == 0; i++) {
		struct buf path = BUF_INIT(8192), text = BUF_INIT(1 << 22),
			   changed = BUF_INIT(1 << 22);

		if (strncmp(names[i], "tests/", 6) != 0) {
			buf_addf(&path, "%s/%s", from, names[i]);
			ret = file_read(path.ptr, &text, e);
			if (ret == 0 && strcmp(names[i], "pattern.json") == 0)
				ret = renamed(env, text.ptr, old_id, new_id, &changed, e);
			else if (ret == 0)
				buf_add(&changed, text.ptr, text.len);
			if (ret == 0)
				ret = file_write_below(
					to, names[i], changed.ptr, changed.len, 0644, e);
		}
		buf_release(&path);
		buf_release(&text);
		buf_release(&changed);
	}
	file_list_free(names, n);
	return ret;
}

static int make(struct node_env *env, const struct catalog_args *a, const char *like,
	const char *dir, struct buf *out, struct err *e)
{
	struct buf relative = BUF_INIT(1024), from = BUF_INIT(8192), to = BUF_INIT(8192);
	const char *id = a->words[1];
	struct name old, own;
	int ret = -1;

	if (split(like, &old, e) < 0 || split(id, &own, e) < 0)
		goto out;
	if (strcmp(old.capability, own.capability) != 0 ||
		strcmp(old.cloud, own.cloud) != 0) {
		err_fill(e, ERR_USAGE, "'%s' and '%s' are not of one capability", id,
			like);
		goto out;
	}
	buf_addf(&relative, "patterns/%s/%s/%s/pattern.json", old.cloud, old.capability,
		old.own);
	if (env_find(env, relative.ptr, &from, e) < 0)
		goto out;
	if (!file_is_regular(from.ptr)) {
		err_fill(e, ERR_NO_INPUT, "no pattern '%s' (mlops catalog list)", like);
		goto out;
	}
	from.ptr[from.len - strlen("/pattern.json")] = '\0';
	buf_addf(&to, "%s/%s/%s/%s", dir, own.cloud, own.capability, own.own);
	if (buf_ok(&to, e) < 0)
		goto out;
	if (file_is_dir(to.ptr)) {
		err_fill(e, ERR_CANT_CREATE, "'%s' is there already", to.ptr);
		goto out;
	}
	if (file_mkdirs(to.ptr, e) < 0 ||
		copy_folder(env, like, id, from.ptr, to.ptr, e) < 0)
		goto out;
	buf_addf(out,
		"made %s from %s\n"
		"next: edit its pattern.json and templates (mlops-pattern(5)), then\n"
		"  mlops catalog lint --patterns %s %s\n"
		"  mlops-plan --patterns %s --pin SLOT=%s < state.json\n",
		to.ptr, like, dir, id, dir, id);
	ret = buf_ok(out, e);
out:
	buf_release(&relative);
	buf_release(&from);
	buf_release(&to);
	return ret;
}

int catalog_new(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	struct buf like = BUF_INIT(256), dir = BUF_INIT(8192);
	struct name n;
	int ret = -1;

	if (a->n != 2)
		return err_set(
			e, ERR_USAGE, "catalog new takes one id, as aws.serve.mine");
	if (a->dir != NULL)
		buf_add_str(&dir, a->dir);
	else
		buf_add(&dir, env->patterns, strcspn(env->patterns, ":"));
	if (dir.len == 0)
		err_fill(e, ERR_USAGE, "say where: -C DIR, or --patterns DIR");
	else if (split(a->words[1], &n, e) == 0) {
		if (a->like != NULL)
			buf_add_str(&like, a->like);
		else if (first_like(env, &n, &like, e) < 0)
			goto out;
		ret = make(env, a, like.ptr, dir.ptr, out, e);
	}
out:
	buf_release(&like);
	buf_release(&dir);
	return ret;
}
