#include "regions.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#define CODEGEN   "codegen"
#define ROUNDS    3
#define BODY_MAX  20000
#define FINDINGS  12
#define TIMEOUT_S INT64_C(1200)

/* ---- where a region lies ---- */

static size_t line_end(const char *text, size_t at)
{
	size_t n = strcspn(text + at, "\n");

	return at + n + (text[at + n] == '\n');
}

static size_t blanks(const char *line)
{
	return strspn(line, " ");
}

static int is_blank_line(const char *line)
{
	return line[blanks(line)] == '\n' || line[blanks(line)] == '\0';
}

/* "def NAME(" or "class NAME" at the start of a line's text. */
static int declares(const char *line, const char *word, const char *name)
{
	const char *p = line + blanks(line);
	size_t w = strlen(word), n = strlen(name);

	return strncmp(p, word, w) == 0 && p[w] == ' ' &&
		strncmp(p + w + 1, name, n) == 0 && strchr("(:", p[w + 1 + n]) != NULL;
}

/* The end of the signature: the line that ends with a colon outside brackets. */
static size_t signature_end(const char *text, size_t at)
{
	int depth = 0;

	for (; text[at] != '\0'; at++) {
		if (strchr("([{", text[at]) != NULL)
			depth++;
		else if (strchr(")]}", text[at]) != NULL)
			depth--;
		else if (text[at] == ':' && depth == 0 && text[at + 1] == '\n')
			return at + 2;
	}
	return at;
}

static size_t skip_docstring(const char *text, size_t at)
{
	const char *p = text + at + blanks(text + at), *end;

	if (strncmp(p, "\"\"\"", 3) != 0)
		return at;
	end = strstr(p + 3, "\"\"\"");
	return end == NULL ? at : line_end(text, (size_t)(end - text));
}

static size_t block_end(const char *text, size_t at, size_t indent)
{
	size_t end = at;

	while (text[at] != '\0') {
		if (!is_blank_line(text + at)) {
			if (blanks(text + at) < indent)
				break;
			end = line_end(text, at);
		}
		at = line_end(text, at);
	}
	return end;
}

int region_find(
	const char *text, const char *class, const char *function, struct region_at *out)
{
	int within = class == NULL;

	for (size_t at = 0; text[at] != '\0'; at = line_end(text, at)) {
		if (!within) {
			within = declares(text + at, "class", class);
			continue;
		}
		if (!declares(text + at, "def", function))
			continue;
		out->indent = blanks(text + at) + 4;
		out->start = skip_docstring(text, signature_end(text, at));
		out->end = block_end(text, out->start, out->indent);
		return out->end > out->start;
	}
	return 0;
}

/* ---- a body ---- */

/* Why a body cannot stand in the region; NULL: it can. */
static const char *judge(const char *body, const struct region_at *at)
{
	static const char *const never[] = { "subprocess", "socket", "eval(", "exec(",
		"compile(", "__import__", "importlib", "os.environ", "getenv", "open(",
		"urllib", "requests.", "httpx", "pickle", "ctypes", "# model: " };
	size_t lines = 0;

	if (strlen(body) > BODY_MAX)
		return "it is too long";
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (strstr(body, never[i]) != NULL)
			return "it reaches for what domain logic does not need";
	for (const char *p = body; *p != '\0'; p += strcspn(p, "\n"), p += *p == '\n') {
		if (is_blank_line(p))
			continue;
		lines++;
		if (blanks(p) < at->indent || p[blanks(p)] == '\t')
			return "its lines are not indented as the region is";
	}
	return lines == 0 ? "it is empty" : NULL;
}

static int splice(const struct buf *text, const struct region_at *at, const char *name,
	const char *body, struct buf *out, struct err *e)
{
	int pad = (int)at->indent;

	buf_add(out, text->ptr, at->start);
	buf_addf(out, "%*s# model: begin %s\n%s%s%*s# model: end %s\n", pad, "", name,
		body, body[strlen(body) - 1] == '\n' ? "" : "\n", pad, "", name);
	buf_add_str(out, text->ptr + at->end);
	return buf_ok(out, e);
}

/* ---- the validators ---- */

/* The repository as it would be, as a state for mlops-validate; files below dir. */
static cJSON *lay_out(struct gen *g, const struct gen_file *changed,
	const struct buf *text, const char *dir, struct err *e)
{
	cJSON *state = state_new(e), *m = state == NULL ? NULL : manifest_new(e);

	for (size_t i = 0; m != NULL && i < g->files->n; i++) {
		const struct gen_file *f = &g->files->at[i];
		const struct buf *t = f == changed ? text : &f->text;

		if (file_write_below(dir, f->path, t->ptr, t->len,
			    strcmp(f->mode, "0755") == 0 ? 0755 : 0644, e) < 0 ||
			manifest_put(m, f->path, t->ptr, t->len, f->kind, f->mode,
				f->origin, e) < 0) {
			json_free(m);
			m = NULL;
		}
	}
	if (m == NULL || manifest_seal(m, e) < 0) {
		json_free(m);
		json_free(state);
		return NULL;
	}
	if (json_set(state, "artifacts", m, e) < 0 ||
		json_set_copy(state, "plan", g->plan, e) < 0) {
		json_free(state);
		return NULL;
	}
	return state;
}

static int was_run(const cJSON *checks, const char *tool)
{
	JSON_EACH (c, checks)
		if (strcmp(json_str_or(c, "tool", ""), tool) == 0 &&
			strcmp(json_str_or(c, "status", ""), "skipped") != 0)
			return 1;
	return 0;
}

static int collect(const cJSON *checks, cJSON *findings, struct err *e)
{
	JSON_EACH (c, checks) {
		if (strcmp(json_str_or(c, "status", ""), "fail") != 0)
			continue;
		if (json_len(json_get(c, "findings")) == 0 &&
			json_push_strf(findings, e, "%s failed: %.300s",
				json_str_or(c, "title", "?"),
				json_str_or(c, "reason", "")) < 0)
			return -1;
		JSON_EACH (f, json_get(c, "findings"))
			if (json_len(findings) < FINDINGS &&
				json_push_strf(findings, e, "%s: %s line %.0f: %.300s",
					json_str_or(c, "id", "?"),
					json_str_or(f, "file", "?"),
					json_num_or(f, "line", 0),
					json_str_or(f, "message", "")) < 0)
				return -1;
	}
	return 0;
}

/* 1: all passed; 0: not, *findings tells; -1 with *e. */
static int read_reports(const struct buf *out, cJSON *findings, struct err *e)
{
	static const char *const needed[] = { "ruff", "mypy", "pytest" };
	cJSON *state = json_parse(out->ptr, out->len, JSON_STRICT, e);
	const cJSON *reports = json_get(state, "reports"),
		    *checks = json_get(reports, "checks");
	int ret = state == NULL ? -1 : collect(checks, findings, e);

	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(needed); i++)
		if (!was_run(checks, needed[i]))
			ret = json_push_strf(
				findings, e, "%s is not there to check it", needed[i]);
	if (ret == 0)
		ret = json_len(findings) == 0;
	json_free(state);
	return ret;
}

static int run_validators(struct gen *g, const cJSON *state, const char *dir,
	cJSON *findings, struct err *e)
{
	struct buf exe = BUF_INIT(8192), in = BUF_INIT(BUF_NO_LIMIT),
		   out = BUF_INIT(STATE_TEXT_MAX), noise = BUF_INIT(1 << 20);
	/* what reads Python, and what is built in; node 10 runs all of them on the whole */
	const char *argv[] = { NULL, "--compact", "-q", "--share", g->env->share, "-C",
		dir, "--tools", "ruff,mypy,pytest", NULL };
	struct proc_spec spec = { .argv = argv,
		.out = &out,
		.err = &noise,
		.timeout_ns = TIMEOUT_S * 1000000000 };
	struct proc_result p;
	int ret = -1;

	if (env_sibling("mlops-validate", &exe, e) < 0)
		goto done;
	json_print(state, JSON_COMPACT, &in);
	argv[0] = exe.ptr;
	spec.in = in.ptr;
	spec.in_len = in.len;
	if (buf_ok(&in, e) < 0 || proc_run(&spec, &p, e) < 0)
		goto done;
	if (p.signal != 0 || (p.status != 0 && p.status != 12))
		ret = json_push_strf(findings, e,
			"the validators could not run (status %d)", p.status);
	else
		ret = read_reports(&out, findings, e);
done:
	buf_release(&exe);
	buf_release(&in);
	buf_release(&out);
	buf_release(&noise);
	return ret;
}

static int validate(struct gen *g, const struct gen_file *changed, const struct buf *text,
	cJSON *findings, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char dir[4096];
	cJSON *state;
	struct err ignored;
	int ret = -1;

	snprintf(dir, sizeof(dir), "%s/mlops-codegen-XXXXXX",
		tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return err_set(e, ERR_CANT_CREATE, "cannot make a scratch directory: %s",
			strerror(errno));
	state = lay_out(g, changed, text, dir, e);
	if (state != NULL)
		ret = run_validators(g, state, dir, findings, e);
	json_free(state);
	(void)file_remove_tree(dir, &ignored);
	return ret;
}

/* ---- asking ---- */

static cJSON *question(struct gen *g, const cJSON *region, const struct gen_file *f,
	const struct region_at *at, const cJSON *findings, struct err *e)
{
	cJSON *in = json_new_object(e), *r;

	r = in == NULL ? NULL : json_add_object(in, "region", e);
	if (r == NULL ||
		json_set_str(r, "name", json_str_or(region, "name", ""), e) < 0 ||
		json_set_str(r, "file", f->path, e) < 0 ||
		json_set_str(r, "purpose", json_str_or(region, "purpose", ""), e) < 0 ||
		json_setf(r, "before", e, "%.*s", (int)at->start, f->text.ptr) < 0 ||
		json_setf(r, "body", e, "%.*s", (int)(at->end - at->start),
			f->text.ptr + at->start) < 0 ||
		json_set_str(r, "after", f->text.ptr + at->end, e) < 0 ||
		json_set_copy(in, "constraints", g->constraints, e) < 0 ||
		json_set_copy(in, "findings", findings, e) < 0) {
		json_free(in);
		return NULL;
	}
	return in;
}

/* An agent may read the file; what it answers is the body all the same. */
static cJSON *files_of(const struct gen_file *f, struct err *e)
{
	cJSON *list = json_new_array(e),
	      *o = list == NULL ? NULL : json_push_object(list, e);

	if (o == NULL || json_set_str(o, "path", f->path, e) < 0 ||
		json_set_str(o, "text", f->text.ptr, e) < 0 ||
		json_set_bool(o, "writable", 0, e) < 0) {
		json_free(list);
		return NULL;
	}
	return list;
}

static int ask(struct gen *g, const cJSON *region, const struct gen_file *f,
	const struct region_at *at, const cJSON *findings, cJSON **answer, struct err *e)
{
	cJSON *in = question(g, region, f, at, findings, e),
	      *files = in == NULL ? NULL : files_of(f, e);
	int ret = files == NULL ? -1 : model_ask(g->env, CODEGEN, in, files, answer, e);

	json_free(in);
	json_free(files);
	return ret;
}

static int is_unchanged(
	const struct gen_file *f, const struct region_at *at, const char *body)
{
	return strlen(body) == at->end - at->start &&
		memcmp(body, f->text.ptr + at->start, at->end - at->start) == 0;
}

/* One answer: 1 it was taken (or changes nothing), 0 *findings says why not, -1. */
static int take(struct gen *g, const char *name, struct gen_file *f,
	const struct region_at *at, const cJSON *answer, cJSON *findings, struct err *e)
{
	const char *body = json_str_or(answer, "body", ""), *why = judge(body, at);
	struct buf text = BUF_INIT(GEN_FILE_MAX);
	int ret = -1;

	if (is_unchanged(f, at, body))
		return 1;
	if (why != NULL)
		return json_push_str(findings, why, e);
	if (splice(&f->text, at, name, body, &text, e) == 0)
		ret = validate(g, f, &text, findings, e);
	if (ret > 0) {
		buf_release(&f->text);
		f->text = text;
		text = (struct buf)BUF_INIT(GEN_FILE_MAX);
		ret = model_accept(g->env, CODEGEN, e,
			      "the region %s of %s: %.200s; ruff, mypy, the tests and "
			      "the built-in checks pass",
			      name, f->path, json_str_or(answer, "summary", "")) < 0
			? -1
			: 1;
	}
	buf_release(&text);
	return ret;
}

static int fill(struct gen *g, const cJSON *region, struct gen_file *f,
	const struct region_at *at, struct err *e)
{
	const char *name = json_str_or(region, "name", "region");
	cJSON *findings = json_new_array(e), *answer = NULL;
	int ret = findings == NULL ? -1 : 0, asked = 1;

	for (int round = 0; ret == 0 && asked > 0 && round < ROUNDS; round++) {
		asked = ask(g, region, f, at, findings, &answer, e);
		json_free(findings);
		findings = json_new_array(e);
		ret = asked < 0 || findings == NULL ? -1
			: asked > 0 ? take(g, name, f, at, answer, findings, e)
				    : 0;
		json_free(answer);
		answer = NULL;
	}
	if (ret == 0 && asked > 0)
		ret = model_refuse(g->env, CODEGEN, e,
			"the region %s of %s after %d tries: %.300s", name, f->path,
			ROUNDS,
			json_text(json_item(findings, 0)) != NULL
				? json_text(json_item(findings, 0))
				: "");
	json_free(findings);
	return ret < 0 ? -1 : 0;
}

int regions_fill(struct gen *g, struct err *e)
{
	cJSON *doc;
	int ret = 0;

	if (!model_wanted(g->env))
		return 0;
	doc = env_read_json(g->env, "skeleton/model-regions.json", e);
	if (doc == NULL)
		return -1;
	JSON_EACH (region, json_get(doc, "regions"))
		for (size_t i = 0; ret == 0 && i < g->files->n; i++) {
			struct gen_file *f = &g->files->at[i];
			struct region_at at;

			if (fnmatch(json_str_or(region, "file", ""), f->path,
				    FNM_PATHNAME) == 0 &&
				region_find(f->text.ptr,
					json_str_or(region, "class", NULL),
					json_str_or(region, "function", ""), &at))
				ret = fill(g, region, f, &at, e);
		}
	json_free(doc);
	return ret;
}
