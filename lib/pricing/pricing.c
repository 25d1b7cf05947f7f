/* Books of prices, and lines against them. */
#include "pricing.h"

#include "catalog/prices.h"

/* What loads on first use; kept apart so that a look-up may take a const book. */
struct lazy {
	struct node_env *env;
	struct prices *global, *estimated; /* NULL: there is no such file */
	char global_path[256], path[256];
	int tried_global, tried, off;
};

struct price_book {
	struct prices *region; /* NULL: there is no such file */
	char name[64];
	struct lazy *lazy;
};

static const char *const status_names[] = { "known", "estimated", "partial", "unpriced" };

const char *price_status_name(enum price_status s)
{
	return status_names[s];
}

/* A code that may stand in a path: letters, digits, '-' and '_'. */
static int plain_code(const char *s)
{
	return *s != '\0' && strlen(s) < 64 &&
		strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(s);
}

/* Leaves *out NULL when there is no such file. */
static int load_if_there(
	struct prices **out, struct node_env *env, const char *relative, struct err *e)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s", env->share, relative);

	if (n < 0 || (size_t)n >= sizeof(path) || !file_is_regular(path))
		return env->files_read == NULL
			? 0
			: json_set_null(env->files_read, relative, e);
	return prices_load(out, env, relative, e);
}

int price_book_load(struct price_book **out, struct node_env *env, const char *cloud,
	const char *region, struct err *e)
{
	struct price_book *b = calloc(1, sizeof(*b));
	char path[256];

	if (b == NULL || (b->lazy = calloc(1, sizeof(*b->lazy))) == NULL) {
		price_book_free(b);
		return err_no_memory(e);
	}
	b->lazy->env = env;
	b->lazy->tried = b->lazy->tried_global = 1;
	snprintf(b->name, sizeof(b->name), "%s", region == NULL ? "" : region);
	if (cloud == NULL || !plain_code(cloud)) {
		*out = b;
		return 0;
	}
	snprintf(b->lazy->global_path, sizeof(b->lazy->global_path),
		"prices/%s/global.json", cloud);
	b->lazy->tried_global = 0;
	if (region != NULL && plain_code(region) && strcmp(region, "global") != 0) {
		snprintf(path, sizeof(path), "prices/%s/%s.json", cloud, region);
		if (load_if_there(&b->region, env, path, e) < 0)
			goto fail;
		snprintf(b->lazy->path, sizeof(b->lazy->path),
			"prices/%s/estimated/%s.json", cloud, region);
		b->lazy->tried = 0;
	}
	*out = b;
	return 0;
fail:
	price_book_free(b);
	return -1;
}

void price_book_free(struct price_book *b)
{
	if (b == NULL)
		return;
	if (b->lazy != NULL) {
		prices_free(b->lazy->estimated);
		prices_free(b->lazy->global);
	}
	free(b->lazy);
	prices_free(b->region);
	free(b);
}

int price_book_has_region(const struct price_book *b)
{
	return b->region != NULL;
}

const char *price_book_region(const struct price_book *b)
{
	return b->name;
}

void price_book_estimates(struct price_book *b, int on)
{
	b->lazy->off = !on;
}

/* The sku itself or its first tier. */
static const struct price_entry *find(const struct prices *p, const char *sku)
{
	const struct price_entry *t = p == NULL ? NULL : prices_find(p, sku);

	return t != NULL || p == NULL ? t : prices_tier(p, sku, 1);
}

/* Loads on first use; -1 when the file is broken. */
static int once(struct prices **p, int *tried, const char *path, struct node_env *env,
	struct err *e)
{
	if (!*tried && load_if_there(p, env, path, e) < 0)
		return -1;
	*tried = 1;
	return 0;
}

/*
 * Where a sku's price is: the region's book, the provider's global one, or the
 * estimates. NULL in *t when nowhere.
 */
static int look_up(const struct price_book *b, const char *sku, const struct prices **p,
	const struct price_entry **t, enum price_status *status, struct err *e)
{
	struct lazy *l = b->lazy;

	*status = PRICE_KNOWN;
	*t = find(*p = b->region, sku);
	if (*t != NULL)
		return 0;
	if (once(&l->global, &l->tried_global, l->global_path, l->env, e) < 0)
		return -1;
	*t = find(*p = l->global, sku);
	if (*t != NULL || l->off)
		return 0;
	if (once(&l->estimated, &l->tried, l->path, l->env, e) < 0)
		return -1;
	*t = find(*p = l->estimated, sku);
	*status = PRICE_ESTIMATED;
	return 0;
}

/* qty * price, rounded once to 10^-12 USD, half to even. */
static int multiply(
	const struct quantity *q, pico_usd unit_price, pico_usd *out, struct err *e)
{
	struct quantity product = *q;
	pico_usd scale = 1, rest, half;

	if (__builtin_mul_overflow(q->units, unit_price, &product.units))
		return err_set(e, ERR_INPUT, "amount is too large");
	for (int i = 0; i < q->scale; i++)
		scale *= 10;
	*out = product.units / scale;
	rest = product.units % scale;
	half = scale / 2;
	if (scale > 1 && (rest > half || (rest == half && *out % 2 != 0)))
		(*out)++;
	return 0;
}

/* A tier's limit in priced units, exactly: raw / per, where per is a power of ten
 * in the shipped book; other values of per are carried to 10^-20. */
static int limit(int64_t raw, int64_t per, struct quantity *out)
{
	pico_usd units = raw;
	int scale = 0;

	while (units % per != 0 && scale < 18) {
		units *= 10;
		scale++;
	}
	*out = (struct quantity){ units / per, scale };
	return 0;
}

static int add_part(struct price *out, const struct price_entry *t,
	const struct quantity *q, struct err *e)
{
	struct price_part *p = &out->part[out->n_parts];

	if (out->n_parts == PRICE_PARTS_MAX)
		return err_set(e, ERR_CONFIG, "'%s' has more than %d tiers", t->sku,
			PRICE_PARTS_MAX);
	*p = (struct price_part){ .tier = t->tier,
		.qty = *q,
		.unit_price = t->pico_usd,
		.source = t->group->source,
		.date = t->group->date };
	if (multiply(q, t->pico_usd, &p->amount, e) < 0 ||
		__builtin_add_overflow(out->amount, p->amount, &out->amount))
		return err_set(e, ERR_INPUT, "amount is too large");
	if (out->n_parts == 0)
		out->unit_price = t->pico_usd;
	out->n_parts++;
	return 0;
}

/* Usage [before, before + qty) over the tiers from `t` on. */
static int split(const struct prices *p, const char *base, const struct price_entry *t,
	const struct quantity *before, const struct quantity *qty, struct price *out,
	struct err *e)
{
	struct quantity at = *before, left = *qty;

	for (int n = 2; t != NULL; t = prices_tier(p, base, n++)) {
		struct quantity end, room, part;

		if (t->to == PRICE_NO_END)
			return out->n_parts > 0 && left.units == 0
				? 0
				: add_part(out, t, &left, e);
		limit(t->to, t->group->per, &end);
		if (quantity_compare(&at, &end) >= 0)
			continue;
		room = end;
		if (quantity_subtract(&room, &at, e) < 0)
			return -1;
		part = quantity_compare(&left, &room) <= 0 ? left : room;
		if (add_part(out, t, &part, e) < 0 ||
			quantity_subtract(&left, &part, e) < 0)
			return -1;
		if (left.units == 0)
			return 0;
		at = end;
	}
	out->unpriced = left;
	out->status = out->n_parts > 0 ? PRICE_PARTIAL : PRICE_UNPRICED;
	return 0;
}

int price_line_after(const struct price_book *b, const char *sku,
	const struct quantity *before, const struct quantity *qty, struct price *out,
	struct err *e)
{
	const struct prices *p;
	const struct price_entry *t;

	*out = (struct price){ .status = PRICE_KNOWN };
	if (look_up(b, sku, &p, &t, &out->status, e) < 0)
		return -1;
	if (t == NULL) {
		out->status = PRICE_UNPRICED;
		out->unpriced = *qty;
		return 0;
	}
	out->unit = t->group->unit;
	out->service = t->group->service;
	out->source = t->group->source;
	out->date = t->group->date;
	out->confidence = t->group->confidence;
	out->note = t->group->note;
	if (t->tier == 0 || strcmp(t->sku, sku) == 0)
		return add_part(out, t, qty, e);
	return split(p, sku, t, before, qty, out, e);
}

int price_line(const struct price_book *b, const char *sku, double qty, struct price *out,
	struct err *e)
{
	struct quantity zero = QUANTITY_ZERO, q;

	if (quantity_from(qty, &q, e) < 0)
		return -1;
	return price_line_after(b, sku, &zero, &q, out, e);
}
