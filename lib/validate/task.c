/* One task: what it needs, the copy it works in, its verdict. */
#include "tools.h"

#include <stdlib.h>
#include <string.h>

static char *below(
	const struct pool *p, const struct task *t, const char *name, struct err *e)
{
	struct buf b = BUF_INIT(8192);
	char *path;

	buf_addf(&b, "%s/%s/%s", p->scratch, json_str_or(t->check, "id", "check"), name);
	path = buf_ok(&b, e) < 0 ? NULL : buf_take(&b);
	buf_release(&b);
	return path;
}

static int make_home(const struct pool *p, struct task *t, struct err *e)
{
	t->place.home = below(p, t, "home", e);
	t->place.work =
		t->after != NULL ? strdup(t->after->place.work) : below(p, t, "repo", e);
	if (t->place.home == NULL || t->place.work == NULL)
		return err_no_memory(e);
	return file_mkdirs(t->place.home, e);
}

/* The copy to work in. A task that comes after another works in that one's, in
 * which that one's command must have run: it has, unless its result was kept. */
static int prepare(const struct pool *p, struct task *t, struct err *e)
{
	struct task *first = t->after, twin;
	int ret = 0;

	if (first == NULL)
		return tree_copy(p->tree, t->place.work, e);
	pthread_mutex_lock(&first->lock);
	if (!first->prepared) {
		twin = *first;
		twin.check = json_copy(first->check, e);
		ret = twin.check == NULL ||
				tree_copy(p->tree, first->place.work, e) < 0 ||
				row_run(p, &twin, "", e) < 0
			? -1
			: 0;
		json_free(twin.check);
		first->prepared = ret == 0;
	}
	pthread_mutex_unlock(&first->lock);
	return ret;
}

/* What the row needs beside its program. 1: all there; 0: the status is set. */
static int needs_met(
	const struct pool *p, struct task *t, struct buf *python, struct err *e)
{
	const cJSON *modules = json_get(t->row, "python");
	struct buf why = BUF_INIT(4096);
	int ret = 1;

	if (json_has(t->row, "mirror") && t->mirror == NULL)
		return check_set(t->check, "skipped", e, "%s", p->mirrors.why.ptr);
	if (modules != NULL) {
		ret = python_find(&p->python_names, modules, python, &why, e);
		if (ret == 0)
			ret = check_set(t->check, "skipped", e, "%s", why.ptr);
	}
	buf_release(&why);
	return ret;
}

/* Runs the row, or takes what is kept of an earlier time. */
static int run_or_recall(
	const struct pool *p, struct task *t, const char *python, struct err *e)
{
	struct buf kept = BUF_INIT(8192);
	int ret = 0;

	if (p->args->cache != NULL) {
		ret = kept_path(p, t, python, &kept, e) < 0 ? -1
							    : kept_get(t, kept.ptr, e);
		if (ret != 0)
			goto out;
	}
	ret = prepare(p, t, e) < 0 || row_run(p, t, python, e) < 0 ||
			check_settle(t->check, e) < 0
		? -1
		: 0;
	t->prepared = ret == 0;
	if (ret == 0 && p->args->cache != NULL)
		kept_put(p, t, kept.ptr);
out:
	buf_release(&kept);
	return ret < 0 ? -1 : 0;
}

int task_run(const struct pool *p, struct task *t, struct err *e)
{
	int64_t start = clock_monotonic_ns();
	struct buf python = BUF_INIT(8192);
	int ret;

	if (t->files.n == 0)
		return check_set(t->check, "skipped", e,
			"nothing in the repository for it to check");
	if (t->after != NULL && !check_is(t->after->check, "pass")) {
		const char *id = json_str_or(t->after->check, "id", "");

		if (check_is(t->after->check, "skipped"))
			return check_set(t->check, "skipped", e, "%s",
				json_str_or(t->after->check, "reason", id));
		return check_set(t->check, "skipped", e, "%s did not pass", id);
	}
	if (json_bool_or(t->row, "network", 0) && !p->args->network)
		return check_set(t->check, "skipped", e, "needs the network (--network)");
	if (make_home(p, t, e) < 0)
		return -1;
	ret = tool_ready(p, t, e);
	if (ret == 1)
		ret = needs_met(p, t, &python, e);
	if (ret == 1)
		ret = run_or_recall(p, t, python.ptr, e) < 0 ||
				waivers_apply(p->accepted, t->row, t->check, e) < 0
			? -1
			: 1;
	if (ret == 1)
		ret = json_set_num(t->check, "duration_ms",
			(double)(clock_monotonic_ns() - start) / 1e6, e);
	buf_release(&python);
	return ret < 0 ? -1 : 0;
}
