/* RFC 3339 timestamps and RFC 9562 UUIDs. */
#include "suite.h"

#include <string.h>

typedef void case_fn(struct tally *t, const char *name, const cJSON *c);

static int each_case(
	struct tally *t, const char *text, size_t len, case_fn *run, struct err *e)
{
	cJSON *cases = read_json(text, len, e);
	size_t i = 0;

	if (cases == NULL)
		return -1;
	JSON_EACH (c, cases) {
		struct buf name = BUF_INIT(4096);

		buf_addf(&name, "case %zu '%s'", i++,
			json_str_or(c, "text", json_str_or(c, "name", "")));
		run(t, name.ptr, c);
		buf_release(&name);
	}
	json_free(cases);
	return 0;
}

static void time_case(struct tally *t, const char *name, const cJSON *c)
{
	int expect = json_true(json_get(c, "valid"));
	int64_t seconds = 0, nanoseconds = 0;
	int valid = clock_parse_parts(
			    json_str_or(c, "text", ""), &seconds, &nanoseconds) == 0;

	if (valid != expect)
		fail(t, name, "is %s, expected %s", valid ? "valid" : "invalid",
			expect ? "valid" : "invalid");
	else if (valid &&
		((double)seconds != json_num_or(c, "unix", 0) ||
			(double)nanoseconds != json_num_or(c, "nanos", 0)))
		fail(t, name, "is %lld s and %lld ns", (long long)seconds,
			(long long)nanoseconds);
	else
		pass(t);
}

int run_rfc3339(struct tally *t, const char *text, size_t len, struct err *e)
{
	return each_case(t, text, len, time_case, e);
}

static const char *const variants[] = { "ncs", "rfc9562", "microsoft", "future" };

static int is_all(const struct id *id, int byte)
{
	for (size_t i = 0; i < sizeof(id->bytes); i++)
		if (id->bytes[i] != byte)
			return 0;
	return 1;
}

/* What is told about a valid UUID; members that a case leaves out are not compared. */
static int agrees(const struct id *id, const cJSON *c)
{
	char canonical[ID_TEXT_MAX];

	id_format(id->bytes, canonical);
	return strcmp(canonical, json_str_or(c, "canonical", canonical)) == 0 &&
		strcmp(variants[id->variant], json_str_or(c, "variant", "")) == 0 &&
		json_num_or(c, "version", 0) == id->version &&
		json_bool_or(c, "nil", 0) == is_all(id, 0) &&
		json_bool_or(c, "max", 0) == is_all(id, 0xFF) &&
		(double)id->unix_ms == json_num_or(c, "unix_ms", (double)id->unix_ms);
}

static void uuid_case(struct tally *t, const char *name, const cJSON *c)
{
	int expect = json_true(json_get(c, "valid"));
	const char *kind = json_str_or(c, "kind", NULL), *of = json_str_or(c, "name", "");
	char made[ID_TEXT_MAX] = "nothing";
	struct id id;
	int valid;

	if (kind != NULL) {
		id_from_name(strcmp(kind, "v3") == 0 ? 3 : 5,
			json_str_or(c, "namespace", ""), of, strlen(of), made);
		if (strcmp(made, json_str_or(c, "uuid", "")) == 0)
			pass(t);
		else
			fail(t, name, "gives %s", made);
		return;
	}
	valid = id_parse(json_str_or(c, "text", ""), &id) == 0;
	if (valid != expect)
		fail(t, name, "is %s, expected %s", valid ? "valid" : "invalid",
			expect ? "valid" : "invalid");
	else if (valid && !agrees(&id, c))
		fail(t, name, "is of the variant %s, version %d", variants[id.variant],
			id.version);
	else
		pass(t);
}

int run_uuid(struct tally *t, const char *text, size_t len, struct err *e)
{
	return each_case(t, text, len, uuid_case, e);
}
