/* questions.c - the node adaptive_questions: the fewest questions that settle most. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/probe.h"
#include "intake/extract.h"
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
	int first;   /* a contradiction: asked whatever the score */
	int changes; /* some answer changes patterns, feasibility, cost band or policy */
	double spread;     /* USD a month between the answers' plans */
	char decides[200]; /* "serve@online: a or b" */
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
	if (x->changes != y->changes)
		return y->changes - x->changes;
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
			json_has(texts, json_text(it)))
			f[n++] = (struct open_field){ .field = json_text(it),
				.state = "open",
				.why = note_of(coverage, json_text(it)),
				.weight = weight_of(rows, json_text(it)),
				.gain = weight_of(rows, json_text(it)) / 2 };
	qsort(f, n, sizeof(*f), by_gain);
	return n;
}

/* The first slot in which two outlines differ: "serve@online: x or y". */
static void first_difference(const char *a, const char *b, char *out, size_t max)
{
	out[0] = '\0';
	while (*a != '\0') {
		size_t na = strcspn(a, " "), slot = strcspn(a, "=");
		const char *other = b;

		while (*other != '\0' && strncmp(other, a, slot + 1) != 0) {
			other += strcspn(other, " ");
			other += *other == ' ';
		}
		if (*other == '\0') {
			snprintf(out, max, "whether there is %.*s", (int)slot, a);
			return;
		}
		if (strcspn(other, " ") != na || strncmp(other, a, na) != 0) {
			snprintf(out, max, "%.*s: %.*s or %.*s", (int)slot, a,
				(int)(na - slot - 1), a + slot + 1,
				(int)(strcspn(other, " ") - slot - 1), other + slot + 1);
			return;
		}
		a += na;
		a += *a == ' ';
	}
}

/* Solves the plan under each of the field's plausible answers. */
static int weigh(struct probe *p, const cJSON *constraints, const cJSON *text,
	struct open_field *f, struct err *e)
{
	struct probe_answer first = { 0 }, now;
	int n = 0;

	f->changes = json_bool_or(text, "policy", 0) || json_bool_or(text, "always", 0) ||
		f->first;
	if (p == NULL) {
		f->changes = 1;
		return 0;
	}
	JSON_EACH (value, json_get(text, "probes")) {
		cJSON *c = json_copy(constraints, e);
		int got = c == NULL || json_set_copy(c, f->field, value, e) < 0
			? -1
			: probe_solve(p, c, &now, e);

		json_free(c);
		if (got < 0)
			return -1;
		if (got == 0)
			continue;
		if (n++ == 0) {
			first = now;
			continue;
		}
		if (now.feasible && first.feasible &&
			fabs(now.monthly_usd - first.monthly_usd) > f->spread)
			f->spread = fabs(now.monthly_usd - first.monthly_usd);
		if (now.feasible != first.feasible) {
			f->changes = 1;
			snprintf(f->decides, sizeof(f->decides),
				"whether any plan is feasible");
		} else if (strcmp(now.patterns, first.patterns) != 0) {
			f->changes = 1;
			if (f->decides[0] == '\0')
				first_difference(first.patterns, now.patterns, f->decides,
					sizeof(f->decides));
		} else if (f->spread > 25 && f->spread > 0.25 * first.monthly_usd) {
			f->changes = 1;
		}
	}
	return 0;
}

static int say_why(cJSON *q, const cJSON *t, const struct open_field *f, struct err *e)
{
	struct buf b = BUF_INIT(4096);
	int ret;

	if (f->why != NULL)
		buf_addf(&b, "%s; ", f->why);
	if (f->decides[0] != '\0')
		buf_addf(&b, "decides %s%s",
			strchr(f->decides, ':') != NULL ? "between, at " : "",
			f->decides);
	else
		buf_add_str(&b, json_str_or(t, "why", ""));
	if (f->spread >= 1)
		buf_addf(&b, ", up to $%.0f a month apart", f->spread);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(q, "why", b.ptr, e);
	buf_release(&b);
	return ret;
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
	if (say_why(q, t, f, e) < 0 ||
		json_set_bool(q, "changes_plan", f->changes, e) < 0 ||
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
	if (n > 0 && score < threshold) {
		struct err why = { 0 };
		struct probe *p = probe_new(env, constraints, &why);

		if (p == NULL)
			log_info(&env->log, "questions are weighed without plans: %s",
				why.msg);
		for (size_t i = 0; i < n; i++)
			if (weigh(p, constraints, json_get(texts, f[i].field), &f[i],
				    &why) < 0)
				f[i].changes = 1;
		probe_free(p);
		qsort(f, n, sizeof(*f), by_gain);
	} else {
		for (size_t i = 0; i < n; i++)
			f[i].changes = 1;
	}
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
	return json_set(out, "questions", q, e);
}
