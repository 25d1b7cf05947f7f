/* What is preferred: penalties of the options that do not meet it. */
#include "internal.h"

#include <string.h>

static int meets(const struct pattern *p, const char *member, const cJSON *wanted)
{
	const cJSON *has = json_get(p->json, member);

	return json_text(has) != NULL ? strcmp(json_text(has), json_text(wanted)) == 0
				      : json_has_text(has, json_text(wanted));
}

/* 1 if the pattern suits what is to be built, whether or not a demand rules it out: a plan
 * does not become better because a place, a law or a load leaves no choice. */
static int suits(const struct slot *s, size_t i)
{
	static const char *const never[] = { "use-case", "lifecycle", "broken",
		"pinned" };

	for (size_t k = 0; k < ARRAY_LEN(never); k++)
		if (strcmp(s->out[i].kind, never[k]) == 0)
			return 0;
	return 1;
}

static int can_be_met(const struct slot *s, const char *member, const cJSON *wanted)
{
	for (size_t i = 0; i < s->n_patterns; i++)
		if (suits(s, i) && meets(s->patterns[i], member, wanted))
			return 1;
	return 0;
}

/* A preference that some pattern of the slot meets counts against options that do not. */
static void prefer(
	struct slot *s, const cJSON *wanted, const char *member, int32_t weight)
{
	if (json_text(wanted) == NULL || !can_be_met(s, member, wanted))
		return;
	for (size_t i = 0; i < s->n_options; i++) {
		struct option *o = &s->options[i];
		size_t used = strlen(o->penalties);

		if (meets(o->pattern, member, wanted))
			continue;
		o->penalty += weight;
		snprintf(o->penalties + used, sizeof(o->penalties) - used, "%s%s",
			used > 0 ? ", " : "", json_text(wanted));
	}
}

static void prefer_each(
	struct scenario *sc, struct slot *s, const cJSON *list, const char *weight)
{
	int32_t w = (int32_t)json_num_or(json_get(sc->k->slots, "weights"), weight, 0);

	JSON_EACH (it, list)
		prefer(s, it, "tech", w);
}

/* People who say that they are few are spared what takes a team to run, where the
 * catalogue has anything else. */
static void spare_small_team(const struct scenario *sc, struct slot *s)
{
	double size = json_number(json_at(sc->c, "/team_constraints/size"), 0);
	int32_t weight =
		(int32_t)json_number(json_at(sc->k->slots, "/weights/small_team"), 0);
	int light = 0;

	for (size_t i = 0; i < s->n_patterns; i++)
		light |=
			suits(s, i) && json_num_or(s->patterns[i]->json, "burden", 3) < 4;
	for (size_t i = 0; size > 0 && size <= 3 && light && i < s->n_options; i++) {
		struct option *o = &s->options[i];
		size_t used = strlen(o->penalties);

		if (json_num_or(o->pattern->json, "burden", 3) < 4)
			continue;
		o->penalty += weight;
		snprintf(o->penalties + used, sizeof(o->penalties) - used, "%ssmall team",
			used > 0 ? ", " : "");
	}
}

void set_penalties(struct scenario *sc, struct slot *s)
{
	int32_t style = (int32_t)json_number(
		json_at(sc->k->slots, "/weights/deployment_pref"), 0);

	prefer(s, json_get(sc->c, "deployment_pref"), "style", style);
	prefer_each(sc, s, json_get(sc->c, "storage_prefs"), "storage_prefs");
	prefer_each(sc, s, json_get(sc->c, "observability_prefs"), "observability_prefs");
	prefer_each(sc, s, json_get(sc->c, "existing_stack"), "existing_stack");
	prefer_each(sc, s, json_at(sc->c, "/team_constraints/skills"), "skills");
	spare_small_team(sc, s);
}
