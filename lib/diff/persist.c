#include "persist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "store/store.h"

static int open_project(
	const struct persist *p, struct store **s, char id[ID_TEXT_MAX], struct err *e)
{
	const char *dir = p->dir != NULL ? p->dir : ".";
	char *root = p->project != NULL ? strdup(p->project) : realpath(dir, NULL),
	     *slash;
	int ret;

	if (root == NULL)
		return err_set(
			e, ERR_NO_INPUT, "cannot resolve '%s': %s", dir, strerror(errno));
	slash = strrchr(root, '/');
	ret = store_open(s, p->url, e);
	if (ret == 0)
		ret = store_project(
			*s, root, slash != NULL && slash[1] ? slash + 1 : root, id, e);
	free(root);
	return ret;
}

static int git_of(struct store *s, const char *project, char **git, struct err *e)
{
	struct buf b = BUF_INIT(8192);

	buf_addf(&b, "%s/git/%s.git", store_home(s), project);
	if (buf_ok(&b, e) < 0 || (*git = buf_take(&b)) == NULL)
		return -1;
	return 0;
}

int persist_previous(
	const struct persist *p, int before, cJSON **state, char **git, struct err *e)
{
	struct store *s = NULL;
	char project[ID_TEXT_MAX];
	cJSON *set = NULL;
	const char *id;
	int ret = -1;

	*state = NULL;
	if (open_project(p, &s, project, e) < 0 ||
		store_set_latest(s, project, "complete", &set, e) < 0)
		goto out;
	if (git != NULL && *git == NULL && git_of(s, project, git, e) < 0)
		goto out;
	id = json_text(json_get(set, before ? "parent_id" : "id"));
	ret = id == NULL ? 0 : store_state(s, id, NULL, state, NULL, e);
out:
	json_free(set);
	store_close(s);
	return ret;
}

/* This node's cards as events. */
static cJSON *cards_of(const cJSON *state, const struct node_row *node, struct err *e)
{
	cJSON *events = json_new_array(e);

	JSON_EACH (c, json_get(state, "reason_cards")) {
		cJSON *ev;

		if (events == NULL ||
			strcmp(json_str_or(c, "node_name", ""), node->name) != 0)
			continue;
		ev = json_push_object(events, e);
		if (ev == NULL || json_set_str(ev, "type", node->event, e) < 0 ||
			json_set_copy(ev, "payload", c, e) < 0) {
			json_free(events);
			return NULL;
		}
	}
	return events;
}

static int commit_node(struct store *s, struct store_step *step,
	const struct node_row *node, const cJSON *state, const cJSON *meta, struct err *e)
{
	struct store_run run = { .node_version = json_text(json_get(meta, "version")),
		.provider = json_text(json_get(meta, "provider")),
		.prompt_pack = json_text(json_get(meta, "prompt_pack")),
		.read = meta,
		.latency_ms = json_num_or(meta, "duration_ms", 0),
		.answer = (int)json_num_or(meta, "answer", 0),
		.ok = 1 };
	cJSON *events = cards_of(state, node, e);
	int ret;

	step->node = node;
	step->run = &run;
	step->events = events;
	ret = events == NULL ? -1 : store_commit(s, step, e);
	step->run = NULL;
	step->events = NULL;
	json_free(events);
	return ret;
}

/* reports/diff.md of the repository, where there is one. */
static int read_summary(const struct persist *p, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = 0;

	buf_addf(&path, "%s/%s", p->dir != NULL ? p->dir : ".", DIFF_REPORT_PATH);
	if (p->dir != NULL && buf_ok(&path, e) == 0 && file_is_regular(path.ptr))
		ret = file_read(path.ptr, out, e);
	buf_release(&path);
	return ret;
}

static int commit_all(struct store *s, struct store_step *step, const struct persist *p,
	const cJSON *state, struct err *e)
{
	const cJSON *nodes = json_at(state, "/run_meta/nodes");
	struct buf summary = BUF_INIT(BUF_NO_LIMIT);
	int ret = read_summary(p, &summary, e);

	for (enum node_id n = 0; ret == 0 && n < NODE_COUNT; n++) {
		const cJSON *meta = json_get(nodes, node_rows[n].name);

		if (meta == NULL)
			continue;
		if (n == NODE_DIFF_AND_PERSIST) {
			step->state = state;
			step->status = "complete";
			step->summary_md = summary.ptr;
			step->whole = 1;
		}
		ret = commit_node(s, step, &node_rows[n], state, meta, e);
	}
	buf_release(&summary);
	return ret;
}

static void brief_digest(const cJSON *state, char hex[DIGEST_HEX_MAX])
{
	const char *brief = json_str_or(state, "brief", "");

	digest_hex(brief, strlen(brief), hex);
}

int persist_state(const struct persist *p, const cJSON *state, struct err *e)
{
	struct store *s = NULL;
	char project[ID_TEXT_MAX], id[ID_TEXT_MAX], digest[DIGEST_HEX_MAX];
	cJSON *parent = NULL;
	int64_t lock = 0;
	struct store_set set = { .project_id = project,
		.input_sha256 = digest,
		.run_id = json_text(json_at(state, "/run_meta/run_id")) };
	struct store_step step = { .project_id = project,
		.set_id = id,
		.lock_version = &lock,
		.run_id = set.run_id };
	int ret = -1;

	brief_digest(state, digest);
	if (open_project(p, &s, project, e) < 0 ||
		store_set_latest(s, project, "complete", &parent, e) < 0)
		goto out;
	set.parent_id = json_text(json_get(parent, "id"));
	set.version = (int64_t)json_num_or(parent, "version", 0) + 1;
	if (store_set_new(s, &set, id, e) == 0)
		ret = commit_all(s, &step, p, state, e);
out:
	json_free(parent);
	store_close(s);
	return ret;
}
