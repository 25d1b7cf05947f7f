/* What composing reads from share/. */
#include "internal.h"

#include <string.h>

/* The cloud that was named, else the one whose region was named, else the default. */
static const char *cloud_of(const struct knowledge *k, const cJSON *constraints)
{
	const char *named = json_text(json_get(constraints, "cloud"));
	const char *region = json_text(json_item(json_get(constraints, "regions"), 0));
	const struct region *place =
		region == NULL ? NULL : region_by_code(k->regions, region);

	if (named != NULL)
		return named;
	if (place != NULL)
		return place->cloud;
	return json_str_or(json_item(json_get(k->slots, "defaults"), 0), "value", "aws");
}

int knowledge_fits(const struct knowledge *k, const cJSON *constraints)
{
	return strcmp(k->cloud, cloud_of(k, constraints)) == 0;
}

/* Folders beside those of the capabilities: nothing in them can be chosen. */
static int warn_of_strangers(struct knowledge *k, struct err *e)
{
	char relative[64], **names;
	size_t n;

	snprintf(relative, sizeof(relative), "patterns/%s", k->cloud);
	if (env_list(k->env, relative, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int known = names[i][0] == '.';

		for (size_t c = 0; catalog_capabilities[c] != NULL; c++)
			known |= strcmp(names[i], catalog_capabilities[c]) == 0;
		if (!known)
			log_warn(&k->env->log,
				"patterns left out: %s/%s: unknown capability '%s'",
				relative, names[i], names[i]);
	}
	file_list_free(names, n);
	return 0;
}

int knowledge_load(struct knowledge *k, struct node_env *env, const cJSON *constraints,
	const struct compose_options *o, struct err *e)
{
	memset(k, 0, sizeof(*k));
	k->env = env;
	k->opts = o;
	k->slots = env_read_json(env, "patterns/slots.json", e);
	if (k->slots == NULL)
		return -1;
	k->regions = region_book_load(env, e);
	if (k->regions == NULL)
		return -1;
	snprintf(k->cloud, sizeof(k->cloud), "%s", cloud_of(k, constraints));
	if (services_load(&k->services, env, k->cloud, e) < 0 ||
		patterns_init(&k->patterns, k->cloud, e) < 0 ||
		warn_of_strangers(k, e) < 0 || knowledge_patterns(k, "base", e) < 0)
		return -1;
	return 0;
}

int knowledge_patterns(struct knowledge *k, const char *capability, struct err *e)
{
	size_t before = k->patterns.n;

	return patterns_load(&k->patterns, k->env, capability, e) < 0
		? -1
		: refuse_unsound(k, before, e);
}

int knowledge_first_warning(struct knowledge *k, const char *id)
{
	size_t used = strlen(k->warned);
	char mark[160];

	snprintf(mark, sizeof(mark), " %s ", id);
	if (strstr(k->warned, mark) != NULL)
		return 0;
	if (used + strlen(mark) < sizeof(k->warned))
		memcpy(k->warned + used, mark, strlen(mark) + 1);
	return 1;
}

void knowledge_release(struct knowledge *k)
{
	for (size_t i = 0; i < k->n_books; i++)
		price_book_free(k->books[i].book);
	services_free(k->services);
	patterns_release(&k->patterns);
	json_free(k->slots);
	region_book_free(k->regions);
}

struct price_book *knowledge_book(struct knowledge *k, const char *region, struct err *e)
{
	for (size_t i = 0; i < k->n_books; i++)
		if (strcmp(k->books[i].region, region) == 0)
			return k->books[i].book;
	if (k->n_books == ARRAY_LEN(k->books)) {
		err_fill(e, ERR_INTERNAL, "too many regions");
		return NULL;
	}
	if (price_book_load(&k->books[k->n_books].book, k->env, k->cloud, region, e) <
		0) {
		k->failed = *e;
		return NULL;
	}
	if (k->n_books > 0)
		price_book_share(k->books[k->n_books].book, k->books[0].book);
	snprintf(k->books[k->n_books].region, sizeof(k->books[0].region), "%s", region);
	return k->books[k->n_books++].book;
}

uint64_t port_bit(const struct knowledge *k, const char *port)
{
	size_t i = 0;

	JSON_EACH (it, json_get(k->slots, "ports")) {
		const char *name = json_text(it);

		if (name != NULL && strcmp(name, port) == 0)
			return (uint64_t)1 << i;
		i++;
	}
	return 0;
}
