/*
 * import.h - refreshing the price book from the provider's own price list: AWS
 * Price List offer files (an offer of one region, as the bulk API serves it).
 *
 * What an offer's product is called in the book is data: prices/CLOUD/import.json
 * holds one rule per sku or family of skus, see there.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_PRICING_IMPORT_H
#define MLOPS_PRICING_IMPORT_H

#include "state/state.h"

#define IMPORT_FILE_MAX ((size_t)512 << 20)

struct price_import {
	size_t products; /* on-demand products of the files */
	size_t matched;  /* of these, named by a rule, in a region that has a book */
	size_t added, changed, same; /* base ids */
	cJSON *changes; /* [{"sku","region","from_usd","to_usd"}], first tier each */
};

/*
 * Reads the files and rewrites each book below DIR (a copy of, or the, share/prices/aws)
 * that they touch, atomically; a missing book is made, a replaced one is kept as
 * DIR/replaced/SHA256.json. Imported prices carry the file's
 * name as source, the offer's publication date, and confidence "provider-feed"; an
 * estimate for the same sku is shadowed by them. Nothing is written unless every file
 * is good. ERR_INPUT with file and JSON Pointer: no offer, a price that is no number
 * or negative, a currency other than USD, tiers that overlap or leave a gap.
 */
int price_import(struct node_env *env, const char *dir, const char *const *files,
	size_t n, struct price_import *out, struct err *e);
void price_import_release(struct price_import *p);

/* `mlops catalog prices import FILE...`: into the data directory's own book; the
 * report, one line a change, is appended to out. */
int price_import_command(struct node_env *env, const char *const *files, size_t n,
	struct buf *out, struct err *e);

#endif
