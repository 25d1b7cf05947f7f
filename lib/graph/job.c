/* A worker's run: a decision set that the service made, driven like any other. */
#include "run.h"

#include <stdlib.h>
#include <string.h>

struct graph_memory {
	struct keyring keys;
};

struct graph_memory *graph_memory_new(struct err *e)
{
	struct graph_memory *m = calloc(1, sizeof(*m));

	if (m == NULL)
		err_no_memory(e);
	else if (keyring_init(&m->keys, NULL, NULL, e) < 0) {
		graph_memory_free(m);
		m = NULL;
	}
	return m;
}

void graph_memory_free(struct graph_memory *m)
{
	if (m == NULL)
		return;
	keyring_release(&m->keys);
	free(m);
}

/* The digests that are known go into this run and come back with what it adds. */
static void remember(struct run *r)
{
	struct graph_memory *m = r->o->job->memory;

	if (m == NULL)
		return;
	keyring_release(&r->keys);
	r->keys = m->keys;
	r->keys.share = r->env.share;
	r->keys.exec_dir = r->exec_dir;
	m->keys = (struct keyring){ 0 };
}

void run_release_job(struct run *r)
{
	struct err ignored;

	r->store = NULL;
	if (r->o->job->memory != NULL && r->keys.files != NULL) {
		r->o->job->memory->keys = r->keys;
		r->keys = (struct keyring){ 0 };
	}
	if (r->work != NULL)
		(void)file_remove_tree(r->work, &ignored);
}

static char *copy(const char *s, struct err *e)
{
	char *c = strdup(s);

	if (c == NULL)
		err_no_memory(e);
	return c;
}

static int open_job_store(struct run *r, struct err *e)
{
	const struct graph_job *j = r->o->job;

	r->store = j->store;
	snprintf(r->project_id, sizeof(r->project_id), "%s", j->project_id);
	r->home = realpath(store_home(r->store), NULL);
	if (r->home == NULL)
		return err_set(
			e, ERR_CANT_CREATE, "cannot resolve '%s'", store_home(r->store));
	r->blobs =
		j->blobs != NULL ? copy(j->blobs, e) : run_path(e, "%s/blobs", r->home);
	r->git = run_path(e, "%s/git/%s.git", r->home, r->project_id);
	return r->blobs == NULL || r->git == NULL ? -1 : 0;
}

static int is_over(const char *status)
{
	static const char *const over[] = { "superseded", "cancelled", "complete" };

	for (size_t i = 0; i < ARRAY_LEN(over); i++)
		if (strcmp(status, over[i]) == 0)
			return 1;
	return 0;
}

static int take_set(struct run *r, struct err *e)
{
	const struct graph_job *j = r->o->job;
	cJSON *row = NULL;
	int ret = store_set_find(r->store, r->project_id, j->set_id, &row, e);

	if (ret == 0 && (row == NULL || is_over(json_str_or(row, "status", ""))))
		ret = err_set(e, ERR_CONFLICT, "decision set %s is over", j->set_id);
	if (ret == 0)
		ret = run_take_old_options(r, row, e);
	if (ret == 0) {
		run_adopt(r, row);
		ret = store_set_input(r->store, r->project_id, r->set_id, &r->input, e);
	}
	if (ret == 0 && r->input == NULL)
		ret = (r->input = json_new_object(e)) == NULL ? -1 : 0;
	json_free(row);
	return ret;
}

/* A decision that this job took before it was interrupted is not taken again. */
static int take_decision(struct run *r, struct err *e)
{
	const struct graph_job *j = r->o->job;
	int64_t n;

	if (j->decision == NULL)
		return 0;
	if (store_decisions(r->store, r->set_id, &n, e) < 0)
		return -1;
	if (n > j->decisions) {
		r->decided = strcmp(j->decision, "rejected") == 0;
		return 0;
	}
	r->decision =
		strcmp(j->decision, "approved") == 0 ? DECIDE_APPROVE : DECIDE_REJECT;
	r->comment = j->comment == NULL ? NULL : copy(j->comment, e);
	return j->comment != NULL && r->comment == NULL ? -1 : 0;
}

/* Waivers are a file to the policy node. */
static int write_waivers(struct run *r, struct err *e)
{
	const cJSON *waivers = json_get(r->input, "waivers");
	struct buf text = BUF_INIT(1 << 20);
	char *path;
	int ret = -1;

	if (waivers == NULL)
		return 0;
	path = run_path(e, "%s/waivers.json", r->work);
	buf_add_str(&text, "{\"schema_version\":1,\"waivers\":");
	json_print(waivers, JSON_COMPACT, &text);
	buf_add_char(&text, '}');
	if (path != NULL && buf_ok(&text, e) == 0 &&
		file_write_atomic(path, text.ptr, text.len, 0600, 0, e) == 0)
		ret = json_set_str(r->passed, "waivers", path, e);
	free(path);
	buf_release(&text);
	return ret;
}

int run_set_up_job(struct run *r, struct err *e)
{
	r->passed = json_copy(r->o->passed, e);
	if (r->passed == NULL || run_find_programs(r, e) < 0)
		return -1;
	remember(r);
	return open_job_store(r, e) < 0 || take_set(r, e) < 0 ||
			take_decision(r, e) < 0 || run_prepare_work(r, e) < 0 ||
			write_waivers(r, e) < 0
		? -1
		: 0;
}

/* A fork begins with the state and the files of another run's checkpoint. */
static int start_later(struct run *r, const char *first, struct err *e)
{
	const struct node_row *row = node_by_name(first);

	if (row == NULL)
		return err_set(e, ERR_INPUT, "there is no node '%s'", first);
	r->first = (enum node_id)(row - node_rows);
	if (store_state(r->store, r->set_id, "start", &r->state, &r->files, e) < 0)
		return -1;
	return r->state != NULL
		? 0
		: err_set(e, ERR_INPUT, "decision set %s has no checkpoint to start from",
			  r->set_id);
}

int run_job_state(struct run *r, struct err *e)
{
	const char *first = json_text(json_get(r->input, "first"));
	static const char *const keys[] = { "brief", "answers" };

	r->first = 0;
	if (first != NULL)
		return start_later(r, first, e);
	r->state = state_new(e);
	for (size_t i = 0; r->state != NULL && i < ARRAY_LEN(keys); i++)
		if (json_has(r->input, keys[i]) &&
			json_set_copy(r->state, keys[i], json_get(r->input, keys[i]), e) <
				0)
			return -1;
	return r->state == NULL ? -1 : 0;
}

int run_ends_job(const struct run *r, const char *status)
{
	return r->o->job != NULL && strcmp(status, "running") != 0 &&
		strcmp(status, "rejected") != 0;
}
