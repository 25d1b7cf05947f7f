/*
 * What people made of an earlier version, carried into this one: for each file three
 * texts are known, the one generated before (by its digest in mlops.lock.json), the
 * one that stands there now and the one just generated. What nobody edited is the new
 * one, what did not change is the edited one, and otherwise the three are merged.
 * Nothing is written here; a conflict is found before the first file is.
 */
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blob/blob.h"
#include "repo/merge.h"

#define CONFLICTS_NAMED 3

struct merging {
	struct node_env *env;
	struct gen_files *files;
	const struct gen_edits *o;
	const cJSON *locked; /* path -> SHA-256 as it was generated */
	size_t conflicts;
	struct buf named; /* the first few files with conflicts */
};

static int read_edited(
	struct merging *m, const char *path, struct buf *text, struct err *e)
{
	struct buf full = BUF_INIT(8192);
	int ret;

	buf_addf(&full, "%s/%s", m->o->dir, path);
	ret = buf_ok(&full, e) < 0 ? -1 : file_read(full.ptr, text, e);
	buf_release(&full);
	return ret;
}

static int is_executable(const struct merging *m, const char *path)
{
	struct buf full = BUF_INIT(8192);
	struct stat st;
	int yes;

	buf_addf(&full, "%s/%s", m->o->dir, path);
	yes = !full.failed && stat(full.ptr, &st) == 0 && (st.st_mode & 0100) != 0;
	buf_release(&full);
	return yes;
}

/* ---- conflicts ---- */

static void conflict(struct merging *m, const char *path, const char *why)
{
	log_error(&m->env->log, "%s: %s", path, why);
	if (m->conflicts < CONFLICTS_NAMED)
		buf_addf(&m->named, "%s%s", m->conflicts == 0 ? "" : ", ", path);
	m->conflicts++;
}

static int starts_line(const char *line, const char *mark)
{
	size_t n = strlen(mark);

	return strncmp(line, mark, n) == 0 && (line[n] == '\n' || line[n] == '\0');
}

/* Says which lines of the edited file clash, from the text with marks. */
static void tell_marks(struct merging *m, const char *path, const char *text)
{
	size_t line = 1, from = 0;
	int theirs = 0;

	for (const char *p = text; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (starts_line(p, MERGE_MARK_EDITED)) {
			from = line;
		} else if (from != 0 && starts_line(p, MERGE_MARK_BETWEEN)) {
			theirs = 1;
		} else if (theirs && starts_line(p, MERGE_MARK_GENERATED)) {
			log_error(&m->env->log,
				line == from + 1 ? "%s:%zu: your line and the new "
						   "version's differ"
					: line > from
					? "%s:%zu-%zu: your lines and the new version's "
					  "differ"
					: "%s:%zu: you removed lines that the new "
					  "version "
					  "changes",
				path, from, line - 1);
			from = 0;
			theirs = 0;
		} else {
			line += !theirs;
		}
	}
}

/* ---- merging one file ---- */

/* mlops-merge on three texts: 0 whole, 1 with marks, -1 with *e. */
static int run_merge(const char *base, const char *edited, const struct gen_file *f,
	int keep, struct buf *out, struct err *e)
{
	const char *dir = getenv("MLOPS_EXEC_PATH");
	struct buf exe = BUF_INIT(8192), noise = BUF_INIT(1 << 16);
	const char *argv[] = { NULL, base, edited, "-", keep ? "--keep" : NULL, NULL };
	struct proc_spec spec = { .argv = argv,
		.in = f->text.ptr,
		.in_len = f->text.len,
		.out = out,
		.err = &noise };
	struct proc_result p;
	int ret = -1;

	if (dir != NULL && *dir != '\0')
		buf_add_str(&exe, dir);
	else if (proc_self_dir(&exe, e) < 0)
		goto out;
	buf_add_str(&exe, "/mlops-merge");
	argv[0] = exe.ptr;
	if (buf_ok(&exe, e) < 0 || proc_run(&spec, &p, e) < 0)
		goto out;
	if (p.signal != 0 || p.overflowed || p.status > 1)
		err_fill(e, ERR_CANT_CREATE, "%s cannot be merged: %s", f->path,
			noise.len > 0 ? noise.ptr : "mlops-merge failed");
	else
		ret = p.status;
out:
	buf_release(&exe);
	buf_release(&noise);
	return ret;
}

/* 1 with the three-way merge in `out`, 0 when it has conflicts that must be told, -1
 * with *e. `base` is a file that holds what was generated before. */
static int merge_files(struct merging *m, struct gen_file *f, const char *base,
	struct buf *out, struct err *e)
{
	struct buf edited = BUF_INIT(8192);
	int marked = -1, ret = -1;

	buf_addf(&edited, "%s/%s", m->o->dir, f->path);
	if (buf_ok(&edited, e) == 0)
		marked = run_merge(base, edited.ptr, f, 0, out, e);
	if (marked == 1 && m->o->on_conflict == GEN_CONFLICT_KEEP) {
		buf_reset(out);
		marked = run_merge(base, edited.ptr, f, 1, out, e);
	}
	if (marked == 1)
		tell_marks(m, f->path, out->ptr);
	if (marked >= 0) {
		f->edit = marked ? GEN_CONFLICT : GEN_MERGED;
		ret = marked == 0 || m->o->on_conflict == GEN_CONFLICT_MARK;
	}
	buf_release(&edited);
	return ret;
}

/* Appends the path of a file that holds the version which `was` names; nothing when it
 * is nowhere. */
static int find_base(struct merging *m, const char *was, struct buf *path)
{
	struct err unsafe;

	return was != NULL && m->o->base != NULL && blob_has(m->o->base, was) &&
		blob_path(m->o->base, was, path, &unsafe) == 0;
}

/* The generated text is kept by its digest: the next merge starts from it. */
static int keep_generated(struct merging *m, const struct gen_file *f, struct err *e)
{
	char hex[DIGEST_HEX_MAX];

	return m->o->base == NULL || m->o->dry_run
		? 0
		: blob_put(m->o->base, f->text.ptr, f->text.len, hex, e);
}

/* Why an edit cannot be merged; NULL when it can be tried. Without a base the two texts
 * can still stand in one file, what differs between marks. */
static const char *unmergeable(const struct merging *m, const char *was,
	const struct buf *base, const struct buf *text)
{
	if (memchr(text->ptr, '\0', text->len) != NULL)
		return was == NULL
			? "is there, no earlier version made it, and it is no "
			  "text: move it away, or keep it with --on-conflict "
			  "keep"
			: "was edited to be no text any more, and this version "
			  "changes it: move it away, or keep it with "
			  "--on-conflict keep";
	if (base->len > 0 || (m->o->on_conflict == GEN_CONFLICT_MARK && text->len > 0))
		return NULL;
	return was == NULL
		? "is there, and no earlier version made it"
		: "was edited, and the text that it was made from is not known "
		  "here: name the .mlops/blobs of the run that made it by "
		  "--base, keep your text with --on-conflict keep, or have "
		  "all that differs marked with --on-conflict mark";
}

/* Puts into `out` what the file becomes: 1, or 0 for a conflict that was told. `out`
 * has the edited text. */
static int settle(struct merging *m, struct gen_file *f, const char *was, struct buf *out,
	struct err *e)
{
	struct buf base = BUF_INIT(8192);
	const char *why;
	int ret = 1;

	(void)find_base(m, was, &base);
	why = unmergeable(m, was, &base, out);
	if ((was != NULL && strcmp(was, f->made) == 0) ||
		(why != NULL && m->o->on_conflict == GEN_CONFLICT_KEEP)) {
		f->edit = GEN_KEPT;
	} else if (why != NULL) {
		conflict(m, f->path, why);
		ret = 0;
	} else {
		buf_reset(out);
		ret = merge_files(m, f, base.len > 0 ? base.ptr : "/dev/null", out, e);
		if (ret == 0)
			conflict(m, f->path, "your edit and this version conflict");
	}
	buf_release(&base);
	return ret;
}

static int merge_one(
	struct merging *m, struct gen_file *f, const char *was, struct err *e)
{
	struct buf text = BUF_INIT(GEN_FILE_MAX);
	int ret = read_edited(m, f->path, &text, e);

	if (ret == 0)
		ret = settle(m, f, was, &text, e);
	if (ret > 0 && keep_generated(m, f, e) < 0)
		ret = -1;
	if (ret > 0) {
		buf_release(&f->text);
		f->text = text;
		buf_init(&text, GEN_FILE_MAX);
		f->mode = is_executable(m, f->path) ? "0755" : "0644";
	}
	buf_release(&text);
	return ret < 0 ? -1 : 0;
}

/* A file that somebody removed stays away: removing is an edit, too. */
static int judge(struct merging *m, struct gen_file *f, struct err *e)
{
	const char *was = json_text(json_get(m->locked, f->path));
	char now[DIGEST_HEX_MAX];
	int there = place_digest(m->o->dir, f->path, now, e);

	if (there < 0)
		return -1;
	if (!there) {
		if (was != NULL) {
			f->edit = GEN_REMOVED;
			log_warn(&m->env->log, "%s: you removed it, it stays away",
				f->path);
			return keep_generated(m, f, e);
		}
		return 0;
	}
	if (strcmp(now, f->made) == 0 || (was != NULL && strcmp(now, was) == 0))
		return 0;
	return merge_one(m, f, was, e);
}

/* ---- what is no longer generated ---- */

/* An edited file that this version has no use for is still its editor's. */
static int keep_orphan(
	struct merging *m, const char *path, const char *was, struct err *e)
{
	struct buf text = BUF_INIT(GEN_FILE_MAX);
	struct gen_file *f;
	int ret = -1;

	if (read_edited(m, path, &text, e) == 0 &&
		(f = gen_add(m->files, path, "edit", e)) != NULL) {
		buf_release(&f->text);
		f->text = text;
		buf_init(&text, GEN_FILE_MAX);
		f->kind = gen_kind(path);
		f->mode = is_executable(m, path) ? "0755" : "0644";
		f->edit = GEN_ORPHAN;
		snprintf(f->made, sizeof(f->made), "%s", was);
		log_warn(&m->env->log,
			"%s: you edited it, it stays, though this version does not need "
			"it",
			path);
		ret = 0;
	}
	buf_release(&text);
	return ret;
}

static int keep_orphans(struct merging *m, struct err *e)
{
	size_t n = m->files->n; /* those that are sorted */

	JSON_EACH (old, m->locked) {
		const char *path = json_key(old), *was = json_text(old);
		char now[DIGEST_HEX_MAX];
		struct err unsafe;

		if (was == NULL || file_check_relative(path, &unsafe) < 0 ||
			gen_find(m->files, n, path) != NULL ||
			place_digest(m->o->dir, path, now, &unsafe) != 1 ||
			strcmp(now, was) == 0)
			continue;
		if (keep_orphan(m, path, was, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

static int stop_on_conflicts(const struct merging *m, struct err *e)
{
	if (m->conflicts == 0)
		return 0;
	return err_set(e, ERR_CANT_CREATE,
		"%zu file%s of '%s' cannot take this version beside an edit (%s%s): "
		"nothing was written; settle it in the file, or choose --on-conflict "
		"keep (your lines stay)%s",
		m->conflicts, m->conflicts == 1 ? "" : "s", m->o->dir, m->named.ptr,
		m->conflicts > CONFLICTS_NAMED ? ", ..." : "",
		m->o->on_conflict == GEN_CONFLICT_MARK
			? ""
			: " or mark (both, between conflict marks that fail validation)");
}

int edits_apply(struct node_env *env, struct gen_files *files, const struct gen_edits *o,
	struct err *e)
{
	struct merging m = { .env = env, .files = files, .o = o };
	cJSON *lock = NULL;
	size_t n = files->n;
	int ret = place_lock(o->dir, &lock, e);

	buf_init(&m.named, 4096);
	m.locked = json_get(lock, "files");
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = judge(&m, &files->at[i], e);
	if (ret == 0)
		ret = keep_orphans(&m, e);
	if (ret == 0 && !o->dry_run)
		ret = stop_on_conflicts(&m, e);
	files->conflicts = m.conflicts;
	buf_release(&m.named);
	json_free(lock);
	return ret;
}
