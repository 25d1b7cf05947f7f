/*
 * What each volume that nobody stated decides: the plan solved again with twice as much.
 * The planner chose the value; here stands what being wrong by a factor of two costs.
 */
#include "tech.h"

#include <math.h>
#include <string.h>

#include "compose/probe.h"

/* The constraints at the plan's own regions, so that only one thing differs. */
static cJSON *constraints_of(const struct tech *t, struct err *e)
{
	cJSON *c = t->constraints != NULL ? json_copy(t->constraints, e)
					  : json_new_object(e);

	if (c != NULL && json_len(json_get(t->plan, "regions")) == 1 &&
		json_set_copy(c, "regions", json_get(t->plan, "regions"), e) < 0) {
		json_free(c);
		return NULL;
	}
	return c;
}

static const char *pattern_in(const char *patterns, const char *slot, size_t *len)
{
	size_t n = strlen(slot);

	for (const char *p = patterns; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, slot, n) == 0 && p[n] == '=') {
			*len = strcspn(p + n + 1, " ");
			return p + n + 1;
		}
	return NULL;
}

/* 1 if the outline is that of the plan. */
static int same_plan(const struct tech *t, const struct probe_answer *a)
{
	JSON_EACH (s, t->slots) {
		size_t len = 0;
		const char *p = pattern_in(a->patterns, json_str_or(s, "slot", ""), &len);
		const char *is = json_str_or(s, "pattern", "");

		if (p == NULL || len != strlen(is) || strncmp(p, is, len) != 0)
			return 0;
	}
	return a->feasible;
}

/* "twice as much costs $7.02 a month more, with aws.x at store@vector" */
static int tell(const struct tech *t, cJSON *to, const struct probe_answer *base,
	const struct probe_answer *twice, struct err *e)
{
	double delta = round((twice->monthly_usd - base->monthly_usd) * 100) / 100;
	struct buf text = BUF_INIT(8192);
	int changed = 0, ret;

	if (!twice->feasible) {
		ret = json_set_str(to, "text",
			"with twice as much no plan meets every constraint", e);
		return ret < 0 ? -1 : json_set_bool(to, "feasible", 0, e);
	}
	if (delta == 0)
		buf_add_str(&text, "twice as much costs the same");
	else
		buf_addf(&text, "twice as much costs $%.2f a month %s", fabs(delta),
			delta > 0 ? "more" : "less");
	JSON_EACH (s, t->slots) {
		const char *slot = json_str_or(s, "slot", ""),
			   *is = json_str_or(s, "pattern", "");
		size_t len = 0;
		const char *p = pattern_in(twice->patterns, slot, &len);

		if (p != NULL && (len != strlen(is) || strncmp(p, is, len) != 0))
			buf_addf(&text, "%s %.*s at %s", changed++ > 0 ? "," : ", with",
				(int)len, p, slot);
	}
	ret = buf_ok(&text, e) < 0 || json_set_str(to, "text", text.ptr, e) < 0 ||
			json_set_bool(to, "feasible", 1, e) < 0 ||
			json_set_num(to, "twice_usd", delta, e) < 0
		? -1
		: json_set_num(to, "slots_changed", changed, e);
	buf_release(&text);
	return ret;
}

static int weigh(struct tech *t, struct probe *p, cJSON *list, const cJSON *assumption,
	const struct probe_answer *base, struct err *e)
{
	const char *member =
		json_str_or(assumption, "field", "") + strlen("/throughput/");
	cJSON *c = constraints_of(t, e), *volumes, *to;
	struct probe_answer twice;
	int ret = -1;

	volumes = c == NULL ? NULL : json_own(c, "throughput", e);
	if (volumes == NULL ||
		json_set_num(volumes, member, 2 * json_num_or(assumption, "value", 0),
			e) < 0 ||
		probe_solve(p, c, &twice, e) < 0)
		goto out;
	to = json_push_object(list, e);
	if (to != NULL &&
		json_set_str(to, "field", json_str_or(assumption, "field", ""), e) == 0)
		ret = tell(t, to, base, &twice, e);
out:
	json_free(c);
	return ret;
}

int check_assumptions(struct tech *t, struct err *e)
{
	cJSON *list = json_add_array(t->critique, "assumptions", e), *c = NULL;
	struct probe *p = NULL;
	struct probe_answer base;
	int ret = list == NULL ? -1 : 0;

	JSON_EACH (a, json_get(t->plan, "assumptions")) {
		if (ret < 0)
			break;
		if (strncmp(json_str_or(a, "field", ""), "/throughput/", 12) != 0 ||
			!json_is(json_get(a, "value"), JSON_NUMBER))
			continue;
		if (p == NULL) {
			c = constraints_of(t, e);
			p = c == NULL ? NULL : probe_new(t->env, c, e);
			ret = p == NULL ? -1 : probe_solve(p, c, &base, e);
			/* pinned, or of another catalogue: nothing to compare with */
			if (ret <= 0 || !same_plan(t, &base))
				break;
		}
		ret = weigh(t, p, list, a, &base, e);
	}
	probe_free(p);
	json_free(c);
	return ret < 0 ? -1 : 0;
}
