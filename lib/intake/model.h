/*
 * model.h - what a model may add to a reading: fields that the rules left missing or
 * ambiguous, each with words that stand in the brief.
 *
 * A value counts when its quote is found in the brief, none of the quoted words is one
 * that the reader set aside (struck out, asked, out of scope), no word of the paragraph is
 * meant for a machine (share/lexicon/machine.json),
 * the rules do not read these words themselves (then their reading stands, not the
 * model's), its numbers stand in the quote, and its schema takes it.
 * Thread safety: one thread a node.
 */
#ifndef MLOPS_INTAKE_MODEL_H
#define MLOPS_INTAKE_MODEL_H

#include "intake/extract.h"
#include "state/state.h"

/* Adds to g->constraints and g->provenance; nothing with --provider none. */
int model_fill(struct node_env *env, struct gathered *g, const char *brief, size_t len,
	struct err *e);

/* Puts a model's wording into questions whose meaning it keeps. */
int model_word(struct node_env *env, cJSON *questions, struct err *e);

#endif
