/* A solved scenario as the JSON of a plan. */
#include "emit.h"

#include <math.h>
#include <string.h>

/* The first slot that an instance fills is its host: it has the lines and the module. */
static void find_host(struct scenario *sc, struct parts *all, struct part *p)
{
	const struct component *instance;

	p->lines = &p->option->lines;
	p->cost = p->option->cost;
	if (p->option->instance < 0)
		return;
	instance = &sc->components[p->option->instance];
	for (size_t i = 0; i < all->n && p->host == NULL; i++)
		if (&all->at[i] != p && all->at[i].option != NULL &&
			all->at[i].option->instance == p->option->instance)
			p->host = &all->at[i];
	if (p->host != NULL) {
		p->lines = NULL;
		snprintf(p->module, sizeof(p->module), "%s", p->host->module);
	} else {
		p->lines = &instance->lines;
		p->cost = instance->cost;
	}
}

/* Bases that are used only, then slots in the order of slots.json. */
static void list_parts(
	struct scenario *sc, const struct solver_plan *sp, struct parts *out)
{
	out->n = 0;
	for (size_t i = 0; i < sc->n_components && out->n < BASES_MAX; i++) {
		struct part *p = &out->at[out->n];

		if ((sp->components >> i & 1) == 0 ||
			sc->components[i].endpoint != NULL ||
			sc->components[i].is_instance)
			continue;
		memset(p, 0, sizeof(*p));
		p->pattern = sc->components[i].pattern;
		p->base = &sc->components[i];
		p->lines = &p->base->lines;
		p->cost = p->base->cost;
		p->capability = "base";
		base_module(p->pattern->id, p->module);
		p->name = p->module;
		out->n++;
	}
	for (size_t i = 0; i < sc->n_slots; i++) {
		struct part *p = &out->at[out->n++];

		memset(p, 0, sizeof(*p));
		p->option = &sc->slots[i].options[sp->choice[i]];
		p->pattern = p->option->pattern;
		p->name = sc->slots[i].name;
		p->capability = sc->slots[i].capability;
		p->slot = i;
		snprintf(p->module, sizeof(p->module), "%s", sc->slots[i].module);
		find_host(sc, out, p);
	}
}

static int gives(const struct part *p, const char *port)
{
	JSON_EACH (it, json_get(p->pattern->json, "provides"))
		if (strcmp(json_str_or(it, "port", ""), port) == 0)
			return 1;
	return 0;
}

/* Who provides the port to the consumer: the capability that slots.json prefers,
 * else the first part. NULL if nobody does. */
static const struct part *provider(const struct scenario *sc, const struct parts *all,
	const struct part *consumer, const char *port)
{
	const struct part *first = NULL;
	const cJSON *order = json_get(json_get(sc->k->slots, "prefer_provider"), port);

	JSON_EACH (capability, order)
		for (size_t i = 0; i < all->n; i++)
			if (&all->at[i] != consumer && gives(&all->at[i], port) &&
				strcmp(all->at[i].capability, json_text(capability)) == 0)
				return &all->at[i];
	for (size_t i = 0; i < all->n && first == NULL; i++)
		if (&all->at[i] != consumer && gives(&all->at[i], port))
			first = &all->at[i];
	return first;
}

/* As edges name a part: a slot that another one's instance fills is that one. */
static const char *edge_name(const struct part *p)
{
	return p->host != NULL ? p->host->name : p->name;
}

static int has_edge(
	const cJSON *edges, const char *from, const char *to, const char *port)
{
	JSON_EACH (it, edges)
		if (strcmp(json_str_or(it, "from", ""), from) == 0 &&
			strcmp(json_str_or(it, "to", ""), to) == 0 &&
			strcmp(json_str_or(it, "port", ""), port) == 0)
			return 1;
	return 0;
}

/* `need` is the port as `to` requires it. */
static int add_edge(const struct part *from, const struct part *to, const cJSON *need,
	cJSON *edges, struct err *e)
{
	const char *port = json_str_or(need, "port", "");
	const char *names[2] = { edge_name(from), edge_name(to) };
	cJSON *edge;

	if (strcmp(names[0], names[1]) == 0 || has_edge(edges, names[0], names[1], port))
		return 0;
	edge = json_push_object(edges, e);
	if (edge == NULL || json_set_str(edge, "from", names[0], e) < 0 ||
		json_set_str(edge, "to", names[1], e) < 0 ||
		json_set_str(edge, "port", port, e) < 0)
		return -1;
	return json_true(json_get(need, "writes")) ? json_set_bool(edge, "writes", 1, e)
						   : 0;
}

static int emit_edges(
	const struct scenario *sc, const struct parts *all, cJSON *plan, struct err *e)
{
	cJSON *edges = json_add_array(plan, "edges", e);

	for (size_t i = 0; edges != NULL && i < all->n; i++) {
		JSON_EACH (it, json_get(all->at[i].pattern->json, "requires")) {
			const struct part *from = provider(
				sc, all, &all->at[i], json_str_or(it, "port", ""));

			if (from != NULL && add_edge(from, &all->at[i], it, edges, e) < 0)
				return -1;
		}
	}
	return edges == NULL ? -1 : 0;
}

static int emit_components(const struct lines *l, cJSON *to, struct err *e)
{
	cJSON *names = json_add_array(to, "components", e);

	if (names == NULL)
		return -1;
	for (size_t i = 0; l != NULL && i < l->n; i++)
		if (!json_has_text(names, l->at[i].component) &&
			json_push_str(names, l->at[i].component, e) < 0)
			return -1;
	return 0;
}

int set_ms(cJSON *to, const char *key, double ms, struct err *e)
{
	return json_set_num(to, key, solver_round_ms(ms), e);
}

static int emit_hops(const struct option *o, cJSON *to, struct err *e)
{
	cJSON *latency, *hops;

	if (o->n_hops == 0)
		return 0;
	latency = json_add_object(to, "latency", e);
	if (latency == NULL ||
		set_ms(latency, "p50_ms", path_percentile_ms(o->hops, o->n_hops, 50), e) <
			0 ||
		set_ms(latency, "p95_ms", path_percentile_ms(o->hops, o->n_hops, 95), e) <
			0 ||
		set_ms(latency, "p99_ms", path_percentile_ms(o->hops, o->n_hops, 99), e) <
			0)
		return -1;
	hops = json_add_array(latency, "hops", e);
	for (size_t i = 0; hops != NULL && i < o->n_hops; i++) {
		cJSON *h = json_push_object(hops, e);

		if (h == NULL || json_set_str(h, "name", o->hop_names[i], e) < 0 ||
			json_set_num(h, "p50_ms", rounded(o->hops[i].p50_ms), e) < 0 ||
			json_set_num(h, "p95_ms", rounded(o->hops[i].p95_ms), e) < 0 ||
			json_set_num(h, "p99_ms", rounded(o->hops[i].p99_ms), e) < 0 ||
			json_set_str(h, "evidence", o->hop_sources[i], e) < 0)
			return -1;
	}
	return hops == NULL ? -1 : 0;
}

static int emit_queue(const struct option *o, cJSON *to, struct err *e)
{
	cJSON *q;

	if (o->queue_of == NULL || o->queue.rate_rps <= 0)
		return 0;
	q = json_add_object(to, "queue", e);
	if (q == NULL || json_set_str(q, "of", o->queue_of, e) < 0 ||
		json_set_num(q, "rate_rps", rounded(o->queue.rate_rps), e) < 0 ||
		json_set_num(q, "service_ms", rounded(o->queue.service_ms), e) < 0 ||
		json_set_num(q, "servers", o->queue.servers, e) < 0 ||
		json_set_num(q, "utilisation_pct",
			round(queue_utilisation(&o->queue) * 1000) / 10, e) < 0 ||
		set_ms(q, "wait_p95_ms", queue_wait_ms(&o->queue, 95), e) < 0)
		return -1;
	return 0;
}

/* The services that count on the request path, each with its published SLA. */
static int emit_availability(
	const struct scenario *sc, const struct option *o, cJSON *to, struct err *e)
{
	cJSON *a = json_add_object(to, "availability", e);

	if (a == NULL ||
		json_set_num(a, "pct", round(o->availability_pct * 1e5) / 1e5, e) < 0 ||
		json_set_str(a, "redundancy",
			json_str_or(json_get(o->pattern->json, "availability"),
				"redundancy", "none"),
			e) < 0 ||
		json_set_str(a, "unpublished",
			o->unpublished[0] != '\0' ? o->unpublished : NULL, e) < 0)
		return -1;
	return json_set_num(a, "copies", sc->redundant, e);
}

/* What an option costs by itself, also where others share its instance. */
static pico_usd own_cost(const struct scenario *sc, const struct option *o)
{
	return o->instance >= 0 ? sc->components[o->instance].cost : o->cost;
}

/* The next best pattern of the slot by cost alone: what the choice was measured against. */
static int emit_why(
	const struct scenario *sc, const struct part *p, cJSON *to, struct err *e)
{
	const struct slot *s = &sc->slots[p->slot];
	const struct option *next = NULL;
	size_t fit = 0, last = SIZE_MAX;
	const char *why = json_str_or(s->def, "why", "");

	for (size_t i = 0; i < s->n_options; i++) {
		const struct option *o = &s->options[i];

		if (o->pattern_index != last)
			fit++;
		last = o->pattern_index;
		if (o->pattern != p->pattern &&
			(next == NULL || own_cost(sc, o) < own_cost(sc, next)))
			next = o;
	}
	if (p->host != NULL)
		return json_setf(to, "why", e, "%s; the instance of %s serves it, too",
			why, p->host->name);
	if (next == NULL)
		return json_setf(to, "why", e, "%s; %s is the only pattern that fits",
			why, p->pattern->title);
	return json_setf(to, "why", e,
		"%s; %s at $%.2f a month of its own, one of %zu that fit (next: %s at "
		"$%.2f)",
		why, p->pattern->title, pico_number(p->cost), fit, next->pattern->title,
		pico_number(own_cost(sc, next)));
}

/* How much of the stated capacity the peak leaves. */
static int emit_headroom(
	const struct scenario *sc, const struct option *o, cJSON *to, struct err *e)
{
	static const struct {
		const char *capacity, *load;
	} peaks[] = { { "requests_per_second", "rps_peak" },
		{ "events_per_second", "items_peak" },
		{ "reads_per_second", "store_reads_peak" },
		{ "documents_per_day", "documents_day" }, { "gb_per_day", "gb_per_day" },
		{ "storage_gb", "storage_gb" } };
	double peak = 0;
	cJSON *h;

	if (o->capacity_of == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(peaks); i++)
		if (strcmp(peaks[i].capacity, o->capacity_of) == 0)
			peak = json_num_or(json_get(sc->ctx, "load"), peaks[i].load, 0);
	h = json_add_object(to, "headroom", e);
	return h == NULL || json_set_str(h, "of", o->capacity_of, e) < 0 ||
			json_set_num(h, "capacity", rounded(o->capacity), e) < 0 ||
			json_set_num(h, "peak", rounded(peak), e) < 0
		? -1
		: json_set_num(h, "headroom_pct",
			  round((1 - peak / o->capacity) * 1000) / 10, e);
}

static int emit_slot(
	struct scenario *sc, const struct part *p, cJSON *slots, int whole, struct err *e)
{
	cJSON *s = json_push_object(slots, e);

	if (s == NULL || json_set_str(s, "slot", p->name, e) < 0 ||
		json_set_str(s, "capability", p->capability, e) < 0 ||
		json_set_str(s, "workload", sc->slots[p->slot].workload, e) < 0 ||
		json_set_str(s, "pattern", p->pattern->id, e) < 0 ||
		json_set_str(s, "version", p->pattern->version, e) < 0 ||
		json_set_copy(s, "params", p->option->params, e) < 0)
		return -1;
	if (!whole)
		return json_has(p->pattern->json, "tradeoffs")
			? json_set_copy(s, "tradeoffs",
				  json_get(p->pattern->json, "tradeoffs"), e)
			: 0;
	if (emit_components(p->lines, s, e) < 0 ||
		json_set_str(s, "module", p->module, e) < 0 ||
		emit_why(sc, p, s, e) < 0 ||
		json_set_str(s, "title", p->pattern->title, e) < 0 ||
		json_set_copy(s, "services", p->option->services, e) < 0 ||
		pico_set_usd(s, "monthly_usd", p->cost, e) < 0 ||
		json_set_num(s, "burden", json_num_or(p->pattern->json, "burden", 3), e) <
			0 ||
		json_set_str(s, "preferences_not_met",
			p->option->penalties[0] != '\0' ? p->option->penalties : NULL,
			e) < 0 ||
		emit_headroom(sc, p->option, s, e) < 0 ||
		emit_hops(p->option, s, e) < 0 || emit_queue(p->option, s, e) < 0 ||
		emit_availability(sc, p->option, s, e) < 0)
		return -1;
	if (p->host != NULL && json_set_str(s, "shared_instance", p->host->name, e) < 0)
		return -1;
	if (json_has(p->pattern->json, "failure_domains"))
		return json_set_copy(s, "failure_domains",
			json_get(p->pattern->json, "failure_domains"), e);
	return 0;
}

static int shares(
	const struct scenario *sc, const struct option *o, const struct component *c)
{
	return (o->components >> (c - sc->components) & 1) != 0;
}

static int emit_base(struct scenario *sc, const struct solver_plan *sp,
	const struct part *p, cJSON *bases, struct err *e)
{
	cJSON *b = json_push_object(bases, e), *by, *params;

	if (b == NULL || json_set_str(b, "pattern", p->pattern->id, e) < 0 ||
		json_set_str(b, "version", p->pattern->version, e) < 0 ||
		json_set_copy(b, "params", p->base->params, e) < 0)
		return -1;
	params = json_own(b, "params", e);
	if (params != NULL && strstr(p->pattern->id, ".base.network") != NULL) {
		cJSON *list = json_add_array(params, "endpoints", e);

		for (size_t i = 0; list != NULL && i < sc->n_components; i++)
			if ((sp->components >> i & 1) != 0 &&
				sc->components[i].endpoint != NULL &&
				json_push_str(list, sc->components[i].endpoint, e) < 0)
				return -1;
		if (list == NULL)
			return -1;
	}
	if (emit_components(p->lines, b, e) < 0 ||
		json_set_str(b, "module", p->module, e) < 0 ||
		json_set_str(b, "title", p->pattern->title, e) < 0)
		return -1;
	if (json_set_copy(b, "services", p->base->services, e) < 0)
		return -1;
	by = json_add_array(b, "shared_by", e);
	for (size_t i = 0; by != NULL && i < sc->n_slots; i++)
		if (shares(sc, &sc->slots[i].options[sp->choice[i]], p->base) &&
			json_push_str(by, sc->slots[i].name, e) < 0)
			return -1;
	return by == NULL ? -1 : 0;
}

static int emit_line(const struct line *l, const struct part *p, const char *suffix,
	cJSON *bom, struct err *e)
{
	cJSON *b = json_push_object(bom, e);

	if (b == NULL || json_setf(b, "component", e, "%s%s", l->component, suffix) < 0 ||
		json_set_str(b, "sku", l->sku, e) < 0 ||
		json_set_str(b, "service", l->service, e) < 0 ||
		json_set_str(b, "region", l->region, e) < 0 ||
		json_set_num(b, "qty", l->qty, e) < 0 ||
		json_set_str(b, "unit", l->unit, e) < 0 ||
		json_set_str(b, "kind", l->kind, e) < 0 ||
		json_set_str(b, p->base != NULL ? "base" : "slot", p->name, e) < 0 ||
		json_set_str(b, "pattern", p->pattern->id, e) < 0 ||
		json_set_str(b, "price", price_status_name(l->status), e) < 0)
		return -1;
	if (l->status == PRICE_UNPRICED &&
		pico_set_usd(b, "ranked_at_usd", l->rank, e) < 0)
		return -1;
	return l->note == NULL ? 0 : json_set_str(b, "note", l->note, e);
}

static void money_add(struct money *m, const struct line *l)
{
	m->priced += l->amount;
	m->ranked += l->rank;
	if (strcmp(l->kind, "baseline") == 0)
		m->baseline += l->rank;
	else
		m->usage += l->rank;
	m->unpriced += l->status == PRICE_UNPRICED || l->status == PRICE_PARTIAL;
	m->estimated += l->status == PRICE_ESTIMATED;
}

static int emit_lines(const struct lines *l, const struct part *p, const char *suffix,
	cJSON *bom, struct money *m, struct err *e)
{
	for (size_t i = 0; l != NULL && i < l->n; i++) {
		money_add(m, &l->at[i]);
		if (bom != NULL && emit_line(&l->at[i], p, suffix, bom, e) < 0)
			return -1;
	}
	return 0;
}

/* Every line once: bases with the endpoints that are used, then slots. */
static int emit_bom(struct scenario *sc, const struct solver_plan *sp,
	const struct parts *all, cJSON *bom, struct money *m, struct err *e)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct part *p = &all->at[i];

		if (emit_lines(p->lines, p, "", bom, m, e) < 0)
			return -1;
		for (size_t j = 0; p->base != NULL && j < sc->n_components; j++) {
			const struct component *c = &sc->components[j];
			char suffix[80];

			if (c->endpoint == NULL || c->pattern != p->pattern ||
				(sp->components >> j & 1) == 0)
				continue;
			snprintf(suffix, sizeof(suffix), "-%s", c->endpoint);
			if (emit_lines(&c->lines, p, suffix, bom, m, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* The provider adds up an account's usage of a tiered price, and so does the critic:
 * lines of one sku and region share their tiers, in the order of the bill. */
static int priced_sum(struct scenario *sc, const cJSON *bom, pico_usd *sum, struct err *e)
{
	*sum = 0;
	JSON_EACH (line, bom) {
		const char *sku = json_str_or(line, "sku", "");
		const char *region = json_str_or(line, "region", "");
		struct price_book *book = knowledge_book(sc->k, region, e);
		struct quantity before = QUANTITY_ZERO, qty, own;
		struct price price;

		if (book == NULL ||
			quantity_from(json_num_or(line, "qty", 0), &own, e) < 0)
			return -1;
		JSON_EACH (other, bom) {
			if (other == line)
				break;
			if (strcmp(json_str_or(other, "sku", ""), sku) != 0 ||
				strcmp(json_str_or(other, "region", ""), region) != 0)
				continue;
			if (quantity_from(json_num_or(other, "qty", 0), &qty, e) < 0 ||
				quantity_add(&before, &qty, e) < 0)
				return -1;
		}
		if (price_line_after(book, sku, &before, &own, &price, e) < 0)
			return -1;
		*sum += price.amount;
	}
	return 0;
}

/* ---- the whole ---- */

static int emit_regions(const struct scenario *sc, cJSON *plan, struct err *e)
{
	cJSON *r = json_add_array(plan, "regions", e);

	for (int i = 0; r != NULL && i < sc->copies; i++)
		if (json_push_str(r, sc->region[i], e) < 0)
			return -1;
	return r == NULL ? -1 : 0;
}

int emit_plan(struct scenario *sc, const struct solver_plan *sp, int whole, cJSON *plan,
	struct err *e)
{
	struct parts all;
	struct money money = { 0 };
	cJSON *slots, *bases, *bom;

	list_parts(sc, sp, &all);
	if (whole &&
		(json_set_bool(plan, "feasible", 1, e) < 0 ||
			json_set_str(plan, "cloud", sc->k->cloud, e) < 0))
		return -1;
	if (emit_regions(sc, plan, e) < 0)
		return -1;
	slots = json_add_array(plan, "slots", e);
	for (size_t i = 0; slots != NULL && i < all.n; i++)
		if (all.at[i].option != NULL &&
			emit_slot(sc, &all.at[i], slots, whole, e) < 0)
			return -1;
	if (slots == NULL)
		return -1;
	if (!whole)
		return emit_bom(sc, sp, &all, NULL, &money, e) < 0 ||
				emit_estimates(sc, sp, &money, plan, e) < 0 ||
				emit_objective(sp, plan, e) < 0
			? -1
			: 0;
	bases = json_add_array(plan, "bases", e);
	for (size_t i = 0; bases != NULL && i < all.n; i++)
		if (all.at[i].base != NULL && emit_base(sc, sp, &all.at[i], bases, e) < 0)
			return -1;
	if (bases == NULL || emit_edges(sc, &all, plan, e) < 0)
		return -1;
	bom = json_add_array(plan, "bom", e);
	if (bom == NULL || emit_bom(sc, sp, &all, bom, &money, e) < 0 ||
		priced_sum(sc, bom, &money.priced, e) < 0 ||
		emit_estimates(sc, sp, &money, plan, e) < 0 ||
		emit_paths(sc, sp, plan, e) < 0 || emit_objective(sp, plan, e) < 0 ||
		json_set_copy(plan, "load", json_get(sc->ctx, "load"), e) < 0 ||
		json_set_copy(plan, "assumptions", sc->assumptions, e) < 0 ||
		emit_preflight(sc, sp, &all, plan, e) < 0)
		return -1;
	return emit_diagram(&all, json_get(plan, "edges"), plan, e);
}
