/*
 * measure - times whole processes: median, least and greatest wall time over some
 * runs, and the largest resident set, as the system counted them.
 *
 *   measure RUNS INPUT COMMAND [ARG ...]
 *
 * INPUT is the file given as stdin ("-": /dev/null). Output is thrown away. One
 * warm-up run is not counted. Prints: MEDIAN_MS MIN_MS MAX_MS PEAK_KIB STATUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

struct run {
	double ms;
	long peak_kib;
	int status;
};

static int once(const char *input, char **argv, struct run *r)
{
	int64_t start = clock_monotonic_ns();
	struct rusage use;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		int in = open(strcmp(input, "-") == 0 ? "/dev/null" : input, O_RDONLY);
		int out = open("/dev/null", O_WRONLY);

		if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
			dup2(out, 2) < 0)
			_exit(126);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &use) != pid)
		return -1;
	r->ms = (double)(clock_monotonic_ns() - start) / 1e6;
	r->peak_kib = use.ru_maxrss;
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

static int by_time(const void *a, const void *b)
{
	double x = ((const struct run *)a)->ms, y = ((const struct run *)b)->ms;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? strtol(argv[1], NULL, 10) : 0, peak = 0;
	struct run *runs;

	if (n < 1 || n > 100000) {
		fprintf(stderr, "usage: measure RUNS INPUT COMMAND [ARG ...]\n");
		return 2;
	}
	runs = calloc((size_t)n, sizeof(*runs));
	if (runs == NULL || once(argv[2], argv + 3, &runs[0]) < 0)
		return 70;
	for (long i = 0; i < n; i++) {
		if (once(argv[2], argv + 3, &runs[i]) < 0)
			return 70;
		peak = runs[i].peak_kib > peak ? runs[i].peak_kib : peak;
	}
	qsort(runs, (size_t)n, sizeof(*runs), by_time);
	printf("%.2f %.2f %.2f %ld %d\n", runs[n / 2].ms, runs[0].ms, runs[n - 1].ms,
		peak, runs[0].status);
	free(runs);
	return 0;
}
