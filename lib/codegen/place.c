/*
 * What is on disk: files that differ are written, files that this version no longer
 * has go away, and mlops.lock.json comes last, so that what an interrupted run left
 * never passes for somebody's edit.
 */
#include "parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int place_digest(
	const char *dir, const char *path, char hex[DIGEST_HEX_MAX], struct err *e)
{
	struct buf full = BUF_INIT(8192);
	struct stat st;
	int ret = 0;

	buf_addf(&full, "%s/%s", dir, path);
	if (buf_ok(&full, e) < 0)
		ret = -1;
	else if (lstat(full.ptr, &st) < 0)
		ret = errno == ENOENT || errno == ENOTDIR
			? 0
			: err_set(e, ERR_IO, "cannot read '%s': %s", full.ptr,
				  strerror(errno));
	else if (S_ISLNK(st.st_mode))
		ret = err_set(e, ERR_CANT_CREATE, "'%s' is a symbolic link", full.ptr);
	else if (!S_ISREG(st.st_mode))
		ret = err_set(e, ERR_CANT_CREATE, "'%s' is no regular file", full.ptr);
	else
		ret = digest_file_hex(full.ptr, hex, e) < 0 ? -1 : 1;
	buf_release(&full);
	return ret;
}

int place_lock(const char *dir, cJSON **lock, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = 0;

	*lock = NULL;
	buf_addf(&path, "%s/" GEN_LOCK, dir);
	if (buf_ok(&path, e) < 0) {
		ret = -1;
	} else if (file_is_regular(path.ptr)) {
		*lock = json_parse_file(path.ptr, GEN_FILE_MAX, e);
		ret = *lock == NULL ? -1 : 0;
	}
	if (ret == 0 && *lock != NULL && !json_is(json_get(*lock, "files"), JSON_OBJECT))
		ret = err_set(e, ERR_INPUT,
			"%s: /files is missing: bring the lock of this version back",
			path.ptr);
	buf_release(&path);
	return ret;
}

enum act { ACT_ADD, ACT_CHANGE, ACT_SAME, ACT_LEAVE };

static int judge(const struct gen_file *f, const char *dir, enum act *act, struct err *e)
{
	char now[DIGEST_HEX_MAX], want[DIGEST_HEX_MAX];
	int there;

	if (f->edit == GEN_REMOVED) {
		*act = ACT_LEAVE;
		return 0;
	}
	there = place_digest(dir, f->path, now, e);
	if (there < 0)
		return -1;
	if (there)
		digest_hex(f->text.ptr, f->text.len, want);
	*act = !there ? ACT_ADD : strcmp(now, want) == 0 ? ACT_SAME : ACT_CHANGE;
	return 0;
}

/* Every file judged before the first is written. */
static int judge_all(const struct gen_files *files, const char *dir, int judged,
	enum act *acts, struct err *e)
{
	for (size_t i = 0; i < files->n; i++) {
		if (judge(&files->at[i], dir, &acts[i], e) < 0)
			return -1;
		if (acts[i] == ACT_CHANGE && !judged)
			return err_set(e, ERR_CANT_CREATE,
				"'%s/%s' is there already: generate into an empty "
				"directory",
				dir, files->at[i].path);
	}
	return 0;
}

static int write_one(struct file_writer *w, const struct gen_file *f, struct err *e)
{
	return file_writer_put(w, f->path, f->text.ptr, f->text.len,
		strcmp(f->mode, "0755") == 0 ? 0755 : 0644, e);
}

static void tell(
	struct node_env *env, const struct gen_file *f, enum act act, int dry_run)
{
	static const char *const verbs[] = { "add", "change", "keep", "leave out" };
	static const char *const edits[] = { NULL, "keep your edit of",
		"merge your edit of", "mark the conflict in", "keep your file",
		"leave out, as you did," };
	const char *verb = f->edit == GEN_UNEDITED ? verbs[act] : edits[f->edit];

	if (dry_run && (act != ACT_SAME || f->edit != GEN_UNEDITED))
		log_info(&env->log, "would %s %s", verb, f->path);
	else
		log_detail(&env->log, "%s %s", verb, f->path);
}

static int write_all(struct node_env *env, const struct gen_files *files, const char *dir,
	const enum act *acts, int dry_run, struct placement *done, struct err *e)
{
	const struct gen_file *lock = NULL;
	struct file_writer w = FILE_WRITER(dir);
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < files->n; i++) {
		const struct gen_file *f = &files->at[i];
		int write = !dry_run && (acts[i] == ACT_ADD || acts[i] == ACT_CHANGE);

		done->added += acts[i] == ACT_ADD;
		done->changed += acts[i] == ACT_CHANGE;
		done->same += acts[i] == ACT_SAME;
		tell(env, f, acts[i], dry_run);
		if (strcmp(f->path, GEN_LOCK) == 0)
			lock = write ? f : NULL;
		else if (write)
			ret = write_one(&w, f, e);
	}
	if (ret == 0 && lock != NULL)
		ret = write_one(&w, lock, e);
	file_writer_close(&w);
	return ret;
}

/* Removes a file and the folders that are empty then. */
static int remove_one(const char *dir, const char *path, struct err *e)
{
	struct buf full = BUF_INIT(8192);
	int ret = 0;

	buf_addf(&full, "%s/%s", dir, path);
	if (buf_ok(&full, e) < 0)
		ret = -1;
	else if (unlink(full.ptr) < 0 && errno != ENOENT)
		ret = err_set(
			e, ERR_IO, "cannot remove '%s': %s", full.ptr, strerror(errno));
	while (ret == 0 && full.len > strlen(dir)) {
		while (full.ptr[full.len - 1] != '/')
			buf_cut(&full, full.len - 1);
		if (full.len <= strlen(dir) + 1)
			break;
		buf_cut(&full, full.len - 1);
		if (rmdir(full.ptr) < 0)
			break;
	}
	buf_release(&full);
	return ret;
}

/* Removes what an earlier run made, nobody edited and this one does not have. */
static int remove_stale(struct node_env *env, const struct gen_files *files,
	const char *dir, const cJSON *locked, int dry_run, struct placement *done,
	struct err *e)
{
	JSON_EACH (old, locked) {
		const char *path = json_key(old), *was = json_text(old);
		char now[DIGEST_HEX_MAX];
		struct err unsafe;

		if (was == NULL || gen_find(files, files->n, path) != NULL ||
			file_check_relative(path, &unsafe) < 0 ||
			place_digest(dir, path, now, &unsafe) != 1 ||
			strcmp(now, was) != 0)
			continue;
		done->removed++;
		if (dry_run)
			log_info(&env->log, "would remove %s", path);
		else if (remove_one(dir, path, e) < 0)
			return -1;
	}
	return 0;
}

int place_files(struct node_env *env, const struct gen_files *files, const char *dir,
	int judged, int dry_run, struct placement *done, struct err *e)
{
	cJSON *lock = NULL;
	enum act *acts = calloc(files->n + 1, sizeof(*acts));
	int ret = -1;

	*done = (struct placement){ 0 };
	if (acts == NULL) {
		err_no_memory(e);
		goto out;
	}
	if ((!dry_run && file_mkdirs(dir, e) < 0) || place_lock(dir, &lock, e) < 0 ||
		judge_all(files, dir, judged, acts, e) < 0 ||
		remove_stale(env, files, dir, json_get(lock, "files"), dry_run, done, e) <
			0)
		goto out;
	ret = write_all(env, files, dir, acts, dry_run, done, e);
out:
	free(acts);
	json_free(lock);
	return ret;
}
