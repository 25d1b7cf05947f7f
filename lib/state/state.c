#include "state.h"

#include <math.h>
#include <string.h>

const struct node_row node_rows[NODE_COUNT] = {
#define NODE(id, name, exe, agent, reads, writes, event) \
	[NODE_##id] = { name, exe, agent, reads, writes, event },
#include "nodes.def"
#undef NODE
};

const struct node_row *node_by_name(const char *name)
{
	for (size_t i = 0; i < NODE_COUNT; i++)
		if (strcmp(node_rows[i].name, name) == 0)
			return &node_rows[i];
	return NULL;
}

/* 1 if `key` is one of the words of a list. */
static int listed(const char *words, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = words; *p != '\0'; p += strspn(p, " ")) {
		size_t w = strcspn(p, " ");

		if (w == n && memcmp(p, key, n) == 0)
			return 1;
		p += w;
	}
	return 0;
}

int node_reads(const struct node_row *n, const char *key)
{
	return strcmp(n->reads, "*") == 0 || listed(n->reads, key);
}

int node_writes(const struct node_row *n, const char *key)
{
	return listed(n->writes, key);
}

cJSON *state_new(struct err *e)
{
	cJSON *s = json_new_object(e);

	if (s != NULL && json_set_int(s, "schema_version", STATE_SCHEMA_VERSION, e) < 0) {
		json_free(s);
		return NULL;
	}
	return s;
}

int state_claims(const char *text, size_t len)
{
	static const char key[] = "\"schema_version\"";
	size_t i = 0;

	while (i < len && memchr(" \t\r\n", text[i], 4) != NULL)
		i++;
	return i < len && text[i] == '{' &&
		memmem(text, len, key, sizeof(key) - 1) != NULL;
}

/* Version 1 -> 2: `budget` (a number of USD a month) became
 * constraints.budget_band; `policy_results` became policy. */
static int upgrade_1(cJSON *s, struct err *e)
{
	cJSON *old = json_detach(s, "policy_results"), *budget, *c, *band;
	double usd;
	int ret = 0;

	if (old != NULL && json_set(s, "policy", old, e) < 0)
		return -1;
	budget = json_detach(s, "budget");
	usd = json_number(budget, -1);
	if (budget != NULL && usd < 0)
		ret = err_set(e, ERR_INPUT,
			"/budget: is not a number of USD (schema version 1)");
	json_free(budget);
	if (ret < 0 || usd < 0)
		return ret;
	c = json_own(s, "constraints", e);
	if (c == NULL || json_has(c, "budget_band"))
		return c == NULL ? -1 : 0;
	band = json_add_object(c, "budget_band", e);
	if (band == NULL || json_set_num(band, "max_usd", usd, e) < 0 ||
		json_set_str(band, "currency", "USD", e) < 0 ||
		json_set_str(band, "period", "month", e) < 0)
		return -1;
	return json_set_bool(band, "hard", 0, e);
}

int state_upgrade(cJSON *s, struct err *e)
{
	const cJSON *v = json_get(s, "schema_version");
	double version = json_number(v, 0);

	if (version == STATE_SCHEMA_VERSION)
		return 0;
	if (version == 1) {
		if (upgrade_1(s, e) < 0)
			return -1;
		return json_set_int(s, "schema_version", STATE_SCHEMA_VERSION, e);
	}
	if (version > STATE_SCHEMA_VERSION)
		return err_set(e, ERR_INPUT,
			"/schema_version: %g is newer than this program's %d: upgrade "
			"mlops",
			version, STATE_SCHEMA_VERSION);
	return err_set(e, ERR_INPUT, "/schema_version: is not a known version (1 or %d)",
		STATE_SCHEMA_VERSION);
}

cJSON *state_read(const char *text, size_t len, struct err *e)
{
	cJSON *s = json_parse(text, len, JSON_STRICT, e);

	if (s == NULL)
		return NULL;
	if (!json_is(s, JSON_OBJECT))
		err_fill(e, ERR_INPUT, "the state must be a JSON object, not %s",
			json_type_name(json_type(s)));
	else if (!json_has(s, "schema_version"))
		err_fill(e, ERR_INPUT, "the state has no 'schema_version'");
	else if (state_upgrade(s, e) == 0)
		return s;
	json_free(s);
	return NULL;
}

static const cJSON *assumption_found(const cJSON *state, const char *field)
{
	JSON_EACH (found, json_at(state, "/critique/assumptions"))
		if (strcmp(json_str_or(found, "field", ""), field) == 0)
			return found;
	return NULL;
}

const char *state_assumption_cost(const cJSON *state, const char *field)
{
	return json_text(json_get(assumption_found(state, field), "text"));
}

double state_assumption_weight(const cJSON *state, const char *field)
{
	const cJSON *found = assumption_found(state, field);
	double most = fabs(json_num_or(found, "twice_usd", 0));

	if (found == NULL)
		return -1;
	JSON_EACH (a, json_get(found, "alternatives"))
		most = fmax(most,
			json_bool_or(a, "feasible", 1)
				? fabs(json_num_or(a, "delta_usd", 0))
				: INFINITY);
	return json_bool_or(found, "feasible", 1) ? most : INFINITY;
}
