/*
 * slots.h - at most N calls at a time to one provider, over all processes of a user:
 * N files, each locked by who is at work; a process that dies gives its slot free.
 */
#ifndef MLOPS_LLM_SLOTS_H
#define MLOPS_LLM_SLOTS_H

#include "session.h"

/* A descriptor for slot_leave; -1 with e->code ERR_NONE: none became free in time (or
 * the run was stopped); -1 with *e otherwise. */
int slot_enter(struct llm_session *s, const char *provider, struct err *e);
void slot_leave(int slot);

#endif
