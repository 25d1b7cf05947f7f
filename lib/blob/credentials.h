/* AWS credentials that may rotate; inside this room only. */
#ifndef MLOPS_BLOB_CREDENTIALS_H
#define MLOPS_BLOB_CREDENTIALS_H

#include "http/http.h"

struct credentials {
	struct buf access_key_id, secret_access_key, session_token;
	int64_t expires_s; /* Unix time; INT64_MAX: never */
	int from_container;
};

void credentials_init(struct credentials *c);
void credentials_release(struct credentials *c); /* wipes them */

/* Makes sure that they last for five more minutes, fetching them when they are the
 * container's. `force`: also when they look good (a server called them expired). *changed
 * is set when they are others than before. */
int credentials_ensure(struct credentials *c, struct http *http, int64_t now_s, int force,
	int *changed, struct err *e);

#endif
