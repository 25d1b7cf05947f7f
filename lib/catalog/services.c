/* Facts about provider services. */
#include "services.h"

#include <math.h>
#include <string.h>

struct services {
	cJSON *file;
	const cJSON *regions, *list;
};

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
	free(s);
}

const cJSON *services_find(const struct services *s, const char *id)
{
	JSON_EACH (it, s->list) {
		const char *name = json_text(json_get(it, "id"));

		if (name != NULL && strcmp(name, id) == 0)
			return it;
	}
	return NULL;
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
	return json_number(json_at(service, "/sla/pct"), NAN);
}

enum service_answer service_in_region(
	const struct services *s, const cJSON *service, const char *region)
{
	const cJSON *only = json_at(service, "/regions/only");
	const cJSON *missing = json_at(service, "/regions/all_but");

	if (service == NULL)
		return SERVICE_UNKNOWN;
	/* null: nobody knows; absent: wherever the provider is */
	if (json_is(json_get(service, "regions"), JSON_NULL))
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
	const char *status = json_text(json_at(service, "/lifecycle/status"));

	/* absent: nobody knows, which is no better than closed */
	if (status != NULL && strcmp(status, "closed") != 0)
		return 1;
	JSON_EACH (name, json_at(service, "/lifecycle/if_in_use"))
		if (json_has_text(in_use, json_text(name)))
			return 1;
	return 0;
}
