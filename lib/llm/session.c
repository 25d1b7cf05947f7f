/* Settings, data and limits of one run. */
#include "session.h"

#include "http/http.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *given(const char *option, const char *variable)
{
	const char *env = getenv(variable);

	if (option != NULL && *option != '\0')
		return option;
	return env != NULL && *env != '\0' ? env : NULL;
}

static char *copy_path(const char *path, struct err *e)
{
	char *s = path == NULL ? NULL : strdup(path);

	if (path != NULL && s == NULL)
		err_no_memory(e);
	return s;
}

int private_dir(const char *path, struct err *e)
{
	struct stat st;
	struct buf parent = BUF_INIT(8192);
	const char *slash = strrchr(path, '/');
	int ret = -1;

	if (slash != NULL && slash > path)
		buf_add(&parent, path, (size_t)(slash - path));
	if (parent.len > 0 && file_mkdirs(parent.ptr, e) < 0)
		goto out;
	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		err_fill(e, ERR_CANT_CREATE, "cannot make directory '%s': %s", path,
			strerror(errno));
		goto out;
	}
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		(st.st_mode & 022) != 0) {
		err_fill(e, ERR_CONFIG,
			"directory '%s' must be yours and writable for nobody else "
			"(chmod go-w)",
			path);
		goto out;
	}
	ret = 0;
out:
	buf_release(&parent);
	return ret;
}

/* --state-dir, $MLOPS_LLM_STATE, $XDG_STATE_HOME/mlops/llm, ~/.local/state/mlops/llm,
 * or a directory of this user below /tmp. */
static int find_state_dir(struct llm_session *s, struct err *e)
{
	const char *path = given(s->o->state_dir, "MLOPS_LLM_STATE");
	const char *xdg = given(NULL, "XDG_STATE_HOME"), *home = given(NULL, "HOME");
	struct buf b = BUF_INIT(8192);

	if (path != NULL)
		buf_add_str(&b, path);
	else if (xdg != NULL && xdg[0] == '/')
		buf_addf(&b, "%s/mlops/llm", xdg);
	else if (home != NULL && home[0] == '/')
		buf_addf(&b, "%s/.local/state/mlops/llm", home);
	else
		buf_addf(&b, "/tmp/mlops-llm-%u", (unsigned)geteuid());
	if (buf_ok(&b, e) == 0)
		s->state_dir = buf_take(&b);
	buf_release(&b);
	return s->state_dir == NULL ? -1 : 0;
}

/* Settings of another shape than the schema says would be passed over in silence. */
static int check_settings(
	struct llm_session *s, const cJSON *user, const char *path, struct err *e)
{
	struct buf file = BUF_INIT(8192);
	struct schema *schema;
	int ret;

	buf_addf(&file, "%s/schemas/llm-settings.schema.json", s->env.share);
	schema = schema_load(file.ptr, e);
	ret = schema == NULL ? -1 : schema_check(schema, user, path, e);
	if (ret < 0)
		e->code = ERR_CONFIG;
	schema_free(schema);
	buf_release(&file);
	return ret;
}

static int read_config(struct llm_session *s, struct err *e)
{
	const char *path = given(s->o->config, "MLOPS_LLM_CONFIG");
	cJSON *base = env_read_json(&s->env, "models/routes.json", e), *user = NULL;

	if (base == NULL)
		return -1;
	if (path == NULL) {
		s->config = base;
		return 0;
	}
	user = json_parse_file(path, (size_t)1 << 20, e);
	if (user == NULL)
		e->code = ERR_CONFIG;
	else if (check_settings(s, user, path, e) == 0)
		s->config = json_merge_patch(base, user, e);
	json_free(base);
	json_free(user);
	return s->config == NULL ? -1 : 0;
}

/* A project's part goes over the rest: its keys, its limits, its chain. */
static int apply_project(struct llm_session *s, struct err *e)
{
	const char *name = given(s->o->project, "MLOPS_PROJECT");
	const cJSON *own =
		name == NULL ? NULL : json_get(json_get(s->config, "projects"), name);
	cJSON *merged;

	if (own == NULL)
		return 0;
	merged = json_merge_patch(s->config, own, e);
	if (merged == NULL)
		return -1;
	json_free(s->config);
	s->config = merged;
	return 0;
}

int64_t session_limit(const struct llm_session *s, const char *name, int64_t otherwise)
{
	double d = json_num_or(json_get(s->config, "limits"), name, (double)otherwise);

	return d >= 0 && d < 1e15 ? (int64_t)d : otherwise;
}

static int64_t ms_of(double seconds, int64_t otherwise)
{
	return seconds > 0 ? (int64_t)(seconds * 1000) : otherwise;
}

static void read_limits(struct llm_session *s)
{
	const struct llm_options *o = s->o;

	s->connect_ms = ms_of(o->connect_timeout, session_limit(s, "connect_ms", 5000));
	s->idle_ms = ms_of(o->idle_timeout, session_limit(s, "idle_ms", 120000));
	s->total_ms = ms_of(o->timeout, session_limit(s, "total_ms", 600000));
	s->first_backoff_ms = session_limit(s, "first_backoff_ms", 500);
	s->most_backoff_ms = session_limit(s, "most_backoff_ms", 8000);
	s->wait_ms = session_limit(s, "longest_retry_after_ms", 60000);
	s->slot_ms = session_limit(s, "slot_wait_ms", 60000);
	s->retries =
		o->retries >= 0 ? (int)o->retries : (int)session_limit(s, "retries", 2);
	s->concurrency = o->concurrency > 0 ? (int)o->concurrency
					    : (int)session_limit(s, "concurrency", 8);
	s->breaker_failures = (int)session_limit(s, "breaker_failures", 5);
	s->quarantine_after = (int)session_limit(s, "quarantine_after", 3);
	s->cooldown_ms = session_limit(s, "cooldown_ms", 30000);
	s->most_cooldown_ms = session_limit(s, "most_cooldown_ms", 600000);
	s->answer_max = (size_t)session_limit(s, "answer_max_bytes", 8 << 20);
	s->deadline_ns = clock_monotonic_ns() + s->total_ms * 1000000;
}

struct redact *session_rules(struct llm_session *s, struct err *e)
{
	if (s->rules != NULL)
		return s->rules;
	s->secrets = env_read_json(&s->env, "redact/secrets.json", e);
	s->personal = s->secrets == NULL
		? NULL
		: env_read_json(&s->env, "redact/personal.json", e);
	s->rules = s->personal == NULL ? NULL : redact_new(s->secrets, e);
	if (s->rules != NULL && redact_add(s->rules, s->personal, e) < 0)
		session_drop_rules(s);
	return s->rules;
}

void session_drop_rules(struct llm_session *s)
{
	redact_free(s->rules);
	json_free(s->secrets);
	json_free(s->personal);
	s->rules = NULL;
	s->secrets = s->personal = NULL;
	(void)malloc_trim(0);
}

int session_open(struct llm_session *s, const struct common_args *common, struct err *e)
{
	const struct llm_options *o = s->o;

	if (env_init(&s->env, "mlops-llm", common, e) < 0)
		return -1;
	s->entries = json_new_object(e);
	if (s->entries == NULL || read_config(s, e) < 0 || apply_project(s, e) < 0 ||
		find_state_dir(s, e) < 0)
		return -1;
	read_limits(s);
	s->record = copy_path(given(o->record, "MLOPS_LLM_RECORD"), e);
	s->cassettes = copy_path(given(o->cassettes, "MLOPS_LLM_CASSETTES"), e);
	s->debug_dir = copy_path(o->debug_dir, e); /* only by option: a deliberate act */
	s->quarantine = copy_path(given(o->quarantine, "MLOPS_LLM_QUARANTINE"), e);
	if (s->quarantine == NULL) {
		struct buf b = BUF_INIT(8192);

		buf_addf(&b, "%s/quarantine", s->state_dir);
		s->quarantine = buf_take(&b);
	}
	return e->code == ERR_NONE ? 0 : -1;
}

void session_close(struct llm_session *s)
{
	http_free(s->http);
	redact_free(s->rules);
	json_free(s->secrets);
	json_free(s->personal);
	json_free(s->config);
	json_free(s->entries);
	free(s->state_dir);
	free(s->record);
	free(s->cassettes);
	free(s->quarantine);
	free(s->debug_dir);
	env_release(&s->env);
}

/* An entry that is `like` another one has that one's members, too. */
static cJSON *load_entry(struct llm_session *s, const char *provider, struct err *e)
{
	char path[128];
	cJSON *own, *base, *merged;
	const char *like;

	snprintf(path, sizeof(path), "models/%s.json", provider);
	own = env_read_json(&s->env, path, e);
	like = json_str_or(own, "like", NULL);
	if (own == NULL || like == NULL)
		return own;
	snprintf(path, sizeof(path), "models/%.60s.json", like);
	base = env_read_json(&s->env, path, e);
	merged = base == NULL ? NULL : json_merge_patch(base, own, e);
	json_free(base);
	json_free(own);
	return merged;
}

static int is_name(const char *s)
{
	return *s != '\0' && strlen(s) < 60 &&
		s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

const cJSON *session_entry(struct llm_session *s, const char *provider, struct err *e)
{
	const cJSON *mine = json_get(json_get(s->config, "providers"), provider);
	struct buf path = BUF_INIT(8192);
	cJSON *entry;
	int known;

	if (json_has(s->entries, provider))
		return json_get(s->entries, provider);
	buf_addf(&path, "%s/models/%s.json", s->env.share, provider);
	known = is_name(provider) && file_is_regular(path.ptr);
	buf_release(&path);
	if (!known || strcmp(provider, "routes") == 0 ||
		strcmp(provider, "schema-subsets") == 0) {
		err_fill(e, ERR_USAGE,
			"unknown provider '%s' (anthropic, openai, openai-chat, "
			"openai-compatible, claude-code, replay, auto or none)",
			provider);
		return NULL;
	}
	entry = load_entry(s, provider, e);
	if (entry != NULL && mine != NULL) {
		cJSON *merged = json_merge_patch(entry, mine, e);

		json_free(entry);
		entry = merged;
	}
	if (entry == NULL || json_set(s->entries, provider, entry, e) < 0)
		return NULL;
	return json_get(s->entries, provider);
}

int64_t session_left_ms(const struct llm_session *s, int64_t most)
{
	int64_t left = (s->deadline_ns - clock_monotonic_ns()) / 1000000;

	if (s->deadline_ns == 0 || left > most)
		return most;
	return left > 0 ? left : 0;
}

int session_sleep(const struct llm_session *s, int64_t ms)
{
	int64_t until = clock_monotonic_ns() + session_left_ms(s, ms) * 1000000;
	int whole = session_left_ms(s, ms) == ms;

	for (;;) {
		int64_t left = (until - clock_monotonic_ns()) / 1000000;

		if (s->stop != NULL && *s->stop)
			return -1;
		if (left <= 0)
			return whole ? 0 : -1;
		poll(NULL, 0, left < 50 ? (int)left : 50);
	}
}
