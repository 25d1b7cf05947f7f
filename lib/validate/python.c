/* Which Python can run the repository's own tests: the first that has all that its
 * requirements files name. */
#include "run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A distribution's name as PEP 503 compares it: lower case, runs of "-_." one "-". */
static int add_name(struct texts *to, const char *s, size_t n, struct err *e)
{
	char name[128];
	size_t k = 0;

	for (size_t i = 0; i < n && k + 1 < sizeof(name); i++) {
		int sep = strchr("-_.", s[i]) != NULL;

		if (!sep)
			name[k++] = (char)tolower((unsigned char)s[i]);
		else if (k > 0 && name[k - 1] != '-')
			name[k++] = '-';
	}
	return k == 0 ? 0 : texts_add_once(to, name, k, e);
}

/* What the programs import; what develops them is asked for row by row. */
static int requirements_of_programs(const char *path)
{
	return (glob_match("requirements/*.txt", path) ||
		       glob_match("**/requirements*.txt", path)) &&
		!glob_match("**/*dev*.txt", path);
}

int python_requirements(const struct vtree *t, struct texts *names, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const char *p = t->at[i].bytes.ptr;

		if (!requirements_of_programs(t->at[i].path))
			continue;
		while (*p != '\0') {
			size_t line = strcspn(p, "\n"), n = 0;

			while (n < line &&
				(isalnum((unsigned char)p[n]) ||
					(n > 0 && strchr("-_.", p[n]) != NULL)))
				n++;
			if (n > 0 && add_name(names, p, n, e) < 0)
				return -1;
			p += line + (p[line] == '\n');
		}
	}
	return 0;
}

static const char probe[] = "import sys\n"
			    "import importlib.metadata as m\n"
			    "for n in sys.argv[1:]:\n"
			    "    try:\n"
			    "        m.version(n)\n"
			    "    except Exception:\n"
			    "        print(n)\n";

/* 1 when `python` has all names; 0 with the missing ones, comma separated; -1. */
static int has_all(const char *python, const struct texts *names, const cJSON *also,
	struct buf *missing, struct err *e)
{
	const char **argv = calloc(names->n + json_len(also) + 6, sizeof(*argv));
	struct buf out = BUF_INIT(1 << 16), err = BUF_INIT(1 << 16);
	struct proc_spec spec = { .argv = argv,
		.out = &out,
		.err = &err,
		.timeout_ns = (int64_t)20 * 1000000000,
		.end_on_overflow = 1 };
	struct proc_result r;
	struct err ignored = { 0 };
	size_t n = 0;
	int ret = 0;

	if (argv == NULL)
		return err_no_memory(e);
	argv[n++] = python;
	argv[n++] = "-B";
	argv[n++] = "-c";
	argv[n++] = probe;
	JSON_EACH (a, also)
		if (json_text(a) != NULL)
			argv[n++] = json_text(a);
	for (size_t i = 0; i < names->n; i++)
		argv[n++] = names->at[i];
	if (proc_run(&spec, &r, &ignored) == 0 && r.status == 0 && r.signal == 0 &&
		!r.timed_out) {
		ret = out.len == 0;
		for (size_t i = 0; i < out.len; i++) {
			if (out.ptr[i] == '\n' && i + 1 < out.len)
				buf_add_str(missing, ", ");
			else if (out.ptr[i] != '\n')
				buf_add_char(missing, out.ptr[i]);
		}
	} else {
		buf_add_str(missing, "everything (it does not run)");
	}
	free(argv);
	buf_release(&out);
	buf_release(&err);
	return ret;
}

/* "python3" beside a program of PATH: the interpreter of its virtual environment. */
static void beside(const char *program, struct buf *out)
{
	char *slash;

	if (!proc_find(program, NULL, out))
		return;
	slash = strrchr(out->ptr, '/');
	buf_cut(out, (size_t)(slash - out->ptr) + 1);
	buf_add_str(out, "python3");
	if (!file_is_regular(out->ptr))
		buf_reset(out);
}

int python_find(const struct texts *names, const cJSON *also, struct buf *out,
	struct buf *why, struct err *e)
{
	static const char *const places[] = { "python3", "python3.13", "python3.12",
		"python3.14", "python3.11" };
	const char *given = getenv("MLOPS_PYTHON");
	struct buf missing = BUF_INIT(1 << 16);
	int found = 0, any = 0;

	for (size_t i = 0; i < ARRAY_LEN(places) + 3 && found == 0; i++) {
		buf_reset(out);
		if (i == 0 && given != NULL && *given != '\0')
			buf_add_str(out, given);
		else if (i == 1)
			beside("pytest", out);
		else if (i == 2)
			beside("mypy", out);
		else if (i > 2)
			(void)proc_find(places[i - 3], NULL, out);
		if (out->len == 0)
			continue;
		buf_reset(&missing);
		found = has_all(out->ptr, names, also, &missing, e);
		if (!any && found == 0)
			buf_addf(why,
				"no Python here has the repository's requirements: %s "
				"missing",
				missing.ptr);
		any = 1;
	}
	if (!any)
		buf_add_str(why, "Python is not installed");
	buf_release(&missing);
	return found;
}
