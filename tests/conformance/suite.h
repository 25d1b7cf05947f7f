/*
 * suite.h - one public suite: reads a file of its format and tells, case by case,
 * what passed, what failed and what lies outside the stated scope.
 */
#ifndef MLOPS_TESTS_CONFORMANCE_SUITE_H
#define MLOPS_TESTS_CONFORMANCE_SUITE_H

#include "base/base.h"
#include "json/json.h"

struct tally {
	const char *path; /* the file at hand */
	size_t passed, failed, skipped;
};

void pass(struct tally *t);
void fail(struct tally *t, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void skip(struct tally *t, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A suite gets the whole text of a file. -1 with *e: not of the suite's format. */
struct suite {
	const char *name;
	int (*run)(struct tally *t, const char *text, size_t len, struct err *e);
};

/* The file as JSON, by the plain rules; NULL with *e. */
cJSON *read_json(const char *text, size_t len, struct err *e);

/* Appends the bytes of a base64 member; -1 with *e when it is not there or broken. */
int base64_member(const cJSON *obj, const char *key, struct buf *out, struct err *e);

/* A value as compact JSON for messages, cut to a line; valid until the next call
 * with the same slot (0, 1 or 2). */
const char *shown(const cJSON *v, int slot);

int run_jsonlogic(struct tally *t, const char *text, size_t len, struct err *e);
int run_json_schema(struct tally *t, const char *text, size_t len, struct err *e);
int run_jcs(struct tally *t, const char *text, size_t len, struct err *e);
int run_json_parsing(struct tally *t, const char *text, size_t len, struct err *e);
int run_json_patch(struct tally *t, const char *text, size_t len, struct err *e);
int run_merge_patch(struct tally *t, const char *text, size_t len, struct err *e);
int run_json_pointer(struct tally *t, const char *text, size_t len, struct err *e);
int run_mustache(struct tally *t, const char *text, size_t len, struct err *e);
int run_rfc3339(struct tally *t, const char *text, size_t len, struct err *e);
int run_uuid(struct tally *t, const char *text, size_t len, struct err *e);
int run_cyclonedx(struct tally *t, const char *text, size_t len, struct err *e);
int run_sarif(struct tally *t, const char *text, size_t len, struct err *e);
int run_github_workflow(struct tally *t, const char *text, size_t len, struct err *e);
int run_jose(struct tally *t, const char *text, size_t len, struct err *e);
int run_sigv4(struct tally *t, const char *text, size_t len, struct err *e);
int run_sse(struct tally *t, const char *text, size_t len, struct err *e);
int run_webhooks(struct tally *t, const char *text, size_t len, struct err *e);
int run_secrets(struct tally *t, const char *text, size_t len, struct err *e);

#endif
