/*
 * relax.h - what to give up when nothing fits: a minimal set of demands that clash,
 * and the nearest value of one that would do.
 *
 * Both ask an oracle and believe nothing else, so they serve any problem. The oracle
 * answers 1 feasible, 0 not, -1 failure, which is passed on.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_RELAX_H
#define MLOPS_RELAX_H

#include <stddef.h>

/*
 * Of n demands that cannot all hold, a set that cannot hold either while any member
 * of it given up makes the rest feasible: kept[i] is 1 for members. The demands
 * outside the set stand aside; giving up is tried from the first on, so that the last
 * ones stay longest. 1; 0 when not even giving up all helps; -1.
 */
int relax_minimal(int (*feasible)(void *ctx, const unsigned char *kept), void *ctx,
	size_t n, unsigned char *kept);

/*
 * The tightest feasible whole number of steps between `tight` (not feasible) and
 * `loose`, whichever is larger: the next step towards `tight` is not feasible. Feasible
 * sets that are no interval give one such edge. 1 with *steps; 0 when `loose` is not
 * feasible; -1.
 */
int relax_nearest(int (*feasible)(void *ctx, double steps), void *ctx, double tight,
	double loose, double *steps);

#endif
