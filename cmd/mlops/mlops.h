/* mlops.h - the subcommands of the front; each is a main of its own. */
#ifndef MLOPS_CMD_H
#define MLOPS_CMD_H

#include "state/state.h"
#include "store/store.h"

int cmd_init(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_graph(int argc, char **argv);
int cmd_catalog(int argc, char **argv);
int cmd_golden(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* Options of the subcommands that read the store back. */
struct read_args {
	const char *db, *project, *format, *what, *pointer, *node;
	int ledger, all, people;
};

struct reader {
	struct read_args args;
	struct common_args common;
	struct store *store;
	cJSON *project, *set; /* NULL when there is none */
};

/* Parses, opens the store, finds project and decision set. 0 to go on; else an exit
 * status plus 1 (help was printed: 1), or -1 with *e. */
int reader_open(
	struct reader *r, const struct program *p, int argc, char **argv, struct err *e);
void reader_close(struct reader *r);

/* Prints what was collected; the exit status. */
int front_print(const char *program, struct buf *b);

/* Ends a subcommand: the exit status of *e, told on stderr. */
int front_fail(
	const char *program, const struct common_args *common, const struct err *e);

/* A table whose columns are as wide as what is in them; cells are borrowed. */
struct table {
	const char *const *head;
	size_t columns;
	const cJSON *rows; /* array of arrays of strings */
};
void table_print(const struct table *t, struct buf *out);

/* The name after the last slash, for a subcommand's own options table. */
#define FRONT_READ_OPTS                                                               \
	OPT_STR(0, "db", "URL", struct read_args, db,                                 \
		"database (default: $MLOPS_DB, else "                                 \
		"sqlite:.mlops/mlops.db)"),                                           \
		OPT_STR('p', "project", "NAME", struct read_args, project,            \
			"project by name, id or output directory (default: the last " \
			"used)"),                                                     \
		OPT_STR(0, "format", "text|json", struct read_args, format,           \
			"how to print")

#endif
