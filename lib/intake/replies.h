/*
 * replies.h - replies to questions as a file: a list of answers, an object of fields, or
 * a document with such a member `answers`, as a state is.
 *
 * Thread safety: reentrant.
 */
#ifndef MLOPS_INTAKE_REPLIES_H
#define MLOPS_INTAKE_REPLIES_H

#include "json/json.h"

struct cleaner;

/* The answers of a file, without secrets, for the caller to free. */
cJSON *answers_of_file(struct cleaner *c, const char *path, struct err *e);
/* The same of a document that was parsed; `path` is for messages. */
cJSON *answers_of_doc(
	struct cleaner *c, const cJSON *doc, const char *path, struct err *e);

/* Writes the answers to the file, whole or not at all: in place of those that it holds
 * where it is a document with more in it. What is no regular file stays as it is. */
int replies_keep(const char *path, const cJSON *answers, struct err *e);

#endif
