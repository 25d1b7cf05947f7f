/* mlops catalog: look at patterns, say what is wrong with them, try their cases,
 * start a new one, refresh prices. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "catalog/lint.h"
#include "mlops.h"
#include "pricing/import.h"

#define WORDS_MAX 256

static int words_operand(void *args, const char *text, struct err *e)
{
	struct catalog_args *a = args;

	if (a->n == WORDS_MAX)
		return err_set(e, ERR_USAGE, "more than %d words", WORDS_MAX);
	a->words[a->n++] = text;
	return 0;
}

/* The cloud that the first word names, taken off the words; NULL for none. */
static const char *take_cloud(struct catalog_args *a)
{
	const char *cloud =
		a->n > 1 && catalog_is_cloud(a->words[1]) ? a->words[1] : NULL;

	if (cloud != NULL) {
		memmove(&a->words[1], &a->words[2], (a->n - 2) * sizeof(a->words[0]));
		a->n--;
	}
	return cloud;
}

static int list(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	const char *cloud = take_cloud(a);

	if (a->n != 1)
		return err_set(e, ERR_USAGE,
			"catalog list takes aws, gcp or azure, not '%s'", a->words[1]);
	return catalog_list(env, cloud, a->json, out, e);
}

static int show(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	if (a->n != 2)
		return err_set(e, ERR_USAGE, "catalog show takes one id");
	return catalog_show(env, a->words[1], a->json, out, e);
}

static int manual(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	if (a->n != 1)
		return err_set(e, ERR_USAGE, "catalog manual takes nothing");
	return catalog_manual(env, out, e);
}

/* "aws" of "aws.serve.lambda-api": 1 when the id is of this cloud. */
static int is_of(const char *id, const char *cloud)
{
	size_t len = strlen(cloud);

	return strncmp(id, cloud, len) == 0 && id[len] == '.';
}

static int lint(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	static const char *const clouds[] = { "aws", "gcp", "azure" };
	const char *cloud = take_cloud(a);
	size_t findings = 0, of_a_cloud = 0;
	char *ids[WORDS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(clouds); i++) {
		size_t n = 0;

		for (size_t k = 1; k < a->n; k++)
			if (is_of(a->words[k], clouds[i]))
				ids[n++] = (char *)(uintptr_t)a->words[k];
		of_a_cloud += n;
		if (cloud != NULL ? strcmp(cloud, clouds[i]) != 0 : a->n > 1 && n == 0)
			continue;
		if (catalog_lint(env, clouds[i], ids, n, out, &findings, e) < 0)
			return -1;
	}
	if (of_a_cloud + 1 != a->n)
		return err_set(e, ERR_NO_INPUT,
			"an id begins with aws., gcp. or azure. (mlops catalog list)");
	buf_addf(out, findings == 0 ? "no findings\n" : "%zu findings\n", findings);
	return findings == 0 ? 0 : 12;
}

/* `prices import FILE ...`: the report is what changed. */
static int prices(
	struct node_env *env, struct catalog_args *a, struct buf *out, struct err *e)
{
	if (a->n < 3 || strcmp(a->words[1], "import") != 0)
		return err_set(
			e, ERR_USAGE, "usage: mlops catalog prices import FILE ...");
	return price_import_command(env, a->words + 2, a->n - 2, out, e);
}

int cmd_catalog(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct node_env *, struct catalog_args *, struct buf *,
			struct err *);
	} commands[] = { { "list", list }, { "show", show }, { "lint", lint },
		{ "test", catalog_test }, { "new", catalog_new }, { "manual", manual },
		{ "prices", prices } };
	static const struct opt opts[] = { OPT_FLAG(0, "json", struct catalog_args, json,
						   "list and show: as JSON"),
		OPT_STR(0, "like", "ID", struct catalog_args, like,
			"new: the pattern to start from (default: the capability's "
			"first)"),
		OPT_STR('C', "directory", "DIR", struct catalog_args, dir,
			"new: the folder of own patterns (default: the first of "
			"--patterns)"),
		OPT_END };
	static const struct program p = { .name = "mlops catalog",
		.summary =
			"Looks at the patterns, says what is wrong with them, tries "
			"their cases:\n"
			"  list [CLOUD]             ids and titles\n"
			"  show ID                  one pattern\n"
			"  lint [CLOUD] [ID ...]    what is wrong: file, place, reason\n"
			"  test [ID ...]            the patterns' own cases, planned\n"
			"  new ID                   start a pattern of one's own\n"
			"  manual                   mlops-patterns(7)\n"
			"  prices import FILE ...   from AWS Price List offer files",
		.operands = "list|show|lint|test|new|manual|prices [ARGUMENT ...]",
		.examples =
			"  mlops catalog show aws.serve.fargate-alb\n"
			"  mlops catalog new aws.serve.mine -C our-patterns\n"
			"  mlops catalog lint --patterns our-patterns aws.serve.mine\n",
		.opts = opts,
		.args_size = sizeof(struct catalog_args),
		.operand = words_operand };
	const char *words[WORDS_MAX];
	struct catalog_args a = { .words = words };
	struct common_args common = { 0 };
	struct node_env env = { 0 };
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct err e = { 0 };
	int ret = options_parse(&p, argc, argv, &a, &common, &e);
	size_t i = 0;

	if (ret != 0)
		return ret > 0 ? 0 : front_fail(p.name, &common, &e);
	while (i < ARRAY_LEN(commands) &&
		(a.n == 0 || strcmp(a.words[0], commands[i].name) != 0))
		i++;
	if (i == ARRAY_LEN(commands))
		ret = err_set(&e, ERR_USAGE,
			"say list, show, lint, test, new, manual or prices (see mlops "
			"catalog --help)");
	else if (env_init(&env, p.name, &common, &e) < 0)
		ret = -1;
	else
		ret = commands[i].run(&env, &a, &out, &e);
	env_release(&env);
	if (ret < 0) {
		buf_release(&out);
		return front_fail(p.name, &common, &e);
	}
	i = (size_t)front_print(p.name, &out);
	return i != 0 ? (int)i : ret;
}
