#include "config.h"

#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20)

enum kind { KIND_STR, KIND_SECRET, KIND_URL, KIND_NUM };

static const struct row {
	enum kind kind;
	const char *name, *env, *otherwise;
	size_t arg, field; /* where the flag's text is, where the value goes */
} rows[] = {
#define CONFIG(kind, field, name, env, value, otherwise, help)                    \
	{ KIND_##kind, name, env, otherwise, offsetof(struct config_args, field), \
		offsetof(struct config, field) },
#include "config.def"
#undef CONFIG
};

const struct opt config_opts[] = {
	OPT_STR('c', "config", "FILE", struct config_args, file,
		"configuration file: a JSON object of these names"),
	OPT_FLAG(0, "check", struct config_args, check,
		"print the effective configuration, without secrets, and end"),
#define CONFIG(kind, field, name, env, value, otherwise, help) \
	{ OPT_KIND_STR, 0, name, value, offsetof(struct config_args, field), help, 0 },
#include "config.def"
#undef CONFIG
	OPT_END,
};

/* A value, and where it was found. */
struct found {
	const char *text, *from;
	int64_t number; /* when the file has one */
	int is_number;
};

static int in_file(const struct row *r, const cJSON *file, struct found *f, struct err *e)
{
	const cJSON *v = json_get(file, r->name);

	if (v == NULL)
		return 0;
	f->from = "file";
	f->text = json_text(v);
	if (f->text != NULL)
		return 1;
	f->is_number = 1;
	if (r->kind == KIND_NUM && json_int(file, r->name, &f->number, e) == 0)
		return 1;
	return err_set(e, ERR_CONFIG, "configuration file: /%s: must be a %s", r->name,
		r->kind == KIND_NUM ? "whole number" : "text");
}

static int find(const struct row *r, const struct config_args *args, const cJSON *file,
	struct found *f, struct err *e)
{
	const char *flag =
		*(const char *const *)(const void *)((const char *)args + r->arg);
	const char *env = getenv(r->env);
	int ret;

	*f = (struct found){ flag, "flag", 0, 0 };
	if (flag != NULL)
		return 0;
	*f = (struct found){ env, "environment", 0, 0 };
	if (env != NULL && *env != '\0')
		return 0;
	ret = in_file(r, file, f, e);
	if (ret == 0)
		*f = (struct found){ r->otherwise, "default", 0, 0 };
	return ret < 0 ? -1 : 0;
}

static int put_number(
	const struct row *r, const struct found *f, int64_t *out, struct err *e)
{
	char *end;
	long long n = f->is_number ? f->number : strtoll(f->text, &end, 10);

	if (!f->is_number && (*f->text == '\0' || *end != '\0'))
		return err_set(e, ERR_CONFIG, "%s (%s): '%s' is no whole number", r->name,
			f->from, f->text);
	if (n < 0 || n > INT64_C(1000000000))
		return err_set(e, ERR_CONFIG, "%s (%s): must be between 0 and 1000000000",
			r->name, f->from);
	*out = n;
	return 0;
}

static int check_names(const cJSON *file, const char *path, struct err *e)
{
	JSON_EACH (m, file) {
		size_t i = 0;

		while (i < ARRAY_LEN(rows) && strcmp(rows[i].name, json_key(m)) != 0)
			i++;
		if (i == ARRAY_LEN(rows))
			return err_set(e, ERR_CONFIG, "%s: /%s: there is no such setting",
				path, json_key(m));
	}
	return 0;
}

static int read_config_file(struct config *c, const char *path, struct err *e)
{
	if (path == NULL)
		path = getenv("MLOPSD_CONFIG");
	if (path == NULL || *path == '\0')
		return 0;
	c->file = json_parse_file(path, FILE_MAX, e);
	if (c->file == NULL) {
		e->code = ERR_CONFIG;
		return -1;
	}
	if (!json_is(c->file, JSON_OBJECT))
		return err_set(e, ERR_CONFIG, "%s: must hold a JSON object", path);
	return check_names(c->file, path, e);
}

/* What only makes sense above zero. */
static int check_values(const struct config *c, struct err *e)
{
	const struct {
		const char *name;
		int64_t value;
	} positive[] = { { "slots", c->slots }, { "threads", c->threads },
		{ "connections", c->connections }, { "pool", c->pool },
		{ "body-bytes", c->body_bytes }, { "request-timeout", c->request_s },
		{ "idle-timeout", c->idle_s }, { "stream-time", c->stream_s },
		{ "ping", c->ping_s }, { "poll", c->poll_ms }, { "lease", c->lease_s } };

	for (size_t i = 0; i < ARRAY_LEN(positive); i++)
		if (positive[i].value == 0)
			return err_set(e, ERR_CONFIG, "%s: must be at least 1",
				positive[i].name);
	if (strcmp(c->log_form, "text") != 0 && strcmp(c->log_form, "json") != 0)
		return err_set(
			e, ERR_CONFIG, "log: '%s' is neither text nor json", c->log_form);
	if (strncmp(c->db, "sqlite:", 7) != 0 && strncmp(c->db, "postgres://", 11) != 0 &&
		strncmp(c->db, "postgresql://", 13) != 0)
		return err_set(e, ERR_CONFIG,
			"db: neither sqlite:PATH nor postgres://USER@HOST/NAME");
	if (*c->oidc_issuer != '\0' && *c->oidc_audience == '\0')
		return err_set(e, ERR_CONFIG, "oidc-audience: needed with oidc-issuer");
	if (!config_is_loopback(c->listen) && *c->token == '\0' &&
		*c->oidc_issuer == '\0')
		return err_set(e, ERR_CONFIG,
			"listen: '%s' can be reached from elsewhere: set a token "
			"(MLOPSD_TOKEN) or an OpenID provider (MLOPSD_OIDC_ISSUER) first",
			c->listen);
	return 0;
}

int config_load(struct config *c, const struct config_args *args,
	const struct common_args *common, struct err *e)
{
	*c = (struct config){ .share = common->share,
		.provider = common->provider,
		.quiet = common->quiet,
		.verbose = common->verbose };
	if (read_config_file(c, args->file, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		void *field = (char *)c + rows[i].field;
		struct found f;

		if (find(&rows[i], args, c->file, &f, e) < 0)
			return -1;
		if (rows[i].kind != KIND_NUM)
			*(const char **)field = f.text;
		else if (put_number(&rows[i], &f, field, e) < 0)
			return -1;
	}
	return check_values(c, e);
}

void config_release(struct config *c)
{
	json_free(c->file);
	c->file = NULL;
}

void config_hide_password(const char *url, struct buf *out)
{
	const char *at = strrchr(url, '@'), *slashes = strstr(url, "://"), *colon;
	const char *query = strstr(url, "password=");

	colon = slashes == NULL ? NULL : strchr(slashes + 3, ':');
	if (at != NULL && colon != NULL && colon < at)
		buf_addf(out, "%.*s:***%s", (int)(colon - url), url, at);
	else if (query != NULL)
		buf_addf(out, "%.*spassword=***", (int)(query - url), url);
	else
		buf_add_str(out, url);
}

int config_is_loopback(const char *listen)
{
	static const char *const own[] = { "127.", "localhost:", "[::1]:" };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strncmp(listen, own[i], strlen(own[i])) == 0)
			return 1;
	return 0;
}

static int print_one(const struct row *r, const struct config *c, const struct found *f,
	cJSON *all, struct err *e)
{
	const void *field = (const char *)c + r->field;
	cJSON *o = json_add_object(all, r->name, e);
	struct buf text = BUF_INIT(1 << 16);
	int ret = -1;

	if (r->kind == KIND_URL)
		config_hide_password(*(const char *const *)field, &text);
	else if (r->kind == KIND_SECRET)
		buf_add_str(&text, **(const char *const *)field == '\0' ? "" : "***");
	else if (r->kind == KIND_STR)
		buf_add_str(&text, *(const char *const *)field);
	if (o != NULL &&
		(r->kind == KIND_NUM
				? json_set_int(o, "value", *(const int64_t *)field, e)
				: json_set_str(o, "value", text.ptr, e)) == 0)
		ret = json_set_str(o, "from", f->from, e);
	buf_release(&text);
	return ret;
}

int config_print(const struct config_args *args, const struct config *c, struct buf *out,
	struct err *e)
{
	cJSON *all = json_new_object(e);
	int ret = all == NULL ? -1 : 0;

	for (size_t i = 0; ret == 0 && i < ARRAY_LEN(rows); i++) {
		struct found f;

		ret = find(&rows[i], args, c->file, &f, e);
		if (ret == 0)
			ret = print_one(&rows[i], c, &f, all, e);
	}
	if (ret == 0)
		json_print(all, JSON_PRETTY, out);
	buf_add_char(out, '\n');
	json_free(all);
	return ret;
}

int keeps_in_s3(const struct config *c)
{
	return strncmp(c->artifacts, "s3://", 5) == 0;
}
