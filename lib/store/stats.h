/*
 * stats.h - how well it works for people (specification sections 12 and 20), from
 * events and runs. Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_STATS_H
#define MLOPS_STORE_STATS_H

#include "store.h"

/* {versions, proposed, decided, accepted_first, acceptance_rate, rework_rate,
 * questions_per_run, unresolved_per_run, time_to_artifact_s: {n, p50, p95},
 * time_to_plan_s: {...}, run_errors, model_calls, model_errors, policy_fails,
 * streams_abandoned}. A rate of nothing is null. project_id NULL: of all. The caller
 * owns it. */
int store_stats(struct store *s, const char *project_id, cJSON **out, struct err *e);

#endif
