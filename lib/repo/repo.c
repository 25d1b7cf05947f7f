#include "internal.h"

#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 20)
int repo_fault(struct err *e, enum err_code code, const char *what)
{
	const git_error *g = git_error_last();

	return err_set(e, code, "git: cannot %s: %s", what,
		g != NULL && g->message != NULL ? g->message : "unknown error");
}

static int create(git_repository **out, const char *dir, struct err *e)
{
	git_repository_init_options opts;

	git_repository_init_options_init(&opts, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	opts.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH |
		GIT_REPOSITORY_INIT_NO_REINIT;
	opts.initial_head = "main";
	if (git_repository_init_ext(out, dir, &opts) < 0)
		return repo_fault(e, ERR_CANT_CREATE, "make the repository");
	return 0;
}

static int open_objects(struct repo *r, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	git_odb_backend *loose = NULL;
	git_odb *odb = NULL;
	int ret = -1;

	buf_addf(&path, "%sobjects", git_repository_path(r->git));
	if (buf_ok(&path, e) < 0)
		goto out;
	if (git_odb_new(&odb) < 0 ||
		git_odb_backend_loose(&loose, path.ptr, 1, 0, 0, 0) < 0 ||
		git_odb_add_backend(odb, loose, 1) < 0 ||
		git_repository_wrap_odb(&r->objects, odb) < 0)
		repo_fault(e, ERR_IO, "open the objects");
	else
		ret = 0;
out:
	git_odb_free(odb);
	buf_release(&path);
	return ret;
}

int repo_open(struct repo **out, const char *dir, struct err *e)
{
	struct repo *r = calloc(1, sizeof(*r));
	int ret;

	if (r == NULL)
		return err_no_memory(e);
	git_libgit2_init();
	/* The user's configuration (line ends, hooks, owner checks) is none of ours. */
	for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL;
		level++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "/nonexistent");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	/* A tree is written right after its files. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	ret = git_repository_open_bare(&r->git, dir);
	if (ret == GIT_ENOTFOUND)
		ret = create(&r->git, dir, e);
	else if (ret < 0)
		ret = repo_fault(e, ERR_IO, "open the repository");
	if (ret == 0)
		ret = open_objects(r, e);
	if (ret < 0) {
		repo_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

void repo_close(struct repo *r)
{
	if (r == NULL)
		return;
	git_repository_free(r->objects);
	git_repository_free(r->git);
	git_libgit2_shutdown();
	free(r);
}

/* One file's blob as an update of the tree; `path` is borrowed from the file. */
static int add_file(struct repo *r, const char *root, const cJSON *file,
	git_tree_update *u, struct err *e)
{
	struct buf text = BUF_INIT(FILE_BYTES_MAX), full = BUF_INIT(8192);
	int ret = -1;

	u->action = GIT_TREE_UPDATE_UPSERT;
	u->filemode = strcmp(json_str_or(file, "mode", "0644"), "0755") == 0
		? GIT_FILEMODE_BLOB_EXECUTABLE
		: GIT_FILEMODE_BLOB;
	if (json_str(file, "path", &u->path, e) < 0 ||
		file_check_relative(u->path, e) < 0)
		return -1;
	buf_addf(&full, "%s/%s", root, u->path);
	if (buf_ok(&full, e) < 0 || file_read(full.ptr, &text, e) < 0)
		goto out;
	if (git_blob_create_from_buffer(&u->id, r->objects, text.ptr, text.len) < 0) {
		repo_fault(e, ERR_IO, "write a file");
		goto out;
	}
	ret = 0;
out:
	buf_release(&text);
	buf_release(&full);
	return ret;
}

int repo_tree(struct repo *r, const char *root, const cJSON *files,
	char tree[REPO_ID_MAX], struct err *e)
{
	git_tree_update *updates = calloc(json_len(files) + 1, sizeof(*updates));
	size_t n = 0;
	git_oid id;
	int ret = updates == NULL ? err_no_memory(e) : 0;

	JSON_EACH (f, files) {
		if (ret < 0)
			break;
		ret = add_file(r, root, f, &updates[n++], e);
	}
	if (ret == 0 && git_tree_create_updated(&id, r->objects, NULL, n, updates) < 0)
		ret = repo_fault(e, ERR_IO, "write the tree");
	if (ret == 0)
		git_oid_tostr(tree, REPO_ID_MAX, &id);
	free(updates);
	return ret;
}

static git_commit *find_commit(struct repo *r, const char *hex)
{
	git_commit *c = NULL;
	git_oid id;

	if (hex == NULL || git_oid_fromstr(&id, hex) < 0 ||
		git_commit_lookup(&c, r->git, &id) < 0)
		return NULL;
	return c;
}

int repo_has(struct repo *r, const char *commit)
{
	git_commit *c = find_commit(r, commit);

	git_commit_free(c);
	return c != NULL;
}

static git_tree *find_tree(struct repo *r, const char *hex, struct err *e)
{
	git_tree *t = NULL;
	git_oid id;

	if (git_oid_fromstr(&id, hex) < 0 || git_tree_lookup(&t, r->git, &id) < 0)
		repo_fault(e, ERR_IO, "read a tree");
	return t;
}

static int make_commit(struct repo *r, git_tree *tree, git_commit *parent,
	const char *message, int64_t time_ns, git_oid *id, struct err *e)
{
	const git_commit *parents[1] = { parent };
	git_signature *who = NULL;
	git_reference *ref = NULL;
	int ret = 0;

	if (git_signature_new(&who, "mlops", "mlops@localhost", time_ns / 1000000000, 0) <
			0 ||
		git_commit_create(id, r->git, NULL, who, who, NULL, message, tree,
			parent != NULL ? 1 : 0, parents) < 0)
		ret = repo_fault(e, ERR_IO, "write the commit");
	else if (git_reference_create(&ref, r->git, REPO_BRANCH, id, 1, "version") < 0)
		ret = repo_fault(e, ERR_IO, "set " REPO_BRANCH);
	git_reference_free(ref);
	git_signature_free(who);
	return ret;
}

int repo_commit(struct repo *r, const char *tree, const char *parent, const char *message,
	int64_t time_ns, char commit[REPO_ID_MAX], struct err *e)
{
	git_tree *t = find_tree(r, tree, e);
	git_commit *p = find_commit(r, parent);
	git_oid id;
	int ret = -1;

	if (t == NULL)
		goto out;
	if (parent != NULL && p == NULL) {
		repo_fault(e, ERR_IO, "read the previous commit");
		goto out;
	}
	ret = make_commit(r, t, p, message, time_ns, &id, e);
	if (ret == 0)
		git_oid_tostr(commit, REPO_ID_MAX, &id);
out:
	git_commit_free(p);
	git_tree_free(t);
	return ret;
}

static char letter(git_delta_t status)
{
	return status == GIT_DELTA_ADDED ? 'A' : status == GIT_DELTA_DELETED ? 'D' : 'M';
}

static int tell(git_diff *diff, size_t i,
	int (*each)(void *, const struct repo_change *, struct err *), void *arg,
	struct err *e)
{
	const git_diff_delta *d = git_diff_get_delta(diff, i);
	struct repo_change c = { .change = letter(d->status) };
	git_patch *patch = NULL;
	git_buf text = { 0 };
	int ret;

	c.path = d->status == GIT_DELTA_DELETED ? d->old_file.path : d->new_file.path;
	if (git_patch_from_diff(&patch, diff, i) < 0)
		return repo_fault(e, ERR_IO, "compare a file");
	if (patch != NULL &&
		!(git_patch_get_delta(patch)->flags & GIT_DIFF_FLAG_BINARY) &&
		git_patch_line_stats(NULL, &c.added, &c.removed, patch) == 0 &&
		git_patch_to_buf(&text, patch) == 0) {
		c.patch = text.ptr;
		c.patch_len = text.size;
	}
	ret = each(arg, &c, e);
	git_buf_dispose(&text);
	git_patch_free(patch);
	return ret;
}

int repo_diff(struct repo *r, const char *commit, const char *tree,
	int (*each)(void *arg, const struct repo_change *c, struct err *e), void *arg,
	struct err *e)
{
	git_diff_options opts;
	git_commit *c = find_commit(r, commit);
	git_tree *old = NULL, *new = find_tree(r, tree, e);
	git_diff *diff = NULL;
	int ret = -1;

	if (new == NULL)
		goto out;
	git_diff_options_init(&opts, GIT_DIFF_OPTIONS_VERSION);
	opts.old_prefix = "a";
	opts.new_prefix = "b";
	opts.id_abbrev = 7;
	if ((commit != NULL && (c == NULL || git_commit_tree(&old, c) < 0)) ||
		git_diff_tree_to_tree(&diff, r->git, old, new, &opts) < 0) {
		repo_fault(e, ERR_IO, "compare with the previous version");
		goto out;
	}
	ret = 0;
	for (size_t i = 0; ret == 0 && i < git_diff_num_deltas(diff); i++)
		ret = tell(diff, i, each, arg, e);
out:
	git_diff_free(diff);
	git_tree_free(old);
	git_tree_free(new);
	git_commit_free(c);
	return ret;
}
