/* Node 10: options, the order of the checks, the verdict, the files of reports/. */
#include "validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"

struct args {
	const char *dir, *tools, *cache;
	double jobs, timeout_s;
	int strict, network;
};

static const struct opt opts[] = {
	OPT_DIR_OUT('C', "directory", struct args, dir, "the repository (default: .)"),
	OPT_STR(0, "tools", "LIST", struct args, tools,
		"only these checks or tools, separated by commas; \"none\": only what is "
		"built in"),
	{ OPT_KIND_NUM, 'j', "jobs", "N", offsetof(struct args, jobs),
		"checks at a time (default: one a processor)", OPT_NO_KEY },
	{ OPT_KIND_NUM, 0, "timeout", "S", offsetof(struct args, timeout_s),
		"seconds for each check (default: each check's own)", OPT_NO_KEY },
	OPT_FLAG(0, "strict", struct args, strict, "a missing tool is a failure"),
	OPT_FLAG(0, "network", struct args, network,
		"let checks that need the network run"),
	{ OPT_KIND_STR, 0, "cache", "DIR", offsetof(struct args, cache),
		"keep results by what went into them, and use those kept", OPT_NO_KEY },
	OPT_END,
};

/* What the node makes on its way; all owned. */
struct work {
	struct vtree tree;
	cJSON *checks, *secrets, *claims, *billed, *bom;
};

static cJSON *add_check(struct work *w, const char *id, const char *title, struct err *e)
{
	return json_push(w->checks, check_new(id, title, NULL, e), e) < 0
		? NULL
		: (cJSON *)(uintptr_t)json_item(w->checks, json_len(w->checks) - 1);
}

/* ---- checks ---- */

static int run_builtin(struct work *w, struct node_env *env, const struct args *a,
	const cJSON *in, struct err *e)
{
	const cJSON *artifacts = json_get(in, "artifacts"), *plan = json_get(in, "plan");
	const char *dir = a->dir != NULL ? a->dir : ".";
	cJSON *c = add_check(w, "manifest", "Files as the manifest says", e);

	if (!file_is_dir(dir))
		return err_set(e, ERR_NO_INPUT, "no directory '%s'", dir);
	if (c == NULL || tree_load(&w->tree, dir, artifacts, c, e) < 0 ||
		check_settle(c, e) < 0 || check_detail(c, e, "%zu files", w->tree.n) < 0)
		return -1;
	if (json_num_or(c, "findings_total", 0) > 0 &&
		json_set_str(c, "status", "fail", e) < 0)
		return -1;
	c = add_check(w, "secrets", "No secret in any file", e);
	if (c == NULL || check_secrets(c, env, &w->tree, w->secrets, e) < 0)
		return -1;
	c = add_check(w, "leftovers", "No placeholder, template tag or private path", e);
	if (c == NULL || check_leftovers(c, env, &w->tree, e) < 0)
		return -1;
	c = add_check(
		w, "claims", "What the plan claims stands in the Terraform files", e);
	if (c == NULL || check_claims(c, env, &w->tree, plan, w->claims, e) < 0)
		return -1;
	c = add_check(w, "bom", "The Terraform files declare what the plan bills", e);
	if (c == NULL || check_bom(c, env, &w->tree, plan, w->billed, e) < 0)
		return -1;
	c = add_check(w, "sbom", "Software bill of materials (CycloneDX 1.6)", e);
	w->bom = sbom_make(&w->tree, "generated-repository", e);
	return c == NULL || w->bom == NULL ? -1 : check_sbom(c, w->bom, e);
}

static int run_tools(
	struct work *w, struct node_env *env, const struct args *a, struct err *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char *cache = NULL; /* tools run elsewhere: they need its whole name */
	int ret;
	struct tools_args t = { .only = a->tools,
		.jobs = a->jobs >= 1 ? (unsigned)a->jobs
			: cpus > 0   ? (unsigned)cpus
				     : 2,
		.timeout_s = a->timeout_s,
		.strict = a->strict,
		.network = a->network };

	if (a->cache != NULL) {
		if (file_mkdirs(a->cache, e) < 0)
			return -1;
		cache = realpath(a->cache, NULL);
		if (cache == NULL)
			return err_set(e, ERR_CANT_CREATE, "cannot use '%s': %s",
				a->cache, strerror(errno));
	}
	t.cache = cache;
	ret = tools_run(env, &t, &w->tree, w->checks, e);
	free(cache);
	return ret;
}

static size_t count(const cJSON *checks, const char *status)
{
	size_t n = 0;

	JSON_EACH (c, checks)
		n += check_is(c, status) != 0;
	return n;
}

static const char *verdict(const cJSON *checks)
{
	return count(checks, "fail") > 0     ? "fail"
		: count(checks, "error") > 0 ? "error"
		: count(checks, "pass") > 0  ? "pass"
					     : "skipped";
}

/* ---- reports ---- */

static int write_report(const struct args *a, cJSON *files, const char *name,
	const struct buf *text, struct err *e)
{
	char hex[DIGEST_HEX_MAX], path[128];
	cJSON *f;

	snprintf(path, sizeof(path), "reports/%s", name);
	if (file_write_below(a->dir != NULL ? a->dir : ".", path, text->ptr, text->len,
		    0644, e) < 0)
		return -1;
	digest_hex(text->ptr, text->len, hex);
	f = json_push_object(files, e);
	if (f == NULL || json_set_str(f, "path", path, e) < 0 ||
		json_set_str(f, "sha256", hex, e) < 0)
		return -1;
	return json_set_int(f, "size_bytes", (int64_t)text->len, e);
}

static int write_json(const struct args *a, cJSON *files, const char *name,
	const cJSON *doc, struct err *e)
{
	struct buf b = BUF_INIT(BUF_NO_LIMIT);
	int ret;

	json_print(doc, JSON_PRETTY, &b);
	buf_add_char(&b, '\n');
	ret = buf_ok(&b, e) < 0 ? -1 : write_report(a, files, name, &b, e);
	buf_release(&b);
	return ret;
}

static int write_all(
	const struct work *w, const struct args *a, cJSON *files, struct err *e)
{
	struct buf v = BUF_INIT(BUF_NO_LIMIT), s = BUF_INIT(BUF_NO_LIMIT),
		   j = BUF_INIT(BUF_NO_LIMIT), m = BUF_INIT(BUF_NO_LIMIT);
	int ret = report_junit(w->checks, &j, e) < 0 ||
			report_markdown(w->checks, verdict(w->checks), &m, e) < 0 ||
			report_sarif(w->checks, &s, e) < 0 ||
			report_validation(w->checks, verdict(w->checks), &v, e) < 0 ||
			write_json(a, files, "bom.json", w->billed, e) < 0 ||
			write_json(a, files, "claims.json", w->claims, e) < 0 ||
			write_report(a, files, "junit.xml", &j, e) < 0 ||
			write_json(a, files, "sbom.cdx.json", w->bom, e) < 0 ||
			write_json(a, files, "secrets.json", w->secrets, e) < 0 ||
			write_report(a, files, "validation.json", &v, e) < 0 ||
			write_report(a, files, "validation.md", &m, e) < 0 ||
			write_report(a, files, "validation.sarif", &s, e) < 0
		? -1
		: 0;

	buf_release(&v);
	buf_release(&s);
	buf_release(&j);
	buf_release(&m);
	return ret;
}

/* ---- the node ---- */

static int card(struct node_env *env, const cJSON *reports, struct err *e)
{
	cJSON *c = card_add(env->cards, "validators", e);
	size_t pass = 0, ran = 0;

	if (c == NULL || card_input_artifact(c, "reports/validation.json", e) < 0 ||
		card_choice(c, json_str_or(reports, "status", "error"), e,
			"%.0f checks passed, %.0f failed, %.0f ended in an error, %.0f "
			"were skipped",
			json_number(json_at(reports, "/summary/pass"), 0),
			json_number(json_at(reports, "/summary/fail"), 0),
			json_number(json_at(reports, "/summary/error"), 0),
			json_number(json_at(reports, "/summary/skipped"), 0)) < 0 ||
		card_link(c, "validation", "/reports/validation.json", e) < 0 ||
		card_link(c, "sbom", "/reports/sbom.cdx.json", e) < 0)
		return -1;
	JSON_EACH (k, json_get(reports, "checks")) {
		const char *id = json_str_or(k, "id", ""),
			   *reason = json_str_or(k, "reason", NULL);
		struct buf risk = BUF_INIT(4096);
		int ret = 0;

		pass += check_is(k, "pass") != 0;
		ran += !check_is(k, "skipped");
		if (check_is(k, "fail"))
			buf_addf(&risk, "%s failed with %.0f findings", id,
				json_num_or(k, "findings_total", 0));
		else if (!check_is(k, "pass") && reason != NULL &&
			strncmp(reason, "nothing in", 10) != 0)
			buf_addf(&risk, "%s did not run: %s", id, reason);
		if (risk.len > 0)
			ret = card_risk(c, risk.ptr,
				check_is(k, "skipped") ? "install it (make tools) and "
							 "run mlops-validate again"
						       : NULL,
				e);
		buf_release(&risk);
		if (ret < 0)
			return -1;
	}
	return card_confidence(c,
		ran == 0 ? 0
			 : (double)pass / (double)json_len(json_get(reports, "checks")),
		e);
}

static int nothing(cJSON *out, const char *why, struct err *e)
{
	static const char *const statuses[] = { "pass", "fail", "error", "skipped" };
	cJSON *r = json_add_object(out, "reports", e), *sum;

	if (r == NULL || json_set_str(r, "status", "skipped", e) < 0 ||
		json_set_str(r, "reason", why, e) < 0)
		return -1;
	sum = json_add_object(r, "summary", e);
	for (size_t i = 0; sum != NULL && i < ARRAY_LEN(statuses); i++)
		if (json_set_int(sum, statuses[i], 0, e) < 0)
			return -1;
	if (sum == NULL || json_add_array(r, "checks", e) == NULL ||
		json_add_array(r, "files", e) == NULL)
		return -1;
	return 0;
}

static int fill_reports(
	cJSON *r, struct work *w, const struct args *a, int64_t wall_ns, struct err *e)
{
	static const char *const statuses[] = { "pass", "fail", "error", "skipped" };
	cJSON *sum, *files, *o;
	double total = 0;

	JSON_EACH (c, w->checks)
		total += json_num_or(c, "duration_ms", 0);
	if (json_set_str(r, "status", verdict(w->checks), e) < 0 ||
		json_set_null(r, "reason", e) < 0 ||
		json_set_int(r, "secrets_found",
			(int64_t)json_len(json_get(w->secrets, "findings")), e) < 0)
		return -1;
	sum = json_add_object(r, "summary", e);
	for (size_t i = 0; sum != NULL && i < ARRAY_LEN(statuses); i++)
		if (json_set_int(sum, statuses[i], (int64_t)count(w->checks, statuses[i]),
			    e) < 0)
			return -1;
	files = sum == NULL ? NULL : json_add_array(r, "files", e);
	if (files == NULL || write_all(w, a, files, e) < 0 ||
		json_set_copy(r, "claims", json_get(w->claims, "summary"), e) < 0)
		return -1;
	o = json_add_object(r, "sbom", e);
	if (o == NULL ||
		json_set_int(o, "components", (int64_t)sbom_components(w->bom), e) < 0 ||
		json_set_num(r, "wall_ms", (double)(wall_ns) / 1e6, e) < 0 ||
		json_set_num(r, "sum_ms", total, e) < 0 ||
		json_set_null(r, "jobs", e) < 0)
		return -1;
	if (json_set(r, "checks", w->checks, e) < 0) {
		w->checks = NULL;
		return -1;
	}
	w->checks = NULL;
	return 0;
}

static void tell(const struct node_env *env, const cJSON *r)
{
	JSON_EACH (c, json_get(r, "checks")) {
		if (!check_is(c, "fail") && !check_is(c, "error"))
			continue;
		log_warn(&env->log, "%s: %s%s%s", json_str_or(c, "id", ""),
			check_status(c), json_str_or(c, "reason", NULL) ? ": " : "",
			json_str_or(c, "reason", ""));
		JSON_EACH (f, json_get(c, "findings"))
			log_detail(&env->log, "  %s:%.0f: %s: %s",
				json_str_or(f, "file", "-"), json_num_or(f, "line", 0),
				json_str_or(f, "rule", ""),
				json_str_or(f, "message", ""));
	}
	log_info(&env->log, "%s: %.0f passed, %.0f failed, %.0f errors, %.0f skipped",
		json_str_or(r, "status", ""), json_number(json_at(r, "/summary/pass"), 0),
		json_number(json_at(r, "/summary/fail"), 0),
		json_number(json_at(r, "/summary/error"), 0),
		json_number(json_at(r, "/summary/skipped"), 0));
}

static int run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e)
{
	const struct args *a = args;
	struct work w = { 0 };
	int64_t start = clock_monotonic_ns();
	const char *status;
	cJSON *r;
	int ret = -1;

	if (json_get(in, "artifacts") == NULL) {
		log_warn(&env->log, "nothing to validate: the state has no artifacts");
		return nothing(out, "the state has no artifacts", e);
	}
	w.checks = json_new_array(e);
	w.secrets = json_new_object(e);
	w.claims = json_new_object(e);
	w.billed = json_new_object(e);
	if (w.checks == NULL || w.secrets == NULL || w.claims == NULL ||
		w.billed == NULL || run_builtin(&w, env, a, in, e) < 0 ||
		run_tools(&w, env, a, e) < 0)
		goto out;
	r = json_add_object(out, "reports", e);
	if (r == NULL || fill_reports(r, &w, a, clock_monotonic_ns() - start, e) < 0 ||
		card(env, r, e) < 0)
		goto out;
	tell(env, r);
	status = json_str_or(r, "status", "error");
	ret = strcmp(status, "fail") == 0 || strcmp(status, "error") == 0 ? 12 : 0;
out:
	tree_release(&w.tree);
	json_free(w.checks);
	json_free(w.secrets);
	json_free(w.claims);
	json_free(w.billed);
	json_free(w.bom);
	return ret;
}

static const struct filter validators = {
	.node = NODE_VALIDATORS,
	.version = "1",
	.summary = "check the generated repository with the tools that are here",
	.run = run,
};

static const struct filter *const filters[] = { &validators };

const struct program validate_program = {
	.name = "mlops-validate",
	.summary = "check a generated repository and write reports/",
	.examples = "  mlops-validate -C out < state.json > validated.json\n"
		    "  mlops-validate -C out --tools ruff,mypy,pytest -v < state.json > "
		    "validated.json\n",
	.opts = opts,
	.args_size = sizeof(struct args),
	.filters = filters,
	.n_filters = ARRAY_LEN(filters),
};
