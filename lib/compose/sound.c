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

/* 1 if the bases that `p` shares are unsound or lead back to where they came from. */
static int bad_base(const struct knowledge *k, const struct pattern *p, int depth,
	char *why, size_t max)
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
		if (depth == DEPTH_MAX) {
			snprintf(why, max, "/shares/%zu: a cycle through '%s'", i, id);
			return 1;
		}
		if (bad_base(k, base, depth + 1, why, max))
			return 1;
		i++;
	}
	return 0;
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

int refuse_unsound(struct knowledge *k, size_t from, struct err *e)
{
	for (size_t i = from; i < k->patterns.n; i++) {
		const struct pattern *p = &k->patterns.at[i];
		char why[200];

		if ((unknown_port(k, p, "requires", why, sizeof(why)) ||
			    unknown_port(k, p, "provides", why, sizeof(why)) ||
			    bad_base(k, p, 0, why, sizeof(why)) ||
			    unknown_region(k, p, why, sizeof(why))) &&
			patterns_refuse(&k->patterns, k->env, p, why, e) < 0)
			return -1;
	}
	return 0;
}
