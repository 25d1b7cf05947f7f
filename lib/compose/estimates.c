/* What a plan costs, how fast and how available it is: in sum and by path. */
#include "emit.h"

#include <math.h>
#include <string.h>

#include "pricing/bill.h"

/* All hops on a path, in the order of its slots. */
static size_t path_hops(const struct scenario *sc, const struct solver_plan *sp,
	size_t path, struct hop *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct option *o = &sc->slots[i].options[sp->choice[i]];

		if ((sc->slots[i].paths >> path & 1) == 0)
			continue;
		for (size_t h = 0; h < o->n_hops && n < max; h++)
			out[n++] = o->hops[h];
	}
	return n;
}

/* 1 if the instance that fills the slot has counted for an earlier one of the path. */
static int counted(
	const struct scenario *sc, const struct solver_plan *sp, size_t slot, size_t path)
{
	int instance = sc->slots[slot].options[sp->choice[slot]].instance;

	if (instance < 0 || (sc->components[instance].paths >> path & 1) == 0)
		return 0;
	for (size_t i = 0; i < slot; i++)
		if (sc->slots[i].options[sp->choice[i]].instance == instance)
			return 1;
	return 0;
}

static double path_availability(const struct scenario *sc, const struct solver_plan *sp,
	size_t path, struct buf *basis, struct buf *unpublished)
{
	double a = 100;

	for (size_t i = 0; i < sc->n_slots; i++) {
		const struct option *o = &sc->slots[i].options[sp->choice[i]];

		if ((sc->slots[i].paths >> path & 1) == 0 || counted(sc, sp, i, path))
			continue;
		a *= o->availability_pct / 100;
		buf_addf(basis, "%s%s %.5g", basis->len > 0 ? " x " : "",
			sc->slots[i].name, o->availability_pct);
		if (o->unpublished[0] != '\0')
			buf_addf(unpublished, "%s%s", unpublished->len > 0 ? ", " : "",
				o->unpublished);
	}
	return availability_redundant(a, sc->redundant);
}

static int emit_path(const struct scenario *sc, const struct solver_plan *sp, size_t path,
	cJSON *to, int headline, struct err *e)
{
	struct hop hops[64];
	size_t n = path_hops(sc, sp, path, hops, ARRAY_LEN(hops));
	struct buf basis = BUF_INIT(4096), unpublished = BUF_INIT(4096);
	double pct = path_availability(sc, sp, path, &basis, &unpublished);
	int ret = -1;

	if (n > 0 &&
		(set_ms(to, "p50_latency_ms", path_percentile_ms(hops, n, 50), e) < 0 ||
			set_ms(to, "p95_latency_ms", path_percentile_ms(hops, n, 95), e) <
				0 ||
			set_ms(to, "p99_latency_ms", path_percentile_ms(hops, n, 99), e) <
				0 ||
			set_ms(to, "p95_upper_ms", path_upper_ms(hops, n, 95), e) < 0))
		goto out;
	if (json_set_num(to, "availability_pct", round(pct * 1e5) / 1e5, e) < 0)
		goto out;
	if (sc->redundant > 1)
		buf_addf(&basis, "; %d independent regions: 1 - (1 - a)^%d",
			sc->redundant, sc->redundant);
	if (unpublished.len > 0)
		buf_addf(&basis, "; at most, as no SLA is published or known for %s",
			unpublished.ptr);
	buf_add_str(&basis, "; an SLA is a refund threshold, not a measurement");
	if (buf_ok(&basis, e) < 0 ||
		json_set_str(to, "availability_basis", basis.ptr, e) < 0 ||
		json_set_bool(to, "availability_at_most", unpublished.len > 0, e) < 0)
		goto out;
	if (headline)
		ret = json_set_str(to, "path", sc->paths[path].id, e);
	else
		ret = 0;
out:
	buf_release(&basis);
	buf_release(&unpublished);
	return ret;
}

int emit_paths(const struct scenario *sc, const struct solver_plan *sp, cJSON *plan,
	struct err *e)
{
	cJSON *paths = json_add_array(plan, "paths", e);

	for (size_t i = 0; paths != NULL && i < sc->n_paths; i++) {
		cJSON *p = json_push_object(paths, e), *slots;

		if (p == NULL || json_set_str(p, "path", sc->paths[i].id, e) < 0 ||
			json_set_str(p, "title",
				json_str_or(sc->paths[i].def, "title", ""), e) < 0 ||
			json_set_num(p, "copies", sc->redundant, e) < 0)
			return -1;
		slots = json_add_array(p, "slots", e);
		for (size_t j = 0; slots != NULL && j < sc->n_slots; j++)
			if ((sc->slots[j].paths >> i & 1) != 0 &&
				json_push_str(slots, sc->slots[j].name, e) < 0)
				return -1;
		if (slots == NULL ||
			json_set_bool(p, "limits_latency", sc->paths[i].limits_latency,
				e) < 0 ||
			json_set_bool(p, "limits_availability",
				sc->paths[i].limits_availability, e) < 0 ||
			emit_path(sc, sp, i, p, 0, e) < 0)
			return -1;
	}
	return paths == NULL ? -1 : 0;
}

/* The path that the constraints speak of: the first that is limited, else the first. */
size_t headline_path(const struct scenario *sc)
{
	for (size_t i = 0; i < sc->n_paths; i++)
		if (sc->paths[i].limits_latency)
			return i;
	return 0;
}

/* The end of the bill's range: usage lines times the factor, exact to a hundredth of it. */
static pico_usd bound_of(const struct money *m, double factor)
{
	return m->baseline + m->usage * (int)(factor * 100) / 100;
}

int emit_estimates(const struct scenario *sc, const struct solver_plan *sp,
	const struct money *m, cJSON *plan, struct err *e)
{
	cJSON *est = json_add_object(plan, "estimates", e);

	if (est == NULL || pico_set_usd(est, "monthly_usd", m->priced, e) < 0 ||
		pico_set_usd(est, "ranked_usd", m->ranked, e) < 0 ||
		pico_set_usd(est, "low_usd", bound_of(m, BILL_LOW_FACTOR), e) < 0 ||
		pico_set_usd(est, "high_usd", bound_of(m, BILL_HIGH_FACTOR), e) < 0 ||
		pico_set_usd(est, "baseline_usd", m->baseline, e) < 0 ||
		pico_set_usd(est, "usage_usd", m->usage, e) < 0 ||
		json_set_num(est, "unpriced_lines", (double)m->unpriced, e) < 0 ||
		json_set_num(est, "estimated_lines", (double)m->estimated, e) < 0 ||
		json_set_str(est, "prices",
			m->unpriced > 0
				? "some lines have no price: the sum is a lower bound, "
				  "and the ranking rests on marked estimates"
				: m->estimated > 0
				? "known prices, some estimated from another region"
				: "known prices",
			e) < 0)
		return -1;
	if (sc->n_paths == 0)
		return json_set_null(est, "p50_latency_ms", e) < 0 ||
				json_set_null(est, "p95_latency_ms", e) < 0 ||
				json_set_null(est, "p99_latency_ms", e) < 0 ||
				json_set_null(est, "p95_upper_ms", e) < 0 ||
				json_set_null(est, "availability_pct", e) < 0 ||
				json_set_str(est, "availability_basis",
					"no request path in this plan", e) < 0
			? -1
			: 0;
	return emit_path(sc, sp, headline_path(sc), est, 1, e);
}

int emit_objective(const struct solver_plan *sp, cJSON *to, struct err *e)
{
	cJSON *o = json_add_object(to, "objective", e);

	if (o == NULL || json_set_num(o, "hard_violations", 0, e) < 0 ||
		json_set_num(o, "soft_penalty", (double)sp->penalty, e) < 0 ||
		json_set_num(o, "monthly_usd", (double)sp->cents / 100, e) < 0 ||
		json_set_num(o, "burden", (double)sp->burden, e) < 0)
		return -1;
	return 0;
}
