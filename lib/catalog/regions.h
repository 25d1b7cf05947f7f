/*
 * regions.h - the providers' regions: codes, names, the places they are at, and
 * jurisdictions (share/regions/).
 *
 * Thread safety: read-only after region_book_load.
 */
#ifndef MLOPS_CATALOG_REGIONS_H
#define MLOPS_CATALOG_REGIONS_H

#include "json/json.h"
#include "state/filter.h"

struct region {
	const char *code;    /* "eu-central-1" */
	const char *name;    /* the provider's display name */
	const char *cloud;   /* "aws", "gcp", "azure" */
	const char *country; /* ISO 3166-1 alpha-2, "UK" for the United Kingdom */
	int eea;             /* in the EU or EEA */
	const char *gdpr;    /* "eea", "adequate", "adequate-partial", "not-adequate" */
	int zones;
	const cJSON *places; /* lower-case names of places that the provider puts it at */
};

#define REGION_FILES 4

struct region_book {
	struct region *at;
	size_t n;
	cJSON *files[REGION_FILES];
	struct buf texts[REGION_FILES]; /* as read */
	const cJSON *jurisdictions;     /* code -> spellings */
	const cJSON *cities;            /* country -> cities */
	const cJSON *eea;
};

struct region_book *region_book_load(struct node_env *env, struct err *e);
void region_book_free(struct region_book *b);

const struct region *region_by_code(const struct region_book *b, const char *code);
/* Of the cloud's regions at a place ("frankfurt"): how many there are, one of them in
 * *out. */
size_t region_at_place(const struct region_book *b, const char *cloud, const char *place,
	const struct region **out);
/* Does a region lie within a jurisdiction ("EU" holds all of the EEA)? */
int region_within(
	const struct region_book *b, const struct region *r, const char *jurisdiction);
/* 1 when `inner` is the same jurisdiction or lies in `outer`. */
int jurisdiction_within(
	const struct region_book *b, const char *inner, const char *outer);

#endif
