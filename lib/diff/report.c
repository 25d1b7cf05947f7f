/* The Change Summary for people: reports/diff.md and a few lines of text. */
#include "diff.h"

#include <math.h>
#include <string.h>

#include "state/manifest.h"

#define VALUE_MAX   100 /* bytes of one value in a table */
#define ROWS_MAX    200 /* rows of the table of values */
#define PATCH_LINES 300 /* lines shown of one file */
#define PATCHES_MAX ((size_t)256 << 10)

/* Bytes of s up to max, not cutting a UTF-8 character. */
static size_t cut_at(const char *s, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)s[max] & 0xC0) == 0x80)
		max--;
	return max;
}

/* A value as code in a table's cell: one line, no bar, no backtick. */
static void add_value(struct buf *out, const cJSON *v)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	const char *s = json_text(v);
	size_t n;

	if (v == NULL) {
		buf_add_str(out, "—");
		return;
	}
	if (s != NULL)
		buf_add_str(&text, s);
	else
		json_print(v, JSON_COMPACT, &text);
	n = cut_at(text.ptr, text.len, VALUE_MAX);
	buf_add_char(out, '`');
	for (size_t i = 0; i < n; i++) {
		char c = text.ptr[i];

		if (c == '|')
			buf_add_str(out, "\\|");
		else
			buf_add_char(out,
				c == '`'                          ? '\''
					: (unsigned char)c < 0x20 ? ' '
								  : c);
	}
	buf_add_str(out, n == 0 ? " `" : "`");
	if (n < text.len)
		buf_add_str(out, " …");
	buf_release(&text);
}

static void add_usd(struct buf *out, const cJSON *v)
{
	double usd = json_number(v, NAN);

	if (isnan(usd))
		buf_add_str(out, "—");
	else
		buf_addf(out, "%.2f USD", usd);
}

static void row(
	struct buf *out, const char *what, const cJSON *before, const cJSON *after)
{
	if (before == NULL && after == NULL)
		return;
	buf_addf(out, "| %s | ", what);
	add_value(out, before);
	buf_add_str(out, " | ");
	add_value(out, after);
	buf_add_str(out, " |\n");
}

static void plural(struct buf *out, double n, const char *one, const char *many)
{
	buf_addf(out, "%.0f %s", n, n == 1 ? one : many);
}

/* "3 files modified, 1 added; 420.00 USD a month (+55.00 USD, +15.1 %)" */
void diff_headline(
	const cJSON *before, const cJSON *after, const cJSON *s, struct buf *out)
{
	double added = json_num_or(s, "files_added", 0),
	       gone = json_num_or(s, "files_removed", 0);
	double modified = json_num_or(s, "files_modified", 0);
	double delta = json_num_or(s, "cost_delta_usd", NAN);
	double pct = json_num_or(s, "cost_delta_pct", NAN);
	const cJSON *usd = json_at(after, "/cost/monthly_usd");

	if (before == NULL) {
		buf_add_str(out, "First version: ");
		plural(out, added, "file", "files");
	} else if (added + gone + modified == 0) {
		buf_add_str(out, "No file changed");
	} else {
		plural(out, modified, "file modified", "files modified");
		buf_addf(out, ", %.0f added, %.0f removed", added, gone);
	}
	buf_add_str(out, "; ");
	if (json_is(usd, JSON_NUMBER)) {
		add_usd(out, usd);
		buf_add_str(out, " a month");
	} else {
		buf_add_str(out, "cost not known");
	}
	if (!isnan(delta))
		buf_addf(out, " (%+.2f USD", delta);
	if (!isnan(delta) && !isnan(pct))
		buf_addf(out, ", %+.1f %%", pct);
	buf_add_str(out, isnan(delta) ? "" : ")");
}

static void add_summary(const struct diff_report *r, struct buf *out)
{
	static const char *const rows[][2] = {
		{ "Monthly cost (USD)", "/cost/monthly_usd" },
		{ "Latency, p95 (ms)", "/plan/estimates/p95_latency_ms" },
		{ "Availability (%)", "/plan/estimates/availability_pct" },
		{ "Policy", "/policy/overall" },
		{ "Coverage of the brief", "/coverage/score" },
	};

	buf_add_str(out, "# What changed\n\n");
	diff_headline(r->before, r->after, r->summary, out);
	buf_add_str(out, ".\n\n| | before | now |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		row(out, rows[i][0], json_at(r->before, rows[i][1]),
			json_at(r->after, rows[i][1]));
	if (json_has(r->summary, "prompt_packs"))
		buf_add_char(out, '\n');
	diff_print_packs(r->summary, "- ", out);
}

/* What the first version is made of. */
static void add_patterns(const struct diff_report *r, struct buf *out)
{
	buf_add_str(out, "\n## Patterns\n\n| slot | pattern |\n|---|---|\n");
	JSON_EACH (s, json_at(r->after, "/plan/slots")) {
		buf_addf(out, "| %s | ", json_str_or(s, "slot", ""));
		add_value(out, json_get(s, "pattern"));
		buf_add_str(out, " |\n");
	}
}

/* ---- per component ---- */

/* "aws.serve.fargate-alb" -> "fargate-alb" */
static const char *short_id(const char *pattern)
{
	const char *dot = strrchr(pattern, '.');

	return dot != NULL ? dot + 1 : pattern;
}

static void add_what(const cJSON *c, struct buf *out)
{
	const char *change = json_str_or(c, "change", ""),
		   *was = json_str_or(c, "pattern_before", ""),
		   *is = json_str_or(c, "pattern_after", "");
	size_t n = 0;

	if (strcmp(change, "exchanged") == 0)
		buf_addf(out, "`%s` → `%s`", short_id(was), short_id(is));
	else if (strcmp(change, "unchanged") == 0)
		buf_add_str(out, "same plan");
	else if (strcmp(change, "load") == 0)
		buf_add_str(out, "other quantities");
	else if (strcmp(change, "resized") != 0)
		buf_addf(out, "%s `%s`", change, short_id(*is != '\0' ? is : was));
	JSON_EACH (p, json_get(c, "params")) {
		if (n++ == 3)
			break;
		buf_add_str(out, strcmp(change, "resized") == 0 && n == 1 ? "" : ", ");
		buf_addf(out, "%s ", json_key(p));
		add_value(out, json_get(p, "before"));
		buf_add_str(out, " → ");
		add_value(out, json_get(p, "after"));
	}
	if (json_len(json_get(c, "params")) > 3)
		buf_add_str(out, ", …");
}

static void add_list(const cJSON *list, const char *none, struct buf *out)
{
	size_t n = 0;

	JSON_EACH (v, list) {
		buf_add_str(out, n++ > 0 ? ", " : "");
		add_value(out, v);
	}
	buf_add_str(out, n == 0 ? none : "");
}

/* "+ new one; − gone one" */
static void add_findings(const cJSON *c, struct buf *out)
{
	static const char *const lists[][2] = { { "findings_new", "+ " },
		{ "findings_gone", "− " } };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		JSON_EACH (f, json_get(c, lists[i][0])) {
			buf_add_str(out, n++ > 0 ? "; " : "");
			buf_add_str(out, lists[i][1]);
			add_value(out, f);
		}
	buf_add_str(out, n == 0 ? "—" : "");
}

/* Plan, code, findings and money of each component that changed, and what changed it. */
static void add_components(const struct diff_report *r, struct buf *out)
{
	const cJSON *list = json_get(r->summary, "components");

	buf_add_str(out, "\n## Components\n\n");
	if (json_len(list) == 0) {
		buf_add_str(out, "None changed.\n");
		return;
	}
	buf_add_str(out,
		"| component | plan | because of | findings | USD a month | "
		"files | lines |\n|---|---|---|---|---|---|---|\n");
	JSON_EACH (c, list) {
		buf_add_str(out, "| ");
		add_value(out, json_get(c, "component"));
		buf_add_str(out, " | ");
		add_what(c, out);
		buf_add_str(out, " | ");
		add_list(json_get(c, "because"), "data or programs", out);
		buf_add_str(out, " | ");
		add_findings(c, out);
		buf_addf(out, " | %+.2f | %zu | +%.0f −%.0f |\n",
			json_num_or(c, "cost_delta_usd", 0),
			json_len(json_get(c, "files")), json_num_or(c, "lines_added", 0),
			json_num_or(c, "lines_removed", 0));
	}
}

static int below(const char *pointer, const char *key)
{
	size_t n = strlen(key);

	return strncmp(pointer, key, n) == 0 && (pointer[n] == '/' || pointer[n] == '\0');
}

/* One table of changed values; `constraints` picks those of the constraints, or
 * all others. */
static void add_values(const struct diff_report *r, int constraints, struct buf *out)
{
	size_t n = 0;

	buf_add_str(out, constraints ? "\n## Constraints\n\n" : "\n## Values\n\n");
	JSON_EACH (c, json_get(r->summary, "state_changes")) {
		const char *at = json_str_or(c, "pointer", "");

		if (below(at, "/constraints") != constraints)
			continue;
		if (n++ == 0)
			buf_add_str(out, "| value | before | now |\n|---|---|---|\n");
		if (n > ROWS_MAX)
			continue;
		buf_add_str(out, "| ");
		add_value(out, json_get(c, json_has(c, "label") ? "label" : "pointer"));
		buf_add_str(out, " | ");
		add_value(out, json_get(c, "before"));
		buf_add_str(out, " | ");
		add_value(out, json_get(c, "after"));
		buf_add_str(out, " |\n");
	}
	if (n > ROWS_MAX)
		buf_addf(out, "\n%zu more values changed.\n", n - ROWS_MAX);
	if (n == 0)
		buf_add_str(out, "None changed.\n");
}

/* What became of somebody's edit of a file, for the end of its row. */
static void add_edit(const struct diff_report *r, const char *path, struct buf *out)
{
	static const char *const words[][2] = {
		{ "kept", ", your edit kept" },
		{ "merged", ", merged with your edit" },
		{ "conflict", ", **conflicts with your edit**" },
		{ "orphan", ", kept for your edit" },
	};
	const cJSON *f = manifest_find(json_get(r->after, "artifacts"), path);
	const char *edit = json_str_or(f, "edit", "");

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i][0], edit) == 0)
			buf_add_str(out, words[i][1]);
}

static void add_files(const struct diff_report *r, struct buf *out)
{
	size_t n = 0;

	buf_add_str(out, "\n## Files\n\n");
	JSON_EACH (f, json_get(r->summary, "files")) {
		const cJSON *more = json_get(f, "lines_added"),
			    *less = json_get(f, "lines_removed");

		if (n++ == 0)
			buf_add_str(out, "| file | change | lines |\n|---|---|---|\n");
		buf_addf(out, "| `%s` | %s | ", json_str_or(f, "path", ""),
			json_str_or(f, "change", ""));
		if (json_is(more, JSON_NUMBER))
			buf_addf(out, "+%.0f −%.0f", json_number(more, 0),
				json_number(less, 0));
		add_edit(r, json_str_or(f, "path", ""), out);
		buf_add_str(out, " |\n");
	}
	if (n == 0)
		buf_add_str(out, "No file changed.\n");
}

/* A fence longer than any run of backticks in the text. */
static size_t fence(const char *text, size_t len)
{
	size_t longest = 2, run = 0;

	for (size_t i = 0; i < len; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest + 1;
}

static void add_fence(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_add_char(out, '`');
}

static void add_patch(const struct diff_patch *p, struct buf *out)
{
	size_t n = fence(p->text, p->len), lines = 0, shown = 0;

	while (shown < p->len && lines < PATCH_LINES)
		lines += p->text[shown++] == '\n';
	buf_addf(out, "\n### `%s`\n\n", p->path);
	add_fence(out, n);
	buf_add_str(out, "diff\n");
	buf_add(out, p->text, shown);
	if (shown > 0 && p->text[shown - 1] != '\n')
		buf_add_char(out, '\n');
	add_fence(out, n);
	buf_add_char(out, '\n');
	for (lines = 0; shown < p->len; shown++)
		lines += p->text[shown] == '\n';
	if (lines > 0)
		buf_addf(out, "\n%zu more lines.\n", lines);
}

static void add_patches(const struct diff_report *r, struct buf *out)
{
	size_t start = out->len, i;

	if (r->n_patches == 0)
		return;
	buf_add_str(out, "\n## Text\n");
	for (i = 0; i < r->n_patches && out->len - start < PATCHES_MAX; i++)
		add_patch(&r->patches[i], out);
	if (i < r->n_patches)
		buf_addf(out, "\n%zu more files differ; git shows them.\n",
			r->n_patches - i);
}

void diff_report(const struct diff_report *r, struct buf *out)
{
	add_summary(r, out);
	if (r->before == NULL)
		add_patterns(r, out);
	if (r->before != NULL) {
		add_components(r, out);
		add_values(r, 1, out);
		add_values(r, 0, out);
		add_files(r, out);
		add_patches(r, out);
	}
}

static void print_one(const cJSON *c, const char *member, char sign, struct buf *out)
{
	const cJSON *v = json_get(c, member);
	size_t from = out->len, n;

	if (v == NULL)
		return;
	buf_addf(out, "%c %s: ", sign, json_str_or(c, "pointer", ""));
	from = out->len;
	json_print(v, JSON_COMPACT, out);
	n = cut_at(out->ptr + from, out->len - from, 400);
	if (n < out->len - from) {
		buf_cut(out, from + n);
		buf_add_str(out, " ...");
	}
	buf_add_char(out, '\n');
}

void diff_print_changes(const cJSON *changes, size_t max, struct buf *out)
{
	size_t n = 0;

	JSON_EACH (c, changes) {
		if (n++ >= max)
			continue;
		print_one(c, "before", '-', out);
		print_one(c, "after", '+', out);
	}
	if (n > max)
		buf_addf(out, "... and %zu more\n", n - max);
}

void diff_text(
	const cJSON *before, const cJSON *after, const cJSON *summary, struct buf *out)
{
	diff_headline(before, after, summary, out);
	buf_add_char(out, '\n');
	if (before == NULL)
		return;
	JSON_EACH (c, json_get(summary, "components")) {
		buf_addf(out, "* %s %s, %+.2f USD a month, because of ",
			json_str_or(c, "component", ""), json_str_or(c, "change", ""),
			json_num_or(c, "cost_delta_usd", 0));
		add_list(json_get(c, "because"), "data or programs", out);
		buf_add_char(out, '\n');
	}
	diff_print_packs(summary, "* ", out);
	diff_print_changes(json_get(summary, "state_changes"), 40, out);
	JSON_EACH (f, json_get(summary, "files")) {
		const char *change = json_str_or(f, "change", "");

		buf_addf(out, "%c %s\n",
			change[0] == 'a'           ? 'A'
				: change[0] == 'r' ? 'D'
						   : 'M',
			json_str_or(f, "path", ""));
	}
}
