/* Node gate_hitl: who decided what, when, and on which plan. */
#include "internal.h"
#include "redact/redact.h"

#include <unistd.h>

static const struct opt opts[] = {
	OPT_FLAG(0, "ask", struct gate_args, ask, "ask on the terminal"),
	OPT_FLAG(0, "approve", struct gate_args, approve,
		"approve the plan; needs --actor"),
	OPT_FLAG(0, "reject", struct gate_args, reject,
		"reject the plan; needs --actor and a --comment, which goes back to "
		"planning"),
	{ OPT_KIND_LIST, 0, "comment", "[POINTER=]TEXT",
		offsetof(struct gate_args, comments),
		"say something, about one element of the state or all of it",
		OPT_TEXT_KEY },
	OPT_STR(0, "actor", "NAME", struct gate_args, actor, "who decides"),
	OPT_STR(0, "expires", "72h", struct gate_args, expires,
		"the decision ends after this time (s, m, h or d); without it, never"),
	OPT_STR(0, "mode", "review|auto|read-only", struct gate_args, mode,
		"auto approves what neither warns nor costs much more; read-only never "
		"decides"),
	OPT_NUM(0, "max-delta-usd", "USD", struct gate_args, max_delta_usd,
		"a larger growth of the monthly cost needs a person (500)"),
	OPT_NUM(0, "max-delta-pct", "PERCENT", struct gate_args, max_delta_pct,
		"the same, in percent (20)"),
	OPT_END,
};

static const struct gate_args defaults = {
	.mode = "review", .max_delta_usd = 500, .max_delta_pct = 20
};

/* What was decided, before it is written down. */
struct decision {
	enum gate_choice choice;
	struct buf actor, asked_comment;
};

/* ---- options ---- */

/* "72h" -> ns */
static int read_duration(const char *text, int64_t *ns, struct err *e)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t digits = strspn(text, "0123456789");
	long n = strtol(text, NULL, 10);

	if (digits > 0 && digits < 5 && n > 0 && strlen(text) == digits + 1)
		for (size_t i = 0; i < ARRAY_LEN(units); i++)
			if (text[digits] == units[i].unit) {
				*ns = n * units[i].seconds * 1000000000;
				return 0;
			}
	return err_set(e, ERR_USAGE,
		"--expires '%s' is not a time such as 90m, 72h or 3d", text);
}

static int check_args(struct node_env *env, void *args, struct err *e)
{
	const struct gate_args *a = args;
	int64_t ns;

	(void)env;
	if (strcmp(a->mode, "review") != 0 && strcmp(a->mode, "auto") != 0 &&
		strcmp(a->mode, "read-only") != 0)
		err_fill(e, ERR_USAGE, "--mode is review, auto or read-only, not '%s'",
			a->mode);
	else if (a->ask + a->approve + a->reject > 1)
		err_fill(e, ERR_USAGE, "only one of --ask, --approve and --reject");
	else if (strcmp(a->mode, "read-only") == 0 && a->ask + a->approve + a->reject > 0)
		err_fill(e, ERR_USAGE, "--mode read-only decides nothing");
	else if ((a->approve || a->reject) && (a->actor == NULL || *a->actor == '\0'))
		err_fill(e, ERR_USAGE, "a decision needs its author: --actor NAME");
	else if (a->reject && a->comments.n == 0)
		err_fill(e, ERR_USAGE, "a rejection needs a reason: --comment TEXT");
	else if (!(a->max_delta_usd >= 0) || !(a->max_delta_pct >= 0))
		err_fill(e, ERR_USAGE, "a threshold is negative");
	else if (a->expires == NULL || read_duration(a->expires, &ns, e) == 0)
		return -1;
	return -2;
}

/* ---- the decision ---- */

static int decide(struct decision *d, const struct gate_args *a, const cJSON *in,
	const struct obstacles *o, struct err *e)
{
	size_t blocked = json_len(o->blocking);

	if (a->actor != NULL)
		buf_add_str(&d->actor, a->actor);
	if (a->ask && gate_ask(in, o, &d->choice, &d->actor, &d->asked_comment, e) < 0)
		return -1;
	if (a->reject)
		d->choice = GATE_REJECT;
	if (a->approve && blocked == 0)
		d->choice = GATE_APPROVE;
	if (strcmp(a->mode, "auto") == 0 && a->ask + a->approve + a->reject == 0 &&
		blocked + json_len(o->person) == 0) {
		d->choice = GATE_APPROVE;
		if (d->actor.len == 0)
			buf_add_str(&d->actor, "auto");
	}
	if (d->choice != GATE_WAIT && d->actor.len == 0)
		return err_set(e, ERR_USAGE, "a decision needs its author: --actor NAME");
	return buf_ok(&d->actor, e);
}

/* ---- writing it down ---- */

/* Who comments may paste a key: it is masked as intake masks a brief. */
static int mask(struct node_env *env, const char *text, struct buf *out, struct err *e)
{
	cJSON *rules = env_read_json(env, "redact/secrets.json", e);
	struct redact *r = rules == NULL ? NULL : redact_new(rules, e);
	int ret = r == NULL ? -1 : redact_secrets(r, text, strlen(text), out, NULL, e);

	redact_free(r);
	json_free(rules);
	return ret;
}

/* "/plan/slots/0=too small" names an element, which must be there. */
static int add_comment(struct node_env *env, cJSON *list, const char *text,
	const char *actor, const char *ts, const cJSON *in, struct err *e)
{
	struct buf clean = BUF_INIT((size_t)1 << 22);
	const char *equals = *text == '/' ? strchr(text, '=') : NULL;
	struct buf pointer = BUF_INIT(4096);
	cJSON *o;
	int ret = -1;

	if (equals != NULL)
		buf_add(&pointer, text, (size_t)(equals - text));
	if (buf_ok(&pointer, e) < 0)
		goto out;
	if (equals != NULL && json_at(in, pointer.ptr) == NULL) {
		err_fill(e, ERR_INPUT, "--comment: there is no element '%.200s'",
			pointer.ptr);
		goto out;
	}
	o = json_push_object(list, e);
	if (o != NULL &&
		json_set_str(o, "pointer", equals == NULL ? NULL : pointer.ptr, e) == 0 &&
		mask(env, equals == NULL ? text : equals + 1, &clean, e) == 0 &&
		json_set_str(o, "text", clean.ptr, e) == 0 &&
		json_set_str(o, "actor", actor, e) == 0)
		ret = json_set_str(o, "ts", ts, e);
out:
	buf_release(&pointer);
	buf_release(&clean);
	return ret;
}

static int set_comments(cJSON *hitl, struct node_env *env, const struct gate_args *a,
	const struct decision *d, const char *ts, const cJSON *in, struct err *e)
{
	const char *actor = d->actor.len > 0 ? d->actor.ptr : NULL;
	cJSON *list = json_add_array(hitl, "comments", e);

	for (size_t i = 0; list != NULL && i < a->comments.n; i++)
		if (add_comment(env, list, a->comments.at[i], actor, ts, in, e) < 0)
			return -1;
	if (list == NULL ||
		(d->asked_comment.len > 0 &&
			add_comment(env, list, d->asked_comment.ptr, actor, ts, in, e) <
				0))
		return -1;
	return json_set_str(
		hitl, "comment", json_str_or(json_first(list), "text", NULL), e);
}

static int set_waived(cJSON *hitl, const cJSON *policy, struct err *e)
{
	cJSON *list = json_add_array(hitl, "waived", e);

	JSON_EACH (r, json_get(policy, "rules"))
		if (list != NULL && json_is(json_get(r, "waiver"), JSON_OBJECT) &&
			json_push_str(list, json_str_or(r, "id", "?"), e) < 0)
			return -1;
	return list == NULL ? -1 : 0;
}

static int set_reasons(cJSON *hitl, const struct obstacles *o, struct err *e)
{
	cJSON *list = json_add_array(hitl, "reasons", e);

	JSON_EACH (r, o->blocking)
		if (list == NULL || json_push_copy(list, r, e) < 0)
			return -1;
	JSON_EACH (r, o->person)
		if (list == NULL || json_push_copy(list, r, e) < 0)
			return -1;
	return list == NULL
		? -1
		: json_set_bool(hitl, "blocked", json_len(o->blocking) > 0, e);
}

static int set_thresholds(cJSON *hitl, const struct gate_args *a, struct err *e)
{
	cJSON *t = json_add_object(hitl, "thresholds", e);

	return t == NULL || json_set_num(t, "max_delta_usd", a->max_delta_usd, e) < 0
		? -1
		: json_set_num(t, "max_delta_pct", a->max_delta_pct, e);
}

static const char *status_of(const struct decision *d, const cJSON *plan)
{
	if (d->choice == GATE_APPROVE)
		return "approved";
	if (d->choice == GATE_REJECT)
		return "rejected";
	return json_bool_or(plan, "feasible", 1) ? "waiting" : "refused";
}

static int set_times(cJSON *hitl, const struct decision *d, const struct gate_args *a,
	int64_t now_ns, const char *ts, struct err *e)
{
	char end[CLOCK_TEXT_MAX];
	int64_t ns = 0;

	if (a->expires != NULL && read_duration(a->expires, &ns, e) < 0)
		return -1;
	clock_format(now_ns + ns, end);
	return json_set_str(hitl, "decided_at", d->choice == GATE_WAIT ? NULL : ts, e) < 0
		? -1
		: json_set_str(hitl, "expires_at", ns > 0 ? end : NULL, e);
}

static int write_down(cJSON *hitl, struct node_env *env, const struct gate_args *a,
	const struct decision *d, const struct obstacles *o, const cJSON *in,
	struct err *e)
{
	char ts[CLOCK_TEXT_MAX];

	clock_format(env->now_ns, ts);
	if (json_set_str(hitl, "status", status_of(d, json_get(in, "plan")), e) < 0 ||
		json_set_str(hitl, "gate", "pre-codegen", e) < 0 ||
		json_set_str(hitl, "mode", a->mode, e) < 0 ||
		json_set_str(hitl, "actor", d->actor.len > 0 ? d->actor.ptr : NULL, e) <
			0 ||
		set_times(hitl, d, a, env->now_ns, ts, e) < 0 ||
		set_comments(hitl, env, a, d, ts, in, e) < 0 ||
		set_reasons(hitl, o, e) < 0 ||
		set_waived(hitl, json_get(in, "policy"), e) < 0 ||
		set_thresholds(hitl, a, e) < 0)
		return -1;
	return json_set_copy(hitl, "digest", o->digest, e) < 0 ? -1
							       : approval_seal(hitl, e);
}

static int card_verdicts(
	cJSON *card, const cJSON *in, const struct obstacles *o, struct err *e)
{
	JSON_EACH (r, o->blocking)
		if (card_risk(card, json_text(r), NULL, e) < 0)
			return -1;
	JSON_EACH (r, o->person)
		if (card_risk(card, json_text(r), NULL, e) < 0)
			return -1;
	JSON_EACH (r, json_at(in, "/policy/rules"))
		if (card_policy(card, json_str_or(r, "id", ""),
			    json_str_or(r, "status", ""), e) < 0)
			return -1;
	return 0;
}

static int make_card(struct node_env *env, const cJSON *hitl, const cJSON *in,
	const struct obstacles *o, struct err *e)
{
	cJSON *card = card_add(env->cards, "gate", e);
	const char *status = json_str_or(hitl, "status", "");
	const char *comment = json_str_or(hitl, "comment", NULL);

	if (card == NULL || card_input_artifact(card, "plan", e) < 0 ||
		card_input_artifact(card, "cost", e) < 0 ||
		card_input_artifact(card, "policy", e) < 0 ||
		card_candidate(card, "approved", "generate the repository", NULL, e) <
			0 ||
		card_candidate(
			card, "rejected", "plan again with the comments", NULL, e) < 0 ||
		card_impact(card, "monthly_usd",
			json_number(json_at(in, "/cost/monthly_usd"), 0), e) < 0 ||
		card_verdicts(card, in, o, e) < 0)
		return -1;
	if (strcmp(status, "waiting") == 0 || strcmp(status, "refused") == 0)
		return card_choice(card, status, e, "nobody has approved the plan");
	/* Cards are copied into the repository, which is the same whoever approved it. */
	return card_choice(card, status, e, "%s by %s%s%s", status,
		strcmp(json_str_or(hitl, "mode", ""), "auto") == 0
			? "rule: nothing asks for a person"
			: "a person, whom hitl names",
		comment != NULL ? ": " : "", comment != NULL ? comment : "");
}

/* ---- the node ---- */

static int show_why(
	struct node_env *env, const cJSON *in, const struct obstacles *o, struct err *e)
{
	struct buf screen = BUF_INIT((size_t)1 << 20);
	int ret = 0;

	if (env->log.verbosity >= 0) {
		ret = gate_screen(in, o, STDERR_FILENO, &screen, e);
		if (ret == 0)
			ret = file_write_fd(
				STDERR_FILENO, "stderr", screen.ptr, screen.len, e);
	}
	buf_release(&screen);
	return ret;
}

static int answer(const struct decision *d, const cJSON *plan)
{
	if (d->choice == GATE_APPROVE)
		return 0;
	return json_bool_or(plan, "feasible", 1) ? 10 : 14;
}

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct gate_args *a = args;
	struct decision d = { .actor = BUF_INIT(400), .asked_comment = BUF_INIT(8192) };
	struct obstacles o = { NULL, NULL, NULL };
	const cJSON *plan = json_get(in, "plan");
	cJSON *hitl = json_add_object(out, "hitl", e);
	int ret = -1;

	if (hitl == NULL)
		return -1;
	if (!json_is(plan, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/plan: is missing (run mlops-plan first)");
	if (obstacles_find(&o, in, a, e) < 0 || decide(&d, a, in, &o, e) < 0 ||
		write_down(hitl, env, a, &d, &o, in, e) < 0 ||
		make_card(env, hitl, in, &o, e) < 0)
		goto out;
	if (d.choice == GATE_WAIT && !a->ask && show_why(env, in, &o, e) < 0)
		goto out;
	ret = answer(&d, plan);
out:
	obstacles_release(&o);
	buf_release(&d.actor);
	buf_release(&d.asked_comment);
	return ret;
}

static const struct filter gate_hitl = {
	.node = NODE_GATE_HITL,
	.version = "1",
	.summary = "wait for a person's decision, and bind it to what was decided on",
	.run = run,
};

static const struct filter *const filters[] = { &gate_hitl };

const struct program gate_program = {
	.name = "mlops-gate",
	.summary = "approve or reject a plan before anything is generated from it",
	.examples = "  mlops-gate < judged.json                       what is asked; "
		    "exit 10\n"
		    "  mlops-gate --approve --actor ann < judged.json > approved.json\n"
		    "  mlops-gate --reject --actor ann --comment '/plan/slots/0=too "
		    "dear' < judged.json\n",
	.opts = opts,
	.args_size = sizeof(struct gate_args),
	.defaults = &defaults,
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.instead = check_args,
};
