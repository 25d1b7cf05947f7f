/* What rules a pattern out whatever its size. */
#include "internal.h"

#include <string.h>

/* ---- exclusions ---- */

static int names_pattern(const struct pattern *p, const char *x)
{
	return json_has_text(json_get(p->json, "tech"), x) ||
		json_has_text(json_get(p->json, "services"), x) ||
		strcmp(x, json_str_or(p->json, "style", "")) == 0 ||
		strcmp(x, p->id) == 0;
}

int excluded(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	const struct compose_options *o = sc->k->opts;
	const cJSON *list = json_get(sc->c, "exclusions");

	if (list_has(&o->excludes, p->id)) {
		reason_set(r, "excluded", "", (double)o->excludes.n,
			"ruled out by name: --exclude or a rejection (%zu in all)",
			o->excludes.n);
		return 1;
	}
	JSON_EACH (it, list) {
		const char *x = json_text(it);

		if (x == NULL || !names_pattern(p, x))
			continue;
		reason_set(r, "excluded", "/exclusions", (double)json_len(list),
			"the brief rules out '%s' (1 of %zu exclusions)", x,
			json_len(list));
		return 1;
	}
	return 0;
}

/* ---- services ---- */

static int accepted(const struct scenario *sc, const char *id)
{
	return list_has(&sc->k->opts->accept_unknown, id);
}

static int not_obtainable(
	const struct scenario *sc, const char *id, const cJSON *svc, struct reason *r)
{
	const char *name = service_name(svc, id);

	if (service_obtainable(svc, json_get(sc->c, "existing_stack")) ||
		(json_text(json_at(svc, "/lifecycle/status")) == NULL &&
			accepted(sc, id)))
		return 0;
	if (json_text(json_at(svc, "/lifecycle/status")) == NULL) {
		reason_set(r, "lifecycle", "", 0,
			"nobody has read whether a new customer can get %s "
			"(--accept-unknown %s)",
			name, id);
		return 1;
	}
	reason_set(r, "lifecycle", "/existing_stack", 0,
		"%s is closed to new customers since %s, and the brief does not say that "
		"it is in use",
		name, json_str_or(json_get(svc, "lifecycle"), "since", "?"));
	return 1;
}

/* In how many of the provider's regions the service is offered. */
static size_t offered_in(const struct scenario *sc, const cJSON *svc, size_t *of)
{
	size_t n = 0;

	*of = 0;
	for (size_t i = 0; i < sc->k->regions->n; i++) {
		const struct region *place = &sc->k->regions->at[i];

		if (strcmp(place->cloud, sc->k->cloud) != 0)
			continue;
		(*of)++;
		n += service_in_region(sc->k->services, svc, place->code) == SERVICE_YES;
	}
	return n;
}

static int not_in_region(
	const struct scenario *sc, const char *id, const cJSON *svc, struct reason *r)
{
	for (int i = 0; i < sc->copies; i++) {
		enum service_answer a =
			service_in_region(sc->k->services, svc, sc->region[i]);
		size_t of, n;

		/* a place that the facts do not cover at all is asked about as a whole */
		if (a == SERVICE_YES ||
			(a == SERVICE_UNKNOWN &&
				(accepted(sc, id) ||
					!services_know_region(
						sc->k->services, sc->region[i]))))
			continue;
		n = offered_in(sc, svc, &of);
		reason_set(r, "region", "/regions", (double)n,
			a == SERVICE_NO
				? "%s is offered in %zu of %zu regions, not in %s"
				: "%s is known in %zu of %zu regions, and nothing is "
				  "known of %s (confirm, then --accept-unknown %s)",
			service_name(svc, id), n, of, sc->region[i], id);
		return 1;
	}
	return 0;
}

int services_here(const struct scenario *sc, const cJSON *services)
{
	struct reason ignored;

	JSON_EACH (it, services)
		if (json_text(it) == NULL ||
			not_in_region(sc, json_text(it),
				services_find(sc->k->services, json_text(it)), &ignored))
			return 0;
	return 1;
}

static size_t eligible_for(const struct scenario *sc, const char *regime, size_t *of)
{
	const cJSON *all = services_all(sc->k->services);
	size_t n = 0;

	JSON_EACH (svc, all)
		n += service_complies(svc, regime) == SERVICE_YES;
	*of = json_len(all);
	return n;
}

static int not_compliant(
	const struct scenario *sc, const char *id, const cJSON *svc, struct reason *r)
{
	JSON_EACH (it, json_get(sc->c, "compliance")) {
		const char *law = json_text(it);
		const char *regime = law == NULL
			? NULL
			: json_text(json_get(json_get(sc->k->slots, "compliance"), law));
		enum service_answer a;
		size_t of, n;

		if (regime == NULL)
			continue;
		a = service_complies(svc, regime);
		if (a == SERVICE_YES || (a == SERVICE_UNKNOWN && accepted(sc, id)))
			continue;
		n = eligible_for(sc, regime, &of);
		reason_set(r, "compliance", "/compliance", (double)n,
			a == SERVICE_NO
				? "%s is not eligible for %s (%zu of %zu services are)"
				: "%s: eligibility for %s is unknown, that of %zu of %zu "
				  "services is confirmed (confirm, then "
				  "--accept-unknown %s)",
			service_name(svc, id), law, n, of, id);
		return 1;
	}
	return 0;
}

int services_fail(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	JSON_EACH (it, json_get(p->json, "services")) {
		const cJSON *svc;
		char id[96];

		if (!named_item(sc, it, id, sizeof(id)))
			continue;
		svc = services_find(sc->k->services, id);
		if (not_obtainable(sc, id, svc, r) || not_in_region(sc, id, svc, r) ||
			not_compliant(sc, id, svc, r))
			return 1;
	}
	return 0;
}

/* ---- use cases ---- */

int use_case_fails(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	const cJSON *wanted = json_at(p->json, "/serves/use_cases");

	if (wanted == NULL)
		return 0;
	JSON_EACH (it, wanted)
		if (json_has_text(json_get(sc->c, "use_cases"), json_text(it)))
			return 0;
	reason_set(r, "use-case", "/use_cases", (double)json_len(wanted),
		"made for %zu use cases (%s%s), 0 of them asked for", json_len(wanted),
		json_text(json_first(wanted)) != NULL ? json_text(json_first(wanted))
						      : "?",
		json_len(wanted) > 1 ? ", ..." : "");
	return 1;
}

/* ---- what a path must know ---- */

/* On a path with a limit, a pattern that states nothing cannot be judged. */
int unknown_on_path(const struct scenario *sc, const struct slot *s,
	const struct pattern *p, struct reason *r)
{
	double latency = json_num_or(sc->c, "sla_latency_ms", 0);
	double target = json_num_or(sc->c, "availability_target", 0);

	for (size_t i = 0; i < sc->n_paths; i++) {
		if ((s->paths >> i & 1) == 0)
			continue;
		if (sc->paths[i].limits_latency && latency > 0 &&
			json_len(json_at(p->json, "/latency/hops")) == 0) {
			reason_set(r, "unknown", "/sla_latency_ms", latency,
				"states no latency, and %.10g ms are asked for", latency);
			return 1;
		}
		if (sc->paths[i].limits_availability && target > 0 &&
			!json_has(json_get(p->json, "availability"), "of")) {
			reason_set(r, "unknown", "/availability_target", target,
				"states no availability, and %.10g %% are asked for",
				target);
			return 1;
		}
	}
	return 0;
}

/* ---- conditions ---- */

/* The comparison inside a failed condition: its operator, or NULL. */
static const char *comparison(
	const struct scenario *sc, const cJSON *rule, double *left, double *right)
{
	static const char *const ops[] = { "<=", "<", ">=", ">", "==" };
	struct err ignored = { 0 };
	const cJSON *args = json_first(rule);
	const char *op = args == NULL ? NULL : json_key(args);

	if (op == NULL)
		return NULL;
	if (strcmp(op, "and") == 0 || strcmp(op, "or") == 0) {
		JSON_EACH (it, args)
			if (!truth_of(sc, it, 1))
				return comparison(sc, it, left, right);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		if (strcmp(op, ops[i]) == 0 && json_len(args) == 2 &&
			number_of(sc, json_item(args, 0), left, &ignored) == 0 &&
			number_of(sc, json_item(args, 1), right, &ignored) == 0)
			return ops[i];
	return NULL;
}

/* The first variable that a condition looks at; NULL without one. */
static const char *first_variable(const cJSON *rule)
{
	const char *found = NULL;

	if (json_is(rule, JSON_OBJECT) && json_has(rule, "var"))
		return json_text(json_get(rule, "var"));
	if (!json_is(rule, JSON_OBJECT) && !json_is(rule, JSON_ARRAY))
		return NULL;
	JSON_EACH (it, rule)
		if (found == NULL)
			found = first_variable(it);
	return found;
}

/* "c.use_cases" as it stands in the scenario. */
static const cJSON *variable(const struct scenario *sc, const char *name)
{
	char pointer[160];

	if (name == NULL)
		return NULL;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	for (char *p = pointer; *p != '\0'; p++)
		if (*p == '.')
			*p = '/';
	return json_at(sc->ctx, pointer);
}

static void set_condition(const struct scenario *sc, const cJSON *rule, struct reason *r)
{
	const char *why =
		json_str_or(rule, "why", json_str_or(rule, "id", "a condition fails"));
	const char *pointer = json_str_or(rule, "constraint", "");
	const char *name = first_variable(json_get(rule, "assert"));
	const cJSON *value = variable(sc, name);
	double left, right;
	const char *op = comparison(sc, json_get(rule, "assert"), &left, &right);

	if (op != NULL)
		reason_set(r, "when", pointer, left - right,
			"%.150s: %.10g %s %.10g does not hold", why, rounded(left), op,
			rounded(right));
	else if (json_is(value, JSON_NUMBER))
		reason_set(r, "when", pointer, json_number(value, 0),
			"%.150s (%s is %.10g)", why, name, json_number(value, 0));
	else if (json_text(value) != NULL)
		reason_set(r, "when", pointer, 1, "%.150s (1 condition fails: %s is %s)",
			why, name, json_text(value));
	else
		reason_set(r, "when", pointer, 1, "%.150s (1 condition fails: %s)", why,
			json_str_or(rule, "id", "unnamed"));
}

int asserts_fail(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	JSON_EACH (it, json_get(p->json, "when")) {
		if (truth_of(sc, json_get(it, "assert"), 1))
			continue;
		set_condition(sc, it, r);
		return 1;
	}
	return 0;
}
