/*
 * prices.h - one file of the price book (share/prices/CLOUD/REGION.json) as a
 * checked, sorted table. Format: share/schemas/price-book.schema.json.
 *
 * What is broken (a negative price, more than 12 decimals, tiers that overlap or
 * leave a gap, a sku twice, another currency) is refused at load with file and
 * JSON Pointer; a book never half-loads.
 * Thread safety: a loaded table is read-only and may be shared.
 */
#ifndef MLOPS_CATALOG_PRICES_H
#define MLOPS_CATALOG_PRICES_H

#include <stdint.h>

#include "state/state.h"

/* What many prices share. Texts are borrowed from the table; date and note may be NULL. */
struct price_group {
	const char *service, *unit, *source, *date, *confidence, *note;
	int64_t per; /* raw counts in one priced unit: 10000 for "10k requests", else 1 */
};

#define PRICE_NO_END ((int64_t)-1)

struct price_entry {
	const char *sku;
	int64_t pico_usd; /* 10^-12 USD for one unit */
	int tier;         /* the N of a sku that ends in .tierN, else 0 */
	int64_t from,
		to; /* the tier's limits in raw counts; to PRICE_NO_END: unbounded */
	const struct price_group *group;
};

struct prices;

/* Reads share/RELATIVE through env (its digest counts). */
int prices_load(
	struct prices **out, struct node_env *env, const char *relative, struct err *e);
/* The same from a tree, which is taken over also on failure; `name` stands in messages. */
int prices_from_json(struct prices **out, cJSON *tree, const char *name, struct err *e);
/* The same from the text of a sound book as the tools write it (price_text.h), which is
 * taken over; NULL for any other, and when memory is short. */
struct prices *prices_from_text(struct buf *text);
void prices_free(struct prices *p); /* NULL is fine */

const char *prices_region(const struct prices *p);
const char *prices_as_of(const struct prices *p);
int prices_estimated(const struct prices *p);
size_t prices_count(const struct prices *p);
const struct price_entry *prices_entry(
	const struct prices *p, size_t i); /* in order of sku */

/* The entry with exactly this sku, or NULL. */
const struct price_entry *prices_find(const struct prices *p, const char *sku);
/* The entry BASE.tierN, or NULL. */
const struct price_entry *prices_tier(const struct prices *p, const char *base, int n);

/* USD as JSON spells it to 10^-12 USD. ERR_INPUT: negative, above 9 million, or
 * more than 12 decimals. */
int price_to_pico(double usd, int64_t *pico, struct err *e);

#endif
