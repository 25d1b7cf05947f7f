#include "codegen.h"

#include <string.h>

#include "parts.h"
#include "rules/approval.h"

struct args {
	const char *out_dir, *edits, *base, *on_conflict;
	int dry_run;
};

static const struct opt opts[] = {
	OPT_DIR_OUT('o', "output", struct args, out_dir,
		"write the repository below this directory"),
	OPT_FLAG(0, "dry-run", struct args, dry_run,
		"say what would be written, write nothing"),
	OPT_DIR_OUT(0, "edits", struct args, edits,
		"merge what people changed in the version there (default: -o DIR)"),
	OPT_DIR_OUT(0, "base", struct args, base,
		"contents by digest: what edited files were made from"),
	OPT_STR(0, "on-conflict", "stop|keep|mark", struct args, on_conflict,
		"when an edit and this version change the same lines"),
	OPT_END,
};

static int read_edits(const struct args *a, struct gen_edits *o, struct err *e)
{
	static const char *const names[] = { "stop", "keep", "mark" };
	const char *given = a->on_conflict == NULL ? names[0] : a->on_conflict;
	size_t i = 0;

	while (i < ARRAY_LEN(names) && strcmp(names[i], given) != 0)
		i++;
	if (i == ARRAY_LEN(names))
		return err_set(e, ERR_USAGE,
			"--on-conflict takes stop, keep or mark, not '%s'", given);
	*o = (struct gen_edits){ .dir = a->edits != NULL ? a->edits : a->out_dir,
		.base = a->base,
		.on_conflict = (enum gen_on_conflict)i,
		.dry_run = a->dry_run };
	return 0;
}

/* What became of an edit, in the manifest's entry. */
static int mark_edit(cJSON *manifest, const struct gen_file *f, struct err *e)
{
	const char *name = gen_edit_name(f->edit);
	cJSON *entry;

	if (name == NULL)
		return 0;
	entry = (cJSON *)(uintptr_t)manifest_find(manifest, f->path);
	return json_set_str(entry, "edit", name, e) < 0
		? -1
		: json_set_str(entry, "generated_sha256", f->made, e);
}

/* Without an edit, the text is the one whose digest is known. */
static int put(cJSON *m, const struct gen_file *f, struct err *e)
{
	return f->edit == GEN_UNEDITED && f->made[0] != '\0'
		? manifest_put_known(m, f->path, f->made, f->text.len, f->kind, f->mode,
			  f->origin, e)
		: manifest_put(m, f->path, f->text.ptr, f->text.len, f->kind, f->mode,
			  f->origin, e);
}

static int fill_manifest(cJSON *out, const struct gen_files *files, struct err *e)
{
	cJSON *m = manifest_new(e);

	for (size_t i = 0; m != NULL && i < files->n; i++) {
		const struct gen_file *f = &files->at[i];

		if (f->edit == GEN_REMOVED)
			continue;
		if (put(m, f, e) < 0 || mark_edit(m, f, e) < 0) {
			json_free(m);
			return -1;
		}
	}
	if (m == NULL || manifest_seal(m, e) < 0) {
		json_free(m);
		return -1;
	}
	return json_set(out, "artifacts", m, e);
}

static int add_card(struct node_env *env, const cJSON *in, const struct gen_files *files,
	const cJSON *out, struct err *e)
{
	const cJSON *plan = json_get(in, "plan");
	cJSON *card = card_add(env->cards, node_rows[NODE_CODEGEN].agent, e);
	size_t by_pattern = 0;

	for (size_t i = 0; i < files->n; i++)
		by_pattern += strncmp(files->at[i].origin, "pattern:", 8) == 0;
	if (card == NULL || card_input_key(card, "plan", e) < 0 ||
		card_input_artifact(card, "mlops.lock.json", e) < 0 ||
		card_link(card, "lock", "mlops.lock.json", e) < 0 ||
		card_link(card, "plan", "docs/plan.md", e) < 0 ||
		card_confidence(card, 1, e) < 0)
		return -1;
	JSON_EACH (s, json_get(plan, "slots"))
		if (card_candidate(card, json_str_or(s, "pattern", ""),
			    json_str_or(s, "why", json_str_or(s, "slot", "")), NULL,
			    e) < 0)
			return -1;
	return card_choice(card, "repository", e,
		"%zu files, %zu of them from the templates of %zu slots and %zu bases; "
		"content %.12s",
		files->n, by_pattern, json_len(json_get(plan, "slots")),
		json_len(json_get(plan, "bases")),
		json_str_or(json_get(out, "artifacts"), "content_digest", ""));
}

/* A dry run that met conflicts ends as the run would. */
static int tell_conflicts(
	const struct gen_files *files, enum gen_on_conflict chosen, struct err *e)
{
	return err_set(e, ERR_CANT_CREATE,
		"%zu file%s would stop this version: settle what is named above in the "
		"files, or choose --on-conflict keep%s",
		files->conflicts, files->conflicts == 1 ? "" : "s",
		chosen == GEN_CONFLICT_MARK ? "" : " or mark");
}

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	struct gen_files files = { 0 };
	struct gen_edits edits;
	struct placement done = { 0 };
	char why[APPROVAL_WHY_MAX];
	int ret = -1;

	if (a->out_dir == NULL && !a->dry_run)
		return err_set(
			e, ERR_USAGE, "name the directory to write to with -o DIR");
	if (!json_true(json_at(in, "/plan/feasible"))) {
		log_warn(&env->log, "there is no feasible plan to generate from");
		return 10;
	}
	if (approval_check(in, env->now_ns, why, e) < 0)
		return -1;
	if (*why != '\0') {
		log_warn(&env->log, "%s: nothing generated", why);
		return 10;
	}
	if (read_edits(a, &edits, e) < 0 ||
		codegen_make(env, in, edits.dir == NULL ? NULL : &edits, &files, e) < 0)
		goto out;
	if (a->out_dir != NULL &&
		place_files(env, &files, a->out_dir, a->edits == NULL, a->dry_run, &done,
			e) < 0)
		goto out;
	if (fill_manifest(out, &files, e) < 0 || add_card(env, in, &files, out, e) < 0)
		goto out;
	log_info(&env->log,
		"%zu files: %zu added, %zu changed, %zu removed, %zu as they were%s",
		files.n, done.added, done.changed, done.removed, done.same,
		a->dry_run ? " (dry run: nothing written)" : "");
	ret = files.conflicts == 0 ? 0 : tell_conflicts(&files, edits.on_conflict, e);
out:
	gen_files_release(&files);
	return ret;
}

static const struct filter codegen_filter = {
	.node = NODE_CODEGEN,
	.version = "2",
	.summary = "render an approved plan into a repository",
	.run = run,
};

static const struct filter *const filters[] = { &codegen_filter };

const struct program codegen_program = {
	.name = "mlops-codegen",
	.summary = "write the repository of an approved plan",
	.examples = "  mlops-codegen -o out/repo < approved.json > state.json\n"
		    "  mlops-codegen --dry-run -o out/repo < approved.json > /dev/null\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
};
