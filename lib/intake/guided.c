/* guided.c - asks on the terminal, one question at a time, with a coverage meter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/extract.h"
#include "intake/intake.h"
#include "intake/replies.h"
#include "intake/screen.h"

#define STEPS_MAX 32

struct step { /* to go back to */
	cJSON *constraints, *provenance;
	size_t answers, skipped;
};

struct session {
	struct node_env *env;
	struct gathered *g;
	struct screen *screen;
	double threshold;
	const char *keep; /* the file that replies are kept in; NULL: none */
	size_t given;     /* answers that stood before the first question */
	struct step steps[STEPS_MAX];
	size_t n_steps;
	char skipped[STEPS_MAX][64];
	size_t n_skipped;
};

static cJSON *answer_new(
	const struct gathered *g, const cJSON *q, const char *text, struct err *e)
{
	cJSON *a = json_new_object(e), *list = NULL;
	struct buf clean = BUF_INIT(INTAKE_ANSWER_MAX);
	const char *field = json_str_or(q, "field", "");
	double number;
	char *end;
	int ret = -1;

	if (a == NULL ||
		redact_secrets(g->clean->rules, text, strlen(text), &clean, NULL, e) <
			0 ||
		buf_ok(&clean, e) < 0)
		goto out;
	number = strtod(clean.ptr, &end);
	if (json_set_str(a, "field", field, e) < 0 ||
		json_set_str(a, "question", json_str_or(q, "id", ""), e) < 0 ||
		json_set_str(a, "text", clean.ptr, e) < 0)
		goto out;
	if (json_bool_or(q, "multiple", 0)) {
		list = json_add_array(a, "value", e);
		for (char *save = NULL, *tok = strtok_r(clean.ptr, ",", &save);
			tok != NULL && list != NULL; tok = strtok_r(NULL, ",", &save))
			if (json_push_str(list, tok, e) < 0)
				goto out;
	} else if (end != clean.ptr && *end == '\0') {
		if (json_set_num(a, "value", number, e) < 0)
			goto out;
	} else if (json_set_str(a, "value", clean.ptr, e) < 0) {
		goto out;
	}
	if (json_set_str(a, "source", "answer", e) < 0 || answer_after(a, g, e) < 0)
		goto out;
	ret = 0;
out:
	buf_release(&clean);
	if (ret < 0) {
		json_free(a);
		return NULL;
	}
	return a;
}

static void step_release(struct step *s)
{
	json_free(s->constraints);
	json_free(s->provenance);
	memset(s, 0, sizeof(*s));
}

static void skip(struct session *n, const char *field)
{
	if (n->n_skipped < STEPS_MAX)
		snprintf(n->skipped[n->n_skipped++], sizeof(n->skipped[0]), "%s", field);
}

static int was_skipped(const struct session *n, const char *field)
{
	for (size_t i = 0; i < n->n_skipped; i++)
		if (strcmp(n->skipped[i], field) == 0)
			return 1;
	return 0;
}

static const cJSON *next_question(const struct session *n, const cJSON *questions)
{
	JSON_EACH (q, questions)
		if (!was_skipped(n, json_str_or(q, "field", "")))
			return q;
	return NULL;
}

/* What is known now, to come back to. NULL with *e. */
static struct step *step_new(struct session *n, struct err *e)
{
	struct step *s;

	if (n->n_steps == STEPS_MAX) {
		step_release(&n->steps[0]);
		memmove(n->steps, n->steps + 1, sizeof(n->steps[0]) * (STEPS_MAX - 1));
		n->n_steps--;
	}
	s = &n->steps[n->n_steps];
	*s = (struct step){ json_copy(n->g->constraints, e),
		json_copy(n->g->provenance, e), json_len(n->g->answers), n->n_skipped };
	if (s->constraints != NULL && s->provenance != NULL)
		return s;
	step_release(s);
	return NULL;
}

/* Takes the step's state over; what was answered or skipped since is open again. */
static int step_back(struct session *n, struct step *s, struct err *e)
{
	cJSON *kept = json_new_array(e);
	size_t i = 0;

	JSON_EACH (a, n->g->answers)
		if (kept == NULL ||
			(i++ < s->answers && json_push_copy(kept, a, e) < 0)) {
			json_free(kept);
			return -1;
		}
	json_free(n->g->answers);
	n->g->answers = kept;
	json_free(n->g->constraints);
	json_free(n->g->provenance);
	n->g->constraints = s->constraints;
	n->g->provenance = s->provenance;
	n->n_skipped = s->skipped;
	memset(s, 0, sizeof(*s));
	return 0;
}

/* "no restriction": answered, and nothing to keep. */
static void skip_if_open(struct session *n, const cJSON *answer)
{
	const char *field = json_str_or(answer, "field", "");

	if (!json_has(n->g->constraints, field) && strchr(field, '.') == NULL)
		skip(n, field);
}

/* ---- replies outlast an interruption ---- */

/* 'text', as a shell reads it. */
static void add_quoted(struct buf *b, const char *text)
{
	buf_add_char(b, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_str(b, "'\\'");
		buf_add_char(b, *text);
	}
	buf_add_char(b, '\'');
}

/* What the terminal says of the replies when it is interrupted now: where they are, or
 * the options that give them again. */
static void say_last(struct session *n)
{
	struct buf last = BUF_INIT(INTAKE_ANSWER_MAX),
		   option = BUF_INIT(INTAKE_ANSWER_MAX);
	size_t i = 0, told = 0;

	JSON_EACH (a, n->g->answers) {
		if (i++ < n->given)
			continue;
		told++;
		buf_reset(&option);
		buf_addf(&option, "%s=%s", json_str_or(a, "field", ""),
			json_str_or(a, "text", ""));
		if (n->keep == NULL) {
			buf_add_str(&last, " --set ");
			add_quoted(&last, option.ptr);
		}
	}
	buf_reset(&option);
	if (told > 0 && n->keep != NULL)
		buf_addf(&option, "%zu %s kept in '%s'\n", told,
			told == 1 ? "reply is" : "replies are", n->keep);
	else if (told > 0)
		buf_addf(&option, "to go on, repeat it with%s\n", last.ptr);
	screen_last_words(n->screen, option.ptr);
	buf_release(&last);
	buf_release(&option);
}

static int keep(struct session *n, struct err *e)
{
	say_last(n);
	return n->keep == NULL ? 0 : replies_keep(n->keep, n->g->answers, e);
}

static void refuse(struct session *n, const struct err *why)
{
	struct buf msg = BUF_INIT(4096);

	buf_add_shown(&msg, why->msg);
	buf_add_str(&msg, ". Please say it differently.\n");
	screen_say(n->screen, msg.ptr);
	buf_release(&msg);
}

/* 1 when the answer counts, 0 when it must be said differently, -1 on failure. */
static int take_answer(struct session *n, const cJSON *q, const char *text, struct err *e)
{
	struct step *s = step_new(n, e);
	cJSON *a = s == NULL ? NULL : answer_new(n->g, q, text, e);
	struct err why = { 0 };

	if (a == NULL)
		return -1;
	if (gather_answer(n->g, a, &why) == 0 && settle_replies(n->g, &why) == 0) {
		n->n_steps++;
		skip_if_open(n, a);
		return json_push(n->g->answers, a, e) < 0 || keep(n, e) < 0 ? -1 : 1;
	}
	json_free(a);
	if (step_back(n, s, e) < 0)
		return -1;
	if (why.code != ERR_INPUT && why.code != ERR_USAGE) {
		*e = why;
		return -1;
	}
	refuse(n, &why);
	return 0;
}

static void explain(struct session *n, const cJSON *q)
{
	struct buf msg = BUF_INIT(8192);

	buf_add_shown(&msg, json_str_or(q, "why", ""));
	buf_add_char(&msg, '\n');
	buf_add_shown(&msg, json_str_or(q, "help", ""));
	buf_add_char(&msg, '\n');
	screen_say(n->screen, msg.ptr);
	buf_release(&msg);
}

/* Asks until the question is settled: 1 to go on, 0 to stop asking, -1 on failure. */
static int settle(struct session *n, const cJSON *q, struct err *e)
{
	const char *usual = json_text(json_get(q, "recommended"));
	struct buf typed = BUF_INIT(INTAKE_ANSWER_MAX);
	int ret = 2;

	while (ret == 2)
		switch (screen_ask(n->screen, q, &typed)) {
		case REPLY_STOP:
			ret = 0;
			break;
		case REPLY_HELP:
			explain(n, q);
			break;
		case REPLY_BACK:
			if (n->n_steps == 0) {
				screen_say(n->screen, "This is the first question.\n");
				break;
			}
			ret = step_back(n, &n->steps[--n->n_steps], e) < 0 ||
					keep(n, e) < 0
				? -1
				: 1;
			break;
		case REPLY_TEXT:
			if (typed.len == 0 && usual != NULL)
				buf_add_str(&typed, usual);
			if (typed.len > 0) {
				ret = take_answer(n, q, typed.ptr, e);
				ret = ret == 0 ? 2 : ret;
				break;
			}
			/* fall through */
		default:
			skip(n, json_str_or(q, "field", ""));
			ret = 1;
		}
	buf_release(&typed);
	return ret;
}

/* The next question: 1 when there was one, 0 when nothing is left or nobody answers. */
static int round_of(struct session *n, struct err *e)
{
	cJSON *coverage =
		coverage_of(n->env, n->g->constraints, n->g->provenance, n->threshold, e);
	int facts = coverage == NULL
		? -1
		: required_facts(n->env, n->g->constraints, coverage, e);
	cJSON *questions = facts < 0
		? NULL
		: questions_of(n->env, n->g->constraints, coverage, 24, e);
	const cJSON *q = NULL;
	int ret = questions == NULL ? -1 : 0;

	if (ret == 0) {
		screen_meter(n->screen, coverage);
		q = next_question(n, questions);
	}
	if (q != NULL)
		ret = settle(n, q, e);
	json_free(coverage);
	json_free(questions);
	return ret;
}

int guided_run(struct node_env *env, struct gathered *g, double threshold,
	const char *file, struct err *e)
{
	struct session n = { .env = env,
		.g = g,
		.threshold = threshold,
		.keep = file,
		.given = json_len(g->answers) };
	int ret;

	n.screen = screen_open();
	if (n.screen == NULL) {
		log_warn(&env->log,
			"there is no terminal to ask on; going on with what the brief "
			"says");
		return 0;
	}
	JSON_EACH (a, g->answers)
		skip_if_open(&n, a);
	do
		ret = round_of(&n, e);
	while (ret == 1);
	for (size_t i = 0; i < n.n_steps; i++)
		step_release(&n.steps[i]);
	screen_close(n.screen);
	return ret;
}
