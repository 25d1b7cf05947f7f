/*
 * targets.h - what every parser must survive: each target takes any bytes, and
 * ends the process when a law is broken (what was printed reads back the same, a
 * failure has a message, ...). Included by the fuzzer and by the replay of the
 * corpus.
 */
#ifndef MLOPS_TESTS_FUZZ_TARGETS_H
#define MLOPS_TESTS_FUZZ_TARGETS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/prices.h"
#include "hcl/hcl.h"
#include "infra/infra.h"
#include "intake/extract.h"
#include "intake/replies.h"
#include "intake/intake.h"
#include "json/json.h"
#include "llm/wire.h"
#include "policy/internal.h"
#include "pricing/bill.h"
#include "pricing/declared.h"
#include "pricing/import.h"
#include "redact/redact.h"
#include "rules/rules.h"
#include "state/state.h"
#include "template/template.h"

#define LAW(holds)                                                                 \
	do {                                                                       \
		if (!(holds)) {                                                    \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, \
				#holds);                                           \
			abort();                                                   \
		}                                                                  \
	} while (0)

typedef void fuzz_target(const char *text, size_t len);

/* A failure has a code and one line of valid length. */
static void check_message(const struct err *e)
{
	LAW(e->code != ERR_NONE);
	LAW(e->msg[0] != '\0' && strchr(e->msg, '\n') == NULL);
}

static void reads_and_prints(const char *text, size_t len, enum json_rules rules)
{
	struct err e = { 0 };
	cJSON *v = json_parse(text, len, rules, &e), *again;
	struct buf compact = BUF_INIT((size_t)64 << 20),
		   pretty = BUF_INIT((size_t)64 << 20);

	if (v == NULL) {
		check_message(&e);
		return;
	}
	json_print(v, JSON_COMPACT, &compact);
	json_print(v, JSON_PRETTY, &pretty);
	again = json_parse(compact.ptr, compact.len, rules, &e);
	LAW(again != NULL && json_equal(v, again));
	json_free(again);
	again = json_parse(pretty.ptr, pretty.len, rules, &e);
	LAW(again != NULL && json_equal(v, again));
	json_free(again);
	buf_reset(&compact);
	LAW(json_canonical(v, &compact, &e) == 0);
	again = json_parse(compact.ptr, compact.len, rules, &e);
	LAW(again != NULL && json_equal(v, again));
	json_free(again);
	buf_release(&compact);
	buf_release(&pretty);
	json_free(v);
}

static void fuzz_json(const char *text, size_t len)
{
	reads_and_prints(text, len, JSON_STRICT);
	reads_and_prints(text, len, JSON_PLAIN);
}

/* An object with what a target needs, or NULL. */
static cJSON *parts(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *v = json_parse(text, len, JSON_PLAIN, &e);

	if (v != NULL && !json_is(v, JSON_OBJECT)) {
		json_free(v);
		v = NULL;
	}
	return v;
}

/* {"schema": ..., "value": ...} */
static void fuzz_schema(const char *text, size_t len)
{
	struct schema_options options = { .assert_formats = 1 };
	struct err e = { 0 };
	cJSON *v = parts(text, len);
	struct schema *s = NULL;

	if (v != NULL && json_has(v, "schema"))
		s = schema_new(json_get(v, "schema"), &options, &e);
	if (s != NULL && schema_check(s, json_get(v, "value"), "value", &e) < 0)
		check_message(&e);
	schema_free(s);
	json_free(v);
}

/* {"rule": ..., "data": ...} */
static void fuzz_logic(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *v = parts(text, len), *got = NULL;

	if (v != NULL && json_has(v, "rule")) {
		got = logic_apply(NULL, json_get(v, "rule"), json_get(v, "data"), &e);
		if (got == NULL)
			check_message(&e);
		logic_check(NULL, json_get(v, "rule"), &e);
	}
	json_free(got);
	json_free(v);
}

/* {"doc": ..., "patch": ...} */
static void fuzz_patch(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *v = parts(text, len), *before = NULL, *got = NULL;
	const cJSON *doc = json_get(v, "doc"), *patch = json_get(v, "patch");

	if (doc != NULL && patch != NULL) {
		before = json_copy(doc, &e);
		got = json_patch(doc, patch, &e);
		if (got == NULL)
			check_message(&e);
		LAW(json_equal(before, doc));
		json_free(got);
		got = json_merge_patch(doc, patch, &e);
		LAW(got != NULL && json_equal(before, doc));
	}
	json_free(got);
	json_free(before);
	json_free(v);
}

static const char *find_partial(void *arg, const char *name, size_t *len)
{
	const char *text = arg;

	*len = strlen(text);
	return name[0] == 'p' ? text : NULL;
}

/* The text is template and partial at once; the view has every type. */
static void fuzz_template(const char *text, size_t len)
{
	static const char view_text[] =
		"{\"a\":\"<\\\"'\\n${x}`|\",\"n\":1.5,\"t\":true,\"f\":false,\"z\":null,"
		"\"l\":[1,{\"a\":\"x\"},[]],\"o\":{\"a\":{\"b\":\"deep\"}},\"e\":[]}";
	struct err e = { 0 };
	cJSON *view = json_parse(view_text, sizeof(view_text) - 1, JSON_STRICT, &e);
	char *copy = strndup(text, len);
	struct template_partials partials = { find_partial, copy, 0 };

	LAW(view != NULL && copy != NULL);
	for (enum template_language l = TEMPLATE_HTML; l <= TEMPLATE_MAKE; l++) {
		struct buf out = BUF_INIT((size_t)1 << 20);

		partials.strict = (int)l % 2;
		e.code = ERR_NONE;
		if (template_render(text, len, "t", view, l, &partials, &out, &e) < 0)
			check_message(&e);
		buf_release(&out);
	}
	free(copy);
	json_free(view);
}

/* Our own rules, read once; the process ends with them. */
static struct {
	cJSON *secrets, *personal;
	struct redact *rules;
} redact_data;

static struct redact *redact_rules(void)
{
	struct err e = { 0 };

	if (redact_data.rules == NULL) {
		redact_data.secrets =
			json_parse_file("share/redact/secrets.json", (size_t)4 << 20, &e);
		redact_data.personal = json_parse_file(
			"share/redact/personal.json", (size_t)4 << 20, &e);
		LAW(redact_data.secrets != NULL && redact_data.personal != NULL);
		redact_data.rules = redact_new(redact_data.secrets, &e);
		LAW(redact_data.rules != NULL &&
			redact_add(redact_data.rules, redact_data.personal, &e) == 0);
	}
	LAW(redact_data.secrets != NULL && redact_data.personal != NULL);
	return redact_data.rules;
}

static void fuzz_redact(const char *text, size_t len)
{
	struct redact_hit *hits;
	struct err e = { 0 };
	size_t n, at = 0;

	LAW(redact_scan(redact_rules(), REDACT_ALL, text, len, &hits, &n, &e) == 0);
	for (size_t i = 0; i < n; i++) {
		LAW(hits[i].start >= at && hits[i].end > hits[i].start &&
			hits[i].end <= len);
		at = hits[i].end;
	}
	free(hits);
}

static void fuzz_hcl(const char *text, size_t len)
{
	struct hcl_body body = { 0 };
	struct err e = { 0 };

	if (hcl_parse(text, len, &body, &e) < 0)
		check_message(&e);
	hcl_release(&body);
}

/* Small texts: times, ids, pointers, paths, formats. */
static void fuzz_text(const char *text, size_t len)
{
	static const char *const formats[] = { "date", "date-time", "duration", "email",
		"hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri",
		"json-pointer", "regex", "relative-json-pointer", "time", "uri",
		"uri-template", "uuid" };
	char *copy = strndup(text, len);
	struct err e = { 0 };
	int64_t ns, rest;
	struct id id;
	cJSON *v;

	LAW(copy != NULL);
	clock_parse(copy, &ns);
	clock_parse_parts(copy, &ns, &rest);
	id_parse(copy, &id);
	file_check_relative(copy, &e);
	json_pointer_check(copy, &e);
	v = json_new_str(copy, &e);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct schema_options options = { .assert_formats = 1 };
		cJSON *doc = json_new_object(&e);
		struct schema *s;
		struct buf printed = BUF_INIT(BUF_NO_LIMIT);
		cJSON *valid;

		/* Formats are asked about text that a reader has let in. */
		json_print(v, JSON_COMPACT, &printed);
		valid = json_parse(printed.ptr, printed.len, JSON_PLAIN, &e);
		json_set_str(doc, "format", formats[i], &e);
		s = schema_new(doc, &options, &e);
		LAW(s != NULL);
		if (valid != NULL)
			schema_check(s, valid, "", &e);
		schema_free(s);
		json_free(valid);
		json_free(doc);
		buf_release(&printed);
	}
	json_free(v);
	free(copy);
}

/* A book that loads is sorted, and its tiers follow one another from 0; what is read in
 * place is what the JSON reader makes of it. */
static void fuzz_prices(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *tree = json_parse(text, len, JSON_STRICT, &e);
	struct buf copy = BUF_INIT((size_t)1 << 20);
	struct prices *p = NULL, *plain;

	buf_add(&copy, text, len);
	plain = prices_from_text(&copy);
	LAW(plain == NULL || tree != NULL);
	if (tree == NULL)
		return;
	if (prices_from_json(&p, tree, "book", &e) < 0) {
		LAW(plain == NULL);
		check_message(&e);
		return;
	}
	LAW(plain == NULL || prices_count(plain) == prices_count(p));
	for (size_t i = 0; i < prices_count(p); i++) {
		const struct price_entry *t = prices_entry(p, i);

		LAW(prices_find(p, t->sku) == t);
		LAW(t->pico_usd >= 0 && t->group->per >= 1 && *t->group->source != '\0');
		LAW(t->tier != 1 || t->from == 0);
		LAW(i == 0 || strcmp(prices_entry(p, i - 1)->sku, t->sku) < 0);
		LAW(plain == NULL ||
			(prices_entry(plain, i)->pico_usd == t->pico_usd &&
				strcmp(prices_entry(plain, i)->sku, t->sku) == 0));
	}
	prices_free(plain);
	prices_free(p);
}

/* A pack that loads can be judged on any state: every rule gets a verdict. */
static void fuzz_rules(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *tree = json_parse(text, len, JSON_STRICT, &e);
	struct rule_set *set = NULL;

	if (tree == NULL || rule_set_new(&set, &e) < 0)
		return;
	if (rule_set_add(set, tree, "pack", &e) < 0)
		check_message(&e);
	for (size_t i = 0; i < rule_set_count(set); i++) {
		const struct rule *r = rule_set_at(set, i);
		struct rule_eval ev = { .data = json_at(r->rule, "/tests/0/state") };
		struct verdict_result v;

		if (rule_evaluate(r, &ev, &v, &e) == 0)
			LAW(!v.erred || v.verdict == VERDICT_FAIL);
		verdict_release(&v);
	}
	rule_set_free(set);
}

/* {"plan": ..., "usage": ...}: a bill's sum is that of its lines, or there is a message. */
static void fuzz_bill(const char *text, size_t len)
{
	struct node_env env = { .share = "/nonexistent" };
	struct err e = { 0 };
	cJSON *tree = json_parse(text, len, JSON_STRICT, &e);
	cJSON *given = tree == NULL ? NULL : json_detach(tree, "usage");
	struct price_books *books = NULL;
	struct bill_options o = { .range = BILL_EXPECTED };
	struct usage *usage = NULL;
	struct bill b;

	if (given != NULL && usage_from_json(&usage, given, "usage", &e) < 0)
		check_message(&e);
	o.usage = usage;
	if (tree != NULL && price_books_new(&books, &env, "aws", 1, &e) == 0) {
		if (bill_make(&b, books, json_get(tree, "plan"), &o, &e) < 0)
			check_message(&e);
		else
			LAW(b.monthly == b.baseline + b.usage &&
				b.n == json_len(json_at(tree, "/plan/bom")));
		bill_release(&b);
	}
	price_books_free(books);
	usage_free(usage);
	json_free(tree);
}

/* A module and what it calls: whatever stands in them, reading ends, and what it tells
 * is JSON of the shape that infra.h says. */
static void fuzz_infra(const char *text, size_t len)
{
	static const char module[] =
		"variable \"x\" {}\noutput \"y\" {\n  value = var.x\n}\n"
		"resource \"r\" \"m\" {\n  count = var.x\n}\n";
	const struct infra_file files[] = { { "a/main.tf", text, len },
		{ "a/m/main.tf", module, sizeof(module) - 1 } };
	struct err e = { 0 };
	cJSON *all = infra_read(files, 2, "a", NULL, &e);

	if (all == NULL)
		check_message(&e);
	JSON_EACH (r, json_get(all, "resources"))
		LAW(json_is(json_get(r, "args"), JSON_OBJECT) &&
			json_text(json_get(r, "type")) != NULL);
	json_free(all);
}

/* {"infra": ..., "plan": ...}: every difference is counted and has a reason. */
static void fuzz_declared(const char *text, size_t len)
{
	struct node_env env = { .share = "share" };
	struct err e = { 0 };
	cJSON *tree = json_parse(text, len, JSON_STRICT, &e), *report;
	struct declared_result r;

	if (tree == NULL)
		return;
	report = json_new_object(&e);
	if (declared_compare(&env, json_get(tree, "infra"), json_get(tree, "plan"),
		    report, &r, &e) < 0)
		check_message(&e);
	else
		LAW(r.differences == json_len(json_get(report, "differences")));
	JSON_EACH (d, json_get(report, "differences"))
		LAW(json_text(json_get(d, "why")) != NULL);
	json_free(report);
	json_free(tree);
}

/* Any object has a digest, and what approves it approves it until it is changed. */
static void fuzz_approval(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *state = json_parse(text, len, JSON_STRICT, &e), *hitl;
	char why[APPROVAL_WHY_MAX];

	if (!json_is(state, JSON_OBJECT)) {
		json_free(state);
		return;
	}
	LAW(approval_check(state, 0, why, &e) == 0);
	hitl = json_add_object(state, "hitl", &e);
	LAW(json_set_str(hitl, "status", "approved", &e) == 0 &&
		approval_digest(state, json_add_object(hitl, "digest", &e), &e) == 0 &&
		approval_seal(hitl, &e) == 0);
	LAW(approval_check(state, 0, why, &e) == 0 && *why == '\0');
	LAW(json_set_str(hitl, "actor", "another", &e) == 0 &&
		approval_check(state, 0, why, &e) == 0 && *why != '\0');
	json_free(state);
}

/* A waivers file: what is taken has owner, reason and an end for each, once a rule. */
static void fuzz_waivers(const char *text, size_t len)
{
	struct err e = { 0 };
	cJSON *tree = json_parse(text, len, JSON_STRICT, &e);
	cJSON *good = tree == NULL ? NULL : waivers_from_json(tree, "waivers.json", &e);

	if (good == NULL)
		check_message(&e);
	JSON_EACH (w, json_get(good, "waivers"))
		LAW(json_text(json_get(w, "rule")) != NULL &&
			*json_str_or(w, "owner", "") != '\0' &&
			*json_str_or(w, "reason", "") != '\0' &&
			*json_str_or(w, "expires", "") != '\0');
	json_free(good);
}

/* A price list of the provider's: refused with a message, or the book still loads. */
static void fuzz_offer(const char *text, size_t len)
{
	static char dir[] = "/tmp/fuzz-offer-XXXXXX", file[64];
	const char *files[] = { file };
	struct node_env env = { .share = "share" };
	struct price_import done;
	struct err e = { 0 };
	char **names;
	size_t n;

	if (file[0] == '\0') {
		LAW(mkdtemp(dir) != NULL);
		snprintf(file, sizeof(file), "%s.json", dir);
	}
	LAW(file_write_atomic(file, text, len, 0600, 0, &e) == 0);
	if (price_import(&env, dir, files, 1, &done, &e) < 0)
		check_message(&e);
	else
		price_import_release(&done);
	LAW(file_walk(dir, &names, &n, &e) == 0);
	for (size_t i = 0; i < n; i++) {
		struct prices *p = NULL;
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		LAW(prices_load(&p, &env, path, &e) == 0);
		prices_free(p);
	}
	file_list_free(names, n);
	LAW(file_remove_tree(dir, &e) == 0 && file_mkdirs(dir, &e) == 0);
	(void)unlink(file);
}

static const struct vocabulary *the_words(struct node_env **out)
{
	static struct vocabulary words;
	static struct node_env env;
	struct common_args common = { .share = "share" };
	struct err e = { 0 };

	if (words.lexicon == NULL) {
		LAW(env_init(&env, "fuzz", &common, &e) == 0);
		LAW(vocabulary_load(&words, &env, &e) == 0);
	}
	*out = &env;
	return &words;
}

/*
 * Whatever a file of answers holds: each is refused with a message, or the constraints
 * still keep to their schema and each field has evidence.
 */
static void fuzz_answers(const char *text, size_t len)
{
	static struct cleaner clean;
	static struct schema *schema;
	static cJSON *rules;
	struct node_env *env;
	struct gathered g = { .v = the_words(&env), .clean = &clean };
	struct err e = { 0 };
	cJSON *doc = json_parse(text, len, JSON_STRICT, &e), *list;

	if (schema == NULL) {
		rules = env_read_json(env, "schemas/constraints.schema.json", &e);
		LAW(rules != NULL && (schema = schema_new(rules, NULL, &e)) != NULL);
		LAW(cleaner_load(&clean, env, &e) == 0);
	}
	list = doc == NULL ? NULL : answers_of_doc(&clean, doc, "fuzz", &e);
	if (list == NULL) {
		check_message(&e);
		json_free(doc);
		return;
	}
	g.schema = schema;
	g.schema_doc = rules;
	g.answers = list;
	g.constraints = json_new_object(&e);
	g.provenance = json_new_object(&e);
	JSON_EACH (it, list) {
		struct err why = { 0 };

		if (gather_answer(&g, it, &why) < 0)
			check_message(&why);
		LAW(schema_check(schema, g.constraints, "", &e) == 0);
	}
	JSON_EACH (m, g.constraints) {
		char prefix[128];
		int found = 0;

		snprintf(prefix, sizeof(prefix), "/constraints/%s", json_key(m));
		JSON_EACH (p, g.provenance)
			found |= strncmp(json_key(p), prefix, strlen(prefix)) == 0;
		LAW(found || json_len(m) == 0);
	}
	json_free(g.constraints);
	json_free(g.provenance);
	json_free(list);
	json_free(doc);
}

/*
 * Any text that a brief may be gives constraints; each has evidence, each span holds
 * its quote. The vocabulary is loaded once: it is read-only.
 */
static void fuzz_intake(const char *text, size_t len)
{
	struct node_env *env;
	struct err e = { 0 };
	cJSON *constraints = NULL, *provenance = NULL;

	if (intake_read(the_words(&env), text, len, "text", &constraints, &provenance,
		    &e) < 0) {
		check_message(&e);
		return;
	}
	JSON_EACH (m, constraints) {
		char prefix[128];
		int found = 0;

		snprintf(prefix, sizeof(prefix), "/constraints/%s", json_key(m));
		JSON_EACH (p, provenance)
			found |= strncmp(json_key(p), prefix, strlen(prefix)) == 0;
		LAW(found);
	}
	JSON_EACH (p, provenance) {
		const cJSON *span = json_get(p, "span");
		double start = json_number(json_item(span, 0), -1);
		double end = json_number(json_item(span, 1), -1);

		LAW(start >= 0 && end >= start && end <= (double)len);
	}
	json_free(constraints);
	json_free(provenance);
}

/* Whatever a provider answers ends as a fault with a reason or as text within its bound,
 * and the same however the bytes are cut. The first byte says which dialect and how. */
static void read_answer(const struct wire *wire, int streamed, const char *text,
	size_t len, size_t piece, struct llm_reply *r)
{
	struct err e;
	cJSON *empty = json_new_object(&e);
	struct llm_session s = { .answer_max = 4096 };
	struct llm_target t = { .provider = "fuzz", .model = "m", .entry = empty };
	struct llm_call c = {
		.system = "s", .user = "u", .schema = empty, .name = "answer"
	};

	llm_reply_init(r, s.answer_max);
	wire_read(&s, &t, &c, wire, streamed, text, len, piece, r);
	LAW(r->fault >= LLM_OK && r->fault < LLM_FAULTS);
	LAW(r->fault == LLM_OK || r->why[0] != '\0');
	LAW(strchr(r->why, '\n') == NULL);
	LAW(r->text.len <= s.answer_max);
	LAW(r->usage.input >= 0 && r->usage.output >= 0 && r->usage.cache_read >= 0 &&
		r->usage.cache_write >= 0);
	json_free(empty);
}

static void fuzz_provider(const char *text, size_t len)
{
	static const struct wire *const wires[] = { &wire_anthropic, &wire_responses,
		&wire_chat };
	static const size_t pieces[] = { 1, 7 };
	const struct wire *wire;
	struct llm_reply whole, cut;
	int streamed;

	if (len == 0)
		return;
	wire = wires[(unsigned char)text[0] % 3];
	streamed = (unsigned char)text[0] / 3 % 2;
	read_answer(wire, streamed, text + 1, len - 1, len, &whole);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		read_answer(wire, streamed, text + 1, len - 1, pieces[i], &cut);
		LAW(cut.fault == whole.fault);
		LAW(strcmp(cut.text.ptr, whole.text.ptr) == 0);
		LAW(memcmp(&cut.usage, &whole.usage, sizeof(cut.usage)) == 0);
		llm_reply_release(&cut);
	}
	llm_reply_release(&whole);
}

static const struct {
	const char *name; /* the folder of its corpus, too */
	fuzz_target *run;
} fuzz_targets[] = {
	{ "answers", fuzz_answers },
	{ "approval", fuzz_approval },
	{ "bill", fuzz_bill },
	{ "declared", fuzz_declared },
	{ "hcl", fuzz_hcl },
	{ "infra", fuzz_infra },
	{ "intake", fuzz_intake },
	{ "json", fuzz_json },
	{ "logic", fuzz_logic },
	{ "offer", fuzz_offer },
	{ "patch", fuzz_patch },
	{ "prices", fuzz_prices },
	{ "provider", fuzz_provider },
	{ "redact", fuzz_redact },
	{ "rules", fuzz_rules },
	{ "schema", fuzz_schema },
	{ "template", fuzz_template },
	{ "text", fuzz_text },
	{ "waivers", fuzz_waivers },
};

#endif
