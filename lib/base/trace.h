/*
 * trace.h - W3C Trace Context (www.w3.org/TR/trace-context, version 00): one trace from
 * an API request through job and node to the model provider. Thread safety: reentrant.
 */
#ifndef MLOPS_TRACE_H
#define MLOPS_TRACE_H

#include "err.h"

#define TRACE_MAX 56 /* "00-<32 hex>-<16 hex>-<2 hex>" and its end */

/* 1 when the text is a valid traceparent of version 00. */
int trace_is_valid(const char *text);

/* The next hop's traceparent: the same trace and flags with a span of its own, or a new
 * trace when `from` is NULL or not valid. */
int trace_next(const char *from, char out[TRACE_MAX], struct err *e);

#endif
