/* Projects, and the requirements that make a new version of one. */
#include <string.h>

#include "answer.h"
#include "blob/blob.h"
#include "store/erase.h"
#include "store/requests.h"

#define BRIEF_WORDS_MAX BRIEF_TEXT_MAX

int api_list_projects(struct call *c, struct err *e)
{
	struct store_page p = { .owner = c->who.admin ? NULL : c->who.tenant };

	return page_print(c, &p, PAGE_BY_TIME, store_print_projects, e);
}

int api_get_project(struct call *c, struct err *e)
{
	size_t n = 0;

	if (store_print_project(c->store, c->id, &c->a->body, &n, e) < 0)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NO_INPUT, "there is no project %s", c->id);
}

int api_create_project(struct call *c, struct err *e)
{
	char id[ID_TEXT_MAX];
	size_t n = 0;

	if (store_project_create(c->store, json_str_or(c->body, "name", ""),
		    c->who.tenant, c->who.id, id, e) < 0 ||
		store_print_project(c->store, id, &c->a->body, &n, e) < 0)
		return -1;
	c->a->status = 201;
	snprintf(c->a->location, sizeof(c->a->location), "/projects/%s", id);
	return 0;
}

/* What lies outside the database. It is inside the transaction: when it fails, the rows
 * stay and the project can be erased again; what was removed twice does no harm. */
static int erase_contents(struct call *c, const cJSON *contents, struct err *e)
{
	struct buf dir = BUF_INIT(8192), path = BUF_INIT(8192);
	int ret = 0;

	if (c->service->artifacts != NULL)
		buf_add_str(&dir, c->service->artifacts);
	else
		buf_addf(&dir, "%s/blobs", store_home(c->store));
	JSON_EACH (hex, contents) {
		buf_reset(&path);
		if (blob_path(dir.ptr, json_text(hex), &path, e) < 0 ||
			file_remove_tree(path.ptr, e) < 0)
			ret = -1;
	}
	buf_release(&dir);
	buf_release(&path);
	return ret;
}

static int erase_files(struct call *c, const cJSON *contents, struct err *e)
{
	struct buf git = BUF_INIT(8192), prefix = BUF_INIT(256);
	struct blob_store *blobs;
	size_t n;
	int ret = erase_contents(c, contents, e);

	buf_addf(&git, "%s/git/%s.git", store_home(c->store), c->id);
	if (file_remove_tree(git.ptr, e) < 0)
		ret = -1;
	if (keeps_in_s3(c->service->config)) {
		buf_addf(&prefix, "projects/%s/", c->id);
		blobs = blob_open(c->service->config->artifacts, e);
		if (blobs == NULL || blob_delete_all(blobs, prefix.ptr, &n, e) < 0)
			ret = -1;
		blob_close(blobs);
	}
	buf_release(&git);
	buf_release(&prefix);
	return ret;
}

int api_erase_project(struct call *c, struct err *e)
{
	cJSON *contents = NULL;
	int ret = store_project_erase(c->store, c->id, &contents, e);

	if (ret == 0)
		ret = erase_files(c, contents,
			e); /* -1: nothing is erased, and it can be asked again */
	json_free(contents);
	c->a->status = 204;
	return ret;
}

static int check_project(struct call *c, struct err *e)
{
	struct buf ignored = BUF_INIT(1 << 16);
	size_t n = 0;
	int ret = store_print_project(c->store, c->id, &ignored, &n, e);

	buf_release(&ignored);
	if (ret < 0)
		return -1;
	return n == 1 ? 0 : err_set(e, ERR_NO_INPUT, "there is no project %s", c->id);
}

/* ---- what it may spend on models ---- */

/* {limit, used, left}; null where there is no limit. */
static int add_share(cJSON *out, const char *name, int64_t limit, int64_t used,
	int (*set)(cJSON *, const char *, int64_t, struct err *), struct err *e)
{
	cJSON *o = json_add_object(out, name, e);
	int64_t left = used >= limit ? 0 : limit - used;

	if (o == NULL || set(o, "used", used, e) < 0)
		return -1;
	if (limit < 0)
		return json_set_null(o, "limit", e) < 0 ? -1
							: json_set_null(o, "left", e);
	return set(o, "limit", limit, e) < 0 ? -1 : set(o, "left", left, e);
}

int api_get_budget(struct call *c, struct err *e)
{
	struct store_quota q;
	cJSON *out = NULL;
	int ret = -1;

	if (check_project(c, e) == 0 && store_quota(c->store, c->id, &q, e) == 0 &&
		(out = json_new_object(e)) != NULL &&
		add_share(out, "tokens", q.tokens, q.used_tokens, json_set_int, e) == 0 &&
		add_share(out, "usd", q.micro_usd, q.used_micro_usd, json_set_usd, e) ==
			0) {
		answer_json(c, out);
		ret = 0;
	}
	json_free(out);
	return ret;
}

int api_set_budget(struct call *c, struct err *e)
{
	int64_t limits[2] = { STORE_QUOTA_KEEP, STORE_QUOTA_KEEP };

	if (json_has(c->body, "tokens"))
		limits[0] = (int64_t)json_num_or(c->body, "tokens", -1);
	if (json_is(json_get(c->body, "usd"), JSON_NULL))
		limits[1] = -1;
	else if (json_has(c->body, "usd") && json_usd(c->body, "usd", &limits[1], e) < 0)
		return -1;
	if (check_project(c, e) < 0 ||
		store_budget(c->store, c->id, c->who.id, limits[0], limits[1],
			c->service->config->retries, e) < 0)
		return -1;
	c->asked = 1;
	return api_get_budget(c, e);
}

/* ---- its decision sets and events ---- */

int api_list_sets(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = c->id,
		.type = request_query(c->q, "status") };

	return check_project(c, e) < 0
		? -1
		: page_print(c, &p, PAGE_BY_TIME, store_print_sets, e);
}

int api_list_project_events(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = c->id,
		.type = request_query(c->q, "type") };

	return check_project(c, e) < 0
		? -1
		: page_print(c, &p, PAGE_BY_NUMBER, store_print_events, e);
}

int api_list_ledger(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = c->id };

	return check_project(c, e) < 0
		? -1
		: page_print(c, &p, PAGE_BY_NUMBER, store_print_cards, e);
}

/* ---- constraints ---- */

static int push_value(cJSON *answers, const char *field, const char *member,
	const cJSON *value, struct err *e)
{
	cJSON *a = json_push_object(answers, e);

	if (a == NULL ||
		(member == NULL ? json_set_str(a, "field", field, e)
				: json_setf(a, "field", e, "%s.%s", field, member)) < 0 ||
		json_set_copy(a, "value", value, e) < 0)
		return -1;
	return json_set_str(a, "source", "set", e);
}

/* Typed values are answers to intake: a later one for the same field wins. */
static int push_constraints(cJSON *answers, const cJSON *constraints, struct err *e)
{
	JSON_EACH (f, constraints) {
		if (!json_is(f, JSON_OBJECT)) {
			if (push_value(answers, json_key(f), NULL, f, e) < 0)
				return -1;
			continue;
		}
		JSON_EACH (m, f)
			if (push_value(answers, json_key(f), json_key(m), m, e) < 0)
				return -1;
	}
	return 0;
}

static int push_answers(cJSON *list, const cJSON *answers, struct err *e)
{
	JSON_EACH (given, answers) {
		cJSON *a;

		if (json_text(json_get(given, "text")) == NULL &&
			!json_has(given, "value"))
			return err_set(e, ERR_INPUT,
				"body: /answers: an answer needs a value or a text");
		a = json_copy(given, e);
		if (json_push(list, a, e) < 0 ||
			json_set_str(a, "source", "answer", e) < 0)
			return -1;
	}
	return 0;
}

/* Answers of the version before, all of them made before any comment on this one. */
static int push_former(cJSON *list, const cJSON *answers, struct err *e)
{
	JSON_EACH (given, answers) {
		cJSON *a = json_copy(given, e);

		if (json_push(list, a, e) < 0)
			return -1;
		json_remove(a, "comments");
	}
	return 0;
}

/* The version before gives what is not said anew. */
static int previous_input(struct call *c, cJSON **input, struct err *e)
{
	cJSON *latest = NULL;
	int ret;

	*input = NULL;
	if (store_set_latest(c->store, c->id, NULL, &latest, e) < 0)
		return -1;
	ret = latest == NULL ? 0
			     : store_set_input(c->store, c->id,
				       json_str_or(latest, "id", ""), input, e);
	json_free(latest);
	return ret;
}

static int put_brief(struct call *c, cJSON *input, const cJSON *before, struct err *e)
{
	const char *brief = json_text(json_get(c->body, "brief"));
	struct buf masked = BUF_INIT(BRIEF_WORDS_MAX * 2);
	int ret;

	if (brief == NULL)
		return json_has(before, "brief")
			? json_set_copy(input, "brief", json_get(before, "brief"), e)
			: 0;
	ret = mask_secrets(c, brief, &masked, e) < 0
		? -1
		: json_set_str(input, "brief", masked.ptr, e);
	buf_release(&masked);
	return ret;
}

static cJSON *make_input(struct call *c, struct err *e)
{
	cJSON *input = json_new_object(e), *before = NULL, *answers = json_new_array(e);
	int keep = !json_true(json_get(c->body, "fresh"));
	int ret = -1;

	if (input == NULL || answers == NULL || previous_input(c, &before, e) < 0 ||
		put_brief(c, input, before, e) < 0 ||
		push_former(answers, keep ? json_get(before, "answers") : NULL, e) < 0)
		goto out;
	if (push_constraints(answers, json_get(c->body, "constraints"), e) == 0 &&
		push_answers(answers, json_get(c->body, "answers"), e) == 0)
		ret = json_set(input, "answers", mask_tree(c, answers, e), e);
	if (ret == 0 && json_len(answers) == 0 && !json_has(input, "brief"))
		ret = err_set(e, ERR_INPUT,
			"body: say something: a brief, constraints or answers");
out:
	json_free(answers);
	json_free(before);
	if (ret == 0)
		return input;
	json_free(input);
	return NULL;
}

int api_post_constraints(struct call *c, struct err *e)
{
	struct store_ask ask = { .project_id = c->id,
		.actor = c->who.id,
		.options = json_get(c->body, "options"),
		.priority = (int64_t)json_num_or(c->body, "priority", 0),
		.max_retries = c->service->config->retries };
	char set_id[ID_TEXT_MAX];
	int64_t version = 0;
	cJSON *input;
	int ret;

	if (check_project(c, e) < 0)
		return -1;
	ret = check_room(c, c->id, e);
	if (ret < 0)
		return ret;
	input = make_input(c, e);
	ask.input = input;
	ret = input == NULL ? -1 : store_ask(c->store, &ask, set_id, &version, e);
	json_free(input);
	c->asked = 1;
	return ret < 0 ? -1 : accepted(c, c->id, set_id, "queued", version, e);
}

int api_post_answers(struct call *c, struct err *e)
{
	const char *project = json_str_or(c->set, "project_id", "");
	cJSON *answers = json_new_array(e), *clean = NULL;
	int ret = answers == NULL ? -1 : check_if_match(c);

	if (ret == 0)
		ret = push_answers(answers, json_get(c->body, "answers"), e);
	if (ret == 0 && (clean = mask_tree(c, answers, e)) == NULL)
		ret = -1;
	if (ret == 0)
		ret = store_answer(c->store, project, c->id, c->who.id, clean,
			c->service->config->retries, e);
	json_free(answers);
	json_free(clean);
	c->asked = 1;
	return ret < 0 ? ret
		       : accepted(c, project, c->id, "queued",
				 (int64_t)json_num_or(c->set, "version", 0), e);
}
