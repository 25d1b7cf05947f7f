/* One command of a tool: a clean environment, a deadline, bounds on output and memory. */
#include "tools.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int env_put(struct texts *env, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int env_put(struct texts *env, struct err *e, const char *fmt, ...)
{
	struct buf b = BUF_INIT(1 << 16);
	va_list ap;
	int ret;

	va_start(ap, fmt);
	buf_vaddf(&b, fmt, ap);
	va_end(ap);
	ret = buf_ok(&b, e) < 0 ? -1 : texts_add(env, b.ptr, b.len, e);
	buf_release(&b);
	return ret;
}

static int env_pass(struct texts *env, const char *name, struct err *e)
{
	const char *v = getenv(name);

	return v == NULL ? 0 : env_put(env, e, "%s=%s", name, v);
}

int tool_env(struct texts *env, const char *home, const cJSON *extra, int network,
	struct err *e)
{
	static const char *const fixed[] = { "LC_ALL=C.UTF-8", "TZ=UTC", "NO_COLOR=1",
		"TERM=dumb", "COLUMNS=500", "CI=true", "PYTHONDONTWRITEBYTECODE=1",
		"PYTHONHASHSEED=0", "CHECKPOINT_DISABLE=1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0", "TF_IN_AUTOMATION=1", "TF_INPUT=0",
		"TF_CLI_CONFIG_FILE=/dev/null" };
	static const char *const offline[] = { "PIP_NO_INDEX=1",
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9",
		"NO_PROXY=localhost,127.0.0.1,::1", "no_proxy=localhost,127.0.0.1,::1" };
	static const char *const online[] = { "HTTP_PROXY", "HTTPS_PROXY", "http_proxy",
		"https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "PIP_INDEX_URL",
		"PIP_CERT", "REQUESTS_CA_BUNDLE" };
	const char *user = getenv("PYTHONUSERBASE"), *real_home = getenv("HOME");
	int ret = env_pass(env, "PATH", e);

	if (ret == 0)
		ret = env_put(env, e, "HOME=%s", home);
	if (ret == 0)
		ret = env_put(env, e, "TMPDIR=%s", home);
	if (ret == 0 && (user != NULL || real_home != NULL))
		ret = env_put(env, e, "PYTHONUSERBASE=%s%s", user ? user : real_home,
			user ? "" : "/.local");
	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(fixed); i++)
		ret = texts_add(env, fixed[i], strlen(fixed[i]), e);
	for (size_t i = 0; ret == 0 && !network && i < ARRAY_LEN(offline); i++)
		ret = texts_add(env, offline[i], strlen(offline[i]), e);
	for (size_t i = 0; ret == 0 && network && i < ARRAY_LEN(online); i++)
		ret = env_pass(env, online[i], e);
	JSON_EACH (v, extra)
		if (ret == 0 && json_text(v) != NULL)
			ret = env_put(env, e, "%s=%s", json_key(v), json_text(v));
	return ret;
}

void command_release(struct command *c)
{
	texts_release(&c->argv);
	buf_release(&c->out);
	buf_release(&c->err);
}

int64_t command_deadline_ns(const struct pool *p, const cJSON *row)
{
	double s = p->args->timeout_s > 0 ? p->args->timeout_s
					  : json_num_or(row, "timeout_s", 300);

	return (int64_t)(s * 1e9);
}

int command_run(const struct pool *p, const struct task *t, struct command *c,
	const char *dir, struct buf *why, struct err *e)
{
	struct texts env = { 0 };
	struct err bad = { 0 };
	struct proc_spec spec = { .dir = dir,
		.only_env = 1,
		.no_network = !p->args->network,
		.out = &c->out,
		.err = &c->err,
		.timeout_ns = command_deadline_ns(p, t->row),
		.group_bytes = (uint64_t)json_num_or(t->row, "memory_mb", 4096) << 20,
		.end_on_overflow = 1,
		.stop = p->stop };
	int ret = -1;

	if (tool_env(&env, t->place.home, json_get(t->row, "env"), p->args->network, e) <
		0)
		goto out;
	spec.argv = (const char *const *)c->argv.at;
	spec.env = (const char *const *)env.at;
	ret = 0;
	if (proc_run(&spec, &c->r, &bad) < 0) {
		buf_add_str(why, bad.msg);
		ret = 1;
	}
out:
	texts_release(&env);
	return ret;
}
