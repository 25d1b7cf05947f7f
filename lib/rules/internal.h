/* What the files of this room share; nobody else includes it. */
#ifndef MLOPS_RULES_INTERNAL_H
#define MLOPS_RULES_INTERNAL_H

#include "rules.h"

/* The operators that rules have beside JSONLogic's own (mlops-policy(5), OPERATORS). */
extern const struct logic_op rule_ops[];

#endif
