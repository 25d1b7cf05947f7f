/* Capacity, queueing and latency: what the plan's sizes do at the stated load. */
#include "tech.h"

#include <math.h>

#define TARGET_USE 0.7 /* what a remedy aims at */
#define HOPS_MAX   64

static double one_decimal(double d)
{
	return nearbyint(d * 10) / 10;
}

static int set_ms(cJSON *o, const char *key, double ms, struct err *e)
{
	return isfinite(ms) ? json_set_num(o, key, one_decimal(ms), e)
			    : json_set_null(o, key, e);
}

/* Average over peak of the load that a stage sees. */
static double average_share(const struct tech *t)
{
	double peak = json_num_or(t->load, "rps_peak", 0),
	       avg = json_num_or(t->load, "rps_avg", 0);

	return peak > 0 && avg > 0 && avg <= peak ? avg / peak : 1.0 / 3;
}

static int add_stage(struct tech *t, const char *name, const struct queue *peak,
	const struct queue *avg, const char *of, struct err *e)
{
	cJSON *o = json_push_object(json_edit(t->critique, "/utilisation"), e);

	if (o == NULL || json_set_str(o, "component", name, e) < 0 ||
		json_set_str(o, "of", of, e) < 0 ||
		json_set_num(o, "servers", peak->servers, e) < 0 ||
		json_set_num(o, "service_ms", peak->service_ms, e) < 0 ||
		json_set_num(o, "rate_peak_rps", peak->rate_rps, e) < 0 ||
		json_set_num(o, "average",
			nearbyint(queue_utilisation(avg) * 1000) / 1000, e) < 0 ||
		json_set_num(o, "peak", nearbyint(queue_utilisation(peak) * 1000) / 1000,
			e) < 0 ||
		json_set_num(o, "wait_probability",
			nearbyint(queue_wait_probability(peak) * 1000) / 1000, e) < 0)
		return -1;
	return set_ms(o, "wait_p95_ms", queue_wait_ms(peak, 95), e) < 0 ||
			set_ms(o, "wait_p99_ms", queue_wait_ms(peak, 99), e) < 0 ||
			set_ms(o, "response_p95_ms", queue_response_ms(peak, 95), e) < 0
		? -1
		: 0;
}

/* The parameter whose count the servers follow: the first of these that the slot has. */
static const char *count_of(const cJSON *slot)
{
	static const char *const counts[] = { "max_replicas", "replicas", "instances",
		"max_instances", "shards", "nodes", "workers", "concurrency" };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (json_is(json_get(json_get(slot, "params"), counts[i]), JSON_NUMBER))
			return counts[i];
	return NULL;
}

/* Of a plan that is none of this catalogue's: in proportion to the slot's own cost. */
static int estimate(cJSON *f, const cJSON *slot, double from, double to, struct err *e)
{
	cJSON *remedy = json_edit(f, "/remedy");
	double usd = json_num_or(slot, "monthly_usd", NAN);

	if (!json_is(json_get(remedy, "monthly_usd"), JSON_NULL) ||
		json_has(remedy, "unsolved") || !isfinite(usd))
		return 0;
	return json_set_bool(remedy, "estimated", 1, e) < 0
		? -1
		: json_set_num(remedy, "monthly_usd",
			  nearbyint(usd * (to / from - 1) * 100) / 100, e);
}

/* More of what the slot counts, or the cheapest pattern that keeps up. */
static int set_change(struct tech *t, cJSON *f, const cJSON *slot, double from, double to,
	struct err *e)
{
	const char *name = json_str_or(slot, "slot", ""), *count = count_of(slot);
	double now = json_number(json_get(json_get(slot, "params"), count), 0);
	struct change c = { .slot = name, .other = 1 };
	cJSON *change;
	int ret;

	if (count == NULL || !(from > 0))
		ret = remedy_by_change(t, f, &c, e);
	else
		ret = remedy_by_param(
			t, f, name, count, json_new_num(ceil(now * to / from), e), e);
	change = json_edit(f, "/remedy/change");
	if (ret < 0 || json_set_num(change, "from", from, e) < 0 ||
		json_set_num(change, "to", to, e) < 0)
		return -1;
	return estimate(f, slot, from, to, e);
}

static int report_stage(
	struct tech *t, const cJSON *slot, const struct queue *q, struct err *e)
{
	const char *name = json_str_or(slot, "slot", "?");
	double use = queue_utilisation(q);
	double need = ceil(q->rate_rps * q->service_ms / 1000 / TARGET_USE);
	cJSON *f;

	if (use < 0.8)
		return 0;
	f = finding(t, use >= 1 ? "capacity" : "queueing",
		use >= 1 ? SEV_HIGH : SEV_MEDIUM, name, e);
	if (use >= 1)
		t->infeasible = 1;
	if (f == NULL ||
		finding_title(f, e, "%s is %.0f %% busy at peak", name, use * 100) < 0 ||
		finding_detail(f, e,
			use >= 1 ? "%.4g requests a second of %.4g ms need more than "
				   "%.0f servers: the queue grows "
				   "without end"
				 : "%.4g requests a second of %.4g ms on %.0f servers: "
				   "waiting grows fast above 80 %%",
			q->rate_rps, q->service_ms, q->servers) < 0 ||
		finding_number(f, "utilisation", use, e) < 0 ||
		finding_number(f, "servers", q->servers, e) < 0 ||
		finding_number(f, "wait_p95_ms", queue_wait_ms(q, 95), e) < 0 ||
		finding_number(f, "saturates_at_rps", q->servers * 1000 / q->service_ms,
			e) < 0 ||
		finding_remedy(f, e,
			"go from %.0f to %.0f servers, which are 70 %% busy at peak",
			q->servers, need) < 0)
		return -1;
	return set_change(t, f, slot, q->servers, need, e);
}

/* A dear stage that hardly works is worth a smaller size. */
static int report_idle(
	struct tech *t, const cJSON *slot, const struct queue *q, struct err *e)
{
	const char *name = json_str_or(slot, "slot", "?");
	double use = queue_utilisation(q), usd = json_num_or(slot, "monthly_usd", 0);
	cJSON *f;

	if (use >= 0.05 || usd < 50 || q->servers < 2)
		return 0;
	f = finding(t, "capacity", SEV_INFO, name, e);
	if (f == NULL ||
		finding_title(f, e, "%s is %.1f %% busy at peak", name, use * 100) < 0 ||
		finding_detail(f, e,
			"%.2f USD a month for a stage that is mostly idle; redundancy or "
			"memory may still need it",
			usd) < 0 ||
		finding_number(f, "utilisation", use, e) < 0 ||
		finding_number(f, "monthly_usd", usd, e) < 0)
		return -1;
	if (finding_remedy(
		    f, e, "the cheapest other pattern for the slot, if it serves") < 0)
		return -1;
	return remedy_by_change(t, f, &(struct change){ .slot = name, .other = 1 }, e);
}

/* ---- stages that state a capacity and no queue ---- */

static int add_share(struct tech *t, const char *name, const char *of, double capacity,
	double average, double peak, struct err *e)
{
	cJSON *o = json_push_object(json_edit(t->critique, "/utilisation"), e);

	return o == NULL || json_set_str(o, "component", name, e) < 0 ||
			json_set_str(o, "of", of, e) < 0 ||
			json_set_num(o, "capacity", capacity, e) < 0 ||
			json_set_num(o, "average", nearbyint(average * 1000) / 1000, e) <
				0
		? -1
		: json_set_num(o, "peak", nearbyint(peak * 1000) / 1000, e);
}

static int report_full(struct tech *t, const cJSON *slot, const char *of, double capacity,
	double peak, struct err *e)
{
	const char *name = json_str_or(slot, "slot", "?");
	cJSON *f;

	if (peak < 0.8)
		return 0;
	f = finding(t, "capacity", peak >= 1 ? SEV_HIGH : SEV_MEDIUM, name, e);
	if (peak >= 1)
		t->infeasible = 1;
	if (f == NULL ||
		finding_title(f, e, "%s uses %.0f %% of its capacity at peak", name,
			peak * 100) < 0 ||
		finding_detail(f, e, "%.6g of %.6g %s", peak * capacity, capacity, of) <
			0 ||
		finding_number(f, "utilisation", peak, e) < 0 ||
		finding_number(f, "capacity", capacity, e) < 0 ||
		finding_remedy(f, e, "a size that is %.0f %% used at peak",
			TARGET_USE * 100) < 0)
		return -1;
	return set_change(t, f, slot, TARGET_USE, peak, e);
}

static int check_share(struct tech *t, const cJSON *slot, double share, struct err *e)
{
	const cJSON *h = json_get(slot, "headroom");
	const char *of = json_str_or(h, "of", "");
	double capacity = json_num_or(h, "capacity", 0);
	double peak = json_num_or(h, "peak", 0) / capacity;
	/* volumes do not swing within a day as rates do */
	double average = strstr(of, "per_second") != NULL ? peak * share : peak;

	if (!(capacity > 0) || !isfinite(peak))
		return 0;
	return add_share(t, json_str_or(slot, "slot", "?"), of, capacity, average, peak,
		       e) < 0
		? -1
		: report_full(t, slot, of, capacity, peak, e);
}

static int check_queue(struct tech *t, const cJSON *slot, const struct queue *q,
	double share, struct err *e)
{
	struct queue avg = *q;

	avg.rate_rps *= share;
	return add_stage(t, json_str_or(slot, "slot", "?"), q, &avg,
		       json_str_or(json_get(slot, "queue"), "of", "requests"), e) < 0 ||
			report_stage(t, slot, q, e) < 0
		? -1
		: report_idle(t, slot, q, e);
}

int check_capacity(struct tech *t, struct err *e)
{
	double share = average_share(t);

	JSON_EACH (s, t->slots) {
		const cJSON *given = json_get(s, "queue");
		struct queue q = { json_num_or(given, "rate_rps", 0),
			json_num_or(given, "service_ms", 0),
			json_num_or(given, "servers", 0) };
		int sound = json_is(given, JSON_OBJECT) && q.servers >= 1 &&
			q.service_ms > 0 && q.rate_rps >= 0;

		if ((sound ? check_queue(t, s, &q, share, e)
			   : check_share(t, s, share, e)) < 0)
			return -1;
	}
	return 0;
}

/* ---- paths ---- */

struct path {
	struct hop hop[HOPS_MAX];
	const char *name[HOPS_MAX], *slot[HOPS_MAX];
	size_t n;
	double pct, target;
};

static int add_hops(struct path *p, const cJSON *slot)
{
	const cJSON *lat = json_get(slot, "latency"), *hops = json_get(lat, "hops");

	JSON_EACH (h, hops) {
		if (p->n == HOPS_MAX)
			return 0;
		p->hop[p->n] = (struct hop){ json_num_or(h, "p50_ms", 0),
			json_num_or(h, "p95_ms", 0), json_num_or(h, "p99_ms", 0) };
		p->name[p->n] = json_str_or(h, "name", "?");
		p->slot[p->n++] = json_str_or(slot, "slot", "?");
	}
	if (json_len(hops) > 0 || !json_is(lat, JSON_OBJECT) || p->n == HOPS_MAX)
		return 0;
	p->hop[p->n] = (struct hop){ json_num_or(lat, "p50_ms", 0),
		json_num_or(lat, "p95_ms", 0),
		json_num_or(lat, "p99_ms", json_num_or(lat, "p95_ms", 0)) };
	p->name[p->n] = p->slot[p->n] = json_str_or(slot, "slot", "?");
	p->n++;
	return 0;
}

/* The hop whose tail adds most to the path's. */
static size_t worst_hop(const struct path *p)
{
	size_t worst = 0;
	double most = -1;

	for (size_t i = 0; i < p->n; i++) {
		double tail = hop_percentile_ms(&p->hop[i], p->pct);

		if (tail > most) {
			most = tail;
			worst = i;
		}
	}
	return worst;
}

static int add_path(
	struct tech *t, const struct path *p, const char *name, double got, struct err *e)
{
	cJSON *o = json_push_object(json_edit(t->critique, "/paths"), e), *hops;

	if (o == NULL || json_set_str(o, "name", name, e) < 0)
		return -1;
	hops = json_add_array(o, "hops", e);
	for (size_t i = 0; hops != NULL && i < p->n; i++) {
		cJSON *h = json_push_object(hops, e);

		if (h == NULL || json_set_str(h, "slot", p->slot[i], e) < 0 ||
			json_set_str(h, "name", p->name[i], e) < 0 ||
			set_ms(h, "p50_ms", p->hop[i].p50_ms, e) < 0 ||
			set_ms(h, "p95_ms", p->hop[i].p95_ms, e) < 0)
			return -1;
	}
	if (hops == NULL ||
		set_ms(o, "p50_ms", path_percentile_ms(p->hop, p->n, 50), e) < 0 ||
		set_ms(o, "p95_ms", path_percentile_ms(p->hop, p->n, 95), e) < 0 ||
		set_ms(o, "p99_ms", path_percentile_ms(p->hop, p->n, 99), e) < 0 ||
		set_ms(o, "p95_upper_ms", path_upper_ms(p->hop, p->n, 95), e) < 0 ||
		json_set_num(o, "percentile", p->pct, e) < 0)
		return -1;
	if (!(p->target > 0))
		return json_set_null(o, "target_ms", e) < 0
			? -1
			: json_set_null(o, "meets_target", e);
	return json_set_num(o, "target_ms", p->target, e) < 0 ||
			set_ms(o, "margin_ms", p->target - got, e) < 0
		? -1
		: json_set_bool(o, "meets_target", one_decimal(got) <= p->target, e);
}

static int report_path(
	struct tech *t, const struct path *p, const char *name, double got, struct err *e)
{
	double upper = path_upper_ms(p->hop, p->n, p->pct);
	size_t worst = worst_hop(p);
	enum severity sev = one_decimal(got) > p->target ? SEV_HIGH
		: got > 0.9 * p->target                  ? SEV_MEDIUM
							 : SEV_LOW;
	cJSON *f;

	if (!(p->target > 0) || (sev == SEV_LOW && upper <= p->target))
		return 0;
	if (sev == SEV_HIGH)
		t->infeasible = 1;
	f = finding(t, "latency", sev, name, e);
	if (f == NULL ||
		finding_title(f, e,
			sev == SEV_HIGH
				? "the %s path takes p%.4g %.1f ms, the target is %.1f ms"
				: sev == SEV_MEDIUM
				? "the %s path's p%.4g of %.1f ms leaves less than a "
				  "tenth of %.1f ms"
				: "the %s path meets p%.4g %.1f ms of %.1f ms only while "
				  "its hops are independent",
			name, p->pct, got, p->target) < 0 ||
		finding_detail(f, e,
			"%zu hops; the slowest is %s of %s with %.1f ms; if all hops "
			"were "
			"slow at once: %.1f ms",
			p->n, p->name[worst], p->slot[worst],
			hop_percentile_ms(&p->hop[worst], p->pct), upper) < 0 ||
		finding_number(f, "got_ms", got, e) < 0 ||
		finding_number(f, "target_ms", p->target, e) < 0 ||
		finding_number(f, "upper_ms", upper, e) < 0)
		return -1;
	if (finding_remedy(f, e,
		    "make %s of %s faster: the cheapest size or pattern that leaves a "
		    "tenth of the target",
		    p->name[worst], p->slot[worst]) < 0)
		return -1;
	return remedy_by_change(t, f,
		&(struct change){ .slot = p->slot[worst], .latency_share = 0.9 }, e);
}

static int judge_path(
	struct tech *t, const cJSON *path, const cJSON *slots, struct err *e)
{
	const char *name = json_str_or(path, "path", json_str_or(path, "name", "read"));
	struct path p = { .pct = json_num_or(
				  t->constraints, "sla_latency_percentile", 95) };
	double got;

	if (!(p.pct > 0 && p.pct < 100))
		p.pct = 95;
	JSON_EACH (s, slots) {
		const cJSON *slot =
			json_text(s) == NULL ? NULL : slot_by_name(t, json_text(s));

		if (slot != NULL)
			add_hops(&p, slot);
	}
	if (p.n == 0)
		return 0;
	if (json_bool_or(path, "limits_latency", 1))
		p.target = json_num_or(t->constraints, "sla_latency_ms", 0);
	got = path_percentile_ms(p.hop, p.n, p.pct);
	return add_path(t, &p, name, got, e) < 0 ? -1 : report_path(t, &p, name, got, e);
}

/* Without paths in the plan, each serving slot is a path of its own. */
int check_paths(struct tech *t, struct err *e)
{
	const cJSON *paths = json_get(t->plan, "paths");
	int ret = 0;

	JSON_EACH (p, paths)
		if (judge_path(t, p, json_get(p, "slots"), e) < 0)
			return -1;
	if (json_len(paths) > 0)
		return 0;
	JSON_EACH (s, t->slots) {
		cJSON *one;

		if (strcmp(json_str_or(s, "capability", ""), "serve") != 0 || ret < 0)
			continue;
		one = json_new_array(e);
		ret = one == NULL || json_push_str(one, json_str_or(s, "slot", ""), e) < 0
			? -1
			: judge_path(t, NULL, one, e);
		json_free(one);
	}
	return ret;
}
