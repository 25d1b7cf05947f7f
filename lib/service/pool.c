#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_S   2
#define PAUSE_NS INT64_C(500000000) /* after a failed connection nobody tries at once */

struct pool {
	const char *url;
	pthread_mutex_t lock;
	pthread_cond_t back;
	size_t max, made, n_free;
	struct store **free;
	int64_t failed_ns;
	struct err failure;
};

struct pool *pool_new(const char *url, size_t max, struct err *e)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->free = calloc(max, sizeof(struct store *))) == NULL) {
		free(p);
		err_no_memory(e);
		return NULL;
	}
	p->url = url;
	p->max = max;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->back, NULL);
	return p;
}

void pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_free; i++)
		store_close(p->free[i]);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->back);
	free(p->free);
	free(p);
}

/* With the lock held: a free one, or leave to make one, or neither by then. */
static int wait_for_one(struct pool *p, struct store **out, struct err *e)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	while (p->n_free == 0 && p->made == p->max)
		if (pthread_cond_timedwait(&p->back, &p->lock, &until) == ETIMEDOUT)
			return err_set(e, ERR_DOWN,
				"all %zu database connections are busy: try again",
				p->max);
	if (p->n_free > 0) {
		*out = p->free[--p->n_free];
		return 0;
	}
	if (p->failed_ns != 0 && clock_monotonic_ns() - p->failed_ns < PAUSE_NS) {
		*e = p->failure;
		return -1;
	}
	p->made++;
	*out = NULL;
	return 0;
}

int pool_get(struct pool *p, struct store **out, struct err *e)
{
	int ret;

	pthread_mutex_lock(&p->lock);
	ret = wait_for_one(p, out, e);
	pthread_mutex_unlock(&p->lock);
	if (ret < 0 || *out != NULL)
		return ret;
	ret = store_open_as_is(out, p->url, e);
	pthread_mutex_lock(&p->lock);
	p->failed_ns = ret < 0 ? clock_monotonic_ns() : 0;
	if (ret < 0) {
		p->made--;
		p->failure = *e;
		pthread_cond_signal(&p->back);
	}
	pthread_mutex_unlock(&p->lock);
	return ret;
}

void pool_put(struct pool *p, struct store *s)
{
	pthread_mutex_lock(&p->lock);
	p->free[p->n_free++] = s;
	pthread_cond_signal(&p->back);
	pthread_mutex_unlock(&p->lock);
}

size_t pool_in_use(struct pool *p)
{
	size_t n;

	pthread_mutex_lock(&p->lock);
	n = p->made - p->n_free;
	pthread_mutex_unlock(&p->lock);
	return n;
}
