/*
 * rate.h - how often a project may ask: a token bucket each, a minute's worth deep, in
 * this process's memory (so that n api processes let through n times as much).
 * Thread safety: any number of threads.
 */
#ifndef MLOPS_SERVICE_RATE_H
#define MLOPS_SERVICE_RATE_H

#include <pthread.h>

#include "base/base.h"

#define RATE_SLOTS 1024

struct rate {
	pthread_mutex_t lock;
	double per_minute; /* 0: no limit */
	struct {
		unsigned char key[DIGEST_LEN];
		double left;
		int64_t at_ns;
	} slots[RATE_SLOTS];
};

void rate_init(struct rate *r, int64_t per_minute);
void rate_release(struct rate *r);

/* Takes one request's worth for the key: 0, or the seconds after which to ask again. */
int64_t rate_take(struct rate *r, const char *key, int64_t now_ns);

#endif
