#include "auth.h"

#include <string.h>
#include <strings.h>

int auth_init(struct auth *a, const char *token, struct err *e)
{
	char first[ID_TEXT_MAX], second[ID_TEXT_MAX];

	if (*token != '\0') {
		if (strlen(token) < 16 || strlen(token) >= sizeof(a->token))
			return err_set(e, ERR_CONFIG,
				"token: must have between 16 and %zu characters",
				sizeof(a->token) - 1);
		snprintf(a->token, sizeof(a->token), "%s", token);
	} else if (id_random(first, e) < 0 || id_random(second, e) < 0) {
		return -1;
	} else {
		snprintf(a->token, sizeof(a->token), "%s%s", first, second);
	}
	digest_bytes(a->token, strlen(a->token), a->digest);
	return 0;
}

/* Digests are compared, so that the time says nothing about the token. */
int auth_principal(const struct auth *a, const char *authorization, struct principal *out)
{
	unsigned char digest[DIGEST_LEN];
	unsigned char differs = 0;

	if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
		return -1;
	authorization += 7 + strspn(authorization + 7, " ");
	digest_bytes(authorization, strlen(authorization), digest);
	for (size_t i = 0; i < DIGEST_LEN; i++)
		differs |= digest[i] ^ a->digest[i];
	if (differs)
		return -1;
	*out = (struct principal){ .id = "token", .admin = 1 };
	return 0;
}

int auth_may(const struct principal *p, const char *project_id, enum permission what)
{
	(void)project_id, (void)what;
	return p->admin;
}
