/* What may stand in no generated file: placeholders, template tags, somebody's paths. */
#include "run.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

struct rule {
	const cJSON *row;
	pcre2_code *re;
	pcre2_match_data *md;
};

static int scan(cJSON *check, const struct rule *r, const struct vfile *f, struct err *e)
{
	size_t at = 0, line = 1, counted = 0;

	if (glob_any(json_get(r->row, "except"), f->path))
		return 0;
	while (at < f->bytes.len &&
		pcre2_match(r->re, (PCRE2_SPTR)f->bytes.ptr, f->bytes.len, at, 0, r->md,
			NULL) > 0) {
		const PCRE2_SIZE *o = pcre2_get_ovector_pointer(r->md);

		for (; counted < o[0]; counted++)
			line += f->bytes.ptr[counted] == '\n';
		if (check_finding(check, json_str_or(r->row, "rule", "leftover"), "error",
			    f->path, line, 0, json_str_or(r->row, "why", ""), e) < 0)
			return -1;
		at = o[1] > o[0] ? o[1] : o[1] + 1;
	}
	return 0;
}

static int one_rule(cJSON *check, const cJSON *row, const struct vtree *t, struct err *e)
{
	struct rule r = { .row = row };
	int ret = -1;

	r.re = pattern_compile(json_str_or(row, "pattern", ""), e);
	if (r.re !=
		NULL) /* a whole repository is searched: worth it; no harm where it fails */
		(void)pcre2_jit_compile(r.re, PCRE2_JIT_COMPLETE);
	r.md = r.re == NULL ? NULL : pcre2_match_data_create_from_pattern(r.re, NULL);
	if (r.md == NULL && r.re != NULL)
		(void)err_no_memory(e);
	ret = r.md == NULL ? -1 : 0;
	for (size_t i = 0; ret == 0 && i < t->n; i++)
		ret = scan(check, &r, &t->at[i], e);
	pcre2_match_data_free(r.md);
	pcre2_code_free(r.re);
	return ret;
}

int check_leftovers(
	cJSON *check, struct node_env *env, const struct vtree *t, struct err *e)
{
	cJSON *table = env_read_json(env, "validators.json", e);
	int ret = table == NULL ? -1 : 0;

	JSON_EACH (row, json_get(table, "leftovers"))
		if (ret == 0)
			ret = one_rule(check, row, t, e);
	if (ret == 0)
		ret = check_settle(check, e);
	if (ret == 0 && json_num_or(check, "findings_total", 0) > 0)
		ret = json_set_str(check, "status", "fail", e);
	json_free(table);
	return ret;
}
