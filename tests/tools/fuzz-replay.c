/*
 * fuzz-replay CORPUS [ROUNDS] - gives every file of the corpus to its target, then
 * ROUNDS changed copies of each (the same changes every time). A broken law ends
 * the process; otherwise it prints a count.
 */
#include "../fuzz/targets.h"

static uint32_t state = 2463534242u;

static uint32_t random_below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

/* One change: a byte set, a piece doubled, cut out or swapped for a telling one. */
static void change(struct buf *b)
{
	static const char *const pieces[] = { "\"", "{", "[", "]}", "\\u0000", "1e309",
		"{{", "}}", "<%", "/../", "-", "\xF0\x9F\x98\x80", "\xFF", "null", "$ref",
		"\"\"", "\n" };
	uint32_t at = b->len == 0 ? 0 : random_below((uint32_t)b->len);
	struct buf out = BUF_INIT(BUF_NO_LIMIT);
	size_t n;

	switch (random_below(4)) {
	case 0:
		if (b->len > 0)
			b->ptr[at] = (char)random_below(256);
		return;
	case 1: /* a piece twice */
		n = 1 + random_below(16);
		n = n > b->len - at ? b->len - at : n;
		buf_add(&out, b->ptr, at + n);
		buf_add(&out, b->ptr + at, b->len - at);
		break;
	case 2: /* a piece left out */
		n = 1 + random_below(8);
		n = n > b->len - at ? b->len - at : n;
		buf_add(&out, b->ptr, at);
		buf_add(&out, b->ptr + at + n, b->len - at - n);
		break;
	default:
		buf_add(&out, b->ptr, at);
		buf_add_str(&out, pieces[random_below(ARRAY_LEN(pieces))]);
		buf_add(&out, b->ptr + at, b->len - at);
	}
	buf_reset(b);
	buf_add(b, out.ptr, out.len);
	buf_release(&out);
}

static void replay(fuzz_target *run, const char *path, long rounds, size_t *count)
{
	struct buf text = BUF_INIT((size_t)1 << 20), changed = BUF_INIT((size_t)2 << 20);
	struct err e = { 0 };

	LAW(file_read(path, &text, &e) == 0);
	run(text.ptr, text.len);
	for (long i = 0; i < rounds; i++) {
		buf_reset(&changed);
		buf_add(&changed, text.ptr, text.len);
		for (uint32_t n = 1 + random_below(3); n > 0; n--)
			change(&changed);
		run(changed.ptr, changed.len);
	}
	*count += 1 + (size_t)rounds;
	buf_release(&text);
	buf_release(&changed);
}

int main(int argc, char **argv)
{
	long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	size_t count = 0;

	if (argc < 2) {
		fputs("usage: fuzz-replay CORPUS [ROUNDS]\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_LEN(fuzz_targets); i++) {
		char dir[600], path[1200], **names;
		struct err e = { 0 };
		size_t n;

		snprintf(dir, sizeof(dir), "%s/%s", argv[1], fuzz_targets[i].name);
		if (file_list(dir, &names, &n, &e) < 0 || n == 0) {
			printf("FAIL %s: has no corpus\n", fuzz_targets[i].name);
			return 1;
		}
		for (size_t k = 0; k < n; k++) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[k]);
			replay(fuzz_targets[i].run, path, rounds, &count);
		}
		file_list_free(names, n);
	}
	printf("%zu passed, 0 failed, 0 skipped\n", count);
	return 0;
}
