/* extract.c - the node intake_extract. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "intake/extract.h"
#include "intake/intake.h"
#include "intake/model.h"
#include "intake/replies.h"
#include "state/state.h"

int cleaner_load(struct cleaner *c, struct node_env *env, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->secrets = env_read_json(env, "redact/secrets.json", e);
	c->personal =
		c->secrets == NULL ? NULL : env_read_json(env, "redact/personal.json", e);
	if (c->personal == NULL)
		return -1;
	c->rules = redact_new(c->secrets, e);
	return c->rules == NULL || redact_add(c->rules, c->personal, e) < 0 ? -1 : 0;
}

void cleaner_release(struct cleaner *c)
{
	redact_free(c->rules);
	json_free(c->secrets);
	json_free(c->personal);
	memset(c, 0, sizeof(*c));
}

/* Length of the valid UTF-8 sequence at p, or 0. */
static size_t sequence(const unsigned char *p, size_t room)
{
	unsigned char c = p[0], lo = 0x80, hi = 0xbf;
	size_t n;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (room < n)
		return 0;
	if (c == 0xe0)
		lo = 0xa0;
	else if (c == 0xed)
		hi = 0x9f;
	else if (c == 0xf0)
		lo = 0x90;
	else if (c == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

int brief_check(const char *text, size_t len, const char *name, struct err *e)
{
	const unsigned char *p = (const unsigned char *)text;

	if (len > INTAKE_BRIEF_MAX)
		return err_set(e, ERR_INPUT,
			"%s: the brief is %zu bytes long, at most %zu are read", name,
			len, INTAKE_BRIEF_MAX);
	if (len >= 2 &&
		((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return err_set(e, ERR_INPUT,
			"%s: is UTF-16, not UTF-8 (convert it, for example with iconv)",
			name);
	for (size_t i = 0; i < len;) {
		size_t n = sequence(p + i, len - i);

		if (n == 0)
			return err_set(e, ERR_INPUT,
				"%s: byte %zu (0x%02x) is not valid UTF-8 (if it is "
				"Latin-1,"
				" convert it with iconv)",
				name, i, p[i]);
		if (p[i] == 0)
			return err_set(e, ERR_INPUT,
				"%s: byte %zu is NUL, which no text holds", name, i);
		i += n;
	}
	return 0;
}

/* ---- later texts ---- */

/* Takes the field over from `from`, with its evidence, in place of what was there. */
static int take_field(struct gathered *g, const cJSON *from, const cJSON *evidence,
	const char *field, const char *rule, struct err *e)
{
	char prefix[96];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "/constraints/%s", field);
	cJSON *kept = json_new_object(e), *old = NULL;

	if (kept == NULL || what_stood(g, prefix, json_get(from, field), &old, e) < 0)
		goto fail;
	JSON_EACH (m, g->provenance)
		if (strncmp(json_key(m), prefix, n) != 0 ||
			(json_key(m)[n] != '\0' && json_key(m)[n] != '/'))
			if (json_set_copy(kept, json_key(m), m, e) < 0)
				goto fail;
	JSON_EACH (m, evidence)
		if (strncmp(json_key(m), prefix, n) == 0 &&
			(json_key(m)[n] == '\0' || json_key(m)[n] == '/')) {
			cJSON *entry;

			if (json_set_copy(kept, json_key(m), m, e) < 0)
				goto fail;
			entry = json_own(kept, json_key(m), e);
			if (rule != NULL && json_set_str(entry, "rule", rule, e) < 0)
				goto fail;
			if (old != NULL && json_set_copy(entry, "replaces", old, e) < 0)
				goto fail;
		}
	json_free(old);
	json_free(g->provenance);
	g->provenance = kept;
	if (!json_has(from, field)) {
		json_remove(g->constraints, field);
		return 0;
	}
	return json_set_copy(g->constraints, field, json_get(from, field), e);
fail:
	json_free(old);
	json_free(kept);
	return -1;
}

static int merge_list(struct gathered *g, const cJSON *from, const cJSON *evidence,
	const char *field, struct err *e)
{
	cJSON *list = json_has(g->constraints, field)
		? json_own(g->constraints, field, e)
		: json_add_array(g->constraints, field, e);
	size_t i = 0;

	JSON_EACH (item, json_get(from, field)) {
		char was[96], now[96];

		snprintf(was, sizeof(was), "/constraints/%s/%zu", field, i++);
		if (json_has_text(list, json_text(item)))
			continue;
		snprintf(now, sizeof(now), "/constraints/%s/%zu", field, json_len(list));
		if (list == NULL || json_push_copy(list, item, e) < 0 ||
			json_set_copy(g->provenance, now, json_get(evidence, was), e) < 0)
			return -1;
	}
	return list == NULL ? -1 : 0;
}

/* What is ruled out later goes from the wishes. */
static int drop_excluded(struct gathered *g, const cJSON *from, struct err *e)
{
	static const char *const lists[] = { "storage_prefs", "observability_prefs",
		"regions" };

	JSON_EACH (x, json_get(from, "exclusions"))
		for (size_t k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
			const cJSON *list = json_get(g->constraints, lists[k]);
			cJSON *rest;

			if (list == NULL || !json_has_text(list, json_text(x)))
				continue;
			rest = json_new_object(e);
			cJSON *left =
				rest == NULL ? NULL : json_add_array(rest, lists[k], e);
			cJSON *evidence = json_new_object(e);
			size_t i = 0;
			int ret = left == NULL || evidence == NULL ? -1 : 0;

			JSON_EACH (item, list) {
				char was[96], now[96];

				snprintf(was, sizeof(was), "/constraints/%s/%zu",
					lists[k], i++);
				if (ret < 0 || strcmp(json_text(item), json_text(x)) == 0)
					continue;
				snprintf(now, sizeof(now), "/constraints/%s/%zu",
					lists[k], json_len(left));
				if (json_push_copy(left, item, e) < 0 ||
					json_set_copy(evidence, now,
						json_get(g->provenance, was), e) < 0)
					ret = -1;
			}
			if (ret == 0 && json_len(left) == 0)
				json_remove(rest, lists[k]);
			if (ret == 0)
				ret = take_field(g, rest, evidence, lists[k], NULL, e);
			json_free(rest);
			json_free(evidence);
			if (ret < 0)
				return -1;
		}
	return 0;
}

static int adds_up(const char *field)
{
	return strcmp(field, "exclusions") == 0 || strcmp(field, "compliance") == 0 ||
		strcmp(field, "existing_stack") == 0 || strcmp(field, "use_cases") == 0 ||
		strcmp(field, "storage_prefs") == 0 ||
		strcmp(field, "observability_prefs") == 0;
}

int gather_later(struct gathered *g, const char *text, const char *only,
	const char *source, const char *rule, struct err *e)
{
	struct gathered later = { .v = g->v,
		.clean = g->clean,
		.constraints = json_new_object(e),
		.provenance = json_new_object(e) };
	int n = -1;

	if (later.constraints == NULL || later.provenance == NULL ||
		gather_text(&later, text, strlen(text), source, e) < 0)
		goto out;
	n = 0;
	JSON_EACH (m, later.constraints) {
		const char *field = json_key(m);
		int ret;

		if (only != NULL && strcmp(only, field) != 0 &&
			!(strcmp(only, "sla_latency_ms") == 0 &&
				strcmp(field, "sla_latency_percentile") == 0))
			continue;
		if (only == NULL && adds_up(field) && json_has(g->constraints, field))
			ret = merge_list(
				g, later.constraints, later.provenance, field, e);
		else
			ret = take_field(
				g, later.constraints, later.provenance, field, rule, e);
		if (ret < 0) {
			n = -1;
			goto out;
		}
		n++;
	}
	if (only == NULL && drop_excluded(g, later.constraints, e) < 0)
		n = -1;
out:
	json_free(later.constraints);
	json_free(later.provenance);
	return n;
}

static size_t comments_of(const cJSON *feedback)
{
	return json_is(feedback, JSON_STRING) ? 1 : json_len(feedback);
}

/* The comments from number *done up to `to`. */
static int read_feedback(
	struct gathered *g, const cJSON *feedback, size_t *done, size_t to, struct err *e)
{
	for (; *done < to && *done < comments_of(feedback); ++*done) {
		const cJSON *it = json_is(feedback, JSON_STRING)
			? feedback
			: json_item(feedback, *done);
		const char *text = json_is(it, JSON_STRING)
			? json_text(it)
			: json_str_or(it, "text", json_str_or(it, "comment", NULL));

		if (text != NULL && gather_later(g, text, NULL, "feedback", NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the node ---- */

static int redacted(struct gathered *g, const char *text, cJSON *out, struct buf *clean,
	struct err *e)
{
	if (brief_check(text, strlen(text), "/brief", e) < 0)
		return -1;
	if (redact_secrets(g->clean->rules, text, strlen(text), clean, NULL, e) < 0 ||
		buf_ok(clean, e) < 0)
		return -1;
	return json_set_str(out, "brief", clean->ptr, e);
}

/* Values are held to their schema before they count. */
static int need_schema(struct node_env *env, struct gathered *g, struct err *e)
{
	if (g->schema != NULL)
		return 0;
	g->schema_doc = env_read_json(env, "schemas/constraints.schema.json", e);
	g->schema = g->schema_doc == NULL ? NULL : schema_new(g->schema_doc, NULL, e);
	return g->schema == NULL ? -1 : 0;
}

static int same_member(const cJSON *a, const cJSON *b, const char *key)
{
	const cJSON *x = json_get(a, key), *y = json_get(b, key);

	return x == NULL || y == NULL ? x == y : json_equal(x, y);
}

static int is_option(const cJSON *answer)
{
	return strcmp(json_str_or(answer, "source", ""), "set") == 0;
}

/* Takes `one` over, NULL included. A reply that is among the first `before`, those of the
 * state, keeps its place there, and so does one that came by an option and is among the
 * first `kept`, those of a file, too: a driver gives its options again on every run. */
static int push_new(
	struct gathered *g, size_t before, size_t kept, cJSON *one, struct err *e)
{
	size_t i = 0;

	if (one == NULL)
		return -1;
	JSON_EACH (it, g->answers) {
		if (i >= before && i >= kept)
			break;
		if ((i < before || (i < kept && is_option(it))) &&
			same_member(it, one, "field") && same_member(it, one, "value") &&
			same_member(it, one, "text")) {
			json_free(one);
			return 0;
		}
		i++;
	}
	if (answer_after(one, g, e) < 0) {
		json_free(one);
		return -1;
	}
	return json_push(g->answers, one, e);
}

/* Guided mode begins a file of replies that is not there. */
static int begins(const struct intake_args *a)
{
	return a->guided && access(a->answers, F_OK) < 0 && errno == ENOENT;
}

/* The replies of this run: of a file, then of options. */
static int new_replies(const struct intake_args *a, struct gathered *g, struct err *e)
{
	size_t before = json_len(g->answers), kept;
	cJSON *file = NULL;
	int ret = 0;

	if (a->answers != NULL && !begins(a)) {
		file = answers_of_file(g->clean, a->answers, e);
		if (file == NULL)
			return -1;
		JSON_EACH (it, file)
			if (ret == 0)
				ret = push_new(g, before, 0, json_copy(it, e), e);
		json_free(file);
	}
	kept = json_len(g->answers);
	for (size_t i = 0; ret == 0 && i < a->set.n; i++)
		ret = push_new(g, before, kept, answer_of_option(a->set.at[i], e), e);
	return ret;
}

/* Answers and the comments of rejections in the order of their making: the later word
 * holds, on the next run, too. */
static int all_answers(struct node_env *env, const struct intake_args *a, const cJSON *in,
	struct gathered *g, struct err *e)
{
	const cJSON *feedback = json_get(in, "feedback");
	size_t done = 0;
	int ret = 0;

	g->comments = comments_of(feedback);
	JSON_EACH (it, json_get(in, "answers"))
		if (json_push(g->answers, redact_tree(g->clean->rules, it, e), e) < 0)
			return -1;
	if (new_replies(a, g, e) < 0)
		return -1;
	if (json_len(g->answers) > INTAKE_REPLIES_MAX)
		return err_set(e, ERR_INPUT, "answers: %zu replies, at most %d are read",
			json_len(g->answers), INTAKE_REPLIES_MAX);
	if (json_len(g->answers) > 0 && need_schema(env, g, e) < 0)
		return -1;
	JSON_EACH (it, g->answers) {
		if (ret == 0)
			ret = read_feedback(g, feedback, &done,
				(size_t)json_num_or(it, "comments", 0), e);
		if (ret == 0)
			ret = gather_answer(g, it, e);
	}
	return ret < 0 ? -1 : read_feedback(g, feedback, &done, g->comments, e);
}

static int card(struct node_env *env, const struct gathered *g, struct err *e)
{
	cJSON *c = card_add(env->cards, "intake.extract", e);
	size_t sure = 0, all = 0;

	if (c == NULL)
		return -1;
	JSON_EACH (p, g->provenance) {
		all++;
		sure += json_num_or(p, "confidence", 0) >= 0.8;
	}
	JSON_EACH (m, g->constraints)
		if (card_input_key(c, json_key(m), e) < 0)
			return -1;
	if (card_choice(c, "constraints", e,
		    "%zu fields with %zu pieces of evidence, %zu of them beyond doubt",
		    json_len(g->constraints), all, sure) < 0)
		return -1;
	JSON_EACH (p, g->provenance) {
		const char *why = json_str_or(p, "ambiguous", NULL);

		if (why != NULL) {
			char risk[400];

			snprintf(risk, sizeof(risk), "%s: %s", json_key(p) + 13, why);
			if (card_risk(c, risk, "answer the question about it", e) < 0)
				return -1;
		}
		JSON_EACH (x, json_get(p, "conflicts"))
			if (card_risk(c, json_str_or(x, "why", ""),
				    "say which of the two holds", e) < 0)
				return -1;
	}
	return card_confidence(c, all == 0 ? 0.5 : (double)sure / (double)all, e);
}

int extract_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct intake_args *a = args;
	struct vocabulary v = { 0 };
	struct cleaner clean = { 0 };
	struct gathered g = { .v = &v, .clean = &clean };
	struct buf text = BUF_INIT(INTAKE_BRIEF_MAX * 4);
	const char *brief = json_str_or(in, "brief", NULL);
	int ret = -1;

	if (brief == NULL && json_get(in, "answers") == NULL &&
		json_get(in, "feedback") == NULL && a->answers == NULL && a->set.n == 0 &&
		!a->guided)
		return 0; /* nothing to read: constraints given by hand stand */
	if (cleaner_load(&clean, env, e) < 0 || vocabulary_load(&v, env, e) < 0)
		goto out;
	g.constraints = json_new_object(e);
	g.provenance = json_new_object(e);
	g.answers = json_new_array(e);
	if (g.constraints == NULL || g.provenance == NULL || g.answers == NULL)
		goto out;
	if (brief != NULL &&
		(redacted(&g, brief, out, &text, e) < 0 ||
			gather_text(&g, text.ptr, text.len, "text", e) < 0))
		goto out;
	if (all_answers(env, a, in, &g, e) < 0 || settle_replies(&g, e) < 0)
		goto out;
	if (a->guided &&
		(need_schema(env, &g, e) < 0 ||
			guided_run(env, &g, a->threshold, a->answers, e) < 0))
		goto out;
	if (brief != NULL && model_fill(env, &g, text.ptr, text.len, e) < 0)
		goto out;
	if (card(env, &g, e) < 0)
		goto out;
	ret = 0;
	if (json_len(g.answers) > 0) {
		ret = json_set(out, "answers", g.answers, e);
		g.answers = NULL;
	}
	if (ret == 0)
		ret = json_set(out, "constraints", g.constraints, e);
	g.constraints = ret == 0 ? NULL : g.constraints;
	if (ret == 0)
		ret = json_set(out, "provenance", g.provenance, e);
	g.provenance = ret == 0 ? NULL : g.provenance;
out:
	schema_free(g.schema);
	json_free(g.schema_doc);
	json_free(g.constraints);
	json_free(g.provenance);
	json_free(g.answers);
	buf_release(&text);
	vocabulary_release(&v);
	cleaner_release(&clean);
	return ret;
}

int intake_read(const struct vocabulary *v, const char *text, size_t len,
	const char *source, cJSON **constraints, cJSON **provenance, struct err *e)
{
	struct cleaner clean = { 0 };
	struct gathered g = { .v = v,
		.clean = &clean,
		.constraints = json_new_object(e),
		.provenance = json_new_object(e) };
	cJSON *none = json_parse("{\"rules\":[]}", 12, JSON_STRICT, e);
	int ret = -1;

	clean.rules = none == NULL ? NULL : redact_new(none, e);
	if (clean.rules != NULL && g.constraints != NULL && g.provenance != NULL &&
		brief_check(text, len, "text", e) == 0)
		ret = gather_text(&g, text, len, source, e);
	redact_free(clean.rules);
	json_free(none);
	if (ret < 0) {
		json_free(g.constraints);
		json_free(g.provenance);
		return -1;
	}
	*constraints = g.constraints;
	*provenance = g.provenance;
	return 0;
}
