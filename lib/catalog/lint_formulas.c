/*
 * Formulas: every name that they use is known, and every value is a finite number
 * that is not negative, whatever the load. The grid: all loads together from
 * nothing to a million, with each choice of the free parameters and three sets of
 * demands; and each single load at nothing and at a million while the others are 1,
 * and at 1 while the others are nothing.
 */
#include <math.h>
#include <string.h>

#include "lint_internal.h"

#define CHOICES_MAX 64 /* combinations of free choices that are tried */

/* ---- one formula ---- */

/* Evaluates a value; NULL, with a finding, when it fails. */
static cJSON *evaluate(struct lint *l, const cJSON *rule, const cJSON *ctx,
	const char *pointer, const char *load)
{
	struct err e = { 0 };
	cJSON *v;

	v = json_type(rule) == JSON_OBJECT ? logic_apply(NULL, rule, ctx, &e)
					   : json_copy(rule, &e);
	if (v == NULL)
		lint_say(l, pointer, "fails for %s: %s", load, e.msg);
	return v;
}

static void check_number(struct lint *l, const cJSON *rule, const cJSON *ctx,
	const char *pointer, const char *load)
{
	cJSON *v = evaluate(l, rule, ctx, pointer, load);

	if (v == NULL)
		return;
	if (json_type(v) != JSON_NUMBER)
		lint_say(l, pointer, "is no number for %s", load);
	else if (!isfinite(json_number(v, 0)) || json_number(v, 0) < 0)
		lint_say(l, pointer, "is %g for %s", json_number(v, 0), load);
	json_free(v);
}

static int has_price(const struct lint *l, const char *sku)
{
	for (size_t i = 0; i < l->n_books; i++)
		if (prices_find(l->books[i], sku) != NULL ||
			prices_tier(l->books[i], sku, 1) != NULL)
			return 1;
	return 0;
}

static void check_line(
	struct lint *l, const cJSON *def, size_t i, const cJSON *ctx, const char *load)
{
	char pointer[96];
	cJSON *sku;

	snprintf(pointer, sizeof(pointer), "/bom/%zu/qty", i);
	check_number(l, json_get(def, "qty"), ctx, pointer, load);
	snprintf(pointer, sizeof(pointer), "/bom/%zu/sku", i);
	sku = evaluate(l, json_get(def, "sku"), ctx, pointer, load);
	if (sku != NULL && json_text(sku) == NULL)
		lint_say(l, pointer, "is no text for %s", load);
	else if (sku != NULL && !has_price(l, json_text(sku)) &&
		!json_has(def, "est_unit_usd"))
		lint_say(l, pointer,
			"'%s' is in no price book: give 'est_unit_usd' for ranking",
			json_text(sku));
	json_free(sku);
}

static int is_free(const cJSON *def)
{
	return json_has(def, "choices") && !json_has(def, "value");
}

/* What the planner weighs at most, and bounds that leave room. */
static void check_ranges(struct lint *l)
{
	size_t n = 0, total = 1;

	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		char pointer[128];

		snprintf(pointer, sizeof(pointer), "/parameters/%s/min", json_key(def));
		if (json_num_or(def, "min", 0) > json_num_or(def, "max", INFINITY))
			lint_say(l, pointer, "%g is above max %g",
				json_num_or(def, "min", 0), json_num_or(def, "max", 0));
		if (!is_free(def))
			continue;
		n++;
		total *= json_len(json_get(def, "choices"));
		if (n > PATTERN_CHOICES_MAX || total > PATTERN_OPTIONS_MAX) {
			lint_say(l, "/parameters",
				"more than %d choices or %d combinations",
				PATTERN_CHOICES_MAX, PATTERN_OPTIONS_MAX);
			return;
		}
	}
}

/* Values in the file's order, on top of the choices that p holds already. */
static void check_parameters(struct lint *l, cJSON *ctx, cJSON *p, const char *load)
{
	struct err e = { 0 };

	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		char pointer[128];
		cJSON *v;

		snprintf(pointer, sizeof(pointer), "/parameters/%s/value", json_key(def));
		if (!json_has(def, "value")) {
			if (!json_has(def, "choices"))
				lint_say(l, pointer, "neither 'value' nor 'choices'");
			continue;
		}
		v = evaluate(l, json_get(def, "value"), ctx, pointer, load);
		if (v == NULL)
			continue;
		if (json_type(v) == JSON_NUMBER &&
			(!isfinite(json_number(v, 0)) || json_number(v, 0) < 0))
			lint_say(l, pointer, "is %g for %s", json_number(v, 0), load);
		(void)json_set(p, json_key(def), v, &e);
	}
}

static void check_order(struct lint *l, const cJSON *def, const cJSON *ctx, size_t i)
{
	struct err ignored = { 0 };
	char pointer[96];
	double p50, p95, p99;

	if (logic_number(NULL, json_get(def, "p50_ms"), ctx, &p50, &ignored) < 0 ||
		logic_number(NULL, json_get(def, "p95_ms"), ctx, &p95, &ignored) < 0 ||
		logic_number(NULL, json_get(def, "p99_ms"), ctx, &p99, &ignored) < 0 ||
		(p50 <= p95 && p95 <= p99))
		return;
	snprintf(pointer, sizeof(pointer), "/latency/hops/%zu", i);
	lint_say(l, pointer,
		"p50 %g, p95 %g, p99 %g ms: a percentile is below a lower one", p50, p95,
		p99);
}

static void check_hops(struct lint *l, const cJSON *ctx, const char *load)
{
	static const char *const hop[] = { "p50_ms", "p95_ms", "p99_ms" };
	char pointer[96];
	size_t i = 0;

	JSON_EACH (def, json_at(l->at->json, "/latency/hops")) {
		if (!l->apart)
			check_order(l, def, ctx, i);
		for (size_t k = 0; k < ARRAY_LEN(hop); k++) {
			snprintf(pointer, sizeof(pointer), "/latency/hops/%zu/%s", i,
				hop[k]);
			check_number(l, json_get(def, hop[k]), ctx, pointer, load);
		}
		i++;
	}
}

static void check_members(
	struct lint *l, const char *member, const cJSON *ctx, const char *load)
{
	char pointer[96];

	JSON_EACH (def, json_get(l->at->json, member)) {
		if (strcmp(json_key(def), "of") == 0)
			continue;
		snprintf(pointer, sizeof(pointer), "/%s/%s", member, json_key(def));
		check_number(l, def, ctx, pointer, load);
	}
}

/* All formulas with the parameters' free choices as p holds them. */
static void check_values(struct lint *l, cJSON *ctx, cJSON *p, const char *load)
{
	char pointer[96];
	size_t i = 0;

	check_parameters(l, ctx, p, load);
	JSON_EACH (def, json_get(l->at->json, "bom"))
		check_line(l, def, i++, ctx, load);
	check_hops(l, ctx, load);
	check_members(l, "queue", ctx, load);
	check_members(l, "capacity", ctx, load);
	i = 0;
	JSON_EACH (def, json_get(l->at->json, "when")) {
		snprintf(pointer, sizeof(pointer), "/when/%zu/assert", i++);
		json_free(evaluate(l, json_get(def, "assert"), ctx, pointer, load));
	}
}

/* ---- free choices ---- */

/* Sets the free choices to combination `number`; 0 when there are no more. */
static int set_choices(const struct lint *l, cJSON *p, size_t number)
{
	struct err e = { 0 };

	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		const cJSON *choices = json_get(def, "choices");
		size_t n = json_len(choices);

		if (!is_free(def) || n == 0)
			continue;
		(void)json_set_copy(p, json_key(def), json_item(choices, number % n), &e);
		number /= n;
	}
	return number == 0;
}

static void check_context(
	struct lint *l, cJSON *ctx, const char *load, size_t combinations)
{
	struct err e = { 0 };

	for (size_t i = 0; i < combinations; i++) {
		cJSON *p = json_new_object(&e);

		if (json_set(ctx, "p", p, &e) < 0 || !set_choices(l, p, i))
			break;
		check_values(l, ctx, p, load);
	}
}

/* ---- the grid ---- */

struct demands {
	double latency_ms, availability_pct;
	const char *class;
	int regimes, zones, use_cases;
};

static const struct demands some_demands[] = {
	{ 0, 0, "internal", 0, 2, 0 },
	{ 50, 99.9, "pii", 1, 2, 1 },
	{ 5000, 99.99, "phi", 2, 3, 1 },
};

static void add_constraints(cJSON *c, const struct demands *d, struct err *e)
{
	static const char *const lists[] = { "regions", "data_residency", "storage_prefs",
		"observability_prefs", "existing_stack", "compliance", "exclusions" };
	static const char *const work[] = { "batch", "streaming", "online" };
	static const char *const uses[] = { "rag", "training", "inference",
		"recommendation", "fraud", "forecasting", "vision", "nlp", "finetuning",
		"analytics" };
	cJSON *list;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		(void)json_add_array(c, lists[i], e);
	list = json_add_array(c, "workload_types", e);
	for (size_t i = 0; d->use_cases && i < ARRAY_LEN(work); i++)
		(void)json_push_str(list, work[i], e);
	list = json_add_array(c, "use_cases", e);
	for (size_t i = 0; d->use_cases && i < ARRAY_LEN(uses); i++)
		(void)json_push_str(list, uses[i], e);
	(void)json_set_num(c, "sla_latency_ms", d->latency_ms, e);
	(void)json_set_num(c, "availability_target", d->availability_pct, e);
	(void)json_set_str(c, "data_classification", d->class, e);
	(void)json_add_object(c, "throughput", e);
	(void)json_add_object(c, "team_constraints", e);
}

static void add_plan(
	const struct lint *l, cJSON *plan, const struct demands *d, struct err *e)
{
	JSON_EACH (def, json_get(l->slots, "plan"))
		(void)json_set_num(plan, json_str_or(def, "id", "?"), d->use_cases, e);
	(void)json_set_num(plan, "zones", d->zones, e);
	(void)json_set_num(plan, "regimes", d->regimes, e);
	(void)json_set_num(plan, "copies", 1, e);
	(void)json_set_num(plan, "slots", 10, e);
	(void)json_set_str(plan, "region", "us-east-1", e);
}

/* Every load is `value`, but for `one`, which is `other`; one may be NULL. */
static cJSON *make_context(const struct lint *l, const struct demands *d, double value,
	const char *one, double other, struct err *e)
{
	cJSON *ctx = json_new_object(e), *load;

	add_constraints(json_add_object(ctx, "c", e), d, e);
	add_plan(l, json_add_object(ctx, "plan", e), d, e);
	load = json_add_object(ctx, "load", e);
	JSON_EACH (def, json_get(l->slots, "load")) {
		const char *id = json_str_or(def, "id", "?");

		(void)json_set_num(
			load, id, one != NULL && strcmp(one, id) == 0 ? other : value, e);
	}
	return ctx;
}

static void check_together(struct lint *l)
{
	static const double loads[] = { 0, 0.01, 1, 50, 1000, 1e6 };
	struct err e = { 0 };

	for (size_t d = 0; d < ARRAY_LEN(some_demands); d++)
		for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
			cJSON *ctx =
				make_context(l, &some_demands[d], loads[i], NULL, 0, &e);
			char name[64];

			snprintf(name, sizeof(name),
				loads[i] > 0 ? "a load of %g" : "no load", loads[i]);
			check_context(l, ctx, name, CHOICES_MAX);
			json_free(ctx);
		}
}

static void check_one_by_one(struct lint *l)
{
	static const struct {
		double rest, one;
	} points[] = { { 1, 0 }, { 1, 1e6 }, { 0, 1 } };
	struct err e = { 0 };

	l->apart = 1;
	JSON_EACH (def, json_get(l->slots, "load"))
		for (size_t i = 0; i < ARRAY_LEN(points); i++) {
			const char *id = json_str_or(def, "id", "?");
			cJSON *ctx = make_context(l, &some_demands[1], points[i].rest, id,
				points[i].one, &e);
			char name[128];

			snprintf(name, sizeof(name), "load.%s of %g", id, points[i].one);
			check_context(l, ctx, name, 1);
			json_free(ctx);
		}
	l->apart = 0;
}

/* ---- names ---- */

static int has_id(const cJSON *list, const char *id)
{
	JSON_EACH (it, list)
		if (strcmp(json_str_or(it, "id", ""), id) == 0)
			return 1;
	return 0;
}

/* Is `name` ("rps_avg") of this group ("load") known where `above` parameters are? */
static int is_known(
	const struct lint *l, const char *group, const char *name, const char *until)
{
	static const char *const plan[] = { "region", "copies", "regimes", "slots" };

	if (strcmp(group, "load") == 0)
		return has_id(json_get(l->slots, "load"), name);
	if (strcmp(group, "plan") == 0) {
		for (size_t i = 0; i < ARRAY_LEN(plan); i++)
			if (strcmp(plan[i], name) == 0)
				return 1;
		return has_id(json_get(l->slots, "plan"), name);
	}
	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		/* free choices are set before any formula */
		if (strcmp(json_key(def), name) == 0 && is_free(def))
			return 1;
	}
	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		if (until != NULL && strcmp(json_key(def), until) == 0)
			return 0;
		if (strcmp(json_key(def), name) == 0)
			return 1;
	}
	return 0;
}

static void check_name(
	struct lint *l, const char *var, const char *pointer, const char *until)
{
	static const char *const groups[] = { "load", "plan", "p" };
	char name[64];

	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		size_t len = strlen(groups[i]);

		if (strncmp(var, groups[i], len) != 0 || var[len] != '.')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(var + len + 1, "."),
			var + len + 1);
		if (!is_known(l, groups[i], name, until))
			lint_say(l, pointer, "'%s' is not known here%s", var,
				i == 2 ? " (parameters see those above them)" : "");
	}
}

/* Every {"var": NAME} below a formula; `until`: of that parameter's own value. */
static void check_names(
	struct lint *l, const cJSON *rule, const char *pointer, const char *until)
{
	const char *var =
		json_type(rule) == JSON_OBJECT ? json_str_or(rule, "var", NULL) : NULL;

	if (var != NULL)
		check_name(l, var, pointer, until);
	if (json_type(rule) == JSON_OBJECT || json_type(rule) == JSON_ARRAY)
		JSON_EACH (it, rule)
			check_names(l, it, pointer, until);
}

static void check_all_names(struct lint *l)
{
	static const char *const members[] = { "bom", "when", "latency", "queue",
		"capacity", "services", "endpoints", "availability", "requires" };
	char pointer[128];

	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		snprintf(pointer, sizeof(pointer), "/parameters/%s/value", json_key(def));
		check_names(l, json_get(def, "value"), pointer, json_key(def));
	}
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const cJSON *list = json_get(l->at->json, members[i]);
		size_t k = 0;

		JSON_EACH (it, list) {
			if (json_type(list) == JSON_ARRAY)
				snprintf(pointer, sizeof(pointer), "/%s/%zu", members[i],
					k++);
			else
				snprintf(pointer, sizeof(pointer), "/%s/%s", members[i],
					json_key(it));
			check_names(l, it, pointer, NULL);
		}
	}
}

void lint_formulas(struct lint *l)
{
	check_all_names(l);
	check_ranges(l);
	check_together(l);
	check_one_by_one(l);
}
