/*
 * A dry run: the nodes up to codegen on this brief, codegen told to write nothing and
 * to say what it would do to the files that stand there. The plan counts as approved
 * where nothing stands in the way; no row, checkpoint or file stays behind.
 */
#include "run.h"

static int one(struct run *r, enum node_id node, int *answer, struct err *e)
{
	struct buf note = BUF_INIT(4096);
	struct spawned s = { 0 };
	int ret;

	view_start(&r->view, node);
	ret = run_spawn(r, node, &s, e);
	if (ret == 0) {
		*answer = s.answer;
		json_free(r->state);
		r->state = s.state;
		graph_note(node, r->state, &note);
	}
	view_end(&r->view, node,
		ret < 0                 ? "failed"
			: *answer == 10 ? "waiting"
					: "done",
		s.ms, note.ptr);
	buf_release(&note);
	return ret;
}

int run_dry(struct run *r, struct err *e)
{
	struct err ignored;
	int answer = 0, ret = 0;

	r->decision = DECIDE_APPROVE;
	for (enum node_id node = 0; node <= NODE_CODEGEN && ret == 0 && answer == 0;
		node++)
		ret = r->o->stop != NULL && *r->o->stop
			? err_set(e, ERR_LATER, "interrupted before node %s",
				  node_rows[node].name)
			: one(r, node, &answer, e);
	r->answer = answer;
	(void)file_remove_tree(r->work, &ignored);
	return ret;
}
