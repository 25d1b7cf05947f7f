/* What a bill's sums say: who takes which share, and what is left of the budget. */
#include "internal.h"

#include <math.h>

struct share {
	const char *name;
	pico_usd usd;
};

struct shares {
	struct share *at;
	size_t n;
};

static void share_add(struct shares *s, const char *name, pico_usd usd)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0) {
			s->at[i].usd += usd;
			return;
		}
	s->at[s->n++] = (struct share){ name, usd };
}

static int dearest_first(const void *pa, const void *pb)
{
	const struct share *a = pa, *b = pb;

	if (a->usd != b->usd)
		return a->usd < b->usd ? 1 : -1;
	return strcmp(a->name, b->name);
}

static int set_shares(cJSON *cost, const char *key, const char *label, struct shares *s,
	pico_usd total, struct err *e)
{
	cJSON *list = json_add_array(cost, key, e);

	qsort(s->at, s->n, sizeof(*s->at), dearest_first);
	for (size_t i = 0; list != NULL && i < s->n; i++) {
		cJSON *o = json_push_object(list, e);
		double pct = total == 0 ? 0 : (double)s->at[i].usd * 100 / (double)total;

		if (o == NULL || json_set_str(o, label, s->at[i].name, e) < 0 ||
			pico_set_usd(o, "usd", s->at[i].usd, e) < 0 ||
			json_set_num(o, "share_pct", nearbyint(pct * 10) / 10, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

static const char *capability_of(const cJSON *plan, const char *slot)
{
	if (slot == NULL)
		return "other";
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return json_str_or(s, "capability", "other");
	JSON_EACH (b, json_get(plan, "bases"))
		if (strcmp(json_str_or(b, "module", ""), slot) == 0 ||
			strcmp(json_str_or(b, "pattern", ""), slot) == 0)
			return "base";
	return strncmp(slot, "base", 4) == 0 || strstr(slot, ".base.") != NULL ? "base"
									       : "other";
}

static int set_both(cJSON *cost, const struct bill *b, const cJSON *plan, struct err *e)
{
	struct shares services = { calloc(b->n + 1, sizeof(struct share)), 0 };
	struct shares capabilities = { calloc(b->n + 1, sizeof(struct share)), 0 };
	int ret = -1;

	if (services.at == NULL || capabilities.at == NULL) {
		err_no_memory(e);
		goto out;
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct bill_line *l = &b->line[i];
		const char *name = l->service != NULL ? l->service : l->price.service;

		if (strcmp(l->kind, "one_off") == 0 || l->price.status == PRICE_UNPRICED)
			continue;
		share_add(&services, name != NULL ? name : "unknown", l->amount);
		share_add(&capabilities, capability_of(plan, l->slot), l->amount);
	}
	if (set_shares(cost, "by_service", "service", &services, b->monthly, e) < 0)
		goto out;
	ret = set_shares(
		cost, "by_capability", "capability", &capabilities, b->monthly, e);
out:
	free(services.at);
	free(capabilities.at);
	return ret;
}

static int set_budget(cJSON *cost, const struct bill *b, const cJSON *band, struct err *e)
{
	double max = json_num_or(band, "max_usd", -1);
	pico_usd limit;
	cJSON *o;

	if (max < 0 || max > 9e6)
		return json_set_null(cost, "budget", e);
	limit = (pico_usd)llround(max * 1e6) * 1000000;
	o = json_add_object(cost, "budget", e);
	if (o == NULL || json_set_num(o, "max_usd", max, e) < 0 ||
		pico_set_usd(o, "headroom_usd", limit - b->monthly, e) < 0 ||
		json_set_bool(o, "within", b->monthly <= limit, e) < 0 ||
		json_set_bool(o, "hard", json_bool_or(band, "hard", 0), e) < 0)
		return -1;
	if (limit == 0)
		return json_set_null(o, "used_pct", e);
	return json_set_num(o, "used_pct",
		nearbyint((double)b->monthly * 1000 / (double)limit) / 10, e);
}

static int set_per_thousand(
	cJSON *cost, const struct bill *b, const cJSON *in, struct err *e)
{
	double rps = json_number(json_at(in, "/plan/load/rps_avg"),
		json_number(
			json_at(in, "/constraints/throughput/requests_per_second"), 0));
	double thousands = rps * 3600 * HOURS_PER_MONTH / 1000;

	if (!(thousands > 0))
		return json_set_null(cost, "per_1000_requests_usd", e);
	return json_set_num(cost, "per_1000_requests_usd",
		nearbyint(pico_number(b->monthly) / thousands * 1e6) / 1e6, e);
}

int shares_set(cJSON *cost, const struct bill *b, const cJSON *in, struct err *e)
{
	if (set_both(cost, b, json_get(in, "plan"), e) < 0 ||
		set_budget(cost, b, json_at(in, "/constraints/budget_band"), e) < 0)
		return -1;
	return set_per_thousand(cost, b, in, e);
}

double bill_confidence(const struct bill *b)
{
	static const struct {
		const char *name;
		double trust;
	} table[] = { { "aws-feed-copy", 0.95 }, { "provider-feed", 0.95 },
		{ "third-party-checked", 0.9 }, { "aws-statement", 0.9 },
		{ "tool-golden", 0.85 }, { "third-party", 0.6 }, { "estimate", 0.5 },
		{ "estimate-weak", 0.35 } };
	double sum = 0, weight = 0, priced;

	for (size_t i = 0; i < b->n; i++) {
		const struct bill_line *l = &b->line[i];
		double w = pico_number(l->amount) + 0.01, trust = 0.5;

		if (l->price.status == PRICE_UNPRICED || l->price.confidence == NULL)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(table); k++)
			if (strcmp(table[k].name, l->price.confidence) == 0)
				trust = table[k].trust;
		if (l->price.date == NULL)
			trust *= 0.8;
		sum += w * trust;
		weight += w;
	}
	priced = b->n == 0 ? 0 : 1 - (double)b->unpriced / (double)b->n;
	return weight == 0 ? 0 : nearbyint(sum / weight * priced * 100) / 100;
}
