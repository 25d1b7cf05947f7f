/*
 * facts.h - what the data directory knows about the parts of a plan, as the `facts`
 * that rules read.
 *
 *   parts:   one per slot and base: {module, slot, capability, workload, pattern, base,
 *            params, known, claims, services, failure_domains, burden}; `claims` is
 *            the list of controls that the pattern proves, null when it states none
 *   regions: of the plan: {code, country, eea, known}
 *   capabilities: the distinct ones in the plan
 *   used: ids of the services and patterns of all parts
 */
#ifndef MLOPS_RULES_FACTS_H
#define MLOPS_RULES_FACTS_H

#include "catalog/regions.h"

/* A new object, freed by the caller; NULL with *e. `claims` gets one object per claim
 * of the plan's parts: {module, pattern, control, file, proof}; may be NULL. */
cJSON *facts_build(struct node_env *env, const cJSON *plan,
	const struct region_book *regions, cJSON *claims, struct err *e);

#endif
