/* Packs of rules: read, checked, kept. */
#include "internal.h"

struct rule_set {
	cJSON **pack;
	size_t n_packs;
	struct rule *at;
	size_t n, max;
};

static const char *const verdict_names[VERDICTS] = { "pass", "warn", "fail",
	"not_applicable", "unknown" };

const char *verdict_name(enum verdict v)
{
	return verdict_names[v];
}

int verdict_by_name(const char *name)
{
	for (int i = 0; i < VERDICTS; i++)
		if (strcmp(verdict_names[i], name) == 0)
			return i;
	return -1;
}

int rule_set_new(struct rule_set **out, struct err *e)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? err_no_memory(e) : 0;
}

void rule_set_free(struct rule_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_packs; i++)
		json_free(s->pack[i]);
	free(s->pack);
	free(s->at);
	free(s);
}

size_t rule_set_count(const struct rule_set *s)
{
	return s->n;
}

const struct rule *rule_set_at(const struct rule_set *s, size_t i)
{
	return &s->at[i];
}

const struct rule *rule_set_find(const struct rule_set *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].id, id) == 0)
			return &s->at[i];
	return NULL;
}

/* ---- checks at load ---- */

static int only(const cJSON *obj, const char *const *names, size_t n, struct err *e)
{
	if (!json_is(obj, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "is not an object");
	JSON_EACH (m, obj) {
		size_t i = 0;

		while (i < n && strcmp(names[i], json_key(m)) != 0)
			i++;
		if (i == n)
			return err_set(e, ERR_INPUT, "unknown member '%s'", json_key(m));
	}
	return 0;
}

static int check_logic(const cJSON *obj, const char *member, struct err *e)
{
	const struct logic l = { .ops = rule_ops };
	const cJSON *v = json_get(obj, member);

	if (v == NULL || logic_check(&l, v, e) == 0)
		return 0;
	err_where(e, "%s", member);
	return -1;
}

/* An id is a name that reports, waivers and cards can carry: [a-z][a-z0-9_]*. */
static int check_id(const char *id, struct err *e)
{
	size_t n = strlen(id);

	if (n == 0 || n > 80 || *id < 'a' || *id > 'z' ||
		strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return err_set(e, ERR_INPUT, "'id' is not of the form [a-z][a-z0-9_]*");
	return 0;
}

static int check_texts(const cJSON *list, const char *member, struct err *e)
{
	if (list != NULL && !json_is(list, JSON_ARRAY))
		return err_set(e, ERR_INPUT, "'%s' is not an array", member);
	JSON_EACH (it, list)
		if (json_text(it) == NULL)
			return err_set(e, ERR_INPUT,
				"'%s' has an item that is not a string", member);
	return 0;
}

static int check_messages(const cJSON *rule, struct err *e)
{
	static const char *const names[] = { "pass", "fail", "warn" };
	const cJSON *m, *values = json_get(rule, "values");
	const char *text;

	if (json_obj(rule, "message", &m, e) < 0 || only(m, names, 3, e) < 0 ||
		json_str(m, "pass", &text, e) < 0 || json_str(m, "fail", &text, e) < 0)
		return -1;
	if (values != NULL && !json_is(values, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "'values' is not an object");
	JSON_EACH (v, values)
		if (check_logic(values, json_key(v), e) < 0) {
			err_where(e, "values");
			return -1;
		}
	return 0;
}

static int check_tests(const cJSON *rule, struct err *e)
{
	const cJSON *tests, *state;
	const char *expect;
	size_t i = 0;

	if (json_arr(rule, "tests", &tests, e) < 0)
		return -1;
	if (json_len(tests) == 0)
		return err_set(e, ERR_INPUT, "'tests' is empty");
	JSON_EACH (t, tests) {
		if (json_str(t, "expect", &expect, e) < 0 ||
			json_obj(t, "state", &state, e) < 0) {
			err_where(e, "tests/%zu", i);
			return -1;
		}
		if (verdict_by_name(expect) < 0)
			return err_set(e, ERR_INPUT,
				"tests/%zu: 'expect' is '%s', which is no verdict", i,
				expect);
		i++;
	}
	return 0;
}

static int read_rule(struct rule *r, const cJSON *rule, struct err *e)
{
	static const char *const names[] = { "id", "title", "severity", "applies",
		"needs", "unknown", "assert", "warn", "message", "values", "remediation",
		"references", "claims", "requires_fact", "tests" };
	const char *severity;

	if (only(rule, names, ARRAY_LEN(names), e) < 0 ||
		json_str(rule, "id", &r->id, e) < 0 || check_id(r->id, e) < 0 ||
		json_str(rule, "title", &r->title, e) < 0 ||
		json_str(rule, "severity", &severity, e) < 0 ||
		json_str(rule, "remediation", &r->remediation, e) < 0)
		return -1;
	if (strcmp(severity, "fail") != 0 && strcmp(severity, "warn") != 0)
		return err_set(e, ERR_INPUT, "'severity' is neither fail nor warn");
	r->severity = *severity == 'f' ? VERDICT_FAIL : VERDICT_WARN;
	r->rule = rule;
	if (!json_has(rule, "assert"))
		return err_set(e, ERR_INPUT, "'assert' is missing");
	JSON_EACH (p, json_get(rule, "needs"))
		if (json_text(p) == NULL || json_pointer_check(json_text(p), e) < 0)
			return err_set(e, ERR_INPUT,
				"'needs' has an item that is no JSON Pointer");
	if (check_texts(json_get(rule, "needs"), "needs", e) < 0 ||
		check_texts(json_get(rule, "references"), "references", e) < 0 ||
		check_texts(json_get(rule, "claims"), "claims", e) < 0 ||
		check_logic(rule, "applies", e) < 0 ||
		check_logic(rule, "unknown", e) < 0 ||
		check_logic(rule, "assert", e) < 0 || check_logic(rule, "warn", e) < 0 ||
		check_messages(rule, e) < 0)
		return -1;
	return check_tests(rule, e);
}

static int grow(struct rule_set *s, size_t more, struct err *e)
{
	struct rule *at = realloc(s->at, (s->n + more + 1) * sizeof(*at));
	cJSON **pack = realloc(s->pack, (s->n_packs + 1) * sizeof(*pack));

	s->at = at != NULL ? at : s->at;
	s->pack = pack != NULL ? pack : s->pack;
	return at == NULL || pack == NULL ? err_no_memory(e) : 0;
}

static int read_pack(struct rule_set *s, const cJSON *tree, struct err *e)
{
	static const char *const names[] = { "$schema", "pack", "version", "title",
		"applies", "rules" };
	const cJSON *rules;
	const char *pack, *text;
	size_t i = 0;

	if (only(tree, names, ARRAY_LEN(names), e) < 0 ||
		json_str(tree, "pack", &pack, e) < 0 ||
		json_str(tree, "version", &text, e) < 0 ||
		json_str(tree, "title", &text, e) < 0 ||
		check_logic(tree, "applies", e) < 0 ||
		json_arr(tree, "rules", &rules, e) < 0)
		return -1;
	JSON_EACH (rule, rules) {
		struct rule *r = &s->at[s->n];

		*r = (struct rule){ .pack = pack,
			.pack_applies = json_get(tree, "applies") };
		if (read_rule(r, rule, e) < 0 ||
			(rule_set_find(s, r->id) != NULL &&
				err_set(e, ERR_INPUT, "there is already a rule '%s'",
					r->id) < 0)) {
			err_where(e, "/rules/%zu", i);
			return -1;
		}
		s->n++;
		i++;
	}
	return 0;
}

int rule_set_add(struct rule_set *s, cJSON *tree, const char *name, struct err *e)
{
	size_t before = s->n;

	if (grow(s, json_len(json_get(tree, "rules")), e) < 0 ||
		read_pack(s, tree, e) < 0) {
		err_where(e, "%s", name);
		s->n = before;
		json_free(tree);
		return -1;
	}
	s->pack[s->n_packs++] = tree;
	return 0;
}

/* ---- identity ---- */

static int by_id(const void *pa, const void *pb)
{
	const struct rule *const *a = pa, *const *b = pb;

	return strcmp((*a)->id, (*b)->id);
}

static int add_meaning(cJSON *to, const struct rule *r, struct err *e)
{
	static const char *const keys[] = { "severity", "applies", "needs", "unknown",
		"assert", "warn", "claims" };
	cJSON *o = json_add_object(to, r->id, e);

	if (o == NULL ||
		(r->pack_applies != NULL &&
			json_set_copy(o, "pack_applies", r->pack_applies, e) < 0))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (json_has(r->rule, keys[i]) &&
			json_set_copy(o, keys[i], json_get(r->rule, keys[i]), e) < 0)
			return -1;
	return 0;
}

int rule_set_digest(const struct rule_set *s, char out[DIGEST_HEX_MAX], struct err *e)
{
	const struct rule **order = calloc(s->n + 1, sizeof(*order));
	cJSON *all = json_new_object(e);
	int ret = -1;

	if (order == NULL || all == NULL) {
		err_no_memory(e);
		goto out;
	}
	for (size_t i = 0; i < s->n; i++)
		order[i] = &s->at[i];
	qsort(order, s->n, sizeof(*order), by_id);
	for (size_t i = 0; i < s->n; i++)
		if (add_meaning(all, order[i], e) < 0)
			goto out;
	ret = json_digest(all, out, e);
out:
	free(order);
	json_free(all);
	return ret;
}
