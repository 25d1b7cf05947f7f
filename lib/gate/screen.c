/* What a person sees before deciding, and the questions on the terminal. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LIST_MAX 12 /* items of one kind on the screen */

static void show_plan(const cJSON *plan, struct buf *out)
{
	const cJSON *est = json_get(plan, "estimates");

	buf_add_str(out, "PLAN  ");
	buf_add_shown(out, json_str_or(plan, "cloud", "no cloud"));
	JSON_EACH (r, json_get(plan, "regions")) {
		buf_add_char(out, ' ');
		buf_add_shown(out, json_text(r) == NULL ? "?" : json_text(r));
	}
	if (json_is(json_get(est, "p95_latency_ms"), JSON_NUMBER))
		buf_addf(out, ", p95 %.0f ms", json_num_or(est, "p95_latency_ms", 0));
	if (json_is(json_get(est, "availability_pct"), JSON_NUMBER))
		buf_addf(out, ", availability %.2f %%",
			json_num_or(est, "availability_pct", 0));
	buf_add_char(out, '\n');
	JSON_EACH (s, json_get(plan, "slots")) {
		buf_add_str(out, "  ");
		buf_add_shown(out, json_str_or(s, "slot", "?"));
		buf_add_str(out, ": ");
		buf_add_shown(out, json_str_or(s, "pattern", "?"));
		buf_add_char(out, '\n');
	}
}

static void show_cost(const cJSON *cost, struct buf *out)
{
	buf_add_str(out, "COST  ");
	if (!json_is(json_get(cost, "monthly_usd"), JSON_NUMBER)) {
		buf_add_str(out, "unknown\n");
		return;
	}
	buf_addf(out, "%s%.2f USD a month",
		json_bool_or(cost, "lower_bound", 0) ? "at least " : "",
		json_num_or(cost, "monthly_usd", 0));
	if (json_is(json_get(cost, "delta_vs_prev_usd"), JSON_NUMBER))
		buf_addf(out, ", %+.2f USD against before",
			json_num_or(cost, "delta_vs_prev_usd", 0));
	if (json_is(json_get(cost, "delta_vs_prev_pct"), JSON_NUMBER))
		buf_addf(out, " (%+.1f %%)", json_num_or(cost, "delta_vs_prev_pct", 0));
	buf_add_char(out, '\n');
	JSON_EACH (s, json_get(cost, "by_capability")) {
		buf_add_str(out, "  ");
		buf_add_shown(out, json_str_or(s, "capability", "?"));
		buf_addf(out, " %.2f\n", json_num_or(s, "usd", 0));
	}
}

static void show_policy(const cJSON *policy, struct buf *out)
{
	const cJSON *counts = json_get(policy, "counts");

	buf_add_str(out, "POLICY  ");
	buf_add_shown(out, json_str_or(policy, "overall", "not evaluated"));
	if (counts != NULL)
		buf_addf(out,
			": %.0f pass, %.0f warn, %.0f fail, %.0f waived, %.0f unknown",
			json_num_or(counts, "pass", 0), json_num_or(counts, "warn", 0),
			json_num_or(counts, "fail", 0), json_num_or(counts, "waived", 0),
			json_num_or(counts, "unknown", 0));
	buf_add_char(out, '\n');
}

static void show_findings(const cJSON *critique, struct buf *out)
{
	size_t all = 0;

	JSON_EACH (f, json_get(critique, "findings")) {
		const char *sev = json_str_or(f, "severity", "");

		if (strcmp(sev, "high") != 0 && strcmp(sev, "medium") != 0)
			continue;
		if (all++ == 0)
			buf_add_str(out, "RISKS\n");
		if (all > LIST_MAX)
			continue;
		buf_addf(out, "  %s: ", *sev == 'h' ? "high" : "medium");
		buf_add_shown(out, json_str_or(f, "title", json_str_or(f, "id", "?")));
		buf_add_char(out, '\n');
	}
	if (all > LIST_MAX)
		buf_addf(out, "  ... and %zu more\n", all - LIST_MAX);
}

static void show_list(const char *title, const cJSON *list, struct buf *out)
{
	size_t n = 0;

	if (json_len(list) == 0)
		return;
	buf_addf(out, "%s\n", title);
	JSON_EACH (it, list) {
		if (n++ >= LIST_MAX)
			continue;
		buf_add_str(out, "  ");
		if (json_text(it) != NULL) {
			buf_add_shown(out, json_text(it));
		} else {
			buf_add_shown(out,
				json_str_or(it, "field", json_str_or(it, "id", "?")));
			buf_add_str(out, ": ");
			buf_add_shown(out,
				json_str_or(it, "why", json_str_or(it, "effect", "")));
		}
		buf_add_char(out, '\n');
	}
	if (n > LIST_MAX)
		buf_addf(out, "  ... and %zu more\n", n - LIST_MAX);
}

int gate_screen(
	const cJSON *in, const struct obstacles *o, struct buf *out, struct err *e)
{
	const cJSON *plan = json_get(in, "plan");

	buf_add_str(out, "May a repository be generated from this plan?\n\n");
	show_plan(plan, out);
	show_cost(json_get(in, "cost"), out);
	show_policy(json_get(in, "policy"), out);
	show_findings(json_get(in, "critique"), out);
	show_list("ASSUMPTIONS", json_get(plan, "assumptions"), out);
	show_list("OPEN QUESTIONS", json_get(plan, "open_questions"), out);
	show_list("IN THE WAY", o->blocking, out);
	show_list("FOR A PERSON TO DECIDE", o->person, out);
	buf_add_char(out, '\n');
	return buf_ok(out, e);
}

/* ---- the terminal ---- */

/* One line without its end; -1 at the end of input. */
static int read_line(int fd, struct buf *line)
{
	char c;
	ssize_t n;

	buf_reset(line);
	for (;;) {
		n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return line->len > 0 ? 0 : -1;
		if (c == '\n')
			return 0;
		buf_add_char(line, c);
	}
}

static int say(int fd, const char *text, struct err *e)
{
	return file_write_fd(fd, "the terminal", text, strlen(text), e);
}

static int dialogue(int fd, const struct obstacles *o, enum gate_choice *choice,
	struct buf *actor, struct buf *comment, struct err *e)
{
	struct buf line = BUF_INIT(4096);
	int ret = -1, blocked = json_len(o->blocking) > 0;

	if (say(fd,
		    blocked ? "reject or wait? [r/W] "
			    : "approve, reject or wait? [a/r/W] ",
		    e) < 0)
		goto out;
	*choice = GATE_WAIT;
	ret = 0;
	if (read_line(fd, &line) < 0 ||
		(*line.ptr != 'r' && (*line.ptr != 'a' || blocked)))
		goto out;
	*choice = *line.ptr == 'a' ? GATE_APPROVE : GATE_REJECT;
	if (actor->len == 0 && (ret = say(fd, "your name: ", e)) == 0 &&
		read_line(fd, &line) == 0)
		buf_add_str(actor, line.ptr);
	if (ret == 0)
		ret = say(fd, "comment ([POINTER=]TEXT, may be empty): ", e);
	if (ret == 0 && read_line(fd, &line) == 0)
		buf_add_str(comment, line.ptr);
out:
	buf_release(&line);
	return ret;
}

int gate_ask(const cJSON *in, const struct obstacles *o, enum gate_choice *choice,
	struct buf *actor, struct buf *comment, struct err *e)
{
	struct buf screen = BUF_INIT((size_t)1 << 20);
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), ret = -1;

	if (fd < 0)
		return err_set(e, ERR_USAGE,
			"--ask needs a terminal (or decide with --approve, "
			"--reject)");
	if (gate_screen(in, o, &screen, e) == 0 &&
		file_write_fd(fd, "the terminal", screen.ptr, screen.len, e) == 0)
		ret = dialogue(fd, o, choice, actor, comment, e);
	close(fd);
	buf_release(&screen);
	return ret;
}
