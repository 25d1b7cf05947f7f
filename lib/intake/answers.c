/* answers.c - values set by hand and replies to questions, typed or in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "intake/extract.h"
#include "intake/intake.h"

#define FIELD_MAX 64

/* What free text stands after, so that it is read with its field as context. */
static const struct {
	const char *field, *lead;
} leads[] = {
	{ "cloud", "Cloud: " },
	{ "regions", "Hosting region: " },
	{ "data_residency", "Data must stay in: " },
	{ "budget_band", "Budget: " },
	{ "data_classification", "Data classification: " },
	{ "sla_latency_ms", "Latency: " },
	{ "sla_latency_percentile", "Latency percentile: " },
	{ "availability_target", "Availability: " },
	{ "throughput", "Load: " },
	{ "workload_types", "Workload: " },
	{ "use_cases", "Use case: " },
	{ "deployment_pref", "Deployment: " },
	{ "storage_prefs", "Storage: " },
	{ "observability_prefs", "Monitoring: " },
	{ "team_constraints", "Team: " },
	{ "existing_stack", "Current stack: " },
	{ "compliance", "Compliance: " },
	{ "exclusions", "Must not use: " },
};

static const char *lead_of(const char *field)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (strcmp(leads[i].field, field) == 0)
			return leads[i].lead;
	return NULL;
}

static int is_list_field(const char *field)
{
	static const char *const lists[] = { "regions", "data_residency",
		"workload_types", "use_cases", "storage_prefs", "observability_prefs",
		"existing_stack", "compliance", "exclusions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (strcmp(lists[i], field) == 0)
			return 1;
	return 0;
}

static int is_text_field(const char *field)
{
	return strcmp(field, "cloud") == 0 || strcmp(field, "data_classification") == 0 ||
		strcmp(field, "deployment_pref") == 0;
}

/* "budget_band.max_usd" -> "budget_band" and "max_usd" (NULL when there is no point). */
static const char *split(const char *path, char field[FIELD_MAX])
{
	size_t n = strcspn(path, ".");

	if (n >= FIELD_MAX)
		n = FIELD_MAX - 1;
	memcpy(field, path, n);
	field[n] = '\0';
	return path[n] == '.' ? path + n + 1 : NULL;
}

/* JSON where it is, a list where commas are, else the text itself. */
static cJSON *value_of(
	const char *field, const char *member, const char *text, struct err *e)
{
	struct err no;
	cJSON *v = json_parse(text, strlen(text), JSON_STRICT, &no), *list;
	int in_list = is_list_field(field) ||
		(member != NULL &&
			(strcmp(member, "languages") == 0 ||
				strcmp(member, "skills") == 0));

	if (v != NULL && (json_is(v, JSON_ARRAY) || !in_list))
		return v;
	json_free(v);
	if (!in_list)
		return json_new_str(text, e);
	list = json_new_array(e);
	for (const char *p = text; list != NULL && *p != '\0';) {
		size_t n;
		char item[128];

		p += strspn(p, ", ");
		n = strcspn(p, ",");
		if (n == 0)
			break;
		snprintf(item, sizeof(item), "%.*s", (int)n, p);
		for (size_t k = strlen(item); k > 0 && item[k - 1] == ' ';)
			item[--k] = '\0';
		if (json_push_str(list, item, e) < 0) {
			json_free(list);
			return NULL;
		}
		p += n;
	}
	return list;
}

cJSON *answer_of_option(const char *option, struct err *e)
{
	const char *eq = strchr(option, '='), *member;
	char path[128], field[FIELD_MAX];
	cJSON *a;

	if (eq == NULL || eq == option || (size_t)(eq - option) >= sizeof(path)) {
		err_fill(e, ERR_USAGE, "--set '%s': expected field=value", option);
		return NULL;
	}
	snprintf(path, sizeof(path), "%.*s", (int)(eq - option), option);
	member = split(path, field);
	if (lead_of(field) == NULL) {
		err_fill(e, ERR_USAGE, "--set '%s': there is no field '%s'", option,
			field);
		return NULL;
	}
	a = json_new_object(e);
	if (a == NULL || json_set_str(a, "field", path, e) < 0 ||
		json_set(a, "value", value_of(field, member, eq + 1, e), e) < 0 ||
		json_set_str(a, "source", "set", e) < 0) {
		json_free(a);
		return NULL;
	}
	return a;
}

/* ---- one answer ---- */

static int set_evidence(cJSON *provenance, const char *pointer, const char *source,
	const char *quote, const char *rule, const cJSON *old, struct err *e)
{
	cJSON *entry = json_add_object(provenance, pointer, e);

	if (entry == NULL || json_set_str(entry, "source", source, e) < 0 ||
		json_set_str(entry, "quote", quote, e) < 0 ||
		json_set_null(entry, "span", e) < 0 ||
		json_set_num(entry, "confidence", 1, e) < 0 ||
		json_set_str(entry, "rule", rule, e) < 0)
		return -1;
	if (old == NULL)
		return 0;
	return json_set_copy(entry, "replaces", old, e);
}

static void forget(cJSON *provenance, const char *prefix)
{
	size_t n = strlen(prefix);

	for (const cJSON *m = json_first(provenance); m != NULL;) {
		const char *key = json_key(m);
		char copy[256];

		m = json_next(m);
		if (strncmp(key, prefix, n) == 0 && (key[n] == '\0' || key[n] == '/')) {
			snprintf(copy, sizeof(copy), "%s", key);
			json_remove(provenance, copy);
		}
	}
}

/* Evidence for each leaf of the value under the pointer. */
static int set_leaves(struct gathered *g, const char *pointer, const cJSON *value,
	const char *source, const char *quote, const cJSON *old, struct err *e)
{
	char below[256];
	size_t i = 0;

	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return set_evidence(g->provenance, pointer, source, quote,
			strcmp(source, "set") == 0 ? "set" : "answer.typed", old, e);
	JSON_EACH (it, value) {
		if (json_is(value, JSON_ARRAY))
			snprintf(below, sizeof(below), "%s/%zu", pointer, i++);
		else
			snprintf(below, sizeof(below), "%s/%s", pointer, json_key(it));
		if (set_leaves(g, below, it, source, quote, old, e) < 0)
			return -1;
	}
	return 0;
}

/* The rest of an object field that a single member implies: period, currency, percentile. */
static int complete(
	struct gathered *g, const char *field, const char *source, struct err *e)
{
	cJSON *band;

	if (strcmp(field, "sla_latency_ms") == 0 &&
		!json_has(g->constraints, "sla_latency_percentile"))
		return json_set_num(g->constraints, "sla_latency_percentile", 95, e) < 0
			? -1
			: set_evidence(g->provenance,
				  "/constraints/sla_latency_percentile", "default", NULL,
				  "latency.percentile-default", NULL, e);
	if (strcmp(field, "budget_band") != 0)
		return 0;
	(void)source;
	band = json_own(g->constraints, "budget_band", e);
	if (band == NULL)
		return -1;
	if (!json_has(band, "currency") &&
		(json_set_str(band, "currency", "USD", e) < 0 ||
			set_evidence(g->provenance, "/constraints/budget_band/currency",
				"default", NULL, "budget.currency-default", NULL, e) < 0))
		return -1;
	if (!json_has(band, "period") &&
		(json_set_str(band, "period", "month", e) < 0 ||
			set_evidence(g->provenance, "/constraints/budget_band/period",
				"default", NULL, "budget.period-default", NULL, e) < 0))
		return -1;
	if (!json_has(band, "hard") &&
		(json_set_bool(band, "hard", 0, e) < 0 ||
			set_evidence(g->provenance, "/constraints/budget_band/hard",
				"default", NULL, "budget.hard-default", NULL, e) < 0))
		return -1;
	return 0;
}

/* Is the value right for its field? Checked on a document of its own, before it counts. */
static int check_value(struct gathered *g, const char *field, const char *member,
	const cJSON *value, struct err *e)
{
	cJSON *doc = json_new_object(e), *in = doc;
	int ret = -1;

	if (doc != NULL && member != NULL)
		in = json_add_object(doc, field, e);
	if (in != NULL &&
		json_set_copy(in, member != NULL ? member : field, value, e) == 0)
		ret = g->schema == NULL ? 0 : schema_check(g->schema, doc, "", e);
	json_free(doc);
	return ret;
}

static int is_region(const struct gathered *g, const cJSON *list)
{
	JSON_EACH (it, list)
		if (json_text(it) == NULL ||
			region_by_code(g->v->regions, json_text(it)) == NULL)
			return 0;
	return 1;
}

/* The words of a reply, or its value where it had none; personal data masked. */
static int quote_reply(const struct gathered *g, const cJSON *value, const char *text,
	struct buf *out, struct err *e)
{
	struct buf printed = BUF_INIT(INTAKE_ANSWER_MAX);
	int ret;

	if (text != NULL || json_text(value) != NULL)
		buf_add_str(&printed, text != NULL ? text : json_text(value));
	else
		json_print(value, JSON_COMPACT, &printed);
	ret = buf_ok(&printed, e) < 0 ? -1
				      : redact_mask(g->clean->rules, REDACT_PERSONAL,
						printed.ptr, printed.len, out, NULL, e);
	if (ret == 0)
		ret = buf_ok(out, e);
	buf_release(&printed);
	return ret;
}

static int put_value(struct gathered *g, const char *field, const char *member,
	const cJSON *value, const char *source, const char *quote, struct err *e)
{
	char pointer[192];
	cJSON *in = g->constraints, *old;
	struct buf said = BUF_INIT(INTAKE_ANSWER_MAX * 4);
	int ret;

	snprintf(pointer, sizeof(pointer),
		member != NULL ? "/constraints/%s/%s" : "/constraints/%s", field, member);
	if (what_stood(g, pointer, value, &old, e) < 0 ||
		quote_reply(g, value, quote, &said, e) < 0) {
		buf_release(&said);
		return -1;
	}
	forget(g->provenance, pointer);
	if (member != NULL)
		in = json_own(g->constraints, field, e);
	ret = in == NULL ? -1
			 : json_set_copy(in, member != NULL ? member : field, value, e);
	if (ret == 0)
		ret = set_leaves(g, pointer, value, source, said.ptr, old, e);
	if (ret == 0)
		ret = complete(g, field, source, e);
	buf_release(&said);
	json_free(old);
	return ret;
}

/* The cloud, or what another reply says of it: a place is a region of one. */
static const char *cloud_of(const struct gathered *g)
{
	const char *cloud = json_str_or(g->constraints, "cloud", NULL);

	JSON_EACH (a, g->answers)
		if (cloud == NULL && strcmp(json_str_or(a, "field", ""), "cloud") == 0)
			cloud = json_str_or(a, "text", json_str_or(a, "value", NULL));
	return cloud;
}

/* A reply in words: read behind a lead that names its field, and with the cloud known. */
static int free_text(
	struct gathered *g, const char *field, const char *text, struct err *e)
{
	struct buf b = BUF_INIT(1 << 20);
	const char *cloud = cloud_of(g);
	int n;

	if (strcmp(field, "regions") == 0 && cloud != NULL)
		buf_addf(&b, "Cloud: %s cloud\n", cloud);
	buf_addf(&b, "%s%s\n", lead_of(field), text);
	if (buf_ok(&b, e) < 0) {
		buf_release(&b);
		return -1;
	}
	n = gather_later(g, b.ptr, field, "answer", "answer.text", e);
	if (n == 0 && strcmp(field, "regions") == 0)
		n = gather_later(g, b.ptr, "data_residency", "answer", "answer.text", e);
	if (n == 0 && strcmp(field, "cloud") == 0) { /* "google" is a cloud here only */
		buf_reset(&b);
		buf_addf(&b, "%s%s cloud\n", lead_of(field), text);
		n = buf_ok(&b, e) < 0
			? -1
			: gather_later(g, b.ptr, field, "answer", "answer.text", e);
	}
	buf_release(&b);
	return n;
}

static int says_nothing(const char *text)
{
	static const char *const nothing[] = { "", "no", "none", "n/a", "na", "-",
		"no restriction", "nothing", "nothing in particular", "don't know",
		"dont know", "unknown", "no preference", "skip", "tbd" };

	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (strcasecmp(nothing[i], text) == 0)
			return 1;
	return 0;
}

int gather_answer(struct gathered *g, const cJSON *answer, struct err *e)
{
	char field[FIELD_MAX];
	const char *path = json_str_or(answer, "field", ""), *member = split(path, field);
	const cJSON *value = json_get(answer, "value");
	const char *text = json_str_or(answer, "text", NULL),
		   *source = json_str_or(answer, "source", "answer");
	struct err why;
	cJSON *list = NULL;
	int n;

	if (lead_of(field) == NULL)
		return err_set(e, ERR_INPUT, "answers: there is no field '%s'", field);
	if (value != NULL && is_list_field(field) && json_is(value, JSON_STRING)) {
		list = json_new_array(e);
		if (list == NULL || json_push_copy(list, value, e) < 0) {
			json_free(list);
			return -1;
		}
		value = list;
	}
	if (value != NULL && check_value(g, field, member, value, &why) == 0 &&
		(strcmp(field, "regions") != 0 || is_region(g, value))) {
		n = put_value(g, field, member, value, source, text, e);
		json_free(list);
		return n;
	}
	json_free(list);
	if (value != NULL && text == NULL)
		text = json_is(json_get(answer, "value"), JSON_STRING)
			? json_text(json_get(answer, "value"))
			: json_text(json_item(json_get(answer, "value"), 0));
	if (text == NULL)
		return err_set(e, strcmp(source, "set") == 0 ? ERR_USAGE : ERR_INPUT,
			"answers: %s%s", field,
			value != NULL ? why.msg + strcspn(why.msg, ":")
				      : ": has neither a value nor a text");
	if (says_nothing(text))
		return 0;
	n = free_text(g, field, text, e);
	if (n < 0)
		return -1;
	if (n == 0) {
		if (is_text_field(field) || strcmp(source, "set") == 0)
			return err_set(e,
				strcmp(source, "set") == 0 ? ERR_USAGE : ERR_INPUT,
				"answers: '%s' is no value for %s", text, field);
		return err_set(e, ERR_INPUT,
			"answers: nothing about %s can be read from '%s'", field, text);
	}
	return 0;
}

int answer_after(cJSON *answer, const struct gathered *g, struct err *e)
{
	return g->comments == 0
		? 0
		: json_set_num(answer, "comments", (double)g->comments, e);
}
