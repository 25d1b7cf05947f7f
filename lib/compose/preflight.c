/*
 * What to check before a plan is built: that its services and instance classes are to
 * be had in its regions, which quotas it needs, and where each kind of data may be
 * (share/services/preflight.json).
 */
#include "emit.h"

#include <math.h>
#include <string.h>

/* ---- commands ---- */

struct word {
	const char *name, *value;
};

/* The template with each {name} replaced; a name without a value stays as it is. */
static int set_command(cJSON *to, const char *key, const char *template,
	const struct word *words, size_t n, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	int ret;

	for (const char *p = template; *p != '\0';) {
		size_t i, len = 0;

		for (i = 0; *p == '{' && i < n; i++) {
			len = strlen(words[i].name);
			if (strncmp(p + 1, words[i].name, len) == 0 && p[1 + len] == '}')
				break;
		}
		if (*p == '{' && i < n && words[i].value != NULL) {
			buf_add_str(&b, words[i].value);
			p += len + 2;
		} else {
			buf_add_char(&b, *p++);
		}
	}
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(to, key, b.ptr, e);
	buf_release(&b);
	return ret;
}

/* ---- services ---- */

static const cJSON *services_of(const struct part *p)
{
	return p->base != NULL ? p->base->services : p->option->services;
}

static const cJSON *params_of(const struct part *p)
{
	return p->base != NULL ? p->base->params : p->option->params;
}

static int emit_service(const struct scenario *sc, const char *id, const char *region,
	cJSON *list, struct err *e)
{
	static const char *const answers[] = {
		[SERVICE_NO] = "no", [SERVICE_YES] = "yes", [SERVICE_UNKNOWN] = "unknown"
	};
	const cJSON *svc = services_find(sc->k->services, id);
	cJSON *to = json_push_object(list, e);

	return to == NULL || json_set_str(to, "service", id, e) < 0 ||
			json_set_str(to, "name", service_name(svc, id), e) < 0 ||
			json_set_str(to, "region", region, e) < 0 ||
			json_set_str(to, "available",
				answers[service_in_region(sc->k->services, svc, region)],
				e) < 0 ||
			json_set_str(to, "lifecycle",
				json_str_or(json_get(svc, "lifecycle"), "status",
					"available"),
				e) < 0
		? -1
		: json_set_str(to, "as_of", services_as_of(sc->k->services), e);
}

static int emit_services(
	const struct scenario *sc, const struct parts *all, cJSON *to, struct err *e)
{
	cJSON *list = json_add_array(to, "services", e), *seen = json_new_array(e);
	int ret = list == NULL || seen == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < all->n; i++)
		JSON_EACH (it, services_of(&all->at[i])) {
			const char *id = json_text(it);

			if (ret < 0 || id == NULL || json_has_text(seen, id))
				continue;
			ret = json_push_str(seen, id, e);
			for (int r = 0; ret == 0 && r < sc->copies; r++)
				ret = emit_service(sc, id, sc->region[r], list, e);
		}
	json_free(seen);
	return ret;
}

/* ---- instance classes ---- */

static const char *class_check(
	const struct scenario *sc, const cJSON *facts, const char *class)
{
	JSON_EACH (it, json_get(facts, "classes")) {
		const char *starts = json_str_or(it, "starts", "");

		if (strcmp(json_str_or(it, "cloud", ""), sc->k->cloud) == 0 &&
			strncmp(class, starts, strlen(starts)) == 0)
			return json_str_or(it, "check", "");
	}
	return "";
}

/* A price of its own in a region's book is the evidence that a class is offered there. */
static const char *class_offered(
	const struct part *p, const char *class, const char *region)
{
	const struct lines *l = p->lines != NULL ? p->lines : p->host->lines;

	for (size_t i = 0; i < l->n; i++)
		if (strstr(l->at[i].sku, class) != NULL &&
			strcmp(l->at[i].region, region) == 0 &&
			l->at[i].status == PRICE_KNOWN)
			return "yes";
	return "unknown";
}

static int emit_class(const struct scenario *sc, const struct part *p, const cJSON *facts,
	const char *class, cJSON *list, struct err *e)
{
	for (int r = 0; r < sc->copies; r++) {
		struct word words[] = { { "class", class }, { "region", sc->region[r] } };
		cJSON *to = json_push_object(list, e);

		if (to == NULL || json_set_str(to, "class", class, e) < 0 ||
			json_set_str(to, "slot", p->name, e) < 0 ||
			json_set_str(to, "region", sc->region[r], e) < 0 ||
			json_set_str(to, "available",
				class_offered(p, class, sc->region[r]), e) < 0 ||
			set_command(to, "check", class_check(sc, facts, class), words,
				ARRAY_LEN(words), e) < 0)
			return -1;
	}
	return 0;
}

static int emit_classes(const struct scenario *sc, const struct parts *all,
	const cJSON *facts, cJSON *to, struct err *e)
{
	cJSON *list = json_add_array(to, "classes", e);

	for (size_t i = 0; list != NULL && i < all->n; i++)
		JSON_EACH (name, json_get(facts, "class_parameters")) {
			const struct part *p = &all->at[i];
			const char *class =
				json_text(json_get(params_of(p), json_text(name)));

			if (class != NULL && p->option != NULL &&
				emit_class(sc, p, facts, class, list, e) < 0)
				return -1;
		}
	return list == NULL ? -1 : 0;
}

/* ---- quotas ---- */

static double p50_of(const struct part *p)
{
	return p->option == NULL
		? 0
		: path_percentile_ms(p->option->hops, p->option->n_hops, 50);
}

static size_t endpoints_of(
	const struct scenario *sc, const struct solver_plan *sp, const struct part *p)
{
	size_t n = 0;

	for (size_t i = 0; p->base != NULL && i < sc->n_components; i++)
		n += (sp->components >> i & 1) != 0 &&
			sc->components[i].endpoint != NULL &&
			sc->components[i].pattern == p->pattern;
	return n;
}

/* What formulas see of a part: p and part. */
static int show_part(struct scenario *sc, const struct solver_plan *sp,
	const struct part *p, struct err *e)
{
	cJSON *part;

	if (json_set_copy(sc->ctx, "p", params_of(p), e) < 0)
		return -1;
	part = json_add_object(sc->ctx, "part", e);
	return part == NULL || json_set_str(part, "capability", p->capability, e) < 0 ||
			json_set_num(part, "p50_ms", p50_of(p), e) < 0
		? -1
		: json_set_num(part, "endpoints", (double)endpoints_of(sc, sp, p), e);
}

/* The need of the parts that use the service, added up or the largest, for one region;
 * the first of them in *by. */
static int quota_need(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, const cJSON *row, double *need, const char **by,
	struct err *e)
{
	int largest = strcmp(json_str_or(row, "combine", "sum"), "max") == 0;

	*need = 0;
	*by = NULL;
	for (size_t i = 0; i < all->n; i++) {
		const struct part *p = &all->at[i];
		double v;

		if (p->host != NULL ||
			!json_has_text(services_of(p), json_str_or(row, "service", "")))
			continue;
		if (show_part(sc, sp, p, e) < 0 ||
			number_of(sc, json_get(row, "need"), &v, e) < 0)
			return -1;
		if (v > 0 && *by == NULL)
			*by = p->name;
		*need = largest ? fmax(*need, v) : *need + v;
	}
	*need /= sc->copies;
	return 0;
}

/* How to see it, and how to raise it; a fixed limit tells what to do instead. */
static int quota_commands(const struct scenario *sc, const cJSON *facts, const cJSON *row,
	double need, cJSON *to, struct err *e)
{
	const cJSON *c = json_get(json_get(facts, "commands"), sc->k->cloud);
	const char *code = json_str_or(row, "code", NULL);
	char ask[32];
	struct word words[] = { { "service_code",
					json_str_or(row, "service_code", NULL) },
		{ "code", code != NULL ? code : "QUOTA_CODE" },
		{ "region", sc->region[0] }, { "need", ask } };

	if (json_has(row, "instead"))
		return json_set_null(to, "check", e) < 0 ||
				json_set_null(to, "raise", e) < 0
			? -1
			: json_set_copy(to, "instead", json_get(row, "instead"), e);
	/* a quarter more than the peak needs */
	snprintf(ask, sizeof(ask), "%.0f", fmax(1, ceil(need * 1.25)));
	if (set_command(to, "check", json_str_or(c, code != NULL ? "show" : "list", ""),
		    words, ARRAY_LEN(words), e) < 0)
		return -1;
	return set_command(
		to, "raise", json_str_or(c, "raise", ""), words, ARRAY_LEN(words), e);
}

static int emit_quota(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, const cJSON *facts, const cJSON *row, cJSON *list,
	struct err *e)
{
	double need, value = json_num_or(row, "value", NAN);
	const char *by;
	cJSON *to;

	if (strcmp(json_str_or(row, "cloud", ""), sc->k->cloud) != 0)
		return 0;
	if (quota_need(sc, sp, all, row, &need, &by, e) < 0) {
		err_where(e, "share/services/preflight.json: quota '%s'",
			json_str_or(row, "quota", "?"));
		return -1;
	}
	if (!(need > 0))
		return 0;
	to = json_push_object(list, e);
	if (to == NULL ||
		json_set_str(to, "service", json_str_or(row, "service", ""), e) < 0 ||
		json_set_str(to, "quota", json_str_or(row, "quota", ""), e) < 0 ||
		json_set_copy(to, "value", json_get(row, "value"), e) < 0 ||
		json_set_str(to, "unit", json_str_or(row, "unit", ""), e) < 0 ||
		json_set_num(to, "need", rounded(need), e) < 0 ||
		json_set_str(to, "needed_by", by, e) < 0)
		return -1;
	if (isfinite(value) ? json_set_bool(to, "enough", need <= value, e) < 0
			    : json_set_null(to, "enough", e) < 0)
		return -1;
	if (json_has(row, "note") &&
		json_set_copy(to, "note", json_get(row, "note"), e) < 0)
		return -1;
	return quota_commands(sc, facts, row, need, to, e);
}

static int emit_quotas(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, const cJSON *facts, cJSON *plan, struct err *e)
{
	cJSON *list = json_add_array(plan, "quotas", e);
	int ret = list == NULL ? -1 : 0;

	JSON_EACH (row, json_get(facts, "quotas"))
		if (ret == 0)
			ret = emit_quota(sc, sp, all, facts, row, list, e);
	json_remove(sc->ctx, "part");
	return ret;
}

/* ---- residency ---- */

/* The jurisdictions that a geographic routing of one region may reach; NULL: several. */
static const char *geography(const struct region *place)
{
	if (place->eea)
		return "EU";
	return strcmp(place->country, "US") == 0 ? "US" : NULL;
}

/* 1 or 0 whether `where` lies inside the residency asked for, -1 when nobody knows. */
static int is_inside(const struct scenario *sc, const char *where)
{
	const cJSON *residency = json_get(sc->c, "data_residency");

	if (json_len(residency) == 0)
		return 1;
	if (where == NULL)
		return -1;
	JSON_EACH (it, residency)
		if (json_text(it) != NULL &&
			jurisdiction_within(sc->k->regions, where, json_text(it)))
			return 1;
	return 0;
}

static int emit_place(const struct scenario *sc, const cJSON *row,
	const struct region *place, cJSON *list, struct err *e)
{
	const char *reach = json_str_or(row, "reach", "region");
	int routed = strcmp(reach, "geography") == 0,
	    provider = strcmp(reach, "provider") == 0;
	const char *where = provider ? NULL : routed ? geography(place) : place->country;
	int inside = provider ? 1 : is_inside(sc, where);
	cJSON *to = json_push_object(list, e);

	if (to == NULL || json_set_str(to, "what", json_str_or(row, "what", ""), e) < 0 ||
		json_set_str(to, "region", place->code, e) < 0 ||
		json_set_str(to, "reaches",
			provider                ? "the provider"
				: where != NULL ? where
						: "several countries",
			e) < 0 ||
		json_set_str(to, "gdpr", place->gdpr, e) < 0)
		return -1;
	if (inside < 0 ? json_set_null(to, "inside", e) < 0
		       : json_set_bool(to, "inside", inside, e) < 0)
		return -1;
	return json_set_copy(to, "basis", json_get(row, "basis"), e);
}

/* 1 if some part calls what is routed across regions, by its parameters. */
static int is_routed(const struct parts *all, const cJSON *facts)
{
	for (size_t i = 0; i < all->n; i++)
		JSON_EACH (it, json_get(facts, "routed")) {
			const char *value =
				json_text(json_get(params_of(&all->at[i]), json_key(it)));

			if (value != NULL && strstr(value, json_text(it)) != NULL)
				return 1;
		}
	return 0;
}

static int emit_residency(struct scenario *sc, const struct parts *all,
	const cJSON *facts, cJSON *to, struct err *e)
{
	cJSON *list = json_add_array(to, "residency", e);

	if (list == NULL ||
		json_set_bool(sc->ctx, "routed", is_routed(all, facts), e) < 0)
		return -1;
	JSON_EACH (row, json_get(facts, "residency")) {
		if (!truth_of(sc, json_get(row, "when"), 1))
			continue;
		for (int i = 0; i < sc->copies; i++) {
			const struct region *place =
				region_by_code(sc->k->regions, sc->region[i]);

			if (place != NULL && emit_place(sc, row, place, list, e) < 0)
				return -1;
		}
	}
	json_remove(sc->ctx, "routed");
	return 0;
}

int emit_preflight(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, cJSON *plan, struct err *e)
{
	cJSON *facts = env_read_json(sc->k->env, "services/preflight.json", e), *to;
	int ret = -1;

	if (facts == NULL)
		return -1;
	to = json_add_object(plan, "preflight", e);
	if (to != NULL && emit_services(sc, all, to, e) == 0 &&
		emit_classes(sc, all, facts, to, e) == 0 &&
		emit_residency(sc, all, facts, to, e) == 0)
		ret = emit_quotas(sc, sp, all, facts, plan, e);
	json_free(facts);
	return ret;
}
