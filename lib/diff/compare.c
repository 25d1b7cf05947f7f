/* What differs between two states: values by pointer, keys, files. */
#include "diff.h"

#include <string.h>

#define CHANGES_MAX 2000

/* Keys whose values are compared one by one. */
static const char *const compared[] = { "constraints", "coverage", "plan", "critique",
	"cost", "policy" };

/* Keys that say when, how long or how often, not what: no part of a comparison. */
static const char *const volatile_keys[] = { "schema_version", "run_meta", "reason_cards",
	"hitl", "reports", "diff_summary" };

/* Members that name an item of an array, the most telling first. */
static const char *const names[] = { "slot", "module", "id", "path", "rule", "sku",
	"field", "pattern", "component", "name", "service" };

static int in_list(const char *const *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], key) == 0)
			return 1;
	return 0;
}

/* 1 if every item is an object and `name` tells them all apart. */
static int tells_apart(const cJSON *arr, const char *name)
{
	JSON_EACH (a, arr) {
		const char *mine = json_text(json_get(a, name));

		if (mine == NULL)
			return 0;
		for (const cJSON *b = json_next(a); b != NULL; b = json_next(b)) {
			const char *other = json_text(json_get(b, name));

			if (other == NULL || strcmp(mine, other) == 0)
				return 0;
		}
	}
	return 1;
}

static const char *naming_member(const cJSON *a, const cJSON *b)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (tells_apart(a, names[i]) && tells_apart(b, names[i]))
			return names[i];
	return NULL;
}

static const cJSON *find_named(const cJSON *arr, const char *name, const char *value)
{
	JSON_EACH (item, arr)
		if (strcmp(json_str_or(item, name, ""), value) == 0)
			return item;
	return NULL;
}

struct compare {
	cJSON *changes;
	size_t n;
	struct buf at;    /* the pointer of the place being compared */
	struct buf label; /* the same for people: items by their names */
};

/* Differences that the comparison itself brought about. */
static int is_echo(const char *at)
{
	return strncmp(at, "/cost/delta", 11) == 0;
}

static int note(struct compare *c, const char *change, const cJSON *before,
	const cJSON *after, struct err *e)
{
	cJSON *o;

	if (is_echo(c->at.ptr) || c->n++ >= CHANGES_MAX)
		return 0;
	o = json_push_object(c->changes, e);
	if (o == NULL || json_set_str(o, "pointer", c->at.ptr, e) < 0 ||
		json_set_str(o, "label", c->label.ptr, e) < 0 ||
		json_set_str(o, "change", change, e) < 0 ||
		(before != NULL && json_set_copy(o, "before", before, e) < 0) ||
		(after != NULL && json_set_copy(o, "after", after, e) < 0))
		return -1;
	return 0;
}

static int compare(struct compare *c, const cJSON *a, const cJSON *b, struct err *e);

/* Goes down to a member or an item: `token` in the pointer, `name` in the label. */
static int step(struct compare *c, const char *token, const char *name, const cJSON *a,
	const cJSON *b, struct err *e)
{
	size_t at = c->at.len, label = c->label.len;
	int ret;

	json_pointer_add(&c->at, token);
	if (name != NULL)
		buf_addf(&c->label, "[%s]", name);
	else
		buf_addf(&c->label, "%s%s", label > 0 ? "." : "", token);
	ret = buf_ok(&c->at, e) < 0 || buf_ok(&c->label, e) < 0 ? -1
								: compare(c, a, b, e);
	buf_cut(&c->at, at);
	buf_cut(&c->label, label);
	return ret;
}

/* An item: by its place in the array, and by its name (NULL: it has none). */
static int step_index(struct compare *c, size_t i, const char *name, const cJSON *a,
	const cJSON *b, struct err *e)
{
	char token[24];

	snprintf(token, sizeof(token), "%zu", i);
	return step(c, token, name != NULL ? name : token, a, b, e);
}

static int compare_objects(
	struct compare *c, const cJSON *a, const cJSON *b, struct err *e)
{
	JSON_EACH (m, a)
		if (step(c, json_key(m), NULL, m, json_get(b, json_key(m)), e) < 0)
			return -1;
	JSON_EACH (m, b)
		if (!json_has(a, json_key(m)) &&
			step(c, json_key(m), NULL, NULL, m, e) < 0)
			return -1;
	return 0;
}

static int compare_named(struct compare *c, const char *name, const cJSON *a,
	const cJSON *b, struct err *e)
{
	size_t i = 0;

	JSON_EACH (item, a) {
		const char *id = json_str_or(item, name, "");

		if (find_named(b, name, id) == NULL &&
			step_index(c, i, id, item, NULL, e) < 0)
			return -1;
		i++;
	}
	i = 0;
	JSON_EACH (item, b) {
		const char *id = json_str_or(item, name, "");

		if (step_index(c, i++, id, find_named(a, name, id), item, e) < 0)
			return -1;
	}
	return 0;
}

static int compare_arrays(
	struct compare *c, const cJSON *a, const cJSON *b, struct err *e)
{
	const char *name = naming_member(a, b);
	const cJSON *x = json_first(a), *y = json_first(b);

	if (name != NULL && x != NULL && y != NULL)
		return compare_named(c, name, a, b, e);
	for (size_t i = 0; x != NULL || y != NULL; i++) {
		if (step_index(c, i, NULL, x, y, e) < 0)
			return -1;
		x = x == NULL ? NULL : json_next(x);
		y = y == NULL ? NULL : json_next(y);
	}
	return 0;
}

static int scalars_only(const cJSON *arr)
{
	JSON_EACH (item, arr)
		if (json_is(item, JSON_OBJECT) || json_is(item, JSON_ARRAY))
			return 0;
	return 1;
}

static int compare(struct compare *c, const cJSON *a, const cJSON *b, struct err *e)
{
	if (a == NULL || b == NULL)
		return note(c, a == NULL ? "added" : "removed", a, b, e);
	if (json_equal(a, b))
		return 0;
	if (json_is(a, JSON_OBJECT) && json_is(b, JSON_OBJECT))
		return compare_objects(c, a, b, e);
	if (json_is(a, JSON_ARRAY) && json_is(b, JSON_ARRAY) &&
		!(scalars_only(a) && scalars_only(b)))
		return compare_arrays(c, a, b, e);
	return note(c, "changed", a, b, e);
}

static cJSON *finish(struct compare *c, int ret)
{
	buf_release(&c->at);
	buf_release(&c->label);
	if (ret == 0)
		return c->changes;
	json_free(c->changes);
	return NULL;
}

cJSON *diff_values(const char *at, const cJSON *before, const cJSON *after, struct err *e)
{
	struct compare c = { .changes = json_new_array(e),
		.at = BUF_INIT(1 << 16),
		.label = BUF_INIT(1 << 16) };
	int ret = c.changes == NULL ? -1 : 0;

	buf_add_str(&c.at, at);
	buf_add_str(&c.label, *at == '/' ? at + 1 : at);
	if (ret == 0 && (before != NULL || after != NULL))
		ret = compare(&c, before, after, e);
	return finish(&c, ret);
}

cJSON *diff_states(const cJSON *before, const cJSON *after, struct err *e)
{
	struct compare c = { .changes = json_new_array(e),
		.at = BUF_INIT(1 << 16),
		.label = BUF_INIT(1 << 16) };
	int ret = c.changes == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(compared); i++) {
		const cJSON *a = json_get(before, compared[i]),
			    *b = json_get(after, compared[i]);

		if (a != NULL || b != NULL)
			ret = step(&c, compared[i], NULL, a, b, e);
	}
	return finish(&c, ret);
}

/* Artifacts count by their content, everything else by its value. */
static int key_differs(const char *key, const cJSON *a, const cJSON *b)
{
	if (a == NULL || b == NULL)
		return 1;
	if (strcmp(key, "artifacts") == 0)
		return !json_equal(
			json_get(a, "content_digest"), json_get(b, "content_digest"));
	return !json_equal(a, b);
}

cJSON *diff_keys(const cJSON *before, const cJSON *after, struct err *e)
{
	cJSON *keys = json_new_array(e);
	int ret = keys == NULL ? -1 : 0;

	JSON_EACH (m, after)
		if (ret == 0 &&
			!in_list(volatile_keys, ARRAY_LEN(volatile_keys), json_key(m)) &&
			key_differs(json_key(m), json_get(before, json_key(m)), m))
			ret = json_push_str(keys, json_key(m), e);
	JSON_EACH (m, before)
		if (ret == 0 && !json_has(after, json_key(m)) &&
			!in_list(volatile_keys, ARRAY_LEN(volatile_keys), json_key(m)))
			ret = json_push_str(keys, json_key(m), e);
	if (ret == 0)
		return keys;
	json_free(keys);
	return NULL;
}

static int counts(const cJSON *file)
{
	return file != NULL &&
		strcmp(json_str_or(file, "origin", ""), MANIFEST_ORIGIN_TOOL) != 0 &&
		strcmp(json_str_or(file, "path", ""), DIFF_REPORT_PATH) != 0;
}

static const cJSON *next_counting(const cJSON *f)
{
	while (f != NULL && !counts(f))
		f = json_next(f);
	return f;
}

static int same_file(const cJSON *a, const cJSON *b)
{
	return json_equal(json_get(a, "sha256"), json_get(b, "sha256")) &&
		json_equal(json_get(a, "mode"), json_get(b, "mode"));
}

static int note_file(cJSON *out, const cJSON *file, const char *change, struct err *e)
{
	cJSON *o = json_push_object(out, e);

	if (o == NULL || json_set_str(o, "path", json_str_or(file, "path", ""), e) < 0 ||
		json_set_str(o, "change", change, e) < 0 ||
		json_set_null(o, "lines_added", e) < 0)
		return -1;
	return json_set_null(o, "lines_removed", e);
}

/* Both manifests are in path order: a merge. */
cJSON *diff_files(const cJSON *before, const cJSON *after, struct err *e)
{
	cJSON *out = json_new_array(e);
	const cJSON *a = next_counting(json_first(json_get(before, "files")));
	const cJSON *b = next_counting(json_first(json_get(after, "files")));
	int ret = out == NULL ? -1 : 0;

	while (ret == 0 && (a != NULL || b != NULL)) {
		int order = a == NULL ? 1
			: b == NULL
			? -1
			: strcmp(json_str_or(a, "path", ""), json_str_or(b, "path", ""));

		if (order < 0)
			ret = note_file(out, a, "removed", e);
		else if (order > 0)
			ret = note_file(out, b, "added", e);
		else if (!same_file(a, b))
			ret = note_file(out, b, "modified", e);
		a = order <= 0 ? next_counting(json_next(a)) : a;
		b = order >= 0 ? next_counting(json_next(b)) : b;
	}
	if (ret == 0)
		return out;
	json_free(out);
	return NULL;
}
