/* Verdicts kept under a name made of what went into them. */
#include "tools.h"

#include <string.h>

/* What a result depends on: the row, the tool, every file of the repository. */
int kept_path(const struct pool *p, const struct task *t, const char *python,
	struct buf *out, struct err *e)
{
	struct buf key = BUF_INIT(1 << 20);
	char hex[DIGEST_HEX_MAX];
	int ret;

	json_print(t->row, JSON_COMPACT, &key);
	buf_addf(&key, "\n%s\n%s\n%s\n%s\n%s\n%s %d", MLOPS_VERSION,
		json_str_or(t->check, "id", ""), t->tool->path, t->tool->version, python,
		p->tree_digest, p->args->network);
	if (t->mirror != NULL)
		buf_addf(&key, "\n%s %s", t->mirror->path, t->mirror->label);
	ret = buf_ok(&key, e);
	if (ret == 0) {
		digest_hex(key.ptr, key.len, hex);
		buf_addf(out, "%s/%s.json", p->args->cache, hex);
		ret = buf_ok(out, e);
	}
	buf_release(&key);
	return ret;
}

int kept_get(struct task *t, const char *path, struct err *e)
{
	struct err none = { 0 };
	cJSON *kept = json_parse_file(path, (size_t)16 << 20, &none);
	const char *status = json_str_or(kept, "status", "");

	if (strcmp(status, "pass") != 0 && strcmp(status, "fail") != 0) {
		json_free(kept);
		return 0;
	}
	json_free(t->check);
	t->check = kept;
	return json_set_bool(kept, "cached", 1, e) < 0 ? -1 : 1;
}

void kept_put(const struct pool *p, const struct task *t, const char *path)
{
	struct buf text = BUF_INIT((size_t)16 << 20);
	struct err ignored = { 0 };

	if (!check_is(t->check, "pass") && !check_is(t->check, "fail"))
		return;
	json_print(t->check, JSON_COMPACT, &text);
	if (buf_ok(&text, &ignored) == 0 && file_mkdirs(p->args->cache, &ignored) == 0)
		(void)file_write_atomic(path, text.ptr, text.len, 0644, 0, &ignored);
	buf_release(&text);
}
