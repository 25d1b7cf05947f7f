/* What a person sees before deciding, and the questions on the terminal. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int gate_screen(const cJSON *in, const struct obstacles *o, int fd, struct buf *out,
	struct err *e)
{
	struct gate_review how = { o->blocking, o->person, log_width(fd) };

	buf_add_str(out, "May a repository be generated from this plan?\n\n");
	gate_review(in, &how, out);
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
	if (gate_screen(in, o, fd, &screen, e) == 0 &&
		file_write_fd(fd, "the terminal", screen.ptr, screen.len, e) == 0)
		ret = dialogue(fd, o, choice, actor, comment, e);
	close(fd);
	buf_release(&screen);
	return ret;
}
