/* answer.h - what the handlers share; inside the room only. */
#ifndef MLOPS_SERVICE_ANSWER_H
#define MLOPS_SERVICE_ANSWER_H

#include "internal.h"

#define PAGE_TEXT_MAX ((size_t)64 << 20)

/* Page settings from the query. ANSWERED (with 400) when they are none. */
int page_read(struct call *c, struct store_page *p);

/* Prints {"items": [...], "next_cursor": ...}; a cursor is "time|id", an event's id or
 * a path, as `kind` says. */
enum page_kind { PAGE_BY_TIME, PAGE_BY_NUMBER, PAGE_BY_NAME };
int page_print(struct call *c, struct store_page *p, enum page_kind kind,
	int (*print)(struct store *, struct store_page *, struct buf *, size_t *,
		struct err *),
	struct err *e);

/* The body that every accepted change gets, with 202. */
int accepted(struct call *c, const char *project_id, const char *set_id,
	const char *status, int64_t version, struct err *e);

/* ANSWERED with 429 or 503 when the queue is full. */
int check_room(struct call *c, const char *project_id, struct err *e);

/* ANSWERED with 412 when If-Match names another version of the decision set. */
int check_if_match(struct call *c);
/* 1, with 304 in the reply, when If-None-Match has this ETag. */
int is_unchanged(struct call *c);

/* Secrets never reach the store: appends words of people with theirs masked, as intake
 * does it to a brief. */
int mask_secrets(struct call *c, const char *text, struct buf *out, struct err *e);
/* The same for every string of a tree: a copy for the caller to free. */
cJSON *mask_tree(struct call *c, const cJSON *tree, struct err *e);

/* Prints a JSON value into the reply. */
void answer_json(struct call *c, const cJSON *value);

/* Cuts the body down to what Range asks for: 206, or 416. */
void answer_range(struct call *c);

#endif
