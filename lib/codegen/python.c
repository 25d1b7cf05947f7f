/*
 * Requirement lists: what the plan's patterns import, with everything those
 * packages need in turn, pinned and hashed from share/skeleton/python.json.
 */
#include "parts.h"

#include <string.h>

static int want(const cJSON *packages, cJSON *set, const char *name, struct err *e)
{
	const cJSON *package = json_get(packages, name);

	if (json_has(set, name))
		return 0;
	if (package == NULL)
		return err_set(e, ERR_CONFIG,
			"share/skeleton/python.json has no package '%s' that a pattern "
			"imports",
			name);
	if (json_set_bool(set, name, 1, e) < 0)
		return -1;
	JSON_EACH (r, json_get(package, "requires"))
		if (want(packages, set, json_text(r) != NULL ? json_text(r) : "", e) < 0)
			return -1;
	return 0;
}

static int want_all(const cJSON *packages, cJSON *set, const cJSON *names, struct err *e)
{
	JSON_EACH (n, names)
		if (json_text(n) != NULL && want(packages, set, json_text(n), e) < 0)
			return -1;
	return 0;
}

/* The packages of a set in the order of the data file, which is sorted. */
static int list_set(const cJSON *packages, const cJSON *set, cJSON *out, const char *key,
	struct err *e)
{
	cJSON *list = json_add_array(out, key, e), *row, *hashes, *hash;

	if (list == NULL)
		return -1;
	JSON_EACH (p, packages) {
		size_t n = json_len(json_get(p, "hashes")), i = 0;

		if (!json_has(set, json_key(p)))
			continue;
		row = json_push_object(list, e);
		if (row == NULL || json_set_str(row, "name", json_key(p), e) < 0 ||
			json_set_copy(row, "version", json_get(p, "version"), e) < 0)
			return -1;
		hashes = json_add_array(row, "hashes", e);
		JSON_EACH (h, json_get(p, "hashes")) {
			hash = hashes == NULL ? NULL : json_push_object(hashes, e);
			if (hash == NULL || json_set_copy(hash, "value", h, e) < 0 ||
				json_set_bool(hash, "last", ++i == n, e) < 0)
				return -1;
		}
	}
	return 0;
}

int python_lists(struct gen *g, cJSON *out, struct err *e)
{
	static const char *const groups[] = { "service", "pipeline", "dev" };
	const cJSON *packages = json_get(g->python, "packages");
	cJSON *everything = json_new_object(e);
	int ret = everything == NULL ? -1 : 0;

	for (size_t i = 0; i < ARRAY_LEN(groups) && ret == 0; i++) {
		int is_dev = strcmp(groups[i], "dev") == 0;
		cJSON *own = is_dev ? NULL : json_new_object(e),
		      *set = is_dev ? everything : own;

		ret = set == NULL
			? -1
			: want_all(packages, set, json_at(g->python, "/always/all"), e);
		if (ret == 0)
			ret = want_all(packages, set,
				json_get(json_get(g->python, "always"), groups[i]), e);
		JSON_EACH (u, g->units) {
			const cJSON *pattern =
				json_get(g->patterns, json_str_or(u, "pattern", ""));
			const cJSON *names =
				json_get(json_get(pattern, "python"), groups[i]);

			if (ret == 0)
				ret = want_all(packages, set, names, e);
			if (ret == 0)
				ret = want_all(packages, everything, names, e);
		}
		if (ret == 0)
			ret = list_set(packages, set, out, groups[i], e);
		json_free(own);
	}
	json_free(everything);
	return ret;
}
