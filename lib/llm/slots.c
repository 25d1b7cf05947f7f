#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int try_slot(
	struct llm_session *s, const char *provider, int i, int *fd, struct err *e)
{
	struct buf path = BUF_INIT(8192);

	buf_addf(&path, "%s/slot-%s-%d", s->state_dir, provider, i);
	*fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		err_fill(e, ERR_CANT_CREATE, "cannot open '%s': %s", path.ptr,
			strerror(errno));
	buf_release(&path);
	if (*fd < 0)
		return -1;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 1;
	close(*fd);
	return 0;
}

int slot_enter(struct llm_session *s, const char *provider, struct err *e)
{
	int64_t until = clock_monotonic_ns() + session_left_ms(s, s->slot_ms) * 1000000;
	unsigned first = (unsigned)getpid();

	if (private_dir(s->state_dir, e) < 0)
		return -1;
	do {
		for (int i = 0; i < s->concurrency; i++) {
			int fd,
				got = try_slot(s, provider,
					(int)((first + (unsigned)i) %
						(unsigned)s->concurrency),
					&fd, e);

			if (got != 0)
				return got < 0 ? -1 : fd;
		}
	} while (clock_monotonic_ns() < until && session_sleep(s, 5 + first++ % 11) == 0);
	return -1;
}

void slot_leave(int slot)
{
	if (slot >= 0)
		close(slot);
}
