/* The program: options, operands, faces. */
#include "internal.h"

static const struct opt opts[] = {
	OPT_FILE(0, "previous", struct critic_args, previous,
		"an earlier state: say what changed in cost, and why"),
	OPT_FILE(0, "book", struct critic_args, book,
		"price by the price book of this earlier state's estimate, not by "
		"today's"),
	OPT_FILE(0, "usage", struct critic_args, usage,
		"quantities, hours, commitments and discounts (mlops-critic(1), USAGE "
		"FILE)"),
	OPT_FLAG(0, "free-tier", struct critic_args, free_tier,
		"take the provider's always-free allowances off"),
	OPT_FLAG(0, "no-estimates", struct critic_args, no_estimates,
		"leave a line unpriced where only another region's price is known"),
	OPT_STR(0, "format", "json|text|usage", struct critic_args, format,
		"the state (json), tables for people (text), or a usage file to edit "
		"(usage)"),
	OPT_END,
};

static const struct critic_args defaults = { .format = "json" };

static int wants_tech(const void *args)
{
	const struct critic_args *a = args;

	return a->tech || !a->cost;
}

static int wants_cost(const void *args)
{
	const struct critic_args *a = args;

	return a->cost || !a->tech;
}

static const struct filter tech = {
	.node = NODE_CRITIC_TECH,
	.version = "1",
	.summary = "check capacity, latency, availability, failure domains and quotas of "
		   "a plan",
	.run = tech_run,
	.wanted = wants_tech,
};

static const struct filter cost = {
	.node = NODE_CRITIC_COST,
	.version = "1",
	.summary = "price a plan's bill of materials and say what changed",
	.run = cost_run,
	.wanted = wants_cost,
};

static const struct filter *const filters[] = { &tech, &cost };

static int operand(void *args, const char *text, struct err *e)
{
	struct critic_args *a = args;

	if (strcmp(text, "tech") == 0)
		a->tech = 1;
	else if (strcmp(text, "cost") == 0)
		a->cost = 1;
	else
		return err_set(e, ERR_USAGE, "'%s' is neither tech nor cost", text);
	return 0;
}

static int print_usage(const cJSON *state, struct buf *out, struct err *e)
{
	cJSON *doc = usage_template(json_get(state, "plan"), e);

	if (doc == NULL)
		return -1;
	json_print(doc, JSON_PRETTY, out);
	buf_add_char(out, '\n');
	json_free(doc);
	return buf_ok(out, e) < 0 ? -1 : 1;
}

static int check_format(struct node_env *env, void *args, struct err *e)
{
	const struct critic_args *a = args;

	(void)env;
	if (strcmp(a->format, "json") != 0 && strcmp(a->format, "text") != 0 &&
		strcmp(a->format, "usage") != 0) {
		err_fill(e, ERR_USAGE, "--format is json, text or usage, not '%s'",
			a->format);
		return -2;
	}
	return -1;
}

static int print(struct node_env *env, const void *args, const cJSON *state,
	struct buf *out, struct err *e)
{
	const struct critic_args *a = args;

	(void)env;
	if (strcmp(a->format, "usage") == 0)
		return print_usage(state, out, e);
	if (strcmp(a->format, "text") != 0)
		return 0;
	if (wants_cost(a) && cost_text(state, out, e) < 0)
		return -1;
	if (wants_tech(a) && tech_text(state, out, e) < 0)
		return -1;
	return buf_ok(out, e) < 0 ? -1 : 1;
}

const struct program critic_program = {
	.name = "mlops-critic",
	.summary = "check a plan: does it hold, and what does it cost",
	.operands = "[tech|cost]",
	.examples = "  mlops-plan < state.json | mlops-critic > checked.json\n"
		    "  mlops-critic cost --format text < state.json\n"
		    "  mlops-critic cost --previous old.json < new.json\n",
	.opts = opts,
	.args_size = sizeof(struct critic_args),
	.defaults = &defaults,
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.operand = operand,
	.instead = check_format,
	.print = print,
};
