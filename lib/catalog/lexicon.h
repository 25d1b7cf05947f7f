/*
 * lexicon.h - the vocabulary of briefs: share/lexicon/ and share/regions/ compiled
 * for the scanner, with what a technology, a currency or a class of words stands for.
 *
 * Thread safety: read-only after lexicon_load.
 */
#ifndef MLOPS_CATALOG_LEXICON_H
#define MLOPS_CATALOG_LEXICON_H

#include "catalog/regions.h"
#include "json/json.h"
#include "lexer/lexer.h"
#include "state/filter.h"

enum lex_class {
	LC_NONE,
#define LEXCLASS(name, key, flags) LC_##name,
#include "lexicon.def"
#undef LEXCLASS
	LC_COUNT
};

enum tech_category { TECH_STORAGE, TECH_OBSERVABILITY, TECH_OTHER };

struct technology {
	const char *id;
	enum tech_category category;
	const char *cloud;      /* NULL: any */
	const char *deployment; /* "serverless", "containers" or NULL */
};

struct vocabulary {
	struct lexicon *lexicon;
	struct region_book *regions;
	struct technology *techs; /* sorted by id */
	size_t n_techs;
	cJSON *words, *technologies, *rates; /* the first two may be packed */
	struct buf texts[2];                 /* of words and technologies, as read */
};

/* ERR_CONFIG with file and pointer when a file is broken. */
int vocabulary_load(struct vocabulary *v, struct node_env *env, struct err *e);
void vocabulary_release(struct vocabulary *v);

/*
 * Compiled ahead of time: the lexicon, the technologies and the bytes of the files that
 * they were made from, in one block that a program may hold. vocabulary_load uses the
 * block between these two where the files are still the same, byte for byte, and
 * compiles them otherwise. Programs without one always compile.
 */
extern const unsigned char lexicon_pack[], lexicon_pack_end[];
int vocabulary_pack(const struct vocabulary *v, struct buf *out, struct err *e);

const struct technology *vocabulary_technology(
	const struct vocabulary *v, const char *id);
/* USD for one unit of the currency; 1 for USD, 0 when there is no rate. */
double vocabulary_rate(const struct vocabulary *v, const char *currency);
const char *vocabulary_rates_date(const struct vocabulary *v);

#endif
