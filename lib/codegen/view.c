/*
 * What templates see. Everything comes from the state and share/; lists of
 * objects carry `index` and `last`, flags that are off are not there (a section
 * may be absent), and the names of things are made safe once, here.
 */
#include "parts.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define NAME_MAX_BYTES 63

void view_name(const char *text, char separator, struct buf *out)
{
	size_t start = out->len;

	for (const char *p = text; *p != '\0' && out->len - start < NAME_MAX_BYTES; p++) {
		char c = (char)tolower((unsigned char)*p);

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_add_char(out, c);
		else if (out->len > start && out->ptr[out->len - 1] != separator)
			buf_add_char(out, separator);
	}
	while (out->len > start && out->ptr[out->len - 1] == separator)
		buf_cut(out, out->len - 1);
}

static int set_name(
	cJSON *obj, const char *key, const char *text, char separator, struct err *e)
{
	struct buf b = BUF_INIT(256);
	int ret;

	view_name(text, separator, &b);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(obj, key, b.ptr, e);
	buf_release(&b);
	return ret;
}

/* A copy; null where there is nothing to copy. */
static int set_copy(cJSON *obj, const char *key, const cJSON *v, struct err *e)
{
	return v == NULL ? json_set_null(obj, key, e) : json_set_copy(obj, key, v, e);
}

/* has.PREFIX_name = true */
static int flag(cJSON *has, const char *prefix, const char *name, struct err *e)
{
	struct buf b = BUF_INIT(256);
	int ret;

	buf_add_str(&b, prefix);
	view_name(name, '_', &b);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_bool(has, b.ptr, 1, e);
	buf_release(&b);
	return ret;
}

/* Gives every object of an array `index` (from 0) and `last`. */
static int number_items(cJSON *array, struct err *e)
{
	size_t n = json_len(array), i = 0;

	JSON_EACH (item, array) {
		cJSON *own = (cJSON *)(uintptr_t)item;

		if (json_is(item, JSON_OBJECT) &&
			(json_set_int(own, "index", (int64_t)i, e) < 0 ||
				json_set_bool(own, "last", i + 1 == n, e) < 0))
			return -1;
		i++;
	}
	return 0;
}

/* For people: of a fraction six digits, and none after the point of a large one. */
static void add_value(const cJSON *v, struct buf *out)
{
	double n = json_number(v, 0);

	if (json_is(v, JSON_STRING))
		buf_add_str(out, json_text(v));
	else if (json_is(v, JSON_NUMBER) && n != floor(n))
		buf_addf(out, fabs(n) < 1e5 ? "%.6g" : "%.0f", n);
	else
		json_print(v, JSON_COMPACT, out);
}

/* "a, b"; "rps 5, users 10" for an object; the value itself otherwise. */
static void add_display(const cJSON *v, struct buf *out)
{
	int first = 1;

	if (!json_is(v, JSON_ARRAY) && !json_is(v, JSON_OBJECT)) {
		add_value(v, out);
		return;
	}
	JSON_EACH (item, v) {
		buf_add_str(out, first ? "" : ", ");
		if (json_key(item) != NULL)
			buf_addf(out, "%s ", json_key(item));
		add_display(item, out);
		first = 0;
	}
}

static int set_display(cJSON *obj, const char *key, const cJSON *v, struct err *e)
{
	struct buf b = BUF_INIT((size_t)1 << 20);
	int ret;

	if (v == NULL || json_is(v, JSON_NULL))
		buf_add_str(&b, "not stated");
	else
		add_display(v, &b);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(obj, key, b.ptr, e);
	buf_release(&b);
	return ret;
}

/* ---- units: what the plan has, bases first ---- */

/* "aws.serve.fargate-alb" -> "aws/serve/fargate-alb" and "serve_fargate_alb". */
static int set_pattern_names(cJSON *unit, const char *id, struct err *e)
{
	const char *after = strchr(id, '.');
	struct buf folder = BUF_INIT(512), dir = BUF_INIT(512);
	int ret = -1;

	if (after == NULL ||
		strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(id) ||
		strstr(id, "..") != NULL) {
		err_fill(e, ERR_INPUT, "'%s' is no pattern id", id);
		goto out;
	}
	for (const char *p = id; *p != '\0'; p++)
		buf_add_char(&folder, *p == '.' ? '/' : *p);
	for (const char *p = after + 1; *p != '\0'; p++)
		buf_add_char(&dir, *p == '.' || *p == '-' ? '_' : *p);
	if (buf_ok(&folder, e) == 0 && buf_ok(&dir, e) == 0 &&
		json_set_str(unit, "folder", folder.ptr, e) == 0)
		ret = json_set_str(unit, "dir", dir.ptr, e);
out:
	buf_release(&folder);
	buf_release(&dir);
	return ret;
}

static const cJSON *load_pattern(
	struct gen *g, const char *id, const char *folder, struct err *e)
{
	const cJSON *known = json_get(g->patterns, id);
	struct buf path = BUF_INIT(512);
	cJSON *p = NULL;

	if (known != NULL)
		return known;
	buf_addf(&path, "patterns/%s/pattern.json", folder);
	if (buf_ok(&path, e) == 0)
		p = env_read_json(g->env, path.ptr, e);
	buf_release(&path);
	if (p == NULL || json_set(g->patterns, id, p, e) < 0)
		return NULL;
	return json_get(g->patterns, id);
}

/* A module name is a Terraform identifier that we made: [a-z][a-z0-9_]*. */
static int check_module(const char *module, struct err *e)
{
	if (module[0] < 'a' || module[0] > 'z' || strlen(module) > 40 ||
		strspn(module, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(module))
		return err_set(e, ERR_INPUT, "'%s' is no module name", module);
	return 0;
}

static int add_unit(struct gen *g, const cJSON *of, int is_base, struct err *e)
{
	cJSON *u = json_push_object(g->units, e);
	const char *id, *module, *name;
	const cJSON *pattern;

	if (u == NULL || json_str(of, "pattern", &id, e) < 0 ||
		json_str(of, "module", &module, e) < 0 || check_module(module, e) < 0)
		return -1;
	name = json_str_or(of, "slot", module);
	if (set_pattern_names(u, id, e) < 0)
		return -1;
	pattern = load_pattern(g, id, json_str_or(u, "folder", ""), e);
	if (pattern == NULL)
		return -1;
	if (json_set_str(u, "name", name, e) < 0 ||
		json_set_str(u, "module", module, e) < 0 ||
		set_name(u, "dash", module, '-', e) < 0 ||
		json_set_str(u, "capability",
			json_str_or(
				of, "capability", json_str_or(pattern, "capability", "")),
			e) < 0 ||
		json_set_str(u, "workload", json_str_or(of, "workload", ""), e) < 0 ||
		json_set_str(u, "why",
			json_str_or(of, "why", json_str_or(pattern, "summary", "")),
			e) < 0 ||
		json_set_bool(u, "is_base", is_base, e) < 0 ||
		json_set_bool(u, "is_ingest",
			strcmp(json_str_or(pattern, "capability", ""), "ingest") == 0,
			e) < 0 ||
		json_set_bool(u, "is_store",
			strcmp(json_str_or(pattern, "capability", ""), "store") == 0,
			e) < 0 ||
		json_set_str(u, "pattern", id, e) < 0 ||
		json_set_str(u, "version",
			json_str_or(pattern, "version", json_str_or(of, "version", "")),
			e) < 0 ||
		json_set_str(u, "title", json_str_or(pattern, "title", id), e) < 0 ||
		json_set_str(u, "summary", json_str_or(pattern, "summary", ""), e) < 0 ||
		set_copy(u, "p", json_get(of, "params"), e) < 0)
		return -1;
	if (!json_is(json_get(u, "p"), JSON_OBJECT) && json_add_object(u, "p", e) == NULL)
		return -1;
	return 0;
}

static int add_units(struct gen *g, struct err *e)
{
	static const struct {
		const char *key;
		int is_base;
	} lists[] = { { "bases", 1 }, { "slots", 0 } };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		size_t n = 0;

		JSON_EACH (of, json_get(g->plan, lists[i].key)) {
			/* filled by another slot's instance: no unit of its own */
			if (!json_has(of, "shared_instance") &&
				add_unit(g, of, lists[i].is_base, e) < 0) {
				if (e->code == ERR_INPUT)
					err_where(e, "/plan/%s/%zu", lists[i].key, n);
				return -1;
			}
			n++;
		}
	}
	return 0;
}

static const cJSON *unit_called(struct gen *g, const char *name)
{
	JSON_EACH (u, g->units)
		if (strcmp(json_str_or(u, "name", ""), name) == 0 ||
			strcmp(json_str_or(u, "module", ""), name) == 0)
			return u;
	return NULL;
}

static int provides(struct gen *g, const cJSON *unit, const char *port)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));

	JSON_EACH (p, json_get(pattern, "provides"))
		if (strcmp(json_str_or(p, "port", ""), port) == 0)
			return 1;
	return 0;
}

/* Who gives `port` to `unit`: the plan's edge, else the first that provides it. */
static const cJSON *provider_of(struct gen *g, const cJSON *unit, const char *port)
{
	const char *name = json_str_or(unit, "name", ""),
		   *module = json_str_or(unit, "module", "");

	JSON_EACH (edge, json_get(g->plan, "edges")) {
		const char *to = json_str_or(edge, "to", "");
		const cJSON *from;

		if (strcmp(json_str_or(edge, "port", ""), port) != 0 ||
			(strcmp(to, name) != 0 && strcmp(to, module) != 0))
			continue;
		from = unit_called(g, json_str_or(edge, "from", ""));
		if (from != NULL && from != unit && provides(g, from, port))
			return from;
	}
	JSON_EACH (from, g->units)
		if (from != unit && provides(g, from, port))
			return from;
	return NULL;
}

/* `need` is the port as the pattern requires it, `from` the unit that provides it. */
static int set_port(cJSON *ports, const cJSON *need, const cJSON *from, struct err *e)
{
	const char *port = json_str_or(need, "port", "");
	struct buf key = BUF_INIT(128);
	cJSON *p;
	int ret = -1;

	view_name(port, '_', &key);
	if (buf_ok(&key, e) < 0)
		goto out;
	p = json_add_object(ports, key.ptr, e);
	if (p == NULL)
		goto out;
	ret = json_setf(p, "expr", e, "module.%s.%s", json_str_or(from, "module", ""),
		      key.ptr) < 0 ||
			json_set_str(p, "slot", json_str_or(from, "name", ""), e) < 0 ||
			json_set_str(p, "module", json_str_or(from, "module", ""), e) <
				0 ||
			json_set_str(p, "capability", json_str_or(from, "capability", ""),
				e) < 0 ||
			json_set_str(p, "pattern", json_str_or(from, "pattern", ""), e) <
				0 ||
			(json_true(json_get(need, "writes")) &&
				json_set_bool(p, "writes", 1, e) < 0)
		? -1
		: 0;
out:
	buf_release(&key);
	return ret;
}

/* unit.port: its connected ports, by their names with underscores. */
static int connect(struct gen *g, cJSON *unit, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));
	cJSON *ports = json_add_object(unit, "port", e);

	if (ports == NULL)
		return -1;
	JSON_EACH (r, json_get(pattern, "requires")) {
		const cJSON *from = provider_of(g, unit, json_str_or(r, "port", ""));

		if (from != NULL && set_port(ports, r, from, e) < 0)
			return -1;
	}
	return 0;
}

/* view.provider: for each port, the first unit that provides it. */
static int set_providers(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *all = json_add_object(view, "provider", e);

	if (all == NULL)
		return -1;
	JSON_EACH (unit, g->units) {
		const cJSON *pattern =
			json_get(g->patterns, json_str_or(unit, "pattern", ""));

		JSON_EACH (p, json_get(pattern, "provides")) {
			struct buf key = BUF_INIT(128);
			int known;

			view_name(json_str_or(p, "port", ""), '_', &key);
			known = json_has(all, key.ptr);
			buf_release(&key);
			if (!known && set_port(all, p, unit, e) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- the common view ---- */

/* The first of the constraint's values that has a name of its own. */
static const cJSON *named(const cJSON *names, const cJSON *values)
{
	JSON_EACH (v, values)
		if (json_text(v) != NULL && json_has(names, json_text(v)))
			return json_get(names, json_text(v));
	return NULL;
}

/* Short, so that names of resources stay within what AWS takes. */
static int set_project(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *project = json_add_object(view, "project", e);
	const cJSON *names = json_get(g->skeleton, "names");
	const cJSON *found = named(names, json_get(g->constraints, "use_cases"));
	const char *slug;

	if (found == NULL)
		found = named(names, json_get(g->constraints, "workload_types"));
	if (found == NULL)
		found = json_get(names, "else");
	slug = json_str_or(found, "slug", "platform");
	return project == NULL ||
			json_set_str(project, "title", json_str_or(found, "title", slug),
				e) < 0 ||
			json_set_str(project, "slug", slug, e) < 0 ||
			json_set_str(project, "name", slug, e) < 0
		? -1
		: set_name(project, "py", slug, '_', e);
}

/* Letters, digits, spaces and _.:/=+-@ are what AWS takes in a tag value. */
static int add_tag(cJSON *tags, const char *key, const char *value, struct err *e)
{
	struct buf b = BUF_INIT(512);
	cJSON *tag;
	int ret = -1;

	for (const char *p = value; *p != '\0' && b.len < 120; p++) {
		int fine = isalnum((unsigned char)*p) || strchr("_.:/=+-@ ", *p) != NULL;

		buf_add_char(&b, (unsigned char)*p < 0x80 && fine ? *p : '-');
	}
	if (buf_ok(&b, e) == 0 && (tag = json_push_object(tags, e)) != NULL &&
		json_set_str(tag, "key", key, e) == 0)
		ret = json_set_str(tag, "value", b.ptr, e);
	buf_release(&b);
	return ret;
}

static int set_tags(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *tags = json_add_array(view, "tags", e);
	const char *class = json_str_or(g->constraints, "data_classification", NULL);
	struct buf b = BUF_INIT(4096);
	int first = 1, ret = -1;

	if (tags == NULL ||
		add_tag(tags, "Project",
			json_str_or(json_get(view, "project"), "slug", ""), e) < 0)
		goto out;
	if (class != NULL && add_tag(tags, "DataClassification", class, e) < 0)
		goto out;
	JSON_EACH (law, json_get(g->constraints, "compliance")) {
		buf_addf(&b, "%s%s", first ? "" : " ",
			json_text(law) != NULL ? json_text(law) : "");
		first = 0;
	}
	if (b.len > 0 && add_tag(tags, "Compliance", b.ptr, e) < 0)
		goto out;
	ret = number_items(tags, e);
out:
	buf_release(&b);
	return ret;
}

static int set_flags(struct gen *g, cJSON *has, struct err *e)
{
	static const struct {
		const char *field, *prefix;
	} lists[] = {
		{ "use_cases", "use_" },
		{ "workload_types", "work_" },
		{ "compliance", "law_" },
		{ "data_residency", "residency_" },
		{ "observability_prefs", "likes_" },
		{ "storage_prefs", "likes_" },
		{ "existing_stack", "stack_" },
	};
	const char *class = json_str_or(g->constraints, "data_classification", NULL);

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		JSON_EACH (v, json_get(g->constraints, lists[i].field))
			if (json_text(v) != NULL &&
				flag(has, lists[i].prefix, json_text(v), e) < 0)
				return -1;
	if (class != NULL && flag(has, "class_", class, e) < 0)
		return -1;
	if (class != NULL && strcmp(class, "public") != 0 &&
		strcmp(class, "internal") != 0 && strcmp(class, "confidential") != 0 &&
		flag(has, "personal_data", "", e) < 0)
		return -1;
	JSON_EACH (u, g->units) {
		if (flag(has, "cap_", json_str_or(u, "capability", ""), e) < 0 ||
			flag(has, "pattern_", json_str_or(u, "dir", ""), e) < 0 ||
			(json_true(json_get(u, "is_base")) &&
				flag(has, "", json_str_or(u, "dir", ""), e) < 0))
			return -1;
	}
	return 0;
}

/* view.facts: every constraint as a row of a table, in the order of the state. */
static int set_facts(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *facts = json_add_array(view, "facts", e),
	      *text = json_add_object(view, "text", e);
	static const char *const always[] = { "cloud", "regions", "data_residency",
		"budget_band", "data_classification", "sla_latency_ms",
		"sla_latency_percentile", "availability_target", "throughput",
		"workload_types", "use_cases", "deployment_pref", "storage_prefs",
		"observability_prefs", "team_constraints", "existing_stack", "compliance",
		"exclusions" };

	if (facts == NULL || text == NULL)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (set_display(text, always[i], json_get(g->constraints, always[i]), e) <
			0)
			return -1;
	JSON_EACH (v, g->constraints) {
		cJSON *f = json_push_object(facts, e);

		if (f == NULL || json_set_str(f, "field", json_key(v), e) < 0 ||
			set_display(f, "value", v, e) < 0)
			return -1;
	}
	return number_items(facts, e);
}

static int set_money(cJSON *obj, const char *key, double usd, struct err *e)
{
	return json_setf(obj, key, e, "%.2f", usd);
}

/* Lines of the cost estimate as text, whichever of the two homes they have. */
static int set_cost(struct gen *g, cJSON *view, struct err *e)
{
	const cJSON *cost = json_get(g->in, "cost"),
		    *est = json_get(g->plan, "estimates");
	cJSON *out = json_add_object(view, "money", e), *lines;
	double monthly =
		json_num_or(cost, "monthly_usd", json_num_or(est, "monthly_usd", 0));

	if (out == NULL || set_copy(view, "cost", cost, e) < 0)
		return -1;
	lines = json_add_array(out, "lines", e);
	if (lines == NULL || set_money(out, "monthly_usd", monthly, e) < 0 ||
		json_set_num(out, "monthly", monthly, e) < 0)
		return -1;
	JSON_EACH (b, json_get(cost, "breakdown")) {
		cJSON *l = json_push_object(lines, e);

		if (l == NULL ||
			json_set_str(l, "component", json_str_or(b, "component", "-"),
				e) < 0 ||
			json_set_str(l, "service", json_str_or(b, "service", "-"), e) <
				0 ||
			set_display(l, "qty", json_get(b, "qty"), e) < 0 ||
			json_set_str(l, "unit", json_str_or(b, "unit", "-"), e) < 0 ||
			set_money(l, "usd",
				json_num_or(b, "usd", json_num_or(b, "monthly_usd", 0)),
				e) < 0)
			return -1;
	}
	return number_items(lines, e);
}

/* The plan with what templates loop over numbered and present. */
static int set_plan(struct gen *g, cJSON *view, struct err *e)
{
	static const char *const lists[] = { "assumptions", "open_questions", "bom",
		"edges" };
	cJSON *plan = json_copy(g->plan, e);

	if (json_set(view, "plan", plan, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		cJSON *list = json_edit(view, "/plan");

		if (!json_is(json_get(list, lists[i]), JSON_ARRAY) &&
			json_add_array(list, lists[i], e) == NULL)
			return -1;
		list = (cJSON *)(uintptr_t)json_get(list, lists[i]);
		if (number_items(list, e) < 0)
			return -1;
	}
	plan = json_edit(view, "/plan");
	JSON_EACH (a, json_get(plan, "assumptions"))
		if (json_is(a, JSON_OBJECT) &&
			set_display((cJSON *)(uintptr_t)a, "shown", json_get(a, "value"),
				e) < 0)
			return -1;
	return 0;
}

/* Where the platform runs, from the plan, else from the constraints. */
static int set_regions(struct gen *g, cJSON *view, struct err *e)
{
	const cJSON *regions = json_get(g->plan, "regions");
	const char *first;
	cJSON *list;

	if (json_len(regions) == 0)
		regions = json_get(g->constraints, "regions");
	first = json_text(json_first(regions));
	if (first == NULL)
		return err_set(e, ERR_INPUT, "/plan/regions: the plan names no region");
	list = json_add_array(view, "region_list", e);
	JSON_EACH (r, regions) {
		cJSON *row = list == NULL ? NULL : json_push_object(list, e);

		if (row == NULL || set_copy(row, "name", r, e) < 0)
			return -1;
	}
	if (number_items(list, e) < 0)
		return -1;
	return set_copy(view, "regions", regions, e) < 0
		? -1
		: json_set_str(view, "region", first, e);
}

static int set_approval(struct gen *g, cJSON *view, struct err *e)
{
	const cJSON *hitl = json_get(g->in, "hitl");
	cJSON *a = json_add_object(view, "approval", e);

	if (a == NULL ||
		json_set_str(a, "status", json_str_or(hitl, "status", ""), e) < 0)
		return -1;
	return set_display(a, "waived", json_get(hitl, "waived"), e);
}

/* unit.provides: [{port, key, is_endpoint}] */
static int set_provided(struct gen *g, cJSON *unit, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));
	cJSON *list = json_add_array(unit, "provides", e);

	JSON_EACH (p, json_get(pattern, "provides")) {
		cJSON *row = list == NULL ? NULL : json_push_object(list, e);
		const char *port = json_str_or(p, "port", "");

		if (row == NULL || json_set_str(row, "port", port, e) < 0 ||
			set_name(row, "key", port, '_', e) < 0 ||
			json_set_bool(
				row, "is_endpoint", strncmp(port, "ep.", 3) == 0, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : number_items(list, e);
}

/* unit.facts_of: what documents show of the pattern. */
static int set_shown(struct gen *g, cJSON *unit, struct err *e)
{
	static const char *const shown[] = { "tradeoffs", "security", "failure_domains",
		"avoid_when" };
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));
	cJSON *facts = json_add_object(unit, "facts_of", e);

	for (size_t i = 0; facts != NULL && i < ARRAY_LEN(shown); i++)
		if (json_has(pattern, shown[i]) &&
			set_copy(facts, shown[i], json_get(pattern, shown[i]), e) < 0)
			return -1;
	return facts == NULL ? -1 : 0;
}

static int set_units(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *modules, *dirs;

	JSON_EACH (u, g->units)
		if (connect(g, (cJSON *)(uintptr_t)u, e) < 0)
			return -1;
	if (set_copy(view, "modules", g->units, e) < 0)
		return -1;
	modules = json_edit(view, "/modules");
	dirs = json_add_array(view, "dirs", e);
	if (dirs == NULL)
		return -1;
	JSON_EACH (u, modules) {
		cJSON *params = json_add_array((cJSON *)(uintptr_t)u, "params", e);
		const cJSON *facts =
			json_get(json_get(g->patterns, json_str_or(u, "pattern", "")),
				"parameters");
		int seen = 0;

		if (params == NULL)
			return -1;
		JSON_EACH (p, json_get(u, "p")) {
			cJSON *row = json_push_object(params, e);

			if (row == NULL ||
				json_set_str(row, "name", json_key(p), e) < 0 ||
				set_display(row, "value", p, e) < 0 ||
				json_set_str(row, "unit",
					json_str_or(
						json_get(facts, json_key(p)), "unit", ""),
					e) < 0 ||
				json_set_str(row, "why",
					json_str_or(
						json_get(facts, json_key(p)), "why", ""),
					e) < 0)
				return -1;
		}
		if (number_items(params, e) < 0 ||
			set_provided(g, (cJSON *)(uintptr_t)u, e) < 0 ||
			set_shown(g, (cJSON *)(uintptr_t)u, e) < 0)
			return -1;
		JSON_EACH (d, dirs)
			if (strcmp(json_str_or(d, "dir", ""),
				    json_str_or(u, "dir", "-")) == 0)
				seen = 1;
		if (!seen) {
			cJSON *d = json_push_object(dirs, e);

			if (d == NULL ||
				json_set_str(d, "dir", json_str_or(u, "dir", ""), e) < 0)
				return -1;
		}
	}
	return number_items(modules, e) < 0 ? -1 : number_items(dirs, e);
}

/* Ports that every part has; an arrow for each would hide the others. */
static int is_plumbing(const char *port)
{
	static const char *const ports[] = { "sec_keys", "obs_logs", "image",
		"net_private" };

	for (size_t i = 0; i < ARRAY_LEN(ports); i++)
		if (strcmp(port, ports[i]) == 0)
			return 1;
	return 0;
}

/* "obj_raw" -> "obj.raw", as documents spell a port. */
static int set_port_name(cJSON *obj, const char *key, const char *port, struct err *e)
{
	struct buf b = BUF_INIT(128);
	int ret;

	for (; *port != '\0'; port++)
		buf_add_char(&b, *port == '_' ? '.' : *port);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(obj, key, b.ptr, e);
	buf_release(&b);
	return ret;
}

/* view.links: [{from, to, port}] between modules, as data goes over what is wired;
 * names with dashes, which no language of documents escapes. */
static int set_links(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *links = json_add_array(view, "links", e);

	JSON_EACH (u, g->units)
		JSON_EACH (p, json_get(u, "port")) {
			int writes = json_true(json_get(p, "writes"));
			cJSON *l;

			if (is_plumbing(json_key(p)))
				continue;
			l = links == NULL ? NULL : json_push_object(links, e);
			if (l == NULL ||
				set_name(l, writes ? "to" : "from",
					json_str_or(p, "module", ""), '-', e) < 0 ||
				set_name(l, writes ? "from" : "to",
					json_str_or(u, "module", ""), '-', e) < 0 ||
				set_port_name(l, "port", json_key(p), e) < 0)
				return -1;
		}
	return links == NULL ? -1 : number_items(links, e);
}

/* view.purposes: [{name}], what the data is used for; view.keepers: the units that keep
 * data, as the record of processing lists them. */
static int set_record(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *purposes = json_add_array(view, "purposes", e),
	      *keepers = json_add_array(view, "keepers", e);

	JSON_EACH (use, json_get(g->constraints, "use_cases")) {
		cJSON *row = purposes == NULL ? NULL : json_push_object(purposes, e);

		if (row == NULL || set_copy(row, "name", use, e) < 0)
			return -1;
	}
	JSON_EACH (u, json_get(view, "modules"))
		if (json_true(json_get(u, "is_store")) &&
			(keepers == NULL || json_push_copy(keepers, u, e) < 0))
			return -1;
	return purposes == NULL || keepers == NULL || number_items(purposes, e) < 0
		? -1
		: number_items(keepers, e);
}

/* view.estimates: [{name, value}], numbers only. */
static int set_estimates(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *list = json_add_array(view, "estimates", e);

	JSON_EACH (v, json_get(g->plan, "estimates")) {
		cJSON *row;

		if (!json_is(v, JSON_NUMBER))
			continue;
		row = list == NULL ? NULL : json_push_object(list, e);
		if (row == NULL || json_set_str(row, "name", json_key(v), e) < 0 ||
			set_display(row, "value", v, e) < 0)
			return -1;
	}
	return list == NULL ? -1 : number_items(list, e);
}

static int add_program(
	cJSON *list, const char *name, const char *dockerfile, struct err *e)
{
	cJSON *row = json_push_object(list, e);

	return row == NULL || json_set_str(row, "name", name, e) < 0 ||
			json_set_str(row, "dockerfile", dockerfile, e) < 0
		? -1
		: 0;
}

static int has_file_below(struct gen *g, const char *folder)
{
	for (size_t i = 0; i < g->files->n; i++)
		if (strncmp(g->files->at[i].path, folder, strlen(folder)) == 0)
			return 1;
	return 0;
}

static int has_step(struct gen *g, const cJSON *unit)
{
	char path[128];

	snprintf(path, sizeof(path), "pipelines/%s/main.py",
		json_str_or(unit, "module", ""));
	return has_file_below(g, path);
}

static int is_listed(const cJSON *list, const char *module)
{
	JSON_EACH (row, list)
		if (strcmp(json_str_or(row, "module", ""), module) == 0)
			return 1;
	return 0;
}

/* 1 when every step that this one takes data from is in the list. */
static int may_follow(struct gen *g, const cJSON *unit, const cJSON *list)
{
	JSON_EACH (p, json_get(unit, "port")) {
		const char *from = json_str_or(p, "module", "");
		const cJSON *provider = unit_called(g, from);

		if (provider != NULL && has_step(g, provider) && !is_listed(list, from))
			return 0;
	}
	return 1;
}

/* The next step: of the earliest capability, and after what it needs where that is
 * possible. NULL when all are listed. */
static const cJSON *next_step(struct gen *g, const cJSON *list)
{
	static const char *const order[] = { "ingest", "transform", "feature", "train",
		"govern", "serve", "observe", "store", "base" };
	const cJSON *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		JSON_EACH (u, g->units) {
			if (strcmp(json_str_or(u, "capability", ""), order[i]) != 0 ||
				is_listed(list, json_str_or(u, "module", "")) ||
				!has_step(g, u))
				continue;
			if (may_follow(g, u, list))
				return u;
			first = first == NULL ? u : first;
		}
	return first;
}

/* view.steps: [{module}], the pipelines in the order in which they run. */
static int set_steps(struct gen *g, struct err *e)
{
	cJSON *list = json_add_array(g->view, "steps", e);
	const cJSON *u;

	while (list != NULL && (u = next_step(g, list)) != NULL) {
		cJSON *row = json_push_object(list, e);

		if (row == NULL ||
			json_set_str(row, "module", json_str_or(u, "module", ""), e) < 0)
			return -1;
	}
	return list == NULL ? -1 : number_items(list, e);
}

int view_programs(struct gen *g, struct err *e)
{
	cJSON *has = json_edit(g->view, "/has"),
	      *programs = json_add_array(g->view, "programs", e);

	if (programs == NULL)
		return -1;
	JSON_EACH (u, json_get(g->view, "servers")) {
		char file[128];

		snprintf(file, sizeof(file), "services/%s/Dockerfile",
			json_str_or(u, "module", ""));
		if (add_program(programs, json_str_or(u, "module", ""), file, e) < 0)
			return -1;
	}
	if (set_steps(g, e) < 0)
		return -1;
	if (has_file_below(g, "pipelines/") && json_set_bool(has, "pipelines", 1, e) < 0)
		return -1;
	if (has_file_below(g, "monitoring/") &&
		json_set_bool(has, "monitoring", 1, e) < 0)
		return -1;
	if ((json_has(has, "pipelines") || json_has(has, "monitoring")) &&
		add_program(programs, "pipelines", "pipelines/Dockerfile", e) < 0)
		return -1;
	if (json_len(programs) > 0 && json_set_bool(has, "docker", 1, e) < 0)
		return -1;
	return number_items(programs, e);
}

/* view.servers: the units that answer requests, each with a port of its own on one
 * machine; their HTTP program is the skeleton's, whatever runs it. */
static int set_servers(struct gen *g, cJSON *view, struct err *e)
{
	cJSON *servers = json_add_array(view, "servers", e);
	int port = 8080;

	JSON_EACH (u, json_get(view, "modules")) {
		cJSON *copy;

		if (!provides(g, u, "ep.sync"))
			continue;
		copy = json_copy(u, e);
		if (servers == NULL || json_push(servers, copy, e) < 0 ||
			json_set_int(copy, "http_port", port++, e) < 0)
			return -1;
	}
	if (servers == NULL || number_items(servers, e) < 0)
		return -1;
	return json_len(servers) == 0
		? 0
		: json_set_bool(json_edit(view, "/has"), "services", 1, e);
}

static int make_view(struct gen *g, struct err *e)
{
	cJSON *v = g->view, *has, *python;

	if (set_regions(g, v, e) < 0 || set_project(g, v, e) < 0 ||
		set_copy(v, "c", g->constraints, e) < 0 ||
		set_copy(v, "constraints", g->constraints, e) < 0 ||
		set_copy(v, "load", json_get(g->plan, "load"), e) < 0 ||
		set_plan(g, v, e) < 0 || set_cost(g, v, e) < 0 ||
		set_approval(g, v, e) < 0 || set_tags(g, v, e) < 0 ||
		set_facts(g, v, e) < 0 || set_units(g, v, e) < 0 ||
		set_providers(g, v, e) < 0 || set_links(g, v, e) < 0 ||
		set_record(g, v, e) < 0 || set_estimates(g, v, e) < 0)
		return -1;
	has = json_add_object(v, "has", e);
	if (has == NULL || set_flags(g, has, e) < 0)
		return -1;
	JSON_EACH (p, json_get(v, "provider")) {
		if (flag(has, "provides_", json_key(p), e) < 0)
			return -1;
	}
	if (set_servers(g, v, e) < 0)
		return -1;
	python = json_add_object(v, "python", e);
	return python == NULL ? -1 : python_lists(g, python, e);
}

static cJSON *read_share(struct gen *g, const char *path, struct err *e)
{
	return env_read_json(g->env, path, e);
}

/* Formulas of the skeleton ("values"), as v.NAME for all templates. */
static int add_values(cJSON *view, const cJSON *values, struct err *e)
{
	cJSON *v = json_own(view, "v", e);

	if (v == NULL)
		return -1;
	JSON_EACH (f, values) {
		cJSON *answer = logic_apply(NULL, json_get(f, "is"), view, e);

		if (answer == NULL) {
			err_where(e, "/values/%s", json_key(f));
			return -1;
		}
		if (json_set(json_edit(view, "/v"), json_key(f), answer, e) < 0)
			return -1;
	}
	return 0;
}

int view_load(struct gen *g, struct err *e)
{
	cJSON *versions, *accepted;

	g->constraints = json_get(g->in, "constraints");
	g->plan = json_get(g->in, "plan");
	g->skeleton = read_share(g, "skeleton/skeleton.json", e);
	g->ports = g->skeleton == NULL ? NULL : read_share(g, "patterns/ports.json", e);
	g->python = g->ports == NULL ? NULL : read_share(g, "skeleton/python.json", e);
	g->patterns = json_new_object(e);
	g->units = json_new_array(e);
	g->texts = json_new_object(e);
	g->view = json_new_object(e);
	if (g->python == NULL || g->patterns == NULL || g->units == NULL ||
		g->texts == NULL || g->view == NULL || add_units(g, e) < 0)
		return -1;
	versions = read_share(g, "skeleton/versions.json", e);
	if (json_set(g->view, "versions", versions, e) < 0)
		return -1;
	accepted = read_share(g, "skeleton/accepted.json", e);
	if (accepted == NULL ||
		json_set_copy(g->view, "accepted", json_get(accepted, "accepted"), e) <
			0 ||
		make_view(g, e) < 0) {
		json_free(accepted);
		return -1;
	}
	json_free(accepted);
	return add_values(g->view, json_get(g->skeleton, "values"), e);
}

/* A copy of a member of the common view, which stays aside until view_leave. */
static cJSON *layer(struct gen *g, const char *key, cJSON **aside, struct err *e)
{
	cJSON *copy = json_copy(json_get(g->view, key), e);

	*aside = json_detach(g->view, key);
	return json_set(g->view, key, copy, e) < 0 ? NULL : copy;
}

static int enter(struct gen *g, const cJSON *unit, struct err *e)
{
	const cJSON *pattern = json_get(g->patterns, json_str_or(unit, "pattern", ""));
	cJSON *v = g->view, *of, *has;

	if (layer(g, "v", &g->common_v, e) == NULL)
		return -1;
	has = layer(g, "has", &g->common_has, e);
	if (has == NULL || set_copy(v, "slot", unit, e) < 0 ||
		set_copy(v, "p", json_get(unit, "p"), e) < 0 ||
		set_copy(v, "port", json_get(unit, "port"), e) < 0)
		return -1;
	of = json_add_object(v, "pattern", e);
	if (of == NULL ||
		json_set_str(of, "id", json_str_or(unit, "pattern", ""), e) < 0 ||
		json_set_str(of, "version", json_str_or(unit, "version", ""), e) < 0 ||
		json_set_str(of, "title", json_str_or(unit, "title", ""), e) < 0 ||
		json_set_str(of, "capability", json_str_or(unit, "capability", ""), e) <
			0 ||
		json_set_str(of, "module", json_str_or(unit, "dir", ""), e) < 0)
		return -1;
	JSON_EACH (p, json_get(unit, "port"))
		if (flag(has, "", json_key(p), e) < 0)
			return -1;
	if (add_values(v, json_get(pattern, "values"), e) < 0) {
		err_where(e, "pattern %s", json_str_or(unit, "pattern", ""));
		return -1;
	}
	return 0;
}

cJSON *view_enter(struct gen *g, const cJSON *unit, struct err *e)
{
	if (enter(g, unit, e) == 0)
		return g->view;
	view_leave(g);
	return NULL;
}

void view_leave(struct gen *g)
{
	static const char *const own[] = { "slot", "p", "port", "pattern" };
	struct err ignored = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		json_remove(g->view, own[i]);
	if (g->common_v != NULL)
		json_set(g->view, "v", g->common_v, &ignored);
	if (g->common_has != NULL)
		json_set(g->view, "has", g->common_has, &ignored);
	g->common_v = g->common_has = NULL;
}
