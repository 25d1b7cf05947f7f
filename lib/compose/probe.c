/* probe.c - solves variations of one brief over one reading of the catalogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/internal.h"
#include "compose/probe.h"

struct probe {
	struct knowledge k;
	struct compose_options options;
};

struct probe *probe_new(struct node_env *env, const cJSON *constraints, struct err *e)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		err_no_memory(e);
		return NULL;
	}
	p->options.node_limit = 200000; /* a question is not worth more */
	if (knowledge_load(&p->k, env, constraints, &p->options, e) < 0) {
		probe_free(p);
		return NULL;
	}
	return p;
}

void probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	knowledge_release(&p->k);
	free(p);
}

static int outline(
	const struct solution *s, struct probe_answer *out, cJSON **keep, struct err *e)
{
	cJSON *plan = json_new_object(e);
	size_t n = 0;
	int ret = plan == NULL ? -1 : emit_plan(s->sc, &s->r.plans[0], 0, plan, e);

	if (ret == 0) {
		out->feasible = 1;
		out->monthly_usd = (double)s->r.plans[0].cents / 100;
		JSON_EACH (slot, json_get(plan, "slots")) {
			int k = snprintf(out->patterns + n, sizeof(out->patterns) - n,
				"%s%s=%s", n > 0 ? " " : "",
				json_str_or(slot, "slot", ""),
				json_str_or(slot, "pattern", ""));

			if (k < 0 || (size_t)k >= sizeof(out->patterns) - n)
				break;
			n += (size_t)k;
		}
	}
	if (ret == 0 && keep != NULL)
		*keep = plan;
	else
		json_free(plan);
	return ret;
}

int probe_plan(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	cJSON **plan, struct err *e)
{
	struct solution s;
	int ret;

	memset(out, 0, sizeof(*out));
	if (plan != NULL)
		*plan = NULL;
	if (!knowledge_fits(&p->k, constraints))
		return 0;
	if (solve_constraints(&p->k, constraints, 1, 1, &s, e) < 0)
		return -1;
	ret = s.r.n > 0 ? outline(&s, out, plan, e) : 0;
	solution_release(&s);
	return ret < 0 ? -1 : 1;
}

int probe_solve(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	struct err *e)
{
	return probe_plan(p, constraints, out, NULL, e);
}
