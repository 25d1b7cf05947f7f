/* What the files of this room share: the algorithm table and a key. */
#ifndef MLOPS_JOSE_INTERNAL_H
#define MLOPS_JOSE_INTERNAL_H

#include <openssl/evp.h>

#include "jose.h"

struct jose_row {
	const char *name, *type, *digest, *curve;
	unsigned bit;
};

extern const struct jose_row jose_rows[];
extern const size_t jose_n_rows;

const struct jose_row *jose_row_named(const char *name); /* NULL when unknown */

struct jose_key {
	char *kid;      /* NULL: none */
	unsigned algs;  /* bits: what it may verify */
	EVP_PKEY *pkey; /* NULL for a secret */
	struct buf secret;
};

struct jose_keys {
	struct jose_key *items;
	size_t n;
};

/* 0 when `sig` is the row's signature over the input by this key. */
int jose_check(const struct jose_row *row, const struct jose_key *key, const char *input,
	size_t input_len, const unsigned char *sig, size_t sig_len);

#endif
