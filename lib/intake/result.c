/* result.c - facts to constraints and provenance. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/extract.h"
#include "intake/internal.h"

/* The fields in the order of contracts.md section 3; the shape of each. */
enum shape { SHAPE_SCALAR, SHAPE_LIST, SHAPE_OBJECT };

static const struct {
	const char *name;
	enum shape shape;
} fields[] = {
	{ "cloud", SHAPE_SCALAR },
	{ "regions", SHAPE_LIST },
	{ "data_residency", SHAPE_LIST },
	{ "budget_band", SHAPE_OBJECT },
	{ "data_classification", SHAPE_SCALAR },
	{ "sla_latency_ms", SHAPE_SCALAR },
	{ "sla_latency_percentile", SHAPE_SCALAR },
	{ "availability_target", SHAPE_SCALAR },
	{ "throughput", SHAPE_OBJECT },
	{ "workload_types", SHAPE_LIST },
	{ "use_cases", SHAPE_LIST },
	{ "deployment_pref", SHAPE_SCALAR },
	{ "storage_prefs", SHAPE_LIST },
	{ "observability_prefs", SHAPE_LIST },
	{ "team_constraints", SHAPE_OBJECT },
	{ "existing_stack", SHAPE_LIST },
	{ "compliance", SHAPE_LIST },
	{ "exclusions", SHAPE_LIST },
};

struct evidence {
	const struct doc *d;
	const struct redact_hit *personal;
	size_t n_personal;
	const char *source;
};

/* The words from `start` to `end`, personal data masked by class. */
static int quote_set(const struct evidence *v, cJSON *obj, const char *key, size_t start,
	size_t end, struct err *e)
{
	struct buf b = BUF_INIT(1 << 16);
	const char *t = v->d->s.text;
	size_t at = start;
	int ret;

	for (size_t i = 0; i < v->n_personal; i++) {
		const struct redact_hit *h = &v->personal[i];

		if (h->end <= at || h->start >= end)
			continue;
		if (h->start > at)
			buf_add(&b, t + at, h->start - at);
		buf_addf(&b, "[%s]", h->class);
		at = h->end < end ? h->end : end;
	}
	if (at < end)
		buf_add(&b, t + at, end - at);
	ret = buf_ok(&b, e) < 0 ? -1 : json_set_str(obj, key, b.ptr, e);
	buf_release(&b);
	return ret;
}

static int span_set(cJSON *obj, size_t start, size_t end, struct err *e)
{
	cJSON *a = json_add_array(obj, "span", e);

	return a == NULL || json_push_num(a, (double)start, e) < 0 ||
			json_push_num(a, (double)end, e) < 0
		? -1
		: 0;
}

static void bounds(
	const struct doc *d, size_t first, size_t last, size_t *start, size_t *end)
{
	if (last > d->s.n)
		last = d->s.n;
	while (last > first + 1 && d->s.lex[last - 1].kind == LEX_BREAK)
		last--;
	*start = d->s.lex[first].src;
	*end = last > first ? d->s.lex[last - 1].end : *start;
	if (*end < *start)
		*end = *start;
}

static int entry_fill(const struct evidence *v, cJSON *entry, size_t first, size_t last,
	const char *rule, double confidence, const char *source, struct err *e)
{
	size_t start, end;
	int spans = strcmp(v->source, "text") == 0;

	bounds(v->d, first, last, &start, &end);
	if (json_set_str(entry, "source", source, e) < 0 ||
		quote_set(v, entry, "quote", start, end, e) < 0)
		return -1;
	if (spans ? span_set(entry, start, end, e) < 0
		  : json_set_null(entry, "span", e) < 0)
		return -1;
	return json_set_num(entry, "confidence", confidence, e) < 0 ||
			json_set_str(entry, "rule", rule, e) < 0
		? -1
		: 0;
}

static int fact_entry(const struct evidence *v, const struct fact *f, cJSON *provenance,
	const char *pointer, struct err *e)
{
	cJSON *entry = json_add_object(provenance, pointer, e);
	const char *source =
		strcmp(v->source, "text") == 0 || strcmp(f->source, "default") == 0
		? f->source
		: v->source;

	return entry == NULL ? -1
			     : entry_fill(v, entry, f->first, f->last, f->rule,
				       f->confidence, source, e);
}

static cJSON *fact_value(const struct fact *f, struct err *e)
{
	if (f->text != NULL)
		return json_new_str(f->text, e);
	return f->is_bool ? json_new_bool(f->num != 0, e) : json_new_num(f->num, e);
}

static int is_list_member(const char *member)
{
	return strcmp(member, "languages") == 0 || strcmp(member, "skills") == 0;
}

static int put_fact(const struct evidence *v, const struct fact *f, enum shape shape,
	cJSON *constraints, cJSON *provenance, struct err *e)
{
	char pointer[160];
	cJSON *at;

	switch (shape) {
	case SHAPE_SCALAR:
		snprintf(pointer, sizeof(pointer), "/constraints/%s", f->field);
		if (json_set(constraints, f->field, fact_value(f, e), e) < 0)
			return -1;
		break;
	case SHAPE_LIST:
		at = json_has(constraints, f->field)
			? json_own(constraints, f->field, e)
			: json_add_array(constraints, f->field, e);
		if (at == NULL || json_push(at, fact_value(f, e), e) < 0)
			return -1;
		snprintf(pointer, sizeof(pointer), "/constraints/%s/%zu", f->field,
			json_len(at) - 1);
		break;
	default:
		at = json_own(constraints, f->field, e);
		if (at == NULL)
			return -1;
		if (is_list_member(f->member)) {
			cJSON *list = json_has(at, f->member)
				? json_own(at, f->member, e)
				: json_add_array(at, f->member, e);

			if (list == NULL || json_push(list, fact_value(f, e), e) < 0)
				return -1;
			snprintf(pointer, sizeof(pointer), "/constraints/%s/%s/%zu",
				f->field, f->member, json_len(list) - 1);
			break;
		}
		if (json_set(at, f->member, fact_value(f, e), e) < 0)
			return -1;
		snprintf(pointer, sizeof(pointer), "/constraints/%s/%s", f->field,
			f->member);
	}
	return fact_entry(v, f, provenance, pointer, e);
}

/* An entry for a field as a whole, made from the note's words where it has none. */
static cJSON *field_entry(const struct evidence *v, cJSON *provenance, const char *field,
	size_t first, size_t last, const char *rule, struct err *e)
{
	char pointer[96];
	cJSON *entry;

	snprintf(pointer, sizeof(pointer), "/constraints/%s", field);
	if (json_has(provenance, pointer))
		return json_own(provenance, pointer, e);
	entry = json_add_object(provenance, pointer, e);
	if (entry == NULL ||
		entry_fill(v, entry, first, last, rule, 0.5, v->source, e) < 0)
		return NULL;
	return entry;
}

static int put_conflict(const struct evidence *v, const struct conflict *c,
	cJSON *provenance, struct err *e)
{
	cJSON *entry = field_entry(
		v, provenance, c->fields[0], c->first[0], c->last[0], "conflict", e);
	cJSON *list, *one, *names, *quotes;
	struct buf mask = BUF_INIT(1 << 16);
	int ret = -1;

	if (entry == NULL)
		return -1;
	list = json_has(entry, "conflicts") ? json_own(entry, "conflicts", e)
					    : json_add_array(entry, "conflicts", e);
	one = list == NULL ? NULL : json_push_object(list, e);
	names = one == NULL ? NULL : json_add_array(one, "fields", e);
	if (names == NULL || json_push_str(names, c->fields[0], e) < 0 ||
		(c->fields[1] != NULL && json_push_str(names, c->fields[1], e) < 0) ||
		json_set_str(one, "why", c->why, e) < 0)
		goto out;
	quotes = json_add_array(one, "quotes", e);
	for (int k = 0; k < 2 && quotes != NULL; k++) {
		struct range s = sentence_of(v->d, c->first[k]);
		size_t start, end;
		cJSON *tmp = json_new_object(e);

		bounds(v->d, s.first, s.last, &start, &end);
		if (tmp == NULL || quote_set(v, tmp, "q", start, end, e) < 0 ||
			json_push_str(quotes, json_str_or(tmp, "q", ""), e) < 0) {
			json_free(tmp);
			goto out;
		}
		json_free(tmp);
	}
	ret = quotes == NULL ? -1 : 0;
out:
	buf_release(&mask);
	return ret;
}

static int by_field(const struct evidence *v, const struct reading *r, cJSON *constraints,
	cJSON *provenance, struct err *e)
{
	for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
		for (size_t i = 0; i < r->n_facts; i++) {
			if (strcmp(r->facts[i].field, fields[k].name) != 0)
				continue;
			if (put_fact(v, &r->facts[i], fields[k].shape, constraints,
				    provenance, e) < 0)
				return -1;
			if (fields[k].shape == SHAPE_SCALAR)
				break;
		}
	return 0;
}

int gather_text(struct gathered *g, const char *text, size_t len, const char *source,
	struct err *e)
{
	struct doc d;
	struct reading r = { 0 };
	struct redact_hit *personal = NULL;
	struct evidence v = { .d = &d, .source = source };
	int ret = -1;

	if (doc_read(&d, g->v, text, len, e) < 0)
		goto out;
	if (d.n_sent > 0) /* nothing but blanks says nothing */
		read_brief(&d, &r);
	if (r.failed) {
		err_no_memory(e);
		goto out;
	}
	if (redact_scan(g->clean->rules, REDACT_PERSONAL, text, len, &personal,
		    &v.n_personal, e) < 0)
		goto out;
	v.personal = personal;
	if (by_field(&v, &r, g->constraints, g->provenance, e) < 0)
		goto out;
	for (size_t i = 0; i < r.n_notes; i++) {
		cJSON *entry = field_entry(&v, g->provenance, r.notes[i].field,
			r.notes[i].first, r.notes[i].last, "ambiguous", e);

		if (entry == NULL ||
			json_set_str(entry, "ambiguous", r.notes[i].why, e) < 0)
			goto out;
	}
	for (size_t i = 0; i < r.n_conflicts; i++)
		if (put_conflict(&v, &r.conflicts[i], g->provenance, e) < 0)
			goto out;
	ret = 0;
out:
	free(personal);
	reading_release(&r);
	doc_release(&d);
	return ret;
}
