/* mlops show, log, stats: the store read back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/review.h"
#include "graph/graph.h"
#include "mlops.h"
#include "store/stats.h"

static int is_json(const struct reader *r)
{
	return r->args.format != NULL && strcmp(r->args.format, "json") == 0;
}

static int print_json(const cJSON *v, struct buf *out)
{
	json_print(v, JSON_PRETTY, out);
	buf_add_char(out, '\n');
	return 0;
}

static int version_operand(void *args, const char *text, struct err *e)
{
	struct read_args *a = args;

	if (text[0] == '/' && a->pointer == NULL)
		a->pointer = text;
	else if (a->what == NULL)
		a->what = text;
	else
		return err_set(e, ERR_USAGE, "'%s' is one operand too many", text);
	return 0;
}

/* ---- show ---- */

static void show_head(const struct reader *r, struct buf *out)
{
	const cJSON *s = r->set;

	buf_addf(out, "%s, version %.0f: %s\n", json_str_or(r->project, "name", ""),
		json_num_or(s, "version", 0), json_str_or(s, "status", ""));
	buf_addf(out, "decision set  %s\n", json_str_or(s, "id", ""));
	if (json_text(json_get(s, "parent_id")) != NULL)
		buf_addf(out, "parent        %s\n", json_str_or(s, "parent_id", ""));
	buf_addf(out, "changed       %s\n", json_str_or(s, "updated_at", ""));
	if (json_text(json_get(s, "content_digest")) != NULL)
		buf_addf(out, "content       %s\n", json_str_or(s, "content_digest", ""));
	if (json_text(json_get(s, "git_commit")) != NULL)
		buf_addf(out, "commit        %s\n", json_str_or(s, "git_commit", ""));
	buf_add_char(out, '\n');
}

static void show_nodes(const cJSON *state, struct buf *out)
{
	buf_add_char(out, '\n');
	for (enum node_id n = 0; n < NODE_COUNT; n++) {
		char pointer[80];

		snprintf(pointer, sizeof(pointer), "/run_meta/nodes/%s",
			node_rows[n].name);
		if (json_at(state, pointer) == NULL)
			continue;
		buf_addf(out, "%-18s ", node_rows[n].name);
		graph_note(n, state, out);
		buf_add_char(out, '\n');
	}
}

static int show(struct reader *r, struct buf *out, struct err *e)
{
	cJSON *state = NULL;
	const cJSON *part;
	int ret = 0;

	if (store_state(r->store, json_str_or(r->set, "id", ""), r->args.node, &state,
		    NULL, e) < 0)
		return -1;
	if (state == NULL && r->args.node != NULL)
		return err_set(e, ERR_NO_INPUT,
			"this version has no checkpoint after '%s'", r->args.node);
	part = r->args.pointer == NULL ? state
				       : json_pointer_find(state, r->args.pointer, e);
	if (r->args.pointer != NULL && part == NULL) {
		ret = -1;
	} else if (r->args.pointer != NULL || is_json(r)) {
		print_json(part, out);
	} else {
		show_head(r, out);
		if (json_has(state, "plan")) {
			struct gate_review how = { NULL, json_at(state, "/hitl/reasons"),
				log_width(STDOUT_FILENO) };

			gate_review(state, &how, out);
		}
		show_nodes(state, out);
	}
	json_free(state);
	return ret;
}

/* ---- log ---- */

static int push_cell(cJSON *row, const char *text, size_t max, struct err *e)
{
	struct buf b = BUF_INIT(1 << 16);
	size_t n = 0;
	int ret;

	for (const char *p = text; *p != '\0'; p++) {
		n += ((unsigned char)*p & 0xC0) != 0x80;
		if (n > max)
			break;
		buf_add_char(&b, (unsigned char)*p < 0x20 ? ' ' : *p);
	}
	if (n > max)
		buf_add_str(&b, "…");
	ret = buf_ok(&b, e) < 0 ? -1 : json_push_str(row, b.ptr, e);
	buf_release(&b);
	return ret;
}

static cJSON *new_row(cJSON *rows, struct err *e)
{
	cJSON *row = json_new_array(e);

	if (row == NULL || json_push(rows, row, e) < 0)
		return NULL;
	return row;
}

/* What an event is about, in a few words. */
static const char *gist(const cJSON *payload)
{
	const char *s = json_text(json_at(payload, "/choice/justification"));

	if (s == NULL)
		s = json_text(json_get(payload, "message"));
	if (s == NULL)
		s = json_text(json_get(payload, "overall"));
	if (s == NULL)
		s = json_text(json_get(payload, "comment"));
	if (s == NULL)
		s = json_text(json_get(payload, "content_digest"));
	return s != NULL ? s : "";
}

static int log_row(cJSON *rows, const cJSON *ev, struct err *e)
{
	cJSON *row = new_row(rows, e);

	return row == NULL ||
			push_cell(row, json_str_or(ev, "created_at", ""), 24, e) < 0 ||
			push_cell(row, json_str_or(ev, "node_name", "-"), 20, e) < 0 ||
			push_cell(row, json_str_or(ev, "type", ""), 24, e) < 0 ||
			push_cell(row, gist(json_get(ev, "payload")), 70, e) < 0
		? -1
		: 0;
}

static int ledger_row(cJSON *rows, const cJSON *ev, struct err *e)
{
	const cJSON *card = json_get(ev, "payload");
	cJSON *row;
	char confidence[16];

	if (!json_has(card, "decision_id"))
		return 0;
	row = new_row(rows, e);
	snprintf(confidence, sizeof(confidence), "%.2f",
		json_num_or(card, "confidence", 0));
	return row == NULL ||
			push_cell(row, json_str_or(ev, "created_at", ""), 24, e) < 0 ||
			push_cell(row, json_str_or(card, "agent", ""), 20, e) < 0 ||
			push_cell(row, json_str_or(json_get(card, "choice"), "id", "-"),
				32, e) < 0 ||
			push_cell(row, confidence, 6, e) < 0 ||
			push_cell(row, gist(card), 60, e) < 0
		? -1
		: 0;
}

/* The cards alone, as JSON. */
static cJSON *cards_of(const cJSON *events, struct err *e)
{
	cJSON *cards = json_new_array(e);

	JSON_EACH (ev, events)
		if (cards != NULL && json_has(json_get(ev, "payload"), "decision_id") &&
			json_push_copy(cards, json_get(ev, "payload"), e) < 0) {
			json_free(cards);
			return NULL;
		}
	return cards;
}

static int log_table(const cJSON *events, int ledger, struct buf *out, struct err *e)
{
	static const char *const events_head[] = { "time", "node", "event", "what" };
	static const char *const ledger_head[] = { "time", "agent", "choice", "sure",
		"why" };
	struct table t = { ledger ? ledger_head : events_head, ledger ? 5 : 4, NULL };
	cJSON *rows = json_new_array(e);
	int ret = rows == NULL ? -1 : 0;

	JSON_EACH (ev, events)
		if (ret == 0)
			ret = ledger ? ledger_row(rows, ev, e) : log_row(rows, ev, e);
	t.rows = rows;
	if (ret == 0)
		table_print(&t, out);
	json_free(rows);
	return ret;
}

static int show_log(struct reader *r, struct buf *out, struct err *e)
{
	cJSON *events = NULL, *cards = NULL;
	const char *set = r->args.all ? NULL : json_str_or(r->set, "id", "");
	int ret = store_events(
		r->store, json_str_or(r->project, "id", ""), set, 0, &events, e);

	if (ret == 0 && is_json(r)) {
		if (r->args.ledger)
			cards = cards_of(events, e);
		ret = r->args.ledger && cards == NULL
			? -1
			: print_json(r->args.ledger ? cards : events, out);
	} else if (ret == 0) {
		ret = log_table(events, r->args.ledger, out, e);
	}
	json_free(events);
	json_free(cards);
	return ret;
}

/* ---- stats ---- */

struct stat {
	size_t runs, failed, n;
	double tokens, *ms;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const struct stat *s, double q)
{
	size_t i = (size_t)ceil(q * (double)s->n);

	return s->n == 0 ? 0 : s->ms[i == 0 ? 0 : i - 1];
}

static int gather(const cJSON *runs, const char *node, struct stat *s, struct err *e)
{
	s->ms = calloc(json_len(runs) + 1, sizeof(*s->ms));
	if (s->ms == NULL)
		return err_no_memory(e);
	JSON_EACH (run, runs) {
		if (strcmp(json_str_or(run, "node_name", ""), node) != 0)
			continue;
		s->runs++;
		s->tokens += json_num_or(run, "tokens_total", 0);
		if (json_text(json_get(run, "error")) != NULL)
			s->failed++;
		else
			s->ms[s->n++] = json_num_or(run, "latency_ms", 0);
	}
	qsort(s->ms, s->n, sizeof(*s->ms), by_value);
	return 0;
}

static int stat_row(cJSON *rows, const char *node, const struct stat *s, struct err *e)
{
	cJSON *row = new_row(rows, e);

	return row == NULL || json_push_str(row, node, e) < 0 ||
			json_push_strf(row, e, "%zu", s->runs) < 0 ||
			json_push_strf(row, e, "%zu", s->failed) < 0 ||
			json_push_strf(row, e, "%.1f", quantile(s, 0.5)) < 0 ||
			json_push_strf(row, e, "%.1f", quantile(s, 0.95)) < 0 ||
			json_push_strf(row, e, "%.1f", quantile(s, 1)) < 0 ||
			json_push_strf(row, e, "%.0f", s->tokens) < 0
		? -1
		: 0;
}

static int stat_object(cJSON *rows, const char *node, const struct stat *s, struct err *e)
{
	cJSON *o = json_push_object(rows, e);

	return o == NULL || json_set_str(o, "node", node, e) < 0 ||
			json_set_int(o, "runs", (int64_t)s->runs, e) < 0 ||
			json_set_int(o, "failed", (int64_t)s->failed, e) < 0 ||
			json_set_num(o, "p50_ms", quantile(s, 0.5), e) < 0 ||
			json_set_num(o, "p95_ms", quantile(s, 0.95), e) < 0 ||
			json_set_num(o, "max_ms", quantile(s, 1), e) < 0 ||
			json_set_num(o, "tokens", s->tokens, e) < 0
		? -1
		: 0;
}

/* Acceptance, rework, questions, time to artifact: stats.h, of the whole project. */
static int show_people(struct reader *r, struct buf *out, struct err *e)
{
	cJSON *stats = NULL;

	if (store_stats(r->store, json_str_or(r->project, "id", ""), &stats, e) < 0)
		return -1;
	if (is_json(r))
		print_json(stats, out);
	JSON_EACH (m, is_json(r) ? NULL : stats) {
		buf_addf(out, "%-20s ", json_key(m));
		if (json_is(m, JSON_NULL))
			buf_add_char(out, '-');
		else if (json_is(m, JSON_OBJECT) && json_num_or(m, "n", 0) > 0)
			buf_addf(out, "p50 %.1f, p95 %.1f", json_num_or(m, "p50", 0),
				json_num_or(m, "p95", 0));
		else if (json_is(m, JSON_OBJECT))
			buf_add_char(out, '-');
		else
			buf_addf(out, "%.4g", json_number(m, 0));
		buf_add_char(out, '\n');
	}
	json_free(stats);
	return 0;
}

static int show_stats(struct reader *r, struct buf *out, struct err *e)
{
	static const char *const head[] = { "node", "runs", "failed", "p50 ms", "p95 ms",
		"max ms", "tokens" };
	struct table t = { head, ARRAY_LEN(head), NULL };
	cJSON *runs = NULL, *rows = r->args.people ? NULL : json_new_array(e);
	int ret;

	if (r->args.people)
		return show_people(r, out, e);
	ret = rows == NULL
		? -1
		: store_run_list(r->store, json_str_or(r->project, "id", ""),
			  r->args.what == NULL ? NULL : json_str_or(r->set, "id", ""),
			  &runs, e);

	for (enum node_id n = 0; ret == 0 && n < NODE_COUNT; n++) {
		struct stat s = { 0 };

		ret = gather(runs, node_rows[n].name, &s, e);
		if (ret == 0)
			ret = is_json(r) ? stat_object(rows, node_rows[n].name, &s, e)
					 : stat_row(rows, node_rows[n].name, &s, e);
		free(s.ms);
	}
	t.rows = rows;
	if (ret == 0 && is_json(r))
		print_json(rows, out);
	else if (ret == 0)
		table_print(&t, out);
	json_free(runs);
	json_free(rows);
	return ret;
}

/* ---- the three mains ---- */

static int read_main(const struct program *p, int argc, char **argv,
	int (*print)(struct reader *, struct buf *, struct err *))
{
	struct reader r = { 0 };
	struct buf out = BUF_INIT(BUF_NO_LIMIT);
	struct err e = { 0 };
	int ret = reader_open(&r, p, argc, argv, &e);

	if (ret == 0)
		ret = print(&r, &out, &e);
	if (ret == 0)
		ret = front_print(p->name, &out);
	else
		ret = ret > 0 ? 0 : front_fail(p->name, &r.common, &e);
	buf_release(&out);
	reader_close(&r);
	return ret;
}

int cmd_show(int argc, char **argv)
{
	static const struct opt opts[] = { FRONT_READ_OPTS,
		OPT_STR(0, "node", "NODE", struct read_args, node,
			"the state after this node"),
		OPT_END };
	static const struct program p = { .name = "mlops show",
		.summary = "Prints what a version decided, or a part of its state.",
		.operands = "[VERSION] [/POINTER]",
		.examples = "  mlops show 2\n  mlops show /plan/slots\n",
		.opts = opts,
		.args_size = sizeof(struct read_args),
		.operand = version_operand };

	return read_main(&p, argc, argv, show);
}

int cmd_log(int argc, char **argv)
{
	static const struct opt opts[] = { FRONT_READ_OPTS,
		OPT_FLAG(0, "ledger", struct read_args, ledger,
			"the Decision Ledger: every Reason Card"),
		OPT_FLAG('a', "all", struct read_args, all,
			"of every version of the project"),
		OPT_END };
	static const struct program p = { .name = "mlops log",
		.summary = "Prints the events of a version, oldest first.",
		.operands = "[VERSION]",
		.examples = "  mlops log --ledger\n  mlops log 1 --format json\n",
		.opts = opts,
		.args_size = sizeof(struct read_args),
		.operand = version_operand };

	return read_main(&p, argc, argv, show_log);
}

int cmd_stats(int argc, char **argv)
{
	static const struct opt opts[] = { FRONT_READ_OPTS,
		OPT_FLAG(0, "people", struct read_args, people,
			"how it went for people: acceptance, rework, questions, time"),
		OPT_END };
	static const struct program p = { .name = "mlops stats",
		.summary = "Prints how often and how long the nodes ran.",
		.operands = "[VERSION]",
		.examples = "  mlops stats\n  mlops stats --people --format json\n",
		.opts = opts,
		.args_size = sizeof(struct read_args),
		.operand = version_operand };

	return read_main(&p, argc, argv, show_stats);
}
