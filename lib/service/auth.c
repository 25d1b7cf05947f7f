#include "auth.h"

#include <string.h>
#include <strings.h>

static int set_token(struct auth *a, const char *token, struct err *e)
{
	if (strlen(token) < 16 || strlen(token) >= sizeof(a->token))
		return err_set(e, ERR_CONFIG,
			"token: must have between 16 and %zu characters",
			sizeof(a->token) - 1);
	snprintf(a->token, sizeof(a->token), "%s", token);
	return 0;
}

static int new_token(struct auth *a, struct err *e)
{
	char first[ID_TEXT_MAX], second[ID_TEXT_MAX];

	if (id_random(first, e) < 0 || id_random(second, e) < 0)
		return -1;
	snprintf(a->token, sizeof(a->token), "%s%s", first, second);
	return 0;
}

int auth_init(struct auth *a, const struct config *c, struct err *e)
{
	*a = (struct auth){ .config = c };
	if (*c->oidc_issuer != '\0') {
		a->oidc = oidc_new(
			&(struct oidc_config){ .issuer = c->oidc_issuer,
				.audience = c->oidc_audience,
				.ca_file = *c->ca_file != '\0' ? c->ca_file : NULL,
				.leeway_s = c->oidc_leeway_s },
			e);
		if (a->oidc == NULL)
			return -1;
	}
	if (*c->token != '\0' ? set_token(a, c->token, e) < 0
			      : a->oidc == NULL && new_token(a, e) < 0)
		return -1;
	digest_bytes(a->token, strlen(a->token), a->digest);
	return 0;
}

void auth_release(struct auth *a)
{
	oidc_free(a->oidc);
	a->oidc = NULL;
	explicit_bzero(a->token, sizeof(a->token));
}

/* Digests are compared, so that the time says nothing about the token. */
static int is_local_token(const struct auth *a, const char *token)
{
	unsigned char digest[DIGEST_LEN];
	unsigned char differs = a->token[0] == '\0';

	digest_bytes(token, strlen(token), digest);
	for (size_t i = 0; i < DIGEST_LEN; i++)
		differs |= digest[i] ^ a->digest[i];
	return !differs;
}

/* A claim is a list of roles, or a text with blanks between them (as "scope" is). */
static int has_role(const cJSON *claim, const char *role)
{
	const char *text = json_text(claim);
	size_t len = strlen(role);

	if (len == 0)
		return 0;
	if (text == NULL)
		return json_has_text(claim, role);
	for (; *text != '\0'; text += strcspn(text, " "), text += strspn(text, " "))
		if (strncmp(text, role, len) == 0 &&
			(text[len] == ' ' || text[len] == '\0'))
			return 1;
	return 0;
}

static int copy_claim(
	const cJSON *claims, const char *name, char out[PRINCIPAL_MAX], struct err *e)
{
	const char *text = json_text(json_get(claims, name));

	if (text == NULL || *text == '\0' || strlen(text) >= PRINCIPAL_MAX)
		return err_set(e, ERR_UNAUTHORIZED,
			"the token's claim '%s' is no text of 1 to %d characters", name,
			PRINCIPAL_MAX - 1);
	snprintf(out, PRINCIPAL_MAX, "%s", text);
	return 0;
}

static int from_claims(
	const struct config *c, const cJSON *claims, struct principal *out, struct err *e)
{
	const cJSON *roles = json_get(claims, c->roles_claim);

	if (copy_claim(claims, "sub", out->id, e) < 0 ||
		copy_claim(claims, c->tenant_claim, out->tenant, e) < 0)
		return -1;
	out->admin = has_role(roles, c->admin_role);
	out->member =
		out->admin || *c->member_role == '\0' || has_role(roles, c->member_role);
	return 0;
}

int auth_principal(const struct auth *a, const char *authorization, int64_t now_s,
	struct principal *out, struct err *e)
{
	cJSON *claims;
	int ret;

	if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
		return err_set(
			e, ERR_UNAUTHORIZED, "a bearer token is needed (Authorization)");
	authorization += 7 + strspn(authorization + 7, " ");
	*out = (struct principal){
		.id = "token", .tenant = "token", .admin = 1, .member = 1
	};
	if (is_local_token(a, authorization))
		return 0;
	*out = (struct principal){ 0 };
	if (a->oidc == NULL)
		return err_set(e, ERR_UNAUTHORIZED,
			"this token is not the one that is taken here");
	claims = oidc_check(a->oidc, authorization, strlen(authorization), now_s, e);
	if (claims == NULL) {
		if (e->code == ERR_INPUT)
			e->code = ERR_UNAUTHORIZED;
		return -1;
	}
	ret = from_claims(a->config, claims, out, e);
	json_free(claims);
	return ret;
}

int auth_sees(const struct principal *p, const char *owner)
{
	return p->admin ||
		(p->member && (owner == NULL || strcmp(owner, p->tenant) == 0));
}

int auth_may(const struct principal *p, const char *owner, enum permission what)
{
	return auth_sees(p, owner) && (what != MAY_ADMIN || p->admin);
}
