/* questions.c - the node adaptive_questions: the fewest questions that settle most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/extract.h"
#include "intake/impact.h"
#include "intake/model.h"
#include "state/state.h"

#define QUESTIONS "lexicon/questions.json"
#define COVERAGE  "lexicon/coverage.json"
#define MOST      5

struct open_field {
	const char *field;
	const char *state; /* "contradictory", "open", "missing" */
	const char *why;   /* of the contradiction or ambiguity; may be NULL */
	double weight, gain;
	int first; /* a contradiction, or what a rule needs: asked whatever the score */
	struct impact impact;
};

static double weight_of(const cJSON *rows, const char *field)
{
	JSON_EACH (row, rows) {
		if (strcmp(json_str_or(row, "field", ""), field) == 0)
			return json_num_or(row, "weight", 0);
		if (json_has_text(json_get(row, "any_of"), field))
			return json_num_or(row, "weight", 0);
	}
	return 1;
}

static int have(const struct open_field *f, size_t n, const char *field)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(f[i].field, field) == 0)
			return 1;
	return 0;
}

static const char *note_of(const cJSON *coverage, const char *field)
{
	JSON_EACH (n, json_get(coverage, "notes"))
		if (strcmp(json_str_or(n, "field", ""), field) == 0)
			return json_str_or(n, "why", NULL);
	return NULL;
}

/* By effect: contradictions, then what decides most, then what counts most. */
static int by_effect(const void *a, const void *b)
{
	const struct open_field *x = a, *y = b;

	if (x->first != y->first)
		return y->first - x->first;
	if (x->impact.effect != y->impact.effect)
		return (int)y->impact.effect - (int)x->impact.effect;
	if (x->gain != y->gain)
		return x->gain < y->gain ? 1 : -1;
	if (x->impact.spread != y->impact.spread)
		return x->impact.spread < y->impact.spread ? 1 : -1;
	return strcmp(x->field, y->field);
}

/* The brief says it, in a currency that was converted: nothing is left to ask. */
static int answered(const cJSON *constraints, const char *field, const char *why)
{
	return strcmp(field, "budget_band") == 0 && json_has(constraints, field) &&
		why != NULL && strstr(why, "converted") != NULL;
}

static size_t open_fields(const cJSON *constraints, const cJSON *coverage,
	const cJSON *texts, const cJSON *rows, struct open_field *f, size_t max)
{
	size_t n = 0;

	JSON_EACH (c, json_get(coverage, "required_facts")) {
		const char *field = json_str_or(c, "field", "");

		if (n < max && !have(f, n, field) && json_has(texts, field))
			f[n++] = (struct open_field){ .field = field,
				.state = "required",
				.why = "a policy rule needs it before anything is "
				       "planned",
				.weight = weight_of(rows, field),
				.gain = weight_of(rows, field),
				.first = 1 };
	}
	JSON_EACH (c, json_get(coverage, "conflicts")) {
		const cJSON *fields = json_get(c, "fields");
		const char *field =
			json_text(json_item(fields, json_len(fields) > 1 ? 1 : 0));

		if (field == NULL || !json_has(texts, field))
			field = json_text(json_item(fields, 0));
		if (field == NULL || n == max || have(f, n, field) ||
			!json_has(texts, field))
			continue;
		f[n++] = (struct open_field){ .field = field,
			.state = "contradictory",
			.why = json_str_or(c, "why", NULL),
			.weight = weight_of(rows, field),
			.gain = weight_of(rows, field),
			.first = 1 };
	}
	JSON_EACH (it, json_get(coverage, "missing"))
		if (n < max && !have(f, n, json_text(it)) &&
			json_has(texts, json_text(it)))
			f[n++] = (struct open_field){ .field = json_text(it),
				.state = "missing",
				.weight = weight_of(rows, json_text(it)),
				.gain = weight_of(rows, json_text(it)) };
	JSON_EACH (it, json_get(coverage, "ambiguous"))
		if (n < max && !have(f, n, json_text(it)) &&
			json_has(texts, json_text(it)) &&
			!answered(constraints, json_text(it),
				note_of(coverage, json_text(it))))
			f[n++] = (struct open_field){ .field = json_text(it),
				.state = "open",
				.why = note_of(coverage, json_text(it)),
				.weight = weight_of(rows, json_text(it)),
				.gain = weight_of(rows, json_text(it)) / 2 };
	return n;
}

/* A member of the question's text that may differ by cloud. */
static const cJSON *by_cloud(const cJSON *t, const char *member, const cJSON *constraints)
{
	const cJSON *v = json_get(t, member);

	return json_is(v, JSON_OBJECT)
		? json_get(v, json_str_or(constraints, "cloud", "aws"))
		: v;
}

/* The plausible answers: of the cloud, where they depend on it; around the value that
 * is there, where only its currency or period is in doubt. */
static cJSON *plausible(const cJSON *constraints, const cJSON *text,
	const struct open_field *f, struct err *e)
{
	const cJSON *probes = by_cloud(text, "probes", constraints), *band;
	/* a year's money taken for a month's, or euros for dollars */
	double by = f->why != NULL && strstr(f->why, "period") != NULL ? 12 : 1.17;
	cJSON *list, *other;

	band = json_get(constraints, "budget_band");
	if (strcmp(f->state, "open") != 0 || strcmp(f->field, "budget_band") != 0 ||
		band == NULL)
		return probes == NULL ? json_new_array(e) : json_copy(probes, e);
	list = json_new_array(e);
	other = json_copy(band, e);
	if (list == NULL || other == NULL || json_push_copy(list, band, e) < 0 ||
		json_set_num(other, "max_usd", json_num_or(band, "max_usd", 0) / by, e) <
			0) {
		json_free(other);
		json_free(list);
		return NULL;
	}
	if (json_push(list, other, e) < 0) {
		json_free(list);
		return NULL;
	}
	return list;
}

static int weigh(struct weigher *w, const cJSON *constraints, const cJSON *text,
	struct open_field *f, struct err *e)
{
	cJSON *answers = plausible(constraints, text, f, e);
	int ret = answers == NULL ? -1
		: w == NULL || json_len(answers) < 2
		? 0
		: weigh_answers(w, f->field, answers, &f->impact, e);

	if (w == NULL || json_len(answers) < 2)
		f->impact.effect = EFFECT_UNKNOWN;
	json_free(answers);
	return ret;
}

static int say_why(cJSON *q, const cJSON *t, const struct open_field *f, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	int ret;

	if (f->why != NULL)
		buf_addf(&b, "%s; ", f->why);
	if (f->impact.decides[0] != '\0')
		buf_addf(&b, "decides %s", f->impact.decides);
	else
		buf_add_str(&b, json_str_or(t, "why", ""));
	if (f->impact.spread >= 1 && f->impact.effect != EFFECT_COST)
		buf_addf(&b, ", about $%.0f a month apart", f->impact.spread);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(q, "why", b.ptr, e);
	buf_release(&b);
	return ret;
}

static int add_question(cJSON *list, const cJSON *texts, const cJSON *constraints,
	const struct open_field *f, struct err *e)
{
	const cJSON *t = json_get(texts, f->field);
	cJSON *q = json_push_object(list, e);
	const cJSON *rec = by_cloud(t, "recommended", constraints);

	if (q == NULL || json_setf(q, "id", e, "q-%s", f->field) < 0 ||
		json_set_str(q, "field", f->field, e) < 0 ||
		json_set_str(q, "text", json_str_or(t, "text", ""), e) < 0 ||
		json_set_str(q, "kind", json_str_or(t, "kind", "text"), e) < 0 ||
		json_set_copy(q, "choices", by_cloud(t, "choices", constraints), e) < 0)
		return -1;
	/* what a hedge leant to is the natural default */
	if (strcmp(f->state, "open") == 0 &&
		json_is(json_get(constraints, f->field), JSON_STRING))
		rec = json_get(constraints, f->field);
	if (json_set_copy(q, "recommended", rec, e) < 0)
		return -1;
	if (say_why(q, t, f, e) < 0 ||
		json_set_bool(q, "changes_plan",
			f->first || f->impact.effect != EFFECT_NONE, e) < 0 ||
		json_set_str(q, "help", json_str_or(t, "help", ""), e) < 0)
		return -1;
	return json_bool_or(t, "multiple", 0) ? json_set_bool(q, "multiple", 1, e) : 0;
}

/* Does a question stay in the set? Contradictions always; else what decides something,
 * until the score is reached and what is left only moves the cost. */
static int worth_asking(const struct open_field *f, double score, double threshold)
{
	if (f->first)
		return 1;
	if (f->impact.effect == EFFECT_NONE)
		return 0;
	return score < threshold;
}

static void weigh_all(struct node_env *env, const cJSON *constraints, const cJSON *texts,
	struct open_field *f, size_t n)
{
	struct err why = { 0 };
	const cJSON *usual =
		by_cloud(json_get(texts, "regions"), "recommended", constraints);
	struct weigher *w = weigher_new(env, constraints, json_text(usual), &why);

	if (w == NULL)
		log_info(&env->log, "questions are weighed without plans: %s", why.msg);
	for (size_t i = 0; i < n; i++)
		if (weigh(w, constraints, json_get(texts, f[i].field), &f[i], &why) < 0)
			f[i].impact.effect = EFFECT_UNKNOWN;
	weigher_free(w);
}

cJSON *questions_of(struct node_env *env, const cJSON *constraints, const cJSON *coverage,
	size_t most, struct err *e)
{
	cJSON *texts = env_read_json(env, QUESTIONS, e),
	      *rules = texts == NULL ? NULL : env_read_json(env, COVERAGE, e);
	cJSON *out = rules == NULL ? NULL : json_new_array(e);
	struct open_field f[24];
	size_t n;
	double score = json_num_or(coverage, "score", 0),
	       threshold = json_num_or(coverage, "threshold", 0.75), all = 0;

	if (out == NULL)
		goto fail;
	n = open_fields(
		constraints, coverage, texts, json_get(rules, "fields"), f, ARRAY_LEN(f));
	if (n > 0 && score < threshold)
		weigh_all(env, constraints, texts, f, n);
	qsort(f, n, sizeof(*f), by_effect);
	JSON_EACH (row, json_get(rules, "fields"))
		all += json_num_or(row, "weight", 0);
	for (size_t i = 0; i < n && json_len(out) < most; i++) {
		if (!worth_asking(&f[i], score, threshold))
			continue;
		if (add_question(out, texts, constraints, &f[i], e) < 0)
			goto fail;
		score += f[i].gain / all;
	}
	json_free(texts);
	json_free(rules);
	return out;
fail:
	json_free(texts);
	json_free(rules);
	json_free(out);
	return NULL;
}

int questions_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	cJSON *q = questions_of(
		env, json_get(in, "constraints"), json_get(in, "coverage"), MOST, e);
	cJSON *card;

	(void)args;
	if (q == NULL || model_word(env, q, e) < 0) {
		json_free(q);
		return -1;
	}
	card = card_add(env->cards, "intake.questions", e);
	if (card == NULL || card_input_key(card, "constraints", e) < 0 ||
		card_input_key(card, "coverage", e) < 0 ||
		card_choice(card, json_len(q) == 0 ? "none" : "asked", e,
			json_len(q) == 0 ? "what is known suffices to plan"
					 : "%zu questions reach the threshold, most "
					   "decisive first",
			json_len(q)) < 0 ||
		card_confidence(card, 1, e) < 0) {
		json_free(q);
		return -1;
	}
	if (json_set(out, "questions", q, e) < 0)
		return -1;
	return json_len(json_at(in, "/coverage/required_facts")) > 0 ? 10 : 0;
}
