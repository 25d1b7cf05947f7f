/* coverage.c - the node coverage_check: how much of what planning needs is known. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "intake/extract.h"
#include "state/state.h"

#define COVERAGE "lexicon/coverage.json"

/* Does any field of a list hold a value? */
static int known(const cJSON *constraints, const cJSON *row)
{
	const cJSON *any = json_get(row, "any_of");

	if (any == NULL)
		return json_has(constraints, json_str_or(row, "field", ""));
	JSON_EACH (f, any)
		if (json_has(constraints, json_text(f)))
			return 1;
	return 0;
}

/* "when": a field applies only where another one has one of the values, or is unknown
 * and so may have it; the latter counts only what is known. */
static int applies(const cJSON *constraints, const cJSON *row)
{
	JSON_EACH (cond, json_get(row, "when")) {
		const cJSON *have = json_get(constraints, json_key(cond));
		int met = 0;

		JSON_EACH (v, cond)
			met |= json_is(have, JSON_ARRAY)
				? json_has_text(have, json_text(v))
				: json_equal(have, v);
		if (!met)
			return 0;
	}
	return 1;
}

static int field_in(const cJSON *list, const char *field)
{
	return json_has_text(list, field);
}

static int in_conflict(const cJSON *conflicts, const char *field)
{
	JSON_EACH (c, conflicts)
		if (field_in(json_get(c, "fields"), field))
			return 1;
	return 0;
}

/* A later reply that says otherwise than the brief, or than a reply before it. */
static int add_replaced(
	cJSON *replaced, const cJSON *entry, const char *field, struct err *e)
{
	const cJSON *was = json_get(entry, "replaces");
	cJSON *one = json_push_object(replaced, e), *quotes;

	if (one == NULL || json_set_str(one, "field", field, e) < 0 ||
		json_setf(one, "why", e, "%s replaces what %s said",
			strcmp(json_str_or(entry, "source", ""), "feedback") == 0
				? "a comment"
				: "a reply",
			strcmp(json_str_or(was, "source", ""), "text") == 0
				? "the brief"
				: "an earlier reply") < 0 ||
		json_set_copy(one, "value", json_get(was, "value"), e) < 0)
		return -1;
	quotes = json_add_array(one, "quotes", e);
	return quotes == NULL ||
			json_push_str(quotes, json_str_or(was, "quote", ""), e) < 0 ||
			json_push_str(quotes, json_str_or(entry, "quote", ""), e) < 0
		? -1
		: 0;
}

/* Ambiguities and contradictions, as intake_extract left them with the evidence. */
static int from_evidence(const cJSON *provenance, cJSON *ambiguous, cJSON *conflicts,
	cJSON *notes, cJSON *replaced, struct err *e)
{
	char last[64] = "";

	JSON_EACH (p, provenance) {
		const char *pointer = json_key(p),
			   *why = json_str_or(p, "ambiguous", NULL);
		char field[64];
		size_t n;

		if (strncmp(pointer, "/constraints/", 13) != 0)
			continue;
		n = strcspn(pointer + 13, "/");
		if (n >= sizeof(field))
			continue;
		memcpy(field, pointer + 13, n);
		field[n] = '\0';
		if (why != NULL) {
			cJSON *note = json_push_object(notes, e);

			if (note == NULL || json_set_str(note, "field", field, e) < 0 ||
				json_set_str(note, "why", why, e) < 0 ||
				json_set_str(note, "quote", json_str_or(p, "quote", ""),
					e) < 0)
				return -1;
			if (!field_in(ambiguous, field) &&
				json_push_str(ambiguous, field, e) < 0)
				return -1;
		}
		/* a value has one entry for each of its parts: said once */
		if (json_has(p, "replaces") && strcmp(last, field) != 0) {
			snprintf(last, sizeof(last), "%s", field);
			if (add_replaced(replaced, p, field, e) < 0)
				return -1;
		}
		JSON_EACH (c, json_get(p, "conflicts"))
			if (json_push_copy(conflicts, c, e) < 0)
				return -1;
	}
	return 0;
}

cJSON *coverage_of(struct node_env *env, const cJSON *constraints,
	const cJSON *provenance, double threshold, struct err *e)
{
	cJSON *rules = env_read_json(env, COVERAGE, e),
	      *out = rules == NULL ? NULL : json_new_object(e);
	const cJSON *rows;
	cJSON *missing, *ambiguous, *conflicts, *notes, *replaced;
	double sum = 0, all = 0;

	if (out == NULL || json_arr(rules, "fields", &rows, e) < 0)
		goto fail;
	if (threshold <= 0)
		threshold = json_num_or(rules, "threshold", 0.75);
	if (json_set_num(out, "score", 0, e) < 0 ||
		json_set_num(out, "threshold", threshold, e) < 0)
		goto fail;
	missing = json_add_array(out, "missing", e);
	ambiguous = json_add_array(out, "ambiguous", e);
	conflicts = json_add_array(out, "conflicts", e);
	notes = json_add_array(out, "notes", e);
	replaced = json_new_array(e);
	if (missing == NULL || ambiguous == NULL || conflicts == NULL || notes == NULL ||
		replaced == NULL ||
		from_evidence(provenance, ambiguous, conflicts, notes, replaced, e) < 0) {
		json_free(replaced);
		goto fail;
	}
	if (json_len(replaced) == 0)
		json_free(replaced);
	else if (json_set(out, "replaced", replaced, e) < 0)
		goto fail;
	JSON_EACH (row, rows) {
		const char *field = json_str_or(row, "field", "");
		double w = json_num_or(row, "weight", 0);

		if (!applies(constraints, row))
			continue;
		all += w;
		if (in_conflict(conflicts, field))
			continue;
		if (!known(constraints, row)) {
			if (json_push_str(missing, field, e) < 0)
				goto fail;
			continue;
		}
		sum += field_in(ambiguous, field) ? w / 2 : w;
	}
	if (json_set_num(out, "score", all > 0 ? round(sum / all * 1e4) / 1e4 : 1, e) < 0)
		goto fail;
	json_free(rules);
	return out;
fail:
	json_free(rules);
	json_free(out);
	return NULL;
}

int coverage_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct intake_args *a = args;
	cJSON *c = coverage_of(env, json_get(in, "constraints"),
		json_get(in, "provenance"), a->threshold, e);
	cJSON *card;
	char why[160];
	int gate;

	if (c == NULL)
		return -1;
	gate = required_facts(env, json_get(in, "constraints"), c, e);
	if (gate < 0) {
		json_free(c);
		return -1;
	}
	card = card_add(env->cards, "intake.coverage", e);
	snprintf(why, sizeof(why),
		"score %.2f of 1, threshold %.2f: %zu fields missing, %zu ambiguous, %zu "
		"contradictions",
		json_num_or(c, "score", 0), json_num_or(c, "threshold", 0),
		json_len(json_get(c, "missing")), json_len(json_get(c, "ambiguous")),
		json_len(json_get(c, "conflicts")));
	if (card == NULL || card_input_key(card, "constraints", e) < 0 ||
		card_input_key(card, "provenance", e) < 0 ||
		card_choice(card,
			json_num_or(c, "score", 0) >= json_num_or(c, "threshold", 0)
				? "covered"
				: "not covered",
			e, "%s", why) < 0 ||
		card_confidence(card, json_num_or(c, "score", 0), e) < 0) {
		json_free(c);
		return -1;
	}
	return json_set(out, "coverage", c, e) < 0 ? -1 : gate;
}
