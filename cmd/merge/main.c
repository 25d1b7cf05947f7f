/*
 * mlops-merge: a generated file's new version into what somebody made of the old one.
 * A program of its own, so that only a run that has an edit to merge loads libgit2.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repo/merge.h"
#include "state/filter.h"

#define TEXT_MAX ((size_t)256 << 20)

enum { BASE, EDITED, GENERATED, SIDES };

struct args {
	int keep, n;
	const char *sides[SIDES];
};

static const struct opt opts[] = {
	OPT_FLAG('k', "keep", struct args, keep,
		"where both changed the same lines, take the edited ones"),
	OPT_END,
};

static int operand(void *args, const char *text, struct err *e)
{
	struct args *a = args;

	if (a->n == SIDES)
		return err_set(e, ERR_USAGE,
			"BASE, EDITED and GENERATED are three: '%s' is one too many",
			text);
	a->sides[a->n++] = text;
	return 0;
}

static const struct program merge_program = {
	.name = "mlops-merge",
	.summary = "merge a new generated version of a file into an edited one",
	.operands = "BASE EDITED GENERATED",
	.examples = "  mlops-merge base.py app.py new.py > merged.py\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.operand = operand,
};

static int read_side(const char *path, struct buf *out, struct err *e)
{
	return strcmp(path, "-") == 0 ? file_read_fd(STDIN_FILENO, "stdin", out, e)
				      : file_read(path, out, e);
}

/* 0 whole, 1 conflicts, -1 with *e. */
static int merge(const struct args *a, struct err *e)
{
	struct buf text[SIDES], out = BUF_INIT(TEXT_MAX);
	struct merge_side side[SIDES];
	int ret = 0;

	for (int i = 0; i < SIDES; i++)
		buf_init(&text[i], TEXT_MAX);
	for (int i = 0; ret == 0 && i < SIDES; i++) {
		ret = read_side(a->sides[i], &text[i], e);
		side[i] = (struct merge_side){ text[i].ptr, text[i].len };
	}
	if (ret == 0)
		ret = merge_text(&side[BASE], &side[EDITED], &side[GENERATED],
			a->keep ? MERGE_KEEP : MERGE_MARK, &out, e);
	if (ret >= 0 && file_write_fd(STDOUT_FILENO, "stdout", out.ptr, out.len, e) < 0)
		ret = -1;
	for (int i = 0; i < SIDES; i++)
		buf_release(&text[i]);
	buf_release(&out);
	return ret;
}

int main(int argc, char **argv)
{
	struct args a = { 0 };
	struct common_args common = { 0 };
	struct err e = { 0 };
	int ret = settle_descriptors(&e);

	if (ret == 0)
		ret = options_parse(&merge_program, argc, argv, &a, &common, &e);
	if (ret > 0)
		return 0;
	if (ret == 0 && a.n != SIDES)
		ret = err_set(&e, ERR_USAGE,
			"name three files: BASE EDITED GENERATED (see mlops-merge "
			"--help)");
	if (ret == 0)
		ret = merge(&a, &e);
	return ret < 0 ? report_error("mlops-merge", &common, NULL, NULL, &e) : ret;
}
