/* One file of the price book: read, checked, sorted. */
#include "prices.h"

#include "price_text.h"

#include <math.h>
#include <string.h>

#define PICO            1000000000000.0
#define PRICE_MAX_USD   9000000.0
#define PRICES_TEXT_MAX ((size_t)64 << 20)

struct prices {
	cJSON *tree;     /* owns every text ... */
	struct buf text; /* ... that this does not: a book that was read in place */
	const char *region, *as_of;
	int estimated;
	struct price_group *group;
	char **source; /* of a group with a key; else NULL */
	size_t n_groups;
	struct price_entry *entry;
	size_t n;
};

int price_to_pico(double usd, int64_t *pico, struct err *e)
{
	/* A double holds every multiple of 10^-12 below 9007 USD, of 10^-6 above. */
	int64_t step = usd < 9007 ? 1 : 1000000;
	double steps_per_usd = PICO / (double)step;
	int64_t steps;

	if (!(usd >= 0))
		return err_set(e, ERR_INPUT, "price is negative");
	if (usd > PRICE_MAX_USD)
		return err_set(e, ERR_INPUT, "price is above %.0f USD", PRICE_MAX_USD);
	steps = llround(usd * steps_per_usd);
	if ((double)steps / steps_per_usd != usd)
		return err_set(e, ERR_INPUT, "price has more than %d decimals",
			step == 1 ? 12 : 6);
	*pico = steps * step;
	return 0;
}

/* Where prices were read; date and note may be NULL. */
struct origin {
	const char *source, *date, *confidence, *note;
};

struct origins {
	struct origin *at;
	size_t n;
};

static int load_origins(struct origins *out, const cJSON *list, struct err *e)
{
	out->at = calloc(json_len(list) + 1, sizeof(*out->at));
	if (out->at == NULL)
		return err_no_memory(e);
	JSON_EACH (it, list)
		out->at[out->n++] = (struct origin){ json_text(json_get(it, "source")),
			json_text(json_get(it, "date")),
			json_text(json_get(it, "confidence")),
			json_text(json_get(it, "note")) };
	return 0;
}

/* The next group, of origin number `at`; `key` is added to its source. */
static int add_group(struct prices *p, const struct price_group *from,
	const struct origins *origins, double at, const char *key, struct err *e)
{
	struct price_group *g = &p->group[p->n_groups];
	const struct origin *o;
	size_t n, m;

	if (!(at >= 0) || at >= (double)origins->n || at != floor(at))
		return err_set(e, ERR_INPUT, "'origin' names no origin");
	o = &origins->at[(size_t)at];
	if (o->source == NULL || o->confidence == NULL)
		return err_set(
			e, ERR_INPUT, "'origin' has no 'source' or no 'confidence'");
	if (*o->source == '\0')
		return err_set(e, ERR_INPUT, "a price without a source is no fact");
	*g = *from;
	g->source = o->source;
	g->date = o->date;
	g->confidence = o->confidence;
	g->note = o->note;
	if (*key != '\0') {
		n = strlen(o->source);
		m = strlen(key) + 1;
		p->source[p->n_groups] = malloc(n + m);
		if (p->source[p->n_groups] == NULL)
			return err_no_memory(e);
		memcpy(p->source[p->n_groups], o->source, n);
		memcpy(p->source[p->n_groups] + n, key, m);
		g->source = p->source[p->n_groups];
	}
	p->n_groups++;
	return 0;
}

static int load_group(
	const cJSON *v, const struct origins *origins, struct prices *p, struct err *e)
{
	struct price_group g = { .per = 1 };
	int64_t at;

	if (json_str(v, "service", &g.service, e) < 0 ||
		json_str(v, "unit", &g.unit, e) < 0 || json_int(v, "origin", &at, e) < 0)
		return -1;
	if (json_has(v, "per") && json_int(v, "per", &g.per, e) < 0)
		return -1;
	if (g.per < 1)
		return err_set(e, ERR_INPUT, "'per' is below 1");
	return add_group(p, &g, origins, (double)at, json_str_or(v, "key", ""), e);
}

static int make_groups(struct prices *p, size_t n, struct err *e)
{
	p->group = calloc(n + 1, sizeof(*p->group));
	p->source = calloc(n + 1, sizeof(*p->source));
	return p->group == NULL || p->source == NULL ? err_no_memory(e) : 0;
}

static int load_groups(struct prices *p, const char *name, struct err *e)
{
	const cJSON *groups, *list;
	struct origins origins = { 0 };
	int ret = -1;

	if (json_arr(p->tree, "origins", &list, e) < 0 ||
		json_arr(p->tree, "groups", &groups, e) < 0) {
		err_where(e, "%s", name);
		return -1;
	}
	if (make_groups(p, json_len(groups), e) < 0 ||
		load_origins(&origins, list, e) < 0)
		return -1;
	JSON_EACH (g, groups)
		if (load_group(g, &origins, p, e) < 0) {
			err_where(e, "%s: /groups/%zu", name, p->n_groups);
			goto out;
		}
	ret = 0;
out:
	free(origins.at);
	return ret;
}

/* The N of "....tierN", 0 without, -1 for a number that is none. */
static int tier_of(const char *sku)
{
	const char *dot = strrchr(sku, '.');
	int n = 0;

	if (dot == NULL || strncmp(dot, ".tier", 5) != 0)
		return 0;
	dot += 5;
	if (*dot == '\0' || *dot == '0' || strspn(dot, "0123456789") != strlen(dot) ||
		strlen(dot) > 3)
		return -1;
	while (*dot != '\0')
		n = n * 10 + (*dot++ - '0');
	return n;
}

static int whole(double d, int64_t *out, struct err *e)
{
	if (!(d >= 0) || d != floor(d) || d > 9007199254740991.0)
		return err_set(e, ERR_INPUT, "a tier's limit is no whole number");
	*out = (int64_t)d;
	return 0;
}

static int set_entry(struct price_entry *t, const struct price_row *r,
	const struct prices *p, struct err *e)
{
	if (!(r->group >= 0) || r->group >= (double)p->n_groups ||
		r->group != floor(r->group))
		return err_set(e, ERR_INPUT, "names no group");
	t->sku = r->sku;
	t->group = &p->group[(size_t)r->group];
	t->tier = tier_of(r->sku);
	t->to = PRICE_NO_END;
	if (price_to_pico(r->usd, &t->pico_usd, e) < 0)
		return -1;
	if (t->tier < 0)
		return err_set(
			e, ERR_INPUT, "'.tier' is not followed by a number from 1");
	if ((t->tier > 0) != r->tiered)
		return err_set(e, ERR_INPUT,
			"a .tierN sku, and no other, has limits from and to");
	if (!r->tiered)
		return 0;
	if (whole(r->from, &t->from, e) < 0 || (!r->open && whole(r->to, &t->to, e) < 0))
		return -1;
	if (t->to != PRICE_NO_END && t->to <= t->from)
		return err_set(e, ERR_INPUT, "the tier ends before it begins");
	return 0;
}

/* [usd, group] or [usd, group, from, to] */
static int load_entry(
	struct price_entry *t, const cJSON *row, const struct prices *p, struct err *e)
{
	const cJSON *usd = json_first(row);
	const cJSON *group = usd == NULL ? NULL : json_next(usd);
	const cJSON *from = group == NULL ? NULL : json_next(group);
	const cJSON *to = from == NULL ? NULL : json_next(from);
	struct price_row r = { .sku = t->sku,
		.usd = json_number(usd, 0),
		.group = json_number(group, -1),
		.from = json_number(from, -1),
		.to = json_number(to, -1),
		.tiered = to != NULL,
		.open = json_is(to, JSON_NULL) };

	if (!json_is(usd, JSON_NUMBER))
		return err_set(
			e, ERR_INPUT, "is not [usd, group] or [usd, group, from, to]");
	if (from != NULL && to == NULL)
		return err_set(e, ERR_INPUT,
			"a .tierN sku, and no other, has limits from and to");
	return set_entry(t, &r, p, e);
}

static int by_sku(const void *a, const void *b)
{
	return strcmp(((const struct price_entry *)a)->sku,
		((const struct price_entry *)b)->sku);
}

/* Prefixes "file: /prices/SKU" and is -1. */
static int bad_entry(const char *name, const struct price_entry *t, struct err *e)
{
	struct buf at = BUF_INIT(4096);

	json_pointer_add(&at, t->sku);
	err_where(e, "%s: /prices%s", name, at.ptr);
	buf_release(&at);
	return -1;
}

static int load_entries(struct prices *p, const char *name, struct err *e)
{
	const cJSON *rows;
	int sorted = 1;

	if (json_obj(p->tree, "prices", &rows, e) < 0) {
		err_where(e, "%s", name);
		return -1;
	}
	p->entry = calloc(json_len(rows) + 1, sizeof(*p->entry));
	if (p->entry == NULL)
		return err_no_memory(e);
	JSON_EACH (row, rows) {
		struct price_entry *t = &p->entry[p->n];

		t->sku = json_key(row);
		if (load_entry(t, row, p, e) < 0)
			return bad_entry(name, t, e);
		sorted = sorted && (p->n == 0 || strcmp(t[-1].sku, t->sku) < 0);
		p->n++;
	}
	if (!sorted)
		qsort(p->entry, p->n, sizeof(*p->entry), by_sku);
	return 0;
}

const struct price_entry *prices_find(const struct prices *p, const char *sku)
{
	struct price_entry key = { .sku = sku };

	return bsearch(&key, p->entry, p->n, sizeof(key), by_sku);
}

const struct price_entry *prices_tier(const struct prices *p, const char *base, int n)
{
	char sku[256];
	int len = snprintf(sku, sizeof(sku), "%s.tier%d", base, n);

	return len < 0 || (size_t)len >= sizeof(sku) ? NULL : prices_find(p, sku);
}

/* A tier starts where the one before it ends, and the first at 0. */
static int check_tier(const struct prices *p, const struct price_entry *t, struct err *e)
{
	int base_len = (int)(strrchr(t->sku, '.') - t->sku);
	const struct price_entry *before, *plain;
	char base[256];

	if ((size_t)base_len >= sizeof(base) - 8)
		return err_set(e, ERR_INPUT, "the sku is too long");
	snprintf(base, sizeof(base), "%.*s", base_len, t->sku);
	plain = prices_find(p, base);
	if (plain != NULL)
		return err_set(
			e, ERR_INPUT, "'%s' has a price with and without tiers", base);
	if (t->tier == 1)
		return t->from == 0 ? 0
				    : err_set(e, ERR_INPUT, "the first tier starts at 0");
	before = prices_tier(p, base, t->tier - 1);
	if (before == NULL)
		return err_set(
			e, ERR_INPUT, "there is no tier %d before it", t->tier - 1);
	if (before->group->per != t->group->per ||
		strcmp(before->group->unit, t->group->unit) != 0)
		return err_set(
			e, ERR_INPUT, "its unit is not that of tier %d", t->tier - 1);
	if (before->to == PRICE_NO_END || before->to > t->from)
		return err_set(e, ERR_INPUT, "overlaps tier %d", t->tier - 1);
	if (before->to < t->from)
		return err_set(e, ERR_INPUT, "leaves a gap after tier %d", t->tier - 1);
	return 0;
}

static struct price_entry *new_entry(struct prices *p, size_t *room)
{
	struct price_entry *grown = p->entry;

	if (p->n == *room) {
		*room = *room * 2 + 256;
		grown = realloc(p->entry, *room * sizeof(*grown));
	}
	if (grown == NULL)
		return NULL;
	p->entry = grown;
	memset(&grown[p->n], 0, sizeof(*grown));
	return &grown[p->n++];
}

/* In strictly ascending order of skus, to the end of the text. */
static int plain_rows(struct prices *p, char *at, struct err *e)
{
	size_t room = 0;
	int more = 1;

	while (more > 0) {
		struct price_row row = { 0 };
		struct price_entry *t;

		more = price_text_row(&at, &row);
		t = more < 0 ? NULL : new_entry(p, &room);
		if (t == NULL || set_entry(t, &row, p, e) < 0 ||
			(p->n > 1 && strcmp(t[-1].sku, t->sku) >= 0))
			return -1;
	}
	return at == p->text.ptr + p->text.len ? 0 : -1;
}

static int plain_origins(struct origins *out, char **at)
{
	int more = 1;

	while (more > 0) {
		struct origin *o = &out->at[out->n];
		const struct price_field fields[] = { { "source", &o->source, NULL },
			{ "date", &o->date, NULL },
			{ "confidence", &o->confidence, NULL },
			{ "note", &o->note, NULL } };

		*o = (struct origin){ 0 };
		more = price_text_object(at, fields, ARRAY_LEN(fields));
		out->n++;
	}
	return more;
}

static int plain_groups(
	struct prices *p, const struct origins *origins, char **at, struct err *e)
{
	int more = 1;

	while (more > 0) {
		struct price_group g = { 0 };
		const char *key = "";
		double origin = -1, per = 1;
		const struct price_field fields[] = { { "service", &g.service, NULL },
			{ "unit", &g.unit, NULL }, { "origin", NULL, &origin },
			{ "key", &key, NULL }, { "per", NULL, &per } };

		more = price_text_object(at, fields, ARRAY_LEN(fields));
		if (more < 0 || g.service == NULL || g.unit == NULL || per < 1 ||
			per != floor(per))
			return -1;
		g.per = (int64_t)per;
		if (add_group(p, &g, origins, origin, key, e) < 0)
			return -1;
	}
	return 0;
}

static int check_tiers(const struct prices *p, const char *name, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->entry[i].tier > 0 && check_tier(p, &p->entry[i], e) < 0)
			return bad_entry(name, &p->entry[i], e);
	return 0;
}

/* What a book says of itself. */
static int load_head(struct prices *p, const char *name, struct err *e)
{
	const char *currency;
	double version;

	if (json_num(p->tree, "schema_version", &version, e) < 0 ||
		json_str(p->tree, "region", &p->region, e) < 0 ||
		json_str(p->tree, "as_of", &p->as_of, e) < 0 ||
		json_str(p->tree, "currency", &currency, e) < 0) {
		err_where(e, "%s", name);
		return -1;
	}
	if (version != 1)
		return err_set(e, ERR_INPUT, "%s: /schema_version: is not 1", name);
	if (strcmp(currency, "USD") != 0)
		return err_set(e, ERR_INPUT, "%s: /currency: prices are in USD, not %s",
			name, currency);
	p->estimated = json_bool_or(p->tree, "estimated", 0);
	return 0;
}

int prices_from_json(struct prices **out, cJSON *tree, const char *name, struct err *e)
{
	struct prices *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		json_free(tree);
		return err_no_memory(e);
	}
	p->tree = tree;
	if (load_head(p, name, e) < 0 || load_groups(p, name, e) < 0 ||
		load_entries(p, name, e) < 0 || check_tiers(p, name, e) < 0) {
		prices_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

/* The first line, whose object goes on: a tree of it alone. Steps *at past it. */
static int plain_head(struct prices *p, char **at, const char *name, struct err *e)
{
	char *end = strchr(*at, '\n');

	if (end == NULL || end == *at || end[-1] != ',')
		return -1;
	end[-1] = '}';
	p->tree = json_parse(*at, (size_t)(end - *at), JSON_STRICT, e);
	*at = end + 1;
	return p->tree == NULL || json_has(p->tree, "origins") ||
			json_has(p->tree, "groups") || json_has(p->tree, "prices")
		? -1
		: load_head(p, name, e);
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

struct prices *prices_from_text(struct buf *text)
{
	struct prices *p = calloc(1, sizeof(*p));
	struct origins origins = { 0 };
	struct err ignored = { 0 };
	char *at;
	int ret = -1;

	if (p == NULL) {
		buf_release(text);
		return NULL;
	}
	p->text = *text; /* moved */
	*text = (struct buf)BUF_INIT(0);
	if (!price_text_plain(p->text.ptr, p->text.len))
		goto out;
	at = p->text.ptr;
	origins.at = calloc(count_lines(at), sizeof(*origins.at));
	if (origins.at == NULL || make_groups(p, count_lines(at), &ignored) < 0 ||
		plain_head(p, &at, "", &ignored) < 0 ||
		price_text_line(&at, "\"origins\":[") < 0 ||
		plain_origins(&origins, &at) < 0 ||
		price_text_line(&at, "\"groups\":[") < 0 ||
		plain_groups(p, &origins, &at, &ignored) < 0 ||
		price_text_line(&at, "\"prices\":{") < 0 ||
		plain_rows(p, at, &ignored) < 0 || check_tiers(p, "", &ignored) < 0)
		goto out;
	ret = 0;
out:
	free(origins.at);
	if (ret == 0)
		return p;
	prices_free(p);
	return NULL;
}

int prices_load(
	struct prices **out, struct node_env *env, const char *relative, struct err *e)
{
	struct buf text = BUF_INIT(PRICES_TEXT_MAX);
	struct err ignored = { 0 };
	cJSON *tree;

	*out = NULL;
	if (env_read_text(env, relative, &text, &ignored) == 0)
		*out = prices_from_text(&text);
	buf_release(&text);
	if (*out != NULL)
		return 0;
	tree = env_read_json(env, relative, e); /* it tells what is wrong */
	if (tree == NULL)
		return -1;
	if (prices_from_json(out, tree, relative, e) == 0)
		return 0;
	if (e->code == ERR_INPUT)
		e->code = ERR_CONFIG;
	return -1;
}

void prices_free(struct prices *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; p->source != NULL && i <= p->n_groups; i++)
		free(p->source[i]);
	free(p->source);
	free(p->entry);
	free(p->group);
	json_free(p->tree);
	if (p->text.max != 0)
		buf_release(&p->text);
	free(p);
}

const char *prices_region(const struct prices *p)
{
	return p->region;
}

const char *prices_as_of(const struct prices *p)
{
	return p->as_of;
}

int prices_estimated(const struct prices *p)
{
	return p->estimated;
}

size_t prices_count(const struct prices *p)
{
	return p->n;
}

const struct price_entry *prices_entry(const struct prices *p, size_t i)
{
	return &p->entry[i];
}
