/* mlops run: the whole graph. */
#include <stdatomic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/review.h"
#include "graph/graph.h"
#include "mlops.h"

static volatile sig_atomic_t stop_signal; /* written by the handler alone */
static atomic_int stop;

static void on_signal(int signal)
{
	stop_signal = signal;
	stop = 1;
}

struct run_args {
	const char *brief, *out, *db, *project, *actor, *format;
	int yes, resume, force, dry_run;
	const char *record, *cassettes;
	double budget_tokens, budget_usd;
#define FIELD_LIST                                         struct opt_list
#define FIELD_PATHS                                        struct opt_list
#define FIELD_STR                                          const char *
#define FIELD_FILE                                         const char *
#define FIELD_FLAG                                         int
#define PASS(kind, field, name, value, nodes, quiet, help) FIELD_##kind field;
#include "graph/passed.def"
#undef PASS
};

#define OPT_OF_LIST  OPT_KIND_LIST
#define OPT_OF_PATHS OPT_KIND_LIST
#define OPT_OF_STR   OPT_KIND_STR
#define OPT_OF_FILE  OPT_KIND_STR
#define OPT_OF_FLAG  OPT_KIND_FLAG

static const struct opt opts[] = {
	OPT_DIR_OUT('o', "out", struct run_args, out,
		"output directory: repo/, repo.zip and state.json in it"),
	OPT_FLAG('y', "yes", struct run_args, yes, "approve what needs no waiver"),
	OPT_FLAG(0, "resume", struct run_args, resume, "go on after the last checkpoint"),
	OPT_FLAG(0, "force", struct run_args, force,
		"overwrite files that were changed since they were written"),
	OPT_FLAG(0, "dry-run", struct run_args, dry_run,
		"say what would become of the files, make no version"),
	OPT_STR(0, "actor", "NAME", struct run_args, actor,
		"who approves (default: the user)"),
	OPT_STR(0, "db", "URL", struct run_args, db,
		"database (default: $MLOPS_DB, else sqlite:.mlops/mlops.db)"),
	OPT_STR(0, "project", "NAME", struct run_args, project,
		"project (default: the output directory)"),
	OPT_STR(0, "record", "DIR", struct run_args, record,
		"keep model answers as cassettes"),
	OPT_STR(0, "cassettes", "DIR", struct run_args, cassettes,
		"where --provider replay finds them"),
	OPT_NUM(0, "budget-tokens", "N", struct run_args, budget_tokens,
		"model tokens that the project may use in all (-1: no limit)"),
	OPT_NUM(0, "budget-usd", "USD", struct run_args, budget_usd,
		"money that the project may spend on models (-1: no limit)"),
#define PASS(kind, field, name, value, nodes, quiet, help) \
	{ OPT_OF_##kind, 0, name, value, offsetof(struct run_args, field), help, 0 },
#include "graph/passed.def"
#undef PASS
	OPT_END,
};

static int operand(void *args, const char *text, struct err *e)
{
	struct run_args *a = args;

	if (a->brief != NULL)
		return err_set(
			e, ERR_USAGE, "one brief at a time: '%s' is a second one", text);
	a->brief = text;
	return 0;
}

static const struct program run_program = {
	.name = "mlops run",
	.summary = "Runs the twelve nodes on a brief, with a checkpoint after each.",
	.operands = "BRIEF",
	.examples = "  mlops run brief.md -o out --yes\n"
		    "  mlops run brief.md -o out --resume\n",
	.opts = opts,
	.args_size = sizeof(struct run_args),
	.operand = operand,
};

/* ---- options for the nodes ---- */

/* Paths as they are from anywhere, for a later --resume. */
static int pass_path(
	cJSON *list, cJSON *obj, const char *name, const char *path, struct err *e)
{
	char *full = realpath(path, NULL);
	int ret;

	if (full == NULL)
		return err_set(e, ERR_NO_INPUT, "--%s: no such file '%s'", name, path);
	ret = list != NULL ? json_push_str(list, full, e)
			   : json_set_str(obj, name, full, e);
	free(full);
	return ret;
}

static int pass_list(
	cJSON *obj, const struct passed_row *p, const struct opt_list *l, struct err *e)
{
	cJSON *list = l->n == 0 ? NULL : json_add_array(obj, p->name, e);

	for (size_t i = 0; i < l->n; i++)
		if (list == NULL ||
			(p->kind == PASSED_PATHS
					? pass_path(list, obj, p->name, l->at[i], e)
					: json_push_str(list, l->at[i], e)) < 0)
			return -1;
	return 0;
}

static int pass_one(
	cJSON *obj, const struct passed_row *p, const void *field, struct err *e)
{
	const char *s;

	switch (p->kind) {
	case PASSED_FLAG:
		return *(const int *)field ? json_set_bool(obj, p->name, 1, e) : 0;
	case PASSED_LIST:
	case PASSED_PATHS:
		return pass_list(obj, p, field, e);
	case PASSED_FILE:
		s = *(const char *const *)field;
		return s == NULL ? 0 : pass_path(NULL, obj, p->name, s, e);
	default:
		s = *(const char *const *)field;
		return s == NULL ? 0 : json_set_str(obj, p->name, s, e);
	}
}

static cJSON *passed_options(const struct run_args *a, struct err *e)
{
	cJSON *obj = json_new_object(e);

	for (const struct passed_row *p = passed_rows; obj != NULL && p->name != NULL;
		p++)
		for (const struct opt *o = opts; o->name != NULL; o++)
			if (strcmp(o->name, p->name) == 0 &&
				pass_one(obj, p, (const char *)a + o->offset, e) < 0) {
				json_free(obj);
				return NULL;
			}
	return obj;
}

static void free_lists(struct run_args *a)
{
	for (const struct opt *o = opts; o->name != NULL; o++)
		if (o->kind == OPT_KIND_LIST)
			free(((struct opt_list *)(void *)((char *)a + o->offset))->at);
}

/* ---- the end ---- */

static const char *word(int answer)
{
	switch (answer) {
	case 0:
		return "complete";
	case 10:
		return "waiting at the gate";
	case 11:
		return "stopped: policy fail";
	case 12:
		return "complete, but validation failed";
	case 13:
		return "stopped: policy warn";
	default:
		return "no feasible plan";
	}
}

static void tell_conflicts(const cJSON *state, struct buf *b)
{
	JSON_EACH (c, json_at(state, "/candidates/conflicts")) {
		buf_add_str(b, "conflict:");
		if (json_text(c) != NULL)
			buf_addf(b, " %s", json_text(c));
		JSON_EACH (p, json_is(c, JSON_ARRAY) ? c : json_get(c, "constraints"))
			buf_addf(b, " %s", json_text(p) != NULL ? json_text(p) : "");
		if (json_text(json_get(c, "why")) != NULL)
			buf_addf(b, " (%s)", json_text(json_get(c, "why")));
		buf_add_char(b, '\n');
	}
	JSON_EACH (n, json_at(state, "/candidates/nearest")) {
		buf_addf(b, "nearest:  %s = ", json_str_or(n, "constraint", ""));
		json_print(json_get(n, "value"), JSON_COMPACT, b);
		buf_add_char(b, '\n');
	}
}

static void tell(const struct run_args *a, const struct graph_result *r, struct buf *b)
{
	const char *digest = json_text(json_at(r->state, "/artifacts/content_digest"));

	buf_addf(b, "version %lld: %s (%d nodes run, %d reused)\n", (long long)r->version,
		r->stale                ? "stale: the decision at the gate has expired"
			: r->paused[0]  ? "paused at the gate budget"
			: r->missing[0] ? "waiting at the gate intake"
					: word(r->answer),
		r->executed, r->reused);
	if (r->answer == 10 && r->paused[0] == '\0' && r->missing[0] == '\0') {
		struct gate_review how = { NULL, json_at(r->state, "/hitl/reasons"),
			log_width(STDOUT_FILENO) };

		gate_review(r->state, &how, b);
	}
	if (r->answer == 14)
		tell_conflicts(r->state, b);
	if (r->zip_sha256[0] != '\0') {
		buf_addf(b, "repository  %s/repo\n", a->out);
		buf_addf(
			b, "zip         %s/repo.zip  sha256 %s\n", a->out, r->zip_sha256);
		buf_addf(b, "content     sha256 %s\n", digest != NULL ? digest : "");
	}
	buf_addf(b, "state       %s/state.json\n", a->out);
	if (r->paused[0] != '\0')
		buf_addf(b,
			"%s; go on with a larger --budget-tokens or --budget-usd: "
			"mlops run -o %s --resume\n",
			r->paused, a->out);
	else if (r->missing[0] != '\0')
		buf_addf(b,
			"%s: say it with --set FIELD=VALUE or --answers FILE: mlops run "
			"-o "
			"%s --resume\n",
			r->missing, a->out);
	else if (r->answer == 10 && a->yes)
		buf_add_str(b,
			"policy fails: change the brief, or waive the rules with "
			"--waivers\n");
	else if (r->answer == 10)
		buf_addf(b, "approve it with: mlops run %s%s-o %s --resume --yes\n",
			a->brief != NULL ? a->brief : "", a->brief != NULL ? " " : "",
			a->out);
}

/* The directory from anywhere, as nodes work elsewhere; made where it is written to. */
static int full_dir(const char *path, int make, char **out, struct err *e)
{
	if (path == NULL)
		return 0;
	if (make && file_mkdirs(path, e) < 0)
		return -1;
	*out = realpath(path, NULL);
	return *out != NULL ? 0 : err_set(e, ERR_NO_INPUT, "no directory '%s'", path);
}

static int run(const struct run_args *a, const struct common_args *common, struct err *e)
{
	struct graph_options o = { .brief = a->brief,
		.out = a->out,
		.db = a->db,
		.share = common->share,
		.patterns = common->patterns,
		.provider = common->provider,
		.budget_tokens = a->budget_tokens,
		.budget_usd = a->budget_usd,
		.project = a->project,
		.actor = a->actor,
		.yes = a->yes,
		.resume = a->resume,
		.force = a->force,
		.dry_run = a->dry_run,
		.quiet = common->quiet,
		.verbose = common->verbose,
		.stop = &stop };
	struct graph_result r = { 0 };
	struct buf b = BUF_INIT(1 << 20);
	char *record = NULL, *cassettes = NULL;
	cJSON *passed = passed_options(a, e);
	int ret = passed == NULL ? -1 : 0;

	if (ret == 0 &&
		(full_dir(a->record, 1, &record, e) < 0 ||
			full_dir(a->cassettes, 0, &cassettes, e) < 0))
		ret = -1;
	o.record = record;
	o.cassettes = cassettes;
	o.passed = passed;
	o.ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (ret == 0)
		ret = graph_run(&o, &r, e);
	if (ret == 0 && a->dry_run) {
		ret = r.answer;
	} else if (ret == 0) {
		tell(a, &r, &b);
		ret = buf_ok(&b, e) < 0 ||
				file_write_fd(STDOUT_FILENO, "stdout", b.ptr, b.len, e) <
					0
			? -1
			: r.answer;
	}
	free(record);
	free(cassettes);
	json_free(r.state);
	json_free(passed);
	buf_release(&b);
	return ret;
}

static void catch_signals(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &act, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* As if the signal had not been caught: a shell's loop stops, too. */
static void die_of_signal(void)
{
	if (stop_signal == 0)
		return;
	signal(stop_signal, SIG_DFL);
	raise(stop_signal);
}

int cmd_run(int argc, char **argv)
{
	struct run_args a = { 0 };
	struct common_args common = { 0 };
	struct err e = { 0 };
	int ret = options_parse(&run_program, argc, argv, &a, &common, &e);

	if (ret != 0) {
		free_lists(&a);
		return ret > 0 ? 0 : front_fail("mlops run", &common, &e);
	}
	if (a.out == NULL)
		ret = err_set(&e, ERR_USAGE, "name the output directory with -o DIR");
	else if (a.dry_run && a.resume)
		ret = err_set(&e, ERR_USAGE,
			"--dry-run looks at a new version, --resume goes on with one: "
			"choose");
	else if (a.brief == NULL && !a.resume)
		ret = err_set(
			&e, ERR_USAGE, "name a brief (or - for stdin), or --resume");
	if (ret == 0) {
		catch_signals();
		ret = run(&a, &common, &e);
	}
	free_lists(&a);
	if (ret < 0)
		ret = front_fail("mlops run", &common, &e);
	die_of_signal();
	return ret;
}
