/*
 * The repository's copies of Reason Cards: ids from content, one fixed time, links
 * only to what exists.
 */
#include <string.h>

#include "compile.h"

static int set_content_id(cJSON *card, const char *key, struct err *e)
{
	struct buf text = BUF_INIT(BUF_NO_LIMIT);
	char id[ID_TEXT_MAX];
	int ret = json_canonical(card, &text, e);

	if (ret == 0) {
		id_from_content(text.ptr, text.len, id);
		ret = json_set_str(card, key, id, e);
	}
	buf_release(&text);
	return ret;
}

/* Files that nodes 10 to 12 write into every repository. */
static int always_there(const char *path)
{
	static const char *const paths[] = { "reports/rationale.json",
		"reports/policy.json", "reports/cost.json", "reports/index.html",
		"reports/diff.md", "docs/rationale.md" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (strcmp(paths[i], path) == 0)
			return 1;
	return 0;
}

static int exists(const cJSON *artifacts, const cJSON *reports, const char *link)
{
	const char *path = link[0] == '/' ? link + 1 : link;

	if (always_there(path) || manifest_find(artifacts, path) != NULL)
		return 1;
	JSON_EACH (f, json_get(reports, "files"))
		if (strcmp(json_str_or(f, "path", ""), path) == 0)
			return 1;
	return 0;
}

static int fix_links(
	cJSON *card, const cJSON *artifacts, const cJSON *reports, struct err *e)
{
	const cJSON *old = json_get(card, "links");
	cJSON *kept = json_new_object(e);

	JSON_EACH (l, old) {
		const char *path = json_text(l);

		if (kept == NULL || path == NULL || !exists(artifacts, reports, path))
			continue;
		if (json_set_str(kept, json_key(l), path, e) < 0) {
			json_free(kept);
			return -1;
		}
	}
	return json_set(card, "links", kept, e);
}

/* The new id of each earlier card; ids that are not among them say nothing here. */
static int fix_prior(cJSON *card, const cJSON *ids, struct err *e)
{
	const cJSON *old = json_at(card, "/inputs/prior_decisions");
	cJSON *inputs = json_edit(card, "/inputs"), *fresh = json_new_array(e);

	JSON_EACH (id, old) {
		const char *to =
			json_str_or(ids, json_text(id) ? json_text(id) : "", NULL);

		if (fresh != NULL && to != NULL && json_push_str(fresh, to, e) < 0) {
			json_free(fresh);
			return -1;
		}
	}
	return json_set(inputs, "prior_decisions", fresh, e);
}

static int fix_card(cJSON *card, cJSON *ids, const cJSON *artifacts, const cJSON *reports,
	struct err *e)
{
	char ts[CLOCK_TEXT_MAX], old[80];

	snprintf(old, sizeof(old), "%s", json_str_or(card, "decision_id", ""));
	clock_format(clock_epoch_ns(), ts);
	if (json_set_null(card, "decision_id", e) < 0 ||
		json_set_null(card, "run_id", e) < 0 ||
		json_set_null(card, "ts", e) < 0 ||
		fix_links(card, artifacts, reports, e) < 0 ||
		fix_prior(card, ids, e) < 0 ||
		set_content_id(card, "decision_id", e) < 0 ||
		json_set_str(card, "ts", ts, e) < 0)
		return -1;
	return *old == '\0'
		? 0
		: json_set_str(ids, old, json_str_or(card, "decision_id", ""), e);
}

cJSON *cards_fix(const cJSON *cards, const cJSON *artifacts, const cJSON *reports,
	char run[ID_TEXT_MAX], struct err *e)
{
	cJSON *out = json_new_array(e), *ids = json_new_object(e);
	struct buf all = BUF_INIT(BUF_NO_LIMIT);
	size_t n = json_len(cards), i = 0;
	int ret = out == NULL || ids == NULL ? -1 : 0;

	JSON_EACH (c, cards) {
		cJSON *card = ret < 0 ? NULL : json_copy(c, e);

		if (card == NULL || fix_card(card, ids, artifacts, reports, e) < 0) {
			json_free(card);
			ret = -1;
			break;
		}
		buf_addf(&all, "%s\n", json_str_or(card, "decision_id", ""));
		ret = json_push(out, card, e);
	}
	id_from_content(all.ptr, all.len, run);
	for (; ret == 0 && i < n; i++) {
		char pointer[32];

		snprintf(pointer, sizeof(pointer), "/%zu", i);
		ret = json_set_str(json_edit(out, pointer), "run_id", run, e);
	}
	if (ret == 0)
		ret = buf_ok(&all, e);
	buf_release(&all);
	json_free(ids);
	if (ret < 0) {
		json_free(out);
		out = NULL;
	}
	return out;
}
