/* One row of share/validators.json run over a copy of the repository. */
#include "tools.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (size_t)(slash - path);
}

/* The directories of the matching files, or only their first components. */
static int list_dirs(const struct task *t, int tops, struct texts *to, struct err *e)
{
	for (size_t i = 0; i < t->files.n; i++) {
		const char *f = t->files.at[i];
		size_t n = tops ? strcspn(f, "/") : dir_len(f);

		if (texts_add_once(to, n == 0 ? "." : f, n == 0 ? 1 : n, e) < 0)
			return -1;
	}
	return 0;
}

/* {files}, {dirs}, {tops} become many words; 1 when word is one of them. */
static int expand_many(const struct task *t, const char *word, const struct texts *files,
	struct texts *argv, struct err *e)
{
	struct texts many = { 0 };
	const struct texts *from = &many;
	int ret = 0;

	if (strcmp(word, "{files}") == 0)
		from = files;
	else if (strcmp(word, "{dirs}") == 0 || strcmp(word, "{tops}") == 0)
		ret = list_dirs(t, word[1] == 't', &many, e);
	else
		return 0;
	for (size_t i = 0; ret == 0 && i < from->n; i++)
		ret = texts_add(argv, from->at[i], strlen(from->at[i]), e);
	texts_release(&many);
	return ret < 0 ? -1 : 1;
}

/* One word of a row's argv with its names filled in. */
static int expand(const struct pool *p, const struct task *t, const char *word,
	const char *python, const struct texts *files, struct texts *argv, struct err *e)
{
	const char *const names[][2] = { { "{python}", python },
		{ "{mirror}", t->mirror != NULL ? t->mirror->path : "" },
		{ "{tmp}", t->place.home },
		{ "{cache}", p->args->cache != NULL ? p->args->cache : t->place.home } };
	struct buf b = BUF_INIT(1 << 16);
	int ret = expand_many(t, word, files, argv, e);

	if (ret != 0)
		return ret < 0 ? -1 : 0;
	while (*word != '\0') {
		size_t n = strcspn(word, "{"), i = 0;

		buf_add(&b, word, n);
		word += n;
		while (i < ARRAY_LEN(names) &&
			strncmp(word, names[i][0], strlen(names[i][0])) != 0)
			i++;
		if (i < ARRAY_LEN(names)) {
			buf_add_str(&b, names[i][1]);
			word += strlen(names[i][0]);
		} else if (*word == '{') {
			buf_add_char(&b, *word++);
		}
	}
	ret = buf_ok(&b, e) < 0 ? -1 : texts_add(argv, b.ptr, b.len, e);
	buf_release(&b);
	return ret;
}

/* The last line with anything on it, for a message. */
static void last_line(const struct command *c, const char *work, struct buf *to)
{
	const struct buf *from = c->err.len > 0 ? &c->err : &c->out;
	size_t end = from->len, start;

	while (end > 0 && memchr(" \t\r\n", from->ptr[end - 1], 4) != NULL)
		end--;
	for (start = end; start > 0 && from->ptr[start - 1] != '\n';)
		start--;
	clean_text(to, from->ptr + start, end - start > 300 ? 300 : end - start, work);
}

static int has_number(const cJSON *list, int number)
{
	JSON_EACH (v, list)
		if ((int)json_number(v, -1) == number)
			return 1;
	return 0;
}

/* Rows whose tool always ends with 0 fail by the level of what it found. */
static int fails_by_level(const struct task *t)
{
	const char *least = json_str_or(t->row, "fail_on", NULL);

	JSON_EACH (f, json_get(t->check, "findings")) {
		const char *level = json_str_or(f, "level", "");

		if (least != NULL &&
			(strcmp(level, least) == 0 || strcmp(level, "error") == 0))
			return 1;
	}
	return 0;
}

/* How the command ended, as the check's status. */
static int judge(const struct pool *p, struct task *t, const struct command *c,
	const char *prefix, struct err *e)
{
	const char *name = t->tool->name;
	struct buf why = BUF_INIT(8192);
	size_t before = (size_t)json_num_or(t->check, "findings_total", 0);
	int failed = has_number(json_get(t->row, "fail"), c->r.status), ret;

	if (c->r.overflowed)
		return check_set(t->check, "error", e,
			"%s printed more than %zu MiB and was ended", name,
			OUTPUT_MAX >> 20);
	if (c->r.timed_out)
		return check_set(t->check, "error", e,
			"%s did not end within %g s and was ended", name,
			(double)command_deadline_ns(p, t->row) / 1e9);
	if (c->r.too_large)
		return check_set(t->check, "error", e,
			"%s took more than %g MiB of memory and was ended", name,
			json_num_or(t->row, "memory_mb", 4096));
	if (c->r.signal != 0)
		return check_set(t->check, "error", e, "%s was ended by signal %d (%s)",
			name, c->r.signal,
			sigabbrev_np(c->r.signal) ? sigabbrev_np(c->r.signal) : "?");
	if (!failed && !has_number(json_get(t->row, "pass"), c->r.status)) {
		last_line(c, t->place.work, &why);
		ret = check_set(t->check, "error", e, "%s ended with status %d: %s", name,
			c->r.status, why.len > 0 ? why.ptr : "it printed nothing");
		buf_release(&why);
		return ret;
	}
	ret = findings_read(json_get(t->row, "findings"), c->out.ptr, c->out.len,
		c->err.ptr, c->err.len, t->place.work, prefix, t->check, &why, e);
	if (ret > 0)
		ret = check_set(t->check, "error", e, "%s: %s", name, why.ptr);
	else if (ret == 0 && failed &&
		(size_t)json_num_or(t->check, "findings_total", 0) == before) {
		last_line(c, t->place.work, &why);
		ret = check_finding(t->check, json_str_or(t->row, "id", ""), "error",
			NULL, 0, 0, why.len > 0 ? why.ptr : "failed without a word", e);
	}
	if (ret == 0 && (failed || fails_by_level(t)) && !check_is(t->check, "error"))
		ret = json_set_str(t->check, "status", "fail", e);
	buf_release(&why);
	return ret;
}

/* The parts of the output that say how much was checked ("42 passed, 93%"). */
static int take_detail(struct task *t, const struct command *c, struct err *e)
{
	struct buf b = BUF_INIT(1024);
	int ret = 0;

	JSON_EACH (pattern, json_get(t->row, "detail")) {
		size_t before = b.len;

		if (before > 0)
			buf_add_str(&b, ", ");
		ret = pattern_first(json_text(pattern) ? json_text(pattern) : "",
			c->out.ptr, c->out.len, &b, e);
		if (ret == 0)
			buf_cut(&b, before);
		else if (ret < 0)
			break;
	}
	if (ret >= 0 && b.len > 0)
		ret = check_detail(t->check, e, "%s", b.ptr);
	buf_release(&b);
	return ret < 0 ? -1 : 0;
}

static int run_once(const struct pool *p, struct task *t, const char *subdir,
	const char *python, const struct texts *files, struct err *e)
{
	struct command c = { .out = BUF_INIT(OUTPUT_MAX), .err = BUF_INIT(OUTPUT_MAX) };
	struct buf dir = BUF_INIT(8192), why = BUF_INIT(4096);
	int ret = -1;

	buf_addf(&dir, "%s%s%s", t->place.work, *subdir ? "/" : "", subdir);
	JSON_EACH (a, json_get(t->row, "argv"))
		if (expand(p, t, json_text(a) ? json_text(a) : "", python, files, &c.argv,
			    e) < 0)
			goto out;
	if (buf_ok(&dir, e) < 0)
		goto out;
	ret = command_run(p, t, &c, dir.ptr, &why, e);
	if (ret > 0)
		ret = check_set(t->check, "error", e, "%s", why.ptr);
	else if (ret == 0)
		ret = judge(p, t, &c, subdir, e) < 0 || take_detail(t, &c, e) < 0 ? -1
										  : 0;
out:
	command_release(&c);
	buf_release(&dir);
	buf_release(&why);
	return ret;
}

int row_run(const struct pool *p, struct task *t, const char *python, struct err *e)
{
	const char *in = json_str_or(t->row, "in", "root");
	struct texts dirs = { 0 };
	int ret;

	if (strcmp(in, "each-dir") != 0)
		return run_once(p, t, "", python, &t->files, e);
	ret = list_dirs(t, 0, &dirs, e);
	for (size_t i = 0; ret == 0 && i < dirs.n; i++) {
		struct texts here = { 0 };
		size_t n = strcmp(dirs.at[i], ".") == 0 ? 0 : strlen(dirs.at[i]);

		for (size_t k = 0; ret == 0 && k < t->files.n; k++)
			if (dir_len(t->files.at[k]) == n &&
				strncmp(t->files.at[k], dirs.at[i], n) == 0)
				ret = texts_add(&here, t->files.at[k] + n + (n > 0),
					strlen(t->files.at[k] + n + (n > 0)), e);
		if (ret == 0)
			ret = run_once(p, t, n == 0 ? "" : dirs.at[i], python, &here, e);
		texts_release(&here);
	}
	texts_release(&dirs);
	return ret;
}
