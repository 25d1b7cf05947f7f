/*
 * usage.h - what a team knows about its use that a plan cannot: quantities, hours,
 * schedules, commitments and negotiated discounts, in a file that people edit.
 *
 *   { "schema_version": 1,
 *     "load": { … },                           what the quantities were made for; not read
 *     "preset": "small|medium|large",          usage lines times 0.5, 1 or 2
 *     "lines": [ { "match": {"component": …, "sku": …, "slot": …, "service": …, "region": …},
 *                  "qty": 12 | "factor": 0.5 | "hours_per_month": 220 |
 *                  "schedule": {"hours_per_day": 10, "days_per_week": 5},
 *                  "low": 6, "high": 20 } ],
 *     "commitments": [ { "match": {…}, "qty": 1460, "unit_usd": 0.03, "why": "1 year" } ],
 *     "discounts": [ { "match": {…}, "percent": 27, "why": "contract" } ] }
 *
 * A match names one or more members of a BOM line; all must be equal ("sku" may
 * end in '*'). The last rule that matches a line counts; hours_per_month and schedule
 * scale a line from 730 hours. A commitment is paid whether it is used or not, and
 * covers what the lines that it matches use, in their order; a discount is off what is
 * left at list price. The file's schema is share/schemas/usage.schema.json.
 * Thread safety: read-only once loaded.
 */
#ifndef MLOPS_PRICING_USAGE_H
#define MLOPS_PRICING_USAGE_H

#include "json/json.h"

struct usage;

/* ERR_INPUT with file and JSON Pointer for what is not a usage file: an unknown
 * member, a negative or missing number, a discount above 100 percent. */
int usage_load(struct usage **out, const char *path, struct err *e);
int usage_from_json(struct usage **out, cJSON *tree, const char *name, struct err *e);
void usage_free(struct usage *u); /* NULL is fine */

/* What applies to one BOM line. */
struct usage_line {
	double qty, low, high; /* low and high only when `ranged` */
	int ranged, changed;
	double discount_pct;
	const char *discount_why; /* borrowed from the usage */
};

/* `u` may be NULL: the line as it stands. */
void usage_apply(
	const struct usage *u, const cJSON *bom_line, double qty, struct usage_line *out);

/* The commitments of the file, checked; NULL when there are none. Borrowed. */
const cJSON *usage_commitments(const struct usage *u);
/* 1 when the rule's match is a BOM line's. */
int usage_matches(const cJSON *rule, const cJSON *bom_line);
/* Sets in `to`: preset, and in `unmatched` the JSON Pointers of rules that match no
 * line of the plan. */
int usage_describe(const struct usage *u, const cJSON *plan, cJSON *to, struct err *e);

/* A usage file for a plan, with the load that it was made for and every usage line's
 * quantity filled in, for people to edit. The caller frees; NULL with *e. */
cJSON *usage_template(const cJSON *plan, struct err *e);

#endif
