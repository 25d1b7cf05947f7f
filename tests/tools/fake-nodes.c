/*
 * fake-nodes: twelve tiny nodes for the driver's tests, under the names of the real
 * executables. What it is follows from the name it is started by (a link per
 * executable); what it decides follows from words of the brief:
 * "infeasible", "policy-fail", "policy-warn", "invalid", "crash NODE".
 */
#include <stdlib.h>
#include <string.h>

#include "state/state.h"

struct args {
	const char *only, *dir, *out, *zip, *previous, *actor, *comment, *git, *which,
		*fail_on, *tools;
	int state, approve, reject;
	struct opt_list set;
};

static const struct opt opts[] = {
	OPT_STR(0, "only", "NODE", struct args, only, "one of the nodes"),
	OPT_FLAG(0, "state", struct args, state, "a state, not text"),
	OPT_LIST(0, "set", "F=V", struct args, set, "a constraint"),
	{ OPT_KIND_STR, 'C', "directory", "DIR", offsetof(struct args, dir), "repository",
		OPT_NO_KEY },
	{ OPT_KIND_STR, 'o', "out", "DIR", offsetof(struct args, out), "repository",
		OPT_NO_KEY },
	OPT_FILE(0, "previous", struct args, previous, "a state"),
	OPT_FLAG(0, "approve", struct args, approve, "approve"),
	OPT_FLAG(0, "reject", struct args, reject, "reject"),
	OPT_STR(0, "actor", "NAME", struct args, actor, "who"),
	OPT_STR(0, "comment", "TEXT", struct args, comment, "why"),
	OPT_STR(0, "tools", "LIST", struct args, tools, "which checks"),
	OPT_STR(0, "fail-on", "warn|fail", struct args, fail_on, "when to stop"),
	OPT_END,
};

static int operand(void *args, const char *text, struct err *e)
{
	(void)e;
	((struct args *)args)->which = text;
	return 0;
}

static int has_word(const cJSON *in, const char *word)
{
	const char *note = json_text(json_at(in, "/constraints/note"));

	return note != NULL && strstr(note, word) != NULL;
}

static int card(struct node_env *env, enum node_id node, struct err *e)
{
	cJSON *c = card_add(env->cards, node_rows[node].agent, e);

	return c == NULL
		? -1
		: card_choice(c, "only-one", e, "%s did it", node_rows[node].name);
}

static int extract(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *c = json_add_object(out, "constraints", e);
	struct buf note = BUF_INIT(1 << 20);
	int ret = -1;

	buf_add_str(&note, json_str_or(in, "brief", ""));
	for (size_t i = 0; i < a->set.n; i++)
		buf_addf(&note, " %s", a->set.at[i]);
	JSON_EACH (f, json_get(in, "feedback"))
		buf_addf(&note, " %s", json_str_or(f, "text", ""));
	if (c != NULL && buf_ok(&note, e) == 0 &&
		json_set_str(c, "note", note.ptr, e) == 0 &&
		json_add_object(out, "provenance", e) != NULL)
		ret = card(env, NODE_INTAKE_EXTRACT, e);
	buf_release(&note);
	return ret;
}

static int coverage(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	cJSON *c = json_add_object(out, "coverage", e);

	(void)args;
	(void)in;
	if (c == NULL || json_set_num(c, "score", 1, e) < 0 ||
		json_set_num(c, "threshold", 0.75, e) < 0 ||
		json_add_array(c, "missing", e) == NULL ||
		json_add_array(c, "ambiguous", e) == NULL ||
		json_add_array(c, "conflicts", e) == NULL)
		return -1;
	return card(env, NODE_COVERAGE_CHECK, e);
}

static int questions(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	(void)args;
	(void)in;
	return json_add_array(out, "questions", e) == NULL
		? -1
		: card(env, NODE_ADAPTIVE_QUESTIONS, e);
}

static int plan(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	cJSON *p, *slot;
	int feasible = !has_word(in, "infeasible");

	(void)args;
	if (has_word(in, "crash planner"))
		abort();
	p = json_new_object(e);
	if (json_set(out, "plan", p, e) < 0 ||
		json_set_bool(p, "feasible", feasible, e) < 0 ||
		json_set_str(p, "cloud", "aws", e) < 0)
		return -1;
	slot = json_push_object(json_add_array(p, "slots", e), e);
	if (slot == NULL || json_set_str(slot, "slot", "serve@online", e) < 0 ||
		json_set_str(slot, "pattern", has_word(in, "big") ? "big" : "small", e) <
			0 ||
		json_add_object(out, "candidates", e) == NULL)
		return -1;
	return card(env, NODE_PLANNER, e) < 0 ? -1 : feasible ? 0 : 14;
}

static int tech(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	cJSON *c = json_add_object(out, "critique", e);

	(void)args;
	(void)in;
	return c == NULL || json_add_array(c, "findings", e) == NULL
		? -1
		: card(env, NODE_CRITIC_TECH, e);
}

static int cost(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	cJSON *c = json_add_object(out, "cost", e);

	(void)args;
	if (c == NULL ||
		json_set_num(c, "monthly_usd", has_word(in, "big") ? 200 : 100, e) < 0 ||
		json_add_array(c, "breakdown", e) == NULL ||
		json_set_str(c, "method", "bom_v1", e) < 0)
		return -1;
	return card(env, NODE_CRITIC_COST, e);
}

static int policy(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *p = json_add_object(out, "policy", e);
	const char *overall = has_word(in, "policy-fail") ? "fail"
		: has_word(in, "policy-warn")             ? "warn"
							  : "pass";

	if (p == NULL || json_add_array(p, "rules", e) == NULL ||
		json_set_str(p, "overall", overall, e) < 0 ||
		card(env, NODE_POLICY_EVAL, e) < 0)
		return -1;
	if (a->fail_on == NULL)
		return 0;
	return overall[0] == 'f'                            ? 11
		: overall[0] == 'w' && a->fail_on[0] == 'w' ? 13
							    : 0;
}

static int gate(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *h = json_add_object(out, "hitl", e), *c;
	int fails =
		strcmp(json_str_or(json_get(in, "policy"), "overall", ""), "fail") == 0;
	const char *status = a->reject ? "rejected"
		: !a->approve          ? "waiting"
		: fails                ? "refused"
				       : "approved";

	if (h == NULL || json_set_str(h, "status", status, e) < 0 ||
		json_set_str(h, "gate", "pre-codegen", e) < 0 ||
		json_set_str(h, "actor", a->actor, e) < 0 ||
		json_set_str(h, "comment", a->comment, e) < 0 ||
		json_add_array(h, "comments", e) == NULL ||
		card(env, NODE_GATE_HITL, e) < 0)
		return -1;
	if (a->comment != NULL) {
		c = json_push_object(json_edit(h, "/comments"), e);
		if (c == NULL || json_set_null(c, "pointer", e) < 0 ||
			json_set_str(c, "text", a->comment, e) < 0)
			return -1;
	}
	return status[0] == 'a' ? 0 : 10;
}

static int put(const char *dir, cJSON *manifest, const char *path, const char *text,
	const char *mode, struct err *e)
{
	if (file_write_below(
		    dir, path, text, strlen(text), mode[1] == '7' ? 0755 : 0644, e) < 0 ||
		manifest_put(
			manifest, path, text, strlen(text), "docs", mode, "fake", e) < 0)
		return -1;
	return manifest_seal(manifest, e);
}

static int codegen(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *m = manifest_new(e);
	int ret = -1;

	if (m == NULL || json_set(out, "artifacts", m, e) < 0 ||
		file_mkdirs(a->out, e) < 0)
		return -1;
	if (put(a->out, m, "README.md", "# A thing\n", "0644", e) == 0 &&
		put(a->out, m, "docs/plan.md",
			json_str_or(json_get(in, "constraints"), "note", ""), "0644",
			e) == 0 &&
		put(a->out, m, "tools/go.sh", "#!/bin/sh\n", "0755", e) == 0 &&
		(!has_word(in, "big") ||
			put(a->out, m, "big.txt", "big\n", "0644", e) == 0))
		ret = card(env, NODE_CODEGEN, e);
	return ret;
}

static int validate(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *r = json_add_object(out, "reports", e);
	int bad = 0;

	JSON_EACH (f, json_at(in, "/artifacts/files"))
		bad |= strcmp(json_str_or(f, "path", ""), "invalid.txt") == 0;
	if (r == NULL || json_set_str(r, "overall", bad ? "fail" : "pass", e) < 0 ||
		file_write_below(a->dir, "reports/validation.json", "{}\n", 3, 0644, e) <
			0)
		return -1;
	return card(env, NODE_VALIDATORS, e) < 0 ? -1 : bad ? 12 : 0;
}

static int rationale(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *m = json_copy(json_get(in, "artifacts"), e);

	if (m == NULL || json_set(out, "artifacts", m, e) < 0 ||
		manifest_put(m, "reports/validation.json", "{}\n", 3, "report", "0644",
			"tool", e) < 0 ||
		put(a->dir, m, "docs/rationale.md", "# Why\n", "0644", e) < 0 ||
		json_add_object(out, "rationale", e) == NULL)
		return -1;
	return card(env, NODE_RATIONALE_COMPILE, e);
}

#define FAKE(id, node_, f)                                                 \
	static const struct filter id = {                                  \
		.node = node_, .version = "1", .summary = "fake", .run = f \
	}
static int only_extract(const void *a)
{
	const char *only = ((const struct args *)a)->only;

	return only == NULL || strcmp(only, "extract") == 0;
}
static int only_coverage(const void *a)
{
	const char *only = ((const struct args *)a)->only;

	return only == NULL || strcmp(only, "coverage") == 0;
}
static int only_questions(const void *a)
{
	const char *only = ((const struct args *)a)->only;

	return only == NULL || strcmp(only, "questions") == 0;
}
static int only_tech(const void *a)
{
	const char *which = ((const struct args *)a)->which;

	return which == NULL || strcmp(which, "tech") == 0;
}
static int only_cost(const void *a)
{
	const char *which = ((const struct args *)a)->which;

	return which == NULL || strcmp(which, "cost") == 0;
}

static const struct filter f_extract = { .node = NODE_INTAKE_EXTRACT,
	.version = "1",
	.summary = "fake",
	.run = extract,
	.wanted = only_extract };
static const struct filter f_coverage = { .node = NODE_COVERAGE_CHECK,
	.version = "1",
	.summary = "fake",
	.run = coverage,
	.wanted = only_coverage };
static const struct filter f_questions = { .node = NODE_ADAPTIVE_QUESTIONS,
	.version = "1",
	.summary = "fake",
	.run = questions,
	.wanted = only_questions };
static const struct filter f_tech = { .node = NODE_CRITIC_TECH,
	.version = "1",
	.summary = "fake",
	.run = tech,
	.wanted = only_tech };
static const struct filter f_cost = { .node = NODE_CRITIC_COST,
	.version = "1",
	.summary = "fake",
	.run = cost,
	.wanted = only_cost };
FAKE(f_plan, NODE_PLANNER, plan);
FAKE(f_policy, NODE_POLICY_EVAL, policy);
FAKE(f_gate, NODE_GATE_HITL, gate);
FAKE(f_codegen, NODE_CODEGEN, codegen);
FAKE(f_validate, NODE_VALIDATORS, validate);
FAKE(f_rationale, NODE_RATIONALE_COMPILE, rationale);

static const struct filter *const all[][4] = {
	{ &f_extract, &f_coverage, &f_questions },
	{ &f_plan },
	{ &f_tech, &f_cost },
	{ &f_policy },
	{ &f_gate },
	{ &f_codegen },
	{ &f_validate },
	{ &f_rationale },
};
static const char *const names[] = { "mlops-intake", "mlops-plan", "mlops-critic",
	"mlops-policy", "mlops-gate", "mlops-codegen", "mlops-validate",
	"mlops-rationale" };

static cJSON *accept(
	struct node_env *env, const void *args, const struct buf *in, struct err *e)
{
	cJSON *s = state_new(e);

	(void)env;
	(void)args;
	if (s != NULL && json_set_str(s, "brief", in->ptr, e) < 0) {
		json_free(s);
		return NULL;
	}
	return s;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'),
		   *me = slash != NULL ? slash + 1 : argv[0];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct program p = { .name = names[i],
			.summary = "fake",
			.operands = "[WHICH]",
			.opts = opts,
			.args_size = sizeof(struct args),
			.filters = all[i],
			.operand = operand };

		if (strcmp(names[i], me) != 0)
			continue;
		while (p.n_filters < 4 && all[i][p.n_filters] != NULL)
			p.n_filters++;
		p.accept = i == 0 ? accept : NULL;
		return filter_main(&p, argc, argv);
	}
	return 2;
}
