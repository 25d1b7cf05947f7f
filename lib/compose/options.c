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

/* Parameters that are chosen freely, and every combination of them in order. */
struct combinations {
	struct choice of[PATTERN_CHOICES_MAX];
	size_t at[PATTERN_CHOICES_MAX], n, total;
};

/* 0, or -1 when there are more than a plan can weigh. */
static int free_choices(const struct pattern *p, struct combinations *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	out->total = 1;
	JSON_EACH (it, json_get(p->json, "parameters")) {
		if (!json_has(it, "choices") || json_has(it, "value"))
			continue;
		if (out->n < PATTERN_CHOICES_MAX)
			out->of[out->n] =
				(struct choice){ json_key(it), json_get(it, "choices") };
		out->total *= json_len(json_get(it, "choices"));
		if (out->total == 0)
			return err_set(e, ERR_CONFIG,
				"%s: /parameters/%s/choices: offers nothing", p->path,
				json_key(it));
		if (++out->n > PATTERN_CHOICES_MAX || out->total > PATTERN_OPTIONS_MAX)
			return err_set(e, ERR_CONFIG,
				"%s: /parameters: more than %d choices or %d "
				"combinations",
				p->path, PATTERN_CHOICES_MAX, PATTERN_OPTIONS_MAX);
	}
	return 0;
}

static void next_combination(struct combinations *c)
{
	for (size_t i = c->n; i-- > 0;) {
		if (++c->at[i] < json_len(c->of[i].values))
			return;
		c->at[i] = 0;
	}
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

/* What a change of a reopened plan fixes this parameter to; NULL: nothing. */
static const cJSON *changed_value(const struct scenario *sc, const char *name)
{
	const struct change *c = sc->k->change;

	return c == NULL || c->slot == NULL || sc->filling == NULL ||
			strcmp(c->slot, sc->filling) != 0
		? NULL
		: json_get(c->params, name);
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
	if (changed_value(sc, name) != NULL) {
		json_free(v);
		v = json_copy(changed_value(sc, name), e);
		if (v == NULL)
			return -1;
	}
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
	if (json_is(v, JSON_NULL)) {
		json_free(v);
		return err_set(e, ERR_CONFIG,
			"is null: the formula looks at something that is not there");
	}
	if (json_type(v) != JSON_NUMBER)
		return json_set(p, name, v, e);
	d = rounded(json_number(v, 0));
	json_free(v);
	if (!isfinite(d) || d < 0)
		return err_set(e, ERR_CONFIG, "is %g: a size is a number from 0 on", d);
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
			err_where(e, "%s: /parameters/%s", p->path, json_key(def));
		if (ret != 0)
			return ret;
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
	size_t i = 0;

	JSON_EACH (it, json_at(p->json, "/latency/hops")) {
		struct hop h;

		i++;
		if (!truth_of(sc, json_get(it, "when"), 1))
			continue;
		if (number_of(sc, json_get(it, "p50_ms"), &h.p50_ms, e) < 0 ||
			number_of(sc, json_get(it, "p95_ms"), &h.p95_ms, e) < 0 ||
			number_of(sc, json_get(it, "p99_ms"), &h.p99_ms, e) < 0) {
			err_where(e, "%s: /latency/hops", p->path);
			return -1;
		}
		if (!(h.p50_ms >= 0 && h.p50_ms <= h.p95_ms && h.p95_ms <= h.p99_ms &&
			    isfinite(h.p99_ms)))
			return err_set(e, ERR_CONFIG,
				"%s: /latency/hops/%zu: p50 %g, p95 %g, p99 %g ms: no "
				"percentiles",
				p->path, i - 1, h.p50_ms, h.p95_ms, h.p99_ms);
		if (add_hop(o, json_str_or(it, "name", "hop"),
			    json_str_or(it, "evidence", "est."), h) < 0)
			return err_set(e, ERR_CONFIG, "%s: /latency/hops: more than %d",
				p->path, HOPS_MAX - 1);
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
		err_where(e, "%s: /queue", p->path);
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

/* What the sizes can carry, as the pattern states it; nothing where it fails. */
static void set_capacity(
	const struct scenario *sc, const struct pattern *p, struct option *o)
{
	JSON_EACH (it, json_get(p->json, "capacity")) {
		struct err ignored = { 0 };
		double v;

		if (number_of(sc, it, &v, &ignored) < 0 || !(v > 0) || !isfinite(v))
			continue;
		o->capacity_of = json_key(it);
		o->capacity = v;
		return;
	}
}

/* ---- options ---- */

static int set_choices(struct scenario *sc, const struct combinations *c, struct err *e)
{
	cJSON *params = json_add_object(sc->ctx, "p", e);

	for (size_t i = 0; params != NULL && i < c->n; i++) {
		const cJSON *fixed = changed_value(sc, c->of[i].name);

		if (json_set_copy(params, c->of[i].name,
			    fixed != NULL ? fixed : json_item(c->of[i].values, c->at[i]),
			    e) < 0)
			return -1;
	}
	return params == NULL ? -1 : 0;
}

/* What the parameters in hand make of the pattern: 0, 1 (out) or -1. */
static int fill_option(struct scenario *sc, const struct slot *s, struct option *o,
	struct reason *r, struct err *e)
{
	const struct pattern *p = o->pattern;
	int ret = set_parameters(sc, p, r, e);

	if (ret == 0)
		ret = services_fail(sc, p, r) || asserts_fail(sc, p, r);
	if (ret == 0)
		ret = set_hops(sc, p, o, e);
	if (ret == 0)
		ret = set_queue(sc, p, o, r, e);
	if (ret == 0)
		ret = add_lines(sc, p, NULL, s->copies, &o->lines, e);
	if (ret != 0)
		return ret;
	set_availability(sc, p, o);
	set_capacity(sc, p, o);
	port_bits(sc, p, &o->requires, &o->provides);
	o->services = services_that_apply(sc, p, e);
	o->cost = lines_cost(&o->lines);
	o->burden = (int32_t)json_num_or(p->json, "burden", 3);
	o->params = json_detach(sc->ctx, "p");
	return o->services == NULL || json_add_object(sc->ctx, "p", e) == NULL ? -1 : 0;
}

int keep_option(struct slot *s, const struct option *o, struct err *e)
{
	struct option *grown = realloc(s->options, (s->n_options + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_no_memory(e);
	s->options = grown;
	s->options[s->n_options++] = *o;
	return 0;
}

/* 0 with an option added; 1 when it is out, with the reason; -1. */
static int add_option(struct scenario *sc, struct slot *s, size_t pattern_index,
	const struct combinations *c, uint64_t shared, struct reason *r, struct err *e)
{
	struct option o = { .pattern = s->patterns[pattern_index],
		.pattern_index = pattern_index,
		.components = shared,
		.instance = -1 };
	int ret;

	sc->filling = s->name;
	ret = set_choices(sc, c, e);
	if (ret == 0)
		ret = fill_option(sc, s, &o, r, e);
	if (ret == 1 && strcmp(r->kind, "region") == 0)
		s->lacks[pattern_index] = 1;
	if (ret == 0 && share_instance(sc, s, &o, e) < 0)
		ret = -1;
	if (ret == 0)
		ret = keep_option(s, &o, e);
	if (ret != 0)
		option_release(&o);
	return ret;
}

/* A formula that fails anywhere takes the whole pattern out, with one warning. */
static void leave_out(struct scenario *sc, struct slot *s, size_t index, size_t before,
	const struct err *why)
{
	while (s->n_options > before)
		option_release(&s->options[--s->n_options]);
	if (knowledge_first_warning(sc->k, s->patterns[index]->id))
		log_warn(&sc->k->env->log, "pattern left out: %s", why->msg);
	reason_set(&s->out[index], "broken", "", 1, "1 defect: %.240s", why->msg);
}

/* Every combination of the free choices, in their order. */
static int pattern_options(
	struct scenario *sc, struct slot *s, size_t index, struct err *e)
{
	const struct pattern *p = s->patterns[index];
	struct combinations c;
	size_t before = s->n_options;
	uint64_t shared = 0;
	struct reason *r = &s->out[index];
	struct err why = { 0 };
	int ret = 0, reused = 0;

	if (free_choices(p, &c, &why) < 0 || share_all(sc, p, &shared, &why) < 0)
		ret = -1;
	else if (base_fails(sc, shared, r))
		return 0;
	else
		ret = reused = reuse_options(sc, s, index, shared, &why);
	for (size_t i = 0; ret >= 0 && !reused && i < c.total; i++) {
		ret = add_option(sc, s, index, &c, shared, r, &why);
		next_combination(&c);
	}
	if (ret < 0 && (why.code == ERR_INTERNAL || sc->k->failed.code != ERR_NONE)) {
		*e = why.code == ERR_INTERNAL ? why : sc->k->failed;
		return -1;
	}
	if (ret < 0)
		leave_out(sc, s, index, before, &why);
	else if (s->n_options > before)
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
	s->lacks = calloc(all->n + 1, sizeof(*s->lacks));
	if (s->patterns == NULL || s->out == NULL || s->lacks == NULL)
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
		const char *broken;

		if (pin != NULL && strcmp(pin, p->id) != 0) {
			reason_set(r, "pinned", "", 1, "1 pin: %s is filled by %s",
				s->name, pin);
			continue;
		}
		known = 1;
		broken = patterns_refused(&sc->k->patterns, p->id);
		if (broken != NULL) {
			reason_set(r, "broken", "", 1, "1 defect: %.240s", broken);
			continue;
		}
		if (excluded(sc, p, r) || use_case_fails(sc, p, r) ||
			services_fail(sc, p, r) || unknown_on_path(sc, s, p, r))
			continue;
		if (pattern_options(sc, s, i, e) < 0)
			return -1;
	}
	if (!known && patterns_refused(&sc->k->patterns, pin) != NULL)
		return err_set(e, ERR_CONFIG, "--pin %s=%s: %.160s", s->name, pin,
			patterns_refused(&sc->k->patterns, pin));
	if (!known)
		return err_set(e, ERR_USAGE, "--pin %s=%s: no such pattern for this slot",
			s->name, pin);
	set_penalties(sc, s);
	return 0;
}
