/*
 * checks.h - what a pattern cannot say: check digits and ranges. For this room.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_REDACT_CHECKS_H
#define MLOPS_REDACT_CHECKS_H

#include <stddef.h>

/* 1 when the text may be what it looks like. */
typedef int redact_check(const char *text, size_t len);

/* "luhn" "iban" "ssn" "phone" "letter-and-digit"; NULL for another name. */
redact_check *redact_check_named(const char *name);

#endif
