/* Rules as data: what is refused at load, and which verdict a state gets. */
#include "../test.h"

#include "rules/rules.h"

#define RULE(members)                                                           \
	"{'pack':'p','version':'1','title':'t','rules':[{'id':'r','title':'t'," \
	"'severity':'fail','remediation':'do',"                                 \
	"'message':{'pass':'ok {x}','fail':'bad {x}','warn':'near {x}'},"       \
	"'tests':[{'expect':'pass','state':{}}]," members "}]}"

static const struct {
	const char *pack, *msg; /* msg NULL: loads */
} packs[] = {
	{ RULE("'assert':true"), NULL },
	{ RULE("'assert':{'==':[{'var':'a'},1]}"), NULL },
	{ RULE("'assert':{'nosuchop':[1]}"), "p.json: /rules/0: assert" },
	{ RULE("'assert':{'subset':[[],[]]},'warn':{'nosuchop':[1]}"), "/rules/0: warn" },
	{ RULE("'values':{'x':{'nosuchop':[1]}},'assert':true"), "/rules/0: values: x" },
	{ RULE("'assert':{'subset':[[]]}"),
		"/rules/0: assert: /subset: 'subset' takes 2 operands, not 1" },
	{ RULE("'assert':{'where':[{'var':'a'},'b']}"),
		"'where' takes 3 operands, not 2" },
	{ RULE("'assert':{'count':[1]}"),
		"operand 1 of 'count' is a number, not an array" },
	{ RULE("'assert':{'or':[{'var':'a'},{'usd_le':['x',1]}]}"),
		"assert: /or/1/usd_le: 'usd_le' compares amounts of money, not a "
		"string" },
	{ RULE("'assert':{'<':[1,'x']}"), "NaN: '<' cannot compare" },
	{ RULE("'assert':{'/':[1,0]}"), "by zero" },
	{ RULE("'assert':{'if':[{'var':'a'},{'count':{'var':'b'}},2]}"), NULL },
	{ RULE("'other':1,'assert':true"), "unknown member 'other'" },
	{ RULE("'needs':['a/b'],'assert':true"), "no JSON Pointer" },
	{ RULE("'needs':['/a']"), "'assert' is missing" },
	{ "{'pack':'p','version':'1','title':'t','rules':[{'id':'A-b'}]}",
		"'id' is not of the form" },
	{ "{'pack':'p','version':'1','title':'t','rules':{}}",
		"'rules' is not an array" },
	{ "{'pack':'p','title':'t','rules':[]}", "'version' is missing" },
	{ "[]", "is not an object" },
};

static void a_broken_pack_is_refused_with_its_place(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
		struct rule_set *s = NULL;
		struct err e = { 0 };
		int ret;

		assert_int_equal(rule_set_new(&s, &e), 0);
		ret = rule_set_add(s, J(packs[i].pack), "p.json", &e);
		assert_int_equal(ret, packs[i].msg == NULL ? 0 : -1);
		if (packs[i].msg != NULL && strstr(e.msg, packs[i].msg) == NULL)
			fail_msg("'%s' is not in '%s'", packs[i].msg, e.msg);
		rule_set_free(s);
	}
}

static void an_id_is_there_once(void **unused)
{
	struct rule_set *s = NULL;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(rule_set_new(&s, &e), 0);
	assert_int_equal(rule_set_add(s, J(RULE("'assert':true")), "a.json", &e), 0);
	assert_int_equal(rule_set_add(s, J(RULE("'assert':true")), "b.json", &e), -1);
	assert_non_null(strstr(e.msg, "b.json: /rules/0: there is already a rule 'r'"));
	assert_int_equal(rule_set_count(s), 1);
	rule_set_free(s);
}

static const struct {
	const char *members, *data;
	enum verdict verdict;
	const char *detail;
} verdicts[] = {
	{ "'assert':true,'values':{'x':3}", "{}", VERDICT_PASS, "ok 3" },
	{ "'assert':false,'values':{'x':{'var':'n'}}", "{'n':1.239}", VERDICT_FAIL,
		"bad 1.24" },
	{ "'assert':true,'warn':true,'values':{'x':['a','b']}", "{}", VERDICT_WARN,
		"near a, b" },
	{ "'assert':true,'applies':false", "{}", VERDICT_NOT_APPLICABLE,
		"does not apply" },
	{ "'assert':true,'needs':['/plan/x']", "{'plan':{}}", VERDICT_WARN,
		"/plan/x is missing" },
	{ "'assert':true,'needs':['/plan/x']", "{'plan':{'x':null}}", VERDICT_WARN,
		"missing" },
	{ "'assert':true,'unknown':['a fact']", "{}", VERDICT_WARN, "a fact is missing" },
	{ "'assert':false,'unknown':['a fact']", "{}", VERDICT_FAIL, "bad" },
	/* a rule that breaks fails, it never passes */
	{ "'assert':{'/':[1,{'var':'none'}]}", "{}", VERDICT_FAIL,
		"'assert' cannot be evaluated" },
	{ "'assert':{'usd_le':[{'var':'a'},1]}", "{}", VERDICT_FAIL,
		"compares amounts of money" },
	{ "'assert':{'count':[{'var':'n'}]}", "{'n':5}", VERDICT_FAIL, "not an array" },
	{ "'assert':true,'applies':{'/':[1,{'var':'none'}]}", "{}", VERDICT_FAIL,
		"'applies' cannot be" },
	/* operators */
	{ "'assert':{'subset':[['a'],['a','b']]}", "{}", VERDICT_PASS, "ok" },
	{ "'assert':{'subset':[['c'],['a','b']]}", "{}", VERDICT_FAIL, "bad" },
	{ "'assert':{'usd_le':[0.1,0.104]}", "{}", VERDICT_PASS, "ok" },
	{ "'assert':{'usd_le':[0.106,0.1]}", "{}", VERDICT_FAIL, "bad" },
	{ "'assert':{'==':[{'count':[{'common':[['a','b'],['b']]}]},1]}", "{}",
		VERDICT_PASS, "ok" },
	{ "'assert':{'==':[{'count':[{'without':[['a','b'],['b']]}]},1]}", "{}",
		VERDICT_PASS, "ok" },
	{ "'assert':{'==':[{'count':[{'where':[{'var':'l'},'k',['x']]}]},1]}",
		"{'l':[{'k':'x'},{'k':'y'},{}]}", VERDICT_PASS, "ok" },
	{ "'assert':{'==':[{'count':[{'lacking':[['c','d'],{'var':'l'}]}]},1]}",
		"{'l':[{'module':'m','claims':['d']},{'module':'n','claims':[]},{'claims'"
		":null}]}",
		VERDICT_PASS, "ok" },
	{ "'assert':{'==':[{'count':[{'unclaimed':[{'var':'l'}]}]},1]}",
		"{'l':[{'claims':['d']},{'pattern':'p','claims':null}]}", VERDICT_PASS,
		"ok" },
};

static void a_state_gets_the_right_verdict(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		struct rule_set *s = NULL;
		struct err e = { 0 };
		char text[2048];
		cJSON *data = J(verdicts[i].data);
		struct rule_eval ev = { .data = data };
		struct verdict_result v;

		snprintf(text, sizeof(text), "%s%s%s",
			"{'pack':'p','version':'1','title':'t','rules':"
			"[{'id':'r','title':'t','severity':'fail','remediation':'do','"
			"message':"
			"{'pass':'ok {x}','fail':'bad {x}','warn':'near {x}'},"
			"'tests':[{'expect':'pass','state':{}}],",
			verdicts[i].members, "}]}");
		assert_int_equal(rule_set_new(&s, &e), 0);
		if (rule_set_add(s, J(text), "p", &e) < 0)
			fail_msg("%s: %s", verdicts[i].members, e.msg);
		assert_int_equal(rule_evaluate(rule_set_at(s, 0), &ev, &v, &e), 0);
		if (v.verdict != verdicts[i].verdict ||
			strstr(v.detail.ptr, verdicts[i].detail) == NULL)
			fail_msg("%s: %s (%s)", verdicts[i].members,
				verdict_name(v.verdict), v.detail.ptr);
		verdict_release(&v);
		rule_set_free(s);
		json_free(data);
	}
}

static void the_set_is_known_by_what_it_decides(void **unused)
{
	static const char *const same = RULE("'assert':{'==':[1,1]}");
	struct err e = { 0 };
	char a[DIGEST_HEX_MAX], b[DIGEST_HEX_MAX], c[DIGEST_HEX_MAX];
	struct rule_set *s[3];
	cJSON *reworded = J(same);

	(void)unused;
	json_set_str(json_edit(reworded, "/rules/0"), "title", "other words", &e);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rule_set_new(&s[i], &e), 0);
	assert_int_equal(rule_set_add(s[0], J(same), "p", &e), 0);
	assert_int_equal(rule_set_add(s[1], reworded, "p", &e), 0);
	assert_int_equal(
		rule_set_add(s[2], J(RULE("'assert':{'==':[1,2]}")), "p", &e), 0);
	rule_set_digest(s[0], a, &e);
	rule_set_digest(s[1], b, &e);
	rule_set_digest(s[2], c, &e);
	assert_string_equal(a, b);
	assert_string_not_equal(a, c);
	for (int i = 0; i < 3; i++)
		rule_set_free(s[i]);
}

/* ---- approvals ---- */

#define STATE                                                                            \
	"{'plan':{'feasible':true,'cloud':'aws','slots':[{'slot':'a','pattern':'p','"    \
	"why':'w'},"                                                                     \
	"{'slot':'b','pattern':'q'}],'bom':[{'sku':'x','qty':1}]},"                      \
	"'cost':{'monthly_usd':10,'breakdown':[{'sku':'x','usd':10,'source':'s'}]},"     \
	"'critique':{'feasible':true,'findings':[{'id':'f','severity':'low','title':'t'" \
	"}]},"                                                                           \
	"'policy':{'overall':'pass','rules':[{'id':'r','status':'pass','detail':'d'}]}}"

static const struct {
	const char *pointer, *member, *value;
	int voids;
} changes[] = {
	{ "/plan/slots/0", "why", "'other words'", 0 },
	{ "/cost/breakdown/0", "source", "'other source'", 0 },
	{ "/critique/findings/0", "title", "'other words'", 0 },
	{ "/policy/rules/0", "detail", "'other words'", 0 },
	{ "/plan", "diagram_mermaid", "'x'", 0 },
	{ "/plan/slots/0", "pattern", "'z'", 1 },
	{ "/plan/slots/0", "params", "{'n':2}", 1 },
	{ "/plan/bom/0", "qty", "2", 1 },
	{ "/plan", "slots", "[{'slot':'b','pattern':'q'},{'slot':'a','pattern':'p'}]",
		0 },
	{ "/plan", "slots", "[{'slot':'a','pattern':'p'}]", 1 },
	{ "/cost", "monthly_usd", "11", 1 },
	{ "/cost/breakdown/0", "usd", "11", 1 },
	{ "/critique/findings/0", "severity", "'high'", 1 },
	{ "/policy/rules/0", "status", "'fail'", 1 },
	{ "/plan", "something_new", "1", 1 },
	{ "/hitl", "actor", "'somebody else'", 1 },
	{ "/hitl", "decided_at", "'2026-01-01T00:00:00Z'", 1 },
	{ "/hitl", "expires_at", "'2036-01-01T00:00:00Z'", 1 },
	{ "/hitl", "waived", "['r']", 1 },
	{ "/hitl", "comment", "'well done'", 0 },
	{ "/hitl/digest", "plan", "'00'", 1 },
};

static void noise_keeps_an_approval_and_substance_voids_it(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct err e = { 0 };
		cJSON *state = J(STATE), *hitl, *digest;
		char why[APPROVAL_WHY_MAX];

		hitl = json_add_object(state, "hitl", &e);
		json_set_str(hitl, "status", "approved", &e);
		digest = json_add_object(hitl, "digest", &e);
		assert_int_equal(approval_digest(state, digest, &e), 0);
		assert_int_equal(approval_seal(hitl, &e), 0);
		assert_int_equal(approval_check(state, 0, why, &e), 0);
		assert_string_equal(why, "");
		json_set(json_edit(state, changes[i].pointer), changes[i].member,
			J(changes[i].value), &e);
		assert_int_equal(approval_check(state, 0, why, &e), 0);
		if ((*why != '\0') != changes[i].voids)
			fail_msg("%s/%s: '%s'", changes[i].pointer, changes[i].member,
				why);
		json_free(state);
	}
}

/*
 * Over a whole state, each kind of leaf changed once: only these members are noise.
 * A member that the state gets tomorrow is material until it is put on the list.
 */
static const char *const noise[] = { "action", "as_of", "availability_basis", "basis",
	"by_capability", "by_service", "check", "confidence", "counts", "date", "delta",
	"delta_vs_prev_pct", "delta_vs_prev_usd", "detail", "diagram_mermaid", "effect",
	"evidence", "instead", "judged", "note", "open_questions", "price_book", "proof",
	"raise", "references", "remediation", "share_pct", "source", "summary", "title",
	"usage_file", "why" };

struct walk {
	cJSON *state, *shapes; /* shapes: the kinds of leaves that were tried */
	size_t material, ignored;
};

static int voided(struct walk *w)
{
	struct err e = { 0 };
	char why[APPROVAL_WHY_MAX];

	assert_int_equal(approval_check(w->state, 0, why, &e), 0);
	return *why != '\0';
}

static cJSON *another(const cJSON *v)
{
	struct err e = { 0 };
	struct buf b = BUF_INIT(1 << 20);
	cJSON *out;

	switch (json_type(v)) {
	case JSON_NUMBER:
		return json_new_num(json_number(v, 0) + 1, &e);
	case JSON_BOOL:
		return json_new_bool(!json_true(v), &e);
	case JSON_STRING:
		buf_addf(&b, "%s!", json_text(v));
		out = json_new_str(b.ptr, &e);
		buf_release(&b);
		return out;
	default:
		return json_new_num(1, &e);
	}
}

/* In `parent`, the member or item `v` at `pointer`, of the shape `shape`. */
static void try_leaf(struct walk *w, const char *pointer, const char *shape,
	const cJSON *v, int is_noise)
{
	struct err e = { 0 };
	cJSON *saved = json_copy(v, &e), *node = json_edit(w->state, pointer);
	cJSON *other = another(v), keep;
	int broke;

	if (json_has(w->shapes, shape)) {
		json_free(saved);
		json_free(other);
		return;
	}
	json_set_bool(w->shapes, shape, 1, &e);
	/* In place: name and neighbours stay. */
	keep = *node;
	node->type = other->type;
	node->valuestring = other->valuestring;
	node->valuedouble = other->valuedouble;
	node->valueint = other->valueint;
	broke = voided(w);
	*node = keep;
	if (broke == is_noise)
		fail_msg("%s: an approval %s", pointer, broke ? "is voided" : "survives");
	w->material += !is_noise;
	w->ignored += (size_t)is_noise;
	json_free(other);
	json_free(saved);
}

static void walk(struct walk *w, const char *pointer, const char *shape, const cJSON *v,
	int is_noise, int in_params)
{
	size_t i = 0;

	if (json_first(v) == NULL) {
		if (!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY))
			try_leaf(w, pointer, shape, v, is_noise);
		return;
	}
	JSON_EACH (it, v) {
		struct buf p = BUF_INIT(4096), s = BUF_INIT(4096);
		const char *key = json_key(it);
		int quiet = is_noise;

		buf_add_str(&p, pointer);
		if (key != NULL)
			json_pointer_add(&p, key);
		else
			buf_addf(&p, "/%zu", i++);
		buf_addf(&s, "%s/%s", shape, key != NULL ? key : "*");
		for (size_t k = 0; key != NULL && !in_params && k < ARRAY_LEN(noise); k++)
			quiet |= strcmp(noise[k], key) == 0;
		/* The text of a quantity stands beside the quantity. */
		quiet |= key != NULL && strcmp(key, "qty") == 0 &&
			json_is(it, JSON_STRING);
		walk(w, p.ptr, s.ptr, it, quiet,
			in_params || (key != NULL && strcmp(key, "params") == 0));
		buf_release(&p);
		buf_release(&s);
	}
}

static void seal_state(cJSON *state)
{
	struct err e = { 0 };
	cJSON *hitl = json_add_object(state, "hitl", &e);

	json_set_str(hitl, "status", "approved", &e);
	assert_int_equal(
		approval_digest(state, json_add_object(hitl, "digest", &e), &e), 0);
	assert_int_equal(approval_seal(hitl, &e), 0);
}

static void any_material_change_voids_an_approval(void **unused)
{
	static const char *const keys[] = { "constraints", "plan", "cost", "critique",
		"policy" };
	struct err e = { 0 };
	struct walk w = { .state = json_parse_file(
				  "tests/golden/briefs/streaming-fraud/state.json",
				  STATE_TEXT_MAX, &e),
		.shapes = json_new_object(&e) };

	(void)unused;
	if (w.state == NULL)
		fail_msg("%s", e.msg);
	seal_state(w.state);
	assert_false(voided(&w));
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		char pointer[64];

		snprintf(pointer, sizeof(pointer), "/%s", keys[i]);
		walk(&w, pointer, pointer, json_get(w.state, keys[i]), 0, 0);
	}
	assert_false(voided(&w));
	assert_true(w.material > 150);
	assert_true(w.ignored > 20);
	json_free(w.state);
	json_free(w.shapes);
}

/* Turns a list round in place. */
static void turn_round(cJSON *list)
{
	struct err e = { 0 };
	cJSON *all = json_new_array(&e);

	for (size_t n = json_len(list); n-- > 0;)
		json_push_copy(all, json_item(list, n), &e);
	while (json_first(list) != NULL)
		json_free(json_take_first(list));
	while (json_first(all) != NULL)
		json_push(list, json_take_first(all), &e);
	json_free(all);
}

static void order_is_noise_where_it_means_nothing(void **unused)
{
	static const struct {
		const char *pointer;
		int voids;
	} lists[] = { { "/plan/slots", 0 }, { "/plan/bom", 0 }, { "/plan/edges", 0 },
		{ "/plan/assumptions", 0 }, { "/cost/breakdown", 0 },
		{ "/critique/findings", 0 }, { "/policy/rules", 0 },
		{ "/constraints/use_cases", 0 }, { "/plan/regions", 1 },
		{ "/constraints/regions", 1 }, { "/plan/slots/0/latency/hops", 1 } };
	struct err e = { 0 };
	struct walk w = { .state = json_parse_file(
				  "tests/golden/briefs/streaming-fraud/state.json",
				  STATE_TEXT_MAX, &e) };

	(void)unused;
	assert_non_null(w.state);
	json_push_str(json_edit(w.state, "/plan/regions"), "eu-central-1", &e);
	json_push_str(json_edit(w.state, "/constraints/regions"), "eu-central-1", &e);
	json_set(json_edit(w.state, "/plan/slots/0"), "latency",
		J("{'hops':[{'name':'a'},{'name':'b'}]}"), &e);
	seal_state(w.state);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		cJSON *list = json_edit(w.state, lists[i].pointer);

		if (json_len(list) < 2)
			fail_msg("%s has nothing to turn round", lists[i].pointer);
		turn_round(list);
		if (voided(&w) != lists[i].voids)
			fail_msg("%s turned round", lists[i].pointer);
		turn_round(list);
		assert_false(voided(&w));
	}
	json_free(w.state);
}

static void an_approval_ends(void **unused)
{
	struct err e = { 0 };
	cJSON *state =
		J("{'hitl':{'status':'approved','expires_at':'2026-01-02T00:00:00Z'}}");
	int64_t day1, day2;
	char why[APPROVAL_WHY_MAX];

	(void)unused;
	assert_int_equal(approval_seal(json_edit(state, "/hitl"), &e), 0);
	clock_parse("2026-01-01T23:59:59Z", &day1);
	clock_parse("2026-01-02T00:00:00Z", &day2);
	assert_int_equal(approval_check(state, day1, why, &e), 0);
	assert_string_equal(why, "");
	assert_int_equal(approval_check(state, day2, why, &e), 0);
	assert_string_equal(why, "the approval has expired");
	json_set_str(json_edit(state, "/hitl"), "status", "rejected", &e);
	assert_int_equal(approval_check(state, day1, why, &e), 0);
	assert_non_null(strstr(why, "not approved"));
	json_free(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_pack_is_refused_with_its_place),
		cmocka_unit_test(an_id_is_there_once),
		cmocka_unit_test(a_state_gets_the_right_verdict),
		cmocka_unit_test(the_set_is_known_by_what_it_decides),
		cmocka_unit_test(noise_keeps_an_approval_and_substance_voids_it),
		cmocka_unit_test(any_material_change_voids_an_approval),
		cmocka_unit_test(order_is_noise_where_it_means_nothing),
		cmocka_unit_test(an_approval_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
