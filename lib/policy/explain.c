/* How verdicts come about: operand by operand, and the rules' own tests. */
#include "internal.h"

#include <unistd.h>

#define SHOWN 160 /* bytes of one operand */

static void show(struct buf *out, const cJSON *v)
{
	struct buf text = BUF_INIT((size_t)1 << 20);

	json_print(v, JSON_COMPACT, &text);
	if (text.len > SHOWN) {
		size_t n = SHOWN;

		while (n > 0 && ((unsigned char)text.ptr[n] & 0xC0) == 0x80)
			n--;
		buf_cut(&text, n);
		buf_add_str(&text, " ...");
	}
	buf_add_str(out, text.failed ? "(too long to show)" : text.ptr);
	buf_release(&text);
}

static void trace(void *arg, const char *op, const cJSON *args, const cJSON *result)
{
	struct buf *out = arg;

	buf_addf(out, "    %-8s ", op);
	show(out, args);
	buf_add_str(out, " -> ");
	show(out, result);
	buf_add_char(out, '\n');
}

int policy_explain(const struct rule *r, const struct rule_eval *ev, struct err *e)
{
	struct buf out = BUF_INIT((size_t)8 << 20);
	struct rule_eval traced = *ev;
	struct verdict_result v;
	int ret;

	traced.trace = trace;
	traced.trace_arg = &out;
	buf_addf(&out, "%s (%s, severity %s)\n", r->id, r->title,
		verdict_name(r->severity));
	ret = rule_evaluate(r, &traced, &v, e);
	if (ret == 0)
		buf_addf(&out, "  = %s: %s\n", verdict_name(v.verdict), v.detail.ptr);
	verdict_release(&v);
	if (ret == 0)
		ret = buf_ok(&out, e) < 0
			? -1
			: file_write_fd(STDERR_FILENO, "stderr", out.ptr, out.len, e);
	buf_release(&out);
	return ret;
}

/* ---- --test ---- */

struct counts {
	size_t passed, failed, fired[VERDICTS];
};

/* A case's state is what the rule sees; `facts` may be stated in it, else they are
 * looked up for its plan. */
static cJSON *case_data(struct node_env *env, const cJSON *state,
	const struct region_book *regions, struct err *e)
{
	cJSON *data = json_copy(state, e), *facts;

	if (data == NULL || json_has(data, "facts"))
		return data;
	facts = facts_build(env, json_get(state, "plan"), regions, NULL, e);
	if (facts == NULL || json_set(data, "facts", facts, e) < 0) {
		json_free(data);
		return NULL;
	}
	return data;
}

static int run_case(struct node_env *env, const struct rule *r, const cJSON *test,
	size_t i, const struct region_book *regions, struct counts *c, struct buf *out,
	struct err *e)
{
	const char *expect = json_str_or(test, "expect", "");
	struct rule_eval ev = { .regions = regions };
	struct verdict_result v;
	cJSON *data = case_data(env, json_get(test, "state"), regions, e);
	int ret;

	if (data == NULL)
		return -1;
	ev.data = data;
	ret = rule_evaluate(r, &ev, &v, e);
	if (ret == 0) {
		c->fired[v.verdict]++;
		if (strcmp(verdict_name(v.verdict), expect) == 0 && !v.erred) {
			c->passed++;
		} else {
			c->failed++;
			buf_addf(out, "FAIL %s case %zu%s%s: expected %s, got %s (%s)\n",
				r->id, i, json_has(test, "name") ? " " : "",
				json_str_or(test, "name", ""), expect,
				verdict_name(v.verdict), v.detail.ptr);
		}
	}
	verdict_release(&v);
	json_free(data);
	return ret;
}

/* Branches that a rule has and no case reaches. */
static void coverage(
	const struct rule *r, const struct counts *c, size_t *never, struct buf *out)
{
	int has[VERDICTS] = { 0 };

	has[VERDICT_PASS] = 1;
	has[r->severity] = 1;
	has[VERDICT_WARN] |= json_has(r->rule, "warn");
	has[VERDICT_NOT_APPLICABLE] = json_has(r->rule, "applies");
	if (json_has(r->rule, "unknown") || json_has(r->rule, "needs"))
		has[r->severity == VERDICT_FAIL ? VERDICT_WARN : VERDICT_UNKNOWN] = 1;
	for (int i = 0; i < VERDICTS; i++)
		if (has[i] && c->fired[i] == 0) {
			buf_addf(out, "never fired: %s %s\n", r->id,
				verdict_name((enum verdict)i));
			(*never)++;
		}
}

static int test_rule(struct node_env *env, const struct rule *r,
	const struct region_book *regions, struct counts *total, size_t *never,
	struct buf *out, struct err *e)
{
	struct counts c = { 0 };
	size_t i = 0;

	JSON_EACH (t, json_get(r->rule, "tests"))
		if (run_case(env, r, t, i++, regions, &c, out, e) < 0)
			return -1;
	total->passed += c.passed;
	total->failed += c.failed;
	coverage(r, &c, never, out);
	return 0;
}

int policy_test(struct node_env *env, const struct rule_set *set, struct err *e)
{
	struct region_book *regions = region_book_load(env, e);
	struct buf out = BUF_INIT((size_t)16 << 20);
	struct counts total = { 0 };
	size_t never = 0;
	int ret = -2;

	if (regions == NULL)
		return -2;
	for (size_t i = 0; i < rule_set_count(set); i++)
		if (test_rule(env, rule_set_at(set, i), regions, &total, &never, &out,
			    e) < 0)
			goto out;
	buf_addf(&out, "%zu rules, %zu branches without a case\n", rule_set_count(set),
		never);
	buf_addf(&out, "%zu passed, %zu failed, 0 skipped\n", total.passed, total.failed);
	if (buf_ok(&out, e) == 0 &&
		file_write_fd(STDOUT_FILENO, "stdout", out.ptr, out.len, e) == 0)
		ret = total.failed > 0 ? 12 : 0;
out:
	region_book_free(regions);
	buf_release(&out);
	return ret;
}
