/* Facts about provider services. */
#include "services.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct service {
	const char *id; /* borrowed from the file */
	const cJSON *facts;
};

struct services {
	cJSON *file;
	const cJSON *regions, *list;
	struct service *by_id;
	size_t n;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct service *)a)->id, ((const struct service *)b)->id);
}

static int index_services(struct services *s, struct err *e)
{
	s->by_id = calloc(json_len(s->list) + 1, sizeof(*s->by_id));
	if (s->by_id == NULL)
		return err_no_memory(e);
	JSON_EACH (it, s->list)
		if (json_text(json_get(it, "id")) != NULL)
			s->by_id[s->n++] =
				(struct service){ json_text(json_get(it, "id")), it };
	qsort(s->by_id, s->n, sizeof(*s->by_id), by_id);
	return 0;
}

int services_load(
	struct services **out, struct node_env *env, const char *cloud, struct err *e)
{
	struct services *s = calloc(1, sizeof(*s));
	char path[128];

	if (s == NULL)
		return err_no_memory(e);
	snprintf(path, sizeof(path), "services/%s.json", cloud);
	s->file = env_read_json(env, path, e);
	if (s->file == NULL)
		goto fail;
	if (json_arr(s->file, "regions", &s->regions, e) < 0 ||
		json_arr(s->file, "services", &s->list, e) < 0) {
		err_where(e, "%s", path);
		e->code = ERR_CONFIG;
		goto fail;
	}
	if (index_services(s, e) < 0)
		goto fail;
	*out = s;
	return 0;
fail:
	services_free(s);
	return -1;
}

void services_free(struct services *s)
{
	if (s == NULL)
		return;
	json_free(s->file);
	free(s->by_id);
	free(s);
}

const cJSON *services_find(const struct services *s, const char *id)
{
	const struct service key = { .id = id };
	const struct service *found = bsearch(&key, s->by_id, s->n, sizeof(key), by_id);

	return found == NULL ? NULL : found->facts;
}

const char *services_as_of(const struct services *s)
{
	return json_str_or(s->file, "as_of", "unknown");
}

const cJSON *services_all(const struct services *s)
{
	return s->list;
}

const char *service_name(const cJSON *service, const char *otherwise)
{
	return json_str_or(service, "name", otherwise);
}

double service_sla_pct(const cJSON *service)
{
	return json_number(json_get(json_get(service, "sla"), "pct"), NAN);
}

enum service_answer service_in_region(
	const struct services *s, const cJSON *service, const char *region)
{
	const cJSON *regions = json_get(service, "regions");
	const cJSON *only = json_get(regions, "only");
	const cJSON *missing = json_get(regions, "all_but");

	if (service == NULL)
		return SERVICE_UNKNOWN;
	/* null: nobody knows; absent: wherever the provider is */
	if (json_is(regions, JSON_NULL))
		return SERVICE_UNKNOWN;
	if (only != NULL)
		return json_has_text(only, region) ? SERVICE_YES : SERVICE_NO;
	if (missing != NULL && json_has_text(missing, region))
		return SERVICE_NO;
	return json_has_text(s->regions, region) ? SERVICE_YES : SERVICE_UNKNOWN;
}

int services_know_region(const struct services *s, const char *region)
{
	return json_has_text(s->regions, region);
}

enum service_answer service_complies(const cJSON *service, const char *regime)
{
	const cJSON *v = json_get(json_get(service, "compliance"), regime);

	if (json_true(json_get(service, "control_plane")))
		return SERVICE_YES;
	if (json_type(v) == JSON_BOOL)
		return json_true(v) ? SERVICE_YES : SERVICE_NO;
	return SERVICE_UNKNOWN;
}

int service_obtainable(const cJSON *service, const cJSON *in_use)
{
	const cJSON *lifecycle = json_get(service, "lifecycle");
	const char *status = json_text(json_get(lifecycle, "status"));

	/* absent: nobody knows, which is no better than closed */
	if (status != NULL && strcmp(status, "closed") != 0)
		return 1;
	JSON_EACH (name, json_get(lifecycle, "if_in_use"))
		if (json_has_text(in_use, json_text(name)))
			return 1;
	return 0;
}
