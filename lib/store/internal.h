/* internal.h - what the parts of the store share; inside the room only. */
#ifndef MLOPS_STORE_INTERNAL_H
#define MLOPS_STORE_INTERNAL_H

#include "db.h"
#include "store.h"

struct store {
	struct db *db;
	char *home;
	int depth, given_up; /* of store_begin */
	void (*committed)(void *arg);
	void *committed_arg;
	char request_id[ID_TEXT_MAX], trace[TRACE_MAX],
		user[128]; /* of events and jobs that are made; may be "" */
};

/* All rows as an array of objects; the caller owns it. */
int store_rows(struct store *s, const char *sql, const struct db_value *v, size_t n,
	cJSON **out, struct err *e);
/* The first row, or NULL. */
int store_one(struct store *s, const char *sql, const struct db_value *v, size_t n,
	cJSON **out, struct err *e);
int store_run_sql(struct store *s, const char *sql, const struct db_value *v, size_t n,
	struct err *e);

/* Appends a row as a JSON object; columns of JSON go in as they are stored. */
int store_print_row(struct buf *out, const struct db_row *r, struct err *e);

struct store_page;

/* Appends all rows, "{...},{...}", and adds to *count; `page` may be NULL. */
int store_print_rows(struct store *s, const char *sql, const struct db_value *v, size_t n,
	struct buf *out, size_t *count, struct store_page *page, struct err *e);

void store_now(char ts[CLOCK_TEXT_MAX]);

/* Random; from `content` when the clock is fixed, so that a run can be repeated. */
int store_new_id(const char *content, char id[ID_TEXT_MAX], struct err *e);

/* A document for each key of the state but for what everybody writes. */
int store_put_documents(struct store *s, const char *project_id, const char *set_id,
	const cJSON *state, struct err *e);

/* One event of a step, its payload completed. Inside a transaction. */
int store_event(struct store *s, const struct store_step *st, const char *type,
	const cJSON *payload, const char *ts, struct err *e);

#endif
