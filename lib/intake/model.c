/* model.c - a model's values for fields that the rules could not settle. */
#include "intake/model.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "intake/internal.h"

#define EXTRACT   "intake.extract"
#define QUOTE_MIN 8 /* bytes: shorter words are found anywhere */

struct filling {
	struct node_env *env;
	struct gathered *g;
	const char *brief;
	size_t len;
	struct doc doc;
	const cJSON *schema; /* of constraints */
	cJSON *machine;      /* share/lexicon/machine.json */
	cJSON *coverage;
	int taken, refused;
};

/* ---- the question ---- */

static int is_listed(const cJSON *list, const char *field)
{
	JSON_EACH (it, list) {
		const char *text = json_text(it);

		if (text != NULL && strcmp(text, field) == 0)
			return 1;
	}
	return 0;
}

static int add_field(
	const struct filling *f, cJSON *fields, const char *field, struct err *e)
{
	const cJSON *s = json_get(json_get(f->schema, "properties"), field);

	return s == NULL ? 0 : json_set_copy(fields, field, s, e);
}

static cJSON *question(const struct filling *f, struct err *e)
{
	cJSON *in = json_new_object(e), *fields;

	if (in == NULL || json_set_str(in, "brief", f->brief, e) < 0 ||
		json_set_copy(in, "missing", json_get(f->coverage, "missing"), e) < 0 ||
		json_set_copy(in, "ambiguous", json_get(f->coverage, "ambiguous"), e) <
			0 ||
		(fields = json_add_object(in, "fields", e)) == NULL)
		goto fail;
	JSON_EACH (it, json_get(f->coverage, "missing"))
		if (json_text(it) != NULL && add_field(f, fields, json_text(it), e) < 0)
			goto fail;
	JSON_EACH (it, json_get(f->coverage, "ambiguous"))
		if (json_text(it) != NULL && add_field(f, fields, json_text(it), e) < 0)
			goto fail;
	return in;
fail:
	json_free(in);
	return NULL;
}

/* ---- the quote ---- */

/* Where the quote stands, blanks of any kind and length being equal. */
static int find_quote(
	const char *text, size_t len, const char *quote, size_t *start, size_t *end)
{
	for (size_t i = 0; i < len; i++) {
		size_t at = i;
		const char *q = quote;

		while (*q != '\0' && at < len) {
			if (isspace((unsigned char)*q) &&
				isspace((unsigned char)text[at])) {
				while (isspace((unsigned char)*q))
					q++;
				while (at < len && isspace((unsigned char)text[at]))
					at++;
			} else if (*q == text[at]) {
				q++;
				at++;
			} else {
				break;
			}
		}
		if (*q == '\0') {
			*start = i;
			*end = at;
			return 1;
		}
	}
	return 0;
}

static int has_dead_words(const struct doc *d, size_t start, size_t end)
{
	for (size_t i = 0; i < d->s.n; i++)
		if (d->s.lex[i].end > start && d->s.lex[i].src < end &&
			d->at[i].dead != 0)
			return 1;
	return 0;
}

/* The paragraph around a place: up to blank lines. */
static void paragraph(const struct filling *f, size_t *start, size_t *end)
{
	while (*start > 0 &&
		!(f->brief[*start - 1] == '\n' && *start > 1 &&
			f->brief[*start - 2] == '\n'))
		(*start)--;
	while (*end < f->len &&
		!(f->brief[*end] == '\n' && *end + 1 < f->len &&
			f->brief[*end + 1] == '\n'))
		(*end)++;
}

static int is_letter(char c)
{
	return isalnum((unsigned char)c) || (c & 0x80) != 0;
}

/* A word stands alone; its letters may be of either case. */
static int has_word(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(text + i, word, n) == 0 &&
			(i == 0 || !is_letter(text[i - 1])) &&
			(i + n == len || !is_letter(text[i + n])))
			return 1;
	return 0;
}

/* Words for a machine anywhere in the paragraph make all of it no evidence. */
static int is_for_a_machine(const struct filling *f, size_t start, size_t end)
{
	paragraph(f, &start, &end);
	JSON_EACH (w, json_get(f->machine, "words"))
		if (json_text(w) != NULL &&
			has_word(f->brief + start, end - start, json_text(w)))
			return 1;
	JSON_EACH (w, json_get(f->machine, "signs"))
		if (json_text(w) != NULL &&
			memmem(f->brief + start, end - start, json_text(w),
				strlen(json_text(w))) != NULL)
			return 1;
	return 0;
}

/* What the rules read in these words alone; NULL: nothing for the field. */
static cJSON *read_alone(struct filling *f, const char *field, size_t start, size_t end)
{
	cJSON *c = NULL, *p = NULL, *value;
	struct err ignored;

	if (intake_read(
		    f->g->v, f->brief + start, end - start, "text", &c, &p, &ignored) < 0)
		return NULL;
	value = json_detach(c, field);
	json_free(c);
	json_free(p);
	return value;
}

static int numbers_quoted(const cJSON *value, const char *quote, struct err *e)
{
	cJSON *text = json_new_str(quote, e);
	struct numbers *n = text == NULL ? NULL : numbers_new(text, e);
	struct buf shown = BUF_INIT(8192);
	char bad[64];
	int ret = -1;

	if (n != NULL) {
		json_print(value, JSON_COMPACT, &shown);
		ret = numbers_known(n, shown.ptr, bad, sizeof(bad));
	}
	buf_release(&shown);
	numbers_free(n);
	json_free(text);
	return ret;
}

/* ---- the value ---- */

/* As the field holds it: a sum is a band's upper end, one word is a list of one. The
 * caller owns it. */
static cJSON *shape(
	const struct filling *f, const char *field, const cJSON *value, struct err *e)
{
	const char *type = json_str_or(
		json_get(json_get(f->schema, "properties"), field), "type", "");
	cJSON *out;

	if (strcmp(type, "array") == 0 && json_is(value, JSON_STRING)) {
		out = json_new_array(e);
		if (out != NULL && json_push_copy(out, value, e) < 0) {
			json_free(out);
			out = NULL;
		}
		return out;
	}
	if (strcmp(field, "budget_band") != 0 || !json_is(value, JSON_NUMBER))
		return json_copy(value, e);
	out = json_new_object(e);
	if (out == NULL || json_set_num(out, "max_usd", json_number(value, 0), e) < 0 ||
		json_set_str(out, "currency", "USD", e) < 0 ||
		json_set_str(out, "period", "month", e) < 0 ||
		json_set_bool(out, "hard", 0, e) < 0) {
		json_free(out);
		return NULL;
	}
	return out;
}

/* Whether the constraints with this value keep their schema. */
static int fits(struct filling *f, const char *field, const cJSON *value, struct err *e)
{
	cJSON *c = json_copy(f->g->constraints, e);
	struct err bad;
	int ret = -1;

	if (c != NULL && json_set_copy(c, field, value, e) == 0) {
		struct schema *s = schema_new(f->schema, NULL, e);

		ret = s == NULL ? -1 : schema_check(s, c, "", &bad) == 0;
		schema_free(s);
	}
	json_free(c);
	return ret;
}

static int add_evidence(
	struct filling *f, const char *pointer, size_t start, size_t end, struct err *e)
{
	cJSON *p = json_add_object(f->g->provenance, pointer, e), *span;
	struct buf quote = BUF_INIT(1 << 16), clean = BUF_INIT(1 << 16);
	int ret = -1;

	if (p == NULL)
		return -1;
	buf_add(&quote, f->brief + start, end - start);
	if (buf_ok(&quote, e) == 0 &&
		redact_mask(f->g->clean->rules, REDACT_ALL, quote.ptr, quote.len, &clean,
			NULL, e) == 0 &&
		json_set_str(p, "source", "llm", e) == 0 &&
		json_set_str(p, "quote", clean.ptr, e) == 0 &&
		(span = json_add_array(p, "span", e)) != NULL &&
		json_push_num(span, (double)start, e) == 0 &&
		json_push_num(span, (double)end, e) == 0 &&
		json_set_num(p, "confidence", 0.6, e) == 0)
		ret = json_setf(p, "rule", e, "model:%s",
			json_str_or(f->env->model, "model", "unknown"));
	buf_release(&quote);
	buf_release(&clean);
	return ret;
}

/* The field's own evidence goes with the value that it was for. */
static int set_value(struct filling *f, const char *field, const cJSON *value,
	size_t start, size_t end, struct err *e)
{
	char pointer[160], prefix[100];
	size_t i = 0,
	       n = (size_t)snprintf(prefix, sizeof(prefix), "/constraints/%s", field);
	const cJSON *next;

	for (const cJSON *m = json_first(f->g->provenance); m != NULL; m = next) {
		next = json_next(m);
		if (strncmp(json_key(m), prefix, n) == 0 &&
			(json_key(m)[n] == '\0' || json_key(m)[n] == '/'))
			json_remove(f->g->provenance, json_key(m));
	}
	if (json_set_copy(f->g->constraints, field, value, e) < 0)
		return -1;
	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return add_evidence(f, prefix, start, end, e);
	JSON_EACH (it, value) {
		if (json_is(value, JSON_ARRAY))
			snprintf(pointer, sizeof(pointer), "%s/%zu", prefix, i++);
		else
			snprintf(pointer, sizeof(pointer), "%s/%s", prefix, json_key(it));
		if (add_evidence(f, pointer, start, end, e) < 0)
			return -1;
	}
	return 0;
}

/* Why a value does not count; NULL: it does. */
static const char *judge(struct filling *f, const char *field, const cJSON *value,
	const char *quote, size_t *start, size_t *end, struct err *e)
{
	int missing = is_listed(json_get(f->coverage, "missing"), field);
	cJSON *alone;
	const char *why = NULL;

	if (!missing && !is_listed(json_get(f->coverage, "ambiguous"), field))
		return "the field was not asked for";
	if (strlen(quote) < QUOTE_MIN || !find_quote(f->brief, f->len, quote, start, end))
		return "the quoted words do not stand in the brief";
	if (has_dead_words(&f->doc, *start, *end))
		return "the quoted words were set aside by the reader";
	if (is_for_a_machine(f, *start, *end))
		return "the quoted words stand among words for a machine";
	if (numbers_quoted(value, quote, e) != 1)
		return "a number of it does not stand in the quoted words";
	alone = read_alone(f, field, *start, *end);
	if (missing && alone != NULL)
		why = "the rules read these words themselves and did not count them";
	else if (!missing && (alone == NULL || !json_equal(alone, value)))
		why = "the rules read these words in another way";
	json_free(alone);
	if (why == NULL && fits(f, field, value, e) != 1)
		why = "it is no value of the field";
	return why;
}

static int take_value(struct filling *f, const cJSON *item, struct err *e)
{
	const char *field = json_str_or(item, "field", ""),
		   *quote = json_str_or(item, "quote", "");
	cJSON *value = shape(f, field, json_get(item, "value"), e);
	size_t start = 0, end = 0;
	const char *why;
	int ret = -1;

	if (value == NULL)
		return -1;
	why = judge(f, field, value, quote, &start, &end, e);
	if (why != NULL) {
		f->refused++;
		ret = model_refuse(f->env, EXTRACT, e, "%.60s: %s", field, why);
	} else if (set_value(f, field, value, start, end, e) == 0) {
		f->taken++;
		ret = model_accept(f->env, EXTRACT, e, "%s, by the words \"%.200s\"",
			field, json_str_or(item, "quote", ""));
	}
	json_free(value);
	return ret;
}

static int ask(struct filling *f, struct err *e)
{
	cJSON *in = question(f, e), *answer = NULL;
	int ret = in == NULL ? -1 : model_ask(f->env, EXTRACT, in, NULL, &answer, e);

	if (ret > 0) {
		ret = doc_read(&f->doc, f->g->v, f->brief, f->len, e);
		JSON_EACH (item, json_get(answer, "values"))
			if (ret == 0)
				ret = take_value(f, item, e);
		doc_release(&f->doc);
	}
	json_free(in);
	json_free(answer);
	return ret < 0 ? -1 : 0;
}

int model_fill(struct node_env *env, struct gathered *g, const char *brief, size_t len,
	struct err *e)
{
	struct filling f = { .env = env, .g = g, .brief = brief, .len = len };
	cJSON *schema;
	int ret = -1;

	if (!model_wanted(env))
		return 0;
	schema = env_read_json(env, "schemas/constraints.schema.json", e);
	f.schema = schema;
	f.machine = schema == NULL ? NULL : env_read_json(env, "lexicon/machine.json", e);
	f.coverage = f.machine == NULL
		? NULL
		: coverage_of(env, g->constraints, g->provenance, 0, e);
	if (f.coverage != NULL)
		ret = json_len(json_get(f.coverage, "missing")) +
					json_len(json_get(f.coverage, "ambiguous")) ==
				0
			? 0
			: ask(&f, e);
	json_free(schema);
	json_free(f.machine);
	json_free(f.coverage);
	return ret;
}
