/* mlops catalog: list, show, lint. */
#include "lint.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "patterns.h"
#include "prices.h"
#include "services.h"

static const char *const capabilities[] = { "base", "ingest", "transform", "store",
	"feature", "train", "serve", "observe", "govern" };
static const char *const clouds[] = { "aws", "gcp", "azure" };

#define BOOKS_MAX 24

struct lint {
	struct node_env *env;
	struct patterns patterns;
	struct services *services;
	struct schema *schema;
	cJSON *slots;
	struct prices *books[BOOKS_MAX];
	size_t n_books;
	struct buf *out;
	size_t n;
	const struct pattern *at; /* the pattern in hand */
};

static void finding(struct lint *l, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void finding(struct lint *l, const char *pointer, const char *fmt, ...)
{
	va_list ap;

	buf_addf(l->out, "share/%s: %s%s", l->at->path, pointer,
		pointer[0] != '\0' ? ": " : "");
	va_start(ap, fmt);
	buf_vaddf(l->out, fmt, ap);
	va_end(ap);
	buf_add_char(l->out, '\n');
	l->n++;
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
			finding(l, pointer,
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
			finding(l, pointer,
				"no other pattern of this cloud provides '%s'", port);
	}
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
			finding(l, pointer, "no such base '%s'", id != NULL ? id : "");
	}
	if (reaches(l, l->at, l->at->id, 0))
		finding(l, "/shares", "a cycle: it shares itself through its bases");
}

static void check_service(struct lint *l, const cJSON *item, const char *pointer)
{
	const char *id = json_text(item) != NULL ? json_text(item)
						 : json_text(json_get(item, "id"));

	if (id != NULL && services_find(l->services, id) == NULL)
		finding(l, pointer, "no facts about service '%s' (share/services)", id);
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

static void check_header(struct lint *l)
{
	static const char *const texts[] = { "title", "summary" };
	int known = 0;

	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		known |= strcmp(l->at->capability, capabilities[i]) == 0;
	if (!known)
		finding(l, "/capability", "unknown capability '%s'", l->at->capability);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (json_str_or(l->at->json, texts[i], "")[0] == '\0')
			finding(l, "", "'%s' is missing", texts[i]);
	if (json_len(json_get(l->at->json, "sources")) == 0)
		finding(l, "/sources", "every number needs a source, or 'est.'");
	if (json_num_or(l->at->json, "burden", 0) < 1 ||
		json_num_or(l->at->json, "burden", 0) > 5)
		finding(l, "/burden", "is not between 1 and 5");
	for (size_t i = 0; i < l->patterns.n; i++)
		if (&l->patterns.at[i] != l->at &&
			strcmp(l->patterns.at[i].id, l->at->id) == 0)
			finding(l, "/id", "the id '%s' is used twice", l->at->id);
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
			finding(l, "/serves/workloads",
				"no slot %s@%s in share/patterns/slots.json",
				l->at->capability,
				json_text(it) != NULL ? json_text(it) : "?");
	}
	if (json_len(json_at(l->at->json, "/serves/workloads")) == 0)
		finding(l, "/serves/workloads", "the pattern can fill no slot");
}

/* ---- formulas ---- */

/* Evaluates a value; NULL, with a finding, when it fails. */
static cJSON *evaluate(struct lint *l, const cJSON *rule, const cJSON *ctx,
	const char *pointer, const char *load)
{
	struct err e = { 0 };
	cJSON *v;

	v = json_type(rule) == JSON_OBJECT ? logic_apply(NULL, rule, ctx, &e)
					   : json_copy(rule, &e);
	if (v == NULL)
		finding(l, pointer, "fails for %s: %s", load, e.msg);
	return v;
}

static void check_number(struct lint *l, const cJSON *rule, const cJSON *ctx,
	const char *pointer, const char *load)
{
	cJSON *v = evaluate(l, rule, ctx, pointer, load);

	if (v == NULL)
		return;
	if (json_type(v) != JSON_NUMBER)
		finding(l, pointer, "is no number for %s", load);
	else if (!isfinite(json_number(v, 0)) || json_number(v, 0) < 0)
		finding(l, pointer, "is %g for %s", json_number(v, 0), load);
	json_free(v);
}

static int has_price(const struct lint *l, const char *sku)
{
	for (size_t i = 0; i < l->n_books; i++)
		if (prices_find(l->books[i], sku) != NULL ||
			prices_tier(l->books[i], sku, 1) != NULL)
			return 1;
	return 0;
}

static void check_line(
	struct lint *l, const cJSON *def, size_t i, const cJSON *ctx, const char *load)
{
	char pointer[96];
	cJSON *sku;

	snprintf(pointer, sizeof(pointer), "/bom/%zu/qty", i);
	check_number(l, json_get(def, "qty"), ctx, pointer, load);
	snprintf(pointer, sizeof(pointer), "/bom/%zu/sku", i);
	sku = evaluate(l, json_get(def, "sku"), ctx, pointer, load);
	if (sku != NULL && json_text(sku) == NULL)
		finding(l, pointer, "is no text for %s", load);
	else if (sku != NULL && !has_price(l, json_text(sku)) &&
		!json_has(def, "est_unit_usd"))
		finding(l, pointer,
			"'%s' is in no price book: give 'est_unit_usd' for ranking",
			json_text(sku));
	json_free(sku);
}

static void check_parameters(struct lint *l, cJSON *ctx, const char *load)
{
	struct err e = { 0 };
	cJSON *p = json_add_object(ctx, "p", &e);

	JSON_EACH (def, json_get(l->at->json, "parameters"))
		if (json_has(def, "choices") && !json_has(def, "value"))
			(void)json_set_copy(p, json_key(def),
				json_item(json_get(def, "choices"), 0), &e);
	JSON_EACH (def, json_get(l->at->json, "parameters")) {
		char pointer[128];
		cJSON *v;

		snprintf(pointer, sizeof(pointer), "/parameters/%s/value", json_key(def));
		if (!json_has(def, "value")) {
			if (!json_has(def, "choices"))
				finding(l, pointer, "neither 'value' nor 'choices'");
			continue;
		}
		v = evaluate(l, json_get(def, "value"), ctx, pointer, load);
		if (v == NULL)
			continue;
		if (json_type(v) == JSON_NUMBER &&
			(!isfinite(json_number(v, 0)) || json_number(v, 0) < 0))
			finding(l, pointer, "is %g for %s", json_number(v, 0), load);
		(void)json_set(p, json_key(def), v, &e);
	}
}

static void check_formulas(struct lint *l, cJSON *ctx, const char *load)
{
	static const char *const hop[] = { "p50_ms", "p95_ms", "p99_ms" };
	static const char *const queue[] = { "rate", "service_ms", "servers" };
	char pointer[96];
	size_t i = 0;

	check_parameters(l, ctx, load);
	JSON_EACH (def, json_get(l->at->json, "bom"))
		check_line(l, def, i++, ctx, load);
	i = 0;
	JSON_EACH (def, json_at(l->at->json, "/latency/hops")) {
		for (size_t k = 0; k < ARRAY_LEN(hop); k++) {
			snprintf(pointer, sizeof(pointer), "/latency/hops/%zu/%s", i,
				hop[k]);
			check_number(l, json_get(def, hop[k]), ctx, pointer, load);
		}
		if (!json_has(def, "evidence")) {
			snprintf(pointer, sizeof(pointer), "/latency/hops/%zu", i);
			finding(l, pointer,
				"'evidence' is missing (a source, or 'est.')");
		}
		i++;
	}
	for (size_t k = 0; json_has(l->at->json, "queue") && k < ARRAY_LEN(queue); k++) {
		snprintf(pointer, sizeof(pointer), "/queue/%s", queue[k]);
		check_number(l, json_at(l->at->json, pointer), ctx, pointer, load);
	}
	i = 0;
	JSON_EACH (def, json_get(l->at->json, "when")) {
		snprintf(pointer, sizeof(pointer), "/when/%zu/assert", i++);
		json_free(evaluate(l, json_get(def, "assert"), ctx, pointer, load));
		if (json_str_or(def, "why", "")[0] == '\0')
			finding(l, pointer, "'why' is missing");
	}
}

/* Constraints and load with every number that slots.json defines set to `value`. */
static cJSON *sample_context(const struct lint *l, double value, struct err *e)
{
	static const char *const lists[] = { "regions", "data_residency",
		"workload_types", "use_cases", "storage_prefs", "observability_prefs",
		"existing_stack", "compliance", "exclusions" };
	static const char *const facts[] = { "zones", "stream_path", "regimes", "copies",
		"slots" };
	cJSON *ctx = json_new_object(e), *c, *load, *plan;

	c = json_add_object(ctx, "c", e);
	load = json_add_object(ctx, "load", e);
	plan = json_add_object(ctx, "plan", e);
	if (c == NULL || load == NULL || plan == NULL)
		return ctx;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		(void)json_add_array(c, lists[i], e);
	(void)json_set_num(c, "sla_latency_ms", value, e);
	(void)json_set_num(c, "availability_target", value > 0 ? 99.9 : 0, e);
	(void)json_set_str(c, "data_classification", value > 1 ? "pii" : "internal", e);
	(void)json_add_object(c, "throughput", e);
	(void)json_add_object(c, "team_constraints", e);
	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		(void)json_set_num(plan, facts[i], i == 0 ? 2 : 1, e);
	(void)json_set_str(plan, "region", "us-east-1", e);
	JSON_EACH (def, json_get(l->slots, "load"))
		(void)json_set_num(load, json_str_or(def, "id", "?"), value, e);
	return ctx;
}

static void check_sizes(struct lint *l)
{
	static const struct {
		double value;
		const char *name;
	} loads[] = { { 0, "no load" }, { 1, "a load of one" },
		{ 1000, "a large load" } };
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(loads); i++) {
		cJSON *ctx = sample_context(l, loads[i].value, &e);

		if (ctx != NULL)
			check_formulas(l, ctx, loads[i].name);
		json_free(ctx);
	}
}

/* ---- templates ---- */

static void check_template(struct lint *l, const char *from, const char *pointer)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT((size_t)1 << 22);
	struct err e = { 0 };
	size_t dir = strlen(l->at->path) - strlen("pattern.json");

	if (from[0] == '/')
		buf_addf(&path, "%s/patterns/shared%s", l->env->share, from);
	else
		buf_addf(&path, "%s/%.*stemplates/%s", l->env->share, (int)dir,
			l->at->path, from);
	if (file_read(path.ptr, &text, &e) < 0)
		finding(l, pointer, "cannot read %s%s",
			from[0] == '/' ? "share/patterns/shared" : "templates/", from);
	else if (strlen(from) > 9 && strcmp(from + strlen(from) - 9, ".mustache") == 0 &&
		(strstr(text.ptr, "{{{") != NULL || strstr(text.ptr, "{{&") != NULL))
		finding(l, pointer,
			"templates/%s: unescaped text ('{{{', '{{&') is refused", from);
	buf_release(&path);
	buf_release(&text);
}

static void check_files(struct lint *l)
{
	size_t i = 0;

	JSON_EACH (it, json_get(l->at->json, "files")) {
		char pointer[96];

		snprintf(pointer, sizeof(pointer), "/files/%zu/from", i++);
		check_template(l, json_str_or(it, "from", ""), pointer);
	}
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

/* Files that the loader left out, each with its reason, as findings. */
static int check_unread(
	struct lint *l, const char *cloud, const char *capability, struct err *e)
{
	char **names;
	size_t n;

	if (patterns_names(l->env, cloud, capability, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };
		char id[256], path[512];
		cJSON *json;

		snprintf(id, sizeof(id), "%s.%s.%s", cloud, capability, names[i]);
		if (names[i][0] == '.' || patterns_find(&l->patterns, id) != NULL)
			continue;
		snprintf(path, sizeof(path), "patterns/%s/%s/%s/pattern.json", cloud,
			capability, names[i]);
		json = env_read_json(l->env, path, &why);
		if (json != NULL && pattern_check(json, id, &why) == 0)
			err_fill(&why, ERR_CONFIG, "cannot be used");
		buf_addf(l->out, "share/%s: %s\n", path, why.msg);
		l->n++;
		json_free(json);
	}
	file_list_free(names, n);
	return 0;
}

static int wanted(const struct pattern *p, char **ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], p->id) == 0)
			return 1;
	return n == 0;
}

static void check_pattern(struct lint *l, const struct pattern *p)
{
	struct err e = { 0 };

	l->at = p;
	if (schema_check(l->schema, p->json, "", &e) < 0)
		finding(l, "", "%s", e.msg);
	check_header(l);
	check_ports(l, "requires");
	check_ports(l, "provides");
	check_providers(l);
	check_bases(l);
	check_services(l);
	check_sizes(l);
	check_files(l);
}

int catalog_lint(struct node_env *env, const char *cloud, char **ids, size_t n_ids,
	struct buf *out, size_t *n_findings, struct err *e)
{
	struct lint l = { .env = env, .out = out };
	struct buf path = BUF_INIT(8192);
	int verbosity = env->log.verbosity, ret = -1;

	env->log.verbosity = -1; /* the loader's warnings come as findings here */
	buf_addf(&path, "%s/schemas/pattern.schema.json", env->share);
	l.schema = schema_load(path.ptr, e);
	if (l.schema == NULL)
		goto out;
	l.slots = env_read_json(env, "patterns/slots.json", e);
	if (l.slots == NULL || patterns_init(&l.patterns, cloud, e) < 0 ||
		services_load(&l.services, env, cloud, e) < 0 ||
		load_books(&l, cloud, e) < 0)
		goto out;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (patterns_load(&l.patterns, env, capabilities[i], e) < 0)
			goto out;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (n_ids == 0 && check_unread(&l, cloud, capabilities[i], e) < 0)
			goto out;
	for (size_t i = 0; i < l.patterns.n; i++)
		if (wanted(&l.patterns.at[i], ids, n_ids))
			check_pattern(&l, &l.patterns.at[i]);
	*n_findings += l.n;
	ret = buf_ok(out, e);
out:
	env->log.verbosity = verbosity;
	for (size_t i = 0; i < l.n_books; i++)
		prices_free(l.books[i]);
	patterns_release(&l.patterns);
	services_free(l.services);
	schema_free(l.schema);
	buf_release(&path);
	json_free(l.slots);
	return ret;
}

/* ---- commands ---- */

static int is_cloud(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
		if (strcmp(word, clouds[i]) == 0)
			return 1;
	return 0;
}

static int list_cloud(
	struct node_env *env, const char *cloud, struct buf *out, struct err *e)
{
	struct patterns p;
	int ret = -1;

	if (patterns_init(&p, cloud, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(capabilities); i++)
		if (patterns_load(&p, env, capabilities[i], e) < 0)
			goto out;
	for (size_t i = 0; i < p.n; i++)
		buf_addf(out, "%-38s %-9s %s%s\n", p.at[i].id, p.at[i].capability,
			p.at[i].title,
			json_has(p.at[i].json, "generated") ? " (planned, not generated)"
							    : "");
	ret = buf_ok(out, e);
out:
	patterns_release(&p);
	return ret;
}

static int command_list(
	struct node_env *env, int argc, char **argv, struct buf *out, struct err *e)
{
	if (argc > 1 || (argc == 1 && !is_cloud(argv[0])))
		return err_set(e, ERR_USAGE, "catalog list [aws|gcp|azure]");
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++)
		if ((argc == 0 || strcmp(argv[0], clouds[i]) == 0) &&
			list_cloud(env, clouds[i], out, e) < 0)
			return -1;
	return 0;
}

static void show_list(
	struct buf *out, const char *name, const cJSON *list, const char *member)
{
	int first = 1;

	if (json_len(list) == 0)
		return;
	buf_addf(out, "%-14s", name);
	JSON_EACH (it, list) {
		const char *text = json_text(it) != NULL ? json_text(it)
							 : json_str_or(it, member, "?");

		buf_addf(out, "%s%s%s", first ? "" : ", ", text,
			json_true(json_get(it, "optional")) ? " (optional)" : "");
		first = 0;
	}
	buf_add_char(out, '\n');
}

static void show_pattern(const struct pattern *p, struct buf *out)
{
	const cJSON *j = p->json;

	buf_addf(out, "%s %s\n%s\n%s\n\n", p->id, p->version, p->title,
		json_str_or(j, "summary", ""));
	show_list(out, "workloads", json_at(j, "/serves/workloads"), "id");
	show_list(out, "services", json_get(j, "services"), "id");
	show_list(out, "requires", json_get(j, "requires"), "port");
	show_list(out, "provides", json_get(j, "provides"), "port");
	show_list(out, "shares", json_get(j, "shares"), "id");
	buf_addf(out, "%-14s%g of 5\n", "burden", json_num_or(j, "burden", 0));
	show_list(out, "fails with", json_get(j, "failure_domains"), "id");
	show_list(out, "security", json_get(j, "security"), "id");
	show_list(out, "trade-offs", json_get(j, "tradeoffs"), "id");
	show_list(out, "avoid when", json_get(j, "avoid_when"), "id");
	buf_add_str(out, "\nparameters\n");
	JSON_EACH (it, json_get(j, "parameters"))
		buf_addf(out, "  %-20s %-12s %s\n", json_key(it),
			json_str_or(it, "unit", ""), json_str_or(it, "why", ""));
	buf_add_str(out, "\nrules\n");
	JSON_EACH (it, json_get(j, "when"))
		buf_addf(out, "  %-20s out when %s\n", json_str_or(it, "id", ""),
			json_str_or(it, "why", ""));
	buf_add_str(out, "\nbill of materials\n");
	JSON_EACH (it, json_get(j, "bom"))
		buf_addf(out, "  %-20s %-9s %s (%s)\n", json_str_or(it, "component", ""),
			json_str_or(it, "kind", ""),
			json_text(json_get(it, "sku")) != NULL
				? json_text(json_get(it, "sku"))
				: "by its parameters",
			json_str_or(it, "unit", ""));
	buf_add_str(out, "\nsources\n");
	JSON_EACH (it, json_get(j, "sources"))
		buf_addf(out, "  %s: %s, %s\n", json_str_or(it, "what", ""),
			json_str_or(it, "ref", ""), json_str_or(it, "as_of", ""));
}

static int command_show(
	struct node_env *env, int argc, char **argv, struct buf *out, struct err *e)
{
	int raw = argc == 2 && strcmp(argv[1], "--json") == 0;
	char cloud[16], capability[32];
	struct patterns p;
	const struct pattern *found;
	int ret = -1;

	if (argc < 1 || (argc > 1 && !raw))
		return err_set(e, ERR_USAGE, "catalog show ID [--json]");
	if (sscanf(argv[0], "%15[a-z].%31[a-z].", cloud, capability) != 2 ||
		!is_cloud(cloud))
		return err_set(
			e, ERR_NO_INPUT, "no pattern '%s' (mlops catalog list)", argv[0]);
	if (patterns_init(&p, cloud, e) < 0)
		return -1;
	if (patterns_load(&p, env, capability, e) < 0)
		goto out;
	found = patterns_find(&p, argv[0]);
	if (found == NULL) {
		err_fill(
			e, ERR_NO_INPUT, "no pattern '%s' (mlops catalog list)", argv[0]);
		goto out;
	}
	if (raw) {
		json_print(found->json, JSON_PRETTY, out);
		buf_add_char(out, '\n');
	} else {
		show_pattern(found, out);
	}
	ret = buf_ok(out, e);
out:
	patterns_release(&p);
	return ret;
}

static int command_manual(
	struct node_env *env, int argc, char **argv, struct buf *out, struct err *e)
{
	(void)argv;
	if (argc != 0)
		return err_set(e, ERR_USAGE, "catalog manual");
	return catalog_manual(env, out, e);
}

static int command_lint(
	struct node_env *env, int argc, char **argv, struct buf *out, struct err *e)
{
	const char *cloud = argc > 0 && is_cloud(argv[0]) ? argv[0] : NULL;
	char **ids = argv + (cloud != NULL);
	size_t n_ids = (size_t)(argc - (cloud != NULL)), findings = 0;

	for (size_t i = 0; i < n_ids; i++)
		if (ids[i][0] == '-')
			return err_set(e, ERR_USAGE,
				"catalog lint [CLOUD] [ID ...]: unknown "
				"option '%s'",
				ids[i]);
	for (size_t i = 0; i < ARRAY_LEN(clouds); i++) {
		size_t len = strlen(clouds[i]);

		if (cloud != NULL && strcmp(cloud, clouds[i]) != 0)
			continue;
		if (n_ids > 0 && cloud == NULL &&
			(strncmp(ids[0], clouds[i], len) != 0 || ids[0][len] != '.'))
			continue;
		if (catalog_lint(env, clouds[i], ids, n_ids, out, &findings, e) < 0)
			return -1;
	}
	buf_addf(out, findings == 0 ? "no findings\n" : "%zu findings\n", findings);
	return findings == 0 ? 0 : 12;
}

int catalog_command(struct node_env *env, int argc, char **argv, struct err *e)
{
	static const struct {
		const char *name;
		int (*run)(struct node_env *, int, char **, struct buf *, struct err *);
	} commands[] = { { "list", command_list }, { "show", command_show },
		{ "manual", command_manual }, { "lint", command_lint } };
	struct buf out = BUF_INIT((size_t)16 << 20);
	int ret = -1;

	for (size_t i = 0; argc > 0 && i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		ret = commands[i].run(env, argc - 1, argv + 1, &out, e);
		if (ret >= 0 &&
			file_write_fd(1, "standard output", out.ptr, out.len, e) < 0)
			ret = -1;
		buf_release(&out);
		return ret;
	}
	return err_set(e, ERR_USAGE, "catalog list | show ID | manual | lint");
}
