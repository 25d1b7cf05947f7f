/*
 * The tools of share/validators.json at work: each in a copy of the repository of
 * its own, with a clean environment, a deadline and bounds on output and memory,
 * so many at a time as there are jobs.
 */
#include "run.h"

#include <errno.h>
#include <stdarg.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a program says of itself; asked once. */
struct tool {
	char *name, *path, *version;
	pthread_mutex_t lock;
	int asked;
};

enum stage { WAITING, RUNNING, DONE };

struct task {
	const cJSON *row;
	const struct mirror *mirror; /* NULL: none */
	struct task *after;          /* same place; runs when that one has passed */
	struct tool *tool;
	struct place place;
	pthread_mutex_t lock;
	int prepared; /* place.work is there, and what others come after has run in it */
	struct texts files; /* what the row's globs match */
	cJSON *check;
	enum stage stage;
};

struct pool {
	struct node_env *env;
	const struct tools_args *args;
	const struct vtree *tree;
	struct mirrors mirrors;
	struct texts python_names;
	char *scratch;
	char tree_digest[DIGEST_HEX_MAX];
	struct task *tasks;
	size_t n;
	struct tool *tools;
	size_t n_tools;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct err err; /* the first failure of ours */
	int failed;
};

/* The signal that asked us to stop; 0: none. A handler can reach nothing else. */
static volatile int stopped_by;

static void on_stop(int number)
{
	stopped_by = number;
}

/* ---- environment ---- */

static int env_put(struct texts *env, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int env_put(struct texts *env, struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT(1 << 16);
	va_list ap;
	int ret;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	ret = buf_ok(&b, e) < 0 ? -1 : texts_add(env, b.ptr, b.len, e);
	buf_release(&b);
	return ret;
}

static int env_pass(struct texts *env, const char *name, struct err *e)
{
	const char *v = getenv(name);

	return v == NULL ? 0 : env_put(env, e, "%s=%s", name, v);
}

int tool_env(struct texts *env, const char *home, const cJSON *extra, int network,
	struct err *e)
{
	static const char *const fixed[] = { "LC_ALL=C.UTF-8", "TZ=UTC", "NO_COLOR=1",
		"TERM=dumb", "COLUMNS=500", "CI=true", "PYTHONDONTWRITEBYTECODE=1",
		"PYTHONHASHSEED=0", "CHECKPOINT_DISABLE=1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
		"TF_CLI_CONFIG_FILE=/dev/null" };
	static const char *const offline[] = { "PIP_NO_INDEX=1",
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9",
		"NO_PROXY=localhost,127.0.0.1,::1", "no_proxy=localhost,127.0.0.1,::1" };
	static const char *const online[] = { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy",
		"https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "PIP_INDEX_URL",
		"PIP_CERT", "REQUESTS_CA_BUNDLE" };
	const char *user = getenv("PYTHONUSERBASE"), *real_home = getenv("HOME");
	int ret = env_pass(env, "PATH", e);

	if (ret == 0)
		ret = env_put(env, e, "HOME=%s", home);
	if (ret == 0)
		ret = env_put(env, e, "TMPDIR=%s", home);
	if (ret == 0 && (user != NULL || real_home != NULL))
		ret = env_put(env, e, "PYTHONUSERBASE=%s%s", user ? user : real_home,
			user ? "" : "/.local");
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(fixed); i++)
		ret = texts_add(env, fixed[i], strlen(fixed[i]), e);
	for (size_t i = 0; ret == 0 && !network && i < ARRAY_LEN(offline); i++)
		ret = texts_add(env, offline[i], strlen(offline[i]), e);
	for (size_t i = 0; ret == 0 && network && i < ARRAY_LEN(online); i++)
		ret = env_pass(env, online[i], e);
	JSON_EACH (v, extra)
		if (ret == 0 && json_text(v) != NULL)
			ret = env_put(env, e, "%s=%s", json_key(v), json_text(v));
	return ret;
}

/* ---- one command ---- */

struct command {
	struct texts argv;
	struct buf out, err;
	struct proc_result r;
};

static void command_release(struct command *c)
{
	texts_release(&c->argv);
	buf_release(&c->out);
	buf_release(&c->err);
}

static int64_t deadline_ns(const struct pool *p, const cJSON *row)
{
	double s = p->args->timeout_s > 0 ? p->args->timeout_s
					  : json_num_or(row, "timeout_s", 300);

	return (int64_t)(s * 1e9);
}

/* Runs c->argv; 1 when it could not be started, with the reason in *why. */
static int command_run(const struct pool *p, const struct task *t, struct command *c,
	const char *dir, struct buf *why, struct err *e)
{
	struct texts env = { 0 };
	struct err bad = { 0 };
	struct proc_spec spec = { .dir = dir,
		.only_env = 1,
		.no_network = !p->args->network,
		.out = &c->out,
		.err = &c->err,
		.timeout_ns = deadline_ns(p, t->row),
		.group_bytes = (uint64_t)json_num_or(t->row, "memory_mb", 4096) << 20,
		.end_on_overflow = 1,
		.stop = &stopped_by };
	int ret = -1;

	if (tool_env(&env, t->place.home, json_get(t->row, "env"), p->args->network, e) <
		0)
		goto out;
	spec.argv = (const char *const *)c->argv.at;
	spec.env = (const char *const *)env.at;
	ret = 0;
	if (proc_run(&spec, &c->r, &bad) < 0) {
		buf_add_str(why, bad.msg);
		ret = 1;
	}
out:
	texts_release(&env);
	return ret;
}

/* ---- the tool itself ---- */

static int version_below(const char *have, const char *least)
{
	while (*least != '\0') {
		char *eh, *el;
		unsigned long h = strtoul(have, &eh, 10), l = strtoul(least, &el, 10);

		if (h != l)
			return h < l;
		have = eh + (*eh == '.');
		least = el + (*el == '.');
		if (el == least && *least != '\0')
			return 0;
	}
	return 0;
}

/* Finds the program and asks for its version, once for all rows that use it. */
static int tool_ask(const struct pool *p, const struct task *t, struct err *e)
{
	const cJSON *how = json_get(t->row, "version");
	struct command c = { .out = BUF_INIT(OUTPUT_MAX), .err = BUF_INIT(OUTPUT_MAX) };
	struct buf path = BUF_INIT(8192), why = BUF_INIT(4096), v = BUF_INIT(256);
	struct tool *tool = t->tool;
	int ret = -1;

	tool->asked = 1;
	if (!proc_find(tool->name, NULL, &path)) {
		ret = 0;
		goto out;
	}
	tool->path = buf_take(&path);
	if (tool->path == NULL ||
		texts_add(&c.argv, tool->path, strlen(tool->path), e) < 0)
		goto out;
	JSON_EACH (a, json_get(how, "args"))
		if (json_text(a) != NULL &&
			texts_add(&c.argv, json_text(a), strlen(json_text(a)), e) < 0)
			goto out;
	ret = command_run(p, t, &c, NULL, &why, e);
	if (ret == 0 && !c.r.timed_out && c.r.signal == 0) {
		int found = pattern_first(
			json_str_or(how, "pattern", "([0-9]+(?:\\.[0-9]+)+)"), c.out.ptr,
			c.out.len, &v, e);

		if (found == 0)
			found = pattern_first(
				"([0-9]+(?:\\.[0-9]+)+)", c.err.ptr, c.err.len, &v, e);
		ret = found < 0 ? -1 : 0;
		if (found > 0)
			tool->version = buf_take(&v);
	}
	ret = ret < 0 ? -1 : 0;
out:
	command_release(&c);
	buf_release(&path);
	buf_release(&why);
	buf_release(&v);
	return ret;
}

/* 1 when the tool can run; else 0 with the check's status set. */
static int tool_ready(const struct pool *p, struct task *t, struct err *e)
{
	struct tool *tool = t->tool;
	const char *least = json_str_or(t->row, "least_version", NULL);
	int ret = 0;

	pthread_mutex_lock(&tool->lock);
	if (!tool->asked)
		ret = tool_ask(p, t, e);
	pthread_mutex_unlock(&tool->lock);
	if (ret < 0)
		return -1;
	if (tool->path == NULL)
		return check_set(t->check,
			p->args->strict && !json_bool_or(t->row, "optional", 0)
				? "fail"
				: "skipped",
			e, "%s is not installed", tool->name);
	if (tool->version == NULL)
		return check_set(
			t->check, "error", e, "%s does not tell its version", tool->name);
	if (json_set_str(t->check, "version", tool->version, e) < 0)
		return -1;
	if (least != NULL && version_below(tool->version, least))
		return check_set(t->check, "error", e,
			"%s %s is older than %s, the oldest known to work", tool->name,
			tool->version, least);
	return 1;
}

/* ---- what to run ---- */

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

/* One word of a row's argv: {files}, {dirs}, {tops} become many words. */
static int expand(const struct task *t, const char *word, const char *python,
	const struct texts *files, struct texts *argv, struct err *e)
{
	struct texts many = { 0 };
	struct buf b = BUF_INIT(1 << 16);
	int ret = 0;

	if (strcmp(word, "{files}") == 0 || strcmp(word, "{dirs}") == 0 ||
		strcmp(word, "{tops}") == 0) {
		const struct texts *from = files;

		if (word[1] != 'f') {
			ret = list_dirs(t, word[1] == 't', &many, e);
			from = &many;
		}
		for (size_t i = 0; ret == 0 && i < from->n; i++)
			ret = texts_add(argv, from->at[i], strlen(from->at[i]), e);
		texts_release(&many);
		return ret;
	}
	while (*word != '\0') {
		size_t n = strcspn(word, "{");

		buf_add(&b, word, n);
		word += n;
		if (strncmp(word, "{mirror}", 8) == 0) {
			buf_add_str(&b, t->mirror != NULL ? t->mirror->path : "");
			word += 8;
		} else if (strncmp(word, "{python}", 8) == 0) {
			buf_add_str(&b, python);
			word += 8;
		} else if (strncmp(word, "{tmp}", 5) == 0) {
			buf_add_str(&b, t->place.home);
			word += 5;
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
			(double)deadline_ns(p, t->row) / 1e9);
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

/* The part of the output that says how much was checked ("42 passed"). */
static int take_detail(struct task *t, const struct command *c, struct err *e)
{
	const char *pattern = json_str_or(t->row, "detail", NULL);
	struct buf b = BUF_INIT(1024);
	int ret = 0;

	if (pattern != NULL && pattern_first(pattern, c->out.ptr, c->out.len, &b, e) > 0)
		ret = check_detail(t->check, e, "%s", b.ptr);
	buf_release(&b);
	return ret;
}

static int run_once(const struct pool *p, struct task *t, const char *subdir,
	const char *python, const struct texts *files, struct err *e)
{
	struct command c = { .out = BUF_INIT(OUTPUT_MAX), .err = BUF_INIT(OUTPUT_MAX) };
	struct buf dir = BUF_INIT(8192), why = BUF_INIT(4096);
	int ret = -1;

	buf_addf(&dir, "%s%s%s", t->place.work, *subdir ? "/" : "", subdir);
	JSON_EACH (a, json_get(t->row, "argv"))
		if (expand(t, json_text(a) ? json_text(a) : "", python, files, &c.argv,
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

/* ---- one task ---- */

static char *below(
	const struct pool *p, const struct task *t, const char *name, struct err *e)
{
	struct buf b = BUF_INIT(8192);
	char *path;

	buf_addf(&b, "%s/%s/%s", p->scratch, json_str_or(t->check, "id", "check"), name);
	path = buf_ok(&b, e) < 0 ? NULL : buf_take(&b);
	buf_release(&b);
	return path;
}

static int make_home(const struct pool *p, struct task *t, struct err *e)
{
	t->place.home = below(p, t, "home", e);
	t->place.work =
		t->after != NULL ? strdup(t->after->place.work) : below(p, t, "repo", e);
	if (t->place.home == NULL || t->place.work == NULL)
		return err_no_memory(e);
	return file_mkdirs(t->place.home, e);
}

static int run_in_all(
	const struct pool *p, struct task *t, const char *python, struct err *e)
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

/* The copy to work in. A task that comes after another works in that one's, in
 * which that one's command must have run: it has, unless its result was kept. */
static int prepare(const struct pool *p, struct task *t, struct err *e)
{
	struct task *first = t->after, twin;
	int ret = 0;

	if (first == NULL)
		return tree_copy(p->tree, t->place.work, e);
	pthread_mutex_lock(&first->lock);
	if (!first->prepared) {
		twin = *first;
		twin.check = json_copy(first->check, e);
		ret = twin.check == NULL ||
				tree_copy(p->tree, first->place.work, e) < 0 ||
				run_in_all(p, &twin, "", e) < 0
			? -1
			: 0;
		json_free(twin.check);
		first->prepared = ret == 0;
	}
	pthread_mutex_unlock(&first->lock);
	return ret;
}

/* ---- kept results ---- */

/* What a result depends on: the row, the tool, every file of the repository. */
static int cache_path(const struct pool *p, const struct task *t, const char *python,
	struct buf *out, struct err *e)
{
	struct buf key = BUF_INIT(1 << 20);
	char hex[DIGEST_HEX_MAX];
	int ret;

	json_print(t->row, JSON_COMPACT, &key);
	buf_addf(&key, "\n%s\n%s\n%s\n%s\n%s\n%s %d", MLOPS_VERSION,
		json_str_or(t->check, "id", ""), t->tool->path, t->tool->version, python,
		p->tree_digest, p->args->network);
	if (t->mirror != NULL)
		buf_addf(&key, "\n%s %s", t->mirror->path, t->mirror->label);
	ret = buf_ok(&key, e);
	if (ret == 0) {
		digest_hex(key.ptr, key.len, hex);
		buf_addf(out, "%s/%s.json", p->args->cache, hex);
		ret = buf_ok(out, e);
	}
	buf_release(&key);
	return ret;
}

/* 1 when a kept result has become the check's. One that cannot be read is none. */
static int cache_get(struct task *t, const char *path, struct err *e)
{
	struct err none = { 0 };
	cJSON *kept = json_parse_file(path, (size_t)16 << 20, &none);
	const char *status = json_str_or(kept, "status", "");

	if (strcmp(status, "pass") != 0 && strcmp(status, "fail") != 0) {
		json_free(kept);
		return 0;
	}
	json_free(t->check);
	t->check = kept;
	return json_set_bool(kept, "cached", 1, e) < 0 ? -1 : 1;
}

/* Keeps a verdict; errors and skips may pass with time. Losing one is no failure. */
static void cache_put(const struct pool *p, const struct task *t, const char *path)
{
	struct buf text = BUF_INIT((size_t)16 << 20);
	struct err ignored = { 0 };

	if (!check_is(t->check, "pass") && !check_is(t->check, "fail"))
		return;
	json_print(t->check, JSON_COMPACT, &text);
	if (buf_ok(&text, &ignored) == 0 && file_mkdirs(p->args->cache, &ignored) == 0)
		(void)file_write_atomic(path, text.ptr, text.len, 0644, 0, &ignored);
	buf_release(&text);
}

/* What the row needs beside its program. 1: all there; 0: the status is set. */
static int needs_met(
	const struct pool *p, struct task *t, struct buf *python, struct err *e)
{
	const cJSON *modules = json_get(t->row, "python");
	struct buf why = BUF_INIT(4096);
	int ret = 1;

	if (json_bool_or(t->row, "mirror", 0) && t->mirror == NULL)
		return check_set(t->check, "skipped", e, "%s", p->mirrors.why.ptr);
	if (modules != NULL) {
		ret = python_find(&p->python_names, modules, python, &why, e);
		if (ret == 0)
			ret = check_set(t->check, "skipped", e, "%s", why.ptr);
	}
	buf_release(&why);
	return ret;
}

/* Runs the row, or takes what is kept of an earlier time. */
static int run_or_recall(
	const struct pool *p, struct task *t, const char *python, struct err *e)
{
	struct buf kept = BUF_INIT(8192);
	int ret = 0;

	if (p->args->cache != NULL) {
		ret = cache_path(p, t, python, &kept, e) < 0 ? -1
							     : cache_get(t, kept.ptr, e);
		if (ret != 0)
			goto out;
	}
	ret = prepare(p, t, e) < 0 || run_in_all(p, t, python, e) < 0 ||
			check_settle(t->check, e) < 0
		? -1
		: 0;
	t->prepared = ret == 0;
	if (ret == 0 && p->args->cache != NULL)
		cache_put(p, t, kept.ptr);
out:
	buf_release(&kept);
	return ret < 0 ? -1 : 0;
}

static int run_task(const struct pool *p, struct task *t, struct err *e)
{
	int64_t start = clock_monotonic_ns();
	struct buf python = BUF_INIT(8192);
	int ret;

	if (t->files.n == 0)
		return check_set(t->check, "skipped", e,
			"nothing in the repository for it to check");
	if (t->after != NULL && !check_is(t->after->check, "pass")) {
		const char *id = json_str_or(t->after->check, "id", "");

		if (check_is(t->after->check, "skipped"))
			return check_set(t->check, "skipped", e, "%s",
				json_str_or(t->after->check, "reason", id));
		return check_set(t->check, "skipped", e, "%s did not pass", id);
	}
	if (json_bool_or(t->row, "network", 0) && !p->args->network)
		return check_set(t->check, "skipped", e, "needs the network (--network)");
	if (make_home(p, t, e) < 0)
		return -1;
	ret = tool_ready(p, t, e);
	if (ret == 1)
		ret = needs_met(p, t, &python, e);
	if (ret == 1)
		ret = run_or_recall(p, t, python.ptr, e) < 0 ? -1 : 1;
	if (ret == 1)
		ret = json_set_num(t->check, "duration_ms",
			(double)(clock_monotonic_ns() - start) / 1e6, e);
	buf_release(&python);
	return ret < 0 ? -1 : 0;
}

/* ---- the pool ---- */

static struct task *next_task(struct pool *p, int *all_done)
{
	*all_done = 1;
	for (size_t i = 0; i < p->n; i++) {
		struct task *t = &p->tasks[i];

		if (t->stage != WAITING)
			continue;
		*all_done = 0;
		if (t->after == NULL || t->after->stage == DONE)
			return t;
	}
	return NULL;
}

static void say(const struct pool *p, const struct task *t)
{
	const char *reason = json_str_or(t->check, "reason", NULL);

	const char *id = json_str_or(t->check, "id", ""),
		   *status = check_status(t->check);
	double s = json_num_or(t->check, "duration_ms", 0) / 1000;

	if (isatty(STDERR_FILENO))
		log_info(&p->env->log, "%-22s %-8s%5.1f s  %s", id, status, s,
			reason ? reason : "");
	else
		log_detail(&p->env->log, "%-22s %-8s%s%s", id, status, reason ? " " : "",
			reason ? reason : "");
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	int all_done = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->failed && stopped_by == 0) {
		struct task *t = next_task(p, &all_done);
		struct err bad = { 0 };
		int ret;

		if (all_done)
			break;
		if (t ==
			NULL) { /* woken when a task ends, as it soon does after a signal */
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		t->stage = RUNNING;
		pthread_mutex_unlock(&p->lock);
		ret = run_task(p, t, &bad);
		pthread_mutex_lock(&p->lock);
		t->stage = DONE;
		if (ret < 0 && !p->failed) {
			p->failed = 1;
			p->err = bad;
		}
		say(p, t);
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int run_pool(struct pool *p, struct err *e)
{
	size_t jobs = p->args->jobs < 1 ? 1
		: p->args->jobs > 64    ? 64
					: p->args->jobs,
	       started;
	pthread_t threads[64];

	for (started = 0; started < jobs && started < p->n; started++)
		if (pthread_create(&threads[started], NULL, worker, p) != 0)
			break;
	if (started == 0)
		(void)worker(p);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (!p->failed)
		return 0;
	*e = p->err;
	return -1;
}

/* ---- from the table to tasks ---- */

static struct tool *tool_named(struct pool *p, const char *name)
{
	for (size_t i = 0; i < p->n_tools; i++)
		if (strcmp(p->tools[i].name, name) == 0)
			return &p->tools[i];
	p->tools[p->n_tools].name = strdup(name);
	pthread_mutex_init(&p->tools[p->n_tools].lock, NULL);
	return p->tools[p->n_tools].name == NULL ? NULL : &p->tools[p->n_tools++];
}

static int wanted(const struct tools_args *a, const char *id, const char *tool)
{
	const char *p = a->only;

	for (; p != NULL && *p != '\0'; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if ((strlen(id) == n && memcmp(p, id, n) == 0) ||
			(strlen(tool) == n && memcmp(p, tool, n) == 0))
			return 1;
		p += n;
	}
	return a->only == NULL;
}

static int tree_has(const struct vtree *t, const cJSON *globs)
{
	for (size_t i = 0; i < t->n; i++)
		if (glob_any(globs, t->at[i].path))
			return 1;
	return 0;
}

static int add_task(
	struct pool *p, const cJSON *row, const struct mirror *m, struct err *e)
{
	const char *id, *tool, *title, *after = json_str_or(row, "after", NULL);
	struct task *t = &p->tasks[p->n];
	struct buf name = BUF_INIT(512);

	if (json_str(row, "id", &id, e) < 0 || json_str(row, "tool", &tool, e) < 0 ||
		json_str(row, "title", &title, e) < 0)
		return -1;
	*t = (struct task){ .row = row,
		.mirror = m,
		.tool = tool_named(p, tool),
		.lock = PTHREAD_MUTEX_INITIALIZER };
	buf_addf(&name, "%s%s%s", id, m != NULL && p->mirrors.n > 1 ? "@" : "",
		m != NULL && p->mirrors.n > 1 ? m->label : "");
	t->check = buf_ok(&name, e) < 0 ? NULL : check_new(name.ptr, title, tool, e);
	buf_release(&name);
	if (t->tool == NULL || t->check == NULL)
		return err_no_memory(e);
	p->n++;
	for (size_t i = 0; after != NULL && i + 1 < p->n; i++)
		if (p->tasks[i].mirror == m &&
			strcmp(json_str_or(p->tasks[i].row, "id", ""), after) == 0)
			t->after = &p->tasks[i];
	if (after != NULL && t->after == NULL)
		return err_set(e, ERR_CONFIG,
			"validators.json: '%s' comes after '%s', which is no row before "
			"it",
			id, after);
	if (json_get(row, "only_with") != NULL &&
		!tree_has(p->tree, json_get(row, "only_with")))
		return 0;
	for (size_t i = 0; i < p->tree->n; i++) {
		const char *path = p->tree->at[i].path;

		if (glob_any(json_get(row, "files"), path) &&
			!glob_any(json_get(row, "except"), path) &&
			texts_add(&t->files, path, strlen(path), e) < 0)
			return -1;
	}
	return 0;
}

/* A row that others come after is wanted when one of them is. */
static int wanted_by_later(const struct tools_args *a, const cJSON *row)
{
	for (const cJSON *r = json_next(row); r != NULL; r = json_next(r))
		if (strcmp(json_str_or(r, "after", ""), json_str_or(row, "id", "?")) ==
				0 &&
			wanted(a, json_str_or(r, "id", ""), json_str_or(r, "tool", "")))
			return 1;
	return 0;
}

static int plan_tasks(struct pool *p, const cJSON *table, struct err *e)
{
	const cJSON *rows;
	size_t n;

	if (json_arr(table, "checks", &rows, e) < 0) {
		err_where(e, "validators.json");
		e->code = ERR_CONFIG;
		return -1;
	}
	n = json_len(rows);
	p->tasks = calloc(n * (p->mirrors.n + 1) + 1, sizeof(*p->tasks));
	p->tools = calloc(n + 1, sizeof(*p->tools));
	if (p->tasks == NULL || p->tools == NULL)
		return err_no_memory(e);
	JSON_EACH (row, rows) {
		int mirrored = json_bool_or(row, "mirror", 0);
		size_t variants = mirrored && p->mirrors.n > 0 ? p->mirrors.n : 1;

		if (!wanted(p->args, json_str_or(row, "id", ""),
			    json_str_or(row, "tool", "")) &&
			!wanted_by_later(p->args, row))
			continue;
		for (size_t i = 0; i < variants; i++)
			if (add_task(p, row,
				    mirrored && p->mirrors.n > 0 ? &p->mirrors.at[i]
								 : NULL,
				    e) < 0)
				return -1;
	}
	return 0;
}

static void pool_release(struct pool *p)
{
	struct err ignored;

	for (size_t i = 0; i < p->n; i++) {
		free(p->tasks[i].place.work);
		free(p->tasks[i].place.home);
		texts_release(&p->tasks[i].files);
		json_free(p->tasks[i].check);
		pthread_mutex_destroy(&p->tasks[i].lock);
	}
	for (size_t i = 0; i < p->n_tools; i++) {
		free(p->tools[i].name);
		free(p->tools[i].path);
		free(p->tools[i].version);
		pthread_mutex_destroy(&p->tools[i].lock);
	}
	free(p->tasks);
	free(p->tools);
	mirrors_release(&p->mirrors);
	texts_release(&p->python_names);
	if (p->scratch != NULL)
		(void)file_remove_tree(p->scratch, &ignored);
	free(p->scratch);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
}

static int make_scratch(struct pool *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct buf b = BUF_INIT(4096);
	char *real;

	buf_addf(&b, "%s/mlops-validate-XXXXXX",
		tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (buf_ok(&b, e) < 0)
		return -1;
	if (mkdtemp(b.ptr) == NULL) {
		err_fill(e, ERR_CANT_CREATE, "cannot create '%s': %s", b.ptr,
			strerror(errno));
		buf_release(&b);
		return -1;
	}
	real = realpath(b.ptr, NULL); /* tools print the real name */
	p->scratch = real != NULL ? real : strdup(b.ptr);
	buf_release(&b);
	return p->scratch == NULL ? err_no_memory(e) : 0;
}

static int digest_tree(struct pool *p, struct err *e)
{
	struct buf all = BUF_INIT(BUF_NO_LIMIT);
	char hex[DIGEST_HEX_MAX];
	int ret;

	for (size_t i = 0; i < p->tree->n; i++) {
		const struct vfile *f = &p->tree->at[i];

		digest_hex(f->bytes.ptr, f->bytes.len, hex);
		buf_addf(&all, "%o %s %s\n", f->mode, hex, f->path);
	}
	ret = buf_ok(&all, e);
	if (ret == 0)
		digest_hex(all.ptr, all.len, p->tree_digest);
	buf_release(&all);
	return ret;
}

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* The run between two changes of what signals do: one of them ends the tools, the
 * scratch directory goes, and then the signal has its usual effect. */
static int run_guarded(struct pool *p, struct err *e)
{
	struct sigaction catch = { .sa_handler = on_stop },
			 before[ARRAY_LEN(stop_signals)];
	int ret;

	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
		sigaction(stop_signals[i], &catch, &before[i]);
	ret = run_pool(p, e);
	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
		sigaction(stop_signals[i], &before[i], NULL);
	if (stopped_by != 0) {
		struct err ignored;

		(void)file_remove_tree(p->scratch, &ignored);
		signal(stopped_by, SIG_DFL);
		raise(stopped_by);
	}
	return ret;
}

int tools_run(struct node_env *env, const struct tools_args *args, const struct vtree *t,
	cJSON *checks, struct err *e)
{
	struct pool p = { .env = env,
		.args = args,
		.tree = t,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	cJSON *table = env_read_json(env, "validators.json", e);
	int ret = -1;

	if (table == NULL || mirrors_find(&p.mirrors, t, e) < 0 ||
		python_requirements(t, &p.python_names, e) < 0 ||
		digest_tree(&p, e) < 0 || make_scratch(&p, e) < 0 ||
		plan_tasks(&p, table, e) < 0 || run_guarded(&p, e) < 0)
		goto out;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < p.n; i++) {
		ret = json_push(checks, p.tasks[i].check, e);
		p.tasks[i].check = NULL;
	}
out:
	pool_release(&p);
	json_free(table);
	return ret;
}
