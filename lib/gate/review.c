#include "review.h"

#include <math.h>
#include <string.h>

#define LIST_MAX    12 /* items of one kind on the screen */
#define PATTERN_MAX 40 /* columns for a pattern's id at most; a longer one pushes on */

/* ---- lines ---- */

/* Pads to `column`, counted from `start`; one space at least. */
static void pad(struct buf *out, size_t start, size_t column)
{
	do
		buf_add_char(out, ' ');
	while (out->len < start + column && !out->failed);
}

/*
 * The text after what stands on the line since `start`, broken between words where the
 * line would grow over the width, the rest indented. Bytes count as columns: a letter of
 * two bytes breaks a line earlier than it need be.
 */
static void add_wrapped(
	struct buf *out, size_t start, size_t indent, size_t width, const char *text)
{
	struct buf shown = BUF_INIT(1 << 20);
	size_t at = out->len - start;
	const char *word, *between = "";

	buf_add_shown(&shown, text);
	word = shown.ptr;
	while (*word != '\0') {
		size_t len = strcspn(word, " ");

		if (width > 0 && *between != '\0' && at + 1 + len > width) {
			buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else {
			buf_add_str(out, between);
			at += strlen(between);
		}
		buf_add(out, word, len);
		at += len;
		word += len + strspn(word + len, " ");
		between = " ";
	}
	buf_add_char(out, '\n');
	buf_release(&shown);
}

/* "  KIND  OF: text"; further lines stand under the kind's end, or two columns in. */
static void add_item(
	struct buf *out, size_t width, const char *kind, const char *of, const char *text)
{
	size_t start = out->len, indent = 4;

	buf_add_str(out, "  ");
	if (kind != NULL) {
		buf_addf(out, "%-7s ", kind);
		indent = out->len - start;
	}
	if (of != NULL) {
		buf_add_shown(out, of);
		buf_add_str(out, ": ");
	}
	add_wrapped(out, start, indent, width, text);
}

/* ---- the parts ---- */

static size_t widest(const cJSON *list, const char *member, size_t max)
{
	size_t most = 0;

	JSON_EACH (it, list) {
		size_t len = strlen(json_str_or(it, member, ""));

		if (len > most && len <= max)
			most = len;
	}
	return most;
}

static void add_slots(const cJSON *plan, struct buf *out)
{
	const cJSON *slots = json_get(plan, "slots");
	size_t name = widest(slots, "slot", PATTERN_MAX),
	       pattern = widest(slots, "pattern", PATTERN_MAX);

	JSON_EACH (s, slots) {
		size_t start = out->len;

		buf_add_str(out, "  ");
		buf_add_shown(out, json_str_or(s, "slot", "?"));
		pad(out, start, name + 4);
		buf_add_shown(out, json_str_or(s, "pattern", "?"));
		if (json_is(json_get(s, "monthly_usd"), JSON_NUMBER)) {
			pad(out, start, name + pattern + 5);
			buf_addf(out, "%10.2f", json_num_or(s, "monthly_usd", 0));
		}
		buf_add_char(out, '\n');
	}
}

static void add_plan(const cJSON *state, struct buf *out)
{
	const cJSON *plan = json_get(state, "plan"), *est = json_get(plan, "estimates");
	const cJSON *target = json_at(state, "/constraints/sla_latency_ms");

	buf_add_str(out, "PLAN  ");
	buf_add_shown(out, json_str_or(plan, "cloud", "no cloud"));
	JSON_EACH (r, json_get(plan, "regions")) {
		buf_add_char(out, ' ');
		buf_add_shown(out, json_text(r) == NULL ? "?" : json_text(r));
	}
	if (json_is(json_get(est, "p95_latency_ms"), JSON_NUMBER))
		buf_addf(out, ", p95 %.0f ms", json_num_or(est, "p95_latency_ms", 0));
	if (json_is(target, JSON_NUMBER))
		buf_addf(out, " (target %.0f)", json_number(target, 0));
	if (json_is(json_get(est, "availability_pct"), JSON_NUMBER))
		buf_addf(out, ", availability %.2f %%",
			json_num_or(est, "availability_pct", 0));
	buf_add_char(out, '\n');
	add_slots(plan, out);
}

static void add_cost(const cJSON *state, struct buf *out)
{
	const cJSON *cost = json_get(state, "cost");
	const cJSON *budget = json_at(state, "/constraints/budget_band/max_usd");

	buf_add_str(out, "COST  ");
	if (!json_is(json_get(cost, "monthly_usd"), JSON_NUMBER)) {
		buf_add_str(out, "unknown\n");
		return;
	}
	buf_addf(out, "%s%.2f USD a month",
		json_bool_or(cost, "lower_bound", 0) ? "at least " : "",
		json_num_or(cost, "monthly_usd", 0));
	if (json_is(budget, JSON_NUMBER))
		buf_addf(out, ", budget %.2f", json_number(budget, 0));
	if (json_is(json_get(cost, "delta_vs_prev_usd"), JSON_NUMBER))
		buf_addf(out, ", %+.2f USD against before",
			json_num_or(cost, "delta_vs_prev_usd", 0));
	if (json_is(json_get(cost, "delta_vs_prev_pct"), JSON_NUMBER))
		buf_addf(out, " (%+.1f %%)", json_num_or(cost, "delta_vs_prev_pct", 0));
	buf_add_char(out, '\n');
	JSON_EACH (s, json_get(cost, "by_capability")) {
		size_t start = out->len;

		buf_add_str(out, "  ");
		buf_add_shown(out, json_str_or(s, "capability", "?"));
		pad(out, start,
			widest(json_get(cost, "by_capability"), "capability",
				PATTERN_MAX) +
				3);
		buf_addf(out, "%10.2f\n", json_num_or(s, "usd", 0));
	}
}

/* The verdict; each rule that does not pass, where the lists below do not name it. */
static void add_policy(
	const cJSON *policy, const struct gate_review *how, struct buf *out)
{
	const cJSON *counts = json_get(policy, "counts");

	buf_add_str(out, "POLICY  ");
	buf_add_shown(out, json_str_or(policy, "overall", "not evaluated"));
	if (counts != NULL)
		buf_addf(out,
			": %.0f pass, %.0f warn, %.0f fail, %.0f waived, %.0f unknown",
			json_num_or(counts, "pass", 0), json_num_or(counts, "warn", 0),
			json_num_or(counts, "fail", 0), json_num_or(counts, "waived", 0),
			json_num_or(counts, "unknown", 0));
	buf_add_char(out, '\n');
	if (json_len(how->blocking) + json_len(how->person) > 0)
		return;
	JSON_EACH (r, json_get(policy, "rules")) {
		const char *status = json_str_or(r, "status", "");

		if (strcmp(status, "warn") == 0 || strcmp(status, "fail") == 0)
			add_item(out, how->width, status, json_str_or(r, "id", "?"),
				json_str_or(r, "detail", ""));
	}
}

static void add_more(size_t all, struct buf *out)
{
	if (all > LIST_MAX)
		buf_addf(out, "  ... and %zu more\n", all - LIST_MAX);
}

static void add_risks(const cJSON *critique, size_t width, struct buf *out)
{
	size_t all = 0;

	JSON_EACH (f, json_get(critique, "findings")) {
		const char *sev = json_str_or(f, "severity", "");

		if (strcmp(sev, "high") != 0 && strcmp(sev, "medium") != 0)
			continue;
		if (all++ == 0)
			buf_add_str(out, "RISKS\n");
		if (all <= LIST_MAX)
			add_item(out, width, *sev == 'h' ? "high" : "medium", NULL,
				json_str_or(f, "title", json_str_or(f, "id", "?")));
	}
	add_more(all, out);
}

static void add_list(const char *title, const cJSON *list, size_t width, struct buf *out)
{
	size_t all = 0;

	if (json_len(list) == 0)
		return;
	buf_addf(out, "%s\n", title);
	JSON_EACH (it, list) {
		if (all++ >= LIST_MAX)
			continue;
		if (json_text(it) != NULL)
			add_item(out, width, NULL, NULL, json_text(it));
		else
			add_item(out, width, NULL,
				json_str_or(it, "field", json_str_or(it, "id", "?")),
				json_str_or(it, "why", json_str_or(it, "effect", "")));
	}
	add_more(all, out);
}

/* The heaviest assumption that is lighter than `than`, the first of equals after `last`. */
static const cJSON *next_heaviest(const cJSON *state, double than, const cJSON *last)
{
	const cJSON *best = NULL;
	double most = -2;
	int passed = last == NULL;

	JSON_EACH (a, json_at(state, "/plan/assumptions")) {
		double w = state_assumption_weight(state, json_str_or(a, "field", "?"));

		if (w > most && (w < than || (w == than && passed))) {
			best = a;
			most = w;
		}
		passed |= a == last;
	}
	return best;
}

/* Those first that cost most when they are wrong. */
static void add_assumptions(const cJSON *state, size_t width, struct buf *out)
{
	size_t all = json_len(json_at(state, "/plan/assumptions"));
	const cJSON *a = next_heaviest(state, INFINITY, NULL);

	if (all > 0)
		buf_add_str(out, "ASSUMPTIONS\n");
	for (size_t i = 0; a != NULL && i < LIST_MAX; i++) {
		const char *field = json_str_or(a, "field", json_str_or(a, "id", "?"));
		const char *cost = state_assumption_cost(state, field);
		struct buf text = BUF_INIT(1 << 16);

		buf_add_str(&text, json_str_or(a, "why", ""));
		if (cost != NULL)
			buf_addf(&text, "; %s", cost);
		add_item(out, width, NULL, field, text.ptr);
		buf_release(&text);
		a = next_heaviest(state, state_assumption_weight(state, field), a);
	}
	add_more(all, out);
}

void gate_review(const cJSON *state, const struct gate_review *how, struct buf *out)
{
	const cJSON *plan = json_get(state, "plan");

	add_plan(state, out);
	add_cost(state, out);
	add_policy(json_get(state, "policy"), how, out);
	add_risks(json_get(state, "critique"), how->width, out);
	add_assumptions(state, how->width, out);
	add_list("OPEN QUESTIONS", json_get(plan, "open_questions"), how->width, out);
	add_list("IN THE WAY", how->blocking, how->width, out);
	add_list("FOR A PERSON TO DECIDE", how->person, how->width, out);
}
