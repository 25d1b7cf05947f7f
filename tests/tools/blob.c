/*
 * blob URL COMMAND ... - the artifact store from a shell, for tests:
 *
 *   write NAME FILE | read NAME [SHA256] | range NAME FIRST LEN | size NAME |
 *   delete NAME | erase PREFIX | presign NAME SECONDS | bench-presign N
 *
 * What was read goes to stdout. Exit status as in contracts.md section 2.
 */
#include "blob/blob.h"

#define OBJECT_MAX ((size_t)1 << 30)

static int usage(struct err *e)
{
	return err_set(e, ERR_USAGE, "see the head of tests/tools/blob.c");
}

static int write_object(struct blob_store *s, char **arg, struct err *e)
{
	struct buf data = BUF_INIT(OBJECT_MAX);
	int ret = file_read(arg[1], &data, e);

	if (ret == 0)
		ret = blob_write(s, arg[0], "zip", data.ptr, data.len, e);
	buf_release(&data);
	return ret;
}

static int print(const struct buf *text, struct err *e)
{
	return file_write_fd(1, "stdout", text->ptr, text->len, e);
}

static int read_object(struct blob_store *s, int n, char **arg, struct err *e)
{
	struct buf data = BUF_INIT(OBJECT_MAX);
	int ret;

	if (n == 3)
		ret = blob_read_range(s, arg[0], strtoll(arg[1], NULL, 10),
			strtoll(arg[2], NULL, 10), &data, e);
	else
		ret = blob_read(s, arg[0], n == 2 ? arg[1] : NULL, &data, e);
	if (ret == 0)
		ret = print(&data, e);
	buf_release(&data);
	return ret;
}

static int presign(struct blob_store *s, const char *name, int64_t seconds, struct err *e)
{
	struct buf url = BUF_INIT((size_t)1 << 20);
	int ret = blob_presign(s, name, seconds, clock_wall_ns() / 1000000000, &url, e);

	if (ret == 0)
		ret = print(&url, e);
	buf_release(&url);
	return ret;
}

static int bench_presign(struct blob_store *s, int64_t n, struct err *e)
{
	struct buf url = BUF_INIT((size_t)1 << 20);
	int64_t start = clock_monotonic_ns();
	int ret = 0;

	for (int64_t i = 0; ret == 0 && i < n; i++) {
		buf_reset(&url);
		ret = blob_presign(
			s, "projects/p/ds_1/a.zip", 900, 1700000000 + i / 1000, &url, e);
	}
	printf("%.0f\n", (double)n * 1e9 / (double)(clock_monotonic_ns() - start));
	buf_release(&url);
	return ret;
}

static int run(struct blob_store *s, int n, char **arg, struct err *e)
{
	const char *command = arg[0];
	int64_t size = 0;
	size_t erased = 0;
	int ret;

	n--;
	arg++;
	if (strcmp(command, "write") == 0 && n == 2)
		return write_object(s, arg, e);
	if ((strcmp(command, "read") == 0 && (n == 1 || n == 2)) ||
		(strcmp(command, "range") == 0 && n == 3))
		return read_object(s, n, arg, e);
	if (strcmp(command, "size") == 0 && n == 1) {
		ret = blob_size(s, arg[0], &size, e);
		if (ret == 0)
			printf("%lld\n", (long long)size);
		return ret;
	}
	if (strcmp(command, "delete") == 0 && n == 1)
		return blob_delete(s, arg[0], e);
	if (strcmp(command, "erase") == 0 && n == 1) {
		ret = blob_delete_all(s, arg[0], &erased, e);
		printf("%zu\n", erased);
		return ret;
	}
	if (strcmp(command, "presign") == 0 && n == 2)
		return presign(s, arg[0], strtoll(arg[1], NULL, 10), e);
	if (strcmp(command, "bench-presign") == 0 && n == 1)
		return bench_presign(s, strtoll(arg[0], NULL, 10), e);
	return usage(e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct blob_store *s;
	int ret = -1;

	if (argc < 3) {
		usage(&e);
	} else if ((s = blob_open(argv[1], &e)) != NULL) {
		ret = run(s, argc - 2, argv + 2, &e);
		blob_close(s);
	}
	if (ret < 0)
		fprintf(stderr, "blob: %s\n", e.msg);
	return ret < 0 ? err_exit_status(e.code) : 0;
}
