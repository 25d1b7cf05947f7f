/* Deletion for the set, growing steps and halves for the value. */
#include "relax.h"

#include <math.h>
#include <string.h>

int relax_minimal(int (*feasible)(void *ctx, const unsigned char *kept), void *ctx,
	size_t n, unsigned char *kept)
{
	int yes;

	memset(kept, 0, n);
	yes = feasible(ctx, kept);
	if (yes <= 0)
		return yes;
	memset(kept, 1, n);
	for (size_t i = 0; i < n; i++) {
		kept[i] = 0;
		yes = feasible(ctx, kept);
		if (yes < 0)
			return -1;
		kept[i] = (unsigned char)yes; /* without it the rest fits: it belongs */
	}
	return 1;
}

int relax_nearest(int (*feasible)(void *ctx, double steps), void *ctx, double tight,
	double loose, double *steps)
{
	double direction = loose > tight ? 1 : -1, from, by = 1;
	int yes = feasible(ctx, loose);

	if (yes <= 0)
		return yes;
	tight = direction > 0 ? floor(tight) : ceil(tight);
	/* ever larger steps away from what was stated find a range, halves the edge */
	for (from = tight; fabs(loose - tight) > 1; by *= 2) {
		double at = from + direction * by;

		if ((loose - at) * direction <= 0)
			break;
		yes = feasible(ctx, at);
		if (yes < 0)
			return -1;
		if (yes) {
			loose = at;
			break;
		}
		tight = at;
	}
	while (fabs(loose - tight) > 1) {
		double at = floor((loose + tight) / 2);

		yes = feasible(ctx, at);
		if (yes < 0)
			return -1;
		if (yes)
			loose = at;
		else
			tight = at;
	}
	*steps = loose;
	return 1;
}
