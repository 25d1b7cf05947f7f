/* The secret scan of every file; never repeats what it found. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

/* The digest of a file of this repository, as a lock file lists it under the file's
 * name ("reset-password.md": "a025…"), is no secret. */
static int is_own_digest(const struct vtree *t, const char *text, size_t len)
{
	for (size_t i = 0; len >= DIGEST_HEX_MAX - 1 && i < t->n; i++)
		if (memmem(text, len, t->at[i].sha, DIGEST_HEX_MAX - 1) != NULL)
			return 1;
	return 0;
}

static int scan_file(cJSON *check, cJSON *found, struct redact *r, const struct vtree *t,
	const struct vfile *f, struct err *e)
{
	struct redact_hit *hits = NULL;
	size_t n = 0;
	int ret =
		redact_scan(r, REDACT_SECRETS, f->bytes.ptr, f->bytes.len, &hits, &n, e);

	for (size_t i = 0; ret == 0 && i < n; i++) {
		cJSON *o;

		if (is_own_digest(
			    t, f->bytes.ptr + hits[i].start, hits[i].end - hits[i].start))
			continue;
		o = json_push_object(found, e);
		ret = o == NULL || json_set_str(o, "rule", hits[i].rule, e) < 0 ||
				json_set_str(o, "title", hits[i].title, e) < 0 ||
				json_set_str(o, "file", f->path, e) < 0 ||
				json_set_int(o, "line", (int64_t)hits[i].line, e) < 0 ||
				check_finding(check, hits[i].rule, "error", f->path,
					hits[i].line, 0, hits[i].title, e) < 0
			? -1
			: 0;
	}
	free(hits);
	return ret;
}

int check_secrets(cJSON *check, struct node_env *env, const struct vtree *t,
	cJSON *report, struct err *e)
{
	cJSON *rules = env_read_json(env, "redact/secrets.json", e), *found;
	struct redact *r = rules == NULL ? NULL : redact_new(rules, e);
	int ret = -1;

	if (r == NULL || json_set_int(report, "files_scanned", (int64_t)t->n, e) < 0)
		goto out;
	found = json_add_array(report, "findings", e);
	ret = found == NULL ? -1 : 0;
	for (size_t i = 0; ret == 0 && i < t->n; i++)
		ret = scan_file(check, found, r, t, &t->at[i], e);
	if (ret == 0)
		ret = check_detail(check, e, "%zu files", t->n);
	if (ret == 0 && json_len(found) > 0)
		ret = json_set_str(check, "status", "fail", e);
	if (ret == 0)
		ret = check_settle(check, e);
out:
	redact_free(r);
	json_free(rules);
	return ret;
}
