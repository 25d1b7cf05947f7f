/*
 * log.h - messages on stderr, one line each. For people "program: text", colour only on
 * a terminal and never with NO_COLOR set; for machines (json set) a JSON object:
 * {"ts", "level", "program", "event", "message"}, and the members of log_event.
 * Thread safety: each call is one write; the struct is read-only after set-up.
 */
#ifndef MLOPS_LOG_H
#define MLOPS_LOG_H

#include "buf.h"

struct log {
	const char *program;
	int verbosity; /* -1 quiet: errors only; 0 normal; 1 verbose */
	int colour;
	int json; /* lines are JSON objects */
};

void log_init(struct log *l, const char *program, int verbosity);
void log_error(const struct log *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_warn(const struct log *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_info(const struct log *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_detail(const struct log *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Something that happened, for machines: `members` is the inside of a JSON object
 * ("\"status\":200"). With `json` it is always written, else at verbosity 1. */
void log_event(const struct log *l, const char *event, const char *members);

/* Appends text as it stands inside a JSON string. */
void log_escape(struct buf *out, const char *text);

/* 1 when fd is a terminal that should get colour (NO_COLOR unset, TERM not dumb). */
int log_wants_colour(int fd);

/* The columns of the terminal that fd is; 0 when it is none. */
size_t log_width(int fd);

#endif
