/*
 * What one site teaches of another: the same constraints give the same slots, sizes, hops
 * and queues there. Prices differ, and which services there are; a pattern whose formulas
 * look at the region, or whose services are missing, is compiled as if nothing were known.
 * Likewise what one load teaches of another at the same site: there the patterns whose
 * formulas look at what differs are compiled anew.
 */
#include "internal.h"

#include <stdio.h>
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

/* The names of the load and of stated volumes that differ, each between spaces; the
 * caller frees it. */
static char *loads_that_differ(const struct scenario *sc, const struct scenario *like)
{
	static const char *const where[] = { "/load", "/c/throughput" };
	struct buf out = BUF_INIT(8192);

	buf_add_char(&out, ' ');
	for (size_t i = 0; i < ARRAY_LEN(where); i++) {
		const cJSON *other = json_at(like->ctx, where[i]);

		JSON_EACH (v, json_at(sc->ctx, where[i]))
			if (!json_equal(v, json_get(other, json_key(v))))
				buf_addf(&out, "%s ", json_key(v));
	}
	return buf_take(&out);
}

int reuse_load(struct scenario *sc, const struct scenario *like, struct err *e)
{
	int same = sc->n_slots == like->n_slots && same_facts(sc, like);

	for (size_t i = 0; same && i < sc->n_slots; i++)
		same = strcmp(sc->slots[i].name, like->slots[i].name) == 0;
	if (!same)
		return 0;
	sc->differs = loads_that_differ(sc, like);
	if (sc->differs == NULL)
		return err_no_memory(e);
	sc->like = like;
	return 0;
}

/* Is one of the names in both lists? */
static int overlap(const char *a, const char *b)
{
	for (const char *p = a + 1; *p != '\0'; p += strcspn(p, " ") + 1) {
		char name[64];

		snprintf(name, sizeof(name), " %.*s ", (int)strcspn(p, " "), p);
		if (strstr(b, name) != NULL)
			return 1;
	}
	return 0;
}

/* Do the pattern's formulas give here what they gave there? */
static int holds_here(const struct scenario *sc, const struct pattern *p)
{
	if (sc->like == NULL)
		return 0;
	return sc->differs != NULL ? !overlap(sc->differs, p->loads) : !p->names_region;
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
		if (sc->differs != NULL)
			continue;
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
	const struct component *from = !holds_here(sc, c->pattern)
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

	if (!holds_here(sc, p))
		return 0;
	from = &sc->like->slots[s - sc->slots];
	if (from->lacks[index] && sc->differs == NULL)
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
	if (n == 0 && sc->differs != NULL) {
		s->out[index] = from->out[index];
		return 1;
	}
	return n > 0;
}
