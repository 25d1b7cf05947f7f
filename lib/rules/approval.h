/*
 * approval.h - what an approval is bound to, and whether it still holds.
 *
 * The digests are semantic: they cover what was asked, what a plan builds, what it
 * costs, what the critic found and what the policy said, and no wording, time stamp or
 * order. A state with other words and the same meaning keeps its approval; a material
 * change voids it, and so does another name, time, expiry or list of waivers. What is
 * noise is a list (approval.c); all that is not on it is material.
 * Thread safety: reentrant.
 */
#ifndef MLOPS_RULES_APPROVAL_H
#define MLOPS_RULES_APPROVAL_H

#include "json/json.h"

/* Sets the members constraints, plan, cost, findings, policy (null for a part that the
 * state has not), each the hex SHA-256 of that part's meaning. `state` may be any
 * object with these keys. */
int approval_digest(const cJSON *state, cJSON *out, struct err *e);

/* Sets digest.all of a decision that is written down: over its digests, and over who
 * decided what, when, until when and with which waivers. */
int approval_seal(cJSON *hitl, struct err *e);

/*
 * Why nothing may be generated from a state, in `why`; an empty string when it is
 * approved, not expired at now_ns, and every part that `state` has is the approved
 * one. A node that sees plan and cost only checks these two.
 */
#define APPROVAL_WHY_MAX 200
int approval_check(
	const cJSON *state, int64_t now_ns, char why[APPROVAL_WHY_MAX], struct err *e);

#endif
