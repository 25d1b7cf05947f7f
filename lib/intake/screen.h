/*
 * screen.h - one question at a time on a terminal: arrow keys or typing.
 *
 * The terminal is put into raw mode while a question is open, and back whenever it is
 * closed: also by a signal, for which there is one pointer that the handler reads. A
 * signal that is ignored stays ignored.
 * Where the terminal cannot (TERM=dumb, no termios), lines are read instead.
 * Thread safety: one screen a process.
 */
#ifndef MLOPS_INTAKE_SCREEN_H
#define MLOPS_INTAKE_SCREEN_H

#include "json/json.h"

struct screen;

/* On /dev/tty; NULL when there is none. */
struct screen *screen_open(void);
void screen_close(struct screen *s); /* NULL is fine */

/* What it says when a signal ends the program; copied. "": nothing. */
void screen_last_words(struct screen *s, const char *text);

void screen_say(struct screen *s, const char *text);
/* How much is known, as a bar: "Coverage [####....|...] 36 % (enough: 75 %)". */
void screen_meter(struct screen *s, const cJSON *coverage);

enum reply {
	REPLY_TEXT, /* *typed holds it; empty: the recommended answer */
	REPLY_BACK,
	REPLY_SKIP,
	REPLY_HELP,
	REPLY_STOP, /* ask no more: also the end of input */
};

/* Shows the question and waits. `typed` is emptied first. A choice by arrow keys or
 * by number gives its words, several with commas between. */
enum reply screen_ask(struct screen *s, const cJSON *question, struct buf *typed);

#endif
