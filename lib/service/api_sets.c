/* One decision set: reading it, deciding on it, going on from it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "archive/archive.h"
#include "blob/blob.h"
#include "diff/diff.h"
#include "store/events.h"

static const char *project_of(const struct call *c)
{
	return json_str_or(c->set, "project_id", "");
}

int api_get_set(struct call *c, struct err *e)
{
	int64_t lock = 0;
	int ret = store_print_set(c->store, project_of(c), c->id, &c->a->body, &lock, e);

	if (ret <= 0)
		return ret < 0 ? -1 : err_set(e, ERR_NO_INPUT, "it is gone");
	snprintf(c->a->etag, sizeof(c->a->etag), "\"%lld\"", (long long)lock);
	(void)is_unchanged(c);
	return 0;
}

int api_list_events(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = project_of(c),
		.set_id = c->id,
		.type = request_query(c->q, "type") };

	return page_print(c, &p, PAGE_BY_NUMBER, store_print_events, e);
}

int api_list_cards(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = project_of(c), .set_id = c->id };

	return page_print(c, &p, PAGE_BY_NUMBER, store_print_cards, e);
}

int api_list_approvals(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = project_of(c), .set_id = c->id };

	return page_print(c, &p, PAGE_BY_NUMBER, store_print_approvals, e);
}

int api_list_artifacts(struct call *c, struct err *e)
{
	struct store_page p = { .project_id = project_of(c), .set_id = c->id };

	return page_print(c, &p, PAGE_BY_NAME, store_print_artifacts, e);
}

/* ---- documents of the state ---- */

static int not_yet(struct call *c, const char *name, struct err *e)
{
	return err_set(e, ERR_NO_INPUT, "decision set %s (%s) has no %s yet", c->id,
		json_str_or(c->set, "status", ""), name);
}

int api_get_coverage(struct call *c, struct err *e)
{
	int ret = store_print_document(
		c->store, project_of(c), c->id, "coverage", &c->a->body, e);

	return ret > 0 ? 0 : ret < 0 ? -1 : not_yet(c, "coverage", e);
}

int api_list_questions(struct call *c, struct err *e)
{
	int ret;

	buf_add_str(&c->a->body, "{\"items\":");
	ret = store_print_document(
		c->store, project_of(c), c->id, "questions", &c->a->body, e);
	if (ret < 0)
		return -1;
	buf_add_str(&c->a->body,
		ret == 0 ? "[],\"next_cursor\":null}" : ",\"next_cursor\":null}");
	return 0;
}

int api_get_changes(struct call *c, struct err *e)
{
	cJSON *text = json_copy(json_get(c->set, "summary_md"), e);
	int ret;

	buf_add_str(&c->a->body, "{\"summary_md\":");
	json_print(text, JSON_COMPACT, &c->a->body);
	buf_add_str(&c->a->body, ",\"diff_summary\":");
	json_free(text);
	ret = store_print_document(
		c->store, project_of(c), c->id, "diff_summary", &c->a->body, e);
	buf_add_str(&c->a->body, ret == 0 ? "null}" : "}");
	return ret < 0 ? -1 : 0;
}

int api_get_state(struct call *c, struct err *e)
{
	const char *node = request_query(c->q, "node");
	cJSON *state = NULL;

	if (node != NULL && node_by_name(node) == NULL)
		return err_set(e, ERR_USAGE, "node: there is no node '%s'", node);
	if (store_state(c->store, c->id, node, &state, NULL, e) < 0)
		return -1;
	if (state == NULL)
		return not_yet(c, node != NULL ? node : "state", e);
	answer_json(c, state);
	json_free(state);
	return 0;
}

/* ---- differences ---- */

static int put_diff(cJSON *out, const cJSON *before, const cJSON *after, struct err *e)
{
	double was = json_number(json_at(before, "/cost/monthly_usd"), NAN);
	double is = json_number(json_at(after, "/cost/monthly_usd"), NAN);
	cJSON *keys = diff_keys(before, after, e);

	if (keys == NULL || json_set(out, "state_keys_changed", keys, e) < 0 ||
		json_set(out, "changes", diff_states(before, after, e), e) < 0 ||
		json_set(out, "files",
			diff_files(json_get(before, "artifacts"),
				json_get(after, "artifacts"), e),
			e) < 0)
		return -1;
	return isnan(was) || isnan(is)
		? json_set_null(out, "cost_delta_usd", e)
		: json_set_num(out, "cost_delta_usd", round((is - was) * 100) / 100, e);
}

/* The other version, which must be of a project that this principal may see. */
static int read_other(struct call *c, const char *other, cJSON **state, struct err *e)
{
	cJSON *head = NULL;
	int ret = -1;

	if (other == NULL || !id_is_valid(other))
		return err_set(e, ERR_USAGE, "against: the id of a decision set");
	if (store_set_head(c->store, other, &head, e) < 0)
		return -1;
	if (head == NULL ||
		check_may(c, json_str_or(head, "project_id", ""), MAY_READ, e) < 0)
		err_fill(e, ERR_NO_INPUT, "there is no decision set %s", other);
	else
		ret = store_state(c->store, other, NULL, state, NULL, e);
	json_free(head);
	return ret;
}

int api_get_diff(struct call *c, struct err *e)
{
	const char *other = request_query(c->q, "against");
	cJSON *before = NULL, *after = NULL, *out = json_new_object(e);
	int ret = -1;

	if (out == NULL || read_other(c, other, &before, e) < 0 ||
		store_state(c->store, c->id, NULL, &after, NULL, e) < 0)
		goto out;
	if (before == NULL || after == NULL) {
		ret = not_yet(c, "state", e);
		goto out;
	}
	if (json_set_str(out, "before", other, e) == 0 &&
		json_set_str(out, "after", c->id, e) == 0 &&
		put_diff(out, before, after, e) == 0)
		ret = 0;
	if (ret == 0)
		answer_json(c, out);
out:
	json_free(before);
	json_free(after);
	json_free(out);
	return ret;
}

/* ---- files ---- */

static int read_local(struct call *c, const char *hex, struct buf *out, struct err *e)
{
	struct buf dir = BUF_INIT(8192);
	int ret;

	if (c->service->artifacts != NULL)
		buf_add_str(&dir, c->service->artifacts);
	else
		buf_addf(&dir, "%s/blobs", store_home(c->store));
	ret = buf_ok(&dir, e) < 0 ? -1 : blob_get(dir.ptr, hex, out, e);
	buf_release(&dir);
	return ret;
}

/* The zip from where it lasts: this machine may have made it or not. */
static int read_zip(struct call *c, const char *hex, struct buf *out, struct err *e)
{
	struct buf name = BUF_INIT(1024);
	struct blob_store *blobs;
	int ret = read_local(c, hex, out, e);

	if (ret == 0 || !keeps_in_s3(c->service->config))
		return ret;
	blobs = blob_open(c->service->config->artifacts, e);
	if (blobs != NULL && zip_name(c->store, project_of(c), c->id, hex, &name, e) == 0)
		ret = blob_read(blobs, name.ptr, hex, out, e);
	blob_close(blobs);
	buf_release(&name);
	return ret;
}

/* A file of this machine's, else out of the zip. */
static int read_file(struct call *c, const cJSON *files, const char *path,
	const char *hex, struct buf *out, struct err *e)
{
	const char *zip_hex = json_text(json_get(files, "zip"));
	struct buf zip = BUF_INIT(BUF_NO_LIMIT);
	int ret = read_local(c, hex, out, e);

	if (ret < 0 && zip_hex != NULL && keeps_in_s3(c->service->config) &&
		read_zip(c, zip_hex, &zip, e) == 0)
		ret = archive_file(zip.ptr, zip.len, path, out, e);
	buf_release(&zip);
	return ret;
}

/* 1 when the client has it already. */
static int has_it(struct call *c, const char *hex, const char *type)
{
	snprintf(c->a->etag, sizeof(c->a->etag), "\"%s\"", hex);
	c->a->type = type;
	return is_unchanged(c);
}

int api_get_zip(struct call *c, struct err *e)
{
	cJSON *files = NULL;
	const char *hex;
	int ret = 0;

	if (store_files(c->store, c->id, &files, e) < 0)
		return -1;
	hex = json_text(json_get(files, "zip"));
	if (hex == NULL)
		ret = not_yet(c, "zip", e);
	else if (!has_it(c, hex, "application/zip"))
		ret = read_zip(c, hex, &c->a->body, e);
	if (ret < 0 && e->code == ERR_NO_INPUT && hex != NULL)
		err_fill(e, ERR_NO_INPUT,
			"the zip has outlived its %lld days: rerun from "
			"diff_and_persist makes it again",
			(long long)c->service->config->zips_days);
	if (ret == 0 && c->a->status == 0)
		answer_range(c);
	json_free(files);
	return ret;
}

/* A URL that anybody may fetch the zip by, for so long. */
int api_get_zip_url(struct call *c, struct err *e)
{
	const char *text = request_query(c->q, "seconds");
	char *end = NULL;
	int64_t seconds = text != NULL ? strtoll(text, &end, 10) : 900,
		now_s = clock_wall_ns() / 1000000000;
	struct buf name = BUF_INIT(1024), url = BUF_INIT(1 << 16);
	struct blob_store *blobs = NULL;
	cJSON *files = NULL, *out = json_new_object(e);
	char until[CLOCK_TEXT_MAX];
	const char *hex;
	int ret = -1;

	if (text != NULL &&
		(*text == '\0' || *end != '\0' || seconds < 1 || seconds > 604800))
		err_fill(e, ERR_USAGE, "seconds: from 1 to 604800");
	else if (!keeps_in_s3(c->service->config))
		err_fill(e, ERR_NO_INPUT,
			"zips are kept in a directory here: fetch /zip itself");
	else if (out != NULL && store_files(c->store, c->id, &files, e) == 0) {
		hex = json_text(json_get(files, "zip"));
		clock_format((now_s + seconds) * 1000000000, until);
		blobs = hex != NULL ? blob_open(c->service->config->artifacts, e) : NULL;
		if (hex == NULL)
			ret = not_yet(c, "zip", e);
		else if (blobs != NULL &&
			zip_name(c->store, project_of(c), c->id, hex, &name, e) == 0 &&
			blob_presign(blobs, name.ptr, seconds, now_s, &url, e) == 0 &&
			json_set_str(out, "url", url.ptr, e) == 0 &&
			json_set_str(out, "sha256", hex, e) == 0)
			ret = json_set_str(out, "expires_at", until, e);
	}
	if (ret == 0)
		answer_json(c, out);
	c->a->no_store = 1;
	blob_close(blobs);
	json_free(files);
	json_free(out);
	buf_release(&name);
	buf_release(&url);
	return ret;
}

int api_get_file(struct call *c, struct err *e)
{
	const char *path = request_query(c->q, "path"), *hex = NULL;
	cJSON *files = NULL;
	int ret = 0;

	if (path == NULL || *path == '\0')
		return err_set(e, ERR_USAGE, "path: which file, as listed in artifacts");
	if (store_files(c->store, c->id, &files, e) < 0)
		return -1;
	JSON_EACH (f, json_get(files, "tree"))
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			hex = json_text(json_get(f, "sha256"));
	if (hex == NULL)
		ret = not_yet(c, "such file", e);
	else if (!has_it(c, hex, "application/octet-stream"))
		ret = read_file(c, files, path, hex, &c->a->body, e);
	if (ret == 0 && c->a->status == 0)
		answer_range(c);
	json_free(files);
	return ret;
}

/* ---- deciding ---- */

static int64_t version_of(const struct call *c)
{
	return (int64_t)json_num_or(c->set, "version", 0);
}

int api_approve(struct call *c, struct err *e)
{
	struct store_decide d = { .project_id = project_of(c),
		.set_id = c->id,
		.actor = c->who.id,
		.status = json_str_or(c->body, "status", ""),
		.comment = json_text(json_get(c->body, "comment")),
		.waivers = json_get(c->body, "waivers"),
		.max_retries = c->service->config->retries };
	struct buf comment = BUF_INIT((size_t)1 << 22);
	int ret = check_if_match(c);

	if (ret < 0)
		return ret;
	if (strcmp(d.status, "rejected") == 0 &&
		(d.comment == NULL || *d.comment == '\0'))
		return err_set(e, ERR_INPUT,
			"body: /comment: a rejection says why; it goes back to planning");
	if (d.comment != NULL) {
		ret = mask_secrets(c, d.comment, &comment, e);
		d.comment = comment.ptr;
	}
	if (ret == 0)
		ret = store_decide(c->store, &d, e);
	buf_release(&comment);
	if (ret < 0)
		return -1;
	c->asked = 1;
	return accepted(c, d.project_id, c->id, "queued", version_of(c), e);
}

int api_cancel(struct call *c, struct err *e)
{
	int ret = check_if_match(c);

	if (ret < 0)
		return ret;
	if (store_cancel(c->store, project_of(c), c->id, c->who.id, e) < 0)
		return -1;
	c->asked = 1; /* so that who runs it looks at its lease */
	return accepted(c, project_of(c), c->id, "cancelled", version_of(c), e);
}

/* ---- going on from it ---- */

/* The checkpoint before `node`; the first node starts from what was asked. */
static int read_start(struct call *c, enum node_id node, struct store_ask *ask,
	cJSON *input, cJSON **state, cJSON **files, struct err *e)
{
	if (node == 0)
		return 0;
	if (store_state(c->store, c->id, node_rows[node - 1].name, state, files, e) < 0)
		return -1;
	if (*state == NULL)
		return err_set(e, ERR_CONFLICT, "decision set %s never got as far as %s",
			c->id, node_rows[node].name);
	ask->state = *state;
	ask->files = *files;
	return json_set_str(input, "first", node_rows[node].name, e);
}

static int fork_at(struct call *c, enum node_id node, const cJSON *options, struct err *e)
{
	struct store_ask ask = { .project_id = project_of(c),
		.actor = c->who.id,
		.options = options,
		.max_retries = c->service->config->retries };
	cJSON *input = NULL, *state = NULL, *files = NULL;
	char set_id[ID_TEXT_MAX];
	int64_t version = 0;
	int ret = check_room(c, ask.project_id, e);

	if (ret < 0)
		return ret;
	ret = store_set_input(c->store, ask.project_id, c->id, &input, e);
	if (ret == 0 && input == NULL)
		ret = (input = json_new_object(e)) == NULL ? -1 : 0;
	json_remove(input, "first");
	if (ret == 0)
		ret = read_start(c, node, &ask, input, &state, &files, e);
	ask.input = input;
	if (ret == 0)
		ret = store_ask(c->store, &ask, set_id, &version, e);
	json_free(input);
	json_free(state);
	json_free(files);
	c->asked = 1;
	return ret < 0 ? -1 : accepted(c, ask.project_id, set_id, "queued", version, e);
}

int api_rerun(struct call *c, struct err *e)
{
	const struct node_row *row = node_by_name(json_str_or(c->body, "node", ""));

	if (row == NULL)
		return err_set(e, ERR_INPUT, "body: /node: there is no such node");
	return fork_at(
		c, (enum node_id)(row - node_rows), json_get(c->body, "options"), e);
}

/* What was approved is generated again; the approval goes with the state. */
int api_generate(struct call *c, struct err *e)
{
	return fork_at(c, NODE_CODEGEN, NULL, e);
}

/* ---- the stream ---- */

static int read_after(struct call *c, int64_t *after, struct err *e)
{
	const char *text = request_header(c->q, "Last-Event-ID");
	char *end;

	*after = 0;
	if (text == NULL || *text == '\0')
		text = request_query(c->q, "last_event_id");
	if (text == NULL || *text == '\0')
		return 0;
	*after = strtoll(text, &end, 10);
	return *end == '\0' && *after >= 0 && strlen(text) <= 18
		? 0
		: err_set(e, ERR_USAGE, "Last-Event-ID: the id of an event");
}

struct rest {
	int any, over;
};

static int see(void *arg, const struct store_event_row *ev)
{
	struct rest *r = arg;
	const struct event_row *row = event_by_type(ev->type);

	r->any |= row != NULL && row->sse[0] != '\0';
	return 0;
}

/* 1 when everything was sent, run-complete with it. */
static int all_was_sent(struct call *c, int64_t after, struct err *e)
{
	static const char *const over[] = { "complete", "superseded", "cancelled",
		"infeasible", "blocked", "failed" };
	const char *status = json_str_or(c->set, "status", "");
	struct rest rest = { 0, 0 };

	for (size_t i = 0; i < ARRAY_LEN(over); i++)
		rest.over |= strcmp(status, over[i]) == 0;
	if (!rest.over || after == 0)
		return 0;
	if (store_events_after(c->store, c->id, after, 50, see, &rest, e) < 0)
		return -1;
	/* A run that failed may be tried again. */
	return !rest.any && strcmp(status, "failed") != 0;
}

int api_get_stream(struct call *c, struct err *e)
{
	int64_t after;
	int sent;

	if (read_after(c, &after, e) < 0)
		return -1;
	sent = all_was_sent(c, after, e);
	if (sent < 0)
		return -1;
	if (sent || strcmp(c->q->method, "HEAD") == 0) {
		c->a->status = sent ? 204 : 200;
		c->a->type = "text/event-stream";
		return 0;
	}
	c->a->stream = hub_stream(
		c->service->hub, c->q->connection, project_of(c), c->id, after, e);
	return c->a->stream == NULL ? -1 : 0;
}
