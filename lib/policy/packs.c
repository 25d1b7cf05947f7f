/* Where rules and waivers come from. */
#include "internal.h"

static int is_pack(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".json") == 0 && name[0] != '.';
}

/* `dir` as shown, `relative` as env_read_json wants it: below share/, or absolute. */
static int load_dir(struct rule_set *set, struct node_env *env, const char *dir,
	const char *relative, struct err *e)
{
	char **names = NULL;
	size_t n = 0;
	int ret = -1;

	if (file_list(dir, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char path[8192];
		cJSON *tree;

		if (!is_pack(names[i]))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (!file_is_regular(path)) {
			err_fill(e, ERR_CONFIG, "%.400s is no regular file", path);
			goto out;
		}
		snprintf(path, sizeof(path), "%s/%s", relative, names[i]);
		tree = env_read_json(env, path, e);
		if (tree == NULL)
			goto out;
		if (rule_set_add(set, tree, path, e) < 0) {
			e->code = ERR_CONFIG;
			goto out;
		}
	}
	ret = 0;
out:
	file_list_free(names, n);
	return ret;
}

static int load_own(
	struct rule_set *set, struct node_env *env, const char *dir, struct err *e)
{
	char *full = realpath(dir, NULL);
	int ret;

	if (full == NULL)
		return err_set(e, ERR_NO_INPUT, "no policy directory '%s'", dir);
	ret = load_dir(set, env, full, full, e);
	free(full);
	return ret;
}

int packs_load(struct rule_set **out, struct node_env *env, const struct opt_list *dirs,
	struct err *e)
{
	struct rule_set *set = NULL;
	char shipped[8192];

	snprintf(shipped, sizeof(shipped), "%s/policies", env->share);
	if (rule_set_new(&set, e) < 0)
		return -1;
	if (file_is_dir(shipped) && load_dir(set, env, shipped, "policies", e) < 0)
		goto fail;
	for (size_t i = 0; i < dirs->n; i++)
		if (load_own(set, env, dirs->at[i], e) < 0)
			goto fail;
	*out = set;
	return 0;
fail:
	rule_set_free(set);
	return -1;
}

/* ---- waivers ---- */

/* A date alone holds to the end of that day (UTC). */
static int read_expiry(const char *text, int64_t *ns)
{
	char full[40];

	if (strlen(text) != 10)
		return clock_parse(text, ns);
	snprintf(full, sizeof(full), "%sT00:00:00Z", text);
	if (clock_parse(full, ns) < 0)
		return -1;
	*ns += (int64_t)86400 * 1000000000;
	return 0;
}

static int check_waiver(const cJSON *w, const cJSON *all, struct err *e)
{
	static const char *const needed[] = { "rule", "owner", "reason", "expires" };
	const char *text;
	int64_t end;

	if (!json_is(w, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "is not an object");
	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		if (json_str(w, needed[i], &text, e) < 0)
			return -1;
		if (*text == '\0')
			return err_set(e, ERR_INPUT, "'%s' is empty", needed[i]);
	}
	JSON_EACH (m, w)
		if (strcmp(json_key(m), "rule") != 0 &&
			strcmp(json_key(m), "owner") != 0 &&
			strcmp(json_key(m), "reason") != 0 &&
			strcmp(json_key(m), "expires") != 0 &&
			strcmp(json_key(m), "ticket") != 0)
			return err_set(e, ERR_INPUT, "unknown member '%s'", json_key(m));
	if (read_expiry(json_str_or(w, "expires", ""), &end) < 0)
		return err_set(e, ERR_INPUT, "'expires' is no date or RFC 3339 time");
	JSON_EACH (other, all)
		if (other != w && json_is(other, JSON_OBJECT) &&
			strcmp(json_str_or(other, "rule", ""),
				json_str_or(w, "rule", "")) == 0)
			return err_set(e, ERR_INPUT, "'%s' is waived twice",
				json_str_or(w, "rule", ""));
	return 0;
}

static int check_waivers(const cJSON *tree, struct err *e)
{
	const cJSON *list;
	double version;
	size_t i = 0;

	if (json_num(tree, "schema_version", &version, e) < 0 ||
		json_arr(tree, "waivers", &list, e) < 0)
		return -1;
	if (version != 1)
		return err_set(e, ERR_INPUT, "/schema_version: is not 1");
	JSON_EACH (m, tree)
		if (strcmp(json_key(m), "schema_version") != 0 &&
			strcmp(json_key(m), "waivers") != 0 &&
			strcmp(json_key(m), "$schema") != 0)
			return err_set(e, ERR_INPUT, "unknown member '%s'", json_key(m));
	JSON_EACH (w, list) {
		if (check_waiver(w, list, e) < 0) {
			err_where(e, "/waivers/%zu", i);
			return -1;
		}
		i++;
	}
	return 0;
}

cJSON *waivers_from_json(cJSON *tree, const char *name, struct err *e)
{
	if (check_waivers(tree, e) == 0)
		return tree;
	err_where(e, "%s", name);
	json_free(tree);
	return NULL;
}

cJSON *waivers_load(const char *path, struct err *e)
{
	cJSON *tree = json_parse_file(path, (size_t)4 << 20, e);

	return tree == NULL ? NULL : waivers_from_json(tree, path, e);
}

int waiver_expired(const cJSON *waiver, int64_t now_ns)
{
	int64_t end;

	return read_expiry(json_str_or(waiver, "expires", ""), &end) < 0 || now_ns >= end;
}

const cJSON *waiver_for(const cJSON *waivers, const char *rule, int64_t now_ns)
{
	JSON_EACH (w, json_get(waivers, "waivers"))
		if (strcmp(json_str_or(w, "rule", ""), rule) == 0 &&
			!waiver_expired(w, now_ns))
			return w;
	return NULL;
}
