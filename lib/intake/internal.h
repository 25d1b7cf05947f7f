/*
 * internal.h - what the files of the intake room share: a brief cut into statements,
 * and the facts read from them.
 *
 * A lexeme belongs to a segment (between commas), a clause (between contrasts and
 * subordinations) and a sentence. A sentence knows the heading or lead-in line that
 * it stands under. Lexemes that cannot set anything are dead: struck, asked, out of
 * scope, somebody else's, addressed to a machine.
 */
#ifndef MLOPS_INTAKE_INTERNAL_H
#define MLOPS_INTAKE_INTERNAL_H

#include <stdint.h>

#include "catalog/lexicon.h"
#include "intake/intake.h"

#define NOT_FOUND ((size_t)-1)

/* ---- statements ---- */

#define DEAD_STRUCK   1u
#define DEAD_QUESTION 2u
#define DEAD_SCOPE    4u  /* later, elsewhere, not part of this */
#define DEAD_OTHER    8u  /* other companies, projects, teams */
#define DEAD_PAST     16u /* history; what was left still counts as left */
#define DEAD_INJECT   32u
#define DEAD_ROW      64u /* a row whose yes/no column says no */

struct range {
	uint32_t first, last; /* lexemes [first, last) */
};

struct sentence {
	uint32_t first, last;
	int32_t header;   /* sentence of the heading or lead-in line above, or -1 */
	uint16_t quote;   /* depth of quoting */
	uint16_t speaker; /* turn of a chat, counted from 1; 0 outside chats */
	uint8_t fragment; /* list item, table row, heading: not prose */
	uint8_t question;
	uint8_t refused; /* a question answered with no: what it names is ruled out */
	uint8_t refuses; /* the answer that does so */
	uint8_t is_header;
	uint32_t para;
};

struct place_of { /* of one lexeme */
	uint32_t sentence, clause, segment;
	uint32_t match; /* the bracket that this one pairs with, or 0 */
	uint8_t dead;
	uint8_t entity; /* a technology, cloud, region, place, country, language, deployment */
};

struct doc {
	const struct vocabulary *v;
	struct scan s;
	struct place_of *at; /* one per lexeme */
	struct sentence *sent;
	size_t n_sent;
	struct range *clause, *segment;
	size_t n_clause, n_segment;
	int any_capital; /* the text uses capital letters at all */
	int chat;        /* lines by speakers with times */
	struct lexer_words words;
};

int doc_read(struct doc *d, const struct vocabulary *v, const char *text, size_t len,
	struct err *e);
void doc_release(struct doc *d);

/* The value of lexeme i in a class ("" when it has none), or NULL. */
static inline const char *is(const struct doc *d, size_t i, unsigned cls)
{
	return i < d->s.n ? lexeme_is(&d->s.lex[i], cls) : NULL;
}
static inline int sign_is(const struct doc *d, size_t i, char c)
{
	return i < d->s.n && d->s.lex[i].kind == LEX_SIGN &&
		d->s.lex[i].sign == (uint8_t)c;
}
int word_is(const struct doc *d, size_t i, const char *norm); /* several: "a|b|c" */
/* First living lexeme in [first, last) of a class, or NOT_FOUND. */
size_t find(const struct doc *d, size_t first, size_t last, unsigned cls);
size_t find_back(const struct doc *d, size_t first, size_t last, unsigned cls);
/* find in the sentence of lexeme i or the header above it. */
size_t find_in_sentence(const struct doc *d, size_t i, unsigned cls);
size_t find_in_header(const struct doc *d, size_t i, unsigned cls);
/* The unit of a bare value at i (up to `next`) that its key or column name gives:
 * "p95 (ms): 200", "Budget (EUR/month) | 5000". */
size_t key_unit(const struct doc *d, size_t i, size_t next, unsigned cls);
/* A minus sign in front of the number at i, with or without a currency between. */
int is_negative(const struct doc *d, size_t i);
struct range clause_of(const struct doc *d, size_t i);
struct range segment_of(const struct doc *d, size_t i);
struct range sentence_of(const struct doc *d, size_t i);
/* Words between two lexemes that no cue, entity or sign accounts for. */
int is_word(const struct doc *d, size_t i);

/* ---- what a mention is said to be ---- */

#define ST_EXCLUDED 1u
#define ST_LEFT     2u /* left or being left */
#define ST_IN_USE   4u
#define ST_ASKED    8u
#define ST_SKILL    16u
#define ST_NOTHING \
	32u /* mentioned, nothing said: not needed, an example, unknown to us */
#define ST_HEDGED    64u
#define ST_KEEP      128u /* in use and to be kept or used */
#define ST_PREFERRED 256u

unsigned status_of(const struct doc *d, size_t first, size_t last);

/* ---- facts ---- */

struct fact {
	const char *field, *member; /* member NULL for plain fields */
	const char *text;           /* string value, or NULL */
	double num;
	int is_bool;
	size_t first, last; /* lexemes of the evidence */
	const char *rule;
	double confidence;
	const char *source; /* "text" or "default" */
};

struct note { /* ambiguity */
	const char *field, *why;
	size_t first, last; /* first == last: no words */
};

struct conflict {
	const char *fields[2];
	char why[200];
	size_t first[2], last[2]; /* evidence of each side */
};

struct reading {
	struct fact *facts;
	size_t n_facts, cap_facts;
	struct note notes[64];
	size_t n_notes;
	struct conflict conflicts[16];
	size_t n_conflicts;
	struct fact spare; /* written when memory ran out; never read */
	int failed;        /* out of memory */
	/* what one part of the reading knows and another needs */
	int request_rate, event_rate_fast, latency_on_events, latency_on_requests;
};

struct fact *fact_add(struct reading *r, const char *field, const char *member,
	const char *text, double num, size_t first, size_t last, const char *rule,
	double confidence);
const struct fact *fact_get(
	const struct reading *r, const char *field, const char *member);
const struct fact *fact_with(
	const struct reading *r, const char *field, const char *text);
void fact_drop(
	struct reading *r, const char *field, const char *member, const char *text);
void note_add(
	struct reading *r, const char *field, const char *why, size_t first, size_t last);
int note_has(const struct reading *r, const char *field);
void conflict_add(struct reading *r, const char *a, const char *b, size_t af, size_t al,
	size_t bf, size_t bl, const char *fmt, ...) __attribute__((format(printf, 8, 9)));

/* Each reads its fields from the document. Order matters: see read_brief. */
void read_things(const struct doc *d, struct reading *r);       /* things.c */
void read_budget(const struct doc *d, struct reading *r);       /* budget.c */
void read_latency(const struct doc *d, struct reading *r);      /* service.c */
void read_availability(const struct doc *d, struct reading *r); /* service.c */
void read_volumes(const struct doc *d, struct reading *r);      /* volumes.c */
void read_team(const struct doc *d, struct reading *r);         /* team.c */
void read_purpose(const struct doc *d, struct reading *r);      /* purpose.c */
void read_data(const struct doc *d, struct reading *r);         /* data.c */
void read_conflicts(const struct doc *d, struct reading *r);    /* conflicts.c */

/* Is what stands at lexeme i given up by a later statement, or said again by one?
 * Rank of a statement: higher counts more. */
int rank_of(const struct doc *d, size_t i);

void read_brief(const struct doc *d, struct reading *r);
void reading_release(struct reading *r);

#endif
