/* One file of the price book: read, checked, sorted. */
#include "prices.h"

#include <math.h>

#define PICO          1000000000000.0
#define PRICE_MAX_USD 9000000.0

struct prices {
	cJSON *tree; /* owns every text */
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

/* A group's origin says where its prices were read; the key is added to the source. */
static int load_origin(struct price_group *g, const cJSON *v, const cJSON *o,
	struct prices *p, struct err *e)
{
	const char *source, *key = json_str_or(v, "key", "");
	struct buf text = BUF_INIT(4096);

	if (!json_is(o, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "'origin' names no origin");
	if (json_str(o, "source", &source, e) < 0 ||
		json_str(o, "confidence", &g->confidence, e) < 0)
		return -1;
	if (*source == '\0')
		return err_set(e, ERR_INPUT, "a price without a source is no fact");
	g->date = json_str_or(o, "date", NULL);
	g->note = json_str_or(o, "note", NULL);
	g->source = source;
	if (*key == '\0')
		return 0;
	buf_addf(&text, "%s%s", source, key);
	if (buf_ok(&text, e) < 0 || (p->source[p->n_groups] = buf_take(&text)) == NULL) {
		buf_release(&text);
		return err_no_memory(e);
	}
	g->source = p->source[p->n_groups];
	return 0;
}

static int load_group(struct price_group *g, const cJSON *v, const cJSON *const *origin,
	size_t n_origins, struct prices *p, struct err *e)
{
	int64_t per = 1, at;

	if (json_str(v, "service", &g->service, e) < 0 ||
		json_str(v, "unit", &g->unit, e) < 0 || json_int(v, "origin", &at, e) < 0)
		return -1;
	if (json_has(v, "per") && json_int(v, "per", &per, e) < 0)
		return -1;
	if (per < 1)
		return err_set(e, ERR_INPUT, "'per' is below 1");
	g->per = per;
	return load_origin(
		g, v, at < 0 || (size_t)at >= n_origins ? NULL : origin[at], p, e);
}

static int load_groups(struct prices *p, const char *name, struct err *e)
{
	const cJSON *groups, *origins, **origin = NULL;
	size_t n = 0, n_origins;
	int ret = -1;

	if (json_arr(p->tree, "origins", &origins, e) < 0 ||
		json_arr(p->tree, "groups", &groups, e) < 0) {
		err_where(e, "%s", name);
		return -1;
	}
	n_origins = json_len(origins);
	n = json_len(groups);
	p->group = calloc(n + 1, sizeof(*p->group));
	p->source = calloc(n + 1, sizeof(*p->source));
	origin = calloc(n_origins + 1, sizeof(*origin));
	if (p->group == NULL || p->source == NULL || origin == NULL) {
		free(origin);
		return err_no_memory(e);
	}
	n_origins = 0;
	JSON_EACH (o, origins)
		origin[n_origins++] = o;
	JSON_EACH (g, groups) {
		if (load_group(&p->group[p->n_groups], g, origin, n_origins, p, e) < 0) {
			err_where(e, "%s: /groups/%zu", name, p->n_groups);
			goto out;
		}
		p->n_groups++;
	}
	ret = 0;
out:
	free(origin);
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

static int whole(const cJSON *v, int64_t *out, struct err *e)
{
	double d = json_number(v, -1);

	if (!(d >= 0) || d != floor(d) || d > 9007199254740991.0)
		return err_set(e, ERR_INPUT, "a tier's limit is no whole number");
	*out = (int64_t)d;
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
	double g = json_number(group, -1);

	if (!json_is(usd, JSON_NUMBER))
		return err_set(
			e, ERR_INPUT, "is not [usd, group] or [usd, group, from, to]");
	if (!(g >= 0) || g >= (double)p->n_groups || g != floor(g))
		return err_set(e, ERR_INPUT, "names no group");
	t->group = &p->group[(size_t)g];
	t->tier = tier_of(t->sku);
	t->to = PRICE_NO_END;
	if (price_to_pico(json_number(usd, 0), &t->pico_usd, e) < 0)
		return -1;
	if (t->tier < 0)
		return err_set(
			e, ERR_INPUT, "'.tier' is not followed by a number from 1");
	if ((t->tier > 0) != (to != NULL) || (from != NULL && to == NULL))
		return err_set(e, ERR_INPUT,
			"a .tierN sku, and no other, has limits from and to");
	if (to == NULL)
		return 0;
	if (whole(from, &t->from, e) < 0 ||
		(!json_is(to, JSON_NULL) && whole(to, &t->to, e) < 0))
		return -1;
	if (t->to != PRICE_NO_END && t->to <= t->from)
		return err_set(e, ERR_INPUT, "the tier ends before it begins");
	return 0;
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

static int load(struct prices *p, const char *name, struct err *e)
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
	if (load_groups(p, name, e) < 0 || load_entries(p, name, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (p->entry[i].tier > 0 && check_tier(p, &p->entry[i], e) < 0)
			return bad_entry(name, &p->entry[i], e);
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
	if (load(p, name, e) < 0) {
		prices_free(p);
		return -1;
	}
	*out = p;
	return 0;
}

int prices_load(
	struct prices **out, struct node_env *env, const char *relative, struct err *e)
{
	cJSON *tree = env_read_json(env, relative, e);

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
