/* The walk over the twelve nodes, and what surrounds it. */
#include "run.h"

#include "budget.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "blob/blob.h"

enum outcome {
	GO_ON, /* to the next node */
	STOP,  /* the run has its answer */
	AGAIN, /* from the first node: replies or comments came in */
	FORK,  /* a complete version no longer holds: a new one */
	FAILED = -1,
};

/* ---- before ---- */

static int read_brief(struct run *r, struct err *e)
{
	const char *path = r->o->brief;

	buf_init(&r->brief, BRIEF_TEXT_MAX);
	if (path == NULL)
		return 0;
	if ((strcmp(path, "-") == 0 ? file_read_fd(STDIN_FILENO, "stdin", &r->brief, e)
				    : file_read(path, &r->brief, e)) < 0)
		return -1;
	r->have_brief = 1;
	digest_hex(r->brief.ptr, r->brief.len, r->input_sha256);
	return 0;
}

/* One run at a time writes into an output directory; the lock dies with us. */
static int lock_output(struct run *r, struct err *e)
{
	r->lock_fd = open(r->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->lock_fd < 0)
		return err_set(e, ERR_CANT_CREATE, "cannot open directory '%s': %s",
			r->out, strerror(errno));
	if (flock(r->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_LATER, "another run is at work in '%s'", r->out);
	return 0;
}

/* That the results can be written is found out before the work is done. */
static int try_output(struct run *r, struct err *e)
{
	static const char text[4096];
	char *path = run_path(e, "%s/.mlops-probe", r->out);
	int ret = path == NULL ? -1
			       : file_write_atomic(path, text, sizeof(text), 0600, 0, e);

	if (ret == 0)
		(void)unlink(path);
	if (ret < 0)
		err_where(e, "output directory");
	free(path);
	return ret;
}

static char *full(const char *path, struct err *e)
{
	char *p = realpath(path, NULL);

	if (p == NULL)
		err_fill(e, ERR_CANT_CREATE, "cannot resolve '%s': %s", path,
			strerror(errno));
	return p;
}

static int open_output(struct run *r, struct err *e)
{
	if (file_mkdirs(r->o->out, e) < 0 || (r->out = full(r->o->out, e)) == NULL ||
		(r->published = run_path(e, "%s/repo", r->out)) == NULL)
		return -1;
	return lock_output(r, e) < 0 ? -1 : try_output(r, e);
}

/* The store's directory is nobody else's business: git is told to leave it alone. */
static int ignore_home(struct run *r, struct err *e)
{
	char *path = run_path(e, "%s/.gitignore", r->home);
	int ret = path == NULL ? -1 : 0;

	if (ret == 0 && strcmp(r->home + strlen(r->home) - 7, "/.mlops") == 0 &&
		!file_is_regular(path))
		ret = file_write_atomic(path, "*\n", 2, 0644, 0, e);
	free(path);
	return ret;
}

static int open_store(struct run *r, struct err *e)
{
	const char *root = r->o->project != NULL ? r->o->project : r->out;
	const char *slash = strrchr(root, '/');

	if (store_open(&r->store, r->o->db, e) < 0 ||
		(r->home = full(store_home(r->store), e)) == NULL ||
		ignore_home(r, e) < 0 ||
		(r->blobs = run_path(e, "%s/blobs", r->home)) == NULL)
		return -1;
	if (store_project(r->store, root, slash != NULL && slash[1] ? slash + 1 : root,
		    r->project_id, e) < 0)
		return -1;
	r->git = run_path(e, "%s/git/%s.git", r->home, r->project_id);
	return r->git == NULL ? -1 : 0;
}

/* Filters lie beside this program, or where MLOPS_EXEC_PATH says. */
int run_find_programs(struct run *r, struct err *e)
{
	const char *given = getenv("MLOPS_EXEC_PATH");
	struct common_args common = { .share = r->o->share,
		.patterns = r->o->patterns,
		.provider = r->o->provider,
		.quiet = r->o->quiet,
		.verbose = r->o->verbose };
	struct buf dir = BUF_INIT(8192);

	if (env_init(&r->env, "mlops", &common, e) < 0)
		return -1;
	if (given != NULL && *given != '\0')
		buf_add_str(&dir, given);
	else if (proc_self_dir(&dir, e) < 0)
		return -1;
	r->exec_dir = buf_take(&dir);
	if (r->exec_dir == NULL)
		return err_no_memory(e);
	return keyring_init(&r->keys, r->env.share, r->exec_dir, e);
}

/* ---- the decision set ---- */

static void copy_id(char to[ID_TEXT_MAX], const cJSON *row, const char *member)
{
	snprintf(to, ID_TEXT_MAX, "%s", json_str_or(row, member, ""));
}

void run_adopt(struct run *r, const cJSON *row)
{
	copy_id(r->set_id, row, "id");
	copy_id(r->parent_id, row, "parent_id");
	copy_id(r->run_id, row, "run_id");
	r->version = (int64_t)json_num_or(row, "version", 1);
	r->lock_version = (int64_t)json_num_or(row, "lock_version", 0);
	r->frozen = strcmp(json_str_or(row, "status", ""), "complete") == 0;
	snprintf(r->input_sha256, sizeof(r->input_sha256), "%s",
		json_str_or(row, "input_sha256", ""));
}

static int new_run_id(struct run *r, struct err *e)
{
	struct buf b = BUF_INIT(4096);

	if (!clock_is_fixed())
		return id_random(r->run_id, e);
	buf_addf(&b, "%s/%lld/%s", r->project_id, (long long)r->version, r->input_sha256);
	id_from_content(b.ptr, b.len, r->run_id);
	buf_release(&b);
	return 0;
}

static int start_version(struct run *r, const cJSON *parent, struct err *e)
{
	struct store_set set = { .project_id = r->project_id,
		.input_sha256 = r->input_sha256,
		.options = r->passed,
		.run_id = r->run_id };

	copy_id(r->parent_id, parent, "id");
	r->version = (int64_t)json_num_or(parent, "version", 0) + 1;
	r->lock_version = 0;
	r->frozen = 0;
	if (new_run_id(r, e) < 0)
		return -1;
	set.parent_id = parent == NULL ? NULL : r->parent_id;
	set.version = r->version;
	return store_set_new(r->store, &set, r->set_id, e);
}

/* Options of the run before count where none are given now. */
int run_take_old_options(struct run *r, const cJSON *row, struct err *e)
{
	JSON_EACH (o, json_get(row, "options"))
		if (!json_has(r->passed, json_key(o)) &&
			json_set_copy(r->passed, json_key(o), o, e) < 0)
			return -1;
	return 0;
}

/* The brief that a run kept which paused before it had read it. */
static int take_kept_brief(struct run *r, const cJSON *row, struct err *e)
{
	cJSON *input = NULL;
	const char *text;
	int ret = store_set_input(
		r->store, r->project_id, json_str_or(row, "id", ""), &input, e);

	text = json_text(json_get(input, "brief"));
	if (ret == 0 && text != NULL && !r->have_brief) {
		buf_add_str(&r->brief, text);
		r->have_brief = 1;
		ret = buf_ok(&r->brief, e);
	}
	json_free(input);
	return ret;
}

static int resume(struct run *r, const cJSON *row, struct err *e)
{
	if (row == NULL)
		return err_set(e, ERR_NO_INPUT, "there is no run in '%s' to go on with",
			r->o->out);
	if (r->have_brief &&
		strcmp(json_str_or(row, "input_sha256", ""), r->input_sha256) != 0)
		return err_set(e, ERR_INPUT,
			"'%s' is not the brief that the run in '%s' was started with: "
			"without"
			" --resume it makes a new version",
			r->o->brief, r->o->out);
	if (run_take_old_options(r, row, e) < 0 ||
		(r->o->job == NULL && take_kept_brief(r, row, e) < 0))
		return -1;
	run_adopt(r, row);
	return 0;
}

static int choose_set(struct run *r, struct err *e)
{
	cJSON *latest = NULL, *complete = NULL;
	int ret = -1;

	if (store_set_latest(r->store, r->project_id, NULL, &latest, e) < 0 ||
		store_set_latest(r->store, r->project_id, "complete", &complete, e) < 0)
		goto out;
	if (r->o->dry_run) {
		copy_id(r->parent_id, complete, "id");
		r->version = (int64_t)json_num_or(complete, "version", 0) + 1;
		ret = id_random(r->set_id, e) < 0 ? -1 : id_random(r->run_id, e);
	} else if (r->o->resume) {
		ret = resume(r, latest, e);
	} else if (latest != NULL && complete != NULL &&
		json_equal(json_get(latest, "id"), json_get(complete, "id")) &&
		strcmp(json_str_or(latest, "input_sha256", ""), r->input_sha256) == 0 &&
		json_equal(json_get(latest, "options"), r->passed)) {
		run_adopt(r, latest);
		ret = 0;
	} else {
		ret = start_version(r, complete, e);
	}
out:
	json_free(latest);
	json_free(complete);
	return ret;
}

static int fork_version(struct run *r, struct err *e)
{
	cJSON *parent = NULL;
	int ret;

	if (!r->have_brief)
		return err_set(e, ERR_NO_INPUT,
			"version %lld no longer holds (data or programs have changed): "
			"name the"
			" brief to make a new one",
			(long long)r->version);
	ret = store_set_find(r->store, r->project_id, r->set_id, &parent, e);
	if (ret == 0)
		ret = start_version(r, parent, e);
	json_free(parent);
	return ret;
}

/* ---- before a walk ---- */

static int write_previous(struct run *r, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	cJSON *state = NULL;
	int ret = 0;

	free(r->previous_path);
	r->previous_path = NULL;
	if (r->parent_id[0] == '\0')
		return 0;
	if (store_state(r->store, r->parent_id, NULL, &state, NULL, e) < 0)
		return -1;
	if (state == NULL)
		return 0;
	json_print(state, JSON_COMPACT, &text);
	r->previous_path = run_path(e, "%s/previous.json", r->work);
	ret = r->previous_path == NULL || buf_ok(&text, e) < 0
		? -1
		: file_write_atomic(r->previous_path, text.ptr, text.len, 0600, 0, e);
	digest_hex(text.ptr, text.len, r->previous_sha256);
	json_free(state);
	buf_release(&text);
	return ret;
}

int run_prepare_work(struct run *r, struct err *e)
{
	free(r->work);
	free(r->repo);
	free(r->zip);
	/* Another worker may still be busy with what was an earlier attempt. */
	r->work = r->o->job == NULL ? run_path(e, "%s/work/%s", r->home, r->set_id)
				    : run_path(e, "%s/work/%s-%lld", r->home, r->set_id,
					      (long long)r->o->job->fence.attempt);
	if (r->work == NULL)
		return -1;
	r->repo = run_path(e, "%s/repo", r->work);
	r->zip = run_path(e, "%s/repo.zip", r->work);
	if (r->repo == NULL || r->zip == NULL)
		return -1;
	if (file_mkdirs(r->work, e) < 0 || run_find_replies(r, e) < 0)
		return -1;
	return write_previous(r, e);
}

/* What the first node sees: an empty state, or the brief as a state; after a
 * rejection the comments, and the brief and the answers as they were stored. */
static int initial_state(struct run *r, struct err *e)
{
	cJSON *feedback = NULL, *last = NULL;
	int ret = -1;

	json_free(r->state);
	r->state = NULL;
	if (store_feedback(r->store, r->set_id, &feedback, e) < 0)
		return -1;
	if (r->input != NULL)
		r->state = run_job_state(r, e) < 0 ? NULL : r->state;
	else if (r->have_brief && state_claims(r->brief.ptr, r->brief.len))
		r->state = state_read(r->brief.ptr, r->brief.len, e);
	else
		r->state = state_new(e);
	if (r->state == NULL)
		goto out;
	if (json_len(feedback) > 0) {
		if (r->first > NODE_PLANNER)
			r->first = NODE_PLANNER; /* the comments are for the plan */
		if (store_state(r->store, r->set_id, NULL, &last, NULL, e) < 0 ||
			json_set(r->state, "feedback", feedback, e) < 0) {
			feedback = NULL;
			goto out;
		}
		feedback = NULL;
		if (json_has(last, "brief") &&
			json_set_copy(r->state, "brief", json_get(last, "brief"), e) < 0)
			goto out;
		/* so that what was answered before the comments stays before them */
		if (json_has(last, "answers") && !json_has(r->state, "answers") &&
			json_set_copy(r->state, "answers", json_get(last, "answers"), e) <
				0)
			goto out;
	}
	ret = 0;
out:
	json_free(feedback);
	json_free(last);
	return ret;
}

static int start_walk(struct run *r, struct err *e)
{
	json_free(r->files);
	r->files = NULL;
	r->work_ready = 0;
	r->answer = 0;
	if (r->o->job == NULL)
		r->decision = r->o->yes ? DECIDE_APPROVE : DECIDE_NOTHING;
	else if (r->decided)
		r->decision = DECIDE_NOTHING;
	return initial_state(r, e);
}

/* ---- one node ---- */

/* The directory as the node before left it; codegen starts with none. */
static int ready_work(struct run *r, enum node_id node, struct err *e)
{
	if (node < NODE_CODEGEN || r->work_ready)
		return 0;
	r->work_ready = 1;
	if (node > NODE_CODEGEN)
		return tree_restore(json_get(r->files, "tree"), r->repo, r->blobs, e);
	if (file_remove_tree(r->repo, e) < 0)
		return -1;
	return file_mkdirs(r->repo, e);
}

static int execute(struct run *r, enum node_id node, const char *base, const cJSON *input,
	int *answer, struct err *e)
{
	struct buf note = BUF_INIT(4096);
	struct spawned s = { 0 };
	int ret;

	view_start(&r->view, node);
	ret = ready_work(r, node, e);
	if (ret == 0)
		ret = run_spawn(r, node, &s, e);
	if (ret == 0)
		ret = run_record(r, node, base, input, &s, e);
	if (ret == 0)
		ret = budget_warn(r, e);
	if (ret == 0) {
		*answer = s.answer;
		r->result->executed++;
		graph_note(node, r->state, &note);
	}
	view_end(&r->view, node,
		ret < 0                  ? "failed"
			: s.answer == 10 ? "waiting"
					 : "done",
		s.ms, note.ptr);
	/* Neither somebody else's work nor a store that is away is this node's failure. */
	if (ret < 0 && e->code != ERR_CONFLICT && e->code != ERR_DOWN &&
		!(r->o->job != NULL && *r->o->stop))
		run_record_failure(r, node, base, e);
	json_free(s.state);
	buf_release(&note);
	return ret;
}

static void tell_reuse(struct run *r, enum node_id node)
{
	struct buf note = BUF_INIT(4096);

	r->result->reused++;
	graph_note(node, r->state, &note);
	view_end(&r->view, node, "reused", 0, note.ptr);
	buf_release(&note);
}

/* Intake reads the brief again, for new replies or options, where a start before has
 * stored it; a run that stopped before it had read its brief needs it once more. */
static int find_brief(struct run *r, enum node_id node, struct err *e)
{
	cJSON *last = NULL;
	int ret = 0;

	if (node != NODE_INTAKE_EXTRACT || !r->o->resume || r->have_brief ||
		json_has(r->state, "brief") || json_has(r->state, "constraints"))
		return 0;
	if (store_state(r->store, r->set_id, NULL, &last, NULL, e) < 0)
		return -1;
	if (!json_has(last, "brief"))
		ret = err_set(e, ERR_NO_INPUT,
			"the run in '%s' stopped before it had read its brief: name the "
			"brief with --resume",
			r->out);
	else
		ret = json_set_copy(r->state, "brief", json_get(last, "brief"), e);
	json_free(last);
	return ret;
}

/* Reuses or runs. GO_ON with *answer, STOP at the gate budget, FORK or FAILED. */
static enum outcome one_node(struct run *r, enum node_id node, int *answer, struct err *e)
{
	const struct node_row *row = &node_rows[node];
	cJSON *input = key_input(row, r->state, e),
	      *options = run_node_options(r, node, e);
	char base[DIGEST_HEX_MAX];
	enum outcome out = FAILED;
	int reused, allowed = 1;

	if (input == NULL || options == NULL ||
		key_base(r->set_id, row, input, options, r->env.provider, base, e) < 0)
		goto out;
	reused = run_reuse(r, node, base, input, answer, e);
	if (reused < 0)
		goto out;
	if (reused)
		tell_reuse(r, node);
	else if (r->frozen)
		out = FORK;
	else if (find_brief(r, node, e) < 0)
		goto out;
	else if ((allowed = budget_allows(r, node, e)) <= 0)
		out = allowed < 0 ? FAILED : STOP;
	else if (execute(r, node, base, input, answer, e) < 0)
		goto out;
	if (out != FORK && allowed > 0)
		out = GO_ON;
out:
	json_free(input);
	json_free(options);
	return out;
}

static int is_rejected(const struct run *r)
{
	return strcmp(json_str_or(json_get(r->state, "hitl"), "status", ""),
		       "rejected") == 0;
}

/* The gate waits: ask whoever sits there, and put the reply to the gate. */
static enum outcome at_gate(struct run *r, int *answer, struct err *e)
{
	enum outcome out;

	while (*answer == 10 && !is_rejected(r) && r->o->ask && !r->o->yes) {
		if (run_ask_gate(r, e) < 0)
			return FAILED;
		if (r->decision == DECIDE_NOTHING)
			return STOP;
		out = one_node(r, NODE_GATE_HITL, answer, e);
		r->decision = DECIDE_NOTHING;
		if (out != GO_ON)
			return out;
	}
	if (*answer == 10 && is_rejected(r) && (r->o->ask || r->o->job != NULL))
		return AGAIN;
	r->result->stale = *answer == 10 && *r->expired != '\0' && !is_rejected(r);
	r->expired[0] = '\0';
	return *answer == 0 ? GO_ON : STOP;
}

static enum outcome at_questions(struct run *r, struct err *e)
{
	int replies;

	if (!r->o->ask || r->o->yes || r->frozen || r->asked ||
		json_len(json_get(r->state, "questions")) == 0)
		return GO_ON;
	replies = run_ask_questions(r, e);
	return replies < 0 ? FAILED : replies > 0 ? AGAIN : GO_ON;
}

/* Without a fact that a policy rule needs nothing is planned: the gate `intake`. */
static enum outcome wait_for_facts(struct run *r, struct err *e)
{
	struct buf why = BUF_INIT(sizeof(r->result->missing) - 1);

	JSON_EACH (f, json_at(r->state, "/coverage/required_facts"))
		buf_addf(&why, "%spolicy rule %s needs %s", why.len > 0 ? "; " : "",
			json_str_or(f, "policy", "?"), json_str_or(f, "field", "?"));
	snprintf(r->result->missing, sizeof(r->result->missing), "%s", why.ptr);
	buf_release(&why);
	return run_record_pause(r, "intake", r->result->missing, e) < 0 ? FAILED : STOP;
}

/* A repository with a secret in it goes nowhere: no zip, no commit. */
static enum outcome at_validators(struct run *r)
{
	double secrets = json_num_or(json_get(r->state, "reports"), "secrets_found", 0);

	if (secrets < 1)
		return GO_ON;
	view_say(&r->view,
		"%.0f secret%s in the generated files: nothing is zipped or committed "
		"(reports in the state)",
		secrets, secrets == 1 ? "" : "s");
	return STOP;
}

/* What a node's answer means for the rest. */
static enum outcome after(struct run *r, enum node_id node, int answer, struct err *e)
{
	enum outcome out = GO_ON;

	if (node == NODE_GATE_HITL)
		out = at_gate(r, &answer, e);
	else if (node == NODE_ADAPTIVE_QUESTIONS)
		out = at_questions(r, e);
	else if (node == NODE_COVERAGE_CHECK)
		out = GO_ON; /* the questions say what is missing */
	else if (node == NODE_VALIDATORS)
		out = at_validators(r);
	else if (answer != 0 && answer != 12)
		out = STOP;
	if (node == NODE_ADAPTIVE_QUESTIONS && out == GO_ON && answer == 10)
		out = wait_for_facts(r, e);
	if (answer != 0 && out != AGAIN)
		r->answer = answer;
	return out;
}

static enum outcome walk(struct run *r, struct err *e)
{
	for (enum node_id node = r->first; node < NODE_COUNT; node++) {
		enum outcome out;
		int answer = 0;

		snprintf(r->result->node, sizeof(r->result->node), "%s",
			node_rows[node].name);
		if (r->o->stop != NULL && *r->o->stop)
			return err_set(e, ERR_LATER,
				"interrupted before node %s; go on with --resume",
				node_rows[node].name);
		out = one_node(r, node, &answer, e);
		if (out == GO_ON)
			out = after(r, node, answer, e);
		if (out != GO_ON)
			return out;
	}
	return STOP;
}

/* ---- the whole ---- */

static int say_start(struct run *r)
{
	view_say(&r->view, "version %lld of '%s'%s", (long long)r->version, r->out,
		r->o->dry_run          ? ", dry run"
			: r->o->resume ? ", resumed"
				       : "");
	return 0;
}

static int set_up(struct run *r, struct err *e)
{
	r->passed =
		r->o->passed == NULL ? json_new_object(e) : json_copy(r->o->passed, e);
	if (r->passed == NULL || run_find_programs(r, e) < 0 || read_brief(r, e) < 0 ||
		open_output(r, e) < 0 || open_store(r, e) < 0 || budget_set(r, e) < 0 ||
		choose_set(r, e) < 0 || run_prepare_work(r, e) < 0)
		return -1;
	return say_start(r);
}

static int walks(struct run *r, struct err *e)
{
	for (;;) {
		enum outcome out;

		if ((r->o->job == NULL && run_find_edits(r, e) < 0) ||
			start_walk(r, e) < 0)
			return -1;
		if (r->o->dry_run)
			return run_dry(r, e);
		out = walk(r, e);
		if (out == FAILED)
			return -1;
		if (out == STOP)
			return 0;
		/* What a job decided counts for the plan that was decided on. */
		r->decided |= out == AGAIN;
		if (out == FORK) {
			if (fork_version(r, e) < 0 || run_prepare_work(r, e) < 0)
				return -1;
			r->result->executed = r->result->reused = 0;
			say_start(r);
		}
	}
}

static int finish(struct run *r, struct err *e)
{
	struct err ignored;
	int whole = json_has(r->state, "diff_summary") && r->files != NULL &&
		json_text(json_get(r->files, "zip")) != NULL;

	if (whole ? run_publish(r, e) < 0 : run_publish_state(r, e) < 0)
		return -1;
	if (whole)
		(void)file_remove_tree(r->work, &ignored);
	return 0;
}

static void release(struct run *r)
{
	char *paths[] = { r->out, r->home, r->blobs, r->git, r->work, r->repo, r->zip,
		r->previous_path, r->exec_dir, r->answers_path, r->comment,
		r->published };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		free(paths[i]);
	if (r->o->job != NULL)
		run_release_job(r);
	else
		store_close(r->store);
	keyring_release(&r->keys);
	json_free(r->input);
	env_release(&r->env);
	buf_release(&r->brief);
	json_free(r->passed);
	json_free(r->state);
	json_free(r->files);
	json_free(r->edits);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
}

int graph_run(const struct graph_options *o, struct graph_result *result, struct err *e)
{
	struct run r = { .o = o, .result = result, .lock_fd = -1 };
	int ret = -1;

	*result = (struct graph_result){ 0 };
	buf_init(&r.brief, BRIEF_TEXT_MAX);
	view_init(&r.view, o->quiet);
	if ((o->job != NULL ? run_set_up_job(&r, e) : set_up(&r, e)) == 0 &&
		walks(&r, e) == 0)
		ret = o->dry_run || o->job != NULL ? 0 : finish(&r, e);
	result->answer = r.answer;
	result->version = r.version;
	snprintf(result->set_id, sizeof(result->set_id), "%s", r.set_id);
	result->state = r.state;
	r.state = NULL;
	release(&r);
	return ret;
}
