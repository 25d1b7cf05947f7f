/* The best plan over all places where it could lie. */
#include "internal.h"

#include <string.h>

static uint64_t node_limit(const struct knowledge *k)
{
	return k->opts->node_limit != 0 ? k->opts->node_limit : COMPOSE_NODES;
}

static int solve_compiled(
	struct scenario *sc, size_t k, struct solver_result *r, struct err *e)
{
	struct solver_limits limits = { .k = k, .nodes = node_limit(sc->k) };

	memset(r, 0, sizeof(*r));
	r->optimal = 1;
	if (sc->impossible.kind[0] != '\0')
		return 0;
	if (solver_solve(&sc->problem, &limits, r) < 0)
		return err_set(
			e, ERR_INTERNAL, "the problem is too large for the solver");
	return 0;
}

static void scenario_free(struct scenario *sc)
{
	if (sc == NULL)
		return;
	scenario_release(sc);
	free(sc);
}

static struct scenario *scenario_new(struct knowledge *k, const cJSON *constraints,
	const struct site *site, int per_jurisdiction, const struct scenario *like,
	struct err *e)
{
	struct scenario *sc = malloc(sizeof(*sc));

	if (sc == NULL) {
		err_no_memory(e);
		return NULL;
	}
	if (scenario_init(sc, k, constraints, site, per_jurisdiction, like, e) < 0) {
		scenario_free(sc);
		return NULL;
	}
	return sc;
}

static int better(const struct solver_plan *a, const struct solver_plan *b)
{
	return solver_compare(a, b, 0) < 0;
}

static void note(
	struct solution *s, const struct site *site, const struct solver_result *r)
{
	struct weighed *w = &s->weighed[s->n_weighed++];

	w->site = *site;
	w->feasible = r->n > 0;
	w->penalty = r->plans[0].penalty;
	w->cents = r->plans[0].cents;
	w->burden = r->plans[0].burden;
	s->nodes += r->nodes;
	if (r->optimal)
		return;
	s->optimal = 0;
	if (r->bound_penalty < s->bound_penalty ||
		(r->bound_penalty == s->bound_penalty &&
			r->bound_cents < s->bound_cents)) {
		s->bound_penalty = r->bound_penalty;
		s->bound_cents = r->bound_cents;
	}
}

static void give_up(struct solution *s, struct scenario *sc)
{
	if (sc != s->like && sc != s->sc)
		scenario_free(sc);
}

/* Solves at one site; keeps it when it is the best yet, or the first of all. */
static int try_site(struct solution *s, struct knowledge *k, const cJSON *constraints,
	const struct site *site, int per_jurisdiction, size_t n_best, struct err *e)
{
	struct scenario *sc =
		scenario_new(k, constraints, site, per_jurisdiction, s->like, e);
	struct scenario *old = s->sc, *like = s->like;
	struct solver_result r;

	if (sc == NULL)
		return -1;
	if (sc->alone) {
		s->like = sc;
		give_up(s, like);
	}
	if (solve_compiled(sc, n_best, &r, e) < 0) {
		give_up(s, sc);
		return -1;
	}
	note(s, site, &r);
	if (s->sc == NULL ||
		(r.n > 0 && (s->r.n == 0 || better(&r.plans[0], &s->r.plans[0])))) {
		s->sc = sc;
		s->r = r;
		give_up(s, old);
	} else {
		give_up(s, sc);
	}
	return 0;
}

static void forget_like(struct solution *s)
{
	struct scenario *like = s->like;

	s->like = NULL;
	give_up(s, like);
}

/* Two single regions that offer the same services differ in prices only. */
static int same_offer(
	const struct knowledge *k, const struct site *a, const struct site *b)
{
	if (a->copies != 1 || b->copies != 1)
		return 0;
	JSON_EACH (service, services_all(k->services))
		if (service_in_region(k->services, service, a->region[0]) !=
			service_in_region(k->services, service, b->region[0]))
			return 0;
	return 1;
}

/* Without a hard budget prices do not decide whether anything fits. */
static int tells_nothing_new(const struct knowledge *k, const cJSON *constraints,
	const struct sites *sites, size_t i)
{
	if (json_true(json_at(constraints, "/budget_band/hard")))
		return 0;
	for (size_t j = 0; j < i; j++)
		if (same_offer(k, &sites->at[j], &sites->at[i]))
			return 1;
	return 0;
}

static int try_sites(struct solution *s, struct knowledge *k, const cJSON *constraints,
	const struct sites *sites, size_t n_best, int any, struct err *e)
{
	s->n_weighed = 0;
	s->chosen = sites->chosen;
	s->n_allowed = sites->n_allowed;
	for (size_t i = 0; i < sites->n; i++) {
		if (any && (s->r.n > 0 || tells_nothing_new(k, constraints, sites, i)))
			continue;
		if (try_site(s, k, constraints, &sites->at[i], sites->per_jurisdiction,
			    n_best, e) < 0)
			return -1;
	}
	forget_like(s);
	return 0;
}

static int tell_impossible(struct solution *s, struct knowledge *k,
	const cJSON *constraints, const struct reason *why, struct err *e)
{
	s->sc = scenario_new(k, constraints, NULL, 0, NULL, e);
	if (s->sc == NULL)
		return -1;
	s->sc->impossible = *why;
	return 0;
}

int solve_constraints(struct knowledge *k, const cJSON *constraints, size_t n_best,
	int any, struct solution *out, struct err *e)
{
	int copies_max = json_num_or(constraints, "availability_target", 0) > 0 ? 2 : 1;
	struct sites *sites = malloc(sizeof(*sites));
	struct reason why = { 0 };
	int ret = -1;

	memset(out, 0, sizeof(*out));
	out->optimal = 1;
	out->bound_penalty = out->bound_cents = INT64_MAX;
	if (sites == NULL)
		return err_no_memory(e);
	/* a second copy only where one does not reach the target */
	for (int copies = 1; copies <= copies_max && out->r.n == 0; copies++) {
		list_sites(k, constraints, copies, sites, &why);
		if (try_sites(out, k, constraints, sites, n_best, any, e) < 0)
			goto out;
		if (sites->per_jurisdiction)
			break;
	}
	ret = out->sc != NULL ? 0 : tell_impossible(out, k, constraints, &why, e);
out:
	free(sites);
	if (ret < 0)
		solution_release(out);
	return ret;
}

int solve_with_load(const struct solution *like, const cJSON *constraints,
	const char *item, double value, struct solution *out, struct err *e)
{
	const struct scenario *at = like->sc;
	struct knowledge *k = at->k;
	struct site site = { .copies = at->copies };

	memset(out, 0, sizeof(*out));
	memcpy(site.region, at->region, sizeof(site.region));
	k->varied = item;
	k->varied_to = value;
	out->sc = scenario_new(k, constraints, &site, at->copies > at->redundant, at, e);
	k->varied = NULL;
	if (out->sc != NULL && solve_compiled(out->sc, 1, &out->r, e) == 0)
		return 0;
	solution_release(out);
	return -1;
}

void solution_release(struct solution *s)
{
	forget_like(s);
	scenario_free(s->sc);
	s->sc = NULL;
}
