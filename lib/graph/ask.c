/* What only a person can say: the gate's decision, replies to questions. */
#include "run.h"

#include "gate/review.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line from the terminal without its end. 1, or 0 at the end of input. */
static int read_line(struct buf *line)
{
	char c;

	buf_reset(line);
	for (;;) {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			return 0;
		if (n <= 0)
			return line->len > 0;
		if (c == '\n')
			return 1;
		buf_add_char(line, c);
	}
}

static void say(const char *text)
{
	struct err ignored;

	(void)file_write_fd(STDERR_FILENO, "stderr", text, strlen(text), &ignored);
}

static int take_comment(struct run *r, struct buf *line, struct err *e)
{
	say("What should be different? ");
	if (!read_line(line) || line->len == 0)
		return 0;
	free(r->comment);
	r->comment = strdup(line->ptr);
	return r->comment == NULL ? err_no_memory(e) : 0;
}

int run_ask_gate(struct run *r, struct err *e)
{
	struct gate_review how = { NULL, json_at(r->state, "/hitl/reasons"),
		log_width(STDERR_FILENO) };
	struct buf review = BUF_INIT(1 << 20), line = BUF_INIT(1 << 16);
	int ret = 0;

	gate_review(r->state, &how, &review);
	say("\n");
	say(review.ptr);
	r->decision = DECIDE_NOTHING;
	for (;;) {
		say("\nGenerate this? [y]es, [n]o and say why, [q]uit for now: ");
		if (!read_line(&line) || tolower((unsigned char)line.ptr[0]) == 'q')
			break;
		if (tolower((unsigned char)line.ptr[0]) == 'y') {
			r->decision = DECIDE_APPROVE;
			break;
		}
		if (tolower((unsigned char)line.ptr[0]) == 'n') {
			r->decision = DECIDE_REJECT;
			ret = take_comment(r, &line, e);
			break;
		}
	}
	buf_release(&review);
	buf_release(&line);
	return ret;
}

/* ---- questions ---- */

static void show_question(const cJSON *q, size_t i, size_t n)
{
	struct buf b = BUF_INIT(1 << 16);
	const cJSON *recommended = json_get(q, "recommended");
	size_t k = 0;

	buf_addf(&b, "\n(%zu of %zu) %s\n", i, n, json_str_or(q, "text", ""));
	if (json_text(json_get(q, "why")) != NULL)
		buf_addf(&b, "    %s\n", json_text(json_get(q, "why")));
	JSON_EACH (c, json_get(q, "choices")) {
		buf_addf(&b, "  %zu) ", ++k);
		if (json_text(c) != NULL)
			buf_add_str(&b, json_text(c));
		else
			json_print(c, JSON_COMPACT, &b);
		buf_add_char(&b, '\n');
	}
	buf_add_str(&b, "Reply");
	if (recommended != NULL && !json_is(recommended, JSON_NULL)) {
		buf_add_str(&b, " [");
		if (json_text(recommended) != NULL)
			buf_add_str(&b, json_text(recommended));
		else
			json_print(recommended, JSON_COMPACT, &b);
		buf_add_char(&b, ']');
	}
	buf_add_str(&b, " (empty: leave open): ");
	say(b.ptr);
	buf_release(&b);
}

/* The choice whose number was typed, else NULL. */
static const cJSON *numbered(const cJSON *q, const char *reply)
{
	char *end;
	long i = strtol(reply, &end, 10);

	if (*end != '\0' || i < 1 || (size_t)i > json_len(json_get(q, "choices")))
		return NULL;
	return json_item(json_get(q, "choices"), (size_t)i - 1);
}

static int add_reply(cJSON *replies, const cJSON *q, const char *reply, struct err *e)
{
	const cJSON *choice = numbered(q, reply);
	const char *text = json_text(choice);
	cJSON *o = json_push_object(replies, e);

	if (o == NULL || json_set_str(o, "question", json_str_or(q, "id", ""), e) < 0 ||
		json_set_str(o, "field", json_str_or(q, "field", ""), e) < 0)
		return -1;
	if (choice != NULL && text == NULL)
		return json_set_copy(o, "value", choice, e);
	return json_set_str(o, "text", text != NULL ? text : reply, e);
}

/* Beside the store, so that the decision set can be taken up again. */
static int write_replies(struct run *r, const cJSON *replies, struct err *e)
{
	struct buf text = BUF_INIT(1 << 20);
	char *dir = run_path(e, "%s/answers", r->home);
	int ret = -1;

	free(r->answers_path);
	r->answers_path = run_path(e, "%s/answers/%s.json", r->home, r->set_id);
	json_print(replies, JSON_COMPACT, &text);
	if (dir != NULL && r->answers_path != NULL && buf_ok(&text, e) == 0 &&
		file_mkdirs(dir, e) == 0)
		ret = file_write_atomic(r->answers_path, text.ptr, text.len, 0600, 0, e);
	free(dir);
	buf_release(&text);
	return ret;
}

/* The replies so far: given here, else those of --answers, else none. */
static cJSON *old_replies(struct run *r, struct err *e)
{
	const char *given = json_text(json_get(r->passed, "answers"));
	cJSON *replies;

	if (r->answers_path == NULL && given == NULL)
		return json_new_array(e);
	replies = json_parse_file(
		r->answers_path != NULL ? r->answers_path : given, 1 << 20, e);
	if (replies != NULL && !json_is(replies, JSON_ARRAY)) {
		err_fill(e, ERR_INPUT, "'%s' is not an array of replies", given);
		json_free(replies);
		return NULL;
	}
	return replies;
}

int run_ask_questions(struct run *r, struct err *e)
{
	const cJSON *questions = json_get(r->state, "questions");
	struct buf line = BUF_INIT(1 << 16);
	cJSON *replies = old_replies(r, e);
	size_t i = 0, n = json_len(questions), before = json_len(replies);
	int ret = replies == NULL ? -1 : 0;

	JSON_EACH (q, questions) {
		if (ret < 0)
			break;
		show_question(q, ++i, n);
		if (!read_line(&line))
			break;
		if (line.len > 0)
			ret = add_reply(replies, q, line.ptr, e);
	}
	if (ret == 0 && json_len(replies) > before)
		ret = write_replies(r, replies, e) < 0 ? -1 : 1;
	json_free(replies);
	buf_release(&line);
	return ret;
}
