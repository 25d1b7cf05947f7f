/* Prompt packs that differ between two versions: "Prompt pack planner v1 -> v2". */
#include <string.h>

#include "diff.h"

static const cJSON *node_of(const cJSON *state, const char *name)
{
	return json_get(json_at(state, "/run_meta/nodes"), name);
}

static int add_version(cJSON *to, const char *member, const cJSON *meta, struct err *e)
{
	const cJSON *v = json_at(meta, "/model/pack_version");

	return json_is(v, JSON_NUMBER) ? json_set_copy(to, member, v, e)
				       : json_set_null(to, member, e);
}

static int add_change(cJSON *list, const char *node, const cJSON *before,
	const cJSON *after, struct err *e)
{
	cJSON *o = json_push_object(list, e);

	return o == NULL || json_set_str(o, "node", node, e) < 0 ||
			json_set_str(o, "pack",
				json_str_or(json_get(after, "model"), "pack",
					json_str_or(
						json_get(before, "model"), "pack", "")),
				e) < 0 ||
			add_version(o, "from", before, e) < 0 ||
			add_version(o, "to", after, e) < 0 ||
			json_set_str(o, "from_sha256",
				json_text(json_get(before, "prompt_pack")), e) < 0
		? -1
		: json_set_str(
			  o, "to_sha256", json_text(json_get(after, "prompt_pack")), e);
}

int diff_packs(const cJSON *before, const cJSON *after, cJSON *summary, struct err *e)
{
	cJSON *list = NULL;

	for (enum node_id n = 0; n < NODE_COUNT; n++) {
		const cJSON *was = node_of(before, node_rows[n].name),
			    *is = node_of(after, node_rows[n].name);
		const char *a = json_str_or(was, "prompt_pack", ""),
			   *b = json_str_or(is, "prompt_pack", "");

		if (before == NULL || strcmp(a, b) == 0)
			continue;
		if (list == NULL)
			list = json_add_array(summary, "prompt_packs", e);
		if (list == NULL || add_change(list, node_rows[n].name, was, is, e) < 0)
			return -1;
	}
	return 0;
}

static void put_version(struct buf *out, const cJSON *v)
{
	if (json_is(v, JSON_NUMBER))
		buf_addf(out, "v%.0f", json_number(v, 0));
	else
		buf_add_str(out, "none");
}

void diff_print_packs(const cJSON *summary, const char *before_line, struct buf *out)
{
	JSON_EACH (p, json_get(summary, "prompt_packs")) {
		buf_addf(out, "%sPrompt pack %s ", before_line,
			json_str_or(p, "pack", ""));
		put_version(out, json_get(p, "from"));
		buf_add_str(out, "\xe2\x86\x92"); /* an arrow */
		put_version(out, json_get(p, "to"));
		buf_add_char(out, '\n');
	}
}
