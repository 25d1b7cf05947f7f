/*
 * The Change Summary joined per component: what became of its pattern and size, its
 * files, its findings and its cost, and which constraint brought that about.
 *
 * With one changed constraint there is nothing to find out. With several, the plan is
 * composed again with each of them changed alone: those that already change the
 * component are its causes; if none does, all of them together are.
 */
#include "components.h"

#include <string.h>

#include "compose/compose.h"
#include "json/patch.h"
#include "state/manifest.h"

#define CHANGES_MAX 12 /* constraints that are tried one by one */

/* A changed constraint: "sla_latency_ms", "throughput.requests_per_second". */
struct cause {
	char label[128], pointer[160];
	const cJSON *before, *after; /* borrowed; NULL: not there */
	cJSON *plan;                 /* with this one alone changed; NULL: not known */
};

struct join {
	struct node_env *env;
	const cJSON *before, *after, *summary;
	struct cause causes[CHANGES_MAX];
	size_t n;
	int too_many;
	cJSON *again; /* the plan of the old constraints with the present data */
	int solved;   /* the plans of the causes were asked for */
};

/* ---- what changed in the constraints ---- */

static int add_cause(struct join *j, const char *field, const char *member,
	const cJSON *before, const cJSON *after)
{
	struct cause *c = &j->causes[j->n];

	if (j->n == CHANGES_MAX) {
		j->too_many = 1;
		return 0;
	}
	j->n++;
	*c = (struct cause){ .before = before, .after = after };
	snprintf(c->label, sizeof(c->label), "%s%s%s", field, member ? "." : "",
		member ? member : "");
	snprintf(c->pointer, sizeof(c->pointer), "/%s%s%s", field, member ? "/" : "",
		member ? member : "");
	return 0;
}

/* The members of one object that differ, as the constraints `throughput` has them. */
static void add_members(
	struct join *j, const char *field, const cJSON *before, const cJSON *after)
{
	JSON_EACH (m, after)
		if (!json_equal(m, json_get(before, json_key(m))))
			add_cause(
				j, field, json_key(m), json_get(before, json_key(m)), m);
	JSON_EACH (m, before)
		if (!json_has(after, json_key(m)))
			add_cause(j, field, json_key(m), m, NULL);
}

static void find_causes(struct join *j)
{
	const cJSON *before = json_get(j->before, "constraints"),
		    *after = json_get(j->after, "constraints");

	JSON_EACH (v, after) {
		const char *field = json_key(v);
		const cJSON *was = json_get(before, field);

		if (json_equal(v, was))
			continue;
		if (json_is(v, JSON_OBJECT) && json_is(was, JSON_OBJECT))
			add_members(j, field, was, v);
		else
			add_cause(j, field, NULL, was, v);
	}
	JSON_EACH (v, before)
		if (!json_has(after, json_key(v)))
			add_cause(j, json_key(v), NULL, v, NULL);
}

/* ---- plans that were not made, to see what one constraint does ---- */

static cJSON *with_cause(const struct join *j, const struct cause *c, struct err *e)
{
	cJSON *patch = json_new_array(e),
	      *op = patch == NULL ? NULL : json_push_object(patch, e), *doc = NULL;
	const char *verb = c->after == NULL ? "remove"
		: c->before == NULL         ? "add"
					    : "replace";

	if (op != NULL && json_set_str(op, "op", verb, e) == 0 &&
		json_set_str(op, "path", c->pointer, e) == 0 &&
		(c->after == NULL || json_set_copy(op, "value", c->after, e) == 0))
		doc = json_patch(json_get(j->before, "constraints"), patch, e);
	json_free(patch);
	return doc;
}

static int list_option(
	const cJSON *options, const char *name, struct opt_list *out, struct err *e)
{
	const cJSON *v = json_get(options, name);
	size_t n = json_len(v);

	if (!json_is(v, JSON_ARRAY) || n == 0)
		return 0;
	out->at = calloc(n, sizeof(*out->at));
	if (out->at == NULL)
		return err_no_memory(e);
	JSON_EACH (item, v)
		if (json_text(item) != NULL)
			out->at[out->n++] = json_text(item);
	return 0;
}

/* The plan of other constraints under the options of the planner's run; NULL when
 * there is none, which is no fault of this node. */
static cJSON *solve(struct join *j, const cJSON *constraints)
{
	const cJSON *options =
		json_at(j->env->in_state, "/run_meta/nodes/planner/options");
	struct compose_options o = { .candidates = 1 };
	struct err ignored = { 0 };
	cJSON *plan = json_new_object(&ignored), *others = json_new_object(&ignored);

	if (plan == NULL || others == NULL || constraints == NULL ||
		list_option(options, "pin", &o.pins, &ignored) < 0 ||
		list_option(options, "exclude", &o.excludes, &ignored) < 0 ||
		list_option(options, "accept-unknown", &o.accept_unknown, &ignored) < 0 ||
		compose_plan(j->env, constraints, &o, plan, others, &ignored) != 0) {
		json_free(plan);
		plan = NULL;
	}
	free(o.pins.at);
	free(o.excludes.at);
	free(o.accept_unknown.at);
	json_free(others);
	return plan;
}

static void solve_each(struct join *j)
{
	struct err ignored = { 0 };

	if (j->solved)
		return;
	j->solved = 1;
	j->again = solve(j, json_get(j->before, "constraints"));
	for (size_t i = 0; i < j->n && j->again != NULL; i++) {
		cJSON *constraints = with_cause(j, &j->causes[i], &ignored);

		j->causes[i].plan = solve(j, constraints);
		json_free(constraints);
	}
}

/* ---- one component ---- */

static const char *unit_name(const cJSON *unit)
{
	return json_str_or(unit, "slot", json_str_or(unit, "module", ""));
}

static const cJSON *unit_of(const cJSON *plan, const char *name)
{
	static const char *const lists[] = { "slots", "bases" };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		JSON_EACH (u, json_get(plan, lists[i]))
			if (strcmp(unit_name(u), name) == 0)
				return u;
	return NULL;
}

/* 1 if both plans buy the same for this component. */
static int same_quantities(const cJSON *a, const cJSON *b, const char *name)
{
	const cJSON *lists[] = { json_get(a, "bom"), json_get(b, "bom") };
	const cJSON *at[2];

	for (int i = 0; i < 2; i++)
		at[i] = json_first(lists[i]);
	for (;;) {
		for (int i = 0; i < 2; i++)
			while (at[i] != NULL &&
				strcmp(json_str_or(at[i], "slot",
					       json_str_or(at[i], "base", "")),
					name) != 0)
				at[i] = json_next(at[i]);
		if (at[0] == NULL || at[1] == NULL)
			return at[0] == at[1];
		if (!json_equal(json_get(at[0], "sku"), json_get(at[1], "sku")) ||
			!json_equal(json_get(at[0], "qty"), json_get(at[1], "qty")))
			return 0;
		for (int i = 0; i < 2; i++)
			at[i] = json_next(at[i]);
	}
}

static const char *change_of(const cJSON *old, const cJSON *new, const cJSON *before_plan,
	const cJSON *after_plan, const char *name)
{
	if (old == NULL || new == NULL)
		return new == NULL ? "removed" : "added";
	if (!json_equal(json_get(old, "pattern"), json_get(new, "pattern")))
		return "exchanged";
	if (!json_equal(json_get(old, "params"), json_get(new, "params")))
		return "resized";
	return same_quantities(before_plan, after_plan, name) ? "unchanged" : "load";
}

static int differs(const cJSON *a, const cJSON *b, const char *name)
{
	return strcmp(change_of(unit_of(a, name), unit_of(b, name), a, b, name),
		       "unchanged") != 0;
}

static int add_because(
	struct join *j, cJSON *row, const char *name, int plan_differs, struct err *e)
{
	cJSON *list = json_add_array(row, "because", e);
	size_t found = 0;

	if (list == NULL)
		return -1;
	if (j->n > 1 && plan_differs) {
		solve_each(j);
		for (size_t i = 0; i < j->n; i++) {
			if (j->causes[i].plan == NULL ||
				!differs(j->again, j->causes[i].plan, name))
				continue;
			found++;
			if (json_push_str(list, j->causes[i].label, e) < 0)
				return -1;
		}
		if (found > 0)
			return 0;
	}
	for (size_t i = 0; i < j->n; i++)
		if (json_push_str(list, j->causes[i].label, e) < 0)
			return -1;
	return 0;
}

/* {name: {before, after}} of the parameters that differ. */
static int add_params(const cJSON *old, const cJSON *new, cJSON *row, struct err *e)
{
	const cJSON *was = json_get(old, "params"), *is = json_get(new, "params");
	cJSON *all = json_add_object(row, "params", e);

	JSON_EACH (p, is) {
		const cJSON *before = json_get(was, json_key(p));
		cJSON *one;

		if (old == NULL || before == NULL || json_equal(p, before))
			continue;
		one = all == NULL ? NULL : json_add_object(all, json_key(p), e);
		if (one == NULL || json_set_copy(one, "before", before, e) < 0 ||
			json_set_copy(one, "after", p, e) < 0)
			return -1;
	}
	return all == NULL ? -1 : 0;
}

/* Micro-USD a month of the component's lines, each as it is printed. */
static int64_t cost_of(const cJSON *state, const char *name)
{
	int64_t sum = 0, one;
	struct err ignored;

	JSON_EACH (l, json_at(state, "/cost/breakdown"))
		if (strcmp(json_str_or(l, "slot", ""), name) == 0 &&
			json_usd(l, "usd", &one, &ignored) == 0)
			sum += one;
	return sum;
}

static int has_finding(const cJSON *state, const char *id)
{
	JSON_EACH (f, json_at(state, "/critique/findings"))
		if (strcmp(json_str_or(f, "id", ""), id) == 0)
			return 1;
	return 0;
}

/* Findings of the component in one state that the other does not have. */
static int add_findings(const cJSON *in, const cJSON *not_in, const char *name,
	cJSON *row, const char *key, struct err *e)
{
	cJSON *list = json_add_array(row, key, e);

	JSON_EACH (f, json_at(in, "/critique/findings"))
		if (strcmp(json_str_or(f, "component", ""), name) == 0 &&
			!has_finding(not_in, json_str_or(f, "id", "")) &&
			(list == NULL ||
				json_push_str(list, json_str_or(f, "title", ""), e) < 0))
			return -1;
	return list == NULL ? -1 : 0;
}

/* 1 if `word` stands in the path, ended by what cannot be part of a name. */
static int names_part(const char *path, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = path; (p = strstr(p, word)) != NULL; p++) {
		char next = p[n], prior = p == path ? '/' : p[-1];

		if ((prior == '/' || prior == '_') &&
			(next == '/' || next == '.' || next == '_' || next == '\0'))
			return 1;
	}
	return 0;
}

/* A file is a component's when its pattern made it or its module's name is in its path. */
static int owns(const struct join *j, const cJSON *unit, const char *path)
{
	const cJSON *f = manifest_find(json_get(j->after, "artifacts"), path);
	const char *pattern = json_str_or(unit, "pattern", ""),
		   *module = json_str_or(unit, "module", "");
	const char *origin;
	char dash[64];
	size_t n = strlen(pattern);

	if (f == NULL)
		f = manifest_find(json_get(j->before, "artifacts"), path);
	origin = json_str_or(f, "origin", "");
	if (strncmp(origin, "pattern:", 8) == 0 && strncmp(origin + 8, pattern, n) == 0 &&
		origin[8 + n] == '@')
		return 1;
	snprintf(dash, sizeof(dash), "%s", module);
	for (char *c = dash; *c != '\0'; c++)
		*c = *c == '_' ? '-' : *c;
	return *module != '\0' && (names_part(path, module) || names_part(path, dash));
}

/* *n counts those that are more than words about the component. */
static int add_files(const struct join *j, const cJSON *old, const cJSON *new, cJSON *row,
	size_t *n, struct err *e)
{
	cJSON *list = json_add_array(row, "files", e);
	double added = 0, removed = 0;

	JSON_EACH (f, json_get(j->summary, "files")) {
		const char *path = json_str_or(f, "path", "");

		if ((old == NULL || !owns(j, old, path)) &&
			(new == NULL || !owns(j, new, path)))
			continue;
		added += json_num_or(f, "lines_added", 0);
		removed += json_num_or(f, "lines_removed", 0);
		*n += strncmp(path, "docs/", 5) != 0;
		if (list == NULL || json_push_str(list, path, e) < 0)
			return -1;
	}
	return list == NULL || json_set_num(row, "lines_added", added, e) < 0
		? -1
		: json_set_num(row, "lines_removed", removed, e);
}

static int add_row(struct join *j, cJSON *rows, const char *name, struct err *e)
{
	const cJSON *plans[] = { json_get(j->before, "plan"),
		json_get(j->after, "plan") };
	const cJSON *old = unit_of(plans[0], name), *new = unit_of(plans[1], name);
	const char *change = change_of(old, new, plans[0], plans[1], name);
	int64_t was = cost_of(j->before, name), is = cost_of(j->after, name);
	int plan_differs = strcmp(change, "unchanged") != 0;
	cJSON *row = json_new_object(e);
	size_t files = 0;

	if (row == NULL || json_set_str(row, "component", name, e) < 0 ||
		json_set_str(row, "change", change, e) < 0 ||
		json_set_str(row, "pattern_before", json_str_or(old, "pattern", NULL),
			e) < 0 ||
		json_set_str(row, "pattern_after", json_str_or(new, "pattern", NULL), e) <
			0 ||
		add_params(old, new, row, e) < 0 ||
		add_files(j, old, new, row, &files, e) < 0 ||
		add_findings(j->after, j->before, name, row, "findings_new", e) < 0 ||
		add_findings(j->before, j->after, name, row, "findings_gone", e) < 0 ||
		json_set_usd(row, "cost_delta_usd", is - was, e) < 0)
		goto fail;
	if (!plan_differs && files == 0 && is == was &&
		json_len(json_get(row, "findings_new")) == 0 &&
		json_len(json_get(row, "findings_gone")) == 0) {
		json_free(row);
		return 0;
	}
	if (add_because(j, row, name, plan_differs, e) < 0)
		goto fail;
	return json_push(rows, row, e);
fail:
	json_free(row);
	return -1;
}

/* Components of the new plan, then those that only the old one had. */
static int add_rows(struct join *j, cJSON *rows, struct err *e)
{
	static const char *const lists[] = { "slots", "bases" };
	const cJSON *now = json_get(j->after, "plan"),
		    *then = json_get(j->before, "plan");

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		JSON_EACH (u, json_get(now, lists[i]))
			if (add_row(j, rows, unit_name(u), e) < 0)
				return -1;
		JSON_EACH (u, json_get(then, lists[i]))
			if (unit_of(now, unit_name(u)) == NULL &&
				add_row(j, rows, unit_name(u), e) < 0)
				return -1;
	}
	return 0;
}

int diff_components(struct node_env *env, const cJSON *before, const cJSON *after,
	cJSON *summary, struct err *e)
{
	struct join j = {
		.env = env, .before = before, .after = after, .summary = summary
	};
	cJSON *rows = json_new_array(e);
	int ret = -1;

	find_causes(&j);
	if (rows != NULL)
		ret = add_rows(&j, rows, e);
	if (ret == 0)
		ret = json_set(summary, "components", rows, e);
	else
		json_free(rows);
	for (size_t i = 0; i < j.n; i++)
		json_free(j.causes[i].plan);
	json_free(j.again);
	return ret;
}
