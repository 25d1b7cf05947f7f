/* archive, repo, blob, and the trees of graph: results that depend on contents alone. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/archive.h"
#include "blob/blob.h"
#include "graph/tree.h"
#include "repo/repo.h"
#include "state/manifest.h"

static char dir[64];

static int set_up(void **unused)
{
	(void)unused;
	snprintf(dir, sizeof(dir), "/tmp/mlops-adapters-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int tear_down(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	return file_remove_tree(dir, &e);
}

static const char *at(const char *name)
{
	static char path[4][160];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void put(cJSON *m, const char *name, const char *text, const char *mode)
{
	struct err e = { 0 };

	assert_int_equal(file_mkdirs(at("repo"), &e), 0);
	assert_int_equal(file_write_below(at("repo"), name, text, strlen(text),
				 strcmp(mode, "0755") == 0 ? 0755 : 0644, &e),
		0);
	assert_int_equal(
		manifest_put(m, name, text, strlen(text), "docs", mode, "test", &e), 0);
	assert_int_equal(manifest_seal(m, &e), 0);
}

static cJSON *sample(int other_order)
{
	struct err e = { 0 };
	cJSON *m = manifest_new(&e);

	assert_non_null(m);
	if (other_order)
		put(m, "z.txt", "last\n", "0644");
	put(m, "a/b.txt", "text\n", "0644");
	put(m, "a-b.txt", "dash\n", "0644");
	put(m, "run.sh", "#!/bin/sh\n", "0755");
	if (!other_order)
		put(m, "z.txt", "last\n", "0644");
	return m;
}

static void a_manifest_has_one_order_and_one_digest(void **unused)
{
	cJSON *a = sample(0), *b = sample(1);

	(void)unused;
	assert_true(json_equal(a, b));
	assert_string_equal(
		json_str_or(json_first(json_get(a, "files")), "path", ""), "a-b.txt");
	assert_string_equal(json_str_or(a, "content_digest", ""),
		json_str_or(b, "content_digest", "?"));
	put(b, "z.txt", "other\n", "0644");
	assert_int_equal(json_len(json_get(b, "files")), 4);
	assert_string_not_equal(json_str_or(a, "content_digest", ""),
		json_str_or(b, "content_digest", "?"));
	json_free(a);
	json_free(b);
}

static void a_zip_depends_on_its_files_alone(void **unused)
{
	static const char *const zones[] = { "UTC", "Pacific/Kiritimati",
		"America/Lima" };
	cJSON *m = sample(0);
	char first[DIGEST_HEX_MAX] = "", digest[DIGEST_HEX_MAX];
	struct err e = { 0 };

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		assert_int_equal(archive_zip(at("x.zip"), at("repo"),
					 json_get(m, "files"), 0, digest, &e),
			0);
		assert_string_equal(getenv("TZ"), zones[i]);
		if (i == 0)
			memcpy(first, digest, sizeof(first));
		assert_string_equal(digest, first);
	}
	unsetenv("TZ");
	assert_int_equal(archive_zip(at("x.zip"), at("repo"), json_get(m, "files"),
				 INT64_C(1700000000000000000), digest, &e),
		0);
	assert_string_not_equal(digest, first);
	json_free(m);
}

static void a_zip_is_refused_what_the_manifest_does_not_say(void **unused)
{
	static const struct {
		const char *files, *msg;
	} cases[] = {
		{ "[{'path':'../x','sha256':'0','mode':'0644'}]", "must be relative" },
		{ "[{'path':'none','sha256':'0','mode':'0644'}]", "cannot read" },
		{ "[{'path':'z.txt','sha256':'0','mode':'0644'}]",
			"not the file of the manifest" },
		{ "[{'path':'z.txt','mode':'0644'}]", "'sha256' is missing" },
	};
	cJSON *m = sample(0);

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cJSON *files = J(cases[i].files);
		struct err e = { 0 };

		assert_int_equal(
			archive_zip(at("bad.zip"), at("repo"), files, 0, NULL, &e), -1);
		assert_non_null(strstr(e.msg, cases[i].msg));
		assert_int_equal(access(at("bad.zip"), F_OK), -1);
		json_free(files);
	}
	json_free(m);
}

/* Appends one word for a change to a text of 256 bytes. */
static int count(void *arg, const struct repo_change *c, struct err *e)
{
	char *seen = arg;
	size_t n = strlen(seen);

	(void)e;
	snprintf(seen + n, 256 - n, "%c%s+%zu-%zu ", c->change, c->path, c->added,
		c->removed);
	return 0;
}

static void commits_are_the_same_everywhere(void **unused)
{
	cJSON *m = sample(0);
	struct repo *r = NULL;
	struct err e = { 0 };
	char tree[REPO_ID_MAX], one[REPO_ID_MAX], again[REPO_ID_MAX], two[REPO_ID_MAX];
	char seen[256] = "";

	(void)unused;
	assert_int_equal(repo_open(&r, at("g.git"), &e), 0);
	assert_int_equal(repo_tree(r, at("repo"), json_get(m, "files"), tree, &e), 0);
	assert_int_equal(repo_commit(r, tree, NULL, "First\n", 0, one, &e), 0);
	assert_int_equal(repo_commit(r, tree, NULL, "First\n", 0, again, &e), 0);
	assert_string_equal(one, again);
	assert_true(repo_has(r, one));
	assert_false(repo_has(r, "0000000000000000000000000000000000000000"));
	assert_false(repo_has(r, "nonsense"));
	put(m, "z.txt", "last\nand more\n", "0644");
	put(m, "new.txt", "new\n", "0644");
	assert_int_equal(repo_tree(r, at("repo"), json_get(m, "files"), tree, &e), 0);
	assert_int_equal(repo_diff(r, one, tree, count, seen, &e), 0);
	assert_string_equal(seen, "Anew.txt+1-0 Mz.txt+1-0 ");
	assert_int_equal(repo_commit(r, tree, one, "Second\n", 0, two, &e), 0);
	assert_int_equal(repo_commit(r, tree, "0000000000000000000000000000000000000000",
				 "x", 0, two, &e),
		-1);
	repo_close(r);
	r = NULL;
	assert_int_equal(repo_open(&r, at("g.git"), &e), 0);
	assert_true(repo_has(r, one));
	repo_close(r);
	json_free(m);
}

static void a_blob_is_what_its_name_says(void **unused)
{
	struct buf out = BUF_INIT(1024);
	char hex[DIGEST_HEX_MAX], path[256];
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(blob_put(at("blobs"), "abc", 3, hex, &e), 0);
	assert_int_equal(blob_put(at("blobs"), "abc", 3, hex, &e), 0);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(blob_has(at("blobs"), hex));
	assert_int_equal(blob_get(at("blobs"), hex, &out, &e), 0);
	assert_string_equal(out.ptr, "abc");
	assert_false(blob_has(at("blobs"), "../../etc/passwd"));
	assert_int_equal(blob_get(at("blobs"), "../x", &out, &e), -1);
	snprintf(path, sizeof(path), "%s/%.1s/%s", at("blobs"), hex, hex + 1);
	assert_int_equal(file_write_atomic(path, "abd", 3, 0644, 0, &e), 0);
	assert_int_equal(blob_get(at("blobs"), hex, &out, &e), -1);
	assert_non_null(strstr(e.msg, "is damaged"));
	buf_release(&out);
}

static void a_tree_comes_back_and_spares_what_is_not_its_own(void **unused)
{
	cJSON *m = sample(0), *tree, *old;
	struct err e = { 0 };
	struct buf text = BUF_INIT(1024);

	(void)unused;
	old = tree_take(at("repo"), m, at("blobs"), &e);
	assert_int_equal(json_len(old), 4);
	put(m, "z.txt", "changed\n", "0644");
	tree = tree_take(at("repo"), m, at("blobs"), &e);
	assert_true(tree_complete(tree, at("blobs")));
	assert_int_equal(tree_publish(old, NULL, at("out"), at("blobs"), 0, &e), 0);
	assert_int_equal(file_write_below(at("out"), "own.txt", "own", 3, 0644, &e), 0);
	assert_int_equal(tree_publish(tree, old, at("out"), at("blobs"), 0, &e), 0);
	assert_int_equal(file_read(at("out/z.txt"), &text, &e), 0);
	assert_string_equal(text.ptr, "changed\n");
	assert_int_equal(access(at("out/run.sh"), X_OK), 0);
	assert_int_equal(access(at("out/own.txt"), F_OK), 0);
	assert_int_equal(file_write_below(at("out"), "z.txt", "mine", 4, 0644, &e), 0);
	assert_int_equal(tree_check_unchanged(tree, at("out"), &e), -1);
	assert_int_equal(tree_publish(old, tree, at("out"), at("blobs"), 0, &e), -1);
	assert_int_equal(e.code, ERR_CANT_CREATE);
	assert_int_equal(tree_publish(old, tree, at("out"), at("blobs"), 1, &e), 0);
	unlink(at("out/run.sh"));
	assert_int_equal(symlink("/etc/passwd", at("out/run.sh")), 0);
	assert_int_equal(tree_check_unchanged(old, at("out"), &e), -1);
	assert_int_equal(tree_restore(tree, at("out"), at("blobs"), &e), 0);
	assert_int_equal(access(at("out/own.txt"), F_OK), -1);
	buf_release(&text);
	json_free(old);
	json_free(tree);
	json_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_manifest_has_one_order_and_one_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_zip_depends_on_its_files_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_zip_is_refused_what_the_manifest_does_not_say, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			commits_are_the_same_everywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_blob_is_what_its_name_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_tree_comes_back_and_spares_what_is_not_its_own, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
