/*
 * oidc ISSUER AUDIENCE [CA_FILE] - checks tokens for the tests. Lines on stdin:
 *
 *   TOKEN       "ok SUBJECT", "refused WHY" or "down WHY"
 *   clock N     moves the clock by N seconds
 *   counts      "fetches N failures N verified N remembered N refused N"
 *   bench N FILE TOKEN   checks a token N times by the key set in FILE; tokens a second
 */
#include "oidc/oidc.h"

#include <string.h>

static void check(struct oidc *o, const char *token, int64_t now_s)
{
	struct err e = { 0 };
	cJSON *claims = oidc_check(o, token, strlen(token), now_s, &e);

	if (claims != NULL)
		printf("ok %s\n", json_str_or(claims, "sub", "?"));
	else
		printf("%s %s\n", e.code == ERR_PROVIDER ? "down" : "refused", e.msg);
	json_free(claims);
}

static void bench(const struct oidc_config *config, char *args, int64_t now_s)
{
	struct jose_expect expect = {
		.issuer = config->issuer, .audience = config->audience, .now_s = now_s
	};
	char *save = NULL, *n = strtok_r(args, " ", &save),
	     *file = strtok_r(NULL, " ", &save);
	char *token = strtok_r(NULL, " ", &save);
	struct err e = { 0 };
	cJSON *set = json_parse_file(file, (size_t)1 << 20, &e);
	struct jose_keys *keys = set == NULL ? NULL : jose_keys_new(set, &e);
	int64_t start = clock_monotonic_ns(), good = 0;

	for (long i = strtol(n, NULL, 10); keys != NULL && i > 0; i--) {
		cJSON *claims =
			jose_token(keys, JOSE_PUBLIC, token, strlen(token), &expect, &e);

		good += claims != NULL;
		json_free(claims);
	}
	printf("%.0f %s\n", (double)good * 1e9 / (double)(clock_monotonic_ns() - start),
		e.msg);
	jose_keys_free(keys);
	json_free(set);
}

static void counts(struct oidc *o)
{
	struct oidc_counts c;

	oidc_counts(o, &c);
	printf("fetches %llu failures %llu verified %llu remembered %llu refused %llu\n",
		(unsigned long long)c.fetches, (unsigned long long)c.failures,
		(unsigned long long)c.verified, (unsigned long long)c.remembered,
		(unsigned long long)c.refused);
}

int main(int argc, char **argv)
{
	struct oidc_config config = { .leeway_s = 60 };
	struct err e = { 0 };
	struct oidc *o;
	int64_t offset_s = 0;
	char *line = NULL;
	size_t cap = 0;

	if (argc < 3)
		return 2;
	config.issuer = argv[1];
	config.audience = argv[2];
	config.ca_file = argc > 3 ? argv[3] : NULL;
	o = oidc_new(&config, &e);
	if (o == NULL) {
		fprintf(stderr, "oidc: %s\n", e.msg);
		return err_exit_status(e.code);
	}
	while (getline(&line, &cap, stdin) > 0) {
		int64_t now_s = clock_wall_ns() / 1000000000 + offset_s;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "clock ", 6) == 0)
			offset_s += strtoll(line + 6, NULL, 10);
		else if (strcmp(line, "counts") == 0)
			counts(o);
		else if (strncmp(line, "bench ", 6) == 0)
			bench(&config, line + 6, now_s);
		else
			check(o, line, now_s);
		fflush(stdout);
	}
	free(line);
	oidc_free(o);
	return 0;
}
