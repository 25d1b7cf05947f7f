/*
 * pack-lexicon - compiles share/lexicon/ and share/regions/ ahead of time.
 *
 *   pack-lexicon OUT
 *
 * Writes the compiled lexicon and the bytes of the files that it was made from. The
 * build links it into mlops-intake, which uses it where those files are still the same.
 */
#include "catalog/lexicon.h"

int main(int argc, char **argv)
{
	struct common_args common = { 0 };
	struct node_env env = { 0 };
	struct vocabulary v = { 0 };
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct err e = { 0 };
	int ok = argc == 2 && env_init(&env, "pack-lexicon", &common, &e) == 0 &&
		vocabulary_load(&v, &env, &e) == 0 &&
		vocabulary_pack(&v, &out, &e) == 0 &&
		file_write_atomic(argv[1], out.ptr, out.len, 0644, 0, &e) == 0;

	if (!ok)
		fprintf(stderr, "pack-lexicon: %s\n", argc == 2 ? e.msg : "usage: OUT");
	vocabulary_release(&v);
	env_release(&env);
	buf_release(&out);
	return ok ? 0 : 1;
}
