#include "predict.h"

#include <stdlib.h>
#include <string.h>

#include "money.h"
#include "pack.h"

struct prediction {
	struct node_env *env;
	cJSON *routes;
	int64_t tokens, micro_usd;
	int unpriced;
	cJSON *by_node;
};

int predict_asks(const struct node_env *env, enum node_id node)
{
	struct buf path = BUF_INIT(8192);
	int yes;

	buf_addf(&path, "%s/packs/%s.json", env->share, node_rows[node].agent);
	yes = file_is_regular(path.ptr);
	buf_release(&path);
	return yes;
}

/* The settings that mlops-llm will have; a broken file is told by mlops-llm. */
static cJSON *read_routes(struct node_env *env, struct err *e)
{
	cJSON *base = env_read_json(env, "models/routes.json", e), *user, *merged;
	const char *path = getenv("MLOPS_LLM_CONFIG");
	struct err ignored;

	if (base == NULL || path == NULL || *path == '\0')
		return base;
	user = json_parse_file(path, (size_t)1 << 20, &ignored);
	if (!json_is(user, JSON_OBJECT)) {
		json_free(user);
		return base;
	}
	merged = json_merge_patch(base, user, e);
	json_free(base);
	json_free(user);
	return merged;
}

/* The first model that would be asked: "anthropic", "anthropic/claude-x", of a chain
 * the first, of auto the role's. */
static void first_link(const struct prediction *p, const char *role, char *provider,
	char *model, size_t max)
{
	const char *words = p->env->provider;
	size_t n, slash;

	if (strcmp(words, "auto") == 0)
		words = json_text(json_item(
			json_get(json_get(json_get(p->routes, "roles"), role), "chain"),
			0));
	if (words == NULL)
		words = "";
	n = strcspn(words, ",");
	slash = strcspn(words, "/");
	snprintf(provider, max, "%.*s", (int)(slash < n ? slash : n), words);
	if (slash < n)
		snprintf(model, max, "%.*s", (int)(n - slash - 1), words + slash + 1);
	else
		snprintf(model, max, "%s",
			json_str_or(json_get(json_get(p->routes, "models"), provider),
				role, ""));
}

/* The provider's file, or the one that it is `like`, as far as models go. */
static cJSON *read_entry(struct node_env *env, const char *provider, struct err *e)
{
	char path[160];
	cJSON *entry, *base;
	const char *like;

	snprintf(path, sizeof(path), "models/%.100s.json", provider);
	entry = env_read_json(env, path, e);
	like = json_str_or(entry, "like", NULL);
	if (entry == NULL || like == NULL || json_has(entry, "models"))
		return entry;
	snprintf(path, sizeof(path), "models/%.100s.json", like);
	base = env_read_json(env, path, e);
	json_free(entry);
	return base;
}

static const cJSON *facts_of(const cJSON *entry, const char *model)
{
	JSON_EACH (m, json_get(entry, "models"))
		if (strcmp(json_str_or(m, "id", ""), model) == 0)
			return m;
	return NULL;
}

static int add_node(struct prediction *p, enum node_id node, struct err *e)
{
	struct llm_pack pack = { 0 };
	char provider[128], model[128];
	struct llm_usage use = { 0 };
	cJSON *entry = NULL, *row;
	struct llm_target t = { 0 };
	const cJSON *expect;
	double calls;
	int priced = 0, ret = -1;
	int64_t usd;

	if (pack_load(p->env, node_rows[node].agent, &pack, e) < 0)
		return -1;
	expect = json_get(pack.doc, "expect");
	calls = json_num_or(expect, "calls", 1);
	use.input = (int64_t)(calls * json_num_or(expect, "input_tokens", 0));
	use.output = (int64_t)(calls * json_num_or(expect, "output_tokens", 0));
	first_link(p, json_str_or(json_get(p->routes, "purposes"), pack.id, pack.role),
		provider, model, sizeof(model));
	entry = read_entry(p->env, provider, e);
	if (entry == NULL)
		goto out;
	t.facts = facts_of(entry, model);
	usd = money_cost(&t, &use, &priced);
	p->tokens += use.input + use.output;
	p->micro_usd += usd;
	p->unpriced |= !priced;
	row = json_add_object(p->by_node, node_rows[node].name, e);
	if (row != NULL && json_set_str(row, "model", model, e) == 0 &&
		json_set_int(row, "tokens", use.input + use.output, e) == 0)
		ret = json_set_usd(row, "usd", usd, e);
out:
	json_free(entry);
	pack_release(&pack);
	return ret;
}

cJSON *predict_from(struct node_env *env, enum node_id first, struct err *e)
{
	struct prediction p = { .env = env };
	cJSON *out = json_new_object(e);
	int spends = strcmp(env->provider, "none") != 0 &&
		strcmp(env->provider, "replay") != 0;
	int ret = -1;

	p.by_node = json_new_object(e);
	p.routes = read_routes(env, e);
	if (out != NULL && p.by_node != NULL && p.routes != NULL)
		ret = 0;
	for (enum node_id n = first; ret == 0 && spends && n < NODE_COUNT; n++)
		if (predict_asks(env, n))
			ret = add_node(&p, n, e);
	if (ret < 0 || json_set_int(out, "tokens", p.tokens, e) < 0 ||
		json_set_usd(out, "usd", p.micro_usd, e) < 0 ||
		json_set_bool(out, "unpriced", p.unpriced, e) < 0 ||
		json_set(out, "by_node", p.by_node, e) < 0) {
		if (ret < 0)
			json_free(p.by_node);
		json_free(out);
		out = NULL;
	}
	json_free(p.routes);
	return out;
}
