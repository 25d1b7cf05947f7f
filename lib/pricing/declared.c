/* Resources to bill lines, and these against the plan's. */
#include "declared.h"

#include <math.h>

#include "json/logic.h"

struct work {
	const cJSON *infra, *plan, *table;
	cJSON *lines;       /* of the code: see declared.h, with "use" and "scope" */
	cJSON *differences; /* borrowed from the report */
	struct declared_result *out;
};

/* ---- the table ---- */

static int check_line(const cJSON *line, struct err *e)
{
	static const char *const logic[] = { "sku", "qty", "when" };

	for (size_t i = 0; i < ARRAY_LEN(logic); i++)
		if (json_has(line, logic[i]) &&
			logic_check(NULL, json_get(line, logic[i]), e) < 0) {
			err_where(e, "%s", logic[i]);
			return -1;
		}
	if (!json_has(line, "sku"))
		return err_set(e, ERR_INPUT, "'sku' is missing");
	if (json_has(line, "qty") == json_has(line, "use"))
		return err_set(e, ERR_INPUT, "has to have one of 'qty' and 'use'");
	return 0;
}

static int check_table(const cJSON *table, const char *name, struct err *e)
{
	JSON_EACH (type, json_get(table, "resources")) {
		size_t i = 0;

		JSON_EACH (line, type) {
			if (check_line(line, e) < 0) {
				err_where(e, "%s: /resources/%s/%zu", name,
					json_key(type), i);
				e->code = ERR_CONFIG;
				return -1;
			}
			i++;
		}
	}
	return 0;
}

/* NULL without *e filled when the cloud has none. */
static cJSON *read_table(
	struct node_env *env, const char *cloud, int *failed, struct err *e)
{
	char name[160], path[4096];
	cJSON *table;

	*failed = 0;
	snprintf(name, sizeof(name), "prices/%.60s/resources.json", cloud);
	snprintf(path, sizeof(path), "%s/%s", env->share, name);
	if (strchr(cloud, '/') != NULL || !file_is_regular(path))
		return NULL;
	table = env_read_json(env, name, e);
	*failed = table == NULL;
	if (table != NULL && check_table(table, name, e) < 0) {
		json_free(table);
		*failed = 1;
		return NULL;
	}
	return table;
}

/* "a.b*" stands for all that begins so. */
static int sku_match(const char *pattern, const char *sku)
{
	size_t n = strlen(pattern);

	return n > 0 && pattern[n - 1] == '*' ? strncmp(pattern, sku, n - 1) == 0
					      : strcmp(pattern, sku) == 0;
}

/* ---- differences ---- */

static int differ(struct work *w, const char *kind, const cJSON *line, const char *module,
	const char *sku, const char *why, struct err *e)
{
	cJSON *o = json_push_object(w->differences, e);

	w->out->differences++;
	if (o == NULL || json_set_str(o, "kind", kind, e) < 0 ||
		json_set_str(o, "module", module, e) < 0 ||
		json_set_str(o, "sku", sku, e) < 0 ||
		json_set_str(o, "why", why, e) < 0 ||
		json_set_str(o, "file", json_str_or(line, "file", NULL), e) < 0)
		return -1;
	return json_set_num(o, "line", json_num_or(line, "line", 0), e);
}

static int differf(struct work *w, const char *kind, const cJSON *line,
	const char *module, const char *sku, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

static int differf(struct work *w, const char *kind, const cJSON *line,
	const char *module, const char *sku, struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT(4096);
	va_list ap;
	int ret;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	ret = buf_ok(&b, e) < 0 ? -1 : differ(w, kind, line, module, sku, b.ptr, e);
	buf_release(&b);
	return ret;
}

/* ---- what one resource is billed for ---- */

/* Another resource of the module: of that type and, of several, the same name. */
static const cJSON *companion(const struct work *w, const cJSON *r, const char *type)
{
	const cJSON *found = NULL;

	JSON_EACH (it, json_get(w->infra, "resources")) {
		if (strcmp(json_str_or(it, "type", ""), type) != 0 ||
			!json_equal(json_get(it, "module"), json_get(r, "module")))
			continue;
		if (found == NULL ||
			json_equal(json_get(it, "name"), json_get(r, "name")))
			found = it;
	}
	return json_get(found, "args");
}

/* What formulas see. */
static cJSON *formula_data(
	const struct work *w, const cJSON *r, const cJSON *line, struct err *e)
{
	const cJSON *module =
		json_get(json_get(w->infra, "modules"), json_str_or(r, "module", ""));
	cJSON *data = json_new_object(e);
	int bad = data == NULL || json_set_view(data, "a", json_get(r, "args"), e) < 0 ||
		(module != NULL && json_set_view(data, "m", module, e) < 0);

	JSON_EACH (with, json_get(line, "with")) {
		const cJSON *other = companion(w, r, json_text(with));

		if (!bad && other != NULL)
			bad = json_set_view(data, json_key(with), other, e) < 0;
	}
	if (!bad)
		return data;
	json_free(data);
	return NULL;
}

static cJSON *line_of(struct work *w, const char *module, const char *sku)
{
	JSON_EACH (l, w->lines)
		if (strcmp(json_str_or(l, "module", ""), module) == 0 &&
			strcmp(json_str_or(l, "sku", ""), sku) == 0)
			return (cJSON *)(uintptr_t)l;
	return NULL;
}

/* A stronger word replaces a weaker one: qty, must, may. */
static int add_line(struct work *w, const cJSON *r, const cJSON *rule, const char *sku,
	double qty, struct err *e)
{
	const char *use = json_str_or(rule, "use", NULL);
	cJSON *l = line_of(w, json_str_or(r, "module", ""), sku);

	if (l == NULL) {
		l = json_push_object(w->lines, e);
		if (l == NULL ||
			json_set_copy(l, "module", json_get(r, "module"), e) < 0 ||
			json_set_str(l, "sku", sku, e) < 0 ||
			json_set_null(l, "qty", e) < 0 ||
			json_set_str(l, "use", use, e) < 0 ||
			json_set_str(l, "scope", json_str_or(rule, "scope", "module"),
				e) < 0 ||
			json_set_copy(l, "file", json_get(r, "file"), e) < 0 ||
			json_set_copy(l, "line", json_get(r, "line"), e) < 0 ||
			json_add_array(l, "resources", e) == NULL)
			return -1;
	} else if (use != NULL && strcmp(use, "must") == 0 &&
		json_is(json_get(l, "use"), JSON_STRING)) {
		if (json_set_str(l, "use", use, e) < 0)
			return -1;
	}
	if (use == NULL &&
		(json_set_null(l, "use", e) < 0 ||
			json_set_num(l, "qty", json_num_or(l, "qty", 0) + qty, e) < 0))
		return -1;
	return json_push_copy(json_edit(l, "/resources"), json_get(r, "address"), e);
}

/* One line of the table for one resource. */
static int bill_line(struct work *w, const cJSON *r, const cJSON *rule, struct err *e)
{
	cJSON *data = formula_data(w, r, rule, e), *when = NULL, *sku = NULL;
	const char *address = json_str_or(r, "address", "?");
	const char *module = json_str_or(r, "module", "");
	struct err why = { 0 };
	double qty = 0;
	int ret = -1;

	if (data == NULL)
		return -1;
	if (json_has(rule, "when")) {
		when = logic_apply(NULL, json_get(rule, "when"), data, &why);
		if (when != NULL && !logic_truthy(when)) {
			ret = 0;
			goto out;
		}
	}
	sku = logic_apply(NULL, json_get(rule, "sku"), data, &why);
	if (json_text(sku) == NULL || strstr(json_text(sku), "[object") != NULL) {
		ret = differf(w, "unknown", r, module, NULL, e,
			"which price %s has cannot be told from the code", address);
		goto out;
	}
	if (json_has(rule, "qty") &&
		(logic_number(NULL, json_get(rule, "qty"), data, &qty, &why) < 0 ||
			json_has(r, "instances_unknown"))) {
		ret = differf(w, "unknown", r, module, json_text(sku), e,
			"how much of %s %s uses cannot be told from the code",
			json_text(sku), address);
		goto out;
	}
	ret = add_line(w, r, rule, json_text(sku), qty, e);
out:
	json_free(data);
	json_free(when);
	json_free(sku);
	return ret;
}

static int bill_resource(struct work *w, const cJSON *r, struct err *e)
{
	const char *type = json_str_or(r, "type", "");
	const cJSON *rules = json_get(json_get(w->table, "resources"), type);

	if (rules == NULL && !json_has_text(json_get(w->table, "free"), type))
		return differf(w, "unknown", r, json_str_or(r, "module", ""), NULL, e,
			"nobody has said what %s is billed for (%s)", type,
			json_str_or(r, "address", "?"));
	JSON_EACH (rule, rules)
		if (bill_line(w, r, rule, e) < 0)
			return -1;
	return 0;
}

/* ---- against the plan ---- */

/* The module that a line of plan.bom belongs to, as the code calls it. */
static const char *module_of(const cJSON *plan, const cJSON *item)
{
	const char *slot = json_str_or(item, "slot", json_str_or(item, "base", ""));

	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return json_str_or(s, "module", slot);
	JSON_EACH (b, json_get(plan, "bases"))
		if (strcmp(json_str_or(b, "pattern", ""), slot) == 0)
			return json_str_or(b, "module", slot);
	return slot;
}

/* The plan's quantity of a sku; module and region NULL: of all. n: how many lines. */
static double planned(const struct work *w, const char *module, const char *pattern,
	const char *region, size_t *n)
{
	double sum = 0;

	*n = 0;
	JSON_EACH (item, json_get(w->plan, "bom")) {
		if (!sku_match(pattern, json_str_or(item, "sku", "")) ||
			(module != NULL &&
				strcmp(module_of(w->plan, item), module) != 0) ||
			(region != NULL &&
				strcmp(json_str_or(item, "region", ""), region) != 0))
			continue;
		sum += json_num_or(item, "qty", 0);
		(*n)++;
	}
	return sum;
}

static int same_quantity(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fmax(1, fmax(fabs(a), fabs(b)));
}

/* Everywhere that the plan runs it, the code's quantity is the plan's. */
static int compare_quantity(struct work *w, const cJSON *l, double code, struct err *e)
{
	const char *sku = json_str_or(l, "sku", ""),
		   *module = json_str_or(l, "module", "");
	const char *within =
		strcmp(json_str_or(l, "scope", ""), "tree") == 0 ? NULL : module;
	const cJSON *first = json_first(json_get(w->plan, "regions"));
	size_t n, lines = 0;

	JSON_EACH (region, json_get(w->plan, "regions")) {
		double plan = planned(w, within, sku, json_text(region), &n);

		lines += n;
		/* Of the whole tree only the first region runs all parts. */
		if (n == 0 || (within == NULL && region != first))
			continue;
		if (same_quantity(plan, code)) {
			w->out->quantities++;
		} else if (differf(w, "quantity", l, module, sku, e,
				   "the code declares %.10g of %s in %s, the plan bills "
				   "%.10g",
				   code, sku, json_text(region), plan) < 0) {
			return -1;
		}
	}
	if (lines > 0)
		return 0;
	if (same_quantity(planned(w, within, sku, "global", &n), code) && n > 0) {
		w->out->quantities++;
		return 0;
	}
	return code == 0 ? 0
			 : differf(w, "not billed", l, module, sku, e,
				   "the code declares %.10g of %s, the plan bills none",
				   code, sku);
}

/* Sums of lines whose scope is the tree are compared once, at their first line. */
static int compare_line(struct work *w, const cJSON *l, struct err *e)
{
	const char *sku = json_str_or(l, "sku", ""),
		   *module = json_str_or(l, "module", "");
	double sum = 0;
	size_t n;

	if (strcmp(json_str_or(l, "use", ""), "may") == 0)
		return 0;
	if (json_is(json_get(l, "use"), JSON_STRING)) {
		(void)planned(w, module, sku, NULL, &n);
		if (n > 0)
			return 0;
		return differf(w, "not billed", l, module, sku, e,
			"%s is billed for %s, the plan has no line for it",
			json_text(json_first(json_get(l, "resources"))), sku);
	}
	if (strcmp(json_str_or(l, "scope", ""), "tree") != 0)
		return compare_quantity(w, l, json_num_or(l, "qty", 0), e);
	JSON_EACH (other, w->lines) {
		if (strcmp(json_str_or(other, "sku", ""), sku) != 0)
			continue;
		if (sum == 0 && other != l)
			return 0;
		sum += json_num_or(other, "qty", 0);
	}
	return compare_quantity(w, l, sum, e);
}

static int declared_in(const struct work *w, const char *module, const char *sku)
{
	JSON_EACH (l, w->lines)
		if (sku_match(json_str_or(l, "sku", ""), sku) &&
			(module == NULL ||
				strcmp(json_str_or(l, "scope", ""), "tree") == 0 ||
				strcmp(json_str_or(l, "module", ""), module) == 0))
			return 1;
	return 0;
}

static int compare_item(struct work *w, const cJSON *item, struct err *e)
{
	const char *sku = json_str_or(item, "sku", "");
	const char *module = module_of(w->plan, item);
	int anywhere = 0;

	JSON_EACH (p, json_get(w->table, "anywhere"))
		anywhere |= json_text(p) != NULL && sku_match(json_text(p), sku);
	if (json_num_or(item, "qty", 0) == 0 ||
		declared_in(w, anywhere ? NULL : module, sku)) {
		w->out->uses++;
		return 0;
	}
	return differf(w, "not in the code", NULL, module, sku, e,
		"the plan bills %.10g of %s (%s), nothing in the code is billed for it",
		json_num_or(item, "qty", 0), sku, json_str_or(item, "component", "?"));
}

int declared_compare(struct node_env *env, const cJSON *infra, const cJSON *plan,
	cJSON *report, struct declared_result *out, struct err *e)
{
	int failed, ret = -1;
	cJSON *table = read_table(env, json_str_or(plan, "cloud", ""), &failed, e);
	struct work w = { .infra = infra, .plan = plan, .table = table, .out = out };

	*out = (struct declared_result){ 0 };
	if (table == NULL)
		return failed ? -1 : 1;
	w.lines = json_add_array(report, "lines", e);
	w.differences = json_add_array(report, "differences", e);
	if (w.lines == NULL || w.differences == NULL)
		goto out;
	JSON_EACH (r, json_get(infra, "resources"))
		if (bill_resource(&w, r, e) < 0)
			goto out;
	JSON_EACH (l, w.lines)
		if (compare_line(&w, l, e) < 0)
			goto out;
	JSON_EACH (item, json_get(plan, "bom"))
		if (compare_item(&w, item, e) < 0)
			goto out;
	ret = 0;
out:
	json_free(table);
	return ret;
}
