/* What service facts say about a plan: quotas, lifecycle, regimes, cold starts, and
 * work that can get lost. */
#include "tech.h"

#include <math.h>

/* ---- quotas ---- */

/* How much of a quota the plan needs at peak stands in the plan, by service. */
static int add_quota(
	struct tech *t, const cJSON *q, double need, double value, struct err *e)
{
	static const char *const members[] = { "service", "quota", "value", "unit",
		"needed_by", "need", "check", "raise", "instead" };
	cJSON *o = json_push_object(json_edit(t->critique, "/quotas"), e);

	if (o == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_has(q, members[i]) &&
			json_set_copy(o, members[i], json_get(q, members[i]), e) < 0)
			return -1;
	return !(value > 0)
		? 0
		: json_set_num(o, "used_pct", nearbyint(need / value * 1000) / 10, e);
}

/* "quota.lambda.concurrent-executions" */
static int set_quota_id(cJSON *f, const char *service, const char *name, struct err *e)
{
	char slug[96];
	size_t n = 0;

	for (; *name != '\0' && n + 1 < sizeof(slug); name++)
		if ((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9'))
			slug[n++] = *name;
		else if (*name >= 'A' && *name <= 'Z')
			slug[n++] = (char)(*name - 'A' + 'a');
		else if (n > 0 && slug[n - 1] != '-')
			slug[n++] = '-';
	slug[n] = '\0';
	return json_setf(f, "id", e, "quota.%s.%s", service, slug);
}

static int report_quota(
	struct tech *t, const cJSON *q, double need, double value, struct err *e)
{
	const char *service = json_str_or(q, "service", "?");
	const char *name = json_str_or(q, "quota", "?");
	int fixed = json_has(q, "instead");
	cJSON *f;

	if (need < 0.8 * value)
		return 0;
	/* an account's default is raised by a request; a fixed limit is not */
	f = finding(t, "quota",
		!fixed                 ? SEV_LOW
			: need > value ? SEV_HIGH
				       : SEV_MEDIUM,
		service, e);
	if (f == NULL || set_quota_id(f, service, name, e) < 0 ||
		finding_title(f, e, "%s needs %.4g of %.4g %s: %s",
			json_str_or(q, "needed_by", "the plan"), need, value,
			json_str_or(q, "unit", ""), name) < 0 ||
		finding_detail(f, e,
			fixed ? "a fixed limit of %s at peak load"
			      : "the default of a new account for %s at peak load; yours "
				"may be higher",
			service) < 0 ||
		finding_number(f, "need", need, e) < 0 ||
		finding_number(f, "quota", value, e) < 0 ||
		finding_remedy(f, e, "%s",
			fixed ? json_str_or(q, "instead", "")
			      : json_str_or(q, "raise", "ask for a higher quota")) < 0)
		return -1;
	return remedy_by_work(f, fixed ? "another way to the service" : "a request", e);
}

int check_quotas(struct tech *t, struct err *e)
{
	JSON_EACH (q, json_get(t->plan, "quotas")) {
		double value = json_num_or(q, "value", NAN),
		       need = json_num_or(q, "need", NAN);

		if (add_quota(t, q, need, value, e) < 0 ||
			(isfinite(need) && isfinite(value) &&
				report_quota(t, q, need, value, e) < 0))
			return -1;
	}
	return 0;
}

/* ---- lifecycle and regimes ---- */

/* A service as a pattern names it: "lambda" or {"id": "lambda", "when": ...}. */
static const char *service_id(const cJSON *v)
{
	return json_text(v) != NULL ? json_text(v) : json_str_or(v, "id", NULL);
}

/* A service with a condition is on the plan only where that holds: {load, p, c, plan}.
 * One that cannot be evaluated counts as there. */
static int service_used(const struct tech *t, const cJSON *part, const cJSON *v)
{
	const cJSON *when = json_get(v, "when");
	struct err e = { 0 };
	cJSON *data, *answer;
	int used = 1;

	if (when == NULL)
		return 1;
	data = json_new_object(&e);
	if (data != NULL && json_set_view(data, "load", t->load, &e) == 0 &&
		json_set_view(data, "p", json_get(part, "params"), &e) == 0 &&
		json_set_view(data, "c", t->constraints, &e) == 0 &&
		json_set_view(data, "plan", t->plan, &e) == 0) {
		answer = logic_apply(NULL, when, data, &e);
		used = answer == NULL || logic_truthy(answer);
		json_free(answer);
	}
	json_free(data);
	return used;
}

static int report_lifecycle(
	struct tech *t, const cJSON *part, const cJSON *service, struct err *e)
{
	const char *name = json_str_or(part, "slot", json_str_or(part, "module", "?"));
	const cJSON *life = json_get(service, "lifecycle");
	cJSON *f;

	if (life == NULL ||
		service_obtainable(service, json_get(t->constraints, "existing_stack")))
		return 0;
	f = finding(t, "lifecycle", SEV_HIGH, name, e);
	if (f == NULL ||
		finding_title(f, e, "%s rests on %s, which is %s", name,
			service_name(service, "?"),
			json_str_or(life, "status", "closed")) < 0 ||
		finding_detail(f, e, "%s for %s since %s",
			json_str_or(life, "status", "closed"),
			json_str_or(life, "for", "everyone"),
			json_str_or(life, "since", "?")) < 0)
		return -1;
	if (finding_remedy(
		    f, e, "use %s", json_str_or(life, "instead", "another pattern")) < 0)
		return -1;
	return remedy_by_change(t, f,
		&(struct change){ .slot = name,
			.pattern = json_str_or(life, "instead", NULL),
			.without_service = json_str_or(service, "id", NULL) },
		e);
}

/* "PCI-DSS" -> "pci": as service facts name the regimes. */
static const struct {
	const char *constraint, *fact;
} regimes[] = { { "HIPAA", "hipaa" }, { "PCI-DSS", "pci" }, { "SOC2", "soc" },
	{ "ISO27001", "iso27001" }, { "FedRAMP", "fedramp" } };

static int already(const struct tech *t, const char *id, const char *component)
{
	JSON_EACH (f, t->findings)
		if (strcmp(json_str_or(f, "id", ""), id) == 0 &&
			strcmp(json_str_or(f, "component", ""), component) == 0)
			return 1;
	return 0;
}

static int report_regime(
	struct tech *t, const cJSON *part, const cJSON *service, size_t i, struct err *e)
{
	enum service_answer yes = service_complies(service, regimes[i].fact);
	const char *id = json_str_or(service, "id", "?");
	char name[64];
	cJSON *f;

	snprintf(name, sizeof(name), "compliance.%s", regimes[i].fact);
	if (yes == SERVICE_YES || already(t, name, id))
		return 0;
	f = finding(t, "fact", yes == SERVICE_NO ? SEV_HIGH : SEV_MEDIUM, id, e);
	if (f == NULL || json_set_str(f, "id", name, e) < 0 ||
		finding_title(f, e,
			yes == SERVICE_NO ? "%s is not eligible under %s"
					  : "%s is not known to be eligible under %s",
			service_name(service, id), regimes[i].constraint) < 0 ||
		finding_detail(f, e, "facts as of: %s",
			json_str_or(service, "compliance_as_of", "unknown")) < 0)
		return -1;
	if (finding_remedy(f, e,
		    "confirm it on the provider's compliance page, or do without the "
		    "service") < 0)
		return -1;
	return remedy_by_change(t, f,
		&(struct change){
			.slot = json_str_or(part, "slot", NULL), .without_service = id },
		e);
}

int check_services(struct tech *t, struct err *e)
{
	const cJSON *named = json_get(t->constraints, "compliance");

	JSON_EACH (part, json_get(t->facts, "parts"))
		JSON_EACH (v, json_get(part, "services")) {
			const char *id = service_id(v);
			const cJSON *service = t->services == NULL || id == NULL
				? NULL
				: services_find(t->services, id);

			if (service == NULL || !service_used(t, part, v))
				continue;
			if (report_lifecycle(t, part, service, e) < 0)
				return -1;
			for (size_t i = 0; i < ARRAY_LEN(regimes); i++)
				if (json_has_text(named, regimes[i].constraint) &&
					report_regime(t, part, service, i, e) < 0)
					return -1;
		}
	return 0;
}

/* ---- cold starts ---- */

#define COLD_MS 1000 /* est.: a container image of a few hundred MB */

/* The parameter that says how many copies wait for requests; NULL without any. */
static const char *warm_of(const cJSON *slot)
{
	static const char *const counts[] = { "provisioned", "min_replicas",
		"min_instances" };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (json_is(json_get(json_get(slot, "params"), counts[i]), JSON_NUMBER))
			return counts[i];
	return NULL;
}

/* Copies that the average load keeps busy, by Little's law. */
static double busy_copies(const struct tech *t, const cJSON *slot)
{
	double rps = json_num_or(t->load, "rps_avg", 0);
	double ms = json_number(json_at(slot, "/latency/p50_ms"), 0);

	return fmax(1, ceil(rps * ms / 1000));
}

static int report_cold(struct tech *t, const cJSON *slot, const char *warm, struct err *e)
{
	const char *name = json_str_or(slot, "slot", "?");
	double target = json_num_or(t->constraints, "sla_latency_ms", 0);
	cJSON *f = finding(t, "cold_start",
		target > 0 && target < 2 * COLD_MS ? SEV_MEDIUM : SEV_LOW, name, e);

	if (f == NULL || finding_title(f, e, "%s starts cold", name) < 0 ||
		finding_detail(f, e,
			"%s is 0: the first request of each copy waits about %d ms "
			"(est.)",
			warm, COLD_MS) < 0 ||
		finding_number(f, "cold_ms", COLD_MS, e) < 0 ||
		finding_number(f, "target_ms", target, e) < 0 ||
		finding_remedy(f, e, "keep %.0f warm, which the average load needs",
			busy_copies(t, slot)) < 0)
		return -1;
	return remedy_by_param(
		t, f, name, warm, json_new_num(busy_copies(t, slot), e), e);
}

int check_cold_starts(struct tech *t, struct err *e)
{
	JSON_EACH (s, t->slots) {
		const char *warm = warm_of(s);

		if (warm != NULL && json_num_or(json_get(s, "params"), warm, 1) <= 0 &&
			on_request_path(t, json_str_or(s, "slot", "?")) &&
			report_cold(t, s, warm, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- durability ---- */

/* Event-driven parts should keep what fails; stores should be restorable. Only what a
 * pattern states can be judged: one without claims is a missing fact, not a finding. */
static const struct keep {
	const char *capability, *control, *or_control, *title, *detail, *remedy;
} keeps[] = {
	{ "ingest", "dead-letter", NULL, "has no dead-letter queue",
		"an item that fails each time blocks its queue or is dropped",
		"add a dead-letter queue with an alarm on its length" },
	{ "store", "backups", "versioning", "has neither backups nor versions",
		"a deletion or a bad write cannot be taken back",
		"turn on backups, versions or "
		"point-in-time recovery" },
};

static int judge_keep(
	struct tech *t, const cJSON *part, const struct keep *k, struct err *e)
{
	const cJSON *claims = json_get(part, "claims");
	const char *name = json_str_or(part, "slot", json_str_or(part, "module", "?"));
	cJSON *f;

	if (strcmp(json_str_or(part, "capability", ""), k->capability) != 0 ||
		!json_is(claims, JSON_ARRAY) || json_has_text(claims, k->control) ||
		(k->or_control != NULL && json_has_text(claims, k->or_control)))
		return 0;
	f = finding(t, "durability", SEV_LOW, name, e);
	if (f == NULL || finding_title(f, e, "%s %s", name, k->title) < 0 ||
		finding_detail(f, e, "%s", k->detail) < 0)
		return -1;
	if (finding_remedy(f, e, "%s: the cheapest pattern that has it", k->remedy) < 0)
		return -1;
	return remedy_by_change(
		t, f, &(struct change){ .slot = name, .control = k->control }, e);
}

/* A stream that holds less than two days loses data over a weekend's outage. */
static int judge_retention(struct tech *t, const cJSON *part, struct err *e)
{
	double hours = json_number(json_at(part, "/params/retention_hours"), NAN);
	const char *name = json_str_or(part, "slot", json_str_or(part, "module", "?"));
	cJSON *f;

	if (!isfinite(hours) || hours >= 48)
		return 0;
	f = finding(t, "durability", SEV_LOW, name, e);
	if (f == NULL ||
		finding_title(f, e, "%s keeps its records for %.0f hours", name, hours) <
			0 ||
		finding_detail(f, e, "a consumer that is down for longer loses data") <
			0 ||
		finding_number(f, "retention_hours", hours, e) < 0)
		return -1;
	if (finding_remedy(f, e, "keep them for 72 hours") < 0)
		return -1;
	return remedy_by_param(t, f, name, "retention_hours", json_new_num(72, e), e);
}

/* What arrives by itself needs something that holds it while its consumer is behind:
 * a stream or a queue between them. */
static int judge_back_pressure(struct tech *t, const cJSON *slot, struct err *e)
{
	const char *name = json_str_or(slot, "slot", "?");
	const char *workload = json_str_or(slot, "workload", "");
	int consumers = 0;
	cJSON *f;

	if (strcmp(json_str_or(slot, "capability", ""), "ingest") != 0 ||
		(strcmp(workload, "streaming") != 0 &&
			strcmp(workload, "documents") != 0))
		return 0;
	JSON_EACH (ed, json_get(t->plan, "edges")) {
		const char *port = json_str_or(ed, "port", "");

		if (strcmp(json_str_or(ed, "from", ""), name) != 0)
			continue;
		if (strcmp(port, "stream") == 0 || strcmp(port, "queue") == 0)
			return 0;
		consumers += strcmp(port, "evt") == 0;
	}
	if (consumers == 0)
		return 0;
	f = finding(t, "durability", SEV_MEDIUM, name, e);
	if (f == NULL || json_setf(f, "id", e, "back_pressure.%s", name) < 0 ||
		finding_title(f, e, "%s pushes to its consumers without back-pressure",
			name) < 0 ||
		finding_detail(f, e,
			"nothing between them holds what arrives faster than it is "
			"handled") < 0 ||
		finding_number(f, "consumers", consumers, e) < 0 ||
		finding_remedy(f, e,
			"a queue or a stream: the cheapest other pattern for %s",
			name) < 0)
		return -1;
	return remedy_by_change(t, f, &(struct change){ .slot = name, .other = 1 }, e);
}

int check_durability(struct tech *t, struct err *e)
{
	JSON_EACH (s, t->slots)
		if (judge_back_pressure(t, s, e) < 0)
			return -1;

	JSON_EACH (part, json_get(t->facts, "parts")) {
		for (size_t i = 0; i < ARRAY_LEN(keeps); i++)
			if (judge_keep(t, part, &keeps[i], e) < 0)
				return -1;
		if (judge_retention(t, part, e) < 0)
			return -1;
	}
	return 0;
}
