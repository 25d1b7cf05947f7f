#include "merge.h"

#include <git2.h>
#include <string.h>

static int is_text(const struct merge_side *s)
{
	return s->len == 0 || memchr(s->data, '\0', s->len) == NULL;
}

static git_merge_file_input input_of(const struct merge_side *s)
{
	git_merge_file_input in;

	git_merge_file_input_init(&in, GIT_MERGE_FILE_INPUT_VERSION);
	in.ptr = s->data;
	in.size = s->len;
	return in;
}

static int merge(const git_merge_file_input *base, const git_merge_file_input *edited,
	const git_merge_file_input *generated, enum merge_conflicts how, struct buf *out,
	struct err *e)
{
	git_merge_file_options opts;
	git_merge_file_result result = { 0 };
	int ret = -1;

	git_merge_file_options_init(&opts, GIT_MERGE_FILE_OPTIONS_VERSION);
	opts.our_label = &MERGE_MARK_EDITED[8];
	opts.their_label = &MERGE_MARK_GENERATED[8];
	opts.favor = how == MERGE_KEEP ? GIT_MERGE_FILE_FAVOR_OURS
				       : GIT_MERGE_FILE_FAVOR_NORMAL;
	if (git_merge_file(&result, base, edited, generated, &opts) < 0) {
		const git_error *g = git_error_last();

		err_fill(e, ERR_INTERNAL, "git: cannot merge: %s",
			g != NULL && g->message != NULL ? g->message : "unknown error");
	} else {
		buf_add(out, result.ptr, result.len);
		ret = buf_ok(out, e) < 0 ? -1 : !result.automergeable;
	}
	git_merge_file_result_free(&result);
	return ret;
}

int merge_text(const struct merge_side *base, const struct merge_side *edited,
	const struct merge_side *generated, enum merge_conflicts how, struct buf *out,
	struct err *e)
{
	git_merge_file_input b = input_of(base), o = input_of(edited),
			     t = input_of(generated);
	int ret;

	if (!is_text(base) || !is_text(edited) || !is_text(generated))
		return err_set(e, ERR_INPUT, "a binary file cannot be merged");
	if (git_libgit2_init() < 0)
		return err_set(e, ERR_INTERNAL, "git: cannot start");
	ret = merge(&b, &o, &t, how, out, e);
	git_libgit2_shutdown();
	return ret;
}
