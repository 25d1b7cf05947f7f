/* JSON-Schema-Test-Suite, draft 2020-12; remotes and meta-schemas lie beside it. */
#include "suite.h"

#include <string.h>

#define DIRECTORY_MAX 4096

struct cache {
	struct cache *next;
	char *uri;
	cJSON *document;
};

struct library {
	char suite[DIRECTORY_MAX];    /* the folder of draft2020-12/ and remotes/ */
	char external[DIRECTORY_MAX]; /* the folder of the meta-schemas */
	struct cache *cache;
};

static const struct {
	const char *before, *folder;
	int external;
} places[] = {
	{ "http://localhost:1234/", "remotes/", 0 },
	{ "https://json-schema.org/draft/", "", 1 },
	{ "http://json-schema.org/", "", 1 },
};

static cJSON *load(const struct library *l, const char *uri)
{
	struct buf path = BUF_INIT(DIRECTORY_MAX), text = BUF_INIT((size_t)8 << 20);
	struct err e = { 0 };
	cJSON *document = NULL;

	for (size_t i = 0; i < ARRAY_LEN(places) && document == NULL; i++) {
		size_t n = strlen(places[i].before);

		if (strncmp(uri, places[i].before, n) != 0)
			continue;
		buf_reset(&path);
		buf_addf(&path, "%s/%s%s%s", places[i].external ? l->external : l->suite,
			places[i].folder, uri + n, places[i].external ? ".json" : "");
		if (file_read(path.ptr, &text, &e) == 0)
			document = read_json(text.ptr, text.len, &e);
	}
	buf_release(&path);
	buf_release(&text);
	return document;
}

static const cJSON *find(void *arg, const char *uri)
{
	struct library *l = arg;
	struct cache *c;

	for (c = l->cache; c != NULL; c = c->next)
		if (strcmp(c->uri, uri) == 0)
			return c->document;
	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->uri = strdup(uri);
	c->document = load(l, uri);
	c->next = l->cache;
	l->cache = c;
	return c->document;
}

static void release(struct library *l)
{
	for (struct cache *c = l->cache, *next; c != NULL; c = next) {
		next = c->next;
		json_free(c->document);
		free(c->uri);
		free(c);
	}
}

/* The suite's folder is the one that holds draft2020-12/ (or the file itself). */
static void locate(struct library *l, const char *path)
{
	const char *at = strstr(path, "/draft2020-12/");
	const char *end = at != NULL ? at : strrchr(path, '/');
	int n = end == NULL ? 0 : (int)(end - path);

	snprintf(l->suite, sizeof(l->suite), "%.*s", n > 0 ? n : 1, n > 0 ? path : ".");
	snprintf(l->external, sizeof(l->external),
		"%.*s/../../schemas-external/json-schema", n > 0 ? n : 1,
		n > 0 ? path : ".");
}

static void run_test(
	struct tally *t, const struct schema *s, const char *group, const cJSON *test)
{
	struct buf name = BUF_INIT(4096);
	struct err e = { 0 };
	int valid = schema_check(s, json_get(test, "data"), NULL, &e) == 0;

	buf_addf(&name, "%s: %s", group, json_str_or(test, "description", "?"));
	if (valid == json_true(json_get(test, "valid")))
		pass(t);
	else if (valid)
		fail(t, name.ptr, "%s is taken, expected invalid",
			shown(json_get(test, "data"), 0));
	else
		fail(t, name.ptr, "%s is refused: %s", shown(json_get(test, "data"), 0),
			e.msg);
	buf_release(&name);
}

static void run_group(struct tally *t, struct library *l, const cJSON *group)
{
	struct schema_options options = { .assert_formats =
						  strstr(t->path, "/format/") != NULL,
		.find = find,
		.arg = l };
	const char *name = json_str_or(group, "description", "?");
	struct err e = { 0 };
	struct schema *s = schema_new(json_get(group, "schema"), &options, &e);

	JSON_EACH (test, json_get(group, "tests")) {
		if (s == NULL)
			fail(t, name, "the schema is refused: %s", e.msg);
		else
			run_test(t, s, name, test);
	}
	schema_free(s);
}

int run_json_schema(struct tally *t, const char *text, size_t len, struct err *e)
{
	cJSON *groups = read_json(text, len, e);
	struct library l = { 0 };

	if (groups == NULL)
		return -1;
	locate(&l, t->path);
	JSON_EACH (group, groups)
		run_group(t, &l, group);
	release(&l);
	json_free(groups);
	return 0;
}
