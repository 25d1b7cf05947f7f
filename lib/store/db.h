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

enum db_kind { DB_SQLITE, DB_POSTGRES };

enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_REAL, DB_TYPE_TEXT };

struct db_value {
	enum db_type type;
	int is_text; /* also when it is null: a server wants to know */
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
	return (struct db_value){
		.type = s == NULL ? DB_TYPE_NULL : DB_TYPE_TEXT, .is_text = 1, .s = s
	};
}

/* `url` is sqlite:PATH, whose directory is made, or postgres://... Does not look at
 * the schema. A server that cannot be reached is ERR_DOWN; a connection that was lost
 * is made again by the next statement outside a transaction. */
int db_open(struct db **out, const char *url, struct err *e);
void db_close(struct db *db); /* NULL is fine */
enum db_kind db_kind(const struct db *db);

/* Brings the schema from whatever version to DB_SCHEMA_VERSION in one transaction;
 * several processes may try at once. ERR_CONFIG for a newer one. */
int db_migrate(struct db *db, struct err *e);
/* The version that the database has; 0 for an empty one. */
int db_version(struct db *db, int64_t *version, struct err *e);

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

/* The connection's socket, to wait on for a notification; -1 for SQLite. */
int db_fd(struct db *db);

/* Takes one notification that has come in: 1 with its payload in `payload`, 0 when
 * there is none, -1 when the connection is lost. Only after LISTEN. */
int db_notification(struct db *db, char *channel, size_t channel_size, char *payload,
	size_t size, struct err *e);

#define DB_SCHEMA_VERSION 5
/* [i]: the statements from version i to i+1, ending in NULL. Types are written as
 * $INT, $REAL, $ID (a key that counts by itself), $KEY (one that never repeats) and $SEQ (a column that does); a
 * statement that starts with "sqlite:" or "postgres:" is for that one alone. */
extern const char *const *const db_migrations[DB_SCHEMA_VERSION];

/* ---- what a database implements ---- */

struct db_ops {
	enum db_kind kind;
	void (*close)(struct db *);
	int (*script)(struct db *, const char *, struct err *);
	int (*query)(struct db *, const char *, const struct db_value *, size_t,
		int (*)(void *, const struct db_row *, struct err *), void *,
		int64_t *changes, struct err *);
	size_t (*columns)(const struct db_row *);
	const char *(*name)(const struct db_row *, size_t);
	enum db_type (*type)(const struct db_row *, size_t);
	int64_t (*num)(const struct db_row *, size_t);
	double (*real)(const struct db_row *, size_t);
	const char *(*text)(const struct db_row *, size_t);
	int (*version)(struct db *, int64_t *, struct err *);
	/* A transaction in which nobody else migrates. */
	int (*lock_schema)(struct db *, struct err *);
	int (*set_version)(struct db *, int64_t, struct err *);
	void (*schema_done)(struct db *);
	int (*fd)(struct db *);
	int (*notification)(struct db *, char *, size_t, char *, size_t, struct err *);
};

/* Each implementation's structs start with these. */
struct db {
	const struct db_ops *ops;
	char *where; /* for messages: no password in it */
};

struct db_row {
	const struct db_ops *ops;
};

int db_sqlite_open(struct db **out, const char *url, struct err *e);
int db_postgres_open(struct db **out, const char *url, struct err *e);

#endif
