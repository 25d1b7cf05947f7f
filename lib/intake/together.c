/*
 * together.c - a brief and later replies together: what a reply settles, and what it
 * contradicts.
 */
#include <stdio.h>
#include <string.h>

#include "intake/extract.h"

static int is_reply(const char *source)
{
	return strcmp(source, "answer") == 0 || strcmp(source, "set") == 0 ||
		strcmp(source, "feedback") == 0;
}

/* Does the evidence at key belong to the field? */
static int about(const char *key, const char *field)
{
	size_t n = strlen(field);

	return strncmp(key, "/constraints/", 13) == 0 &&
		strncmp(key + 13, field, n) == 0 &&
		(key[13 + n] == '\0' || key[13 + n] == '/');
}

static int replied(const cJSON *provenance, const char *field)
{
	JSON_EACH (p, provenance)
		if (about(json_key(p), field) && is_reply(json_str_or(p, "source", "")))
			return 1;
	return 0;
}

/* A contradiction ends when any field of it was answered: what is left is found anew. */
static int still_open(const cJSON *provenance, const cJSON *conflict)
{
	JSON_EACH (f, json_get(conflict, "fields"))
		if (replied(provenance, json_text(f)))
			return 0;
	return 1;
}

/* Drops what replies have settled: contradictions, and doubts about the field. */
static int settle(struct gathered *g, struct err *e)
{
	cJSON *kept = json_new_object(e);
	int ret = kept == NULL ? -1 : 0;

	JSON_EACH (p, g->provenance) {
		cJSON *open = NULL, *copy;
		char field[64];

		if (ret < 0)
			break;
		snprintf(field, sizeof(field), "%.*s",
			(int)strcspn(json_key(p) + 13, "/"), json_key(p) + 13);
		JSON_EACH (c, json_get(p, "conflicts"))
			if (still_open(g->provenance, c)) {
				open = open == NULL ? json_new_array(e) : open;
				ret = open == NULL ? -1 : json_push_copy(open, c, e);
			}
		/* an entry that was there for the contradiction alone goes with it */
		if (ret == 0 && open == NULL &&
			strcmp(json_str_or(p, "rule", ""), "conflict") == 0)
			continue;
		copy = ret < 0 ? NULL : json_copy(p, e);
		if (copy == NULL) {
			json_free(open);
			ret = -1;
			break;
		}
		json_remove(copy, "conflicts");
		if (replied(g->provenance, field))
			json_remove(copy, "ambiguous");
		if (open != NULL)
			ret = json_set(copy, "conflicts", open, e);
		if (ret == 0)
			ret = json_set(kept, json_key(p), copy, e);
		else
			json_free(copy);
	}
	if (ret < 0) {
		json_free(kept);
		return -1;
	}
	json_free(g->provenance);
	g->provenance = kept;
	return 0;
}

/* The words behind a value of a field: of the item, where the field is a list. */
static const char *quote_of(const struct gathered *g, const char *field, const char *item)
{
	const cJSON *list = json_get(g->constraints, field);
	char pointer[96];
	size_t i = 0;

	snprintf(pointer, sizeof(pointer), "/constraints/%s", field);
	JSON_EACH (it, list)
		if (json_is(list, JSON_ARRAY) && json_text(it) != NULL) {
			if (strcmp(json_text(it), item) == 0)
				snprintf(pointer, sizeof(pointer), "/constraints/%s/%zu",
					field, i);
			i++;
		}
	return json_str_or(json_get(g->provenance, pointer), "quote", item);
}

static int contradict(struct gathered *g, const char *a, const char *x, const char *b,
	const char *y, const char *why, struct err *e)
{
	char pointer[96];
	cJSON *entry, *list, *one, *names, *quotes;

	if (!replied(g->provenance, a) && !replied(g->provenance, b))
		return 0; /* the brief's own: found when it was read */
	snprintf(pointer, sizeof(pointer), "/constraints/%s", a);
	if (!json_has(g->provenance, pointer))
		snprintf(pointer, sizeof(pointer), "/constraints/%s/0", a);
	entry = json_own(g->provenance, pointer, e);
	if (entry == NULL)
		return -1;
	list = json_has(entry, "conflicts") ? json_own(entry, "conflicts", e)
					    : json_add_array(entry, "conflicts", e);
	one = list == NULL ? NULL : json_push_object(list, e);
	names = one == NULL ? NULL : json_add_array(one, "fields", e);
	if (names == NULL || json_push_str(names, a, e) < 0 ||
		json_push_str(names, b, e) < 0 ||
		json_setf(one, "why", e, "%s: %s, %s", why, x, y) < 0)
		return -1;
	quotes = json_add_array(one, "quotes", e);
	return quotes == NULL || json_push_str(quotes, quote_of(g, a, x), e) < 0 ||
			json_push_str(quotes, quote_of(g, b, y), e) < 0
		? -1
		: 0;
}

static int regions_fit(struct gathered *g, struct err *e)
{
	const cJSON *c = g->constraints, *within = json_get(c, "data_residency");
	const char *cloud = json_str_or(c, "cloud", NULL);

	JSON_EACH (it, json_get(c, "regions")) {
		const struct region *r = region_by_code(g->v->regions, json_text(it));
		int inside = json_len(within) == 0;

		if (r == NULL)
			continue;
		if (cloud != NULL && strcmp(r->cloud, cloud) != 0 &&
			contradict(g, "cloud", cloud, "regions", r->code,
				"the region is another cloud's", e) < 0)
			return -1;
		JSON_EACH (j, within)
			inside |= region_within(g->v->regions, r, json_text(j));
		if (!inside &&
			contradict(g, "data_residency", json_text(json_item(within, 0)),
				"regions", r->code, "the region lies outside", e) < 0)
			return -1;
		JSON_EACH (x, json_get(c, "exclusions"))
			if ((strcmp(json_text(x), r->code) == 0 ||
				    region_within(g->v->regions, r, json_text(x))) &&
				contradict(g, "exclusions", json_text(x), "regions",
					r->code, "the region is ruled out", e) < 0)
				return -1;
	}
	return 0;
}

static int choices_fit(struct gathered *g, struct err *e)
{
	const cJSON *c = g->constraints;
	const char *cloud = json_str_or(c, "cloud", NULL);

	JSON_EACH (x, json_get(c, "exclusions")) {
		if (cloud != NULL && strcmp(json_text(x), cloud) == 0 &&
			contradict(g, "cloud", cloud, "exclusions", cloud,
				"the cloud is asked for and ruled out", e) < 0)
			return -1;
		if (json_has_text(json_get(c, "storage_prefs"), json_text(x)) &&
			contradict(g, "exclusions", json_text(x), "storage_prefs",
				json_text(x), "the store is asked for and ruled out",
				e) < 0)
			return -1;
		if (strcmp(json_text(x), json_str_or(c, "deployment_pref", "")) == 0 &&
			contradict(g, "deployment_pref", json_text(x), "exclusions",
				json_text(x), "asked for and ruled out", e) < 0)
			return -1;
	}
	return 0;
}

int what_stood(const struct gathered *g, const char *pointer, const cJSON *value,
	cJSON **out, struct err *e)
{
	const cJSON *was = json_at(g->constraints, pointer + 12), *from = NULL;
	size_t n = strlen(pointer);

	*out = NULL;
	if (was == NULL || json_equal(was, value))
		return 0;
	JSON_EACH (p, g->provenance)
		if (from == NULL && strncmp(json_key(p), pointer, n) == 0 &&
			(json_key(p)[n] == '\0' || json_key(p)[n] == '/'))
			from = p;
	*out = json_new_object(e);
	if (*out == NULL || json_set_copy(*out, "value", was, e) < 0 ||
		json_set_str(*out, "source", json_str_or(from, "source", "text"), e) <
			0 ||
		json_set_str(*out, "quote", json_str_or(from, "quote", ""), e) < 0) {
		json_free(*out);
		*out = NULL;
		return -1;
	}
	return 0;
}

int settle_replies(struct gathered *g, struct err *e)
{
	int any = 0;

	JSON_EACH (p, g->provenance)
		any |= is_reply(json_str_or(p, "source", ""));
	if (!any)
		return 0;
	return settle(g, e) < 0 || regions_fit(g, e) < 0 || choices_fit(g, e) < 0 ? -1
										  : 0;
}
