/*
 * regions.h - domain logic that a model writes into marked regions.
 *
 * Regions are data (share/skeleton/model-regions.json): the body of one function. A
 * body counts when it keeps the region's bounds and every validator passes on the whole
 * repository with it; its findings go back to the model twice, then the template
 * stands. Inside the room.
 */
#ifndef MLOPS_CODEGEN_REGIONS_H
#define MLOPS_CODEGEN_REGIONS_H

#include "parts.h"

/* Before digests and edits; nothing with --provider none. */
int regions_fill(struct gen *g, struct err *e);

/* A region in a text: [start, end) is the body without the docstring. 0 if the text has
 * no such function. `class` may be NULL. */
struct region_at {
	size_t start, end;
	size_t indent; /* blanks before each line of the body */
};
int region_find(
	const char *text, const char *class, const char *function, struct region_at *out);

#endif
