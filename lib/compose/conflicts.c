/* When nothing is feasible: what clashes, and what would be near enough. */
#include "internal.h"

#include <math.h>
#include <string.h>

/* Constraints that can be given up, each a unit of its own. List members count one
 * by one: a brief can drop one law or one exclusion and keep the others. */
static const char *const demands[] = { "cloud", "budget_band", "sla_latency_ms",
	"availability_target", "regions", "data_residency", "compliance", "exclusions",
	"data_classification", "throughput", "deployment_pref" };

struct demand {
	char pointer[96];
	const char *field;
	const cJSON *item; /* of a list; NULL: the whole field */
};

#define DEMANDS_MAX 48

static int is_hard(const cJSON *constraints, const char *field)
{
	const cJSON *v = json_get(constraints, field);

	if (v == NULL || (json_type(v) == JSON_ARRAY && json_len(v) == 0))
		return 0;
	if (strcmp(field, "budget_band") == 0)
		return json_bool_or(v, "hard", 0);
	return strcmp(field, "deployment_pref") != 0;
}

/* The cloud clashes only with regions of another one; else it is no demand but the
 * ground that the others stand on. */
static int names_foreign_region(const struct knowledge *k, const cJSON *constraints)
{
	JSON_EACH (it, json_get(constraints, "regions")) {
		const struct region *place = json_text(it) == NULL
			? NULL
			: region_by_code(k->regions, json_text(it));

		if (place != NULL && strcmp(place->cloud, k->cloud) != 0)
			return 1;
	}
	return 0;
}

static size_t list_demands(
	const struct knowledge *k, const cJSON *constraints, struct demand *out)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(demands); i++) {
		const cJSON *v = json_get(constraints, demands[i]);
		int by_item = strcmp(demands[i], "compliance") == 0 ||
			strcmp(demands[i], "exclusions") == 0;
		size_t at = 0;

		if (!is_hard(constraints, demands[i]))
			continue;
		if (strcmp(demands[i], "cloud") == 0 &&
			!names_foreign_region(k, constraints))
			continue;
		if (!by_item && n < DEMANDS_MAX) {
			out[n] = (struct demand){ .field = demands[i] };
			snprintf(out[n].pointer, sizeof(out[n].pointer), "/%s",
				demands[i]);
			n++;
			continue;
		}
		JSON_EACH (it, v) {
			if (n == DEMANDS_MAX)
				break;
			out[n] = (struct demand){ .field = demands[i], .item = it };
			snprintf(out[n].pointer, sizeof(out[n].pointer), "/%s/%zu",
				demands[i], at++);
			n++;
		}
	}
	return n;
}

/* The constraints with only the kept demands; everything that is none stays. */
static cJSON *constraints_with(const cJSON *constraints, const struct demand *all,
	size_t n, const unsigned char *kept, struct err *e)
{
	cJSON *c = json_copy(constraints, e);

	for (size_t i = 0; c != NULL && i < n; i++) {
		cJSON *list;

		if (all[i].item == NULL) {
			if (!kept[i])
				json_remove(c, all[i].field);
			continue;
		}
		if (i > 0 && all[i - 1].field == all[i].field && all[i - 1].item != NULL)
			continue; /* the list was rebuilt at its first item */
		list = json_new_array(e);
		for (size_t j = i; list != NULL && j < n && all[j].field == all[i].field;
			j++)
			if (kept[j] && json_push_copy(list, all[j].item, e) < 0) {
				json_free(list);
				list = NULL;
			}
		if (list == NULL || json_set(c, all[i].field, list, e) < 0) {
			json_free(c);
			return NULL;
		}
	}
	return c;
}

/* 1 feasible, 0 not, -1. With `best`, the best plan's figures. Without the stated
 * cloud another one's catalogue may be meant. */
static int feasible(struct knowledge *k, const cJSON *constraints,
	struct solver_plan *best, struct err *e)
{
	struct knowledge other = { 0 }, *use = k;
	struct scenario sc;
	struct solver_result r;
	int yes = -1;

	if (!knowledge_fits(k, constraints)) {
		use = &other;
		if (knowledge_load(use, k->env, constraints, k->opts, e) < 0)
			goto out;
	}
	if (solve_constraints(use, constraints, 1, &sc, &r, e) < 0)
		goto out;
	yes = r.n > 0;
	if (yes && best != NULL)
		*best = r.plans[0];
	scenario_release(&sc);
out:
	if (use == &other)
		knowledge_release(use);
	return yes;
}

static int feasible_with(struct knowledge *k, const cJSON *constraints,
	const struct demand *all, size_t n, const unsigned char *kept, struct err *e)
{
	cJSON *c = constraints_with(constraints, all, n, kept, e);
	int yes = c == NULL ? -1 : feasible(k, c, NULL, e);

	json_free(c);
	return yes;
}

/* Deletion: a demand stays only if the rest without it is feasible; what is left
 * is minimal. 0, or -1; *found is 0 when even no demand leaves no plan. */
static int minimal_set(struct knowledge *k, const cJSON *constraints,
	const struct demand *all, size_t n, unsigned char *kept, int *found,
	struct err *e)
{
	unsigned char none[DEMANDS_MAX] = { 0 };
	int yes = feasible_with(k, constraints, all, n, none, e);

	*found = yes > 0;
	if (yes <= 0)
		return yes;
	memset(kept, 1, n);
	for (size_t i = 0; i < n; i++) {
		kept[i] = 0;
		yes = feasible_with(k, constraints, all, n, kept, e);
		if (yes < 0)
			return -1;
		if (yes)
			kept[i] = 1;
	}
	return 0;
}

/* ---- nearest values ---- */

struct knob {
	const char *pointer;
	double step;  /* the finest difference that counts */
	int upwards;  /* larger is looser */
	double bound; /* no looser than this makes sense */
};

static const struct knob knobs[] = {
	{ "/sla_latency_ms", 0.1, 1, 3600000 },
	{ "/availability_target", 0.001, 0, 50 },
	{ "/budget_band/max_usd", 0.01, 1, 100000000 },
	{ "/throughput/requests_per_second", 0.01, 0, 0.01 },
	{ "/throughput/events_per_second", 0.01, 0, 0.01 },
	{ "/throughput/gb_per_day", 0.01, 0, 0.01 },
	{ "/throughput/storage_gb", 1, 0, 1 },
	{ "/throughput/documents", 1, 0, 1 },
};

static int set_at(cJSON *c, const char *pointer, double v, struct err *e)
{
	const char *slash = strrchr(pointer, '/');
	char parent[96];
	cJSON *obj;

	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - pointer), pointer);
	obj = parent[0] == '\0' ? c : json_edit(c, parent);
	return json_set_num(obj, slash + 1, v, e);
}

static int feasible_at(struct knowledge *k, const cJSON *constraints, const char *pointer,
	double v, struct solver_plan *best, struct err *e)
{
	cJSON *c = json_copy(constraints, e);
	int yes = -1;

	if (c != NULL && set_at(c, pointer, v, e) == 0)
		yes = feasible(k, c, best, e);
	json_free(c);
	return yes;
}

static double on_step(const struct knob *knob, double steps)
{
	return round(steps * knob->step * 1e6) / 1e6;
}

/* Bisects, in whole steps, between the stated value and the loosest sensible one.
 * 1 with *value, 0 when no value of this knob helps, -1. */
static int nearest_value(struct knowledge *k, const cJSON *constraints,
	const struct knob *knob, double stated, double *value, struct solver_plan *best,
	struct err *e)
{
	double tight = stated / knob->step, loose = knob->bound / knob->step;
	int yes;

	if (knob->upwards ? loose <= tight : loose >= tight)
		return 0;
	/* the loosest first, then ever narrower; tight is known to fail */
	yes = feasible_at(k, constraints, knob->pointer, on_step(knob, loose), best, e);
	if (yes <= 0)
		return yes;
	tight = knob->upwards ? floor(tight) : ceil(tight);
	loose = knob->upwards ? ceil(loose) : floor(loose);
	while (fabs(loose - tight) > 1) {
		/* doubling steps from the stated value find the range; then halves */
		double mid = knob->upwards && loose > 4 * fmax(tight, 1)
			? 2 * fmax(tight, 1)
			: floor((loose + tight) / 2);

		yes = feasible_at(
			k, constraints, knob->pointer, on_step(knob, mid), NULL, e);
		if (yes < 0)
			return -1;
		if (yes)
			loose = mid;
		else
			tight = mid;
	}
	*value = on_step(knob, loose);
	return feasible_at(k, constraints, knob->pointer, *value, best, e);
}

static int add_nearest(struct knowledge *k, const cJSON *constraints, const char *field,
	cJSON *nearest, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(knobs); i++) {
		const struct knob *knob = &knobs[i];
		const cJSON *stated = json_at(constraints, knob->pointer);
		struct solver_plan best = { 0 };
		size_t len = strlen(field);
		double value;
		cJSON *n, *gives;
		int yes;

		if (strncmp(knob->pointer + 1, field, len) != 0 ||
			(knob->pointer[1 + len] != '\0' &&
				knob->pointer[1 + len] != '/') ||
			json_type(stated) != JSON_NUMBER)
			continue;
		yes = nearest_value(
			k, constraints, knob, json_number(stated, 0), &value, &best, e);
		if (yes < 0)
			return -1;
		if (!yes)
			continue;
		n = json_push_object(nearest, e);
		if (n == NULL || json_set_str(n, "constraint", knob->pointer, e) < 0 ||
			json_set_copy(n, "stated", stated, e) < 0 ||
			json_set_num(n, "value", value, e) < 0 ||
			json_set_num(n, "step", knob->step, e) < 0 ||
			json_set_bool(n, "verified", 1, e) < 0)
			return -1;
		gives = json_add_object(n, "gives", e);
		if (gives == NULL ||
			json_set_num(gives, "monthly_usd", (double)best.cents / 100, e) <
				0 ||
			json_set_num(gives, "latency_ms", best.latency_ms[0], e) < 0)
			return -1;
	}
	return 0;
}

/* One more conflict set is sought with each member of the first given up, so that
 * independent clashes show at once. */
int explain_conflicts(struct knowledge *k, const cJSON *constraints, cJSON *candidates,
	cJSON *plan, struct err *e)
{
	struct demand all[DEMANDS_MAX];
	unsigned char kept[DEMANDS_MAX];
	size_t n = list_demands(k, constraints, all);
	cJSON *sets = json_add_array(candidates, "conflicts", e);
	cJSON *nearest = json_add_array(candidates, "nearest", e), *set;
	int found;

	if (sets == NULL || nearest == NULL ||
		minimal_set(k, constraints, all, n, kept, &found, e) < 0)
		return -1;
	if (!found) {
		set = json_new_array(e);
		return json_push_str(set, "/use_cases", e) < 0 ? -1
							       : json_push(sets, set, e);
	}
	set = json_new_array(e);
	for (size_t i = 0; set != NULL && i < n; i++)
		if (kept[i] && json_push_str(set, all[i].pointer, e) < 0)
			return -1;
	if (json_push(sets, set, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (kept[i] && all[i].item == NULL &&
			add_nearest(k, constraints, all[i].field, nearest, e) < 0)
			return -1;
	return json_set_copy(plan, "conflicts", sets, e);
}
