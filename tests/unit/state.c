/* The filter runner, driven as a process would: options, keys, schemas, cards. */
#include "test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/state.h"

struct args {
	int flag;
	const char *word;
	double number;
	struct opt_list list;
};

static const struct opt opts[] = {
	OPT_FLAG('f', "flag", struct args, flag, "a flag"),
	OPT_STR('w', "word", "TEXT", struct args, word, "a word"),
	OPT_NUM(0, "number", "N", struct args, number, "a number"),
	OPT_LIST(0, "item", "TEXT", struct args, list, "an item"),
	OPT_END,
};

/* A node that does what --word says, so that one program shows every outcome. */
static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	cJSON *plan, *card;

	if (json_has(in, "brief") || !json_has(in, "constraints"))
		return err_set(e, ERR_INTERNAL, "the view is wrong");
	if (a->word != NULL && strcmp(a->word, "trespass") == 0)
		return json_set_int(out, "cost", 1, e);
	if (a->word != NULL && strcmp(a->word, "fail") == 0)
		return err_set(e, ERR_INPUT, "/constraints: no");
	plan = json_add_object(out, "plan", e);
	card = card_add(env->cards, "planner", e);
	if (plan == NULL || card == NULL || json_set_bool(plan, "feasible", 0, e) < 0 ||
		card_choice(card, "x", e, "because %d", 1) < 0)
		return -1;
	return 14;
}

static const struct filter node = {
	.node = NODE_PLANNER, .version = "9", .summary = "test", .run = run
};
static const struct filter *const nodes[] = { &node };
static const struct program program = { .name = "mlops-test",
	.summary = "test",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = nodes,
	.n_filters = 1 };

static char dir[] = "/tmp/mlops-state-XXXXXX";

static int make_dir(void **unused)
{
	struct err e;

	(void)unused;
	if (mkdtemp(dir) == NULL ||
		file_write_below(dir, "schemas/x", "", 0, 0644, &e) < 0)
		return -1;
	setenv("MLOPS_SHARE", dir, 1);
	setenv("SOURCE_DATE_EPOCH", "0", 1);
	return 0;
}

static int remove_dir(void **unused)
{
	struct err e;

	(void)unused;
	return file_remove_tree(dir, &e);
}

struct result {
	int status;
	struct buf out, err;
};

/* Runs the program in a child with `in` as its stdin. */
static struct result filter(const char *in, int argc, const char **argv)
{
	struct result r = { 0, BUF_INIT(1 << 20), BUF_INIT(1 << 20) };
	char in_path[64], out_path[64], err_path[64];
	struct err e;
	pid_t pid;
	int status;

	snprintf(in_path, sizeof(in_path), "%s/in", dir);
	snprintf(out_path, sizeof(out_path), "%s/out", dir);
	snprintf(err_path, sizeof(err_path), "%s/err", dir);
	assert_int_equal(file_write_atomic(in_path, in, strlen(in), 0600, 0, &e), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(open(in_path, O_RDONLY), 0);
		dup2(open(out_path, O_CREAT | O_TRUNC | O_WRONLY, 0600), 1);
		dup2(open(err_path, O_CREAT | O_TRUNC | O_WRONLY, 0600), 2);
		_exit(filter_main(&program, argc, (char **)(uintptr_t)argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	assert_int_equal(file_read(out_path, &r.out, &e), 0);
	assert_int_equal(file_read(err_path, &r.err, &e), 0);
	return r;
}

static void release(struct result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
}

#define STATE "{\"schema_version\":2,\"brief\":\"b\",\"zeta\":[1.50],\"constraints\":{}}"

static void every_outcome_has_its_status_and_its_line(void **unused)
{
	static const struct {
		const char *in;
		const char *argv[5];
		int status;
		const char *err; /* "" means silence */
	} cases[] = {
		{ STATE, { "t" }, 14, "" },
		{ STATE, { "t", "--nope" }, 2, "unknown option '--nope'" },
		{ STATE, { "t", "--number", "x" }, 2, "takes a number" },
		{ STATE, { "t", "--word" }, 2, "needs a value" },
		{ STATE, { "t", "--flag=1" }, 2, "takes no value" },
		{ STATE, { "t", "operand" }, 2, "takes no operand" },
		{ STATE, { "t", "--compact", "--pretty" }, 2, "exclude" },
		{ STATE, { "t", "--share", "/none" }, 78, "no data directory '/none'" },
		{ STATE, { "t", "-w", "trespass" }, 70, "does not declare" },
		{ STATE, { "t", "-wfail" }, 65, "/constraints: no" },
		{ "", { "t" }, 65, "no state on stdin (did an earlier filter fail?)" },
		{ "  \n", { "t" }, 65, "no state on stdin" },
		{ "hello", { "t" }, 65, "byte 0: " },
		{ "[1]", { "t" }, 65, "must be a JSON object" },
		{ "{}", { "t" }, 65, "no 'schema_version'" },
		{ "{\"schema_version\":2", { "t" }, 65, "ends inside" },
		{ "{\"schema_version\":2,\"a\":1,\"a\":2}", { "t" }, 65, "twice" },
		{ "{\"schema_version\":3}", { "t" }, 65, "newer" },
		{ "{\"schema_version\":\"2\"}", { "t" }, 65, "not a known version" },
		{ "{\"schema_version\":2,\"a\":\"\\u0000\"}", { "t" }, 65, "\\u0000" },
		{ "{\"schema_version\":2,\"a\":\"\xff\"}", { "t" }, 65, "UTF-8" },
	};

	(void)unused;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *argv[6] = { 0 };
		struct result r;
		int argc = 0;

		for (; argc < 5 && cases[i].argv[argc] != NULL; argc++)
			argv[argc] = cases[i].argv[argc];
		r = filter(cases[i].in, argc, argv);
		if (r.status != cases[i].status)
			fail_msg("case %zu: status %d: %s", i, r.status, r.err.ptr);
		assert_int_equal(r.out.len == 0, cases[i].status != 14);
		if (cases[i].err[0] == '\0') {
			assert_int_equal(r.err.len, 0);
		} else {
			if (strstr(r.err.ptr, cases[i].err) == NULL)
				fail_msg("case %zu: %s", i, r.err.ptr);
			assert_ptr_equal(
				strchr(r.err.ptr, '\n'), r.err.ptr + r.err.len - 1);
		}
		release(&r);
	}
}

static void a_state_passes_through_with_what_the_node_adds(void **unused)
{
	const char *argv[] = { "t", "--item", "a", "--item=b", "--number", "2.5", NULL };
	struct result r = filter(STATE, 6, argv), again = filter(STATE, 6, argv);
	struct err e;
	cJSON *s = json_parse(r.out.ptr, r.out.len, JSON_STRICT, &e);

	(void)unused;
	assert_string_equal(r.out.ptr, again.out.ptr);
	assert_int_equal(
		strncmp(r.out.ptr,
			"{\"schema_version\":2,\"brief\":\"b\",\"zeta\":[1.5],", 45),
		0);
	assert_false(json_true(json_at(s, "/plan/feasible")));
	assert_string_equal(
		json_text(json_at(s, "/reason_cards/0/node_name")), "planner");
	assert_string_equal(
		json_text(json_at(s, "/reason_cards/0/ts")), "1970-01-01T00:00:00Z");
	assert_true(id_is_valid(json_text(json_at(s, "/reason_cards/0/decision_id"))));
	assert_string_equal(
		json_text(json_at(s, "/run_meta/nodes/planner/options/item/1")), "b");
	assert_int_equal(
		json_number(json_at(s, "/run_meta/nodes/planner/answer"), -1), 14);
	json_free(s);
	release(&r);
	release(&again);
}

static void an_old_state_is_upgraded(void **unused)
{
	const char *argv[] = { "t", NULL };
	struct result r = filter(
		"{\"schema_version\":1,\"budget\":420,\"constraints\":{}}", 1, argv);
	struct err e;
	cJSON *s = json_parse(r.out.ptr, r.out.len, JSON_STRICT, &e);

	(void)unused;
	assert_int_equal(json_number(json_at(s, "/schema_version"), 0), 2);
	assert_int_equal(
		json_number(json_at(s, "/constraints/budget_band/max_usd"), 0), 420);
	assert_null(json_get(s, "budget"));
	json_free(s);
	release(&r);
}

static void a_schema_guards_what_comes_in(void **unused)
{
	static const char schema[] =
		"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"number\"}}}";
	const char *argv[] = { "t", NULL };
	struct err e;
	struct result r;

	(void)unused;
	assert_int_equal(file_write_below(dir, "schemas/constraints.schema.json", schema,
				 sizeof(schema) - 1, 0644, &e),
		0);
	r = filter("{\"schema_version\":2,\"constraints\":{\"n\":\"x\"}}", 1, argv);
	assert_int_equal(r.status, 65);
	assert_non_null(strstr(r.err.ptr, "/constraints/n"));
	release(&r);
	assert_int_equal(file_write_below(dir, "schemas/constraints.schema.json", "{", 1,
				 0644, &e),
		0);
	r = filter(STATE, 1, argv);
	assert_int_equal(r.status, 78);
	assert_non_null(strstr(r.err.ptr, "constraints.schema.json"));
	release(&r);
	assert_int_equal(file_write_below(dir, "schemas/constraints.schema.json", "{}", 2,
				 0644, &e),
		0);
}

static void errors_can_be_json(void **unused)
{
	const char *argv[] = { "t", "--errors=json", "-w", "fail", NULL };
	struct result r = filter(STATE, 4, argv);
	struct err e;
	cJSON *v = json_parse(r.err.ptr, r.err.len, JSON_STRICT, &e);

	(void)unused;
	assert_string_equal(json_text(json_at(v, "/error/code")), "validation_failed");
	assert_string_equal(json_text(json_at(v, "/error/node_name")), "planner");
	assert_string_equal(json_text(json_at(v, "/error/message")), "/constraints: no");
	assert_true(json_has(json_get(v, "error"), "retry_after_s"));
	json_free(v);
	release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_has_its_status_and_its_line),
		cmocka_unit_test(a_state_passes_through_with_what_the_node_adds),
		cmocka_unit_test(an_old_state_is_upgraded),
		cmocka_unit_test(a_schema_guards_what_comes_in),
		cmocka_unit_test(errors_can_be_json),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
