/* The programs that rows run: where each lies, and what it says of its version. */
#include "tools.h"

#include <stdlib.h>
#include <string.h>

static int version_below(const char *have, const char *least)
{
	while (*least != '\0') {
		char *eh, *el;
		unsigned long h = strtoul(have, &eh, 10), l = strtoul(least, &el, 10);

		if (h != l)
			return h < l;
		have = eh + (*eh == '.');
		least = el + (*el == '.');
		if (el == least && *least != '\0')
			return 0;
	}
	return 0;
}

/* Finds the program and asks for its version, once for all rows that use it. */
static int tool_ask(const struct pool *p, const struct task *t, struct err *e)
{
	const cJSON *how = json_get(t->row, "version");
	struct command c = { .out = BUF_INIT(OUTPUT_MAX), .err = BUF_INIT(OUTPUT_MAX) };
	struct buf path = BUF_INIT(8192), why = BUF_INIT(4096), v = BUF_INIT(256);
	struct tool *tool = t->tool;
	int ret = -1;

	tool->asked = 1;
	if (!proc_find(tool->name, NULL, &path)) {
		ret = 0;
		goto out;
	}
	tool->path = buf_take(&path);
	if (tool->path == NULL ||
		texts_add(&c.argv, tool->path, strlen(tool->path), e) < 0)
		goto out;
	JSON_EACH (a, json_get(how, "args"))
		if (json_text(a) != NULL &&
			texts_add(&c.argv, json_text(a), strlen(json_text(a)), e) < 0)
			goto out;
	ret = command_run(p, t, &c, NULL, &why, e);
	if (ret == 0 && !c.r.timed_out && c.r.signal == 0) {
		int found = pattern_first(
			json_str_or(how, "pattern", "([0-9]+(?:\\.[0-9]+)+)"), c.out.ptr,
			c.out.len, &v, e);

		if (found == 0)
			found = pattern_first(
				"([0-9]+(?:\\.[0-9]+)+)", c.err.ptr, c.err.len, &v, e);
		ret = found < 0 ? -1 : 0;
		if (found > 0)
			tool->version = buf_take(&v);
	}
	ret = ret < 0 ? -1 : 0;
out:
	command_release(&c);
	buf_release(&path);
	buf_release(&why);
	buf_release(&v);
	return ret;
}

int tool_ready(const struct pool *p, struct task *t, struct err *e)
{
	struct tool *tool = t->tool;
	const char *least = json_str_or(t->row, "least_version", NULL);
	int ret = 0;

	pthread_mutex_lock(&tool->lock);
	if (!tool->asked)
		ret = tool_ask(p, t, e);
	pthread_mutex_unlock(&tool->lock);
	if (ret < 0)
		return -1;
	if (tool->path == NULL)
		return check_set(t->check,
			p->args->strict && !json_bool_or(t->row, "optional", 0)
				? "fail"
				: "skipped",
			e, "%s is not installed", tool->name);
	if (tool->version == NULL)
		return check_set(
			t->check, "error", e, "%s does not tell its version", tool->name);
	if (json_set_str(t->check, "version", tool->version, e) < 0)
		return -1;
	if (least != NULL && version_below(tool->version, least))
		return check_set(t->check, "error", e,
			"%s %s is older than %s, the oldest known to work", tool->name,
			tool->version, least);
	return 1;
}
