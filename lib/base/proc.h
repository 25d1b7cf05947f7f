/*
 * proc.h - running another program: argv only, never a shell.
 *
 * Unless it is `foreground` the child gets its own process group, so that a deadline ends it and
 * everything it started: SIGTERM, then SIGKILL after a grace of 2 s. What it
 * leaves running when it ends by itself gets SIGKILL. When the caller itself is
 * killed the kernel kills the child, too (PR_SET_PDEATHSIG): a run that is
 * started again never meets a straggler of the one before.
 * Thread safety: reentrant; waits only for its own child.
 */
#ifndef MLOPS_PROC_H
#define MLOPS_PROC_H

#include <stdatomic.h>
#include <stdint.h>

#include "buf.h"

struct proc_spec {
	const char *const *argv; /* argv[0] is looked up in PATH unless it has a '/' */
	const char *const *env;  /* "NAME=value" to add or replace; NULL: none */
	int only_env;    /* 1: the child's environment is `env` and nothing else */
	const char *dir; /* working directory; NULL: the caller's */
	const void *in;  /* bytes for stdin; NULL: /dev/null */
	size_t in_len;
	struct buf *out;       /* stdout, to out->max; NULL: the caller's stdout */
	struct buf *err;       /* stderr, to err->max; NULL: the caller's stderr */
	int merge;             /* stderr goes to `out`, too */
	int64_t timeout_ns;    /* 0: no deadline */
	uint64_t memory_bytes; /* address space limit (RLIMIT_AS); 0: none */
	uint64_t group_bytes;  /* resident memory of the child and what it started, looked
	                        * at a few times a second; past it they are ended. 0: none */
	int foreground;        /* 1: it stays in the caller's process group, which the
	                        * terminal's keys are for; what it started is not ended */
	int no_network;        /* 1: the child sees a network of its own with nothing but
	                        * loopback, where the system lets us make one */
	int end_on_overflow;   /* 1: a child that prints too much is ended */
	const atomic_int
		*stop; /* when it becomes non-zero the child is ended; may be NULL */
	void (*tick)(void *arg); /* called about ten times a second; may be NULL */
	void *tick_arg;
};

struct proc_result {
	int status;     /* exit status 0..255 when exited */
	int signal;     /* the signal that ended it, else 0 */
	int timed_out;  /* ended by the deadline */
	int stopped;    /* ended by *stop */
	int too_large;  /* ended by group_bytes */
	int overflowed; /* printed more than a buffer's maximum; the rest was dropped */
	int64_t wall_ns;
	int64_t cpu_ns;      /* user + system of the child and what it waited for */
	uint64_t peak_bytes; /* largest resident set */
};

/* 0 when the program was started and has ended, in whatever way; -1 with
 * ERR_NO_INPUT when there is no such program, ERR_INTERNAL when the system
 * refuses a process. */
int proc_run(const struct proc_spec *spec, struct proc_result *result, struct err *e);

/* Looks a program up in PATH (or a list of directories `path`, colon separated,
 * when not NULL). 1 with the full path in out, else 0. */
int proc_find(const char *name, const char *path, struct buf *out);

/* Full path of the running executable's directory, from /proc/self/exe. */
int proc_self_dir(struct buf *out, struct err *e);

#endif
