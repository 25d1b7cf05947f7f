/* The filter runner: everything between main() and a node's run(). */
#include "filter.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct filter_process {
	const struct program *p;
	struct common_args common;
	void *args;
	struct node_env env;
	char run_id[ID_TEXT_MAX];
	cJSON *state;
	const char *node; /* the node at work, for error objects */
};

/* ---- errors ---- */

static int print_error_json(const char *run_id, const char *node, const struct err *e)
{
	struct err ignored;
	struct buf b = BUF_INIT(1 << 16);
	cJSON *doc = json_new_object(&ignored), *o;
	int ret = -1;

	o = doc == NULL ? NULL : json_add_object(doc, "error", &ignored);
	if (o != NULL &&
		json_set_str(o, "code", err_public_code(e->code), &ignored) == 0 &&
		json_set_str(o, "message", e->msg, &ignored) == 0 &&
		json_set_null(o, "retry_after_s", &ignored) == 0 &&
		json_set_str(o, "run_id", run_id, &ignored) == 0 &&
		json_set_str(o, "node_name", node, &ignored) == 0) {
		json_print(doc, JSON_COMPACT, &b);
		buf_add_char(&b, '\n');
		ret = file_write_fd(STDERR_FILENO, "stderr", b.ptr, b.len, &ignored);
	}
	json_free(doc);
	buf_release(&b);
	return ret;
}

int report_error(const char *program, const struct common_args *common,
	const char *run_id, const char *node, const struct err *e)
{
	struct log l;

	if (common->errors == NULL || strcmp(common->errors, "json") != 0 ||
		print_error_json(run_id, node, e) < 0) {
		log_init(&l, program, -1);
		log_error(&l, "%s", e->msg);
	}
	return err_exit_status(e->code);
}

/* ---- the process ---- */

static void on_abort(int signal)
{
	(void)signal;
	_exit(70); /* assert has told what it was; contracts.md section 2: internal fault */
}

int settle_descriptors(struct err *e)
{
	struct sigaction abrt = { .sa_handler = on_abort },
			 ign = { .sa_handler = SIG_IGN };

	sigaction(SIGABRT, &abrt, NULL);
	sigaction(SIGPIPE, &ign, NULL);
	if (fcntl(STDIN_FILENO, F_GETFD) < 0)
		(void)open("/dev/null", O_RDONLY);
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 && fcntl(STDOUT_FILENO, F_GETFD) >= 0)
		(void)open("/dev/null", O_WRONLY);
	if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
		return err_set(e, ERR_IO, "cannot write stdout: it is closed");
	return 0;
}

static int is_blank(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (memchr(" \t\r\n", b->ptr[i], 4) == NULL)
			return 0;
	return 1;
}

static int read_state(struct filter_process *f, struct err *e)
{
	struct buf in = BUF_INIT(STATE_TEXT_MAX);
	int skip = f->p->no_stdin != NULL && f->p->no_stdin(f->args);
	int ret = -1;

	if (!skip && file_read_fd(STDIN_FILENO, "stdin", &in, e) < 0)
		goto out;
	if (!skip && is_blank(&in)) {
		err_fill(e, ERR_INPUT, "no state on stdin (did an earlier filter fail?)");
		goto out;
	}
	if (skip || (f->p->accept != NULL && !state_claims(in.ptr, in.len)))
		f->state = f->p->accept(&f->env, f->args, &in, e);
	else
		f->state = state_read(in.ptr, in.len, e);
	if (f->state != NULL && clock_is_fixed())
		id_from_content(in.ptr, in.len, f->run_id);
	ret = f->state == NULL ? -1 : 0;
out:
	buf_release(&in);
	return ret;
}

/* The run goes on under the id that an earlier filter or the driver gave it. */
static int settle_run_id(struct filter_process *f, struct err *e)
{
	const char *given = getenv("MLOPS_RUN_ID");
	const char *old = json_text(json_at(f->state, "/run_meta/run_id"));
	cJSON *meta = json_own(f->state, "run_meta", e);

	if (meta == NULL || !json_is(meta, JSON_OBJECT))
		return err_set(e, ERR_INPUT, "/run_meta: is not an object");
	if (given != NULL && id_is_valid(given))
		snprintf(f->run_id, sizeof(f->run_id), "%s", given);
	else if (old != NULL && id_is_valid(old))
		snprintf(f->run_id, sizeof(f->run_id), "%s", old);
	else if (!clock_is_fixed() && id_random(f->run_id, e) < 0)
		return -1;
	f->env.run_id = f->run_id;
	if (json_set_str(meta, "run_id", f->run_id, e) < 0)
		return -1;
	return json_set_str(meta, "tool_version", MLOPS_VERSION, e);
}

/* ---- schemas ---- */

static int schema_path(const struct filter_process *f, const char *key, struct buf *out)
{
	buf_addf(out, "%s/schemas/%s.schema.json", f->env.share, key);
	return !out->failed && file_is_regular(out->ptr);
}

static int check_key(
	struct filter_process *f, const char *key, const cJSON *value, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	struct schema *s = NULL;
	char where[80];
	int ret = 0;

	if (schema_path(f, key, &path)) {
		snprintf(where, sizeof(where), "/%s", key);
		s = schema_load(path.ptr, e);
		ret = s == NULL ? -1 : schema_check(s, value, where, e);
		if (s == NULL)
			e->code = ERR_CONFIG;
	}
	schema_free(s);
	buf_release(&path);
	return ret;
}

/* ---- one node ---- */

/* The declared keys, as a view of the state; checked against their schemas. */
static cJSON *gather(struct filter_process *f, const struct node_row *row, struct err *e)
{
	cJSON *in = json_new_object(e);

	if (in == NULL)
		return NULL;
	JSON_EACH (m, f->state) {
		const char *key = json_key(m);

		if (!node_reads(row, key))
			continue;
		if (check_key(f, key, m, e) < 0 || json_set_view(in, key, m, e) < 0) {
			json_free(in);
			return NULL;
		}
	}
	return in;
}

static int merge(
	struct filter_process *f, const struct node_row *row, cJSON *out, struct err *e)
{
	const cJSON *m;

	JSON_EACH (o, out) {
		if (!node_writes(row, json_key(o)))
			return err_set(e, ERR_INTERNAL,
				"node %s changed the key '%s', which it does"
				" not declare",
				row->name, json_key(o));
		if (check_key(f, json_key(o), o, e) < 0) {
			err_where(e, "node %s wrote what its schema refuses", row->name);
			e->code = ERR_INTERNAL;
			return -1;
		}
	}
	while ((m = json_first(out)) != NULL) {
		char key[64];

		snprintf(key, sizeof(key), "%s", json_key(m));
		if (json_set(f->state, key, json_detach(out, key), e) < 0)
			return -1;
	}
	return 0;
}

static const char *trigger(enum node_id node)
{
	const char *given = getenv("MLOPS_TRIGGER");

	if (given != NULL && *given != '\0')
		return given;
	return node >= NODE_CODEGEN ? "user_approve" : "constraints_updated";
}

static int stamp_id(cJSON *card, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	char id[ID_TEXT_MAX];
	int ret = clock_is_fixed() ? json_canonical(card, &b, e) : id_random(id, e);

	if (ret == 0 && clock_is_fixed())
		id_from_content(b.ptr, b.len, id);
	buf_release(&b);
	return ret < 0 ? -1 : json_set_str(card, "decision_id", id, e);
}

static int stamp_cards(struct filter_process *f, const struct filter *node, struct err *e)
{
	const struct node_row *row = &node_rows[node->node];
	cJSON *all = json_own(f->state, "reason_cards", e), *card;
	char ts[CLOCK_TEXT_MAX];

	if (!json_is(all, JSON_ARRAY)) {
		json_remove(f->state, "reason_cards");
		all = json_add_array(f->state, "reason_cards", e);
	}
	if (all == NULL)
		return -1;
	clock_format(f->env.now_ns, ts);
	while ((card = json_take_first(f->env.cards)) != NULL) {
		if (json_set_str(card, "run_id", f->run_id, e) < 0 ||
			json_set_str(card, "node_name", row->name, e) < 0 ||
			json_set_str(card, "node_version", node->version, e) < 0 ||
			json_set_str(card, "trigger", trigger(node->node), e) < 0 ||
			(f->env.prompt_pack[0] != '\0' &&
				json_set_str(card, "prompt_pack_hash", f->env.prompt_pack,
					e) < 0) ||
			json_set_str(card, "ts", ts, e) < 0 || stamp_id(card, e) < 0) {
			json_free(card);
			return -1;
		}
		if (json_push(all, card, e) < 0)
			return -1;
	}
	return 0;
}

/* A file option counts by what the file holds, not by its name. */
static int note_file_option(
	cJSON *options, const struct opt *o, const char *path, struct err *e)
{
	char hex[DIGEST_HEX_MAX];
	struct err missing;

	if (digest_file_hex(path, hex, &missing) < 0)
		return json_set_str(options, o->name, path, e);
	return json_setf(options, o->name, e, "sha256:%s", hex);
}

static int note_list(
	cJSON *options, const struct opt *o, const struct opt_list *l, struct err *e)
{
	cJSON *a = l->n == 0 ? NULL : json_add_array(options, o->name, e);

	if (l->n == 0)
		return 0;
	for (size_t i = 0; i < l->n && a != NULL; i++) {
		char hex[DIGEST_HEX_MAX];
		int ret;

		digest_hex(l->at[i], strlen(l->at[i]), hex);
		ret = o->flags & OPT_TEXT_KEY ? json_push_strf(a, e, "sha256:%s", hex)
					      : json_push_str(a, l->at[i], e);
		if (ret < 0)
			return -1;
	}
	return a == NULL ? -1 : 0;
}

/* The options that differ from their absence and may change the output. */
static int note_options(const struct filter_process *f, cJSON *meta, struct err *e)
{
	cJSON *options = json_add_object(meta, "options", e);
	int ret = options == NULL ? -1 : 0;

	for (const struct opt *o = f->p->opts; ret == 0 && o != NULL && o->name != NULL;
		o++) {
		const void *field = (const char *)f->args + o->offset;
		const char *s;

		if (o->flags & OPT_NO_KEY)
			continue;
		switch (o->kind) {
		case OPT_KIND_FLAG:
			if (*(const int *)field)
				ret = json_set_bool(options, o->name, 1, e);
			break;
		case OPT_KIND_NUM:
			ret = json_set_num(options, o->name, *(const double *)field, e);
			break;
		case OPT_KIND_LIST:
			ret = note_list(options, o, field, e);
			break;
		default:
			s = *(const char *const *)field;
			if (s != NULL && (o->flags & OPT_FILE_KEY))
				ret = note_file_option(options, o, s, e);
			else if (s != NULL)
				ret = json_set_str(options, o->name, s, e);
		}
	}
	return ret;
}

static int note_run(struct filter_process *f, const struct filter *node, int answer,
	int64_t started_ns, struct err *e)
{
	cJSON *nodes = json_own(json_edit(f->state, "/run_meta"), "nodes", e), *meta;
	double ms = (double)(clock_monotonic_ns() - started_ns) / 1e6;
	char ts[CLOCK_TEXT_MAX];

	meta = nodes == NULL ? NULL
			     : json_add_object(nodes, node_rows[node->node].name, e);
	clock_format(f->env.now_ns, ts);
	if (meta == NULL || json_set_str(meta, "version", node->version, e) < 0 ||
		json_set_str(meta, "ts", ts, e) < 0 ||
		json_set_num(meta, "duration_ms", clock_is_fixed() ? 0 : ms, e) < 0 ||
		json_set_int(meta, "answer", answer, e) < 0 ||
		json_set_str(meta, "provider", f->env.provider, e) < 0 ||
		json_set_null(meta, "prompt_pack", e) < 0 ||
		model_note(&f->env, meta, e) < 0 || note_options(f, meta, e) < 0)
		return -1;
	return json_set(meta, "files", json_copy(f->env.files_read, e), e);
}

/* Returns the node's answer, or -1. */
static int run_node(struct filter_process *f, const struct filter *node, struct err *e)
{
	const struct node_row *row = &node_rows[node->node];
	int64_t started = clock_monotonic_ns();
	cJSON *in, *out = NULL;
	int answer = -1;

	f->node = row->name;
	f->env.cards = json_new_array(e);
	f->env.files_read = json_new_object(e);
	f->env.in_state = strcmp(row->reads, "*") == 0 ? f->state : NULL;
	in = f->env.cards == NULL || f->env.files_read == NULL ? NULL : gather(f, row, e);
	out = in == NULL ? NULL : json_new_object(e);
	if (out != NULL)
		answer = node->run(&f->env, f->args, in, out, e);
	json_free(in);
	if (answer >= 0 &&
		(merge(f, row, out, e) < 0 || stamp_cards(f, node, e) < 0 ||
			note_run(f, node, answer, started, e) < 0))
		answer = -1;
	json_free(out);
	json_free(f->env.cards);
	json_free(f->env.files_read);
	json_free(f->env.model);
	f->env.cards = f->env.files_read = f->env.model = NULL;
	f->env.prompt_pack[0] = '\0';
	return answer;
}

/* ---- output ---- */

static int print_text(const struct buf *b, struct err *e)
{
	if (buf_ok(b, e) < 0 ||
		file_write_fd(STDOUT_FILENO, "stdout", b->ptr, b->len, e) < 0)
		return -1;
	if (close(STDOUT_FILENO) < 0)
		return err_set(e, ERR_IO, "cannot write stdout: %s", strerror(errno));
	return 0;
}

static int print_document(const struct filter_process *f, const cJSON *doc, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int pretty = f->common.pretty || (!f->common.compact && isatty(STDOUT_FILENO));
	int ret;

	json_print(doc, pretty ? JSON_PRETTY : JSON_COMPACT, &b);
	buf_add_char(&b, '\n');
	ret = print_text(&b, e);
	buf_release(&b);
	return ret;
}

/* The state, or the other face that the program gives it. */
static int print_result(struct filter_process *f, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int other =
		f->p->print == NULL ? 0 : f->p->print(&f->env, f->args, f->state, &b, e);
	int ret = other;

	if (other == 0)
		ret = print_document(f, f->state, e);
	else if (other > 0)
		ret = print_text(&b, e);
	buf_release(&b);
	return ret;
}

static int add_key_schema(struct filter_process *f, cJSON *props, const char *key,
	int reads, int writes, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	cJSON *s;
	int ret = 0;

	if (schema_path(f, key, &path)) {
		s = json_parse_file(path.ptr, 1 << 20, e);
		ret = s == NULL || (reads && json_set_bool(s, "x-reads", 1, e) < 0) ||
				(writes && json_set_bool(s, "x-writes", 1, e) < 0)
			? -1
			: 0;
		if (ret == 0)
			ret = json_set(props, key, s, e);
		else
			json_free(s);
	}
	buf_release(&path);
	return ret;
}

static int add_node_schemas(struct filter_process *f, cJSON *props,
	const struct node_row *row, char **files, size_t n, struct err *e)
{
	static const char suffix[] = ".schema.json";

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(files[i]);
		char key[64];

		if (len <= sizeof(suffix) - 1 || len >= sizeof(key) ||
			strcmp(files[i] + len - (sizeof(suffix) - 1), suffix) != 0)
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)(len - (sizeof(suffix) - 1)),
			files[i]);
		if (!node_reads(row, key) && !node_writes(row, key))
			continue;
		if (add_key_schema(f, props, key, node_reads(row, key),
			    node_writes(row, key), e) < 0)
			return -1;
	}
	return 0;
}

/* The JSON Schema of what this program reads and writes, from share/schemas. */
static int print_schema(struct filter_process *f, struct err *e)
{
	cJSON *doc = json_new_object(e), *props = NULL, *required, *versions;
	struct buf dir = BUF_INIT(8192);
	char **files = NULL;
	size_t n = 0;
	int ret = -1;

	buf_addf(&dir, "%s/schemas", f->env.share);
	if (doc == NULL || buf_ok(&dir, e) < 0 || file_list(dir.ptr, &files, &n, e) < 0)
		goto out;
	if (json_set_str(doc, "$schema", "https://json-schema.org/draft/2020-12/schema",
		    e) < 0 ||
		json_setf(doc, "title", e, "The state as %s reads and writes it",
			f->p->name) < 0 ||
		json_set_str(doc, "type", "object", e) < 0)
		goto out;
	required = json_add_array(doc, "required", e);
	if (required == NULL || json_push_str(required, "schema_version", e) < 0)
		goto out;
	props = json_add_object(doc, "properties", e);
	if (props == NULL || json_own(props, "schema_version", e) == NULL ||
		json_set_str(json_own(props, "schema_version", e), "type", "integer", e) <
			0)
		goto out;
	versions = json_add_object(doc, "x-nodes", e); /* node -> version, for reuse */
	for (size_t i = 0; i < f->p->n_filters; i++) {
		const struct filter *node = f->p->filters[i];

		if (versions == NULL ||
			json_set_str(versions, node_rows[node->node].name, node->version,
				e) < 0 ||
			add_node_schemas(f, props, &node_rows[node->node], files, n, e) <
				0)
			goto out;
	}
	ret = print_document(f, doc, e);
out:
	file_list_free(files, n);
	buf_release(&dir);
	json_free(doc);
	return ret;
}

/* ---- main ---- */

/* Exit status of the nodes: the first answer that is not 0. -1 with *e. */
static int run_all(struct filter_process *f, struct err *e)
{
	int answer = 0;

	if (read_state(f, e) < 0 || settle_run_id(f, e) < 0)
		return -1;
	for (size_t i = 0; i < f->p->n_filters; i++) {
		const struct filter *node = f->p->filters[i];
		int a;

		if (node->wanted != NULL && !node->wanted(f->args))
			continue;
		a = run_node(f, node, e);
		if (a < 0)
			return -1;
		if (answer == 0)
			answer = a;
	}
	f->node = NULL;
	if (f->p->finish != NULL && f->p->finish(&f->env, f->args, f->state, e) < 0)
		return -1;
	return print_result(f, e) < 0 ? -1 : answer;
}

static int run_program(struct filter_process *f, int argc, char **argv, struct err *e)
{
	int status;

	f->args = calloc(1, f->p->args_size > 0 ? f->p->args_size : 1);
	if (f->args == NULL)
		return err_no_memory(e);
	if (f->p->defaults != NULL)
		memcpy(f->args, f->p->defaults, f->p->args_size);
	if (settle_descriptors(e) < 0)
		return -1;
	status = options_parse(f->p, argc, argv, f->args, &f->common, e);
	if (status != 0)
		return status < 0 ? -1 : 0;
	if (env_init(&f->env, f->p->name, &f->common, e) < 0)
		return -1;
	if (f->common.schema)
		return print_schema(f, e);
	if (f->p->instead != NULL) {
		status = f->p->instead(&f->env, f->args, e);
		if (status >= 0 || status == -2)
			return status == -2 ? -1 : status;
	}
	return run_all(f, e);
}

static void release(struct filter_process *f)
{
	for (const struct opt *o = f->p->opts;
		f->args != NULL && o != NULL && o->name != NULL; o++)
		if (o->kind == OPT_KIND_LIST)
			free(((struct opt_list *)(void *)((char *)f->args + o->offset))
					->at);
	free(f->args);
	json_free(f->state);
	env_release(&f->env);
}

int filter_main(const struct program *p, int argc, char **argv)
{
	struct filter_process f = { .p = p };
	struct err e = { 0 };
	int status = run_program(&f, argc, argv, &e);

	if (status < 0)
		status = report_error(
			p->name, &f.common, f.run_id[0] ? f.run_id : NULL, f.node, &e);
	release(&f);
	return status;
}
