/*
 * config.h - what mlopsd was told: flags, environment, one file.
 *
 * Thread safety: read-only once loaded.
 */
#ifndef MLOPS_SERVICE_CONFIG_H
#define MLOPS_SERVICE_CONFIG_H

#include "state/state.h"

struct config {
#define CONFIG_STR                                             const char *
#define CONFIG_SECRET                                          const char *
#define CONFIG_URL                                             const char *
#define CONFIG_NUM                                             int64_t
#define CONFIG(kind, field, name, env, value, otherwise, help) CONFIG_##kind field;
#include "config.def"
#undef CONFIG
#undef CONFIG_STR
#undef CONFIG_SECRET
#undef CONFIG_URL
#undef CONFIG_NUM
	const char *share, *provider; /* the common options */
	int quiet, verbose;
	cJSON *file; /* keeps the texts of the file alive */
};

/* As the options table fills it: everything as text, NULL where no flag was given. */
struct config_args {
	const char *role, *operand, *file;
	int check;
#define CONFIG(kind, field, name, env, value, otherwise, help) const char *field;
#include "config.def"
#undef CONFIG
};

extern const struct opt config_opts[];

/* ERR_CONFIG with the name of what is wrong and where it stands. The texts of `args`
 * are borrowed. */
int config_load(struct config *c, const struct config_args *args,
	const struct common_args *common, struct err *e);
void config_release(struct config *c);

/* The effective configuration as JSON, each value with where it came from; secrets are
 * "***". */
int config_print(const struct config_args *args, const struct config *c, struct buf *out,
	struct err *e);

/* Appends a database URL without its password. */
void config_hide_password(const char *url, struct buf *out);

/* 1 when zips are kept in S3; the directory is then a cache of this machine's own. */
int keeps_in_s3(const struct config *c);

/* 1 when the address is this machine's own. */
int config_is_loopback(const char *listen);

#endif
