#include "keep.h"

#include <string.h>
#include <unistd.h>

#include "blob/blob.h"
#include "locked.h"

#define CASSETTE_MAX   ((size_t)64 << 20)
#define QUARANTINE_MAX ((size_t)64 << 10)

/* ---- cassettes ---- */

static int cassette_path(
	const char *dir, const struct llm_request *q, struct buf *out, struct err *e)
{
	buf_addf(out, "%s/%s.json", dir, q->hash);
	return buf_ok(out, e);
}

cJSON *cassette_read(struct llm_session *s, const struct llm_request *q, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	cJSON *doc = NULL, *answer = NULL;

	if (s->cassettes == NULL) {
		err_fill(e, ERR_CONFIG,
			"replay needs a directory of cassettes (--cassettes or "
			"MLOPS_LLM_CASSETTES)");
		return NULL;
	}
	if (cassette_path(s->cassettes, q, &path, e) < 0)
		goto out;
	if (!file_is_regular(path.ptr)) {
		err_fill(e, ERR_NO_INPUT,
			"no cassette '%s' for this %s request: record it with --record",
			path.ptr, q->purpose);
		goto out;
	}
	doc = json_parse_file(path.ptr, CASSETTE_MAX, e);
	if (doc == NULL)
		goto out;
	answer = json_detach(doc, "answer");
	if (strcmp(json_str_or(doc, "request_sha256", ""), q->hash) != 0 ||
		!json_is(answer, JSON_OBJECT)) {
		json_free(answer);
		answer = NULL;
		err_fill(e, ERR_INPUT, "'%s' is no cassette of this request", path.ptr);
	}
out:
	json_free(doc);
	buf_release(&path);
	return answer;
}

/* Digests stay what they are; what a model or a provider wrote is masked. */
static int mask_answer(struct llm_session *s, cJSON *answer, struct err *e)
{
	static const char *const members[] = { "output", "refused", "attempts", "files" };
	size_t masked = 0;

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_len(json_get(answer, members[i])) > 0 &&
			request_mask(s, json_own(answer, members[i], e), &masked, e) < 0)
			return -1;
	return 0;
}

int cassette_write(struct llm_session *s, const struct llm_request *q,
	const cJSON *answer, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(CASSETTE_MAX);
	cJSON *doc = json_new_object(e);
	int ret = -1;

	if (doc != NULL && json_set_str(doc, "request_sha256", q->hash, e) == 0 &&
		json_set_str(doc, "purpose", q->purpose, e) == 0 &&
		json_set_copy(doc, "answer", answer, e) == 0 &&
		mask_answer(s, json_own(doc, "answer", e), e) == 0 &&
		cassette_path(s->record, q, &path, e) == 0 &&
		file_mkdirs(s->record, e) == 0) {
		json_print(doc, JSON_PRETTY, &text);
		buf_add_char(&text, '\n');
		ret = buf_ok(&text, e) < 0
			? -1
			: file_write_atomic(path.ptr, text.ptr, text.len, 0600, 0, e);
	}
	json_free(doc);
	buf_release(&path);
	buf_release(&text);
	return ret;
}

/* ---- quarantine ---- */

static int into_directory(struct llm_session *s, const char *dir, const char *name,
	const struct buf *text, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	int ret = private_dir(dir, e);

	buf_addf(&path, "%s/%s", dir, name);
	if (ret == 0)
		ret = buf_ok(&path, e);
	if (ret == 0)
		ret = file_write_atomic(path.ptr, text->ptr, text->len, 0600, 0, e);
	if (ret == 0)
		log_warn(&s->env.log, "the answer was put into quarantine: %s", path.ptr);
	buf_release(&path);
	return ret;
}

/* Into the directory or bucket. A bucket that does not take it must not fail the node:
 * the directory beside the breakers does. */
static int lock_up(
	struct llm_session *s, const char *name, const struct buf *text, struct err *e)
{
	struct blob_store *bucket;
	struct err why = { 0 };
	struct buf dir = BUF_INIT(8192);
	int ret;

	if (strncmp(s->quarantine, "s3://", 5) != 0)
		return into_directory(s, s->quarantine, name, text, e);
	bucket = blob_open(s->quarantine, &why);
	if (bucket != NULL &&
		blob_write(bucket, name, "quarantine", text->ptr, text->len, &why) == 0) {
		blob_close(bucket);
		log_warn(&s->env.log, "the answer was put into quarantine: %.*s/%s",
			(int)strcspn(s->quarantine, "?"), s->quarantine, name);
		return 0;
	}
	blob_close(bucket);
	log_warn(&s->env.log, "the quarantine: %s", why.msg);
	buf_addf(&dir, "%s/quarantine", s->state_dir);
	ret = buf_ok(&dir, e);
	if (ret == 0)
		ret = into_directory(s, dir.ptr, name, text, e);
	buf_release(&dir);
	return ret;
}

static int put_away(struct llm_session *s, const struct llm_request *q,
	const struct llm_target *t, const struct buf *payload, const char *why,
	struct err *e)
{
	struct buf name = BUF_INIT(8192), clean = BUF_INIT(CASSETTE_MAX),
		   text = BUF_INIT(CASSETTE_MAX);
	cJSON *doc = json_new_object(e);
	char digest[DIGEST_HEX_MAX], ts[CLOCK_TEXT_MAX];
	size_t most = payload->len < QUARANTINE_MAX ? payload->len : QUARANTINE_MAX;
	int ret = -1;

	digest_hex(payload->ptr, payload->len, digest);
	clock_format(clock_now_ns(), ts);
	while (most > 0 && most < payload->len && (payload->ptr[most] & 0xc0) == 0x80)
		most--;
	if (doc == NULL || session_rules(s, e) == NULL ||
		redact_mask(s->rules, REDACT_ALL, payload->ptr, most, &clean, NULL, e) <
			0 ||
		json_set_str(doc, "ts", ts, e) < 0 ||
		json_set_str(doc, "purpose", q->purpose, e) < 0 ||
		json_set_str(doc, "provider", t->provider, e) < 0 ||
		json_set_str(doc, "model", t->model, e) < 0 ||
		json_set_str(doc, "prompt_pack_hash", q->pack.hash, e) < 0 ||
		json_set_str(doc, "request_sha256", q->hash, e) < 0 ||
		json_set_str(doc, "why", why, e) < 0 ||
		json_set_int(doc, "payload_bytes", (int64_t)payload->len, e) < 0 ||
		json_set_bool(doc, "payload_cut", most < payload->len, e) < 0 ||
		json_set_str(doc, "payload", clean.ptr, e) < 0)
		goto out;
	buf_addf(&name, "%s-%.16s.json", q->purpose, digest);
	json_print(doc, JSON_PRETTY, &text);
	buf_add_char(&text, '\n');
	if (buf_ok(&text, e) == 0 && buf_ok(&name, e) == 0)
		ret = lock_up(s, name.ptr, &text, e);
out:
	json_free(doc);
	buf_release(&name);
	buf_release(&clean);
	buf_release(&text);
	return ret;
}

int quarantine_note(struct llm_session *s, const struct llm_request *q,
	const struct llm_target *t, const struct buf *payload, const char *why,
	struct err *e)
{
	struct buf what = BUF_INIT(8192);
	struct locked l;
	struct err odd;
	int64_t n, before;
	int ret, changed;

	buf_addf(&what, "%s %s %s", q->purpose, t->provider, t->model);
	if (buf_ok(&what, e) < 0 || locked_open(s, "schema", what.ptr, &l, e) < 0) {
		buf_release(&what);
		return -1;
	}
	if (json_int(l.doc, "failures", &before, &odd) < 0 || before < 0 ||
		before >= INT32_MAX)
		before = 0; /* none yet, or a file that somebody wrote into */
	n = payload == NULL ? 0 : before + 1;
	changed = n != before;
	ret = changed ? json_set_int(l.doc, "failures", n, e) : 0;
	if (locked_close(&l, changed && ret == 0, e) < 0)
		ret = -1;
	buf_release(&what);
	if (ret < 0 || payload == NULL || n < s->quarantine_after)
		return ret;
	return put_away(s, q, t, payload, why, e) < 0 ? -1 : 1;
}

/* ---- debugging ---- */

int debug_write(struct llm_session *s, const struct llm_request *q,
	const struct llm_target *t, const struct llm_call *c, const struct llm_reply *r,
	int number, struct err *e)
{
	struct buf path = BUF_INIT(8192), text = BUF_INIT(CASSETTE_MAX);
	int ret = -1;

	buf_addf(&path, "%s/%s-%.16s-%d.txt", s->debug_dir, q->purpose, q->hash, number);
	buf_addf(&text,
		"provider: %s\nmodel: %s\nbase_url: %s\nended: %s %s\n\n[system]\n%s\n\n"
		"[user]\n%s\n\n",
		t->provider, t->model, t->base_url, llm_faults[r->fault].code, r->why,
		c->system, c->user);
	if (c->said != NULL)
		buf_addf(&text, "[said]\n%s\n\n[complaint]\n%s\n\n", c->said,
			c->complaint);
	buf_addf(&text, "[answer]\n%s\n", r->text.ptr);
	if (buf_ok(&path, e) == 0 && buf_ok(&text, e) == 0 &&
		private_dir(s->debug_dir, e) == 0)
		ret = file_write_atomic(path.ptr, text.ptr, text.len, 0600, 0, e);
	buf_release(&path);
	buf_release(&text);
	return ret;
}
