/*
 * err.h - how a failure travels from where it is known to where it is shown.
 *
 * A function that can fail takes `struct err *e` last and returns 0, or -1
 * with *e filled in. Success leaves *e alone, so calls chain with ||. The place
 * that knows the cause fills it; callers may add where they were (err_where),
 * never replace it. Messages are one line, lower case, no full stop.
 * Thread safety: a struct err belongs to one thread; nothing here is global.
 */
#ifndef MLOPS_ERR_H
#define MLOPS_ERR_H

enum err_code {
	ERR_NONE,
#define ERR(name, exit_status, http_status, public_code) ERR_##name,
#include "err.def"
#undef ERR
};

#define ERR_MSG_MAX 512

struct err {
	enum err_code code;
	char msg[ERR_MSG_MAX]; /* "/plan/bom/3: 'qty' is not a number" */
};

/* Control characters in the formatted text come out as '?', so that no message
 * can move a terminal's cursor; a text too long is cut at a UTF-8 boundary. */
void err_fill(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "where: " in front of the message; for callers that know more context. */
void err_where(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Fills *e and is -1 where the compiler can see it: `return err_set(e, ...)`. */
#define err_set(...) (err_fill(__VA_ARGS__), -1)

/* err_set for a refused allocation; its own function so that the result may be
 * left unread where the caller returns NULL. */
static inline int err_no_memory(struct err *e)
{
	return err_set(e, ERR_INTERNAL, "out of memory");
}

int err_exit_status(enum err_code code); /* 0 for ERR_NONE */
int err_http_status(enum err_code code); /* 200 for ERR_NONE */
const char *err_public_code(enum err_code code);

#endif
