/* What to check before a plan is built: quotas. */
#include "emit.h"

#include <string.h>

int emit_quotas(struct scenario *sc, const struct parts *all, cJSON *plan, struct err *e)
{
	cJSON *list = json_add_array(plan, "quotas", e), *seen = json_new_array(e);
	int ret = -1;

	if (list == NULL || seen == NULL)
		goto out;
	for (size_t i = 0; i < all->n; i++) {
		JSON_EACH (it, json_get(all->at[i].pattern->json, "services")) {
			const char *id = json_text(it);
			const cJSON *svc;

			if (id == NULL || json_has_text(seen, id))
				continue;
			svc = services_find(sc->k->services, id);
			if (json_push_str(seen, id, e) < 0)
				goto out;
			JSON_EACH (q, json_get(svc, "quotas")) {
				cJSON *to;

				if (!json_true(json_get(q, "adjustable")))
					continue;
				to = json_push_object(list, e);
				if (to == NULL ||
					json_set_str(to, "service", id, e) < 0 ||
					json_set_str(to, "quota",
						json_str_or(q, "name", ""), e) < 0 ||
					json_set_copy(to, "value", json_get(q, "value"),
						e) < 0 ||
					json_set_str(to, "unit",
						json_str_or(q, "unit", ""), e) < 0 ||
					json_set_str(to, "needed_by", all->at[i].name,
						e) < 0 ||
					json_setf(to, "check", e,
						"aws service-quotas list-service-quotas "
						"--service-code %s --region %s",
						json_str_or(svc, "quota_code", id),
						sc->region[0]) < 0)
					goto out;
			}
		}
	}
	ret = 0;
out:
	json_free(seen);
	return ret;
}
