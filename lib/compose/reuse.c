/*
 * What one site teaches of another: the same constraints give the same slots, sizes, hops
 * and queues there. Prices differ, and which services there are; a pattern whose formulas
 * look at the region, or whose services are missing, is compiled as if nothing were known.
 */
#include "internal.h"

#include <string.h>

/* 1 if formulas see the same facts about both sites. */
static int same_facts(const struct scenario *a, const struct scenario *b)
{
	JSON_EACH (def, json_get(a->k->slots, "plan")) {
		const char *id = json_str_or(def, "id", "?");

		if (!json_equal(json_get(json_at(a->ctx, "/plan"), id),
			    json_get(json_at(b->ctx, "/plan"), id)))
			return 0;
	}
	return 1;
}

int reuse_context(struct scenario *sc, const struct scenario *like, struct err *e)
{
	sc->assumptions = json_copy(like->assumptions, e);
	sc->ctx = json_copy(like->ctx, e);
	if (sc->ctx == NULL || sc->assumptions == NULL)
		return -1;
	sc->c = json_edit(sc->ctx, "/c");
	if (build_plan_facts(sc, e) < 0)
		return -1;
	if (same_facts(sc, like)) {
		sc->like = like;
		return 1;
	}
	json_free(sc->ctx);
	json_free(sc->assumptions);
	return 0;
}

/* The region here for one there. */
static const char *region_for(const struct scenario *sc, const struct line *there)
{
	if (!json_has(there->of, "region"))
		for (int i = 0; i < sc->copies; i++)
			if (strcmp(sc->like->region[i], there->region) == 0)
				return sc->region[i];
	return there->region;
}

/* The same quantities at the prices of this place. */
static int reuse_lines(
	struct scenario *sc, const struct lines *from, struct lines *out, struct err *e)
{
	out->n = 0;
	out->at = malloc((from->n + 1) * sizeof(*out->at));
	if (out->at == NULL)
		return err_no_memory(e);
	for (size_t i = 0; i < from->n; i++) {
		struct line *l = &out->at[out->n++];

		*l = from->at[i];
		snprintf(
			l->region, sizeof(l->region), "%s", region_for(sc, &from->at[i]));
		if (line_price(sc, l, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- components ---- */

static const struct component *same_component(
	const struct scenario *from, const struct pattern *p, const char *endpoint)
{
	for (size_t i = 0; i < from->n_components; i++) {
		const struct component *c = &from->components[i];

		if (c->pattern == p && !c->is_instance &&
			(endpoint == NULL) == (c->endpoint == NULL) &&
			(endpoint == NULL || strcmp(endpoint, c->endpoint) == 0))
			return c;
	}
	return NULL;
}

int reuse_component(struct scenario *sc, struct component *c, struct err *e)
{
	const struct component *from = sc->like == NULL || c->pattern->names_region
		? NULL
		: same_component(sc->like, c->pattern, c->endpoint);

	if (from == NULL || from->fails.kind[0] != '\0' ||
		!services_here(sc, from->services))
		return 0;
	c->params = json_copy(from->params, e);
	c->services = json_copy(from->services, e);
	if (c->params == NULL || c->services == NULL ||
		reuse_lines(sc, &from->lines, &c->lines, e) < 0)
		return -1;
	c->cost = lines_cost(&c->lines);
	c->burden = from->burden;
	c->requires = from->requires;
	c->provides = from->provides;
	return 1;
}

/* ---- options ---- */

static int reuse_option(struct scenario *sc, struct slot *s, const struct option *from,
	uint64_t shared, struct err *e)
{
	const struct component *instance =
		from->instance < 0 ? NULL : &sc->like->components[from->instance];
	struct option o = *from;

	o.params = json_copy(from->params, e);
	o.services = json_copy(from->services, e);
	o.lines = (struct lines){ 0 };
	o.components = shared;
	o.instance = -1;
	o.penalty = 0;
	o.penalties[0] = '\0';
	if (instance != NULL)
		o.burden = instance->burden;
	if (o.params == NULL || o.services == NULL ||
		reuse_lines(sc, instance != NULL ? &instance->lines : &from->lines,
			&o.lines, e) < 0)
		goto fail;
	o.cost = lines_cost(&o.lines);
	if (share_instance(sc, s, &o, e) == 0 && keep_option(s, &o, e) == 0)
		return 0;
fail:
	option_release(&o);
	return -1;
}

int reuse_options(
	struct scenario *sc, struct slot *s, size_t index, uint64_t shared, struct err *e)
{
	const struct pattern *p = s->patterns[index];
	const struct slot *from;
	size_t n = 0;

	if (sc->like == NULL || p->names_region)
		return 0;
	from = &sc->like->slots[s - sc->slots];
	if (from->lacks[index])
		return 0; /* what was out there may be possible here */
	for (size_t i = 0; i < from->n_options; i++) {
		const struct option *o = &from->options[i];

		if (o->pattern != p)
			continue;
		if (!services_here(sc, o->services))
			return 0;
		n++;
	}
	for (size_t i = 0; n > 0 && i < from->n_options; i++)
		if (from->options[i].pattern == p &&
			reuse_option(sc, s, &from->options[i], shared, e) < 0)
			return -1;
	return n > 0;
}
