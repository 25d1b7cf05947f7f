/* program.c - mlops-intake: options, and a state of whatever comes in. */
#include <string.h>

#include "intake/extract.h"
#include "intake/intake.h"
#include "state/state.h"

static const struct opt opts[] = {
	OPT_FILE(0, "brief", struct intake_args, brief,
		"read the brief from FILE in place of stdin"),
	OPT_FLAG(0, "state", struct intake_args, state, "insist on a state on stdin"),
	OPT_LIST(0, "set", "FIELD=VALUE", struct intake_args, set,
		"set a field of the constraints; may be repeated"),
	OPT_FILE(0, "answers", struct intake_args, answers,
		"replies to questions, as JSON; with --guided they are kept there"),
	OPT_FLAG(0, "guided", struct intake_args, guided,
		"ask on the terminal until enough is known"),
	OPT_STR(0, "only", "extract|coverage|questions", struct intake_args, only,
		"run one of the three nodes"),
	OPT_NUM(0, "threshold", "SCORE", struct intake_args, threshold,
		"coverage that is enough (0.75)"),
	OPT_END,
};

static int is_only(const struct intake_args *a, const char *node)
{
	return a->only == NULL || strcmp(a->only, node) == 0;
}

static int wants_extract(const void *args)
{
	return is_only(args, "extract");
}

static int wants_coverage(const void *args)
{
	return is_only(args, "coverage");
}

static int wants_questions(const void *args)
{
	return is_only(args, "questions");
}

static const struct filter extract = {
	.node = NODE_INTAKE_EXTRACT,
	.version = "1.0.0",
	.summary = "read constraints with their evidence from a brief",
	.run = extract_run,
	.wanted = wants_extract,
};

static const struct filter coverage = {
	.node = NODE_COVERAGE_CHECK,
	.version = "1.0.0",
	.summary = "score how much of what planning needs is known",
	.run = coverage_run,
	.wanted = wants_coverage,
};

static const struct filter questions = {
	.node = NODE_ADAPTIVE_QUESTIONS,
	.version = "1.0.0",
	.summary = "choose the fewest questions that settle most",
	.run = questions_run,
	.wanted = wants_questions,
};

static const struct filter *const filters[] = { &extract, &coverage, &questions };

static int check_args(struct node_env *env, void *args, struct err *e)
{
	const struct intake_args *a = args;

	(void)env;
	if (a->only != NULL && strcmp(a->only, "extract") != 0 &&
		strcmp(a->only, "coverage") != 0 && strcmp(a->only, "questions") != 0) {
		err_fill(e, ERR_USAGE,
			"--only '%s': expected extract, coverage or questions", a->only);
		return -2;
	}
	if (a->threshold < 0 || a->threshold > 1) {
		err_fill(e, ERR_USAGE, "--threshold: expected a number from 0 to 1");
		return -2;
	}
	if (a->brief != NULL && a->state) {
		err_fill(e, ERR_USAGE, "--brief and --state exclude each other");
		return -2;
	}
	return -1;
}

static int no_stdin(const void *args)
{
	return ((const struct intake_args *)args)->brief != NULL;
}

/* Secrets are gone before the brief is anything's to keep. */
static cJSON *accept(
	struct node_env *env, const void *args, const struct buf *in, struct err *e)
{
	const struct intake_args *a = args;
	struct buf file = BUF_INIT(INTAKE_BRIEF_MAX + 1),
		   clean = BUF_INIT(INTAKE_BRIEF_MAX * 4);
	const struct buf *text = in;
	struct cleaner c = { 0 };
	cJSON *state = NULL;
	int ok;

	if (a->state) {
		err_fill(e, ERR_INPUT,
			"stdin: is not a state (a JSON object with schema_version)");
		return NULL;
	}
	if (a->brief != NULL) {
		if (file_read(a->brief, &file, e) < 0)
			goto out;
		text = &file;
	}
	ok = brief_check(text->ptr, text->len, a->brief != NULL ? a->brief : "stdin",
		     e) == 0 &&
		cleaner_load(&c, env, e) == 0 &&
		redact_secrets(c.rules, text->ptr, text->len, &clean, NULL, e) == 0 &&
		buf_ok(&clean, e) == 0;
	state = ok ? state_new(e) : NULL;
	if (state != NULL && json_set_str(state, "brief", clean.ptr, e) < 0) {
		json_free(state);
		state = NULL;
	}
out:
	cleaner_release(&c);
	buf_release(&file);
	buf_release(&clean);
	return state;
}

const struct program intake_program = {
	.name = "mlops-intake",
	.summary = "read constraints, with their evidence, from a brief",
	.examples = "  mlops-intake < brief.md | mlops-plan\n"
		    "  mlops-intake --brief brief.md --set cloud=aws --set "
		    "budget_band.max_usd=5000\n"
		    "  mlops-intake --answers replies.json < state.json\n"
		    "  mlops-intake --brief brief.md --guided --answers replies.json\n",
	.opts = opts,
	.args_size = sizeof(struct intake_args),
	.filters = filters,
	.n_filters = sizeof(filters) / sizeof(filters[0]),
	.instead = check_args,
	.accept = accept,
	.no_stdin = no_stdin,
};
