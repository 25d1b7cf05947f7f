/*
 * pricing.h - quantities times prices, exactly: a bill of materials to money.
 *
 * Money is an integer of 10^-12 USD (pico_usd) and a quantity is the decimal that
 * its JSON number spells, so a product is rounded once, half to even, at 10^-12
 * USD, and sums are exact. Printed figures are rounded once more, from the sum.
 *
 * A sku is one of the price book or a base id: "s3.standard.gb_month" stands for
 * its .tier1, .tier2, ... and is split by them. Look-up order: the region's own
 * price, then the price that the provider sets for all regions ("global"), then,
 * marked PRICE_ESTIMATED, the book of regional estimates.
 * Thread safety: a book belongs to one thread (estimates load on first use).
 */
#ifndef MLOPS_PRICING_H
#define MLOPS_PRICING_H

#include <stdint.h>

#include "state/state.h"

__extension__ typedef __int128 pico_usd;

#define PICO_PER_USD    ((pico_usd)1000000000000)
#define HOURS_PER_MONTH 730

enum price_status {
	PRICE_KNOWN,
	PRICE_ESTIMATED, /* from another region's price by the family's documented ratio */
	PRICE_PARTIAL, /* quantity passes the last known tier: `amount` is a lower bound */
	PRICE_UNPRICED, /* no price: amount is 0 and must not be taken for one */
};

const char *price_status_name(enum price_status s); /* "known", "estimated", ... */

/* A quantity as an exact decimal: units * 10^-scale. */
struct quantity {
	pico_usd units;
	int scale;
};

#define QUANTITY_ZERO \
	{             \
		0, 0  \
	}

/* The decimal that the shortest spelling of d gives. ERR_INPUT when it is
 * negative, not finite or above 10^15. */
int quantity_from(double d, struct quantity *out, struct err *e);
int quantity_add(struct quantity *sum, const struct quantity *q, struct err *e);
/* sum -= q, not below zero. */
int quantity_subtract(struct quantity *sum, const struct quantity *q, struct err *e);
int quantity_compare(const struct quantity *a, const struct quantity *b);
double quantity_number(const struct quantity *q);
/* q * price, rounded once to 10^-12 USD, half to even. ERR_INPUT when it is too large. */
int quantity_price(
	const struct quantity *q, pico_usd unit_price, pico_usd *out, struct err *e);

#define PRICE_PARTS_MAX 16

/* The share of a line that one tier prices. */
struct price_part {
	int tier; /* 1, 2, ...; 0 for a sku without tiers */
	struct quantity qty;
	pico_usd unit_price;
	pico_usd amount;
	const char *source, *date;
};

struct price {
	enum price_status status;
	pico_usd amount;     /* the sum of the parts */
	pico_usd unit_price; /* of the first unit */
	/* Borrowed from the book; NULL where there is none (date), or when unpriced. */
	const char *unit, *service, *source, *date, *confidence, *note;
	struct quantity unpriced; /* what lies past the last known tier, or all of it */
	struct price_part part[PRICE_PARTS_MAX];
	size_t n_parts;
};

struct price_book;

/*
 * The book of one region: share/prices/CLOUD/REGION.json and global.json beside
 * it. A cloud or region without a file gives an empty book (everything is
 * unpriced); a broken file is ERR_CONFIG with its path and JSON Pointer.
 */
int price_book_load(struct price_book **out, struct node_env *env, const char *cloud,
	const char *region, struct err *e);
/*
 * The same as it was: `pins` (cost.price_book.files of an earlier estimate; borrowed,
 * outlives the book) names files by digest. One that has changed since is read from
 * prices/CLOUD/replaced/SHA256.json, where an import keeps it; ERR_NO_INPUT when it is
 * not there. A file that is not named did not exist then. NULL pins: as it is now.
 */
int price_book_load_pinned(struct price_book **out, struct node_env *env,
	const char *cloud, const char *region, const cJSON *pins, struct err *e);
void price_book_free(struct price_book *b); /* NULL is fine */

/* Lets b look into the provider's global book where `with`, of the same cloud, reads it;
 * `with` must outlive the look-ups. */
void price_book_share(struct price_book *b, const struct price_book *with);

/* 1 if the region has prices of its own. */
int price_book_has_region(const struct price_book *b);
const char *price_book_region(const struct price_book *b);
/* Off: PRICE_ESTIMATED is never answered, such lines are PRICE_UNPRICED. */
void price_book_estimates(struct price_book *b, int on);

/* What qty of the sku costs a month. A missing price is an answer, not a failure:
 * -1 only for a quantity out of range or a broken file. */
int price_line(const struct price_book *b, const char *sku, double qty, struct price *out,
	struct err *e);

/* The same for usage that follows `before` in the same month: the provider adds up
 * an account's usage, so a second line of a tiered sku starts where the first ended. */
int price_line_after(const struct price_book *b, const char *sku,
	const struct quantity *before, const struct quantity *qty, struct price *out,
	struct err *e);

/* ---- rounding, half to even ---- */

int64_t pico_round(pico_usd amount, int64_t pico_per_step); /* in steps */
static inline int64_t pico_to_micro(pico_usd amount)
{
	return pico_round(amount, 1000000);
}
static inline int64_t pico_to_cents(pico_usd amount)
{
	return pico_round(amount, 10000000000);
}
double pico_number(pico_usd amount); /* nearest double, for ranking only */

/* Sets a member: the amount in cents, as a decimal number of USD. */
int pico_set_usd(cJSON *obj, const char *key, pico_usd amount, struct err *e);
/* Sets a member: all digits of the amount, as a string: "0.0000166667". */
int pico_set_exact(cJSON *obj, const char *key, pico_usd amount, struct err *e);
/* Reads such a string; 0 or -1. */
int pico_parse(const char *text, pico_usd *out);
/* From a number of USD as JSON spells it (prices: at most 12 decimals). */
int pico_from_number(double usd, pico_usd *out, struct err *e);

#endif
