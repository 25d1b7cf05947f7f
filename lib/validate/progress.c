/* What people see while checks run: on a terminal a line that moves, else nothing. */
#include "tools.h"

#include <time.h>
#include <unistd.h>

#define TICK_NS 200000000

static int is_live(const struct pool *p)
{
	return p->env->log.verbosity >= 0 && isatty(STDERR_FILENO) &&
		log_wants_colour(STDERR_FILENO);
}

static void put(const struct buf *b)
{
	struct err ignored;

	(void)file_write_fd(STDERR_FILENO, "stderr", b->ptr, b->len, &ignored);
}

static const char *colour_of(const char *status)
{
	switch (status[0]) {
	case 'p':
		return "\033[32m";
	case 's':
		return "\033[2m";
	default:
		return "\033[31m";
	}
}

void progress_done(const struct pool *p, const struct task *t)
{
	const char *id = json_str_or(t->check, "id", ""),
		   *status = check_status(t->check);
	const char *said =
		json_str_or(t->check, "reason", json_str_or(t->check, "detail", ""));
	struct buf b = BUF_INIT(8192);

	if (!is_live(p)) {
		log_detail(&p->env->log, "%-26s %-8s%s%s", id, status, *said ? " " : "",
			said);
		return;
	}
	buf_addf(&b, "\r\033[K%-26s %s%-8s\033[0m", id, colour_of(status), status);
	if (json_bool_or(t->check, "cached", 0))
		buf_add_str(&b, "   kept  ");
	else
		buf_addf(&b, "%6.1f s ", json_num_or(t->check, "duration_ms", 0) / 1000);
	buf_addf(&b, " %s\n", said);
	put(&b);
	buf_release(&b);
}

/* "[ 7/21] mypy 3 s, pytest 1 s", cut to the terminal's width. */
static void draw(const struct pool *p)
{
	struct buf b = BUF_INIT(8192);
	size_t width = log_width(STDERR_FILENO), shown = 0, start;

	buf_add_str(&b, "\r\033[K");
	start = b.len;
	buf_addf(&b, "[%2zu/%zu]", p->done, p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct task *t = &p->tasks[i];

		if (t->stage != RUNNING)
			continue;
		buf_addf(&b, "%s %s %.0f s", shown++ > 0 ? "," : "", t->name,
			(double)(clock_monotonic_ns() - t->started_ns) / 1e9);
	}
	if (b.len - start >= width)
		buf_cut(&b, start + width - 1);
	put(&b);
	buf_release(&b);
}

void progress_watch(struct pool *p)
{
	struct buf clear = BUF_INIT(16);

	if (!is_live(p))
		return;
	pthread_mutex_lock(&p->lock);
	while (!p->failed && p->done < p->n && *p->stop == 0) {
		struct timespec until;

		draw(p);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void)pthread_cond_timedwait(&p->changed, &p->lock, &until);
	}
	buf_add_str(&clear, "\r\033[K");
	put(&clear);
	pthread_mutex_unlock(&p->lock);
	buf_release(&clear);
}
