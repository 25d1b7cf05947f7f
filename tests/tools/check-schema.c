/*
 * check-schema SCHEMA FILE...: validates JSON files against a JSON Schema of others;
 * documents that it refers to are read from the schema's own directory by their
 * last name. Status 0 when all are valid; one line for each that is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

#define DOC_MAX ((size_t)64 << 20)
#define OTHERS  8

struct library {
	const char *dir;
	struct {
		char *uri;
		cJSON *doc;
	} at[OTHERS];
	size_t n;
};

static cJSON *load(const char *path, struct err *e)
{
	struct buf text = BUF_INIT(DOC_MAX);
	cJSON *doc = file_read(path, &text, e) < 0
		? NULL
		: json_parse(text.ptr, text.len, JSON_PLAIN, e);

	buf_release(&text);
	return doc;
}

static const cJSON *find(void *arg, const char *uri)
{
	struct library *l = arg;
	const char *slash = strrchr(uri, '/');
	struct buf path = BUF_INIT(4096);
	struct err e = { 0 };
	cJSON *doc = NULL;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].uri, uri) == 0)
			return l->at[i].doc;
	buf_addf(&path, "%s/%.*s", l->dir, (int)strcspn(slash ? slash + 1 : uri, "#"),
		slash ? slash + 1 : uri);
	if (l->n < OTHERS)
		doc = load(path.ptr, &e);
	buf_release(&path);
	if (doc != NULL) {
		l->at[l->n].uri = strdup(uri);
		l->at[l->n++].doc = doc;
	}
	return doc;
}

int main(int argc, char **argv)
{
	struct library l = { 0 };
	struct schema_options opts = { .find = find, .arg = &l };
	struct err e = { 0 };
	char *dir = argc > 2 ? strdup(argv[1]) : NULL, *slash;
	struct schema *s;
	cJSON *doc;
	int status = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: check-schema SCHEMA FILE...\n");
		return 2;
	}
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	l.dir = slash != NULL ? dir : ".";
	doc = load(argv[1], &e);
	s = doc == NULL ? NULL : schema_new(doc, &opts, &e);
	for (int i = 2; s != NULL && i < argc; i++) {
		cJSON *v = load(argv[i], &e);

		if (v == NULL || schema_check(s, v, "", &e) < 0) {
			printf("%s: %s\n", argv[i], e.msg);
			status = 1;
		}
		json_free(v);
	}
	if (s == NULL) {
		fprintf(stderr, "check-schema: %s\n", e.msg);
		status = 2;
	}
	schema_free(s);
	json_free(doc);
	for (size_t i = 0; i < l.n; i++) {
		free(l.at[i].uri);
		json_free(l.at[i].doc);
	}
	free(dir);
	return status;
}
