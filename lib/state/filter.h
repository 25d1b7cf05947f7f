/*
 * filter.h - what every filter has in common: options from a table, --help, a
 * bounded read of stdin, the declared keys and no others, schema checks, cards,
 * run_meta, one print, a checked close.
 *
 * An executable is a `struct program`; a node is a `struct filter` in it.
 * Thread safety: one program a process; filter_main uses no global but argv.
 */
#ifndef MLOPS_FILTER_H
#define MLOPS_FILTER_H

#include "state.h"

/* ---- options ---- */

enum opt_kind {
	OPT_KIND_FLAG,
	OPT_KIND_STR,
	OPT_KIND_NUM,
	OPT_KIND_LIST,
	OPT_KIND_GROUP
};

/* Repeated option values, in order; borrowed from argv. */
struct opt_list {
	const char **at;
	size_t n;
};

struct opt {
	enum opt_kind kind;
	char letter;       /* 0: none */
	const char *name;  /* long name without the dashes */
	const char *value; /* what the value is called in --help; NULL for flags */
	size_t offset;     /* where in the args struct the value goes */
	const char *help;
	unsigned flags;
};

#define OPT_NO_KEY \
	1u /* does not count in the idempotency key (where to write, how many jobs) */
#define OPT_FILE_KEY \
	2u /* the value is a file (or directory) that is read: its digest counts */

#define OPT_TEXT_KEY \
	4u /* of a list: words of people, which count by their digest and are not noted */

#define OPT_FLAG(l, n, S, f, h)                                 \
	{                                                       \
		OPT_KIND_FLAG, l, n, NULL, offsetof(S, f), h, 0 \
	}
#define OPT_STR(l, n, v, S, f, h)                           \
	{                                                   \
		OPT_KIND_STR, l, n, v, offsetof(S, f), h, 0 \
	}
#define OPT_NUM(l, n, v, S, f, h)                           \
	{                                                   \
		OPT_KIND_NUM, l, n, v, offsetof(S, f), h, 0 \
	}
#define OPT_LIST(l, n, v, S, f, h)                           \
	{                                                    \
		OPT_KIND_LIST, l, n, v, offsetof(S, f), h, 0 \
	}
#define OPT_FILE(l, n, S, f, h)                                             \
	{                                                                   \
		OPT_KIND_STR, l, n, "FILE", offsetof(S, f), h, OPT_FILE_KEY \
	}
#define OPT_DIR_OUT(l, n, S, f, h)                                       \
	{                                                                \
		OPT_KIND_STR, l, n, "DIR", offsetof(S, f), h, OPT_NO_KEY \
	}
#define OPT_END                                           \
	{                                                 \
		OPT_KIND_GROUP, 0, NULL, NULL, 0, NULL, 0 \
	}

/* Fields: FLAG int, STR const char *, NUM double, LIST struct opt_list. An args
 * struct starts as zeroes, or as the bytes of program.defaults. */

/* ---- what a node gets ---- */

struct node_env {
	const char *program; /* "mlops-plan" */
	const char *share;   /* data directory; no slash at the end */
	const char
		*patterns; /* more folders of patterns, separated by ':'; "" for none */
	const char *provider; /* "none" by default */
	struct log log;
	int64_t now_ns;    /* SOURCE_DATE_EPOCH or the clock, read once */
	cJSON *cards;      /* for card_add: this node's new cards */
	cJSON *files_read; /* path -> SHA-256, for the idempotency key; see env_read_json */
	const char *run_id; /* UUID of this run */
	cJSON *model;       /* what the node's model calls used; NULL: none */
	char prompt_pack[DIGEST_HEX_MAX]; /* the last pack's hash; "": none (model.h) */
	const cJSON
		*in_state; /* the state as read; only for nodes that read "*" else NULL */
};

/* Where share/RELATIVE is read from, appended to path: "patterns/..." may also lie in
 * one of the folders in env->patterns, laid out like share/patterns. What share/ has
 * comes first. */
int env_find(const struct node_env *env, const char *relative, struct buf *path,
	struct err *e);
/* 1, with its path appended, when one more folder of own patterns has this file: it
 * is not read. */
int env_shadowed(const struct node_env *env, const char *relative, struct buf *path);
/* The folders in the folder share/RELATIVE and in those that are laid beside it,
 * sorted, each name once; an own folder's names are noted in files_read. A missing
 * folder is empty. Free with file_list_free. */
int env_list(struct node_env *env, const char *relative, char ***names, size_t *n,
	struct err *e);
/* What files_read has for such a folder: the digest of its folders' names. */
int env_names_digest(const char *dir, char hex[DIGEST_HEX_MAX], struct err *e);
/* Reads share/RELATIVE (or an absolute path) as strict JSON and notes its digest
 * in files_read. A missing share file is ERR_CONFIG (78), a broken one too, with
 * path, byte or pointer. The caller frees. */
cJSON *env_read_json(struct node_env *env, const char *relative, struct err *e);
/* The same with the text, appended to *text, kept. */
cJSON *env_read_json_text(
	struct node_env *env, const char *relative, struct buf *text, struct err *e);
/* The same for any file, appended to out. */
int env_read_text(
	struct node_env *env, const char *relative, struct buf *out, struct err *e);

/* Appends the path of another program of the toolchain: beside this one, or where
 * MLOPS_EXEC_PATH says. */
int env_sibling(const char *program, struct buf *path, struct err *e);

/* ---- nodes and programs ---- */

struct filter {
	enum node_id node;   /* its row in nodes.def: what it reads and writes */
	const char *version; /* changes whenever the same input may give another output */
	const char *summary;
	/*
	 * `in` holds the declared keys that the state has, and nothing else; `out` starts
	 * empty, may get only keys that the row lets the node write, and replaces them in
	 * the state. Returns an answer of contracts.md section 2 (0, 10, 11, 12, 13, 14),
	 * or -1 with *e.
	 */
	int (*run)(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
		struct err *e);
	/* May be NULL: 0 leaves the node out (mlops-intake --only, mlops-critic cost). */
	int (*wanted)(const void *args);
};

struct program {
	const char *name;       /* "mlops-plan" */
	const char *summary;    /* one line */
	const char *operands;   /* "[tech|cost]" or NULL: none are taken */
	const char *examples;   /* lines for the end of --help */
	const struct opt *opts; /* ends with OPT_END */
	size_t args_size;
	const void *defaults; /* args_size bytes, or NULL */
	const struct filter *const *filters;
	size_t n_filters;
	/* Operands, after the options; NULL when operands is NULL. */
	int (*operand)(void *args, const char *operand, struct err *e);
	/* Modes that read no state (mlops-policy --test, --schema is built in). Returns an
	 * exit status, -1 for "not this time", or -2 with *e for a failure. May be NULL. */
	int (*instead)(struct node_env *env, void *args, struct err *e);
	/* Makes a state of stdin's bytes when they are not one (mlops-intake). NULL: refused.
	 * `in` has stdin's bytes; answers a new state or NULL with *e. */
	cJSON *(*accept)(struct node_env *env, const void *args, const struct buf *in,
		struct err *e);
	/* 1 when stdin must not be read at all (mlops-intake --brief). May be NULL. */
	int (*no_stdin)(const void *args);
	/* Called with the finished state before anything is printed (mlops-diff --db). May
	 * be NULL. */
	int (*finish)(struct node_env *env, const void *args, const cJSON *state,
		struct err *e);
	/* Another face of the result (--format text): 1 when `out` is to be printed in
	 * place of the state, 0 for the state, -1 with *e. May be NULL. */
	int (*print)(struct node_env *env, const void *args, const cJSON *state,
		struct buf *out, struct err *e);
};

/* The whole life of a filter process; the value is main's. */
int filter_main(const struct program *p, int argc, char **argv);

/* Parses options of the common table and of `opts` into args. Prints --help or
 * --version itself: returns 1 then, 0 to go on, -1 with ERR_USAGE. Exposed for
 * `mlops`, whose subcommands are no filters. */
struct common_args {
	const char *share, *patterns, *provider, *errors;
	int compact, pretty, quiet, verbose, schema, help, version;
};
int options_parse(const struct program *p, int argc, char **argv, void *args,
	struct common_args *common, struct err *e);

/* The first thing a program does: SIGPIPE becomes an error, an assertion exit
 * status 70, and a standard descriptor that is closed is not given to the next
 * file that is opened. -1 with ERR_IO when stdout is closed. */
int settle_descriptors(struct err *e);

/* Fills env for a program that is no filter: share directory, log, clock. */
int env_init(struct node_env *env, const char *program, const struct common_args *common,
	struct err *e);
void env_release(struct node_env *env);

/* Prints *e to stderr, as one line or as the error object of spec section 22.4;
 * returns the exit status. */
int report_error(const char *program, const struct common_args *common,
	const char *run_id, const char *node, const struct err *e);

#endif
