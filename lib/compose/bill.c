/* The bill of materials of an option or a base: quantities, prices, ranks. */
#include "internal.h"

#include <math.h>
#include <string.h>

void lines_release(struct lines *l)
{
	free(l->at);
	l->at = NULL;
	l->n = 0;
}

static struct line *line_add(struct lines *l)
{
	struct line *grown = realloc(l->at, (l->n + 1) * sizeof(*grown));

	if (grown == NULL)
		return NULL;
	l->at = grown;
	memset(&grown[l->n], 0, sizeof(*grown));
	return &grown[l->n++];
}

/* A book that turns out broken on first use fails the plan, not the pattern. */
static int price_at(struct scenario *sc, const char *region, const struct line *l,
	struct price *out, struct err *e)
{
	struct price_book *book = knowledge_book(sc->k, region, e);

	if (book == NULL)
		return -1;
	if (price_line(book, l->sku, l->qty, out, e) == 0)
		return 0;
	if (e->code == ERR_CONFIG)
		sc->k->failed = *e;
	return -1;
}

/* What an unpriced line counts for ranking: what the sku costs where the cloud is
 * cheapest known, times what the dearest region takes, else the pattern's own estimate.
 * Marked, and never zero: a price that nobody knows must not win. */
static int rank_without_price(
	struct scenario *sc, const cJSON *def, struct line *l, struct err *e)
{
	const cJSON *weights = json_get(sc->k->slots, "weights");
	double times = json_num_or(weights, "unpriced_times", 1);
	double own = json_num_or(def, "est_unit_usd", -1);

	JSON_EACH (it, json_get(json_get(sc->k->slots, "price_fallback"), sc->k->cloud)) {
		struct price price;

		if (price_at(sc, json_text(it), l, &price, e) < 0)
			return -1;
		if (price.status == PRICE_UNPRICED)
			continue;
		l->rank = (pico_usd)llround(pico_number(price.amount) * times * 1e6) *
			1000000;
		return 0;
	}
	if (own < 0)
		own = json_num_or(weights, "unpriced_unit_usd", 10);
	l->rank = (pico_usd)llround(own * l->qty * 1e6) * 1000000;
	return 0;
}

/* Past the last known tier nothing is free: it counts like the dearest known one. */
static pico_usd rank_partial(const struct price *p)
{
	pico_usd dearest = p->unit_price;

	for (size_t i = 0; i < p->n_parts; i++)
		if (p->part[i].unit_price > dearest)
			dearest = p->part[i].unit_price;
	return p->amount +
		(pico_usd)llround(
			pico_number(dearest) * quantity_number(&p->unpriced) * 1e6) *
		1000000;
}

int line_price(struct scenario *sc, struct line *l, struct err *e)
{
	struct price price;

	if (price_at(sc, l->region, l, &price, e) < 0)
		return -1;
	l->status = price.status;
	l->amount = l->rank = price.amount;
	if (price.status == PRICE_PARTIAL)
		l->rank = rank_partial(&price);
	return price.status == PRICE_UNPRICED ? rank_without_price(sc, l->of, l, e) : 0;
}

/* One line of a pattern in one region; nothing for a quantity of zero. */
static int add_line(struct scenario *sc, struct lines *lines, const cJSON *def,
	double qty, const char *region, struct err *e)
{
	struct line *l;

	qty = rounded(qty);
	if (qty < 0 || !isfinite(qty))
		return err_set(e, ERR_CONFIG, "'qty' is negative or no number");
	if (qty == 0)
		return 0;
	l = line_add(lines);
	if (l == NULL)
		return err_no_memory(e);
	l->of = def;
	l->component = json_str_or(def, "component", "part");
	l->service = json_str_or(def, "service", "");
	l->unit = json_str_or(def, "unit", "");
	l->kind = json_str_or(def, "kind", "usage");
	l->note = json_text(json_get(def, "note"));
	l->qty = qty;
	snprintf(l->region, sizeof(l->region), "%s", json_str_or(def, "region", region));
	if (text_of(sc, json_get(def, "sku"), l->sku, sizeof(l->sku), e) < 0)
		return -1;
	return line_price(sc, l, e);
}

/* `each`: NULL for the lines of the pattern itself, else the lines for that list.
 * Usage is shared among copies; what is there while nothing happens is not. */
int add_lines(struct scenario *sc, const struct pattern *p, const char *each, int copies,
	struct lines *lines, struct err *e)
{
	size_t i = 0;

	JSON_EACH (def, json_get(p->json, "bom")) {
		const char *of = json_text(json_get(def, "each"));
		int baseline = strcmp(json_str_or(def, "kind", "usage"), "baseline") == 0;
		double qty;

		if ((of == NULL) == (each == NULL) &&
			truth_of(sc, json_get(def, "when"), 1)) {
			if (number_of(sc, json_get(def, "qty"), &qty, e) < 0)
				goto fail;
			for (int r = 0; r < copies; r++)
				if (add_line(sc, lines, def,
					    baseline ? qty : qty / copies, sc->region[r],
					    e) < 0)
					goto fail;
		}
		i++;
	}
	return 0;
fail:
	err_where(e, "%s: /bom/%zu", p->path, i);
	return -1;
}

pico_usd lines_cost(const struct lines *l)
{
	pico_usd sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += l->at[i].rank;
	return sum;
}
