/* What rules a pattern out whatever its size. */
#include "internal.h"

#include <string.h>

#include <stdarg.h>

void reason_set(struct reason *r, const char *kind, const char *constraint, double number,
	const char *fmt, ...)
{
	va_list ap;

	snprintf(r->kind, sizeof(r->kind), "%s", kind);
	snprintf(r->constraint, sizeof(r->constraint), "%s", constraint);
	r->number = number;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

int excluded(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	const struct compose_options *o = sc->k->opts;
	const char *style = json_str_or(p->json, "style", "");

	if (list_has(&o->excludes, p->id)) {
		reason_set(r, "excluded", "", 0, "excluded by --exclude");
		return 1;
	}
	JSON_EACH (it, json_get(sc->c, "exclusions")) {
		const char *x = json_text(it);

		if (x != NULL &&
			(json_has_text(json_get(p->json, "tech"), x) ||
				json_has_text(json_get(p->json, "services"), x) ||
				strcmp(x, style) == 0 || strcmp(x, p->id) == 0)) {
			reason_set(r, "excluded", "/exclusions", 0,
				"the brief rules out '%s'", x);
			return 1;
		}
	}
	return 0;
}

static int service_fails(const struct scenario *sc, const char *id, struct reason *r)
{
	const cJSON *svc = services_find(sc->k->services, id);
	const char *name = service_name(svc, id);

	if (!service_obtainable(svc, json_get(sc->c, "existing_stack"))) {
		reason_set(r, "lifecycle", "/existing_stack", 0,
			"%s is closed to new customers since %s, and the brief does not "
			"say that it is in use",
			name, json_str_or(json_get(svc, "lifecycle"), "since", "?"));
		return 1;
	}
	for (int i = 0; i < sc->copies; i++)
		if (service_in_region(sc->k->services, svc, sc->region[i]) ==
			SERVICE_NO) {
			reason_set(r, "region", "/regions", 0, "%s is not offered in %s",
				name, sc->region[i]);
			return 1;
		}
	JSON_EACH (it, json_get(sc->c, "compliance")) {
		const char *law = json_text(it);
		const char *regime = law == NULL
			? NULL
			: json_text(json_get(json_get(sc->k->slots, "compliance"), law));
		enum service_answer a;

		if (regime == NULL)
			continue;
		a = service_complies(svc, regime);
		if (a == SERVICE_YES ||
			(a == SERVICE_UNKNOWN &&
				list_has(&sc->k->opts->accept_unknown, id)))
			continue;
		reason_set(r, "compliance", "/compliance", 0,
			a == SERVICE_NO ? "%s is not eligible for %s"
					: "%s: eligibility for %s is unknown (confirm, "
					  "then --accept-unknown %s)",
			name, law, id);
		return 1;
	}
	return 0;
}

int services_fail(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	JSON_EACH (it, json_get(p->json, "services")) {
		char id[96];

		if (named_item(sc, it, id, sizeof(id)) && service_fails(sc, id, r))
			return 1;
	}
	return 0;
}

int use_case_fits(const struct scenario *sc, const struct pattern *p)
{
	const cJSON *wanted = json_at(p->json, "/serves/use_cases");

	if (wanted == NULL)
		return 1;
	JSON_EACH (it, wanted)
		if (json_has_text(json_get(sc->c, "use_cases"), json_text(it)))
			return 1;
	return 0;
}
