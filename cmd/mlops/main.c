/* mlops: one front for the filters (mlops NODE = mlops-NODE) and for the driver. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops.h"

static const struct {
	const char *name, *summary;
	int (*main)(int argc, char **argv);
} commands[] = {
	{ "init", "make the store in a directory", cmd_init },
	{ "run", "one brief in, one repository out", cmd_run },
	{ "show", "what a version decided", cmd_show },
	{ "log", "what happened, or the decision ledger", cmd_log },
	{ "stats", "how often, how long, how much", cmd_stats },
	{ "catalog", "the patterns: list, show, lint, test, new", cmd_catalog },
	{ "golden", "freeze briefs with their results, verify them later", cmd_golden },
	{ "graph", "the twelve nodes and what they read and write", cmd_graph },
	{ "version", "versions of this program and its libraries", cmd_version },
};

/* Programs that the front starts, in the order of the pipeline. */
static const char *const filters[][2] = {
	{ "intake", "a brief becomes constraints, coverage, questions" },
	{ "plan", "constraints become a plan" },
	{ "critic", "findings and the monthly cost of a plan" },
	{ "policy", "rules over plan and cost" },
	{ "gate", "approve or reject" },
	{ "codegen", "an approved plan becomes a repository" },
	{ "validate", "checks over a repository" },
	{ "rationale", "cards become reports and documentation" },
	{ "diff", "what changed; zip and commit" },
	{ "llm", "one request to a model provider" },
};

static void usage(struct buf *b)
{
	buf_add_str(b,
		"usage: mlops COMMAND [options]\n\n"
		"From a brief to a validated, reproducible repository.\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		buf_addf(b, "  %-11s %s\n", commands[i].name, commands[i].summary);
	buf_add_str(
		b, "\nfilters (mlops NAME is mlops-NAME: a state in, a state out):\n");
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		buf_addf(b, "  %-11s %s\n", filters[i][0], filters[i][1]);
	buf_add_str(b, "\nmlops COMMAND --help says more. The manual: man mlops\n");
}

static int print_usage(int status)
{
	struct buf b = BUF_INIT(1 << 16);
	struct err e = { 0 };

	usage(&b);
	if (file_write_fd(status == 0 ? STDOUT_FILENO : STDERR_FILENO, "stdout", b.ptr,
		    b.len, &e) < 0 &&
		status == 0)
		status = err_exit_status(e.code);
	buf_release(&b);
	return status;
}

static int is_filter(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (strcmp(filters[i][0], name) == 0)
			return 1;
	return 0;
}

/* Becomes mlops-NAME; returns only when there is no such program. */
static int become(char **argv)
{
	const char *dir = getenv("MLOPS_EXEC_PATH");
	struct common_args common = { 0 };
	struct buf path = BUF_INIT(8192);
	struct err e = { 0 };
	char *name = argv[1];

	if (dir != NULL && *dir != '\0')
		buf_add_str(&path, dir);
	else if (proc_self_dir(&path, &e) < 0)
		return front_fail("mlops", &common, &e);
	buf_addf(&path, "/mlops-%s", name);
	argv[1] = path.ptr;
	execv(path.ptr, argv + 1);
	err_fill(&e, ERR_NO_INPUT, "cannot run '%s': %s", path.ptr, strerror(errno));
	buf_release(&path);
	return front_fail("mlops", &common, &e);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	struct common_args common = { 0 };
	struct err e = { 0 };

	if (settle_descriptors(&e) < 0)
		return front_fail("mlops", &common, &e);
	if (name == NULL)
		return print_usage(2);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
		strcmp(name, "help") == 0)
		return print_usage(0);
	if (strcmp(name, "--version") == 0)
		name = "version";
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	if (is_filter(name))
		return become(argv);
	err_fill(&e, ERR_USAGE, "unknown command '%s' (see mlops --help)", name);
	return front_fail("mlops", &common, &e);
}
