/* The Terraform files against the plan's bill of materials. */
#include "checks.h"

#include <stdlib.h>
#include <string.h>

#include "pricing/declared.h"

#define ROOT      "infra"
#define VARIABLES "infra/environments/prod.tfvars"

static int is_terraform(const char *path)
{
	size_t n = strlen(path);

	return strncmp(path, ROOT "/", strlen(ROOT) + 1) == 0 && n > 3 &&
		strcmp(path + n - 3, ".tf") == 0;
}

/* The texts of the tree; NULL in *out when there are none. The caller frees *out. */
static size_t terraform_files(const struct vtree *t, struct infra_file **out)
{
	size_t n = 0;

	*out = calloc(t->n + 1, sizeof(**out));
	for (size_t i = 0; *out != NULL && i < t->n; i++)
		if (is_terraform(t->at[i].path))
			(*out)[n++] = (struct infra_file){ t->at[i].path,
				t->at[i].bytes.ptr, t->at[i].bytes.len };
	return n;
}

static int add_findings(cJSON *check, const cJSON *differences, struct err *e)
{
	JSON_EACH (d, differences)
		if (check_finding(check, json_str_or(d, "kind", "difference"), "error",
			    json_str_or(d, "file", NULL),
			    (size_t)json_num_or(d, "line", 0), 0,
			    json_str_or(d, "why", ""), e) < 0)
			return -1;
	return 0;
}

static int settle(cJSON *check, cJSON *report, const struct declared_result *r,
	int missing, const cJSON *plan, struct err *e)
{
	cJSON *sum;

	if (missing)
		return check_set(check, "skipped", e,
			"share/ does not say what resources of %s are billed for",
			json_str_or(plan, "cloud", "this cloud"));
	sum = json_add_object(report, "summary", e);
	if (sum == NULL ||
		json_set_int(sum, "quantities_equal", (int64_t)r->quantities, e) < 0 ||
		json_set_int(sum, "lines_covered", (int64_t)r->uses, e) < 0 ||
		json_set_int(sum, "differences", (int64_t)r->differences, e) < 0 ||
		add_findings(check, json_get(report, "differences"), e) < 0 ||
		check_settle(check, e) < 0 ||
		check_detail(check, e,
			"%zu quantities equal, %zu lines of the plan in the code, %zu "
			"differences",
			r->quantities, r->uses, r->differences) < 0)
		return -1;
	return r->differences > 0 ? json_set_str(check, "status", "fail", e) : 0;
}

int check_bom(cJSON *check, struct node_env *env, const struct vtree *t,
	const cJSON *plan, cJSON *report, struct err *e)
{
	const struct vfile *vars = tree_find(t, VARIABLES);
	struct infra_file *files;
	size_t n = terraform_files(t, &files);
	cJSON *variables = NULL, *infra = NULL;
	struct declared_result r;
	struct err bad = { 0 };
	int ret = -1, missing;

	if (files == NULL)
		return err_no_memory(e);
	if (n == 0 || vars == NULL) {
		free(files);
		return check_set(check, "skipped", e, "there are no Terraform files");
	}
	variables = infra_variables(vars->bytes.ptr, vars->bytes.len, &bad);
	infra = variables == NULL ? NULL : infra_read(files, n, ROOT, variables, &bad);
	if (infra == NULL) {
		ret = check_finding(
			      check, "unreadable", "error", NULL, 0, 0, bad.msg, e) < 0
			? -1
			: json_set_str(check, "status", "fail", e);
	} else {
		missing = declared_compare(env, infra, plan, report, &r, e);
		ret = missing < 0 ? -1 : settle(check, report, &r, missing, plan, e);
	}
	free(files);
	json_free(variables);
	json_free(infra);
	return ret;
}
