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

#define REPLIES_MAX ((size_t)8 << 20)

/* Replies lie beside the store, so that the decision set can be taken up again: a list
 * while they are given, {answers, asked} when nothing more is to be asked. */
static char *replies_path(const struct run *r, struct err *e)
{
	return run_path(e, "%s/answers/%s.json", r->home, r->set_id);
}

static const cJSON *replies_in(const cJSON *doc)
{
	return json_is(doc, JSON_ARRAY) ? doc : json_get(doc, "answers");
}

/* NULL in *doc where nobody has replied yet. */
static int read_replies(const char *path, cJSON **doc, struct err *e)
{
	*doc = NULL;
	if (!file_is_regular(path))
		return 0;
	*doc = json_parse_file(path, REPLIES_MAX, e);
	return *doc == NULL ? -1 : 0;
}

static int write_asked(const char *path, const cJSON *answers, struct err *e)
{
	struct buf text = BUF_INIT(REPLIES_MAX);
	cJSON *doc = json_new_object(e);
	int ret = -1;

	if (doc == NULL || json_add_array(doc, "answers", e) == NULL ||
		(answers != NULL && json_set_copy(doc, "answers", answers, e) < 0) ||
		json_set_bool(doc, "asked", 1, e) < 0)
		goto out;
	json_print(doc, JSON_COMPACT, &text);
	if (buf_ok(&text, e) == 0)
		ret = file_write_atomic(path, text.ptr, text.len, 0600, 0, e);
out:
	json_free(doc);
	buf_release(&text);
	return ret;
}

int run_find_replies(struct run *r, struct err *e)
{
	char *path = replies_path(r, e);
	cJSON *doc = NULL;
	int ret = path == NULL ? -1 : read_replies(path, &doc, e);

	free(r->answers_path);
	r->answers_path = NULL;
	r->asked = json_bool_or(doc, "asked", 0);
	if (ret == 0 && json_len(replies_in(doc)) > 0) {
		r->answers_path = path;
		path = NULL;
	}
	free(path);
	json_free(doc);
	return ret;
}

int run_ask_questions(struct run *r, struct err *e)
{
	char *dir = run_path(e, "%s/answers", r->home), *path = replies_path(r, e);
	cJSON *before = NULL, *after = NULL;
	int ret = -1;

	if (dir != NULL && path != NULL && file_mkdirs(dir, e) == 0 &&
		read_replies(path, &before, e) == 0 && run_guided(r, path, e) == 0 &&
		read_replies(path, &after, e) == 0 &&
		write_asked(path, replies_in(after), e) == 0)
		ret = after != NULL && !json_equal(replies_in(before), replies_in(after));
	if (ret >= 0)
		ret = run_find_replies(r, e) < 0 ? -1 : ret;
	json_free(before);
	json_free(after);
	free(dir);
	free(path);
	return ret;
}
