/* Patterns that a plan may rest on: known ports, bases and regions, and no cycle. */
#include "internal.h"

#include <string.h>

#define DEPTH_MAX 16

static int unknown_port(const struct knowledge *k, const struct pattern *p,
	const char *member, char *why, size_t max)
{
	size_t i = 0;

	JSON_EACH (it, json_get(p->json, member)) {
		const char *port = json_str_or(it, "port", "");

		if (port_bit(k, port) == 0) {
			snprintf(why, max, "/%s/%zu/port: no such port '%s'", member, i,
				port);
			return 1;
		}
		i++;
	}
	return 0;
}

/* 1 if the bases that `from` shares lead to `id`. */
static int leads_to(
	const struct knowledge *k, const struct pattern *from, const char *id, int depth)
{
	JSON_EACH (it, json_get(from->json, "shares")) {
		const char *next = json_text(it);
		const struct pattern *base =
			next == NULL ? NULL : patterns_find(&k->patterns, next);

		if (next == NULL)
			continue;
		if (strcmp(next, id) == 0 ||
			(base != NULL && depth < DEPTH_MAX &&
				leads_to(k, base, id, depth + 1)))
			return 1;
	}
	return 0;
}

static int bad_base(
	const struct knowledge *k, const struct pattern *p, char *why, size_t max)
{
	size_t i = 0;

	JSON_EACH (it, json_get(p->json, "shares")) {
		const char *id = json_text(it);
		const struct pattern *base =
			id == NULL ? NULL : patterns_find(&k->patterns, id);

		if (base == NULL || strcmp(base->capability, "base") != 0 ||
			patterns_refused(&k->patterns, id) != NULL) {
			snprintf(why, max, "/shares/%zu: no usable base '%s'", i,
				id == NULL ? "" : id);
			return 1;
		}
		i++;
	}
	if (!leads_to(k, p, p->id, 0))
		return 0;
	snprintf(why, max, "/shares: a cycle: it shares itself through its bases");
	return 1;
}

/* A line of the bill may name its own region. */
static int unknown_region(
	const struct knowledge *k, const struct pattern *p, char *why, size_t max)
{
	size_t i = 0;

	JSON_EACH (it, json_get(p->json, "bom")) {
		const char *region = json_text(json_get(it, "region"));
		const struct region *place =
			region == NULL ? NULL : region_by_code(k->regions, region);

		if (region != NULL && strcmp(region, "global") != 0 &&
			(place == NULL || strcmp(place->cloud, k->cloud) != 0)) {
			snprintf(why, max, "/bom/%zu/region: %s has no region '%s'", i,
				k->cloud, region);
			return 1;
		}
		i++;
	}
	return 0;
}

static int unsound(
	const struct knowledge *k, const struct pattern *p, char *why, size_t max)
{
	return unknown_port(k, p, "requires", why, max) ||
		unknown_port(k, p, "provides", why, max) || bad_base(k, p, why, max) ||
		unknown_region(k, p, why, max);
}

int refuse_unsound(struct knowledge *k, size_t from, struct err *e)
{
	size_t before;

	/* a base that is refused takes those along that rest on it */
	do {
		before = k->patterns.n_refused;
		for (size_t i = from; i < k->patterns.n; i++) {
			const struct pattern *p = &k->patterns.at[i];
			char why[200];

			if (patterns_refused(&k->patterns, p->id) == NULL &&
				unsound(k, p, why, sizeof(why)) &&
				patterns_refuse(&k->patterns, k->env, p, why, e) < 0)
				return -1;
		}
	} while (k->patterns.n_refused > before);
	return 0;
}
