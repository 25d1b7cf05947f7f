/* Node critic_cost: the bill, line by line, with sums, range and card. */
#include "internal.h"

#include <math.h>

#define METHOD "bom_v1"

/* "500 GB-month": the quantity with its unit, as in spec section 22.2. */
static int set_qty_text(cJSON *o, const struct bill_line *l, struct err *e)
{
	struct buf b = BUF_INIT(256);
	int ret;

	json_print_number(quantity_number(&l->qty), &b);
	buf_addf(&b, " %s",
		l->price.unit != NULL ? l->price.unit
				      : json_str_or(l->item, "unit", "units"));
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(o, "qty", b.ptr, e);
	buf_release(&b);
	return ret;
}

static int set_tiers(cJSON *o, const struct price *p, struct err *e)
{
	cJSON *tiers = json_add_array(o, "tiers", e);

	for (size_t i = 0; tiers != NULL && i < p->n_parts; i++) {
		const struct price_part *part = &p->part[i];
		cJSON *t;

		if (part->tier == 0)
			continue;
		t = json_push_object(tiers, e);
		if (t == NULL || json_set_num(t, "tier", part->tier, e) < 0 ||
			json_set_num(t, "quantity", quantity_number(&part->qty), e) < 0 ||
			json_set_num(t, "unit_price_usd", pico_number(part->unit_price),
				e) < 0 ||
			pico_set_exact(t, "usd_exact", part->amount, e) < 0)
			return -1;
	}
	return tiers == NULL ? -1 : 0;
}

static int set_money(cJSON *o, const struct bill_line *l, struct err *e)
{
	if (l->price.status == PRICE_UNPRICED && l->committed_why == NULL)
		return json_set_null(o, "usd", e) < 0 ||
				json_set_null(o, "usd_exact", e) < 0 ||
				json_set_null(o, "unit_price_usd", e) < 0
			? -1
			: 0;
	if (pico_set_usd(o, "usd", l->amount, e) < 0 ||
		pico_set_exact(o, "usd_exact", l->amount, e) < 0)
		return -1;
	return json_set_num(o, "unit_price_usd", pico_number(l->price.unit_price), e);
}

static int set_extras(cJSON *o, const struct bill_line *l, struct err *e)
{
	if (l->price.note != NULL && json_set_str(o, "note", l->price.note, e) < 0)
		return -1;
	if (l->free.units != 0 &&
		json_set_num(o, "free_quantity", quantity_number(&l->free), e) < 0)
		return -1;
	if (l->committed_why != NULL &&
		(json_set_num(o, "committed_quantity", quantity_number(&l->committed),
			 e) < 0 ||
			pico_set_exact(o, "committed_usd_exact", l->committed_usd, e) <
				0 ||
			json_set_str(o, "committed_why", l->committed_why, e) < 0))
		return -1;
	if (l->discount_why == NULL)
		return 0;
	return json_set_num(o, "discount_pct", l->discount_pct, e) < 0
		? -1
		: json_set_str(o, "discount_why", l->discount_why, e);
}

static int set_line(cJSON *o, const struct bill_line *l, struct err *e)
{
	const struct price *p = &l->price;

	if (o == NULL ||
		json_set_str(o, "service", l->service != NULL ? l->service : p->service,
			e) < 0 ||
		set_qty_text(o, l, e) < 0 || set_money(o, l, e) < 0 ||
		json_set_str(o, "component", l->component, e) < 0 ||
		json_set_str(o, "slot", l->slot, e) < 0 ||
		json_set_str(o, "sku", l->sku, e) < 0 ||
		json_set_str(o, "region", l->region, e) < 0 ||
		json_set_num(o, "quantity", quantity_number(&l->qty), e) < 0 ||
		json_set_str(o, "unit",
			p->unit != NULL ? p->unit : json_str_or(l->item, "unit", NULL),
			e) < 0 ||
		json_set_str(o, "kind", l->kind, e) < 0 ||
		json_set_str(o, "status", price_status_name(p->status), e) < 0 ||
		set_tiers(o, p, e) < 0 || json_set_str(o, "source", p->source, e) < 0 ||
		json_set_str(o, "date", p->date, e) < 0 ||
		json_set_str(o, "confidence", p->confidence, e) < 0)
		return -1;
	return set_extras(o, l, e);
}

static int set_unpriced(cJSON *list, const struct bill_line *l, struct err *e)
{
	cJSON *o;

	if (l->price.status != PRICE_UNPRICED && l->price.status != PRICE_PARTIAL)
		return 0;
	o = json_push_object(list, e);
	if (o == NULL || json_set_str(o, "sku", l->sku, e) < 0 ||
		json_set_str(o, "component", l->component, e) < 0 ||
		json_set_str(o, "region", l->region, e) < 0 ||
		json_set_num(o, "quantity", quantity_number(&l->price.unpriced), e) < 0)
		return -1;
	if (l->price.status == PRICE_PARTIAL)
		return json_set_str(o, "why", "no price past the last known tier", e);
	return json_setf(o, "why", e, "no price for %s in %s", l->sku,
		*l->region != '\0' ? l->region : "an unnamed region");
}

static int set_lines(cJSON *cost, const struct bill *b, struct err *e)
{
	cJSON *breakdown = json_add_array(cost, "breakdown", e);
	cJSON *unpriced = json_add_array(cost, "unpriced", e);

	if (breakdown == NULL || unpriced == NULL)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		if (set_line(json_push_object(breakdown, e), &b->line[i], e) < 0 ||
			set_unpriced(unpriced, &b->line[i], e) < 0)
			return -1;
	return 0;
}

/* The name that a file has in the book: a replaced one keeps the one that it had. */
static const char *book_name(const cJSON *f, const cJSON *pins)
{
	if (strstr(json_key(f), "/replaced/") == NULL)
		return json_key(f);
	JSON_EACH (p, pins)
		if (json_equal(p, f))
			return json_key(p);
	return json_key(f);
}

/* Which files the prices came from, by digest: an old estimate can be made again. */
static int set_book(cJSON *cost, const struct node_env *env, const struct bill *b,
	const cJSON *pins, struct err *e)
{
	cJSON *book = json_add_object(cost, "price_book", e), *files;
	const char *oldest = NULL, *newest = NULL;

	files = book == NULL ? NULL : json_add_object(book, "files", e);
	if (files == NULL)
		return -1;
	for (size_t i = 0; i < b->n; i++) {
		const char *d = b->line[i].price.date;

		if (d == NULL)
			continue;
		oldest = oldest == NULL || strcmp(d, oldest) < 0 ? d : oldest;
		newest = newest == NULL || strcmp(d, newest) > 0 ? d : newest;
	}
	if (json_set_str(book, "oldest_price", oldest, e) < 0 ||
		json_set_str(book, "newest_price", newest, e) < 0)
		return -1;
	JSON_EACH (f, env->files_read)
		if (strstr(json_key(f), "prices/") != NULL && json_text(f) != NULL &&
			json_set_copy(files, book_name(f, pins), f, e) < 0)
			return -1;
	return 0;
}

static int set_sums(cJSON *cost, const struct bill *b, const struct bill *low,
	const struct bill *high, struct err *e)
{
	cJSON *range;

	if (pico_set_usd(cost, "monthly_usd", b->monthly, e) < 0 ||
		pico_set_exact(cost, "monthly_usd_exact", b->monthly, e) < 0 ||
		pico_set_usd(cost, "low_usd", low->monthly, e) < 0 ||
		pico_set_usd(cost, "expected_usd", b->monthly, e) < 0 ||
		pico_set_usd(cost, "high_usd", high->monthly, e) < 0 ||
		pico_set_usd(cost, "baseline_usd", b->baseline, e) < 0 ||
		pico_set_usd(cost, "usage_usd", b->usage, e) < 0 ||
		pico_set_usd(cost, "one_off_usd", b->one_off, e) < 0 ||
		pico_set_usd(cost, "estimated_usd", b->estimated_usd, e) < 0 ||
		json_set_bool(cost, "lower_bound", b->unpriced > 0, e) < 0 ||
		json_set_num(cost, "unpriced_lines", (double)b->unpriced, e) < 0 ||
		json_set_num(cost, "estimated_lines", (double)b->estimated, e) < 0)
		return -1;
	range = json_add_object(cost, "range", e);
	if (range == NULL || json_set_num(range, "low_factor", BILL_LOW_FACTOR, e) < 0)
		return -1;
	return json_set_num(range, "high_factor", BILL_HIGH_FACTOR, e);
}

struct bills {
	struct bill low, expected, high;
};

static int set_cost(cJSON *cost, struct node_env *env, const struct bills *b,
	const cJSON *in, const cJSON *pins, struct err *e)
{
	if (set_sums(cost, &b->expected, &b->low, &b->high, e) < 0 ||
		json_set_str(cost, "currency", "USD", e) < 0 ||
		json_set_num(cost, "hours_per_month", HOURS_PER_MONTH, e) < 0 ||
		set_lines(cost, &b->expected, e) < 0 ||
		json_set_str(cost, "method", METHOD, e) < 0 ||
		json_set_num(cost, "confidence", bill_confidence(&b->expected), e) < 0 ||
		shares_set(cost, &b->expected, in, e) < 0)
		return -1;
	return set_book(cost, env, &b->expected, pins, e);
}

static int make_bills(struct bills *b, struct price_books *books, const cJSON *plan,
	struct bill_options *o, struct err *e)
{
	o->range = BILL_LOW;
	if (bill_make(&b->low, books, plan, o, e) < 0)
		return -1;
	o->range = BILL_HIGH;
	if (bill_make(&b->high, books, plan, o, e) < 0)
		return -1;
	o->range = BILL_EXPECTED;
	return bill_make(&b->expected, books, plan, o, e);
}

/* ---- the Reason Card ---- */

/* The dearest line is the first thing to question. */
static const struct bill_line *dearest(const struct bill *b)
{
	const struct bill_line *top = NULL;

	for (size_t i = 0; i < b->n; i++)
		if (top == NULL || b->line[i].amount > top->amount)
			top = &b->line[i];
	return top;
}

static int card_lines(cJSON *card, const struct bill *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct bill_line *l = &b->line[i];
		char text[400];

		if (l->price.status == PRICE_UNPRICED ||
			l->price.status == PRICE_PARTIAL) {
			snprintf(text, sizeof(text),
				"no price for %.120s in %.60s: the estimate is a "
				"lower bound",
				l->sku, l->region);
			if (card_risk(card, text,
				    "import the provider's price list: mlops catalog "
				    "prices import FILE",
				    e) < 0)
				return -1;
		}
	}
	return 0;
}

static int make_card(
	struct node_env *env, const cJSON *cost, const struct bill *b, struct err *e)
{
	cJSON *card = card_add(env->cards, "critic.cost", e);
	const struct bill_line *top = dearest(b);
	double usd = json_num_or(cost, "monthly_usd", 0);
	char text[400];

	if (card == NULL || card_input_key(card, "budget_band", e) < 0 ||
		card_input_key(card, "throughput", e) < 0 ||
		card_input_artifact(card, "plan.bom", e) < 0 ||
		card_impact(card, "monthly_usd", usd, e) < 0 ||
		card_confidence(card, json_num_or(cost, "confidence", 0), e) < 0 ||
		card_link(card, "cost", "/reports/cost.json", e) < 0)
		return -1;
	if (b->estimated > 0) {
		snprintf(text, sizeof(text),
			"%zu of %zu lines use an estimate by regional ratio",
			b->estimated, b->n);
		if (card_risk(card, text,
			    "check these lines against the region's price list", e) < 0)
			return -1;
	}
	if (card_lines(card, b, e) < 0)
		return -1;
	if (top == NULL)
		return card_choice(card, METHOD, e, "the bill of materials is empty");
	return card_choice(card, METHOD, e,
		"%s%.2f USD a month from %zu lines; the largest is %s "
		"(%s) at %.2f USD",
		b->unpriced > 0 ? "at least " : "", usd, b->n,
		top->component != NULL ? top->component : top->sku, top->sku,
		pico_number(top->amount));
}

/* A plan that nothing satisfied has no bill; later nodes still find the key. */
static int no_bill(cJSON *cost, struct err *e)
{
	static const char *const nulls[] = { "monthly_usd", "monthly_usd_exact",
		"low_usd", "expected_usd", "high_usd", "delta_vs_prev_usd",
		"delta_vs_prev_pct", "delta" };

	for (size_t i = 0; i < ARRAY_LEN(nulls); i++)
		if (json_set_null(cost, nulls[i], e) < 0)
			return -1;
	if (json_add_array(cost, "breakdown", e) == NULL ||
		json_add_array(cost, "unpriced", e) == NULL ||
		json_set_bool(cost, "lower_bound", 1, e) < 0)
		return -1;
	return json_set_str(cost, "method", METHOD, e);
}

static int read_pins(
	const cJSON *state, const char *path, const cJSON **pins, struct err *e)
{
	*pins = json_at(state, "/cost/price_book/files");
	if (json_is(*pins, JSON_OBJECT))
		return 0;
	return err_set(e, ERR_INPUT, "%s: /cost/price_book/files: is missing", path);
}

/* Which usage file, by its content, and what of it did nothing. */
static int set_usage(cJSON *cost, const struct usage *u, const char *path,
	const cJSON *plan, struct err *e)
{
	struct buf text = BUF_INIT((size_t)8 << 20);
	char hex[DIGEST_HEX_MAX];
	cJSON *o;
	int ret = -1;

	if (u == NULL)
		return json_set_null(cost, "usage_file", e);
	o = json_add_object(cost, "usage_file", e);
	if (o == NULL || file_read(path, &text, e) < 0)
		goto out;
	digest_hex(text.ptr, text.len, hex);
	if (json_set_str(o, "sha256", hex, e) == 0)
		ret = usage_describe(u, plan, o, e);
out:
	buf_release(&text);
	return ret;
}

static int price_plan(struct node_env *env, const struct critic_args *a, const cJSON *in,
	cJSON *cost, struct err *e)
{
	const cJSON *plan = json_get(in, "plan");
	struct price_books *books = NULL;
	struct usage *usage = NULL;
	struct bills b = { 0 };
	struct bill_options o = { .free_tier = a->free_tier };
	cJSON *then = NULL;
	const cJSON *pins = NULL;
	const char *cloud = json_str_or(
		plan, "cloud", json_str_or(json_get(in, "constraints"), "cloud", "aws"));
	int ret = -1;

	if (a->book != NULL &&
		(read_state_file(a->book, &then, e) < 0 ||
			read_pins(then, a->book, &pins, e) < 0))
		goto out;
	if (a->usage != NULL && usage_load(&usage, a->usage, e) < 0)
		goto out;
	o.usage = usage;
	if (price_books_new(&books, env, cloud, !a->no_estimates, e) < 0)
		goto out;
	price_books_pin(books, pins);
	if (make_bills(&b, books, plan, &o, e) < 0 ||
		set_cost(cost, env, &b, in, pins, e) < 0 ||
		set_usage(cost, usage, a->usage, plan, e) < 0 ||
		delta_set(cost, &b.expected, a->previous, books, &o, e) < 0)
		goto out;
	ret = make_card(env, cost, &b.expected, e);
out:
	bill_release(&b.low);
	bill_release(&b.expected);
	bill_release(&b.high);
	price_books_free(books);
	usage_free(usage);
	json_free(then);
	return ret;
}

int cost_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const cJSON *plan = json_get(in, "plan");
	cJSON *cost = json_add_object(out, "cost", e);

	if (cost == NULL)
		return -1;
	if (!json_is(plan, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/plan: is missing (run mlops-plan first)");
	if (json_len(json_get(plan, "bom")) == 0 && !json_bool_or(plan, "feasible", 1))
		return no_bill(cost, e);
	return price_plan(env, args, in, cost, e);
}
