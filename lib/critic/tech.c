/* Node critic_tech: run the checks, sort the findings, say it on a card. */
#include "tech.h"

#include <math.h>
#include <stdarg.h>

#include "rules/rules.h"

static const char *const severities[] = { "high", "medium", "low", "info" };

/* ---- findings ---- */

cJSON *finding(struct tech *t, const char *kind, enum severity sev, const char *component,
	struct err *e)
{
	cJSON *f = json_push_object(t->findings, e), *remedy;
	const cJSON *slot = slot_by_name(t, component);

	if (f == NULL || json_setf(f, "id", e, "%s.%s", kind, component) < 0 ||
		json_set_str(f, "kind", kind, e) < 0 ||
		json_set_str(f, "severity", severities[sev], e) < 0 ||
		json_set_str(f, "component", component, e) < 0 ||
		json_set_str(f, "slot", slot != NULL ? component : NULL, e) < 0 ||
		json_set_str(f, "title", "", e) < 0 ||
		json_set_str(f, "detail", "", e) < 0 ||
		json_add_object(f, "numbers", e) == NULL)
		return NULL;
	remedy = json_add_object(f, "remedy", e);
	if (remedy == NULL || json_set_str(remedy, "action", "", e) < 0 ||
		json_set_null(remedy, "change", e) < 0 ||
		json_set_null(remedy, "monthly_usd", e) < 0)
		return NULL;
	return f;
}

static int set_text(cJSON *o, const char *key, const char *fmt, va_list ap, struct err *e)
{
	struct buf text = BUF_INIT(4096);
	int ret;

	buf_vaddf(&text, fmt, ap);
	ret = buf_ok(&text, e) < 0 ? -1 : json_set_str(o, key, text.ptr, e);
	buf_release(&text);
	return ret;
}

int finding_title(cJSON *f, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = set_text(f, "title", fmt, ap, e);
	va_end(ap);
	return ret;
}

int finding_detail(cJSON *f, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = set_text(f, "detail", fmt, ap, e);
	va_end(ap);
	return ret;
}

int finding_remedy(cJSON *f, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = set_text(json_edit(f, "/remedy"), "action", fmt, ap, e);
	va_end(ap);
	return ret;
}

int finding_number(cJSON *f, const char *name, double value, struct err *e)
{
	cJSON *numbers = json_edit(f, "/numbers");

	if (!isfinite(value))
		return json_set_null(numbers, name, e);
	return json_set_num(numbers, name, nearbyint(value * 1000) / 1000, e);
}

/* ---- the plan ---- */

const cJSON *slot_by_name(const struct tech *t, const char *name)
{
	JSON_EACH (s, t->slots)
		if (strcmp(json_str_or(s, "slot", ""), name) == 0)
			return s;
	return NULL;
}

int on_request_path(const struct tech *t, const char *slot)
{
	JSON_EACH (p, json_get(t->plan, "paths"))
		if ((json_bool_or(p, "limits_latency", 0) ||
			    json_bool_or(p, "limits_availability", 0)) &&
			json_has_text(json_get(p, "slots"), slot))
			return 1;
	return strncmp(slot, "serve@", 6) == 0;
}

/* ---- the result ---- */

/* Most severe first, else in the order of the checks. */
static int sort_findings(struct tech *t, struct err *e)
{
	cJSON *sorted = json_new_array(e),
	      *summary = json_add_object(t->critique, "summary", e);

	if (sorted == NULL || summary == NULL) {
		json_free(sorted);
		return -1;
	}
	for (size_t sev = 0; sev < ARRAY_LEN(severities); sev++) {
		double n = 0;

		JSON_EACH (f, t->findings) {
			if (strcmp(json_str_or(f, "severity", ""), severities[sev]) != 0)
				continue;
			n++;
			if (json_push_copy(sorted, f, e) < 0) {
				json_free(sorted);
				return -1;
			}
		}
		if (json_set_num(summary, severities[sev], n, e) < 0) {
			json_free(sorted);
			return -1;
		}
	}
	return json_set(t->critique, "findings", sorted, e);
}

static int card_paths(cJSON *card, const cJSON *critique, struct err *e)
{
	const cJSON *p = json_first(json_get(critique, "paths"));
	const cJSON *pct = json_at(critique, "/availability/read_pct");

	if (json_is(json_get(p, "p95_ms"), JSON_NUMBER) &&
		card_impact(card, "p95_latency_ms", json_num_or(p, "p95_ms", 0), e) < 0)
		return -1;
	if (json_is(pct, JSON_NUMBER) &&
		card_impact(card, "availability_pct", json_number(pct, 0), e) < 0)
		return -1;
	return 0;
}

static int make_card(struct tech *t, struct err *e)
{
	cJSON *card = card_add(t->env->cards, "critic.tech", e);
	const cJSON *s = json_get(t->critique, "summary");
	size_t serious =
		(size_t)(json_num_or(s, "high", 0) + json_num_or(s, "medium", 0));
	static const char *const reads[] = { "sla_latency_ms", "availability_target",
		"throughput", "compliance" };

	if (card == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(reads); i++)
		if (card_input_key(card, reads[i], e) < 0)
			return -1;
	if (card_input_artifact(card, "plan", e) < 0 ||
		card_paths(card, t->critique, e) < 0 ||
		card_confidence(card, serious == 0 ? 0.85 : 0.75, e) < 0)
		return -1;
	JSON_EACH (f, json_get(t->critique, "findings")) {
		const char *sev = json_str_or(f, "severity", "");

		if ((*sev == 'h' || *sev == 'm') &&
			card_risk(card, json_str_or(f, "title", ""),
				json_str_or(json_get(f, "remedy"), "action", NULL),
				e) < 0)
			return -1;
	}
	return card_choice(card, t->infeasible ? "does-not-hold" : "holds", e,
		"%.0f high, %.0f medium, %.0f low findings over %zu slots",
		json_num_or(s, "high", 0), json_num_or(s, "medium", 0),
		json_num_or(s, "low", 0), json_len(t->slots));
}

/* ---- the node ---- */

static int prepare(struct tech *t, const cJSON *in, cJSON *out, struct err *e)
{
	const char *cloud;
	char path[4096];

	t->constraints = json_get(in, "constraints");
	t->plan = json_get(in, "plan");
	t->load = json_get(t->plan, "load");
	t->slots = json_get(t->plan, "slots");
	t->critique = json_add_object(out, "critique", e);
	if (t->critique == NULL || json_set_bool(t->critique, "feasible", 1, e) < 0)
		return -1;
	t->findings = json_add_array(t->critique, "findings", e);
	if (t->findings == NULL || json_add_array(t->critique, "paths", e) == NULL ||
		json_add_array(t->critique, "utilisation", e) == NULL ||
		json_add_object(t->critique, "availability", e) == NULL ||
		json_add_array(t->critique, "single_points", e) == NULL ||
		json_add_array(t->critique, "quotas", e) == NULL)
		return -1;
	t->facts = facts_build(t->env, t->plan, NULL, NULL, e);
	if (t->facts == NULL)
		return -1;
	cloud = json_str_or(t->plan, "cloud", "aws");
	snprintf(path, sizeof(path), "%s/services/%s.json", t->env->share, cloud);
	if (strchr(cloud, '/') != NULL || !file_is_regular(path))
		return 0;
	return services_load(&t->services, t->env, cloud, e);
}

int tech_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	static int (*const checks[])(struct tech *, struct err *) = { check_capacity,
		check_paths, check_availability, check_single_points, check_coupling,
		check_egress, check_quotas, check_services, check_cold_starts,
		check_durability, check_assumptions };
	struct tech t = { .env = env };
	int ret = 0;

	(void)args;
	if (!json_is(json_get(in, "plan"), JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/plan: is missing (run mlops-plan first)");
	ret = prepare(&t, in, out, e);
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(checks); i++)
		ret = checks[i](&t, e);
	if (ret == 0)
		ret = json_set_bool(t.critique, "feasible",
			json_bool_or(t.plan, "feasible", 1) && !t.infeasible, e);
	if (ret == 0)
		ret = advise(&t, e);
	if (ret == 0 && (sort_findings(&t, e) < 0 || make_card(&t, e) < 0))
		ret = -1;
	json_free(t.facts);
	reopened_free(t.reopened);
	services_free(t.services);
	return ret;
}
