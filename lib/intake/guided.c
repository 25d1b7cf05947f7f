/* guided.c - asks on the terminal, one question at a time, with a coverage meter. */
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "intake/extract.h"
#include "intake/intake.h"

#define STEPS_MAX 32

struct terminal {
	int fd;
	int colour;
};

struct step { /* to go back to */
	cJSON *constraints, *provenance;
	size_t answers;
	char field[64];
};

static void say(const struct terminal *t, const char *text)
{
	struct err ignored;

	(void)file_write_fd(t->fd, "terminal", text, strlen(text), &ignored);
}

/* A line without its end. 1, or 0 at the end of input. */
static int read_line(const struct terminal *t, struct buf *line)
{
	char c;

	buf_reset(line);
	for (;;) {
		ssize_t n = read(t->fd, &c, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return line->len > 0;
		if (c == '\n' || c == '\r')
			return 1;
		if ((unsigned char)c >= 32)
			buf_add_char(line, c);
	}
}

static void meter(const struct terminal *t, const cJSON *coverage)
{
	struct buf b = BUF_INIT(1 << 16);
	double score = json_num_or(coverage, "score", 0),
	       threshold = json_num_or(coverage, "threshold", 0.75);
	const cJSON *missing = json_get(coverage, "missing");

	buf_add_str(&b, "\nCoverage [");
	for (int i = 0; i < 20; i++)
		buf_add_char(&b,
			i < (int)(score * 20 + 0.5)          ? '#'
				: i == (int)(threshold * 20) ? '|'
							     : '.');
	buf_addf(&b, "] %d %% (enough: %d %%)", (int)(score * 100 + 0.5),
		(int)(threshold * 100 + 0.5));
	if (json_len(missing) > 0)
		buf_add_str(&b, "; missing:");
	JSON_EACH (m, missing)
		buf_addf(&b, " %s", json_text(m));
	buf_add_str(&b, "\n");
	say(t, b.ptr);
	buf_release(&b);
}

static void show(const struct terminal *t, const cJSON *q)
{
	struct buf b = BUF_INIT(1 << 16);
	size_t i = 0;
	const cJSON *rec = json_get(q, "recommended");

	buf_addf(&b, "\n%s\n", json_str_or(q, "text", ""));
	JSON_EACH (c, json_get(q, "choices"))
		buf_addf(
			&b, "  %zu) %s\n", ++i, json_text(c) != NULL ? json_text(c) : "");
	buf_addf(&b, "  [Enter: %s; ? help, b back, s skip, q stop asking] > ",
		json_text(rec) != NULL ? json_text(rec) : "skip");
	say(t, b.ptr);
	buf_release(&b);
}

/* The words of a reply: a number or numbers of the list, the default, or as typed. */
static void reply_words(const cJSON *q, const char *typed, struct buf *out)
{
	const cJSON *choices = json_get(q, "choices");
	const char *p = typed;

	buf_reset(out);
	if (*typed == '\0') {
		buf_add_str(out,
			json_text(json_get(q, "recommended")) != NULL
				? json_text(json_get(q, "recommended"))
				: "");
		return;
	}
	if (strspn(typed, "0123456789, ") == strlen(typed) && json_len(choices) > 0) {
		while (*p != '\0') {
			char *end;
			unsigned long k = strtoul(p, &end, 10);

			if (end == p) {
				p++;
				continue;
			}
			if (k < 1 || k > json_len(choices)) {
				buf_reset(out);
				break;
			}
			buf_addf(out, "%s%s", out->len > 0 ? "," : "",
				json_text(json_item(choices, k - 1)));
			p = end;
		}
		if (out->len > 0)
			return;
	}
	buf_add_str(out, typed);
}

static cJSON *answer_new(
	struct cleaner *c, const cJSON *q, const char *text, struct err *e)
{
	cJSON *a = json_new_object(e), *list = NULL;
	struct buf clean = BUF_INIT(INTAKE_ANSWER_MAX);
	const char *field = json_str_or(q, "field", "");
	double number;
	char *end;
	int ret = -1;

	if (a == NULL ||
		redact_secrets(c->rules, text, strlen(text), &clean, NULL, e) < 0 ||
		buf_ok(&clean, e) < 0)
		goto out;
	number = strtod(clean.ptr, &end);
	if (json_set_str(a, "field", field, e) < 0 ||
		json_set_str(a, "question", json_str_or(q, "id", ""), e) < 0)
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
	if (json_set_str(a, "text", text, e) < 0 ||
		json_set_str(a, "source", "answer", e) < 0)
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

static int step_back(struct gathered *g, struct step *s, struct err *e)
{
	cJSON *kept = json_new_array(e);
	size_t i = 0;

	JSON_EACH (a, g->answers)
		if (kept == NULL ||
			(i++ < s->answers && json_push_copy(kept, a, e) < 0)) {
			json_free(kept);
			return -1;
		}
	json_free(g->answers);
	g->answers = kept;
	json_free(g->constraints);
	json_free(g->provenance);
	g->constraints = s->constraints;
	g->provenance = s->provenance;
	memset(s, 0, sizeof(*s));
	return 0;
}

static int was_skipped(char skipped[][64], size_t n, const char *field)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(skipped[i], field) == 0)
			return 1;
	return 0;
}

static const cJSON *next_question(const cJSON *questions, char skipped[][64], size_t n)
{
	JSON_EACH (q, questions)
		if (!was_skipped(skipped, n, json_str_or(q, "field", "")))
			return q;
	return NULL;
}

/* One reply: 1 to go on with the next question, 0 to ask again, 2 to stop, -1 failure. */
static int take_reply(const struct terminal *t, struct gathered *g, const cJSON *q,
	const char *typed, struct step *steps, size_t *n_steps, char skipped[][64],
	size_t *n_skipped, struct err *e)
{
	struct buf words = BUF_INIT(INTAKE_ANSWER_MAX), msg = BUF_INIT(4096);
	struct step *s;
	struct err why = { 0 };
	cJSON *a;
	int ret = 0;

	if (strcasecmp(typed, "q") == 0)
		return 2;
	if (strcmp(typed, "?") == 0) {
		buf_addf(&msg, "%s\n%s\n", json_str_or(q, "why", ""),
			json_str_or(q, "help", ""));
		say(t, msg.ptr);
		buf_release(&msg);
		return 0;
	}
	if (strcasecmp(typed, "b") == 0) {
		if (*n_steps == 0)
			say(t, "This is the first question.\n");
		else
			return step_back(g, &steps[--*n_steps], e) < 0 ? -1 : 1;
		return 1;
	}
	reply_words(q, typed, &words);
	if (strcasecmp(typed, "s") == 0 || words.len == 0) {
		if (*n_skipped < STEPS_MAX)
			snprintf(skipped[(*n_skipped)++], 64, "%s",
				json_str_or(q, "field", ""));
		buf_release(&words);
		return 1;
	}
	if (*n_steps == STEPS_MAX) {
		step_release(&steps[0]);
		memmove(steps, steps + 1, sizeof(*steps) * (STEPS_MAX - 1));
		--*n_steps;
	}
	s = &steps[*n_steps];
	*s = (struct step){ json_copy(g->constraints, e), json_copy(g->provenance, e),
		json_len(g->answers), "" };
	a = answer_new(g->clean, q, words.ptr, e);
	buf_release(&words);
	if (s->constraints == NULL || s->provenance == NULL || a == NULL) {
		step_release(s);
		json_free(a);
		return -1;
	}
	if (gather_answer(g, a, &why) < 0) {
		if (why.code != ERR_INPUT && why.code != ERR_USAGE) {
			*e = why;
			ret = -1;
		} else {
			buf_addf(&msg, "%s. Please say it differently.\n", why.msg);
			say(t, msg.ptr);
		}
		if (step_back(g, s, e) < 0)
			ret = -1;
		json_free(a);
	} else {
		if (json_push(g->answers, a, e) < 0)
			return -1;
		++*n_steps;
		ret = 1;
		if (!json_has(g->constraints, json_str_or(q, "field", "")) &&
			*n_skipped < STEPS_MAX)
			snprintf(skipped[(*n_skipped)++], 64, "%s",
				json_str_or(q, "field", ""));
	}
	buf_release(&msg);
	return ret;
}

int guided_run(struct node_env *env, struct gathered *g, double threshold, struct err *e)
{
	struct terminal t = { .fd = open("/dev/tty", O_RDWR | O_CLOEXEC) };
	struct step steps[STEPS_MAX] = { { 0 } };
	char skipped[STEPS_MAX][64];
	size_t n_steps = 0, n_skipped = 0;
	struct buf line = BUF_INIT(INTAKE_ANSWER_MAX);
	int ret = 0, going = 1;

	if (t.fd < 0) {
		log_warn(&env->log,
			"there is no terminal to ask on; going on with what the brief "
			"says");
		return 0;
	}
	while (going) {
		cJSON *coverage =
			coverage_of(env, g->constraints, g->provenance, threshold, e);
		cJSON *questions = coverage == NULL
			? NULL
			: questions_of(env, g->constraints, coverage, 24, e);
		const cJSON *q;

		if (questions == NULL) {
			json_free(coverage);
			ret = -1;
			break;
		}
		meter(&t, coverage);
		q = next_question(questions, skipped, n_skipped);
		if (q == NULL)
			going = 0;
		for (int r = 0; going && r == 0;) {
			show(&t, q);
			if (!read_line(&t, &line)) {
				going = 0;
				break;
			}
			r = take_reply(&t, g, q, line.ptr, steps, &n_steps, skipped,
				&n_skipped, e);
			if (r == 2)
				going = 0;
			if (r < 0) {
				ret = -1;
				going = 0;
			}
		}
		json_free(coverage);
		json_free(questions);
	}
	for (size_t i = 0; i < n_steps; i++)
		step_release(&steps[i]);
	buf_release(&line);
	close(t.fd);
	return ret;
}
