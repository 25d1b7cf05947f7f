/*
 * log.h - messages for people on stderr: one line each, "program: text",
 * colour only on a terminal and never with NO_COLOR set.
 * Thread safety: each call is one write; the struct is read-only after set-up.
 */
#ifndef MLOPS_LOG_H
#define MLOPS_LOG_H

struct log {
	const char *program;
	int verbosity; /* -1 quiet: errors only; 0 normal; 1 verbose */
	int colour;
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

/* 1 when fd is a terminal that should get colour (NO_COLOR unset, TERM not dumb). */
int log_wants_colour(int fd);

#endif
