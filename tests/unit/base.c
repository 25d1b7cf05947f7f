/* The ground floor: errors, buffers, files, processes, clock, ids, digests. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static char dir[] = "/tmp/mlops-test-XXXXXX";

static int make_dir(void **unused)
{
	(void)unused;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **unused)
{
	struct err e;

	(void)unused;
	return file_remove_tree(dir, &e);
}

static const char *in_dir(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void errors_are_one_harmless_line(void **unused)
{
	struct err e = { 0 };
	char text[2 * ERR_MSG_MAX];

	(void)unused;
	assert_int_equal(err_set(&e, ERR_INPUT, "bad \033[31m%s\nline", "x"), -1);
	assert_string_equal(e.msg, "bad ?[31mx?line");
	err_where(&e, "/plan/%d", 3);
	assert_string_equal(e.msg, "/plan/3: bad ?[31mx?line");
	assert_int_equal(err_exit_status(e.code), 65);
	assert_int_equal(err_http_status(e.code), 422);
	assert_string_equal(err_public_code(e.code), "validation_failed");
	for (size_t i = 0; i + 1 < sizeof(text); i += 2) {
		text[i] = (char)0xC3;
		text[i + 1] = (char)0xA9;
	}
	text[sizeof(text) - 1] = '\0';
	for (int shift = 0; shift < 2; shift++) {
		size_t n;

		err_fill(&e, ERR_INPUT, "%s%s", shift ? "x" : "", text);
		n = strlen(e.msg);
		assert_true(n < ERR_MSG_MAX && n > ERR_MSG_MAX - 4);
		assert_int_equal((unsigned char)e.msg[n - 1], 0xA9);
	}
}

static void a_buffer_keeps_its_bound_and_remembers_failure(void **unused)
{
	struct buf b = BUF_INIT(10);
	struct err e = { 0 };
	char *s;

	(void)unused;
	assert_string_equal(b.ptr, "");
	buf_add_str(&b, "12345");
	buf_addf(&b, "%d", 67890);
	assert_int_equal(buf_ok(&b, &e), 0);
	assert_string_equal(b.ptr, "1234567890");
	buf_add_char(&b, 'x');
	assert_int_equal(buf_ok(&b, &e), -1);
	assert_non_null(strstr(e.msg, "longer than 10 bytes"));
	assert_int_equal(b.len, 10);
	buf_reset(&b);
	buf_add_str(&b, "again");
	assert_int_equal(buf_ok(&b, &e), 0);
	s = buf_take(&b);
	assert_string_equal(s, "again");
	assert_int_equal(b.len, 0);
	free(s);
	buf_release(&b);
}

static void files_are_written_whole_or_not_at_all(void **unused)
{
	struct err e = { 0 };
	struct buf b = BUF_INIT(100);
	char **names;
	size_t n;

	(void)unused;
	assert_int_equal(file_write_atomic(in_dir("a"), "one", 3, 0640, 1, &e), 0);
	assert_int_equal(file_write_atomic(in_dir("a"), "two", 3, 0640, 0, &e), 0);
	assert_int_equal(file_read(in_dir("a"), &b, &e), 0);
	assert_string_equal(b.ptr, "two");
	assert_int_equal(file_read(in_dir("none"), &b, &e), -1);
	assert_int_equal(e.code, ERR_NO_INPUT);
	assert_int_equal(file_write_atomic(in_dir("none/a"), "x", 1, 0644, 0, &e), -1);
	assert_int_equal(e.code, ERR_CANT_CREATE);
	assert_int_equal(file_list(dir, &names, &n, &e), 0);
	assert_int_equal(n, 1);
	file_list_free(names, n);
	buf_reset(&b);
	b.max = 2;
	assert_int_equal(file_read(in_dir("a"), &b, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	buf_release(&b);
}

static void a_full_disk_is_an_error_and_leaves_nothing(void **unused)
{
	struct err e = { 0 };
	int fd = -1;

	(void)unused;
	fd = open("/dev/full", O_WRONLY);
	if (fd < 0)
		skip();
	assert_int_equal(file_write_fd(fd, "disk", "x", 1, &e), -1);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "No space"));
	close(fd);
}

static void relative_paths_stay_below_their_root(void **unused)
{
	static const struct {
		const char *path;
		int ret;
	} cases[] = { { "a", 0 }, { "a/b.c", 0 }, { ".github/x", 0 }, { "", -1 },
		{ "/a", -1 }, { "..", -1 }, { "a/../b", -1 }, { "a//b", -1 },
		{ "a/./b", -1 }, { "a/", -1 }, { "a\\b", -1 }, { "a\nb", -1 } };
	struct err e = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(file_check_relative(cases[i].path, &e), cases[i].ret);
	assert_int_equal(file_write_below(dir, "x/y/z", "1", 1, 0644, &e), 0);
	assert_true(file_is_regular(in_dir("x/y/z")));
	assert_int_equal(symlink("/tmp", in_dir("link")), 0);
	assert_int_equal(file_write_below(dir, "link/evil", "1", 1, 0644, &e), -1);
	assert_int_equal(e.code, ERR_CANT_CREATE);
	assert_non_null(strstr(e.msg, "symbolic"));
	assert_int_equal(unlink(in_dir("link")), 0);
}

static void walking_is_sorted_and_refuses_links(void **unused)
{
	struct err e = { 0 };
	char **paths;
	size_t n;

	(void)unused;
	assert_int_equal(file_mkdirs(in_dir("w/b/c"), &e), 0);
	assert_int_equal(file_mkdirs(in_dir("w/b/c"), &e), 0);
	assert_int_equal(file_write_below(in_dir("w"), "b/c/2", "", 0, 0644, &e), 0);
	assert_int_equal(file_write_below(in_dir("w"), "b/1", "", 0, 0644, &e), 0);
	assert_int_equal(file_write_below(in_dir("w"), "a", "", 0, 0644, &e), 0);
	assert_int_equal(file_walk(in_dir("w"), &paths, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(paths[0], "a");
	assert_string_equal(paths[1], "b/1");
	assert_string_equal(paths[2], "b/c/2");
	file_list_free(paths, n);
	assert_int_equal(symlink("a", in_dir("w/l")), 0);
	assert_int_equal(file_walk(in_dir("w"), &paths, &n, &e), -1);
	assert_int_equal(file_remove_tree(in_dir("w"), &e), 0);
	assert_int_equal(file_remove_tree(in_dir("w"), &e), 0);
}

static void a_process_gives_its_output_and_its_end(void **unused)
{
	const char *const cat[] = { "sh", "-c", "cat; echo oops >&2; exit 7", NULL };
	const char *const none[] = { "no-such-program-here", NULL };
	struct buf out = BUF_INIT(1 << 20), err = BUF_INIT(1 << 20),
		   big = BUF_INIT(1 << 20);
	struct proc_spec s = { .argv = cat, .out = &out, .err = &err };
	struct proc_result r;
	struct err e = { 0 };

	(void)unused;
	for (int i = 0; i < 300000; i++)
		buf_add_char(&big, (char)('a' + i % 26));
	s.in = big.ptr;
	s.in_len = big.len;
	assert_int_equal(proc_run(&s, &r, &e), 0);
	assert_int_equal(r.status, 7);
	assert_int_equal(out.len, big.len);
	assert_memory_equal(out.ptr, big.ptr, big.len);
	assert_string_equal(err.ptr, "oops\n");
	s.argv = none;
	assert_int_equal(proc_run(&s, &r, &e), -1);
	assert_int_equal(e.code, ERR_NO_INPUT);
	buf_release(&out);
	buf_release(&err);
	buf_release(&big);
}

static void a_process_ends_with_its_deadline_and_its_children(void **unused)
{
	const char *const hang[] = { "sh", "-c", "sleep 30 & sleep 30", NULL };
	const char *const noisy[] = { "sh", "-c", "yes | head -c 100000", NULL };
	struct buf out = BUF_INIT(1000);
	struct proc_spec s = { .argv = hang, .out = &out, .timeout_ns = 200000000 };
	struct proc_result r;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(proc_run(&s, &r, &e), 0);
	assert_true(r.timed_out);
	assert_true(r.wall_ns < (int64_t)10000000000);
	s.argv = noisy;
	s.timeout_ns = 0;
	assert_int_equal(proc_run(&s, &r, &e), 0);
	assert_true(r.overflowed);
	assert_int_equal(out.len, 1000);
	buf_release(&out);
}

static void a_clock_is_fixed_by_source_date_epoch(void **unused)
{
	char text[CLOCK_TEXT_MAX];

	(void)unused;
	setenv("SOURCE_DATE_EPOCH", "1755425722", 1);
	assert_true(clock_is_fixed());
	clock_format(clock_now_ns(), text);
	assert_string_equal(text, "2025-08-17T10:15:22Z");
	setenv("SOURCE_DATE_EPOCH", "soon", 1);
	assert_false(clock_is_fixed());
	unsetenv("SOURCE_DATE_EPOCH");
	clock_format(clock_epoch_ns(), text);
	assert_string_equal(text, "1980-01-01T00:00:00Z");
}

static void times_read_back(void **unused)
{
	static const struct {
		const char *text;
		int ret;
		int64_t ns;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0, 0 },
		{ "1996-12-19T16:39:57-08:00", 0, 851042397LL * 1000000000 },
		{ "1985-04-12T23:20:50.52Z", 0, 482196050520000000LL },
		{ "1990-12-31T23:59:60Z", 0, 662688000LL * 1000000000 },
		{ "1990-12-30T23:59:60Z", -1, 0 },
		{ "2023-02-29T00:00:00Z", -1, 0 },
		{ "2024-02-29T00:00:00Z", 0, 1709164800LL * 1000000000 },
		{ "2024-02-29T24:00:00Z", -1, 0 },
		{ "2024-02-29 00:00:00Z", -1, 0 },
		{ "2024-02-29T00:00:00", -1, 0 },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ns = 0;

		assert_int_equal(clock_parse(cases[i].text, &ns), cases[i].ret);
		assert_int_equal(ns, cases[i].ns);
	}
}

static void digests_and_ids_are_the_standards(void **unused)
{
	char hex[DIGEST_HEX_MAX], a[ID_TEXT_MAX], b[ID_TEXT_MAX];
	struct err e = { 0 };

	(void)unused;
	digest_hex("abc", 3, hex); /* FIPS 180-4 example */
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	id_from_content("abc", 3, a);
	id_from_content("abc", 3, b);
	assert_string_equal(a, b);
	assert_true(id_is_valid(a));
	assert_int_equal(a[14], '8');
	assert_int_equal(id_random(a, &e), 0);
	assert_int_equal(a[14], '4');
	assert_true(strchr("89ab", a[19]) != NULL);
	assert_false(id_is_valid("ba7816bf-8f01"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_one_harmless_line),
		cmocka_unit_test(a_buffer_keeps_its_bound_and_remembers_failure),
		cmocka_unit_test(files_are_written_whole_or_not_at_all),
		cmocka_unit_test(a_full_disk_is_an_error_and_leaves_nothing),
		cmocka_unit_test(relative_paths_stay_below_their_root),
		cmocka_unit_test(walking_is_sorted_and_refuses_links),
		cmocka_unit_test(a_process_gives_its_output_and_its_end),
		cmocka_unit_test(a_process_ends_with_its_deadline_and_its_children),
		cmocka_unit_test(a_clock_is_fixed_by_source_date_epoch),
		cmocka_unit_test(times_read_back),
		cmocka_unit_test(digests_and_ids_are_the_standards),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
