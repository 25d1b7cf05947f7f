/* What is wrong with the catalogue: names that point nowhere, and all the rest. */
#include "lint.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lint_internal.h"

static void say(struct lint *l, const char *path, const char *pointer, const char *fmt,
	va_list ap)
{
	buf_addf(l->out, "%s: %s%s", path, pointer, pointer[0] != '\0' ? ": " : "");
	buf_vaddf(l->out, fmt, ap);
	buf_add_char(l->out, '\n');
	l->n++;
}

void lint_say(struct lint *l, const char *pointer, const char *fmt, ...)
{
	struct err e = { 0 };
	va_list ap;

	if (pointer[0] != '\0' && json_has(l->said, pointer))
		return;
	if (pointer[0] != '\0')
		(void)json_set_bool(l->said, pointer, 1, &e);
	va_start(ap, fmt);
	say(l, l->at->path, pointer, fmt, ap);
	va_end(ap);
}

void lint_say_of(
	struct lint *l, const char *path, const char *pointer, const char *fmt, ...)
{
	struct buf shown = BUF_INIT(8192);
	va_list ap;

	buf_addf(&shown, "%s%s", path[0] == '/' ? "" : "share/", path);
	va_start(ap, fmt);
	say(l, shown.ptr, pointer, fmt, ap);
	va_end(ap);
	buf_release(&shown);
}

/* ---- what the pattern refers to ---- */

static void check_ports(struct lint *l, const char *member)
{
	const cJSON *known = json_get(l->slots, "ports");
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, member)) {
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/%s/%zu/port", member, i++);
		if (!json_has_text(known, json_str_or(it, "port", "")))
			lint_say(l, pointer,
				"no such port '%s' (share/patterns/slots.json: /ports)",
				json_str_or(it, "port", ""));
	}
}

static int provides(const struct pattern *p, const char *port)
{
	JSON_EACH (it, json_get(p->json, "provides"))
		if (strcmp(json_str_or(it, "port", ""), port) == 0)
			return 1;
	return 0;
}

/* A hard requirement needs somebody else who provides it. */
static void check_providers(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "requires")) {
		const char *port = json_str_or(it, "port", "");
		char pointer[96];
		int found = json_true(json_get(it, "optional"));

		snprintf(pointer, sizeof(pointer), "/requires/%zu", i++);
		for (size_t j = 0; j < l->patterns.n && !found; j++)
			found = &l->patterns.at[j] != l->at &&
				provides(&l->patterns.at[j], port);
		if (!found)
			lint_say(l, pointer,
				"no other pattern of this cloud provides '%s'", port);
	}
}

/* 1 when each hard requirement of `p` is provided by a pattern that stands by itself. */
static int stands(const struct lint *l, const struct pattern *p, const char *grounded,
	const char **missing)
{
	JSON_EACH (it, json_get(p->json, "requires")) {
		const char *port = json_str_or(it, "port", "");
		int found = json_true(json_get(it, "optional"));

		for (size_t j = 0; j < l->patterns.n && !found; j++)
			found = grounded[j] && &l->patterns.at[j] != p &&
				provides(&l->patterns.at[j], port);
		if (!found) {
			*missing = port;
			return 0;
		}
	}
	return 1;
}

/* Requirements that only wait for each other: grows the set of patterns that can
 * stand; who is left over although somebody provides what it needs is in a circle. */
static void check_circle(struct lint *l)
{
	char *grounded = calloc(l->patterns.n + 1, 1);
	const char *missing = NULL;
	int grew = 1;

	while (grounded != NULL && grew) {
		grew = 0;
		for (size_t i = 0; i < l->patterns.n; i++)
			if (!grounded[i] &&
				stands(l, &l->patterns.at[i], grounded, &missing))
				grounded[i] = 1, grew = 1;
	}
	if (grounded != NULL && !stands(l, l->at, grounded, &missing)) {
		int provided = 0;

		for (size_t i = 0; i < l->patterns.n; i++)
			provided |= &l->patterns.at[i] != l->at &&
				provides(&l->patterns.at[i], missing);
		if (provided)
			lint_say(l, "/requires",
				"a cycle: whoever provides '%s' needs, in the end, what "
				"only "
				"this pattern or its like provides",
				missing);
	}
	free(grounded);
}

static int reaches(
	const struct lint *l, const struct pattern *from, const char *id, int depth)
{
	if (from == NULL || depth > 16)
		return depth > 16;
	JSON_EACH (it, json_get(from->json, "shares")) {
		const char *next = json_text(it);

		if (next == NULL)
			continue;
		if (strcmp(next, id) == 0 ||
			reaches(l, patterns_find(&l->patterns, next), id, depth + 1))
			return 1;
	}
	return 0;
}

static void check_bases(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "shares")) {
		const char *id = json_text(it);
		const struct pattern *base =
			id == NULL ? NULL : patterns_find(&l->patterns, id);
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/shares/%zu", i++);
		if (base == NULL || strcmp(base->capability, "base") != 0)
			lint_say(l, pointer, "no such base '%s'", id != NULL ? id : "");
	}
	if (reaches(l, l->at, l->at->id, 0))
		lint_say(l, "/shares", "a cycle: it shares itself through its bases");
}

static void check_service(struct lint *l, const cJSON *item, const char *pointer)
{
	const char *id = json_text(item) != NULL ? json_text(item)
						 : json_text(json_get(item, "id"));

	const cJSON *facts = id == NULL ? NULL : services_find(l->services, id);

	if (id != NULL && facts == NULL)
		lint_say(l, pointer, "no facts about service '%s' (share/services)", id);
	else if (id != NULL && json_text(json_at(facts, "/lifecycle/status")) == NULL)
		lint_say(l, pointer,
			"service '%s' has no lifecycle in share/services: nobody knows "
			"whether its user can get it",
			id);
}

static void check_services(struct lint *l)
{
	size_t i = 0;
	char pointer[96];

	JSON_EACH (it, json_get(l->at->json, "services")) {
		snprintf(pointer, sizeof(pointer), "/services/%zu", i++);
		check_service(l, it, pointer);
	}
	i = 0;
	JSON_EACH (it, json_at(l->at->json, "/availability/of")) {
		snprintf(pointer, sizeof(pointer), "/availability/of/%zu", i++);
		check_service(l, it, pointer);
	}
}

static int is_region(const struct lint *l, const char *code)
{
	const struct region *r = region_by_code(l->regions, code);

	return r != NULL && strcmp(r->cloud, l->patterns.cloud) == 0;
}

/* A line may name its own Region, or "global". */
static void check_regions(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "bom")) {
		const char *code = json_text(json_get(it, "region"));
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/bom/%zu/region", i++);
		if (code != NULL && strcmp(code, "global") != 0 && !is_region(l, code))
			lint_say(l, pointer, "unknown region '%s' (share/regions)", code);
	}
}

static void check_header(struct lint *l)
{
	static const char *const texts[] = { "title", "summary" };
	static const char *const lists[] = { "failure_domains", "security", "tradeoffs",
		"avoid_when" };
	int known = 0;

	for (size_t i = 0; catalog_capabilities[i] != NULL; i++)
		known |= strcmp(l->at->capability, catalog_capabilities[i]) == 0;
	if (!known)
		lint_say(l, "/capability", "unknown capability '%s'", l->at->capability);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_str_or(l->at->json, texts[i], "")[0] == '\0')
			lint_say(l, "", "'%s' is missing", texts[i]);
	if (json_len(json_get(l->at->json, "sources")) == 0)
		lint_say(l, "/sources", "every number needs a source, or 'est.'");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (json_len(json_get(l->at->json, lists[i])) == 0)
			lint_say(l, "",
				"'%s' is missing: what would you tell a colleague?",
				lists[i]);
	if (json_num_or(l->at->json, "burden", 0) < 1 ||
		json_num_or(l->at->json, "burden", 0) > 5)
		lint_say(l, "/burden", "is not between 1 and 5");
	if (strcmp(l->at->capability, "base") == 0)
		return;
	JSON_EACH (it, json_at(l->at->json, "/serves/workloads")) {
		int slot = 0;

		JSON_EACH (s, json_get(l->slots, "slots"))
			if (strcmp(json_str_or(s, "capability", ""), l->at->capability) ==
					0 &&
				json_text(it) != NULL &&
				strcmp(json_str_or(s, "workload", ""), json_text(it)) ==
					0)
				slot = 1;
		if (!slot)
			lint_say(l, "/serves/workloads",
				"no slot %s@%s in share/patterns/slots.json",
				l->at->capability,
				json_text(it) != NULL ? json_text(it) : "?");
	}
	if (json_len(json_at(l->at->json, "/serves/workloads")) == 0)
		lint_say(l, "/serves/workloads", "the pattern can fill no slot");
}

/* ---- the whole ---- */

static int load_books(struct lint *l, const char *cloud, struct err *e)
{
	struct buf dir = BUF_INIT(8192);
	char **names = NULL;
	size_t n = 0;
	struct err other = { 0 };
	int ret = 0;

	buf_addf(&dir, "%s/prices/%s", l->env->share, cloud);
	if (file_is_dir(dir.ptr) && file_list(dir.ptr, &names, &n, e) < 0)
		ret = -1;
	for (size_t i = 0; i < n && ret == 0; i++) {
		char relative[256];
		size_t len = strlen(names[i]);

		if (len < 5 || strcmp(names[i] + len - 5, ".json") != 0 ||
			strcmp(names[i], "free-tier.json") == 0 ||
			l->n_books == BOOKS_MAX)
			continue;
		snprintf(relative, sizeof(relative), "prices/%s/%s", cloud, names[i]);
		/* the folder holds other files, too; whether books are sound is not asked here */
		l->n_books +=
			prices_load(&l->books[l->n_books], l->env, relative, &other) == 0;
	}
	file_list_free(names, n);
	buf_release(&dir);
	return ret;
}

/* Patterns that the loader left out, each with its reason. */
static void check_broken(struct lint *l)
{
	for (size_t i = 0; i < l->patterns.n_refused; i++) {
		buf_addf(l->out, "%s\n", l->patterns.refused[i].why);
		l->n++;
	}
	for (const char *s = l->patterns.twice.ptr; *s != '\0'; s++)
		l->n += *s == '\n';
	buf_add_str(l->out, l->patterns.twice.ptr);
}

/* Folders that nobody reads: a cloud or a capability that is not one. */
static int check_folders(struct lint *l, const char *cloud, struct err *e)
{
	char relative[64];
	char **names;
	size_t n;

	snprintf(relative, sizeof(relative), "patterns/%s", cloud);
	if (env_list(l->env, relative, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		int known = names[i][0] == '.';
		char path[512];

		for (size_t k = 0; catalog_capabilities[k] != NULL; k++)
			known |= strcmp(names[i], catalog_capabilities[k]) == 0;
		snprintf(path, sizeof(path), "%s/%s", relative, names[i]);
		if (!known)
			lint_say_of(l, path, "", "unknown capability '%s'", names[i]);
	}
	file_list_free(names, n);
	return 0;
}

static int check_clouds(struct lint *l, struct err *e)
{
	char **names;
	size_t n;

	if (env_list(l->env, "patterns", &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "patterns/%s", names[i]);
		if (names[i][0] != '.' && strchr(names[i], '.') == NULL &&
			strcmp(names[i], "shared") != 0 && !catalog_is_cloud(names[i]))
			lint_say_of(l, path, "", "unknown cloud '%s'", names[i]);
	}
	file_list_free(names, n);
	return 0;
}

static void check_codes(
	struct lint *l, const char *path, const char *pointer, const cJSON *codes)
{
	size_t i = 0;

	JSON_EACH (it, codes) {
		char at[160];

		snprintf(at, sizeof(at), "%s/%zu", pointer, i++);
		if (json_text(it) == NULL || !is_region(l, json_text(it)))
			lint_say_of(l, path, at, "unknown region '%s' (share/regions)",
				json_text(it) != NULL ? json_text(it) : "?");
	}
}

/* What patterns lean on: Regions and lifecycles of services, Regions of slots.json. */
static void check_knowledge(struct lint *l, const char *cloud)
{
	static const char *const lists[] = { "only", "all_but" };
	static const char *const dated[] = { "status", "source", "as_of" };
	char path[64], pointer[128];
	size_t i = 0;

	snprintf(path, sizeof(path), "services/%s.json", cloud);
	JSON_EACH (it, services_all(l->services)) {
		for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
			snprintf(pointer, sizeof(pointer), "/services/%zu/regions/%s", i,
				lists[k]);
			check_codes(l, path, pointer,
				json_get(json_get(it, "regions"), lists[k]));
		}
		for (size_t k = 0; k < ARRAY_LEN(dated); k++) {
			snprintf(pointer, sizeof(pointer), "/services/%zu/lifecycle", i);
			if (json_text(json_get(json_get(it, "lifecycle"), dated[k])) ==
				NULL)
				lint_say_of(l, path, pointer,
					"'%s' is missing: can '%s' be had, says who, "
					"when?",
					dated[k], json_str_or(it, "id", "?"));
		}
		i++;
	}
	snprintf(pointer, sizeof(pointer), "/regions/%s", cloud);
	check_codes(l, "patterns/slots.json", pointer,
		json_get(json_get(l->slots, "regions"), cloud));
}

static int wanted(const struct pattern *p, char **ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], p->id) == 0)
			return 1;
	return n == 0;
}

static void check_pattern(struct lint *l, const struct pattern *p, struct err *e)
{
	struct err why = { 0 };

	l->at = p;
	json_free(l->said);
	l->said = json_new_object(e);
	if (schema_check(l->schema, p->json, "", &why) < 0)
		lint_say(l, "", "%s", why.msg);
	check_header(l);
	check_ports(l, "requires");
	check_ports(l, "provides");
	check_providers(l);
	check_circle(l);
	check_bases(l);
	check_services(l);
	check_regions(l);
	lint_formulas(l);
	lint_files(l);
}

static struct schema *load_schema(const struct lint *l, const char *name, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	struct schema *s;

	buf_addf(&path, "%s/schemas/%s.schema.json", l->env->share, name);
	s = buf_ok(&path, e) < 0 ? NULL : schema_load(path.ptr, e);
	buf_release(&path);
	return s;
}

static int load(struct lint *l, const char *cloud, struct err *e)
{
	l->schema = load_schema(l, "pattern", e);
	l->cases = l->schema == NULL ? NULL : load_schema(l, "pattern-cases", e);
	l->slots =
		l->cases == NULL ? NULL : env_read_json(l->env, "patterns/slots.json", e);
	l->regions = l->slots == NULL ? NULL : region_book_load(l->env, e);
	if (l->regions == NULL || patterns_init(&l->patterns, cloud, e) < 0 ||
		services_load(&l->services, l->env, cloud, e) < 0 ||
		load_books(l, cloud, e) < 0)
		return -1;
	for (size_t i = 0; catalog_capabilities[i] != NULL; i++)
		if (patterns_load(&l->patterns, l->env, catalog_capabilities[i], e) < 0)
			return -1;
	return 0;
}

static void release(struct lint *l)
{
	for (size_t i = 0; i < l->n_books; i++)
		prices_free(l->books[i]);
	patterns_release(&l->patterns);
	services_free(l->services);
	region_book_free(l->regions);
	schema_free(l->schema);
	schema_free(l->cases);
	json_free(l->slots);
	json_free(l->said);
}

/* An id that no pattern has is a wrong question, not a clean answer. */
static int check_ids(const struct lint *l, char **ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (patterns_find(&l->patterns, ids[i]) == NULL &&
			patterns_refused(&l->patterns, ids[i]) == NULL)
			return err_set(e, ERR_NO_INPUT,
				"no pattern '%s' (mlops catalog list)", ids[i]);
	}
	return 0;
}

int catalog_lint(struct node_env *env, const char *cloud, char **ids, size_t n_ids,
	struct buf *out, size_t *n_findings, struct err *e)
{
	struct lint l = { .env = env, .out = out };
	int verbosity = env->log.verbosity, ret = -1;

	env->log.verbosity = -1; /* the loader's warnings come as findings here */
	if (load(&l, cloud, e) < 0 || check_ids(&l, ids, n_ids, e) < 0)
		goto out;
	check_broken(&l);
	if (n_ids == 0) {
		if (check_folders(&l, cloud, e) < 0)
			goto out;
		check_knowledge(&l, cloud);
		if (strcmp(cloud, catalog_clouds[0]) == 0 && check_clouds(&l, e) < 0)
			goto out;
	}
	for (size_t i = 0; i < l.patterns.n; i++)
		if (wanted(&l.patterns.at[i], ids, n_ids))
			check_pattern(&l, &l.patterns.at[i], e);
	*n_findings += l.n;
	ret = buf_ok(out, e);
out:
	env->log.verbosity = verbosity;
	release(&l);
	return ret;
}
