/* impact.c - solves the plan under each plausible answer and judges it. */
#include "intake/impact.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/probe.h"
#include "intake/extract.h"
#include "rules/rules.h"

#define RULES_MAX 256

struct outcome {
	int solved; /* 0: another cloud's catalogue would be needed */
	struct probe_answer answer;
	uint8_t verdicts[RULES_MAX];
	char label[80];
};

struct weigher {
	struct node_env *env;
	struct probe *probe;
	struct rule_set *rules; /* NULL until a plan is judged */
	struct region_book *regions;
	cJSON *base; /* the constraints, at the region that the best plan takes */
	const cJSON *asked;
	cJSON *facts; /* of the plan with these patterns, kept for the next */
	char facts_of[sizeof(((struct probe_answer *)0)->patterns)];
};

/* One region for all answers, since where to run is a question of its own: the usual one
 * of the cloud, if the data may be there, else the first that it may be in. */
static int pin_region(struct weigher *w, const char *usual, struct err *e)
{
	const char *cloud = json_str_or(w->base, "cloud", "aws");
	const cJSON *within = json_get(w->base, "data_residency"), *out;
	const struct region *pick = NULL;
	cJSON *list;

	out = json_get(w->base, "exclusions");
	for (size_t i = 0; i < w->regions->n; i++) {
		const struct region *r = &w->regions->at[i];
		int fits = strcmp(r->cloud, cloud) == 0;

		JSON_EACH (x, within)
			fits = fits && region_within(w->regions, r, json_text(x));
		JSON_EACH (x, out)
			fits = fits && !region_within(w->regions, r, json_text(x)) &&
				strcmp(json_text(x), r->code) != 0;
		if (fits &&
			(pick == NULL || (usual != NULL && strcmp(r->code, usual) == 0)))
			pick = r;
	}
	if (pick == NULL)
		return 0; /* the solver says so, too */
	list = json_add_array(w->base, "regions", e);
	return list == NULL ? -1 : json_push_str(list, pick->code, e);
}

struct weigher *weigher_new(
	struct node_env *env, const cJSON *constraints, const char *usual, struct err *e)
{
	struct weigher *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		err_no_memory(e);
		return NULL;
	}
	w->env = env;
	w->asked = constraints;
	w->probe = probe_new(env, constraints, e);
	w->regions = w->probe == NULL ? NULL : region_book_load(env, e);
	w->base = w->regions == NULL ? NULL : json_copy(constraints, e);
	if (w->base == NULL ||
		(!json_has(w->base, "regions") && pin_region(w, usual, e) < 0)) {
		weigher_free(w);
		return NULL;
	}
	return w;
}

void weigher_free(struct weigher *w)
{
	if (w == NULL)
		return;
	probe_free(w->probe);
	rule_set_free(w->rules);
	region_book_free(w->regions);
	json_free(w->base);
	json_free(w->facts);
	free(w);
}

/* ---- what policy says ---- */

static int load_rules(struct weigher *w, struct err *e)
{
	char *names[POLICY_PACKS_MAX];
	size_t n = policy_packs(w->env->share, names);
	int ret = rule_set_new(&w->rules, e);

	for (size_t i = 0; i < n; i++) {
		char path[300];
		cJSON *tree;

		snprintf(path, sizeof(path), "policies/%s", names[i]);
		free(names[i]);
		if (ret < 0)
			continue;
		tree = env_read_json(w->env, path, e);
		ret = tree == NULL ? -1 : rule_set_add(w->rules, tree, path, e);
	}
	return ret;
}

/* Facts about a plan's parts depend on its patterns only, and on where it runs. */
static const cJSON *facts_for(
	struct weigher *w, const char *patterns, const cJSON *plan, struct err *e)
{
	if (w->facts != NULL && strcmp(w->facts_of, patterns) == 0)
		return w->facts;
	json_free(w->facts);
	w->facts = facts_build(w->env, plan, w->regions, NULL, e);
	snprintf(w->facts_of, sizeof(w->facts_of), "%s", patterns);
	return w->facts;
}

static int judge(struct weigher *w, const cJSON *constraints, const cJSON *plan,
	struct outcome *o, struct err *e)
{
	cJSON *data = NULL;
	const cJSON *facts;
	int ret = -1;

	if (w->rules == NULL && load_rules(w, e) < 0)
		return -1;
	facts = facts_for(w, o->answer.patterns, plan, e);
	data = facts == NULL ? NULL : json_new_object(e);
	if (data == NULL || json_set_view(data, "constraints", constraints, e) < 0 ||
		json_set_view(data, "plan", plan, e) < 0 ||
		json_set_view(data, "facts", facts, e) < 0)
		goto out;
	for (size_t i = 0; i < rule_set_count(w->rules) && i < RULES_MAX; i++) {
		struct rule_eval ev = { .data = data, .regions = w->regions };
		struct verdict_result v;

		if (rule_evaluate(rule_set_at(w->rules, i), &ev, &v, e) < 0)
			goto out;
		o->verdicts[i] = (uint8_t)v.verdict;
		verdict_release(&v);
	}
	ret = 0;
out:
	json_free(data);
	return ret;
}

static int counts(uint8_t verdict)
{
	return verdict == VERDICT_FAIL ? 2 : verdict == VERDICT_WARN ? 1 : 0;
}

/* The first rule whose outcome differs, failures before warnings. */
static int policy_differs(const struct weigher *w, const struct outcome *a,
	const struct outcome *b, char *out, size_t max)
{
	for (int grave = 2; grave > 0 && w->rules != NULL; grave--)
		for (size_t i = 0; i < rule_set_count(w->rules) && i < RULES_MAX; i++) {
			int x = counts(a->verdicts[i]), y = counts(b->verdicts[i]);

			if (x == y || (x != grave && y != grave))
				continue;
			snprintf(out, max,
				"policy rule %s %ss with '%s' and not with '%s'",
				rule_set_at(w->rules, i)->id,
				verdict_name((enum verdict)(x > y ? a : b)->verdicts[i]),
				(x > y ? a : b)->label, (x > y ? b : a)->label);
			return 1;
		}
	return 0;
}

/* ---- one answer ---- */

static void label(const cJSON *value, char *out, size_t max)
{
	const cJSON *v = json_is(value, JSON_ARRAY) ? json_item(value, 0) : value;

	if (json_text(v) != NULL)
		snprintf(out, max, "%s", json_text(v));
	else if (json_is(v, JSON_NUMBER))
		snprintf(out, max, "%g", json_number(v, 0));
	else if (json_has(v, "max_usd"))
		snprintf(out, max, "$%.0f a month", json_num_or(v, "max_usd", 0));
	else if (json_has(v, "requests_per_second"))
		snprintf(out, max, "%g requests per second",
			json_num_or(v, "requests_per_second", 0));
	else if (json_has(v, "size"))
		snprintf(out, max, "a team of %.0f", json_num_or(v, "size", 0));
	else
		snprintf(out, max, "another answer");
}

static int try_answer(struct weigher *w, const char *field, const cJSON *value,
	struct outcome *o, struct err *e)
{
	int place = strcmp(field, "regions") == 0 || strcmp(field, "data_residency") == 0;
	cJSON *c = json_copy(place ? w->asked : w->base, e), *plan = NULL;
	int ret = c == NULL || json_set_copy(c, field, value, e) < 0
		? -1
		: probe_plan(w->probe, c, &o->answer, &plan, e);

	label(value, o->label, sizeof(o->label));
	o->solved = ret > 0;
	if (ret > 0 && plan != NULL)
		ret = judge(w, c, plan, o, e);
	json_free(plan);
	json_free(c);
	return ret < 0 ? -1 : 0;
}

/* ---- two answers ---- */

/* The first slot in which two outlines differ: both patterns, with their answers. */
static void pattern_differs(
	const struct outcome *x, const struct outcome *y, char *out, size_t max)
{
	const char *a = x->answer.patterns, *b = y->answer.patterns;

	for (; *a != '\0'; a += strcspn(a, " "), a += *a == ' ') {
		int na = (int)strcspn(a, " "), slot = (int)strcspn(a, "=");
		const char *o = b;
		int no;

		while (*o != '\0' && strncmp(o, a, (size_t)slot + 1) != 0) {
			o += strcspn(o, " ");
			o += *o == ' ';
		}
		no = (int)strcspn(o, " ");
		if (*o == '\0') {
			snprintf(out, max, "whether there is %.*s: %.*s with '%s'", slot,
				a, na - slot - 1, a + slot + 1, x->label);
			return;
		}
		if (no == na && strncmp(o, a, (size_t)na) == 0)
			continue;
		snprintf(out, max, "between, at %.*s, %.*s ('%s') and %.*s ('%s')", slot,
			a, na - slot - 1, a + slot + 1, x->label, no - slot - 1,
			o + slot + 1, y->label);
		return;
	}
	snprintf(out, max, "which patterns the plan has ('%s' or '%s')", x->label,
		y->label);
}

static void raise_to(struct impact *out, enum effect effect)
{
	if (effect > out->effect)
		out->effect = effect;
}

static void compare(const struct weigher *w, const struct outcome *a,
	const struct outcome *b, struct impact *out)
{
	char text[sizeof(out->decides)] = "";
	double apart = fabs(a->answer.monthly_usd - b->answer.monthly_usd);
	enum effect before = out->effect;

	if (a->answer.feasible != b->answer.feasible) {
		snprintf(text, sizeof(text),
			"whether any plan is feasible: none is with '%s'",
			a->answer.feasible ? b->label : a->label);
		raise_to(out, EFFECT_FEASIBLE);
	} else if (a->answer.feasible) {
		out->spread = fmax(out->spread, apart);
		if (policy_differs(w, a, b, text, sizeof(text)))
			raise_to(out, EFFECT_POLICY);
		if (strcmp(a->answer.patterns, b->answer.patterns) != 0) {
			if (text[0] == '\0')
				pattern_differs(a, b, text, sizeof(text));
			raise_to(out, EFFECT_PATTERNS);
		} else if (apart > 25 &&
			apart > 0.25 *
					fmin(a->answer.monthly_usd,
						b->answer.monthly_usd)) {
			if (text[0] == '\0')
				snprintf(text, sizeof(text),
					"the cost: $%.0f a month with '%s', $%.0f with "
					"'%s'",
					a->answer.monthly_usd, a->label,
					b->answer.monthly_usd, b->label);
			raise_to(out, EFFECT_COST);
		}
	}
	if (out->effect > before || out->decides[0] == '\0')
		memcpy(out->decides, text, sizeof(text));
}

int weigh_answers(struct weigher *w, const char *field, const cJSON *answers,
	struct impact *out, struct err *e)
{
	size_t n = json_len(answers), solved = 0;
	struct outcome *o = calloc(n + 1, sizeof(*o));
	int ret = o == NULL ? err_no_memory(e) : 0;
	size_t i = 0;

	*out = (struct impact){ .effect = EFFECT_NONE };
	JSON_EACH (value, answers) {
		if (ret == 0)
			ret = try_answer(w, field, value, &o[i], e);
		if (ret == 0 && o[i].solved) {
			for (size_t k = 0; k < i; k++)
				if (o[k].solved)
					compare(w, &o[k], &o[i], out);
			solved++;
		}
		i++;
	}
	if (ret == 0 && solved < 2)
		out->effect = EFFECT_UNKNOWN;
	free(o);
	return ret;
}
