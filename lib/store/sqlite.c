/* db.h over SQLite: one file, write-ahead log, foreign keys on. */
#include "db.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_MS 10000

struct lite {
	struct db base;
	sqlite3 *h;
};

struct lite_row {
	struct db_row base;
	sqlite3_stmt *s;
};

static struct lite *lite_of(struct db *db)
{
	return (struct lite *)db;
}

static sqlite3_stmt *stmt_of(const struct db_row *r)
{
	return ((const struct lite_row *)r)->s;
}

static int fault(struct db *db, const char *what, struct err *e)
{
	sqlite3 *h = lite_of(db)->h;
	int code = h == NULL ? SQLITE_NOMEM : sqlite3_errcode(h);
	const char *why = h == NULL ? "out of memory" : sqlite3_errmsg(h);

	switch (code & 0xFF) {
	case SQLITE_CONSTRAINT:
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_CONFLICT, "database '%s': cannot %s: %s", db->where,
			what, why);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, ERR_INPUT, "database '%s' is not one, or is broken: %s",
			db->where, why);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(e, ERR_CANT_CREATE, "database '%s': cannot %s: %s",
			db->where, what, why);
	default:
		return err_set(
			e, ERR_IO, "database '%s': cannot %s: %s", db->where, what, why);
	}
}

static int script(struct db *db, const char *sql, struct err *e)
{
	if (sqlite3_exec(lite_of(db)->h, sql, NULL, NULL, NULL) != SQLITE_OK)
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

static int version(struct db *db, int64_t *out, struct err *e)
{
	*out = 0;
	return db_query(db, "PRAGMA user_version", NULL, 0, read_version, out, e);
}

/* A table can be made anew only while nothing checks who refers to it. */
static int lock_schema(struct db *db, struct err *e)
{
	return script(db, "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE", e);
}

static int set_version(struct db *db, int64_t v, struct err *e)
{
	char pragma[64];

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", (int)v);
	return script(db, pragma, e);
}

static void schema_done(struct db *db)
{
	struct err ignored;

	(void)script(db, "PRAGMA foreign_keys = ON", &ignored);
}

static void lite_close(struct db *db)
{
	sqlite3_close(lite_of(db)->h);
	free(db->where);
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

static int query(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int (*row)(void *arg, const struct db_row *r, struct err *e), void *arg,
	int64_t *changes, struct err *e)
{
	sqlite3 *h = lite_of(db)->h;
	struct lite_row r = { .base = { db->ops }, .s = NULL };
	int ret = 0, step;

	if (sqlite3_prepare_v2(h, sql, -1, &r.s, NULL) != SQLITE_OK ||
		bind_all(r.s, v, n) < 0) {
		ret = fault(db, "prepare a statement", e);
		goto out;
	}
	while ((step = sqlite3_step(r.s)) == SQLITE_ROW)
		if (row != NULL && (ret = row(arg, &r.base, e)) != 0)
			goto out;
	if (step != SQLITE_DONE)
		ret = fault(db, "read or write", e);
	else if (changes != NULL)
		*changes = sqlite3_changes64(h);
out:
	sqlite3_finalize(r.s);
	return ret;
}

static size_t columns(const struct db_row *r)
{
	return (size_t)sqlite3_column_count(stmt_of(r));
}

static const char *name(const struct db_row *r, size_t i)
{
	return sqlite3_column_name(stmt_of(r), (int)i);
}

static enum db_type type(const struct db_row *r, size_t i)
{
	switch (sqlite3_column_type(stmt_of(r), (int)i)) {
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

static int64_t num(const struct db_row *r, size_t i)
{
	return sqlite3_column_int64(stmt_of(r), (int)i);
}

static double real(const struct db_row *r, size_t i)
{
	return sqlite3_column_double(stmt_of(r), (int)i);
}

static const char *text(const struct db_row *r, size_t i)
{
	return (const char *)sqlite3_column_text(stmt_of(r), (int)i);
}

static int no_fd(struct db *db)
{
	(void)db;
	return -1;
}

static int no_notification(struct db *db, char *channel, size_t channel_size,
	char *payload, size_t size, struct err *e)
{
	(void)db, (void)channel, (void)channel_size, (void)payload, (void)size, (void)e;
	return 0;
}

static const struct db_ops lite_ops = { .kind = DB_SQLITE,
	.close = lite_close,
	.script = script,
	.query = query,
	.columns = columns,
	.name = name,
	.type = type,
	.num = num,
	.real = real,
	.text = text,
	.version = version,
	.lock_schema = lock_schema,
	.set_version = set_version,
	.schema_done = schema_done,
	.fd = no_fd,
	.notification = no_notification };

int db_sqlite_open(struct db **out, const char *url, struct err *e)
{
	struct lite *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->base.where = strdup(url + 7)) == NULL) {
		free(l);
		return err_no_memory(e);
	}
	l->base.ops = &lite_ops;
	if (make_parent(l->base.where, e) < 0)
		goto fail;
	if (sqlite3_open_v2(l->base.where, &l->h,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK) {
		fault(&l->base, "open it", e);
		goto fail;
	}
	sqlite3_extended_result_codes(l->h, 1);
	sqlite3_busy_timeout(l->h, BUSY_MS);
	if (script(&l->base,
		    "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA foreign_keys = ON;",
		    e) < 0)
		goto fail;
	*out = &l->base;
	return 0;
fail:
	lite_close(&l->base);
	return -1;
}
