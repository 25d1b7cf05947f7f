/* mlops golden: record and verify. */
#include "golden/golden.h"

#include <string.h>

#include "mlops.h"

struct golden_args {
	const char *what, *dir, *junit;
};

static int operand(void *args, const char *text, struct err *e)
{
	struct golden_args *a = args;

	if (a->what == NULL)
		a->what = text;
	else if (a->dir == NULL)
		a->dir = text;
	else
		return err_set(e, ERR_USAGE, "'%s' is one operand too many", text);
	return 0;
}

static const struct opt opts[] = {
	{ OPT_KIND_STR, 0, "junit", "FILE", offsetof(struct golden_args, junit),
		"write the checks as JUnit XML (verify)", OPT_NO_KEY },
	OPT_END,
};

static const struct program program = {
	.name = "mlops golden",
	.summary = "Freezes the briefs (*.md) of a folder with their states and "
		   "repository hashes,\n"
		   "or runs them again and tells what differs (exit 12).",
	.operands = "record|verify DIR",
	.examples = "  mlops golden record golden\n"
		    "  mlops golden verify golden --junit golden.xml\n",
	.opts = opts,
	.args_size = sizeof(struct golden_args),
	.operand = operand,
};

static int run(const struct golden_args *a, const struct common_args *common,
	struct buf *out, size_t *failures, struct err *e)
{
	struct golden_options o = { .dir = a->dir,
		.share = common->share,
		.junit = a->junit,
		.quiet = common->quiet };

	if (a->what == NULL || a->dir == NULL)
		return err_set(e, ERR_USAGE, "say record or verify, and a folder");
	if (strcmp(a->what, "record") == 0)
		return golden_record(&o, out, e);
	if (strcmp(a->what, "verify") == 0)
		return golden_verify(&o, out, failures, e);
	return err_set(
		e, ERR_USAGE, "mlops golden takes record or verify, not '%s'", a->what);
}

int cmd_golden(int argc, char **argv)
{
	struct golden_args a = { 0 };
	struct common_args common = { 0 };
	struct buf out = BUF_INIT(BUF_NO_LIMIT);
	struct err e = { 0 };
	size_t failures = 0;
	int ret = options_parse(&program, argc, argv, &a, &common, &e);

	if (ret != 0)
		return ret > 0 ? 0 : front_fail(program.name, &common, &e);
	ret = run(&a, &common, &out, &failures, &e);
	if (front_print(program.name, &out) != 0)
		return err_exit_status(ERR_IO);
	if (ret < 0)
		return front_fail(program.name, &common, &e);
	return failures > 0 ? 12 : 0;
}
