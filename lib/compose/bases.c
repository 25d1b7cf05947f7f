/* What options share: bases, and the endpoints of the network. */
#include "internal.h"

#include <string.h>

static int find_component(
	const struct scenario *sc, const char *base, const char *endpoint)
{
	for (size_t i = 0; i < sc->n_components; i++) {
		const struct component *c = &sc->components[i];

		if (strcmp(c->pattern->id, base) == 0 &&
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

static int add_component(struct scenario *sc, const struct pattern *p,
	const char *endpoint, size_t *index, struct err *e)
{
	struct component *c = &sc->components[sc->n_components];
	struct reason r = { 0 };
	int ret;

	if (sc->n_components == SOLVER_COMPONENTS_MAX)
		return err_set(e, ERR_CONFIG, "more than %d shared components",
			SOLVER_COMPONENTS_MAX);
	c->pattern = p;
	c->endpoint = endpoint;
	*index = sc->n_components++;
	if (json_add_object(sc->ctx, "p", e) == NULL)
		return -1;
	ret = set_parameters(sc, p, &r, e);
	if (ret > 0)
		return err_set(e, ERR_CONFIG, "share/%s: %s", p->path, r.text);
	if (ret < 0 || add_lines(sc, p, endpoint, sc->copies, &c->lines, e) < 0)
		return -1;
	c->cost = lines_cost(&c->lines);
	if (endpoint == NULL)
		port_bits(sc, p, &c->requires, &c->provides);
	c->services = services_that_apply(sc, p, e);
	if (c->services == NULL)
		return -1;
	c->params = json_detach(sc->ctx, "p");
	return json_add_object(sc->ctx, "p", e) == NULL ? -1 : 0;
}

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
			err_where(e, "share/%s: /shares", p->path);
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
