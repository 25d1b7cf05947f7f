/*
 * extract.h - the node intake_extract: a brief, feedback and answers to constraints.
 */
#ifndef MLOPS_INTAKE_EXTRACT_H
#define MLOPS_INTAKE_EXTRACT_H

#include "catalog/lexicon.h"
#include "redact/redact.h"

struct intake_args {
	const char *brief, *answers, *only;
	struct opt_list set;
	int state, guided;
	double threshold;
};

/* The rules that mask secrets and personal data, with the files that they live in. */
struct cleaner {
	cJSON *secrets, *personal;
	struct redact *rules;
};

int cleaner_load(struct cleaner *c, struct node_env *env, struct err *e);
void cleaner_release(struct cleaner *c);
/* 0, or -1 with ERR_INPUT: too long, not UTF-8, a NUL in it. `name` is for messages. */
int brief_check(const char *text, size_t len, const char *name, struct err *e);

/* What texts and answers have given so far. */
struct gathered {
	const struct vocabulary *v;
	struct cleaner *clean;
	struct schema *schema; /* of constraints; NULL until an answer needs it */
	cJSON *schema_doc;
	cJSON *constraints, *provenance, *answers;
	size_t comments; /* of rejections: what is answered now comes after so many */
};

/* Reads a text into constraints and provenance. `source` is "text", "answer" or
 * "feedback"; only a brief's own text (source "text") has spans. */
int gather_text(struct gathered *g, const char *text, size_t len, const char *source,
	struct err *e);
/* The same with what the text says replacing what stands there. `only` limits it to
 * one field; NULL: all. The number of fields that it set, or -1. */
int gather_later(struct gathered *g, const char *text, const char *only,
	const char *source, const char *rule, struct err *e);

/* What stands at a pointer ("/constraints/...") where `value` differs from it, as a new
 * object {value, source, quote}; NULL in *out where nothing does. */
int what_stood(const struct gathered *g, const char *pointer, const cJSON *value,
	cJSON **out, struct err *e);
/* What replies have settled of the brief's contradictions and doubts goes; what they
 * contradict, in the brief or one another, is noted with both quotes. */
int settle_replies(struct gathered *g, struct err *e);

/* One answer {"field","value"|"text","question"?,"source"?}: typed or free text. Its member
 * "comments" says how many comments of rejections stood when it was given; none: 0. */
int gather_answer(struct gathered *g, const cJSON *answer, struct err *e);
/* Notes in an answer that was given now the comments that it comes after. */
int answer_after(cJSON *answer, const struct gathered *g, struct err *e);
/* "field=value" of --set as an answer, for the caller to free. */
cJSON *answer_of_option(const char *option, struct err *e);

int extract_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e);
int coverage_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e);
int questions_run(struct node_env *env, const void *args, const cJSON *in, cJSON *out,
	struct err *e);

/* Coverage of constraints as an object; questions as a list: for guided mode, too. */
cJSON *coverage_of(struct node_env *env, const cJSON *constraints,
	const cJSON *provenance, double threshold, struct err *e);
cJSON *questions_of(struct node_env *env, const cJSON *constraints, const cJSON *coverage,
	size_t most, struct err *e);

/* The gate `intake`: adds required_facts to coverage; 10 when a policy rule declares
 * with `requires_fact` a fact that is not known, else 0, or -1. */
int required_facts(
	struct node_env *env, const cJSON *constraints, cJSON *coverage, struct err *e);

/* Names of the packs in share/policies, sorted; each is the caller's to free. */
#define POLICY_PACKS_MAX 128
size_t policy_packs(const char *share, char *out[POLICY_PACKS_MAX]);

/* Asks on the terminal until covered; changes constraints, provenance and answers. Each
 * reply is kept in `file` as it is given; NULL: in no file. */
int guided_run(struct node_env *env, struct gathered *g, double threshold,
	const char *file, struct err *e);

#endif
