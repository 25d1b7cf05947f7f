/*
 * declared.h - what the rendered Terraform is billed for, and whether that is plan.bom.
 *
 * share/prices/CLOUD/resources.json says what each type of resource is billed for. A
 * quantity that the arguments tell (instances, shards, provisioned gigabytes, hours of
 * what runs all month) must be the plan's, module by module and sku by sku; use that
 * only the load tells must have its line in the plan, and a line of the plan its
 * resource in the code. A resource of a type that the table does not know is a
 * difference, too: nothing is built that nobody priced.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_PRICING_DECLARED_H
#define MLOPS_PRICING_DECLARED_H

#include "infra/infra.h"
#include "state/state.h"

struct declared_result {
	size_t quantities;  /* compared and equal */
	size_t uses;        /* lines of use on both sides */
	size_t differences; /* none of the above */
};

/*
 * Compares; sets in `report`:
 *   lines: [{"module","sku","qty" (null: use),"resources":[address,...]}] of the code
 *   differences: [{"kind","module","sku","region","plan","code","file","line","why"}]
 * `infra` is infra_read's answer. 1 when the cloud has no table: nothing is compared.
 * -1: ERR_CONFIG for a broken table, or out of memory.
 */
int declared_compare(struct node_env *env, const cJSON *infra, const cJSON *plan,
	cJSON *report, struct declared_result *out, struct err *e);

#endif
