/* lexicon.c - share/lexicon/ and share/regions/ into one compiled lexicon. */
#include <stdlib.h>
#include <string.h>

#include "catalog/lexicon.h"

static const struct {
	const char *key;
	unsigned flags;
} classes[LC_COUNT] = {
	{ NULL, 0 },
#define LEXCLASS(name, key, flags) { key, flags },
#include "lexicon.def"
#undef LEXCLASS
};

#define WORDS        "lexicon/words.json"
#define TECHNOLOGIES "lexicon/technologies.json"
#define RATES        "lexicon/rates.json"

static unsigned class_named(const char *key)
{
	for (unsigned c = 1; c < LC_COUNT; c++)
		if (classes[c].key != NULL && strcmp(classes[c].key, key) == 0)
			return c;
	return LC_NONE;
}

/* The phrases of a list, in class c with a value; `weak` adds the sense "needs support". */
static int add_list(struct vocabulary *v, const cJSON *list, unsigned c,
	const char *value, const cJSON *weak, struct err *e)
{
	JSON_EACH (it, list) {
		const char *phrase = json_text(it);

		if (phrase == NULL)
			return err_set(e, ERR_CONFIG,
				"'%s' holds something that is not a string",
				value != NULL ? value : "list");
		if (lexicon_add(v->lexicon, phrase, c, value, classes[c].flags, e) < 0)
			return -1;
		if (weak != NULL && json_has_text(weak, phrase) &&
			lexicon_add(v->lexicon, phrase, LC_WEAK, NULL, 0, e) < 0)
			return -1;
	}
	return 0;
}

static int add_words(struct vocabulary *v, struct err *e)
{
	const cJSON *words, *weak = json_get(v->words, "weak");

	if (json_obj(v->words, "words", &words, e) < 0)
		return -1;
	JSON_EACH (entry, words) {
		unsigned c = class_named(json_key(entry));
		const cJSON *weak_here = json_get(weak, json_key(entry));

		if (c == LC_NONE)
			return err_set(e, ERR_CONFIG, "/words/%s: no such class",
				json_key(entry));
		if (json_is(entry, JSON_ARRAY)) {
			if (add_list(v, entry, c, NULL, weak_here, e) < 0)
				return -1;
			continue;
		}
		JSON_EACH (list, entry)
			if (add_list(v, list, c, json_key(list), weak_here, e) < 0) {
				err_where(e, "/words/%s", json_key(entry));
				return -1;
			}
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(
		((const struct technology *)a)->id, ((const struct technology *)b)->id);
}

static int add_technologies(struct vocabulary *v, struct err *e)
{
	v->techs = calloc(json_len(v->technologies) + 1, sizeof(*v->techs));
	if (v->techs == NULL)
		return err_no_memory(e);
	JSON_EACH (it, v->technologies) {
		struct technology *t = &v->techs[v->n_techs];
		const char *category;
		const cJSON *names;

		t->id = json_key(it);
		if (json_str(it, "category", &category, e) < 0 ||
			json_arr(it, "names", &names, e) < 0) {
			err_where(e, "/%s", t->id);
			return -1;
		}
		t->category = strcmp(category, "storage") == 0   ? TECH_STORAGE
			: strcmp(category, "observability") == 0 ? TECH_OBSERVABILITY
								 : TECH_OTHER;
		t->cloud = json_str_or(it, "cloud", NULL);
		t->deployment = json_str_or(it, "deployment_pref", NULL);
		if (add_list(v, names, LC_TECH, t->id, NULL, e) < 0 ||
			add_list(v, json_get(it, "weak"), LC_TECH, t->id,
				json_get(it, "weak"), e) < 0) {
			err_where(e, "/%s", t->id);
			return -1;
		}
		v->n_techs++;
	}
	qsort(v->techs, v->n_techs, sizeof(*v->techs), by_id);
	return 0;
}

static int add_places(struct vocabulary *v, struct err *e)
{
	const struct region_book *b = v->regions;

	for (size_t i = 0; i < b->n; i++) {
		const struct region *r = &b->at[i];

		if (lexicon_add(v->lexicon, r->code, LC_REGION, r->code, 0, e) < 0)
			return -1;
		/* Azure's display names are its regions' other names: "West Europe" */
		if (strcmp(r->cloud, "azure") == 0 &&
			lexicon_add(v->lexicon, r->name, LC_REGION, r->code, 0, e) < 0)
			return -1;
		JSON_EACH (p, r->places)
			if (lexicon_add(v->lexicon, json_text(p), LC_PLACE, json_text(p),
				    0, e) < 0)
				return -1;
	}
	JSON_EACH (country, b->jurisdictions)
		if (add_list(v, country, LC_COUNTRY, json_key(country), NULL, e) < 0)
			return -1;
	JSON_EACH (country, b->cities)
		JSON_EACH (city, country)
			if (lexicon_add(v->lexicon, json_text(city), LC_PLACE,
				    json_text(city), 0, e) < 0)
				return -1;
	return 0;
}

static int broken(struct err *e, const char *file)
{
	e->code = ERR_CONFIG;
	err_where(e, "share/%s", file);
	return -1;
}

int vocabulary_load(struct vocabulary *v, struct node_env *env, struct err *e)
{
	memset(v, 0, sizeof(*v));
	v->lexicon = lexicon_new();
	if (v->lexicon == NULL)
		return err_no_memory(e);
	v->words = env_read_json(env, WORDS, e);
	v->technologies = v->words == NULL ? NULL : env_read_json(env, TECHNOLOGIES, e);
	v->rates = v->technologies == NULL ? NULL : env_read_json(env, RATES, e);
	v->regions = v->rates == NULL ? NULL : region_book_load(env, e);
	if (v->regions == NULL)
		return -1;
	if (add_words(v, e) < 0)
		return broken(e, WORDS);
	if (add_technologies(v, e) < 0)
		return broken(e, TECHNOLOGIES);
	if (add_places(v, e) < 0)
		return broken(e, "regions");
	return lexicon_compile(v->lexicon, e);
}

void vocabulary_release(struct vocabulary *v)
{
	lexicon_free(v->lexicon);
	region_book_free(v->regions);
	free(v->techs);
	json_free(v->words);
	json_free(v->technologies);
	json_free(v->rates);
	memset(v, 0, sizeof(*v));
}

const struct technology *vocabulary_technology(const struct vocabulary *v, const char *id)
{
	struct technology key = { .id = id };

	return bsearch(&key, v->techs, v->n_techs, sizeof(key), by_id);
}

double vocabulary_rate(const struct vocabulary *v, const char *currency)
{
	if (strcmp(currency, "USD") == 0)
		return 1;
	return json_num_or(json_get(v->rates, "usd_per_unit"), currency, 0);
}

const char *vocabulary_rates_date(const struct vocabulary *v)
{
	return json_str_or(v->rates, "as_of", "");
}
