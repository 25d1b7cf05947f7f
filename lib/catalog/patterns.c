/* Reading patterns, one capability at a time. */
#include "patterns.h"

#include <string.h>

#define PATTERN_FILE     "pattern.json"
#define PATTERN_TEXT_MAX ((size_t)64 << 20)

const char *const catalog_capabilities[] = { "base", "ingest", "transform", "store",
	"feature", "train", "serve", "observe", "govern", NULL };

int patterns_init(struct patterns *p, const char *cloud, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->twice = (struct buf)BUF_INIT(1 << 16);
	p->cloud = strdup(cloud);
	return p->cloud == NULL ? err_no_memory(e) : 0;
}

void patterns_release(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++) {
		json_free(p->at[i].json);
		free(p->at[i].path);
		free(p->at[i].loads);
	}
	free(p->at);
	free(p->refused);
	buf_release(&p->twice);
	free(p->cloud);
	memset(p, 0, sizeof(*p));
}

static int array_of_objects(
	const cJSON *json, const char *member, const char *needs, struct err *e)
{
	const cJSON *arr;
	size_t i = 0;

	if (json_arr(json, member, &arr, e) < 0)
		return -1;
	JSON_EACH (it, arr) {
		if (!json_is(it, JSON_OBJECT) || !json_has(it, needs))
			return err_set(e, ERR_CONFIG, "/%s/%zu: '%s' is missing", member,
				i, needs);
		i++;
	}
	return 0;
}

/* 1 for "serve" in "aws.serve.fargate-alb". */
static int is_middle(const char *id, const char *capability)
{
	const char *dot = strchr(id, '.');
	size_t len = strlen(capability);

	return dot != NULL && strncmp(dot + 1, capability, len) == 0 &&
		dot[1 + len] == '.';
}

int pattern_check(const cJSON *json, const char *folder_id, struct err *e)
{
	const char *id, *text, *capability;
	const cJSON *member;

	if (!json_is(json, JSON_OBJECT))
		return err_set(e, ERR_CONFIG, "a pattern is an object");
	if (json_str(json, "id", &id, e) < 0 || json_str(json, "version", &text, e) < 0 ||
		json_str(json, "capability", &capability, e) < 0 ||
		json_str(json, "title", &text, e) < 0)
		return -1;
	if (!is_middle(id, capability))
		return err_set(e, ERR_CONFIG,
			"/capability: '%s' is not the middle part of the id '%s'",
			capability, id);
	if (folder_id != NULL && strcmp(id, folder_id) != 0)
		return err_set(e, ERR_CONFIG, "/id: '%s' lies in the folder of '%s'", id,
			folder_id);
	if (array_of_objects(json, "requires", "port", e) < 0 ||
		array_of_objects(json, "provides", "port", e) < 0 ||
		array_of_objects(json, "bom", "sku", e) < 0 ||
		json_arr(json, "services", &member, e) < 0 ||
		json_obj(json, "parameters", &member, e) < 0)
		return -1;
	return 0;
}

/* The names behind each "load. and "c.throughput. in the text, each between spaces. */
static char *loads_in(const char *text)
{
	static const char *const vars[] = { "\"load.", "\"c.throughput." };
	struct buf out = BUF_INIT(PATTERN_TEXT_MAX);

	buf_add_char(&out, ' ');
	for (size_t i = 0; i < ARRAY_LEN(vars); i++)
		for (const char *p = text; (p = strstr(p, vars[i])) != NULL;) {
			p += strlen(vars[i]);
			buf_addf(&out, "%.*s ", (int)strcspn(p, "\""), p);
		}
	return buf_take(&out);
}

static int add(struct patterns *p, char *path, cJSON *json, int names_region, char *loads,
	struct err *e)
{
	struct pattern *grown = realloc(p->at, (p->n + 1) * sizeof(*grown));

	if (grown == NULL) {
		json_free(json);
		free(path);
		free(loads);
		return err_no_memory(e);
	}
	p->at = grown;
	grown[p->n++] = (struct pattern){
		.id = json_text(json_get(json, "id")),
		.version = json_text(json_get(json, "version")),
		.capability = json_text(json_get(json, "capability")),
		.title = json_text(json_get(json, "title")),
		.path = path,
		.json = json,
		.names_region = names_region,
		.loads = loads,
	};
	return 0;
}

static int refuse(struct patterns *p, struct node_env *env, const char *id,
	const char *why, struct err *e)
{
	struct pattern_refusal *grown =
		realloc(p->refused, (p->n_refused + 1) * sizeof(*grown));

	if (grown == NULL)
		return err_no_memory(e);
	p->refused = grown;
	snprintf(grown[p->n_refused].id, sizeof(grown->id), "%s", id);
	snprintf(grown[p->n_refused].why, sizeof(grown->why), "%s", why);
	p->n_refused++;
	log_warn(&env->log, "pattern left out: %s", why);
	return 0;
}

int patterns_refuse(struct patterns *p, struct node_env *env, const struct pattern *which,
	const char *why, struct err *e)
{
	struct err where = { 0 };

	err_fill(&where, ERR_CONFIG, "%s: %s", which->path, why);
	return refuse(p, env, which->id, where.msg, e);
}

const char *patterns_refused(const struct patterns *p, const char *id)
{
	for (size_t i = 0; i < p->n_refused; i++)
		if (strcmp(p->refused[i].id, id) == 0)
			return p->refused[i].why;
	return NULL;
}

/* "share/patterns/..." of the data directory, or an own folder's path. */
static char *shown_path(struct node_env *env, const char *relative, struct err *e)
{
	struct buf found = BUF_INIT(8192), out = BUF_INIT(8192);
	size_t share = strlen(env->share);
	char *ret = NULL;

	if (env_find(env, relative, &found, e) == 0) {
		if (strncmp(found.ptr, env->share, share) == 0 && found.ptr[share] == '/')
			buf_addf(&out, "share/%s", relative);
		else
			buf_add_str(&out, found.ptr);
		ret = strdup(out.ptr);
		if (ret == NULL)
			err_no_memory(e);
	}
	buf_release(&found);
	buf_release(&out);
	return ret;
}

/* Another folder's pattern of the same id is not read: say so. */
static void warn_twice(struct patterns *p, struct node_env *env, const char *relative,
	const char *id, const char *path)
{
	struct buf other = BUF_INIT(8192);

	if (env_shadowed(env, relative, &other)) {
		buf_addf(&p->twice, "%s: /id: '%s' is used twice: %s has it\n", other.ptr,
			id, path);
		log_warn(&env->log, "pattern left out: %s: its id '%s' is that of %s",
			other.ptr, id, path);
	}
	buf_release(&other);
}

static int load_one(struct patterns *p, struct node_env *env, const char *capability,
	const char *name, struct err *e)
{
	struct buf text = BUF_INIT(PATTERN_TEXT_MAX);
	struct err why = { 0 };
	char relative[512], id[256];
	char *path, *loads;
	cJSON *json;
	int ret = -1, names_region;

	snprintf(relative, sizeof(relative), "patterns/%s/%s/%s/" PATTERN_FILE, p->cloud,
		capability, name);
	snprintf(id, sizeof(id), "%s.%s.%s", p->cloud, capability, name);
	path = shown_path(env, relative, e);
	if (path == NULL)
		return -1;
	json = env_read_json_text(env, relative, &text, &why);
	names_region = strstr(text.ptr, "plan.region") != NULL;
	loads = loads_in(text.ptr);
	buf_release(&text);
	if (loads == NULL) {
		json_free(json);
		free(path);
		return err_no_memory(e);
	}
	if (json != NULL && pattern_check(json, id, &why) == 0) {
		warn_twice(p, env, relative, id, path);
		return add(p, path, json, names_region, loads, e);
	}
	if (json != NULL)
		err_where(&why, "%s", path);
	free(loads);
	json_free(json);
	if (why.code == ERR_INTERNAL || why.code == ERR_IO)
		*e = why;
	else
		ret = refuse(p, env, id, why.msg, e);
	free(path);
	return ret;
}

int patterns_names(struct node_env *env, const char *cloud, const char *capability,
	char ***names, size_t *n, struct err *e)
{
	char relative[256];

	snprintf(relative, sizeof(relative), "patterns/%s/%s", cloud, capability);
	return env_list(env, relative, names, n, e);
}

int patterns_load(
	struct patterns *p, struct node_env *env, const char *capability, struct err *e)
{
	char mark[64];
	char **names;
	size_t n;
	int ret = 0;

	snprintf(mark, sizeof(mark), " %s ", capability);
	if (strstr(p->loaded, mark) != NULL)
		return 0;
	if (strlen(p->loaded) + strlen(mark) >= sizeof(p->loaded))
		return err_set(e, ERR_INTERNAL, "too many capabilities");
	memcpy(p->loaded + strlen(p->loaded), mark, strlen(mark) + 1);
	if (patterns_names(env, p->cloud, capability, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n && ret == 0; i++) {
		if (names[i][0] == '.')
			continue;
		ret = load_one(p, env, capability, names[i], e);
	}
	file_list_free(names, n);
	return ret;
}

const struct pattern *patterns_find(const struct patterns *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->at[i].id, id) == 0)
			return &p->at[i];
	return NULL;
}
