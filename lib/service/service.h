/*
 * service.h - mlopsd: the same filters behind an API, a stream and a queue.
 *
 * Roles: `all` (API and worker in one process), `api`, `worker`, `migrate`,
 * `backfill NAME`. Nothing is kept in a process that another one could need.
 * Thread safety: one service a process.
 */
#ifndef MLOPS_SERVICE_H
#define MLOPS_SERVICE_H

/* The whole life of the daemon; the value is main's. */
int service_main(int argc, char **argv);

#endif
