/*
 * compile.h - inside the room: the view that the documents are written from.
 *
 * The view is a copy of the state's keys in which secrets and personal data are
 * masked, points in time are taken out and control characters are spaces, so that
 * a writer only escapes for its language. It never holds clock times, random ids
 * or durations: what is written from it goes into the repository.
 */
#ifndef MLOPS_RATIONALE_COMPILE_H
#define MLOPS_RATIONALE_COMPILE_H

#include "state/state.h"

/* ---- view.c ---- */

cJSON *view_make(struct node_env *env, const cJSON *state, struct err *e);

/* ---- cards.c ---- */

/* The cards with content-derived ids and fixed time stamps, links checked against
 * what exists; *run gets the content-derived run id. */
cJSON *cards_fix(const cJSON *cards, const cJSON *artifacts, const cJSON *reports,
	char run[ID_TEXT_MAX], struct err *e);

/* ---- polish.c ---- */

/* A model's prose in place of the cards' justifications where it keeps their figures and
 * names; nothing with --provider none. `cards` are the fixed ones. */
int polish(struct node_env *env, const cJSON *view, cJSON *cards, struct err *e);

/* ---- compile.c ---- */

/* state.rationale of the view; `cards` are the fixed ones. */
int rationale_fill(cJSON *out, const cJSON *view, const cJSON *cards, struct err *e);

/* One line on the whole: what, where, how much, how fast, and the verdict. */
int headline(const cJSON *view, struct buf *out);

/* What a plan's slot was preferred to: "pattern: why" items of candidates.why_not. */
int rejected_for(const cJSON *view, const char *slot, const cJSON **at, size_t max);

/* ---- text.c ---- */

void put_html(struct buf *out, const char *text); /* element content, attributes */
void put_md(struct buf *out, const char *text);   /* running Markdown, cells too */
void put_value(struct buf *out, const cJSON *v);  /* plain words for any value */
void put_usd(struct buf *out, double usd);        /* $1,234.50 */
void put_num(struct buf *out, double n);          /* at most 3 decimals */
const char *title_of(const char *pattern, struct buf *out); /* "Fargate ALB" */
/* How a candidate differs from the best one: "with aws.train.fargate-train". */
void put_difference(struct buf *out, const cJSON *best, const cJSON *other);

/* ---- writers ---- */

int write_markdown(const cJSON *view, const cJSON *cards, struct buf *out, struct err *e);
int write_html(const cJSON *view, const cJSON *cards, struct buf *out, struct err *e);
void draw_plan(const cJSON *plan, struct buf *out); /* layered diagram as inline SVG */
void draw_cost(const cJSON *cost, struct buf *out); /* bars as inline SVG */

#endif
