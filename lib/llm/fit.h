/*
 * fit.h - an output schema cut to what a provider's structured output takes, and the
 * answer brought back.
 *
 * Subsets are data (share/models/schema-subsets.json). What a subset lacks (bounds,
 * patterns) is left out of what is sent; the answer is held to the whole schema here.
 * Where a provider wants every member to be there, one that may be absent is sent as a
 * union with null, and its null is taken out of the answer again.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_LLM_FIT_H
#define MLOPS_LLM_FIT_H

#include "json/json.h"

/* The caller owns it. */
cJSON *fit_schema(const cJSON *schema, const cJSON *subset, struct err *e);

/* Takes nulls out of `value` that `schema` does not have (references are followed). */
void unfit_value(const cJSON *schema, cJSON *value);

#endif
