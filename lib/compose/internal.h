/* internal.h - what the files of this room share. */
#ifndef MLOPS_COMPOSE_INTERNAL_H
#define MLOPS_COMPOSE_INTERNAL_H

#include "catalog/patterns.h"
#include "catalog/regions.h"
#include "catalog/services.h"
#include "compose.h"
#include "pricing/pricing.h"
#include "queueing/queueing.h"
#include "reopen.h"
#include "solver/solver.h"

#define HOPS_MAX    16
#define REGIONS_MAX 4  /* of one plan */
#define SITES_MAX   64 /* places that are weighed against each other */
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
	struct err failed; /* a price book is broken: no pattern is to blame for that */
	char warned[2048]; /* ids, each with a space around */
	const struct change *change; /* of a plan that was reopened; NULL: none */
	const char *varied; /* an item of the load that is `varied_to`; NULL: none */
	double varied_to;
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
	const char *capacity_of; /* "requests_per_second"; NULL: not stated */
	double capacity;
	int32_t penalty, burden;
	char penalties[256]; /* preferences not met */
	int instance; /* component that pays for it, whoever else uses it; -1: none */
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
	char *lacks;        /* of each: some of its options lack a service here */
	size_t n_patterns;
};

/* What is paid once: a base, one interface endpoint of the network, or an instance that
 * slots of one capability share. */
struct component {
	const struct pattern *pattern;
	const char *endpoint; /* NULL: the base itself */
	int is_instance;
	double availability_pct; /* of an instance, on the paths below */
	unsigned paths;
	cJSON *params;
	cJSON *services;
	struct lines lines;
	pico_usd cost;
	int32_t burden;
	struct reason
		fails; /* of its services; kind is not empty: out with all who use it */
	uint64_t requires, provides;
};

/* Where a plan could lie. */
struct site {
	char region[REGIONS_MAX][48];
	int copies; /* how many of them */
};

struct sites {
	struct site at[SITES_MAX];
	size_t n;
	size_t n_allowed;     /* regions that constraints allow */
	int chosen;           /* nobody named a region: the solver chooses */
	int per_jurisdiction; /* one region for each: none stands in for another */
};

/* One set of constraints, compiled for one site. */
struct scenario {
	struct knowledge *k;
	const struct scenario
		*like;      /* the same constraints at another site, or with another load,
		       * while compiling; or NULL */
	char *differs;      /* that other load: " eps eps_peak "; NULL: another site */
	int alone;          /* compiled without another's help */
	cJSON *c;           /* constraints with defaults */
	cJSON *ctx;         /* {c, load, plan, p} for formulas */
	cJSON *assumptions; /* array */
	char region[REGIONS_MAX][48];
	int copies;    /* regions that share the load */
	int redundant; /* of them, how many can stand in for each other */
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
	const char *filling;      /* the slot, or the base, whose sizes are being set */
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
/* The patterns of one capability, without those that no plan may rest on. */
int knowledge_patterns(struct knowledge *k, const char *capability, struct err *e);
/* 1 the first time that it is asked about an id. */
int knowledge_first_warning(struct knowledge *k, const char *id);
/* Bit of a port, 0 for a name that is none. */
uint64_t port_bit(const struct knowledge *k, const char *port);
/* ---- sound.c ---- */
/* Refuses those of the patterns from index `from` on that are not sound. */
int refuse_unsound(struct knowledge *k, size_t from, struct err *e);

/* ---- scenario.c ---- */
/* Compiles for one site; without one, only what does not depend on it. 0 also when
 * sc->impossible tells that there is nothing to solve. `like`: the same constraints,
 * compiled for another site of as many copies or, with k->varied, for this site at the
 * usual load; or NULL. Used only while this runs. */
int scenario_init(struct scenario *sc, struct knowledge *k, const cJSON *constraints,
	const struct site *site, int per_jurisdiction, const struct scenario *like,
	struct err *e);
void scenario_release(struct scenario *sc);
int list_has(const struct opt_list *l, const char *text);
double rounded(double v); /* as parameters and quantities stand in a plan */

/* What formulas see of the site: copies and the facts of slots.json. */
int build_plan_facts(struct scenario *sc, struct err *e);

/* ---- defaults.c ---- */
int fill_absent(cJSON *c, struct err *e);
int apply_defaults(struct scenario *sc, const cJSON *constraints, struct err *e);
int build_load(struct scenario *sc, const cJSON *constraints, struct err *e);
int assume(struct scenario *sc, const char *id, const char *field, const cJSON *value,
	const cJSON *def, struct err *e);
int when_true(
	const struct scenario *sc, const cJSON *def, const char *member, int absent);

/* ---- regions.c ---- */
void reason_set(struct reason *r, const char *kind, const char *constraint, double number,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The sites for this many copies; without any, why. */
void list_sites(const struct knowledge *k, const cJSON *constraints, int copies,
	struct sites *out, struct reason *why);

/* ---- problem.c ---- */
int build_problem(struct scenario *sc, struct err *e);

/* ---- values.c ---- */
/* A new value of a formula or constant. */
cJSON *value_of(const struct scenario *sc, const cJSON *rule, struct err *e);
int number_of(const struct scenario *sc, const cJSON *rule, double *out, struct err *e);
int text_of(const struct scenario *sc, const cJSON *rule, char *out, size_t max,
	struct err *e);
/* A condition; `absent` where there is none, 0 where it fails. */
int truth_of(const struct scenario *sc, const cJSON *rule, int absent);
/* The name in a list item that is "x", {"id":"x","when":...} or a formula; 0 if the
 * item does not apply. */
int named_item(const struct scenario *sc, const cJSON *item, char *out, size_t max);
/* The services of a pattern that apply with the parameters in hand: a new array. */
cJSON *services_that_apply(
	const struct scenario *sc, const struct pattern *p, struct err *e);

/* ---- eligible.c ---- */
/* 1, with the reason, when a pattern is out whatever its size. */
int excluded(const struct scenario *sc, const struct pattern *p, struct reason *r);
int use_case_fails(const struct scenario *sc, const struct pattern *p, struct reason *r);
int unknown_on_path(const struct scenario *sc, const struct slot *s,
	const struct pattern *p, struct reason *r);
/* The same, of the parameters in hand. */
int services_fail(const struct scenario *sc, const struct pattern *p, struct reason *r);
int asserts_fail(const struct scenario *sc, const struct pattern *p, struct reason *r);

/* 1 if each of these services is known to be in every region of the site. */
int services_here(const struct scenario *sc, const cJSON *services);

/* ---- bill.c ---- */
/* `each`: NULL for the lines of the pattern itself, else the lines for that list.
 * Usage is shared among copies; what is there while nothing happens is not. */
int add_lines(struct scenario *sc, const struct pattern *p, const char *each, int copies,
	struct lines *lines, struct err *e);
/* Amount, rank and status of a line, from its sku, quantity and region. */
int line_price(struct scenario *sc, struct line *l, struct err *e);
pico_usd lines_cost(const struct lines *l);
void lines_release(struct lines *l);

/* ---- bases.c ---- */
/* Components of all that a pattern shares, and of the endpoints it uses. Runs before
 * the option's own parameters, as bases have parameters of their own. */
int share_all(struct scenario *sc, const struct pattern *p, uint64_t *set, struct err *e);
/* "aws.base.ecs-cluster" -> "base_ecs_cluster". */
void base_module(const char *id, char out[80]);
/* 1, with the reason, when one of these bases cannot be had. */
int base_fails(const struct scenario *sc, uint64_t set, struct reason *r);
/* Lets the option's instance be paid once where other slots may use it, too. */
int share_instance(
	struct scenario *sc, const struct slot *s, struct option *o, struct err *e);
void port_bits(const struct scenario *sc, const struct pattern *p, uint64_t *needs,
	uint64_t *gives);

/* ---- options.c ---- */
int slot_options(struct scenario *sc, struct slot *s, struct err *e);
/* Computed parameters, in their order. 0, 1 (too large) or -1. */
int set_parameters(
	struct scenario *sc, const struct pattern *p, struct reason *r, struct err *e);
void option_release(struct option *o);
/* Takes over what the option owns, unless it fails. */
int keep_option(struct slot *s, const struct option *o, struct err *e);

/* ---- reuse.c ---- */
/* Defaults, load and facts as the other has them, and sc->like set: 1; 0 when what
 * formulas see of the site differs; -1. */
int reuse_context(struct scenario *sc, const struct scenario *like, struct err *e);
/* Sets sc->like where the slots and the facts of the site are the same, and what differs
 * of the load. */
int reuse_load(struct scenario *sc, const struct scenario *like, struct err *e);
/* A base or an endpoint, the options of one pattern: 1 when they are those of sc->like at
 * the prices of this site; 0 when they must be compiled; -1. */
int reuse_component(struct scenario *sc, struct component *c, struct err *e);
int reuse_options(struct scenario *sc, struct slot *s, size_t index, uint64_t shared,
	struct err *e);

/* ---- prefer.c ---- */
void set_penalties(struct scenario *sc, struct slot *s);

/* ---- emit.c ---- */
/* `whole` adds estimates, diagram, assumptions: the plan itself; without it, a candidate. */
int emit_plan(struct scenario *sc, const struct solver_plan *sp, int whole, cJSON *plan,
	struct err *e);
int emit_objective(const struct solver_plan *sp, cJSON *to, struct err *e);

/* ---- estimates.c ---- */
/* The path that the constraints speak of: the first that is limited, else the first. */
size_t headline_path(const struct scenario *sc);

/* ---- whynot.c ---- */
int explain_why_not(
	struct scenario *sc, const struct solver_result *best, cJSON *to, struct err *e);

/* ---- conflicts.c ---- */
int explain_conflicts(struct knowledge *k, const cJSON *constraints, cJSON *candidates,
	cJSON *plan, struct err *e);

/* ---- solution.c ---- */
/* A site that was weighed, and what came of it. */
struct weighed {
	struct site site;
	int feasible;
	int64_t penalty, cents, burden;
};

/* The best over all sites. */
struct solution {
	struct scenario *sc; /* compiled for the best site */
	struct scenario
		*like; /* the last that was compiled alone, while others are weighed */
	struct solver_result r;
	struct weighed weighed[SITES_MAX];
	size_t n_weighed;
	int chosen;       /* of several sites */
	size_t n_allowed; /* regions */
	uint64_t nodes;   /* over all sites */
	int optimal;      /* at every site; else nothing is better than this bound: */
	int64_t bound_penalty, bound_cents;
};

/* 0 with out->r.n plans (0: none is feasible; out->sc then tells of one copy), or -1.
 * `any`: the first feasible site will do, as where only feasibility is asked. */
int solve_constraints(struct knowledge *k, const cJSON *constraints, size_t n_best,
	int any, struct solution *out, struct err *e);
/* The best plan at the site of `like` with an item of the load taken otherwise. */
int solve_with_load(const struct solution *like, const cJSON *constraints,
	const char *item, double value, struct solution *out, struct err *e);
void solution_release(struct solution *s);

#endif
