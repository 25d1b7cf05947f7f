/*
 * What each assumption decides: the plan solved again with what is assumed taken
 * otherwise. A volume is doubled; a choice takes the other answers that its question has
 * in share/lexicon/questions.json. The planner chose the value; here stands what being
 * wrong about it changes.
 */
#include "tech.h"

#include <math.h>
#include <string.h>

#include "compose/probe.h"

#define QUESTIONS "lexicon/questions.json"

struct assumed {
	struct tech *t;
	struct probe *probe;
	struct probe_answer base;
	cJSON *constraints; /* at the plan's own regions, so that only one thing differs */
	cJSON *questions;
	cJSON *list; /* critique.assumptions */
};

static cJSON *constraints_of(const struct tech *t, struct err *e)
{
	cJSON *c = t->constraints != NULL ? json_copy(t->constraints, e)
					  : json_new_object(e);

	if (c != NULL && json_len(json_get(t->plan, "regions")) == 1 &&
		json_set_copy(c, "regions", json_get(t->plan, "regions"), e) < 0) {
		json_free(c);
		return NULL;
	}
	return c;
}

static const char *pattern_in(const char *patterns, const char *slot, size_t *len)
{
	size_t n = strlen(slot);

	for (const char *p = patterns; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, slot, n) == 0 && p[n] == '=') {
			*len = strcspn(p + n + 1, " ");
			return p + n + 1;
		}
	return NULL;
}

/* Does the slot of the plan have this pattern in the outline? Other slots do not count. */
static int same_at(
	const cJSON *slot, const char *patterns, const char **other, size_t *len)
{
	const char *is = json_str_or(slot, "pattern", "");

	*other = pattern_in(patterns, json_str_or(slot, "slot", ""), len);
	return *other != NULL && *len == strlen(is) && strncmp(*other, is, *len) == 0;
}

/* 1 if the outline is that of the plan. */
static int same_plan(const struct tech *t, const struct probe_answer *a)
{
	const char *other;
	size_t len = 0;

	JSON_EACH (s, t->slots)
		if (!same_at(s, a->patterns, &other, &len))
			return 0;
	return a->feasible;
}

/* ---- one alternative ---- */

#define TOLD_MAX 3 /* slots that are named; the others are counted */

struct difference {
	int feasible, changed; /* slots with another pattern, or with none */
	double usd;            /* a month, against the plan */
};

static int slots_in(const char *patterns)
{
	int n = 0;

	for (; *patterns != '\0'; patterns++)
		n += *patterns == '=';
	return n;
}

/* The slots that the other plan fills otherwise: ", with aws.x at store@vector". */
static int tell_slots(
	const struct assumed *a, const struct probe_answer *other, struct buf *text)
{
	int changed = 0, kept = 0, added;

	JSON_EACH (s, a->t->slots) {
		const char *p;
		size_t len = 0;
		int same = same_at(s, other->patterns, &p, &len);

		kept += p != NULL;
		if (same || changed++ >= TOLD_MAX)
			continue;
		buf_addf(text, "%s%.*s at %s", changed > 1 ? ", " : ", with ",
			p == NULL ? 7 : (int)len, p == NULL ? "nothing" : p,
			json_str_or(s, "slot", ""));
	}
	if (changed > TOLD_MAX)
		buf_addf(text, " and %d more", changed - TOLD_MAX);
	added = slots_in(other->patterns) - kept;
	if (added > 0)
		buf_addf(text, " and %d slot%s beside", added, added > 1 ? "s" : "");
	return changed + added;
}

/* "$7.02 a month more, with aws.x at store@vector"; "no difference in cost" */
static struct difference tell(
	const struct assumed *a, const struct probe_answer *other, struct buf *text)
{
	struct difference d = { .feasible = other->feasible };

	if (!d.feasible) {
		buf_add_str(text, "no plan meets every constraint");
		return d;
	}
	d.usd = round((other->monthly_usd - a->base.monthly_usd) * 100) / 100;
	if (d.usd == 0)
		buf_add_str(text, "no difference in cost");
	else
		buf_addf(text, "$%.2f a month %s", fabs(d.usd),
			d.usd > 0 ? "more" : "less");
	d.changed = tell_slots(a, other, text);
	return d;
}

static int has_no_effect(const struct difference *d)
{
	return d->feasible && d->changed == 0 && d->usd == 0;
}

static cJSON *entry_for(const struct assumed *a, const cJSON *assumption, struct err *e)
{
	cJSON *to = json_push_object(a->list, e);

	return to == NULL ||
			json_set_str(to, "id", json_str_or(assumption, "id", ""), e) <
				0 ||
			json_set_str(
				to, "field", json_str_or(assumption, "field", ""), e) < 0
		? NULL
		: to;
}

/* ---- volumes ---- */

static int weigh_volume(struct assumed *a, const cJSON *assumption, struct err *e)
{
	const char *item = json_str_or(assumption, "id", "") + strlen("load.");
	double twice = 2 * json_num_or(assumption, "value", 0);
	struct buf text = BUF_INIT(8192);
	struct probe_answer other;
	struct difference d;
	cJSON *to;
	int ret = -1;

	if (probe_load(a->probe, item, twice, &other, e) < 0)
		return -1;
	buf_add_str(&text, "with twice as much ");
	d = tell(a, &other, &text);
	if (has_no_effect(&d)) {
		buf_reset(&text);
		buf_add_str(&text, "twice as much makes no difference");
	}
	to = buf_ok(&text, e) < 0 ? NULL : entry_for(a, assumption, e);
	if (to != NULL && json_set_bool(to, "feasible", d.feasible, e) == 0 &&
		json_set_str(to, "text", text.ptr, e) == 0)
		ret = !d.feasible ? 0
			: json_set_num(to, "twice_usd", d.usd, e) < 0
			? -1
			: json_set_num(to, "slots_changed", d.changed, e);
	buf_release(&text);
	return ret;
}

/* ---- choices ---- */

/* Other values of the field, as its question gives them for the plan's cloud. */
static const cJSON *others_of(struct assumed *a, const char *field, struct err *e)
{
	const cJSON *q, *probes;

	if (a->questions == NULL)
		a->questions = env_read_json(a->t->env, QUESTIONS, e);
	q = json_get(a->questions, field);
	probes = json_has(q, "probes") ? json_get(q, "probes") : json_get(q, "choices");
	return json_is(probes, JSON_OBJECT)
		? json_get(probes, json_str_or(a->t->plan, "cloud", "aws"))
		: probes;
}

/* Solves with another value; another cloud has a catalogue of its own. 1, 0 or -1. */
static int solve_other(struct assumed *a, const char *field, const cJSON *value,
	struct probe_answer *out, struct err *e)
{
	int cloud = strcmp(field, "cloud") == 0;
	cJSON *c = json_copy(a->constraints, e);
	struct probe *p = a->probe;
	int ret = -1;

	if (c == NULL || json_set_copy(c, field, value, e) < 0)
		goto out;
	if (cloud) {
		json_remove(c, "regions");
		p = probe_new(a->t->env, c, e);
	}
	ret = p == NULL ? -1 : probe_solve(p, c, out, e);
	if (cloud)
		probe_free(p);
out:
	json_free(c);
	return ret;
}

static void add_value(struct buf *text, const char *field, const cJSON *value)
{
	const char *sep = "";

	if (json_text(value) != NULL)
		buf_add_str(text, json_text(value));
	else if (json_has(value, "max_usd"))
		buf_addf(text, "$%.0f a month%s", json_num_or(value, "max_usd", 0),
			json_true(json_get(value, "hard")) ? " as a hard cap" : "");
	else if (json_has(value, "size"))
		buf_addf(text, "a team of %.0f", json_num_or(value, "size", 0));
	else if (json_is(value, JSON_NUMBER))
		buf_addf(text, "%g%s", json_number(value, 0),
			strcmp(field, "sla_latency_ms") == 0 ? " ms" : " %");
	JSON_EACH (it, json_is(value, JSON_ARRAY) ? value : NULL) {
		buf_addf(text, "%s%s", sep, json_text(it) != NULL ? json_text(it) : "");
		sep = ", ";
	}
}

/* Prices of other clouds rest on estimates, and every pattern is another. */
static struct difference tell_cloud(
	const struct assumed *a, const struct probe_answer *other, struct buf *text)
{
	struct buf slots = BUF_INIT(8192);
	struct difference d = tell(a, other, &slots);
	size_t n = strcspn(slots.ptr, ",");

	buf_addf(text, "%s%.*s", d.feasible ? "about " : "", (int)n, slots.ptr);
	buf_release(&slots);
	return d;
}

/* One row of `alternatives`, and its part of the text. */
static int weigh_other(struct assumed *a, const char *field, const cJSON *value,
	cJSON *rows, struct buf *text, struct err *e)
{
	struct probe_answer other;
	struct difference d;
	cJSON *row;
	int ret = solve_other(a, field, value, &other, e);

	/* where a place is not allowed, or nothing is known, it is no alternative */
	if (ret <= 0 || (strcmp(field, "regions") == 0 && !other.feasible))
		return ret < 0 ? -1 : 0;
	if (text->len > 0)
		buf_add_str(text, "; ");
	buf_add_str(text, "with ");
	add_value(text, field, value);
	buf_add_char(text, ' ');
	d = strcmp(field, "cloud") == 0 ? tell_cloud(a, &other, text)
					: tell(a, &other, text);
	row = json_push_object(rows, e);
	if (row == NULL || json_set_copy(row, "value", value, e) < 0 ||
		json_set_bool(row, "feasible", d.feasible, e) < 0)
		return -1;
	return !d.feasible ? 0
		: json_set_num(row, "delta_usd", d.usd, e) < 0
		? -1
		: json_set_num(row, "slots_changed", d.changed, e);
}

static int weigh_choice(struct assumed *a, const cJSON *assumption, struct err *e)
{
	const char *field = json_str_or(assumption, "field", "/") + 1;
	const cJSON *value = json_get(assumption, "value");
	struct buf text = BUF_INIT(1 << 14);
	cJSON *to, *rows = json_new_array(e);
	int ret = rows == NULL ? -1 : 0;

	JSON_EACH (other, others_of(a, field, e))
		if (ret == 0 && !json_equal(value, other))
			ret = weigh_other(a, field, other, rows, &text, e);
	if (ret == 0 && text.len > 0) {
		to = buf_ok(&text, e) < 0 ? NULL : entry_for(a, assumption, e);
		ret = to == NULL || json_set_bool(to, "feasible", 1, e) < 0 ||
				json_set_str(to, "text", text.ptr, e) < 0
			? -1
			: json_set_copy(to, "alternatives", rows, e);
	}
	json_free(rows);
	buf_release(&text);
	return ret;
}

/* ---- all of them ---- */

/* 1 when the plan is what this catalogue gives: not pinned, not of another one. */
static int open_base(struct assumed *a, struct err *e)
{
	int ret;

	a->constraints = constraints_of(a->t, e);
	a->probe =
		a->constraints == NULL ? NULL : probe_new(a->t->env, a->constraints, e);
	ret = a->probe == NULL ? -1 : probe_base(a->probe, a->constraints, &a->base, e);
	return ret <= 0 ? ret : same_plan(a->t, &a->base);
}

int check_assumptions(struct tech *t, struct err *e)
{
	struct assumed a = { .t = t,
		.list = json_add_array(t->critique, "assumptions", e) };
	int ret = a.list == NULL ? -1 : 0;

	if (ret == 0 && json_len(json_get(t->plan, "assumptions")) > 0)
		ret = open_base(&a, e);
	if (ret > 0) {
		ret = 0;
		JSON_EACH (it, json_get(t->plan, "assumptions")) {
			const char *id = json_str_or(it, "id", "");

			if (ret == 0 && strncmp(id, "load.", 5) == 0)
				ret = weigh_volume(&a, it, e);
			else if (ret == 0 && strncmp(id, "default.", 8) == 0)
				ret = weigh_choice(&a, it, e);
		}
	}
	probe_free(a.probe);
	json_free(a.constraints);
	json_free(a.questions);
	return ret;
}
