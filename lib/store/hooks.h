/*
 * hooks.h - who wants to be told of what, and what has still to be delivered: an
 * outbox that is filled in the transaction of the event itself, so that no event is
 * told without having happened, or the other way round.
 *
 * An endpoint is a URL ("https://...") with a secret, or a mailbox ("mailto:..."). A
 * delivery is claimed under a lease; whoever claims it later holds a higher attempt,
 * and only the last holder's word counts. What a receiver gets twice has the same
 * message id. Times are milliseconds since 1970 by the caller's clock.
 * Thread safety: as store.h.
 */
#ifndef MLOPS_STORE_HOOKS_H
#define MLOPS_STORE_HOOKS_H

#include "requests.h"

/* The types that one can ask for (specification 22.5), ending in NULL: "plan.ready",
 * "gate.waiting", "run.complete", "run.error". */
extern const char *const hook_types[];

/* `types` is an array of them. */
int store_hook_add(struct store *s, const char *project_id, const char *url,
	const char *secret, const cJSON *types, const char *actor, char id[ID_TEXT_MAX],
	struct err *e);

/* {id, project_id, url, types, enabled, ...} without secrets; NULL when there is none. */
int store_hook_find(struct store *s, const char *hook_id, cJSON **out, struct err *e);

/* Lists as requests.h does; of deliveries, page->set_id is the endpoint's id. */
int store_print_hooks(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);
int store_print_deliveries(
	struct store *s, struct store_page *p, struct buf *out, size_t *n, struct err *e);

/* Its deliveries go with it. */
int store_hook_remove(struct store *s, const char *hook_id, struct err *e);

/* The new secret signs beside the old one until the next rotation takes the old one's
 * place. */
int store_hook_rotate(
	struct store *s, const char *hook_id, const char *secret, struct err *e);

/* Puts what an event means for endpoints into the outbox. Inside its transaction. */
int store_hook_event(struct store *s, const char *project_id, const char *set_id,
	const char *run_id, const char *event_type, const char *ts, struct err *e);

/* Claims up to `max` that are due: an array of {id, attempt, webhook_id, url, secret,
 * next_secret, message_id, type, body}, which the caller owns. */
int store_deliveries_claim(struct store *s, int64_t now_ms, int64_t lease_ms, int64_t max,
	cJSON **out, struct err *e);

struct store_delivered {
	int64_t id, attempt;
	const char *status; /* "delivered", "waiting" (again at next_ms), "given_up" */
	int64_t next_ms, now_ms;
	const char *why;     /* one line for the record */
	const char *disable; /* an endpoint to switch off (410 Gone), or NULL */
};
int store_delivery_done(struct store *s, const struct store_delivered *d, struct err *e);

/* Gates that have waited for remind_ms since they began to wait or since they were last
 * reminded of: an event gate_reminder each. *n counts them. */
int store_gate_reminders(
	struct store *s, int64_t now_ms, int64_t remind_ms, int64_t *n, struct err *e);

/* Decision sets whose gate nobody answered before its time was over become stale, with an
 * event each. *n counts them. */
int store_gate_expiries(struct store *s, int64_t now_ms, int64_t *n, struct err *e);

#endif
