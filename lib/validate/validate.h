/*
 * validate.h - node 10, validators: the checks of a generated repository, by the
 * tools that are installed and by what is built in, and the reports on them.
 * Thread safety: one program a process.
 */
#ifndef MLOPS_VALIDATE_H
#define MLOPS_VALIDATE_H

#include "state/state.h"

extern const struct program validate_program;

#endif
