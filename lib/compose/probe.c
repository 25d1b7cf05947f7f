/* probe.c - solves variations of one brief over one reading of the catalogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose/internal.h"
#include "compose/probe.h"

struct probe {
	struct knowledge k;
	struct compose_options options;
	struct solution base;
	cJSON *constraints; /* of the base */
	size_t n_patterns;  /* that had been read for it */
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
	solution_release(&p->base);
	json_free(p->constraints);
	knowledge_release(&p->k);
	free(p);
}

static void outline(const struct solution *s, struct probe_answer *out)
{
	const struct solver_plan *best = &s->r.plans[0];
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	if (s->r.n == 0)
		return;
	out->feasible = 1;
	out->monthly_usd = (double)best->cents / 100;
	for (size_t i = 0; i < s->sc->n_slots; i++) {
		const struct slot *slot = &s->sc->slots[i];
		int k = snprintf(out->patterns + n, sizeof(out->patterns) - n, "%s%s=%s",
			n > 0 ? " " : "", slot->name,
			slot->options[best->choice[i]].pattern->id);

		if (k < 0 || (size_t)k >= sizeof(out->patterns) - n)
			break;
		n += (size_t)k;
	}
}

int probe_plan(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	cJSON **plan, struct err *e)
{
	struct solution s;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (plan != NULL)
		*plan = NULL;
	if (!knowledge_fits(&p->k, constraints))
		return 0;
	if (solve_constraints(&p->k, constraints, 1, 1, &s, e) < 0)
		return -1;
	outline(&s, out);
	if (plan != NULL && s.r.n > 0) {
		*plan = json_new_object(e);
		ret = *plan == NULL ? -1 : emit_plan(s.sc, &s.r.plans[0], 0, *plan, e);
	}
	if (ret < 0) {
		json_free(*plan);
		*plan = NULL;
	}
	solution_release(&s);
	return ret < 0 ? -1 : 1;
}

int probe_solve(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	struct err *e)
{
	return probe_plan(p, constraints, out, NULL, e);
}

static int solve_base(struct probe *p, struct err *e)
{
	solution_release(&p->base);
	if (solve_constraints(&p->k, p->constraints, 1, 1, &p->base, e) < 0)
		return -1;
	p->n_patterns = p->k.patterns.n;
	return 0;
}

int probe_base(struct probe *p, const cJSON *constraints, struct probe_answer *out,
	struct err *e)
{
	memset(out, 0, sizeof(*out));
	json_free(p->constraints);
	p->constraints = NULL;
	if (!knowledge_fits(&p->k, constraints))
		return 0;
	p->constraints = json_copy(constraints, e);
	if (p->constraints == NULL || solve_base(p, e) < 0)
		return -1;
	outline(&p->base, out);
	return 1;
}

int probe_load(struct probe *p, const char *item, double value, struct probe_answer *out,
	struct err *e)
{
	struct solution s;

	/* patterns that were read since have moved those that the base points to */
	if (p->n_patterns != p->k.patterns.n && solve_base(p, e) < 0)
		return -1;
	if (solve_with_load(&p->base, p->constraints, item, value, &s, e) < 0)
		return -1;
	outline(&s, out);
	solution_release(&s);
	return 0;
}
