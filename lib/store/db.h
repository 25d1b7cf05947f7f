/*
 * db.h - what the store asks of a database: statements with $1, $2, ... and rows.
 * Only lib/store includes this.
 *
 * SQL is written once, in the part that SQLite and PostgreSQL share; JSON travels
 * as text. Thread safety: a struct db belongs to one thread.
 */
#ifndef MLOPS_STORE_DB_H
#define MLOPS_STORE_DB_H

#include "base/base.h"

struct db;
struct db_row;

enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_REAL, DB_TYPE_TEXT };

struct db_value {
	enum db_type type;
	int64_t i;
	double r;
	const char *s; /* borrowed for the call */
};

#define DB_NULL    ((struct db_value){ .type = DB_TYPE_NULL })
#define DB_INT(x)  ((struct db_value){ .type = DB_TYPE_INT, .i = (x) })
#define DB_REAL(x) ((struct db_value){ .type = DB_TYPE_REAL, .r = (x) })
#define DB_TEXT(x) db_text_or_null(x)

static inline struct db_value db_text_or_null(const char *s)
{
	return (struct db_value){ .type = s == NULL ? DB_TYPE_NULL : DB_TYPE_TEXT,
		.s = s };
}

/* `url` is sqlite:PATH; the directory is made. Applies the migrations. */
int db_open(struct db **out, const char *url, struct err *e);
void db_close(struct db *db); /* NULL is fine */

/* Statements without parameters, separated by semicolons. */
int db_script(struct db *db, const char *sql, struct err *e);

/* One statement; `changes`, which may be NULL, gets the number of rows changed. A
 * broken uniqueness or a busy database is ERR_CONFLICT. */
int db_run(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int64_t *changes, struct err *e);

/* One query; `row` is called for each row. A value other than 0 ends it and is the
 * result. */
int db_query(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int (*row)(void *arg, const struct db_row *r, struct err *e), void *arg,
	struct err *e);

size_t db_columns(const struct db_row *r);
const char *db_name(const struct db_row *r, size_t i);
enum db_type db_type(const struct db_row *r, size_t i);
int64_t db_int(const struct db_row *r, size_t i);
double db_real(const struct db_row *r, size_t i);
const char *db_text(
	const struct db_row *r, size_t i); /* NULL for null; lives for the call */

int db_begin(struct db *db, struct err *e); /* a writing transaction */
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);

/* The id that the last insert into a table with `id INTEGER` got. */
int64_t db_last_id(struct db *db);

#define DB_SCHEMA_VERSION 1
/* [i]: the statements from version i to i+1, ending in NULL. */
extern const char *const *const db_migrations[DB_SCHEMA_VERSION];

#endif
