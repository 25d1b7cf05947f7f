/* questions.c - the node adaptive_questions: the fewest questions that settle most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/extract.h"
#include "state/state.h"

#define QUESTIONS "lexicon/questions.json"
#define COVERAGE  "lexicon/coverage.json"
#define MOST      5

struct open_field {
	const char *field;
	const char *state; /* "contradictory", "open", "missing" */
	const char *why;   /* of the contradiction or ambiguity; may be NULL */
	double weight, gain;
	int first; /* a contradiction: asked whatever the score */
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

static int by_gain(const void *a, const void *b)
{
	const struct open_field *x = a, *y = b;

	if (x->first != y->first)
		return y->first - x->first;
	if (x->gain != y->gain)
		return x->gain < y->gain ? 1 : -1;
	return strcmp(x->field, y->field);
}

static size_t open_fields(const cJSON *coverage, const cJSON *texts, const cJSON *rows,
	struct open_field *f, size_t max)
{
	size_t n = 0;

	JSON_EACH (c, json_get(coverage, "conflicts")) {
		const cJSON *fields = json_get(c, "fields");
		const char *field =
			json_text(json_item(fields, json_len(fields) > 1 ? 1 : 0));

		if (field == NULL || !json_has(texts, field))
			field = json_text(json_item(fields, 0));
		if (field == NULL || n == max || have(f, n, field) ||
			!json_has(texts, field))
			continue;
		f[n++] = (struct open_field){ field, "contradictory",
			json_str_or(c, "why", NULL), weight_of(rows, field),
			weight_of(rows, field), 1 };
	}
	JSON_EACH (it, json_get(coverage, "missing"))
		if (n < max && !have(f, n, json_text(it)) &&
			json_has(texts, json_text(it)))
			f[n++] = (struct open_field){ json_text(it), "missing", NULL,
				weight_of(rows, json_text(it)),
				weight_of(rows, json_text(it)), 0 };
	JSON_EACH (it, json_get(coverage, "ambiguous"))
		if (n < max && !have(f, n, json_text(it)) &&
			json_has(texts, json_text(it)))
			f[n++] = (struct open_field){ json_text(it), "open",
				note_of(coverage, json_text(it)),
				weight_of(rows, json_text(it)),
				weight_of(rows, json_text(it)) / 2, 0 };
	qsort(f, n, sizeof(*f), by_gain);
	return n;
}

static int add_question(cJSON *list, const cJSON *texts, const cJSON *constraints,
	const struct open_field *f, struct err *e)
{
	const cJSON *t = json_get(texts, f->field);
	cJSON *q = json_push_object(list, e);
	const cJSON *rec = json_get(t, "recommended");

	if (q == NULL || json_setf(q, "id", e, "q-%s", f->field) < 0 ||
		json_set_str(q, "field", f->field, e) < 0 ||
		json_set_str(q, "text", json_str_or(t, "text", ""), e) < 0 ||
		json_set_str(q, "kind", json_str_or(t, "kind", "text"), e) < 0 ||
		json_set_copy(q, "choices", json_get(t, "choices"), e) < 0)
		return -1;
	/* what a hedge leant to is the natural default */
	if (strcmp(f->state, "open") == 0 &&
		json_is(json_get(constraints, f->field), JSON_STRING))
		rec = json_get(constraints, f->field);
	if (json_set_copy(q, "recommended", rec, e) < 0)
		return -1;
	if (f->why != NULL ? json_setf(q, "why", e, "%s; %s", f->why,
				     json_str_or(t, "why", "")) < 0
			   : json_set_str(q, "why", json_str_or(t, "why", ""), e) < 0)
		return -1;
	if (json_set_bool(q, "changes_plan", 1, e) < 0 ||
		json_set_str(q, "help", json_str_or(t, "help", ""), e) < 0)
		return -1;
	return json_bool_or(t, "multiple", 0) ? json_set_bool(q, "multiple", 1, e) : 0;
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
	n = open_fields(coverage, texts, json_get(rules, "fields"), f, 24);
	JSON_EACH (row, json_get(rules, "fields"))
		all += json_num_or(row, "weight", 0);
	for (size_t i = 0; i < n && json_len(out) < most; i++) {
		if (!f[i].first && score >= threshold)
			break;
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
	if (q == NULL)
		return -1;
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
	return json_set(out, "questions", q, e);
}
