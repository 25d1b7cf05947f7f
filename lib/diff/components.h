/* components.h - the Change Summary joined per component; inside the room. */
#ifndef MLOPS_DIFF_COMPONENTS_H
#define MLOPS_DIFF_COMPONENTS_H

#include "state/state.h"

/*
 * Adds summary.components: for each component that differs between two states what
 * became of it, its files (of summary.files), findings and cost, and the constraints
 * that brought that about. None named: data or programs have changed.
 */
int diff_components(struct node_env *env, const cJSON *before, const cJSON *after,
	cJSON *summary, struct err *e);

#endif
