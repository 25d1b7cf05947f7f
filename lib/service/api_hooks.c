/* Webhooks and mailboxes of a project: who is told of what (specification 22.5). */
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "notify/notify.h"
#include "store/hooks.h"

#define HOOKS_MAX 20 /* of a project */

int api_list_hooks(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = c->id };

	return page_print(c, &p, PAGE_BY_TIME, store_print_hooks, e);
}

int api_list_deliveries(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = json_str_or(c->set, "project_id", ""),
		.set_id = c->id };

	return page_print(c, &p, PAGE_BY_NUMBER, store_print_deliveries, e);
}

static int check_types(const cJSON *types, struct err *e)
{
	JSON_EACH (t, types) {
		const char *const *known = hook_types;

		while (*known != NULL && strcmp(*known, json_text(t)) != 0)
			known++;
		if (*known == NULL)
			return err_set(e, ERR_INPUT,
				"body: /types: there is no type '%.40s'", json_text(t));
	}
	return json_len(types) > 0 ? 0
				   : err_set(e, ERR_INPUT, "body: /types: names none");
}

static int check_url(struct call *c, const char *url, const char *secret, struct err *e)
{
	if (strncmp(url, "mailto:", 7) == 0) {
		if (*c->service->config->smtp == '\0')
			return err_set(e, ERR_INPUT,
				"body: /url: this service has no mail server (--smtp)");
		return strchr(url, '@') != NULL && strpbrk(url, " <>?,;\r\n") == NULL
			? 0
			: err_set(e, ERR_INPUT, "body: /url: not one mail address");
	}
	if (notify_webhook_check(url, secret, c->service->config->hooks_private != 0, e) <
		0) {
		err_where(e, "body: /url");
		return -1;
	}
	return 0;
}

static int too_many(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = c->id, .limit = HOOKS_MAX };
	struct buf ignored = BUF_INIT(1 << 20);
	size_t n = 0;
	int ret = store_print_hooks(c->store, &p, &ignored, &n, e);

	buf_release(&ignored);
	if (ret == 0 && n >= HOOKS_MAX)
		ret = err_set(e, ERR_CONFLICT, "a project has %d endpoints at the most",
			HOOKS_MAX);
	return ret;
}

/* The endpoint, and its secret this once. */
static int show(struct call *c, const char *id, const char *secret, struct err *e)
{
	cJSON *hook = NULL;
	int ret = store_hook_find(c->store, id, &hook, e);

	if (ret == 0)
		ret = json_set_str(hook, "secret", secret, e);
	if (ret == 0)
		answer_json(c, hook);
	c->a->no_store = 1;
	json_free(hook);
	return ret;
}

int api_create_hook(struct call *c, struct err *e)
{
	const char *url = json_str_or(c->body, "url", "");
	const char *given = json_text(json_get(c->body, "secret"));
	const cJSON *types = json_get(c->body, "types");
	struct buf secret = BUF_INIT(256);
	char id[ID_TEXT_MAX];
	int ret;

	if (given != NULL)
		buf_add_str(&secret, given);
	ret = given == NULL ? notify_secret_new(&secret, e) : buf_ok(&secret, e);
	if (ret == 0)
		ret = check_types(types, e) < 0 || check_url(c, url, secret.ptr, e) < 0 ||
				too_many(c, e) < 0 ||
				store_hook_add(c->store, c->id, url, secret.ptr, types,
					c->who.id, id, e) < 0
			? -1
			: show(c, id, secret.ptr, e);
	if (ret == 0) {
		c->a->status = 201;
		snprintf(c->a->location, sizeof(c->a->location), "/webhooks/%s", id);
	}
	explicit_bzero(secret.ptr, secret.len);
	buf_release(&secret);
	return ret;
}

int api_rotate_hook(struct call *c, struct err *e)
{
	struct buf secret = BUF_INIT(256);
	int ret = notify_secret_new(&secret, e);

	if (ret == 0)
		ret = store_hook_rotate(c->store, c->id, secret.ptr, e);
	if (ret == 0)
		ret = show(c, c->id, secret.ptr, e);
	explicit_bzero(secret.ptr, secret.len);
	buf_release(&secret);
	return ret;
}

int api_delete_hook(struct call *c, struct err *e)
{
	if (store_hook_remove(c->store, c->id, e) < 0)
		return -1;
	c->a->status = 204;
	return 0;
}
