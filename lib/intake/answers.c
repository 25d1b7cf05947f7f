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

/* Members that the schema does not have would be kept and mean nothing. */
static int check_members(const struct gathered *g, const char *field, const char *member,
	const cJSON *value, struct err *e)
{
	const cJSON *has = json_get(
		json_get(json_get(g->schema_doc, "properties"), field), "properties");
	const char *odd = member != NULL && !json_has(has, member) ? member : NULL;

	JSON_EACH (m, member == NULL && json_is(value, JSON_OBJECT) ? value : NULL)
		if (odd == NULL && !json_has(has, json_key(m)))
			odd = json_key(m);
	return g->schema_doc == NULL || odd == NULL
		? 0
		: err_set(e, ERR_INPUT, "%s: has no member '%s'", field, odd);
}

/* Is the value right for its field? Checked on a document of its own, before it counts. */
static int check_value(struct gathered *g, const char *field, const char *member,
	const cJSON *value, struct err *e)
{
	cJSON *doc, *in;
	int ret = -1;

	if (check_members(g, field, member, value, e) < 0)
		return -1;
	doc = in = json_new_object(e);
	if (doc != NULL && member != NULL)
		in = json_add_object(doc, field, e);
	if (in != NULL &&
		json_set_copy(in, member != NULL ? member : field, value, e) == 0)
		ret = g->schema == NULL ? 0 : schema_check(g->schema, doc, "", e);
	json_free(doc);
	return ret;
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

static int refuse(const char *source, const char *field, const char *text, struct err *e)
{
	int option = strcmp(source, "set") == 0;

	return err_set(e, option ? ERR_USAGE : ERR_INPUT,
		is_text_field(field) || option
			? "answers: '%s' is no value for %s"
			: "answers: nothing can be read from '%s' about %s",
		text, field);
}

/* ---- a reply about a field that is a list ---- */

static int is_place(const char *field)
{
	return strcmp(field, "regions") == 0 || strcmp(field, "data_residency") == 0;
}

/* An id as technologies have: lower case, one word. */
static int is_id(const char *item)
{
	return strspn(item, "abcdefghijklmnopqrstuvwxyz0123456789.+/_-") == strlen(item);
}

/* The items that a reply names, without those that say nothing. NULL with *e. */
static cJSON *items_of(
	const char *field, const cJSON *value, const char *text, struct err *e)
{
	cJSON *list = json_new_array(e);
	int ret = list == NULL ? -1 : 0;

	if (ret == 0 && !json_is(value, JSON_ARRAY)) {
		const char *one = json_text(value) != NULL ? json_text(value) : text;

		if (one == NULL)
			ret = err_set(e, ERR_INPUT, "answers: %s: must be a list", field);
		else if (!says_nothing(one))
			ret = json_push_str(list, one, e);
	}
	JSON_EACH (it, json_is(value, JSON_ARRAY) ? value : NULL) {
		const char *one = json_text(it);

		if (ret < 0)
			break;
		if (one == NULL)
			ret = err_set(
				e, ERR_INPUT, "answers: %s: must hold words only", field);
		else if (!says_nothing(one + strspn(one, " ")))
			ret = json_push_str(list, one + strspn(one, " "), e);
	}
	if (ret == 0)
		return list;
	json_free(list);
	return NULL;
}

/* What words say of the field, added to the list: how many values, or -1. */
static int read_words(struct gathered *g, const char *field, const char *words,
	cJSON *list, struct err *e)
{
	struct gathered alone = { .v = g->v,
		.clean = g->clean,
		.answers = g->answers,
		.constraints = json_new_object(e),
		.provenance = json_new_object(e) };
	const char *cloud = json_str_or(g->constraints, "cloud", NULL);
	int n = alone.constraints == NULL || alone.provenance == NULL ? -1 : 0;

	if (n == 0 && cloud != NULL)
		n = json_set_str(alone.constraints, "cloud", cloud, e);
	if (n == 0)
		n = free_text(&alone, field, words, e);
	if (n > 0 && list != NULL)
		JSON_EACH (it, json_get(alone.constraints, field))
			if (n >= 0 && !json_has_text(list, json_text(it)))
				n = json_push_copy(list, it, e) < 0 ? -1 : n;
	json_free(alone.constraints);
	json_free(alone.provenance);
	return n;
}

static int is_typed(struct gathered *g, const char *field, const char *item)
{
	struct err why;
	cJSON *one = json_new_array(&why);
	int ret = one != NULL && json_push_str(one, item, &why) == 0 &&
		check_value(g, field, NULL, one, &why) == 0;

	json_free(one);
	if (strcmp(field, "regions") == 0)
		return ret && region_by_code(g->v->regions, item) != NULL;
	/* names of regimes are read, so that each has one spelling */
	return ret && strcmp(field, "compliance") != 0 &&
		(is_place(field) || is_id(item));
}

/* One item as values of the field; an unknown word alone is one. */
static int add_item(struct gathered *g, const char *field, const char *item,
	const char *source, cJSON *list, struct err *e)
{
	int closed = strcmp(field, "use_cases") == 0 ||
		strcmp(field, "workload_types") == 0 || is_place(field);
	int n = is_typed(g, field, item) ? 0 : read_words(g, field, item, list, e);

	if (n != 0)
		return n < 0 ? -1 : 0;
	if (!is_typed(g, field, item) && (closed || strpbrk(item, " \t\n,;") != NULL))
		return refuse(source, field, item, e);
	return json_has_text(list, item) ? 0 : json_push_str(list, item, e);
}

/* Places are read together, with the cloud, once each is known to be one. */
static int gather_places(struct gathered *g, const char *field, const cJSON *items,
	const char *source, const char *text, struct err *e)
{
	struct buf all = BUF_INIT(INTAKE_ANSWER_MAX);
	int typed = 1, ret = 0;

	JSON_EACH (it, items) {
		int n = is_typed(g, field, json_text(it))
			? 1
			: read_words(g, field, json_text(it), NULL, e);

		typed &= is_typed(g, field, json_text(it));
		if (n == 0)
			n = refuse(source, field, json_text(it), e);
		if (n < 0) {
			buf_release(&all);
			return -1;
		}
		buf_addf(&all, "%s%s", all.len > 0 ? ", " : "", json_text(it));
	}
	if (typed)
		ret = put_value(g, field, NULL, items, source, text, e);
	else
		ret = buf_ok(&all, e) < 0 || free_text(g, field, all.ptr, e) < 0 ? -1 : 0;
	buf_release(&all);
	return ret;
}

static int gather_list(struct gathered *g, const char *field, const cJSON *value,
	const char *source, const char *text, struct err *e)
{
	cJSON *items = items_of(field, value, text, e), *list = json_new_array(e);
	char pointer[96];
	int ret = items == NULL || list == NULL ? -1 : 0;

	if (ret == 0 && json_len(items) == 0 && json_is(value, JSON_ARRAY) &&
		json_len(value) == 0) { /* emptied by hand */
		snprintf(pointer, sizeof(pointer), "/constraints/%s", field);
		forget(g->provenance, pointer);
		json_remove(g->constraints, field);
	} else if (ret == 0 && json_len(items) > 0 && is_place(field)) {
		ret = gather_places(g, field, items, source, text, e);
	} else if (ret == 0 && json_len(items) > 0) {
		JSON_EACH (it, items)
			if (ret == 0)
				ret = add_item(g, field, json_text(it), source, list, e);
		if (ret == 0)
			ret = put_value(g, field, NULL, list, source,
				text != NULL ? text : json_text(value), e);
	}
	json_free(items);
	json_free(list);
	return ret;
}

/* ---- any reply ---- */

/* What nobody writes by hand is a mistake, and would take its time. */
static int check_size(
	const char *field, const cJSON *value, const char *text, struct err *e)
{
	const char *words = text != NULL ? text : json_text(value);

	if (json_len(value) > INTAKE_ITEMS_MAX)
		return err_set(e, ERR_INPUT,
			"answers: %s: has %zu items, at most %d are read", field,
			json_len(value), INTAKE_ITEMS_MAX);
	if (words != NULL && strlen(words) > INTAKE_WORDS_MAX)
		return err_set(e, ERR_INPUT,
			"answers: %s: is %zu bytes long, at most %zu are read", field,
			strlen(words), INTAKE_WORDS_MAX);
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
	int n;

	if (lead_of(field) == NULL)
		return err_set(e, ERR_INPUT, "answers: there is no field '%s'", field);
	if (check_size(field, value, text, e) < 0)
		return -1;
	if (is_list_field(field) && member == NULL && (value != NULL || text != NULL))
		return gather_list(g, field, value, source, text, e);
	if (value != NULL && check_value(g, field, member, value, &why) == 0)
		return put_value(g, field, member, value, source, text, e);
	if (text == NULL)
		text = json_text(value);
	if (text == NULL)
		return err_set(e, strcmp(source, "set") == 0 ? ERR_USAGE : ERR_INPUT,
			"answers: %s%s", field,
			value != NULL ? why.msg + strcspn(why.msg, ":")
				      : ": has neither a value nor a text");
	if (says_nothing(text))
		return 0;
	n = free_text(g, field, text, e);
	return n < 0 ? -1 : n == 0 ? refuse(source, field, text, e) : 0;
}

int answer_after(cJSON *answer, const struct gathered *g, struct err *e)
{
	return g->comments == 0
		? 0
		: json_set_num(answer, "comments", (double)g->comments, e);
}
