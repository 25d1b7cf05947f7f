/* Rules, and the pass over a text that applies them. */
#include "redact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "checks.h"
#include "json/json.h"
#include "words.h"

#define AFTER_DEFAULT  512
#define AFTER_MAX      16384
#define BEFORE_DEFAULT 64
#define NAME_MAX_LEN   60
#define GROUPS_MAX     8 /* of one rule, with the whole match */
#define TELLING_MIN    4
#define MATCH_LIMIT    100000
#define HITS_MAX       100000

struct rule {
	const char *id, *class, *title;
	const char *pattern;  /* searched around a word */
	const char *assigned; /* the value in `word... = value` */
	const char * not ;    /* a secret that looks like this is none */
	const char *
		not_name; /* assigned: what the name must not have between word and '=' */
	const cJSON *words;
	double entropy; /* least bits a character */
	size_t before, after;
	int digits;  /* tried where a run of digits starts, `before` bytes back */
	int generic; /* stands back where a more special rule has a word */
	int telling; /* its words are long enough to tell a kind of secret */
	redact_check *check;
	pcre2_code *code, *not_code, *not_name_code;
	size_t tried_to;   /* pattern: where the next search may start */
	size_t nothing_to; /* pattern: no match lies before this */
};

struct redact {
	struct rule *rules;
	size_t n, max;
	struct words *words; /* built at the first scan */
	pcre2_match_data *match;
	pcre2_match_context *context;
	int groups;    /* of the last match: the highest set group, plus one */
	int no_memory; /* a match could not even be tried */
};

/* ---- reading rules ---- */

static int rule_size(
	const cJSON *from, const char *key, size_t otherwise, size_t *out, struct err *e)
{
	double d = json_num_or(from, key, (double)otherwise);

	if (d < 0 || d > AFTER_MAX || d != floor(d))
		return err_set(e, ERR_INPUT, "'%s' must be 0 to %d", key, AFTER_MAX);
	*out = (size_t)d;
	return 0;
}

static int rule_check(struct rule *r, const cJSON *from, struct err *e)
{
	const char *name = json_str_or(from, "check", NULL);

	if (name == NULL)
		return 0;
	r->check = redact_check_named(name);
	return r->check != NULL ? 0 : err_set(e, ERR_INPUT, "'%.40s' is no check", name);
}

static int rule_read(struct rule *r, const cJSON *from, struct err *e)
{
	memset(r, 0, sizeof(*r));
	if (json_str(from, "id", &r->id, e) < 0 ||
		json_str(from, "class", &r->class, e) < 0 ||
		json_str(from, "title", &r->title, e) < 0 || rule_check(r, from, e) < 0 ||
		rule_size(from, "before", BEFORE_DEFAULT, &r->before, e) < 0 ||
		rule_size(from, "after", AFTER_DEFAULT, &r->after, e) < 0)
		return -1;
	r->pattern = json_str_or(from, "pattern", NULL);
	r->assigned = json_str_or(from, "assigned", NULL);
	r->not = json_str_or(from, "not", NULL);
	r->not_name = json_str_or(from, "not_name", NULL);
	r->words = json_get(from, "words");
	r->digits = json_bool_or(from, "digits", 0);
	r->generic = json_bool_or(from, "generic", 0);
	r->telling = 1;
	JSON_EACH (w, r->words)
		r->telling &= json_text(w) != NULL && strlen(json_text(w)) >= TELLING_MIN;
	r->entropy = json_num_or(from, "entropy", 0);
	if ((r->pattern == NULL) == (r->assigned == NULL))
		return err_set(e, ERR_INPUT, "needs one of 'pattern' and 'assigned'");
	if (r->digits ? r->words != NULL || r->pattern == NULL : json_len(r->words) == 0)
		return err_set(e, ERR_INPUT, "needs 'words', or 'digits' and a pattern");
	if (strcmp(r->class, "secret") != 0 && strncmp(r->class, "pii:", 4) != 0)
		return err_set(e, ERR_INPUT, "'class' must be secret or pii:...");
	return 0;
}

int redact_add(struct redact *r, const cJSON *doc, struct err *e)
{
	const cJSON *rules;
	struct rule *bigger;
	size_t i = 0;

	if (json_arr(doc, "rules", &rules, e) < 0)
		return -1;
	bigger = realloc(r->rules, (r->n + json_len(rules) + 1) * sizeof(*bigger));
	if (bigger == NULL)
		return err_no_memory(e);
	r->rules = bigger;
	JSON_EACH (from, rules) {
		if (rule_read(&r->rules[r->n], from, e) < 0) {
			err_where(e, "/rules/%zu", i);
			return -1;
		}
		r->n++;
		i++;
	}
	words_free(r->words);
	r->words = NULL;
	return 0;
}

struct redact *redact_new(const cJSON *doc, struct err *e)
{
	struct redact *r = calloc(1, sizeof(*r));

	if (r == NULL) {
		err_no_memory(e);
		return NULL;
	}
	r->match = pcre2_match_data_create(GROUPS_MAX, NULL);
	r->context = pcre2_match_context_create(NULL);
	if (r->match == NULL || r->context == NULL) {
		err_no_memory(e);
	} else if (redact_add(r, doc, e) == 0) {
		pcre2_set_match_limit(r->context, MATCH_LIMIT);
		return r;
	}
	redact_free(r);
	return NULL;
}

void redact_free(struct redact *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n; i++) {
		pcre2_code_free(r->rules[i].code);
		pcre2_code_free(r->rules[i].not_code);
		pcre2_code_free(r->rules[i].not_name_code);
	}
	free(r->rules);
	words_free(r->words);
	pcre2_match_data_free(r->match);
	pcre2_match_context_free(r->context);
	free(r);
}

static int build_words(struct redact *r, struct err *e)
{
	if (r->words != NULL)
		return 0;
	r->words = words_new(e);
	for (size_t i = 0; r->words != NULL && i < r->n; i++)
		JSON_EACH (w, r->rules[i].words)
			if (json_text(w) == NULL ||
				words_add(r->words, json_text(w), (unsigned)i, e) < 0) {
				err_where(e, "rule %s", r->rules[i].id);
				goto bad;
			}
	if (r->words != NULL && words_build(r->words, e) == 0)
		return 0;
bad:
	words_free(r->words);
	r->words = NULL;
	return -1;
}

/* Rules are bytes to bytes: any text will do, so no UTF mode. */
static int compile(const struct rule *rule, const char *text, uint32_t options,
	pcre2_code **out, struct err *e)
{
	int code;
	PCRE2_SIZE at;

	if (*out != NULL || text == NULL)
		return 0;
	*out = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &code, &at, NULL);
	if (*out != NULL)
		return 0;
	return err_set(e, ERR_INPUT, "rule %s: the expression is broken at character %zu",
		rule->id, (size_t)at);
}

static int prepare(struct rule *rule, struct err *e)
{
	const char *text = rule->pattern != NULL ? rule->pattern : rule->assigned;
	uint32_t options = rule->assigned != NULL || rule->digits ? PCRE2_ANCHORED : 0;

	return compile(rule, text, options, &rule->code, e) < 0 ||
			compile(rule, rule->not, 0, &rule->not_code, e) < 0 ||
			compile(rule, rule->not_name, PCRE2_CASELESS,
				&rule->not_name_code, e) < 0
		? -1
		: 0;
}

/* ---- one pass ---- */

struct pass {
	struct redact *r;
	enum redact_what what;
	const char *text;
	size_t len;
	struct redact_hit *hits;
	size_t n, max;
	struct err *e;
};

static int wanted(const struct pass *p, const struct rule *rule)
{
	return (p->what & (rule->class[0] == 's' ? REDACT_SECRETS : REDACT_PERSONAL)) !=
		0;
}

static double entropy_of(const char *s, size_t len)
{
	unsigned count[256] = { 0 };
	double bits = 0;

	for (size_t i = 0; i < len; i++)
		count[(unsigned char)s[i]]++;
	for (size_t c = 0; c < 256; c++)
		if (count[c] > 0) {
			double share = (double)count[c] / (double)len;

			bits -= share * log2(share);
		}
	return bits;
}

/* 1 found, 0 not, within text[from, to); looks behind see what is before `from`. */
static int find(const struct pass *p, pcre2_code *code, size_t from, size_t to)
{
	p->r->groups = pcre2_match(
		code, (PCRE2_SPTR)p->text, to, from, 0, p->r->match, p->r->context);
	p->r->no_memory |= p->r->groups == PCRE2_ERROR_NOMEMORY;
	return p->r->groups > 0;
}

static int find_in(const struct pass *p, pcre2_code *code, const char *s, size_t len)
{
	int found;

	if (code == NULL || len == 0)
		return 0;
	found = pcre2_match(code, (PCRE2_SPTR)s, len, 0, 0, p->r->match, p->r->context);
	p->r->no_memory |= found == PCRE2_ERROR_NOMEMORY;
	return found > 0;
}

/* The first group that took part in the match, else the whole of it. */
static void span(const struct pass *p, size_t *start, size_t *end)
{
	const PCRE2_SIZE *o = pcre2_get_ovector_pointer(p->r->match);
	int g = 1;

	while (g < p->r->groups && (o[2 * g] == PCRE2_UNSET || o[2 * g + 1] == o[2 * g]))
		g++;
	if (g >= p->r->groups)
		g = 0;
	*start = o[2 * g];
	*end = o[2 * g + 1];
}

struct word_query {
	const struct pass *p;
	int in_name;
};

/* In a name only who issues the secret tells its kind, in a value only its shape. */
static int is_special(void *arg, unsigned id, size_t end)
{
	const struct word_query *q = arg;
	const struct rule *other = &q->p->r->rules[id];

	(void)end;
	return !other->generic && wanted(q->p, other) && other->telling &&
		(other->assigned != NULL) == q->in_name;
}

/* A more special rule knows this kind of secret, and decides. */
static int is_known_elsewhere(const struct pass *p, const struct rule *rule, int in_name,
	size_t from, size_t to)
{
	struct word_query q = { p, in_name };

	return rule->generic &&
		words_scan(p->r->words, p->text + from, to - from, is_special, &q) != 0;
}

static int add_hit(struct pass *p, const struct rule *rule, size_t start, size_t end)
{
	if (p->n == p->max) {
		size_t max = p->max == 0 ? 16 : p->max * 2;
		struct redact_hit *bigger =
			p->n >= HITS_MAX ? NULL : realloc(p->hits, max * sizeof(*bigger));

		if (bigger == NULL)
			return err_set(p->e, ERR_INPUT,
				"the text has more findings than can be "
				"listed");
		p->hits = bigger;
		p->max = max;
	}
	p->hits[p->n++] =
		(struct redact_hit){ rule->id, rule->class, rule->title, start, end, 0 };
	return 0;
}

static int consider(struct pass *p, const struct rule *rule, size_t start, size_t end)
{
	const char *s = p->text + start;
	size_t len = end - start;

	if (len == 0 || (rule->entropy > 0 && entropy_of(s, len) < rule->entropy) ||
		find_in(p, rule->not_code, s, len) ||
		(rule->check != NULL && !rule->check(s, len)))
		return 0;
	return add_hit(p, rule, start, end);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Searches around a word; what was searched before is not searched again. */
static int try_pattern(struct pass *p, struct rule *rule, size_t word_end)
{
	size_t from = word_end > rule->before ? word_end - rule->before : 0;
	size_t need = least(p->len, word_end + rule->after);
	size_t to = least(p->len, need + rule->after), start, end;

	if (need <= rule->nothing_to)
		return 0;
	if (from < rule->tried_to)
		from = rule->tried_to;
	while (from < to && find(p, rule->code, from, to)) {
		const PCRE2_SIZE *o = pcre2_get_ovector_pointer(p->r->match);
		size_t next = o[1] > from ? o[1] : from + 1;

		if (o[0] > word_end)
			return 0; /* another word's */
		span(p, &start, &end);
		if (consider(p, rule, start, end) < 0)
			return -1;
		from = next;
		rule->tried_to = next;
	}
	/* Twice the width was searched, so the next words need no search of their own. */
	rule->nothing_to = to;
	return 0;
}

static int is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static size_t skip_any(const struct pass *p, size_t at, const char *set, size_t most)
{
	size_t end = least(p->len, at + most);

	while (at < end && p->text[at] != '\0' && strchr(set, p->text[at]) != NULL)
		at++;
	return at;
}

/* "=", ":", ":=", "=>", "::=", "?=", ">", ",", "(" or the word "is"; 0: none. */
static size_t skip_operator(const struct pass *p, size_t at)
{
	size_t end = skip_any(p, at, ":?|", 3);

	end = skip_any(p, end, "=", 3);
	end = skip_any(p, end, ">", 1);
	if (end > at)
		return end;
	if (at < p->len && (p->text[at] == ',' || p->text[at] == '('))
		return at + 1;
	if (at + 3 < p->len && memcmp(p->text + at, "is ", 3) == 0)
		return at + 3;
	return 0;
}

static int ends_value(const struct pass *p, size_t at)
{
	return at >= p->len || p->text[at] == '\0' ||
		strchr(" \t\r\n'\"`;,)}]<&\\|", p->text[at]) != NULL;
}

/* word [rest of the name] [quote] operator [quote] value, within one statement. */
static int try_assigned(struct pass *p, struct rule *rule, size_t word_end)
{
	size_t name = word_end, at, start, end, before;

	while (name < p->len && name < word_end + NAME_MAX_LEN &&
		is_name_char(p->text[name]))
		name++;
	at = skip_any(p, name, " \t'\"`])", 4);
	at = skip_operator(p, at);
	if (at == 0)
		return 0;
	at = skip_any(p, at, " \t'\"`=(", 6);
	if (!find(p, rule->code, at, least(p->len, at + rule->after)))
		return 0;
	span(p, &start, &end);
	if (!ends_value(p, pcre2_get_ovector_pointer(p->r->match)[1]))
		return 0;
	before = word_end;
	while (before > 0 && word_end - before < NAME_MAX_LEN &&
		is_name_char(p->text[before - 1]))
		before--;
	if (find_in(p, rule->not_name_code, p->text + before, name - before) ||
		is_known_elsewhere(p, rule, 1, before, name) ||
		is_known_elsewhere(p, rule, 0, start, end))
		return 0;
	return consider(p, rule, start, end);
}

static int on_word(void *arg, unsigned id, size_t end)
{
	struct pass *p = arg;
	struct rule *rule = &p->r->rules[id];

	if (!wanted(p, rule))
		return 0;
	if (rule->code == NULL && prepare(rule, p->e) < 0)
		return -1;
	return rule->assigned != NULL ? try_assigned(p, rule, end)
				      : try_pattern(p, rule, end);
}

/* Rules for numbers: tried where a run of digits starts, anchored. */
static int on_digits(struct pass *p, struct rule *rule)
{
	size_t start, end;

	if (prepare(rule, p->e) < 0)
		return -1;
	for (size_t i = 0; i < p->len; i++) {
		int is_digit = p->text[i] >= '0' && p->text[i] <= '9';

		if (!is_digit ||
			(i > 0 && p->text[i - 1] >= '0' && p->text[i - 1] <= '9') ||
			i < rule->before || i < rule->tried_to + rule->before)
			continue;
		if (!find(p, rule->code, i - rule->before,
			    least(p->len, i + rule->after)))
			continue;
		span(p, &start, &end);
		if (consider(p, rule, start, end) < 0)
			return -1;
		rule->tried_to = end;
	}
	return 0;
}

/* ---- putting the hits in order ---- */

static int is_secret(const struct redact_hit *h)
{
	return h->class[0] == 's';
}

static int by_place(const void *pa, const void *pb)
{
	const struct redact_hit *a = pa, *b = pb;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (is_secret(a) != is_secret(b))
		return is_secret(a) ? -1 : 1;
	return a->end > b->end ? -1 : a->end < b->end;
}

/* Two that overlap become one; a secret stays as it is beside personal data. */
static void join(struct redact_hit *into, const struct redact_hit *h)
{
	if (is_secret(into) && !is_secret(h))
		return;
	if (is_secret(h) && !is_secret(into)) {
		into->rule = h->rule;
		into->class = h->class;
		into->title = h->title;
	}
	if (h->end > into->end)
		into->end = h->end;
}

static void settle(struct pass *p)
{
	size_t kept = 0, line = 1, at = 0;

	if (p->n > 1)
		qsort(p->hits, p->n, sizeof(*p->hits), by_place);
	for (size_t i = 0; i < p->n; i++) {
		struct redact_hit *h = &p->hits[i];

		if (kept > 0 && h->start < p->hits[kept - 1].end) {
			join(&p->hits[kept - 1], h);
			continue;
		}
		for (; at < h->start; at++)
			line += p->text[at] == '\n';
		h->line = line;
		p->hits[kept++] = *h;
	}
	p->n = kept;
}

int redact_scan(struct redact *r, enum redact_what what, const char *text, size_t len,
	struct redact_hit **hits, size_t *n, struct err *e)
{
	struct pass p = { .r = r, .what = what, .text = text, .len = len, .e = e };
	int ret = build_words(r, e);

	*hits = NULL;
	*n = 0;
	r->no_memory = 0;
	for (size_t i = 0; i < r->n; i++)
		r->rules[i].tried_to = r->rules[i].nothing_to = 0;
	if (ret == 0)
		ret = words_scan(r->words, text, len, on_word, &p);
	for (size_t i = 0; ret == 0 && i < r->n; i++)
		if (r->rules[i].digits && wanted(&p, &r->rules[i]))
			ret = on_digits(&p, &r->rules[i]);
	if (ret == 0 && r->no_memory)
		ret = err_no_memory(e);
	if (ret < 0 || p.n == 0) {
		free(p.hits);
		return ret < 0 ? -1 : 0;
	}
	settle(&p);
	*hits = p.hits;
	*n = p.n;
	return 0;
}

int redact_mask(struct redact *r, enum redact_what what, const char *text, size_t len,
	struct buf *out, size_t *n, struct err *e)
{
	struct redact_hit *hits;
	size_t n_hits, at = 0;

	if (redact_scan(r, what, text, len, &hits, &n_hits, e) < 0)
		return -1;
	for (size_t i = 0; i < n_hits; i++) {
		buf_add(out, text + at, hits[i].start - at);
		buf_addf(out, "[redacted:%s]", hits[i].rule);
		at = hits[i].end;
	}
	buf_add(out, text + at, len - at);
	free(hits);
	if (n != NULL)
		*n = n_hits;
	return buf_ok(out, e);
}

int redact_secrets(struct redact *r, const char *text, size_t len, struct buf *out,
	size_t *n, struct err *e)
{
	return redact_mask(r, REDACT_SECRETS, text, len, out, n, e);
}

static int mask_word(struct redact *r, const char *text, struct buf *out, struct err *e)
{
	return redact_secrets(r, text, strlen(text), out, NULL, e) < 0 ? -1
								       : buf_ok(out, e);
}

cJSON *redact_tree(struct redact *r, const cJSON *tree, struct err *e)
{
	struct buf clean = BUF_INIT(BUF_NO_LIMIT);
	cJSON *out = NULL;
	int object = json_is(tree, JSON_OBJECT), ret = 0;

	if (json_text(tree) != NULL && mask_word(r, json_text(tree), &clean, e) == 0)
		out = json_new_str(clean.ptr, e);
	else if (object)
		out = json_new_object(e);
	else if (json_is(tree, JSON_ARRAY))
		out = json_new_array(e);
	else if (json_text(tree) == NULL)
		out = json_copy(tree, e);
	JSON_EACH (it, tree) {
		buf_reset(&clean);
		if (out == NULL || ret < 0)
			break;
		ret = object ? mask_word(r, json_key(it), &clean, e) : 0;
		if (ret == 0 && object)
			ret = json_set(out, clean.ptr, redact_tree(r, it, e), e);
		else if (ret == 0)
			ret = json_push(out, redact_tree(r, it, e), e);
	}
	buf_release(&clean);
	if (ret == 0)
		return out;
	json_free(out);
	return NULL;
}
