/* mlops-diff: options, the order of steps, the card. */
#include "diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "components.h"
#include "persist.h"
#include "repo/repo.h"

#define FIRST_MESSAGE "Generate the first version\n"

struct args {
	const char *dir, *previous, *format, *zip, *git, *db, *project;
};

static const struct opt opts[] = {
	OPT_DIR_OUT('C', "directory", struct args, dir, "the generated repository"),
	OPT_FILE(0, "previous", struct args, previous, "compare with this state"),
	{ OPT_KIND_STR, 0, "format", "json|text|md", offsetof(struct args, format),
		"print the state, or only what changed", OPT_NO_KEY },
	{ OPT_KIND_STR, 0, "zip", "FILE", offsetof(struct args, zip),
		"write the repository as a zip", OPT_NO_KEY },
	{ OPT_KIND_STR, 0, "git", "DIR", offsetof(struct args, git),
		"commit to this bare repository, made when there is none", OPT_NO_KEY },
	{ OPT_KIND_STR, 0, "db", "URL", offsetof(struct args, db),
		"keep the result in this database, and compare with the version there",
		OPT_NO_KEY },
	{ OPT_KIND_STR, 0, "project", "NAME", offsetof(struct args, project),
		"project in the database (default: the directory)", OPT_NO_KEY },
	OPT_END,
};

struct work {
	struct node_env *env;
	const struct args *args;
	const cJSON *in;
	char *git;       /* the bare repository; NULL: none */
	cJSON *previous; /* NULL without --previous */
	cJSON *artifacts; /* the manifest being extended; NULL when nothing was generated */
	cJSON *summary;   /* borrowed from `out` */
	struct repo *repo;
	char parent[REPO_ID_MAX]; /* "" without one */
	struct diff_patch *patches;
	size_t n_patches;
	int finished; /* this version is in the database already */
};

static void work_release(struct work *w)
{
	for (size_t i = 0; i < w->n_patches; i++) {
		free(w->patches[i].path);
		free(w->patches[i].text);
	}
	free(w->patches);
	repo_close(w->repo);
	free(w->git);
	json_free(w->previous);
	json_free(w->artifacts);
}

static int check_args(const struct work *w, struct err *e)
{
	const struct args *a = w->args;

	if (a->format != NULL && strcmp(a->format, "json") != 0 &&
		strcmp(a->format, "text") != 0 && strcmp(a->format, "md") != 0)
		return err_set(e, ERR_USAGE, "--format takes json, text or md, not '%s'",
			a->format);
	if (a->dir == NULL && (a->zip != NULL || a->git != NULL))
		return err_set(e, ERR_USAGE, "--zip and --git need -C DIR");
	if (a->dir != NULL && !file_is_dir(a->dir))
		return err_set(e, ERR_NO_INPUT, "no directory '%s' (-C)", a->dir);
	if (a->dir != NULL && w->artifacts == NULL)
		return err_set(e, ERR_INPUT,
			"the state has no artifacts: nothing was generated into '%s'",
			a->dir);
	return 0;
}

static struct persist persist_of(const struct args *a)
{
	return (struct persist){ a->db, a->project, a->dir };
}

/* What to compare with: a file, or the version before in the database. */
static int load_previous(struct work *w, struct err *e)
{
	struct buf text = BUF_INIT(STATE_TEXT_MAX);
	struct persist p = persist_of(w->args);

	if (w->args->previous == NULL)
		return p.url == NULL ? 0
				     : persist_previous(&p, w->finished, &w->previous,
					       w->args->dir != NULL ? &w->git : NULL, e);
	if (file_read(w->args->previous, &text, e) == 0) {
		w->previous = state_read(text.ptr, text.len, e);
		if (w->previous == NULL)
			err_where(e, "%s", w->args->previous);
	}
	buf_release(&text);
	return w->previous == NULL ? -1 : 0;
}

/* ---- files and their text ---- */

/* The entry of a file in summary.files, to be completed; NULL if it does not count. */
static cJSON *listed(struct work *w, const char *path)
{
	size_t i = 0;

	JSON_EACH (f, json_get(w->summary, "files")) {
		char pointer[48];

		if (strcmp(json_str_or(f, "path", ""), path) == 0) {
			snprintf(pointer, sizeof(pointer), "/files/%zu", i);
			return json_edit(w->summary, pointer);
		}
		i++;
	}
	return NULL;
}

static int keep_patch(void *arg, const struct repo_change *c, struct err *e)
{
	struct work *w = arg;
	cJSON *file = listed(w, c->path);
	struct diff_patch *all;

	if (file == NULL || c->patch == NULL)
		return 0;
	if (json_set_int(file, "lines_added", (int64_t)c->added, e) < 0 ||
		json_set_int(file, "lines_removed", (int64_t)c->removed, e) < 0)
		return -1;
	all = realloc(w->patches, (w->n_patches + 1) * sizeof(*all));
	if (all == NULL)
		return err_no_memory(e);
	w->patches = all;
	all[w->n_patches] = (struct diff_patch){ strdup(c->path),
		strndup(c->patch, c->patch_len), c->added, c->removed, c->patch_len };
	if (all[w->n_patches].path == NULL || all[w->n_patches].text == NULL) {
		free(all[w->n_patches].path);
		free(all[w->n_patches].text);
		return err_no_memory(e);
	}
	w->n_patches++;
	return 0;
}

/* Unified diffs against the previous version's commit, where the repository has it. */
static int compare_text(struct work *w, struct err *e)
{
	const char *commit = json_text(json_at(w->previous, "/diff_summary/git_commit"));
	char tree[REPO_ID_MAX];

	if (w->git == NULL)
		return 0;
	if (repo_open(&w->repo, w->git, e) < 0)
		return -1;
	if (commit == NULL || !repo_has(w->repo, commit))
		return 0;
	snprintf(w->parent, sizeof(w->parent), "%s", commit);
	if (repo_tree(w->repo, w->args->dir, json_get(w->artifacts, "files"), tree, e) <
		0)
		return -1;
	return repo_diff(w->repo, commit, tree, keep_patch, w, e);
}

/* ---- the summary ---- */

static int is_doc(const char *path)
{
	size_t n = strlen(path);

	return strncmp(path, "docs/", 5) == 0 ||
		(n > 3 && strcmp(path + n - 3, ".md") == 0);
}

static int count_files(struct work *w, struct err *e)
{
	cJSON *docs = json_add_array(w->summary, "docs_changed", e);
	int64_t added = 0, removed = 0, modified = 0;

	JSON_EACH (f, json_get(w->summary, "files")) {
		const char *path = json_str_or(f, "path", ""),
			   *change = json_str_or(f, "change", "");

		added += change[0] == 'a';
		removed += change[0] == 'r';
		modified += change[0] == 'm';
		if (docs == NULL || (is_doc(path) && json_push_str(docs, path, e) < 0))
			return -1;
	}
	if (docs == NULL || json_set_int(w->summary, "files_added", added, e) < 0 ||
		json_set_int(w->summary, "files_removed", removed, e) < 0)
		return -1;
	return json_set_int(w->summary, "files_modified", modified, e);
}

/* The delta of the two states, exact to the micro-dollar; the critic's own delta may
 * be against another version. */
static int price(struct work *w, struct err *e)
{
	const cJSON *was = json_at(w->previous, "/cost"), *is = json_at(w->in, "/cost");
	int64_t old, new;
	double tenths;

	if (json_set_null(w->summary, "cost_delta_usd", e) < 0 ||
		json_set_null(w->summary, "cost_delta_pct", e) < 0)
		return -1;
	if (!json_is(json_get(was, "monthly_usd"), JSON_NUMBER) ||
		!json_is(json_get(is, "monthly_usd"), JSON_NUMBER))
		return 0;
	if (json_usd(was, "monthly_usd", &old, e) < 0 ||
		json_usd(is, "monthly_usd", &new, e) < 0 ||
		json_set_usd(w->summary, "cost_delta_usd", new - old, e) < 0)
		return -1;
	if (old == 0)
		return 0;
	tenths = ((double)(new - old) * 1000.0) / (double)old;
	return json_set_num(w->summary, "cost_delta_pct", nearbyint(tenths) / 10.0, e);
}

static int summarize(struct work *w, struct err *e)
{
	cJSON *s = w->summary;

	if (json_add_array(s, "docs_changed", e) == NULL ||
		json_set_int(s, "files_added", 0, e) < 0 ||
		json_set_int(s, "files_removed", 0, e) < 0 ||
		json_set_int(s, "files_modified", 0, e) < 0 || price(w, e) < 0 ||
		json_set(s, "state_keys_changed", diff_keys(w->previous, w->in, e), e) <
			0 ||
		json_set_null(s, "git_commit", e) < 0 ||
		json_set_str(s, "previous",
			json_text(json_at(w->previous, "/artifacts/content_digest")),
			e) < 0 ||
		json_set(s, "files",
			diff_files(json_get(w->previous, "artifacts"), w->artifacts, e),
			e) < 0)
		return -1;
	if (diff_packs(w->previous, w->in, s, e) < 0)
		return -1;
	if (w->previous != NULL &&
		json_set(s, "state_changes", diff_states(w->previous, w->in, e), e) < 0)
		return -1;
	return count_files(w, e);
}

/* ---- writing ---- */

static int write_report(struct work *w, struct err *e)
{
	struct diff_report r = { w->previous, w->in, w->summary, w->patches,
		w->n_patches };
	struct buf md = BUF_INIT(BUF_NO_LIMIT);
	int ret = -1;

	diff_report(&r, &md);
	if (buf_ok(&md, e) == 0 &&
		file_write_below(
			w->args->dir, DIFF_REPORT_PATH, md.ptr, md.len, 0644, e) == 0 &&
		manifest_put(w->artifacts, DIFF_REPORT_PATH, md.ptr, md.len, "report",
			"0644", "diff_and_persist", e) == 0)
		ret = manifest_seal(w->artifacts, e);
	buf_release(&md);
	return ret;
}

static int commit(struct work *w, struct err *e)
{
	struct buf message = BUF_INIT(1 << 20);
	char tree[REPO_ID_MAX], id[REPO_ID_MAX];
	int ret = -1;

	if (w->repo == NULL)
		return 0;
	if (w->previous == NULL)
		buf_add_str(&message, FIRST_MESSAGE);
	else
		diff_headline(w->previous, w->in, w->summary, &message);
	if (buf_ok(&message, e) == 0 &&
		repo_tree(w->repo, w->args->dir, json_get(w->artifacts, "files"), tree,
			e) == 0 &&
		repo_commit(w->repo, tree, w->parent[0] ? w->parent : NULL, message.ptr,
			clock_epoch_ns(), id, e) == 0)
		ret = json_set_str(w->summary, "git_commit", id, e);
	buf_release(&message);
	return ret;
}

/* Per component, once the lines of its files are counted. */
static int join(struct work *w, struct err *e)
{
	return w->previous == NULL
		? 0
		: diff_components(w->env, w->previous, w->in, w->summary, e);
}

/* Node 10 found a secret in the files: they are not to leave the directory. */
static int has_secret(const cJSON *state)
{
	return json_num_or(json_get(state, "reports"), "secrets_found", 0) >= 1;
}

static int write_all(struct work *w, struct err *e)
{
	if (w->args->dir == NULL)
		return join(w, e);
	if (compare_text(w, e) < 0 || join(w, e) < 0 || write_report(w, e) < 0)
		return -1;
	if (has_secret(w->in)) {
		log_warn(&w->env->log,
			"a secret stands in the generated files: no zip, no commit, no "
			"row (see reports/secrets.json)");
		return 0;
	}
	if (commit(w, e) < 0)
		return -1;
	if (w->args->zip == NULL)
		return 0;
	return archive_zip(w->args->zip, w->args->dir, json_get(w->artifacts, "files"),
		clock_epoch_ns(), NULL, e);
}

static int add_card(struct work *w, struct err *e)
{
	cJSON *card = card_add(w->env->cards, node_rows[NODE_DIFF_AND_PERSIST].agent, e);
	const cJSON *usd = json_at(w->in, "/cost/monthly_usd");
	struct buf text = BUF_INIT(1 << 16);
	int ret = -1;

	if (card == NULL)
		goto out;
	if (w->args->dir != NULL &&
		(card_input_artifact(card, DIFF_REPORT_PATH, e) < 0 ||
			card_link(card, "diff", DIFF_REPORT_PATH, e) < 0))
		goto out;
	if (json_is(usd, JSON_NUMBER) &&
		card_impact(card, "monthly_usd", json_number(usd, 0), e) < 0)
		goto out;
	diff_headline(w->previous, w->in, w->summary, &text);
	if (buf_ok(&text, e) == 0)
		ret = card_choice(card,
			w->previous == NULL ? "first-version" : "next-version", e, "%s",
			text.ptr);
out:
	buf_release(&text);
	return ret;
}

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	struct work w = { .env = env, .args = args, .in = in };
	int ret = -1;

	if (json_has(in, "artifacts") &&
		(w.artifacts = json_copy(json_get(in, "artifacts"), e)) == NULL)
		return -1;
	w.summary = json_add_object(out, "diff_summary", e);
	if (w.args->git != NULL && (w.git = strdup(w.args->git)) == NULL)
		goto out;
	if (w.summary == NULL || check_args(&w, e) < 0 || load_previous(&w, e) < 0 ||
		summarize(&w, e) < 0 || write_all(&w, e) < 0 || add_card(&w, e) < 0)
		goto out;
	ret = has_secret(in) ? 12 : 0;
	if (w.artifacts != NULL) {
		if (json_set(out, "artifacts", w.artifacts, e) < 0)
			ret = -1;
		w.artifacts = NULL;
	}
out:
	work_release(&w);
	return ret;
}

static int print(struct node_env *env, const void *args, const cJSON *state,
	struct buf *out, struct err *e)
{
	const struct args *a = args;
	struct work w = { .env = env, .args = a, .in = state, .finished = 1 };
	struct diff_report r = { 0 };

	if (a->format == NULL || strcmp(a->format, "json") == 0)
		return 0;
	if (load_previous(&w, e) < 0) {
		work_release(&w);
		return -1;
	}
	r = (struct diff_report){ w.previous, state, json_get(state, "diff_summary"),
		NULL, 0 };
	if (strcmp(a->format, "md") == 0)
		diff_report(&r, out);
	else
		diff_text(w.previous, state, r.summary, out);
	work_release(&w);
	return 1;
}

static int finish(
	struct node_env *env, const void *args, const cJSON *state, struct err *e)
{
	struct persist p = persist_of(args);

	(void)env;
	return p.url == NULL || has_secret(state) ? 0 : persist_state(&p, state, e);
}

static const struct filter diff_node = {
	.node = NODE_DIFF_AND_PERSIST,
	.version = "2",
	.summary = "say what changed, write the zip, commit",
	.run = run,
};

static const struct filter *const filters[] = { &diff_node };

const struct program diff_program = {
	.name = "mlops-diff",
	.summary = "say what changed since the previous version; write the zip and the "
		   "commit",
	.examples = "  mlops-diff -C out --zip out.zip < state.json > final.json\n"
		    "  mlops-diff --previous old.json --format text < new.json\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
	.finish = finish,
	.print = print,
};
