#include "rate.h"

#include <math.h>
#include <string.h>

#define MINUTE_NS 6e10

void rate_init(struct rate *r, int64_t per_minute)
{
	memset(r, 0, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	r->per_minute = (double)per_minute;
}

void rate_release(struct rate *r)
{
	pthread_mutex_destroy(&r->lock);
}

int64_t rate_take(struct rate *r, const char *key, int64_t now_ns)
{
	unsigned char digest[DIGEST_LEN];
	int64_t wait_s = 0;
	size_t i;

	if (r->per_minute == 0)
		return 0;
	digest_bytes(key, strlen(key), digest);
	i = ((size_t)digest[0] << 8 | digest[1]) % RATE_SLOTS;
	pthread_mutex_lock(&r->lock);
	/* A project that finds another's bucket begins with a full one. */
	if (memcmp(r->slots[i].key, digest, DIGEST_LEN) != 0) {
		memcpy(r->slots[i].key, digest, DIGEST_LEN);
		r->slots[i].left = r->per_minute;
	} else {
		r->slots[i].left = fmin(r->per_minute,
			r->slots[i].left +
				(double)(now_ns - r->slots[i].at_ns) * r->per_minute /
					MINUTE_NS);
	}
	r->slots[i].at_ns = now_ns;
	if (r->slots[i].left >= 1)
		r->slots[i].left -= 1;
	else
		wait_s = (int64_t)ceil((1 - r->slots[i].left) * 60 / r->per_minute);
	pthread_mutex_unlock(&r->lock);
	return wait_s;
}
