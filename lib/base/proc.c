#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"

#define GRACE_NS ((int64_t)2000000000)
#define TICK_MS  100

extern char **environ;

struct child {
	pid_t pid;
	int in, out, err; /* our ends; -1 when closed or not asked for */
	size_t written;
};

int proc_find(const char *name, const char *path, struct buf *out)
{
	const char *p = path != NULL ? path : getenv("PATH");

	if (strchr(name, '/') != NULL) {
		buf_add_str(out, name);
		return access(name, X_OK) == 0;
	}
	for (; p != NULL && *p != '\0'; p += strspn(p, ":")) {
		size_t n = strcspn(p, ":"), start = out->len;

		buf_add(out, p, n);
		buf_add_char(out, '/');
		buf_add_str(out, name);
		if (n > 0 && file_is_regular(out->ptr + start) &&
			access(out->ptr + start, X_OK) == 0)
			return 1;
		buf_cut(out, start);
		p += n;
	}
	return 0;
}

int proc_self_dir(struct buf *out, struct err *e)
{
	char path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return err_set(e, ERR_INTERNAL, "cannot read /proc/self/exe: %s",
			strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	buf_add_str(out, path);
	return buf_ok(out, e);
}

static int pipe_pair(int wanted, int fds[2])
{
	fds[0] = fds[1] = -1;
	return wanted ? pipe2(fds, O_CLOEXEC) : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Writes a short text to a file of /proc; a refusal shows in what follows. */
static void tell_kernel(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)!write(fd, text, strlen(text));
	close_fd(&fd);
}

/* A network namespace with its loopback up. Who may not make one directly gets a user
 * namespace around it, in which ids stay what they are. In the child, after fork:
 * system calls only, but for snprintf of two numbers. */
static void leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	unsigned uid = geteuid(), gid = getegid();
	char map[64];
	int fd;

	if (unshare(CLONE_NEWNET) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
			return;
		tell_kernel("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		tell_kernel("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		tell_kernel("/proc/self/gid_map", map);
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lo.ifr_flags = IFF_UP;
	if (fd >= 0)
		(void)ioctl(fd, SIOCSIFFLAGS, &lo);
	close_fd(&fd);
}

/* 1 if one of the "NAME=value" strings has the name of this one. */
static int is_set_in(const char *const *list, const char *entry)
{
	size_t n = strcspn(entry, "=") + 1;

	for (size_t i = 0; list[i] != NULL; i++)
		if (strncmp(list[i], entry, n) == 0)
			return 1;
	return 0;
}

/* The child's environment: ours, and what the caller sets in it. Made before the
 * child is, which may not allocate. The strings are borrowed; free() the list. */
static const char **environment_of(const struct proc_spec *s)
{
	const char *const none[] = { NULL };
	const char *const *set = s->env != NULL ? s->env : none;
	size_t n = 0, ours = 0, theirs = 0;
	const char **list;

	while (!s->only_env && environ != NULL && environ[ours] != NULL)
		ours++;
	while (set[theirs] != NULL)
		theirs++;
	list = calloc(ours + theirs + 1, sizeof(*list));
	for (size_t i = 0; list != NULL && i < ours; i++)
		if (!is_set_in(set, environ[i]))
			list[n++] = environ[i];
	for (size_t i = 0; list != NULL && i < theirs; i++)
		list[n++] = set[i];
	return list;
}

/* What a child is made of: all of it exists before the child does. */
struct birth {
	pid_t parent;
	const char *path;
	const char **env;
	int in, out, err; /* its ends */
	int report;       /* takes an errno when the program cannot be run */
};

/* In the child: everything between fork and exec. It may share our memory (vfork), so
 * system calls only, and nothing is written but what stands on this stack. */
static _Noreturn void become(const struct proc_spec *s, const struct birth *b)
{
	struct rlimit lim = { s->memory_bytes, s->memory_bytes };
	int failure, in = b->in;

	if (!s->foreground)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != b->parent)
		_exit(127); /* the caller died before the line above */
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (dup2(in, 0) < 0 || (b->out >= 0 && dup2(b->out, 1) < 0) ||
		(b->err >= 0 && dup2(b->err, 2) < 0) ||
		(s->dir != NULL && chdir(s->dir) < 0) ||
		(s->memory_bytes > 0 && setrlimit(RLIMIT_AS, &lim) < 0))
		goto fail;
	if (s->no_network)
		leave_network();
	execve(b->path, (char *const *)(uintptr_t)s->argv,
		(char *const *)(uintptr_t)b->env);
fail:
	failure = errno;
	(void)!write(b->report, &failure, sizeof(failure));
	_exit(127);
}

/* A daemon's memory is not copied for a child that leaves it at once; but a new user
 * namespace refuses who shares memory. A function of its own, so that the child finds
 * the caller's variables and the caller finds them as they were. */
static __attribute__((noinline)) pid_t bear(
	const struct proc_spec *s, const struct birth *b)
{
	pid_t pid = s->no_network ? fork() : vfork();

	if (pid == 0)
		become(s, b);
	return pid;
}

static int start(const struct proc_spec *s, struct child *c, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 },
	    report[2] = { -1, -1 };
	struct birth b = { .parent = getpid(), .env = environment_of(s) };
	int failure = 0, ret = -1;

	if (b.env == NULL) {
		(void)err_no_memory(e);
		goto out;
	}
	if (!proc_find(s->argv[0], NULL, &path)) {
		err_fill(e, ERR_NO_INPUT, "cannot run '%s': no such program", s->argv[0]);
		goto out;
	}
	if (pipe_pair(s->in != NULL, in) < 0 || pipe_pair(s->out != NULL, out) < 0 ||
		pipe_pair(s->err != NULL && !s->merge, err) < 0 ||
		pipe_pair(1, report) < 0) {
		err_fill(e, ERR_INTERNAL, "cannot make a pipe: %s", strerror(errno));
		goto out;
	}
	b.path = path.ptr;
	b.in = in[0];
	b.out = out[1];
	b.err = s->merge ? out[1] : err[1];
	b.report = report[1];
	c->pid = bear(s, &b);
	if (c->pid < 0) {
		err_fill(e, ERR_INTERNAL, "cannot start '%s': %s", s->argv[0],
			strerror(errno));
		goto out;
	}
	if (!s->foreground)
		setpgid(c->pid, c->pid);
	close_fd(&report[1]);
	if (read(report[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
		waitpid(c->pid, NULL, 0);
		err_fill(e, failure == ENOENT ? ERR_NO_INPUT : ERR_INTERNAL,
			"cannot run '%s': %s", s->argv[0], strerror(failure));
		goto out;
	}
	c->in = in[1];
	c->out = out[0];
	c->err = err[0];
	in[1] = out[0] = err[0] = -1;
	ret = 0;
out:
	for (int i = 0; i < 2; i++) {
		close_fd(&in[i]);
		close_fd(&out[i]);
		close_fd(&err[i]);
		close_fd(&report[i]);
	}
	buf_release(&path);
	free(b.env);
	return ret;
}

static void take(int *fd, struct buf *b, int *overflowed)
{
	char chunk[65536];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close_fd(fd);
		return;
	}
	if (b->len + (size_t)n > b->max) {
		buf_add(b, chunk, b->max - b->len);
		*overflowed = 1;
	} else {
		buf_add(b, chunk, (size_t)n);
	}
}

static void give(const struct proc_spec *s, struct child *c)
{
	ssize_t n =
		write(c->in, (const char *)s->in + c->written, s->in_len - c->written);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		c->written += (size_t)n;
	if (n < 0 || c->written == s->in_len)
		close_fd(&c->in);
}

/* Resident bytes of all processes of a group, from /proc. */
static uint64_t group_resident(pid_t group)
{
	DIR *proc = opendir("/proc");
	uint64_t pages = 0;
	struct dirent *d;

	while (proc != NULL && (d = readdir(proc)) != NULL) {
		char path[64], text[1024], *after;
		unsigned long rss = 0;
		long of = 0;
		ssize_t n;
		int fd;

		if (d->d_name[0] < '1' || d->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/stat", d->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
		close_fd(&fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		after = strrchr(text, ')'); /* fields 5 and 24 of proc(5) */
		if (after != NULL &&
			sscanf(after,
				") %*c %*d %ld %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
				"%*d"
				" %*d %*d %*d %*d %*d %*u %*u %lu",
				&of, &rss) == 2 &&
			of == (long)group)
			pages += rss;
	}
	if (proc != NULL)
		closedir(proc);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* 1 when the child's group holds too much memory; looks at most 4 times a second. */
static int too_large(const struct proc_spec *s, const struct child *c, int64_t *looked_ns)
{
	int64_t now = clock_monotonic_ns();

	if (s->group_bytes == 0 || now - *looked_ns < 250000000)
		return 0;
	*looked_ns = now;
	return group_resident(c->pid) > s->group_bytes;
}

/* Moves bytes until the child's pipes are closed, the deadline passes or the
 * caller wants to stop. 1 when it must be ended. */
static int pump(const struct proc_spec *s, struct child *c, int64_t start_ns,
	struct proc_result *r)
{
	int64_t looked_ns = start_ns;

	for (;;) {
		struct pollfd p[3] = { { c->in, POLLOUT, 0 }, { c->out, POLLIN, 0 },
			{ c->err, POLLIN, 0 } };

		if (s->stop != NULL && *s->stop) {
			r->stopped = 1;
			return 1;
		}
		if (s->timeout_ns > 0 &&
			clock_monotonic_ns() - start_ns > s->timeout_ns) {
			r->timed_out = 1;
			return 1;
		}
		if (r->overflowed && s->end_on_overflow)
			return 1;
		if (too_large(s, c, &looked_ns)) {
			r->too_large = 1;
			return 1;
		}
		if (c->in < 0 && c->out < 0 && c->err < 0)
			return 0;
		if (s->tick != NULL)
			s->tick(s->tick_arg);
		if (poll(p, 3, TICK_MS) < 0)
			continue;
		if (p[0].revents != 0 && c->in >= 0)
			give(s, c);
		if (p[1].revents != 0 && c->out >= 0)
			take(&c->out, s->out, &r->overflowed);
		if (p[2].revents != 0 && c->err >= 0)
			take(&c->err, s->err, &r->overflowed);
	}
}

/* Waits for the child without a deadline of its own once it is being ended. */
static void reap(const struct proc_spec *s, struct child *c, int64_t start_ns, int end,
	struct proc_result *r)
{
	struct rusage use;
	int status = 0, sent = 0;
	int64_t since = 0;
	pid_t whom = s->foreground ? c->pid : -c->pid;

	for (;;) {
		int got, hang = s->timeout_ns > 0 || s->stop != NULL || end ? WNOHANG : 0;
		siginfo_t gone;

		if (!end && s->timeout_ns > 0 &&
			clock_monotonic_ns() - start_ns > s->timeout_ns)
			end = r->timed_out = 1;
		if (!end && s->stop != NULL && *s->stop)
			end = r->stopped = 1;
		if (end && sent == 0) {
			kill(whom, SIGTERM);
			since = clock_monotonic_ns();
			sent = 1;
		} else if (sent == 1 && clock_monotonic_ns() - since > GRACE_NS) {
			kill(whom, SIGKILL);
			sent = 2;
		}
		gone.si_pid = 0;
		got = waitid(P_PID, (id_t)c->pid, &gone, WEXITED | WNOWAIT | hang);
		if (got == 0 && gone.si_pid == c->pid)
			break;
		if (got < 0 && errno != EINTR)
			return;
		if (got == 0)
			poll(NULL, 0, 1);
	}
	/* what it left behind; as long as nobody has waited for it the group is its own */
	if (!s->foreground)
		kill(whom, SIGKILL);
	if (wait4(c->pid, &status, 0, &use) < 0)
		return;
	if (WIFEXITED(status))
		r->status = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		r->signal = WTERMSIG(status);
	r->cpu_ns = ((int64_t)use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000 +
		((int64_t)use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000;
	r->peak_bytes = (uint64_t)use.ru_maxrss * 1024;
}

int proc_run(const struct proc_spec *spec, struct proc_result *r, struct err *e)
{
	struct child c = { -1, -1, -1, -1, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int64_t start_ns = clock_monotonic_ns();
	int end;

	*r = (struct proc_result){ 0 };
	if (start(spec, &c, e) < 0)
		return -1;
	sigaction(SIGPIPE, &ignore, &before);
	if (c.in >= 0) {
		fcntl(c.in, F_SETFL, O_NONBLOCK);
		if (spec->in_len == 0)
			close_fd(&c.in);
	}
	end = pump(spec, &c, start_ns, r);
	close_fd(&c.in);
	reap(spec, &c, start_ns, end, r);
	close_fd(&c.out);
	close_fd(&c.err);
	sigaction(SIGPIPE, &before, NULL);
	r->wall_ns = clock_monotonic_ns() - start_ns;
	return 0;
}
