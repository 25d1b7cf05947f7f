#include "events.h"

#include <assert.h>
#include <string.h>

static const struct event_row rows[] = {
#define NODE(id, name, exe, agent, reads, writes, event) { event, "reason-card" },
#include "state/nodes.def"
#undef NODE
#define EVENT(type, sse) { type, sse },
#include "events.def"
#undef EVENT
};

const struct event_row *event_by_type(const char *type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].type, type) == 0)
			return &rows[i];
	return NULL;
}

void assert_event_type(const char *type)
{
	assert(event_by_type(type) != NULL);
}
