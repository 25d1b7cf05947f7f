#include "request.h"

#include <math.h>
#include <string.h>

/* ---- redaction ---- */

static int mask_text(struct llm_session *s, const char *text, struct buf *out,
	size_t *masked, struct err *e)
{
	struct redact *rules = session_rules(s, e);
	size_t n = 0;

	if (rules == NULL ||
		redact_mask(rules, REDACT_ALL, text, strlen(text), out, &n, e) < 0 ||
		buf_ok(out, e) < 0)
		return -1;
	*masked += n;
	return n > 0;
}

/* Members are replaced in place, so the walk may go on. */
static int mask_member(struct llm_session *s, cJSON *parent, const cJSON *m,
	size_t *masked, struct err *e)
{
	struct buf out = BUF_INIT((size_t)256 << 20);
	int changed = mask_text(s, json_text(m), &out, masked, e);

	if (changed > 0)
		changed = json_is(parent, JSON_OBJECT)
			? json_set_str(parent, json_key(m), out.ptr, e)
			: 0;
	buf_release(&out);
	return changed;
}

static int mask_items(
	struct llm_session *s, cJSON *parent, size_t *masked, struct err *e);

static int mask_object(struct llm_session *s, cJSON *obj, size_t *masked, struct err *e)
{
	const cJSON *next;

	for (const cJSON *m = json_first(obj); m != NULL; m = next) {
		next = json_next(m);
		if (json_is(m, JSON_STRING)) {
			if (mask_member(s, obj, m, masked, e) < 0)
				return -1;
		} else if (json_len(m) > 0 &&
			request_mask(s, json_own(obj, json_key(m), e), masked, e) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Items are taken off the front and put back masked. */
static int mask_items(struct llm_session *s, cJSON *arr, size_t *masked, struct err *e)
{
	for (size_t i = json_len(arr); i > 0; i--) {
		cJSON *item = json_take_first(arr);

		if (json_is(item, JSON_STRING)) {
			struct buf out = BUF_INIT((size_t)256 << 20);
			int ret = mask_text(s, json_text(item), &out, masked, e);

			if (ret > 0) {
				json_free(item);
				item = json_new_str(out.ptr, e);
			}
			buf_release(&out);
			if (ret < 0) {
				json_free(item);
				return -1;
			}
		} else if (json_len(item) > 0 && request_mask(s, item, masked, e) < 0) {
			json_free(item);
			return -1;
		}
		if (json_push(arr, item, e) < 0)
			return -1;
	}
	return 0;
}

int request_mask(struct llm_session *s, cJSON *tree, size_t *masked, struct err *e)
{
	if (tree == NULL)
		return -1;
	return json_is(tree, JSON_ARRAY) ? mask_items(s, tree, masked, e)
					 : mask_object(s, tree, masked, e);
}

/* ---- reading ---- */

static int check_document(struct llm_session *s, const cJSON *doc, struct err *e)
{
	struct buf path = BUF_INIT(8192);
	struct schema *schema;
	int ret;

	buf_addf(&path, "%s/schemas/llm-request.schema.json", s->env.share);
	schema = schema_load(path.ptr, e);
	if (schema == NULL)
		e->code = ERR_CONFIG;
	ret = schema == NULL ? -1 : schema_check(schema, doc, "request", e);
	schema_free(schema);
	buf_release(&path);
	return ret;
}

/* The smaller of what the request and the command line leave; -1: no limit. */
static int64_t least(double request, double option, double unit)
{
	double d = request >= 0 && (option < 0 || request < option) ? request : option;

	return d < 0 ? -1 : (int64_t)floor(fmin(d * unit, 1e15));
}

static void read_limits(struct llm_session *s, struct llm_request *q)
{
	const cJSON *l = json_get(q->doc, "limits");
	int64_t most = (int64_t)json_num_or(l, "max_output_tokens", 0);
	int64_t ms = (int64_t)json_num_or(l, "timeout_ms", 0);

	q->max_output_tokens = q->pack.max_output_tokens;
	if (most > 0 && most < q->max_output_tokens)
		q->max_output_tokens = most;
	q->budget_tokens =
		least(json_num_or(l, "budget_tokens", -1), s->o->max_tokens, 1);
	q->budget_micro_usd = least(json_num_or(l, "budget_usd", -1), s->o->max_usd, 1e6);
	if (ms > 0 && ms < s->total_ms) {
		s->total_ms = ms;
		s->deadline_ns = clock_monotonic_ns() + ms * 1000000;
	}
}

/* Which provider answers, and what is left of the budget, is not part of it. */
static int hash(struct llm_request *q, struct err *e)
{
	cJSON *all = json_new_object(e);
	int ret = -1;

	if (all != NULL && json_set_str(all, "purpose", q->purpose, e) == 0 &&
		json_set_str(all, "prompt_pack", q->pack.hash, e) == 0 &&
		json_set_view(all, "inputs", q->inputs, e) == 0 &&
		json_set_view(all, "output_schema", q->schema, e) == 0 &&
		json_set_int(all, "max_output_tokens", q->max_output_tokens, e) == 0 &&
		(q->files == NULL || json_set_view(all, "files", q->files, e) == 0))
		ret = json_digest(all, q->hash, e);
	json_free(all);
	return ret;
}

int request_read(struct llm_session *s, const struct buf *text, struct llm_request *q,
	struct err *e)
{
	const char *pack;

	*q = (struct llm_request){ 0 };
	q->doc = json_parse(text->ptr, text->len, JSON_STRICT, e);
	if (q->doc == NULL) {
		err_where(e, "request on stdin");
		return -1;
	}
	if (check_document(s, q->doc, e) < 0)
		return -1;
	q->purpose = json_str_or(q->doc, "purpose", "");
	pack = json_str_or(q->doc, "prompt_pack", q->purpose);
	if (pack_load(&s->env, pack, &q->pack, e) < 0)
		return -1;
	if (request_mask(s, json_own(q->doc, "inputs", e), &q->masked, e) < 0 ||
		(json_has(q->doc, "files") &&
			request_mask(s, json_own(q->doc, "files", e), &q->masked, e) < 0))
		return -1;
	q->inputs = json_get(q->doc, "inputs");
	q->files = json_get(q->doc, "files");
	q->role = json_str_or(json_get(s->config, "purposes"), q->purpose, q->pack.role);
	q->schema = json_has(q->doc, "output_schema") ? json_get(q->doc, "output_schema")
						      : q->pack.schema;
	q->check = schema_new(q->schema, NULL, e);
	if (q->check == NULL) {
		err_where(e, "output_schema");
		return -1;
	}
	read_limits(s, q);
	return hash(q, e);
}

void request_release(struct llm_request *q)
{
	schema_free(q->check);
	pack_release(&q->pack);
	json_free(q->doc);
	*q = (struct llm_request){ 0 };
}
