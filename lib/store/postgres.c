/*
 * db.h over PostgreSQL (libpq). Statements go through the protocol's unnamed
 * prepared statement and nothing is left in the session, so that a proxy or a
 * pooler in transaction mode may stand between (RDS Proxy, PgBouncer): no SET, no
 * named PREPARE, no session locks. LISTEN is for a connection of its own.
 *
 * libpq is loaded when a server is first named: it and what it needs cost 3 ms at
 * each start, and most programs that hold a store never see a server.
 */
#include "db.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS_MAX 32

/* Type numbers of pg_type.dat that we meet. */
enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };
enum { OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_NUMERIC = 1700 };

#define SCHEMA_LOCK "7163417" /* any number that nobody else locks */

/* clang-format off */
#define LIBPQ_FUNCTIONS(X) \
	X(PQclear) X(PQcmdTuples) X(PQconnectdbParams) X(PQconninfoFree) \
	X(PQconninfoParse) X(PQconsumeInput) X(PQerrorMessage) X(PQexec) \
	X(PQexecParams) X(PQfinish) X(PQfname) X(PQfreemem) X(PQftype) X(PQgetisnull) \
	X(PQgetvalue) X(PQnfields) X(PQnotifies) X(PQntuples) X(PQresultErrorField) \
	X(PQresultStatus) X(PQsetNoticeReceiver) X(PQsocket) X(PQstatus) \
	X(PQtransactionStatus)
/* clang-format on */

struct libpq {
	void *handle;
#define X(f) __typeof__(f) *f;
	LIBPQ_FUNCTIONS(X)
#undef X
};

struct pg {
	struct db base;
	struct libpq lib;
	PGconn *c;
	char *url;
};

struct pg_row {
	struct db_row base;
	const struct libpq *lib;
	PGresult *r;
	int i;
};

static struct pg *pg_of(struct db *db)
{
	return (struct pg *)db;
}

static const struct pg_row *row_of(const struct db_row *r)
{
	return (const struct pg_row *)r;
}

/* ---- loading ---- */

static int load(struct libpq *l, struct err *e)
{
	l->handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (l->handle == NULL)
		return err_set(e, ERR_CONFIG,
			"PostgreSQL's client library cannot be loaded (package libpq5): "
			"%s",
			dlerror());
#define X(f)                                                  \
	if ((*(void **)&l->f = dlsym(l->handle, #f)) == NULL) \
		return err_set(e, ERR_CONFIG, "libpq lacks " #f ": it is too old");
	LIBPQ_FUNCTIONS(X)
#undef X
	return 0;
}

/* ---- connecting ---- */

/* The first line of libpq's message. */
static int down(struct pg *p, struct err *e)
{
	const char *why = p->c == NULL ? "out of memory" : p->lib.PQerrorMessage(p->c);

	return err_set(e, ERR_DOWN, "database '%s' cannot be reached: %.*s",
		p->base.where, (int)strcspn(why, "\n"), why);
}

static void quiet(void *arg, const PGresult *r)
{
	(void)arg, (void)r;
}

static int connect_now(struct pg *p, struct err *e)
{
	/* Later words override earlier ones, and the URL's own all of them. */
	static const char *const words[] = { "connect_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"application_name", "client_encoding", "dbname", NULL };
	const char *values[] = { "3", "10", "5", "3", "15000", "mlops", "UTF8", p->url,
		NULL };

	if (p->c != NULL)
		p->lib.PQfinish(p->c);
	p->c = p->lib.PQconnectdbParams(words, values, 1);
	if (p->c == NULL || p->lib.PQstatus(p->c) != CONNECTION_OK)
		return down(p, e);
	p->lib.PQsetNoticeReceiver(p->c, quiet, NULL);
	return 0;
}

static int alive(const struct pg *p)
{
	return p->c != NULL && p->lib.PQstatus(p->c) == CONNECTION_OK;
}

/* ---- results ---- */

static enum err_code code_of(const char *state)
{
	if (state == NULL)
		return ERR_DOWN;
	if (strncmp(state, "23", 2) == 0 || strncmp(state, "40", 2) == 0 ||
		strcmp(state, "55P03") == 0)
		return ERR_CONFLICT;
	/* connection trouble, too many connections, shutting down, out of disk, read
	 * only after a failover */
	if (strncmp(state, "08", 2) == 0 || strncmp(state, "53", 2) == 0 ||
		strncmp(state, "57", 2) == 0 || strncmp(state, "58", 2) == 0 ||
		strcmp(state, "25006") == 0)
		return ERR_DOWN;
	return ERR_IO;
}

static int fault(struct pg *p, PGresult *r, struct err *e)
{
	const char *state =
		r == NULL ? NULL : p->lib.PQresultErrorField(r, PG_DIAG_SQLSTATE);
	const char *why =
		r == NULL ? NULL : p->lib.PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (!alive(p) || why == NULL)
		down(p, e);
	else
		err_fill(e, code_of(state), "database '%s': %s", p->base.where, why);
	p->lib.PQclear(r);
	return -1;
}

static int went_well(const struct pg *p, const PGresult *r)
{
	return p->lib.PQresultStatus(r) == PGRES_COMMAND_OK ||
		p->lib.PQresultStatus(r) == PGRES_TUPLES_OK;
}

/* A connection that died meanwhile is found by the first statement on it. What only
 * begins or reads may then go to a new one; what writes may have been done. */
static int may_repeat(const char *sql)
{
	return strncmp(sql, "SELECT", 6) == 0 || strncmp(sql, "BEGIN", 5) == 0 ||
		strncmp(sql, "LISTEN", 6) == 0;
}

static PGresult *send(struct pg *p, const char *sql, int n, const Oid *types,
	const char *const *values, int is_script)
{
	return is_script
		? p->lib.PQexec(p->c, sql)
		: p->lib.PQexecParams(p->c, sql, n, types, values, NULL, NULL, 0);
}

static PGresult *perform(struct pg *p, const char *sql, int n, const Oid *types,
	const char *const *values, int is_script, struct err *e)
{
	int fresh = 0, inside;
	PGresult *r;

	if (!alive(p)) {
		if (connect_now(p, e) < 0)
			return NULL;
		fresh = 1;
	}
	inside = p->lib.PQtransactionStatus(p->c) != PQTRANS_IDLE;
	r = send(p, sql, n, types, values, is_script);
	if (!went_well(p, r) && !alive(p) && !fresh && !inside && may_repeat(sql)) {
		p->lib.PQclear(r);
		if (connect_now(p, e) < 0)
			return NULL;
		r = send(p, sql, n, types, values, is_script);
	}
	if (went_well(p, r))
		return r;
	fault(p, r, e);
	return NULL;
}

static int script(struct db *db, const char *sql, struct err *e)
{
	struct pg *p = pg_of(db);
	PGresult *r;

	/* The server has rolled back what a lost connection had begun. */
	if (!alive(p) && strcmp(sql, "ROLLBACK") == 0)
		return 0;
	if (!alive(p) && strcmp(sql, "COMMIT") == 0)
		return down(p, e);
	r = perform(p, sql, 0, NULL, NULL, 1, e);
	p->lib.PQclear(r);
	return r == NULL ? -1 : 0;
}

/* ---- values ---- */

struct params {
	Oid types[PARAMS_MAX];
	const char *values[PARAMS_MAX];
	char numbers[PARAMS_MAX][32];
};

static void put(struct params *q, size_t i, const struct db_value *v)
{
	switch (v->type) {
	case DB_TYPE_INT:
		q->types[i] = OID_INT8;
		q->values[i] = q->numbers[i];
		snprintf(q->numbers[i], sizeof(q->numbers[i]), "%lld", (long long)v->i);
		break;
	case DB_TYPE_REAL:
		q->types[i] = OID_FLOAT8;
		q->values[i] = q->numbers[i];
		snprintf(q->numbers[i], sizeof(q->numbers[i]), "%.17g", v->r);
		break;
	case DB_TYPE_TEXT:
		q->types[i] = OID_TEXT;
		q->values[i] = v->s;
		break;
	default: /* its place says what type it has */
		q->types[i] = v->is_text ? OID_TEXT : 0;
		q->values[i] = NULL;
	}
}

static int query(struct db *db, const char *sql, const struct db_value *v, size_t n,
	int (*row)(void *arg, const struct db_row *r, struct err *e), void *arg,
	int64_t *changes, struct err *e)
{
	struct pg *p = pg_of(db);
	struct pg_row r = { .base = { db->ops }, .lib = &p->lib };
	struct params q;
	int ret = 0;

	if (n > PARAMS_MAX)
		return err_set(e, ERR_INTERNAL, "%zu values for one statement", n);
	for (size_t i = 0; i < n; i++)
		put(&q, i, &v[i]);
	r.r = perform(p, sql, (int)n, q.types, q.values, 0, e);
	if (r.r == NULL)
		return -1;
	for (; row != NULL && r.i < p->lib.PQntuples(r.r) && ret == 0; r.i++)
		ret = row(arg, &r.base, e);
	if (ret == 0 && changes != NULL)
		*changes = strtoll(p->lib.PQcmdTuples(r.r), NULL, 10);
	p->lib.PQclear(r.r);
	return ret;
}

static size_t columns(const struct db_row *r)
{
	return (size_t)row_of(r)->lib->PQnfields(row_of(r)->r);
}

static const char *name(const struct db_row *r, size_t i)
{
	return row_of(r)->lib->PQfname(row_of(r)->r, (int)i);
}

static enum db_type type(const struct db_row *r, size_t i)
{
	if (row_of(r)->lib->PQgetisnull(row_of(r)->r, row_of(r)->i, (int)i))
		return DB_TYPE_NULL;
	switch (row_of(r)->lib->PQftype(row_of(r)->r, (int)i)) {
	case OID_INT8:
	case OID_INT2:
	case OID_INT4:
		return DB_TYPE_INT;
	case OID_FLOAT4:
	case OID_FLOAT8:
	case OID_NUMERIC:
		return DB_TYPE_REAL;
	default:
		return DB_TYPE_TEXT;
	}
}

static const char *text(const struct db_row *r, size_t i)
{
	return row_of(r)->lib->PQgetisnull(row_of(r)->r, row_of(r)->i, (int)i)
		? NULL
		: row_of(r)->lib->PQgetvalue(row_of(r)->r, row_of(r)->i, (int)i);
}

static int64_t num(const struct db_row *r, size_t i)
{
	const char *s = text(r, i);

	return s == NULL ? 0 : strtoll(s, NULL, 10);
}

static double real(const struct db_row *r, size_t i)
{
	const char *s = text(r, i);

	return s == NULL ? 0 : strtod(s, NULL);
}

/* ---- the schema ---- */

static int read_version(void *arg, const struct db_row *r, struct err *e)
{
	(void)e;
	*(int64_t *)arg = db_int(r, 0);
	return 0;
}

static int version(struct db *db, int64_t *out, struct err *e)
{
	int64_t there = 0;

	*out = 0;
	if (db_query(db,
		    "SELECT count(*) FROM information_schema.tables WHERE table_name ="
		    " 'schema_version' AND table_schema = current_schema()",
		    NULL, 0, read_version, &there, e) < 0)
		return -1;
	return there == 0 ? 0
			  : db_query(db, "SELECT version FROM schema_version", NULL, 0,
				    read_version, out, e);
}

static int lock_schema(struct db *db, struct err *e)
{
	if (db_begin(db, e) < 0)
		return -1;
	if (db_query(db, "SELECT pg_advisory_xact_lock(" SCHEMA_LOCK ")", NULL, 0, NULL,
		    NULL, e) == 0)
		return 0;
	db_rollback(db);
	return -1;
}

static int set_version(struct db *db, int64_t v, struct err *e)
{
	char insert[96];

	snprintf(
		insert, sizeof(insert), "INSERT INTO schema_version VALUES (%d)", (int)v);
	if (script(db,
		    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)",
		    e) < 0 ||
		script(db, "DELETE FROM schema_version", e) < 0)
		return -1;
	return script(db, insert, e);
}

static void schema_done(struct db *db)
{
	(void)db;
}

/* ---- notifications ---- */

static int fd(struct db *db)
{
	return alive(pg_of(db)) ? pg_of(db)->lib.PQsocket(pg_of(db)->c) : -1;
}

static int notification(struct db *db, char *channel, size_t channel_size, char *payload,
	size_t size, struct err *e)
{
	struct pg *p = pg_of(db);
	PGnotify *n;

	if (!alive(p) || p->lib.PQconsumeInput(p->c) == 0)
		return down(p, e);
	n = p->lib.PQnotifies(p->c);
	if (n == NULL)
		return 0;
	snprintf(channel, channel_size, "%s", n->relname);
	snprintf(payload, size, "%s", n->extra);
	p->lib.PQfreemem(n);
	return 1;
}

static void pg_close(struct db *db)
{
	struct pg *p = pg_of(db);

	if (p->c != NULL)
		p->lib.PQfinish(p->c);
	if (p->lib.handle != NULL)
		dlclose(p->lib.handle);
	free(p->url);
	free(db->where);
	free(p);
}

static const struct db_ops pg_ops = { .kind = DB_POSTGRES,
	.close = pg_close,
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
	.fd = fd,
	.notification = notification };

/* host/database of a URL: what may be shown. */
static char *where_of(const struct pg *p, const char *url, struct err *e)
{
	char *fault_text = NULL;
	PQconninfoOption *all = p->lib.PQconninfoParse(url, &fault_text), *o;
	const char *host = "localhost", *name_of = "";
	struct buf b = BUF_INIT(1024);

	if (all == NULL) { /* the message may quote a password: it is not shown */
		p->lib.PQfreemem(fault_text);
		err_fill(e, ERR_USAGE,
			"the database URL is not one: postgres://USER@HOST:PORT/NAME");
		return NULL;
	}
	for (o = all; o->keyword != NULL; o++) {
		if (o->val == NULL || *o->val == '\0')
			continue;
		if (strcmp(o->keyword, "host") == 0)
			host = o->val;
		if (strcmp(o->keyword, "dbname") == 0)
			name_of = o->val;
	}
	buf_addf(&b, "%s/%s", host, name_of);
	p->lib.PQconninfoFree(all);
	return buf_take(&b);
}

int db_postgres_open(struct db **out, const char *url, struct err *e)
{
	struct pg *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_no_memory(e);
	p->base.ops = &pg_ops;
	p->url = strdup(url);
	if (p->url == NULL)
		err_no_memory(e);
	if (p->url == NULL || load(&p->lib, e) < 0 ||
		(p->base.where = where_of(p, url, e)) == NULL || connect_now(p, e) < 0) {
		pg_close(&p->base);
		return -1;
	}
	*out = &p->base;
	return 0;
}
