/* Solves a plan again around one change. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/internal.h"
#include "compose/reopen.h"

struct reopened {
	struct knowledge k;
	struct compose_options options;
	const cJSON *constraints, *plan;
	struct site site;
	int per_jurisdiction;
	char *pin[SOLVER_SLOTS_MAX]; /* "slot=pattern", by the plan's slots */
	const char *pins[SOLVER_SLOTS_MAX];
	size_t n_pins;
	const char *accepted[32]; /* services that the plan accepted as unknown */
	size_t n_accepted;
	int64_t cents; /* of the plan as it is */
};

/* ---- opening ---- */

static int read_pins(struct reopened *r, struct err *e)
{
	JSON_EACH (s, json_get(r->plan, "slots")) {
		struct buf b = BUF_INIT(1024);

		if (r->n_pins == SOLVER_SLOTS_MAX)
			break;
		buf_addf(&b, "%s=%s", json_str_or(s, "slot", "?"),
			json_str_or(s, "pattern", "?"));
		r->pin[r->n_pins] = buf_take(&b);
		if (r->pin[r->n_pins] == NULL)
			return err_no_memory(e);
		r->n_pins++;
	}
	return 0;
}

static void read_site(struct reopened *r)
{
	JSON_EACH (it, json_get(r->plan, "regions"))
		if (json_text(it) != NULL && r->site.copies < REGIONS_MAX)
			snprintf(r->site.region[r->site.copies++],
				sizeof(r->site.region[0]), "%s", json_text(it));
	JSON_EACH (it, json_get(r->plan, "assumptions"))
		r->per_jurisdiction |=
			strcmp(json_str_or(it, "id", ""), "regions.jurisdictions") == 0;
}

void reopened_free(struct reopened *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_pins; i++)
		free(r->pin[i]);
	knowledge_release(&r->k);
	free(r);
}

/* ---- what stays as planned ---- */

static const cJSON *planned_slot(const struct reopened *r, const char *slot)
{
	JSON_EACH (s, json_get(r->plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return s;
	return NULL;
}

/* 1 if the option has the pattern and the free choices of the plan. */
static int as_planned(const struct option *o, const cJSON *planned)
{
	const cJSON *params = json_get(planned, "params");

	if (strcmp(o->pattern->id, json_str_or(planned, "pattern", "")) != 0)
		return 0;
	JSON_EACH (def, json_get(o->pattern->json, "parameters"))
		if (!json_has(def, "value") &&
			!json_equal(json_get(o->params, json_key(def)),
				json_get(params, json_key(def))))
			return 0;
	return 1;
}

static int uses_service(const struct option *o, const char *service)
{
	return json_has_text(o->services, service);
}

static int claims(const struct option *o, const char *control)
{
	JSON_EACH (it, json_get(o->pattern->json, "claims"))
		if (strcmp(json_str_or(it, "control", ""), control) == 0)
			return 1;
	return 0;
}

/* 1 if the option is what the change asks for in its slot. */
static int as_changed(
	const struct option *o, const struct change *c, const cJSON *planned)
{
	int same = strcmp(o->pattern->id, json_str_or(planned, "pattern", "")) == 0;
	int free_pattern = c->without_service != NULL || c->control != NULL ||
		c->published || c->other || c->latency_share > 0 || c->availability;

	if (c->pattern != NULL && strcmp(o->pattern->id, c->pattern) != 0)
		return 0;
	if (c->pattern == NULL && !free_pattern && !same)
		return 0;
	return !(c->other && same) &&
		(c->without_service == NULL || !uses_service(o, c->without_service)) &&
		(c->control == NULL || claims(o, c->control)) &&
		(!c->published || o->unpublished[0] == '\0');
}

/* Takes the options out that are neither as planned nor as changed. */
static void keep_wanted(const struct reopened *r, struct slot *s, const struct change *c)
{
	const cJSON *planned = planned_slot(r, s->name);
	int changed = c != NULL && c->slot != NULL && strcmp(c->slot, s->name) == 0;
	size_t kept = 0;

	for (size_t i = 0; i < s->n_options; i++) {
		struct option *o = &s->options[i];

		if (changed ? as_changed(o, c, planned) : as_planned(o, planned))
			s->options[kept++] = *o;
		else
			option_release(o);
	}
	s->n_options = kept;
}

/* ---- solving again ---- */

/* Every slot of the plan is pinned but the changed one. */
static void set_pins(struct reopened *r, const char *but)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_pins; i++) {
		size_t len = but == NULL ? 0 : strlen(but);

		if (but == NULL || strncmp(r->pin[i], but, len) != 0 ||
			r->pin[i][len] != '=')
			r->pins[n++] = r->pin[i];
	}
	r->options.pins = (struct opt_list){ r->pins, n };
}

/* The limits that the change is to keep; what the plan itself breaks is not asked. */
static void set_limits(struct solver_problem *p, const struct change *c)
{
	for (size_t i = 0; i < p->n_paths; i++) {
		if (c == NULL || !(c->latency_share > 0))
			p->path[i].latency_max_ms = INFINITY;
		else
			p->path[i].latency_max_ms *= c->latency_share;
		if (c == NULL || !c->availability)
			p->path[i].loss_max = INFINITY;
	}
	p->budget_micro_usd = p->soft_budget_micro_usd = INT64_MAX;
}

/* Compiles and solves with the change made. 1, 0 when there is no such plan, -1. */
static int solve_at(struct reopened *r, const struct change *c, const struct site *site,
	struct scenario *sc, struct solver_plan *best, struct err *e)
{
	struct solver_limits one = { .k = 1, .nodes = 100000 };
	struct solver_problem limited;
	struct solver_result found;
	struct err why = { 0 }; /* a pin that does not fit is an answer, no failure */

	set_pins(r, c != NULL ? c->slot : NULL);
	r->k.change = c;
	if (scenario_init(sc, &r->k, r->constraints, site, r->per_jurisdiction, NULL,
		    &why) < 0) {
		if (why.code == ERR_INTERNAL)
			*e = why;
		return why.code == ERR_INTERNAL ? -1 : 0;
	}
	for (size_t i = 0; i < sc->n_slots; i++) {
		if (planned_slot(r, sc->slots[i].name) == NULL)
			return 0;
		keep_wanted(r, &sc->slots[i], c);
	}
	free(sc->s_slots);
	free(sc->s_options);
	sc->s_slots = NULL;
	sc->s_options = NULL;
	if (build_problem(sc, e) < 0)
		return -1;
	limited = sc->problem;
	set_limits(&limited, c);
	if (solver_solve(&limited, &one, &found) < 0 || found.n == 0)
		return 0;
	*best = found.plans[0];
	return 1;
}

static size_t changed_slot(const struct scenario *sc, const struct change *c)
{
	size_t i = 0;

	while (i < sc->n_slots &&
		(c->slot == NULL || strcmp(sc->slots[i].name, c->slot) != 0))
		i++;
	return i;
}

static int fill_answer(const struct reopened *r, struct scenario *sc,
	const struct change *c, struct solver_plan *best, struct change_answer *out,
	struct err *e)
{
	size_t slot = changed_slot(sc, c), path = headline_path(sc), used = 0;

	out->feasible = 1;
	out->delta_usd = (double)(best->cents - r->cents) / 100;
	out->latency_ms = sc->n_paths > 0 ? best->latency_ms[path] : NAN;
	out->availability_pct = sc->n_paths > 0
		? availability_redundant(100 * exp(-best->loss[path]), sc->redundant)
		: NAN;
	out->within_limits = solver_evaluate(&sc->problem, best);
	for (int i = 0; i < sc->copies; i++)
		used += (size_t)snprintf(out->regions + used, sizeof(out->regions) - used,
			"%s%s", i > 0 ? " + " : "", sc->region[i]);
	if (slot == sc->n_slots)
		return 0;
	snprintf(out->pattern, sizeof(out->pattern), "%s",
		sc->slots[slot].options[best->choice[slot]].pattern->id);
	out->params = json_copy(sc->slots[slot].options[best->choice[slot]].params, e);
	return out->params == NULL ? -1 : 0;
}

/* Solves at one site; takes the answer when it is the first or cheaper. */
static int try_site(struct reopened *r, const struct change *c, const struct site *site,
	struct change_answer *out, struct err *e)
{
	struct scenario *sc = calloc(1, sizeof(*sc));
	struct solver_plan best;
	int ret;

	if (sc == NULL)
		return err_no_memory(e);
	ret = solve_at(r, c, site, sc, &best, e);
	if (ret > 0 &&
		(!out->feasible ||
			(double)(best.cents - r->cents) / 100 < out->delta_usd)) {
		change_answer_release(out);
		ret = fill_answer(r, sc, c, &best, out, e);
	}
	scenario_release(sc);
	free(sc);
	r->k.change = NULL;
	return ret < 0 ? -1 : 0;
}

/* How near the law of one region is to that of another: the same country, both in the
 * EEA, neither. */
static int nearness(const struct region *a, const struct region *b)
{
	return strcmp(a->country, b->country) == 0 ? 2 : a->eea && b->eea ? 1 : 0;
}

/* One more region beside the plan's: of those that the constraints allow, whether named
 * or not, the first under the nearest law. 0 when there is none. */
static int one_more(const struct reopened *r, const cJSON *unnamed, struct site *out)
{
	const struct region *home = region_by_code(r->k.regions, r->site.region[0]);
	struct sites *sites = malloc(sizeof(*sites));
	struct reason why = { 0 };
	int best = -1;

	*out = r->site;
	if (sites == NULL || home == NULL)
		goto out;
	list_sites(&r->k, unnamed, 1, sites, &why);
	for (size_t i = 0; i < sites->n; i++) {
		const struct region *other =
			region_by_code(r->k.regions, sites->at[i].region[0]);

		if (sites->at[i].copies != 1 || other == NULL || other == home ||
			nearness(home, other) <= best)
			continue;
		best = nearness(home, other);
		snprintf(out->region[1], sizeof(out->region[1]), "%s", other->code);
		out->copies = 2;
	}
out:
	free(sites);
	return best >= 0;
}

static int try_copies(struct reopened *r, const struct change *c,
	struct change_answer *out, struct err *e)
{
	cJSON *unnamed = json_copy(r->constraints, e);
	struct site site;
	int ret = unnamed == NULL ? -1 : 0;

	if (ret == 0) {
		json_remove(unnamed, "regions");
		if (one_more(r, unnamed, &site))
			ret = try_site(r, c, &site, out, e);
	}
	json_free(unnamed);
	return ret;
}

int reopened_try(struct reopened *r, const struct change *change,
	struct change_answer *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	return change->copies > r->site.copies ? try_copies(r, change, out, e)
					       : try_site(r, change, &r->site, out, e);
}

void change_answer_release(struct change_answer *a)
{
	json_free(a->params);
	memset(a, 0, sizeof(*a));
}

struct reopened *plan_reopen(
	struct node_env *env, const cJSON *constraints, const cJSON *plan, struct err *e)
{
	struct reopened *r = calloc(1, sizeof(*r));
	struct change_answer as_is = { 0 };
	struct change nothing = { 0 };

	if (r == NULL) {
		err_no_memory(e);
		return NULL;
	}
	r->constraints = constraints;
	r->plan = plan;
	if (!json_true(json_get(plan, "feasible")) ||
		json_len(json_get(plan, "slots")) == 0)
		goto none;
	read_site(r);
	if (r->site.copies == 0)
		goto none;
	if (knowledge_load(&r->k, env, constraints, &r->options, e) < 0 ||
		read_pins(r, e) < 0)
		goto none;
	if (strcmp(r->k.cloud, json_str_or(plan, "cloud", "")) != 0)
		goto none;
	JSON_EACH (it, json_get(plan, "assumptions"))
		if (strncmp(json_str_or(it, "id", ""), "accepted.", 9) == 0 &&
			r->n_accepted < ARRAY_LEN(r->accepted))
			r->accepted[r->n_accepted++] = json_str_or(it, "value", "");
	r->options.accept_unknown = (struct opt_list){ r->accepted, r->n_accepted };
	if (reopened_try(r, &nothing, &as_is, e) < 0 || !as_is.feasible)
		goto none;
	r->cents = llround(as_is.delta_usd * 100);
	change_answer_release(&as_is);
	return r;
none:
	change_answer_release(&as_is);
	reopened_free(r);
	return NULL;
}
