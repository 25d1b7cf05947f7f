/*
 * The difference to a previous state's cost, split by cause so that the causes add
 * up to it exactly: lines added and removed, resized (baseline) or used more or
 * less (usage), re-priced, and what the previous state does not itemise.
 */
#include "internal.h"

#include <math.h>

/* One line, or several of the same component, sku and region, of either side. */
struct item {
	const char *component, *sku, *region, *kind;
	double qty;
	pico_usd usd, unit_price;
};

struct side {
	struct item *at;
	size_t n;
	pico_usd total;
	int itemised;
};

enum cause { ADDED, REMOVED, RESIZED, USAGE, REPRICED, NOT_ITEMISED, N_CAUSES };
static const char *const cause_names[N_CAUSES] = { "added", "removed", "resized", "usage",
	"re-priced", "not itemised" };

static int equal(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

static struct item *find(const struct side *s, const struct item *like)
{
	for (size_t i = 0; i < s->n; i++)
		if (equal(s->at[i].sku, like->sku) &&
			equal(s->at[i].component, like->component) &&
			equal(s->at[i].region, like->region))
			return &s->at[i];
	return NULL;
}

static void put(struct side *s, const struct item *add)
{
	struct item *have = find(s, add);

	if (have == NULL) {
		s->at[s->n++] = *add;
		return;
	}
	have->qty += add->qty;
	have->usd += add->usd;
}

static int side_of_bill(struct side *s, const struct bill *b, struct err *e)
{
	s->at = calloc(b->n + 1, sizeof(*s->at));
	if (s->at == NULL)
		return err_no_memory(e);
	for (size_t i = 0; i < b->n; i++) {
		const struct bill_line *l = &b->line[i];

		if (strcmp(l->kind, "one_off") != 0)
			put(s,
				&(struct item){ l->component, l->sku, l->region, l->kind,
					quantity_number(&l->qty), l->amount,
					l->price.unit_price });
	}
	s->total = b->monthly;
	s->itemised = 1;
	return 0;
}

/* A line's amount, from all its digits where they are, else from cents. */
static int amount_of(
	const cJSON *o, const char *exact, const char *rounded, pico_usd *out)
{
	struct err ignored;
	double usd = json_num_or(o, rounded, NAN);

	if (json_text(json_get(o, exact)) != NULL)
		return pico_parse(json_text(json_get(o, exact)), out);
	if (!isfinite(usd))
		return -1;
	return pico_from_number(usd, out, &ignored);
}

/* Fills in from a stored cost; itemised stays 0 when its lines do not tell enough. */
static int side_of_cost(struct side *s, const cJSON *cost, struct err *e)
{
	const cJSON *lines = json_get(cost, "breakdown");
	struct err ignored;

	if (amount_of(cost, "monthly_usd_exact", "monthly_usd", &s->total) < 0)
		return err_set(e, ERR_INPUT, "/cost/monthly_usd: is not an amount");
	s->at = calloc(json_len(lines) + 1, sizeof(*s->at));
	if (s->at == NULL)
		return err_no_memory(e);
	JSON_EACH (l, lines) {
		struct item it = { json_str_or(l, "component", NULL),
			json_str_or(l, "sku", NULL), json_str_or(l, "region", NULL),
			json_str_or(l, "kind", "baseline"),
			json_num_or(l, "quantity", NAN), 0, 0 };

		if (json_is(json_get(l, "usd"), JSON_NULL) || equal(it.kind, "one_off"))
			continue;
		if (it.sku == NULL || !isfinite(it.qty) ||
			amount_of(l, "usd_exact", "usd", &it.usd) < 0 ||
			pico_from_number(json_num_or(l, "unit_price_usd", NAN),
				&it.unit_price, &ignored) < 0) {
			s->n = 0;
			return 0;
		}
		put(s, &it);
	}
	s->itemised = json_is(lines, JSON_ARRAY);
	return 0;
}

/* ---- causes ---- */

static int add_change(cJSON *list, enum cause c, const struct item *it, pico_usd usd,
	double before, double now, struct err *e)
{
	cJSON *o;

	if (usd == 0)
		return 0;
	o = json_push_object(list, e);
	if (o == NULL || json_set_str(o, "cause", cause_names[c], e) < 0 ||
		json_set_str(o, "component", it->component, e) < 0 ||
		json_set_str(o, "sku", it->sku, e) < 0 ||
		json_set_str(o, "region", it->region, e) < 0 ||
		json_set_num(o, "quantity_before", before, e) < 0 ||
		json_set_num(o, "quantity_now", now, e) < 0)
		return -1;
	return pico_set_usd(o, "usd", usd, e);
}

static int compare(cJSON *list, pico_usd by_cause[N_CAUSES], const struct item *old,
	const struct item *new, struct err *e)
{
	enum cause sized = equal(new->kind, "usage") ? USAGE : RESIZED;
	pico_usd delta = new->usd - old->usd, priced = 0;

	if (old->unit_price != new->unit_price || old->qty == new->qty)
		/* The old quantity at the new average price, less what it cost. */
		priced = new->qty == 0 || old->qty == new->qty
			? delta
			: (pico_usd)llround(pico_number(new->usd) * old->qty / new->qty *
				  1e6) * 1000000 -
				old->usd;
	by_cause[REPRICED] += priced;
	by_cause[sized] += delta - priced;
	if (add_change(list, REPRICED, new, priced, old->qty, new->qty, e) < 0)
		return -1;
	return add_change(list, sized, new, delta - priced, old->qty, new->qty, e);
}

static int explain(cJSON *list, pico_usd by_cause[N_CAUSES], const struct side *old,
	const struct side *new, struct err *e)
{
	for (size_t i = 0; i < new->n; i++) {
		const struct item *it = &new->at[i], *was = find(old, it);

		if (was != NULL && compare(list, by_cause, was, it, e) < 0)
			return -1;
		if (was != NULL)
			continue;
		by_cause[ADDED] += it->usd;
		if (add_change(list, ADDED, it, it->usd, 0, it->qty, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < old->n; i++) {
		const struct item *it = &old->at[i];

		if (find(new, it) != NULL)
			continue;
		by_cause[REMOVED] -= it->usd;
		if (add_change(list, REMOVED, it, -it->usd, it->qty, 0, e) < 0)
			return -1;
	}
	return 0;
}

static int set_delta(
	cJSON *cost, const struct side *old, const struct side *new, struct err *e)
{
	pico_usd by_cause[N_CAUSES] = { 0 }, delta = new->total - old->total,
		 rest = delta;
	cJSON *d = json_add_object(cost, "delta", e), *causes, *changes;
	double pct;

	causes = d == NULL ? NULL : json_add_object(d, "by_cause", e);
	changes = causes == NULL ? NULL : json_add_array(d, "changes", e);
	if (changes == NULL ||
		(old->itemised && explain(changes, by_cause, old, new, e) < 0))
		return -1;
	for (int c = 0; c < NOT_ITEMISED; c++)
		rest -= by_cause[c];
	by_cause[NOT_ITEMISED] = rest;
	for (int c = 0; c < N_CAUSES; c++)
		if (by_cause[c] != 0 &&
			pico_set_usd(causes, cause_names[c], by_cause[c], e) < 0)
			return -1;
	if (pico_set_usd(d, "previous_usd", old->total, e) < 0 ||
		pico_set_usd(cost, "delta_vs_prev_usd", delta, e) < 0)
		return -1;
	if (old->total == 0)
		return json_set_null(cost, "delta_vs_prev_pct", e);
	pct = nearbyint((double)delta * 1000 / (double)old->total) / 10;
	return json_set_num(cost, "delta_vs_prev_pct", pct == 0 ? 0 : pct, e);
}

/* ---- the previous state ---- */

int read_state_file(const char *path, cJSON **out, struct err *e)
{
	struct buf text = BUF_INIT(STATE_TEXT_MAX);
	int ret = -1;

	if (file_read(path, &text, e) == 0) {
		*out = state_read(text.ptr, text.len, e);
		ret = *out == NULL ? -1 : 0;
		if (ret < 0)
			err_where(e, "%s", path);
	}
	buf_release(&text);
	return ret;
}

static int old_side(struct side *s, struct bill *old, const cJSON *state,
	struct price_books *books, const struct bill_options *opts, struct err *e)
{
	const cJSON *cost = json_get(state, "cost");

	if (json_is(cost, JSON_OBJECT) &&
		!json_is(json_get(cost, "monthly_usd"), JSON_NULL))
		return side_of_cost(s, cost, e);
	if (!json_is(json_at(state, "/plan/bom"), JSON_ARRAY))
		return 1; /* nothing to compare with */
	if (bill_make(old, books, json_get(state, "plan"), opts, e) < 0)
		return -1;
	return side_of_bill(s, old, e);
}

static int set_nothing(cJSON *cost, struct err *e)
{
	return json_set_null(cost, "delta_vs_prev_usd", e) < 0 ||
			json_set_null(cost, "delta_vs_prev_pct", e) < 0
		? -1
		: json_set_null(cost, "delta", e);
}

int delta_set(cJSON *cost, const struct bill *now, const char *path,
	struct price_books *books, const struct bill_options *opts, struct err *e)
{
	struct side old = { 0 }, new = { 0 };
	struct bill old_bill = { 0 };
	cJSON *previous = NULL;
	int ret = -1, found;

	if (path == NULL)
		return set_nothing(cost, e);
	if (read_state_file(path, &previous, e) < 0)
		goto out;
	found = old_side(&old, &old_bill, previous, books, opts, e);
	if (found < 0) {
		err_where(e, "%s", path);
		goto out;
	}
	if (found > 0)
		ret = set_nothing(cost, e);
	else if (side_of_bill(&new, now, e) == 0)
		ret = set_delta(cost, &old, &new, e);
out:
	free(old.at);
	free(new.at);
	bill_release(&old_bill);
	json_free(previous);
	return ret;
}
