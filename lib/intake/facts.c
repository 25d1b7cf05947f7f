/* facts.c - the list of what was read, and the order of reading. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

#define FACTS_MAX 400

struct fact *fact_add(struct reading *r, const char *field, const char *member,
	const char *text, double num, size_t first, size_t last, const char *rule,
	double confidence)
{
	struct fact *f;

	if (r->n_facts == r->cap_facts) {
		size_t cap = r->cap_facts == 0 ? 32 : r->cap_facts * 2;
		struct fact *grown = cap > 2 * FACTS_MAX
			? NULL
			: realloc(r->facts, cap * sizeof(*grown));

		if (grown == NULL) {
			r->failed = 1;
			return &r->spare;
		}
		r->facts = grown;
		r->cap_facts = cap;
	}
	f = &r->facts[r->n_facts++];
	*f = (struct fact){ .field = field,
		.member = member,
		.text = text,
		.num = num,
		.first = first,
		.last = last,
		.rule = rule,
		.confidence = confidence,
		.source = "text" };
	return f;
}

const struct fact *fact_get(
	const struct reading *r, const char *field, const char *member)
{
	for (size_t i = 0; i < r->n_facts; i++)
		if (strcmp(r->facts[i].field, field) == 0 &&
			(member == NULL ? r->facts[i].member == NULL
					: r->facts[i].member != NULL &&
						strcmp(r->facts[i].member, member) == 0))
			return &r->facts[i];
	return NULL;
}

const struct fact *fact_with(const struct reading *r, const char *field, const char *text)
{
	for (size_t i = 0; i < r->n_facts; i++) {
		const struct fact *f = &r->facts[i];

		if (f->text != NULL && strcmp(f->text, text) == 0 &&
			(strcmp(f->field, field) == 0 ||
				(f->member != NULL && strcmp(f->member, field) == 0)))
			return f;
	}
	return NULL;
}

void fact_drop(struct reading *r, const char *field, const char *member, const char *text)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->n_facts; i++) {
		const struct fact *f = &r->facts[i];

		if (strcmp(f->field, field) == 0 &&
			(member == NULL ||
				(f->member != NULL && strcmp(f->member, member) == 0)) &&
			(text == NULL || (f->text != NULL && strcmp(f->text, text) == 0)))
			continue;
		r->facts[kept++] = *f;
	}
	r->n_facts = kept;
}

int note_has(const struct reading *r, const char *field)
{
	for (size_t i = 0; i < r->n_notes; i++)
		if (strcmp(r->notes[i].field, field) == 0)
			return 1;
	return 0;
}

void note_add(
	struct reading *r, const char *field, const char *why, size_t first, size_t last)
{
	if (note_has(r, field) || r->n_notes == sizeof(r->notes) / sizeof(r->notes[0]))
		return;
	r->notes[r->n_notes++] = (struct note){ field, why, first, last };
}

void conflict_add(struct reading *r, const char *a, const char *b, size_t af, size_t al,
	size_t bf, size_t bl, const char *fmt, ...)
{
	struct conflict *c;
	va_list ap;

	for (size_t i = 0; i < r->n_conflicts; i++)
		if (strcmp(r->conflicts[i].fields[0], a) == 0 &&
			(b == NULL ? r->conflicts[i].fields[1] == NULL
				   : r->conflicts[i].fields[1] != NULL &&
						strcmp(r->conflicts[i].fields[1], b) ==
							0))
			return;
	if (r->n_conflicts == sizeof(r->conflicts) / sizeof(r->conflicts[0]))
		return;
	c = &r->conflicts[r->n_conflicts++];
	*c = (struct conflict){
		.fields = { a, b }, .first = { af, bf }, .last = { al, bl }
	};
	va_start(ap, fmt);
	(void)vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
}

void read_brief(const struct doc *d, struct reading *r)
{
	read_things(d, r);
	read_budget(d, r);
	read_volumes(d, r);
	read_latency(d, r);
	read_availability(d, r);
	read_team(d, r);
	read_data(d, r);
	read_purpose(d, r);
	read_conflicts(d, r);
}

void reading_release(struct reading *r)
{
	free(r->facts);
	memset(r, 0, sizeof(*r));
}
