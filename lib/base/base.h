/*
 * base.h - the ground floor: what every room may use.
 *
 * One include for errors, buffers, files, processes, clock, ids, digests and
 * the log. No part of it knows JSON or keeps global state.
 */
#ifndef MLOPS_BASE_H
#define MLOPS_BASE_H

#include "err.h"
#include "buf.h"
#include "file.h"
#include "proc.h"
#include "clock.h"
#include "digest.h"
#include "id.h"
#include "log.h"
#include "trace.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
