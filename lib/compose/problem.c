/* A scenario as numbers for the solver. */
#include "internal.h"

#include <math.h>
#include <string.h>

static void fill_legs(const struct scenario *sc, const struct slot *s,
	const struct option *o, struct solver_option *to)
{
	for (size_t i = 0; i < sc->n_paths; i++) {
		if ((s->paths >> i & 1) == 0)
			continue;
		for (size_t h = 0; h < o->n_hops; h++) {
			double d = hop_percentile_ms(&o->hops[h], sc->percentile) -
				o->hops[h].p50_ms;

			to->leg[i].p50_ms += o->hops[h].p50_ms;
			to->leg[i].spread2 += d * d;
		}
		if (o->instance < 0 || (sc->components[o->instance].paths >> i & 1) == 0)
			to->leg[i].loss = -log(o->availability_pct / 100);
		if (o->unpublished[0] != '\0')
			to->unknown |= 1u << i;
	}
}

static int build_slots(struct scenario *sc, struct err *e)
{
	size_t total = 0;

	for (size_t i = 0; i < sc->n_slots; i++)
		total += sc->slots[i].n_options;
	sc->s_slots = calloc(sc->n_slots + 1, sizeof(*sc->s_slots));
	sc->s_options = calloc(total + 1, sizeof(*sc->s_options));
	if (sc->s_slots == NULL || sc->s_options == NULL)
		return err_no_memory(e);
	total = 0;
	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct slot *s = &sc->slots[i];

		sc->s_slots[i] =
			(struct solver_slot){ sc->s_options + total, s->n_options };
		for (size_t j = 0; j < s->n_options; j++) {
			const struct option *o = &s->options[j];
			struct solver_option *to = &sc->s_options[total++];

			to->group = (int)o->pattern_index;
			to->micro_usd = pico_to_micro(o->cost);
			to->penalty = o->penalty;
			to->burden = o->burden;
			to->requires = o->requires;
			to->provides = o->provides;
			to->components = o->components;
			fill_legs(sc, s, o, to);
		}
	}
	return 0;
}

static void build_components(struct scenario *sc)
{
	for (size_t i = 0; i < sc->n_components; i++) {
		const struct component *from = &sc->components[i];
		struct solver_component *to = &sc->s_components[i];

		*to = (struct solver_component){
			.micro_usd = pico_to_micro(from->cost),
			.burden = from->burden,
			.requires = from->requires,
			.provides = from->provides,
		};
		for (size_t j = 0; from->is_instance && j < sc->n_paths; j++)
			if ((from->paths >> j & 1) != 0)
				to->leg[j].loss = -log(from->availability_pct / 100);
	}
}

static void set_limits(const struct scenario *sc, struct solver_problem *p)
{
	const cJSON *budget = json_get(sc->c, "budget_band");
	double latency = json_num_or(sc->c, "sla_latency_ms", 0);
	double target = json_num_or(sc->c, "availability_target", 0);
	double max_usd = json_num_or(budget, "max_usd", -1); /* 0 is a budget, too */

	for (size_t i = 0; i < sc->n_paths; i++) {
		int limited = sc->paths[i].limits_latency && latency > 0;

		p->path[i].latency_max_ms = limited ? latency : INFINITY;
		limited = sc->paths[i].limits_availability && target > 0;
		p->path[i].loss_max = limited
			? -log(availability_needed(target, sc->redundant) / 100)
			: INFINITY;
	}
	if (max_usd >= 0 && json_bool_or(budget, "hard", 0)) {
		p->budget_micro_usd = (int64_t)llround(max_usd * 1e6);
	} else if (max_usd >= 0) {
		p->soft_budget_micro_usd = (int64_t)llround(max_usd * 1e6);
		p->soft_budget_penalty = (int32_t)json_number(
			json_at(sc->k->slots, "/weights/budget"), 1000);
	}
}

int build_problem(struct scenario *sc, struct err *e)
{
	if (build_slots(sc, e) < 0)
		return -1;
	build_components(sc);
	sc->problem = (struct solver_problem){
		.slots = sc->s_slots,
		.n_slots = sc->n_slots,
		.components = sc->s_components,
		.n_components = sc->n_components,
		.n_paths = sc->n_paths,
		.budget_micro_usd = INT64_MAX,
		.soft_budget_micro_usd = INT64_MAX,
	};
	set_limits(sc, &sc->problem);
	return 0;
}
