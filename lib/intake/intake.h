/*
 * intake.h - a brief in, constraints with their evidence out; coverage; questions.
 *
 * Thread safety: as filter.h.
 */
#ifndef MLOPS_INTAKE_H
#define MLOPS_INTAKE_H

#include "catalog/lexicon.h"
#include "state/filter.h"

extern const struct program intake_program; /* mlops-intake */

/* The largest brief that is read. */
#define INTAKE_BRIEF_MAX  ((size_t)8 << 20)
#define INTAKE_ANSWER_MAX ((size_t)1 << 20)
/* The most replies of a run, items of one, and bytes of its words. */
#define INTAKE_REPLIES_MAX 1000
#define INTAKE_ITEMS_MAX   500
#define INTAKE_WORDS_MAX   ((size_t)64 << 10)

/*
 * Reads constraints and provenance from a text. Both are new objects for the caller
 * to free. ERR_INPUT when the text is not UTF-8 or holds NULs.
 */
int intake_read(const struct vocabulary *v, const char *text, size_t len,
	const char *source, cJSON **constraints, cJSON **provenance, struct err *e);

#endif
