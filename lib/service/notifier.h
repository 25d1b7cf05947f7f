/*
 * notifier.h - delivers what the outbox holds (store/hooks.h): webhooks and mails, on a
 * thread of its own with a database connection of its own, so that a slow receiver
 * delays nobody but other receivers. Also reminds of gates that wait.
 * Thread safety: start and stop from one thread; ring from any.
 */
#ifndef MLOPS_SERVICE_NOTIFIER_H
#define MLOPS_SERVICE_NOTIFIER_H

#include "config.h"

struct notifier;

/* `config` and `log` are borrowed until notifier_stop. */
int notifier_start(struct notifier **out, const struct config *config,
	const struct log *log, struct err *e);
void notifier_stop(struct notifier *n); /* NULL is fine */

/* There may be something to deliver: look now. */
void notifier_ring(struct notifier *n); /* NULL is fine */

#endif
