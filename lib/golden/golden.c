#include "golden.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff/diff.h"
#include "graph/graph.h"

#define FROZEN_TIME "1700000000"
#define SHOWN_MAX   20 /* changes shown of one key */

/* Measurements, clock times and what is frozen elsewhere. */
static const char *const left_out[] = { "run_meta", "reports", "artifacts" };

/* ---- one brief ---- */

struct golden {
	const struct golden_options *o;
	char *name, *brief, *folder; /* "rag", DIR/rag.md, DIR/rag */
	char *tmp;
	cJSON *options;
	struct graph_result result;
	cJSON *state;     /* as it is frozen */
	struct buf files; /* "MODE SHA256 PATH" lines */
};

static char *path(struct err *e, const char *a, const char *b, const char *c)
{
	struct buf p = BUF_INIT(8192);
	int ok;

	buf_addf(&p, "%s%s%s", a, b, c);
	ok = buf_ok(&p, e) == 0;
	return ok ? buf_take(&p) : NULL;
}

static void golden_release(struct golden *g)
{
	struct err ignored;

	if (g->tmp != NULL)
		(void)file_remove_tree(g->tmp, &ignored);
	free(g->name);
	free(g->brief);
	free(g->folder);
	free(g->tmp);
	json_free(g->options);
	json_free(g->result.state);
	json_free(g->state);
	buf_release(&g->files);
}

static int load_options(struct golden *g, struct err *e)
{
	char *file = path(e, g->folder, ".options.json", "");

	if (file == NULL)
		return -1;
	g->options = file_is_regular(file) ? json_parse_file(file, 1 << 20, e)
					   : json_new_object(e);
	free(file);
	/* Which tools a machine has is no part of what is frozen. */
	return g->options == NULL ? -1 : json_set_str(g->options, "tools", "none", e);
}

static int golden_init(
	struct golden *g, const struct golden_options *o, const char *file, struct err *e)
{
	const char *tmp = getenv("TMPDIR");

	*g = (struct golden){ .o = o, .files = BUF_INIT(BUF_NO_LIMIT) };
	g->name = strndup(file, strlen(file) - 3);
	g->tmp = path(e, tmp != NULL && *tmp ? tmp : "/tmp", "/mlops-golden-XXXXXX", "");
	if (g->name == NULL || g->tmp == NULL)
		return err_no_memory(e);
	if (mkdtemp(g->tmp) == NULL) {
		err_fill(e, ERR_CANT_CREATE, "cannot make a directory like '%s'", g->tmp);
		free(g->tmp);
		g->tmp = NULL;
		return -1;
	}
	g->brief = path(e, o->dir, "/", file);
	g->folder = path(e, o->dir, "/", g->name);
	return g->brief == NULL || g->folder == NULL ? -1 : load_options(g, e);
}

static int is_left_out(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
		if (strcmp(left_out[i], key) == 0)
			return 1;
	return 0;
}

/* Ids follow from contents that are frozen themselves; they would only repeat that
 * something changed. */
static int freeze_cards(cJSON *state, struct err *e)
{
	size_t n = json_len(json_get(state, "reason_cards"));

	for (size_t i = 0; i < n; i++) {
		char pointer[48];
		cJSON *card;

		snprintf(pointer, sizeof(pointer), "/reason_cards/%zu", i);
		card = json_edit(state, pointer);
		if (json_set_null(card, "decision_id", e) < 0 ||
			json_set_null(card, "run_id", e) < 0)
			return -1;
	}
	return 0;
}

static int freeze(struct golden *g, struct err *e)
{
	g->state = json_new_object(e);
	if (g->state == NULL)
		return -1;
	JSON_EACH (m, g->result.state)
		if (!is_left_out(json_key(m)) &&
			json_set_copy(g->state, json_key(m), m, e) < 0)
			return -1;
	json_remove(json_edit(g->state, "/diff_summary"),
		"git_commit"); /* has tool results */
	JSON_EACH (f, json_at(g->result.state, "/artifacts/files"))
		if (strcmp(json_str_or(f, "origin", ""), MANIFEST_ORIGIN_TOOL) != 0)
			buf_addf(&g->files, "%s %s %s\n", json_str_or(f, "mode", ""),
				json_str_or(f, "sha256", ""), json_str_or(f, "path", ""));
	return freeze_cards(g->state, e) < 0 ? -1 : buf_ok(&g->files, e);
}

static int golden_run(struct golden *g, struct err *e)
{
	char *out = path(e, g->tmp, "/out", ""),
	     *db = path(e, "sqlite:", g->tmp, "/mlops.db");
	struct graph_options o = { .brief = g->brief,
		.out = out,
		.db = db,
		.share = g->o->share,
		.project = g->name,
		.actor = "golden",
		.passed = g->options,
		.yes = 1,
		.quiet = 1,
		.stop = g->o->stop };
	int ret = out == NULL || db == NULL ? -1 : graph_run(&o, &g->result, e);

	if (ret < 0)
		err_where(e, "%s", g->brief);
	free(out);
	free(db);
	return ret < 0 ? -1 : freeze(g, e);
}

/* ---- what else is frozen ---- */

static cJSON *capabilities(const cJSON *state, struct err *e)
{
	cJSON *list = json_new_array(e);

	JSON_EACH (s, json_at(state, "/plan/slots")) {
		const char *c = json_str_or(s, "capability", NULL);

		if (list != NULL && c != NULL && !json_has_text(list, c) &&
			json_push_str(list, c, e) < 0) {
			json_free(list);
			return NULL;
		}
	}
	return list;
}

static cJSON *facts(const struct golden *g, struct err *e)
{
	cJSON *f = json_new_object(e);
	const cJSON *s = g->result.state;

	if (f != NULL && json_set_int(f, "answer", g->result.answer, e) == 0 &&
		json_set_str(f, "content_digest",
			json_text(json_at(s, "/artifacts/content_digest")), e) == 0 &&
		json_set_str(f, "policy", json_text(json_at(s, "/policy/overall")), e) ==
			0 &&
		json_set(f, "capabilities", capabilities(s, e), e) == 0)
		return f;
	json_free(f);
	return NULL;
}

static int write_json(const char *folder, const char *name, const cJSON *v, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	char *file = path(e, folder, "/", name);
	int ret = -1;

	json_print(v, JSON_PRETTY, &text);
	buf_add_char(&text, '\n');
	if (file != NULL && buf_ok(&text, e) == 0)
		ret = file_write_atomic(file, text.ptr, text.len, 0644, 0, e);
	free(file);
	buf_release(&text);
	return ret;
}

static int write_golden(struct golden *g, struct err *e)
{
	char *files = path(e, g->folder, "/files.txt", "");
	cJSON *f = facts(g, e);
	int ret = -1;

	if (files != NULL && f != NULL && file_mkdirs(g->folder, e) == 0 &&
		write_json(g->folder, "state.json", g->state, e) == 0 &&
		file_write_atomic(files, g->files.ptr, g->files.len, 0644, 0, e) == 0)
		ret = write_json(g->folder, "golden.json", f, e);
	free(files);
	json_free(f);
	return ret;
}

static int record(struct golden *g, struct buf *out, struct err *e)
{
	if (golden_run(g, e) < 0)
		return -1;
	if (strcmp(json_str_or(json_get(g->state, "policy"), "overall", ""), "fail") == 0)
		return err_set(
			e, ERR_INPUT, "'%s' is not frozen: policy fails it", g->brief);
	if (write_golden(g, e) < 0)
		return -1;
	buf_addf(out, "frozen  %s\n", g->name);
	return 0;
}

/* ---- verifying ---- */

struct verdict {
	struct golden *g;
	struct buf *out;   /* for people */
	struct buf *cases; /* JUnit */
	size_t checks, failures;
};

static void xml(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '"':
			buf_add_str(out, "&quot;");
			break;
		default:
			buf_add_char(out,
				(unsigned char)*text < 0x20 && *text != '\n' ? ' '
									     : *text);
		}
}

/* One check; `why` is empty when it passed. */
static void judge(struct verdict *v, const char *check, const char *why)
{
	v->checks++;
	buf_add_str(v->cases, "    <testcase classname=\"");
	xml(v->cases, v->g->name);
	buf_add_str(v->cases, "\" name=\"");
	xml(v->cases, check);
	if (*why == '\0') {
		buf_add_str(v->cases, "\"/>\n");
		return;
	}
	v->failures++;
	buf_add_str(v->cases, "\"><failure message=\"differs\">");
	xml(v->cases, why);
	buf_add_str(v->cases, "</failure></testcase>\n");
	buf_addf(v->out, "FAILED  %s: %s\n%s", v->g->name, check, why);
	if (why[strlen(why) - 1] != '\n')
		buf_add_char(v->out, '\n');
}

static int check_key(struct verdict *v, const char *key, const cJSON *was,
	const cJSON *is, struct err *e)
{
	struct buf why = BUF_INIT(BUF_NO_LIMIT);
	char at[80], check[80];
	cJSON *changes;

	snprintf(at, sizeof(at), "/%s", key);
	snprintf(check, sizeof(check), "state: %s", key);
	changes = diff_values(at, was, is, e);
	if (changes == NULL)
		return -1;
	diff_print_changes(changes, SHOWN_MAX, &why);
	judge(v, check, why.ptr);
	json_free(changes);
	buf_release(&why);
	return 0;
}

static int check_state(struct verdict *v, const cJSON *frozen, struct err *e)
{
	const cJSON *now = v->g->state;

	JSON_EACH (m, frozen)
		if (check_key(v, json_key(m), m, json_get(now, json_key(m)), e) < 0)
			return -1;
	JSON_EACH (m, now)
		if (!json_has(frozen, json_key(m)) &&
			check_key(v, json_key(m), NULL, m, e) < 0)
			return -1;
	return 0;
}

/* Lines that only one of two sorted lists has; the path is what is compared. */
static void list_changes(const char *a, const char *b, struct buf *why)
{
	while (*a != '\0' || *b != '\0') {
		size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");
		const char *pa = na > 70 ? a + 70 : a, *pb = nb > 70 ? b + 70 : b;
		size_t la = na - (size_t)(pa - a), lb = nb - (size_t)(pb - b);
		int order = *a == '\0' ? 1
			: *b == '\0'   ? -1
				       : strncmp(pa, pb, la > lb ? la : lb);

		if (order < 0)
			buf_addf(why, "- %.*s\n", (int)la, pa);
		else if (order > 0)
			buf_addf(why, "+ %.*s\n", (int)lb, pb);
		else if (na != nb || memcmp(a, b, na) != 0)
			buf_addf(why, "~ %.*s\n", (int)la, pa);
		if (order <= 0)
			a += na + (a[na] == '\n');
		if (order >= 0)
			b += nb + (b[nb] == '\n');
	}
}

static int check_files(struct verdict *v, struct err *e)
{
	struct buf frozen = BUF_INIT(BUF_NO_LIMIT), why = BUF_INIT(BUF_NO_LIMIT);
	char *file = path(e, v->g->folder, "/files.txt", "");
	int ret = file == NULL ? -1 : file_read(file, &frozen, e);

	if (ret == 0) {
		list_changes(frozen.ptr, v->g->files.ptr, &why);
		judge(v, "repository", why.ptr);
	}
	free(file);
	buf_release(&frozen);
	buf_release(&why);
	return ret;
}

static int check_schemas(struct verdict *v, struct err *e)
{
	struct node_env env = { 0 };
	struct common_args common = { .share = v->g->o->share };
	struct buf why = BUF_INIT(BUF_NO_LIMIT);

	if (env_init(&env, "mlops golden", &common, e) < 0)
		return -1;
	JSON_EACH (m, v->g->result.state) {
		char *file = path(e, env.share, "/schemas/", json_key(m));
		char *full = file == NULL ? NULL : path(e, file, ".schema.json", "");
		struct err bad = { 0 };
		struct schema *s = NULL;

		if (full != NULL && file_is_regular(full)) {
			s = schema_load(full, &bad);
			if (s == NULL || schema_check(s, m, json_key(m), &bad) < 0)
				buf_addf(&why, "%s\n", bad.msg);
		}
		schema_free(s);
		free(file);
		free(full);
	}
	judge(v, "schemas", why.ptr);
	env_release(&env);
	buf_release(&why);
	return 0;
}

static void check_facts(struct verdict *v, const cJSON *frozen)
{
	const cJSON *s = v->g->result.state;
	struct buf why = BUF_INIT(BUF_NO_LIMIT);
	const char *overall = json_str_or(json_get(s, "policy"), "overall", "");

	if (json_num_or(frozen, "answer", -1) != v->g->result.answer)
		buf_addf(&why, "- %.0f\n+ %d\n", json_num_or(frozen, "answer", -1),
			v->g->result.answer);
	judge(v, "answer", why.ptr);
	judge(v, "policy is not fail",
		strcmp(overall, "fail") == 0 ? "policy.overall is fail" : "");
	buf_reset(&why);
	JSON_EACH (c, json_get(frozen, "capabilities")) {
		int found = 0;

		JSON_EACH (slot, json_at(s, "/plan/slots"))
			found |= strcmp(json_str_or(slot, "capability", ""),
					 json_text(c)) == 0;
		if (!found)
			buf_addf(&why, "- %s\n", json_text(c));
	}
	judge(v, "mandatory capabilities", why.ptr);
	buf_release(&why);
}

static cJSON *read_frozen(const struct golden *g, const char *name, struct err *e)
{
	char *file = path(e, g->folder, "/", name);
	cJSON *v = file == NULL ? NULL : json_parse_file(file, STATE_TEXT_MAX, e);

	if (v == NULL && e->code == ERR_NO_INPUT)
		err_where(e, "'%s' was never frozen (mlops golden record)", g->name);
	free(file);
	return v;
}

static int verify(struct golden *g, struct verdict *v, struct err *e)
{
	cJSON *state = read_frozen(g, "state.json", e),
	      *f = read_frozen(g, "golden.json", e);
	size_t before = v->failures;
	int ret = -1;

	v->g = g;
	if (state != NULL && f != NULL && golden_run(g, e) == 0) {
		check_facts(v, f);
		ret = check_schemas(v, e) < 0 || check_state(v, state, e) < 0 ||
				check_files(v, e) < 0
			? -1
			: 0;
	}
	if (ret == 0 && v->failures == before)
		buf_addf(v->out, "ok      %s\n", g->name);
	json_free(state);
	json_free(f);
	return ret;
}

/* ---- the folder ---- */

static int is_brief(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && strcmp(name + n - 3, ".md") == 0 &&
		strcmp(name, "README.md") != 0;
}

static int each_brief(
	const struct golden_options *o, struct verdict *v, struct buf *out, struct err *e)
{
	char **names;
	size_t n, found = 0;
	int ret = 0;

	if (file_list(o->dir, &names, &n, e) < 0)
		return -1;
	setenv("SOURCE_DATE_EPOCH", FROZEN_TIME, 1);
	for (size_t i = 0; ret == 0 && i < n; i++) {
		struct golden g = { 0 };

		if (!is_brief(names[i]))
			continue;
		found++;
		ret = golden_init(&g, o, names[i], e);
		if (ret == 0)
			ret = v != NULL ? verify(&g, v, e) : record(&g, out, e);
		golden_release(&g);
	}
	file_list_free(names, n);
	if (ret == 0 && found == 0)
		ret = err_set(
			e, ERR_NO_INPUT, "there is no brief (*.md) in '%s'", o->dir);
	return ret;
}

int golden_record(const struct golden_options *o, struct buf *out, struct err *e)
{
	return each_brief(o, NULL, out, e);
}

static int write_junit(const char *file, const struct verdict *v, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	buf_addf(&text,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"mlops golden\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"0\">\n",
		v->checks, v->failures);
	buf_add(&text, v->cases->ptr, v->cases->len);
	buf_add_str(&text, "  </testsuite>\n</testsuites>\n");
	ret = buf_ok(&text, e) < 0
		? -1
		: file_write_atomic(file, text.ptr, text.len, 0644, 0, e);
	buf_release(&text);
	return ret;
}

int golden_verify(
	const struct golden_options *o, struct buf *out, size_t *failures, struct err *e)
{
	struct buf cases = BUF_INIT(BUF_NO_LIMIT);
	struct verdict v = { .out = out, .cases = &cases };
	int ret = each_brief(o, &v, out, e);

	if (ret == 0 && o->junit != NULL)
		ret = write_junit(o->junit, &v, e);
	buf_addf(out, "%zu checks, %zu failed\n", v.checks, v.failures);
	*failures = v.failures;
	buf_release(&cases);
	return ret;
}
