/*
 * Published schemas and documents for them: CycloneDX, SARIF, GitHub workflows.
 * FILE is an index.json ({file, schema_verdict, schema}) or an own-*.json ({name,
 * document, valid}); the schemas lie in ../schemas-external.
 */
#include "suite.h"

#include <string.h>

#define PATH_SIZE 4096

struct family {
	const char *suite, *folder;
	const char *schema; /* for own files; NULL: by the version in the file's name */
};

static const struct family families[] = {
	{ "cyclonedx", "cyclonedx", NULL },
	{ "sarif", "sarif", "sarif-2.1.0.draft07.json" },
	{ "github-workflow", "github-workflow", "github-workflow.json" },
};

struct shelf {
	char here[PATH_SIZE]; /* where FILE lies */
	char schemas[PATH_SIZE];
	cJSON *read; /* name -> document */
};

static cJSON *read_at(const char *folder, const char *name, struct err *e)
{
	struct buf path = BUF_INIT(PATH_SIZE), text = BUF_INIT((size_t)32 << 20);
	cJSON *v = NULL;

	buf_addf(&path, "%s/%s", folder, name);
	if (file_read(path.ptr, &text, e) == 0)
		v = read_json(text.ptr, text.len, e);
	buf_release(&path);
	buf_release(&text);
	return v;
}

/* Any reference to another schema is one to a file beside it. */
static const cJSON *find(void *arg, const char *uri)
{
	struct shelf *s = arg;
	const char *slash = strrchr(uri, '/'), *name = slash != NULL ? slash + 1 : uri;
	struct err e = { 0 };

	if (!json_has(s->read, name)) {
		cJSON *v = read_at(s->schemas, name, &e);

		if (v != NULL)
			json_set(s->read, name, v, &e);
	}
	return json_get(s->read, name);
}

static void check(struct tally *t, const char *name, const struct schema *schema,
	const cJSON *document, int expect)
{
	struct err e = { 0 };
	int valid = schema_check(schema, document, NULL, &e) == 0;

	if (valid == expect)
		pass(t);
	else
		fail(t, name, "is %s, expected %s; %s", valid ? "valid" : "invalid",
			expect ? "valid" : "invalid", e.msg);
}

static const char *schema_name(
	const struct family *f, const struct tally *t, const cJSON *c)
{
	if (json_has(c, "schema"))
		return json_str_or(c, "schema", "");
	if (f->schema != NULL)
		return f->schema;
	return strstr(t->path, "1.5") != NULL ? "bom-1.5.schema.json"
					      : "bom-1.6.schema.json";
}

static void run_case(
	struct tally *t, const struct family *f, struct shelf *s, const cJSON *c)
{
	const char *file = json_str_or(c, "file", NULL);
	/* The verdicts on the published documents were made with formats asserted. */
	struct schema_options options = {
		.find = find, .arg = s, .assert_formats = file != NULL
	};
	const char *name = file != NULL ? file : json_str_or(c, "name", "?");
	int expect = file != NULL
		? strcmp(json_str_or(c, "schema_verdict", ""), "valid") == 0
		: json_true(json_get(c, "valid"));
	struct err e = { 0 };
	const cJSON *of = find(s, schema_name(f, t, c));
	cJSON *document = file != NULL ? read_at(s->here, file, &e) : NULL;
	struct schema *schema = of == NULL ? NULL : schema_new(of, &options, &e);

	if (of == NULL)
		skip(t, name, "the schema %s is not there", schema_name(f, t, c));
	else if (schema == NULL || (file != NULL && document == NULL))
		fail(t, name, "%s", e.msg);
	else
		check(t, name, schema, file != NULL ? document : json_get(c, "document"),
			expect);
	schema_free(schema);
	json_free(document);
}

static int run_family(
	struct tally *t, const char *suite, const char *text, size_t len, struct err *e)
{
	const struct family *f = families;
	const char *slash = strrchr(t->path, '/');
	struct shelf s = { 0 };
	cJSON *cases = read_json(text, len, e);

	if (cases == NULL)
		return -1;
	while (strcmp(f->suite, suite) != 0)
		f++;
	s.read = json_new_object(e);
	snprintf(s.here, sizeof(s.here), "%.*s",
		slash == NULL ? 1 : (int)(slash - t->path),
		slash == NULL ? "." : t->path);
	snprintf(s.schemas, sizeof(s.schemas), "%.*s/../../schemas-external/%s",
		PATH_SIZE / 2, s.here, f->folder);
	JSON_EACH (c, cases)
		if (json_is(c, JSON_OBJECT))
			run_case(t, f, &s, c);
	json_free(s.read);
	json_free(cases);
	return 0;
}

int run_cyclonedx(struct tally *t, const char *text, size_t len, struct err *e)
{
	return run_family(t, "cyclonedx", text, len, e);
}

int run_sarif(struct tally *t, const char *text, size_t len, struct err *e)
{
	return run_family(t, "sarif", text, len, e);
}

int run_github_workflow(struct tally *t, const char *text, size_t len, struct err *e)
{
	return run_family(t, "github-workflow", text, len, e);
}
