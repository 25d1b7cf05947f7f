/* Findings that are accepted, each with its written reason. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

int check_waived(cJSON *check, const cJSON *finding, const char *why, struct err *e)
{
	cJSON *all = json_edit(check, "/waived"), *copy;

	if (all == NULL)
		all = json_add_array(check, "waived", e);
	if (all == NULL || json_push_copy(all, finding, e) < 0)
		return -1;
	copy = (cJSON *)(uintptr_t)json_item(all, json_len(all) - 1);
	return json_set_str(copy, "why", why, e);
}

/* The reason of the first row that covers a finding; NULL: none does. */
static const char *reason_for(const cJSON *accepted, const cJSON *finding)
{
	JSON_EACH (a, accepted) {
		const cJSON *files = json_get(a, "files");

		if (strcmp(json_str_or(a, "rule", ""),
			    json_str_or(finding, "rule", "")) == 0 &&
			(files == NULL ||
				glob_any(files, json_str_or(finding, "file", ""))))
			return json_str_or(a, "why", "");
	}
	return NULL;
}

int waivers_check(const cJSON *accepted, struct err *e)
{
	JSON_EACH (list, accepted) {
		size_t i = 0;

		JSON_EACH (a, list) {
			if (*json_str_or(a, "rule", "") == '\0' ||
				*json_str_or(a, "why", "") == '\0')
				return err_set(e, ERR_CONFIG,
					"accepted.json: /accepted/%s/%zu needs a 'rule' "
					"and a reason in 'why'",
					json_key(list), i);
			i++;
		}
	}
	return 0;
}

int waivers_apply(const cJSON *accepted, const cJSON *row, cJSON *check, struct err *e)
{
	const cJSON *mine = json_get(accepted, json_str_or(row, "id", ""));
	const char *least = json_str_or(row, "fail_on", NULL);
	const cJSON *found = json_get(check, "findings");
	double total = json_num_or(check, "findings_total", 0);
	size_t failing = 0, waived = 0;
	cJSON *left = json_new_array(e);

	if (left == NULL)
		return -1;
	JSON_EACH (f, found) {
		const char *why = reason_for(mine, f),
			   *level = json_str_or(f, "level", "");

		if (why != NULL ? check_waived(check, f, why, e) < 0
				: json_push_copy(left, f, e) < 0) {
			json_free(left);
			return -1;
		}
		waived += why != NULL;
		failing += why == NULL &&
			(least == NULL || strcmp(level, least) == 0 ||
				strcmp(level, "error") == 0);
	}
	if (waived == 0) {
		json_free(left);
		return 0;
	}
	/* What was counted and not kept may hold anything: it still fails. */
	if (total > (double)json_len(found))
		failing++;
	if (json_set(check, "findings", left, e) < 0 ||
		json_set_num(check, "findings_total", total - (double)waived, e) < 0)
		return -1;
	return check_is(check, "fail") && failing == 0
		? json_set_str(check, "status", "pass", e)
		: 0;
}
