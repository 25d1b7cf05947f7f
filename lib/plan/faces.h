/* faces.h - a plan for people: a table, and a drawing. Only lib/plan includes it.
 * Texts are appended to `out`; 0 or -1 with *e. */
#ifndef MLOPS_PLAN_FACES_H
#define MLOPS_PLAN_FACES_H

#include "json/json.h"

int plan_text(const cJSON *state, struct buf *out, struct err *e);
/* The plan's own Mermaid flowchart. */
int plan_mermaid(const cJSON *state, struct buf *out, struct err *e);
/* The same parts and edges in Graphviz's language. */
int plan_dot(const cJSON *state, struct buf *out, struct err *e);
/* plan_dot drawn by dot; ERR_CONFIG where there is none. */
int plan_svg(const cJSON *state, struct buf *out, struct err *e);

#endif
