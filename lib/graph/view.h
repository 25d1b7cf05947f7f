/*
 * view.h - progress on stderr: a line that moves on a terminal, plain lines
 * elsewhere, nothing when quiet. Thread safety: one view a process.
 */
#ifndef MLOPS_GRAPH_VIEW_H
#define MLOPS_GRAPH_VIEW_H

#include "state/state.h"

struct view {
	int live, colour, quiet;
	size_t width;
	int node; /* the node at work, -1 for none */
	int64_t started_ns;
	unsigned frame;
};

void view_init(struct view *v, int quiet);
void view_start(struct view *v, enum node_id node);
void view_tick(void *view); /* a proc_spec tick */
/* how: "done", "reused", "waiting", "stopped", "failed". */
void view_end(
	struct view *v, enum node_id node, const char *how, double ms, const char *note);
void view_say(struct view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text of several lines as it is. */
void view_text(struct view *v, const char *text);

#endif
