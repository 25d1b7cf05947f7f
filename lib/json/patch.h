/*
 * patch.h - JSON Patch (RFC 6902), Merge Patch (RFC 7396), JSON Pointer (RFC 6901).
 * Thread safety: reentrant.
 */
#ifndef MLOPS_JSON_PATCH_H
#define MLOPS_JSON_PATCH_H

#include <cjson/cJSON.h>

#include "base/err.h"

/* A new tree with the patch applied (the caller frees it), or NULL with
 * "operation 2: ..." in *e; `doc` itself never changes. */
cJSON *json_patch(const cJSON *doc, const cJSON *patch, struct err *e);

/* A new tree: `patch` merged into a copy of `doc`. */
cJSON *json_merge_patch(const cJSON *doc, const cJSON *patch, struct err *e);

/* 0 if the text is a well-formed pointer, else -1 with ERR_INPUT. */
int json_pointer_check(const char *pointer, struct err *e);

/* Like json_at, but tells bad syntax (ERR_INPUT) from no such value (ERR_NO_INPUT). */
const cJSON *json_pointer_find(const cJSON *root, const char *pointer, struct err *e);

#endif
