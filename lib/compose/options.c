/* Patterns to options: with which parameters, how fast, how available. */
#include "internal.h"

#include <math.h>
#include <string.h>

void option_release(struct option *o)
{
	json_free(o->params);
	json_free(o->services);
	lines_release(&o->lines);
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
int set_parameters(
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
