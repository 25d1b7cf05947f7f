/* The planner node: options, the composition, its Reason Card. */
#include "plan.h"

#include <string.h>
#include <strings.h>

#include "advice.h"
#include "compose/compose.h"
#include "faces.h"
#include "llm/predict.h"

struct args {
	double candidates;
	struct opt_list pins, excludes, accept;
	int explain;
	const char *format;
};

static const struct opt opts[] = {
	OPT_NUM(0, "candidates", "N", struct args, candidates,
		"how many plans to return (3)"),
	OPT_LIST(0, "pin", "SLOT=PATTERN", struct args, pins,
		"fill a slot with this pattern"),
	OPT_LIST(0, "exclude", "PATTERN", struct args, excludes, "do without a pattern"),
	OPT_LIST(0, "accept-unknown", "SERVICE", struct args, accept,
		"accept a service whose compliance eligibility is unknown"),
	{ OPT_KIND_FLAG, 0, "explain", NULL, offsetof(struct args, explain),
		"say why not the others, on stderr", OPT_NO_KEY },
	{ OPT_KIND_STR, 0, "format", "json|text|mermaid|dot|svg",
		offsetof(struct args, format),
		"the state (json), a table for people (text), or the plan drawn (svg "
		"through "
		"dot)",
		OPT_NO_KEY },
	OPT_END,
};

static const struct args defaults = { .format = "json" };

static const struct {
	const char *name;
	int (*print)(
		const cJSON *state, struct buf *out, struct err *e); /* NULL: the state */
} faces[] = { { "json", NULL }, { "text", plan_text }, { "mermaid", plan_mermaid },
	{ "dot", plan_dot }, { "svg", plan_svg } };

static int check_format(struct node_env *env, void *args, struct err *e)
{
	const struct args *a = args;

	(void)env;
	for (size_t i = 0; i < ARRAY_LEN(faces); i++)
		if (strcmp(faces[i].name, a->format) == 0)
			return -1;
	err_fill(e, ERR_USAGE, "--format is json, text, mermaid, dot or svg, not '%s'",
		a->format);
	return -2;
}

static int print(struct node_env *env, const void *args, const cJSON *state,
	struct buf *out, struct err *e)
{
	const struct args *a = args;

	(void)env;
	for (size_t i = 0; i < ARRAY_LEN(faces); i++)
		if (strcmp(faces[i].name, a->format) == 0 && faces[i].print != NULL)
			return faces[i].print(state, out, e) < 0 ? -1 : 1;
	return 0;
}

static void explain(
	const struct node_env *env, const cJSON *plan, const cJSON *candidates)
{
	JSON_EACH (s, json_get(plan, "slots"))
		log_info(&env->log, "%s: %s: %s", json_str_or(s, "slot", "?"),
			json_str_or(s, "pattern", "?"), json_str_or(s, "why", ""));
	JSON_EACH (w, json_get(candidates, "why_not"))
		log_info(&env->log, "not %s%s%s: %s", json_str_or(w, "pattern", "?"),
			json_has(w, "slot") && json_text(json_get(w, "slot")) != NULL
				? " for "
				: "",
			json_str_or(w, "slot", ""), json_str_or(w, "why", ""));
	JSON_EACH (set, json_get(candidates, "conflicts")) {
		struct buf b = BUF_INIT(4096);

		JSON_EACH (it, set)
			buf_addf(&b, "%s%s", b.len > 0 ? ", " : "", json_text(it));
		log_info(&env->log, "these cannot all hold: %s", b.ptr);
		buf_release(&b);
	}
	JSON_EACH (n, json_get(candidates, "nearest"))
		log_info(&env->log, "%s: %.10g would do (stated: %.10g)",
			json_str_or(n, "constraint", "?"), json_num_or(n, "value", 0),
			json_num_or(n, "stated", 0));
}

/* ---- the Reason Card ---- */

/* What a candidate trades: its figures, and where it differs from the best, that
 * pattern's own words. */
static int push_trades(const cJSON *p, const cJSON *best, cJSON *trade, struct err *e)
{
	double usd = json_number(json_at(p, "/objective/monthly_usd"), 0);
	double least = json_number(json_at(best, "/objective/monthly_usd"), 0);
	const cJSON *ms = json_at(p, "/estimates/p95_latency_ms");
	const cJSON *pct = json_at(p, "/estimates/availability_pct");

	if (json_push_strf(trade, e, "$%.2f a month", usd) < 0)
		return -1;
	if (p != best &&
		json_push_strf(trade, e, "$%+.2f a month against the best", usd - least) <
			0)
		return -1;
	if (json_is(ms, JSON_NUMBER) &&
		json_push_strf(trade, e, "p95 %.1f ms, %.6g %% available",
			json_number(ms, 0), json_number(pct, 0)) < 0)
		return -1;
	return json_push_strf(trade, e, "penalty %g, burden %g",
		json_number(json_at(p, "/objective/soft_penalty"), 0),
		json_number(json_at(p, "/objective/burden"), 0));
}

static const char *pattern_of(const cJSON *plan, const char *slot)
{
	JSON_EACH (s, json_get(plan, "slots"))
		if (strcmp(json_str_or(s, "slot", ""), slot) == 0)
			return json_str_or(s, "pattern", "?");
	return "?";
}

/* "serve@online by aws.serve.fargate-alb (no idle copies; ...)" for each that differs. */
static int push_differences(
	const cJSON *p, const cJSON *best, cJSON *trade, struct err *e)
{
	JSON_EACH (s, json_get(p, "slots")) {
		const char *slot = json_str_or(s, "slot", "?");
		const char *words = json_text(json_first(json_get(s, "tradeoffs")));

		if (strcmp(json_str_or(s, "pattern", ""), pattern_of(best, slot)) != 0 &&
			json_push_strf(trade, e, "%s by %s%s%s", slot,
				json_str_or(s, "pattern", "?"), words != NULL ? ": " : "",
				words != NULL ? words : "") < 0)
			return -1;
	}
	return 0;
}

static int card_plans(cJSON *card, const cJSON *candidates, struct err *e)
{
	const cJSON *plans = json_get(candidates, "plans"), *best = json_first(plans);

	JSON_EACH (p, plans) {
		struct buf b = BUF_INIT(8192);
		cJSON *trade = json_new_array(e);
		int ret = -1;

		JSON_EACH (s, json_get(p, "slots"))
			buf_addf(&b, "%s%s", b.len > 0 ? ", " : "",
				json_str_or(s, "pattern", "?"));
		if (trade != NULL && buf_ok(&b, e) == 0 &&
			push_trades(p, best, trade, e) == 0 &&
			push_differences(p, best, trade, e) == 0) {
			ret = card_candidate(
				card, json_str_or(p, "id", "?"), b.ptr, trade, e);
			trade = NULL;
		}
		json_free(trade);
		buf_release(&b);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int card_risks(cJSON *card, const cJSON *plan, struct err *e)
{
	JSON_EACH (q, json_get(plan, "open_questions"))
		if (card_risk(card, json_text(q), "ask the people who wrote the brief",
			    e) < 0)
			return -1;
	JSON_EACH (set, json_get(plan, "conflicts"))
		JSON_EACH (it, set)
			if (card_risk(card, json_text(it),
				    "relax it, or one that it clashes with", e) < 0)
				return -1;
	return 0;
}

static int write_card(struct node_env *env, const cJSON *constraints, const cJSON *plan,
	const cJSON *candidates, struct err *e)
{
	cJSON *card = card_add(env->cards, "planner", e);
	const cJSON *est = json_get(plan, "estimates");
	int feasible = json_true(json_get(plan, "feasible"));
	int optimal = json_true(json_get(plan, "optimal"));

	if (card == NULL)
		return -1;
	JSON_EACH (it, constraints)
		if (card_input_key(card, json_key(it), e) < 0)
			return -1;
	if (card_plans(card, candidates, e) < 0 || card_risks(card, plan, e) < 0)
		return -1;
	if (!feasible)
		return card_choice(card, "none", e, "%s",
			       json_str_or(plan, "why", "nothing fits")) < 0 ||
				card_confidence(card, 1, e) < 0
			? -1
			: 0;
	if (card_choice(card, "plan-1", e,
		    "%s plan that meets every hard constraint, out of %zu patterns "
		    "weighed; $%.2f a month",
		    optimal ? "the provably best" : "the best found",
		    json_len(json_get(candidates, "why_not")),
		    json_num_or(est, "monthly_usd", 0)) < 0 ||
		card_impact(card, "monthly_usd", json_num_or(est, "monthly_usd", 0), e) <
			0 ||
		card_confidence(card,
			json_num_or(est, "unpriced_lines", 0) > 0 ? 0.6
				: optimal                         ? 0.9
								  : 0.7,
			e) < 0)
		return -1;
	if (json_is(json_get(est, "p95_latency_ms"), JSON_NUMBER) &&
		card_impact(card, "p95_latency_ms", json_num_or(est, "p95_latency_ms", 0),
			e) < 0)
		return -1;
	if (json_is(json_get(est, "availability_pct"), JSON_NUMBER) &&
		card_impact(card, "availability_pct",
			json_num_or(est, "availability_pct", 0), e) < 0)
		return -1;
	return card_link(card, "plan", "plan.json", e);
}

/* ---- feedback ---- */

#define WISHES_MAX 32

/* What rejections ask of the planner: "SLOT=PATTERN" pins, and a pattern named after
 * a word that turns it down is left out. */
struct wishes {
	const char *pins[WISHES_MAX], *excludes[WISHES_MAX];
	size_t n_pins, n_excludes;
	char text[8192]; /* the words, each ended */
	size_t used;
};

static const char *keep_word(struct wishes *w, const char *word, size_t len)
{
	char *to = w->text + w->used;

	if (w->used + len + 1 > sizeof(w->text))
		return NULL;
	memcpy(to, word, len);
	to[len] = '\0';
	w->used += len + 1;
	return to;
}

static int is_pattern_id(const char *word, size_t len)
{
	size_t dots = 0;

	if (strncmp(word, "aws.", 4) != 0 && strncmp(word, "gcp.", 4) != 0 &&
		strncmp(word, "azure.", 6) != 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		dots += word[i] == '.';
	return dots == 2;
}

static int turns_down(const char *word, size_t len)
{
	static const char *const words[] = { "not", "no", "without", "avoid", "exclude",
		"drop", "replace", "instead", "never", "reject" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && strncasecmp(word, words[i], len) == 0)
			return 1;
	return 0;
}

static void read_word(struct wishes *w, const char *word, size_t len, int *down)
{
	const char *equals = memchr(word, '=', len);
	size_t head = equals == NULL ? 0 : (size_t)(equals + 1 - word);

	if (equals != NULL && is_pattern_id(equals + 1, len - head)) {
		const char *kept =
			w->n_pins < WISHES_MAX ? keep_word(w, word, len) : NULL;

		if (kept != NULL)
			w->pins[w->n_pins++] = kept;
	} else if (is_pattern_id(word, len)) {
		const char *kept = *down && w->n_excludes < WISHES_MAX
			? keep_word(w, word, len)
			: NULL;

		if (kept != NULL)
			w->excludes[w->n_excludes++] = kept;
	} else if (turns_down(word, len)) {
		*down = 1;
	}
}

static void read_wishes(struct wishes *w, const char *text)
{
	int down = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " \t\n,;:!?()\"'"), word = len;

		while (word > 0 && text[word - 1] == '.')
			word--;
		if (word > 0)
			read_word(w, text, word, &down);
		if (word < len)
			down = 0; /* a sentence ends */
		text += len;
		text += *text != '\0';
	}
}

/* Options come first: of two pins for a slot the first counts. */
static void collect_wishes(struct wishes *w, const struct args *a, const cJSON *feedback)
{
	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < a->pins.n && w->n_pins < WISHES_MAX; i++)
		w->pins[w->n_pins++] = a->pins.at[i];
	for (size_t i = 0; i < a->excludes.n && w->n_excludes < WISHES_MAX; i++)
		w->excludes[w->n_excludes++] = a->excludes.at[i];
	if (json_text(feedback) != NULL)
		read_wishes(w, json_text(feedback));
	JSON_EACH (it, feedback)
		read_wishes(w,
			json_text(it) != NULL ? json_text(it)
					      : json_str_or(it, "text", ""));
}

/* What models will take from here to the end of the run (specification 23.5); it stands
 * in run_meta, for it is no fact of the plan. */
static int predict(struct node_env *env, struct err *e)
{
	if (env->model == NULL)
		return 0;
	return json_set(
		env->model, "predicted_rest", predict_from(env, NODE_PLANNER + 1, e), e);
}

static int run(
	struct node_env *env, const void *arg, const cJSON *in, cJSON *out, struct err *e)
{
	const struct args *a = arg;
	struct wishes wishes;
	struct compose_options o = {
		.candidates = a->candidates > 0 ? (size_t)a->candidates : 0,
		.accept_unknown = a->accept,
	};
	cJSON *plan = json_add_object(out, "plan", e),
	      *candidates = json_add_object(out, "candidates", e);
	const cJSON *constraints = json_get(in, "constraints");
	int answer;

	if (plan == NULL || candidates == NULL)
		return -1;
	if (constraints == NULL)
		return err_set(e, ERR_INPUT,
			"'constraints' is missing (run mlops-intake first)");
	collect_wishes(&wishes, a, json_get(in, "feedback"));
	o.pins = (struct opt_list){ wishes.pins, wishes.n_pins };
	o.excludes = (struct opt_list){ wishes.excludes, wishes.n_excludes };
	answer = compose_plan(env, constraints, &o, plan, candidates, e);
	if (answer < 0 ||
		(answer == 0 &&
			(plan_advice(env, constraints, &o, plan, candidates, e) < 0 ||
				predict(env, e) < 0)) ||
		write_card(env, constraints, plan, candidates, e) < 0)
		return -1;
	if (a->explain)
		explain(env, plan, candidates);
	return answer;
}

static const struct filter planner = {
	.node = NODE_PLANNER,
	.version = "1",
	.summary =
		"choose the cheapest patterns that meet every constraint, and prove it",
	.run = run,
};
static const struct filter *const filters[] = { &planner };

const struct program plan_program = {
	.name = "mlops-plan",
	.summary = "compose the provably best plan from capability patterns",
	.examples = "  mlops-intake < brief.md | mlops-plan --explain > state.json\n"
		    "  mlops-plan --pin serve@online=aws.serve.lambda-api < state.json\n"
		    "  mlops-plan --format svg < state.json > plan.svg\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.defaults = &defaults,
	.instead = check_format,
	.print = print,
	.filters = filters,
	.n_filters = 1,
};
