/* Risks that a model names beside the computed findings. */
#include <string.h>

#include "tech.h"

#define CRITIC "critic.tech"

static int add_components(
	cJSON *out, const cJSON *list, const char *member, struct err *e)
{
	JSON_EACH (it, list) {
		const char *name = json_text(json_get(it, member));

		if (name != NULL && !json_has_text(out, name) &&
			json_push_str(out, name, e) < 0)
			return -1;
	}
	return 0;
}

/* What exists: the plan's slots, its bases, the components of its bill. */
static int components(const struct tech *t, cJSON *out, struct err *e)
{
	return add_components(out, json_get(t->plan, "slots"), "slot", e) < 0 ||
			add_components(out, json_get(t->plan, "bases"), "module", e) < 0
		? -1
		: add_components(out, json_get(t->plan, "bom"), "component", e);
}

static cJSON *question(const struct tech *t, struct err *e)
{
	cJSON *in = json_new_object(e), *list;

	list = in == NULL ? NULL : json_add_array(in, "components", e);
	if (list == NULL || components(t, list, e) < 0 ||
		json_set_copy(in, "constraints", t->constraints, e) < 0 ||
		json_set_copy(in, "estimates", json_get(t->plan, "estimates"), e) < 0 ||
		json_set_copy(in, "findings", t->findings, e) < 0) {
		json_free(in);
		return NULL;
	}
	return in;
}

static int add_risk(struct tech *t, const cJSON *item, struct err *e)
{
	cJSON *f = finding(t, "advice", SEV_INFO, json_str_or(item, "component", ""), e);

	return f == NULL ||
			finding_title(f, e, "%s", json_str_or(item, "risk", "")) < 0 ||
			finding_detail(f, e,
				"named by a model; no computed check speaks of it") < 0 ||
			finding_remedy(f, e, "%s", json_str_or(item, "probe", "")) < 0 ||
			json_set_str(f, "source", "llm", e) < 0
		? -1
		: 0;
}

static int take(struct tech *t, const cJSON *in, const cJSON *item,
	const struct numbers *known, int *taken, struct err *e)
{
	const char *component = json_str_or(item, "component", ""),
		   *risk = json_str_or(item, "risk", ""),
		   *probe = json_str_or(item, "probe", "");
	char bad[64];

	if (!json_has_text(json_get(in, "components"), component))
		return model_refuse(t->env, CRITIC, e,
			"a risk of '%.100s', which the plan does not have", component);
	if (!numbers_known(known, risk, bad, sizeof(bad)) ||
		!numbers_known(known, probe, bad, sizeof(bad)))
		return model_refuse(t->env, CRITIC, e,
			"a risk of '%.100s': the number %s is not in the state",
			component, bad);
	if (strstr(risk, "://") != NULL || strstr(probe, "://") != NULL)
		return model_refuse(t->env, CRITIC, e,
			"a risk of '%.100s': it holds an address", component);
	(*taken)++;
	return add_risk(t, item, e);
}

int advise(struct tech *t, struct err *e)
{
	cJSON *in, *answer = NULL;
	struct numbers *known = NULL;
	int ret, taken = 0;

	if (!model_wanted(t->env))
		return 0;
	in = question(t, e);
	ret = in == NULL ? -1 : model_ask(t->env, CRITIC, in, NULL, &answer, e);
	if (ret > 0) {
		known = numbers_new(in, e);
		ret = known == NULL ? -1 : 0;
		JSON_EACH (item, json_get(answer, "risks"))
			if (ret == 0)
				ret = take(t, in, item, known, &taken, e);
		if (ret == 0 && taken > 0)
			ret = model_accept(t->env, CRITIC, e,
				"%d risks beside the computed findings", taken);
	}
	numbers_free(known);
	json_free(in);
	json_free(answer);
	return ret < 0 ? -1 : 0;
}
