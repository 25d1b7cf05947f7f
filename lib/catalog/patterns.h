/*
 * patterns.h - the capability patterns of share/patterns, as checked trees.
 *
 * Patterns are read by cloud and capability, so that a plan costs only the files
 * that it could use; beside share/patterns there may be folders of own patterns
 * (env->patterns). A pattern that is not sound is left out as a whole, with a
 * warning that names file and place, and listed in `refused`, so that a plan can say
 * that it was made without it. The others are not touched. Deeper checks: lint.h.
 * Thread safety: read-only after loading.
 */
#ifndef MLOPS_CATALOG_PATTERNS_H
#define MLOPS_CATALOG_PATTERNS_H

#include "state/state.h"

/* Of what one pattern may leave open: parameters with free choices, and options in all. */
#define PATTERN_CHOICES_MAX 6
#define PATTERN_OPTIONS_MAX 256

struct pattern {
	const char *id; /* "aws.serve.fargate-alb"; borrowed from json */
	const char *version, *capability, *title;
	char *path; /* of its pattern.json: "share/patterns/...", or an own folder's */
	cJSON *json;
	int names_region; /* a formula looks at plan.region */
	char *loads;      /* the volumes that its formulas read: " eps rps_peak " */
};

/* A pattern that was left out, and why: "/bom/3: 'sku' is missing". */
struct pattern_refusal {
	char id[128], why[256];
};

struct patterns {
	struct pattern *at; /* sorted by id within each capability loaded */
	size_t n;
	char *cloud;
	char loaded[512]; /* capabilities, each with a space around */
	struct pattern_refusal *refused;
	size_t n_refused;
	struct buf twice; /* lines about own patterns whose ids others have: not read */
};

int patterns_init(struct patterns *p, const char *cloud, struct err *e);
void patterns_release(struct patterns *p);

/* Adds the patterns of one capability ("base" too); twice is once. A missing
 * folder has no patterns. */
int patterns_load(
	struct patterns *p, struct node_env *env, const char *capability, struct err *e);

/* By id; NULL if it is not loaded. */
const struct pattern *patterns_find(const struct patterns *p, const char *id);

/* Every capability there is, "base" first; ends with NULL. */
extern const char *const catalog_capabilities[];

/* Names of a capability's folders, loaded or not; free with file_list_free. A
 * missing folder is an empty list. */
int patterns_names(struct node_env *env, const char *cloud, const char *capability,
	char ***names, size_t *n, struct err *e);

/* Refuses a loaded pattern, with a warning; it stays in `at` for those who look at
 * patterns, and whoever plans asks patterns_refused. 0, or -1 without memory. */
int patterns_refuse(struct patterns *p, struct node_env *env, const struct pattern *which,
	const char *why, struct err *e);
/* Why a pattern was refused; NULL if it was not. */
const char *patterns_refused(const struct patterns *p, const char *id);

/* 0, or -1 with "/bom/3: 'sku' is missing": what the planner relies on. */
int pattern_check(const cJSON *json, const char *folder_id, struct err *e);

#endif
