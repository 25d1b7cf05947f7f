#include "history.h"

#include <string.h>

#include "blob/blob.h"
#include "repo/repo.h"

#define BUNDLE_MAX ((size_t)1 << 30)

struct history {
	struct store *store;
	const char *project_id;
	struct blob_store *blobs;
	struct buf git, name; /* the repository, the bundle */
	cJSON *set;           /* the newest complete version */
};

static int name_bundle(
	const struct history *h, const cJSON *set, struct buf *out, struct err *e)
{
	buf_reset(out);
	buf_addf(out, "projects/%s/git/%s.bundle", h->project_id,
		json_str_or(set, "git_commit", ""));
	return buf_ok(out, e);
}

/* 0, or -1; h->set is NULL when there is no version with a commit. */
static int history_open(struct history *h, const struct config *c, struct err *e)
{
	buf_init(&h->git, 8192);
	buf_init(&h->name, 1024);
	buf_addf(&h->git, "%s/git/%s.git", store_home(h->store), h->project_id);
	if (buf_ok(&h->git, e) < 0 ||
		store_set_latest(h->store, h->project_id, "complete", &h->set, e) < 0)
		return -1;
	if (json_text(json_get(h->set, "git_commit")) == NULL) {
		json_free(h->set);
		h->set = NULL;
		return 0;
	}
	h->blobs = blob_open(c->artifacts, e);
	return h->blobs == NULL ? -1 : name_bundle(h, h->set, &h->name, e);
}

static void history_close(struct history *h)
{
	blob_close(h->blobs);
	json_free(h->set);
	buf_release(&h->git);
	buf_release(&h->name);
}

static int restore(struct history *h, struct err *e)
{
	struct buf bundle = BUF_INIT(BUNDLE_MAX);
	struct repo *r = NULL;
	int ret = blob_read(h->blobs, h->name.ptr, NULL, &bundle, e);

	if (ret == 0)
		ret = repo_open(&r, h->git.ptr, e);
	if (ret == 0)
		ret = repo_unbundle(r, bundle.ptr, bundle.len, e);
	repo_close(r);
	/* none rather than an empty one, which the next try would take for whole */
	if (ret < 0 && r != NULL) {
		struct err ignored;

		(void)file_remove_tree(h->git.ptr, &ignored);
	}
	buf_release(&bundle);
	return ret;
}

static int keep(struct history *h, struct err *e)
{
	struct buf bundle = BUF_INIT(BUNDLE_MAX);
	const char *parent = json_text(json_get(h->set, "parent_id"));
	struct repo *r = NULL;
	cJSON *before = NULL;
	int ret = repo_open(&r, h->git.ptr, e);

	if (ret == 0)
		ret = repo_bundle(r, &bundle, e);
	if (ret == 0)
		ret = blob_write(
			h->blobs, h->name.ptr, "bundle", bundle.ptr, bundle.len, e);
	if (ret == 0 && parent != NULL)
		ret = store_set_find(h->store, h->project_id, parent, &before, e);
	if (ret == 0 && json_text(json_get(before, "git_commit")) != NULL &&
		strcmp(json_str_or(before, "git_commit", ""),
			json_str_or(h->set, "git_commit", "")) != 0 &&
		name_bundle(h, before, &h->name, e) == 0)
		ret = blob_delete(h->blobs, h->name.ptr, e);
	json_free(before);
	repo_close(r);
	buf_release(&bundle);
	return ret;
}

static void act(const struct config *c, const struct log *log, struct store *store,
	const char *project_id, int (*what)(struct history *, struct err *), int there)
{
	struct history h = { .store = store, .project_id = project_id };
	struct err e = { 0 };

	if (!keeps_in_s3(c))
		return;
	if (history_open(&h, c, &e) < 0 ||
		(h.set != NULL && file_is_dir(h.git.ptr) == there && what(&h, &e) < 0))
		log_warn(log, "the git history of project %s: %s", project_id, e.msg);
	history_close(&h);
}

void history_restore(const struct config *c, const struct log *log, struct store *store,
	const char *project_id)
{
	act(c, log, store, project_id, restore, 0);
}

void history_keep(const struct config *c, const struct log *log, struct store *store,
	const char *project_id)
{
	act(c, log, store, project_id, keep, 1);
}
