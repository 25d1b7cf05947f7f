/* What share/ knows about the parts of a plan. */
#include "facts.h"

/* "aws.serve.fargate-alb" -> "patterns/aws/serve/fargate-alb/pattern.json"; 0 when the
 * id cannot be a path. */
static int pattern_path(const char *id, char *out, size_t max)
{
	const char *cap = strchr(id, '.'),
		   *name = cap == NULL ? NULL : strchr(cap + 1, '.');
	int n;

	if (name == NULL || strchr(name + 1, '.') != NULL || cap == id ||
		name == cap + 1 || name[1] == '\0' ||
		strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(id))
		return 0;
	n = snprintf(out, max, "patterns/%.*s/%.*s/%s/pattern.json", (int)(cap - id), id,
		(int)(name - cap - 1), cap + 1, name + 1);
	return n > 0 && (size_t)n < max;
}

/* NULL without *e filled when share/ has no such pattern. */
static cJSON *read_pattern(
	struct node_env *env, const char *id, int *failed, struct err *e)
{
	char relative[512], path[4096];
	cJSON *v;

	*failed = 0;
	if (!pattern_path(id, relative, sizeof(relative)))
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", env->share, relative);
	if (!file_is_regular(path))
		return NULL;
	v = env_read_json(env, relative, e);
	*failed = v == NULL;
	return v;
}

static int add_claims(cJSON *part, const cJSON *pattern, cJSON *claims, struct err *e)
{
	const cJSON *list = json_get(pattern, "claims");
	cJSON *controls;

	if (!json_is(list, JSON_ARRAY))
		return json_set_null(part, "claims", e);
	controls = json_add_array(part, "claims", e);
	if (controls == NULL)
		return -1;
	JSON_EACH (c, list) {
		const char *control = json_str_or(c, "control", "");
		cJSON *o;

		if (!json_has_text(controls, control) &&
			json_push_str(controls, control, e) < 0)
			return -1;
		if (claims == NULL)
			continue;
		o = json_push_object(claims, e);
		if (o == NULL ||
			json_set_str(o, "module", json_str_or(part, "module", ""), e) <
				0 ||
			json_set_str(o, "pattern", json_str_or(part, "pattern", ""), e) <
				0 ||
			json_set_str(o, "control", control, e) < 0 ||
			json_set_copy(o, "file", json_get(c, "file"), e) < 0 ||
			json_set_copy(o, "proof", json_get(c, "proof"), e) < 0)
			return -1;
	}
	return 0;
}

static int copy_member(cJSON *to, const cJSON *from, const char *key, struct err *e)
{
	const cJSON *v = json_get(from, key);

	return v == NULL ? json_set_null(to, key, e) : json_set_copy(to, key, v, e);
}

static int add_part(struct node_env *env, cJSON *parts, const cJSON *s, int base,
	cJSON *claims, struct err *e)
{
	static const char *const own[] = { "slot", "workload", "params" };
	static const char *const known[] = { "services", "failure_domains", "burden" };
	const char *id = json_str_or(s, "pattern", "");
	const char *module = json_str_or(s, "module", json_str_or(s, "slot", id));
	int failed, ret = -1;
	cJSON *pattern = read_pattern(env, id, &failed, e), *p;

	if (failed)
		return -1;
	p = json_push_object(parts, e);
	if (p == NULL || json_set_str(p, "module", module, e) < 0 ||
		json_set_str(p, "pattern", id, e) < 0 ||
		json_set_str(p, "capability",
			json_str_or(s, "capability",
				base ? "base" : json_str_or(pattern, "capability", "")),
			e) < 0 ||
		json_set_bool(p, "base", base, e) < 0 ||
		json_set_bool(p, "known", pattern != NULL, e) < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (copy_member(p, s, own[i], e) < 0)
			goto out;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (copy_member(p, json_has(s, known[i]) ? s : pattern, known[i], e) < 0)
			goto out;
	ret = add_claims(p, pattern, claims, e);
out:
	json_free(pattern);
	return ret;
}

static int add_regions(
	cJSON *facts, const cJSON *plan, const struct region_book *book, struct err *e)
{
	cJSON *list = json_add_array(facts, "regions", e);

	JSON_EACH (code, json_get(plan, "regions")) {
		const struct region *r = book == NULL || json_text(code) == NULL
			? NULL
			: region_by_code(book, json_text(code));
		cJSON *o = list == NULL ? NULL : json_push_object(list, e);

		if (o == NULL || json_set_copy(o, "code", code, e) < 0 ||
			json_set_bool(o, "known", r != NULL, e) < 0 ||
			json_set_str(o, "country", r == NULL ? NULL : r->country, e) < 0)
			return -1;
		if (r == NULL ? json_set_null(o, "eea", e) < 0
			      : json_set_bool(o, "eea", r->eea, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

/* Every service and pattern that the parts use, once each. */
static int add_used(cJSON *facts, struct err *e)
{
	cJSON *list = json_add_array(facts, "used", e);

	JSON_EACH (p, json_get(facts, "parts")) {
		const char *id = json_str_or(p, "pattern", "");

		if (list == NULL ||
			(!json_has_text(list, id) && json_push_str(list, id, e) < 0))
			return -1;
		JSON_EACH (s, json_get(p, "services")) {
			id = json_text(s) != NULL ? json_text(s)
						  : json_str_or(s, "id", "");
			if (!json_has_text(list, id) && json_push_str(list, id, e) < 0)
				return -1;
		}
	}
	return list == NULL ? -1 : 0;
}

static int add_capabilities(cJSON *facts, struct err *e)
{
	cJSON *list = json_add_array(facts, "capabilities", e);

	JSON_EACH (p, json_get(facts, "parts")) {
		const char *cap = json_str_or(p, "capability", "");

		if (list != NULL && !json_has_text(list, cap) &&
			json_push_str(list, cap, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

cJSON *facts_build(struct node_env *env, const cJSON *plan,
	const struct region_book *regions, cJSON *claims, struct err *e)
{
	cJSON *facts = json_new_object(e), *parts;
	int bad;

	parts = facts == NULL ? NULL : json_add_array(facts, "parts", e);
	bad = parts == NULL;
	JSON_EACH (s, json_get(plan, "slots"))
		bad = bad || add_part(env, parts, s, 0, claims, e) < 0;
	JSON_EACH (s, json_get(plan, "bases"))
		bad = bad || add_part(env, parts, s, 1, claims, e) < 0;
	if (bad || add_regions(facts, plan, regions, e) < 0 ||
		add_capabilities(facts, e) < 0 || add_used(facts, e) < 0) {
		json_free(facts);
		return NULL;
	}
	return facts;
}
