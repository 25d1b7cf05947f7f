/* screen.c - raw mode, keys, and a question drawn in place. */
#include "intake/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "intake/intake.h"

#define CHOICES_MAX 32
#define LINES_MAX   128

struct screen {
	int fd;
	int plain; /* lines, no keys */
	volatile sig_atomic_t raw;
	struct termios saved;
	char *volatile last_words;
};

/* ---- the terminal comes back as it was ---- */

static const int fatal_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGABRT, SIGSEGV,
	SIGBUS, SIGFPE, SIGILL };

/* A handler has no argument of ours: the one screen that is open, or NULL. */
static struct screen *volatile on_signal;

static void restore(int sig)
{
	const struct screen *s = on_signal;

	on_signal = NULL; /* once, also where two signals come together */
	if (s != NULL) {
		const char *words = s->last_words;
		ssize_t n = 0;

		if (s->raw) {
			(void)tcsetattr(s->fd, TCSANOW, &s->saved);
			n = write(s->fd, "\r\n", 2);
		}
		if (n >= 0 && words != NULL)
			n = write(s->fd, words, strlen(words));
		(void)n;
	}
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void handle(void (*how)(int))
{
	for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++) {
		struct sigaction old;

		if (sigaction(fatal_signals[i], NULL, &old) == 0 &&
			old.sa_handler != SIG_IGN)
			(void)signal(fatal_signals[i], how);
	}
}

static void raw_off(struct screen *s)
{
	if (!s->raw)
		return;
	(void)tcsetattr(s->fd, TCSADRAIN, &s->saved);
	s->raw = 0;
}

static void raw_on(struct screen *s)
{
	struct termios t = s->saved;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	t.c_cc[VSUSP] = _POSIX_VDISABLE; /* a stopped program would leave it raw */
	s->raw = 1; /* before it is: a signal between the two finds it so */
	if (tcsetattr(s->fd, TCSADRAIN, &t) < 0) {
		s->raw = 0;
		s->plain = 1;
	}
}

struct screen *screen_open(void)
{
	struct screen *s = calloc(1, sizeof(*s));
	const char *term = getenv("TERM");

	if (s == NULL)
		return NULL;
	s->fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (s->fd < 0) {
		free(s);
		return NULL;
	}
	s->plain = term == NULL || strcmp(term, "dumb") == 0 ||
		tcgetattr(s->fd, &s->saved) < 0;
	on_signal = s;
	handle(restore);
	return s;
}

void screen_close(struct screen *s)
{
	if (s == NULL)
		return;
	raw_off(s);
	handle(SIG_DFL);
	on_signal = NULL;
	close(s->fd);
	free(s->last_words);
	free(s);
}

void screen_last_words(struct screen *s, const char *text)
{
	char *old = s->last_words;

	s->last_words = text[0] == '\0' ? NULL : strdup(text);
	free(old);
}

static int width(const struct screen *s)
{
	struct winsize size;

	return ioctl(s->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col
									: 80;
}

/* Code points: a column each, but for wide ones. */
static size_t columns_of(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

/* Bytes of the text's first line: to its end, or to a space where it would be longer than
 * `room` columns; in the middle of a word that is longer. */
static size_t first_line(const char *text, size_t room)
{
	size_t end = strcspn(text, "\n"), n = 0, space = 0;

	if (columns_of(text, end) <= room)
		return end;
	for (size_t i = 0; i < end; i++) {
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (n > room)
			return space > 0 ? space : i;
		if (text[i] == ' ' && i > 0)
			space = i;
	}
	return end;
}

static void put(const struct screen *s, const char *text, size_t len)
{
	struct err ignored;

	(void)file_write_fd(s->fd, "terminal", text, len, &ignored);
}

void screen_say(struct screen *s, const char *text)
{
	struct buf b = BUF_INIT(INTAKE_ANSWER_MAX * 4);
	size_t room = (size_t)width(s) - 1;

	while (*text != '\0') {
		size_t n = first_line(text, room);

		buf_add(&b, text, n);
		text += n;
		if (*text == '\0')
			break;
		buf_add_char(&b, '\n');
		text += *text == ' ' || *text == '\n';
	}
	put(s, b.ptr, b.len);
	buf_release(&b);
}

void screen_meter(struct screen *s, const cJSON *coverage)
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
	screen_say(s, b.ptr);
	buf_release(&b);
}

/* ---- keys ---- */

enum key {
	KEY_TEXT,
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_ENTER,
	KEY_TAB,
	KEY_ERASE,
	KEY_CLEAR,
	KEY_END,
	KEY_OTHER,
};

static int get_byte(const struct screen *s, unsigned char *c)
{
	ssize_t n;

	do
		n = read(s->fd, c, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* "ESC [ A" and "ESC O A"; a parameter ("ESC [ 1 ; 5 A") is passed over. */
static enum key escape(const struct screen *s)
{
	unsigned char c;

	if (!get_byte(s, &c))
		return KEY_END;
	if (c != '[' && c != 'O')
		return KEY_OTHER;
	do
		if (!get_byte(s, &c))
			return KEY_END;
	while ((c >= '0' && c <= '9') || c == ';');
	switch (c) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	default:
		return KEY_OTHER;
	}
}

static enum key get_key(const struct screen *s, char *byte)
{
	unsigned char c;

	if (!get_byte(s, &c))
		return KEY_END;
	*byte = (char)c;
	switch (c) {
	case '\r':
	case '\n':
		return KEY_ENTER;
	case '\t':
		return KEY_TAB;
	case 0x7f:
	case 0x08:
		return KEY_ERASE;
	case 0x15:
		return KEY_CLEAR;
	case 0x04:
		return KEY_END;
	case 0x1b:
		return escape(s);
	default:
		return c < 32 ? KEY_OTHER : KEY_TEXT;
	}
}

/* ---- one question ---- */

struct question {
	const cJSON *q, *choices;
	size_t n, at; /* the choice that the mark stands at; n: none */
	int multiple;
	int taken[CHOICES_MAX];
	int length[LINES_MAX]; /* columns of the lines that are drawn above the prompt */
	int lines, typed;      /* and of the prompt's own */
};

static const char *choice(const struct question *w, size_t i)
{
	const char *t = json_text(json_item(w->choices, i));

	return t != NULL ? t : "";
}

static void question_init(struct question *w, const cJSON *q)
{
	const char *rec = json_text(json_get(q, "recommended"));

	memset(w, 0, sizeof(*w));
	w->q = q;
	w->choices = json_get(q, "choices");
	w->n = json_len(w->choices) < CHOICES_MAX ? json_len(w->choices) : CHOICES_MAX;
	w->multiple = json_bool_or(q, "multiple", 0);
	for (w->at = 0; w->at < w->n; w->at++)
		if (rec != NULL && strcmp(choice(w, w->at), rec) == 0)
			break;
}

/* Lines of at most the terminal's width, so that they can be counted. */
static void add_lines(struct question *w, struct buf *b, int columns, const char *text)
{
	while (w->lines < LINES_MAX) {
		size_t n = first_line(text, (size_t)columns - 1);

		buf_add(b, text, n);
		buf_add_str(b, "\r\n");
		w->length[w->lines++] = (int)columns_of(text, n);
		text += n;
		if (*text++ == '\0')
			break;
	}
}

/* What was drawn goes; a terminal that has become narrower has broken its lines anew. */
static void erase(struct screen *s, struct question *w)
{
	int columns = width(s), up = w->typed / columns;
	char text[32];

	for (int i = 0; i < w->lines; i++)
		up += 1 + (w->length[i] > 0 ? (w->length[i] - 1) / columns : 0);
	if (up > 0)
		snprintf(text, sizeof(text), "\r\x1b[%dA\x1b[J", up);
	else
		snprintf(text, sizeof(text), "\r\x1b[J");
	put(s, text, strlen(text));
	w->lines = w->typed = 0;
}

/* The prompt, and the end of what is typed where all of it has no room. */
static void add_prompt(struct question *w, struct buf *b, int columns, const char *typed)
{
	const char *rec = json_text(json_get(w->q, "recommended"));
	struct buf line = BUF_INIT(1 << 14);
	size_t room, all = columns_of(typed, strlen(typed));

	if (w->at >= w->n && rec != NULL && typed[0] == '\0')
		buf_addf(&line, "  [%s] ", rec);
	buf_add_str(&line, "  > ");
	room = (size_t)columns - 2 > line.len ? (size_t)columns - 2 - line.len : 1;
	for (; all > room; all--)
		do
			typed++;
		while (((unsigned char)*typed & 0xc0) == 0x80);
	buf_add_str(&line, typed);
	buf_add(b, line.ptr, line.len);
	w->typed = (int)columns_of(line.ptr, line.len);
	buf_release(&line);
}

static void draw(struct screen *s, struct question *w, const char *typed)
{
	struct buf b = BUF_INIT(1 << 16), line = BUF_INIT(1 << 14);
	const char *rec = json_text(json_get(w->q, "recommended"));
	int columns = width(s);

	erase(s, w);
	add_lines(w, &b, columns, json_str_or(w->q, "text", ""));
	for (size_t i = 0; i < w->n; i++) {
		buf_reset(&line);
		buf_addf(&line, "%s %s%zu) %s%s",
			i == w->at && typed[0] == '\0' ? " >" : "  ",
			!w->multiple          ? ""
				: w->taken[i] ? "[x] "
					      : "[ ] ",
			i + 1, choice(w, i),
			rec != NULL && strcmp(rec, choice(w, i)) == 0 ? "  (recommended)"
								      : "");
		add_lines(w, &b, columns, line.ptr);
	}
	add_lines(w, &b, columns,
		w->multiple
			? "  up/down move, space mark, Enter take; or type. ? help, left "
			  "back, Tab skip, ^D stop"
			: "  up/down choose, Enter take; or type. ? help, left back, Tab "
			  "skip, ^D stop");
	add_prompt(w, &b, columns, typed);
	put(s, b.ptr, b.len);
	buf_release(&b);
	buf_release(&line);
}

/* What the marks stand for; nothing marked: the choice at the mark. */
static void chosen(const struct question *w, struct buf *typed)
{
	for (size_t i = 0; w->multiple && i < w->n; i++)
		if (w->taken[i])
			buf_addf(typed, "%s%s", typed->len > 0 ? "," : "", choice(w, i));
	if (typed->len == 0 && w->at < w->n)
		buf_add_str(typed, choice(w, w->at));
}

/* "2" or "1,3" stands for choices, where such numbers exist. */
static void by_number(const struct question *w, struct buf *typed)
{
	struct buf out = BUF_INIT(1 << 14);
	const char *p = typed->ptr;

	if (w->n == 0 || typed->len == 0 || strspn(p, "0123456789, ") != typed->len)
		return;
	while (*p != '\0') {
		char *end;
		unsigned long k = strtoul(p, &end, 10);

		if (end == p) {
			p++;
			continue;
		}
		if (k < 1 || k > w->n) {
			buf_release(&out);
			return; /* a figure of the answer's own */
		}
		buf_addf(&out, "%s%s", out.len > 0 ? "," : "", choice(w, k - 1));
		p = end;
	}
	buf_reset(typed);
	buf_add(typed, out.ptr, out.len);
	buf_release(&out);
}

static void erase_last(struct buf *typed)
{
	size_t n = typed->len;

	while (n > 0 && ((unsigned char)typed->ptr[n - 1] & 0xc0) == 0x80)
		n--;
	buf_cut(typed, n > 0 ? n - 1 : 0);
}

/* Words that stand for a key where keys cannot be read. */
static enum reply as_word(const struct buf *typed)
{
	if (strcasecmp(typed->ptr, "b") == 0)
		return REPLY_BACK;
	if (strcasecmp(typed->ptr, "s") == 0)
		return REPLY_SKIP;
	if (strcasecmp(typed->ptr, "q") == 0)
		return REPLY_STOP;
	return strcmp(typed->ptr, "?") == 0 ? REPLY_HELP : REPLY_TEXT;
}

static enum reply ask_by_lines(struct screen *s, struct question *w, struct buf *typed)
{
	const char *rec = json_text(json_get(w->q, "recommended"));
	struct buf b = BUF_INIT(1 << 16);
	unsigned char c;

	buf_addf(&b, "\n%s\n", json_str_or(w->q, "text", ""));
	for (size_t i = 0; i < w->n; i++)
		buf_addf(&b, "  %zu) %s\n", i + 1, choice(w, i));
	buf_addf(&b, "  [Enter: %s; ? help, b back, s skip, q stop asking] > ",
		rec != NULL ? rec : "skip");
	screen_say(s, b.ptr);
	buf_release(&b);
	while (get_byte(s, &c)) {
		if (c == '\n' || c == '\r') {
			enum reply r = as_word(typed);

			if (r == REPLY_TEXT)
				by_number(w, typed);
			return r;
		}
		if (c >= 32)
			buf_add_char(typed, (char)c);
	}
	return REPLY_STOP;
}

/* One key: -1 to go on, else the reply. */
static int on_key(struct question *w, enum key k, char byte, struct buf *typed)
{
	int empty = typed->len == 0;

	switch (k) {
	case KEY_UP:
		w->at = w->at == 0 || w->at > w->n ? w->n - (w->n > 0) : w->at - 1;
		break;
	case KEY_DOWN:
		w->at = w->n == 0 ? 0 : (w->at + 1) % w->n;
		break;
	case KEY_LEFT:
		return empty ? REPLY_BACK : -1;
	case KEY_TAB:
		return REPLY_SKIP;
	case KEY_END:
		return REPLY_STOP;
	case KEY_ERASE:
		erase_last(typed);
		break;
	case KEY_CLEAR:
		buf_reset(typed);
		break;
	case KEY_ENTER:
		if (empty)
			chosen(w, typed);
		else
			by_number(w, typed);
		return REPLY_TEXT;
	case KEY_TEXT:
		if (empty && byte == '?')
			return REPLY_HELP;
		if (empty && byte == ' ' && w->multiple && w->at < w->n)
			w->taken[w->at] = !w->taken[w->at];
		else
			buf_add_char(typed, byte);
		break;
	default:
		break;
	}
	return -1;
}

enum reply screen_ask(struct screen *s, const cJSON *question, struct buf *typed)
{
	struct question w;
	int r = -1;

	buf_reset(typed);
	question_init(&w, question);
	if (!s->plain)
		raw_on(s);
	if (s->plain)
		return ask_by_lines(s, &w, typed);
	screen_say(s, "\r\n");
	while (r < 0) {
		char byte = 0;
		enum key k;

		draw(s, &w, typed->ptr);
		k = get_key(s, &byte);
		r = on_key(&w, k, byte, typed);
	}
	erase(s, &w);
	raw_off(s);
	if (r == REPLY_TEXT) {
		struct buf said = BUF_INIT(INTAKE_ANSWER_MAX * 2);

		buf_addf(&said, "%s %s\n", json_str_or(question, "text", ""),
			typed->len > 0 ? typed->ptr : "-");
		screen_say(s, said.ptr);
		buf_release(&said);
	}
	return (enum reply)r;
}
