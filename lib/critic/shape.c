/* Availability, single points of failure, coupling and where data flows. */
#include "tech.h"

#include <math.h>

#define PATH_MAX_SLOTS 64

/* ---- availability ---- */

static int report_availability(struct tech *t, const char *name, double pct,
	double target, const cJSON *weakest, struct err *e)
{
	cJSON *f = finding(t, "availability", SEV_HIGH, name, e);
	double down = (100 - pct) / 100 * HOURS_PER_MONTH * 60;

	if (f == NULL ||
		finding_title(f, e,
			"the %s path is %.3f %% available, the target is %.3f %%", name,
			pct, target) < 0 ||
		finding_detail(f, e,
			"%.0f minutes a month by the published SLAs; the weakest part is "
			"%s",
			down, json_str_or(weakest, "slot", "?")) < 0 ||
		finding_number(f, "availability_pct", pct, e) < 0 ||
		finding_number(f, "target_pct", target, e) < 0 ||
		finding_number(f, "minutes_down", down, e) < 0)
		return -1;
	if (finding_remedy(f, e,
		    "a second, independent region for the path; the weakest part is %s",
		    json_str_or(weakest, "slot", "?")) < 0)
		return -1;
	return remedy_by_change(t, f, &(struct change){ .copies = 2 }, e);
}

static int report_unpublished(struct tech *t, const cJSON *slot, struct err *e)
{
	const cJSON *u = json_at(slot, "/availability/unpublished");
	const char *name = json_str_or(slot, "slot", "?");
	cJSON *f;

	if (u == NULL || json_is(u, JSON_NULL) ||
		(json_is(u, JSON_ARRAY) && json_len(u) == 0))
		return 0;
	f = finding(t, "fact", SEV_LOW, name, e);
	if (f == NULL ||
		finding_title(f, e, "%s rests on a service without a published SLA",
			name) < 0 ||
		finding_detail(f, e,
			"no published availability for %s: the path's figure is an upper "
			"bound",
			json_text(u) != NULL ? json_text(u)
				: json_text(json_first(u)) != NULL
				? json_text(json_first(u))
				: "a service") < 0)
		return -1;
	if (finding_remedy(f, e,
		    "the cheapest pattern for %s whose services all publish one",
		    name) < 0)
		return -1;
	return remedy_by_change(
		t, f, &(struct change){ .slot = name, .published = 1 }, e);
}

static int judge_path(struct tech *t, const cJSON *path, struct err *e)
{
	double pct[PATH_MAX_SLOTS], got, target, weakest_pct = 101;
	const char *name = json_str_or(path, "path", "read");
	const cJSON *weakest = NULL;
	cJSON *out = json_edit(t->critique, "/availability"), *o;
	size_t n = 0;

	JSON_EACH (s, json_get(path, "slots")) {
		const cJSON *slot =
			json_text(s) == NULL ? NULL : slot_by_name(t, json_text(s));
		double a = json_number(json_at(slot, "/availability/pct"), NAN);

		if (!isfinite(a) || n == PATH_MAX_SLOTS)
			continue;
		pct[n++] = a;
		if (a < weakest_pct) {
			weakest_pct = a;
			weakest = slot;
		}
		if (report_unpublished(t, slot, e) < 0)
			return -1;
	}
	if (n == 0)
		return 0;
	got = availability_redundant(
		availability_series(pct, n), (int)json_num_or(path, "copies", 1));
	o = json_add_object(out, name, e);
	if (o == NULL ||
		json_set_num(o, "availability_pct", nearbyint(got * 1e5) / 1e5, e) < 0 ||
		json_set_num(o, "parts", (double)n, e) < 0 ||
		json_set_str(o, "weakest", json_str_or(weakest, "slot", NULL), e) < 0 ||
		(strcmp(name, "read") == 0 &&
			json_set_num(out, "read_pct", nearbyint(got * 1e5) / 1e5, e) < 0))
		return -1;
	target = json_num_or(t->constraints, "availability_target", 0);
	if (!json_bool_or(path, "limits_availability", 1) || !(target > 0) ||
		got >= target)
		return 0;
	return report_availability(t, name, got, target, weakest, e);
}

int check_availability(struct tech *t, struct err *e)
{
	JSON_EACH (p, json_get(t->plan, "paths"))
		if (judge_path(t, p, e) < 0)
			return -1;
	return 0;
}

/* ---- single points of failure ---- */

struct single {
	const char *capability; /* NULL: any */
	const char *param;
	double below;   /* the parameter is a number smaller than this: make it so many */
	int when_false; /* ... or false: make it true */
	const char *what, *remedy;
};

static const struct single singles[] = {
	{ NULL, "multi_az", 0, 1, "has no standby: its zone or its writer takes it down",
		"set multi_az: a standby in a second zone" },
	{ "serve", "replicas", 2, 0, "runs as one copy",
		"run at least two copies in two zones" },
	{ "serve", "instances", 2, 0, "runs on one instance",
		"run at least two instances in two zones" },
	/* beside the primary */
	{ "feature", "replicas", 1, 0,
		"has no replica: losing its primary loses what it holds",
		"one replica in another zone" },
	{ NULL, "zones", 2, 0, "lies in one zone", "span at least two zones" },
};

static int applies(const struct single *s, const cJSON *params)
{
	const cJSON *v = json_get(params, s->param);

	if (s->when_false)
		return json_is(v, JSON_BOOL) && !json_true(v);
	return json_is(v, JSON_NUMBER) && json_number(v, 0) < s->below;
}

static int add_single(struct tech *t, const char *name, const struct single *s,
	enum severity sev, struct err *e)
{
	cJSON *f = finding(t, "single_point_of_failure", sev, name, e), *o;

	if (f == NULL || finding_title(f, e, "%s %s", name, s->what) < 0 ||
		finding_detail(f, e,
			"the parameter %s leaves one failure domain between this part "
			"and "
			"an outage",
			s->param) < 0 ||
		finding_remedy(f, e, "%s", s->remedy) < 0 ||
		remedy_by_param(t, f, name, s->param,
			s->when_false ? json_new_bool(1, e) : json_new_num(s->below, e),
			e) < 0)
		return -1;
	o = json_push_object(json_edit(t->critique, "/single_points"), e);
	return o == NULL || json_set_str(o, "component", name, e) < 0
		? -1
		: json_set_str(o, "what", s->what, e);
}

/* Work that is retried (training, batch) may run as one copy. */
static int judge_single(
	struct tech *t, const cJSON *part, const char *name, struct err *e)
{
	double target = json_num_or(t->constraints, "availability_target", 0);
	const char *cap = json_str_or(part, "capability", "");
	int online = on_request_path(t, name) || strncmp(name, "base", 4) == 0;
	enum severity sev = !online ? SEV_LOW : target >= 99.9 ? SEV_HIGH : SEV_MEDIUM;

	if (strcmp(cap, "train") == 0 ||
		strcmp(json_str_or(part, "workload", ""), "batch") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if ((singles[i].capability == NULL ||
			    strcmp(singles[i].capability, cap) == 0) &&
			applies(&singles[i], json_get(part, "params")) &&
			add_single(t, name, &singles[i], sev, e) < 0)
			return -1;
	return 0;
}

/* What every part shares fails for every part. */
static int report_region(struct tech *t, struct err *e)
{
	double target = json_num_or(t->constraints, "availability_target", 0);
	cJSON *f;

	if (json_len(json_get(t->plan, "regions")) != 1 || json_len(t->slots) == 0)
		return 0;
	f = finding(t, "single_point_of_failure", target >= 99.99 ? SEV_HIGH : SEV_INFO,
		"region", e);
	if (f == NULL ||
		finding_title(f, e, "all parts share one region, %s",
			json_text(json_first(json_get(t->plan, "regions")))) < 0 ||
		finding_detail(f, e,
			"an outage of the region takes everything down; no published SLA "
			"of "
			"one region reaches four nines for a path of several services") <
			0)
		return -1;
	if (finding_remedy(f, e, "a second region for the request path") < 0)
		return -1;
	return remedy_by_change(t, f, &(struct change){ .copies = 2 }, e);
}

int check_single_points(struct tech *t, struct err *e)
{
	JSON_EACH (s, t->slots)
		if (judge_single(t, s, json_str_or(s, "slot", "?"), e) < 0)
			return -1;
	JSON_EACH (b, json_get(t->plan, "bases"))
		if (judge_single(t, b, json_str_or(b, "module", "base"), e) < 0)
			return -1;
	return report_region(t, e);
}

/* ---- coupling ---- */

static int is_slot(const struct tech *t, const char *name)
{
	return slot_by_name(t, name) != NULL;
}

/* Different slots that take something from `name`. */
static size_t fan_out(const struct tech *t, const char *name)
{
	size_t n = 0;

	JSON_EACH (s, t->slots) {
		const char *to = json_str_or(s, "slot", "");
		int found = 0;

		JSON_EACH (ed, json_get(t->plan, "edges"))
			found |= strcmp(json_str_or(ed, "from", ""), name) == 0 &&
				strcmp(json_str_or(ed, "to", ""), to) == 0;
		n += (size_t)found;
	}
	return n;
}

static int report_fan_out(struct tech *t, const char *name, size_t n, struct err *e)
{
	/* A lake is there to be shared; anything else that many depend on is a hub. */
	int hub = n >= 6 && strncmp(name, "store@", 6) != 0;
	cJSON *f = finding(t, "coupling", hub ? SEV_MEDIUM : SEV_LOW, name, e);

	if (f == NULL || finding_title(f, e, "%zu parts depend on %s", n, name) < 0 ||
		finding_detail(f, e,
			"a change of its layout or an outage reaches all of them at "
			"once") < 0 ||
		finding_number(f, "consumers", (double)n, e) < 0)
		return -1;
	if (finding_remedy(f, e,
		    "keep a versioned data contract on its ports, and change it in two "
		    "steps (add, then remove)") < 0)
		return -1;
	return remedy_by_work(f, "a data contract, kept by both sides", e);
}

/* 1 if `target` can be reached from `at` over edges between slots. */
static int reaches(const struct tech *t, const char *at, const char *target, cJSON *seen,
	struct err *e)
{
	JSON_EACH (ed, json_get(t->plan, "edges")) {
		const char *to = json_str_or(ed, "to", "");

		if (strcmp(json_str_or(ed, "from", ""), at) != 0 || !is_slot(t, to))
			continue;
		if (strcmp(to, target) == 0)
			return 1;
		if (json_has_text(seen, to))
			continue;
		if (json_push_str(seen, to, e) < 0)
			return -1;
		if (reaches(t, to, target, seen, e) != 0)
			return 1;
	}
	return 0;
}

static int report_cycle(struct tech *t, const char *name, struct err *e)
{
	cJSON *seen = json_new_array(e), *f;
	int found = seen == NULL ? -1 : reaches(t, name, name, seen, e);

	json_free(seen);
	if (found <= 0)
		return found;
	f = finding(t, "structure", SEV_MEDIUM, name, e);
	if (f == NULL ||
		finding_title(f, e, "%s depends on itself through other parts", name) <
			0 ||
		finding_detail(f, e,
			"a cycle of ports: none of its parts can be deployed or restored "
			"first") < 0)
		return -1;
	if (finding_remedy(
		    f, e, "break the cycle: the cheapest other pattern for %s", name) < 0)
		return -1;
	return remedy_by_change(t, f, &(struct change){ .slot = name, .other = 1 }, e);
}

int check_coupling(struct tech *t, struct err *e)
{
	JSON_EACH (s, t->slots) {
		const char *name = json_str_or(s, "slot", "?");
		size_t n = fan_out(t, name);

		if ((n >= 4 && report_fan_out(t, name, n, e) < 0) ||
			report_cycle(t, name, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- egress ---- */

int check_egress(struct tech *t, struct err *e)
{
	double gb = json_num_or(t->load, "egress_gb_month", 0);
	size_t regions = json_len(json_get(t->plan, "regions"));
	cJSON *f;

	if (gb >= 10240) {
		f = finding(t, "egress", SEV_MEDIUM, "internet", e);
		if (f == NULL ||
			finding_title(
				f, e, "%.0f GB a month leave for the internet", gb) < 0 ||
			finding_detail(f, e, "more than the first price tier of 10 TB") <
				0 ||
			finding_number(f, "gb_month", gb, e) < 0 ||
			finding_remedy(f, e, "compress answers, or send fewer fields") <
				0 ||
			remedy_by_work(f, "smaller answers", e) < 0)
			return -1;
	}
	if (regions < 2)
		return 0;
	f = finding(t, "egress", SEV_LOW, "between-regions", e);
	if (f == NULL ||
		finding_title(f, e, "data flows between %zu regions", regions) < 0 ||
		finding_detail(f, e,
			"replication is paid per GB and adds the regions' distance to "
			"the "
			"freshness path") < 0 ||
		finding_number(f, "gb_day", json_num_or(t->load, "gb_per_day", 0), e) < 0)
		return -1;
	if (finding_remedy(f, e,
		    "replicate what the second region serves, not the raw data") < 0)
		return -1;
	return remedy_by_work(f, "a rule of what is replicated", e);
}
