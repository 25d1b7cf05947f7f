/* service.c - how fast and how often up: latency with its percentile, availability. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "intake/internal.h"

#define MAX_TIMES 48

struct duration {
	double ms;
	double percentile; /* 0: not said */
	size_t first, last;
	int rank, revised, old, soft, hard, alert;
	int strong; /* a percentile or a latency word stands with it */
};

static double factor(const char *v)
{
	return v == NULL ? 0 : strtod(v, NULL);
}

/* "within", "p95" ... near a time: the words of its own, from the figure before it on. */
static struct range own_words(const struct doc *d, size_t first, size_t last)
{
	struct range c = sentence_of(d, first);
	size_t from = first, to = last;

	while (from > c.first && d->s.lex[from - 1].kind != LEX_NUMBER &&
		!sign_is(d, from - 1, ';') && first - from < 24)
		from--;
	/* a percentile's number belongs here: "p95 of 200 ms", "99% of requests within" */
	while (from > c.first && d->s.lex[from - 1].kind == LEX_NUMBER &&
		((d->s.lex[from - 1].flags & LEX_INWORD) || is(d, from, LC_PCT) != NULL ||
			is(d, from, LC_PCTL) != NULL || word_is(d, from, "th"))) {
		from--;
		while (from > c.first && d->s.lex[from - 1].kind != LEX_NUMBER &&
			first - from < 24)
			from--;
	}
	while (to < c.last && d->s.lex[to].kind != LEX_NUMBER && to - last < 16 &&
		!sign_is(d, to, ';'))
		to++;
	if (to < c.last && d->s.lex[to].kind == LEX_NUMBER &&
		(d->s.lex[to].flags & LEX_INWORD))
		to = to > last ? to : last;
	return (struct range){ (uint32_t)from, (uint32_t)to };
}

/* The percentile written at lexeme i, or 0: p95, "95th percentile", "median", "99 % of". */
static double percentile_at(const struct doc *d, size_t i)
{
	const char *v = is(d, i, LC_PCTLWORD);

	if (v != NULL)
		return factor(v);
	if ((word_is(d, i, "p|tp|pct|perc|pctl|percentile") ||
		    is(d, i, LC_PCTL) != NULL) &&
		d->s.lex[i + 1].kind == LEX_NUMBER &&
		(d->s.lex[i + 1].flags & LEX_INWORD || sign_is(d, i + 1, '-')))
		return d->s.lex[i + 1].num <= 100 ? lexeme_alt(&d->s.lex[i + 1]) : 0;
	if (word_is(d, i, "p|percentile") && d->s.lex[i + 1].kind == LEX_NUMBER &&
		d->s.lex[i + 1].num >= 50 && d->s.lex[i + 1].num < 100)
		return lexeme_alt(&d->s.lex[i + 1]);
	if (word_is(d, i, "p") && sign_is(d, i + 1, '-') &&
		d->s.lex[i + 2].kind == LEX_NUMBER && d->s.lex[i + 2].num <= 100)
		return lexeme_alt(&d->s.lex[i + 2]);
	if (d->s.lex[i].kind == LEX_NUMBER && d->s.lex[i].num <= 100 &&
		d->s.lex[i].num >= 50) {
		if (word_is(d, i + 1, "th|st|nd|rd") || is(d, i + 1, LC_PCTL) != NULL)
			return lexeme_alt(&d->s.lex[i]);
		if (is(d, i + 1, LC_PCT) != NULL && word_is(d, i + 2, "of") &&
			(is(d, i + 3, LC_REQNOUN) != NULL ||
				is(d, i + 4, LC_REQNOUN) != NULL ||
				is(d, i + 5, LC_REQNOUN) != NULL ||
				is(d, i + 3, LC_EVNOUN) != NULL ||
				is(d, i + 4, LC_EVNOUN) != NULL ||
				word_is(d, i + 3,
					"responses|answers|replies|cases|all|them|the "
					"time|alerts|calls|transactions|users")))
			return lexeme_alt(&d->s.lex[i]);
		if (is(d, i + 1, LC_PCT) != NULL &&
			(word_is(d, i + 2, "within|under|below|in|faster|at")))
			return lexeme_alt(&d->s.lex[i]);
	}
	return 0;
}

static double percentile_near(
	const struct doc *d, struct range w, size_t first, size_t last)
{
	double p = 0;
	struct range s = sentence_of(d, first);

	/* "6 s at the median, 12 s at p90" */
	if (word_is(d, last, "at|@") || sign_is(d, last, '@') || sign_is(d, last, '(')) {
		p = percentile_at(d, last + 1);
		if (p == 0 && is(d, last + 1, LC_DET) != NULL)
			p = percentile_at(d, last + 2);
		if (p > 0)
			return p;
	}
	for (size_t i = first; i > w.first; i--) {
		p = percentile_at(d, i - 1);
		if (p > 0)
			return p;
	}
	if (first == s.first && d->sent[d->at[first].sentence].header >= 0) {
		const struct sentence *h =
			&d->sent[d->sent[d->at[first].sentence].header];

		for (size_t i = h->first; i < h->last; i++)
			if ((p = percentile_at(d, i)) > 0)
				return p;
	}
	for (size_t i = last; i < s.last && i < last + 7; i++) {
		if (d->s.lex[i].kind == LEX_NUMBER && percentile_at(d, i) == 0 &&
			!(d->s.lex[i].flags & LEX_INWORD))
			break;
		p = percentile_at(d, i);
		if (p > 0) {
			/* "200 ms p95, 400 ms p99": the one behind is this time's, not the next one's */
			size_t k = i + 1;

			while (k < s.last && k < i + 4 && d->s.lex[k].kind != LEX_NUMBER)
				k++;
			if (sign_is(d, i - 1, ',') && k + 1 < s.last &&
				d->s.lex[k].kind == LEX_NUMBER &&
				is(d, k + 1, LC_TIME) != NULL &&
				!(d->s.lex[k].flags & LEX_INWORD))
				return 0;
			return p;
		}
	}
	return 0;
}

static int set_time(struct duration *t, double ms, size_t last)
{
	t->ms = ms;
	t->last = last;
	return 1;
}

/* Times in words at lexeme i: "sub-second", "within a minute", "a quarter of a second", "a
 * second and a half", "three quarters of a second". */
static int spoken_time(const struct doc *d, size_t i, struct duration *t)
{
	const char *unit;

	if (word_is(d, i,
		    "sub|under|below|less than|in under|in less than|within|after|in|in "
		    "a|"
		    "within a")) {
		size_t k = i + 1;

		if (sign_is(d, k, '-'))
			k++;
		if (word_is(d, k, "a|one|in a"))
			k++;
		unit = is(d, k, LC_TIME);
		if (unit != NULL && (factor(unit) == 1 || factor(unit) == 60) &&
			(k > i + 1 || word_is(d, i, "sub|in a|within a")))
			return set_time(t, factor(unit) * 1000, k + 1);
	}
	if (word_is(d, i, "subsecond"))
		return set_time(t, 1000, i + 1);
	if (word_is(d, i, "quarter|quarters") && word_is(d, i + 1, "of") &&
		is(d, i + 3, LC_TIME) != NULL && factor(is(d, i + 3, LC_TIME)) == 1)
		return set_time(
			t, i > 0 && word_is(d, i - 1, "three|3") ? 750 : 250, i + 4);
	unit = word_is(d, i, "a|one|in a|within a") ? is(d, i + 1, LC_TIME) : NULL;
	if (unit != NULL && factor(unit) <= 60 && word_is(d, i + 2, "and") &&
		word_is(d, i + 3, "a") && word_is(d, i + 4, "half"))
		return set_time(t, factor(unit) * 1500, i + 5);
	return 0;
}

/* A duration at lexeme i: "200 ms", "half a second", "sub-second", "1.5 sec". */
static int duration_at(const struct doc *d, size_t i, struct duration *t)
{
	struct numeral q;
	const char *unit;
	double sec;

	memset(t, 0, sizeof(*t));
	t->first = i;
	if (spoken_time(d, i, t))
		return 1;
	if ((d->s.lex[i].flags & LEX_INWORD) ||
		!quantity_at(&d->s, &d->words, i, LC_TIME, &q))
		return 0;
	unit = is(d, q.next, LC_TIME);
	/* "9 or 10 seconds": the upper end */
	if (unit == NULL && word_is(d, q.next, "or")) {
		struct numeral upper;

		if (quantity_at(&d->s, &d->words, q.next + 1, LC_TIME, &upper) &&
			is(d, upper.next, LC_TIME) != NULL && upper.hi > q.hi &&
			upper.hi < q.hi * 4) {
			q = upper;
			unit = is(d, q.next, LC_TIME);
		}
	}
	if (unit == NULL) {
		size_t key = key_unit(d, i, q.next, LC_TIME);

		if (key == NOT_FOUND || is(d, key - (key > 0), LC_PER) != NULL)
			return 0;
		unit = is(d, key, LC_TIME);
		q.next--; /* no unit to pass */
	}
	sec = factor(unit);
	if (sec > 60 || q.scaled)
		return 0;
	/* "1.5 s" was one thousand and a half to the grammar of money only */
	t->ms = (q.grouped && sec >= 1 ? q.alt : q.hi) * sec * 1000;
	t->last = q.next + 1;
	return t->ms > 0 && t->ms < 1e8;
}

/* Is the time right behind "per", "every", or part of a rate ("events per 5 seconds")? */
static int of_rate(const struct doc *d, const struct duration *t)
{
	return is(d, t->first - 1, LC_PER) != NULL &&
		!word_is(d, t->first - 1, "a|an|in a");
}

static int present_time(const struct doc *d, const struct duration *t, struct range w)
{
	struct range c = clause_of(d, t->first), s = sentence_of(d, t->first);
	size_t from = c.first > w.first ? c.first : w.first;
	size_t p = find(d, from, t->first, LC_PRESENT);
	struct range seg = segment_of(d, t->first);

	if (p == NOT_FOUND)
		p = find(d, t->last, seg.last > t->last ? seg.last : t->last, LC_PRESENT);
	if (p == NOT_FOUND)
		p = find(d, s.first, from, LC_PRESENT);
	if (p == NOT_FOUND && find_in_header(d, t->first, LC_PRESENT) != NOT_FOUND)
		p = find_in_header(d, t->first, LC_PRESENT);
	if (p == NOT_FOUND || word_is(d, p, "present|still|before|existing"))
		return 0;
	/* "now should be 200 ms" */
	return find(d, c.first, t->first, LC_TARGETCUE) == NOT_FOUND;
}

static int is_latency(const struct doc *d, struct duration *t)
{
	struct range w = own_words(d, t->first, t->last), seg = segment_of(d, t->first);
	size_t cue, bad;
	size_t from;

	if (d->at[t->first].dead || of_rate(d, t))
		return 0;
	t->percentile = percentile_near(d, w, t->first, t->last);
	if (present_time(d, t, w)) {
		t->old = 1;
		return 0;
	}
	from = w.first > seg.first ? w.first : seg.first;
	cue = find_back(d, w.first, t->first, LC_LATCUE);
	if (cue == NOT_FOUND)
		cue = find(d, t->last, w.last, LC_LATCUE);
	/* "users wait for the draft: 12 s" - what the cue governs stands before the colon */
	if (cue != NOT_FOUND && cue < t->first && sign_is(d, t->first - 1, ':') &&
		word_is(d, find(d, cue, t->first, LC_LATNOT), "for"))
		from = t->first;
	bad = find(d, from, t->first, LC_LATNOT);
	if (bad == NOT_FOUND)
		bad = find(d, t->last, seg.last < w.last ? seg.last : w.last, LC_LATNOT);
	if (bad != NOT_FOUND && word_is(d, bad, "for") &&
		(bad > t->last || t->first - bad > 3))
		bad = NOT_FOUND; /* "in 400 ms is a must for the scanners" */
	if (find(d, clause_of(d, t->first).first, clause_of(d, t->first).last,
		    LC_FRESHNESS) != NOT_FOUND &&
		t->percentile == 0)
		return 0;
	if (t->percentile > 0) {
		t->strong = 1;
		return find(d, from, t->first, LC_DOWNTIME) == NOT_FOUND;
	}
	if (find(d, clause_of(d, t->first).first, clause_of(d, t->first).last,
		    LC_DOWNTIME) != NOT_FOUND)
		return 0;
	if (bad != NOT_FOUND &&
		(cue == NOT_FOUND ||
			(bad < t->first ? (cue < t->first && bad > cue) || cue > t->first
					: 1))) {
		/* "every 5 seconds", "for 30 s", "RPO 5 min" */
		if (!(word_is(d, bad,
			      "for|each|every|long|call|old|delay of data|meeting") &&
			    cue != NOT_FOUND && cue < t->first && cue + 3 >= t->first &&
			    !word_is(d, bad, "every|each") && bad > t->last))
			return 0;
	}
	if (cue == NOT_FOUND && find_in_header(d, t->first, LC_LATCUE) != NOT_FOUND)
		cue = find_in_header(d, t->first, LC_LATCUE);
	/* "within one minute" is one piece */
	if (cue == NOT_FOUND && is(d, t->first, LC_LATCUE) != NULL)
		cue = t->first;
	/* a bare time among requirements counts when it is short */
	if (cue == NOT_FOUND)
		return t->ms <= 30000 && (seg.last - seg.first <= 6 || t->ms < 1000) &&
			!word_is(d, t->last,
				"clips|clip|videos|video|ago|long|later|each|intervals|"
				"windows|audio");
	if (t->ms > 120000 && is(d, cue, LC_LATALERT) == NULL &&
		!word_is(d, cue,
			"latency|response time|response "
			"times|answer|answers|answered|respond|responds|reply"))
		return 0;
	if (t->ms >= 60000 && word_is(d, cue, "for|wait|result|results|reach"))
		return 0;
	for (size_t k = w.first; k < w.last; k++)
		t->strong |= word_is(d, k,
			"latency|response time|response "
			"times|response|responses|answer|answers|"
			"respond|responds|answered|response within");
	return 1;
}

/* Rows of a table with named columns are several paths. */
static int in_columns(const struct doc *d, size_t i)
{
	return d->s.lines[d->s.lex[i].line].columns != 0;
}

static int same_sentence(
	const struct doc *d, const struct duration *a, const struct duration *b)
{
	return sentence_of(d, a->first).first == sentence_of(d, b->first).first;
}

/* Does b stand in the place of a? */
static int supersedes(
	const struct doc *d, const struct duration *a, const struct duration *b)
{
	if (b->rank > a->rank + 50 || (d->chat && b->rank > a->rank && b->revised))
		return 1;
	if (b->revised && b->first > a->first && b->rank >= a->rank)
		return 1;
	return a->old && !b->old;
}

/* Takes out what is given up, and soft bounds beside hard ones. */
static void drop_superseded(const struct doc *d, struct duration *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && at[i].ms > 0; j++)
			if (i != j && at[j].ms > 0 && supersedes(d, &at[i], &at[j]))
				at[i].ms = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && at[i].ms > 0; j++)
			if (i != j && at[j].ms > 0 && at[i].soft && at[j].hard &&
				!at[j].soft && same_sentence(d, &at[i], &at[j]))
				at[i].ms = 0;
}

/* The highest percentile, and of its times and those without one the strictest. */
static struct duration *strictest(struct duration *at, size_t n)
{
	struct duration *best = NULL;
	double percentile = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i].ms > 0)
			percentile = fmax(percentile, at[i].percentile);
	for (size_t i = 0; i < n; i++)
		if (at[i].ms > 0 &&
			(at[i].percentile == 0 || at[i].percentile == percentile) &&
			(best == NULL || at[i].ms < best->ms))
			best = &at[i];
	return best;
}

/* Does its segment name a path of its own ("the checkout page")? */
static int names_path(const struct doc *d, const struct duration *t)
{
	struct range s = segment_of(d, t->first);
	size_t from = s.first;

	/* what stands before a colon names a place in the text */
	while (from < s.last && !sign_is(d, from, ':') && is(d, from, LC_LATCUE) == NULL)
		from++;
	if (from == s.last)
		from = s.first;
	for (size_t k = from; k < s.last; k++)
		if (d->s.lex[k].kind == LEX_WORD &&
			d->s.lex[k].to - d->s.lex[k].from > 3 &&
			!word_is(d, k,
				"should|must|every|each|requests|request|service|system|"
				"that|will|shall|with|have|than|needs|need|overall|users|"
				"expect|required|requirement|this|also"))
			return 1;
	return 0;
}

/* The same thing said twice with two figures? */
static int disagree(
	const struct doc *d, const struct duration *a, const struct duration *b)
{
	return a->ms > 0 && b->ms > 0 && fabs(a->ms - b->ms) > 0.01 * a->ms &&
		a->percentile == b->percentile && a->strong && b->strong &&
		a->alert == b->alert && !a->soft && !b->soft &&
		!in_columns(d, a->first) && !same_sentence(d, a, b) &&
		!names_path(d, a) && !names_path(d, b);
}

static void settle_latency(
	const struct doc *d, struct reading *r, struct duration *at, size_t n)
{
	const struct duration *best;

	drop_superseded(d, at, n);
	best = strictest(at, n);
	if (best == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (disagree(d, &at[i], &at[j])) {
				conflict_add(r, "sla_latency_ms", NULL, at[i].first,
					at[i].last, at[j].first, at[j].last,
					"two latency targets are given for the same "
					"thing");
				return;
			}
	fact_add(r, "sla_latency_ms", NULL, NULL, best->ms, best->first, best->last,
		"latency.time", best->strong ? 0.95 : 0.8);
	if (best->percentile > 0)
		fact_add(r, "sla_latency_percentile", NULL, NULL, best->percentile,
			best->first, best->last, "latency.percentile", 0.95);
	else
		fact_add(r, "sla_latency_percentile", NULL, NULL, 95, best->first,
			best->last, "latency.percentile-default", 0.5)
			->source = "default";
	if (best->alert)
		r->latency_on_events = 1;
	else
		r->latency_on_requests = 1;
}

/* "Latency: 0 ms", "-200 ms" */
static int absurd_time(const struct doc *d, size_t i)
{
	return d->s.lex[i].kind == LEX_NUMBER && d->at[i].dead == 0 &&
		(d->s.lex[i].num <= 0 || is_negative(d, i)) &&
		is(d, i + 1, LC_TIME) != NULL &&
		strtod(is(d, i + 1, LC_TIME), NULL) <= 1 &&
		find(d, clause_of(d, i).first, i, LC_LATCUE) != NOT_FOUND;
}

void read_latency(const struct doc *d, struct reading *r)
{
	struct duration at[MAX_TIMES];
	size_t n = 0;

	for (size_t i = 0; i < d->s.n && n < MAX_TIMES; i++) {
		struct duration t;
		struct range w;
		size_t k;

		if (d->s.lex[i].kind != LEX_NUMBER && d->s.lex[i].kind != LEX_PHRASE &&
			d->s.lex[i].kind != LEX_WORD)
			continue;
		if (absurd_time(d, i)) {
			note_add(r, "sla_latency_ms", "the time cannot be meant", i,
				i + 2);
			i++;
			continue;
		}
		if (!duration_at(d, i, &t))
			continue;
		i = t.last - 1;
		if (!is_latency(d, &t))
			continue;
		w = own_words(d, t.first, t.last);
		t.rank = rank_of(d, t.first);
		k = find(d, w.first, t.first, LC_REVISE);
		t.revised = k != NOT_FOUND && is(d, k, LC_REVISEOLD) == NULL &&
			!word_is(d, k,
				"final|finally|decision|decided|has been|confirmed");
		k = find(d, w.first, t.first, LC_REVISEOLD);
		t.old = k != NOT_FOUND &&
			(word_is(d, k, "was|were|originally|initially|at first") ||
				(t.first - k <= 2 &&
					word_is(d, k,
						"instead of|rather than|before|from")));
		t.soft = find(d, w.first, t.first, LC_SOFTSTRONG) != NOT_FOUND ||
			word_is(d, t.last, "ideally|preferably|if possible");
		t.hard = find(d, w.first, w.last, LC_HARD) != NOT_FOUND;
		t.alert = find(d, clause_of(d, t.first).first, clause_of(d, t.first).last,
				  LC_LATALERT) != NOT_FOUND;
		at[n++] = t;
	}
	settle_latency(d, r, at, n);
}

/* ---- availability ---- */

struct uptime {
	double pct;
	size_t first, last;
	int rank, revised, old, cue;
};

static void uptime_push(const struct doc *d, struct uptime *at, size_t *n, double pct,
	size_t first, size_t last, int cue)
{
	struct uptime *u = &at[*n];
	struct range w = segment_of(d, first);
	size_t k, from = w.first;

	if (*n >= 32 || !(pct > 0 && pct <= 100))
		return;
	for (size_t i = first; i > w.first; i--)
		if (d->s.lex[i - 1].kind == LEX_NUMBER) {
			from = i;
			break;
		}
	u->pct = pct;
	u->first = first;
	u->last = last;
	u->cue = cue;
	u->rank = rank_of(d, first);
	k = find(d, from, first, LC_REVISE);
	u->revised =
		(k != NOT_FOUND && is(d, k, LC_REVISEOLD) == NULL &&
			!word_is(d, k, "final|finally|decision|has been|confirmed")) ||
		word_is(d, last, "instead|now");
	k = find(d, from, first, LC_REVISEOLD);
	u->old = k != NOT_FOUND &&
		word_is(d, k,
			"was|were|originally|initially|at first|instead of|rather "
			"than|before|from|not|isn't|is not|wasn't|no longer|no more");
	(*n)++;
}

static int overkill(const struct doc *d, size_t last)
{
	struct range s = segment_of(d, last - 1);

	return find(d, last, s.last, LC_NONUSE) != NOT_FOUND ||
		find(d, last, s.last, LC_EXCLPOST) != NOT_FOUND ||
		word_is(d, last, "is overkill");
}

/* Does the key at the sentence's start ("Today: ...") have a word of the class? */
static int key_says(const struct doc *d, size_t i, unsigned cls)
{
	struct range s = sentence_of(d, i);
	size_t colon = s.first;

	while (colon < i && colon < s.first + 4 && !sign_is(d, colon, ':'))
		colon++;
	return sign_is(d, colon, ':') && find(d, s.first, colon, cls) != NOT_FOUND;
}

static void percent_uptime(
	const struct doc *d, struct reading *r, size_t i, struct uptime *at, size_t *n)
{
	struct numeral q;
	struct range seg = segment_of(d, i), c = clause_of(d, i);
	size_t k, cue, bad;
	double pct;
	int percent;

	if ((d->s.lex[i].flags & LEX_INWORD) ||
		!quantity_at(&d->s, &d->words, i, LC_PCT, &q) || q.scaled)
		return;
	k = q.next;
	percent = is(d, k, LC_PCT) != NULL;
	if (!percent)
		for (size_t j = q.first; j < q.next; j++)
			percent |= is(d, j, LC_PCT) != NULL;
	pct = d->s.lex[q.next - 1].kind == LEX_NUMBER ? lexeme_alt(&d->s.lex[q.next - 1])
						      : q.alt;
	if (is(d, k - 1, LC_PCT) != NULL && k >= 2)
		pct = lexeme_alt(&d->s.lex[k - 2]);
	if (pct > 100 && percent && find(d, seg.first, i, LC_AVAILCUE) != NOT_FOUND)
		note_add(r, "availability_target", "more than all of the time", i, k);
	if (pct < 90 || pct > 100)
		return;
	cue = find(d, seg.first, seg.last, LC_AVAILCUE);
	if (cue == NOT_FOUND)
		cue = find(d, c.first, c.last, LC_AVAILCUE);
	if (cue == NOT_FOUND)
		cue = find_in_header(d, i, LC_AVAILCUE);
	if (cue == NOT_FOUND && d->sent[d->at[i].sentence].fragment)
		cue = find(d, sentence_of(d, i).first, i, LC_AVAILCUE);
	bad = find(d, seg.first, seg.last, LC_PCTNOT);
	if (bad == NOT_FOUND && cue == NOT_FOUND)
		bad = find(d, i > c.first + 4 ? i - 4 : c.first,
			i + 6 < c.last ? i + 6 : c.last, LC_PCTNOT);
	if (percentile_at(d, i) > 0 &&
		(cue == NOT_FOUND || is(d, k, LC_PCT) == NULL ||
			word_is(d, k + 1, "of")) &&
		!(cue != NOT_FOUND && word_is(d, k + 2, "the time|the")))
		return;
	if (bad != NOT_FOUND &&
		(cue == NOT_FOUND ||
			(bad > i ? bad - i : i - bad) < (cue > i ? cue - i : i - cue)))
		return;
	if (cue == NOT_FOUND) {
		/* "99.9%" alone among requirements; a bare number needs a decimal part */
		if (!percent && !(d->s.lex[i].flags & LEX_DECIMAL))
			return;
		if (pct < 99 || pct >= 100)
			return;
		if (!percent &&
			(is(d, k, LC_TIME) != NULL || is(d, k, LC_CUR) != NULL ||
				is(d, i - 1, LC_CUR) != NULL ||
				is(d, k, LC_RATE) != NULL || is(d, k, LC_BYTES) != NULL ||
				(is_word(d, k) && is(d, k, LC_DET) == NULL &&
					is(d, k, LC_CONTRAST) == NULL &&
					is(d, k, LC_ASKPOST) == NULL &&
					is(d, k, LC_REVISE) == NULL)))
			return;
	} else if (!percent && is(d, k, LC_TIME) != NULL) {
		return;
	}
	if (key_says(d, i, LC_PRESENT))
		return; /* "Today: 97 % uptime" */
	/* what holds today is no target */
	k = find(d, seg.first, i, LC_PRESENT);
	if (k != NOT_FOUND && !word_is(d, k, "was|were|present") &&
		find(d, c.first, i, LC_TARGETCUE) == NOT_FOUND)
		return;
	if (overkill(d, q.next + (is(d, q.next, LC_PCT) != NULL)))
		return;
	uptime_push(d, at, n, pct, i, q.next + (is(d, q.next, LC_PCT) != NULL),
		cue != NOT_FOUND);
}

/* "at most 44 minutes of downtime a month", "down no more than 4 hours a year" */
static void downtime_budget(const struct doc *d, size_t i, struct uptime *at, size_t *n)
{
	struct range c = sentence_of(d, i);
	struct numeral q;
	double down = 0, period = 0;
	size_t first = NOT_FOUND, last = i + 1;

	for (size_t k = c.first; k < c.last; k++) {
		const char *unit;

		if (k > i + 12 || k + 12 < i ||
			!quantity_at(&d->s, &d->words, k, LC_TIME, &q))
			continue;
		unit = is(d, q.next, LC_TIME);
		if (unit == NULL || factor(unit) < 1 || is(d, k - 1, LC_PER) != NULL)
			continue;
		down = q.hi * factor(unit);
		first = k < i ? k : i;
		/* "4 h 23 min" */
		k = q.next + 1;
		if (quantity_at(&d->s, &d->words, k + (size_t)word_is(d, k, "and"),
			    LC_TIME, &q) &&
			is(d, q.next, LC_TIME) != NULL &&
			factor(is(d, q.next, LC_TIME)) < factor(unit) &&
			factor(is(d, q.next, LC_TIME)) >= 1)
			down += q.hi * factor(is(d, q.next, LC_TIME));
		else
			q.next = (uint32_t)k - 1;
		last = q.next + 1 > last ? q.next + 1 : last;
		break;
	}
	if (word_is(d, i - 1, "of") && first == NOT_FOUND &&
		word_is(d, i - 2, "hour|minute"))
		return;
	for (size_t k = c.first; k < c.last; k++) {
		if (is(d, k, LC_PERIOD) != NULL)
			period = factor(is(d, k, LC_PERIOD));
		else if (is(d, k, LC_TIME) != NULL && is(d, k - 1, LC_PER) != NULL &&
			factor(is(d, k, LC_TIME)) >= 86400)
			period = factor(is(d, k, LC_TIME));
		else
			continue;
		last = k + 1 > last ? k + 1 : last;
		break;
	}
	if (down <= 0 || period <= down || first == NOT_FOUND)
		return;
	uptime_push(d, at, n, 100 * (1 - down / period), first, last, 1);
}

void read_availability(const struct doc *d, struct reading *r)
{
	struct uptime at[33];
	size_t n = 0, best = NOT_FOUND;

	for (size_t i = 0; i < d->s.n && n < 32; i++) {
		const char *nines = is(d, i, LC_NINESWORD);

		if (d->at[i].dead)
			continue;
		if (nines != NULL) {
			if (!word_is(d, i + 1, "of durability|durability") &&
				!overkill(d, i + 1))
				uptime_push(d, at, &n, factor(nines), i, i + 1, 1);
		} else if (d->s.lex[i].kind == LEX_NUMBER) {
			percent_uptime(d, r, i, at, &n);
		} else if (is(d, i, LC_DOWNTIME) != NULL) {
			downtime_budget(d, i, at, &n);
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (i != j && at[i].pct > 0 && at[j].pct > 0 &&
				(at[j].rank > at[i].rank + 50 ||
					(d->chat && at[j].rank > at[i].rank) ||
					(at[i].old && !at[j].old) ||
					(at[j].revised && at[j].first > at[i].first &&
						at[j].rank >= at[i].rank) ||
					(at[j].cue && !at[i].cue && !at[j].old &&
						sentence_of(d, at[i].first).first ==
							sentence_of(d, at[j].first)
								.first))) {
				at[i].pct = 0;
				break;
			}
	for (size_t i = 0; i + 1 < n; i++)
		if (at[i].pct > 0 && at[i + 1].pct > 0 && word_is(d, at[i].last, "or") &&
			at[i + 1].first == at[i].last + 1) {
			note_add(r, "availability_target",
				"two are named and none is chosen", at[i].first,
				at[i + 1].last);
			return; /* "99.9 or 99.95" */
		}
	for (size_t i = 0; i < n; i++) {
		if (at[i].pct <= 0)
			continue;
		if (best == NOT_FOUND) {
			best = i;
		} else if (fabs(at[i].pct - at[best].pct) > 0.02 * (100 - at[best].pct)) {
			conflict_add(r, "availability_target", NULL, at[best].first,
				at[best].last, at[i].first, at[i].last,
				"two availability targets are given");
			return;
		}
	}
	if (best == NOT_FOUND)
		return;
	fact_add(r, "availability_target", NULL, NULL, round(at[best].pct * 1e6) / 1e6,
		at[best].first, at[best].last,
		at[best].cue ? "availability.named" : "availability.bare",
		at[best].cue ? 0.95 : 0.75);
	if (find(d, segment_of(d, at[best].first).first,
		    segment_of(d, at[best].first).last, LC_HEDGE) != NOT_FOUND)
		note_add(r, "availability_target", "said with a hedge", at[best].first,
			at[best].last);
}
