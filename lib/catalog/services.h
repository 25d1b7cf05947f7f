/*
 * services.h - facts about provider services: Regions, lifecycle, published SLA,
 * compliance eligibility, quotas (share/services/CLOUD.json).
 *
 * An absent fact is unknown, and unknown is never good news: no SLA is NAN, a
 * regime that is not listed is SERVICE_UNKNOWN.
 * Thread safety: read-only after loading.
 */
#ifndef MLOPS_CATALOG_SERVICES_H
#define MLOPS_CATALOG_SERVICES_H

#include "state/state.h"

struct services;

enum service_answer { SERVICE_NO, SERVICE_YES, SERVICE_UNKNOWN };

/* ERR_CONFIG when the file is missing or broken. */
int services_load(
	struct services **out, struct node_env *env, const char *cloud, struct err *e);
void services_free(struct services *s); /* NULL is fine */

/* The service's facts, borrowed; NULL if the file does not know it. */
const cJSON *services_find(const struct services *s, const char *id);
const cJSON *services_all(const struct services *s);  /* the array */
const char *services_as_of(const struct services *s); /* the date of the facts */

const char *service_name(const cJSON *service, const char *otherwise);
double service_sla_pct(const cJSON *service); /* NAN: none published or found */

/* 1 unless the facts say that the service is missing in the Region. A Region that
 * the file does not know at all is unknown. */
enum service_answer service_in_region(
	const struct services *s, const cJSON *service, const char *region);

/* 0 when the facts say nothing of a Region, for any service. */
int services_know_region(const struct services *s, const char *region);

/* regime: "hipaa", "pci", ... Services that no data passes through are exempt. */
enum service_answer service_complies(const cJSON *service, const char *regime);

/* 1 if someone who does not use it yet can get it; `in_use` is existing_stack. What
 * nobody has read is no. */
int service_obtainable(const cJSON *service, const cJSON *in_use);

#endif
