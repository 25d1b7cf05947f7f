/* From the rows of share/validators.json to tasks. */
#include "tools.h"

#include <stdlib.h>
#include <string.h>

static struct tool *tool_named(struct pool *p, const char *name)
{
	for (size_t i = 0; i < p->n_tools; i++)
		if (strcmp(p->tools[i].name, name) == 0)
			return &p->tools[i];
	p->tools[p->n_tools].name = strdup(name);
	pthread_mutex_init(&p->tools[p->n_tools].lock, NULL);
	return p->tools[p->n_tools].name == NULL ? NULL : &p->tools[p->n_tools++];
}

static int wanted(const struct tools_args *a, const char *id, const char *tool)
{
	const char *p = a->only;

	for (; p != NULL && *p != '\0'; p += strspn(p, ",")) {
		size_t n = strcspn(p, ",");

		if ((strlen(id) == n && memcmp(p, id, n) == 0) ||
			(strlen(tool) == n && memcmp(p, tool, n) == 0))
			return 1;
		p += n;
	}
	return a->only == NULL;
}

static int tree_has(const struct vtree *t, const cJSON *globs)
{
	for (size_t i = 0; i < t->n; i++)
		if (glob_any(globs, t->at[i].path))
			return 1;
	return 0;
}

static int add_task(
	struct pool *p, const cJSON *row, const struct mirror *m, struct err *e)
{
	const char *id, *tool, *title, *after = json_str_or(row, "after", NULL);
	struct task *t = &p->tasks[p->n];
	struct buf name = BUF_INIT(512);

	if (json_str(row, "id", &id, e) < 0 || json_str(row, "tool", &tool, e) < 0 ||
		json_str(row, "title", &title, e) < 0)
		return -1;
	*t = (struct task){ .row = row,
		.mirror = m,
		.tool = tool_named(p, tool),
		.lock = PTHREAD_MUTEX_INITIALIZER };
	buf_addf(&name, "%s%s%s", id, m != NULL && p->mirrors.n > 1 ? "@" : "",
		m != NULL && p->mirrors.n > 1 ? m->label : "");
	t->check = buf_ok(&name, e) < 0 ? NULL : check_new(name.ptr, title, tool, e);
	t->name = buf_take(&name);
	buf_release(&name);
	if (t->tool == NULL || t->check == NULL || t->name == NULL)
		return err_no_memory(e);
	p->n++;
	for (size_t i = 0; after != NULL && i + 1 < p->n; i++)
		if (p->tasks[i].mirror == m &&
			strcmp(json_str_or(p->tasks[i].row, "id", ""), after) == 0)
			t->after = &p->tasks[i];
	if (after != NULL && t->after == NULL)
		return err_set(e, ERR_CONFIG,
			"validators.json: '%s' comes after '%s', which is no row before "
			"it",
			id, after);
	if (json_get(row, "only_with") != NULL &&
		!tree_has(p->tree, json_get(row, "only_with")))
		return 0;
	for (size_t i = 0; i < p->tree->n; i++) {
		const char *path = p->tree->at[i].path;

		if (glob_any(json_get(row, "files"), path) &&
			!glob_any(json_get(row, "except"), path) &&
			texts_add(&t->files, path, strlen(path), e) < 0)
			return -1;
	}
	return 0;
}

/* A row that others come after is wanted when one of them is. */
static int wanted_by_later(const struct tools_args *a, const cJSON *row)
{
	for (const cJSON *r = json_next(row); r != NULL; r = json_next(r))
		if (strcmp(json_str_or(r, "after", ""), json_str_or(row, "id", "?")) ==
				0 &&
			wanted(a, json_str_or(r, "id", ""), json_str_or(r, "tool", "")))
			return 1;
	return 0;
}

int table_plan(struct pool *p, const cJSON *table, struct err *e)
{
	const cJSON *rows;
	size_t n;

	if (json_arr(table, "checks", &rows, e) < 0) {
		err_where(e, "validators.json");
		e->code = ERR_CONFIG;
		return -1;
	}
	n = json_len(rows);
	p->tasks = calloc(n * (p->mirrors.n + 1) + 1, sizeof(*p->tasks));
	p->tools = calloc(n + 1, sizeof(*p->tools));
	if (p->tasks == NULL || p->tools == NULL)
		return err_no_memory(e);
	JSON_EACH (row, rows) {
		const char *mirror = json_str_or(row, "mirror", NULL);
		int mirrored = mirror != NULL && p->mirrors.n > 0;
		size_t variants =
			mirrored && strcmp(mirror, "each") == 0 ? p->mirrors.n : 1;

		if (!wanted(p->args, json_str_or(row, "id", ""),
			    json_str_or(row, "tool", "")) &&
			!wanted_by_later(p->args, row))
			continue;
		for (size_t i = 0; i < variants; i++)
			if (add_task(p, row, mirrored ? &p->mirrors.at[i] : NULL, e) < 0)
				return -1;
	}
	return 0;
}
