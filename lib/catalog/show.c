/* mlops catalog list and show. */
#include <string.h>

#include "lint_internal.h"

const char *const catalog_clouds[] = { "aws", "gcp", "azure", NULL };

int catalog_is_cloud(const char *word)
{
	for (size_t i = 0; catalog_clouds[i] != NULL; i++)
		if (strcmp(word, catalog_clouds[i]) == 0)
			return 1;
	return 0;
}

/* ---- list ---- */

static int load_all(
	struct patterns *p, struct node_env *env, const char *cloud, struct err *e)
{
	if (patterns_init(p, cloud, e) < 0)
		return -1;
	for (size_t i = 0; catalog_capabilities[i] != NULL; i++)
		if (patterns_load(p, env, catalog_capabilities[i], e) < 0)
			return -1;
	return 0;
}

static int is_planned_only(const struct pattern *p)
{
	return json_get(p->json, "generated") != NULL &&
		!json_true(json_get(p->json, "generated"));
}

static int push_row(cJSON *rows, const struct pattern *p, struct err *e)
{
	cJSON *row = json_push_object(rows, e);

	if (row == NULL || json_set_str(row, "id", p->id, e) < 0 ||
		json_set_str(row, "version", p->version, e) < 0 ||
		json_set_str(row, "capability", p->capability, e) < 0 ||
		json_set_str(row, "title", p->title, e) < 0 ||
		json_set_str(row, "path", p->path, e) < 0)
		return -1;
	return json_set_bool(row, "generated", !is_planned_only(p), e);
}

static int list_cloud(struct node_env *env, const char *cloud, cJSON *rows,
	struct buf *out, struct err *e)
{
	struct patterns p = { 0 };
	int ret = load_all(&p, env, cloud, e);

	for (size_t i = 0; i < p.n && ret == 0; i++)
		if (rows != NULL)
			ret = push_row(rows, &p.at[i], e);
		else
			buf_addf(out, "%-38s %-9s %s%s\n", p.at[i].id, p.at[i].capability,
				p.at[i].title,
				is_planned_only(&p.at[i]) ? " (planned, not generated)"
							  : "");
	patterns_release(&p);
	return ret < 0 ? -1 : buf_ok(out, e);
}

int catalog_list(struct node_env *env, const char *cloud, int as_json, struct buf *out,
	struct err *e)
{
	cJSON *rows = as_json ? json_new_array(e) : NULL;
	int ret = as_json && rows == NULL ? -1 : 0;

	for (size_t i = 0; catalog_clouds[i] != NULL && ret == 0; i++)
		if (cloud == NULL || strcmp(cloud, catalog_clouds[i]) == 0)
			ret = list_cloud(env, catalog_clouds[i], rows, out, e);
	if (ret == 0 && rows != NULL) {
		json_print(rows, JSON_PRETTY, out);
		buf_add_char(out, '\n');
		ret = buf_ok(out, e);
	}
	json_free(rows);
	return ret;
}

/* ---- show ---- */

static void show_list(
	struct buf *out, const char *name, const cJSON *list, const char *member)
{
	int first = 1;

	if (json_len(list) == 0)
		return;
	buf_addf(out, "%-14s", name);
	JSON_EACH (it, list) {
		const char *text = json_text(it) != NULL ? json_text(it)
							 : json_str_or(it, member, "?");

		buf_addf(out, "%s%s%s", first ? "" : ", ", text,
			json_true(json_get(it, "optional")) ? " (optional)" : "");
		first = 0;
	}
	buf_add_char(out, '\n');
}

/* What a lifecycle says: "closed to new customers since 2026-04-30". */
static void show_services(struct node_env *env, const struct pattern *p, struct buf *out)
{
	struct services *all = NULL;
	struct err e = { 0 };
	char cloud[16];

	snprintf(cloud, sizeof(cloud), "%.*s", (int)strcspn(p->id, "."), p->id);
	if (services_load(&all, env, cloud, &e) < 0)
		return;
	JSON_EACH (it, json_get(p->json, "services")) {
		const char *id = json_text(it) != NULL ? json_text(it)
						       : json_str_or(it, "id", "?");
		const cJSON *life = json_get(services_find(all, id), "lifecycle");
		double sla = service_sla_pct(services_find(all, id));
		char pct[48];

		snprintf(pct, sizeof(pct), sla == sla ? "SLA %g %%" : "no published SLA",
			sla);
		buf_addf(out, "  %-24s %-18s %s%s%s%s%s\n", id, pct,
			json_str_or(life, "status", "lifecycle unknown"),
			json_has(life, "for") ? " to " : "", json_str_or(life, "for", ""),
			json_has(life, "since") ? " since " : ", as of ",
			json_str_or(
				life, json_has(life, "since") ? "since" : "as_of", "?"));
	}
	services_free(all);
}

static void show_pattern(struct node_env *env, const struct pattern *p, struct buf *out)
{
	const cJSON *j = p->json;

	buf_addf(out, "%s %s\n%s\n%s\n\n", p->id, p->version, p->title,
		json_str_or(j, "summary", ""));
	show_list(out, "workloads", json_at(j, "/serves/workloads"), "id");
	show_list(out, "requires", json_get(j, "requires"), "port");
	show_list(out, "provides", json_get(j, "provides"), "port");
	show_list(out, "shares", json_get(j, "shares"), "id");
	buf_addf(out, "%-14s%g of 5\n", "burden", json_num_or(j, "burden", 0));
	show_list(out, "fails with", json_get(j, "failure_domains"), "id");
	show_list(out, "security", json_get(j, "security"), "id");
	show_list(out, "trade-offs", json_get(j, "tradeoffs"), "id");
	show_list(out, "avoid when", json_get(j, "avoid_when"), "id");
	buf_add_str(out, "\nservices\n");
	show_services(env, p, out);
	buf_add_str(out, "\nparameters\n");
	JSON_EACH (it, json_get(j, "parameters"))
		buf_addf(out, "  %-20s %-12s %s\n", json_key(it),
			json_str_or(it, "unit", ""), json_str_or(it, "why", ""));
	buf_add_str(out, "\nrules\n");
	JSON_EACH (it, json_get(j, "when"))
		buf_addf(out, "  %-20s out when %s\n", json_str_or(it, "id", ""),
			json_str_or(it, "why", ""));
	buf_add_str(out, "\nbill of materials\n");
	JSON_EACH (it, json_get(j, "bom"))
		buf_addf(out, "  %-20s %-9s %s (%s)\n", json_str_or(it, "component", ""),
			json_str_or(it, "kind", ""),
			json_text(json_get(it, "sku")) != NULL
				? json_text(json_get(it, "sku"))
				: "by its parameters",
			json_str_or(it, "unit", ""));
	buf_add_str(out, "\nsources\n");
	JSON_EACH (it, json_get(j, "sources"))
		buf_addf(out, "  %s: %s, %s\n", json_str_or(it, "what", ""),
			json_str_or(it, "ref", ""), json_str_or(it, "as_of", ""));
}

int catalog_show(
	struct node_env *env, const char *id, int as_json, struct buf *out, struct err *e)
{
	char cloud[16], capability[32];
	struct patterns p = { 0 };
	const struct pattern *found;
	int ret = -1;

	if (sscanf(id, "%15[a-z].%31[a-z].", cloud, capability) != 2 ||
		!catalog_is_cloud(cloud))
		return err_set(
			e, ERR_NO_INPUT, "no pattern '%s' (mlops catalog list)", id);
	if (patterns_init(&p, cloud, e) < 0 || patterns_load(&p, env, capability, e) < 0)
		goto out;
	found = patterns_find(&p, id);
	if (found == NULL) {
		err_fill(e, ERR_NO_INPUT, "no pattern '%s' (mlops catalog list)", id);
		goto out;
	}
	if (as_json) {
		json_print(found->json, JSON_PRETTY, out);
		buf_add_char(out, '\n');
	} else {
		show_pattern(env, found, out);
	}
	ret = buf_ok(out, e);
out:
	patterns_release(&p);
	return ret;
}
