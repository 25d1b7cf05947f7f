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

/* ---- compiled ahead of time ---- */

#define PACK_MAGIC "mlopspk1"
#define PACK_FILES (2 + REGION_FILES)

struct pack_part {
	uint32_t at, len;
};

struct pack_technology {
	uint32_t id, cloud, deployment; /* in the block; 0: none */
	uint32_t category;
};

struct pack {
	char magic[8];
	struct pack_part image, technologies, files[PACK_FILES];
};

#pragma weak lexicon_pack
#pragma weak lexicon_pack_end

static const struct buf *source(const struct vocabulary *v, size_t i)
{
	return i < 2 ? &v->texts[i] : &v->regions->texts[i - 2];
}

static struct pack_part part_add(struct buf *out, const void *data, size_t len)
{
	struct pack_part p;

	while (out->len % 8 != 0)
		buf_add(out, "", 1);
	p = (struct pack_part){ (uint32_t)out->len, (uint32_t)len };
	buf_add(out, data, len);
	return p;
}

static uint32_t text_add(struct buf *out, const char *text)
{
	return text == NULL ? 0 : part_add(out, text, strlen(text) + 1).at;
}

int vocabulary_pack(const struct vocabulary *v, struct buf *out, struct err *e)
{
	struct pack head = { .magic = PACK_MAGIC };
	struct buf rows = BUF_INIT((size_t)1 << 20);
	const void *image;
	size_t len;

	buf_reset(out);
	buf_add(out, &head, sizeof(head));
	image = lexicon_image(v->lexicon, &len);
	head.image = part_add(out, image, len);
	for (size_t i = 0; i < v->n_techs; i++) {
		const struct technology *t = &v->techs[i];
		struct pack_technology row = { text_add(out, t->id),
			text_add(out, t->cloud), text_add(out, t->deployment),
			(uint32_t)t->category };

		buf_add(&rows, &row, sizeof(row));
	}
	head.technologies = part_add(out, rows.ptr, rows.len);
	for (size_t i = 0; i < PACK_FILES; i++)
		head.files[i] = part_add(out, source(v, i)->ptr, source(v, i)->len);
	buf_release(&rows);
	if (buf_ok(out, e) < 0)
		return -1;
	memcpy(out->ptr, &head, sizeof(head));
	return 0;
}

/* 1 when the block was made from these very files and is in use now; 0: it is not. */
static int unpack(struct vocabulary *v)
{
	const struct pack *p = (const struct pack *)(const void *)lexicon_pack;
	const char *base = (const char *)lexicon_pack;
	const struct pack_technology *rows;
	struct lexicon *lx;

	if (lexicon_pack == NULL || memcmp(p->magic, PACK_MAGIC, sizeof(p->magic)) != 0)
		return 0;
	for (size_t i = 0; i < PACK_FILES; i++)
		if (source(v, i)->len != p->files[i].len ||
			memcmp(source(v, i)->ptr, base + p->files[i].at,
				p->files[i].len) != 0)
			return 0;
	lx = lexicon_of_image(base + p->image.at, p->image.len);
	v->n_techs = p->technologies.len / sizeof(*rows);
	v->techs = lx == NULL ? NULL : calloc(v->n_techs + 1, sizeof(*v->techs));
	if (v->techs == NULL) {
		v->n_techs = 0;
		lexicon_free(lx);
		return 0;
	}
	rows = (const struct pack_technology *)(const void *)(base + p->technologies.at);
	for (size_t i = 0; i < v->n_techs; i++)
		v->techs[i] = (struct technology){ .id = base + rows[i].id,
			.category = (enum tech_category)rows[i].category,
			.cloud = rows[i].cloud == 0 ? NULL : base + rows[i].cloud,
			.deployment = rows[i].deployment == 0
				? NULL
				: base + rows[i].deployment };
	v->lexicon = lx;
	return 1;
}

static int parse(cJSON **out, const struct buf *text, const char *file, struct err *e)
{
	*out = json_parse(text->ptr, text->len, JSON_STRICT, e);
	return *out == NULL ? broken(e, file) : 0;
}

static int compile(struct vocabulary *v, struct err *e)
{
	v->lexicon = lexicon_new();
	if (v->lexicon == NULL)
		return err_no_memory(e);
	if (parse(&v->words, &v->texts[0], WORDS, e) < 0 ||
		parse(&v->technologies, &v->texts[1], TECHNOLOGIES, e) < 0)
		return -1;
	if (add_words(v, e) < 0)
		return broken(e, WORDS);
	if (add_technologies(v, e) < 0)
		return broken(e, TECHNOLOGIES);
	if (add_places(v, e) < 0)
		return broken(e, "regions");
	return lexicon_compile(v->lexicon, e);
}

int vocabulary_load(struct vocabulary *v, struct node_env *env, struct err *e)
{
	memset(v, 0, sizeof(*v));
	v->texts[0] = v->texts[1] = (struct buf)BUF_INIT((size_t)16 << 20);
	if (env_read_text(env, WORDS, &v->texts[0], e) < 0 ||
		env_read_text(env, TECHNOLOGIES, &v->texts[1], e) < 0)
		return -1;
	v->rates = env_read_json(env, RATES, e);
	v->regions = v->rates == NULL ? NULL : region_book_load(env, e);
	if (v->regions == NULL)
		return -1;
	return unpack(v) ? 0 : compile(v, e);
}

void vocabulary_release(struct vocabulary *v)
{
	lexicon_free(v->lexicon);
	region_book_free(v->regions);
	free(v->techs);
	json_free(v->words);
	json_free(v->technologies);
	json_free(v->rates);
	buf_release(&v->texts[0]);
	buf_release(&v->texts[1]);
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
