/* Where a plan lies: the regions that were named, or those that are allowed. */
#include "internal.h"

#include <stdarg.h>
#include <string.h>

void impossible(
	struct scenario *sc, const char *kind, const char *pointer, const char *fmt, ...)
{
	va_list ap;

	if (sc->impossible.kind[0] != '\0')
		return;
	snprintf(sc->impossible.kind, sizeof(sc->impossible.kind), "%s", kind);
	snprintf(sc->impossible.constraint, sizeof(sc->impossible.constraint), "%s",
		pointer);
	va_start(ap, fmt);
	vsnprintf(sc->impossible.text, sizeof(sc->impossible.text), fmt, ap);
	va_end(ap);
}

/* 1 if the region may hold the data; else 0, with what forbids it. */
static int region_allowed(
	const struct scenario *sc, const char *region, const char **pointer)
{
	const struct region_book *book = sc->k->regions;
	const struct region *place = region_by_code(book, region);
	const cJSON *residency = json_get(sc->c, "data_residency");
	int inside = json_len(residency) == 0;

	JSON_EACH (it, residency) {
		if (json_text(it) != NULL && region_within(book, place, json_text(it)))
			inside = 1;
	}
	*pointer = "/data_residency";
	if (!inside)
		return 0;
	*pointer = "/exclusions";
	JSON_EACH (it, json_get(sc->c, "exclusions")) {
		const char *x = json_text(it);

		if (x == NULL)
			continue;
		if (strcmp(x, region) == 0)
			return 0;
		if (strlen(x) == 2 && x[0] >= 'A' && x[0] <= 'Z' &&
			region_within(book, place, x))
			return 0;
	}
	*pointer = "/compliance";
	if (json_has_text(json_get(sc->c, "compliance"), "FedRAMP") &&
		!region_within(book, place, "US"))
		return 0;
	return 1;
}

int choose_regions(struct scenario *sc, const cJSON *constraints, struct err *e)
{
	const cJSON *named = json_get(constraints, "regions");
	int given = json_len(named) > 0;
	const cJSON *from =
		given ? named : json_get(json_get(sc->k->slots, "regions"), sc->k->cloud);
	const char *pointer = "/data_residency", *culprit = "";
	const struct region *place;
	size_t n = 0;

	JSON_EACH (it, from) {
		const char *region = json_text(it);

		if (region == NULL || n == (size_t)sc->copies)
			continue;
		place = region_by_code(sc->k->regions, region);
		if (place == NULL || strcmp(place->cloud, sc->k->cloud) != 0) {
			impossible(sc, "region", "/regions", "%s has no region '%s'",
				sc->k->cloud, region);
			return 0;
		}
		if (!region_allowed(sc, region, &pointer)) {
			culprit = region;
			continue;
		}
		snprintf(sc->region[n++], sizeof(sc->region[0]), "%s", region);
	}
	if (n == 0) {
		impossible(sc, "residency", pointer,
			given ? "'%s' lies outside what %s allows"
			      : "no known region%.0s is inside what %s allows",
			culprit, pointer);
		return 0;
	}
	if (n < (size_t)sc->copies) {
		impossible(sc, "availability", "/availability_target",
			"only %zu region is allowed, and the target needs a second", n);
		return 0;
	}
	if (!given) {
		cJSON *list = json_new_array(e), *def = json_new_object(e);
		int ret = -1;

		for (size_t i = 0; list != NULL && i < n; i++)
			if (json_push_str(list, sc->region[i], e) < 0)
				goto out;
		if (list == NULL || def == NULL ||
			json_set_str(def, "why",
				json_len(json_get(sc->c, "data_residency")) > 0
					? "no region was named: the first in order of "
					  "price inside the residency"
					: "no region was named: the first in order of "
					  "price",
				e) < 0 ||
			json_set_str(def, "effect",
				"prices, latency to users and jurisdiction", e) < 0 ||
			assume(sc, "default.regions", "/regions", list, def, e) < 0)
			goto out;
		ret = 0;
	out:
		json_free(list);
		json_free(def);
		return ret;
	}
	return 0;
}
