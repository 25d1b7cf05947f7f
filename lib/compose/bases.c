/* What options share: bases, and the endpoints of the network. */
#include "internal.h"

#include <string.h>

static int find_component(
	const struct scenario *sc, const char *base, const char *endpoint)
{
	for (size_t i = 0; i < sc->n_components; i++) {
		const struct component *c = &sc->components[i];

		if (strcmp(c->pattern->id, base) == 0 && !c->is_instance &&
			(endpoint == NULL) == (c->endpoint == NULL) &&
			(endpoint == NULL || strcmp(endpoint, c->endpoint) == 0))
			return (int)i;
	}
	return -1;
}

void port_bits(const struct scenario *sc, const struct pattern *p, uint64_t *needs,
	uint64_t *gives)
{
	JSON_EACH (it, json_get(p->json, "requires"))
		if (!json_true(json_get(it, "optional")))
			*needs |= port_bit(sc->k, json_str_or(it, "port", ""));
	JSON_EACH (it, json_get(p->json, "provides"))
		*gives |= port_bit(sc->k, json_str_or(it, "port", ""));
}

void base_module(const char *id, char out[80])
{
	const char *name = strstr(id, ".base.");

	snprintf(out, 80, "base_%s", name != NULL ? name + 6 : id);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '-' || *p == '.')
			*p = '_';
}

static void component_release(struct component *c)
{
	json_free(c->params);
	json_free(c->services);
	lines_release(&c->lines);
	memset(c, 0, sizeof(*c));
}

/* Sizes and prices of a base or endpoint: 0 or -1. */
static int fill_component(struct scenario *sc, struct component *c, struct err *e)
{
	const struct pattern *p = c->pattern;
	struct reason r = { 0 };
	char module[80];
	int ret = reuse_component(sc, c, e);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (json_add_object(sc->ctx, "p", e) == NULL)
		return -1;
	base_module(p->id, module);
	sc->filling = module;
	ret = set_parameters(sc, p, &r, e);
	sc->filling = NULL;
	if (ret > 0)
		return err_set(e, ERR_CONFIG, "%s: %s", p->path, r.text);
	(void)services_fail(sc, p, &c->fails);
	if (ret < 0 || add_lines(sc, p, c->endpoint, sc->copies, &c->lines, e) < 0)
		return -1;
	c->cost = lines_cost(&c->lines);
	if (c->endpoint == NULL)
		port_bits(sc, p, &c->requires, &c->provides);
	c->burden = c->endpoint != NULL ? 0 : (int32_t)json_num_or(p->json, "burden", 1);
	c->services = services_that_apply(sc, p, e);
	c->params = json_detach(sc->ctx, "p");
	return c->services == NULL || json_add_object(sc->ctx, "p", e) == NULL ? -1 : 0;
}

static struct component *new_component(
	struct scenario *sc, const struct pattern *p, struct err *e)
{
	struct component *c = &sc->components[sc->n_components];

	if (sc->n_components == SOLVER_COMPONENTS_MAX) {
		err_fill(e, ERR_CONFIG, "more than %d shared components",
			SOLVER_COMPONENTS_MAX);
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	c->pattern = p;
	return c;
}

static int add_component(struct scenario *sc, const struct pattern *p,
	const char *endpoint, size_t *index, struct err *e)
{
	struct component *c = new_component(sc, p, e);

	if (c == NULL)
		return -1;
	c->endpoint = endpoint;
	if (fill_component(sc, c, e) < 0) {
		component_release(c);
		return -1;
	}
	*index = sc->n_components++;
	return 0;
}

int base_fails(const struct scenario *sc, uint64_t set, struct reason *r)
{
	for (; set != 0; set &= set - 1) {
		const struct component *c = &sc->components[__builtin_ctzll(set)];

		if (c->fails.kind[0] == '\0')
			continue;
		*r = c->fails;
		snprintf(r->text, sizeof(r->text), "rests on %.60s: %.180s",
			c->pattern->id, c->fails.text);
		return 1;
	}
	return 0;
}

/* ---- instances ---- */

/* 1 if another open slot could be filled by the same instance. Its paths are those on
 * which all such slots lie. */
static int others_may_use(const struct scenario *sc, const struct slot *s,
	const struct pattern *p, unsigned *paths)
{
	int others = 0;

	*paths = s->paths;
	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct slot *other = &sc->slots[i];

		if (other == s || strcmp(other->capability, s->capability) != 0 ||
			other->copies != s->copies ||
			!json_has_text(
				json_at(p->json, "/serves/workloads"), other->workload))
			continue;
		others = 1;
		*paths &= other->paths;
	}
	return others;
}

static int find_instance(const struct scenario *sc, const struct option *o)
{
	for (size_t i = 0; i < sc->n_components; i++)
		if (sc->components[i].is_instance &&
			sc->components[i].pattern == o->pattern &&
			json_equal(sc->components[i].params, o->params))
			return (int)i;
	return -1;
}

/* The pattern's formulas size it for the whole load, whichever slots it fills; money,
 * burden and outages of the instance count once, hops once a slot. */
int share_instance(
	struct scenario *sc, const struct slot *s, struct option *o, struct err *e)
{
	struct component *c;
	unsigned paths;

	if (!json_true(json_get(o->pattern->json, "shared_instance")) ||
		!others_may_use(sc, s, o->pattern, &paths))
		return 0;
	o->instance = find_instance(sc, o);
	if (o->instance < 0) {
		c = new_component(sc, o->pattern, e);
		if (c == NULL)
			return -1;
		c->params = json_copy(o->params, e);
		c->services = json_copy(o->services, e);
		if (c->params == NULL || c->services == NULL) {
			component_release(c);
			return -1;
		}
		c->is_instance = 1;
		c->lines = o->lines; /* moved */
		c->cost = o->cost;
		c->burden = o->burden;
		c->paths = paths;
		c->availability_pct = o->availability_pct;
		o->instance = (int)sc->n_components++;
	} else {
		lines_release(&o->lines);
	}
	o->lines = (struct lines){ 0 };
	o->cost = 0;
	o->burden = 0;
	o->components |= (uint64_t)1 << o->instance;
	return 0;
}

/* ---- bases ---- */

static int base_component(
	struct scenario *sc, const char *id, size_t *index, struct err *e)
{
	const struct pattern *p = patterns_find(&sc->k->patterns, id);
	int at = find_component(sc, id, NULL);

	if (at >= 0) {
		*index = (size_t)at;
		return 0;
	}
	if (p == NULL)
		return err_set(e, ERR_CONFIG, "there is no base '%s'", id);
	return add_component(sc, p, NULL, index, e);
}

/* The set of a base and of all that it shares in turn. */
static int share_base(struct scenario *sc, const char *id, uint64_t *set, struct err *e)
{
	size_t i;
	const struct pattern *p;

	if (base_component(sc, id, &i, e) < 0)
		return -1;
	if ((*set >> i & 1) != 0)
		return 0;
	*set |= (uint64_t)1 << i;
	p = sc->components[i].pattern;
	JSON_EACH (it, json_get(p->json, "shares"))
		if (json_text(it) != NULL && share_base(sc, json_text(it), set, e) < 0)
			return -1;
	return 0;
}

/* The base of the plan that has lines for each endpoint: the network, if shared. */
static const struct pattern *network_of(const struct scenario *sc, uint64_t set)
{
	for (size_t i = 0; i < sc->n_components; i++)
		if ((set >> i & 1) != 0)
			JSON_EACH (def, json_get(sc->components[i].pattern->json, "bom"))
				if (json_has(def, "each"))
					return sc->components[i].pattern;
	return NULL;
}

/* Runs before the option's own parameters, as bases have parameters of their own. */
int share_all(struct scenario *sc, const struct pattern *p, uint64_t *set, struct err *e)
{
	const struct pattern *network;

	JSON_EACH (it, json_get(p->json, "shares"))
		if (json_text(it) != NULL && share_base(sc, json_text(it), set, e) < 0) {
			err_where(e, "%s: /shares", p->path);
			return -1;
		}
	network = network_of(sc, *set);
	if (network == NULL)
		return 0;
	JSON_EACH (it, json_get(p->json, "endpoints")) {
		const char *name = json_text(it) != NULL ? json_text(it)
							 : json_text(json_get(it, "id"));
		char applies[96];
		size_t i;
		int at;

		if (name == NULL || !named_item(sc, it, applies, sizeof(applies)))
			continue;
		at = find_component(sc, network->id, name);
		if (at < 0 && add_component(sc, network, name, &i, e) < 0)
			return -1;
		*set |= (uint64_t)1 << (at < 0 ? i : (size_t)at);
	}
	return 0;
}
