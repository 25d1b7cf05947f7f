/*
 * bill.h - a whole bill of materials (plan.bom) at the price book's prices.
 *
 * Lines of one tiered sku in one region share their tiers, in order, as on the
 * provider's bill. Free allowances, where asked for, are taken off first. Hours,
 * quantities and discounts may come from a usage file (usage.h).
 * Thread safety: a bill belongs to one thread.
 */
#ifndef MLOPS_PRICING_BILL_H
#define MLOPS_PRICING_BILL_H

#include "pricing.h"
#include "usage.h"

/* ---- books by region, loaded once each ---- */

struct price_books;

/* `cloud` may be NULL: nothing is priced then. */
int price_books_new(struct price_books **out, struct node_env *env, const char *cloud,
	int estimates, struct err *e);
/* The books of an earlier estimate (price_book_load_pinned): before the first get. */
void price_books_pin(struct price_books *b, const cJSON *pins);
int price_books_get(struct price_books *b, const char *region,
	const struct price_book **out, struct err *e);
/* Free allowances of the cloud, from prices/CLOUD/free-tier.json; NULL when there are none. */
int price_books_free_tier(struct price_books *b, const cJSON **out, struct err *e);
void price_books_free(struct price_books *b);

/* ---- the bill ---- */

enum bill_range { BILL_LOW, BILL_EXPECTED, BILL_HIGH };

#define BILL_LOW_FACTOR  0.5 /* of a usage line's quantity, where no range is stated */
#define BILL_HIGH_FACTOR 2.0

struct bill_options {
	int free_tier;
	const struct usage *usage; /* NULL: as the plan says */
	enum bill_range range;
};

struct bill_line {
	const cJSON *item; /* in plan.bom; borrowed, as all texts here */
	const char *sku, *component, *region, *slot, *kind, *service;
	struct quantity qty;       /* after the usage file */
	struct quantity free;      /* the part that a free allowance covers */
	struct quantity committed; /* the part that commitments cover */
	pico_usd committed_usd;    /* what they cost, with what of them is left unused */
	const char *committed_why; /* of the last one; NULL without */
	struct price price;        /* of the rest, before the discount */
	double discount_pct;
	const char *discount_why; /* NULL without a discount */
	pico_usd amount;          /* after the discount, with the commitments */
};

struct bill {
	struct bill_line *line;
	size_t n;
	pico_usd monthly, one_off;
	pico_usd baseline, usage; /* monthly is their sum */
	pico_usd estimated_usd;   /* the part of monthly that rests on estimates */
	size_t unpriced, estimated;
};

/* Prices plan.bom. ERR_INPUT with "/plan/bom/3: ..." for a line that is not one. */
int bill_make(struct bill *out, struct price_books *books, const cJSON *plan,
	const struct bill_options *opts, struct err *e);
void bill_release(struct bill *b);

#endif
