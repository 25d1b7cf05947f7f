/* plan.bom to money. */
#include "bill.h"

#include <math.h>

#define BOM_MAX   100000
#define BOOKS_MAX 64

struct price_books {
	struct node_env *env;
	const cJSON *pins;
	char cloud[64];
	int estimates, free_tried;
	struct price_book *book[BOOKS_MAX];
	size_t n;
	cJSON *free_tier;
};

int price_books_new(struct price_books **out, struct node_env *env, const char *cloud,
	int estimates_on, struct err *e)
{
	struct price_books *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_no_memory(e);
	b->env = env;
	b->estimates = estimates_on;
	snprintf(b->cloud, sizeof(b->cloud), "%s", cloud == NULL ? "" : cloud);
	*out = b;
	return 0;
}

void price_books_free(struct price_books *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->n; i++)
		price_book_free(b->book[i]);
	json_free(b->free_tier);
	free(b);
}

void price_books_pin(struct price_books *b, const cJSON *pins)
{
	b->pins = pins;
}

int price_books_get(struct price_books *b, const char *region,
	const struct price_book **out, struct err *e)
{
	struct price_book *book;

	if (region == NULL)
		region = "";
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(price_book_region(b->book[i]), region) == 0) {
			*out = b->book[i];
			return 0;
		}
	if (b->n == BOOKS_MAX)
		return err_set(
			e, ERR_INPUT, "/plan/bom: more than %d regions", BOOKS_MAX);
	if (strlen(region) >= 64)
		return err_set(e, ERR_INPUT, "/plan/bom: '%.80s' is no region", region);
	if (price_book_load_pinned(&book, b->env, b->cloud, region, b->pins, e) < 0)
		return -1;
	price_book_estimates(book, b->estimates);
	*out = b->book[b->n++] = book;
	return 0;
}

int price_books_free_tier(struct price_books *b, const cJSON **out, struct err *e)
{
	char name[160], path[4096];
	size_t i = 0;

	if (!b->free_tried) {
		snprintf(name, sizeof(name), "prices/%s/free-tier.json", b->cloud);
		snprintf(path, sizeof(path), "%s/%s", b->env->share, name);
		if (*b->cloud != '\0' && file_is_regular(path)) {
			b->free_tier = env_read_json(b->env, name, e);
			if (b->free_tier == NULL)
				return -1;
		}
		if (b->free_tier != NULL &&
			!json_is(json_get(b->free_tier, "pools"), JSON_ARRAY))
			return err_set(
				e, ERR_CONFIG, "%s: /pools: is not an array", name);
		JSON_EACH (pool, json_get(b->free_tier, "pools")) {
			double qty;

			if (json_num(pool, "qty", &qty, e) < 0 ||
				(!(qty >= 0) &&
					err_set(e, ERR_INPUT, "'qty' is negative") < 0)) {
				err_where(e, "%s: /pools/%zu", name, i);
				e->code = ERR_CONFIG;
				return -1;
			}
			i++;
		}
		b->free_tried = 1;
	}
	*out = json_get(b->free_tier, "pools");
	return 0;
}

/* ---- state that lines of one bill share ---- */

struct used {
	const char *sku, *region;
	struct quantity qty;
};

/* What of a commitment no line has used yet. */
struct commitment {
	const cJSON *rule;
	struct quantity left;
	pico_usd unit_price;
	struct bill_line *first; /* line that it matches; pays for what stays unused */
};

struct sharing {
	struct used *used; /* per tiered sku and region */
	size_t n_used;
	const cJSON *pools;
	struct quantity *left; /* of each pool */
	struct commitment *commitment;
	size_t n_commitments;
};

static int take_commitments(struct sharing *s, const cJSON *rules, struct err *e)
{
	s->commitment = calloc(json_len(rules) + 1, sizeof(*s->commitment));
	if (s->commitment == NULL)
		return err_no_memory(e);
	JSON_EACH (rule, rules) {
		struct commitment *c = &s->commitment[s->n_commitments++];

		c->rule = rule;
		if (quantity_from(json_num_or(rule, "qty", 0), &c->left, e) < 0 ||
			pico_from_number(
				json_num_or(rule, "unit_usd", 0), &c->unit_price, e) < 0)
			return -1;
	}
	return 0;
}

static int sharing_init(struct sharing *s, struct price_books *books, size_t lines,
	const struct bill_options *o, struct err *e)
{
	int free_tier = o->free_tier;

	size_t i = 0;

	*s = (struct sharing){ 0 };
	s->used = calloc(lines + 1, sizeof(*s->used));
	if (s->used == NULL)
		return err_no_memory(e);
	if (take_commitments(s, usage_commitments(o->usage), e) < 0)
		return -1;
	if (!free_tier || price_books_free_tier(books, &s->pools, e) < 0)
		return free_tier ? -1 : 0;
	s->left = calloc(json_len(s->pools) + 1, sizeof(*s->left));
	if (s->left == NULL)
		return err_no_memory(e);
	JSON_EACH (pool, s->pools)
		if (quantity_from(json_num_or(pool, "qty", 0), &s->left[i++], e) < 0)
			return -1;
	return 0;
}

static void sharing_release(struct sharing *s)
{
	free(s->used);
	free(s->left);
	free(s->commitment);
}

static struct quantity *used_before(
	struct sharing *s, const char *sku, const char *region)
{
	for (size_t i = 0; i < s->n_used; i++)
		if (strcmp(s->used[i].sku, sku) == 0 &&
			strcmp(s->used[i].region, region) == 0)
			return &s->used[i].qty;
	s->used[s->n_used] = (struct used){ .sku = sku, .region = region };
	return &s->used[s->n_used++].qty;
}

/* Takes what is left of a free allowance off *qty. */
static int take_free(struct sharing *s, const char *sku, struct quantity *qty,
	struct quantity *taken, struct err *e)
{
	size_t i = 0;

	JSON_EACH (pool, s->pools) {
		struct quantity *left = &s->left[i++];

		if (!json_has_text(json_get(pool, "skus"), sku))
			continue;
		*taken = quantity_compare(left, qty) < 0 ? *left : *qty;
		return quantity_subtract(left, taken, e) < 0
			? -1
			: quantity_subtract(qty, taken, e);
	}
	return 0;
}

static int add_commitment(struct bill_line *l, const struct commitment *c,
	const struct quantity *qty, struct err *e)
{
	pico_usd usd;

	if (quantity_price(qty, c->unit_price, &usd, e) < 0 ||
		__builtin_add_overflow(l->committed_usd, usd, &l->committed_usd))
		return err_set(e, ERR_INPUT, "amount is too large");
	l->committed_why = json_str_or(c->rule, "why", "");
	return 0;
}

/* Takes what is left of the commitments that match a line off *qty. */
static int use_commitments(
	struct sharing *s, struct bill_line *l, struct quantity *qty, struct err *e)
{
	for (size_t i = 0; i < s->n_commitments; i++) {
		struct commitment *c = &s->commitment[i];
		struct quantity part;

		if (!usage_matches(c->rule, l->item))
			continue;
		if (c->first == NULL)
			c->first = l;
		part = quantity_compare(&c->left, qty) < 0 ? c->left : *qty;
		if (part.units == 0)
			continue;
		if (quantity_subtract(&c->left, &part, e) < 0 ||
			quantity_subtract(qty, &part, e) < 0 ||
			quantity_add(&l->committed, &part, e) < 0 ||
			add_commitment(l, c, &part, e) < 0)
			return -1;
	}
	return 0;
}

/* What nobody used is paid all the same. */
static int pay_unused(const struct sharing *s, struct err *e)
{
	for (size_t i = 0; i < s->n_commitments; i++) {
		const struct commitment *c = &s->commitment[i];
		pico_usd before = c->first == NULL ? 0 : c->first->committed_usd;

		if (c->first == NULL)
			continue;
		if (add_commitment(c->first, c, &c->left, e) < 0)
			return -1;
		c->first->amount += c->first->committed_usd - before;
	}
	return 0;
}

/* ---- one line ---- */

static int read_line(struct bill_line *l, const cJSON *item, const cJSON *plan,
	double *qty, struct err *e)
{
	if (!json_is(item, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "is not an object");
	if (json_str(item, "sku", &l->sku, e) < 0 || json_num(item, "qty", qty, e) < 0)
		return -1;
	if (!(*qty >= 0))
		return err_set(e, ERR_INPUT, "'qty' is negative");
	l->item = item;
	l->component = json_str_or(item, "component", NULL);
	l->service = json_str_or(item, "service", NULL);
	l->kind = json_str_or(item, "kind", "baseline");
	l->slot = json_str_or(item, "slot", json_str_or(item, "base", NULL));
	l->region = json_str_or(item, "region", NULL);
	if (l->region == NULL)
		l->region = json_text(json_first(json_get(plan, "regions")));
	if (l->region == NULL)
		l->region = "";
	return 0;
}

static int range_quantity(const struct usage_line *u, const char *kind,
	enum bill_range range, struct quantity *out, struct err *e)
{
	double qty = u->qty;

	if (range != BILL_EXPECTED && u->ranged)
		qty = range == BILL_LOW ? u->low : u->high;
	else if (range != BILL_EXPECTED && strcmp(kind, "usage") == 0)
		qty *= range == BILL_LOW ? BILL_LOW_FACTOR : BILL_HIGH_FACTOR;
	if (quantity_from(qty, out, e) < 0) {
		err_where(e, "qty");
		return -1;
	}
	return 0;
}

/* amount * (100 - pct) / 100; pct has at most 6 decimals that count. */
static int discounted(pico_usd amount, double pct, pico_usd *out, struct err *e)
{
	pico_usd micro_pct = 100000000 - (pico_usd)llround(pct * 1e6), product, rest;

	if (__builtin_mul_overflow(amount, micro_pct, &product))
		return err_set(e, ERR_INPUT, "amount is too large");
	*out = product / 100000000;
	rest = product % 100000000;
	if (rest > 50000000 || (rest == 50000000 && *out % 2 != 0))
		(*out)++;
	return 0;
}

static int price_one(struct bill_line *l, const cJSON *item, const cJSON *plan,
	struct price_books *books, struct sharing *s, const struct bill_options *o,
	struct err *e)
{
	const struct price_book *book;
	struct usage_line u;
	struct quantity paid, *before;
	double qty;

	if (read_line(l, item, plan, &qty, e) < 0 ||
		price_books_get(books, l->region, &book, e) < 0)
		return -1;
	usage_apply(o->usage, item, qty, &u);
	if (range_quantity(&u, l->kind, o->range, &l->qty, e) < 0)
		return -1;
	paid = l->qty;
	if (take_free(s, l->sku, &paid, &l->free, e) < 0 ||
		use_commitments(s, l, &paid, e) < 0)
		return -1;
	before = used_before(s, l->sku, l->region);
	if (price_line_after(book, l->sku, before, &paid, &l->price, e) < 0 ||
		quantity_add(before, &paid, e) < 0)
		return -1;
	/* A commitment's price is one, whatever the list price is. */
	if (l->committed.units != 0 && paid.units == 0)
		l->price.status = PRICE_KNOWN;
	l->discount_pct = u.discount_pct;
	l->discount_why = u.discount_why;
	if (discounted(l->price.amount, u.discount_pct, &l->amount, e) < 0)
		return -1;
	return __builtin_add_overflow(l->amount, l->committed_usd, &l->amount)
		? err_set(e, ERR_INPUT, "amount is too large")
		: 0;
}

/* Beyond this a figure in cents is no exact JSON number (2^53 - 1) any more. */
#define AMOUNT_MAX ((pico_usd)9000000000000 * PICO_PER_USD)

static int add_up(struct bill *b, const struct bill_line *l, struct err *e)
{
	pico_usd *part = strcmp(l->kind, "usage") == 0 ? &b->usage : &b->baseline;

	if (l->amount > AMOUNT_MAX || b->monthly > AMOUNT_MAX || b->one_off > AMOUNT_MAX)
		return err_set(e, ERR_INPUT, "amount is too large");
	if (strcmp(l->kind, "one_off") == 0)
		return __builtin_add_overflow(b->one_off, l->amount, &b->one_off)
			? err_set(e, ERR_INPUT, "amount is too large")
			: 0;
	if (l->price.status == PRICE_ESTIMATED)
		b->estimated_usd += l->amount;
	if (__builtin_add_overflow(*part, l->amount, part) ||
		__builtin_add_overflow(b->monthly, l->amount, &b->monthly))
		return err_set(e, ERR_INPUT, "amount is too large");
	return 0;
}

int bill_make(struct bill *out, struct price_books *books, const cJSON *plan,
	const struct bill_options *opts, struct err *e)
{
	const cJSON *bom = json_get(plan, "bom");
	struct sharing s = { 0 };
	size_t n = json_len(bom);
	int ret = -1;

	*out = (struct bill){ 0 };
	if (!json_is(bom, JSON_ARRAY))
		return err_set(e, ERR_INPUT, "/plan/bom: is not an array");
	if (n > BOM_MAX)
		return err_set(e, ERR_INPUT, "/plan/bom: more than %d lines", BOM_MAX);
	out->line = calloc(n + 1, sizeof(*out->line));
	if (out->line == NULL)
		return err_no_memory(e);
	if (sharing_init(&s, books, n, opts, e) < 0)
		goto out;
	JSON_EACH (item, bom) {
		struct bill_line *l = &out->line[out->n];

		if (price_one(l, item, plan, books, &s, opts, e) < 0) {
			if (e->code == ERR_INPUT && strncmp(e->msg, "/plan", 5) != 0)
				err_where(e, "/plan/bom/%zu", out->n);
			goto out;
		}
		if (l->price.status == PRICE_UNPRICED || l->price.status == PRICE_PARTIAL)
			out->unpriced++;
		if (l->price.status == PRICE_ESTIMATED)
			out->estimated++;
		out->n++;
	}
	if (pay_unused(&s, e) < 0)
		goto out;
	for (size_t i = 0; i < out->n; i++)
		if (add_up(out, &out->line[i], e) < 0) {
			err_where(e, "/plan/bom/%zu", i);
			goto out;
		}
	ret = 0;
out:
	sharing_release(&s);
	return ret;
}

void bill_release(struct bill *b)
{
	free(b->line);
	*b = (struct bill){ 0 };
}
