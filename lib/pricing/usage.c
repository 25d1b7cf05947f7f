/* The usage file: read, checked, applied. */
#include "usage.h"

#include <math.h>

#include "pricing.h"

struct usage {
	cJSON *tree;
	double preset; /* factor of every usage line */
	const cJSON *lines, *commitments, *discounts;
};

static const char *const match_keys[] = { "component", "sku", "slot", "service",
	"region" };

static int known(const char *key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, names[i]) == 0)
			return 1;
	return 0;
}

static int only(const cJSON *obj, const char *const *names, size_t n, struct err *e)
{
	if (!json_is(obj, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "is not an object");
	JSON_EACH (m, obj)
		if (!known(json_key(m), names, n))
			return err_set(e, ERR_INPUT, "unknown member '%s'", json_key(m));
	return 0;
}

static int check_match(const cJSON *rule, struct err *e)
{
	const cJSON *match;

	if (json_obj(rule, "match", &match, e) < 0)
		return -1;
	if (only(match, match_keys, ARRAY_LEN(match_keys), e) < 0) {
		err_where(e, "match");
		return -1;
	}
	if (json_len(match) == 0)
		return err_set(e, ERR_INPUT, "'match' is empty");
	JSON_EACH (m, match)
		if (json_text(m) == NULL)
			return err_set(
				e, ERR_INPUT, "match: '%s' is not a string", json_key(m));
	return 0;
}

static int check_numbers(
	const cJSON *rule, const char *const *names, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		double d;

		if (!json_has(rule, names[i]))
			continue;
		if (json_num(rule, names[i], &d, e) < 0)
			return -1;
		if (!(d >= 0) || !isfinite(d) || d > 1e15)
			return err_set(e, ERR_INPUT, "'%s' is negative or above 10^15",
				names[i]);
	}
	return 0;
}

/* {"hours_per_day": 0..24, "days_per_week": 0..7} */
static int check_schedule(const cJSON *s, struct err *e)
{
	static const char *const names[] = { "hours_per_day", "days_per_week" };

	if (only(s, names, 2, e) < 0 || check_numbers(s, names, 2, e) < 0)
		return -1;
	if (!json_has(s, names[0]) || !json_has(s, names[1]))
		return err_set(e, ERR_INPUT, "has to have hours_per_day, days_per_week");
	if (json_num_or(s, names[0], 0) > 24 || json_num_or(s, names[1], 0) > 7)
		return err_set(e, ERR_INPUT, "is longer than a week");
	return 0;
}

static int check_line(const cJSON *rule, struct err *e)
{
	static const char *const names[] = { "match", "why", "schedule", "qty", "factor",
		"hours_per_month", "low", "high" };
	int ways = json_has(rule, "qty") + json_has(rule, "factor") +
		json_has(rule, "hours_per_month") + json_has(rule, "schedule");

	if (only(rule, names, ARRAY_LEN(names), e) < 0 || check_match(rule, e) < 0 ||
		check_numbers(rule, names + 3, 5, e) < 0)
		return -1;
	if (json_has(rule, "schedule") &&
		check_schedule(json_get(rule, "schedule"), e) < 0) {
		err_where(e, "schedule");
		return -1;
	}
	if (ways > 1)
		return err_set(e, ERR_INPUT,
			"has more than one of qty, factor, hours_per_month, schedule");
	if (json_has(rule, "low") != json_has(rule, "high") ||
		json_num_or(rule, "low", 0) > json_num_or(rule, "high", 0))
		return err_set(e, ERR_INPUT, "'low' and 'high' are no range");
	if (ways == 0 && !json_has(rule, "low"))
		return err_set(e, ERR_INPUT, "changes nothing");
	if (json_num_or(rule, "hours_per_month", 0) > 744)
		return err_set(e, ERR_INPUT, "'hours_per_month' is above 744");
	return 0;
}

static int check_discount(const cJSON *rule, struct err *e)
{
	static const char *const names[] = { "match", "percent", "why" };
	const char *why;
	double pct;

	if (only(rule, names, ARRAY_LEN(names), e) < 0 || check_match(rule, e) < 0 ||
		json_str(rule, "why", &why, e) < 0 ||
		json_num(rule, "percent", &pct, e) < 0)
		return -1;
	if (!(pct >= 0 && pct <= 100))
		return err_set(e, ERR_INPUT, "'percent' is not between 0 and 100");
	return 0;
}

static int check_commitment(const cJSON *rule, struct err *e)
{
	static const char *const names[] = { "match", "why", "qty", "unit_usd" };
	const char *why;
	double d;
	pico_usd price;

	if (only(rule, names, ARRAY_LEN(names), e) < 0 || check_match(rule, e) < 0 ||
		json_str(rule, "why", &why, e) < 0 || json_num(rule, "qty", &d, e) < 0 ||
		check_numbers(rule, names + 2, 2, e) < 0 ||
		json_num(rule, "unit_usd", &d, e) < 0)
		return -1;
	if (pico_from_number(d, &price, e) < 0) {
		err_where(e, "unit_usd");
		return -1;
	}
	return 0;
}

static int check_list(const cJSON *tree, const char *key,
	int (*check)(const cJSON *, struct err *), const cJSON **out, struct err *e)
{
	size_t i = 0;

	*out = NULL;
	if (!json_has(tree, key))
		return 0;
	if (json_arr(tree, key, out, e) < 0)
		return -1;
	JSON_EACH (it, *out) {
		if (check(it, e) < 0) {
			err_where(e, "/%s/%zu", key, i);
			return -1;
		}
		i++;
	}
	return 0;
}

static int check_all(struct usage *u, struct err *e)
{
	static const char *const names[] = { "$schema", "schema_version", "load",
		"preset", "lines", "commitments", "discounts" };
	static const struct {
		const char *name;
		double factor;
	} presets[] = { { "small", 0.5 }, { "medium", 1 }, { "large", 2 } };
	const char *preset;
	double version;

	if (only(u->tree, names, ARRAY_LEN(names), e) < 0 ||
		json_num(u->tree, "schema_version", &version, e) < 0)
		return -1;
	if (version != 1)
		return err_set(e, ERR_INPUT, "/schema_version: is not 1");
	u->preset = 1;
	if (json_has(u->tree, "preset")) {
		u->preset = 0;
		if (json_str(u->tree, "preset", &preset, e) < 0)
			return -1;
		for (size_t i = 0; i < ARRAY_LEN(presets); i++)
			if (strcmp(preset, presets[i].name) == 0)
				u->preset = presets[i].factor;
		if (u->preset == 0)
			return err_set(
				e, ERR_INPUT, "/preset: is not small, medium or large");
	}
	if (json_has(u->tree, "load") && !json_is(json_get(u->tree, "load"), JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/load: is not an object");
	if (check_list(u->tree, "lines", check_line, &u->lines, e) < 0 ||
		check_list(u->tree, "commitments", check_commitment, &u->commitments, e) <
			0)
		return -1;
	return check_list(u->tree, "discounts", check_discount, &u->discounts, e);
}

int usage_from_json(struct usage **out, cJSON *tree, const char *name, struct err *e)
{
	struct usage *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		json_free(tree);
		return err_no_memory(e);
	}
	u->tree = tree;
	if (check_all(u, e) < 0) {
		err_where(e, "%s", name);
		usage_free(u);
		return -1;
	}
	*out = u;
	return 0;
}

int usage_load(struct usage **out, const char *path, struct err *e)
{
	cJSON *tree = json_parse_file(path, (size_t)8 << 20, e);

	return tree == NULL ? -1 : usage_from_json(out, tree, path, e);
}

void usage_free(struct usage *u)
{
	if (u == NULL)
		return;
	json_free(u->tree);
	free(u);
}

static int same(const char *want, const char *have)
{
	size_t n = strlen(want);

	if (have == NULL)
		return 0;
	if (n > 0 && want[n - 1] == '*')
		return strncmp(want, have, n - 1) == 0;
	return strcmp(want, have) == 0;
}

int usage_matches(const cJSON *rule, const cJSON *line)
{
	JSON_EACH (m, json_get(rule, "match")) {
		const char *have = json_str_or(line, json_key(m), NULL);

		if (have == NULL && strcmp(json_key(m), "slot") == 0)
			have = json_str_or(line, "base", NULL);
		if (!same(json_text(m), have))
			return 0;
	}
	return 1;
}

/* A product as people would write it: 3 * 0.1 is 0.3. */
static double tidy(double d)
{
	char text[40];

	snprintf(text, sizeof(text), "%.14g", d);
	return strtod(text, NULL);
}

static double week_share(const cJSON *schedule)
{
	return json_num_or(schedule, "hours_per_day", 24) / 24 *
		json_num_or(schedule, "days_per_week", 7) / 7;
}

const cJSON *usage_commitments(const struct usage *u)
{
	return u == NULL ? NULL : u->commitments;
}

static int list_unmatched(
	cJSON *out, const cJSON *rules, const char *key, const cJSON *plan, struct err *e)
{
	size_t i = 0;

	JSON_EACH (rule, rules) {
		int any = 0;

		JSON_EACH (line, json_get(plan, "bom"))
			any |= usage_matches(rule, line);
		if (!any && json_push_strf(out, e, "/%s/%zu", key, i) < 0)
			return -1;
		i++;
	}
	return 0;
}

int usage_describe(const struct usage *u, const cJSON *plan, cJSON *to, struct err *e)
{
	cJSON *list = json_add_array(to, "unmatched", e);

	if (list == NULL ||
		json_set_str(to, "preset", json_str_or(u->tree, "preset", NULL), e) < 0 ||
		list_unmatched(list, u->lines, "lines", plan, e) < 0 ||
		list_unmatched(list, u->commitments, "commitments", plan, e) < 0)
		return -1;
	return list_unmatched(list, u->discounts, "discounts", plan, e);
}

void usage_apply(
	const struct usage *u, const cJSON *line, double qty, struct usage_line *out)
{
	*out = (struct usage_line){ .qty = qty };
	if (json_has(line, "qty_low") && json_has(line, "qty_high")) {
		out->low = json_num_or(line, "qty_low", qty);
		out->high = json_num_or(line, "qty_high", qty);
		out->ranged = 1;
	}
	if (u == NULL)
		return;
	if (u->preset != 1 && strcmp(json_str_or(line, "kind", ""), "usage") == 0) {
		out->qty = tidy(qty * u->preset);
		out->changed = 1;
	}
	JSON_EACH (rule, u->lines) {
		if (!usage_matches(rule, line))
			continue;
		out->changed = 1;
		if (json_has(rule, "qty"))
			out->qty = json_num_or(rule, "qty", qty);
		else if (json_has(rule, "factor"))
			out->qty = tidy(qty * json_num_or(rule, "factor", 1));
		else if (json_has(rule, "hours_per_month"))
			out->qty = tidy(qty * json_num_or(rule, "hours_per_month", 730) /
				HOURS_PER_MONTH);
		else if (json_has(rule, "schedule"))
			out->qty = tidy(qty * week_share(json_get(rule, "schedule")));
		if (json_has(rule, "low")) {
			out->low = json_num_or(rule, "low", 0);
			out->high = json_num_or(rule, "high", 0);
			out->ranged = 1;
		}
	}
	JSON_EACH (rule, u->discounts)
		if (usage_matches(rule, line)) {
			out->discount_pct = json_num_or(rule, "percent", 0);
			out->discount_why = json_str_or(rule, "why", "");
		}
}

/* The figures of the plan's load that are not zero. */
static int add_load(cJSON *doc, const cJSON *load, struct err *e)
{
	cJSON *o = json_add_object(doc, "load", e);

	JSON_EACH (m, load)
		if (o != NULL && json_number(m, 0) != 0 &&
			json_set_copy(o, json_key(m), m, e) < 0)
			return -1;
	return o == NULL ? -1 : 0;
}

static int add_template_line(cJSON *lines, const cJSON *line, struct err *e)
{
	cJSON *rule = json_push_object(lines, e), *match;
	const char *slot = json_str_or(line, "slot", json_str_or(line, "base", NULL));

	match = rule == NULL ? NULL : json_add_object(rule, "match", e);
	if (match == NULL || (slot != NULL && json_set_str(match, "slot", slot, e) < 0) ||
		json_set_str(match, "component", json_str_or(line, "component", ""), e) <
			0 ||
		json_set_str(match, "sku", json_str_or(line, "sku", ""), e) < 0)
		return -1;
	return json_set_num(rule, "qty", json_num_or(line, "qty", 0), e);
}

cJSON *usage_template(const cJSON *plan, struct err *e)
{
	cJSON *doc = json_new_object(e), *lines;
	int bad = doc == NULL || json_set_num(doc, "schema_version", 1, e) < 0 ||
		add_load(doc, json_get(plan, "load"), e) < 0 ||
		json_set_str(doc, "preset", "medium", e) < 0;

	lines = bad ? NULL : json_add_array(doc, "lines", e);
	bad = lines == NULL;
	JSON_EACH (line, json_get(plan, "bom"))
		bad = bad ||
			(strcmp(json_str_or(line, "kind", ""), "usage") == 0 &&
				add_template_line(lines, line, e) < 0);
	if (bad || json_add_array(doc, "commitments", e) == NULL ||
		json_add_array(doc, "discounts", e) == NULL) {
		json_free(doc);
		return NULL;
	}
	return doc;
}
