/* internal.h - what the files of this room share. */
#ifndef MLOPS_COMPOSE_INTERNAL_H
#define MLOPS_COMPOSE_INTERNAL_H

#include "catalog/patterns.h"
#include "catalog/regions.h"
#include "catalog/services.h"
#include "compose.h"
#include "pricing/pricing.h"
#include "queueing/queueing.h"
#include "solver/solver.h"

#define HOPS_MAX    16
#define OPTIONS_MAX 64 /* parameter combinations of one pattern */
#define REGIONS_MAX 2  /* independent copies of a request path */
#define BASES_MAX   16

/* What is read once, however often the question changes. */
struct knowledge {
	struct node_env *env;
	const struct compose_options *opts;
	cJSON *slots; /* slots.json */
	char cloud[16];
	struct services *services;
	struct patterns patterns;
	struct region_book *regions;
	struct {
		char region[48];
		struct price_book *book;
	} books[16];
	size_t n_books;
};

/* Why an option or a pattern is out. */
struct reason {
	char kind[24];       /* "region", "compliance", "when", ... */
	char text[256];      /* with the number */
	char constraint[64]; /* JSON Pointer of the constraint behind it; may be empty */
	double number;
};

struct line {
	const cJSON *of; /* the pattern's bom entry */
	const char *component, *service, *unit, *kind, *note;
	char sku[128];
	char region[48];
	double qty;
	pico_usd amount;
	pico_usd rank; /* amount, or a marked estimate when there is no price */
	enum price_status status;
};

struct lines {
	struct line *at;
	size_t n;
};

struct option {
	const struct pattern *pattern;
	size_t pattern_index; /* within its slot, by id */
	cJSON *params;
	cJSON *services; /* ids that apply */
	struct lines lines;
	pico_usd cost; /* for ranking */
	struct hop hops[HOPS_MAX];
	const char *hop_names[HOPS_MAX], *hop_sources[HOPS_MAX];
	size_t n_hops;
	struct queue queue; /* rate 0: none */
	const char *queue_of;
	double availability_pct; /* product of what is published */
	char unpublished[160];   /* services without an SLA */
	int32_t penalty;
	char penalties[256]; /* preferences not met */
	uint64_t components;
	uint64_t requires, provides;
};

struct slot {
	const cJSON *def;
	const char *name, *capability, *workload;
	char module[64];
	unsigned paths; /* bit per path it lies on */
	int copies;
	struct option *options;
	size_t n_options;
	const struct pattern **patterns; /* all of the capability that fit the workload */
	struct reason *out; /* of each of patterns: why none of its options is left */
	size_t n_patterns;
};

/* A base, or one interface endpoint of the network. */
struct component {
	const struct pattern *pattern;
	const char *endpoint; /* NULL: the base itself */
	cJSON *params;
	cJSON *services;
	struct lines lines;
	pico_usd cost;
	uint64_t requires, provides;
};

/* One set of constraints, compiled. */
struct scenario {
	struct knowledge *k;
	cJSON *c;           /* constraints with defaults */
	cJSON *ctx;         /* {c, load, plan, p} for formulas */
	cJSON *assumptions; /* array */
	cJSON *questions;   /* array of strings */
	char region[REGIONS_MAX][48];
	int copies; /* of the request path: 1 or 2 */
	struct slot slots[SOLVER_SLOTS_MAX];
	size_t n_slots;
	struct component components[SOLVER_COMPONENTS_MAX];
	size_t n_components;
	struct {
		const cJSON *def;
		const char *id;
		int limits_latency, limits_availability;
	} paths[SOLVER_PATHS_MAX];
	size_t n_paths;
	double percentile;
	struct reason impossible; /* kind is not empty: no plan at all, and why */
	/* for the solver; borrowed by `problem` */
	struct solver_slot *s_slots;
	struct solver_option *s_options;
	struct solver_component s_components[SOLVER_COMPONENTS_MAX];
	struct solver_problem problem;
};

/* ---- knowledge.c ---- */
int knowledge_load(struct knowledge *k, struct node_env *env, const cJSON *constraints,
	const struct compose_options *o, struct err *e);
void knowledge_release(struct knowledge *k);
/* 1 if these constraints mean the cloud that was read. */
int knowledge_fits(const struct knowledge *k, const cJSON *constraints);
struct price_book *knowledge_book(struct knowledge *k, const char *region, struct err *e);
/* Bit of a port, 0 for a name that is none. */
uint64_t port_bit(const struct knowledge *k, const char *port);
/* ---- scenario.c ---- */
/* Compiles; 0 also when sc->impossible tells that there is nothing to solve. */
int scenario_init(struct scenario *sc, struct knowledge *k, const cJSON *constraints,
	int copies, struct err *e);
void scenario_release(struct scenario *sc);
int list_has(const struct opt_list *l, const char *text);
double rounded(double v); /* as parameters and quantities stand in a plan */

/* ---- options.c ---- */
int slot_options(struct scenario *sc, struct slot *s, struct err *e);
int base_component(struct scenario *sc, const char *id, size_t *index, struct err *e);
void option_release(struct option *o);
void lines_release(struct lines *l);

/* ---- emit.c ---- */
/* `whole` adds estimates, diagram, assumptions: the plan itself; without it, a candidate. */
int emit_plan(struct scenario *sc, const struct solver_plan *sp, int whole, cJSON *plan,
	struct err *e);
int emit_objective(const struct solver_plan *sp, cJSON *to, struct err *e);

/* ---- explain.c ---- */
int explain_why_not(
	struct scenario *sc, const struct solver_result *best, cJSON *to, struct err *e);
int explain_conflicts(struct knowledge *k, const cJSON *constraints, cJSON *candidates,
	cJSON *plan, struct err *e);

/* Best of one and two copies: 0 with *sc compiled and *r filled (r->n may be 0). */
int solve_constraints(struct knowledge *k, const cJSON *constraints, size_t n_best,
	struct scenario *sc, struct solver_result *r, struct err *e);

#endif
