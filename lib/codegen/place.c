/*
 * What is on disk. A file that a person has edited since it was generated (it
 * differs from mlops.lock.json) is never overwritten and never removed; what an
 * earlier run made, nobody edited and no pattern makes any more goes away.
 */
#include "parts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "mlops.lock.json"

/* SHA-256 of root/path: 1 with hex, 0 if there is no such file, -1 with *e. Links
 * are not followed: one in the way is refused when the file is written. */
static int digest_on_disk(
	const char *root, const char *path, char hex[DIGEST_HEX_MAX], struct err *e)
{
	struct buf full = BUF_INIT(8192);
	struct stat st;
	int ret = 0;

	buf_addf(&full, "%s/%s", root, path);
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

/* The lock of an earlier run; NULL without *e when there is none or it is no lock
 * (then nothing counts as generated). */
static cJSON *old_lock(const char *dir)
{
	struct buf path = BUF_INIT(8192);
	struct err ignored = { 0 };
	cJSON *lock = NULL;

	buf_addf(&path, "%s/" LOCK_NAME, dir);
	if (!path.failed && file_is_regular(path.ptr))
		lock = json_parse_file(path.ptr, GEN_FILE_MAX, &ignored);
	buf_release(&path);
	return lock;
}

static const struct gen_file *find(const struct gen_files *files, const char *path)
{
	size_t low = 0, high = files->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(files->at[mid].path, path);

		if (order == 0)
			return &files->at[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

enum act { ACT_ADD, ACT_CHANGE, ACT_KEEP, ACT_EDITED };

/* What writing one file means; hex is its new digest. */
static int judge(const char *dir, const struct gen_file *f, const cJSON *locked,
	enum act *act, struct err *e)
{
	char now[DIGEST_HEX_MAX], made[DIGEST_HEX_MAX];
	const char *before = json_text(json_get(locked, f->path));
	int there = digest_on_disk(dir, f->path, now, e);

	if (there < 0)
		return -1;
	if (!there) {
		*act = ACT_ADD;
		return 0;
	}
	digest_hex(f->text.ptr, f->text.len, made);
	if (strcmp(now, made) == 0)
		*act = ACT_KEEP;
	else if (strcmp(f->path, LOCK_NAME) == 0 ||
		(before != NULL && strcmp(now, before) == 0))
		*act = ACT_CHANGE;
	else
		*act = ACT_EDITED;
	return 0;
}

/* All files judged before the first is written: 0, or -1 naming the edited ones. */
static int judge_all(struct node_env *env, const struct gen_files *files, const char *dir,
	const cJSON *locked, enum act *acts, struct err *e)
{
	size_t edited = 0;
	const char *first = NULL;

	for (size_t i = 0; i < files->n; i++) {
		if (judge(dir, &files->at[i], locked, &acts[i], e) < 0)
			return -1;
		if (acts[i] != ACT_EDITED)
			continue;
		first = edited++ == 0 ? files->at[i].path : first;
		log_warn(&env->log, "edited since it was generated: %s",
			files->at[i].path);
	}
	if (edited > 0)
		return err_set(e, ERR_CANT_CREATE,
			"%zu file%s would lose an edit (%s%s): generate into an empty "
			"directory and "
			"merge, or use 'mlops run'",
			edited, edited == 1 ? "" : "s", first,
			edited == 1 ? "" : ", ...");
	return 0;
}

/* Removes what an earlier run made and this one does not. */
static int remove_stale(struct node_env *env, const struct gen_files *files,
	const char *dir, const cJSON *locked, int dry_run, struct placement *done,
	struct err *e)
{
	JSON_EACH (old, locked) {
		const char *path = json_key(old);
		struct buf full = BUF_INIT(8192);
		char now[DIGEST_HEX_MAX];
		struct err ignored = { 0 };
		int there;

		if (find(files, path) != NULL || file_check_relative(path, &ignored) < 0)
			continue;
		there = digest_on_disk(dir, path, now, &ignored);
		if (there != 1 || json_text(old) == NULL)
			continue;
		if (strcmp(now, json_text(old)) != 0) {
			log_warn(&env->log, "kept, because it was edited: %s", path);
			continue;
		}
		done->removed++;
		log_detail(&env->log, "remove %s", path);
		buf_addf(&full, "%s/%s", dir, path);
		if (!dry_run && !full.failed && unlink(full.ptr) < 0 && errno != ENOENT) {
			err_fill(e, ERR_IO, "cannot remove '%s': %s", full.ptr,
				strerror(errno));
			buf_release(&full);
			return -1;
		}
		while (!dry_run &&
			full.len > strlen(dir)) { /* folders that are empty now */
			while (full.len > strlen(dir) && full.ptr[full.len - 1] != '/')
				buf_cut(&full, full.len - 1);
			if (full.len <= strlen(dir) + 1)
				break;
			buf_cut(&full, full.len - 1);
			if (rmdir(full.ptr) < 0)
				break;
		}
		buf_release(&full);
	}
	return 0;
}

static int write_all(struct node_env *env, const struct gen_files *files, const char *dir,
	const enum act *acts, int dry_run, struct placement *done, struct err *e)
{
	static const char *const verbs[] = { "add", "change", "keep", "edited" };

	for (size_t i = 0; i < files->n; i++) {
		const struct gen_file *f = &files->at[i];

		done->added += acts[i] == ACT_ADD;
		done->changed += acts[i] == ACT_CHANGE;
		done->kept += acts[i] == ACT_KEEP;
		if (dry_run && acts[i] != ACT_KEEP)
			log_info(&env->log, "would %s %s", verbs[acts[i]], f->path);
		else
			log_detail(&env->log, "%s %s", verbs[acts[i]], f->path);
		if (!dry_run && acts[i] != ACT_KEEP &&
			file_write_below(dir, f->path, f->text.ptr, f->text.len,
				strcmp(f->mode, "0755") == 0 ? 0755 : 0644, e) < 0)
			return -1;
	}
	return 0;
}

int place_files(struct node_env *env, const struct gen_files *files, const char *dir,
	int dry_run, struct placement *done, struct err *e)
{
	cJSON *lock = old_lock(dir);
	const cJSON *locked = json_get(lock, "files");
	enum act *acts = calloc(files->n + 1, sizeof(*acts));
	int ret = -1;

	*done = (struct placement){ 0 };
	if (acts == NULL) {
		err_no_memory(e);
		goto out;
	}
	if ((!dry_run && file_mkdirs(dir, e) < 0) ||
		judge_all(env, files, dir, locked, acts, e) < 0 ||
		write_all(env, files, dir, acts, dry_run, done, e) < 0)
		goto out;
	ret = remove_stale(env, files, dir, locked, dry_run, done, e);
out:
	free(acts);
	json_free(lock);
	return ret;
}
