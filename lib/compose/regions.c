/* Where a plan may lie: the regions that were named, or those that are allowed. */
#include "internal.h"

#include <stdarg.h>
#include <string.h>

#define PAIRED_MAX 6 /* of regions that nobody named, how many are tried in pairs */

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

/* ---- what is allowed ---- */

static int inside_any(const struct region_book *book, const struct region *place,
	const cJSON *residency)
{
	JSON_EACH (it, residency)
		if (json_text(it) != NULL && region_within(book, place, json_text(it)))
			return 1;
	return json_len(residency) == 0;
}

static int is_excluded(const struct region_book *book, const struct region *place,
	const cJSON *exclusions)
{
	JSON_EACH (it, exclusions) {
		const char *x = json_text(it);

		if (x == NULL)
			continue;
		if (strcmp(x, place->code) == 0)
			return 1;
		if (strlen(x) == 2 && x[0] >= 'A' && x[0] <= 'Z' &&
			region_within(book, place, x))
			return 1;
	}
	return 0;
}

/* NULL if the region may hold the data; else the pointer of what forbids it. */
static const char *forbidden_by(const struct region_book *book,
	const struct region *place, const cJSON *constraints)
{
	if (!inside_any(book, place, json_get(constraints, "data_residency")))
		return "/data_residency";
	if (is_excluded(book, place, json_get(constraints, "exclusions")))
		return "/exclusions";
	if (json_has_text(json_get(constraints, "compliance"), "FedRAMP") &&
		!region_within(book, place, "US"))
		return "/compliance";
	return NULL;
}

/* ---- jurisdictions ---- */

/* 1 if another one of the list lies in it, so that it asks for nothing more. */
static int holds_another(
	const struct region_book *book, const cJSON *list, const cJSON *it)
{
	JSON_EACH (other, list)
		if (other != it && json_text(other) != NULL &&
			strcmp(json_text(other), json_text(it)) != 0 &&
			jurisdiction_within(book, json_text(other), json_text(it)))
			return 1;
	return 0;
}

/* The jurisdictions that were named, without those that hold another one. */
static size_t separate_jurisdictions(const struct region_book *book,
	const cJSON *constraints, const char *out[REGIONS_MAX])
{
	const cJSON *list = json_get(constraints, "data_residency");
	size_t n = 0;

	JSON_EACH (it, list)
		if (json_text(it) != NULL && n < REGIONS_MAX &&
			!holds_another(book, list, it))
			out[n++] = json_text(it);
	return n;
}

/* ---- sites ---- */

static void add_site(struct sites *out, const struct region *const *at, int copies)
{
	struct site *s;

	if (out->n == SITES_MAX)
		return;
	s = &out->at[out->n++];
	memset(s, 0, sizeof(*s));
	s->copies = copies;
	for (int i = 0; i < copies; i++)
		snprintf(s->region[i], sizeof(s->region[i]), "%s", at[i]->code);
}

/* One region in each jurisdiction: every combination of the allowed ones. */
static void add_per_jurisdiction(const struct region_book *book, struct sites *out,
	const struct region *const *allowed, size_t n, const char *const *jurisdiction,
	size_t n_jurisdictions, const struct region **chosen, size_t depth)
{
	if (depth == n_jurisdictions) {
		add_site(out, chosen, (int)n_jurisdictions);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!region_within(book, allowed[i], jurisdiction[depth]))
			continue;
		chosen[depth] = allowed[i];
		add_per_jurisdiction(book, out, allowed, n, jurisdiction, n_jurisdictions,
			chosen, depth + 1);
	}
}

static void add_pairs(struct sites *out, const struct region *const *allowed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const struct region *pair[2] = { allowed[i], allowed[j] };

			if (i != j)
				add_site(out, pair, 2);
		}
}

struct allowed {
	const struct region *at[SITES_MAX];
	size_t n;
	const char *pointer; /* what forbade the last that is not */
	const char *culprit;
};

static void consider(const struct knowledge *k, const cJSON *constraints,
	const struct region *place, struct allowed *a)
{
	const char *pointer = forbidden_by(k->regions, place, constraints);

	if (pointer != NULL) {
		a->pointer = pointer;
		a->culprit = place->code;
	} else if (a->n < SITES_MAX) {
		a->at[a->n++] = place;
	}
}

/* Those with prices, in the order of slots.json; if none of them is allowed, all that
 * the provider has. */
static void allowed_unnamed(
	const struct knowledge *k, const cJSON *constraints, struct allowed *a)
{
	JSON_EACH (it, json_get(json_get(k->slots, "regions"), k->cloud)) {
		const struct region *place = json_text(it) == NULL
			? NULL
			: region_by_code(k->regions, json_text(it));

		if (place != NULL)
			consider(k, constraints, place, a);
	}
	for (size_t i = 0; a->n == 0 && i < k->regions->n; i++)
		if (strcmp(k->regions->at[i].cloud, k->cloud) == 0)
			consider(k, constraints, &k->regions->at[i], a);
}

/* 0, or 1 with the reason when a name is none of this provider's. */
static int allowed_named(const struct knowledge *k, const cJSON *constraints,
	struct allowed *a, struct reason *why)
{
	JSON_EACH (it, json_get(constraints, "regions")) {
		const char *code = json_text(it);
		const struct region *place =
			code == NULL ? NULL : region_by_code(k->regions, code);

		if (code == NULL)
			continue;
		if (place == NULL || strcmp(place->cloud, k->cloud) != 0) {
			reason_set(why, "region", "/regions", 0, "%s has no region '%s'",
				k->cloud, code);
			return 1;
		}
		consider(k, constraints, place, a);
	}
	return 0;
}

static void list_single_or_paired(const struct allowed *a, int copies, struct sites *out)
{
	size_t n = a->n;

	if (!out->chosen && n > (size_t)copies)
		n = (size_t)copies; /* named regions are taken in their order */
	if (!out->chosen && n == (size_t)copies)
		add_site(out, a->at, copies);
	else if (copies == 1)
		for (size_t i = 0; i < n; i++)
			add_site(out, &a->at[i], 1);
	else
		add_pairs(out, a->at, n < PAIRED_MAX ? n : PAIRED_MAX);
}

void list_sites(const struct knowledge *k, const cJSON *constraints, int copies,
	struct sites *out, struct reason *why)
{
	const char *jurisdiction[REGIONS_MAX];
	const struct region *chosen[REGIONS_MAX];
	size_t n = separate_jurisdictions(k->regions, constraints, jurisdiction);
	struct allowed a = { .pointer = "/data_residency", .culprit = "" };

	memset(out, 0, sizeof(*out));
	out->chosen = json_len(json_get(constraints, "regions")) == 0;
	if (!out->chosen && allowed_named(k, constraints, &a, why))
		return;
	if (out->chosen)
		allowed_unnamed(k, constraints, &a);
	out->n_allowed = a.n;
	if (a.n == 0) {
		if (out->chosen)
			reason_set(why, "residency", a.pointer, 0,
				"0 of the regions of %s are inside what %s allows",
				k->cloud, a.pointer);
		else
			reason_set(why, "residency", a.pointer, 0,
				"'%s' lies outside what %s allows", a.culprit, a.pointer);
	} else {
		/* "Denmark or Sweden" is met by one region; who names regions in several
		 * of the jurisdictions means each to keep its own data */
		if (!out->chosen && n > 1 && a.n >= n)
			add_per_jurisdiction(
				k->regions, out, a.at, a.n, jurisdiction, n, chosen, 0);
		out->per_jurisdiction = out->n > 0;
		if (out->n == 0)
			list_single_or_paired(&a, copies, out);
		if (out->n == 0)
			reason_set(why, "availability", "/availability_target",
				(double)a.n,
				"only %zu region is allowed, and the target needs a "
				"second",
				a.n);
	}
}
