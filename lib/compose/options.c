/* Patterns to options: which fit, with which parameters, at what cost. */
#include "internal.h"

#include <math.h>
#include <string.h>

void lines_release(struct lines *l)
{
	free(l->at);
	l->at = NULL;
	l->n = 0;
}

void option_release(struct option *o)
{
	json_free(o->params);
	json_free(o->services);
	lines_release(&o->lines);
}

static void reason_set(struct reason *r, const char *kind, const char *constraint,
	double number, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
static void reason_set(struct reason *r, const char *kind, const char *constraint,
	double number, const char *fmt, ...)
{
	va_list ap;

	snprintf(r->kind, sizeof(r->kind), "%s", kind);
	snprintf(r->constraint, sizeof(r->constraint), "%s", constraint);
	r->number = number;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
}

/* ---- values ---- */

/* A new value of a formula or constant. */
static cJSON *value_of(const struct scenario *sc, const cJSON *rule, struct err *e)
{
	if (json_type(rule) == JSON_OBJECT)
		return logic_apply(NULL, rule, sc->ctx, e);
	return json_copy(rule, e);
}

static int number_of(
	const struct scenario *sc, const cJSON *rule, double *out, struct err *e)
{
	if (json_type(rule) == JSON_NUMBER) {
		*out = json_number(rule, 0);
		return 0;
	}
	return logic_number(NULL, rule, sc->ctx, out, e);
}

static int text_of(const struct scenario *sc, const cJSON *rule, char *out, size_t max,
	struct err *e)
{
	cJSON *v = value_of(sc, rule, e);
	int ret = 0;

	if (v == NULL)
		return -1;
	if (json_text(v) == NULL)
		ret = err_set(e, ERR_CONFIG, "not a text");
	else
		snprintf(out, max, "%s", json_text(v));
	json_free(v);
	return ret;
}

static int truth_of(const struct scenario *sc, const cJSON *rule, int absent)
{
	struct err ignored = { 0 };
	cJSON *v;
	int yes;

	if (rule == NULL)
		return absent;
	v = value_of(sc, rule, &ignored);
	yes = v != NULL && logic_truthy(v);
	json_free(v);
	return yes;
}

/* The name in a list item that is "x", {"id":"x","when":…} or a formula; 0 if the
 * item does not apply. */
static int named_item(const struct scenario *sc, const cJSON *item, char *out, size_t max)
{
	struct err ignored = { 0 };

	if (json_text(item) != NULL) {
		snprintf(out, max, "%s", json_text(item));
		return 1;
	}
	if (json_has(item, "id")) {
		snprintf(out, max, "%s", json_str_or(item, "id", ""));
		return truth_of(sc, json_get(item, "when"), 1);
	}
	return text_of(sc, item, out, max, &ignored) == 0;
}

/* The services of a pattern that apply with the parameters in hand: a new array. */
static cJSON *services_that_apply(
	const struct scenario *sc, const struct pattern *p, struct err *e)
{
	cJSON *list = json_new_array(e);

	JSON_EACH (it, json_get(p->json, "services")) {
		char id[96];

		if (list != NULL && named_item(sc, it, id, sizeof(id)) &&
			json_push_str(list, id, e) < 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

/* ---- what rules a pattern out whatever its size ---- */

static int excluded(const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	const struct compose_options *o = sc->k->opts;
	const char *style = json_str_or(p->json, "style", "");

	if (list_has(&o->excludes, p->id)) {
		reason_set(r, "excluded", "", 0, "excluded by --exclude");
		return 1;
	}
	JSON_EACH (it, json_get(sc->c, "exclusions")) {
		const char *x = json_text(it);

		if (x != NULL &&
			(json_has_text(json_get(p->json, "tech"), x) ||
				json_has_text(json_get(p->json, "services"), x) ||
				strcmp(x, style) == 0 || strcmp(x, p->id) == 0)) {
			reason_set(r, "excluded", "/exclusions", 0,
				"the brief rules out '%s'", x);
			return 1;
		}
	}
	return 0;
}

static int service_fails(const struct scenario *sc, const char *id, struct reason *r)
{
	const cJSON *svc = services_find(sc->k->services, id);
	const char *name = service_name(svc, id);

	if (!service_obtainable(svc, json_get(sc->c, "existing_stack"))) {
		reason_set(r, "lifecycle", "/existing_stack", 0,
			"%s is closed to new customers since %s, and the brief does not "
			"say that it is in use",
			name, json_str_or(json_get(svc, "lifecycle"), "since", "?"));
		return 1;
	}
	for (int i = 0; i < sc->copies; i++)
		if (service_in_region(sc->k->services, svc, sc->region[i]) ==
			SERVICE_NO) {
			reason_set(r, "region", "/regions", 0, "%s is not offered in %s",
				name, sc->region[i]);
			return 1;
		}
	JSON_EACH (it, json_get(sc->c, "compliance")) {
		const char *law = json_text(it);
		const char *regime = law == NULL
			? NULL
			: json_text(json_get(json_get(sc->k->slots, "compliance"), law));
		enum service_answer a;

		if (regime == NULL)
			continue;
		a = service_complies(svc, regime);
		if (a == SERVICE_YES ||
			(a == SERVICE_UNKNOWN &&
				list_has(&sc->k->opts->accept_unknown, id)))
			continue;
		reason_set(r, "compliance", "/compliance", 0,
			a == SERVICE_NO ? "%s is not eligible for %s"
					: "%s: eligibility for %s is unknown (confirm, "
					  "then --accept-unknown %s)",
			name, law, id);
		return 1;
	}
	return 0;
}

static int services_fail(
	const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	JSON_EACH (it, json_get(p->json, "services")) {
		char id[96];

		if (named_item(sc, it, id, sizeof(id)) && service_fails(sc, id, r))
			return 1;
	}
	return 0;
}

static int use_case_fits(const struct scenario *sc, const struct pattern *p)
{
	const cJSON *wanted = json_at(p->json, "/serves/use_cases");

	if (wanted == NULL)
		return 1;
	JSON_EACH (it, wanted)
		if (json_has_text(json_get(sc->c, "use_cases"), json_text(it)))
			return 1;
	return 0;
}

/* ---- parameters ---- */

struct choice {
	const char *name;
	const cJSON *values;
};

/* Parameters that are chosen freely; the solver tries every combination. */
static size_t free_choices(const struct pattern *p, struct choice *out, size_t max)
{
	size_t n = 0;

	JSON_EACH (it, json_get(p->json, "parameters"))
		if (json_has(it, "choices") && !json_has(it, "value") && n < max)
			out[n++] =
				(struct choice){ json_key(it), json_get(it, "choices") };
	return n;
}

/* The value as the choices allow it: equal, else the next larger number. */
static const cJSON *among(const cJSON *choices, const cJSON *v)
{
	const cJSON *best = NULL;

	JSON_EACH (it, choices) {
		if (json_equal(it, v))
			return it;
		if (json_is(v, JSON_NUMBER) && json_is(it, JSON_NUMBER) &&
			json_number(it, 0) >= json_number(v, 0) &&
			(best == NULL || json_number(it, 0) < json_number(best, 0)))
			best = it;
	}
	return best;
}

/* 0; 1 when the pattern cannot be that large; -1. */
static int set_parameter(struct scenario *sc, const char *name, const cJSON *def,
	struct reason *r, struct err *e)
{
	cJSON *p = json_edit(sc->ctx, "/p"), *v = value_of(sc, json_get(def, "value"), e);
	const cJSON *choices = json_get(def, "choices");
	double lo = json_num_or(def, "min", -INFINITY),
	       hi = json_num_or(def, "max", INFINITY), d;

	if (v == NULL)
		return -1;
	if (choices != NULL) {
		const cJSON *fit = among(choices, v);

		if (fit == NULL) {
			reason_set(r, "size", "/throughput", json_number(v, 0),
				"'%s' would have to be %.10g, which is not offered", name,
				json_number(v, 0));
			json_free(v);
			return 1;
		}
		json_free(v);
		return json_set_copy(p, name, fit, e);
	}
	if (json_type(v) != JSON_NUMBER)
		return json_set(p, name, v, e);
	d = rounded(json_number(v, 0));
	json_free(v);
	if (d > hi) {
		reason_set(r, "size", "/throughput", d,
			"needs %.10g %s of '%s', at most %.10g", d,
			json_str_or(def, "unit", ""), name, hi);
		return 1;
	}
	return json_set_num(p, name, d < lo ? lo : d, e);
}

/* Computed parameters, in their order. 0, 1 (too large) or -1. */
static int set_parameters(
	struct scenario *sc, const struct pattern *p, struct reason *r, struct err *e)
{
	JSON_EACH (def, json_get(p->json, "parameters")) {
		int ret;

		if (!json_has(def, "value"))
			continue;
		ret = set_parameter(sc, json_key(def), def, r, e);
		if (ret < 0)
			err_where(e, "share/%s: /parameters/%s", p->path, json_key(def));
		if (ret != 0)
			return ret;
	}
	return 0;
}

static int asserts_fail(
	const struct scenario *sc, const struct pattern *p, struct reason *r)
{
	JSON_EACH (it, json_get(p->json, "when")) {
		if (truth_of(sc, json_get(it, "assert"), 1))
			continue;
		reason_set(r, "when", json_str_or(it, "constraint", ""), 0, "%s",
			json_str_or(
				it, "why", json_str_or(it, "id", "a condition fails")));
		return 1;
	}
	return 0;
}

/* ---- bill of materials ---- */

static struct line *line_add(struct lines *l)
{
	struct line *grown = realloc(l->at, (l->n + 1) * sizeof(*grown));

	if (grown == NULL)
		return NULL;
	l->at = grown;
	memset(&grown[l->n], 0, sizeof(*grown));
	return &grown[l->n++];
}

/* What an unpriced line counts for ranking: the price where the cloud is cheapest
 * known, else the pattern's own estimate. Marked, and never zero. */
static int rank_without_price(
	struct scenario *sc, const cJSON *def, struct line *l, struct err *e)
{
	double own = json_num_or(def, "est_unit_usd", -1);

	JSON_EACH (it, json_get(json_get(sc->k->slots, "price_fallback"), sc->k->cloud)) {
		struct price_book *book = knowledge_book(sc->k, json_text(it), e);
		struct price price;

		if (book == NULL || price_line(book, l->sku, l->qty, &price, e) < 0)
			return -1;
		if (price.status == PRICE_UNPRICED)
			continue;
		l->rank = price.amount;
		return 0;
	}
	if (own < 0)
		own = json_number(json_at(sc->k->slots, "/weights/unpriced_unit_usd"), 1);
	l->rank = (pico_usd)llround(own * l->qty * 1e6) * 1000000;
	return 0;
}

static int line_price(
	struct scenario *sc, const cJSON *def, struct line *l, struct err *e)
{
	struct price_book *book = knowledge_book(sc->k, l->region, e);
	struct price price;

	if (book == NULL || price_line(book, l->sku, l->qty, &price, e) < 0)
		return -1;
	l->status = price.status;
	l->amount = l->rank = price.amount;
	return price.status == PRICE_UNPRICED ? rank_without_price(sc, def, l, e) : 0;
}

/* One line of a pattern in one region; nothing for a quantity of zero. */
static int add_line(struct scenario *sc, struct lines *lines, const cJSON *def,
	double qty, const char *region, struct err *e)
{
	struct line *l;

	qty = rounded(qty);
	if (qty < 0 || !isfinite(qty))
		return err_set(e, ERR_CONFIG, "'qty' is negative or no number");
	if (qty == 0)
		return 0;
	l = line_add(lines);
	if (l == NULL)
		return err_no_memory(e);
	l->of = def;
	l->component = json_str_or(def, "component", "part");
	l->service = json_str_or(def, "service", "");
	l->unit = json_str_or(def, "unit", "");
	l->kind = json_str_or(def, "kind", "usage");
	l->note = json_text(json_get(def, "note"));
	l->qty = qty;
	snprintf(l->region, sizeof(l->region), "%s", json_str_or(def, "region", region));
	if (text_of(sc, json_get(def, "sku"), l->sku, sizeof(l->sku), e) < 0)
		return -1;
	return line_price(sc, def, l, e);
}

/* `each`: NULL for the lines of the pattern itself, else the lines for that list.
 * Usage is shared among copies; what is there while nothing happens is not. */
static int add_lines(struct scenario *sc, const struct pattern *p, const char *each,
	int copies, struct lines *lines, struct err *e)
{
	size_t i = 0;

	JSON_EACH (def, json_get(p->json, "bom")) {
		const char *of = json_text(json_get(def, "each"));
		int baseline = strcmp(json_str_or(def, "kind", "usage"), "baseline") == 0;
		double qty;

		if ((of == NULL) == (each == NULL) &&
			truth_of(sc, json_get(def, "when"), 1)) {
			if (number_of(sc, json_get(def, "qty"), &qty, e) < 0)
				goto fail;
			for (int r = 0; r < copies; r++)
				if (add_line(sc, lines, def,
					    baseline ? qty : qty / copies, sc->region[r],
					    e) < 0)
					goto fail;
		}
		i++;
	}
	return 0;
fail:
	err_where(e, "share/%s: /bom/%zu", p->path, i);
	return -1;
}

static pico_usd lines_cost(const struct lines *l)
{
	pico_usd sum = 0;

	for (size_t i = 0; i < l->n; i++)
		sum += l->at[i].rank;
	return sum;
}

/* ---- latency and availability ---- */

static int add_hop(struct option *o, const char *name, const char *source, struct hop h)
{
	if (o->n_hops == HOPS_MAX)
		return -1;
	o->hop_names[o->n_hops] = name;
	o->hop_sources[o->n_hops] = source;
	o->hops[o->n_hops++] = h;
	return 0;
}

static int set_hops(
	struct scenario *sc, const struct pattern *p, struct option *o, struct err *e)
{
	JSON_EACH (it, json_at(p->json, "/latency/hops")) {
		struct hop h;

		if (!truth_of(sc, json_get(it, "when"), 1))
			continue;
		if (number_of(sc, json_get(it, "p50_ms"), &h.p50_ms, e) < 0 ||
			number_of(sc, json_get(it, "p95_ms"), &h.p95_ms, e) < 0 ||
			number_of(sc, json_get(it, "p99_ms"), &h.p99_ms, e) < 0) {
			err_where(e, "share/%s: /latency/hops", p->path);
			return -1;
		}
		if (add_hop(o, json_str_or(it, "name", "hop"),
			    json_str_or(it, "evidence", "est."), h) < 0)
			return err_set(e, ERR_CONFIG,
				"share/%s: /latency/hops: more than %d", p->path,
				HOPS_MAX - 1);
	}
	return 0;
}

/* 0; 1 when the queue would not drain; -1. */
static int set_queue(struct scenario *sc, const struct pattern *p, struct option *o,
	struct reason *r, struct err *e)
{
	const cJSON *q = json_get(p->json, "queue");
	double use;
	struct hop wait;

	if (q == NULL)
		return 0;
	if (number_of(sc, json_get(q, "rate"), &o->queue.rate_rps, e) < 0 ||
		number_of(sc, json_get(q, "service_ms"), &o->queue.service_ms, e) < 0 ||
		number_of(sc, json_get(q, "servers"), &o->queue.servers, e) < 0) {
		err_where(e, "share/%s: /queue", p->path);
		return -1;
	}
	o->queue_of = json_str_or(q, "of", "requests");
	o->queue.rate_rps /= sc->copies; /* each region takes its share */
	o->queue.servers = fmax(1, floor(o->queue.servers));
	use = queue_utilisation(&o->queue);
	if (use >= 0.95) {
		reason_set(r, "capacity", "/throughput", use * 100,
			"%s would be busy %.0f %% of the peak; 95 %% is the limit",
			o->queue_of, use * 100);
		return 1;
	}
	wait = (struct hop){ queue_wait_ms(&o->queue, 50), queue_wait_ms(&o->queue, 95),
		queue_wait_ms(&o->queue, 99) };
	if (wait.p99_ms > 0)
		add_hop(o, "queue", "M/M/c at peak", wait);
	return 0;
}

static void set_availability(
	const struct scenario *sc, const struct pattern *p, struct option *o)
{
	size_t used = 0;

	o->availability_pct = 100;
	JSON_EACH (it, json_at(p->json, "/availability/of")) {
		char id[96];
		double sla;
		int n;

		if (!named_item(sc, it, id, sizeof(id)))
			continue;
		sla = service_sla_pct(services_find(sc->k->services, id));
		if (!isnan(sla)) {
			o->availability_pct *= sla / 100;
			continue;
		}
		n = snprintf(o->unpublished + used, sizeof(o->unpublished) - used, "%s%s",
			used > 0 ? ", " : "", id);
		used += n > 0 && (size_t)n < sizeof(o->unpublished) - used ? (size_t)n
									   : 0;
	}
}

/* ---- bases ---- */

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

static void port_bits(const struct scenario *sc, const struct pattern *p, uint64_t *needs,
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

int base_component(struct scenario *sc, const char *id, size_t *index, struct err *e)
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
static int share_all(
	struct scenario *sc, const struct pattern *p, uint64_t *set, struct err *e)
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

/* ---- options ---- */

/* 0 with an option added; 1 when it is out, with the reason; -1. */
static int add_option(struct scenario *sc, struct slot *s, size_t pattern_index,
	const struct choice *choices, const size_t *at, size_t n_choices, uint64_t shared,
	struct reason *r, struct err *e)
{
	const struct pattern *p = s->patterns[pattern_index];
	cJSON *params = json_add_object(sc->ctx, "p", e);
	struct option o = {
		.pattern = p, .pattern_index = pattern_index, .components = shared
	};
	struct option *grown;
	int ret;

	if (params == NULL)
		return -1;
	for (size_t i = 0; i < n_choices; i++)
		if (json_set_copy(params, choices[i].name,
			    json_item(choices[i].values, at[i]), e) < 0)
			return -1;
	ret = set_parameters(sc, p, r, e);
	if (ret != 0)
		return ret;
	if (asserts_fail(sc, p, r))
		return 1;
	ret = set_hops(sc, p, &o, e);
	if (ret == 0)
		ret = set_queue(sc, p, &o, r, e);
	if (ret == 0)
		ret = add_lines(sc, p, NULL, s->copies, &o.lines, e);
	if (ret != 0) {
		option_release(&o);
		return ret;
	}
	set_availability(sc, p, &o);
	port_bits(sc, p, &o.requires, &o.provides);
	o.services = services_that_apply(sc, p, e);
	o.cost = lines_cost(&o.lines);
	o.params = json_detach(sc->ctx, "p");
	if (o.services == NULL) {
		option_release(&o);
		return -1;
	}
	grown = realloc(s->options, (s->n_options + 1) * sizeof(*grown));
	if (grown == NULL || json_add_object(sc->ctx, "p", e) == NULL) {
		s->options = grown != NULL ? grown : s->options;
		option_release(&o);
		return err_no_memory(e);
	}
	s->options = grown;
	s->options[s->n_options++] = o;
	return 0;
}

/* Every combination of the free choices, in their order. A formula that fails
 * leaves the combination out with a warning. */
static int pattern_options(
	struct scenario *sc, struct slot *s, size_t index, struct err *e)
{
	const struct pattern *p = s->patterns[index];
	struct choice choices[4];
	size_t at[4] = { 0 }, n = free_choices(p, choices, ARRAY_LEN(choices)),
	       before = s->n_options;
	uint64_t shared = 0;
	struct reason *r = &s->out[index];
	struct err shares = { 0 };

	if (share_all(sc, p, &shared, &shares) < 0) {
		if (shares.code != ERR_CONFIG) {
			*e = shares;
			return -1;
		}
		log_warn(&sc->k->env->log, "pattern left out: %s", shares.msg);
		reason_set(r, "broken", "", 0, "%.200s", shares.msg);
		return 0;
	}
	for (size_t made = 0; made < OPTIONS_MAX; made++) {
		struct err why = { 0 };
		int ret = add_option(sc, s, index, choices, at, n, shared, r, &why);
		size_t i;

		if (ret < 0 && why.code == ERR_INTERNAL) {
			*e = why;
			return -1;
		}
		if (ret < 0) {
			log_warn(&sc->k->env->log, "pattern left out: %s", why.msg);
			reason_set(r, "broken", "", 0, "%.200s", why.msg);
		}
		for (i = n; i-- > 0;) {
			if (++at[i] < json_len(choices[i].values))
				break;
			at[i] = 0;
		}
		if (i == (size_t)-1)
			break;
	}
	if (s->n_options > before)
		memset(r, 0, sizeof(*r));
	return 0;
}

static const char *pinned(const struct compose_options *o, const char *slot)
{
	size_t len = strlen(slot);

	for (size_t i = 0; i < o->pins.n; i++)
		if (strncmp(o->pins.at[i], slot, len) == 0 && o->pins.at[i][len] == '=')
			return o->pins.at[i] + len + 1;
	return NULL;
}

/* Preferences that some option of the slot meets count against those that do not. */
static void prefer(
	struct slot *s, const cJSON *wanted, const char *member, int32_t weight)
{
	int met = 0;

	if (json_text(wanted) == NULL)
		return;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < s->n_options; i++) {
			struct option *o = &s->options[i];
			const cJSON *has = json_get(o->pattern->json, member);
			int fits = json_text(has) != NULL
				? strcmp(json_text(has), json_text(wanted)) == 0
				: json_has_text(has, json_text(wanted));
			size_t used = strlen(o->penalties);

			if (pass == 0) {
				met |= fits;
			} else if (!fits) {
				o->penalty += weight;
				snprintf(o->penalties + used, sizeof(o->penalties) - used,
					"%s%s", used > 0 ? ", " : "", json_text(wanted));
			}
		}
		if (!met)
			return;
	}
}

static void prefer_each(
	struct scenario *sc, struct slot *s, const cJSON *list, const char *weight)
{
	int32_t w = (int32_t)json_num_or(json_get(sc->k->slots, "weights"), weight, 0);

	JSON_EACH (it, list)
		prefer(s, it, "tech", w);
}

/* People who say that they are few are spared what takes a team to run, where there
 * is anything else. */
static void spare_small_team(const struct scenario *sc, struct slot *s)
{
	double size = json_number(json_at(sc->c, "/team_constraints/size"), 0);
	int32_t weight =
		(int32_t)json_number(json_at(sc->k->slots, "/weights/small_team"), 0);
	int light = 0;

	for (size_t i = 0; i < s->n_options; i++)
		light |= json_num_or(s->options[i].pattern->json, "burden", 3) < 4;
	for (size_t i = 0; size > 0 && size <= 3 && light && i < s->n_options; i++) {
		struct option *o = &s->options[i];
		size_t used = strlen(o->penalties);

		if (json_num_or(o->pattern->json, "burden", 3) < 4)
			continue;
		o->penalty += weight;
		snprintf(o->penalties + used, sizeof(o->penalties) - used, "%ssmall team",
			used > 0 ? ", " : "");
	}
}

static void set_penalties(struct scenario *sc, struct slot *s)
{
	int32_t style = (int32_t)json_number(
		json_at(sc->k->slots, "/weights/deployment_pref"), 0);

	prefer(s, json_get(sc->c, "deployment_pref"), "style", style);
	prefer_each(sc, s, json_get(sc->c, "storage_prefs"), "storage_prefs");
	prefer_each(sc, s, json_get(sc->c, "observability_prefs"), "observability_prefs");
	prefer_each(sc, s, json_get(sc->c, "existing_stack"), "existing_stack");
	prefer_each(sc, s, json_at(sc->c, "/team_constraints/skills"), "skills");
	spare_small_team(sc, s);
}

static int candidates(struct scenario *sc, struct slot *s, struct err *e)
{
	const struct patterns *all = &sc->k->patterns;

	s->patterns = calloc(all->n + 1, sizeof(*s->patterns));
	s->out = calloc(all->n + 1, sizeof(*s->out));
	if (s->patterns == NULL || s->out == NULL)
		return err_no_memory(e);
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->at[i].capability, s->capability) == 0 &&
			json_has_text(json_at(all->at[i].json, "/serves/workloads"),
				s->workload))
			s->patterns[s->n_patterns++] = &all->at[i];
	return 0;
}

int slot_options(struct scenario *sc, struct slot *s, struct err *e)
{
	const char *pin = pinned(sc->k->opts, s->name);
	int known = pin == NULL;

	if (candidates(sc, s, e) < 0)
		return -1;
	for (size_t i = 0; i < s->n_patterns; i++) {
		const struct pattern *p = s->patterns[i];
		struct reason *r = &s->out[i];

		if (pin != NULL && strcmp(pin, p->id) != 0) {
			reason_set(
				r, "pinned", "", 0, "%s is pinned to %s", s->name, pin);
			continue;
		}
		known = 1;
		if (excluded(sc, p, r) || services_fail(sc, p, r))
			continue;
		if (!use_case_fits(sc, p)) {
			reason_set(r, "use-case", "/use_cases", 0,
				"made for other use cases");
			continue;
		}
		if (pattern_options(sc, s, i, e) < 0)
			return -1;
	}
	if (!known)
		return err_set(e, ERR_USAGE, "--pin %s=%s: no such pattern for this slot",
			s->name, pin);
	set_penalties(sc, s);
	return 0;
}
