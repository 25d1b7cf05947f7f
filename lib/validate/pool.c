/*
 * The pool: so many tasks at a time as there are jobs, a scratch directory for their
 * copies, and an orderly end when a signal asks for it.
 */
#include "tools.h"

#include <stdatomic.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The signal that asked us to stop; 0: none. A handler can reach nothing else. */
static atomic_int stopped_by;

static void on_stop(int number)
{
	stopped_by = number;
}

/* How long a task and the longest line of those after it may take: what may take
 * longest is begun first, so that it does not run alone at the end. */
static double longest(const struct pool *p, const struct task *t)
{
	double behind = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->tasks[i].after == t) {
			double s = longest(p, &p->tasks[i]);

			behind = s > behind ? s : behind;
		}
	return behind + (t->files.n == 0 ? 0 : json_num_or(t->row, "timeout_s", 300));
}

static struct task *next_task(struct pool *p, int *all_done)
{
	struct task *best = NULL;
	double most = -1;

	*all_done = 1;
	for (size_t i = 0; i < p->n; i++) {
		struct task *t = &p->tasks[i];

		if (t->stage != WAITING)
			continue;
		*all_done = 0;
		if ((t->after == NULL || t->after->stage == DONE) &&
			longest(p, t) > most) {
			best = t;
			most = longest(p, t);
		}
	}
	return best;
}

static void *worker(void *arg)
{
	struct pool *p = arg;
	int all_done = 0;

	pthread_mutex_lock(&p->lock);
	while (!p->failed && stopped_by == 0) {
		struct task *t = next_task(p, &all_done);
		struct err bad = { 0 };
		int ret;

		if (all_done)
			break;
		if (t ==
			NULL) { /* woken when a task ends, as it soon does after a signal */
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		t->stage = RUNNING;
		t->started_ns = clock_monotonic_ns();
		pthread_mutex_unlock(&p->lock);
		ret = task_run(p, t, &bad);
		pthread_mutex_lock(&p->lock);
		t->stage = DONE;
		if (ret < 0 && !p->failed) {
			p->failed = 1;
			p->err = bad;
		}
		p->done++;
		progress_done(p, t);
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int run_pool(struct pool *p, struct err *e)
{
	size_t jobs = p->args->jobs < 1 ? 1
		: p->args->jobs > 64    ? 64
					: p->args->jobs,
	       started;
	pthread_t threads[64];

	for (started = 0; started < jobs && started < p->n; started++)
		if (pthread_create(&threads[started], NULL, worker, p) != 0)
			break;
	if (started == 0)
		(void)worker(p);
	progress_watch(p);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (!p->failed)
		return 0;
	*e = p->err;
	return -1;
}

static void pool_release(struct pool *p)
{
	struct err ignored;

	for (size_t i = 0; i < p->n; i++) {
		free(p->tasks[i].name);
		free(p->tasks[i].place.work);
		free(p->tasks[i].place.home);
		texts_release(&p->tasks[i].files);
		json_free(p->tasks[i].check);
		pthread_mutex_destroy(&p->tasks[i].lock);
	}
	for (size_t i = 0; i < p->n_tools; i++) {
		free(p->tools[i].name);
		free(p->tools[i].path);
		free(p->tools[i].version);
		pthread_mutex_destroy(&p->tools[i].lock);
	}
	free(p->tasks);
	free(p->tools);
	mirrors_release(&p->mirrors);
	texts_release(&p->python_names);
	if (p->scratch != NULL)
		(void)file_remove_tree(p->scratch, &ignored);
	free(p->scratch);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->changed);
}

static int make_scratch(struct pool *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct buf b = BUF_INIT(4096);
	char *real;

	buf_addf(&b, "%s/mlops-validate-XXXXXX",
		tmp != NULL && *tmp == '/' ? tmp : "/tmp");
	if (buf_ok(&b, e) < 0)
		return -1;
	if (mkdtemp(b.ptr) == NULL) {
		err_fill(e, ERR_CANT_CREATE, "cannot create '%s': %s", b.ptr,
			strerror(errno));
		buf_release(&b);
		return -1;
	}
	real = realpath(b.ptr, NULL); /* tools print the real name */
	p->scratch = real != NULL ? real : strdup(b.ptr);
	buf_release(&b);
	return p->scratch == NULL ? err_no_memory(e) : 0;
}

static int digest_tree(struct pool *p, struct err *e)
{
	struct buf all = BUF_INIT(BUF_NO_LIMIT);
	char hex[DIGEST_HEX_MAX];
	int ret;

	for (size_t i = 0; i < p->tree->n; i++) {
		const struct vfile *f = &p->tree->at[i];

		digest_hex(f->bytes.ptr, f->bytes.len, hex);
		buf_addf(&all, "%o %s %s\n", f->mode, hex, f->path);
	}
	ret = buf_ok(&all, e);
	if (ret == 0)
		digest_hex(all.ptr, all.len, p->tree_digest);
	buf_release(&all);
	return ret;
}

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

/* The run between two changes of what signals do: one of them ends the tools, the
 * scratch directory goes, and then the signal has its usual effect. */
static int run_guarded(struct pool *p, struct err *e)
{
	struct sigaction catch = { .sa_handler = on_stop },
			 before[ARRAY_LEN(stop_signals)];
	int ret;

	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
		sigaction(stop_signals[i], &catch, &before[i]);
	ret = run_pool(p, e);
	for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++)
		sigaction(stop_signals[i], &before[i], NULL);
	if (stopped_by != 0) {
		struct err ignored;

		(void)file_remove_tree(p->scratch, &ignored);
		signal(stopped_by, SIG_DFL);
		raise(stopped_by);
	}
	return ret;
}

int tools_run(struct node_env *env, const struct tools_args *args, const struct vtree *t,
	cJSON *checks, struct err *e)
{
	struct pool p = { .env = env,
		.args = args,
		.tree = t,
		.stop = &stopped_by,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	cJSON *table = env_read_json(env, "validators.json", e);
	cJSON *accepted =
		table == NULL ? NULL : env_read_json(env, "skeleton/accepted.json", e);
	int ret = -1;

	p.accepted = json_get(accepted, "accepted");
	if (table == NULL || accepted == NULL || waivers_check(p.accepted, e) < 0 ||
		mirrors_find(&p.mirrors, t, e) < 0 ||
		python_requirements(t, &p.python_names, e) < 0 ||
		digest_tree(&p, e) < 0 || make_scratch(&p, e) < 0 ||
		table_plan(&p, table, e) < 0 || run_guarded(&p, e) < 0)
		goto out;
	ret = 0;
	for (size_t i = 0; ret == 0 && i < p.n; i++) {
		ret = json_push(checks, p.tasks[i].check, e);
		p.tasks[i].check = NULL;
	}
out:
	pool_release(&p);
	json_free(table);
	json_free(accepted);
	return ret;
}
