/*
 * intake-bench - how fast the scanner is, and that its time per byte does not grow; how
 * long reading a brief takes in process.
 *
 *   intake-bench BRIEF...
 *
 * Reads the files, repeats them to sizes from 1 KB to 50 MB, and prints for each size
 * the median over some runs of the processor time to scan it once, in MB/s and ns per
 * byte.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/lexicon.h"
#include "intake/intake.h"

#define RUNS_MAX 15

/* Of this thread: what else the machine does is not counted. */
static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The k-th part of the text of this length, from a character's start on. */
static const char *part(const char *text, size_t k, size_t len)
{
	const char *p = text + k * len;

	while (((unsigned char)*p & 0xc0) == 0x80)
		p++;
	return p;
}

/* Reads each brief by itself: median and slowest, in ms. */
static int briefs(const struct vocabulary *v, char **paths, size_t n, struct err *e)
{
	double *ms = calloc(n, sizeof(*ms));
	struct buf text = BUF_INIT((size_t)8 << 20);
	int ret = ms == NULL ? err_no_memory(e) : 0;

	for (size_t i = 0; ret == 0 && i < n; i++) {
		double best = 0;

		buf_reset(&text);
		ret = file_read(paths[i], &text, e);
		for (int r = 0; ret == 0 && r < 5; r++) {
			cJSON *c = NULL, *p = NULL;
			int64_t start = cpu_ns();
			double took;

			ret = intake_read(v, text.ptr, text.len, "text", &c, &p, e);
			took = (double)(cpu_ns() - start) / 1e6;
			best = r == 0 || took < best ? took : best;
			json_free(c);
			json_free(p);
		}
		if (ret == 0)
			ms[i] = best;
	}
	if (ret == 0) {
		qsort(ms, n, sizeof(*ms), by_value);
		printf("reading a brief in process: median %.3f ms, slowest of %zu %.3f "
		       "ms "
		       "(target 2)\n",
			ms[n / 2], n, ms[n - 1]);
	}
	free(ms);
	buf_release(&text);
	return ret;
}

static int one_size(
	const struct vocabulary *v, const char *text, size_t len, struct err *e)
{
	size_t repeat = len < 4000000 ? 4000000 / len : 1;
	int runs = len > 10000000 ? 5 : RUNS_MAX;
	double ns[RUNS_MAX];

	for (int r = 0; r < runs; r++) {
		int64_t start = cpu_ns();

		for (size_t k = 0; k < repeat; k++) {
			struct scan s;

			/* another part of the text each time: nothing to learn by heart */
			if (scan_text(&s, v->lexicon, part(text, k, len), len, e) < 0)
				return -1;
			scan_release(&s);
		}
		ns[r] = (double)(cpu_ns() - start) / (double)repeat / (double)len;
	}
	qsort(ns, (size_t)runs, sizeof(ns[0]), by_value);
	printf("%10zu bytes  %7.1f MB/s  %6.2f ns per byte\n", len, 1e3 / ns[runs / 2],
		ns[runs / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1000, 10000, 100000, 1000000, 10000000,
		50000000 };
	struct common_args common = { 0 };
	struct node_env env = { 0 };
	struct vocabulary v = { 0 };
	struct buf seed = BUF_INIT((size_t)8 << 20);
	struct err e = { 0 };
	char *text = calloc(1, sizes[5] + 16);
	int ret = 1;

	for (int i = 1; i < argc; i++)
		if (file_read(argv[i], &seed, &e) < 0)
			goto out;
	if (text == NULL || seed.len == 0 ||
		env_init(&env, "intake-bench", &common, &e) < 0 ||
		vocabulary_load(&v, &env, &e) < 0)
		goto out;
	for (size_t at = 0; at < sizes[5];) {
		size_t n = seed.len < sizes[5] - at ? seed.len : sizes[5] - at;

		memcpy(text + at, seed.ptr, n);
		at += n;
	}
	ret = 0;
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(sizes); i++) {
		ret = one_size(&v, text, sizes[i], &e) < 0;
	}
	if (ret == 0)
		ret = briefs(&v, argv + 1, (size_t)(argc - 1), &e) < 0;
out:
	if (e.msg[0] != '\0')
		fprintf(stderr, "intake-bench: %s\n", e.msg);
	vocabulary_release(&v);
	env_release(&env);
	buf_release(&seed);
	free(text);
	return ret;
}
