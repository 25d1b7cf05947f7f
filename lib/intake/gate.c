/* gate.c - the gate `intake`: facts that a policy rule wants before anything is planned. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/extract.h"

#define PACK_TEXT_MAX ((size_t)4 << 20)

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t policy_packs(const char *share, char *out[POLICY_PACKS_MAX])
{
	char path[4096];
	DIR *dir;
	const struct dirent *entry;
	size_t n = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/policies", share) >= sizeof(path))
		return 0;
	dir = opendir(path);
	while (dir != NULL && n < POLICY_PACKS_MAX && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len < 6 || entry->d_name[0] == '.' ||
			strcmp(entry->d_name + len - 5, ".json") != 0)
			continue;
		out[n] = strdup(entry->d_name);
		n += out[n] != NULL;
	}
	if (dir != NULL)
		closedir(dir);
	qsort(out, n, sizeof(*out), by_name);
	return n;
}

static int fact_known(const cJSON *constraints, const char *fact)
{
	return json_has(constraints, fact) ||
		(strcmp(fact, "regions") == 0 && json_has(constraints, "data_residency"));
}

static int want(const cJSON *constraints, const cJSON *rule, const char *fact,
	cJSON *missing, struct err *e)
{
	cJSON *row;

	if (fact == NULL || fact_known(constraints, fact))
		return 0;
	row = json_push_object(missing, e);
	return row == NULL || json_set_str(row, "field", fact, e) < 0 ||
			json_set_str(row, "policy", json_str_or(rule, "id", ""), e) < 0
		? -1
		: 0;
}

static int read_pack(struct node_env *env, const char *name, const cJSON *constraints,
	cJSON *missing, struct err *e)
{
	char path[300];
	struct buf text = BUF_INIT(PACK_TEXT_MAX);
	cJSON *doc = NULL;
	int ret = -1;

	snprintf(path, sizeof(path), "policies/%s", name);
	if (env_read_text(env, path, &text, e) < 0)
		goto out;
	ret = 0;
	if (strstr(text.ptr, "\"requires_fact\"") == NULL)
		goto out;
	doc = json_parse(text.ptr, text.len, JSON_STRICT, e);
	if (doc == NULL) {
		e->code = ERR_CONFIG;
		err_where(e, "share/%s", path);
		ret = -1;
		goto out;
	}
	JSON_EACH (rule, json_get(doc, "rules")) {
		const cJSON *facts = json_get(rule, "requires_fact");

		if (ret == 0 && json_is(facts, JSON_STRING))
			ret = want(constraints, rule, json_text(facts), missing, e);
		JSON_EACH (f, facts)
			if (ret == 0)
				ret = want(constraints, rule, json_text(f), missing, e);
	}
out:
	json_free(doc);
	buf_release(&text);
	return ret;
}

int required_facts(
	struct node_env *env, const cJSON *constraints, cJSON *coverage, struct err *e)
{
	char *names[POLICY_PACKS_MAX];
	size_t n = policy_packs(env->share, names);
	cJSON *missing = json_add_array(coverage, "required_facts", e);
	int ret = missing == NULL ? -1 : 0;

	for (size_t i = 0; i < n; i++) {
		if (ret == 0)
			ret = read_pack(env, names[i], constraints, missing, e);
		free(names[i]);
	}
	if (ret == 0 && json_len(missing) > 0)
		ret = 10;
	return ret;
}
