/* When nothing is feasible: what clashes, and what would be near enough. */
#include "internal.h"
#include "solver/relax.h"

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

/* The constraints with only the demands kept and not off; what is none stays. */
static cJSON *constraints_with(const cJSON *constraints, const struct demand *all,
	size_t n, const unsigned char *kept, const unsigned char *off, struct err *e)
{
	cJSON *c = json_copy(constraints, e);

	for (size_t i = 0; c != NULL && i < n; i++) {
		cJSON *list;

		if (all[i].item == NULL) {
			if (!kept[i] || off[i])
				json_remove(c, all[i].field);
			continue;
		}
		if (i > 0 && all[i - 1].field == all[i].field && all[i - 1].item != NULL)
			continue; /* the list was rebuilt at its first item */
		list = json_new_array(e);
		for (size_t j = i; list != NULL && j < n && all[j].field == all[i].field;
			j++)
			if (kept[j] && !off[j] &&
				json_push_copy(list, all[j].item, e) < 0) {
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
	struct solution s;
	int yes = -1;

	if (!knowledge_fits(k, constraints)) {
		use = &other;
		if (knowledge_load(use, k->env, constraints, k->opts, e) < 0)
			goto out;
	}
	if (solve_constraints(use, constraints, 1, best == NULL, &s, e) < 0)
		goto out;
	yes = s.r.n > 0;
	if (yes && best != NULL)
		*best = s.r.plans[0];
	solution_release(&s);
out:
	if (use == &other)
		knowledge_release(use);
	return yes;
}

struct knob;

/* What the oracles of relax.h ask about. */
struct question {
	struct knowledge *k;
	const cJSON *constraints;
	const struct demand *all; /* of a set */
	size_t n;
	unsigned char off[DEMANDS_MAX]; /* given up already */
	const struct knob *knob;        /* of a value */
	struct err *e;
};

static int holds_with(void *ctx, const unsigned char *kept)
{
	struct question *q = ctx;
	cJSON *c = constraints_with(q->constraints, q->all, q->n, kept, q->off, q->e);
	int yes = c == NULL ? -1 : feasible(q->k, c, NULL, q->e);

	json_free(c);
	return yes;
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

static double on_step(const struct knob *knob, double steps)
{
	return round(steps * knob->step * 1e6) / 1e6;
}

static int solve_at(struct question *q, double steps, struct solver_plan *best)
{
	cJSON *c = json_copy(q->constraints, q->e);
	int yes = -1;

	if (c != NULL && set_at(c, q->knob->pointer, on_step(q->knob, steps), q->e) == 0)
		yes = feasible(q->k, c, best, q->e);
	json_free(c);
	return yes;
}

static int holds_at(void *ctx, double steps)
{
	return solve_at(ctx, steps, NULL);
}

/* Between the stated value and the loosest sensible one. 1 with the value and its best
 * plan, 0 when no value of this knob helps, -1. */
static int nearest_value(
	struct question *q, double stated, double *value, struct solver_plan *best)
{
	const struct knob *knob = q->knob;
	double steps;
	int yes;

	if (knob->upwards ? knob->bound <= stated : knob->bound >= stated)
		return 0;
	yes = relax_nearest(
		holds_at, q, stated / knob->step, knob->bound / knob->step, &steps);
	if (yes <= 0)
		return yes;
	*value = on_step(knob, steps);
	return solve_at(q, steps, best);
}

static int add_nearest(struct knowledge *k, const cJSON *constraints, const char *field,
	cJSON *nearest, struct err *e)
{
	struct question q = { .k = k, .constraints = constraints, .e = e };

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
		q.knob = knob;
		yes = nearest_value(&q, json_number(stated, 0), &value, &best);
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

#define SETS_MAX 4

/* Conflict sets found so far, and of each the member that is given up to look for one
 * that has nothing to do with it. */
struct conflicts {
	unsigned char kept[SETS_MAX][DEMANDS_MAX];
	size_t hit[SETS_MAX];
	size_t n;
};

static size_t first_of(const unsigned char *kept, size_t n)
{
	size_t i = 0;

	while (i < n && !kept[i])
		i++;
	return i;
}

/* 0, or -1. Without any set not even giving up all demands helps. */
static int find_sets(struct question *q, struct conflicts *out)
{
	unsigned char all[DEMANDS_MAX];

	memset(all, 1, sizeof(all));
	for (out->n = 0; out->n < SETS_MAX;) {
		unsigned char *kept = out->kept[out->n];
		int found = relax_minimal(holds_with, q, q->n, kept);

		if (found < 0)
			return -1;
		if (!found)
			return 0;
		out->hit[out->n] = first_of(kept, q->n);
		q->off[out->hit[out->n++]] = 1;
		found = holds_with(q, all);
		if (found != 0)
			return found < 0 ? -1 : 0;
	}
	return 0;
}

static int add_set(const struct question *q, const unsigned char *kept, cJSON *sets)
{
	cJSON *set = json_new_array(q->e);

	for (size_t i = 0; set != NULL && i < q->n; i++)
		if (kept[i] && json_push_str(set, q->all[i].pointer, q->e) < 0) {
			json_free(set);
			return -1;
		}
	return set == NULL ? -1 : json_push(sets, set, q->e);
}

/* Nearest values of one set's members, the other sets being out of the way. */
static int add_nearest_of(
	struct question *q, const struct conflicts *c, size_t which, cJSON *nearest)
{
	unsigned char all[DEMANDS_MAX];
	cJSON *rest;
	int ret = 0;

	memset(all, 1, sizeof(all));
	memset(q->off, 0, sizeof(q->off));
	for (size_t i = 0; i < c->n; i++)
		q->off[c->hit[i]] = i != which;
	rest = constraints_with(q->constraints, q->all, q->n, all, q->off, q->e);
	if (rest == NULL)
		return -1;
	for (size_t i = 0; ret == 0 && i < q->n; i++)
		if (c->kept[which][i] && q->all[i].item == NULL)
			ret = add_nearest(q->k, rest, q->all[i].field, nearest, q->e);
	json_free(rest);
	return ret;
}

int explain_conflicts(struct knowledge *k, const cJSON *constraints, cJSON *candidates,
	cJSON *plan, struct err *e)
{
	struct demand all[DEMANDS_MAX];
	struct question q = { .k = k, .constraints = constraints, .all = all, .e = e };
	struct conflicts found;
	cJSON *sets = json_add_array(candidates, "conflicts", e);
	cJSON *nearest = json_add_array(candidates, "nearest", e);

	q.n = list_demands(k, constraints, all);
	if (sets == NULL || nearest == NULL || find_sets(&q, &found) < 0)
		return -1;
	for (size_t i = 0; i < found.n; i++)
		if (add_set(&q, found.kept[i], sets) < 0 ||
			add_nearest_of(&q, &found, i, nearest) < 0)
			return -1;
	if (found.n == 0) {
		cJSON *set = json_new_array(e);

		if (json_push_str(set, "/use_cases", e) < 0 ||
			json_push(sets, set, e) < 0)
			return -1;
	}
	return json_set_copy(plan, "conflicts", sets, e);
}
