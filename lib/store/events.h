/* events.h - the table of event types. Thread safety: constant data. */
#ifndef MLOPS_STORE_EVENTS_H
#define MLOPS_STORE_EVENTS_H

#include <stddef.h>

struct event_row {
	const char *type, *sse;
};

/* The row of a type, those of the nodes' cards included; NULL if there is none. */
const struct event_row *event_by_type(const char *type);

/* A type that the table lacks is a bug of ours. */
void assert_event_type(const char *type);

#endif
