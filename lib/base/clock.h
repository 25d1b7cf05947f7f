/*
 * clock.h - time in, time out: int64_t nanoseconds inside, RFC 3339 UTC at the
 * edge. SOURCE_DATE_EPOCH fixes "now" where it is set (reproducible-builds.org).
 * Thread safety: reentrant.
 */
#ifndef MLOPS_CLOCK_H
#define MLOPS_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_MAX 36

int64_t clock_monotonic_ns(void);
int64_t clock_wall_ns(void); /* since 1970-01-01T00:00:00Z, ignoring SOURCE_DATE_EPOCH */

/* SOURCE_DATE_EPOCH as ns when it is set and a number, else the wall clock. */
int64_t clock_now_ns(void);
/* SOURCE_DATE_EPOCH as ns, else 1980-01-01T00:00:00Z: for what must not vary. */
int64_t clock_epoch_ns(void);
int clock_is_fixed(void); /* 1 when SOURCE_DATE_EPOCH is set and a number */

/* "2025-08-17T10:15:22Z"; whole seconds only. Years 1970 to 9999. */
void clock_format(int64_t ns, char out[CLOCK_TEXT_MAX]);

/* Strict RFC 3339 date-time (T and Z in either case is refused: upper case only
 * as written by us is also what is read; lower-case t and z are accepted).
 * A leap second is read as the following second's start. 0 or -1. */
int clock_parse(const char *text, int64_t *ns);

/* The same for all years 0000 to 9999, which 64 bits of nanoseconds cannot hold
 * (they reach from 1677 to 2262, and clock_parse refuses the rest). */
int clock_parse_parts(const char *text, int64_t *seconds, int64_t *nanoseconds);

#endif
