/* lint_internal.h - what the parts of lint share; inside the room only. */
#ifndef MLOPS_CATALOG_LINT_INTERNAL_H
#define MLOPS_CATALOG_LINT_INTERNAL_H

#include "lint.h"
#include "patterns.h"
#include "prices.h"
#include "regions.h"
#include "services.h"

#define BOOKS_MAX 24

struct lint {
	struct node_env *env;
	struct patterns patterns;
	struct services *services;
	struct region_book *regions;
	struct schema *schema, *cases;
	cJSON *slots;
	struct prices *books[BOOKS_MAX];
	size_t n_books;
	struct buf *out;
	size_t n;
	const struct pattern *at; /* the pattern in hand */
	int apart; /* one load is set against the rest: what derives from it does not follow */
	cJSON *said; /* pointers of this pattern that have a finding: one is enough */
};

/* One line about the pattern in hand: "PATH: POINTER: REASON". A pointer gets one
 * finding; pointer "" may get many. */
void lint_say(struct lint *l, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* About any other file. */
void lint_say_of(struct lint *l, const char *path, const char *pointer, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* lint_formulas.c: names that formulas use, and their values over a grid of loads */
void lint_formulas(struct lint *l);
/* lint_files.c: templates, partials, claims, cases */
void lint_files(struct lint *l);

/* Cloud names; end with NULL. */
extern const char *const catalog_clouds[];

#endif
