/* Books of prices, and lines against them. */
#include "pricing.h"

#include "catalog/prices.h"

/* What loads on first use; kept apart so that a look-up may take a const book. */
struct lazy {
	struct node_env *env;
	const cJSON *pins;                 /* NULL: the files as they are */
	struct lazy *shared;               /* who reads the global book; NULL: this one */
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

/* The digest of share/RELATIVE is this one. */
static int is_digest(
	struct node_env *env, const char *relative, const char *want, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT((size_t)64 << 20);
	char hex[DIGEST_HEX_MAX] = "";

	buf_addf(&path, "%s/%s", env->share, relative);
	if (buf_ok(&path, e) == 0 && file_is_regular(path.ptr) &&
		file_read(path.ptr, &text, e) == 0)
		digest_hex(text.ptr, text.len, hex);
	buf_release(&path);
	buf_release(&text);
	return strcmp(hex, want) == 0;
}

/* Where the file that an estimate was made from is now; 0 when it was made without. */
static int pinned(struct node_env *env, const cJSON *pins, const char *relative,
	struct buf *out, struct err *e)
{
	char name[300];
	const char *want, *end = strchr(relative + strlen("prices/"), '/');

	snprintf(name, sizeof(name), "share/%s", relative);
	want = json_text(json_get(pins, name));
	if (!json_has(pins, name))
		return 0;
	if (want == NULL || strlen(want) != 64 || strspn(want, "0123456789abcdef") != 64)
		return err_set(e, ERR_INPUT,
			"/cost/price_book/files: '%s' has no SHA-256", name);
	if (is_digest(env, relative, want, e)) {
		buf_add_str(out, relative);
		return 1;
	}
	buf_add(out, relative, (size_t)(end - relative));
	buf_addf(out, "/replaced/%s.json", want);
	if (is_digest(env, out->ptr, want, e))
		return 1;
	return err_set(e, ERR_NO_INPUT,
		"no price book %s with SHA-256 %.12s... (share/%s keeps what an import "
		"replaced)",
		name, want, out->ptr);
}

/* A book under another region's name would price that region silently. */
static int load_own(struct prices **out, struct node_env *env, const char *path,
	const char *relative, struct err *e)
{
	const char *name = strrchr(relative, '/') + 1;
	size_t n = strlen(name) - strlen(".json");

	if (prices_load(out, env, path, e) < 0)
		return -1;
	if (strlen(prices_region(*out)) == n && memcmp(prices_region(*out), name, n) == 0)
		return 0;
	err_fill(e, ERR_CONFIG, "%s: /region: is '%.60s', not '%.*s'", path,
		prices_region(*out), (int)n, name);
	prices_free(*out);
	*out = NULL;
	return -1;
}

/* Leaves *out NULL when there is no such file. */
static int load_if_there(struct prices **out, struct node_env *env, const cJSON *pins,
	const char *relative, struct err *e)
{
	struct buf then = BUF_INIT(512);
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s", env->share, relative), ret;

	if (pins != NULL) {
		ret = pinned(env, pins, relative, &then, e);
		if (ret > 0)
			ret = buf_ok(&then, e) < 0
				? -1
				: load_own(out, env, then.ptr, relative, e);
		buf_release(&then);
		return ret;
	}
	if (n < 0 || (size_t)n >= sizeof(path) || !file_is_regular(path))
		return env->files_read == NULL
			? 0
			: json_set_null(env->files_read, relative, e);
	return load_own(out, env, relative, relative, e);
}

int price_book_load(struct price_book **out, struct node_env *env, const char *cloud,
	const char *region, struct err *e)
{
	return price_book_load_pinned(out, env, cloud, region, NULL, e);
}

int price_book_load_pinned(struct price_book **out, struct node_env *env,
	const char *cloud, const char *region, const cJSON *pins, struct err *e)
{
	struct price_book *b = calloc(1, sizeof(*b));
	char path[256];

	if (b == NULL || (b->lazy = calloc(1, sizeof(*b->lazy))) == NULL) {
		price_book_free(b);
		return err_no_memory(e);
	}
	b->lazy->env = env;
	b->lazy->pins = pins;
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
		if (load_if_there(&b->region, env, pins, path, e) < 0)
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

void price_book_share(struct price_book *b, const struct price_book *with)
{
	b->lazy->shared = with->lazy->shared != NULL ? with->lazy->shared : with->lazy;
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
static int once(struct prices **p, int *tried, const char *path, const struct lazy *l,
	struct err *e)
{
	if (!*tried && load_if_there(p, l->env, l->pins, path, e) < 0)
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
	struct lazy *l = b->lazy, *g = l->shared != NULL ? l->shared : l;

	*status = PRICE_KNOWN;
	*t = find(*p = b->region, sku);
	if (*t != NULL)
		return 0;
	if (once(&g->global, &g->tried_global, g->global_path, g, e) < 0)
		return -1;
	*t = find(*p = g->global, sku);
	if (*t != NULL || l->off)
		return 0;
	if (once(&l->estimated, &l->tried, l->path, l, e) < 0)
		return -1;
	*t = find(*p = l->estimated, sku);
	*status = PRICE_ESTIMATED;
	return 0;
}

int quantity_price(
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
	if (quantity_price(q, t->pico_usd, &p->amount, e) < 0 ||
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
