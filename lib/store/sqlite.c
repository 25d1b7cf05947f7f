/* db.h over SQLite: one file, write-ahead log, foreign keys on. */
#include "db.h"

#include <sqlite3.h>
#include <string.h>

#define BUSY_MS 5000

struct db {
	sqlite3 *h;
	char *path;
};

struct db_row {
	sqlite3_stmt *s;
};

static int fault(struct db *db, const char *what, struct err *e)
{
	int code = db->h == NULL ? SQLITE_NOMEM : sqlite3_errcode(db->h);
	const char *why = db->h == NULL ? "out of memory" : sqlite3_errmsg(db->h);

	switch (code & 0xFF) {
	case SQLITE_CONSTRAINT:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_CONFLICT, "database '%s': cannot %s: %s", db->path,
			what, why);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, ERR_INPUT, "database '%s' is not one, or is broken: %s",
			db->path, why);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(e, ERR_CANT_CREATE, "database '%s': cannot %s: %s",
			db->path, what, why);
	default:
		return err_set(
			e, ERR_IO, "database '%s': cannot %s: %s", db->path, what, why);
	}
}

int db_script(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(db->h, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fault(db, "run a statement", e);
	return 0;
}

static int make_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int ret;

	if (slash == NULL || slash == path)
		return 0;
	dir = strndup(path, (size_t)(slash - path));
	ret = dir == NULL ? err_no_memory(e) : file_mkdirs(dir, e);
	free(dir);
	return ret;
}

static int read_version(void *arg, const struct db_row *r, struct err *e)
{
	(void)e;
	*(int64_t *)arg = db_int(r, 0);
	return 0;
}

/* Two processes may open a new database at once: the steps are taken inside a
 * writing transaction, by whoever comes first. */
static int migrate(struct db *db, struct err *e)
{
	int64_t have = 0;
	char pragma[64];

	if (db_query(db, "PRAGMA user_version", NULL, 0, read_version, &have, e) < 0)
		return -1;
	if (have == DB_SCHEMA_VERSION)
		return 0;
	if (have > DB_SCHEMA_VERSION)
		return err_set(e, ERR_CONFIG,
			"database '%s' has version %d, newer than this program's %d: "
			"upgrade mlops",
			db->path, (int)have, DB_SCHEMA_VERSION);
	if (db_begin(db, e) < 0)
		return -1;
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", DB_SCHEMA_VERSION);
	if (db_query(db, "PRAGMA user_version", NULL, 0, read_version, &have, e) < 0)
		goto fail;
	for (; have < DB_SCHEMA_VERSION; have++)
		for (const char *const *step = db_migrations[have]; *step != NULL; step++)
			if (db_script(db, *step, e) < 0)
				goto fail;
	if (db_script(db, pragma, e) < 0)
		goto fail;
	return db_commit(db, e);
fail:
	db_rollback(db);
	return -1;
}

int db_open(struct db **out, const char *url, struct err *e)
{
	struct db *db;

	if (strncmp(url, "sqlite:", 7) != 0 || url[7] == '\0')
		return err_set(e, ERR_USAGE,
			"'%s' is no database that this build can open: name sqlite:PATH",
			url);
	db = calloc(1, sizeof(*db));
	if (db == NULL || (db->path = strdup(url + 7)) == NULL) {
		free(db);
		return err_no_memory(e);
	}
	if (make_parent(db->path, e) < 0)
		goto fail;
	if (sqlite3_open_v2(db->path, &db->h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		    NULL) != SQLITE_OK) {
		fault(db, "open it", e);
		goto fail;
	}
	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_timeout(db->h, BUSY_MS);
	if (db_script(db,
		    "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA foreign_keys = ON;",
		    e) < 0 ||
		migrate(db, e) < 0)
		goto fail;
	*out = db;
	return 0;
fail:
	db_close(db);
	return -1;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	sqlite3_close(db->h);
	free(db->path);
	free(db);
}

static int bind(sqlite3_stmt *s, int i, const struct db_value *v)
{
	switch (v->type) {
	case DB_TYPE_INT:
		return sqlite3_bind_int64(s, i, v->i);
	case DB_TYPE_REAL:
		return sqlite3_bind_double(s, i, v->r);
	case DB_TYPE_TEXT:
		return sqlite3_bind_text(s, i, v->s, -1, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(s, i);
	}
}

/* $1 is a name to SQLite: its place is looked up. */
static int bind_all(sqlite3_stmt *s, const struct db_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char name[24];
		int at;

		snprintf(name, sizeof(name), "$%zu", i + 1);
		at = sqlite3_bind_parameter_index(s, name);
		if (at > 0 && bind(s, at, &v[i]) != SQLITE_OK)
			return -1;
	}
	return 0;
}

int db_query(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int (*row)(void *arg, const struct db_row *r, struct err *e), void *arg,
	struct err *e)
{
	struct db_row r = { NULL };
	int ret = 0, step;

	if (sqlite3_prepare_v2(db->h, sql, -1, &r.s, NULL) != SQLITE_OK ||
		bind_all(r.s, v, n) < 0) {
		ret = fault(db, "prepare a statement", e);
		goto out;
	}
	while ((step = sqlite3_step(r.s)) == SQLITE_ROW)
		if (row != NULL && (ret = row(arg, &r, e)) != 0)
			goto out;
	if (step != SQLITE_DONE)
		ret = fault(db, "read or write", e);
out:
	sqlite3_finalize(r.s);
	return ret;
}

int db_run(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int64_t *changes, struct err *e)
{
	if (db_query(db, sql, v, n, NULL, NULL, e) < 0)
		return -1;
	if (changes != NULL)
		*changes = sqlite3_changes64(db->h);
	return 0;
}

size_t db_columns(const struct db_row *r)
{
	return (size_t)sqlite3_column_count(r->s);
}

const char *db_name(const struct db_row *r, size_t i)
{
	return sqlite3_column_name(r->s, (int)i);
}

enum db_type db_type(const struct db_row *r, size_t i)
{
	switch (sqlite3_column_type(r->s, (int)i)) {
	case SQLITE_INTEGER:
		return DB_TYPE_INT;
	case SQLITE_FLOAT:
		return DB_TYPE_REAL;
	case SQLITE_NULL:
		return DB_TYPE_NULL;
	default:
		return DB_TYPE_TEXT;
	}
}

int64_t db_int(const struct db_row *r, size_t i)
{
	return sqlite3_column_int64(r->s, (int)i);
}

double db_real(const struct db_row *r, size_t i)
{
	return sqlite3_column_double(r->s, (int)i);
}

const char *db_text(const struct db_row *r, size_t i)
{
	return (const char *)sqlite3_column_text(r->s, (int)i);
}

int db_begin(struct db *db, struct err *e)
{
	return db_script(db, "BEGIN IMMEDIATE", e);
}

int db_commit(struct db *db, struct err *e)
{
	if (db_script(db, "COMMIT", e) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

void db_rollback(struct db *db)
{
	struct err ignored;

	(void)db_script(db, "ROLLBACK", &ignored);
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}
